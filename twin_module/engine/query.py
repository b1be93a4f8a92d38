"""Lists of objects: filter, sort and page over the twin's own tables.

Paging is by key, not by offset: a page goes on behind the last object of the one before, so it
costs the same wherever it is, and nothing is shown twice when something was added meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Final

from twin_module.core.ports import Cursor
from twin_module.engine.store import OBJECT_COLUMNS, Record, record
from twin_module.engine.tokens import NUMBER, WORD, read_token, write_token

OPERATORS: Final[Mapping[str, str]] = {"": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
SORTS: Final[Mapping[str, str]] = {"updated": "o.ts", "title": "o.title", "uid": "o.uid"}
"""What every object can be sorted by, beside the filters of its capability."""
MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Condition:
    """What a field must be: `operator` is one of OPERATORS."""

    name: str
    operator: str
    value: str | int


@dataclass(frozen=True, slots=True)
class Query:
    """Which objects are asked for."""

    type: str | None = None
    """None asks for all types of `types`."""
    types: Sequence[str] = ()
    room_id: str | None = None
    conditions: Sequence[Condition] = ()
    not_sender: str | None = None
    """Whose objects are left out: those that they wrote last."""
    sort: str = "updated"
    descending: bool = True
    limit: int = 50
    after: str | None = None
    """Where the page before ended, as it was handed out."""
    numbers: frozenset[str] = field(default_factory=frozenset)
    """Names of fields that hold numbers."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some objects, and where the next page goes on."""

    records: Sequence[Record]
    next: str | None


def run(cursor: Cursor, query: Query) -> Page:
    """Answer a query.

    Raises:
        InvalidParam: the page token is not one of ours.
    """
    where = ["o.removed = 0", "o.content IS NOT NULL"]
    values: list[str | int] = []
    types = [query.type] if query.type else list(query.types)
    where.append(f"o.type IN ({', '.join('?' for _ in types)})")
    values.extend(types)
    if query.room_id:
        where.append("o.room_id = ?")
        values.append(query.room_id)
    if query.not_sender:
        where.append("COALESCE(o.good_sender, o.sender) <> ?")
        values.append(query.not_sender)
    for condition in query.conditions:
        column = "number" if isinstance(condition.value, int) else "word"
        # Not EXISTS: for that, SQLite looks through all values of a comparison for each object.
        where.append(
            "(o.room_id, o.type, o.uid) IN (SELECT i.room_id, i.type, i.uid FROM twin_index i"
            f" WHERE i.type IN ({', '.join('?' for _ in types)}) AND i.field = ?"
            f" AND i.{column} {OPERATORS[condition.operator]} ?)"
        )
        values.extend([*types, condition.name, condition.value])
    key, join = _sort_key(query)
    values[:0] = join[1]
    if query.after is not None:
        where_after, after_values = _behind(query, key)
        where.append(where_after)
        values.extend(after_values)
    order = "DESC" if query.descending else "ASC"
    # What has no value comes last in either order, then room and uid make the order whole. Every
    # object has what stands in SORTS, and without the first part an index can serve the order.
    nulls = "" if query.sort in SORTS else f"CASE WHEN {key} IS NULL THEN 1 ELSE 0 END, "
    cursor.execute(
        f"SELECT {OBJECT_COLUMNS}, {key} FROM twin_objects o {join[0]} WHERE {' AND '.join(where)}"
        f" ORDER BY {nulls}{key} {order},"
        " o.room_id, o.type, o.uid LIMIT ?",
        [*values, query.limit + 1],
    )
    rows = cursor.fetchall()
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    return Page(
        [record(row[:-1]) for row in rows],
        write_token([rows[-1][-1], rows[-1][0], rows[-1][1], rows[-1][2]]) if more else None,
    )


def _sort_key(query: Query) -> tuple[str, tuple[str, Sequence[Any]]]:
    if query.sort in SORTS:
        return SORTS[query.sort], ("", [])
    column = "number" if query.sort in query.numbers else "word"
    join = "LEFT JOIN twin_index s ON s.room_id = o.room_id AND s.type = o.type AND s.uid = o.uid AND s.field = ?"
    return f"s.{column}", (join, [query.sort])


def _sort_kind(query: Query) -> tuple[type, ...]:
    """Return what a page token may hold of the sort key: PostgreSQL compares no text with a number."""
    if query.sort in SORTS:
        return NUMBER if query.sort == "updated" else WORD
    return (*(NUMBER if query.sort in query.numbers else WORD), NoneType)


def _behind(query: Query, key: str) -> tuple[str, list[Any]]:
    value, room_id, event_type, uid = read_token(
        query.after or "", _sort_kind(query), WORD, WORD, WORD
    )
    same = "(o.room_id, o.type, o.uid) > (?, ?, ?)"
    place = [room_id, event_type, uid]
    if value is None:
        return f"({key} IS NULL AND {same})", place
    beyond = "<" if query.descending else ">"
    return f"({key} {beyond} ? OR {key} IS NULL OR ({key} = ? AND {same}))", [value, value, *place]
