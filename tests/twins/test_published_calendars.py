"""Collections that were published, as strangers' calendar apps and address books read them."""

from typing import Any, Final

import pytest

from tests.engine.test_imports import calendar, vevent
from tests.twins.test_imports import imported
from tests.twins.test_links import assert_opens_nothing, opened, publish, stranger
from twin_module.core.ics.calendars import read_entries
from twin_module.core.vcf.cards import read_cards
from twin_module.testing.answers import CarefulPerson
from twin_module.testing.person import TWIN, Person

EVENT: Final[dict[str, Any]] = {
    "@type": "Event",
    "title": "Concert",
    "start": "2026-10-05T20:00:00",
    "duration": "PT2H",
    "timeZone": "Europe/Berlin",
}
PRIVATE: Final = {**EVENT, "title": "Doctor", "description": "About the knee", "privacy": "private"}
SECRET: Final = {**EVENT, "title": "Surprise", "privacy": "secret"}


def put(person: Person, room: str, uid: str, content: Any, capability: str = "agenda") -> None:
    person.put(f"rooms/{room}/{capability}/{uid}", content)


def read(data: bytes) -> dict[str, dict[str, Any]]:
    """Return the entries of a calendar by title."""
    entries, refused = read_entries(data.decode())
    assert refused == []
    return {each.content["title"]: each.content for each in entries}


@pytest.fixture
def room(alice: Person, collection: str) -> str:
    """A collection with events of every privacy, and a task."""
    people = {
        "@bob:bob.example": {"@type": "Participant", "name": "Bobby", "roles": {"attendee": True}}
    }
    alert = {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "-PT5M"}}
    full = {**EVENT, "participants": people, "alerts": {"1": alert}}
    put(alice, collection, "concert", full)
    put(alice, collection, "doctor-of-alice", PRIVATE)
    put(alice, collection, "surprise-for-bob", SECRET)
    put(alice, collection, "bread", {"@type": "Task", "title": "Bread"}, "tasks")
    return collection


def test_a_published_collection_is_a_calendar_that_apps_read(
    careful: CarefulPerson, room: str
) -> None:
    link = publish(careful, room)
    assert link["calendar"] == f"{TWIN}/published/{link['token']}/calendar.ics"
    answer = stranger(careful.url, link["calendar"].removeprefix(f"{TWIN}/"))
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert 'filename="calendar.ics"' in answer.headers["content-disposition"]
    assert "Things.ics" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["x-robots-tag"] == "noindex"
    found = read(answer.body)
    assert set(found) == {"Concert", "Bread", "Busy"}
    assert found["Concert"]["start"] == EVENT["start"]
    assert found["Concert"]["timeZone"] == EVENT["timeZone"]
    busy = found["Busy"]
    assert (busy["start"], busy["duration"]) == (EVENT["start"], "PT2H")
    for word in (b"Bobby", b"VALARM", b"Doctor", b"doctor", b"knee", b"Surprise", b"surprise"):
        assert word not in answer.body
    assert b"mxc:" not in answer.body
    assert room.encode() not in answer.body


def test_a_reader_is_told_that_nothing_changed_until_something_does(
    careful: CarefulPerson, room: str
) -> None:
    path = f"published/{publish(careful, room)['token']}/calendar.ics"
    etag = stranger(careful.url, path).headers["etag"]
    same = stranger(careful.url, path, method="HEAD", **{"If-None-Match": etag})
    assert (same.status, same.body) == (304, b"")
    assert same.headers["etag"] == etag
    assert stranger(careful.url, path).headers["etag"] == etag
    put(careful, room, "concert", {**EVENT, "title": "Opera"})
    other = stranger(careful.url, path, **{"If-None-Match": etag})
    assert other.status == 200
    assert "Opera" in read(other.body)
    careful.ask("DELETE", f"rooms/{room}/agenda/concert").ok()
    assert "Opera" not in read(stranger(careful.url, path).body)


def test_a_published_event_is_a_calendar_of_its_own(careful: CarefulPerson, room: str) -> None:
    link = publish(careful, room, capability="agenda", uid="concert")
    assert "contacts" not in link
    found = read(stranger(careful.url, f"published/{link['token']}/calendar.ics").body)
    assert list(found) == ["Concert"]
    assert_opens_nothing(careful, link["token"], "/contacts.vcf")


def test_published_contacts_are_an_address_book(careful: CarefulPerson, collection: str) -> None:
    card = {"@type": "Card", "version": "1.0", "name": {"full": "Bob Beck"}}
    put(careful, collection, "bob", card, "contacts")
    link = publish(careful, collection)
    answer = stranger(careful.url, f"published/{link['token']}/contacts.vcf")
    assert answer.headers["content-type"] == "text/vcard; charset=utf-8"
    [entry], refused = read_cards(answer.body.decode())
    assert (entry.content["name"]["full"], refused) == ("Bob Beck", [])
    assert link["contacts"].endswith("/contacts.vcf")


def test_what_was_taken_back_opens_no_calendar(careful: CarefulPerson, room: str) -> None:
    link = publish(careful, room)
    path = "/calendar.ics"
    etag = stranger(careful.url, f"published/{link['token']}{path}").headers["etag"]
    careful.ask("DELETE", f"links/{link['id']}").ok()
    assert_opens_nothing(careful, link["token"], path)
    again = stranger(careful.url, f"published/{link['token']}{path}", **{"If-None-Match": etag})
    assert again.status == 404


def test_the_page_of_a_link_shows_no_more_than_its_calendar(
    careful: CarefulPerson, room: str
) -> None:
    token = publish(careful, room)["token"]
    shown = {each["uid"]: each for each in opened(careful, token)["objects"]}
    assert set(shown) == {"concert", "doctor-of-alice", "bread"}
    doctor = opened(careful, token, "/agenda/doctor-of-alice")["object"]
    assert doctor == shown["doctor-of-alice"]
    assert doctor["title"] == ""
    assert set(doctor["content"]) == {"@type", "privacy", "start", "duration", "timeZone"}
    assert_opens_nothing(careful, token, "/agenda/doctor-of-alice/proof")
    for path in ("", "/proof"):
        assert_opens_nothing(careful, token, f"/agenda/surprise-for-bob{path}")
    refused = careful.ask(
        "POST", "links", {"room_id": room, "capability": "agenda", "uid": "surprise-for-bob"}
    )
    assert (refused.status, refused.body["errcode"]) == (403, "M_FORBIDDEN")
    link = publish(careful, room, capability="agenda", uid="concert")
    put(careful, room, "concert", SECRET)
    assert_opens_nothing(careful, link["token"])
    [listed] = [each for each in careful.get("links")["links"] if each["id"] == link["id"]]
    assert "not for others" in listed["note"]


def test_a_large_calendar_is_made_while_the_twin_answers_others(
    careful: CarefulPerson, collection: str
) -> None:
    data = calendar(*(vevent(f"e{n}", f"Number {n}") for n in range(1000)))
    assert imported(careful, collection, data)["written"] == 1000
    token = publish(careful, collection)["token"]
    assert len(read(stranger(careful.url, f"published/{token}/calendar.ics").body)) == 1000
