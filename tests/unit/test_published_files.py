"""What strangers get of a collection: what its privacy says."""

from typing import Any

import pytest

from twin_module.core.event_types import EVENT
from twin_module.core.published import published_content, sight
from twin_module.core.published_files import BUSY, calendar_entry, card_entry
from twin_module.core.state import NAMESPACE

DINNER: dict[str, Any] = {
    "@type": "Event",
    "uid": "the original uid",
    "title": "Dinner",
    "description": "With a surprise",
    "start": "2026-10-05T20:00:00",
    "duration": "PT2H",
    "timeZone": "Europe/Berlin",
    "recurrenceRules": [{"@type": "RecurrenceRule", "frequency": "weekly"}],
    "locations": {"1": {"@type": "Location", "name": "At home"}},
    "participants": {"@bob:x": {"@type": "Participant", "roles": {"attendee": True}}},
    "alerts": {"1": {"trigger": {"@type": "OffsetTrigger", "offset": "-PT15M"}}},
    "replyTo": {"imip": "mailto:alice@x"},
    "links": {
        "1": {"@type": "Link", "href": "mxc://x/secret"},
        "2": {"@type": "Link", "href": "https://x.example/"},
    },
    "recurrenceOverrides": {
        "2026-10-12T20:00:00": {"title": "Supper", "start": "2026-10-12T21:00:00"},
        "2026-10-19T20:00:00": {"excluded": True},
        "2026-10-26T20:00:00": {"participants/@bob:x/name": "Bob", "links/1/href": "mxc://x/2"},
        "2026-11-02T20:00:00": {"privacy": "secret", "title": "Elsewhere"},
        "2026-11-09T20:00:00": {"status": "cancelled"},
    },
    NAMESPACE: {"iCalendar": {"lines": ["X-SECRET:1"]}, "base": "$1"},
}


def test_a_public_event_is_shown_without_people_alerts_files_and_what_was_kept() -> None:
    found = calendar_entry("dinner", {**DINNER, "privacy": "public"}, "salt")
    assert found is not None
    key, shown = found
    assert key == "dinner"
    assert set(DINNER) - set(shown) == {"participants", "alerts", "replyTo", NAMESPACE}
    assert shown["links"] == {"2": {"@type": "Link", "href": "https://x.example/"}}
    assert shown["recurrenceOverrides"] == {
        "2026-10-12T20:00:00": {"title": "Supper", "start": "2026-10-12T21:00:00"},
        "2026-10-19T20:00:00": {"excluded": True},
        "2026-10-26T20:00:00": {},
        "2026-11-02T20:00:00": {"excluded": True},
        "2026-11-09T20:00:00": {"status": "cancelled"},
    }


@pytest.mark.parametrize("privacy", ["private", "something newer"])
def test_of_a_private_event_only_busy_times_are_shown(privacy: str) -> None:
    found = calendar_entry("dinner", {**DINNER, "privacy": privacy}, "salt")
    assert found is not None
    key, shown = found
    assert "dinner" not in key
    assert key != (calendar_entry("dinner", {**DINNER, "privacy": privacy}, "other") or ("",))[0]
    assert shown == {
        "@type": "Event",
        "privacy": privacy,
        "title": BUSY,
        "start": "2026-10-05T20:00:00",
        "duration": "PT2H",
        "timeZone": "Europe/Berlin",
        "recurrenceRules": DINNER["recurrenceRules"],
        "recurrenceOverrides": {
            "2026-10-12T20:00:00": {"start": "2026-10-12T21:00:00"},
            "2026-10-19T20:00:00": {"excluded": True},
            "2026-10-26T20:00:00": {},
            "2026-11-02T20:00:00": {"excluded": True},
            "2026-11-09T20:00:00": {"excluded": True},
        },
    }


@pytest.mark.parametrize(
    "content",
    [
        {**DINNER, "privacy": "secret"},
        {**DINNER, "privacy": "private", "freeBusyStatus": "free"},
        {**DINNER, "privacy": "private", "status": "cancelled"},
        {"@type": "Task", "title": "Buy a ring", "privacy": "private"},
        {"@type": "Task", "title": "Buy a ring", "privacy": "secret"},
    ],
)
def test_of_what_is_secret_nothing_is_shown(content: dict[str, Any]) -> None:
    assert calendar_entry("x", content, "salt") is None
    assert sight(content) == "nothing"


def test_a_page_shows_no_more_of_a_private_event_than_a_calendar_does() -> None:
    shown = published_content(EVENT, {**DINNER, "privacy": "private"})
    entry = calendar_entry("x", {**DINNER, "privacy": "private"}, "salt")
    assert entry is not None
    assert {**shown, "title": BUSY} == entry[1]


def test_what_is_no_event_and_no_task_is_shown_whatever_it_calls_its_privacy() -> None:
    assert sight({"@type": "Document", "title": "A", "privacy": "secret"}) == "whole"


def test_a_card_is_shown_without_what_was_kept_and_addresses_of_files() -> None:
    card = {
        "@type": "Card",
        "name": {"full": "Bob"},
        "media": {
            "1": {"@type": "Media", "kind": "photo", "uri": "mxc://x/1"},
            "2": {"@type": "Media", "kind": "photo", "uri": "https://x.example/1.png"},
        },
        NAMESPACE: {"vCard": {}},
    }
    shown = card_entry(card)
    assert shown == {**card_entry({**card, NAMESPACE: {}})}
    assert list(shown["media"]) == ["2"]
    assert NAMESPACE not in shown
