"""The messages that editors of a document speak: y-protocols, as `y-websocket` frames them.

Each message begins with what it is about: the document (sync), cursors and names (awareness), a
refusal (auth), or the question who is there (query awareness). Sync messages say what they have
(step 1), answer with what the other lacks (step 2), or bring what is new (update).
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from twin_module.core.varints import Reader, buffer, number

_SYNC, _AWARENESS, _AUTH, _QUERY = range(4)
_STEP1, _STEP2, _UPDATE = range(3)
_DENIED: Final = 0

NOBODY: Final = b"\0"
"""The awareness update of nobody."""


@dataclass(frozen=True, slots=True)
class Have:
    """What an editor has, as a state vector; it wants to get the rest."""

    vector: bytes


@dataclass(frozen=True, slots=True)
class Edit:
    """What an editor brings."""

    update: bytes
    asked: bool
    """Whether it is an answer; it then names all that was ever deleted, whoever did it."""


@dataclass(frozen=True, slots=True)
class Presence:
    """Where the cursors of some clients are, and whose they are."""

    update: bytes


@dataclass(frozen=True, slots=True)
class WhoIsThere:
    """The wish to hear of everybody's presence."""


Spoken: TypeAlias = Have | Edit | Presence | WhoIsThere


def read(message: bytes) -> Spoken:
    """Read a message of an editor.

    Raises:
        ValueError: it is none that an editor sends.
    """
    reader = Reader(message)
    kind = reader.number()
    said: Spoken
    if kind == _SYNC:
        step = reader.number()
        if step > _UPDATE:
            raise ValueError(f"sync messages of kind {step} are not known")
        data = reader.buffer()
        said = Have(data) if step == _STEP1 else Edit(data, step == _STEP2)
    elif kind == _AWARENESS:
        said = Presence(reader.buffer())
    elif kind == _QUERY:
        said = WhoIsThere()
    else:
        raise ValueError(f"messages of kind {kind} are not known")
    if not reader.ended:
        raise ValueError("something follows the end of the message")
    return said


def have(vector: bytes) -> bytes:
    """Return the message that asks for what a state vector lacks."""
    return number(_SYNC) + number(_STEP1) + buffer(vector)


def answer(update: bytes) -> bytes:
    """Return the message that answers what somebody has."""
    return number(_SYNC) + number(_STEP2) + buffer(update)


def news(update: bytes) -> bytes:
    """Return the message that brings what is new."""
    return number(_SYNC) + number(_UPDATE) + buffer(update)


def presence(update: bytes) -> bytes:
    """Return the message that brings an awareness update."""
    return number(_AWARENESS) + buffer(update)


def denied(reason: str) -> bytes:
    """Return the message that something was refused."""
    return number(_AUTH) + number(_DENIED) + buffer(reason.encode())
