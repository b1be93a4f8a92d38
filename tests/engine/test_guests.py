"""Guests of events: what they answer, in the twin and in apps, and what strangers can't do."""

import re
from typing import Any

import pytest

from tests.engine.conftest import Home, settle, share
from tests.engine.meeting_scenes import (
    LEVELS,
    App,
    answer,
    invite,
    invited,
    plan,
    soon,
    status,
    uri,
    waiting,
)
from twin_module.core.authority import may_write
from twin_module.core.effects import Put
from twin_module.core.errors import Forbidden
from twin_module.core.event_types import EVENT, RSVP
from twin_module.core.jscalendar import time_key
from twin_module.core.layout import collection_room
from twin_module.core.state import frozen, plain
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork

# Answers


@pytest.mark.parametrize("said", ["accepted", "tentative", "declined"])
def test_an_answer_is_seen_by_the_owner_and_asked_for_no_more(
    alice: Home, bob: Home, room: str, said: str
) -> None:
    target = invited(alice, room, bob)
    answer(bob, target, said)
    settle(alice, bob)
    assert (status(alice, bob), waiting(bob)) == (said, [])
    assert bob.content(target, RSVP.type, bob.owner)["answers"].keys() == {"a"}


def test_another_time_asks_again_and_another_title_does_not(
    alice: Home, bob: Home, room: str
) -> None:
    target = invited(alice, room, bob)
    answer(bob, target, "accepted")
    alice.command("agenda", "change", room_id=target, uid="a", title="Concert")
    settle(alice, bob)
    assert (status(alice, bob), waiting(bob)) == ("accepted", [])
    alice.command("agenda", "change", room_id=target, uid="a", duration="PT2H")
    settle(alice, bob)
    assert (status(alice, bob), waiting(bob)) == ("needs-action", ["a"])
    answer(bob, target, "declined")
    settle(alice, bob)
    assert (status(alice, bob), waiting(bob)) == ("declined", [])


def test_a_cancelled_event_stays_to_be_seen_and_waits_for_nobody(
    alice: Home, bob: Home, room: str
) -> None:
    target = invited(alice, room, bob)
    alice.command("agenda", "cancel", room_id=target, uid="a")
    settle(alice, bob)
    assert waiting(bob) == []
    for home in (alice, bob):
        [placed] = run(home.twin.agenda.next(5))
        assert placed.occurrence.content["status"] == "cancelled"
        assert not placed.is_busy
        assert "STATUS:CANCELLED" in App(home, target).text()


def test_one_time_that_is_called_off_does_not_keep_a_series_from_asking(
    alice: Home, bob: Home, room: str
) -> None:
    weekly = [{"@type": "RecurrenceRule", "frequency": "weekly"}]
    target = invited(alice, room, bob, recurrenceRules=weekly)
    alice.command("agenda", "cancel", room_id=target, uid="a", recurrence_id=soon(alice))
    settle(alice, bob)
    assert waiting(bob) == ["a"]


def test_who_is_uninvited_takes_part_no_more(
    alice: Home, bob: Home, carol: Home, room: str
) -> None:
    target = invited(alice, room, bob, carol)
    answer(bob, target, "accepted")
    settle(alice, bob, carol)
    alice.command("agenda", "uninvite", room_id=target, uid="a", user_ids=[bob.owner])
    settle(alice, bob, carol)
    assert (status(alice, bob), status(carol, bob)) == (None, None)
    assert (waiting(bob), waiting(carol)) == ([], ["a"])


@pytest.mark.parametrize("how", ["remove", "move"])
def test_what_is_removed_or_moved_away_is_gone_for_guests(
    alice: Home, bob: Home, room: str, how: str
) -> None:
    target = invited(alice, room, bob)
    more = {"to_room_id": room} if how == "move" else {}
    alice.command("agenda", how, room_id=target, uid="a", **more)
    settle(alice, bob)
    assert waiting(bob) == []
    assert run(bob.twin.agenda.next(5)) == []


