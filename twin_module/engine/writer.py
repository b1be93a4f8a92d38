"""The writer: every write of the twin goes through here, one at a time in each room.

Matrix accepts concurrent writes of one key and lets all but one get lost, so a write first looks
at what is current. What it stood on stays in the content (`base`), so that a write that loses
against one from another twin can be merged later.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final, TypeAlias

from pyrsistent import PMap, pvector
from unpaddedbase64 import encode_base64

from twin_module.core.capability import EventType, LongText
from twin_module.core.effects import Put
from twin_module.core.errors import (
    BadJson,
    Conflict,
    NotFound,
    Overtaken,
    RoomFull,
    TooLarge,
    Unreachable,
)
from twin_module.core.layout import RSVP
from twin_module.core.merge import bare, same
from twin_module.core.ports import Homeserver
from twin_module.core.state import NAMESPACE, Content, Key, StateEvent, frozen, plain

INLINE_BYTES: Final = 16 * 1024
"""Text up to this size stays in its event."""
MAX_TEXT_BYTES: Final = 5 * 1024 * 1024
CHUNK: Final = 49
"""How many objects are written in one go. Synapse gets slow on longer chains of batched events,
and an ordinary write after each batch ends the chain (see `send_states`)."""
TRIES: Final = 5
"""How often a write begins anew that others' writes overtake."""
ANY: Final = "*"
NEW: Final = ""


Prepare: TypeAlias = Callable[[Put, StateEvent | None, str], Awaitable[Put]]
"""Given a write, what is current and the room, returns what is to be written instead."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one write; `event_id` is now the revision."""

    room_id: str
    type: str
    state_key: str
    event_id: str
    changed: bool


