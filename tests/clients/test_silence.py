"""What a companion does not do: obey others, act on what is no plain wish, or talk to another one.

That nothing happened is seen behind a later wish that was fulfilled: wishes are worked off in order.
"""

from typing import Any, Final

import pytest

from tests.clients.client import Shown
from tests.clients.conftest import share
from tests.clients.nio_client import NioClient
from tests.clients.stories import check_plain, objects, said, task, tasks
from tests.names import Names
from twin_module.core.voice import Said
from twin_module.testing.person import Person, eventually
from twin_module.testing.rest import busy
from twin_module.testing.twins import Twin, TwinNetwork

pytestmark = pytest.mark.twins

ENCRYPTION: Final = {"algorithm": "m.megolm.v1.aes-sha2"}
MARKER: Final = "the marker"


@pytest.fixture
def shared(alice: Person, bob: Person, names: Names) -> str:
    """A list of Alice's in which Bob writes too."""
    room_id = alice.collection(names.next("Shared"))
    share(alice, room_id, bob)
    return room_id


@pytest.fixture
def alices_twin(network: TwinNetwork) -> Twin:
    """The server that Alice is at."""
    return network.twins["alice"]


def members(person: Person, room_id: str) -> dict[str, str]:
    """Return who is, or was, in a room."""
    events = person.get(f"/_matrix/client/v3/rooms/{room_id}/state")
    return {
        each["state_key"]: each["content"]["membership"]
        for each in events
        if each["type"] == "m.room.member"
    }


def await_member(person: Person, room_id: str, user_id: str) -> None:
    """Wait until somebody is in a room."""
    eventually(
        lambda: members(person, room_id).get(user_id) == "join", what=f"{user_id} is in {room_id}"
    )


def meeting_room(alice: Person, bob: Person, *voices: str, **config: Any) -> str:
    """Return a room that Alice made as any client does, with Bob and companions in it."""
    room_id = alice.create_room(preset="private_chat", invite=[bob.owner], **config)

    def invited() -> bool:
        rooms = bob.get("/_matrix/client/v3/sync")["rooms"].get("invite", {})
        return room_id in rooms

    eventually(invited, what="bob is invited")
    bob.join(room_id, alice.owner.partition(":")[2])
    await_member(alice, room_id, bob.owner)
    for voice in voices:
        owner = alice if voice.endswith(alice.owner.partition(":")[2]) else bob
        owner.invite(room_id, voice).ok()
        await_member(alice, room_id, voice)
    return room_id


def mark(client: NioClient, room_id: str, voice: str) -> Shown:
    """Have the marker added to a list, and return what the twin says to that."""
    typed = client.send(room_id, f"!task {MARKER}")
    return client.reads(room_id, MARKER, by=voice, after=typed)


def await_all_done(client: NioClient, chat: str, voice: str, names: Names) -> None:
    """Wait until the twin has worked off all that its owner said before."""
    word = names.next("nothing")
    typed = client.send(chat, f"!find {word}")
    client.reads(chat, word, by=voice, after=typed)


def check_only_the_marker(
    person: Person, client: NioClient, room_id: str, voice: str, after: str
) -> None:
    """Make sure that there is nothing else in the list, and that nothing else was spoken of."""
    assert set(tasks(person, room_id)) == {MARKER}
    assert all(MARKER in each.body for each in said(client, room_id, voice, after))


def test_what_is_no_plain_speech_is_no_command(
    desk: NioClient, alice: Person, voice: str, shared: str
) -> None:
    first = desk.send(shared, "hello everybody")
    desk.send(shared, "!task in a notice", msgtype="m.notice")
    desk.send(shared, "!task in an emote", msgtype="m.emote")
    desk.send(shared, "> !task in a quote")
    desk.send(shared, "> somebody wrote\n> !task below a quote\n\nand I did not")
    quoted = {
        "msgtype": "m.text",
        "body": "!task in the body of a quote",
        "format": "org.matrix.custom.html",
        "formatted_body": "<blockquote>!task in a block</blockquote>so they say",
    }
    desk.send_event(shared, "m.room.message", quoted)
    desk.send(shared, "they said !task in the middle")
    desk.send_event(shared, "org.example.other", {"msgtype": "m.text", "body": "!task of a type"})
    mark(desk, shared, voice)
    check_only_the_marker(alice, desk, shared, voice, first)


