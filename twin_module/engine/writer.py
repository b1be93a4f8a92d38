"""The writer: every write of the twin goes through here, in one line for each room (`orders.py`).

Matrix accepts concurrent writes of one key and lets all but one get lost, so a write first looks
at what is current. What it stood on stays in the content (`base`), so that a write that loses
against one from another twin can be merged later.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final, TypeAlias, TypeVar

from unpaddedbase64 import encode_base64

from twin_module.core.capability import EventType, LongText
from twin_module.core.effects import Put
from twin_module.core.errors import BadJson, NotFound, Overtaken, TooLarge, Unreachable
from twin_module.core.ports import Homeserver
from twin_module.core.state import NAMESPACE, Content, Key, StateEvent, frozen, plain
from twin_module.engine.orders import Order, Orders, Written
from twin_module.engine.space import Space

INLINE_BYTES: Final = 16 * 1024
"""Text up to this size stays in its event."""
MAX_TEXT_BYTES: Final = 5 * 1024 * 1024
CHUNK: Final = 99
"""How many objects are written in one go."""
TRIES: Final = 5
"""How often a write begins anew that others' writes overtake."""
T = TypeVar("T")

Prepare: TypeAlias = Callable[[Put, StateEvent | None, str], Awaitable[Put]]
"""Given a write, what is current and the room, returns what is to be written instead."""


class Writer:
    """Writes state events of the twin's owner."""

    def __init__(
        self, homeserver: Homeserver, types: Iterable[EventType], max_objects: int
    ) -> None:
        self._homeserver = homeserver
        self._types: Mapping[str, EventType] = {each.type: each for each in types}
        self.space = Space(homeserver, self._types.values(), max_objects)
        self._orders = Orders(homeserver, self.space, CHUNK)
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
        """Write to one room, all or nothing up to 99 events.

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
            for put in prepared:
                if put.type.startswith(f"{NAMESPACE}."):
                    self.check(put.type, put.state_key, put.content)
            placed = [await self._place(put) for put in prepared]
            order = Order(placed, expected or {}, seen if more else {}, experience)
            try:
                return list(await self._orders.carry_out(room_id, order))
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
        """Refuse what can't be written, before anything is; text counts as where it is going to be.

        Raises:
            BadJson, TooLarge: say what does not fit.
        """
        known = self._known(event_type)
        known.check_key(state_key)
        long_text = known.long_text
        text = content.get(long_text.field) if long_text else None
        if long_text is not None and isinstance(text, str):
            is_long = len(text.encode(errors="surrogatepass")) > INLINE_BYTES
            goes = long_text.field if is_long else long_text.pointer
            if goes in content:
                content = {key: value for key, value in content.items() if key != goes}
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

    def in_chunks(self, room_id: str, items: Sequence[T]) -> Iterator[Sequence[T]]:
        """Cut what is to be written to a room into what is written in one go.

        Where Synapse's own batches have to do, it gets slow on long chains of them. One that is
        written alone after each ends the chain.
        """
        start, size = 0, CHUNK
        while start < len(items):
            yield items[start : start + size]
            start += size
            size = CHUNK if size == 1 or self._homeserver.ends_batches(room_id) else 1

    async def _place(self, put: Put) -> Put:
        """Move long text of what was checked to media, and sign what is to be signed."""
        if not put.type.startswith(f"{NAMESPACE}."):
            return put
        known, content = self._known(put.type), put.content
        text = content.get(known.long_text.field) if known.long_text else None
        if known.long_text is not None and isinstance(text, str):
            content = await self._moved(content, known.long_text, text)
            if known.long_text.pointer in content:
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


def _sha256(data: bytes) -> str:
    return encode_base64(sha256(data).digest())
