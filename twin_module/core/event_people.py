"""Who takes part in an event (RFC 8984, section 4.4.6), and which answers are still of use."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from canonicaljson import encode_canonical_json

from twin_module.core.jscalendar import NO_ANSWER, matrix_id_of
from twin_module.core.recurrence import span
from twin_module.core.state import Content, frozen, plain

MOST_ANSWERS: Final = 300
"""From so many answers on, those to events that are gone or long past are dropped."""
MOST_BYTES: Final = 40_000
"""From so many bytes on too, and then the oldest ones."""
LONG_PAST: Final = timedelta(days=400)
_NONE: Final[Content] = frozen({})
_ATTENDEE: Final[Content] = frozen(
    {
        "@type": "Participant",
        "roles": {"attendee": True},
        "participationStatus": NO_ANSWER,
        "expectReply": True,
    }
)


def invited(content: Content, me: str, users: Sequence[str]) -> Content:
    """Return an event with more attendees; the first ones make `me`, who invites, its owner."""
    attending: Content = content.get("participants", _NONE)
    for user in users:
        name = _name_of(attending, user)
        person = attending.get(name, _ATTENDEE)
        if "attendee" not in person.get("roles", ()):
            roles = person.get("roles", _NONE).set("attendee", True)
            person = frozen({**_ATTENDEE, **person, "roles": roles})
        attending = attending.set(name, person)
    if users and not any("owner" in each.get("roles", ()) for each in attending.values()):
        name = _name_of(attending, me)
        mine = attending.get(name, frozen({"@type": "Participant"}))
        roles = mine.get("roles", _NONE).set("owner", True)
        comes = mine.set("roles", roles).set("participationStatus", "accepted")
        attending = attending.set(name, comes)
    return content.set("participants", attending) if attending else content


def uninvited(content: Content, users: Sequence[str]) -> Content:
    """Return an event without some attendees; who has another role keeps that."""
    attending: Content = content.get("participants", _NONE)
    for user in users:
        name = _name_of(attending, user)
        roles = attending.get(name, _NONE).get("roles", _NONE).discard("attendee")
        if roles:
            attending = attending.set(name, attending[name].set("roles", roles))
        else:
            attending = attending.discard(name)
    return content.set("participants", attending) if attending else content.discard("participants")


def _name_of(attending: Content, user: str) -> str:
    """Return under which name somebody stands among participants, or would."""
    if user in attending:
        return user
    found = (name for name in sorted(attending) if matrix_id_of(name, attending[name]) == user)
    return next(found, user)


def kept_answers(answers: Content, events: Mapping[str, Content], now: datetime) -> Content:
    """Return answers without those that nobody needs any more, once there are many.

    Args:
        answers: of one person, by the event's uid.
        events: those that there are, by uid.
        now: in UTC.
    """
    if len(answers) < MOST_ANSWERS and _size(answers) < MOST_BYTES:
        return answers
    since = int((now - LONG_PAST).timestamp())
    for uid in answers:
        found = span(events[uid]) if uid in events else None
        if found is None or found[1] < since:
            answers = answers.discard(uid)
    for uid in sorted(answers, key=lambda uid: str(answers[uid].get("updated", ""))):
        if _size(answers) < MOST_BYTES:
            break
        answers = answers.discard(uid)
    return answers


def _size(answers: Content) -> int:
    return len(encode_canonical_json(plain(answers)))
