"""Lists of objects: filter, sort and page over the twin's own tables.

Paging is by key, not by offset: a page goes on behind the last object of the one before, so it
costs the same wherever it is, and nothing is shown twice when something was added meanwhile.

Each order that can be asked for has an index, which is read from where the page begins until the
page is full. Filters come in one of two ways. Where one lets few objects through, these are found
by its index, and sorted here. Else the order is read and each object is looked at, which ends soon
unless what fits stands far behind. No index could serve every filter with every order, so such a
page costs one look at each object of its type at most. So does the end of a list whose objects all
have what it is sorted by, since those without come last and have to be looked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Final, TypeAlias

from twin_module.core.ports import Cursor
from twin_module.engine.store import LIVE, MAX_WORD, OBJECT_COLUMNS, SHOWN_COLUMNS, Record, record
from twin_module.engine.tokens import NUMBER, WORD, read_token, write_token

OPERATORS: Final[Mapping[str, str]] = {"": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
SORTS: Final[Mapping[str, str]] = {"updated": "o.ts", "title": "o.title", "uid": "o.uid"}
"""What every object can be sorted by, beside the filters of its capability."""
MOST: Final = 1000
FEW: Final = 500
"""So many objects are rather sorted than looked for in the order of all."""


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


Row: TypeAlias = Sequence[Any]
"""Columns of an object, with what it is sorted by behind them."""
_SAME: Final = "{0}.room_id = {1}.room_id AND {0}.type = {1}.type AND {0}.uid = {1}.uid"
_OF_OBJECT: Final = f"FROM twin_index i WHERE {_SAME.format('i', '{0}')} AND i.field = ?"
"""The entries of an object in the index."""
_KEYS: Final = {"word": "s.word", "number": "s.number"}
"""The keys of objects that are sorted by what the index has of them."""
_WITHOUT: Final = "NULL"
"""The key of objects that have nothing of what is sorted by."""


class _Where:
    """Conditions that all have to be true, with their values."""

    def __init__(self, *conditions: str) -> None:
        self.conditions = list(conditions)
        self.values: list[Any] = []

    def add(self, condition: str, *values: Any) -> None:
        """Add a condition, in which `?` stands for its values."""
        self.conditions.append(condition)
        self.values += values

    def add_first(self, condition: str, *values: Any) -> None:
        """Add a condition that is looked at before the others, as SQLite takes them as they stand."""
        self.conditions.insert(0, condition)
        self.values[:0] = values

    def __str__(self) -> str:
        """Return it as SQL."""
        return " AND ".join(self.conditions)


def run(cursor: Cursor, query: Query) -> Page:
    """Answer a query.

    Raises:
        InvalidParam: the page token is not one of ours.
    """
    rows, following = read_rows(cursor, query, OBJECT_COLUMNS)
    return Page([record(row) for row in rows], following)


def read_rows(
    cursor: Cursor, query: Query, columns: str = SHOWN_COLUMNS
) -> tuple[Sequence[Sequence[Any]], str | None]:
    """Answer a query with rows, and where the next page goes on.

    Args:
        cursor: of a transaction.
        query: what is asked for.
        columns: of `twin_objects o`; first room, type and uid.

    Raises:
        InvalidParam: the page token is not one of ours.
    """
    after, wanted = _place_after(query), query.limit + 1
    few = next((each for each in query.conditions if _is_few(cursor, query, each)), None)
    if few is not None:
        rows = _page_of(_read_few(cursor, query, few, columns), query, after)[:wanted]
    elif query.sort in SORTS:
        rows = _read(cursor, query, _Order(columns, SORTS[query.sort], after, wanted))
    else:
        rows, without = [], after is not None and after[0] is None
        if not without:
            rows = _read(cursor, query, _Order(columns, _KEYS[_column(query)], after, wanted))
        if len(rows) < wanted:
            beginning = after if without else None
            rest = _Order(columns, _WITHOUT, beginning, wanted - len(rows))
            rows += _read(cursor, query, rest)
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    following = write_token([rows[-1][-1], *rows[-1][:3]]) if more else None
    return [row[:-1] for row in rows], following


def _column(query: Query) -> str:
    """Return the column of the index in which the field stands that is sorted by."""
    return "number" if query.sort in query.numbers else "word"


def _types(query: Query) -> Sequence[str]:
    return [query.type] if query.type else query.types


def _place_after(query: Query) -> Sequence[Any] | None:
    """Return where the page before ended: key, room, type and uid."""
    if query.after is None:
        return None
    # PostgreSQL compares no text with a number.
    if query.sort in SORTS:
        kind: tuple[type, ...] = NUMBER if query.sort == "updated" else WORD
    else:
        kind = (*(NUMBER if _column(query) == "number" else WORD), NoneType)
    return read_token(query.after, kind, WORD, WORD, WORD)


# The order of a list: by key, then by uid, room and type, all in the same direction, so that one
# index serves both. Objects with a key come before those without in either direction.


def _in_order(row: Row) -> tuple[Any, ...]:
    """Return what a row is sorted by; texts compare here as they do in the databases."""
    return row[-1], row[2], row[0], row[1]


def _page_of(rows: Sequence[Row], query: Query, after: Sequence[Any] | None) -> list[Row]:
    """Sort rows that were read without any order, and return those behind the page before."""
    valued = [row for row in rows if row[-1] is not None]
    without = [row for row in rows if row[-1] is None]
    if after is not None:
        key, room_id, event_type, uid = after
        last = (key, uid, room_id, event_type)
        behind = [
            row
            for row in (without if key is None else valued)
            if (_in_order(row) < last if query.descending else _in_order(row) > last)
        ]
        valued, without = ([], behind) if key is None else (behind, without)
    return [
        *sorted(valued, key=_in_order, reverse=query.descending),
        *sorted(without, key=_in_order, reverse=query.descending),
    ]


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be read in the order of an index."""

    columns: str
    key: str
    """A column of `twin_objects o`, or of `twin_index s` as in _KEYS, or _WITHOUT."""
    after: Sequence[Any] | None
    """Key, room, type and uid of the last object of the page before."""
    most: int


