"""Three people with real twins edit the same list while they can't reach each other."""

from collections.abc import Iterator
from typing import Any

import pytest

from twin_module.testing.person import Person, eventually
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, person_at

TASK = "org.digitaltwin.task"
NAMES = ("alice", "bob", "carol")


@pytest.fixture(scope="module")
def network(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwinNetwork]:
    """The twins of Alice, Bob and Carol, which are cut off and stopped here."""
    with TwinNetwork(reactor_thread, tmp_path_factory.mktemp("merging")) as network:
        for name in NAMES:
            network.start(name)
        yield network


@pytest.fixture(scope="module")
def people(network: TwinNetwork) -> dict[str, Person]:
    """The three at their twins."""
    return {name: person_at(network.twins[name]) for name in NAMES}


@pytest.fixture
def room(people: dict[str, Person]) -> str:
    """A list that all three edit."""
    alice, *others = people.values()
    room_id = alice.collection("Shared")
    members = {each.owner: "editor" for each in others}
    circle = alice.command("circles", "create", name="All", members=members)["room_id"]
    alice.command("circles", "share", room_id=room_id, circle=circle)
    for each in others:
        each.accept(circle, room_id)
        eventually(lambda each=each: role(each, room_id) == "editor")  # type: ignore[misc]
    return room_id


def role(person: Person, room_id: str) -> str | None:
    """Return somebody's role in a collection, as their own twin has it."""
    collections = person.get("collections")["collections"]
    return next((each["role"] for each in collections if each["room_id"] == room_id), None)


def fields(person: Person, room: str) -> dict[str, Any]:
    """Return the tasks of a room by uid, without stamps."""
    page = person.get(f"rooms/{room}/objects", capability="tasks", limit=1000)
    return {
        each["uid"]: {
            key: value for key, value in each["content"].items() if key != "org.digitaltwin"
        }
        for each in page["objects"]
    }


def revisions(person: Person, room: str) -> dict[tuple[str, str], str]:
    """Return the event IDs of the tasks of a room."""
    return {key: event for key, event in person.state(room).items() if key[0] == TASK}


def all_see(people: dict[str, Person], room: str, wanted: dict[str, Any]) -> None:
    """Wait until everybody sees the same, and nobody writes any more."""

    def seen() -> bool:
        for person in people.values():
            assert fields(person, room) == wanted
        versions = [revisions(person, room) for person in people.values()]
        return versions[0] == versions[1] == versions[2]

    eventually(seen, within=120, what="everybody sees the same")
    before = revisions(people["alice"], room)
    for person in people.values():
        person.put(
            f"rooms/{room}/docs/{person.owner[1:4]}",
            {"@type": "Document", "title": "x", "text": ""},
        )
    eventually(
        lambda: all(
            len([k for k in p.state(room) if k[0].endswith(".doc")]) == 3 for p in people.values()
        )
    )
    assert revisions(people["alice"], room) == before, "somebody wrote again what was there"


def test_what_three_people_wrote_apart_is_all_there(
    network: TwinNetwork, people: dict[str, Person], room: str
) -> None:
    uids = [f"task-{number}" for number in range(5)]
    for uid in uids:
        people["alice"].put(f"rooms/{room}/tasks/{uid}", {"@type": "Task", "title": "Bread"})
    for person in people.values():
        eventually(lambda person=person: set(fields(person, room)) == set(uids))  # type: ignore[misc]
    edits = {
        "alice": {"priority": 1, "keywords": {"alice": True}},
        "bob": {"percentComplete": 20, "keywords": {"bob": True}},
        "carol": {"due": "2026-12-24T12:00:00", "title": "Butter"},
    }
    with network.cut_off(*NAMES):
        for uid in uids:
            for name, patch in edits.items():
                people[name].ask("PATCH", f"rooms/{room}/tasks/{uid}", patch).ok()
        people["bob"].put(f"rooms/{room}/tasks/new", {"@type": "Task", "title": "Bob's"})
    wanted = {
        "@type": "Task",
        "title": "Butter",
        "priority": 1,
        "percentComplete": 20,
        "due": "2026-12-24T12:00:00",
        "keywords": {"alice": True, "bob": True},
    }
    all_see(
        people,
        room,
        {**dict.fromkeys(uids, wanted), "new": {"@type": "Task", "title": "Bob's"}},
    )


