"""The state of a shared text in the content of its document: reading it, and putting it there.

A version of a document stands for a state of its CRDT. Where its text is that of the state it
holds, that is it. Where somebody wrote the text alone, who knows nothing of CRDTs, it is the state
of the version before with the change as an edit. Every twin makes the same bytes of the same
versions, so it never matters which of them does it, or how many.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from pyrsistent import PMap
from unpaddedbase64 import decode_base64, encode_base64

from twin_module.core import crdt
from twin_module.core.capability import EventType, Together
from twin_module.core.crdt import MAX_STATE_BYTES, BadUpdate, Replica
from twin_module.core.errors import NotFound, TooLarge, Unreachable
from twin_module.core.lineage import parents_of
from twin_module.core.ports import Homeserver
from twin_module.core.state import Content, StateEvent, frozen
from twin_module.engine import versions
from twin_module.engine.versions import place_of
from twin_module.engine.writer import MAX_TEXT_BYTES, Writer

logger = logging.getLogger(__name__)

INLINE_STATE_BYTES: Final = 8 * 1024
"""A state up to this size stays in its event."""
MOST_BEFORE: Final = 16
"""How many versions back the text of one is followed that holds no state."""
STATE_TYPE: Final = "application/octet-stream"
EDIT_1: Final = "edit 1 "
"""Goes before the ID of a plain version to name the writer of its edit; a new number for a new way
to find what changed."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a version of a document stands for."""

    state: bytes
    text: str
    whole: bool
    """Whether the version itself holds this state and its text."""
    shared: bool
    """Whether it, or one before it, holds any state."""


class DocumentContent:
    """Reads and writes the states in documents."""

    def __init__(self, homeserver: Homeserver, writer: Writer, types: Iterable[EventType]) -> None:
        self._homeserver = homeserver
        self._writer = writer
        self.types: Mapping[str, EventType] = {each.type: each for each in types if each.together}

    def together(self, event_type: str) -> Together:
        """Return how documents of a type hold their text and state.

        Raises:
            NotFound: texts of this type are not written together.
        """
        known = self.types.get(event_type)
        if known is None or known.together is None:
            raise NotFound("Objects of this kind have no text that people write together.")
        return known.together

    async def meaning(self, event: StateEvent, before: int = MOST_BEFORE) -> Meaning:
        """Return what a version stands for.

        Args:
            event: which has content.
            before: how many versions back it may be followed.

        Raises:
            Unreachable: a file lies on a twin that does not answer.
        """
        text, _ = await self._writer.text(event)
        own = await self.state(event)
        if own is not None and Replica(own).text() == text:
            return Meaning(own, text, whole=True, shared=True)
        earlier = await self._earlier(event, before)
        if earlier is None and own is None:
            seed = f"{event.room_id} {event.type} {event.state_key}"
            return Meaning(crdt.initial(text, seed), text, whole=False, shared=False)
        known = crdt.union([each for each in (earlier and earlier.state, own) if each])
        edit = crdt.edit(known, text, crdt.client_id(f"{EDIT_1}{event.event_id}"))
        state = crdt.union([known, edit])
        shared = own is not None or (earlier is not None and earlier.shared)
        return Meaning(state, crdt.text_of(state), whole=False, shared=shared)

    async def _earlier(self, event: StateEvent, before: int) -> Meaning | None:
        """Return what the version before stands for; None where that can't be known any more."""
        parent = await self.parent(event) if before else None
        if parent is None:
            return None
        try:
            return await self.meaning(parent, before - 1)
        except (NotFound, Unreachable):
            return None  # better its text alone than no document

    async def parent(self, event: StateEvent) -> StateEvent | None:
        """Return the version that one was made on, None where there is none or nobody has it."""
        parent_id = next(iter(parents_of(event)), None)
        if parent_id is None:
            return None
        found = (await self._homeserver.events([parent_id])).get(parent_id)
        if found is None:
            kept = await self._homeserver.transact(
                "twin_parent", lambda cursor: versions.fetched(cursor, [parent_id])
            )
            found = kept.get(parent_id)
        if found is None:
            try:
                found = await self._homeserver.fetch(event.room_id, parent_id)
            except Unreachable:
                return None  # better its text alone than no document
        if found is None or place_of(found) != place_of(event):
            return None
        fits = bool(found.content) and self.types[event.type].misfit(found) is None
        return found if fits else None

    async def state(self, event: StateEvent, *, checked: bool = False) -> bytes | None:
        """Return the state that a version holds; None where it holds none, or none that can be read.

        Args:
            event: the version.
            checked: whether it was read before, and was good; files are compared with their hash.

        Raises:
            Unreachable: it lies on a twin that does not answer.
        """
        holder = event.content.get(self.together(event.type).state)
        if not isinstance(holder, PMap):
            return None
        try:
            if "state" in holder:
                state = _decoded(holder["state"])
            elif "file" in holder:
                state = await self._downloaded(holder["file"])
            else:
                return None
            if checked:
                return state
            Replica().apply(state, MAX_STATE_BYTES)
        except (BadUpdate, NotFound, TooLarge) as error:
            logger.warning(
                "%s in %s holds no state of a shared text, only its text counts: %s",
                event.event_id,
                event.room_id,
                error.message,
            )
            return None
        return state

    async def _downloaded(self, pointer: Mapping[str, Any]) -> bytes:
        data = await self._homeserver.download(pointer["url"], MAX_STATE_BYTES)
        if len(data) != pointer["size"] or _sha256(data) != pointer["hashes"]["sha256"]:
            raise BadUpdate("The file is not the one that the document points to.")
        return data

    async def with_state(
        self, event_type: str, content: Content, state: bytes, text: str
    ) -> Content:
        """Return content with a text and its state; the writer moves the text where it is long.

        Raises:
            TooLarge: one of them is.
        """
        known, together = self.types[event_type], self.together(event_type)
        if len(text.encode()) > MAX_TEXT_BYTES:
            raise TooLarge(f"/{together.text}: {MAX_TEXT_BYTES} bytes are the most.")
        if len(state) > MAX_STATE_BYTES:
            raise TooLarge(
                f"/{together.state}: the history of this text takes more than {MAX_STATE_BYTES} bytes; begin a new document."
            )
        if known.long_text:
            content = content.discard(known.long_text.pointer)
        return content.set(together.text, text).set(together.state, await self._held(state))

    async def _held(self, state: bytes) -> Content:
        if len(state) <= INLINE_STATE_BYTES:
            return frozen({"state": encode_base64(state)})
        return frozen(
            {
                "file": {
                    "url": await self._homeserver.upload(state, STATE_TYPE),
                    "mimetype": STATE_TYPE,
                    "size": len(state),
                    "hashes": {"sha256": _sha256(state)},
                }
            }
        )


def _sha256(data: bytes) -> str:
    return encode_base64(sha256(data).digest())


def _decoded(text: object) -> bytes:
    try:
        return bytes(decode_base64(str(text)))
    except ValueError as error:
        raise BadUpdate("It is no base64.") from error
