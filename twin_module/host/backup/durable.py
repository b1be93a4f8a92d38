"""Writing so that a file is there whole, also after a power cut, or not at all."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from twin_module.host.errors import HostError

UNFINISHED: Final = ".new"
FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
CAN_NOT_SYNC: Final = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}
"""What some mounts answer when a folder shall be written out; they do it by themselves."""


def write_file(path: Path, data: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all.

    Raises:
        OSError: names the file.
    """
    unfinished = path.with_name(f".{path.name}{UNFINISHED}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(unfinished, flags, 0o600)
        try:
            write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        unfinished.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        # Room that a failed write has taken would keep the next one from ending well.
        with suppress(OSError):
            unfinished.unlink()
        error.filename = error.filename or str(path)
        raise


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it where the file stands."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync_folder(folder: Path) -> None:
    """Make what was put into a folder stay there."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in CAN_NOT_SYNC:
            error.filename = str(folder)
            raise
    finally:
        os.close(descriptor)


@contextmanager
def failures_in_words(after: str) -> Iterator[None]:
    """Turn what a disk may answer into a sentence.

    Args:
        after: one more, on what holds now.

    Raises:
        HostError: in place of an error of the system or of SQLite.
    """
    try:
        yield
    except OSError as error:
        where = f" for {error.filename}" if error.filename else ""
        if error.errno in FULL:
            raise HostError(f"There is no room left{where}. {after}") from None
        raise HostError(f"The system says{where}: {error.strerror}. {after}") from None
    except sqlite3.Error as error:
        # SQLite's own words, for instance: database or disk is full.
        raise HostError(f"SQLite says: {error}. {after}") from None
