"""What a hostile peer writes where Alice looks: it is text, in its place, and does nothing."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import LAPTOP, PHONE, Home
from tests.browser.everywhere import VIEWS, Things, calls, make, rename, too_wide
from tests.browser.guard import Guard
from twin_module.testing.person import Person, eventually
from twin_module.testing.twins import TwinNetwork

pytestmark = pytest.mark.browser

IMAGE = "<img src=x onerror=alert(1)>"
TURNED = "\u202e"
HOSTILE = f"{IMAGE}{TURNED}moc.elpmaxe"
"""Reads as another text where its mark turns the direction."""
LINKS = (
    "javascript:alert(1) https://bank.example@evil.example/ [https://bank.example](//evil.example)"
)
LATEST = 2**53 - 1
"""The greatest number that Matrix has room for; no calendar has that time."""


def task(title: str, **fields: Any) -> dict[str, Any]:
    return {"@type": "Task", "title": title, **fields}


def part_of(uid: str) -> dict[str, Any]:
    return {uid: {"@type": "Relation", "relation": {"parent": True}}}


def does(*roles: str) -> dict[str, Any]:
    return {"@type": "Participant", "roles": dict.fromkeys(roles, True)}


TASKS: dict[str, dict[str, Any]] = {
    "links": task(LINKS, description=LINKS),
    "letters": task("W" * 900, description="V" * 20_000),
    "lines": task("Many lines", description=f"{HOSTILE}\n" * 200 + "line\n" * 1800),
    "words": task("Words", keywords={"__proto__": True, "constructor": True, IMAGE: True, "w" * 100: True}),
    "people": task(
        "People",
        participants={
            "": does("attendee"),
            "__proto__": does("attendee"),
            "@alice:evil.example": does("attendee", "owner"),
            f"@{TURNED}{IMAGE}": does("attendee"),
            "@" + "w" * 254: does("attendee"),
        },
    ),
    "above": task("Above itself", relatedTo=part_of("below")),
    "below": task("Below itself", relatedTo=part_of("above")),
    "self": task("Its own part", relatedTo=part_of("self") | part_of("constructor")),
    "zone": task("No such zone", due="2026-12-24T12:00:00", timeZone="Mars/Olympus_Mons"),
    "last year": task("The last year", due="9999-12-31T23:59:59", timeZone="Etc/GMT+12"),
    "first year": task("The first year", due="0000-01-01T00:00:00"),
    "no day": task("No such day", due="2027-02-31T00:00:00"),
    "numbers": task("Numbers", priority=9, percentComplete=100, created="9999-12-31T23:59:59Z", huge=LATEST),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shared:
    """What Bob shares with Alice."""

    things: Things
    offered: str


@pytest.fixture(scope="module")
def shared(alice: Person, bob: Person, network: TwinNetwork) -> Iterator[Shared]:
    """What Bob made, while he calls himself Alice."""
    rename(bob, "ALICE")
    things = make(bob, alice, HOSTILE, topic=f"{HOSTILE}\n{LINKS}", title=HOSTILE)
    for uid, content in TASKS.items():
        bob.put(f"rooms/{things.room}/tasks/{uid.replace(' ', '-')}", content)
    offered = bob.post("collections", {"name": HOSTILE, "topic": f"{TURNED}{LINKS}"})["room_id"]
    bob.invite(offered, alice.owner).ok()
    clock = network.twins["bob"].homeserver.get_event_builder_factory().clock
    with pytest.MonkeyPatch.context() as patch:
        # His server says when something was written, and may say what it likes.
        patch.setattr(clock, "time_msec", lambda: LATEST)
        for uid, kind, content in (
            ("late", "tasks", task("Written at no time")),
            ("late", "docs", {"@type": "Document", "title": "Written at no time", "text": "x"}),
        ):
            bob.put(f"rooms/{things.room}/{kind}/{uid}", content)
    eventually(
        lambda: {"late", *(uid.replace(" ", "-") for uid in TASKS)} <= set(alice.uids(things.room)),
        what="Alice's twin has it all",
    )
    eventually(lambda: offered in alice.invitations(), what="Alice is invited")
    calls(alice, bob, "ALICE")
    yield Shared(Things(things.room, things.circle, bob.owner), offered)
    alice.post(f"invitations/{offered}/decline")
    rename(bob, "bob")
    calls(alice, bob, "bob")


def is_only_text(page: Page, accessible: Callable[[Page], None]) -> None:
    """Fail if anything of it is more than text, turns a text round, or has no room."""
    assert page.locator("img:not(.cm-widgetBuffer), iframe, object, [onerror]").count() == 0
    links = page.locator("main a").evaluate_all("all => all.map((each) => each.protocol)")
    assert set(links) <= {"http:", "matrix:"}
    assert TURNED not in page.locator("body").inner_text()
    for width in (LAPTOP["width"], PHONE["width"]):
        page.set_viewport_size({"width": width, "height": 844})
        assert too_wide(page) == [], f"at {width} px"
        accessible(page)


def settled(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("One moment…")).to_have_count(0)
    expect(page.locator(".busy")).to_have_count(0)


@pytest.mark.parametrize("view", VIEWS)
def test_what_a_peer_wrote_is_only_text_in_each_view(
    view: str, alice: Person, shared: Shared, home: Home, accessible: Callable[[Page], None]
) -> None:
    page = home(alice, VIEWS[view](shared.things))
    settled(page)
    is_only_text(page, accessible)


@pytest.mark.parametrize("uid", TASKS)
def test_each_odd_task_has_a_page(
    uid: str, alice: Person, shared: Shared, home: Home, accessible: Callable[[Page], None]
) -> None:
    page = home(alice, f"c/{shared.things.room}/tasks/{uid.replace(' ', '-')}")
    settled(page)
    expect(page.get_by_label("Title")).to_have_value(TASKS[uid]["title"])
    is_only_text(page, accessible)


def test_all_odd_tasks_stand_in_the_list_and_on_the_board(
    alice: Person, shared: Shared, home: Home, accessible: Callable[[Page], None]
) -> None:
    page = home(alice, f"c/{shared.things.room}/tasks")
    every = len(TASKS) + 3  # with those that each collection has here, and the one without a time
    expect(page.locator("[data-task]")).to_have_count(every)
    is_only_text(page, accessible)
    page.get_by_role("button", name="Board").click()
    expect(page.locator("[data-task]")).to_have_count(every)
    is_only_text(page, accessible)
    words = page.get_by_label("Keyword")
    words.select_option("__proto__")
    expect(page.locator("[data-task]")).to_have_count(1)
    words.select_option("")
    page.get_by_label("Filter by words").fill(IMAGE)
    expect(page.locator("[data-task]")).to_have_count(4)


def test_what_was_written_at_no_time_is_shown_without_one(
    alice: Person, shared: Shared, home: Home
) -> None:
    room = shared.things.room
    for view in ("", f"c/{room}/docs", f"c/{room}/docs/late", f"c/{room}/tasks/late"):
        page = home(alice, view)
        expect(page.get_by_text("at an unknown time").first).to_be_visible()
    page = home(alice, f"c/{room}/tasks/late/history")
    expect(page.get_by_role("region", name="Versions")).to_contain_text("at an unknown time")


def test_who_imitates_somebody_is_told_apart(
    alice: Person, bob: Person, shared: Shared, home: Home
) -> None:
    page = home(alice, "collections")
    asked = page.get_by_role("region", name="Invitations")
    expect(asked).to_contain_text(f"ALICE {bob.owner} wants to share")
    page = home(alice, f"c/{shared.things.room}/tasks/task")
    assigned = page.get_by_role("list", name="Assigned to")
    expect(assigned).to_contain_text(f"ALICE ({bob.owner})")
    expect(assigned.get_by_role("listitem").filter(has_text=re.compile("^Aalice$"))).to_have_count(
        1
    )
    page = home(alice, f"c/{shared.things.room}/tasks/people")
    expect(page.get_by_role("list", name="Assigned to")).to_contain_text("@alice:evil.example")


def test_an_answer_of_another_shape_breaks_nothing(
    alice: Person, shared: Shared, home: Home, guard: Guard
) -> None:
    guard.allows("404")
    room = shared.things.room
    contents: list[Any] = [
        {"title": "a", "keywords": 7, "participants": [], "relatedTo": "x", "due": 5},
        {"title": "b", "keywords": ["x"], "participants": {"@x:y": None}, "priority": "1"},
        {"title": "c", "relatedTo": {"a": 1}, "description": {"x": 1}, "progress": ["completed"]},
        {"title": "d", "due": "-1", "timeZone": 5, "percentComplete": 1e308, "priority": -1e308},
        {},
    ]

    def answer(route: Route) -> None:
        said = {"room_id": room, "capability": "tasks", "type": "org.digitaltwin.task"}
        times = {"etag": "$x", "sender": "@bob:b", "updated": -LATEST}
        objects = [
            {**said, **times, "uid": f"u{at}", "title": f"Odd {at}", "content": each}
            for at, each in enumerate(contents)
        ]
        route.fulfill(json={"objects": objects})

    page = home(alice, "search", service_workers="block")
    settled(page)
    page.route("**/objects?*capability=tasks*", answer)
    for view in ("tasks", f"c/{room}/tasks"):
        page.goto(f"/_synapse/client/twin/{view}")
        expect(page.locator("[data-task]")).to_have_count(len(contents))
        page.get_by_role("link", name="Odd 3").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Odd 3")
