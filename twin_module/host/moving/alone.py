"""That nobody else runs a twin: the lock that a process takes before it loads it, and its database."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from twin_module.host.backup import postgres
from twin_module.host.backup.as_owner import as_owner
from twin_module.host.backup.twin_files import TwinFiles
from twin_module.host.errors import HostError
from twin_module.host.lock import FolderLock
from twin_module.host.moving.move_places import RUNNING, MovePlaces

ENDING_SECONDS: Final = 30.0
"""How long the process of a host that was killed may take to let go of a twin."""
BUSY_SECONDS: Final = 5.0
"""How long others may take to close the database."""
LOOK_SECONDS: Final = 0.05


@contextmanager
def held(places: MovePlaces) -> Iterator[None]:
    """Hold the lock that a process takes before it loads the twin.

    Raises:
        HostError: a process has it, and does not let go in time.
    """
    path = places.home / RUNNING
    was_there, lock = path.exists(), FolderLock(path)
    if not lock.take_within(ENDING_SECONDS):
        raise HostError(f"A process still runs the twin in {places.home}; end it.")
    try:
        with lock:
            yield
    finally:
        # One of ours would be nothing that the twin's own user could open.
        if not was_there:
            path.unlink(missing_ok=True)


def check_alone(twin: TwinFiles) -> None:
    """Refuse while another program has the database open, of which the host knows nothing.

    Raises:
        HostError: says so, or that the database can't be asked.
        OSError, sqlite3.Error: the same, in words of the system.
    """
    until = time.monotonic() + BUSY_SECONDS
    while _is_used(twin):
        if time.monotonic() > until:
            raise HostError(
                f"Another program uses the database of the twin in {twin.folder}; end it."
            )
        time.sleep(LOOK_SECONDS)


def _is_used(twin: TwinFiles) -> bool:
    file = twin.sqlite

    def ask() -> bool:
        return _is_open(file) if file else postgres.connections(twin.postgres) > 0

    return bool(as_owner(twin.folder, ask))


def _is_open(database: Path) -> bool:
    """Tell whether anybody has a database open: SQLite gives its exclusive mode to lone ones only."""
    uri = f"{database.as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            # The lowest byte is the kind.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return True
    return False
