"""The twin's own tables: rooms, objects and their index, on SQLite and PostgreSQL alike.

They hold nothing that could not be made again from the rooms, but for edits that were not sent yet,
and what was said, told and heard in chats. Every change of a row gets the next number of one sequence, so that
whoever knows a number can ask for what changed since.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from twin_module.core.errors import NoSuchRoom, NotReady
from twin_module.core.ports import Cursor
from twin_module.core.state import StateEvent, frozen
from twin_module.engine import (
    dav_tables,
    documents_store,
    heard_store,
    news_store,
    reminders_store,
    search,
    versions,
    voice_store,
    waits,
)
from twin_module.engine.dialect import by_kind, insert
from twin_module.engine.search import Findable
from twin_module.engine.sequence import PROJECTION, next_seq, next_seqs
from twin_module.engine.versions import Conflict, Place

MAX_WORD: Final = 300
"""So many characters of a word stand in the index: PostgreSQL takes no long ones (2,704 bytes a row)."""
LIVE: Final = "removed = 0 AND content IS NOT NULL"
"""Which objects lists show."""
SCHEMA: Final[Sequence[Sequence[str] | Callable[[Cursor], None]]] = (
    (
        """CREATE TABLE IF NOT EXISTS twin_position (
            name TEXT PRIMARY KEY, stream_id BIGINT, seq BIGINT NOT NULL)""",
        """CREATE TABLE IF NOT EXISTS twin_rooms (
            room_id TEXT PRIMARY KEY, membership TEXT NOT NULL, kind TEXT NOT NULL,
            name TEXT NOT NULL, topic TEXT NOT NULL, creator TEXT NOT NULL, role TEXT NOT NULL,
            inviter TEXT, seq BIGINT NOT NULL)""",
        "CREATE INDEX IF NOT EXISTS twin_rooms_seq ON twin_rooms (seq)",
        """CREATE TABLE IF NOT EXISTS twin_objects (
            room_id TEXT NOT NULL, type TEXT NOT NULL, uid TEXT NOT NULL,
            event_id TEXT NOT NULL, sender TEXT NOT NULL, ts BIGINT NOT NULL,
            removed SMALLINT NOT NULL, problem TEXT,
            good_event_id TEXT, good_sender TEXT, good_ts BIGINT, content TEXT, title TEXT,
            seq BIGINT NOT NULL, PRIMARY KEY (room_id, type, uid))""",
        "CREATE INDEX IF NOT EXISTS twin_objects_seq ON twin_objects (seq)",
        "CREATE INDEX IF NOT EXISTS twin_objects_type ON twin_objects (type, ts)",
        "CREATE INDEX IF NOT EXISTS twin_objects_event ON twin_objects (event_id)",
        "CREATE INDEX IF NOT EXISTS twin_objects_good ON twin_objects (good_event_id)",
        """CREATE TABLE IF NOT EXISTS twin_index (
            room_id TEXT NOT NULL, type TEXT NOT NULL, uid TEXT NOT NULL,
            field TEXT NOT NULL, word TEXT, number BIGINT)""",
        "CREATE INDEX IF NOT EXISTS twin_index_object ON twin_index (room_id, type, uid, field)",
        "CREATE INDEX IF NOT EXISTS twin_index_word ON twin_index (type, field, word)",
        "CREATE INDEX IF NOT EXISTS twin_index_number ON twin_index (type, field, number)",
    ),
    versions.SCHEMA,
    documents_store.SCHEMA,
    versions.add_experiences,
    search.make,
    dav_tables.SCHEMA,
    (
        *voice_store.SCHEMA,
        *reminders_store.SCHEMA,
        # The index of tasks says now when they begin and end, so all rooms are read anew.
        f"UPDATE twin_position SET stream_id = NULL WHERE name = '{PROJECTION}'",
    ),
    voice_store.add_places,
    (*news_store.SCHEMA, *heard_store.SCHEMA),
    waits.SCHEMA,
    # Anew, since stems and who wrote it came to what an object is found by.
    search.make,
    (
        # One index for each order that lists are asked for in, of one room and of all rooms.
        "DROP INDEX IF EXISTS twin_objects_type",
        "CREATE INDEX twin_objects_uid ON twin_objects (type, uid, room_id)",
        *(
            f"CREATE INDEX twin_objects_{name} ON twin_objects ({columns}) WHERE {LIVE}"
            for name, columns in (
                ("updated", "type, ts, uid, room_id"),
                ("title", "type, title, uid, room_id"),
                ("room_updated", "room_id, type, ts, uid"),
                ("room_title", "room_id, type, title, uid"),
            )
        ),
        "DROP INDEX IF EXISTS twin_index_word",
        "DROP INDEX IF EXISTS twin_index_number",
        f"UPDATE twin_index SET word = SUBSTR(word, 1, {MAX_WORD}) WHERE LENGTH(word) > {MAX_WORD}",
        # With all that there is, or SQLite looks for one object's entry among those of all objects.
        "DROP INDEX IF EXISTS twin_index_object",
        "CREATE INDEX twin_index_object ON twin_index (room_id, type, uid, field, word, number)",
        # Of all rows, since some look for whatever has a field.
        "CREATE INDEX twin_index_word ON twin_index (type, field, word, uid, room_id)",
        *(
            f"CREATE INDEX twin_index_{name} ON twin_index ({columns}) WHERE {kind} IS NOT NULL"
            for name, columns, kind in (
                ("number", "type, field, number, uid, room_id", "number"),
                ("room_word", "room_id, type, field, word, uid", "word"),
                ("room_number", "room_id, type, field, number, uid", "number"),
            )
        ),
    ),
)
"""Steps from one version of the tables to the next; only ever append. A step is statements, or
what runs them where databases differ."""


@dataclass(frozen=True, slots=True)
class Room:
    """A room as the twin knows it. `membership` is join, invite or leave (no longer ours)."""

    room_id: str
    membership: str
    kind: str
    name: str
    topic: str
    creator: str
    role: str
    inviter: str | None
    seq: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Record:
    """An object as the twin knows it.

    `event_id`, `sender` and `ts` are of the current event; `content` with the `good_` fields is
    of the last one that fitted, the same event unless there is a `problem`.
    """

    room_id: str
    type: str
    uid: str
    event_id: str
    sender: str
    ts: int
    removed: bool
    problem: str | None
    good_event_id: str | None
    good_sender: str | None
    good_ts: int | None
    content: str | None
    """As JSON text."""
    title: str | None
    seq: int = field(default=0, compare=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """Its room, type and uid."""
        return self.room_id, self.type, self.uid

    def event(self) -> StateEvent:
        """Return the last event that fitted; only where there is content."""
        return StateEvent(
            self.room_id,
            self.type,
            self.uid,
            frozen(json.loads(self.content or "{}")),
            self.good_sender or self.sender,
            self.good_event_id or self.event_id,
            self.good_ts or self.ts,
        )


NOTHING: Final = Findable()
Written: TypeAlias = tuple[Record, Mapping[str, Any], Findable]
"""An object, with what it is filtered and sorted by and what it is found by."""
_ROOM_COLUMNS: Final = "room_id, membership, kind, name, topic, creator, role, inviter, seq"
OBJECT_COLUMNS: Final = (
    "o.room_id, o.type, o.uid, o.event_id, o.sender, o.ts, o.removed, o.problem,"
    " o.good_event_id, o.good_sender, o.good_ts, o.content, o.title, o.seq"
)
SHOWN_COLUMNS: Final = (
    "o.room_id, o.type, o.uid, o.event_id, COALESCE(o.good_sender, o.sender),"
    " COALESCE(o.good_ts, o.ts), o.title, o.content, o.problem"
)
"""What readers see of an object."""


def record(row: Sequence[Any]) -> Record:
    """Make a record of a row of `OBJECT_COLUMNS`."""
    values = list(row)
    values[6] = bool(values[6])
    return Record(*values)


def migrate(cursor: Cursor) -> None:
    """Bring the tables to the newest version.

    Raises:
        NotReady: a newer release made them, and what it changed would be lost on this one.
    """
    cursor.execute("CREATE TABLE IF NOT EXISTS twin_schema (version INTEGER NOT NULL)")
    cursor.execute("SELECT MAX(version) FROM twin_schema")
    row = cursor.fetchone()
    version = (row[0] if row else None) or 0
    if version > len(SCHEMA):
        raise NotReady(
            f"A newer release of the twin module has worked with this database: its tables have version"
            f" {version}, and this release knows {len(SCHEMA)}. Install the newer one again, or put a"
            " backup from before it back."
        )
    if version < len(SCHEMA):
        # SQLite begins a transaction at the first change of data, so the number comes first.
        cursor.execute("INSERT INTO twin_schema (version) VALUES (?)", (len(SCHEMA),))
        for step in SCHEMA[version:]:
            if callable(step):
                step(cursor)
                continue
            for statement in step:
                cursor.execute(statement)


def read_position(cursor: Cursor, name: str = PROJECTION) -> int | None:
    """Return up to where the stream has been followed, None when it has to be begun anew."""
    cursor.execute("SELECT stream_id FROM twin_position WHERE name = ?", (name,))
    row = cursor.fetchone()
    return row[0] if row else None


def write_position(cursor: Cursor, stream_id: int | None, name: str = PROJECTION) -> None:
    """Store the position; None makes the projection begin anew."""
    cursor.execute(
        "INSERT INTO twin_position (name, stream_id, seq) VALUES (?, ?, 0)"
        " ON CONFLICT (name) DO UPDATE SET stream_id = excluded.stream_id",
        (name, stream_id),
    )


def advance_position(cursor: Cursor, stream_id: int) -> None:
    """Store how far the projection came, unless somebody asked meanwhile that it begin anew."""
    cursor.execute(
        "UPDATE twin_position SET stream_id = ? WHERE name = ? AND stream_id IS NOT NULL",
        (stream_id, PROJECTION),
    )


def read_room(cursor: Cursor, room_id: str) -> Room | None:
    """Return a room, None when the twin has never known it."""
    cursor.execute(f"SELECT {_ROOM_COLUMNS} FROM twin_rooms WHERE room_id = ?", (room_id,))
    row = cursor.fetchone()
    return Room(*row) if row else None


def joined_room(cursor: Cursor, room_id: str) -> Room:
    """Return a room that the twin is in.

    Raises:
        NoSuchRoom: it is in no such room.
    """
    room = read_room(cursor, room_id)
    if room is None or room.membership != "join":
        raise NoSuchRoom(f"This twin is in no room {room_id}.")
    return room


def read_rooms(cursor: Cursor, membership: str | None = None) -> list[Room]:
    """Return the rooms with a membership, or with any, by name."""
    cursor.execute(
        f"SELECT {_ROOM_COLUMNS} FROM twin_rooms WHERE membership = ? OR ? IS NULL",
        (membership, membership),
    )
    return sorted(
        (Room(*row) for row in cursor.fetchall()), key=lambda room: (room.name, room.room_id)
    )


def write_room(cursor: Cursor, room: Room, *, anew: bool = False) -> bool:
    """Store a room and tell whether anything changed; `anew` counts as a change in any case."""
    if read_room(cursor, room.room_id) == room and not anew:
        return False
    cursor.execute("DELETE FROM twin_rooms WHERE room_id = ?", (room.room_id,))
    cursor.execute(
        f"INSERT INTO twin_rooms ({_ROOM_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            room.room_id,
            room.membership,
            room.kind,
            room.name,
            room.topic,
            room.creator,
            room.role,
            room.inviter,
            next_seq(cursor),
        ),
    )
    return True


def forget_objects(cursor: Cursor, room_id: str) -> None:
    """Delete what the twin holds of a room's objects."""
    cursor.execute("DELETE FROM twin_objects WHERE room_id = ?", (room_id,))
    cursor.execute("DELETE FROM twin_index WHERE room_id = ?", (room_id,))
    search.forget_room(cursor, room_id)


