"""The fields that events and tasks share, as JSON Schema: JSCalendar (RFC 8984).

What is named here is bounded; keys that are not named are allowed and kept.
"""

from collections.abc import Mapping
from typing import Any, Final

from twin_module.core.capability import UID_PATTERN, Merge
from twin_module.core.jscalendar import LOCAL_DATE_TIME, SIGNED_DURATION, UTC_DATE_TIME


def text(longest: int, description: str | None = None) -> Mapping[str, Any]:
    """Return the schema of a text of at most so many characters."""
    words = {} if description is None else {"description": description}
    return {"type": "string", "maxLength": longest, **words}


def _local(description: str) -> Mapping[str, Any]:
    return {"type": "string", "pattern": LOCAL_DATE_TIME, "description": description}


def _utc(description: str) -> Mapping[str, Any]:
    return {"type": "string", "pattern": UTC_DATE_TIME, "description": description}


def _words(most: int, longest: int, description: str) -> Mapping[str, Any]:
    """Return the schema of a set: names with the value true (section 1.4.2)."""
    return {
        "type": "object",
        "maxProperties": most,
        "propertyNames": {"maxLength": longest, "minLength": 1},
        "additionalProperties": {"const": True},
        "description": description,
    }


def _by_name(most: int, value: Mapping[str, Any], description: str) -> Mapping[str, Any]:
    """Return the schema of things by an ID of their own (section 1.4.1)."""
    return {
        "type": "object",
        "maxProperties": most,
        "propertyNames": {"maxLength": 255, "minLength": 1},
        "additionalProperties": value,
        "description": description,
    }


def _typed(of_type: str, /, **properties: Any) -> Mapping[str, Any]:
    return {"type": "object", "properties": {"@type": {"const": of_type}, **properties}}


def _numbers(least: int, most: int, description: str) -> Mapping[str, Any]:
    """Return the schema of a part of a rule: numbers from minus to plus `most`, or from `least`."""
    return {
        "type": "array",
        "items": {"type": "integer", "minimum": least, "maximum": most},
        "maxItems": 400,
        "description": description,
    }


_FLAGS: Final = {"type": "object", "additionalProperties": {"const": True}}
PARTICIPANT: Final = _typed(
    "Participant",
    name=text(255),
    email=text(320),
    description=text(1000),
    sendTo={
        "type": "object",
        "properties": {"matrix": {"type": "string", "pattern": "^matrix:u/", "maxLength": 300}},
        "additionalProperties": text(300),
    },
    kind=text(64, "individual, group, location or resource."),
    roles=_FLAGS,
    participationStatus={
        "enum": ["needs-action", "accepted", "declined", "tentative", "delegated"],
        "description": "Their answer, unless they give it themselves in `org.digitaltwin.rsvp`.",
    },
    participationComment=text(2000),
    expectReply={"type": "boolean", "description": "Whether they are asked to answer."},
)
PARTICIPANTS: Final = {
    "type": "object",
    "maxProperties": 200,
    "propertyNames": {"maxLength": 255},
    "additionalProperties": PARTICIPANT,
}
"""Add a `description`."""
RELATED_TO: Final = {
    "type": "object",
    "maxProperties": 200,
    "propertyNames": {"pattern": UID_PATTERN},
    "additionalProperties": _typed("Relation", relation=_FLAGS),
}
"""Add a `description`."""
_LINK: Final = _typed(
    "Link",
    href=text(2000),
    contentType=text(255),
    rel=text(64),
    title=text(1000),
    display=text(64),
)
LINKS: Final = _by_name(100, _LINK, "Files and pages that belong to it.")
LOCATIONS: Final = _by_name(
    100,
    _typed(
        "Location",
        name=text(1000),
        description=text(10_000),
        locationTypes=_FLAGS,
        relativeTo=text(64),
        timeZone=text(64),
        coordinates=text(100, "A `geo:` URI (RFC 5870)."),
    ),
    "Where it is.",
)
VIRTUAL_LOCATIONS: Final = _by_name(
    100,
    _typed(
        "VirtualLocation",
        name=text(1000),
        description=text(10_000),
        uri=text(2000),
        features=_FLAGS,
    ),
    "Where people meet from afar.",
)
_TRIGGER: Final = {
    "type": "object",
    "properties": {
        "@type": text(64),
        "offset": {"type": "string", "pattern": SIGNED_DURATION, "maxLength": 64},
        "relativeTo": {"enum": ["start", "end"]},
        "when": {"type": "string", "pattern": UTC_DATE_TIME},
    },
}
ALERTS: Final = _by_name(
    50,
    {
        **_typed(
            "Alert",
            trigger=_TRIGGER,
            acknowledged={"type": "string", "pattern": UTC_DATE_TIME},
            action=text(64, "display or email."),
        ),
        "required": ["trigger"],
    },
    "When to remind of it: some time before or after its start or end, or at a time.",
)
_DAYS: Final = ("mo", "tu", "we", "th", "fr", "sa", "su")
_DAY: Final = {
    **_typed(
        "NDay",
        day={"enum": [*_DAYS]},
        nthOfPeriod={"type": "integer", "minimum": -366, "maximum": 366},
    ),
    "required": ["day"],
}
_RULE: Final = {
    **_typed(
        "RecurrenceRule",
        frequency={
            "enum": ["yearly", "monthly", "weekly", "daily", "hourly", "minutely", "secondly"]
        },
        interval={"type": "integer", "minimum": 1},
        rscale=text(64, "The calendar; only `gregorian` is expanded."),
        skip={"enum": ["omit", "backward", "forward"]},
        firstDayOfWeek={"enum": [*_DAYS]},
        byDay={
            "type": "array",
            "items": {"anyOf": [_DAY, {"enum": [*_DAYS]}]},
            "maxItems": 400,
            "description": "Days of the week, or the nth of them in the month or year. A name alone is read"
            " as well.",
        },
        byMonthDay=_numbers(-31, 31, "Days of the month; negative ones count from its end."),
        byMonth={
            "type": "array",
            "items": {"type": "string", "pattern": "^[0-9]{1,2}L?$"},
            "maxItems": 60,
            "description": 'Months, as text: "1" to "12".',
        },
        byYearDay=_numbers(-366, 366, "Days of the year."),
        byWeekNo=_numbers(-53, 53, "Weeks of the year (ISO 8601)."),
        byHour=_numbers(0, 23, "Hours of the day."),
        byMinute=_numbers(0, 59, "Minutes of the hour."),
        bySecond=_numbers(0, 60, "Seconds of the minute."),
        bySetPosition=_numbers(-400, 400, "Which of a period's times are taken."),
        count={"type": "integer", "minimum": 1},
        until={"type": "string", "pattern": LOCAL_DATE_TIME},
    ),
    "required": ["frequency"],
}


