"""Search in chats, as the owner's settings say."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from twin_module.testing.person import CLIENT, Person, eventually


def say(person: Person, room_id: str, body: str) -> str:
    """Send a message and return its ID."""
    name = re.sub("[^a-z]", "", body.lower())
    path = f"{CLIENT}/rooms/{room_id}/send/m.room.message/{name}"
    event_id: str = person.put(path, {"msgtype": "m.text", "body": body})["event_id"]
    return event_id


def wish(person: Person, **wishes: Any) -> None:
    """Change some of the settings."""
    person.put("settings", {**person.get("settings"), **wishes})


@pytest.fixture
def searching(alice: Person) -> Iterator[Person]:
    """Alice, who wants her chats to be searched."""
    wish(alice, search_chats=True)
    yield alice
    wish(alice, search_chats=False)


@pytest.fixture(scope="module")
def chat(alice: Person) -> str:
    """A room that is not encrypted."""
    made = alice.post(f"{CLIENT}/createRoom", {"preset": "private_chat"})
    room_id: str = made["room_id"]
    eventually(
        lambda: alice.ask("GET", f"rooms/{quote(room_id)}/objects").status == 200,
        what="the twin knows the room",
    )
    return room_id


def test_chats_are_not_searched_until_the_owner_says_so(alice: Person, chat: str) -> None:
    say(alice, chat, "A first tamarind")
    assert alice.get("settings")["search_chats"] is False
    answer = alice.ask("GET", "search/messages", q="tamarind")
    assert (answer.status, answer.body["errcode"]) == (403, "M_FORBIDDEN")
    assert "search_chats" in answer.body["error"]
    assert alice.get("search", q="tamarind")["results"] == []


def test_messages_are_found_with_who_said_them_where_and_when(searching: Person, chat: str) -> None:
    said = say(searching, chat, "The <b>saffron</b> is in the other drawer")
    [found] = searching.get("search/messages", q="saffron drawer")["messages"]
    assert (found["event_id"], found["room_id"]) == (said, chat)
    assert found["sender"] == searching.owner
    assert found["sent"] > 0
    shown = "".join(f"[{p['text']}]" if p["match"] else p["text"] for p in found["excerpt"])
    assert shown == "The <b>[saffron]</b> is in the other [drawer]"
    assert searching.get("search", q="saffron")["results"] == []


def test_filters_and_pages_of_messages(searching: Person, chat: str) -> None:
    said = [say(searching, chat, f"fenugreek {letter}") for letter in "abcde"]
    first = searching.get("search/messages", q="fenugreek", limit=3)
    rest = searching.get("search/messages", q="fenugreek", limit=3, **{"from": first["next_batch"]})
    found = [*first["messages"], *rest["messages"]]
    assert [each["event_id"] for each in found] == said[::-1]
    assert "next_batch" not in rest

    def ids(**query: Any) -> list[str]:
        answer = searching.get("search/messages", q="fenugreek", **query)
        return [each["event_id"] for each in answer["messages"]]

    last = found[0]["sent"]
    assert ids(**{"sent.gte": last + 1}) == []
    assert said[-1] in ids(**{"sent.gte": last})
    assert said[0] in ids(**{"sent.lt": last})
    assert ids(sender="@nobody:localhost") == []
    assert ids(room_id=chat) == said[::-1]


def test_what_can_not_be_asked_is_refused_with_a_sentence(searching: Person) -> None:
    for query, status in (
        ({"q": ""}, 400),
        ({"q": "a", "limit": 51}, 400),
        ({"q": "a", "from": "nonsense"}, 400),
        ({"q": "a", "sent.lt": "yesterday"}, 400),
        ({"q": "a", "room_id": "!nowhere"}, 404),
        ({"q": "a", "capability": "tasks"}, 400),
    ):
        assert searching.ask("GET", "search/messages", **query).status == status, query


def test_commands_to_the_twin_and_what_it_says_are_not_found(searching: Person, chat: str) -> None:
    own = searching.collection("Spices")
    say(searching, own, "!task cumin")
    eventually(lambda: searching.get("search", q="cumin")["results"], what="the command was heard")
    kept = say(searching, chat, "We have cumin")
    found = searching.get("search/messages", q="cumin")["messages"]
    assert [each["event_id"] for each in found] == [kept]
