"""The twin's own voice: the account beside the owner's, its rooms, and what it sends."""

from typing import Any

import pytest

from tests.contract.conftest import Side
from twin_module.core.effects import Put
from twin_module.core.errors import Forbidden, NotFound, TooLarge
from twin_module.core.state import frozen
from twin_module.core.voice import Said, key_of, message, voice_name, voice_of, voice_room
from twin_module.testing.person import eventually


def made(side: Side) -> str:
    """Return the ID of the voice, whose account is there."""
    if side.run(side.port.voice_state()) == "none":
        side.run(side.port.make_voice(voice_name(side.port.owner, {})))
    return side.port.voice


def chat(side: Side) -> str:
    """Make a room of the voice that the owner is in."""
    made(side)
    room_id = side.run(side.port.make_voice_room(voice_room(side.port.owner)))
    side.member(room_id, side.port.owner, "join")
    return room_id


def speak(side: Side, room_id: str, body: str, key: str = "key") -> str:
    said = Said(body=body, mentions=(side.port.owner,))
    return side.run(side.port.speak(room_id, message(said, key)))


def unread(side: Side, room_id: str) -> list[tuple[int, int]]:
    found = side.run(side.port.unread([room_id]))
    return [(each.messages, each.highlights) for each in found]


@pytest.fixture
def room(alice: Side) -> str:
    """A room of alice's voice that alice is in."""
    return chat(alice)


def test_the_account_is_nobody_elses_once_it_was_made(bob: Side) -> None:
    assert bob.port.voice == voice_of(bob.port.owner)
    assert made(bob) == bob.port.voice
    assert bob.run(bob.port.voice_state()) == "ours"


def test_the_room_is_private_of_the_newest_version_and_stays_on_the_server(
    alice: Side, room: str
) -> None:
    state = alice.run(
        alice.port.state(
            room,
            [
                ("m.room.create", None),
                ("m.room.join_rules", None),
                ("m.room.power_levels", None),
                ("m.room.guest_access", None),
                ("m.room.encryption", None),
                ("m.room.name", None),
            ],
        )
    )
    create = state["m.room.create", ""]
    assert create.sender == alice.port.voice
    assert (create.content["room_version"], create.content["m.federate"]) == ("12", False)
    assert state["m.room.join_rules", ""].content["join_rule"] == "invite"
    assert state["m.room.guest_access", ""].content["guest_access"] == "forbidden"
    assert len(state) == 4
    levels = state["m.room.power_levels", ""].content
    assert [levels[key] for key in ("invite", "state_default", "redact")] == [100, 100, 0]
    assert levels.get("users", {}) == {}


def test_the_rooms_of_the_voice_are_those_that_it_made_and_is_in(alice: Side, room: str) -> None:
    voice, owner = alice.port.voice, alice.port.owner
    both = {voice: "join", owner: "join"}
    assert alice.run(alice.port.voice_rooms())[room] == both
    alice.member(room, owner, "leave")
    assert alice.run(alice.port.voice_rooms())[room] == {voice: "join", owner: "leave"}
    alice.run(alice.port.leave_as_voice(room))
    assert room not in alice.run(alice.port.voice_rooms())


def test_a_room_of_the_owners_that_invited_it_is_none_of_its(alice: Side) -> None:
    made(alice)
    room_id = alice.run(alice.port.create_room({"preset": "private_chat"}))
    before = alice.run(alice.port.voice_rooms())
    assert room_id not in before


def test_who_is_invited_is_in_once_they_join(alice: Side) -> None:
    made(alice)
    config = {**voice_room(alice.port.owner), "invite": []}
    room_id = alice.run(alice.port.make_voice_room(config))
    assert alice.run(alice.port.voice_rooms())[room_id] == {alice.port.voice: "join"}
    alice.run(alice.port.invite_as_voice(room_id, alice.port.owner))
    assert room_id in alice.invited()
    assert alice.run(alice.port.voice_rooms())[room_id][alice.port.owner] == "invite"
    alice.member(room_id, alice.port.owner, "join")
    assert room_id not in alice.invited()
    assert alice.membership(room_id, alice.port.owner) == "join"


def test_what_it_says_is_unread_and_speaks_to_the_owner(alice: Side, room: str) -> None:
    assert unread(alice, room) == []
    speak(alice, room, "Dentist")
    last = speak(alice, room, "Dentist again")
    assert unread(alice, room) == [(2, 2)]
    alice.read_upto(room, last)
    assert unread(alice, room) == []


