"""The documents that are open at a twin, and what is stored of those that are being written."""

import logging
from collections.abc import Callable, Iterable
from typing import Final

from twin_module.core import authority
from twin_module.core.authority import membership_of
from twin_module.core.crdt import BadUpdate, Replica
from twin_module.core.errors import NotFound, TwinError
from twin_module.core.ports import Homeserver
from twin_module.core.state import StateEvent, StateMap
from twin_module.engine import documents_store as store
from twin_module.engine.document_content import DocumentContent
from twin_module.engine.documents_store import Row
from twin_module.engine.session import Keep, Session
from twin_module.engine.versions import Place

logger = logging.getLogger(__name__)

MAX_MESSAGE_BYTES: Final = 40_000
"""The largest update that travels as an event; a larger one comes with the document itself."""
UPDATE: Final = ".update"
"""Behind an event type of documents, the type of the messages that bring their updates."""


class Shelf:
    """Sessions by document, and the tables behind them."""

    def __init__(
        self,
        homeserver: Homeserver,
        content: DocumentContent,
        keep: Keep,
        tell_presence: Callable[[Place, bytes], None],
    ) -> None:
        self._homeserver = homeserver
        self.content = content
        self._keep = keep
        self._tell_presence = tell_presence
        self.sessions: dict[Place, Session] = {}
        self.refused = 0
        """How many updates of others were left out, because they were broken or not allowed."""

    def session(self, place: Place, replica: Replica) -> Session:
        """Return a session that nobody knows yet."""
        return Session(
            place,
            replica,
            self._keep,
            lambda data: self._tell_presence(place, data),
            self._homeserver.now,
        )

    def fits(self, event: StateEvent) -> bool:
        """Tell whether content is that of a document."""
        return self.content.types[event.type].misfit(event) is None

    async def loaded(self, place: Place) -> Session:
        """Return a session with everything that is known of a document.

        Raises:
            NotFound: there is no such document.
            Unreachable: its text lies on a twin that does not answer.
        """
        event = await self.current(place)
        if event is None or not event.content:
            raise NotFound(f"There is no document {place.uid!r} in this room.")
        session = self.session(place, await self._replica(event))
        session.may_write = await self.may_write(place)
        await self.take_rows(place, session)
        return session

    async def _replica(self, event: StateEvent) -> Replica:
        place = Place(event.room_id, event.type, event.state_key)
        looked_at = await self._homeserver.transact(
            "twin_document_whole", lambda cursor: store.is_whole(cursor, place, event.event_id)
        )
        if looked_at:
            state = await self.content.state(event, checked=True)
            if state is not None:
                return Replica(state)
        return Replica((await self.content.meaning(event)).state)

    async def take_rows(self, place: Place, session: Session) -> list[Row]:
        """Let a session have the updates that are stored, and return those that are any good."""
        rows = await self._homeserver.transact(
            "twin_document_rows", lambda cursor: store.rows(cursor, place)
        )
        good = []
        for row in rows:
            try:
                session.hear(row.data)
                good.append(row)
            except BadUpdate as error:
                self.refuse(place, error)
                await self.forget([row])
        return good

    async def forget(self, rows: Iterable[Row]) -> None:
        """Delete stored updates."""
        ids = [row.id for row in rows]
        if ids:
            await self._homeserver.transact(
                "twin_document_forget", lambda cursor: store.forget(cursor, ids)
            )

    def refuse(self, place: Place, error: TwinError) -> None:
        """Count an update that was left out, and log why."""
        self.refused += 1
        logger.warning(
            "Left an update of %s in %s out: %s", place.uid, place.room_id, error.message
        )

    async def current(self, place: Place) -> StateEvent | None:
        """Return the current version of a document, also a removed one; None where there is none that fits."""
        state = await self._homeserver.state(place.room_id, [place.key])
        event = state.get(place.key)
        return event if event is not None and self.fits(event) else None

    async def rights(self, room_id: str, *people: str) -> StateMap:
        """Return the state that says what some people may do."""
        keys = [("m.room.create", ""), ("m.room.power_levels", "")]
        return await self._homeserver.state(
            room_id, [*keys, *(("m.room.member", each) for each in people)]
        )

    async def may_write(self, place: Place) -> bool:
        """Tell whether the owner may write a document now."""
        owner = self._homeserver.owner
        state = await self.rights(place.room_id, owner)
        return membership_of(state, owner) == "join" and authority.may_write(
            state, owner, place.type
        )

    async def rows(self, place: Place) -> list[Row]:
        """Return the updates of a document that are stored."""
        return await self._homeserver.transact(
            "twin_document_rows", lambda cursor: store.rows(cursor, place)
        )


def lock_of(place: Place) -> str:
    """Return the name of the lock that whoever reads and writes a document holds."""
    return f"document {place.room_id} {place.type} {place.uid}"


def holds(state: bytes, other: bytes) -> bool:
    """Tell whether a state that was checked before has all of another one."""
    return Replica(state).contains(other)
