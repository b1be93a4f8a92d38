"""Documents that people write together: opening, storing, passing on, and writing down.

Edits travel in three ways: at once to the twins that can be reached, within two seconds as an
event of the room, and after some quiet in the document's own state event, which is the truth:
who has that needs nothing before it. Everything that is still to be done is found in the tables
(see `documents_store`), so a twin may be killed at any line.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from unpaddedbase64 import decode_base64, encode_base64

from twin_module.core import crdt
from twin_module.core.authority import may_write, membership_of
from twin_module.core.capability import EventType
from twin_module.core.crdt import EMPTY, BadUpdate
from twin_module.core.effects import Put
from twin_module.core.errors import Forbidden, NotFound, TwinError, Unreachable
from twin_module.core.ports import Homeserver, Message
from twin_module.core.state import StateEvent, frozen
from twin_module.engine import documents_store as store
from twin_module.engine.document_content import DocumentContent
from twin_module.engine.document_duties import SEND_MS, Duties
from twin_module.engine.documents_store import Row
from twin_module.engine.session import Session
from twin_module.engine.shelf import MAX_MESSAGE_BYTES, UPDATE, Shelf, holds, lock_of
from twin_module.engine.versions import Place
from twin_module.engine.writer import Writer

AWARENESS: Final = ".awareness"
"""Behind an event type of documents, the type of the live messages that bring cursors."""


class Live(Protocol):
    """What tells the other twins of a room something at once, as far as they can be reached."""

    def tell(self, room_id: str, message: Mapping[str, Any]) -> None:
        """Tell something of a document; never fails, and never waits.

        Args:
            room_id: the room.
            message: `type`, `uid`, `sender`, and `update` or `awareness` as unpadded base64.
        """


class Documents:
    """The documents of a twin, as far as somebody writes them or wrote them lately."""

    def __init__(
        self,
        homeserver: Homeserver,
        writer: Writer,
        types: Iterable[EventType],
        live: Live,
    ) -> None:
        self._homeserver = homeserver
        self._writer = writer
        self.live = live
        self.content = DocumentContent(homeserver, writer, types)
        self._shelf = Shelf(homeserver, self.content, self._keep, self._tell_presence)
        self._duties = Duties(homeserver, writer, self._shelf)
        self.later = self._duties.later
        """The documents for which something could not be done yet."""

    @property
    def refused(self) -> int:
        """How many updates of others were left out, because they were broken or not allowed."""
        return self._shelf.refused

    # Opening

    async def open(self, room_id: str, uid: str) -> Session:
        """Open a document for an editor; `Session.leave` gives it back.

        Raises:
            NotFound: there is no such document.
            Unreachable: its text lies on a twin that does not answer.
        """
        place = await self._find(room_id, uid)
        async with self._homeserver.lock(lock_of(place)):
            session = self._shelf.sessions.get(place)
            if session is None:
                session = await self._shelf.loaded(place)
                self._shelf.sessions[place] = session
            session.editors += 1
        return session

    async def _find(self, room_id: str, uid: str) -> Place:
        keys = [(event_type, uid) for event_type in self.content.types]
        state = await self._homeserver.state(room_id, keys)
        for key in keys:
            event = state.get(key)
            if event is not None and event.content and self._shelf.fits(event):
                return Place(room_id, *key)
        raise NotFound(f"There is no document {uid!r} in this room.")

    # What the owner's editors bring

    async def _keep(self, session: Session) -> None:
        """Store what a session got; several that come meanwhile are stored as one."""
        place = session.place
        async with self._homeserver.lock(f"{lock_of(place)} rows"):
            new = list(session.unkept)
            if not new:
                return  # somebody else stored it along
            data = crdt.merged_updates([update for update, _ in new])
            small = len(data) <= MAX_MESSAGE_BYTES
            row = Row(
                self._homeserver.new_uid(),
                own=True,
                sent=not small,
                ts=self._homeserver.now(),
                data=data,
            )
            await self._homeserver.transact(
                "twin_document_keep", lambda cursor: store.add(cursor, place, row)
            )
            del session.unkept[: len(new)]
        for update, origin in new:
            session.tell(update, origin)
        self._tell(place, UPDATE, "update", data)
        self._duties.call_in(SEND_MS)

    def _tell_presence(self, place: Place, data: bytes) -> None:
        self._tell(place, AWARENESS, "awareness", data)

    def _tell(self, place: Place, kind: str, name: str, data: bytes) -> None:
        said = {"type": f"{place.type}{kind}", "uid": place.uid, "sender": self._homeserver.owner}
        self.live.tell(place.room_id, {**said, name: encode_base64(data)})

    # What other twins bring

    async def receive(self, messages: Iterable[Message]) -> None:
        """Take in events that bring updates; call it before the position moves past them.

        Nothing happens when it is called again with the same. What is no such event, what is
        broken, and what its sender had no right to is left out.
        """
        for message in messages:
            place = self._place(message.room_id, message.type, message.content.get("uid"), UPDATE)
            if place is None:
                continue
            try:
                update = _bytes(message.content.get("update"), MAX_MESSAGE_BYTES)
                crdt.check_update(update)
                await self._check_sender(place, message.sender)
                await self._take(place, message, update)
            except TwinError as error:
                self._shelf.refuse(place, error)

    async def _take(self, place: Place, message: Message, update: bytes) -> None:
        session = self._shelf.sessions.get(place)
        if session is not None:
            session.hear(update)
        own = message.sender == self._homeserver.owner
        row = Row(message.event_id, own=own, sent=True, ts=self._homeserver.now(), data=update)
        await self._homeserver.transact(
            "twin_document_take", lambda cursor: store.add(cursor, place, row)
        )

    async def heard(self, room_id: str, server: str, message: Mapping[str, Any]) -> None:
        """Take in what another twin tells live; what does not fit, or nobody has open, is left out.

        Args:
            room_id: the room that it is about.
            server: whose call it was, proved by its signature.
            message: what it said, see `Live.tell`.
        """
        kind, uid, sender = (message.get(each) for each in ("type", "uid", "sender"))
        if not isinstance(kind, str) or not isinstance(sender, str):
            return
        suffix = UPDATE if kind.endswith(UPDATE) else AWARENESS
        place = self._place(room_id, kind, uid, suffix)
        session = self._shelf.sessions.get(place) if place else None
        if place is None or session is None:
            return
        try:
            if sender.partition(":")[2] != server:
                raise Forbidden(f"{server} speaks for nobody elsewhere.")
            if suffix == UPDATE:
                update = _bytes(message.get("update"), crdt.MAX_UPDATE_BYTES)
                await self._check_sender(place, sender)
                session.hear(update)
            else:
                presence = _bytes(message.get("awareness"), MAX_MESSAGE_BYTES)
                if membership_of(await self._shelf.rights(room_id, sender), sender) != "join":
                    raise Forbidden(f"{sender} is not in the room.")
                session.hear_awareness(presence, server)
        except TwinError as error:
            self._shelf.refuse(place, error)

    def _place(self, room_id: str, kind: str, uid: object, suffix: str) -> Place | None:
        event_type = kind.removesuffix(suffix)
        if not kind.endswith(suffix) or event_type not in self.content.types:
            return None
        known = self.content.types[event_type]
        if not isinstance(uid, str) or known.key_problem(uid) is not None:
            return None
        return Place(room_id, event_type, uid)

    async def _check_sender(self, place: Place, sender: str) -> None:
        state = await self._shelf.rights(place.room_id, sender)
        if membership_of(state, sender) != "join" or not may_write(state, sender, place.type):
            raise Forbidden(f"{sender} may not write here.")

    def is_open(self) -> bool:
        """Tell whether somebody writes in a document, or did a moment ago."""
        return bool(self._shelf.sessions)

    def due(self) -> int | None:
        """Return when something is to be done, in milliseconds since 1970."""
        # Who is there, and what they may do, is looked at all the time.
        return 0 if self.is_open() else self.alarm()

    def alarm(self) -> int | None:
        """Return when something is to be sent or written down."""
        return self._duties.due()

    async def settle(self) -> None:
        """Do what is still to be done; costs little when nothing is."""
        await self._duties.settle()

    # Plain writes and merges

    async def prepared(self, put: Put, current: StateEvent | None, room_id: str) -> Put:
        """Make an edit of a plain write, so that nothing that others type meanwhile is lost.

        The writer calls it when it knows what is current, before long text is moved to media.

        Args:
            put: what is to be written, its text in the content or where it was before.
            current: what the change was made on, None for something new.
            room_id: where.

        Raises:
            BadJson: it does not fit its schema.
            TooLarge: text and state together are too much.
        """
        place = Place(room_id, put.type, put.state_key)
        if put.type not in self.content.types or not put.content:
            return put
        together = self.content.together(put.type)
        long_text = self.content.types[put.type].long_text
        if long_text and together.text in put.content:
            put = replace(put, content=put.content.discard(long_text.pointer))
        self._writer.check(put.type, put.state_key, put.content)
        if (
            current is None
            or not current.content
            or self._duties.being_written.get(place) is put.content
        ):
            return put
        if not self._shelf.fits(current):
            return put
        try:
            return await self._as_edit(put, current, place)
        except (NotFound, Unreachable):
            # It stays a plain write, which is taken for an edit as soon as all of it can be read.
            return put

    async def _as_edit(self, put: Put, current: StateEvent, place: Place) -> Put:
        draft = StateEvent(place.room_id, put.type, put.state_key, put.content, "", "", 0)
        text, _ = await self._writer.text(draft)
        meaning = await self.content.meaning(current)
        brought = await self.content.state(draft)
        if brought is not None and holds(brought, meaning.state) and crdt.text_of(brought) == text:
            return put
        if text == meaning.text and not meaning.shared:
            return put  # only something else changed, and nobody has written it together yet
        if text == meaning.text and meaning.whole:
            held = self.content.together(put.type).state
            return replace(put, content=put.content.set(held, current.content[held]))
        state = meaning.state
        if text != meaning.text:
            edit = crdt.edit(state, text, crdt.client_id(self._homeserver.new_uid()))
            newest = self._shelf.sessions.get(place)
            rows = [] if newest else [row.data for row in await self._shelf.rows(place)]
            state = crdt.union([newest.state() if newest else EMPTY, state, *rows, edit])
        content = await self.content.with_state(put.type, put.content, state, crdt.text_of(state))
        return replace(put, content=content)

    async def merged(
        self, current: StateEvent, lost: Sequence[StateEvent], text: str
    ) -> Mapping[str, Any]:
        """Return the text and the state of several versions as one, as fields of their content.

        The text stands in the content, however long it is: whoever takes these fields takes the
        pointer to a long text out. They are those of the current version where that has it all.

        Args:
            current: the current version, with content.
            lost: others of the same document, with content.
            text: what they are by lines, for versions that no state is known of.

        Raises:
            TooLarge: together they are too much.
            Unreachable: a file lies on a twin that does not answer.
        """
        meanings = [await self.content.meaning(each) for each in (current, *lost)]
        shared = [each.state for each in meanings if each.shared]
        together, now = self.content.together(current.type), meanings[0]
        agreed = len(shared) == len(meanings) or text == now.text
        if agreed and now.whole and all(holds(now.state, each) for each in shared):
            return {together.text: now.text, together.state: current.content[together.state]}
        state = crdt.union(shared)
        if len(shared) < len(meanings):
            # A second beginning of the text would double it.
            edit = crdt.edit(state, text, crdt.client_id(self._homeserver.new_uid()))
            state = crdt.union([state, edit])
        return await self.content.with_state(current.type, frozen({}), state, crdt.text_of(state))


def _bytes(text: object, most: int) -> bytes:
    if not isinstance(text, str) or len(text) > most * 4 // 3 + 4:
        raise BadUpdate(f"An update is unpadded base64 of {most} bytes at most.")
    try:
        return bytes(decode_base64(text))
    except ValueError as error:
        raise BadUpdate("An update is unpadded base64.") from error
