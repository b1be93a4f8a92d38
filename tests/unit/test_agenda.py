"""The agenda: every command on single events and on series, people and their answers, the view."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from twin_module.core.busy import merged, overlapping, takes_time
from twin_module.core.effects import Put
from twin_module.core.errors import InvalidParam, NotFound
from twin_module.core.event_people import MOST_ANSWERS, MOST_BYTES, kept_answers
from twin_module.core.event_types import EVENT, RSVP
from twin_module.core.jscalendar import time_key
from twin_module.core.recurrence import FOREVER, Occurrence, occurrences
from twin_module.core.state import frozen, plain
from twin_module.rooms.agenda import AGENDA, NEXT
from twin_module.testing.stage import NEW_UID, NOW, Stage
from twin_module.testing.strategies import ALICE, BOB, CAROL, ROOM, event_of, state_of

MONDAY = "2027-01-04T18:00:00"
SECOND, THIRD = "2027-01-11T18:00:00", "2027-01-18T18:00:00"
WEEKLY = {"frequency": "weekly", "byDay": [{"day": "mo"}]}
STAMPS = {"created": "2026-12-24T12:00:00Z", "updated": "2026-12-24T12:00:00Z"}
UTC_ZONE = ZoneInfo("UTC")


def agenda(**events: dict[str, Any]) -> Stage:
    """Return a room with events by uid; each is at six on a Monday where it says nothing else."""
    usual = {"@type": "Event", "start": MONDAY, "duration": "PT1H", "timeZone": "UTC"}
    whole = {uid: {**usual, "title": uid, **event} for uid, event in events.items()}
    return Stage(
        AGENDA, state_of(*(event_of(EVENT.type, uid, each) for uid, each in whole.items()))
    )


def series(*rules: dict[str, Any], **fields: Any) -> Stage:
    """Return a room with a weekly event `a`, unless other rules are named."""
    return agenda(a={"recurrenceRules": list(rules or (WEEKLY,)), **fields})


def days(stage: Stage, uid: str = "a", until: str = "2027-02-10") -> list[str]:
    """Return when an event takes place, as days and hours in UTC."""
    if (EVENT.type, uid) not in stage.state or not stage.content(uid):
        return []
    window = datetime(2026, 1, 1, tzinfo=UTC), datetime.fromisoformat(until).replace(tzinfo=UTC)
    found = occurrences(frozen(stage.content(uid)), *window, UTC_ZONE)
    return [f"{each.start:%m-%d %H}" for each in found]


ALL_DAYS = ["01-04 18", "01-11 18", "01-18 18", "01-25 18", "02-01 18", "02-08 18"]


# Single events


def test_an_event_is_added_with_what_was_said() -> None:
    after = agenda().run("add", title="Choir", start=MONDAY, locations={"1": {"name": "Hall"}})
    assert after.content(NEW_UID) == {
        "@type": "Event",
        "title": "Choir",
        "start": MONDAY,
        "locations": {"1": {"name": "Hall"}},
        "sequence": 0,
        **STAMPS,
    }


def test_an_event_can_have_a_uid_of_the_callers_choice() -> None:
    assert (
        "mine"
        in agenda()
        .run("add", title="Choir", start=MONDAY, uid="mine")
        .state[EVENT.type, "mine"]
        .state_key
    )


def test_people_are_invited_as_an_event_is_added() -> None:
    people = agenda().run("add", title="Choir", start=MONDAY, invite=[BOB]).content(NEW_UID)
    assert people["participants"] == {
        ALICE: {
            "@type": "Participant",
            "roles": {"owner": True},
            "participationStatus": "accepted",
        },
        BOB: {
            "@type": "Participant",
            "roles": {"attendee": True},
            "participationStatus": "needs-action",
            "expectReply": True,
        },
    }


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"start": "2026-02-29T12:00:00"}, "start: no calendar has the day"),
        ({"timeZone": "Europe/Atlantis"}, "is not the name of a zone"),
        ({"recurrenceOverrides": {"2026-02-30T12:00:00": {}}}, "recurrenceOverrides: no calendar"),
        (
            {"recurrenceRules": [{"frequency": "daily", "until": "2026-02-30T12:00:00"}]},
            "recurrenceRules: no calendar",
        ),
    ],
)
@pytest.mark.parametrize("command", ["add", "change"])
def test_what_no_calendar_has_is_refused(command: str, fields: Any, sentence: str) -> None:
    asked = {"title": "Choir", "start": MONDAY, "uid": "a", **fields}
    with pytest.raises(InvalidParam, match=sentence):
        agenda(a={}).run(command, **asked)


def test_fields_are_changed_and_taken_away() -> None:
    after = agenda(a={"description": "x", "color": "red"}).run(
        "change", uid="a", description=None, color="blue"
    )
    assert after.content("a") == {
        "@type": "Event",
        "title": "a",
        "start": MONDAY,
        "duration": "PT1H",
        "timeZone": "UTC",
        "color": "blue",
        "updated": STAMPS["updated"],
    }


@pytest.mark.parametrize(
    ("fields", "sequence"),
    [
        ({"start": SECOND}, 4),
        ({"duration": None}, 4),
        ({"timeZone": None}, 4),
        ({"recurrenceRules": [WEEKLY]}, 4),
        ({"status": "cancelled"}, 4),
        ({"title": "Other"}, 3),
        ({"color": "red"}, 3),
    ],
)
def test_people_have_to_look_again_where_the_time_is_another(fields: Any, sequence: int) -> None:
    after = agenda(a={"sequence": 3}).run("change", uid="a", **fields).content("a")
    assert (after["sequence"], after["updated"]) == (sequence, STAMPS["updated"])


def test_changing_nothing_changes_nothing() -> None:
    assert agenda(a={"sequence": 3}).decide("change", uid="a", title="a", start=MONDAY) == []


def test_a_cancelled_event_stays_visible() -> None:
    after = agenda(a={}).run("cancel", uid="a")
    assert [each["status"] for each in after.shown()["events"]] == ["cancelled"]


def test_a_removed_event_is_gone() -> None:
    assert agenda(a={}).run("remove", uid="a").shown()["events"] == []


@pytest.mark.parametrize("command", ["change", "cancel", "remove", "invite", "uninvite", "answer"])
def test_what_is_not_there_is_not_found(command: str) -> None:
    asked = {"user_ids": [BOB], "participationStatus": "accepted"}
    with pytest.raises(NotFound, match="no event 'b' in this room"):
        agenda(a={}).run(command, uid="b", **asked)


@pytest.mark.parametrize("scope", ["this", "following"])
def test_a_part_of_a_series_has_to_be_named(scope: str) -> None:
    with pytest.raises(InvalidParam, match="recurrence_id"):
        series().run("change", uid="a", scope=scope, title="Other")


@pytest.mark.parametrize("recurrence_id", ["2027-01-05T18:00:00", "2026-12-28T18:00:00", MONDAY])
@pytest.mark.parametrize("scope", ["this", "following", "all"])
def test_a_time_at_which_nothing_is_is_not_found(recurrence_id: str, scope: str) -> None:
    stage = agenda(a={}) if recurrence_id == MONDAY else series()
    with pytest.raises(NotFound, match="does not take place"):
        stage.run("change", uid="a", recurrence_id=recurrence_id, scope=scope, title="Other")


# One time of a series


def test_one_time_is_changed() -> None:
    after = series().run("change", uid="a", recurrence_id=SECOND, title="Other", duration="PT2H")
    assert after.content("a")["recurrenceOverrides"] == {
        SECOND: {"title": "Other", "duration": "PT2H"}
    }
    assert after.content("a")["title"] == "a"


def test_one_time_is_moved() -> None:
    after = series().run("change", uid="a", recurrence_id=SECOND, start="2027-01-12T20:00:00")
    assert days(after)[:3] == ["01-04 18", "01-12 20", "01-18 18"]


def test_what_is_as_usual_again_needs_no_override() -> None:
    once = series().run(
        "change", uid="a", recurrence_id=SECOND, title="Other", start="2027-01-12T20:00:00"
    )
    again = once.run("change", uid="a", recurrence_id=SECOND, title="a", start=SECOND)
    assert again.content("a")["recurrenceOverrides"] == {SECOND: {}}
    assert days(again) == ALL_DAYS


def test_a_patch_inside_of_a_field_gives_way_to_one_of_the_field() -> None:
    override = {SECOND: {"locations/1/name": "There", "title": "Other"}}
    stage = series(locations={"1": {"name": "Here"}}, recurrenceOverrides=override)
    after = stage.run("change", uid="a", recurrence_id=SECOND, locations={"2": {"name": "Far"}})
    assert after.content("a")["recurrenceOverrides"] == {
        SECOND: {"locations": {"2": {"name": "Far"}}, "title": "Other"}
    }


@pytest.mark.parametrize("field", ["recurrenceRules", "privacy"])
def test_one_time_has_no_series_of_its_own(field: str) -> None:
    value: Any = "secret" if field == "privacy" else [WEEKLY]
    with pytest.raises(InvalidParam, match="the same each time"):
        series().run("change", uid="a", recurrence_id=SECOND, **{field: value})


def test_one_time_is_removed_or_cancelled() -> None:
    removed = series().run("remove", uid="a", recurrence_id=SECOND)
    assert days(removed) == [day for day in ALL_DAYS if day != "01-11 18"]
    assert removed.content("a")["sequence"] == 1
    cancelled = series().run("cancel", uid="a", recurrence_id=SECOND)
    assert cancelled.content("a")["recurrenceOverrides"] == {SECOND: {"status": "cancelled"}}
    assert days(cancelled) == ALL_DAYS
    with pytest.raises(NotFound):
        removed.run("remove", uid="a", recurrence_id=SECOND)


def test_a_time_that_was_added_is_taken_out_again() -> None:
    extra = "2027-01-13T10:00:00"
    stage = agenda(a={"recurrenceOverrides": {extra: {}}})
    assert days(stage) == ["01-04 18", "01-13 10"]
    assert days(stage.run("remove", uid="a", recurrence_id=extra)) == ["01-04 18"]
    assert days(stage.run("remove", uid="a", recurrence_id=MONDAY)) == ["01-13 10"]


# All of a series


def test_all_of_a_series_is_changed() -> None:
    after = series().run("change", uid="a", recurrence_id=SECOND, scope="all", title="Other")
    assert after.content("a")["title"] == "Other"
    assert "recurrenceOverrides" not in after.content("a")


def test_all_times_move_as_far_as_one_does() -> None:
    stage = series(recurrenceOverrides={THIRD: {"excluded": True}})
    after = stage.run(
        "change", uid="a", recurrence_id=SECOND, scope="all", start="2027-01-12T20:00:00"
    )
    assert after.content("a")["start"] == "2027-01-05T20:00:00"
    assert days(after) == ["01-05 20", "01-12 20", "01-26 20", "02-02 20", "02-09 20"]


def test_a_series_ends_as_late_as_before_when_it_moves() -> None:
    stage = series({**WEEKLY, "until": SECOND})
    assert days(stage.run("change", uid="a", start="2027-01-04T20:00:00")) == [
        "01-04 20",
        "01-11 20",
    ]


@pytest.mark.parametrize(
    ("rule", "to", "expected"),
    [
        (
            {"frequency": "monthly", "byMonthDay": [4]},
            "2027-01-07T18:00:00",
            {"frequency": "monthly", "byMonthDay": [7]},
        ),
        (
            {"frequency": "monthly", "byDay": [{"day": "mo", "nthOfPeriod": 1}]},
            "2027-01-12T18:00:00",
            {"frequency": "monthly", "byDay": [{"day": "tu", "nthOfPeriod": 2}]},
        ),
        (
            {"frequency": "yearly", "byMonth": ["1"], "byMonthDay": [4]},
            "2027-03-09T18:00:00",
            {"frequency": "yearly", "byMonth": ["3"], "byMonthDay": [9]},
        ),
        (
            {"frequency": "monthly", "byMonthDay": [1, 15]},
            "2027-01-05T18:00:00",
            {"frequency": "monthly", "byMonthDay": [1, 15]},
        ),
    ],
)
def test_rules_that_name_the_day_of_the_start_name_the_new_one(
    rule: Any, to: str, expected: Any
) -> None:
    after = series(rule).run("change", uid="a", start=to)
    assert after.content("a")["recurrenceRules"] == [expected]


def test_a_series_that_is_changed_as_a_whole_has_the_rules_that_were_said() -> None:
    rules = [{"frequency": "daily", "count": 2}]
    after = series().run("change", uid="a", start=SECOND, recurrenceRules=rules)
    assert days(after) == ["01-11 18", "01-12 18"]


@pytest.mark.parametrize("command", ["change", "remove", "cancel"])
def test_from_the_first_time_on_is_all_of_it(command: str) -> None:
    fields = {"title": "Other"} if command == "change" else {}
    after = series().run(command, uid="a", recurrence_id=MONDAY, scope="following", **fields)
    assert (EVENT.type, NEW_UID) not in after.state


# From one time on


def test_a_series_is_cut_in_two() -> None:
    after = series(uid="ical", participants={BOB: {"roles": {"attendee": True}}}).run(
        "change", uid="a", recurrence_id=THIRD, scope="following", title="Other"
    )
    assert days(after) == ALL_DAYS[:2]
    assert days(after, NEW_UID) == ALL_DAYS[2:]
    old, new = after.content("a"), after.content(NEW_UID)
    assert (old["title"], new["title"]) == ("a", "Other")
    assert old["relatedTo"] == {NEW_UID: {"@type": "Relation", "relation": {"next": True}}}
    assert new["relatedTo"] == {"a": {"@type": "Relation", "relation": {"first": True}}}
    assert new["participants"] == old["participants"]
    assert (old["uid"], new.get("uid")) == ("ical", None)
    assert (old["sequence"], new["sequence"], new["created"]) == (1, 0, STAMPS["created"])


def test_a_series_that_is_cut_again_names_the_first_and_the_next() -> None:
    once = series().run("change", uid="a", recurrence_id=THIRD, scope="following", title="Other")
    second = Stage(AGENDA, state_of(event_of(EVENT.type, "b", once.content(NEW_UID))))
    again = second.run(
        "change", uid="b", recurrence_id="2027-02-01T18:00:00", scope="following", title="Third"
    )
    assert again.content(NEW_UID)["relatedTo"] == {
        "a": {"@type": "Relation", "relation": {"first": True}}
    }
    assert set(again.content("b")["relatedTo"]) == {"a", NEW_UID}


def test_overrides_go_to_where_they_belong() -> None:
    overrides = {
        SECOND: {"title": "Second"},
        THIRD: {"title": "Third", "color": "red"},
        "2027-01-25T18:00:00": {"excluded": True},
    }
    after = series(recurrenceOverrides=overrides).run(
        "change", uid="a", recurrence_id=THIRD, scope="following", title="Other"
    )
    assert after.content("a")["recurrenceOverrides"] == {SECOND: {"title": "Second"}}
    assert after.content(NEW_UID)["recurrenceOverrides"] == {
        THIRD: {"color": "red"},
        "2027-01-25T18:00:00": {"excluded": True},
    }


def test_what_follows_can_move() -> None:
    overrides = {"2027-01-25T18:00:00": {"excluded": True}}
    after = series(recurrenceOverrides=overrides).run(
        "change", uid="a", recurrence_id=THIRD, scope="following", start="2027-01-19T20:00:00"
    )
    assert days(after) == ALL_DAYS[:2]
    assert days(after, NEW_UID) == ["01-19 20", "02-02 20", "02-09 20"]


def test_times_that_are_counted_are_shared_out() -> None:
    after = series({**WEEKLY, "count": 5}).run(
        "change", uid="a", recurrence_id=THIRD, scope="following", title="Other"
    )
    assert days(after) == ALL_DAYS[:2]
    assert days(after, NEW_UID) == ALL_DAYS[2:5]


def test_a_series_is_removed_or_cancelled_from_one_time_on() -> None:
    removed = series().run("remove", uid="a", recurrence_id=THIRD, scope="following")
    assert days(removed) == ALL_DAYS[:2]
    assert (EVENT.type, NEW_UID) not in removed.state
    cancelled = series().run("cancel", uid="a", recurrence_id=THIRD, scope="following")
    assert cancelled.content(NEW_UID)["status"] == "cancelled"
    assert "status" not in cancelled.content("a")


@pytest.mark.parametrize(
    "rules",
    [
        [{"frequency": "weekly", "interval": 2}, {"frequency": "weekly"}],
        [{"frequency": "weekly", "count": 9}, {"frequency": "monthly"}],
    ],
)
def test_rules_that_would_come_otherwise_after_a_cut_are_not_cut(rules: Any) -> None:
    with pytest.raises(InvalidParam, match="can't be cut"):
        series(*rules).run("remove", uid="a", recurrence_id=THIRD, scope="following")


def test_a_series_is_not_cut_at_a_time_that_was_added() -> None:
    extra = "2027-01-13T10:00:00"
    with pytest.raises(InvalidParam, match="was added"):
        series(recurrenceOverrides={extra: {}}).run(
            "remove", uid="a", recurrence_id=extra, scope="following"
        )


def test_times_that_are_only_listed_are_cut_as_well() -> None:
    listed: dict[str, Any] = {"2027-01-13T10:00:00": {}, "2027-01-14T10:00:00": {}}
    after = agenda(a={"recurrenceOverrides": listed}).run(
        "change", uid="a", recurrence_id="2027-01-13T10:00:00", scope="following", title="Other"
    )
    assert days(after) == ["01-04 18"]
    assert days(after, NEW_UID) == ["01-13 10", "01-14 10"]


@given(
    st.integers(1, 5),
    st.sampled_from(["daily", "weekly", "monthly"]),
    st.sampled_from([{}, {"count": 12}, {"until": "2027-03-01T18:00:00"}]),
    st.integers(1, 11),
    st.integers(-100, 100),
)
def test_cutting_changes_no_time_before_and_moves_all_behind_alike(
    interval: int, frequency: str, end: Any, number: int, hours: int
) -> None:
    stage = series({"frequency": frequency, "interval": interval, **end})
    before = occurrences(
        frozen(stage.content("a")),
        datetime(2027, 1, 1, tzinfo=UTC),
        datetime(2027, 9, 1, tzinfo=UTC),
        UTC_ZONE,
    )
    times = [each.recurrence_id or "" for each in before]
    if number >= len(times):
        return
    at = times[number]
    to = datetime.fromisoformat(at) + timedelta(hours=hours)
    change = {"start": f"{to:%Y-%m-%dT%H:%M:%S}"} if frequency != "monthly" else {"title": "Other"}
    after = stage.run("change", uid="a", recurrence_id=at, scope="following", **change)
    assert days(after, until="2027-09-01") == [f"{shown(each)}" for each in times[:number]]
    moved = hours if frequency != "monthly" else 0
    expected = [shown(each, moved) for each in times[number:]]
    found = days(after, NEW_UID, until="2027-10-01")
    assert found[: len(expected)] == expected


def shown(recurrence_id: str, hours: int = 0) -> str:
    return f"{datetime.fromisoformat(recurrence_id) + timedelta(hours=hours):%m-%d %H}"


# People


def test_inviting_somebody_twice_changes_nothing() -> None:
    once = agenda(a={}).run("invite", uid="a", user_ids=[BOB, CAROL])
    assert once.content("a")["sequence"] == 1
    assert once.decide("invite", uid="a", user_ids=[CAROL, BOB]) == []


def test_who_has_another_role_gets_one_more_and_keeps_what_was_said() -> None:
    chair = {"roles": {"chair": True}, "participationStatus": "accepted", "name": "Bob"}
    after = agenda(a={"participants": {BOB: chair}}).run("invite", uid="a", user_ids=[BOB])
    bob = after.content("a")["participants"][BOB]
    assert bob["roles"] == {"chair": True, "attendee": True}
    assert (bob["participationStatus"], bob["name"]) == ("accepted", "Bob")


def test_who_stands_there_under_another_name_is_not_invited_twice() -> None:
    bob = {"sendTo": {"matrix": "matrix:u/bob:bob.test"}, "roles": {"owner": True}}
    stage = agenda(a={"participants": {"1": bob}})
    people = stage.run("invite", uid="a", user_ids=[BOB]).content("a")["participants"]
    assert set(people) == {"1"}
    assert stage.run("uninvite", uid="a", user_ids=[BOB]).content("a") == stage.content("a")


def test_who_is_taken_off_is_gone_unless_they_have_another_role() -> None:
    invited = agenda(a={}).run("invite", uid="a", user_ids=[BOB, ALICE])
    after = invited.run("uninvite", uid="a", user_ids=[BOB, ALICE, CAROL])
    assert set(after.content("a")["participants"]) == {ALICE}
    assert after.content("a")["participants"][ALICE]["roles"] == {"owner": True}
    assert after.decide("uninvite", uid="a", user_ids=[BOB]) == []


def test_an_answer_stands_in_what_only_oneself_can_write() -> None:
    stage = agenda(a={"participants": {ALICE: {"roles": {"attendee": True}}}})
    [put] = stage.decide("answer", uid="a", participationStatus="accepted", comment="Gladly")
    assert isinstance(put, Put)
    assert (put.type, put.state_key) == (RSVP.type, ALICE)
    assert plain(put.content) == {
        "answers": {
            "a": {
                "participationStatus": "accepted",
                "answered": time_key(stage.content("a")),
                "comment": "Gladly",
                "updated": STAMPS["updated"],
            }
        }
    }
    after = stage.after([put])
    person = after.shown()["events"][0]["participants"][ALICE]
    assert (person["participationStatus"], person["participationComment"]) == ("accepted", "Gladly")
    assert after.decide("answer", uid="a", participationStatus="accepted", comment="Gladly") == []
    assert len(after.decide("answer", uid="a", participationStatus="accepted")) == 1


def test_another_time_asks_again_and_another_title_does_not() -> None:
    stage = agenda(a={"participants": {ALICE: {"roles": {"attendee": True}}}})
    answered = stage.run("answer", uid="a", participationStatus="declined")

    def status(changed: Stage) -> Any:
        return changed.shown()["events"][0]["participants"][ALICE]["participationStatus"]

    assert status(answered.run("change", uid="a", title="Other")) == "declined"
    assert status(answered.run("change", uid="a", start=SECOND)) == "needs-action"


def test_answers_to_other_events_stay() -> None:
    stage = agenda(a={}, b={})
    both = stage.run("answer", uid="a", participationStatus="accepted").run(
        "answer", uid="b", participationStatus="declined"
    )
    assert set(both.content(ALICE, RSVP.type)["answers"]) == {"a", "b"}


def answer(updated: str = "2026-01-01T00:00:00Z", **fields: Any) -> dict[str, Any]:
    return {"participationStatus": "accepted", "answered": "x", "updated": updated, **fields}


def test_many_answers_are_cleared_of_those_that_nobody_needs() -> None:
    event = {"@type": "Event", "title": "A", "timeZone": "UTC"}
    events = {
        "coming": frozen({**event, "start": "2027-01-01T00:00:00"}),
        "lately": frozen({**event, "start": "2026-01-01T00:00:00"}),
        "past": frozen({**event, "start": "2020-01-01T00:00:00"}),
        "series": frozen(
            {**event, "start": "2020-01-01T00:00:00", "recurrenceRules": [{"frequency": "daily"}]}
        ),
    }
    few = frozen({uid: answer() for uid in events})
    assert kept_answers(few, events, NOW) == few
    many = few.update({f"gone{number}": frozen(answer()) for number in range(MOST_ANSWERS)})
    assert set(kept_answers(many, events, NOW)) == {"coming", "lately", "series"}


def test_answers_that_are_too_long_are_cleared_of_the_oldest() -> None:
    start = {"start": "2027-01-01T00:00:00"}
    events = {str(number): frozen(start) for number in range(40)}
    long = frozen(
        {uid: answer(f"2026-01-01T00:00:{int(uid):02}Z", comment="x" * 1900) for uid in events}
    )
    kept = kept_answers(long, events, NOW)
    assert 15 < len(kept) < MOST_BYTES / 1900
    assert sorted(map(int, kept)) == list(range(40 - len(kept), 40))


# Moving


def test_an_event_moves_with_what_was_answered() -> None:
    stage = agenda(a={"participants": {ALICE: {"roles": {"attendee": True}}}, "new": 1}).run(
        "answer", uid="a", participationStatus="accepted"
    )
    there, here = stage.decide("move", uid="a", to_room_id="!there")
    assert isinstance(there, Put)
    assert isinstance(here, Put)
    assert (there.room_id, there.state_key, here.room_id, plain(here.content)) == (
        *("!there", "a", None),
        {},
    )
    assert there.content["participants"][ALICE]["participationStatus"] == "accepted"
    assert there.content["new"] == 1
    assert stage.decide("move", uid="a", to_room_id=ROOM) == []


# What readers see


def test_events_come_by_start_with_their_uids() -> None:
    stage = agenda(a={"start": SECOND}, b={}, c={"uid": "other"})
    assert [each["uid"] for each in stage.shown()["events"]] == ["b", "c", "a"]


def test_the_next_occurrences_are_those_that_are_not_over() -> None:
    stage = agenda(
        a={"recurrenceRules": [WEEKLY]},
        b={"start": "2026-12-24T11:30:00"},
        c={"start": "2026-12-24T10:00:00"},
    )
    coming = stage.shown()["next"]
    assert coming[0] == {
        "uid": "b",
        "start": "2026-12-24T11:30:00Z",
        "end": "2026-12-24T12:30:00Z",
    }
    assert coming[1]["recurrence_id"] == MONDAY
    assert {each["uid"] for each in coming} == {"a", "b"}
    assert len(coming) == NEXT


def test_what_overlaps_is_shown_in_pairs() -> None:
    stage = agenda(
        a={},
        b={"start": "2027-01-04T18:30:00"},
        c={"start": "2027-01-04T19:00:00"},
        d={"status": "cancelled"},
        e={"freeBusyStatus": "free"},
    )
    pairs = [[each["uid"] for each in pair] for pair in stage.shown()["conflicts"]]
    assert pairs == [["a", "b"], ["b", "c"]]


def test_many_costly_events_do_not_make_a_view_costly() -> None:
    costly = {
        "recurrenceRules": [
            {"frequency": "daily", "byMonth": ["2"], "byMonthDay": [30], "count": 9}
        ]
    }
    stage = agenda(
        **{f"e{number}": {**costly, "start": "0001-01-01T00:00:00"} for number in range(200)}, z={}
    )
    assert [each["uid"] for each in stage.shown()["next"]] == ["z"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (MONDAY, "2027-01-04T19:00:00")),
        ({"timeZone": "America/New_York"}, (MONDAY, "2027-01-04T19:00:00")),
        ({"duration": "P1DT2H"}, (MONDAY, "2027-01-05T20:00:00")),
        ({"start": "2027-02-30T18:00:00"}, (None, None)),
        (
            {"start": "2027-01-04T00:00:00", "showWithoutTime": True, "duration": "P3D"},
            ("2027-01-04T00:00:00", "2027-01-07T00:00:00"),
        ),
    ],
)
def test_events_are_found_by_the_local_time_at_which_they_begin_and_end(
    fields: Any, expected: Any
) -> None:
    content = frozen(agenda(a=fields).content("a"))
    assert tuple(EVENT.filters[name].read(content) for name in ("start", "end")) == expected


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        ("status", {}, "confirmed"),
        ("keyword", {"keywords": {"b": True, "a": True}}, ["a", "b"]),
        (
            "participant",
            {
                "participants": {
                    BOB: {},
                    "x": {"sendTo": {"matrix": "matrix:u/alice:alice.test"}},
                    "erin": {},
                }
            },
            [ALICE, BOB],
        ),
        ("first", {}, 1799085600),
        ("last", {}, 1799089200),
        ("last", {"recurrenceRules": [WEEKLY]}, FOREVER),
        ("first", {"start": "2027-02-30T18:00:00"}, None),
        ("last", {"start": "2027-02-30T18:00:00"}, None),
    ],
)
def test_events_are_found_by_other_things(name: str, fields: Any, expected: Any) -> None:
    assert EVENT.filters[name].read(frozen(agenda(a=fields).content("a"))) == expected


@pytest.mark.parametrize(
    ("key", "fits"), [(ALICE, True), ("a", False), ("", False), ("@a", False), ("@a:b c", False)]
)
def test_answers_stand_under_a_matrix_id(key: str, fits: bool) -> None:
    assert (RSVP.key_problem(key) is None) == fits


# What takes time


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({}, True),
        ({"status": "tentative"}, True),
        ({"status": "cancelled"}, False),
        ({"freeBusyStatus": "free"}, False),
    ],
)
def test_all_take_time_but_what_is_cancelled_or_free(content: Any, expected: bool) -> None:
    assert takes_time(content) == expected


def hour(number: int) -> datetime:
    return NOW + timedelta(hours=number)


spells = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)), max_size=12)


@given(spells)
def test_merged_spells_hold_the_same_time_once(found: list[tuple[int, int]]) -> None:
    together = merged((hour(start), hour(start + lasts)) for start, lasts in found)
    assert all(one[1] < other[0] for one, other in pairwise(together))
    for number in range(50):
        inside = any(start <= number < start + lasts for start, lasts in found)
        assert inside == any(start <= hour(number) < end for start, end in together)


@given(spells)
def test_pairs_are_all_that_overlap(found: list[tuple[int, int]]) -> None:
    placed = [
        (number, Occurrence(hour(start), hour(start + lasts), None, frozen({})))
        for number, (start, lasts) in enumerate(found)
    ]
    pairs = {
        frozenset((one[0], other[0])) for one, other in overlapping(placed, lambda each: each[1])
    }
    assert pairs == {
        frozenset((a, b))
        for a, (start, lasts) in enumerate(found)
        for b, (begins, takes) in enumerate(found)
        if a != b and lasts and takes and start < begins + takes and begins < start + lasts
    }


def test_pairs_are_no_more_than_were_asked_for() -> None:
    placed = [(number, Occurrence(hour(0), hour(1), None, frozen({}))) for number in range(100)]
    assert len(overlapping(placed, lambda each: each[1], 7)) == 7
