"""What was released stays readable: contents of every release, and the schemas as they are now.

`pytest tests/unit/test_golden.py --refresh-golden` writes the schemas anew. Contents are only ever added.
"""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from twin_module.core.capability import EventType, fitting
from twin_module.core.state import frozen
from twin_module.rooms import CAPABILITIES
from twin_module.testing.stage import NOW
from twin_module.testing.strategies import event_of, state_of

GOLDEN: Final = Path(__file__).parents[1] / "golden"
SCHEMAS: Final = GOLDEN / "schemas.json"
TYPES: Final = {event.type: event for each in CAPABILITIES for event in each.events}
FILES: Final = sorted(GOLDEN.glob("*/*.json"))
CHANGED: Final = "new optional field: refresh; new meaning: new event type"

each_file = pytest.mark.parametrize(
    "file", FILES, ids=[f"{file.parent.name}/{file.stem}" for file in FILES]
)


def declared() -> dict[str, Any]:
    return {
        name: {"state_key": each.key_pattern, "content": each.schema}
        for name, each in sorted(TYPES.items())
    }


def fitting_key(event_type: EventType) -> str:
    keys = ("", "circle", "!friends", "550e8400-e29b-41d4-a716-446655440000", "@a:b")
    return next(key for key in keys if event_type.key_problem(key) is None)


def test_the_schemas_are_those_that_were_released(request: pytest.FixtureRequest) -> None:
    now = json.dumps(declared(), indent=2, ensure_ascii=False) + "\n"
    if request.config.getoption("--refresh-golden"):
        SCHEMAS.write_text(now)
    assert SCHEMAS.read_text() == now, CHANGED


@each_file
def test_content_that_was_released_still_fits(file: Path) -> None:
    assert TYPES[file.parent.name].problems(json.loads(file.read_text())) == [], CHANGED


@each_file
def test_content_that_was_released_is_still_shown(file: Path) -> None:
    event_type, content = TYPES[file.parent.name], json.loads(file.read_text())
    [capability] = [each for each in CAPABILITIES if event_type in each.events]
    state = state_of(event_of(event_type.type, fitting_key(event_type), content))
    assert len(fitting(capability, state)) == 1
    capability.render(capability.project(state), NOW)
    assert event_type.title(frozen(content))
    for each in event_type.filters.values():
        each.read(frozen(content))


@pytest.mark.parametrize("event_type", TYPES)
def test_every_type_has_contents_of_its_releases(event_type: str) -> None:
    assert len([file for file in FILES if file.parent.name == event_type]) >= 3


def test_contents_of_types_that_there_are_no_more_are_still_known() -> None:
    assert {file.parent.name for file in FILES} <= set(TYPES), "a released type is read for ever"
