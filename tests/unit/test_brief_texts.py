"""What a brief says, in both languages, whatever its objects are called."""

import json
import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from twin_module.chat.briefs.texts import (
    MOST_LINES,
    Change,
    Done,
    Event,
    Found,
    Kind,
    Task,
    Waiting,
    nothing,
    said,
)
from twin_module.chat.words.brief import WORDS
from twin_module.core.state import plain
from twin_module.core.voice import About, Said, message

ME = "@alice:alice.example"
ROOM = "!home:alice.example"
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 7, 1, 7, 30, tzinfo=BERLIN)
"""A Wednesday."""
NASTY = '<b>"\u202e\n\U0001f600&' * 9_000


def at(hour: int, minute: int = 0, day: int = 1, month: int = 7) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def about(uid: str, recurrence_id: str | None = None) -> About:
    return About(ROOM, "org.digitaltwin.event", uid, recurrence_id)


def event(title: str, start: datetime, end: datetime | None = None, **fields: Any) -> Event:
    usual: dict[str, Any] = {"place": "", "only_days": False, "about": about(title[:9])}
    return Event(title=title, start=start, end=end or start, **{**usual, **fields})


def task(title: str, due: datetime, *, only_days: bool = False) -> Task:
    return Task(about=about(title[:9]), title=title, due=due, only_days=only_days)


def waiting(what: Any, title: str, **fields: Any) -> Waiting:
    return Waiting(what=what, about=about(title[:9]), title=title, **fields)


def found(kind: Kind = "daily", **parts: Any) -> Found:
    return Found(kind=kind, now=NOW, **parts)


def told(each: Found, language: str = "en") -> Said:
    brief = said(each, ME, language)
    assert brief is not None
    return brief


def lines(each: Found, language: str = "en") -> list[str]:
    return [line for line in told(each, language).body.split("\n") if line]


DAY = found(
    events=[
        event("Dentist", at(10), at(11), place="Praxis", overlaps=(2,)),
        event("Holiday", at(0), at(0, day=4), only_days=True),
        event("Call", at(10, 30), at(12), overlaps=(0,), is_answered=False),
    ],
    tasks=[
        task("Rent", at(0, day=30, month=6), only_days=True),
        task("Tax", at(12, day=20, month=6)),
        task("Bread", at(18)),
    ],
    changes=[
        Change(who="Bob", room="Shared", count=5, titles=["Milk", "Butter", "Eggs"]),
        Change(who="Carol", room="Shared", count=1, titles=["Milk"]),
        Change(who="Carol", room="", count=1, titles=[]),
    ],
    waiting=[
        waiting("collection", "Garden", who="@bob:bob.example"),
        waiting("circle", "Family", who="@bob:bob.example"),
        waiting("event", "Dinner", when=at(19, day=3)),
        waiting("proposal", "Bread", who="Bob"),
        waiting("own-proposal", "Bread"),
    ],
)


def test_a_day_is_told_in_english() -> None:
    assert told(DAY).body == "\n".join(  # noqa: FLY002 - as it is read
        [
            "Wednesday, 1 July",
            "",
            "Today",
            "1. All day until 3 July: Holiday",
            "2. 10:00\u201311:00 Dentist (Praxis), overlaps with 3",
            "3. 10:30\u201312:00 Call, overlaps with 2, not answered yet",
            "",
            "Due today",
            "4. Bread, today at 18:00",
            "",
            "Overdue",
            "5. Rent, yesterday",
            "6. Tax, on 20 June at 12:00",
            "",
            "Waiting for you",
            "7. @bob:bob.example shares “Garden” with you",
            "8. @bob:bob.example wants you in the circle “Family”",
            "9. Dinner, on Friday at 19:00: will you come?",
            "10. Bob changed “Bread”, and that was not taken in. Take it in?",
            "11. You changed “Bread”, and that was not taken in. Take it in?",
            "",
            "Changed by others",
            "- Bob changed 5 things in Shared: Milk, Butter, Eggs, …",
            "- Carol changed Milk in Shared",
            "- Carol changed one thing in a collection without a name",
            "",
            "Answer like this: 4 done, 5 tomorrow, 7 yes; stop ends these messages.",
        ]
    )


