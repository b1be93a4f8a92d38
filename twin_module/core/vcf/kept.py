"""What of a vCard's form JSContact has no place for is kept beside it, and given back.

`{"version": "3.0", "lines": […], "instead": {…}, "absent": […]}`: lines that say nothing of the
content; for what our own writing gives, the lines that stood there instead; and what our own
writing gives and nothing stood for. A place whose meaning was changed is written otherwise, so
that nothing kept of it counts any more.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from twin_module.core.vcf.draft import Draft
from twin_module.core.vcf.lines import parsed
from twin_module.core.vcf.read import READERS
from twin_module.core.vcf.unit import Unit

KEY: Final = "vCard"
"""Where it stands under our namespace."""
LONG: Final = 200
"""Longer lines are known by their digest."""
SAME: Final = "…"
"""Stands for a long value that is the same in both forms."""
_ALWAYS: Final = ("uid",)
"""Places that are written even if nothing stood for them: every card needs a UID in an address book."""
_OF_3: Final = frozenset({"LABEL", "MAILER", "CLASS", "AGENT", "SORT-STRING", "NAME", "PROFILE"})
_OF_4: Final = frozenset({"CLIENTPIDMAP", "XML"})
_OF_3_PARAMS: Final = frozenset({"ENCODING", "CHARSET"})
_OF_4_PARAMS: Final = frozenset({"ALTID", "PID"})
_GROUP: Final = re.compile(r"([A-Za-z0-9-]+)\.")
_BREAK: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f]")


def kept_of(
    texts: Sequence[str], draft: Draft, written: Sequence[Unit], version: str
) -> dict[str, Any]:
    """Return what has to be kept so that writing gives the same lines; empty where nothing has to.

    Args:
        texts: the lines of the card, unfolded.
        draft: as which they were read.
        written: as what the content is written.
        version: of the lines.
    """
    originals: dict[str, list[str]] = {}
    lines = []
    places = {unit.place for unit in written}
    for text, place in zip(texts, draft.places, strict=True):
        if place in places:
            originals.setdefault(str(place), []).append(text)
        elif place is None or not place.startswith("jsprop/"):
            lines.append(text)
    used = {group for text in lines for group in groups_in(text)}
    pairs = list(zip(written, _with_groups(written, set()), strict=True))
    deviating = _deviating(pairs, originals, used)
    # What is written the same at two places can't be told apart: it is kept of both, or of none.
    known = {_known_by(unit.text) for unit in written if unit.place in deviating}
    instead: dict[str, list[str]] = {}
    absent = []
    for unit, text in pairs:
        stood, known_by = "\n".join(originals.get(unit.place, ())), _known_by(unit.text)
        if stood and known_by in known:
            instead.setdefault(known_by, []).append(_shortened(stood, text))
        elif not stood and unit.place not in _ALWAYS:
            absent.append(known_by)
    found: dict[str, Any] = {
        "lines": lines,
        "instead": {key: v[0] if len(v) == 1 else v for key, v in instead.items()},
        "absent": absent,
    }
    found = {name: value for name, value in found.items() if value}
    return {"version": version, **found} if found else {}


def _deviating(
    pairs: Sequence[tuple[Unit, str]], originals: Mapping[str, Sequence[str]], used: set[str]
) -> set[str]:
    """Return the places whose lines stood there in another form, or not at all."""
    found, later = set(), []
    for unit, text in pairs:
        stood = originals.get(unit.place, ())
        if "\n".join(stood) == text:
            later.append((unit, text))
        else:
            found.add(unit.place)
            used = used | {group for each in stood for group in groups_in(each)}
    for unit, text in later:
        # Its group would be taken by what is given back.
        if any(group in used for group in groups_in(text)):
            found.add(unit.place)
    return found


def given_back(written: Sequence[Unit], kept: Any, version: str) -> list[str]:
    """Return the lines of a card in the form in which they stood, where their meaning is the same.

    Args:
        written: as what the content is written in this version.
        kept: what was kept, as it was found: by anybody.
        version: as which it is written.
    """
    found = kept if isinstance(kept, Mapping) else {}
    lines = [each for each in _texts(found.get("lines")) if _is_line(each)]
    if found.get("version") != version:
        lines = [each for each in lines if _makes_sense(each, version)]
        found = {}
    instead = {key: _texts(value) for key, value in _mapping(found.get("instead")).items()}
    absent = Counter(_texts(found.get("absent")))
    forms: list[str | None] = []
    for unit in written:
        known_by = _known_by(unit.text)
        if instead.get(known_by):
            forms.append(instead[known_by].pop(0))
        elif absent[known_by] > 0:
            absent[known_by] -= 1
            forms.append("")
        else:
            forms.append(None)
    used = {group for each in (*lines, *filter(None, forms)) for group in groups_in(each)}
    named = _with_groups(written, used)
    whole: list[str] = []
    for text, form in zip(named, forms, strict=True):
        stood = text if form is None else _lengthened(form, text)
        whole += [each for each in stood.split("\n") if form is None or _is_line(each)]
    if any(unit.place == "updated" and f is None for unit, f in zip(written, forms, strict=True)):
        lines = [each for each in lines if not each.upper().startswith(("REV:", "REV;"))]
    return whole + lines


def _with_groups(written: Sequence[Unit], used: set[str]) -> list[str]:
    """Return the text of units, of which those that need one got the name of a group: item1, item2."""
    texts, number = [], 0
    free = _free(len(written), used)
    for unit in written:
        group = ""
        if unit.is_grouped:
            number += 1
            group = f"item{number}"
            if group in used:
                group = next(free)
        texts.append(unit.named(group))
    return texts


def _free(number: int, used: set[str]) -> Iterator[str]:
    while True:
        number += 1
        if f"item{number}" not in used:
            yield f"item{number}"


def groups_in(text: str) -> Iterator[str]:
    """Yield the names of the groups of some lines, in lower case."""
    for each in text.split("\n"):
        match = _GROUP.match(each)
        if match:
            yield match[1].lower()


def _known_by(text: str) -> str:
    if len(text) <= LONG:
        return text
    return f"{text[:40]}{SAME}{sha256(text.encode()).hexdigest()[:32]}"


def _shortened(stood: str, written: str) -> str:
    """Return what stood there; without its value where that is long and was written the same."""
    value = _value_of(written)
    if len(value) > LONG and "\n" not in stood and stood.endswith(f":{value}"):
        return stood[: -len(value)] + SAME
    return stood


def _lengthened(form: str, written: str) -> str:
    value = _value_of(written)
    is_short = len(value) > LONG and "\n" not in form and form.endswith(f":{SAME}")
    return form[: -len(SAME)] + value if is_short else form


def _value_of(written: str) -> str:
    if "\n" in written or len(written) <= LONG:
        return ""
    line = parsed(written)
    return line.value if line else ""


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    is_list = isinstance(value, Sequence)
    return [each for each in value if isinstance(each, str)] if is_list else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _is_line(text: str) -> bool:
    """Tell whether a text can be a line of its own, and begins and ends no card."""
    head = text[:12].upper()
    return (
        not _BREAK.search(text)
        and ":" in text
        and not head.startswith(("END:VCARD", "BEGIN:VCARD"))
    )


def _makes_sense(text: str, version: str) -> bool:
    """Tell whether a line that was kept means the same in the other version.

    What the mapping knows by name, and did not take, is of a form that only one version has.
    """
    line = parsed(text)
    if line is None or line.name in READERS or line.name in ("BEGIN", "END"):
        return False
    if version == "4.0":
        return line.name not in _OF_3 and not _OF_3_PARAMS & line.params.keys()
    return line.name not in _OF_4 and not _OF_4_PARAMS & line.params.keys()
