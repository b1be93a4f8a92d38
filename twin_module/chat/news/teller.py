"""Tells in one room what waits there: a message, an edit of the last one, a ping, or nothing yet."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from twin_module.chat.news.changes import Known, voices
from twin_module.chat.news.items import items
from twin_module.chat.news.last_messages import LastMessages
from twin_module.chat.news.reading import CHUNK, Looked, Reading
from twin_module.chat.news.room_news import Gathered, Message, RoomNews, drafted
from twin_module.chat.news.telling import Ask, Telling
from twin_module.chat.people import names
from twin_module.core.errors import TwinError
from twin_module.core.layout import Kind
from twin_module.core.ports import Cursor, Member
from twin_module.core.voice import Said, key_of
from twin_module.engine import news_store, store
from twin_module.engine.news_store import DAY_MS, MOST, News
from twin_module.engine.settings import Wishes
from twin_module.engine.store import Room
from twin_module.engine.twin import Twin
from twin_module.engine.versions import Place

logger = logging.getLogger(__name__)

THERE: Final = ("join", "invite")
MOST_PEOPLE: Final = 20
"""People whom one message pings."""
_ASKED: Final = {"VTODO": "gave", "VEVENT": "invited"}
"""How somebody is asked for something, by what an object is in calendars."""


def mode_of(wishes: Wishes, room_id: str) -> str:
    """Return what the owner wants to be told in a room."""
    return wishes.notices.get(room_id, "all")


def is_shared(members: Sequence[Member], owner: str) -> bool:
    """Tell whether somebody is in a room, or invited, who is neither the owner nor a voice."""
    there = {each.user_id for each in members if each.membership in THERE}
    return bool(there - {owner} - voices(there))


class Teller:
    """Tells in rooms."""

    def __init__(self, twin: Twin, types: Mapping[str, Known], page: str | None) -> None:
        self._twin = twin
        self._homeserver = twin.homeserver
        self._types = types
        self._page = page
        self._reading = Reading(twin, types)
        self._last = LastMessages(twin)

    async def tell(self, room_id: str, room: RoomNews, now: int, wishes: Wishes) -> bool:
        """Tell what is due in a room, and tell whether that is over; else it is to be tried again."""

        def read(cursor: Cursor) -> tuple[Room | None, list[News]]:
            return store.read_room(cursor, room_id), news_store.waiting(cursor, room_id)

        known, news = await self._homeserver.transact("twin_news_of_room", read)
        if not news:
            room.rest()
            return True
        mode = mode_of(wishes, room_id)
        members = await self._homeserver.members([room_id])
        if not self._is_told(known, members, wishes, room_id):
            ids = [each.event_id for each in news]
            await self._homeserver.transact(
                "twin_news_untold", lambda cursor: news_store.take(cursor, ids, now)
            )
            room.rest()
            return True
        told_at = room.told_at(mode, wishes)
        is_told = told_at is not None and (told_at <= now or len(news) == MOST)
        if is_told and await self._last.is_unsaid(room, now):
            room.notices.told, is_told = now, False
        message = (
            await self._last.current(room_id, room, now) if is_told and mode == "all" else None
        )
        # So that the tables hold all that stands in the queue.
        await self._twin.projector.catch_up()
        # Who is invited finds it when they come.
        present = {each.user_id for each in members if each.membership in THERE}
        gathered = await self._gathered(news, message, present, 0 if is_told else room.looked_upto)
        telling = self._telling(members, now, wishes)
        plan = _Plan(room_id, room, now, gathered, is_told=is_told, mode=mode)
        is_over = await self._carry_out(plan, telling)
        if is_over and len(news) == MOST:
            room.came(now)
        return is_over

    def _is_told(
        self, room: Room | None, members: Sequence[Member], wishes: Wishes, room_id: str
    ) -> bool:
        """Tell whether anything is to be told in a room, as it is now."""
        owner = self._homeserver.owner
        if room is None or room.membership != "join" or room.kind != Kind.COLLECTION.value:
            return False
        if room.creator != owner or mode_of(wishes, room_id) == "none":
            return False
        return wishes.notices.get(room_id) == "all" or is_shared(members, owner)

    async def _gathered(
        self, news: Sequence[News], message: Message | None, present: set[str], behind: int
    ) -> Gathered:
        """Look at what was queued, by object; only at objects that changed behind a number."""
        objects: dict[Place, list[News]] = {}
        for each in news:
            objects.setdefault(each.place, []).append(each)
        wanted = [each for each in objects.values() if each[-1].number > behind]
        gathered = Gathered(message)
        for start in range(0, len(wanted), CHUNK):
            for looked in await self._reading.look(wanted[start : start + CHUNK], present):
                gathered.add(looked)
        return gathered

    def _telling(self, members: Sequence[Member], now: int, wishes: Wishes) -> Telling:
        return Telling(
            language=wishes.language,
            now=datetime.fromtimestamp(now / 1000, UTC).astimezone(wishes.zone),
            names=names([(each.user_id, each.displayname) for each in members]),
            page=self._page,
        )

    # What is said

    async def _carry_out(self, plan: "_Plan", telling: Telling) -> bool:
        """Say what a plan makes necessary, in one transaction with what is taken out of the queue."""
        ping = telling.ping(*self._asks(plan)) if plan.asks else None
        draft, said = await self._draft(plan, telling) if plan.is_told else (None, None)
        if (ping or said) and not await self._enter(plan.room_id):
            return await self._give_up(plan)
        ping_key = f"ping {plan.taken[-1]}" if plan.taken else ""
        taken, now, room_id = plan.taken, plan.now, plan.room_id

        def work(cursor: Cursor) -> bool:
            if not news_store.take(cursor, taken, now):
                return False
            if ping is not None:
                self._twin.voice.plan(cursor, ping, ping_key, room_id=room_id)
            if said is not None and draft is not None:
                self._twin.voice.plan(cursor, said, draft.last_key, room_id=room_id)
            news_store.forget(cursor, now)
            return True

        if taken and not await self._homeserver.transact("twin_news_told", work):
            return False
        plan.is_done(has_pinged=ping is not None, has_told=said is not None)
        if ping is not None or said is not None:
            self._twin.voice.note()
            await self._twin.voice.settle()
        await self._note(plan, draft if plan.mode == "all" else None, has_told=said is not None)
        if ping is not None and plan.room.message is not None:
            plan.room.message.keys.add(key_of(ping_key))
        return True

    async def _note(self, plan: "_Plan", draft: Message | None, *, has_told: bool) -> None:
        """Remember the message that may be edited."""
        if draft is None:
            return
        if has_told:
            draft.said = self._homeserver.now()
            draft.position = await self._homeserver.position()
        plan.room.message = draft

    async def _draft(self, plan: "_Plan", telling: Telling) -> tuple[Message | None, Said | None]:
        """Return the message as it is to be, and what is said so that it is; None is nothing."""
        gathered = plan.gathered
        if not gathered.changes and not gathered.more:
            return None, None
        key = f"notice {gathered.telling[-1]}"
        draft = drafted(gathered, key, plan.now, has_paused=plan.room.has_paused)
        missing = [each for each in draft.order if each not in draft.changes]
        contents = await self._reading.contents(missing)
        before = gathered.message
        known = set(before.order) if before is not None and before.key == draft.key else set()
        draft.order = [
            each
            for each in draft.order
            if each in draft.changes or each in contents or each in known
        ]
        told = items(self._types, draft.order, draft.changes.values(), contents)
        is_edit = before is not None and before.key == draft.key
        if not told:
            return None, None
        replaces = await self._twin.voice.event_of(draft.key) if is_edit else None
        said = telling.notice(told, draft.more, replaces)
        if before is not None and is_edit and said.body == before.body:
            draft.last_key, draft.said, draft.position = (
                before.last_key,
                before.said,
                before.position,
            )
            return draft, None
        draft.body = said.body
        return draft, said

    def _asks(self, plan: "_Plan") -> tuple[list[Ask], int]:
        """Return what people are asked for, at most so many of them, and how much is left out."""
        found: list[Ask] = []
        people: set[str] = set()
        more = plan.gathered.more_asks
        for each in plan.asks:
            groups: dict[tuple[str, str], list[str]] = {}
            for user, (how, by) in each.pings.items():
                if user in people or len(people) < MOST_PEOPLE:
                    people.add(user)
                    groups.setdefault((self._how(each, how), by), []).append(user)
            change = each.change
            if change is None or not groups:
                more += 1
                continue
            [item] = items(self._types, [change.place], [change], {})
            found += [Ask(item, how, by, tuple(users)) for (how, by), users in groups.items()]
        return found, more

    def _how(self, looked: Looked, how: str) -> str:
        if how == "named" or looked.change is None:
            return "named"
        return _ASKED.get(self._types[looked.change.place.type].type.component or "", "asked")

    async def _enter(self, room_id: str) -> bool:
        try:
            return await self._twin.voice.enter(room_id)
        except TwinError as error:
            logger.info("The twin's voice can't enter %s yet: %s", room_id, error.message)
            return False

    async def _give_up(self, plan: "_Plan") -> bool:
        """Leave untold what waited for a day; the rest is tried again."""
        room_id, now = plan.room_id, plan.now
        dropped = await self._homeserver.transact(
            "twin_news_drop", lambda cursor: news_store.drop(cursor, room_id, now - DAY_MS, now)
        )
        if dropped:
            logger.warning(
                "%s changes in %s are not told: the twin's voice can't speak there",
                dropped,
                room_id,
            )
        return False


class _Plan:
    """What is to be done about a room, at a time."""

    def __init__(
        self,
        room_id: str,
        room: RoomNews,
        now: int,
        gathered: Gathered,
        *,
        is_told: bool,
        mode: str,
    ) -> None:
        self.room_id = room_id
        self.room = room
        self.now = now
        self.gathered = gathered
        self.is_told = is_told
        self.mode = mode
        due = room.asks.due()
        self.may_ask = due is not None and due <= now
        """Whether people may be pinged; else what asks them for something waits as a whole."""
        self.asks = gathered.asks if self.may_ask else []
        self.is_emptied = is_told or mode == "mentions"
        """Whether what is looked at and pings nobody is done with."""

    @property
    def taken(self) -> list[str]:
        """The events that are told, or never will be."""
        asking = self.gathered.asking if self.may_ask else []
        return [*asking, *(self.gathered.telling if self.is_emptied else [])]

    def is_done(self, *, has_pinged: bool, has_told: bool) -> None:
        """Note in the room what was said."""
        room, now = self.room, self.now
        if has_pinged:
            room.asks.was_told(now)
        elif self.may_ask:
            room.asks.nothing_told()
        holds = bool(self.gathered.asking) and not self.may_ask
        if not holds:
            room.looked_upto = max(room.looked_upto, self.gathered.upto)
        if self.is_told and has_told:
            room.notices.was_told(now)
            room.has_paused = False
        elif self.is_emptied:
            room.notices.nothing_told()
        if self.is_emptied:
            room.oldest = now if holds else None
