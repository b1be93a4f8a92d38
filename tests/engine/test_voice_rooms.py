"""Where the twin's own voice goes: collections of the owner's, where they ask it, and nowhere else."""

from typing import Any

import pytest

from tests.engine.conftest import Home, settle, share
from tests.engine.meeting_scenes import invite, invited, plan
from tests.engine.voices import chats_with_voice, messages, said, wait
from twin_module.core.effects import Put
from twin_module.core.errors import Forbidden, NotFound
from twin_module.core.matrix_uri import room_address
from twin_module.core.state import frozen
from twin_module.core.voice import Said, voice_of
from twin_module.testing.driver import run
from twin_module.testing.fake import Crash
from twin_module.testing.fake_network import FakeNetwork

VOICE = "@twin:alice.example"
MEMBER = "m.room.member"
LEVELS = "m.room.power_levels"
ENCRYPTION = {"algorithm": "m.megolm.v1.aes-sha2"}


def enter(home: Home, room_id: str) -> bool:
    return run(home.twin.voice.enter(room_id))


def plain_room(home: Home) -> str:
    """Make a room of the owner's that is no collection."""
    return run(home.port.create_room({"preset": "private_chat"}))


def ask_in(home: Home, room_id: str) -> None:
    """Have the owner invite the voice."""
    run(home.port.set_membership(room_id, voice_of(home.owner), "invite", ""))


def encrypt(home: Home, room_id: str) -> None:
    run(home.port.send_state(room_id, Put("m.room.encryption", "", frozen(ENCRYPTION))))


def set_levels(home: Home, room_id: str, **levels: Any) -> None:
    before = home.content(room_id, LEVELS)
    run(home.port.send_state(room_id, Put(LEVELS, "", frozen({**before, **levels}))))


def hold(home: Home, room_id: str, sender: str, content: dict[str, Any]) -> None:
    """Write a membership of the voice's as somebody."""
    home.server.write(room_id, MEMBER, voice_of(home.owner), content, sender=sender)


def said_in(home: Home, room_id: str) -> list[str]:
    voice = voice_of(home.owner)
    return [
        str(event.content["body"])
        for _, event in home.server.arrivals
        if (event.room_id, event.sender, event.type) == (room_id, voice, "m.room.message")
    ]


# Collections


def test_it_goes_into_a_collection_of_the_owners_and_may_speak_there(
    alice: Home, room: str
) -> None:
    before = alice.content(room, LEVELS)
    assert enter(alice, room)
    assert alice.membership(room, VOICE) == "join"
    assert alice.content(room, LEVELS) == {**before, "users": {VOICE: 25}}
    run(alice.twin.voice.say(Said(body="hello"), "k", room_id=room))
    assert said_in(alice, room) == ["hello"]


