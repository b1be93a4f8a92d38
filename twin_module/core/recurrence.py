"""When events and tasks take place: recurrence and time zones of JSCalendar (RFC 8984, section 4.3).

Rules are expanded in local time, then the zone applies: a time that a change of clocks leaves out is
later by as much, one that comes twice is the first of both. What only has days, or no zone that this
machine knows, is in the reader's zone. Content is a stranger's: nothing here raises, and the work is
bounded (`rules.py`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from pyrsistent import PMap

from twin_module.core.jscalendar import local_of, local_text, parts_of_duration, utc_of
from twin_module.core.rules import Rule, Work, read_rule, times
from twin_module.core.state import Content, frozen
from twin_module.core.zones import zone_named

FOREVER: Final = 253_402_300_799
"""The end of the year 9999, in seconds since 1970: what never ends ends then."""
SERIES: Final = ("recurrenceRules", "excludedRecurrenceRules", "recurrenceOverrides")
FIXED: Final = frozenset(
    {"@type", "method", "privacy", "prodId", "recurrenceId", "recurrenceIdTimeZone", "relatedTo"}
    | {"replyTo", "sentBy", "timeZones", "uid", *SERIES}
)
"""Fields that no override changes (section 4.3.5)."""
_TIMES: Final = frozenset({"start", "due", "duration", "estimatedDuration", "timeZone"}) | {
    "showWithoutTime"
}
_DAY: Final = timedelta(days=1)
_ZONES: Final = 2 * _DAY
"""More than any two zones differ."""
_FLOATING: Final = timedelta(hours=15)
"""As much may a local time be earlier or later than the same time in UTC."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An event or a task as it takes place once."""

    start: datetime
    """In UTC."""
    end: datetime
    """In UTC."""
    recurrence_id: str | None
    """The LocalDateTime that names it in its series; None where the object does not recur."""
    content: Content = field(hash=False)
    """With its override applied, and without the fields of the series. What an override puts in may
    be anything, and need not fit the schema."""


def is_recurring(content: Mapping[str, Any]) -> bool:
    """Return whether an object comes again."""
    return bool(content.get("recurrenceRules") or content.get("recurrenceOverrides"))


def first_time(content: Mapping[str, Any]) -> datetime | None:
    """Return the local time at which an object first is: a task without a start when it is due."""
    start = local_of(content.get("start"))
    if start is None and content.get("@type") == "Task":
        return local_of(content.get("due"))
    return start


