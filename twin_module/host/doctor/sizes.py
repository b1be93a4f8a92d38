"""Sizes in words."""

from typing import Final

STEP: Final = 1000
UNITS: Final = ("B", "kB", "MB", "GB", "TB")


def in_words(size: float) -> str:
    """Return a number of bytes as people say it: 3.1 GB."""
    unit = 0
    while size >= STEP and unit < len(UNITS) - 1:
        size, unit = size / STEP, unit + 1
    return f"{size:.1f} {UNITS[unit]}" if unit and size < 10 else f"{size:.0f} {UNITS[unit]}"  # noqa: PLR2004 - two digits
