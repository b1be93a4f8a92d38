"""Collections: made, shared with a circle, looked into by who is in it, left; invitations answered."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Home, choose
from tests.browser.guard import Guard
from twin_module.rest.cookie import PAGE
from twin_module.testing.person import Person, eventually

pytestmark = pytest.mark.browser

WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def tile(page: Page, name: str) -> Locator:
    return section(page, "What is there").get_by_role("listitem").filter(has_text=name)


def who(page: Page, words: str) -> Locator:
    return dialog(page).get_by_role("listitem").filter(has_text=words)


def circle_of(owner: Person, name: str, **members: Any) -> str:
    made: str = owner.command("circles", "create", name=name, **members)["room_id"]
    return made


def answered(page: Page, where: str, answer: dict[str, Any]) -> None:
    """Let a page get an answer that no twin gave."""
    page.route(f"**/v1/{where}", lambda route: route.fulfill(json=answer))


def test_a_collection_is_made_and_only_its_owner_sees_it(
    alice: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    page = home(alice, "collections")
    page.get_by_role("button", name="New collection").click()
    dialog(page).get_by_label("Name").fill("Diary")
    dialog(page).get_by_label("What it is for").fill("Nobody else's business")
    accessible(page)
    dialog(page).get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Diary")
    expect(page.get_by_text("Nobody else's business")).to_be_visible()
    page.get_by_role("button", name="Who can see this").click()
    expect(dialog(page)).to_contain_text("Nobody but you can see this.")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Collections", exact=True).click()
    expect(tile(page, "Diary")).to_contain_text("Only you")


def test_what_is_shared_with_a_circle_its_people_accept_see_and_change(
    alice: Person,
    bob: Person,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    bob.accept(circle_of(alice, "Household", members={bob.owner: "editor"}))
    room = alice.collection("Summer holidays")
    hers, his = home(alice, f"c/{room}"), home(bob, "collections")
    hers.get_by_role("textbox", name="What is to be done?").fill("Book the train")
    hers.keyboard.press("Enter")
    hers.get_by_role("button", name="Share", exact=True).click()
    expect(dialog(hers)).to_contain_text("It is shared with no circle yet.")
    further = dialog(hers).get_by_label("Circle", exact=True)
    further.select_option("Household")
    accessible(hers)
    dialog(hers).get_by_role("button", name="Share", exact=True).click()
    expect(dialog(hers).get_by_role("status")).to_have_text("Shared with Household.")
    expect(further.get_by_role("option", name="Household", exact=True)).to_have_count(0)
    hers.keyboard.press("Escape")

    asked = section(his, "Invitations").get_by_role("listitem").filter(has_text="Summer holidays")
    expect(asked).to_contain_text(f"alice {alice.owner} wants to share a collection with you:")
    accessible(his)
    asked.get_by_role("button", name="Accept Summer holidays").click()
    his.get_by_role("button", name="Open", exact=True).click()
    expect(his.get_by_role("heading", level=1)).to_have_text("Summer holidays")
    expect(his.get_by_role("link", name="Book the train")).to_be_visible()
    expect(his.get_by_text("You: may write")).to_be_visible()
    expect(his.get_by_role("button", name="Share", exact=True)).to_have_count(0)
    his.get_by_role("textbox", name="What is to be done?").fill("Pack the tent")
    his.keyboard.press("Enter")
    expect(hers.get_by_role("link", name="Pack the tent")).to_be_visible()

    hers.get_by_role("button", name="Who can see this").click()
    expect(who(hers, bob.owner)).to_contain_text("through the circle Household")
    expect(who(hers, bob.owner)).to_contain_text("may write")
    expect(who(hers, alice.owner)).to_contain_text("alice (you)")
    accessible(hers)
    hers.keyboard.press("Escape")
    picture(hers, "collection")
    hers.get_by_role("link", name="Collections", exact=True).click()
    expect(tile(hers, "Summer holidays")).to_contain_text("You and 1 other")
    accessible(hers)
    picture(hers, "collections")


def test_a_circle_may_do_less_and_then_nothing_any_more(
    alice: Person, bob: Person, home: Home, guard: Guard, accessible: Callable[[Page], None]
) -> None:
    guard.allows("404")  # what Bob's page is asking for while it is taken away
    club, room = (
        circle_of(alice, "Club", members={bob.owner: "editor"}),
        alice.collection("Accounts"),
    )
    alice.command("circles", "share", room_id=room, circle=club, role="editor")
    bob.accept(club, room)
    hers, his = home(alice, f"c/{room}"), home(bob, f"c/{room}")
    expect(his.get_by_text("You: may write")).to_be_visible()
    hers.get_by_role("button", name="Share", exact=True).click()
    dialog(hers).get_by_label("What everyone in Club may do").select_option("may read")
    expect(dialog(hers).get_by_role("status")).to_have_text("Everyone in Club: may read.")
    expect(his.get_by_text("You: may read")).to_be_visible()
    dialog(hers).get_by_role("button", name="Stop sharing with Club").click()
    expect(dialog(hers)).to_contain_text("can not see this collection any more")
    accessible(hers)
    dialog(hers).get_by_role("button", name="Cancel").click()
    stop = dialog(hers).get_by_role("button", name="Stop sharing with Club")
    expect(stop).to_be_focused()
    stop.click()
    dialog(hers).get_by_role("button", name="Stop sharing", exact=True).click()
    expect(dialog(hers).get_by_role("status")).to_have_text("No longer shared with Club.")
    expect(his.get_by_text("it is no longer shared with you")).to_be_visible()
    accessible(his)


def test_who_shares_nothing_yet_is_told_how(alice: Person, home: Home) -> None:
    page = home(alice, "collections", viewport=PHONE)
    # Only here is it not yet so: what the twin answers is nothing.
    answered(page, "collections?*", {"collections": []})
    answered(page, "invitations", {"invitations": []})
    answered(page, "people", {"people": [], "shares": []})
    page.reload()
    expect(page.get_by_text("There is no collection yet.")).to_be_visible()
    assert not page.evaluate(WIDER)
    page.get_by_role("link", name="People", exact=True).click()
    expect(page.get_by_text("There is no circle yet.")).to_be_visible()
    expect(page.get_by_text("You share nothing with anybody yet.")).to_be_visible()


def test_invitations_are_declined_and_collections_left(
    alice: Person, bob: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    refused, joined = bob.collection("Bob's timetable"), bob.collection("Bob's garden")
    for room in (refused, joined):
        bob.invite(room, alice.owner).ok()
    page = home(alice, "collections")
    waiting = section(page, "Invitations").get_by_role("listitem")
    waiting.get_by_role("button", name="Decline Bob's timetable").click()
    expect(page.get_by_role("status").filter(has_text="You declined")).to_be_visible()
    expect(waiting.filter(has_text="timetable")).to_have_count(0)
    waiting.get_by_role("button", name="Accept Bob's garden").click()
    expect(tile(page, "Bob's garden")).to_contain_text("You and 1 other")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    tile(page, "Bob's garden").get_by_role("link").click()
    page.get_by_role("button", name="Who can see this").click()
    expect(who(page, alice.owner)).to_contain_text("was invited directly")
    page.keyboard.press("Escape")
    choose(page, "Leave")
    expect(dialog(page)).to_contain_text("To come back you need a new invitation.")
    accessible(page)
    dialog(page).get_by_role("button", name="Leave", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Collections")
    expect(tile(page, "Bob's garden")).to_have_count(0)

    def gone() -> bool:
        members = bob.get(f"collections/{joined}")["members"]
        return [each["membership"] for each in members if each["user_id"] == alice.owner] == [
            "leave"
        ]

    eventually(gone, what="Bob's twin knows that Alice left")


def test_a_collection_gets_another_name_by_keyboard_alone(alice: Person, home: Home) -> None:
    room = alice.collection("Shed")
    page = home(alice, f"c/{room}")
    page.get_by_role("button", name="More to do").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Name and purpose")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog(page)).to_be_visible()
    dialog(page).get_by_label("Name").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("Shed and cellar")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Shed and cellar")
    expect(page.get_by_role("button", name="More to do")).to_be_focused()
    assert alice.get(f"collections/{room}")["name"] == "Shed and cellar"


def test_a_room_of_an_older_kind_opens_by_its_address(alice: Person, home: Home) -> None:
    room = alice.create_room(room_version="10", name="An old chat", preset="private_chat")
    assert ":" in room
    page = home(alice, f"c/{quote(room, safe='')}/tasks")
    expect(page.get_by_role("heading", level=1)).to_have_text("An old chat")


def test_two_hundred_circles_and_five_thousand_people_stay_quick(
    alice: Person,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    circles = [f"!circle{number}" for number in range(200)]
    collections = [f"!collection{number}" for number in range(200)]

    def room(room_id: str, kind: str) -> dict[str, Any]:
        name = f"{kind.title()} {re.sub('[^0-9]', '', room_id)}"
        shown = {"membership": "join", "topic": "", "creator": alice.owner, "role": "owner"}
        return {"room_id": room_id, "kind": kind, "name": name, **shown}

    def person(number: int) -> dict[str, Any]:
        inside = [circles[number % 200], circles[(number * 7) % 200]]
        return {
            "user_id": f"@person{number}:example.org",
            "displayname": f"Person {number}",
            "membership": "join",
            "circles": [
                {"room_id": each, "name": "Circle", "role": "viewer", "membership": "join"}
                for each in dict.fromkeys(inside)
            ],
            "collections": 1,
            "shared": [{"room_id": collections[number % 200], "membership": "join"}],
        }

    shares = [
        {"circle": circle, "room_id": each, "role": "editor"}
        for circle, each in zip(circles, collections, strict=True)
    ]
    people = [person(number) for number in range(5000)]
    rooms = {
        "circle": [room(each, "circle") for each in circles],
        "collection": [room(each, "collection") for each in collections],
        "other": [],
    }
    page = home(alice, "settings")
    # Only the answers are of this size, as making so many would take an hour.
    answered(page, "people", {"people": people, "shares": shares})
    for kind, listed in rooms.items():
        answered(page, f"collections?kind={kind}", {"collections": listed})
    page.goto(f"{PAGE}/collections")
    expect(tile(page, "Collection 0")).to_contain_text("You and 25 others")
    page.get_by_role("searchbox", name="Find a collection").fill("collection 19")
    expect(section(page, "What is there").get_by_role("listitem")).to_have_count(11)
    page.get_by_role("link", name="People", exact=True).click()
    everybody = section(page, "People")
    expect(everybody.get_by_role("listitem")).to_have_count(100)
    typed = """async () => {
        const input = document.querySelector('[aria-labelledby=everybody] input')
        input.value = 'person 4321'
        const start = performance.now()
        input.dispatchEvent(new InputEvent('input', { bubbles: true }))
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
        return performance.now() - start
    }"""
    assert page.evaluate(typed) < 1000
    expect(everybody.get_by_role("listitem")).to_have_count(1)
    expect(everybody).to_contain_text("@person4321:example.org")
    everybody.get_by_role("searchbox").fill("nobody is called that")
    expect(everybody.get_by_role("status")).to_have_text("Nobody here is called that.")
    everybody.get_by_role("searchbox").fill("")
    everybody.get_by_role("button", name="Show more").click()
    expect(everybody.get_by_role("listitem")).to_have_count(200)
