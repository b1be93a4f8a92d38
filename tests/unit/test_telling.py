"""Changes in words: who did what, in lines that fit, whatever strangers write."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from twin_module.chat.news.changes import (
    NOTHING,
    Change,
    Known,
    Step,
    doings,
    known_types,
    pinged,
    step,
    voices,
)
from twin_module.chat.news.items import Item, items, targets
from twin_module.chat.news.pacing import FIRST_PAUSE, LONGEST_PAUSE, Pace, next_at
from twin_module.chat.news.telling import MOST_BYTES, MOST_LINES, Ask, Telling
from twin_module.chat.people import names
from twin_module.chat.words.notices import WORDS
from twin_module.core.capability import DEEDS, Deed
from twin_module.core.matrix_uri import event_of
from twin_module.core.state import Content, frozen
from twin_module.core.voice import message
from twin_module.engine.versions import Place
from twin_module.rooms import CAPABILITIES
from twin_module.testing.strategies import contents, odd_contents

ROOM = "!room:example.org"
ALICE, BOB, CAROL = (f"@{name}:{name}.example" for name in ("alice", "bob", "carol"))
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 12, 23, 12, tzinfo=BERLIN)
PAGE = "https://alice.example/_synapse/client/twin/"
TYPES = known_types(CAPABILITIES)
TASK, EVENT, RSVP = (f"org.digitaltwin.{name}" for name in ("task", "event", "rsvp"))
NAMES = {ALICE: "Alice", BOB: "Bob", CAROL: "Carol"}
ENGLISH = Telling("en", NOW, NAMES, PAGE)
GERMAN = replace(ENGLISH, language="de")


def task(title: str = "Bread", **fields: Any) -> Content:
    return frozen({"@type": "Task", "title": title, **fields})


def event(title: str = "Dentist", start: str = "2026-12-25T10:00:00", **fields: Any) -> Content:
    return frozen({"@type": "Event", "title": title, "start": start, **fields})


def change(
    *turns: tuple[str, Content], before: Content | None = NOTHING, kind: str = TASK, uid: str = "a"
) -> Change:
    """Return a change that people made in turns, the last of which is how it is now."""
    known, steps, last = TYPES[kind], [], before
    for sender, content in turns:
        steps.append(step(known, sender, last, content))
        last = content
    after = last or NOTHING
    title = known.title(after) or known.title(before)
    return Change(Place(ROOM, kind, uid), before, after, tuple(steps), f"${uid}", title)


def told(*changes: Change, contents: Mapping[Place, Content] | None = None) -> Sequence[Item]:
    order = list(dict.fromkeys(place for each in changes for place in targets(TYPES, each)))
    return items(TYPES, order or [each.place for each in changes], changes, contents or {})


def line(*changes: Change, telling: Telling = ENGLISH, **given: Any) -> str:
    """Return the plain text of what is told in one line."""
    body = telling.notice(told(*changes, **given), 0).body.split("\n")
    assert len(body) == 1 or body[1].startswith(PAGE)
    return body[0]


# Sentences


@pytest.mark.parametrize(
    ("turns", "before", "english", "german"),
    [
        (
            [(ALICE, task("Buy bread", due="2026-12-24T18:00:00"))],
            NOTHING,
            "Alice added “Buy bread”, due tomorrow at 18:00",
            "Alice hat „Buy bread“ hinzugefügt, fällig morgen um 18:00",
        ),
        (
            [(BOB, task(progress="completed"))],
            task(),
            "Bob completed “Bread”",
            "Bob hat „Bread“ erledigt",
        ),
        (
            [(BOB, task())],
            task(progress="completed"),
            "Bob reopened “Bread”",
            "Bob hat „Bread“ wieder geöffnet",
        ),
        (
            [(BOB, task(priority=1)), (CAROL, task(priority=2, due="2026-12-24T18:00:00"))],
            task(),
            "Bob and Carol changed “Bread” (due, priority)",
            "Bob und Carol haben „Bread“ geändert (Fälligkeit, Priorität)",
        ),
        ([(ALICE, NOTHING)], task("Milk"), "Alice removed “Milk”", "Alice hat „Milk“ entfernt"),
        (
            [(BOB, task("Rye bread", progress="completed"))],
            task(),
            "Bob completed “Bread” and renamed it to “Rye bread”",
            "Bob hat „Bread“ erledigt und es in „Rye bread“ umbenannt",
        ),
        (
            [(BOB, task("Rye bread")), (CAROL, task("Rye bread", progress="completed"))],
            task(),
            "Carol completed “Bread”; Bob renamed it to “Rye bread”",
            "Carol hat „Bread“ erledigt; Bob hat es in „Rye bread“ umbenannt",
        ),
        ([(BOB, task("Rye"))], None, "Bob changed “Rye”", "Bob hat „Rye“ geändert"),
    ],
)
def test_what_was_done_is_said_as_people_do(
    turns: list[tuple[str, Content]], before: Content | None, english: str, german: str
) -> None:
    made = change(*turns, before=before)
    assert line(made) == english
    assert line(made, telling=GERMAN) == german


@pytest.mark.parametrize(
    ("start", "english", "german"),
    [
        ("2026-12-25T10:00:00", "Friday at 10:00", "Freitag um 10:00"),
        ("2026-12-24T10:00:00", "tomorrow at 10:00", "morgen um 10:00"),
        ("2027-01-10T10:00:00", "10 January 2027 at 10:00", "den 10. Januar 2027 um 10:00"),
    ],
)
def test_what_is_moved_says_to_when(start: str, english: str, german: str) -> None:
    moved = change(
        (ALICE, event(start=start)), before=event(start="2026-12-30T09:00:00"), kind=EVENT
    )
    assert line(moved) == f"Alice moved “Dentist” to {english}"
    assert line(moved, telling=GERMAN) == f"Alice hat „Dentist“ auf {german} verschoben"


def test_times_are_those_of_the_owners_zone() -> None:
    there = change(
        (ALICE, event(start="2026-12-24T10:00:00", timeZone="America/New_York")), kind=EVENT
    )
    assert line(there) == "Alice added “Dentist”, tomorrow at 16:00"
    whole: dict[str, Any] = {"showWithoutTime": True, "timeZone": "America/New_York"}
    day = change((ALICE, event(start="2026-12-24T00:00:00", **whole)), kind=EVENT)
    assert line(day) == "Alice added “Dentist”, tomorrow"


def test_answers_are_told_of_what_they_answer() -> None:
    place = Place(ROOM, EVENT, "choir")

    def answer(who: str, said: str) -> Change:
        answers = {"choir": {"participationStatus": said, "answered": "0" * 32}}
        return change((who, frozen({"answers": answers})), kind=RSVP, uid=who)

    contents = {place: event("Choir")}
    found = told(answer(BOB, "accepted"), answer(CAROL, "accepted"), contents=contents)
    assert [each.place for each in found] == [place]
    assert line(
        answer(BOB, "accepted"),
        answer(CAROL, "accepted"),
        answer(ALICE, "declined"),
        contents=contents,
    ) == ("Bob and Carol accepted “Choir”; Alice declined it")
    assert line(answer(BOB, "tentative"), contents=contents) == "Bob tentatively accepted “Choir”"


def test_what_somebody_else_did_is_told_of_nobody() -> None:
    seen = change((BOB, task("Rye bread")), before=task())
    after = task("Rye bread", progress="completed")
    assert line(replace(seen, after=after)) == "Bob renamed “Bread” to “Rye bread”"
    assert doings(TYPES[TASK], replace(seen, after=NOTHING)) == []


def test_what_came_about_in_two_turns_that_each_did_something_else_is_a_change() -> None:
    made = change((BOB, NOTHING), (CAROL, task("Rye")), before=task())
    assert line(made) == "Bob and Carol changed “Rye” (title)"


def test_stamps_and_machines_fields_are_no_change() -> None:
    stamped = task().set("org.digitaltwin", frozen({"base": "$x"}))
    assert doings(TYPES[TASK], change((BOB, stamped), before=task())) == []
    assert (
        doings(TYPES[TASK], change((BOB, task(updated="2026-12-23T12:00:00Z")), before=task()))
        == []
    )


def test_many_people_are_counted() -> None:
    people = [f"@p{number}:p.example" for number in range(6)]
    made = change(*((user, task(priority=n + 1)) for n, user in enumerate(people)), before=task())
    assert line(made).startswith("@p0:p.example, @p1:p.example, @p2:p.example and 3 others changed")


def test_people_of_one_name_are_told_apart_and_nobody_passes_for_another() -> None:
    shown = names([(ALICE, "Sam"), (BOB, " S\u202eam\n"), (CAROL, ALICE), ("@d:d", None)])
    assert shown == {
        ALICE: f"Sam ({ALICE})",
        BOB: f"Sam ({BOB})",
        CAROL: CAROL,
        "@d:d": "@d:d",
    }


# Messages


def test_a_message_of_several_objects_counts_them() -> None:
    changes = [change((ALICE, task(name)), uid=name) for name in ("a", "b")]
    said = ENGLISH.notice(told(*changes), 3)
    link = f"{PAGE}c/%21room%3Aexample.org"
    assert said.body.split("\n") == [
        "1. Alice added “a”",
        "2. Alice added “b”",
        "and 3 more changes",
        link,
    ]
    assert [each.uid for each in said.about] == ["a", "b"]
    assert said.notice
    assert said.html is not None
    assert said.html.startswith(f'<ol><li>Alice added “<a href="{link}/tasks/a">a</a>”')
    assert said.html.endswith("</ol><p>and 3 more changes</p>")
    uri = said.html.partition('href="matrix:')[2].partition('"')[0]
    assert event_of(f"matrix:{uri}") == (ROOM, "$a")


def test_what_is_gone_is_no_link_and_without_a_page_there_is_none() -> None:
    gone = change((ALICE, NOTHING), before=task("Milk"))
    assert PAGE not in str(ENGLISH.notice(told(gone), 0).html)
    said = replace(ENGLISH, page=None).notice(told(change((ALICE, task()))), 0)
    assert "http" not in said.body + str(said.html)


def test_an_object_that_is_as_it_was_keeps_its_number() -> None:
    first = change((ALICE, task("Milk")))
    undone = first.then(change((BOB, NOTHING), before=task("Milk")))
    place = undone.place
    assert ENGLISH.notice(items(TYPES, [place], [undone], {}), 0).body == "“Milk” is gone again"
    back = change((ALICE, task("Rye")), (BOB, task()), before=task())
    assert ENGLISH.notice(items(TYPES, [place], [back], {}), 0).body.split("\n")[0] == (
        "“Bread” is as it was before"
    )


def test_a_ping_says_who_wants_what() -> None:
    [item] = told(change((ALICE, task("Buy bread", due="2026-12-24T18:00:00"))))
    said = ENGLISH.ping([Ask(item, "gave", ALICE, (BOB,))], 0)
    assert said.body == "Bob: Alice gave you “Buy bread”, due tomorrow at 18:00"
    assert said.mentions == (BOB,)
    assert not said.notice
    assert said.html is not None
    assert said.html.startswith(
        '<a href="https://matrix.to/#/@bob:bob.example">Bob</a>: Alice gave you'
    )
    both = GERMAN.ping(
        [Ask(item, "named", ALICE, (BOB, CAROL)), Ask(item, "gave", CAROL, (BOB,))], 1
    )
    assert both.body.split("\n") == [
        "1. Bob, Carol: Alice nannte euch in „Buy bread“",
        "2. Bob: Carol gab dir „Buy bread“, fällig morgen um 18:00",
        "und 1 weitere Änderung",
    ]
    assert both.mentions == (BOB, CAROL)


words = st.text(max_size=300) | st.sampled_from(
    ["x\n2. y", "\u202eevil", "<b>&\"'</b>", "😀" * 300, "\x00", "“”; Alice removed “x”"]
)


@given(st.lists(st.tuples(words, words), min_size=1, max_size=40), st.sampled_from(["en", "de"]))
def test_whatever_things_and_people_are_called_a_message_fits(
    called: list[tuple[str, str]], language: str
) -> None:
    people = [(f"@p{number}:p.example", name) for number, (name, _) in enumerate(called)]
    changes = [
        change((user, task(title)), uid=f"t{number}")
        for number, ((user, _), (_, title)) in enumerate(zip(people, called, strict=True))
    ]
    telling = replace(ENGLISH, language=language, names=names(people))
    said = telling.notice(told(*changes), 0, "$event")
    lines = said.body.split("\n")
    more = len(called) - len(said.about)
    assert len(said.about) <= MOST_LINES
    assert len(lines) == len(said.about) + 1 + bool(more)
    assert all(each.isprintable() for each in lines)
    assert len(said.body.encode()) + len(str(said.html).encode()) < MOST_BYTES + 2000
    assert len(str(message(said, "key")).encode()) < 65_000 * 2
    asked = telling.ping([Ask(each, "named", ALICE, (BOB,)) for each in told(*changes)], 0)
    assert len(asked.body.split("\n")) == min(len(called), MOST_LINES) + bool(more)


@pytest.mark.parametrize("kind", sorted(TYPES))
@given(st.data())
def test_content_of_any_form_raises_nothing(kind: str, data: st.DataObject) -> None:
    known = TYPES[kind]
    content: st.SearchStrategy[dict[str, Any]] = st.one_of(
        contents(known.type), odd_contents(known.type), st.just({})
    )
    was = data.draw(st.none() | content.map(frozen))
    after = frozen(data.draw(content))
    made = Change(Place(ROOM, kind, "a"), was, after, (step(known, BOB, was, after),), "$e", "")
    ENGLISH.notice(items(TYPES, targets(TYPES, made), [made], {}), 0)
    pinged(known, made, [ALICE, BOB])


# Who is asked


def attending(*people: str) -> Any:
    person = {"@type": "Participant", "roles": {"attendee": True}}
    return {"participants": dict.fromkeys(people, person)}


def test_who_is_newly_asked_is_pinged_by_who_did_that() -> None:
    known = TYPES[TASK]
    made = change(
        (CAROL, task(**attending(ALICE))),
        (ALICE, task(**attending(ALICE, BOB))),
        (BOB, task("Rye", **attending(ALICE, BOB))),
        before=task(**attending(ALICE)),
    )
    assert pinged(known, made, [ALICE, BOB, CAROL]) == {BOB: ("concerned", ALICE)}
    assert pinged(known, made, [ALICE, CAROL]) == {}, "who is not there"
    own = change((BOB, task(**attending(BOB))), before=task())
    assert pinged(known, own, [ALICE, BOB]) == {}, "who did it"
    assert pinged(known, replace(own, before=None), [ALICE, BOB]) == {}
    gone = change((ALICE, task(**attending(BOB))), (ALICE, NOTHING), before=task())
    assert pinged(known, gone, [ALICE, BOB]) == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"Ask {BOB}.", [BOB]),
        (f"({BOB}), {CAROL}!", [BOB, CAROL]),
        (f"https://matrix.to/#/{BOB}", [BOB]),
        ("bob@bob.example", []),
        (f"{BOB}x", []),
        ("@" * 60_000, []),
        ("@bob: bob.example", []),
    ],
)
def test_who_is_named_in_a_text_is_pinged(text: str, found: list[str]) -> None:
    made = change((ALICE, task(description=text[:20_000])), before=task())
    people = [ALICE, BOB, CAROL]
    assert pinged(TYPES[TASK], made, people) == dict.fromkeys(found, ("named", ALICE))


def test_voices_are_known_by_whose_they_are() -> None:
    twin = "@twin:{}.example".format
    assert voices([ALICE, twin("alice"), BOB, twin("carol")]) == {twin("alice")}
    # Who is called twin has a companion.
    assert voices([twin("dan"), "@companion:dan.example"]) == {"@companion:dan.example"}
    assert voices([twin("dan"), ALICE]) == set()


# Pace


def test_a_clock_that_is_put_back_makes_nobody_wait_longer() -> None:
    pace = Pace()
    pace.came(10_000_000)
    pace.was_told(10_000_000)
    pace.came(10_001_000)
    pace.put_back(0)
    due = pace.due()
    assert due is not None
    assert due <= FIRST_PAUSE


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=200))
def test_however_changes_come_the_pauses_grow_and_nothing_waits_for_ever(gaps: list[int]) -> None:
    pace, now, told_at = Pace(), 1_000_000, []
    for gap in gaps:
        pace.came(now)
        until = now + gap
        due = pace.due()
        while due is not None and due <= until:
            told_at.append(max(due, now))
            pace.was_told(max(due, now))
            due = pace.due()
        now = until
        waits = pace.due()
        assert waits is None or waits <= now + LONGEST_PAUSE + FIRST_PAUSE
    pauses = [later - earlier for earlier, later in pairwise(told_at)]
    assert all(each >= FIRST_PAUSE for each in pauses)
    assert len(told_at) <= 6 + (now - 1_000_000) // LONGEST_PAUSE


def test_the_owners_hour_is_that_of_their_zone_on_every_day() -> None:
    before = int(datetime(2026, 3, 28, 12, tzinfo=BERLIN).timestamp() * 1000)
    first = next_at(before, "07:30", BERLIN)
    second = next_at(first, "07:30", BERLIN)
    shown = [datetime.fromtimestamp(each / 1000, BERLIN) for each in (first, second)]
    assert [(each.day, each.hour, each.minute) for each in shown] == [(29, 7, 30), (30, 7, 30)]
    assert first - before < 20 * 3_600_000, "one hour is missing that night"


# Words


def test_both_languages_say_the_same_things_with_the_same_places() -> None:
    def places(sentence: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}

    english, german = WORDS.sentences["en"], WORDS.sentences["de"]
    assert english.keys() == german.keys()
    for name, sentence in english.items():
        assert places(sentence) == places(german[name]), name
    assert set(DEEDS) <= english.keys()


def test_only_what_tells_something_is_told_of() -> None:
    firsts = {each.event_type.type for each in CAPABILITIES}
    assert firsts <= TYPES.keys()
    assert all(each.type.deeds is not None for kind, each in TYPES.items() if kind not in firsts)
    plain = Known(TYPES[TASK].capability, replace(TYPES[TASK].type, deeds=None))
    assert plain.deeds(NOTHING, task()) == [Deed("added")]
    assert plain.deeds(task(), task("x")) == [Deed("changed")]
    assert plain.deeds(task(), NOTHING) == [Deed("removed")]
    assert Step(BOB, frozenset()).asked == frozenset()
