"""The state of a text that several people write, as a CRDT: Yjs's, by the library pycrdt.

A state and an update have the same form, Yjs's update format (version 1): a state is the update
from nothing. Whatever order updates come in, and however often, the same set of them makes the
same text. Nothing here is trusted before `crdt_shape` has read it.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, Final

from pycrdt import Doc, Text, XmlFragment, get_state, get_update, merge_updates

from twin_module.core.crdt_shape import (
    Deletes,
    Outline,
    deletes_of,
    deletes_within,
    outline,
    read_vector,
    waits_for_nothing,
)
from twin_module.core.errors import TwinError
from twin_module.core.prosemirror import edit_blocks, markdown
from twin_module.core.textdiff import changes

MAX_UPDATE_BYTES: Final = 6 * 1024 * 1024
"""Of one update; more than the longest text needs."""
MAX_STATE_BYTES: Final = 16 * 1024 * 1024
MAX_DEPTH: Final = 100
"""How deep blocks may lie in each other; the library fails at some ten thousand."""
MAX_WORK: Final = 1_000_000_000
"""How often the library may have to compare pieces while it carries an update out, at worst."""
EMPTY: Final = b"\x00\x00"
BYTES_OF_A_PIECE: Final = 8
"""About so many bytes a piece of a state has."""
TEXT: Final = "text"
BLOCKS: Final = "prosemirror"
"""What ProseMirror's bindings call the fragment that they write."""


class BadUpdate(TwinError):
    """The bytes are no update of a shared text, or one that is too large or does not fit its text."""

    status = 400
    errcode = "ORG.DIGITALTWIN.BAD_UPDATE"


@contextmanager
def _carried_out() -> Iterator[None]:
    """Turn every way in which the library refuses bytes into one error."""
    try:
        yield
    except (ValueError, RuntimeError, OverflowError, AttributeError, TypeError) as error:
        raise BadUpdate(f"This is no update of a shared text: {error}") from error
    except BaseException as error:
        # The library's own failure is no Exception, so that nobody catches it by accident.
        if type(error).__name__ != "PanicException":
            raise
        raise BadUpdate("This update does not fit its text.") from error


def check_update(update: bytes, most: int = MAX_UPDATE_BYTES) -> None:
    """Refuse bytes that can't be carried out.

    Raises:
        BadUpdate: says why.
    """
    _outline(update, 1, most)


def _outline(update: bytes, below: int, most: int, beside: int = 0) -> Outline:
    """Read an update that is to be carried out beside so many pieces."""
    if len(update) > most:
        raise BadUpdate(f"An update has {most} bytes at most, and this one has {len(update)}.")
    with _carried_out():
        shape = outline(update, below)
    # Each piece of a crowd may be compared with all that is there.
    if shape.crowd * (shape.structs + beside) > MAX_WORK:
        raise BadUpdate("Too many pieces of this update claim the same place.")
    return shape


class Replica:
    """A copy of a shared text that takes updates in; what is refused leaves it as it was."""

    def __init__(self, state: bytes = EMPTY) -> None:
        """Begin with a state that was checked before."""
        self._doc = _new_doc()
        self._depth = 1
        self._pieces = len(state) // BYTES_OF_A_PIECE
        self._checked = state
        """What the copy can be made of again."""
        self._since: list[bytes] = []
        with _carried_out():
            self._doc.apply_update(state)

    def check(self, update: bytes, most: int = MAX_UPDATE_BYTES) -> None:
        """Refuse bytes that can't be read.

        Raises:
            BadUpdate: says why.
        """
        _outline(update, self._depth, most, self._pieces)

    def apply(self, update: bytes, most: int = MAX_UPDATE_BYTES) -> bool:
        """Take an update in, and tell whether it brought anything new.

        What builds on something that is missing waits inside until that comes.

        Raises:
            BadUpdate: says why it can't be.
        """
        shape = _outline(update, self._depth, most, self._pieces)
        depth = shape.depth
        if self.contains(update):
            return False
        if depth > MAX_DEPTH:
            # That was a careful guess; this is exact, and takes longer.
            whole = merged_updates([self.state(), update])
            depth = _outline(whole, 1, MAX_STATE_BYTES * 2).depth
            if depth > MAX_DEPTH:
                raise BadUpdate(f"Blocks lie in each other {MAX_DEPTH} deep at most.")
        try:
            with _carried_out():
                self._doc.apply_update(update)
        except BadUpdate:
            self._begin_again()
            raise
        self._depth = max(self._depth, depth)
        self._pieces += shape.structs
        self._since.append(update)
        return True

    def _begin_again(self) -> None:
        self._doc = _new_doc()
        for update in (self._checked, *self._since):
            self._doc.apply_update(update)

    def _is_carried_out(self, update: bytes) -> bool:
        """Tell whether nothing of an update that was applied still waits for what it builds on."""
        vector = self._doc.get_state()
        rest = get_update(update, vector)
        if not waits_for_nothing(rest):
            return False
        clocks = read_vector(vector)
        return all(
            ranges[-1][1] <= clocks.get(client, 0) for client, ranges in deletes_of(rest).items()
        )

    def state(self) -> bytes:
        """Return everything that is here and of which nothing is missing."""
        self._checked = bytes(self._doc.get_update())
        self._since = [update for update in self._since if not self._is_carried_out(update)]
        return self._checked

    def vector(self) -> bytes:
        """Return what is here, as a state vector."""
        return bytes(self._doc.get_state())

    def missing(self, vector: bytes) -> bytes:
        """Return what somebody lacks who has a state vector.

        Raises:
            BadUpdate: that is no state vector.
        """
        with _carried_out():
            return bytes(self._doc.get_update(vector))

    def contains(self, update: bytes) -> bool:
        """Tell whether an update brings nothing new."""
        return self.contained([update])[0]

    def contained(self, updates: Sequence[bytes]) -> list[bool]:
        """Tell of each update whether it brings nothing new."""
        vector = self._doc.get_state()
        here: Deletes | None = None
        found = []
        for update in updates:
            with _carried_out():
                rest = get_update(update, vector)
                deleted = deletes_of(rest) if waits_for_nothing(rest) else None
                if deleted and here is None:
                    here = deletes_of(get_update(self._doc.get_update(), vector))
                found.append(deleted is not None and deletes_within(deleted, here or {}))
        return found

    def text(self) -> str:
        """Return the text, in Markdown where it was written as blocks."""
        with _carried_out():
            plain = str(self._doc.get(TEXT, type=Text))
            if plain or BLOCKS not in list(self._doc.keys()):
                return plain
            return markdown(self._doc.get(BLOCKS, type=XmlFragment))


