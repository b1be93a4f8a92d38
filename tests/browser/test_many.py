"""Thousands of tasks, versions and results: a page of them at a time, and nothing slow.

Only the answers are of this size, as making so many would take minutes.
"""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Request, Route, expect

from tests.browser.conftest import PHONE, Home
from twin_module.testing.person import Person, eventually

pytestmark = pytest.mark.browser

MANY = 5000
ELEMENTS = "document.querySelectorAll('main *').length"


@pytest.fixture
def room(alice: Person) -> str:
    """A collection of Alice's own, with a task in it."""
    room = alice.collection("Many")
    alice.put(f"rooms/{room}/tasks/task", {"@type": "Task", "title": "The last version"})
    return room


def asked(request: Request) -> dict[str, str]:
    """Return the query of a request."""
    return {name: said[0] for name, said in parse_qs(urlsplit(request.url).query).items()}


def pages(route: Route, field: str, every: list[dict[str, Any]], most: int, **more: Any) -> None:
    """Answer with the page that was asked for of what there is."""
    query = asked(route.request)
    start, limit = int(query.get("from", 0)), min(most, int(query.get("limit", most)))
    after = {"next_batch": str(start + limit)} if start + limit < len(every) else {}
    route.fulfill(json={field: every[start : start + limit], **after, **more})


def task(person: Person, room: str, number: int) -> dict[str, Any]:
    """Return a task of many: one in ten is done, all others have one part each, and two keywords."""
    uid = f"t{number}"
    content: dict[str, Any] = {
        "@type": "Task",
        "title": f"Task {number}",
        "keywords": {f"word {number % 700}": True, "all": True},
        "participants": {
            f"@person{number % 300}:example.org": {
                "@type": "Participant",
                "roles": {"attendee": True},
            }
        },
        "progress": "completed" if number % 10 == 0 else "needs-action",
    }
    if number % 2:
        parent = {"@type": "Relation", "relation": {"parent": True}}
        content["relatedTo"] = {f"t{number - 1}": parent}
    return {
        "room_id": room,
        "capability": "tasks",
        "type": "org.digitaltwin.task",
        "uid": uid,
        "etag": f"${number}",
        "sender": person.owner,
        "updated": number,
        "title": content["title"],
        "content": content,
    }


def test_a_list_of_five_thousand_tasks_is_filtered_and_worked_on(
    alice: Person, room: str, home: Home
) -> None:
    every = [task(alice, room, number) for number in range(MANY)]
    page = home(alice, f"c/{room}/docs", service_workers="block", viewport=PHONE)
    expect(page.get_by_text("Nothing is written here yet.")).to_be_visible()
    page.route("**/objects?*", lambda route: pages(route, "objects", every, 1000))
    page.get_by_role("link", name="Tasks").last.click()
    rows = page.locator("[data-task]")
    expect(rows).to_have_count(40)
    assert page.evaluate(ELEMENTS) < 2500
    page.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(140)
    filters = page.get_by_role("search", name="Filter tasks")
    assert filters.get_by_role("option").count() < 500
    page.get_by_label("Filter by words").fill("task 4321")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Part of Task 4320")
    page.get_by_label("Filter by words").fill("")
    page.get_by_label("Open or done").select_option("done")
    expect(rows).to_have_count(40)
    page.get_by_role("button", name="Board").click()
    done = page.get_by_role("region", name="Done")
    expect(done.locator("[data-task]")).to_have_count(50)
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_role("region", name="To do").locator("[data-task]")).to_have_count(50)
    assert page.evaluate(ELEMENTS) < 4000


def version(person: Person, number: int) -> dict[str, Any]:
    """Return one of many versions, the oldest of which is number 1."""
    return {
        "event_id": f"${number}",
        "sender": person.owner,
        "server": "localhost",
        "time": 1_700_000_000_000 + number * 1000,
        "status": "current" if number == MANY else "replaced",
        "current": number == MANY,
        "removed": False,
        "title": f"Version {number}",
        "parents": [f"${number - 1}"],
        "changes": [{"path": "/title", "kind": "changed", "before": "x", "after": f"y{number}"}],
    }


def test_five_thousand_versions_are_read_a_page_at_a_time(
    alice: Person, room: str, home: Home
) -> None:
    every = [version(alice, MANY - number) for number in range(MANY)]
    read: list[str] = []

    def answer(route: Route) -> None:
        read.append(asked(route.request).get("from", "0"))
        pages(route, "versions", every, 50, complete=True)

    page = home(alice, f"c/{room}/tasks/task", service_workers="block")
    page.route("**/tasks/task/history?*", answer)
    page.get_by_role("link", name="History").click()
    lines = page.get_by_role("region", name="Versions").locator("ol > li")
    more = page.get_by_role("button", name="Show more")
    for count in (50, 100, 150, 200):
        expect(lines).to_have_count(count)
        expect(lines.last).to_contain_text("Changed: Title")
        more.click()
    expect(lines).to_have_count(250)
    assert read == ["0", "50", "100", "150", "200"], "nothing is read twice"
    # What changes makes what is shown be read again, and no more of it.
    alice.put(f"rooms/{room}/tasks/task", {"@type": "Task", "title": "A newer one"})
    expect(page.get_by_role("link", name="A newer one")).to_be_visible()
    eventually(
        lambda: page.title() and read[5:] == ["0", "50", "100", "150", "200"],
        what="it is read again",
    )
    expect(lines).to_have_count(250)


def result(person: Person, room: str, number: int) -> dict[str, Any]:
    """Return one of many results."""
    found = task(person, room, number)
    parts = [{"text": "Task", "match": True}, {"text": f" {number}", "match": False}]
    return {**found, "title_parts": parts, "excerpt": [{"text": "a task", "match": False}]}


def test_a_search_that_finds_thousands_shows_a_page_at_a_time(
    alice: Person, room: str, home: Home
) -> None:
    every = [result(alice, room, number) for number in range(MANY)]
    page = home(alice, "search", service_workers="block")
    page.route("**/v1/search?*", lambda route: pages(route, "results", every, 20))
    box = page.get_by_role("main").get_by_role("searchbox")
    box.fill("task")
    found = page.locator("a.found")
    expect(found).to_have_count(20)
    more = page.get_by_role("button", name="Show more")
    for count in (40, 60, 80):
        more.click()
        expect(found).to_have_count(count)
    expect(found.last).to_contain_text("Task 79")
    box.fill("task 7")
    expect(found).to_have_count(20)
