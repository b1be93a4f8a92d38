"""A room holds so many objects and no more, whichever way they come."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from twin_module.testing.person import CLIENT, Answer, Person, eventually
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, person_at

TASK: Final = {"@type": "Task", "title": "Buy bread"}
FULL: Final = "ORG.DIGITALTWIN.ROOM_FULL"


@pytest.fixture(scope="module")
def owner(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Person]:
    """Alice at a twin whose rooms hold ten objects each."""
    with TwinNetwork(reactor_thread, tmp_path_factory.mktemp("small")) as network:
        yield person_at(network.start("alice", module={"max_objects_per_room": 10}))


@pytest.fixture
def full(owner: Person) -> str:
    """A room that has held ten objects, one of which was removed."""
    room = owner.collection("Full")
    owner.post(f"rooms/{room}/objects", {"objects": [bulk_task(f"t{n}") for n in range(10)]})
    owner.command("tasks", "remove", room_id=room, uid="t9")
    return room


def bulk_task(uid: str) -> dict[str, Any]:
    return {"capability": "tasks", "uid": uid, "content": TASK}


def refused(answer: Answer, status: int) -> None:
    assert (answer.status, answer.body["errcode"]) == (status, FULL), answer.body
    assert "has held 10 objects, and 10 is the most" in answer.body["error"]


def test_an_eleventh_object_is_refused_by_every_call(owner: Person, full: str) -> None:
    before = owner.state(full)
    refused(owner.ask("PUT", f"rooms/{full}/tasks/t10", TASK), 409)
    refused(owner.ask("POST", f"rooms/{full}/tasks", TASK), 409)
    add = {"room_id": full, "title": "One more"}
    refused(owner.ask("POST", "commands/tasks/add", add), 409)
    assert owner.state(full) == before


def test_an_eleventh_object_is_refused_in_bulk(owner: Person, full: str) -> None:
    before = owner.state(full)
    body = {"objects": [bulk_task("t1"), bulk_task("t10")]}
    results = owner.post(f"rooms/{full}/objects", body)["objects"]
    assert [each["errcode"] for each in results] == [FULL, FULL]
    assert owner.state(full) == before


def test_an_eleventh_object_of_any_client_is_refused(owner: Person, full: str) -> None:
    before = owner.state(full)
    refused(owner.put_state(full, "org.digitaltwin.task", "t10", TASK), 403)
    refused(
        owner.put_state(full, "org.digitaltwin.doc", "d1", {"@type": "Document", "title": "D"}), 403
    )
    assert owner.state(full) == before


def test_what_is_in_a_full_room_can_still_be_changed_removed_and_begun_again(
    owner: Person, full: str
) -> None:
    owner.command("tasks", "complete", room_id=full, uid="t1")
    owner.put_state(full, "org.digitaltwin.task", "t2", {**TASK, "title": "Changed"}).ok()
    owner.command("tasks", "remove", room_id=full, uid="t3")
    owner.put(f"rooms/{full}/tasks/t9", TASK)
    assert sorted(owner.uids(full)) == ["t0", "t1", "t2", "t4", "t5", "t6", "t7", "t8", "t9"]


def test_a_full_room_takes_messages_and_a_new_name(owner: Person, full: str) -> None:
    owner.put(f"{CLIENT}/rooms/{full}/send/m.room.message/1", {"msgtype": "m.text", "body": "x"})
    owner.ask("PATCH", f"collections/{full}", {"name": "Still full"}).ok()


def test_a_bulk_that_would_overfill_a_room_leaves_its_chunk(owner: Person) -> None:
    room = owner.collection("Filling")
    before = owner.state(room)
    body = {"objects": [bulk_task(f"t{n}") for n in range(11)]}
    results = owner.post(f"rooms/{room}/objects", body)["objects"]
    assert {each["errcode"] for each in results} == {FULL}
    assert owner.state(room) == before


def joined(person: Person) -> set[str]:
    """Return the owner's rooms, as soon as the chat with their twin's voice is one of them."""

    def rooms() -> set[str]:
        direct = person.get(f"{CLIENT}/user/{person.owner}/account_data/m.direct")
        there = set(person.get(f"{CLIENT}/joined_rooms")["joined_rooms"])
        return there if {each for listed in direct.values() for each in listed} <= there else set()

    return eventually(rooms, what="the chat of the two is there")


def test_a_new_room_with_more_first_objects_than_it_may_hold_is_not_made(owner: Person) -> None:
    before = joined(owner)
    first = [
        {"type": "org.digitaltwin.task", "state_key": f"t{n}", "content": TASK} for n in range(11)
    ]
    answer = owner.ask("POST", f"{CLIENT}/createRoom", {"initial_state": first})
    assert (answer.status, answer.body["errcode"]) == (400, FULL)
    assert joined(owner) == before
