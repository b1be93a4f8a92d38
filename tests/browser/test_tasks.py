"""To-do lists: two people share one, as a list and as a board, by mouse, finger and keyboard, and offline."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Home
from tests.browser.guard import Guard
from twin_module.rest.cookie import PAGE
from twin_module.testing.person import Person, eventually

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>\u202e" + "x" * 900
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
OFFLINE = "ERR_INTERNET_DISCONNECTED"


@pytest.fixture
def room(alice: Person) -> str:
    """A collection of Alice's own."""
    return alice.collection("Household")


@pytest.fixture
def ours(alice: Person, bob: Person) -> str:
    """A collection of Alice's that Bob may write in."""
    room = alice.collection("Ours")
    alice.invite(room, bob.owner).ok()
    bob.accept(room)
    give(alice, room, bob, 25)
    knows_role(bob, room, "editor")
    return room


def give(owner: Person, room: str, person: Person, level: int) -> None:
    """Give somebody a power level, as any Matrix client does."""
    levels = owner.read_state(room, "m.room.power_levels", "").ok()
    levels["users"] = {**levels["users"], person.owner: level}
    owner.put_state(room, "m.room.power_levels", "", levels).ok()


def knows_role(person: Person, room: str, role: str) -> None:
    """Wait until somebody's twin knows which role they have in a room."""

    def check() -> bool:
        rooms = person.get("collections")["collections"]
        return any(each["room_id"] == room and each["role"] == role for each in rooms)

    eventually(check, what=f"{person.owner} is {role}")


def uid_of(title: str) -> str:
    return title.lower().replace(" ", "-")


def put(person: Person, room: str, title: str, **fields: Any) -> None:
    """Write a task with the API; its uid is made of its title."""
    task = {"@type": "Task", "title": title, **fields}
    person.put(f"rooms/{room}/tasks/{uid_of(title)}", task)


def content(person: Person, room: str, title: str) -> dict[str, Any]:
    """Return what somebody's twin has of the task with a title; empty if there is none."""
    objects = person.get(f"rooms/{room}/objects", capability="tasks", limit=1000)["objects"]
    return next((each["content"] for each in objects if each["content"]["title"] == title), {})


def stored(person: Person, room: str, title: str, **fields: Any) -> dict[str, Any]:
    """Wait until somebody's twin has a task with these fields, and return it."""

    def check() -> dict[str, Any]:
        found = content(person, room, title)
        assert {name: found.get(name) for name in fields} == fields
        return found

    return eventually(check, what=f"{title} with {fields}")


def part_of(title: str) -> dict[str, Any]:
    return {uid_of(title): {"@type": "Relation", "relation": {"parent": True}}}


