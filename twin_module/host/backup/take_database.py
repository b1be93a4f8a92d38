"""The copy of a SQLite database that a backup is made of, where nobody but the twin's user and root see it.

The user of the twin makes it, also where root makes backups; root opens what lies there then through no
link, and takes nothing but a file of that user.
"""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Final

from twin_module.host.backup.as_owner import as_owner, owner_of
from twin_module.host.backup.reading_tables import needed_by_file
from twin_module.host.backup.sqlite_copy import copy_database
from twin_module.host.backup.tables import Tables
from twin_module.host.errors import HostError

Progress = Callable[[str], None]

COPY: Final = "homeserver.db"
IN_TWINS_FOLDER: Final = ".backup.new"
"""Where a user makes the copy who may write nowhere else; backups leave out what has such a name."""


@contextmanager
def copied(
    database: Path, folder: Path, staging: Path, progress: Progress
) -> Iterator[tuple[BinaryIO, Tables]]:
    """Yield a consistent copy of a database, and which tables it has; the copy goes in the end.

    Args:
        database: in the twin's folder.
        folder: the twin's.
        staging: a folder of ours on the same disk, which is made.
        progress: told how far it is, often.

    Raises:
        HostError: the database is damaged, or something else was put in the place of the copy.
        OSError, sqlite3.Error: it can't be read, or not be copied.
    """
    owner = owner_of(folder)
    # On the disk of the twin itself, never where the backups lie: it is readable.
    aside = staging if owner is None else folder / IN_TWINS_FOLDER

    def copy() -> dict[str, Any]:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(mode=0o700)
        copy_database(
            database, aside / COPY, lambda part: progress(f"copying the database: {part:.0%}")
        )
        return asdict(needed_by_file(aside / COPY))

    try:
        needs = Tables(**as_owner(folder, copy))
        with open_copy(aside, os.geteuid() if owner is None else owner.pw_uid) as file:
            yield file, needs
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def open_copy(aside: Path, owner: int) -> BinaryIO:
    """Open a copy that a user has made, and nothing that was put in its place.

    Raises:
        HostError: it is not a file of that user alone.
        OSError: it is not there, or a link.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    directory = os.open(aside, flags | os.O_DIRECTORY)
    try:
        descriptor = os.open(COPY, flags | os.O_NONBLOCK, dir_fd=directory)
    finally:
        os.close(directory)
    file = os.fdopen(descriptor, "rb")
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != owner or found.st_nlink != 1:
        file.close()
        raise HostError(
            f"{aside / COPY} is not the copy of the database that was made there: somebody put something "
            "else in its place. Nothing was backed up."
        )
    return file
