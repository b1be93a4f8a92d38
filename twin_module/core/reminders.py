"""Which alerts of events and tasks fire when (RFC 8984, section 4.5).

Content is a stranger's, and what overrides put into it fits no schema: nothing here raises, and
the work for one object is bounded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from pyrsistent import PMap

from twin_module.core.jscalendar import (
    duration_of,
    local_of,
    matrix_id_of,
    parts_of_duration,
    utc_of,
)
from twin_module.core.recurrence import Occurrence, instant, occurrences
from twin_module.core.rules import Work
from twin_module.core.state import Content, frozen
from twin_module.core.zones import zone_named

DEFAULT_LEAD: Final = timedelta(minutes=15)
"""How long before its start one is reminded of an event that leaves that to its reader."""
MORNING: Final = time(9)
"""When one is told what is due on a day, without a time."""
EARLIEST: Final = timedelta(days=-366)
LATEST: Final = timedelta(days=31)
"""How far before and behind an object its alerts may be; others are left out."""
MOST_ALERTS: Final = 50
MOST_OCCURRENCES: Final = 500
"""Of one object, in the time that is asked about."""
OVER: Final = ("completed", "failed", "cancelled")
DEFAULT: Final = ".default"
DUE: Final = ".due"
"""Names of alerts that stand in no object; JSCalendar's IDs have no dot."""
_DAY: Final = timedelta(days=1)
_AHEAD: Final = (2 * _DAY, 40 * _DAY, -EARLIEST)


@dataclass(frozen=True, slots=True)
class Reminder:
    """Something that a person is to be reminded of at a time."""

    at: datetime
    """In UTC."""
    alert: str
    recurrence_id: str | None
    title: str
    place: str
    """As somebody wrote it, empty where there is none."""
    is_task: bool
    only_days: bool
    time: datetime | None
    """In UTC: when an event starts, or a task is due; None where a task has no time."""


def reminders(
    content: Mapping[str, Any],
    me: str,
    within: tuple[datetime, datetime],
    zone: ZoneInfo,
) -> Iterator[Reminder]:
    """Return of what an object reminds somebody, in any order.

    Args:
        content: an Event or a Task that fits, with what its guests answered (`with_answers`).
        me: their Matrix ID.
        within: behind the first and up to the second time.
        zone: where they are.
    """
    content = content if isinstance(content, PMap) else frozen(content)
    if not _may_remind(content):
        return
    after, before = within
    earliest, latest = _reach(content)
    fixed = frozenset((alert, trigger.get("when")) for alert, trigger, _ in _alerts(content))
    work = Work()
    upto = before - earliest + timedelta(seconds=1)
    near = occurrences(content, after - latest, upto, zone, work)
    for each in islice(near, MOST_OCCURRENCES):
        if _concerns(each.content, me):
            for alert, at, acknowledged in _triggers(each, fixed, within, zone):
                if after < at <= before and not _is_silenced(at, acknowledged):
                    yield _reminder(each, alert, at)
    yield from _at_fixed_times(content, me, within, zone, work)


def _may_remind(content: Content) -> bool:
    """Tell whether there can be anything to be reminded of, before more is looked at."""
    if content.get("@type") == "Task" or content.get("useDefaultAlerts") is True:
        return True
    return bool(content.get("alerts")) or any(
        "lert" in key for patch in _patches(content) for key in patch
    )


def _at_fixed_times(
    content: Content,
    me: str,
    within: tuple[datetime, datetime],
    zone: ZoneInfo,
    work: Work,
) -> Iterator[Reminder]:
    """Return the reminders at times that the object itself names, each once for a whole series."""
    for alert, trigger, acknowledged in _alerts(content):
        at = utc_of(trigger.get("when"))
        if at is None or not within[0] < at <= within[1] or _is_silenced(at, acknowledged):
            continue
        each = _next_to(content, at, zone, work)
        shown = content if each is None else each.content
        if _concerns(shown, me) and (each is not None or content.get("@type") == "Task"):
            # It is one time of the whole series, whichever occurrence it speaks of.
            found = _reminder(each or Occurrence(at, at, None, shown), alert, at)
            yield replace(found, recurrence_id=None, time=found.time if each else None)


