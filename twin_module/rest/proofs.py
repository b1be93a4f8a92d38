"""Proofs: what a stranger can verify with `twin verify`, or with a program of their own."""

from collections.abc import Sequence
from typing import Final

from twin_module.core.proof import FORMAT
from twin_module.engine.proofs import Proofs
from twin_module.engine.twin import Twin
from twin_module.engine.versions import Place
from twin_module.rest.asked import place_of, record_of
from twin_module.rest.route import Answer, Call, Route


async def read_proof(twin: Twin, call: Call) -> Answer:
    """Prove a version of an object: the current one, which may be its removal, or an earlier one."""
    if "event_id" in call.query:
        place, event_id = await place_of(twin, call), call.query["event_id"]
    else:
        found = await record_of(twin, call)
        place, event_id = Place(found.room_id, found.type, found.uid), found.event_id
    bundle = await Proofs(twin.homeserver).bundle(place.room_id, *place.key, event_id)
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
