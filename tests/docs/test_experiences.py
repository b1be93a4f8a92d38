"""The page on experiences quotes the examples, and they are what it says they are."""

import filecmp
import re
from pathlib import Path

import pytest

BLOCK = re.compile(r"^```(?:js|html) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BOTH = ("shopping-matrix", "shopping-twin")


@pytest.fixture
def page(root: Path) -> str:
    """The page."""
    return (root / "docs/experiences.md").read_text()


def test_what_the_page_quotes_stands_in_the_examples(root: Path, page: str) -> None:
    quoted = BLOCK.findall(page)
    assert {name.split("/")[1] for name, _ in quoted} == set(BOTH)
    strange = [(name, code) for name, code in quoted if code not in (root / name).read_text()]
    assert strange == []


def test_every_quote_says_where_it_stands(page: str) -> None:
    assert re.findall(r"^```(?:js|html)$", page, re.MULTILINE) == []


@pytest.mark.parametrize("example", BOTH)
def test_an_example_has_less_than_200_lines(root: Path, example: str) -> None:
    lines = [
        line
        for path in (root / "examples" / example).iterdir()
        for line in path.read_text().splitlines()
    ]
    assert len(lines) < 200
    assert max(map(len, lines)) <= 100


def test_the_two_differ_only_in_how_they_speak_with_the_server(root: Path) -> None:
    one, other = (root / "examples" / example for example in BOTH)
    names = {path.name for folder in (one, other) for path in folder.iterdir()}
    _, differ, missing = filecmp.cmpfiles(one, other, names, shallow=False)
    assert (differ, missing) == (["server.js"], [])


@pytest.mark.parametrize("example", BOTH)
def test_an_example_never_makes_markup_of_text(root: Path, example: str) -> None:
    code = "".join(path.read_text() for path in (root / "examples" / example).glob("*.js"))
    ways = ("innerHTML =", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")
    assert [way for way in ways if way in code] == []
