"""How entries of JSContact's maps are written: the other direction of `read_entries.py`."""

import re
from collections.abc import Mapping
from typing import Any, Final

from twin_module.core.vcf.lines import bare, escaped, line
from twin_module.core.vcf.read_entries import LEVEL_OF
from twin_module.core.vcf.unit import Lines, Writer, common
from twin_module.core.vcf.values import base64_of, date_text, kind_of, media_type, time_text

Entry = Mapping[str, Any]
_EXPERTISE: Final = {level: word for word, level in LEVEL_OF.items()}
_PAGE: Final = re.compile("https?:")


def _text(name: str, key: str) -> Writer:
    def write(entry: Entry, is_4: bool) -> Lines:
        return [line(name, common(entry, is_4), escaped(entry[key]))]

    return write


def _resource(names: Mapping[str | None, str]) -> Writer:
    def write(entry: Entry, is_4: bool) -> Lines:
        name = names.get(entry.get("kind"))
        if name is None:
            return None
        index = [("INDEX", str(entry["listAs"]))] if entry.get("listAs") else []
        params = [*_media_type(entry), *common(entry, is_4), *index]
        return [line(name, params, bare(entry["uri"]))]

    return write


def _media_type(entry: Entry) -> list[tuple[str, str]]:
    return [("MEDIATYPE", entry["mediaType"])] if entry.get("mediaType") else []


def nickname(entry: Entry, is_4: bool) -> Lines:
    """Write a name beside the name."""
    return [line("NICKNAME", common(entry, is_4), escaped(entry["name"]))]


def _phone(entry: Entry, is_4: bool) -> Lines:
    number = entry["number"]
    is_uri = is_4 and number.startswith("tel:") and number == escaped(number)
    params = [("VALUE", "uri")] if is_uri else []
    params += common(entry, is_4, entry.get("features"))
    return [line("TEL", params, escaped(number))]


def _service(entry: Entry, is_4: bool) -> Lines:
    uri, user, service = entry.get("uri"), entry.get("user"), entry.get("service")
    params = [("SERVICE-TYPE" if is_4 else "X-SERVICE-TYPE", service)] if service else []
    if uri:
        is_page = _PAGE.match(uri)
        if user:
            params.append(("USERNAME" if is_4 else "X-USER", user))
        name = "IMPP" if not is_page else "SOCIALPROFILE" if is_4 else "X-SOCIALPROFILE"
        return [line(name, params + common(entry, is_4), bare(uri))]
    if user:
        name = "SOCIALPROFILE" if is_4 else "X-SOCIALPROFILE"
        return [line(name, [*params, ("VALUE", "text"), *common(entry, is_4)], escaped(user))]
    return None


def _organization(entry: Entry, is_4: bool) -> Lines:
    params = common(entry, is_4)
    if is_4 and entry.get("sortAs"):
        params.append(("SORT-AS", entry["sortAs"]))
    parts = [entry.get("name", ""), *(unit["name"] for unit in entry.get("units", ()))]
    return [line("ORG", params, ";".join(map(escaped, parts)))]


def _title(entry: Entry, is_4: bool) -> Lines:
    name = "ROLE" if entry.get("kind") == "role" else "TITLE"
    return [line(name, common(entry, is_4), escaped(entry["name"]))]


def _anniversary(entry: Entry, is_4: bool) -> Lines:
    name = {
        "birth": "BDAY",
        "death": "DEATHDATE",
        "wedding": "ANNIVERSARY" if is_4 else "X-ANNIVERSARY",
        "other": "X-ABDATE",
    }.get(entry["kind"])
    if entry["kind"] == "wedding" and entry.get("label") == "Anniversary":
        name = "X-ABDATE"
    found = date_text(entry["date"], "4.0" if is_4 else "3.0")
    if name is None or found is None:
        return None
    value, omits_year = found
    omitted = [("X-APPLE-OMIT-YEAR", value[:4])] if omits_year else []
    return [line(name, omitted + common(entry, is_4), value)]


def _note(entry: Entry, is_4: bool) -> Lines:
    author = entry.get("author", {})
    params = common(entry, is_4)
    if is_4:
        params += [("AUTHOR-NAME", author["name"])] if author.get("name") else []
        params += [("AUTHOR", author["uri"])] if author.get("uri") else []
        created = entry.get("created")
        params += [("CREATED", time_text(created, "4.0"))] if created else []
    return [line("NOTE", params, escaped(entry["note"]))]


def _file(name_of: Mapping[str | None, str], family: str) -> Writer:
    def write(entry: Entry, is_4: bool) -> Lines:
        name, uri = name_of.get(entry.get("kind")), entry["uri"]
        if name is None:
            return None
        kind = "audio" if name == "SOUND" else family
        if is_4:
            return [line(name, [*_media_type(entry), *common(entry, is_4)], bare(uri))]
        pref = [("TYPE", "PREF")] if entry.get("pref") == 1 else []
        data = base64_of(uri)
        if data is not None and media_type(kind_of(data[0], kind), kind) == data[0]:
            types = [("TYPE", each) for each in [kind_of(data[0], kind)] if each]
            return [line(name, [("ENCODING", "b"), *types, *pref], data[1])]
        media = entry.get("mediaType", "")
        types = [("TYPE", each) for each in [kind_of(media, kind)] if each]
        return [line(name, [("VALUE", "uri"), *types, *pref], bare(uri))]

    return write


def _personal(entry: Entry, is_4: bool) -> Lines:
    kind, level = entry["kind"], entry.get("level")
    word = _EXPERTISE.get(level or "") if kind == "expertise" else level
    params = [*([("LEVEL", word)] if word else []), *common(entry, is_4)]
    params += [("INDEX", str(entry["listAs"]))] if entry.get("listAs") else []
    return [line(kind.upper(), params, escaped(entry["value"]))]


WRITERS: Final[Mapping[str, Writer]] = {
    "organizations": _organization,
    "titles": _title,
    "emails": _text("EMAIL", "address"),
    "phones": _phone,
    "onlineServices": _service,
    "links": _resource({None: "URL", "contact": "CONTACT-URI"}),
    "anniversaries": _anniversary,
    "notes": _note,
    "preferredLanguages": _text("LANG", "language"),
    "calendars": _resource({"freeBusy": "FBURL", "calendar": "CALURI"}),
    "schedulingAddresses": _resource({None: "CALADRURI"}),
    "directories": _resource({"entry": "SOURCE", "directory": "ORG-DIRECTORY"}),
    "personalInfo": _personal,
    "cryptoKeys": _file({None: "KEY"}, "application"),
    "media": _file({"photo": "PHOTO", "logo": "LOGO", "sound": "SOUND"}, "image"),
    "pronouns": _text("PRONOUNS", "pronouns"),
}
"""By map; addresses and nicknames are written elsewhere."""
