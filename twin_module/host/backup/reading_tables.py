"""Which tables a twin's database needs, read from the database itself."""

import sqlite3
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Final

from twin_module.host.backup import postgres
from twin_module.host.backup.as_owner import as_owner
from twin_module.host.backup.tables import Tables
from twin_module.host.backup.twin_files import TwinFiles
from twin_module.host.catalog import Query, read_catalog

BUSY_SECONDS: Final = 60.0


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
        return _needed(lambda sql: connection.execute(sql).fetchall(), on_postgres=False)


def needed_by_postgres(parameters: postgres.Parameters) -> Tables:
    """Return what a PostgreSQL database needs.

    Raises:
        HostError: it can't be reached.
    """
    return _needed(lambda sql: postgres.rows(parameters, sql), on_postgres=True)


def _needed(query: Query, *, on_postgres: bool) -> Tables:
    catalog = read_catalog(query, on_postgres=on_postgres)
    oldest = catalog.schema if catalog.compatible is None else catalog.compatible
    return Tables(synapse=max(0, oldest or 0), twin=max(0, catalog.twin_schema or 0))
