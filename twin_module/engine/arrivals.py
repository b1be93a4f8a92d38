"""Takes in everything of ours that arrives, also what never becomes current.

The projector follows what is current, and may begin anew at any time. Versions that lost and
messages stand in no current state, so their position is one of its own, which nothing resets.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence, Set as AbstractSet
from dataclasses import dataclass
from typing import Final, TypeAlias

from twin_module.core.capability import EventType
from twin_module.core.ports import Changes, Cursor, Homeserver, Message
from twin_module.core.state import StateEvent
from twin_module.engine import store, versions
from twin_module.engine.versions import Place, place_of

ARRIVED: Final = "arrivals"

Listener: TypeAlias = Callable[
    [Sequence[StateEvent], Sequence[Message], AbstractSet[str]], Awaitable[None]
]
"""Called with state events and messages of rooms that the owner is in, and with the rooms whose
members or rights are others now. It is called again with the same ones when the process is killed
before the position is stored."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came in a part of the stream."""

    upto: int
    events: Sequence[StateEvent] = ()
    redacted: Sequence[str] = ()
    joined: frozenset[str] = frozenset()
    """The rooms that the owner is in."""
    rooms: frozenset[str] = frozenset()
    """The rooms in which something of ours came."""


class Arrivals:
    """Reads what came and stores versions; one per twin, in one process only."""

    def __init__(self, homeserver: Homeserver, types: Iterable[EventType]) -> None:
        self._homeserver = homeserver
        self._types = {each.type for each in types}
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call a listener with what came, before the position moves on."""
        self._listeners.append(listener)

    async def receive(self, changes: Changes, changed: AbstractSet[str]) -> Arrived:
        """Read what came in a part of the stream, and tell the listeners, also of rooms that changed."""
        ids = changes.arrived
        if not ids and not changes.redacted and not changed:
            return Arrived(changes.upto)
        events = list((await self._homeserver.events(ids)).values())
        messages = list((await self._homeserver.messages(ids)).values())
        joined = frozenset(await self._homeserver.joined_rooms())
        for listener in self._listeners:
            await listener(
                [each for each in events if each.room_id in joined],
                [each for each in messages if each.room_id in joined],
                changed,
            )
        rooms = frozenset(each.room_id for each in events) | {each.room_id for each in messages}
        return Arrived(changes.upto, events, changes.redacted, joined, rooms)

    def write(self, cursor: Cursor, arrived: Arrived) -> set[Place]:
        """Store versions and how far was read; returns what has new ones, which are to be noted."""
        places: set[Place] = set()
        if arrived.events or arrived.redacted:
            # Of a room that was left just now, too: what only the owner has of it is to stay.
            known = {each.room_id for each in store.read_rooms(cursor, "join")} | arrived.joined
            versions.redact(cursor, arrived.redacted)
            here = [each for each in arrived.events if each.room_id in known]
            places = remember(cursor, self._types, here)
        store.write_position(cursor, arrived.upto, ARRIVED)
        return places


def remember(cursor: Cursor, types: Iterable[str], events: Iterable[StateEvent]) -> set[Place]:
    """Store versions of objects, and return which objects got new ones."""
    wanted = set(types)
    ours = sorted(
        (event for event in events if event.type in wanted),
        key=lambda each: each.origin_server_ts,
    )
    times = Counter(place_of(event) for event in ours)
    apart = [event for event in ours if times[place_of(event)] == 1]
    return versions.remember_apart(cursor, apart) | {
        place_of(event)
        for event in ours
        if times[place_of(event)] > 1 and versions.remember(cursor, event)
    }