def _read(cursor: Cursor, query: Query, order: _Order) -> list[Row]:
    """Read rows in the order of an index, from behind the page before."""
    parts = [_statement(query, order, event_type) for event_type in _types(query)]
    # Each type has its part of an index.
    each = (f"SELECT * FROM ({sql}) p{place}" for place, (sql, _) in enumerate(parts))
    whole = " UNION ALL ".join(each) if len(parts) > 1 else parts[0][0]
    cursor.execute(whole, [value for _, some in parts for value in some])
    rows = cursor.fetchall()
    # A join says nothing about order, nor does a union.
    if order.key in _KEYS.values() or len({row[1] for row in rows}) > 1:
        rows.sort(key=_in_order, reverse=query.descending)
    return list(rows[: order.most])


def _statement(query: Query, order: _Order, event_type: str) -> tuple[str, Sequence[Any]]:
    """Return what reads the objects of one type in order, with its values."""
    key, by = order.key, "s" if order.key in _KEYS.values() else "o"
    where = _fitting(query, by)
    where.add(f"{by}.type = ?", event_type)
    if by == "s":
        where.add(f"s.field = ? AND {key} IS NOT NULL", query.sort)
    elif key == _WITHOUT:
        # Mostly few lack it, which are quickly told from all others.
        where.add_first(f"(SELECT 1 {_OF_OBJECT.format('o')} LIMIT 1) IS NULL", query.sort)
    columns = [key, f"{by}.uid", *([] if query.room_id else [f"{by}.room_id"])]
    columns = [each for each in dict.fromkeys(columns) if each != _WITHOUT]
    if order.after is not None:
        last, room_id, last_type, uid = order.after
        place = {key: last, f"{by}.uid": uid, f"{by}.room_id": room_id}
        operator = _behind(query, event_type, room_id, last_type)
        marks = ", ".join("?" for _ in columns)
        where.add(
            f"({', '.join(columns)}) {operator} ({marks})", *(place[each] for each in columns)
        )
    direction = "DESC" if query.descending else "ASC"
    ordered = (
        f"WHERE {where} ORDER BY {', '.join(f'{each} {direction}' for each in columns)} LIMIT ?"
    )
    if by == "o":
        sql = f"SELECT {order.columns}, {key} FROM twin_objects o {ordered}"
    else:
        # By itself, so that PostgreSQL reads this in order whatever it takes the rest for. CROSS
        # JOIN says the same to SQLite. What is in the index has content.
        entries = f"SELECT s.room_id, s.type, s.uid, {key} AS key FROM twin_index s {ordered}"
        sql = (
            f"SELECT {order.columns}, e.key FROM ({entries}) e CROSS JOIN twin_objects o"
            f" WHERE {_SAME.format('o', 'e')}"
        )
    return sql, [*where.values, order.most]


