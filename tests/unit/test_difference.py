"""The difference of two contents."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given, strategies as st
from hypothesis.strategies import SearchStrategy

from twin_module.core.difference import MAX_LINES, Change, difference
from twin_module.core.merge import bare, same
from twin_module.core.state import NAMESPACE, Content, frozen, plain
from twin_module.testing.json_strategies import Json, odd_json

NAMES = ("title", "text", "words", "a/b", "~", NAMESPACE)


def objects() -> SearchStrategy[Content]:
    maps = st.dictionaries(st.sampled_from(["a", "b/c", "base"]), odd_json(), max_size=3)
    texts = st.lists(st.sampled_from(["", "a", "b"]), max_size=5).map("\n".join)
    return st.dictionaries(st.sampled_from(NAMES), maps | texts | odd_json()).map(frozen)


def applied(content: Content, changes: Sequence[Change]) -> dict[str, Json]:
    """Make a content what the changes say, as another program would."""
    result: dict[str, Any] = plain(content)
    for change in changes:
        *way, last = (
            part.replace("~1", "/").replace("~0", "~") for part in change.path[1:].split("/")
        )
        place = result[way[0]] if way else result
        assert (last in place) == (change.kind != "added")
        if change.kind == "removed":
            del place[last]
        else:
            place[last] = change.as_json()["after"]
    return result


@given(objects(), objects())
def test_applying_the_changes_gives_the_newer_content(before: Content, after: Content) -> None:
    changes = difference(before, after, texts=["text"])
    assert same(frozen(applied(bare(before), changes)), bare(after))
    assert [change.path for change in changes] == sorted({change.path for change in changes})
    back = difference(after, before)
    assert [(each.path, each.before) for each in back] == [
        (each.path, each.after) for each in changes
    ]


@given(objects())
def test_nothing_differs_from_itself(content: Content) -> None:
    assert difference(content, content, texts=["text"]) == []


def test_stamps_are_no_difference() -> None:
    before = frozen({"title": "a", NAMESPACE: {"base": "$1", "order": 1}})
    after = frozen({"title": "a", NAMESPACE: {"base": "$2", "merged": ["$3"], "order": 2}})
    assert difference(before, after) == [Change(f"/{NAMESPACE}/order", "changed", 1, 2)]


def test_maps_differ_key_by_key_and_everything_else_as_a_whole() -> None:
    before = frozen({"words": {"a": True}, "list": [1], "title": "x", "due": {"at": {"h": 1}}})
    after = frozen({"words": {"b": True}, "list": [1, 2], "new": {"k": 1}, "due": {"at": {"h": 2}}})
    assert [change.as_json() for change in difference(before, after)] == [
        {"path": "/due/at", "kind": "changed", "before": {"h": 1}, "after": {"h": 2}},
        {"path": "/list", "kind": "changed", "before": [1], "after": [1, 2]},
        {"path": "/new", "kind": "added", "after": {"k": 1}},
        {"path": "/title", "kind": "removed", "before": "x"},
        {"path": "/words/a", "kind": "removed", "before": True},
        {"path": "/words/b", "kind": "added", "after": True},
    ]


def test_a_null_that_was_added_is_told_from_nothing() -> None:
    [change] = difference(frozen({}), frozen({"zone": None}))
    assert change.as_json() == {"path": "/zone", "kind": "added", "after": None}


def test_a_text_that_changed_has_its_unified_diff() -> None:
    before, after = frozen({"text": "a\nb", "title": "x"}), frozen({"text": "a\nc", "title": "y"})
    text, title = difference(before, after, texts=["text"])
    assert text.as_json()["lines"] == "@@ -1,2 +1,2 @@\n a\n-b\n+c"
    assert "lines" not in title.as_json()


def test_a_text_that_is_none_has_no_lines() -> None:
    contents: list[tuple[dict[str, Json], dict[str, Json]]] = [
        ({}, {"text": "a"}),
        ({"text": "a"}, {}),
        ({"text": 1}, {"text": "a"}),
    ]
    for before, after in contents:
        [change] = difference(frozen(before), frozen(after), texts=["text"])
        assert change.lines is None


def test_long_lines_are_cut_and_say_so() -> None:
    after = "\n".join(f"line {number}" for number in range(5_000))
    [change] = difference(frozen({"text": "x"}), frozen({"text": after}), texts=["text"])
    assert change.lines is not None
    kept, note = change.lines[:MAX_LINES], change.lines[MAX_LINES:]
    assert kept.startswith("@@ -1 +1,5000 @@\n-x\n+line 0\n")
    assert note.startswith("\n… cut here: the whole diff has ")
    assert change.after == after
