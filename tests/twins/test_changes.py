"""The stream of changes: live, and after a cut it misses nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from synapse.logging.context import PreserveLoggingContext
from twisted.internet.error import ConnectionDone, ConnectionLost

from twin_module.rest.stream import ChangeStream
from twin_module.testing.answers import CarefulPerson, check_refusal
from twin_module.testing.person import TWIN, Person, eventually
from twin_module.testing.rest import rest
from twin_module.testing.twins import Twin, TwinNetwork, person_at

Change = dict[str, Any]
TASK: Final = {"@type": "Task", "title": "Buy bread"}


def until(events: Iterator[Change], room: str, uid: str) -> list[Change]:
    """Return the changes of a room up to the first one of an object."""
    found: list[Change] = []
    for event in events:
        if event["data"].get("room_id") == room:
            found.append(event)
            if event["data"].get("uid") == uid:
                return found
    raise AssertionError(f"the stream ended before {uid}")


def newest(alice: Person) -> str:
    """Return the number of the newest change."""
    return str(alice.get("status")["seq"])


def test_a_change_is_sent_as_it_happens(careful: CarefulPerson, collection: str) -> None:
    with careful.changes() as events:
        assert next(events)["event"] == "ready"
        careful.put(f"rooms/{collection}/tasks/bread", TASK)
        [change] = until(events, collection, "bread")
        assert change["event"] == "object"
        assert change["data"] == careful.get(f"rooms/{collection}/tasks/bread")

        careful.command("tasks", "complete", room_id=collection, uid="bread")
        [change] = until(events, collection, "bread")
        assert change["data"]["content"]["progress"] == "completed"

        careful.ask("DELETE", f"rooms/{collection}/tasks/bread").ok()
        [change] = until(events, collection, "bread")
        assert change["data"]["removed"] is True


def test_a_change_is_sent_as_it_happens_though_the_twin_rests(
    careful: CarefulPerson, collection: str, alices_twin: Twin
) -> None:
    with rest(alices_twin), careful.changes() as events:
        assert next(events)["event"] == "ready"
        careful.put_state(collection, "org.digitaltwin.task", "bread", TASK).ok()
        assert until(events, collection, "bread")


@pytest.mark.usefixtures("nothing_raised")
def test_a_reader_who_left_before_the_first_change_leaves_nothing_behind(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, gone = threading.Event(), threading.Event()
    begin = ChangeStream._begin

    async def begin_when_nobody_is_there(stream: ChangeStream, query: dict[str, str]) -> int:
        left = stream._request.notifyFinish()
        begun.set()
        with PreserveLoggingContext(), suppress(ConnectionDone, ConnectionLost):
            await left
        gone.set()
        return await begin(stream, query)

    monkeypatch.setattr(ChangeStream, "_begin", begin_when_nobody_is_there)
    where = urlsplit(alice.url)
    with socket.create_connection((where.hostname or "", where.port or 0)) as connection:
        head = f"GET {TWIN}/changes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {alice.token}"
        connection.sendall(f"{head}\r\n\r\n".encode())
        assert begun.wait(60)
    assert gone.wait(60)
    monkeypatch.undo()
    with alice.changes() as events:
        assert next(events)["event"] == "ready"


def test_a_new_room_and_its_new_name_are_sent(careful: CarefulPerson) -> None:
    with careful.changes() as events:
        next(events)
        room = careful.collection("First name")
        careful.ask("PATCH", f"collections/{room}", {"name": "Second name"}).ok()
        name = ""
        while name != "Second name":
            event = next(events)
            if event["event"] == "room" and event["data"]["room_id"] == room:
                name = event["data"]["name"]


def test_what_another_twin_wrote_is_sent(alice: Person, bob: Person) -> None:
    room = alice.collection("Shared")
    circle = alice.command("circles", "create", name="Two", members={bob.owner: "editor"})
    alice.command("circles", "share", room_id=room, circle=circle["room_id"])
    bob.accept(room)
    eventually(lambda: bob.get(f"collections/{room}")["role"] == "editor", what="Bob may write")
    with alice.changes() as events:
        next(events)
        bob.put(f"rooms/{room}/tasks/bobs", TASK)
        change = until(events, room, "bobs")[-1]
    assert change["data"]["sender"] == bob.owner


def test_a_reader_that_comes_back_misses_nothing(careful: CarefulPerson, collection: str) -> None:
    path = f"rooms/{collection}/objects"
    careful.put(f"rooms/{collection}/tasks/kept", TASK)
    careful.put(f"rooms/{collection}/tasks/gone", TASK)
    with careful.changes() as events:
        next(events)
        careful.put(f"rooms/{collection}/tasks/seen", TASK)
        last = until(events, collection, "seen")[-1]["id"]

    # While nobody listens: new ones, more than fit in one page of the stream, a change, a removal.
    objects = [
        {"capability": "tasks", "uid": f"t{number:03}", "content": TASK} for number in range(250)
    ]
    careful.post(path, {"objects": objects})
    careful.command("tasks", "complete", room_id=collection, uid="kept")
    careful.ask("DELETE", f"rooms/{collection}/tasks/gone").ok()
    careful.put(f"rooms/{collection}/tasks/last", TASK)

    shown = {"seen": careful.get(f"rooms/{collection}/tasks/seen")}
    with careful.changes(last_event_id=last) as events:
        changes = until(events, collection, "last")
    for change in changes:
        if change["data"].get("removed"):
            shown.pop(change["data"]["uid"], None)
        else:
            shown[change["data"]["uid"]] = change["data"]
    listed = careful.get(path, limit=1000)["objects"]
    assert shown == {each["uid"]: each for each in listed}
    assert len(listed) == 253
    assert "gone" in {change["data"]["uid"] for change in changes}


def test_each_change_has_a_greater_number_than_the_one_before(
    careful: CarefulPerson, collection: str
) -> None:
    since = newest(careful)
    for number in range(5):
        careful.put(f"rooms/{collection}/tasks/t{number}", TASK)
    with careful.changes(last_event_id=since) as events:
        numbers = [int(next(events)["id"])]
        numbers += [int(each["id"]) for each in until(events, collection, "t4")]
    assert numbers == sorted(set(numbers))
    assert numbers[0] == int(since)


def test_a_reader_without_headers_says_since(careful: CarefulPerson, collection: str) -> None:
    since = newest(careful)
    careful.put(f"rooms/{collection}/tasks/one", TASK)
    with careful.changes(since=since) as events:
        assert next(events)["id"] == since
        assert until(events, collection, "one")[-1]["data"]["uid"] == "one"


def test_a_reader_that_says_nothing_gets_only_what_is_new(
    careful: CarefulPerson, collection: str
) -> None:
    careful.put(f"rooms/{collection}/tasks/old", TASK)
    with careful.changes() as events:
        next(events)
        careful.put(f"rooms/{collection}/tasks/new", TASK)
        assert [each["data"]["uid"] for each in until(events, collection, "new")] == ["new"]


def test_a_number_from_the_future_goes_on_from_now(careful: CarefulPerson, collection: str) -> None:
    with careful.changes(last_event_id="9" * 18) as events:
        assert int(next(events)["id"]) < int("9" * 18)
        careful.put(f"rooms/{collection}/tasks/new", TASK)
        assert until(events, collection, "new")


@pytest.mark.parametrize("wrong", ["abc", "-1", "1.5", "9" * 19, "²"])
def test_a_number_that_is_none_is_refused(wrong: str, careful: CarefulPerson) -> None:
    by_header = careful.ask(
        "GET", "changes", headers={"Last-Event-ID": wrong.encode().decode("latin-1")}
    )
    for answer in (by_header, careful.ask("GET", "changes", since=wrong)):
        check_refusal(answer)
        assert (answer.status, answer.body["errcode"]) == (400, "M_INVALID_PARAM")
        assert "Last-Event-ID" in answer.body["error"]


def test_several_readers_get_the_same(careful: CarefulPerson, collection: str) -> None:
    with careful.changes() as first, careful.changes() as second:
        assert next(first)["event"] == next(second)["event"] == "ready"
        careful.put(f"rooms/{collection}/tasks/one", TASK)
        assert until(first, collection, "one") == until(second, collection, "one")


def test_a_reader_that_signed_out_is_sent_nothing_more(alice: Person, collection: str) -> None:
    other = Person(alice.url, alice.owner, lambda: "", alice.login().ok()["access_token"])
    with other.changes() as events:
        next(events)
        other.post("/_matrix/client/v3/logout")
        alice.put(f"rooms/{collection}/tasks/one", TASK)
        alice.put(f"rooms/{collection}/tasks/two", TASK)
        seen = [each["data"]["uid"] for each in events if each["event"] == "object"]
    assert "two" not in seen


def test_the_stream_goes_on_after_a_restart_of_the_twin(own_network: TwinNetwork) -> None:
    twin = own_network.start("alice")
    alice = person_at(twin)
    room = alice.collection("Things")
    with alice.changes() as events:
        next(events)
        alice.put(f"rooms/{room}/tasks/before", TASK)
        last = until(events, room, "before")[-1]["id"]
    alice.put(f"rooms/{room}/tasks/unseen", TASK)
    twin.start_again()
    person_at(twin)
    with alice.changes(last_event_id=last) as events:
        alice.put(f"rooms/{room}/tasks/after", TASK)
        assert [each["data"]["uid"] for each in until(events, room, "after")] == ["unseen", "after"]
