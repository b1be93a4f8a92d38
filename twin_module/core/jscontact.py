"""JSContact (RFC 9553): the type of a card, and what is read of one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from twin_module.core.capability import EventType, Filter, Merge
from twin_module.core.jscontact_schema import PROPERTIES, SCHEMA
from twin_module.core.matrix_uri import is_user_id, user_of, user_uri
from twin_module.core.state import NAMESPACE

MATRIX: Final = "Matrix"
"""The name of the online service of a Matrix ID."""
NO_NAME: Final = "(no name)"
BEGINNING: Final[Mapping[str, Any]] = {"@type": "Card", "version": "1.0"}
"""What every card has."""


def entries(content: Mapping[str, Any], field: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the entries of a map with their IDs, in the order e1, e2, … e10."""
    found = content.get(field)
    if not found:
        return []
    return sorted(found.items(), key=lambda each: (len(each[0]), each[0]))


def title(content: Mapping[str, Any]) -> str:
    """Return what a card is called in lists, in one line."""
    for text in _names(content):
        line = " ".join(text.split())
        if line:
            return line
    return NO_NAME


def _names(content: Mapping[str, Any]) -> Iterator[str]:
    name = content.get("name", {})
    yield name.get("full", "")
    yield joined(name)
    for _, each in entries(content, "organizations"):
        yield " ".join([each.get("name", ""), *(unit["name"] for unit in each.get("units", ()))])
    for field, key in (("nicknames", "name"), ("emails", "address"), ("phones", "number")):
        for _, each in entries(content, field):
            yield each[key]
    yield from matrix_ids(content)


def joined(name: Mapping[str, Any]) -> str:
    """Return the components of a name in their order, as one text."""
    parts = [part["value"] for part in name.get("components", ()) if part["kind"] != "separator"]
    return " ".join(part for part in parts if part.strip())


def matrix_service(user_id: str) -> dict[str, Any]:
    """Return the online service that a Matrix ID is."""
    return {"@type": "OnlineService", "service": MATRIX, "uri": user_uri(user_id)}


def matrix_ids(content: Mapping[str, Any]) -> Sequence[str]:
    """Return the Matrix IDs of a card, in order."""
    found = set()
    for _, each in entries(content, "onlineServices"):
        user = each.get("user", "")
        by_uri = user_of(each["uri"]) if each.get("uri", "").startswith("matrix:u/") else None
        if by_uri is not None:
            found.add(by_uri)
        elif each.get("service", "").lower() == "matrix" and is_user_id(user):
            found.add(user)
    return sorted(found)


def is_group(content: Mapping[str, Any]) -> bool:
    """Tell whether a card stands for several people."""
    return bool(content.get("kind") == "group")


def bare_uid(uid: str) -> str:
    """Return a uid without the `urn:uuid:` that some programs put in front and others leave away."""
    return uid[9:] if uid[:9].lower() == "urn:uuid:" else uid


def texts(content: Mapping[str, Any]) -> Sequence[str]:
    """Return the texts that a card is found by: no keys, no pictures."""
    name = content.get("name", {})
    found = [name.get("full", ""), *(part["value"] for part in name.get("components", ()))]
    for _, each in entries(content, "organizations"):
        found += [each.get("name", ""), *(unit["name"] for unit in each.get("units", ()))]
    for field, key in _SEARCHED:
        found += [each[key] for _, each in entries(content, field)]
    for _, each in entries(content, "onlineServices"):
        found += [each.get("user", ""), each.get("uri", "")]
    found += sorted(content.get("keywords", {}))
    return [text for text in dict.fromkeys(found) if text.strip()]


_SEARCHED: Final = (
    ("nicknames", "name"),
    ("titles", "name"),
    ("emails", "address"),
    ("phones", "number"),
    ("notes", "note"),
)


_SETS: Final = ("keywords", "members")
_ALONE: Final = ("kind", "name", "speakToAs", "language")
"""Fields of which one of two changes has to win: half of a name is none."""

CARD: Final = EventType(
    type=f"{NAMESPACE}.card",
    summary="A contact of an address book: a person, a group, an organization.",
    state_key="The card's uid.",
    schema=SCHEMA,
    example={
        "@type": "Card",
        "version": "1.0",
        "kind": "individual",
        "name": {
            "@type": "Name",
            "full": "Bob Miller",
            "components": [
                {"kind": "given", "value": "Bob"},
                {"kind": "surname", "value": "Miller"},
            ],
            "sortAs": {"surname": "Miller", "given": "Bob"},
        },
        "organizations": {"o1": {"@type": "Organization", "name": "Example Bakery"}},
        "emails": {
            "e1": {
                "@type": "EmailAddress",
                "address": "bob@example.org",
                "contexts": {"private": True},
            }
        },
        "phones": {
            "p1": {"@type": "Phone", "number": "+49 30 123456", "features": {"mobile": True}}
        },
        "onlineServices": {
            "s1": {
                "@type": "OnlineService",
                "service": "Matrix",
                "uri": "matrix:u/bob:example.org",
            }
        },
        "anniversaries": {
            "d1": {
                "@type": "Anniversary",
                "kind": "birth",
                "date": {"@type": "PartialDate", "month": 4, "day": 15},
            }
        },
        "keywords": {"friends": True},
        "created": "2026-12-20T08:00:00Z",
        "updated": "2026-12-20T08:00:00Z",
    },
    title=title,
    merge={
        **{name: Merge.MAP for name in PROPERTIES if name not in (*_SETS, *_ALONE)},
        **dict.fromkeys(_SETS, Merge.SET),
    },
    filters={
        "kind": Filter("word", lambda content: content.get("kind", "individual")),
        "matrix_id": Filter("words", matrix_ids),
        "email": Filter(
            "words",
            lambda content: sorted(
                {each["address"].strip().lower() for each in content.get("emails", {}).values()}
            ),
        ),
        "keyword": Filter("words", lambda content: sorted(content.get("keywords", {}))),
        "member": Filter("words", lambda content: sorted(content.get("members", {}))),
    },
    component="VCARD",
    searchable=texts,
)
