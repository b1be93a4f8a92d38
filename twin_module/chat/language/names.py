"""What people call rooms, people and objects, and which of them they mean."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from twin_module.chat.language.folding import folded
from twin_module.core.matrix_uri import MATRIX_ID

Kind: TypeAlias = Literal["room", "circle", "person", "object"]
ME: Final = "me"
"""The name of who speaks."""
_MATRIX_ID: Final = re.compile(MATRIX_ID)
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Name:
    """What was said in the place of an ID."""

    kind: Kind
    text: str
    many: bool = False
    """Whether the argument is a list."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that a name may mean."""

    id: str
    called: tuple[str, ...]
    """What it is called, the usual name first."""
    kind: str


def pick(text: str, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return what is meant by a name, in the order of the candidates; several are ambiguous.

    The ID comes before a whole name, that before the beginning of one, and last come the beginnings
    of some words in it. Of the first of these that anything fits, all that fit are returned.
    """
    there = list(candidates)
    exact = [each for each in there if each.id == text.strip()]
    wanted = folded(text)
    if exact or not wanted:
        return exact[:1]
    spelled = [(each, _names(each)) for each in there]
    words = _WORD.findall(wanted)
    at_sign = wanted.removeprefix("@")
    for fits in (
        lambda name: name in (wanted, at_sign),
        lambda name: name.startswith((wanted, at_sign) if at_sign else wanted),
        lambda name: bool(words) and _has_words(_WORD.findall(name), words),
    ):
        found = [each for each, names in spelled if any(map(fits, names))]
        if found:
            return _each_once(found)
    return []


def _names(candidate: Candidate) -> Sequence[str]:
    names = [folded(each) for each in candidate.called]
    if candidate.kind == "person" and _MATRIX_ID.match(candidate.id):
        whole = folded(candidate.id).removeprefix("@")
        names += [whole.partition(":")[0], whole]
    return [each for each in names if each]


def _has_words(name: Sequence[str], words: Sequence[str]) -> bool:
    return all(any(each.startswith(word) for each in name) for word in words)


def _each_once(found: Iterable[Candidate]) -> list[Candidate]:
    return list({each.id: each for each in found}.values())
