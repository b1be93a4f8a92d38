"""Without a network: the page opens, what is written waits and is seen to, and nothing is missed."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Home
from tests.browser.guard import Guard
from tests.browser.line import Line, line_to
from twin_module.rest.cookie import PAGE
from twin_module.testing.person import Person, eventually
from twin_module.testing.twins import TwinNetwork

pytestmark = pytest.mark.browser

AWAY = ("ERR_INTERNET_DISCONNECTED", "Failed to load resource", "ERR_CONNECTION_REFUSED")
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def room(alice: Person) -> str:
    """A collection of Alice's own."""
    return alice.collection("Household")


@pytest.fixture
def line(alice: Person) -> Iterator[Line]:
    """A line to Alice's twin that can be cut."""
    with line_to(urlsplit(alice.url).port or 0) as line:
        yield line


@pytest.fixture
def away(guard: Guard) -> None:
    """Let the browser say that it got no answer."""
    for words in AWAY:
        guard.allows(words)


def put(person: Person, room: str, title: str, **fields: Any) -> None:
    uid = title.lower().replace(" ", "-")
    person.put(f"rooms/{room}/tasks/{uid}", {"@type": "Task", "title": title, **fields})


def tasks(person: Person, room: str) -> dict[str, dict[str, Any]]:
    """Return the contents of a room's tasks by title."""
    objects = person.get(f"rooms/{room}/objects", capability="tasks", limit=1000)["objects"]
    return {each["title"]: each["content"] for each in objects}


def add(page: Page, title: str) -> None:
    page.get_by_role("textbox", name="What is to be done?").fill(title)
    page.keyboard.press("Enter")


def task(page: Page, title: str) -> Locator:
    return page.locator("[data-task]").filter(has_text=title)


