"""Lists of objects: filtered, sorted, page by page, over one room and over many."""

from typing import Any, Final

import pytest

from twin_module.engine.tokens import write_token
from twin_module.testing.person import Person

PRIORITIES: Final = (1, 9, 0, 5, 3)
KEYWORDS: Final = ("home", "work", "garden")


def task(number: int) -> dict[str, Any]:
    """Return a task whose fields follow from its number."""
    content: dict[str, Any] = {"@type": "Task", "title": f"Task {number:03}"}
    content["priority"] = PRIORITIES[number % len(PRIORITIES)]
    content["keywords"] = {KEYWORDS[number % 3]: True}
    content["progress"] = "completed" if number % 4 == 0 else "needs-action"
    if number % 2:
        content["due"] = f"2026-12-{number % 28 + 1:02}T12:00:00"
    return content


@pytest.fixture(scope="module")
def rooms(alice: Person) -> list[str]:
    """Three collections with 40 tasks and two documents each."""
    made = [alice.collection(f"List {number}") for number in range(3)]
    for place, room in enumerate(made):
        objects = [
            {"capability": "tasks", "uid": f"t{number:03}", "content": task(number)}
            for number in range(place * 40, place * 40 + 40)
        ]
        objects += [
            {
                "capability": "docs",
                "uid": f"d{number}",
                "content": {"@type": "Document", "title": f"Paper {place}", "text": ""},
            }
            for number in range(2)
        ]
        alice.post(f"rooms/{room}/objects", {"objects": objects})
    return made


