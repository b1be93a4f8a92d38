"""Reading backups with the owner's key."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from pyrage import x25519

from twin_module.host.backup.owner_key import NotOpened, unseal
from twin_module.host.backup.packing import OBJECT_BYTES
from twin_module.host.backup.snapshot import (
    Contents,
    Damaged,
    Snapshot,
    StoredFile,
    contents_from_bytes,
)
from twin_module.host.backup.store import Store
from twin_module.host.errors import HostError

MOST_CONTENTS: Final = 1024**3
MOST_HELD: Final = 128
"""How many opened objects are held in memory: pieces of a file may lie in many, and be asked for in turns."""
LATEST: Final = "latest"


class Opener:
    """Opens objects of a store, each once while it is in use."""

    def __init__(self, store: Store, keys: Sequence[x25519.Identity]) -> None:
        self._store = store
        self._keys = keys
        self._held: OrderedDict[str, bytes] = OrderedDict()

    def contents(self, snapshot: Snapshot) -> Contents:
        """Return the contents of a backup.

        Raises:
            Damaged: they can't be opened, or don't fit what the list says.
        """
        contents = contents_from_bytes(self._open(snapshot.contents, MOST_CONTENTS))
        if contents.time != snapshot.time:
            raise Damaged("is the list of another time than its contents are of")
        if {*contents.objects, snapshot.contents} != snapshot.objects.keys():
            raise Damaged("does not name the objects that its contents need")
        return contents

    def parts(self, contents: Contents, file: StoredFile) -> Iterator[bytes]:
        """Yield a file in parts.

        Raises:
            Damaged: one is missing, or is not what was written; of the whole it is known at the end.
        """
        digest = hashlib.sha256()
        for piece in file.pieces:
            name = contents.objects[piece.object]
            data = self._held.pop(name, None) or self._open(name, OBJECT_BYTES)
            self._held[name] = data
            if len(self._held) > MOST_HELD:
                self._held.popitem(last=False)
            part = data[piece.offset : piece.offset + piece.length]
            if len(part) != piece.length:
                raise Damaged(f"needs more of {self._store.path(name)} than is in it")
            digest.update(part)
            yield part
        if digest.hexdigest() != file.sha256:
            raise Damaged(f"has {file.path} with another digest than it had when it was read")

    def _open(self, name: str, most: int) -> bytes:
        try:
            return unseal(self._store.get(name), self._keys, most)
        except NotOpened as error:
            raise Damaged(
                f"needs {self._store.path(name)}, which was not written for this key ({error})"
            ) from None


def chosen(store: Store, moment: datetime | None) -> Snapshot:
    """Return the backup to restore.

    Args:
        store: where it is looked for.
        moment: the newest that is not after it is taken; None takes the newest.

    Raises:
        HostError: there is none, or its list is damaged.
    """
    times = store.times()
    if not times:
        raise HostError(f"There is no backup in {store.folder} yet.")
    fit = [time for time in times if moment is None or time <= moment]
    if not fit:
        raise HostError(f"The first backup in {store.folder} was made at {times[0].isoformat()}.")
    try:
        return store.snapshot(fit[-1])
    except Damaged as error:
        raise HostError(f"{store.list_path(fit[-1])} {error}. {_others(times, fit[-1])}") from None


def _others(times: list[datetime], damaged: datetime) -> str:
    before = [time for time in times if time < damaged]
    return (
        f"The one before is of {before[-1].isoformat()}." if before else "There is none before it."
    )


def moment_of(text: str) -> datetime | None:
    """Return the moment that somebody names: `latest` is None, else ISO 8601, in UTC if nothing else is said.

    A day without a time means its end.

    Raises:
        HostError: it is neither.
    """
    if text == LATEST:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise HostError(
            f"{text!r} is no time: write {LATEST}, a day like 2026-03-01, or a time like 2026-03-01T12:00."
        ) from None
    if len(text) == len("2026-03-01"):
        moment = moment.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
