"""What a twin does by itself, and when: each duty says when it is to be looked at next.

So a turn without news costs nothing, and who puts a twin to sleep knows when to wake it.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

logger = logging.getLogger(__name__)

SLOW_MS: Final = 5 * 60_000
"""From when on it is said what a twin is busy with."""


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


class Duties:
    """All of them, in the order in which they are done."""

    def __init__(self, with_news: Sequence[Duty], always: Sequence[Duty]) -> None:
        """Take those that have something to do where something changed, or say so themselves, and all others."""
        self._with_news = with_news
        self.always = [*always]
        self._doing: Duty | None = None
        self._slow_at = 0
        """When that is said to be slow, 0 until somebody asked."""
        self._is_stopped = False

    @property
    def are_under_way(self) -> bool:
        """Whether they are being done just now."""
        return self._doing is not None

    async def settle(self, *, news: bool) -> None:
        """Do what is to be done."""
        try:
            for duty in [*self._with_news, *self.always] if news else self.always:
                if not self._is_stopped:
                    self._doing, self._slow_at = duty, 0
                    await duty.settle()
        finally:
            self._doing = None

    def say_what_is_slow(self, now: int) -> None:
        """Log what all other duties wait for; to be called now and then."""
        if self._doing is None:
            return
        if self._slow_at == 0:
            self._slow_at = now + SLOW_MS
        elif now >= self._slow_at:
            self._slow_at = now + SLOW_MS
            logger.warning("All else waits for more than five minutes for %s", self._doing.settle)

    def stop(self) -> None:
        """Begin none any more."""
        self._is_stopped = True

    def are_over(self) -> bool:
        """Tell whether none is begun any more."""
        return self._is_stopped

    def due(self) -> int | None:
        """Return when the first has something to do without news."""
        return soonest(*(each.due() for each in (*self._with_news, *self.always)))

    def wakes(self) -> int | None:
        """Return when a twin that sleeps is to be woken."""
        return soonest(*(each.wakes for each in (*self._with_news, *self.always)))


def soonest(*moments: int | None) -> int | None:
    """Return the first of some moments, None where there is none."""
    return min((each for each in moments if each is not None), default=None)
