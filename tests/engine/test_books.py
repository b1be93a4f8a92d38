"""Which calendars and address books a twin's rooms are, over a fake homeserver."""

from typing import Any

import pytest

from tests.engine.conftest import Home, settle, task
from twin_module.core.effects import Put
from twin_module.core.errors import Forbidden, InvalidParam
from twin_module.core.event_types import EVENT
from twin_module.core.jscontact import CARD
from twin_module.core.layout import RSVP
from twin_module.core.state import frozen
from twin_module.engine.books import ADDRESS_BOOK, BOOKS, CALENDAR, CIRCLES, MOST_PROPERTY, Book
from twin_module.testing.driver import run

COLOUR = "ICAL:calendar-color"


def books(home: Home) -> dict[str, Book]:
    """Return the books without that of the circles, by what they are called."""
    found = run(home.twin.dav.books.all())
    return {each.props["D:displayname"]: each for each in found.values() if each.name != CIRCLES}


def kinds(home: Home) -> dict[str, str]:
    return {name: each.tag for name, each in books(home).items()}


def share(home: Home, room_id: str, circle: str) -> None:
    home.command("circles", "share", room_id=room_id, circle=circle, role="viewer")


def read_by(bob: Home, alice: Home) -> str:
    """Make a collection of alice's that bob is in, and may only read."""
    room, circle = alice.collection("Work"), alice.circle(bob="viewer")
    share(alice, room, circle)
    settle(alice, bob)
    bob.accept(circle)
    bob.accept(room)
    settle(alice, bob)
    return room


def put(home: Home, room_id: str, event: Put) -> None:
    home.write(room_id, event)
    settle(home)


def an_event(**more: Any) -> Put:
    content = {"@type": "Event", "title": "Lunch", "start": "2026-12-24T12:00:00", **more}
    return Put(EVENT.type, "lunch", frozen(content))


def a_card() -> Put:
    content = {"@type": "Card", "version": "1.0", "name": {"@type": "Name", "full": "Ada"}}
    return Put(CARD.type, "ada", frozen(content))


def test_a_new_collection_is_a_calendar_and_one_with_cards_an_address_book(alice: Home) -> None:
    first, second = alice.collection("First"), alice.collection("Second")
    settle(alice)
    assert kinds(alice) == {"First": CALENDAR, "Second": CALENDAR}
    put(alice, second, a_card())
    put(alice, first, task("bread"))
    assert kinds(alice) == {"First": CALENDAR, "Second": ADDRESS_BOOK}


def test_one_collection_can_be_both(alice: Home) -> None:
    room = alice.collection("Both")
    put(alice, room, a_card())
    put(alice, room, an_event())
    found = run(alice.twin.dav.books.all()).values()
    assert sorted(each.tag for each in found if each.room) == [ADDRESS_BOOK, CALENDAR]


def test_a_collection_of_documents_is_no_calendar(alice: Home) -> None:
    room = alice.collection("Texts")
    alice.command("docs", "create", room_id=room, title="Minutes", text="#")
    settle(alice)
    assert kinds(alice) == {}


def test_sharing_and_answers_make_a_collection_nothing_but_a_calendar(
    alice: Home, bob: Home
) -> None:
    room = alice.collection("Shared")
    share(alice, room, alice.circle(bob="viewer"))
    put(alice, room, Put(RSVP, alice.owner, frozen({"answers": {}})))
    assert kinds(alice) == {"Shared": CALENDAR}


def test_what_changes_in_rooms_is_seen_at_once(alice: Home) -> None:
    assert books(alice) == {}
    alice.collection("New")
    settle(alice)
    assert kinds(alice) == {"New": CALENDAR}


def test_some_are_made_once_where_there_is_none(alice: Home) -> None:
    run(alice.twin.dav.books.ensure_some())
    assert kinds(alice) == {"Calendar": CALENDAR, "Contacts": ADDRESS_BOOK}
    run(alice.twin.dav.books.ensure_some())
    assert len(books(alice)) == 2
    alice.restart()
    run(alice.twin.dav.books.ensure_some())
    assert kinds(alice) == {"Calendar": CALENDAR, "Contacts": ADDRESS_BOOK}