def test_a_day_is_told_in_german() -> None:
    assert told(DAY, "de").body == "\n".join(  # noqa: FLY002 - as it is read
        [
            "Mittwoch, 1. Juli",
            "",
            "Heute",
            "1. Ganztägig bis 3. Juli: Holiday",
            "2. 10:00\u201311:00 Dentist (Praxis), gleichzeitig mit 3",
            "3. 10:30\u201312:00 Call, gleichzeitig mit 2, noch nicht beantwortet",
            "",
            "Heute fällig",
            "4. Bread, heute um 18:00",
            "",
            "Überfällig",
            "5. Rent, gestern",
            "6. Tax, am 20. Juni um 12:00",
            "",
            "Wartet auf dich",
            "7. @bob:bob.example teilt „Garden“ mit dir",
            "8. @bob:bob.example möchte dich im Kreis „Family“ haben",
            "9. Dinner, am Freitag um 19:00: Kommst du?",
            "10. Bob hat „Bread“ geändert, und das wurde nicht übernommen. Übernehmen?",
            "11. Du hast „Bread“ geändert, und das wurde nicht übernommen. Übernehmen?",
            "",
            "Von anderen geändert",
            "- Bob hat in Shared 5 Dinge geändert: Milk, Butter, Eggs, …",
            "- Carol hat in Shared Milk geändert",
            "- Carol hat in einer Sammlung ohne Namen etwas geändert",
            "",
            "Antworte so: 4 erledigt, 5 morgen, 7 ja; stopp beendet diese Nachrichten.",
        ]
    )


def test_a_week_is_told_by_its_days() -> None:
    week = found(
        "weekly",
        events=[
            event("Choir", at(19, day=3), at(20, day=3)),
            event("Choir", at(19, day=7), at(20, day=7)),
            event("Fair", at(12, day=30, month=6), at(12, day=2)),
        ],
        tasks=[task("Bread", at(18)), task("Rent", at(0, day=7), only_days=True)],
        done=Done(count=4, titles=["A", "B", "C"]),
    )
    assert lines(week) == [
        "Your week from Wednesday, 1 July",
        "Wednesday, 1 July",
        "1. All day until 2 July: Fair",
        "Friday, 3 July",
        "2. 19:00\u201320:00 Choir",
        "Tuesday, 7 July",
        "3. 19:00\u201320:00 Choir",
        "Due this week",
        "4. Bread, today at 18:00",
        "5. Rent, on Tuesday",
        "Done in the last week",
        "- 4 tasks: A, B, C, …",
        "Answer like this: 4 done, 5 tomorrow; stop ends these messages.",
    ]
    assert lines(week, "de")[0] == "Deine Woche ab Mittwoch, 1. Juli"


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (at(10), at(11), "10:00\u201311:00 X"),
        (at(10), at(10), "10:00 X"),
        (at(22), at(2, day=2), "22:00\u201302:00 X"),
        (at(22, day=30, month=6), at(2), "Until 02:00: X"),
        (at(22, day=30, month=6), at(2, day=2), "All day until 2 July: X"),
        (at(10), at(9, day=3), "10:00 until 3 July, 09:00: X"),
        (at(0), at(0, day=2), "All day: X"),
        (at(0), at(0), "00:00 X"),
    ],
)
def test_an_event_is_told_from_when_until_when(start: datetime, end: datetime, text: str) -> None:
    assert lines(found(events=[event("X", start, end)]))[2] == f"1. {text}"


def test_html_counts_as_the_plain_text_does() -> None:
    html = told(DAY).html or ""
    assert (
        '<h4>Today</h4><ol start="1"><li>All day until 3 July: <strong>Holiday</strong></li>'
        in html
    )
    assert '<h4>Due today</h4><ol start="4">' in html
    assert "<h4>Changed by others</h4><ul><li>Bob changed" in html
    assert html.startswith("<p><strong>Wednesday, 1 July</strong></p>")


def test_the_numbers_are_the_places_of_what_the_message_is_about() -> None:
    one = about("run", "2026-07-01T19:00:00")
    brief = told(found(events=[event("Run", at(19), about=one)], tasks=[task("Bread", at(18))]))
    assert brief.about == (one, about("Bread"))
    assert (brief.topic, brief.mentions, brief.notice) == ("brief", (ME,), False)
    assert len(told(DAY).about) == 11


def test_nothing_to_tell_is_no_brief_and_an_answer_to_who_asks() -> None:
    assert said(found(), ME, "en") is None
    assert said(found("weekly"), ME, "de") is None
    assert nothing("daily", ME, "en").body == "Nothing today."
    assert nothing("weekly", ME, "de").body == "Diese Woche ist nichts."
    assert nothing("daily", ME, "en").about == ()


def test_where_nothing_can_be_answered_only_the_way_out_is_told() -> None:
    changes = [Change(who="Bob", room="Shared", count=2, titles=["Milk"])]
    assert lines(found(changes=changes))[-1] == "Answer stop to end these messages."