# Rooms of old


def old_room(home: Home, *members: Home, levels: int = 100) -> str:
    """Make a collection as older twins made them, in which who may only read may write nothing."""
    config = collection_room("Old", "")
    override = config["power_level_content_override"]
    del override["events"][RSVP.type]
    override["events"][LEVELS] = levels
    room = run(home.port.create_room(config))
    for each in members:
        run(home.port.set_membership(room, each.owner, "invite", ""))
        each.accept(room)
    settle(home, *members)
    return room


def test_a_room_of_old_lets_guests_answer_once_somebody_is_invited_there(
    alice: Home, bob: Home
) -> None:
    room = old_room(alice, bob)
    plan(alice, room)
    with pytest.raises(Forbidden):
        answer(bob, room, "accepted")
    before = alice.content(room, LEVELS)
    invite(alice, room, bob)
    settle(alice, bob)
    after = alice.content(room, LEVELS)
    assert after == {**before, "events": {**before["events"], RSVP.type: 0}}
    answer(bob, room, "accepted")
    settle(alice, bob)
    assert status(alice, bob) == "accepted"


def test_where_an_admin_invites_the_owners_twin_lets_guests_answer(
    alice: Home, bob: Home, carol: Home
) -> None:
    room = old_room(alice, bob, carol)
    levels = {**alice.content(room, LEVELS), "users": {bob.owner: 50}}
    alice.write(room, Put(LEVELS, "", frozen(levels)))
    settle(alice, bob, carol)
    plan(bob, room)
    invite(bob, room, carol)
    settle(alice, bob, carol)
    answer(carol, room, "tentative")
    settle(alice, bob, carol)
    assert status(bob, carol) == "tentative"


def test_an_admin_who_may_change_the_levels_does_so(alice: Home, bob: Home, carol: Home) -> None:
    room = old_room(alice, bob, carol, levels=50)
    changed = {**alice.content(room, LEVELS), "users": {bob.owner: 50}}
    alice.write(room, Put(LEVELS, "", frozen(changed)))
    settle(alice, bob, carol)
    plan(bob, room)
    with network_of(alice).cut_off(alice.server.name):
        invite(bob, room, carol)
        assert may_write(bob.server.state(room), carol.owner, RSVP.type)


def network_of(home: Home) -> FakeNetwork:
    return home.network


def test_a_level_that_somebody_chose_stays(alice: Home, bob: Home) -> None:
    room = old_room(alice, bob)
    chosen = alice.content(room, LEVELS)
    chosen["events"][RSVP.type] = 25
    alice.write(room, Put(LEVELS, "", frozen(chosen)))
    plan(alice, room)
    invite(alice, room, bob)
    settle(alice, bob)
    assert alice.content(room, LEVELS) == chosen


def test_rooms_of_old_are_looked_at_after_a_start_and_then_no_more(alice: Home, bob: Home) -> None:
    room = old_room(alice, bob)
    people = {bob.owner: {"roles": {"attendee": True}}}
    alice.server.write(
        room,
        EVENT.type,
        "a",
        {"@type": "Event", "title": "x", "start": soon(alice), "participants": people},
    )
    alice.restart()
    settle(alice, bob)
    assert may_write(alice.server.state(room), bob.owner, RSVP.type)
    before = alice.port.steps.count("before twin_meetings")
    alice.command("agenda", "change", room_id=room, uid="a", title="y")
    settle(alice, bob)
    assert alice.port.steps.count("before twin_meetings") == before


# What strangers write


def test_nobody_answers_for_somebody_else(alice: Home, bob: Home, room: str) -> None:
    target = invited(alice, room, bob)
    said = frozen({"answers": {"a": {"participationStatus": "accepted", "answered": "x"}}})
    for home, other in ((alice, bob), (bob, alice)):
        with pytest.raises(Forbidden):
            run(home.port.send_state(target, Put(RSVP.type, other.owner, said)))


