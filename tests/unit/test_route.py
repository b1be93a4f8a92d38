"""The paths of the API, merge patches, and bodies that are no JSON."""

from typing import Any

import pytest
from hypothesis import given
from synapse.module_api.errors import SynapseError

from twin_module.core.errors import NotJson
from twin_module.core.schema import Shape
from twin_module.rest.objects import merge_patch
from twin_module.rest.resource import ROUTES, find, parse_json
from twin_module.rest.route import Answer, Route
from twin_module.testing.json_strategies import Json, canonical_json


async def nothing(*_: Any) -> Answer:
    return Answer(None)


def route(method: str, path: str) -> Route:
    return Route(method=method, path=path, summary="", handler=nothing)


@pytest.mark.parametrize(
    ("path", "parts", "found"),
    [
        ("/rooms", ["rooms"], {}),
        ("/rooms/{room_id}", ["rooms", "!a"], {"room_id": "!a"}),
        ("/rooms/{room_id}/{uid}", ["rooms", "!a", "b"], {"room_id": "!a", "uid": "b"}),
        ("/rooms/{room_id}", ["rooms", "{room_id}"], {"room_id": "{room_id}"}),
        ("/rooms", ["room"], None),
        ("/rooms", [], None),
        ("/rooms/{room_id}", ["rooms"], None),
        ("/rooms/{room_id}", ["rooms", "!a", "b"], None),
        ("/rooms/{room_id}", ["tasks", "!a"], None),
    ],
)
def test_a_path_matches_part_by_part(
    path: str, parts: list[str], found: dict[str, str] | None
) -> None:
    assert route("GET", path).match(parts) == found


def test_a_fixed_word_means_more_than_a_variable_part() -> None:
    routes = [route("GET", "/{capability}"), route("GET", "/card"), route("PUT", "/{capability}")]
    assert find(routes, "GET", ["card"]) == (routes[1], {})
    assert find(routes, "GET", ["tasks"]) == (routes[0], {"capability": "tasks"})
    assert find(routes, "PUT", ["card"]) == (routes[2], {"capability": "card"})


def test_a_path_that_there_is_not_says_where_to_look() -> None:
    with pytest.raises(SynapseError, match=r"/openapi\.json") as refused:
        find(ROUTES, "GET", ["nowhere", "at", "all", "to", "be", "found"])
    assert (refused.value.code, refused.value.errcode) == (404, "M_UNRECOGNIZED")


def test_a_method_that_there_is_not_names_those_that_there_are() -> None:
    with pytest.raises(SynapseError, match="takes GET, PUT, not POST") as refused:
        find([route("PUT", "/a"), route("GET", "/a")], "POST", ["a"])
    assert (refused.value.code, refused.value.errcode) == (405, "M_UNRECOGNIZED")


def test_no_two_calls_of_the_api_are_the_same() -> None:
    calls = [
        (each.method, *("{}" if "{" in part else part for part in each.parts)) for each in ROUTES
    ]
    assert len(calls) == len(set(calls))


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        # The examples of RFC 7396, appendix A.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_does_what_its_standard_says(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch(target, patch) == result


@given(target=canonical_json(), patch=canonical_json())
def test_a_patch_given_twice_changes_nothing_more(target: Json, patch: Json) -> None:
    once = merge_patch(target, patch)
    assert merge_patch(once, patch) == once


def test_a_patch_does_not_change_what_it_was_made_on() -> None:
    target = {"a": {"b": 1}}
    merge_patch(target, {"a": {"b": None, "c": 2}})
    assert target == {"a": {"b": 1}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nope",
        b"{'a': 1}",
        b'{"a": NaN}',
        b"Infinity",
        b"-Infinity",
        b"\xff",
        b'{"a": 1} x',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 10_000,
    ],
    ids=lambda body: body[:12].decode("latin-1"),
)
def test_what_is_no_json_is_refused_in_a_sentence(body: bytes) -> None:
    with pytest.raises(NotJson) as refused:
        parse_json(body)
    assert refused.value.message.startswith("The body is not JSON: ")
    assert len(refused.value.message) <= 200


@pytest.mark.parametrize(
    ("body", "value"), [(b"null", None), (b' {"a": [1]} ', {"a": [1]}), (b'"\xc3\xa4"', "ä")]
)
def test_json_is_read(body: bytes, value: Any) -> None:
    assert parse_json(body) == value


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route.body],
    ids=lambda route: f"{route.method} {route.path}",
)
def test_what_a_call_takes_is_a_schema(route: Route) -> None:
    assert route.body is not None
    Shape(route.body).check()
