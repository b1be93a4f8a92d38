"""The table of versions: every version of an object that the twin has seen, and what it followed.

Only what orders them is kept here; their content stays in Synapse's events. A key of which a
version is open that the current one did not follow is noted as a conflict, in the transaction
that stores the version, so that none is forgotten whatever happens next.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from twin_module.core.lineage import CONTAINED, DISMISSED, Lineage, Version, parents_of
from twin_module.core.ports import Cursor
from twin_module.core.state import Key, StateEvent, frozen, plain
from twin_module.core.told import experience_of
from twin_module.engine.dialect import add_column, by_kind, insert, naming
from twin_module.engine.sequence import PROJECTION, next_seq

SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS twin_versions (
        event_id TEXT PRIMARY KEY, room_id TEXT NOT NULL, type TEXT NOT NULL, uid TEXT NOT NULL,
        sender TEXT NOT NULL, ts BIGINT NOT NULL, rank BIGINT NOT NULL,
        removed SMALLINT NOT NULL, followed SMALLINT NOT NULL, settled TEXT, fetched TEXT)""",
    "CREATE INDEX IF NOT EXISTS twin_versions_object ON twin_versions (room_id, type, uid, ts, event_id)",
    "CREATE INDEX IF NOT EXISTS twin_versions_rank ON twin_versions (room_id, type, uid, rank, event_id)",
    """CREATE TABLE IF NOT EXISTS twin_parents (
        child TEXT NOT NULL, parent TEXT NOT NULL, place SMALLINT NOT NULL,
        PRIMARY KEY (child, parent))""",
    "CREATE INDEX IF NOT EXISTS twin_parents_parent ON twin_parents (parent)",
    """CREATE INDEX IF NOT EXISTS twin_versions_open ON twin_versions (room_id, type, uid)
        WHERE followed = 0 AND settled IS NULL""",
    """CREATE TABLE IF NOT EXISTS twin_conflicts (
        room_id TEXT NOT NULL, type TEXT NOT NULL, uid TEXT NOT NULL,
        looked_at SMALLINT NOT NULL, waiting INTEGER NOT NULL, told INTEGER NOT NULL,
        seq BIGINT NOT NULL, PRIMARY KEY (room_id, type, uid))""",
    "CREATE INDEX IF NOT EXISTS twin_conflicts_seq ON twin_conflicts (seq)",
    """CREATE INDEX IF NOT EXISTS twin_conflicts_news ON twin_conflicts (room_id)
        WHERE waiting <> told""",
)

_COLUMNS: Final = "room_id, type, uid, event_id, sender, ts, rank, removed, followed, settled, fetched, experience"
MISSING: Final = "missing"
"""The `settled` of a version that others name and nobody has."""
REDACTED: Final = "redacted"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object is: its room, event type and uid."""

    room_id: str
    type: str
    uid: str

    @property
    def key(self) -> Key:
        """Its key in the room's state."""
        return self.type, self.uid

    @property
    def row(self) -> tuple[str, str, str]:
        """Its room, type and uid, as the tables name it."""
        return self.room_id, self.type, self.uid


@dataclass(frozen=True, slots=True)
class Conflict:
    """How many versions of an object are open that the current one did not follow."""

    place: Place
    waiting: int
    seq: int = field(default=0, compare=False)


def place_of(event: StateEvent) -> Place:
    """Return which object an event is a version of."""
    return Place(event.room_id, event.type, event.state_key)


def add_experiences(cursor: Cursor) -> None:
    """Let the table say which app wrote a version, as it said itself."""
    add_column(cursor, "twin_versions", "experience", "TEXT")
    cursor.execute(
        "CREATE INDEX IF NOT EXISTS twin_versions_experience"
        " ON twin_versions (sender, experience, ts) WHERE experience IS NOT NULL"
    )
    # The projection begins anew, which looks at every current version once more.
    cursor.execute("UPDATE twin_position SET stream_id = NULL WHERE name = ?", (PROJECTION,))


def remember(cursor: Cursor, event: StateEvent, *, fetched: bool = False) -> bool:
    """Store a version and what it followed; tells whether it is new.

    `fetched` keeps its content too, since Synapse does not have it.
    """
    return bool(remember_apart(cursor, [event], fetched=fetched))


