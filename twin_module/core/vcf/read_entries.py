"""Properties of vCards that become entries of JSContact's maps, each by one line."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from twin_module.core.jscontact import bare_uid
from twin_module.core.jscontact_schema import (
    FILE,
    MAX_ENTRIES,
    MAX_MEMBERS,
    MAX_NOTE,
    MAX_UID,
    MAX_WORD,
    PAGE,
)
from twin_module.core.vcf.draft import Draft, text_of, uri_of
from twin_module.core.vcf.lines import Line, split, unescaped
from twin_module.core.vcf.values import data_uri, media_type, partial_date, utc_time

Reader = Callable[[Draft, Line], str | None]
FEATURE_OF: Final[Mapping[str, str]] = {"cell": "mobile", "main": "main-number"}
LEVEL_OF: Final[Mapping[str, str]] = {"beginner": "low", "average": "medium", "expert": "high"}
"""RFC 6715's words for how well somebody knows something, in JSContact's."""
RELATION_OF: Final[Mapping[str, str]] = {
    "Mother": "parent",
    "Father": "parent",
    "Parent": "parent",
    "Brother": "sibling",
    "Sister": "sibling",
    "Child": "child",
    "Son": "child",
    "Daughter": "child",
    "Friend": "friend",
    "Spouse": "spouse",
    "Partner": "sweetheart",
}
"""What the labels mean that Apple's programs offer for related names."""
_FILE: Final = re.compile(FILE)
_PAGE: Final = re.compile(PAGE)
_HOST: Final = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:[/?#:]\S*)?")
_YEAR: Final = re.compile("[0-9]{4}")
_BASE64: Final = ("B", "BASE64")


def _texts(field: str, key: str) -> Reader:
    def read(draft: Draft, line: Line) -> str | None:
        text = text_of(line)
        return draft.entry(field, line, {key: text}) if text else None

    return read


def _phone(draft: Draft, line: Line) -> str | None:
    number = text_of(line)
    if not number:
        return None
    words = draft.words(line)
    contexts = {word: True for word in words if word in ("private", "work")}
    features = {FEATURE_OF.get(word, word): True for word in words if word not in contexts}
    fields: dict[str, Any] = {"number": number}
    if features:
        fields["features"] = features
    return draft.entry("phones", line, fields, contexts)


def _resource(field: str, kind: str | None = None) -> Reader:
    def read(draft: Draft, line: Line) -> str | None:
        uri = uri_of(line)
        if uri is None:
            return None
        fields = {"uri": uri, **_media(line), **({"kind": kind} if kind else {})}
        if field == "directories" and _index(line):
            fields["listAs"] = _index(line)
        return draft.entry(field, line, fields)

    return read


def _media(line: Line) -> dict[str, Any]:
    return {"mediaType": line.param("MEDIATYPE")} if line.param("MEDIATYPE") else {}


def _index(line: Line) -> int | None:
    text = line.param("INDEX")
    return int(text) if re.fullmatch("[1-9][0-9]{0,8}", text) else None


def _link(kind: str | None) -> Reader:
    def read(draft: Draft, line: Line) -> str | None:
        uri = uri_of(line)
        if uri is None or not _PAGE.fullmatch(uri):
            # Many programs let people leave the scheme away.
            text = unescaped(line.value.strip())
            uri = f"https://{text}" if _HOST.fullmatch(text) else None
        if uri is None or not _PAGE.fullmatch(uri):
            return None
        fields = {"uri": uri, **_media(line), **({"kind": kind} if kind else {})}
        return draft.entry("links", line, fields)

    return read


def _file(field: str, family: str, kind: str | None = None) -> Reader:
    def read(draft: Draft, line: Line) -> str | None:
        value = line.value.strip()
        types = [each for each in line.params.get("TYPE", ()) if each.lower() != "pref"]
        fields = {"kind": kind} if kind else {}
        if line.param("ENCODING").upper() in _BASE64:
            uri = data_uri(value, types[0] if types else "", family)
        else:
            uri = unescaped(value) if "\\" in value else value
            if not draft.is_4 and types:
                fields["mediaType"] = media_type(types[0], family)
            fields |= _media(line)
        if uri is None or not _FILE.fullmatch(uri):
            return None
        # In 3.0, TYPE of a file says what kind of file it is.
        return draft.entry(field, line, {**fields, "uri": uri}, None if draft.is_4 else {})

    return read


def _anniversary(kind: str) -> Reader:
    def read(draft: Draft, line: Line) -> str | None:
        scale = line.param("CALSCALE").lower()
        if line.param("VALUE").lower() == "text" or scale not in ("", "gregorian"):
            return None
        omitted = line.param("X-APPLE-OMIT-YEAR")
        date = partial_date(line.value.strip(), omitted if _YEAR.fullmatch(omitted) else "")
        if date is None:
            return None
        found = kind
        if line.name == "X-ABDATE":
            # Apple's dates say in their label what they are.
            label = draft.labels.get(line.group, ("", 0))[0]
            found = "wedding" if label == "Anniversary" else "other"
        return draft.entry("anniversaries", line, {"kind": found, "date": date})

    return read


def _note(draft: Draft, line: Line) -> str | None:
    text = text_of(line)
    if not text or len(text) > MAX_NOTE:
        return None
    fields: dict[str, Any] = {"note": text}
    author = {"name": line.param("AUTHOR-NAME"), "uri": line.param("AUTHOR")}
    author = {key: value for key, value in author.items() if value}
    created = utc_time(line.param("CREATED"))
    if "uri" in author and not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]*", author["uri"]):
        del author["uri"]
    if author:
        fields["author"] = {"@type": "Author", **author}
    if created:
        fields["created"] = created
    return draft.entry("notes", line, fields)