def forget_strays(cursor: Cursor, room_id: str) -> None:
    """Delete what is found of a room's objects that are not there, as where somebody deleted rows."""
    for table in ("twin_index", "twin_search"):
        cursor.execute(
            f"DELETE FROM {table} WHERE room_id = ? AND NOT EXISTS (SELECT 1 FROM twin_objects o"
            f" WHERE o.room_id = {table}.room_id AND o.type = {table}.type AND o.uid = {table}.uid)",
            (room_id,),
        )


def read_object(cursor: Cursor, room_id: str, event_type: str, uid: str) -> Record | None:
    """Return an object, also a removed one."""
    cursor.execute(
        f"SELECT {OBJECT_COLUMNS} FROM twin_objects o WHERE o.room_id = ? AND o.type = ? AND o.uid = ?",
        (room_id, event_type, uid),
    )
    row = cursor.fetchone()
    return record(row) if row else None


def read_named(
    cursor: Cursor, keys: Iterable[tuple[str, str, str]]
) -> dict[tuple[str, str, str], Record]:
    """Return objects by room, type and uid, also removed ones, those that are there."""
    found: dict[tuple[str, str, str], Record] = {}
    for where, values in by_kind(keys):
        cursor.execute(f"SELECT {OBJECT_COLUMNS} FROM twin_objects o WHERE {where}", values)
        found.update((each.key, each) for each in map(record, cursor.fetchall()))
    return found


