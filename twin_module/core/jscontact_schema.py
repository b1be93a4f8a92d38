"""The shape of a Card as JSON Schema: JSContact (RFC 9553).

What is named here is bounded; keys that are not named are allowed and kept. Maps hold their
entries by an ID of up to 64 characters, which means nothing.
"""

from collections.abc import Mapping
from typing import Any, Final

from twin_module.core.jscalendar import UTC_DATE_TIME

KINDS: Final = ("individual", "group", "org", "location", "device", "application")
MAX_TEXT: Final = 2000
MAX_NOTE: Final = 20_000
MAX_MEDIA: Final = 60_000
MAX_ENTRIES: Final = 200
"""So many entries has a map at most."""
MAX_MEMBERS: Final = 1000
MAX_WORD: Final = 100
MAX_UID: Final = 300
MAX_PARTS: Final = 50
"""So many components has a name or an address at most."""
ID: Final = r"^[A-Za-z0-9_-]{1,64}$"
URI: Final = r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s]*$"
PROGRAM: Final = (
    r"^([Jj][Aa][Vv][Aa]|[Vv][Bb]|[Ll][Ii][Vv][Ee])[Ss][Cc][Rr][Ii][Pp][Tt]:|^[Dd][Aa][Tt][Aa]:"
)
"""URIs that a page may run when somebody follows them: no card has them where a link can be."""
PAGE: Final = r"^(https?|ftps?|gemini|mailto|tel|sips?|xmpp|matrix|urn):[^\s]*$"
FILE: Final = r"^(https?|mxc|data|ftps?|urn|cid):[^\s]*$"

_TEXT: Final = {"type": "string", "maxLength": MAX_TEXT}
_FILLED: Final = {**_TEXT, "minLength": 1}
_URI: Final = {**_FILLED, "pattern": URI, "not": {"pattern": PROGRAM}}
_PAGE: Final = {**_FILLED, "pattern": PAGE}
_FILE: Final = {"type": "string", "maxLength": MAX_MEDIA, "pattern": FILE}
_TIME: Final = {"type": "string", "pattern": UTC_DATE_TIME}
_TRUE: Final = {"const": True}
_WORDS: Final = {
    "type": "object",
    "maxProperties": 50,
    "propertyNames": {"minLength": 1, "maxLength": MAX_WORD},
    "additionalProperties": _TRUE,
}
_SORT_AS: Final = {"type": "object", "maxProperties": 20, "additionalProperties": _TEXT}
_COMMON: Final = {
    "contexts": _WORDS,
    "pref": {"type": "integer", "minimum": 1, "maximum": 100},
    "label": _TEXT,
}
_RESOURCE: Final = {"uri": _URI, "mediaType": _TEXT}


def _object(kind: str, properties: Mapping[str, Any], *required: str) -> Mapping[str, Any]:
    whole = {"@type": {"const": kind}, **properties}
    return {"type": "object", "properties": whole, "required": list(required)}


def _map(description: str, kind: str, properties: Mapping[str, Any], *required: str) -> Any:
    return {
        "type": "object",
        "maxProperties": MAX_ENTRIES,
        "propertyNames": {"pattern": ID},
        "additionalProperties": _object(kind, {**properties, **_COMMON}, *required),
        "description": description,
    }


def _parts(kind: str) -> Mapping[str, Any]:
    return {
        "type": "array",
        "maxItems": MAX_PARTS,
        "items": _object(kind, {"value": _TEXT, "kind": {"type": "string"}}, "value", "kind"),
    }


_ADDRESS: Final = {
    "components": _parts("AddressComponent"),
    "isOrdered": {"type": "boolean"},
    "full": _TEXT,
    "countryCode": {"type": "string", "pattern": "^[A-Za-z]{2}$"},
    "coordinates": {**_TEXT, "pattern": "^geo:[^\\s]*$"},
    "timeZone": _FILLED,
}
_DATE: Final = {
    "type": "object",
    "properties": {
        "@type": {"enum": ["PartialDate", "Timestamp"]},
        "year": {"type": "integer", "minimum": 0, "maximum": 9999},
        "month": {"type": "integer", "minimum": 1, "maximum": 12},
        "day": {"type": "integer", "minimum": 1, "maximum": 31},
        "calendarScale": _TEXT,
        "utc": _TIME,
    },
}
_SERVICE: Final = {"service": _TEXT, "uri": _URI, "user": _TEXT}

