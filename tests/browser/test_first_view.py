"""How little the first view needs: of the page itself, and of what the twin holds."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import Home
from twin_module.core.state import frozen
from twin_module.engine import store
from twin_module.engine.store import Record
from twin_module.rest.cookie import PAGE
from twin_module.rooms.tasks import TASK
from twin_module.testing.person import TWIN, Person
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import Twin, TwinNetwork, person_at

pytestmark = pytest.mark.browser

MOST_BYTES = 150_000
"""Of script and style, compressed, before anything can be done."""
MANY = 5000
FILES = """() => performance.getEntriesByType('resource')
    .filter((each) => /\\.(js|css)$/.test(new URL(each.name).pathname))
    .map((each) => [new URL(each.name).pathname, each.encodedBodySize, each.decodedBodySize])"""


@pytest.fixture(scope="module")
def twin(reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A twin of its own, which is filled."""
    folder: Path = tmp_path_factory.mktemp("first-view")
    with TwinNetwork(reactor_thread, folder, ["carol"]) as network:
        yield network.start("carol")


@pytest.fixture(scope="module")
def carol(twin: Twin) -> Person:
    """Carol at her twin."""
    return person_at(twin)


@pytest.fixture(scope="module")
def room(carol: Person) -> str:
    """A collection of Carol's."""
    return carol.collection("Household")


def fill(twin: Twin, room: str, numbers: range) -> None:
    """Put tasks into the tables of a twin, a tenth of them due; as events they would take minutes."""

    def work(cursor: Any) -> None:
        for number in numbers:
            content = {"@type": "Task", "title": f"Task {number}", "description": "x" * 200}
            if number % 10 == 0:
                content |= {"due": "2026-01-01T12:00:00", "timeZone": "Etc/UTC"}
            sender = "@bob:example.org" if number % 3 else twin.owner
            each = Record(
                room_id=room,
                type=TASK.type,
                uid=f"t{number}",
                event_id=f"${number}",
                sender=sender,
                ts=number + 1,
                removed=False,
                problem=None,
                good_event_id=f"${number}",
                good_sender=sender,
                good_ts=number + 1,
                content=json.dumps(content),
                title=str(content["title"]),
            )
            index = {name: each.read(frozen(content)) for name, each in TASK.filters.items()}
            store.write_object(cursor, each, index)

    database = twin.homeserver.get_datastores().main.db_pool
    twin.thread.wait(database.runInteraction, "fill", work)


def usable(page: Page) -> None:
    """Wait until everything of Home is there."""
    today = page.get_by_role("region", name="To do today")
    expect(today.get_by_role("checkbox").first).to_be_visible()
    changes = page.get_by_role("region", name="What others changed")
    expect(changes.get_by_role("listitem")).to_have_count(8)


def asked(home: Home, person: Person) -> tuple[Counter[str], int]:
    """Open Home, and return what it asked of the twin, and how many bytes were answered."""
    requests: list[Request] = []
    page = home(person, service_workers="block").context.new_page()
    page.on("request", lambda request: requests.append(request))  # noqa: PLW0108 - Playwright marks it
    page.goto(f"{PAGE}/")
    usable(page)
    ours = [each for each in requests if path_of(each).startswith(TWIN)]
    answers = [each.response() for each in ours if not path_of(each).endswith("/changes")]
    size = sum(len(each.body()) for each in answers if each is not None)
    return Counter(path_of(each).removeprefix(TWIN) for each in ours), size


def path_of(request: Request) -> str:
    return urlsplit(request.url).path


def test_the_script_of_the_first_view_is_small(
    twin: Twin, carol: Person, room: str, home: Home
) -> None:
    fill(twin, room, range(30))
    page = home(carol, service_workers="block")
    usable(page)
    files = page.evaluate(FILES)
    sizes = {name: size for name, size, _ in files}
    assert len(sizes) >= 2, "script and style"
    assert sum(sizes.values()) < MOST_BYTES, sizes
    assert all(size < whole for _, size, whole in files if whole > 1000), "all are compressed"
    # Editors and the code of other views come later.
    names = " ".join(sizes)
    assert not [each for each in ("published", "document", "live-text", "history") if each in names]


def test_home_asks_for_no_more_of_a_twin_with_five_thousand_objects(
    twin: Twin, carol: Person, room: str, home: Home
) -> None:
    fill(twin, room, range(2200))
    paths, size = asked(home, carol)
    fill(twin, room, range(2200, MANY))
    assert len(carol.get("objects", limit=1000)["objects"]) == 1000
    more_paths, more_size = asked(home, carol)
    assert more_paths == paths
    assert max(paths.values()) <= 5, paths
    assert sum(paths.values()) < 20, paths
    assert abs(more_size - size) < size / 10
    assert more_size < 250_000
