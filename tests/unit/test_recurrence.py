"""When things take place: rules, overrides and zones, and that strangers can't make that costly."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from hypothesis import assume, given, strategies as st
from icalendar import Calendar

from twin_module.core import rules
from twin_module.core.jscalendar import local_text
from twin_module.core.recurrence import (
    FOREVER,
    Occurrence,
    occurrence_at,
    occurrences,
    patched,
    span,
)
from twin_module.core.rules import MOST_WORK, Work
from twin_module.core.state import frozen, plain
from twin_module.testing.json_strategies import odd_json

BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")
WEEKDAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")


def event(start: str, *rules: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """Return an event of an hour in Berlin, unless something else is said."""
    usual = {"@type": "Event", "title": "Choir", "duration": "PT1H", "timeZone": "Europe/Berlin"}
    content = {**usual, "start": start, **fields}
    return {**content, "recurrenceRules": list(rules)} if rules else content


def naive(year: int, month: int, day: int) -> datetime:
    """Return a local time, whose zone comes later."""
    return datetime(year, month, day)  # noqa: DTZ001


def at(text: str) -> datetime:
    """Return a time in UTC, of a date or a date and a time."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def between(
    content: Mapping[str, Any], after: str, before: str, zone: ZoneInfo = UTC_ZONE
) -> list[Occurrence]:
    return list(occurrences(frozen(content), at(after), at(before), zone))


def starts(content: Mapping[str, Any], after: str, before: str, zone: ZoneInfo = UTC_ZONE) -> Any:
    """Return the starts of occurrences in UTC, as text without seconds."""
    return [f"{each.start:%Y-%m-%d %H:%M}" for each in between(content, after, before, zone)]


def days(content: Mapping[str, Any], after: str, before: str) -> Any:
    """Return the days of occurrences in UTC."""
    return [f"{each.start:%Y-%m-%d}" for each in between(content, after, before)]


# As another program has it

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
numbers = st.integers(1, 31)


@st.composite
def series(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    """Return an event that recurs, in JSCalendar and in iCalendar, with rules that both read alike.

    They differ where a start does not fit its rule, and in what a rule without days or months takes
    from the start; so the rule of a start that does not fit has no count, and days are named.
    """
    start = draw(st.datetimes(naive(2024, 1, 1), naive(2026, 12, 31))).replace(microsecond=0)
    zone = draw(st.sampled_from(ZONES))
    frequency = draw(st.sampled_from(("yearly", "monthly", "weekly", "daily", "hourly")))
    rule: dict[str, Any] = {"frequency": frequency, "interval": draw(st.integers(1, 5))}
    parts = [f"FREQ={frequency.upper()}", f"INTERVAL={rule['interval']}"]
    if frequency in ("monthly", "weekly", "daily") and draw(st.booleans()):
        months = draw(st.lists(st.integers(1, 12), min_size=1, max_size=6, unique=True))
        rule["byMonth"] = [str(each) for each in months]
        parts.append(f"BYMONTH={','.join(map(str, months))}")
    by = draw(st.sampled_from(("day", "monthday", "none")))
    if by == "day" and frequency in ("monthly", "weekly", "daily"):
        named = draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=4, unique=True))
        nth = draw(st.sampled_from((None, 1, 2, -1))) if frequency == "monthly" else None
        rule["byDay"] = [{"day": day, **({"nthOfPeriod": nth} if nth else {})} for day in named]
        parts.append("BYDAY=" + ",".join(f"{nth or ''}{day.upper()}" for day in named))
    elif by == "monthday" and frequency in ("monthly", "daily"):
        which = draw(st.lists(numbers | numbers.map(lambda n: -n), min_size=1, max_size=4))
        rule["byMonthDay"] = which
        parts.append(f"BYMONTHDAY={','.join(map(str, which))}")
    if frequency == "weekly":
        rule["firstDayOfWeek"] = draw(st.sampled_from(("mo", "su")))
        parts.append(f"WKST={rule['firstDayOfWeek'].upper()}")
    end = draw(st.sampled_from(("never", "until", "count")))
    simple = by == "none" and "byMonth" not in rule
    if end == "until":
        rule["until"] = local_text(start + timedelta(days=draw(st.integers(0, 700))))
        until = datetime.fromisoformat(rule["until"]).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        parts.append(f"UNTIL={until:%Y%m%dT%H%M%SZ}")
    elif end == "count" and simple:
        rule["count"] = draw(st.integers(1, 40))
        parts.append(f"COUNT={rule['count']}")
    content = event(local_text(start), rule, timeZone=zone, duration="PT45M")
    lines = [f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}", "DURATION:PT45M"]
    lines.append(f"RRULE:{';'.join(parts)}")
    return content, "\r\n".join(["BEGIN:VEVENT", "UID:a", *lines, "END:VEVENT"])