PROPERTIES: Final[Mapping[str, Any]] = {
    "kind": {"enum": list(KINDS), "description": "What it stands for; absent is an individual."},
    "name": {
        **_object(
            "Name",
            {
                "full": _TEXT,
                "components": _parts("NameComponent"),
                "isOrdered": {"type": "boolean"},
                "sortAs": _SORT_AS,
            },
        ),
        "description": "The name: `full`, or in components as given and surname, or both.",
    },
    "nicknames": _map("Other names.", "Nickname", {"name": _FILLED}, "name"),
    "emails": _map("E-mail addresses.", "EmailAddress", {"address": _FILLED}, "address"),
    "phones": _map(
        "Telephone numbers, with features as mobile, voice or fax.",
        "Phone",
        {"number": _FILLED, "features": _WORDS},
        "number",
    ),
    "onlineServices": _map(
        "Accounts elsewhere; a Matrix ID has the service Matrix and a `matrix:u/` URI.",
        "OnlineService",
        _SERVICE,
    ),
    "organizations": _map(
        "Where somebody works or belongs.",
        "Organization",
        {
            "name": _TEXT,
            "sortAs": _TEXT,
            "units": {
                "type": "array",
                "maxItems": MAX_PARTS,
                "items": _object("OrgUnit", {"name": _TEXT, "sortAs": _TEXT}, "name"),
            },
        },
    ),
    "titles": _map(
        "What somebody is or does there.",
        "Title",
        {"name": _FILLED, "kind": {"enum": ["title", "role"]}, "organizationId": _TEXT},
        "name",
    ),
    "addresses": _map("Postal addresses and places.", "Address", _ADDRESS),
    "anniversaries": _map(
        "Birthday, death, wedding; the year, or the day, may be missing.",
        "Anniversary",
        {"kind": _FILLED, "date": _DATE, "place": _object("Address", _ADDRESS)},
        "kind",
        "date",
    ),
    "notes": _map(
        "Free text about it.",
        "Note",
        {
            "note": {"type": "string", "maxLength": MAX_NOTE},
            "created": _TIME,
            "author": _object("Author", {"name": _TEXT, "uri": _URI}),
        },
        "note",
    ),
    "keywords": {
        "type": "object",
        "maxProperties": MAX_ENTRIES,
        "propertyNames": {"minLength": 1, "maxLength": MAX_WORD},
        "additionalProperties": _TRUE,
        "description": "Free words, each with the value true.",
    },
    "links": _map(
        "Pages on the web.",
        "Link",
        {"kind": {"enum": ["contact"]}, **_RESOURCE, "uri": _PAGE},
        "uri",
    ),
    "media": _map(
        "Pictures and sounds; the URI may hold the data itself, or be `mxc:`.",
        "Media",
        {
            "kind": {"enum": ["photo", "logo", "sound"]},
            **_RESOURCE,
            "uri": _FILE,
        },
        "kind",
        "uri",
    ),
    "preferredLanguages": _map(
        "Languages to write in, as de or pt-BR.", "LanguagePref", {"language": _FILLED}, "language"
    ),
    "calendars": _map(
        "Calendars, and when somebody is busy.",
        "Calendar",
        {"kind": {"enum": ["calendar", "freeBusy"]}, **_RESOURCE},
        "kind",
        "uri",
    ),
    "schedulingAddresses": _map("Where invitations go.", "SchedulingAddress", {"uri": _URI}, "uri"),
    "cryptoKeys": _map("Public keys.", "CryptoKey", {**_RESOURCE, "uri": _FILE}, "uri"),
    "directories": _map(
        "Directories, and where this card comes from.",
        "Directory",
        {
            "kind": {"enum": ["directory", "entry"]},
            "listAs": {"type": "integer", "minimum": 1},
            **_RESOURCE,
        },
        "kind",
        "uri",
    ),
    "personalInfo": _map(
        "Expertise, hobbies and interests.",
        "PersonalInfo",
        {
            "kind": {"enum": ["expertise", "hobby", "interest"]},
            "value": _FILLED,
            "level": {"enum": ["high", "medium", "low"]},
            "listAs": {"type": "integer", "minimum": 1},
        },
        "kind",
        "value",
    ),
    "speakToAs": {
        **_object(
            "SpeakToAs",
            {
                "grammaticalGender": _FILLED,
                "pronouns": _map("Pronouns.", "Pronouns", {"pronouns": _FILLED}, "pronouns"),
            },
        ),
        "description": "How to speak to somebody and of them.",
    },
    "members": {
        "type": "object",
        "maxProperties": MAX_MEMBERS,
        "propertyNames": {"minLength": 1, "maxLength": MAX_UID},
        "additionalProperties": _TRUE,
        "description": "Of a group: uids of cards, and `matrix:u/` URIs of people.",
    },
    "relatedTo": {
        "type": "object",
        "maxProperties": MAX_ENTRIES,
        "propertyNames": {"minLength": 1, "maxLength": MAX_UID},
        "additionalProperties": _object("Relation", {"relation": _WORDS, "label": _TEXT}),
        "description": "Other people by uid, URI or name, with relations as friend, child or spouse.",
    },
    "language": {**_FILLED, "description": "The language of the card's texts."},
    "localizations": {
        "type": "object",
        "maxProperties": 50,
        "propertyNames": {"minLength": 1, "maxLength": MAX_WORD},
        "additionalProperties": {"type": "object"},
        "description": "What differs in other languages, by language.",
    },
}
"""What a person may say of a card."""

SCHEMA: Final[Mapping[str, Any]] = {
    "properties": {
        "@type": {"const": "Card"},
        "version": {
            "type": "string",
            "pattern": r"^[0-9]+\.[0-9]+$",
            "maxLength": 10,
            "description": "The version of JSContact: 1.0.",
        },
        **PROPERTIES,
        "uid": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_TEXT,
            "description": "The UID of the card elsewhere, where it can't be the state key.",
        },
        "created": _TIME,
        "updated": _TIME,
        "prodId": {**_FILLED, "description": "The program that made it."},
    },
    "required": ["@type", "version"],
}
