"""A twin that is awake and can keep nothing says so, and no longer when that is over."""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.host.shard_world import World, change_settings, world
from twin_module.host.shard.disk import Disk, is_full, told_by
from twin_module.testing.person import CLIENT, eventually
from twin_module.testing.postgres import fresh_database
from twin_module.testing.reactor import ReactorThread


@pytest.fixture
def twins(reactor_thread: ReactorThread) -> Iterator[World]:
    with world(reactor_thread) as made:
        made.make("alice")
        yield made


def disk_with(free: int, files: int = 1000, flag: int = 0) -> Callable[[object], Any]:
    """Return how the system tells of a disk with so many bytes and files free."""
    return lambda _: SimpleNamespace(
        f_bavail=free // 1000,
        f_blocks=10_000,
        f_frsize=1000,
        f_files=2000,
        f_favail=files,
        f_flag=flag,
    )


def test_a_disk_without_room_is_seen_before_a_write_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(tmp_path)
    assert disk.problem() is None
    monkeypatch.setattr(os, "statvfs", disk_with(free=4000))
    assert disk.problem() == (
        f"Its disk is full (free space on the disk of {tmp_path}: 4.0 kB); make room."
    )
    assert is_full(tmp_path)
    monkeypatch.setattr(os, "statvfs", disk_with(free=5_000_000, files=0))
    assert disk.problem() == (
        f"Its disk is full (free space on the disk of {tmp_path}: for no more files); make room."
    )
    monkeypatch.setattr(os, "statvfs", disk_with(free=5_000_000, flag=os.ST_RDONLY))
    assert f"the disk of {tmp_path} is mounted for reading only" in (disk.problem() or "")
    assert not is_full(tmp_path)
    monkeypatch.setattr(os, "statvfs", disk_with(free=5_000_000))
    assert disk.problem() is None


def test_media_that_lie_on_another_disk_are_looked_at_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def statvfs(path: object) -> Any:
        asked.append(path)
        return disk_with(free=10**9)(path)

    monkeypatch.setattr(os, "statvfs", statvfs)
    disk = Disk(tmp_path / "alice")
    disk.also(tmp_path / "alice" / "media")
    disk.also(tmp_path / "elsewhere")
    disk.problem()
    assert asked == [tmp_path / "alice", tmp_path / "elsewhere"]


def of_sqlite(code: int, words: str) -> sqlite3.Error:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return error


class OfPostgres(Exception):
    pgcode = "53100"


class OfCorruptPostgres(Exception):
    pgcode = "XX001"


def caused_by(cause: Exception) -> Exception:
    error = RuntimeError("the write failed")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (of_sqlite(sqlite3.SQLITE_FULL, "database or disk is full"), "Its disk is full"),
        (
            of_sqlite(sqlite3.SQLITE_READONLY_DBMOVED, "attempt to write a readonly database"),
            "can't be written (attempt to write a readonly database)",
        ),
        (of_sqlite(sqlite3.SQLITE_IOERR_WRITE, "disk I/O error"), "Its disk fails"),
        (OSError(errno.ENOSPC, "No space left on device"), "(No space left on device)"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "Its disk is full"),
        (OSError(errno.EIO, "Input/output error"), "Its disk fails"),
        (OfPostgres('could not extend file "base/1":\nNo space left.'), "No space left);"),
        (caused_by(OSError(errno.EROFS, "Read-only file system")), "Read-only file system"),
        (
            of_sqlite(sqlite3.SQLITE_CORRUPT_INDEX, "database disk image is malformed"),
            "Its database is damaged (database disk image is malformed)",
        ),
        (of_sqlite(sqlite3.SQLITE_NOTADB, "file is not a database"), "Its database is damaged"),
        (OfCorruptPostgres("invalid page in block 3 of relation"), "Its database is damaged"),
    ],
)
def test_an_error_of_the_disk_is_known_as_one_of_whatever_database(
    error: Exception, said: str
) -> None:
    told = told_by(error)
    assert told
    assert said in told.sentence
    assert "\n" not in told.sentence


