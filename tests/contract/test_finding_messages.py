"""Messages are found by their words: as they are now, where they may be seen, and nowhere else."""

from typing import Any

import pytest

from tests.contract.conftest import Side
from tests.contract.test_voice import chat, made, speak
from twin_module.core.effects import Put
from twin_module.core.ports import MessagePage, MessageQuestion
from twin_module.core.state import frozen
from twin_module.testing.person import eventually

ENCRYPTION = Put("m.room.encryption", "", frozen({"algorithm": "m.megolm.v1.aes-sha2"}))


def say(side: Side, room_id: str, body: str, **more: Any) -> str:
    """Send a message and return its ID."""
    content = frozen({"msgtype": "m.text", "body": body, **more})
    return side.run(side.port.send_message(room_id, "m.room.message", content))


def edit(side: Side, room_id: str, event_id: str, body: str) -> str:
    """Edit a message, or try to, and return the ID of that."""
    new = {"msgtype": "m.text", "body": body}
    relation = {"rel_type": "m.replace", "event_id": event_id}
    return say(side, room_id, f"* {body}", **{"m.new_content": new, "m.relates_to": relation})


def page(side: Side, text: str, **more: Any) -> MessagePage:
    """Return a page of what is found."""
    return side.run(side.port.find_messages(MessageQuestion(text, **more)))


def found(side: Side, text: str, **more: Any) -> list[str]:
    """Return the IDs of what is found, newest first."""
    return [each.event_id for each in page(side, text, **more).messages]


def room_of(side: Side, visibility: str = "shared", *guests: str) -> str:
    """Make a room with people who are invited."""
    shown = {"type": "m.room.history_visibility", "content": {"history_visibility": visibility}}
    config = {"preset": "private_chat", "initial_state": [shown]}
    room_id = side.run(side.port.create_room(config))
    for each in guests:
        side.member(room_id, each, "invite")
    return room_id


@pytest.fixture
def room(alice: Side) -> str:
    """A room of alice's."""
    return room_of(alice)


def test_messages_that_have_all_words_are_found_the_newest_first(alice: Side, room: str) -> None:
    first = say(alice, room, "We buy walnuts in Tübingen")
    say(alice, room, "We buy almonds")
    last = say(alice, room, "TÜBINGEN has walnuts, and so on")
    assert found(alice, "walnuts tübingen", room_id=room) == [last, first]
    assert found(alice, "walnuts", room_id=room) == [last, first]
    assert found(alice, "Tübin", room_id=room) == [last, first]
    assert found(alice, "walnuts peaches", room_id=room) == []
    [message] = page(alice, "walnuts so", room_id=room).messages
    assert (message.room_id, message.sender) == (room, alice.port.owner)
    assert message.text == "TÜBINGEN has walnuts, and so on"


def test_nothing_in_a_question_means_anything_to_a_database(alice: Side, room: str) -> None:
    said = say(alice, room, "walnut body or not and near")
    for question in (
        '"walnut',
        "walnut*",
        "body:walnut",
        "walnut NOT or",
        "walnut' OR",
        "walnut & !",
    ):
        assert found(alice, question, room_id=room) == [said], question
    for odd in (
        "हिन्दी 東京",
        "½ ² ﷺ",
        "1e5x 3x4",
        "%s ? %(x)s",
        "\\walnut\\ \ud800 \x00",
        "OR",
        "ÄND ÖR",
    ):
        assert found(alice, f"peach {odd}", room_id=room) == [], odd


def test_a_search_can_be_of_a_room_a_person_and_a_time(alice: Side, bob: Side) -> None:
    room = room_of(alice, "shared", bob.port.owner)
    bob.member(room, bob.port.owner, "join")
    own = say(alice, room, "pistachio")
    theirs = say(bob, room, "pistachio")
    eventually(lambda: theirs in found(alice, "pistachio"), what="bob's message is found")
    other = say(alice, room_of(alice), "pistachio")
    assert set(found(alice, "pistachio")) == {own, theirs, other}
    assert found(alice, "pistachio", sender=bob.port.owner) == [theirs]
    assert found(alice, "pistachio", but_rooms=[room]) == [other]
    [message] = page(alice, "pistachio", sender=bob.port.owner).messages
    sent = message.origin_server_ts
    assert theirs in found(alice, "pistachio", since=sent)
    assert theirs not in found(alice, "pistachio", since=sent + 1)
    assert theirs in found(alice, "pistachio", until=sent + 1)
    assert theirs not in found(alice, "pistachio", until=sent)


