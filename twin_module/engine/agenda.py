"""The owner's agenda over all rooms: what takes place when, what overlaps, what waits for an answer.

Which events may matter is found by the index (`first` and `last`, in seconds since 1970); when they
take place exactly is worked out in a thread, because rules may take a while.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from twin_module.core.busy import merged, overlapping, takes_time
from twin_module.core.event_types import EVENT, RSVP, answers_to
from twin_module.core.jscalendar import NO_ANSWER, matrix_id_of, time_key, with_answers
from twin_module.core.ports import Cursor, Homeserver
from twin_module.core.recurrence import FOREVER, Occurrence, occurrence_at, occurrences
from twin_module.core.state import Content
from twin_module.engine.settings import Settings
from twin_module.engine.store import OBJECT_COLUMNS, Record, record

AHEAD: Final = (timedelta(days=31), timedelta(days=400), timedelta(days=4000))
"""How far is looked for what comes next, one after the other."""
MOST: Final = 5000
"""How many occurrences are shown at once."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An event as it takes place once, in a room."""

    room_id: str
    uid: str
    occurrence: Occurrence
    """Its content holds what the participants answered."""
    answer: str | None
    """The owner's own `participationStatus`; None where they are neither invited nor answered."""

    @property
    def is_busy(self) -> bool:
        """Whether it takes the owner's time."""
        return takes_time(self.occurrence.content) and self.answer != "declined"


@dataclass(frozen=True, slots=True)
class _Found:
    """What the tables hold of a time."""

    records: Sequence[Record]
    answers: Mapping[str, Sequence[Record]]
    """The answers of people, by room."""


class Agenda:
    """Looks into the agenda of the twin's owner."""

    def __init__(self, homeserver: Homeserver, settings: Settings) -> None:
        self._homeserver = homeserver
        self._settings = settings

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.fromtimestamp(self._homeserver.now() / 1000, UTC)

    async def range(
        self,
        after: datetime,
        before: datetime,
        zone: ZoneInfo | None = None,
        room_ids: Sequence[str] | None = None,
        limit: int = MOST,
    ) -> list[Placed]:
        """Return what overlaps [after, before), by start.

        Args:
            after: with a zone.
            before: with a zone.
            zone: where the reader is, for what has no zone or only days; the one of the settings
                where it is not said.
            room_ids: in which rooms; None is all that the owner is in.
            limit: how many at most; the earliest are kept.
        """
        zone = zone or (await self._settings.read()).zone
        found = await self._found(after, before, room_ids)
        return await self._placed(found, after, before, zone, limit)

    async def next(self, number: int, zone: ZoneInfo | None = None) -> list[Placed]:
        """Return so many occurrences that are going on or come next, by start."""
        now, placed = self.now(), list[Placed]()
        for ahead in AHEAD:
            placed = await self.range(now, now + ahead, zone, limit=number)
            if len(placed) >= number:
                break
        return placed

    async def conflicts(
        self, after: datetime, before: datetime, zone: ZoneInfo | None = None
    ) -> list[tuple[Placed, Placed]]:
        """Return pairs of what takes the owner's time at once, by the later one's start."""
        placed = await self.range(after, before, zone)
        busy = [each for each in placed if each.is_busy]
        return await self._homeserver.in_thread(
            lambda: overlapping(busy, lambda each: each.occurrence)
        )

    async def busy(self, after: datetime, before: datetime) -> list[tuple[datetime, datetime]]:
        """Return when the owner is busy within some time, in UTC, merged; tentative counts too."""
        placed = await self.range(after, before)
        return merged(
            (max(each.occurrence.start, after), min(each.occurrence.end, before))
            for each in placed
            if each.is_busy
        )

    async def invitations(self, zone: ZoneInfo | None = None) -> list[Placed]:
        """Return the events that wait for the owner's answer, each when it is next, by start."""
        zone = zone or (await self._settings.read()).zone
        now, latest, me = self.now(), datetime.max.replace(tzinfo=UTC), self._homeserver.owner
        found = await self._found(now, latest, None, participant=me)

        def work() -> list[Placed]:
            waiting = (
                placed
                for each, content, answer in _read(found, me)
                if _asks(content, me)
                and (placed := _upcoming(each, content, answer, now, zone, me))
            )
            return _in_order(each for each in waiting if each.answer == NO_ANSWER)[:MOST]

        return await self._homeserver.in_thread(work)

    # Reading

    async def _found(
        self,
        after: datetime,
        before: datetime,
        room_ids: Sequence[str] | None,
        participant: str | None = None,
    ) -> _Found:
        first, last = _seconds(before), _seconds(after)

        def work(cursor: Cursor) -> _Found:
            records = _candidates(cursor, first, last, room_ids, participant)
            rooms = {each.room_id for each in records}
            return _Found(records, _answers(cursor, rooms) if rooms else {})

        return await self._homeserver.transact("twin_agenda", work)

    async def _placed(
        self, found: _Found, after: datetime, before: datetime, zone: ZoneInfo, limit: int
    ) -> list[Placed]:
        me = self._homeserver.owner

        def work() -> list[Placed]:
            placed: list[Placed] = []
            for each, content, answer in _read(found, me):
                inside = _sound(content, occurrences(content, after, before, zone), zone)
                placed += islice((_one(each, one, answer, me) for one in inside), limit)
            return _in_order(
                each
                for each in placed
                if each.occurrence.start < before
                and (each.occurrence.end > after or each.occurrence.start >= after)
            )[:limit]

        return await self._homeserver.in_thread(work)


