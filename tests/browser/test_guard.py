"""The guard of these tests sees what no page may do, and axe sees who is kept out."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.guard import Guard

pytestmark = pytest.mark.browser

POLICY = "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\">"
FINE = "<!doctype html><html lang=en><title>Fine</title><link rel=icon href='data:,'>"


class Opened:
    """A page that only a guard of its own watches."""

    def __init__(self, browser: Browser, url: str, folder: Path) -> None:
        self.guard = Guard()
        self._url = url
        self._folder = folder
        self.context = browser.new_context(base_url=url)
        self.guard.watch(self.context, url)

    def show(self, html: str) -> Page:
        """Show a page with something in it."""
        (self._folder / "index.html").write_text(FINE + html)
        page = self.context.new_page()
        page.goto("/")
        return page


@pytest.fixture
def opened(browser: Browser, serve: Callable[[Path], str], tmp_path: Path) -> Iterator[Opened]:
    """A page to try things on."""
    opened = Opened(browser, serve(tmp_path), tmp_path)
    yield opened
    opened.context.close()


@pytest.mark.parametrize(
    ("html", "complaint"),
    [
        ("<img src='http://127.0.0.1:9/x.png' alt=''>", "none of its origins"),
        ("<script>new WebSocket('ws://127.0.0.1:9/')</script>", "none of its origins"),
        ("<script>console.error('as it happens')</script>", "as it happens"),
        ("<script>throw new Error('by surprise')</script>", "by surprise"),
        ("<script>Promise.reject(new Error('too late'))</script>", "too late"),
        ("<img src='/nowhere.png' alt=''>", "404"),
        (f"{POLICY}<script>document.title = 'x'</script>", "Content Security Policy"),
    ],
)
def test_the_guard_sees_what_no_page_may_do(opened: Opened, html: str, complaint: str) -> None:
    opened.show(html).wait_for_load_state("networkidle")
    opened.context.close()
    with pytest.raises(AssertionError, match=complaint):
        opened.guard.check()


def test_the_guard_has_nothing_against_a_page_of_its_own_origin(opened: Opened) -> None:
    opened.show("<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw=' alt=''>")
    opened.context.close()
    opened.guard.check()


def test_what_is_expected_passes_and_has_to_come(opened: Opened) -> None:
    opened.guard.expects("404")
    with pytest.raises(AssertionError, match="never said"):
        opened.guard.check()
    opened.show("<img src='/nowhere.png' alt=''>").wait_for_load_state("networkidle")
    opened.context.close()
    opened.guard.check()


def test_what_is_allowed_passes_and_need_not_come(opened: Opened) -> None:
    opened.guard.allows("404")
    opened.guard.check()
    opened.show("<img src='/nowhere.png' alt=''>").wait_for_load_state("networkidle")
    opened.context.close()
    opened.guard.check()


def test_a_port_with_the_digits_of_a_status_is_none() -> None:
    guard = Guard()
    guard.expects("50")
    guard.allows("404")
    url = "http://127.0.0.1:15040/x"
    for status in (429, 503):
        text = f"the server responded with a status of {status}"
        guard._hear(cast("Any", SimpleNamespace(type="error", text=text, location={"url": url})))
    with pytest.raises(AssertionError, match=f"429 .*{url}"):
        guard.check()


def test_no_page_reaches_a_host_beyond_this_machine(opened: Opened) -> None:
    page = opened.show("")
    reached = page.evaluate("fetch('https://example.org/').then(() => true, () => false)")
    assert reached is False


def test_axe_says_what_keeps_people_out(opened: Opened, accessible: Callable[[Page], None]) -> None:
    page = opened.show("<main><h1>Things</h1><label>Name <input></label></main>")
    accessible(page)
    page = opened.show("<main><h1>Things</h1><input></main>")
    with pytest.raises(AssertionError, match=r"label: Form elements must have labels\n  input: "):
        accessible(page)