ODD: list[Any] = [
    {"answers": 5},
    {"answers": ["a"]},
    {"answers": {"a": 5}},
    {"answers": {"a": {"participationStatus": "delegated", "answered": "x"}}},
    {"answers": {"a": {"participationStatus": ["accepted"], "answered": {}}}},
    {"answers": {"a": {"participationStatus": "accepted", "answered": 5}}},
    {"answers": {"@alice:alice.example": {"participationStatus": "accepted", "answered": "x"}}},
    {
        "answers": {
            f"u{n}": {"participationStatus": "accepted", "answered": ""} for n in range(1001)
        }
    },
]


@pytest.mark.parametrize("odd", ODD)
def test_answers_of_a_wrong_form_change_nothing(
    alice: Home, bob: Home, room: str, odd: dict[str, Any]
) -> None:
    target = invited(alice, room, bob)
    answer(bob, target, "declined")
    settle(alice, bob)
    bob.server.write(target, RSVP.type, bob.owner, odd)
    settle(alice, bob)
    assert (status(alice, bob), waiting(bob)) == ("declined", [])
    assert "PARTSTAT=DECLINED" in App(alice, target).text()
    assert alice.tables() == alice.truth()


def test_answers_of_others_and_to_unknown_events_are_none(
    alice: Home, bob: Home, carol: Home, room: str
) -> None:
    target = invited(alice, room, bob)
    run(alice.port.set_membership(target, carol.owner, "invite", ""))
    carol.accept(target)
    settle(alice, bob, carol)
    app = App(alice, target)
    before = app.item().etag
    said = {"participationStatus": "declined", "answered": time_key(frozen(app.item().content))}
    carol.server.write(target, RSVP.type, carol.owner, {"answers": {"a": said, "unknown": said}})
    settle(alice, bob, carol)
    assert status(alice, bob) == "needs-action"
    assert (app.item().etag, status(alice, carol)) == (before, None)


def test_a_flood_of_answers_fills_no_room(
    alice: Home, bob: Home, room: str, network: FakeNetwork
) -> None:
    target = invited(alice, room, bob)
    answer(bob, target, "accepted")
    settle(alice, bob)
    alice.max_objects = 20
    alice.restart()
    for number in range(300):
        bob.server.write(target, RSVP.type, f"key{number}", {"answers": {}})
    settle(alice, bob)
    assert status(alice, bob) == "accepted"
    plan(alice, target, "b")
    assert [each.name for each in App(alice, target).items()] == ["a.ics", "b.ics"]
    answer(alice, target, "declined", "b")


def test_a_room_that_is_full_takes_answers_still(alice: Home, bob: Home, room: str) -> None:
    target = invited(alice, room, bob)
    bob.max_objects = 1
    bob.restart()
    answer(bob, target, "accepted")
    settle(alice, bob)
    assert status(alice, bob) == "accepted"


# In apps


@pytest.fixture
def target(alice: Home, bob: Home, carol: Home, room: str) -> str:
    """The room of an event that Bob and Carol are invited to."""
    return invited(alice, room, bob, carol, description="Bring tea", locations=PLACE)


PLACE = {"1": {"@type": "Location", "name": "Town hall"}}