def test_what_was_written_before_more_than_a_transaction_of_others_is_there(
    network: TwinNetwork, people: dict[str, Person], room: str
) -> None:
    """Of a long absence servers send each other the end only; what lies between is asked for."""
    alice, bob, _ = people.values()
    alice.put(f"rooms/{room}/tasks/a", {"@type": "Task", "title": "Bread", "keywords": {"x": True}})
    eventually(lambda: "a" in fields(bob, room))
    with network.cut_off("bob"):
        bob.ask("PATCH", f"rooms/{room}/tasks/a", {"priority": 3}).ok()
        for number in range(60):
            alice.ask("PATCH", f"rooms/{room}/tasks/a", {"title": f"Bread {number}"}).ok()
        alice.ask("PATCH", f"rooms/{room}/tasks/a", {"keywords": None}).ok()
    all_see(people, room, {"a": {"@type": "Task", "title": "Bread 59", "priority": 3}})


def test_a_twin_that_was_off_meanwhile_merges_when_it_is_back(
    network: TwinNetwork, people: dict[str, Person], room: str
) -> None:
    alice, bob, carol = people.values()
    alice.put(f"rooms/{room}/tasks/a", {"@type": "Task", "title": "Bread"})
    eventually(lambda: "a" in fields(bob, room) and "a" in fields(carol, room))
    network.twins["bob"].cut()
    bob.ask("PATCH", f"rooms/{room}/tasks/a", {"priority": 3}).ok()
    carol.ask("PATCH", f"rooms/{room}/tasks/a", {"title": "Butter"}).ok()
    eventually(lambda: fields(alice, room)["a"]["title"] == "Butter")
    network.twins["bob"].start_again()
    people["bob"].url = network.twins["bob"].url
    for twin in network.twins.values():
        twin.try_again(list(network.twins.values()))
    carol.ask("PATCH", f"rooms/{room}/tasks/a", {"percentComplete": 10}).ok()
    wanted = {"@type": "Task", "title": "Butter", "priority": 3, "percentComplete": 10}
    all_see(people, room, {"a": wanted})


def test_a_change_goes_before_a_removal(
    network: TwinNetwork, people: dict[str, Person], room: str
) -> None:
    alice, bob, carol = people.values()
    for uid in ("a", "b", "c"):
        alice.put(f"rooms/{room}/tasks/{uid}", {"@type": "Task", "title": "Bread"})
    eventually(lambda: len(fields(bob, room)) == 3 and len(fields(carol, room)) == 3)
    with network.cut_off("bob"):
        alice.ask("DELETE", f"rooms/{room}/tasks/a").ok()
        bob.ask("PATCH", f"rooms/{room}/tasks/a", {"priority": 3}).ok()
        bob.ask("PATCH", f"rooms/{room}/tasks/b", {"priority": 3}).ok()
        alice.ask("DELETE", f"rooms/{room}/tasks/b").ok()
        alice.ask("DELETE", f"rooms/{room}/tasks/c").ok()
    kept = {"@type": "Task", "title": "Bread", "priority": 3}
    all_see(people, room, {"a": kept, "b": kept})


def test_what_ordinary_clients_wrote_apart_is_merged_too(
    network: TwinNetwork, people: dict[str, Person], room: str
) -> None:
    alice, bob, carol = people.values()
    alice.put_state(room, TASK, "a", {"@type": "Task", "title": "Bread"}).ok()
    eventually(lambda: "a" in fields(bob, room) and "a" in fields(carol, room))
    with network.cut_off("bob"):
        alice.put_state(room, TASK, "a", {"@type": "Task", "title": "Butter"}).ok()
        bob.put_state(room, TASK, "a", {"@type": "Task", "title": "Bread", "priority": 3}).ok()
    all_see(people, room, {"a": {"@type": "Task", "title": "Butter", "priority": 3}})
