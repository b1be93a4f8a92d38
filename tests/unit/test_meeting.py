"""Rooms for guests, what they are told, answers that move with their event, and answers by apps."""

import re
from typing import Any

import pytest
from hypothesis import assume, given, strategies as st

from twin_module.core.carried import carried, is_more_than_an_answer, own_answer
from twin_module.core.event_types import EVENT
from twin_module.core.ics.calendars import read_entries, write_entry
from twin_module.core.jscalendar import noted, time_key, with_answers
from twin_module.core.layout import COLLECTION_TYPE, GRANTED, SHARE
from twin_module.core.meeting import MARK, MAX_TITLE, Guests, is_room_for, reason, room_for
from twin_module.core.state import NAMESPACE, Content, Key, StateEvent, frozen, plain
from twin_module.testing.fake_rooms import first_state
from twin_module.testing.jscalendar_strategies import events
from twin_module.testing.schema_strategies import values
from twin_module.testing.strategies import ALICE, event_of

BOB, CAROL, CIRCLE = "@bob:bob.example", "@carol:carol.example", "!circle"
SHAPE = {"type": "object", **EVENT.schema}
BOBS = Guests(frozenset([BOB]))


# Rooms


def room(guests: Guests = BOBS, **members: str) -> dict[Key, StateEvent]:
    """Return the state of a room for guests; members by name, with a star if the owner put them so."""
    state = {
        (kind, key): event_of(kind, key, content)
        for kind, key, content in first_state(ALICE, room_for("Events", guests))
    }
    for name, said in members.items():
        user, membership = f"@{name}:{name}.example", said.rstrip("*")
        sender = ALICE if said.endswith("*") else user
        content = {"membership": membership}
        state["m.room.member", user] = event_of("m.room.member", user, content, sender=sender)
    return state


def put(state: dict[Key, StateEvent], kind: str, key: str, **content: Any) -> dict[Key, StateEvent]:
    return {**state, (kind, key): event_of(kind, key, content)}


@pytest.mark.parametrize("bob", ["join", "invite*", "leave", "knock"])
def test_a_room_is_for_its_guests_whether_they_came_or_not(bob: str) -> None:
    assert is_room_for(room(bob=bob), ALICE, BOBS)


def test_a_room_is_for_guests_who_were_not_asked_yet() -> None:
    assert is_room_for(room(), ALICE, BOBS)


@pytest.mark.parametrize(
    "members", [{"bob": "leave*"}, {"bob": "ban*"}, {"bob": "join", "carol": "invite*"}]
)
def test_a_room_is_not_for_guests_that_were_put_out_nor_with_others(members: Any) -> None:
    assert not is_room_for(room(**members), ALICE, BOBS)


def test_a_room_of_others_is_never_for_guests() -> None:
    state = room(bob="join")
    create = state["m.room.create", ""]
    for sender, content in (
        (BOB, plain(create.content)),
        (ALICE, {"type": COLLECTION_TYPE}),
        (ALICE, {"type": "m.space", MARK: BOBS.key}),
        (ALICE, {"type": COLLECTION_TYPE, MARK: ["x"]}),
    ):
        other = event_of("m.room.create", "", content, sender=sender)
        assert not is_room_for({**state, ("m.room.create", ""): other}, ALICE, BOBS)
    assert not is_room_for({}, ALICE, BOBS)
    left = put(state, "m.room.member", ALICE, membership="leave")
    assert not is_room_for(left, ALICE, BOBS)


def test_a_circles_room_is_for_the_circle_whoever_is_in_it_now() -> None:
    once = Guests(frozenset(), CIRCLE, frozenset([BOB]))
    now = Guests(frozenset(), CIRCLE, frozenset([CAROL]))
    assert once.key == now.key != BOBS.key
    state = put(room(once, bob="join"), SHARE, CIRCLE, role="viewer")
    assert not is_room_for(state, ALICE, now)
    assert is_room_for(put(state, GRANTED, "", members={BOB: "viewer"}), ALICE, now)
    assert not is_room_for(put(state, SHARE, CIRCLE), ALICE, once)
    assert not is_room_for(put(state, SHARE, "!other", role="viewer"), ALICE, once)
    assert is_room_for(room(once), ALICE, once), "a crash came before it was shared"


def test_who_is_in_the_circle_is_not_invited_beside_it() -> None:
    guests = Guests(frozenset([CAROL]), CIRCLE, frozenset([BOB]))
    assert guests.joined_by({BOB, "@d:d"}).people == {CAROL, "@d:d"}
    assert guests.everyone == {BOB, CAROL}


# What guests are told


def event(**fields: Any) -> Content:
    usual = {"@type": "Event", "title": "Choir", "start": "2026-12-24T18:00:00"}
    return frozen({**usual, **fields})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"timeZone": "Europe/Berlin"}, "Choir, 2026-12-24 18:00 (Europe/Berlin)"),
        ({"timeZone": None}, "Choir, 2026-12-24 18:00"),
        ({"showWithoutTime": True, "timeZone": "Europe/Berlin"}, "Choir, 2026-12-24"),
        ({"recurrenceRules": [{"frequency": "daily"}]}, "Choir, from 2026-12-24 18:00"),
        ({"title": " a\n\u202eb\u0000 "}, "a b, 2026-12-24 18:00"),
        ({"title": "\u202e"}, "2026-12-24 18:00"),
        ({"title": "x" * 1000}, f"{'x' * (MAX_TITLE - 1)}…, 2026-12-24 18:00"),
    ],
)
def test_an_invitation_says_what_and_when(fields: dict[str, Any], said: str) -> None:
    assert reason(event(**fields)) == said


