"""Days and times as one says them at a time: tomorrow at 18:00, am 24. Dezember."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

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


def date_name(day: date, language: str) -> str:
    """Return a day as it stands above a text: Monday, 24 December; Montag, 24. Dezember."""
    return f"{_WORDS[language].days[day.weekday()]}, {day_name(day, language)}"
