"""Entries are written, read, moved and deleted, with and without conditions (RFC 4791, 5.3)."""

from urllib.parse import quote

import pytest

from tests.dav.conftest import Server, Twin
from tests.dav.entries import calendar as whole, card, event, todo, values, vevent
from twin_module.testing.dav import Dav, condition

pytestmark = pytest.mark.twins

NOBODYS = '"0000"'


def test_an_event_is_read_as_it_was_written(dav: Dav, calendar: str) -> None:
    path = f"{calendar}a.ics"
    assert dav.put(path, event("a", "LOCATION:Room 5", summary="Zähne\\, links")).status == 201
    answer = dav.ask("GET", path)
    text = bytes(answer.ok()).decode()
    assert answer.headers["content-type"].lower().startswith("text/calendar")
    assert answer.headers["etag"] == dav.etag(path)
    assert text.count("BEGIN:VEVENT") == 1
    shown = {name: values(text, name) for name in ("UID", "SUMMARY", "LOCATION", "DTSTART")}
    assert shown == {
        "UID": ["a"],
        "SUMMARY": ["Zähne\\, links"],
        "LOCATION": ["Room 5"],
        "DTSTART": ["20300107T100000Z"],
    }


def test_a_task_is_read_as_it_was_written(dav: Dav, calendar: str) -> None:
    path = f"{calendar}t.ics"
    assert dav.put(path, todo("t", "DUE:20300108T120000Z", "PRIORITY:1")).status == 201
    text = dav.get(path)
    assert text.count("BEGIN:VTODO") == 1
    shown = {name: values(text, name) for name in ("UID", "SUMMARY", "DUE", "PRIORITY")}
    assert shown == {
        "UID": ["t"],
        "SUMMARY": ["Buy bread"],
        "DUE": ["20300108T120000Z"],
        "PRIORITY": ["1"],
    }


def test_a_card_is_read_as_it_was_written(dav: Dav, address_book: str) -> None:
    path = f"{address_book}ada.vcf"
    assert dav.put(path, card("ada", "EMAIL;TYPE=WORK:ada@example.org")).status == 201
    answer = dav.ask("GET", path)
    text = bytes(answer.ok()).decode()
    assert answer.headers["content-type"].lower().startswith("text/vcard")
    assert values(text, "FN") == ["Ada Lovelace"]
    assert values(text, "N")[0].rstrip(";") == "Lovelace;Ada"
    assert values(text, "EMAIL") == ["ada@example.org"]
    assert values(text, "UID") == ["ada"]


def test_a_name_of_a_file_need_not_be_the_uid(dav: Dav, calendar: str) -> None:
    path = f"{calendar}0a1b2c.ics"
    assert dav.put(path, event("somebody@example.org")).status == 201
    assert values(dav.get(path), "UID") == ["somebody@example.org"]
    assert set(dav.query(calendar, '<C:comp-filter name="VEVENT"/>')) == {path}


@pytest.mark.parametrize("uid", ["a b", "ü", "a/b", "x" * 300, "http://example.org/1?x=2&y=3"])
def test_a_uid_may_be_any_text(dav: Dav, calendar: str, uid: str) -> None:
    path = f"{calendar}any.ics"
    assert dav.put(path, event(uid)).status == 201
    assert values(dav.get(path), "UID") == [uid]


@pytest.mark.parametrize("name", ["ü.ics", "a b.ics", "50%.ics", "a+b.ics", "noending", "a@b.ics"])
def test_a_name_of_a_file_may_be_any_text(dav: Dav, calendar: str, name: str) -> None:
    path = f"{calendar}{name}"
    assert dav.put(path, event("a")).status == 201
    assert set(dav.query(calendar, '<C:comp-filter name="VEVENT"/>')) == {path}
    assert values(dav.get(path), "UID") == ["a"]


def test_a_changed_event_stays_one_event(dav: Dav, calendar: str) -> None:
    path = f"{calendar}a.ics"
    dav.put(path, event("a"))
    before = dav.etag(path)
    assert dav.put(path, event("a", summary="Hairdresser")).status in (200, 204)
    assert values(dav.get(calendar), "SUMMARY") == ["Hairdresser"]
    assert dav.etag(path) != before