@given(values(SHAPE))
def test_every_invitation_is_one_short_line(content: Any) -> None:
    said = reason(frozen(content))
    assert said.isprintable()
    assert len(said) < MAX_TITLE + 120


# Answers that move along


def person(status: str | None = "accepted", **more: Any) -> dict[str, Any]:
    said = {} if status is None else {"participationStatus": status}
    return {"@type": "Participant", "roles": {"attendee": True}, **said, **more}


def status(content: Content, user: str = BOB) -> Any:
    return content["participants"][user].get("participationStatus")


def test_an_answer_that_moved_holds_until_the_time_changes() -> None:
    moved = noted(event(participants={BOB: person()}))
    assert status(with_answers(moved, {})) == "accepted"
    assert status(with_answers(moved.set("title", "Concert"), {})) == "accepted"
    later = moved.set("start", "2026-12-25T18:00:00")
    assert status(with_answers(later, {})) == "needs-action"
    own = {"participationStatus": "declined", "answered": time_key(later)}
    assert status(with_answers(later, {BOB: own})) == "declined"
    assert status(with_answers(moved, {BOB: own})) == "needs-action"


def test_the_owner_and_those_without_a_twin_are_not_asked_again() -> None:
    owner = person(roles={"owner": True, "attendee": True})
    other = person(sendTo={"imip": "mailto:dave@example.org"})
    before = event(participants={ALICE: owner, "dave": other, CAROL: person("needs-action")})
    assert noted(before) == before
    assert noted(event()) == event()


@pytest.mark.parametrize("ours", [5, "x", [], {"answered": 5}, {"answered": ["x"]}, {"x": {}}])
def test_odd_notes_do_no_harm(ours: Any) -> None:
    content = event(participants={BOB: {**person(), NAMESPACE: ours}})
    assert status(with_answers(content, {})) in ("accepted", "needs-action")
    assert status(with_answers(noted(content), {})) == "accepted"


# Apps


def seen(content: Any) -> Any:
    """Return what is left of an event once it was text."""
    entries, refused = read_entries(write_entry("uid", content))
    assert not refused
    return entries[0].content


URI = "matrix:u/bob:bob.example"


@given(events() | values(SHAPE), st.sampled_from(["accepted", "declined", "tentative"]))
def test_an_app_answers_any_event_and_changes_nothing_by_that(content: Any, said: str) -> None:
    people = {**content.get("participants", {}), BOB: person(None)}
    content = {**content, "participants": dict(list(people.items())[-50:])}
    assume(not EVENT.problems(content))
    effective = plain(with_answers(frozen(content), {}))
    text = write_entry("uid", effective)
    assume(not read_entries(text)[1])
    line = f"ATTENDEE:{URI}"
    unfolded = text.replace("\r\n ", "")
    assume(len(re.findall(f"^{re.escape(line)}\r$", unfolded, re.MULTILINE)) == 1)
    answered = unfolded.replace(f"{line}\r", f"ATTENDEE;PARTSTAT={said.upper()}:{URI}\r")
    [entry] = read_entries(answered)[0]
    written = carried(effective, seen(effective), entry.content)
    answer, left = own_answer(BOB, content, effective, written)
    assert answer == said
    assert not is_more_than_an_answer(content, left, significant=True)
    assert not is_more_than_an_answer(content, left, significant=False)


@given(events() | values(SHAPE))
def test_what_an_app_writes_back_as_it_was_changes_nothing(content: Any) -> None:
    assume(not EVENT.problems(content))
    assume(not read_entries(write_entry("uid", content))[1])
    again = carried(content, seen(content), seen(content))
    kept, ours = again.pop(NAMESPACE, {}), content.get(NAMESPACE, {})
    assert again == {name: value for name, value in content.items() if name != NAMESPACE}
    names = ("iCalendar", "vCard")
    assert {k: v for k, v in kept.items() if k not in names} == {
        k: v for k, v in ours.items() if k not in names
    }


def test_what_a_text_can_not_show_of_people_stays() -> None:
    unseen = {"@type": "Participant", "name": "Nobody", "roles": {"attendee": True}}
    mail = person(sendTo={"imip": "mailto:dave@example.org"}, mood="good")
    before = {**plain(event()), "participants": {"1": unseen, "2": mail, BOB: person(mood="bad")}}
    text = write_entry("uid", before)
    entry = read_entries(text.replace("SUMMARY:Choir", "SUMMARY:Concert"))[0][0]
    assert carried(before, seen(before), entry.content) == {**before, "title": "Concert"}
    gone = re.sub(r"ATTENDEE[^\r]*dave@example.org\r\n", "", text.replace("\r\n ", ""))
    after = carried(before, seen(before), read_entries(gone)[0][0].content)
    assert after["participants"].keys() == {"1", BOB}
