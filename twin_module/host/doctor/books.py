"""A twin's database, opened so that nothing in it changes and a running twin is not disturbed."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from twin_module.core.canonical import shown
from twin_module.host.doctor.patient import Patient

Rows: TypeAlias = Sequence[tuple[Any, ...]]

CONNECT_SECONDS: Final = 5
STATEMENT_SECONDS: Final = 30
BUSY_SECONDS: Final = 5
TRIES: Final = 3
STEPS: Final = 100_000
"""Of SQLite's machine, between two looks at whether it is time to stop."""
OF_POOLS: Final = ("cp_min", "cp_max", "cp_reconnect", "cp_noisy", "cp_openfun")
"""Arguments of Twisted's connection pool, which stand among those of the driver."""


class Unreadable(Exception):
    """The database can't be read; the message says why, in a few words."""


@dataclass(frozen=True, slots=True)
class Books:
    """A database that is open for reading."""

    engine: str
    """SQLite or PostgreSQL."""
    version: str
    query: Callable[[str], Rows]
    """Asks with SQL that is a constant; raises `Unreadable`."""


def read_steadily(
    patient: Patient, use: Callable[[Books], None], go_on: Callable[[], bool] = lambda: True
) -> None:
    """Use a twin's database, and once more where somebody began to write to it meanwhile.

    Args:
        patient: the twin.
        use: called with the open database, maybe several times; the last time counts.
        go_on: asked now and then; False ends a long query in SQLite with `Unreadable`.

    Raises:
        Unreadable: it can't be read.
    """
    file = patient.database_file
    for _ in range(TRIES):
        before = _mark(file)
        # With its log there, SQLite itself keeps readers and writers apart.
        is_logged = file is not None and log_of(file).exists()
        try:
            with (
                _sqlite(file, is_logged, go_on) if file is not None else _postgres(patient) as books
            ):
                use(books)
        except Unreadable:
            if is_logged or _mark(file) == before:
                raise
        else:
            if is_logged or _mark(file) == before:
                return
    raise Unreadable("somebody writes to it all the time; run this again")


def log_of(file: Path) -> Path:
    """Return where SQLite writes what is not yet in the database itself."""
    return file.with_name(f"{file.name}-wal")


def _mark(file: Path | None) -> tuple[tuple[int, ...] | None, ...]:
    """Return what differs once somebody has written to SQLite's files meanwhile."""
    found: list[tuple[int, ...] | None] = []
    for path in (file, log_of(file)) if file is not None else ():
        try:
            status = path.stat()
        except OSError:
            found.append(None)
        else:
            found.append((status.st_ino, status.st_size, status.st_mtime_ns))
    return tuple(found)


@contextmanager
def _sqlite(file: Path, is_logged: bool, go_on: Callable[[], bool]) -> Iterator[Books]:
    # A reader of a database that nobody has open would leave two files beside it, maybe of another
    # user. `immutable` leaves none, and does not see who writes meanwhile: see `read_steadily`.
    how = "mode=ro" if is_logged else "mode=ro&immutable=1"
    if not file.exists():
        raise Unreadable(f"{file} is not there")
    try:
        connection = sqlite3.connect(
            f"{file.absolute().as_uri()}?{how}",
            uri=True,
            timeout=BUSY_SECONDS,
            check_same_thread=False,
        )
    except sqlite3.Error as error:
        raise Unreadable(str(error)) from None

    def query(sql: str) -> Rows:
        try:
            with closing(connection.execute(sql)) as cursor:
                return cursor.fetchall()
        except sqlite3.Error as error:
            raise Unreadable(shown(str(error))) from None

    with closing(connection):
        connection.set_progress_handler(lambda: 0 if go_on() else 1, STEPS)
        yield Books("SQLite", sqlite3.sqlite_version, query)


@contextmanager
def _postgres(patient: Patient) -> Iterator[Books]:
    try:
        import psycopg2  # noqa: PLC0415 - only twins on PostgreSQL have it
    except ImportError:
        raise Unreadable("psycopg2, the driver for PostgreSQL, is not installed") from None
    arguments = patient.database.get("args")
    named = dict(arguments) if isinstance(arguments, dict) else {}
    for each in OF_POOLS:
        named.pop(each, None)
    bounds = f"-c default_transaction_read_only=on -c statement_timeout={STATEMENT_SECONDS}s"
    named["options"] = f"{named.get('options') or ''} {bounds}".strip()
    try:
        connection = psycopg2.connect(**{"connect_timeout": CONNECT_SECONDS, **named})
    except (psycopg2.Error, TypeError) as error:
        raise Unreadable(_first_line(error)) from None

    def query(sql: str) -> Rows:
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                rows: Rows = cursor.fetchall()
                return rows
        except psycopg2.Error as error:
            connection.rollback()
            raise Unreadable(_first_line(error)) from None

    with closing(connection):
        major, minor = divmod(connection.server_version, 10_000)
        yield Books("PostgreSQL", f"{major}.{minor}", query)


def _first_line(error: Exception) -> str:
    return shown((str(error).strip() or type(error).__name__).splitlines()[0])
