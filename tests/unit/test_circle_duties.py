"""The duties of circles and collections, as tables of what is and what is to be done."""

from collections.abc import Mapping
from typing import Any

import pytest

from twin_module.core.authority import Role
from twin_module.core.effects import CreateRoom, Effect, Put, SetMembership
from twin_module.core.state import StateEvent, content_of, frozen
from twin_module.rooms.circles import (
    CIRCLE,
    GRANTED,
    SELF,
    SHARE,
    circle_duties,
    collection_duties,
    shares,
)
from twin_module.testing.circle_world import World
from twin_module.testing.strategies import ALICE, BOB, CAROL, event_of

FRIENDS = "!friends"
LIST = "!list"
INVITE_RULE = {"join_rule": "invite"}
OPEN_TO_FRIENDS = {
    "join_rule": "restricted",
    "allow": [{"type": "m.room_membership", "room_id": FRIENDS}],
}


# The duties of a circle


def a_world() -> World:
    return World().with_circle(FRIENDS).with_collection(LIST)


def in_circle(world: World) -> list[Effect]:
    return list(circle_duties(world.rooms[FRIENDS], {}, "alice.test"))


def with_bob(role: str = "editor") -> World:
    return a_world().commanded(FRIENDS, "add", user_id=BOB, role=role)


def users_of(effects: list[Effect]) -> Mapping[str, int] | None:
    """Return what power levels become; None where they stay."""
    for each in effects:
        if isinstance(each, Put) and each.type == "m.room.power_levels":
            users: Mapping[str, int] = each.content["users"]
            return users
    return None


def moves(effects: list[Effect]) -> list[tuple[str, str]]:
    return [(each.action, each.user_id) for each in effects if isinstance(each, SetMembership)]


def test_a_circle_at_rest_has_no_duties() -> None:
    assert in_circle(a_world()) == []


@pytest.mark.parametrize(
    ("role", "level"), [("viewer", None), ("editor", {BOB: 25}), ("admin", {BOB: 50})]
)
def test_a_new_member_is_invited_with_the_level_of_their_role(
    role: str, level: Mapping[str, int] | None
) -> None:
    effects = in_circle(with_bob(role))
    assert moves(effects) == [("invite", BOB)]
    assert users_of(effects) == level


@pytest.mark.parametrize("membership", ["join", "invite", "knock", "ban"])
def test_who_is_there_or_banned_is_not_invited(membership: str) -> None:
    world = with_bob().set_membership(FRIENDS, BOB, membership, ALICE)
    assert moves(in_circle(world)) == []


@pytest.mark.parametrize(
    ("membership", "asked"), [("join", True), ("invite", True), ("knock", True), ("ban", False)]
)
def test_who_is_no_member_has_to_go(membership: str, asked: bool) -> None:
    world = a_world().set_membership(FRIENDS, BOB, membership, ALICE)
    assert moves(in_circle(world)) == ([("kick", BOB)] if asked else [])


def test_who_was_removed_by_an_admin_is_invited_again_while_they_are_a_member() -> None:
    world = with_bob().set_membership(FRIENDS, BOB, "leave", CAROL)
    assert moves(in_circle(world)) == [("invite", BOB)]


def test_a_level_that_nobody_declared_is_taken_back() -> None:
    world = with_bob("viewer").settled()
    levels = content_of(world.rooms[FRIENDS], "m.room.power_levels")
    world = world.written(
        FRIENDS, "m.room.power_levels", "", levels.set("users", frozen({BOB: 50, CAROL: 50}))
    )
    assert users_of(in_circle(world)) == {}


def test_what_is_shared_hangs_under_the_circle_and_what_is_not_does_not() -> None:
    world = a_world().written(FRIENDS, "m.space.child", "!old", {"via": ["alice.test"]})
    collections = {LIST: True, "!old": False}
    assert circle_duties(world.rooms[FRIENDS], collections, "alice.test") == [
        Put("m.space.child", LIST, frozen({"via": ["alice.test"]}), FRIENDS),
        Put("m.space.child", "!old", frozen({}), FRIENDS),
    ]


def test_what_was_hung_under_a_circle_by_hand_stays() -> None:
    world = a_world().written(FRIENDS, "m.space.child", "!chat", {"via": ["alice.test"]})
    assert circle_duties(world.rooms[FRIENDS], {LIST: False}, "alice.test") == []


def test_a_dissolved_circle_lets_everyone_go() -> None:
    world = with_bob().settled().joined(FRIENDS, BOB).commanded(FRIENDS, "dissolve")
    effects = in_circle(world)
    assert moves(effects) == [("kick", BOB)]
    assert users_of(effects) == {}


def test_nothing_hangs_under_a_circle_that_was_dissolved() -> None:
    world = shared("editor", "editor").settled().commanded(FRIENDS, "dissolve")
    effects = circle_duties(world.rooms[FRIENDS], {LIST: True}, "alice.test")
    assert Put("m.space.child", LIST, frozen({}), FRIENDS) in effects


