"""Where the backups of a twin go, for whom they are, and when the last one was made.

This lies beside the twins' folders and not in them: what a twin's own process can write has no say here.
"""

import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from twin_module.host.backup.durable import failures_in_words, write_file
from twin_module.host.backup.owner_key import check_public
from twin_module.host.backup.retention import Keep
from twin_module.host.backup.store import Store
from twin_module.host.backup.twin_files import read_twin
from twin_module.host.errors import HostError
from twin_module.host.places import Places
from twin_module.host.table import check_name

SETTINGS: Final = "settings.json"
LAST: Final = "last.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSettings:
    """How a twin is backed up."""

    target: Path
    """The folder for its backups and nothing else; absolute. It may be a mount of anything."""
    public: str
    """The public part of the owner's key."""
    remote_media: bool = False
    """Also media of other servers, which can be fetched again while those have them."""
    keep: Keep = field(default_factory=Keep)


@dataclass(frozen=True, slots=True)
class Told:
    """Settings, and the store that they were made with."""

    settings: BackupSettings
    store: str
    """Its ID: an empty folder where a disk should be mounted is no place to begin anew."""


def state_folder(data: Path, name: str) -> Path:
    """Return where a host keeps what it remembers of a twin's backups."""
    check_name(name)
    return Places(data).backups / name


def set_up(data: Path, name: str, settings: BackupSettings) -> None:
    """Note how a twin is backed up from now on, and make the folder for its backups.

    Args:
        data: the host's data folder, absolute.
        name: the twin's.
        settings: the new ones.

    Raises:
        HostError: there is no such twin, or the folder or the key can't be used.
    """
    check_public(settings.public)
    state, folder = state_folder(data, name), Places(data).folder(name)
    twin = read_twin(folder)
    target = settings.target
    if not target.is_absolute():
        raise HostError(f"{target} has to be an absolute path.")
    if target.resolve().is_relative_to(folder.resolve()):
        raise HostError(
            f"{target} is in the twin's own folder. Choose another, best on another disk."
        )
    with failures_in_words("The backups were not set up."):
        store = Store.ensure(target, settings.public, twin.server_name)
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        said = {
            "target": os.fspath(target),
            "public": settings.public,
            "remote_media": settings.remote_media,
            "daily": settings.keep.daily,
            "weekly": settings.keep.weekly,
            "store": store.identity,
        }
        write_file(state / SETTINGS, json.dumps(said, indent=2).encode() + b"\n")


def read_settings(data: Path, name: str) -> Told:
    """Return how a twin is backed up.

    Raises:
        HostError: that was never set up.
    """
    path = state_folder(data, name) / SETTINGS
    try:
        said: dict[str, Any] = json.loads(path.read_bytes())
        settings = BackupSettings(
            target=Path(said["target"]),
            public=said["public"],
            remote_media=said["remote_media"],
            keep=Keep(said["daily"], said["weekly"]),
        )
        return Told(settings, said["store"])
    except FileNotFoundError:
        raise HostError(
            f"It was never said where backups of {name} go and for which key; say that first."
        ) from None
    except OSError as error:
        raise HostError(f"{path} can't be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise HostError(f"{path} is damaged; say anew where backups of {name} go.") from None


def note_backup(data: Path, name: str, time: datetime) -> None:
    """Note that a backup was made."""
    said = json.dumps({"time": time.astimezone(UTC).isoformat()})
    write_file(state_folder(data, name) / LAST, said.encode() + b"\n")


def last_backup(data: Path, name: str) -> datetime | None:
    """Return when the last backup of a twin that came to its end was made; None when there is none.

    It looks at this host's notes only, not at where the backups lie.
    """
    try:
        said = json.loads((state_folder(data, name) / LAST).read_bytes())
        return datetime.fromisoformat(said["time"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