class Writer:
    """Writes state events of the twin's owner."""

    def __init__(
        self, homeserver: Homeserver, types: Iterable[EventType], max_objects: int
    ) -> None:
        self._homeserver = homeserver
        self._types: Mapping[str, EventType] = {each.type: each for each in types}
        self._max_objects = max_objects
        self.preparing: dict[str, Prepare] = {}
        """Who looks at writes of an event type before they are placed."""

    async def write(
        self,
        room_id: str,
        puts: Sequence[Put],
        expected: Mapping[Key, str] | None = None,
        *,
        experience: str | None = None,
    ) -> list[Written]:
        """Write to one room, all or nothing up to 49 events.

        Args:
            room_id: where.
            puts: what; content equal to the current one is not written again.
            expected: the revision that each key must have: an event ID, NEW for none yet,
                ANY for one that is there.
            experience: which app asked for it, as it says itself; at most 255 characters.

        Raises:
            Conflict: somebody else wrote first.
            BadJson, TooLarge, RoomFull: it can't be written.
        """
        for more in reversed(range(TRIES)):
            prepared, seen = await self._prepared(room_id, puts)
            placed = [await self._place(put) for put in prepared]
            async with self._homeserver.lock(room_id):
                current = await self._homeserver.state(
                    room_id, [(put.type, put.state_key) for put in placed]
                )
                if more and any(current.get(key) != event for key, event in seen.items()):
                    continue  # what was prepared stands on a version that is no longer current
                try:
                    return await self._write_placed(
                        room_id, placed, current, expected or {}, experience
                    )
                except Overtaken:
                    if not more:
                        raise
        raise AssertionError("unreachable")

    async def _prepared(
        self, room_id: str, puts: Sequence[Put]
    ) -> tuple[Sequence[Put], Mapping[Key, StateEvent | None]]:
        """Let those look at writes who know more of their types; with what they looked at."""
        keys = [(put.type, put.state_key) for put in puts if put.type in self.preparing]
        if not keys:
            return puts, {}
        state = await self._homeserver.state(room_id, keys)
        seen = {key: state.get(key) for key in keys}
        prepared = [
            await self.preparing[put.type](put, seen[put.type, put.state_key], room_id)
            if put.type in self.preparing
            else put
            for put in puts
        ]
        return prepared, seen

    async def _write_placed(
        self,
        room_id: str,
        placed: Sequence[Put],
        current: Mapping[Key, StateEvent],
        expected: Mapping[Key, str],
        experience: str | None,
    ) -> list[Written]:
        for put in placed:
            self._expect(put, current, expected)
        fresh = [put for put in placed if not _same(put, current)]
        await self._check_place(room_id, fresh, current)
        stamped = [_stamped(put, current, experience) for put in fresh]
        replacing = {(put.type, put.state_key): _revision(put, current) or None for put in stamped}
        event_ids = (
            await self._homeserver.send_states(room_id, stamped, replacing) if stamped else []
        )
        sent = {
            (put.type, put.state_key): event_id
            for put, event_id in zip(stamped, event_ids, strict=True)
        }
        return [
            Written(
                room_id,
                put.type,
                put.state_key,
                sent.get((put.type, put.state_key)) or _revision(put, current),
                (put.type, put.state_key) in sent,
            )
            for put in placed
        ]

    async def text(self, event: StateEvent, *, ask: bool = True) -> tuple[str, str]:
        """Return the text of an object and its MIME type, from the event or from media.

        Args:
            event: the object.
            ask: whether another twin is asked for the text where it is not here yet.

        Raises:
            NotFound: objects of this type have no text, or it is not here.
            Unreachable: the text lies on another twin that does not answer, or is not the one
                that the event points to.
        """
        long_text = self._long_text(event.type)
        if long_text is None:
            raise NotFound("Objects of this kind have no text.")
        pointer = event.content.get(long_text.pointer)
        if pointer is None:
            return str(event.content.get(long_text.field, "")), long_text.mimetype
        data = await self._homeserver.download(pointer["url"], MAX_TEXT_BYTES, ask=ask)
        if len(data) != pointer["size"] or _sha256(data) != pointer["hashes"]["sha256"]:
            raise Unreachable("The file that was sent is not the one that the document points to.")
        try:
            return data.decode(), long_text.mimetype
        except UnicodeDecodeError:
            raise Unreachable("The file that the document points to is not text.") from None

    def check(self, event_type: str, state_key: str, content: Mapping[str, Any]) -> None:
        """Refuse what can't be written, before anything is.

        Raises:
            BadJson, TooLarge: say what does not fit.
        """
        known = self._known(event_type)
        known.check_key(state_key)
        long_text = known.long_text
        text = content.get(long_text.field) if long_text else None
        if long_text is not None and isinstance(text, str) and len(text) > INLINE_BYTES:
            content = {key: value for key, value in content.items() if key != long_text.field}
        known.check(content)

    def check_as_it_is(self, event_type: str, state_key: str, content: Mapping[str, Any]) -> None:
        """Refuse what can't be sent by a client that writes the event itself.

        Raises:
            BadJson: says what does not fit.
        """
        known = self._known(event_type)
        known.check_key(state_key)
        known.check(content)

    def _known(self, event_type: str) -> EventType:
        known = self._types.get(event_type)
        if known is None:
            raise BadJson(f"This twin knows no events of type {event_type}.")
        return known

    def _long_text(self, event_type: str) -> LongText | None:
        known = self._types.get(event_type)
        return known.long_text if known else None

    async def _place(self, put: Put) -> Put:
        """Check what is to be written, with long text moved to media."""
        if not put.type.startswith(f"{NAMESPACE}."):
            return put
        known, content = self._known(put.type), put.content
        known.check_key(put.state_key)
        text = content.get(known.long_text.field) if known.long_text else None
        if known.long_text is not None and isinstance(text, str):
            content = await self._moved(content, known.long_text, text)
        known.check(content)
        if put.sign is not None:
            signed = self._homeserver.sign(plain(content[put.sign]))
            content = content.set(put.sign, frozen(signed))
            known.check(content)
        return replace(put, content=content)

    async def _moved(self, content: Content, long_text: LongText, text: str) -> Content:
        try:
            data = text.encode()
        except UnicodeEncodeError:
            raise BadJson(
                f"/{long_text.field}: holds half a surrogate pair, which is no character."
            ) from None
        if len(data) > MAX_TEXT_BYTES:
            raise TooLarge(
                f"/{long_text.field}: has {len(data)} bytes, and {MAX_TEXT_BYTES} is the most."
            )
        if len(data) <= INLINE_BYTES:
            return content.discard(long_text.pointer)
        pointer = {
            "url": await self._homeserver.upload(data, long_text.mimetype),
            "mimetype": long_text.mimetype,
            "size": len(data),
            "hashes": {"sha256": _sha256(data)},
        }
        return content.discard(long_text.field).set(long_text.pointer, frozen(pointer))

    def _expect(
        self, put: Put, current: Mapping[Key, StateEvent], expected: Mapping[Key, str]
    ) -> None:
        wanted = expected.get((put.type, put.state_key))
        if wanted is None:
            return
        now = _revision(put, current)
        there = _exists(put, current)
        if wanted == NEW and there and not _same(put, current):
            raise Conflict(f"{put.state_key} is there already.", current=now)
        if wanted == ANY and not there:
            raise Conflict(f"{put.state_key} is not there.", current=None)
        if wanted not in (NEW, ANY, now):
            raise Conflict(
                f"{put.state_key} was changed meanwhile; read it again and repeat the change on that.",
                current=now or None,
            )

    async def check_room(self, room_id: str, puts: Sequence[Put]) -> None:
        """Refuse objects that a room has no place for.

        Raises:
            RoomFull: says how many it has held.
        """
        current = await self._homeserver.state(room_id, [(put.type, put.state_key) for put in puts])
        await self._check_place(room_id, puts, current)

    def check_new_room(self, objects: int) -> None:
        """Refuse a new room that would hold too many objects from the start.

        Raises:
            RoomFull: says how many it may hold.
        """
        if objects > self._max_objects:
            raise RoomFull(
                f"A room holds {self._max_objects} objects at most, and here are {objects}."
            )

    async def _check_place(
        self, room_id: str, puts: Sequence[Put], current: Mapping[Key, StateEvent]
    ) -> None:
        new = sum(
            (put.type, put.state_key) not in current
            for put in puts
            if put.type in self._types and put.type != RSVP
        )
        if not new:
            return
        used = await self._homeserver.count_objects(room_id)
        if used + new > self._max_objects:
            raise RoomFull(
                f"This room has held {used} objects, and {self._max_objects} is the most; make a new collection."
            )