def test_the_owner_is_never_shown_out() -> None:
    declared = {"@type": "Circle", "name": "x", "members": {ALICE: {"role": "viewer", "since": 0}}}
    world = a_world().written(FRIENDS, CIRCLE.type, SELF, declared)
    assert in_circle(world) == []


# The duties of a collection


def in_collection(world: World) -> list[Effect]:
    circles = {room: state for room, state in world.rooms.items() if room != LIST}
    return list(collection_duties(world.rooms[LIST], circles))


def shared(member: str, share: str) -> World:
    return with_bob(member).commanded(LIST, "share", circle=FRIENDS, role=share)


def content_in(effects: list[Effect], event_type: str) -> Any:
    """Return what an event becomes; None where it stays."""
    found = [each for each in effects if isinstance(each, Put) and each.type == event_type]
    return found[0].content if found else None


@pytest.mark.parametrize(
    ("member", "share", "role"),
    [
        ("viewer", "viewer", "viewer"),
        ("viewer", "admin", "viewer"),
        ("editor", "viewer", "viewer"),
        ("editor", "editor", "editor"),
        ("admin", "editor", "editor"),
        ("editor", "admin", "editor"),
        ("admin", "admin", "admin"),
    ],
)
def test_a_member_gets_the_lower_of_two_roles(member: str, share: str, role: str) -> None:
    effects = in_collection(shared(member, share))
    level = Role.named(role)
    assert content_in(effects, GRANTED.type) == frozen({"members": {BOB: role}})
    assert users_of(effects) == ({BOB: level} if level else None)
    assert content_in(effects, "m.room.join_rules") == frozen(OPEN_TO_FRIENDS)
    assert moves(effects) == [("invite", BOB)]


def test_who_is_invited_was_noted_before() -> None:
    effects = in_collection(shared("editor", "editor"))
    kinds = [
        each.type if isinstance(each, Put) else each.action
        for each in effects
        if not isinstance(each, CreateRoom)
    ]
    assert kinds.index(GRANTED.type) < kinds.index("m.room.join_rules") < kinds.index("invite")


def test_the_best_of_several_circles_counts() -> None:
    world = shared("editor", "viewer").with_circle("!more")
    world = world.commanded("!more", "add", user_id=BOB, role="editor")
    world = world.commanded(LIST, "share", circle="!more", role="editor")
    assert users_of(in_collection(world)) == {BOB: 25}


def test_a_share_with_a_circle_that_is_not_the_owners_is_none() -> None:
    world = a_world().commanded(LIST, "share", circle="!strangers", role="admin")
    assert in_collection(world) == []


def test_what_is_no_share_is_none() -> None:
    world = a_world().written(LIST, SHARE.type, FRIENDS, {"role": "king"})
    assert shares(world.rooms[LIST]) == {}


@pytest.mark.parametrize("ends", ["unshare", "remove", "dissolve"])
def test_who_loses_the_last_reason_has_to_go_and_loses_their_level(ends: str) -> None:
    world = shared("editor", "editor").settled()
    world = world.joined(FRIENDS, BOB).joined(LIST, BOB).settled()
    world = {
        "unshare": lambda: world.commanded(LIST, "unshare", circle=FRIENDS),
        "remove": lambda: world.commanded(FRIENDS, "remove", user_id=BOB),
        "dissolve": lambda: world.commanded(FRIENDS, "dissolve"),
    }[ends]()
    effects = in_collection(world)
    assert moves(effects) == [("kick", BOB)]
    assert users_of(effects) == {}
    after = world.settled()
    assert after.granted(LIST) == {}
    if ends == "unshare":
        assert content_of(after.rooms[LIST], "m.room.join_rules") == frozen(INVITE_RULE)


def test_who_leaves_a_circle_leaves_what_they_had_through_it() -> None:
    world = shared("editor", "editor").settled().joined(FRIENDS, BOB).joined(LIST, BOB)
    assert moves(in_collection(world.left(FRIENDS, BOB))) == [("kick", BOB)]


def test_who_is_banned_from_a_circle_leaves_what_they_had_through_it() -> None:
    world = shared("editor", "editor").settled().joined(FRIENDS, BOB).joined(LIST, BOB)
    effects = in_collection(world.banned(FRIENDS, BOB))
    assert moves(effects) == [("kick", BOB)]
    assert users_of(effects) == {}


@pytest.mark.parametrize("circle", ["!a", "!z"])
def test_who_left_a_collection_is_asked_again_through_a_circle_that_came_later(
    circle: str,
) -> None:
    world = shared("editor", "editor").with_circle(circle).settled().left(LIST, BOB).settled()
    world = world.commanded(LIST, "share", circle=circle, role="viewer")
    assert moves(in_collection(world)) == []
    world = world.commanded(circle, "add", user_id=BOB, role="viewer")
    assert moves(in_collection(world)) == [("invite", BOB)]


