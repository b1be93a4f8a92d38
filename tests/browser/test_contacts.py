"""The contacts of a collection: read, found, made and changed with the usual fields."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Home
from twin_module.testing.person import Person, eventually

pytestmark = pytest.mark.browser

HOSTILE: Final = "<img src=x onerror=alert(1)>"
WIDER: Final = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
BOB: Final = {
    "@type": "Card",
    "version": "1.0",
    "kind": "individual",
    "name": {"@type": "Name", "full": "Bob Miller", "sortAs": {"surname": "Miller"}},
    "organizations": {"o1": {"@type": "Organization", "name": "Example Bakery"}},
    "emails": {
        "e1": {"@type": "EmailAddress", "address": "bob@work.example", "contexts": {"work": True}}
    },
    "phones": {"p1": {"@type": "Phone", "number": "+49 30 123456", "features": {"mobile": True}}},
    "onlineServices": {
        "s1": {"@type": "OnlineService", "service": "Matrix", "uri": "matrix:u/bob:example.org"}
    },
    "anniversaries": {
        "d1": {
            "@type": "Anniversary",
            "kind": "birth",
            "date": {"@type": "PartialDate", "month": 4, "day": 15},
        }
    },
}


@pytest.fixture
def room(alice: Person) -> Iterator[str]:
    """A collection of Alice's own."""
    room = alice.collection("People")
    yield room
    alice.leave(room)


def put(person: Person, room: str, uid: str, **fields: Any) -> None:
    person.put(f"rooms/{room}/contacts/{uid}", {"@type": "Card", "version": "1.0", **fields})


def card(person: Person, room: str, uid: str) -> dict[str, Any]:
    content: dict[str, Any] = person.get(f"rooms/{room}/contacts/{uid}")["content"]
    return content


def rows(page: Page) -> Locator:
    return page.get_by_role("main").get_by_role("article")


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def field(page: Page, name: str) -> Locator:
    return dialog(page).get_by_label(name, exact=True)


