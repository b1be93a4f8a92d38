"""Reminders: the twin's voice tells the owner of events and tasks when their alerts say so.

Level, not edge: each look asks what is due since the last one, whose time is stored; what was told
is stored too, with what is to be said, in one transaction. When which object is to be looked at
again is kept in memory only and made anew once a day, so it may be lost at any time.
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from twin_module.core.jscalendar import with_answers
from twin_module.core.layout import RSVP
from twin_module.core.ports import Cursor, Homeserver
from twin_module.core.quiet_hours import quiet_until
from twin_module.core.reminders import EARLIEST, LATEST, Reminder, reminders
from twin_module.core.state import NAMESPACE, frozen, plain
from twin_module.core.voice import About, key_of
from twin_module.engine import reminders_store, sequence, store
from twin_module.engine.reminder_messages import Due, tell
from twin_module.engine.reminders_store import Candidate
from twin_module.engine.settings import Settings, Wishes
from twin_module.engine.versions import Place
from twin_module.engine.voice import Voice

logger = logging.getLogger(__name__)

EVENT: Final = f"{NAMESPACE}.event"
TASK: Final = f"{NAMESPACE}.task"
TYPES: Final = (EVENT, TASK)
POSITION: Final = "reminders"
"""The name under which is stored up to when reminders were told."""
MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
OVERLAP: Final = 10 * MINUTE
"""What was due so short a time before an object was made, moved or told of is told still."""
SCAN: Final = DAY
"""From one look at all objects to the next; between them, those that change are looked at."""
HORIZON: Final = SCAN + HOUR
"""How far ahead it is found out when something is due; longer than from one scan to the next."""
PAUSE: Final = 2_000
"""From one look to the next, when objects change all the time."""
NEVER: Final = 2**53
SLACK: Final = timedelta(days=1)
MOST_OF_ONE: Final = 1_000
"""Reminders of one object that are looked at."""


class Reminders:
    """Tells what is due, once; one per twin, in one process only."""

    def __init__(self, homeserver: Homeserver, settings: Settings, voice: Voice) -> None:
        self._homeserver = homeserver
        self._settings = settings
        self._voice = voice
        self._due: dict[Place, int] = {}
        """When an object is to be looked at next, of those that are due before the next scan."""
        self._scanned_at: int | None = None
        self._settled_at = 0
        self._next = 0
        """When there is something to be looked at next, unless something changes."""
        self._changed: int | None = 0
        """Since when something changed that was not looked at."""
        self._is_resting = False
        """Whether nothing is told now, whatever changes: in quiet hours, or at the owner's wish."""
        self._seq = 0
        self._wishes: Wishes | None = None
        """Those of the owner at the last look."""
        self._scanned_with: Wishes | None = None
        self._cancel: Callable[[], None] | None = None
        self._stopped = False

    def note_news(self, rooms: frozenset[str]) -> None:
        """Look at what changed, at the next `settle`."""
        if self._changed is None:
            self._changed = self._homeserver.now()

    def stop(self) -> None:
        """Do nothing any more."""
        self._stopped = True
        self._set_timer(None)

    async def settle(self) -> None:
        """Tell what is due, if anything can be; what fails is tried again and never raised."""
        async with self._homeserver.lock("reminders"):
            if self._stopped:
                return
            await self._try(self._homeserver.now())
        await self._voice.settle()

    async def _try(self, now: int) -> None:
        try:
            wishes = await self._settings.read()
            if wishes != self._wishes or self._soonest() <= now or now < self._settled_at:
                await self._look(now, wishes)
            elif self._changed is not None and not self._is_resting:
                self._set_timer(self._soonest())
        except Exception:
            self._settled_at, self._next = now, now + MINUTE
            self._scanned_at = None
            logger.exception("The twin could not find out what to remind of, trying again")

    def _soonest(self) -> int:
        if self._changed is None or self._is_resting:
            return self._next
        return min(self._settled_at + PAUSE, self._next)

    def due(self) -> int | None:
        """Return when there is something to be looked at, in milliseconds since 1970."""
        return None if self._soonest() == NEVER else self._soonest()

    def alarm(self) -> int | None:
        """Return when there may be something to be told, which is not in quiet hours."""
        at, wishes = self.due(), self._wishes
        if at is None or wishes is None:
            return at
        if self._is_resting and self._changed is None and self._scanned_at is not None:
            at = max(at, min(self._scanned_at + SCAN, *self._due.values()))
        quiet = quiet_until(_utc(at), wishes.quiet_hours, wishes.zone)
        return at if quiet is None else _ms(quiet)

    def _set_timer(self, at: int | None) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
        if at is not None and not self._stopped:
            self._cancel = self._homeserver.call_later(
                max(0, at - self._homeserver.now()) / 1000, self._wake
            )

    def _wake(self) -> None:
        self._cancel = None
        self._homeserver.background("twin_reminders", self.settle)

    # What is due

    async def _look(self, now: int, wishes: Wishes) -> None:
        is_new = wishes != self._wishes
        self._settled_at, self._wishes = now, wishes
        quiet = quiet_until(_utc(now), wishes.quiet_hours, wishes.zone)
        self._is_resting = not wishes.reminders or quiet is not None
        if wishes.reminders and quiet is not None:
            if is_new:
                await self._homeserver.transact("twin_reminders_wanted", partial(_begin, now=now))
            self._next = _ms(quiet)
            self._set_timer(self._next)
            return
        due: list[Due] = []
        if wishes.reminders:
            due = await self._found(await self._since(now), now, wishes)
        else:
            self._due, self._scanned_at = {}, None
        if due and not await self._voice.look():
            due = []

        def work(cursor: Cursor) -> int | None:
            tell(cursor, self._voice, due, now, self._homeserver.owner, wishes)
            reminders_store.forget(cursor, now - 2 * DAY)
            # Of the time in which the owner wants no reminders, nothing is told later.
            store.write_position(cursor, now if wishes.reminders else NEVER, POSITION)
            return reminders_store.held_until(cursor, HOUR)

        held = await self._homeserver.transact("twin_remind", work)
        self._voice.note()
        soonest = min([*self._due.values(), NEVER if held is None else held], default=NEVER)
        self._next = NEVER if self._scanned_at is None else self._scanned_at + SCAN
        self._next = min(self._next, soonest)
        self._set_timer(None if soonest == NEVER else soonest)

    async def _since(self, now: int) -> int:
        """Return since when is told what was not told yet."""
        upto = await self._homeserver.transact(
            "twin_reminders_position", lambda cursor: store.read_position(cursor, POSITION)
        )
        if upto is None:
            return now  # a twin that never told anything begins now
        if self._scanned_at is not None:
            # Nothing was due since the last look, up to a moment ago or to what is not told yet.
            changed = now if self._changed is None else self._changed
            upto = max(upto, min(now - MINUTE, changed, *self._due.values()))
        # Clocks may have been put back.
        return max(min(upto, now) - OVERLAP, now - DAY)

    async def _found(self, since: int, now: int, wishes: Wishes) -> list[Due]:
        """Return what is due, told already or not, and note what is soon."""
        asked = _Asked(self._homeserver.owner, since, now, wishes.zone)
        scanned = self._scanned_at
        if wishes == self._scanned_with and scanned is not None and 0 <= now - scanned < SCAN:
            found = await self._follow(asked)
            if found is not None:
                return found
        self._scanned_at = None
        found = await self._scan(asked)
        self._scanned_at, self._scanned_with = now, wishes
        return found

    async def _scan(self, asked: "_Asked") -> list[Due]:
        self._changed, self._due = None, {}
        owner, found = asked.me, []
        seconds = (
            int((_utc(asked.since) - LATEST - SLACK).timestamp()),
            int((_utc(asked.horizon) - EARLIEST + SLACK).timestamp()),
        )
        seq = await self._homeserver.transact("twin_reminders_seq", sequence.last_seq)
        after: Place | None = None
        while True:
            chunk = await self._homeserver.transact(
                "twin_reminders_scan",
                partial(
                    reminders_store.between,
                    types=TYPES,
                    owner=owner,
                    seconds=seconds,
                    after=after,
                ),
            )
            found += await self._judge(chunk, asked)
            if len(chunk) < reminders_store.CHUNK:
                break
            after = chunk[-1].place
        self._seq = seq
        return found

    async def _follow(self, asked: "_Asked") -> list[Due] | None:
        """Look at what changed and what is due; None where everything has to be looked at."""
        owner, found, more = asked.me, [], self._changed is not None
        self._changed = None
        waiting = {place for place, at in self._due.items() if at <= asked.now}
        while more:
            chunk = await self._homeserver.transact(
                "twin_reminders_changed",
                partial(reminders_store.changed, types=(*TYPES, RSVP), owner=owner, seq=self._seq),
            )
            if any(each.place.type == RSVP and each.place.uid == owner for each in chunk):
                return None
            found += await self._judge([each for each in chunk if each.place.type != RSVP], asked)
            waiting -= {each.place for each in chunk}
            self._seq = chunk[-1].seq if chunk else self._seq
            more = len(chunk) == reminders_store.CHUNK
        for places in _parts(sorted(waiting, key=lambda each: (each.room_id, each.type, each.uid))):
            for place in places:
                self._due.pop(place, None)
            chunk = await self._homeserver.transact(
                "twin_reminders_due", partial(reminders_store.at, places=places, owner=owner)
            )
            found += await self._judge(chunk, asked)
        return found

    async def _judge(self, candidates: Sequence[Candidate], asked: "_Asked") -> list[Due]:
        """Return what of some objects is due, and note when each is to be looked at again."""
        rooms = {each.place.room_id for each in candidates if each.place.type == EVENT}
        answers = await self._homeserver.transact(
            "twin_reminders_answers",
            partial(reminders_store.answers, event_type=RSVP, owner=asked.me, rooms=sorted(rooms)),
        )
        judged = await self._homeserver.in_thread(lambda: _judged(candidates, answers, asked))
        found = []
        for each, all_of_it in judged:
            coming = [_ms(reminder.at) for reminder in all_of_it]
            soonest = min((at for at in coming if at > asked.now), default=None)
            if soonest is None:
                self._due.pop(each.place, None)
            else:
                self._due[each.place] = soonest
            found += [
                _due(each, reminder)
                for reminder, at in zip(all_of_it, coming, strict=True)
                if at <= asked.now
            ]
        return found


