"""How many objects a room holds: Matrix keeps each for ever, so there is an end to it."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from twin_module.core.capability import EventType
from twin_module.core.effects import Put
from twin_module.core.errors import RoomFull
from twin_module.core.layout import RSVP
from twin_module.core.ports import Homeserver
from twin_module.core.state import Key, StateEvent

PLENTY: Final = 100
"""While there is more place than that, it is not counted anew for each object."""
FRESH_MS: Final = 60_000
"""How long a count is relied on; others write to rooms, too."""
MOST_ROOMS: Final = 1000
"""How many rooms are remembered. The one that was counted first is forgotten first."""


class Space:
    """What room there is for objects."""

    def __init__(self, homeserver: Homeserver, types: Iterable[EventType], most: int) -> None:
        self._homeserver = homeserver
        self._types = {each.type for each in types}
        self._most = most
        self._left: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """How much place there is at least, but for what others wrote, and until when that counts."""

    def needed(self, puts: Sequence[Put], current: Mapping[Key, StateEvent]) -> int:
        """Return how many objects would be new; answers to invitations take no place."""
        return sum(
            put.key not in current for put in puts if put.type in self._types and put.type != RSVP
        )

    async def take(self, room_id: str, needed: int, before: int = 0) -> None:
        """Take place for new objects.

        Args:
            room_id: where they are to be.
            needed: how many they are.
            before: for how many place was taken that are still to be written.

        Raises:
            RoomFull: says how many the room has held.
        """
        if needed == 0 or self._has_plenty(room_id, needed):
            return
        used = before + await self._homeserver.count_objects(room_id)
        if used + needed > self._most:
            raise RoomFull(
                f"This room has held {used} objects, and {self._most} is the most; make a new collection."
            )
        self._left[room_id] = (self._most - used - needed, self._homeserver.now() + FRESH_MS)
        self._left.move_to_end(room_id)
        while len(self._left) > MOST_ROOMS:
            self._left.popitem(last=False)

    async def check_room(self, room_id: str, puts: Sequence[Put]) -> None:
        """Take place in a room for objects, as far as they are new, see `take`."""
        if self._has_plenty(room_id, len(puts)):
            return
        current = await self._homeserver.state(room_id, [put.key for put in puts])
        await self.take(room_id, self.needed(puts, current))

    def _has_plenty(self, room_id: str, needed: int) -> bool:
        left, until = self._left.get(room_id, (0, 0))
        # A clock that was put back makes a count no older.
        if left - needed < PLENTY or not until - FRESH_MS <= self._homeserver.now() < until:
            return False
        self._left[room_id] = (left - needed, until)
        return True

    def check_new_room(self, objects: int) -> None:
        """Refuse a new room that would hold too many objects from the start.

        Raises:
            RoomFull: says how many it may hold.
        """
        if objects > self._most:
            raise RoomFull(f"A room holds {self._most} objects at most, and here are {objects}.")