def _sha256(data: bytes) -> str:
    return encode_base64(sha256(data).digest())


def _exists(put: Put, current: Mapping[Key, StateEvent]) -> bool:
    event = current.get((put.type, put.state_key))
    return event is not None and bool(event.content)


def _revision(put: Put, current: Mapping[Key, StateEvent]) -> str:
    event = current.get((put.type, put.state_key))
    return event.event_id if event else ""


def _same(put: Put, current: Mapping[Key, StateEvent]) -> bool:
    event = current.get((put.type, put.state_key))
    if event is None:
        return not put.content  # nothing is there to be removed
    return same(bare(event.content), bare(put.content))


def _stamped(put: Put, current: Mapping[Key, StateEvent], experience: str | None) -> Put:
    """Note in an object of ours which version the change was made on, what it takes in, and by what."""
    if not put.content or not put.type.startswith(f"{NAMESPACE}."):
        return put
    event = current.get((put.type, put.state_key))
    content = bare(put.content)
    before: Any = content.get(NAMESPACE)
    stamps = before if isinstance(before, PMap) else frozen({})
    if event is not None:
        stamps = stamps.set("base", event.event_id)
    if put.merged:
        stamps = stamps.set("merged", pvector(put.merged))
    if experience:
        stamps = stamps.set("experience", experience)
    return replace(put, content=content.set(NAMESPACE, stamps) if stamps else content)
