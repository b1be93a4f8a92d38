"""The brief: tells the owner of their day and their week, at their hour, and whenever they ask.

Level, not edge: what was told for which day is stored together with what is to be said, so that
each day has its brief once, whatever happens to the process, the clock or the settings.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from twin_module.chat.briefs import texts as brief_texts
from twin_module.chat.briefs.reading import BriefReading
from twin_module.chat.briefs.tables import Since
from twin_module.chat.briefs.texts import Kind
from twin_module.core.ports import Cursor
from twin_module.core.quiet_hours import quiet_until
from twin_module.core.recurrence import instant
from twin_module.core.voice import Said, key_of
from twin_module.engine import sequence, store
from twin_module.engine.settings import DAYS, Wishes
from twin_module.engine.twin import Twin

logger = logging.getLogger(__name__)

MINUTE: Final = 60_000
LATE: Final = timedelta(hours=6)
"""So long after its hour a brief is still told, on the same day."""
TOGETHER: Final = timedelta(hours=1)
"""So near to the weekly brief there is no daily one."""
LONGEST: Final = 7 * 24 * 60 * MINUTE
"""What others changed longer ago is not told."""
_TS: Final = "brief"
_SEQ: Final = "brief_seq"
_TOLD: Final[dict[Kind, str]] = {"daily": "brief_daily", "weekly": "brief_weekly"}
"""Names under which is stored when, and up to what, and for which day a brief was told last."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was told last."""

    since: Since
    daily: int
    """The day, as a number of the calendar (`date.toordinal`)."""
    weekly: int

    def has(self, kind: Kind, day: date) -> bool:
        """Tell whether the brief of a day was told, or that of the next: who travels west has a day twice."""
        told = self.daily if kind == "daily" else self.weekly
        return told - 1 <= day.toordinal() <= told


