"""Entries are found by filters, fetched by their paths, and told when they are busy (RFC 4791, 7)."""

from collections.abc import Mapping

import pytest

from tests.dav.conftest import Server
from tests.dav.entries import calendar as whole, card, event, todo, values, vevent
from twin_module.testing.dav import Dav, Shown

pytestmark = pytest.mark.twins

WEEK = '<C:time-range start="20300107T000000Z" end="20300114T000000Z"/>'


def named(listed: Mapping[str, Shown]) -> set[str]:
    """Return the names of the files that were found, without their ending."""
    return {path.rpartition("/")[2].rpartition(".")[0] for path in listed}


def fill(dav: Dav, calendar: str, entries: Mapping[str, str]) -> None:
    """Write entries, by the name of their file."""
    for name, text in entries.items():
        answer = dav.put(f"{calendar}{name}.ics", text)
        assert answer.status == 201, f"{name}: {answer.status} {answer.body!r}"


def events(inside: str) -> str:
    """Return a filter of events."""
    return f'<C:comp-filter name="VEVENT">{inside}</C:comp-filter>'


STARTS = 'match-type="starts-with"'
NOT_THERE = "<C:is-not-defined/>"


def prop(name: str, inside: str = "") -> str:
    """Return a filter of a property."""
    return f'<C:prop-filter name="{name}">{inside}</C:prop-filter>'


def param(name: str, inside: str) -> str:
    """Return a filter of a property's parameter."""
    return f'<C:param-filter name="{name}">{inside}</C:param-filter>'


def text(words: str, how: str = "") -> str:
    """Return a filter of a text."""
    return f"<C:text-match {how}>{words}</C:text-match>"


def expanded(dav: Dav, calendar: str, start: str, end: str) -> list[str]:
    """Return the starts of all instances in a time, sorted."""
    span = f'start="{start}" end="{end}"'
    found = dav.report(
        calendar,
        f"<C:calendar-query><D:prop><C:calendar-data><C:expand {span}/></C:calendar-data></D:prop>"
        f'<C:filter><C:comp-filter name="VCALENDAR">{events(f"<C:time-range {span}/>")}'
        "</C:comp-filter></C:filter></C:calendar-query>",
    )
    texts = [each.text("C:calendar-data").replace("\n", "\r\n") for each in found.values()]
    assert not any("RRULE" in text for text in texts)
    return sorted(
        start for text in texts for start in values(text.replace("\r\r", "\r"), "DTSTART")
    )


@pytest.fixture
def filled(dav: Dav, calendar: str) -> str:
    """A calendar with entries of several kinds."""
    fill(
        dav,
        calendar,
        {
            "monday": event("monday", "LOCATION:Room 5", "CATEGORIES:Health"),
            "next": event("next", start="20300114T100000Z", summary="Hairdresser"),
            "day": event("day", start="20300109", summary="Holiday"),
            "days": event("days", "DTEND;VALUE=DATE:20300109", start="20300105", summary="Journey"),
            "weekly": event(
                "weekly", "RRULE:FREQ=WEEKLY", start="20290103T180000Z", summary="Choir"
            ),
            "ended": event(
                "ended", "RRULE:FREQ=DAILY;COUNT=3", start="20290103T180000Z", summary="Course"
            ),
            "bread": todo("bread", "DUE:20300108T120000Z"),
            "done": todo(
                "done",
                "STATUS:COMPLETED",
                "COMPLETED:20300101T120000Z",
                "DUE:20300102T120000Z",
                summary="Milk",
            ),
        },
    )
    return calendar


ALL_EVENTS = {"monday", "next", "day", "days", "weekly", "ended"}


def test_a_query_without_a_filter_finds_everything(dav: Dav, filled: str) -> None:
    assert named(dav.query(filled, "")) == ALL_EVENTS | {"bread", "done"}


@pytest.mark.parametrize(
    ("kind", "expected"), [("VEVENT", ALL_EVENTS), ("VTODO", {"bread", "done"})]
)
def test_entries_are_found_by_kind(dav: Dav, filled: str, kind: str, expected: set[str]) -> None:
    assert named(dav.query(filled, f'<C:comp-filter name="{kind}"/>')) == expected


def test_a_kind_can_be_excluded(dav: Dav, filled: str) -> None:
    without = '<C:comp-filter name="VEVENT"><C:is-not-defined/></C:comp-filter>'
    assert named(dav.query(filled, without)) == {"bread", "done"}


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (prop("LOCATION"), {"monday"}),
        (prop("LOCATION", NOT_THERE), ALL_EVENTS - {"monday"}),
        (prop("SUMMARY", text("den")), {"monday"}),
        (prop("SUMMARY", text("HAIR", 'collation="i;ascii-casemap"')), {"next"}),
        (prop("SUMMARY", text("o", 'negate-condition="yes"')), {"monday", "next"}),
        (prop("SUMMARY", text("Dentist")) + prop("LOCATION", text("6")), set()),
        (prop("UID", text("weekly", 'collation="i;octet"')), {"weekly"}),
        (prop("RRULE"), {"weekly", "ended"}),
        (prop("DTSTART", param("VALUE", text("DATE"))), {"day", "days"}),
    ],
    ids=["there", "not there", "text", "case", "not text", "both", "uid", "rule", "parameter"],
)
def test_entries_are_found_by_what_stands_in_them(
    dav: Dav, filled: str, inside: str, expected: set[str]
) -> None:
    assert named(dav.query(filled, events(inside))) == expected


