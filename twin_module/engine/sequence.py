"""The sequence of changes: every change of a row that readers hear of takes its next number."""

from typing import Final

from twin_module.core.ports import Cursor

PROJECTION: Final = "projection"


def last_seq(cursor: Cursor) -> int:
    """Return the newest number of the sequence of changes."""
    cursor.execute("SELECT seq FROM twin_position WHERE name = ?", (PROJECTION,))
    row = cursor.fetchone()
    return row[0] if row else 0


def next_seq(cursor: Cursor) -> int:
    """Take the next number."""
    return next_seqs(cursor, 1)[0]


def next_seqs(cursor: Cursor, number: int) -> range:
    """Take so many of the next numbers."""
    cursor.execute(
        "INSERT INTO twin_position (name, stream_id, seq) VALUES (?, NULL, ?)"
        " ON CONFLICT (name) DO UPDATE SET seq = twin_position.seq + ? RETURNING seq",
        (PROJECTION, number, number),
    )
    [(last,)] = cursor.fetchall()
    return range(last - number + 1, last + 1)
