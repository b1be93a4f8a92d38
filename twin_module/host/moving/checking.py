"""What a new host has to know of a release before it takes a twin in; nothing is written here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyrage import x25519

from twin_module.host.backup.opening import Opener
from twin_module.host.backup.owner_key import read_keys
from twin_module.host.backup.snapshot import (
    Contents,
    Damaged,
    Snapshot,
    snapshot_from_bytes,
    time_of,
)
from twin_module.host.backup.store import Store
from twin_module.host.backup.tables import Tables, misfit
from twin_module.host.errors import HostError
from twin_module.host.moving.copying import DATABASE
from twin_module.host.moving.move_places import RELEASE, MovePlaces
from twin_module.host.moving.papers import (
    SIGNING_KEY,
    NotValid,
    Release,
    digest,
    open_release,
    signing_key,
    verify_key_of,
)
from twin_module.host.table import check_server_name

MOST_KEY_BYTES: Final = 64 * 1024
AGAIN: Final = (
    "If all of the folder has come here, run `twin move` on the old host again: it writes anew what "
    "is damaged."
)


@dataclass(frozen=True, slots=True)
class Checked:
    """A release that is valid, and the copy that it names."""

    release: Release
    snapshot: Snapshot
    contents: Contents


def check_release(places: MovePlaces, target: Path, knows: Tables) -> Checked:
    """Return what was released for this host, after everything was checked that can be without writing.

    Args:
        places: of the twin's moves.
        target: the folder that it moves through.
        knows: the newest tables that what runs here can work with.

    Raises:
        HostError: it is not what this host waits for, or not whole.
    """
    if not places.key.exists():
        raise HostError(
            f"{places.name}'s twin was not invited to this host: `twin move {places.name} --receive` "
            "makes an invitation."
        )
    keys, path = read_keys(places.key), target / RELEASE
    try:
        signed = open_release(path.read_bytes(), keys)
    except (FileNotFoundError, NotADirectoryError):
        raise HostError(
            f"{target} has no release: the old host has not let {places.name}'s twin go yet, or the folder is "
            "not the one, or not all of it has come. Run this again when it has."
        ) from None
    except NotValid as error:
        raise HostError(f"{path} {error}. Nothing was taken in.") from None
    release, store = signed.release, Store(target)
    if release.name != places.name:
        raise HostError(f"{path} is of {release.name}'s twin; it keeps its name.")
    if release.invitation not in {str(key.to_public()) for key in keys}:
        raise HostError(f"{path} is of another invitation. Nothing was taken in.")
    check_server_name(release.server_name)
    snapshot = _snapshot(store, release)
    try:
        contents = Opener(store, keys).contents(snapshot)
        _check_contents(contents, release)
        signed.check(verify_key_of(signing_key(_small_file(store, keys, contents, SIGNING_KEY))))
    except Damaged as error:
        raise HostError(f"{store.list_path(snapshot.time)} {error}. {AGAIN}") from None
    except NotValid as error:
        raise HostError(f"{path} {error}. Nothing was taken in.") from None
    needs = contents.needs
    if needs is not None and (why := misfit(needs, knows, "that of this host")):
        raise HostError(
            f"{places.name}'s twin {why}. Nothing was taken in: install what the old host has, or something "
            "newer (`pip install --upgrade twin-module`, and `twin upgrade` where a host runs), and run this again."
        )
    return Checked(release, snapshot, contents)


def _snapshot(store: Store, release: Release) -> Snapshot:
    try:
        path = store.list_path(time_of(release.snapshot))
        data = path.read_bytes()
    except (OSError, ValueError):
        raise HostError(
            f"{store.folder} lacks the list of the copy that was released. {AGAIN}"
        ) from None
    if digest(data) != release.sha256:
        raise HostError(f"{path} is not the list that was released. {AGAIN}")
    try:
        return snapshot_from_bytes(data)
    except Damaged as error:
        raise HostError(f"{path} {error}. {AGAIN}") from None


def _check_contents(contents: Contents, release: Release) -> None:
    """Refuse a copy with parts where this host would not look for them, or that point out of it."""
    paths = {each.path for each in contents.files}
    if contents.server_name != release.server_name:
        raise NotValid("is of another twin than the copy that it names")
    if contents.links:
        raise NotValid(f"names a copy with links, as {min(contents.links)}, which are not followed")
    if SIGNING_KEY not in paths or (contents.dump is None) != (DATABASE in paths):
        raise NotValid("names a copy of which a part lies where no host puts it")


def _small_file(store: Store, keys: list[x25519.Identity], contents: Contents, path: str) -> bytes:
    [file] = [each for each in contents.files if each.path == path]
    if file.size > MOST_KEY_BYTES:
        raise NotValid(f"names a copy with a {path} that is none")
    return b"".join(Opener(store, keys).parts(contents, file))