def test_writing_the_same_again_is_no_error(dav: Dav, calendar: str) -> None:
    path = f"{calendar}a.ics"
    dav.put(path, event("a"))
    assert dav.put(path, event("a")).status in (200, 204)


def test_a_change_with_the_current_revision_is_taken(dav: Dav, calendar: str) -> None:
    path = f"{calendar}a.ics"
    dav.put(path, event("a"))
    changed = dav.put(path, event("a", summary="Hairdresser"), if_match=dav.etag(path))
    assert changed.status in (200, 204)
    assert values(dav.get(path), "SUMMARY") == ["Hairdresser"]


def test_a_change_with_an_old_revision_is_refused(dav: Dav, calendar: str) -> None:
    path = f"{calendar}a.ics"
    dav.put(path, event("a"))
    old = dav.etag(path)
    dav.put(path, event("a", summary="Hairdresser"))
    assert dav.put(path, event("a", summary="Gardener"), if_match=old).status == 412
    assert dav.put(path, event("a", summary="Gardener"), if_match=NOBODYS).status == 412
    assert values(dav.get(path), "SUMMARY") == ["Hairdresser"]


def test_a_change_of_what_is_gone_is_refused(dav: Dav, calendar: str) -> None:
    path = f"{calendar}a.ics"
    dav.put(path, event("a"))
    old = dav.etag(path)
    assert dav.ask("DELETE", path).status in (200, 204)
    assert dav.put(path, event("a"), if_match=old).status == 412
    assert dav.put(path, event("a"), if_match="*").status == 412
    assert dav.ask("GET", path).status == 404


def test_only_a_new_entry_is_taken_where_nothing_may_be_there(dav: Dav, calendar: str) -> None:
    path = f"{calendar}a.ics"
    assert dav.put(path, event("a"), if_none_match="*").status == 201
    assert dav.put(path, event("a", summary="Gardener"), if_none_match="*").status == 412
    assert values(dav.get(path), "SUMMARY") == ["Dentist"]


def test_a_revision_in_an_answer_is_the_current_one(dav: Dav, calendar: str) -> None:
    # RFC 4791, 5.3.4: a server that changed what it was sent sends none.
    path = f"{calendar}a.ics"
    for summary in ("Dentist", "Hairdresser"):
        answer = dav.put(path, event("a", summary=summary))
        assert answer.headers.get("etag", dav.etag(path)) == dav.etag(path)


def test_two_entries_with_one_uid_are_refused(dav: Dav, calendar: str) -> None:
    dav.put(f"{calendar}a.ics", event("a"))
    refused = dav.put(f"{calendar}b.ics", event("a", summary="Hairdresser"))
    assert refused.status in (403, 409)
    assert "C:no-uid-conflict" in condition(refused)
    assert values(dav.get(calendar), "SUMMARY") == ["Dentist"]


def test_an_entry_can_not_become_another_one(dav: Dav, calendar: str) -> None:
    path = f"{calendar}a.ics"
    dav.put(path, event("a"))
    refused = dav.put(path, event("b"))
    assert refused.status in (403, 409)
    assert "C:no-uid-conflict" in condition(refused)
    assert values(dav.get(path), "UID") == ["a"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no calendar",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n",
        event("a").replace("END:VEVENT\r\n", ""),
        event("a").replace("20300107T100000Z", "yesterday"),
    ],
    ids=["nothing", "words", "cut off", "open end", "no date"],
)
def test_what_is_no_entry_is_refused(dav: Dav, calendar: str, text: str) -> None:
    path = f"{calendar}a.ics"
    assert 400 <= dav.put(path, text).status < 500
    assert dav.ask("GET", path).status == 404


def test_two_events_in_one_entry_are_refused(dav: Dav, calendar: str) -> None:
    both = whole(vevent("a"), vevent("b"))
    assert 400 <= dav.put(f"{calendar}a.ics", both).status < 500
    assert dav.ask("GET", f"{calendar}a.ics").status == 404


def test_a_card_is_refused_in_a_calendar(dav: Dav, calendar: str) -> None:
    assert 400 <= dav.put(f"{calendar}ada.vcf", card("ada")).status < 500


