"""Which backups are kept: of each of the last days that have some, and of each such week, the newest."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Keep:
    """How many; both count only days and weeks (of ISO 8601, in UTC) in which a backup was made."""

    daily: int = 7
    weekly: int = 5


def outdated(times: Iterable[datetime], keep: Keep) -> list[datetime]:
    """Return the times of those that are not kept. The newest of all always is.

    A twin that was not backed up for a year loses none for that: only newer backups push out older ones.
    """
    newest_first = sorted(times, reverse=True)
    kept = set(newest_first[:1])
    kept |= _newest_of_each(newest_first, keep.daily, lambda time: time.date())
    kept |= _newest_of_each(newest_first, keep.weekly, lambda time: time.isocalendar()[:2])
    return [time for time in newest_first if time not in kept]


def _newest_of_each(
    newest_first: list[datetime], most: int, span: Callable[[datetime], Hashable]
) -> set[datetime]:
    found: dict[Hashable, datetime] = {}
    for time in newest_first:
        if len(found) == most and span(time) not in found:
            break
        found.setdefault(span(time), time)
    return set(found.values()) if most else set()
