"""The twin's own voice in rooms beside its chat with the owner, on every database."""

from functools import partial
from typing import Any
from urllib.parse import quote

from twin_module.core.effects import Put
from twin_module.core.state import frozen
from twin_module.core.voice import Said, voice_of as voice_for
from twin_module.testing.person import CLIENT, Person, eventually
from twin_module.testing.twins import Twin

LEVELS = "m.room.power_levels"


def membership(person: Person, room_id: str, user_id: str) -> str | None:
    path = f"{CLIENT}/rooms/{quote(room_id)}/state/m.room.member/{quote(user_id)}"
    answer = person.ask("GET", path)
    return answer.ok()["membership"] if answer.status == 200 else None


def is_out(person: Person, room_id: str, user_id: str) -> bool:
    return membership(person, room_id, user_id) == "leave"


def messages(person: Person, room_id: str) -> list[dict[str, Any]]:
    found = person.get(f"{CLIENT}/rooms/{room_id}/messages", dir="b")["chunk"]
    return [each for each in found if each["type"] == "m.room.message"]


def ask_in(person: Person, **more: Any) -> str:
    """Make a room in an ordinary client, and invite the twin into it."""
    body = {"preset": "private_chat", "invite": [voice_for(person.owner)], **more}
    room_id: str = person.ask("POST", f"{CLIENT}/createRoom", body).ok()["room_id"]
    return room_id


def test_the_chat_of_the_two_is_there_before_anything_is_said(
    alices_twin: Twin, alice: Person
) -> None:
    chat = eventually(lambda: alices_twin.module.twin.voice.chat)
    account = f"{CLIENT}/user/{alice.owner}/account_data/m.direct"
    assert alice.get(account) == {voice_for(alice.owner): [chat]}
    assert membership(alice, chat, alice.owner) == "join"


def test_it_comes_where_its_owner_asks_it_and_speaks_when_it_is_to(
    alices_twin: Twin, alice: Person
) -> None:
    room_id = ask_in(alice)
    voice = alices_twin.module.twin.voice
    eventually(lambda: membership(alice, room_id, voice_for(alice.owner)) == "join")
    assert alices_twin.thread.wait(voice.enter, room_id)
    now = alices_twin.module._homeserver.now()

    async def say() -> None:
        await voice.say(Said(body="later"), f"1 {room_id}", room_id=room_id, at=now + 86_400_000)
        await voice.say(Said(body="soon"), f"2 {room_id}", room_id=room_id, at=now + 100)
        await voice.say(Said(body="now"), f"3 {room_id}", room_id=room_id)

    alices_twin.thread.wait(say)
    eventually(lambda: len(messages(alice, room_id)) == 2)
    said = {each["content"]["body"]: each["event_id"] for each in messages(alice, room_id)}
    assert said.keys() == {"soon", "now"}
    assert alices_twin.thread.wait(voice.event_of, f"2 {room_id}") == said["soon"]
    assert alices_twin.thread.wait(voice.event_of, f"1 {room_id}") is None


def test_in_a_collection_it_may_speak_and_is_none_of_its_people(
    alices_twin: Twin, alice: Person
) -> None:
    room_id: str = alice.ask("POST", "collections", {"name": "List"}).ok()["room_id"]
    voice = alices_twin.module.twin.voice
    assert alices_twin.thread.wait(voice.enter, room_id)
    assert alices_twin.thread.wait(voice.enter, room_id)
    levels = alice.get(f"{CLIENT}/rooms/{room_id}/state/{LEVELS}")
    assert levels["users"] == {voice_for(alice.owner): 25}
    assert levels["events_default"] == 25
    members = alice.get(f"collections/{quote(room_id)}")["members"]
    assert [each["user_id"] for each in members] == [alice.owner]
    assert voice_for(alice.owner) not in str(alice.get("people"))


def test_in_an_encrypted_room_it_says_so_once_and_leaves(alices_twin: Twin, alice: Person) -> None:
    encryption = {"algorithm": "m.megolm.v1.aes-sha2"}
    first = {"type": "m.room.encryption", "state_key": "", "content": encryption}
    at_once, later = ask_in(alice, initial_state=[first]), ask_in(alice)
    voice = voice_for(alice.owner)
    eventually(lambda: membership(alice, later, voice) == "join")
    put = Put("m.room.encryption", "", frozen(encryption))
    homeserver = alices_twin.module._homeserver
    alices_twin.thread.wait(homeserver.send_state, later, put)
    for room_id in (at_once, later):
        eventually(partial(is_out, alice, room_id, voice))
        [said] = messages(alice, room_id)
        assert "encrypted" in said["content"]["body"]
        assert "matrix:roomid/" in said["content"]["body"]
        assert not alices_twin.thread.wait(alices_twin.module.twin.voice.enter, room_id)


def test_it_does_not_come_where_somebody_else_asks_it(alice: Person, bob: Person) -> None:
    body = {"preset": "private_chat", "invite": [voice_for(alice.owner)]}
    room_id = bob.ask("POST", f"{CLIENT}/createRoom", body).ok()["room_id"]
    eventually(lambda: membership(bob, room_id, voice_for(alice.owner)) == "leave")
