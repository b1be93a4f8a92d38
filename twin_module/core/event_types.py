"""The types of an agenda: events, and what people answer to them.

An event is a JSCalendar Event (RFC 8984, section 2.1). What somebody answers stands in a state event
of their own, because Matrix lets nobody else write that.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from twin_module.core.capability import UID_PATTERN, Deed, EventType, Filter, Merge
from twin_module.core.deeds import renamed, told
from twin_module.core.jscalendar import (
    ANSWERS,
    DURATION,
    LOCAL_DATE_TIME,
    UTC_DATE_TIME,
    local_text,
    matrix_id_of,
    time_key,
)
from twin_module.core.jscalendar_schema import (
    COMMON,
    COMMON_MERGE,
    KEYWORDS,
    PARTICIPANTS,
    PRIORITY,
    RECURRENCE,
    RELATED_TO,
    text,
)
from twin_module.core.layout import RSVP as RSVP_TYPE
from twin_module.core.matrix_uri import MATRIX_ID
from twin_module.core.recurrence import first_time, span, spell
from twin_module.core.state import NAMESPACE, Content

FIELDS: Final[Mapping[str, Any]] = {
    "title": {
        "type": "string",
        "minLength": 1,
        "maxLength": 1000,
        "description": "What takes place.",
    },
    "description": text(20_000, "More about it, as plain text."),
    "start": {
        "type": "string",
        "pattern": LOCAL_DATE_TIME,
        "description": "When it begins, in local time: 2026-12-24T18:00:00.",
    },
    "duration": {
        "type": "string",
        "pattern": DURATION,
        "maxLength": 64,
        "description": "How long it lasts: PT1H30M, P2D; absent is no time at all, or one day"
        " where only days matter.",
    },
    "timeZone": {
        "type": ["string", "null"],
        "maxLength": 64,
        "description": "IANA name of the zone of its times; null or absent is wherever the reader"
        " is.",
    },
    "status": {
        "enum": ["confirmed", "tentative", "cancelled"],
        "description": "Absent is confirmed.",
    },
    "keywords": KEYWORDS,
    "priority": PRIORITY,
    **{
        name: COMMON[name]
        for name in (
            *("showWithoutTime", "locations", "virtualLocations", "links", "alerts", "color"),
            *("useDefaultAlerts", "categories", "privacy", "freeBusyStatus"),
        )
    },
    **{name: RECURRENCE[name] for name in ("recurrenceRules", "excludedRecurrenceRules")},
    "recurrenceOverrides": RECURRENCE["recurrenceOverrides"],
}
"""What commands set."""


def end(content: Content) -> str | None:
    """Return the local time at which an event first ends; None where no calendar has its start."""
    start = first_time(content)
    found = spell(content.discard("timeZone"), ZoneInfo("UTC"))
    return None if start is None or found is None else local_text(found[1])


def people(content: Content) -> Sequence[str]:
    """Return the Matrix IDs of an event's participants."""
    named = (matrix_id_of(*each) for each in content.get("participants", {}).items())
    return sorted({user for user in named if user is not None})


def guests(content: Content) -> Sequence[str]:
    """Return the Matrix IDs of who is invited to an event, without who invites."""
    people = content.get("participants", {}).items()
    asked = (
        matrix_id_of(*each)
        for each in people
        if "attendee" in each[1].get("roles", ()) and "owner" not in each[1].get("roles", ())
    )
    return sorted({user for user in asked if user is not None})


_TIMES: Final = (
    *("start", "duration", "timeZone", "showWithoutTime", "recurrenceOverrides"),
    *("recurrenceRules", "excludedRecurrenceRules"),
)


def _deeds(before: Content, after: Content) -> Sequence[Deed]:
    """Return what was done to an event; one time of a series that is left out changes it."""
    off = [each.get("status") == "cancelled" for each in (before, after)]
    status = {(False, True): "cancelled", (True, False): "reopened"}.get((off[0], off[1]))
    moved = "rescheduled" if time_key(before) != time_key(after) else None
    return told(before, after, (status, ("status",)), (moved, _TIMES), renamed(before, after))


