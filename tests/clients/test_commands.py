"""What Alice says to her twin in the chat of the two, in a terminal; she has two lists, no more."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from tests.clients.client import Shown
from tests.clients.conftest import QUIET, chat_of
from tests.clients.nio_client import NioClient
from tests.clients.stories import (
    BERLIN,
    check_plain,
    number_of,
    objects,
    one_of_days,
    task,
    the_object,
    today,
)
from twin_module.core.voice import voice_of
from twin_module.rooms import CAPABILITIES
from twin_module.testing.person import CLIENT, Person, eventually
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, person_at

pytestmark = pytest.mark.twins

KEPT = "org.digitaltwin.companion"


class Talk:
    """The chat of somebody and their twin, in a client."""

    def __init__(self, person: Person, client: NioClient) -> None:
        self.person = person
        self.client = client
        self.room_id = chat_of(person)
        self.voice = voice_of(person.owner)

    def __call__(self, text: str, pattern: str = ".") -> Shown:
        """Say something, and return the answer that holds a pattern."""
        typed = self.client.send(self.room_id, text)
        answer = self.client.reads(self.room_id, pattern, by=self.voice, after=typed)
        check_plain(answer)
        return answer

    def reply(self, message: Shown, text: str, pattern: str = ".") -> Shown:
        """Answer a message of the twin, and return what it says to that."""
        typed = self.client.reply(self.room_id, message.event_id, text)
        return self.client.reads(self.room_id, pattern, by=self.voice, after=typed)


@pytest.fixture(scope="module")
def own_alice(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Person]:
    """Alice, who has nothing yet, at a twin that is alone in the world."""
    with TwinNetwork(reactor_thread, tmp_path_factory.mktemp("commands"), ("alice",)) as network:
        yield person_at(network.start("alice"))


@pytest.fixture(autouse=True)
def settings(own_alice: Person) -> None:
    """What she wants of her twin at the beginning of each test, in which nothing is usual yet."""
    own_alice.put("settings", QUIET)
    own_alice.put(f"{CLIENT}/user/{own_alice.owner}/account_data/{KEPT}", {})


@pytest.fixture(scope="module")
def talk(own_alice: Person) -> Iterator[Talk]:
    """The chat with her twin."""
    client = NioClient(own_alice)
    try:
        yield Talk(own_alice, client)
    finally:
        client.close()


@pytest.fixture(scope="module")
def home(own_alice: Person) -> str:
    """One of her lists."""
    return own_alice.collection("Home")


@pytest.fixture(scope="module")
def garden(own_alice: Person) -> str:
    """The other one."""
    return own_alice.collection("Garden")


def test_help_names_the_commands_of_every_capability(talk: Talk) -> None:
    shown = talk("!help", "!task")
    called = {each.name: each.called["en"] for each in CAPABILITIES if each.commands}
    for words in [*called.values(), ("find",), ("help",)]:
        assert f"!{words[0]}" in shown.body
    assert shown.msgtype == "m.notice"
    assert "share" in talk("!help circle", "circle").body


def test_help_in_german(talk: Talk) -> None:
    talk.person.put("settings", {**QUIET, "language": "de"})
    shown = talk("!hilfe", "!suche")
    assert "!aufgabe" in shown.body.casefold()


def test_a_question_offers_both_lists_and_a_number_answers_it(
    talk: Talk, home: str, garden: str
) -> None:
    question = talk("!task weed the beds", "1.*2")
    assert {number_of(question, "Home"), number_of(question, "Garden")} == {"1", "2"}
    assert "weed the beds" not in objects(talk.person, garden, "tasks")
    talk(number_of(question, "Garden"), "weed the beds")
    assert task(talk.person, garden, "weed the beds")["sender"] == talk.person.owner
    assert "weed the beds" not in objects(talk.person, home, "tasks")
    # What was chosen is usual from then on.
    talk("!task rake the leaves", "rake the leaves")
    assert "rake the leaves" in objects(talk.person, garden, "tasks")


def test_a_number_in_an_answer_to_the_question_is_meant_for_that_question(
    talk: Talk, home: str, garden: str
) -> None:
    first = talk("!task mow the lawn", "1.*2")
    talk("!task air the rooms", "1.*2")
    talk.reply(first, number_of(first, "Garden"), "mow the lawn")
    task(talk.person, garden, "mow the lawn")
    everything = {**objects(talk.person, home, "tasks"), **objects(talk.person, garden, "tasks")}
    assert "air the rooms" not in everything


def test_a_number_that_was_not_offered_does_nothing(talk: Talk, home: str, garden: str) -> None:
    question = talk("!task prune the roses", "1.*2")
    talk.reply(question, "7")
    everything = {**objects(talk.person, home, "tasks"), **objects(talk.person, garden, "tasks")}
    assert "prune the roses" not in everything


def test_a_tag_says_which_list_at_once(talk: Talk, home: str, garden: str) -> None:
    asked_on = today()
    talk("!task sweep the stairs tomorrow #home", "sweep the stairs")
    content = task(talk.person, home, "sweep the stairs")["content"]
    assert content["due"][:10] in one_of_days(1, asked_on)


def test_find_lists_what_holds_the_word(talk: Talk, home: str, garden: str) -> None:
    talk.person.command("tasks", "add", room_id=home, title="Slice the sourdough")
    found = eventually(
        lambda: talk.person.get("search", q="sourdough")["results"], what="the search knows it"
    )
    assert found
    assert "Slice the sourdough" in talk("!find sourdough", "sourdough.*").body
    nothing = talk("!find zwieback", "zwieback")
    assert "Slice" not in nothing.body


def test_an_event_is_made_with_its_beginning_and_its_length(talk: Talk, home: str) -> None:
    day = datetime.now(BERLIN).date()
    talk("!agenda fri 10-11 dentist #home", "dentist")
    found = the_object(talk.person, home, "agenda", "dentist")
    start = datetime.fromisoformat(found["content"]["start"])
    assert (start.weekday(), start.hour, start.minute) == (4, 10, 0)
    assert timedelta(0) <= start.date() - day <= timedelta(days=8)
    assert (found["content"]["duration"], found["content"]["timeZone"]) == (
        "PT1H",
        "Europe/Berlin",
    )


def test_a_document_is_made(talk: Talk, home: str) -> None:
    talk("!doc Packing list #home", "Packing list")
    made = the_object(talk.person, home, "docs", "Packing list")
    assert made["sender"] == talk.person.owner


def test_a_collection_is_shared_with_a_circle_by_their_names(talk: Talk, garden: str) -> None:
    circle = talk.person.command("circles", "create", name="Family", members={})["room_id"]
    talk("!share garden with family")
    share = ("org.digitaltwin.share", circle)
    eventually(lambda: share in talk.person.state(garden), what="it is shared")


def test_a_wrong_word_gets_one_line_that_helps(talk: Talk, home: str, garden: str) -> None:
    shown = talk("!tsk buy bread")
    assert len(shown.body.splitlines()) == 1
    assert "!task" in shown.body or "!help" in shown.body
    everything = {**objects(talk.person, home, "tasks"), **objects(talk.person, garden, "tasks")}
    assert not any("buy bread" in title for title in everything)


def test_the_brief_is_answered_by_numbers(talk: Talk, home: str) -> None:
    due = f"{today() - timedelta(days=1)}T12:00:00"
    made = talk.person.command(
        "tasks", "add", room_id=home, title="Pay the rent", due=due, timeZone="Europe/Berlin"
    )
    [uid] = [each["uid"] for each in made["objects"]]
    brief = talk("!brief", "Pay the rent")
    number = number_of(brief, "Pay the rent")
    talk.reply(brief, f"{number} done", "Pay the rent")
    place = f"rooms/{home}/tasks/{uid}"
    eventually(
        lambda: talk.person.get(place)["content"]["progress"] == "completed", what="it is done"
    )


def test_the_brief_is_off_with_one_word(talk: Talk) -> None:
    talk.person.put("settings", {**QUIET, "daily_brief": "07:30"})
    brief = talk("!brief")
    talk.reply(brief, "stop")
    eventually(lambda: talk.person.get("settings")["daily_brief"] is None, what="it is off")
