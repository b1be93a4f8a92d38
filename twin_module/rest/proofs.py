"""Proofs: what a stranger can verify with `twin verify`, or with a program of their own."""

from collections.abc import Sequence
from typing import Final

from twin_module.core.errors import NotFound
from twin_module.core.proof import FORMAT
from twin_module.engine import store
from twin_module.engine.proofs import Proofs
from twin_module.engine.twin import Twin
from twin_module.rest.route import Answer, Call, Route


async def read_proof(twin: Twin, call: Call) -> Answer:
    """Prove a version of an object: the current one, which may be its removal, or an earlier one."""
    room_id, uid = call.path["room_id"], call.path["uid"]
    event_type = twin.commands.capability(call.path["capability"]).event_type.type
    await twin.joined_room(room_id)
    event_id = call.query.get("event_id")
    if event_id is None:
        found = await twin.homeserver.transact(
            "twin_object", lambda cursor: store.read_object(cursor, room_id, event_type, uid)
        )
        if found is None:
            raise NotFound(f"There is no object {uid!r} of {call.path['capability']} in this room.")
        event_id = found.event_id
    bundle = await Proofs(twin.homeserver).bundle(room_id, event_type, uid, event_id)
    return Answer(bundle, etag=event_id)


ROUTES: Final[Sequence[Route]] = (
    Route(
        method="GET",
        path="/rooms/{room_id}/{capability}/{uid}/proof",
        summary="A proof of a version of an object, which a stranger can verify offline",
        handler=read_proof,
        query={
            "event_id": {
                "type": "string",
                "description": "The version; without it, the current one.",
            }
        },
        answer={
            "type": "object",
            "required": ["format", "room_version", "event_id", "event", "parents", "keys"],
            "properties": {
                "format": {"const": FORMAT},
                "keys": {"type": "object", "additionalProperties": {"type": "array"}},
            },
        },
    ),
)
