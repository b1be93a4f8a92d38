"""Page tokens come back as they were, and everything else is refused."""

import json
from base64 import urlsafe_b64encode
from types import NoneType
from typing import Any

import pytest
from hypothesis import given, strategies as st

from twin_module.core.errors import InvalidParam
from twin_module.engine.tokens import NUMBER, WORD, read_token, write_token
from twin_module.testing.json_strategies import hostile_json, odd_json, texts

VALUE = (*NUMBER, *WORD, NoneType)
KINDS = (VALUE, WORD, WORD)
DEEP = "[" * 100_000 + "]" * 100_000
"""JSON that is nested beyond what a parser can bear."""


def token_of(place: Any) -> str:
    """Return a token whatever it holds."""
    try:
        return token_with(json.dumps(place))
    except RecursionError:
        return token_with(DEEP)


def token_with(text: str) -> str:
    """Return a token that holds a text, JSON or not."""
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@given(st.none() | texts() | st.integers(-(2**63) + 1, 2**63 - 1), texts(), texts())
def test_a_place_comes_back_as_it_was(value: Any, one: str, other: str) -> None:
    assert read_token(write_token([value, one, other]), *KINDS) == [value, one, other]


@given(st.text() | (odd_json() | hostile_json()).map(token_of))
def test_anything_else_is_refused_or_is_a_place(token: str) -> None:
    try:
        value, one, other = read_token(token, *KINDS)
    except InvalidParam:
        return
    assert isinstance(value, VALUE)
    assert isinstance(one, str)
    assert isinstance(other, str)


@pytest.mark.parametrize(
    "place",
    [
        [1, "a"],
        [1, "a", "b", "c"],
        [1.5, "a", "b"],
        [2**63, "a", "b"],
        [1, "a", 2],
        [1, "a\x00", "b"],
        ["\ud800", "a", "b"],
        {"a": 1, "b": 2, "c": 3},
        "abc",
        None,
    ],
)
def test_a_place_that_no_list_has_is_refused(place: Any) -> None:
    with pytest.raises(InvalidParam, match="token"):
        read_token(token_of(place), *KINDS)


def test_a_token_that_is_nested_beyond_reason_is_refused() -> None:
    with pytest.raises(InvalidParam, match="token"):
        read_token(token_with(DEEP), *KINDS)