def by_another_program(vevents: str, after: datetime, before: datetime) -> list[datetime]:
    """Return when something starts by recurring-ical-events."""
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{vevents}\r\nEND:VCALENDAR\r\n"
    found = recurring_ical_events.of(Calendar.from_ical(text)).between(after, before)
    return sorted(each["DTSTART"].dt.astimezone(UTC) for each in found)


windows = st.tuples(
    st.datetimes(naive(2024, 1, 1), naive(2027, 6, 1), timezones=st.just(UTC)),
    st.timedeltas(timedelta(hours=1), timedelta(days=90)),
)


@given(series(), windows)
def test_series_take_place_when_another_program_says(
    made: tuple[dict[str, Any], str], window: tuple[datetime, timedelta]
) -> None:
    content, vevent = made
    after, before = window[0], window[0] + window[1]
    ours = [each.start for each in occurrences(frozen(content), after, before, UTC_ZONE)]
    assert ours == by_another_program(vevent, after, before)


@given(series(), st.data())
def test_overrides_are_applied_as_another_program_does(
    made: tuple[dict[str, Any], str], data: st.DataObject
) -> None:
    content, vevent = made
    # The other one takes an excluded local time for one in UTC as well.
    assume(content["recurrenceRules"][0]["frequency"] != "hourly")
    zone = content["timeZone"]
    first = at(content["start"])
    after, before = first - timedelta(days=3), first + timedelta(days=60)
    known = [
        str(each.recurrence_id) for each in occurrences(frozen(content), after, before, UTC_ZONE)
    ]
    assume(known)
    chosen = data.draw(st.lists(st.sampled_from(known), max_size=4, unique=True))
    excluded = set(data.draw(st.lists(st.sampled_from(known), max_size=3))) - set(chosen)
    overrides: dict[str, Any] = {each: {"excluded": True} for each in excluded}
    vevents = []
    for recurrence_id in chosen:
        hours = timedelta(hours=data.draw(st.integers(-50, 50)))
        moved = datetime.fromisoformat(recurrence_id) + hours
        overrides[recurrence_id] = {"start": local_text(moved), "title": "Other"}
        vevents.append(
            "\r\n".join(
                [
                    *("BEGIN:VEVENT", "UID:a"),
                    f"RECURRENCE-ID;TZID={zone}:{compact(recurrence_id)}",
                    f"DTSTART;TZID={zone}:{moved:%Y%m%dT%H%M%S}",
                    *("DURATION:PT45M", "END:VEVENT"),
                ]
            )
        )
    for each in excluded:
        vevent = vevent.replace("END:VEVENT", f"EXDATE;TZID={zone}:{compact(each)}\r\nEND:VEVENT")
    ours = occurrences(
        frozen({**content, "recurrenceOverrides": overrides}), after, before, UTC_ZONE
    )
    assert sorted(each.start for each in ours) == by_another_program(
        "\r\n".join([vevent, *vevents]), after, before
    )


def compact(local: Any) -> str:
    return str(local).replace("-", "").replace(":", "")


