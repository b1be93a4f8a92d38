"""Addresses and places of vCards (RFC 9555, section 2.4)."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from twin_module.core.jscontact import entries
from twin_module.core.jscontact_schema import MAX_PARTS, MAX_TEXT
from twin_module.core.vcf.draft import Draft, text_of
from twin_module.core.vcf.lines import Line, split, unescaped

ADR_KINDS: Final = (
    "postOfficeBox",
    "apartment",
    "name",
    "locality",
    "region",
    "postcode",
    "country",
)
"""The kinds of the parts of ADR, as all versions have them."""
MORE_KINDS: Final = (
    "room",
    "apartment",
    "floor",
    "number",
    "name",
    "building",
    "block",
    "subdistrict",
    "district",
    "landmark",
    "direction",
)
"""The parts that RFC 9554 puts behind them; what they say stands in the second and third as well."""
ORDER: Final = (
    *("room", "floor", "apartment", "building", "number", "name", "block", "direction"),
    *("landmark", "postOfficeBox", "subdistrict", "district", "locality", "region"),
    *("postcode", "country"),
)
"""The order in which the components of an address are put down."""
_DEGREES: Final = re.compile(r"(-?[0-9]{1,3}(?:\.[0-9]{1,20})?);(-?[0-9]{1,3}(?:\.[0-9]{1,20})?)")
_GEO: Final = re.compile(r"geo:[^\s]{1,500}")
_ZONE: Final = re.compile(r"[A-Za-z_+-]+(?:/[A-Za-z0-9_+-]+)+|UTC")
_COUNTRY: Final = re.compile("[A-Za-z]{2}")
_OF: Final = {"BIRTHPLACE": "birth", "DEATHPLACE": "death"}


def _address(draft: Draft, line: Line) -> str | None:
    parts = [
        [unescaped(value) for value in split(part, ",") if value]
        for part in split(line.value, ";")[: len(ADR_KINDS) + len(MORE_KINDS)]
    ]
    behind = parts[len(ADR_KINDS) :]
    more = dict(zip(MORE_KINDS, behind, strict=False)) if draft.is_4 else {}
    in_detail = any(more.values())
    found = {
        kind: values
        for kind, values in zip(ADR_KINDS, parts, strict=False)
        if not (in_detail and kind in MORE_KINDS)
    }
    found |= {kind: values for kind, values in more.items() if values}
    components = [{"kind": kind, "value": value} for kind in ORDER for value in found.get(kind, ())]
    fields: dict[str, Any] = {"components": components[:MAX_PARTS]} if components else {}
    place_of_country: int | None = None
    if line.param("LABEL"):
        # In RFC 6350's own example, a label has line breaks as a value has them.
        fields["full"] = line.param("LABEL").replace("\\n", "\n")
    elif not draft.is_4 and len(behind) == 1 and behind[0]:
        # Google's exports have the whole address behind its parts.
        fields["full"] = ", ".join(behind[0])
    if _GEO.fullmatch(line.param("GEO")):
        fields["coordinates"] = line.param("GEO")
    if line.param("TZ"):
        fields["timeZone"] = line.param("TZ")
    if _COUNTRY.fullmatch(line.param("CC")):
        fields["countryCode"] = line.param("CC")
    elif line.group in draft.countries and _COUNTRY.fullmatch(draft.countries[line.group][0]):
        fields["countryCode"], place_of_country = draft.countries[line.group]
    place = draft.entry("addresses", line, fields) if fields else None
    if place is not None and place_of_country is not None:
        draft.take(place_of_country, place)
    return place


def _coordinates(draft: Draft, line: Line) -> str | None:
    value = line.value.strip()
    degrees = _DEGREES.fullmatch(value)
    if degrees:
        value = f"geo:{degrees[1]},{degrees[2]}"
    if not _GEO.fullmatch(value):
        return None
    return draft.entry("addresses", line, {"coordinates": value})


def _zone(draft: Draft, line: Line) -> str | None:
    text = text_of(line)
    if not text or not _ZONE.fullmatch(text):
        return None
    return draft.entry("addresses", line, {"timeZone": text})


PLACES: Final[Mapping[str, Callable[[Draft, Line], str | None]]] = {
    "ADR": _address,
    "GEO": _coordinates,
    "TZ": _zone,
}


def finish_places(draft: Draft, lines: Sequence[Line | None]) -> None:
    """Read the lines that say something of another one, which may stand behind them."""
    for index, line in enumerate(lines):
        if line is None or draft.places[index] is not None:
            continue
        if line.name == "LABEL":
            draft.places[index] = _label(draft, index, line, lines)
        elif line.name in _OF:
            draft.places[index] = _place_of(draft, line)


def _label(draft: Draft, index: int, line: Line, lines: Sequence[Line | None]) -> str | None:
    """Give the nearest address of the same types its label, which 3.0 has in a line of its own."""
    text = text_of(line)
    if not text or len(text) > MAX_TEXT:
        return None
    types = _types(line)
    before, behind = range(index - 1, -1, -1), range(index + 1, len(lines))
    for each in (*before, *behind):
        other, place = lines[each], draft.places[each]
        if other is not None and other.name == "ADR" and place and _types(other) == types:
            address: dict[str, Any] = draft.content["addresses"][place.partition("/")[2]]
            if "full" not in address:
                address["full"] = text
                return str(place)
    return None


def _types(line: Line) -> set[str]:
    return {each.lower() for each in line.params.get("TYPE", ())}


def _place_of(draft: Draft, line: Line) -> str | None:
    """Say where somebody was born or died."""
    text = unescaped(line.value.strip())
    for ident, each in entries(draft.content, "anniversaries"):
        if each["kind"] == _OF[line.name] and "place" not in each and 0 < len(text) <= MAX_TEXT:
            key = "coordinates" if _GEO.fullmatch(text) else "full"
            draft.content["anniversaries"][ident]["place"] = {"@type": "Address", key: text}
            return f"anniversaries/{ident}/place"
    return None