def _next_to(content: Content, at: datetime, zone: ZoneInfo, work: Work) -> Occurrence | None:
    """Return what a time speaks of: what is or comes then, or else what was last."""
    # Near ones first, since a year of something that comes every hour is much.
    for ahead in _AHEAD:
        coming = next(occurrences(content, at, at + ahead, zone, work), None)
        if coming is not None:
            return coming
    past = list(occurrences(content, at - LATEST, at, zone, work))
    return past[-1] if past else None


# Alerts


def _alerts(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], Any]]:
    """Return the alerts of an object: ID, trigger, and when it was acknowledged."""
    alerts = content.get("alerts")
    if content.get("useDefaultAlerts") is True or not isinstance(alerts, Mapping):
        return
    for alert, each in islice(alerts.items(), MOST_ALERTS):
        if isinstance(alert, str) and isinstance(each, Mapping):
            trigger = each.get("trigger")
            if isinstance(trigger, Mapping):
                yield alert, trigger, each.get("acknowledged")


def _triggers(
    each: Occurrence,
    fixed: frozenset[tuple[str, Any]],
    within: tuple[datetime, datetime],
    zone: ZoneInfo,
) -> Iterator[tuple[str, datetime, Any]]:
    """Return when the alerts of one occurrence fire: ID, time, and when it was acknowledged.

    Those at fixed times of the whole object are left out: they are no matter of one occurrence.
    So are those that are far from the time that is asked about.
    """
    content = each.content
    found = list(_alerts(content))
    if not found:
        yield from _untold(each, zone)
    for alert, trigger, acknowledged in found:
        at = utc_of(trigger.get("when"))
        if at is not None:
            if (alert, trigger.get("when")) not in fixed:
                yield alert, at, acknowledged
            continue
        offset = _offset(trigger)
        base = each.end if trigger.get("relativeTo") == "end" else each.start
        # Most are far away, and zones cost more than all the rest.
        if offset is None or not _is_near(base, offset, within):
            continue
        moved = _moved(base, offset, _zone_of(content, zone))
        if moved:
            yield alert, moved, acknowledged


def _untold(each: Occurrence, zone: ZoneInfo) -> Iterator[tuple[str, datetime, Any]]:
    """Return when one is reminded of what has no alerts, or leaves them to its reader."""
    content = each.content
    only_days = content.get("showWithoutTime") is True
    if content.get("@type") == "Task":
        due = local_of(content.get("due"))
        if due is not None:
            at = instant(datetime.combine(due, MORNING), zone) if only_days else each.end
            yield DUE, at, None
    elif content.get("useDefaultAlerts") is True and not only_days:
        at_default = _moved(each.start, (timedelta(), -DEFAULT_LEAD), zone)
        if at_default:
            yield DEFAULT, at_default, None


def _offset(trigger: Mapping[str, Any]) -> tuple[timedelta, timedelta] | None:
    """Return the days and the rest of an offset, None where it is none or too large."""
    offset = trigger.get("offset")
    if not isinstance(offset, str):
        return None
    days, rest = parts_of_duration(offset)
    return (days, rest) if EARLIEST <= days + rest <= LATEST else None


def _is_near(
    base: datetime, offset: tuple[timedelta, timedelta], within: tuple[datetime, datetime]
) -> bool:
    away = offset[0] + offset[1]
    return within[0] - base - _DAY <= away <= within[1] - base + _DAY


def _moved(base: datetime, offset: tuple[timedelta, timedelta], zone: ZoneInfo) -> datetime | None:
    """Return a time some days of the calendar and some hours away; None where no calendar has it."""
    days, rest = offset
    try:
        if days:
            base = instant(base.astimezone(zone).replace(tzinfo=None) + days, zone)
        return base + rest
    except OverflowError:
        return None


def _is_silenced(at: datetime, acknowledged: Any) -> bool:
    until = utc_of(acknowledged)
    return until is not None and until >= at


