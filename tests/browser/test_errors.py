"""What cannot be read or fetched says so where it would stand, and is there after one more try."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Home
from tests.browser.everywhere import VIEWS, Things, make
from tests.browser.guard import Guard
from twin_module.rest.cookie import PAGE
from twin_module.testing.person import Person

pytestmark = pytest.mark.browser

AWAY = "Your twin does not answer at the moment"
BROKEN = "Something went wrong in your twin (500)"
READING = {view: at for view, at in VIEWS.items() if view not in ("collections", "people")}
"""Those that read something when they open; the others show what the page has already."""
ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "500": ({"status": 500, "json": {"errcode": "M_UNKNOWN", "error": "Oops"}}, BROKEN),
    "500 of a proxy": ({"status": 500, "body": ""}, BROKEN),
    "502": ({"status": 502, "body": "<html>"}, AWAY),
    "429": ({"status": 429, "json": {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 1}}, AWAY),
    "a page of somebody else": ({"status": 200, "body": "<html>Pay for this network"}, AWAY),
}
GO = """(to) => {
    history.pushState(null, '', to)
    dispatchEvent(new PopStateEvent('popstate'))
}"""


@pytest.fixture(scope="module")
def things(alice: Person, bob: Person) -> Things:
    """Something of everything."""
    return make(alice, bob, "Things", topic="What is there", title="Thing www")


@pytest.fixture
def at_search(home: Home, alice: Person, guard: Guard) -> Page:
    """A page that has read nothing yet; no service worker asks where a test can't hold it up."""
    guard.allows("Failed to load resource")
    page = home(alice, "search", service_workers="block")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def fail(page: Page, **answer: Any) -> Callable[[], None]:
    """Let all that is read fail; returns how to end that."""

    def instead(route: Route) -> None:
        route.fulfill(**answer) if route.request.method == "GET" else route.fallback()

    page.route("**/v1/**", instead)
    return lambda: page.unroute("**/v1/**")


def tries_again(page: Page, says: str) -> None:
    """Try everything again that failed; one that succeeds may bring the others back as well."""
    failed = page.get_by_role("alert").filter(has=page.get_by_role("button", name="Try again"))
    expect(failed.first).to_contain_text(says)
    failed.get_by_role("button").evaluate_all("all => all.forEach((each) => each.click())")
    expect(failed).to_have_count(0)


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_view_says_what_kind_of_answer_it_got(
    answer: str, things: Things, at_search: Page
) -> None:
    failing, says = ANSWERS[answer]
    mend = fail(at_search, **failing)
    at_search.evaluate(GO, f"{PAGE}/{VIEWS['tasks of a collection'](things)}")
    failed = at_search.get_by_role("alert").filter(has_text=says)
    expect(failed.first).to_be_visible()
    # It says so again when it fails again.
    failed.first.get_by_role("button", name="Try again").click()
    expect(failed.first.get_by_role("button", name="Try again")).to_be_enabled()
    mend()
    tries_again(at_search, says)
    expect(at_search.get_by_role("link", name="Thing www").first).to_be_visible()


@pytest.mark.parametrize("view", READING)
def test_each_view_that_could_not_be_read_is_there_after_one_more_try(
    view: str, things: Things, at_search: Page
) -> None:
    mend = fail(at_search, status=500, json={"errcode": "M_UNKNOWN", "error": "Oops"})
    at_search.evaluate(GO, f"{PAGE}/{READING[view](things)}")
    expect(at_search.get_by_role("button", name="Try again").first).to_be_visible()
    expect(at_search.get_by_text("One moment…")).to_have_count(0)
    mend()
    tries_again(at_search, BROKEN)
    expect(at_search.get_by_role("heading", level=1)).to_be_visible()
    expect(at_search.get_by_text("One moment…")).to_have_count(0)


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_page_that_can_not_begin_begins_as_soon_as_it_can(
    answer: str, things: Things, at_search: Page
) -> None:
    mend = fail(at_search, **ANSWERS[answer][0])
    at_search.reload()
    expect(at_search.get_by_role("heading", name="Your twin does not answer")).to_be_visible()
    mend()
    at_search.get_by_role("button", name="Try again").click()
    expect(at_search.get_by_role("heading", level=1)).to_have_text("Search")


