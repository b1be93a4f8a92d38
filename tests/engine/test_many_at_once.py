"""What is written down by a few statements for hundreds of objects is the same as one by one."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

from hypothesis import given, strategies as st

from tests.engine.conftest import TASK
from twin_module.core.state import NAMESPACE, StateEvent, frozen
from twin_module.engine import store, versions
from twin_module.engine.arrivals import remember
from twin_module.engine.search import Findable
from twin_module.engine.store import Record, Written

ROOMS = ("!a", "!b")
KINDS = (TASK, "org.digitaltwin.doc")
PEOPLE = ("@alice:a", "@bob:b")
NUMBERED = ("seq", "id")
UIDS = [f"u{number}" for number in range(5)]


@contextmanager
def database() -> Iterator[Any]:
    """Lend a cursor on new tables."""
    with closing(sqlite3.connect(":memory:")) as connection:
        cursor = connection.cursor()
        store.migrate(cursor)
        yield cursor


def rows(cursor: Any, *tables: str) -> list[Any]:
    """Return what stands in tables, but for columns that are numbered by the order of writing."""
    found = []
    for table in tables:
        cursor.execute(f"SELECT * FROM {table}")
        names = [name for name, *_ in cursor.description]
        found.append(
            sorted(
                (
                    tuple(
                        value
                        for name, value in zip(names, row, strict=True)
                        if name not in NUMBERED
                    )
                    for row in cursor.fetchall()
                ),
                key=repr,
            )
        )
    return found


@st.composite
def written(draw: st.DrawFn, uid: str) -> Written:
    """Return an object as the projector reads it."""
    event_id = draw(st.sampled_from(["$1", "$2", "$3"]))
    ts = draw(st.integers(0, 3))
    content = draw(st.sampled_from(['{"a":1}', '{"a":2}', None]))
    record = Record(
        draw(st.sampled_from(ROOMS)),
        draw(st.sampled_from(KINDS)),
        uid,
        event_id,
        draw(st.sampled_from(PEOPLE)),
        ts,
        draw(st.booleans()),
        "wrong" if content is None else None,
        event_id if content else None,
        "@alice:a" if content else None,
        ts if content else None,
        content,
        draw(st.sampled_from(["Bread", "Läuse \U0001f600", ""])) if content else None,
    )
    words = st.sampled_from(["open", "done", "x" * 400, 3])
    index = {"progress": draw(words), "tags": draw(st.lists(st.sampled_from("abc"), max_size=3))}
    return record, index, Findable(texts=draw(st.lists(st.sampled_from(["rye", "Bread", "to be"]))))


@st.composite
def steps(draw: st.DrawFn) -> list[list[Written]]:
    """Return what is written one after another, each time different objects at once."""
    return [
        [draw(written(uid)) for uid in draw(st.lists(st.sampled_from(UIDS), unique=True))]
        for _ in range(draw(st.integers(1, 3)))
    ]


@given(steps())
def test_objects_their_index_and_what_finds_them(steps: list[list[Written]]) -> None:
    with database() as at_once, database() as one_by_one:
        for step in steps:
            store.write_objects(at_once, step)
            for each in step:
                store.write_object(one_by_one, *each)
            tables = ("twin_objects", "twin_index", "twin_search")
            assert rows(at_once, *tables) == rows(one_by_one, *tables)


def test_each_of_many_objects_has_a_number_of_its_own_that_nothing_had_before() -> None:
    record = Record("!a", TASK, "x", "$1", "@a:b", 1, False, None, "$1", "@a:b", 1, "{}", "Title")
    many: Sequence[Written] = [
        (replace(record, uid=f"u{number}"), {"due": "2026", "progress": "open"}, Findable())
        for number in range(1050)
    ]
    with database() as cursor:
        store.write_objects(cursor, many[:50])
        store.write_objects(cursor, many)
        cursor.execute("SELECT uid, seq FROM twin_objects ORDER BY seq")
        assert cursor.fetchall() == [(each.uid, seq) for seq, (each, _, _) in enumerate(many, 1)]
        cursor.execute("SELECT COUNT(*) FROM twin_index WHERE field = 'due'")
        assert cursor.fetchone() == (1050,)


def event(number: int, uid: str, parents: Sequence[int], **more: Any) -> StateEvent:
    """Return one version of a task, made on others."""
    names = [f"${each}" for each in parents]
    stamps = {"base": names[0] if names else None, "merged": names[1:]}
    return StateEvent(
        "!a",
        TASK,
        uid,
        frozen(more.pop("content", {"title": "Bread", NAMESPACE: stamps})),
        more.pop("sender", "@alice:a"),
        f"${number}",
        **more,
    )


@st.composite
def arrived(draw: st.DrawFn) -> list[list[StateEvent]]:
    """Return what arrives one after another, in any order, and perhaps more than once."""
    made: list[StateEvent] = []
    steps = []
    for _ in range(draw(st.integers(1, 4))):
        uids = draw(st.lists(st.sampled_from(UIDS[:3]), min_size=1, max_size=4))
        # Some of what they name comes later, or never.
        names = st.integers(0, len(made) + len(uids))
        for uid in uids:
            made.append(
                event(
                    len(made),
                    uid,
                    draw(st.lists(names, max_size=3)),
                    sender=draw(st.sampled_from(PEOPLE)),
                    origin_server_ts=draw(st.integers(0, 4)),
                    **draw(st.sampled_from([{}, {"content": {}}])),
                )
            )
        again = draw(st.lists(st.sampled_from(made), max_size=2))
        steps.append(draw(st.permutations(made[-len(uids) :] + again)))
    return steps


def versions_one_by_one(cursor: Any, events: Sequence[StateEvent]) -> set[versions.Place]:
    """Store versions as they were written, and return which objects got new ones."""
    return {
        versions.place_of(each)
        for each in sorted(events, key=lambda each: each.origin_server_ts)
        if versions.remember(cursor, each)
    }


@given(arrived())
def test_versions_what_they_followed_and_what_waits(steps: list[list[StateEvent]]) -> None:
    tables = ("twin_versions", "twin_parents", "twin_conflicts")
    remembering: list[Callable[[Any, Sequence[StateEvent]], set[versions.Place]]] = [
        lambda cursor, events: remember(cursor, [TASK], events),
        versions_one_by_one,
    ]
    with database() as at_once, database() as one_by_one:
        for events in steps:
            changed = []
            for cursor, way in zip((at_once, one_by_one), remembering, strict=True):
                changed.append(way(cursor, events))
                versions.note(cursor, changed[-1])
            assert changed[0] == changed[1]
            assert rows(at_once, *tables) == rows(one_by_one, *tables)


def test_a_version_that_others_name_too_is_followed_by_those_of_its_own_object() -> None:
    first = event(1, "u0", [], origin_server_ts=0)
    later = [event(number, uid, [1], origin_server_ts=0) for number, uid in ((2, "u0"), (3, "u1"))]
    with database() as cursor:
        versions.remember_apart(cursor, [first])
        versions.remember_apart(cursor, later)
        cursor.execute("SELECT event_id, rank, followed FROM twin_versions ORDER BY event_id")
        assert cursor.fetchall() == [("$1", 0, 1), ("$2", 1, 0), ("$3", 0, 0)]