def remember_apart(
    cursor: Cursor, events: Sequence[StateEvent], *, fetched: bool = False
) -> set[Place]:
    """Store versions of different objects by a few statements for a hundred; returns those with new ones."""
    settled = _settled(cursor, events)
    new = [each for each in events if settled.get(each.event_id, MISSING) == MISSING]
    _note_experiences(
        cursor, (each for each in events if settled.get(each.event_id, MISSING) != MISSING)
    )
    for where, values in naming("event_id", [each for each in settled if settled[each] == MISSING]):
        cursor.execute(f"DELETE FROM twin_versions WHERE {where}", values)
    parents = _parents(cursor, new)
    # Of the same object only: to name a version of another one hides nothing.
    named = {(parent, place_of(each)) for each in new for parent in parents[each.event_id]}
    ranks = _ranks(cursor, named)
    followed = _followed(cursor, [(each.event_id, place_of(each), each.sender) for each in new])
    insert(
        cursor,
        "twin_versions",
        _COLUMNS,
        [
            (
                *place_of(event).row,
                event.event_id,
                event.sender,
                event.origin_server_ts,
                _rank(
                    event.origin_server_ts,
                    [ranks.get((each, place_of(event))) for each in parents[event.event_id]],
                ),
                int(not event.content and event.problem is None),
                int(event.event_id in followed),
                None,
                json.dumps(plain(event.content), ensure_ascii=False) if fetched else None,
                experience_of(event.content),
            )
            for event in new
        ],
    )
    insert(
        cursor,
        "twin_parents",
        "child, parent, place",
        [
            (event.event_id, parent, number)
            for event in new
            for number, parent in enumerate(parents[event.event_id])
        ],
        " ON CONFLICT DO NOTHING",
    )
    for where, values in naming("event_id", [event_id for event_id, _ in ranks]):
        cursor.execute(f"UPDATE twin_versions SET followed = 1 WHERE {where}", values)
    return {place_of(each) for each in new}


def _settled(cursor: Cursor, events: Iterable[StateEvent]) -> dict[str, str | None]:
    """Return why versions that are here are settled, None for those that are open."""
    found: dict[str, str | None] = {}
    for where, values in naming("event_id", [each.event_id for each in events]):
        cursor.execute(f"SELECT event_id, settled FROM twin_versions WHERE {where}", values)
        found.update(cursor.fetchall())
    return found


def _note_experiences(cursor: Cursor, events: Iterable[StateEvent]) -> None:
    for event in events:
        experience = experience_of(event.content)
        if experience is not None:
            cursor.execute(
                "UPDATE twin_versions SET experience = ? WHERE event_id = ? AND experience IS NULL",
                (experience, event.event_id),
            )


def _parents(cursor: Cursor, events: Sequence[StateEvent]) -> dict[str, tuple[str, ...]]:
    """Return what each version followed: what it says, or else its sender's own version before it."""
    said = {each.event_id: parents_of(each) for each in events}
    silent = [each for each in events if not said[each.event_id]]
    known: set[Place] = set()
    for where, values in by_kind(place_of(each).row for each in silent):
        cursor.execute(
            f"SELECT DISTINCT room_id, type, uid FROM twin_versions WHERE {where}", values
        )
        known.update(Place(*row) for row in cursor.fetchall())
    for event in silent:
        if (place := place_of(event)) in known:
            cursor.execute(
                "SELECT event_id FROM twin_versions WHERE room_id = ? AND type = ? AND uid = ?"
                " AND sender = ? AND ts <= ? AND settled IS NULL"
                " ORDER BY ts DESC, event_id DESC LIMIT 1",
                (*place.row, event.sender, event.origin_server_ts),
            )
            said[event.event_id] = tuple(row[0] for row in cursor.fetchall())
    return said


def _ranks(cursor: Cursor, named: Collection[tuple[str, Place]]) -> dict[tuple[str, Place], int]:
    """Return the ranks of versions that are here, and are of the object that names them."""
    found: dict[tuple[str, Place], int] = {}
    for where, values in naming("event_id", list({event_id for event_id, _ in named})):
        cursor.execute(
            f"SELECT event_id, rank, room_id, type, uid FROM twin_versions WHERE {where}", values
        )
        for event_id, rank, *row in cursor.fetchall():
            if (event_id, Place(*row)) in named:
                found[event_id, Place(*row)] = rank
    return found


