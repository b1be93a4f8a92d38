"""Which alerts fire when, and what is said of them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from twin_module.core import reminder_texts
from twin_module.core.event_types import EVENT
from twin_module.core.reminders import Reminder, reminders
from twin_module.rooms.tasks import TASK
from twin_module.testing.json_strategies import canonical_json

ME = "@alice:alice.example"
BOB = "@bob:bob.example"
BERLIN = ZoneInfo("Europe/Berlin")
DAY = "2026-07-01"
NOW = datetime(2026, 6, 30, 8, tzinfo=UTC)
ALWAYS = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC))


def alert(offset: str = "-PT15M", **fields: Any) -> dict[str, Any]:
    trigger = {"@type": "OffsetTrigger", "offset": offset}
    if "relativeTo" in fields:
        trigger["relativeTo"] = fields.pop("relativeTo")
    return {"@type": "Alert", "trigger": trigger, **fields}


def at_time(when: str, **fields: Any) -> dict[str, Any]:
    return {"@type": "Alert", "trigger": {"@type": "AbsoluteTrigger", "when": when}, **fields}


def event(**fields: Any) -> dict[str, Any]:
    """Return an event at noon of a day in July, for an hour."""
    content = {
        "@type": "Event",
        "title": "Dentist",
        "start": f"{DAY}T12:00:00",
        "duration": "PT1H",
        "timeZone": "Europe/Berlin",
        **fields,
    }
    assert EVENT.problems(content) == []
    return content


def task(**fields: Any) -> dict[str, Any]:
    content = {"@type": "Task", "title": "Buy bread", **fields}
    assert TASK.problems(content) == []
    return content


def found(
    content: Mapping[str, Any],
    within: tuple[datetime, datetime] = ALWAYS,
) -> list[Reminder]:
    return sorted(reminders(content, ME, within, BERLIN), key=lambda each: each.at)


def times(content: Mapping[str, Any], **more: Any) -> list[str]:
    """Return when one is reminded, on the clocks of Berlin."""
    return [f"{each.at.astimezone(BERLIN):%Y-%m-%dT%H:%M}" for each in found(content, **more)]


# Offsets and fixed times (RFC 8984, section 4.5.2)


@pytest.mark.parametrize(
    ("said", "at"),
    [
        (alert("-PT15M"), "11:45"),
        (alert("PT0S"), "12:00"),
        (alert("PT5M"), "12:05"),
        (alert("+PT5M"), "12:05"),
        (alert("-PT5M", relativeTo="end"), "12:55"),
        (alert("PT5M", relativeTo="end"), "13:05"),
        (alert("-PT15M", relativeTo="start", action="email"), "11:45"),
        (at_time("2026-07-01T06:00:00Z"), "08:00"),
    ],
)
def test_an_alert_fires_when_it_says(said: dict[str, Any], at: str) -> None:
    assert times(event(alerts={"1": said})) == [f"{DAY}T{at}"]


def test_all_alerts_of_an_event_fire_and_each_has_its_own_name() -> None:
    several = event(alerts={"a": alert("-P1D"), "b": alert("-PT1H"), "c": alert("-PT1H")})
    assert times(several) == ["2026-06-30T12:00", f"{DAY}T11:00", f"{DAY}T11:00"]
    assert sorted(each.alert for each in found(several)) == ["a", "b", "c"]


def test_an_event_without_alerts_reminds_of_nothing() -> None:
    assert found(event()) == []
    assert found(event(alerts={})) == []


def test_what_is_asked_about_begins_behind_the_first_time_and_ends_with_the_second() -> None:
    at = datetime(2026, 7, 1, 9, 45, tzinfo=UTC)
    second = timedelta(seconds=1)
    said = event(alerts={"1": alert()})
    assert len(found(said, within=(at - second, at))) == 1
    assert found(said, within=(at, at + second)) == []
    assert found(said, within=(at - 2 * second, at - second)) == []


@pytest.mark.parametrize(
    ("acknowledged", "count"),
    [
        ("2026-07-01T09:44:59Z", 1),
        ("2026-07-01T09:45:00Z", 0),
        ("2026-07-02T00:00:00Z", 0),
        ("2026-02-31T00:00:00Z", 1),
    ],
)
def test_an_alert_that_was_acknowledged_behind_its_time_is_silent(
    acknowledged: str, count: int
) -> None:
    assert len(found(event(alerts={"1": alert(acknowledged=acknowledged)}))) == count


def test_an_acknowledged_alert_of_a_series_speaks_of_later_times_again() -> None:
    daily = event(
        recurrenceRules=[{"@type": "RecurrenceRule", "frequency": "daily", "count": 3}],
        alerts={"1": alert(acknowledged="2026-07-02T10:00:00Z")},
    )
    assert times(daily) == ["2026-07-03T11:45"]


@pytest.mark.parametrize("offset", ["-P367D", "P32D", "-P900000000D", "PT999999999H"])
def test_an_alert_that_is_a_year_away_is_left_out(offset: str) -> None:
    assert found(event(alerts={"1": alert(offset), "2": alert()}))[0].alert == "2"


# Defaults


def test_an_event_that_leaves_it_to_its_reader_reminds_a_quarter_of_an_hour_before() -> None:
    said = event(useDefaultAlerts=True, alerts={"1": alert("-PT2H")})
    assert times(said) == [f"{DAY}T11:45"]


def test_a_day_that_leaves_it_to_its_reader_does_not_remind() -> None:
    whole = event(useDefaultAlerts=True, showWithoutTime=True, duration="P1D")
    assert found(whole) == []


def test_the_alerts_of_a_day_count_from_its_midnight_where_the_reader_is() -> None:
    whole = event(
        start=f"{DAY}T00:00:00",
        showWithoutTime=True,
        duration="P1D",
        timeZone="Pacific/Auckland",
        alerts={"1": alert("-PT15H"), "2": alert("PT9H")},
    )
    assert times(whole) == ["2026-06-30T09:00", f"{DAY}T09:00"]


# Series


def weekly(**fields: Any) -> dict[str, Any]:
    rule = {"@type": "RecurrenceRule", "frequency": "weekly"}
    return event(recurrenceRules=[rule], **fields)


def test_each_time_of_a_series_reminds() -> None:
    within = (NOW, NOW + timedelta(days=20))
    said = weekly(alerts={"1": alert()})
    assert times(said, within=within) == [
        "2026-07-01T11:45",
        "2026-07-08T11:45",
        "2026-07-15T11:45",
    ]
    assert [each.recurrence_id for each in found(said, within=within)][:2] == [
        "2026-07-01T12:00:00",
        "2026-07-08T12:00:00",
    ]


def test_a_day_before_is_the_same_time_where_clocks_change() -> None:
    said = event(start="2026-03-29T12:00:00", alerts={"1": alert("-P1D"), "2": alert("-PT24H")})
    assert times(said) == ["2026-03-28T11:00", "2026-03-28T12:00"]


def test_a_series_keeps_its_local_time_where_clocks_change() -> None:
    said = weekly(start="2026-10-21T12:00:00", alerts={"1": alert()})
    first = datetime(2026, 10, 20, tzinfo=UTC)
    assert times(said, within=(first, first + timedelta(days=9))) == [
        "2026-10-21T11:45",
        "2026-10-28T11:45",
    ]


def test_overrides_move_silence_and_add_alerts() -> None:
    said = weekly(
        alerts={"1": alert()},
        recurrenceOverrides={
            "2026-07-08T12:00:00": {"start": "2026-07-09T15:00:00"},
            "2026-07-15T12:00:00": {"excluded": True},
            "2026-07-22T12:00:00": {"alerts/1/trigger/offset": "-P3D"},
            "2026-07-29T12:00:00": {"alerts": {"2": alert("PT0S")}},
            "2026-08-05T12:00:00": {"status": "cancelled"},
        },
    )
    within = (NOW, datetime(2026, 8, 6, tzinfo=UTC))
    assert times(said, within=within) == [
        "2026-07-01T11:45",
        "2026-07-09T14:45",
        "2026-07-19T12:00",
        "2026-07-29T12:00",
    ]


def test_what_was_put_off_reminds_once_and_names_its_occurrence() -> None:
    said = weekly(
        alerts={"1": alert()},
        recurrenceOverrides={
            "2026-07-08T12:00:00": {"alerts/snooze": at_time("2026-07-08T10:30:00Z")}
        },
    )
    within = (datetime(2026, 7, 8, 10, tzinfo=UTC), datetime(2026, 7, 9, tzinfo=UTC))
    [reminder] = found(said, within=within)
    assert (reminder.alert, reminder.recurrence_id) == ("snooze", "2026-07-08T12:00:00")


def test_a_fixed_time_of_a_series_comes_once_and_speaks_of_what_is_next() -> None:
    said = weekly(alerts={"1": at_time("2026-07-09T08:00:00Z")})
    [reminder] = found(said)
    assert (reminder.recurrence_id, reminder.time) == (None, datetime(2026, 7, 15, 10, tzinfo=UTC))


# Whom it concerns


def with_people(**statuses: str) -> dict[str, Any]:
    return {
        f"@{who}:{who}.example": {"roles": {"attendee": True}, "participationStatus": status}
        for who, status in statuses.items()
    }


@pytest.mark.parametrize(
    ("said", "count"), [("needs-action", 1), ("declined", 0), ("accepted", 1), ("tentative", 1)]
)
def test_what_the_owner_declined_does_not_remind(said: str, count: int) -> None:
    content = event(alerts={"1": alert()}, participants=with_people(alice=said, bob="declined"))
    assert len(found(content)) == count


def test_what_others_declined_reminds() -> None:
    content = event(alerts={"1": alert()}, participants=with_people(bob="declined"))
    assert len(found(content)) == 1


def test_what_is_cancelled_does_not_remind() -> None:
    assert found(event(alerts={"1": alert()}, status="cancelled")) == []


@pytest.mark.parametrize("progress", ["completed", "failed", "cancelled"])
def test_what_is_done_does_not_remind(progress: str) -> None:
    due = {"due": f"{DAY}T18:00:00", "timeZone": "Europe/Berlin"}
    assert times(task(**due)) == [f"{DAY}T18:00"]
    assert found(task(**due, progress=progress)) == []


@pytest.mark.parametrize(
    ("people", "count"),
    [({}, 1), ({"alice": "accepted"}, 1), ({"bob": "accepted"}, 0), ({"alice": "", "bob": ""}, 1)],
)
def test_a_task_of_others_does_not_remind(people: dict[str, str], count: int) -> None:
    assigned = {f"@{who}:{who}.example": {"roles": {"attendee": True}} for who in people}
    assert len(found(task(due=f"{DAY}T18:00:00", participants=assigned))) == count


# Tasks


def test_a_task_that_is_due_on_a_day_reminds_in_the_morning() -> None:
    due = {"due": f"{DAY}T00:00:00", "showWithoutTime": True}
    [reminder] = found({"@type": "Task", "title": "Rent", **due})
    assert f"{reminder.at.astimezone(BERLIN):%Y-%m-%dT%H:%M}" == f"{DAY}T09:00"
    assert reminder_texts.one(reminder, reminder.at, BERLIN).body == "Rent, due today"


def test_the_alerts_of_a_task_stand_in_place_of_its_being_due() -> None:
    content = {"@type": "Task", "title": "Rent", "due": f"{DAY}T18:00:00"}
    assert times({**content, "alerts": {"1": alert("-PT1H", relativeTo="end")}}) == [f"{DAY}T17:00"]
    assert times({**content, "alerts": {"1": alert("-PT1H")}}) == [f"{DAY}T17:00"]
    assert times({**content, "useDefaultAlerts": True}) == [f"{DAY}T18:00"]


def test_a_task_without_a_time_reminds_at_fixed_times_only() -> None:
    content = {"@type": "Task", "title": "Call", "alerts": {"1": at_time("2026-07-01T06:00:00Z")}}
    [reminder] = found(content)
    assert reminder.time is None
    assert reminder_texts.one(reminder, NOW, BERLIN).body == "Call"
    assert found({"@type": "Task", "title": "Call"}) == []


# Hostile content


@pytest.mark.parametrize(
    "fields",
    [
        {"start": "0001-01-01T00:00:00", "duration": "P9000W", "alerts": {"1": alert("-P300D")}},
        {"start": "9999-12-31T23:59:59", "duration": "P9000W", "alerts": {"1": alert("P30D")}},
        {"start": "0001-01-01T00:00:00", "duration": "P300000W", "useDefaultAlerts": True},
        {"start": "2026-02-31T00:00:00", "alerts": {"1": alert()}},
        {"timeZone": "Nowhere/Land", "alerts": {"1": at_time("9999-12-31T23:59:59Z")}},
        {"alerts": {str(number): alert("-PT1H") for number in range(50)}},
        {
            "recurrenceRules": [{"frequency": "secondly"}, {"frequency": "hourly"}] * 10,
            "alerts": {str(number): alert(f"-P{number}D") for number in range(50)},
        },
    ],
)
def test_extremes_raise_nothing_and_end(fields: dict[str, Any]) -> None:
    for within in (ALWAYS, (NOW, NOW + timedelta(hours=2))):
        for each in found(event(**fields), within=within):
            assert len(reminder_texts.one(each, NOW, BERLIN).body) < 300


@given(
    alerts=canonical_json(),
    patch=st.dictionaries(
        st.sampled_from(
            [
                "alerts",
                "alerts/1",
                "alerts/1/trigger",
                "participants",
                "status",
                "start",
                "title",
                "locations",
                "duration",
                "useDefaultAlerts",
                "showWithoutTime",
                "timeZone",
            ]
        ),
        canonical_json(),
        max_size=4,
    ),
)
def test_whatever_an_override_puts_in_raises_nothing(alerts: Any, patch: dict[str, Any]) -> None:
    content = weekly(alerts={"1": alert()})
    content["recurrenceOverrides"] = {"2026-07-01T12:00:00": patch}
    for said in (content, {**content, "alerts": alerts}):
        for each in found(said, within=(NOW, NOW + timedelta(days=3))):
            reminder_texts.one(each, NOW, BERLIN)


# What is said


def said(content: Mapping[str, Any], now: datetime = NOW) -> str:
    return reminder_texts.one(found(content)[0], now, BERLIN).body


@pytest.mark.parametrize(
    ("start", "text"),
    [
        ("2026-06-30T23:30:00", "Dentist, today at 23:30"),
        ("2026-07-01T12:00:00", "Dentist, tomorrow at 12:00"),
        ("2026-06-29T12:00:00", "Dentist, yesterday at 12:00"),
        ("2026-07-03T12:00:00", "Dentist, on Friday at 12:00"),
        ("2026-07-07T12:00:00", "Dentist, on 7 July at 12:00"),
        ("2026-06-20T12:00:00", "Dentist, on 20 June at 12:00"),
        ("2027-01-04T12:00:00", "Dentist, on 4 January 2027 at 12:00"),
    ],
)
def test_a_time_is_said_as_people_say_it(start: str, text: str) -> None:
    assert said(event(start=start, alerts={"1": alert()})) == text


def test_a_time_is_said_in_the_readers_zone() -> None:
    abroad = event(timeZone="America/New_York", alerts={"1": alert()})
    assert said(abroad) == "Dentist, tomorrow at 18:00"


def test_a_day_is_said_without_a_time() -> None:
    whole = event(showWithoutTime=True, alerts={"1": alert("-PT15H")}, duration="P1D")
    assert said(whole) == "Dentist, tomorrow"


@pytest.mark.parametrize(
    ("places", "text"),
    [
        ({"locations": {"1": {"name": "Praxis Dr. X"}}}, " (Praxis Dr. X)"),
        (
            {"virtualLocations": {"1": {"uri": "https://meet.example/x"}}},
            " (https://meet.example/x)",
        ),
        ({"locations": {"1": {}}, "virtualLocations": {"1": {"name": "Call"}}}, " (Call)"),
        ({"locations": {"1": {"name": "  "}}}, ""),
    ],
)
def test_a_place_is_said_where_there_is_one(places: dict[str, Any], text: str) -> None:
    assert said(event(alerts={"1": alert()}, **places)) == f"Dentist, tomorrow at 12:00{text}"


def test_a_title_is_a_line_of_bounded_length_without_what_is_not_seen() -> None:
    title = "a\n\tb\u202ec" + "x" * 900
    body = said(event(title=title, alerts={"1": alert()}))
    assert body.startswith("a bcx")
    assert body.endswith("x…, tomorrow at 12:00")
    assert len(body) < 150
    assert said(event(title="\u200b", alerts={"1": alert()})).startswith(
        "Something without a title"
    )


def test_html_of_strangers_stays_text() -> None:
    content = event(title="<img src=x>", alerts={"1": alert()}, locations={"1": {"name": "<b>&"}})
    html = reminder_texts.one(found(content)[0], NOW, BERLIN).html
    assert html == "<strong>&lt;img src=x&gt;</strong>, tomorrow at 12:00 (&lt;b&gt;&amp;)"


def test_a_message_of_many_fits_into_an_event() -> None:
    title = '"\U0001f600' * 500
    [each] = found(event(title=title, alerts={"1": alert()}, locations={"1": {"name": title}}))
    messages = reminder_texts.several("Reminders:", [each] * 45, NOW, BERLIN)
    assert [len(part) for part, _ in messages] == [20, 20, 5]
    for _, message in messages:
        # As JSON: a quotation mark takes two bytes, and what is not ASCII stays as it is.
        size = sum(
            len(text.encode()) + text.count('"') for text in (message.body, message.html or "")
        )
        assert size < 60_000


def test_what_was_held_back_is_counted() -> None:
    assert reminder_texts.held_back(1, 200).body.endswith("1 more was held back.")
    assert reminder_texts.held_back(7, 200).body.endswith("7 more were held back.")
