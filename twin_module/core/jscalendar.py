"""What events and tasks share: JSCalendar's times and durations, and its participants (RFC 8984)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from canonicaljson import encode_canonical_json

from twin_module.core.matrix_uri import is_user_id, user_of
from twin_module.core.state import NAMESPACE, Content, frozen, plain

LOCAL_DATE_TIME: Final = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"
)
"""JSCalendar's LocalDateTime (section 1.4.4), without fractions of seconds."""
UTC_DATE_TIME: Final = LOCAL_DATE_TIME.removesuffix("$") + "Z$"
_SECONDS: Final = r"[0-9]{1,9}(\.[0-9]{1,9})?S"
_TIME: Final = (
    rf"T([0-9]{{1,9}}H([0-9]{{1,9}}M)?({_SECONDS})?|[0-9]{{1,9}}M({_SECONDS})?|{_SECONDS})"
)
_UNSIGNED: Final = rf"P(([0-9]{{1,9}}W([0-9]{{1,9}}D)?|[0-9]{{1,9}}D)({_TIME})?|{_TIME})$"
DURATION: Final = f"^{_UNSIGNED}"
"""JSCalendar's Duration (section 1.4.6): P1DT2H30M."""
SIGNED_DURATION: Final = f"^[+-]?{_UNSIGNED}"
"""JSCalendar's SignedDuration (section 1.4.7): -PT15M."""
LONGEST_DAYS: Final = 365_000
"""Longer durations are taken as so long, a thousand years."""

ANSWERS: Final = ("accepted", "tentative", "declined")
"""What people answer to an invitation (section 4.4.6, `participationStatus`)."""
NO_ANSWER: Final = "needs-action"


# Times


