"""A master and what is different at some of its times: VEVENTs of one UID, and one JSCalendar object.

RFC 5545, section 3.8.5, and RFC 8984, section 4.3. An instance that iCalendar writes whole is a patch
here, of what differs from the master. Instances without a master become one object too: a single one
has a `recurrenceId`; several are the first one, with the others as additional times. What stands
twice, or is about all later times (`RANGE=THISANDFUTURE`), is kept as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final

from twin_module.core.content_lines import Component, Line
from twin_module.core.ics.alarms import read_alarms
from twin_module.core.ics.entry import Unreadable, is_by_day, read_object
from twin_module.core.ics.kept import KEPT, Taking, deviation, storable
from twin_module.core.ics.rules import read_rules
from twin_module.core.ics.series_lines import (
    KEPT_PATH,
    ONCE_EACH,
    PERIOD,
    at_one_time,
    inherited_of,
    instance_lines,
    master_lines,
)
from twin_module.core.ics.times import Clock, When, lasting, read_duration
from twin_module.core.ics.zones import Zones
from twin_module.core.jscalendar import local_text
from twin_module.core.recurrence import FIXED, first_time, patched
from twin_module.core.state import NAMESPACE, frozen, plain

MAX_OVERRIDES: Final = 2000
_MAX_LINES: Final = 10_000
_ANY: Final[dict[str, Any]] = {"": None}
"""A patch that says something, whatever it is."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """What entries share that stand in one VCALENDAR."""

    zones: Zones
    lines: Sequence[str]
    """To be kept with each entry."""
    method: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """One VEVENT or VTODO."""

    component: Component
    calendar: Calendar


def read_series(
    key: str, uid: str, master: Part | None, instances: Sequence[Part]
) -> dict[str, Any]:
    """Return the content of one entry.

    Args:
        key: its state key.
        uid: its UID.
        master: has no RECURRENCE-ID; None where the file has none.
        instances: have one; there is one at least where there is no master.

    Raises:
        Unreadable: it can't be read; says why.
        UnknownZone: it has a time zone that can't be known.
    """
    for part in (*([master] if master else []), *instances):
        _check(part.component)
    first, rest = (master, instances) if master else (instances[0], instances[1:])
    calendar, kind = first.calendar, first.component.name
    names = {line.name for line in first.component.lines}
    comes_again = bool(names & {"RRULE", "RDATE", "EXRULE"}) or bool(rest)
    clock = Clock(calendar.zones, comes_again=comes_again)
    content, lines, components = _read_one(first, clock)
    if uid != key:
        content["uid"] = uid
    if calendar.method:
        content["method"] = calendar.method
    if master is None and not rest:
        _read_recurrence_id(lines, clock, content)
    read_rules(lines, clock, content.get("timeZone"), content)
    found, twice = _instances(rest, clock, content)
    components += twice
    overrides = _read_dates(lines, clock, content, found)
    read = {each: _read_one(part, clock.among(part.calendar.zones)) for each, part in found.items()}
    # What the patches of instances say is found out below; the master only tells their times.
    times = overrides | dict.fromkeys(read, _ANY)
    written = master_lines({**content, "recurrenceOverrides": times}, kind, key, clock.aliases)
    kept = deviation(written, lines, ONCE_EACH)
    kept |= {"components": ["\n".join(each.texts()) for each in components]} if components else {}
    kept |= {"calendar": list(calendar.lines)} if calendar.lines else {}
    kept |= {"zones": dict(clock.aliases)} if clock.aliases else {}
    kept |= {"timezones": dict(clock.custom)} if clock.custom else {}
    inherited = inherited_of(kept)
    for recurrence_id, (instance, taking, parts) in read.items():
        patch, own = _patch(content, kind, key, clock.aliases, recurrence_id, instance, taking)
        own |= {"components": ["\n".join(each.texts()) for each in parts]} if parts else {}
        if own != inherited or not patch:
            patch[KEPT_PATH] = own
        overrides[recurrence_id] = patch
    if len(overrides) > MAX_OVERRIDES:
        raise Unreadable(
            f"It has more than {MAX_OVERRIDES} times that are added, left out or changed."
        )
    if overrides:
        content["recurrenceOverrides"] = dict(sorted(overrides.items()))
    if kept or any(KEPT_PATH in patch for patch in overrides.values()):
        # A patch of something needs that it is there.
        content[NAMESPACE] = {KEPT: kept}
    return content


def _check(component: Component) -> None:
    if component.broken:
        raise Unreadable("It is cut off, or its BEGIN and END lines do not match.")
    lines = list(_all_lines(component))
    if len(lines) > _MAX_LINES:
        raise Unreadable(f"It has more than {_MAX_LINES} lines.")
    if not storable(lines):
        raise Unreadable("It holds a character that can't be stored, such as NUL.")


def _all_lines(component: Component) -> Iterator[Line]:
    yield from component.lines
    for part in component.parts:
        yield from _all_lines(part)


def _read_one(part: Part, clock: Clock) -> tuple[dict[str, Any], Taking, list[Component]]:
    """Return what one component says, its lines, and those components inside that are kept."""
    component = part.component
    # Where there is no UID, one is made and written.
    lines = Taking(line for line in component.lines if line.name != "UID" or line.value.strip())
    content = read_object(component.lines, lines, clock, component.name)
    kept: list[Component] = []
    if component.parts:
        kept = [each for each in component.parts if each.name != "VALARM"]
        alarms = [each for each in component.parts if each.name == "VALARM"]
        kept += read_alarms(alarms, content)
    return content, lines, kept


def _read_recurrence_id(lines: Taking, clock: Clock, content: dict[str, Any]) -> None:
    line = lines.once("RECURRENCE-ID")
    when = clock.read(line) if line is not None and "RANGE" not in line.params else None
    if when is not None:
        content["recurrenceId"] = when.text
        if when.zone is not None:
            content["recurrenceIdTimeZone"] = when.zone
        lines.take_name("RECURRENCE-ID")


def _named(when: When, content: Mapping[str, Any], *, adds: bool = False) -> str:
    """Return the recurrence ID of a time: in the zone of the series, whichever form it has there.

    Args:
        when: the time.
        content: of the series.
        adds: whether it is a new time, and not one that the rules have.
    """
    first = first_time(content)
    if is_by_day(content):
        return local_text(datetime.combine(when.local, time()))
    zone = content.get("timeZone")
    local = when.within(zone if isinstance(zone, str) else None)
    # Some programs name the day alone; Outlook writes midnight then.
    is_day = when.is_day or (not adds and local.time() == time() and not _has_hours(content))
    if is_day and first is not None:
        local = datetime.combine(local, first.time())
    return local_text(local)


def _has_hours(content: Mapping[str, Any]) -> bool:
    """Return whether a series may come at other times of the day than its start."""
    rules = content.get("recurrenceRules", [{"byHour": True}])
    return any("byHour" in rule or rule["frequency"] == "hourly" for rule in rules)


def _instances(
    parts: Sequence[Part], clock: Clock, content: Mapping[str, Any]
) -> tuple[dict[str, Part], list[Component]]:
    """Return the instances of a series by recurrence ID, and those that can't be told apart by it."""
    found: dict[str, Part] = {}
    kept = []
    for part in parts:
        line = part.component.first("RECURRENCE-ID")
        when = clock.among(part.calendar.zones).read(line) if line is not None else None
        name = _named(when, content) if when is not None else None
        if name is None or (line and "RANGE" in line.params) or first_time(content) is None:
            kept.append(part.component)
        elif name not in found or _sequence(part) > _sequence(found[name]):
            kept += [found[name].component] if name in found else []
            found[name] = part
        else:
            kept.append(part.component)
    return found, kept


