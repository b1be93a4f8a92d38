"""Proposals: versions that lost and that nobody has merged, to accept or to dismiss."""

from collections.abc import Sequence
from typing import Any, Final

from twin_module.engine.tokens import WORD, read_token, write_token
from twin_module.engine.twin import Twin
from twin_module.engine.versions import Place
from twin_module.rest.asked import limit_of
from twin_module.rest.history import VERSION
from twin_module.rest.route import Answer, Call, Route
from twin_module.rest.shown import capability_names

MOST: Final = 100


async def list_proposals(twin: Twin, call: Call) -> Answer:
    """List the open proposals of all rooms, the owner's own as well."""
    token = call.query.get("from")
    after = None if token is None else Place(*read_token(token, WORD, WORD, WORD))
    found, behind = await twin.proposals.page(limit_of(call, MOST), after)
    names = capability_names(twin)
    body: dict[str, Any] = {
        "proposals": [
            {
                "room_id": each.place.room_id,
                "capability": names[each.place.type],
                "type": each.place.type,
                "uid": each.place.uid,
                **each.told.as_json(),
            }
            for each in found
        ]
    }
    if behind is not None:
        body["next_batch"] = write_token([behind.room_id, behind.type, behind.uid])
    return Answer(body)


async def accept(twin: Twin, call: Call) -> Answer:
    """Merge a proposal with the current version."""
    changed = await twin.proposals.accept(call.path["event_id"], call.experience)
    return Answer({"changed": changed})


async def dismiss(twin: Twin, call: Call) -> Answer:
    """Note that a proposal is not wanted."""
    await twin.proposals.dismiss(call.path["event_id"])
    return Answer({})


ROUTES: Final[Sequence[Route]] = (
    Route(
        method="GET",
        path="/proposals",
        summary="Versions that lost and that nobody has merged",
        handler=list_proposals,
        query={
            "limit": {
                "type": "integer",
                "minimum": 1,
                "maximum": MOST,
                "default": 50,
                "description": "How many objects; one may have several proposals.",
            },
            "from": {"type": "string", "description": "The `next_batch` of the page before."},
        },
        answer={
            "type": "object",
            "required": ["proposals"],
            "properties": {"proposals": {"type": "array", "items": VERSION}},
        },
    ),
    Route(
        method="POST",
        path="/proposals/{event_id}/accept",
        summary="Merge a proposal with the current version",
        handler=accept,
        answer={"type": "object", "required": ["changed"]},
        stamped=True,
    ),
    Route(
        method="POST",
        path="/proposals/{event_id}/dismiss",
        summary="Note that a proposal is not wanted here",
        handler=dismiss,
    ),
)
