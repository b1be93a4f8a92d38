"""Events with guests on fake homeservers: planned, invited to, answered, and seen by apps."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.engine.conftest import Home, settle
from twin_module.core.meeting import MARK
from twin_module.engine.books import CALENDAR
from twin_module.engine.dav_item import Item, prepared, understood
from twin_module.engine.meetings import Invited
from twin_module.testing.driver import run

LEVELS = "m.room.power_levels"


def soon(home: Home, days: int = 7) -> str:
    """Return midday, so many days from now."""
    return f"{home.twin.agenda.now() + timedelta(days=days):%Y-%m-%d}T12:00:00"


def plan(home: Home, room: str, uid: str = "a", **fields: Any) -> None:
    """Add an event of an hour, in a week."""
    usual = {"title": "Choir", "start": soon(home), "timeZone": "UTC", "duration": "PT1H"}
    home.command("agenda", "add", room_id=room, uid=uid, **{**usual, **fields})
    settle(home)


def invite(
    home: Home, room: str, *people: Home | str, uid: str = "a", circle: str | None = None
) -> Invited:
    names = [each if isinstance(each, str) else each.owner for each in people]
    return run(home.twin.meetings.invite(home.rooms()[room], uid, names, circle))


def invited(alice: Home, room: str, *guests: Home, uid: str = "a", **fields: Any) -> str:
    """Have guests be in the room of a new event, and return that."""
    plan(alice, room, uid, **fields)
    found = invite(alice, room, *guests, uid=uid)
    for each in guests:
        if found.room_id in each.server.invitations:
            each.accept(found.room_id)
    settle(alice, *guests)
    return found.room_id


def answer(home: Home, room: str, status: str, uid: str = "a") -> None:
    home.command("agenda", "answer", room_id=room, uid=uid, participationStatus=status)


def waiting(home: Home) -> list[str]:
    return [each.uid for each in run(home.twin.agenda.invitations())]


def status(home: Home, who: Home, uid: str = "a") -> str | None:
    """Return somebody's answer as somebody's twin shows it; None where they are no guest."""
    now = home.twin.agenda.now()
    found = run(home.twin.agenda.range(now, now + timedelta(days=60)))
    [content] = [each.occurrence.content for each in found if each.uid == uid]
    person = content.get("participants", {}).get(who.owner)
    return None if person is None else person["participationStatus"]


def present(home: Home, room: str) -> set[str]:
    state = home.server.state(room)
    names = {user for kind, user in state if kind == "m.room.member"}
    return {user for user in names if home.membership(room, user) in ("join", "invite")}


def meeting_rooms(home: Home) -> list[str]:
    return [
        room
        for room in home.rooms()
        if MARK in home.server.state(room)["m.room.create", ""].content
    ]


def family(alice: Home, *members: Home) -> str:
    circle = alice.circle(**{each.owner[1:].partition(":")[0]: "editor" for each in members})
    settle(alice, *members)
    for each in members:
        each.accept(circle)
    settle(alice, *members)
    return circle


# Apps


class App:
    """Somebody's calendar app, which has a room's calendar."""

    def __init__(self, home: Home, room: str) -> None:
        settle(home)
        self.home, self.dav = home, home.twin.dav
        books = run(self.dav.books.all()).values()
        [self.book] = [
            each
            for each in books
            if each.room and each.room.room_id == room and each.tag == CALENDAR
        ]

    def items(self) -> list[Item]:
        return run(self.dav.reading.items(self.book))

    def item(self, uid: str = "a") -> Item:
        return run(self.dav.reading.named(self.book, [f"{uid}.ics"]))[f"{uid}.ics"]

    def text(self, uid: str = "a") -> str:
        """Return an event with its lines unfolded."""
        return self.item(uid).written().replace("\r\n ", "")

    def token(self) -> int:
        return int(run(self.dav.reading.token(self.book)))

    def changed(self, after: int) -> list[str] | None:
        return run(self.dav.reading.changed(self.book, after))

    def put(self, text: str, uid: str = "a") -> None:
        before = self.item(uid)
        shown = replace(before, text=before.written())
        entry = understood(self.book, text)
        content = prepared(self.book, entry, before, shown)
        run(self.dav.writing.put(self.book, f"{uid}.ics", entry, content, before))
        settle(self.home)

    def replace(self, old: str, new: str) -> None:
        """Write the event with a part of its text changed."""
        text = self.text()
        assert old in text
        self.put(text.replace(old, new))

    def said(self, who: Home) -> str | None:
        """Return what the event's text says of somebody."""
        [line] = [each for each in self.text().split("\r\n") if each.endswith(f":{uri(who)}")]
        found = re.search("PARTSTAT=([A-Z-]+)", line)
        return found.group(1) if found else None

    def answers(self, status: str, who: Home | None = None) -> str:
        """Return the event's text with another answer of one's own, or of somebody else."""
        address = re.escape(uri(who or self.home))
        return re.sub(rf"PARTSTAT=[A-Z-]+(.*:{address})", rf"PARTSTAT={status}\1", self.text())


def uri(home: Home) -> str:
    return f"matrix:u/{home.owner[1:]}"
