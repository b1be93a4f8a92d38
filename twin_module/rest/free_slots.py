"""When several people are free, as their twins tell it."""

from collections.abc import Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from synapse.module_api import make_deferred_yieldable, run_in_background
from twisted.internet.defer import gatherResults

from twin_module.core.errors import InvalidParam
from twin_module.core.free_slots import DAY_MINUTES, LATEST, Hours, Interval, utc
from twin_module.core.jscalendar import (
    DURATION,
    LOCAL_DATE_TIME,
    UTC_DATE_TIME,
    duration_of,
    local_text,
    utc_text,
)
from twin_module.core.matrix_uri import USER_ID
from twin_module.core.recurrence import moment
from twin_module.core.zones import zone_named
from twin_module.engine.free_slots import MOST_PEOPLE, Ask, Found, Question, Told
from twin_module.engine.twin import Twin
from twin_module.rest.route import Answer, Call, Route

WEEKDAYS: Final = ("mo", "tu", "we", "th", "fr", "sa", "su")
"""As JSCalendar names them (RFC 8984, section 4.3.3)."""
MOST_SLOTS: Final = 200


async def find_free_slots(twin: Twin, call: Call) -> Answer:
    """Find when several people are free, you among them, earliest first.

    The twins of the others are asked at once. Each slot holds for those in its `free`, who are all
    whose `state` is `known`. Nothing is known of who does not answer or refuses, so their times are
    not taken for free ones: `reason` says why. Slots start where the clock of your time zone shows
    whole steps of the hour; those of a shorter step than the duration overlap. What is over is left
    out. Without `weekdays`, all days count; `day_until` at or before `day_from` is of the next day.
    """
    body = call.body
    zone = (await twin.settings.read()).zone
    if body.get("time_zone") is not None:
        named = zone_named(body["time_zone"])
        if named is None:
            raise InvalidParam(
                f"time_zone: {body['time_zone']!r} is not the name of a zone, as Europe/Berlin is."
            )
        zone = named
    duration = int(duration_of(body["duration"]).total_seconds())
    if duration < 60:  # noqa: PLR2004 - seconds of a minute
        raise InvalidParam("duration: this has to be a minute at least.")
    question = Question(
        people=body.get("people", ()),
        circle=body.get("circle"),
        within=(_seconds(body, "after", zone), _seconds(body, "before", zone)),
        hours=Hours(
            zone,
            _minutes(body.get("day_from", "09:00")),
            _minutes(body.get("day_until", "18:00")),
            frozenset(WEEKDAYS.index(each) for each in body.get("weekdays", WEEKDAYS)),
        ),
        duration=duration,
        step=body.get("step_minutes", 30) * 60,
        limit=body.get("limit", 20),
    )
    return Answer(_found_json(await twin.free_slots.find(question, _together), zone))


async def _together(ask: Ask, people: Sequence[str]) -> Sequence[Told]:
    asked = [run_in_background(ask, person) for person in people]
    return await make_deferred_yieldable(gatherResults(asked, consumeErrors=True))


def _seconds(body: Any, name: str, zone: ZoneInfo) -> int:
    text = body[name]
    found = moment(text, zone)
    if found is None:
        raise InvalidParam(f"{name}: no calendar has {text}.")
    seconds = int(found.timestamp())
    if not 0 <= seconds <= LATEST:
        raise InvalidParam(f"{name}: this has to be between the years 1970 and 9999.")
    return seconds


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return min(int(hours) * 60 + int(minutes), DAY_MINUTES)


def _found_json(found: Found, zone: ZoneInfo) -> dict[str, Any]:
    known = found.known
    return {
        "time_zone": zone.key,
        "slots": [{**_slot_json(each, zone), "free": known} for each in found.slots],
        "people": {person: _told_json(told) for person, told in found.people.items()},
    }


def _slot_json(slot: Interval, zone: ZoneInfo) -> dict[str, str]:
    start, end = map(utc, slot)
    return {
        "start": utc_text(start),
        "end": utc_text(end),
        "local_start": local_text(start.astimezone(zone)),
    }


def _told_json(told: Told) -> dict[str, Any]:
    if told.state == "known":
        return {"state": told.state, "busy": [list(each) for each in told.busy]}
    return {"state": told.state, "reason": told.reason}


_TIME: Final = {
    "type": "string",
    "anyOf": [{"pattern": LOCAL_DATE_TIME}, {"pattern": UTC_DATE_TIME}],
}
_BODY: Final = {
    "type": "object",
    "properties": {
        "people": {
            "type": "array",
            "items": USER_ID,
            "maxItems": MOST_PEOPLE,
            "description": "Matrix IDs; yours need not be among them.",
        },
        "circle": {
            "type": "string",
            "pattern": "^!",
            "maxLength": 255,
            "description": "The room ID of a circle that you are in, whose members are meant too.",
        },
        "duration": {
            "type": "string",
            "pattern": DURATION,
            "maxLength": 64,
            "description": "How long it takes: PT1H30M.",
        },
        "after": {
            **_TIME,
            "description": "No earlier than this: 2026-09-21T00:00:00 in your time zone, or 2026-09-20T22:00:00Z.",
        },
        "before": {**_TIME, "description": "Over by then; 92 days later at most."},
        "time_zone": {
            "type": ["string", "null"],
            "maxLength": 64,
            "description": "An IANA name; where it is not said, the one of your settings.",
        },
        "day_from": {
            "type": "string",
            "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
            "default": "09:00",
        },
        "day_until": {
            "type": "string",
            "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
            "default": "18:00",
        },
        "weekdays": {
            "type": "array",
            "items": {"enum": list(WEEKDAYS)},
            "minItems": 1,
            "uniqueItems": True,
        },
        "step_minutes": {"enum": [15, 30, 60], "default": 30},
        "limit": {"type": "integer", "minimum": 1, "maximum": MOST_SLOTS, "default": 20},
    },
    "required": ["duration", "after", "before"],
    "additionalProperties": False,
}
_BUSY: Final = {
    "type": "array",
    "items": {
        "type": "array",
        "items": {"type": "integer"},
        "minItems": 2,
        "maxItems": 2,
    },
    "description": "From when until when, in seconds since 1970; of others in quarters of an hour.",
}
_ANSWER: Final = {
    "type": "object",
    "required": ["time_zone", "slots", "people"],
    "properties": {
        "slots": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["start", "end", "local_start", "free"],
                "properties": {
                    "start": {"type": "string", "pattern": UTC_DATE_TIME},
                    "end": {"type": "string", "pattern": UTC_DATE_TIME},
                    "local_start": {"type": "string", "pattern": LOCAL_DATE_TIME},
                    "free": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
        "people": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "oneOf": [
                    {
                        "properties": {"state": {"const": "known"}, "busy": _BUSY},
                        "required": ["state", "busy"],
                    },
                    {
                        "properties": {
                            "state": {"enum": ["unknown", "refused"]},
                            "reason": {"type": "string"},
                        },
                        "required": ["state", "reason"],
                    },
                ],
            },
        },
    },
}

ROUTES: Final[Sequence[Route]] = (
    Route(
        method="POST",
        path="/free-slots",
        summary="When several people are free, as their twins tell it",
        handler=find_free_slots,
        body=_BODY,
        answer=_ANSWER,
    ),
)
