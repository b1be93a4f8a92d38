"""The owner's agenda: what takes place when, in all rooms, and what waits for an answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from twin_module.core.errors import InvalidParam, MissingParam
from twin_module.core.jscalendar import (
    LOCAL_DATE_TIME,
    UTC_DATE_TIME,
    local_text,
    utc_text,
)
from twin_module.core.recurrence import moment
from twin_module.core.state import plain
from twin_module.core.zones import zone_named
from twin_module.engine.agenda import MOST, Placed
from twin_module.engine.twin import Twin
from twin_module.rest.asked import limit_of
from twin_module.rest.route import Answer, Call, Route

LONGEST: Final = timedelta(days=400)
USUAL: Final = 1000
MOST_NEXT: Final = 200


async def show_range(twin: Twin, call: Call) -> Answer:
    """Show what takes place between two times; a series is shown each time that it takes place.

    What has no time zone, or only days, is where you are: in `time_zone`, or in that of your
    settings. The content is that of the one time, with what people answered.
    """
    zone = await _zone(twin, call)
    after, before = _between(call, zone)
    room_id = call.query.get("room_id")
    if room_id is not None:
        await twin.joined_room(room_id)
    limit = limit_of(call, MOST - 1, USUAL)
    rooms = None if room_id is None else [room_id]
    found = await twin.agenda.range(after, before, zone, rooms, limit + 1)
    return Answer(
        {
            "time_zone": zone.key,
            "occurrences": [_placed_json(each, zone) for each in found[:limit]],
            "more": len(found) > limit,
        }
    )


async def show_next(twin: Twin, call: Call) -> Answer:
    """Show what is going on or comes next, up to eleven years ahead."""
    zone = await _zone(twin, call)
    found = await twin.agenda.next(limit_of(call, MOST_NEXT, 20), zone)
    return _occurrences(found, zone)


async def show_conflicts(twin: Twin, call: Call) -> Answer:
    """Show pairs of what takes your time at once.

    What is cancelled, marked as free, or declined by you takes none.
    """
    zone = await _zone(twin, call)
    pairs = await twin.agenda.conflicts(*_between(call, zone), zone)
    return Answer(
        {
            "time_zone": zone.key,
            "conflicts": [[_placed_json(each, zone) for each in pair] for pair in pairs],
        }
    )


async def show_invitations(twin: Twin, call: Call) -> Answer:
    """Show the events that wait for your answer, each when it takes place next.

    An event whose time was changed waits again. Answer with the command `agenda/answer`.
    """
    zone = await _zone(twin, call)
    return _occurrences(await twin.agenda.invitations(zone), zone)


def _occurrences(found: Sequence[Placed], zone: ZoneInfo) -> Answer:
    return Answer(
        {"time_zone": zone.key, "occurrences": [_placed_json(each, zone) for each in found]}
    )


async def _zone(twin: Twin, call: Call) -> ZoneInfo:
    name = call.query.get("time_zone")
    if name is None:
        return (await twin.settings.read()).zone
    zone = zone_named(name)
    if zone is None:
        raise InvalidParam(f"time_zone: {name!r} is not the name of a zone, as Europe/Berlin is.")
    return zone


def _between(call: Call, zone: ZoneInfo) -> tuple[datetime, datetime]:
    after, before = (_moment(call, name, zone) for name in ("after", "before"))
    if before <= after:
        raise InvalidParam("before: this has to be later than `after`.")
    if before - after > LONGEST:
        raise InvalidParam(f"before: this may be {LONGEST.days} days later than `after` at most.")
    return after, before


def _moment(call: Call, name: str, zone: ZoneInfo) -> datetime:
    text = call.query.get(name)
    if text is None:
        raise MissingParam(f"{name}: say a time, as 2026-12-24T18:00:00 or 2026-12-24T17:00:00Z.")
    found = moment(text, zone)
    if found is None:
        raise InvalidParam(
            f"{name}: this has to be a time as 2026-12-24T18:00:00 where you are, or"
            " 2026-12-24T17:00:00Z in UTC, on a day that there is."
        )
    return found


def _placed_json(each: Placed, zone: ZoneInfo) -> dict[str, Any]:
    occurrence = each.occurrence
    shown: dict[str, Any] = {
        "room_id": each.room_id,
        "uid": each.uid,
        "start": utc_text(occurrence.start),
        "end": utc_text(occurrence.end),
        "local_start": local_text(occurrence.start.astimezone(zone)),
        "local_end": local_text(occurrence.end.astimezone(zone)),
        "content": plain(occurrence.content),
    }
    if occurrence.recurrence_id is not None:
        shown["recurrence_id"] = occurrence.recurrence_id
    if each.answer is not None:
        shown["answer"] = each.answer
    return shown


_OCCURRENCE: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["room_id", "uid", "start", "end", "local_start", "local_end", "content"],
    "properties": {
        "room_id": {"type": "string"},
        "uid": {"type": "string"},
        "recurrence_id": {
            "type": "string",
            "pattern": LOCAL_DATE_TIME,
            "description": "Which time of a series this is; absent where the event does not recur.",
        },
        "start": {"type": "string", "pattern": UTC_DATE_TIME},
        "end": {"type": "string", "pattern": UTC_DATE_TIME},
        "local_start": {
            "type": "string",
            "pattern": LOCAL_DATE_TIME,
            "description": "As a clock in `time_zone` shows it.",
        },
        "local_end": {"type": "string", "pattern": LOCAL_DATE_TIME},
        "answer": {
            "type": "string",
            "description": "What you answered, needs-action where you are invited and have not; absent where"
            " nobody asks you.",
        },
        "content": {
            "type": "object",
            "description": "The event as it is that time, without the fields of its series.",
        },
    },
}
_ZONE: Final = {
    "time_zone": {
        "type": "string",
        "maxLength": 64,
        "description": "Where you are, as an IANA name; absent is that of your settings.",
    }
}
_TIMES: Final = {
    "after": {
        "type": "string",
        "description": "A local time (2026-12-24T00:00:00) in `time_zone`, or one in UTC with Z;"
        " needed.",
    },
    "before": {
        "type": "string",
        "description": f"The same; at most {LONGEST.days} days later. Needed.",
    },
}
_SHOWN_ZONE: Final = {"type": "string", "description": "Where you are, as was said."}
_LIST: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["time_zone", "occurrences"],
    "properties": {
        "time_zone": _SHOWN_ZONE,
        "occurrences": {"type": "array", "items": _OCCURRENCE},
    },
}

ROUTES: Final[Sequence[Route]] = (
    Route(
        method="GET",
        path="/agenda",
        summary="What takes place between two times, by start",
        handler=show_range,
        query={
            **_TIMES,
            **_ZONE,
            "room_id": {"type": "string", "description": "Only events of this room."},
            "limit": {"type": "integer", "minimum": 1, "maximum": MOST - 1, "default": USUAL},
        },
        answer={
            **_LIST,
            "required": [*_LIST["required"], "more"],
            "properties": {
                **_LIST["properties"],
                "more": {
                    "type": "boolean",
                    "description": "Whether there are later ones that were left out by `limit`.",
                },
            },
        },
    ),
    Route(
        method="GET",
        path="/agenda/next",
        summary="What is going on or comes next",
        handler=show_next,
        query={
            **_ZONE,
            "limit": {"type": "integer", "minimum": 1, "maximum": MOST_NEXT, "default": 20},
        },
        answer=_LIST,
    ),
    Route(
        method="GET",
        path="/agenda/conflicts",
        summary="What takes your time at once",
        handler=show_conflicts,
        query={**_TIMES, **_ZONE},
        answer={
            "type": "object",
            "required": ["time_zone", "conflicts"],
            "properties": {
                "time_zone": _SHOWN_ZONE,
                "conflicts": {
                    "type": "array",
                    "items": {
                        "type": "array",
                        "items": _OCCURRENCE,
                        "minItems": 2,
                        "maxItems": 2,
                    },
                },
            },
        },
    ),
    Route(
        method="GET",
        path="/agenda/invitations",
        summary="The events that wait for your answer",
        handler=show_invitations,
        query=_ZONE,
        answer=_LIST,
    ),
)
