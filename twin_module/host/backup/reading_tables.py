"""Which tables a twin's database needs, read from the database itself."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeAlias

from twin_module.host.backup import postgres
from twin_module.host.backup.as_owner import as_owner
from twin_module.host.backup.tables import Tables
from twin_module.host.backup.twin_files import TwinFiles

Query: TypeAlias = Callable[[str], Sequence[tuple[Any, ...]]]

BUSY_SECONDS: Final = 60.0
IN_SQLITE: Final = "SELECT name FROM sqlite_schema WHERE type = 'table'"
IN_POSTGRES: Final = (
    "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = ANY (current_schemas(false))"
)
SYNAPSE: Final = (
    ("schema_compat_version", "SELECT max(compat_version) FROM schema_compat_version"),
    ("schema_version", "SELECT max(version) FROM schema_version"),
)
"""The first that is there counts: Synapse keeps the number that tells who can go back since 2021 only."""
TWIN: Final = (("twin_schema", "SELECT max(version) FROM twin_schema"),)


def needed_by(twin: TwinFiles) -> Tables:
    """Return what the database of a twin needs, which may run.

    Raises:
        HostError, OSError, sqlite3.Error: it can't be read.
    """
    file = twin.sqlite

    def read() -> dict[str, int]:
        return asdict(needed_by_file(file) if file else needed_by_postgres(twin.postgres))

    return Tables(**as_owner(twin.folder, read))


def needed_by_file(database: Path) -> Tables:
    """Return what a SQLite database needs.

    Raises:
        sqlite3.Error: it can't be read.
    """
    # Who only reads would leave SQLite's two files beside a database that nobody has open.
    uri = f"{database.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as connection:
        return _needed(lambda sql: connection.execute(sql).fetchall(), IN_SQLITE)


def needed_by_postgres(parameters: postgres.Parameters) -> Tables:
    """Return what a PostgreSQL database needs.

    Raises:
        HostError: it can't be reached.
    """
    return _needed(lambda sql: postgres.rows(parameters, sql), IN_POSTGRES)


def _needed(query: Query, names: str) -> Tables:
    there = {name for (name,) in query(names)}

    def number(places: tuple[tuple[str, str], ...]) -> int:
        for table, sql in places:
            [(value,)] = query(sql) if table in there else [(None,)]
            if isinstance(value, int) and value >= 0:
                return value
        return 0

    return Tables(synapse=number(SYNAPSE), twin=number(TWIN))
