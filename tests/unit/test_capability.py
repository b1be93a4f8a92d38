"""Declarations: what an event type refuses, and how a command describes itself."""

from typing import Any

import pytest
from jsonschema import SchemaError

from twin_module.core.capability import Capability, Command, EventType, own
from twin_module.core.errors import BadJson
from twin_module.core.schema import Shape
from twin_module.core.state import READABLE_DEPTH, content_problem, frozen
from twin_module.rooms import CAPABILITIES
from twin_module.testing.json_strategies import VERY_DEEP, in_list, in_map, nested
from twin_module.testing.strategies import event_of


def note(**changes: Any) -> EventType:
    fields: dict[str, Any] = {
        "type": "org.example.note",
        "summary": "A note.",
        "state_key": "The note's uid.",
        "schema": {"properties": {"text": {"type": "string"}}, "required": ["text"]},
        "example": {"text": "Hello"},
        "title": lambda content: str(content["text"]),
    }
    return EventType(**{**fields, **changes})


@pytest.mark.parametrize(
    "key", ["a", "A-b_c.d~e:f=g+h", "0", "a@b", "x" * 255, "550e8400-e29b-41d4-a716-446655440000"]
)
def test_a_uid_is_a_state_key(key: str) -> None:
    note().check_key(key)


@pytest.mark.parametrize(
    "key", ["", "@alice:alice.test", "a b", "a/b", "a\n", "\n", "ä", "x" * 256, "a\x00", "🙂", "!a"]
)
def test_what_is_no_uid_is_refused_and_told_what_a_key_means(key: str) -> None:
    with pytest.raises(BadJson, match="The note's uid") as refused:
        note().check_key(key)
    assert "A uid has letters, digits" in refused.value.message


def test_a_type_can_have_keys_of_another_form() -> None:
    singleton = note(key_pattern="", state_key="Empty.")
    singleton.check_key("")
    with pytest.raises(BadJson) as refused:
        singleton.check_key("a")
    assert "A uid has" not in refused.value.message


def test_content_that_does_not_fit_is_refused_with_every_place() -> None:
    schema = {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
    with pytest.raises(BadJson) as refused:
        note(schema=schema).check({"a": 1, "b": 2})
    assert refused.value.message.startswith("/a: ")
    assert [each["path"] for each in refused.value.fields["errors"]] == ["/a", "/b"]


@pytest.mark.parametrize("content", [{}, {"text": "x"}, {"text": "", "new": [1]}])
def test_content_that_fits_or_is_removed_is_taken(content: dict[str, Any]) -> None:
    note().check(content)
    assert note().misfit(event_of("org.example.note", "a", content)) is None


@pytest.mark.parametrize(
    ("key", "content", "reason"),
    [
        ("a", {"text": 1}, "is not of type 'string'"),
        ("a", {"text": 1.5}, "is a float"),
        ("a b", {"text": "x"}, "can't be a state key"),
        ("a", {"text": nested(READABLE_DEPTH + 1, in_list)}, "nested deeper than 100"),
        ("a", {"text": nested(VERY_DEEP, in_map)}, "nested deeper than 100"),
        ("a", {"text": nested(17, in_map)}, "nested deeper than 16"),
    ],
    ids=["type", "float", "key", "unreadable", "very deep", "deep"],
)
def test_a_misfit_has_its_reason(key: str, content: dict[str, Any], reason: str) -> None:
    problem = note().misfit(event_of("org.example.note", key, content))
    assert problem is not None
    assert reason in problem.message


def test_a_removed_object_fits_even_under_a_key_of_no_form() -> None:
    assert note().misfit(event_of("org.example.note", "a b", {})) is None


@pytest.mark.parametrize("around", [in_list, in_map])
def test_content_can_be_read_to_a_depth_that_recursion_bears(around: Any) -> None:
    assert content_problem(nested(READABLE_DEPTH, around)) is None
    assert content_problem(nested(READABLE_DEPTH + 1, around)) is not None
    assert content_problem(nested(VERY_DEEP, around)) is not None


def test_a_broken_schema_fails_where_it_is_declared() -> None:
    with pytest.raises(SchemaError):
        note(schema={"required": "text"})


def test_a_command_describes_its_whole_request() -> None:
    command = Command(
        summary="Say hello",
        decide=lambda *_: [],
        arguments={"name": {"type": "string"}},
        required=("name",),
    )
    shape = Shape(command.schema())
    assert shape.problems({"room_id": "!a", "name": "Bob"}) == []
    for wrong in ({"name": "Bob"}, {"room_id": "!a"}, {"room_id": "a", "name": "Bob"}):
        assert shape.problems(wrong) != []
    assert shape.problems({"room_id": "!a", "name": "Bob", "more": 1}) != []


def test_a_command_outside_of_rooms_takes_no_room() -> None:
    command = Command(summary="Begin", decide=lambda *_: [], in_room=False)
    assert Shape(command.schema()).problems({}) == []
    assert Shape(command.schema()).problems({"room_id": "!a"}) != []


def test_the_first_event_type_is_that_of_the_objects() -> None:
    more = note(type="org.example.more")
    capability = Capability(
        name="notes",
        summary="Notes",
        events=(note(), more),
        view=lambda objects: objects,
        render=lambda *_: {},
        commands={},
    )
    assert capability.event_type.type == "org.example.note"


def test_fields_of_ours_stand_under_our_name() -> None:
    assert own(base="$1") == frozen({"org.digitaltwin": {"base": "$1"}})


@pytest.mark.parametrize(
    "command",
    [command for each in CAPABILITIES for command in each.commands.values()],
    ids=[f"{each.name} {name}" for each in CAPABILITIES for name in each.commands],
)
def test_what_a_command_takes_is_a_schema(command: Command) -> None:
    command.shape.check()
