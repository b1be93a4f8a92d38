"""Words as they are compared: without case, accents, and marks that nobody sees or means."""

import unicodedata
from typing import Final

_AROUND: Final = ".,;:!?…"
_UNSEEN: Final = ("Cf", "Mn", "Me")
"""Unicode's categories of joiners, marks of direction and variation, and accents by themselves."""
_SKIN: Final = frozenset(chr(each) for each in range(0x1F3FB, 0x1F400))
_APOSTROPHES: Final = str.maketrans("\u2019\u2018\u00b4`", "''''")
"""Marks that stand for an apostrophe, as keyboards and clients write it."""


def folded(text: str) -> str:
    """Return a text as names are compared: letters of any case and accent are one."""
    spread = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES).casefold())
    seen = (each for each in spread if unicodedata.category(each) not in _UNSEEN)
    return " ".join("".join(seen).split())


def bare(word: str) -> str:
    """Return a word as words of phrases are compared, without the marks of a sentence."""
    return folded(word).strip(_AROUND)


def sign(key: str) -> str:
    """Return an emoji without its variation and its skin tone."""
    return "".join(
        each
        for each in key.strip()
        if each not in _SKIN and unicodedata.category(each) not in _UNSEEN
    )


def storable(text: str) -> str:
    """Return a text without what no event can hold: NUL, and half surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()
