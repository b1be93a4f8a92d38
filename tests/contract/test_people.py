"""Who is in rooms, and what of them is unread."""

from functools import partial

import pytest

from tests.contract.conftest import Side
from twin_module.core.ports import Unread
from twin_module.testing.person import eventually


def memberships(side: Side, *rooms: str) -> dict[tuple[str, str], str]:
    found = side.run(side.port.members(rooms))
    return {(each.room_id, each.user_id): each.membership for each in found}


def unread(side: Side, *rooms: str) -> list[tuple[str, int, int]]:
    found = side.run(side.port.unread(rooms))
    return [(each.room_id, each.messages, each.highlights) for each in found]


def chat_of(alice: Side, bob: Side, name: str = "Chat") -> str:
    """Make a room in which everybody may speak."""
    config = {"preset": "private_chat", "name": name}
    room_id = alice.run(alice.port.create_room(config))
    alice.member(room_id, bob.port.owner, "invite")
    bob.member(room_id, bob.port.owner, "join")
    return room_id


@pytest.fixture
def chat(alice: Side, bob: Side) -> str:
    """A room of alice's that bob is in too."""
    return chat_of(alice, bob)


# Memberships


def test_the_members_of_several_rooms_are_read_at_once(alice: Side, bob: Side, shared: str) -> None:
    alone, invited = alice.collection("Alone"), alice.collection("Invited")
    alice.member(invited, bob.port.owner, "invite")
    assert memberships(alice, shared, alone, invited) == {
        (shared, alice.port.owner): "join",
        (shared, bob.port.owner): "join",
        (alone, alice.port.owner): "join",
        (invited, alice.port.owner): "join",
        (invited, bob.port.owner): "invite",
    }


def test_who_left_is_a_member_who_left_of_their_own_will(
    alice: Side, bob: Side, shared: str
) -> None:
    bob.member(shared, bob.port.owner, "leave")
    eventually(
        lambda: memberships(alice, shared)[shared, bob.port.owner] == "leave", what="Bob left"
    )
    [bobs] = [
        each for each in alice.run(alice.port.members([shared])) if each.user_id == bob.port.owner
    ]
    assert bobs.sender == bob.port.owner


def test_who_was_taken_out_was_so_by_somebody_else(alice: Side, bob: Side, shared: str) -> None:
    alice.member(shared, bob.port.owner, "kick")
    [bobs] = [
        each for each in alice.run(alice.port.members([shared])) if each.user_id == bob.port.owner
    ]
    assert (bobs.membership, bobs.sender) == ("leave", alice.port.owner)


def test_a_later_membership_has_a_higher_order(alice: Side, bob: Side) -> None:
    rooms = [alice.collection(name) for name in ("First", "Second")]
    for room in rooms:
        alice.member(room, bob.port.owner, "invite")
    orders = {
        each.room_id: each.order
        for each in alice.run(alice.port.members(rooms))
        if each.user_id == bob.port.owner
    }
    assert orders[rooms[0]] < orders[rooms[1]]


def test_rooms_that_nobody_knows_have_no_members(alice: Side) -> None:
    assert memberships(alice) == {}
    assert memberships(alice, "!nowhere") == {}


# State of several rooms


def test_state_of_several_rooms_is_read_at_once(alice: Side, bob: Side, shared: str) -> None:
    other = alice.collection("Other")
    keys = [("m.room.name", ""), ("m.room.member", bob.port.owner)]
    found = alice.run(alice.port.states([shared, other, "!nowhere"], keys))
    assert {room: set(state) for room, state in found.items()} == {
        shared: set(keys),
        other: {("m.room.name", "")},
    }
    assert found[other]["m.room.name", ""].content["name"] == "Other"


def test_no_rooms_or_no_keys_have_no_state(alice: Side, shared: str) -> None:
    assert alice.run(alice.port.states([], [("m.room.name", "")])) == {}
    assert alice.run(alice.port.states([shared], [])) == {}


# Who stands for a room


def test_a_room_is_summed_up_by_the_others_in_it(alice: Side, bob: Side, shared: str) -> None:
    alone = alice.collection("Alone")
    found = alice.run(alice.port.summaries([shared, alone]))
    assert [user for user, _ in found[shared].people] == [bob.port.owner]
    assert (found[shared].others, found[alone].others) == (1, 0)
    assert list(found[alone].people) == []


def test_who_left_stands_for_a_room_that_is_empty(alice: Side, bob: Side, shared: str) -> None:
    alice.member(shared, bob.port.owner, "kick")
    found = alice.run(alice.port.summaries([shared]))[shared]
    assert [user for user, _ in found.people] == [bob.port.owner]
    assert found.others == 0


# What is unread


def test_a_message_of_somebody_else_is_unread_until_it_is_read(
    alice: Side, bob: Side, chat: str
) -> None:
    assert unread(alice, chat) == []
    bob.say(chat)
    last = bob.say(chat)
    eventually(lambda: unread(alice, chat) == [(chat, 2, 0)], what="two messages came")
    alice.read_upto(chat, last)
    assert unread(alice, chat) == []


def test_a_message_that_speaks_to_the_owner_is_a_highlight(
    alice: Side, bob: Side, chat: str
) -> None:
    bob.say(chat)
    bob.say(chat, alice.port.owner)
    eventually(lambda: unread(alice, chat) == [(chat, 2, 1)], what="two messages came")


def test_the_owners_own_messages_are_never_unread(alice: Side, chat: str) -> None:
    alice.say(chat)
    assert unread(alice, chat) == []


def test_what_was_said_before_the_owner_came_is_not_unread(alice: Side, bob: Side) -> None:
    room = bob.collection("Bob's")
    bob.say(room)
    bob.member(room, alice.port.owner, "invite")
    alice.member(room, alice.port.owner, "join")
    assert unread(alice, room) == []
    bob.say(room)
    eventually(lambda: unread(alice, room) == [(room, 1, 0)], what="one message came")


def test_only_the_rooms_that_are_asked_for_count(alice: Side, bob: Side, chat: str) -> None:
    other = alice.collection("Other")
    bob.say(chat)
    eventually(lambda: unread(alice, chat) == [(chat, 1, 0)], what="the message came")
    assert unread(alice, other) == []
    assert unread(alice) == []


def test_the_room_with_the_newest_message_comes_first(alice: Side, bob: Side) -> None:
    rooms = [chat_of(alice, bob, name) for name in ("One", "Other")]

    def count(wanted: int) -> bool:
        return sum(each[1] for each in unread(alice, *rooms)) == wanted

    for room, before in ((rooms[0], 0), (rooms[1], 1), (rooms[0], 2)):
        bob.say(room)
        eventually(partial(count, before + 1), what="the message came")
    assert [each[0] for each in unread(alice, *rooms)] == rooms
    found: list[Unread] = list(alice.run(alice.port.unread(rooms)))
    assert found[0].last_ts >= found[1].last_ts > 1_700_000_000_000


@pytest.mark.parametrize("count", [1, 450])
def test_many_rooms_are_no_trouble(alice: Side, count: int, shared: str) -> None:
    rooms = [shared, *(f"!nowhere{number}" for number in range(count))]
    assert {room for room, _ in memberships(alice, *rooms)} == {shared}
    assert set(alice.run(alice.port.states(rooms, [("m.room.create", "")]))) == {shared}
