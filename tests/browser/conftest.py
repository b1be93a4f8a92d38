"""Pages in a real browser (the system's Chromium), at two real twins. How to write a test here:

    pytestmark = pytest.mark.browser

    def test_a_collection_is_made(alice: Person, home: Home) -> None:
        page = home(alice, "collections")      # her twin's own page, signed in, at that view

    def test_an_item_that_is_ticked_off_is_gone(alice: Person, visit: Visit) -> None:
        page = visit(alice)                    # a browser of Alice's own, with nothing in it
        page.goto("/_synapse/client/twin/")    # relative to her twin
        page.get_by_role("checkbox", name="Bread").check()
        expect(page.get_by_role("listitem")).to_have_count(0)   # waits; never sleep

* **The twin's own page** is what `scripts/page.py build` built last. Each `home` is a session of
  its own, so signing out ends no other.
* **What a page may not do.** The guard ([guard.py](guard.py)) fails a test whose page asks an
  origin that is not its own, writes an error to its console, throws, or breaks its Content
  Security Policy. A refusal that a test is about is announced first: `guard.expects("403")`.
* **Accessibility.** `accessible(page)` runs axe on what is shown now, for WCAG 2.2 AA.
* **Pictures.** `picture(page, "name")` does nothing, unless pytest got `--screenshots`; then it
  writes docs/screenshots/name-{laptop,phone}-{light,dark}.png.
* **Another server.** `serve(folder)` serves files on an origin of their own and returns its URL;
  `visit(alice, at=url)` opens a page there that may ask Alice's twin as well.
* While Python waits for something else (`eventually`), pages go on, but what they tell the test
  waits until the test talks to a page again.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.browser import axe, pictures, static
from tests.browser.guard import Guard
from twin_module.rest.cookie import OURS, PAGE
from twin_module.testing.person import TWIN, Person
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, person_at

PATIENCE_MS = 120_000
LAPTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
BUILT = Path(__file__).parents[2] / "twin_module" / "web" / "built" / "index.html"


class Visit(Protocol):
    """Opens a page in a fresh browser context of somebody's."""

    def __call__(self, person: Person, *, at: str | None = None, **options: Any) -> Page:
        """Open it; `options` are those of Playwright's `new_context`."""


# Not for the whole session: while Playwright runs, its event loop counts as running in this
# thread, and tests of other folders that need one of their own would fail.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium, which finds no host but this machine."""
    arguments = [
        "--disable-dev-shm-usage",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()


# Each file has twins of its own, so that no story meets what another one left.
@pytest.fixture(scope="module")
def network(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwinNetwork]:
    """A network with the twins of Alice and Bob."""
    with TwinNetwork(reactor_thread, tmp_path_factory.mktemp("browser")) as network:
        for name in ("alice", "bob"):
            network.start(name)
        yield network


@pytest.fixture(scope="module")
def alice(network: TwinNetwork) -> Person:
    """Alice at her twin."""
    return person_at(network.twins["alice"])


@pytest.fixture(scope="module")
def bob(network: TwinNetwork) -> Person:
    """Bob at his twin."""
    return person_at(network.twins["bob"])


@pytest.fixture
def guard() -> Iterator[Guard]:
    """What watches all pages of a test, and fails it for what no page may do."""
    guard = Guard()
    yield guard
    guard.check()


@pytest.fixture
def visit(browser: Browser, guard: Guard) -> Iterator[Visit]:
    """How to open a page as somebody: on a laptop, where nothing moves without need."""
    with ExitStack() as stack:

        def open_page(person: Person, *, at: str | None = None, **options: Any) -> Page:
            context = browser.new_context(
                **{
                    "base_url": at or person.url,
                    "viewport": LAPTOP,
                    "reduced_motion": "reduce",
                    **options,
                }
            )
            stack.callback(context.close)
            context.set_default_timeout(PATIENCE_MS)
            guard.watch(context, person.url, *([at] if at else []))
            return context.new_page()

        yield open_page


class Home(Protocol):
    """Opens the page of somebody's own twin, where they are signed in."""

    def __call__(self, person: Person, view: str = "", **options: Any) -> Page:
        """Open it at a view's address, as `c/!room/docs/uid`; `options` as for `Visit`."""


@pytest.fixture
def home(visit: Visit) -> Home:
    """How to open the page of a twin as its owner."""
    if not BUILT.is_file():
        pytest.skip("the page is not built: run scripts/page.py build, which needs Node.js and npm")

    def open_home(person: Person, view: str = "", **options: Any) -> Page:
        page = visit(person, **options)
        token = person.login().ok()["access_token"]
        headers = {"Authorization": f"Bearer {token}", OURS.decode(): "1"}
        kept = page.context.request.put(f"{TWIN}/cookie", headers=headers)
        assert kept.ok, kept.text()
        page.goto(f"{PAGE}/{view}")
        return page

    return open_home


def choose(page: Page, name: str) -> None:
    """Choose something of the menu of what the page shows."""
    page.get_by_role("button", name="More to do").click()
    page.get_by_role("menuitem", name=name).click()


@pytest.fixture
def serve() -> Iterator[Callable[[Path], str]]:
    """How to serve a folder of files on an origin of its own, until the test ends."""
    with ExitStack() as stack:
        yield lambda folder: stack.enter_context(static.served(folder))


@pytest.fixture(scope="session")
def accessible() -> Callable[[Page], None]:
    """How to look for what keeps people out of a page."""
    return partial(axe.check, source=axe.source())


@pytest.fixture(scope="session")
def picture(pytestconfig: pytest.Config) -> Callable[[Page, str], None]:
    """How to take pictures of a page for the documentation, where they are asked for."""
    sizes = {"laptop": LAPTOP, "phone": PHONE} if pytestconfig.getoption("--screenshots") else {}
    return partial(pictures.take, sizes=sizes)
