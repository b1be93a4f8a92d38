"""The page on adding a capability is carried out, block by block."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.docs.page import MODULE, files_of, loaded, written_to
from twin_module.core.capability import Capability, Context
from twin_module.core.effects import Put
from twin_module.core.schema import Shape
from twin_module.core.state import StateEvent, StateMap, frozen
from twin_module.rest.openapi import document
from twin_module.rest.reference import api_page, events_page
from twin_module.rest.resource import ROUTES
from twin_module.rooms import CAPABILITIES

OURS = "lint.isort.known-first-party = ['twin_module']"  # where a file is not there yet
ME = "@alice:example.org"
ROOM = "!room"
NOW = datetime(2026, 12, 24, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def files(root: Path) -> Mapping[str, str]:
    """The files that a reader of the page ends up with."""
    return files_of(root)


@pytest.fixture(scope="module")
def written(files: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with these files in it."""
    return written_to(tmp_path_factory.mktemp("page"), files)


@pytest.fixture(scope="module")
def bookmarks(written: Path) -> Iterator[Capability]:
    """The capability that the page builds, importable as the page says."""
    name = "twin_module.rooms.bookmarks"
    yield loaded(written / MODULE, name).BOOKMARKS
    del sys.modules[name]


@pytest.fixture
def stranger() -> StateEvent:
    """A bookmark with a field that this version does not know."""
    content = {"@type": "Bookmark", "title": "Old", "url": "https://example.org", "colour": "red"}
    return event("a", content)


def event(uid: str, content: Mapping[str, Any]) -> StateEvent:
    return StateEvent(ROOM, "org.digitaltwin.bookmark", uid, frozen(content), ME, "$1", 0)


def run(capability: Capability, name: str, state: StateMap, **arguments: Any) -> StateMap:
    """Return the state after a command."""
    command = capability.command(name)
    assert Shape(command.schema()).problems({"room_id": ROOM, **arguments}) == []
    context = Context(room_id=ROOM, me=ME, now=NOW, new_uid="new")
    after = dict(state)
    for effect in command.decide(capability.project(state), context, arguments):
        assert isinstance(effect, Put)
        assert effect.type == capability.event_type.type
        capability.event_type.check_key(effect.state_key)
        capability.event_type.check(effect.content)
        after[effect.type, effect.state_key] = event(effect.state_key, effect.content)
    return after


def shown(capability: Capability, state: StateMap) -> list[dict[str, Any]]:
    return list(capability.render(capability.project(state), NOW)["bookmarks"])


def test_the_page_holds_the_files_that_it_speaks_of(files: Mapping[str, str]) -> None:
    assert set(files) == {MODULE, "twin_module/rooms/__init__.py", "tests/unit/test_bookmarks.py"}


def test_the_example_fits_its_schema_and_is_shown(bookmarks: Capability) -> None:
    declared = bookmarks.event_type
    assert declared.problems(frozen(declared.example)) == []
    state = {(declared.type, "a"): event("a", declared.example)}
    assert shown(bookmarks, state) == [{"uid": "a", **declared.example}]
    assert declared.title(frozen(declared.example)) == "The Matrix specification"
    assert declared.filters["keyword"].read(frozen(declared.example)) == ["protocols"]


def test_a_bookmark_is_added_renamed_and_removed(bookmarks: Capability) -> None:
    state: StateMap = {}
    state = run(bookmarks, "add", state, title="Old", url="https://example.org/")
    assert [each["title"] for each in shown(bookmarks, state)] == ["Old"]
    state = run(bookmarks, "rename", state, uid="new", title="New")
    assert [each["title"] for each in shown(bookmarks, state)] == ["New"]
    state = run(bookmarks, "remove", state, uid="new")
    assert shown(bookmarks, state) == []


def test_a_command_keeps_fields_that_it_does_not_know(
    bookmarks: Capability, stranger: StateEvent
) -> None:
    state = run(bookmarks, "rename", {(stranger.type, "a"): stranger}, uid="a", title="New")
    assert shown(bookmarks, state)[0]["colour"] == "red"


def test_the_order_in_which_events_came_does_not_matter(bookmarks: Capability) -> None:
    there = [
        event(uid, {"@type": "Bookmark", "title": "Same", "url": "https://example.org"})
        for uid in "abc"
    ]
    forwards = {(each.type, each.state_key): each for each in there}
    backwards = {(each.type, each.state_key): each for each in reversed(there)}
    assert shown(bookmarks, forwards) == shown(bookmarks, backwards)


@pytest.mark.parametrize(
    "content",
    [
        {"@type": "Bookmark"},
        {"title": 1, "url": []},
        {"@type": "Bookmark", "title": "x", "url": "y"},
    ],
)
def test_what_does_not_fit_is_left_out(bookmarks: Capability, content: Mapping[str, Any]) -> None:
    state = {("org.digitaltwin.bookmark", "a"): event("a", content)}
    assert shown(bookmarks, state) == []


def test_the_description_of_the_api_includes_it(bookmarks: Capability) -> None:
    described = document(ROUTES, [*CAPABILITIES, bookmarks], "1", "example.org")
    validate(described)
    schemas = described["components"]["schemas"]
    names = {"org.digitaltwin.bookmark", "bookmarks.add", "bookmarks.rename", "bookmarks.remove"}
    assert names <= set(schemas)


def test_the_reference_pages_include_it(bookmarks: Capability) -> None:
    assert "### `org.digitaltwin.bookmark`" in events_page([bookmarks])
    assert "#### `bookmarks/rename`" in api_page((), [bookmarks], ())


def test_the_line_that_registers_it_is_one_that_can_be_added(
    root: Path, bookmarks: Capability, files: Mapping[str, str]
) -> None:
    name = "twin_module/rooms/__init__.py"
    now = (root / name).read_text()
    before, line = files[name].rsplit("\n\n", 1)
    names = line.partition("= (")[2].rstrip(")\n").removesuffix(", BOOKMARKS")
    assert f"= ({names})" in now, "the tuple on the page is not the one in the code any more"
    module = ModuleType("twin_module.rooms.registered")
    exec(f"{now}\n{before}\n{line}", vars(module))
    assert list(module.CAPABILITIES) == [*CAPABILITIES, bookmarks]


def test_the_tests_on_the_page_pass(written: Path, bookmarks: Capability) -> None:
    module = loaded(written / "tests/unit/test_bookmarks.py", "page_test_bookmarks")
    tests = [value for name, value in vars(module).items() if name.startswith("test_")]
    assert tests
    for test in tests:
        test()
    del sys.modules["page_test_bookmarks"]


@pytest.mark.parametrize("arguments", [("check", "--config", OURS), ("format", "--check")])
def test_the_code_on_the_page_is_in_the_style_of_the_project(
    root: Path, files: Mapping[str, str], arguments: tuple[str, ...]
) -> None:
    for name in (MODULE, "tests/unit/test_bookmarks.py"):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", name, "-"],
            input=files[name],
            capture_output=True,
            text=True,
            cwd=root,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
