"""Check: whether there is room where the twin's folder, database and media lie."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from twin_module.host.doctor.finding import Finding, ok, problem, warning
from twin_module.host.doctor.patient import Patient
from twin_module.host.doctor.sizes import in_words
from twin_module.host.doctor.world import World
from twin_module.host.space import Space

CHECK: Final = "disk"
LITTLE_SHARE: Final = 0.1
LITTLE_BYTES: Final = 1_000_000_000
NONE_BYTES: Final = 200_000_000
NONE_SHARE_OF_FILES: Final = 0.01
COUNT_SECONDS: Final = 5.0


def look_at_disk(patient: Patient, world: World) -> list[Finding]:
    """Look at each disk once."""
    places = [("the twin's folder", patient.folder), ("its media", patient.media)]
    if patient.database_file is not None:
        places.append(("its database", patient.database_file.parent))
    disks: dict[int, tuple[Space, list[str]]] = {}
    found = []
    for name, path in places:
        try:
            space = world.space(path)
        except OSError as error:
            found.append(
                problem(
                    CHECK,
                    f"{path}, where {name} should be, can't be read: {error.strerror}.",
                    "Mount its disk, or put it back from a backup.",
                )
            )
            continue
        disks.setdefault(space.device, (space, []))[1].append(name)
    for space, names in disks.values():
        found += judge(space, ", ".join(names))
    return [*found, ok(CHECK, _sizes(patient, world.elapsed))]


def judge(space: Space, names: str) -> list[Finding]:
    """Tell how much room a disk has for what lies on it."""
    free = f"{in_words(space.free_bytes)} of {in_words(space.total_bytes)} are free for {names}."
    more = "Make room: take old logs, backups and media away, or move the twin to a larger disk."
    if space.read_only:
        return [
            problem(
                CHECK,
                f"The disk below {names} can't be written.",
                "See what the system log says of it; mount it for writing, or replace it.",
            )
        ]
    found = []
    if space.free_bytes < NONE_BYTES:
        found.append(problem(CHECK, f"Only {free}", more))
    elif space.free_bytes < max(LITTLE_BYTES, LITTLE_SHARE * space.total_bytes):
        found.append(warning(CHECK, f"Only {free}", more))
    if space.total_files and space.free_files < LITTLE_SHARE * space.total_files:
        make = problem if space.free_files < NONE_SHARE_OF_FILES * space.total_files else warning
        found.append(
            make(
                CHECK,
                f"The disk below {names} can hold only {space.free_files} more files.",
                "Take many small files away (`du --inodes` shows where they are).",
            )
        )
    return found or [ok(CHECK, free)]


def _sizes(patient: Patient, elapsed: Callable[[], float]) -> str:
    said = []
    file = patient.database_file
    if file is not None and file.exists():
        said.append(f"the database has {in_words(file.stat().st_size)}")
    end = elapsed() + COUNT_SECONDS
    size, whole = _count(patient.media, lambda: elapsed() < end)
    said.append(f"media have {'' if whole else 'more than '}{in_words(size)}")
    text = ", ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def _count(folder: Path, go_on: Callable[[], bool]) -> tuple[int, bool]:
    """Return how large a folder is, and whether there was time for all of it."""
    size = 0
    for parent, _, names in os.walk(folder):
        if not go_on():
            return size, False
        for name in names:
            try:
                size += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118 - faster than Path, for many files
            except OSError:
                continue  # It went away meanwhile.
    return size, True
