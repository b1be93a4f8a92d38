"""What a backup of a twin holds: its configuration tells where things lie, its folder holds them all."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from twin_module.host.backup.as_owner import as_owner
from twin_module.host.errors import HostError

CONFIG: Final = "homeserver.yaml"
HAS_TO_BE_INSIDE: Final = (
    "signing_key_path",
    "macaroon_secret_key_path",
    "form_secret_path",
    "media_store_path",
)
"""Without these a twin made of the backup would not be the same one."""
BESIDE_SQLITE: Final = ("", "-wal", "-shm", "-journal")
NOT_KEPT: Final = re.compile(r".*\.(log|log\.\d+|lock|pid)|\..*\.new.*")
"""What lies directly in the folder and is of the moment: logs, locks, files that are being written."""
MADE_AGAIN: Final = (
    "local_thumbnails",
    "remote_thumbnail",
    "url_cache",
    "url_cache_thumbnails",
)
"""Folders of the media store that Synapse fills again when somebody asks for what is in them."""
REMOTE: Final = "remote_content"
"""Media of other servers, which can be fetched again as long as those have them."""


@dataclass(frozen=True, slots=True)
class TwinFiles:
    """A twin as its homeserver.yaml describes it."""

    folder: Path
    server_name: str
    sqlite: Path | None
    """The database, inside of the folder; None is PostgreSQL."""
    postgres: Mapping[str, str]
    """Connection parameters of libpq."""
    media: str
    """The media store, relative to the folder."""

    def left_out(self, *, remote_media: bool) -> frozenset[str]:
        """Return paths, relative to the folder, that no backup holds as files."""
        media = {f"{self.media}/{each}" for each in MADE_AGAIN}
        if not remote_media:
            media.add(f"{self.media}/{REMOTE}")
        if self.sqlite is None:
            return frozenset(media)
        database = self.sqlite.relative_to(self.folder).as_posix()
        return frozenset(media | {database + ending for ending in BESIDE_SQLITE})


@dataclass(frozen=True, slots=True)
class Found:
    """Something in a twin's folder."""

    path: str
    """Relative, with `/`."""
    name: str
    directory: int
    """A descriptor of the folder that it is in, open until the next one is asked for: whoever can write
    to a twin's folder can't make us read another file by putting a link in the way."""
    kind: int
    """As `stat.S_IFMT` has it: a file, a folder or a link."""

    def open(self) -> int:
        """Open the file for reading, and nothing else that took its place meanwhile."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        return os.open(self.name, flags, dir_fd=self.directory)

    def target(self) -> str:
        """Return where the link points to."""
        return os.readlink(self.name, dir_fd=self.directory)


def read_twin(folder: Path) -> TwinFiles:
    """Read what there is to back up.

    Args:
        folder: the twin's, absolute.

    Raises:
        HostError: there is no twin, or a part of it lies elsewhere.
    """

    def read() -> dict[str, Any]:
        twin = _read(folder)
        return {**asdict(twin), "folder": None, "sqlite": twin.sqlite and str(twin.sqlite)}

    said = as_owner(folder, read)
    return TwinFiles(
        **{**said, "folder": folder, "sqlite": Path(said["sqlite"]) if said["sqlite"] else None}
    )


def read_config(path: Path) -> dict[str, Any]:
    """Return what stands in a homeserver.yaml.

    Raises:
        HostError: it can't be read.
    """
    try:
        config = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise HostError(f"There is no twin in {path.parent}: it has no {path.name}.") from None
    except OSError as error:
        raise HostError(f"{path} can't be read: {error.strerror}.") from None
    except (yaml.YAMLError, ValueError):
        config = None
    if not isinstance(config, dict):
        raise HostError(f"{path} is not the configuration of a twin.")
    return config


def database_of(path: Path, config: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return Synapse's name for the database of a configuration, and its arguments.

    Raises:
        HostError: it is one that can't be backed up.
    """
    database = config.get("database")
    if isinstance(database, dict) and "databases" not in config:
        name, arguments = database.get("name"), database.get("args")
        if name in ("sqlite3", "psycopg2") and isinstance(arguments, dict):
            return str(name), arguments
    raise HostError(f"{path} has to have one database, either sqlite3 or psycopg2.")


def connection_parameters(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return libpq's parameters out of what Synapse takes: its pool has some of its own, `cp_…`."""
    renamed = {"database": "dbname"}  # as psycopg2 allows
    return {
        renamed.get(key, key): str(value)
        for key, value in arguments.items()
        if not key.startswith("cp_") and value is not None
    }


def walk(folder: Path, left_out: frozenset[str]) -> Iterator[Found]:
    """Yield what is in a twin's folder, in the order of names; sockets and devices are nothing to keep."""
    for top, folders, files, directory in os.fwalk(folder, follow_symlinks=False):
        inside = Path(top).relative_to(folder)
        kept = []
        for name in sorted([*folders, *files], key=os.fsencode):
            path = (inside / name).as_posix()
            if path in left_out or (inside == Path() and NOT_KEPT.fullmatch(name)):
                continue
            try:
                kind = stat.S_IFMT(os.lstat(name, dir_fd=directory).st_mode)
            except FileNotFoundError:
                continue  # removed meanwhile
            if kind == stat.S_IFDIR:
                kept.append(name)
            if kind in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
                yield Found(path, name, directory, kind)
        folders[:] = kept


def _read(folder: Path) -> TwinFiles:
    path = folder / CONFIG
    config = read_config(path)
    server_name = config.get("server_name")
    if not isinstance(server_name, str):
        raise HostError(f"{path} names no server_name.")
    for key in HAS_TO_BE_INSIDE:
        if isinstance(config.get(key), str):
            _inside(path, folder, key, config[key])
    media = _inside(path, folder, "media_store_path", config.get("media_store_path", "media_store"))
    name, arguments = database_of(path, config)
    if name == "psycopg2":
        return TwinFiles(folder, server_name, None, connection_parameters(arguments), media)
    database = folder / _inside(path, folder, "database", arguments.get("database"))
    if database.is_symlink() or not database.is_file():
        raise HostError(f"{database} is not there: start the twin once before it is backed up.")
    return TwinFiles(folder, server_name, database, {}, media)


def _inside(config: Path, folder: Path, key: str, value: object) -> str:
    """Return a path of a configuration relative to the twin's folder."""
    if not isinstance(value, str):
        raise HostError(f"{config} does not say where {key} is.")
    real, home = Path(folder, value).resolve(), folder.resolve()
    if home not in real.parents:
        raise HostError(
            f"{config}: {key} is {value}, outside of {folder}; a backup holds that folder only. Move it there."
        )
    return real.relative_to(home).as_posix()
