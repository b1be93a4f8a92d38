"""Recurrence rules of JSCalendar as local times (RFC 8984, section 4.3.3), by dateutil's `rrule`.

Rules come from strangers, so the work is bounded: it begins near what is asked for, goes from
period to period no further than that, and ends when an object has cost enough. Rules every minute
or second, of other calendars than the Gregorian, that skip otherwise than by omitting, or with more
than `DENSEST` times a day give no times here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self

from dateutil.rrule import DAILY, HOURLY, MONTHLY, WEEKLY, YEARLY, rrule, weekday

from twin_module.core.jscalendar import local_of

MOST_WORK: Final = 10_000
"""What the rules of one object may cost: about a unit for a day that is looked at or a time found."""
DENSEST: Final = 288
"""A time each five minutes."""
_FREQUENCIES: Final = {
    "yearly": YEARLY,
    "monthly": MONTHLY,
    "weekly": WEEKLY,
    "daily": DAILY,
    "hourly": HOURLY,
}
_COSTS: Final = {YEARLY: 16, MONTHLY: 3, WEEKLY: 2, DAILY: 1, HOURLY: 1}
"""What it costs to go on to the next year, month and so on, as measured."""
WEEKDAYS: Final = ("mo", "tu", "we", "th", "fr", "sa", "su")
_NUMBERS: Final[Mapping[str, tuple[str, int, int]]] = {
    "byMonthDay": ("bymonthday", -31, 31),
    "byYearDay": ("byyearday", -366, 366),
    "byWeekNo": ("byweekno", -53, 53),
    "bySetPosition": ("bysetpos", -366, 366),
    "byHour": ("byhour", 0, 23),
    "byMinute": ("byminute", 0, 59),
    "bySecond": ("bysecond", 0, 59),
}
"""Parts of rules, by what dateutil calls them, and their bounds; 0 counts for times only."""


class Work:
    """How much may still be done for one object."""

    __slots__ = ("left",)

    def __init__(self, most: int = MOST_WORK) -> None:
        self.left = most

    def take(self, units: int) -> None:
        """Count some work.

        Raises:
            EnoughError: it is too much.
        """
        self.left -= units
        if self.left < 0:
            raise EnoughError


class EnoughError(Exception):
    """The work goes further than what is asked for, or has cost enough."""


class _Interval(int):
    """An interval that ends a rule after so many periods.

    dateutil goes on to the next period by it, also where none has a time, and looks at nothing else
    before the year 9999.
    """

    work: Work
    cost: int
    periods: int

    @classmethod
    def of(cls, interval: int, periods: int, work: Work, cost: int) -> Self:
        made = cls(interval)
        made.work, made.cost, made.periods = work, cost, periods
        return made

    def _used(self) -> None:
        self.periods -= 1
        if self.periods < 0:
            raise EnoughError
        self.work.take(self.cost)

    def __radd__(self, other: int) -> int:
        self._used()
        return other + int(self)

    def __mul__(self, other: int) -> int:
        self._used()
        return int(self) * other


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that can be expanded."""

    frequency: int
    interval: int
    week_start: int
    parts: Mapping[str, Any] = field(hash=False)
    """As dateutil takes them."""
    count: int | None
    until: datetime | None
    """In local time, inclusive."""

    @property
    def per_day(self) -> int:
        """How many times a day can have."""
        hours = len(self.parts.get("byhour", range(24)))
        return hours * len(self.parts["byminute"]) * len(self.parts["bysecond"])


def read_rule(rule: Any, start: datetime) -> Rule | None:
    """Return a rule of an object that begins at a local time; None where it is not expanded."""
    if not isinstance(rule, Mapping) or not _is_expanded(rule):
        return None
    frequency = _FREQUENCIES[rule["frequency"]]
    until = local_of(rule.get("until"))
    count, interval = rule.get("count"), rule.get("interval", 1)
    if "until" in rule and until is None:
        return None
    if not _is_positive(interval) or not (count is None or _is_positive(count)):
        return None
    parts = _parts(rule, frequency)
    if parts is None:
        return None
    week_start = WEEKDAYS.index(rule.get("firstDayOfWeek", "mo"))
    complete = {**parts, **_defaults(parts, frequency, start)}
    found = Rule(frequency, interval, week_start, complete, count, until)
    return found if found.per_day <= DENSEST else None


def _is_expanded(rule: Mapping[str, Any]) -> bool:
    rscale = rule.get("rscale", "gregorian")
    return (
        rule.get("frequency") in _FREQUENCIES
        and isinstance(rscale, str)
        and rscale.lower() == "gregorian"
        and rule.get("skip", "omit") == "omit"
        and rule.get("firstDayOfWeek", "mo") in WEEKDAYS
    )


def _is_positive(value: Any) -> bool:
    return type(value) is int and value > 0


def _parts(rule: Mapping[str, Any], frequency: int) -> dict[str, Any] | None:
    """Return the parts that a rule names; None where one of them is of nothing that can be."""
    parts: dict[str, Any] = {}
    for name, (dateutil_name, least, most) in _NUMBERS.items():
        if name in rule:
            parts[dateutil_name] = [
                each
                for each in dict.fromkeys(_items(rule[name]))
                if type(each) is int and least <= each <= most and (each or least == 0)
            ]
    if "byMonth" in rule:
        months = {str(number): number for number in range(1, 13)}
        parts["bymonth"] = [months[each] for each in _items(rule["byMonth"]) if each in months]
    if "byDay" in rule:
        parts["byweekday"] = _days(rule, frequency)
    return parts if all(parts.values()) else None


