"""What changed between two texts: few and small changes, found in bounded time.

First the common beginning and end are put aside, then lines are compared, then the words of the
lines that differ (Myers, "An O(ND) Difference Algorithm"). Where two texts have too little in
common for that, the whole stretch counts as replaced. The result depends on the texts alone.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

MAX_DIFFERENCES: Final = 300
"""How many lines, or words of one stretch, may differ before the whole stretch counts as replaced."""
MAX_STEPS: Final = 1_000_000
_WORDS: Final = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of the old text, by indices of characters, and what stands there in the new one."""

    start: int
    end: int
    text: str


def changes(before: str, after: str) -> list[Change]:
    """Return what turns one text into another, in order; none where they are equal."""
    found = []
    for lines in _by_parts(before, after, _lines):
        for words in _by_parts(before[lines.start : lines.end], lines.text, _words):
            found.append(Change(lines.start + words.start, lines.start + words.end, words.text))
    return found


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _words(text: str) -> list[str]:
    return _WORDS.findall(text)


def _by_parts(before: str, after: str, cut: Callable[[str], list[str]]) -> Iterator[Change]:
    whole = _trimmed(0, before, after)
    if whole.start == whole.end or not whole.text:
        if whole.start != whole.end or whole.text:
            yield whole
        return
    old, new = cut(before[whole.start : whole.end]), cut(whole.text)
    places = [whole.start]
    for part in old:
        places.append(places[-1] + len(part))
    for one, other, three, four in stretches(old, new):
        start, end = places[one], places[other]
        yield _trimmed(start, before[start:end], "".join(new[three:four]))


def _trimmed(offset: int, before: str, after: str) -> Change:
    """Return the change of a whole stretch, without what is equal at its beginning and end."""
    start = _common_start(before, after)
    end = _common_start(before[start:][::-1], after[start:][::-1])
    return Change(offset + start, offset + len(before) - end, after[start : len(after) - end])


def _common_start(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    low, step = 0, 1
    most = min(len(one), len(other))
    while low < most and one[low : low + step] == other[low : low + step]:
        low = min(low + step, most)
        step *= 2
    high = min(low + step, most)
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def stretches(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Return stretches of two sequences that differ: from and to in the old one, then in the new one."""
    matched = _matches(old, new)
    if matched is None:
        yield 0, len(old), 0, len(new)
        return
    x = y = 0
    for one, other in [*matched, (len(old), len(new))]:
        if x < one or y < other:
            yield x, one, y, other
        x, y = one + 1, other + 1


def _matches(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]] | None:
    """Return which parts stay, as pairs of indices; None where too much differs."""
    reached = {1: 0}
    history: list[dict[int, int]] = []
    steps = 0
    for differences in range(min(MAX_DIFFERENCES, len(old) + len(new)) + 1):
        history.append(reached.copy())
        for diagonal in range(-differences, differences + 1, 2):
            down = diagonal == -differences or (
                diagonal != differences and reached[diagonal - 1] < reached[diagonal + 1]
            )
            x = reached[diagonal + 1] if down else reached[diagonal - 1] + 1
            y = x - diagonal
            while x < len(old) and y < len(new) and old[x] == new[y]:
                x, y, steps = x + 1, y + 1, steps + 1
            reached[diagonal] = x
            if x >= len(old) and y >= len(new):
                return _walked_back(history, len(old), len(new))
        if steps > MAX_STEPS:
            return None
    return None


def _walked_back(history: Sequence[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    matched = []
    for differences in range(len(history) - 1, -1, -1):
        reached, diagonal = history[differences], x - y
        down = diagonal == -differences or (
            diagonal != differences and reached[diagonal - 1] < reached[diagonal + 1]
        )
        before = diagonal + 1 if down else diagonal - 1
        start_x = reached[before] if differences else 0
        start_y = start_x - before if differences else 0
        while x > start_x and y > start_y:
            x, y = x - 1, y - 1
            matched.append((x, y))
        x, y = start_x, start_y
    return matched[::-1]
