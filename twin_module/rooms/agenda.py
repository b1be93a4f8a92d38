"""The agenda: events that people share, and their answers.

An event is a JSCalendar Event (RFC 8984, section 2.1) in one state event, whose state key is the
event's uid. What somebody answers stands in a state event of their own, because Matrix lets nobody
else write that: it holds the answers to all events of the room.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from twin_module.core import event_edits
from twin_module.core.busy import overlapping, takes_time
from twin_module.core.capability import (
    UID_PATTERN,
    Arguments,
    Capability,
    Command,
    Context,
    Objects,
)
from twin_module.core.effects import Effect, Put, remove
from twin_module.core.errors import InvalidParam, NotFound
from twin_module.core.event_people import invited, kept_answers, uninvited
from twin_module.core.event_phrases import SAID
from twin_module.core.event_types import EVENT, FIELDS, RSVP, answers_to
from twin_module.core.jscalendar import (
    ANSWERS,
    LOCAL_DATE_TIME,
    local_of,
    noted,
    time_key,
    utc_text,
    with_answers,
)
from twin_module.core.jscalendar_schema import text
from twin_module.core.matrix_uri import ROOM_ID, USER_ID
from twin_module.core.recurrence import Occurrence, occurrence_at, occurrences
from twin_module.core.rules import Work
from twin_module.core.state import Content, frozen, plain
from twin_module.core.zones import check_zone

UTC_ZONE: Final = ZoneInfo("UTC")
NEXT: Final = 50
"""How many of the next occurrences a view shows."""
AHEAD: Final = timedelta(days=400)
"""How far a view looks for them."""
_VIEW_WORK: Final = 50_000
_EVENT_WORK: Final = 1_000
"""What the next occurrences of one event may cost, where those of a whole room are shown."""


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """An event as its readers see it."""

    uid: str
    content: Content
    """As it is stored."""
    seen: Content
    """With what its participants answered."""


@dataclass(frozen=True, slots=True)
class Agenda:
    """The events of a room, and who answered what."""

    events: Sequence[CalendarEvent]
    """By start, title and uid."""
    answers: Mapping[str, Content] = field(hash=False)
    """By Matrix ID, the contents of `org.digitaltwin.rsvp`."""

    def event(self, uid: str) -> CalendarEvent:
        """Return an event.

        Raises:
            NotFound: there is none with this uid.
        """
        for event in self.events:
            if event.uid == uid:
                return event
        raise NotFound(f"There is no event {uid!r} in this room.")


def view(objects: Objects) -> Agenda:
    """Return the events of a room with the answers to them."""
    answers = {key: each.content for (kind, key), each in objects.items() if kind == RSVP.type}
    events = [
        CalendarEvent(uid, each.content, with_answers(each.content, answers_to(uid, answers)))
        for (kind, uid), each in objects.items()
        if kind == EVENT.type
    ]
    ordered = sorted(
        events, key=lambda each: (each.content["start"], each.content["title"], each.uid)
    )
    return Agenda(ordered, answers)


def render(agenda: Agenda, now: datetime) -> Mapping[str, Any]:
    """Return an agenda as its readers see it: all events, what is next, and what of that overlaps.

    What has only days, or no zone, is placed in UTC here; the calls below `/agenda` place it where
    the reader is.
    """
    coming = _next(agenda, now)
    busy = [each for each in coming if takes_time(each[1].content)]
    return {
        "events": [{**plain(each.seen), "uid": each.uid} for each in agenda.events],
        "next": [_shown(*each) for each in coming],
        "conflicts": [
            [_shown(*one), _shown(*other)] for one, other in overlapping(busy, lambda each: each[1])
        ],
    }


def _next(agenda: Agenda, now: datetime) -> Sequence[tuple[str, Occurrence]]:
    """Return the next occurrences with their uids, by start; many that are costly end the list early."""
    left = _VIEW_WORK
    found: list[tuple[str, Occurrence]] = []
    for each in agenda.events:
        work = Work(min(left, _EVENT_WORK))
        given = work.left
        coming = occurrences(each.seen, now, now + AHEAD, UTC_ZONE, work)
        found += [(each.uid, one) for _, one in zip(range(NEXT), coming, strict=False)]
        left -= given - max(0, work.left)
    return sorted(found, key=lambda each: (each[1].start, each[1].end, each[0]))[:NEXT]


def _shown(uid: str, occurrence: Occurrence) -> Mapping[str, Any]:
    series = {"recurrence_id": occurrence.recurrence_id} if occurrence.recurrence_id else {}
    return {
        "uid": uid,
        **series,
        "start": utc_text(occurrence.start),
        "end": utc_text(occurrence.end),
    }


# Events


def _check(fields: Mapping[str, Any]) -> None:
    """Refuse times that no calendar has, and zones that nobody knows."""
    if fields.get("start") is not None and local_of(fields["start"]) is None:
        raise InvalidParam(f"start: no calendar has the day {fields['start']!r}.")
    check_zone(fields.get("timeZone"))
    for key in fields.get("recurrenceOverrides") or ():
        if local_of(key) is None:
            raise InvalidParam(f"recurrenceOverrides: no calendar has the day {key!r}.")
    for name in ("recurrenceRules", "excludedRecurrenceRules"):
        for rule in fields.get(name) or ():
            if "until" in rule and local_of(rule["until"]) is None:
                raise InvalidParam(f"{name}: no calendar has the day {rule['until']!r}.")


def _given(arguments: Arguments) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name in FIELDS}


def add(agenda: Agenda, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Add an event, and invite people to it where `invite` names them."""
    fields = _given(arguments)
    _check(fields)
    now = utc_text(context.now)
    content = frozen({"@type": "Event", **fields, "sequence": 0, "created": now, "updated": now})
    content = invited(content, context.me, arguments.get("invite", ()))
    return [Put(EVENT.type, arguments.get("uid", context.new_uid), content)]


