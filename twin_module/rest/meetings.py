"""Guests of events: who is invited, and the event as a file for people without a twin."""

import json
from typing import Any, Final

from twin_module.core.errors import NotFound
from twin_module.core.event_types import EVENT
from twin_module.core.ics.calendars import write_entry
from twin_module.core.matrix_uri import USER_ID
from twin_module.engine import store
from twin_module.engine.meetings import MOST_GUESTS
from twin_module.engine.twin import Twin
from twin_module.rest.route import Answer, Call, Route
from twin_module.rooms.agenda import AGENDA


async def invite(twin: Twin, call: Call) -> Answer:
    """Invite people, or the members of a circle, to an event.

    Where they are not in the event's collection, it moves to one that is shared with them alone;
    the answer says where it is now.
    """
    room = await twin.joined_room(call.path["room_id"])
    asked = call.body
    invited = await twin.meetings.invite(
        room, call.path["uid"], asked.get("people", ()), asked.get("circle")
    )
    body: dict[str, Any] = {
        "room_id": invited.room_id,
        "uid": invited.uid,
        "moved": invited.moved,
        "guests": list(invited.guests),
        "waiting": list(invited.waiting),
    }
    return Answer(body)


async def read_as_file(twin: Twin, call: Call) -> Answer:
    """Send an event as an iCalendar file (RFC 5545), to be sent to whoever has no twin."""
    room_id, uid = call.path["room_id"], call.path["uid"]
    await twin.joined_room(room_id)
    record = await twin.homeserver.transact(
        "twin_event_file", lambda cursor: store.read_object(cursor, room_id, EVENT.type, uid)
    )
    if record is None or record.removed or record.content is None:
        raise NotFound(f"There is no event {uid!r} in this room.")
    text = write_entry(uid, json.loads(record.content))
    return Answer(text.encode(), etag=record.event_id, content_type="text/calendar; charset=utf-8")


_EVENT_PATH: Final = f"/rooms/{{room_id}}/{AGENDA.name}/{{uid}}"

ROUTES: Final = (
    Route(
        method="POST",
        path=f"{_EVENT_PATH}/invite",
        summary="Invite people or a circle to an event",
        handler=invite,
        body={
            "type": "object",
            "properties": {
                "people": {
                    "type": "array",
                    "items": USER_ID,
                    "maxItems": MOST_GUESTS,
                    "uniqueItems": True,
                    "description": "Matrix IDs.",
                },
                "circle": {
                    "type": "string",
                    "pattern": "^!",
                    "maxLength": 255,
                    "description": "The room ID of a circle.",
                },
            },
            "additionalProperties": False,
        },
        answer={
            "type": "object",
            "required": ["room_id", "uid", "moved", "guests", "waiting"],
            "properties": {
                "room_id": {"type": "string", "description": "Where the event is now."},
                "uid": {"type": "string"},
                "moved": {"type": "boolean"},
                "guests": {"type": "array", "items": USER_ID},
                "waiting": {
                    "type": "array",
                    "items": USER_ID,
                    "description": "Those whose twins could not be asked yet; the twin tries again.",
                },
            },
        },
    ),
    Route(
        method="GET",
        path=f"{_EVENT_PATH}/calendar.ics",
        summary="An event as an iCalendar file",
        handler=read_as_file,
        answer={"type": "string"},
        media_type="text/calendar",
    ),
)
