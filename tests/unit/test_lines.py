"""Text by lines: comparing, merging, and unified diffs."""

from collections.abc import Sequence
from difflib import unified_diff
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from twin_module.core.lines import MAX_MERGED, Hunk, hunks, merge_lines, split, unified


def lined(*lines: str) -> str:
    return "\n".join(lines)


def few_lines() -> SearchStrategy[str]:
    """Texts of lines that often repeat."""
    return st.lists(st.sampled_from(["", "a", "b", "c", "  d"]), max_size=12).map("\n".join)


def distinct(prefix: str, most: int = 12) -> SearchStrategy[list[str]]:
    return st.integers(0, most).map(lambda count: [f"{prefix}{n}" for n in range(count)])


@st.composite
def edits(draw: DrawFn, base: Sequence[str], prefix: str) -> list[str]:
    """Lines with some taken out and new ones of nobody else put in."""
    lines: list[str] = []
    for number in range(len(base) + 1):
        count = draw(st.sampled_from([0, 0, 0, 1, 2]))
        lines += [f"{prefix}{number}.{each}" for each in range(count)]
        if number < len(base) and draw(st.booleans()):
            lines.append(base[number])
    return lines


def applied(lines: Sequence[str], found: Sequence[Hunk]) -> list[str]:
    result = list(lines)
    for hunk in reversed(found):
        result[hunk.start : hunk.end] = hunk.new
    return result


def patched(text: str, diff: str) -> str:
    """Apply a unified diff as `patch` does."""
    lines, result, at = list(split(text)), [], 0
    for line in diff.split("\n") if diff else []:
        if line.startswith("@@"):
            first, count = map(int, f"{line.split(' ')[1][1:]},1".split(",")[:2])
            start = first - 1 if count else first
            result += lines[at:start]
            at = start
        elif line.startswith("+"):
            result.append(line[1:])
        else:
            assert lines[at] == line[1:]
            if line.startswith(" "):
                result.append(lines[at])
            at += 1
    return lined(*result, *lines[at:])


# Comparing


@given(few_lines(), few_lines())
def test_hunks_lead_from_one_text_to_the_other(before: str, after: str) -> None:
    found = hunks(split(before), split(after))
    assert applied(split(before), found) == split(after)
    assert all(one.end < next_one.start for one, next_one in pairwise(found))


def test_a_moved_line_is_the_only_change() -> None:
    before = [f"{n}" for n in range(100)]
    after = [*before[:10], *before[11:60], before[10], *before[60:]]
    assert hunks(before, after) == [Hunk(10, 11, []), Hunk(60, 60, ["10"])]


def test_lines_without_an_anchor_are_compared_too() -> None:
    before, after = [*"abab"], [*"xbabaay"]
    found = hunks(before, after)
    assert applied(before, found) == after
    assert sum(len(hunk.new) for hunk in found) == 4


def test_changes_far_apart_in_a_long_text_are_changes_of_their_own() -> None:
    before = [f"{n}" for n in range(1_000)]
    after = ["x", *before[1:500], "y", *before[501:999], "z"]
    assert hunks(before, after) == [
        Hunk(n, n + 1, [to]) for n, to in ((0, "x"), (500, "y"), (999, "z"))
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["a", *[""] * 50_000, "b"], ["c", *[""] * 49_000, "d"]),
        ([f"{n}" for n in range(20_000)], [f"{n * 7919 % 20_011}" for n in range(20_000)]),
        (["a", "b"] * 30_000, ["b", "b", "a"] * 20_000),
    ],
    ids=["blank", "shuffled", "alternating"],
)
def test_texts_that_are_costly_to_compare_are_compared_coarsely(
    before: list[str], after: list[str]
) -> None:
    assert applied(before, hunks(before, after)) == after


# Merging


@given(few_lines(), few_lines(), few_lines())
def test_what_one_side_left_alone_is_as_the_other_made_it(base: str, one: str, two: str) -> None:
    assert merge_lines(base, base, one) == one
    assert merge_lines(base, one, base) == one
    assert merge_lines(base, one, one) == one
    merged = merge_lines(base, one, two)
    assert merged is not None
    assert {*split(merged)} <= {*split(base), *split(one), *split(two)}


@given(st.data())
def test_new_lines_of_both_stand_and_lines_that_either_took_out_are_gone(
    data: st.DataObject,
) -> None:
    base = data.draw(distinct("b"))
    one, two = data.draw(edits(base, "one")), data.draw(edits(base, "two"))
    merged = split(merge_lines(lined(*base), lined(*one), lined(*two)) or "")
    kept = {*base} & {*one} & {*two}
    assert sorted(merged) == sorted(kept | {*one} - {*base} | {*two} - {*base})
    for side in (one, two, base):  # what is left of each stands in its order
        rest = [line for line in side if line in {*merged}]
        assert [line for line in merged if line in {*side}] == rest


