"""Text by lines: what changed between two texts, and how two changes of one text come together.

Lines are what stands between line feeds. They are compared as wholes, by anchors: lines that both
texts have exactly once ("patience diff"), and by their longest common subsequence where a small
part has no anchor. What costs more than the budget counts as one change, so that no text, however
made, takes long.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

MAX_MERGED: Final = 100_000
"""Characters of the longest text that is merged; no text that stands in an event has more."""
BUDGET: Final = 200_000
"""Steps that one comparison may take: lines looked at for anchors, cells of common subsequences."""
SMALL: Final = 10_000
"""The most cells of one common subsequence, as lines of the one text times lines of the other."""
CONTEXT: Final = 3
"""Lines around a change that a unified diff shows."""

Lines = Sequence[str]
Span = tuple[int, int, int, int]
"""Part of two texts: from and to in the one, from and to in the other."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines `start` to `end` (not included) of a text became `new`."""

    start: int
    end: int
    new: Lines


def split(text: str) -> Lines:
    """Return the lines of a text, without their line feeds; the empty text has none."""
    return text.split("\n") if text else []


def hunks(before: Lines, after: Lines) -> list[Hunk]:
    """Return what changed, in the order of its place, with unchanged lines between any two."""
    found, old, new = [], 0, 0
    for same_old, same_new in [*_matches(before, after), (len(before), len(after))]:
        if same_old > old or same_new > new:
            found.append(Hunk(old, same_old, after[new:same_new]))
        old, new = same_old + 1, same_new + 1
    return found


def merge_lines(base: str, earlier: str, later: str) -> str | None:
    """Bring two changes of one text together.

    A line is gone when either side took it out, and stands when either wrote it. Where both
    changed the same lines, what both wrote stands one below the other, the earlier first; what
    both wrote alike stands once.

    Returns:
        The text, or None when one of them is too long to be merged.
    """
    if max(len(base), len(earlier), len(later)) > MAX_MERGED:
        return None
    lines = split(base)
    merged: list[str] = []
    done = 0
    for region in _regions(hunks(lines, split(earlier)), hunks(lines, split(later))):
        merged += lines[done : region.start]
        merged += _resolved(lines, region)
        done = region.end
    return "\n".join([*merged, *lines[done:]])


def unified(before: str, after: str) -> str:
    """Return the unified diff of two texts, without the names of files; empty when they are equal."""
    old, new = split(before), split(after)
    shown: list[str] = []
    shift = 0
    for group in _groups(hunks(old, new)):
        start = max(group[0].start - CONTEXT, 0)
        end = min(group[-1].end + CONTEXT, len(old))
        grown = sum(len(hunk.new) - (hunk.end - hunk.start) for hunk in group)
        place = f"-{_range(start, end)} +{_range(start + shift, end + shift + grown)}"
        shown.append(f"@@ {place} @@")
        at = start
        for hunk in group:
            shown += [f" {line}" for line in old[at : hunk.start]]
            shown += [f"-{line}" for line in old[hunk.start : hunk.end]]
            shown += [f"+{line}" for line in hunk.new]
            at = hunk.end
        shown += [f" {line}" for line in old[at:end]]
        shift += grown
    return "\n".join(shown)


def _range(start: int, end: int) -> str:
    """Return a part as unified diffs name it: from the first line, or the one before if empty."""
    count = end - start
    return f"{start + 1}" if count == 1 else f"{start + 1 if count else start},{count}"


def _groups(found: Sequence[Hunk]) -> Iterator[list[Hunk]]:
    group: list[Hunk] = []
    for hunk in found:
        if group and hunk.start - group[-1].end > 2 * CONTEXT:
            yield group
            group = []
        group.append(hunk)
    if group:
        yield group


# Comparing


def _matches(before: Lines, after: Lines) -> list[tuple[int, int]]:
    """Return the lines that are the same, as pairs of numbers that rise on both sides."""
    found: list[tuple[int, int]] = []
    waiting: list[Span] = [(0, len(before), 0, len(after))]
    budget = BUDGET
    while waiting:
        low, high, left, right = waiting.pop()
        while low < high and left < right and before[low] == after[left]:
            found.append((low, left))
            low, left = low + 1, left + 1
        while low < high and left < right and before[high - 1] == after[right - 1]:
            high, right = high - 1, right - 1
            found.append((high, right))
        rows, columns = high - low, right - left
        budget -= rows + columns
        if not rows or not columns or budget < 0:
            continue
        anchors = _anchors(before[low:high], after[left:right])
        if anchors:
            corners = [(-1, -1), *anchors, (rows, columns)]
            found += [(low + old, left + new) for old, new in anchors]
            waiting += [
                (low + old + 1, low + next_old, left + new + 1, left + next_new)
                for (old, new), (next_old, next_new) in pairwise(corners)
            ]
        elif rows * columns <= min(SMALL, budget):
            budget -= rows * columns
            common = _common(before[low:high], after[left:right])
            found += [(low + old, left + new) for old, new in common]
    return sorted(found)


