"""Three-way merge of content: laws that hold for all content, and examples that people can read."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from pyrsistent import PMap, freeze

from twin_module.core.capability import EventType, Merge
from twin_module.core.lines import MAX_MERGED
from twin_module.core.merge import (
    STAMPS,
    Clash,
    Merged,
    Moment,
    Side,
    bare,
    changed_fields,
    merge,
    same,
)
from twin_module.core.state import NAMESPACE, Content, frozen, plain
from twin_module.rooms import CAPABILITIES
from twin_module.testing.json_strategies import Json, odd_json
from twin_module.testing.strategies import contents

RULES: Mapping[str, Merge] = {
    "words": Merge.SET,
    "list": Merge.SET,
    "people": Merge.MAP,
    "text": Merge.TEXT,
}
FIELDS = ("title", *RULES, NAMESPACE)
EARLY, LATE = (1, "$a"), (2, "$b")
EVENT_TYPES = [event for capability in CAPABILITIES for event in capability.events]
CONTENTS = {each.type: contents(each) for each in EVENT_TYPES}

each_type = pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda each: each.type)


def words() -> SearchStrategy[dict[str, Json]]:
    return st.sets(st.sampled_from("abcd")).map(lambda found: dict.fromkeys(sorted(found), True))


def lists() -> SearchStrategy[list[str]]:
    return st.lists(st.sampled_from("abcd"), unique=True)


def maps() -> SearchStrategy[dict[str, Json]]:
    keys = st.sampled_from(["a", "b", "c/d", "base"])
    return st.dictionaries(keys, st.integers(0, 2) | st.booleans() | st.none())


def lined() -> SearchStrategy[str]:
    return st.lists(st.sampled_from(["", "a", "b", "c"]), max_size=5).map("\n".join)


SOUND = {
    "title": st.sampled_from(["a", "b", "c"]) | st.none(),
    "words": words(),
    "list": lists(),
    "people": maps(),
    "text": lined(),
    NAMESPACE: maps(),
}
ANYTHING = st.one_of(*SOUND.values(), odd_json())


@st.composite
def objects(draw: DrawFn) -> Content:
    """Content with the fields of RULES, most of it as its rules want it, removed at times."""
    if draw(st.integers(0, 9)) == 0:
        return frozen({})
    names = draw(st.sets(st.sampled_from(FIELDS)))
    odd = draw(st.sets(st.sampled_from(FIELDS), max_size=1))
    return frozen({name: draw(ANYTHING if name in odd else SOUND[name]) for name in names})


def moments() -> SearchStrategy[Moment]:
    return st.tuples(st.integers(0, 3), st.sampled_from(["$a", "$b"]))


def sides() -> SearchStrategy[Side]:
    times = st.dictionaries(st.sampled_from(FIELDS), moments())
    return st.builds(Side, objects(), moments(), times)


def early(**content: Json) -> Side:
    return Side(frozen(content), EARLY)


def late(**content: Json) -> Side:
    return Side(frozen(content), LATE)


def merged(base: Mapping[str, Json], one: Side, other: Side) -> Any:
    """Merge, whatever comes first, and return the content as plain JSON."""
    return plain(together(base, one, other).content)


def together(base: Mapping[str, Json], one: Side, other: Side) -> Merged:
    result = merge(RULES, frozen(base), one, other)
    assert as_text(result) == as_text(merge(RULES, frozen(base), other, one))
    return result


def as_text(result: Merged) -> str:
    clashes = [(clash.path, clash.lost) for clash in result.clashes]
    return json.dumps([plain(result.content), clashes, result.restored], sort_keys=True)


# Laws


@given(objects(), sides(), sides())
def test_the_order_of_the_sides_does_not_matter(base: Content, one: Side, other: Side) -> None:
    assert as_text(merge(RULES, base, one, other)) == as_text(merge(RULES, base, other, one))


@given(objects(), objects(), sides(), moments())
def test_a_side_that_changed_nothing_gives_way(
    base: Content, changed: Content, side: Side, at: Moment
) -> None:
    for result in (
        merge(RULES, base, side, Side(side.content, at)),
        merge(RULES, base, Side(base, at), side),
        merge(RULES, base, side, Side(base, at)),
    ):
        assert same(result.content, bare(side.content))
        assert not result.clashes
        assert not result.restored


@given(objects(), sides(), sides())
def test_each_field_is_as_a_side_has_it_or_both_changed_it(
    base: Content, one: Side, other: Side
) -> None:
    result = merge(RULES, base, one, other)
    before, left, right = bare(base), bare(one.content), bare(other.content)
    assert {*result.content} <= {*left, *right}
    assert isinstance(result.content, PMap)
    assert same(result.content, freeze(plain(result.content)))
    assert [clash.path for clash in result.clashes] == sorted(
        {clash.path for clash in result.clashes}
    )
    if result.restored:
        assert before
        assert bool(left) != bool(right)
        assert same(result.content, left or right)
        return
    for name in FIELDS:
        old, mine, theirs = (each.get(name, "absent") for each in (before, left, right))
        if same(old, mine):
            assert same(result.content.get(name, "absent"), theirs)
        if same(old, theirs):
            assert same(result.content.get(name, "absent"), mine)


@given(objects(), sides(), sides())
def test_what_clashed_was_changed_by_both_and_is_what_one_side_had(
    base: Content, one: Side, other: Side
) -> None:
    for clash in merge(RULES, base, one, other).clashes:
        name, *inner = clash.path[1:].split("/")
        assert name in changed_fields(base, one.content) & changed_fields(base, other.content)
        key = inner[0].replace("~1", "/") if inner else None
        had = [bare(side.content).get(name) for side in (one, other)]
        if key is not None:
            had = [each.get(key) if isinstance(each, PMap) else None for each in had]
        assert any(same(freeze(clash.lost), each) for each in had)


@given(words(), words(), words())
def test_a_set_has_what_either_added_without_what_either_removed(
    base: Json, one: Json, other: Json
) -> None:
    expected = ({*base} & {*one} & {*other}) | ({*one, *other} - {*base})
    result = merged({"words": base}, early(words=one), late(words=other, title="x"))
    assert {*result["words"]} == expected
    result = merged({"list": [*base]}, early(list=[*one]), late(list=[*other], title="x"))
    assert sorted(result["list"]) == sorted(expected)


@given(maps(), maps(), maps())
def test_a_key_of_a_map_that_one_side_changed_is_as_that_side_has_it(
    base: Json, one: Json, other: Json
) -> None:
    result = merged({"people": base}, early(people=one), late(people=other, title="x"))["people"]
    for key in {*base, *one, *other}:
        old, mine, theirs = (each.get(key, "absent") for each in (base, one, other))
        expected = mine if same(old, theirs) else theirs  # where both did, the later one
        assert same(result.get(key, "absent"), expected)


@given(objects())
def test_bare_content_has_no_stamps_and_all_the_rest(content: Content) -> None:
    stamped = content
    if isinstance(content.get(NAMESPACE, frozen({})), PMap):
        ours = content.get(NAMESPACE, frozen({})).update(dict.fromkeys(STAMPS, "$x"))
        stamped = content.set(NAMESPACE, ours)
    assert same(bare(stamped), bare(content))
    assert same(bare(bare(content)), bare(content))
    assert changed_fields(content, stamped) == frozenset()


@given(odd_json(), odd_json())
def test_values_are_the_same_exactly_if_their_json_is(one: Json, other: Json) -> None:
    def written(value: Json) -> str:
        return json.dumps(value, sort_keys=True)

    assert same(freeze(one), freeze(json.loads(written(one))))
    assert same(freeze(one), freeze(other)) == (written(one) == written(other))


@each_type
@given(data=st.data())
def test_content_of_every_type_merges(event_type: EventType, data: st.DataObject) -> None:
    base, one, other = (frozen(data.draw(CONTENTS[event_type.type])) for _ in range(3))
    result = merge(event_type.merge, base, Side(one, EARLY), Side(other, LATE))
    for name in changed_fields(base, one) - changed_fields(base, other):
        assert same(result.content.get(name), one.get(name))
    for name in changed_fields(base, other) - changed_fields(base, one):
        assert same(result.content.get(name), other.get(name))
    for name in changed_fields(base, one) & changed_fields(base, other):
        if name not in {*event_type.merge, NAMESPACE}:
            assert same(result.content.get(name), other.get(name))


# Scalars and times


def test_the_later_scalar_wins_and_the_other_one_is_a_clash() -> None:
    result = together({"title": "a"}, early(title="b"), late(title="c"))
    assert result == Merged(frozen({"title": "c"}), (Clash("/title", "b"),), restored=False)


def test_a_field_that_one_side_took_away_clashes_with_a_change() -> None:
    base = {"title": "a", "due": "x"}
    taken = together(base, early(title="a"), late(title="a", due="y"))
    assert (plain(taken.content), taken.clashes) == (
        {"title": "a", "due": "y"},
        (Clash("/due", None),),
    )
    kept = together(base, early(title="a", due="y"), late(title="a"))
    assert (plain(kept.content), kept.clashes) == ({"title": "a"}, (Clash("/due", "y"),))


def test_the_time_of_the_field_decides_where_it_is_known() -> None:
    one = Side(frozen({"title": "b", "due": "y"}), LATE, {"title": (0, "$z")})
    result = together({"title": "a", "due": "x"}, one, early(title="c", due="z"))
    assert plain(result.content) == {"title": "c", "due": "y"}


def test_the_event_id_decides_between_equal_times() -> None:
    one, other = Side(frozen({"title": "b"}), (1, "$b")), Side(frozen({"title": "c"}), (1, "$a"))
    assert merged({"title": "a"}, one, other) == {"title": "b"}


def test_true_is_not_one() -> None:
    result = together({"done": 1}, early(done=True), late(done=1, title="x"))
    assert plain(result.content)["done"] is True
    assert changed_fields(frozen({"done": [0]}), frozen({"done": [False]})) == {"done"}
    nan = float("nan")
    assert same(nan, -nan)
    assert not same(0.0, -0.0)


def test_merging_is_not_associative() -> None:
    base, a, b, c = ({"title": title} for title in ("x", "a", "x", "c"))
    first = merged(base, Side(frozen(a), (3, "$a")), Side(frozen(b), (4, "$b")))
    left = merged(base, Side(frozen(first), (4, "$ab")), Side(frozen(c), (3, "$c")))
    second = merged(base, Side(frozen(b), (4, "$b")), Side(frozen(c), (3, "$c")))
    right = merged(base, Side(frozen(a), (3, "$a")), Side(frozen(second), (4, "$bc")))
    assert (left, right) == ({"title": "a"}, {"title": "c"})


# Sets, maps, texts


def test_words_of_both_stay_and_words_that_either_removed_go() -> None:
    base = {"words": {"home": True, "old": True}}
    one, other = early(words={"home": True, "garden": True}), late(words={"old": True})
    assert merged(base, one, other) == {"words": {"garden": True}}


def test_a_list_keeps_its_order_and_gets_new_words_at_its_end() -> None:
    base = {"list": ["z", "y", "x"]}
    one, other = early(list=["z", "c", "y"]), late(list=["a", "z", "y", "x", "c"])
    assert merged(base, one, other) == {"list": ["z", "y", "c", "a"]}


def test_a_set_and_a_map_that_nothing_is_left_of_are_taken_away_if_one_side_did() -> None:
    for name, value in (("words", True), ("people", 1)):
        base: dict[str, Json] = {name: {"a": value, "b": value}, "title": "x"}
        rest = {name: {"b": value}}
        assert merged(base, early(title="y"), late(title="x", **rest)) == {"title": "y"}
        both = merged(base, early(**{name: {"a": value}}), late(**rest))
        assert both == {name: {}}


def test_a_person_whom_one_side_added_stays_when_the_other_took_the_last_one_away() -> None:
    base = {"people": {"@bob": 1}, "title": "x"}
    one, other = early(title="x"), late(title="x", people={"@bob": 1, "@carol": 2})
    assert merged(base, one, other) == {"title": "x", "people": {"@carol": 2}}


def test_the_later_value_of_a_key_wins() -> None:
    one, other = early(people={"a/b": 1, "c": 1}), late(people={"a/b": 2})
    result = together({"people": {"a/b": 0, "c": 0}}, one, other)
    assert plain(result.content) == {"people": {"a/b": 2}}
    assert result.clashes == (Clash("/people/a~1b", 1), Clash("/people/c", 1))


def test_texts_come_together_by_lines() -> None:
    result = together(
        {"text": "a\nb\nc"}, late(text="a\nb\nC", title="x"), early(text="A\nb\nc\nd")
    )
    assert plain(result.content) == {"text": "A\nb\nC\nd", "title": "x"}
    assert result.clashes == ()


def test_the_earlier_lines_stand_above_whichever_side_comes_first() -> None:
    assert merged({"text": "a"}, late(text="c"), early(text="b")) == {"text": "b\nc"}
    assert merged({}, late(text="c", title="x"), early(text="b")) == {"text": "b\nc", "title": "x"}


def test_a_text_that_is_too_long_or_taken_away_is_a_scalar() -> None:
    long = "x" * MAX_MERGED + "y"
    assert together({"text": "a"}, early(text=long), late(text="b")).clashes == (
        Clash("/text", long),
    )
    taken = together({"text": "a", "title": "t"}, early(text="b", title="t"), late(title="t"))
    assert (plain(taken.content), taken.clashes) == ({"title": "t"}, (Clash("/text", "b"),))


def test_what_is_not_of_the_type_of_its_rule_is_a_scalar() -> None:
    for name, base, one, other in [
        ("words", {}, 5, {"a": True}),
        ("words", 5, {"b": True}, {"a": True}),
        ("words", {}, {"a": 1}, {"b": True}),
        ("words", {}, ["a"], {"b": True}),
        ("list", [], [1], ["a"]),
        ("list", [], "ab", ["a"]),
        ("people", {}, ["a"], {"a": 1}),
        ("text", "", ["a"], "a"),
        ("text", None, "b", "a"),
    ]:
        result = together({name: base}, early(**{name: one}), late(**{name: other}))
        assert plain(result.content) == {name: other}
        assert result.clashes == (Clash(f"/{name}", one),)


# Our namespace


def test_stamps_do_not_count_and_the_rest_of_our_namespace_merges_key_by_key() -> None:
    base = {NAMESPACE: {"a": 1, "b": 1, "base": "$0"}}
    one = early(**{NAMESPACE: {"a": 2, "b": 1, "base": "$1", "merged": ["$x"]}})
    other = late(**{NAMESPACE: {"a": 1, "b": 2, "base": "$2", "experience": "x"}})
    result = together(base, one, other)
    assert plain(result.content) == {NAMESPACE: {"a": 2, "b": 2}}
    assert result.clashes == ()


def test_a_namespace_that_nothing_is_left_in_is_left_out() -> None:
    base = {NAMESPACE: {"a": 1, "b": 1}}
    one, other = early(**{NAMESPACE: {"a": 1}}), late(**{NAMESPACE: {"b": 1}, "title": "x"})
    assert merged(base, one, other) == {"title": "x"}


# Removal


def test_a_change_wins_against_a_removal_as_a_whole() -> None:
    base = {"title": "a", "words": {"x": True}}
    for removed, changed in (
        (late(), early(title="b", words={"x": True})),
        (early(), late(title="b", words={"x": True})),
    ):
        result = together(base, removed, changed)
        assert result == Merged(changed.content, (), restored=True)


def test_a_removal_wins_against_no_change_and_against_another_removal() -> None:
    base = {"title": "a", NAMESPACE: {"base": "$0"}}
    unchanged = late(title="a", **{NAMESPACE: {"base": "$1"}})
    for other in (unchanged, late(), late(**{NAMESPACE: {"base": "$1"}})):
        assert together(base, early(), other) == Merged(frozen({}), (), restored=False)


def test_two_objects_that_began_under_one_uid_come_together() -> None:
    result = together({}, early(title="a", words={"x": True}), late(title="b", words={"y": True}))
    assert plain(result.content) == {"title": "b", "words": {"x": True, "y": True}}
    assert result.clashes == (Clash("/title", "a"),)
    assert not result.restored
