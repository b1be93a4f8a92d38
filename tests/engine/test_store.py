"""The tables: made, brought up to date, and read by what changed."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.engine.conftest import TASK, Home, settle, task
from twin_module.core.effects import remove
from twin_module.core.errors import NotReady
from twin_module.engine import sequence, store
from twin_module.engine.store import Record, Room
from twin_module.testing.driver import run

ROOM = Room("!a", "join", "collection", "Name", "", "@a:b", "owner", None)
RECORD = Record("!a", TASK, "x", "$1", "@a:b", 1, False, None, "$1", "@a:b", 1, "{}", "Title")


@pytest.fixture
def cursor() -> Iterator[Any]:
    """A cursor on a database that has nothing of ours yet."""
    connection = sqlite3.connect(":memory:")
    yield connection.cursor()
    connection.close()


def shape(cursor: Any) -> list[Any]:
    """Return the tables and indexes of a database."""
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE name LIKE 'twin%' ORDER BY name")
    found: list[Any] = cursor.fetchall()
    return found


def test_an_empty_database_gets_the_tables_once(cursor: Any) -> None:
    store.migrate(cursor)
    made = shape(cursor)
    assert "twin_objects" in [name for name, _ in made]
    store.write_room(cursor, ROOM)
    store.migrate(cursor)
    assert shape(cursor) == made
    assert store.read_room(cursor, "!a") == ROOM
    cursor.execute("SELECT version FROM twin_schema")
    assert cursor.fetchall() == [(len(store.SCHEMA),)]


def test_an_old_database_gets_only_the_steps_that_it_lacks(
    cursor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.migrate(cursor)
    store.write_object(cursor, RECORD, {"due": "2026"})
    step = ("CREATE TABLE twin_more (name TEXT)", "ALTER TABLE twin_rooms ADD COLUMN more TEXT")
    monkeypatch.setattr(store, "SCHEMA", (*store.SCHEMA, step))
    store.migrate(cursor)
    store.migrate(cursor)
    cursor.execute("SELECT MAX(version) FROM twin_schema")
    assert cursor.fetchone() == (len(store.SCHEMA),)
    cursor.execute("SELECT * FROM twin_more")
    assert store.read_object(cursor, "!a", TASK, "x") == RECORD


def test_a_step_that_fails_leaves_the_old_version(
    monkeypatch: pytest.MonkeyPatch, alice: Home
) -> None:
    before = alice.read(shape)
    step = ("CREATE TABLE twin_more (name TEXT)", "INSERT INTO twin_nowhere VALUES (1)")
    monkeypatch.setattr(store, "SCHEMA", (*store.SCHEMA, step))
    with pytest.raises(sqlite3.OperationalError):
        run(alice.port.transact("migrate", store.migrate))
    assert alice.read(shape) == before
    cursor = alice.server.database.execute("SELECT MAX(version) FROM twin_schema")
    assert cursor.fetchone() == (len(store.SCHEMA) - 1,)


def test_writing_the_same_row_again_is_no_change(cursor: Any) -> None:
    store.migrate(cursor)
    assert store.write_room(cursor, ROOM)
    assert store.write_object(cursor, RECORD, {})
    seq = sequence.last_seq(cursor)
    assert not store.write_room(cursor, ROOM)
    assert not store.write_object(cursor, RECORD, {})
    assert sequence.last_seq(cursor) == seq
    assert store.write_object(cursor, replace(RECORD, title="Other"), {})
    assert sequence.last_seq(cursor) == seq + 1


def test_the_index_holds_words_and_numbers_and_goes_with_its_object(cursor: Any) -> None:
    store.migrate(cursor)
    index = {"progress": "open", "priority": 3, "keyword": ("a", "b"), "due": None, "none": ()}
    store.write_object(cursor, RECORD, index)
    cursor.execute("SELECT field, word, number FROM twin_index ORDER BY field, word")
    assert cursor.fetchall() == [
        ("keyword", "a", None),
        ("keyword", "b", None),
        ("priority", None, 3),
        ("progress", "open", None),
    ]
    store.write_object(cursor, replace(RECORD, title="Other"), {"due": "2026"})
    cursor.execute("SELECT field FROM twin_index")
    assert cursor.fetchall() == [("due",)]
    store.forget_object(cursor, "!a", TASK, "x")
    cursor.execute("SELECT COUNT(*) FROM twin_index")
    assert cursor.fetchone() == (0,)


def test_of_a_long_word_the_index_holds_what_every_database_takes(cursor: Any) -> None:
    store.migrate(cursor)
    store.write_object(cursor, RECORD, {"email": ["\U0001f600" * 2000], "kind": "x" * 299})
    cursor.execute("SELECT field, word FROM twin_index ORDER BY field")
    assert cursor.fetchall() == [("email", "\U0001f600" * 300), ("kind", "x" * 299)]
    assert not store.write_object(
        cursor, RECORD, {"email": ["\U0001f600" * 2000], "kind": "x" * 299}
    )


def test_what_was_removed_has_nothing_in_the_index(cursor: Any) -> None:
    store.migrate(cursor)
    store.write_object(cursor, replace(RECORD, removed=True), {"progress": "open"})
    store.write_object(cursor, replace(RECORD, uid="y", content=None), {"progress": "open"})
    cursor.execute("SELECT COUNT(*) FROM twin_index")
    assert cursor.fetchone() == (0,)


def test_a_reader_who_knows_a_number_hears_all_that_changed_since_in_order(
    alice: Home, room: str
) -> None:
    alice.write(room, task("a"), task("b"))
    settle(alice)
    start = alice.read(sequence.last_seq)
    assert alice.read(store.changed_since, start, 10) == []
    alice.write(room, task("a", "Butter"))
    alice.write(room, remove(TASK, "b"))
    alice.server.write(room, "m.room.name", "", {"name": "New"})
    settle(alice)
    changes = alice.read(store.changed_since, start, 100)
    numbers = [change.seq for change in changes]
    assert numbers == sorted(set(numbers))
    assert numbers[0] > start
    assert numbers[-1] == alice.read(sequence.last_seq)
    told = {change.uid: change.removed for change in changes if isinstance(change, Record)}
    assert told == {"a": False, "b": True}
    assert [change.name for change in changes if isinstance(change, Room)] == ["New"]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_changes_read_in_parts_are_all_there_once(alice: Home, room: str, most: int) -> None:
    start = alice.read(sequence.last_seq)
    for number in range(5):
        alice.write(room, task(f"t{number}"))
        alice.server.write(room, "m.room.name", "", {"name": f"Name {number}"})
        settle(alice)
    whole = alice.read(store.changed_since, start, 1000)
    parts: list[Any] = []
    seq = start
    while some := alice.read(store.changed_since, seq, most):
        assert len(some) <= most
        parts.extend(some)
        seq = some[-1].seq
    assert [part.seq for part in parts] == [change.seq for change in whole]
    assert len(whole) == 6


def test_of_several_changes_of_one_object_a_reader_hears_the_last(alice: Home, room: str) -> None:
    start = alice.read(sequence.last_seq)
    for number in range(3):
        alice.write(room, task("a", f"Title {number}"))
        settle(alice)
    (change,) = alice.read(store.changed_since, start, 10)
    assert change.title == "Title 2"


def test_a_database_of_a_newer_release_is_not_touched(cursor: Any) -> None:
    store.migrate(cursor)
    cursor.execute("UPDATE twin_schema SET version = ?", (len(store.SCHEMA) + 1,))
    made = shape(cursor)
    with pytest.raises(NotReady, match="Install the newer one again"):
        store.migrate(cursor)
    assert shape(cursor) == made
