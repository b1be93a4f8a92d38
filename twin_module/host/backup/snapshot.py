"""The shapes of a backup: what anybody sees of it, and what only the owner's key shows.

A *snapshot* is one backup: a file in clear that names the sealed objects that it needs, so that a
host can count and sweep them without a key. One of these is the *contents*: which files the twin
had, and of which pieces of which objects each is put together.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, Final, Literal, TypeAlias

from twin_module.host.backup.tables import Tables

FORMAT: Final = "org.digitaltwin.backup.v1"
STAMP: Final = "%Y%m%dT%H%M%S.%fZ"
DIGEST: Final = frozenset("0123456789abcdef")
DIGEST_LETTERS: Final = 64

Database: TypeAlias = Literal["sqlite3", "psycopg2"]
"""By the names that Synapse has for them."""


class Damaged(Exception):
    """Why something is not what was written, as the end of a sentence without its full stop."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What anybody sees of one backup."""

    time: datetime
    contents: str
    """The object that holds the contents."""
    objects: Mapping[str, int]
    """All objects that it needs, the contents included: SHA-256 of the file, and its size in bytes."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an object, opened."""

    object: int
    """Which one, in the list of the contents."""
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file, or a dump of a database."""

    path: str
    """Relative to the twin's folder, with `/`."""
    size: int
    sha256: str
    """Of its bytes."""
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """What only the owner's key shows of one backup."""

    server_name: str
    folder: str
    """Where the twin's folder was: its homeserver.yaml has this in paths."""
    time: datetime
    database: Database
    objects: tuple[str, ...]
    """Those that pieces lie in."""
    files: tuple[StoredFile, ...]
    links: Mapping[str, str]
    """Symbolic links: path and target."""
    folders: tuple[str, ...]
    """All folders below the twin's."""
    dump: StoredFile | None
    """What pg_dump wrote; of SQLite the database is a file among the others."""
    needs: Tables | None
    """The tables that programs have to know to work with the database; None where it was not noted."""


def stamp(time: datetime) -> str:
    """Return a time as names of files have it; they sort as times do."""
    return time.astimezone(UTC).strftime(STAMP)


def time_of(text: str) -> datetime:
    """Return the time that a stamp says.

    Raises:
        ValueError: it is none.
    """
    return datetime.strptime(text, STAMP).replace(tzinfo=UTC)


def snapshot_to_bytes(snapshot: Snapshot) -> bytes:
    """Return the file of a snapshot."""
    said = {
        "format": FORMAT,
        "time": stamp(snapshot.time),
        "contents": snapshot.contents,
        "objects": dict(sorted(snapshot.objects.items())),
    }
    return json.dumps({**said, "sha256": _digest(said)}, indent=0).encode() + b"\n"


def snapshot_from_bytes(data: bytes) -> Snapshot:
    """Return a snapshot.

    Raises:
        Damaged: it is cut off or was changed; no key is needed to see that.
    """
    try:
        said = json.loads(data)
        if said.pop("sha256") != _digest(said):
            raise Damaged("was changed since it was written")
        _expect_format(said)
        objects = {_name(name): _size(size) for name, size in said["objects"].items()}
        if said["contents"] not in objects:
            raise Damaged("does not name its contents")
        return Snapshot(time_of(said["time"]), said["contents"], objects)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Damaged("is cut off, or no list of a backup") from None


def contents_to_bytes(contents: Contents) -> bytes:
    """Return the bytes that are sealed."""
    said = {
        "format": FORMAT,
        "server_name": contents.server_name,
        "folder": contents.folder,
        "time": stamp(contents.time),
        "database": contents.database,
        "objects": contents.objects,
        "files": [_file_to_json(each) for each in contents.files],
        "links": contents.links,
        "folders": contents.folders,
        "dump": None if contents.dump is None else _file_to_json(contents.dump),
        "needs": None if contents.needs is None else asdict(contents.needs),
    }
    return json.dumps(said, separators=(",", ":")).encode()


def contents_from_bytes(data: bytes) -> Contents:
    """Return contents, each path of which stays inside of the folder that it is written to.

    Raises:
        Damaged: they are not as this program writes them.
    """
    try:
        said = json.loads(data)
        _expect_format(said)
        objects = tuple(_name(each) for each in said["objects"])
        files = tuple(_file_from_json(each, len(objects)) for each in said["files"])
        links = {_path(path): str(target) for path, target in said["links"].items()}
        folders = tuple(_path(each) for each in said["folders"])
        if said["database"] not in ("sqlite3", "psycopg2"):
            raise Damaged("names a database that is not known; a newer program may know it")
        paths = [each.path for each in files] + [*links, *folders]
        if len(set(paths)) != len(paths):
            raise Damaged("names a path twice")
        # Nothing is ever written through a link.
        if any(str(parent) in links for path in paths for parent in PurePosixPath(path).parents):
            raise Damaged("names something below a link")
        return Contents(
            server_name=str(said["server_name"]),
            folder=str(said["folder"]),
            time=time_of(said["time"]),
            database=said["database"],
            objects=objects,
            files=files,
            links=links,
            folders=folders,
            dump=None if said["dump"] is None else _file_from_json(said["dump"], len(objects)),
            needs=_needs_from_json(said.get("needs")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Damaged("is cut off, or no contents of a backup") from None


def _digest(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _expect_format(said: Mapping[str, Any]) -> None:
    if said["format"] != FORMAT:
        raise Damaged("is of a format that is not known; a newer program may know it")


def _file_to_json(file: StoredFile) -> dict[str, Any]:
    return {
        "path": file.path,
        "size": file.size,
        "sha256": file.sha256,
        "pieces": [[each.object, each.offset, each.length] for each in file.pieces],
    }


def _file_from_json(said: Mapping[str, Any], objects: int) -> StoredFile:
    pieces = tuple(Piece(_size(each[0]), _size(each[1]), _size(each[2])) for each in said["pieces"])
    size = _size(said["size"])
    if sum(each.length for each in pieces) != size or any(p.object >= objects for p in pieces):
        raise Damaged("has a file that its pieces do not add up to")
    return StoredFile(_path(said["path"]), size, _name(said["sha256"]), pieces)


def _needs_from_json(said: Mapping[str, Any] | None) -> Tables | None:
    return None if said is None else Tables(_size(said["synapse"]), _size(said["twin"]))


def _name(text: Any) -> str:
    if not isinstance(text, str) or len(text) != DIGEST_LETTERS or not DIGEST.issuperset(text):
        raise ValueError("no SHA-256")
    return text


def _size(number: Any) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ValueError("no size")
    return number


def _path(text: Any) -> str:
    path = PurePosixPath(text)
    if path.is_absolute() or str(path) != text or ".." in path.parts or "\0" in text or text == ".":
        raise Damaged("names a path outside of the twin's folder")
    return str(path)