def _keywords(draft: Draft, line: Line) -> str | None:
    words = [unescaped(each).strip() for each in split(line.value, ",")]
    held = draft.content.setdefault("keywords", {})
    words = [word for word in words if word]
    if not words or max(map(len, words)) > MAX_WORD or len(held) + len(words) > MAX_ENTRIES:
        return None
    held.update(dict.fromkeys(words, True))
    return "keywords"


def _member(draft: Draft, line: Line) -> str | None:
    uid = unescaped(line.value.strip())
    if not draft.has_urn:
        # A member has to be a URI, so this is put in front of uids that are none.
        uid = bare_uid(uid)
    held = draft.content.setdefault("members", {})
    if not 0 < len(uid) <= MAX_UID or uid in held or len(held) >= MAX_MEMBERS:
        return None
    held[uid] = True
    return f"members/{uid}"


def _related(draft: Draft, line: Line) -> str | None:
    is_apple = line.name.startswith("X-")
    key = unescaped(line.value.strip())
    held = draft.content.setdefault("relatedTo", {})
    if not 0 < len(key) <= MAX_UID or key in held or len(held) >= MAX_ENTRIES:
        return None
    place = f"relatedTo/{key}"
    relation: dict[str, Any] = {"@type": "Relation"}
    label = draft.labels.get(line.group) if line.group else None
    if is_apple:
        word = RELATION_OF.get(label[0]) if label else None
        words = {word: True} if word else {}
    else:
        words = draft.words(line)
    if words:
        relation["relation"] = words
    if label:
        relation["label"] = label[0]
        draft.take(label[1], place)
    held[key] = relation
    return place


def _personal(kind: str) -> Reader:
    def read(draft: Draft, line: Line) -> str | None:
        text = text_of(line)
        if not text:
            return None
        fields: dict[str, Any] = {"kind": kind, "value": text}
        level = line.param("LEVEL").lower()
        level = LEVEL_OF.get(level, "") if kind == "expertise" else level
        if level in ("high", "medium", "low"):
            fields["level"] = level
        if _index(line):
            fields["listAs"] = _index(line)
        return draft.entry("personalInfo", line, fields)

    return read


ENTRIES: Final[Mapping[str, Reader]] = {
    "EMAIL": _texts("emails", "address"),
    "TEL": _phone,
    "LANG": _texts("preferredLanguages", "language"),
    "URL": _link(None),
    "CONTACT-URI": _link("contact"),
    "PHOTO": _file("media", "image", "photo"),
    "LOGO": _file("media", "image", "logo"),
    "SOUND": _file("media", "audio", "sound"),
    "KEY": _file("cryptoKeys", "application"),
    "FBURL": _resource("calendars", "freeBusy"),
    "CALURI": _resource("calendars", "calendar"),
    "CALADRURI": _resource("schedulingAddresses"),
    "SOURCE": _resource("directories", "entry"),
    "ORG-DIRECTORY": _resource("directories", "directory"),
    "BDAY": _anniversary("birth"),
    "DEATHDATE": _anniversary("death"),
    "ANNIVERSARY": _anniversary("wedding"),
    "X-ANNIVERSARY": _anniversary("wedding"),
    "X-ABDATE": _anniversary("wedding"),
    "NOTE": _note,
    "CATEGORIES": _keywords,
    "MEMBER": _member,
    "X-ADDRESSBOOKSERVER-MEMBER": _member,
    "RELATED": _related,
    "X-ABRELATEDNAMES": _related,
    "EXPERTISE": _personal("expertise"),
    "HOBBY": _personal("hobby"),
    "INTEREST": _personal("interest"),
}
