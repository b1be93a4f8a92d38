"""Whether a twin that is awake can keep what it is told: nobody would see from outside that it can't.

A damaged database stays one, whatever else can be written to it, until the twin is loaded anew.

It costs next to nothing: how much room there is is one question to the system, what fails is heard
from what the twin logs, and only after that is tried, now and then, whether it still does.
"""

import errno
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from synapse.server import HomeServer
from synapse.storage.database import LoggingDatabaseConnection

from twin_module.host.doctor.sizes import in_words
from twin_module.host.space import Space, space_of

LEAST_BYTES: Final = 1_000_000
"""What a disk has free at least on which a twin can live."""
MOST_CAUSES: Final = 10
"""How far back is looked for what an error comes from."""


class Trouble(NamedTuple):
    """What is wrong with where a twin keeps things."""

    sentence: str
    """With a place for what the system calls it."""
    lasts: bool = False
    """Whether it is there even when something else can be written."""


FULL: Final = Trouble("Its disk is full ({}); make room.")
READ_ONLY: Final = Trouble(
    "Its disk or database can't be written ({}); the system's log may say why."
)
BROKEN: Final = Trouble("Its disk fails ({}); see the system's log, and have a backup at hand.")
DAMAGED: Final = Trouble(
    "Its database is damaged ({}); see what twin doctor says of it, and restore the last good backup.",
    lasts=True,
)

OF_SQLITE: Final[Mapping[int, Trouble]] = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: READ_ONLY,
    sqlite3.SQLITE_IOERR: BROKEN,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}
OF_POSTGRES: Final[Mapping[str, Trouble]] = {
    "53100": FULL,
    "25006": READ_ONLY,
    "58030": BROKEN,
    "XX001": DAMAGED,
    "XX002": DAMAGED,
}
OF_SYSTEM: Final[Mapping[int, Trouble]] = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EROFS: READ_ONLY,
    errno.EIO: BROKEN,
}

TRY: Final = (
    """
    INSERT INTO worker_locks (lock_name, lock_key, instance_name, token, last_renewed_ts)
    VALUES ('twin_try', '', '', '', 0)
    """,
    "DELETE FROM worker_locks WHERE lock_name = 'twin_try'",
)
"""Changes nothing that anybody could see, and has to be written all the same."""


class Disk:
    """What is known of the disk of one twin."""

    def __init__(self, folder: Path) -> None:
        self._folders = [folder]
        self._failed: Trouble | None = None
        self._failures = 0

    def also(self, folder: Path) -> None:
        """Look at another folder, too, if it may lie elsewhere."""
        if not folder.is_relative_to(self._folders[0]):
            self._folders.append(folder)

    def hear(self, error: BaseException) -> None:
        """Take note of an error that the twin met, if it is one of the disk's; from any thread."""
        if (said := told_by(error)) is None:
            return
        self._failures += 1
        if self._failed is None or not self._failed.lasts:
            self._failed = said

    @property
    def failed(self) -> bool:
        """Whether something has failed, and no write was tried since that did not."""
        return self._failed is not None and not self._failed.lasts

    def problem(self) -> str | None:
        """Return in a sentence why the twin can keep nothing; None when it can, as far as is known."""
        return next(_unfit(self._folders), self._failed.sentence if self._failed else None)

    async def try_to_write(self, homeserver: HomeServer) -> None:
        """See whether a write that failed would still fail."""
        failures = self._failures
        try:
            await homeserver.get_datastores().main.db_pool.runWithConnection(_write)
        except Exception as error:  # noqa: BLE001 - whatever it is, it still can't be written
            self.hear(error)
        else:
            # Something else may have failed meanwhile.
            if self.failed and self._failures == failures:
                self._failed = None


def told_by(error: BaseException) -> Trouble | None:
    """Return what an error says of the disk or the database; None when it is about something else."""
    for each in _causes(error):
        if isinstance(each, OSError):
            trouble = OF_SYSTEM.get(each.errno or 0)
        else:
            # The last byte is the kind, those before it are details.
            code = getattr(each, "sqlite_errorcode", None) or 0
            trouble = OF_SQLITE.get(code & 0xFF) or OF_POSTGRES.get(
                getattr(each, "pgcode", "") or ""
            )
        if trouble is not None:
            words = " ".join((getattr(each, "strerror", None) or str(each)).split()).rstrip(".")
            return trouble._replace(sentence=trouble.sentence.format(words))
    return None


def is_full(folder: Path) -> bool:
    """Tell whether the disk of a folder has no room for a twin."""
    found = _asked(folder)
    return found is not None and _what_is_missing(found) is not None


def _unfit(folders: Iterable[Path]) -> Iterator[str]:
    for folder in folders:
        if (found := _asked(folder)) is None:
            # What that means shows in what the twin does.
            continue
        if found.read_only:
            yield READ_ONLY.sentence.format(f"the disk of {folder} is mounted for reading only")
        elif (missing := _what_is_missing(found)) is not None:
            yield FULL.sentence.format(f"free space on the disk of {folder}: {missing}")


def _asked(folder: Path) -> Space | None:
    try:
        return space_of(folder)
    except OSError:
        return None


def _what_is_missing(found: Space) -> str | None:
    """Return how little room there is; None when there is enough."""
    if found.free_bytes < LEAST_BYTES:
        return in_words(found.free_bytes)
    return "for no more files" if found.total_files and not found.free_files else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    for _ in range(MOST_CAUSES):
        if found is None:
            return
        yield found
        found = found.__cause__ or found.__context__


def _write(connection: LoggingDatabaseConnection) -> None:
    with connection.cursor(txn_name="twin_try_to_write") as cursor:
        for statement in TRY:
            cursor.execute(statement)
