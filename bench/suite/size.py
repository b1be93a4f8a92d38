"""How much is done: in a whole run, and in the short one."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Amounts of one run; times are what each contestant does in one round."""

    rounds: int
    writes: int
    clients: int = 8
    writes_by_each: int
    bulk: int
    reads: int
    listed: int
    """Objects in the list."""
    lists: int
    found: int
    """Objects among which is searched."""
    searches: int
    live: int
    small_room: int
    large_room: int
    plain: int
    """Writes of a plain client into each of the two rooms."""
    joined: int
    """Objects in a room that somebody joins."""
    idle_seconds: float
    """How long nothing happens, to see what that costs; too short a while shows nothing."""
    budget: float = 60.0
    """Seconds of one piece of work after which a contestant gets no further round."""


WHOLE: Final = Size(
    rounds=6,
    writes=30,
    writes_by_each=10,
    bulk=1000,
    reads=200,
    listed=1000,
    lists=20,
    found=10_000,
    searches=30,
    live=20,
    small_room=100,
    large_room=5000,
    plain=30,
    joined=1000,
    idle_seconds=60,
)
SHORT: Final = Size(
    rounds=3,
    writes=10,
    writes_by_each=3,
    bulk=100,
    reads=50,
    listed=400,
    lists=5,
    found=100,
    searches=10,
    live=5,
    small_room=20,
    large_room=400,
    plain=15,
    joined=50,
    idle_seconds=0,
    budget=20.0,
)