def change(agenda: Agenda, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Change fields of an event, of one time of a series, or of that time and all after it."""
    return _change(agenda, context, arguments, _given(arguments))


def _change(
    agenda: Agenda, context: Context, arguments: Arguments, fields: Mapping[str, Any]
) -> Sequence[Effect]:
    event = agenda.event(arguments["uid"])
    _check(fields)
    scope, recurrence_id = _scope(event, arguments)
    content = event.content
    if scope == "following" and recurrence_id is not None:
        uids = event.uid, context.new_uid
        earlier, later = event_edits.split(content, recurrence_id, uids, fields)
        now = utc_text(context.now)
        later = event_edits.changed(later, {"created": now, "updated": now})
        earlier = event_edits.stamped(content, earlier, context.now)
        # The new one first, so that no time is ever nowhere.
        return [Put(EVENT.type, context.new_uid, later), Put(EVENT.type, event.uid, earlier)]
    if scope == "this" and recurrence_id is not None:
        after = event_edits.changed_once(content, recurrence_id, fields)
    else:
        after = event_edits.changed_all(content, recurrence_id or content["start"], fields)
    after = event_edits.stamped(content, after, context.now)
    return [] if after == content else [Put(EVENT.type, event.uid, after)]


def _scope(event: CalendarEvent, arguments: Arguments) -> tuple[str, str | None]:
    """Return what of a series is meant, and where; "following" the first time is all of it.

    Raises:
        NotFound: the series has no such time.
        InvalidParam: a time of the series is missing.
    """
    recurrence_id = arguments.get("recurrence_id")
    scope = arguments.get("scope", "all" if recurrence_id is None else "this")
    if recurrence_id is None:
        if scope != "all":
            raise InvalidParam(f"recurrence_id: {scope!r} needs to know which time is meant.")
        return "all", None
    if occurrence_at(event.content, recurrence_id, UTC_ZONE) is None:
        raise NotFound(f"The event {event.uid!r} does not take place at {recurrence_id}.")
    if scope == "following" and recurrence_id <= event.content["start"]:
        return "all", recurrence_id
    return str(scope), recurrence_id


def remove_event(agenda: Agenda, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Remove an event, one time of a series, or that time and all after it."""
    event = agenda.event(arguments["uid"])
    scope, recurrence_id = _scope(event, arguments)
    if scope == "all" or recurrence_id is None:
        return [remove(EVENT.type, event.uid)]
    edit = event_edits.excluded_once if scope == "this" else event_edits.cut
    after = event_edits.stamped(event.content, edit(event.content, recurrence_id), context.now)
    return [Put(EVENT.type, event.uid, after)]


def cancel(agenda: Agenda, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Call an event off: it stays visible as cancelled."""
    return _change(agenda, context, arguments, {"status": "cancelled"})


def move(agenda: Agenda, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Move an event to another collection, with what was answered so far.

    The new place is written first, so that an event is never nowhere; asking again finishes a move
    that was cut in between.
    """
    event, target = agenda.event(arguments["uid"]), arguments["to_room_id"]
    if target == context.room_id:
        return []
    there = Put(EVENT.type, event.uid, noted(event.seen), target)
    return [there, remove(EVENT.type, event.uid)]


# People


def invite(agenda: Agenda, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Invite people to an event; inviting somebody twice changes nothing."""
    event = agenda.event(arguments["uid"])
    content = invited(event.content, context.me, arguments["user_ids"])
    content = event_edits.stamped(event.content, content, context.now)
    return [] if content == event.content else [Put(EVENT.type, event.uid, content)]


def uninvite(agenda: Agenda, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Take people off an event; who has another role there keeps that."""
    event = agenda.event(arguments["uid"])
    content = uninvited(event.content, arguments["user_ids"])
    content = event_edits.stamped(event.content, content, context.now)
    return [] if content == event.content else [Put(EVENT.type, event.uid, content)]


def answer(agenda: Agenda, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Answer an event as oneself; answering the same twice changes nothing."""
    event = agenda.event(arguments["uid"])
    mine = agenda.answers.get(context.me, frozen({"answers": {}}))
    given = {
        "participationStatus": arguments["participationStatus"],
        "answered": time_key(event.content),
        **({"comment": arguments["comment"]} if arguments.get("comment") else {}),
    }
    before = mine["answers"].get(event.uid)
    if before is not None and plain(before.discard("updated")) == given:
        return []
    said = frozen({**given, "updated": utc_text(context.now)})
    events = {each.uid: each.content for each in agenda.events}
    answers = kept_answers(mine["answers"], events, context.now).set(event.uid, said)
    return [Put(RSVP.type, context.me, mine.set("answers", answers))]


# What there is

_UID: Final = {"uid": {"type": "string", "pattern": UID_PATTERN, "description": "The event."}}
_USERS: Final = {
    "type": "array",
    "items": USER_ID,
    "maxItems": 100,
    "uniqueItems": True,
    "description": "Matrix IDs.",
}
_OF_SERIES: Final = {
    "recurrence_id": {
        "type": "string",
        "pattern": LOCAL_DATE_TIME,
        "description": "Which time of a series is meant: when it would begin by the series.",
    },
    "scope": {
        "enum": ["this", "following", "all"],
        "description": "Whether only that time is meant, also all after it, or all of the series;"
        " absent, it is `this` where `recurrence_id` is there, else `all`.",
    },
}

AGENDA: Final = Capability(
    name="agenda",
    summary="Events that people share, and invite each other to",
    events=(EVENT, RSVP),
    view=view,
    render=render,
    called={
        "en": ("agenda", "event", "calendar", "appointment"),
        "de": ("termin", "termine", "kalender"),
    },
    commands={
        "add": Command(
            summary="Add an event",
            decide=add,
            arguments={
                **FIELDS,
                "uid": {
                    **_UID["uid"],
                    "description": "A uid of your choice; absent, the twin makes one.",
                },
                "invite": {**_USERS, "description": "Whom to invite, by Matrix ID."},
            },
            required=("title", "start"),
            phrases=SAID["add"],
        ),
        "change": Command(
            summary="Change fields of an event, at one time or more; null takes one away",
            decide=change,
            arguments={
                **_UID,
                **_OF_SERIES,
                **{
                    name: schema
                    if name in ("title", "start")
                    else {"anyOf": [schema, {"type": "null"}]}
                    for name, schema in FIELDS.items()
                },
            },
            required=("uid",),
            phrases=SAID["change"],
        ),
        "cancel": Command(
            summary="Call an event off, at one time or more",
            decide=cancel,
            arguments={**_UID, **_OF_SERIES},
            required=("uid",),
            phrases=SAID["cancel"],
        ),
        "remove": Command(
            summary="Remove an event, at one time or more",
            decide=remove_event,
            arguments={**_UID, **_OF_SERIES},
            required=("uid",),
            phrases=SAID["remove"],
        ),
        "invite": Command(
            summary="Invite people to an event",
            decide=invite,
            arguments={**_UID, "user_ids": _USERS},
            required=("uid", "user_ids"),
            phrases=SAID["invite"],
        ),
        "uninvite": Command(
            summary="Take people off an event",
            decide=uninvite,
            arguments={**_UID, "user_ids": _USERS},
            required=("uid", "user_ids"),
            phrases=SAID["uninvite"],
        ),
        "answer": Command(
            summary="Answer an invitation",
            decide=answer,
            arguments={
                **_UID,
                "participationStatus": {"enum": [*ANSWERS], "description": "Whether you come."},
                "comment": text(2000, "A word with it."),
            },
            required=("uid", "participationStatus"),
            reads_room=True,
            phrases=SAID["answer"],
        ),
        "move": Command(
            summary="Move an event to another collection",
            decide=move,
            arguments={
                **_UID,
                "to_room_id": {**ROOM_ID, "description": "The collection to move to."},
            },
            required=("uid", "to_room_id"),
            reads_room=True,
            phrases=SAID["move"],
        ),
    },
)
