"""Times and durations of iCalendar (RFC 5545, section 3.3) as JSCalendar's (RFC 8984, section 1.4)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from twin_module.core.content_lines import Line, param_text
from twin_module.core.ics.zones import UTC_ZONE, UnknownZone, Zones
from twin_module.core.jscalendar import (
    DURATION,
    SIGNED_DURATION,
    duration_text,
    local_of,
    parts_of_duration,
)
from twin_module.core.zones import zone_named

_WHEN: Final = re.compile(
    r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:[Tt ]([0-9]{2}):?([0-9]{2})(?::?([0-9]{2}))?(?:\.[0-9]+)?([Zz])?)?"
)
"""Also as ISO 8601 has it, with hyphens and colons; some programs write so."""
_DURATION: Final = re.compile(DURATION)
_SIGNED_DURATION: Final = re.compile(SIGNED_DURATION)
_ANY_DURATION: Final = re.compile(
    r"([+-]?)P(?:([0-9]{1,9})W)?(?:([0-9]{1,9})D)?"
    r"(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?"
)
_DAY: Final = timedelta(days=1)


class When(NamedTuple):
    """A time of a calendar."""

    local: datetime
    """Without a zone."""
    zone: str | None
    """IANA name; None where it is the reader's."""
    is_day: bool
    """Whether it is a day, without a time."""

    @property
    def text(self) -> str:
        """The time as a LocalDateTime."""
        return self.local.isoformat()

    def within(self, zone: str | None) -> datetime:
        """Return the local time in another zone. Where either has none, clocks show the same."""
        there, here = zone_named(zone), zone_named(self.zone)
        if there is None or here is None or zone == self.zone:
            return self.local
        try:
            return self.local.replace(tzinfo=here).astimezone(there).replace(tzinfo=None)
        except OverflowError:
            return self.local


class Clock:
    """What the times of one entry are read with."""

    __slots__ = ("_comes_again", "aliases", "custom", "zones")

    def __init__(self, zones: Zones, *, comes_again: bool) -> None:
        self.zones = zones
        self._comes_again = comes_again
        self.aliases: dict[str, str] = {}
        """What the file calls the zones of IANA, where it calls them otherwise."""
        self.custom: dict[str, str] = {}
        """The VTIMEZONE of each TZID whose name alone does not say what it means."""

    def among(self, zones: Zones) -> "Clock":
        """Return a clock for another part of the entry, which stands in another calendar."""
        if zones is self.zones:
            return self
        other = Clock(zones, comes_again=self._comes_again)
        other.aliases, other.custom = self.aliases, self.custom
        return other

    def read(self, line: Line, value: str | None = None) -> When | None:
        """Return the time of a line, None where it has none.

        Args:
            line: says the zone, and whether it is a day.
            value: a part of the line's value, where that is a list.

        Raises:
            UnknownZone: its zone can't be known.
        """
        found = _WHEN.fullmatch((line.value if value is None else value).strip())
        if found is None:
            return None
        year, month, day, hour, minute, second, utc = found.groups()
        try:
            date = datetime(int(year), int(month), int(day))  # noqa: DTZ001 - its zone comes below
            if hour is None or (line.params and line.param("VALUE") == "DATE"):
                return When(date, None, is_day=True)
            local = date.replace(hour=int(hour), minute=int(minute), second=int(second or 0))
        except ValueError:
            return None
        if utc:
            return When(local, UTC_ZONE, is_day=False)
        tzid = line.param("TZID") if line.params else None
        return self._zoned(local, tzid) if tzid else When(local, None, is_day=False)

    def _zoned(self, local: datetime, tzid: str) -> When:
        zone = self.zones.zone(tzid, local.year)
        text = self.zones.text(tzid)
        if text is not None:
            self.custom[tzid] = text
        if zone is not None:
            if zone != tzid:
                self.aliases.setdefault(zone, tzid)
            return When(local, zone, is_day=False)
        moment = self.zones.instant(tzid, local)
        if self._comes_again:
            raise UnknownZone(
                f"Its time zone {tzid[:60]!r} changes its clocks as no known zone does, so the times"
                " at which it comes again can't be told."
            )
        return When(moment.replace(tzinfo=None), UTC_ZONE, is_day=False)


