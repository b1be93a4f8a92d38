"""Busy and free times: merging, rounding, and where in people's days something fits.

Times are whole seconds since 1970. An interval holds its first second and not its last, so what
ends at nine leaves nine free.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, islice
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

Interval: TypeAlias = tuple[int, int]

GRID: Final = 15 * 60
"""What others are told is rounded outward to whole quarters of an hour."""
MOST_SECONDS: Final = 92 * 86_400
"""The longest time that is asked about at once: a quarter of a year."""
LATEST: Final = 253_370_764_800
"""The beginning of the year 9999, behind which there are no dates to count with."""
MOST_INTERVALS: Final = MOST_SECONDS // (2 * GRID) + 1
"""As many as fit into the longest time on the grid, without touching."""
DAY_MINUTES: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """When in a day people may meet, on the clock of a zone."""

    zone: ZoneInfo
    begin: int
    """Minutes after midnight, as the clock has them."""
    end: int
    """The same, up to 1440; one that is not behind `begin` is of the next day."""
    weekdays: frozenset[int] = frozenset(range(7))
    """The days on which the hours begin; Monday is 0."""


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the same times as intervals in order that do not touch, without empty ones."""
    found: list[Interval] = []
    for start, end in sorted(each for each in intervals if each[0] < each[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def rounded(intervals: Iterable[Interval], grid: int = GRID) -> list[Interval]:
    """Return times that hold the given ones and begin and end on a grid, merged."""
    return merged(outward(each, grid) for each in intervals if each[0] < each[1])


def outward(interval: Interval, grid: int = GRID) -> Interval:
    """Return the smallest interval on a grid that holds another."""
    start, end = interval
    return start - start % grid, end + -end % grid


def clipped(intervals: Iterable[Interval], within: Interval) -> list[Interval]:
    """Return what of some times lies within an interval, merged."""
    return merged((max(start, within[0]), min(end, within[1])) for start, end in intervals)


def without(intervals: Sequence[Interval], taken: Sequence[Interval]) -> Iterator[Interval]:
    """Yield what is left of merged times when other merged times are taken out."""
    behind = 0
    for start, end in intervals:
        # What ends before this interval is of no interest to those that follow either.
        while behind < len(taken) and taken[behind][1] <= start:
            behind += 1
        at = start
        for from_, until in islice(taken, behind, None):
            if from_ >= end:
                break
            if at < from_:
                yield at, from_
            at = max(at, until)
        if at < end:
            yield at, end


def read_busy(answer: Any, within: Interval) -> list[Interval] | None:
    """Return the busy times that another twin told, None where they can't be meant.

    They have to be pairs of whole numbers in order, one behind the other, within what was asked.
    """
    if not isinstance(answer, list) or len(answer) > MOST_INTERVALS:
        return None
    found: list[Interval] = []
    at = within[0]
    for each in answer:
        if not _is_pair(each):
            return None
        start, end = each
        if not at <= start < end <= within[1]:
            return None
        found.append((start, end))
        at = end
    return merged(found)


def _is_pair(value: Any) -> bool:
    # True and False are whole numbers to Python, and none in JSON.
    return (
        isinstance(value, list) and len(value) == 2 and all(type(part) is int for part in value)  # noqa: PLR2004
    )


def windows(hours: Hours, within: Interval) -> list[Interval]:
    """Return when people may meet, merged.

    Where the clock is put back, the hours begin the first time that it shows their beginning and
    end the last time that it shows their end. A time that the clock leaves out moves inward.
    """
    zone = hours.zone
    day, last = (datetime.fromtimestamp(each, zone).date() for each in within)
    # The hours of the day before may go over midnight.
    day -= timedelta(days=1)
    length = hours.end + (DAY_MINUTES if hours.end <= hours.begin else 0)
    found = []
    while day <= last:
        if day.weekday() in hours.weekdays:
            begin = _shown(day, hours.begin, zone, again=False)
            found.append((begin, _shown(day, length, zone, again=True)))
        day += timedelta(days=1)
    return clipped(found, within)


def _shown(day: date, minutes: int, zone: ZoneInfo, *, again: bool) -> int:
    """Return when the clock of a zone shows a time; `again` means the second time, where there are two."""
    shown = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return int(shown.replace(tzinfo=zone, fold=int(again)).timestamp())


def starts(free: Interval, duration: int, step: int, zone: ZoneInfo) -> Iterator[int]:
    """Yield when something of a duration can start, where the clock shows whole steps of the hour.

    Args:
        free: in which it has to fit.
        duration: in seconds.
        step: in seconds, a part of an hour.
        zone: of the clock.
    """
    at = free[0]
    while at + duration <= free[1]:
        shown = datetime.fromtimestamp(at, zone)
        beyond = (shown.minute * 60 + shown.second) % step
        if beyond:
            at += step - beyond
        else:
            yield at
            at += step


def slots(
    hours: Hours, within: Interval, busy: Iterable[Interval], duration: int, step: int
) -> Iterator[Interval]:
    """Yield where something fits, earliest first; where a step is shorter than it, slots overlap.

    Args:
        hours: when in a day.
        within: in which time.
        busy: when somebody can't.
        duration: of what is to fit, in seconds.
        step: between two starts, in seconds, a part of an hour.
    """
    free = without(windows(hours, within), merged(busy))
    found = chain.from_iterable(starts(each, duration, step, hours.zone) for each in free)
    return ((start, start + duration) for start in found)


def utc(seconds: int) -> datetime:
    """Return a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
