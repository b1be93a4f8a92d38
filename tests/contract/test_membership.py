"""Inviting, joining, removing, leaving, on this server and on others."""

import pytest

from tests.contract.conftest import Side, World
from tests.contract.test_writing import give
from twin_module.core.authority import Role
from twin_module.core.effects import Put
from twin_module.core.errors import Forbidden, NotFound, TwinError, Unreachable
from twin_module.core.layout import CIRCLE, Kind, circle_room, kind_in
from twin_module.core.state import content_of, frozen
from twin_module.testing.person import eventually


def test_an_invitation_shows_what_the_room_is(alice: Side, bob: Side) -> None:
    room = alice.collection("Groceries")
    alice.member(room, bob.port.owner, "invite")
    eventually(lambda: room in bob.invited(), what="bob is invited")
    assert alice.membership(room, bob.port.owner) == "invite"
    (invitation,) = [each for each in bob.run(bob.port.invitations()) if each.room_id == room]
    assert invitation.inviter == alice.port.owner
    state = invitation.state
    assert kind_in(state) is Kind.COLLECTION
    assert content_of(state, "m.room.name")["name"] == "Groceries"
    assert content_of(state, "m.room.join_rules")["join_rule"] == "invite"
    assert state["m.room.create", ""].sender == alice.port.owner
    assert bob.state(room, "m.room.name", "") == {}


def test_who_is_invited_joins_without_naming_a_server(alice: Side, bob: Side) -> None:
    room = alice.collection()
    alice.member(room, bob.port.owner, "invite")
    eventually(lambda: room in bob.invited(), what="bob is invited")
    bob.member(room, bob.port.owner, "join")
    assert room in bob.run(bob.port.joined_rooms())
    assert room not in bob.invited()
    eventually(lambda: alice.membership(room, bob.port.owner) == "join", what="alice knows")


def test_the_reason_is_told(alice: Side, bob: Side) -> None:
    room = alice.collection()
    alice.run(alice.port.set_membership(room, bob.port.owner, "invite", "You are welcome"))
    member = alice.state(room, "m.room.member", bob.port.owner)["m.room.member", bob.port.owner]
    assert member.content["reason"] == "You are welcome"


def test_who_is_not_invited_stays_out(alice: Side, bob: Side) -> None:
    room = alice.collection()
    with pytest.raises(Forbidden):
        bob.member(room, bob.port.owner, "join", alice.port.server_name)
    assert room not in bob.run(bob.port.joined_rooms())


def test_a_room_that_nobody_knows_can_not_be_joined(alice: Side, bob: Side) -> None:
    with pytest.raises(TwinError):
        bob.member("!unknown", bob.port.owner, "join", alice.port.server_name)
    with pytest.raises(NotFound):
        bob.member("!unknown", bob.port.owner, "join")


def test_an_invitation_can_be_refused(alice: Side, bob: Side) -> None:
    room = alice.collection()
    alice.member(room, bob.port.owner, "invite")
    eventually(lambda: room in bob.invited(), what="bob is invited")
    bob.member(room, bob.port.owner, "leave")
    assert room not in bob.invited()
    eventually(lambda: alice.membership(room, bob.port.owner) == "leave", what="alice knows")


def test_an_invitation_can_be_taken_back(alice: Side, bob: Side) -> None:
    room = alice.collection()
    alice.member(room, bob.port.owner, "invite")
    eventually(lambda: room in bob.invited(), what="bob is invited")
    alice.member(room, bob.port.owner, "kick")
    eventually(lambda: room not in bob.invited(), what="the invitation is gone")


def test_who_is_removed_is_out(alice: Side, bob: Side, shared: str) -> None:
    alice.member(shared, bob.port.owner, "kick")
    assert alice.membership(shared, bob.port.owner) == "leave"
    eventually(lambda: shared not in bob.run(bob.port.joined_rooms()), what="bob is out")


def test_who_leaves_is_out(alice: Side, bob: Side, shared: str) -> None:
    bob.member(shared, bob.port.owner, "leave")
    assert shared not in bob.run(bob.port.joined_rooms())
    eventually(lambda: alice.membership(shared, bob.port.owner) == "leave", what="alice knows")


def test_rights_are_needed_to_invite_and_to_remove(alice: Side, bob: Side, shared: str) -> None:
    with pytest.raises(Forbidden):
        bob.member(shared, f"@carol:{alice.port.server_name}", "invite")
    with pytest.raises(Forbidden):
        bob.member(shared, alice.port.owner, "kick")
    give(alice, shared, bob, Role.ADMIN)
    eventually(
        lambda: (
            "users"
            in bob.state(shared, "m.room.power_levels", "")["m.room.power_levels", ""].content
        )
    )
    # Nobody's power reaches the creator's.
    with pytest.raises(Forbidden):
        bob.member(shared, alice.port.owner, "kick")


def test_who_is_in_can_not_be_invited_and_who_is_not_can_not_be_removed(
    alice: Side, bob: Side, shared: str
) -> None:
    with pytest.raises(Forbidden):
        alice.member(shared, bob.port.owner, "invite")
    with pytest.raises(Forbidden):
        alice.member(alice.collection(), bob.port.owner, "kick")


def test_members_of_a_circle_join_what_is_restricted_to_it(alice: Side, bob: Side) -> None:
    content = {
        "@type": "Circle",
        "name": "Family",
        "members": {bob.port.owner: {"role": "viewer", "since": 1}},
    }
    objects = [{"type": CIRCLE, "state_key": "circle", "content": content}]
    circle = alice.run(alice.port.create_room(circle_room("Family", "", objects)))
    # Of another type than a collection, so that no twin puts its join rule in order.
    room = alice.run(
        alice.port.create_room({"name": "Album", "preset": "private_chat", "visibility": "private"})
    )
    rule = {
        "join_rule": "restricted",
        "allow": [{"type": "m.room_membership", "room_id": circle}],
    }
    alice.put(room, Put("m.room.join_rules", "", frozen(rule)))
    with pytest.raises(Forbidden):
        bob.member(room, bob.port.owner, "join", alice.port.server_name)
    if alice.membership(circle, bob.port.owner) is None:
        try:
            alice.member(circle, bob.port.owner, "invite")
        except Forbidden:
            assert alice.membership(circle, bob.port.owner) == "invite"
    eventually(lambda: circle in bob.invited(), what="bob is invited to the circle")
    bob.member(circle, bob.port.owner, "join")
    bob.member(room, bob.port.owner, "join", alice.port.server_name)
    eventually(lambda: alice.membership(room, bob.port.owner) == "join", what="alice knows")
    key = ("m.room.member", bob.port.owner)
    joined = bob.state(room, *key)[key]
    assert joined.content["join_authorised_via_users_server"] == alice.port.owner


def test_a_server_that_does_not_answer_is_unreachable(world: World, alice: Side, bob: Side) -> None:
    room, other = alice.collection(), alice.collection()
    alice.member(other, bob.port.owner, "invite")
    eventually(lambda: other in bob.invited(), what="bob is invited")
    with pytest.raises(Unreachable):
        alice.member(room, "@somebody:localhost:1", "invite")
    with world.cut_off("bob"):
        with pytest.raises(Unreachable):
            alice.member(room, bob.port.owner, "invite")
        with pytest.raises(Unreachable):
            bob.member(other, bob.port.owner, "join")
    assert alice.membership(room, bob.port.owner) is None
    bob.member(other, bob.port.owner, "join")
