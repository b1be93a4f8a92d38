"""Compares a twin's tables with its rooms, which are read straight from Synapse's tables."""

import json
from collections.abc import Mapping
from typing import Any, Final

from twin_module.core.capability import EventType
from twin_module.core.layout import kind_of
from twin_module.core.search import composed, entry
from twin_module.core.state import NAMESPACE, StateEvent, frozen
from twin_module.rooms import CAPABILITIES
from twin_module.testing.twins import Twin

Rows = dict[tuple[str, ...], Any]
TYPES: Final[Mapping[str, EventType]] = {
    event.type: event for capability in CAPABILITIES for event in capability.events
}


def differences(twin: Twin) -> list[str]:
    """Return where a twin's tables are not what its rooms say, one line for each row."""
    _look(twin)
    found = []
    for name, wanted, held in (
        ("room", _rooms(twin), _held_rooms(twin)),
        ("object", _objects(twin), _held_objects(twin)),
        ("index", _index(twin), _held_index(twin)),
        ("search", _search(twin), _held_search(twin)),
    ):
        found += [f"{name} {key}: missing" for key in sorted(wanted.keys() - held.keys())]
        found += [f"{name} {key}: too much" for key in sorted(held.keys() - wanted.keys())]
        found += [
            f"{name} {key}: {held[key]} instead of {wanted[key]}"
            for key in sorted(wanted.keys() & held.keys())
            if wanted[key] != held[key]
        ]
    return found


def digest(twin: Twin) -> Rows:
    """Return what a twin holds of its objects, by (room, type, uid), to be compared with another's."""
    _look(twin)
    return _held_objects(twin)


def _look(twin: Twin) -> None:
    """Have the tables show what they show to whoever asks by the API."""
    twin.thread.wait(twin.module.twin.follow)


# What Synapse has


def _joined(twin: Twin) -> list[str]:
    rows = twin.rows(
        "SELECT room_id FROM local_current_membership WHERE user_id = ? AND membership = 'join'",
        twin.owner,
    )
    return [row[0] for row in rows]


def _current(twin: Twin, room_id: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Return current state events as JSON, with empty content where redacted."""
    rows = twin.rows(
        "SELECT c.type, c.state_key, c.event_id, j.json, r.event_id FROM current_state_events c"
        " JOIN event_json j ON j.event_id = c.event_id"
        " LEFT JOIN redactions r ON r.redacts = c.event_id WHERE c.room_id = ?",
        room_id,
    )
    state = {}
    for kind, key, event_id, text, redacted_by in rows:
        event = json.loads(text)
        if redacted_by is not None and kind.startswith(f"{NAMESPACE}."):
            event["content"] = {}
        state[kind, key] = {**event, "event_id": event_id}
    return state


def _content(state: Mapping[tuple[str, str], Any], kind: str) -> Any:
    return state.get((kind, ""), {}).get("content", {})


def _rooms(twin: Twin) -> Rows:
    rooms: Rows = {}
    for room_id in _joined(twin):
        state = _current(twin, room_id)
        rooms[room_id,] = (
            "join",
            kind_of(_content(state, "m.room.create")).value,
            _content(state, "m.room.name").get("name", ""),
            _content(state, "m.room.topic").get("topic", ""),
            state["m.room.create", ""]["sender"],
        )
    return rooms


def _objects(twin: Twin) -> Rows:
    """Return objects that are there: current event, whether it fits, and its content if it does."""
    objects: Rows = {}
    for room_id in _joined(twin):
        for (kind, key), event in _current(twin, room_id).items():
            if not kind.startswith(f"{NAMESPACE}.") or not event["content"]:
                continue
            fits = _fits(room_id, kind, key, event)
            objects[room_id, kind, key] = (
                event["event_id"],
                fits,
                json.dumps(event["content"], sort_keys=True) if fits else None,
            )
    return objects


def _fits(room_id: str, kind: str, key: str, event: dict[str, Any]) -> bool:
    known = TYPES.get(kind)
    if known is None:
        return False
    place = (room_id, kind, key, frozen(event["content"]), event["sender"], event["event_id"], 0)
    return known.misfit(StateEvent(*place)) is None


def _index(twin: Twin) -> Rows:
    """Return how often each value stands in the index, computed anew from what the objects hold."""
    index: Rows = {}
    rows = twin.rows("SELECT room_id, type, uid, content FROM twin_objects WHERE content <> ''")
    for room_id, kind, uid, content in rows:
        for name, each in TYPES[kind].filters.items():
            value = each.read(frozen(json.loads(content)))
            for part in [value] if isinstance(value, str | int) else value or ():
                key = (room_id, kind, uid, name, str(part))
                index[key] = index.get(key, 0) + 1
    return index


def _search(twin: Twin) -> Rows:
    """Return what each object is to be found by, computed anew from what the objects hold."""
    found: Rows = {}
    rows = twin.rows(
        "SELECT room_id, type, uid, good_event_id, title, content FROM twin_objects WHERE content <> ''"
    )
    for room_id, kind, uid, event_id, title, content in rows:
        texts = TYPES[kind].texts(frozen(json.loads(content)))
        text = "\n".join(each for each in texts if each.strip() != title.strip())
        found[room_id, kind, uid] = event_id, entry(composed(title)).words, composed(text)
    return found


# What the twin has


def _held_rooms(twin: Twin) -> Rows:
    rows = twin.rows(
        "SELECT room_id, membership, kind, name, topic, creator FROM twin_rooms"
        " WHERE membership = 'join'"
    )
    return {(row[0],): tuple(row[1:]) for row in rows}


def _held_objects(twin: Twin) -> Rows:
    rows = twin.rows(
        "SELECT room_id, type, uid, event_id, problem, content FROM twin_objects WHERE removed = 0"
    )
    return {
        (room_id, kind, uid): (
            event_id,
            problem is None,
            json.dumps(json.loads(content), sort_keys=True) if problem is None else None,
        )
        for room_id, kind, uid, event_id, problem, content in rows
    }


def _held_index(twin: Twin) -> Rows:
    index: Rows = {}
    for room_id, kind, uid, name, word, number in twin.rows(
        "SELECT room_id, type, uid, field, word, number FROM twin_index"
    ):
        key = (room_id, kind, uid, name, word if number is None else str(number))
        index[key] = index.get(key, 0) + 1
    return index


def _held_search(twin: Twin) -> Rows:
    rows = twin.rows("SELECT room_id, type, uid, event_id, title, text FROM twin_search")
    return {tuple(row[:3]): tuple(row[3:]) for row in rows}
