"""What could not be done yet, and when to try it again: later and later."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

K = TypeVar("K")

FIRST_WAIT: Final = 15_000
LONGEST_WAIT: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Wait:
    """How long something waits."""

    due: int
    """When it is tried again."""
    pause: int
    """From the last try to then."""


class Backoff(Generic[K]):
    """Things that wait; all times are milliseconds."""

    def __init__(self) -> None:
        self._waits: dict[K, Wait] = {}
        self._changed: set[K] = set()

    def postpone(self, thing: K, now: int) -> None:
        """Try again after 15 seconds, then after twice as long each time, up to an hour.

        What was tried early, because something changed, waits as long as before.
        """
        before = self._waits.get(thing)
        if before is not None and before.due > now:
            return
        pause = min(before.pause * 2, LONGEST_WAIT) if before else FIRST_WAIT
        self._waits[thing] = Wait(now + pause, pause)
        self._changed.add(thing)

    def done(self, thing: K) -> None:
        """Forget that something could not be done."""
        if self._waits.pop(thing, None) is not None:
            self._changed.add(thing)

    def keep_only(self, things: AbstractSet[K]) -> None:
        """Forget all but these."""
        for gone in self._waits.keys() - things:
            self.done(gone)

    def waits(self, thing: K, now: int) -> bool:
        """Tell whether it is too early to try something again."""
        wait = self._waits.get(thing)
        return wait is not None and wait.due > now

    def until(self, thing: K) -> int | None:
        """Return when something is to be tried again, None where it does not wait."""
        wait = self._waits.get(thing)
        return wait.due if wait is not None else None

    def due(self, now: int) -> set[K]:
        """Return what is to be tried again now."""
        return {thing for thing, wait in self._waits.items() if wait.due <= now}

    def next(self) -> int | None:
        """Return when the first of all is to be tried again, None where nothing waits."""
        return min((wait.due for wait in self._waits.values()), default=None)

    def all(self) -> set[K]:
        """Return everything that could not be done yet."""
        return set(self._waits)

    # For who keeps it longer than the process lives

    def take_changed(self) -> dict[K, Wait | None]:
        """Return what waits otherwise than when this was asked last; None for what waits no more."""
        changed, self._changed = self._changed, set()
        return {thing: self._waits.get(thing) for thing in changed}

    def restore(self, thing: K, wait: Wait) -> None:
        """Let something wait as it did before, unless it waits already."""
        self._waits.setdefault(thing, wait)
