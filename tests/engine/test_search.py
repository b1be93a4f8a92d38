"""What a twin holds is found by its words: what is current and fits, nothing else, all of a long text."""

import sqlite3
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.engine.conftest import DOC, TASK, TYPES, Home, crash_everywhere, settle, share, task
from tests.search_order import QUESTIONS, Thing, order, sentences
from twin_module.core.capability import Capability
from twin_module.core.effects import Put, remove
from twin_module.core.errors import InvalidParam
from twin_module.core.search import asked
from twin_module.core.state import NAMESPACE, frozen
from twin_module.engine import search, store
from twin_module.engine.search import Page, Question
from twin_module.rooms import CAPABILITIES
from twin_module.testing.driver import run

LONG = "Once upon a time. " * 2000


def doc(uid: str, title: str = "Minutes", text: str = "") -> Put:
    """Return a document to be written."""
    return Put(DOC, uid, frozen({"@type": "Document", "title": title, "text": text}))


def page(home: Home, question: str, **more: Any) -> Page:
    """Return a page of what is found."""
    types = more.pop("types", [TASK, DOC, f"{NAMESPACE}.circle"])
    found: Page = home.read(
        search.run, Question(asked(question), types, **more), "o.room_id, o.type, o.uid"
    )
    return found


def found(home: Home, question: str, **more: Any) -> list[str]:
    """Return the uids of what is found, best first."""
    return [each.columns[2] for each in page(home, question, **more).found]


def test_objects_are_found_by_title_and_text_whatever_the_case_and_the_accents(
    alice: Home, room: str
) -> None:
    alice.write(room, task("a", "Ask Müller", description="about the OVEN"), doc("b", text="Öfen"))
    settle(alice)
    assert found(alice, "muller") == ["a"]
    assert found(alice, "MÜLLER oven") == ["a"]
    assert found(alice, "ofen") == ["b"]
    assert found(alice, "uller") == []
    assert found(alice, "muller ofen") == []


def test_a_word_finds_what_begins_with_it_while_it_is_typed(alice: Home, room: str) -> None:
    alice.write(room, task("a", "Breakfast"))
    settle(alice)
    for end in range(1, len("breakfast") + 1):
        assert found(alice, "breakfast"[:end]) == ["a"]
    assert found(alice, "breakfastx") == []


def test_keywords_are_found_and_what_machines_wrote_is_not(alice: Home, room: str) -> None:
    alice.write(room, task("a", keywords={"garden": True}, progress="completed"))
    alice.write(room, task("a", "Butter", keywords={"garden": True}, progress="completed"))
    settle(alice)
    assert found(alice, "garden") == ["a"]
    for machine in ("completed", "task", "base", "org", "true"):
        assert found(alice, machine) == []


def test_the_title_counts_more_than_any_text_and_the_newest_comes_first(
    alice: Home, room: str
) -> None:
    alice.write(room, doc("text", "Other", "bread " * 50))
    alice.write(room, doc("title", "Bread", "and other things " * 500))
    alice.network.pass_time(1)
    for uid in ("old", "new"):
        alice.network.pass_time(1)
        alice.write(room, doc(uid, "The same", "butter"))
    settle(alice)
    assert found(alice, "bread") == ["title", "text"]
    assert found(alice, "butter") == ["new", "old"]


@pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda each: each.name)
def test_objects_of_every_capability_are_found_by_their_title_and_by_each_of_their_texts(
    capability: Capability, alice: Home, room: str
) -> None:
    event_type = capability.event_type
    of_circles = capability.name == "circles"
    place, key = (alice.circle(), "circle") if of_circles else (room, "a")
    alice.server.write(place, event_type.type, key, event_type.example)
    settle(alice)
    content = frozen(event_type.example)
    texts = [event_type.title(content), *event_type.texts(content)]
    for text in filter(str.strip, texts):
        [each] = page(alice, text[:200].rpartition(" ")[0] or text, types=[event_type.type]).found
        assert each.columns[1] == event_type.type, text


