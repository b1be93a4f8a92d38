"""Reads the table of versions page by page, however long the history of an object is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from twin_module.core.lineage import Lineage, Version
from twin_module.core.ports import Cursor
from twin_module.engine.versions import MISSING, REDACTED, Place

Rank: TypeAlias = tuple[int, str]
"""What versions are ordered by: their `rank` and event ID."""
MOST_WALKED: Final = 5000
"""How many versions before some others are looked at to find what those have in common."""
LONGEST_LINE: Final = 100_000
"""How far back it is looked for what was current at a time."""
CHUNK: Final = 100
"""How many event IDs stand in one statement."""


def page(
    cursor: Cursor, place: Place, limit: int, after: Rank | None = None
) -> tuple[list[Version], Rank | None]:
    """Return versions of an object, newest first, those behind one if that is given.

    It costs the same wherever the page is.

    Returns:
        The versions, and behind which the next page begins, None where none is left.
    """
    behind = "AND (rank, event_id) < (?, ?)" if after else ""
    cursor.execute(
        "SELECT event_id, sender, ts, removed, settled, rank FROM twin_versions"
        f" WHERE room_id = ? AND type = ? AND uid = ? {behind}"
        " ORDER BY rank DESC, event_id DESC LIMIT ?",
        (place.room_id, place.type, place.uid, *(after or ()), limit + 1),
    )
    rows = cursor.fetchall()
    shown = rows[:limit]
    before = parents(cursor, [row[0] for row in shown])
    last = (shown[-1][5], shown[-1][0]) if len(rows) > limit else None
    return [_version(row[:5], before) for row in shown], last


def one(cursor: Cursor, place: Place, event_id: str) -> Version | None:
    """Return a version of an object."""
    cursor.execute(
        "SELECT event_id, sender, ts, removed, settled FROM twin_versions"
        " WHERE event_id = ? AND room_id = ? AND type = ? AND uid = ?",
        (event_id, place.room_id, place.type, place.uid),
    )
    row = cursor.fetchone()
    return _version(row, parents(cursor, [event_id])) if row else None


def _version(row: Sequence[Any], before: Mapping[str, Sequence[str]]) -> Version:
    event_id, sender, ts, removed, settled = row
    return Version(event_id, sender, ts, bool(removed), tuple(before.get(event_id, ())), settled)


def parents(cursor: Cursor, event_ids: Iterable[str]) -> dict[str, list[str]]:
    """Return the parents of versions in their order, also those that are not known."""
    found: dict[str, list[str]] = {}
    for chunk in _chunks(event_ids):
        cursor.execute(
            f"SELECT child, parent FROM twin_parents WHERE child IN ({_marks(chunk)})"
            " ORDER BY child, place",
            chunk,
        )
        for child, parent in cursor.fetchall():
            found.setdefault(child, []).append(parent)
    return found


def mergers(cursor: Cursor, place: Place, event_ids: Iterable[str]) -> dict[str, str]:
    """Return by which version others were taken in that no version simply replaced."""
    found: dict[str, str] = {}
    replaced: set[str] = set()
    for chunk in _chunks(event_ids):
        cursor.execute(
            # A cross join keeps SQLite from going through all versions of the object instead.
            "SELECT p.parent, p.child, p.place FROM twin_parents p CROSS JOIN twin_versions v"
            f" WHERE p.parent IN ({_marks(chunk)}) AND v.event_id = p.child"
            " AND v.room_id = ? AND v.type = ? AND v.uid = ? ORDER BY v.ts, p.child",
            (*chunk, place.room_id, place.type, place.uid),
        )
        for parent, child, number in cursor.fetchall():
            if number == 0:
                replaced.add(parent)
            found.setdefault(parent, child)
    return {parent: child for parent, child in found.items() if parent not in replaced}


def gaps(cursor: Cursor, event_ids: Iterable[str]) -> tuple[list[str], bool]:
    """Return which of some versions this twin never asked for, and whether nobody has others."""
    known: dict[str, str | None] = {}
    wanted = list(dict.fromkeys(event_ids))
    for chunk in _chunks(wanted):
        cursor.execute(
            f"SELECT event_id, settled FROM twin_versions WHERE event_id IN ({_marks(chunk)})",
            chunk,
        )
        known |= {row[0]: row[1] for row in cursor.fetchall()}
    return [each for each in wanted if each not in known], MISSING in known.values()


def redacted(cursor: Cursor, event_ids: Iterable[str]) -> frozenset[str]:
    """Return which of some versions were redacted."""
    found: set[str] = set()
    for chunk in _chunks(event_ids):
        cursor.execute(
            f"SELECT event_id FROM twin_versions WHERE settled = ? AND event_id IN ({_marks(chunk)})",
            (REDACTED, *chunk),
        )
        found.update(row[0] for row in cursor.fetchall())
    return frozenset(found)


def waiting(cursor: Cursor, place: Place) -> bool:
    """Tell whether versions of an object are open that the current one did not follow."""
    cursor.execute(
        "SELECT 1 FROM twin_conflicts WHERE room_id = ? AND type = ? AND uid = ? AND waiting > 0",
        (place.room_id, place.type, place.uid),
    )
    return cursor.fetchone() is not None


def conflicted(cursor: Cursor, limit: int, after: Place | None) -> list[Place]:
    """Return objects that have lost versions, in the order of their keys, those behind one."""
    key = (after.room_id, after.type, after.uid) if after else ("", "", "")
    cursor.execute(
        "SELECT room_id, type, uid FROM twin_conflicts"
        " WHERE waiting > 0 AND (room_id, type, uid) > (?, ?, ?)"
        " ORDER BY room_id, type, uid LIMIT ?",
        (*key, limit),
    )
    return [Place(*row) for row in cursor.fetchall()]


def before(cursor: Cursor, event_ids: Iterable[str]) -> Lineage:
    """Return some versions with what stands before them, the nearest 5,000 at most."""
    chunk = list(event_ids)[:CHUNK]
    cursor.execute(
        "WITH RECURSIVE walked (event_id) AS ("
        f" SELECT event_id FROM twin_versions WHERE event_id IN ({_marks(chunk)})"
        " UNION SELECT p.parent FROM walked w JOIN twin_parents p ON p.child = w.event_id"
        ") SELECT event_id FROM walked LIMIT ?",
        (*chunk, MOST_WALKED),
    )
    ids = [row[0] for row in cursor.fetchall()]
    above = parents(cursor, ids)
    found: list[Version] = []
    for some in _chunks(ids):
        cursor.execute(
            "SELECT event_id, sender, ts, removed, settled FROM twin_versions"
            f" WHERE event_id IN ({_marks(some)})",
            some,
        )
        found += [_version(row, above) for row in cursor.fetchall()]
    return Lineage(found)


def at(cursor: Cursor, place: Place, newest: str, ts: int) -> tuple[str, int] | None:
    """Return what stood at a time on the line that leads to a version, each one what it replaced.

    Returns:
        The version and when it was written; that is after the time where the line begins later.
    """
    cursor.execute(
        "WITH RECURSIVE line (event_id, ts, steps) AS ("
        " SELECT event_id, ts, 0 FROM twin_versions"
        " WHERE event_id = ? AND room_id = ? AND type = ? AND uid = ?"
        " UNION ALL SELECT v.event_id, v.ts, l.steps + 1"
        " FROM line l CROSS JOIN twin_parents p CROSS JOIN twin_versions v"
        " WHERE p.child = l.event_id AND p.place = 0 AND v.event_id = p.parent"
        " AND v.room_id = ? AND v.type = ? AND v.uid = ? AND v.sender <> ''"
        " AND l.ts > ? AND l.steps < ?"
        ") SELECT event_id, ts FROM line ORDER BY steps DESC LIMIT 1",
        (
            *(newest, place.room_id, place.type, place.uid),
            *(place.room_id, place.type, place.uid, ts, LONGEST_LINE),
        ),
    )
    row = cursor.fetchone()
    return (row[0], row[1]) if row else None


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" for _ in values)


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    rest = list(values)
    for start in range(0, len(rest), CHUNK):
        yield rest[start : start + CHUNK]
