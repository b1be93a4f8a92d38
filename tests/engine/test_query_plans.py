"""How databases read lists: each order that is offered by an index, from where the page begins.

What a plan says holds for the newest SQLite and PostgreSQL that are installed, with as many
objects as a large twin has.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from random import Random
from typing import Any, Final

import psycopg2
import pytest

from twin_module.engine import store
from twin_module.engine.dialect import is_postgres
from twin_module.engine.query import FEW, Condition, Query, run
from twin_module.testing.postgres import fresh_database

OBJECTS: Final = 20_000
MANY: Final = Condition("progress", "", "open")
SOME: Final = Condition("due", "lt", "2026-05")
FEW_FIT: Final = Condition("keyword", "", "rare")
NUMBERS: Final = frozenset({"priority"})
FILL: Final = (
    """INSERT INTO twin_objects (room_id, type, uid, event_id, sender, ts, removed, content, title, seq)
        SELECT CASE WHEN n % 10 = 0 THEN '!b' ELSE '!a' END,
            CASE WHEN n % 5 = 1 THEN 'doc' ELSE 'task' END,
            'u' || CAST(n AS TEXT), '$' || CAST(n AS TEXT), '@a:b', n / 3, 0, '{}',
            'Title ' || CAST(n % 50 AS TEXT), n FROM numbers""",
    """INSERT INTO twin_index (room_id, type, uid, field, word)
        SELECT room_id, type, uid, 'progress', CASE WHEN seq % 3 = 0 THEN 'done' ELSE 'open' END
        FROM twin_objects""",
    """INSERT INTO twin_index (room_id, type, uid, field, word)
        SELECT room_id, type, uid, 'due', '2026-0' || CAST(seq % 9 + 1 AS TEXT)
        FROM twin_objects WHERE seq % 7 > 0""",
    """INSERT INTO twin_index (room_id, type, uid, field, number)
        SELECT room_id, type, uid, 'priority', seq % 9 FROM twin_objects WHERE seq % 2 = 0""",
    """INSERT INTO twin_index (room_id, type, uid, field, word)
        SELECT room_id, type, uid, 'keyword', CASE WHEN seq % 600 = 2 THEN 'rare' ELSE 'usual' END
        FROM twin_objects""",
)


class Noting:
    """A cursor that notes what it is asked; `?` stands for parameters on every database."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._postgres = not isinstance(cursor, sqlite3.Cursor)
        self.noted: list[tuple[str, Sequence[Any]]] = []

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> None:
        """Run one statement."""
        self.noted.append((sql, parameters))
        if self._postgres:
            sql = sql.replace("%", "%%").replace("?", "%s")
        self._cursor.execute(sql, parameters)

    def fetchone(self) -> Any:
        """Return the next row."""
        return self._cursor.fetchone()

    def fetchall(self) -> Any:
        """Return the rows that are left."""
        return self._cursor.fetchall()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def cursor(request: pytest.FixtureRequest) -> Iterator[Noting]:
    """A cursor on tables of a large twin: two rooms with two types of objects."""
    if request.param == "sqlite":
        with closing(sqlite3.connect(":memory:")) as connection:
            yield filled(Noting(connection.cursor()))
        return
    with (
        fresh_database(request.getfixturevalue("postgres_url")) as arguments,
        closing(psycopg2.connect(**arguments)) as connection,
    ):
        yield filled(Noting(connection.cursor()))


def filled(cursor: Noting) -> Noting:
    """Make the tables and fill them."""
    store.migrate(cursor)
    numbers = f"WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {OBJECTS - 1}) "
    for statement in FILL:
        cursor.execute(numbers + statement if "numbers" in statement else statement)
    if is_postgres(cursor):
        # As it does by itself after a while, but of all rows; SQLite does without.
        cursor.execute("SET default_statistics_target = 1000")
        cursor.execute("ANALYZE twin_objects")
        cursor.execute("ANALYZE twin_index")
    return cursor


def plans(cursor: Noting, query: Query) -> list[str]:
    """Return all steps of how a query is answered, one a line as each database says it."""
    cursor.noted.clear()
    run(cursor, query)
    steps = []
    for sql, values in list(cursor.noted):
        if is_postgres(cursor):
            cursor.execute(f"EXPLAIN (COSTS OFF) {sql}", values)
            steps += [row[0].strip().removeprefix("->").strip() for row in cursor.fetchall()]
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values)
            steps += [row[3] for row in cursor.fetchall()]
    return steps