def _rank(ts: int, before: Iterable[int | None]) -> int:
    """Return by what the history is ordered: the time, but never before what was there already.

    Clocks go wrong, and servers claim what they like; what somebody had seen stands below.
    """
    return max([ts, *(rank + 1 for rank in before if rank is not None)])


def _followed(cursor: Cursor, versions: Sequence[tuple[str, Place, str]]) -> set[str]:
    """Return which versions another one that counts was made on, or took in.

    Those that were settled count for their own sender's versions only: who is done with what
    somebody made of a version is not done with the version.

    Args:
        cursor: of the transaction.
        versions: an event ID, an object and a sender each.
    """
    of = {event_id: (place, sender) for event_id, place, sender in versions}
    found: set[str] = set()
    for where, values in naming("p.parent", list(of)):
        cursor.execute(
            # A cross join keeps SQLite from going through all versions of the object instead.
            "SELECT DISTINCT p.parent, v.settled, v.sender, v.room_id, v.type, v.uid"
            " FROM twin_parents p CROSS JOIN twin_versions v"
            f" WHERE v.event_id = p.child AND {where}",
            values,
        )
        for parent, settled, by, *row in cursor.fetchall():
            place, sender = of[parent]
            if place == Place(*row) and (settled not in (CONTAINED, DISMISSED) or by == sender):
                found.add(parent)
    return found


def remember_missing(cursor: Cursor, place: Place, event_id: str) -> None:
    """Note that nobody has a version that others name, so that nobody is asked again."""
    cursor.execute("DELETE FROM twin_versions WHERE event_id = ?", (event_id,))
    values = (event_id, "", 0, 0, 0, 1, MISSING, None, None)
    insert(cursor, "twin_versions", _COLUMNS, [(*place.row, *values)])


def note(cursor: Cursor, places: Iterable[Place]) -> None:
    """Note which objects have versions that are open and that the current one did not follow."""
    for where, values in by_kind(each.row for each in places):
        cursor.execute(
            # Those that are noted count for nothing, so that what is no longer waiting is noted too.
            "SELECT room_id, type, uid, SUM(waits) FROM ("
            "SELECT v.room_id, v.type, v.uid, 1 AS waits FROM ("
            f"SELECT event_id, room_id, type, uid FROM twin_versions WHERE {where}"
            " AND followed = 0 AND settled IS NULL) v LEFT JOIN twin_objects o"
            " ON o.room_id = v.room_id AND o.type = v.type AND o.uid = v.uid"
            " WHERE o.event_id IS NULL OR o.event_id <> v.event_id"
            f" UNION ALL SELECT room_id, type, uid, 0 FROM twin_conflicts WHERE {where}"
            ") found GROUP BY room_id, type, uid",
            (*values, *values),
        )
        for *place, waiting in cursor.fetchall():
            _write_conflict(cursor, Place(*place), int(waiting))


def _write_conflict(cursor: Cursor, place: Place, waiting: int) -> None:
    values = (place.room_id, place.type, place.uid)
    if waiting:
        cursor.execute(
            "INSERT INTO twin_conflicts (room_id, type, uid, looked_at, waiting, told, seq)"
            " VALUES (?, ?, ?, 0, ?, 0, 0) ON CONFLICT (room_id, type, uid)"
            " DO UPDATE SET looked_at = 0, waiting = excluded.waiting",
            (*values, waiting),
        )
        return
    where = "WHERE room_id = ? AND type = ? AND uid = ?"
    cursor.execute(f"DELETE FROM twin_conflicts {where} AND told = 0 AND seq = 0", values)
    cursor.execute(f"UPDATE twin_conflicts SET waiting = 0 {where}", values)


def announce(cursor: Cursor) -> list[str]:
    """Let readers of changes hear where another number of versions is open; returns the rooms.

    Only called when what is current is known as well: each version is open for a moment.
    """
    cursor.execute(
        "SELECT room_id, type, uid FROM twin_conflicts WHERE waiting <> told"
        " ORDER BY room_id, type, uid"
    )
    rows = cursor.fetchall()
    for row in rows:
        cursor.execute(
            "UPDATE twin_conflicts SET told = waiting, seq = ?"
            " WHERE room_id = ? AND type = ? AND uid = ?",
            (next_seq(cursor), *row),
        )
    return [row[0] for row in rows]