@given(series(), windows)
def test_what_is_far_away_is_found_without_what_is_before_it(
    made: tuple[dict[str, Any], str], window: tuple[datetime, timedelta]
) -> None:
    content, _ = made
    after, before = window[0], window[0] + window[1]
    whole = occurrences(frozen(content), datetime(2023, 1, 1, tzinfo=UTC), before, UTC_ZONE)
    assume(content["recurrenceRules"][0]["frequency"] != "hourly")
    inside = [each for each in whole if each.end > after]
    assert inside == list(occurrences(frozen(content), after, before, UTC_ZONE))


@given(series())
def test_an_object_takes_place_within_its_span(made: tuple[dict[str, Any], str]) -> None:
    content, _ = made
    first, last = span(content) or (0, 0)
    found = occurrences(
        frozen(content),
        datetime(2023, 1, 1, tzinfo=UTC),
        datetime(2028, 1, 1, tzinfo=UTC),
        UTC_ZONE,
    )
    for each in found:
        assert first <= each.start.timestamp() <= each.end.timestamp() <= last


# Zones and clocks


def test_what_comes_daily_keeps_its_hour_when_clocks_change() -> None:
    content = event("2026-03-27T09:00:00", {"frequency": "daily"})
    assert starts(content, "2026-03-28", "2026-03-31") == [
        "2026-03-28 08:00",
        "2026-03-29 07:00",
        "2026-03-30 07:00",
    ]


def test_a_time_that_clocks_leave_out_is_an_hour_later() -> None:
    content = event("2026-03-28T02:30:00", {"frequency": "daily"})
    assert starts(content, "2026-03-28", "2026-03-31") == [
        "2026-03-28 01:30",
        "2026-03-29 01:30",
        "2026-03-30 00:30",
    ]


def test_of_a_time_that_comes_twice_the_first_is_meant() -> None:
    assert starts(event("2026-10-25T02:30:00"), "2026-10-24", "2026-10-27") == ["2026-10-25 00:30"]


def test_days_last_as_long_as_the_calendar_has_them_and_hours_as_clocks_have() -> None:
    [day] = between(event("2026-03-28T12:00:00", duration="P1D"), "2026-03-28", "2026-03-30")
    [hours] = between(event("2026-03-28T12:00:00", duration="PT24H"), "2026-03-28", "2026-03-30")
    assert day.end - day.start == timedelta(hours=23)
    assert hours.end - hours.start == timedelta(hours=24)


def test_days_without_times_are_days_where_the_reader_is() -> None:
    content = event(
        "2026-03-29T00:00:00", timeZone="Asia/Tokyo", showWithoutTime=True, duration="P1D"
    )
    [each] = between(content, "2026-03-28", "2026-03-31", BERLIN)
    assert (each.start, each.end) == (at("2026-03-28T23:00"), at("2026-03-29T22:00"))


def test_a_day_without_a_duration_is_a_whole_day() -> None:
    content = event("2026-03-02T15:00:00", showWithoutTime=True, duration="PT0S")
    [each] = between(content, "2026-03-01", "2026-03-05")
    assert (each.start, each.end) == (at("2026-03-02"), at("2026-03-03"))


@pytest.mark.parametrize("zone", [None, "Moon/Crater", "../etc", "x" * 300])
def test_times_without_a_known_zone_are_where_the_reader_is(zone: str | None) -> None:
    content = event("2026-07-01T12:00:00", timeZone=zone)
    assert starts(content, "2026-07-01", "2026-07-02", BERLIN) == ["2026-07-01 10:00"]


def test_what_takes_no_time_is_found_where_it_begins() -> None:
    content = event("2026-07-01T12:00:00", timeZone="UTC", duration="PT0S")
    assert starts(content, "2026-07-01T12:00", "2026-07-01T13:00") == ["2026-07-01 12:00"]
    assert starts(content, "2026-07-01T11:00", "2026-07-01T12:00") == []