def keeps_itself(page: Page) -> None:
    """Wait until the page's files are kept in the browser."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def state(page: Page) -> Locator:
    return page.locator("[role=status][data-connected]")


def test_a_write_shows_at_once_and_waits_where_one_sees_it(
    alice: Person,
    room: str,
    home: Home,
    away: None,
    accessible: Callable[[Page], None],
) -> None:
    put(alice, room, "Bread")
    page = home(alice, f"c/{room}/tasks")
    expect(task(page, "Bread")).to_be_visible()
    page.context.set_offline(True)
    expect(state(page)).to_have_text("Not connected")
    add(page, "Milk")
    expect(task(page, "Milk").get_by_text("Not sent yet")).to_be_visible()
    page.get_by_role("checkbox", name="Bread").click()
    page.get_by_role("button", name="2 changes wait").click()
    dialog = page.get_by_role("dialog", name="Waits to be sent")
    expect(dialog.get_by_role("listitem")).to_have_count(2)
    expect(dialog.get_by_role("listitem").nth(0)).to_contain_text("Milk")
    expect(dialog.get_by_role("listitem").nth(0)).to_contain_text("New · Household")
    expect(dialog.get_by_role("listitem").nth(1)).to_contain_text("Changed · Household")
    accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Home").first.click()
    waiting = page.get_by_role("region", name="Waits to be sent")
    expect(waiting.get_by_role("listitem")).to_have_count(2)
    accessible(page)
    assert set(tasks(alice, room)) == {"Bread"}
    page.context.set_offline(False)
    expect(waiting).to_have_count(0)
    expect(state(page)).to_have_text("Live")
    eventually(lambda: "Milk" in tasks(alice, room), what="the new one is there")
    assert tasks(alice, room)["Bread"]["progress"] == "completed"


def test_a_reload_without_a_network_shows_what_waits_and_sends_it_later(
    alice: Person,
    room: str,
    home: Home,
    line: Line,
    away: None,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    page = home(alice, f"c/{room}/tasks", at=line.url, viewport=PHONE)
    expect(page.get_by_text("Nothing to do yet.")).to_be_visible()
    keeps_itself(page)
    line.cut()
    add(page, "Honey")
    expect(task(page, "Honey")).to_contain_text("Not sent yet")
    for address in (page.url, f"{PAGE}/tasks"):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_have_text("Your twin does not answer")
        waiting = page.get_by_role("region", name="Waits to be sent")
        expect(waiting.get_by_role("listitem")).to_contain_text(["Honey"])
    assert not page.evaluate(WIDER)
    accessible(page)
    page.emulate_media(color_scheme="dark")
    accessible(page)
    picture(page, "offline")
    assert not tasks(alice, room)
    line.mend()
    expect(task(page, "Honey")).to_be_visible()
    expect(task(page, "Honey").get_by_text("Not sent yet")).to_have_count(0)
    eventually(lambda: "Honey" in tasks(alice, room), what="it is there")


def test_a_write_that_is_refused_is_taken_back_with_the_reason(
    alice: Person, bob: Person, home: Home, guard: Guard, accessible: Callable[[Page], None]
) -> None:
    guard.expects("403")
    room = shared(alice, bob)
    put(alice, room, "Bread")
    eventually(lambda: "Bread" in tasks(bob, room), what="Bob has it")
    page = home(bob, f"c/{room}/tasks")
    bread = page.get_by_role("checkbox", name="Bread", exact=True)
    expect(bread).to_be_visible()
    # Of what he may do otherwise nothing changes, so his page can't know before.
    levels = alice.read_state(room, "m.room.power_levels", "").ok()
    levels["events"] = {**levels["events"], "org.digitaltwin.task": 100}
    alice.put_state(room, "m.room.power_levels", "", levels).ok()
    eventually(
        lambda: bob.read_state(room, "m.room.power_levels", "").ok() == levels, what="Bob has it"
    )
    bread.click()
    said = page.get_by_role("status").filter(has_text="Not saved: Bread")
    expect(said).to_contain_text("permission")
    expect(bread).not_to_be_checked()
    expect(page.get_by_role("region", name="Without a date").get_by_text("Bread")).to_be_visible()
    accessible(page)
    said.locator("div").filter(has_text="Not saved").get_by_role("button", name="Close").click()
    expect(page.get_by_text("Not saved: Bread")).to_have_count(0)
    assert "progress" not in tasks(alice, room)["Bread"]
    expect(state(page)).to_have_text("Live")


def shared(alice: Person, bob: Person) -> str:
    """Return a collection of Alice's that Bob may write in."""
    circle = alice.command("circles", "create", name="Us", members={bob.owner: "editor"})
    room = alice.collection("Ours")
    alice.command("circles", "share", room_id=room, circle=circle["room_id"], role="editor")
    bob.accept(circle["room_id"], room)

    def may_write() -> bool:
        rooms = bob.get("collections")["collections"]
        return any(each["room_id"] == room and each["role"] == "editor" for each in rooms)

    eventually(may_write, what="Bob may write")
    return room


def test_nothing_is_missed_of_what_happened_without_a_network(
    alice: Person, bob: Person, home: Home, away: None
) -> None:
    room = shared(alice, bob)
    for title in ("Changed meanwhile", "Removed meanwhile"):
        put(alice, room, title)
        eventually(lambda title=title: title in tasks(bob, room), what="Bob has it")  # type: ignore[misc]  # bound early
    page = home(alice, f"c/{room}/tasks")
    expect(page.locator("[data-task]")).to_have_count(2)
    page.context.set_offline(True)
    expect(state(page)).to_have_text("Not connected")
    put(bob, room, "Changed meanwhile", progress="in-process")
    put(bob, room, "New meanwhile")
    bob.ask("DELETE", f"rooms/{room}/tasks/removed-meanwhile").ok()
    asked = bob.collection("Asked meanwhile")
    bob.invite(asked, alice.owner).ok()
    eventually(lambda: asked in alice.invitations(), what="Alice is invited")
    eventually(
        lambda: set(tasks(alice, room)) == {"Changed meanwhile", "New meanwhile"},
        what="her twin has it all",
    )
    page.context.set_offline(False)
    expect(task(page, "New meanwhile")).to_be_visible()
    expect(task(page, "Changed meanwhile")).to_contain_text("In progress")
    expect(page.locator("[data-task]")).to_have_count(2)
    page.get_by_role("link", name="Home").first.click()
    invitations = page.get_by_role("region", name="Invitations")
    expect(invitations).to_contain_text("Asked meanwhile")
    invitations.get_by_role("button", name="Decline Asked meanwhile").click()
    expect(invitations).to_have_count(0)


