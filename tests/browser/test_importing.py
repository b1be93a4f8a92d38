"""Calendars and address books that come from elsewhere and go elsewhere: imported, followed, published."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Home, choose
from tests.browser.guard import Guard
from twin_module.rest.cookie import PAGE
from twin_module.testing.person import Person, eventually, request

pytestmark = pytest.mark.browser

WIDER: Final = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
HOSTILE: Final = "<img src=x onerror=alert(1)>"


def calendar(*titles: str) -> str:
    """Return a calendar with an event of each title."""
    events = [
        f"BEGIN:VEVENT\r\nUID:e{number}\r\nDTSTAMP:20261101T080000Z\r\n"
        f"DTSTART:20311120T{10 + number}0000Z\r\nDTEND:20311120T{11 + number}0000Z\r\n"
        f"SUMMARY:{title}\r\nEND:VEVENT\r\n"
        for number, title in enumerate(titles)
    ]
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test\r\nX-WR-CALNAME:Bins\r\n"
    return head + "".join(events) + "END:VCALENDAR\r\n"


def file(name: str, text: str) -> Any:
    """Return a file as somebody chooses it."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": text.encode()}


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def titles(person: Person, room: str, capability: str = "agenda") -> list[str]:
    objects = person.get(f"rooms/{room}/objects", capability=capability, sort="title")["objects"]
    return [each["title"] for each in objects]


