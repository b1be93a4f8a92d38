"""What a room is called, as clients call it."""

from typing import Any

import pytest
from hypothesis import given

from twin_module.core.matrix_uri import room_address
from twin_module.core.room_name import MAX_NAME, called, room_name
from twin_module.testing.json_strategies import odd_json
from twin_module.testing.strategies import ALICE, BOB, CAROL, event_of, state_of

TWO = [(BOB, "Bob"), (CAROL, "Carol")]


def named(name: Any, alias: Any = None) -> Any:
    events = [event_of("m.room.name", "", {"name": name})]
    if alias is not None:
        events.append(event_of("m.room.canonical_alias", "", {"alias": alias}))
    return state_of(*events)


def test_a_name_comes_first_then_an_alias_then_the_people() -> None:
    assert room_name(named("Garden", "#garden:a"), TWO, 2) == "Garden"
    assert room_name(named("", "#garden:a"), TWO, 2) == "#garden:a"
    assert room_name(named(""), TWO, 2) == "Bob and Carol"
    assert room_name({}, TWO, 2) == "Bob and Carol"


@pytest.mark.parametrize(
    ("people", "others", "name"),
    [
        ([(BOB, "Bob")], 1, "Bob"),
        ([(BOB, None)], 1, BOB),
        ([(BOB, "  ")], 1, BOB),
        ([(BOB, "Bob"), (CAROL, "Carol"), (ALICE, "Alice")], 3, "Bob, Carol and Alice"),
        (TWO, 3, "Bob, Carol and 1 other"),
        (TWO, 9, "Bob, Carol and 7 others"),
        ([], 0, "Empty room"),
        ([(BOB, "Bob")], 0, "Empty room (was Bob)"),
        ([], 4, "4 others"),
    ],
)
def test_a_room_without_a_name_is_called_by_its_people(
    people: list[tuple[str, str | None]], others: int, name: str
) -> None:
    assert room_name({}, people, others) == name


def test_people_of_the_same_name_are_told_apart() -> None:
    assert called([(BOB, "Sam"), (CAROL, "Sam\n"), (ALICE, "Alice")]) == {
        BOB: f"Sam ({BOB})",
        CAROL: f"Sam ({CAROL})",
        ALICE: "Alice",
    }


def test_a_name_is_one_line_and_not_too_long() -> None:
    assert room_name(named("a\n\tb" + "c" * 1000), [], 0) == "a b" + "c" * (MAX_NAME - 3)
    assert len(room_name({}, [(BOB, "b" * 1000), (CAROL, "c" * 1000)], 2)) == MAX_NAME


@given(odd_json(), odd_json())
def test_whatever_stands_there_a_room_has_a_name(name: Any, alias: Any) -> None:
    found = room_name(named(name, alias), TWO, 2)
    assert 0 < len(found) <= MAX_NAME
    assert "\n" not in found


def test_the_address_of_a_room_says_who_knows_it() -> None:
    assert room_address("!a/b:c", ["x.example", "localhost:8448"]) == (
        "matrix:roomid/a%2Fb:c?via=x.example&via=localhost:8448"
    )
    assert room_address("!a", []) == "matrix:roomid/a"
    assert room_address("!a", ["&evil=1#"]) == "matrix:roomid/a?via=%26evil%3D1%23"
