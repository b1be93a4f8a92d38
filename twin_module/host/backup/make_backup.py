"""`twin backup NAME`: a backup of a twin, which may run meanwhile.

The database comes first and the files after it, so that media that the database names are there.
Until the list of the new backup is written, at the very end, nothing of the earlier ones is touched;
what was written by then is found by the next run.
"""

import os
import stat
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from twin_module.host.backup import postgres
from twin_module.host.backup.durable import failures_in_words
from twin_module.host.backup.index import Index, ReadFile
from twin_module.host.backup.packing import (
    DATABASE_PIECE,
    OBJECT_BYTES,
    Assembly,
    Packer,
    cut_by_content,
    in_pieces,
)
from twin_module.host.backup.reading_tables import needed_by
from twin_module.host.backup.retention import sweep
from twin_module.host.backup.settings import (
    BackupSettings,
    note_backup,
    read_settings,
    state_folder,
)
from twin_module.host.backup.snapshot import Contents, Snapshot, contents_to_bytes
from twin_module.host.backup.store import Store
from twin_module.host.backup.tables import Tables
from twin_module.host.backup.take_database import copied
from twin_module.host.backup.twin_files import Found, TwinFiles, read_twin, walk
from twin_module.host.errors import HostError
from twin_module.host.lock import FolderLock
from twin_module.host.places import Places

Progress = Callable[[str], None]

