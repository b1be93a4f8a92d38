"""A sentence as words, numbers and signs, so that what looks like a date can be found cheaply."""

import re
from dataclasses import dataclass
from typing import Final

QUOTED: Final = re.compile(
    r"""(?<!\w)(?:"([^"]+)"|„([^“”"]+)[“”"]|“([^”]+)”|»([^«]+)«|«([^»]+)»|`([^`]+)`|'([^']+)')(?!\w)"""
)
"""What stands in quotation marks, in one of the groups."""

DASHES: Final = ("-", "–", "—")  # noqa: RUF001 -- people and keyboards write all three

_TOKEN: Final = re.compile(r"[^\W\d_]+|[0-9]+|\S")
_CLOSING: Final = frozenset(",;:.!?…)]")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number or a sign, and where it stands; `word` is in lower case."""

    start: int
    end: int
    written: str
    word: str
    glued: bool
    """Whether nothing stands between it and the token before it."""


class Tokens:
    """The tokens of a text; reading behind its end gives one that fits nothing."""

    def __init__(self, text: str, *, goes_on: bool = False) -> None:
        self._goes_on = goes_on
        self._tokens: list[Token] = []
        before = -1
        for quoted, start, end in _pieces(text):
            if quoted:
                self._tokens.append(Token(start, end, "", '"', start == before))
                before = end
                continue
            for found in _TOKEN.finditer(text, start, end):
                token = Token(
                    found.start(), found.end(), found[0], found[0].lower(), found.start() == before
                )
                self._tokens.append(token)
                before = found.end()
        self._none = Token(len(text), len(text), "", "", False)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._tokens)

    def __getitem__(self, at: int) -> Token:
        """Return the token at a place, or one that fits nothing."""
        return self._tokens[at] if 0 <= at < len(self._tokens) else self._none

    def word(self, at: int) -> str:
        """Return what is written at a place, in lower case; "" behind the end."""
        return self[at].word

    def glued(self, at: int, *words: str) -> bool:
        """Tell whether one of some words stands right behind what is before it."""
        token = self[at]
        return token.glued and token.word in words

    def number(self, at: int, low: int, high: int, *, digits: int = 2) -> int | None:
        """Return the number at a place, if it is one between two others and not too long."""
        said = self.word(at)
        if not (0 < len(said) <= digits and said.isascii() and said.isdigit()):
            return None
        return int(said) if low <= int(said) <= high else None

    def two_digits(self, at: int, high: int) -> int | None:
        """Return the number of two digits that is glued to what is before it."""
        glued = self[at].glued and self[at].end - self[at].start > 1
        return self.number(at, 0, high) if glued else None

    def says(self, at: int, *words: str) -> bool:
        """Tell whether some words follow each other from a place on."""
        return all(self.word(at + number) == word for number, word in enumerate(words))

    def opens(self, at: int) -> bool:
        """Tell whether something may begin here: behind a space, a bracket or a comma."""
        return not self[at].glued or self.word(at - 1) in ("(", "[", ",", ";")

    def closes(self, at: int) -> bool:
        """Tell whether something may end before this place: nothing but signs are glued to it."""
        while self[at].glued and self.word(at) in _CLOSING:
            at += 1
        return not self[at].glued

    def ends(self, at: int) -> bool:
        """Tell whether nothing follows but signs, and words like `@bob` and `#home`."""
        while at < len(self):
            if self.word(at) in ("@", "#"):
                at += 1
                while self[at].glued:
                    at += 1
            elif self.word(at) in _CLOSING:
                at += 1
            else:
                return False
        return not self._goes_on


def _pieces(text: str) -> list[tuple[bool, int, int]]:
    """Part a text into what is quoted and what is not."""
    pieces, at = [], 0
    for found in QUOTED.finditer(text):
        pieces += [(False, at, found.start()), (True, found.start(), found.end())]
        at = found.end()
    return [*pieces, (False, at, len(text))]
