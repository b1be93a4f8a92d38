"""A thousand changes at once are a few messages."""

import json
import re
from urllib.parse import quote

import pytest

from tests.clients.client import MESSAGE
from tests.clients.conftest import share
from tests.clients.js_client import JsClient
from tests.clients.nio_client import NioClient
from tests.clients.stories import pinged
from tests.names import Names
from twin_module.testing.person import CLIENT, Person, eventually

pytestmark = pytest.mark.twins

MANY = 1000
MOST_MESSAGES, MOST_EVENTS = 5, 30


def test_a_thousand_new_tasks_are_told_in_a_few_messages(
    phone: JsClient, terminal: NioClient, alice: Person, bob: Person, voice: str, names: Names
) -> None:
    room_id = alice.collection(names.next("Inventory"))
    share(alice, room_id, bob)
    phone.send(room_id, "Here they come")
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
        return sum(_counted(body) for body in _said(alice, room_id, voice).values()) >= MANY

    eventually(told, within=300, what="the messages speak of all of them")
    # What comes behind them still reaches people at once.
    last = {"@type": "Participant", "roles": {"attendee": True}}
    content = {"@type": "Task", "title": "Lock the door", "participants": {bob.owner: last}}
    alice.put(f"rooms/{room_id}/tasks/last", content)
    ping = pinged(terminal, room_id, voice, bob.owner, "Lock the door")

    shown = _said(alice, room_id, voice)
    assert len(shown) <= MOST_MESSAGES
    for body in shown.values():
        assert "<" not in body
        assert len(body.encode()) < 8000
    assert len(_events_of(terminal, room_id, voice)) <= MOST_EVENTS
    assert phone.pushed(room_id) & set(shown) <= {ping.event_id}


def _said(person: Person, room_id: str, voice: str) -> dict[str, str]:
    """Return what a voice said in a room, by event ID, as it was edited last.

    A client that falls behind a thousand events begins the room anew, so the server is asked.
    """
    asked = {"dir": "b", "limit": "100", "filter": json.dumps({"types": [MESSAGE]})}
    found = person.get(f"{CLIENT}/rooms/{quote(room_id)}/messages", **asked)["chunk"]
    texts: dict[str, str] = {}
    for event in reversed(found):
        content = event["content"]
        if event["sender"] != voice or "body" not in content:
            continue
        relation = content.get("m.relates_to", {})
        edited = relation.get("event_id") if relation.get("rel_type") == "m.replace" else None
        texts[edited or event["event_id"]] = content.get("m.new_content", content)["body"]
    return texts


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
