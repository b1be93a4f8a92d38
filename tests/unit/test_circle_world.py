"""Whatever people and the owner do, in whatever order, and wherever the twin is killed:
what is declared comes true."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import pytest
from hypothesis import given, strategies as st

from twin_module.core.authority import ROLE_NAMES, Role
from twin_module.core.effects import Effect, Put, SetMembership
from twin_module.core.state import content_of
from twin_module.rooms.circles import CIRCLE, CIRCLES, SELF
from twin_module.testing.circle_world import PRESENT, World, role_wanted
from twin_module.testing.strategies import BOB, CAROL

FRIENDS = "!friends"
FAMILY = "!family"
LIST = "!list"
DIARY = "!diary"
DAVE = "@dave:dave.test"
"""Is in the collection in his own right."""

CIRCLE_ROOMS = (FRIENDS, FAMILY)
COLLECTIONS = (LIST, DIARY)
PEOPLE = (BOB, CAROL)

Step: TypeAlias = Callable[[World], World]


def new_world() -> World:
    world = World().with_circle(FRIENDS).with_circle(FAMILY)
    return world.with_collection(LIST).with_collection(DIARY)


def there_is(world: World, circle: str) -> bool:
    return bool(content_of(world.rooms[circle], CIRCLE.type, SELF))


def in_circle(circle: str, command: str, **arguments: str) -> Step:
    def step(world: World) -> World:
        return world.commanded(circle, command, **arguments) if there_is(world, circle) else world

    return step


def removed(circle: str, user: str) -> Step:
    def step(world: World) -> World:
        declared = CIRCLES.project(world.rooms[circle])
        if declared is None or user not in declared.members:
            return world
        return world.commanded(circle, "remove", user_id=user)

    return step


def step_share(circle: str, collection: str, role: str) -> Step:
    return lambda world: world.commanded(collection, "share", circle=circle, role=role)


def some_duties(count: int) -> Step:
    """The twin does some of what it has to, and is killed."""
    return lambda world: world.after(world.duties()[:count])


def step(name: str, *arguments: str) -> Step:
    """Somebody does what the world has a method for."""
    return lambda world: getattr(world, name)(*arguments)


circles, collections = st.sampled_from(CIRCLE_ROOMS), st.sampled_from(COLLECTIONS)
people, roles = st.sampled_from(PEOPLE), st.sampled_from(ROLE_NAMES)
rooms = circles | collections
steps = st.one_of(
    st.builds(
        lambda circle, user, role: in_circle(circle, "add", user_id=user, role=role),
        circles,
        people,
        roles,
    ),
    st.builds(removed, circles, people),
    st.builds(
        step_share,
        circles,
        collections,
        roles,
    ),
    st.builds(
        lambda circle, collection: (
            lambda world: world.commanded(collection, "unshare", circle=circle)
        ),
        circles,
        collections,
    ),
    st.builds(lambda circle: in_circle(circle, "dissolve"), circles),
    st.builds(step, st.sampled_from(["joined", "left"]), rooms, people),
    st.just(step("settled")),
    st.builds(step, st.just("banned"), rooms, st.just(CAROL)),
    st.builds(some_duties, st.integers(1, 30)),
)
SHARED: list[Step] = [
    in_circle(FRIENDS, "add", user_id=BOB, role="editor"),
    in_circle(FAMILY, "add", user_id=CAROL, role="admin"),
    step_share(FRIENDS, LIST, "admin"),
    step_share(FAMILY, LIST, "editor"),
    step("settled"),
    *(step("joined", room, BOB) for room in (FRIENDS, LIST)),
    *(step("joined", room, CAROL) for room in (FAMILY, LIST)),
]
histories = st.builds(
    lambda before, after: [*before, *after],
    st.sampled_from([[], SHARED]),
    st.lists(steps, max_size=12),
)


def lived(world: World, history: Sequence[Step]) -> World:
    for each in history:
        world = each(world)
    return world


@given(history=histories)
def test_the_world_comes_to_rest_and_is_as_declared(history: list[Step]) -> None:
    world = lived(new_world(), history).settled()
    for collection in COLLECTIONS:
        for user in PEOPLE:
            check_collection(world, collection, user)
    for circle in CIRCLE_ROOMS:
        for user in PEOPLE:
            check_circle(world, circle, user)


def check_collection(world: World, collection: str, user: str) -> None:
    wanted = role_wanted(world, collection, user)
    membership = world.membership(collection, user)
    if wanted is None:
        assert membership not in PRESENT
        assert world.level(collection, user) == Role.VIEWER
        assert user not in world.granted(collection)
    else:
        assert world.level(collection, user) == wanted
        assert world.granted(collection)[user] == wanted.name.lower()


def check_circle(world: World, circle: str, user: str) -> None:
    declared = CIRCLES.project(world.rooms[circle])
    membership = world.membership(circle, user)
    if declared is None or user not in declared.members:
        assert membership not in PRESENT
        assert world.level(circle, user) == Role.VIEWER
    elif membership in PRESENT:
        assert world.level(circle, user) == Role.named(declared.members[user])


@given(history=histories)
def test_who_is_wanted_is_asked_unless_they_left_or_are_banned(history: list[Step]) -> None:
    world = lived(new_world(), history).settled()
    for room in (*CIRCLE_ROOMS, *COLLECTIONS):
        for user in PEOPLE:
            if room in COLLECTIONS:
                wanted = role_wanted(world, room, user) is not None
            else:
                declared = CIRCLES.project(world.rooms[room])
                wanted = declared is not None and user in declared.members
            event = world.rooms[room].get(("m.room.member", user))
            left = event is not None and event.sender == user
            if wanted and not left and world.membership(room, user) != "ban":
                assert world.membership(room, user) in PRESENT


@given(history=histories, kept=st.integers(0, 30))
def test_a_twin_that_is_killed_on_the_way_ends_at_the_same(history: list[Step], kept: int) -> None:
    world = lived(new_world(), history)
    interrupted = world.after(world.duties()[:kept])
    assert interrupted.settled().summary() == world.settled().summary()


@given(history=histories)
def test_what_can_be_done_in_one_order_is_at_rest_after_few_rounds(history: list[Step]) -> None:
    world, rounds = lived(new_world(), history), 0
    while effects := world.duties():
        world, rounds = world.after(effects), rounds + 1
    # The circle, then what its members reach, then the forgetting of who had to go.
    assert rounds <= 4


@given(history=histories, level=st.sampled_from([0, 25, 50]), joins=st.booleans())
def test_who_is_there_in_their_own_right_is_never_removed_or_lowered(
    history: list[Step], level: int, joins: bool
) -> None:
    world = new_world().invited_by_hand(LIST, DAVE, level)
    world = world.joined(LIST, DAVE) if joins else world
    his = [
        in_circle(FRIENDS, "add", user_id=DAVE, role="editor"),
        step_share(FRIENDS, LIST, "viewer"),
        some_duties(30),
        removed(FRIENDS, DAVE),
    ]
    for each in (*history, *his, *history):
        before = world
        world = each(world)
        assert world.membership(LIST, DAVE) == before.membership(LIST, DAVE)
        assert world.level(LIST, DAVE) >= level
    world = world.settled()
    assert world.membership(LIST, DAVE) == ("join" if joins else "invite")
    assert world.level(LIST, DAVE) >= level
    assert DAVE not in world.granted(LIST)


@given(history=histories, room=rooms)
def test_who_left_of_their_own_will_is_not_asked_again(history: list[Step], room: str) -> None:
    world = lived(new_world(), history).settled().left(room, BOB)
    if world.membership(room, BOB) != "leave":
        return
    assert invitations(world.duties(), room, BOB) == []
    assert world.settled().membership(room, BOB) == "leave"


def invitations(effects: Sequence[Effect], room: str, user: str) -> list[Effect]:
    return [
        each
        for each in effects
        if isinstance(each, SetMembership)
        and (each.room_id, each.user_id, each.action) == (room, user, "invite")
    ]


@pytest.mark.parametrize("kept", range(7))
def test_who_left_before_a_share_ended_keeps_no_level_wherever_the_twin_is_killed(
    kept: int,
) -> None:
    world = new_world().commanded(FRIENDS, "add", user_id=BOB)
    world = world.commanded(LIST, "share", circle=FRIENDS).settled()
    world = world.joined(FRIENDS, BOB).joined(LIST, BOB).settled().left(LIST, BOB).settled()
    assert world.level(LIST, BOB) == Role.EDITOR
    world = world.commanded(LIST, "unshare", circle=FRIENDS)
    world = world.after(world.duties()[:kept]).settled()
    assert world.level(LIST, BOB) == Role.VIEWER
    assert world.granted(LIST) == {}


def test_who_left_is_asked_again_when_they_are_added_again() -> None:
    world = new_world().commanded(FRIENDS, "add", user_id=BOB).settled().left(FRIENDS, BOB)
    assert world.settled().membership(FRIENDS, BOB) == "leave"
    world = world.commanded(FRIENDS, "add", user_id=BOB).settled()
    assert world.membership(FRIENDS, BOB) == "invite"


@given(history=histories, room=rooms)
def test_who_is_banned_stays_out(history: list[Step], room: str) -> None:
    world = new_world().banned(room, CAROL)
    for each in history:
        world = each(world)
        assert world.membership(room, CAROL) == "ban"
    world = world.settled()
    assert world.membership(room, CAROL) == "ban"
    if room in CIRCLE_ROOMS:
        assert world.level(room, CAROL) == Role.VIEWER


viewing = st.one_of(
    st.builds(
        lambda circle, user, role: in_circle(circle, "add", user_id=user, role=role),
        circles,
        people,
        roles,
    ),
    st.builds(lambda circle: step_share(circle, LIST, "viewer"), circles),
    st.builds(step, st.just("joined"), rooms, people),
    st.builds(some_duties, st.integers(1, 30)),
)


@given(history=st.lists(viewing, max_size=12))
def test_a_circle_that_may_view_yields_no_editor(history: list[Step]) -> None:
    world = new_world()
    for each in history:
        world = each(world)
        assert all(world.level(LIST, user) == Role.VIEWER for user in PEOPLE)
    assert all(world.settled().level(LIST, user) == Role.VIEWER for user in PEOPLE)


@given(history=histories)
def test_nothing_is_written_where_nothing_is_to_be_changed(history: list[Step]) -> None:
    world = lived(new_world(), history)
    for effect in world.duties():
        if isinstance(effect, Put) and effect.room_id is not None:
            now = world.rooms[effect.room_id].get((effect.type, effect.state_key))
            assert now is None or now.content != effect.content


@given(history=histories)
def test_each_member_has_the_space_of_what_is_shared_with_them(history: list[Step]) -> None:
    world = lived(new_world(), history).settled()
    for circle in CIRCLE_ROOMS:
        children = {
            key
            for (kind, key), event in world.rooms[circle].items()
            if kind == "m.space.child" and event.content
        }
        shared = {
            room
            for room in COLLECTIONS
            if content_of(world.rooms[room], "org.digitaltwin.share", circle)
        }
        assert children == (shared if there_is(world, circle) else set())