def _new_doc() -> Any:
    # It never writes, so its name as a writer never matters.
    return Doc(client_id=0)


def client_id(seed: str) -> int:
    """Return the number by which a writer is known, of 53 bits, as all editors can read it."""
    return int.from_bytes(sha256(seed.encode()).digest()[:8], "big") >> 11


def initial(text: str, seed: str) -> bytes:
    """Return the state of a text that nobody has written together yet.

    The same bytes for the same seed and text, wherever it is called; other bytes for another text.
    """
    if not text:
        return EMPTY
    doc: Any = Doc(client_id=client_id(f"{seed}\n{text}"))
    doc.get(TEXT, type=Text).insert(0, text)
    return bytes(doc.get_update())


def text_of(state: bytes) -> str:
    """Return the text of a state.

    Raises:
        BadUpdate: it is none.
    """
    return union_replica([state]).text()


def union_replica(states: Iterable[bytes], most: int = MAX_STATE_BYTES) -> Replica:
    """Return a copy with all that stands in some states.

    Raises:
        BadUpdate: one of them is none, or all of them are too large.
    """
    replica = Replica()
    for state in states:
        replica.apply(state, most)
    return replica


def union(states: Iterable[bytes]) -> bytes:
    """Return all that stands in some states, as small as it gets.

    What builds on something that is in none of them is left out; see `contains`.

    Raises:
        BadUpdate: one of them is none, or all of them are too large.
    """
    state = union_replica(states).state()
    if len(state) > MAX_STATE_BYTES:
        raise BadUpdate(f"A shared text takes {MAX_STATE_BYTES} bytes at most.")
    return state


def merged_updates(updates: Sequence[bytes]) -> bytes:
    """Return updates as one, also where they build on what is missing.

    Raises:
        BadUpdate: one of them is none.
    """
    if len(updates) == 1:
        return updates[0]
    with _carried_out():
        return bytes(merge_updates(*updates))


def vector(state: bytes) -> bytes:
    """Return what a state holds, as a state vector.

    Raises:
        BadUpdate: it is none.
    """
    check_update(state, MAX_STATE_BYTES)
    with _carried_out():
        return bytes(get_state(state))


def missing(state: bytes, vector: bytes) -> bytes:
    """Return what somebody lacks who has a state vector.

    Raises:
        BadUpdate: one of them can't be read.
    """
    return union_replica([state]).missing(vector)


def contains(state: bytes, other: bytes) -> bool:
    """Tell whether an update brings nothing new to a state.

    Raises:
        BadUpdate: one of them can't be read.
    """
    check_update(other, MAX_STATE_BYTES)
    return union_replica([state]).contains(other)


def edit(state: bytes, new_text: str, writer: int) -> bytes:
    """Return the update that turns the text of a state into another one by small changes.

    Args:
        state: which has the text now.
        new_text: what it is to be; of blocks its Markdown, which may be put a little differently.
        writer: a client ID that never wrote in this text before.

    Raises:
        BadUpdate: it is no state.
    """
    check_update(state, MAX_STATE_BYTES)
    doc: Any = Doc(client_id=writer)
    with _carried_out():
        doc.apply_update(state)
        before = doc.get_state()
        text: Any = doc.get(TEXT, type=Text)
        if str(text) or BLOCKS not in list(doc.keys()):
            with doc.transaction():
                _edit_text(text, new_text)
        else:
            with doc.transaction():
                edit_blocks(doc.get(BLOCKS, type=XmlFragment), new_text)
        return bytes(doc.get_update(before))


def _edit_text(text: Any, new_text: str) -> None:
    """Change a text in place; its indices count bytes of UTF-8, and each thing embedded in it as one."""
    old = str(text)
    embedded = _embedded(text)
    offset = place = 0
    for change in changes(old, new_text):
        while embedded and embedded[0] <= change.start:
            embedded.pop(0)
            offset += 1
        offset += len(old[place : change.start].encode())
        gone = len(old[change.start : change.end].encode())
        gone += sum(change.start < each < change.end for each in embedded)
        embedded = [each for each in embedded if each >= change.end]
        if gone:
            del text[offset : offset + gone]
        if change.text:
            text.insert(offset, change.text)
        offset += len(change.text.encode())
        place = change.end


def _embedded(text: Any) -> list[int]:
    """Return at which characters things are embedded that are no text."""
    places: list[int] = []
    at = 0
    for part, _ in text.diff():
        if isinstance(part, str):
            at += len(part)
        else:
            places.append(at)
    return places
