"""Lists: filters, sorting and pages, compared with the same made in plain Python."""

import operator
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from twin_module.core.errors import InvalidParam
from twin_module.engine import query, store
from twin_module.engine.query import Condition, Page, Query, run
from twin_module.engine.store import Record

A, B = "type.a", "type.b"
NUMBERS = frozenset({"priority"})


def record(uid: str, **fields: Any) -> Record:
    """Return an object of the tables."""
    values: dict[str, Any] = {
        "room_id": "!a",
        "type": A,
        "uid": uid,
        "event_id": f"${uid}",
        "sender": "@a:b",
        "ts": 1,
        "removed": False,
        "problem": None,
        "good_event_id": f"${uid}",
        "good_sender": "@a:b",
        "good_ts": 1,
        "content": "{}",
        "title": uid,
    }
    return Record(**{**values, **fields})


def database(objects: list[tuple[Record, dict[str, Any]]]) -> Any:
    """Return a cursor on tables that hold these objects with their index."""
    cursor = sqlite3.connect(":memory:").cursor()
    store.migrate(cursor)
    for each, index in objects:
        store.write_object(cursor, each, index)
    return cursor


def uids(page: Page) -> list[str]:
    """Return the uids of a page."""
    return [each.uid for each in page.records]


def pages(cursor: Any, query: Query) -> list[Record]:
    """Return all objects of all pages."""
    found: list[Record] = []
    token = None
    while True:
        page = run(cursor, Query(**{**as_arguments(query), "after": token}))
        assert len(page.records) <= query.limit
        found.extend(page.records)
        token = page.next
        if token is None:
            return found
        assert len(page.records) == query.limit


def as_arguments(query: Query) -> dict[str, Any]:
    """Return the fields of a query."""
    return {name: getattr(query, name) for name in Query.__dataclass_fields__}


OBJECTS: list[tuple[Record, dict[str, Any]]] = [
    (record("bread"), {"progress": "open", "priority": 1, "keyword": ["home", "food"]}),
    (record("butter"), {"progress": "done", "priority": 5, "keyword": ["food"]}),
    (record("call"), {"progress": "open"}),
    (record("other", room_id="!b"), {"progress": "open", "priority": 9}),
    (record("doc", type=B), {"progress": "open"}),
    (record("removed", removed=True, content=None, title=None), {}),
    (record("spoiled", problem="bad", content=None, title=None), {}),
    (record("kept", problem="bad"), {"progress": "open"}),
]


