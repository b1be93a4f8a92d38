"""The rooms of a twin: their kinds, and who may do what in them."""

from collections.abc import Mapping
from typing import Any

import pytest

from twin_module.core.layout import (
    CIRCLE,
    COLLECTION_TYPE,
    GRANTED,
    KIND,
    SHARE,
    Kind,
    circle_room,
    collection_room,
    index_room,
    kind_in,
    kind_of,
    power_levels,
)
from twin_module.rooms import CAPABILITIES
from twin_module.testing.strategies import event_of, state_of

ROOMS = {
    Kind.INDEX: index_room("alice"),
    Kind.COLLECTION: collection_room("Shopping", "What we need"),
    Kind.CIRCLE: circle_room(
        "Family", "", [{"type": CIRCLE, "state_key": "circle", "content": {}}]
    ),
}
each_room = pytest.mark.parametrize("config", ROOMS.values(), ids=[kind.value for kind in ROOMS])

OF_THE_SPECIFICATION = {
    # Changing who may do what, and how the room is kept.
    **dict.fromkeys(["m.room.power_levels", "m.room.history_visibility"], 100),
    **dict.fromkeys(["m.room.server_acl", "m.room.encryption"], 100),
    "m.room.tombstone": 150,
    # What other servers do with the room's events.
    **dict.fromkeys(["m.room.retention", "m.room.policy"], 100),
    # What a room is called and who may come in.
    **dict.fromkeys(["m.room.name", "m.room.avatar", "m.room.canonical_alias"], 50),
    **dict.fromkeys(["m.room.join_rules", "m.room.guest_access", "m.room.topic"], 50),
    **dict.fromkeys(["m.room.pinned_events", "m.space.child", "m.space.parent"], 50),
}
"""The least level of each type in a room of version 12, as the specification recommends them."""


def levels_of(config: Mapping[str, Any]) -> Mapping[str, Any]:
    levels: Mapping[str, Any] = config["power_level_content_override"]
    return levels


def may(config: Mapping[str, Any], level: int, event_type: str) -> bool:
    levels = levels_of(config)
    return level >= int(levels["events"].get(event_type, levels["state_default"]))


@each_room
@pytest.mark.parametrize(("event_type", "least"), OF_THE_SPECIFICATION.items())
def test_no_type_of_matrix_is_easier_to_write_than_the_specification_says(
    config: Mapping[str, Any], event_type: str, least: int
) -> None:
    assert levels_of(config)["events"][event_type] >= least


@each_room
def test_every_type_of_matrix_that_is_named_is_in_this_table(config: Mapping[str, Any]) -> None:
    named = {each for each in levels_of(config)["events"] if each.startswith("m.")}
    assert named == set(OF_THE_SPECIFICATION)


@each_room
def test_only_admins_invite_remove_ban_and_redact(config: Mapping[str, Any]) -> None:
    levels = levels_of(config)
    assert [levels[key] for key in ("invite", "kick", "ban", "redact")] == [50] * 4
    assert levels["users_default"] == 0
    assert levels["notifications"] == {"room": 50}


@pytest.mark.parametrize(
    "event_type", [each.event_type.type for each in CAPABILITIES if each.name != "circles"]
)
def test_viewers_read_and_editors_write_the_objects_of_a_collection(event_type: str) -> None:
    config = ROOMS[Kind.COLLECTION]
    assert not may(config, 0, event_type)
    assert may(config, 25, event_type)
    assert levels_of(config)["events_default"] == 25


def test_admins_share_and_only_the_twin_notes_whom_it_let_in() -> None:
    config = ROOMS[Kind.COLLECTION]
    assert [may(config, level, SHARE) for level in (25, 50)] == [False, True]
    assert [may(config, level, GRANTED) for level in (50, 100)] == [False, True]


def test_in_a_circle_only_admins_declare_members() -> None:
    assert [may(ROOMS[Kind.CIRCLE], level, CIRCLE) for level in (25, 50)] == [False, True]
    assert not may(ROOMS[Kind.CIRCLE], 25, "org.digitaltwin.task")


def test_nobody_but_the_owner_writes_to_the_index() -> None:
    assert not may(ROOMS[Kind.INDEX], 99, "org.digitaltwin.task")


@each_room
def test_a_room_is_private_and_of_the_version_that_protects_its_creator(
    config: Mapping[str, Any],
) -> None:
    assert (config["preset"], config["visibility"]) == ("private_chat", "private")
    assert config["room_version"] == "12"
    assert "users" not in levels_of(config)  # in version 12 the creator must not stand there
    first = {each["type"]: each["content"] for each in config["initial_state"]}
    assert first["m.room.history_visibility"] == {"history_visibility": "shared"}
    assert first["m.room.guest_access"] == {"guest_access": "forbidden"}


@pytest.mark.parametrize(("kind", "config"), ROOMS.items(), ids=[kind.value for kind in ROOMS])
def test_a_room_is_known_again_by_its_create_event(kind: Kind, config: Mapping[str, Any]) -> None:
    assert kind_of(config["creation_content"]) is kind
    assert kind_in(state_of(event_of("m.room.create", "", config["creation_content"]))) is kind


@pytest.mark.parametrize(
    "create",
    [
        {},
        {"type": None},
        {"type": "m.space"},
        {"type": "m.space", KIND: "collection"},
        {"type": "m.space", KIND: ["circle"]},
        {"type": [COLLECTION_TYPE]},
        {KIND: "index"},
    ],
)
def test_any_other_room_is_another_room(create: Mapping[str, Any]) -> None:
    assert kind_of(create) is Kind.OTHER


def test_a_room_of_which_nothing_is_known_is_another_room() -> None:
    assert kind_in({}) is Kind.OTHER


def test_a_room_without_a_topic_has_none() -> None:
    assert "topic" not in collection_room("Shopping", "")
    assert collection_room("Shopping", "x")["topic"] == "x"


def test_power_levels_of_two_rooms_are_not_shared() -> None:
    first = power_levels(25)
    first["events"]["m.room.name"] = 0
    assert power_levels(25)["events"]["m.room.name"] == 50