def test_no_text_that_a_person_can_write_is_forgotten() -> None:
    found_by = {kind: each.searchable or "its free texts" for kind, each in TYPES.items()}
    first = {each.event_type.type for each in CAPABILITIES}
    # What says itself what it is found by, and why: a contact's names have parts, of an attestation
    # the rest is a machine's, and what a room was shared with is found by its circle.
    assert {kind for kind in first if found_by[kind] != "its free texts"} == {
        f"{NAMESPACE}.card",
        f"{NAMESPACE}.attestation",
    }


def test_forms_of_a_word_are_found_in_german_and_in_english_after_the_word_itself(
    alice: Home, room: str
) -> None:
    for uid, title in (("a", "Die Häuser"), ("b", "Our houses"), ("c", "Haus"), ("d", "House")):
        alice.network.pass_time(1)
        alice.write(room, task(uid, title))
    settle(alice)
    assert found(alice, "Häuser") == ["a", "c"]
    assert found(alice, "Haus") == ["c", "a"]
    assert found(alice, "housing") == ["d", "b"]
    assert found(alice, "houses") == ["b", "d"]


def test_a_long_text_is_found_by_forms_of_its_words_too(alice: Home, room: str) -> None:
    alice.write(room, doc("d", text=f"{LONG}Two bakeries in old houses"))
    settle(alice)
    assert found(alice, "bakery house") == ["d"]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15
)
@given(texts=st.lists(st.tuples(sentences, sentences), min_size=1, max_size=12))
def test_what_is_found_and_in_which_order_is_as_the_formula_says(
    texts: list[tuple[str, str]], alice: Home
) -> None:
    room = alice.collection()
    alice.write(room, *(doc(f"d{n}", title or "-", text) for n, (title, text) in enumerate(texts)))
    settle(alice)
    things = [
        Thing(f"d{n}", title or "-", text, record.ts)
        for n, (title, text) in enumerate(texts)
        if (record := alice.record(room, f"d{n}", DOC)) is not None
    ]
    for question in QUESTIONS:
        whole = found(alice, question, room_id=room, limit=100)
        scores = order(things, question)
        assert whole == scores, question


def test_pages_hold_everything_once_in_the_order_of_the_whole(alice: Home, room: str) -> None:
    puts = [task(f"t{n}", "Bread " * (n % 3 + 1), description=f"for {n}") for n in range(25)]
    alice.write(room, *puts)
    settle(alice)
    whole = found(alice, "bread", limit=100)
    assert sorted(whole) == sorted(f"t{n}" for n in range(25))
    paged, after = [], None
    while True:
        part = page(alice, "bread", limit=4, after=after)
        paged += [each.columns[2] for each in part.found]
        if part.next is None:
            break
        assert len(part.found) == 4
        after = part.next
    assert paged == whole
    with pytest.raises(InvalidParam, match="token"):
        page(alice, "bread", after="nonsense")


@pytest.mark.parametrize("limit", [1, 3, 24, 25, 100])
@pytest.mark.parametrize("types", [[TASK, DOC], [DOC], [TASK]], ids=["both", "docs", "tasks"])
@pytest.mark.parametrize("question", ["bread", "bread butter", "nothing", "b"])
def test_the_first_page_is_the_same_though_only_the_best_are_looked_up(
    alice: Home, room: str, question: str, types: list[str], limit: int
) -> None:
    """A filter that everything passes has all of them looked up."""
    titles = ["Bread", "Bread and butter", "Breads", "List", "Butter"]
    tasks = [task(f"t{n}", titles[n % 5], description="bread" * (n % 2)) for n in range(25)]
    docs = [doc(f"d{n}", titles[n % 4], "Some breads, with butter") for n in range(9)]
    alice.write(room, *tasks, *docs)
    settle(alice)
    asked_for = {"types": types, "limit": limit}
    assert page(alice, question, **asked_for) == page(alice, question, since=0, **asked_for)


def test_a_search_can_be_of_one_room_and_of_one_type(alice: Home, room: str) -> None:
    other = alice.collection("Other")
    alice.write(room, task("a"), doc("b", "Bread"))
    alice.write(other, task("c"))
    settle(alice)
    assert sorted(found(alice, "bread")) == ["a", "b", "c"]
    assert sorted(found(alice, "bread", room_id=room)) == ["a", "b"]
    assert found(alice, "bread", types=[DOC]) == ["b"]
    assert found(alice, "bread", types=[DOC], room_id=other) == []


