"""How a series is written: the lines of its master and of its instances (RFC 5545, section 3.8.5)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from twin_module.core.content_lines import Component, read_line
from twin_module.core.ics.alarms import write_alarms
from twin_module.core.ics.entry import ONCE, is_by_day, object_lines
from twin_module.core.ics.kept import (
    KEPT,
    RECURRING,
    components_of,
    kept_in,
    texts_of,
    with_kept,
)
from twin_module.core.ics.rules import write_rules
from twin_module.core.ics.times import time_line, written_duration
from twin_module.core.ics.zones import zone_of_name
from twin_module.core.jscalendar import local_of, local_text
from twin_module.core.recurrence import SERIES, first_time, patched
from twin_module.core.state import NAMESPACE, Content, frozen, plain

KEPT_PATH: Final = f"{NAMESPACE}/{KEPT}"
"""Where a patch has what is kept of its instance."""
PERIOD: Final = "isPeriod"
"""Kept of a time that was added with its duration (RDATE;VALUE=PERIOD)."""
ONCE_EACH: Final = ONCE | {"RECURRENCE-ID"}
_ONLY_MASTER: Final = RECURRING | {"DTSTART", "DTEND", "DUE", "DTSTAMP", "CREATED", "LAST-MODIFIED"}
"""Lines whose form says nothing about other times of a series."""


def written_series(key: str, content: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of an entry, unfolded: the master with its instances, VTIMEZONEs aside."""
    kind = "VTODO" if content.get("@type") == "Task" else "VEVENT"
    kept, aliases = kept_in(content), aliases_of(content)
    written = master_lines(content, kind, key, aliases)
    components = [
        each for each in components_of(kept) if each.name != kind or _is_of(each, written)
    ]
    yield from _component(kind, with_kept(written, kept, ONCE_EACH), content, components)
    overrides = _overrides(content)
    if any(map(_is_instance, overrides.values())):
        frozen_content = frozen(content)
        inherited = frozen({KEPT: inherited_of(plain(kept))})
        for recurrence_id, patch in sorted(overrides.items()):
            if _is_instance(patch) and local_of(recurrence_id):
                usual = at_one_time(frozen_content, recurrence_id).set(NAMESPACE, inherited)
                applied = patched(usual, patch)
                lines = instance_lines(content, applied, kind, key, aliases, recurrence_id)
                own = kept_in(applied)
                lines = with_kept(lines, own, ONCE_EACH)
                yield from _component(kind, lines, applied, components_of(own))
    for each in components:
        if each.name == kind:
            yield from each.texts()


def _is_of(component: Component, written: Sequence[str]) -> bool:
    """Return whether a component that is kept has the UID of its entry."""
    uid = component.first("UID")
    return uid is not None and f"UID:{uid.value.strip()}" in written


def aliases_of(content: Mapping[str, Any]) -> Mapping[str, str]:
    """Return what the file of an entry called its time zones, by their IANA names."""
    zones = kept_in(content).get("zones")
    found = zones.items() if isinstance(zones, Mapping) else ()
    return {
        zone: tzid
        for zone, tzid in found
        if isinstance(tzid, str) and zone_of_name(tzid) in (None, zone)
    }


def _component(
    kind: str, lines: Sequence[str], content: Mapping[str, Any], components: Sequence[Component]
) -> Iterator[str]:
    yield f"BEGIN:{kind}"
    yield from lines
    yield from write_alarms(content)
    for each in components:
        if each.name != kind:
            yield from each.texts()
    yield f"END:{kind}"


def _overrides(content: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    overrides = content.get("recurrenceOverrides")
    found = overrides.items() if isinstance(overrides, Mapping) else ()
    return {each: patch for each, patch in found if isinstance(patch, Mapping)}


def _is_period(patch: Mapping[str, Any]) -> bool:
    kept = patch.get(KEPT_PATH)
    return (
        isinstance(kept, Mapping)
        and kept.get(PERIOD) is True
        and set(patch) == {"duration", KEPT_PATH}
        and isinstance(patch["duration"], str)
    )


def _is_instance(patch: Mapping[str, Any]) -> bool:
    """Return whether an override is written as a component of its own."""
    return bool(patch) and patch.get("excluded") is not True and not _is_period(patch)


def master_lines(
    content: Mapping[str, Any], kind: str, key: str, aliases: Mapping[str, str]
) -> list[str]:
    """Return the lines of an entry, or of the master of a series, alarms aside."""
    lines = object_lines(content, kind, key, aliases)
    recurrence_id, is_day = content.get("recurrenceId"), is_by_day(content)
    if isinstance(recurrence_id, str):
        zone = content.get("recurrenceIdTimeZone")
        zone = zone if isinstance(zone, str) else None
        lines.append(time_line("RECURRENCE-ID", recurrence_id, zone, aliases, is_day=is_day))
    lines += write_rules(content)
    zone = content.get("timeZone")
    zone = zone if isinstance(zone, str) else None
    has_rules = bool(content.get("recurrenceRules"))
    for each, patch in sorted(_overrides(content).items()):
        if local_of(each) is None:
            continue
        if patch.get("excluded") is True:
            lines.append(time_line("EXDATE", each, zone, aliases, is_day=is_day))
        elif _is_period(patch):
            line = time_line("RDATE;VALUE=PERIOD", each, zone, aliases)
            lines.append(f"{line}/{written_duration(patch['duration'])}")
        elif not patch or not has_rules:
            lines.append(time_line("RDATE", each, zone, aliases, is_day=is_day))
    return list(dict.fromkeys(lines))


def instance_lines(
    content: Mapping[str, Any],
    applied: Mapping[str, Any],
    kind: str,
    key: str,
    aliases: Mapping[str, str],
    recurrence_id: str,
) -> list[str]:
    """Return the lines of a series at one time, alarms aside.

    Args:
        content: of the series.
        applied: the series as it is at that time, with what an override says.
        kind: VEVENT or VTODO.
        key: the state key.
        aliases: what the file calls time zones.
        recurrence_id: names the time.
    """
    uid = content.get("uid")
    own = {**applied, **({"uid": uid} if uid else {})}
    lines = object_lines(own, kind, key, aliases)
    zone = content.get("timeZone")
    zone = zone if isinstance(zone, str) else None
    is_day = is_by_day(content)
    lines.append(time_line("RECURRENCE-ID", recurrence_id, zone, aliases, is_day=is_day))
    return list(dict.fromkeys(lines))


def at_one_time(content: Content, recurrence_id: str) -> Content:
    """Return a series as it is at one time, without what is kept of it."""
    first, moved = first_time(content), local_of(recurrence_id)
    due = local_of(content.get("due"))
    for name in (*SERIES, NAMESPACE, "method", "uid"):
        content = content.discard(name)
    if first is None or moved is None:
        return content
    if due is not None:
        try:
            content = content.set("due", local_text(due + (moved - first)))
        except OverflowError:
            return content
    return content.set("start", recurrence_id) if "start" in content else content


def inherited_of(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an instance has of what is kept of its series, unless it says otherwise."""
    lines = [text for text in texts_of(kept.get("lines")) if read_line(text).name not in RECURRING]
    instead = kept.get("instead")
    replaced = dict(instead) if isinstance(instead, Mapping) else {}
    replaced = {
        key: value for key, value in replaced.items() if read_line(key).name not in _ONLY_MASTER
    }
    return {**({"lines": lines} if lines else {}), **({"instead": replaced} if replaced else {})}
