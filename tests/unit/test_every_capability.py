"""What holds for every capability, whatever it is about."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import pytest
from canonicaljson import encode_canonical_json
from hypothesis import given, strategies as st
from jsonschema import Draft202012Validator

from twin_module.core.capability import Capability, Command, EventType, fitting
from twin_module.core.effects import CreateRoom, Effect, Put
from twin_module.core.errors import Forbidden, InvalidParam, NotFound
from twin_module.core.schema import MAX_CONTENT_BYTES, Shape
from twin_module.core.state import NAMESPACE, StateMap, frozen, plain
from twin_module.rooms import CAPABILITIES
from twin_module.testing.json_strategies import canonical_json, texts
from twin_module.testing.stage import NOW, Stage
from twin_module.testing.strategies import (
    ROOM,
    arguments,
    contents,
    event_of,
    odd_contents,
    spoiled,
    state_keys,
    state_of,
    states,
)

Test: TypeAlias = Callable[..., None]


def named(capability: Capability, name: str) -> str:
    return f"{capability.name}.{name}"


EVENT_TYPES = [event for capability in CAPABILITIES for event in capability.events]
COMMANDS = [
    (capability, name) for capability in CAPABILITIES for name in sorted(capability.commands)
]
# Made once, because making a strategy takes longer than drawing from it.
CONTENTS = {each.type: contents(each) for each in EVENT_TYPES}
STATE_KEYS = {each.type: state_keys(each) for each in EVENT_TYPES}
STATES = {each.name: states(each) for each in CAPABILITIES}
ARGUMENTS = {named(*each): arguments(each[0].commands[each[1]]) for each in COMMANDS}
ASKS_ANEW = {
    *("tasks.add", "agenda.add", "contacts.add", "docs.create"),
    *("circles.create", "circles.add", "attestations.issue"),
}
"""Commands that mean something else when they are given again."""
BEGINS = {
    "tasks.add",
    "agenda.add",
    "contacts.add",
    "docs.create",
    "circles.create",
    "attestations.issue",
}
"""Commands that make something new."""

each_capability = pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda each: each.name)
each_type = pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda each: each.type)


def each_command(but: set[str] = frozenset()) -> Callable[[Test], Test]:  # type: ignore[assignment]
    """Run a test for every command, without some."""
    chosen = [each for each in COMMANDS if named(*each) not in but]
    return pytest.mark.parametrize(
        ("capability", "name"), chosen, ids=[named(*each) for each in chosen]
    )


# What is declared


@each_type
def test_the_example_fits_its_schema_and_is_canonical_json(event_type: EventType) -> None:
    assert event_type.problems(event_type.example) == []
    assert event_type.problems(frozen(event_type.example)) == []
    assert len(encode_canonical_json(event_type.example)) < MAX_CONTENT_BYTES


@each_type
def test_the_examples_title_is_one_line_of_text(event_type: EventType) -> None:
    title = event_type.title(frozen(event_type.example))
    assert title.strip()
    assert title.splitlines() == [title]


@each_type
def test_every_type_says_what_it_and_its_state_key_are(event_type: EventType) -> None:
    assert event_type.type.startswith(f"{NAMESPACE}.")
    assert event_type.summary.endswith(".")
    assert event_type.state_key.endswith(".")


@each_type
def test_what_is_merged_otherwise_than_a_scalar_is_in_the_schema(event_type: EventType) -> None:
    assert set(event_type.merge) <= set(event_type.schema["properties"])


@each_type
def test_the_event_is_open_for_fields_of_newer_versions(event_type: EventType) -> None:
    assert event_type.problems({**event_type.example, "new": [{"a": [1]}]}) == []


def test_no_event_type_has_two_owners() -> None:
    names = [event.type for event in EVENT_TYPES]
    assert len(names) == len(set(names))


def patterns_in(schema: Any) -> list[str]:
    if isinstance(schema, Mapping):
        own = [schema["pattern"]] if isinstance(schema.get("pattern"), str) else []
        return own + [each for value in schema.values() for each in patterns_in(value)]
    if isinstance(schema, Sequence) and not isinstance(schema, str):
        return [each for value in schema for each in patterns_in(value)]
    return []


def test_patterns_mean_the_same_in_every_language() -> None:
    """In Python `\\d` and `\\w` are also digits and letters that ECMA-262 does not count."""
    schemas = [event.schema for event in EVENT_TYPES]
    schemas += [capability.commands[name].schema() for capability, name in COMMANDS]
    found = patterns_in(schemas)
    assert found
    assert [each for each in found if r"\d" in each or r"\w" in each] == []


@each_command()
def test_the_schema_of_a_commands_arguments_is_one(capability: Capability, name: str) -> None:
    command = capability.commands[name]
    Draft202012Validator.check_schema(command.schema())
    assert command.summary[0].isupper()
    assert not command.summary.endswith(".")
    assert set(command.required) <= set(command.arguments)


# What is read


@each_type
@given(data=st.data())
def test_every_filter_reads_all_content_that_fits(
    event_type: EventType, data: st.DataObject
) -> None:
    content = frozen(data.draw(CONTENTS[event_type.type]))
    for declared in event_type.filters.values():
        value = declared.read(content)
        if declared.kind == "words":
            assert isinstance(value, list)
            assert all(isinstance(word, str) for word in value)
        else:
            assert value is None or type(value) is {"word": str, "number": int}[declared.kind]


@each_type
@given(data=st.data())
def test_content_that_fits_has_a_title(event_type: EventType, data: st.DataObject) -> None:
    assert isinstance(event_type.title(frozen(data.draw(CONTENTS[event_type.type]))), str)


@each_type
@given(data=st.data())
def test_immutable_content_fits_exactly_when_plain_content_does(
    event_type: EventType, data: st.DataObject
) -> None:
    content = data.draw(st.one_of(CONTENTS[event_type.type], odd_contents(event_type)))
    assert bool(event_type.problems(frozen(content))) == bool(event_type.problems(content))


@each_capability
@given(data=st.data())
def test_the_view_is_the_same_in_whatever_order_events_came(
    capability: Capability, data: st.DataObject
) -> None:
    state = data.draw(STATES[capability.name])
    shuffled = dict(data.draw(st.permutations(list(state.items()))))
    assert encoded(capability, state) == encoded(capability, shuffled)


@each_capability
@given(data=st.data())
def test_the_view_shows_what_fits_as_if_nothing_else_were_there(
    capability: Capability, data: st.DataObject
) -> None:
    state = data.draw(STATES[capability.name])
    assert encoded(capability, state) == encoded(capability, fitting(capability, state))


@each_type
@given(data=st.data())
def test_content_that_does_not_fit_is_left_out(event_type: EventType, data: st.DataObject) -> None:
    bad = event_of(
        event_type.type, data.draw(STATE_KEYS[event_type.type]), data.draw(spoiled(event_type))
    )
    assert event_type.misfit(bad) is not None
    assert fitting(owner_of(event_type), state_of(bad)) == {}


@each_type
@given(key=texts(max_size=255))
def test_a_state_key_that_does_not_fit_is_left_out(event_type: EventType, key: str) -> None:
    event = event_of(event_type.type, key, event_type.example)
    fits = event_type.key_problem(key) is None
    assert bool(fitting(owner_of(event_type), state_of(event))) == fits


@each_type
def test_removed_objects_are_left_out(event_type: EventType) -> None:
    removed = event_of(event_type.type, "a", {})
    assert fitting(owner_of(event_type), state_of(removed)) == {}


def owner_of(event_type: EventType) -> Capability:
    return next(each for each in CAPABILITIES if event_type in each.events)


def encoded(capability: Capability, state: StateMap) -> bytes:
    """Return what readers get to see; it has to be canonical JSON as well."""
    return encode_canonical_json(capability.render(capability.project(state), NOW))


# What commands do


def played(
    data: st.DataObject, capability: Capability, name: str
) -> tuple[Stage, Mapping[str, Any], Sequence[Effect] | None]:
    """Return a room with one object of the capability, a request about it, and what it does."""
    command = capability.commands[name]
    event_type = capability.event_type
    key = data.draw(STATE_KEYS[event_type.type])
    stage = Stage(
        capability, state_of(event_of(event_type.type, key, data.draw(CONTENTS[event_type.type])))
    )
    asked = data.draw(ARGUMENTS[named(capability, name)])
    if "uid" in command.required:
        asked = {**asked, "uid": key}
    asked.pop("room_id", None)
    assert Shape(command.schema()).problems(with_room(command, asked)) == []
    return stage, asked, decided(stage, name, asked)


def with_room(command: Command, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**asked, "room_id": ROOM} if command.in_room else asked


def decided(stage: Stage, name: str, asked: Mapping[str, Any]) -> Sequence[Effect] | None:
    """Return what a command does; None where it says why it does nothing."""
    try:
        return stage.decide(name, **asked)
    except (Forbidden, InvalidParam, NotFound):
        return None


def own_puts(effects: Sequence[Effect]) -> list[Put]:
    found = [each for each in effects if isinstance(each, Put)]
    return [each for each in found if each.type.startswith(f"{NAMESPACE}.")]


def type_named(name: str) -> EventType:
    return next(each for each in EVENT_TYPES if each.type == name)


@each_command()
@given(data=st.data())
def test_what_a_command_drafts_fits_its_schema(
    capability: Capability, name: str, data: st.DataObject
) -> None:
    _, _, effects = played(data, capability, name)
    for put in own_puts(effects or ()):
        type_named(put.type).check_key(put.state_key)
        type_named(put.type).check(put.content)
    for effect in effects or ():
        if isinstance(effect, CreateRoom):
            for event in effect.config["initial_state"]:
                if event["type"].startswith(f"{NAMESPACE}."):
                    type_named(event["type"]).check_key(event["state_key"])
                    type_named(event["type"]).check(event["content"])


@each_command()
@given(data=st.data())
def test_what_was_asked_for_is_there_afterwards(
    capability: Capability, name: str, data: st.DataObject
) -> None:
    stage, asked, effects = played(data, capability, name)
    if effects is None:
        return
    after = stage.after(effects)
    for put in own_puts(effects):
        if put.room_id is not None or not put.content:
            continue
        assert (put.type, put.state_key) in fitting(capability, after.state)
        # As an argument, `uid` names an object; as a field, what iCalendar calls it.
        for field in {*asked} & {*type_named(put.type).schema["properties"]} - {"uid"}:
            assert plain(put.content.get(field)) == asked[field]


@each_command(but=BEGINS)
@given(data=st.data(), key=texts(min_size=1), value=canonical_json())
def test_a_command_keeps_what_it_does_not_know(
    capability: Capability, name: str, data: st.DataObject, key: str, value: Any
) -> None:
    stage, asked, _ = played(data, capability, name)
    new = f"future.{key}"
    [(place, event)] = stage.state.items()
    stage = Stage(capability, {place: event_of(*place, {**plain(event.content), new: value})})
    for put in own_puts(decided(stage, name, asked) or ()):
        if put.content and (put.type, put.state_key) == place:
            assert plain(put.content[new]) == value


@each_command(but=ASKS_ANEW)
@given(data=st.data())
def test_a_command_given_twice_changes_nothing_more(
    capability: Capability, name: str, data: st.DataObject
) -> None:
    stage, asked, effects = played(data, capability, name)
    if effects is None:
        return
    once = stage.after(effects)
    again = decided(once, name, asked)
    if again is not None:
        assert encoded(capability, once.after(again).state) == encoded(capability, once.state)
        mine = [each for each in own_puts(again) if each.room_id is None]
        assert all(once.content(each.state_key, each.type) == plain(each.content) for each in mine)


@each_capability
def test_a_command_that_there_is_not_is_answered_with_those_that_there_are(
    capability: Capability,
) -> None:
    with pytest.raises(NotFound) as refused:
        capability.command("fly")
    assert all(name in refused.value.message for name in capability.commands)
