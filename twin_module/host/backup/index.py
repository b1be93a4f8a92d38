"""What a host remembers of the backups of a twin, so that it writes only what is new.

It knows pieces by a digest with a secret key, never by their content, and it is no more than a memory: without
it everything is written once more.
"""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

SCHEMA: Final = """
CREATE TABLE store (id TEXT NOT NULL, secret BLOB NOT NULL, run INTEGER NOT NULL);
CREATE TABLE objects (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
    holds INTEGER NOT NULL
);
CREATE TABLE pieces (
    mac BLOB PRIMARY KEY, object INTEGER NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL,
    run INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX pieces_of_objects ON pieces (object);
CREATE TABLE files (path BLOB PRIMARY KEY, stamp TEXT NOT NULL, said TEXT NOT NULL) WITHOUT ROWID;
"""
FRESH_ENOUGH: Final = 0.5
"""Which part of an object has to be in use; what is left of a worse one is written anew, so that it can go."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a piece lies."""

    object: str
    size: int
    """Of the sealed object, in bytes."""
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read earlier."""

    size: int
    sha256: str
    pieces: tuple[bytes, ...]
    """Their digests with the key."""


class Index:
    """The memory for one store."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        [(secret, run)] = connection.execute("SELECT secret, run FROM store")
        self._secret: bytes = secret
        self._run: int = run

    @classmethod
    def open(cls, path: Path, store: str) -> Self:
        """Open what is remembered of a store, or begin anew: of another one, or where the file is damaged."""
        try:
            return cls._opened(path, store)
        except sqlite3.DatabaseError as error:
            # The lowest byte is the kind; a full disk makes nothing damaged.
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
                raise
            for ending in ("", "-journal", "-wal", "-shm"):
                path.with_name(path.name + ending).unlink(missing_ok=True)
            return cls._opened(path, store)

    @classmethod
    def _opened(cls, path: Path, store: str) -> Self:
        connection = sqlite3.connect(path)
        try:
            # A power cut may take the last lines, but never leaves half of one.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            with connection:
                if not connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
                    connection.executescript(f"BEGIN; {SCHEMA} COMMIT;")
                if connection.execute("SELECT id FROM store").fetchall() != [(store,)]:
                    for table in ("store", "objects", "pieces", "files"):
                        connection.execute(f"DELETE FROM {table}")
                    secret = secrets.token_bytes(32)
                    connection.execute("INSERT INTO store VALUES (?, ?, 0)", (store, secret))
                connection.execute("UPDATE store SET run = run + 1")
            return cls(connection)
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        """Close it; what is not committed is forgotten."""
        self._connection.close()

    def mac(self, piece: bytes) -> bytes:
        """Return what a piece is known by."""
        return hashlib.blake2b(piece, digest_size=32, key=self._secret).digest()

    def forget_missing(self, there: Mapping[str, int]) -> None:
        """Forget all objects that do not lie in the store with their size."""
        known = self._connection.execute("SELECT name, size FROM objects").fetchall()
        self.forget([name for name, size in known if there.get(name) != size])

    def forget(self, names: Iterable[str]) -> None:
        """Forget objects."""
        gone = [(name,) for name in names]
        with self._connection as connection:
            connection.executemany(
                "DELETE FROM pieces WHERE object = (SELECT number FROM objects WHERE name = ?)",
                gone,
            )
            connection.executemany("DELETE FROM objects WHERE name = ?", gone)

    def uses(self, mac: bytes) -> bool:
        """Tell whether a piece is in the store, and note that it is still of use."""
        found = self._connection.execute(
            "UPDATE pieces SET run = ? WHERE mac = ?", (self._run, mac)
        ).rowcount
        return found > 0

    def add(self, name: str, size: int, pieces: Mapping[bytes, tuple[int, int]]) -> None:
        """Remember an object that is in the store, with the offset and length of each piece in it."""
        holds = sum(length for _, length in pieces.values())
        with self._connection as connection:
            number = connection.execute(
                "INSERT INTO objects (name, size, holds) VALUES (?, ?, ?)", (name, size, holds)
            ).lastrowid
            connection.executemany(
                "INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?, ?)",
                [(mac, number, *place, self._run) for mac, place in pieces.items()],
            )

    def place(self, mac: bytes) -> Place:
        """Return where a piece that is in the store lies."""
        [found] = self._connection.execute(
            "SELECT name, size, start, length FROM pieces JOIN objects ON number = object WHERE mac = ?",
            (mac,),
        )
        return Place(*found)

    def read_file(self, path: bytes, stamp: str) -> ReadFile | None:
        """Return a file that has not changed since it was read, if all its pieces are in the store."""
        found = self._connection.execute(
            "SELECT said FROM files WHERE path = ? AND stamp = ?", (path, stamp)
        ).fetchone()
        if found is None:
            return None
        size, sha256, pieces = json.loads(found[0])
        file = ReadFile(size, sha256, tuple(bytes.fromhex(each) for each in pieces))
        return file if all(self.uses(mac) for mac in file.pieces) else None

    def note_file(self, path: bytes, stamp: str, file: ReadFile) -> None:
        """Remember a file that was read, from the next change on that is committed."""
        said = json.dumps([file.size, file.sha256, [each.hex() for each in file.pieces]])
        self._connection.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?)", (path, stamp, said)
        )

    def forget_files_except(self, paths: Collection[bytes]) -> None:
        """Forget files that are gone."""
        known = self._connection.execute("SELECT path FROM files").fetchall()
        with self._connection as connection:
            gone: Sequence[tuple[bytes]] = [each for each in known if each[0] not in paths]
            connection.executemany("DELETE FROM files WHERE path = ?", gone)

    def let_go_of_stale_objects(self) -> None:
        """Forget objects of which this run used little, so that the next one writes that anew.

        Else each would stay for ever for the last piece in it that is of use: nobody without the
        owner's key can take a piece out of an object.
        """
        with closing(
            self._connection.execute(
                "SELECT name FROM objects LEFT JOIN pieces ON number = object AND run = ?"
                " GROUP BY number HAVING coalesce(sum(length), 0) < ? * holds",
                (self._run, FRESH_ENOUGH),
            )
        ) as rows:
            stale = [name for (name,) in rows]
        self.forget(stale)
