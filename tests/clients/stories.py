"""What several stories look at: the tasks of a list, and what twins said there."""

import re
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.clients.client import Client, Shown
from twin_module.testing.person import Person, eventually

_MARKUP: Final = (
    r"</?(p|a|b|i|ul|ol|li|br|em|strong|code|blockquote|span|h\d)\b|&(lt|gt|amp|quot|#)|\*\*|`"
)
BERLIN: Final = ZoneInfo("Europe/Berlin")


def today() -> date:
    """Return the day that Alice and Bob have."""
    return datetime.now(BERLIN).date()


def one_of_days(offset: int, asked_on: date) -> set[str]:
    """Return the days that are so many days from when something was asked: midnight may pass."""
    return {f"{day + timedelta(days=offset)}" for day in (asked_on, today())}


def objects(person: Person, room_id: str, capability: str) -> dict[str, dict[str, Any]]:
    """Return the objects of a room by title; no title may be there twice."""
    listed = person.get(f"rooms/{room_id}/objects", capability=capability, limit=1000)["objects"]
    found = {each["title"]: each for each in listed}
    assert len(found) == len(listed), sorted(each["title"] for each in listed)
    return found


def tasks(person: Person, room_id: str) -> dict[str, dict[str, Any]]:
    """Return the tasks of a list by title."""
    return objects(person, room_id, "tasks")


def the_object(person: Person, room_id: str, capability: str, title: str) -> dict[str, Any]:
    """Return an object, as soon as it is there."""

    def found() -> list[dict[str, Any]]:
        shown = objects(person, room_id, capability)
        return [each for each_title, each in shown.items() if each_title == title]

    return eventually(found, what=f"{person.owner} has {title!r}")[0]


def task(person: Person, room_id: str, title: str) -> dict[str, Any]:
    """Return a task, as soon as it is there."""
    return the_object(person, room_id, "tasks", title)


def said(client: Client, room_id: str, voice: str, after: str | None = None) -> list[Shown]:
    """Return what a voice said in a room behind a message, by what a client shows now."""
    shown = client.messages(room_id)
    if after is not None:
        ids = [each.event_id for each in shown]
        shown = shown[ids.index(after) + 1 :]
    return [each for each in shown if each.sender == voice]


def pinged(client: Client, room_id: str, voice: str, whom: str, pattern: str) -> Shown:
    """Return the message by which a voice pings somebody, as soon as it is there."""

    def found() -> list[Shown]:
        return [
            each
            for each in said(client, room_id, voice)
            if whom in each.pings and re.search(pattern, each.body, re.IGNORECASE)
        ]

    return eventually(found, what=f"{voice} pings {whom} with {pattern!r}")[-1]


def number_of(question: Shown, name: str) -> str:
    """Return the number under which a question offers something."""
    lines = question.body.splitlines()
    [number] = [
        line.partition(".")[0] for line in lines if re.match(r"\d+\.", line) and name in line
    ]
    return number


def check_plain(shown: Shown) -> None:
    """Make sure that a terminal, which has nothing but the body, shows words."""
    assert re.search(r"\w", shown.body), shown.body
    assert not re.search(_MARKUP, shown.body), shown.body
    assert len(shown.body.splitlines()) <= 60, shown.body