@pytest.mark.parametrize(
    "error",
    [
        of_sqlite(sqlite3.SQLITE_BUSY, "database is locked"),
        sqlite3.OperationalError("no such table: rooms"),
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
        OSError("timed out"),
        ValueError("disk is full"),
    ],
)
def test_an_error_of_something_else_is_not(error: Exception) -> None:
    assert told_by(error) is None


OF_SESSION = "SET SESSION CHARACTERISTICS AS TRANSACTION"


def with_database(twins: World, statement: str) -> None:
    """Say something to the one connection of alice's database."""
    assert twins.thread
    pool = twins.tenants["alice"].homeserver.get_datastores().main.db_pool

    async def say() -> None:
        await pool.runWithConnection(lambda connection: connection.cursor().execute(statement))

    twins.thread.wait(say)


@pytest.mark.twins
@pytest.mark.parametrize(
    ("database", "breaking", "mending", "said"),
    [
        ("sqlite", "PRAGMA query_only = ON", "PRAGMA query_only = OFF", "readonly database"),
        ("sqlite", "PRAGMA max_page_count = 1", "PRAGMA max_page_count = 100000", "disk is full"),
        ("postgres", f"{OF_SESSION} READ ONLY", f"{OF_SESSION} READ WRITE", "read-only"),
    ],
)
def test_a_database_that_takes_no_writes_is_told_of_until_it_takes_them_again(
    twins: World,
    request: pytest.FixtureRequest,
    database: str,
    breaking: str,
    mending: str,
    said: str,
) -> None:
    with ExitStack() as stack:
        if database == "postgres":
            url = request.getfixturevalue("postgres_url")
            arguments = {**stack.enter_context(fresh_database(url)), "cp_min": 1, "cp_max": 1}
            path = twins.places.folder("alice") / "homeserver.yaml"
            change_settings(path, database={"name": "psycopg2", "args": arguments})
        stays_while_it_takes_no_writes(twins, breaking, mending, said)
        twins.unload("alice")


def stays_while_it_takes_no_writes(twins: World, breaking: str, mending: str, said: str) -> None:
    twins.load("alice")
    twins.token("alice")
    assert twins.thread
    alice = twins.tenants["alice"]

    def made_a_room() -> int:
        body = {"topic": "x" * 20_000}
        token = twins.token("alice")
        return twins.ask("alice", "POST", f"{CLIENT}/createRoom", body, token=token).status

    log = twins.places.folder("alice") / "homeserver.log"
    twins.logs.open(alice.server_name, log, alice.disk.hear)
    with_database(twins, breaking)
    assert made_a_room() == 500
    assert said in (alice.disk.problem() or "")

    if "max_page_count" not in breaking:
        twins.thread.wait(alice.try_to_write)
        assert alice.disk.failed, "it still takes none"
    with_database(twins, mending)
    assert alice.disk.failed, "nobody has tried"
    twins.thread.wait(alice.try_to_write)
    assert alice.disk.problem() is None
    assert made_a_room() == 200
    updating = "brings its database up to date"
    eventually(lambda: twins.why_awake("alice") in {None, updating}, what="it is quiet")


@pytest.mark.twins
def test_a_database_that_is_damaged_while_its_twin_is_awake_is_told_of(twins: World) -> None:
    twins.load("alice")
    token = twins.token("alice")
    alice = twins.tenants["alice"]
    folder = twins.places.folder("alice")
    twins.logs.open(alice.server_name, folder / "homeserver.log", alice.disk.hear)
    database = folder / "homeserver.db"
    page = 4096
    with database.open("r+b") as file:
        for number in range(1, database.stat().st_size // page):
            file.seek(number * page)
            file.write(b"\xff" * page)

    def is_told() -> bool:
        twins.ask("alice", "GET", f"{CLIENT}/sync?timeout=0&full_state=true", token=token)
        return "Its database is damaged" in (alice.disk.problem() or "")

    eventually(is_told, what="somebody has read what is damaged")
    alice.disk.hear(OSError(errno.ENOSPC, "No space left on device"))
    assert twins.thread
    twins.thread.wait(alice.try_to_write)
    assert "Its database is damaged" in (alice.disk.problem() or "")