LOCK: Final = "lock"
INDEX: Final = "index.db"
STAGING: Final = "staging"
MB: Final = 1_000_000
SECOND: Final = timedelta(seconds=1)
SETTLED_NS: Final = 2_000_000_000
"""How long a file has not changed, for its times to tell whether it will have; some filesystems count in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupResult:
    """What a backup was."""

    name: str
    time: str
    """Of the backup, ISO 8601 in UTC."""
    target: str
    files: int
    """How many it has, the database included."""
    size: int
    """Of all these, in bytes."""
    objects_written: int
    written: int
    """In bytes, lists included."""
    backups: int
    """How many lie there now."""
    removed: int
    """How many older ones were removed."""
    seconds: float
    warnings: tuple[str, ...]
    """Sentences on what is not as it should be, though this backup is whole."""


def make_backup(
    data: Path, name: str, now: datetime, progress: Progress = lambda _: None
) -> BackupResult:
    """Make a backup of a twin as `set_up` says.

    Args:
        data: the host's data folder, absolute.
        name: the twin's.
        now: the time that the backup has.
        progress: told how far it is, often.

    Raises:
        HostError: it could not be made; the earlier ones are whole.
    """
    state = state_folder(data, name)
    twin = read_twin(Places(data).folder(name))
    told = read_settings(data, name)
    with failures_in_words("The earlier backups are whole; run it again, it goes on."):
        lock = FolderLock(state / LOCK)
        if not lock.take():
            raise HostError(f"A backup of {name} is being made; wait until it has ended.")
        with lock:
            store = _store(told.settings, told.store, twin)
            result = write_backup(name, twin, told.settings, store, state, now, progress)
            note_backup(data, name, datetime.fromisoformat(result.time))
            return result


def write_backup(
    name: str,
    twin: TwinFiles,
    settings: BackupSettings,
    store: Store,
    state: Path,
    now: datetime,
    progress: Progress,
) -> BackupResult:
    """Write a backup into a store.

    Args:
        name: the twin's.
        twin: its files.
        settings: for whom it is sealed, what of it, and which earlier ones are kept.
        store: of this twin and this key.
        state: a folder for what is remembered of the store; nobody else uses it meanwhile.
        now: the time that the backup has.
        progress: told how far it is, often.

    Raises:
        HostError: it could not be made; the earlier ones are whole.
        OSError, sqlite3.Error: the same, in words of the system.
    """
    began = time.monotonic()
    with store.lock(), closing(Index.open(state / INDEX, store.identity)) as index:
        run = _Run(twin, settings, store, index, state / STAGING, progress)
        return run.make(name, now, began)


def _store(settings: BackupSettings, identity: str, twin: TwinFiles) -> Store:
    store = Store(settings.target)
    if store.identity != identity or not store.is_of(settings.public, twin.server_name):
        raise HostError(
            f"{settings.target} has other backups than were set up there. Mount the right disk, or set the backups up anew."
        )
    return store


class _Run:
    """One backup that is being made."""

    def __init__(
        self,
        twin: TwinFiles,
        settings: BackupSettings,
        store: Store,
        index: Index,
        staging: Path,
        progress: Progress,
    ) -> None:
        self._twin = twin
        self._settings = settings
        self._store = store
        self._index = index
        self._staging = staging
        self._progress = progress
        self._packer = Packer(store, index, settings.public)
        self._files: dict[str, ReadFile] = {}
        self._links: dict[str, str] = {}
        self._folders: list[str] = []
        self._bytes_read = 0
        self._needs: Tables | None = None

    def make(self, name: str, now: datetime, began: float) -> BackupResult:
        self._store.clear_unfinished()
        self._index.forget_missing(self._store.objects())
        dumped = self._take_database()
        self._packer.flush()
        self._take_files()
        self._packer.flush()
        self._progress("writing the list")
        snapshot, size = self._write_list(dumped, now)
        removed, warnings = sweep(self._store, self._settings.keep, snapshot.time)
        self._index.let_go_of_stale_objects()
        return BackupResult(
            name=name,
            time=snapshot.time.isoformat(),
            target=str(self._store.folder),
            files=len(self._files) + (dumped is not None),
            size=sum(f.size for f in self._files.values()) + (dumped.size if dumped else 0),
            objects_written=self._packer.written.objects,
            written=self._packer.written.size + size,
            backups=len(self._store.times()),
            removed=removed,
            seconds=round(time.monotonic() - began, 3),
            warnings=warnings,
        )

    # The database

    def _take_database(self) -> ReadFile | None:
        """Take a copy of the database; returns it when it is no file of the folder."""
        twin = self._twin
        if twin.sqlite is None:
            dumped = self._packer.add(
                cut_by_content(postgres.dump(twin.postgres, twin.folder)),
                lambda size: self._progress(f"database: {size // MB} MB"),
            )
            # Afterwards: these numbers only grow.
            self._needs = needed_by(twin)
            return dumped
        path = twin.sqlite.relative_to(twin.folder).as_posix()
        with copied(twin.sqlite, twin.folder, self._staging, self._progress) as (file, needs):
            self._needs = needs
            self._files[path] = self._packer.add(
                in_pieces(file.read, DATABASE_PIECE),
                lambda size: self._progress(f"database: {size // MB} MB"),
            )
        return None

    # Files

    def _take_files(self) -> None:
        left_out = self._twin.left_out(remote_media=self._settings.remote_media)
        for found in walk(self._twin.folder, left_out):
            try:
                if found.kind == stat.S_IFDIR:
                    self._folders.append(found.path)
                elif found.kind == stat.S_IFLNK:
                    self._links[found.path] = found.target()
                else:
                    self._take_file(found)
            except FileNotFoundError:
                continue  # removed since its folder was listed, as Synapse does with media
        self._index.forget_files_except({os.fsencode(path) for path in self._files})

    def _take_file(self, found: Found) -> None:
        descriptor = found.open()
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return
            key, mark = os.fsencode(found.path), _mark(status)
            # Media never change under their name; all else is little, and read each time.
            is_media = found.path.startswith(f"{self._twin.media}/")
            read = self._index.read_file(key, mark) if is_media else None
            if read is None:
                read = self._packer.add(in_pieces(file.read, OBJECT_BYTES), lambda _: None)
                if is_media and _is_settled(status) and _mark(os.fstat(descriptor)) == mark:
                    self._index.note_file(key, mark, read)
        self._files[found.path] = read
        self._bytes_read += read.size
        self._progress(f"files: {len(self._files)}, {self._bytes_read // MB} MB")

    # The list

    def _write_list(self, dumped: ReadFile | None, now: datetime) -> tuple[Snapshot, int]:
        assembly = Assembly(self._index)
        files = tuple(assembly.stored(path, each) for path, each in sorted(self._files.items()))
        dump = None if dumped is None else assembly.stored("database", dumped)
        moment = self._free_time(now)
        contents = Contents(
            server_name=self._twin.server_name,
            folder=str(self._twin.folder),
            time=moment,
            database="psycopg2" if self._twin.sqlite is None else "sqlite3",
            objects=tuple(assembly.sizes),
            files=files,
            links=self._links,
            folders=tuple(self._folders),
            dump=dump,
            needs=self._needs,
        )
        name, size = self._packer.put(contents_to_bytes(contents))
        snapshot = Snapshot(moment, name, {**assembly.sizes, name: size})
        return snapshot, self._store.add(snapshot)

    def _free_time(self, now: datetime) -> datetime:
        """Return the time of this backup: after all others of the same second."""
        moment = now.astimezone(UTC)
        same = [time for time in self._store.times() if moment <= time < moment + SECOND]
        return max(same) + timedelta(microseconds=1) if same else moment


def _mark(status: os.stat_result) -> str:
    """Return what is another one when a file was written to."""
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}-{status.st_ino}"


def _is_settled(status: os.stat_result) -> bool:
    return time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > SETTLED_NS
