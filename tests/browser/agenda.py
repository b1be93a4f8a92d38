"""An agenda as a capability: JSCalendar Events (RFC 8984, section 2.1), as the page's view expects them."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from twin_module.core.capability import Capability, EventType, Filter, Merge, Objects
from twin_module.core.state import NAMESPACE, Content, plain
from twin_module.rooms.tasks import LOCAL_DATE_TIME

DURATION: Final = (
    r"^P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?$"
)


def end(content: Content) -> str | None:
    """Return the local time at which an event ends, or None; a day that no calendar has is none."""
    found = re.match(DURATION, content.get("duration", "PT0S"))
    weeks, days, hours, minutes, seconds = (
        (int(part or 0) for part in found.groups("0")) if found else (0,) * 5
    )
    lasts = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    try:
        ends = datetime.fromisoformat(content["start"]) + lasts
    except (ValueError, OverflowError):
        return None
    return ends.strftime("%Y-%m-%dT%H:%M:%S")


def text(longest: int) -> Mapping[str, Any]:
    return {"type": "string", "maxLength": longest}


def map_of(**properties: Any) -> Mapping[str, Any]:
    """Return the schema of things by name, as JSCalendar has them."""
    return {
        "type": "object",
        "maxProperties": 200,
        "additionalProperties": {"type": "object", "properties": properties},
    }


EVENT: Final = EventType(
    type=f"{NAMESPACE}.event",
    summary="An event of an agenda.",
    state_key="The event's uid.",
    schema={
        "properties": {
            "@type": {"const": "Event"},
            "title": {"type": "string", "minLength": 1, "maxLength": 1000},
            "start": {"type": "string", "pattern": LOCAL_DATE_TIME},
            "duration": {"type": "string", "pattern": DURATION, "maxLength": 40},
            "timeZone": {"type": ["string", "null"], "maxLength": 64},
            "showWithoutTime": {"type": "boolean"},
            "locations": map_of(name=text(1000), description=text(10_000)),
            "virtualLocations": map_of(name=text(1000), uri=text(2000)),
            "participants": map_of(
                name=text(255),
                participationStatus={
                    "enum": ["needs-action", "accepted", "declined", "tentative", "delegated"]
                },
            ),
            "status": {"enum": ["confirmed", "cancelled", "tentative"]},
            "keywords": {"type": "object", "additionalProperties": {"const": True}},
            "description": text(20_000),
            "recurrenceRules": {"type": "array", "items": {"type": "object"}, "maxItems": 20},
        },
        "required": ["@type", "title", "start"],
    },
    example={
        "@type": "Event",
        "title": "Lunch",
        "start": "2026-12-24T12:00:00",
        "duration": "PT1H",
    },
    title=lambda content: str(content["title"]),
    merge={
        "locations": Merge.MAP,
        "virtualLocations": Merge.MAP,
        "participants": Merge.MAP,
        "keywords": Merge.SET,
        "description": Merge.TEXT,
    },
    filters={
        "start": Filter("word", lambda content: content["start"] if end(content) else None),
        "end": Filter("word", end),
        "status": Filter("word", lambda content: content.get("status", "confirmed")),
    },
)


def view(objects: Objects) -> Sequence[Mapping[str, Any]]:
    events = [{"uid": uid, **plain(event.content)} for (_, uid), event in objects.items()]
    return sorted(events, key=lambda each: (each["start"], each["uid"]))


def render(events: Sequence[Mapping[str, Any]], now: datetime) -> Mapping[str, Any]:
    return {"events": events}


AGENDA: Final = Capability(
    name="agenda",
    summary="Events that people share",
    events=(EVENT,),
    view=view,
    render=render,
    commands={},
)
