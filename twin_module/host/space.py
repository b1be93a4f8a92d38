"""How much room a disk has."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Space:
    """The disk below a path."""

    device: int
    """The same for two paths on one disk."""
    free_bytes: int
    total_bytes: int
    free_files: int
    total_files: int
    """How many files it can hold; 0 where there is no such bound."""
    read_only: bool


def space_of(path: Path) -> Space:
    """Ask the system.

    Raises:
        OSError: the path is not there, or its disk does not answer.
    """
    found = os.statvfs(path)
    return Space(
        device=path.stat().st_dev,
        free_bytes=found.f_bavail * found.f_frsize,
        total_bytes=found.f_blocks * found.f_frsize,
        free_files=found.f_favail,
        total_files=found.f_files,
        read_only=bool(found.f_flag & os.ST_RDONLY),
    )
