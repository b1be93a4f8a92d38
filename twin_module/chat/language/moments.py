"""How a moment is written into the arguments of a command, in JSCalendar's words (RFC 8984).

What has a day and no time of day is written as the page in the browser does: it has no zone, begins
with its day, and is due at its end.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from twin_module.chat.language.dates import Moment
from twin_module.chat.language.values import may_be_null, plainly
from twin_module.core.jscalendar import UTC_DATE_TIME, duration_text, local_of, local_text, utc_text
from twin_module.core.recurrence import is_recurring

ZONE: Final = "timeZone"
DAYS: Final = "showWithoutTime"
SERIES: Final = "recurrence_id"
HOUR: Final = timedelta(hours=1)
_ENDS: Final = ("due", "until", "valid_until")
"""Arguments that say when something ends."""


def fields(
    arguments: Mapping[str, Any], name: str, moment: Moment, duration: str | None = None
) -> dict[str, Any]:
    """Return the arguments that say when something is.

    Args:
        arguments: JSON Schemas of all arguments of a command, by name.
        name: the argument for the moment.
        moment: with its zone.
        duration: the argument for how long it takes, where there is one.
    """
    start = moment.start
    if not moment.has_time and name in _ENDS:
        start = start.replace(hour=23, minute=59, second=59)
    if plainly(arguments[name]).get("pattern") == UTC_DATE_TIME:
        return {name: utc_text(start)}
    said: dict[str, Any] = {name: local_text(start)}
    if not moment.has_time and DAYS in arguments:
        said[DAYS] = True
        if ZONE in arguments and _goes_away(arguments[ZONE]):
            said[ZONE] = None
    else:
        if ZONE in arguments:
            said[ZONE] = _zone(start)
        if DAYS in arguments and _goes_away(arguments[DAYS]):
            said[DAYS] = None
    if duration is not None and moment.end is not None:
        said[duration] = _lasting(moment, moment.end)
    return said


def keeping(
    arguments: Mapping[str, Any],
    days: Iterable[str],
    content: Mapping[str, Any],
    times: Iterable[str] = (),
) -> dict[str, Any]:
    """Return the arguments of a change, with the time of day or the day that the object has already.

    Who moves what begins at 18:00 to "friday" means 18:00 on that day, and who moves what is on
    Friday to "17:00" means that on Friday. What had only days and gets a time of day, and no end,
    lasts an hour.

    Args:
        arguments: as they were read.
        days: those for a time of which only the day was said.
        content: of the object, as it is before the change; it fits.
        times: those of which only the time of day was said.
    """
    kept = dict(arguments)
    whole = content.get(DAYS) is True
    for name in days:
        before = local_of(content.get(name))
        if before is not None and not whole and isinstance(kept.get(name), str):
            kept[name] = f"{kept[name][:10]}T{before.time().isoformat()}"
            kept.pop(DAYS, None)
            kept.pop(ZONE, None)
    for name in times:
        one = local_of(arguments.get(SERIES))
        before = one or local_of(content.get(name))
        said = local_of(kept.get(name))
        if before and said and (one or is_recurring(content) or before.date() > said.date()):
            kept[name] = f"{before.date().isoformat()}T{said.time().isoformat()}"
    if whole and "start" in kept and "start" not in {*days} and "duration" not in kept:
        kept["duration"] = duration_text(HOUR)
    return kept


def _goes_away(schema: Mapping[str, Any]) -> bool:
    """Tell whether null takes a field of an object away, rather than being its value."""
    return "anyOf" in schema and may_be_null(schema)


def _zone(start: datetime) -> str:
    return str(getattr(start.tzinfo, "key", None) or "UTC")


def _lasting(moment: Moment, end: datetime) -> str:
    if not moment.has_time:
        days = (end.date() - moment.start.date()).days + (end.time() != moment.start.time())
        return f"P{max(days, 1)}D"
    return duration_text(end.astimezone(UTC) - moment.start.astimezone(UTC))
