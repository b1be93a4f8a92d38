"""Answers by number: "2", "1 done", "1, 3 done", "all done". Pure."""

import re
from typing import Final

MOST: Final = 50
_NEXT: Final = re.compile(r"\s*[,;]\s*(?=\d{1,3}(?:[.):]?\s+\S|\s*,\s*\d))")
"""What stands between answers to several numbers in a line."""
_ALL: Final = ("all", "alle", "alles")
# Behind the last number stands a space or a mark with one: 18:00, 3.4. and 2h are no numbers here.
_NUMBERS: Final = re.compile(
    r"(\d{1,3}(?:(?:\s*[,&+]\s*|\s+and\s+|\s+und\s+|\s+)\d{1,3})*)(?=$|\s|[.):,](?:\s|$))",
    re.IGNORECASE,
)


def numbered(text: str, count: int) -> tuple[list[int], str]:
    """Return which numbers an answer names, and what it says of them.

    Args:
        text: the answer.
        count: up to where the message counts that is answered.

    Returns:
        The numbers from 1 to `count`, each once and in the order of the answer, and the rest of
        the words; no numbers and all of the words where it begins with none, or one too high.
    """
    said = text.strip()
    first, _, rest = said.partition(" ")
    if first.casefold().strip(",.:") in _ALL and count:
        return list(range(1, min(count, MOST) + 1)), rest.strip()
    found = _NUMBERS.match(said)
    numbers = [int(each) for each in re.findall(r"\d+", found.group(1))] if found else []
    if found is None or not all(1 <= each <= count for each in numbers):
        return [], said
    return list(dict.fromkeys(numbers)), said[found.end() :].lstrip(":,.) ").strip()


def parted(text: str, count: int) -> list[str]:
    """Return the answers of a text that says something else of each number: 1 done, 2 tomorrow.

    It is one answer where not each part of it names numbers up to `count`, and says something.
    """
    parts: list[str] = []
    lines = [line for line in text.splitlines() if line.strip()]
    for piece in lines if len(lines) > 1 else _NEXT.split(text.strip()):
        if parts and not numbered(parts[-1], count)[1]:
            parts[-1] += f", {piece}"
        else:
            parts.append(piece)
    whole = all(numbers and words for numbers, words in (numbered(each, count) for each in parts))
    return parts if whole else [text]
