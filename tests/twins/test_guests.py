"""Guests of an event at real twins, which federate: invited, asked, answering here and in apps."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from twin_module.core.state import NAMESPACE
from twin_module.testing.answers import CarefulPerson
from twin_module.testing.dav import CALENDAR, Dav
from twin_module.testing.person import CLIENT, Person, eventually
from twin_module.testing.twins import TwinNetwork, person_at

RSVP = f"{NAMESPACE}.rsvp"
DAY = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


def plan(person: Person, room: str, uid: str, **fields: Any) -> None:
    usual = {"title": "Choir", "start": f"{DAY}T18:00:00", "timeZone": "Europe/Berlin"}
    person.command("agenda", "add", room_id=room, uid=uid, duration="PT1H", **{**usual, **fields})


def waits(person: Person, uid: str) -> bool:
    """Tell whether an event waits for somebody's answer."""
    found = person.get("agenda/invitations")["occurrences"]
    return any(each["uid"] == uid for each in found)


def shown(person: Person, room: str, uid: str) -> Any:
    """Return an event as somebody's twin shows it, None where it is not there."""
    found = person.get(f"rooms/{room}/agenda")["events"]
    return next((each for each in found if each["uid"] == uid), None)


def status(person: Person, room: str, uid: str, who: Person) -> str | None:
    event = shown(person, room, uid)
    people = event.get("participants", {}) if event else {}
    said: str | None = people.get(who.owner, {}).get("participationStatus")
    return said


class App:
    """Somebody's calendar app."""

    def __init__(self, person: Person) -> None:
        made = person.post("app-passwords", {"name": "Phone"})
        self.dav = Dav(person.url, made["path"], made["username"], made["password"])
        self.address = f"matrix:u/{person.owner[1:]}"

    def calendar(self, room: str) -> str:
        """Return the path of a room's calendar, once the app sees it."""
        path = f"{self.dav.home}{room[1:]}/"
        eventually(lambda: path in self.dav.collections(CALENDAR), what=f"{path} is a calendar")
        return path

    def text(self, path: str) -> str:
        return self.dav.get(path).replace("\r\n ", "")

    def said(self, path: str, address: str) -> str | None:
        """Return what an event's text says of somebody."""
        found = re.search(rf"ATTENDEE.*PARTSTAT=([A-Z-]+).*:{re.escape(address)}", self.text(path))
        return found.group(1) if found else None

    def answered(self, path: str, answer: str) -> str:
        """Return an event's text with another answer of one's own."""
        own = rf"PARTSTAT=[A-Z-]+(.*:{re.escape(self.address)})"
        return re.sub(own, rf"PARTSTAT={answer}\1", self.text(path))


@pytest.fixture(scope="module")
def bob(network: TwinNetwork) -> Person:
    """A guest of these stories alone: who was a guest before is asked into the room of that time."""
    return person_at(network.start("gwen"))


@pytest.fixture
def settings(bob: Person) -> Iterator[Any]:
    """Bob's settings, which are as they were after the test."""
    yield lambda **wishes: bob.put("settings", wishes)
    bob.put("settings", {})


@dataclass(frozen=True)
class Story:
    """An event of Alice's with Bob as its guest, in their twins and in their apps."""

    alice: Person
    bob: Person
    room: str
    mine: App
    theirs: App

    @property
    def mine_at(self) -> str:
        """Where the event is in Alice's app."""
        return f"{self.mine.calendar(self.room)}choir.ics"

    @property
    def theirs_at(self) -> str:
        """Where the event is in Bob's app."""
        return f"{self.theirs.calendar(self.room)}choir.ics"

    def asks_bob(self) -> bool:
        """Tell whether the event waits for Bob's answer."""
        return waits(self.bob, "choir")

    def answer(self) -> str | None:
        """Return Bob's answer as Alice's app has it."""
        return self.mine.said(self.mine_at, self.theirs.address)

    def command(self, person: Person, command: str, **arguments: Any) -> None:
        """Run a command on the event."""
        person.command("agenda", command, room_id=self.room, uid="choir", **arguments)

    def change(self, old: str, new: str) -> None:
        """Change the event's text in Alice's app."""
        text = self.mine.text(self.mine_at)
        assert old in text
        answer = self.mine.dav.put(self.mine_at, text.replace(old, new))
        assert answer.status in (201, 204)


