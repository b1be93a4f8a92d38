"""What the twin's voice says of reminders: all its words, as plain text and as HTML of Matrix."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from twin_module.core.reminders import Reminder

MAX_TITLE: Final = 120
MAX_PLACE: Final = 80
MOST_LINES: Final = 20
"""Of one message, which has to fit into an event whatever the titles are made of."""
WEEK: Final = 7

UNTITLED: Final = "Something without a title"
QUIET: Final = "During your quiet hours:"
LATE: Final = "Late, because your twin was away:"
SEVERAL: Final = "Reminders:"
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """A message, as plain text and as HTML."""

    body: str
    html: str


def one(reminder: Reminder, now: datetime, zone: ZoneInfo) -> Said:
    """Return the message of one reminder: Dentist, tomorrow at 10:00 (Praxis Dr. X)."""
    title, rest = _title(reminder), _rest(reminder, now, zone)
    return Said(f"{title}{rest}", f"<strong>{escape(title)}</strong>{escape(rest)}")


def several(
    heading: str, reminders: Sequence[Reminder], now: datetime, zone: ZoneInfo
) -> list[tuple[Sequence[Reminder], Said]]:
    """Return messages that name several reminders each, with those that they name."""
    found = []
    for start in range(0, len(reminders), MOST_LINES):
        part = reminders[start : start + MOST_LINES]
        lines = [one(each, now, zone) for each in part]
        body = "\n".join([heading, *(f"- {line.body}" for line in lines)])
        items = "".join(f"<li>{line.html}</li>" for line in lines)
        found.append((part, Said(body, f"<p>{escape(heading)}</p><ul>{items}</ul>")))
    return found


def held_back(count: int, most: int) -> Said:
    """Return the message that says how many reminders were not told."""
    were = "1 more was" if count == 1 else f"{count} more were"
    said = f"More than {most} reminders came within an hour; {were} held back."
    return Said(said, escape(said))


def _title(reminder: Reminder) -> str:
    return _line(reminder.title, MAX_TITLE) or UNTITLED


def _rest(reminder: Reminder, now: datetime, zone: ZoneInfo) -> str:
    when = _when(reminder, now, zone)
    due = "due " if reminder.is_task else ""
    place = _line(reminder.place, MAX_PLACE)
    return f"{f', {due}{when}' if when else ''}{f' ({place})' if place else ''}"


def _when(reminder: Reminder, now: datetime, zone: ZoneInfo) -> str:
    """Return when something is, as one says it at a time; empty where there is nothing to say."""
    if reminder.time is None:
        return ""
    try:
        local = reminder.time.astimezone(zone)
    except OverflowError:
        return ""
    return (
        f"{_day(local, now.astimezone(zone))}{'' if reminder.only_days else f' at {local:%H:%M}'}"
    )


def _day(local: datetime, today: datetime) -> str:
    away = (local.date() - today.date()).days
    if -1 <= away <= 1:
        return ("yesterday", "today", "tomorrow")[away + 1]
    if 0 < away < WEEK:
        return f"on {_DAYS[local.weekday()]}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"on {local.day} {_MONTHS[local.month - 1]}{year}"


def _line(text: str, most: int) -> str:
    """Return a stranger's text in one line of bounded length, without what is not to be seen."""
    line = " ".join("".join(_visible(text[: 10 * most])).split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _visible(text: str) -> Iterable[str]:
    # What turns the direction of writing is not printable either.
    return (
        " " if each.isspace() else each for each in text if each.isspace() or each.isprintable()
    )
