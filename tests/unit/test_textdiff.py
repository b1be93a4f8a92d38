"""What changed between two texts: true always, small mostly, and never slow."""

import pytest
from hypothesis import given, strategies as st

from twin_module.core.textdiff import MAX_DIFFERENCES, Change, changes

TEXT = st.text("ab \n.😀", max_size=60)


def applied(before: str, found: list[Change]) -> str:
    """Return a text with its changes made."""
    parts, place = [], 0
    for change in found:
        assert place <= change.start <= change.end
        parts += [before[place : change.start], change.text]
        place = change.end
    return "".join(parts) + before[place:]


@given(TEXT, TEXT)
def test_the_changes_turn_one_text_into_the_other(before: str, after: str) -> None:
    assert applied(before, changes(before, after)) == after


@given(TEXT)
def test_nothing_changed_in_equal_texts(text: str) -> None:
    assert changes(text, text) == []


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("", "new", [Change(0, 0, "new")]),
        ("old", "", [Change(0, 3, "")]),
        ("one two three\n", "one 2 three\n", [Change(4, 7, "2")]),
        ("one two three\n", "1 two 3\n", [Change(0, 3, "1"), Change(8, 13, "3")]),
        ("a\nb\nc\n", "a\nb\nx\nc\n", [Change(4, 4, "x\n")]),
        ("helped", "helper", [Change(5, 6, "r")]),
    ],
)
def test_only_what_changed_is_named(before: str, after: str, found: list[Change]) -> None:
    assert changes(before, after) == found


def test_texts_with_little_in_common_are_replaced_as_a_whole() -> None:
    before = "".join(f"a{n}\n" for n in range(10 * MAX_DIFFERENCES))
    after = "".join(f"b{n}\n" for n in range(10 * MAX_DIFFERENCES))
    [change] = changes(before, after)
    assert applied(before, [change]) == after


def test_a_text_that_only_looks_alike_everywhere_is_replaced_in_bounded_time() -> None:
    before, after = "x" + "a\n" * 1_000_000 + "y", "z" + "a\n" * 1_000_100 + "w"
    assert applied(before, changes(before, after)) == after
