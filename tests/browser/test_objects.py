"""A page for any capability, drawn from its declaration: of the one that the documentation builds,
which the page has never heard of, and of attestations.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Home
from tests.browser.guard import Guard
from tests.docs.page import MODULE, files_of, loaded, written_to
from twin_module.rooms import CAPABILITIES
from twin_module.testing.person import Person, eventually
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, person_at

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
BOOKMARK = "org.digitaltwin.bookmark"
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def carol(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Person]:
    """Carol, whose twin has the capability that the documentation builds."""
    folder = tmp_path_factory.mktemp("bookmarks")
    written = written_to(folder / "page", files_of(Path(__file__).parents[2]))
    bookmarks = loaded(written / MODULE, "bookmarks_of_the_page").BOOKMARKS
    with (
        pytest.MonkeyPatch.context() as patched,
        TwinNetwork(reactor_thread, folder / "twins", ["carol"]) as network,
    ):
        patched.setattr("twin_module.module.CAPABILITIES", (*CAPABILITIES, bookmarks))
        yield person_at(network.start("carol"))


@pytest.fixture
def reading(carol: Person) -> str:
    """A collection of Carol's."""
    return carol.collection("Reading")


def keep(person: Person, room: str, uid: str, title: str, **fields: Any) -> None:
    """Keep a bookmark with the API."""
    content = {"@type": "Bookmark", "title": title, "url": "https://example.org/", **fields}
    person.put(f"rooms/{room}/bookmarks/{uid}", content)


def stored(person: Person, room: str) -> list[dict[str, Any]]:
    """Return the bookmarks of a room as its twin has them."""
    objects = person.get(f"rooms/{room}/objects", capability="bookmarks", sort="title")["objects"]
    return [each["content"] for each in objects]


def form(page: Page) -> Locator:
    return page.get_by_role("dialog")


def titles(page: Page) -> Locator:
    return page.locator(".object-list .title")


def test_a_capability_that_was_just_added_has_a_page(
    carol: Person, reading: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    page = home(carol, f"c/{reading}/bookmarks")
    expect(page.get_by_text("There is nothing here yet.")).to_be_visible()
    page.get_by_role("button", name="New").click()
    expect(form(page)).to_contain_text("What the page is called.")
    accessible(page)
    form(page).get_by_label("Title").fill("Matrix")
    form(page).get_by_label("Url").fill("https://spec.matrix.org/")
    form(page).get_by_role("button", name="Add an entry: Keywords").click()
    form(page).get_by_label("Keywords, entry 1", exact=True).fill("protocols")
    form(page).get_by_role("button", name="Create").click()
    expect(form(page)).to_have_count(0)
    expect(titles(page)).to_have_text(["Matrix"])
    expect(page.locator(".object-list")).to_contain_text("Keywords: protocols")
    content = {
        "@type": "Bookmark",
        "title": "Matrix",
        "url": "https://spec.matrix.org/",
        "keywords": {"protocols": True},
    }
    found = eventually(lambda: stored(carol, reading))
    assert [{name: each[name] for name in content} for each in found] == [content]

    titles(page).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Matrix")
    link = page.get_by_role("link", name="https://spec.matrix.org/")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    accessible(page)
    page.emulate_media(color_scheme="dark")
    accessible(page)


def test_a_command_of_its_own_is_a_button_with_a_form(
    carol: Person, reading: str, home: Home
) -> None:
    keep(carol, reading, "a", "Old")
    page = home(carol, f"c/{reading}/bookmarks/a")
    page.get_by_role("button", name="Rename").click()
    expect(form(page)).to_contain_text("Give a bookmark another title")
    expect(form(page).get_by_label("Title")).to_have_value("Old")
    form(page).get_by_label("Title").fill("New")
    form(page).get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New")


def test_a_form_sends_only_what_changed(carol: Person, reading: str, home: Home) -> None:
    keep(carol, reading, "a", "Old", keywords={"one": True, "two": True}, colour="red")
    page = home(carol, f"c/{reading}/bookmarks/a")
    page.get_by_role("button", name="Edit").click()
    keep(carol, reading, "a", "Theirs", keywords={"one": True, "two": True}, colour="blue")
    form(page).get_by_role("button", name="Take out: Keywords, entry 1").click()
    form(page).get_by_role("button", name="Save").click()
    expect(form(page)).to_have_count(0)
    eventually(lambda: stored(carol, reading)[0]["keywords"] == {"two": True})
    [content] = stored(carol, reading)
    assert (content["title"], content["colour"]) == ("Theirs", "blue")
    page.get_by_text("One more field that this twin does not know").click()
    expect(page.get_by_role("definition").filter(has_text="blue")).to_be_visible()


def test_what_does_not_fit_is_said_at_its_field_and_nothing_is_lost(
    carol: Person, reading: str, home: Home
) -> None:
    page = home(carol, f"c/{reading}/bookmarks")
    page.get_by_role("button", name="New").click()
    form(page).get_by_label("Url").fill("javascript:alert(1)")
    form(page).get_by_role("button", name="Create").click()
    expect(form(page).get_by_label("Title")).to_be_focused()
    expect(form(page).get_by_label("Title")).to_have_accessible_description(
        "This is needed. What the page is called."
    )
    expect(form(page).get_by_label("Url")).to_have_accessible_description(
        "This is not written in the form that is expected here. Where the page is."
    )
    expect(form(page).get_by_label("Url")).to_have_value("javascript:alert(1)")
    assert stored(carol, reading) == []


def test_a_refusal_of_the_twin_is_shown_at_the_field_that_it_names(
    carol: Person, reading: str, home: Home, guard: Guard
) -> None:
    guard.expects("400")
    page = home(carol, f"c/{reading}/bookmarks")
    page.get_by_role("button", name="New").click()
    form(page).get_by_label("Url").fill("https://example.org/")
    # Half a surrogate pair is a text to a browser, and to nobody else.
    form(page).get_by_label("Title").evaluate(
        "(input) => { input.value = 'a\\ud800b'; input.dispatchEvent(new Event('input', {bubbles: true})) }"
    )
    form(page).get_by_role("button", name="Create").click()
    expect(form(page).locator(".wrong")).to_contain_text("half a surrogate pair")
    expect(form(page).get_by_label("Title")).to_be_focused()
    expect(form(page).get_by_label("Url")).to_have_value("https://example.org/")
    form(page).get_by_label("Title").fill("Better")
    form(page).get_by_role("button", name="Create").click()
    expect(titles(page)).to_have_text(["Better"])


def test_what_was_removed_comes_back(carol: Person, reading: str, home: Home) -> None:
    keep(carol, reading, "a", "Dear to me", colour="red")
    page = home(carol, f"c/{reading}/bookmarks/a")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("There is nothing here yet.")).to_be_visible()
    eventually(lambda: stored(carol, reading) == [])
    page.get_by_role("button", name="Undo").click()
    expect(titles(page)).to_have_text(["Dear to me"])
    eventually(lambda: [each["colour"] for each in stored(carol, reading)] == ["red"])