def test_pages_hold_everything_once_in_order(alice: Side, room: str) -> None:
    said = [say(alice, room, f"cashew {number}") for number in range(7)]
    paged, after = [], None
    while True:
        part = page(alice, "cashew", room_id=room, limit=3, after=after)
        paged += [each.event_id for each in part.messages]
        if part.next is None:
            break
        after = part.next
    assert paged == said[::-1]


def test_an_edited_message_is_found_by_what_it_says_now(alice: Side, room: str) -> None:
    said = say(alice, room, "We buy hazelnuts")
    edit(alice, room, said, "We buy chestnuts")
    last = edit(alice, room, said, "We buy macadamias")
    assert found(alice, "hazelnuts", room_id=room) == []
    assert found(alice, "chestnuts", room_id=room) == []
    assert found(alice, "macadamias", room_id=room) == [said]
    [message] = page(alice, "macadamias", room_id=room).messages
    assert message.text == "We buy macadamias"
    alice.redact(room, last)
    assert found(alice, "macadamias", room_id=room) == []
    assert found(alice, "chestnuts", room_id=room) == [said]


def test_nobody_lets_others_messages_be_found_by_what_these_did_not_say(
    alice: Side, bob: Side
) -> None:
    room = room_of(alice, "shared", bob.port.owner)
    bob.member(room, bob.port.owner, "join")
    said = say(alice, room, "An honest filbert")
    eventually(lambda: said in bob.run(bob.port.messages([said])))
    forged = edit(bob, room, said, "A forged filbert")
    eventually(lambda: forged in alice.run(alice.port.messages([forged])))
    assert found(alice, "forged", room_id=room) == []
    assert found(alice, "honest filbert", room_id=room) == [said]


def test_what_was_deleted_is_not_found(alice: Side, room: str) -> None:
    said = say(alice, room, "brazil nut")
    edited = say(alice, room, "brazil")
    edit(alice, room, edited, "brazil nuts")
    assert set(found(alice, "brazil", room_id=room)) == {said, edited}
    for each in (said, edited):
        alice.redact(room, each)
    assert found(alice, "brazil", room_id=room) == []


def test_state_and_events_of_other_types_are_not_found(alice: Side, room: str) -> None:
    alice.put(room, Put("m.room.topic", "", frozen({"topic": "coconut"})))
    alice.put(room, Put("m.room.name", "", frozen({"name": "coconut"})))
    other = frozen({"body": "coconut"})
    alice.run(alice.port.send_message(room, "org.digitaltwin.other", other))
    assert found(alice, "coconut") == []


def test_encrypted_rooms_are_not_searched_also_for_what_was_said_before(
    alice: Side, room: str
) -> None:
    said = say(alice, room, "pecan")
    assert found(alice, "pecan") == [said]
    alice.put(room, ENCRYPTION)
    assert found(alice, "pecan") == []


def test_a_room_that_was_left_is_not_searched(alice: Side, room: str) -> None:
    said = say(alice, room, "acorn")
    assert found(alice, "acorn") == [said]
    alice.member(room, alice.port.owner, "leave")
    assert found(alice, "acorn") == []


def test_what_was_said_while_one_was_away_is_not_found_where_the_room_hides_it(
    alice: Side, bob: Side
) -> None:
    made(alice)
    # The voice stays, so that alice's server goes on to get what is said.
    room = room_of(alice, "joined", bob.port.owner, alice.port.voice)
    alice.run(alice.port.join_as_voice(room))
    bob.member(room, bob.port.owner, "join")
    alice.member(room, alice.port.owner, "leave")
    eventually(lambda: bob.membership(room, alice.port.owner) == "leave")
    say(bob, room, "a hidden betel")
    bob.member(room, alice.port.owner, "invite")
    eventually(lambda: room in alice.invited())
    alice.member(room, alice.port.owner, "join")
    eventually(lambda: bob.membership(room, alice.port.owner) == "join")
    seen = say(bob, room, "a seen betel")
    eventually(lambda: seen in found(alice, "betel"), within=5, what="the later message is found")
    assert found(alice, "betel") == [seen]


def test_what_the_voice_says_is_not_found(alice: Side) -> None:
    room = chat(alice)
    speak(alice, room, "a nutmeg")
    own = say(alice, room, "find nutmeg")
    assert found(alice, "nutmeg") == [own]
    assert found(alice, "nutmeg", but_rooms=[room]) == []
