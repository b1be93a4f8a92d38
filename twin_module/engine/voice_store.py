"""The table of what the twin's voice is to say, and said: each thing once, also after a crash.

What is to be said is stored before it is said, and rests here until it was. The table is one of
the few that the rooms can't give back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from twin_module.core.ports import Cursor

SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS twin_said (
        key TEXT PRIMARY KEY, ts BIGINT NOT NULL, number BIGINT NOT NULL, body TEXT, html TEXT,
        room_id TEXT, stream_id BIGINT)""",
)
DAY_MS: Final = 86_400_000
KEPT_MS: Final = 60 * DAY_MS
"""How long it is known that something was said."""


@dataclass(frozen=True, slots=True)
class Saying:
    """Something that is to be said."""

    key: str
    """What is said under a key is said once."""
    body: str
    html: str | None
    room_id: str | None = None
    """Where it may have been said already, before the process was killed."""
    stream_id: int | None = None
    """The position of the stream of events before that."""


def plan(cursor: Cursor, saying: Saying, now: int) -> None:
    """Note that something is to be said, unless that was noted before."""
    cursor.execute("SELECT COALESCE(MAX(number), 0) FROM twin_said")
    row = cursor.fetchone()
    cursor.execute(
        "INSERT INTO twin_said (key, ts, number, body, html) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (key) DO NOTHING",
        (saying.key, now, (row[0] if row else 0) + 1, saying.body, saying.html),
    )


def waiting(cursor: Cursor, now: int) -> Sequence[Saying]:
    """Return what is still to be said, in order; what waited for a day is forgotten."""
    cursor.execute(
        "DELETE FROM twin_said WHERE (body IS NOT NULL AND ts < ?) OR ts < ?",
        (now - DAY_MS, now - KEPT_MS),
    )
    cursor.execute(
        "SELECT key, body, html, room_id, stream_id FROM twin_said WHERE body IS NOT NULL"
        " ORDER BY number"
    )
    return [Saying(*row) for row in cursor.fetchall()]


def begin(cursor: Cursor, key: str, room_id: str, stream_id: int) -> None:
    """Note where something is about to be said."""
    cursor.execute(
        "UPDATE twin_said SET room_id = ?, stream_id = ? WHERE key = ?", (room_id, stream_id, key)
    )


def finish(cursor: Cursor, key: str) -> None:
    """Note that something was said; its words are no longer kept."""
    cursor.execute("UPDATE twin_said SET body = NULL, html = NULL WHERE key = ?", (key,))
