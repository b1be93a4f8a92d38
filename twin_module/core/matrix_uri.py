"""`matrix:` URIs of people and of events in rooms (Matrix appendices, "Matrix URI scheme").

They come from strangers: nothing here raises.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

MAX_ID: Final = 255
"""The most characters that an ID of Matrix has."""
MATRIX_ID: Final = r"^@[^:\s]+:\S+$"
"""What a person's Matrix ID looks like."""
USER_ID: Final[Mapping[str, Any]] = {"type": "string", "pattern": MATRIX_ID, "maxLength": MAX_ID}
"""JSON Schema of a person's Matrix ID."""
ROOM_ID: Final[Mapping[str, Any]] = {"type": "string", "pattern": "^!"}
"""JSON Schema of a room ID; those of newer rooms name no server."""
_USER: Final = "matrix:u/"
_ROOM: Final = "matrix:roomid/"
_EVENT: Final = "/e/"
_SAFE: Final = "-._~!$&'()*+,;=:@"
"""What stands in a part of a path as it is (RFC 3986, `pchar`)."""
_SERVER_NAME: Final = re.compile(r"[A-Za-z0-9.:\[\]-]+")


def is_user_id(text: str) -> bool:
    """Tell whether it is a Matrix ID that can stand in a sentence without pretending to be more."""
    local, _, server = text.partition(":")
    return (
        len(text) <= MAX_ID
        and local.startswith("@")
        and all(each.isprintable() and not each.isspace() for each in local)
        and _SERVER_NAME.fullmatch(server) is not None
    )


def user_uri(user_id: str) -> str:
    """Return the URI of a person."""
    return _USER + quote(user_id[1:], safe=_SAFE)


def user_of(uri: str) -> str | None:
    """Return the Matrix ID that a URI names, None where it names no person."""
    user_id = f"@{unquote(uri.removeprefix(_USER))}"
    return user_id if is_user_id(user_id) and user_uri(user_id) == uri else None


def room_uri(room_id: str) -> str:
    """Return the URI of a room, by its ID."""
    return _ROOM + quote(room_id[1:], safe=_SAFE)


def room_address(room_id: str, via: Iterable[str]) -> str:
    """Return the URI of a room with the servers by which it can be found."""
    servers = "&".join(f"via={quote(server, safe='-._~:')}" for server in via)
    return f"{room_uri(room_id)}?{servers}" if servers else room_uri(room_id)


def room_of(uri: str) -> str | None:
    """Return the room ID that a URI names, None where it names no room alone."""
    room_id = f"!{unquote(uri.removeprefix(_ROOM))}"
    return room_id if len(room_id) <= MAX_ID and room_uri(room_id) == uri else None


def event_uri(room_id: str, event_id: str) -> str:
    """Return the URI of an event in a room."""
    return room_uri(room_id) + _EVENT + quote(event_id[1:], safe=_SAFE)


def event_of(uri: str) -> tuple[str, str] | None:
    """Return the room ID and the event ID that a URI names, None where it names no event."""
    room, _, event = uri.partition(_EVENT)
    room_id, event_id = room_of(room), f"${unquote(event)}"
    if room_id is None or len(event_id) > MAX_ID or event_uri(room_id, event_id) != uri:
        return None
    return room_id, event_id