def local_of(value: Any) -> datetime | None:
    """Return a LocalDateTime without a zone; None where it is none, or no calendar has that day."""
    if not isinstance(value, str) or not re.fullmatch(LOCAL_DATE_TIME, value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def local_text(local: datetime) -> str:
    """Return a time as a LocalDateTime, whatever its zone is."""
    return local.replace(tzinfo=None, microsecond=0).isoformat()


def utc_of(value: Any) -> datetime | None:
    """Return a UTCDateTime in UTC; None where it is none, or no calendar has that day."""
    if not isinstance(value, str) or not value.endswith("Z"):
        return None
    local = local_of(value[:-1])
    return None if local is None else local.replace(tzinfo=UTC)


def utc_text(instant: datetime) -> str:
    """Return a time that has a zone as a UTCDateTime."""
    return f"{local_text(instant.astimezone(UTC))}Z"


def parts_of_duration(value: Any) -> tuple[timedelta, timedelta]:
    """Return the days of a duration, which a change of clocks makes longer or shorter, and the rest.

    Both are negative where the duration is. What is no duration lasts no time at all. Fractions of
    seconds are dropped.
    """
    if not isinstance(value, str) or not re.fullmatch(SIGNED_DURATION, value):
        return timedelta(), timedelta()
    named = {
        unit: int(number) for number, unit in re.findall(r"([0-9]+)(?:\.[0-9]+)?([WDHMS])", value)
    }
    days = named.get("W", 0) * 7 + named.get("D", 0)
    seconds = named.get("H", 0) * 3600 + named.get("M", 0) * 60 + named.get("S", 0)
    sign = -1 if value.startswith("-") else 1
    return (
        sign * timedelta(days=min(days, LONGEST_DAYS)),
        sign * timedelta(seconds=min(seconds, LONGEST_DAYS * 86_400)),
    )


def duration_of(value: Any) -> timedelta:
    """Return how long a duration lasts where clocks do not change; what is none lasts no time."""
    days, rest = parts_of_duration(value)
    return days + rest


def duration_text(lasts: timedelta) -> str:
    """Return a time as a duration in days, hours, minutes and seconds: P1DT2H, -PT15M, PT0S."""
    seconds = abs(int(lasts.total_seconds()))
    days, rest = divmod(seconds, 86_400)
    parts = ((rest // 3600, "H"), (rest % 3600 // 60, "M"), (rest % 60, "S"))
    time = "".join(f"{number}{unit}" for number, unit in parts if number)
    date = f"{days}D" if days else ""
    if not date and not time:
        return "PT0S"
    sign = "-" if lasts < timedelta() else ""
    return f"{sign}P{date}{'T' if time else ''}{time}"


# People


def matrix_id_of(participant_key: str, participant: Any) -> str | None:
    """Return the Matrix ID of a participant: its key, or where `sendTo.matrix` leads."""
    if is_user_id(participant_key):
        return participant_key
    send_to = participant.get("sendTo") if isinstance(participant, Mapping) else None
    uri = send_to.get("matrix") if isinstance(send_to, Mapping) else None
    return user_of(uri) if isinstance(uri, str) else None


_TIMES: Final = ("start", "due", "duration", "timeZone", "showWithoutTime")


def time_key(content: Mapping[str, Any]) -> str:
    """Return what stays the same as long as the times of an event do: 32 hexadecimal digits.

    It is made of `start`, `due`, `duration`, `timeZone`, `showWithoutTime`, the rules, and what
    overrides say of these. That one time of a series is left out does not count.
    """
    lists_times = not content.get("recurrenceRules")
    moved = {
        key: {name: patch[name] for name in _TIMES if name in patch}
        for key, patch in content.get("recurrenceOverrides", {}).items()
        if patch.get("excluded") is not True
    }
    said = {
        **{name: content.get(name) for name in _TIMES},
        "duration": content.get("duration", "PT0S"),
        "showWithoutTime": content.get("showWithoutTime", False),
        "rules": content.get("recurrenceRules", []),
        "excluded": content.get("excludedRecurrenceRules", []),
        "overrides": {key: each for key, each in moved.items() if each or lists_times},
    }
    return sha256(encode_canonical_json(plain(frozen(said)))).hexdigest()[:32]


def with_answers(content: Content, answers: Mapping[str, Mapping[str, Any]]) -> Content:
    """Return an event with what its participants answered themselves.

    Who answered to another time than the event has now is asked again.

    Args:
        content: an Event that fits.
        answers: what people answered to this event, by Matrix ID, as it stands in their
            `org.digitaltwin.rsvp`; who is not there counts as they are noted in the event.
    """
    people = content.get("participants", {})
    given = {
        name: answer
        for name, person in people.items()
        if (answer := answers.get(matrix_id_of(name, person) or "") or _noted(person))
    }
    if not given:
        return content
    key = time_key(content)
    for name, answer in given.items():
        people = people.set(name, _answered(people[name], answer, answer.get("answered") == key))
    return content.set("participants", people)


def _noted(person: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the answer that stands in an event itself, None where nobody noted what it was to."""
    ours = person.get(NAMESPACE)
    answered = ours.get("answered") if isinstance(ours, Mapping) else None
    if answered is None or person.get("participationStatus") not in ANSWERS:
        return None
    return {"participationStatus": person["participationStatus"], "answered": answered}


def _answered(person: Content, answer: Mapping[str, Any], valid: bool) -> Content:
    if not valid:
        return person.set("participationStatus", NO_ANSWER)
    person = person.set("participationStatus", answer["participationStatus"])
    comment = answer.get("comment")
    return person.set("participationComment", comment) if comment else person


def noted(content: Content) -> Content:
    """Return an event whose answers can go with it to another room.

    There nobody has answered for themselves yet: it is noted to which times they answered, so that
    other times ask them again.
    """
    people, key = content.get("participants", frozen({})), time_key(content)
    for name, person in people.items():
        is_guest = matrix_id_of(name, person) and "owner" not in person.get("roles", ())
        if is_guest and person.get("participationStatus") in ANSWERS:
            people = people.set(name, with_note(person, key))
    return content.set("participants", people) if people else content


def with_note(person: Content, key: str) -> Content:
    """Return a participant with the times (`time_key`) that their answer in the event is to."""
    ours = person.get(NAMESPACE)
    kept = ours if isinstance(ours, Mapping) else {}
    return person.set(NAMESPACE, frozen({**kept, "answered": key}))
