"""What the owner says: found in the stream, and read with what is left of it."""

from typing import Any

import pytest

from tests.contract.conftest import Side, task
from tests.contract.test_voice import made
from twin_module.core.state import frozen
from twin_module.core.voice import Said, message
from twin_module.testing.person import eventually

MOST = 50


def text(body: str) -> Any:
    return frozen({"msgtype": "m.text", "body": body})


def under(event_id: str, key: str = "\N{WHITE HEAVY CHECK MARK}") -> Any:
    """Return the content of a reaction."""
    relation = {"rel_type": "m.annotation", "event_id": event_id, "key": key}
    return frozen({"m.relates_to": relation})


def send(side: Side, room_id: str, event_type: str, content: Any) -> str:
    return side.run(side.port.send_message(room_id, event_type, content))


def position(side: Side) -> int:
    return side.run(side.port.position())


def heard(side: Side, after: int, upto: int | None = None) -> tuple[int, list[str]]:
    """Return how far was listened, and what was heard."""
    found = side.run(side.port.heard(after, position(side) if upto is None else upto))
    return found.upto, list(found.event_ids)


@pytest.fixture
def room(alice: Side) -> str:
    """A collection of alice's."""
    return alice.collection()


def test_messages_and_reactions_of_the_owner_are_heard_in_order(alice: Side, room: str) -> None:
    start = position(alice)
    first = alice.say(room)
    second = send(alice, room, "m.reaction", under(first))
    third = alice.say(room)
    end = position(alice)
    assert heard(alice, start) == (end, [first, second, third])
    assert heard(alice, end) == (end, [])
    assert heard(alice, start, start) == (start, [])


def test_state_and_events_of_other_types_are_not_heard(alice: Side, room: str) -> None:
    start = position(alice)
    alice.put(room, task("a"))
    send(alice, room, "org.digitaltwin.other", text("hello"))
    send(alice, room, "m.room.encrypted", frozen({"algorithm": "m.megolm.v1.aes-sha2"}))
    assert heard(alice, start) == (position(alice), [])


def test_what_others_say_is_not_heard(alice: Side, bob: Side) -> None:
    made(alice)
    room_id = alice.run(alice.port.create_room({"preset": "private_chat"}))
    for user_id in (bob.port.owner, alice.port.voice):
        alice.member(room_id, user_id, "invite")
    alice.run(alice.port.join_as_voice(room_id))
    bob.member(room_id, bob.port.owner, "join")
    start = position(alice)
    of_bob = bob.say(room_id)
    alice.run(alice.port.speak(room_id, message(Said(body="hello"), "key")))
    eventually(lambda: of_bob in alice.run(alice.port.messages([of_bob])))
    own = alice.say(room_id)
    assert heard(alice, start)[1] == [own]


def test_what_was_deleted_is_heard_and_can_not_be_read(alice: Side, room: str) -> None:
    start = position(alice)
    said = alice.say(room)
    sign = send(alice, room, "m.reaction", under(said))
    kept = alice.say(room)
    for event_id in (said, sign):
        alice.redact(room, event_id)
    assert heard(alice, start)[1] == [said, sign, kept]
    assert alice.run(alice.port.messages([said, sign, kept])).keys() == {kept}


def test_much_is_heard_in_parts(alice: Side, room: str) -> None:
    start = position(alice)
    said = [send(alice, room, "m.room.message", text(str(number))) for number in range(MOST + 3)]
    end = position(alice)
    reached, first = heard(alice, start, end)
    assert (first, start < reached < end) == (said[:MOST], True)
    assert heard(alice, reached, end) == (end, said[MOST:])


def test_messages_and_reactions_are_read(alice: Side, room: str) -> None:
    said = send(alice, room, "m.room.message", text("buy bread"))
    sign = send(alice, room, "m.reaction", under(said, "+"))
    found = alice.run(alice.port.messages([said, sign, "$unknown"]))
    assert found.keys() == {said, sign}
    each = found[said]
    assert (each.room_id, each.type, each.sender) == (room, "m.room.message", alice.port.owner)
    assert each.content["body"] == "buy bread"
    assert found[sign].content == under(said, "+")
    assert found[sign].type == "m.reaction"
