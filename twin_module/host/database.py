"""A twin's SQLite database, made whole or not at all.

Synapse makes its tables step by step in the file itself, and can't go on where it was killed
half-way. So the tables are made in a file aside, which then takes its place.
"""

from pathlib import Path

from synapse.config.database import DatabaseConnectionConfig
from synapse.config.homeserver import HomeServerConfig
from synapse.storage.database import make_conn
from synapse.storage.engines import create_engine
from synapse.storage.prepare_database import prepare_database


def ensure_database(folder: Path) -> None:
    """Make the database of a folder's homeserver.yaml, unless it is there."""
    target, unfinished = folder / "homeserver.db", folder / ".homeserver.db.new"
    if target.exists():
        return
    for leftover in folder.glob(f"{unfinished.name}*"):
        leftover.unlink()
    config = HomeServerConfig.load_config("", ["--config-path", str(folder / "homeserver.yaml")])
    database = DatabaseConnectionConfig(
        "master", {"name": "sqlite3", "args": {"database": str(unfinished)}}
    )
    engine = create_engine(database.config)
    with make_conn(
        db_config=database,
        engine=engine,
        default_txn_name="twin_make_database",
        server_name=config.server.server_name,
    ) as connection:
        prepare_database(connection, engine, config, databases=database.databases)
        connection.commit()
    connection.close()
    unfinished.replace(target)
