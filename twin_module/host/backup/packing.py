"""From bytes to pieces, and from pieces to sealed objects of the store."""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from twin_module.host.backup.index import Index, Place, ReadFile
from twin_module.host.backup.owner_key import seal
from twin_module.host.backup.snapshot import Piece, StoredFile
from twin_module.host.backup.store import Store

OBJECT_BYTES: Final = 1024 * 1024
"""How much an object holds at most, before it is compressed."""
DATABASE_PIECE: Final = 16 * 1024
"""A few pages of SQLite, which never move in the file: what changes somewhere costs as much."""
LEAST_DUMP_PIECE: Final = 8 * 1024
DUMP_CUTS: Final = 64
"""A dump is cut after about every 64th line, at lines chosen by what stands in them."""


@dataclass(slots=True)
class Written:
    """How much was written to the store."""

    objects: int = 0
    size: int = 0
    """In bytes."""


class Packer:
    """Puts pieces that are not in the store yet into objects."""

    def __init__(self, store: Store, index: Index, public: str) -> None:
        self._store = store
        self._index = index
        self._public = public
        self._open = bytearray()
        self._pieces: dict[bytes, tuple[int, int]] = {}
        self.written = Written()

    def add(self, pieces: Iterable[bytes], progress: Callable[[int], None]) -> ReadFile:
        """Add the pieces of a file in their order.

        Args:
            pieces: none longer than an object.
            progress: told how many bytes of the file are done, after each piece.
        """
        digest, size, macs = hashlib.sha256(), 0, []
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            macs.append(self._add(piece))
            progress(size)
        return ReadFile(size, digest.hexdigest(), tuple(macs))

    def _add(self, piece: bytes) -> bytes:
        mac = self._index.mac(piece)
        if mac not in self._pieces and not self._index.uses(mac):
            if len(self._open) + len(piece) > OBJECT_BYTES:
                self.flush()
            self._pieces[mac] = (len(self._open), len(piece))
            self._open += piece
        return mac

    def flush(self) -> None:
        """Write the object that is being filled."""
        if self._pieces:
            name, size = self.put(bytes(self._open))
            self._index.add(name, size, self._pieces)
        self._open, self._pieces = bytearray(), {}

    def put(self, data: bytes) -> tuple[str, int]:
        """Seal and write an object, and return its name and size in bytes."""
        sealed = seal(data, self._public)
        name = self._store.put(sealed)
        self.written.objects += 1
        self.written.size += len(sealed)
        return name, len(sealed)


class Assembly:
    """Where the pieces of a backup lie, when all are written; objects have numbers in their first use's order."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._numbers: dict[str, int] = {}
        self.sizes: dict[str, int] = {}
        """The objects in the order of their numbers, with the sizes of their files."""

    def stored(self, path: str, file: ReadFile) -> StoredFile:
        """Return how a file is put together."""
        pieces: list[Piece] = []
        for mac in file.pieces:
            place = self._index.place(mac)
            number = self._number(place)
            if pieces and _follows(pieces[-1], number, place):
                pieces[-1] = Piece(number, pieces[-1].offset, pieces[-1].length + place.length)
            else:
                pieces.append(Piece(number, place.offset, place.length))
        return StoredFile(path, file.size, file.sha256, tuple(pieces))

    def _number(self, place: Place) -> int:
        self.sizes[place.object] = place.size
        return self._numbers.setdefault(place.object, len(self._numbers))


def _follows(last: Piece, number: int, place: Place) -> bool:
    return last.object == number and last.offset + last.length == place.offset


def in_pieces(read: Callable[[int], bytes], length: int) -> Iterator[bytes]:
    """Yield what is read in pieces of one length, the last one shorter."""
    while piece := read(length):
        yield piece


def cut_by_content(stream: Iterable[bytes]) -> Iterator[bytes]:
    """Cut a stream of lines where the lines say so, not where they stand.

    What is put in between changes the pieces around it only: after it, cuts are where they were.
    """
    piece = bytearray()
    for line in _lines(stream):
        if len(piece) + len(line) > OBJECT_BYTES:
            yield bytes(piece)
            piece.clear()
        piece += line
        if len(piece) >= LEAST_DUMP_PIECE and zlib.crc32(line) % DUMP_CUTS == 0:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


def _lines(stream: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines with their ends; those that are far too long in parts."""
    rest = b""
    for data in stream:
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield from _parts(line + b"\n")
        if len(rest) > OBJECT_BYTES:
            yield from _parts(rest)
            rest = b""
    if rest:
        yield from _parts(rest)


def _parts(line: bytes) -> Iterator[bytes]:
    for start in range(0, len(line), OBJECT_BYTES):
        yield line[start : start + OBJECT_BYTES]