def _reach(content: Content) -> tuple[timedelta, timedelta]:
    """Return how long before and behind occurrences their alerts are, overrides included."""
    found = [-DEFAULT_LEAD, _DAY]
    for said in _offsets("alerts", content.get("alerts")):
        found.append(duration_of(said))
    for key, patch in _overrides(content):
        named = local_of(key)
        for name, value in patch.items():
            found += [duration_of(said) for said in _offsets(name, value, "offset")]
            for at in map(utc_of, _offsets(name, value, "when") if named else ()):
                # What was put off is about the time that it was put off from.
                found += [at.replace(tzinfo=None) - named] if at and named else []
    return max(min(found) - 2 * _DAY, EARLIEST), min(max(found) + 2 * _DAY, LATEST)


def _overrides(content: Content) -> Iterator[tuple[str, Mapping[str, Any]]]:
    overrides = content.get("recurrenceOverrides")
    for key, patch in overrides.items() if isinstance(overrides, Mapping) else ():
        if isinstance(patch, Mapping):
            yield key, patch


def _patches(content: Content) -> Iterator[Mapping[str, Any]]:
    return (patch for _, patch in _overrides(content))


def _offsets(name: str, value: Any, field: str = "offset") -> Iterator[str]:
    """Return the values of a field that stand in alerts, or in what a patch puts into them."""
    waiting = [(name, value)] if name.partition("/")[0] == "alerts" else []
    while waiting:
        key, each = waiting.pop()
        if isinstance(each, Mapping):
            waiting += each.items()
        elif isinstance(each, str) and key.rpartition("/")[2] == field:
            yield each


# Whom it concerns, and what is said of it


def _concerns(content: Mapping[str, Any], me: str) -> bool:
    """Tell whether an object is still to happen, and somebody has to do with it."""
    if content.get("@type") == "Task":
        people = [each for each in _people(content) if _has_role(each[1], "attendee")]
        return content.get("progress") not in OVER and (
            not people or any(user == me for user, _ in people)
        )
    if content.get("status") == "cancelled":
        return False
    own = [person.get("participationStatus") for user, person in _people(content) if user == me]
    return next(iter(own), None) != "declined"


def _people(content: Mapping[str, Any]) -> Iterator[tuple[str | None, Mapping[str, Any]]]:
    people = content.get("participants")
    for key, person in people.items() if isinstance(people, Mapping) else ():
        if isinstance(person, Mapping):
            yield matrix_id_of(str(key), person), person


def _has_role(person: Mapping[str, Any], role: str) -> bool:
    roles = person.get("roles")
    return isinstance(roles, Mapping) and roles.get(role) is True


def _reminder(each: Occurrence, alert: str, at: datetime) -> Reminder:
    content = each.content
    is_task = content.get("@type") == "Task"
    only_days = content.get("showWithoutTime") is True
    # The last day of a task that has days only, not the midnight behind it.
    when = (each.end - timedelta(hours=1) if only_days else each.end) if is_task else each.start
    title = content.get("title")
    return Reminder(
        at=at,
        alert=alert,
        recurrence_id=each.recurrence_id,
        title=title if isinstance(title, str) else "",
        place=_place(content),
        is_task=is_task,
        only_days=only_days,
        time=when,
    )


def _place(content: Mapping[str, Any]) -> str:
    """Return where to be: the name of a place, or where people meet from afar."""
    for kind, fields in (("locations", ("name",)), ("virtualLocations", ("uri", "name"))):
        places = content.get(kind)
        for place in places.values() if isinstance(places, Mapping) else ():
            said = [place.get(field) for field in fields] if isinstance(place, Mapping) else []
            for each in said:
                if isinstance(each, str) and each.strip():
                    return each
    return ""


def _zone_of(content: Mapping[str, Any], zone: ZoneInfo) -> ZoneInfo:
    name = content.get("timeZone")
    if content.get("showWithoutTime") is True or not isinstance(name, str):
        return zone
    return zone_named(name) or zone
