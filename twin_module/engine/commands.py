"""Carries out commands: read, decide, write, and decide anew when somebody else was faster."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from twin_module.core.capability import Arguments, Capability, Command, Context
from twin_module.core.effects import CreateRoom, Effect, Put, SetMembership
from twin_module.core.errors import BadJson, Conflict, NotFound, TwinError
from twin_module.core.ports import Homeserver
from twin_module.core.state import Key, StateEvent, frozen
from twin_module.engine.orders import NEW, Written
from twin_module.engine.writer import Writer

TRIES: Final = 4
REFUSED: Final = "ORG.DIGITALTWIN.CHUNK_REFUSED"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did."""

    written: Sequence[Written]
    created: Sequence[str]
    """Room IDs."""


@dataclass(frozen=True, slots=True)
class Item:
    """One object of a bulk request."""

    type: str
    uid: str
    content: Mapping[str, Any]


class Commands:
    """Runs the commands of all capabilities as the owner."""

    def __init__(
        self, homeserver: Homeserver, writer: Writer, capabilities: Iterable[Capability]
    ) -> None:
        self._homeserver = homeserver
        self._writer = writer
        self._capabilities = {each.name: each for each in capabilities}

    def capability(self, name: str) -> Capability:
        """Return a capability by its name.

        Raises:
            NotFound: names those that there are.
        """
        capability = self._capabilities.get(name)
        if capability is None:
            raise NotFound(
                f"This twin has no capability {name!r}, but {', '.join(self._capabilities)}."
            )
        return capability

    async def run(
        self,
        capability_name: str,
        command_name: str,
        arguments: Any,
        experience: str | None = None,
    ) -> Outcome:
        """Run a command.

        Args:
            capability_name: of the capability that has the command.
            command_name: of the command.
            arguments: the request's body; checked here.
            experience: which app asks, as it says itself.

        Raises:
            TwinError: the arguments do not fit, or the command can't be done.
        """
        capability = self.capability(capability_name)
        command = capability.command(command_name)
        problems = command.shape.problems(arguments)
        if problems:
            first = problems[0]
            raise BadJson(
                f"{first.path or 'The arguments'}: {first.message}",
                errors=[each.as_json() for each in problems],
            )
        for attempt in range(TRIES):
            try:
                return await self._attempt(capability, command, arguments, experience)
            except Conflict:
                if attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    async def _attempt(
        self,
        capability: Capability,
        command: Command,
        arguments: Arguments,
        experience: str | None,
    ) -> Outcome:
        room_id = arguments["room_id"] if command.in_room else ""
        state = await self._seen(capability, command, room_id, arguments)
        context = Context(
            room_id=room_id,
            me=self._homeserver.owner,
            now=datetime.fromtimestamp(self._homeserver.now() / 1000, UTC),
            new_uid=self._homeserver.new_uid(),
        )
        effects = command.decide(capability.project(state), context, arguments)
        expected = {key: event.event_id for key, event in state.items()}
        if "uid" in arguments and "uid" not in command.required:
            # A uid that the caller chose for something new must still be free.
            expected[capability.event_type.type, arguments["uid"]] = NEW
        return await self._carry_out(effects, room_id, expected, experience)

    async def _seen(
        self, capability: Capability, command: Command, room_id: str, arguments: Arguments
    ) -> dict[Key, StateEvent]:
        if not room_id:
            return {}
        if (await self._homeserver.state(room_id, [("m.room.create", "")])) == {}:
            raise NotFound(f"This twin is in no room {room_id}.")
        if command.reads_room:
            return await self._homeserver.state(
                room_id, [(event.type, None) for event in capability.events]
            )
        if "uid" in arguments:
            return await self._homeserver.state(
                room_id, [(capability.event_type.type, arguments["uid"])]
            )
        return {}

    async def _carry_out(
        self,
        effects: Sequence[Effect],
        room_id: str,
        expected: Mapping[Key, str],
        experience: str | None,
    ) -> Outcome:
        written: list[Written] = []
        created: list[str] = []
        for room, puts in _by_room(effects, room_id):
            # Nobody has looked into another room: what is written there has to be new to it.
            new = {(put.type, put.state_key): NEW for put in puts}
            seen = expected if room == room_id else new
            written.extend(await self._writer.write(room, puts, seen, experience=experience))
        for effect in effects:
            if isinstance(effect, CreateRoom):
                created.append(await self._homeserver.create_room(effect.config))
            elif isinstance(effect, SetMembership):
                await self._homeserver.set_membership(
                    effect.room_id, effect.user_id, effect.action, effect.reason
                )
        return Outcome(written, created)

    async def bulk(
        self, room_id: str, items: Sequence[Item], experience: str | None = None
    ) -> list[Written | TwinError]:
        """Write many objects to a room, chunk by chunk, each chunk all or nothing.

        Returns:
            For each object what became of it: an object that can't be written takes its chunk
            with it, and says why; the others of the chunk say that they were left.
        """
        results: list[Written | TwinError] = []
        for chunk in self._writer.in_chunks(room_id, items):
            results.extend(await self._write_chunk(room_id, chunk, experience))
        return results

    async def _write_chunk(
        self, room_id: str, chunk: Sequence[Item], experience: str | None
    ) -> Sequence[Written | TwinError]:
        puts = [Put(item.type, item.uid, frozen(item.content)) for item in chunk]
        left: TwinError = ChunkRefused("Not written, because another object of its chunk can't be.")
        why = left
        try:
            if len({put.key for put in puts}) == len(puts):
                return await self._writer.write(room_id, puts, experience=experience)
        except TwinError as error:
            why = error
        refused = self._in_the_way(chunk)
        return [refused.get(number, left if refused else why) for number in range(len(chunk))]

    def _in_the_way(self, chunk: Sequence[Item]) -> Mapping[int, TwinError]:
        """Return what is wrong with objects of a chunk that was refused, by their numbers."""
        refused: dict[int, TwinError] = {}
        keys: set[Key] = set()
        for number, item in enumerate(chunk):
            try:
                self._writer.check(item.type, item.uid, item.content)
                if (item.type, item.uid) in keys:
                    raise BadJson(f"{item.uid} stands twice in this request.")
            except TwinError as error:
                refused[number] = error
            keys.add((item.type, item.uid))
        return refused


class ChunkRefused(TwinError):
    """Another object of the same chunk of a bulk request can't be written."""

    status = 409
    errcode = REFUSED


def _by_room(effects: Sequence[Effect], default: str) -> list[tuple[str, list[Put]]]:
    """Return the writes in order, those of one room that follow each other together."""
    groups: list[tuple[str, list[Put]]] = []
    for effect in effects:
        if isinstance(effect, Put):
            room = effect.room_id or default
            if not groups or groups[-1][0] != room:
                groups.append((room, []))
            groups[-1][1].append(effect)
    return groups
