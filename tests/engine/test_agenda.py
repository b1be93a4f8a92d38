"""The agenda over all rooms: what takes place when, what overlaps, who waits for an answer."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.engine.conftest import Home, settle
from twin_module.core.effects import Put
from twin_module.core.errors import Forbidden
from twin_module.core.event_types import EVENT, RSVP
from twin_module.core.state import frozen, plain
from twin_module.engine.agenda import Placed
from twin_module.testing.driver import run

BERLIN = ZoneInfo("Europe/Berlin")
DAILY = [{"frequency": "daily"}]


def event(uid: str, start: str, **fields: Any) -> Put:
    """Return an event of an hour, in UTC unless something else is said."""
    usual = {"@type": "Event", "title": uid, "duration": "PT1H", "timeZone": "UTC"}
    return Put(EVENT.type, uid, frozen({**usual, "start": start, **fields}))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shown(placed: list[Placed]) -> list[str]:
    """Return what takes place as its uid and when it begins in UTC."""
    return [f"{each.uid} {each.occurrence.start:%m-%d %H}" for each in placed]


def between(home: Home, after: str, before: str, **more: Any) -> list[Placed]:
    settle(home)
    return run(home.twin.agenda.range(at(after), at(before), **more))


def today(home: Home) -> datetime:
    """Return the day of the fake network's clock."""
    return home.twin.agenda.now().replace(hour=0, minute=0, second=0, microsecond=0)


def text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def test_what_takes_place_in_all_rooms_is_found_by_start(alice: Home) -> None:
    one, other = alice.collection(), alice.collection()
    alice.write(one, event("late", "2027-01-04T18:00:00"), event("gone", "2027-01-02T18:00:00"))
    alice.write(
        other,
        event("early", "2027-01-04T09:00:00"),
        event("daily", "2027-01-01T12:00:00", recurrenceRules=DAILY),
        event("long", "2026-12-01T00:00:00", duration="P60D"),
        event("never", "2027-02-30T09:00:00"),
    )
    assert shown(between(alice, "2027-01-04", "2027-01-05")) == [
        *("long 12-01 00", "early 01-04 09", "daily 01-04 12", "late 01-04 18")
    ]
    assert shown(between(alice, "2027-01-04", "2027-01-05", room_ids=[one])) == ["late 01-04 18"]
    assert shown(between(alice, "2027-01-04", "2027-01-05", room_ids=[])) == []
    assert shown(between(alice, "2027-01-04", "2027-01-05", limit=2)) == [
        *("long 12-01 00", "early 01-04 09")
    ]


def test_what_begins_when_a_time_ends_is_not_in_it(alice: Home) -> None:
    room = alice.collection()
    alice.write(room, event("a", "2027-01-04T18:00:00"))
    assert shown(between(alice, "2027-01-04T17:00", "2027-01-04T18:00")) == []
    assert shown(between(alice, "2027-01-04T19:00", "2027-01-04T20:00")) == []
    assert shown(between(alice, "2027-01-04T18:30", "2027-01-04T18:31")) == ["a 01-04 18"]


def test_what_is_removed_or_in_a_room_that_was_left_is_not_there(alice: Home) -> None:
    room, left = alice.collection(), alice.collection()
    alice.write(room, event("a", "2027-01-04T18:00:00"))
    alice.write(left, event("b", "2027-01-04T18:00:00"))
    alice.command("agenda", "remove", room_id=room, uid="a")
    run(alice.port.set_membership(left, alice.owner, "leave", ""))
    assert shown(between(alice, "2027-01-04", "2027-01-05")) == []


def test_days_and_times_without_a_zone_are_where_the_owner_is(alice: Home) -> None:
    room = alice.collection()
    alice.write(
        room,
        event("day", "2027-01-04T00:00:00", showWithoutTime=True, duration="P1D", timeZone=None),
        event("noon", "2027-01-04T12:00:00", timeZone=None),
    )
    run(alice.twin.settings.write({"time_zone": "Europe/Berlin"}))
    assert shown(between(alice, "2027-01-03", "2027-01-06")) == ["day 01-03 23", "noon 01-04 11"]
    elsewhere = between(alice, "2027-01-03", "2027-01-06", zone=ZoneInfo("America/New_York"))
    assert shown(elsewhere) == ["day 01-04 05", "noon 01-04 17"]


def test_an_override_that_does_not_fit_is_left_out(alice: Home) -> None:
    room = alice.collection()
    overrides = {
        "2027-01-04T12:00:00": {"title": 7, "start": "2027-01-04T15:00:00"},
        "2027-01-05T12:00:00": {"title": "Other", "start": "2027-01-05T15:00:00"},
        "2027-01-06T10:00:00": {"title": 7},
    }
    alice.write(
        room,
        event("a", "2027-01-03T12:00:00", recurrenceRules=DAILY, recurrenceOverrides=overrides),
    )
    found = between(alice, "2027-01-04", "2027-01-07")
    assert shown(found) == ["a 01-04 12", "a 01-05 15", "a 01-06 12"]
    assert [each.occurrence.content["title"] for each in found] == ["a", "Other", "a"]


def test_what_comes_next_is_found_however_far_it_is(alice: Home) -> None:
    room, day = alice.collection(), today(alice)
    alice.write(
        room,
        event("past", text(day - timedelta(days=2))),
        event("soon", text(day + timedelta(days=2))),
        event("later", text(day + timedelta(days=300))),
        event("far", text(day + timedelta(days=3000))),
    )
    settle(alice)
    for number in range(4):
        found = run(alice.twin.agenda.next(number))
        assert [each.uid for each in found] == ["soon", "later", "far"][:number]