def all_pages(alice: Person, path: str, **query: Any) -> list[dict[str, Any]]:
    """Return what a list holds, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        page = alice.get(path, **query)
        assert len(page["objects"]) <= query.get("limit", 50)
        found += page["objects"]
        if "next_batch" not in page:
            return found
        assert len(page["objects"]) == query.get("limit", 50)
        query["from"] = page["next_batch"]


def numbers(objects: list[dict[str, Any]]) -> list[int]:
    """Return the numbers that the tasks were made from."""
    return [int(each["uid"][1:]) for each in objects]


def test_what_one_wrote_oneself_is_left_out(alice: Person, rooms: list[str]) -> None:
    path = f"rooms/{rooms[0]}/objects"
    assert alice.get(path, not_sender=alice.owner)["objects"] == []
    others = alice.get(path, not_sender="@bob:example.org", capability="tasks")["objects"]
    assert len(others) == 40


@pytest.mark.parametrize("limit", [1, 7, 60, 120, 121])
def test_the_pages_of_all_rooms_hold_every_task_once(
    limit: int, alice: Person, rooms: list[str]
) -> None:
    found = all_pages(alice, "objects", capability="tasks", sort="uid", limit=limit)
    mine = [each for each in found if each["room_id"] in rooms]
    assert sorted(numbers(mine)) == list(range(120))


@pytest.mark.parametrize("sort", ["updated", "title", "uid", "due", "priority", "progress"])
@pytest.mark.parametrize("minus", ["", "-"])
def test_pages_follow_each_other_in_the_order_that_was_asked_for(
    sort: str, minus: str, alice: Person, rooms: list[str]
) -> None:
    query = {"capability": "tasks", "sort": minus + sort}
    whole = all_pages(alice, f"rooms/{rooms[1]}/objects", limit=1000, **query)
    paged = all_pages(alice, f"rooms/{rooms[1]}/objects", limit=7, **query)
    assert paged == whole
    assert sorted(numbers(whole)) == list(range(40, 80))
    read = {
        "updated": lambda each: each["updated"],
        "title": lambda each: each["title"],
        "uid": lambda each: each["uid"],
        "priority": lambda each: each["content"]["priority"] or None,
    }.get(sort, lambda each: each["content"].get(sort))
    values = [read(each) for each in whole]
    there = [value for value in values if value is not None]
    assert there == sorted(there, reverse=minus == "-")
    assert values == there + [None] * (len(values) - len(there))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"progress": "completed"}, lambda n: n % 4 == 0),
        ({"keyword": "garden"}, lambda n: n % 3 == 2),
        ({"priority": 5}, lambda n: PRIORITIES[n % 5] == 5),
        ({"priority.lt": 5}, lambda n: 0 < PRIORITIES[n % 5] < 5),
        ({"priority.lte": 5}, lambda n: 0 < PRIORITIES[n % 5] <= 5),
        ({"priority.gt": 5}, lambda n: PRIORITIES[n % 5] > 5),
        ({"priority.gte": 5}, lambda n: PRIORITIES[n % 5] >= 5),
        ({"due.lt": "2026-12-05T00:00:00"}, lambda n: n % 2 and n % 28 + 1 < 5),
        ({"due.gte": "2026-12-05T00:00:00"}, lambda n: n % 2 and n % 28 + 1 >= 5),
        ({"due": "2026-12-04T12:00:00"}, lambda n: n % 2 and n % 28 + 1 == 4),
        (
            {"keyword": "home", "progress": "needs-action", "priority.lt": 9},
            lambda n: n % 3 == 0 and n % 4 and 0 < PRIORITIES[n % 5] < 9,
        ),
        ({"keyword": "nowhere"}, lambda _: False),
        ({"assignee": "@bob:example.org"}, lambda _: False),
    ],
    # A function's own name has its address in it, which differs from process to process.
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_list_holds_exactly_what_it_was_filtered_by(
    query: dict[str, Any], wanted: Any, alice: Person, rooms: list[str]
) -> None:
    for place, room in enumerate(rooms):
        found = all_pages(alice, f"rooms/{room}/objects", capability="tasks", limit=5, **query)
        expected = [n for n in range(place * 40, place * 40 + 40) if wanted(n)]
        assert sorted(numbers(found)) == expected


def test_without_a_capability_all_kinds_are_listed(alice: Person, rooms: list[str]) -> None:
    found = all_pages(alice, f"rooms/{rooms[0]}/objects", sort="title", limit=9)
    assert [each["capability"] for each in found] == ["docs"] * 2 + ["tasks"] * 40
    docs = all_pages(alice, "objects", capability="docs", sort="title", limit=1)
    assert [each["title"] for each in docs if each["room_id"] in rooms] == [
        f"Paper {place}" for place in (0, 0, 1, 1, 2, 2)
    ]


@pytest.mark.parametrize("path", ["objects", "rooms/{room}/objects"])
@pytest.mark.parametrize(
    ("sort", "wrong"),
    [
        ("updated", "text"),
        ("updated", "5"),
        ("updated", None),
        ("title", 5),
        ("title", None),
        ("uid", 5),
        ("priority", "text"),
        ("due", 5),
        ("progress", 2**53),
    ],
)
def test_a_page_token_of_another_sort_is_refused(
    path: str, sort: str, wrong: Any, alice: Person, rooms: list[str]
) -> None:
    token = write_token([wrong, rooms[0], "org.digitaltwin.task", "t000"])
    query: dict[str, Any] = {"capability": "tasks", "sort": sort, "from": token}
    answer = alice.ask("GET", path.format(room=rooms[0]), **query)
    assert (answer.status, answer.body["errcode"]) == (400, "M_INVALID_PARAM")
    assert "token" in answer.body["error"]


@pytest.mark.parametrize(
    ("sort", "value"),
    [
        ("updated", -(2**63) + 1),
        ("title", ""),
        ("uid", "\U0001f600"),
        ("priority", None),
        ("priority", 2**63 - 1),
        ("due", None),
        ("due", "no date"),
    ],
)
def test_a_page_token_that_somebody_made_up_shows_some_page(
    sort: str, value: Any, alice: Person, rooms: list[str]
) -> None:
    token = write_token([value, rooms[0], "org.digitaltwin.task", "t000"])
    query: dict[str, Any] = {"capability": "tasks", "sort": sort, "from": token}
    assert alice.ask("GET", "objects", **query).status == 200


@pytest.mark.parametrize(
    "query", [{"progress": "\0"}, {"keyword": "a\0b"}, {"not_sender": "\0"}, {"due.lt": "\0"}]
)
def test_what_no_text_of_a_database_may_hold_can_not_be_asked_for(
    query: dict[str, Any], alice: Person, rooms: list[str]
) -> None:
    answer = alice.ask("GET", f"rooms/{rooms[0]}/objects", capability="tasks", **query)
    assert (answer.status, answer.body["errcode"]) == (400, "M_INVALID_PARAM")


def test_what_is_added_between_two_pages_shows_nothing_twice(alice: Person) -> None:
    room = alice.collection("Growing")
    for number in range(0, 10, 2):
        alice.put(f"rooms/{room}/tasks/t{number:03}", task(number))
    first = alice.get(f"rooms/{room}/objects", sort="uid", limit=3)
    alice.put(f"rooms/{room}/tasks/t001", task(1))
    alice.put(f"rooms/{room}/tasks/t007", task(7))
    query = {"sort": "uid", "limit": 3, "from": first["next_batch"]}
    second = alice.get(f"rooms/{room}/objects", **query)
    assert numbers(first["objects"]) == [0, 2, 4]
    assert numbers(second["objects"]) == [6, 7, 8]


def test_what_was_changed_leaves_and_enters_lists(alice: Person) -> None:
    room = alice.collection("Changing")
    alice.put(f"rooms/{room}/tasks/t000", task(0))
    path = f"rooms/{room}/objects"
    assert numbers(alice.get(path, capability="tasks", progress="completed")["objects"]) == [0]
    alice.command("tasks", "reopen", room_id=room, uid="t000")
    assert alice.get(path, capability="tasks", progress="completed")["objects"] == []
    assert numbers(alice.get(path, capability="tasks", progress="needs-action")["objects"]) == [0]
    alice.command("tasks", "assign", room_id=room, uid="t000", user_id=alice.owner)
    assert numbers(alice.get(path, capability="tasks", assignee=alice.owner)["objects"]) == [0]
    alice.command("tasks", "remove", room_id=room, uid="t000")
    assert alice.get(path, capability="tasks")["objects"] == []


def test_a_list_of_many_objects_is_whole(alice: Person) -> None:
    room = alice.collection("Large")
    objects = [
        {"capability": "tasks", "uid": f"t{number:03}", "content": task(number)}
        for number in range(600)
    ]
    answer = alice.post(f"rooms/{room}/objects", {"objects": objects})
    assert all(each["changed"] for each in answer["objects"])
    found = all_pages(alice, f"rooms/{room}/objects", sort="-title", limit=100)
    assert numbers(found) == list(range(599, -1, -1))
    assert len(alice.get(f"rooms/{room}/tasks")["tasks"]) == 600