def due_in(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S")


def group(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def card(page: Page, column: str, title: str) -> Locator:
    return group(page, column).get_by_role("listitem").filter(has_text=title)


def box(page: Page, title: str) -> Locator:
    return page.get_by_role("checkbox", name=title, exact=True)


def add(page: Page, *titles: str) -> None:
    """Add tasks as one does: type, Enter, and type the next one where the focus still is."""
    page.get_by_role("textbox", name="What is to be done?").click()
    for title in titles:
        page.keyboard.type(title)
        page.keyboard.press("Enter")


def middle(locator: Locator) -> tuple[float, float]:
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + min(box["height"] / 2, 200)


def test_what_one_adds_the_other_sees_and_ticks_off(
    alice: Person, bob: Person, ours: str, home: Home
) -> None:
    hers, his = home(alice, f"c/{ours}/tasks"), home(bob, f"c/{ours}/tasks")
    expect(his.get_by_text("Nothing to do yet.")).to_be_visible()
    add(hers, "Bread", "Milk")
    expect(group(hers, "Without a date").get_by_role("listitem")).to_have_count(2)
    box(his, "Bread").click()
    expect(his.get_by_role("status").filter(has_text="Done: Bread")).to_be_visible()
    hers.get_by_role("button", name="Done 1").click()
    expect(box(hers, "Bread")).to_be_checked()
    done = stored(alice, ours, "Bread", progress="completed", percentComplete=100)
    assert done["progressUpdated"] >= done["created"]
    his.get_by_role("button", name="Undo").click()
    expect(group(hers, "Without a date").get_by_role("listitem")).to_have_count(2)
    assert "percentComplete" not in stored(alice, ours, "Bread", progress="needs-action")


def test_tasks_stand_under_headings_with_their_parts_under_them(
    alice: Person,
    room: str,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    alice_does = {alice.owner: {"@type": "Participant", "roles": {"attendee": True}}}
    put(alice, room, "Call the plumber", due=due_in(-2), priority=1)
    put(alice, room, "Plan the summer", keywords={"family": True}, participants=alice_does)
    put(alice, room, "Book the train", due=due_in(3), relatedTo=part_of("Plan the summer"))
    put(alice, room, "Ask grandmother", progress="completed", relatedTo=part_of("Plan the summer"))
    put(alice, room, "Renew the passport", due=due_in(40), timeZone="Asia/Tokyo", priority=5)
    put(alice, room, "Paint the fence", progress="in-process", keywords={"garden": True})
    put(alice, room, "Buy a lamp", progress="cancelled")
    page = home(alice, f"c/{room}/tasks")
    expect(group(page, "Overdue").get_by_role("link")).to_have_text(["Call the plumber"])
    soon = group(page, "The coming days")
    expect(soon.get_by_role("link")).to_have_text(
        ["Plan the summer", "Book the train", "Ask grandmother"]
    )
    expect(soon.get_by_text("1 of 2 done")).to_be_visible()
    expect(group(page, "Later").get_by_role("link")).to_have_text(["Renew the passport"])
    accessible(page)
    picture(page, "tasks")
    soon.get_by_role("button", name="Subtasks of Plan the summer: 1 of 2 done").click()
    expect(soon.get_by_role("link")).to_have_count(1)
    page.get_by_role("button", name="Board").click()
    page.reload()
    expect(page.get_by_role("button", name="Board")).to_have_attribute("aria-pressed", "true")
    expect(card(page, "Done", "Buy a lamp")).to_contain_text("Cancelled")
    expect(card(page, "To do", "Book the train")).to_contain_text("Part of Plan the summer")
    accessible(page)
    picture(page, "board")
    page.emulate_media(color_scheme="dark")
    accessible(page)
    page.get_by_role("button", name="List").click()
    accessible(page)


def test_a_card_is_dragged_to_another_column(
    alice: Person, bob: Person, ours: str, home: Home
) -> None:
    put(alice, ours, "Paint")
    hers, his = home(alice, f"c/{ours}/tasks"), home(bob, f"c/{ours}/tasks")
    for page in (hers, his):
        page.get_by_role("button", name="Board").click()
    start = middle(card(hers, "To do", "Paint"))
    hers.mouse.move(*start)
    hers.mouse.down()
    hers.mouse.move(*middle(group(hers, "In progress")), steps=5)
    hers.mouse.up()
    expect(card(his, "In progress", "Paint")).to_be_visible()
    expect(hers.locator(".task-ghost")).to_have_count(0)
    stored(alice, ours, "Paint", progress="in-process")
    # Dropped where it was, on its own link.
    x, y = middle(card(hers, "In progress", "Paint").get_by_role("link"))
    hers.mouse.move(x, y)
    hers.mouse.down()
    hers.mouse.move(x + 40, y + 40, steps=3)
    hers.mouse.move(x, y, steps=3)
    hers.mouse.up()
    expect(card(hers, "In progress", "Paint")).to_be_visible()
    assert hers.url.endswith("/tasks"), "the click that ends a drag opens nothing"
    # A press of Escape puts it back.
    hers.mouse.move(*middle(card(hers, "In progress", "Paint")))
    hers.mouse.down()
    hers.mouse.move(*middle(group(hers, "Done")), steps=5)
    expect(hers.locator(".task-ghost")).to_be_visible()
    hers.keyboard.press("Escape")
    hers.mouse.up()
    expect(hers.locator(".task-ghost")).to_have_count(0)
    expect(card(hers, "In progress", "Paint")).to_be_visible()


def test_a_finger_that_rests_drags_and_one_that_moves_scrolls(
    alice: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    put(alice, room, "Paint")
    page = home(alice, f"c/{room}/tasks", viewport=PHONE, has_touch=True, is_mobile=True)
    page.get_by_role("button", name="Board").click()
    paint = card(page, "To do", "Paint")
    x, y = middle(paint)
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y} for x, y in points]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    def swipe() -> None:
        for step in range(1, 15):
            touch("touchMove", (x - 20 * step, y))

    touch("touchStart", (x, y))
    swipe()
    touch("touchEnd")
    expect(page.locator(".task-ghost")).to_have_count(0)
    expect(card(page, "To do", "Paint")).to_have_count(1)
    assert not page.evaluate(WIDER)
    accessible(page)

    page.locator(".board").evaluate("(board) => board.scrollTo({ left: 0, behavior: 'instant' })")
    x, y = middle(paint)
    touch("touchStart", (x, y))
    expect(page.locator(".task-ghost")).to_be_visible()
    # At the edge, the next column scrolls in under the finger.
    touch("touchMove", (PHONE["width"] - 5, y))
    expect(page.locator("[data-column=in-process][data-over]")).to_be_visible()
    touch("touchEnd")
    expect(card(page, "In progress", "Paint")).to_have_count(1)
    stored(alice, room, "Paint", progress="in-process")


def test_everything_goes_by_keyboard(alice: Person, room: str, home: Home) -> None:
    put(alice, room, "Second")
    put(alice, room, "First", due=due_in(1))
    page = home(alice, f"c/{room}/tasks")
    board = page.get_by_role("button", name="Board")
    expect(page.get_by_role("link", name="First")).to_be_visible()
    board.focus()
    page.keyboard.press("Enter")
    add(page, "Third")
    page.get_by_role("link", name="First").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Second")).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    expect(card(page, "In progress", "Second").get_by_role("link")).to_be_focused()
    expect(page.get_by_text("Moved to “In progress”")).to_be_attached()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("link", name="First")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menu", name="More for First")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Mark as in progress")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(card(page, "Done", "First").get_by_role("link")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(box(page, "First")).to_be_focused()
    page.keyboard.press("Space")
    expect(card(page, "To do", "First")).to_be_visible()
    # In the list, the focus goes on to the next one when one is ticked off.
    page.get_by_role("button", name="List").click()
    box(page, "Second").focus()
    page.keyboard.press("Space")
    expect(box(page, "Third")).to_be_focused()
    page.get_by_role("button", name="More for Third").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(page.get_by_role("button", name="More for Third")).to_be_focused()


def test_a_task_has_subtasks_which_go_with_it(alice: Person, room: str, home: Home) -> None:
    cellar = alice.collection("Cellar")
    page = home(alice, f"c/{room}/tasks")
    add(page, "Party")
    page.get_by_role("button", name="More for Party").click()
    page.get_by_role("menuitem", name="Add a subtask").click()
    page.keyboard.type("Invite")
    page.keyboard.press("Enter")
    page.keyboard.type("Cook")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_text("0 of 2 done")).to_be_visible()
    box(page, "Cook").click()
    expect(page.get_by_text("1 of 2 done")).to_be_visible()
    stored(alice, room, "Cook", progress="completed")
    page.get_by_role("button", name="More for Party").click()
    page.get_by_role("menuitem", name="Move to another list").click()
    page.get_by_role("combobox", name="Move to").select_option("Cellar")
    page.get_by_role("dialog").get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_text("Nothing to do yet.")).to_be_visible()
    party = stored(alice, cellar, "Party")
    assert party["progress"] == "needs-action"
    page.goto(f"{PAGE}/c/{cellar}/tasks")
    page.get_by_role("button", name="More for Party").click()
    page.get_by_role("menuitem", name="Remove").click()
    expect(page.get_by_text("Removed with 2 subtasks: Party")).to_be_visible()
    eventually(lambda: not content(alice, cellar, "Cook"), what="all three are gone")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("1 of 2 done")).to_be_visible()
    stored(alice, cellar, "Cook", progress="completed")


