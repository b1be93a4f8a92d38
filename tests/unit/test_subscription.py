"""Addresses of public calendars, what they say of themselves, and when they are due."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given, strategies as st

from twin_module.core.errors import InvalidParam
from twin_module.core.subscription import (
    HOUR,
    LONGEST,
    LONGEST_RETRY,
    MAX_URL,
    Masthead,
    Subscription,
    is_whole,
    masthead,
    next_look,
    next_try,
    public_address,
    read_subscription,
    redirected,
)
from twin_module.testing.json_strategies import Json, canonical_json, hostile_json

NOW = 1_790_000_000_000
ONE = Subscription("!one", "https://calendar.example/a.ics")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://a.example/b.ics", "https://a.example/b.ics"),
        ("  http://A.example:8080/b.ics?k=v&l#part ", "http://a.example:8080/b.ics?k=v&l"),
        ("webcal://a.example/b.ics", "https://a.example/b.ics"),
        ("WEBCALS://a.example", "https://a.example/"),
        (
            "https://bücher.example/größe%20x.ics",
            "https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe%20x.ics",
        ),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
    ],
)
def test_an_address_is_asked_for_in_one_form(text: str, address: str) -> None:
    assert public_address(text) == address
    assert public_address(address) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", "a.example/b.ics", "file:///etc/passwd", "ftp://a.example/", "javascript:1"),
        *("https://", "https:///b.ics", "https://me:word@a.example/", "https://me@a.example/"),
        *("https://a.example/b c", "https://a.example/\r\nHost:b", "https://a.example:99999/"),
        *("https://[fe80::1%25eth0]/", "https://[::1", "https://a b/", "https://a.example:x/"),
        f"https://a.example/{'x' * MAX_URL}",
    ],
)
def test_what_is_no_public_address_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InvalidParam, match=r"^url: .{10}"):
        public_address(text)


@given(st.text(max_size=60) | st.text(max_size=40).map(lambda text: f"https://{text}"))
def test_whatever_is_no_address_is_refused_and_what_is_one_is_plain(text: str) -> None:
    try:
        address = public_address(text)
    except InvalidParam:
        return
    assert address.isascii()
    assert address.startswith(("https://", "http://"))
    assert not set(address) & set(" \r\n\t\x00")


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/c.ics", "https://calendar.example/c.ics"),
        ("c.ics", "https://calendar.example/c.ics"),
        ("https://other.example/", "https://other.example/"),
        ("//other.example/d", "https://other.example/d"),
    ],
)
def test_redirects_are_followed_from_where_one_is(location: str, target: str) -> None:
    assert redirected(ONE.url, location) == target


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "http://calendar.example/a.ics", "https://[", "ftp://x/"]
)
def test_redirects_lead_nowhere_but_to_the_web_and_not_out_of_encryption(location: str) -> None:
    with pytest.raises(InvalidParam):
        redirected(ONE.url, location)


# What is kept


@given(
    st.integers(0, 9), st.integers(0, 2**52), st.text(max_size=20).filter(lambda t: "\0" not in t)
)
def test_a_subscription_comes_back_as_it_was_kept(failures: int, ts: int, problem: str) -> None:
    one = Subscription("!one", ONE.url, '"tag"', "", ts, ts, ts, problem, failures, 1, 5)
    if problem.isprintable():
        assert read_subscription("!one", one.record()) == one


@given(
    hostile_json()
    | canonical_json()
    | st.dictionaries(st.sampled_from(["url", "etag", "next_ts"]), canonical_json())
)
def test_whatever_a_client_wrote_is_a_subscription_or_none(record: Json) -> None:
    found = read_subscription("!one", record)
    assert found is None or found.url.startswith("http")


@pytest.mark.parametrize(
    "change", [{"url": "file:///x"}, {"next_ts": -1}, {"next_ts": True}, {"etag": 5}, {"url": None}]
)
def test_a_subscription_of_a_wrong_shape_is_none(change: dict[str, object]) -> None:
    assert read_subscription("!one", {**ONE.record(), **change}) is None


# When it is due


@pytest.mark.parametrize(
    ("headers", "asked", "seconds"),
    [
        ({}, None, HOUR),
        ({}, 60, HOUR),
        ({}, 6 * HOUR, 6 * HOUR),
        ({}, 10**9, LONGEST),
        ({"cache-control": "private, max-age=7200"}, None, 2 * HOUR),
        ({"cache-control": "max-age=7200"}, 3 * HOUR, 3 * HOUR),
        ({"cache-control": "max-age=99999999999"}, None, HOUR),
        ({"cache-control": "no-cache"}, None, HOUR),
    ],
)
def test_a_calendar_is_looked_at_again_as_it_wishes_within_an_hour_and_a_week(
    headers: dict[str, str], asked: int | None, seconds: int
) -> None:
    due = next_look(ONE, NOW, headers, asked) - NOW
    assert seconds * 1000 <= due < seconds * 1100
    assert due == next_look(ONE, NOW, headers, asked) - NOW


def test_looks_at_many_calendars_are_spread() -> None:
    due = {next_look(Subscription(f"!{n}", ONE.url), NOW, {}, None) for n in range(50)}
    assert len(due) > 45


@pytest.mark.parametrize(
    ("failures", "retry_after", "seconds"),
    [
        (1, "", HOUR),
        (2, "", 2 * HOUR),
        (50, "", LONGEST_RETRY),
        (1, "60", HOUR),
        (1, "7200", 2 * HOUR),
        (1, "99999999", LONGEST),
        (3, "7200", 4 * HOUR),
        (1, "soon", HOUR),
        (1, "Thu, 01 Jan 1970 00:00:00 GMT", HOUR),
        (1, format_datetime(datetime.fromtimestamp(NOW / 1000 + 9000, UTC), usegmt=True), 9000),
    ],
)
def test_what_can_not_be_had_is_tried_later_and_later_or_when_its_server_says(
    failures: int, retry_after: str, seconds: int
) -> None:
    failed = Subscription("!one", ONE.url, failures=failures)
    assert seconds * 1000 <= next_try(failed, NOW, retry_after) - NOW < seconds * 1100


# What a calendar says of itself


def test_a_calendar_says_its_name_and_when_to_come_back() -> None:
    text = (
        "BEGIN:VCALENDAR\r\nX-WR-CALNAME:Old name\r\nNAME;LANGUAGE=en:Mondays\\, and\\n\r\n"
        "  Tuesdays\r\nREFRESH-INTERVAL;VALUE=DURATION:P1D\r\nBEGIN:VEVENT\r\nNAME:no\r\n"
    )
    assert masthead(text) == Masthead("Mondays, and Tuesdays", 86_400)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("X-PUBLISHED-TTL:PT2H", Masthead("", 7200)),
        ("X-PUBLISHED-TTL:often", Masthead("", None)),
        ("X-WR-CALNAME:Home", Masthead("Home", None)),
        ("X-WR-CALNAME: \x07 ", Masthead("", None)),
        ("no line at all", Masthead("", None)),
    ],
)
def test_what_older_programs_write_counts_and_nonsense_does_not(
    line: str, expected: Masthead
) -> None:
    assert masthead(f"BEGIN:VCALENDAR\n{line}\nEND:VCALENDAR\n") == expected


@given(st.text())
def test_any_text_has_a_masthead(text: str) -> None:
    head = masthead(text)
    assert head.refresh is None or head.refresh > 0


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("\ufeffBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n\r\n", True),
        ("begin:vcalendar\nend:vcalendar", True),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMM", False),
        ("<!doctype html><p>Sign in", False),
        ("", False),
    ],
)
def test_a_page_of_html_or_half_a_calendar_is_none(text: str, whole: bool) -> None:
    assert is_whole(text) is whole
