"""Calendars as files: iCalendar (RFC 5545) to JSCalendar (RFC 8984) and back, losing nothing.

`entry.py` has the fields, `series.py` what comes again, and `kept.py` how that is kept
which JSCalendar has no field for. `zones.py` says what becomes of time zones.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from twin_module.core.canonical import MAX_SHOWN
from twin_module.core.content_lines import (
    Component,
    escaped,
    folded,
    read_components,
    read_line,
    unescaped,
)
from twin_module.core.entries import Entry, Refused, key_of
from twin_module.core.ics.entry import EVENT, TASK, Unreadable
from twin_module.core.ics.kept import kept_in, storable, texts_of
from twin_module.core.ics.series import Calendar, Part, read_series
from twin_module.core.ics.series_lines import written_series
from twin_module.core.ics.timezones import timezone_lines
from twin_module.core.ics.zones import UnknownZone, Zones, zone_of_name

__all__ = ["key_of", "read_entries", "write_calendar", "write_entry"]

_LEVELS: Final = {
    "VCALENDAR": 0,
    **dict.fromkeys((EVENT, TASK, "VJOURNAL", "VFREEBUSY", "VTIMEZONE"), 1),
}
_PROGRAM: Final = "PRODID:-//Digital twin//twin_module//EN"
_MAX_UID: Final = 2000
_OURS: Final = frozenset({"VERSION", "PRODID", "METHOD"})
"""Lines of a calendar that are no entry's."""
_METHOD: Final = re.compile(r"[A-Za-z-]{1,64}")
_REFUSED: Final[Mapping[str, str]] = {
    "VJOURNAL": "It is a journal entry (VJOURNAL), which there is no place for here.",
    "VFREEBUSY": "It says when somebody is busy (VFREEBUSY), and is no event.",
}
_TZID: Final = re.compile(
    r"[^:\"]*;TZID=(?:\"([^\"]*)\"|([^\";:,]*))[^:]*:([0-9]{4})?", re.IGNORECASE
)
_BREAKS: Final = re.compile(r"[\r\n\x00]+")
_DECADES: Final = range(1900, 2031, 10)
"""From when on a VTIMEZONE is right: the start of the decade of the first time that needs it."""


# Reading


def read_entries(text: str) -> tuple[list[Entry], list[Refused]]:
    """Read all events and tasks of a file, of one calendar or of several after one another.

    Returns:
        the entries, by their place in the file, and what could not be read.
    """
    calendars = [each for each in read_components(text, _LEVELS) if each.name == "VCALENDAR"]
    if not calendars:
        return [], [Refused("", "This is no calendar: it has no line BEGIN:VCALENDAR.")]
    refused: list[Refused] = []
    groups: dict[tuple[str, str], list[Part]] = {}
    for component in calendars:
        calendar = _calendar(component)
        for each in component.parts:
            if each.name in (EVENT, TASK):
                groups.setdefault((each.name, _uid(each)), []).append(Part(each, calendar))
            elif each.name != "VTIMEZONE":
                reason = _REFUSED.get(
                    each.name, f"It is no event and no task, but {each.name[:60]!r}."
                )
                refused.append(Refused(_title(each), reason))
    entries = []
    for (_, uid), parts in groups.items():
        entry, problems = _entry(uid, parts)
        entries += [entry] if entry else []
        refused += problems
    return entries, refused


def _entry(uid: str, parts: Sequence[Part]) -> tuple[Entry | None, list[Refused]]:
    """Return the entry of a UID, None where it can't be read, and what is refused of it."""
    masters = [part for part in parts if part.component.first("RECURRENCE-ID") is None]
    instances = [part for part in parts if part.component.first("RECURRENCE-ID") is not None]
    refused = [
        Refused(_title(other.component), "Another entry of the file has the same UID.")
        for other in masters[1:]
        if list(other.component.texts()) != list(masters[0].component.texts())
    ]
    key, name = key_of(uid), _title(parts[0].component)
    if len(uid) > _MAX_UID:
        return None, [*refused, Refused(name, f"Its UID is longer than {_MAX_UID} characters.")]
    try:
        content = read_series(key, uid, masters[0] if masters else None, instances)
    except (Unreadable, UnknownZone) as error:
        return None, [*refused, Refused(name, str(error))]
    return Entry(key, content), refused