def test_an_event_is_refused_in_an_address_book(dav: Dav, address_book: str) -> None:
    assert 400 <= dav.put(f"{address_book}a.ics", event("a")).status < 500


def test_a_series_with_a_moved_instance_is_one_entry(dav: Dav, calendar: str) -> None:
    path = f"{calendar}a.ics"
    series = whole(
        vevent("a", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=5", "EXDATE:20300121T100000Z"),
        vevent(
            "a",
            "DURATION:PT1H",
            "RECURRENCE-ID:20300114T100000Z",
            start="20300115T100000Z",
            summary="Dentist later",
        ),
    )
    assert dav.put(path, series).status == 201
    text = dav.get(path)
    assert text.count("BEGIN:VEVENT") == 2
    assert sorted(values(text, "DTSTART")) == ["20300107T100000Z", "20300115T100000Z"]
    assert values(text, "RECURRENCE-ID") == ["20300114T100000Z"]
    assert values(text, "EXDATE") == ["20300121T100000Z"]
    assert sorted(values(text, "SUMMARY")) == ["Dentist", "Dentist later"]


def test_what_a_server_does_not_know_is_kept(dav: Dav, calendar: str) -> None:
    path = f"{calendar}a.ics"
    dav.put(path, event("a", "X-SHOE-SIZE;X-FOOT=left:42", "CATEGORIES:Health,Teeth"))
    text = dav.get(path)
    assert values(text, "X-SHOE-SIZE") == ["42"]
    assert sorted(",".join(values(text, "CATEGORIES")).split(",")) == ["Health", "Teeth"]


def test_reminders_are_kept(dav: Dav, calendar: str) -> None:
    path = f"{calendar}a.ics"
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Go", "TRIGGER:-PT15M", "END:VALARM")
    dav.put(path, event("a", *alarm))
    text = dav.get(path)
    assert text.count("BEGIN:VALARM") == 1
    assert values(text, "TRIGGER") == ["-PT15M"]


def test_a_deleted_entry_is_gone(dav: Dav, calendar: str) -> None:
    path = f"{calendar}a.ics"
    dav.put(path, event("a"))
    assert dav.ask("DELETE", path).status in (200, 204)
    assert dav.ask("GET", path).status == 404
    assert "BEGIN:VEVENT" not in dav.get(calendar)
    assert dav.ask("DELETE", path).status == 404


def test_a_deletion_of_an_old_revision_is_refused(dav: Dav, calendar: str) -> None:
    path = f"{calendar}a.ics"
    dav.put(path, event("a"))
    old = dav.etag(path)
    dav.put(path, event("a", summary="Hairdresser"))
    assert dav.ask("DELETE", path, headers={"If-Match": old}).status == 412
    current = {"If-Match": dav.etag(path)}
    assert dav.ask("DELETE", path, headers=current).status in (200, 204)


def test_a_deleted_entry_can_come_back(dav: Dav, calendar: str) -> None:
    path = f"{calendar}a.ics"
    dav.put(path, event("a"))
    dav.ask("DELETE", path)
    assert dav.put(path, event("a", summary="Again"), if_none_match="*").status == 201
    assert values(dav.get(path), "SUMMARY") == ["Again"]


def test_an_entry_is_moved_within_its_calendar(dav: Dav, calendar: str) -> None:
    before, after = f"{calendar}a.ics", f"{calendar}b.ics"
    dav.put(before, event("a"))
    assert dav.move(before, after).status == 201
    assert dav.ask("GET", before).status == 404
    assert values(dav.get(after), "UID") == ["a"]


def test_an_entry_is_moved_to_another_calendar(server: Server, dav: Dav, calendar: str) -> None:
    other = server.new_calendar(f"beside {calendar.rstrip('/').rpartition('/')[2]}")
    before, after = f"{calendar}a.ics", f"{other}a.ics"
    dav.put(before, event("a", summary="Moves"))
    assert dav.move(before, after).status == 201
    assert dav.ask("GET", before).status == 404
    assert values(dav.get(after), "SUMMARY") == ["Moves"]


def test_a_move_onto_an_entry_has_to_be_asked_for(server: Server, dav: Dav, calendar: str) -> None:
    other = server.new_calendar(f"onto {calendar.rstrip('/').rpartition('/')[2]}")
    before, after = f"{calendar}a.ics", f"{other}a.ics"
    dav.put(before, event("a", summary="Moves"))
    dav.put(after, event("a", summary="Stays"))
    assert dav.move(before, after, overwrite="F").status == 412
    assert values(dav.get(after), "SUMMARY") == ["Stays"]
    assert dav.move(before, after, overwrite="T").status == 204
    assert values(dav.get(after), "SUMMARY") == ["Moves"]
    assert dav.ask("GET", before).status == 404


def test_a_move_that_would_double_a_uid_is_refused(server: Server, dav: Dav, calendar: str) -> None:
    other = server.new_calendar(f"twice {calendar.rstrip('/').rpartition('/')[2]}")
    dav.put(f"{calendar}a.ics", event("a"))
    dav.put(f"{other}b.ics", event("a"))
    refused = dav.move(f"{calendar}a.ics", f"{other}a.ics")
    assert refused.status in (403, 409)
    assert "C:no-uid-conflict" in condition(refused)
    assert values(dav.get(f"{calendar}a.ics"), "UID") == ["a"]


def test_a_move_to_another_server_is_refused(dav: Dav, calendar: str) -> None:
    path = f"{calendar}a.ics"
    dav.put(path, event("a"))
    elsewhere = {"Destination": f"http://elsewhere.example{quote(calendar)}b.ics"}
    assert dav.ask("MOVE", path, headers=elsewhere).status == 502
    assert values(dav.get(path), "UID") == ["a"]


def test_an_entry_in_no_calendar_is_refused(dav: Dav) -> None:
    assert dav.put(f"{dav.home}nowhere/a.ics", event("a")).status in (403, 404, 409)
    assert dav.ask("GET", f"{dav.home}nowhere/a.ics").status == 404


def test_head_is_get_without_the_text(dav: Dav, calendar: str) -> None:
    path = f"{calendar}a.ics"
    dav.put(path, event("a"))
    head, get = dav.ask("HEAD", path), dav.ask("GET", path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["etag"] == get.headers["etag"]


def test_what_an_app_wrote_stands_in_the_twins_own_api(twin: Twin) -> None:
    room = twin.person.collection("From an app")
    path = twin.calendar_named("From an app")
    assert twin.dav.put(f"{path}x.ics", event("dentist")).status == 201
    assert twin.dav.put(f"{path}y.ics", todo("bread")).status == 201
    shown = twin.person.get(f"rooms/{room}/agenda/dentist")
    assert shown["content"]["title"] == "Dentist"
    assert (shown["content"]["start"], shown["content"]["duration"]) == (
        "2030-01-07T10:00:00",
        "PT1H",
    )
    assert twin.person.get(f"rooms/{room}/tasks/bread")["content"]["title"] == "Buy bread"


def test_what_the_twins_own_api_changed_stands_in_the_app(twin: Twin) -> None:
    room = twin.person.collection("To an app")
    path = twin.calendar_named("To an app")
    twin.dav.put(f"{path}x.ics", event("dentist", "X-SHOE-SIZE:42"))
    before = twin.dav.etag(f"{path}x.ics")
    twin.person.ask("PATCH", f"rooms/{room}/agenda/dentist", {"title": "Hairdresser"}).ok()
    assert twin.dav.etag(f"{path}x.ics") != before
    text = twin.dav.get(f"{path}x.ics")
    assert values(text, "SUMMARY") == ["Hairdresser"]
    assert values(text, "X-SHOE-SIZE") == ["42"]
    twin.person.ask("DELETE", f"rooms/{room}/agenda/dentist").ok()
    assert twin.dav.ask("GET", f"{path}x.ics").status == 404


def test_what_the_twins_own_api_made_is_an_entry(twin: Twin) -> None:
    room = twin.person.collection("Made here")
    path = twin.calendar_named("Made here")
    content = {"@type": "Task", "title": "Buy milk", "due": "2030-01-08T12:00:00"}
    twin.person.put(f"rooms/{room}/tasks/milk", content)
    listed = twin.dav.query(path, '<C:comp-filter name="VTODO"/>')
    (href,) = listed
    text = twin.dav.get(href)
    assert (values(text, "UID"), values(text, "SUMMARY")) == (["milk"], ["Buy milk"])