def _answers(before: Content, after: Content) -> Sequence[Deed]:
    """Return what somebody answered anew, to which events."""
    was, now = before.get("answers", {}), after.get("answers", {})
    told_of = ("participationStatus", "answered")
    return [
        Deed(now[uid]["participationStatus"], uid)
        for uid in sorted(now)
        if any(was.get(uid, {}).get(name) != now[uid][name] for name in told_of)
    ]


EVENT: Final = EventType(
    type=f"{NAMESPACE}.event",
    summary="An event of an agenda.",
    state_key="The event's uid.",
    schema={
        "properties": {
            "@type": {"const": "Event"},
            **FIELDS,
            "participants": {
                **PARTICIPANTS,
                "description": "Who takes part, by Matrix ID; who is invited has the role attendee.",
            },
            "relatedTo": {
                **RELATED_TO,
                "description": "Other events by uid; series that were cut name the first and the next.",
            },
            **COMMON,
            **RECURRENCE,
        },
        "required": ["@type", "title", "start"],
    },
    example={
        "@type": "Event",
        "title": "Choir",
        "start": "2026-12-24T18:00:00",
        "duration": "PT1H30M",
        "timeZone": "Europe/Berlin",
        "locations": {"1": {"@type": "Location", "name": "Town hall"}},
        "participants": {
            "@bob:example.org": {
                "@type": "Participant",
                "roles": {"attendee": True},
                "participationStatus": "needs-action",
                "expectReply": True,
            }
        },
        "recurrenceRules": [
            {
                "@type": "RecurrenceRule",
                "frequency": "weekly",
                "byDay": [{"@type": "NDay", "day": "th"}],
            }
        ],
        "recurrenceOverrides": {
            "2026-12-31T18:00:00": {"excluded": True},
            "2027-01-07T18:00:00": {"start": "2027-01-07T19:00:00"},
        },
        "keywords": {"music": True},
        "created": "2026-12-01T08:00:00Z",
        "updated": "2026-12-01T08:00:00Z",
    },
    title=lambda content: str(content["title"]),
    merge=COMMON_MERGE,
    filters={
        "start": Filter("word", lambda content: content["start"] if end(content) else None),
        "end": Filter("word", end),
        "status": Filter("word", lambda content: content.get("status", "confirmed")),
        "keyword": Filter("words", lambda content: sorted(content.get("keywords", {}))),
        "participant": Filter("words", people),
        "first": Filter("number", lambda content: (span(content) or (None,))[0]),
        "last": Filter("number", lambda content: (span(content) or (None,))[-1]),
    },
    component="VEVENT",
    concerned=guests,
    deeds=_deeds,
)
RSVP: Final = EventType(
    type=RSVP_TYPE,
    summary="What one person answers to the events of a room.",
    state_key="The Matrix ID of who answers.",
    key_pattern=MATRIX_ID,
    schema={
        "properties": {
            "answers": {
                "type": "object",
                "maxProperties": 1000,
                "propertyNames": {"pattern": UID_PATTERN},
                "additionalProperties": {
                    "type": "object",
                    "properties": {
                        "participationStatus": {"enum": [*ANSWERS]},
                        "answered": text(64, "What the times of the event were then, as a hash."),
                        "updated": {"type": "string", "pattern": UTC_DATE_TIME},
                        "comment": text(2000),
                    },
                    "required": ["participationStatus", "answered"],
                },
                "description": "Answers by the event's uid. One counts while the event's times are"
                " what they were.",
            },
        },
        "required": ["answers"],
    },
    example={
        "answers": {
            "7c1b2e": {
                "participationStatus": "accepted",
                "answered": "0123456789abcdef0123456789abcdef",
                "updated": "2026-12-20T08:00:00Z",
            }
        }
    },
    title=lambda content: f"{len(content['answers'])} answers",
    merge={"answers": Merge.MAP},
    searchable=lambda _: [],
    deeds=_answers,
)


def answers_to(uid: str, answers: Mapping[str, Content]) -> Mapping[str, Content]:
    """Return what people answered to one event, by Matrix ID."""
    found = ((user, content["answers"].get(uid)) for user, content in answers.items())
    return {user: answer for user, answer in found if answer is not None}