def read_objects(cursor: Cursor, room_id: str, types: Iterable[str] | None = None) -> list[Record]:
    """Return the objects of a room, also removed ones, by type and uid."""
    cursor.execute(f"SELECT {OBJECT_COLUMNS} FROM twin_objects o WHERE o.room_id = ?", (room_id,))
    wanted = None if types is None else set(types)
    records = (record(row) for row in cursor.fetchall())
    return sorted(
        (each for each in records if wanted is None or each.type in wanted),
        key=lambda each: (each.type, each.uid),
    )


def write_object(
    cursor: Cursor, each: Record, index: Mapping[str, Any], findable: Findable = NOTHING
) -> bool:
    """Store an object with its index and what it is found by, and tell whether it changed."""
    return write_objects(cursor, [(each, index, findable)]) > 0


def write_objects(cursor: Cursor, objects: Sequence[Written]) -> int:
    """Store objects of different keys by a few statements for a hundred of them, and count what changed."""
    known = read_named(cursor, (each.key for each, _, _ in objects))
    indexed = _read_indexes(cursor, known)
    search.write(cursor, {Place(*each.key): _found_by(each, more) for each, _, more in objects})
    changed = [
        (each, index, more)
        for each, index, more in objects
        if known.get(each.key) != each or indexed.get(each.key, set()) != _entries(each, index)
    ]
    keys = [each.key for each, _, _ in changed]
    for where, values in by_kind(key for key in keys if key in known):
        cursor.execute(f"DELETE FROM twin_objects WHERE {where}", values)
    # Of new ones too: what is left of earlier ones goes, should there be any.
    for where, values in by_kind(keys):
        cursor.execute(f"DELETE FROM twin_index WHERE {where}", values)
    _insert(cursor, changed)
    return len(changed)