def test_after_sleep_a_connection_that_died_unseen_is_made_anew(
    alice: Person, room: str, home: Home, line: Line, away: None
) -> None:
    page = home(alice, f"c/{room}/tasks", at=line.url, service_workers="block")
    expect(page.get_by_text("Nothing to do yet.")).to_be_visible()
    line.freeze()
    put(alice, room, "Milk")
    add(page, "Honey")
    expect(task(page, "Honey")).to_contain_text("Not sent yet")
    expect(state(page)).to_contain_text("Sending")
    line.thaw()
    # Timers stand still while a device sleeps, its clock does not.
    page.clock.set_fixed_time(page.evaluate("Date.now() + 10 * 60 * 1000"))
    expect(task(page, "Milk")).to_be_visible()
    expect(state(page)).to_contain_text("Live")
    expect(task(page, "Honey").get_by_text("Not sent yet")).to_have_count(0)
    eventually(lambda: "Honey" in tasks(alice, room), what="it was sent")


def test_a_page_recovers_from_a_restart_of_its_twin(
    network: TwinNetwork, alice: Person, room: str, home: Home, away: None
) -> None:
    page, other = home(alice, f"c/{room}/tasks"), home(alice)
    expect(page.get_by_text("Nothing to do yet.")).to_be_visible()
    expect(state(other)).to_have_text("Live")
    keeps_itself(page)
    twin = network.twins["alice"]
    twin.stop()
    try:
        expect(state(page)).to_contain_text("Not connected")
        expect(state(other)).to_contain_text("Not connected")
        add(page, "Milk")
        expect(task(page, "Milk")).to_contain_text("Not sent yet")
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your twin does not answer")
        expect(page.get_by_role("listitem")).to_contain_text(["Milk"])
    finally:
        twin.start()
    expect(task(page, "Milk")).to_be_visible()
    eventually(lambda: "Milk" in tasks(alice, room), what="it was sent")
    expect(state(other)).to_have_text("Live")


def test_it_can_be_installed(alice: Person, home: Home) -> None:
    page = home(alice)
    keeps_itself(page)
    devtools = page.context.new_cdp_session(page)
    found = devtools.send("Page.getAppManifest")
    assert not found["errors"]
    errors = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # Nothing can be installed in the browser contexts of tests, which are incognito windows.
    assert {each["errorId"] for each in errors} <= {"in-incognito"}
    manifest = json.loads(found["data"])
    assert manifest["start_url"] == manifest["scope"] == f"{PAGE}/"
    for icon in manifest["icons"]:
        answer = page.request.get(f"{PAGE}/{icon['src']}")
        assert answer.ok
        assert answer.headers["content-type"].startswith(icon["type"])
        if icon["type"] == "image/png":
            width, height = (int.from_bytes(answer.body()[at : at + 4]) for at in (16, 20))
            assert icon["sizes"] == f"{width}x{height}"
    assert any("maskable" in icon.get("purpose", "") for icon in manifest["icons"])


def test_the_worker_keeps_no_data_of_the_twin(alice: Person, room: str, home: Home) -> None:
    put(alice, room, "Not for strangers")
    page = home(alice, f"c/{room}/tasks")
    expect(task(page, "Not for strangers")).to_be_visible()
    keeps_itself(page)
    kept = page.evaluate(
        """async () => {
            const found = []
            for (const name of await caches.keys()) {
                for (const request of await (await caches.open(name)).keys()) found.push(request.url)
            }
            return found
        }"""
    )
    assert len(kept) > 10
    assert not [address for address in kept if "/v1/" in address or "/_matrix/" in address]
