"""What of an agenda takes a person's time, and where two things want the same of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from twin_module.core.recurrence import Occurrence

MOST_PAIRS: Final = 1000
T = TypeVar("T")


def takes_time(content: Mapping[str, Any]) -> bool:
    """Return whether an event makes people busy: all do but the cancelled and those marked as free."""
    return content.get("status") != "cancelled" and content.get("freeBusyStatus") != "free"


def merged(spells: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Return spells as those that neither overlap nor touch, by time; what takes no time is left out."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spells):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def overlapping(
    placed: Sequence[T], occurrence: Callable[[T], Occurrence], most: int = MOST_PAIRS
) -> list[tuple[T, T]]:
    """Return the pairs that overlap, by the later one's start; at most so many."""
    pairs: list[tuple[T, T]] = []
    lasting: list[T] = []
    for each in sorted(placed, key=lambda one: occurrence(one).start):
        spell = occurrence(each)
        if spell.start >= spell.end:
            continue
        lasting = [one for one in lasting if occurrence(one).end > spell.start]
        pairs += [(one, each) for one in lasting]
        if len(pairs) >= most:
            return pairs[:most]
        lasting.append(each)
    return pairs
