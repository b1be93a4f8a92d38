"""Which objects a brief may tell of, from the index and the table of versions; times are in milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from twin_module.core.layout import Kind
from twin_module.core.ports import Cursor
from twin_module.engine.versions import Place
from twin_module.rooms.tasks import OPEN, TASK

MOST_TASKS: Final = 10_000
MOST_CHANGED: Final = 5_000
LATE_MS: Final = 2 * 86_400_000
"""What others wrote so long before the last brief, and came only now, is told."""


@dataclass(frozen=True, slots=True)
class Since:
    """Up to where the last brief told what others changed."""

    ts: int
    """In milliseconds since 1970."""
    seq: int
    """Of the sequence of changes."""


_MINE: Final = (
    "SELECT o.room_id, o.type, o.uid FROM twin_objects o"
    " JOIN twin_rooms r ON r.room_id = o.room_id AND r.membership = 'join'"
    " WHERE o.type = ? AND o.removed = 0 AND o.content IS NOT NULL"
)
_INDEXED: Final = (
    "(o.room_id, o.type, o.uid){} IN (SELECT i.room_id, i.type, i.uid FROM twin_index i"
    " WHERE i.type = ? AND i.field = '{}'{})"
)
_ASSIGNED: Final = (
    f"({_INDEXED.format('', 'assignee', ' AND i.word = ?')}"
    f" OR {_INDEXED.format(' NOT', 'assignee', '')})"
)
"""What the owner has to do: what is theirs, and what is nobody's, as in `core/reminders.py`."""


def open_tasks(cursor: Cursor, me: str, before: int) -> Sequence[Place]:
    """Return the open tasks of somebody that may be due before a time, in seconds since 1970."""
    progress = f" AND i.word IN ({', '.join('?' for _ in OPEN)})"
    cursor.execute(
        f"{_MINE} AND {_INDEXED.format('', 'first', ' AND i.number <= ?')}"
        f" AND {_INDEXED.format('', 'progress', progress)} AND {_ASSIGNED}"
        # Whatever others write into their rooms, the owner's own are among the first.
        " ORDER BY CASE WHEN r.creator = ? THEN 0 ELSE 1 END, o.room_id, o.uid LIMIT ?",
        [
            *(TASK.type, TASK.type, before, TASK.type, *OPEN),
            *(TASK.type, me, TASK.type, me, MOST_TASKS),
        ],
    )
    return [Place(*row) for row in cursor.fetchall()]


def completed(cursor: Cursor, me: str, since: int) -> Sequence[Place]:
    """Return the tasks of somebody that are done and changed since a time, the last ones first."""
    cursor.execute(
        f"{_MINE} AND o.ts >= ? AND {_INDEXED.format('', 'progress', ' AND i.word = ?')}"
        f" AND {_ASSIGNED} ORDER BY o.ts DESC, o.room_id, o.uid LIMIT ?",
        [
            *(TASK.type, since, TASK.type, "completed"),
            *(TASK.type, me, TASK.type, MOST_TASKS),
        ],
    )
    return [Place(*row) for row in cursor.fetchall()]


def changed(
    cursor: Cursor, me: str, since: Since, types: Sequence[str]
) -> Sequence[tuple[str, str, str | None]]:
    """Return rooms, people and titles of what others wrote since, each object once for each of them.

    An object is looked at if it changed here since; what somebody wrote of it counts if it is of
    that time, or is current and came late.
    """
    cursor.execute(
        "SELECT o.room_id, v.sender, o.title FROM twin_objects o"
        " JOIN twin_rooms r ON r.room_id = o.room_id AND r.membership = 'join' AND r.kind = ?"
        # A cross join keeps SQLite from going through all versions instead.
        " CROSS JOIN twin_versions v"
        f" WHERE o.seq > ? AND o.type IN ({', '.join('?' for _ in types)})"
        " AND v.room_id = o.room_id AND v.type = o.type AND v.uid = o.uid AND v.ts > ?"
        " AND (v.ts > ? OR v.event_id = o.event_id) AND v.sender NOT IN (?, '')"
        " GROUP BY o.room_id, o.type, o.uid, o.title, o.seq, v.sender"
        " ORDER BY o.seq DESC, v.sender LIMIT ?",
        [
            *(Kind.COLLECTION.value, since.seq, *types, since.ts - LATE_MS, since.ts),
            *(me, MOST_CHANGED),
        ],
    )
    return [(row[0], row[1], row[2]) for row in cursor.fetchall()]