def test_what_is_made_without_a_network_waits_and_is_not_lost(
    carol: Person, reading: str, home: Home, guard: Guard
) -> None:
    guard.expects("ERR_INTERNET_DISCONNECTED")
    page = home(carol, f"c/{reading}/bookmarks")
    page.get_by_role("button", name="New").click()
    page.context.set_offline(True)
    form(page).get_by_label("Title").fill("On the train")
    form(page).get_by_label("Url").fill("https://example.org/")
    form(page).get_by_role("button", name="Create").click()
    expect(titles(page)).to_have_text(["On the train"])
    expect(page.locator(".object-list")).to_contain_text("Waits to be sent")
    assert stored(carol, reading) == []
    page.context.set_offline(False)
    expect(page.locator(".object-list")).not_to_contain_text("Waits to be sent")
    assert [each["title"] for each in stored(carol, reading)] == ["On the train"]


def test_a_list_is_narrowed_down_and_sorted_as_the_capability_declares(
    carol: Person, reading: str, home: Home, picture: Callable[[Page, str], None]
) -> None:
    keep(carol, reading, "b", "Bread", keywords={"food": True})
    keep(carol, reading, "c", "Cats", keywords={"animals": True})
    keep(carol, reading, "a", "Apples", keywords={"food": True})
    page = home(carol, f"c/{reading}/bookmarks")
    expect(titles(page)).to_have_text(["Apples", "Cats", "Bread"])
    page.get_by_label("Sorted by").select_option("Title")
    expect(titles(page)).to_have_text(["Apples", "Bread", "Cats"])
    picture(page, "any-capability")
    page.get_by_label("Keyword").fill("food")
    expect(titles(page)).to_have_text(["Apples", "Bread"])
    keep(carol, reading, "d", "Dates", keywords={"food": True})
    keep(carol, reading, "e", "Eagles", keywords={"animals": True})
    expect(titles(page)).to_have_text(["Apples", "Bread", "Dates"])
    page.get_by_label("Keyword").fill("nothing")
    expect(page.get_by_text("Nothing fits what you asked for.")).to_be_visible()
    page.get_by_role("button", name="Show all again").click()
    expect(titles(page)).to_have_count(5)


def test_a_long_list_is_shown_in_parts(carol: Person, reading: str, home: Home) -> None:
    content = {"@type": "Bookmark", "title": "Many", "url": "https://example.org/"}
    objects = [
        {"capability": "bookmarks", "uid": f"n{number}", "content": content}
        for number in range(150)
    ]
    carol.post(f"rooms/{reading}/objects", {"objects": objects})
    page = home(carol, f"c/{reading}/bookmarks")
    expect(page.get_by_text("150 entries")).to_be_visible()
    expect(titles(page)).to_have_count(100)
    page.get_by_role("button", name="Show more").click()
    expect(titles(page)).to_have_count(150)