@given(st.data())
def test_texts_written_anew_that_were_merged_already_change_nothing_when_merged_again(
    data: st.DataObject,
) -> None:
    base = data.draw(distinct("b"))
    sides = [lined(*data.draw(distinct(f"side{number}."))) for number in range(3)]
    merged = sides[0]
    for side in sides[1:]:
        merged = merge_lines(lined(*base), merged, side) or ""
    for side in sides:
        assert merge_lines(lined(*base), merged, side) == merged
        assert merge_lines(lined(*base), side, merged) == merged


@given(distinct("b", 30), st.data())
def test_edits_of_different_places_come_together_in_place(
    base: list[str], data: st.DataObject
) -> None:
    one, two, both = list(base), list(base), list(base)
    for number in data.draw(st.sets(st.integers(0, max(len(base) - 1, 0)))):
        if number < len(base):
            side = one if data.draw(st.booleans()) else two
            side[number] = both[number] = f"new{number}"
    assert merge_lines(lined(*base), lined(*one), lined(*two)) == lined(*both)


@pytest.mark.parametrize(
    ("base", "earlier", "later", "merged"),
    [
        ("a", "b", "c", "b\nc"),
        ("", "b", "c", "b\nc"),
        ("a\nb\nc", "A\nb\nc", "a\nb\nC", "A\nb\nC"),
        ("a", "a\nb", "a\nc", "a\nb\nc"),
        ("a\n", "a\nb\n", "a\nc\n", "a\nb\nc\n"),
        ("a\n", "a\n\nb\n", "a\n\nc\n", "a\n\nb\n\nc\n"),
        ("a\nz", "a\n\nb\nz", "a\n\nc\nz", "a\n\nb\n\nc\nz"),
        ("a\nb", "x\nb", "x\ny", "x\ny"),
        ("a\nb\nc", "X\nY\nc", "a\nY\nZ", "X\nY\nZ"),
        ("a\nb\nc", "x\ny\nb\nc", "x\nz\nb\nc", "x\ny\nz\nb\nc"),
        ("a", "x\ny\nz", "y", "x\ny\nz"),
        ("a\nb\nc", "a\nc", "a\nB\nc", "a\nB\nc"),
        ("a\nb", "", "a\nB", "B"),
        ("a\nb\nc", "A\nB\nC", "x\ny\nz", "A\nB\nC\nx\ny\nz"),
        ("a\nb\nc", "a\nB\nc", "x\ny", "B\nx\ny"),
        ("a\r\nb\r\n", "A\r\nb\r\n", "a\r\nB\r\n", "A\r\nB\r\n"),
        ("a", "a\n", "a\nb", "a\n\nb"),
    ],
    ids=[
        "same line",
        "both began",
        "far apart",
        "appended",
        "appended with a line feed",
        "paragraphs stay apart",
        "paragraphs in between stay apart",
        "same change and one more",
        "same change between others",
        "begin alike",
        "one is in the other",
        "removed and changed",
        "all removed and one changed",
        "both rewrote",
        "the earlier first wherever it is",
        "other line ends",
        "a line feed and a line",
    ],
)
def test_two_changes_come_together(base: str, earlier: str, later: str, merged: str) -> None:
    assert merge_lines(base, earlier, later) == merged


def test_too_long_texts_are_not_merged() -> None:
    long = "x" * MAX_MERGED
    assert merge_lines(long, long, "a") == "a"
    for texts in [(long + "x", "a", "b"), ("a", long + "x", "b"), ("a", "b", long + "x")]:
        assert merge_lines(*texts) is None


# Unified diffs


@given(few_lines(), few_lines())
def test_a_unified_diff_leads_from_one_text_to_the_other(before: str, after: str) -> None:
    assert patched(before, unified(before, after)) == after
    assert (unified(before, after) == "") == (before == after)


@given(distinct("b", 40), st.data())
def test_a_unified_diff_is_what_others_make_of_the_same(
    before: list[str], data: st.DataObject
) -> None:
    after = list(before)
    for number in data.draw(st.lists(st.integers(0, 40), unique=True, max_size=4)):
        new = [f"n{number}.{each}" for each in range(data.draw(st.integers(0, 2)))]
        after[number : number + data.draw(st.integers(0, 1))] = new
    theirs = [*unified_diff(before, after, lineterm="")][2:]
    assert unified(lined(*before), lined(*after)) == lined(*theirs)


def test_a_unified_diff_reads_as_everywhere() -> None:
    before = [f"{n}" for n in range(1, 31)]
    after = [*before[:4], "five", "and", *before[5:20], *before[21:]]
    assert unified(lined(*before), lined(*after)) == lined(
        *("@@ -2,7 +2,8 @@", " 2", " 3", " 4", "-5", "+five", "+and", " 6", " 7", " 8"),
        *("@@ -18,7 +19,6 @@", " 18", " 19", " 20", "-21", " 22", " 23", " 24"),
    )
    assert unified("", "a\nb") == "@@ -0,0 +1,2 @@\n+a\n+b"
    assert unified("a", "") == "@@ -1 +0,0 @@\n-a"
