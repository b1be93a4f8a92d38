"""Thousands of rooms in a twin's database, made in seconds: each is a copy of one that it made itself."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TypeAlias

from synapse.api.room_versions import KNOWN_ROOM_VERSIONS, RoomVersion
from synapse.events import make_event_from_dict

BY_EVENT: Final = ("event_edges", "event_to_state_groups", "event_auth_chains")
"""Tables about events that don't say of which room."""
LEFT_OUT: Final = frozenset({"event_search", "device_lists_changes_in_room"})
STREAM: Final = frozenset(
    {
        "stream_ordering",
        "event_stream_ordering",
        "stream_id",
        "bump_stamp",
        "completed_delta_stream_id",
    }
)
GROUP: Final = frozenset({"state_group", "prev_state_group"})
CHAIN: Final = frozenset({"chain_id", "origin_chain_id", "target_chain_id"})
POSITIONS: Final = (
    "UPDATE federation_stream_position SET stream_id = :last WHERE type = 'events'",
    "UPDATE stats_incremental_position SET stream_id = :last",
    "UPDATE user_directory_stream_pos SET stream_id = :last",
    "UPDATE room_forgetter_stream_pos SET stream_id = :last",
    "UPDATE delayed_events_stream_pos SET stream_id = :last",
    "UPDATE twin_position SET stream_id = :last, seq = seq + :times WHERE name = 'projection'",
    "UPDATE twin_position SET stream_id = :last WHERE name = 'heard'",
)
"""Up to where all that reads along has read: the rooms are there since long."""

Row: TypeAlias = tuple[Any, ...]


class Sample:
    """All that a database says of one room."""

    def __init__(self, database: sqlite3.Connection, room_id: str) -> None:
        self.room_id = room_id
        self.tables: dict[str, list[Row]] = {}
        self._columns: dict[str, list[str]] = {}
        for (table,) in database.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table'"
        ).fetchall():
            columns = [each[1] for each in database.execute(f"PRAGMA table_info([{table}])")]
            self._columns[table] = columns
            if "room_id" in columns and table not in LEFT_OUT:
                self._read(database, table, "room_id = ?", room_id)
        of_room = "event_id IN (SELECT event_id FROM events WHERE room_id = ?)"
        for table in BY_EVENT:
            self._read(database, table, of_room, room_id)
        group = "state_group IN (SELECT id FROM state_groups WHERE room_id = ?)"
        self._read(database, "state_group_edges", group, room_id)
        chain = f"origin_chain_id IN (SELECT chain_id FROM event_auth_chains WHERE {of_room})"
        self._read(database, "event_auth_chain_links", chain, room_id)

    def _read(self, database: sqlite3.Connection, table: str, where: str, value: str) -> None:
        self.tables[table] = database.execute(
            f"SELECT * FROM [{table}] WHERE {where}", (value,)
        ).fetchall()

    def column(self, table: str, name: str) -> list[Any]:
        """Return the values of a column."""
        place = self._columns[table].index(name)
        return [row[place] for row in self.tables[table]]

    def events(self) -> list[tuple[str, str]]:
        """Return the IDs of the events and their JSON, those first that others refer to."""
        texts = dict(
            zip(
                self.column("event_json", "event_id"),
                self.column("event_json", "json"),
                strict=True,
            )
        )
        orders = zip(
            self.column("events", "stream_ordering"), self.column("events", "event_id"), strict=True
        )
        return [(event_id, texts[event_id]) for _, event_id in sorted(orders)]

    def shift(self, table: str, spans: Mapping[str, int]) -> list[int]:
        """Return by how much each column of a table is another number in the next copy; 0 is not at all."""
        return [
            spans["stream"] * (name in STREAM)
            + spans["group"] * (name in GROUP or (table, name) == ("state_groups", "id"))
            + spans["chain"] * (name in CHAIN)
            + ((table, name) == ("twin_rooms", "seq"))
            for name in self._columns[table]
        ]


def copy_room(path: Path, room_id: str, times: int) -> list[str]:
    """Copy a room of a twin that sleeps so many times, and return the IDs of the copies."""
    with closing(sqlite3.connect(path)) as database:
        sample = Sample(database, room_id)
        version = KNOWN_ROOM_VERSIONS[sample.column("rooms", "room_version")[0]]
        spans = {
            "stream": _last(database, "events", "stream_ordering"),
            "group": _last(database, "state_groups", "id"),
            "chain": _last(database, "event_auth_chains", "chain_id"),
        }
        copies = [_renamed(sample, version, number) for number in range(1, times + 1)]
        for table, rows in sample.tables.items():
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                database.executemany(
                    f"INSERT INTO [{table}] VALUES ({marks})",
                    _copied(rows, sample.shift(table, spans), copies),
                )
        last = _last(database, "events", "stream_ordering")
        for statement in POSITIONS:
            database.execute(statement, {"last": last, "times": times})
        database.commit()
        return [copy[room_id] for copy in copies]


def _last(database: sqlite3.Connection, table: str, column: str) -> int:
    return int(database.execute(f"SELECT MAX({column}) FROM {table}").fetchone()[0])


def _renamed(sample: Sample, version: RoomVersion, number: int) -> dict[str, str]:
    """Return what stands in a copy in place of texts of the sample: IDs of events and room, and events."""
    new: dict[str, str] = {}
    for event_id, text in sample.events():
        event = json.loads(text)
        event["origin_server_ts"] += number
        for key in ("auth_events", "prev_events"):
            event[key] = [new[each] for each in event[key]]
        if "room_id" in event:
            event["room_id"] = new[sample.room_id]
        # Its signature and hash are wrong now, which nobody looks at in a database.
        new[text] = json.dumps(event)
        new[event_id] = make_event_from_dict(event, version).event_id
        if event["type"] == "m.room.create":
            new[sample.room_id] = f"!{new[event_id][1:]}"
    return new


def _copied(rows: list[Row], shifts: list[int], copies: list[dict[str, str]]) -> Iterator[Row]:
    for number, new in enumerate(copies, 1):
        for row in rows:
            yield tuple(
                value + shift * number if shift and value is not None else new.get(value, value)
                for value, shift in zip(row, shifts, strict=True)
            )
