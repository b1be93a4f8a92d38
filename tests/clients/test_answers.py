"""People act by answering what the twin tells in a list, in English and in German."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.client import Client, Shown
from tests.clients.conftest import QUIET, share
from tests.clients.stories import one_of_days, tasks, today
from tests.names import Names
from twin_module.testing.person import Person, eventually

pytestmark = pytest.mark.twins

UID = "milk"


@pytest.fixture
def told(
    alice: Person, bob: Person, voice: str, names: Names
) -> Callable[[Client], tuple[str, Shown]]:
    """How to have Bob add a task to a list of Alice's, and her twin tell it."""

    def tell(client: Client) -> tuple[str, Shown]:
        room_id = alice.collection(names.next("List"))
        share(alice, room_id, bob)
        content = {
            "@type": "Task",
            "title": "Oat milk",
            "due": "2031-03-04T17:30:00",
            "timeZone": "Europe/Berlin",
        }
        bob.put(f"rooms/{room_id}/tasks/{UID}", content)
        return room_id, client.reads(room_id, "Oat milk", by=voice)

    return tell


def content_of(person: Person, room_id: str) -> dict[str, Any]:
    content: dict[str, Any] = person.get(f"rooms/{room_id}/tasks/{UID}")["content"]
    return content


@pytest.fixture(params=["phone", "desk"])
def client(request: pytest.FixtureRequest) -> Client:
    """Each of Alice's clients: one quotes what it answers, the other one does not."""
    found: Client = request.getfixturevalue(request.param)
    return found


def test_a_notice_is_told_quietly_and_answered_with_done(
    client: Client, alice: Person, told: Callable[[Client], tuple[str, Shown]], voice: str
) -> None:
    room_id, notice = told(client)
    assert (notice.msgtype, notice.pings) == ("m.notice", [])
    assert "bob" in notice.body.casefold()
    typed = client.reply(room_id, notice.event_id, "done")
    eventually(lambda: content_of(alice, room_id).get("progress") == "completed", what="it is done")
    assert tasks(alice, room_id)["Oat milk"]["sender"] == alice.owner
    client.reads(room_id, "Oat milk", by=voice, after=typed)


@pytest.mark.parametrize(("language", "word"), [("en", "tomorrow"), ("de", "morgen")])
def test_a_day_moves_it(
    desk: Client,
    alice: Person,
    told: Callable[[Client], tuple[str, Shown]],
    language: str,
    word: str,
) -> None:
    alice.put("settings", {**QUIET, "language": language})
    room_id, notice = told(desk)
    asked_on = today()
    desk.reply(room_id, notice.event_id, word)
    eventually(
        lambda: content_of(alice, room_id)["due"][:10] in one_of_days(1, asked_on),
        what="it is due tomorrow",
    )
    assert content_of(alice, room_id)["timeZone"] == "Europe/Berlin"


@pytest.mark.parametrize(
    ("language", "words"), [("en", "rename to Milk"), ("de", "umbenennen in Milk")]
)
def test_it_is_renamed(
    desk: Client,
    alice: Person,
    told: Callable[[Client], tuple[str, Shown]],
    language: str,
    words: str,
) -> None:
    alice.put("settings", {**QUIET, "language": language})
    room_id, notice = told(desk)
    desk.reply(room_id, notice.event_id, words)
    eventually(lambda: content_of(alice, room_id)["title"] == "Milk", what="it has its new name")


def test_it_is_assigned_and_whom_it_is_assigned_to_is_pinged(
    desk: Client,
    terminal: Client,
    alice: Person,
    bob: Person,
    voice: str,
    told: Callable[[Client], tuple[str, Shown]],
) -> None:
    room_id, notice = told(desk)
    desk.reply(room_id, notice.event_id, "assign to bob")
    eventually(lambda: bob.owner in content_of(alice, room_id).get("participants", {}))
    eventually(
        lambda: [
            each
            for each in terminal.messages(room_id)
            if each.sender == voice and each.pings == [bob.owner] and each.msgtype == "m.text"
        ],
        what="bob is pinged",
    )


def test_german_words_are_understood_and_answered_in_german(
    desk: Client, alice: Person, voice: str, told: Callable[[Client], tuple[str, Shown]]
) -> None:
    alice.put("settings", {**QUIET, "language": "de"})
    room_id, notice = told(desk)
    typed = desk.reply(room_id, notice.event_id, "erledigt")
    eventually(lambda: content_of(alice, room_id).get("progress") == "completed", what="it is done")
    desk.reads(room_id, "erledigt.*Oat milk", by=voice, after=typed)


def test_what_is_not_understood_is_answered_with_what_can_be_said(
    desk: Client, alice: Person, voice: str, told: Callable[[Client], tuple[str, Shown]]
) -> None:
    room_id, notice = told(desk)
    before = content_of(alice, room_id)
    typed = desk.reply(room_id, notice.event_id, "flibbertigibbet")
    answer = desk.reads(room_id, "done|!help", by=voice, after=typed)
    assert len(answer.body.splitlines()) == 1
    assert content_of(alice, room_id) == before


def test_bob_answers_in_his_own_words_to_what_the_twin_of_alice_told(
    terminal: Client,
    alice: Person,
    bob: Person,
    told: Callable[[Client], tuple[str, Shown]],
) -> None:
    room_id, notice = told(terminal)
    terminal.reply(room_id, notice.event_id, "done")
    eventually(lambda: content_of(alice, room_id).get("progress") == "completed", what="it is done")
    assert tasks(alice, room_id)["Oat milk"]["sender"] == bob.owner
