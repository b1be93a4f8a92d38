"""The twin's own voice: the account beside the owner's, its rooms, and what it sends."""

from typing import Any

import pytest

from tests.contract.conftest import Side
from twin_module.core.errors import Forbidden, TooLarge
from twin_module.core.voice import key_of, message, voice_name, voice_of, voice_room


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
    return side.run(side.port.speak(room_id, message(body, None, side.port.owner, key)))


def unread(side: Side, room_id: str) -> list[tuple[int, int]]:
    found = side.run(side.port.unread([room_id]))
    return [(each.messages, each.highlights) for each in found]


@pytest.fixture
def room(alice: Side) -> str:
    """A room of alice's voice that alice is in."""
    return chat(alice)


def test_the_account_is_made_when_it_is_asked_for(bob: Side) -> None:
    assert bob.port.voice == voice_of(bob.port.owner)
    assert bob.run(bob.port.voice_state()) == "none"
    assert bob.run(bob.port.voice_rooms()) == {}
    bob.run(bob.port.make_voice("Twin of Bob"))
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
    assert alice.run(alice.port.spoken(room, position)) == frozenset()
    alice.say(room)
    event_id = speak(alice, room, "one", keys[1])
    speak(alice, room, "two", keys[2])
    alice.redact(room, event_id)
    assert alice.run(alice.port.spoken(room, position)) == frozenset(keys[1:])
    assert alice.run(alice.port.spoken("!nowhere", 0)) == frozenset()


def test_what_is_too_large_is_refused_as_such(alice: Side, room: str) -> None:
    with pytest.raises(TooLarge):
        speak(alice, room, "x" * 70_000)


def test_it_does_not_speak_where_it_is_not(alice: Side, room: str) -> None:
    other: Any = alice.run(alice.port.create_room({"preset": "private_chat"}))
    alice.run(alice.port.leave_as_voice(room))
    for room_id in (other, room):
        with pytest.raises(Forbidden):
            speak(alice, room_id, "hello")


def test_the_voice_of_one_twin_is_none_of_another(alice: Side, bob: Side, room: str) -> None:
    made(bob)
    assert alice.port.voice != bob.port.voice
    assert room not in bob.run(bob.port.voice_rooms())
