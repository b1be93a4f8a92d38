"""Requests that are sent again because nobody knows whether they were done, and make nothing twice."""

from typing import Any, Final

import pytest

from twin_module.rest.once import HEADER, MOST
from twin_module.testing.answers import check_refusal
from twin_module.testing.person import Answer, Person

TASK: Final = {"@type": "Task", "title": "Bread"}


def make(person: Person, collection: str, key: str, content: dict[str, Any] = TASK) -> Answer:
    return person.ask("POST", f"rooms/{collection}/tasks", content, {HEADER: key})


def bulk(person: Person, collection: str, key: str, *objects: dict[str, Any]) -> list[Any]:
    asked = [{"capability": "tasks", "content": TASK, **each} for each in objects]
    answer = person.ask("POST", f"rooms/{collection}/objects", {"objects": asked}, {HEADER: key})
    found: list[Any] = answer.ok()["objects"]
    return found


def test_what_is_asked_for_again_is_made_once(careful: Person, collection: str) -> None:
    first = make(careful, collection, "a").ok()
    again = make(careful, collection, "a").ok()
    assert again == {**first, "changed": False}
    other = make(careful, collection, "b").ok()
    assert other["uid"] != first["uid"]
    assert sorted(careful.uids(collection)) == sorted([first["uid"], other["uid"]])


def test_each_request_without_a_key_makes_something_new(careful: Person, collection: str) -> None:
    for _ in range(2):
        careful.ask("POST", f"rooms/{collection}/tasks", TASK).ok()
    assert len(careful.uids(collection)) == 2


def test_what_was_changed_or_removed_since_is_left_as_it_is(
    careful: Person, collection: str
) -> None:
    uid = make(careful, collection, "a").ok()["uid"]
    path = f"rooms/{collection}/tasks/{uid}"
    changed = careful.put(path, {**TASK, "title": "Butter"})
    assert make(careful, collection, "a").ok()["etag"] == changed["etag"]
    assert careful.get(path)["content"]["title"] == "Butter"
    careful.ask("DELETE", path).ok()
    make(careful, collection, "a").ok()
    assert careful.uids(collection) == []


def test_of_many_only_those_are_made_that_were_not(careful: Person, collection: str) -> None:
    first = bulk(careful, collection, "a", {}, {"uid": "mine"}, {})
    assert [each["changed"] for each in first] == [True, True, True]
    path = f"rooms/{collection}/tasks/{first[2]['uid']}"
    careful.put(path, {**TASK, "title": "Butter"})
    again = bulk(careful, collection, "a", {}, {"uid": "mine"}, {}, {})
    assert [each["uid"] for each in again][:3] == [each["uid"] for each in first]
    assert [each["changed"] for each in again] == [False, False, False, True]
    assert careful.get(path)["content"]["title"] == "Butter"
    assert len(careful.uids(collection)) == 4


@pytest.mark.parametrize("key", ["x" * (MOST + 1), "a\x7f"])
def test_a_key_that_can_be_none_is_refused(careful: Person, collection: str, key: str) -> None:
    answer = make(careful, collection, key)
    check_refusal(answer)
    assert (answer.status, answer.body["errcode"]) == (400, "M_INVALID_PARAM")
    assert HEADER in answer.body["error"]