def test_hostile_content_is_only_text(
    carol: Person, reading: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    keep(
        carol,
        reading,
        "a",
        f"{HOSTILE}\u202e" + "W" * 900,
        keywords={HOSTILE: True, "w" * 90: True},
        unknown={"__proto__": HOSTILE, "deep": [[["javascript:alert(1)"]]]},
        other="javascript:alert(1)",
    )
    page = home(carol, f"c/{reading}/bookmarks", viewport=PHONE)
    expect(titles(page)).to_contain_text(HOSTILE)
    assert not page.evaluate(WIDER)
    accessible(page)
    titles(page).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(HOSTILE)
    page.get_by_text("2 more fields that this twin does not know").click()
    expect(page.get_by_text("javascript:alert(1)", exact=True)).to_be_visible()
    assert page.locator("main a[href^='javascript']").count() == 0
    assert page.locator("main img").count() == 0
    assert not page.evaluate(WIDER)
    accessible(page)
    page.get_by_role("button", name="Edit").click()
    accessible(page)
    assert not page.evaluate(WIDER)


def test_a_form_can_be_filled_in_with_the_keyboard_alone(
    carol: Person, reading: str, home: Home
) -> None:
    page = home(carol, f"c/{reading}/bookmarks")
    page.get_by_role("button", name="New").focus()
    page.keyboard.press("Enter")
    expect(form(page)).to_be_visible()
    form(page).get_by_label("Title").focus()
    page.keyboard.type("Typed")
    page.keyboard.press("Tab")
    page.keyboard.type("https://example.org/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(form(page).get_by_label("Keywords, entry 1", exact=True)).to_be_focused()
    page.keyboard.type("keys")
    page.keyboard.press("Enter")
    expect(titles(page)).to_have_text(["Typed"])
    expect(page.get_by_role("button", name="New")).to_be_focused()


def test_what_is_not_there_says_so(carol: Person, reading: str, home: Home, guard: Guard) -> None:
    guard.expects("404")
    page = home(carol, f"c/{reading}/bookmarks/nowhere")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not here")


def test_who_may_only_read_is_offered_nothing_else(alice: Person, bob: Person, home: Home) -> None:
    room = alice.collection("Read only")
    alice.command("attestations", "issue", room_id=room, statement="known", person=bob.owner)
    alice.invite(room, bob.owner)
    bob.accept(room)
    page = home(bob, f"c/{room}/attestations")
    titles(page).click()
    expect(page.get_by_role("link", name="History and proof")).to_be_visible()
    expect(page.get_by_role("button", name="Revoke")).to_have_count(0)
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)


def test_a_statement_is_signed_read_and_taken_back(
    alice: Person,
    bob: Person,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    room = alice.collection("Words of honour")
    page = home(alice, f"c/{room}/attestations")
    page.get_by_role("button", name="Issue").click()
    form(page).get_by_label("Statement").select_option("Checked")
    form(page).get_by_label("Person").fill(bob.owner)
    form(page).get_by_label("Description").fill("I met him")
    form(page).get_by_role("button", name="Issue").click()
    expect(titles(page)).to_have_text([f"{alice.owner}: checked"])
    # Filled in field by field it would be signed by nobody.
    expect(page.get_by_role("button", name="New")).to_have_count(0)
    titles(page).click()
    expect(page.get_by_text("I met him")).to_be_visible()
    expect(page.get_by_text(f"Signed by alice ({alice.owner}), and it holds.")).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text=bob.owner).first).to_be_visible()
    expect(page.get_by_role("button", name="Edit")).to_have_count(0)
    accessible(page)
    picture(page, "statement")
    page.get_by_role("button", name="Revoke").click()
    form(page).get_by_label("Reason").fill("It was his twin")
    form(page).get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("It was his twin")).to_be_visible()
    expect(page.get_by_text("who has taken it back since")).to_be_visible()


def test_a_statement_that_somebody_else_wrote_is_not_shown_as_signed(
    alice: Person, bob: Person, home: Home
) -> None:
    room = alice.collection("Words of others")
    written = alice.command(
        "attestations", "issue", room_id=room, statement="known", person=alice.owner
    )
    where = f"rooms/{room}/attestations"
    content = alice.get(f"{where}/{written['objects'][0]['uid']}")["content"]
    bobs = bob.owner.replace("@", "matrix:u/")
    alice.put(
        f"{where}/forged", {**content, "credential": {**content["credential"], "issuer": bobs}}
    )
    page = home(alice, f"c/{room}/attestations/forged")
    expect(page.get_by_text("nobody said it")).to_be_visible()
