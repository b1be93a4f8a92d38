"""Reminders: VALARM (RFC 5545, section 3.6.6; RFC 9074) and alerts (RFC 8984, section 4.5.2).

An alarm that plays a sound is an alert that shows itself, so that it reminds here too; it comes
back as it was. What an alarm does beyond that, and alarms that run programs, are kept.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from twin_module.core.content_lines import Component
from twin_module.core.ics.kept import (
    KEPT,
    Taking,
    components_of,
    deviation,
    in_order,
    kept_in,
    with_kept,
)
from twin_module.core.ics.times import read_duration, utc_digits, utc_of_line, written_duration
from twin_module.core.state import NAMESPACE

_MAX: Final = 50
_ACTIONS: Final[Mapping[str, str]] = {"DISPLAY": "display", "AUDIO": "display", "EMAIL": "email"}
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,3}")
"""Alerts without a UID are numbered, and numbers are no UIDs."""
_ONCE: Final = frozenset({"TRIGGER", "ACTION", "ACKNOWLEDGED", "DESCRIPTION", "UID", "SUMMARY"})


def read_alarms(alarms: list[Component], content: dict[str, Any]) -> list[Component]:
    """Read the alarms of an entry, and return those that are to be kept as they are."""
    alerts: dict[str, dict[str, Any]] = {}
    kept = []
    for alarm in alarms:
        lines = Taking(alarm.lines)
        alert = _read(lines) if len(alerts) < _MAX else None
        if alert is None:
            kept.append(alarm)
            continue
        uid = lines.once("UID")
        if uid is not None and _is_id(uid.value) and uid.value not in alerts:
            key = uid.value
            lines.take_name("UID")
        else:
            key = next(str(each) for each in range(1, _MAX + 2) if str(each) not in alerts)
        found = deviation(_lines(key, alert), lines, _ONCE)
        if alarm.parts:
            found["components"] = ["\n".join(part.texts()) for part in alarm.parts]
        alerts[key] = {**alert, NAMESPACE: {KEPT: found}} if found else alert
    if alerts:
        content["alerts"] = alerts
    return kept


def _is_id(uid: str) -> bool:
    return _ID.fullmatch(uid) is not None and _NUMBER.fullmatch(uid) is None


def _read(lines: Taking) -> dict[str, Any] | None:
    trigger, action = lines.once("TRIGGER"), lines.once("ACTION")
    known = _ACTIONS.get(action.value.upper()) if action is not None else "display"
    if trigger is None or known is None:
        return None
    when = utc_of_line(trigger)
    offset = None if when else read_duration(trigger.value, signed=True)
    if when:
        read: dict[str, Any] = {"@type": "AbsoluteTrigger", "when": when}
    elif offset:
        read = {"@type": "OffsetTrigger", "offset": offset}
        if (trigger.param("RELATED") or "").upper() == "END":
            read["relativeTo"] = "end"
    else:
        return None
    alert = {"@type": "Alert", "trigger": read, "action": known}
    acknowledged = lines.once("ACKNOWLEDGED")
    at = utc_of_line(acknowledged) if acknowledged is not None else None
    if at:
        alert["acknowledged"] = at
        lines.take_name("ACKNOWLEDGED")
    for name in ("TRIGGER", "ACTION", "DESCRIPTION", *(["SUMMARY"] if known == "email" else [])):
        lines.take_name(name)
    return alert


def _lines(key: str, alert: Mapping[str, Any]) -> list[str]:
    trigger = alert.get("trigger")
    if not isinstance(trigger, Mapping):
        return []
    when, offset = trigger.get("when"), trigger.get("offset")
    if isinstance(when, str):
        lines = [f"TRIGGER;VALUE=DATE-TIME:{utc_digits(when)}"]
    elif isinstance(offset, str):
        related = ";RELATED=END" if trigger.get("relativeTo") == "end" else ""
        lines = [f"TRIGGER{related}:{written_duration(offset)}"]
    else:
        return []
    is_mail = alert.get("action") == "email"
    lines += ["ACTION:EMAIL", "SUMMARY:Reminder"] if is_mail else ["ACTION:DISPLAY"]
    lines.append("DESCRIPTION:Reminder")
    acknowledged = alert.get("acknowledged")
    if isinstance(acknowledged, str):
        lines.append(f"ACKNOWLEDGED:{utc_digits(acknowledged)}")
    return [f"UID:{key}", *lines] if _is_id(key) else lines


def write_alarms(content: Mapping[str, Any]) -> list[str]:
    """Return the VALARM components of an entry, as lines."""
    found: list[str] = []
    for key, alert in in_order(content, "alerts"):
        written = _lines(key, alert)
        if written:
            kept = kept_in(alert)
            found += ["BEGIN:VALARM", *with_kept(written, kept, _ONCE)]
            for part in components_of(kept):
                found += part.texts()
            found.append("END:VALARM")
    return found