def _found_by(each: Record, findable: Findable) -> search.Row | None:
    if each.content is None:
        return None
    return search.row_of(Place(*each.key), _version(each), each.title or "", findable)


def _insert(cursor: Cursor, objects: Sequence[Written]) -> None:
    """Insert rows of objects and of their index."""
    if not objects:
        return
    insert(
        cursor,
        "twin_objects",
        "room_id, type, uid, event_id, sender, ts, removed, problem,"
        " good_event_id, good_sender, good_ts, content, title, seq",
        [
            (
                *each.key,
                each.event_id,
                each.sender,
                each.ts,
                int(each.removed),
                each.problem,
                each.good_event_id,
                each.good_sender,
                each.good_ts,
                each.content,
                each.title,
                seq,
            )
            for (each, _, _), seq in zip(objects, next_seqs(cursor, len(objects)), strict=True)
        ],
    )
    insert(
        cursor,
        "twin_index",
        "room_id, type, uid, field, word, number",
        [
            (*each.key, *entry)
            for each, index, _ in objects
            for entry in sorted(_entries(each, index), key=repr)
        ],
    )


def _version(each: Record) -> search.Version:
    """Return which version of an object is found."""
    return search.Version(
        each.good_ts or each.ts,
        each.good_event_id or each.event_id,
        each.good_sender or each.sender,
    )