def utc_of_line(line: Line, *, floating: bool = False) -> str | None:
    """Return a time in UTC as a UTCDateTime, None where it is none.

    Args:
        line: with the time.
        floating: take a time without a zone as UTC, where nothing else can be meant.
    """
    found = _WHEN.fullmatch(line.value.strip())
    if found is None or found[4] is None or (found[7] is None and not floating):
        return None
    text = "{}-{}-{}T{}:{}:{}".format(*found.groups("00")[:6])
    return f"{text}Z" if local_of(text) else None


# Durations


def lasting(start: datetime, end: datetime, zone_name: str | None) -> str | None:
    """Return the duration from one local time to another one: whole days by the clock, then time.

    None where the end is before the start.
    """
    zone = zone_named(zone_name)
    delta = end - start
    if (
        zone is not None
        and start.replace(tzinfo=zone).utcoffset() != end.replace(tzinfo=zone).utcoffset()
    ):
        try:
            days = timedelta(days=delta.days)
            rest = _instant(end, zone) - _instant(start + days, zone)
            if rest < timedelta():
                days -= _DAY
                rest = _instant(end, zone) - _instant(start + days, zone)
        except OverflowError:
            return None
        if days + rest < timedelta() or days < timedelta() or rest >= _DAY:
            return None
        delta = days + rest
    return None if delta < timedelta() else duration_text(delta)


def _instant(local: datetime, zone: Any) -> datetime:
    moment: datetime = local.replace(tzinfo=zone).astimezone(UTC)
    return moment


def ending(start: datetime, duration: str, zone_name: str | None) -> datetime | None:
    """Return the local time at which something ends, None where no calendar has it."""
    days, rest = parts_of_duration(duration)
    zone = zone_named(zone_name)
    try:
        if zone is None or not rest:
            return start + days + rest
        return (_instant(start + days, zone) + rest).astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return None


def read_duration(value: str, *, signed: bool = False) -> str | None:
    """Return a duration of iCalendar as JSCalendar's, None where it is none."""
    text = value.strip().upper()
    if len(text) > 64:  # noqa: PLR2004 - what JSCalendar's schema takes
        return None
    if (_SIGNED_DURATION if signed else _DURATION).fullmatch(text):
        return text
    found = _ANY_DURATION.fullmatch(text)
    if found is None or not any(found.groups()[1:]) or (found[1] == "-" and not signed):
        return None
    weeks, days, hours, minutes, seconds = (int(each or 0) for each in found.groups()[1:])
    try:
        lasts = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        return None
    text = duration_text(lasts)
    return f"-{text}" if found[1] == "-" else text


def written_duration(text: str) -> str:
    """Return a duration of JSCalendar as iCalendar's: weeks stand alone there, fractions do not."""
    text = re.sub(r"\.[0-9]+", "", text)
    found = _ANY_DURATION.fullmatch(text)
    if found is None or not found[2] or text.endswith("W"):
        return text
    days = int(found[2]) * 7 + int(found[3] or 0)
    return f"{found[1]}P{days}D{text[text.index('T') :] if 'T' in text else ''}"


# Writing


def time_line(
    name: str, local: str, zone: str | None, aliases: Mapping[str, str], *, is_day: bool = False
) -> str:
    """Return a line with a time.

    Args:
        name: of the property, with parameters if it has more.
        local: a LocalDateTime.
        zone: an IANA name; None, or one that is not known, is the reader's.
        aliases: what the file calls zones.
        is_day: write the day alone.
    """
    digits = local.replace("-", "").replace(":", "")
    if is_day:
        return f"{name};VALUE=DATE:{digits[:8]}"
    tzid = tzid_of(zone, aliases)
    if tzid is None:
        return f"{name}:{digits}" if zone_named(zone) is None else f"{name}:{digits}Z"
    return f"{name}{param_text('TZID', [tzid])}:{digits}"


def tzid_of(zone: str | None, aliases: Mapping[str, str]) -> str | None:
    """Return what a file calls a zone, None where it is UTC's or none that is known."""
    if zone == UTC_ZONE or zone_named(zone) is None:
        return None
    alias = aliases.get(zone or "")
    return alias if isinstance(alias, str) and alias else zone


def utc_digits(utc: str) -> str:
    """Return a UTCDateTime as iCalendar writes it: 20261224T180000Z."""
    return utc.replace("-", "").replace(":", "")