def test_a_search_can_be_of_who_wrote_it_last_and_of_when(alice: Home, bob: Home) -> None:
    room = share(alice, bob)
    alice.write(room, task("a"), task("b"))
    settle(alice, bob)
    alice.network.pass_time(60)
    bob.write(room, task("b", "Bread of bob"))
    settle(alice, bob)
    changed = alice.record(room, "b")
    assert changed is not None
    for home in (alice, bob):
        assert found(home, "bread", sender=alice.owner) == ["a"]
        assert found(home, "bread", sender=bob.owner) == ["b"]
        assert found(home, "bread", sender="@carol:carol.example") == []
        assert found(home, "bread", since=changed.ts) == ["b"]
        assert found(home, "bread", since=changed.ts + 1) == []
        assert found(home, "bread", until=changed.ts) == ["a"]
        assert found(home, "bread", until=changed.ts, sender=bob.owner) == []
        assert found(home, "bread", since=changed.ts, sender=bob.owner, room_id=room) == ["b"]


def test_pages_of_a_filtered_search_hold_what_is_asked_for_and_stay_right_when_more_is_written(
    alice: Home, bob: Home
) -> None:
    room = share(alice, bob)
    for number in range(12):
        writer = (alice, bob)[number % 2]
        settle(alice, bob)
        alice.network.pass_time(1)
        writer.write(room, task(f"t{number}", "Bread" if number % 3 else "Breads and bread"))
    settle(alice, bob)
    whole = found(alice, "bread", sender=bob.owner, limit=100)
    assert sorted(whole) == sorted(f"t{number}" for number in range(1, 12, 2))
    first = page(alice, "bread", sender=bob.owner, limit=3)
    # What is written meanwhile changes no score, so nothing moves from page to page.
    alice.write(room, *(task(f"u{number}", "Other bread") for number in range(20)))
    settle(alice, bob)
    second = page(alice, "bread", sender=bob.owner, limit=3, after=first.next)
    assert [each.columns[2] for part in (first, second) for each in part.found] == whole


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=st.text(st.characters(), max_size=200))
def test_no_question_is_an_error_of_the_database(question: str, alice: Home, room: str) -> None:
    with suppress(InvalidParam):
        found(alice, question)


@pytest.mark.parametrize(
    "question",
    [
        '"bread',
        "bread*",
        "title:bread",
        "bread OR zebra",
        "NEAR(bread, 5)",
        "-bread",
        "bread' OR 1=1 --",
        "{bread}",
        "bread\x00",
        "bread \ud800",
        "bread:A & !x",
        "(bread",
    ],
)
def test_what_means_something_to_a_database_is_only_words(
    question: str, alice: Home, room: str
) -> None:
    alice.write(room, task("a", description="title or near zebra 5 1 a x"))
    settle(alice)
    assert found(alice, question) == ["a"]


# What is not found


def test_what_was_changed_or_removed_is_not_found_by_what_it_said(alice: Home, room: str) -> None:
    alice.write(room, task("a"), task("b"))
    settle(alice)
    alice.write(room, task("a", "Butter"), remove(TASK, "b"))
    settle(alice)
    assert found(alice, "bread") == []
    assert found(alice, "butter") == ["a"]


