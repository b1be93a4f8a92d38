"""Calendars as programs export them: what is read of them, and what comes back."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Timezone

from twin_module.core.content_lines import unfolded
from twin_module.core.entries import Entry, Refused, key_of
from twin_module.core.event_types import EVENT
from twin_module.core.ics.calendars import read_entries, write_calendar, write_entry
from twin_module.core.state import NAMESPACE, frozen
from twin_module.rooms.tasks import TASK
from twin_module.testing.calendar_strategies import shape_of

FILES = sorted((Path(__file__).parent / "calendars").glob("*.ics"))
TYPES = {"Event": EVENT, "Task": TASK}
START = "DTSTART:20260101T100000Z"


def calendar(*lines: str, kind: str = "VEVENT", around: tuple[str, ...] = ()) -> str:
    """Return a calendar with one entry; `around` stands beside it."""
    entry = [f"BEGIN:{kind}", "UID:a", "DTSTAMP:20260101T000000Z", *lines, f"END:{kind}"]
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *around, *entry, "END:VCALENDAR", ""])


def read_all(text: str) -> dict[str, dict[str, Any]]:
    entries, refused = read_entries(text)
    assert refused == []
    return {entry.key: entry.content for entry in entries}


def read(text: str) -> dict[str, Any]:
    [content] = read_all(text).values()
    return content


def exported(name: str) -> dict[str, dict[str, Any]]:
    """Return what a program exported, by title."""
    text = next(file for file in FILES if file.stem == name).read_text(encoding="utf-8")
    return {content["title"]: content for content in read_all(text).values()}


def lines(content: dict[str, Any], key: str = "a") -> list[str]:
    return list(unfolded(write_entry(key, content)))


def kept(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = content.get(NAMESPACE, {}).get("iCalendar", {})
    return found


def refusal(text: str) -> Refused:
    entries, [refused] = read_entries(text)
    assert entries == []
    return refused


# Exports of many programs


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_a_program_exported_comes_back_line_by_line(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    entries, refused = read_entries(text)
    assert refused == []
    written = [write_entry(entry.key, entry.content) for entry in entries]
    assert components(*written) == components(text)


def components(*texts: str) -> Counter[Any]:
    return Counter(part for text in texts for root in shape_of(text) for part in root[2])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_a_program_exported_fits_and_stays_the_same(file: Path) -> None:
    entries, _ = read_entries(file.read_text(encoding="utf-8"))
    for entry in entries:
        assert TYPES[entry.content["@type"]].problems(entry.content) == []
        assert read_entries(write_entry(entry.key, entry.content)) == ([entry], [])
        assert write_entry(entry.key, frozen(entry.content)) == write_entry(
            entry.key, entry.content
        )


def test_google_s_series_has_what_is_different_at_some_times() -> None:
    rehearsal = exported("google")["Rehearsal"]
    assert rehearsal["timeZone"] == "Europe/Berlin"
    assert rehearsal["duration"] == "PT2H30M"
    assert rehearsal["recurrenceRules"][0]["until"] == "2026-12-22T23:59:59"
    overrides = rehearsal["recurrenceOverrides"]
    assert (
        overrides["2026-10-13T19:00:00"] == overrides["2026-10-20T19:00:00"] == {"excluded": True}
    )
    moved = overrides["2026-11-10T19:00:00"]
    assert moved["title"] == "Dress rehearsal"
    assert moved["start"] == "2026-11-10T18:00:00"
    assert moved["duration"] == "PT4H"
    assert moved["locations"] is None
    ann = key_of_address("mailto:ann@example.org")
    assert moved[f"participants/{ann}/participationStatus"] == "declined"


def key_of_address(address: str) -> str:
    content = read(calendar(START, f"ATTENDEE:{address}"))
    [key] = content["participants"]
    return str(key)


def test_google_s_calls_are_virtual_locations() -> None:
    calls = exported("google")["Rehearsal"]["virtualLocations"]
    assert calls["1"]["uri"] == "https://meet.google.com/abc-defg-hij"


def test_several_whole_days_are_days_without_a_zone() -> None:
    holidays = exported("google")["Holidays"]
    assert holidays["start"] == "2026-12-24T00:00:00"
    assert holidays["duration"] == "P3D"
    assert holidays["showWithoutTime"] is True
    assert holidays["freeBusyStatus"] == "free"
    assert holidays["privacy"] == "private"
    assert "timeZone" not in holidays


def test_apple_s_alarms_remind_and_its_marker_of_none_does_not() -> None:
    alerts = exported("apple")["Picnic"]["alerts"]
    first, second = (alerts[f"0F0F0F0F-{number}"] for number in (ONE, TWO))
    assert first["trigger"] == {"@type": "OffsetTrigger", "offset": "-PT1H"}
    assert first["action"] == "display"
    assert first["acknowledged"] == "2026-07-04T14:50:00Z"
    assert second["trigger"] == {"@type": "AbsoluteTrigger", "when": "2026-07-03T16:00:00Z"}
    assert len(alerts) == 2


ONE, TWO = "1111-4111-8111-111111111111", "2222-4222-8222-222222222222"


def test_windows_names_of_zones_mean_those_of_iana() -> None:
    weekly = exported("outlook")["Weekly"]
    assert weekly["timeZone"] == "Europe/Berlin"
    assert weekly["recurrenceOverrides"]["2026-01-26T10:00:00"] == {"excluded": True}


def test_outlook_s_midnight_names_the_time_of_that_day() -> None:
    moved = exported("outlook")["Weekly"]["recurrenceOverrides"]["2026-01-19T10:00:00"]
    assert moved["start"] == "2026-01-20T14:00:00"


def test_a_zone_without_a_name_is_the_known_one_with_its_offsets() -> None:
    call = exported("outlook")["Call with the west"]
    assert call["timeZone"] == "America/Los_Angeles"
    assert "TZID:Customized Time Zone" in lines(call)


def test_zones_behind_a_prefix_are_those_of_iana() -> None:
    assert exported("thunderbird")["Dentist"]["timeZone"] == "Europe/Rome"
    assert exported("evolution")["Stand-up"]["timeZone"] == "Australia/Sydney"


def test_a_night_in_which_the_clocks_change_has_its_true_length() -> None:
    night = read(
        calendar(
            "DTSTART;TZID=Europe/Berlin:20260328T220000", "DTEND;TZID=Europe/Berlin:20260329T080000"
        )
    )
    assert night["duration"] == "PT9H"
    assert "DTEND;TZID=Europe/Berlin:20260329T080000" in lines(night)


def test_a_flight_lasts_as_long_as_it_does() -> None:
    flight = read(
        calendar(
            "DTSTART;TZID=Europe/Berlin:20260601T100000",
            "DTEND;TZID=America/New_York:20260601T130000",
        )
    )
    assert flight["duration"] == "PT9H"
    assert "DTEND;TZID=America/New_York:20260601T130000" in lines(flight)
    later = {**flight, "start": "2026-06-02T10:00:00"}
    assert "DTEND;TZID=Europe/Berlin:20260602T190000" in lines(later)


def test_subtasks_name_their_parents_by_the_keys_that_these_have() -> None:
    tasks = exported("tasks")
    parent = {"@type": "Relation", "relation": {"parent": True}}
    assert tasks["Order boxes"]["relatedTo"] == {"parent-task": parent}
    assert tasks["Measure the shelf"]["relatedTo"] == {key_of("child task/1"): parent}
    assert tasks["Order boxes"]["uid"] == "child task/1"
    assert exported("nextcloud")["Pack"]["relatedTo"] == {
        "3c3c3c3c-aaaa-4bbb-8ccc-dddddddddddd": parent
    }


def test_tasks_have_their_progress_and_when_they_are_due() -> None:
    tasks = exported("tasks")
    assert tasks["Move house"]["due"] == "2026-06-30T00:00:00"
    assert tasks["Move house"]["showWithoutTime"] is True
    assert tasks["Order boxes"]["progress"] == "in-process"
    assert tasks["Order boxes"]["due"] == "2026-06-10T10:00:00"
    done = tasks["Measure the shelf"]
    assert (done["progress"], done["progressUpdated"]) == ("completed", "2026-06-20T18:00:00Z")


# What was changed meanwhile


def test_a_new_title_is_written_and_what_nobody_knows_stays() -> None:
    picnic = exported("apple")["Picnic"]
    changed = lines({**picnic, "title": "Picnic, later"})
    assert "SUMMARY:Picnic\\, later" in changed
    assert "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC" in changed


def test_a_moved_time_keeps_the_file_s_name_of_the_zone() -> None:
    weekly = exported("outlook")["Weekly"]
    changed = lines({**weekly, "start": "2026-01-12T11:00:00"})
    assert "DTSTART;TZID=W. Europe Standard Time:20260112T110000" in changed
    assert "TZID:W. Europe Standard Time" in changed


def test_who_answers_keeps_what_the_organizer_noted_beside_them() -> None:
    rehearsal = exported("google")["Rehearsal"]
    bert = key_of_address("mailto:bert@example.org")
    people = rehearsal["participants"]
    answered = {**people, bert: {**people[bert], "participationStatus": "accepted"}}
    assert (
        "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=OPT-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE"
        ";CN=bert@example.org;X-NUM-GUESTS=1:mailto:bert@example.org"
    ) in lines({**rehearsal, "participants": answered})


def test_text_in_another_form_does_not_outlive_a_change() -> None:
    dentist = exported("thunderbird")["Dentist"]
    assert any("ALTREP" in line for line in lines(dentist))
    assert not any("ALTREP" in line for line in lines({**dentist, "description": "New"}))


def test_a_field_that_was_empty_is_not_written_twice_once_it_is_filled() -> None:
    content = read(calendar(START, "LOCATION:", "PRIORITY:high"))
    assert "LOCATION:" in lines(content)
    filled = lines({**content, "locations": {"1": {"name": "Here"}}, "priority": 1})
    assert [line for line in filled if line.startswith(("LOCATION", "PRIORITY"))] == [
        "PRIORITY:1",
        "LOCATION:Here",
    ]


def test_an_alarm_that_is_gone_takes_what_was_kept_of_it() -> None:
    picnic = exported("apple")["Picnic"]
    left = {key: alert for key, alert in picnic["alerts"].items() if TWO in key}
    changed = lines({**picnic, "alerts": left})
    assert "ATTACH;VALUE=URI:Chord" not in changed
    assert f"X-WR-ALARMUID:0F0F0F0F-{TWO}" in changed


def test_a_time_that_is_changed_here_has_what_its_series_has() -> None:
    series = read(calendar(START, "RRULE:FREQ=DAILY", "SUMMARY:Walk", "X-A:b"))
    patch = {"2026-01-02T10:00:00": {"title": "Run"}}
    written = lines({**series, "recurrenceOverrides": patch})
    instance = written[written.index("END:VEVENT") :]
    assert "RECURRENCE-ID:20260102T100000Z" in instance
    assert "SUMMARY:Run" in instance
    assert "X-A:b" in instance
    assert "RRULE:FREQ=DAILY" not in instance


def test_nothing_is_kept_where_nothing_deviates() -> None:
    content = {"@type": "Event", "title": "Walk", "start": "2026-01-01T10:00:00"}
    assert read(write_entry("a", content)) == content


# Series


def instance(recurrence_id: str, *more: str) -> list[str]:
    return ["BEGIN:VEVENT", "UID:a", "DTSTAMP:20260101T000000Z", recurrence_id, *more, "END:VEVENT"]


def test_one_time_of_a_series_that_is_not_there_names_its_time() -> None:
    text = calendar("RECURRENCE-ID;TZID=Europe/Berlin:20260105T100000", START)
    content = read(text)
    assert content["recurrenceId"] == "2026-01-05T10:00:00"
    assert content["recurrenceIdTimeZone"] == "Europe/Berlin"
    assert components(write_entry("a", content)) == components(text)


def test_several_times_of_a_series_that_is_not_there_are_all_there() -> None:
    second = instance("RECURRENCE-ID:20260112T100000Z", "DTSTART:20260112T120000Z", "SUMMARY:B")
    text = calendar(
        "RECURRENCE-ID:20260105T100000Z", "DTSTART:20260105T100000Z", "SUMMARY:A", around=(*second,)
    )
    content = read(text)
    overrides = content["recurrenceOverrides"]
    assert [content["title"], *(patch["title"] for patch in overrides.values())] in (
        ["A", "B"],
        ["B", "A"],
    )
    assert components(write_entry("a", content)) == components(text)


def test_the_later_version_of_one_time_counts_and_both_come_back() -> None:
    old, new = (
        instance("RECURRENCE-ID:20260102T100000Z", START, f"SUMMARY:{title}", f"SEQUENCE:{number}")
        for title, number in (("Old", 1), ("New", 2))
    )
    text = calendar(START, "RRULE:FREQ=DAILY", around=(*new, *old))
    content = read(text)
    assert content["recurrenceOverrides"]["2026-01-02T10:00:00"]["title"] == "New"
    assert components(write_entry("a", content)) == components(text)


def test_a_change_of_all_later_times_is_kept() -> None:
    later = instance("RECURRENCE-ID;RANGE=THISANDFUTURE:20260102T100000Z", START, "SUMMARY:Later")
    text = calendar(START, "RRULE:FREQ=DAILY", around=(*later,))
    content = read(text)
    assert "recurrenceOverrides" not in content
    assert components(write_entry("a", content)) == components(text)


def test_a_time_that_is_added_with_its_length_comes_back_as_that() -> None:
    floating = exported("fastmail")["Floating"]
    assert floating["recurrenceOverrides"]["2026-07-01T08:00:00"]["duration"] == "PT2H"
    assert "RDATE;VALUE=PERIOD:20260701T080000/PT2H" in lines(floating)


def test_times_in_another_zone_are_those_of_the_series() -> None:
    text = calendar(
        "DTSTART;TZID=Europe/Berlin:20260105T100000", "RRULE:FREQ=DAILY", "EXDATE:20260107T090000Z"
    )
    content = read(text)
    assert content["recurrenceOverrides"] == {"2026-01-07T10:00:00": {"excluded": True}}
    assert "EXDATE:20260107T090000Z" in lines(content)


def test_a_time_that_is_no_longer_left_out_leaves_the_others_as_they_were() -> None:
    text = calendar(
        START,
        "RRULE:FREQ=DAILY",
        "EXDATE;X-A=b:20260102T100000Z",
        "EXDATE;X-A=c:20260103T100000Z",
    )
    content = read(text)
    del content["recurrenceOverrides"]["2026-01-02T10:00:00"]
    found = [line for line in lines(content) if line.startswith("EXDATE")]
    assert found == ["EXDATE;X-A=c:20260103T100000Z"]


def test_rules_that_repeat_each_second_are_kept_and_not_followed() -> None:
    content = read(calendar(START, "RRULE:FREQ=SECONDLY"))
    assert "recurrenceRules" not in content
    assert "RRULE:FREQ=SECONDLY" in lines(content)


@pytest.mark.parametrize(
    ("rule", "read_as"),
    [
        ("FREQ=MONTHLY;BYDAY=-1FR", {"byDay": [{"@type": "NDay", "day": "fr", "nthOfPeriod": -1}]}),
        ("FREQ=YEARLY;BYMONTH=1,12", {"byMonth": ["1", "12"]}),
        ("FREQ=WEEKLY;WKST=SU;INTERVAL=2", {"firstDayOfWeek": "su", "interval": 2}),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", {"byMonthDay": [-1], "count": 3}),
        ("RSCALE=CHINESE;FREQ=YEARLY;SKIP=FORWARD", {"rscale": "chinese", "skip": "forward"}),
        ("FREQ=DAILY;UNTIL=20260110", {"until": "2026-01-10T23:59:59"}),
        ("FREQ=DAILY;UNTIL=20260110T100000Z", {"until": "2026-01-10T10:00:00"}),
    ],
)
def test_rules_say_the_same_here(rule: str, read_as: dict[str, Any]) -> None:
    [found] = read(calendar(START, f"RRULE:{rule}"))["recurrenceRules"]
    assert read_as.items() <= found.items()


# Time zones

FAR = ("BEGIN:VTIMEZONE", "TZID:Far", "BEGIN:STANDARD", "DTSTART:19700101T000000")
ODD = (*FAR, "TZOFFSETFROM:+0437", "TZOFFSETTO:+0437", "END:STANDARD", "END:VTIMEZONE")
FIXED = (*FAR, "TZOFFSETFROM:-1100", "TZOFFSETTO:-1100", "END:STANDARD", "END:VTIMEZONE")


def test_a_time_in_a_zone_that_is_like_none_is_right_in_utc() -> None:
    content = read(calendar("DTSTART;TZID=Far:20260101T100000", around=ODD))
    assert (content["start"], content["timeZone"]) == ("2026-01-01T05:23:00", "Etc/UTC")
    written = lines(content)
    assert "DTSTART;TZID=Far:20260101T100000" in written
    assert "TZOFFSETTO:+0437" in written


def test_what_comes_again_in_a_zone_that_is_like_none_is_refused() -> None:
    text = calendar("DTSTART;TZID=Far:20260101T100000", "RRULE:FREQ=DAILY", around=ODD)
    assert "'Far' changes its clocks as no known zone does" in refusal(text).reason


def test_a_zone_whose_clocks_never_change_is_one_by_its_hours() -> None:
    content = read(calendar("DTSTART;TZID=Far:20260101T100000", "RRULE:FREQ=DAILY", around=FIXED))
    assert (content["start"], content["timeZone"]) == ("2026-01-01T10:00:00", "Etc/GMT+11")


def test_of_zones_with_the_same_offsets_the_one_that_is_named_counts() -> None:
    name = "(UTC+01:00) Brussels, Copenhagen, Madrid, Paris"
    rules = ("RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU")
    winter = ("BEGIN:STANDARD", "DTSTART:19701025T030000", "TZOFFSETFROM:+0200")
    summer = ("BEGIN:DAYLIGHT", "DTSTART:19700329T020000", "TZOFFSETFROM:+0100")
    zone = (
        *("BEGIN:VTIMEZONE", f"TZID:{name}"),
        *(*winter, "TZOFFSETTO:+0100", rules[0], "END:STANDARD"),
        *(*summer, "TZOFFSETTO:+0200", rules[1], "END:DAYLIGHT"),
        "END:VTIMEZONE",
    )
    content = read(calendar(f'DTSTART;TZID="{name}":20260101T100000', around=zone))
    assert content["timeZone"] == "Europe/Paris"


def test_a_zone_that_nobody_knows_is_refused() -> None:
    assert (
        "'Nowhere' is not known" in refusal(calendar("DTSTART;TZID=Nowhere:20260101T100000")).reason
    )


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Berlin",
        "Europe/Dublin",
        "America/New_York",
        "America/Santiago",
        "Asia/Gaza",
        "Asia/Jerusalem",
        "Asia/Kolkata",
        "Africa/Casablanca",
        "Australia/Lord_Howe",
        "Pacific/Apia",
    ],
)
@pytest.mark.parametrize("year", [1975, 2026])
def test_a_zone_that_is_written_has_the_offsets_that_it_has(zone: str, year: int) -> None:
    start = f"{year}-01-01T10:00:00"
    text = write_entry("a", {"@type": "Event", "title": "A", "start": start, "timeZone": zone})
    [written] = Calendar.from_ical(text).walk("VTIMEZONE")
    told = cast("Timezone", written).to_tz(lookup_tzid=False)
    for day in range(0, 20 * 365, 5):
        # Noon, when no clock is changed.
        noon = datetime(year, 1, 2, 12) + timedelta(days=day)  # noqa: DTZ001 - zones come below
        offset = noon.replace(tzinfo=ZoneInfo(zone)).utcoffset()
        assert (noon, noon.replace(tzinfo=told).utcoffset()) == (noon, offset)


def test_each_zone_is_written_once_in_a_calendar_of_many_entries() -> None:
    entry = {"@type": "Event", "title": "A", "start": "2026-01-01T10:00:00"}
    entries = [(key, {**entry, "timeZone": "Europe/Berlin"}) for key in "abc"]
    text = write_calendar(entries, "Work; all")
    assert text.count("BEGIN:VTIMEZONE") == 1
    assert text.count("BEGIN:VEVENT") == 3
    assert "\r\nNAME:Work\\; all\r\nX-WR-CALNAME:Work\\; all\r\n" in text


# Details


def test_people_of_matrix_stand_under_their_matrix_id() -> None:
    content = read(
        calendar(
            START,
            "ORGANIZER:matrix:u/alice:example.org",
            "ATTENDEE;CN=Bob;PARTSTAT=TENTATIVE:matrix:u/bob:example.org",
        )
    )
    assert content["participants"] == {
        "@alice:example.org": {"@type": "Participant", "roles": {"owner": True}},
        "@bob:example.org": {
            "@type": "Participant",
            "name": "Bob",
            "roles": {"attendee": True},
            "participationStatus": "tentative",
        },
    }
    assert "ATTENDEE;CN=Bob;PARTSTAT=TENTATIVE:matrix:u/bob:example.org" in lines(content)


def test_people_of_the_mail_stand_under_a_key_that_is_theirs_in_any_case() -> None:
    assert key_of_address("mailto:bob@example.org") == key_of_address("MAILTO:BOB@example.org")


def test_names_can_not_end_a_line_or_a_parameter() -> None:
    person = {"roles": {"attendee": True}, "name": 'Bob "B"\r\nX-A:b;PARTSTAT=ACCEPTED'}
    content = {"@type": "Event", "title": "A", "start": "2026-01-01T10:00:00"}
    written = lines({**content, "participants": {"@bob:example.org": person}})
    assert "ATTENDEE;CN=\"Bob ^'B^'^nX-A:b;PARTSTAT=ACCEPTED\":matrix:u/bob:example.org" in written


def test_a_file_in_the_calendar_is_kept_once() -> None:
    data = "aGVsbG8g" * 500
    line = f"ATTACH;VALUE=BINARY;ENCODING=BASE64;FMTTYPE=text/plain:{data}"
    content = read(calendar(START, line))
    assert content["links"]["1"]["href"] == f"data:text/plain;base64,{data}"
    assert data not in str(kept(content))
    assert line in lines(content)


def test_links_that_run_programs_are_kept_as_lines_alone() -> None:
    content = read(calendar(START, "URL:javascript:alert(1)"))
    assert "links" not in content
    assert kept(content)["lines"] == ["URL:javascript:alert(1)"]


def test_of_what_stands_twice_the_first_one_counts_and_both_come_back() -> None:
    text = calendar(START, "SUMMARY:First", "SUMMARY:Second", "PRIORITY:high", "PRIORITY:1")
    content = read(text)
    assert content["title"] == "First"
    assert components(write_entry("a", content)) == components(text)


def test_an_entry_without_a_title_has_one_here_and_none_there() -> None:
    content = read(calendar(START))
    assert content["title"] == "(no title)"
    assert not any(line.startswith("SUMMARY") for line in lines(content))


def test_a_title_that_is_too_long_comes_back_whole() -> None:
    title = "x" * 2000
    content = read(calendar(START, f"SUMMARY:{title}"))
    assert len(content["title"]) == 1000
    assert f"SUMMARY:{title}" in lines(content)


def test_coordinates_are_text() -> None:
    content = read(calendar(START, "GEO:52.5200;13.4050"))
    assert content["locations"]["1"]["coordinates"] == "geo:52.5200,13.4050"


def test_what_has_no_time_of_change_is_of_1970_and_reads_as_having_none() -> None:
    content = {"@type": "Task", "title": "A"}
    assert "DTSTAMP:19700101T000000Z" in lines(content)
    assert "DTSTAMP:20260101T000000Z" in lines({**content, "created": "2026-01-01T00:00:00Z"})
    assert read(write_entry("a", content)) == content


def test_lines_have_75_octets_at_most_and_cut_no_character() -> None:
    content = {"@type": "Task", "title": "€😀ä" * 60}
    for line in write_entry("a", content).encode().split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    assert read(write_entry("a", content)) == content


def test_a_uid_that_can_be_no_key_is_in_the_content() -> None:
    [(key, content)] = read_all(calendar(START).replace("UID:a", "UID:a b")).items()
    assert (key, content["uid"]) == (key_of("a b"), "a b")
    assert "UID:a b" in lines(content, key)


def test_an_entry_without_a_uid_gets_one_that_stays() -> None:
    text = calendar(START).replace("UID:a\n", "")
    [(key, content)] = read_all(text).items()
    assert read_all(text) == read_all(write_entry(key, content))


def test_lines_of_the_calendar_and_its_method_come_back() -> None:
    content = read(calendar(START, around=("METHOD:REQUEST", "X-WR-CALNAME:Work")))
    assert content["method"] == "request"
    assert {"METHOD:REQUEST", "X-WR-CALNAME:Work"} <= set(lines(content))


def test_components_that_nobody_knows_come_back() -> None:
    inside = ["BEGIN:X-A", "X-B:c", "BEGIN:X-D", "X-E:f", "END:X-D", "END:X-A"]
    assert set(inside) <= set(lines(read(calendar(START, *inside))))


def test_what_a_stranger_kept_can_neither_end_an_entry_nor_begin_another_one() -> None:
    content = {"@type": "Event", "title": "A", "start": "2026-01-01T10:00:00"}
    forged = {
        "lines": ["END:VEVENT", "X-A:b\nEND:VEVENT", "UID:other"],
        "instead": {"SUMMARY:A": "END:VEVENT", "UID:a": "UID:other"},
        "components": ["BEGIN:VEVENT\nUID:other\nEND:VEVENT", "BEGIN:X-A"],
        "calendar": ["BEGIN:VEVENT", "VERSION:3.0"],
        "timezones": {"UTC": "X-A:b"},
    }
    assert lines({**content, NAMESPACE: {"iCalendar": forged}}) == lines(content)


# What can't be read


def test_a_text_that_is_no_calendar_is_refused() -> None:
    assert refusal("Hello").reason == "This is no calendar: it has no line BEGIN:VCALENDAR."


@pytest.mark.parametrize("kind", ["VJOURNAL", "VFREEBUSY", "X-OTHER"])
def test_what_is_no_event_and_no_task_is_refused_by_its_title(kind: str) -> None:
    refused = refusal(calendar("SUMMARY:Diary", kind=kind))
    assert refused.name == "Diary"
    assert kind in refused.reason


def test_an_event_without_a_start_is_refused() -> None:
    assert "no start" in refusal(calendar("SUMMARY:A")).reason
    assert "no start" in refusal(calendar("DTSTART:20260230T100000")).reason


def test_an_entry_that_is_cut_off_is_refused_and_the_others_are_read() -> None:
    cut = ("BEGIN:VEVENT", "UID:b", "SUMMARY:Cut", START)
    entries, refused = read_entries(calendar(START, "SUMMARY:Whole", around=cut))
    assert [entry.content["title"] for entry in entries] == ["Whole"]
    assert [each.name for each in refused] == ["Cut"]


def test_an_entry_with_what_can_not_be_stored_is_refused() -> None:
    assert "can't be stored" in refusal(calendar(START, "SUMMARY:a\x00b")).reason


def test_two_entries_of_one_uid_are_not_mixed() -> None:
    other = ("BEGIN:VEVENT", "UID:a", START, "SUMMARY:Other", "END:VEVENT")
    entries, refused = read_entries(calendar(START, "SUMMARY:A", around=other))
    assert [entry.content["title"] for entry in entries] == ["Other"]
    assert refused == [Refused("A", "Another entry of the file has the same UID.")]


def test_an_entry_that_stands_twice_is_one() -> None:
    text = calendar(START, "SUMMARY:A")
    assert len(read_all(text + text)) == 1


def test_an_event_and_a_task_of_one_uid_are_two_entries() -> None:
    entries, _ = read_entries(calendar(START) + calendar(kind="VTODO"))
    assert [(entry.key, entry.content["@type"]) for entry in entries] == [
        ("a", "Event"),
        ("a", "Task"),
    ]
    assert all(isinstance(entry, Entry) for entry in entries)
