"""The rooms of a twin: what each kind is made of, as bodies of Matrix's `createRoom`.

A twin has one private space, its index. Collections and circles hang under it. A circle is a
space as well, so that any Matrix client shows its people what is shared with them.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final

from twin_module.core.authority import Role
from twin_module.core.state import NAMESPACE, StateMap, content_of

ROOM_VERSION: Final = "12"
"""The version of rooms that we make: their creator's power can't be taken away."""
COLLECTION_TYPE: Final = f"{NAMESPACE}.collection"
KIND: Final = f"{NAMESPACE}.kind"
"""The key in a create event that tells our spaces from others."""
SHARE: Final = f"{NAMESPACE}.share"
GRANTED: Final = f"{NAMESPACE}.granted"
CIRCLE: Final = f"{NAMESPACE}.circle"
RSVP: Final = f"{NAMESPACE}.rsvp"
"""What one person answers to invitations; its state key is their Matrix ID."""


class Kind(Enum):
    """What a room is to the twin."""

    INDEX = "index"
    COLLECTION = "collection"
    CIRCLE = "circle"
    OTHER = "other"


def kind_of(create: Mapping[str, Any]) -> Kind:
    """Tell the kind of a room by the content of its create event."""
    if create.get("type") == COLLECTION_TYPE:
        return Kind.COLLECTION
    if create.get("type") == "m.space":
        named = create.get(KIND)
        return next((kind for kind in (Kind.INDEX, Kind.CIRCLE) if kind.value == named), Kind.OTHER)
    return Kind.OTHER


def kind_in(state: StateMap) -> Kind:
    """Tell the kind of a room by its state."""
    return kind_of(content_of(state, "m.room.create"))


# Synapse replaces its own map by ours, so every type that deserves more than `state_default`
# is named again.
_EVENT_LEVELS: Final[Mapping[str, int]] = {
    "m.room.name": Role.ADMIN,
    "m.room.topic": Role.ADMIN,
    "m.room.avatar": Role.ADMIN,
    "m.room.canonical_alias": Role.ADMIN,
    "m.room.pinned_events": Role.ADMIN,
    "m.space.child": Role.ADMIN,
    "m.space.parent": Role.ADMIN,
    "m.room.power_levels": 100,
    "m.room.join_rules": 100,
    "m.room.guest_access": 100,
    "m.room.history_visibility": 100,
    "m.room.encryption": 100,
    "m.room.server_acl": 100,
    "m.room.retention": 100,
    "m.room.policy": 100,
    "org.matrix.msc4284.policy": 100,
    "m.room.tombstone": 150,
    SHARE: Role.ADMIN,
    CIRCLE: Role.ADMIN,
    GRANTED: 100,
    # Whoever may read an event may answer it; the state key keeps everybody to their own answer.
    RSVP: Role.VIEWER,
}


def power_levels(ordinary: int) -> dict[str, Any]:
    """Return power levels in which `ordinary` is what writing objects and messages takes."""
    return {
        "users_default": Role.VIEWER,
        "events_default": ordinary,
        "state_default": ordinary,
        "invite": Role.ADMIN,
        "kick": Role.ADMIN,
        "ban": Role.ADMIN,
        "redact": Role.ADMIN,
        "historical": 100,
        "notifications": {"room": Role.ADMIN},
        "events": dict(_EVENT_LEVELS),
    }


def closed_to_guests() -> list[dict[str, Any]]:
    """Return the first state of a room of ours: members see its past, guests of Matrix nothing."""
    first = {
        "m.room.history_visibility": {"history_visibility": "shared"},
        "m.room.guest_access": {"guest_access": "forbidden"},
    }
    return [{"type": kind, "state_key": "", "content": each} for kind, each in first.items()]


def _room(name: str, topic: str, creation: Mapping[str, Any], ordinary: int) -> dict[str, Any]:
    return {
        "room_version": ROOM_VERSION,
        "preset": "private_chat",
        "visibility": "private",
        "name": name,
        **({"topic": topic} if topic else {}),
        "creation_content": dict(creation),
        "power_level_content_override": power_levels(ordinary),
        "initial_state": closed_to_guests(),
    }


def index_room(owner: str) -> dict[str, Any]:
    """Return the twin's private space."""
    creation = {"type": "m.space", KIND: Kind.INDEX.value}
    return _room(
        f"{owner}'s twin", "What this twin holds. Only its owner is in here.", creation, 100
    )


def collection_room(name: str, topic: str) -> dict[str, Any]:
    """Return a room that holds objects."""
    return _room(name, topic, {"type": COLLECTION_TYPE}, Role.EDITOR)


def circle_room(name: str, purpose: str, objects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the space of a circle with its first objects."""
    config = _room(name, purpose, {"type": "m.space", KIND: Kind.CIRCLE.value}, Role.ADMIN)
    return {**config, "initial_state": [*config["initial_state"], *objects]}
