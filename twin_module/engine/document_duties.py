"""What a twin has still to do for its documents: look at new versions, send, write down, tidy up.

It is found in the tables each time, so nothing depends on having heard of anything.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from unpaddedbase64 import encode_base64

from twin_module.core import crdt
from twin_module.core.authority import may_write, membership_of
from twin_module.core.crdt import EMPTY, BadUpdate, Replica
from twin_module.core.effects import Put
from twin_module.core.errors import Conflict, TooLarge, TwinError
from twin_module.core.ports import Cursor, Homeserver
from twin_module.core.state import Content, StateEvent, frozen
from twin_module.engine import documents_store as store
from twin_module.engine.backoff import Backoff
from twin_module.engine.document_content import Meaning
from twin_module.engine.documents_store import Row, Unsaved
from twin_module.engine.duties import soonest
from twin_module.engine.sequence import last_seq
from twin_module.engine.shelf import MAX_MESSAGE_BYTES, UPDATE, Shelf, holds, lock_of
from twin_module.engine.versions import Place
from twin_module.engine.writer import Writer

logger = logging.getLogger(__name__)

SEND_MS: Final = 1_500
"""For so long edits are gathered before they become an event."""
QUIET_MS: Final = 3_000
LONGEST_MS: Final = 60_000
"""How long a document may be written in before it is written down."""
ABANDONED_MS: Final = 600_000
"""After this time any twin writes down what another one did not."""
MAX_ROWS: Final = 300
"""With more updates than this a document is tidied up."""
TRIES: Final = 4
AGAIN_MS: Final = 5_000


class Duties:
    """Does what is still to be done; one per twin."""

    def __init__(self, homeserver: Homeserver, writer: Writer, shelf: Shelf) -> None:
        self._homeserver = homeserver
        self._writer = writer
        self._shelf = shelf
        self._content = shelf.content
        self.later: Backoff[Place] = Backoff()
        self.being_written: dict[Place, Content] = {}
        """What is just being written that has its state already."""
        self._read_upto = 0
        """Up to which number of the sequence of changes new versions of documents were read."""
        self._unjudged: dict[Place, str] = {}
        self._wake: tuple[int, Callable[[], None]] | None = None

    def due(self) -> int | None:
        """Return when something is to be done, in milliseconds since 1970."""
        return soonest(self._wake and self._wake[0], self.later.next())

    async def settle(self) -> None:
        """Look at new versions, send and write down what is due, tidy up; costs little when nothing is."""
        async with self._homeserver.lock("documents"):
            types = list(self._content.types)
            if not types:
                return
            since = self._read_upto

            def read(cursor: Cursor) -> tuple[int, list[tuple[Place, str]]]:
                return last_seq(cursor), store.unjudged(cursor, types, since)

            self._read_upto, new = await self._homeserver.transact("twin_document_unjudged", read)
            self._unjudged.update(new)
            for place, event_id in list(self._unjudged.items()):
                if await self._attempt(place, partial(self._look_at, place, event_id)):
                    del self._unjudged[place]
            for place, session in list(self._shelf.sessions.items()):
                session.may_write = await self._shelf.may_write(place)
                session.forget_silent()
            unsaved = await self._homeserver.transact("twin_document_unsaved", store.unsaved)
            for each in unsaved:
                await self._attempt(each.place, partial(self._do_what_is_due, each))
            self.later.keep_only(self._unjudged.keys() | {each.place for each in unsaved})
            self._close_unused({each.place for each in unsaved if each.own})

    async def _attempt(self, place: Place, work: Callable[[], Awaitable[None]]) -> bool:
        """Do something for a document, unless it is too early to try again; tells whether it is done."""
        now = self._homeserver.now()
        if self.later.waits(place, now):
            return False
        try:
            async with self._homeserver.lock(lock_of(place)):
                await work()
        except TwinError as error:
            logger.info("%s in %s has to wait: %s", place.uid, place.room_id, error.message)
            self.later.postpone(place, now)
            return False
        self.later.done(place)
        return True

    def _close_unused(self, busy: set[Place]) -> None:
        for place, session in list(self._shelf.sessions.items()):
            if not session.editors and not session.unkept and place not in busy:
                del self._shelf.sessions[place]

    async def _look_at(self, place: Place, event_id: str) -> None:
        event = await self._shelf.current(place)
        if event is None or event.event_id != event_id or not event.content:
            return  # the tables will say so soon
        meaning = await self._content.meaning(event)
        session = self._shelf.sessions.get(place)
        if session is not None:
            session.hear(meaning.state, crdt.MAX_STATE_BYTES)
        rows = await self._homeserver.transact(
            "twin_document_rows", lambda cursor: store.rows(cursor, place)
        )
        if rows:
            inside = Replica(meaning.state).contained([row.data for row in rows])
            await self._shelf.forget(row for row, known in zip(rows, inside, strict=True) if known)
        in_use = meaning.shared or bool(rows) or session is not None
        if not meaning.whole and in_use and await self._is_mine(event):
            await self._convert(event, meaning)
        await self._homeserver.transact(
            "twin_document_judge",
            lambda cursor: store.judge(cursor, place, event_id, whole=meaning.whole),
        )

    async def _is_mine(self, event: StateEvent) -> bool:
        """Tell whether this twin writes down what a plain write means, so that not everybody does."""
        owner = self._homeserver.owner
        if event.sender != owner:
            return False
        state = await self._shelf.rights(event.room_id, owner)
        return membership_of(state, owner) == "join" and may_write(state, owner, event.type)

    async def _convert(self, event: StateEvent, meaning: Meaning) -> None:
        """Give a plain version its state."""
        content = await self._content.with_state(
            event.type, event.content, meaning.state, meaning.text
        )
        await self._write(event, Put(event.type, event.state_key, content))

    async def _write(self, current: StateEvent, put: Put) -> bool:
        """Write a version on the current one; tells whether that still was current."""
        place = Place(current.room_id, put.type, put.state_key)
        self.being_written[place] = put.content
        try:
            await self._writer.write(place.room_id, [put], {place.key: current.event_id})
        except Conflict:
            return False
        finally:
            self.being_written.pop(place, None)
        return True

    async def _do_what_is_due(self, each: Unsaved) -> None:
        now = self._homeserver.now()
        session = self._shelf.sessions.get(each.place)
        writes = session.may_write if session else await self._shelf.may_write(each.place)
        if each.unsent_since is not None and writes:
            if now - each.unsent_since >= SEND_MS:
                await self._send(each.place)
            else:
                self.call_in(each.unsent_since + SEND_MS - now)
        if each.own:
            due = min(each.last + QUIET_MS, each.first + LONGEST_MS)
        else:
            due = each.last + ABANDONED_MS
        if due > now:
            self.call_in(due - now)
        elif writes:
            await self._save(each.place)
            return
        if each.rows > MAX_ROWS:
            await self._tidy(each.place)

    async def _send(self, place: Place) -> None:
        """Send what was gathered as one event."""
        rows = [row for row in await self._shelf.rows(place) if row.own and not row.sent]
        data = crdt.merged_updates([row.data for row in rows])
        if len(data) <= MAX_MESSAGE_BYTES:
            content = frozen({"uid": place.uid, "update": encode_base64(data)})
            event_id = await self._homeserver.send_message(
                place.room_id, f"{place.type}{UPDATE}", content
            )
        else:
            event_id = (
                self._homeserver.new_uid()
            )  # too much for an event; it comes with the document
        last = max(row.ts for row in rows)
        sent = Row(event_id, own=True, sent=True, ts=last, data=data)
        ids = [row.id for row in rows]
        await self._homeserver.transact(
            "twin_document_sent", lambda cursor: store.replace(cursor, place, ids, sent)
        )

    async def _save(self, place: Place) -> None:
        """Write a document down with everything that is known of it."""
        for _ in range(TRIES):
            current = await self._shelf.current(place)
            content = current and (current.content or await self._content_before(current))
            if current is None or not content:
                await self._shelf.forget(await self._shelf.rows(place))
                return
            if await self._saved_on(place, current, content):
                return
        logger.info("%s in %s changes faster than it can be saved", place.uid, place.room_id)
        self.call_in(AGAIN_MS)

    async def _content_before(self, removed: StateEvent) -> Content | None:
        """Return what a removed document held: whoever still wrote in it wants it back."""
        parent = await self._content.parent(removed)
        return parent.content if parent is not None else None

    async def _saved_on(self, place: Place, current: StateEvent, content: Content) -> bool:
        session = self._shelf.sessions.get(place)
        meaning = None
        if current.content:
            meaning = await self._content.meaning(current)
        if session is None:
            state = meaning.state if meaning else EMPTY
            session = self._shelf.session(place, Replica(state))
        elif meaning is not None:
            session.hear(meaning.state, crdt.MAX_STATE_BYTES)
        rows = await self._shelf.take_rows(place, session)
        state, text = session.state(), session.text()
        if meaning is None or not meaning.whole or not holds(meaning.state, state):
            try:
                new = await self._content.with_state(place.type, content, state, text)
            except TooLarge as error:
                session.full = error.message
                raise
            if not await self._write(current, Put(place.type, place.uid, new)):
                return False
        inside = session.contained([row.data for row in rows])
        await self._shelf.forget(row for row, known in zip(rows, inside, strict=True) if known)
        return True

    async def _tidy(self, place: Place) -> None:
        """Make one update of many that others sent."""
        rows = [row for row in await self._shelf.rows(place) if row.sent]
        if len(rows) <= MAX_ROWS:
            return
        good = []
        for row in rows:
            try:
                crdt.check_update(row.data)
                good.append(row)
            except BadUpdate as error:
                self._shelf.refuse(place, error)
        data = crdt.merged_updates([row.data for row in good])
        if len(data) > crdt.MAX_UPDATE_BYTES:
            self._shelf.refuse(place, TooLarge("There are too many updates of this document."))
            await self._shelf.forget(rows)
            return
        one = Row(
            self._homeserver.new_uid(),
            own=any(row.own for row in good),
            sent=True,
            ts=max(row.ts for row in good),
            data=data,
        )
        ids = [row.id for row in rows]
        await self._homeserver.transact(
            "twin_document_tidy", lambda cursor: store.replace(cursor, place, ids, one)
        )

    def call_in(self, milliseconds: int) -> None:
        """Settle again by then, or earlier where that was wanted already."""
        due = self._homeserver.now() + max(milliseconds, 1)
        if self._wake is not None:
            if self._homeserver.now() < self._wake[0] <= due:
                return
            self._wake[1]()
        self._wake = (
            due,
            self._homeserver.call_later((due - self._homeserver.now()) / 1000, self._woken),
        )

    def _woken(self) -> None:
        self._wake = None
        self._homeserver.background("twin_documents", self._settle_alone)

    async def _settle_alone(self) -> None:
        try:
            await self.settle()
        except Exception:
            self.call_in(AGAIN_MS)
            logger.exception("Could not look after the documents, trying again")