def test_the_owner_may_answer_and_delete_and_nothing_more(alice: Side, room: str) -> None:
    alice.say(room)
    event_id = speak(alice, room, "Dentist")
    alice.redact(room, event_id)
    for attempt in ("invite", "kick"):
        with pytest.raises(Forbidden):
            alice.member(room, "@bob:bob.example", attempt)


def test_what_was_sent_behind_a_position_is_found_by_its_key(alice: Side, room: str) -> None:
    keys = [key_of(str(number)) for number in range(3)]
    speak(alice, room, "before", keys[0])
    position = alice.run(alice.port.position())
    assert alice.run(alice.port.spoken(room, position)) == {}
    alice.say(room)
    one = speak(alice, room, "one", keys[1])
    two = speak(alice, room, "two", keys[2])
    alice.redact(room, one)
    assert alice.run(alice.port.spoken(room, position)) == {keys[1]: one, keys[2]: two}
    assert alice.run(alice.port.spoken("!nowhere", 0)) == {}


def test_what_is_too_large_is_refused_as_such(alice: Side, room: str) -> None:
    with pytest.raises(TooLarge):
        speak(alice, room, "x" * 70_000)


def test_it_does_not_speak_where_it_is_not(alice: Side, room: str) -> None:
    other: Any = alice.run(alice.port.create_room({"preset": "private_chat"}))
    alice.run(alice.port.leave_as_voice(room))
    for room_id in (other, room, "!nowhere"):
        with pytest.raises((Forbidden, NotFound)):
            speak(alice, room_id, "hello")


def test_the_voice_of_one_twin_is_none_of_another(alice: Side, bob: Side, room: str) -> None:
    made(bob)
    assert alice.port.voice != bob.port.voice
    assert room not in bob.run(bob.port.voice_rooms())


# Rooms of others


def plain_room(side: Side) -> str:
    """Make a room of the owner's that is no collection."""
    made(side)
    return side.run(side.port.create_room({"preset": "private_chat"}))


def test_it_joins_where_it_is_invited_and_nowhere_else(alice: Side) -> None:
    room_id = plain_room(alice)
    with pytest.raises(Forbidden):
        alice.run(alice.port.join_as_voice(room_id))
    alice.member(room_id, alice.port.voice, "invite")
    assert alice.run(alice.port.voice_invitations())[room_id] == alice.port.owner
    alice.run(alice.port.join_as_voice(room_id))
    assert room_id not in alice.run(alice.port.voice_invitations())
    assert alice.membership(room_id, alice.port.voice) == "join"
    speak(alice, room_id, "hello")
    alice.run(alice.port.join_as_voice(room_id))
    assert alice.membership(room_id, alice.port.voice) == "join"


def test_it_joins_as_many_rooms_as_it_is_asked_to(alice: Side) -> None:
    rooms = [plain_room(alice) for _ in range(12)]
    for room_id in rooms:
        alice.member(room_id, alice.port.voice, "invite")
        alice.run(alice.port.join_as_voice(room_id))
    assert {alice.membership(room_id, alice.port.voice) for room_id in rooms} == {"join"}


def test_an_invitation_is_declined(alice: Side) -> None:
    room_id = plain_room(alice)
    alice.member(room_id, alice.port.voice, "invite")
    alice.run(alice.port.leave_as_voice(room_id))
    assert room_id not in alice.run(alice.port.voice_invitations())
    assert alice.membership(room_id, alice.port.voice) == "leave"


def test_an_invitation_to_a_room_of_another_server_is_declined(alice: Side, bob: Side) -> None:
    made(alice)
    room_id = bob.collection()
    bob.member(room_id, alice.port.voice, "invite")
    assert alice.run(alice.port.voice_invitations())[room_id] == bob.port.owner
    alice.run(alice.port.leave_as_voice(room_id))
    assert room_id not in alice.run(alice.port.voice_invitations())
    eventually(lambda: bob.membership(room_id, alice.port.voice) == "leave")