def test_entries_are_found_by_time(dav: Dav, filled: str) -> None:
    assert named(dav.query(filled, events(WEEK))) == {"monday", "day", "days", "weekly"}


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ('start="20300107T103000Z" end="20300107T104500Z"', {"monday", "days"}),
        ('start="20300107T110000Z" end="20300107T120000Z"', {"days"}),
        ('start="20300107T090000Z" end="20300107T100000Z"', {"days"}),
        ('start="20300108T235900Z" end="20300109T000000Z"', {"days"}),
        ('start="20300109T120000Z" end="20300109T130000Z"', {"day"}),
        ('start="20300110T120000Z" end="20300110T130000Z"', set()),
        ('start="20390101T000000Z" end="20390108T000000Z"', {"weekly"}),
        ('end="20290103T183000Z"', {"weekly", "ended"}),
        ('start="20290105T183000Z" end="20290106T000000Z"', {"ended"}),
        ('start="20300110T000000Z"', {"next", "weekly"}),
    ],
)
def test_an_event_is_found_while_it_lasts(
    dav: Dav, filled: str, span: str, expected: set[str]
) -> None:
    assert named(dav.query(filled, events(f"<C:time-range {span}/>"))) == expected


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ('start="20300108T000000Z" end="20300109T000000Z"', {"bread"}),
        ('start="20300102T000000Z" end="20300103T000000Z"', {"done"}),
        ('start="20310102T000000Z" end="20310103T000000Z"', set()),
    ],
)
def test_a_task_is_found_by_the_day_that_it_is_due(
    dav: Dav, filled: str, span: str, expected: set[str]
) -> None:
    filters = f'<C:comp-filter name="VTODO"><C:time-range {span}/></C:comp-filter>'
    assert named(dav.query(filled, filters)) == expected


def test_open_tasks_are_found(dav: Dav, filled: str) -> None:
    # What apps ask that show what is left to do (RFC 4791, 7.8.9).
    filters = (
        '<C:comp-filter name="VTODO"><C:prop-filter name="COMPLETED"><C:is-not-defined/>'
        '</C:prop-filter><C:prop-filter name="STATUS"><C:text-match negate-condition="yes">'
        "CANCELLED</C:text-match></C:prop-filter></C:comp-filter>"
    )
    assert "done" not in named(dav.query(filled, filters))


