"""What the twin says of itself: its card, its capabilities, how it is."""

from importlib.metadata import version
from typing import Final

from twin_module.core.capability import Capability
from twin_module.core.state import NAMESPACE
from twin_module.engine import sequence, store
from twin_module.engine.twin import Twin
from twin_module.rest.route import Answer, Call, Route

VERSION: Final = version("twin-module")


async def card(twin: Twin, call: Call) -> Answer:
    """Say whose twin this is, signed with the server's key."""
    profile = await twin.homeserver.profile()
    document = {
        "type": f"{NAMESPACE}.card",
        "server_name": twin.homeserver.server_name,
        "owner": twin.homeserver.owner,
        **{key: value for key, value in profile.items() if isinstance(value, str)},
        "capabilities": [capability.name for capability in twin.capabilities],
        "verify_keys": {
            key_id: {"key": key} for key_id, key in twin.homeserver.verify_keys().items()
        },
        "signed_ts": twin.homeserver.now(),
    }
    return Answer(twin.homeserver.sign(document))


async def capabilities(twin: Twin, call: Call) -> Answer:
    """List what this twin can do."""
    described = [_described(capability) for capability in twin.capabilities]
    # Fields and commands stand in the order of their declaration, and so they are shown.
    return Answer({"capabilities": described}, in_order=True)


def _described(capability: Capability) -> dict[str, object]:
    return {
        "name": capability.name,
        "summary": capability.summary,
        "events": [
            {
                "type": event.type,
                "summary": event.summary,
                "state_key": event.state_key,
                "schema": event.shape.schema,
                "example": event.example,
                "filters": {name: each.kind for name, each in event.filters.items()},
            }
            for event in capability.events
        ],
        "commands": {
            name: {"summary": command.summary, "arguments": command.schema()}
            for name, command in capability.commands.items()
        },
    }


async def status(twin: Twin, call: Call) -> Answer:
    """Say how the twin is: its version, how far it has read, what it left out."""
    left_out = await twin.homeserver.transact("twin_left_out", store.left_out)
    # First, so that what comes meanwhile is not taken for something that was not read.
    stream = await twin.homeserver.position()
    return Answer(
        {
            "version": VERSION,
            "server_name": twin.homeserver.server_name,
            "owner": twin.homeserver.owner,
            "position": await twin.homeserver.transact("twin_position", store.read_position),
            "stream": stream,
            "seq": await twin.homeserver.transact("twin_seq", sequence.last_seq),
            "left_out": left_out,
            "to_be_tried_again": twin.reconciler.waiting(),
            "voice": twin.voice.as_json(),
        }
    )


async def reindex(twin: Twin, call: Call) -> Answer:
    """Read every room again and mend the tables where they differ."""
    await twin.projector.rebuild()
    return Answer({})


_CARD_KEYS: Final = (
    "type",
    "server_name",
    "owner",
    "capabilities",
    "verify_keys",
    "signed_ts",
    "signatures",
)

ROUTES: Final = (
    Route(
        method="GET",
        path="/card",
        summary="Whose twin this is, as signed JSON",
        handler=card,
        public=True,
        answer={"type": "object", "required": list(_CARD_KEYS)},
    ),
    Route(
        method="GET",
        path="/capabilities",
        summary="What this twin can do: types of objects with their schemas, and commands",
        handler=capabilities,
        answer={"type": "object", "required": ["capabilities"]},
    ),
    Route(
        method="GET",
        path="/status",
        summary="How the twin is, and how many events of others it left out by room",
        handler=status,
        answer={"type": "object", "required": ["version", "position", "stream", "left_out"]},
    ),
    Route(
        method="POST",
        path="/reindex",
        summary="Read every room again and mend the views",
        handler=reindex,
    ),
)
