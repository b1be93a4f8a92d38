"""What a Yjs update is made of, read without carrying it out.

An update from elsewhere is read here before anything else touches it, because the library that
carries it out trusts it: nesting that is deep enough ends the process, and many insertions that
all claim the same place keep it busy for hours. Form: Yjs's update format, version 1.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

from twin_module.core.varints import MAX_NUMBER, Reader

MAX_STRUCTS: Final = 400_000
"""How many pieces one update may have."""
MAX_NESTING: Final = 32
"""How deep plain values in an update may be nested."""
MAX_JSON: Final = 100_000
MAX_LENGTH: Final = 2**31
"""The longest piece, and the highest clock: the library counts with 32 bits."""

Id: TypeAlias = tuple[int, int]
"""A client and a clock: who made something, and as which of their pieces."""
Deletes: TypeAlias = Mapping[int, list[tuple[int, int]]]
"""By client the ranges that are deleted, sorted, from a clock up to another one."""

_GC, _DELETED, _JSON, _BINARY, _STRING, _EMBED, _FORMAT, _TYPE, _ANY, _DOC, _SKIP = range(11)
_NAMED_TYPES: Final = (3, 5)
_LAST_TYPE: Final = 6


class Struct(NamedTuple):
    """One piece of an update; of what is only a gap or forgotten, `parent` and `origin` are None."""

    client: int
    clock: int
    length: int
    kind: int
    origin: Id | None
    right: Id | None
    parent: Id | str | None


@dataclass(frozen=True, slots=True)
class Outline:
    """What matters of an update before it is carried out."""

    structs: int
    depth: int
    """How many levels its types are nested; 1 is a root with text."""
    crowd: int
    """How many pieces claim to follow the same one, at the most crowded place."""


def outline(update: bytes, below: int = 1) -> Outline:
    """Read an update to its end.

    Args:
        update: of the first version of the format.
        below: how deep what it builds on may lie, where that does not stand in the update itself.

    Raises:
        ValueError: it is none, or one that nothing honest makes.
    """
    reader = Reader(update)
    crowds: Counter[Id | str | None] = Counter()
    count, nested = 0, False
    for count, struct in enumerate(_structs(reader), 1):
        if count > MAX_STRUCTS:
            raise ValueError("it has too many pieces")
        if struct.kind == _TYPE:
            nested = True
        # What follows its neighbour of the same writer is no crowd, it is typing.
        if struct.origin != (struct.client, struct.clock - 1) and struct.parent != "":
            crowds[struct.origin or struct.parent] += 1
    read_deletes(reader)
    if not reader.ended:
        raise ValueError("something follows its end")
    depth = _depth(list(_structs(Reader(update))), below) if nested else below
    return Outline(count, depth, max(crowds.values(), default=0))


def waits_for_nothing(rest: bytes) -> bool:
    """Tell whether an update holds no pieces, but at most what is deleted."""
    return Reader(rest).number() == 0


def deletes_of(rest: bytes) -> Deletes:
    """Return what an update without pieces deletes."""
    reader = Reader(rest)
    if reader.number():
        raise ValueError("it has pieces")
    return read_deletes(reader)


def read_vector(vector: bytes) -> Mapping[int, int]:
    """Return by client up to which clock somebody has everything."""
    reader = Reader(vector)
    return {reader.number(): reader.number() for _ in range(reader.number())}


def read_deletes(reader: Reader) -> Deletes:
    """Read what is deleted.

    Raises:
        ValueError: it can't be read.
    """
    deletes: dict[int, list[tuple[int, int]]] = {}
    for _ in range(reader.number()):
        client = reader.number()
        ranges = deletes.setdefault(client, [])
        for _ in range(reader.number()):
            clock, length = reader.number(), reader.number()
            if clock + length > MAX_LENGTH:
                raise ValueError("a deletion is too long")
            ranges.append((clock, clock + length))
    return {client: _joined(ranges) for client, ranges in deletes.items() if ranges}


def deletes_within(some: Deletes, all_of_them: Deletes) -> bool:
    """Tell whether everything that is deleted in one is deleted in the other."""
    return all(
        _covered(start, end, all_of_them.get(client, []))
        for client, ranges in some.items()
        for start, end in ranges
    )


def _covered(start: int, end: int, ranges: list[tuple[int, int]]) -> bool:
    place = bisect_right(ranges, (start, MAX_NUMBER)) - 1
    return start == end or (place >= 0 and ranges[place][1] >= end)


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _structs(reader: Reader) -> Iterator[Struct]:
    for _ in range(reader.number()):
        count, client, clock = reader.number(), reader.number(), reader.number()
        for _ in range(count):
            struct = _struct(reader, client, clock)
            if struct.length < 1:
                raise ValueError("a piece is empty")
            clock += struct.length
            if clock > MAX_LENGTH:
                raise ValueError("it counts too high")
            yield struct


def _struct(reader: Reader, client: int, clock: int) -> Struct:
    info = reader.byte()
    kind = info & 0x1F
    if kind in (_GC, _SKIP):
        return Struct(client, clock, reader.number(), kind, None, None, "")
    origin = (reader.number(), reader.number()) if info & 0x80 else None
    right = (reader.number(), reader.number()) if info & 0x40 else None
    parent: Id | str | None = None
    if not info & 0xC0:
        by_name = reader.number()
        parent = f"/{reader.text()}" if by_name else (reader.number(), reader.number())
        if info & 0x20:
            # Places in a map are told apart by their key as well.
            key = reader.text()
            parent = f"{parent}/{key}" if by_name else parent
    return Struct(client, clock, _length(reader, kind), kind, origin, right, parent)


def _length(reader: Reader, kind: int) -> int:
    """Read content, and return how many clocks it takes."""
    if kind == _STRING:
        text = reader.buffer()
        return len(text) if text.isascii() else len(text.decode().encode("utf-16-le")) // 2
    if kind == _DELETED:
        return reader.number()
    if kind in _MANY:
        count = reader.number()
        for _ in range(count):
            _MANY[kind](reader)
        return count
    if kind not in _ONE:
        raise ValueError("it has content that is not known")
    _ONE[kind](reader)
    return 1


def _format(reader: Reader) -> None:
    reader.text()
    _json(reader)


def _type(reader: Reader) -> None:
    named = reader.number()
    if named > _LAST_TYPE:
        raise ValueError("it has a type that is not known")
    if named in _NAMED_TYPES:
        reader.text()


def _doc(reader: Reader) -> None:
    reader.text()
    _any(reader)


def _json(reader: Reader) -> None:
    text = reader.buffer()
    if len(text) > MAX_JSON or text.count(b"[") + text.count(b"{") > MAX_JSON // 100:
        raise ValueError("a value in it is too large")
    depth = deepest = 0
    for byte in text:
        depth += (byte in b"[{") - (byte in b"]}")
        deepest = max(depth, deepest)
    if deepest > MAX_NESTING:
        raise ValueError("a value in it is nested too deep")


def _any(reader: Reader) -> None:
    """Read a plain value, however it is nested."""
    open_ones: list[tuple[int, bool]] = [(1, False)]
    while open_ones:
        left, named = open_ones.pop()
        if not left:
            continue
        open_ones.append((left - 1, named))
        if named:
            reader.text()
        kind = reader.byte()
        if kind in (_ARRAY, _OBJECT):
            open_ones.append((reader.number(), kind == _OBJECT))
            if len(open_ones) > MAX_NESTING:
                raise ValueError("a value in it is nested too deep")
        elif kind in _PLAIN:
            _PLAIN[kind](reader)
        else:
            raise ValueError("a value in it is of no known kind")


def _integer(reader: Reader) -> None:
    while reader.byte() & _MORE:
        pass


def _nothing(reader: Reader) -> None:
    pass


_ARRAY, _OBJECT = 117, 118
_MORE: Final = 0x80
_PLAIN: Final[Mapping[int, Callable[[Reader], object]]] = {
    116: Reader.buffer,
    119: Reader.buffer,
    120: _nothing,  # true
    121: _nothing,  # false
    122: lambda reader: reader.skip(8),  # a large integer
    123: lambda reader: reader.skip(8),  # a float of 64 bits
    124: lambda reader: reader.skip(4),
    125: _integer,
    126: _nothing,  # null
    127: _nothing,  # undefined
}
_MANY: Final[Mapping[int, Callable[[Reader], object]]] = {_JSON: _json, _ANY: _any}
_ONE: Final[Mapping[int, Callable[[Reader], object]]] = {
    _BINARY: Reader.buffer,
    _EMBED: _json,
    _FORMAT: _format,
    _TYPE: _type,
    _DOC: _doc,
}


def _depth(structs: list[Struct], below: int) -> int:
    """Return how deep the types of an update are nested, at most what it builds on included."""
    by_client: dict[int, tuple[list[int], list[Struct]]] = {}
    for struct in structs:
        starts, those = by_client.setdefault(struct.client, ([], []))
        starts.append(struct.clock)
        those.append(struct)
    for starts, those in by_client.values():
        if any(one >= two for one, two in pairwise(starts)):
            those.sort(key=lambda each: each.clock)
            starts.sort()

    def find(where: Id) -> Struct | None:
        starts, those = by_client.get(where[0], ([], []))
        place = bisect_right(starts, where[1]) - 1
        found = those[place] if place >= 0 else None
        return found if found and where[1] < found.clock + found.length else None

    depths: dict[Id, int] = {}
    deepest = below
    for struct in structs:
        path: list[Struct] = []
        each: Struct | None = struct
        level = below
        while each is not None:
            key = (each.client, each.clock)
            if key in depths:
                level = depths[key]
                break
            path.append(each)
            depths[key] = below  # whoever comes back here goes in a circle
            if isinstance(each.parent, str):
                level = 0 if each.parent.startswith("/") else below
                break
            each = find(each.origin or each.right or each.parent or (-1, 0))
        for each in reversed(path):
            level += not (each.origin or each.right) and each.parent is not None
            depths[each.client, each.clock] = level
        deepest = max(deepest, level)
    return deepest