def _items(value: Any) -> Sequence[Any]:
    return [] if isinstance(value, str | Mapping) or not isinstance(value, Sequence) else value


def _days(rule: Mapping[str, Any], frequency: int) -> list[weekday]:
    with_nth = frequency == MONTHLY or (frequency == YEARLY and "byWeekNo" not in rule)
    days: list[tuple[int, int | None]] = []
    for item in _items(rule["byDay"]):
        each = {"day": item} if isinstance(item, str) else item
        if isinstance(each, Mapping) and each.get("day") in WEEKDAYS:
            nth = each.get("nthOfPeriod") if with_nth else None
            if nth is None or (type(nth) is int and nth != 0):
                days.append((WEEKDAYS.index(each["day"]), nth))
    if all(nth is None for _, nth in days):
        return [weekday(day) for day, _ in days]
    # dateutil takes days that are both the nth and one of those without a number; meant are either.
    most = 5 if frequency == MONTHLY or "byMonth" in rule else 53
    all_nth = [
        (day, number)
        for day, nth in days
        for number in ([nth] if nth is not None else range(1, most + 1))
    ]
    # No period has a 54th Monday. Where that is all that is asked for, dateutil says so by an error.
    there = [each for each in all_nth if abs(each[1]) <= most] or all_nth
    return [weekday(*each) for each in dict.fromkeys(there)]


def _defaults(parts: Mapping[str, Any], frequency: int, start: datetime) -> dict[str, Any]:
    """Return what a rule takes from the start, because it does not say it (section 4.3.3.1)."""
    taken: dict[str, Any] = {}
    if frequency != HOURLY:
        taken["byhour"] = [start.hour]
    taken |= {"byminute": [start.minute], "bysecond": [start.second]}
    if frequency == WEEKLY:
        taken["byweekday"] = [weekday(start.weekday())]
    elif frequency == MONTHLY and "byweekday" not in parts:
        taken["bymonthday"] = [start.day]
    elif frequency == YEARLY and "byyearday" not in parts:
        days, weeks = "byweekday" in parts, "byweekno" in parts
        if not weeks and ("bymonthday" in parts or not days):
            taken["bymonth"] = [start.month]
        if not weeks and not days:
            taken["bymonthday"] = [start.day]
        if weeks and not days and "bymonthday" not in parts:
            taken["byweekday"] = [weekday(start.weekday())]
    return {name: value for name, value in taken.items() if name not in parts}


def times(
    rule: Rule, start: datetime, after: datetime, before: datetime, work: Work, *, first: bool
) -> Iterator[datetime]:
    """Return the local times of a rule in [after, before), in order.

    Args:
        rule: of an object.
        start: when the object begins.
        after: from when on.
        before: until when.
        work: what it may cost; where that is not enough, later times are left out.
        first: whether `start` counts as the first time, even if it does not fit the rule; it is not
            among what is returned then.
    """
    last = before if rule.until is None else min(before, rule.until)
    if last < start:
        return
    left = rule.count
    if left is not None and left > ((last - start).days + 2) * rule.per_day:
        left = None
    earliest = start
    if first:
        left = None if left is None else left - 1
        earliest += timedelta(microseconds=1)
    begin = start if left is not None else max(start, after)
    for time in _worked(_expanded(rule, start, begin, last, work), work):
        if time < earliest:
            continue
        if time > last or time == before or left == 0:
            return
        left = None if left is None else left - 1
        if time >= after:
            yield time


def _worked(found: Iterator[datetime], work: Work) -> Iterator[datetime]:
    """Return times as long as there is work left."""
    try:
        for time in found:
            work.take(1)
            yield time
    except (EnoughError, IndexError):
        return


def _expanded(
    rule: Rule, start: datetime, begin: datetime, last: datetime, work: Work
) -> Iterator[datetime]:
    """Return the times of a rule's periods, from the one that holds `begin` to the one of `last`."""
    period = _period(rule, start)
    period += (_period(rule, begin) - period) // rule.interval * rule.interval
    most = (_period(rule, last) - period) // rule.interval
    interval = _Interval.of(rule.interval, most, work, _COSTS[rule.frequency])
    try:
        return iter(
            rrule(
                rule.frequency,  # type: ignore[arg-type]
                dtstart=_begin(rule, period, start),
                interval=interval,
                wkst=rule.week_start,
                **rule.parts,
            )
        )
    except ValueError:
        # No hour that the interval comes by is among those of `byHour`.
        return iter(())


def _period(rule: Rule, moment: datetime) -> int:
    """Return the number of the year, month, week, day or hour in which a local time is."""
    if rule.frequency == YEARLY:
        return moment.year
    if rule.frequency == MONTHLY:
        return moment.year * 12 + moment.month - 1
    day = moment.toordinal() - 1
    if rule.frequency == WEEKLY:
        return (day - rule.week_start) // 7
    return day if rule.frequency == DAILY else day * 24 + moment.hour


def _begin(rule: Rule, period: int, start: datetime) -> datetime:
    """Return when a period begins; `start` where that is before the calendar does."""
    if rule.frequency == YEARLY:
        return datetime(period, 1, 1)  # noqa: DTZ001 - local time, its zone comes later
    if rule.frequency == MONTHLY:
        return datetime(period // 12, period % 12 + 1, 1)  # noqa: DTZ001
    if rule.frequency == WEEKLY:
        day = period * 7 + rule.week_start
        return datetime.fromordinal(day + 1) if day >= 0 else start
    if rule.frequency == DAILY:
        return datetime.fromordinal(period + 1)
    return datetime.fromordinal(period // 24 + 1) + timedelta(hours=period % 24)
