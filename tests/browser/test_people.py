"""People and circles: who is in them, what they reach, and the twin as somebody else sees it."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Home, choose
from tests.browser.guard import Guard
from twin_module.rest.cookie import PAGE
from twin_module.testing.person import CLIENT, Person, eventually

pytestmark = pytest.mark.browser

WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def make_circle(owner: Person, name: str, **members: Any) -> str:
    """Make a circle with the API and return its room ID."""
    made: str = owner.command("circles", "create", name=name, **members)["room_id"]
    return made


def share(owner: Person, room: str, circle: str, role: str = "editor") -> None:
    owner.command("circles", "share", room_id=room, circle=circle, role=role)


def page_of(person: Person) -> str:
    return f"people/{quote(person.owner, safe='')}"


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def row(page: Page, part: str, words: str) -> Locator:
    return section(page, part).get_by_role("listitem").filter(has_text=words)


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def rename(person: Person, name: str) -> None:
    """Change somebody's display name, as any Matrix client does."""
    person.put(f"{CLIENT}/profile/{quote(person.owner)}/displayname", {"displayname": name})


def calls(owner: Person, who: Person, name: str) -> None:
    """Wait until somebody's twin calls somebody else by a name."""

    def check() -> bool:
        people = owner.get("people")["people"]
        return any(each["user_id"] == who.owner and each["displayname"] == name for each in people)

    eventually(check, what=f"{who.owner} is called {name}")


