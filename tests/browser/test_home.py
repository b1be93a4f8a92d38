"""Home: what is due today, what waits for an answer, and what others did."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Home
from tests.browser.guard import Guard
from twin_module.testing.person import CLIENT, Person, eventually
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, person_at

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>\u202e" + "x" * 900
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
NOON = datetime(2026, 7, 30, 12, 0, tzinfo=UTC)


@pytest.fixture
def room(alice: Person) -> str:
    """A collection of Alice's own."""
    return alice.collection("Household")


@pytest.fixture
def ours(alice: Person, bob: Person) -> str:
    """A collection of Bob's that Alice may write in."""
    circle = bob.command("circles", "create", name="Us", members={alice.owner: "editor"})
    room = bob.collection("Ours")
    bob.command("circles", "share", room_id=room, circle=circle["room_id"], role="editor")
    alice.accept(circle["room_id"], room)
    eventually(lambda: role_in(alice, room) == "editor", what="Alice may write")
    return room


def role_in(person: Person, room: str) -> str | None:
    rooms = person.get("collections")["collections"]
    return next((each["role"] for each in rooms if each["room_id"] == room), None)


def put(person: Person, room: str, title: str, **fields: Any) -> None:
    """Write a task with the API; its uid is made of its title."""
    uid = title.lower().replace(" ", "-")[:40]
    person.put(f"rooms/{room}/tasks/{uid}", {"@type": "Task", "title": title, **fields})


