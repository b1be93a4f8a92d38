"""Who is in a document and where their cursors are: the awareness messages of y-protocols.

An entry is a client, a clock that grows with each change, and its state as JSON text; `null` says
that the client has left. Nothing of this is ever stored.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from twin_module.core.crdt import BadUpdate
from twin_module.core.varints import Reader, buffer, number

MAX_ENTRIES: Final = 100
MAX_ENTRY_BYTES: Final = 4096
GONE: Final = "null"


@dataclass(frozen=True, slots=True)
class Entry:
    """One client's state."""

    client: int
    clock: int
    state: str
    """As JSON text."""


def read(data: bytes) -> list[Entry]:
    """Return the entries of a message.

    Raises:
        BadUpdate: it is none, or too large.
    """
    try:
        entries = _entries(Reader(data))
    except (ValueError, RecursionError) as error:
        raise BadUpdate(f"This is no message about who is here: {error}") from error
    return entries


def _entries(reader: Reader) -> list[Entry]:
    count = reader.number()
    if count > MAX_ENTRIES:
        raise ValueError(f"it has more than {MAX_ENTRIES} entries")
    entries = [Entry(reader.number(), reader.number(), reader.text()) for _ in range(count)]
    if any(len(entry.state) > MAX_ENTRY_BYTES for entry in entries):
        raise ValueError(f"an entry has more than {MAX_ENTRY_BYTES} bytes")
    for entry in entries:
        json.loads(entry.state)
    if not reader.ended:
        raise ValueError("something follows its end")
    return entries


def written(entries: Iterable[Entry]) -> bytes:
    """Return entries as a message."""
    parts = [
        number(each.client) + number(each.clock) + buffer(each.state.encode()) for each in entries
    ]
    return number(len(parts)) + b"".join(parts)


def newest(messages: Iterable[bytes]) -> bytes:
    """Return one message that says what several say, the newest of each client.

    Raises:
        BadUpdate: one of them is none.
    """
    found: dict[int, Entry] = {}
    for entry in (entry for message in messages for entry in read(message)):
        known = found.get(entry.client)
        # Of two with the same clock, the one that says that the client has left is the newer one.
        if known is None or (known.clock, known.state == GONE) < (entry.clock, entry.state == GONE):
            found[entry.client] = entry
    return written(found.values())
