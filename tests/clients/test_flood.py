"""A thousand changes at once are a few messages."""

import re

import pytest

from tests.clients.client import MESSAGE
from tests.clients.conftest import Names, share
from tests.clients.js_client import JsClient
from tests.clients.nio_client import NioClient
from tests.clients.stories import check_plain, pinged, said
from twin_module.testing.person import Person, eventually

pytestmark = pytest.mark.twins

MANY = 1000
MOST_MESSAGES, MOST_EVENTS = 5, 30


def test_a_thousand_new_tasks_are_told_in_a_few_messages(
    phone: JsClient, terminal: NioClient, alice: Person, bob: Person, voice: str, names: Names
) -> None:
    room_id = alice.collection(names.next("Inventory"))
    share(alice, room_id, bob)
    before = phone.send(room_id, "Here they come")
    tasks = [
        {
            "capability": "tasks",
            "uid": f"item-{number}",
            "content": {"@type": "Task", "title": f"Count shelf {number}"},
        }
        for number in range(MANY)
    ]
    # Over federation: most of them come as parts of the room's state, after a gap.
    written = bob.post(f"rooms/{room_id}/objects", {"objects": tasks})["objects"]
    assert all("errcode" not in each for each in written)

    def told() -> bool:
        shown = said(phone, room_id, voice, before)
        return sum(_counted(each.body) for each in shown) >= MANY

    eventually(told, within=300, what="the messages speak of all of them")
    # What comes behind them still reaches people at once.
    last = {"@type": "Participant", "roles": {"attendee": True}}
    content = {"@type": "Task", "title": "Lock the door", "participants": {bob.owner: last}}
    alice.put(f"rooms/{room_id}/tasks/last", content)
    ping = pinged(terminal, room_id, voice, bob.owner, "Lock the door")

    shown = said(phone, room_id, voice, before)
    assert len(shown) <= MOST_MESSAGES
    for each in shown:
        check_plain(each)
        assert len(each.body.encode()) < 8000
    assert len(_events_of(terminal, room_id, voice)) <= MOST_EVENTS
    assert phone.pushed(room_id) & {each.event_id for each in shown} <= {ping.event_id}


def _counted(body: str) -> int:
    """Return of how many tasks a message speaks: those that it names, and how many more there are."""
    lines = body.splitlines()
    named = [line for line in lines if "Count shelf" in line]
    others = re.sub(r"\w+:\S+", "", "\n".join(line for line in lines if line not in named))
    return len(named) + max((int(each) for each in re.findall(r"\b\d+\b", others)), default=0)


def _events_of(client: NioClient, room_id: str, voice: str) -> list[str]:
    """Return all messages and edits that a voice ever sent to a room."""
    return [
        each["event_id"]
        for each in client.events(room_id)
        if each["type"] == MESSAGE and each["sender"] == voice
    ]
