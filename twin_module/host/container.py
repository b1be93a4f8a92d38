"""The archive of an export: a zip file of the plainest kind, written and read in bounded memory.

Every zip program reads it. What is written and taken is a small part of the format (PKWARE's
APPNOTE): nothing is compressed, files stand without gaps in the order of the directory behind them,
there are no comments, no encryption, no links. So an archive is never larger than it says, and
programs that read from the front see the same files as those that read the directory. Positions
beyond 4 GiB and more than 65,535 files are as in zip64.
"""

import os
import re
import shutil
import stat
import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from twin_module.core.export import MAX_FILE_BYTES

CHUNK: Final = 256 * 1024
MAX_NAME: Final = 200
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")
_LOCAL: Final = struct.Struct("<IHHHHHIIIHH")
_CENTRAL: Final = struct.Struct("<IHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<IHHHHIIH")
_END64: Final = struct.Struct("<IQHHIIQQQQ")
_LOCATOR: Final = struct.Struct("<IIQI")
_OFFSET64: Final = struct.Struct("<HHQ")
_LOCAL_SIGN, _CENTRAL_SIGN, _END_SIGN = 0x04034B50, 0x02014B50, 0x06054B50
_END64_SIGN, _LOCATOR_SIGN = 0x06064B50, 0x07064B50
_PLAIN, _ZIP64 = 20, 45
_UNIX: Final = 3 << 8
_MODE: Final = (stat.S_IFREG | 0o600) << 16
_DATE: Final = 0x21
"""1 January 1980: the same files make the same archive."""
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF


class Damaged(Exception):
    """The file is no archive of the kind that is written here; the message says why."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive."""

    name: str
    start: int
    """Where its bytes begin in the archive."""
    size: int
    crc: int


def is_safe(name: str) -> bool:
    """Tell whether a name can be unpacked anywhere: plain letters, and no way out of the folder."""
    parts = name.split("/")
    return (
        len(name) <= MAX_NAME
        and _NAME.fullmatch(name) is not None
        and not any(part.startswith(".") for part in parts)
    )


