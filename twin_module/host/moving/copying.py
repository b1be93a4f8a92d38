"""The sealed copy that a twin moves with: backups of it, for the key of the new host, in a folder that both reach."""

import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from twin_module.host.backup.make_backup import write_backup
from twin_module.host.backup.retention import Keep
from twin_module.host.backup.settings import BackupSettings
from twin_module.host.backup.snapshot import snapshot_from_bytes, stamp, time_of
from twin_module.host.backup.store import Store
from twin_module.host.backup.twin_files import (
    CONFIG,
    TwinFiles,
    connection_parameters,
    database_of,
    read_config,
    read_twin,
    walk,
)
from twin_module.host.errors import HostError
from twin_module.host.moving.papers import SIGNING_KEY, digest
from twin_module.host.table import Entry

Progress = Callable[[str], None]

DATABASE: Final = "homeserver.db"
MEDIA: Final = "media"
ONLY_THE_LAST: Final = Keep(daily=1, weekly=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A copy that is complete, and was read back."""

    snapshot: str
    """Its time, as names of files have it."""
    sha256: str
    """Of its list."""
    written: int
    """Bytes that were new."""
    seconds: float


class Copier:
    """Makes copies of one twin; what it has written it does not write again."""

    def __init__(
        self, entry: Entry, public: str, target: Path, notes: Path, progress: Progress
    ) -> None:
        self._name = entry.name
        self._server_name = entry.server_name
        self._notes = notes
        self._progress = progress
        self._settings = BackupSettings(
            target=target, public=public, remote_media=True, keep=ONLY_THE_LAST
        )

    def copy(self, twin: TwinFiles) -> Copied:
        """Make a copy of a twin, which may run meanwhile."""
        store = self._store()
        result = write_backup(
            self._name,
            twin,
            self._settings,
            store,
            self._notes,
            datetime.now(UTC),
            self._progress,
        )
        moment = datetime.fromisoformat(result.time)
        return Copied(
            snapshot=stamp(moment),
            sha256=digest(store.list_path(moment).read_bytes()),
            written=result.written,
            seconds=result.seconds,
        )

    def is_whole(self, snapshot: str, sha256: str) -> bool:
        """Tell whether a copy is as it was written; what is not is removed, so that the next one writes it anew."""
        store = self._store()
        try:
            data = store.list_path(time_of(snapshot)).read_bytes()
        except FileNotFoundError:
            return False
        if digest(data) != sha256:
            return False
        names = snapshot_from_bytes(data).objects
        damaged = store.damaged(
            names,
            lambda done: self._progress(f"checking what was sealed: {done} of {len(names)}"),
        )
        store.remove(damaged)
        return not damaged

    def _store(self) -> Store:
        return Store.ensure(self._settings.target, self._settings.public, self._server_name)


def read_moving(folder: Path, entry: Entry) -> TwinFiles:
    """Read a twin that is to move: it has to lie in its folder as a host lays it out.

    Raises:
        HostError: a part of it lies elsewhere, or is a link.
    """
    twin = read_twin(folder)
    config = read_config(folder / CONFIG)
    if (
        twin.sqlite not in (None, folder / DATABASE)
        or twin.media != MEDIA
        or config.get("signing_key_path") != str(folder / SIGNING_KEY)
        or twin.server_name != entry.server_name
    ):
        raise HostError(
            f"{folder / CONFIG} is not as a host makes it: {DATABASE}, {MEDIA}/ and {SIGNING_KEY} have "
            f"to lie in {folder}, and the server name has to be {entry.server_name}."
        )
    for found in walk(folder, twin.left_out(remote_media=True)):
        if found.kind == stat.S_IFLNK:
            raise HostError(
                f"{folder / found.path} is a link, which no other host would follow; put the file itself there."
            )
    return twin


def read_gone(folder: Path, entry: Entry) -> TwinFiles:
    """Read what is left of a twin that was released, from the folder where it can't run."""
    path = folder / CONFIG
    name, arguments = database_of(path, read_config(path))
    if name == "psycopg2":
        return TwinFiles(folder, entry.server_name, None, connection_parameters(arguments), MEDIA)
    return TwinFiles(folder, entry.server_name, folder / DATABASE, {}, MEDIA)