def test_the_name_that_an_app_chose_stays(alice: Home) -> None:
    run(alice.twin.dav.books.make("A-B-C", CALENDAR, {"D:displayname": "Work", COLOUR: "#ff0000"}))
    alice.restart()
    assert books(alice)["Work"].name == "A-B-C"
    assert books(alice)["Work"].props[COLOUR] == "#ff0000"
    with pytest.raises(InvalidParam):
        run(alice.twin.dav.books.make("A-B-C", CALENDAR, {}))


def test_the_name_is_the_rooms_and_the_colour_the_owners(alice: Home) -> None:
    room = alice.collection("Work")
    settle(alice)
    props = {"D:displayname": "Job", "C:calendar-description": "Shifts", COLOUR: "#00ff00"}
    run(alice.twin.dav.books.change(books(alice)["Work"], props))
    settle(alice)
    assert alice.content(room, "m.room.name") == {"name": "Job"}
    assert alice.content(room, "m.room.topic") == {"topic": "Shifts"}
    assert "#00ff00" not in str(alice.server.rooms[room].current)
    assert books(alice)["Job"].props[COLOUR] == "#00ff00"
    run(alice.twin.dav.books.change(books(alice)["Job"], {"D:displayname": "Job"}))
    assert COLOUR not in books(alice)["Job"].props


def test_who_may_not_rename_a_room_calls_it_otherwise_for_themselves(
    alice: Home, bob: Home
) -> None:
    read_by(bob, alice)
    assert not books(bob)["Work"].may_write
    run(bob.twin.dav.books.change(books(bob)["Work"], {"D:displayname": "Alice's shifts"}))
    assert set(books(bob)) == {"Alice's shifts"}
    assert set(books(alice)) == {"Work"}


def test_too_long_a_property_is_refused(alice: Home) -> None:
    alice.collection("Work")
    settle(alice)
    with pytest.raises(InvalidParam):
        run(alice.twin.dav.books.change(books(alice)["Work"], {COLOUR: "x" * (MOST_PROPERTY + 1)}))


def test_a_collection_with_other_people_or_things_is_not_deleted_by_an_app(
    alice: Home, bob: Home
) -> None:
    shared, mixed = alice.collection("Shared"), alice.collection("Mixed")
    share(alice, shared, alice.circle(bob="viewer"))
    put(alice, mixed, task("bread"))
    alice.command("docs", "create", room_id=mixed, title="Minutes", text="#")
    settle(alice, bob)
    for name in ("Shared", "Mixed"):
        with pytest.raises(Forbidden):
            run(alice.twin.dav.books.leave(books(alice)[name]))
    assert set(books(alice)) == {"Shared", "Mixed"}


def test_a_deleted_calendar_is_left_and_forgotten(alice: Home) -> None:
    run(alice.twin.dav.books.make("phone", CALENDAR, {"D:displayname": "Phone"}))
    run(alice.twin.dav.books.leave(books(alice)["Phone"]))
    settle(alice)
    assert books(alice) == {}
    assert run(alice.port.account_data(BOOKS)) == {"made": {}, "props": {}}


def test_a_room_that_is_filled_from_elsewhere_is_read_only(alice: Home) -> None:
    room = alice.collection("Holidays")
    settle(alice)
    assert books(alice)["Holidays"].may_write
    subscribed = {"subscriptions": {room: {"url": "https://example.org/holidays.ics"}}}
    run(alice.port.put_account_data("org.digitaltwin.subscriptions", subscribed))
    assert not books(alice)["Holidays"].may_write


def test_a_guest_may_answer_in_a_calendar_that_they_only_read(alice: Home, bob: Home) -> None:
    room = read_by(bob, alice)
    assert not books(bob)["Work"].may_answer
    put(alice, room, an_event(participants={bob.owner: {"roles": {"attendee": True}}}))
    settle(bob)
    assert (books(bob)["Work"].may_write, books(bob)["Work"].may_answer) == (False, True)


@pytest.mark.parametrize(
    "said", [{"made": 5}, {"made": {"a": 5}}, {"props": {"a": 5}}, {"props": []}]
)
def test_nonsense_of_another_client_hides_no_book(alice: Home, said: Any) -> None:
    alice.collection("Work")
    settle(alice)
    run(alice.port.put_account_data(BOOKS, said))
    assert kinds(alice) == {"Work": CALENDAR}
