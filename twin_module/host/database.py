"""A twin's SQLite database, made whole or not at all.

Synapse makes its tables step by step in the file itself, and can't go on where it was killed
half-way. So the tables are made in a file aside, which then takes its place; where the data folder
has a template, that file is a copy of it.
"""

import os
import shutil
from importlib.metadata import version
from pathlib import Path

from synapse.config.database import DatabaseConnectionConfig
from synapse.config.homeserver import HomeServerConfig
from synapse.storage.database import make_conn
from synapse.storage.engines import create_engine
from synapse.storage.prepare_database import prepare_database


def template_path(data: Path) -> Path:
    """Return where the template of a data folder lies, an empty database of the Synapse that runs.

    No twin can have the folder's name.
    """
    return data / ".template" / f"synapse-{version('matrix-synapse')}.db"


def ensure_database(folder: Path) -> None:
    """Make the database of a folder's homeserver.yaml, unless it is there."""
    target, unfinished = folder / "homeserver.db", folder / ".homeserver.db.new"
    if target.exists():
        return
    for leftover in folder.glob(f"{unfinished.name}*"):
        leftover.unlink()
    template = template_path(folder.parent)
    # A shard of a system user of its own may not look there.
    if os.access(template, os.R_OK):
        shutil.copyfile(template, unfinished)
    else:
        _make(folder, unfinished)
    put_in_place(unfinished, target)


def _make(folder: Path, path: Path) -> None:
    config = HomeServerConfig.load_config("", ["--config-path", str(folder / "homeserver.yaml")])
    database = DatabaseConnectionConfig(
        "master", {"name": "sqlite3", "args": {"database": str(path)}}
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


def put_in_place(unfinished: Path, target: Path) -> None:
    """Let a finished database take its place, so that it is there whole whatever happens."""
    descriptor = os.open(unfinished, os.O_RDONLY)
    try:
        os.fchmod(descriptor, 0o600)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    unfinished.replace(target)