def _rules(description: str) -> Mapping[str, Any]:
    return {"type": "array", "items": _RULE, "maxItems": 20, "description": description}


RECURRENCE: Final[Mapping[str, Any]] = {
    "recurrenceRules": _rules(
        "When it comes again. Rules every minute or second, of other calendars, or that skip"
        " otherwise than by omitting are kept and not expanded."
    ),
    "excludedRecurrenceRules": _rules("When it does not, though the rules say so."),
    "recurrenceOverrides": {
        "type": "object",
        "maxProperties": 2000,
        "propertyNames": {"pattern": LOCAL_DATE_TIME},
        "additionalProperties": {
            "type": "object",
            "maxProperties": 100,
            "properties": {"excluded": {"type": "boolean"}},
        },
        "description": "What is different at one time, as a patch; also additional times, and"
        " excluded ones.",
    },
    "recurrenceId": _local("Which time of a series this is, where only that one is known."),
    "recurrenceIdTimeZone": {"type": ["string", "null"], "maxLength": 64},
    "excluded": {"type": "boolean"},
}
"""Fields of what comes again (section 4.3)."""

KEYWORDS: Final = _words(100, 100, "Free words, each with the value true.")
PRIORITY: Final = {
    "type": "integer",
    "minimum": 0,
    "maximum": 9,
    "description": "1 is the highest, 9 the lowest, 0 none (RFC 8984, section 4.4.1).",
}
COMMON: Final[Mapping[str, Any]] = {
    "uid": text(2000, "Its UID in iCalendar, where that can't be a state key."),
    "showWithoutTime": {
        "type": "boolean",
        "description": "Whether only its days matter; they are the same days wherever one is.",
    },
    "locations": LOCATIONS,
    "virtualLocations": VIRTUAL_LOCATIONS,
    "links": LINKS,
    "alerts": ALERTS,
    "useDefaultAlerts": {"type": "boolean"},
    "categories": _words(100, 1000, "Categories as URIs, each with the value true."),
    "color": text(64, "A colour by its CSS name, or as #rrggbb."),
    "privacy": {"enum": ["public", "private", "secret"]},
    "freeBusyStatus": {"enum": ["free", "busy"]},
    "replyTo": {
        "type": "object",
        "maxProperties": 20,
        "additionalProperties": text(2000),
        "description": "Where answers go that can't be given as Matrix events, by method.",
    },
    "sequence": {
        "type": "integer",
        "minimum": 0,
        "description": "How often the time or the participants were changed.",
    },
    "created": _utc("When it was made."),
    "updated": _utc("When it was changed."),
    "locale": text(64, "The language of its texts (RFC 5646)."),
    "prodId": text(1000, "The program that wrote it."),
    "method": text(64, "What an iTIP message with it asks for."),
}
"""Optional fields of both, beside those in `RECURRENCE`."""
COMMON_MERGE: Final[Mapping[str, Merge]] = {
    "description": Merge.TEXT,
    "keywords": Merge.SET,
    "categories": Merge.SET,
    "participants": Merge.MAP,
    "relatedTo": Merge.MAP,
    "locations": Merge.MAP,
    "virtualLocations": Merge.MAP,
    "links": Merge.MAP,
    "alerts": Merge.MAP,
    "replyTo": Merge.MAP,
    "recurrenceOverrides": Merge.MAP,
}
