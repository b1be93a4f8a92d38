"""How many objects a room holds: Matrix keeps each for ever, so there is an end to it."""

from collections.abc import Iterable, Mapping, Sequence

from twin_module.core.capability import EventType
from twin_module.core.effects import Put
from twin_module.core.errors import RoomFull
from twin_module.core.layout import RSVP
from twin_module.core.ports import Homeserver
from twin_module.core.state import Key, StateEvent


class Space:
    """What room there is for objects."""

    def __init__(self, homeserver: Homeserver, types: Iterable[EventType], most: int) -> None:
        self._homeserver = homeserver
        self._types = {each.type for each in types}
        self._most = most

    def needed(self, puts: Sequence[Put], current: Mapping[Key, StateEvent]) -> int:
        """Return how many objects would be new; answers to invitations take no place."""
        return sum(
            put.key not in current for put in puts if put.type in self._types and put.type != RSVP
        )

    async def used(self, room_id: str) -> int:
        """Return how many objects a room has held."""
        return await self._homeserver.count_objects(room_id)

    def check(self, used: int, needed: int) -> None:
        """Refuse objects that a room has no place for.

        Raises:
            RoomFull: says how many it has held.
        """
        if used + needed > self._most:
            raise RoomFull(
                f"This room has held {used} objects, and {self._most} is the most; make a new collection."
            )

    async def check_room(self, room_id: str, puts: Sequence[Put]) -> None:
        """Refuse objects that a room has no place for, see `check`."""
        current = await self._homeserver.state(room_id, [put.key for put in puts])
        needed = self.needed(puts, current)
        if needed:
            self.check(await self.used(room_id), needed)

    def check_new_room(self, objects: int) -> None:
        """Refuse a new room that would hold too many objects from the start.

        Raises:
            RoomFull: says how many it may hold.
        """
        if objects > self._most:
            raise RoomFull(f"A room holds {self._most} objects at most, and here are {objects}.")