def _begin(cursor: Cursor, now: int) -> None:
    """Note that reminders are wanted from now on, if they were not before."""
    if store.read_position(cursor, POSITION) == NEVER:
        store.write_position(cursor, now, POSITION)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked about objects."""

    me: str
    since: int
    now: int
    zone: ZoneInfo

    @property
    def horizon(self) -> int:
        """Up to when reminders are looked for."""
        return self.now + HORIZON


def _judged(
    candidates: Iterable[Candidate], answers: Mapping[str, str], asked: _Asked
) -> list[tuple[Candidate, list[Reminder]]]:
    """Return the reminders of objects; runs in a thread."""
    given = {room_id: json.loads(text) for room_id, text in answers.items()}
    within = _utc(asked.since), _utc(asked.horizon)
    found = []
    for each in candidates:
        try:
            here = given.get(each.place.room_id)
            content = _answered(json.loads(each.content or "{}"), here, each.place.uid, asked.me)
            all_of_it = reminders(content, asked.me, within, asked.zone)
            found.append((each, list(islice(all_of_it, MOST_OF_ONE))))
        except Exception:
            # One object must not keep the owner from being told of all others.
            logger.exception("The twin can't remind of an object in %s", each.place.room_id)
            found.append((each, []))
    return found


def _answered(content: Mapping[str, Any], given: Any, uid: str, me: str) -> Mapping[str, Any]:
    """Return an event with what the owner answered; an answer to another time is none."""
    answers = given.get("answers") if isinstance(given, Mapping) else None
    answer = answers.get(uid) if isinstance(answers, Mapping) else None
    effective: Mapping[str, Any] = plain(
        with_answers(frozen(content), {me: answer} if isinstance(answer, Mapping) else {})
    )
    return effective


def _due(each: Candidate, reminder: Reminder) -> Due:
    place = each.place
    parts = (place.room_id, place.type, place.uid, reminder.recurrence_id or "", reminder.alert)
    about = About(place.room_id, place.type, place.uid, reminder.recurrence_id)
    return Due(key_of(*parts, str(_ms(reminder.at))), reminder, each.own, about)


def _parts(places: Sequence[Place]) -> Iterator[Sequence[Place]]:
    for start in range(0, len(places), reminders_store.CHUNK):
        yield places[start : start + reminders_store.CHUNK]


def _utc(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