class Writer:
    """Writes an archive from its first file to its last."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(descriptor, "w+b")
        # The directory stands behind all files, and may be too large for memory.
        self._directory = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115 - closed with the writer
        self._count = 0

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        """Close what is open."""
        self._directory.close()
        self._file.close()

    def add(self, name: str, source: BinaryIO) -> int:
        """Add a file and return its size.

        Raises:
            ValueError: its name is not safe, or it is too large.
        """
        if not is_safe(name):
            raise ValueError(f"{name!r} is no name for a file in an archive")
        header, encoded = self._file.tell(), name.encode()
        self._file.write(_local(encoded, 0, 0))
        size = crc = 0
        while data := source.read(CHUNK):
            self._file.write(data)
            size += len(data)
            crc = zlib.crc32(data, crc)
            if size > MAX_FILE_BYTES:
                raise ValueError(f"{name} has more than {MAX_FILE_BYTES} bytes")
        end = self._file.tell()
        self._file.seek(header)
        self._file.write(_local(encoded, size, crc))
        self._file.seek(end)
        self._directory.write(central(encoded, size, crc, header))
        self._count += 1
        return size

    def finish(self) -> None:
        """Write the directory and what stands at the end, down to the disk."""
        start, size = self._file.tell(), self._directory.tell()
        self._directory.seek(0)
        shutil.copyfileobj(self._directory, self._file, CHUNK)
        self._file.write(ending(self._count, start, size))
        self._file.flush()
        os.fsync(self._file.fileno())


def _local(name: bytes, size: int, crc: int) -> bytes:
    head = _LOCAL.pack(_LOCAL_SIGN, _PLAIN, 0, 0, 0, _DATE, crc, size, size, len(name), 0)
    return head + name


def central(name: bytes, size: int, crc: int, offset: int) -> bytes:
    """Return the entry of a file in the directory."""
    large = offset >= _FULL32
    extra = _OFFSET64.pack(1, 8, offset) if large else b""
    needed = _ZIP64 if large else _PLAIN
    head = _CENTRAL.pack(
        *(_CENTRAL_SIGN, _UNIX | needed, needed, 0, 0, 0, _DATE, crc, size, size),
        *(len(name), len(extra), 0, 0, 0, _MODE, min(offset, _FULL32)),
    )
    return head + name + extra


def ending(count: int, start: int, size: int) -> bytes:
    """Return what stands behind the directory, which begins at `start` and has `size` bytes."""
    end = _END.pack(
        *(_END_SIGN, 0, 0, min(count, _FULL16), min(count, _FULL16)),
        *(min(size, _FULL32), min(start, _FULL32), 0),
    )
    if count < _FULL16 and start < _FULL32 and size < _FULL32:
        return end
    rest = _END64.size - 12
    end64 = _END64.pack(_END64_SIGN, rest, _UNIX | _ZIP64, _ZIP64, 0, 0, count, count, size, start)
    return end64 + _LOCATOR.pack(_LOCATOR_SIGN, 0, start + size, 1) + end


class Reader:
    """Reads an archive that a stranger may have made."""

    def __init__(self, path: Path) -> None:
        """Open an archive.

        Raises:
            Damaged: it does not end as it has to.
        """
        self._path = path
        self._file = path.open("rb")
        try:
            self.count, self._start, self._size = self._ending()
        except Damaged:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        """Return the reader."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    def _at(self, start: int, size: int) -> bytes:
        self._file.seek(max(start, 0))
        return _exactly(self._file, size)

    def _ending(self) -> tuple[int, int, int]:
        """Return how many files there are, and where the directory is with its size."""
        whole = os.fstat(self._file.fileno()).st_size
        end = self._at(whole - _END.size, _END.size)
        _, _, _, _, count, size, start, _ = _END.unpack(end)
        if count == _FULL16 or _FULL32 in (size, start):
            tail = _END.size + _LOCATOR.size + _END64.size
            *_, count, size, start = _END64.unpack(self._at(whole - tail, _END64.size))
        # Written again, it has to be the same bytes: there is one way to end an archive.
        if not (0 <= start <= whole and 0 <= size <= whole and 0 <= count <= whole):
            raise Damaged("it does not end as an archive of an export does")
        expected = ending(count, start, size)
        if (
            start + size + len(expected) != whole
            or self._at(start + size, len(expected)) != expected
        ):
            raise Damaged("it does not end as an archive of an export does")
        return count, start, size

    def members(self) -> Iterator[Member]:
        """Yield the files in order, each checked against what stands before its bytes.

        Raises:
            Damaged: something is there that is not written here.
        """
        position = 0
        with self._path.open("rb") as directory:
            directory.seek(self._start)
            for _ in range(self.count):
                head = _exactly(directory, _CENTRAL.size)
                fields = _CENTRAL.unpack(head)
                crc, size, name_size, extra_size = fields[7], fields[9], fields[10], fields[11]
                if name_size > MAX_NAME or extra_size not in (0, _OFFSET64.size):
                    raise Damaged("a name in it is too long")
                name = _exactly(directory, name_size)
                entry = head + name + _exactly(directory, extra_size)
                local = _local(name, size, crc)
                if not is_safe(name.decode("latin-1")):
                    raise Damaged("a name in it is not safe to unpack")
                # There is one way to write each entry; so links, compression, gaps, files that
                # overlap, and entries that differ from what stands before the file all end here.
                if (
                    size > MAX_FILE_BYTES
                    or entry != central(name, size, crc, position)
                    or self._at(position, len(local)) != local
                ):
                    raise Damaged(f"the entry of {name.decode()} is not as an export writes it")
                yield Member(name.decode(), position + len(local), size, crc)
                position += len(local) + size
            if position != self._start or directory.tell() != self._start + self._size:
                raise Damaged("there is something in it that is in none of its files")

    def chunks(self, member: Member) -> Iterator[bytes]:
        """Yield the bytes of a file, never more than it has."""
        done = 0
        while done < member.size:
            data = self._at(member.start + done, min(CHUNK, member.size - done))
            done += len(data)
            yield data

    def lines(self, member: Member, most: int) -> Iterator[bytes]:
        """Yield the lines of a file.

        Raises:
            Damaged: one is longer than `most` bytes, or the last one does not end.
        """
        rest = bytearray()
        for data in self.chunks(member):
            first, *others = data.split(b"\n")
            rest += first
            for each in others:
                yield bytes(rest)
                rest = bytearray(each)
            if len(rest) > most:
                raise Damaged(f"a line of {member.name} has more than {most} bytes")
        if rest:
            raise Damaged(f"the last line of {member.name} does not end")


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise Damaged("it ends too early")
    return data


def whole(chunks: Iterable[bytes]) -> bytes:
    """Return a small file."""
    return b"".join(chunks)