def test_contacts_are_read_by_name_with_ways_to_reach_them(
    alice: Person,
    room: str,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    alice.put(f"rooms/{room}/contacts/bob", BOB)
    put(alice, room, "ada", name={"full": "Ada Nord"})
    put(alice, room, "us", kind="group", name={"full": "Band"}, members={"bob": True, "ada": True})
    page = home(alice, f"c/{room}", locale="en-GB")
    expect(rows(page)).to_have_text(
        [re.compile("Ada Nord"), re.compile("Band.*2 members", re.DOTALL), re.compile("Bob Miller")]
    )
    bob = rows(page).last
    for said in ("Example Bakery", "+49 30 123456", "@bob:example.org", "15 April"):
        expect(bob).to_contain_text(said)
    expect(bob.get_by_role("link", name="bob@work.example")).to_have_attribute(
        "href", "mailto:bob%40work.example"
    )
    expect(bob.get_by_role("link", name="+49 30 123456")).to_have_attribute(
        "href", "tel:+4930123456"
    )
    accessible(page)
    picture(page, "contacts")
    bob.get_by_role("link", name="Bob Miller").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bob Miller")


def test_a_contact_is_made_changed_and_removed_and_each_is_undone(
    alice: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    page = home(alice, f"c/{room}/contacts", locale="en-GB")
    expect(page.get_by_text("There is no contact yet.")).to_be_visible()
    page.get_by_role("button", name="New contact").click()
    expect(field(page, "Name")).to_be_focused()
    dialog(page).get_by_role("button", name="Create").click()
    expect(dialog(page).get_by_role("alert")).to_contain_text("Fill in a name")
    field(page, "Name").fill("Ada Nord")
    field(page, "Email").fill("ada@example.org\nada@work.example")
    field(page, "Matrix ID").fill("ada@example.org")
    dialog(page).get_by_role("button", name="Create").click()
    expect(dialog(page).get_by_role("alert")).to_contain_text("looks like an email address")
    field(page, "Matrix ID").fill("@ada:example.org")
    field(page, "Address").fill("Lane 1\nTown")
    field(page, "Day").fill("15")
    field(page, "Month").select_option(label="April")
    field(page, "Note").fill("Likes tea")
    accessible(page)
    dialog(page).get_by_role("button", name="Create").click()
    expect(rows(page)).to_contain_text("Ada Nord")
    expect(rows(page)).to_contain_text("ada@work.example")
    [uid] = eventually(lambda: alice.uids(room, capability="contacts"))
    made = card(alice, room, uid)
    assert made["emails"] == {
        "e1": {"@type": "EmailAddress", "address": "ada@example.org"},
        "e2": {"@type": "EmailAddress", "address": "ada@work.example"},
    }
    assert made["anniversaries"]["d1"]["date"] == {"@type": "PartialDate", "month": 4, "day": 15}

    rows(page).get_by_role("button", name="Edit Ada Nord").click()
    expect(field(page, "Month")).to_have_value("4")
    field(page, "Name").fill("Ada South")
    field(page, "Email").fill("ada@example.org")
    dialog(page).get_by_role("button", name="Save").click()
    expect(rows(page)).to_contain_text("Ada South")
    eventually(lambda: list(card(alice, room, uid)["emails"]) == ["e1"])
    page.get_by_role("button", name="Undo").click()
    expect(rows(page)).to_contain_text("Ada Nord")
    eventually(lambda: list(card(alice, room, uid)["emails"]) == ["e1", "e2"])
    rows(page).get_by_role("button", name="Edit Ada Nord").click()
    dialog(page).get_by_role("button", name="Remove this contact").click()
    expect(rows(page)).to_have_count(0)
    page.get_by_role("button", name="Undo").last.click()
    expect(rows(page)).to_contain_text("Ada Nord")


def test_what_the_form_does_not_show_stays(alice: Person, room: str, home: Home) -> None:
    alice.put(f"rooms/{room}/contacts/bob", {**BOB, "keywords": {"friends": True}})
    page = home(alice, f"c/{room}/contacts", locale="en-GB")
    rows(page).get_by_role("button", name="Edit Bob Miller").click()
    field(page, "Email").fill("bob@new.example")
    dialog(page).get_by_role("button", name="Save").click()
    eventually(lambda: card(alice, room, "bob")["emails"]["e1"]["address"] == "bob@new.example")
    changed = card(alice, room, "bob")
    assert changed["emails"]["e1"]["contexts"] == {"work": True}
    assert changed["keywords"] == {"friends": True}
    assert changed["name"] == BOB["name"]


def test_one_of_many_is_found(alice: Person, room: str, home: Home) -> None:
    for number in range(12):
        put(alice, room, f"c{number}", name={"full": f"Person {number}"})
    alice.put(f"rooms/{room}/contacts/bob", BOB)
    page = home(alice, f"c/{room}/contacts", locale="en-GB")
    expect(rows(page)).to_have_count(13)
    page.get_by_role("searchbox", name="Find a contact").fill("bakery")
    expect(rows(page)).to_have_text([re.compile("Bob Miller")])
    page.get_by_role("searchbox", name="Find a contact").fill("nobody")
    expect(page.get_by_text("No contact has that.")).to_be_visible()


def test_who_may_only_read_is_offered_nothing_else(
    alice: Person, bob: Person, room: str, home: Home
) -> None:
    alice.put(f"rooms/{room}/contacts/bob", BOB)
    alice.invite(room, bob.owner).ok()
    bob.accept(room)
    page = home(bob, f"c/{room}/contacts", locale="en-GB")
    expect(rows(page)).to_contain_text("Bob Miller")
    expect(page.get_by_role("button", name="New contact")).to_have_count(0)
    expect(rows(page).get_by_role("button")).to_have_count(0)
    bob.leave(room)


def test_hostile_content_is_only_text_on_a_phone_from_right_to_left(
    alice: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    put(
        alice,
        room,
        "evil",
        name={"full": HOSTILE + "x" * 500},
        emails={"e1": {"address": "javascript:alert(1)//@x" + "y" * 400}},
        phones={"p1": {"number": "javascript:alert(2)"}},
        onlineServices={"s1": {"service": "Matrix", "user": "@a:b" + "c" * 300}},
        addresses={"a1": {"full": "z" * 900}},
        notes={"n1": {"note": HOSTILE * 50}},
    )
    page = home(
        alice, f"c/{room}/contacts", viewport=PHONE, is_mobile=True, has_touch=True, locale="de-DE"
    )
    page.evaluate("document.documentElement.dir = 'rtl'")
    expect(rows(page)).to_contain_text(HOSTILE)
    assert page.locator("main img").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0
    assert not page.evaluate(WIDER)
    accessible(page)
    rows(page).get_by_role("button", name=re.compile("bearbeiten")).tap()
    expect(field(page, "Telefon")).to_have_value("javascript:alert(2)")
    assert dialog(page).evaluate("(each) => each.scrollWidth <= each.clientWidth")
    accessible(page)