def conflicts_since(cursor: Cursor, seq: int, most: int) -> list[Conflict]:
    """Return the objects with another number of open versions than before, oldest change first."""
    cursor.execute(
        "SELECT room_id, type, uid, told, seq FROM twin_conflicts WHERE seq > ?"
        " ORDER BY seq LIMIT ?",
        (seq, most),
    )
    return [Conflict(Place(*row[:3]), *row[3:]) for row in cursor.fetchall()]


def look_again(cursor: Cursor, room_id: str) -> None:
    """Have all conflicts of a room looked at again, since rights or members changed."""
    cursor.execute("UPDATE twin_conflicts SET looked_at = 0 WHERE room_id = ?", (room_id,))


def looked_at(cursor: Cursor, place: Place) -> None:
    """Note that there is nothing to be done about an object until something changes."""
    note(cursor, [place])
    cursor.execute(
        "UPDATE twin_conflicts SET looked_at = 1 WHERE room_id = ? AND type = ? AND uid = ?",
        (place.room_id, place.type, place.uid),
    )


def to_look_at(cursor: Cursor) -> list[Place]:
    """Return the objects that have lost versions and wait for a look."""
    cursor.execute(
        "SELECT room_id, type, uid FROM twin_conflicts WHERE waiting > 0 AND looked_at = 0"
        " ORDER BY room_id, type, uid"
    )
    return [Place(*row) for row in cursor.fetchall()]


def lineage(cursor: Cursor, place: Place) -> Lineage:
    """Return all versions of an object."""
    values = (place.room_id, place.type, place.uid)
    cursor.execute(
        "SELECT p.child, p.parent FROM twin_parents p JOIN twin_versions v ON v.event_id = p.child"
        " WHERE v.room_id = ? AND v.type = ? AND v.uid = ? ORDER BY p.child, p.place",
        values,
    )
    parents: dict[str, list[str]] = {}
    for child, parent in cursor.fetchall():
        parents.setdefault(child, []).append(parent)
    cursor.execute(
        "SELECT event_id, sender, ts, removed, settled FROM twin_versions"
        " WHERE room_id = ? AND type = ? AND uid = ?",
        values,
    )
    return Lineage(
        Version(event_id, sender, ts, bool(removed), tuple(parents.get(event_id, ())), settled)
        for event_id, sender, ts, removed, settled in cursor.fetchall()
    )


def place_named(cursor: Cursor, event_id: str) -> Place | None:
    """Return which object an event is a version of, None where this twin has not seen it."""
    cursor.execute(
        "SELECT room_id, type, uid FROM twin_versions WHERE event_id = ? AND"
        " (settled IS NULL OR settled <> ?)",
        (event_id, MISSING),
    )
    row = cursor.fetchone()
    return Place(*row) if row else None


def written_by(cursor: Cursor, place: Place, sender: str, most: int) -> list[str]:
    """Return the newest versions of an object that somebody wrote, at most so many."""
    cursor.execute(
        "SELECT event_id FROM twin_versions WHERE room_id = ? AND type = ? AND uid = ?"
        " AND sender = ? ORDER BY ts DESC, event_id DESC LIMIT ?",
        (place.room_id, place.type, place.uid, sender, most),
    )
    return [event_id for (event_id,) in cursor.fetchall()]


def experiences(cursor: Cursor, sender: str, most: int) -> list[tuple[str, int, int]]:
    """Return the apps that somebody wrote with: name, when last (ms), how many objects.

    The one that was used last stands first.
    """
    cursor.execute(
        "SELECT experience, MAX(ts), COUNT(*) FROM (SELECT experience, MAX(ts) AS ts"
        " FROM twin_versions WHERE sender = ? AND experience IS NOT NULL"
        " GROUP BY experience, room_id, type, uid) used"
        " GROUP BY experience ORDER BY MAX(ts) DESC, experience LIMIT ?",
        (sender, most),
    )
    return [(str(name), int(ts), int(objects)) for name, ts, objects in cursor.fetchall()]


