"""Days and times as one says them at a time: tomorrow at 18:00, am 24. Dezember."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from twin_module.core.jscalendar import local_of
from twin_module.core.zones import zone_named

WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class _Words:
    near: tuple[str, str, str]
    """Yesterday, today, tomorrow."""
    days: tuple[str, ...]
    months: tuple[str, ...]
    date: str
    on: str
    at: str


_WORDS: Final[Mapping[str, _Words]] = {
    "en": _Words(
        near=("yesterday", "today", "tomorrow"),
        days=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        months=(
            *("January", "February", "March", "April", "May", "June", "July"),
            *("August", "September", "October", "November", "December"),
        ),
        date="{} {}",
        on="on",
        at="at",
    ),
    "de": _Words(
        near=("gestern", "heute", "morgen"),
        days=(
            *("Montag", "Dienstag", "Mittwoch", "Donnerstag"),
            *("Freitag", "Samstag", "Sonntag"),
        ),
        months=(
            *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli"),
            *("August", "September", "Oktober", "November", "Dezember"),
        ),
        date="{}. {}",
        on="am",
        at="um",
    ),
}


def day_said(day: date, today: date, language: str) -> str:
    """Return how a day is called: today, on Monday, on 24 December; `language` is en or de.

    The days of the coming week go by their names, all others by their dates, with the year where
    it is not this one.
    """
    words = _WORDS[language]
    away = (day - today).days
    if -1 <= away <= 1:
        return words.near[away + 1]
    if 0 < away < WEEK:
        return f"{words.on} {words.days[day.weekday()]}"
    year = "" if day.year == today.year else f" {day.year}"
    return f"{words.on} {day_name(day, language)}{year}"


def time_said(moment: datetime, now: datetime, language: str, *, only_day: bool = False) -> str:
    """Return how a moment is called: tomorrow at 18:00; both are local times in one zone."""
    day = day_said(moment.date(), now.date(), language)
    return day if only_day else f"{day} {_WORDS[language].at} {moment:%H:%M}"


def day_name(day: date, language: str) -> str:
    """Return a day as it stands in a text: 24 December, 24. Dezember."""
    words = _WORDS[language]
    return words.date.format(day.day, words.months[day.month - 1])


def moment_of(content: Mapping[str, Any], name: str, now: datetime) -> datetime | None:
    """Return a local time of content in a reader's zone, None where there is none.

    What has no zone, or only days, is wherever its reader is.

    Args:
        content: in the words of JSCalendar.
        name: of the field.
        now: in the reader's zone.
    """
    local, named = local_of(content.get(name)), content.get("timeZone")
    if local is None:
        return None
    floats = content.get("showWithoutTime") is True or not isinstance(named, str)
    zone = None if floats else zone_named(named)
    try:
        return local.replace(tzinfo=zone or now.tzinfo).astimezone(now.tzinfo)
    except OverflowError:
        return None


def date_name(day: date, language: str) -> str:
    """Return a day as it stands above a text: Monday, 24 December; Montag, 24. Dezember."""
    return f"{_WORDS[language].days[day.weekday()]}, {day_name(day, language)}"
