"""Recurrence rules: RRULE (RFC 5545, section 3.3.10; RFC 7529) and RecurrenceRule (RFC 8984, section 4.3.3)."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, time
from typing import Any, Final

from twin_module.core.content_lines import Line
from twin_module.core.ics.kept import Taking
from twin_module.core.ics.times import Clock, When, utc_digits
from twin_module.core.ics.zones import UTC_ZONE
from twin_module.core.jscalendar import local_of

MAX_RULES: Final = 20
_NAMES: Final = (("RRULE", "recurrenceRules"), ("EXRULE", "excludedRecurrenceRules"))
_FREQUENCIES: Final = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY")
"""Rules that repeat each minute or second are kept as lines; nobody plans by them."""
_NTH_DAY: Final = re.compile(r"([+-]?[0-9]{1,3})?(MO|TU|WE|TH|FR|SA|SU)")
_NUMBERS: Final[Mapping[str, tuple[str, int, int]]] = {
    "BYMONTHDAY": ("byMonthDay", -31, 31),
    "BYYEARDAY": ("byYearDay", -366, 366),
    "BYWEEKNO": ("byWeekNo", -53, 53),
    "BYHOUR": ("byHour", 0, 23),
    "BYMINUTE": ("byMinute", 0, 59),
    "BYSECOND": ("bySecond", 0, 60),
    "BYSETPOS": ("bySetPosition", -366, 366),
}
_MONTH: Final = re.compile(r"0?([1-9]|1[0-3])(L?)")
_MAX_LIST: Final = 366
_MAX_MONTHS: Final = 60
_MAX_COUNT: Final = 10**9
_END_OF_DAY: Final = time(23, 59, 59)


class _NoRule(Exception):
    """A part of a rule means nothing."""


def read_rules(lines: Taking, clock: Clock, zone: str | None, content: dict[str, Any]) -> None:
    """Read the rules of a series into its content.

    Args:
        lines: of its master.
        clock: reads times.
        zone: of its start.
        content: with `showWithoutTime`, if it has only days.
    """
    for name, field in _NAMES:
        rules: list[dict[str, Any]] = []
        for line in lines.all(name)[:MAX_RULES]:
            rule = _read(line, clock, zone, is_day=content.get("showWithoutTime") is True)
            # One that stands twice says nothing new, and is kept.
            if rule is not None and rule not in rules:
                lines.take(line)
                rules.append(rule)
        if rules:
            content[field] = rules


def _read(line: Line, clock: Clock, zone: str | None, *, is_day: bool) -> dict[str, Any] | None:
    parts: dict[str, str] = {}
    for each in line.value.upper().split(";"):
        name, _, value = each.partition("=")
        if name in parts:
            return None
        if name.strip():
            parts[name.strip()] = value.strip()
    if parts.get("FREQ") not in _FREQUENCIES or {"COUNT", "UNTIL"} <= parts.keys():
        return None
    rule: dict[str, Any] = {"@type": "RecurrenceRule", "frequency": parts["FREQ"].lower()}
    try:
        for name, value in parts.items():
            _read_part(rule, name, value)
        if "UNTIL" in parts:
            until = clock.read(line, parts["UNTIL"])
            if until is None:
                return None
            rule["until"] = _until(until, zone, is_day=is_day)
    except (_NoRule, ValueError):
        return None
    return rule


def _read_part(rule: dict[str, Any], name: str, value: str) -> None:
    if name in _NUMBERS:
        field, least, most = _NUMBERS[name]
        rule[field] = [_number(each, least, most) for each in _list(value)]
    elif name in _PARTS:
        field, read = _PARTS[name]
        rule[field] = read(value)
    elif name not in ("FREQ", "UNTIL") and not name.startswith("X-"):
        raise _NoRule


def _count(value: str) -> int:
    number = int(value)
    if not 0 < number <= _MAX_COUNT:
        raise _NoRule
    return number


def _nth_days(value: str) -> list[dict[str, Any]]:
    return [_nth_day(each) for each in _list(value)]


def _months(value: str) -> list[str]:
    months = [_MONTH.fullmatch(each) for each in _list(value)]
    if len(months) > _MAX_MONTHS or None in months:
        raise _NoRule
    return [each[1] + each[2] for each in months if each]


def _word(words: str) -> Callable[[str], str]:
    """Return what reads one of some words, a regular expression."""

    def read(value: str) -> str:
        if not re.fullmatch(words, value):
            raise _NoRule
        return value.lower()

    return read


def _list(value: str) -> list[str]:
    found = value.split(",")
    if len(found) > _MAX_LIST:
        raise _NoRule
    return found


def _number(text: str, least: int, most: int) -> int:
    number = int(text)
    if not least <= number <= most or (least < 0 and not number):
        raise _NoRule
    return number


def _nth_day(text: str) -> dict[str, Any]:
    found = _NTH_DAY.fullmatch(text.strip())
    if found is None:
        raise _NoRule
    day: dict[str, Any] = {"@type": "NDay", "day": found[2].lower()}
    if found[1]:
        day["nthOfPeriod"] = _number(found[1], -366, 366)
    return day


_PARTS: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "INTERVAL": ("interval", _count),
    "COUNT": ("count", _count),
    "BYDAY": ("byDay", _nth_days),
    "BYMONTH": ("byMonth", _months),
    "WKST": ("firstDayOfWeek", _word("MO|TU|WE|TH|FR|SA|SU")),
    "RSCALE": ("rscale", _word("[A-Z0-9-]{1,64}")),
    "SKIP": ("skip", _word("OMIT|BACKWARD|FORWARD")),
}


def _until(until: When, zone: str | None, *, is_day: bool) -> str:
    if is_day:
        return datetime.combine(until.local, time()).isoformat()
    if until.is_day:
        # The whole day counts, whoever wrote a day where a time had to be.
        return datetime.combine(until.local, _END_OF_DAY).isoformat()
    return until.within(zone).isoformat()


def write_rules(content: Mapping[str, Any]) -> list[str]:
    """Return the lines of the rules of a series."""
    found = []
    for name, field in _NAMES:
        rules = content.get(field)
        for rule in rules if rules and not isinstance(rules, str | Mapping) else ():
            if isinstance(rule, Mapping) and isinstance(rule.get("frequency"), str):
                found.append(f"{name}:{_written(rule, content)}")
    return found


def _written(rule: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    until = local_of(rule.get("until"))
    parts = {
        "FREQ": rule["frequency"].upper(),
        "RSCALE": _upper(rule.get("rscale")),
        "SKIP": _upper(rule.get("skip")),
        "UNTIL": "" if until is None else _written_until(until, content),
        "COUNT": str(rule.get("count") or ""),
        "INTERVAL": str(rule.get("interval") or ""),
        "BYMONTH": ",".join(map(str, rule.get("byMonth") or ())),
        **{
            name: ",".join(map(str, rule.get(field) or ()))
            for name, (field, _, _) in _NUMBERS.items()
        },
        "BYDAY": ",".join(map(_written_day, rule.get("byDay") or ())),
        "WKST": _upper(rule.get("firstDayOfWeek")),
    }
    return ";".join(f"{name}={value}" for name, value in parts.items() if value)


def _upper(word: Any) -> str:
    return word.upper() if isinstance(word, str) else ""


def _written_day(day: Mapping[str, Any] | str) -> str:
    if isinstance(day, str):
        return day.upper()
    return f"{day.get('nthOfPeriod') or ''}{str(day.get('day')).upper()}"


def _written_until(until: datetime, content: Mapping[str, Any]) -> str:
    digits = utc_digits(until.isoformat())
    if content.get("showWithoutTime") is True:
        return digits[:8]
    zone = content.get("timeZone")
    if not isinstance(zone, str):
        return digits
    return utc_digits(When(until, zone, is_day=False).within(UTC_ZONE).isoformat()) + "Z"