class Brief:
    """Tells the owner what is ahead; one per twin, in one process only."""

    def __init__(self, twin: Twin) -> None:
        self._homeserver = twin.homeserver
        self._settings = twin.settings
        self._voice = twin.voice
        self._wake = twin.wake
        self._reading = BriefReading(twin)
        self._looked_at = 0
        self._next: int | None = 0
        """When it is to be looked at next, None where no brief is wanted."""
        self._soonest: int | None = None
        """When the next brief is wanted."""
        self._wishes: Wishes | None = None
        """Those of the owner at the last look."""
        self._told: Told | None = None
        self._timer: tuple[int, Callable[[], None]] | None = None
        """When it fires, and how to take it back."""
        self._stopped = False

    def stop(self) -> None:
        """Do nothing any more."""
        self._stopped = True
        self._set_timer(None)

    async def text(self, kind: Kind) -> Said:
        """Return the brief of now, also where there is nothing to tell."""
        wishes = await self._settings.read()
        told = await self._read()
        found = await self._reading.found(kind, wishes.zone, self._since(told))
        owner, language = self._homeserver.owner, wishes.language
        return brief_texts.said(found, owner, language) or brief_texts.nothing(
            kind, owner, language
        )

    def due(self) -> int | None:
        """Return when there is something to be told, in milliseconds since 1970."""
        return self._next

    def alarm(self) -> int | None:
        """Return when the next brief is wanted, or tried again what failed."""
        return self._next if self._told is None else self._soonest

    async def settle(self) -> None:
        """Tell what is due; what fails is tried again within a minute and never raised."""
        now = self._homeserver.now()
        if self._stopped:
            return
        try:
            wishes = await self._settings.read()
            is_due = self._next is not None and self._next <= now
            if is_due or now < self._looked_at or wishes != self._wishes:
                self._looked_at, self._next, self._wishes = now, now + MINUTE, wishes
                await self._look(now, wishes)
        except Exception:
            self._told = None
            logger.exception("The twin could not tell its owner what is ahead, trying again")

    async def _look(self, now: int, wishes: Wishes) -> None:
        moment = datetime.fromtimestamp(now / 1000, UTC)
        today = moment.astimezone(wishes.zone).date()
        told = self._told or await self._read() or await self._begin(moment, today, wishes)
        self._told = told
        briefs, waits = dict(hours(today, wishes)), False
        for kind, at in briefs.items():
            alone = len(briefs) == 1
            was_told = told.has(kind, today) or (alone and told.has("daily", today))
            if at <= moment < at + LATE and not was_told:
                before = told
                told = await self._tell(kind, today, wishes, told, alone=alone)
                waits = waits or told is before
        days = (today + timedelta(days=number) for number in range(9))
        coming = [at for day in days for _, at in hours(day, wishes) if at > moment]
        self._soonest = min((int(at.timestamp() * 1000) for at in coming), default=None)
        if not waits:
            self._next = self._soonest
        self._set_timer(self._soonest)

    async def _tell(
        self, kind: Kind, today: date, wishes: Wishes, told: Told, *, alone: bool
    ) -> Told:
        """Plan a brief, where there is something to tell, and note that it was told.

        A weekly one that is alone takes the place of the daily one, whatever is set later that day.
        """
        if not await self._voice.look():
            return told
        now = self._homeserver.now()
        # Before it is read what there is, so that nothing falls between two briefs.
        seq = await self._homeserver.transact("twin_brief_seq", sequence.last_seq)
        found = await self._reading.found(kind, wishes.zone, self._since(told))
        said = brief_texts.said(found, self._homeserver.owner, wishes.language)
        day = today.toordinal()
        told = Told(
            Since(now, seq),
            daily=day if alone or kind == "daily" else told.daily,
            weekly=day if kind == "weekly" else told.weekly,
        )
        name = "brief" if alone or kind == "daily" else "weekly brief"
        key = key_of(name, today.isoformat())

        def work(cursor: Cursor) -> None:
            _write(cursor, told)
            if said is not None:
                self._voice.plan(cursor, said, key)

        await self._homeserver.transact("twin_brief", work)
        self._told = told
        self._voice.note()
        await self._voice.settle()
        return told

    # What was told

    async def _read(self) -> Told | None:
        return await self._homeserver.transact("twin_brief_told", _read)

    async def _begin(self, moment: datetime, today: date, wishes: Wishes) -> Told:
        """Note that nothing of before is told, and no brief whose hour is over today."""
        over = {kind for kind, at in hours(today, wishes) if at <= moment}
        days = {kind: today.toordinal() if kind in over else 0 for kind in _TOLD}
        ts = int(moment.timestamp() * 1000)

        def work(cursor: Cursor) -> Told:
            told = Told(Since(ts, sequence.last_seq(cursor)), days["daily"], days["weekly"])
            _write(cursor, told)
            return told

        return await self._homeserver.transact("twin_brief_begin", work)

    def _since(self, told: Told | None) -> Since | None:
        if told is None:
            return None
        now = self._homeserver.now()
        # A clock may have been put back.
        return replace(told.since, ts=max(min(told.since.ts, now), now - LONGEST))

    def _set_timer(self, at: int | None) -> None:
        if self._timer is not None:
            if self._timer[0] == at:
                return
            self._timer[1]()
            self._timer = None
        if at is not None and not self._stopped:
            seconds = max(0, at - self._homeserver.now()) / 1000
            self._timer = at, self._homeserver.call_later(seconds, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._wake()


def hours(day: date, wishes: Wishes) -> Iterator[tuple[Kind, datetime]]:
    """Return which briefs a day has and when, in UTC.

    An hour that a change of clocks leaves out is later by as much, one that comes twice is the
    first of both; one in quiet hours is when those end, if that is on the same day.
    """
    daily = None if wishes.daily_brief is None else _at(day, wishes.daily_brief, wishes)
    weekly = None
    if wishes.weekly_brief is not None and DAYS[day.weekday()] == wishes.weekly_brief[0]:
        weekly = _at(day, wishes.weekly_brief[1], wishes)
    if daily is not None and (weekly is None or abs(weekly - daily) > TOGETHER):
        yield "daily", daily
    if weekly is not None:
        yield "weekly", weekly


def _at(day: date, clock: str, wishes: Wishes) -> datetime:
    at = instant(datetime.combine(day, time.fromisoformat(clock)), wishes.zone)
    later = quiet_until(at, wishes.quiet_hours, wishes.zone)
    return later if later and later.astimezone(wishes.zone).date() == day else at


def _read(cursor: Cursor) -> Told | None:
    names = (_TS, _SEQ, *_TOLD.values())
    found = [store.read_position(cursor, name) for name in names]
    ts, seq, daily, weekly = (each or 0 for each in found)
    return None if found[0] is None else Told(Since(ts, seq), daily, weekly)


def _write(cursor: Cursor, told: Told) -> None:
    values = {_TS: told.since.ts, _SEQ: told.since.seq}
    values |= {_TOLD["daily"]: told.daily, _TOLD["weekly"]: told.weekly}
    for name, value in values.items():
        store.write_position(cursor, value, name)
