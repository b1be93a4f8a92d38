"""The words of a message, with what is quoted and what stands as `name=value`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from json import JSONDecoder
from typing import Final

from twin_module.chat.language.folding import bare

QUOTES: Final = {
    '"': '"',
    "'": "'",
    "\u201c": "\u201d\u201c",
    "\u201e": "\u201c\u201d",
    "\u2018": "\u2019\u2018",
    "\u201a": "\u2018\u2019",
    "«": "»",
    "»": "«",
}
"""What closes a quotation, by what opens it; clients put in typographic ones by themselves."""
_NAME: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_.]{0,63})=")
_PLAIN: Final = re.compile(r"\S+")
_SPACE: Final = re.compile(r"\s*")
_BEHIND: Final = ".,;:!?)…"
"""What may stand behind a quotation without a space."""
_ESCAPED: Final = re.compile(r'\\(["\\])')
_MOST_JSON: Final = 20
"""So many values that look like JSON are read as such, each up to the end of the text."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word, a quotation, or a value with a name."""

    text: str
    """Without quotation marks, and without the name."""
    raw: str
    """As it was written."""
    before: str
    """The space before it."""
    quoted: bool = False
    name: str | None = None
    bare: str = field(default="", compare=False)
    """What it is compared by; empty where it is quoted."""


def words_of(text: str) -> list[Word]:
    """Return the words of a text, in order; a quotation that nothing closes is none."""
    return list(_Splitter(text).words())


def written(words: Sequence[Word]) -> str:
    """Return words as they were written, without the space around them."""
    return "".join(each.before + each.raw for each in words).strip()


class _Splitter:
    """Goes through a text once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends: dict[str, int] = {}
        """Where the next quotation ends, by its mark; the end of the text where none does."""
        self._json_left = _MOST_JSON

    def words(self) -> Iterator[Word]:
        """Yield the words."""
        text, at = self._text, 0
        while True:
            begin = _end(_SPACE, text, at)
            if begin == len(text):
                return
            named = _NAME.match(text, begin)
            inside = named.end() if named else begin
            said, end, quoted = self._value(inside, named=named is not None)
            raw = text[begin:end]
            name = named.group(1) if named else None
            compared = "" if quoted or named else bare(raw)
            yield Word(said, raw, text[at:begin], quoted, name, compared)
            at = end

    def _value(self, at: int, *, named: bool) -> tuple[str, int, bool]:
        text = self._text
        closing = self._closing(at)
        if closing is not None:
            inside = text[at + 1 : closing]
            said = _ESCAPED.sub(r"\1", inside) if text[at] == '"' else inside
            return said, closing + 1, True
        if named and text[at : at + 1] in ("[", "{"):
            end = self._end_of_json(at)
            if end is not None:
                return text[at:end], end, False
        found = _PLAIN.match(text, at)
        return (found.group(), found.end(), False) if found else ("", at, False)

    def _closing(self, at: int) -> int | None:
        """Return where the quotation ends that begins here, None where none does."""
        marks = QUOTES.get(self._text[at : at + 1])
        if marks is None:
            return None
        end = min(self._next(each, at + 1) for each in marks)
        return end if end < len(self._text) else None

    def _next(self, mark: str, at: int) -> int:
        if self._ends.get(mark, 0) < at:
            end = self._text.find(mark, at)
            while end >= 0 and not self._closes(end):
                end = self._text.find(mark, end + 1)
            self._ends[mark] = end if end >= 0 else len(self._text)
        return self._ends[mark]

    def _closes(self, end: int) -> bool:
        behind = self._text[end + 1 : end + 2]
        return (not behind or behind.isspace() or behind in _BEHIND) and not self._escaped(end)

    def _escaped(self, at: int) -> bool:
        if self._text[at] != '"':
            return False
        before = at
        while before > 0 and self._text[before - 1] == "\\":
            before -= 1
        return (at - before) % 2 == 1

    def _end_of_json(self, at: int) -> int | None:
        if self._json_left == 0:
            return None
        self._json_left -= 1
        try:
            _, end = JSONDecoder().raw_decode(self._text, at)
        except (ValueError, RecursionError):
            return None
        behind = self._text[end : end + 1]
        return end if not behind or behind.isspace() else None


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
