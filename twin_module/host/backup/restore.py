"""`twin restore`: a twin's folder made of a backup, whole or not at all.

Everything is written to a folder aside and checked there, which takes its place at the very end.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import yaml

from twin_module.host.backup import postgres
from twin_module.host.backup.durable import failures_in_words, write_all, write_file
from twin_module.host.backup.opening import Opener, chosen
from twin_module.host.backup.owner_key import read_keys
from twin_module.host.backup.snapshot import Contents, Damaged, Snapshot, StoredFile
from twin_module.host.backup.store import Store
from twin_module.host.backup.tables import Tables, misfit
from twin_module.host.backup.twin_files import (
    CONFIG,
    connection_parameters,
    database_of,
    read_config,
)
from twin_module.host.errors import HostError
from twin_module.host.lock import FolderLock

Progress = Callable[[str], None]
MB: Final = 1_000_000
HAVE_PATHS: Final = (CONFIG, "log.yaml")
"""Files that name the folder that they are in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreResult:
    """What was restored."""

    folder: str
    server_name: str
    time: str
    """Of the backup, ISO 8601 in UTC."""
    database: str
    """`sqlite3` or `psycopg2`."""
    files: int
    size: int
    """Of the files, in bytes."""


def restore(
    target: Path,
    key: Path,
    folder: Path,
    *,
    moment: datetime | None = None,
    only: Snapshot | None = None,
    database: Mapping[str, str | int] | None = None,
    known: Tables | None = None,
    progress: Progress = lambda _: None,
) -> RestoreResult:
    """Make a twin's folder of a backup.

    The folder may have another path than it had: its configuration is changed to that. All files
    are the user's alone who calls this. Only one twin of a server name may ever run.

    Args:
        target: where the backups lie.
        key: the file with the owner's key.
        folder: a new or empty folder.
        moment: the newest backup that is not after it is taken; None takes the newest of all.
        only: this very backup is taken, whatever else lies there by now.
        database: connection arguments of an empty PostgreSQL database, which the configuration will
            name; None takes those of the configuration. Only for a twin on PostgreSQL.
        known: the tables that the programs know that are to run it; None where nothing is to.
        progress: told how far it is, often.

    Raises:
        HostError: it could not be restored, and nothing was changed.
    """
    folder = folder.absolute()
    store, keys = Store(target), read_keys(key)
    if folder.is_symlink() or (folder.exists() and not _is_empty(folder)):
        raise HostError(
            f"{folder} is there and not empty. A twin is restored into a new folder only."
        )
    snapshot = only or chosen(store, moment)
    opener = Opener(store, keys)
    try:
        contents = opener.contents(snapshot)
    except Damaged as error:
        raise HostError(f"{store.list_path(snapshot.time)} {error}.") from None
    if known is not None and contents.needs is not None:
        _check_fits(contents, contents.needs, known)
    if database is not None and contents.database != "psycopg2":
        raise HostError("This twin has a SQLite database in its folder and needs no other.")
    with (
        failures_in_words(f"Nothing was restored; {folder} is as it was."),
        _aside(folder) as aside,
    ):
        try:
            _Restoring(opener, contents, aside, folder, progress).run(database)
        except Damaged as error:
            raise HostError(f"{store.list_path(snapshot.time)} {error}.") from None
    return RestoreResult(
        folder=str(folder),
        server_name=contents.server_name,
        time=contents.time.isoformat(),
        database=contents.database,
        files=len(contents.files),
        size=sum(each.size for each in contents.files),
    )


def _check_fits(contents: Contents, needs: Tables, known: Tables) -> None:
    if why := misfit(needs, known, "the one that is installed here"):
        raise HostError(
            f"The backup of {contents.time:%Y-%m-%d %H:%M} {why}. Nothing was restored: install what the twin "
            "had then, or something newer (`pip install --upgrade twin-module`), or take an earlier backup (--at)."
        )


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """Yield a folder beside another one that is ours alone, and goes in the end."""
    aside = folder.with_name(f".{folder.name}.restoring")
    aside.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FolderLock(aside / "lock") as lock:
        if not lock.take():
            raise HostError(f"Another process restores to {folder}; wait until it has ended.")
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)


class _Restoring:
    """One twin that is being restored."""

    def __init__(
        self, opener: Opener, contents: Contents, aside: Path, folder: Path, progress: Progress
    ) -> None:
        self._opener = opener
        self._contents = contents
        self._made = aside / "folder"
        self._dump = aside / "dump"
        self._folder = folder
        self._progress = progress
        self._done = 0

    def run(self, database: Mapping[str, str | int] | None) -> None:
        shutil.rmtree(self._made, ignore_errors=True)
        self._dump.unlink(missing_ok=True)
        self._make_folders()
        for file in self._contents.files:
            self._write(self._made / file.path, file)
        # Last, so that nothing is written through one.
        for path, target in self._contents.links.items():
            (self._made / path).symlink_to(target)
        self._set_paths()
        if database is not None:
            self._set_database(database)
        # All is on the disk before it takes its place: one call in place of one for each file.
        os.sync()
        if self._contents.dump is not None:
            self._load(self._contents.dump)
        self._made.rename(self._folder)
        os.sync()

    def _make_folders(self) -> None:
        self._made.mkdir(mode=0o700)
        for path in sorted(self._contents.folders):
            (self._made / path).mkdir(mode=0o700, exist_ok=True)

    def _write(self, path: Path, file: StoredFile) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        try:
            for part in self._opener.parts(self._contents, file):
                write_all(descriptor, part)
                self._done += len(part)
                self._progress(f"restoring: {self._done // MB} MB")
        except OSError as error:
            error.filename = error.filename or str(path)
            raise
        finally:
            os.close(descriptor)

    def _set_paths(self) -> None:
        """Let the configuration name the new folder: with the old one it would use another twin's files."""
        old, new = self._contents.folder, str(self._folder)
        if old == new:
            return
        for name in HAVE_PATHS:
            path = self._made / name
            if path.is_file():
                text = path.read_bytes()
                write_file(path, moved(text, os.fsencode(old), os.fsencode(new)))

    def _set_database(self, database: Mapping[str, str | int]) -> None:
        path = self._made / CONFIG
        config = read_config(path)
        _, arguments = database_of(path, config)
        pool = {key: value for key, value in arguments.items() if key.startswith("cp_")}
        config["database"]["args"] = {**database, **pool}
        write_file(path, yaml.safe_dump(config, sort_keys=False).encode())

    def _load(self, dump: StoredFile) -> None:
        path = self._made / CONFIG
        _, arguments = database_of(path, read_config(path))
        parameters = connection_parameters(arguments)
        postgres.check_empty(parameters)
        self._write(self._dump, dump)
        self._progress("restoring the database")
        postgres.load(parameters, self._dump)


def moved(text: bytes, old: bytes, new: bytes) -> bytes:
    """Return a text with one folder's path in place of another's, wherever that is a whole path or its begin."""
    return re.sub(rb"(?<![\w./-])" + re.escape(old) + rb"(?![\w.-])", lambda _: new, text)


def _is_empty(folder: Path) -> bool:
    try:
        return not any(folder.iterdir())
    except NotADirectoryError:
        return False
    except OSError as error:
        raise HostError(f"{folder} can't be read: {error.strerror}.") from None
