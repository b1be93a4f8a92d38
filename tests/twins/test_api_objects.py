"""One object: made, read, replaced, changed, removed, with its revision."""

from typing import Final

import pytest

from twin_module.rooms.tasks import TASKS
from twin_module.testing.answers import CarefulPerson
from twin_module.testing.person import Answer, Person, eventually
from twin_module.testing.rest import await_rest, busy, rest
from twin_module.testing.twins import Twin

TASK: Final = {"@type": "Task", "title": "Buy bread"}
CONFLICT: Final = "ORG.DIGITALTWIN.CONFLICT"


@pytest.fixture
def path(careful: CarefulPerson, collection: str) -> str:
    """Where a task of a new collection is."""
    where = f"rooms/{collection}/tasks/bread"
    careful.put(where, TASK)
    return where


def refused(answer: Answer, status: int, errcode: str) -> str:
    """Return the sentence of an answer that is an error of a kind."""
    assert (answer.status, answer.body["errcode"]) == (status, errcode), answer.body
    error: str = answer.body["error"]
    return error


def test_an_object_is_read_as_it_was_written(careful: CarefulPerson, path: str) -> None:
    answer = careful.ask("GET", path)
    assert answer.headers["etag"] == f'"{answer.body["etag"]}"'
    assert answer.body["content"] == TASK
    assert answer.body["title"] == "Buy bread"
    assert answer.body["sender"] == careful.owner
    assert answer.body["capability"] == "tasks"
    assert "problem" not in answer.body


def test_an_object_of_the_api_is_a_state_event_for_every_matrix_client(
    careful: CarefulPerson, path: str, collection: str
) -> None:
    assert careful.read_state(collection, "org.digitaltwin.task", "bread").ok() == TASK
    etag = careful.get(path)["etag"]
    assert careful.state(collection)["org.digitaltwin.task", "bread"] == etag


def test_what_a_matrix_client_writes_while_the_twin_rests_is_read_at_once(
    careful: CarefulPerson, collection: str, alices_twin: Twin
) -> None:
    with rest(alices_twin):
        careful.put_state(collection, "org.digitaltwin.task", "bread", TASK).ok()
        await_rest(alices_twin)
        assert alices_twin.rows("SELECT 1 FROM twin_objects WHERE room_id = ?", collection) == []
        assert careful.get(f"rooms/{collection}/tasks/bread")["content"] == TASK


def test_a_new_object_gets_a_uid_of_its_own(careful: CarefulPerson, collection: str) -> None:
    first, second = (careful.ask("POST", f"rooms/{collection}/tasks", TASK) for _ in range(2))
    assert (first.status, second.status) == (201, 201)
    assert first.body["uid"] != second.body["uid"]
    assert first.headers["etag"] == f'"{first.body["etag"]}"'


def test_writing_the_same_again_changes_nothing(careful: CarefulPerson, path: str) -> None:
    before = careful.get(path)["etag"]
    again = careful.put(path, TASK)
    assert (again["changed"], again["etag"]) == (False, before)


def test_a_change_notes_what_it_was_made_on(careful: CarefulPerson, path: str) -> None:
    before = careful.get(path)["etag"]
    careful.ask("PATCH", path, {"priority": 1}).ok()
    content = careful.get(path)["content"]
    assert content == {**TASK, "priority": 1, "org.digitaltwin": {"base": before}}


