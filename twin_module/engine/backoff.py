"""What could not be done yet, and when to try it again: later and later."""

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

K = TypeVar("K")

FIRST_WAIT: Final = 15_000
LONGEST_WAIT: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class _Wait:
    due: int
    wait: int


class Backoff(Generic[K]):
    """Things that wait; all times are milliseconds."""

    def __init__(self) -> None:
        self._waits: dict[K, _Wait] = {}

    def postpone(self, thing: K, now: int) -> None:
        """Try again after 15 seconds, then after twice as long each time, up to an hour.

        What was tried early, because something changed, waits as long as before.
        """
        before = self._waits.get(thing)
        if before is not None and before.due > now:
            return
        wait = min(before.wait * 2, LONGEST_WAIT) if before else FIRST_WAIT
        self._waits[thing] = _Wait(now + wait, wait)

    def done(self, thing: K) -> None:
        """Forget that something could not be done."""
        self._waits.pop(thing, None)

    def waits(self, thing: K, now: int) -> bool:
        """Tell whether it is too early to try something again."""
        wait = self._waits.get(thing)
        return wait is not None and wait.due > now

    def due(self, now: int) -> set[K]:
        """Return what is to be tried again now."""
        return {thing for thing, wait in self._waits.items() if wait.due <= now}

    def all(self) -> set[K]:
        """Return everything that could not be done yet."""
        return set(self._waits)
