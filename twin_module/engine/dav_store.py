"""What CalDAV and CardDAV read of the tables: names of items, their texts, and which changed since.

The names that apps chose and the texts as they were last written are kept in tables of their own;
both can be made again from the objects.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twin_module.core.ports import Cursor
from twin_module.engine.store import OBJECT_COLUMNS, Record, record

_LIVE: Final = "o.removed = 0 AND o.content IS NOT NULL"
_FEW: Final = 200
"""Up to so many texts are read one by one."""
_NAMED: Final = (
    "LEFT JOIN twin_dav_names n ON n.room_id = o.room_id AND n.type = o.type AND n.uid = o.uid"
)


@dataclass(frozen=True, slots=True)
class Named:
    """An object with the name that an app gave it, None where it has none."""

    record: Record
    name: str | None


def counts(cursor: Cursor, types: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
    """Return how many objects each room has of each of these types, where it has any."""
    found: dict[str, dict[str, int]] = {}
    cursor.execute(
        f"SELECT o.room_id, o.type, COUNT(*) FROM twin_objects o WHERE {_LIVE}"
        f" AND o.type IN ({_marks(types)}) GROUP BY o.room_id, o.type",
        list(types),
    )
    for room_id, event_type, number in cursor.fetchall():
        found.setdefault(room_id, {})[event_type] = number
    return found


def rooms_with(cursor: Cursor, event_type: str, name: str, word: str) -> set[str]:
    """Return the rooms that have an object of a type with a word in a field."""
    cursor.execute(
        "SELECT DISTINCT room_id FROM twin_index WHERE type = ? AND field = ? AND word = ?",
        (event_type, name, word),
    )
    return {row[0] for row in cursor.fetchall()}


def newest(cursor: Cursor, room_id: str, types: Sequence[str]) -> int:
    """Return the number of the newest change of a room's objects of these types, 0 for none."""
    cursor.execute(
        f"SELECT MAX(o.seq) FROM twin_objects o WHERE o.room_id = ? AND o.type IN ({_marks(types)})",
        [room_id, *types],
    )
    row = cursor.fetchone()
    return (row[0] if row else None) or 0


def live(cursor: Cursor, room_id: str, types: Sequence[str]) -> list[Named]:
    """Return all objects of a room that are there, by uid and type."""
    return _named(cursor, room_id, types, _LIVE, [])


def changed(cursor: Cursor, room_id: str, types: Sequence[str], after: int) -> list[Named]:
    """Return the objects of a room that changed after a number, also those that are gone."""
    return _named(cursor, room_id, types, "o.seq > ?", [after])


def answered(
    cursor: Cursor, room_id: str, event_type: str, answer_type: str, after: int
) -> list[Named]:
    """Return the events of people whose answers changed after a number, or went."""
    where = (
        f"{_LIVE} AND o.uid IN (SELECT i.uid FROM twin_index i JOIN twin_objects a"
        " ON a.room_id = i.room_id AND a.uid = i.word AND a.type = ? AND a.seq > ?"
        " WHERE i.room_id = ? AND i.type = ? AND i.field = ?)"
    )
    values: list[str | int] = [answer_type, after, room_id, event_type, "participant"]
    return _named(cursor, room_id, [event_type], where, values)


def spanning(cursor: Cursor, room_id: str, event_type: str, after: int, before: int) -> list[Named]:
    """Return the objects of a room that may have to do with a range of time, in seconds since 1970.

    Objects without a time are among them: whether those count is for the caller to say.
    """
    # By one column and a list that stands alone: anything else, SQLite looks through row by row.
    outside = "SELECT i.uid FROM twin_index i WHERE i.room_id = ? AND i.type = ? AND i.field = ? AND i.number"
    where = f"{_LIVE} AND o.uid NOT IN ({outside} >= ?) AND o.uid NOT IN ({outside} <= ?)"
    values: list[str | int] = [room_id, event_type, "first", before]
    values += [room_id, event_type, "last", after]
    return _named(cursor, room_id, [event_type], where, values)


