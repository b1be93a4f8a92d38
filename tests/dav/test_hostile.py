"""What others write into shared calendars breaks no app: not its XML, not its iCalendar, not its time."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.dav.conftest import Twin
from tests.dav.entries import unfolded
from twin_module.testing.dav import CALENDAR

pytestmark = pytest.mark.twins

EVENT = {
    "@type": "Event",
    "title": "Party",
    "start": "2030-01-07T20:00:00",
    "timeZone": "Etc/UTC",
    "duration": "PT1H",
}
INJECTED = "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:evil\r\nDTSTART:20300107T100000Z\r\nATTACH:y"
WEEK = '<C:time-range start="20300107T000000Z" end="20300114T000000Z"/>'


def written(twin: Twin, name: str, content: Mapping[str, Any]) -> tuple[str, str]:
    """Write an event as any Matrix client does; return the calendar and the room."""
    room = twin.person.collection(name)
    path = twin.calendar_named(name)
    twin.person.put(f"rooms/{room}/agenda/good", EVENT)
    twin.person.put_state(room, "org.digitaltwin.event", "odd", content)
    twin.person.put(f"rooms/{room}/agenda/also-good", EVENT)
    return path, room


def lines(text: str) -> list[str]:
    """Return the logical lines of a text, as a lenient reader sees them: XML ends lines by LF."""
    return unfolded(re.sub(r"\r*\n|\r", "\r\n", text))


@pytest.mark.parametrize(
    "text",
    [
        "\u0001\u0008\u000b\u000c\u001f",
        "\ufffe\uffff",
        "]]> <![CDATA[ & < > &bomb; \"'",
        "\u202e\u2028\u2029\u0085",
        INJECTED,
        "\\n\\;\\,\\\\",
        "x" * 10_000,
        "😀" * 100,
    ],
    ids=["control", "no characters", "markup", "lines", "injected", "escapes", "long", "wide"],
)
@pytest.mark.parametrize("field", ["title", "description"])
def test_no_text_breaks_the_answers_that_it_stands_in(twin: Twin, text: str, field: str) -> None:
    path, _ = written(twin, f"Odd {field} {text[:2]!r}", {**EVENT, field: text})
    listed = twin.dav.propfind(path, "D:getetag", depth="1")
    found = twin.dav.multiget(path, [each for each in listed if each != path], "C:calendar-data")
    texts = [lines(each.text("C:calendar-data")) for each in found.values()]
    assert all(text.count("BEGIN:VEVENT") == text.count("END:VEVENT") == 1 for text in texts)
    assert sum("UID:good" in text for text in texts) == 1
    assert not any("UID:evil" in text for text in texts)
    assert set(twin.dav.query(path, f'<C:comp-filter name="VEVENT">{WEEK}</C:comp-filter>')) == set(
        found
    )
    assert "UID:also-good" in twin.dav.get(path)
    assert len(twin.dav.sync(path)[1]) == len(found)


@pytest.mark.parametrize(
    "more",
    [
        {"timeZone": "Europe/Berlin\r\nX-EVIL:1"},
        {"timeZone": "Nowhere/At-All"},
        {"locations": {"1": {"@type": "Location", "name": INJECTED}}},
        {"keywords": {INJECTED: True, "a,b;c": True}},
        {"links": {"1": {"@type": "Link", "href": "javascript:alert(1)\r\nX-EVIL:1"}}},
        {
            "participants": {
                "1": {
                    "@type": "Participant",
                    "name": '";X-EVIL=1:\r\nX-EVIL:1',
                    "sendTo": {"imip": "mailto:a@example.org\r\nX-EVIL:1"},
                    "roles": {"attendee": True},
                }
            }
        },
        {"org.digitaltwin": {"iCalendar": {"properties": [["x-evil\r\nX-EVIL", {}, "text", "1"]]}}},
        {"org.digitaltwin": {"iCalendar": INJECTED}},
        {"org.digitaltwin": {"iCalendar": {"properties": {"X-EVIL": [["1"]]}, "components": 5}}},
    ],
    ids=["zone", "no zone", "place", "words", "link", "person", "kept", "kept text", "kept wrong"],
)
def test_no_field_breaks_out_of_its_line(twin: Twin, more: Mapping[str, Any]) -> None:
    path, _ = written(twin, f"Odd fields {json.dumps(more)[:60]}", {**EVENT, **more})
    text = lines(twin.dav.get(path))
    assert {"UID:good", "UID:also-good"} <= set(text)
    assert not any(line.startswith(("UID:evil", "X-EVIL:1", "ATTACH:y")) for line in text)
    assert 2 <= text.count("BEGIN:VEVENT") == text.count("END:VEVENT") <= 3


@pytest.mark.parametrize(
    "rule",
    [
        {"frequency": "secondly"},
        {"frequency": "yearly", "byMonth": ["2"], "byMonthDay": [31]},
        {"frequency": "yearly", "interval": 2**53 - 1},
        {"frequency": "daily", "count": 2**53 - 1},
        {"frequency": "weekly", "byDay": [{"day": "mo"}] * 500},
    ],
    ids=["each second", "never", "far", "endless", "long"],
)
def test_no_rule_holds_an_app_up(twin: Twin, rule: Mapping[str, Any]) -> None:
    recurring = {**EVENT, "recurrenceRules": [{"@type": "RecurrenceRule", **rule}]}
    path, _ = written(twin, f"Odd rule {json.dumps(rule)[:60]}", recurring)
    names = {
        each.rpartition("/")[2]
        for each in twin.dav.query(path, f'<C:comp-filter name="VEVENT">{WEEK}</C:comp-filter>')
    }
    assert {"good.ics", "also-good.ics"} <= names
    answer = twin.dav.xml("REPORT", path, f"<C:free-busy-query>{WEEK}</C:free-busy-query>", "1")
    assert answer.status in (200, 400, 403, 507)
    assert twin.dav.prop(path, "D:resourcetype").status == 200


@pytest.mark.parametrize("name", ["\u0001", ']]>&<"', "../../bob", "a/b", " ", "\u202e", "x" * 255])
def test_no_name_of_a_collection_hides_the_others(twin: Twin, name: str) -> None:
    before = set(twin.dav.collections(CALENDAR))
    room = twin.person.create_room(creation_content={"type": "org.digitaltwin.collection"})
    twin.person.put_state(room, "m.room.name", "", {"name": name})
    twin.person.put(f"rooms/{room}/agenda/party", EVENT)
    after = set(twin.dav.collections(CALENDAR))
    assert before <= after
    (path,) = after - before
    assert path.count("/") == twin.dav.home.count("/") + 1
    assert "UID:party" in twin.dav.get(path)


def test_an_event_without_sense_is_left_out(twin: Twin) -> None:
    path, _ = written(twin, "Nonsense", {"@type": "Event", "start": 5, "title": []})
    listed = twin.dav.propfind(path, "D:getetag", depth="1")
    assert {each.rpartition("/")[2] for each in listed} == {"", "good.ics", "also-good.ics"}


def test_a_change_that_does_not_fit_leaves_what_was_good(twin: Twin) -> None:
    path, room = written(twin, "Spoiled", EVENT)
    assert twin.person.put_state(room, "org.digitaltwin.event", "good", {"start": 5}).status >= 400
    assert "SUMMARY:Party" in twin.dav.get(f"{path}good.ics")