def test_what_is_going_on_comes_next(alice: Home) -> None:
    room, now = alice.collection(), alice.twin.agenda.now()
    alice.write(room, event("a", text(now - timedelta(minutes=30))))
    settle(alice)
    assert [each.uid for each in run(alice.twin.agenda.next(5))] == ["a"]


def test_what_overlaps_and_what_makes_busy(alice: Home) -> None:
    room, mine = alice.collection(), alice.owner
    declined = {mine: {"roles": {"attendee": True}, "participationStatus": "declined"}}
    alice.write(
        room,
        event("a", "2027-01-04T10:00:00"),
        event("b", "2027-01-04T10:30:00", status="tentative"),
        event("c", "2027-01-04T11:30:00"),
        event("cancelled", "2027-01-04T10:00:00", status="cancelled"),
        event("free", "2027-01-04T10:00:00", freeBusyStatus="free"),
        event("declined", "2027-01-04T10:00:00", participants=declined),
        event("night", "2027-01-04T23:00:00", duration="PT2H"),
    )
    settle(alice)
    window = at("2027-01-04"), at("2027-01-05")
    pairs = run(alice.twin.agenda.conflicts(*window))
    assert [(one.uid, other.uid) for one, other in pairs] == [("a", "b")]
    assert run(alice.twin.agenda.busy(*window)) == [
        (at("2027-01-04T10:00"), at("2027-01-04T12:30")),
        (at("2027-01-04T23:00"), at("2027-01-05")),
    ]


# Answers


def invited(alice: Home, bob: Home) -> str:
    """Share a collection with Bob, who may only read, and invite him to an event `a` there."""
    room = alice.collection()
    run(alice.port.set_membership(room, bob.owner, "invite", ""))
    bob.accept(room)
    when = text(today(alice) + timedelta(days=7))
    alice.command(
        "agenda",
        "add",
        room_id=room,
        uid="a",
        title="Choir",
        start=when,
        timeZone="UTC",
        duration="PT1H",
        invite=[bob.owner],
    )
    settle(alice, bob)
    return room


def waiting(home: Home) -> list[str]:
    return [each.uid for each in run(home.twin.agenda.invitations())]


def status(home: Home, who: Home) -> Any:
    """Return somebody's answer as somebody's twin shows it."""
    now = home.twin.agenda.now()
    [placed] = run(home.twin.agenda.range(now, now + timedelta(days=60)))
    person = placed.occurrence.content["participants"][who.owner]
    return person["participationStatus"], placed.answer


def test_who_may_only_read_answers_and_everybody_sees_it(alice: Home, bob: Home) -> None:
    room = invited(alice, bob)
    assert (waiting(alice), waiting(bob)) == ([], ["a"])
    assert status(bob, bob) == ("needs-action", "needs-action")
    bob.command("agenda", "answer", room_id=room, uid="a", participationStatus="accepted")
    settle(alice, bob)
    assert waiting(bob) == []
    assert status(bob, bob) == ("accepted", "accepted")
    assert status(alice, bob) == ("accepted", "accepted")
    assert set(plain(alice.server.state(room)[RSVP.type, bob.owner].content["answers"])) == {"a"}


def test_another_time_asks_again(alice: Home, bob: Home) -> None:
    room = invited(alice, bob)
    bob.command("agenda", "answer", room_id=room, uid="a", participationStatus="declined")
    settle(alice, bob)
    assert run(bob.twin.agenda.busy(today(bob), today(bob) + timedelta(days=60))) == []
    later = text(today(alice) + timedelta(days=8))
    alice.command("agenda", "change", room_id=room, uid="a", start=later)
    settle(alice, bob)
    assert waiting(bob) == ["a"]
    assert status(alice, bob) == ("needs-action", "accepted")
    assert len(run(bob.twin.agenda.busy(today(bob), today(bob) + timedelta(days=60)))) == 1


def test_what_is_over_cancelled_or_far_away_waits_only_where_it_still_comes(
    alice: Home, bob: Home
) -> None:
    room = invited(alice, bob)
    alice.command("agenda", "cancel", room_id=room, uid="a")
    people = {bob.owner: {"roles": {"attendee": True}}}
    day = today(alice)
    alice.write(
        room,
        event("past", text(day - timedelta(days=7)), participants=people),
        event("far", text(day + timedelta(days=3000)), participants=people),
        event(
            "series", text(day - timedelta(days=700)), participants=people, recurrenceRules=DAILY
        ),
    )
    settle(alice, bob)
    assert waiting(bob) == ["series", "far"]


def test_nobody_answers_for_somebody_else(alice: Home, bob: Home) -> None:
    room = invited(alice, bob)
    answer = {"participationStatus": "accepted", "answered": "x"}
    with pytest.raises(Forbidden):
        alice.write(room, Put(RSVP.type, bob.owner, frozen({"answers": {"a": answer}})))


def test_answers_that_do_not_fit_are_none(alice: Home, bob: Home) -> None:
    room = invited(alice, bob)
    odd = Put(RSVP.type, bob.owner, frozen({"answers": {"a": {"participationStatus": "x"}}}))
    run(bob.port.send_state(room, odd))
    settle(alice, bob)
    assert waiting(bob) == ["a"]
    assert status(alice, bob) == ("needs-action", "accepted")
