"""Tells in the owner's collections what changed there, and pings whom that asks for something.

What came is queued first. What is told is taken out of the queue in the transaction that notes that
it is to be said, so a kill tells nothing twice and leaves nothing out.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence, Set as AbstractSet
from typing import Final

from twin_module.chat.news.changes import NOTHING, known_types
from twin_module.chat.news.room_news import MINUTE, RoomNews
from twin_module.chat.news.teller import Teller, is_shared, mode_of
from twin_module.core.authority import creators
from twin_module.core.layout import Kind, kind_in
from twin_module.core.ports import Cursor, Message
from twin_module.core.state import StateEvent
from twin_module.engine import news_store, sequence, store
from twin_module.engine.backoff import Backoff
from twin_module.engine.settings import Wishes
from twin_module.engine.twin import Twin

logger = logging.getLogger(__name__)

LOOKED: Final = "news"
"""The position up to which it was looked for what was missed."""
AGAIN: Final = 15_000
"""When it is tried again what failed, at the earliest."""


class Notices:
    """The teller of collections; one per twin, in one process only."""

    def __init__(self, twin: Twin, page: str | None = None) -> None:
        """Listen to what arrives.

        Args:
            twin: whose collections.
            page: the address of the twin's page, with a slash behind; None links to none.
        """
        self._twin = twin
        self._homeserver = twin.homeserver
        self._types = known_types(twin.capabilities)
        self._teller = Teller(twin, self._types, page)
        self._rooms: dict[str, RoomNews] = {}
        self._own: dict[str, bool] = {}
        """Which rooms are collections that the owner made."""
        self._shared: dict[str, bool] = {}
        """In which rooms others are, until members change there."""
        self._failed = Backoff[str]()
        self._is_read = False
        """Whether it is known what waited when the process began."""
        self._has_news = False
        self._settled_at = 0
        self._next = 0
        self._soonest: int | None = None
        """When the first of what waits is to be told."""
        self._cancel: Callable[[], None] | None = None
        self._stopped = False
        self._looked_upto: int | None = None
        """How far it was looked for what was missed, in the sequence of changes."""
        self._has_changed = True
        """Whether something may have become current without arriving by itself."""
        twin.waits.add("notices", self._failed, str)
        twin.projector.arrivals.listen(self._hear)
        twin.projector.listen(self._note_change)

    # What comes

    async def skip(self, event_ids: Iterable[str]) -> None:
        """Tell nothing of some events, which somebody was answered about; they may still come."""
        ids, now = list(event_ids), self._homeserver.now()
        if ids:
            await self._homeserver.transact(
                "twin_news_skip", lambda cursor: news_store.skip(cursor, ids, now)
            )

    async def _hear(
        self, events: Sequence[StateEvent], messages: Sequence[Message], changed: AbstractSet[str]
    ) -> None:
        if changed:
            kept = self._shared.items()
            self._shared = {room: known for room, known in kept if room not in changed}
        fresh = [each for each in events if self._may_tell(each)]
        if not fresh:
            return
        try:
            await self._queue(fresh)
        except Exception:
            # What is not told is still in the room; all else has to go on.
            logger.exception("The twin could not note what changed, and will not tell it")

    async def _queue(self, fresh: Sequence[StateEvent]) -> None:
        """Note what is to be told of some changes, and where."""
        asking = {each.room_id for each in fresh if self._asks_somebody(each)}
        rooms = await self._told_rooms({each.room_id for each in fresh}, asking)
        chosen = [each for each in fresh if each.room_id in rooms]
        if not chosen:
            return
        now = self._homeserver.now()
        await self._homeserver.transact(
            "twin_news", lambda cursor: news_store.queue(cursor, chosen, now)
        )
        for room_id in {each.room_id for each in chosen}:
            self._rooms.setdefault(room_id, RoomNews()).came(now)
        self._has_news = True

    def _note_change(self, rooms: frozenset[str]) -> None:
        self._has_changed = True

    async def _look_for_missed(self) -> None:
        """Note what became current without arriving by itself, and how far that was looked for."""
        self._has_changed = False
        owner, since = self._homeserver.owner, self._homeserver.now() - news_store.DAY_MS

        def read(cursor: Cursor) -> tuple[int, list[StateEvent]]:
            last = sequence.last_seq(cursor)
            seen = self._looked_upto
            if seen is None:
                seen = store.read_position(cursor, LOOKED)
            if seen is None:
                seen = last
                store.write_position(cursor, last, LOOKED)
            return last, news_store.missed(cursor, owner, seen, since) if last > seen else []

        last, missed = await self._homeserver.transact("twin_news_missed", read)
        fresh = [each for each in missed if self._may_tell(each)]
        if fresh:
            await self._queue(fresh)
            # What is queued is known, so that nothing is lost where this is stored now and then.
            await self._homeserver.transact(
                "twin_news_looked", lambda cursor: store.write_position(cursor, last, LOOKED)
            )
        self._looked_upto = last

    def _asks_somebody(self, event: StateEvent) -> bool:
        """Tell whether somebody is asked who may still be invited, after what they are asked to."""
        asked = self._types[event.type].asked(NOTHING, event.content)
        return bool(asked.keys() - {self._homeserver.owner})

    def _may_tell(self, event: StateEvent) -> bool:
        known = self._types.get(event.type)
        return known is not None and known.type.key_problem(event.state_key) is None

    async def _told_rooms(self, room_ids: Iterable[str], asking: AbstractSet[str]) -> set[str]:
        """Return the rooms of which is told what changes there; in `asking` somebody is asked."""
        own = [room_id for room_id in sorted(room_ids) if await self._is_own(room_id)]
        if not own:
            return set()
        wishes = await self._twin.settings.read()
        following = await self._twin.subscriptions.rooms()
        found = set()
        for room_id in own:
            mode = wishes.notices.get(room_id)
            if mode == "none" or room_id in following:
                continue
            if mode == "all" or room_id in asking or await self._company(room_id):
                found.add(room_id)
        return found

    async def _is_own(self, room_id: str) -> bool:
        """Tell whether a room is a collection that the owner made, which never changes."""
        known = self._own.get(room_id)
        if known is not None:
            return known
        state = await self._homeserver.state(room_id, [("m.room.create", "")])
        is_own = kind_in(state) is Kind.COLLECTION and (
            min(creators(state)) == self._homeserver.owner
        )
        if state:
            self._own[room_id] = is_own
        return is_own

    async def _company(self, room_id: str) -> bool:
        # Replaced where members change, so that what is read just then is not kept.
        shared = self._shared
        if room_id not in shared:
            members = await self._homeserver.members([room_id])
            shared[room_id] = is_shared(members, self._homeserver.owner)
        return shared[room_id]

    # When it is told

    def stop(self) -> None:
        """Tell nothing any more."""
        self._stopped = True
        self._set_timer(None)

    def due(self) -> int | None:
        """Return when something is to be done, in milliseconds since 1970."""
        if self._has_changed or self._has_news or not self._is_read:
            return 0
        return self._next if self._rooms else None

    def alarm(self) -> int | None:
        """Return when the first of what waits is to be told."""
        return self._soonest if self._is_read and not self._has_news else 0

    async def settle(self) -> None:
        """Tell what is due; what fails is tried again later and never raised."""
        if self._has_changed and not self._stopped:
            try:
                await self._look_for_missed()
            except Exception:
                self._has_changed = True
                logger.exception("The twin could not look for what it missed, trying again")
        now = self._homeserver.now()
        is_due = self._has_news or now >= self._next or now < self._settled_at
        if self._stopped or (self._is_read and not (self._rooms and is_due)):
            return
        async with self._homeserver.lock("notices"):
            self._has_news = False
            self._next = self._soonest = now + AGAIN
            try:
                await self._settle(now)
            except Exception:
                logger.exception("The twin could not tell what changed, trying again")
            self._settled_at = now
            self._set_timer(self._next if self._rooms else None)

    async def _settle(self, now: int) -> None:
        if not self._is_read:
            await self._read(now)
        if now < self._settled_at:
            for each in self._rooms.values():
                each.put_back(now)
        if not self._rooms:
            self._soonest = None
            return
        wishes = await self._twin.settings.read()
        waiting: list[int] = []
        for room_id, room in list(self._rooms.items()):
            due = room.due(mode_of(wishes, room_id), wishes)
            if due is not None and due <= now:
                if self._failed.waits(room_id, now):
                    due = self._failed.until(room_id)
                else:
                    await self._try(room_id, room, now, wishes)
                    due = room.due(mode_of(wishes, room_id), wishes)
            elif due is None and room.is_over(now):
                del self._rooms[room_id]
            waiting += [] if due is None else [max(due, now + 1)]
        self._soonest = min(waiting, default=None)
        self._next = min([*waiting, now + MINUTE])

    async def _read(self, now: int) -> None:
        """Find out what waited when the process began."""

        def read(cursor: Cursor) -> Mapping[str, int]:
            news_store.forget(cursor, now)
            return news_store.rooms(cursor)

        for room_id, since in (await self._homeserver.transact("twin_news_waiting", read)).items():
            room = self._rooms.setdefault(room_id, RoomNews())
            room.came(now)
            room.oldest = min(since, now)
        self._is_read = True

    def _set_timer(self, at: int | None) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
        if at is not None and not self._stopped:
            seconds = max(0, at - self._homeserver.now()) / 1000
            self._cancel = self._homeserver.call_later(seconds, self._wake)

    def _wake(self) -> None:
        self._cancel = None
        self._twin.wake()

    async def _try(self, room_id: str, room: RoomNews, now: int, wishes: Wishes) -> None:
        count = room.count
        try:
            is_over = await self._teller.tell(room_id, room, now, wishes)
        except Exception:
            is_over = False
            logger.exception("The twin could not tell what changed in %s, trying again", room_id)
        if is_over:
            self._failed.done(room_id)
        else:
            self._failed.postpone(room_id, now)
        if room.count != count:
            # It came meanwhile, and was not looked at.
            room.came(now)