def test_a_moved_instance_is_found_where_it_was_moved_to(dav: Dav, calendar: str) -> None:
    series = whole(
        vevent("a", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3"),
        vevent("a", "DURATION:PT1H", "RECURRENCE-ID:20300108T100000Z", start="20300201T100000Z"),
    )
    fill(dav, calendar, {"a": series})
    for span, expected in (
        ('start="20300201T000000Z" end="20300202T000000Z"', {"a"}),
        ('start="20300108T000000Z" end="20300109T000000Z"', set()),
        ('start="20300109T000000Z" end="20300110T000000Z"', {"a"}),
    ):
        assert named(dav.query(calendar, events(f"<C:time-range {span}/>"))) == expected


def test_an_excluded_instance_is_not_found(dav: Dav, calendar: str) -> None:
    fill(dav, calendar, {"a": event("a", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20300108T100000Z")})
    span = 'start="20300108T000000Z" end="20300109T000000Z"'
    assert named(dav.query(calendar, events(f"<C:time-range {span}/>"))) == set()


def test_the_clock_of_a_time_zone_counts(dav: Dav, calendar: str) -> None:
    # 09:00 in Berlin is 08:00 UTC in winter and 07:00 in summer.
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n"
        "BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"
        "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\nEND:STANDARD\r\n"
        "BEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"
        "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\nEND:DAYLIGHT\r\n"
        "END:VTIMEZONE\r\n"
    )
    daily = vevent("a", "DURATION:PT30M", "RRULE:FREQ=DAILY").replace(
        "DTSTART:20300107T100000Z", "DTSTART;TZID=Europe/Berlin:20300107T090000"
    )
    fill(dav, calendar, {"a": whole(zone, daily)})
    for span, expected in (
        ('start="20300110T080000Z" end="20300110T083000Z"', {"a"}),
        ('start="20300110T070000Z" end="20300110T073000Z"', set()),
        ('start="20300710T070000Z" end="20300710T073000Z"', {"a"}),
        ('start="20300710T080000Z" end="20300710T083000Z"', set()),
    ):
        assert named(dav.query(calendar, events(f"<C:time-range {span}/>"))) == expected


def test_a_series_is_written_out(dav: Dav, calendar: str) -> None:
    series = whole(
        vevent(
            "a",
            "DURATION:PT1H",
            "RRULE:FREQ=DAILY;COUNT=4",
            "EXDATE:20300109T100000Z",
        ),
        vevent("a", "DURATION:PT1H", "RECURRENCE-ID:20300108T100000Z", start="20300108T150000Z"),
    )
    fill(dav, calendar, {"a": series})
    assert expanded(dav, calendar, "20300107T000000Z", "20300114T000000Z") == [
        "20300107T100000Z",
        "20300108T150000Z",
        "20300110T100000Z",
    ]


def test_entries_are_fetched_by_their_paths(dav: Dav, filled: str) -> None:
    wanted = [f"{filled}monday.ics", f"{filled}bread.ics", f"{filled}nobody.ics"]
    found = dav.multiget(filled, wanted, "C:calendar-data")
    assert {path: each.status for path, each in found.items()} == dict(
        zip(wanted, (200, 200, 404), strict=True)
    )
    assert "SUMMARY:Dentist" in found[wanted[0]].text("C:calendar-data")
    assert found[wanted[0]].text("D:getetag") == dav.etag(wanted[0])


def test_paths_of_elsewhere_are_not_found(dav: Dav, filled: str, server: Server) -> None:
    other = server.new_calendar(f"beside {filled.rstrip('/').rpartition('/')[2]}")
    dav.put(f"{other}x.ics", event("x"))
    (shown,) = dav.multiget(filled, [f"{other}x.ics"], "C:calendar-data").values()
    assert shown.status == 404


def test_the_kind_of_an_entry_is_in_its_type(dav: Dav, filled: str) -> None:
    listed = dav.query(filled, "", "D:getcontenttype")
    types = {path: each.text("D:getcontenttype") for path, each in listed.items()}
    assert "component=VEVENT" in types[f"{filled}monday.ics"]
    assert "component=VTODO" in types[f"{filled}bread.ics"]


def test_a_query_of_one_entry_is_about_this_one(dav: Dav, filled: str) -> None:
    path = f"{filled}monday.ics"
    assert set(dav.query(path, "")) == {path}


def test_busy_times_are_told_without_what_they_are(dav: Dav, calendar: str) -> None:
    fill(
        dav,
        calendar,
        {
            "busy": event("busy"),
            "free": event("free", "TRANSP:TRANSPARENT", start="20300107T150000Z"),
            "series": event("series", "RRULE:FREQ=DAILY;COUNT=2", start="20300108T090000Z"),
            "away": event("away", start="20300301T100000Z"),
        },
    )
    answer = dav.xml(
        "REPORT", calendar, f"<C:free-busy-query>{WEEK}</C:free-busy-query>", depth="1"
    )
    text = bytes(answer.ok()).decode()
    assert "VFREEBUSY" in text
    for start in ("20300107T100000", "20300108T090000", "20300109T090000"):
        assert start in text
    assert "20300301" not in text
    assert "Dentist" not in text


@pytest.fixture
def people(dav: Dav, address_book: str) -> str:
    """An address book with people in it."""
    for uid, name, more in (
        ("ada", "Ada Lovelace", ("EMAIL;TYPE=WORK:ada@example.org", "NOTE:Engine")),
        ("alan", "Alan Turing", ("EMAIL;TYPE=HOME:alan@example.com",)),
        ("grace", "Grace Hopper", ("TEL;TYPE=CELL:+1 555 0100",)),
    ):
        assert dav.put(f"{address_book}{uid}.vcf", card(uid, *more, name=name)).status == 201
    return address_book


@pytest.mark.parametrize(
    ("test", "inside", "expected"),
    [
        ("anyof", "", {"ada", "alan", "grace"}),
        ("allof", "", {"ada", "alan", "grace"}),
        ("anyof", prop("EMAIL"), {"ada", "alan"}),
        ("anyof", prop("EMAIL", NOT_THERE), {"grace"}),
        ("anyof", prop("FN", text("turing")), {"alan"}),
        ("anyof", prop("FN", text("A", STARTS)) + prop("TEL"), {"ada", "alan", "grace"}),
        ("allof", prop("FN", text("A", STARTS)) + prop("NOTE"), {"ada"}),
        ("anyof", prop("EMAIL", text(".com", 'match-type="ends-with"')), {"alan"}),
        ("anyof", prop("EMAIL", param("TYPE", text("WORK"))), {"ada"}),
    ],
    ids=[
        "any of nothing",
        "all of nothing",
        "there",
        "not there",
        "text",
        "any",
        "both",
        "end",
        "parameter",
    ],
)
def test_people_are_found(
    dav: Dav, people: str, test: str, inside: str, expected: set[str]
) -> None:
    found = dav.report(
        people,
        "<CR:addressbook-query><D:prop><D:getetag/></D:prop>"
        f'<CR:filter test="{test}">{inside.replace("C:", "CR:")}</CR:filter>'
        "</CR:addressbook-query>",
    )
    assert named(found) == expected


def test_people_are_fetched_by_their_paths(dav: Dav, people: str) -> None:
    wanted = [f"{people}ada.vcf", f"{people}nobody.vcf"]
    found = dav.multiget(people, wanted, "CR:address-data")
    assert [found[each].status for each in wanted] == [200, 404]
    assert "FN:Ada Lovelace" in found[wanted[0]].text("CR:address-data")