def test_the_story_of_an_event_and_its_guest(
    careful: CarefulPerson, bob: Person, collection: str, nothing_raised: None
) -> None:
    room = invited_and_asked(careful, bob, collection)
    story = Story(careful, bob, room, App(careful), App(bob))
    answered_in_the_twin(story)
    answered_in_an_app(story)
    nothing_else_is_changed_by_a_guest(story)
    another_time_asks_again(story)
    nobody_answers_for_somebody_else(story)
    cancelled_uninvited_and_moved_away(story, collection)


def invited_and_asked(alice: Person, bob: Person, collection: str) -> str:
    plan(alice, collection, "choir")
    path = f"rooms/{collection}/agenda/choir/invite"
    invited = alice.post(path, {"people": [bob.owner]})
    room: str = invited.pop("room_id")
    assert invited == {"uid": "choir", "moved": True, "guests": [bob.owner], "waiting": []}
    assert room != collection
    again = alice.post(path, {"people": [bob.owner]})
    assert again == {"room_id": room, **invited}, "asking again changes nothing"
    assert shown(alice, collection, "choir") is None
    eventually(lambda: room in bob.invitations(), what="Bob is invited")
    told = bob.get(f"{CLIENT}/sync", timeout=0)["rooms"]["invite"][room]["invite_state"]["events"]
    [reason] = [each["content"]["reason"] for each in told if each.get("state_key") == bob.owner]
    assert reason == f"Choir, {DAY} 18:00 (Europe/Berlin)"
    assert not waits(bob, "choir")
    bob.accept(room)
    eventually(lambda: waits(bob, "choir"), what="Bob is asked")
    assert not waits(alice, "choir")
    return room


def answered_in_the_twin(story: Story) -> None:
    dav, at = story.mine.dav, story.mine_at
    token, _ = dav.sync(story.mine.calendar(story.room))
    etag = dav.etag(at)
    story.command(story.bob, "answer", participationStatus="tentative")
    assert not story.asks_bob()
    eventually(lambda: story.answer() == "TENTATIVE", what="Alice's app sees the answer")
    assert status(story.alice, story.room, "choir", story.bob) == "tentative"
    assert dav.etag(at) != etag
    assert dav.sync(story.mine.calendar(story.room), token)[1] == {at: 200}


def answered_in_an_app(story: Story) -> None:
    app, at = story.theirs, story.theirs_at
    calendar = app.calendar(story.room)
    rights = app.dav.prop(calendar, "D:current-user-privilege-set")
    assert "D:write" in rights.inside("D:current-user-privilege-set")
    answer = app.dav.put(at, app.answered(at, "ACCEPTED"), if_match=app.dav.etag(at))
    assert answer.status in (201, 204)
    eventually(lambda: story.answer() == "ACCEPTED", what="Alice's app sees the answer")


def nothing_else_is_changed_by_a_guest(story: Story) -> None:
    app, at = story.theirs, story.theirs_at
    before = story.bob.state(story.room)
    for text in (app.answered(at, "DECLINED"), app.text(at)):
        answer = app.dav.put(at, text.replace("SUMMARY:Choir", "SUMMARY:Party"))
        assert answer.status == 403
        assert b"your own answer and nothing else" in bytes(answer.body)
    assert app.dav.ask("DELETE", at).status == 403
    other = app.text(at).replace("UID:choir", "UID:other")
    assert app.dav.put(at.replace("choir", "other"), other).status == 403
    assert story.bob.state(story.room) == before


