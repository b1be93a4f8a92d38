"""Widgets as values: their address, what stands in the room, and the mark of who left."""

from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import given, strategies as st

from twin_module.core.canonical import canonical_problem
from twin_module.core.link import is_token
from twin_module.core.state import StateEvent, StateMap, frozen
from twin_module.core.widget import (
    MAX_NAME,
    MAX_VALUE,
    PAGE,
    WIDGET,
    light,
    token_in,
    who_left,
    widget_content,
    widget_url,
)
from twin_module.testing.json_strategies import hostile_json, odd_json, texts

OWNER: Final = "@alice:alice.example"
TOKEN: Final = f"one.{'a-_Z' * 21}aa"


def event(event_type: str, state_key: str, content: Any) -> StateEvent:
    return StateEvent("!room", event_type, state_key, frozen(content), OWNER, "$e", 0)


def shown(content: Any) -> StateMap:
    return {(WIDGET, OWNER): event(WIDGET, OWNER, content)}


def members(**memberships: str) -> StateMap:
    return {
        ("m.room.member", f"@{name}:x"): event("m.room.member", f"@{name}:x", {"membership": each})
        for name, each in memberships.items()
    }


def as_element_does(url: str, variables: dict[str, str]) -> str:
    """Fill in variables as Element's widget API does: in the whole address, each encoded."""
    for name, value in variables.items():
        url = url.replace(f"${name}", quote(value, safe=""))
    return url


def test_the_secret_and_the_variables_stand_behind_the_hash_and_can_be_filled_in() -> None:
    url = widget_url("https://alice.example", TOKEN)
    assert urlsplit(url)._replace(fragment="").geturl() == f"https://alice.example{PAGE}"
    filled = as_element_does(
        url,
        {
            "matrix_user_id": "@bob:bob.example",
            "matrix_room_id": "!room&token=evil",
            "org.matrix.msc2873.client_theme": "dark",
            "org.matrix.msc2873.client_language": "de",
        },
    )
    assert parse_qs(urlsplit(filled).fragment) == {
        "token": [TOKEN],
        "theme": ["dark"],
        "language": ["de"],
        "user": ["@bob:bob.example"],
        "room": ["!room&token=evil"],
    }


@given(name=texts())
def test_what_stands_in_the_room_is_what_clients_read_and_fits_an_event(name: str) -> None:
    content = widget_content(OWNER, name, widget_url("https://alice.example", TOKEN))
    assert canonical_problem(content) is None
    # Element shows no widget without these two.
    assert content["type"]
    assert content["url"]
    assert len(content["name"]) <= MAX_NAME
    assert token_in(shown(content), OWNER) == TOKEN
    assert token_in(shown(content), "@bob:bob.example") is None


@given(
    url=odd_json()
    | hostile_json()
    | texts()
    | st.sampled_from(["https://[", "x#token=%", "#token"])
)
def test_any_other_content_has_no_token_and_raises_nothing(url: Any) -> None:
    try:
        state = shown({"url": url})
    except (TypeError, ValueError, RecursionError):
        return  # no event can hold it
    found = token_in(state, OWNER)
    assert found is None or is_token(found)


def test_the_mark_changes_when_somebody_leaves_and_not_when_somebody_comes() -> None:
    before = who_left(members(alice="join", bob="join"))
    assert who_left(members(alice="join", bob="join", carol="join", dora="invite")) == before
    assert who_left(members(alice="join")) == before
    for how in ("leave", "ban"):
        assert who_left(members(alice="join", bob=how)) != before
    one, both = members(bob="leave"), members(bob="leave", carol="ban")
    assert who_left(one) != who_left(both) == who_left(dict(reversed(list(both.items()))))


@pytest.mark.parametrize("membership", [None, 5, [], {"leave": 1}])
def test_a_membership_that_is_none_is_nobody_who_left(membership: Any) -> None:
    state = {("m.room.member", "@b:x"): event("m.room.member", "@b:x", {"membership": membership})}
    assert who_left(state) == who_left({})


def test_a_list_holds_no_long_values() -> None:
    long = "x" * MAX_VALUE
    content = {"title": "Bread", "text": long, "photos": {"a": {"uri": long}}, "due": "2026"}
    assert light(content) == {"title": "Bread", "due": "2026"}
