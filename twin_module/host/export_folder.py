"""The folder beside an archive in which it grows, so that a cut export goes on where it was.

Lines are added to files, and a journal says how long each was when everything before was whole.
Whoever goes on cuts the files to that. So the archive is the same, however often it was cut.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

from twin_module.core import export
from twin_module.host.certificates import write_atomically
from twin_module.host.container import CHUNK
from twin_module.host.errors import HostError
from twin_module.host.lock import FolderLock

VERSION: Final = 1
PART_BYTES: Final = 64 * 1024 * 1024
"""When a part of the objects has so much, the next one begins."""
_JOURNAL: Final = "journal.json"
ARCHIVE: Final = "archive.zip"


class ExportFolder:
    """What is there of an export so far."""

    def __init__(self, path: Path) -> None:
        """Take the folder, make it where it is not there, and go back to the last whole state.

        Raises:
            HostError: it can't be used, or another process is using it.
        """
        self.path = path
        self._files: dict[str, BinaryIO] = {}
        self._lock = FolderLock(path / "lock")
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            for name in ("documents", "media"):
                (path / name).mkdir(mode=0o700, exist_ok=True)
            if not self._lock.take():
                raise HostError(f"Another export is being made in {path}.")
            self.journal = self._read()
            self._go_back()
        except OSError as error:
            raise HostError(f"{path} can't be used: {error.strerror}.") from None

    def _read(self) -> dict[str, Any]:
        try:
            journal = json.loads((self.path / _JOURNAL).read_text())
        except FileNotFoundError:
            return {"version": VERSION, "stage": None, "lengths": {}, "part": 1}
        except ValueError:
            journal = None
        if not isinstance(journal, dict) or journal.get("version") != VERSION:
            raise HostError(f"{self.path} is of another program; remove it to begin anew.")
        return journal

    def _go_back(self) -> None:
        lengths: Mapping[str, int] = self.journal["lengths"]
        for path in self.path.glob("*.jsonl"):
            length = lengths.get(path.name, 0)
            if path.stat().st_size < length:
                raise HostError(f"{path} is damaged; remove {self.path} to begin anew.")
            os.truncate(path, length)
        for name in lengths:
            if not (self.path / name).exists():
                raise HostError(f"{self.path / name} is missing; remove {self.path} to begin anew.")

    def close(self) -> None:
        """Give everything back."""
        for file in self._files.values():
            file.close()
        self._files.clear()
        self._lock.release()

    # Growing

    def add(self, name: str, line: Mapping[str, Any]) -> None:
        """Add a line to a file; it counts from the next `commit` on."""
        form: Any = {"separators": (",", ":"), "sort_keys": True}
        try:
            data = json.dumps(line, ensure_ascii=False, **form).encode()
        except UnicodeEncodeError:  # half a surrogate pair, which only an escape of JSON can say
            data = json.dumps(line, **form).encode()
        self._open(name).write(data + b"\n")

    def add_object(self, line: Mapping[str, Any]) -> None:
        """Add an object to the newest part, or to the next one where that is full."""
        file = self._open(export.part_name(self.journal["part"]))
        if file.tell() > PART_BYTES:
            self.journal["part"] += 1
        self.add(export.part_name(self.journal["part"]), line)

    def _open(self, name: str) -> BinaryIO:
        if name not in self._files:
            self._files[name] = self._own(self.path / name, "ab")
        return self._files[name]

    def _own(self, path: Path, mode: Literal["ab", "wb"]) -> BinaryIO:
        """Open a file that nobody else may read."""
        file: BinaryIO = open(path, mode, opener=lambda name, flags: os.open(name, flags, 0o600))  # noqa: SIM115 - Path.open takes no opener
        return file

    def flush(self) -> None:
        """Let what was added be read; it does not count yet."""
        for file in self._files.values():
            file.flush()

    def commit(self, **changes: Any) -> None:
        """Note that everything so far is whole, with changes to the journal."""
        for name, file in self._files.items():
            file.flush()
            os.fsync(file.fileno())
            self.journal["lengths"][name] = file.tell()
        self.journal.update(changes)
        write_atomically(self.path / _JOURNAL, json.dumps(self.journal).encode(), 0o600)

    def touch(self, name: str) -> None:
        """Have a file that may stay empty."""
        self._open(name)

    def copy(self, source: str, name: str) -> None:
        """Write a file that has the content of another one."""
        with (self.path / source).open("rb") as file, self._own(self.path / name, "wb") as target:
            shutil.copyfileobj(file, target, CHUNK)

    def write(self, name: str, data: bytes) -> None:
        """Write a small file whole."""
        write_atomically(self.path / name, data, 0o600)

    def write_chunks(self, chunks: Iterable[bytes], most: int) -> tuple[Path, str, int]:
        """Write a file that has no name yet; return its path, its SHA-256 and its size.

        Raises:
            ValueError: it is larger than `most` bytes.
        """
        path, digest, size = self.path / "media" / ".new", hashlib.sha256(), 0
        with self._own(path, "wb") as file:
            for data in chunks:
                size += len(data)
                if size > most:
                    raise ValueError(f"it has more than {most} bytes")
                digest.update(data)
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return path, digest.hexdigest(), size

    # Reading again

    def lines(self, name: str) -> Iterator[Any]:
        """Yield what stands in a file that is whole."""
        path = self.path / name
        if path.exists():
            with path.open("rb") as file:
                for line in file:
                    yield json.loads(line)

    def entry(self, name: str) -> dict[str, Any]:
        """Return the hash and the size of a file."""
        digest, size = hashlib.sha256(), 0
        with (self.path / name).open("rb") as file:
            while data := file.read(CHUNK):
                digest.update(data)
                size += len(data)
        return {"sha256": digest.hexdigest(), "size": size}

    def remove(self) -> None:
        """Delete the folder, because the archive is there."""
        self.close()
        shutil.rmtree(self.path)