def _behind(query: Query, event_type: str, last_room: str, last_type: str) -> str:
    """Return how rows of a type compare with the last one of the page before, to stand behind it.

    Room and type come last in the order. Where they are the same in all rows, they decide about
    the row that has all else in common with the last one.
    """
    mine, last = [event_type], [last_type]
    if query.room_id:
        mine, last = [query.room_id, event_type], [last_room, last_type]
    if query.descending:
        return "<=" if mine < last else "<"
    return ">=" if mine > last else ">"


def _fitting(query: Query, by: str, but: Condition | None = None) -> _Where:
    """Return what rows of objects, or of the index, have to be, leaving a condition out."""
    where = _Where(LIVE) if by == "o" else _Where()
    if query.room_id:
        where.add(f"{by}.room_id = ?", query.room_id)
    if query.not_sender:
        sender = "COALESCE(o.good_sender, o.sender)"
        if by == "s":
            sender = f"(SELECT {sender} FROM twin_objects o WHERE {_SAME.format('o', 's')})"
        where.add(f"{sender} <> ?", query.not_sender)
    for each in query.conditions:
        if each is not but:
            column = _compared(each)
            if each.operator:
                # Not to be looked up: SQLite would search all that compare so, for each object.
                column = f"COALESCE({column}, NULL)"
            # Not EXISTS, which PostgreSQL turns into a join that reads everything.
            entry = f"SELECT 1 {_OF_OBJECT.format(by)} AND {column} {OPERATORS[each.operator]} ?"
            where.add(f"({entry} LIMIT 1) IS NOT NULL", each.name, _value(each))
    return where


def _is_few(cursor: Cursor, query: Query, condition: Condition) -> bool:
    """Tell whether few objects fit a condition; looks at no more than that."""
    found, values = _found(query, condition)
    # In the order of an index, or PostgreSQL reads the table where it believes that many fit.
    order = f"i.type, {_compared(condition)}, i.uid"
    cursor.execute(
        f"SELECT COUNT(*) FROM (SELECT 1 {found} ORDER BY {order} LIMIT ?) few",
        [*values, FEW + 1],
    )
    row = cursor.fetchone()
    return row is not None and row[0] <= FEW


def _read_few(cursor: Cursor, query: Query, few: Condition, columns: str) -> list[Row]:
    """Read all rows that fit, in no order, by the condition that few fit."""
    found, values = _found(query, few)
    where = _fitting(query, "o", few)
    key, sorted_by = SORTS.get(query.sort), []
    if key is None:
        key = f"(SELECT i.{_column(query)} {_OF_OBJECT.format('o')} LIMIT 1)"
        sorted_by = [query.sort]
    cursor.execute(
        f"SELECT {columns}, {key} FROM (SELECT DISTINCT i.room_id, i.type, i.uid {found}) f"
        f" CROSS JOIN twin_objects o WHERE {_SAME.format('o', 'f')} AND {where}",
        [*sorted_by, *values, *where.values],
    )
    return list(cursor.fetchall())


def _found(query: Query, condition: Condition) -> tuple[str, Sequence[Any]]:
    """Return where in the index the objects stand that fit a condition, with its values."""
    types = _types(query)
    where = _Where()
    where.add(f"i.type IN ({', '.join('?' for _ in types)})", *types)
    if query.room_id:
        where.add("i.room_id = ?", query.room_id)
    compared = f"{_compared(condition)} {OPERATORS[condition.operator]} ?"
    where.add(f"i.field = ? AND {compared}", condition.name, _value(condition))
    return f"FROM twin_index i WHERE {where}", where.values


def _compared(condition: Condition) -> str:
    return "i.number" if isinstance(condition.value, int) else "i.word"


def _value(condition: Condition) -> str | int:
    value = condition.value
    return value if isinstance(value, int) else value[:MAX_WORD]
