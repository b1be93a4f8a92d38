"""`twin reindex`: makes a twin read all its rooms again.

It clears the position that the projection has come to. A twin that runs begins anew within
seconds, one that is stopped does so at its next start. Nothing is deleted: the tables are
compared with the rooms and mended where they differ.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from twin_module.engine.sequence import PROJECTION
from twin_module.host.backup.twin_files import connection_parameters
from twin_module.host.errors import HostError
from twin_module.host.yaml_file import read_yaml

STATEMENT = "UPDATE twin_position SET stream_id = NULL WHERE name = "


def reindex(config_path: Path) -> None:
    """Clear the position in the database that a homeserver.yaml names.

    Raises:
        HostError: the file or the database can't be used.
    """
    database = _database(config_path)
    if database.get("name") == "psycopg2":
        changed = _on_postgres(database.get("args", {}))
    else:
        changed = _on_sqlite(Path(str(database.get("args", {}).get("database", ""))))
    if not changed:
        raise HostError(
            f"The database of {config_path} has never been followed by a twin; start the twin first."
        )


def _database(config_path: Path) -> dict[str, Any]:
    config = read_yaml(config_path)
    database = config.get("database") if isinstance(config, dict) else None
    if not isinstance(database, dict):
        raise HostError(f"{config_path} names no database.")
    return database


def _on_sqlite(path: Path) -> int:
    if not path.is_file():
        raise HostError(f"There is no database {path}.")
    try:
        with closing(sqlite3.connect(path, timeout=30)) as connection, connection:
            return connection.execute(f"{STATEMENT}?", (PROJECTION,)).rowcount
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return 0
        raise HostError(f"The database {path} can't be used: {error}.") from None


def _on_postgres(arguments: dict[str, Any]) -> int:
    import psycopg2  # noqa: PLC0415 - only hosts with PostgreSQL have it

    try:
        with (
            closing(psycopg2.connect(**connection_parameters(arguments))) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(f"{STATEMENT}%s", (PROJECTION,))
            connection.commit()
            return int(cursor.rowcount)
    except psycopg2.errors.UndefinedTable:
        return 0
    except psycopg2.Error as error:
        raise HostError(f"The database can't be used: {str(error).strip()}.") from None
