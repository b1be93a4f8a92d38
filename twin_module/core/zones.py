"""Time zones by their IANA names, as JSCalendar has them (RFC 8984, section 1.4.9)."""

from zoneinfo import ZoneInfo


def zone_named(name: str | None) -> ZoneInfo | None:
    """Return a zone, or None where there is no name or no zone of that name."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None
