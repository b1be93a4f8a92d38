"""Whether JSON of a stranger can be hashed and checked at all, and how its words are shown.

Canonical JSON (Matrix appendices, "Canonical JSON") has one form of bytes for each value. Floats,
larger numbers and half surrogate pairs have none, so nobody can have signed them.
"""

import json
from datetime import UTC, datetime
from typing import Any, Final

from canonicaljson import encode_canonical_json

from twin_module.core.state import READABLE_DEPTH

MAX_INTEGER: Final = 2**53 - 1
"""The largest integer that canonical JSON knows (Matrix appendices, "Canonical JSON")."""
MAX_VALUES: Final = 1_000_000
MAX_SHOWN: Final = 100
"""Characters of a stranger's text that a sentence shows."""


def canonical_problem(value: Any, most: int | None = None) -> str | None:
    """Return why a value is no canonical JSON that is bounded in depth, count and size.

    Args:
        value: anything at all; nothing is raised.
        most: bytes of canonical JSON that it may have.
    """
    stack: list[tuple[Any, int]] = [(value, 0)]
    seen = 0
    while stack:
        item, depth = stack.pop()
        seen += 1
        if seen > MAX_VALUES:
            return f"has more than {MAX_VALUES} values"
        if depth > READABLE_DEPTH:
            return f"is nested deeper than {READABLE_DEPTH} levels"
        problem = _leaf_problem(item)
        if problem:
            return problem
        if isinstance(item, dict):
            stack.extend((key, depth + 1) for key in item)
            stack.extend((child, depth + 1) for child in item.values())
            if not all(isinstance(key, str) for key in item):
                return "has a key that is no text"
        elif isinstance(item, list):
            stack.extend((child, depth + 1) for child in item)
    if most is not None and (size := len(encode_canonical_json(value))) > most:
        return f"has {size} bytes, and {most} is the most"
    return None


def _leaf_problem(item: Any) -> str | None:
    if isinstance(item, float):
        return "holds a number that is not whole, which nobody can sign"
    if isinstance(item, int) and not -MAX_INTEGER <= item <= MAX_INTEGER:
        return "holds a number outside of -(2^53-1) to 2^53-1, which nobody can sign"
    if isinstance(item, str):
        try:
            item.encode()
        except UnicodeEncodeError:
            return "holds half a surrogate pair, which is no character"
    elif item is not None and not isinstance(item, dict | list | int):
        return "is not JSON"
    return None


def shown(text: str) -> str:
    """Return a stranger's text so that it can stand in a sentence on a terminal.

    It is cut, and what has no ink of its own (line breaks, control and direction characters)
    is written as an escape, so that it can neither hide nor pretend anything.
    """
    cut = text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
    return escaped(cut.replace("\\", "\\\\"))


def quoted(text: str) -> str:
    """Return a stranger's text as one thing in quotation marks that it can't end itself."""
    return '"{}"'.format(shown(text).replace('"', '\\"'))


def escaped(text: str) -> str:
    """Return a text, of any length, with JSON's escapes for all that has no ink of its own."""
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


def moment(milliseconds: int) -> str:
    """Return a time in words, given in milliseconds since 1970."""
    try:
        when = datetime.fromtimestamp(milliseconds // 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{milliseconds} ms after 1970"
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"