def test_what_ends_when_a_time_begins_is_not_in_it() -> None:
    content = event("2026-07-01T12:00:00", timeZone="UTC")
    assert starts(content, "2026-07-01T13:00", "2026-07-01T14:00") == []
    assert starts(content, "2026-07-01T12:59", "2026-07-01T14:00") == ["2026-07-01 12:00"]


# Rules


def test_the_start_is_the_first_time_also_where_it_does_not_fit_the_rule() -> None:
    rule = {"frequency": "weekly", "byDay": [{"day": "fr"}], "count": 3}
    content = event("2026-07-01T12:00:00", rule, timeZone="UTC")
    assert days(content, "2026-06-01", "2026-09-01") == ["2026-07-01", "2026-07-03", "2026-07-10"]


def test_what_a_rule_does_not_say_is_as_the_start_is() -> None:
    rule = {"frequency": "yearly", "byMonthDay": [1, 3]}
    content = event("2026-07-01T12:00:00", rule, timeZone="UTC")
    assert days(content, "2026-01-01", "2027-12-31") == [
        "2026-07-01",
        "2026-07-03",
        "2027-07-01",
        "2027-07-03",
    ]


def test_a_week_of_the_year_has_the_weekday_of_the_start() -> None:
    rule = {"frequency": "yearly", "byWeekNo": [20]}
    content = event("2026-05-13T12:00:00", rule, timeZone="UTC")
    assert days(content, "2026-01-01", "2028-12-31") == ["2026-05-13", "2027-05-19", "2028-05-17"]


def test_nth_weekdays_and_every_one_stand_in_one_rule() -> None:
    rule = {"frequency": "monthly", "byDay": [{"day": "mo", "nthOfPeriod": 1}, {"day": "fr"}]}
    content = event("2026-06-01T12:00:00", rule, timeZone="UTC")
    assert days(content, "2026-06-01", "2026-07-01") == [
        "2026-06-01",
        "2026-06-05",
        "2026-06-12",
        "2026-06-19",
        "2026-06-26",
    ]


def test_a_weekday_may_be_named_alone() -> None:
    rule = {"frequency": "weekly", "byDay": ["we", "fr"]}
    content = event("2026-07-01T12:00:00", rule, timeZone="UTC")
    assert days(content, "2026-07-01", "2026-07-09") == ["2026-07-01", "2026-07-03", "2026-07-08"]


def test_positions_count_within_the_whole_week() -> None:
    rule = {
        "frequency": "weekly",
        "byDay": [{"day": "mo"}, {"day": "we"}, {"day": "fr"}],
        "bySetPosition": [2],
    }
    content = event("2026-07-03T12:00:00", rule, timeZone="UTC")
    assert days(content, "2026-07-01", "2026-07-16") == ["2026-07-03", "2026-07-08", "2026-07-15"]


def test_the_last_working_day_of_each_month() -> None:
    working = [{"day": day} for day in WEEKDAYS[:5]]
    rule = {"frequency": "monthly", "byDay": working, "bySetPosition": [-1]}
    content = event("2026-01-30T12:00:00", rule, timeZone="UTC")
    assert days(content, "2026-05-01", "2026-08-01") == ["2026-05-29", "2026-06-30", "2026-07-31"]


def test_leap_days_come_in_leap_years() -> None:
    content = event("2024-02-29T12:00:00", {"frequency": "yearly"}, timeZone="UTC")
    assert days(content, "2025-01-01", "2033-01-01") == ["2028-02-29", "2032-02-29"]


def test_several_rules_come_together_and_each_time_stands_once() -> None:
    content = event(
        "2026-07-01T12:00:00",
        {"frequency": "weekly"},
        {"frequency": "daily", "interval": 7, "count": 3},
        {"frequency": "monthly"},
        timeZone="UTC",
    )
    assert days(content, "2026-07-01", "2026-08-03") == [
        *("2026-07-01", "2026-07-08", "2026-07-15", "2026-07-22", "2026-07-29", "2026-08-01")
    ]


