"""Files that are read again when they changed, without anybody saying so."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

Stamp: TypeAlias = tuple[int, int, int] | None
Clock: TypeAlias = Callable[[], float]
"""Seconds, of a clock that nobody sets."""

LOOK_AGAIN: Final = 1.0
"""Seconds between two looks at a file."""


def stamp(path: Path) -> Stamp:
    """Return what changes when a file does; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class Watch:
    """Says when to look at files again: after a second, or when told to."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next = -math.inf

    def is_due(self) -> bool:
        """Tell whether to look, and count it as a look if so."""
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + LOOK_AGAIN
        return True

    def hurry(self) -> None:
        """Let the next question be answered with yes."""
        self._next = -math.inf
