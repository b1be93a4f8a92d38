"""Which content fits: each table names the rule that has to bite."""

from typing import Any

import pytest
from hypothesis import given
from jsonschema import SchemaError

from twin_module.core.canonical import MAX_INTEGER
from twin_module.core.schema import (
    MAX_CONTENT_BYTES,
    MAX_DEPTH,
    MAX_PROBLEMS,
    Problem,
    Shape,
    bounds_problem,
)
from twin_module.core.state import frozen
from twin_module.testing.json_strategies import (
    VERY_DEEP,
    Json,
    canonical_json,
    hostile_json,
    in_list,
    in_map,
    nested,
    odd_json,
)

ANYTHING = Shape({})

OUT_OF_BOUNDS: dict[str, list[Any]] = {
    "float": [0.0, 1.0, -0.5, float("inf"), float("nan"), {"a": [1.5]}],
    "2^53": [MAX_INTEGER + 1, -MAX_INTEGER - 1, 10**5000, [2**64]],
    "NUL": ["\x00", "a\x00b", {"a\x00": 1}, {"a": {"b": "\x00"}}],
    "surrogate": ["\ud800", "a\udfff", {"\ud800": 1}, ["\udc00"]],
    "deeper": [
        nested(depth, around)
        for depth in (MAX_DEPTH + 1, VERY_DEEP)
        for around in (in_list, in_map)
    ],
    "bytes": ["x" * MAX_CONTENT_BYTES, "€" * (MAX_CONTENT_BYTES // 3), ["x" * 9_999] * 6],
    "not JSON": [b"x", {1, 2}, object(), {"a": {1}}],
    "key of no text": [{1: "a"}, {None: 1}, {"a": {True: 1}}],
}
WITHIN_BOUNDS = [
    *(None, True, False, 0, "", "ä€😀", [], {}, {"": ""}),
    *(MAX_INTEGER, -MAX_INTEGER, nested(MAX_DEPTH, in_list), nested(MAX_DEPTH, in_map)),
    "x" * (MAX_CONTENT_BYTES - 2),
]


@pytest.mark.parametrize(
    ("rule", "value"),
    [(rule, value) for rule, values in OUT_OF_BOUNDS.items() for value in values],
    ids=lambda each: each if isinstance(each, str) and len(each) < 20 else "",
)
def test_what_is_out_of_bounds_is_refused_for_its_reason(rule: str, value: Json) -> None:
    problem = bounds_problem(value)
    assert problem is not None
    assert rule in problem.message


@pytest.mark.parametrize("value", WITHIN_BOUNDS, ids=lambda _: "")
def test_what_is_just_within_bounds_fits(value: Json) -> None:
    assert bounds_problem(value) is None
    assert ANYTHING.problems(value) == []


def test_the_place_of_a_problem_is_a_json_pointer() -> None:
    assert bounds_problem({"a": [0, {"b/c~d": 1.5}]}) == Problem(
        "/a/1/b~1c~0d", "is a float; Matrix events hold whole numbers only, so write it as text"
    )
    texts = Shape({"additionalProperties": {"additionalProperties": {"type": "string"}}})
    assert texts.problems({"a": {"b/c~d": 1}})[0].path == "/a/b~1c~0d"


def test_lists_in_immutable_content_are_lists() -> None:
    assert bounds_problem(frozen({"a": [1, [2], {"b": []}]})) is None
    deep = bounds_problem(frozen({"a": nested(MAX_DEPTH, in_list)}))
    assert deep is not None
    assert "deeper" in deep.message


@given(value=odd_json())
def test_any_json_has_an_answer(value: Json) -> None:
    for problem in ANYTHING.problems(value):
        assert isinstance(problem.as_json()["message"], str)


@given(value=canonical_json())
def test_canonical_json_is_within_bounds(value: Json) -> None:
    assert bounds_problem(value) is None


@given(value=hostile_json())
def test_hostile_json_is_out_of_bounds_wherever_it_stands(value: Json) -> None:
    for around in (value, [value], {"a": value}, {"a": [0, {"b": value}]}):
        assert ANYTHING.problems(around) != []


@pytest.mark.parametrize(
    ("schema", "fits", "does_not"),
    [
        ({"type": "object"}, [{}, {"a": 1}], [[], "", None, 1, True]),
        ({"type": "integer"}, [0, -1], [True, "1", None]),
        ({"type": "boolean"}, [True, False], [0, 1, "true"]),
        ({"type": ["string", "null"]}, ["", None], [0, []]),
        ({"const": True}, [True], [1, "true"]),
        ({"maxLength": 2}, ["ab", "😀😀"], ["abc"]),
        ({"pattern": "^a$"}, ["a"], ["a\n", "ba", "", "\na"]),
        ({"pattern": "^!"}, ["!a", "!a\n"], ["a!", "\n!"]),
        ({"format": "date-time"}, ["2026-12-24T18:00:00Z"], ["banana", "2026-12-24"]),
        ({"format": "uri"}, ["https://example.org/"], ["no uri"]),
        ({"propertyNames": {"pattern": "^a$"}}, [{"a": 1}], [{"a\n": 1}, {"b": 1}]),
        ({"required": ["a"]}, [{"a": None}], [{}]),
        ({"additionalProperties": False}, [{}], [{"a": 1}]),
    ],
    ids=str,
)
def test_the_rules_of_a_schema_bite(
    schema: dict[str, Any], fits: list[Any], does_not: list[Any]
) -> None:
    shape = Shape(schema)
    assert [value for value in fits if shape.problems(value)] == []
    assert [value for value in does_not if not shape.problems(value)] == []


def test_a_schema_that_is_none_is_no_schema() -> None:
    with pytest.raises(SchemaError):
        Shape({"type": "text"}).check()


def test_there_are_never_more_than_ten_problems_of_bounded_length() -> None:
    texts = Shape({"additionalProperties": {"type": "string", "maxLength": 1}})
    found = texts.problems({f"key{number}": "x" * 1000 for number in range(50)})
    assert len(found) == MAX_PROBLEMS
    assert all(len(each.message) < 250 for each in found)


def test_a_shape_can_be_for_more_than_an_event() -> None:
    text = {"text": "x" * (5 * 1024 * 1024)}
    assert Shape({}, most=12_000_000).problems(text) == []
    assert ANYTHING.problems(text) != []
