"""What the companion hears, does and tells, on every database."""

import re
from typing import Any
from urllib.parse import quote

import pytest

from twin_module.core.state import NAMESPACE
from twin_module.core.voice import voice_of
from twin_module.testing.person import CLIENT, Person, eventually
from twin_module.testing.twins import Twin


def send(person: Person, room_id: str, text: str, *, to: str | None = None) -> str:
    """Say something with a plain Matrix client, and return the event's ID."""
    content: dict[str, Any] = {"msgtype": "m.text", "body": text}
    if to is not None:
        content["m.relates_to"] = {"m.in_reply_to": {"event_id": to}}
    path = f"{CLIENT}/rooms/{quote(room_id)}/send/m.room.message/{hash((room_id, text, to))}"
    sent: str = person.put(path, content)["event_id"]
    return sent


def react(person: Person, room_id: str, to: str, key: str) -> None:
    relation = {"rel_type": "m.annotation", "event_id": to, "key": key}
    path = f"{CLIENT}/rooms/{quote(room_id)}/send/m.reaction/{hash((room_id, to, key))}"
    person.put(path, {"m.relates_to": relation})


def told(person: Person, room_id: str, voice: str) -> list[dict[str, Any]]:
    """Return what a voice said in a room, as it stands there now, the newest first."""
    found = person.get(f"{CLIENT}/rooms/{quote(room_id)}/messages", dir="b", limit="100")["chunk"]
    return [each for each in found if each["type"] == "m.room.message" and each["sender"] == voice]


def waits_for(person: Person, room_id: str, voice: str, words: str) -> dict[str, Any]:
    """Return the newest message of a voice that has some words, as soon as it is there."""

    def there() -> dict[str, Any] | None:
        said = told(person, room_id, voice)
        return next((each for each in said if re.search(words, each["content"]["body"])), None)

    found = eventually(there, what=f"{words!r} is said")
    assert found is not None
    return found


@pytest.fixture
def shared(alice: Person, bob: Person) -> str:
    """A collection of Alice's that Bob may write to, and that nothing was told in yet."""
    room_id = alice.collection("Told")
    levels = alice.read_state(room_id, "m.room.power_levels", "").ok()
    levels["users"] = {**levels.get("users", {}), bob.owner: 25}
    alice.put_state(room_id, "m.room.power_levels", "", levels).ok()
    alice.invite(room_id, bob.owner).ok()
    bob.accept(room_id)
    return room_id


def test_what_the_owner_says_is_done_once_and_answered(alice: Person, alices_twin: Twin) -> None:
    chat = eventually(lambda: alices_twin.module.twin.voice.chat)
    voice = voice_of(alice.owner)
    room_id = alice.collection("Companion's own")
    send(alice, chat, "task companion bread tomorrow 18:00 #nothing")
    question = waits_for(alice, chat, voice, r"^Where\?|Added “companion bread”")
    if question["content"]["body"].startswith("Where?"):
        lines = question["content"]["body"].splitlines()
        number = next(line for line in lines if "Companion's own" in line).partition(".")[0]
        send(alice, chat, number, to=question["event_id"])
    answer = waits_for(alice, chat, voice, "Added “companion bread”, due tomorrow at 18:00")
    [task] = [
        each
        for each in alice.get(f"rooms/{room_id}/tasks")["tasks"]
        if each["title"] == "companion bread"
    ]
    assert task["keywords"] == {"nothing": True}
    react(alice, chat, answer["event_id"], "✅")
    waits_for(alice, chat, voice, "Done: “companion bread”")
    assert alice.get(f"rooms/{room_id}/tasks/{task['uid']}")["content"]["progress"] == "completed"
    send(alice, chat, "find companion bread")
    waits_for(alice, chat, voice, "Found:\n1. companion bread")


def test_what_another_does_is_told_and_answered_to(
    alice: Person, bob: Person, bobs_twin: Twin, shared: str
) -> None:
    voice = voice_of(alice.owner)
    bob.command("tasks", "add", room_id=shared, uid="told", title="Told of")
    notice = waits_for(bob, shared, voice, "added “Told of”")
    assert notice["content"]["msgtype"] == "m.notice"
    about = {"room_id": shared, "type": f"{NAMESPACE}.task", "uid": "told"}
    assert about in notice["content"][NAMESPACE]["about"]
    send(bob, shared, "rename to Heard of", to=notice["event_id"])
    chat = eventually(lambda: bobs_twin.module.twin.voice.chat)
    waits_for(bob, chat, voice_of(bob.owner), "It is called “Heard of” now")
    eventually(
        lambda: alice.get(f"rooms/{shared}/tasks/told")["content"]["title"] == "Heard of",
        what="Alice's twin has it",
    )


def test_a_brief_tells_what_there_is(alice: Person, alices_twin: Twin) -> None:
    chat = eventually(lambda: alices_twin.module.twin.voice.chat)
    room_id = alice.collection("Brief")
    alice.command("tasks", "add", room_id=room_id, title="Due today", due="2020-01-01T10:00:00")
    send(alice, chat, "brief")
    waits_for(alice, chat, voice_of(alice.owner), r"\d+\. Due today")
    send(alice, chat, "brief weekly")
    waits_for(alice, chat, voice_of(alice.owner), r"(?s)week.*Due today")
