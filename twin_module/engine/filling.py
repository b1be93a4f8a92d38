"""Fills a room with entries that were read elsewhere, chunk by chunk.

What can't be written is named with its reason, and keeps nothing else from being written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from twin_module.core.authority import may_write
from twin_module.core.capability import EventType
from twin_module.core.effects import Put
from twin_module.core.entries import Entry, Refused
from twin_module.core.errors import BadJson, Forbidden, RoomFull, TooLarge, TwinError
from twin_module.core.ports import Homeserver
from twin_module.core.state import Key, frozen
from twin_module.engine.inline_files import has_inline_files, shelved
from twin_module.engine.writer import Writer

COMPONENTS: Final[Mapping[str, str]] = {"VEVENT": "Event", "VTODO": "Task", "VCARD": "Card"}
"""What `@type` says of the objects whose event type has such a component."""
MAX_NAME: Final = 200


@dataclass(slots=True)
class Tally:
    """How far it is."""

    total: int = 0
    written: int = 0
    unchanged: int = 0
    removed: int = 0
    refused: list[Refused] = field(default_factory=list)


class Filling:
    """Writes entries as the owner."""

    def __init__(self, homeserver: Homeserver, writer: Writer, types: Sequence[EventType]) -> None:
        self._homeserver = homeserver
        self._writer = writer
        self._types = {COMPONENTS[each.component]: each.type for each in types if each.component}

    async def check_rights(self, room_id: str, names: Sequence[str]) -> None:
        """Refuse to write what the owner may not write there.

        Args:
            room_id: where.
            names: what `@type` says of what is to be written.

        Raises:
            Forbidden: says so.
        """
        keys = [("m.room.create", ""), ("m.room.power_levels", "")]
        state = await self._homeserver.state(room_id, keys)
        owner = self._homeserver.owner
        if not all(may_write(state, owner, each) for each in self.types(names)):
            raise Forbidden("You may only read in this room, so nothing can be imported into it.")

    def types(self, names: Sequence[str]) -> list[str]:
        """Return the event types of objects by what `@type` says of them."""
        return [self._types[name] for name in names if name in self._types]

    def key(self, entry: Entry) -> Key | None:
        """Return where an entry belongs, None where this twin has no such thing."""
        event_type = self._types.get(str(entry.content.get("@type")))
        return None if event_type is None else (event_type, entry.key)

    def judged(
        self, entries: Sequence[Entry], refused: list[Refused]
    ) -> dict[Key, Mapping[str, Any]]:
        """Return contents that can be written, by their keys; call it in a thread.

        Files inside of an entry do not count yet: they are moved before it is written.

        Args:
            entries: what was read.
            refused: gets what can't be written.
        """
        found: dict[Key, Mapping[str, Any]] = {}
        for entry in entries:
            key = self.key(entry)
            problem = "This twin can't keep such things." if key is None else None
            if key is not None and key in found:
                problem = "It stands twice in the file, and only the first one was taken."
            elif key is not None and not has_inline_files(entry.content):
                try:
                    self._writer.check(*key, entry.content)
                except TwinError as error:
                    problem = error.message
            if problem is not None or key is None:
                refused.append(Refused(name_of(entry.content, entry.key), problem or ""))
            else:
                found[key] = entry.content
        return found

    async def write(
        self,
        room_id: str,
        contents: Mapping[Key, Mapping[str, Any]],
        tally: Tally,
        go_on: Callable[[], bool],
    ) -> None:
        """Write contents to a room; empty ones remove objects.

        Args:
            room_id: where.
            contents: by key.
            tally: is kept current.
            go_on: asked before each chunk.

        Raises:
            Forbidden: the owner may no longer write there.
        """
        full: RoomFull | None = None
        for chunk in self._writer.in_chunks(room_id, list(contents.items())):
            if not go_on():
                return
            puts = await self._puts(room_id, chunk, tally)
            if full is not None:
                puts = await self._known(room_id, puts, full, tally)
            full = await self._write_chunk(room_id, puts, tally) or full

    async def _puts(
        self, room_id: str, chunk: Sequence[tuple[Key, Mapping[str, Any]]], tally: Tally
    ) -> list[Put]:
        puts = []
        for key, content in chunk:
            moved = content
            if has_inline_files(content):
                before = (await self._homeserver.state(room_id, [key])).get(key)
                try:
                    moved = await shelved(
                        self._homeserver, content, before.content if before else None
                    )
                except TooLarge as error:
                    tally.refused.append(Refused(name_of(content, key[1]), error.message))
                    continue
            puts.append(Put(*key, frozen(moved)))
        return puts

    async def _known(
        self, room_id: str, puts: Sequence[Put], full: RoomFull, tally: Tally
    ) -> list[Put]:
        """Return what is there already; a full room has no place for anything else."""
        keys = [(put.type, put.state_key) for put in puts]
        current = await self._homeserver.state(room_id, keys)
        known = []
        for put in puts:
            if (put.type, put.state_key) in current:
                known.append(put)
            else:
                tally.refused.append(Refused(name_of(put.content, put.state_key), full.message))
        return known

    async def _write_chunk(
        self, room_id: str, puts: Sequence[Put], tally: Tally
    ) -> RoomFull | None:
        if not puts:
            return None
        try:
            written = await self._writer.write(room_id, puts)
        except (BadJson, RoomFull, TooLarge) as error:
            if len(puts) == 1:
                [put] = puts
                tally.refused.append(Refused(name_of(put.content, put.state_key), error.message))
                return error if isinstance(error, RoomFull) else None
            # One of them is in the way; each by itself says which.
            full = None
            for put in puts:
                full = await self._write_chunk(room_id, [put], tally) or full
            return full
        for each, put in zip(written, puts, strict=True):
            if not each.changed:
                tally.unchanged += 1
            elif put.content:
                tally.written += 1
            else:
                tally.removed += 1
        return None


def name_of(content: Mapping[str, Any], key: str) -> str:
    """Return what a person knows an entry by."""
    name = content.get("title")
    if not name and isinstance(content.get("name"), Mapping):
        name = content["name"].get("full")
    return (name if isinstance(name, str) and name else key)[:MAX_NAME]