def _calendar(component: Component) -> Calendar:
    method = component.first("METHOD")
    known = method.value.lower() if method and _METHOD.fullmatch(method.value) else None
    kept = [line for line in component.lines if line.name not in _OURS and storable([line])]
    zones = Zones(each for each in component.parts if each.name == "VTIMEZONE")
    return Calendar(zones, [line.text for line in kept], known)


def _uid(component: Component) -> str:
    """Return the UID of a component, a hash of it where it has none."""
    uids = (line.value.strip() for line in component.lines if line.name == "UID")
    uid = next(filter(None, uids), None)
    if uid is not None:
        return uid
    text = "\n".join(component.texts())
    return "none-" + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _title(component: Component) -> str:
    for name in ("SUMMARY", "UID"):
        line = component.first(name)
        title = unescaped(line.value) if line is not None else ""
        if title:
            return title if len(title) <= MAX_SHOWN else f"{title[: MAX_SHOWN - 1]}…"
    return component.name[:MAX_SHOWN]


# Writing


def write_entry(key: str, content: Mapping[str, Any]) -> str:
    """Return a calendar with one entry and the time zones that it needs.

    Args:
        key: its state key.
        content: an Event or a Task that fits.
    """
    kept = kept_in(content)
    calendar = [text for text in texts_of(kept.get("calendar")) if _is_calendars(text)]
    method = content.get("method")
    if isinstance(method, str) and _METHOD.fullmatch(method):
        calendar.append(f"METHOD:{method.upper()}")
    lines = list(written_series(key, content))
    return _written(calendar, lines, _custom(kept))


def write_calendar(entries: Iterable[tuple[str, Mapping[str, Any]]], name: str) -> str:
    """Return one calendar with many entries, and each time zone once.

    Args:
        entries: state keys and contents.
        name: what the calendar is called.
    """
    lines: list[str] = []
    custom: dict[str, str] = {}
    for key, content in entries:
        lines += written_series(key, content)
        custom = {**_custom(kept_in(content)), **custom}
    return _written([f"NAME:{escaped(name)}", f"X-WR-CALNAME:{escaped(name)}"], lines, custom)


def _is_calendars(text: str) -> bool:
    return read_line(text).name not in _OURS and not text.upper().startswith(("BEGIN:", "END:"))


def _custom(kept: Mapping[str, Any]) -> dict[str, str]:
    zones = kept.get("timezones")
    found = zones.items() if isinstance(zones, Mapping) else ()
    return {tzid: text for tzid, text in found if isinstance(text, str)}


def _written(calendar: Iterable[str], lines: list[str], custom: Mapping[str, str]) -> str:
    whole = ["BEGIN:VCALENDAR", "VERSION:2.0", _PROGRAM, *calendar]
    whole += _timezones(lines, custom)
    whole += lines
    whole.append("END:VCALENDAR")
    return "".join([folded(_BREAKS.sub(" ", line)) for line in whole])


def _timezones(lines: Iterable[str], custom: Mapping[str, str]) -> Iterator[str]:
    """Yield a VTIMEZONE for each zone that lines name, right from the first time on that they have."""
    years: dict[str, int] = {}
    for line in lines:
        found = _TZID.match(line) if ";TZID=" in line or ";tzid=" in line.lower() else None
        if found is not None:
            tzid = found[1] or found[2] or ""
            years[tzid] = min(years.get(tzid, 9999), int(found[3] or 9999))
    for tzid, year in sorted(years.items()):
        kept = read_components(custom.get(tzid, ""), {})
        zone = zone_of_name(tzid)
        if zone is None and len(kept) == 1 and kept[0].name == "VTIMEZONE" and not kept[0].broken:
            yield from kept[0].texts()
        elif zone is not None:
            decade = max((each for each in _DECADES if each <= year), default=_DECADES[0])
            yield "BEGIN:VTIMEZONE"
            yield f"TZID:{tzid}"
            yield from timezone_lines(zone, decade)
            yield "END:VTIMEZONE"
