"""Two people whose twins have companions share something."""

import pytest

from tests.engine.chat.scenes import EVENT, Chatty, share
from tests.engine.conftest import settle
from twin_module.core.state import NAMESPACE
from twin_module.testing.driver import run

RSVP = f"{NAMESPACE}.rsvp"


def wait(seconds: float, *homes: Chatty) -> None:
    """Let everything be heard, and then time go by for everybody."""
    settle(*homes)
    homes[0].network.pass_time(seconds)
    for _ in range(3):
        settle(*homes)
        for home in homes:
            run(home.twin.look_again())
    settle(*homes)


def told_in(home: Chatty, room: str, voice: str) -> list[tuple[str, str]]:
    """Return what a voice said in a room, as one server has it, with the event IDs."""
    return [(text, event_id) for where, text, event_id in home.told(voice) if where == room]


def test_what_bob_does_is_told_in_alices_collection_and_acted_on_by_bob(
    alice: Chatty, bob: Chatty
) -> None:
    room = share(alice, bob)
    alice.command("tasks", "add", room_id=room, uid="bread", title="Bread")
    wait(20, alice, bob)
    [(text, event_id)] = told_in(bob, room, alice.voice)
    assert "Bread" in text
    assert bob.react(room, event_id, "✅") == "“Home”: Done: “Bread”."
    settle(alice, bob)
    event = alice.server.state(room)["org.digitaltwin.task", "bread"]
    assert event.sender == bob.owner
    assert event.content["progress"] == "completed"
    assert event.content[NAMESPACE]["experience"] == "chat"
    wait(60, alice, bob)
    # An edit or a new message: in either case, the last thing that was said.
    assert "completed" in told_in(alice, room, alice.voice)[-1][0]


def test_what_a_reader_adds_goes_to_a_collection_of_their_own(alice: Chatty, bob: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    circle = alice.circle("Readers", bob="viewer")
    alice.command("circles", "share", room_id=room, circle=circle, role="viewer")
    settle(alice, bob)
    for each in (circle, room):
        bob.accept(each)
        settle(alice, bob)
    # Bob's client can't write there either, so it is in the chat that Bob tries.
    answer = bob.say("task bread #home") or ""
    assert "bread" not in alice.objects(room)
    assert answer.startswith("Added “bread” in My things"), "a place of his own is there for that"


def test_a_guest_answers_an_invitation_by_a_sign(alice: Chatty, bob: Chatty) -> None:
    share(alice, bob, "Other")
    alice.collection("Mine")
    alice.rest()
    said = alice.say("agenda fri 10-11 choir @bob #mine") or ""
    assert said.startswith("Invited @bob:bob.example to “choir”")
    settle(alice, bob)
    [room] = [each for each in bob.server.invitations if each in alice.server.rooms]
    bob.accept(room)
    wait(30, alice, bob)
    [uid] = [key for kind, key in bob.server.state(room) if kind == EVENT]
    pings = told_in(bob, room, alice.voice)
    if not pings:
        pytest.fail("nobody told Bob in the room")
    assert bob.react(room, pings[0][1], "✅") is not None
    settle(alice, bob)
    answers = alice.content(room, RSVP, bob.owner)["answers"]
    assert answers[uid]["participationStatus"] == "accepted"


def test_the_voice_comes_where_its_owner_asks_it_and_nowhere_else(
    alice: Chatty, bob: Chatty
) -> None:
    room = run(alice.port.create_room({"name": "Friends", "preset": "private_chat"}))
    alice.server.write(room, "m.room.member", alice.voice, {"membership": "invite"})
    wait(10, alice)
    assert alice.membership(room, alice.voice) == "join"
    assert alice.say("!task pizza", room) == "Added “pizza”."
    assert "pizza" in alice.objects(room), "objects may lie in any room"
    assert alice.told()[-1][0] == room
    assert alice.say("how are you", room) is None


def test_two_companions_in_one_room_answer_their_own_owners_alone(
    alice: Chatty, bob: Chatty
) -> None:
    room = share(alice, bob)
    alice.server.write(room, "m.room.member", bob.voice, {"membership": "invite"})
    wait(10, alice, bob)
    before = len(alice.told()), len(bob.told())
    assert alice.say("!task milk", room) == "Added “milk”."
    wait(600, alice, bob)
    assert len(bob.told()) == before[1]
    assert len(alice.told()) == before[0] + 1


def test_words_of_another_twins_message_reach_no_other_room(alice: Chatty, bob: Chatty) -> None:
    """Alice's twin lies about what its message is about."""
    room = share(alice, bob)
    private = bob.collection("Private")
    bob.command("tasks", "add", room_id=private, uid="secret", title="Secret")
    bob.rest()
    alice.say("!task milk", room)
    lie = {
        "msgtype": "m.text",
        "body": "Milk",
        NAMESPACE: {
            "about": [{"room_id": private, "type": "org.digitaltwin.task", "uid": "secret"}],
            "choices": [
                {
                    "capability": "tasks",
                    "command": "remove",
                    "arguments": {"room_id": private, "uid": "secret"},
                }
            ],
        },
    }
    told = alice.server.write(room, "m.room.message", None, lie, sender=alice.voice)
    settle(alice, bob)
    for answer in ("done", "1", "1 done", "remove"):
        bob.say(answer, room, to=told)
    bob.react(room, told, "✅")
    assert bob.objects(private)["Secret"]["progress"] == "needs-action"


def test_what_nobody_of_a_twin_said_is_not_answered_to(alice: Chatty, bob: Chatty) -> None:
    room = share(alice, bob)
    alice.say("!task milk", room)
    fake = {"msgtype": "m.text", "body": "Milk", NAMESPACE: {"about": []}}
    said = bob.server.write(room, "m.room.message", None, fake)
    settle(alice, bob)
    assert alice.say("done", room, to=said) is None
    assert alice.say("done", room, to="$nothing") is None