def test_of_what_does_not_fit_the_last_that_fitted_is_found(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    alice.server.write(shared, TASK, "a", {"@type": "Task", "title": 5, "description": "zebra"})
    settle(alice, bob)
    assert found(bob, "bread") == ["a"]
    assert found(bob, "zebra") == []


def test_what_was_redacted_is_not_found(alice: Home, room: str) -> None:
    [written] = alice.write(room, task("a"))
    settle(alice)
    alice.server.redact(room, written.event_id)
    settle(alice)
    assert found(alice, "bread") == []
    assert alice.tables() == alice.truth()


def test_nothing_of_a_room_that_was_left_is_found_and_all_of_it_after_coming_back(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a"), doc("b", "Bread"))
    settle(alice, bob)
    assert sorted(found(bob, "bread")) == ["a", "b"]
    run(bob.port.set_membership(shared, bob.owner, "leave", ""))
    settle(alice, bob)
    assert found(bob, "bread") == []
    assert sorted(found(alice, "bread")) == ["a", "b"]
    run(alice.port.set_membership(shared, bob.owner, "invite", ""))
    bob.accept(shared)
    settle(alice, bob)
    assert sorted(found(bob, "bread")) == ["a", "b"]


def test_what_does_not_change_is_not_written_again(alice: Home, room: str) -> None:
    alice.write(room, task("a"), doc("b", text=LONG))
    settle(alice)

    def ids(cursor: Any) -> Any:
        cursor.execute("SELECT uid, id FROM twin_search")
        return sorted(cursor.fetchall())

    before = alice.read(ids)
    run(alice.twin.projector.rebuild())
    settle(alice)
    assert alice.read(ids) == before


def test_a_merged_object_is_found_by_what_both_wrote(alice: Home, bob: Home) -> None:
    room = share(alice, bob)
    alice.write(room, task("a"))
    settle(alice, bob)
    with alice.network.cut_off("alice.example"):
        alice.write(room, task("a", "Walnut bread"))
        bob.write(room, task("a", description="with almonds"))
        settle(alice, bob)
        assert found(alice, "almonds") == []
    settle(alice, bob)
    alice.network.pass_time(60)
    for home in (alice, bob):
        run(home.twin.look_again())
    settle(alice, bob)
    for home in (alice, bob):
        assert found(home, "walnut almonds") == ["a"]
        assert home.tables() == home.truth()


# Long texts


def test_all_of_a_long_text_is_found_at_every_twin(alice: Home, bob: Home, shared: str) -> None:
    alice.write(shared, doc("d", text=f"{LONG}zebra"))
    settle(alice, bob)
    assert "textFile" in alice.content(shared, DOC, "d")
    for home in (alice, bob):
        assert found(home, "zebra minutes") == ["d"]
        assert found(home, "upon") == ["d"]
    alice.write(shared, doc("d", text=f"{LONG}giraffe"))
    settle(alice, bob)
    for home in (alice, bob):
        assert found(home, "zebra") == []
        assert found(home, "giraffe") == ["d"]
    alice.write(shared, doc("d", text="short"))
    settle(alice, bob)
    for home in (alice, bob):
        assert found(home, "giraffe") == []
        assert found(home, "short") == ["d"]


def test_a_long_text_stays_found_when_only_the_title_changes_and_is_not_fetched_again(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, doc("d", text=f"{LONG}zebra"))
    settle(alice, bob)
    content = alice.content(shared, DOC, "d")
    alice.server.write(shared, DOC, "d", {**content, "title": "Other"})
    run(bob.twin.projector.catch_up())
    assert found(bob, "other zebra") == ["d"]
    assert bob.read(search.waiting) == []


def test_a_long_text_that_could_not_be_had_is_found_when_its_server_is_back(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, doc("d", text=f"{LONG}zebra"))
    alice.network.deliver()
    with alice.network.cut_off("alice.example"):
        settle(bob)
        assert found(bob, "minutes") == ["d"]
        assert found(bob, "zebra") == []
        assert len(bob.read(search.waiting)) == 1
    alice.network.pass_time(60)
    run(bob.twin.look_again())
    settle(bob)
    assert found(bob, "zebra") == ["d"]


def test_a_file_that_is_not_the_one_that_was_named_is_not_found_and_holds_nothing_up(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, doc("d", text=f"{LONG}zebra"))
    for media_id in alice.server.media:
        alice.server.media[media_id] = b"giraffe"
    settle(alice, bob)
    alice.write(shared, task("a"), doc("e", "Long", f"{LONG}monkey"))
    settle(alice, bob)
    assert found(bob, "giraffe") == []
    assert found(bob, "minutes") == ["d"]
    assert found(bob, "monkey") == ["e"]


def test_killed_at_any_step_everything_is_found_in_the_end(alice: Home, room: str) -> None:
    def act() -> Any:
        number = len(alice.server.media)
        alice.write(room, doc("d", f"Title {number}", f"{LONG}zebra{number}"))
        settle(alice)
        return number

    def settled(_: Any) -> None:
        settle(alice)
        text, _ = run(alice.twin.writer.text(alice.server.state(room)[DOC, "d"]))
        assert found(alice, text.split()[-1]) == ["d"]
        assert alice.tables() == alice.truth()

    alice.write(room, doc("d", "Title", f"{LONG}zebra"))
    settle(alice)
    assert crash_everywhere(alice, act, settled) > 5


# The tables


def test_a_reindex_mends_what_is_found(alice: Home, room: str) -> None:
    alice.write(room, task("a"), task("b", "Butter"), doc("c", text=f"{LONG}zebra"))
    settle(alice)
    database = alice.server.database
    database.execute("DELETE FROM twin_search WHERE uid IN ('a', 'c')")
    database.execute("UPDATE twin_search SET text = 'wrong' WHERE uid = 'b'")
    database.commit()
    assert found(alice, "bread") == []
    run(alice.twin.projector.rebuild())
    run(alice.twin.look_again())
    settle(alice)
    assert found(alice, "bread") == ["a"]
    assert found(alice, "zebra") == ["c"]
    assert alice.tables() == alice.truth()


def steps_to_search() -> Any:
    """Return the steps of the tables up to the last one of search."""
    return store.SCHEMA[: len(store.SCHEMA) - store.SCHEMA[::-1].index(search.make)]


def test_a_twin_from_before_search_finds_everything_after_its_next_start(
    alice: Home, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SCHEMA", steps_to_search())
    alice.write(room, task("a"), doc("c", text=f"{LONG}zebra"))
    settle(alice)
    database = alice.server.database
    for statement in ("DROP TABLE twin_search", "DROP TABLE twin_search_words"):
        database.execute(statement)
    before = store.SCHEMA.index(search.make)
    database.execute("UPDATE twin_schema SET version = ?", (before,))
    database.commit()
    alice.restart()
    settle(alice)
    assert found(alice, "bread") == ["a"]
    assert found(alice, "zebra") == ["c"]
    assert alice.tables() == alice.truth()


def test_a_twin_from_before_stems_finds_everything_after_its_next_start(
    alice: Home, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SCHEMA", steps_to_search())
    alice.write(room, task("a"), doc("c", text=f"{LONG}zebra"))
    settle(alice)
    database = alice.server.database
    for statement in (
        "DROP TABLE twin_search",
        "DROP TABLE twin_search_words",
        # As it was made then, as far as anything depends on it.
        "CREATE TABLE twin_search (id INTEGER PRIMARY KEY, room_id TEXT, words TEXT)",
        "CREATE VIRTUAL TABLE twin_search_words USING fts5(words, content='twin_search')",
    ):
        database.execute(statement)
    database.execute("UPDATE twin_schema SET version = ?", (len(store.SCHEMA) - 1,))
    database.commit()
    alice.restart()
    settle(alice)
    assert found(alice, "bread") == ["a"]
    assert found(alice, "zebra") == ["c"]
    assert alice.tables() == alice.truth()


def test_a_table_that_is_there_already_is_made_and_filled_anew(alice: Home, room: str) -> None:
    alice.write(room, task("a"))
    settle(alice)
    alice.server.database.execute("UPDATE twin_search SET uid = 'stale'")
    alice.read(search.make)
    alice.restart()
    settle(alice)
    assert found(alice, "bread") == ["a"]
    assert alice.tables() == alice.truth()


def test_the_row_of_an_object_and_of_search_come_together_or_not_at_all(
    alice: Home, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise sqlite3.IntegrityError

    with monkeypatch.context() as patch:
        patch.setattr(search, "add", fail)
        alice.write(room, task("a"))
        settle(alice)
        assert alice.record(room, "a") is None
    run(alice.twin.look_again())
    settle(alice)
    assert found(alice, "bread") == ["a"]


def test_members_of_a_shared_room_find_what_others_wrote(alice: Home, bob: Home) -> None:
    room = share(alice, bob)
    bob.write(room, task("a", "From bob"))
    settle(alice, bob)
    assert found(alice, "bob") == ["a"]