def test_rules_of_exclusion_take_times_away_the_start_only_where_it_fits() -> None:
    daily = {"frequency": "daily"}
    weekend = {"frequency": "weekly", "byDay": [{"day": "sa"}, {"day": "su"}]}
    content = event("2026-07-02T12:00:00", daily, timeZone="UTC", excludedRecurrenceRules=[weekend])
    assert days(content, "2026-07-01", "2026-07-07") == [
        *("2026-07-02", "2026-07-03", "2026-07-06")
    ]
    later = {**content, "start": "2026-07-04T12:00:00"}
    assert days(later, "2026-07-01", "2026-07-07") == ["2026-07-06"]


def test_the_end_of_a_rule_is_meant_in_the_zone_of_the_event_and_inclusive() -> None:
    rule = {"frequency": "daily", "until": "2026-07-03T23:30:00"}
    content = event("2026-07-01T23:30:00", rule, timeZone="America/New_York")
    assert starts(content, "2026-07-01", "2026-08-01")[-1] == "2026-07-04 03:30"


@pytest.mark.parametrize(
    "rule",
    [
        {"frequency": "minutely"},
        {"frequency": "secondly"},
        {"frequency": "often"},
        {"frequency": "daily", "rscale": "hebrew"},
        {"frequency": "monthly", "skip": "forward"},
        {"frequency": "daily", "until": "2026-02-30T00:00:00"},
        {"frequency": "daily", "interval": 0},
        {"frequency": "daily", "interval": "2"},
        {"frequency": "daily", "count": 0},
        {"frequency": "daily", "byHour": []},
        {"frequency": "daily", "byMonth": ["5L"]},
        {"frequency": "daily", "byMonth": "5"},
        {"frequency": "monthly", "byDay": [{"day": "mo", "nthOfPeriod": 0}]},
        {"frequency": "daily", "byHour": list(range(24)), "byMinute": list(range(60))},
        {"frequency": "hourly", "interval": 2, "byHour": [1]},
        {"frequency": "daily", "firstDayOfWeek": "xx"},
        {},
        7,
    ],
)
def test_of_a_rule_that_is_not_expanded_only_the_start_is_left(rule: Any) -> None:
    content = event("2026-07-01T12:00:00", rule, timeZone="UTC")
    assert days(content, "2026-07-01", "2026-09-01") == ["2026-07-01"]


# Overrides


def daily(**overrides: Any) -> dict[str, Any]:
    """Return an event at twelve each day from 1 July 2026 on, with overrides by day: d3."""
    patches = {f"2026-07-{int(day[1:]):02}T12:00:00": patch for day, patch in overrides.items()}
    return event(
        "2026-07-01T12:00:00", {"frequency": "daily"}, timeZone="UTC", recurrenceOverrides=patches
    )


def test_a_time_is_left_out_moved_or_made_longer() -> None:
    content = daily(
        d2={"excluded": True}, d3={"start": "2026-07-20T09:00:00"}, d4={"duration": "PT2H"}
    )
    found = between(content, "2026-07-01", "2026-07-05")
    assert [f"{each.start:%d}" for each in found] == ["01", "04"]
    assert found[1].end == at("2026-07-04T14:00")
    moved = between(content, "2026-07-20T09:00", "2026-07-20T10:00")
    assert [each.recurrence_id for each in moved] == ["2026-07-03T12:00:00"]


def test_an_override_of_no_time_of_the_rule_is_one_more() -> None:
    content = event(
        "2026-07-01T12:00:00", timeZone="UTC", recurrenceOverrides={"2026-08-09T10:00:00": {}}
    )
    assert days(content, "2026-06-01", "2026-09-01") == ["2026-07-01", "2026-08-09"]