def test_nobody_is_said_to_be_nobody_before_the_people_were_read(
    alice: Person, things: Things, home: Home, guard: Guard
) -> None:
    guard.allows("Failed to load resource")
    page = home(alice, "search", service_workers="block")
    page.route("**/v1/people", lambda route: route.fulfill(status=500, body=""))
    page.goto(f"{PAGE}/people")
    expect(page.get_by_role("alert")).to_contain_text(BROKEN)
    expect(page.get_by_text("You share nothing with anybody yet.")).to_have_count(0)
    expect(page.get_by_text("Only you")).to_have_count(0)
    page.get_by_role("link", name="Collections").click()
    things_tile = page.get_by_role("listitem").filter(has_text="Things").first
    expect(things_tile).to_be_visible()
    expect(page.get_by_text("Only you")).to_have_count(0)
    page.unroute("**/v1/people")
    page.get_by_role("link", name="People", exact=True).click()
    everybody = page.get_by_role("region", name="People", exact=True)
    expect(everybody.get_by_role("link", name="bob")).to_be_visible()


def test_what_was_shown_before_stays_and_is_not_taken_for_everything(
    alice: Person, things: Things, home: Home, guard: Guard
) -> None:
    guard.allows("Failed to load resource")
    page = home(alice, f"c/{things.room}/tasks/task", service_workers="block")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thing www")
    mend = fail(page, status=502, body="")
    page.get_by_role("link", name="Tasks", exact=True).click()
    expect(page.get_by_role("link", name="Thing www").first).to_be_visible()
    part = page.get_by_role("alert")
    expect(part).to_contain_text("These are only the tasks that this page had already.")
    mend()
    part.get_by_role("button", name="Try again").click()
    expect(part).to_have_count(0)


def test_a_file_that_an_update_took_away_is_fetched_by_loading_the_page_anew(
    alice: Person, home: Home, guard: Guard, accessible: Callable[[Page], None]
) -> None:
    guard.expects("404")
    page = home(alice, "collections", service_workers="block")
    expect(page.get_by_role("heading", level=1)).to_have_text("Collections")
    gone = re.compile(r"/assets/people-[^/]*\.js$")
    page.route(gone, lambda route: route.fulfill(status=404, body=""))
    page.get_by_role("link", name="People", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("your twin was updated")
    accessible(page)
    # What the page has already goes on.
    page.get_by_role("link", name="Collections", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Collections")
    page.get_by_role("link", name="People", exact=True).click()
    page.unroute(gone)
    page.get_by_role("button", name="Load the page anew").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("People and circles")


def test_a_part_of_a_view_that_does_not_come_leaves_the_rest(
    alice: Person, things: Things, home: Home, guard: Guard
) -> None:
    guard.expects("404")
    page = home(alice, f"c/{things.room}/tasks", service_workers="block")
    expect(page.get_by_role("link", name="Thing www").first).to_be_visible()
    page.route(
        re.compile(r"/assets/documents-[^/]*\.(js|css)$"), lambda route: route.fulfill(status=404)
    )
    page.get_by_role("link", name="Documents").click()
    expect(page.get_by_role("button", name="Load the page anew")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Things")
    page.get_by_role("link", name="Tasks", exact=True).last.click()
    expect(page.get_by_role("link", name="Thing www").first).to_be_visible()


def test_a_part_of_home_that_does_not_come_takes_nothing_else_away(
    alice: Person, home: Home, guard: Guard
) -> None:
    guard.expects("404")
    page = home(alice, "search", service_workers="block")
    page.route(re.compile(r"/assets/events-[^/]*\.js$"), lambda route: route.fulfill(status=404))
    page.get_by_role("link", name="Home").first.click()
    expect(page.get_by_role("button", name="Load the page anew")).to_be_visible()
    expect(page.get_by_role("region", name="To do today")).to_be_visible()


def test_without_the_file_of_its_language_the_page_speaks_english(
    alice: Person, home: Home, guard: Guard
) -> None:
    guard.expects("404")
    page = home(alice, "collections", service_workers="block", locale="de-DE")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sammlungen")
    page.route(re.compile(r"/assets/de-[^/]*\.js$"), lambda route: route.fulfill(status=404))
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Collections")
    page.goto(f"{PAGE}/settings")
    page.get_by_label("Deutsch").check()
    said = page.get_by_role("status").filter(has_text="did not come")
    expect(said).to_be_visible()


def test_a_bug_in_one_view_leaves_the_others(
    alice: Person, things: Things, home: Home, guard: Guard
) -> None:
    guard.expects("TypeError")
    page = home(alice, "collections", service_workers="block")
    expect(page.get_by_role("heading", level=1)).to_have_text("Collections")
    # No twin answers so: what is to be seen is what a bug of the page does.
    page.route(
        f"**/v1/collections/{things.room.replace('!', '*')}",
        lambda route: route.fulfill(json={"members": 5, "shares": []}),
    )
    page.get_by_role("link", name="Things").first.click()
    expect(page.get_by_role("alert")).to_contain_text("This part of the page has a bug")
    page.get_by_role("link", name="Tasks", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tasks")
