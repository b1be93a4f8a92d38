"""What is read of a calendar or an address book: entries, and what could not be read."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final

from twin_module.core.capability import UID_PATTERN

_AS_KEY: Final = re.compile(UID_PATTERN)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, task or card of a file."""

    key: str
    """The state key: `key_of` its UID."""
    content: dict[str, Any]
    """Canonical JSON; its `@type` says what it is."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One entry of a file that could not be read."""

    name: str
    """Its title, or its UID where it has none."""
    reason: str
    """A sentence for the person whose file it is."""


def key_of(uid: str) -> str:
    """Return the state key of a UID: itself where it can be one, else a hash of it (SHA-256).

    Where it is a hash, the content's `uid` holds the UID.
    """
    if _AS_KEY.fullmatch(uid):
        return uid
    return "uid-" + hashlib.sha256(uid.encode("utf-8", "surrogatepass")).hexdigest()
