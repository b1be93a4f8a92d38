"""The reference pages say what the code says."""

from pathlib import Path

import pytest

from twin_module.core.errors import TwinError
from twin_module.rest.openapi import error_classes
from twin_module.rest.reference import main, pages
from twin_module.rest.resource import ROUTES
from twin_module.rest.tables import field_table, type_words
from twin_module.rooms import CAPABILITIES


@pytest.mark.parametrize("name", ["events.md", "api.md"])
def test_the_page_is_what_the_code_says(root: Path, name: str) -> None:
    stored = (root / "docs" / name).read_text()
    assert stored == pages()[name], f"docs/{name} is stale; run scripts/docs to make it anew"


def test_the_pages_are_written_to_a_folder(tmp_path: Path) -> None:
    main([str(tmp_path)])
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict(pages())


def test_every_call_event_and_command_has_its_place() -> None:
    api, events = pages()["api.md"], pages()["events.md"]
    for route in ROUTES:
        assert f"### `{route.method} {route.path}`\n" in api
    for capability in CAPABILITIES:
        for event in capability.events:
            assert f"### `{event.type}`\n" in events
        for name in capability.commands:
            assert f"#### `{capability.name}/{name}`\n" in api


def below(parent: type[TwinError]) -> list[type[TwinError]]:
    return [each for child in parent.__subclasses__() for each in (child, *below(child))]


def test_every_error_is_in_the_table_with_its_sentence() -> None:
    api = pages()["api.md"]
    classes = error_classes()
    # A kind of another one, with the same code, is the other one for those who are told.
    codes = {each.errcode for each in below(TwinError)}
    assert {each.errcode for each in classes} == codes
    assert {each for each in below(TwinError) if "errcode" in vars(each)} == set(classes)
    for each in classes:
        sentence = " ".join((each.__doc__ or "").split("\n\n")[0].split())
        assert sentence, each.__name__
        assert each.__doc__ != TwinError.__doc__
        assert f"| `{each.errcode}` | {each.status} | {sentence} |" in api


def test_nested_fields_are_named_by_their_path() -> None:
    schema = {
        "properties": {
            "people": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "properties": {"role": {"enum": ["a", "b"], "description": "One | two."}},
                    "required": ["role"],
                },
            }
        }
    }
    assert field_table(schema).splitlines()[2:] == [
        "| `people` | object |  |  |",
        "| `people.*` | object |  |  |",
        "| `people.*.role` | one of `a`, `b` | yes | One \\| two. |",
    ]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"const": True}, "`true`"),
        ({"type": "integer", "minimum": 0}, "whole number (at least 0)"),
        ({"type": "string", "maxLength": 20_000}, "text (at most 20,000 characters)"),
        ({"type": "string", "pattern": "^a|b$"}, "text (like `^a\\|b$`)"),
        (
            {"type": "array", "items": {"type": "string"}, "maxItems": 3},
            "list of text (at most 3 items)",
        ),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "whole number or null"),
        ({"anyOf": [{"type": ["string", "null"]}, {"type": "null"}]}, "text or null"),
        ({}, "any"),
    ],
)
def test_a_schema_is_said_in_words(schema: dict[str, object], words: str) -> None:
    assert type_words(schema) == words