def _entries(each: Record, index: Mapping[str, Any]) -> set[tuple[str, str | None, int | None]]:
    """Return the index of an object; lists rely on it that what is in the index has content."""
    return _index_entries({} if each.content is None or each.removed else index)


def _index_entries(index: Mapping[str, Any]) -> set[tuple[str, str | None, int | None]]:
    """Return the rows of an object's index: field, word, number."""
    entries: set[tuple[str, str | None, int | None]] = set()
    for name, value in index.items():
        for part in [value] if isinstance(value, str | int) else value or ():
            if isinstance(part, int):
                entries.add((name, None, part))
            else:
                entries.add((name, part[:MAX_WORD], None))
    return entries


def _read_indexes(
    cursor: Cursor, keys: Iterable[Sequence[str]]
) -> dict[tuple[str, ...], set[tuple[Any, ...]]]:
    found: dict[tuple[str, ...], set[tuple[Any, ...]]] = {}
    for where, values in by_kind(keys):
        cursor.execute(
            f"SELECT room_id, type, uid, field, word, number FROM twin_index WHERE {where}", values
        )
        for row in cursor.fetchall():
            found.setdefault(row[:3], set()).add(row[3:])
    return found


def forget_object(cursor: Cursor, room_id: str, event_type: str, uid: str) -> None:
    """Delete one object, its index and what it is found by."""
    key = (room_id, event_type, uid)
    search.forget(cursor, Place(*key))
    cursor.execute("DELETE FROM twin_objects WHERE room_id = ? AND type = ? AND uid = ?", key)
    cursor.execute("DELETE FROM twin_index WHERE room_id = ? AND type = ? AND uid = ?", key)


def resting_on(cursor: Cursor, event_ids: Sequence[str]) -> list[Record]:
    """Return the objects whose current or last fitting event is one of these."""
    found = {}
    for event_id in event_ids:
        cursor.execute(
            f"SELECT {OBJECT_COLUMNS} FROM twin_objects o WHERE o.event_id = ? OR o.good_event_id = ?",
            (event_id, event_id),
        )
        for each in map(record, cursor.fetchall()):
            found[each.room_id, each.type, each.uid] = each
    return list(found.values())


def left_out(cursor: Cursor) -> dict[str, int]:
    """Return how many current events are left out of the views, by room."""
    cursor.execute(
        "SELECT room_id, COUNT(*) FROM twin_objects WHERE problem IS NOT NULL GROUP BY room_id"
    )
    return dict(sorted((str(room), int(number)) for room, number in cursor.fetchall()))


def changed_since(cursor: Cursor, seq: int, most: int) -> list[Room | Record | Conflict]:
    """Return what changed after a number, oldest first, at most so many."""
    cursor.execute(
        f"SELECT {OBJECT_COLUMNS} FROM twin_objects o WHERE o.seq > ? ORDER BY o.seq LIMIT ?",
        (seq, most),
    )
    changes: list[Room | Record | Conflict] = [record(row) for row in cursor.fetchall()]
    cursor.execute(
        f"SELECT {_ROOM_COLUMNS} FROM twin_rooms WHERE seq > ? ORDER BY seq LIMIT ?", (seq, most)
    )
    changes.extend(Room(*row) for row in cursor.fetchall())
    changes.extend(versions.conflicts_since(cursor, seq, most))
    return sorted(changes, key=lambda change: change.seq)[:most]


def sharing(cursor: Cursor, share_type: str, circle: str) -> list[str]:
    """Return the rooms that are or were shared with a circle."""
    cursor.execute(
        "SELECT room_id FROM twin_objects WHERE type = ? AND uid = ?", (share_type, circle)
    )
    return sorted(row[0] for row in cursor.fetchall())
