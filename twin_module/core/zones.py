"""Time zones by their IANA names, as JSCalendar has them (RFC 8984, section 1.4.9)."""

from zoneinfo import ZoneInfo

from twin_module.core.errors import InvalidParam


def zone_named(name: str | None) -> ZoneInfo | None:
    """Return a zone, or None where there is no name or no zone of that name."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None


def check_zone(name: str | None) -> None:
    """Refuse a name that no zone has; None is no zone, which is fine.

    Raises:
        InvalidParam: says what a name looks like.
    """
    if name is not None and zone_named(name) is None:
        raise InvalidParam(f"timeZone: {name!r} is not the name of a zone, as Europe/Berlin is.")
