"""How search orders what it finds, in plain Python: what every database is held against."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st

from twin_module.core.search import asked, composed, entry
from twin_module.core.stems import stems

WORDS: Final = (
    "Haus",
    "Häuser",
    "Häuserzeile",
    "Mueller",
    "Müller",
    "bread",
    "breads",
    "breadth",
    "x",
)
QUESTIONS: Final = (*WORDS, "Hau", "muel", "brea", "bread Haus", "Häuser Müller x", "breads haus b")

sentences: Final = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)


@dataclass(frozen=True)
class Thing:
    """Something that may be found."""

    uid: str
    title: str
    text: str
    ts: int


def order(things: Sequence[Thing], question: str) -> list[str]:
    """Return the uids of what is to be found, best first."""
    scores = {each: score(each, question) for each in things}
    found = [each for each in things if scores[each] is not None]
    return [each.uid for each in sorted(found, key=lambda each: (-(scores[each] or 0), -each.ts))]


def score(thing: Thing, question: str) -> int | None:
    """Return how good a find is, as docs/search.md says; None is no find."""
    title, text = _words(thing.title), _words(thing.text)
    sought = asked(question)
    titled = [_has(title, word) for word in sought]
    if not all(has or _has(text, word) for has, word in zip(titled, sought, strict=True)):
        return None
    whole = all(word in {*title, *text} for word in sought)
    return 2 * any(titled) + 2 * all(titled) + whole


def _words(text: str) -> Sequence[str]:
    return entry(composed(text)).words.split()


def _has(words: Sequence[str], sought: str) -> bool:
    known = {*words, *stems(words)}
    return any(each.startswith(sought) for each in words) or not known.isdisjoint(
        {sought, *stems([sought])}
    )