def test_a_time_can_be_moved_to_another_zone_or_before_the_start() -> None:
    content = daily(
        d3={"timeZone": "Europe/Berlin"}, d4={"start": "2026-01-01T00:00:00", "timeZone": "UTC"}
    )
    assert starts(content, "2026-07-03", "2026-07-04") == ["2026-07-03 10:00"]
    assert starts(content, "2026-01-01", "2026-01-02") == ["2026-01-01 00:00"]


def test_an_occurrence_shows_its_own_content_without_the_series() -> None:
    content = {**daily(d3={"title": "Other", "locations/1/name": "Here"}), "locations": {"1": {}}}
    [each] = between(content, "2026-07-03", "2026-07-04")
    assert plain(each.content) == {
        "@type": "Event",
        "title": "Other",
        "start": "2026-07-03T12:00:00",
        "duration": "PT1H",
        "timeZone": "UTC",
        "locations": {"1": {"name": "Here"}},
    }


@pytest.mark.parametrize(
    "path",
    [
        *("uid", "@type", "recurrenceRules", "relatedTo/a", "privacy", "keywords/a/b", "list/0"),
        *("nothing/there", "title/a", "", "/title", "locations/1/name"),
    ],
)
def test_a_patch_that_leads_nowhere_is_left_out(path: str) -> None:
    content = frozen(
        {
            "@type": "Event",
            "uid": "a",
            "title": "A",
            "keywords": {"a": True},
            "list": [1],
            "privacy": "public",
            "recurrenceRules": [],
            "relatedTo": {"a": {}},
        }
    )
    patch = frozen({path: "x", "locations": {"1": {"name": "A"}}})
    after = patched(content, patch)
    if path in ("", "/title"):
        # By RFC 6901 these are a field without a name, and a field in it.
        after = after.discard("")
    assert after == content.set("locations", frozen({"1": {"name": "A"}}))


def test_names_in_paths_are_escaped() -> None:
    content = frozen({"links": {"a/b": {"x~y": 1}}})
    after = patched(content, {"links/a~1b/x~0y": 2, "links/a~1b/z": None})
    assert plain(after) == {"links": {"a/b": {"x~y": 2}}}


def test_null_takes_a_field_away() -> None:
    [each] = between(daily(d3={"duration": None}), "2026-07-03", "2026-07-04")
    assert each.end == each.start
    assert "duration" not in each.content


def test_one_time_of_a_series_is_found_by_its_name() -> None:
    content = daily(
        d3={"title": "Other"}, d4={"excluded": True}, d31={"start": "2026-07-31T13:00:00"}
    )
    assert occurrence_at(content, "2026-07-03T12:00:00", UTC_ZONE).content["title"] == "Other"  # type: ignore[union-attr]
    assert occurrence_at(content, "2026-07-05T12:00:00", UTC_ZONE).content["title"] == "Choir"  # type: ignore[union-attr]
    for nothing in ("2026-07-04T12:00:00", "2026-07-05T12:00:01", "2026-06-30T12:00:00", "x"):
        assert occurrence_at(content, nothing, UTC_ZONE) is None
    assert occurrence_at(event("2026-07-01T12:00:00"), "2026-07-01T12:00:00", UTC_ZONE) is None


# Tasks


def test_a_task_is_where_it_is_due_or_from_its_start_on() -> None:
    due = {"@type": "Task", "due": "2026-07-03T12:00:00", "timeZone": "UTC"}
    assert starts(due, "2026-07-03", "2026-07-04") == ["2026-07-03 12:00"]
    both = {**due, "start": "2026-07-01T12:00:00"}
    [each] = between(both, "2026-07-02", "2026-07-03")
    assert (each.start, each.end) == (at("2026-07-01T12:00"), at("2026-07-03T12:00"))
    estimated = {"@type": "Task", "start": "2026-07-01T12:00:00", "estimatedDuration": "PT2H"}
    [each] = between(estimated, "2026-07-01", "2026-07-02")
    assert each.end - each.start == timedelta(hours=2)
    assert between({"@type": "Task"}, "2026-07-01", "2026-07-02") == []
    assert span({"@type": "Task"}) is None


