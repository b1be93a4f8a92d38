"""Quiet hours: a part of each day, on the clocks of a time zone, in which nobody is disturbed."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def quiet_until(at: datetime, hours: tuple[str, str] | None, zone: ZoneInfo) -> datetime | None:
    """Return when the quiet hours end that a time is in, in UTC; None where it is in none.

    Args:
        at: with a zone.
        hours: from when until when, as 22:00 and 07:00; the second may be of the next day.
        zone: whose clocks count.
    """
    if hours is None or hours[0] == hours[1]:
        return None
    begin, end = (time.fromisoformat(each) for each in hours)
    local = at.astimezone(zone)
    now = local.time()
    over_midnight = begin > end
    inside = (now >= begin or now < end) if over_midnight else begin <= now < end
    if not inside:
        return None
    day = local.date() + timedelta(days=1) if over_midnight and now >= begin else local.date()
    until = datetime.combine(day, end, zone)
    # Where clocks are put back, the end may come twice; then the one that is still to come counts.
    coming = (until.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return next((each for each in coming if each > at), at.astimezone(UTC) + timedelta(minutes=1))
