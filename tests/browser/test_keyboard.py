"""With the Tab key alone: everything is reached, has a name, is seen to have the focus, and lets it go."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Home
from tests.browser.everywhere import VIEWS, Things, make
from twin_module.testing.person import Person

pytestmark = pytest.mark.browser

WALKED = (
    "home",
    "collections",
    "collection",
    "all tasks",
    "task",
    "history",
    "people",
    "person",
    "circle",
    "search",
    "settings",
)
FOCUSED = """() => {
    const at = document.activeElement
    if (at === null || at === document.body) return 'beyond'
    // A tile shows the focus of the link that covers it.
    const ring = (each) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(each)
        return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2
    }
    const all = window.focusedBefore ??= []
    // A date has several fields in one.
    if (all.at(-1) === at) return 'inside'
    if (all.includes(at)) return 'again'
    all.push(at)
    const { top, left, bottom, right, width, height } = at.getBoundingClientRect()
    const on = document.elementFromPoint((Math.max(left, 0) + Math.min(right, innerWidth)) / 2,
        (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2)
    return {
        what: at.outerHTML.slice(0, 160),
        seen: ring(at) || (at.closest('.tile') !== null && ring(at.closest('.tile'))),
        small: at.localName !== 'a' && !at.matches('.skip') && (width < 20 || height < 20),
        covered: on === null || !(at.contains(on) || on.contains(at) || on.closest('.tile, label')?.contains(at)),
    }
}"""
MOST = 400


@pytest.fixture(scope="module")
def things(alice: Person, bob: Person) -> Things:
    """Something of everything."""
    return make(alice, bob, "Things", topic="What is there", title="Thing www")


def named(page: Page) -> list[str]:
    """Return what a screen reader would say of what has the focus: role and name."""
    devtools = page.context.new_cdp_session(page)
    at = devtools.send("Runtime.evaluate", {"expression": "document.activeElement"})
    seen = devtools.send("Accessibility.getPartialAXTree", {"objectId": at["result"]["objectId"], "fetchRelatives": False})  # fmt: skip
    devtools.detach()
    [node] = seen["nodes"][:1]
    return [str(node.get(field, {}).get("value", "")) for field in ("role", "name")]


def walk(page: Page) -> list[dict[str, Any]]:
    """Press Tab until the focus has gone round, and return all that had it."""
    found: list[dict[str, Any]] = []
    for _ in range(MOST):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused == "again":
            return found
        if focused not in ("beyond", "inside"):
            found.append({**focused, "said": named(page)})
    raise AssertionError("the focus goes on and on")


@pytest.mark.parametrize("view", WALKED)
def test_tab_goes_through_a_view_and_out_of_it(
    view: str, alice: Person, things: Things, home: Home
) -> None:
    page = home(alice, VIEWS[view](things))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("One moment…")).to_have_count(0)
    passed = walk(page)
    everything = page.evaluate(
        """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
            .filter((each) => each.tabIndex >= 0 && each.checkVisibility() && !each.disabled
                && !(each.type === 'radio' && !each.checked)
                && !window.focusedBefore.includes(each)).map((each) => each.outerHTML.slice(0, 160))"""
    )
    assert everything == [], "never reached"
    assert [each["what"] for each in passed if not each["seen"]] == [], "no sign of the focus"
    assert [each["what"] for each in passed if each["covered"]] == [], "hidden by something else"
    assert [each["what"] for each in passed if each["small"]] == [], "too small to hit"
    assert [each["what"] for each in passed if not each["said"][1]] == [], "without a name"
    assert "Skip to the content" in [each["said"][1] for each in passed]
