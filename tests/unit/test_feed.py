"""What a new look at a public calendar changes."""

from typing import Any

from hypothesis import given, strategies as st

from twin_module.core.entries import Refused, key_of
from twin_module.core.feed import difference, is_marked, marked
from twin_module.core.state import NAMESPACE

EVENT = f"{NAMESPACE}.event"


def event(title: str = "Jazz", **fields: Any) -> dict[str, Any]:
    return {"@type": "Event", "title": title, "start": "2026-10-05T20:00:00", **fields}


def at(uid: str) -> tuple[str, str]:
    return EVENT, uid


def test_new_and_changed_entries_are_written_with_a_mark_and_gone_ones_removed() -> None:
    known = {at("a"): marked(event()), at("b"): marked(event("Rock")), at("c"): marked(event("x"))}
    wanted = {at("a"): event(), at("b"): event("Pop"), at("d"): event("Folk")}
    change = difference(known, wanted)
    assert change.written == {at("b"): marked(event("Pop")), at("d"): marked(event("Folk"))}
    assert change.removed == [at("c")]


def test_what_differs_in_stamps_alone_is_left_as_it_is() -> None:
    stamps: dict[str, Any] = {
        "updated": "2026-01-01T00:00:00Z",
        "created": "2026-01-01T00:00:00Z",
        "sequence": 1,
    }
    newer: dict[str, Any] = {"updated": "2026-02-02T00:00:00Z", "sequence": 7}
    overrides: dict[str, Any] = {
        "recurrenceOverrides": {"2026-10-06T20:00:00": {"title": "Late", **stamps}}
    }
    later: dict[str, Any] = {
        "recurrenceOverrides": {"2026-10-06T20:00:00": {"title": "Late", **newer}}
    }
    kept: dict[str, Any] = {
        NAMESPACE: {"iCalendar": {"lines": ["DTSTAMP:20260101T000000Z", "X-A:1"]}}
    }
    again: dict[str, Any] = {
        NAMESPACE: {"iCalendar": {"lines": ["DTSTAMP:20260202T000000Z", "X-A:1"]}}
    }
    known = {at("a"): marked(event(**stamps, **overrides, **kept))}
    assert not difference(known, {at("a"): event(**newer, **later, **again)}).written
    other: dict[str, Any] = {NAMESPACE: {"iCalendar": {"lines": ["X-A:2"]}}}
    assert difference(known, {at("a"): event(**newer, **later, **other)}).written


def test_nobody_elses_alerts_are_taken() -> None:
    alert = {"1": {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "-PT5M"}}}
    patch = {"2026-10-06T20:00:00": {"alerts/1/action": "email", "title": "Late"}}
    content = event(alerts=alert, useDefaultAlerts=True, recurrenceOverrides=patch)
    written = difference({}, {at("a"): content}).written
    assert written[at("a")] == marked(
        event(recurrenceOverrides={"2026-10-06T20:00:00": {"title": "Late"}})
    )
    assert not difference(dict(written), {at("a"): content}).written


def test_what_people_added_stays_theirs() -> None:
    known = {at("mine"): event("Mine"), at("a"): marked(event())}
    change = difference(known, {})
    assert change.removed == [at("a")]
    assert difference(known, {at("mine"): event("Mine")}).written == {
        at("mine"): marked(event("Mine"))
    }


def test_a_calendar_that_makes_new_uids_each_time_fills_no_room() -> None:
    known = {at("old-1"): marked(event()), at("old-2"): marked(event("Rock"))}
    wanted = {at("new-1"): event(), at("new-2"): event("Rock"), at("new-3"): event()}
    change = difference(known, wanted)
    assert list(change.written) == [at("new-3")]
    assert change.removed == []


def test_an_entry_that_can_not_be_read_any_more_is_not_removed() -> None:
    strange = "strange uid/with slash"
    known = {
        at("a"): marked(event("Jazz")),
        at(key_of(strange)): marked(event("")),
        at("b"): marked(event("Rock")),
    }
    change = difference(known, {}, [Refused("Jazz", "why"), Refused(strange, "why")])
    assert change.removed == [at("b")]


UIDS = st.sampled_from("abcdef")
CONTENTS = st.dictionaries(UIDS.map(at), st.sampled_from([event(), event("Rock"), event("Pop")]))


@given(before=CONTENTS, own=CONTENTS, wanted=CONTENTS)
def test_after_a_change_there_is_nothing_left_to_change(before: Any, own: Any, wanted: Any) -> None:
    known = {**{key: marked(each) for key, each in before.items()}, **own}
    change = difference(known, wanted)
    after = {**known, **change.written}
    for key in change.removed:
        assert is_marked(after.pop(key))
    again = difference(after, wanted)
    assert not again.written
    assert not again.removed
    shown = sorted(each["title"] for each in after.values() if is_marked(each))
    assert shown == sorted(each["title"] for each in wanted.values())
