"""From the lines of a vCard to JSContact, by RFC 9555: which property becomes what.

Each function reads one line into a draft and returns its place, or None where the line says
nothing that JSContact has a word for, or says it in a way that does not fit.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from twin_module.core.jscontact import bare_uid
from twin_module.core.jscontact_schema import KINDS, MAX_NOTE, MAX_TEXT
from twin_module.core.vcf.draft import Draft, label_of, text_of
from twin_module.core.vcf.lines import Line, parsed, unescaped
from twin_module.core.vcf.read_entries import ENTRIES
from twin_module.core.vcf.read_names import NAMES, finish_names
from twin_module.core.vcf.read_places import PLACES, finish_places
from twin_module.core.vcf.read_services import SERVICES
from twin_module.core.vcf.rest import apply_rest
from twin_module.core.vcf.values import utc_time
from twin_module.core.vcf.version_21 import as_30

Reader = Callable[[Draft, Line], str | None]
_LONG: Final[Mapping[str, int | None]] = {
    **dict.fromkeys(("PHOTO", "LOGO", "SOUND", "KEY", "JSPROP")),
    "NOTE": 2 * MAX_NOTE,
    "CATEGORIES": 20_000,
    "NICKNAME": 20_000,
    "ADR": 20_000,
}
"""How long a value may be where that is not what any text may be; None is without a limit."""


def _uid(draft: Draft, line: Line) -> str | None:
    return draft.set_once("uid", unescaped(line.value).strip() or None)


def _kind(draft: Draft, line: Line) -> str | None:
    kind = line.value.strip().lower()
    return draft.set_once("kind", kind) if kind in KINDS else None


def _shows_as(draft: Draft, line: Line) -> str | None:
    is_company = line.value.strip().upper() == "COMPANY"
    return draft.set_once("kind", "org") if is_company else None


def _text(name: str) -> Reader:
    def read(draft: Draft, line: Line) -> str | None:
        text = text_of(line)
        return draft.set_once(name, text) if text else None

    return read


def _time(name: str) -> Reader:
    def read(draft: Draft, line: Line) -> str | None:
        time = utc_time(line.value.strip())
        return draft.set_once(name, time) if time else None

    return read


def _gender(draft: Draft, line: Line) -> str | None:
    text = unescaped(line.value).strip().lower()
    if not text or "grammaticalGender" in draft.content.get("speakToAs", {}):
        return None
    draft.part("speakToAs", "SpeakToAs")["grammaticalGender"] = text
    return "speakToAs/grammaticalGender"


def _pronouns(draft: Draft, line: Line) -> str | None:
    text = text_of(line)
    return draft.entry("pronouns", line, {"pronouns": text}) if text else None


READERS: Final[Mapping[str, Reader]] = {
    "UID": _uid,
    "KIND": _kind,
    "X-ADDRESSBOOKSERVER-KIND": _kind,
    "X-ABSHOWAS": _shows_as,
    "PRODID": _text("prodId"),
    "LANGUAGE": _text("language"),
    "REV": _time("updated"),
    "CREATED": _time("created"),
    "GRAMGENDER": _gender,
    "PRONOUNS": _pronouns,
    **NAMES,
    **ENTRIES,
    **PLACES,
    **SERVICES,
}
"""By the names of properties."""


def read_lines(texts: Sequence[str], version: str) -> Draft:
    """Read the lines of a card.

    Args:
        texts: unfolded, without BEGIN, END and VERSION.
        version: 3.0 or 4.0, as which they are to be taken.
    """
    draft = Draft(version, places=[None] * len(texts))
    lines = _lines(texts)
    for index, line in enumerate(lines):
        if line is not None:
            _look_ahead(draft, line, index)
    rest: list[tuple[int, Line]] = []
    for index, line in enumerate(lines):
        if line is None:
            continue
        if line.name == "JSPROP":
            rest.append((index, line))
            continue
        reader = READERS.get(line.name)
        place = reader(draft, line) if reader and _may_be_read(draft, line) else None
        if place is not None:
            draft.places[index] = place
    finish_names(draft, lines)
    finish_places(draft, lines)
    for name in [name for name, value in draft.content.items() if value in ({}, None)]:
        del draft.content[name]
    if rest:
        apply_rest(draft, rest)
    return draft


def _lines(texts: Sequence[str]) -> list[Line | None]:
    """Take lines apart; None are those that are not of that form, or of a component inside."""
    lines: list[Line | None] = []
    inside: list[str] = []
    for text in texts:
        line = parsed(text)
        if line is not None and line.name in ("BEGIN", "END"):
            inside = [*inside[:9], line.value] if line.name == "BEGIN" else inside[:-1]
            line = None
        if line is not None and line.param("ENCODING").upper() == "QUOTED-PRINTABLE":
            # No word of 3.0, and written there all the same.
            line = as_30(line)
        lines.append(None if inside else line)
    return lines


def _look_ahead(draft: Draft, line: Line, index: int) -> None:
    """Note what other lines depend on, wherever it stands."""
    if line.name == "UID":
        draft.has_urn = draft.has_urn or bare_uid(line.value) != line.value
    noted = {"X-ABLABEL": draft.labels, "X-ABADR": draft.countries}.get(line.name)
    if noted is None or not line.group or line.group in noted or len(line.value) > MAX_TEXT:
        return
    value = label_of(line) if line.name == "X-ABLABEL" else line.value.strip().upper()
    if value:
        noted[line.group] = (value, index)


def _may_be_read(draft: Draft, line: Line) -> bool:
    most = _LONG.get(line.name, MAX_TEXT)
    if most is not None and len(line.value) > most:
        return False
    if any(len(value) > MAX_TEXT for values in line.params.values() for value in values):
        return False
    alternative = line.param("ALTID")
    if alternative:
        # The same in another language, say (RFC 6350, section 5.4): the first one is read.
        key = (line.name, alternative)
        if key in draft.alternatives:
            return False
        draft.alternatives.add(key)
    return True


def meaning(texts: Sequence[str], version: str) -> dict[str, Any]:
    """Return the content that lines of ours say, to compare it with what they were written of."""
    return read_lines(texts, version).content