def test_what_is_written_offline_waits_and_is_sent_also_after_a_reload(
    alice: Person, room: str, home: Home, guard: Guard
) -> None:
    guard.expects(OFFLINE)
    guard.allows("Failed to load resource")
    put(alice, room, "Bread")
    page = home(alice, f"c/{room}/tasks")
    expect(box(page, "Bread")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    add(page, "Milk")
    milk = page.get_by_role("listitem").filter(has_text="Milk")
    expect(milk.get_by_text("Not sent yet")).to_be_visible()
    page.context.set_offline(False)
    expect(milk.get_by_text("Not sent yet")).to_have_count(0)
    stored(alice, room, "Milk")
    page.context.set_offline(True)
    add(page, "Honey")
    expect(page.get_by_role("listitem").filter(has_text="Honey")).to_contain_text("Not sent yet")
    assert not content(alice, room, "Honey")
    page.reload()
    expect(page.get_by_role("heading", name="Your twin does not answer")).to_be_visible()
    page.context.set_offline(False)
    expect(box(page, "Honey")).to_be_visible()
    stored(alice, room, "Honey")


def test_a_change_that_is_refused_is_taken_back_with_the_reason(
    alice: Person, bob: Person, ours: str, home: Home, guard: Guard
) -> None:
    guard.expects("403")
    guard.allows(OFFLINE)
    put(alice, ours, "Bread")
    page = home(bob, f"c/{ours}/tasks")
    expect(box(page, "Bread")).to_be_visible()
    page.context.set_offline(True)
    box(page, "Bread").click()
    expect(page.get_by_role("button", name="Done 1")).to_be_visible()
    give(alice, ours, bob, 0)
    knows_role(bob, ours, "viewer")
    page.context.set_offline(False)
    expect(page.get_by_role("status").filter(has_text="Not saved: Bread")).to_be_visible()
    expect(group(page, "Without a date").get_by_role("link", name="Bread")).to_be_visible()
    expect(page.get_by_role("checkbox")).to_have_count(0)
    assert "progress" not in content(alice, ours, "Bread")


def test_who_may_only_read_sees_everything_and_can_change_nothing(
    alice: Person,
    bob: Person,
    ours: str,
    home: Home,
    accessible: Callable[[Page], None],
) -> None:
    give(alice, ours, bob, 0)
    knows_role(bob, ours, "viewer")
    put(alice, ours, "Bread", description="Rye,\nif they have it", keywords={"shop": True})
    page = home(bob, f"c/{ours}/tasks")
    expect(group(page, "Without a date")).to_contain_text("#shop")
    for role in ("checkbox", "textbox"):
        expect(page.get_by_role(role)).to_have_count(0)
    expect(page.get_by_role("button", name="More for Bread")).to_have_count(0)
    accessible(page)
    page.get_by_role("link", name="Bread").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bread")
    expect(page.get_by_text("Rye,")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("textbox")).to_have_count(0)
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)
    accessible(page)


