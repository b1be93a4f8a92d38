"""The table of what changed in collections and is still to be told there, and of what was told.

A change rests here for a while after it was told, since it may arrive once more after a kill. What
was told can't be found out from the rooms again. Times are in milliseconds since 1970.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twin_module.core.ports import Cursor
from twin_module.core.state import StateEvent, frozen
from twin_module.engine.versions import REDACTED, Place

SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS twin_news (
        event_id TEXT PRIMARY KEY, room_id TEXT NOT NULL, type TEXT NOT NULL, uid TEXT NOT NULL,
        sender TEXT NOT NULL, ts BIGINT NOT NULL, number BIGINT NOT NULL, told BIGINT)""",
    """CREATE INDEX IF NOT EXISTS twin_news_waiting ON twin_news (room_id, number)
        WHERE told IS NULL""",
    "CREATE INDEX IF NOT EXISTS twin_news_told ON twin_news (told)",
)
DAY_MS: Final = 86_400_000
MOST: Final = 5000
"""How many changes of a room are looked at together."""
CHUNK: Final = 100
"""How many event IDs stand in one statement."""


@dataclass(frozen=True, slots=True)
class News:
    """A change that is to be told."""

    event_id: str
    place: Place
    sender: str
    ts: int
    """When it came to this server."""
    number: int
    """Higher than that of every change that came before."""


def queue(cursor: Cursor, events: Sequence[StateEvent], now: int) -> int:
    """Note changes that are to be told, in order; those that are known stay as they are.

    Returns:
        The highest number of all.
    """
    cursor.execute("SELECT COALESCE(MAX(number), 0) FROM twin_news")
    row = cursor.fetchone()
    number = int(row[0]) if row else 0
    for each in events:
        number += 1
        cursor.execute(
            "INSERT INTO twin_news (event_id, room_id, type, uid, sender, ts, number)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING",
            (each.event_id, each.room_id, each.type, each.state_key, each.sender, now, number),
        )
    return number


def missed(cursor: Cursor, owner: str, seq: int, since: int) -> list[StateEvent]:
    """Return what became current of others and never arrived by itself, without its content.

    After a gap, Synapse gets most of what it missed as parts of a room's state.

    Args:
        cursor: of a transaction.
        owner: whose own changes always arrive.
        seq: only what changed in the tables behind this number of their sequence.
        since: only what was written since; what is older may have been told and forgotten.
    """
    cursor.execute(
        "SELECT o.room_id, o.type, o.uid, o.sender, o.event_id, o.ts FROM twin_objects o"
        " LEFT JOIN twin_news n ON n.event_id = o.event_id"
        " WHERE o.seq > ? AND o.sender <> ? AND o.ts >= ? AND n.event_id IS NULL"
        " ORDER BY o.seq LIMIT ?",
        (seq, owner, since, MOST),
    )
    return [
        StateEvent(room_id, event_type, uid, frozen({}), sender, event_id, ts)
        for room_id, event_type, uid, sender, event_id, ts in cursor.fetchall()
    ]


def rooms(cursor: Cursor) -> Mapping[str, int]:
    """Return the rooms in which something waits to be told, with since when."""
    cursor.execute("SELECT room_id, MIN(ts) FROM twin_news WHERE told IS NULL GROUP BY room_id")
    return {str(room_id): int(ts) for room_id, ts in cursor.fetchall()}


def waiting(cursor: Cursor, room_id: str) -> list[News]:
    """Return the changes of a room that wait, in order, some at once."""
    cursor.execute(
        "SELECT event_id, room_id, type, uid, sender, ts, number FROM twin_news"
        " WHERE room_id = ? AND told IS NULL ORDER BY number LIMIT ?",
        (room_id, MOST),
    )
    return [News(row[0], Place(*row[1:4]), *row[4:]) for row in cursor.fetchall()]


def redacted(cursor: Cursor, event_ids: Sequence[str]) -> set[str]:
    """Return which versions were redacted."""
    found: set[str] = set()
    for chunk in _chunks(event_ids):
        cursor.execute(
            "SELECT event_id FROM twin_versions WHERE settled = ?"
            f" AND event_id IN ({_marks(chunk)})",
            [REDACTED, *chunk],
        )
        found.update(row[0] for row in cursor.fetchall())
    return found


def take(cursor: Cursor, event_ids: Sequence[str], now: int) -> bool:
    """Note that changes are told, and tell whether all of them still waited; else nothing is done."""
    waits = 0
    for chunk in _chunks(event_ids):
        cursor.execute(
            f"SELECT COUNT(*) FROM twin_news WHERE told IS NULL AND event_id IN ({_marks(chunk)})",
            chunk,
        )
        row = cursor.fetchone()
        waits += int(row[0]) if row else 0
    if waits != len(event_ids):
        return False
    for chunk in _chunks(event_ids):
        cursor.execute(
            f"UPDATE twin_news SET told = ? WHERE event_id IN ({_marks(chunk)})", [now, *chunk]
        )
    return True


def skip(cursor: Cursor, event_ids: Iterable[str], now: int) -> None:
    """Note that changes are told otherwise, also those that did not come yet."""
    for event_id in event_ids:
        cursor.execute(
            "INSERT INTO twin_news (event_id, room_id, type, uid, sender, ts, number, told)"
            " VALUES (?, '', '', '', '', ?, 0, ?)"
            " ON CONFLICT (event_id) DO UPDATE SET told = excluded.told",
            (event_id, now, now),
        )


def drop(cursor: Cursor, room_id: str, before: int, now: int) -> int:
    """Let changes of a room be that came before a time, and return how many that are."""
    where = "room_id = ? AND told IS NULL AND ts < ?"
    cursor.execute(f"SELECT COUNT(*) FROM twin_news WHERE {where}", (room_id, before))
    row = cursor.fetchone()
    cursor.execute(f"UPDATE twin_news SET told = ? WHERE {where}", (now, room_id, before))
    return int(row[0]) if row else 0


def forget(cursor: Cursor, now: int) -> None:
    """Forget what was told more than a day ago."""
    cursor.execute("DELETE FROM twin_news WHERE told < ?", (now - DAY_MS,))


def _chunks(event_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(event_ids), CHUNK):
        yield event_ids[start : start + CHUNK]


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" for _ in values)