def test_a_command_in_an_edit_or_in_the_quote_of_an_answer_does_nothing(
    desk: NioClient, alice: Person, voice: str, shared: str
) -> None:
    first = desk.send(shared, "we need eggs")
    desk.edit(shared, first, "!task eggs by an edit")
    noticed = desk.send(shared, "!task eggs by an answer", msgtype="m.notice")
    assert desk.old_replies
    desk.reply(shared, noticed, "who wrote that?")
    mark(desk, shared, voice)
    check_only_the_marker(alice, desk, shared, voice, first)


def test_an_edit_of_a_command_does_nothing_more(
    desk: NioClient, alice: Person, voice: str, shared: str
) -> None:
    typed = desk.send(shared, "!task buy two pens")
    desk.reads(shared, "buy two pens", by=voice, after=typed)
    desk.edit(shared, typed, "!task buy three pens")
    mark(desk, shared, voice)
    assert set(tasks(alice, shared)) == {"buy two pens", MARKER}


def test_a_command_that_was_taken_back_before_it_was_heard_does_nothing(
    desk: NioClient, alice: Person, alices_twin: Twin, voice: str, shared: str
) -> None:
    first = desk.send(shared, "hello everybody")
    with busy(alices_twin):
        desk.redact(shared, desk.send(shared, "!task regretted"))
    mark(desk, shared, voice)
    check_only_the_marker(alice, desk, shared, voice, first)


def test_a_voice_is_not_obeyed(
    desk: NioClient, alice: Person, alices_twin: Twin, voice: str, shared: str, names: Names
) -> None:
    spoken = alices_twin.module.twin.voice

    async def speak() -> None:
        said_by_it = Said(body="!task of the voice")
        await spoken.say(said_by_it, names.next("voice"), room_id=shared)

    typed = desk.send(shared, "!task something first")
    desk.reads(shared, "something first", by=voice, after=typed)
    alices_twin.thread.wait(speak)
    desk.reads(shared, "!task of the voice", by=voice)
    mark(desk, shared, voice)
    assert set(tasks(alice, shared)) == {"something first", MARKER}


def test_a_strangers_commands_and_answers_are_not_heard(
    desk: NioClient, terminal: NioClient, alice: Person, bob: Person, voice: str, bobs_voice: str
) -> None:
    room_id = meeting_room(alice, bob, voice)
    typed = desk.send(room_id, "!help")
    shown = desk.reads(room_id, "!task", by=voice, after=typed)
    for text in ("!help", "!task intrude", "!find bread", "1", "done"):
        terminal.send(room_id, text)
    terminal.reply(room_id, shown.event_id, "!task intrude")
    terminal.react(room_id, shown.event_id, "✅")
    last = terminal.send(room_id, "well?")
    desk.message(room_id, last)
    again = desk.send(room_id, "!help")
    desk.reads(room_id, "!task", by=voice, after=again)
    assert [each.body for each in said(desk, room_id, voice)] == [shown.body, shown.body]
    assert said(desk, room_id, bobs_voice) == []
    assert objects(alice, room_id, "tasks") == {}
    assert alice.get("search", q="intrude")["results"] == []
    assert bob.get("search", q="intrude")["results"] == []


def test_a_stranger_can_not_get_into_the_chat_of_the_two(
    alice: Person, bob: Person, chat: str
) -> None:
    assert alice.invite(chat, bob.owner).status == 403
    via = alice.owner.partition(":")[2]
    refused = bob.ask("POST", f"/_matrix/client/v3/join/{chat}?via={via}", {})
    assert refused.status >= 400


