"""vCards 2.1, 3.0 and 4.0 and JSContact, both ways and losing nothing (RFC 2426, 6350 and 9555).

What is read comes from anybody: nothing here raises, and the work grows with the text alone.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, Literal

from twin_module.core.content_lines import folded
from twin_module.core.entries import Entry, Refused, key_of
from twin_module.core.jscontact import title
from twin_module.core.jscontact_schema import MAX_TEXT
from twin_module.core.state import NAMESPACE, plain
from twin_module.core.vcf.kept import KEY, given_back, kept_of
from twin_module.core.vcf.lines import Raw, parsed, raw_cards
from twin_module.core.vcf.read import read_lines
from twin_module.core.vcf.version_21 import as_30
from twin_module.core.vcf.write import units

Version = Literal["3.0", "4.0"]
MOST_LINES: Final = 5000
"""A card with more lines is none."""
_VERSION: Final = re.compile(r"VERSION[^:]*:\s*([0-9]+\.[0-9]+)\s*", re.IGNORECASE)
_UNFIT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Characters that no vCard may hold: they are left out."""


def read_cards(text: str) -> tuple[list[Entry], list[Refused]]:
    """Read all cards of a text.

    A card without a UID gets one that is made of its lines, so that reading it again gives the
    same. A picture stands in the content whole, which may make it larger than an event may be.
    """
    entries: list[Entry] = []
    refused: list[Refused] = []
    text = text.removeprefix("\ufeff")
    for raw in raw_cards(_UNFIT.sub("", text) if not text.isprintable() else text):
        read = _refusal(raw) or _read(raw)
        if isinstance(read, Entry):
            entries.append(read)
        else:
            refused.append(read)
    return entries, refused


def write_card(key: str, content: Mapping[str, Any], version: Version = "3.0") -> str:
    """Write a card.

    Args:
        key: the state key, which is the UID where the content names no other.
        content: fits the schema of cards.
        version: lines that were kept are given back as they stood where it is theirs.
    """
    card = plain(content)
    own = card.get(NAMESPACE)
    kept = own.get(KEY) if isinstance(own, Mapping) else None
    lines = given_back(units(key, card, version), kept, version)
    return "".join(map(folded, ["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD"]))


def _refusal(raw: Raw) -> Refused | None:
    if not raw.is_whole:
        return Refused(_name(raw), "The card has no end: its file was cut off.")
    if len(raw.lines) > MOST_LINES:
        return Refused(_name(raw), f"The card has more than {MOST_LINES} lines.")
    return None


def _name(raw: Raw) -> str:
    """Return what a card that can't be read is probably called."""
    for name in ("FN", "N", "UID"):
        for text in raw.lines[:MOST_LINES]:
            line = parsed(text)
            if line is not None and line.name == name and line.value.strip(" ;"):
                return " ".join(line.value.replace(";", " ").split())[:100]
    return title({})


def _read(raw: Raw) -> Entry:
    texts, version = _in_a_known_version(raw.lines)
    draft = read_lines(texts, version)
    content = draft.content
    uid = content.pop("uid", None)
    if uid is None or len(uid) > MAX_TEXT:
        key = sha256("\n".join(sorted(texts)).encode()).hexdigest()[:32]
    else:
        key = key_of(uid)
        if key != uid:
            content["uid"] = uid
    kept = kept_of(texts, draft, units(key, content, version), version)
    if kept:
        content[NAMESPACE] = {KEY: kept}
    return Entry(key, content)


def _in_a_known_version(lines: Sequence[str]) -> tuple[list[str], Version]:
    """Return the lines without their version, and which one; those of 2.1 as lines of 3.0."""
    version, texts = "", []
    for text in lines:
        found = None if version else _VERSION.fullmatch(text)
        if found:
            version = found[1]
        else:
            texts.append(text)
    if version == "2.1":
        parts = [(text, parsed(text)) for text in texts]
        return [text if line is None else as_30(line).text for text, line in parts], "3.0"
    return texts, "4.0" if version.startswith(("4", "5")) else "3.0"
