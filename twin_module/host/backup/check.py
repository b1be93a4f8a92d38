"""Whether backups are whole: that each object is what was written, and with the key that each file is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from twin_module.host.backup.opening import Opener
from twin_module.host.backup.owner_key import read_keys
from twin_module.host.backup.snapshot import Contents, Damaged, Snapshot, StoredFile
from twin_module.host.backup.store import Store

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found."""

    target: str
    backups: int
    objects: int
    size: int
    """Of the objects, in bytes."""
    opened: bool
    """Whether everything was decrypted, too."""
    problems: tuple[str, ...]
    """Sentences; none when all backups are whole."""


def check_backups(
    target: Path, key: Path | None = None, progress: Progress = lambda _: None
) -> CheckResult:
    """Check all backups of a folder.

    Args:
        target: where they lie.
        key: the file with the owner's key; without it only those can be checked who wrote the objects.
        progress: told how far it is, often.

    Raises:
        HostError: no backups lie there, or the key can't be read.
    """
    store = Store(target)
    keys = read_keys(key) if key else None
    problems: list[str] = []
    snapshots = []
    for time in store.times():
        try:
            snapshots.append(store.snapshot(time))
        except Damaged as error:
            problems.append(f"{store.list_path(time)} {error}.")
    objects = {name: size for each in snapshots for name, size in each.objects.items()}
    damaged = store.damaged(
        objects, lambda done: progress(f"reading objects: {done} of {len(objects)}")
    )
    for snapshot in snapshots:
        where = store.list_path(snapshot.time)
        problems += [f"{where} {damaged[each]}." for each in snapshot.objects if each in damaged]
    if keys is not None:
        files = _Files(Opener(store, keys), progress)
        for snapshot in snapshots:
            if damaged.keys().isdisjoint(snapshot.objects):
                where = store.list_path(snapshot.time)
                problems += [f"{where} {each}." for each in files.problems(snapshot)]
    return CheckResult(
        target=str(target),
        backups=len(snapshots),
        objects=len(objects),
        size=sum(objects.values()),
        opened=keys is not None,
        problems=tuple(problems),
    )


class _Files:
    """Files that are checked with the key; what several backups have alike, once."""

    def __init__(self, opener: Opener, progress: Progress) -> None:
        self._opener = opener
        self._progress = progress
        self._whole: set[tuple[str, tuple[tuple[str, int, int], ...]]] = set()

    def problems(self, snapshot: Snapshot) -> list[str]:
        try:
            contents = self._opener.contents(snapshot)
        except Damaged as error:
            return [str(error)]
        files = [*contents.files, *([contents.dump] if contents.dump else [])]
        found = [self._problem(contents, file) for file in files]
        return [each for each in found if each]

    def _problem(self, contents: Contents, file: StoredFile) -> str | None:
        self._progress(f"opening the backup of {contents.time:%Y-%m-%d %H:%M}: {file.path}")
        pieces = tuple((contents.objects[p.object], p.offset, p.length) for p in file.pieces)
        if (file.sha256, pieces) in self._whole:
            return None
        try:
            for _ in self._opener.parts(contents, file):
                pass
        except Damaged as error:
            return str(error)
        self._whole.add((file.sha256, pieces))
        return None
