"""Where messages of others wait to be read."""

from typing import Final

from twin_module.engine.twin import Twin
from twin_module.rest.route import Answer, Call, Route


async def list_chats(twin: Twin, call: Call) -> Answer:
    """List the rooms with messages of others that are unread, newest first, at most fifty.

    They are chats and collections, by the owner's own push rules: what is muted does not count.
    What the messages say is for Matrix clients, which `uri` opens at the room (a `matrix:` URI).
    The stream of changes sends the same list as `chats` when it changed.
    """
    return Answer({"chats": [each.as_json() for each in await twin.chats.read()]})


_CHAT: Final = {
    "type": "object",
    "required": [
        *("room_id", "name", "unread", "highlights", "last_ts"),
        *("direct", "uri", "with"),
    ],
    "properties": {
        "room_id": {"type": "string"},
        "name": {"type": "string", "minLength": 1},
        "unread": {"type": "integer", "minimum": 1},
        "highlights": {"type": "integer", "minimum": 0},
        "last_ts": {"type": "integer"},
        "direct": {"type": "boolean"},
        "uri": {"type": "string", "pattern": "^matrix:roomid/"},
        "with": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
    },
}

ROUTES: Final = (
    Route(
        method="GET",
        path="/chats",
        summary="Where messages wait to be read",
        handler=list_chats,
        answer={
            "type": "object",
            "required": ["chats"],
            "properties": {"chats": {"type": "array", "items": _CHAT}},
        },
    ),
)