def test_all_of_a_task_can_be_changed_on_its_own_page(
    alice: Person,
    bob: Person,
    ours: str,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    put(alice, ours, "Bread", percentComplete=10)
    page = home(alice, f"c/{ours}/tasks/bread", timezone_id="America/New_York")
    page.get_by_role("textbox", name="Title").fill("Good bread")
    page.get_by_role("textbox", name="Title").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Good bread")
    page.get_by_role("combobox", name="Progress").select_option("In progress")
    page.get_by_role("spinbutton", name="Percent done").fill("40")
    page.get_by_role("combobox", name="Priority").select_option("High")
    page.get_by_label("Due date").fill("2027-03-01")
    page.get_by_label("Due time").fill("18:30")
    page.get_by_role("textbox", name="Description").fill("Rye\nor wheat")
    page.get_by_role("combobox", name="Assign to somebody").select_option(bob.owner)
    page.get_by_role("textbox", name="Add a keyword").fill("shop")
    page.get_by_role("textbox", name="Add a keyword").press("Enter")
    page.get_by_role("textbox", name="Add a subtask").fill("Find a bakery")
    page.get_by_role("textbox", name="Add a subtask").press("Enter")
    expect(page.get_by_text("0 of 1 done")).to_be_visible()
    stored(
        alice,
        ours,
        "Good bread",
        progress="in-process",
        percentComplete=40,
        priority=1,
        due="2027-03-01T18:30:00",
        timeZone="America/New_York",
        description="Rye\nor wheat",
        keywords={"shop": True},
        participants={bob.owner: {"@type": "Participant", "roles": {"attendee": True}}},
    )
    stored(alice, ours, "Find a bakery", relatedTo=part_of("Bread"))
    accessible(page)
    page.set_viewport_size(PHONE)
    picture(page, "task")
    page.emulate_media(color_scheme="dark")
    accessible(page)

    his = home(bob, f"c/{ours}/tasks/bread", timezone_id="Europe/Berlin")
    expect(his.get_by_label("Due date")).to_have_value("2027-03-02")
    expect(his.get_by_label("Due time")).to_have_value("00:30")
    expect(his.get_by_text("Mar 1, 2027, 6:30 PM in America/New York")).to_be_visible()
    his.get_by_role("button", name="Take it off bob").click()
    his.get_by_label("Due time").fill("")
    his.get_by_label("Due time").blur()
    day = stored(alice, ours, "Good bread", due="2027-03-02T23:59:59", participants={})
    assert "timeZone" not in day
    expect(page.get_by_label("Due date")).to_have_value("2027-03-02")
    expect(page.get_by_label("Due time")).to_have_value("")
    page.get_by_role("button", name="No date").click()
    eventually(lambda: "due" not in content(alice, ours, "Good bread"), what="no date any more")
    page.get_by_role("link", name="History and proof").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("History and proof")


def test_who_types_is_told_when_somebody_else_changes_the_same_text(
    alice: Person, room: str, home: Home
) -> None:
    put(alice, room, "Bread", description="Rye")
    page = home(alice, f"c/{room}/tasks/bread")
    text = page.get_by_role("textbox", name="Description")
    text.press_sequentially(" or wheat")
    put(alice, room, "Bread", description="Spelt")
    expect(page.get_by_text("Somebody else changed this")).to_be_visible()
    page.get_by_role("button", name="Take theirs instead").click()
    expect(text).to_have_value("Spelt")


def test_all_rooms_together_are_filtered_by_what_the_address_says(
    alice: Person,
    bob: Person,
    ours: str,
    home: Home,
    accessible: Callable[[Page], None],
) -> None:
    mine = {alice.owner: {"@type": "Participant", "roles": {"attendee": True}}}
    garden = alice.collection("Garden of filters")
    put(alice, garden, "Sow", keywords={"filters": True}, participants=mine)
    put(alice, ours, "Weed", keywords={"filters": True})
    read_only = bob.collection("Of Bob's only")
    bob.invite(read_only, alice.owner).ok()
    alice.accept(read_only)
    page = home(alice, "tasks?word=filters")
    links = page.locator("[data-task] a.title")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tasks")
    expect(links).to_have_text(["Sow", "Weed"])
    page.get_by_role("button", name="Mine").click()
    expect(links).to_have_text(["Sow"])
    accessible(page)
    into = page.get_by_role("combobox", name="Collection").first
    expect(into.get_by_role("option", name="Of Bob's only")).to_have_count(0)
    into.select_option("Garden of filters")
    add(page, "Reap")
    expect(links).to_have_text(["Reap", "Sow"])
    assert stored(alice, garden, "Reap")["participants"] == mine
    page.reload()
    expect(links).to_have_text(["Reap", "Sow"])
    page.get_by_role("searchbox", name="Filter by words").fill("sow")
    expect(links).to_have_text(["Sow"])
    expect(page).to_have_url(re.compile("q=sow"))
    page.get_by_role("searchbox", name="Filter by words").fill("nothing like it")
    expect(page.get_by_text("No task fits what you asked for.")).to_be_visible()
    page.get_by_role("button", name="Show all").first.click()
    expect(page.get_by_role("link", name="Weed")).to_be_visible()


def test_it_speaks_german(alice: Person, room: str, home: Home) -> None:
    put(alice, room, "Brot", due=due_in(1))
    page = home(alice, f"c/{room}/tasks", viewport=PHONE, locale="de-DE")
    soon = group(page, "Die nächsten Tage")
    expect(soon.get_by_role("listitem")).to_contain_text("morgen, ")
    page.get_by_role("button", name="Mehr zu Brot").click()
    page.get_by_role("menuitem", name="Als in Arbeit markieren").click()
    expect(soon.get_by_text("In Arbeit", exact=True)).to_be_visible()
    assert not page.evaluate(WIDER)


def test_what_others_wrote_does_no_harm(
    alice: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    alice.put(
        f"rooms/{room}/tasks/hostile",
        {
            "@type": "Task",
            "title": HOSTILE,
            "description": HOSTILE,
            "due": "2027-02-31T00:00:00",
            "keywords": {HOSTILE[:100]: True},
            "timeZone": "<b>",
        },
    )
    put(alice, room, "A", relatedTo=part_of("B"))
    put(alice, room, "B", relatedTo=part_of("A"))
    put(alice, room, "Self", relatedTo=part_of("Self"))
    put(alice, room, "Orphan", relatedTo=part_of("Gone"))
    page = home(alice, f"c/{room}/tasks", viewport=PHONE)
    expect(page.locator("[data-task]")).to_have_count(5)
    expect(page.get_by_role("link", name="<img src=x onerror=alert(1)>")).to_be_visible()
    assert not page.evaluate(WIDER)
    accessible(page)
    page.get_by_role("button", name="Board").click()
    expect(page.locator("[data-task]")).to_have_count(5)
    assert not page.evaluate(WIDER)
    page.goto(f"{PAGE}/c/{room}/tasks/hostile")
    expect(page.get_by_role("heading", level=1)).to_contain_text("<img src=x onerror=alert(1)>")
    assert not page.evaluate(WIDER)
    accessible(page)


def test_five_thousand_tasks_stay_quick(alice: Person, room: str, home: Home) -> None:
    def task(number: int) -> dict[str, Any]:
        task = {
            "@type": "Task",
            "title": f"Task {number}",
            "due": due_in(number % 90 - 5),
            "timeZone": "Asia/Tokyo",
            "progress": ["needs-action", "in-process", "completed"][number % 3],
        }
        return {
            "room_id": room,
            "capability": "tasks",
            "type": "org.digitaltwin.task",
            "uid": f"t{number}",
            "etag": f"${number}",
            "sender": alice.owner,
            "updated": number,
            "title": task["title"],
            "content": task,
        }

    page = home(alice, f"c/{room}/docs")
    # Only the answer is of this size, as making so many would take minutes.
    objects = [task(number) for number in range(5000)]
    page.route("**/objects?*", lambda route: route.fulfill(json={"objects": objects}))
    page.get_by_role("link", name="Tasks").last.click()
    expect(page.locator("[data-task]").first).to_be_visible()
    assert page.locator("[data-task]").count() <= 250
    typed = """async () => {
        const input = document.querySelector('.quick-add input')
        input.value = 'One more'
        const start = performance.now()
        input.form.requestSubmit()
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
        return performance.now() - start
    }"""
    assert page.evaluate(typed) < 1000
    page.get_by_role("button", name="Board").click()
    expect(page.locator("[data-task]")).to_have_count(150)
    group(page, "To do").get_by_role("button", name="Show more").click()
    expect(group(page, "To do").locator("[data-task]")).to_have_count(150)
    expect(group(page, "To do").locator("[data-task]").nth(50).get_by_role("link")).to_be_focused()
