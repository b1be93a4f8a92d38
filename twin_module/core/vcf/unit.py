"""What a place of a card is written as: a line, or several that belong together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from twin_module.core.jscontact import entries
from twin_module.core.vcf.draft import PREFIXES
from twin_module.core.vcf.lines import escaped, line

TYPE_OF: Final[Mapping[str, str]] = {
    "private": "home",
    "mobile": "cell",
    "main-number": "main",
}
"""Words of TYPE for those of JSContact."""
_BUILT_IN: Final = frozenset(
    {"Anniversary", "Assistant", "Brother", "Child", "Daughter", "Father", "Friend", "Home"}
    | {"HomePage", "Main", "Manager", "Mobile", "Mother", "Other", "Parent", "Partner", "Sister"}
    | {"Son", "Spouse", "Work"}
)
"""Labels that Apple's programs translate, and mark so."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The lines of a place, without folding."""

    place: str
    lines: tuple[str, ...]
    """Those that begin with a dot are to get one name of a group."""
    ident: str = ""
    """The ID of the entry where reading would give it another one."""

    @property
    def text(self) -> str:
        """Return the lines as one text, by which the unit is known; its ID does not count."""
        return "\n".join(self.lines)

    def named(self, group: str) -> str:
        """Return the lines as they are to be written, of a group."""
        first, *others = self.lines
        if self.ident:
            at = min(each for each in (first.find(";"), first.find(":")) if each >= 0)
            first = f"{first[:at]};PROP-ID={self.ident}{first[at:]}"
        lines = (first, *others)
        return "\n".join(f"{group}{each}" if each.startswith(".") else each for each in lines)

    @property
    def is_grouped(self) -> bool:
        """Whether it needs the name of a group."""
        return self.lines[0].startswith(".")


Lines = Sequence[str] | None
"""None is what vCard has no words for."""
Writer = Callable[[Mapping[str, Any], bool], Lines]
"""Writes an entry of a map; the flag says whether it is for 4.0."""


def entry_units(
    content: Mapping[str, Any], field: str, write: Writer, is_4: bool
) -> Iterator[Unit]:
    """Yield a unit for each entry of a map that can be written."""
    inside = content.get("speakToAs", {}) if field == "pronouns" else content
    path = f"speakToAs/{field}" if field == "pronouns" else field
    taken: set[str] = set()
    for ident, entry in entries(inside, field):
        lines = write(entry, is_4)
        if not lines:
            continue
        if entry.get("label"):
            lines = [*lines, line("X-ABLabel", (), label_text(entry["label"]))]
        grouped = tuple(f".{each}" for each in lines) if len(lines) > 1 else tuple(lines)
        yield Unit(f"{path}/{ident}", grouped, "" if ident == expected(field, taken) else ident)
        taken.add(ident)


def expected(field: str, taken: set[str]) -> str:
    """Return the ID that reading gives to the next entry of a map."""
    number = len(taken) + 1
    while (ident := f"{PREFIXES[field]}{number}") in taken:
        number += 1
    return ident


def label_text(label: str) -> str:
    """Return a label as it stands in X-ABLabel."""
    return f"_$!<{label}>!$_" if label in _BUILT_IN else escaped(label)


def common(
    entry: Mapping[str, Any], is_4: bool, features: Mapping[str, bool] | None = None
) -> list[tuple[str, str]]:
    """Return the parameters that any entry may have: TYPE and PREF."""
    words = [*sorted(entry.get("contexts", ())), *sorted(features or ())]
    words = [TYPE_OF.get(word, word) for word in words if word.replace("-", "").isalnum()]
    words = [word for word in words if word.isascii()]
    pref = entry.get("pref")
    if not is_4 and pref == 1:
        words.append("pref")
    params = []
    if words:
        # Each word by itself: a comma would have to be in quotes, which 3.0 does not mean so.
        params = [("TYPE", word if is_4 else word.upper()) for word in words]
    if is_4 and pref:
        params.append(("PREF", str(pref)))
    return params
