"""Dates in what people write in a chat: what is one, what is none, and which moment it is."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from twin_module.chat.language.date_tokens import Tokens
from twin_module.chat.language.date_words import words_of
from twin_module.chat.language.dates import Moment, find, read

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=BERLIN)  # a Wednesday


def said(moment: Moment | None) -> str:
    """Write a moment as the tables do: a day, with a time where it has one, and its end."""
    if moment is None:
        return "nothing"
    form = "%Y-%m-%d %H:%M" if moment.has_time else "%Y-%m-%d"
    assert moment.has_time or (moment.start.hour, moment.start.minute) == (0, 0)
    end = "" if moment.end is None else moment.end.strftime(f" to {form}")
    return moment.start.strftime(form) + end


ENGLISH = [
    ("buy bread tomorrow 18:00", "buy bread", "2026-11-26 18:00"),
    ("fri 10-11 dentist", "dentist", "2026-11-27 10:00 to 2026-11-27 11:00"),
    ("friday 10:00 – 11:30", "", "2026-11-27 10:00 to 2026-11-27 11:30"),  # noqa: RUF001
    ("call mum in 2 hours", "call mum", "2026-11-25 14:00"),
    ("call in half an hour", "call", "2026-11-25 12:30"),
    ("report in two weeks", "report", "2026-12-09"),
    ("in a fortnight", "", "2026-12-09"),
    ("3 days from now", "", "2026-11-28"),
    ("gifts 24.12.", "gifts", "2026-12-24"),
    ("tree on 24.12", "tree", "2026-12-24"),
    ("2026-12-24", "", "2026-12-24"),
    ("2026-12-24T18:00 tree", "tree", "2026-12-24 18:00"),
    ("24/12/2026 tree", "tree", "2026-12-24"),
    ("12/24/2026 tree", "tree", "2026-12-24"),
    ("Dec 24", "", "2026-12-24"),
    ("party on December the 24th, 2027", "party", "2027-12-24"),
    ("fri, 24 Dec party", "party", "2026-12-24"),
    ("the 24th of December party", "party", "2026-12-24"),
    ("dentist may 5", "dentist", "2027-05-05"),
    ("5 May 2027", "", "2027-05-05"),
    ("29.2. leap", "leap", "2028-02-29"),
    ("25 Nov", "", "2026-11-25"),
    ("born 24.12.1984", "born", "1984-12-24"),
    ("next week", "", "2026-11-30"),
    ("next month", "", "2026-12-01"),
    ("next year", "", "2027-01-01"),
    ("friday next week", "", "2026-12-04"),
    ("next week on friday dinner", "dinner", "2026-12-04"),
    ("next friday dinner", "dinner", "2026-12-04"),
    ("this friday dinner", "dinner", "2026-11-27"),
    ("today", "", "2026-11-25"),
    ("yesterday", "", "2026-11-24"),
    ("2 days ago", "", "2026-11-23"),
    ("the day after tomorrow", "", "2026-11-27"),
    ("tonight", "", "2026-11-25 18:00"),
    ("call tonight at 8", "call", "2026-11-25 20:00"),
    ("this afternoon", "", "2026-11-25 15:00"),
    ("run tomorrow morning", "run", "2026-11-26 09:00"),
    ("tomorrow at 8 in the evening", "", "2026-11-26 20:00"),
    ("lunch at noon", "lunch", "2026-11-25 12:00"),
    ("midnight", "", "2026-11-26 00:00"),
    ("friday midnight", "", "2026-11-28 00:00"),
    ("10am-11am", "", "2026-11-26 10:00 to 2026-11-26 11:00"),
    ("standup 10-11am", "standup", "2026-11-26 10:00 to 2026-11-26 11:00"),
    ("talk 6-8 p.m.", "talk", "2026-11-25 18:00 to 2026-11-25 20:00"),
    ("tomorrow between 10 and 11", "", "2026-11-26 10:00 to 2026-11-26 11:00"),
    ("10-11 fri standup", "standup", "2026-11-27 10:00 to 2026-11-27 11:00"),
    ("22:00-02:00 party", "party", "2026-11-25 22:00 to 2026-11-26 02:00"),
    ("fri 10:00 for 2 hours dentist", "dentist", "2026-11-27 10:00 to 2026-11-27 12:00"),
    ("half past nine call bob", "call bob", "2026-11-26 09:30"),
    ("report by friday", "report", "2026-11-27"),
    ("until friday", "", "2026-11-27"),
    ("dentist due fri", "dentist", "2026-11-27"),
    ("at 6pm", "", "2026-11-25 18:00"),
    ("12am", "", "2026-11-26 00:00"),
    ("dentist at 9", "dentist", "2026-11-26 09:00"),
    ("on Monday", "", "2026-11-30"),
    ("tomorrow at 9 dentist", "dentist", "2026-11-26 09:00"),
    ("tomorrow dentist 18:00", "dentist", "2026-11-26 18:00"),
    ("on Friday dentist at nine", "dentist", "2026-11-27 09:00"),
    ("Monday to Wednesday trip", "trip", "2026-11-30 to 2026-12-03"),
    ("trip Dec 24-26", "trip", "2026-12-24 to 2026-12-27"),
    ("trip 30.12.-2.1.", "trip", "2026-12-30 to 2027-01-03"),
    ("call @bob fri #home", "call @bob #home", "2026-11-27"),
    ("buy bread @bob tomorrow 18:00 #home", "buy bread @bob #home", "2026-11-26 18:00"),
    ("prepare friday meeting on thursday", "prepare friday meeting", "2026-11-26"),
    ("fri 10:00 talk about monday", "talk about monday", "2026-11-27 10:00"),
    ("buy bread (tomorrow) at lidl", "buy bread at lidl", "2026-11-26"),
    ("tomorrow: buy bread", "buy bread", "2026-11-26"),
    ("buy bread, tomorrow.", "buy bread", "2026-11-26"),
    ("wed", "", "2026-12-02"),
    ("on sat barbecue", "barbecue", "2026-11-28"),
    ("sun 10:00 barbecue", "barbecue", "2026-11-29 10:00"),
    ("mon 10:00 barbecue", "barbecue", "2026-11-30 10:00"),
]

GERMAN = [
    ("Zahnarzt morgen um 9", "Zahnarzt", "2026-11-26 09:00"),
    (
        "am Montag von 10 bis 11:30 Uhr Treffen",
        "Treffen",
        "2026-11-30 10:00 to 2026-11-30 11:30",
    ),
    ("in drei Tagen", "", "2026-11-28"),
    ("in einer Stunde", "", "2026-11-25 13:00"),
    ("in einer halben Stunde anrufen", "anrufen", "2026-11-25 12:30"),
    ("vor 2 Tagen", "", "2026-11-23"),
    ("24.12. Geschenke", "Geschenke", "2026-12-24"),
    ("24.12.2026 18 Uhr", "", "2026-12-24 18:00"),
    ("Feier am 24. Dezember 2027 um 18 Uhr", "Feier", "2027-12-24 18:00"),
    ("1. Mai", "", "2027-05-01"),
    ("8. Maerz", "", "2027-03-08"),
    ("3.4.2027", "", "2027-04-03"),
    ("3.4.27", "", "2027-04-03"),
    ("Termin 3.12. 14-15 Uhr", "Termin", "2026-12-03 14:00 to 2026-12-03 15:00"),
    ("3.12.-5.12.", "", "2026-12-03 to 2026-12-06"),
    ("bis zum 24.12. Bericht", "Bericht", "2026-12-24"),
    ("24.-26. Dezember Urlaub", "Urlaub", "2026-12-24 to 2026-12-27"),
    ("Urlaub vom 24.12. bis 26.12.", "Urlaub", "2026-12-24 to 2026-12-27"),
    ("von Montag bis Mittwoch Urlaub", "Urlaub", "2026-11-30 to 2026-12-03"),
    ("nächste Woche", "", "2026-11-30"),
    ("nächsten Freitag", "", "2026-12-04"),
    ("kommenden Freitag", "", "2026-11-27"),
    ("Freitag nächste Woche", "", "2026-12-04"),
    ("heute Abend", "", "2026-11-25 18:00"),
    ("mittags essen", "essen", "2026-11-25 12:00"),
    ("morgen früh laufen", "laufen", "2026-11-26 09:00"),
    ("morgen Nachmittag um 3", "", "2026-11-26 15:00"),
    ("Freitagabend Kino", "Kino", "2026-11-27 18:00"),
    ("Freitag Abend um 8 Kino", "Kino", "2026-11-27 20:00"),
    ("um 8 Uhr abends essen", "essen", "2026-11-25 20:00"),
    ("bis Freitag", "", "2026-11-27"),
    ("bis 18 Uhr", "", "2026-11-25 18:00"),
    ("Treffen gegen 17 Uhr", "Treffen", "2026-11-25 17:00"),
    ("heute 18h", "", "2026-11-25 18:00"),
    ("10-11 Uhr Treffen", "Treffen", "2026-11-26 10:00 to 2026-11-26 11:00"),
    ("um 9 am Montag Zahnarzt", "Zahnarzt", "2026-11-30 09:00"),
    ("um halb 9 Frühstück", "Frühstück", "2026-11-26 08:30"),
    ("heute um halb eins essen", "essen", "2026-11-25 12:30"),
    ("übermorgen", "", "2026-11-27"),
    ("Sonnabend einkaufen", "einkaufen", "2026-11-28"),
    ("Mo 10:00 Yoga", "Yoga", "2026-11-30 10:00"),
    ("do 18:00 Sport", "Sport", "2026-11-26 18:00"),
    ("Sport Do. 18 Uhr", "Sport", "2026-11-26 18:00"),
    ("Yoga am Do", "Yoga", "2026-11-26"),
    ("Freitag 10 Uhr für 2 Stunden Zahnarzt", "Zahnarzt", "2026-11-27 10:00 to 2026-11-27 12:00"),
    # English words in a German's text.
    ("buy bread tomorrow 18:00", "buy bread", "2026-11-26 18:00"),
    ("Zahnarzt next week", "Zahnarzt", "2026-11-30"),
]

NO_DATES = [
    "buy 3 eggs",
    "may I come",
    "may 5 people come",
    "march",
    "march 3 miles",
    "sat nav",
    "sun cream",
    "enjoy the sun",
    "mon cheri",
    "read chapter 10-11 of the book",
    "count from 10 to 11",
    "10-11",
    "call 112",
    "1984",
    "version 2.5",
    "version 2.5.",
    "update to 2.5",
    "24/7",
    "3/4/2026",
    "10.0.0.1",
    "31.4.",
    "look at 3 houses",
    "set to 20%",
    "do it",
    "so what",
    "Mi casa",
    "friday.com",
    "#friday @monday",
    "monday's report",
    "every monday yoga",
    "talk about monday",
    "last friday",
    "in the morning",
    "evening dress",
    "call in",
    "2h of sport",
]

NO_DATES_IN_GERMAN = [
    *NO_DATES,
    "Do it",
    "So what",
    "Yoga So",
    "So",
    "Guten Morgen",
    "am Morgen laufen",
    "jeden Montag Yoga",
    "Kapitel 10-11 lesen",
    "im März",
    "Die Sonne",
    "Mittag essen",
    "zum Mitnehmen",
]


@pytest.mark.parametrize(("text", "rest", "moment"), ENGLISH)
def test_a_moment_is_taken_out_of_an_english_sentence(text: str, rest: str, moment: str) -> None:
    left, found = find(text, NOW, "en")

    assert (left, said(found)) == (rest, moment)


@pytest.mark.parametrize(("text", "rest", "moment"), GERMAN)
def test_a_moment_is_taken_out_of_a_german_sentence(text: str, rest: str, moment: str) -> None:
    left, found = find(text, NOW, "de")

    assert (left, said(found)) == (rest, moment)


@pytest.mark.parametrize("text", NO_DATES)
def test_numbers_and_words_of_their_own_are_no_dates(text: str) -> None:
    assert find(text, NOW, "en") == (text, None)


@pytest.mark.parametrize("text", NO_DATES_IN_GERMAN)
def test_german_days_that_are_words_of_their_own_are_no_dates(text: str) -> None:
    assert find(text, NOW, "de") == (text, None)


def test_german_words_are_no_dates_in_an_english_text() -> None:
    assert find("call Piers Morgen", NOW, "en")[1] is None


@pytest.mark.parametrize(
    ("text", "rest", "moment"),
    [
        ('watch "Tomorrow never dies" friday', "watch Tomorrow never dies", "2026-11-27"),
        ("watch „Tomorrow never dies“", "watch Tomorrow never dies", "nothing"),
        ("watch 'Friday the 24th' tonight", "watch Friday the 24th", "2026-11-25 18:00"),
        ('read "War and Peace" friday', 'read "War and Peace"', "2026-11-27"),
        ("mum's car tomorrow, bob's too", "mum's car, bob's too", "2026-11-26"),
        ('an 8" pipe tomorrow', 'an 8" pipe', "2026-11-26"),
    ],
)
def test_what_is_quoted_is_no_date_and_keeps_its_words(text: str, rest: str, moment: str) -> None:
    left, found = find(text, NOW, "en")

    assert (left, said(found)) == (rest, moment)


@pytest.mark.parametrize(
    ("text", "language", "moment"),
    [
        ("tomorrow", "en", "2026-11-26"),
        ("Tomorrow!", "en", "2026-11-26"),
        ("2h", "en", "2026-11-25 14:00"),
        ("30m", "de", "2026-11-25 12:30"),
        ("2d", "en", "2026-11-27"),
        ("1w", "de", "2026-12-02"),
        ("5 min", "en", "2026-11-25 12:05"),
        ("half an hour", "en", "2026-11-25 12:30"),
        ("3 Tage", "de", "2026-11-28"),
        ("fri 18:00", "en", "2026-11-27 18:00"),
        ("fri 18", "en", "2026-11-27 18:00"),
        ("next week", "en", "2026-11-30"),
        ("in einer Stunde", "de", "2026-11-25 13:00"),
        ("bis morgen", "de", "2026-11-26"),
        ("24.12", "de", "2026-12-24"),
        ("sun", "en", "2026-11-29"),
        ("Do.", "de", "2026-11-26"),
        ("Do", "de", "nothing"),
        ("9", "en", "nothing"),
        ("", "en", "nothing"),
        ("done", "en", "nothing"),
        ('"tomorrow"', "en", "nothing"),
        ("tomorrow please", "en", "nothing"),
        ("not tomorrow", "en", "nothing"),
    ],
)
def test_a_whole_text_is_one_moment_or_none(text: str, language: str, moment: str) -> None:
    assert said(read(text, NOW, language)) == moment


def test_every_day_of_the_year_is_read_as_it_is_written() -> None:
    for number in range(364):
        day = datetime(2026, 11, 26, tzinfo=BERLIN) + timedelta(days=number)
        for text in (
            f"{day.day}.{day.month}.",
            f"{day:%d.%m.%Y}",
            f"{day:%Y-%m-%d}",
            f"{day:%b %d}",
        ):
            moment = read(text, NOW, "de")

            assert said(moment) == f"{day:%Y-%m-%d}", text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("wed 13:00", "2026-11-25 13:00"),
        ("wed 11:00", "2026-12-02 11:00"),
        ("wednesday", "2026-12-02"),
        ("11:59", "2026-11-26 11:59"),
        ("12:00", "2026-11-25 12:00"),
        ("today 9:00", "2026-11-25 09:00"),
    ],
)
def test_what_has_passed_is_the_next_one_unless_the_words_say_otherwise(
    text: str, moment: str
) -> None:
    assert said(read(text, NOW, "en")) == moment


def test_the_evening_that_has_begun_is_the_next_full_hour() -> None:
    assert said(read("tonight", NOW.replace(hour=21, minute=10), "en")) == "2026-11-25 22:00"
    assert said(read("heute Abend", NOW.replace(hour=23, minute=30), "de")) == "2026-11-26 00:00"


def test_the_coming_week_begins_on_monday() -> None:
    sunday = datetime(2026, 11, 29, 12, 0, tzinfo=BERLIN)

    assert said(read("next monday", sunday, "en")) == "2026-11-30"
    assert said(read("next sunday", sunday, "en")) == "2026-12-06"
    assert said(read("next month", sunday.replace(day=30, month=12), "en")) == "2027-01-01"


def test_a_time_that_the_clocks_leave_out_is_the_later_one() -> None:
    before = datetime(2027, 3, 27, 12, 0, tzinfo=BERLIN)

    assert said(read("tomorrow 2:30", before, "en")) == "2027-03-28 03:30"
    assert said(read("tomorrow 2:30-3:00", before, "en")) == "2027-03-28 03:30 to 2027-03-28 04:00"


def test_a_time_that_the_clocks_show_twice_is_the_first_one() -> None:
    moment = read("tomorrow 2:30", datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN), "en")

    assert moment is not None
    assert moment.start.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_two_hours_are_two_hours_while_the_clocks_change() -> None:
    for now in (
        datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN),
        datetime(2027, 3, 28, 1, 30, tzinfo=BERLIN),
    ):
        moment = read("in 2 hours", now, "en")

        assert moment is not None
        assert moment.start.astimezone(UTC) - now.astimezone(UTC) == timedelta(hours=2)


def test_a_day_whose_midnight_the_clocks_leave_out_begins_on_that_day() -> None:
    santiago = ZoneInfo("America/Santiago")
    moment = read("tomorrow", datetime(2026, 9, 5, 12, 0, tzinfo=santiago), "en")

    assert moment is not None
    assert moment.start == datetime(2026, 9, 6, 1, 0, tzinfo=santiago)


def test_only_the_beginning_of_a_long_text_is_looked_at() -> None:
    text = "word " * 12_000

    assert find(f"{text}tomorrow", NOW, "en") == (f"{text}tomorrow", None)
    assert find(f"tomorrow {text}", NOW, "en")[0] == text.strip()
    # "fri" ends what is looked at here, not the text.
    assert find("x" * 490 + " with fri and others", NOW, "en")[1] is None
    assert find("x" * 60_000 + " tomorrow", NOW, "en")[1] is None


@pytest.mark.parametrize("piece", ["31.4. ", "31 Apr 18:00 ", "in 999 years ", '"tomorrow" ', "'"])
def test_a_hostile_text_asks_dateparser_a_bounded_number_of_times(
    piece: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dateparser.date import DateDataParser  # noqa: PLC0415 -- as late as the code does it

    asked: list[str] = []
    ask = DateDataParser.get_date_data

    def counted(parser: DateDataParser, said: str) -> object:
        asked.append(said)
        return ask(parser, said)

    monkeypatch.setattr(DateDataParser, "get_date_data", counted)
    find(piece * 10_000, NOW, "de")

    assert len(asked) <= 60


def test_dateparser_sees_only_what_looks_like_a_date(monkeypatch: pytest.MonkeyPatch) -> None:
    from dateparser.date import DateDataParser  # noqa: PLC0415

    asked: list[str] = []

    def refuses(_: DateDataParser, said: str) -> object:
        asked.append(said)
        raise ValueError

    monkeypatch.setattr(DateDataParser, "get_date_data", refuses)
    for text in NO_DATES_IN_GERMAN:
        if text != "31.4.":
            find(text, NOW, "de")
    assert asked == []
    assert find("buy bread on Friday", NOW, "de") == ("buy bread on Friday", None)
    assert asked == ["friday"]


def test_many_threads_find_the_same() -> None:
    texts = [(text, "en") for text, _, _ in ENGLISH] + [(text, "de") for text, _, _ in GERMAN]
    alone = [find(text, NOW, language) for text, language in texts]

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda each: find(each[0], NOW, each[1]), texts * 5))

    assert together == alone * 5


LAZY_AND_QUIET = """
import sys
from datetime import UTC, datetime
from twin_module.chat.language.dates import find
now = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
find("buy 3 eggs at 18:00", now, "de")
assert "dateparser" not in sys.modules
find("tomorrow", now, "de"), find("in drei Tagen", now, "de"), find("24 Dec", now, "en")
seen = []
sys.addaudithook(lambda name, args: seen.append((name, args)))
find("übermorgen 18:00", now, "de"), find("in 3 weeks", now, "en"), find("5. Mai", now, "de")
seen = [each for each in seen if each[0].startswith(("open", "socket", "os.", "subprocess"))]
assert not seen, seen
"""


def test_dateparser_is_imported_by_the_first_date_and_opens_nothing_afterwards() -> None:
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", LAZY_AND_QUIET],
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr


def words(text: str) -> list[str]:
    """Return the words and signs of a text in their order, without quotation marks."""
    tokens = Tokens(text)
    return [tokens[at].written for at in range(len(tokens))]


def is_part_of(few: list[str], many: list[str]) -> bool:
    """Tell whether a list is another with some things left out."""
    rest = iter(many)
    return all(each in rest for each in few)


_TABLES = (
    "weekdays short_weekdays months relative following periods amounts hour_units day_units parts"
    " named_times before_days before_times blocks"
)
_PIECES = """
0 1 3 9 10 12 13 24 25 31 32 99 999 1984 2026 0000 ² ٣ 18:00 2:30 24:00 10-11 24.12. 31.4. 29.2. 24.12
30.2.2027 2026-02-30 2026-12-24 12/24/2026 1.1.00 am pm h uhr 24th half halb past to in ago from now
. , : - – / ( ) " ' „ “ » ` @bob #home İ ſ bread \0
"""  # noqa: RUF001
_VOCABULARY = sorted(
    {"\n", "\u2028", *_PIECES.split()}.union(
        *(getattr(words_of("de"), name) for name in _TABLES.split())
    )
)
_TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(_VOCABULARY), max_size=14).map(" ".join),
    st.lists(st.sampled_from(_VOCABULARY), max_size=8).map("".join),
)
_ZONES = st.sampled_from(
    [
        BERLIN,
        UTC,
        ZoneInfo("America/Santiago"),
        ZoneInfo("Pacific/Apia"),
        ZoneInfo("Australia/Lord_Howe"),
    ]
)
_NOWS = st.datetimes(datetime(1970, 1, 2), datetime(9998, 12, 30))  # noqa: DTZ001 -- gets a zone


@settings(deadline=None, max_examples=400)
@given(text=_TEXTS, naive=_NOWS, zone=_ZONES, language=st.sampled_from(["en", "de"]))
def test_any_text_gives_a_moment_in_the_zone_or_none_and_keeps_its_words_in_order(
    text: str, naive: datetime, zone: tzinfo, language: str
) -> None:
    now = naive.replace(tzinfo=zone)
    rest, moment = find(text, now, language)
    read(text, now, language)

    unquoted = str.maketrans("", "", "\"'„“”»«`")
    assert is_part_of(words(rest.translate(unquoted)), words(text.translate(unquoted)))
    if moment is None:
        assert words(rest.translate(unquoted)) == words(text.translate(unquoted))
    else:
        assert moment.start.tzinfo is zone
        assert moment.end is None or moment.end.tzinfo is zone
        assert moment.end is None or moment.start.astimezone(UTC) < moment.end.astimezone(UTC)
        assert len(rest) < len(text)
