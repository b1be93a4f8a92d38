"""What became of versions, as two people with real twins see it, and what they do about it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.twins.databases.conftest import StartTwin
from twin_module.testing.answers import CarefulPerson
from twin_module.testing.person import Person, eventually
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, person_at

BREAD = {"@type": "Task", "title": "Bread"}


@pytest.fixture(scope="module")
def network(
    start_twin: StartTwin, reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwinNetwork]:
    """The twins of Alice and Bob, which are cut off here."""
    with TwinNetwork(reactor_thread, tmp_path_factory.mktemp("history")) as network:
        for name in ("alice", "bob"):
            start_twin(network, name)
        yield network


def careful(network: TwinNetwork, name: str) -> CarefulPerson:
    """Return somebody who takes no answer that was not declared."""
    person = person_at(network.twins[name])
    return CarefulPerson(person.url, person.owner, lambda: "", token=person.token)


@pytest.fixture(scope="module")
def alice(network: TwinNetwork) -> CarefulPerson:
    """Alice at her twin."""
    return careful(network, "alice")


@pytest.fixture(scope="module")
def bob(network: TwinNetwork) -> CarefulPerson:
    """Bob at his twin."""
    return careful(network, "bob")


@pytest.fixture
def room(alice: Person, bob: Person) -> str:
    """A list that both edit, with a task that both have; no circle looks after who may write."""
    room_id = alice.collection("Shared")
    alice.invite(room_id, bob.owner).ok()
    bob.accept(room_id)
    set_level(alice, room_id, bob, 25)

    def is_editor() -> bool:
        collections = bob.get("collections")["collections"]
        return any(c["room_id"] == room_id and c["role"] == "editor" for c in collections)

    eventually(is_editor, what="bob is an editor")
    alice.put(f"rooms/{room_id}/tasks/a", BREAD)
    eventually(lambda: title(bob, room_id) == "Bread")
    return room_id


def set_level(alice: Person, room: str, other: Person, level: int) -> None:
    """Set somebody's power level."""
    levels = alice.read_state(room, "m.room.power_levels", "").ok()
    levels["users"] = {**levels.get("users", {}), other.owner: level}
    alice.put_state(room, "m.room.power_levels", "", levels).ok()


def title(person: Person, room: str) -> Any:
    """Return the title of the task."""
    return person.get(f"rooms/{room}/tasks/a")["title"]


def history(person: Person, room: str) -> list[dict[str, Any]]:
    """Return the versions of the task, newest first."""
    found = person.get(f"rooms/{room}/tasks/a/history")
    assert found["complete"] is True
    versions: list[dict[str, Any]] = found["versions"]
    return versions


def patch(person: Person, room: str, **fields: Any) -> Any:
    """Change the task."""
    headers = {"X-Experience": "Lists"}
    return person.ask("PATCH", f"rooms/{room}/tasks/a", fields, headers).ok()


def open_in(person: Person, room: str) -> list[dict[str, Any]]:
    """Return the proposals of a room."""
    proposals = person.get("proposals")["proposals"]
    return [each for each in proposals if each["room_id"] == room]


def test_what_was_merged_and_what_clashed_is_told_on_both_twins(
    network: TwinNetwork, alice: Person, bob: Person, room: str
) -> None:
    with network.cut_off("alice", "bob"):
        lost = patch(alice, room, title="Butter", priority=1)["etag"]
        won = patch(bob, room, title="Milk")["etag"]

    def merged(person: Person) -> bool:
        content = person.get(f"rooms/{room}/tasks/a")["content"]
        return (content["title"], content.get("priority")) == ("Milk", 1)

    for person in (alice, bob):
        eventually(lambda person=person: merged(person), what="it is merged")  # type: ignore[misc]
        merge, *others = history(person, room)
        assert merge["parents"] == [won, lost]
        assert merge["took_in"] == [lost]
        assert merge["clashes"] == [{"path": "/title", "lost": "Butter"}]
        told = {each["event_id"]: each for each in others}
        assert told[won]["status"] == "replaced"
        assert (told[lost]["status"], told[lost]["merged_by"]) == ("merged", merge["event_id"])
        assert (told[lost]["sender"], told[lost]["experience"]) == (alice.owner, "Lists")
        assert open_in(person, room) == []


