"""From JSContact to the lines of a vCard, by RFC 9555: the other direction of `read.py`."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from twin_module.core.jscontact import entries
from twin_module.core.vcf.draft import PREFIXES
from twin_module.core.vcf.lines import bare, escaped, line, quoted_list
from twin_module.core.vcf.names import N_KINDS, derived_parts, full_name
from twin_module.core.vcf.read import meaning
from twin_module.core.vcf.read_places import ADR_KINDS, MORE_KINDS
from twin_module.core.vcf.rest import rest_units
from twin_module.core.vcf.unit import Lines, Unit, common, entry_units, expected, label_text
from twin_module.core.vcf.values import time_text
from twin_module.core.vcf.write_entries import WRITERS, nickname

Card = Mapping[str, Any]
_LARGE: Final = ("cryptoKeys", "media")
_FIRST: Final = ("organizations", "titles", "emails", "phones", "onlineServices")
_REST: Final = tuple(name for name in WRITERS if name not in (*_FIRST, *_LARGE))
_OF_PLACES: Final = {"birth": "BIRTHPLACE", "death": "DEATHPLACE"}
_IN_SECOND: Final = ("room", "apartment", "floor", "building")
_IN_THIRD: Final = ("number", "name", "block", "direction", "landmark", "subdistrict", "district")
_OF_NO_ADDRESS: Final = frozenset({"@type", "contexts", "pref", "label"})


def units(key: str, card: Card, version: str) -> list[Unit]:
    """Return what a card is written as, in order, with what vCard has no words for as JSPROP.

    Args:
        key: the state key, which is the UID where the card names no other.
        card: plain JSON that fits the schema of cards.
        version: 3.0 or 4.0.
    """
    is_4 = version == "4.0"
    card = _with_types_once(card)
    if not is_4 and "localizations" not in card:
        card = renumbered(card)
    written = list(_written(key, card, is_4))
    return [*written, *rest_units(card, meaning(_texts(written), version))]


def _texts(written: Sequence[Unit]) -> list[str]:
    """Return the lines of units, each of which has a group of its own."""
    named = (unit.named(f"g{number}") for number, unit in enumerate(written))
    return [text for each in named for text in each.split("\n")]


def _with_types_once(card: Card) -> Card:
    """Return a card whose files say their media type once: in a `data:` URI, where they are one."""
    changed = {
        field: {ident: _typed_once(entry) for ident, entry in card[field].items()}
        for field in _LARGE
        if field in card
    }
    return {**card, **changed}


def _typed_once(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    if not entry["uri"].startswith(f"data:{entry.get('mediaType')};"):
        return entry
    return {key: value for key, value in entry.items() if key != "mediaType"}


def renumbered(card: Card) -> Card:
    """Return a card whose entries have the IDs that reading it would give them.

    3.0 has no place for IDs.
    """
    changed: dict[str, Any] = {}
    for field in PREFIXES:
        found = entries(card, field)
        ids = [f"{PREFIXES[field]}{number}" for number in range(1, len(found) + 1)]
        if [ident for ident, _ in found] != ids:
            changed[field] = {new: entry for new, (_, entry) in zip(ids, found, strict=True)}
            if field == "organizations":
                of = {old: new for new, (old, _) in zip(ids, found, strict=True)}
                changed["titles"] = {
                    ident: {**title, "organizationId": of[title["organizationId"]]}
                    if title.get("organizationId") in of
                    else title
                    for ident, title in entries(card, "titles")
                }
    return {**card, **changed} if changed else card


def _written(key: str, card: Card, is_4: bool) -> Iterator[Unit]:
    version = "4.0" if is_4 else "3.0"
    if card.get("prodId"):
        yield Unit("prodId", (line("PRODID", (), escaped(card["prodId"])),))
    yield Unit("uid", (line("UID", (), escaped(card.get("uid", key))),))
    yield from _kind(card, is_4)
    yield from _name(card, is_4)
    yield from _nicknames(card, is_4)
    yield from chain.from_iterable(
        entry_units(card, field, WRITERS[field], is_4) for field in _FIRST
    )
    yield from entry_units(card, "addresses", _address, is_4)
    yield from chain.from_iterable(
        entry_units(card, field, WRITERS[field], is_4) for field in _REST
    )
    yield from _places(card, is_4)
    if card.get("keywords"):
        yield Unit("keywords", (f"CATEGORIES:{_list(sorted(card['keywords']))}",))
    yield from _members(card, is_4)
    yield from _related(card, is_4)
    gender = card.get("speakToAs", {}).get("grammaticalGender")
    if gender:
        yield Unit("speakToAs/grammaticalGender", (line("GRAMGENDER", (), escaped(gender)),))
    if card.get("language"):
        yield Unit("language", (line("LANGUAGE", (), escaped(card["language"])),))
    yield from chain.from_iterable(
        entry_units(card, field, WRITERS[field], is_4) for field in _LARGE
    )
    for field, name in (("created", "CREATED"), ("updated", "REV")):
        if card.get(field):
            yield Unit(field, (f"{name}:{time_text(card[field], version)}",))


def _list(values: Sequence[str]) -> str:
    return ",".join(map(escaped, values))


def _kind(card: Card, is_4: bool) -> Iterator[Unit]:
    kind = card.get("kind")
    if kind is None:
        return
    text = f"KIND:{kind}"
    if not is_4 and kind == "group":
        text = "X-ADDRESSBOOKSERVER-KIND:group"
    elif not is_4 and kind == "org":
        text = "X-ABShowAs:COMPANY"
    yield Unit("kind", (text,))


def _name(card: Card, is_4: bool) -> Iterator[Unit]:
    name = card.get("name", {})
    full, sort_as = name.get("full"), name.get("sortAs", {})
    derived = [("DERIVED", "true")] if is_4 and not full else []
    yield Unit("name/full", (line("FN", derived, escaped(full or full_name(card))),))
    parts = name.get("components", ())
    params = []
    if is_4 and sort_as:
        words = [sort_as.get("surname", ""), sort_as.get("given", "")]
        params = [("SORT-AS", quoted_list(words).rstrip(","))]
    elif not is_4 and not parts and full and card.get("kind", "individual") == "individual":
        parts, params = derived_parts(full), [("X-DERIVED", "TRUE")]
    if parts or params or not is_4:
        yield Unit("name/components", (line("N", params, _components(parts, is_4)),))
    if not is_4 and sort_as.get("surname"):
        yield Unit("name/sortAs", (line("SORT-STRING", (), escaped(sort_as["surname"])),))


def _components(parts: Sequence[Mapping[str, Any]], is_4: bool) -> str:
    found: dict[str, list[str]] = {kind: [] for kind in N_KINDS}
    for part in parts:
        if part["kind"] in found and part["value"]:
            found[part["kind"]].append(part["value"])
    found["surname"] = found["surname"] + found["surname2"]
    found["credential"] = found["credential"] + found["generation"]
    in_more = is_4 and (found["surname2"] or found["generation"])
    return ";".join(_list(found[kind]) for kind in (N_KINDS if in_more else N_KINDS[:5]))


def _nicknames(card: Card, is_4: bool) -> Iterator[Unit]:
    """Write those that are only a name in one line, as most programs do."""
    found = entries(card, "nicknames")
    taken: set[str] = set()
    plain: list[str] = []
    lines: list[str] = []
    for ident, entry in found:
        is_next = ident == expected("nicknames", taken)
        if not lines and is_next and not {"contexts", "pref", "label"} & entry.keys():
            plain.append(entry["name"])
        else:
            unit = Unit("", tuple(nickname(entry, is_4) or ()), "" if is_next else ident)
            lines.append(unit.named(""))
        taken.add(ident)
    first = [f"NICKNAME:{_list(plain)}"] if plain else []
    if first or lines:
        yield Unit("nicknames", (*first, *lines))


def _address(entry: Mapping[str, Any], is_4: bool) -> Lines:
    said = entry.keys() - _OF_NO_ADDRESS
    coordinates = entry.get("coordinates", "")
    if said == {"coordinates"}:
        value = coordinates if is_4 else coordinates[4:].replace(",", ";", 1)
        return [line("GEO", common(entry, is_4), bare(value))]
    if said == {"timeZone"}:
        return [line("TZ", common(entry, is_4), escaped(entry["timeZone"]))]
    found: dict[str, list[str]] = {}
    for part in entry.get("components", ()):
        found.setdefault(part["kind"], []).append(part["value"])
    in_detail = any(found.get(kind) for kind in MORE_KINDS if kind not in ADR_KINDS)
    parts = [found.get(kind, []) for kind in ADR_KINDS]
    if in_detail:
        parts[1] = [value for kind in _IN_SECOND for value in found.get(kind, ())]
        parts[2] = [value for kind in _IN_THIRD for value in found.get(kind, ())]
    if in_detail and is_4:
        parts += [found.get(kind, []) for kind in MORE_KINDS]
    full, country, params = entry.get("full"), entry.get("countryCode"), common(entry, is_4)
    value = ";".join(map(_list, parts))
    if is_4:
        more = {"LABEL": full, "CC": country, "GEO": coordinates, "TZ": entry.get("timeZone")}
        return [line("ADR", params + [(k, v) for k, v in more.items() if v], value)]
    lines = [line("ADR", params, value)]
    lines += [line("LABEL", params, escaped(full))] if full else []
    return [*lines, f"X-ABADR:{country.lower()}"] if country else lines


def _places(card: Card, is_4: bool) -> Iterator[Unit]:
    for ident, entry in entries(card, "anniversaries"):
        name, place = _OF_PLACES.get(entry["kind"]), entry.get("place", {})
        where = f"anniversaries/{ident}/place"
        if name and place.get("full"):
            yield Unit(where, (line(name, (), escaped(place["full"])),))
        elif name and place.get("coordinates"):
            params = [("VALUE", "uri")]
            yield Unit(where, (line(name, params, bare(place["coordinates"])),))


def _members(card: Card, is_4: bool) -> Iterator[Unit]:
    name = "MEMBER" if is_4 else "X-ADDRESSBOOKSERVER-MEMBER"
    for uid in sorted(card.get("members", {})):
        uri = uid if ":" in uid else f"urn:uuid:{uid}"
        yield Unit(f"members/{uid}", (f"{name}:{escaped(uri)}",))


def _related(card: Card, is_4: bool) -> Iterator[Unit]:
    for key, entry in sorted(card.get("relatedTo", {}).items()):
        label = entry.get("label")
        if label:
            lines = (
                f".X-ABRELATEDNAMES:{escaped(key)}",
                f".X-ABLabel:{label_text(label)}",
            )
            yield Unit(f"relatedTo/{key}", lines)
            continue
        params = common({"contexts": entry.get("relation", {})}, is_4)
        params += [] if ":" in key else [("VALUE", "text")]
        yield Unit(f"relatedTo/{key}", (line("RELATED", params, escaped(key)),))
