"""A question in the languages of both databases: SQLite's FTS5 and PostgreSQL's tsquery.

Words have letters, digits and marks only, so nothing in them means anything to a database. A word
is in an object in one of three ways: whole; in some form, which is as the beginning of a word or by
its stem; or in some form in the title.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from twin_module.core.stems import stems

FTS5_COLUMNS: Final = "title, title_stems, words, stems, long_words, long_stems"
_WEIGHTS: Final = "ABCDCD"
TSVECTOR: Final = " || ".join(
    f"COALESCE(replace(NULLIF({column}, ''), ' ', ':{at}{weight} ') || ':{at}{weight} ', '')"
    for at, (column, weight) in enumerate(
        zip(FTS5_COLUMNS.split(", "), _WEIGHTS, strict=True), start=1
    )
)
"""The same columns as the text of a tsvector, in which weights say where a word stands. Each column
is a position of its own, since one position keeps one weight only. Words are not parsed again, as
`to_tsvector` would."""
_WHOLE: Final = "{title words long_words}"

_Way: TypeAlias = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked of the database, to find objects and to rank them."""

    found: str
    """All words, in any form."""
    whole: str
    """All words, whole."""
    partly_titled: str
    """All words in any form, and one of them in the title; of one word this is the next."""
    titled: str
    """All words in any form, in the title."""


def fts5(words: Sequence[str]) -> Questions:
    """Return questions for `MATCH`."""
    return _questions(
        words,
        form=lambda word: f'({_WHOLE}: "{word}" * OR {_any(word)})',
        whole=lambda word: f'{_WHOLE}: "{word}"',
        title=lambda word: f'({{title}}: "{word}" * OR {{title title_stems}}: ({_any(word)}))',
        both=" AND ",
        either=" OR ",
    )


def _any(word: str) -> str:
    return " OR ".join(f'"{each}"' for each in _same(word))


def tsquery(words: Sequence[str]) -> Questions:
    """Return questions for `@@`, as the text of a tsquery."""
    return _questions(
        words,
        form=lambda word: " | ".join((f"({word}:*AC", *_same(word))) + ")",
        whole=lambda word: f"{word}:AC",
        title=lambda word: (
            " | ".join((f"({word}:*A", *(f"{each}:AB" for each in _same(word)))) + ")"
        ),
        both=" & ",
        either=" | ",
    )


def _questions(
    words: Sequence[str], *, form: _Way, whole: _Way, title: _Way, both: str, either: str
) -> Questions:
    found, titles = both.join(map(form, words)), list(map(title, words))
    titled = both.join(titles)
    return Questions(
        found=found,
        whole=both.join(map(whole, words)),
        partly_titled=f"{found}{both}({either.join(titles)})" if len(titles) > 1 else titled,
        titled=titled,
    )


def _same(word: str) -> Sequence[str]:
    """Return a word with its stems, each once."""
    return list(dict.fromkeys((word, *stems([word]))))
