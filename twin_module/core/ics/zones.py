"""Which IANA zone a TZID of iCalendar means (RFC 5545, sections 3.2.19 and 3.6.5).

IANA names mean themselves, also behind a prefix (`/mozilla.org/20050126_1/Europe/Berlin`) and in
Windows' words. Any other name means what its VTIMEZONE says: the well-known zone with the same
offsets in the year in question, or a fixed one (`Etc/GMT-3`). Where there is none, times are
turned into UTC by these offsets, so that they are right; only what comes again can't be read then.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from twin_module.core.content_lines import Component
from twin_module.core.zones import zone_named

UTC_ZONE: Final = "Etc/UTC"
"""What JSCalendar has for times in UTC (RFC 8984, section 1.4.4)."""
_WINDOWS: Final[Mapping[str, str]] = {name.lower(): zone for name, zone in WINDOWS_TO_OLSON.items()}
_WELL_KNOWN: Final = tuple(dict.fromkeys(WINDOWS_TO_OLSON.values()))
"""One zone for each set of offsets that people use today."""
_FIXED: Final = re.compile(r"(?:UTC|GMT)?([+-])([0-9]{1,2}):?(00)?")
_MAX_NAME: Final = 200
_MAX_RULES: Final = 5
_MAX_OBSERVANCES: Final = 200
_MAX_ONSETS: Final = 2000
"""The most times of an observance that are looked at; longer ones are in no zone that there is."""
_OFFSET: Final = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})(?::?[0-9]{2})?")
_LOCAL: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z?")
_NTH_DAY: Final = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class UnknownZone(Exception):
    """A time zone whose times can't be told; its text is a sentence for people."""


@lru_cache(
    maxsize=512
)  # A name always means the same, and an import asks for one thousands of times.
def zone_of_name(tzid: str) -> str | None:
    """Return the IANA zone that a TZID means by its name alone, None where it means none."""
    if len(tzid) > _MAX_NAME:
        return None
    name = tzid.strip()
    if zone_named(name):
        return name
    windows = _WINDOWS.get(name.lower())
    if windows:
        return windows
    parts = name.strip("/").split("/")
    for count in (3, 2, 1):
        # A part that is no region is no name of IANA's, but a version: "20050126_1/UTC".
        zone = "/".join(parts[-count:])
        if len(parts) > count and zone_named(zone):
            return zone
    fixed = _FIXED.fullmatch(name)
    return _whole_hours(fixed[1], int(fixed[2])) if fixed else None


def _whole_hours(sign: str, hours: int) -> str | None:
    """Return a zone that is always so many hours from UTC. Its name has the sign the other way."""
    if not hours:
        return UTC_ZONE
    name = f"Etc/GMT{'-' if sign == '+' else '+'}{hours}"
    return name if zone_named(name) else None


class Zones:
    """The time zones of one calendar."""

    def __init__(self, components: Iterable[Component]) -> None:
        self._by_id: dict[str, Component] = {}
        for component in components:
            tzid = component.first("TZID")
            if tzid is not None and not component.broken:
                self._by_id.setdefault(tzid.value, component)
        self._said: dict[str, list[_Observance]] = {}
        self._known: dict[tuple[str, int], str | None] = {}

    def text(self, tzid: str) -> str | None:
        """Return a VTIMEZONE as its lines, None where its name alone says what it means."""
        component = self._by_id.get(tzid)
        if component is None or zone_of_name(tzid) is not None:
            return None
        return "\n".join(component.texts())

    def zone(self, tzid: str, year: int) -> str | None:
        """Return the IANA zone that a TZID means in a year, None where it agrees with none."""
        named = zone_of_name(tzid)
        if named is not None:
            return named
        key = tzid, year
        if key not in self._known:
            self._known[key] = self._agreeing(tzid, year)
        return self._known[key]

    def instant(self, tzid: str, local: datetime) -> datetime:
        """Return a local time of a zone that agrees with none of IANA's, in UTC.

        Raises:
            UnknownZone: the calendar does not say what the zone is.
        """
        offset = _offset_at(self._observances(tzid), local)
        if offset is None:
            raise UnknownZone(
                f"Its time zone {tzid[:60]!r} is not known, nor said in the calendar."
            )
        try:
            return (local - offset).replace(tzinfo=UTC)
        except OverflowError:
            return local.replace(tzinfo=UTC)

    def _agreeing(self, tzid: str, year: int) -> str | None:
        component = self._by_id.get(tzid)
        if component is None:
            return None
        place = component.first("X-LIC-LOCATION")
        named = zone_of_name(place.value) if place is not None else None
        if named is not None:
            return named
        year = min(max(year, 1970), 2100)
        samples = [datetime(year, 1, 1) + timedelta(days=each) for each in range(0, 730, 10)]  # noqa: DTZ001
        observances = self._observances(tzid)
        offsets = [_offset_at(observances, each) for each in samples]
        if None in offsets:
            return None
        words = tzid.lower().replace(" ", "_")
        agreeing = [name for name in _WELL_KNOWN if _has_offsets(name, samples, offsets)]
        # "(UTC+01:00) Amsterdam, Berlin, Rome" means Berlin rather than Paris.
        agreeing.sort(key=lambda name: name.rpartition("/")[2].lower() not in words)
        return next(iter(agreeing), None) or _fixed(offsets)

    def _observances(self, tzid: str) -> list["_Observance"]:
        if tzid not in self._said:
            component = self._by_id.get(tzid)
            parts = component.parts[:_MAX_OBSERVANCES] if component is not None else []
            read = (_observance(part) for part in parts)
            self._said[tzid] = [each for each in read if each is not None]
        return self._said[tzid]


