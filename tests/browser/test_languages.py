"""Languages, time zones and directions: texts, dates and sides follow the person's browser."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Home, Visit
from twin_module.rest.cookie import PAGE
from twin_module.testing.person import Person

pytestmark = pytest.mark.browser

LATE = datetime(2026, 7, 31, 22, 0, tzinfo=UTC)
"""In Berlin it is the next day."""
PHONE, LAPTOP = 390, 1280
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
SPILLED = """() => [...document.querySelectorAll('body *')]
    .filter((each) => !each.closest('.hidden-text, .skip, [hidden]') && each.checkVisibility())
    .filter((each) => {
        const { left, right, width } = each.getBoundingClientRect()
        const scrolled = each.parentElement.closest('.tabs, .board, .filters, pre, .clip')
        return width > 0 && !scrolled && (left < -1 || right > innerWidth + 1)
    })
    .map((each) => `${each.tagName} ${each.className} ${each.textContent.slice(0, 40)}`)"""


@pytest.fixture(scope="module")
def room(alice: Person) -> str:
    """A collection of Alice's with tasks that are due."""
    room = alice.collection("Haushalt")
    put(alice, room, "Brot kaufen", due="2026-08-01T18:30:00", timeZone="Europe/Berlin")
    put(alice, room, "Anruf in New York", due="2026-08-01T09:00:00", timeZone="America/New_York")
    put(alice, room, "اتصل بأمي", priority=1, keywords={"עברית": True})
    return room


def put(person: Person, room: str, title: str, **fields: Any) -> None:
    uid = f"t{sum(map(ord, title))}"
    person.put(f"rooms/{room}/tasks/{uid}", {"@type": "Task", "title": title, **fields})


def late(home: Home, person: Person, view: str, **options: Any) -> Page:
    """Open a view late in the evening of the last day of July (UTC)."""
    page = home(person, "search", **options)
    page.clock.set_fixed_time(LATE)
    page.goto(f"{PAGE}/{view}")
    return page


def task(page: Page, title: str) -> Locator:
    return page.locator("[data-task]").filter(has_text=title)


def test_a_german_browser_gets_german(alice: Person, room: str, home: Home, visit: Visit) -> None:
    page = late(home, alice, "", locale="de-DE", timezone_id="Europe/Berlin")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hallo, alice")
    expect(page.get_by_text("Samstag, 1. August 2026")).to_be_visible()
    today = page.get_by_role("region", name="Heute", exact=True)
    expect(task(page, "Brot kaufen")).to_contain_text("heute, 18:30")
    expect(today.locator("a.title")).to_have_text(["Anruf in New York", "Brot kaufen"])
    expect(task(page, "Anruf in New York")).to_contain_text("heute, 15:00")
    for view, heading in (("tasks", "Aufgaben"), ("collections", "Sammlungen")):
        page.goto(f"{PAGE}/{view}")
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        expect(page.get_by_text(re.compile(r"^[a-z-]+\.[a-z.-]+$"))).to_have_count(0)
    signed_out = visit(alice, locale="de-AT")
    signed_out.goto(PAGE)
    expect(signed_out.get_by_role("button", name="Anmelden")).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "zone", "day", "bread"),
    [
        ("en-US", "America/Los_Angeles", "Friday, July 31, 2026", "tomorrow, 9:30 AM"),
        ("en-GB", "Europe/London", "Friday, 31 July 2026", "tomorrow, 17:30"),
        ("en-IN", "Asia/Kolkata", "Saturday, 1 August 2026", "today, 10:00 pm"),
    ],
)
def test_dates_are_those_of_the_browsers_locale_and_zone(
    alice: Person, room: str, home: Home, locale: str, zone: str, day: str, bread: str
) -> None:
    page = late(home, alice, "", locale=locale, timezone_id=zone)
    expect(page.get_by_text(day)).to_be_visible()
    page.goto(f"{PAGE}/c/{room}/tasks")
    said = task(page, "Brot kaufen").locator(".said")
    expect(said).to_have_text(re.compile(bread, re.IGNORECASE))


def test_a_language_that_the_page_does_not_speak_gets_english_with_its_dates_in_english(
    alice: Person, room: str, home: Home
) -> None:
    page = late(home, alice, "", locale="fr-FR", timezone_id="Europe/Paris")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_text("Saturday, August 1, 2026")).to_be_visible()


@pytest.mark.parametrize("width", [PHONE, LAPTOP])
def test_from_right_to_left_everything_stands_on_the_other_side(
    alice: Person, room: str, home: Home, width: int
) -> None:
    page = home(alice, viewport={"width": width, "height": 844})
    for view in ("", "tasks", f"c/{room}/tasks", "collections"):
        page.goto(f"{PAGE}/{view}")
        expect(page.get_by_text("Haushalt").first).to_be_attached()
        heading, navigation = page.get_by_role("heading", level=1), page.get_by_role("navigation")
        for direction, side in (("ltr", "left"), ("rtl", "right")):
            page.evaluate("(dir) => { document.documentElement.dir = dir }", direction)
            assert side_of(heading, width) == side
            if width == LAPTOP:
                assert side_of(navigation.first, width) == side
            assert not page.evaluate(WIDER), view
            assert page.evaluate(SPILLED) == [], view


def side_of(element: Locator, width: int) -> str:
    """Tell at which edge an element's text begins."""
    left, right = element.evaluate("""(element) => {
        const range = document.createRange()
        range.selectNodeContents(element)
        const { left, right } = range.getBoundingClientRect()
        return [left, right]
    }""")
    return "left" if left < width - right else "right"


def test_names_keep_their_own_direction_and_turn_nothing_round(
    alice: Person, room: str, home: Home
) -> None:
    page = home(alice, f"c/{room}/tasks")
    title = task(page, "اتصل بأمي").locator("a.title bdi")
    assert title.evaluate("(bdi) => getComputedStyle(bdi).direction") == "rtl"
    assert (
        page.get_by_role("heading", level=1).evaluate(
            "(heading) => getComputedStyle(heading).direction"
        )
        == "ltr"
    )