def test_each_twin_does_in_a_shared_list_what_its_own_owner_says(
    terminal: NioClient, desk: NioClient, alice: Person, bob: Person, voice: str, shared: str
) -> None:
    typed = terminal.send(shared, "!task paint the fence")
    assert task(alice, shared, "paint the fence")["sender"] == bob.owner
    mark(desk, shared, voice)
    assert set(tasks(alice, shared)) == {"paint the fence", MARKER}
    assert task(alice, shared, MARKER)["sender"] == alice.owner
    assert desk.message(shared, typed).body == "!task paint the fence"


def test_two_companions_in_a_room_say_nothing_to_each_other(
    desk: NioClient, terminal: NioClient, alice: Person, bob: Person, voice: str, bobs_voice: str
) -> None:
    room_id = meeting_room(alice, bob, voice, bobs_voice)
    for _ in range(2):
        for client, companion in ((desk, voice), (terminal, bobs_voice)):
            typed = client.send(room_id, "!help")
            answer = client.reads(room_id, "!task", by=companion, after=typed)
            for other in (desk, terminal):
                other.message(room_id, answer.event_id)
    for client in (desk, terminal):
        assert len(said(client, room_id, voice)) == 2
        assert len(said(client, room_id, bobs_voice)) == 2


def test_a_companion_goes_only_where_its_owner_asks_it_to(
    alice: Person, bob: Person, voice: str, bobs_voice: str
) -> None:
    room_id = bob.create_room(preset="private_chat", invite=[alice.owner, voice])
    asked = meeting_room(alice, bob, voice)
    assert members(alice, asked)[voice] == "join"
    assert members(bob, room_id).get(voice) != "join"


def test_encrypted_rooms_are_not_read_and_it_says_so_once(
    desk: NioClient, alice: Person, bob: Person, voice: str, chat: str, names: Names
) -> None:
    state = {"type": "m.room.encryption", "state_key": "", "content": ENCRYPTION}
    room_id = alice.create_room(preset="private_chat", initial_state=[state])
    sealed = {
        **ENCRYPTION,
        "ciphertext": "AwgAEnACgAkLmt6qF84IK++J7UDH2Za1YVchHyprqTqsg",
        "device_id": "RJYKSTBOIE",
        "sender_key": "IlRMeOPX2e0MurIyfWEucYBRVOEEUMrOHqn/8mLqMjA",
        "session_id": "X3lUlvLELLYxeTx4yOVu6UDpasGEVO0Jbu+QFnm0cKQ",
    }
    for _ in range(2):
        alice.invite(room_id, voice).ok()
        for text in ("!task secret", "!help"):
            desk.send(room_id, text)
        desk.send_event(room_id, "m.room.encrypted", sealed)
        await_all_done(desk, chat, voice, names)
        eventually(lambda: members(alice, room_id)[voice] == "leave", what="it leaves")
    [kind] = said(desk, room_id, voice)
    check_plain(kind)
    assert "encrypted" in kind.body
    assert alice.get("search", q="secret")["results"] == []


def test_a_room_that_becomes_encrypted_is_no_longer_read(
    desk: NioClient, alice: Person, bob: Person, voice: str, chat: str, names: Names
) -> None:
    room_id = meeting_room(alice, bob, voice)
    typed = desk.send(room_id, "!help")
    desk.reads(room_id, "!task", by=voice, after=typed)
    alice.put_state(room_id, "m.room.encryption", "", ENCRYPTION).ok()
    last = desk.send(room_id, "!task secret")
    desk.send(room_id, "!help")
    await_all_done(desk, chat, voice, names)
    eventually(lambda: members(alice, room_id)[voice] == "leave", what="it leaves")
    # It may have seen that the room became encrypted before the client did.
    kind = [each for each in said(desk, room_id, voice) if "encrypted" in each.body]
    assert len(kind) == 1
    assert all(each in kind for each in said(desk, room_id, voice, last))
    assert alice.get("search", q="secret")["results"] == []