def _seconds(moment: datetime) -> int:
    return min(int(moment.timestamp()), FOREVER)


def _candidates(
    cursor: Cursor,
    first: int,
    last: int,
    room_ids: Sequence[str] | None,
    participant: str | None,
) -> list[Record]:
    """Return the events that begin by one time and end by another one at the earliest."""
    within = (
        "(o.room_id, o.type, o.uid) IN (SELECT i.room_id, i.type, i.uid FROM twin_index i"
        " WHERE i.type = ? AND i.field = ? AND i."
    )
    sql = (
        f"SELECT {OBJECT_COLUMNS} FROM twin_objects o"
        " JOIN twin_rooms r ON r.room_id = o.room_id AND r.membership = 'join'"
        " WHERE o.type = ? AND o.removed = 0 AND o.content IS NOT NULL"
        f" AND {within}number <= ?) AND {within}number >= ?)"
    )
    values: list[Any] = [EVENT.type, EVENT.type, "first", first, EVENT.type, "last", last]
    if participant is not None:
        sql += f" AND {within}word = ?)"
        values += [EVENT.type, "participant", participant]
    if room_ids is not None:
        sql += f" AND o.room_id IN ({', '.join('?' for _ in room_ids) or 'NULL'})"
        values += room_ids
    cursor.execute(f"{sql} ORDER BY o.room_id, o.uid", values)
    return [record(row) for row in cursor.fetchall()]


def _answers(cursor: Cursor, rooms: set[str]) -> Mapping[str, Sequence[Record]]:
    cursor.execute(
        f"SELECT {OBJECT_COLUMNS} FROM twin_objects o"
        " WHERE o.type = ? AND o.removed = 0 AND o.content IS NOT NULL",
        (RSVP.type,),
    )
    found: dict[str, list[Record]] = {}
    for each in map(record, cursor.fetchall()):
        if each.room_id in rooms:
            found.setdefault(each.room_id, []).append(each)
    return found


# Working it out


def _read(found: _Found, me: str) -> Iterator[tuple[Record, Content, str | None]]:
    """Return events with their answers laid over them, and what the owner answered to each."""
    by_room = {
        room_id: {each.uid: each.event().content for each in records}
        for room_id, records in found.answers.items()
    }
    for each in found.records:
        content = each.event().content
        answers = answers_to(each.uid, by_room.get(each.room_id, {}))
        mine = answers.get(me)
        valid = mine is not None and mine["answered"] == time_key(content)
        answer = mine["participationStatus"] if mine is not None and valid else None
        yield each, with_answers(content, answers), answer


def _one(each: Record, occurrence: Occurrence, answer: str | None, me: str) -> Placed:
    said = answer or _status(occurrence.content, me)
    return Placed(each.room_id, each.uid, occurrence, said)


def _status(content: Content, me: str) -> str | None:
    """Return what stands in an event as somebody's answer, None where they do not take part."""
    for name, person in content.get("participants", {}).items():
        if matrix_id_of(name, person) == me:
            return str(person.get("participationStatus", NO_ANSWER))
    return None


def _asks(content: Content, me: str) -> bool:
    """Return whether somebody is to answer: who takes part, unless it is their own event."""
    return any(
        matrix_id_of(name, person) == me and "owner" not in person.get("roles", ())
        for name, person in content.get("participants", {}).items()
    )


def _upcoming(
    each: Record, content: Content, answer: str | None, now: datetime, zone: ZoneInfo, me: str
) -> Placed | None:
    """Return an event as it takes place next, None where it is over or called off."""
    for ahead in () if content.get("status") == "cancelled" else AHEAD:
        inside = _sound(content, occurrences(content, now, now + ahead, zone), zone)
        for one in inside:
            if one.content.get("status") != "cancelled":
                # An answer is to the whole series, so what overrides say of it does not count.
                return Placed(each.room_id, each.uid, one, answer or _status(content, me))
    return None


def _sound(content: Content, found: Iterable[Occurrence], zone: ZoneInfo) -> Iterator[Occurrence]:
    """Return occurrences; an override that makes of one what does not fit is left out."""
    overrides = content.get("recurrenceOverrides", {})
    for each in found:
        key = each.recurrence_id
        if key is None or key not in overrides or not EVENT.problems(each.content):
            yield each
            continue
        usual = occurrence_at(content.set("recurrenceOverrides", overrides.discard(key)), key, zone)
        if usual is not None:
            yield usual


def _in_order(placed: Iterable[Placed]) -> list[Placed]:
    def key(each: Placed) -> tuple[datetime, datetime, str, str]:
        return each.occurrence.start, each.occurrence.end, each.room_id, each.uid

    return sorted(placed, key=key)