def _sequence(part: Part) -> int:
    line = part.component.first("SEQUENCE")
    return int(line.value) if line is not None and line.value.isdecimal() else 0


def _read_dates(
    lines: Taking, clock: Clock, content: Mapping[str, Any], instances: Mapping[str, Part]
) -> dict[str, dict[str, Any]]:
    """Return the times that are left out or added."""
    overrides: dict[str, dict[str, Any]] = {}
    for name in ("EXDATE", "RDATE"):
        for line in lines.all(name) if first_time(content) is not None else ():
            patches: dict[str, dict[str, Any]] = {}
            for value in line.value.split(","):
                begin, slash, end = value.partition("/")
                when = clock.read(line, begin)
                lasts = _period(line, clock, when, end) if slash and when else None
                if when is None or (slash and (lasts is None or name == "EXDATE")):
                    break
                patch: dict[str, Any] = {"excluded": True} if name == "EXDATE" else {}
                if lasts is not None:
                    patch = {"duration": lasts, KEPT_PATH: {PERIOD: True}}
                patches[_named(when, content, adds=name == "RDATE")] = patch
            else:
                lines.take(line)
                for each, patch in patches.items():
                    if each not in instances:
                        overrides.setdefault(each, patch)
    return overrides


def _period(line: Line, clock: Clock, begin: When, end: str) -> str | None:
    when = clock.read(line, end)
    if when is None:
        return read_duration(end)
    return lasting(begin.local, when.within(begin.zone), begin.zone)


def _patch(
    content: Mapping[str, Any],
    kind: str,
    key: str,
    aliases: Mapping[str, str],
    recurrence_id: str,
    instance: Mapping[str, Any],
    lines: Taking,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is different at one time of a series, and what has to be kept of it."""
    usual = at_one_time(frozen(content), recurrence_id)
    patch = {
        path: value
        for path, value in _difference(plain(usual), instance)
        if path.split("/")[0] not in FIXED
    }
    applied = patched(usual, patch)
    written = instance_lines(content, applied, kind, key, aliases, recurrence_id)
    lines.take_name("RECURRENCE-ID")
    return patch, deviation(written, lines, ONCE_EACH)


def _difference(
    before: Mapping[str, Any], after: Mapping[str, Any], path: str = ""
) -> Iterator[tuple[str, Any]]:
    """Yield what makes one object the other: values by pointer, null where something is gone."""
    for name in sorted({*before, *after}):
        here = path + name.replace("~", "~0").replace("/", "~1")
        one, other = before.get(name), after.get(name)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _difference(one, other, f"{here}/")
        elif one != other:
            yield here, other