def test_an_earlier_version_is_read_compared_and_put_back(
    alice: Person, bob: Person, room: str
) -> None:
    path = f"rooms/{room}/tasks/a"
    first = alice.get(path)["etag"]
    second = patch(alice, room, title="Milk", priority=3)["etag"]
    version = alice.get(f"{path}/history/{first}")
    assert (version["content"]["title"], version["status"]) == ("Bread", "replaced")
    assert alice.get(f"{path}/at/{version['time']}")["event_id"] == first
    early = alice.ask("GET", f"{path}/at/2020-01-01T00:00:00Z")
    assert early.status == 404
    changes = alice.get(f"{path}/diff", **{"from": first})["changes"]
    assert [each["path"] for each in changes] == ["/priority", "/title"]
    body = {"event_id": first}
    refused = alice.ask("POST", f"{path}/revert", body, {"If-Match": f'"{first}"'})
    assert (refused.status, refused.body.get("current")) == (412, second), refused
    alice.ask("POST", f"{path}/revert", body, {"If-Match": f'"{second}"'}).ok()
    eventually(lambda: title(bob, room) == "Bread" and len(history(bob, room)) == 3)
    assert "priority" not in bob.get(path)["content"]


def test_somebody_who_was_taken_out_keeps_what_they_wrote_as_a_proposal(
    network: TwinNetwork, alice: Person, bob: Person, room: str
) -> None:
    kick = f"/_matrix/client/v3/rooms/{room}/kick"
    with network.cut_off("alice", "bob"):
        alice.ask("POST", kick, {"user_id": bob.owner, "reason": "test"}).ok()
        lost = patch(bob, room, title="Milk")["etag"]
    eventually(
        lambda: [each["event_id"] for each in open_in(bob, room)] == [lost],
        within=120,
        what="bob's twin keeps what he wrote",
    )
    [mine] = open_in(bob, room)
    assert (mine["why"], mine["title"], mine["sender"]) == ("left", "Milk", bob.owner)
    assert bob.ask("POST", f"proposals/{lost}/accept").status == 403
    assert bob.ask("POST", f"proposals/{lost}/dismiss").ok() == {}
    assert open_in(bob, room) == []
    assert title(alice, room) == "Bread"


def test_a_proposal_of_somebody_who_may_not_write_is_accepted_by_who_may(
    network: TwinNetwork, alice: Person, bob: Person, room: str
) -> None:
    with alice.changes() as events:
        next(events)
        with network.cut_off("alice", "bob"):
            set_level(alice, room, bob, 0)
            lost = patch(bob, room, title="Milk", priority=3)["etag"]
            patch(alice, room, keywords={"shop": True})
        for person in (alice, bob):
            eventually(
                lambda person=person: [each["event_id"] for each in open_in(person, room)],  # type: ignore[misc]
                within=120,
                what=f"{person.owner} sees the proposal",
            )
        for event in events:
            if event["event"] == "versions" and event["data"]["room_id"] == room:
                assert event["data"] == {
                    "room_id": room,
                    "capability": "tasks",
                    "type": "org.digitaltwin.task",
                    "uid": "a",
                    "waiting": 1,
                }
                break
    [found] = open_in(alice, room)
    assert (found["event_id"], found["why"]) == (lost, "may_not_write")
    assert bob.ask("POST", f"proposals/{lost}/accept").status == 403
    assert alice.ask("POST", f"proposals/{lost}/accept").ok() == {"changed": True}
    for person in (alice, bob):
        eventually(lambda person=person: title(person, room) == "Milk")  # type: ignore[misc]
        assert history(person, room)[0]["took_in"] == [lost]
        assert open_in(person, room) == []