@pytest.mark.parametrize(
    ("conditions", "wanted"),
    [
        ([], "bread butter call kept other"),
        ([("progress", "", "open")], "bread call kept other"),
        ([("keyword", "", "food")], "bread butter"),
        ([("keyword", "", "food"), ("keyword", "", "home")], "bread"),
        ([("priority", "", 5)], "butter"),
        ([("priority", "lt", 5)], "bread"),
        ([("priority", "lte", 5)], "bread butter"),
        ([("priority", "gt", 5)], "other"),
        ([("priority", "gte", 5)], "butter other"),
        ([("progress", "gt", "done")], "bread call kept other"),
        ([("progress", "", "open"), ("priority", "gte", 1)], "bread other"),
        ([("progress", "", "'; DROP TABLE twin_objects; --")], ""),
        ([("nothing", "", "x")], ""),
        ([("keyword", "gte", "a")], "bread butter"),
        ([("keyword", "gte", "a"), ("progress", "lt", "open")], "butter"),
    ],
)
@pytest.mark.parametrize("few", [0, 2, 500])
def test_objects_are_found_by_what_they_hold(
    conditions: list[tuple[str, str, str | int]],
    wanted: str,
    few: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(query, "FEW", few)
    asked = Query(
        type=A,
        conditions=[Condition(*each) for each in conditions],
        sort="uid",
        descending=False,
    )
    assert uids(run(database(OBJECTS), asked)) == wanted.split()


def test_objects_are_found_by_room_and_by_several_types() -> None:
    cursor = database(OBJECTS)
    assert uids(run(cursor, Query(type=A, room_id="!b"))) == ["other"]
    whole = Query(types=[A, B], sort="uid", descending=False)
    assert uids(run(cursor, whole)) == ["bread", "butter", "call", "doc", "kept", "other"]
    assert uids(run(cursor, Query(type=B))) == ["doc"]


def test_what_somebody_wrote_last_is_left_out() -> None:
    bob = {"sender": "@bob:b", "good_sender": "@bob:b"}
    by_bob: list[tuple[Record, dict[str, Any]]] = [
        (record("hers", **bob), {}),
        (record("spoiled", sender="@bob:b", problem="bad"), {}),
    ]
    cursor = database([(record("mine"), {}), *by_bob])
    query = Query(type=A, sort="uid", descending=False, not_sender="@bob:b")
    assert uids(run(cursor, query)) == ["mine", "spoiled"]
    assert uids(run(cursor, Query(type=A, not_sender="@a:b"))) == ["hers"]


def test_twice_as_many_objects_are_compared_in_twice_as_many_steps() -> None:
    query = Query(
        type=A,
        conditions=[Condition("progress", "", "open"), Condition("due", "lt", "b")],
        sort="due",
        limit=10,
    )

    def steps(objects: int) -> int:
        made = [
            (record(f"o{number}"), {"progress": "open", "due": "a"}) for number in range(objects)
        ]
        cursor = database(made)
        counted = 0

        def count() -> int:
            nonlocal counted
            counted += 1
            return 0

        cursor.connection.set_progress_handler(count, 100)
        assert len(run(cursor, query).records) == 10
        return counted

    assert steps(800) < 3 * steps(400)


def test_what_has_no_value_comes_last_in_either_order() -> None:
    cursor = database(OBJECTS)
    for descending, whole in (
        (False, ["bread", "butter", "other", "call", "kept"]),
        (True, ["other", "butter", "bread", "kept", "call"]),
    ):
        query = Query(type=A, sort="priority", numbers=NUMBERS, descending=descending)
        assert uids(run(cursor, query)) == whole


def test_a_page_goes_on_after_something_was_added_or_removed_before_it() -> None:
    cursor = database([(record(uid), {}) for uid in "bdfh"])
    query = Query(type=A, sort="uid", descending=False, limit=2)
    first = run(cursor, query)
    assert uids(first) == ["b", "d"]
    store.write_object(cursor, record("a"), {})
    store.forget_object(cursor, "!a", A, "d")
    second = run(cursor, Query(**{**as_arguments(query), "after": first.next}))
    assert uids(second) == ["f", "h"]
    assert second.next is None


@pytest.mark.parametrize(
    "token", ["", "x", "bnVsbA", "W10", "WzEsMiwzLDRd", "é", "W1tdLCIiLCIiLCIiXQ"]
)
def test_a_token_that_is_not_ours_is_refused(token: str) -> None:
    with pytest.raises(InvalidParam, match="from"):
        run(database(OBJECTS), Query(type=A, after=token))


VALUES = st.none() | st.integers(-3, 3)
WORDS = st.none() | st.sampled_from(["a", "b", "Z", "é", "", "a'b", "😀"])
FILTERS: list[list[Condition]] = [
    [],
    [Condition("priority", "", 1)],
    [Condition("priority", "gt", 0)],
    [Condition("due", "lte", "b"), Condition("priority", "lt", 2)],
]


@given(
    objects=st.dictionaries(
        st.tuples(
            st.sampled_from(["!a", "!b"]), st.sampled_from([A, B]), st.sampled_from("uvwxyz")
        ),
        st.tuples(st.integers(1, 4), st.sampled_from(["", "a", "b", "é"]), VALUES, WORDS),
        max_size=24,
    ),
    asked=st.builds(
        Query,
        type=st.sampled_from([None, A]),
        types=st.just([A, B]),
        room_id=st.sampled_from([None, "!a"]),
        conditions=st.sampled_from(FILTERS),
        not_sender=st.sampled_from([None, "@2:b"]),
        sort=st.sampled_from(["updated", "title", "uid", "priority", "due"]),
        descending=st.booleans(),
        limit=st.integers(1, 7),
        numbers=st.just(NUMBERS),
    ),
    few=st.sampled_from([0, 3, 500]),
)
def test_the_pages_together_are_the_whole_list_in_order(
    objects: dict[tuple[str, str, str], tuple[int, str, int | None, str | None]],
    asked: Query,
    few: int,
) -> None:
    rows = [
        (
            record(uid, room_id=room, type=kind, ts=ts, title=title, good_sender=f"@{ts}:b"),
            {"priority": priority, "due": due},
        )
        for (room, kind, uid), (ts, title, priority, due) in objects.items()
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(query, "FEW", few)
        found = [(each.room_id, each.type, each.uid) for each in pages(database(rows), asked)]
    whole = in_order([row for row in rows if fits(row, asked)], asked)
    assert found == [(row[0].room_id, row[0].type, row[0].uid) for row in whole]


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "": operator.eq,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
}


def fits(row: tuple[Record, dict[str, Any]], asked: Query) -> bool:
    """Tell whether an object is asked for."""
    each, index = row
    return (
        asked.type in (None, each.type)
        and asked.room_id in (None, each.room_id)
        and asked.not_sender != each.good_sender
        and all(
            index[wanted.name] is not None
            and COMPARE[wanted.operator](as_bytes(index[wanted.name]), as_bytes(wanted.value))
            for wanted in asked.conditions
        )
    )


def in_order(
    rows: list[tuple[Record, dict[str, Any]]], asked: Query
) -> list[tuple[Record, dict[str, Any]]]:
    """Return objects as a list has them."""

    def value(row: tuple[Record, dict[str, Any]]) -> Any:
        own = {"updated": row[0].ts, "title": row[0].title, "uid": row[0].uid}
        return own[asked.sort] if asked.sort in own else row[1][asked.sort]

    def place(row: tuple[Record, dict[str, Any]]) -> tuple[str, str, str]:
        return row[0].uid, row[0].room_id, row[0].type

    rows = sorted(rows, key=place, reverse=asked.descending)
    # Sorting keeps the order of what is equal, also when it is reversed.
    valued = [row for row in rows if value(row) is not None]
    valued.sort(key=lambda row: as_bytes(value(row)), reverse=asked.descending)
    return [*valued, *(row for row in rows if value(row) is None)]


def as_bytes(value: Any) -> Any:
    """Return a text as the databases sort it: by its bytes in UTF-8."""
    return value.encode() if isinstance(value, str) else value
