"""Full-text search in words: what is a word, what is asked for, and what is shown of a text.

Every database gets words that were found and folded here, with their stems, so all of them find
alike, and no text of a person ever reaches a query language.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from twin_module.core.errors import InvalidParam
from twin_module.core.stems import stems

MAX_ASKED: Final = 200
"""The longest question, in characters."""
MAX_WORDS: Final = 10
"""The most words of a question."""
MAX_WORD: Final = 64
"""So much of a word counts, in characters."""
MOST_TEXT: Final = 180_000
"""So many bytes of different words and stems are found of a text that an event holds."""
MOST_LONG: Final = 800_000
"""The same of a text that lies in media; PostgreSQL takes less than 1 MiB for both."""
_FOR_WORDS: Final = 0.7
"""The part of these that is for words; the rest is for stems that are no words of the text."""
_WORD_COST: Final = 5
"""What PostgreSQL adds to each different word, in bytes, at most."""
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
_UNEVEN: Final = re.compile(r"\s\s|[^\S ]")
"""Where space is anything but one space."""


class Part(NamedTuple):
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


@dataclass(frozen=True, slots=True)
class Entry:
    """What a text is found by: folded words, each once, with spaces between."""

    words: str
    stems: str
    """Those of its words that are none of them."""


NOTHING: Final = Entry("", "")


def entry(text: str, most: int = MOST_TEXT) -> Entry:
    """Return what a text is found by; 5 MB take a second, in which other threads go on.

    Args:
        text: as `composed` returns it.
        most: bytes that a database may need for it; further words are not found.
    """
    whole = _within(_all_words(text), int(most * _FOR_WORDS))
    further = (each for each in stems(whole) if each not in whole)
    return Entry(" ".join(whole), " ".join(_within(further, int(most * (1 - _FOR_WORDS)))))


def _within(words: Iterable[str], left: int) -> dict[str, None]:
    """Return the different ones of words, in order, as far as there is room for them."""
    kept: dict[str, None] = {}
    for word in words:
        if word not in kept:
            left -= len(word.encode()) + _WORD_COST
            if left < 0:
                break
            kept[word] = None
    return kept


def _all_words(text: str) -> Iterator[str]:
    if text.isascii():
        # The same as below, several times as fast.
        return (each.group()[:MAX_WORD] for each in _ASCII_WORD.finditer(text.lower()))
    return (word for run in _WORD.finditer(text) for _, word in _folded(run))


def asked(question: str) -> Sequence[str]:
    """Return the folded words of a question, each once.

    Every one means what begins with it, and what has its stem.

    Raises:
        InvalidParam: there are none, or too many.
    """
    if len(question) > MAX_ASKED:
        raise InvalidParam(f"q: {MAX_ASKED} characters are the most.")
    text = composed(question)
    found = list(dict.fromkeys(_all_words(text)))
    if not found:
        raise InvalidParam("q: name at least one word to search for.")
    if len(_WORD.findall(text)) > MAX_WORDS:
        raise InvalidParam(f"q: {MAX_WORDS} words are the most.")
    return found


def spellings(question: str) -> Sequence[Sequence[str]]:
    """Return each word of a question in the ways that an index may have it which folds only ASCII."""
    words = dict.fromkeys(run.group() for run in _WORD.finditer(composed(question)))
    return [
        [word.lower()]
        if word.isascii()
        else list(
            dict.fromkeys((word.lower(), word.capitalize(), word.upper(), word, fold(word) or word))
        )
        for word in words
    ]


class Wanted:
    """Finds words that were asked for in texts: those that begin with one, or have its stem."""

    def __init__(self, asked_for: Sequence[str]) -> None:
        """Take folded words, as `asked` returns them."""
        self._beginnings = tuple(asked_for)
        self._stems = {*asked_for, *stems(asked_for)}
        self._known: dict[str, bool] = {}
        # A stem begins as its word does, which spares most words of a text the work.
        self._initials = {each[0] for each in self._stems}
        letters = "".join(sorted(each for each in self._initials if each.isascii()))
        self._in_ascii = re.compile(
            f"(?<![A-Za-z0-9])[{letters}{letters.upper()}][A-Za-z0-9]*" if letters else "(?!)"
        )

    def fits(self, word: str) -> bool:
        """Tell whether a folded word is one."""
        if word.startswith(self._beginnings):
            return True
        if word[0] not in self._initials:
            return False
        known = self._known.get(word)
        if known is None:
            known = not self._stems.isdisjoint((word, *stems([word])))
            self._known[word] = known
        return known

    def matches(self, text: str) -> Iterator[re.Match[str]]:
        """Return where they stand in a text."""
        if text.isascii():
            for run in self._in_ascii.finditer(text):
                if self.fits(run[0].lower()[:MAX_WORD]):
                    yield run
            return
        for run in _WORD.finditer(text):
            if run[0][0].lower() in self._initials or not run[0].isascii():
                yield from (part for part, word in _folded(run) if self.fits(word))


def has_all(text: str, asked_for: Sequence[str]) -> bool:
    """Tell whether a text, as `composed` returns it, has all words that were asked for, in any form."""
    found = entry(text).words.split()
    return all(any(map(Wanted([each]).fits, found)) for each in asked_for)


def marked(text: str, wanted: Wanted) -> Sequence[Part]:
    """Return all of a text in parts; as for `excerpt`, but for its length."""
    return _parts(text, 0, len(text), wanted.matches(text))


def excerpt(text: str, wanted: Wanted) -> Sequence[Part]:
    """Return the surroundings of the first word that was asked for, about 160 characters.

    Args:
        text: the beginning of a longer one, or all of it, as `composed` returns it.
        wanted: what was asked for.

    Returns:
        The parts in order; the beginning of the text where no word of it was asked for.
    """
    matches = wanted.matches(text)
    first = next(matches, None)
    start = max(0, first.start() - _BEFORE) if first else 0
    if start and first:
        gap = _SPACE.search(text, start, min(first.start(), start + _EDGE))
        start = gap.end() if gap else start
    end = min(len(text), start + EXCERPT)
    if end < len(text):
        gaps = [each.start() for each in _SPACE.finditer(text, max(start, end - _EDGE), end)]
        end = gaps[-1] if gaps and (first is None or gaps[-1] >= first.end()) else end
    return _parts(text, start, end, chain([first], matches) if first else ())


def _parts(text: str, start: int, end: int, matches: Iterable[re.Match[str]]) -> Sequence[Part]:
    """Part a text, with one space where there was any; neighbours of a kind make one part."""
    parts: list[Part] = []
    even = _UNEVEN.search(text, start, end) is None
    at, between = start, "…" if start else ""

    def add(part: str, *, match: bool) -> None:
        part = part if even else _SPACE.sub(" ", part)
        if part and (match or part != " " or parts):
            parts.append(Part(part, match))

    for begins, ends in _spans(matches, end):
        add(between + text[at:begins], match=False)
        add(text[begins:ends], match=True)
        at, between = ends, ""
    add(between + text[at:end] + ("…" if end < len(text) else ""), match=False)
    return parts


def _spans(matches: Iterable[re.Match[str]], limit: int) -> Sequence[tuple[int, int]]:
    """Return where matches stand before a limit; those without anything between are one."""
    spans: list[tuple[int, int]] = []
    for each in matches:
        begins, ends = each.span()
        if begins >= limit:
            break
        if spans and spans[-1][1] == begins:
            begins = spans.pop()[0]
        spans.append((begins, min(ends, limit)))
    return spans


def _folded(run: re.Match[str]) -> Iterator[tuple[re.Match[str], str]]:
    """Return the words of a run of letters, folded, with where they stand."""
    if run.group().isascii():
        yield run, run.group().lower()[:MAX_WORD]
        return
    for part in _ALONE.finditer(run.string, run.start(), run.end()):
        word = fold(part.group())
        if word:
            yield part, word
