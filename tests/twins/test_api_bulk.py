"""Many objects in one request: chunk by chunk, each chunk all or nothing."""

from typing import Any, Final

from twin_module.engine.commands import REFUSED
from twin_module.engine.writer import CHUNK
from twin_module.testing.answers import CarefulPerson

BAD: Final = 510


def task(number: int, **more: Any) -> dict[str, Any]:
    content = {"@type": "Task", "title": f"Task {number}"}
    return {"capability": "tasks", "uid": f"t{number:04}", "content": content, **more}


def uids(numbers: Any) -> list[str]:
    return [f"t{number:04}" for number in numbers]


def test_of_a_thousand_objects_only_the_chunk_of_the_bad_one_is_left(
    careful: CarefulPerson, collection: str
) -> None:
    objects = [task(number) for number in range(1000)]
    objects[BAD]["content"]["title"] = 7
    answer = careful.post(f"rooms/{collection}/objects", {"objects": objects})
    results = answer["objects"]
    assert [each["uid"] for each in results] == uids(range(1000))
    assert results[BAD]["errcode"] == "M_BAD_JSON"
    assert "/title" in results[BAD]["error"]
    left = [number for number, each in enumerate(results) if each.get("errcode") == REFUSED]
    assert len(left) == CHUNK - 1
    assert min(left) < BAD < max(left)
    assert max(left) - min(left) < CHUNK
    written = [number for number, each in enumerate(results) if each.get("changed")]
    assert sorted([*written, *left, BAD]) == list(range(1000))

    state = careful.state(collection)
    kept = {key: event_id for (kind, key), event_id in state.items() if kind.endswith(".task")}
    assert kept == {results[number]["uid"]: results[number]["etag"] for number in written}
    assert careful.uids(collection, sort="uid") == uids(written)

    # The same request, mended: what was written is not written again.
    objects[BAD]["content"]["title"] = "mended"
    again = careful.post(f"rooms/{collection}/objects", {"objects": objects})["objects"]
    assert [n for n, each in enumerate(again) if each["changed"]] == sorted([*left, BAD])
    assert careful.uids(collection, sort="uid") == uids(range(1000))


def test_a_thousand_and_one_objects_are_refused_whole(
    careful: CarefulPerson, collection: str
) -> None:
    before = careful.state(collection)
    objects = [task(number) for number in range(1001)]
    answer = careful.ask("POST", f"rooms/{collection}/objects", {"objects": objects})
    assert (answer.status, answer.body["errcode"]) == (400, "M_BAD_JSON")
    assert answer.body["errors"][0]["path"] == "/objects"
    assert careful.state(collection) == before


def test_no_objects_at_all_are_refused(careful: CarefulPerson, collection: str) -> None:
    answer = careful.ask("POST", f"rooms/{collection}/objects", {"objects": []})
    assert (answer.status, answer.body["errcode"]) == (400, "M_BAD_JSON")


def test_objects_of_several_capabilities_come_together_and_get_uids(
    careful: CarefulPerson, collection: str
) -> None:
    objects = [
        {"capability": "tasks", "content": {"@type": "Task", "title": "A"}},
        {"capability": "docs", "content": {"@type": "Document", "title": "B", "text": "b"}},
    ]
    results = careful.post(f"rooms/{collection}/objects", {"objects": objects})["objects"]
    assert [each["capability"] for each in results] == ["tasks", "docs"]
    for each in results:
        path = f"rooms/{collection}/{each['capability']}/{each['uid']}"
        assert careful.get(path)["etag"] == each["etag"]


def test_an_object_that_stands_twice_in_a_chunk_is_refused(
    careful: CarefulPerson, collection: str
) -> None:
    body = {"objects": [task(1), task(2), task(1)]}
    results = careful.post(f"rooms/{collection}/objects", body)["objects"]
    assert [each["errcode"] for each in results] == [REFUSED, REFUSED, "M_BAD_JSON"]
    assert "twice" in results[2]["error"]
    assert careful.uids(collection) == []


def test_empty_content_removes_in_bulk(careful: CarefulPerson, collection: str) -> None:
    path = f"rooms/{collection}/objects"
    careful.post(path, {"objects": [task(1), task(2), task(3)]})
    results = careful.post(path, {"objects": [task(2, content={}), task(4, content={})]})["objects"]
    assert [each["changed"] for each in results] == [True, False]
    assert careful.uids(collection, sort="uid") == uids([1, 3])


def test_a_shape_that_is_no_object_of_bulk_is_refused_whole(
    careful: CarefulPerson, collection: str
) -> None:
    before = careful.state(collection)
    wrong: Any
    for wrong in (
        {"capability": "tasks"},
        {"content": {}},
        {"capability": "tasks", "content": []},
        {"capability": "tasks", "content": {}, "uid": "@bob:example.org"},
        {"capability": "tasks", "content": {}, "surprise": 1},
        None,
    ):
        answer = careful.ask("POST", f"rooms/{collection}/objects", {"objects": [task(1), wrong]})
        assert (answer.status, answer.body["errcode"]) == (400, "M_BAD_JSON"), wrong
        assert answer.body["errors"][0]["path"].startswith("/objects/1")
    assert careful.state(collection) == before


def test_a_long_text_in_bulk_moves_to_media(careful: CarefulPerson, collection: str) -> None:
    text = "# Long\n" + "word " * 10_000
    content = {"@type": "Document", "title": "Long", "text": text}
    body = {"objects": [{"capability": "docs", "uid": "long", "content": content}]}
    careful.post(f"rooms/{collection}/objects", body)
    kept = careful.read_state(collection, "org.digitaltwin.doc", "long").ok()
    assert "text" not in kept
    assert kept["textFile"]["size"] == len(text)
    answer = careful.ask("GET", f"rooms/{collection}/docs/long/text")
    assert answer.body.decode() == text