def test_an_invitation_by_somebody_in_a_shared_room_names_them(
    alice: Side, bob: Side, shared: str
) -> None:
    made(alice)
    levels = alice.state(shared, "m.room.power_levels", "")["m.room.power_levels", ""].content
    alice.put(
        shared, Put("m.room.power_levels", "", levels.set("users", frozen({bob.port.owner: 50})))
    )
    eventually(
        lambda: bob.state(shared, "m.room.power_levels", "")["m.room.power_levels", ""].content.get(
            "users"
        )
    )
    bob.member(shared, alice.port.voice, "invite")
    eventually(lambda: shared in alice.run(alice.port.voice_invitations()))
    assert alice.run(alice.port.voice_invitations())[shared] == bob.port.owner


def test_it_is_astray_in_encrypted_rooms_and_where_the_owner_left(alice: Side) -> None:
    rooms = [plain_room(alice) for _ in range(3)]
    for room_id in rooms:
        alice.member(room_id, alice.port.voice, "invite")
        alice.run(alice.port.join_as_voice(room_id))
    assert not set(rooms) & alice.run(alice.port.voice_astray()).keys()
    encryption = {"algorithm": "m.megolm.v1.aes-sha2"}
    for room_id in rooms[:2]:
        alice.put(room_id, Put("m.room.encryption", "", frozen(encryption)))
    for room_id in rooms[1:]:
        alice.member(room_id, alice.port.owner, "leave")
    astray = alice.run(alice.port.voice_astray())
    assert [astray[room_id] for room_id in rooms] == ["encrypted", "alone", "alone"]
    for room_id in rooms:
        alice.run(alice.port.leave_as_voice(room_id))
    assert not set(rooms) & alice.run(alice.port.voice_astray()).keys()


def test_it_is_not_astray_where_the_owner_is_not_yet(alice: Side) -> None:
    made(alice)
    config = {**voice_room(alice.port.owner), "invite": []}
    room_id = alice.run(alice.port.make_voice_room(config))
    assert room_id not in alice.run(alice.port.voice_astray())
    alice.run(alice.port.invite_as_voice(room_id, alice.port.owner))
    assert room_id not in alice.run(alice.port.voice_astray())


# What it said last


def last(side: Side, room_id: str) -> str | None:
    found = side.run(side.port.lately_spoken(room_id))
    return found[0].event_id if found else None


def test_what_it_said_last_is_no_edit_and_nothing_deleted(alice: Side, room: str) -> None:
    assert last(alice, room) is None
    one = speak(alice, room, "one", "1")
    two = speak(alice, room, "two", "2")
    alice.say(room)
    assert last(alice, room) == two
    assert [each.event_id for each in alice.run(alice.port.lately_spoken(room))] == [two, one]
    edit = message(Said(body="one again", replaces=one), "3")
    alice.run(alice.port.speak(room, edit))
    assert last(alice, room) == two
    alice.redact(room, two)
    assert last(alice, room) == one
    [found] = alice.run(alice.port.lately_spoken(room))
    assert (found.room_id, found.sender, found.type) == (room, alice.port.voice, "m.room.message")
    assert found.content["body"] == "one"
    assert last(alice, "!nowhere") is None


def body_of(side: Side, event_id: str) -> str | None:
    found = side.run(side.port.as_edited(event_id))
    return found.content.get("m.new_content", found.content)["body"] if found else None


def test_a_message_is_read_as_its_sender_edited_it_last(alice: Side, room: str) -> None:
    one = speak(alice, room, "one", "1")
    assert body_of(alice, one) == "one"
    edit = alice.run(alice.port.speak(room, message(Said(body="two", replaces=one), "2")))
    assert body_of(alice, one) == "two"
    last_edit = alice.run(alice.port.speak(room, message(Said(body="three", replaces=one), "3")))
    assert body_of(alice, one) == "three"
    alice.redact(room, last_edit)
    assert body_of(alice, one) == "two"
    somebody = {"msgtype": "m.text", "body": "* mine", "m.new_content": {"body": "mine"}}
    relation = {"m.relates_to": {"rel_type": "m.replace", "event_id": one}}
    alice.run(alice.port.send_message(room, "m.room.message", frozen({**somebody, **relation})))
    assert body_of(alice, one) == "two", "nobody edits what somebody else said"
    assert body_of(alice, edit) == "two"
    alice.redact(room, one)
    assert body_of(alice, one) is None
    assert body_of(alice, "$nothing") is None


def test_what_it_said_last_is_of_one_room(alice: Side, room: str) -> None:
    other = chat(alice)
    here, there = speak(alice, room, "here"), speak(alice, other, "there")
    assert (last(alice, room), last(alice, other)) == (here, there)
