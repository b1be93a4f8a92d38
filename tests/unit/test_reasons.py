"""Why somebody is in a room."""

import pytest

from twin_module.rooms.circles import GRANTED, INVITED, MADE_IT, Reason, reasons
from twin_module.testing.circle_world import World
from twin_module.testing.strategies import ALICE, BOB, CAROL, event_of

FRIENDS = "!friends"
FAMILY = "!family"
LIST = "!list"
NAME = "Circle"


def a_world() -> World:
    """Return Alice's two circles and a collection of hers."""
    world = World().with_circle(FRIENDS).with_circle(FAMILY).with_collection(LIST)
    return world.commanded(FRIENDS, "change", name="Friends").commanded(
        FAMILY, "change", name="Family"
    )


def why(world: World, room_id: str = LIST, *seen: str) -> dict[str, list[Reason]]:
    """Return why everybody is in a room, for a twin that sees all circles or only some."""
    circles = {each: world.rooms[each] for each in seen or (FRIENDS, FAMILY)}
    return {user: list(each) for user, each in reasons(world.rooms[room_id], circles).items()}


def through(circle: str) -> Reason:
    return Reason("circle", circle, {FRIENDS: "Friends", FAMILY: "Family"}[circle])


def test_who_made_a_room_is_there_for_that() -> None:
    assert why(a_world()) == {ALICE: [MADE_IT]}


def test_who_was_invited_by_hand_is_there_for_that() -> None:
    world = a_world().invited_by_hand(LIST, BOB, 0)
    assert why(world)[BOB] == [INVITED]
    assert why(world.joined(LIST, BOB))[BOB] == [INVITED]


def test_who_came_through_a_circle_is_there_for_that_alone() -> None:
    world = a_world().commanded(FRIENDS, "add", user_id=BOB).settled()
    world = world.commanded(LIST, "share", circle=FRIENDS).settled()
    assert why(world)[BOB] == [through(FRIENDS)]
    assert why(world.joined(FRIENDS, BOB).joined(LIST, BOB).settled())[BOB] == [through(FRIENDS)]


def test_who_came_through_two_circles_is_there_for_both() -> None:
    world = a_world()
    for circle in (FRIENDS, FAMILY):
        world = world.commanded(circle, "add", user_id=BOB)
        world = world.commanded(LIST, "share", circle=circle).settled()
    assert why(world)[BOB] == [through(FAMILY), through(FRIENDS)]


def test_who_was_invited_and_is_reached_by_a_circle_too_is_there_for_both() -> None:
    world = a_world().invited_by_hand(LIST, BOB, 0).joined(LIST, BOB)
    world = world.commanded(FRIENDS, "add", user_id=BOB)
    world = world.commanded(LIST, "share", circle=FRIENDS).settled()
    assert why(world)[BOB] == [through(FRIENDS), INVITED]


def test_a_circle_that_reaches_nobody_is_no_reason() -> None:
    world = a_world().invited_by_hand(LIST, BOB, 0)
    world = world.commanded(LIST, "share", circle=FRIENDS).settled()
    assert why(world)[BOB] == [INVITED]


def test_who_left_is_not_there_and_has_no_reason() -> None:
    world = a_world().invited_by_hand(LIST, BOB, 0).joined(LIST, BOB).left(LIST, BOB)
    assert BOB not in why(world)
    assert CAROL not in why(world)


def test_a_circle_lets_in_whom_it_declares() -> None:
    world = a_world().commanded(FRIENDS, "add", user_id=BOB).settled()
    world = world.set_membership(FRIENDS, CAROL, "invite", ALICE)
    assert why(world, FRIENDS) == {
        ALICE: [MADE_IT],
        BOB: [through(FRIENDS)],
        CAROL: [INVITED],
    }


def test_who_came_through_a_circle_that_can_not_be_seen_gets_it_without_a_name() -> None:
    world = a_world().commanded(FRIENDS, "add", user_id=BOB)
    world = world.commanded(LIST, "share", circle=FRIENDS).settled()
    assert why(world, LIST, FAMILY)[BOB] == [Reason("circle", FRIENDS)]
    assert why(world, LIST, FAMILY)[BOB][0].as_json() == {"circle": FRIENDS, "name": None}


def test_a_circle_of_somebody_else_reaches_nobody() -> None:
    world = a_world().commanded(FRIENDS, "add", user_id=BOB)
    create = world.rooms[FRIENDS]["m.room.create", ""]
    carols = world.written(FRIENDS, "m.room.create", "", create.content, sender=CAROL)
    carols = carols.commanded(LIST, "share", circle=FRIENDS).invited_by_hand(LIST, BOB, 0)
    assert why(carols)[BOB] == [INVITED]


def test_who_is_about_to_be_taken_out_has_no_reason_any_more() -> None:
    world = a_world().commanded(FRIENDS, "add", user_id=BOB)
    world = world.commanded(LIST, "share", circle=FRIENDS).settled()
    assert why(world.commanded(LIST, "unshare", circle=FRIENDS))[BOB] == []


@pytest.mark.parametrize("content", [{}, {"members": 5}, {"members": {BOB: "king"}}])
def test_a_note_that_says_nothing_is_no_reason(content: dict[str, object]) -> None:
    world = a_world().invited_by_hand(LIST, BOB, 0).written(LIST, GRANTED.type, "", content)
    assert why(world)[BOB] == [INVITED]


def test_a_room_without_its_first_event_has_reasons_all_the_same() -> None:
    state = {("m.room.member", BOB): event_of("m.room.member", BOB, {"membership": "join"})}
    circle = a_world().rooms[FRIENDS]
    without = {key: event for key, event in circle.items() if key != ("m.room.create", "")}
    assert list(reasons(state, {FRIENDS: without})[BOB]) == [INVITED]


def test_reasons_are_shown_one_by_one() -> None:
    assert MADE_IT.as_json() == {"creator": True}
    assert INVITED.as_json() == {"invited": True}
    assert through(FRIENDS).as_json() == {"circle": FRIENDS, "name": "Friends"}
