"""What may stand anywhere among words: people, #words, and a date or time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from twin_module.chat.language import dates
from twin_module.chat.language.dates import Moment
from twin_module.chat.language.said_words import Word, words_of, written
from twin_module.chat.language.values import Setting
from twin_module.core.capability import Phrase

MOST: Final = 1000
"""In longer texts no date is looked for."""
_PERSON: Final = re.compile(r"(@[^\W_][^\s:,;]*(?::[^\s,;]+)?)[.,;:!?]*")
_TAG: Final = re.compile(r"#(\w[\w-]{0,99})[.,;:!?]*")
BESIDE: Final = ("with", "for", "mit", "fur")
"""What stands before somebody, and means nothing once they are taken out; without accents."""
_QUOTED: Final = "\ufffc"
"""Stands for a quotation while a date is looked for."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Words, and what stood among them."""

    text: str
    """What is left, without the quotation marks where all of it is one quotation."""
    people: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    moment: Moment | None = None


def tag_in(word: Word) -> str | None:
    """Return the #word that a word is; numbers alone are none."""
    found = None if word.quoted or word.name else _TAG.fullmatch(word.raw)
    return found.group(1) if found and not found.group(1).isdecimal() else None


def without_tags(words: Sequence[Word]) -> Parts:
    """Return words without #words."""
    tags = {index: tag for index, word in enumerate(words) if (tag := tag_in(word))}
    rest = [word for index, word in enumerate(words) if index not in tags]
    return Parts(said(rest), tags=tuple(tags.values()))


def taken_apart(words: Sequence[Word], phrase: Phrase, setting: Setting) -> Parts:
    """Return words without what a phrase lets stand anywhere; quotations stay as they are."""
    people: list[str] = []
    tags: list[str] = []
    rest: list[Word] = []
    for word in words:
        person = None
        if phrase.people and not word.quoted and word.name is None:
            person = _PERSON.fullmatch(word.raw)
        tag = tag_in(word) if phrase.keywords else None
        if person:
            people.append(person.group(1).rstrip(".:!?"))
            if rest and rest[-1].bare in BESIDE:
                rest.pop()
        elif tag:
            tags.append(tag)
        else:
            rest.append(word)
    text, moment = _without_moment(rest, setting) if phrase.moment else (said(rest), None)
    return Parts(text, tuple(people), tuple(tags), moment)


def said(words: Sequence[Word]) -> str:
    """Return the text of words; of a single quotation what is inside."""
    return words[0].text if len(words) == 1 and words[0].quoted else written(words)


def unquoted(text: str) -> str:
    """Return a name without the quotation marks that all of it stands in."""
    return said(words_of(text)) if text else text


def _without_moment(words: Sequence[Word], setting: Setting) -> tuple[str, Moment | None]:
    quoted = [word for word in words if word.quoted]
    plain = "".join(word.before + (_QUOTED if word.quoted else word.raw) for word in words).strip()
    if len(plain) > MOST or plain.count(_QUOTED) != len(quoted):
        return said(words), None
    left, moment = dates.find(plain, setting.now, setting.language)
    left = left.strip()
    if moment is None or left.count(_QUOTED) != len(quoted):
        return said(words), None
    if left == _QUOTED:
        return quoted[0].text, moment
    for word in quoted:
        left = left.replace(_QUOTED, word.raw, 1)
    return left, moment
