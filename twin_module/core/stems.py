"""Stems of German and English words, by Snowball's algorithms: `houses` and `house` have one.

Which language a text has is not known, so a word has a stem in each. Words come folded (see
`search.py`), which both algorithms take: German's leaves umlauts out of stems anyway. A later
version of Snowball may make other stems, so what was kept of words has to be made again with it.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from Stemmer import Stemmer

LANGUAGES: Final = ("german", "english")


def stems(words: Iterable[str]) -> Sequence[str]:
    """Return what words come from, each stem once, in the order of the words; a word may be its own."""
    # New ones each time, which costs nothing: threads may not share one.
    languages = [Stemmer(each, 0) for each in LANGUAGES]
    found: dict[str, None] = {}
    for word in words:
        if word.isascii():
            for language in languages:
                found[language.stemWord(word)] = None
    return list(found)
