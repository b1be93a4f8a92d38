"""The object that everybody writes: a task of about half a kilobyte, as JSON and as iCalendar."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

TYPE: Final = "org.digitaltwin.task"
BEGIN: Final = datetime(2027, 1, 4, 9, tzinfo=UTC)
OPEN: Final = "needs-action"
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
WORDS_IN_TITLE, WORDS_IN_TEXT = 4, 34

Task = Mapping[str, Any]


def task(number: int) -> Task:
    """Return the task of a number, the same one in each run; every tenth task is done."""
    draw = random.Random(number)  # noqa: S311 - the same words in each run
    words = [_word(draw) for _ in range(WORDS_IN_TITLE + WORDS_IN_TEXT)]
    return {
        "@type": "Task",
        "title": f"{' '.join(words[:WORDS_IN_TITLE])} {number}",
        "description": " ".join(words[WORDS_IN_TITLE:]),
        "due": f"{due(number):%Y-%m-%dT%H:%M:%S}",
        "timeZone": "Etc/UTC",
        "progress": OPEN if number % 10 else "completed",
        "priority": number % 9 + 1,
        "keywords": {"home": True, "garden": True},
        "created": "2026-12-20T08:00:00Z",
    }


def open_uids(amount: int) -> Sequence[str]:
    """Return the uids of those of the first tasks that are still to be done, by due time.

    No two of the first 5,000 are due at the same time.
    """
    wanted = [number for number in range(amount) if task(number)["progress"] == OPEN]
    return [uid(number) for number in sorted(wanted, key=due)]


def due(number: int) -> datetime:
    """Return when a task is due: in another order than that of the numbers."""
    return BEGIN + timedelta(hours=number * 7919 % 5000)


def uid(number: int) -> str:
    """Return the uid of a task."""
    return f"t{number}"


def questions(amount: int) -> Sequence[str]:
    """Return words to search for, neither the commonest nor the rarest, the same in each run."""
    draw = random.Random(0)  # noqa: S311 - the same words in each run
    return [vocabulary()[draw.randrange(10, 500)] for _ in range(amount)]


@cache
def vocabulary() -> Sequence[str]:
    """Return all words that there are."""
    draw = random.Random(1)  # noqa: S311 - the same words in each run
    return ["".join(draw.choices(LETTERS, k=draw.randint(4, 9))) for _ in range(5000)]


def _word(draw: random.Random) -> str:
    """Return a word as people use them: few words are in most texts, most words are in few."""
    return vocabulary()[min(int(draw.paretovariate(0.5)), len(vocabulary()) - 1)]


def vtodo(number: int) -> Sequence[str]:
    """Return the lines of a task as a component of iCalendar."""
    content = task(number)
    stamp = "20261220T080000Z"
    return [
        "BEGIN:VTODO",
        f"UID:{uid(number)}",
        f"DTSTAMP:{stamp}",
        f"CREATED:{stamp}",
        *_folded(f"SUMMARY:{content['title']}"),
        *_folded(f"DESCRIPTION:{content['description']}"),
        f"DUE:{due(number):%Y%m%dT%H%M%SZ}",
        f"STATUS:{'NEEDS-ACTION' if content['progress'] == OPEN else 'COMPLETED'}",
        f"PRIORITY:{content['priority']}",
        f"CATEGORIES:{','.join(content['keywords'])}",
        "END:VTODO",
    ]


def icalendar(*numbers: int) -> bytes:
    """Return tasks as one calendar."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//bench//EN"]
    for number in numbers:
        lines += vtodo(number)
    return "".join(f"{line}\r\n" for line in [*lines, "END:VCALENDAR"]).encode()


def _folded(line: str) -> Sequence[str]:
    """Fold a line of ASCII, as RFC 5545 has it."""
    return [line[:70], *(f" {line[at : at + 70]}" for at in range(70, len(line), 70))]