def test_a_task_that_comes_again_is_due_as_long_after_its_start_each_time() -> None:
    task = {
        "@type": "Task",
        "timeZone": "UTC",
        "start": "2026-07-01T08:00:00",
        "due": "2026-07-02T18:00:00",
        "recurrenceRules": [{"frequency": "weekly"}],
    }
    [each] = between(task, "2026-07-09", "2026-07-10")
    assert each.content["due"] == "2026-07-09T18:00:00"
    del task["start"]
    [each] = between(task, "2026-07-09", "2026-07-10")
    assert (each.recurrence_id, each.content["due"]) == ("2026-07-09T18:00:00",) * 2


def test_a_task_that_is_due_on_a_day_is_there_all_of_it() -> None:
    task = {"@type": "Task", "due": "2026-07-03T23:59:59", "showWithoutTime": True}
    [each] = between(task, "2026-07-03", "2026-07-04")
    assert (each.start, each.end) == (at("2026-07-03"), at("2026-07-04"))


# Spans


def test_a_span_is_from_the_first_start_to_the_last_end() -> None:
    content = event("2026-07-01T12:00:00", {"frequency": "daily", "count": 3}, timeZone="UTC")
    assert span(content) == (
        int(at("2026-07-01T12:00").timestamp()),
        int(at("2026-07-03T13:00").timestamp()),
    )


def test_what_never_ends_ends_at_the_end_of_the_calendar() -> None:
    assert (span(daily()) or (0, 0))[1] == FOREVER
    assert (span(event("2026-07-01T12:00:00", {"frequency": "daily", "count": 2**50})) or (0, 0))[
        1
    ] == FOREVER


def test_what_has_no_zone_may_be_where_clocks_are_earliest_or_latest() -> None:
    floating, fixed = (
        span(event("2026-07-01T12:00:00", timeZone=zone)) or (0, 0) for zone in (None, "UTC")
    )
    assert floating == (fixed[0] - 15 * 3600, fixed[1] + 15 * 3600)


def test_overrides_widen_a_span() -> None:
    content = daily(d3={"start": "2020-01-01T00:00:00"}, d4={"start": "2040-01-01T00:00:00"})
    content["recurrenceRules"][0]["count"] = 9
    assert span(content) == (
        int(at("2020-01-01").timestamp()),
        int(at("2040-01-01T01:00").timestamp()),
    )


# Strangers


COSTLY = [
    {"frequency": "daily"},
    {"frequency": "daily", "count": 2**50},
    {"frequency": "daily", "count": 700_000},
    {"frequency": "hourly", "count": 10**7},
    {"frequency": "daily", "interval": 2**52},
    {"frequency": "weekly", "interval": 2**52},
    {"frequency": "yearly", "byHour": list(range(24)), "byMinute": list(range(0, 60, 5))},
    {
        "frequency": "yearly",
        "byMonthDay": list(range(1, 32)),
        "byMonth": [str(month) for month in range(1, 13)],
        "byHour": list(range(24)),
        "byMinute": list(range(0, 60, 5)),
        "bySetPosition": list(range(1, 367)),
    },
    *(
        {"frequency": frequency, "byMonth": ["2"], "byMonthDay": [30], **more}
        for frequency in ("yearly", "monthly", "weekly", "daily", "hourly")
        for more in ({}, {"count": 5})
    ),
]


class Counted(Work):
    """Work that says how much was done."""

    done = 0

    def take(self, units: int) -> None:
        Counted.done += 1
        super().take(units)


