"""Who takes part: ORGANIZER and ATTENDEE (RFC 5545, section 3.8.4) and participants (RFC 8984, section 4.4.6).

People of Matrix stand in iCalendar with their `matrix:` URI, and in JSCalendar under their Matrix ID,
which says where they are asked and where answers go: they need no `sendTo`, nor a `replyTo`.
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from twin_module.core.content_lines import Line, param_text
from twin_module.core.ics.kept import Taking
from twin_module.core.jscalendar import matrix_id_of
from twin_module.core.matrix_uri import user_of, user_uri

MAX_PEOPLE: Final = 200
_MAX_NAME: Final = 255
_MAX_URI: Final = 300
_MAX_EMAIL: Final = 320
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f]+")
_ROLES: Final[Mapping[str, Mapping[str, bool]]] = {
    "REQ-PARTICIPANT": {"attendee": True},
    "OPT-PARTICIPANT": {"attendee": True, "optional": True},
    "NON-PARTICIPANT": {"informational": True},
    "CHAIR": {"attendee": True, "chair": True},
}
_STATUSES: Final = ("NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED")
_KINDS: Final[Mapping[str, str]] = {
    "INDIVIDUAL": "individual",
    "GROUP": "group",
    "RESOURCE": "resource",
    "ROOM": "location",
}
_CUTYPES: Final = {kind: cutype for cutype, kind in _KINDS.items()}


def read_people(lines: Taking, content: dict[str, Any]) -> None:
    """Read who takes part, and where answers go."""
    people: dict[str, dict[str, Any]] = {}
    for line in lines.all("ATTENDEE"):
        key = _key(line)
        if key is None or key in people or len(people) == MAX_PEOPLE - 1:
            continue
        person = _person(line)
        roles = _ROLES.get((line.param("ROLE") or "").upper(), _ROLES["REQ-PARTICIPANT"])
        people[key] = {**person, "roles": dict(roles), **_answer(line)}
        lines.take(line)
    organizer = lines.once("ORGANIZER")
    key = _key(organizer) if organizer is not None else None
    if organizer is not None and key is not None:
        alone = {**_person(organizer), "roles": {}, **_answer(organizer)}
        person = people.setdefault(key, alone)
        person["roles"]["owner"] = True
        if user_of(organizer.value) is None:
            content["replyTo"] = _send_to(organizer.value)
        lines.take_name("ORGANIZER")
    if people:
        content["participants"] = people


def key_in_text(key: str, person: Any) -> str | None:
    """Return under which key a participant is read again, None where no text can name them."""
    uri = _uri(key, person) if isinstance(person, Mapping) else None
    return None if uri is None else _key_of(uri)


def _key(line: Line) -> str | None:
    """Return the key of a participant, None where the line names nobody who can be one here."""
    return _key_of(line.value)


def _key_of(uri: str) -> str | None:
    if len(uri) > _MAX_URI or not _URI.fullmatch(uri):
        return None
    return user_of(uri) or sha256(uri.lower().encode("utf-8", "replace")).hexdigest()[:12]


def _person(line: Line) -> dict[str, Any]:
    person: dict[str, Any] = {"@type": "Participant"}
    name, email = line.param("CN"), line.param("EMAIL")
    if name and len(name) <= _MAX_NAME:
        person["name"] = name
    if email and len(email) <= _MAX_EMAIL:
        person["email"] = email
    if user_of(line.value) is None:
        person["sendTo"] = _send_to(line.value)
    kind = _KINDS.get((line.param("CUTYPE") or "").upper())
    if kind:
        person["kind"] = kind
    return person


def _send_to(uri: str) -> dict[str, str]:
    return {"imip" if uri[:7].lower() == "mailto:" else "other": uri}


def _answer(line: Line) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    status = (line.param("PARTSTAT") or "").upper()
    if status in _STATUSES:
        answer["participationStatus"] = status.lower()
    if (line.param("RSVP") or "").upper() == "TRUE":
        answer["expectReply"] = True
    return answer


# Writing


def write_people(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of who takes part, the organizer first."""
    people = content.get("participants")
    known = {
        key: person
        for key, person in sorted(people.items() if isinstance(people, Mapping) else ())
        if isinstance(person, Mapping)
    }
    reply = _address(content.get("replyTo"))
    owners = [key for key, person in known.items() if _roles(person).get("owner")]
    addresses = {key: _uri(key, person) for key, person in known.items()}
    owners.sort(key=lambda key: addresses[key] != reply)
    organizer = reply or next((addresses[key] for key in owners if addresses[key]), None)
    if organizer:
        named = next((known[key] for key in owners if addresses[key] == organizer), {})
        answer = _answered(named) if set(_roles(named)) == {"owner"} else ""
        yield f"ORGANIZER{_about(named, organizer)}{answer}:{organizer}"
    for key, person in known.items():
        uri, roles = addresses[key], _roles(person)
        if not uri or (set(roles) == {"owner"} and uri == organizer):
            continue
        yield f"ATTENDEE{_about(person, uri)}{_part(roles)}{_answered(person)}:{uri}"


def _roles(person: Mapping[str, Any]) -> Mapping[str, Any]:
    roles = person.get("roles")
    return roles if isinstance(roles, Mapping) else {}


def _uri(key: str, person: Mapping[str, Any]) -> str | None:
    user_id = matrix_id_of(key, person)
    return user_uri(user_id) if user_id else _address(person.get("sendTo")) or _email(person)


def _address(send_to: Any) -> str | None:
    if not isinstance(send_to, Mapping):
        return None
    methods = sorted(send_to, key=lambda method: ({"matrix": 0, "imip": 1}.get(method, 2), method))
    uris = (send_to[method] for method in methods)
    return next((uri for uri in uris if isinstance(uri, str) and _URI.fullmatch(uri)), None)


def _email(person: Mapping[str, Any]) -> str | None:
    email = person.get("email")
    uri = f"mailto:{email}"
    return uri if isinstance(email, str) and _URI.fullmatch(uri) else None


def _about(person: Mapping[str, Any], uri: str) -> str:
    """Return the parameters that say who somebody is."""
    kind, name, email = (person.get(each) for each in ("kind", "name", "email"))
    cutype = _CUTYPES.get(kind) if isinstance(kind, str) else None
    found = param_text("CUTYPE", [cutype]) if cutype else ""
    if isinstance(name, str) and name:
        found += param_text("CN", [name])
    if isinstance(email, str) and email and uri != f"mailto:{email}":
        found += param_text("EMAIL", [email])
    return found


def _part(roles: Mapping[str, Any]) -> str:
    """Return the parameter that says what part somebody takes."""
    if "chair" in roles:
        return ";ROLE=CHAIR"
    if "optional" in roles:
        return ";ROLE=OPT-PARTICIPANT"
    return "" if "attendee" in roles else ";ROLE=NON-PARTICIPANT"


def _answered(person: Mapping[str, Any]) -> str:
    """Return the parameters that say what somebody answered, and whether they are asked to."""
    status = person.get("participationStatus")
    known = isinstance(status, str) and status.upper() in _STATUSES
    found = param_text("PARTSTAT", [str(status).upper()]) if known else ""
    return f"{found};RSVP=TRUE" if person.get("expectReply") is True else found
