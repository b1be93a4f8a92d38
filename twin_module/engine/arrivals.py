"""Follows everything of ours that arrives, also what never becomes current.

The projector follows what is current, and may begin anew at any time. Versions that lost and
messages stand in no current state, so their position is one of its own, which nothing resets.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, TypeAlias

from twin_module.core.capability import EventType
from twin_module.core.ports import Cursor, Homeserver, Message
from twin_module.core.state import StateEvent
from twin_module.engine import store, versions
from twin_module.engine.versions import Place, place_of

POSITION: Final = "arrivals"

Listener: TypeAlias = Callable[[Sequence[StateEvent], Sequence[Message]], Awaitable[None]]
"""Called with state events and messages of rooms that the owner is in. It is called again with
the same ones when the process is killed before the position is stored."""


class Arrivals:
    """Reads what came and stores versions; one per twin, in one process only."""

    def __init__(self, homeserver: Homeserver, types: Iterable[EventType]) -> None:
        self._homeserver = homeserver
        self._types = {each.type for each in types}
        self._reached: int | None = None
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call a listener with what came, before the position moves on."""
        self._listeners.append(listener)

    async def follow(self, target: int) -> set[str]:
        """Read what came up to a position of the stream, and return the rooms of what was ours."""
        position = self._reached
        if position is None:
            position = await self._homeserver.transact(
                "twin_position", lambda cursor: store.read_position(cursor, POSITION)
            )
        position = min(position or 0, target)
        rooms: set[str] = set()
        while position < target:
            position = await self._step(position, target, rooms)
        self._reached = target
        return rooms

    async def _step(self, position: int, target: int, rooms: set[str]) -> int:
        arrived = await self._homeserver.arrivals(position, target)
        ids = arrived.event_ids
        if not ids and not arrived.redacted:
            return arrived.upto
        events = list((await self._homeserver.events(ids)).values())
        messages = list((await self._homeserver.messages(ids)).values())
        rooms.update(each.room_id for each in events)
        rooms.update(each.room_id for each in messages)
        joined = set(await self._homeserver.joined_rooms())
        for listener in self._listeners:
            await listener(
                [each for each in events if each.room_id in joined],
                [each for each in messages if each.room_id in joined],
            )

        def work(cursor: Cursor) -> None:
            # Of a room that was left just now, too: what only the owner has of it is to stay.
            known = {each.room_id for each in store.read_rooms(cursor, "join")} | joined
            versions.redact(cursor, arrived.redacted)
            here = [each for each in events if each.room_id in known]
            versions.note(cursor, remember(cursor, self._types, here))
            store.write_position(cursor, arrived.upto, POSITION)

        await self._homeserver.transact("twin_remember", work)
        return arrived.upto


def remember(cursor: Cursor, types: Iterable[str], events: Iterable[StateEvent]) -> set[Place]:
    """Store versions of objects, and return which objects got new ones."""
    wanted = set(types)
    return {
        place_of(event)
        for event in sorted(events, key=lambda each: each.origin_server_ts)
        if event.type in wanted and versions.remember(cursor, event)
    }