@pytest.mark.parametrize("rule", COSTLY)
@pytest.mark.parametrize(
    "start", ["0001-01-01T00:00:00", "2026-02-28T12:00:00", "9999-12-31T23:59:59"]
)
def test_no_rule_costs_more_than_it_may(
    rule: Any, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twin_module.core.recurrence.Work", Counted)
    Counted.done = 0
    content = event(start, rule)
    between(content, "2026-01-01", "2027-01-01")
    span(content)
    assert Counted.done <= 2 * MOST_WORK + 2


def test_what_can_not_be_costs_no_more_than_the_time_that_is_asked_about() -> None:
    rule = rules.read_rule(
        {"frequency": "daily", "byMonth": ["2"], "byMonthDay": [30]}, naive(1, 1, 1)
    )
    work = Work()
    window = naive(2026, 1, 1), naive(2026, 2, 1)
    assert rule is not None
    assert list(rules.times(rule, naive(1, 1, 1), *window, work, first=True)) == []
    assert work.left >= MOST_WORK - 33


def test_a_rule_of_two_thousand_years_is_expanded_where_it_is_looked_at() -> None:
    content = event("0001-01-01T12:00:00", {"frequency": "daily", "count": 2**50}, timeZone="UTC")
    assert days(content, "2026-07-01", "2026-07-03") == ["2026-07-01", "2026-07-02"]


odd_rules = st.dictionaries(
    st.sampled_from(
        [
            *("frequency", "interval", "byDay", "byMonth", "byMonthDay", "byYearDay", "byWeekNo"),
            *("byHour", "byMinute", "bySecond", "bySetPosition", "count", "until", "rscale"),
            *("skip", "firstDayOfWeek"),
        ]
    ),
    odd_json()
    | st.sampled_from(["daily", "weekly", "mo", "gregorian", ["1", "13"], [0, 1, -1, 99], 1, 60]),
)


@given(
    st.lists(odd_rules | odd_json(), max_size=2),
    st.dictionaries(
        st.sampled_from(["2026-07-01T12:00:00", "2026-02-30T12:00:00", "0001-01-01T00:00:00"]),
        st.dictionaries(
            st.sampled_from(["start", "duration", "timeZone", "excluded", "title", "a/b", ""]),
            odd_json(),
        ),
    ),
    st.sampled_from(["2026-07-01T12:00:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59", "x"]),
    st.sampled_from(ZONES),
)
def test_whatever_a_stranger_writes_nothing_is_raised(
    rules: list[Any], overrides: dict[str, Any], start: str, zone: str
) -> None:
    content = event(start, timeZone=zone, recurrenceRules=rules, recurrenceOverrides=overrides)
    for each in between(content, "2026-06-01", "2026-08-01", ZoneInfo("Pacific/Kiritimati")):
        assert each.start <= each.end
    first, last = span(content) or (0, 0)
    assert first <= last <= FOREVER


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles", "UTC"])
@pytest.mark.parametrize("start", ["0001-01-01T00:00:00", "9999-12-31T12:00:00"])
def test_the_ends_of_the_calendar_are_no_mistake(start: str, zone: str) -> None:
    content = event(start, {"frequency": "weekly"}, timeZone=zone, duration="P900000000D")
    earliest, latest = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    first = next(occurrences(frozen(content), earliest, latest, UTC_ZONE))
    assert first.recurrence_id == start
    assert span(content)


@pytest.mark.parametrize("frequency", ["yearly", "monthly"])
def test_a_day_that_no_period_has_never_comes(frequency: str) -> None:
    never = {"frequency": frequency, "byDay": [{"day": "mo", "nthOfPeriod": 56}]}
    content = {"@type": "Event", "start": "2026-01-07T10:00:00", "timeZone": "Etc/UTC"}
    after, before = datetime(2026, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    zone = ZoneInfo("UTC")
    found = list(occurrences({**content, "recurrenceRules": [never]}, after, before, zone))
    assert len(found) == 1
    either = {**never, "byDay": [*never["byDay"], {"day": "mo", "nthOfPeriod": 1}]}
    assert len(
        list(occurrences({**content, "recurrenceRules": [either]}, after, before, zone))
    ) > len(found)