def is_scan(step: str) -> bool:
    """Tell whether a step reads a whole table, or a whole index."""
    own = ("twin_objects", "twin_index", "o", "s", "i")
    return step.startswith("Seq Scan on twin_") or (
        step.startswith("SCAN ") and step.split()[1] in own
    )


def is_sort(step: str) -> bool:
    """Tell whether a step puts into order what was read."""
    return step.startswith(("Sort", "Incremental Sort")) or "TEMP B-TREE" in step


def looked_up(steps: Sequence[str]) -> list[str]:
    """Return how the entry of one object is looked up, for each object anew."""
    found = []
    for place, step in enumerate(steps):
        if step.startswith("CORRELATED SCALAR SUBQUERY"):
            found.append(steps[place + 1])
        elif step.startswith("SubPlan"):
            found.append(next(each for each in steps[place:] if each.startswith("Index Cond")))
    return found


def deep(cursor: Noting, query: Query) -> Query:
    """Return what asks for a page far behind the first."""
    page = run(cursor, replace(query, limit=700))
    assert page.next is not None
    return replace(query, after=page.next)


SORTS: Final = ("updated", "title", "uid", "due", "priority")


@pytest.mark.parametrize("room_id", ["!a", None])
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("conditions", [(), (MANY,), (SOME,), (MANY, SOME)])
def test_a_page_is_read_in_its_order_from_where_it_begins(
    cursor: Noting,
    room_id: str | None,
    sort: str,
    descending: bool,
    conditions: tuple[Condition, ...],
) -> None:
    first = Query(
        type="task",
        room_id=room_id,
        sort=sort,
        descending=descending,
        numbers=NUMBERS,
        conditions=conditions,
    )
    for query in (first, deep(cursor, first)):
        steps = plans(cursor, query)
        assert not [step for step in steps if is_scan(step) or is_sort(step)], "\n".join(steps)
        assert all("uid" in step for step in looked_up(steps)), "\n".join(steps)


@pytest.mark.parametrize("room_id", ["!a", None])
@pytest.mark.parametrize("sort", SORTS[:3])
def test_a_page_of_all_types_is_put_together_from_the_order_of_each(
    cursor: Noting, room_id: str | None, sort: str
) -> None:
    first = Query(types=["task", "doc", "circle"], room_id=room_id, sort=sort)
    for query in (first, deep(cursor, first)):
        steps = plans(cursor, query)
        assert not [step for step in steps if is_scan(step) or is_sort(step)], "\n".join(steps)


@pytest.mark.parametrize("room_id", ["!a", None])
@pytest.mark.parametrize("sort", SORTS)
def test_where_few_fit_these_alone_are_looked_at(
    cursor: Noting, room_id: str | None, sort: str
) -> None:
    conditions = [MANY, SOME, FEW_FIT]
    query = Query(type="task", room_id=room_id, sort=sort, numbers=NUMBERS, conditions=conditions)
    found = run(cursor, query)
    assert 0 < len(found.records) < FEW
    steps = plans(cursor, query)
    assert not [step for step in steps if is_scan(step)], "\n".join(steps)
    assert len(looked_up(steps)) >= 2
    assert all("uid" in step for step in looked_up(steps)), "\n".join(steps)


def test_the_longest_words_and_names_fit_into_every_index(cursor: Noting) -> None:
    # Nothing that compresses, since PostgreSQL counts what is left of it.
    drawn = Random(1)

    def text(length: int, letters: Sequence[str]) -> str:
        return "".join(drawn.choices(letters, k=length))

    wide = [chr(code) for code in range(0x20000, 0x2A000)]
    plain = [chr(code) for code in range(33, 127)]
    word, title = text(2000, wide), text(255, wide)
    each = store.Record(
        room_id=text(255, plain),
        type="task",
        uid=text(255, plain),
        event_id="$long",
        sender="@a:b",
        ts=1,
        removed=False,
        problem=None,
        good_event_id="$long",
        good_sender="@a:b",
        good_ts=1,
        content="{}",
        title=title,
    )
    store.write_object(cursor, each, {"progress": word})
    asked = Query(type="task", room_id=each.room_id, conditions=[Condition("progress", "", word)])
    assert [found.uid for found in run(cursor, asked).records] == [each.uid]
