"""The tables of reminders: which objects there may be something to be told of, and what was told.

What was told can't be found out from the rooms again. Times are in milliseconds since 1970.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twin_module.core.ports import Cursor
from twin_module.engine.versions import Place

SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS twin_reminded (
        key TEXT PRIMARY KEY, due BIGINT NOT NULL, ts BIGINT NOT NULL, own SMALLINT NOT NULL,
        held SMALLINT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS twin_reminded_ts ON twin_reminded (ts)",
)
CHUNK: Final = 100
TOLD: Final = 0
HELD: Final = 1
"""Held back, and nobody was told so yet."""
HELD_AND_SAID: Final = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """An object that there may be something to be told of."""

    place: Place
    content: str | None
    """As JSON text; None where it is gone."""
    own: bool
    """Whether it is in a room that the owner made."""
    seq: int


_SELECT: Final = (
    "SELECT o.room_id, o.type, o.uid, o.content, r.creator, o.seq FROM twin_objects o"
    " JOIN twin_rooms r ON r.room_id = o.room_id AND r.membership = 'join'"
)


def between(
    cursor: Cursor, types: Sequence[str], owner: str, seconds: tuple[int, int], after: Place | None
) -> list[Candidate]:
    """Return objects that matter between two times, by their place, some at once.

    Args:
        cursor: of a transaction.
        types: of objects.
        owner: whose rooms are their own.
        seconds: since 1970; an object without a time matters always.
        after: the place of the last one that was returned before.
    """
    place = ("", "", "") if after is None else (after.room_id, after.type, after.uid)
    cursor.execute(
        f"{_SELECT} {_indexed('f', 'first')} {_indexed('l', 'last')}"
        f" WHERE o.type IN ({_marks(types)}) AND o.removed = 0 AND o.content IS NOT NULL"
        " AND (f.number IS NULL OR f.number <= ?) AND (l.number IS NULL OR l.number >= ?)"
        " AND (o.room_id, o.type, o.uid) > (?, ?, ?)"
        " ORDER BY o.room_id, o.type, o.uid LIMIT ?",
        [*types, seconds[1], seconds[0], *place, CHUNK],
    )
    return _candidates(cursor, owner)


def _indexed(name: str, field: str) -> str:
    return (
        f"LEFT JOIN twin_index {name} ON {name}.room_id = o.room_id AND {name}.type = o.type"
        f" AND {name}.uid = o.uid AND {name}.field = '{field}'"
    )


def changed(cursor: Cursor, types: Sequence[str], owner: str, seq: int) -> list[Candidate]:
    """Return objects that changed behind a number of the sequence, in order, some at once."""
    cursor.execute(
        f"{_SELECT} WHERE o.type IN ({_marks(types)}) AND o.seq > ? ORDER BY o.seq LIMIT ?",
        [*types, seq, CHUNK],
    )
    return _candidates(cursor, owner)


def at(cursor: Cursor, places: Iterable[Place], owner: str) -> list[Candidate]:
    """Return the objects of places that are there."""
    found = []
    for place in places:
        cursor.execute(
            f"{_SELECT} WHERE o.room_id = ? AND o.type = ? AND o.uid = ?",
            (place.room_id, place.type, place.uid),
        )
        found += _candidates(cursor, owner)
    return found


def _candidates(cursor: Cursor, owner: str) -> list[Candidate]:
    return [
        Candidate(Place(*row[:3]), row[3], row[4] == owner, row[5]) for row in cursor.fetchall()
    ]


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" for _ in values)


def answers(cursor: Cursor, event_type: str, owner: str, rooms: Iterable[str]) -> Mapping[str, str]:
    """Return what the owner answered to invitations, as JSON text by room."""
    found = {}
    for room_id in rooms:
        cursor.execute(
            "SELECT content FROM twin_objects WHERE room_id = ? AND type = ? AND uid = ?"
            " AND removed = 0 AND content IS NOT NULL",
            (room_id, event_type, owner),
        )
        row = cursor.fetchone()
        if row is not None:
            found[room_id] = row[0]
    return found


# What was told


def is_known(cursor: Cursor, key: str) -> bool:
    """Tell whether something was told, or held back."""
    cursor.execute("SELECT 1 FROM twin_reminded WHERE key = ?", (key,))
    return cursor.fetchone() is not None


def told_since(cursor: Cursor, ts: int) -> tuple[int, int]:
    """Return how many reminders were told since a time, and how many of these of others' rooms."""
    cursor.execute(
        "SELECT COUNT(*), COALESCE(SUM(1 - own), 0) FROM twin_reminded WHERE ts > ? AND held = ?",
        (ts, TOLD),
    )
    row = cursor.fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def note(cursor: Cursor, key: str, due: int, now: int, *, own: bool, held: bool) -> None:
    """Note that something was told, or held back."""
    cursor.execute(
        "INSERT INTO twin_reminded (key, due, ts, own, held) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (key) DO NOTHING",
        (key, due, now, int(own), HELD if held else TOLD),
    )


def take_held(cursor: Cursor, now: int, pause: int) -> int:
    """Return how many were held back of which nobody was told; none within a pause of the last time."""
    cursor.execute(
        "SELECT 1 FROM twin_reminded WHERE held = ? AND ts > ?", (HELD_AND_SAID, now - pause)
    )
    if cursor.fetchone() is not None:
        return 0
    cursor.execute("SELECT COUNT(*) FROM twin_reminded WHERE held = ?", (HELD,))
    row = cursor.fetchone()
    cursor.execute(
        "UPDATE twin_reminded SET held = ?, ts = ? WHERE held = ?", (HELD_AND_SAID, now, HELD)
    )
    return int(row[0]) if row else 0


def held_until(cursor: Cursor, pause: int) -> int | None:
    """Return when it can be told how many were held back, None where none were of which nobody was told."""
    cursor.execute(
        "SELECT MAX(CASE WHEN held = ? THEN ts END), COUNT(CASE WHEN held = ? THEN 1 END)"
        " FROM twin_reminded",
        (HELD_AND_SAID, HELD),
    )
    row = cursor.fetchone()
    return (row[0] or 0) + pause if row and row[1] else None


def forget(cursor: Cursor, before: int) -> None:
    """Forget what was due before a time."""
    cursor.execute("DELETE FROM twin_reminded WHERE due < ?", (before,))