def fetched(cursor: Cursor, event_ids: Iterable[str]) -> dict[str, StateEvent]:
    """Return the versions whose content is kept here."""
    found = {}
    for event_id in event_ids:
        cursor.execute(
            "SELECT room_id, type, uid, fetched, sender, event_id, ts FROM twin_versions"
            " WHERE event_id = ? AND fetched IS NOT NULL",
            (event_id,),
        )
        row = cursor.fetchone()
        if row is not None:
            room_id, event_type, uid, content, *rest = row
            found[event_id] = StateEvent(
                room_id, event_type, uid, frozen(json.loads(content)), *rest
            )
    return found


def settle(cursor: Cursor, place: Place, event_ids: Iterable[str], why: str) -> None:
    """Note that nobody has to care about some versions any more."""
    for event_id in event_ids:
        cursor.execute("UPDATE twin_versions SET settled = ? WHERE event_id = ?", (why, event_id))
        cursor.execute(
            "SELECT v.event_id, v.sender FROM twin_parents p CROSS JOIN twin_versions v"
            " WHERE p.parent = v.event_id AND p.child = ?"
            " AND v.room_id = ? AND v.type = ? AND v.uid = ?",
            (event_id, place.room_id, place.type, place.uid),
        )
        parents = [(parent, place, sender) for parent, sender in cursor.fetchall()]
        followed = _followed(cursor, parents)
        for parent, _, _ in parents:
            cursor.execute(
                "UPDATE twin_versions SET followed = ? WHERE event_id = ?",
                (int(parent in followed), parent),
            )
    note(cursor, [place])


def keep_lost(cursor: Cursor, place: Place, current: str | None) -> None:
    """Note which versions of an object were followed over others that were settled.

    The tables count one step only; only what is lost beside the current version stays open.
    """
    cursor.execute(
        "SELECT event_id FROM twin_versions WHERE room_id = ? AND type = ? AND uid = ?"
        " AND followed = 0 AND settled IS NULL",
        place.row,
    )
    unfollowed = {event_id for (event_id,) in cursor.fetchall()} - {current}
    if unfollowed:
        # Read in the same transaction, since a version may have come a moment ago.
        lost = {each.event_id for each in lineage(cursor, place).lost(current)}
        for event_id in unfollowed - lost:
            cursor.execute("UPDATE twin_versions SET followed = 1 WHERE event_id = ?", (event_id,))
        note(cursor, [place])


def redact(cursor: Cursor, event_ids: Iterable[str]) -> None:
    """Forget what was redacted: nothing of it is to be merged or shown any more."""
    for event_id in event_ids:
        cursor.execute(
            "SELECT room_id, type, uid FROM twin_versions WHERE event_id = ?", (event_id,)
        )
        row = cursor.fetchone()
        if row is not None:
            cursor.execute(
                "UPDATE twin_versions SET fetched = NULL, experience = NULL WHERE event_id = ?",
                (event_id,),
            )
            settle(cursor, Place(*row), [event_id], REDACTED)


def forget(cursor: Cursor, room_id: str, owner: str, since: int | None) -> None:
    """Forget the versions of a room that the owner left, but what only they have.

    Args:
        cursor: of the transaction.
        room_id: the room.
        owner: whose lost versions stay.
        since: when somebody else took the owner out; what the owner wrote after that, nobody saw.
    """
    cursor.execute(
        "SELECT v.event_id, v.type, v.uid FROM twin_versions v LEFT JOIN twin_objects o"
        " ON o.room_id = v.room_id AND o.type = v.type AND o.uid = v.uid"
        " WHERE v.room_id = ? AND v.sender = ? AND v.followed = 0 AND v.settled IS NULL"
        " AND (v.ts >= ? OR o.event_id IS NULL OR o.event_id <> v.event_id)",
        (room_id, owner, 2**62 if since is None else since),
    )
    kept = cursor.fetchall()
    cursor.execute("SELECT event_id FROM twin_versions WHERE room_id = ?", (room_id,))
    for (event_id,) in set(cursor.fetchall()) - {(each[0],) for each in kept}:
        cursor.execute("DELETE FROM twin_parents WHERE child = ?", (event_id,))
        cursor.execute("DELETE FROM twin_versions WHERE event_id = ?", (event_id,))
    left = Counter(Place(room_id, event_type, uid) for _, event_type, uid in kept)
    cursor.execute("SELECT type, uid FROM twin_conflicts WHERE room_id = ?", (room_id,))
    for place in {*left, *(Place(room_id, *row) for row in cursor.fetchall())}:
        _write_conflict(cursor, place, left[place])
