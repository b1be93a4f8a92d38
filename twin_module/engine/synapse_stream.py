"""A door to Synapse's private names: what its stream of events brought.

Each question is one short look into tables of Synapse's, in one transaction with what is asked
beside it, since a twin asks after every single event.
"""

from typing import Final

from twin_module.core.ports import Changes, Cursor, Delta
from twin_module.core.state import NAMESPACE

MOST_ARRIVED: Final = 500
MOST_DELTAS: Final = 200
MOST_HEARD: Final = 50
_DELTAS: Final = (
    "SELECT stream_id, room_id, type, state_key, event_id FROM current_state_delta_stream"
    " WHERE stream_id > ? AND stream_id <= ? ORDER BY stream_id"
)


def changes(cursor: Cursor, after: int, upto: int) -> Changes:
    """Read a part of the stream: as much of it as fits, but at least what has one position."""
    cursor.execute(
        "SELECT event_id, stream_ordering FROM events WHERE stream_ordering > ?"
        " AND stream_ordering <= ? AND type LIKE ? AND rejection_reason IS NULL"
        " ORDER BY stream_ordering LIMIT ?",
        (after, upto, f"{NAMESPACE}.%", MOST_ARRIVED),
    )
    arrived = cursor.fetchall()
    if len(arrived) == MOST_ARRIVED:
        upto = int(arrived[-1][1])
    upto, deltas = _deltas(cursor, after, upto)
    return Changes(
        upto,
        deltas,
        [event_id for event_id, position in arrived if position <= upto],
        _redacted(cursor, after, upto),
    )


def _deltas(cursor: Cursor, after: int, upto: int) -> tuple[int, list[Delta]]:
    """Read changes of current state; those that Synapse made at one position stay together."""
    cursor.execute(f"{_DELTAS} LIMIT ?", (after, upto, MOST_DELTAS + 1))
    rows = cursor.fetchall()
    if len(rows) > MOST_DELTAS:
        # What changed at the last position may go on behind these.
        whole = [row for row in rows if row[0] < rows[-1][0]]
        if not whole:
            cursor.execute(_DELTAS, (after, rows[0][0]))
            whole = cursor.fetchall()
        rows, upto = whole, whole[-1][0]
    return upto, [Delta(*row[1:]) for row in rows]


def _redacted(cursor: Cursor, after: int, upto: int) -> list[str]:
    cursor.execute(
        "SELECT r.redacts FROM redactions r JOIN events e ON e.event_id = r.event_id"
        " WHERE e.stream_ordering > ? AND e.stream_ordering <= ?",
        (after, upto),
    )
    return [row[0] for row in cursor.fetchall() if row[0]]


def heard(cursor: Cursor, after: int, upto: int, owner: str) -> tuple[int, list[str]]:
    """Read what the owner said; without any of it, this looks at a part of one index."""
    cursor.execute(
        "SELECT event_id, stream_ordering FROM events WHERE stream_ordering > ?"
        " AND stream_ordering <= ? AND sender = ?"
        " AND type IN ('m.room.message', 'm.reaction') AND state_key IS NULL"
        " AND rejection_reason IS NULL ORDER BY stream_ordering LIMIT ?",
        (after, upto, owner, MOST_HEARD),
    )
    rows = cursor.fetchall()
    return rows[-1][1] if len(rows) == MOST_HEARD else upto, [row[0] for row in rows]
