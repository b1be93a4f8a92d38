"""VTIMEZONE components of IANA zones (RFC 5545, section 3.6.5), right from a year on, for ever.

Changes of clocks that follow a rule to the end are written as the rule, earlier ones one by one.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

_LAST_YEAR: Final = 2050
"""Rules are read from what is known up to here; each one shows many times by then."""
_STEP: Final = timedelta(days=7)
"""No two changes are nearer than this, but for a few in wars long past."""
_LEAST: Final = 12
"""So many years in a row make a rule: by then a last Sunday was not always a fourth one."""
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class _Onset(NamedTuple):
    """A change of clocks."""

    local: datetime
    """By the clocks as they were before."""
    before: timedelta
    after: timedelta
    name: str
    is_daylight: bool


@lru_cache(
    maxsize=256
)  # A zone's rules are the same as long as the program runs, and dear to find.
def timezone_lines(zone_name: str, first_year: int) -> tuple[str, ...]:
    """Return the lines of a VTIMEZONE, unfolded, but for its TZID.

    Args:
        zone_name: a zone that is known.
        first_year: from when on it has to be right.
    """
    zone = ZoneInfo(zone_name)
    start = datetime(first_year, 1, 1, tzinfo=UTC).astimezone(zone)
    offset = start.utcoffset() or timedelta()
    first = _Onset(
        datetime(first_year, 1, 1),  # noqa: DTZ001 - local by its meaning
        offset,
        offset,
        start.tzname() or zone_name,
        bool(start.dst()),
    )
    lines = list(_observance([first], None))
    groups: dict[tuple[object, ...], list[_Onset]] = {}
    for onset in _onsets(zone, first_year):
        groups.setdefault(onset[1:], []).append(onset)
    for onsets in groups.values():
        since, rule = _rule(onsets)
        if onsets[:since]:
            lines += _observance(onsets[:since], None)
        if rule:
            lines += _observance(onsets[since:], rule)
    return tuple(lines)


def _onsets(zone: ZoneInfo, first_year: int) -> Iterator[_Onset]:
    begin, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(_LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    steps = [begin + _STEP * each for each in range((end - begin) // _STEP + 1)]
    for one, other in pairwise(steps):
        if _state(one, zone) != _state(other, zone):
            yield _between(one, other, zone)


def _state(moment: datetime, zone: ZoneInfo) -> tuple[object, ...]:
    local = moment.astimezone(zone)
    return local.utcoffset(), local.tzname(), bool(local.dst())


def _between(one: datetime, other: datetime, zone: ZoneInfo) -> _Onset:
    before = _state(one, zone)
    seconds = [0, int((other - one).total_seconds())]
    while seconds[1] - seconds[0] > 1:
        middle = sum(seconds) // 2
        seconds[_state(one + timedelta(seconds=middle), zone) != before] = middle
    change = one + timedelta(seconds=seconds[1])
    after = change.astimezone(zone)
    offset = one.astimezone(zone).utcoffset() or timedelta()
    return _Onset(
        (change + offset).replace(tzinfo=None),
        offset,
        after.utcoffset() or timedelta(),
        after.tzname() or str(zone),
        bool(after.dst()),
    )


def _rule(onsets: Sequence[_Onset]) -> tuple[int, str]:
    """Return from which of its onsets on an observance follows a rule to the end, and the rule."""
    count = 1
    while count < len(onsets) and _follows(onsets[-count - 1], onsets[-count]):
        count += 1
    while onsets[-1].local.year == _LAST_YEAR and count >= _LEAST:
        days = [onset.local for onset in onsets[-count:]]
        by_day = _by_day(days)
        if by_day is not None:
            return len(onsets) - count, f"RRULE:FREQ=YEARLY;BYMONTH={days[0].month};{by_day}"
        count -= 1
    return len(onsets), ""


def _by_day(days: Sequence[datetime]) -> str | None:
    """Return which weekday of a month all of these are: the nth, the last, or the first from a day on."""
    weekday, numbers = _WEEKDAYS[days[0].weekday()], sorted({day.day for day in days})
    nths = {(number - 1) // 7 + 1 for number in numbers}
    if len(nths) == 1:
        return f"BYDAY={nths.pop()}{weekday}"
    if all((day + timedelta(days=7)).month != day.month for day in days):
        return f"BYDAY=-1{weekday}"
    if len(numbers) == len(_WEEKDAYS) and numbers[-1] - numbers[0] == len(_WEEKDAYS) - 1:
        return f"BYDAY={weekday};BYMONTHDAY={','.join(map(str, numbers))}"
    return None


def _follows(one: _Onset, other: _Onset) -> bool:
    first, second = one.local, other.local
    return (first.year + 1, first.month, first.time(), first.weekday()) == (
        second.year,
        second.month,
        second.time(),
        second.weekday(),
    )


def _observance(onsets: Sequence[_Onset], rule: str | None) -> Iterator[str]:
    first = onsets[0]
    kind = "DAYLIGHT" if first.is_daylight else "STANDARD"
    yield f"BEGIN:{kind}"
    yield f"DTSTART:{_text(first.local)}"
    if rule:
        yield rule
    elif len(onsets) > 1:
        yield "RDATE:" + ",".join(_text(onset.local) for onset in onsets[1:])
    yield f"TZOFFSETFROM:{_offset(first.before)}"
    yield f"TZOFFSETTO:{_offset(first.after)}"
    yield f"TZNAME:{first.name}"
    yield f"END:{kind}"


def _text(local: datetime) -> str:
    return local.isoformat().replace("-", "").replace(":", "")


def _offset(offset: timedelta) -> str:
    seconds = abs(int(offset.total_seconds()))
    rest = f"{seconds % 60:02}" if seconds % 60 else ""
    return (
        f"{'-' if offset < timedelta() else '+'}{seconds // 3600:02}{seconds % 3600 // 60:02}{rest}"
    )
