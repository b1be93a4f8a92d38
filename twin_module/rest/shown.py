"""How objects and writes are shown in answers."""

import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring as _quoted
from typing import Any, Final

from twin_module.engine.orders import Written
from twin_module.engine.store import Record
from twin_module.engine.twin import Twin

OBJECT: Final = {
    "type": "object",
    "required": [
        "room_id",
        "capability",
        "type",
        "uid",
        "etag",
        "sender",
        "updated",
        "title",
        "content",
    ],
    "properties": {"updated": {"type": "integer", "description": "Milliseconds since 1970."}},
}
"""JSON Schema of an object."""
WRITTEN: Final = {"type": "object", "required": ["room_id", "type", "uid", "etag", "changed"]}
"""JSON Schema of what became of one write."""


def object_json(each: Record, capability: str) -> dict[str, Any]:
    """Return an object as the API shows it.

    Where the current event does not fit, `content` is of the last one that did, and `problem`
    says what is wrong.
    """
    shown: dict[str, Any] = {
        "room_id": each.room_id,
        "capability": capability,
        "type": each.type,
        "uid": each.uid,
        "etag": each.event_id,
        "sender": each.good_sender or each.sender,
        "updated": each.good_ts or each.ts,
        "title": each.title,
        "content": json.loads(each.content) if each.content else {},
    }
    return {**shown, "problem": each.problem} if each.problem else shown


def object_text(each: Record, capability: str) -> str:
    """Return the same as JSON text, in Matrix's canonical form; only where there is content."""
    sender, ts = each.good_sender or each.sender, each.good_ts or each.ts
    place = each.room_id, each.type, each.uid
    row = (*place, each.event_id, sender, ts, each.title, each.content, each.problem)
    return row_text(row, capability)


def row_text(row: Sequence[Any], capability: str) -> str:
    """Return the same of a row of `store.SHOWN_COLUMNS`, with its content as it is stored."""
    room_id, event_type, uid, event_id, sender, ts, title, content, problem = row
    shown = f',"problem":{_quoted(problem)}' if problem else ""
    return (
        f'{{"capability":{_quoted(capability)},"content":{content},"etag":{_quoted(event_id)}{shown}'
        f',"room_id":{_quoted(room_id)},"sender":{_quoted(sender)},"title":{_quoted(title)}'
        f',"type":{_quoted(event_type)},"uid":{_quoted(uid)},"updated":{ts}}}'
    )


def capability_names(twin: Twin) -> Mapping[str, str]:
    """Return the name of the capability of each event type."""
    return {
        event.type: capability.name
        for capability in twin.capabilities
        for event in capability.events
    }


def written_json(written: Written, capability: str | None) -> dict[str, Any]:
    """Return what became of one write, as the API shows it."""
    return {
        "room_id": written.room_id,
        **({"capability": capability} if capability else {}),
        "type": written.type,
        "uid": written.state_key,
        "etag": written.event_id,
        "changed": written.changed,
    }