def _anchors(before: Lines, after: Lines) -> list[tuple[int, int]]:
    """Return the longest rising row of lines that stand exactly once in both."""
    times_before, times_after = Counter(before), Counter(after)
    places = {line: place for place, line in enumerate(after) if times_after[line] == 1}
    pairs = [
        (old, places[line])
        for old, line in enumerate(before)
        if line in places and times_before[line] == 1
    ]
    # The longest rising subsequence, by the smallest end that a row of each length can have.
    ends: list[int] = []
    last: list[int] = []
    previous: list[int | None] = []
    for index, (_, new) in enumerate(pairs):
        length = bisect_left(ends, new)
        previous.append(last[length - 1] if length else None)
        if length == len(ends):
            ends.append(new)
            last.append(index)
        else:
            ends[length], last[length] = new, index
    row = []
    at = last[-1] if last else None
    while at is not None:
        row.append(pairs[at])
        at = previous[at]
    return row[::-1]


def _common(before: Lines, after: Lines) -> list[tuple[int, int]]:
    """Return a longest common subsequence; takes as many steps as both have lines, multiplied."""
    best = [[0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for old in reversed(range(len(before))):
        for new in reversed(range(len(after))):
            best[old][new] = (
                best[old + 1][new + 1] + 1
                if before[old] == after[new]
                else max(best[old + 1][new], best[old][new + 1])
            )
    found = []
    old = new = 0
    while best[old][new]:
        if before[old] == after[new]:
            found.append((old, new))
            old, new = old + 1, new + 1
        elif best[old + 1][new] >= best[old][new + 1]:
            old += 1
        else:
            new += 1
    return found


# Merging


@dataclass(slots=True)
class _Region:
    """Lines `start` to `end` of the base, with the hunks of both sides that meet there."""

    start: int
    end: int
    earlier: list[Hunk]
    later: list[Hunk]

    def meets(self, hunk: Hunk) -> bool:
        """Return whether a hunk that does not begin before this region changes the same lines."""
        same_gap = self.start == self.end == hunk.start == hunk.end
        return hunk.start < self.end or same_gap


def _regions(earlier: Sequence[Hunk], later: Sequence[Hunk]) -> list[_Region]:
    tagged = [(hunk, False) for hunk in earlier] + [(hunk, True) for hunk in later]
    regions: list[_Region] = []
    for hunk, is_later in sorted(tagged, key=lambda each: (each[0].start, each[0].end)):
        if not regions or not regions[-1].meets(hunk):
            regions.append(_Region(hunk.start, hunk.end, [], []))
        region = regions[-1]
        region.end = max(region.end, hunk.end)
        (region.later if is_later else region.earlier).append(hunk)
    return regions


def _resolved(base: Lines, region: _Region) -> Lines:
    before = base[region.start : region.end]
    earlier, later = (_applied(base, region, side) for side in (region.earlier, region.later))
    if len(before) == len(earlier) == len(later):
        kept = [_one_line(*each) for each in zip(before, earlier, later, strict=True)]
        together = [line for line in kept if line is not None]
        if len(together) == len(kept):
            return together
    return _both(_written(region.earlier), _written(region.later))


def _one_line(before: str, earlier: str, later: str) -> str | None:
    """Return what a line is now, None where both sides made something else of it."""
    if earlier in (later, before):
        return later
    return earlier if later == before else None


def _applied(base: Lines, region: _Region, side: Sequence[Hunk]) -> Lines:
    lines: list[str] = []
    at = region.start
    for hunk in side:
        lines += [*base[at : hunk.start], *hunk.new]
        at = hunk.end
    return [*lines, *base[at : region.end]]


def _written(side: Sequence[Hunk]) -> Lines:
    return [line for hunk in side for line in hunk.new]


def _both(earlier: Lines, later: Lines) -> Lines:
    """Return both, one below the other; what is alike at their ends, or whole in the other, stands once.

    Blank lines at the border of what is alike stay with each: they keep paragraphs apart.
    """
    least = min(len(earlier), len(later))
    head = next((n for n in range(least) if earlier[n] != later[n]), least)
    while head and not earlier[head - 1].strip():
        head -= 1
    rest = least - head
    tail = next((n for n in range(rest) if earlier[-1 - n] != later[-1 - n]), rest)
    while tail and not earlier[-tail].strip():
        tail -= 1
    end = len(earlier) - tail
    mine, theirs = earlier[head:end], later[head : len(later) - tail]
    if _holds(theirs, mine):
        mine = []
    elif _holds(mine, theirs):
        theirs = []
    return [*earlier[:head], *mine, *theirs, *earlier[end:]]


def _holds(lines: Lines, part: Lines) -> bool:
    def framed(some: Lines) -> str:
        return "\n".join(["", *some, ""])

    return framed(part) in framed(lines)