def test_a_circle_is_made_of_people_and_they_answer(
    alice: Person,
    bob: Person,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    hers, his = home(alice, "people"), home(bob, "people")
    hers.get_by_role("button", name="New circle").click()
    dialog(hers).get_by_label("Name").fill("Choir")
    dialog(hers).get_by_label("What it is for").fill("Tuesdays at seven")
    member = dialog(hers).get_by_label("Matrix ID of member 1")
    member.fill("bob@example.org")
    dialog(hers).get_by_role("button", name="Create").click()
    expect(dialog(hers).get_by_role("alert")).to_contain_text("looks like an email address")
    expect(member).to_be_focused()
    accessible(hers)
    member.fill(bob.owner)
    dialog(hers).get_by_label("What member 1 may do").select_option("may read")
    dialog(hers).get_by_role("button", name="One more").click()
    expect(dialog(hers).get_by_label("Matrix ID of member 2")).to_be_focused()
    hers.keyboard.type(bob.owner)
    hers.keyboard.press("Enter")
    expect(dialog(hers).get_by_role("alert")).to_have_text("This person is named twice.")
    dialog(hers).get_by_role("button", name="Take out row 2").click()
    dialog(hers).get_by_role("button", name="Create").click()
    expect(hers.get_by_role("heading", level=1)).to_have_text("Choir")
    expect(hers.get_by_text("Tuesdays at seven")).to_be_visible()
    expect(row(hers, "Members", bob.owner)).to_contain_text("has not answered")
    expect(section(hers, "What it reaches")).to_contain_text("No collection is shared")
    accessible(hers)
    asked = row(his, "Requests", "Choir")
    expect(asked).to_contain_text(alice.owner)
    accessible(his)
    asked.get_by_role("button", name="Accept Choir").click()
    expect(his.get_by_role("status").filter(has_text="You are in Choir now.")).to_be_visible()
    expect(row(hers, "Members", bob.owner)).not_to_contain_text("has not answered")
    expect(row(hers, "Members", bob.owner)).to_contain_text("may read")
    his.get_by_role("button", name="Open", exact=True).click()
    expect(his.get_by_role("heading", level=1)).to_have_text("Choir")
    expect(his.get_by_text(f"A circle of alice {alice.owner}")).to_be_visible()
    expect(his.get_by_role("button", name="Add somebody")).to_have_count(0)
    accessible(his)


def test_what_somebody_sees_and_why_is_told_and_shown(
    alice: Person,
    bob: Person,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    family = make_circle(
        alice, "Family", purpose="What we do at home", members={bob.owner: "editor"}
    )
    shopping, trip = alice.collection("Shopping"), alice.collection("Trip to the sea")
    alice.collection("Diary")
    share(alice, shopping, family)
    share(alice, trip, family, "viewer")
    alice.put(f"rooms/{shopping}/tasks/bread", {"@type": "Task", "title": "Bread"})
    bob.accept(family, shopping)
    page = home(alice, page_of(bob))
    expect(page.get_by_role("heading", level=1)).to_have_text("bob")
    expect(page.get_by_text(bob.owner)).to_be_visible()
    seen = "What bob can see"
    expect(row(page, seen, "Shopping")).to_contain_text("through the circle Family")
    expect(row(page, seen, "Shopping")).to_contain_text("may write")
    expect(row(page, seen, "Trip to the sea")).to_contain_text("invited, sees nothing yet")
    expect(row(page, seen, "Diary")).to_have_count(0)
    expect(row(page, "Circles that you share", "Family")).to_be_visible()
    chat = page.get_by_role("link", name="Open the chat")
    expect(chat).to_have_attribute("href", f"matrix:u/{bob.owner[1:]}?action=chat")
    accessible(page)
    picture(page, "person")
    row(page, "Circles that you share", "Family").get_by_role("link").click()
    expect(section(page, "What it reaches").get_by_role("listitem")).to_have_count(2)
    expect(row(page, "Members", bob.owner)).to_contain_text("may write")
    picture(page, "circle")
    page.get_by_role("link", name="People", exact=True).click()
    expect(row(page, "People", bob.owner)).to_contain_text(re.compile(r"\d shared collections"))
    expect(row(page, "Circles", "Family")).to_contain_text("Reaches 2 collections")
    expect(row(page, "Waiting for an answer", bob.owner)).to_contain_text("Trip to the sea")
    accessible(page)
    picture(page, "people")
    row(page, "People", bob.owner).get_by_role("link", name="bob").click()
    page.get_by_role("link", name="See as bob", exact=True).click()
    expect(
        page.get_by_role("status").filter(has_text="You see your twin as bob sees it.")
    ).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_text("Diary")).to_have_count(0)
    expect(row(page, "Invitations", "Trip to the sea")).to_be_visible()
    accessible(page)
    page.get_by_role("link", name="See Shopping as bob").click()
    expect(page.get_by_text("You see what bob sees here: may write")).to_be_visible()
    expect(section(page, "Tasks")).to_contain_text("Bread")
    accessible(page)
    page.goto(f"{PAGE}/c/{trip}?as={quote(bob.owner, safe='')}")
    expect(page.get_by_text("was invited and sees nothing here before accepting")).to_be_visible()
    page.get_by_role("link", name="Everything that bob sees").click()
    page.get_by_role("link", name="See it as yourself again").click()
    bob.accept(trip)
    expect(row(page, seen, "Trip to the sea")).to_contain_text("may read")


def test_who_is_taken_out_loses_what_they_had_only_through_the_circle(
    alice: Person, bob: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    neighbours = make_circle(alice, "Neighbours", members={bob.owner: "editor"})
    gardeners = make_circle(alice, "Gardeners", members={bob.owner: "viewer"})
    key, hedge = alice.collection("Spare key"), alice.collection("The hedge")
    share(alice, key, neighbours)
    share(alice, hedge, neighbours)
    share(alice, hedge, gardeners)
    bob.accept(neighbours, gardeners, key, hedge)
    page, his = home(alice, f"circles/{neighbours}"), home(bob, f"c/{key}")
    expect(his.get_by_role("heading", level=1)).to_have_text("Spare key")
    expect(section(page, "What it reaches").get_by_role("listitem")).to_have_count(2)
    page.get_by_role("button", name="Change bob").click()
    dialog(page).get_by_label("May do at most").select_option("may write and share")
    accessible(page)
    dialog(page).get_by_role("button", name="Save").click()
    expect(row(page, "Members", bob.owner)).to_contain_text("may write and share")
    page.get_by_role("button", name="Take out bob").click()
    lost = dialog(page).locator("div").filter(has_text="bob then loses access to:").last
    kept = dialog(page).locator("div").filter(has_text="bob keeps access to these").last
    expect(lost.get_by_role("listitem")).to_have_text(["Spare key"])
    expect(kept.get_by_role("listitem")).to_have_text(["The hedge"])
    accessible(page)
    dialog(page).get_by_role("button", name="Take out of the circle").click()
    expect(row(page, "Members", bob.owner)).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(his.get_by_role("status").filter(has_text="no longer shared with you")).to_be_visible()
    rooms = {each["room_id"] for each in bob.get("collections")["collections"]}
    assert hedge in rooms
    assert key not in rooms
    page.get_by_role("button", name="Add somebody").click()
    dialog(page).get_by_label("Matrix ID").fill("bob")
    expect(dialog(page).get_by_role("option", name="bob", exact=True)).to_have_count(0)
    dialog(page).get_by_role("button", name="Add", exact=True).click()
    expect(dialog(page).get_by_role("alert")).to_contain_text("begins with @")
    dialog(page).get_by_label("Matrix ID").fill(bob.owner)
    dialog(page).get_by_role("button", name="Add", exact=True).click()
    expect(row(page, "Members", bob.owner)).to_contain_text("has not answered")
    eventually(lambda: neighbours in bob.invitations(), what="bob is asked again")


def test_who_left_is_asked_again_only_when_the_owner_wants_it(
    alice: Person, bob: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    circle = make_circle(alice, "Chess", members={bob.owner: "editor"})
    bob.accept(circle)
    page, his = home(alice, f"circles/{circle}"), home(bob, f"circles/{circle}")
    choose(his, "Leave the circle")
    expect(dialog(his)).to_contain_text("You leave the circle, and with it every collection")
    accessible(his)
    dialog(his).get_by_role("button", name="Leave", exact=True).click()
    expect(his.get_by_role("heading", level=1)).to_have_text("People and circles")
    expect(row(page, "Members", bob.owner)).to_contain_text("not reached yet, or gone")
    page.get_by_role("button", name="Ask again: bob").click()
    expect(row(page, "Members", bob.owner)).to_contain_text("has not answered")
    expect(row(his, "Requests", "Chess")).to_be_visible()
    row(his, "Requests", "Chess").get_by_role("button", name="Decline Chess").click()
    expect(row(his, "Requests", "Chess")).to_have_count(0)
    expect(row(page, "Members", bob.owner)).to_contain_text("not reached yet, or gone")


def test_a_circle_gets_another_name_and_ends(
    alice: Person,
    bob: Person,
    home: Home,
    accessible: Callable[[Page], None],
    guard: Guard,
) -> None:
    circle = make_circle(alice, "Reading", members={bob.owner: "editor"})
    bob.accept(circle)
    # His page may just be reading it when it ends.
    guard.allows(f"collections/{circle}")
    page, his = home(alice, f"circles/{circle}"), home(bob, f"circles/{circle}")
    choose(page, "Name and purpose")
    dialog(page).get_by_label("Name").fill("Reading and writing")
    dialog(page).get_by_label("What it is for").fill("Every first Monday")
    dialog(page).get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reading and writing")
    expect(his.get_by_role("heading", level=1)).to_have_text("Reading and writing")
    expect(his.get_by_text("Every first Monday")).to_be_visible()
    choose(page, "End the circle")
    expect(dialog(page)).to_contain_text("This can not be taken back.")
    dialog(page).get_by_role("button", name="End the circle").click()
    expect(page.get_by_text("This circle has ended")).to_be_visible()
    expect(his.get_by_text("This circle is not here, or you are no longer in it.")).to_be_visible()
    his.get_by_role("link", name="To people and circles").click()
    expect(his.get_by_role("heading", level=1)).to_be_focused()
    page.get_by_role("link", name="People", exact=True).click()
    tile = section(page, "Circles").get_by_role("listitem").filter(has_text="Reading and writing")
    expect(tile).to_contain_text("has ended")
    accessible(page)
    tile.get_by_role("link").click()
    page.get_by_role("button", name="Take it off the list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("People and circles")
    expect(tile).to_have_count(0)


def test_who_poses_as_somebody_else_is_told_apart_by_their_id(
    alice: Person,
    bob: Person,
    home: Home,
    accessible: Callable[[Page], None],
) -> None:
    circle = make_circle(alice, "\u202eelcric\u202c <b>", members={bob.owner: "editor"})
    room = alice.collection("\u202eterces")
    share(alice, room, circle)
    bob.accept(circle, room)
    spoofed = f"alice\u202e{'x' * 60}\u202c <img src=x onerror=alert(1)>"
    rename(bob, spoofed)
    try:
        calls(alice, bob, spoofed)
        page = home(alice, "people", viewport=PHONE)
        everybody = section(page, "People")
        expect(everybody).to_contain_text(bob.owner)
        expect(everybody.get_by_role("link", name="<img src=x onerror=alert(1)>")).to_be_visible()
        assert "\u202e" not in page.locator("body").inner_text()
        assert not page.evaluate(WIDER)
        accessible(page)
        for view in (page_of(bob), f"{page_of(bob)}?see=1", f"circles/{circle}", f"c/{room}"):
            page.goto(f"{PAGE}/{view}")
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            if view == f"c/{room}":
                page.get_by_role("button", name="Who can see this").click()
            expect(page.get_by_text(bob.owner).first).to_be_visible()
            assert "\u202e" not in page.locator("body").inner_text()
            assert not page.evaluate(WIDER)
            accessible(page)
    finally:
        rename(bob, "bob")
        calls(alice, bob, "bob")


def test_who_is_nobody_here_has_no_page(alice: Person, home: Home, guard: Guard) -> None:
    guard.expects("404")
    page = home(alice, f"people/{quote('@nobody:nowhere.example', safe='')}")
    expect(
        page.get_by_role("status").filter(has_text="@nobody:nowhere.example is in no")
    ).to_be_visible()
    page.get_by_role("link", name="To people and circles").click()
    expect(page).to_have_url(re.compile("/people$"))
    page.goto(f"{PAGE}/circles/!gone")
    expect(page.get_by_text("This circle is not here")).to_be_visible()


def test_who_could_not_be_reached_yet_is_waited_for(
    alice: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    nobody_answers = "@dora:localhost:1"
    circle = make_circle(alice, "Cousins", members={nobody_answers: "viewer"})
    page = home(alice, f"circles/{circle}")
    expect(row(page, "Members", nobody_answers)).to_contain_text("not reached yet, or gone")
    page.get_by_role("link", name="dora").click()
    expect(page.get_by_text("dora can see nothing on your twin.")).to_be_visible()
    accessible(page)
    page.get_by_role("link", name="See as dora").click()
    expect(page.get_by_text("dora can see nothing on your twin.")).to_be_visible()
    page.get_by_role("link", name="People", exact=True).click()
    expect(row(page, "Waiting for an answer", nobody_answers)).to_contain_text("Cousins")
    alice.command("circles", "remove", room_id=circle, user_id=nobody_answers)
    expect(row(page, "Waiting for an answer", nobody_answers)).to_have_count(0)
    expect(row(page, "People", nobody_answers)).to_have_count(0)


def test_it_speaks_german(alice: Person, bob: Person, home: Home) -> None:
    make_circle(alice, "Nachbarn", members={bob.owner: "viewer"})
    page = home(alice, "people", viewport=PHONE, locale="de-DE")
    expect(row(page, "Kreise", "Nachbarn")).to_contain_text("Du und 1 weitere Person")
    expect(row(page, "Warten auf Antwort", bob.owner)).to_contain_text("Nachbarn")
    row(page, "Kreise", "Nachbarn").get_by_role("link").click()
    expect(row(page, "Mitglieder", bob.owner)).to_contain_text("hat noch nicht geantwortet")
    assert not page.evaluate(WIDER)