def test_being_there_already_is_one_reading_and_changes_nothing(
    alice: Home, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(alice, room)
    reads = []
    real = alice.port.state

    async def counted(room_id: str, keys: Any) -> Any:
        reads.append(room_id)
        return await real(room_id, keys)

    monkeypatch.setattr(alice.port, "state", counted)
    steps = len(alice.port.steps)
    assert enter(alice, room)
    assert reads == [room]
    assert len(alice.port.steps) == steps


def test_the_levels_of_others_stay_and_those_of_shares_leave_it_alone(
    alice: Home, bob: Home
) -> None:
    circle = alice.circle(bob="editor")
    settle(alice, bob)
    bob.accept(circle)
    room_id = alice.collection("Shared")
    alice.command("circles", "share", room_id=room_id, circle=circle, role="editor")
    settle(alice, bob)
    bob.accept(room_id)
    settle(alice, bob)
    assert alice.content(room_id, LEVELS)["users"] == {bob.owner: 25}
    assert enter(alice, room_id)
    assert alice.content(room_id, LEVELS)["users"] == {bob.owner: 25, VOICE: 25}
    settle(alice, bob)
    assert alice.content(room_id, LEVELS)["users"] == {bob.owner: 25, VOICE: 25}
    alice.command("circles", "unshare", room_id=room_id, circle=circle)
    settle(alice, bob)
    assert alice.membership(room_id, bob.owner) == "leave"
    assert alice.membership(room_id, VOICE) == "join"
    assert alice.content(room_id, LEVELS)["users"] == {VOICE: 25}
    alice.restart()
    settle(alice, bob)
    assert alice.content(room_id, LEVELS)["users"] == {VOICE: 25}
    assert enter(alice, room_id)


def test_it_takes_no_power_where_everybody_may_speak(alice: Home, room: str) -> None:
    set_levels(alice, room, events_default=0)
    assert enter(alice, room)
    assert "users" not in alice.content(room, LEVELS)
    set_levels(alice, room, events={"m.room.message": 25})
    assert enter(alice, room)
    assert alice.content(room, LEVELS)["users"] == {VOICE: 25}


def test_it_never_gets_the_power_of_an_administrator(alice: Home, room: str) -> None:
    set_levels(alice, room, events_default=50)
    assert not enter(alice, room)
    assert alice.membership(room, VOICE) is None


def test_a_collection_that_somebody_else_made_is_not_for_it(alice: Home, bob: Home) -> None:
    room_id = share(alice, bob)
    assert not enter(bob, room_id)
    assert bob.membership(room_id, voice_of(bob.owner)) is None


def test_rooms_that_are_no_collections_are_not_entered_unasked(alice: Home) -> None:
    settle(alice)
    room_id, circle = plain_room(alice), alice.circle()
    settle(alice)
    index = next(each.room_id for each in alice.rooms().values() if each.kind == "index")
    for each in (room_id, circle, index, "!nowhere"):
        assert not enter(alice, each)
    assert enter(alice, str(alice.twin.voice.chat))


def test_who_put_it_out_of_a_collection_is_rid_of_it_until_they_ask_it_back(
    alice: Home, room: str
) -> None:
    enter(alice, room)
    run(alice.port.set_membership(room, VOICE, "kick", ""))
    assert not enter(alice, room)
    ask_in(alice, room)
    settle(alice)
    assert enter(alice, room)
    hold(alice, room, alice.owner, {"membership": "ban"})
    assert not enter(alice, room)


def test_an_encrypted_collection_is_not_entered(alice: Home, room: str) -> None:
    encrypt(alice, room)
    assert not enter(alice, room)
    assert alice.membership(room, VOICE) is None


def test_a_twin_whose_voice_is_taken_enters_nothing(network: FakeNetwork) -> None:
    alice = Home(network, "alice")
    alice.server.voice = "taken"
    alice.start()
    room_id = alice.collection()
    assert not enter(alice, room_id)
    settle(alice)
    assert alice.membership(room_id, VOICE) is None
    ask_in(alice, room_id)
    settle(alice)
    assert alice.membership(room_id, VOICE) == "invite"
    assert chats_with_voice(alice) == []


def test_whatever_step_the_twin_is_killed_at_it_gets_in(alice: Home) -> None:
    step = 0
    while True:
        step += 1
        room_id = alice.collection(f"List {step}")
        alice.port.crash_in = step
        try:
            done = enter(alice, room_id)
        except Crash:
            alice.restart()
            done = False
        alice.port.crash_in = None
        settle(alice)
        assert enter(alice, room_id)
        assert alice.content(room_id, LEVELS)["users"] == {VOICE: 25}
        if done:
            break
    assert step > 6


# Invitations


def test_it_comes_where_the_owner_asks_it(alice: Home) -> None:
    room_id = plain_room(alice)
    ask_in(alice, room_id)
    settle(alice)
    assert alice.membership(room_id, VOICE) == "join"
    assert enter(alice, room_id)
    assert said(alice) == []


def test_it_comes_into_a_room_of_others_that_the_owner_asks_it_to(alice: Home, bob: Home) -> None:
    room_id = share(bob, alice)
    set_levels(bob, room_id, invite=0)
    ask_in(alice, room_id)
    settle(alice, bob)
    assert bob.membership(room_id, VOICE) == "join"
    # It may not speak there until somebody gives it the right to.
    assert not enter(alice, room_id)
    set_levels(bob, room_id, users={alice.owner: 25, VOICE: 25})
    assert enter(alice, room_id)


def test_it_declines_what_others_ask(alice: Home, bob: Home) -> None:
    shared = share(alice, bob)
    set_levels(alice, shared, users={bob.owner: 50})
    own = bob.collection()
    settle(alice, bob)
    for room_id in (shared, own):
        run(bob.port.set_membership(room_id, VOICE, "invite", ""))
        settle(alice, bob)
        assert bob.membership(room_id, VOICE) == "invite", "who invited has to know it first"
        wait(alice, 16)
        settle(alice, bob)
        assert bob.membership(room_id, VOICE) == "leave"
    assert run(alice.port.voice_invitations()) == {}
    assert enter(alice, shared)


def test_a_room_that_can_not_be_joined_keeps_no_other_waiting_and_is_tried_again(
    alice: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(alice)
    rooms = sorted(plain_room(alice) for _ in range(2))
    real = alice.port.join_as_voice

    async def fail(room_id: str) -> None:
        if room_id == rooms[0]:
            raise RuntimeError("on purpose")
        await real(room_id)

    with monkeypatch.context() as patch:
        patch.setattr(alice.port, "join_as_voice", fail)
        for room_id in rooms:
            ask_in(alice, room_id)
        settle(alice)
        assert [alice.membership(each, VOICE) for each in rooms] == ["invite", "join"]
    settle(alice)
    assert alice.membership(rooms[0], VOICE) == "invite"
    wait(alice, 16)
    assert alice.membership(rooms[0], VOICE) == "join"


def test_what_others_took_back_is_not_tried_for_ever(
    alice: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(room_id: str) -> None:
        raise RuntimeError("on purpose")

    room_id = plain_room(alice)
    with monkeypatch.context() as patch:
        patch.setattr(alice.port, "join_as_voice", fail)
        ask_in(alice, room_id)
        settle(alice)
    run(alice.port.set_membership(room_id, VOICE, "kick", ""))
    wait(alice, 16)
    assert not alice.twin.voice.rooms.is_due()


def test_it_leaves_where_the_owner_left(alice: Home, bob: Home) -> None:
    room_id = share(bob, alice)
    set_levels(bob, room_id, invite=0)
    ask_in(alice, room_id)
    settle(alice, bob)
    run(alice.port.set_membership(room_id, alice.owner, "leave", ""))
    settle(alice, bob)
    assert bob.membership(room_id, VOICE) == "leave"


def test_a_chat_that_the_owner_left_is_made_anew_when_there_is_something_to_say(
    alice: Home,
) -> None:
    settle(alice)
    [old] = chats_with_voice(alice)
    run(alice.port.set_membership(old, alice.owner, "leave", ""))
    settle(alice)
    assert chats_with_voice(alice) == []
    assert alice.twin.voice.chat is None
    run(alice.twin.voice.say(Said(body="hello"), "k"))
    assert chats_with_voice(alice) == [alice.twin.voice.chat]


# Encrypted rooms


def test_in_an_encrypted_room_it_says_once_where_it_can_be_spoken_to_and_leaves(
    alice: Home,
) -> None:
    settle(alice)
    room_id = plain_room(alice)
    encrypt(alice, room_id)
    ask_in(alice, room_id)
    settle(alice)
    [body] = said_in(alice, room_id)
    assert "encrypted" in body
    assert body.endswith(room_address(str(alice.twin.voice.chat), ["alice.example"]))
    [content] = messages(alice)
    assert content["m.mentions"] == {"user_ids": [alice.owner]}
    assert 'href="matrix:roomid/' in content["formatted_body"]
    assert alice.membership(room_id, VOICE) == "leave"
    for _ in range(2):
        alice.restart()
        ask_in(alice, room_id)
        settle(alice)
        assert alice.membership(room_id, VOICE) == "leave"
    assert len(said_in(alice, room_id)) == 1
    assert not enter(alice, room_id)


def test_it_says_so_in_the_owners_language(alice: Home) -> None:
    run(alice.twin.settings.write({"language": "de"}))
    room_id = plain_room(alice)
    encrypt(alice, room_id)
    ask_in(alice, room_id)
    settle(alice)
    [body] = said_in(alice, room_id)
    assert "verschlüsselt" in body


def test_a_room_that_is_encrypted_later_is_left_too(alice: Home, room: str) -> None:
    settle(alice)
    enter(alice, room)
    settle(alice)
    encrypt(alice, room)
    settle(alice)
    assert len(said_in(alice, room)) == 1
    assert alice.membership(room, VOICE) == "leave"
    assert not enter(alice, room)


def test_where_it_may_not_say_so_it_leaves_without_a_word(alice: Home, bob: Home) -> None:
    room_id = share(bob, alice)
    set_levels(bob, room_id, invite=0)
    encrypt(bob, room_id)
    ask_in(alice, room_id)
    settle(alice, bob)
    assert said_in(alice, room_id) == []
    assert bob.membership(room_id, VOICE) == "leave"


def test_whatever_step_the_twin_is_killed_at_it_says_so_once(alice: Home) -> None:
    settle(alice)
    step = 0
    while True:
        step += 1
        room_id = plain_room(alice)
        encrypt(alice, room_id)
        settle(alice)
        ask_in(alice, room_id)
        alice.port.crash_in = step
        try:
            run(alice.twin.voice.settle_invitations())
        except Crash:
            crashed = True
            alice.restart()
        else:
            crashed = False
        alice.port.crash_in = None
        settle(alice)
        assert len(said_in(alice, room_id)) == 1
        assert alice.membership(room_id, VOICE) == "leave"
        if not crashed:
            break
    assert step > 10


# Speaking in rooms


@pytest.mark.parametrize("error", [Forbidden, NotFound])
def test_a_room_that_refuses_costs_that_one_saying_alone(
    alice: Home, room: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = alice.port.speak

    async def refuse(room_id: str, content: Any) -> str:
        if room_id == room:
            raise error("no")
        return await real(room_id, content)

    with monkeypatch.context() as patch:
        patch.setattr(alice.port, "speak", refuse)
        run(alice.twin.voice.say(Said(body="lost"), "1", room_id=room))
        run(alice.twin.voice.say(Said(body="kept"), "2"))
    enter(alice, room)
    wait(alice, 60)
    run(alice.twin.voice.say(Said(body="later"), "3", room_id=room))
    assert said(alice) == ["kept", "later"]
    assert run(alice.twin.voice.event_of("1")) is None


def test_a_room_in_trouble_keeps_its_order_and_holds_up_no_other(
    alice: Home, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(alice, room)
    real = alice.port.speak

    async def fail(room_id: str, content: Any) -> str:
        if room_id == room:
            raise RuntimeError("on purpose")
        return await real(room_id, content)

    with monkeypatch.context() as patch:
        patch.setattr(alice.port, "speak", fail)
        for number in ("one", "two"):
            run(alice.twin.voice.say(Said(body=number), number, room_id=room))
        run(alice.twin.voice.say(Said(body="in the chat"), "chat"))
        assert said(alice) == ["in the chat"]
    wait(alice, 16)
    assert said(alice) == ["in the chat", "one", "two"]


def test_it_does_not_speak_in_a_room_that_is_gone(alice: Home, room: str) -> None:
    enter(alice, room)
    alice.server.purge(room)
    run(alice.twin.voice.say(Said(body="lost"), "1", room_id=room))
    run(alice.twin.voice.say(Said(body="kept"), "2"))
    wait(alice, 60)
    assert said(alice) == ["kept"]


# It is nobody


def test_it_is_none_of_the_owners_people(alice: Home, bob: Home) -> None:
    room_id = share(alice, bob)
    assert enter(alice, room_id)
    settle(alice, bob)
    assert [each.user_id for each in run(alice.twin.people.everyone())] == [bob.owner]
    with pytest.raises(NotFound):
        run(alice.twin.people.one(VOICE))


def test_guests_of_an_event_stay_by_themselves_with_it(alice: Home, bob: Home, room: str) -> None:
    target = invited(alice, room, bob)
    assert enter(alice, target)
    assert invited(alice, room, bob, uid="b") == target


@pytest.mark.parametrize("asks", ["alice", "bob"])
def test_it_loses_nothing_when_an_event_goes_to_its_guests(
    alice: Home, bob: Home, carol: Home, asks: str
) -> None:
    room_id = share(alice, bob)
    plan(alice, room_id)
    assert enter(alice, room_id)
    settle(alice, bob)
    invite(alice, room_id, bob)
    settle(alice, bob)
    who = {"alice": alice, "bob": bob}[asks]
    people = [bob, carol] if who is alice else [alice, carol]
    assert invite(who, room_id, *people).moved


def test_a_collection_with_nobody_but_it_can_be_deleted_by_an_app(alice: Home, room: str) -> None:
    enter(alice, room)
    settle(alice)
    books = run(alice.twin.dav.books.all()).values()
    book = next(each for each in books if each.room and each.room.room_id == room)
    run(alice.twin.dav.books.leave(book))
    settle(alice)
    assert {alice.membership(room, user) for user in (alice.owner, VOICE)} == {"leave"}