def test_a_file_of_a_calendar_is_imported_and_what_is_wrong_in_it_is_named(
    alice: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    room = alice.collection("Diary")
    page = home(alice, f"c/{room}/agenda", locale="en-GB")
    choose(page, "Import a file")
    accessible(page)
    field = dialog(page).get_by_label("File", exact=True)
    field.set_input_files(file("photo.ics", "no calendar"))
    dialog(page).get_by_role("button", name="Import", exact=True).click()
    expect(dialog(page).get_by_role("alert")).to_contain_text("neither a calendar nor an address")
    bad = "BEGIN:VEVENT\r\nUID:bad\r\nSUMMARY:Without a time\r\nEND:VEVENT\r\n"
    text = calendar("Choir", HOSTILE).replace("END:VCALENDAR", f"{bad}END:VCALENDAR")
    field.set_input_files(file("calendar.txt", text))
    dialog(page).get_by_role("button", name="Import", exact=True).click()
    expect(dialog(page).get_by_role("status")).to_contain_text("Imported. 2 of 3 entries written")
    refused = dialog(page).get_by_role("region", name="One entry was not taken")
    expect(refused.get_by_role("listitem")).to_contain_text("Without a time")
    accessible(page)
    dialog(page).get_by_role("button", name="Import another file").click()
    field.set_input_files(file("again.ics", text))
    dialog(page).get_by_role("button", name="Import", exact=True).click()
    expect(dialog(page).get_by_role("status")).to_contain_text("2 were there already")
    dialog(page).get_by_role("button", name="Close").last.click()
    expect(dialog(page)).to_have_count(0)
    rows = page.get_by_role("main").get_by_role("listitem")
    expect(rows).to_have_text([re.compile("Choir"), re.compile(re.escape(HOSTILE))])
    assert page.locator("main img").count() == 0


def test_a_file_of_an_address_book_becomes_contacts(alice: Person, home: Home) -> None:
    room = alice.collection("People")
    page = home(alice, f"c/{room}/contacts", locale="en-GB")
    choose(page, "Import a file")
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c1\r\nFN:Bob Miller\r\nN:Miller;Bob;;;\r\n"
    card += "EMAIL:bob@example.org\r\nEND:VCARD\r\n"
    dialog(page).get_by_label("File", exact=True).set_input_files(file("people.vcf", card))
    dialog(page).get_by_role("button", name="Import", exact=True).click()
    expect(dialog(page).get_by_role("status")).to_contain_text("1 of 1 entries written")
    page.keyboard.press("Escape")
    expect(page.get_by_role("main").get_by_role("listitem").first).to_contain_text("Bob Miller")


def test_who_may_only_read_can_import_nothing(alice: Person, bob: Person, home: Home) -> None:
    room = alice.collection("Timetable")
    alice.invite(room, bob.owner).ok()
    bob.accept(room)
    page = home(bob, f"c/{room}", locale="en-GB")
    page.get_by_role("button", name="More to do").click()
    expect(page.get_by_role("menuitem", name="Leave")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Import a file")).to_have_count(0)


def test_a_calendar_is_followed_refreshed_and_no_longer_followed(
    alice: Person,
    home: Home,
    serve: Callable[[Path], str],
    tmp_path: Path,
    guard: Guard,
    accessible: Callable[[Page], None],
) -> None:
    (tmp_path / "bins.ics").write_bytes(calendar("Paper").encode())
    url = serve(tmp_path)
    page = home(alice, "collections", locale="en-GB")
    page.get_by_role("button", name="Follow a calendar").click()
    address = dialog(page).get_by_label("Address of the calendar")
    guard.expects("400")
    address.fill("ftp://example.org/x.ics")
    dialog(page).get_by_role("button", name="Follow", exact=True).click()
    expect(dialog(page).get_by_role("alert")).to_contain_text("an address begins with https")
    accessible(page)
    guard.expects("50")
    address.fill(f"{url}/nothing.ics")
    dialog(page).get_by_role("button", name="Follow", exact=True).click()
    expect(dialog(page).get_by_role("alert")).to_contain_text("no calendar at this address")
    address.fill(f"{url}/bins.ics")
    dialog(page).get_by_role("button", name="Follow", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bins")
    follows = page.get_by_role("region", name="This collection follows a calendar")
    expect(follows).to_contain_text(f"{url}/bins.ics")
    [room] = [each["room_id"] for each in alice.get("subscriptions")["subscriptions"]]
    eventually(lambda: titles(alice, room) == ["Paper"])
    accessible(page)

    # The twin looks at a calendar once a minute at most, and the first look counts.
    guard.expects("429")
    follows.get_by_role("button", name="Refresh now").click()
    expect(page.get_by_text("This calendar was looked at a moment ago")).to_be_visible()
    page.goto(f"{PAGE}/collections")
    followed = page.get_by_role("region", name="Calendars that you follow")
    expect(followed.get_by_role("listitem")).to_contain_text(re.compile("Bins.*1 entry"))
    accessible(page)
    page.set_viewport_size(PHONE)
    assert not page.evaluate(WIDER)
    followed.get_by_role("button", name="Follow no longer: Bins").click()
    expect(followed).to_contain_text("The collection stays as it is")
    followed.get_by_role("button", name="Yes, follow it no longer").click()
    expect(followed).to_have_count(0)
    assert alice.get("subscriptions")["subscriptions"] == []
    assert titles(alice, room) == ["Paper"]


def test_a_published_collection_has_addresses_for_apps(
    alice: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    room = alice.collection("Timetable")
    event = {"@type": "Event", "title": "Opening", "start": "2031-11-20T10:00:00"}
    alice.put(f"rooms/{room}/agenda/a", event)
    alice.post("links", {"room_id": room})
    page = home(
        alice, f"c/{room}", locale="en-GB", permissions=["clipboard-read", "clipboard-write"]
    )
    page.get_by_role("button", name="Publish").click()
    ics = dialog(page).get_by_label("For calendar apps (.ics)")
    expect(ics).to_have_value(re.compile(r"^http.*/published/.*/calendar\.ics$"))
    expect(dialog(page).get_by_label("For address books (.vcf)")).to_have_value(
        re.compile(r"contacts\.vcf$")
    )
    accessible(page)
    dialog(page).get_by_role("button", name="Copy the calendar address").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == ics.input_value()
    answer = request(alice.url, "GET", copied.removeprefix(alice.url))
    assert b"SUMMARY:Opening" in answer.body


def test_it_is_said_in_german(alice: Person, home: Home) -> None:
    room = alice.collection("Termine")
    page = home(alice, f"c/{room}/agenda", locale="de-DE")
    page.get_by_role("button", name="Mehr").click()
    page.get_by_role("menuitem", name="Datei importieren").click()
    dialog(page).get_by_label("Datei", exact=True).set_input_files(file("a.ics", calendar("Chor")))
    dialog(page).get_by_role("button", name="Importieren", exact=True).click()
    expect(dialog(page).get_by_role("status")).to_contain_text("Importiert. 1 von 1 Einträgen")
