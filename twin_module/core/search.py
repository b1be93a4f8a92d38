"""Full-text search in words: what is a word, what is asked for, and what is shown of a text.

Every database gets words that were found and folded here, so all of them find alike, and no
text of a person ever reaches a query language.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from twin_module.core.errors import InvalidParam

MAX_ASKED: Final = 200
"""The longest question, in characters."""
MAX_WORDS: Final = 10
"""The most words of a question."""
MAX_WORD: Final = 64
"""So much of a word counts, in characters."""
MAX_DISTINCT: Final = 800_000
"""So many bytes of different words are found of one text; PostgreSQL takes 1 MiB at most."""
_WORD_COST: Final = 8
"""What PostgreSQL adds to each different word, in bytes, at most."""
MAX_COUNTED: Final = 100_000
"""Of so many words of a text it counts how often they are there; later ones are there, or not."""
EXCERPT: Final = 160
_BEFORE: Final = 50
"""So much of an excerpt stands before the first word that was found."""
_EDGE: Final = 20
"""So much is an excerpt shortened to begin or end at a whole word."""

# Python's \w leaves out marks that letters carry; blocks that have both are taken whole.
_MARKS: Final = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u0900-\u0963"
    "\u0966-\u0e4e\u0e50-\u109f\u135d-\u135f\u17b4-\u17d3\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
    "\u3099\u309a\ufe20-\ufe2f"
)
_WORD: Final = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}])*")
_ASCII_WORD: Final = re.compile("[a-z0-9]+")
# Scripts that put no space between words: each character counts as a word.
_ALONE: Final = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
    "|[^\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_SPACE: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an excerpt; `match` tells whether it is a word that was asked for."""

    text: str
    match: bool


def fold(word: str) -> str:
    """Return a word without case and diacritics: letters, digits and marks only, maybe none."""
    if word.isascii():
        return word.lower()[:MAX_WORD]
    apart = unicodedata.normalize("NFKD", word.casefold())
    bare = "".join(each for each in apart if not unicodedata.combining(each)).casefold()
    return "".join(each for each in bare if _counts(each))[:MAX_WORD]


def _counts(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character).startswith("M")


def composed(text: str) -> str:
    """Return a text as it is kept to be searched: in one of Unicode's forms, without what no database takes."""
    if text.isascii():
        return text.replace("\x00", " ")
    whole = text.encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFC", whole.replace("\x00", " "))


def words(text: str) -> str:
    """Return the folded words of a text, with spaces between; of long texts see MAX_DISTINCT."""
    kept: list[str] = []
    known: set[str] = set()
    left = MAX_DISTINCT
    for word in _all_words(text):
        if word not in known:
            left -= len(word.encode()) + _WORD_COST
            if left < 0:
                break
            known.add(word)
        elif len(kept) >= MAX_COUNTED:
            continue
        kept.append(word)
    return " ".join(kept)


def _all_words(text: str) -> Iterator[str]:
    if text.isascii():
        # The same as below, several times as fast.
        return (each[:MAX_WORD] for each in _ASCII_WORD.findall(text.lower()))
    return (word for _, word in _folded(text))


def asked(question: str) -> Sequence[str]:
    """Return the folded words of a question, each once; every one means what begins with it.

    Raises:
        InvalidParam: there are none, or too many.
    """
    if len(question) > MAX_ASKED:
        raise InvalidParam(f"q: {MAX_ASKED} characters are the most.")
    text = composed(question)
    found = list(dict.fromkeys(word for _, word in _folded(text)))
    if not found:
        raise InvalidParam("q: name at least one word to search for.")
    if len(_WORD.findall(text)) > MAX_WORDS:
        raise InvalidParam(f"q: {MAX_WORDS} words are the most.")
    return found


def excerpt(text: str, wanted: Sequence[str]) -> Sequence[Part]:
    """Return the surroundings of the first word that was asked for, about 160 characters.

    Args:
        text: the beginning of a longer one, or all of it, as `composed` returns it.
        wanted: folded words, as `asked` returns them.

    Returns:
        The parts in order; the beginning of the text where no word of it was asked for.
    """
    first = next(_matches(text, wanted), None)
    start = max(0, first.start() - _BEFORE) if first else 0
    if start and first:
        gap = _SPACE.search(text, start, min(first.start(), start + _EDGE))
        start = gap.end() if gap else start
    end = min(len(text), start + EXCERPT)
    if end < len(text):
        gaps = [each.start() for each in _SPACE.finditer(text, max(start, end - _EDGE), end)]
        end = gaps[-1] if gaps and (first is None or gaps[-1] >= first.end()) else end
    return _joined(_parts(text, start, end, wanted))


def _parts(text: str, start: int, end: int, wanted: Sequence[str]) -> Iterator[Part]:
    if start:
        yield Part("…", match=False)
    at = start
    for each in _matches(text, wanted, start, end):
        yield Part(text[at : each.start()], match=False)
        yield Part(text[each.start() : min(each.end(), end)], match=True)
        at = min(each.end(), end)
    yield Part(text[at:end], match=False)
    if end < len(text):
        yield Part("…", match=False)


def _joined(parts: Iterator[Part]) -> Sequence[Part]:
    """Make one part of neighbours of a kind, with one space where there was any."""
    joined: list[Part] = []
    for match, some in groupby(filter(_is_there, parts), lambda part: part.match):
        text = _SPACE.sub(" ", "".join(part.text for part in some))
        if text and (match or text != " " or joined):
            joined.append(Part(text, match))
    return joined


def _is_there(part: Part) -> bool:
    return bool(part.text)


def _matches(
    text: str, wanted: Sequence[str], start: int = 0, end: int | None = None
) -> Iterator[re.Match[str]]:
    beginnings = tuple(wanted)
    for run, word in _folded(text, start, end):
        if word.startswith(beginnings):
            yield run


def _folded(
    text: str, start: int = 0, end: int | None = None
) -> Iterator[tuple[re.Match[str], str]]:
    """Return the words of a part of a text, folded, with where they stand."""
    limit = len(text) if end is None else end
    for run in _WORD.finditer(text, start):
        if run.start() >= limit:
            return
        if run.group().isascii():
            yield run, run.group().lower()[:MAX_WORD]
            continue
        for part in _ALONE.finditer(text, run.start(), run.end()):
            word = fold(part.group())
            if word:
                yield part, word
