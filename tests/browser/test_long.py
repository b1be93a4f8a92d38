"""Names of 255 letters, narrow windows, large text and few colours: nothing is cut off or pushed out."""

from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LAPTOP, PHONE, Home, choose
from tests.browser.everywhere import VIEWS, Things, calls, make, rename, too_wide
from twin_module.rest.cookie import PAGE
from twin_module.testing.person import Person, eventually

pytestmark = pytest.mark.browser

LONG = "W" * 255
WIDTHS = (LAPTOP["width"], 640, PHONE["width"], 320)
"""A laptop, the same at 200 %, a phone, and a laptop at 400 % (WCAG 2.2, 1.4.10)."""


@pytest.fixture(scope="module")
def long(alice: Person, bob: Person) -> Iterator[Things]:
    """Something of everything, all names of which are as long as they may be."""
    rename(alice, LONG)
    rename(bob, LONG)
    things = make(alice, bob, LONG, topic="W" * 1000, title="W" * 1000)
    offered = bob.post("collections", {"name": LONG, "topic": LONG})["room_id"]
    bob.invite(offered, alice.owner).ok()
    calls(alice, alice, LONG)
    calls(alice, bob, LONG)
    yield things
    rename(alice, "alice")
    rename(bob, "bob")
    calls(alice, bob, "bob")


def ready(page: Page) -> None:
    """Wait until everything of a view is there."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("One moment…")).to_have_count(0)
    expect(page.locator(".busy")).to_have_count(0)


def fits(page: Page) -> None:
    """Fail if anything is wider than the window, at each of its widths."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        assert too_wide(page) == [], f"at {width} px"


@pytest.mark.parametrize("view", VIEWS)
def test_names_of_255_letters_fit_in_each_view(
    view: str, alice: Person, long: Things, home: Home
) -> None:
    page = home(alice, VIEWS[view](long))
    ready(page)
    fits(page)


def opened(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


DIALOGS: dict[str, tuple[str, Callable[[Page], None]]] = {
    "who can see": ("collection", lambda page: opened(page, "Who can see this")),
    "sharing": ("collection", lambda page: opened(page, "Share")),
    "publishing": ("collection", lambda page: opened(page, "Publish")),
    "a collection's name": ("collection", lambda page: choose(page, "Name and purpose")),
    "leaving": ("collection", lambda page: choose(page, "Leave")),
    "moving a task": ("task", lambda page: opened(page, "Move to another list")),
    "versions of a document": ("document", lambda page: opened(page, "Name this version")),
    "one version": ("history", lambda page: opened(page, "Look at it")),
    "a new circle": ("people", lambda page: opened(page, "New circle")),
    "adding somebody": ("circle", lambda page: opened(page, "Add somebody")),
    "changing somebody": ("circle", lambda page: opened(page, "Change W")),
    "taking somebody out": ("circle", lambda page: opened(page, "Take out W")),
    "ending a circle": ("circle", lambda page: choose(page, "End the circle")),
}


@pytest.mark.parametrize("dialog", DIALOGS)
def test_names_of_255_letters_fit_in_each_dialog(
    dialog: str, alice: Person, long: Things, home: Home
) -> None:
    view, open_it = DIALOGS[dialog]
    page = home(alice, VIEWS[view](long))
    ready(page)
    open_it(page)
    expect(page.get_by_role("dialog")).to_be_visible()
    ready(page)
    fits(page)


def test_names_of_255_letters_fit_in_messages_and_menus(
    alice: Person, long: Things, home: Home
) -> None:
    page = home(alice, VIEWS["tasks of a collection"](long))
    ready(page)
    page.get_by_role("button", name="Board").click()
    fits(page)
    page.get_by_role("checkbox").first.click()
    message = page.get_by_role("status").filter(has_text="Done: W")
    expect(message).to_be_visible()
    fits(page)
    message.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="More for W").first.click()
    expect(page.get_by_role("menu")).to_be_visible()
    assert too_wide(page) == []


def test_a_title_of_a_thousand_letters_is_not_cut_when_something_else_is_changed(
    alice: Person, home: Home
) -> None:
    room, title = alice.collection("Titles"), "".join(f"{number:04} " for number in range(199))
    title = title.strip()
    alice.put(f"rooms/{room}/docs/d", {"@type": "Document", "title": title, "text": "x"})
    alice.put(f"rooms/{room}/tasks/t", {"@type": "Task", "title": title})
    page = home(alice, f"c/{room}/docs/d")
    page.get_by_role("button", name="Title and keywords").click()
    page.get_by_role("dialog").get_by_label("Keywords").fill("long")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("main").get_by_text("#long")).to_be_visible()
    page.goto(f"{PAGE}/c/{room}/tasks/t")
    page.get_by_label("Title").fill(f"{title} end")
    page.get_by_label("Title").blur()
    for kind, expected in (("docs/d", title), ("tasks/t", f"{title} end")):

        def stored(where: str = f"rooms/{room}/{kind}", expected: str = expected) -> bool:
            content = alice.get(where)["content"]
            return bool(
                content["title"] == expected and (content.get("keywords") or "end" in expected)
            )

        eventually(stored, what=f"all of the title of {kind} is there")


@pytest.mark.parametrize("view", VIEWS)
def test_text_twice_as_large_fits_in_each_view(
    view: str, alice: Person, long: Things, home: Home
) -> None:
    page = home(alice)
    size = "parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)"
    ready(page)
    before = page.evaluate(size)
    # What the person chose in the browser: letters alone grow, the window has as many pixels as before.
    larger = {"fontSizes": {"standard": 32, "fixed": 26}}
    page.context.new_cdp_session(page).send("Page.setFontSizes", larger)
    page.goto(f"{PAGE}/{VIEWS[view](long)}")
    ready(page)
    assert page.evaluate(size) > 1.6 * before
    assert too_wide(page) == []


CHOSEN = """() => [
    ['nav .item[aria-current]', 'nav .item:not([aria-current])'],
    ['.tabs > [aria-current]', '.tabs > :not([aria-current])'],
    ['[role=group] [aria-pressed=true]', '[role=group] [aria-pressed=false]'],
].filter((pair) => {
    const [one, other] = pair.map((each) => getComputedStyle(document.querySelector(each)).backgroundColor)
    return one === other
})"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_with_few_colours_what_is_chosen_is_still_seen(
    scheme: Literal["light", "dark"],
    alice: Person,
    long: Things,
    home: Home,
) -> None:
    page = home(alice, VIEWS["tasks of a collection"](long))
    page.emulate_media(forced_colors="active", color_scheme=scheme)
    ready(page)
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    assert page.evaluate(CHOSEN) == []


def test_who_wants_no_motion_gets_none_that_goes_on(
    alice: Person, long: Things, home: Home
) -> None:
    page = home(alice, VIEWS["tasks of a collection"](long), reduced_motion="reduce")
    ready(page)
    moving = "document.getAnimations().filter((each) => each.playState === 'running').length"
    page.get_by_role("button", name="Board").click()
    page.get_by_role("checkbox").first.click()
    expect(page.get_by_role("status").filter(has_text="Done: W")).to_be_visible()
    eventually(lambda: page.evaluate(moving) == 0, what="nothing moves any more")
    page.get_by_role("button", name="Undo").click()
