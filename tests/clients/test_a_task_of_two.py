"""Alice types a task on her phone, Bob does it in his terminal, and her calendar shows it."""

import re
from typing import Any

import pytest

from tests.clients.client import Client
from tests.clients.conftest import share
from tests.clients.js_client import JsClient
from tests.clients.nio_client import NioClient
from tests.clients.stories import (
    check_plain,
    one_of_days,
    pinged,
    said,
    task,
    tasks,
    today,
)
from tests.names import Names
from twin_module.testing.dav import CALENDAR, Dav
from twin_module.testing.person import Person, eventually

pytestmark = pytest.mark.twins


@pytest.fixture
def groceries(alice: Person, bob: Person, names: Names) -> str:
    """A list of Alice's in which Bob writes too."""
    room_id = alice.collection(names.next("Groceries"))
    share(alice, room_id, bob)
    return room_id


def entry_in_calendar(person: Person, room_id: str, title: str) -> str:
    """Return what a calendar app that is new there gets of a task."""
    made = person.post("app-passwords", {"name": "Calendar"})
    app = Dav(person.url, made["path"], made["username"], made["password"])
    name = person.get(f"collections/{room_id}")["name"]
    [path] = [path for path, each in app.collections(CALENDAR).items() if each == name]
    found = app.query(path, '<C:comp-filter name="VTODO"/>', "C:calendar-data")
    texts = [each.text("C:calendar-data") for each in found.values()]
    [text] = [each for each in texts if f"SUMMARY:{title}" in each]
    return text


def progress(person: Person, room_id: str, title: str) -> str:
    found: dict[str, Any] = tasks(person, room_id)[title]["content"]
    return str(found.get("progress", "needs-action"))


def test_a_task_that_is_typed_on_a_phone_is_done_by_a_reaction_in_a_terminal(
    phone: JsClient, terminal: NioClient, alice: Person, bob: Person, voice: str, groceries: str
) -> None:
    # Alice types it.
    asked_on = today()
    typed = phone.send(groceries, "!task buy bread @bob tomorrow 18:00")
    made = task(alice, groceries, "buy bread")
    content = made["content"]
    assert made["sender"] == alice.owner
    assert content["due"] in {f"{day}T18:00:00" for day in one_of_days(1, asked_on)}
    assert content["timeZone"] == "Europe/Berlin"
    assert list(content["participants"]) == [bob.owner]
    assert content["participants"][bob.owner]["roles"] == {"attendee": True}
    answer = phone.reads(groceries, "buy bread", by=voice, after=typed)
    check_plain(answer)

    # Bob's phone would ring, and Alice's does not.
    ping = pinged(terminal, groceries, voice, bob.owner, "buy bread")
    check_plain(ping)
    assert (ping.msgtype, ping.pings) == ("m.text", [bob.owner])
    eventually(lambda: terminal.highlights(groceries) >= 1, what="bob's client shows it")
    eventually(lambda: "buy bread" in tasks(bob, groceries), what="bob's twin has the task")

    # Bob reacts, and his own twin does it.
    terminal.react(groceries, ping.event_id, "✅")
    eventually(
        lambda: progress(alice, groceries, "buy bread") == "completed", what="alice has it done"
    )
    assert tasks(alice, groceries)["buy bread"]["sender"] == bob.owner
    assert progress(bob, groceries, "buy bread") == "completed"

    # The room is told, quietly.
    told = phone.reads(groceries, r"bob\b.*\b(completed|done)\b.*buy bread", by=voice, after=typed)
    check_plain(told)
    assert (told.msgtype, told.pings) == ("m.notice", [])
    html = told.content["formatted_body"]
    assert re.search(r'href="https?://', html), html
    assert re.search(r'href="matrix:roomid/', html), html
    assert phone.highlighted(groceries) == set()
    woken = phone.pushed(groceries) & {each.event_id for each in said(phone, groceries, voice)}
    assert woken <= {ping.event_id}

    # Her calendar shows it.
    shown = eventually(
        lambda: re.search(
            "^STATUS:COMPLETED", entry_in_calendar(alice, groceries, "buy bread"), re.MULTILINE
        ),
        what="the calendar shows it",
    )
    assert shown is not None


def test_what_one_room_tells_of_a_task_makes_sense_in_a_client_that_knows_no_edits(
    desk: NioClient, alice: Person, bob: Person, voice: str, groceries: str
) -> None:
    typed = desk.send(groceries, "!task wash the car")
    uid = task(bob, groceries, "wash the car")["uid"]
    bob.command("tasks", "complete", room_id=groceries, uid=uid)
    desk.reads(groceries, r"bob\b.*\b(completed|done)\b.*wash the car", by=voice, after=typed)
    for line in desk.printed(groceries, typed):
        assert "wash the car" in line
        assert not re.search(r"</?[a-z]+>|&(lt|gt|amp);", line), line


@pytest.mark.parametrize(
    ("key", "becomes"),
    [("✅", "completed"), ("✔️", "completed"), ("🎉", "needs-action")],
)
def test_only_signs_that_mean_something_do_something(
    desk: NioClient, alice: Person, groceries: str, voice: str, key: str, becomes: str
) -> None:
    client: Client = desk
    typed = client.send(groceries, "!task feed the cat")
    answer = client.reads(groceries, "feed the cat", by=voice, after=typed)
    client.react(groceries, answer.event_id, key)
    # What comes behind it is done behind it.
    client.send(groceries, "!task clean the cage")
    task(alice, groceries, "clean the cage")
    eventually(lambda: progress(alice, groceries, "feed the cat") == becomes, what="it is so")
    assert progress(alice, groceries, "clean the cage") == "needs-action"


def test_who_is_asked_can_decline_by_a_reaction(
    terminal: NioClient, alice: Person, bob: Person, voice: str, groceries: str
) -> None:
    people = {bob.owner: {"@type": "Participant", "roles": {"attendee": True}}}
    content = {"@type": "Task", "title": "Carry the piano", "participants": people}
    alice.put(f"rooms/{groceries}/tasks/piano", content)
    ping = pinged(terminal, groceries, voice, bob.owner, "piano")
    eventually(lambda: "piano" in bob.uids(groceries), what="bob's twin has the task")
    terminal.react(groceries, ping.event_id, "❌")
    eventually(
        lambda: "participants" not in task(alice, groceries, "Carry the piano")["content"],
        what="it is nobody's",
    )
    assert progress(alice, groceries, "Carry the piano") == "needs-action"
