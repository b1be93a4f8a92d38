"""Page tokens: where a page of a list ended, as text that a reader hands back unread."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any, Final

from twin_module.core.errors import InvalidParam

WORD: Final = (str,)
NUMBER: Final = (int,)
_LARGEST: Final = 2**63 - 1
"""The largest integer of a database."""


def write_token(place: Sequence[Any]) -> str:
    """Return a place in a list as a token."""
    return urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def read_token(token: str, *kinds: tuple[type, ...]) -> Sequence[Any]:
    """Return the place that a token stands for.

    Args:
        token: as it was handed out, or anything else.
        kinds: of each part, which types it may have.

    Raises:
        InvalidParam: it is not one of ours, or holds what no database takes.
    """
    try:
        place = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, RecursionError):
        place = None
    if (
        not isinstance(place, list)
        or len(place) != len(kinds)
        or not all(_is_one_of(part, kind) for part, kind in zip(place, kinds, strict=True))
    ):
        raise InvalidParam("from: this is not a token that a page before handed out.")
    return place


def _is_one_of(part: Any, kind: tuple[type, ...]) -> bool:
    if not isinstance(part, kind) or isinstance(part, bool):
        return False  # true is an int in Python, and no number in PostgreSQL
    if isinstance(part, int):
        return -_LARGEST <= part <= _LARGEST
    if isinstance(part, str):
        try:
            return b"\x00" not in part.encode()
        except UnicodeEncodeError:
            return False
    return True
