"""What the twin's voice says of reminders: all its words, as plain text and as HTML of Matrix."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Final, Literal
from zoneinfo import ZoneInfo

from twin_module.core.one_line import one_line
from twin_module.core.reminders import Reminder
from twin_module.core.times_said import time_said
from twin_module.core.voice import Said

MAX_TITLE: Final = 120
MAX_PLACE: Final = 80
MOST_LINES: Final = 20
"""Of one message, which has to fit into an event whatever the titles are made of."""
ENGLISH: Final = "en"
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "untitled": "Something without a title",
        "quiet": "During your quiet hours:",
        "late": "Late, because your twin was away:",
        "several": "Reminders:",
        "due": "due {when}",
        "held.one": "More than {most} reminders came within an hour; 1 more was held back.",
        "held": "More than {most} reminders came within an hour; {count} more were held back.",
    },
    "de": {
        "untitled": "Etwas ohne Titel",
        "quiet": "Während deiner Ruhezeit:",
        "late": "Verspätet, weil dein Twin nicht da war:",
        "several": "Erinnerungen:",
        "due": "fällig {when}",
        "held.one": "In einer Stunde kamen mehr als {most} Erinnerungen; 1 weitere wurde"
        " zurückgehalten.",
        "held": "In einer Stunde kamen mehr als {most} Erinnerungen; {count} weitere wurden"
        " zurückgehalten.",
    },
}


def heading(kind: Literal["late", "quiet", "several"], language: str = ENGLISH) -> str:
    """Return what stands above several reminders that are told together."""
    return _WORDS[language][kind]


def one(reminder: Reminder, now: datetime, zone: ZoneInfo, language: str = ENGLISH) -> Said:
    """Return the message of one reminder: Dentist, tomorrow at 10:00 (Praxis Dr. X)."""
    title = one_line(reminder.title, MAX_TITLE) or _WORDS[language]["untitled"]
    rest = _rest(reminder, now, zone, language)
    return Said(body=f"{title}{rest}", html=f"<strong>{escape(title)}</strong>{escape(rest)}")


def several(
    above: str,
    reminders: Sequence[Reminder],
    now: datetime,
    zone: ZoneInfo,
    language: str = ENGLISH,
) -> list[tuple[Sequence[Reminder], Said]]:
    """Return messages that name several reminders each, with those that they name."""
    found = []
    for start in range(0, len(reminders), MOST_LINES):
        part = reminders[start : start + MOST_LINES]
        lines = [one(each, now, zone, language) for each in part]
        body = "\n".join([above, *(f"- {line.body}" for line in lines)])
        items = "".join(f"<li>{line.html}</li>" for line in lines)
        found.append((part, Said(body=body, html=f"<p>{escape(above)}</p><ul>{items}</ul>")))
    return found


def held_back(count: int, most: int, language: str = ENGLISH) -> Said:
    """Return the message that says how many reminders were not told."""
    words = _WORDS[language]
    said = words["held.one" if count == 1 else "held"].format(most=most, count=count)
    return Said(body=said, html=escape(said))


def _rest(reminder: Reminder, now: datetime, zone: ZoneInfo, language: str) -> str:
    when = _when(reminder, now, zone, language)
    if when and reminder.is_task:
        when = _WORDS[language]["due"].format(when=when)
    place = one_line(reminder.place, MAX_PLACE)
    return f"{f', {when}' if when else ''}{f' ({place})' if place else ''}"


def _when(reminder: Reminder, now: datetime, zone: ZoneInfo, language: str) -> str:
    """Return when something is, as one says it at a time; empty where there is nothing to say."""
    if reminder.time is None:
        return ""
    try:
        local = reminder.time.astimezone(zone)
    except OverflowError:
        return ""
    return time_said(local, now.astimezone(zone), language, only_day=reminder.only_days)
