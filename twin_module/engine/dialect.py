"""Where databases differ, and how much one statement may say on all of them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

from twin_module.core.ports import Cursor

PARAMETERS: Final = 900
"""Of one statement; SQLite may be built to take 999."""

AT_ONCE: Final = 100
"""So many objects are named by one statement."""

T = TypeVar("T")


def parts(values: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """Cut values into parts of at most so many."""
    for start in range(0, len(values), most):
        yield values[start : start + most]


def by_kind(keys: Iterable[Sequence[str]]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield conditions and their values that name objects, up to 100 of a room and a type by each.

    Args:
        keys: a room, a type and a uid each.
    """
    kinds: dict[tuple[str, str], list[str]] = {}
    for room_id, kind, uid in keys:
        kinds.setdefault((room_id, kind), []).append(uid)
    for kind_of, uids in kinds.items():
        for part in parts(uids, AT_ONCE):
            marks = ", ".join("?" * len(part))
            yield f"room_id = ? AND type = ? AND uid IN ({marks})", [*kind_of, *part]


def naming(column: str, values: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield conditions and their values that name rows by a column, up to 100 by each."""
    for part in parts(values, AT_ONCE):
        yield f"{column} IN ({', '.join('?' * len(part))})", part


def insert(
    cursor: Cursor, table: str, columns: str, rows: Iterable[Sequence[Any]], more: str = ""
) -> None:
    """Insert many rows by few statements; `more` stands behind the values."""
    width = columns.count(",") + 1
    for part in parts(list(rows), PARAMETERS // width):
        marks = ", ".join([f"({', '.join('?' * width)})"] * len(part))
        cursor.execute(
            f"INSERT INTO {table} ({columns}) VALUES {marks}{more}",
            [value for row in part for value in row],
        )


def is_postgres(cursor: Cursor) -> bool:
    """Tell which database this is: only one of them has truth values."""
    cursor.execute("SELECT 1 = 1")
    row = cursor.fetchone()
    return row is not None and row[0] is True


def add_column(cursor: Cursor, table: str, column: str, kind: str) -> None:
    """Add a column to a table, unless the table has it."""
    if is_postgres(cursor):
        cursor.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column} {kind}")
        return
    cursor.execute("SELECT 1 FROM pragma_table_info(?) WHERE name = ?", (table, column))
    if cursor.fetchone() is None:
        cursor.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