def test_a_change_on_the_revision_that_was_read_is_made(careful: CarefulPerson, path: str) -> None:
    etag = careful.ask("GET", path).headers["etag"]
    changed = careful.ask("PUT", path, {**TASK, "title": "Bread"}, {"If-Match": etag})
    assert changed.ok()["changed"] is True
    assert careful.get(path)["etag"] == changed.body["etag"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_change_on_a_stale_revision_is_refused_and_tells_the_new_one(
    method: str, careful: CarefulPerson, path: str
) -> None:
    stale = careful.ask("GET", path).headers["etag"]
    careful.put(path, {**TASK, "title": "Somebody else's"})
    before = careful.get(path)
    body = None if method == "DELETE" else {**TASK, "title": "Mine"}
    answer = careful.ask(method, path, body, {"If-Match": stale})
    assert "read it again" in refused(answer, 412, CONFLICT)
    assert answer.body["current"] == before["etag"]
    assert careful.get(path) == before


def test_a_change_on_any_revision_needs_one(careful: CarefulPerson, collection: str) -> None:
    path = f"rooms/{collection}/tasks/none"
    answer = careful.ask("PUT", path, TASK, {"If-Match": "*"})
    refused(answer, 412, CONFLICT)
    assert answer.body["current"] is None
    assert careful.ask("GET", path).status == 404
    careful.put(path, TASK)
    careful.ask("PUT", path, {**TASK, "title": "Other"}, {"If-Match": "*"}).ok()


def test_only_one_of_two_that_begin_the_same_object_succeeds(
    careful: CarefulPerson, collection: str
) -> None:
    path = f"rooms/{collection}/tasks/first"
    first = careful.ask("PUT", path, TASK, {"If-None-Match": "*"}).ok()
    second = careful.ask("PUT", path, {**TASK, "title": "Second"}, {"If-None-Match": "*"})
    refused(second, 412, CONFLICT)
    assert second.body["current"] == first["etag"]
    assert careful.get(path)["content"]["title"] == "Buy bread"


def test_what_was_removed_may_be_begun_again(careful: CarefulPerson, path: str) -> None:
    careful.ask("DELETE", path).ok()
    careful.ask("PUT", path, TASK, {"If-None-Match": "*"}).ok()
    assert careful.get(path)["content"]["title"] == "Buy bread"


def test_a_patch_changes_what_it_names_and_takes_away_what_it_nulls(
    careful: CarefulPerson, path: str
) -> None:
    careful.put(path, {**TASK, "priority": 3, "keywords": {"a": True, "b": True}, "mine": "kept"})
    careful.ask("PATCH", path, {"priority": None, "keywords": {"a": None, "c": True}}).ok()
    content = careful.get(path)["content"]
    assert "priority" not in content
    assert content["keywords"] == {"b": True, "c": True}
    assert content["mine"] == "kept"


def test_a_patch_that_leaves_no_whole_object_is_refused(careful: CarefulPerson, path: str) -> None:
    before = careful.get(path)
    refused(careful.ask("PATCH", path, {"title": None}), 400, "M_BAD_JSON")
    assert careful.get(path) == before


def test_a_removed_object_is_gone_from_everywhere(
    careful: CarefulPerson, path: str, collection: str
) -> None:
    etag = careful.ask("GET", path).headers["etag"]
    removed = careful.ask("DELETE", path, headers={"If-Match": etag}).ok()
    assert removed["changed"] is True
    refused(careful.ask("GET", path), 404, "M_NOT_FOUND")
    assert careful.uids(collection) == []
    assert careful.get(f"rooms/{collection}/tasks")["tasks"] == []
    assert careful.read_state(collection, "org.digitaltwin.task", "bread").ok() == {}


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_what_is_not_there_can_be_neither_changed_nor_removed(
    method: str, careful: CarefulPerson, collection: str
) -> None:
    before = careful.state(collection)
    body = {"title": "x"} if method == "PATCH" else None
    answer = careful.ask(method, f"rooms/{collection}/tasks/none", body)
    assert "'none'" in refused(answer, 404, "M_NOT_FOUND")
    assert careful.state(collection) == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "rooms/!nowhere/objects"),
        ("POST", "rooms/!nowhere/objects"),
        ("GET", "rooms/!nowhere/tasks"),
        ("POST", "rooms/!nowhere/tasks"),
        ("PUT", "rooms/!nowhere/tasks/one"),
        ("PATCH", "rooms/!nowhere/tasks/one"),
        ("DELETE", "rooms/!nowhere/tasks/one"),
        ("GET", "rooms/!nowhere/docs/one/text"),
        ("GET", "collections/!nowhere"),
        ("PATCH", "collections/!nowhere"),
        ("POST", "collections/!nowhere/leave"),
        ("POST", "invitations/!nowhere/accept"),
        ("POST", "invitations/!nowhere/decline"),
        ("POST", "commands/tasks/add"),
    ],
)
def test_a_room_that_the_twin_is_not_in_is_not_found(
    method: str, path: str, careful: CarefulPerson
) -> None:
    bodies = {
        "rooms/!nowhere/objects": {"objects": [{"capability": "tasks", "content": TASK}]},
        "collections/!nowhere": {"name": "x"},
        "commands/tasks/add": {"room_id": "!nowhere", "title": "x"},
    }
    body = None if method == "GET" else bodies.get(path, TASK)
    assert "!nowhere" in refused(careful.ask(method, path, body), 404, "M_NOT_FOUND")


def test_an_object_that_another_client_wrote_can_be_read(
    careful: CarefulPerson, collection: str
) -> None:
    careful.put_state(collection, "org.digitaltwin.task", "plain", TASK).ok()
    eventually(lambda: careful.uids(collection) == ["plain"], what="the object is listed")
    assert careful.get(f"rooms/{collection}/tasks/plain")["content"] == TASK


@pytest.mark.parametrize("uid", ["a", "Ab9_.~:=+-@x", "x" * 255, "-", "a@b.example"])
def test_a_uid_that_fits_is_kept_as_it_is(
    uid: str, careful: CarefulPerson, collection: str
) -> None:
    careful.put(f"rooms/{collection}/tasks/{uid}", TASK)
    assert careful.get(f"rooms/{collection}/tasks/{uid}")["uid"] == uid
    assert careful.uids(collection) == [uid]


def test_fields_and_commands_are_told_in_the_order_of_their_declaration(
    careful: CarefulPerson,
) -> None:
    [tasks] = [
        each for each in careful.get("capabilities")["capabilities"] if each["name"] == "tasks"
    ]
    assert list(tasks["events"][0]["schema"]["properties"])[:2] == ["@type", "title"]
    assert list(tasks["commands"]) == list(TASKS.commands)


def test_a_room_that_a_matrix_client_has_just_made_is_there_at_once(
    alice: Person, alices_twin: Twin
) -> None:
    with busy(alices_twin):
        made = alice.create_room(creation_content={"type": "org.digitaltwin.collection"})
        assert alice.get(f"rooms/{made}/objects")["objects"] == []
        also = alice.create_room(creation_content={"type": "org.digitaltwin.collection"})
        alice.put(f"rooms/{also}/tasks/a", {"@type": "Task", "title": "Bread"})
        assert alice.ask("GET", "rooms/!unknown/objects").status == 404
