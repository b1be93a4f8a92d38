"""Calendar and contacts apps at a twin, on every database: what they write, find and are told."""

import pytest

from twin_module.testing.dav import ADDRESS_BOOK, CALENDAR, Dav
from twin_module.testing.person import Person

WEEK = '<C:time-range start="20300107T000000Z" end="20300114T000000Z"/>'


def entry(uid: str, start: str, *lines: str) -> str:
    return "\r\n".join(
        [
            *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//a phone//EN", "BEGIN:VEVENT"),
            *(f"UID:{uid}", "DTSTAMP:20300101T000000Z", f"DTSTART:{start}", "SUMMARY:Lunch"),
            *(*lines, "DURATION:PT1H", "END:VEVENT", "END:VCALENDAR", ""),
        ]
    )


def task(uid: str) -> str:
    return (
        entry(uid, "20300108T120000Z").replace("VEVENT", "VTODO").replace("DURATION:PT1H\r\n", "")
    )


CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:ada\r\nFN:Ada\r\nN:;Ada;;;\r\nEND:VCARD\r\n"


@pytest.fixture
def app(alice: Person) -> Dav:
    """An app with a password of its own."""
    made = alice.post("app-passwords", {"name": "Phone"})
    return Dav(alice.url, made["path"], made["username"], made["password"])


def test_an_app_writes_finds_and_is_told(alice: Person, app: Dav) -> None:
    room = alice.collection("Phone")
    [path] = [each for each, name in app.collections(CALENDAR).items() if name == "Phone"]
    token, _ = app.sync(path)
    assert app.put(f"{path}a.ics", entry("a", "20300108T120000Z")).status == 201
    assert app.put(f"{path}other name.ics", entry("b", "20200101T120000Z")).status == 201
    weekly = entry("c", "20200107T120000Z", "RRULE:FREQ=WEEKLY")
    assert app.put(f"{path}c.ics", weekly).status == 201
    assert app.put(f"{path}t.ics", task("t")).status == 201
    assert app.put(f"{path}d.ics", entry("a", "20300108T120000Z")).status == 409
    titles = {each["uid"] for each in alice.get(f"rooms/{room}/agenda")["events"]}
    assert titles == {"a", "b", "c"}
    found = app.query(path, f'<C:comp-filter name="VEVENT">{WEEK}</C:comp-filter>')
    assert set(found) == {f"{path}a.ics", f"{path}c.ics"}
    assert set(app.query(path, '<C:comp-filter name="VTODO"/>')) == {f"{path}t.ics"}
    token, changed = app.sync(path, token)
    assert changed == dict.fromkeys(
        (f"{path}a.ics", f"{path}other name.ics", f"{path}c.ics", f"{path}t.ics"), 200
    )
    assert app.ask("DELETE", f"{path}other name.ics").status == 200
    assert app.sync(path, token)[1] == {f"{path}other name.ics": 404}
    assert "SUMMARY:Lunch" in app.get(f"{path}a.ics")
    assert app.put(f"{path}a.ics", entry("a", "20300109T120000Z"), if_match='"old"').status == 412


def test_an_app_keeps_people(alice: Person, app: Dav) -> None:
    [path, *_] = [
        each for each, name in app.collections(ADDRESS_BOOK).items() if name == "Contacts"
    ]
    assert app.put(f"{path}ada.vcf", CARD).status == 201
    assert "FN:Ada" in app.get(f"{path}ada.vcf")
    assert app.sync(path)[1] == {f"{path}ada.vcf": 200}
    assert set(app.collections(ADDRESS_BOOK).values()) >= {"Contacts", "Circles"}
