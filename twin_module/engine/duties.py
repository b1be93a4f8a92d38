"""What a twin does by itself, and when: each duty says when it is to be looked at next.

So a turn without news costs nothing, and who puts a twin to sleep knows when to wake it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


def never() -> None:
    """Return that only news can bring something to be done."""


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that is done again and again; all times are milliseconds since 1970."""

    settle: Callable[[], Awaitable[None]]
    """Does what is to be done now, and costs nothing when nothing is."""
    due: Callable[[], int | None] = never
    """Returns when there may be something to be done again without news, None where only news can
    bring it. What could not be done at all is due at once, and tried again within seconds."""
    alarm: Callable[[], int | None] | None = None
    """The same, of what a sleeping twin has to be woken for; None where that is all of it."""

    @property
    def wakes(self) -> int | None:
        """When a twin that sleeps is to be woken."""
        return (self.alarm or self.due)()


def soonest(*moments: int | None) -> int | None:
    """Return the first of some moments, None where there is none."""
    return min((each for each in moments if each is not None), default=None)