def by_names(
    cursor: Cursor, room_id: str, types: Sequence[str], ending: str, names: Iterable[str]
) -> dict[str, Named]:
    """Return objects that are there by the names of their items."""
    found: dict[str, Named] = {}
    for name in names:
        cursor.execute(
            "SELECT type, uid FROM twin_dav_names WHERE room_id = ? AND name = ?", (room_id, name)
        )
        row = cursor.fetchone()
        uids = [name.removesuffix(ending)] if name.endswith(ending) else []
        places = [tuple(row)] if row else [(each, uid) for each in types for uid in uids]
        for event_type, uid in places:
            if event_type not in types:
                continue
            [*rows] = _named(cursor, room_id, [event_type], f"{_LIVE} AND o.uid = ?", [uid])
            # Under its uid stands only what no app has named otherwise.
            if rows and (row is not None or rows[0].name is None):
                found[name] = rows[0]
                break
    return found


def by_uid(cursor: Cursor, room_id: str, types: Sequence[str], uid: str) -> Named | None:
    """Return the object of a uid that is there."""
    rows = _named(cursor, room_id, types, f"{_LIVE} AND o.uid = ?", [uid])
    return rows[0] if rows else None


def write_name(cursor: Cursor, room_id: str, name: str, event_type: str, uid: str) -> None:
    """Note under which name an app has an object."""
    cursor.execute(
        "DELETE FROM twin_dav_names WHERE room_id = ? AND (name = ? OR (type = ? AND uid = ?))",
        (room_id, name, event_type, uid),
    )
    cursor.execute(
        "INSERT INTO twin_dav_names (room_id, name, type, uid) VALUES (?, ?, ?, ?)",
        (room_id, name, event_type, uid),
    )


def texts(
    cursor: Cursor, room_id: str, records: Sequence[Record]
) -> dict[tuple[str, str], tuple[str, str]]:
    """Return revision and text of objects of a room, by type and uid, where they were written before."""
    if len(records) > _FEW:
        cursor.execute(
            "SELECT type, uid, revision, text FROM twin_dav_texts WHERE room_id = ?", (room_id,)
        )
        return {(row[0], row[1]): (row[2], row[3]) for row in cursor.fetchall()}
    found = {}
    for each in records:
        cursor.execute(
            "SELECT revision, text FROM twin_dav_texts WHERE room_id = ? AND type = ? AND uid = ?",
            (room_id, each.type, each.uid),
        )
        row = cursor.fetchone()
        if row:
            found[each.type, each.uid] = (row[0], row[1])
    return found


def write_text(
    cursor: Cursor, room_id: str, event_type: str, uid: str, revision: str, text: str
) -> None:
    """Keep the text of an object at a revision."""
    cursor.execute(
        "INSERT INTO twin_dav_texts (room_id, type, uid, revision, text) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (room_id, type, uid) DO UPDATE"
        " SET revision = excluded.revision, text = excluded.text",
        (room_id, event_type, uid, revision, text),
    )


def forget_room(cursor: Cursor, room_id: str) -> None:
    """Delete what is kept of a room."""
    cursor.execute("DELETE FROM twin_dav_names WHERE room_id = ?", (room_id,))
    cursor.execute("DELETE FROM twin_dav_texts WHERE room_id = ?", (room_id,))


def _named(
    cursor: Cursor, room_id: str, types: Sequence[str], where: str, values: Sequence[str | int]
) -> list[Named]:
    cursor.execute(
        f"SELECT {OBJECT_COLUMNS}, n.name FROM twin_objects o {_NAMED}"
        f" WHERE o.room_id = ? AND o.type IN ({_marks(types)}) AND {where}"
        " ORDER BY o.uid, o.type",
        [room_id, *types, *values],
    )
    return [Named(record(row[:-1]), row[-1]) for row in cursor.fetchall()]


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" for _ in values)
