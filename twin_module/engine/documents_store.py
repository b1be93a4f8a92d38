"""The tables of documents that are being written: updates that no snapshot holds yet.

An update of the owner's editors is stored here before anybody hears that it was taken. Bytes are
kept as base64 text, so that every database stores them alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from unpaddedbase64 import decode_base64, encode_base64

from twin_module.core.ports import Cursor
from twin_module.engine.versions import Place

SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS twin_document_updates (
        id TEXT PRIMARY KEY, room_id TEXT NOT NULL, type TEXT NOT NULL, uid TEXT NOT NULL,
        own SMALLINT NOT NULL, sent SMALLINT NOT NULL, ts BIGINT NOT NULL, data TEXT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS twin_document_updates_of ON twin_document_updates (room_id, type, uid)",
    """CREATE TABLE IF NOT EXISTS twin_documents (
        room_id TEXT NOT NULL, type TEXT NOT NULL, uid TEXT NOT NULL, event_id TEXT NOT NULL,
        whole SMALLINT NOT NULL, PRIMARY KEY (room_id, type, uid))""",
)


@dataclass(frozen=True, slots=True)
class Row:
    """An update that is kept."""

    id: str
    """The ID of the event that brought it, or one of our own."""
    own: bool
    """Whether the owner made it, so that this twin writes it down."""
    sent: bool
    """Whether the other twins of the room have it as an event."""
    ts: int
    """When it came, in milliseconds since 1970."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Unsaved:
    """A document with updates that some twin has yet to write down; times as in `Row`."""

    place: Place
    own: bool
    rows: int
    first: int
    last: int
    unsent_since: int | None


_HERE: Final = "room_id = ? AND type = ? AND uid = ?"


def _values(place: Place) -> tuple[str, str, str]:
    return place.room_id, place.type, place.uid


def add(cursor: Cursor, place: Place, row: Row) -> None:
    """Keep an update; one that is known by its ID stays as it is."""
    cursor.execute(
        "INSERT INTO twin_document_updates (room_id, type, uid, id, own, sent, ts, data)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        (*_values(place), row.id, int(row.own), int(row.sent), row.ts, encode_base64(row.data)),
    )


def rows(cursor: Cursor, place: Place) -> list[Row]:
    """Return the updates of a document, oldest first."""
    cursor.execute(
        f"SELECT id, own, sent, ts, data FROM twin_document_updates WHERE {_HERE} ORDER BY ts, id",
        _values(place),
    )
    return [
        Row(row_id, bool(own), bool(sent), ts, decode_base64(data))
        for row_id, own, sent, ts, data in cursor.fetchall()
    ]


def forget(cursor: Cursor, ids: Iterable[str]) -> None:
    """Delete updates."""
    for each in ids:
        cursor.execute("DELETE FROM twin_document_updates WHERE id = ?", (each,))


def replace(cursor: Cursor, place: Place, ids: Sequence[str], row: Row) -> None:
    """Put one update in the place of several that it is made of."""
    forget(cursor, ids)
    add(cursor, place, row)


def unsaved(cursor: Cursor) -> list[Unsaved]:
    """Return the documents with updates, those of rooms that the owner is in."""
    cursor.execute(
        "SELECT u.room_id, u.type, u.uid, MAX(u.own), COUNT(*),"
        " MIN(CASE WHEN u.own = 1 THEN u.ts END), MAX(CASE WHEN u.own = 1 THEN u.ts END),"
        " MIN(u.ts), MAX(u.ts), MIN(CASE WHEN u.own = 1 AND u.sent = 0 THEN u.ts END)"
        " FROM twin_document_updates u JOIN twin_rooms r ON r.room_id = u.room_id"
        " WHERE r.membership = 'join' GROUP BY u.room_id, u.type, u.uid"
        " ORDER BY u.room_id, u.type, u.uid"
    )
    return [
        Unsaved(
            Place(room_id, event_type, uid),
            bool(own),
            count,
            own_first if own else first,
            own_last if own else last,
            unsent,
        )
        for room_id, event_type, uid, own, count, own_first, own_last, first, last, unsent in cursor.fetchall()
    ]


def unjudged(cursor: Cursor, types: Sequence[str], since: int) -> list[tuple[Place, str]]:
    """Return the documents whose current version was not looked at yet, with its event ID.

    Only those that changed after a number of the sequence of changes.
    """
    cursor.execute(
        "SELECT o.room_id, o.type, o.uid, o.event_id FROM twin_objects o LEFT JOIN twin_documents d"
        " ON d.room_id = o.room_id AND d.type = o.type AND d.uid = o.uid"
        f" WHERE o.type IN ({', '.join('?' for _ in types)}) AND o.problem IS NULL AND o.removed = 0"
        " AND o.seq > ? AND (d.event_id IS NULL OR d.event_id <> o.event_id) ORDER BY o.seq",
        [*types, since],
    )
    return [(Place(*row[:3]), row[3]) for row in cursor.fetchall()]


def judge(cursor: Cursor, place: Place, event_id: str, *, whole: bool) -> None:
    """Note that a version was looked at, and whether its text is that of its state."""
    cursor.execute(f"DELETE FROM twin_documents WHERE {_HERE}", _values(place))
    cursor.execute(
        "INSERT INTO twin_documents (room_id, type, uid, event_id, whole) VALUES (?, ?, ?, ?, ?)",
        (*_values(place), event_id, int(whole)),
    )


def is_whole(cursor: Cursor, place: Place, event_id: str) -> bool:
    """Tell whether a version was looked at before, and its text was that of its state."""
    cursor.execute(
        f"SELECT 1 FROM twin_documents WHERE {_HERE} AND event_id = ? AND whole = 1",
        (*_values(place), event_id),
    )
    return cursor.fetchone() is not None
