"""Where the owner is signed in, and which apps wrote for them."""

from typing import Any, Final

from twin_module.core.ports import Device
from twin_module.engine import versions
from twin_module.engine.twin import Twin
from twin_module.rest.route import Answer, Call, Route

MOST_EXPERIENCES: Final = 200


def _session(device: Device, current: str | None) -> dict[str, Any]:
    return {
        "device_id": device.device_id,
        "display_name": device.display_name,
        "last_seen_ts": device.last_seen_ts,
        "last_seen_ip": device.last_seen_ip,
        "current": device.device_id == current,
    }


async def list_sessions(twin: Twin, call: Call) -> Answer:
    """List where the owner is signed in, last seen first; `current` is where the question came from.

    The names are those that whoever signed in there gave. Synapse notes every few minutes only
    when somebody was seen.
    """
    devices = await twin.homeserver.devices()
    return Answer({"sessions": [_session(each, call.device_id) for each in devices]})


async def sign_out(twin: Twin, call: Call) -> Answer:
    """Sign out at one place; its access tokens are refused from now on."""
    await twin.homeserver.sign_out(call.path["device_id"])
    return Answer({})


async def sign_out_everywhere(twin: Twin, call: Call) -> Answer:
    """Sign out everywhere, here too; every access token is refused from now on.

    Live connections look at their token again, and end within 15 seconds.
    """
    await twin.homeserver.sign_out_everywhere()
    return Answer({})


async def list_experiences(twin: Twin, call: Call) -> Answer:
    """List the apps that said their name in `X-Experience` when they wrote for the owner.

    The one that was used last stands first. The names are claims, which nothing proves.
    """
    homeserver = twin.homeserver
    found = await homeserver.transact(
        "twin_experiences",
        lambda cursor: versions.experiences(cursor, homeserver.owner, MOST_EXPERIENCES),
    )
    return Answer(
        {
            "experiences": [
                {"name": name, "last_used": ts, "objects": objects} for name, ts, objects in found
            ]
        }
    )


_SESSION: Final = {
    "type": "object",
    "required": ["device_id", "display_name", "last_seen_ts", "last_seen_ip", "current"],
    "properties": {
        "device_id": {"type": "string"},
        "display_name": {"type": ["string", "null"]},
        "last_seen_ts": {"type": ["integer", "null"]},
        "last_seen_ip": {"type": ["string", "null"]},
        "current": {"type": "boolean"},
    },
}
_EXPERIENCE: Final = {
    "type": "object",
    "required": ["name", "last_used", "objects"],
    "properties": {
        "name": {"type": "string"},
        "last_used": {"type": "integer"},
        "objects": {"type": "integer"},
    },
}

ROUTES: Final = (
    Route(
        method="GET",
        path="/sessions",
        summary="Where the owner is signed in",
        handler=list_sessions,
        answer={
            "type": "object",
            "required": ["sessions"],
            "properties": {"sessions": {"type": "array", "items": _SESSION}},
        },
    ),
    Route(
        method="DELETE",
        path="/sessions/{device_id}",
        summary="Sign out at one place",
        handler=sign_out,
    ),
    Route(
        method="POST",
        path="/sessions/sign-out",
        summary="Sign out everywhere, here too",
        handler=sign_out_everywhere,
    ),
    Route(
        method="GET",
        path="/experiences",
        summary="Which apps wrote for the owner",
        handler=list_experiences,
        answer={
            "type": "object",
            "required": ["experiences"],
            "properties": {"experiences": {"type": "array", "items": _EXPERIENCE}},
        },
    ),
)
