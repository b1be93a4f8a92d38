"""When a room is told what changed: soon, and less and less often while more comes. Pure.

All times are in milliseconds since 1970, of a clock that may be put back.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

SECOND: Final = 1_000
QUIET: Final = 3 * SECOND
"""As long nothing may have come before a first message."""
LONGEST_WAIT: Final = 15 * SECOND
"""As long a first message waits at most."""
FIRST_PAUSE: Final = 15 * SECOND
LONGEST_PAUSE: Final = 240 * SECOND


@dataclass(slots=True)
class Pace:
    """How something goes on that is told again and again."""

    first: int | None = None
    """When the first of what waits came."""
    last: int = 0
    """When the newest came."""
    told: int | None = None
    """When it was last told."""
    pause: int = FIRST_PAUSE
    """From then to the next time, at least."""

    def came(self, now: int) -> None:
        """Note that there is something to be told."""
        self.first = now if self.first is None else min(self.first, now)
        self.last = now

    def due(self) -> int | None:
        """Return when it is to be told, None where nothing waits."""
        if self.first is None:
            return None
        soonest = min(self.last + QUIET, self.first + LONGEST_WAIT)
        return soonest if self.told is None else max(soonest, self.told + self.pause)

    def was_told(self, now: int) -> None:
        """Note that something was told; the next pause is longer, unless this one was very long."""
        rested = self.told is None or now - self.told > 2 * LONGEST_PAUSE
        self.pause = FIRST_PAUSE if rested else min(2 * self.pause, LONGEST_PAUSE)
        self.told = now
        self.first = None

    def nothing_told(self) -> None:
        """Note that nothing of what came was worth telling."""
        self.first = None

    def put_back(self, now: int) -> None:
        """Follow a clock that was put back, so that nothing waits for a time long gone."""
        self.first = None if self.first is None else min(self.first, now)
        self.last = min(self.last, now)
        self.told = None if self.told is None else min(self.told, now)


def next_at(after: int, clock: str, zone: ZoneInfo) -> int:
    """Return when a clock shows a time next, as 07:30, in a zone; later than `after`."""
    day = datetime.fromtimestamp(after / SECOND, UTC).astimezone(zone).date()
    at = time.fromisoformat(clock)
    for _ in range(3):
        moment = int(datetime.combine(day, at, zone).timestamp() * SECOND)
        if moment > after:
            return moment
        day += timedelta(days=1)
    return after + 24 * 3600 * SECOND