def another_time_asks_again(story: Story) -> None:
    alice, bob, room = story.alice, story.bob, story.room
    story.change("SUMMARY:Choir", "SUMMARY:Concert")
    eventually(lambda: shown(bob, room, "choir")["title"] == "Concert", what="Bob sees the title")
    assert (story.asks_bob(), story.answer()) == (False, "ACCEPTED")
    story.change("T180000", "T170000")
    eventually(story.asks_bob, what="Bob is asked again")
    assert (story.answer(), status(alice, room, "choir", bob)) == ("NEEDS-ACTION", "needs-action")
    story.command(bob, "answer", participationStatus="declined")
    eventually(lambda: story.answer() == "DECLINED", what="Alice's app sees the answer")


def nobody_answers_for_somebody_else(story: Story) -> None:
    alice, bob, room = story.alice, story.bob, story.room
    said = {"answers": {"choir": {"participationStatus": "accepted", "answered": "x"}}}
    assert bob.put_state(room, RSVP, alice.owner, said).status == 403
    assert alice.put_state(room, RSVP, bob.owner, said).status == 403
    assert bob.put_state(room, RSVP, "somebody", said).body["errcode"] == "M_BAD_JSON"
    assert bob.put_state(room, RSVP, bob.owner, {"answers": 5}).body["errcode"] == "M_BAD_JSON"
    assert bob.put_state(room, f"{NAMESPACE}.event", "choir", {}).status == 403
    assert story.answer() == "DECLINED"


def cancelled_uninvited_and_moved_away(story: Story, collection: str) -> None:
    alice, bob, room = story.alice, story.bob, story.room
    story.command(alice, "change", start=f"{DAY}T19:00:00")
    eventually(story.asks_bob, what="Bob is asked again")
    story.command(alice, "cancel")
    eventually(lambda: not story.asks_bob(), what="Bob is asked no more")
    for app, at in ((story.mine, story.mine_at), (story.theirs, story.theirs_at)):
        assert "STATUS:CANCELLED" in app.text(at)
    story.command(alice, "uninvite", user_ids=[bob.owner])
    eventually(lambda: status(bob, room, "choir", bob) is None, what="Bob is no guest any more")
    at, calendar = story.theirs_at, story.theirs.calendar(room)
    token, _ = story.theirs.dav.sync(calendar)
    story.command(alice, "move", to_room_id=collection)
    eventually(lambda: shown(bob, room, "choir") is None, what="it is gone for Bob")
    assert story.theirs.dav.sync(calendar, token)[1] == {at: 404}


def test_a_circle_is_invited_and_lets_the_event_in(
    careful: CarefulPerson, bob: Person, collection: str, settings: Any, nothing_raised: None
) -> None:
    circle = careful.command("circles", "create", name="Singers", members={bob.owner: "viewer"})
    bob.accept(circle["room_id"])
    settings(accept_from_circles=True)
    plan(careful, collection, "circles-choir")
    invited = careful.post(
        f"rooms/{collection}/agenda/circles-choir/invite", {"circle": circle["room_id"]}
    )
    assert (invited["moved"], invited["guests"]) == (True, [bob.owner])
    eventually(lambda: waits(bob, "circles-choir"), what="Bob is asked without having joined")
    assert careful.get(f"collections/{invited['room_id']}")["name"].endswith("with Singers")


@pytest.mark.parametrize(
    ("body", "status_code", "word"),
    [
        ({}, 400, "Name somebody"),
        ({"people": []}, 400, "Name somebody"),
        ({"people": ["bob"]}, 400, "people"),
        ({"people": 5}, 400, "people"),
        ({"circle": "!nowhere"}, 404, "in no circle"),
        ({"guests": ["@bob:bob.example"]}, 400, "guests"),
    ],
)
def test_what_can_not_be_invited_is_refused_with_a_sentence(
    careful: CarefulPerson, collection: str, body: Any, status_code: int, word: str
) -> None:
    plan(careful, collection, "refused")
    answer = careful.ask("POST", f"rooms/{collection}/agenda/refused/invite", body)
    assert (answer.status, word in answer.body["error"]) == (status_code, True), answer.body
