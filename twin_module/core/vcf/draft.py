"""A card while it is read: what was found so far, and which line said it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from twin_module.core.jscontact import BEGINNING
from twin_module.core.jscontact_schema import ID, MAX_ENTRIES, MAX_TEXT, PROGRAM, URI
from twin_module.core.vcf.lines import Line, unescaped

PREFIXES: Final[Mapping[str, str]] = {
    "nicknames": "n",
    "emails": "e",
    "phones": "p",
    "onlineServices": "s",
    "organizations": "o",
    "titles": "t",
    "addresses": "a",
    "anniversaries": "d",
    "notes": "n",
    "links": "l",
    "media": "m",
    "preferredLanguages": "l",
    "calendars": "c",
    "schedulingAddresses": "c",
    "cryptoKeys": "k",
    "directories": "d",
    "personalInfo": "i",
    "pronouns": "p",
}
"""The IDs of a map's entries are such a letter and 1, 2, 3 in the order of their lines."""
KINDS_OF: Final[Mapping[str, str]] = {
    "nicknames": "Nickname",
    "emails": "EmailAddress",
    "phones": "Phone",
    "onlineServices": "OnlineService",
    "organizations": "Organization",
    "titles": "Title",
    "addresses": "Address",
    "anniversaries": "Anniversary",
    "notes": "Note",
    "links": "Link",
    "media": "Media",
    "preferredLanguages": "LanguagePref",
    "calendars": "Calendar",
    "schedulingAddresses": "SchedulingAddress",
    "cryptoKeys": "CryptoKey",
    "directories": "Directory",
    "personalInfo": "PersonalInfo",
    "pronouns": "Pronouns",
}
CONTEXT_OF: Final[Mapping[str, str]] = {"home": "private"}
NOISE: Final = frozenset({"internet", "pref"})
"""Words of TYPE that say nothing of where or how."""
_ID: Final = re.compile(ID)
_URI: Final = re.compile(URI)
_PROGRAM: Final = re.compile(PROGRAM)
_WORD: Final = re.compile(r"[a-z0-9-]{1,50}")
_BUILT_IN: Final = re.compile(r"_\$!<(.{1,100})>!\$_")
_MOST_WORDS: Final = 20
_MAX_PREF: Final = 100


@dataclass(slots=True)
class Draft:
    """What was read so far; a *place* is where in the content a line went, as `emails/e1`."""

    version: str
    content: dict[str, Any] = field(default_factory=lambda: dict(BEGINNING))
    labels: dict[str, tuple[str, int]] = field(default_factory=dict)
    """By group: the label, and the index of its line."""
    countries: dict[str, tuple[str, int]] = field(default_factory=dict)
    """By group: Apple's country code of an address."""
    places: list[str | None] = field(default_factory=list)
    """Of each line; None of those that nothing in the content says."""
    alternatives: set[tuple[str, str]] = field(default_factory=set)
    has_urn: bool = False
    """Whether the card's own UID is a `urn:uuid:`."""

    @property
    def is_4(self) -> bool:
        """Whether it is vCard 4.0."""
        return self.version == "4.0"

    def entry(
        self,
        name: str,
        line: Line,
        fields: Mapping[str, Any],
        contexts: Mapping[str, bool] | None = None,
    ) -> str | None:
        """Add an entry to a map with what any line may say of it, and return its place.

        Args:
            name: the map, of the card or of its `speakToAs`.
            line: what says it.
            fields: of the entry alone.
            contexts: None takes the words of TYPE.

        Returns:
            The place; None where the map is full.
        """
        into = self.part("speakToAs", "SpeakToAs") if name == "pronouns" else self.content
        held = into.setdefault(name, {})
        if len(held) >= MAX_ENTRIES:
            return None
        ident = line.param("PROP-ID")
        if not _ID.fullmatch(ident) or ident in held:
            number = len(held) + 1
            while (ident := f"{PREFIXES[name]}{number}") in held:
                number += 1
        entry = {"@type": KINDS_OF[name], **fields}
        place = f"speakToAs/{name}/{ident}" if name == "pronouns" else f"{name}/{ident}"
        contexts = self.words(line) if contexts is None else contexts
        if contexts:
            entry["contexts"] = contexts
        pref = preference(line)
        if pref:
            entry["pref"] = pref
        if line.group in self.labels:
            entry["label"] = self.labels[line.group][0]
            self.take(self.labels[line.group][1], place)
        held[ident] = entry
        return place

    def words(self, line: Line) -> dict[str, bool]:
        """Return the words of TYPE as contexts."""
        found = {}
        for each in line.params.get("TYPE", ())[:_MOST_WORDS]:
            word = each.lower()
            if word not in NOISE and _WORD.fullmatch(word):
                found[CONTEXT_OF.get(word, word)] = True
        return found

    def take(self, index: int, place: str) -> None:
        """Note that a line, unless another place had it first, said something of a place."""
        if self.places[index] is None:
            self.places[index] = place

    def set_once(self, name: str, value: Any, place: str | None = None) -> str | None:
        """Set a field of the card that no line said before, and return its place."""
        if name in self.content:
            return None
        self.content[name] = value
        return place or name

    def part(self, name: str, kind: str) -> dict[str, Any]:
        """Return an object of the card, made if it is not there."""
        found: dict[str, Any] = self.content.setdefault(name, {"@type": kind})
        return found


def preference(line: Line) -> int | None:
    """Return how much a value is preferred: 1 most, 100 least."""
    pref = line.param("PREF")
    if pref.isascii() and pref.isdigit() and len(pref) <= 3 and 1 <= int(pref) <= _MAX_PREF:  # noqa: PLR2004
        return int(pref)
    return 1 if any(each.lower() == "pref" for each in line.params.get("TYPE", ())) else None


def text_of(line: Line) -> str | None:
    """Return a value as text; None where there is none."""
    return unescaped(line.value) or None


def uri_of(line: Line) -> str | None:
    """Return a value as a URI that can stand in a card; None where it is none."""
    value = unescaped(line.value.strip())
    fits = _URI.fullmatch(value) and len(value) <= MAX_TEXT and not _PROGRAM.match(value)
    return value if fits else None


def label_of(line: Line) -> str:
    """Return what a label says, without the marks of those that Apple's programs translate."""
    text = unescaped(line.value)
    built_in = _BUILT_IN.fullmatch(text)
    return built_in[1] if built_in else text
