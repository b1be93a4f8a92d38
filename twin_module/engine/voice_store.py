"""The table of what the twin's voice is to say, and said: each thing once, also after a crash.

What is to be said is stored before it is said, and rests here until it was. The table is one of
the few that the rooms can't give back.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from twin_module.core.ports import Cursor
from twin_module.core.state import Content, frozen, plain
from twin_module.core.voice import Said, message
from twin_module.engine.dialect import add_column

SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS twin_said (
        key TEXT PRIMARY KEY, ts BIGINT NOT NULL, number BIGINT NOT NULL, body TEXT, html TEXT,
        room_id TEXT, stream_id BIGINT)""",
)
DAY_MS: Final = 86_400_000
KEPT_MS: Final = 60 * DAY_MS
"""How long it is known that something was said."""
_WAITS: Final = "(content IS NOT NULL OR body IS NOT NULL)"


@dataclass(frozen=True, slots=True)
class Saying:
    """Something that is to be said."""

    key: str
    """What is said under a key is said once."""
    content: Content = field(hash=False)
    """Of the message."""
    target: str | None
    """The room that it is said in; None is the chat with the owner."""
    room_id: str | None = None
    """Where it may have been said already, before the process was killed."""
    stream_id: int | None = None
    """The position of the stream of events before that."""


def add_places(cursor: Cursor) -> None:
    """Let things be said in other rooms than the chat of the two, and later than now."""
    for column, kind in (
        ("content", "TEXT"),
        ("target", "TEXT"),
        ("due_at", "BIGINT"),
        ("event_id", "TEXT"),
    ):
        add_column(cursor, "twin_said", column, kind)


def plan(
    cursor: Cursor, key: str, said: Said, now: int, target: str | None, at: int | None
) -> None:
    """Note that something is to be said, unless that was noted before."""
    cursor.execute("SELECT COALESCE(MAX(number), 0) FROM twin_said")
    row = cursor.fetchone()
    content = json.dumps(plain(message(said, key)))
    cursor.execute(
        "INSERT INTO twin_said (key, ts, number, content, target, due_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (key) DO NOTHING",
        (key, now, (row[0] if row else 0) + 1, content, target, at),
    )


def waiting(cursor: Cursor, now: int, owner: str) -> tuple[Sequence[Saying], int | None]:
    """Return what is to be said by now, in order, and when the first of the rest is.

    What waited for a day after its time is forgotten.
    """
    cursor.execute(
        f"DELETE FROM twin_said WHERE ({_WAITS} AND COALESCE(due_at, ts) < ?) OR COALESCE(due_at, ts) < ?",
        (now - DAY_MS, now - KEPT_MS),
    )
    cursor.execute(
        "SELECT key, content, target, room_id, stream_id, body, html FROM twin_said"
        f" WHERE {_WAITS} AND COALESCE(due_at, 0) <= ? ORDER BY number",
        (now,),
    )
    sayings = [_saying(*row, owner=owner) for row in cursor.fetchall()]
    cursor.execute(f"SELECT MIN(due_at) FROM twin_said WHERE {_WAITS} AND due_at > ?", (now,))
    row = cursor.fetchone()
    return sayings, row[0] if row else None


def _saying(
    key: str,
    content: str | None,
    target: str | None,
    room_id: str | None,
    stream_id: int | None,
    *of_old: str | None,
    owner: str,
) -> Saying:
    read: Any = frozen(json.loads(content)) if content else None
    if read is None:
        # Noted by a release that stored the words alone, and always spoke to the owner.
        body, html = of_old
        read = message(Said(body=body or "", html=html, mentions=(owner,)), key)
    return Saying(key, read, target, room_id, stream_id)


def begin(cursor: Cursor, key: str, room_id: str, stream_id: int) -> None:
    """Note where something is about to be said."""
    cursor.execute(
        "UPDATE twin_said SET room_id = ?, stream_id = ? WHERE key = ?", (room_id, stream_id, key)
    )


def finish(cursor: Cursor, key: str, event_id: str | None) -> None:
    """Note that something was said, or never will be; its words are no longer kept."""
    cursor.execute(
        "UPDATE twin_said SET content = NULL, body = NULL, html = NULL, event_id = ? WHERE key = ?",
        (event_id, key),
    )


def waits(cursor: Cursor, key: str) -> bool:
    """Tell whether something is still to be said."""
    cursor.execute(f"SELECT 1 FROM twin_said WHERE key = ? AND {_WAITS}", (key,))
    return cursor.fetchone() is not None


def event_of(cursor: Cursor, key: str) -> str | None:
    """Return the ID of the event in which something was said."""
    cursor.execute("SELECT event_id FROM twin_said WHERE key = ?", (key,))
    row = cursor.fetchone()
    return row[0] if row else None
