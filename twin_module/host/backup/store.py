"""The folder that backups of one twin lie in: sealed objects, and a list of them for each backup.

An object's name is the SHA-256 of its file. The same content sealed twice makes two files that have
nothing in common, so a name says nothing about what is in it. Nothing is ever changed: objects are written
first, then the list that names them; what no list names is swept away.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from twin_module.host.backup.durable import UNFINISHED, sync_folder, write_file
from twin_module.host.backup.owner_key import token
from twin_module.host.backup.snapshot import (
    FORMAT,
    Damaged,
    Snapshot,
    snapshot_from_bytes,
    snapshot_to_bytes,
    stamp,
    time_of,
)
from twin_module.host.errors import HostError
from twin_module.host.lock import FolderLock

ABOUT: Final = "backup.json"
OBJECTS: Final = "objects"
SNAPSHOTS: Final = "snapshots"
LOCK: Final = "lock"
ENDING: Final = ".age"
LIST_ENDING: Final = ".json"


class Store:
    """An existing store."""

    def __init__(self, folder: Path) -> None:
        """Open it.

        Raises:
            HostError: no backups lie there.
        """
        self.folder = folder
        self._objects = folder / OBJECTS
        self._snapshots = folder / SNAPSHOTS
        self._folders_made: set[str] = set()
        try:
            about = json.loads((folder / ABOUT).read_bytes())
            self.identity = str(about["id"])
            self._token = str(about["token"])
            known = about["format"]
        except (FileNotFoundError, NotADirectoryError):
            raise HostError(
                f"No backups of a twin lie in {folder}; if it is on another disk, mount that."
            ) from None
        except OSError as error:
            raise HostError(f"{folder / ABOUT} can't be read: {error.strerror}.") from None
        except (ValueError, KeyError, TypeError):
            raise HostError(
                f"{folder / ABOUT} is damaged; put it back from another copy of {folder}."
            ) from None
        if known != FORMAT:
            raise HostError(f"{folder} has backups of the format {known!r}, which is not known.")

    @classmethod
    def ensure(cls, folder: Path, public: str, server_name: str) -> Self:
        """Open the store of this twin and this key, made in a new or empty folder.

        Raises:
            HostError: something else lies there, or backups of another twin or for another key.
            OSError: it can't be made.
        """
        if not (folder / ABOUT).exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # What a killed start has left.
            ours = {OBJECTS, SNAPSHOTS, f".{ABOUT}{UNFINISHED}", "lost+found"}
            others = {each.name for each in folder.iterdir()} - ours
            if others:
                raise HostError(f"{folder} is not empty: {min(others)} lies there. Choose another.")
            for name in (OBJECTS, SNAPSHOTS):
                (folder / name).mkdir(mode=0o700, exist_ok=True)
            about = {"format": FORMAT, "id": secrets.token_hex(16)}
            about["token"] = token(public, server_name)
            write_file(folder / ABOUT, json.dumps(about, indent=2).encode() + b"\n")
        store = cls(folder)
        if not store.is_of(public, server_name):
            raise HostError(
                f"{folder} has backups of another twin, or for another key. Choose another folder."
            )
        return store

    def is_of(self, public: str, server_name: str) -> bool:
        """Tell whether the backups are of this twin, for this key."""
        return secrets.compare_digest(self._token, token(public, server_name))

    def lock(self) -> FolderLock:
        """Take the store for one who writes.

        Raises:
            HostError: another process writes.
        """
        lock = FolderLock(self.folder / LOCK)
        if not lock.take():
            raise HostError(f"Another process writes to {self.folder}; wait until it has ended.")
        return lock

    # Objects

    def objects(self) -> dict[str, int]:
        """Return all objects that lie there, with their sizes in bytes."""
        found = {}
        for folder in self._objects.glob("??"):
            with os.scandir(folder) as entries:
                for entry in entries:
                    name = entry.name.removesuffix(ENDING)
                    if name != entry.name and not entry.name.startswith("."):
                        found[name] = entry.stat(follow_symlinks=False).st_size
        return found

    def put(self, sealed: bytes) -> str:
        """Write an object, read it back from the disk, and return its name.

        Raises:
            OSError: it can't be written.
            HostError: the disk gives back something else.
        """
        name = hashlib.sha256(sealed).hexdigest()
        path = self.path(name)
        if path.parent.name not in self._folders_made:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            sync_folder(self._objects)
            self._folders_made.add(path.parent.name)
        write_file(path, sealed)
        if hashlib.sha256(_from_disk(path)).hexdigest() != name:
            path.unlink()
            raise HostError(
                f"{path} reads otherwise than it was written: check the disk. Earlier backups were not touched."
            )
        return name

    def get(self, name: str) -> bytes:
        """Return the bytes of an object, which are those that were written.

        Raises:
            Damaged: they are not, or it is not there.
        """
        try:
            data = self.path(name).read_bytes()
        except FileNotFoundError:
            raise Damaged(f"needs {self.path(name)}, which is missing") from None
        except OSError as error:
            raise Damaged(f"needs {self.path(name)}: {error.strerror}") from None
        if hashlib.sha256(data).hexdigest() != name:
            raise Damaged(f"needs {self.path(name)}, which was changed since it was written")
        return data

    def damaged(self, names: Collection[str], progress: Callable[[int], None]) -> dict[str, str]:
        """Return what is wrong with objects, by name; `progress` is told how many were read."""
        found = {}
        for number, name in enumerate(names):
            progress(number)
            try:
                self.get(name)
            except Damaged as error:
                found[name] = str(error)
        return found

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects; those that are gone are no error."""
        for name in names:
            self.path(name).unlink(missing_ok=True)

    def path(self, name: str) -> Path:
        """Return the file of an object."""
        return self._objects / name[:2] / f"{name}{ENDING}"

    # Snapshots

    def times(self) -> list[datetime]:
        """Return the times of all backups whose list lies there, whole or not, in their order.

        Raises:
            HostError: they can't be read.
        """
        try:
            return sorted(time for time in map(_time, self._snapshots.iterdir()) if time)
        except OSError as error:
            raise HostError(f"{self._snapshots} can't be read: {error.strerror}.") from None

    def snapshot(self, time: datetime) -> Snapshot:
        """Return one backup.

        Raises:
            Damaged: its list can't be trusted.
        """
        try:
            snapshot = snapshot_from_bytes(self.list_path(time).read_bytes())
        except OSError as error:
            raise Damaged(f"can't be read: {error.strerror}") from None
        if snapshot.time != time:
            raise Damaged("is named for another time than it was made at")
        return snapshot

    def add(self, snapshot: Snapshot) -> int:
        """Write the list of a backup, check that it is complete, and return its size in bytes.

        Raises:
            HostError: an object that it names is not there, so the backup is none.
        """
        path = self.list_path(snapshot.time)
        data = snapshot_to_bytes(snapshot)
        write_file(path, data)
        there = self.objects()
        missing = [name for name, size in snapshot.objects.items() if there.get(name) != size]
        if missing or _from_disk(path) != data:
            path.unlink()
            raise HostError(
                f"{self.folder} lost what was written a moment ago: check the disk, and whether another program removes files there."
            )
        return len(data)

    def drop(self, time: datetime) -> None:
        """Remove the list of a backup; `remove` its objects afterwards."""
        self.list_path(time).unlink(missing_ok=True)
        sync_folder(self._snapshots)

    def list_path(self, time: datetime) -> Path:
        """Return the file of a backup's list."""
        return self._snapshots / f"{stamp(time)}{LIST_ENDING}"

    def clear_unfinished(self) -> None:
        """Remove what a killed process was writing; only for who holds the lock."""
        for path in _unfinished(self.folder):
            path.unlink(missing_ok=True)


def _unfinished(folder: Path) -> Iterator[Path]:
    yield from folder.glob(f".*{UNFINISHED}")
    yield from folder.glob(f"{SNAPSHOTS}/.*{UNFINISHED}")
    yield from folder.glob(f"{OBJECTS}/*/.*{UNFINISHED}")


def _time(path: Path) -> datetime | None:
    try:
        return time_of(path.name.removesuffix(LIST_ENDING))
    except ValueError:
        return None


def _from_disk(path: Path) -> bytes:
    with path.open("rb") as file:
        # What memory still holds of it would tell nothing about the disk.
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return file.read()