def spell(content: Mapping[str, Any], zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Return from when until when something is that does not recur, in UTC; None where it has no time.

    Args:
        content: an Event or a Task.
        zone: the reader's, for what has none or only days.
    """
    start = first_time(content)
    if start is None:
        return None
    due = local_of(content.get("due")) if content.get("@type") == "Task" else None
    lasts = "estimatedDuration" if content.get("@type") == "Task" else "duration"
    days, rest = parts_of_duration(content.get(lasts))
    if content.get("showWithoutTime") is True:
        start = start.replace(hour=0, minute=0, second=0)
        days = max(_DAY, days + timedelta(days=-(-rest // _DAY)))
        last = plus(start, days) if due is None else plus(max(due, start), _DAY)
        return instant(start, zone), instant(last.replace(hour=0, minute=0, second=0), zone)
    zone = _zone(content) or zone
    begins = instant(start, zone)
    ends = plus(instant(plus(start, days), zone), rest) if due is None else instant(due, zone)
    return begins, max(begins, ends)


def _zone(content: Mapping[str, Any]) -> ZoneInfo | None:
    name = content.get("timeZone")
    return zone_named(name) if isinstance(name, str) else None


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return a local time of a zone in UTC."""
    try:
        return local.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return local.replace(tzinfo=UTC)


def moment(text: Any, zone: ZoneInfo) -> datetime | None:
    """Return in UTC what a UTCDateTime, or a LocalDateTime of a zone, says; None where it is neither."""
    local = local_of(text)
    return utc_of(text) if local is None else instant(local, zone)


def occurrences(
    content: Mapping[str, Any],
    after: datetime,
    before: datetime,
    zone: ZoneInfo,
    work: Work | None = None,
) -> Iterator[Occurrence]:
    """Return what of an object overlaps [after, before), by start.

    Args:
        content: an Event or a Task that fits.
        after: with a zone.
        before: with a zone.
        zone: the reader's, for what has none or only days.
        work: what its rules may cost, where that is less than usual; later times are left out then.
    """
    content = content if isinstance(content, PMap) else frozen(content)
    inside = [
        each
        for each in _all(content, after, before, zone, work)
        if each and each.start < before and (each.end > after or each.start >= after)
    ]
    yield from sorted(inside, key=lambda each: (each.start, each.end, each.recurrence_id or ""))


def occurrence_at(
    content: Mapping[str, Any], recurrence_id: str, zone: ZoneInfo
) -> Occurrence | None:
    """Return the occurrence of a series with this ID, None where it has none."""
    content = content if isinstance(content, PMap) else frozen(content)
    time, start = local_of(recurrence_id), first_time(content)
    if time is None or start is None or not is_recurring(content):
        return None
    patch = content.get("recurrenceOverrides", {}).get(recurrence_id)
    if patch is None and time not in _times_by_rules(content, start, time, plus(time, _DAY)):
        return None
    return _one(content, recurrence_id, patch, zone)


def is_by_rules(content: Mapping[str, Any], time: datetime) -> bool:
    """Return whether a local time is the start of an object, or one that its rules have."""
    content = content if isinstance(content, PMap) else frozen(content)
    start = first_time(content)
    return start is not None and time in _times_by_rules(content, start, time, plus(time, _DAY))


def starts_before(
    content: Mapping[str, Any], rule: Mapping[str, Any], time: datetime
) -> int | None:
    """Return how many times a rule of a series has before a local time; None where that is too much work."""
    start = first_time(content)
    read = None if start is None else read_rule(rule, start)
    if start is None or read is None:
        return None
    work = Work()
    number = sum(1 for _ in times(read, start, start, time, work, first=True))
    return None if work.left <= 0 else number + (start < time)


def _all(
    content: Content, after: datetime, before: datetime, zone: ZoneInfo, work: Work | None
) -> Iterator[Occurrence | None]:
    """Return what of an object may overlap [after, before)."""
    start = first_time(content)
    if start is None:
        return
    if not is_recurring(content):
        if content.get("excluded") is not True:
            yield _placed(content, None, zone)
        return
    earliest = plus(after.astimezone(UTC).replace(tzinfo=None), -(_length(content) + _ZONES))
    latest = plus(before.astimezone(UTC).replace(tzinfo=None), _ZONES)
    overrides = content.get("recurrenceOverrides", {})
    for time in _times_by_rules(content, start, earliest, latest, work):
        if local_text(time) not in overrides:
            yield _one(content, local_text(time), None, zone)
    for recurrence_id, patch in overrides.items():
        named = local_of(recurrence_id)
        if named and (earliest <= named < latest or not _TIMES.isdisjoint(patch)):
            yield _one(content, recurrence_id, patch, zone)


def _length(content: Content) -> timedelta:
    """Return how long something lasts at most, from its local start on."""
    found = spell(content, ZoneInfo("UTC"))
    return _DAY if found is None else found[1] - found[0] + _DAY


def _times_by_rules(
    content: Content,
    start: datetime,
    earliest: datetime,
    latest: datetime,
    work: Work | None = None,
) -> set[datetime]:
    """Return the local times of a series in [earliest, latest), overrides aside."""
    found = {start} if earliest <= start < latest else set()
    work = Work() if work is None else work
    for rule in _rules(content, "recurrenceRules", start):
        found.update(times(rule, start, earliest, latest, work, first=True))
    work = Work()
    for rule in _rules(content, "excludedRecurrenceRules", start) if found else ():
        found.difference_update(times(rule, start, earliest, latest, work, first=False))
    return found


def _rules(content: Mapping[str, Any], name: str, start: datetime) -> list[Rule]:
    found = (read_rule(rule, start) for rule in content.get(name, ()))
    return [rule for rule in found if rule is not None]


def _one(
    content: Content, recurrence_id: str, patch: Mapping[str, Any] | None, zone: ZoneInfo
) -> Occurrence | None:
    """Return one of a series; None where it is excluded or has no time."""
    if patch is not None and patch.get("excluded") is True:
        return None
    moved = _moved(content, recurrence_id)
    return _placed(moved if patch is None else patched(moved, patch), recurrence_id, zone)


def _moved(content: Content, recurrence_id: str) -> Content:
    """Return the content of a series as it is at one time, before any override."""
    start, time = first_time(content), local_of(recurrence_id)
    due = local_of(content.get("due"))
    for name in SERIES:
        content = content.discard(name)
    if due is not None and start is not None and time is not None:
        content = content.set("due", local_text(plus(due, time - start)))
    return content.set("start", recurrence_id) if "start" in content else content


def _placed(content: Content, recurrence_id: str | None, zone: ZoneInfo) -> Occurrence | None:
    found = spell(content, zone)
    return None if found is None else Occurrence(*found, recurrence_id, content)


def patched(content: Content, patch: Mapping[str, Any]) -> Content:
    """Return content with a patch applied (section 1.4.9): values by JSON pointer without its slash.

    Left out is what no override may change, and each pointer that leads into a list, through
    something that is not there, or to what another pointer of the patch is for.
    """
    for path in sorted(patch):
        parts = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")]
        if parts[0] in FIXED or any(f"{path}/".startswith(f"{o}/") for o in patch if o != path):
            continue
        changed = _with(content, parts, patch[path])
        content = content if changed is None else changed
    return content


def _with(value: Any, parts: list[str], new: Any) -> Any:
    """Return a map with a value put in; None where the path is none of its."""
    head, *rest = parts
    if not isinstance(value, PMap):
        return None
    if rest:
        inner = _with(value[head], rest, new) if head in value else None
        return None if inner is None else value.set(head, inner)
    return value.discard(head) if new is None else value.set(head, new)


# From when until when it matters


def span(content: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the earliest start and the latest end of an object, in seconds since 1970.

    What has no zone, or only days, may be earlier and later by 15 hours, as readers are. What never
    ends, or ends later than can be found out with bounded work, ends `FOREVER`.
    """
    content = content if isinstance(content, PMap) else frozen(content)
    start, utc = first_time(content), ZoneInfo("UTC")
    placed = _placed(content, None, utc)
    if start is None or placed is None:
        return None
    spells = [(placed.start, placed.end)]
    for recurrence_id, patch in content.get("recurrenceOverrides", {}).items():
        one = _one(content, recurrence_id, patch, utc) if local_of(recurrence_id) else None
        spells += [(one.start, one.end)] if one else []
    for rule in _rules(content, "recurrenceRules", start):
        last = _last(rule, start)
        one = _one(content, local_text(last), None, utc) if last else None
        spells.append((one.start, one.end) if one else (placed.start, _LAST))
    known = content.get("showWithoutTime") is not True and _knows_zone(content)
    slack = timedelta() if known else _FLOATING
    earliest, latest = min(each[0] for each in spells), max(each[1] for each in spells)
    return _seconds(plus(earliest, -slack)), _seconds(plus(latest, slack))


def _knows_zone(content: Content) -> bool:
    """Return whether all times have a zone; an override may take it away."""
    overrides = content.get("recurrenceOverrides", {}).values()
    if any("timeZone" in patch or "showWithoutTime" in patch for patch in overrides):
        return False
    return _zone(content) is not None


def _last(rule: Rule, start: datetime) -> datetime | None:
    """Return a local time that no time of a rule is later than; None where there is none."""
    if rule.until is not None:
        return max(start, rule.until)
    if rule.count is None:
        return None
    work = Work()
    found = list(times(rule, start, start, _LAST.replace(tzinfo=None), work, first=True))
    return max([start, *found[-1:]]) if work.left > 0 else None


def _seconds(moment: datetime) -> int:
    return min(int((moment - _EPOCH).total_seconds()), FOREVER)


def plus(moment: datetime, delta: timedelta) -> datetime:
    """Return a time later or earlier by something, as far as the calendar goes."""
    try:
        return moment + delta
    except OverflowError:
        return (_LAST if delta > timedelta() else _FIRST).replace(tzinfo=moment.tzinfo)
