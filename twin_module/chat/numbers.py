"""Answers by number: "2", "1 done", "1, 3 done", "all done". Pure."""

import re
from typing import Final

MOST: Final = 50
_ALL: Final = ("all", "alle", "alles")
# Behind the last number stands a space or a mark with one: 18:00, 3.4. and 2h are no numbers here.
_NUMBERS: Final = re.compile(
    r"(\d{1,3}(?:(?:\s*,\s*|\s+and\s+|\s+und\s+|\s+)\d{1,3})*)(?=$|\s|[.):,](?:\s|$))",
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
