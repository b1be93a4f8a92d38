"""Names, organizations and titles of vCards (RFC 9555, sections 2.3 and 2.7)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from twin_module.core.jscontact_schema import MAX_PARTS
from twin_module.core.vcf.draft import Draft, text_of
from twin_module.core.vcf.lines import Line, split, unescaped
from twin_module.core.vcf.names import N_KINDS, NAME_ORDER, derived_parts, full_name

SURNAMES: Final = (0, 5)
"""Where N has the surname, and where the second one, which stands in the first place as well."""
SUFFIXES: Final = (4, 6)
"""The same of credentials and the generation."""


def _full(draft: Draft, line: Line) -> str | None:
    name = draft.part("name", "Name")
    if "full" in name:
        return None
    name["full"] = unescaped(line.value)
    return "name/full"


def _components(draft: Draft, line: Line) -> str | None:
    name = draft.part("name", "Name")
    if "components" in name:
        return None
    parts = [
        [unescaped(value) for value in split(part, ",") if value]
        for part in split(line.value, ";")[: len(N_KINDS)]
    ]
    parts += [[] for _ in range(len(N_KINDS) - len(parts))]
    for place, special in (SURNAMES, SUFFIXES):
        parts[place] = [value for value in parts[place] if value not in parts[special]]
    found = dict(zip(N_KINDS, parts, strict=True))
    name["components"] = [
        {"kind": kind, "value": value} for kind in NAME_ORDER for value in found[kind]
    ][:MAX_PARTS]
    sort_as = line.params.get("SORT-AS", ())
    if sort_as:
        words = [word.strip() for each in sort_as for word in each.split(",")]
        found_as = dict(zip(("surname", "given"), words, strict=False))
        name["sortAs"] = {kind: word for kind, word in found_as.items() if word}
    return "name/components"


def _sort_string(draft: Draft, line: Line) -> str | None:
    name, text = draft.part("name", "Name"), text_of(line)
    if "sortAs" in name or not text:
        return None
    name["sortAs"] = {"surname": text}
    return "name/sortAs"


def _nickname(draft: Draft, line: Line) -> str | None:
    names = [unescaped(each) for each in split(line.value, ",")]
    for name in names:
        if name:
            draft.entry("nicknames", line, {"name": name})
    return "nicknames" if any(names) else None


def _organization(draft: Draft, line: Line) -> str | None:
    name, *units = (unescaped(part) for part in split(line.value, ";")[:MAX_PARTS])
    while units and not units[-1]:
        units.pop()
    if not name and not units:
        return None
    fields: dict[str, Any] = {"name": name} if name else {}
    if units:
        fields["units"] = [{"name": unit} for unit in units]
    if line.param("SORT-AS"):
        fields["sortAs"] = line.param("SORT-AS")
    return draft.entry("organizations", line, fields)


def _title(kind: str) -> Callable[[Draft, Line], str | None]:
    def read(draft: Draft, line: Line) -> str | None:
        text = text_of(line)
        return draft.entry("titles", line, {"name": text, "kind": kind}) if text else None

    return read


NAMES: Final[Mapping[str, Callable[[Draft, Line], str | None]]] = {
    "FN": _full,
    "N": _components,
    "SORT-STRING": _sort_string,
    "NICKNAME": _nickname,
    "ORG": _organization,
    "TITLE": _title("title"),
    "ROLE": _title("role"),
}


def finish_names(draft: Draft, lines: Sequence[Line | None]) -> None:
    """Take away of a name what a program only derived from the rest of the card."""
    name = draft.content.get("name")
    if name is None:
        return
    for line in _derived(draft, lines):
        if line.name == "N" and name.get("components") == derived_parts(name.get("full", "")):
            del name["components"]
    for line in _derived(draft, lines):
        rest = {key: value for key, value in name.items() if key != "full"}
        derived = full_name({**draft.content, "name": rest})
        if line.name == "FN" and name.get("full") == derived:
            del name["full"]
    for key in [key for key, value in name.items() if not value]:
        del name[key]
    if set(name) == {"@type"}:
        del draft.content["name"]


def _derived(draft: Draft, lines: Sequence[Line | None]) -> Iterator[Line]:
    for line, place in zip(lines, draft.places, strict=True):
        if (
            line is not None
            and place in ("name/full", "name/components")
            and (line.param("DERIVED") or line.param("X-DERIVED")).lower() == "true"
        ):
            yield line