def test_who_did_not_answer_an_event_of_today_is_told_to_say_yes() -> None:
    asked = event("Call", at(10), at(11), is_answered=False)
    assert "1 yes" in lines(found(events=[asked]))[-1]


def test_of_too_many_each_section_tells_some_and_how_many_more_there_are() -> None:
    brief = lines(
        found(
            events=[event(f"e{n}", at(10, n)) for n in range(40)],
            tasks=[task(f"t{n}", at(18)) for n in range(50)],
            waiting=[waiting("circle", "Family", who=ME)],
            changes=[Change(who=f"p{n}", room="R", count=1, titles=["T"]) for n in range(20)],
        )
    )
    numbered = [line for line in brief if re.match(r"\d+\. |- ", line)]
    assert len(numbered) == MOST_LINES
    more = [line for line in brief if line.startswith("and ")]
    shown = [sum(line.split(" ")[1].startswith(mark) for line in numbered) for mark in ("10:", "t")]
    assert more == [f"and {40 - shown[0]} more", f"and {50 - shown[1]} more", "and 12 more"]
    assert any("Family" in line for line in numbered)
    assert lines(found(tasks=[task("x", at(18))] * 32), "de")[-2] == "und 2 weitere"


def test_an_overlap_with_what_is_not_shown_has_no_number() -> None:
    events = [event(f"e{n}", at(10, n), at(11, n), overlaps=(35,)) for n in range(35)]
    brief = lines(found(events=[*events, event("last", at(12), overlaps=(0,))]))
    assert brief[2].endswith("e0, overlaps with something else")


class _Reader(HTMLParser):
    """Checks that HTML is balanced and of Matrix's own tags."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert tag in ("p", "strong", "h4", "ol", "ul", "li")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_texts_of_strangers_stay_text_in_one_line_and_fit_into_an_event() -> None:
    uid = "\U0001f600" * 60
    place: dict[str, Any] = {
        "about": About(f"!{'r' * 250}", "org.digitaltwin.event", uid, "2026-07-01T10:00:00")
    }
    brief = told(
        found(
            events=[event(NASTY, at(10), at(11), place=NASTY, **place)] * 40,
            tasks=[Task(title=NASTY, due=at(18), only_days=False, **place)] * 40,
            waiting=[Waiting(what="proposal", title=NASTY, who=NASTY, **place)] * 40,
            changes=[Change(who=NASTY, room=NASTY, count=5, titles=[NASTY] * 3)] * 40,
        )
    )
    assert all("\u202e" not in text for text in (brief.body, brief.html or ""))
    assert len([line for line in brief.body.split("\n") if re.match(r"\d+\. |- ", line)]) == 30
    reader = _Reader()
    reader.feed(brief.html or "")
    assert reader.open == []
    shown = json.dumps([brief.body, brief.html], ensure_ascii=False).encode()
    assert len(shown) < 40_000
    content = json.dumps(plain(message(brief, "k" * 64)), ensure_ascii=False).encode()
    assert len(content) < 60_000


@given(st.text(), st.text(), st.datetimes(), st.datetimes(), st.sampled_from(["daily", "weekly"]))
def test_whatever_is_found_a_brief_can_be_made_of_it(
    title: str, who: str, start: datetime, end: datetime, kind: Kind
) -> None:
    local = [each.replace(tzinfo=BERLIN) for each in (start, end)]
    each = found(
        kind,
        events=[event(title, min(local), max(local))],
        tasks=[task(title, local[0])],
        waiting=[waiting("event", title, when=local[1]), waiting("circle", title, who=who)],
        changes=[Change(who=who, room=title, count=1, titles=[title])],
    )
    for language in ("en", "de"):
        brief = told(each, language)
        numbers = re.findall(r"^(\d+)\. ", brief.body, re.MULTILINE)
        assert numbers == [str(number + 1) for number in range(len(brief.about))]


def test_both_languages_say_the_same_with_the_same_places() -> None:
    def places(sentence: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(sentence) if name}

    english, german = WORDS.sentences["en"], WORDS.sentences["de"]
    assert english.keys() == german.keys()
    for name, sentence in english.items():
        assert places(sentence) == places(german[name]), name


def test_a_brief_tells_of_the_week_from_today_on() -> None:
    later = event("Later", NOW + timedelta(days=7), NOW + timedelta(days=7, hours=1))
    assert said(found("weekly", events=[later]), ME, "en") is None
