"""A consistent copy of a SQLite database that another process goes on writing to.

SQLite's online backup copies page by page, within one read transaction. In WAL mode, which Synapse
always uses, that transaction shows the database as it was at its begin and holds nobody up; writers go on in the WAL,
which can't be shortened meanwhile. Without the transaction the copy would begin anew at each
commit of the other process, and might never end. `VACUUM INTO` would be as consistent, but writes the tables
anew: pages of two copies would have little in common, and the next backup would write everything.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from twin_module.host.errors import HostError

STEP_PAGES: Final = 256
BUSY_SECONDS: Final = 60.0


def copy_database(source: Path, target: Path, progress: Callable[[float], None]) -> None:
    """Copy a database into a new file and check the copy.

    Args:
        source: the database.
        target: a new file; what is there is written over.
        progress: told which part is copied, from 0 to 1.

    Raises:
        HostError: the database is damaged.
        sqlite3.Error: it can't be read, or the copy can't be written.
    """
    target.unlink(missing_ok=True)
    with (
        closing(_connect(source, "rw")) as reading,
        closing(sqlite3.connect(target, isolation_level=None)) as writing,
    ):
        # It is thrown away after a crash.
        writing.execute("PRAGMA synchronous = OFF")
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        reading.backup(
            writing,
            pages=STEP_PAGES,
            progress=lambda _, rest, all_pages: progress(1 - rest / max(1, all_pages)),
        )
        reading.execute("ROLLBACK")
    _check(target, source)


def _check(copy: Path, source: Path) -> None:
    """Refuse a copy whose pages or indexes contradict each other."""
    with closing(_connect(copy, "ro&immutable=1")) as connection:
        try:
            [found, *_] = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
        except sqlite3.DatabaseError as error:
            found = str(error)
    if found != "ok":
        words = " ".join(str(found).split())
        raise HostError(
            f"{source} is damaged: {words}. It was not backed up; restore the twin from an earlier backup."
        )


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=BUSY_SECONDS,
    )
