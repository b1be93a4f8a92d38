"""Clients as they are: what people write, and what the voice says, in each of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.clients.client import Client, Reaction
from tests.clients.js_client import JsClient
from tests.clients.nio_client import NioClient
from tests.names import Names
from twin_module.testing.person import Person, eventually

pytestmark = pytest.mark.twins

EVENT = "org.digitaltwin.event"


@pytest.fixture(params=["phone", "desk"])
def client(request: pytest.FixtureRequest) -> Client:
    """Each of Alice's clients."""
    found: Client = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def room(alice: Person, bob: Person) -> Iterator[str]:
    """A room of both, as clients make it."""
    room_id = alice.create_room(preset="private_chat", invite=[bob.owner])
    server = alice.owner.partition(":")[2]
    eventually(lambda: room_id in invited_to(bob), what="bob is invited")
    bob.join(room_id, server)
    yield room_id
    bob.leave(room_id)
    alice.leave(room_id)


def ids(client: Client, room_id: str) -> list[str]:
    return [each.event_id for each in client.messages(room_id)]


def invited_to(person: Person) -> set[str]:
    return set(person.get("/_matrix/client/v3/sync")["rooms"].get("invite", {}))


def test_both_clients_show_what_the_other_one_writes_changes_and_takes_back(
    phone: JsClient, terminal: NioClient, room: str
) -> None:
    first = phone.send(room, "Bread?")
    assert terminal.message(room, first).body == "Bread?"
    answer = terminal.reply(room, first, "Yes")
    assert phone.message(room, answer).reply_to == first
    terminal.react(room, first, "✅")
    reaction = Reaction(first, "✅", terminal.user)
    eventually(lambda: phone.reactions(room) == [reaction], what="the phone shows it")
    phone.edit(room, first, "Bread and milk?")

    def changed() -> bool:
        shown = terminal.message(room, first)
        return shown.edited and shown.body == "Bread and milk?"

    eventually(changed, what="the terminal shows the edit")
    assert terminal.printed(room, answer) == ["* Bread and milk?"]
    assert phone.reads(room, "and milk").edited
    terminal.redact(room, answer)
    clients: tuple[Client, ...] = (phone, terminal)
    for client in clients:
        eventually(lambda: ids(client, room) == [first], what="it is gone")  # noqa: B023 - used at once


def test_a_phone_is_woken_by_what_speaks_to_its_owner_and_not_by_notices_and_edits(
    phone: JsClient, terminal: NioClient, room: str
) -> None:
    pinging = {"m.mentions": {"user_ids": [phone.user]}}
    text = terminal._write(room, {"msgtype": "m.text", "body": "for you", **pinging})
    notice = terminal._write(room, {"msgtype": "m.notice", "body": "by the way", **pinging})
    terminal.edit(room, text, "all for you")
    eventually(lambda: phone.reads(room, "all for you").edited, what="the edit is there")
    assert phone.message(room, notice).pings == [phone.user]
    assert phone.pushed(room) == {text}
    assert phone.highlighted(room) == {text}
    eventually(lambda: phone.highlights(room) == 1, what="the room has a highlight")


def test_the_twin_is_a_direct_chat_in_each_client(client: Client, voice: str, chat: str) -> None:
    assert client.direct_chats()[voice] == [chat]
    eventually(lambda: client.rooms().get(chat) == "Twin of alice", what="it has a name")


def test_a_reminder_speaks_to_the_owner(
    phone: JsClient, desk: NioClient, alice: Person, voice: str, chat: str, names: Names
) -> None:
    start = datetime.now(UTC) + timedelta(seconds=2, minutes=15)
    title = names.next("Dentist")
    dentist = {
        "@type": "Event",
        "title": title,
        "start": f"{start:%Y-%m-%dT%H:%M:%S}",
        "timeZone": "Etc/UTC",
        "duration": "PT1H",
        "alerts": {"1": {"trigger": {"@type": "OffsetTrigger", "offset": "-PT15M"}}},
    }
    alice.put_state(alice.collection("Agenda"), EVENT, "dentist", dentist).ok()
    for client in (phone, desk):
        shown = client.reads(chat, title, by=voice)
        assert (shown.msgtype, shown.pings) == ("m.text", [alice.owner])
    assert phone.reads(chat, title).event_id in phone.highlighted(chat) & phone.pushed(chat)
    eventually(lambda: desk.highlights(chat) >= 1, what="the terminal shows that it is unread")