def due(hours: float, zone: str = "Etc/UTC") -> dict[str, str]:
    """Return the fields of what is due so many hours after noon."""
    at = NOON + timedelta(hours=hours)
    return {"due": at.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": zone}


def at_noon(home: Home, person: Person, **options: Any) -> Page:
    """Open Home as at noon of a day in July in London, where clocks show one hour more than UTC."""
    page = home(person, "search", timezone_id="Europe/London", locale="en-GB", **options)
    page.clock.set_fixed_time(NOON)
    page.get_by_role("link", name="Home").click()
    return page


def region(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def titles(where: Locator) -> Locator:
    return where.locator("a.title")


def test_what_is_due_is_ticked_off_right_here(
    alice: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    put(alice, room, "Call the plumber", **due(-30))
    put(alice, room, "Water the flowers", **due(5))
    put(alice, room, "Read the news", due="2026-07-30T23:59:59", showWithoutTime=True)
    put(alice, room, "Early in Auckland", due="2026-07-31T09:00:00", timeZone="Pacific/Auckland")
    put(alice, room, "Tomorrow", **due(24))
    put(alice, room, "Done already", progress="completed", **due(1))
    put(alice, room, "Some day")
    page = at_noon(home, alice)
    expect(page.get_by_role("heading", level=1)).to_have_text("Good afternoon, alice")
    expect(page.get_by_text("Thursday, 30 July 2026")).to_be_visible()
    expect(titles(region(page, "Overdue"))).to_have_text(["Call the plumber"])
    today = region(page, "Today")
    expect(titles(today)).to_have_text(["Water the flowers", "Early in Auckland", "Read the news"])
    accessible(page)
    today.get_by_role("checkbox", name="Water the flowers").focus()
    page.keyboard.press("Space")
    expect(titles(today)).to_have_text(["Early in Auckland", "Read the news"])
    expect(today.get_by_role("checkbox", name="Early in Auckland")).to_be_focused()
    eventually(
        lambda: (
            alice.get(f"rooms/{room}/tasks/water-the-flowers")["content"].get("progress")
            == "completed"
        )
    )
    page.get_by_role("button", name="Undo").click()
    expect(titles(today)).to_have_count(3)
    page.get_by_role("textbox", name="What is to be done today?").fill("Bake a cake")
    page.keyboard.press("Enter")
    expect(titles(today)).to_have_count(4)
    titles(today).get_by_text("Bake a cake").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bake a cake")
    expect(page.get_by_label("Due date")).to_have_value("2026-07-30")


def test_what_is_given_to_others_only_is_not_to_do_here(
    alice: Person, bob: Person, room: str, home: Home
) -> None:
    def given_to(*people: Person) -> dict[str, Any]:
        roles = {"@type": "Participant", "roles": {"attendee": True}}
        return {"participants": {each.owner: roles for each in people}}

    put(alice, room, "Of Bob", **due(1), **given_to(bob))
    put(alice, room, "Of both", **due(2), **given_to(alice, bob))
    page = at_noon(home, alice)
    today = titles(region(page, "Today"))
    expect(today.filter(has_text="Of both")).to_be_visible()
    expect(today.filter(has_text="Of Bob")).to_have_count(0)


def test_what_somebody_else_changes_appears_without_a_reload(
    alice: Person,
    bob: Person,
    ours: str,
    home: Home,
    accessible: Callable[[Page], None],
) -> None:
    page = home(alice)
    changes = region(page, "What others changed")
    expect(changes).to_be_visible()
    put(bob, ours, "Mend the roof", **now_due())
    put(bob, ours, "Paint the door")
    put(bob, ours, "Paint the door", priority=1)
    news = changes.get_by_role("listitem")
    expect(titles(news.first)).to_have_text("Paint the door")
    expect(news.first).to_contain_text(re.compile(r"bob.*Tasks.*Ours.*just now"))
    expect(titles(region(page, "Today")).get_by_text("Mend the roof")).to_be_visible()
    accessible(page)
    # Whoever changes it makes it their own news, and no longer that of the others.
    region(page, "Today").get_by_role("checkbox", name="Mend the roof").click()
    expect(titles(changes).get_by_text("Mend the roof")).to_have_count(0)
    eventually(
        lambda: "progress" in bob.get(f"rooms/{ours}/tasks/mend-the-roof")["content"],
        what="Bob has her change",
    )
    put(bob, ours, "Mend the roof", description="With slate", **now_due())
    expect(titles(news.first)).to_have_text("Mend the roof")
    titles(news.first).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mend the roof")


def now_due() -> dict[str, Any]:
    day = datetime.now().astimezone().strftime("%Y-%m-%d")
    return {"due": f"{day}T23:59:59", "showWithoutTime": True}


def test_the_changes_of_others_are_found_among_many_of_ones_own(
    alice: Person, bob: Person, ours: str, home: Home
) -> None:
    put(bob, ours, "Long ago")
    eventually(lambda: "long-ago" in alice.uids(ours), what="it arrived")
    mine = [
        {"capability": "tasks", "content": {"@type": "Task", "title": f"Mine {n}"}}
        for n in range(60)
    ]
    alice.post(f"rooms/{ours}/objects", {"objects": mine})
    page = home(alice)
    expect(titles(region(page, "What others changed")).get_by_text("Long ago")).to_be_visible()


def test_an_invitation_is_answered(
    alice: Person, bob: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    names = ("Ski trip", "Book club")
    for name in names:
        bob.command("circles", "create", name=name, members={alice.owner: "viewer"})
    shared = bob.collection("Recipes")
    bob.invite(shared, alice.owner).ok()
    page = home(alice)
    waiting = region(page, "Invitations")
    for name in (*names, "Recipes"):
        expect(waiting.get_by_text(name, exact=True)).to_be_visible()
    accessible(page)
    waiting.get_by_role("button", name="Accept Recipes").click()
    expect(page.get_by_text("You are in Recipes now.")).to_be_visible()
    assert role_in(alice, shared) == "viewer"
    for name in names:
        waiting.get_by_role("button", name=f"Decline {name}").click()
        expect(waiting.get_by_text(name, exact=True)).to_have_count(0)
    expect(waiting).to_have_count(0)
    assert not alice.invitations()


def test_unread_messages_open_in_a_matrix_client(
    alice: Person, bob: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    page = home(alice)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    chat = chat_with_messages(alice, bob, "Lunch?")
    unread = region(page, "Unread messages")
    lunch = unread.get_by_role("listitem").filter(has_text="Lunch")
    expect(lunch).to_contain_text("2 unread")
    address = unread.get_by_role("link", name="Lunch?").get_attribute("href")
    assert address is not None
    assert address.startswith(f"matrix:roomid/{chat.removeprefix('!')}")
    accessible(page)


def chat_with_messages(alice: Person, bob: Person, name: str) -> str:
    """Let Bob write to Alice twice in a chat of theirs."""
    chat = bob.create_room(is_direct=True, invite=[alice.owner], name=name)
    path = f"{CLIENT}/join/{chat}?via={bob.owner.split(':', 1)[1]}"
    eventually(lambda: alice.ask("POST", path, {}).status == 200, what="Alice joined")
    for number in range(2):
        say(bob, chat, number)
    return chat


def say(person: Person, room: str, number: int) -> None:
    path = f"{CLIENT}/rooms/{room}/send/m.room.message/{number}"
    person.ask("PUT", path, {"msgtype": "m.text", "body": f"Number {number}"}).ok()


def test_it_is_looked_over_at_a_glance(
    alice: Person,
    bob: Person,
    ours: str,
    room: str,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    put(alice, room, "Call the plumber", **due(-30))
    put(alice, room, "Water the flowers", **due(5))
    put(bob, ours, "Buy new tyres", **due(6))
    minutes = {"@type": "Document", "title": "Minutes of July", "text": "Everybody came.\n"}
    bob.put(f"rooms/{ours}/docs/minutes", minutes)
    trip = bob.collection("Summer trip")
    bob.invite(trip, alice.owner).ok()
    eventually(lambda: trip in alice.invitations(), what="Alice is invited")
    eventually(lambda: "minutes" in alice.uids(ours), what="Alice has the minutes")
    chat_with_messages(alice, bob, "Sunday lunch")
    page = at_noon(home, alice)
    expect(region(page, "Unread messages")).to_contain_text("Sunday lunch")
    expect(region(page, "Invitations")).to_contain_text("Summer trip")
    expect(titles(region(page, "Today"))).to_contain_text(["Water the flowers", "Buy new tyres"])
    expect(titles(region(page, "What others changed"))).to_contain_text(["Minutes of July"])
    accessible(page)
    picture(page, "home")
    alice.post(f"invitations/{trip}/decline")


def test_a_version_that_waits_is_decided_about(
    network: TwinNetwork, alice: Person, bob: Person, home: Home
) -> None:
    room = alice.collection("By invitation")
    alice.invite(room, bob.owner).ok()
    bob.accept(room)
    set_level(alice, room, bob, 25)
    eventually(lambda: role_in(bob, room) == "editor", what="Bob may write")
    put(alice, room, "Both")
    eventually(lambda: "both" in bob.uids(room), what="Bob has it")
    page = home(alice)
    expect(region(page, "What others changed")).to_be_visible()
    with network.cut_off("alice", "bob"):
        set_level(alice, room, bob, 0)
        put(bob, room, "Both", description="Bob's words")
        put(alice, room, "Both", priority=1)
    waiting = region(page, "One version waits")
    expect(waiting).to_be_visible(timeout=120_000)
    waiting.get_by_role("button", name="Take it in").click()
    expect(waiting).to_have_count(0)
    assert alice.get(f"rooms/{room}/tasks/both")["content"]["description"] == "Bob's words"


def set_level(owner: Person, room: str, person: Person, level: int) -> None:
    """Give somebody a power level, as any Matrix client does."""
    levels = owner.read_state(room, "m.room.power_levels", "").ok()
    levels["users"] = {**levels["users"], person.owner: level}
    owner.put_state(room, "m.room.power_levels", "", levels).ok()


@pytest.fixture
def newcomer(reactor_thread: ReactorThread, tmp_path: Any) -> Any:
    """Somebody whose twin was made just now."""
    with TwinNetwork(reactor_thread, tmp_path, ["carol"]) as network:
        yield person_at(network.start("carol"))


def test_who_is_new_sees_what_to_do_first(
    newcomer: Person,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    page = home(newcomer)
    steps = region(page, "Your twin is ready").get_by_role("listitem")
    expect(steps).to_have_count(3)
    accessible(page)
    picture(page, "home-empty")
    steps.nth(0).get_by_role("button", name="New collection").click()
    page.get_by_role("textbox", name="Name").fill("Household")
    page.get_by_role("button", name="Create").click()
    expect(steps.nth(0)).to_contain_text("done")
    add = page.get_by_role("textbox", name="What is to be done today?")
    expect(add).to_be_focused()
    page.keyboard.type("Unpack")
    page.keyboard.press("Enter")
    expect(steps.nth(1)).to_contain_text("done")
    expect(titles(region(page, "Today"))).to_have_text(["Unpack"])
    accessible(page)
    eventually(lambda: newcomer.get("objects", capability="tasks")["objects"], what="it is stored")
    steps.nth(2).get_by_role("link", name="To your people").click()
    expect(page).to_have_url(re.compile("/people$"))
    page.get_by_role("link", name="Home").first.click()
    expect(titles(region(page, "Today"))).to_have_text(["Unpack"])
    expect(region(page, "Your twin is ready")).to_have_count(0)


def test_hostile_names_do_no_harm_on_a_phone(
    alice: Person, bob: Person, ours: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    bob.put(f"rooms/{ours}/tasks/hostile", {"@type": "Task", "title": HOSTILE, **now_due()})
    shared = bob.collection(f"<b>{'y' * 200}")
    bob.invite(shared, alice.owner).ok()
    eventually(lambda: "hostile" in alice.uids(ours), what="it arrived")
    eventually(lambda: shared in alice.invitations(), what="Alice is invited")
    page = home(alice, viewport=PHONE, is_mobile=True, has_touch=True)
    expect(titles(region(page, "What others changed")).first).to_contain_text("<img src=x")
    expect(region(page, "Invitations")).to_contain_text("<b>yyy")
    assert page.locator("main img").count() == 0
    assert not page.evaluate(WIDER)
    accessible(page)
    page.emulate_media(color_scheme="dark")
    accessible(page)
    alice.post(f"invitations/{shared}/decline")


def test_it_says_when_it_can_not_be_read_and_tries_again(
    alice: Person, home: Home, guard: Guard
) -> None:
    guard.allows("Failed to load resource")
    # A service worker would ask where the test can't hold up an answer.
    page = home(alice, "search", service_workers="block")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.route("**/objects?*", lambda route: route.fulfill(status=502, body=""))
    page.get_by_role("link", name="Home").first.click()
    changes = region(page, "What others changed")
    expect(changes.get_by_role("alert")).to_contain_text("Your twin does not answer")
    page.unroute("**/objects?*")
    changes.get_by_role("button", name="Try again").click()
    expect(changes.get_by_role("alert")).to_have_count(0)
