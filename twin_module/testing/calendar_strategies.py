"""Hypothesis strategies for iCalendar (RFC 5545): as programs write it, and as none should."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from twin_module.core.content_lines import Component, escaped, param_text, read_components
from twin_module.testing.json_strategies import STORABLE, texts

Shape: TypeAlias = tuple[str, tuple[str, ...], tuple[Any, ...]]

TZIDS: Final = (
    "Europe/Berlin",
    "America/New_York",
    "W. Europe Standard Time",
    "Pacific Standard Time",
    "/mozilla.org/20050126_1/Europe/Rome",
    "UTC",
)


def shape_of(text: str) -> list[Shape]:
    """Return what a calendar says whatever the order: its lines unfolded, and components inside.

    The program that wrote it and time zones are left out.
    """
    return sorted(_shape(each) for each in read_components(text, {}))


def _shape(component: Component) -> Shape:
    lines = (line.text for line in component.lines if line.name != "PRODID")
    parts = (_shape(part) for part in component.parts if part.name != "VTIMEZONE")
    return component.name, tuple(sorted(lines)), tuple(sorted(parts))


# iCalendar


def _values() -> SearchStrategy[str]:
    """Return values without line breaks, as strangers write them: escaped or not."""
    odd = st.text(st.characters(**STORABLE, exclude_categories=["Cc", "Cs"]), max_size=12)
    return st.one_of(
        odd,
        texts(max_size=12).map(lambda text: escaped(text.replace("\r", "").replace("\x1a", ""))),
        st.sampled_from(["", " ", "a\\nb", "a\\Nb", "a,b;c", "\\", "ä" * 50, "x" * 100]),
    )


@st.composite
def _stamps(draw: st.DrawFn) -> str:
    start = datetime(2024, 1, 1)  # noqa: DTZ001 - local by its meaning
    moment = start + timedelta(minutes=draw(st.integers(0, 1_500_000)))
    return moment.isoformat().replace("-", "").replace(":", "")


def _timed(name: str) -> SearchStrategy[str]:
    """Return a line with a time, in all forms that there are, and some that there should not be."""
    zoned = st.builds(
        lambda tzid, at: f"{name}{param_text('TZID', [tzid])}:{at}",
        st.sampled_from(TZIDS),
        _stamps(),
    )
    return st.one_of(
        zoned,
        _stamps().map(lambda at: f"{name}:{at}Z"),
        _stamps().map(lambda at: f"{name}:{at}"),
        _stamps().map(lambda at: f"{name};VALUE=DATE:{at[:8]}"),
        _stamps().map(lambda at: f"{name};VALUE=DATE-TIME;X-A=b:{at}Z"),
    )


def _several(name: str) -> SearchStrategy[str]:
    return st.builds(
        lambda line, more: ",".join([line, *more]),
        _timed(name),
        st.lists(_stamps(), max_size=2),
    )


_DURATIONS: Final = ("PT1H", "P1D", "PT0S", "P1W", "-PT15M", "+PT5M", "-P0DT0H10M0S", "P2DT3H", "x")
_URIS: Final = (
    "https://example.org/a",
    "https://example.zoom.us/j/1",
    "mailto:bob@example.org",
    "MAILTO:Bob@example.org",
    "matrix:u/bob:example.org",
    "javascript:alert(1)",
    "urn:uuid:1",
    "none at all",
)
_RULES: Final = (
    "FREQ=DAILY",
    "FREQ=WEEKLY;WKST=MO;INTERVAL=2;BYDAY=MO,WE;UNTIL=20251231T120000Z",
    "FREQ=MONTHLY;BYDAY=-1FR;COUNT=12",
    "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=29;RSCALE=GREGORIAN;SKIP=BACKWARD",
    "freq=yearly;byday=1MO;bymonth=5;bysetpos=-1;byhour=9;byminute=0",
    "FREQ=WEEKLY;UNTIL=20251231",
    "FREQ=SECONDLY",
    "FREQ=WEEKLY;BYDAY=XX",
    "FREQ=DAILY;COUNT=0",
)


def _of(name: str, values: Iterable[str]) -> SearchStrategy[str]:
    return st.sampled_from(list(values)).map(lambda value: f"{name}:{value}")


def _attendees() -> SearchStrategy[str]:
    params = st.lists(
        st.sampled_from(
            [
                "CN=Bob",
                'CN="Bob, B."',
                "PARTSTAT=ACCEPTED",
                "partstat=Declined",
                "ROLE=CHAIR",
                "ROLE=OPT-PARTICIPANT",
                "RSVP=TRUE",
                "RSVP=FALSE",
                "CUTYPE=ROOM",
                "EMAIL=b@example.org",
                'MEMBER="mailto:all@example.org"',
                "X-NUM-GUESTS=0",
            ]
        ),
        max_size=4,
        unique=True,
    )
    return st.builds(
        lambda name, params, uri: ";".join([name, *params]) + f":{uri}",
        st.sampled_from(["ATTENDEE", "ATTENDEE", "ORGANIZER"]),
        params,
        st.sampled_from(_URIS),
    )


def _links() -> SearchStrategy[str]:
    params = st.sampled_from(
        [
            "",
            ";FMTTYPE=text/plain",
            ";VALUE=URI",
            ";VALUE=BINARY;ENCODING=BASE64",
            ";FILENAME=a.txt",
        ]
    )
    names = st.sampled_from(["URL", "ATTACH", "LINK", "CONFERENCE", "X-GOOGLE-CONFERENCE"])
    return st.builds(
        lambda name, params, uri: f"{name}{params}:{uri}",
        names,
        params,
        st.sampled_from([*_URIS, "aGVsbG8="]),
    )


def _texts() -> SearchStrategy[str]:
    names = ["SUMMARY", "DESCRIPTION", "LOCATION", "CATEGORIES", "COMMENT", "CONTACT", "X-APPLE-A"]
    params = st.sampled_from(["", "", ";LANGUAGE=de", ';ALTREP="cid:a:b"', ";X-A=b;X-C=d,e"])
    return st.builds(
        lambda name, params, value: f"{name}{params}:{value}",
        st.sampled_from([*names, "RELATED-TO", "X-MOZ-LASTACK", "COLOR", "GEO"]),
        params,
        _values(),
    )


def _others() -> SearchStrategy[str]:
    return st.one_of(
        _of("STATUS", ["CONFIRMED", "TENTATIVE", "COMPLETED", "In-Process", "WHATEVER", ""]),
        _of("CLASS", ["PUBLIC", "PRIVATE", "CONFIDENTIAL", "X-SECRET"]),
        _of("TRANSP", ["OPAQUE", "TRANSPARENT", "opaque"]),
        _of("PRIORITY", ["0", "5", "05", "10", "high"]),
        _of("SEQUENCE", ["0", "3", "-1", "99999999999"]),
        _of("PERCENT-COMPLETE", ["0", "50", "101"]),
        _of("GEO", ["52.5;13.4", "+1.0;-2.50", "x"]),
        _of("COLOR", ["red", "#ff0000", "dark;red"]),
        _of("RELATED-TO;RELTYPE=CHILD", ["a", "a b", "c@d"]),
        _of("RELATED-TO", ["a", "parent-1"]),
        _of("CREATED", ["20240101T000000Z", "20240101T000000", "never"]),
        _of("LAST-MODIFIED", ["20240101T000000Z", "20240301T120000Z"]),
        _of("COMPLETED", ["20240101T000000Z"]),
        st.sampled_from(["no line at all", 'X-BROKEN;A="b:c', "X-EMPTY:", "X-A;B:c", "a.X-B:c"]),
    )


@st.composite
def _alarms(draw: st.DrawFn) -> list[str]:
    lines = draw(
        st.lists(
            st.one_of(
                _of("ACTION", ["DISPLAY", "AUDIO", "EMAIL", "NONE"]),
                _of("TRIGGER", _DURATIONS),
                _of("TRIGGER;RELATED=END", _DURATIONS),
                _of("TRIGGER;VALUE=DATE-TIME", ["20240101T000000Z", "19760401T005545Z"]),
                _of("UID", ["a-b", "1", "a b"]),
                _of("ACKNOWLEDGED", ["20240101T000000Z", "x"]),
                _of("X-WR-ALARMUID", ["1"]),
                _texts(),
            ),
            max_size=6,
        )
    )
    return ["BEGIN:VALARM", *lines, "END:VALARM"]


def _inner() -> SearchStrategy[list[str]]:
    unknown = ["BEGIN:VLOCATION", "UID:1", "BEGIN:X-A", "X-B:c", "END:X-A", "END:VLOCATION"]
    return _alarms() | st.just(unknown)


def _cased(line: str) -> str:
    name = line.partition(":")[0].partition(";")[0]
    return name.capitalize() + line[len(name) :]


@st.composite
def _component(draw: st.DrawFn, name: str, first: list[str]) -> list[str]:
    lines = [*first, f"DTSTAMP:{draw(_stamps())}Z"]
    if name == "VEVENT" or draw(st.booleans()):
        lines.append(draw(_timed("DTSTART")))
    ends = ["DTEND"] if name == "VEVENT" else ["DUE"]
    if draw(st.booleans()):
        lines.append(draw(_timed(ends[0]) | _of("DURATION", _DURATIONS)))
    more = st.one_of(_texts(), _others(), _attendees(), _links(), _of("RRULE", _RULES))
    more = more | _several("EXDATE") | _several("RDATE") | _texts()
    lines += draw(st.lists(more.flatmap(lambda line: st.sampled_from([line, line, _cased(line)]))))
    inside = draw(st.lists(_inner(), max_size=2))
    return [f"BEGIN:{name}", *lines, *(line for each in inside for line in each), f"END:{name}"]


@st.composite
def calendars(draw: st.DrawFn) -> str:
    """Return a calendar with one entry, which may be a series with instances of its own."""
    name = draw(st.sampled_from(["VEVENT", "VEVENT", "VTODO"]))
    uid = draw(st.sampled_from(["UID:a@example.org", "UID:{A-B}", "Uid;X-A=b:c d", "UID:@bob:x"]))
    lines = draw(_component(name, [uid]))
    for _ in range(draw(st.integers(0, 2))):
        named = draw(_timed("RECURRENCE-ID"))
        lines += draw(_component(name, [uid, named]))
    top = ["X-WR-CALNAME:Work", "CALSCALE:GREGORIAN", "METHOD:PUBLISH", "X-WR-TIMEZONE:Europe/Rome"]
    head = draw(st.lists(st.sampled_from(top), unique=True))
    whole = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//a//b//EN", *head, *lines, "END:VCALENDAR"]
    return folded_at(whole, draw(st.sampled_from([75, 75, 30, 1000])), draw(st.booleans()))


def folded_at(lines: Iterable[str], width: int, crlf: bool) -> str:
    """Return lines folded after so many characters, as some programs do, with CRLF or LF."""
    end = "\r\n" if crlf else "\n"
    return "".join(
        f"{end} ".join(line[at : at + width] for at in range(0, max(len(line), 1), width)) + end
        for line in lines
    )


@st.composite
def broken_calendars(draw: st.DrawFn) -> str:
    """Return a calendar of which something is missing, doubled, or other than it was."""
    text = draw(calendars())
    for _ in range(draw(st.integers(1, 4))):
        at, to = sorted(draw(st.integers(0, len(text))) for _ in range(2))
        to = min(to, at + 40)
        new = draw(st.text(max_size=5) | st.sampled_from(["\n", "END:VEVENT\n", "\x00", "\ud800"]))
        text = text[:at] + draw(st.sampled_from(["", new, text[at:to] * 2])) + text[to:]
    return text


def hostile_texts() -> SearchStrategy[str]:
    """Return texts that no program should send."""
    return st.one_of(
        st.text(), broken_calendars(), st.sampled_from([_deep, _long, _many]).map(_made)
    )


def _made(make: Callable[[], str]) -> str:
    return make()


def _within(lines: str) -> str:
    return f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART:20240101\n{lines}\nEND:VEVENT\nEND:VCALENDAR"


def _deep() -> str:
    return _within("BEGIN:X-A\n" * 50_000 + "END:X-A\n" * 50_000)


def _long() -> str:
    return _within("X-A" + ';B="' * 100_000 + ":" + "\\," * 100_000 + "\n " * 100_000)


def _many() -> str:
    return _within("X-A:1\n" * 20_000)
