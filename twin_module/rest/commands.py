"""Many objects at once, and the commands of the capabilities."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from twin_module.core.capability import UID_PATTERN
from twin_module.core.errors import TwinError
from twin_module.engine.commands import Item
from twin_module.engine.orders import Written
from twin_module.engine.twin import Twin
from twin_module.rest import once
from twin_module.rest.route import Answer, Call, Route
from twin_module.rest.shown import capability_names, written_json

MAX_BULK: Final = 1000


async def bulk(twin: Twin, call: Call) -> Answer:
    """Write up to 1,000 objects; what became of each stands in its place."""
    room_id = call.path["room_id"]
    await twin.joined_room(room_id)
    items = [
        Item(
            type=twin.commands.capability(each["capability"]).event_type.type,
            uid=each.get("uid") or once.uid_of(twin, call.key, number),
            content=each["content"],
        )
        for number, each in enumerate(call.body["objects"])
    ]
    names = capability_names(twin)
    results = await _made(twin, call, items)
    await twin.projector.catch_up()
    return Answer(
        {
            "objects": [
                _result(item, result, names) for item, result in zip(items, results, strict=True)
            ]
        }
    )


async def _made(twin: Twin, call: Call, items: Sequence[Item]) -> list[Written | TwinError]:
    """Write objects, but for those without a uid of their own that this request has made before."""
    chosen = [(item.type, item.uid) for item in items]
    own = [
        key
        for key, each in zip(chosen, call.body["objects"], strict=True)
        if call.key is not None and not each.get("uid")
    ]
    before = await once.made_before(twin, call.path["room_id"], own)
    new = [item for item, key in zip(items, chosen, strict=True) if key not in before]
    written = iter(await twin.commands.bulk(call.path["room_id"], new, call.experience))
    return [before[key] if key in before else next(written) for key in chosen]


def _result(item: Item, result: Written | TwinError, names: Mapping[str, str]) -> dict[str, Any]:
    if isinstance(result, Written):
        return written_json(result, names.get(result.type))
    return {"uid": item.uid, "errcode": result.errcode, "error": result.message, **result.fields}


async def command(twin: Twin, call: Call) -> Answer:
    """Run a command of a capability."""
    outcome = await twin.commands.run(
        call.path["capability"], call.path["command"], call.body, call.experience
    )
    await twin.projector.catch_up()
    names = capability_names(twin)
    body: dict[str, Any] = {
        "objects": [written_json(each, names.get(each.type)) for each in outcome.written]
    }
    if outcome.created:
        body["room_id"] = outcome.created[0]
    return Answer(body)


ROUTES: Final[Sequence[Route]] = (
    Route(
        method="POST",
        path="/rooms/{room_id}/objects",
        summary="Write up to 1,000 objects, chunk by chunk",
        handler=bulk,
        body={
            "type": "object",
            "properties": {
                "objects": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MAX_BULK,
                    "items": {
                        "type": "object",
                        "properties": {
                            "capability": {"type": "string"},
                            "uid": {"type": "string", "pattern": UID_PATTERN},
                            "content": {"type": "object"},
                        },
                        "required": ["capability", "content"],
                        "additionalProperties": False,
                    },
                }
            },
            "required": ["objects"],
            "additionalProperties": False,
        },
        answer={"type": "object", "required": ["objects"]},
        stamped=True,
        once=True,
    ),
    Route(
        method="POST",
        path="/commands/{capability}/{command}",
        summary="Run a command; `/capabilities` lists them with their arguments",
        handler=command,
        body={"type": "object"},
        answer={"type": "object", "required": ["objects"]},
        stamped=True,
    ),
)
