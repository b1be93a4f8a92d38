"""Hypothesis strategies that follow from what capabilities declare: contents, arguments, events, states.

Whoever adds a capability gets them for it too; see `tests/unit/test_every_capability.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from twin_module.core.capability import Capability, Command, EventType
from twin_module.core.state import Key, StateEvent, content_problem, frozen
from twin_module.testing.json_strategies import (
    STORABLE,
    Json,
    canonical_json,
    hostile_json,
    odd_json,
    texts,
)
from twin_module.testing.schema_strategies import values

ROOM: Final = "!room"
ALICE: Final = "@alice:alice.test"
BOB: Final = "@bob:bob.test"
CAROL: Final = "@carol:carol.test"
STANDARD_TYPES: Final = (
    "m.room.create",
    "m.room.member",
    "m.room.power_levels",
    "m.room.join_rules",
    "m.space.child",
)


def event_of(
    event_type: str,
    state_key: str,
    content: Mapping[str, Any],
    *,
    sender: str = ALICE,
    room_id: str = ROOM,
    event_id: str = "$event",
    origin_server_ts: int = 0,
) -> StateEvent:
    """Return a state event as it is read from a server, with content of any kind."""
    problem = content_problem(content)
    readable = frozen({} if problem else content)
    return StateEvent(
        room_id, event_type, state_key, readable, sender, event_id, origin_server_ts, problem
    )


def state_of(*events: StateEvent) -> dict[Key, StateEvent]:
    """Return the state that consists of these events."""
    return {(event.type, event.state_key): event for event in events}


def contents(event_type: EventType) -> SearchStrategy[dict[str, Json]]:
    """Return content that fits an event type, with keys of newer versions."""
    generated = values({"type": "object", **event_type.schema})
    return st.one_of(st.just(dict(event_type.example)), generated).filter(
        lambda content: not event_type.problems(content)
    )


def state_keys(event_type: EventType) -> SearchStrategy[str]:
    """Return state keys that fit an event type."""
    return st.from_regex(
        event_type.key_pattern, fullmatch=True, alphabet=st.characters(**STORABLE)
    ).filter(lambda key: event_type.key_problem(key) is None)


def spoiled(event_type: EventType) -> SearchStrategy[dict[str, Json]]:
    """Return content that does not fit an event type, whatever its schema is."""
    unfit_inside = st.builds(
        lambda content, key, value: {**content, key: value},
        contents(event_type),
        st.sampled_from([*event_type.schema["properties"], "new"]),
        hostile_json(),
    )
    schema = event_type.schema
    required: Sequence[str] = schema.get("required", [])
    if not required:
        return unfit_inside
    incomplete = st.builds(
        lambda content, key: {name: content[name] for name in content if name != key} | {"": 0},
        contents(event_type),
        st.sampled_from(required),
    )
    # No text, no map, no number and no constant of ours is one of these.
    of_other_type = st.builds(
        lambda content, key, value: {**content, key: value},
        contents(event_type),
        st.sampled_from(
            [
                key
                for key in required
                if not {"array", "boolean", "null"} & {*_kinds(schema["properties"][key])}
            ]
        ),
        st.none() | st.booleans() | st.lists(canonical_json(), max_size=2),
    )
    return st.one_of(unfit_inside, incomplete, of_other_type)


def _kinds(schema: Mapping[str, Any]) -> Sequence[str]:
    kind = schema.get("type", [])
    return [kind] if isinstance(kind, str) else kind


def odd_contents(event_type: EventType) -> SearchStrategy[dict[str, Json]]:
    """Return content with known keys and any values, which may fit or not."""
    names = st.sampled_from([*event_type.schema["properties"]])
    return st.dictionaries(names | texts(), odd_json(), max_size=5)


def fitting_events(event_type: EventType) -> SearchStrategy[StateEvent]:
    """Return events that fit a type."""
    return st.builds(
        lambda key, content: event_of(event_type.type, key, content),
        state_keys(event_type),
        contents(event_type),
    )


def events(types: Sequence[EventType]) -> SearchStrategy[StateEvent]:
    """Return events that fit, are removed, are hostile, or of other types."""
    odd_types = st.sampled_from(STANDARD_TYPES) | texts()
    odd_keys = st.sampled_from(["", ALICE]) | texts(max_size=255)
    nobodys = st.builds(event_of, odd_types, odd_keys, st.dictionaries(texts(), odd_json()))
    return st.one_of([*(_events_of(each) for each in types), nobodys])


def _events_of(event_type: EventType) -> SearchStrategy[StateEvent]:
    any_keys = state_keys(event_type) | texts(max_size=255)
    removed: SearchStrategy[dict[str, Json]] = st.just({})
    bad = removed | spoiled(event_type) | odd_contents(event_type)
    return st.one_of(
        fitting_events(event_type),
        st.builds(event_of, st.just(event_type.type), any_keys, bad | contents(event_type)),
    )


def states(capability: Capability) -> SearchStrategy[dict[Key, StateEvent]]:
    """Return states of a room with any mix of good and bad events, in any order."""
    return st.lists(events(capability.events), max_size=6).map(lambda found: state_of(*found))


def arguments(command: Command) -> SearchStrategy[dict[str, Json]]:
    """Return requests that fit a command."""
    return values(command.schema()).map(
        lambda found: {**found, "room_id": ROOM} if command.in_room else found
    )