@pytest.mark.parametrize("said", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_a_guest_answers_in_an_app_and_the_owner_sees_it_there(
    alice: Home, bob: Home, target: str, said: str
) -> None:
    theirs, mine = App(bob, target), App(alice, target)
    assert (theirs.book.may_write, theirs.book.may_answer) == (False, True)
    token, etag = mine.token(), mine.item().etag
    before = alice.content(target, EVENT.type, "a")
    theirs.put(theirs.answers(said))
    settle(alice, bob)
    assert (status(alice, bob), mine.said(bob)) == (said.lower(), said)
    assert waiting(bob) == []
    assert mine.changed(token) == ["a.ics"]
    assert mine.item().etag != etag
    assert alice.content(target, EVENT.type, "a") == before


def test_an_app_may_set_an_alert_as_its_owner_answers(alice: Home, bob: Home, target: str) -> None:
    app = App(bob, target)
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT"
    text = app.answers("ACCEPTED").replace("END:VEVENT", alarm).replace(";RSVP=TRUE", "")
    app.put(text.replace("\r\nSUMMARY", "\r\nX-MOZ-LASTACK:20300101T000000Z\r\nSUMMARY"))
    settle(alice, bob)
    assert status(alice, bob) == "accepted"
    assert "alerts" not in alice.content(target, EVENT.type, "a")


def test_what_an_app_writes_back_as_it_was_changes_nothing(
    alice: Home, bob: Home, target: str
) -> None:
    for home in (alice, bob):
        app = App(home, target)
        before = home.server.state(target)
        app.put(app.text())
        settle(alice, bob)
        assert home.server.state(target) == before


CHANGES = {
    "title": ("SUMMARY:Choir", "SUMMARY:Party"),
    "words": ("DESCRIPTION:Bring tea", "DESCRIPTION:Bring money"),
    "place": ("LOCATION:Town hall", "LOCATION:My place"),
    "length": ("T130000", "T150000"),
    "status": ("BEGIN:VEVENT", "BEGIN:VEVENT\r\nSTATUS:CANCELLED"),
    "colour": ("BEGIN:VEVENT", "BEGIN:VEVENT\r\nCOLOR:red"),
    "one more": ("BEGIN:VEVENT", "BEGIN:VEVENT\r\nATTENDEE:mailto:dave@example.org"),
    "series": ("BEGIN:VEVENT", "BEGIN:VEVENT\r\nRRULE:FREQ=DAILY"),
}


@pytest.mark.parametrize(
    ("change", "with_answer"),
    # A colour beside an answer is left out, as an alert is.
    [
        (each, kind)
        for each in CHANGES
        for kind in (False, True)
        if (each, kind) != ("colour", True)
    ],
)
def test_a_guest_changes_nothing_else_in_an_app(
    alice: Home, bob: Home, target: str, change: str, *, with_answer: bool
) -> None:
    app = App(bob, target)
    text = app.answers("ACCEPTED") if with_answer else app.text()
    old, new = CHANGES[change]
    assert old in text
    before = bob.server.state(target)
    with pytest.raises(Forbidden, match="your own answer and nothing else"):
        app.put(text.replace(old, new))
    settle(alice, bob)
    assert bob.server.state(target) == before
    with pytest.raises(Forbidden, match="remove nothing"):
        run(app.dav.writing.remove(app.book, app.item()))


def test_a_guest_answers_for_nobody_else_in_an_app(
    alice: Home, bob: Home, carol: Home, target: str
) -> None:
    app = App(bob, target)
    before = bob.server.state(target)
    for text in (
        app.answers("ACCEPTED", carol),
        app.answers("ACCEPTED").replace("PARTSTAT=NEEDS-ACTION", "PARTSTAT=DECLINED"),
        re.sub(rf"ATTENDEE[^\r]*:{re.escape(uri(bob))}\r\n", "", app.text()),
        re.sub(rf"ATTENDEE[^\r]*:{re.escape(uri(carol))}\r\n", "", app.answers("ACCEPTED")),
    ):
        with pytest.raises(Forbidden, match="your own answer"):
            app.put(text)
    assert bob.server.state(target) == before
    assert status(alice, carol) == "needs-action"


def test_who_is_no_guest_answers_nothing_in_an_app(
    alice: Home, bob: Home, carol: Home, target: str
) -> None:
    alice.command("agenda", "uninvite", room_id=target, uid="a", user_ids=[bob.owner])
    settle(alice, bob)
    app = App(bob, target)
    assert not app.book.may_answer
    attends = f"BEGIN:VEVENT\r\nATTENDEE;PARTSTAT=ACCEPTED:{uri(bob)}"
    with pytest.raises(Forbidden, match="You may read this collection"):
        app.replace("BEGIN:VEVENT", attends)


def test_another_time_in_the_owners_app_asks_again_and_another_title_does_not(
    alice: Home, bob: Home, target: str
) -> None:
    answer(bob, target, "accepted")
    settle(alice, bob)
    mine = App(alice, target)
    people = alice.content(target, EVENT.type, "a")["participants"]
    mine.replace("SUMMARY:Choir", "SUMMARY:Concert")
    settle(alice, bob)
    assert (status(bob, bob), mine.said(bob), waiting(bob)) == ("accepted", "ACCEPTED", [])
    assert alice.content(target, EVENT.type, "a")["participants"] == people
    mine.replace("T120000", "T130000")
    settle(alice, bob)
    assert (mine.said(bob), waiting(bob)) == ("NEEDS-ACTION", ["a"])
    theirs = App(bob, target)
    theirs.put(theirs.answers("DECLINED"))
    settle(alice, bob)
    assert (mine.said(bob), waiting(bob)) == ("DECLINED", [])


def test_what_the_owner_notes_for_a_guest_holds_until_the_guest_says_something_else(
    alice: Home, bob: Home, target: str
) -> None:
    mine = App(alice, target)
    mine.put(mine.answers("ACCEPTED", bob))
    settle(alice, bob)
    assert (status(bob, bob), waiting(bob)) == ("accepted", [])
    mine.replace("T120000", "T130000")
    settle(alice, bob)
    assert (status(bob, bob), waiting(bob)) == ("needs-action", ["a"])
    answer(bob, target, "declined")
    settle(alice, bob)
    mine.put(mine.answers("ACCEPTED", bob))
    settle(alice, bob)
    assert mine.said(bob) == "DECLINED"


def test_an_answer_that_was_taken_away_is_reported_as_well(
    alice: Home, bob: Home, target: str
) -> None:
    answer(bob, target, "accepted")
    settle(alice, bob)
    mine = App(alice, target)
    token = mine.token()
    assert mine.changed(token) == []
    bob.server.write(target, RSVP.type, bob.owner, {})
    settle(alice, bob)
    assert (mine.changed(token), mine.said(bob)) == (["a.ics"], "NEEDS-ACTION")


def test_an_event_that_an_app_moves_takes_its_answers_along(
    alice: Home, bob: Home, room: str, target: str
) -> None:
    answer(bob, target, "accepted")
    settle(alice, bob)
    app, elsewhere = App(alice, target), App(alice, room)
    run(app.dav.writing.move(app.book, app.item(), elsewhere.book, "a.ics"))
    settle(alice, bob)
    assert elsewhere.said(bob) == "ACCEPTED"
    assert run(bob.twin.agenda.next(5)) == []


def test_who_stands_in_an_event_under_another_name_answers_all_the_same(
    alice: Home, bob: Home
) -> None:
    room = share(alice, bob)
    levels = {**alice.content(room, LEVELS), "users": {}}
    alice.write(room, Put(LEVELS, "", frozen(levels)))
    send_to = {"matrix": uri(bob)}
    people = {"1": {"@type": "Participant", "roles": {"attendee": True}, "sendTo": send_to}}
    content = {"@type": "Event", "title": "x", "start": soon(alice), "participants": people}
    alice.write(room, Put(EVENT.type, "a", frozen(content)))
    settle(alice, bob)
    app = App(bob, room)
    app.replace(f"ATTENDEE:{uri(bob)}", f"ATTENDEE;PARTSTAT=TENTATIVE:{uri(bob)}")
    settle(alice, bob)
    assert App(alice, room).said(bob) == "TENTATIVE"
    kept = plain(alice.server.state(room)[EVENT.type, "a"].content)["participants"]
    assert kept == people
