"""JSCalendar's times, durations and participants, and what answers are laid over them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from twin_module.core.jscalendar import (
    DURATION,
    LONGEST_DAYS,
    SIGNED_DURATION,
    duration_of,
    duration_text,
    local_of,
    local_text,
    matrix_id_of,
    parts_of_duration,
    time_key,
    utc_of,
    utc_text,
    with_answers,
)
from twin_module.core.state import frozen, plain
from twin_module.testing.json_strategies import odd_json

ALICE, BOB = "@alice:alice.test", "@bob:bob.test"


@pytest.mark.parametrize(
    ("text", "days", "seconds"),
    [
        ("P1W2DT3H4M5S", 9, 11_045),
        ("P1D", 1, 0),
        ("PT0S", 0, 0),
        ("PT1H30S", 0, 3630),
        ("PT90M", 0, 5400),
        ("PT1.5S", 0, 1),
        ("-PT15M", 0, -900),
        ("+P1D", 1, 0),
        ("-P1DT1H", -1, -3600),
        ("P999999999W", LONGEST_DAYS, 0),
        ("PT999999999H", 0, LONGEST_DAYS * 86_400),
    ],
)
def test_durations_are_days_of_the_calendar_and_time(text: str, days: int, seconds: int) -> None:
    assert re.fullmatch(SIGNED_DURATION, text)
    assert bool(re.fullmatch(DURATION, text)) == text.startswith("P")
    assert parts_of_duration(text) == (timedelta(days=days), timedelta(seconds=seconds))
    assert duration_of(text) == timedelta(days=days, seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "1H", "P1H", "PT1D", "P1Y", "P1M", "PT1H\n", "P-1D", "P1DT", "p1d", 5]
)
def test_what_is_no_duration_lasts_no_time(text: Any) -> None:
    assert duration_of(text) == timedelta()
    assert not isinstance(text, str) or not re.search(DURATION.replace("$", r"\Z"), text)


@given(st.timedeltas(timedelta(days=-LONGEST_DAYS), timedelta(days=LONGEST_DAYS)))
def test_durations_that_are_written_are_read_as_the_same(lasts: timedelta) -> None:
    lasts = timedelta(days=lasts.days, seconds=lasts.seconds)
    assert duration_of(duration_text(lasts)) == lasts
    assert re.fullmatch(SIGNED_DURATION, duration_text(lasts))


@pytest.mark.parametrize(
    ("lasts", "text"),
    [
        (timedelta(), "PT0S"),
        (timedelta(days=7), "P7D"),
        (timedelta(hours=1, minutes=30), "PT1H30M"),
        (timedelta(minutes=-15), "-PT15M"),
    ],
)
def test_durations_are_written_shortly(lasts: timedelta, text: str) -> None:
    assert duration_text(lasts) == text


@given(st.datetimes())
def test_times_that_are_written_are_read_as_the_same(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    assert local_of(local_text(moment)) == moment
    in_utc = moment.replace(tzinfo=UTC)
    assert utc_of(utc_text(in_utc)) == in_utc


@pytest.mark.parametrize(
    "text",
    [
        *("2026-02-30T00:00:00", "0000-01-01T00:00:00", "2026-01-01", "2026-01-01T24:00:00"),
        *("2026-01-01T00:00:00+01:00", "2026-01-01 00:00:00", "2026-01-01T00:00:00\n", "", None),
        *(5, "20260101T000000", "2026-01-01T00:00:00.5"),
    ],
)
def test_what_no_calendar_has_is_no_time(text: Any) -> None:
    assert local_of(text) is None
    assert utc_of(text if text is None else f"{text}Z") is None
    assert utc_of("2026-01-01T00:00:00") is None


@pytest.mark.parametrize(
    ("key", "person", "expected"),
    [
        (ALICE, {}, ALICE),
        ("a", {"sendTo": {"matrix": "matrix:u/alice:alice.test"}}, ALICE),
        (ALICE, {"sendTo": {"matrix": "matrix:u/bob:bob.test"}}, ALICE),
        ("a", {"sendTo": {"imip": "mailto:alice@alice.test"}}, None),
        ("a", {"sendTo": {"matrix": "matrix:r/room:alice.test"}}, None),
        ("alice@alice.test", {}, None),
        ("@a b:c", {}, None),
    ],
)
def test_who_a_participant_is_in_matrix(key: str, person: Any, expected: str | None) -> None:
    assert matrix_id_of(key, frozen(person)) == expected


@given(st.text(), odd_json())
def test_whoever_a_stranger_says_takes_part_nothing_is_raised(key: str, person: Any) -> None:
    matrix_id_of(key, person)


# Answers

EVENT = {
    "@type": "Event",
    "title": "Choir",
    "start": "2026-07-01T12:00:00",
    "duration": "PT1H",
    "timeZone": "Europe/Berlin",
    "recurrenceRules": [{"frequency": "daily"}],
    "participants": {
        BOB: {"roles": {"attendee": True}, "participationStatus": "needs-action"},
        "erin": {"name": "Erin", "participationStatus": "tentative"},
    },
}


@pytest.mark.parametrize(
    "changes",
    [
        {"start": "2026-07-01T12:00:01"},
        {"duration": "PT2H"},
        {"timeZone": None},
        {"showWithoutTime": True},
        {"recurrenceRules": [{"frequency": "weekly"}]},
        {"excludedRecurrenceRules": [{"frequency": "weekly"}]},
        {"recurrenceOverrides": {"2026-07-02T12:00:00": {"start": "2026-07-02T13:00:00"}}},
    ],
)
def test_another_time_is_asked_about_again(changes: Any) -> None:
    assert time_key({**EVENT, **changes}) != time_key(EVENT)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Other"},
        {"participants": {}},
        {"sequence": 7},
        {"showWithoutTime": False},
        {"recurrenceOverrides": {}},
        {"recurrenceOverrides": {"2026-07-02T12:00:00": {"title": "Other"}}},
        {"recurrenceOverrides": {"2026-07-02T12:00:00": {"excluded": True}}},
    ],
)
def test_the_same_time_is_not_asked_about_again(changes: Any) -> None:
    assert time_key(frozen({**EVENT, **changes})) == time_key(EVENT)


def test_what_is_left_out_is_as_what_is_said_to_be_usual() -> None:
    bare = {"start": EVENT["start"]}
    assert time_key(bare) == time_key({**bare, "duration": "PT0S", "timeZone": None})


def test_times_that_are_only_listed_count_as_times() -> None:
    listed = {"start": EVENT["start"], "recurrenceOverrides": {"2026-07-02T12:00:00": {}}}
    assert time_key(listed) != time_key({"start": EVENT["start"]})


def answered(**answers: Any) -> dict[str, Any]:
    """Return the participation of Bob and Erin, as Bob's answer makes it."""
    shown = with_answers(frozen(EVENT), {BOB: frozen(answers)} if answers else {})
    people: dict[str, Any] = plain(shown["participants"])
    return people


def test_people_answer_for_themselves() -> None:
    people = answered(participationStatus="accepted", answered=time_key(EVENT), comment="Gladly")
    assert people[BOB]["participationStatus"] == "accepted"
    assert people[BOB]["participationComment"] == "Gladly"
    assert people["erin"]["participationStatus"] == "tentative"


def test_an_answer_to_another_time_is_none() -> None:
    accepted = {**EVENT["participants"][BOB], "participationStatus": "accepted"}  # type: ignore[index]
    content = frozen({**EVENT, "participants": {BOB: accepted}})
    shown = with_answers(
        content, {BOB: frozen({"participationStatus": "accepted", "answered": "x"})}
    )
    assert shown["participants"][BOB]["participationStatus"] == "needs-action"


def test_without_an_answer_what_the_event_says_counts() -> None:
    assert answered() == EVENT["participants"]


def test_who_is_not_invited_does_not_take_part_by_answering() -> None:
    answer = frozen({"participationStatus": "accepted", "answered": time_key(EVENT)})
    assert with_answers(frozen(EVENT), {ALICE: answer}) == frozen(EVENT)
