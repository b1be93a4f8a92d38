"""Asking guests into the rooms of events: whose twin can't be reached is asked later."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twin_module.core.authority import membership_of
from twin_module.core.errors import TwinError
from twin_module.core.event_types import people as people_of
from twin_module.core.meeting import PRESENT, present_in, reason
from twin_module.core.ports import Homeserver
from twin_module.core.recurrence import span
from twin_module.core.state import NAMESPACE, Content
from twin_module.engine import store
from twin_module.engine.backoff import Backoff

logger = logging.getLogger(__name__)

MEETINGS: Final = f"{NAMESPACE}.meetings"
"""Account data: who could not be asked yet."""


@dataclass(frozen=True, slots=True, order=True)
class Asked:
    """Somebody who is to be asked into the room of an event."""

    room_id: str
    uid: str
    user_id: str


class Asking:
    """Asks guests, again and again where that is needed, and tells what for."""

    def __init__(self, homeserver: Homeserver, event_type: str) -> None:
        self._homeserver = homeserver
        self._event_type = event_type
        self.later: Backoff[Asked] = Backoff()
        """Who could not be asked, and is to be asked again."""
        self._has_read = False

    def due(self) -> int | None:
        """Return when somebody is to be asked again, in milliseconds since 1970."""
        return self.later.next() if self._has_read else 0

    async def ask(self, room_id: str, uid: str, people: Iterable[str]) -> list[str]:
        """Invite those who are missing in the room of an event; return whom that could not reach."""
        state = await self._homeserver.state(room_id, [("m.room.member", None)])
        missing = {Asked(room_id, uid, user) for user in set(people) - present_in(state)}
        late = {each for each in sorted(missing) if not await self._ask_one(each)}
        for each in late:
            self.later.postpone(each, self._homeserver.now())
        await self._note(add=late, drop=missing - late)
        return sorted(each.user_id for each in late)

    async def settle(self) -> None:
        """Ask those who could not be asked before, and whom it is time to try again."""
        now = self._homeserver.now()
        due = self.later.due(now)
        if not self._has_read:
            noted = await self.waiting()
            self.later.keep_only(noted)
            due = {each for each in noted if not self.later.waits(each, now)}
        self._has_read = True
        done = set()
        for each in sorted(due):
            if await self._ask_one(each):
                done.add(each)
            else:
                self.later.postpone(each, self._homeserver.now())
        if done:
            await self._note(add=set(), drop=done)

    async def waiting(self) -> set[Asked]:
        """Return who could not be asked yet."""
        noted = (await self._homeserver.account_data(MEETINGS)).get("waiting")
        return {
            Asked(*(str(each.get(name)) for name in ("room_id", "uid", "user_id")))
            for each in (noted if isinstance(noted, Sequence) else ())
            if isinstance(each, Mapping)
        }

    async def _note(self, add: set[Asked], drop: set[Asked]) -> None:
        for each in drop:
            self.later.done(each)
        async with self._homeserver.lock("asking"):
            before = await self.waiting()
            after = (before | add) - drop
            if after == before:
                return
            waiting = [
                {"room_id": each.room_id, "uid": each.uid, "user_id": each.user_id}
                for each in sorted(after)
            ]
            await self._homeserver.put_account_data(MEETINGS, {"waiting": waiting})

    async def _ask_one(self, asked: Asked) -> bool:
        """Invite somebody into the room of an event; tells whether that is done, or needless now."""
        content = await self._still_wanted(asked)
        if content is None:
            return True
        try:
            await self._homeserver.set_membership(
                asked.room_id, asked.user_id, "invite", reason(content)
            )
        except TwinError as error:
            logger.info("A guest in %s is to be asked again: %s", asked.room_id, error.message)
            return False
        except Exception:
            # Trouble with one guest's server, whatever it is, keeps no other from being asked.
            logger.warning("A guest in %s is to be asked again", asked.room_id, exc_info=True)
            return False
        return True

    async def _still_wanted(self, asked: Asked) -> Content | None:
        """Return the event that somebody is still to be asked to, None where there is no need."""
        found = await self._homeserver.transact(
            "twin_asking",
            lambda cursor: store.read_object(cursor, asked.room_id, self._event_type, asked.uid),
        )
        if found is None or found.removed or found.content is None:
            return None
        content = found.event().content
        ends = span(content)
        is_over = ends is not None and ends[1] * 1000 < self._homeserver.now()
        if is_over or asked.user_id not in people_of(content):
            return None
        state = await self._homeserver.state(asked.room_id, [("m.room.member", asked.user_id)])
        is_there = membership_of(state, asked.user_id) in (*PRESENT, "ban")
        return None if is_there else content