def test_who_has_another_circle_stays_with_what_that_gives() -> None:
    world = shared("editor", "editor").with_circle("!more")
    world = world.commanded("!more", "add", user_id=BOB, role="viewer")
    world = world.commanded(LIST, "share", circle="!more", role="editor").settled()
    world = world.joined(FRIENDS, BOB).joined(LIST, BOB)
    effects = in_collection(world.commanded(LIST, "unshare", circle=FRIENDS))
    assert moves(effects) == []
    assert users_of(effects) == {}
    assert content_in(effects, GRANTED.type) == frozen({"members": {BOB: "viewer"}})


def test_who_came_through_the_join_rule_before_they_were_noted_is_noted() -> None:
    world = shared("editor", "viewer").settled()
    world = world.written(LIST, GRANTED.type, "", {"members": {}}).joined(FRIENDS, BOB)
    world = world.left(LIST, BOB).joined(LIST, BOB)
    assert content_in(in_collection(world), GRANTED.type) == frozen({"members": {BOB: "viewer"}})


@pytest.mark.parametrize("rule", ["public", "knock", "private", "knock_restricted"])
def test_a_join_rule_that_the_owner_chose_by_hand_stays(rule: str) -> None:
    world = shared("editor", "editor").written(LIST, "m.room.join_rules", "", {"join_rule": rule})
    assert content_in(in_collection(world), "m.room.join_rules") is None


def raised_by_a_circle(level: int) -> World:
    """Bob was invited by hand, with a level of his own, before a circle made him an editor."""
    world = a_world().invited_by_hand(LIST, BOB, level)
    return world.commanded(FRIENDS, "add", user_id=BOB).commanded(LIST, "share", circle=FRIENDS)


def test_who_was_invited_by_hand_is_raised_and_their_own_level_is_noted() -> None:
    effects = in_collection(raised_by_a_circle(0))
    assert content_in(effects, GRANTED.type) == frozen({"members": {}, "raised": {BOB: 0}})
    assert users_of(effects) == {BOB: 25}
    assert moves(effects) == []


@pytest.mark.parametrize("level", [0, 10])
def test_who_was_raised_by_a_circle_has_their_own_level_again_when_it_is_unshared(
    level: int,
) -> None:
    world = raised_by_a_circle(level).settled().commanded(LIST, "unshare", circle=FRIENDS)
    effects = in_collection(world)
    assert users_of(effects) == ({BOB: level} if level else {})
    assert moves(effects) == []
    after = world.settled()
    assert in_collection(after) == []
    assert content_of(after.rooms[LIST], GRANTED.type) == frozen({"members": {}})


def test_who_had_more_than_a_circle_gives_is_not_noted_and_keeps_it() -> None:
    world = raised_by_a_circle(50).settled()
    assert content_of(world.rooms[LIST], GRANTED.type) == frozen({})
    world = world.commanded(LIST, "unshare", circle=FRIENDS)
    assert content_in(in_collection(world), "m.room.power_levels") is None


def test_who_was_lowered_by_hand_is_not_raised_to_what_they_had_before() -> None:
    world = raised_by_a_circle(10).settled().commanded(LIST, "unshare", circle=FRIENDS)
    levels = content_of(world.rooms[LIST], "m.room.power_levels")
    world = world.written(LIST, "m.room.power_levels", "", levels.set("users", frozen({})))
    assert content_in(in_collection(world), "m.room.power_levels") is None


@pytest.mark.parametrize(
    "levels",
    [{}, {"users": 1}, {"users": {BOB: "50"}}, {"users": {BOB: [1]}}, {"users": {BOB: None}}],
)
def test_power_levels_of_any_form_are_mended(levels: Mapping[str, Any]) -> None:
    world = shared("editor", "editor").written(LIST, "m.room.power_levels", "", levels)
    assert users_of(in_collection(world)) == {BOB: 25}


@pytest.mark.parametrize("noted", [{}, {"members": []}, {"members": {BOB: "king"}}])
def test_a_note_that_does_not_fit_is_none(noted: Mapping[str, Any]) -> None:
    world = shared("editor", "editor").written(LIST, GRANTED.type, "", noted)
    assert content_in(in_collection(world), GRANTED.type) == frozen({"members": {BOB: "editor"}})


@pytest.mark.parametrize("membership", [None, 5, {"a": 1}, "", "joined"])
def test_a_membership_of_any_form_is_read(membership: Any) -> None:
    odd: StateEvent = event_of("m.room.member", BOB, {"membership": membership}, room_id=LIST)
    world = shared("editor", "editor")
    state = world.rooms[LIST].set(("m.room.member", BOB), odd)
    effects = list(collection_duties(state, {FRIENDS: world.rooms[FRIENDS]}))
    assert users_of(effects) == {BOB: 25}