def _has_offsets(name: str, samples: list[datetime], offsets: list[timedelta | None]) -> bool:
    zone = zone_named(name)
    return zone is not None and all(
        each.replace(tzinfo=zone).utcoffset() == offset
        for each, offset in zip(samples, offsets, strict=True)
    )


def _fixed(offsets: list[timedelta | None]) -> str | None:
    offset = offsets[0]
    if offset is None or set(offsets) != {offset} or offset % timedelta(hours=1):
        return None
    return _whole_hours("-" if offset < timedelta() else "+", abs(offset) // timedelta(hours=1))


# What a VTIMEZONE says


@dataclass(frozen=True, slots=True)
class _Observance:
    """STANDARD or DAYLIGHT: an offset, and from when on it is that."""

    after: timedelta
    before: timedelta
    onsets: Sequence[datetime]
    """By local time, earliest first; there is one at least."""
    rules: Sequence[Mapping[str, str]]

    def latest(self, local: datetime) -> datetime | None:
        """Return when it began the last time before a local time, None where it had not yet."""
        place = bisect_right(self.onsets, local)
        found = list(self.onsets[max(0, place - 1) : place])
        start = self.onsets[0]
        for rule in self.rules:
            until = _local(rule.get("UNTIL", ""))
            for year in (local.year - 1, local.year):
                onset = _yearly(rule, start, year)
                if onset is not None and start <= onset <= min(local, until or local):
                    found.append(onset)
        return max(found, default=None)


def _offset_at(observances: Iterable[_Observance], local: datetime) -> timedelta | None:
    """Return the offset of a VTIMEZONE at a local time, None where it says none."""
    latest = [(each.latest(local), each) for each in observances]
    begun = [(onset, each.after) for onset, each in latest if onset is not None]
    if begun:
        return max(begun)[1]
    first = min((each for _, each in latest), key=lambda each: each.onsets[0], default=None)
    return first.before if first is not None else None


def _observance(part: Component) -> _Observance | None:
    after, before = _offset(part, "TZOFFSETTO"), _offset(part, "TZOFFSETFROM")
    begins = part.first("DTSTART")
    start = _local(begins.value) if begins is not None else None
    if after is None or start is None:
        return None
    onsets = [start]
    rules: list[Mapping[str, str]] = []
    for line in part.lines:
        if line.name == "RDATE":
            values = line.value.split(",")[:_MAX_ONSETS]
            read = (_local(each.partition("/")[0]) for each in values)
            onsets += [each for each in read if each is not None]
        elif line.name == "RRULE" and len(line.value) <= _MAX_NAME and len(rules) < _MAX_RULES:
            rules.append(dict(each.partition("=")[::2] for each in line.value.upper().split(";")))
    return _Observance(after, after if before is None else before, sorted(onsets), rules)


def _offset(part: Component, name: str) -> timedelta | None:
    line = part.first(name)
    found = _OFFSET.fullmatch(line.value.strip()) if line is not None else None
    if found is None:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return -offset if found[1] == "-" else offset


def _local(text: str) -> datetime | None:
    found = _LOCAL.fullmatch(text.strip())
    try:
        return datetime(*map(int, found.groups())) if found else None  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return None


def _yearly(rule: Mapping[str, str], start: datetime, year: int) -> datetime | None:
    """Return when a rule of a VTIMEZONE takes place in a year: a day of a month, or an nth weekday."""
    try:
        if rule.get("FREQ") != "YEARLY":
            return None
        month = int(rule.get("BYMONTH", start.month))
        days = [int(each) for each in rule["BYMONTHDAY"].split(",")] if "BYMONTHDAY" in rule else []
        weekday = _NTH_DAY.fullmatch(rule.get("BYDAY", ""))
        if weekday is None:
            return start.replace(year=year, month=month, day=days[0] if days else start.day)
        nth, first = int(weekday[1] or 1), start.replace(year=year, month=month, day=1)
        wanted = [
            first + timedelta(days=each)
            for each in range(31)
            if (first + timedelta(days=each)).month == month
            and _WEEKDAYS[(first + timedelta(days=each)).weekday()] == weekday[2]
            and (not days or each + 1 in days)
        ]
        return wanted[nth - 1 if nth > 0 else nth]
    except (ValueError, IndexError, OverflowError):
        return None
