"""Invitations of others: accepted only as the owner's settings say."""

from typing import Any

import pytest

from tests.engine.conftest import Home, settle
from twin_module.core.effects import Put
from twin_module.core.layout import collection_room, index_room
from twin_module.core.state import frozen
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork


def wish(home: Home, **settings: Any) -> None:
    """Write the owner's settings."""
    run(home.twin.settings.write(settings))


def invite(home: Home, guest: Home, config: Any, *puts: Put) -> str:
    """Make a room and invite somebody to it."""
    room = run(home.port.create_room(config))
    for put in puts:
        run(home.port.send_state(room, put))
    run(home.port.set_membership(room, guest.owner, "invite", ""))
    settle(home, guest)
    return room


def claim_to_be_restricted(circle: str) -> Put:
    """Return a join rule that names a circle."""
    allow = [{"type": "m.room_membership", "room_id": circle}]
    return Put("m.room.join_rules", "", frozen({"join_rule": "restricted", "allow": allow}))


def test_a_twin_asks_its_owner_as_long_as_nothing_else_was_said(alice: Home, bob: Home) -> None:
    room = invite(alice, bob, collection_room("List", ""))
    assert list(bob.rooms("invite")) == [room]


def test_who_is_named_is_accepted_and_nobody_else(alice: Home, bob: Home, carol: Home) -> None:
    wish(bob, accept_from=[alice.owner])
    mine = invite(alice, bob, collection_room("List", ""))
    circle = alice.circle(bob="viewer")
    theirs = invite(carol, bob, collection_room("List", ""))
    settle(alice, bob, carol)
    assert mine in bob.rooms()
    assert circle in bob.rooms()
    assert list(bob.rooms("invite")) == [theirs]


def test_rooms_of_other_kinds_are_never_accepted(alice: Home, bob: Home) -> None:
    wish(bob, accept_from=[alice.owner], accept_from_circles=True)
    chat = invite(alice, bob, {"name": "Chat"})
    index = invite(alice, bob, index_room(alice.owner))
    assert sorted(bob.rooms("invite")) == sorted([chat, index])


def test_what_is_shared_with_a_circle_that_one_joined_is_accepted(alice: Home, bob: Home) -> None:
    wish(bob, accept_from_circles=True)
    circle, collection = alice.circle(bob="editor"), alice.collection()
    alice.command("circles", "share", room_id=collection, circle=circle)
    settle(alice, bob)
    # The circle itself is asked for, and what is shared with it before it is joined too.
    assert sorted(bob.rooms("invite")) == sorted([circle, collection])
    bob.accept(circle)
    settle(alice, bob)
    assert collection in bob.rooms()
    later = alice.collection("Later")
    alice.command("circles", "share", room_id=later, circle=circle)
    settle(alice, bob)
    assert later in bob.rooms()


def test_an_inviter_who_names_anothers_circle_is_not_believed(
    alice: Home, bob: Home, carol: Home
) -> None:
    wish(bob, accept_from_circles=True)
    circle = alice.circle(bob="editor", carol="admin")
    settle(alice, bob, carol)
    bob.accept(circle)
    carol.accept(circle)
    settle(alice, bob, carol)
    room = invite(carol, bob, collection_room("Trap", ""), claim_to_be_restricted(circle))
    assert list(bob.rooms("invite")) == [room]


def test_an_inviter_who_names_a_circle_that_one_is_not_in_is_not_believed(
    bob: Home, carol: Home
) -> None:
    wish(bob, accept_from_circles=True)
    circle = carol.circle()
    settle(bob, carol)
    room = invite(carol, bob, collection_room("Trap", ""), claim_to_be_restricted(circle))
    assert list(bob.rooms("invite")) == [room]


@pytest.mark.parametrize("allow", [None, 5, "all", {}, [5], [{}], [{"room_id": 5}], [None]])
def test_a_join_rule_of_any_shape_harms_nothing(bob: Home, carol: Home, allow: Any) -> None:
    wish(bob, accept_from_circles=True)
    room = carol.collection()
    carol.server.write(room, "m.room.join_rules", "", {"join_rule": "restricted", "allow": allow})
    run(carol.port.set_membership(room, bob.owner, "invite", ""))
    settle(bob)
    assert list(bob.rooms("invite")) == [room]
    assert bob.tables() == bob.truth()


def test_an_inviter_who_is_away_is_tried_again(
    network: FakeNetwork, alice: Home, bob: Home
) -> None:
    wish(bob, accept_from=[alice.owner])
    room = alice.collection()
    run(alice.port.set_membership(room, bob.owner, "invite", ""))
    network.cut("alice.example")
    settle(bob)
    assert bob.twin.reconciler.waiting() == [room]
    network.heal()
    settle(bob)
    assert room not in bob.rooms()
    network.pass_time(15)
    run(bob.twin.look_again())
    settle(bob)
    assert room in bob.rooms()
    assert bob.twin.reconciler.waiting() == []


def test_a_setting_that_comes_later_counts_for_what_is_there(alice: Home, bob: Home) -> None:
    room = invite(alice, bob, collection_room("List", ""))
    wish(bob, accept_from=[alice.owner])
    bob.twin.reconciler.touch([room])
    bob.twin.wake()
    settle(bob)
    assert room in bob.rooms()
