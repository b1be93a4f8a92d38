"""Roles as power levels, read from states of any form."""

from typing import Any

import pytest
from hypothesis import given

from twin_module.core.authority import (
    CREATOR_POWER,
    ROLE_NAMES,
    Role,
    creators,
    integer,
    membership_of,
    power_of,
    role_of,
)
from twin_module.testing.json_strategies import Json, odd_json
from twin_module.testing.strategies import ALICE, BOB, CAROL, event_of, state_of


def room(levels: Any = None, create: dict[str, Any] | None = None) -> Any:
    return state_of(
        event_of("m.room.create", "", create or {}),
        event_of("m.room.power_levels", "", levels or {}),
    )


@pytest.mark.parametrize(
    ("levels", "role"),
    [
        ({}, "viewer"),
        ({"users": {BOB: -1}}, "viewer"),
        ({"users": {BOB: 24}}, "viewer"),
        ({"users": {BOB: 25}}, "editor"),
        ({"users": {BOB: 49}}, "editor"),
        ({"users": {BOB: 50}}, "admin"),
        ({"users": {BOB: 100}}, "admin"),
        ({"users_default": 25}, "editor"),
        ({"users_default": 50, "users": {BOB: 0}}, "viewer"),
        ({"users": {BOB: True}}, "viewer"),
        ({"users": {BOB: "50"}}, "viewer"),
        ({"users": [BOB]}, "viewer"),
        ({"users_default": "50"}, "viewer"),
    ],
)
def test_a_power_level_is_a_role(levels: dict[str, Any], role: str) -> None:
    assert role_of(room(levels), BOB) == role


def test_who_made_the_room_is_its_owner_whatever_the_levels_say() -> None:
    state = room({"users": {ALICE: 0}})
    assert role_of(state, ALICE) == "owner"
    assert power_of(state, ALICE) == CREATOR_POWER


def test_further_creators_have_the_same_power() -> None:
    state = room(create={"additional_creators": [BOB, 5, None]})
    assert creators(state) == {ALICE, BOB}
    assert role_of(state, BOB) == "owner"
    assert role_of(state, CAROL) == "viewer"


@pytest.mark.parametrize("more", [5, True, "@bob:bob.test", {BOB: 1}, [[BOB]], None, [{}]])
def test_further_creators_of_any_other_form_are_none(more: Any) -> None:
    assert creators(room(create={"additional_creators": more})) == {ALICE}


@given(value=odd_json())
def test_states_of_any_form_are_read(value: Json) -> None:
    state = {
        **room({"users": value, "users_default": value}, {"additional_creators": value}),
        **state_of(event_of("m.room.member", BOB, {"membership": value})),
    }
    assert role_of(state, BOB) in ("owner", *ROLE_NAMES)
    assert isinstance(membership_of(state, BOB), str)


def test_nobody_made_a_room_of_which_nothing_is_known() -> None:
    assert creators({}) == frozenset()
    assert role_of({}, ALICE) == "viewer"
    assert membership_of({}, ALICE) == "leave"


def test_roles_have_names_and_an_order() -> None:
    assert ROLE_NAMES == ("viewer", "editor", "admin")
    assert [Role.named(name) for name in ROLE_NAMES] == [0, 25, 50]


@pytest.mark.parametrize(("value", "read"), [(5, 5), (True, 7), ("5", 7), (None, 7), (5.0, 7)])
def test_a_number_is_a_whole_number_or_the_default(value: Any, read: int) -> None:
    assert integer(value, 7) == read
