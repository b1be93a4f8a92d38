"""What a brief tells of, read from the tables: bounded, however much the twin holds and whoever wrote it."""

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from twin_module.chat.briefs import tables as brief_tables, texts as brief_texts
from twin_module.chat.briefs.tables import Since
from twin_module.chat.briefs.texts import Change, Done, Event, Found, Kind, Task, Waiting
from twin_module.chat.people import names as names_of
from twin_module.core.busy import overlapping
from twin_module.core.event_types import EVENT
from twin_module.core.jscalendar import utc_of
from twin_module.core.layout import Kind as RoomKind
from twin_module.core.recurrence import instant, is_recurring, occurrences, plus, spell
from twin_module.core.rules import MOST_WORK, Work
from twin_module.core.state import NAMESPACE
from twin_module.core.voice import About
from twin_module.engine import reminders_store, store
from twin_module.engine.agenda import Placed
from twin_module.engine.reminders_store import CHUNK, Candidate
from twin_module.engine.store import Room
from twin_module.engine.twin import Twin
from twin_module.engine.versions import Place
from twin_module.rooms.tasks import OPEN

MEMBER: Final = "m.room.member"
PROPOSAL: Final = f"{NAMESPACE}.proposal"
"""The type in an `About` whose `uid` is the event ID of a proposal."""
WEEK: Final = timedelta(days=7)
MOST_EVENTS: Final = 500
MOST_WAITING: Final = 200
MOST_PROPOSALS: Final = 20
ALL_WORK: Final = 100 * MOST_WORK
"""What the rules of all tasks together may cost."""
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for: the part of time, in UTC, that a brief is about."""

    kind: Kind
    now: datetime
    """Local."""
    zone: ZoneInfo
    begin: datetime
    end: datetime


def _asked(kind: Kind, now: int, zone: ZoneInfo) -> _Asked:
    local = datetime.fromtimestamp(now / 1000, zone)
    midnight = datetime.combine(local.date(), time.min)
    ends = midnight + (WEEK if kind == "weekly" else timedelta(days=1))
    return _Asked(kind, local, zone, instant(midnight, zone), instant(ends, zone))


class BriefReading:
    """Finds what a brief tells of."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._homeserver = twin.homeserver
        self._me = twin.homeserver.owner
        self._types = [each.event_type.type for each in twin.capabilities]

    async def found(self, kind: Kind, zone: ZoneInfo, since: Since | None) -> Found:
        """Return what there is to tell now; None as `since` tells nothing of others' changes."""
        asked = _asked(kind, self._homeserver.now(), zone)
        rooms = await self._homeserver.transact("twin_brief_rooms", store.read_rooms)
        invitations = await self._invitations(asked)
        events = await self._events(asked, {_key(each.about) for each in invitations})
        planned = {_key(each.about) for each in events}
        # What takes place now anyway is told once, and says there that it waits.
        answers = [each for each in invitations if _key(each.about) not in planned]
        return Found(
            kind=kind,
            now=asked.now,
            events=events,
            tasks=await self._tasks(asked),
            changes=await self._changes(since, rooms) if since else (),
            waiting=[*self._asked_into(rooms), *answers, *await self._proposals(rooms)],
            done=await self._done(asked) if kind == "weekly" else Done(count=0, titles=()),
        )

    # What takes place

    async def _events(self, asked: _Asked, waiting: Container[tuple[str, str]]) -> Sequence[Event]:
        found = await self._twin.agenda.range(asked.begin, asked.end, asked.zone, limit=MOST_EVENTS)
        placed = [each for each in found if _takes_place(each)]
        # What fills days (holidays, visitors) leaves time for other things.
        busy = [n for n, each in enumerate(placed) if each.is_busy and not _only_days(each)]
        pairs = await self._homeserver.in_thread(
            lambda: overlapping(busy, lambda number: placed[number].occurrence)
        )
        overlaps: dict[int, list[int]] = {}
        for one, other in pairs:
            overlaps.setdefault(one, []).append(other)
            overlaps.setdefault(other, []).append(one)
        return [
            Event(
                about=About(each.room_id, EVENT.type, each.uid, each.occurrence.recurrence_id),
                title=_text(each.occurrence.content, "title"),
                place=_place(each.occurrence.content),
                start=_local(each.occurrence.start, asked.zone),
                end=_local(each.occurrence.end, asked.zone),
                only_days=_only_days(each),
                overlaps=tuple(overlaps.get(number, ())),
                is_answered=(each.room_id, each.uid) not in waiting,
            )
            for number, each in enumerate(placed)
        ]

    async def _invitations(self, asked: _Asked) -> Sequence[Waiting]:
        """Return the events that wait for an answer, which is one to all times of a series."""
        found = await self._twin.agenda.invitations(asked.zone)
        return [
            Waiting(
                what="event",
                about=About(each.room_id, EVENT.type, each.uid),
                title=_text(each.occurrence.content, "title"),
                when=_local(each.occurrence.start, asked.zone),
                only_days=_only_days(each),
            )
            for each in found[:MOST_WAITING]
        ]

    # What is to be done, and what was

    async def _tasks(self, asked: _Asked) -> Sequence[Task]:
        places = await self._homeserver.transact(
            "twin_brief_tasks",
            lambda cursor: brief_tables.open_tasks(cursor, self._me, int(asked.end.timestamp())),
        )
        found, work = list[Task](), Work(ALL_WORK)
        for start in range(0, len(places), CHUNK):
            chunk = await self._candidates(places[start : start + CHUNK])
            found += await self._homeserver.in_thread(partial(_due, chunk, asked, work))
        return found

    async def _done(self, asked: _Asked) -> Done:
        since = asked.now.astimezone(UTC) - WEEK
        places = await self._homeserver.transact(
            "twin_brief_done",
            lambda cursor: brief_tables.completed(cursor, self._me, int(since.timestamp() * 1000)),
        )
        count, titles = 0, list[str]()
        for start in range(0, len(places), CHUNK):
            for each in await self._candidates(places[start : start + CHUNK]):
                content = json.loads(each.content or "{}")
                when = utc_of(content.get("progressUpdated"))
                if when is None or when >= since:
                    count += 1
                    titles += [_text(content, "title")][: brief_texts.SHOWN_TITLES - len(titles)]
        return Done(count=count, titles=titles)

    async def _candidates(self, places: Sequence[Place]) -> Sequence[Candidate]:
        return await self._homeserver.transact(
            "twin_brief_objects",
            lambda cursor: reminders_store.at(cursor, places, self._me),
        )

    # What others changed

    async def _changes(self, since: Since, rooms: Sequence[Room]) -> Sequence[Change]:
        rows = await self._homeserver.transact(
            "twin_brief_changes",
            lambda cursor: brief_tables.changed(cursor, self._me, since, self._types),
        )
        counts: dict[tuple[str, str], int] = {}
        titles: dict[tuple[str, str], list[str]] = {}
        for room_id, sender, title in rows:
            key = room_id, sender
            counts[key] = counts.get(key, 0) + 1
            some = titles.setdefault(key, [])
            some += [title][: brief_texts.SHOWN_TITLES - len(some)] if title else []
        # Names are looked up for those only who will be shown.
        names = await self._names(list(counts)[: brief_texts.MOST_CHANGES])
        called_rooms = {each.room_id: each.name for each in rooms}
        return [
            Change(
                who=names.get(key, key[1]),
                room=called_rooms.get(key[0], ""),
                count=count,
                titles=titles[key],
            )
            for key, count in counts.items()
        ]

    async def _names(self, who: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        """Return what people are called in rooms."""
        keys = [(MEMBER, user) for user in sorted({user for _, user in who})]
        states = await self._homeserver.states(sorted({room_id for room_id, _ in who}), keys)
        names: dict[tuple[str, str], str] = {}
        for room_id in {room_id for room_id, _ in who}:
            state = states.get(room_id, {})
            here = [user for room, user in who if room == room_id]
            said = {user: state[MEMBER, user].content for user in here if (MEMBER, user) in state}
            people = [(user, _text(said.get(user, {}), "displayname") or None) for user in here]
            names |= {(room_id, user): name for user, name in names_of(people).items()}
        return names

    # What waits

    def _asked_into(self, rooms: Sequence[Room]) -> Sequence[Waiting]:
        """Return the invitations to collections and circles; who asks is named by ID."""
        return [
            Waiting(
                what="circle" if each.kind == RoomKind.CIRCLE.value else "collection",
                about=About(each.room_id, MEMBER, self._me),
                title=each.name,
                who=each.inviter or each.creator,
            )
            for each in rooms
            if each.membership == "invite"
            and each.kind in (RoomKind.COLLECTION.value, RoomKind.CIRCLE.value)
        ][:MOST_WAITING]

    async def _proposals(self, rooms: Sequence[Room]) -> Sequence[Waiting]:
        """Return the proposals that the owner may accept."""
        writable = {
            each.room_id for each in rooms if each.membership == "join" and each.role != "viewer"
        }
        found, _ = await self._twin.proposals.page(MOST_PROPOSALS)
        shown = [each for each in found if each.place.room_id in writable]
        senders = [(each.place.room_id, each.told.version.sender) for each in shown]
        names = await self._names(senders) if senders else {}
        return [
            Waiting(
                what="own-proposal" if key[1] == self._me else "proposal",
                about=About(each.place.room_id, PROPOSAL, each.told.version.event_id),
                title=each.told.title or "",
                who=names.get(key, key[1]),
            )
            for each, key in zip(shown, senders, strict=True)
        ]


def _key(about: About) -> tuple[str, str]:
    return about.room_id, about.uid


# One object


def _takes_place(placed: Placed) -> bool:
    return placed.answer != "declined" and placed.occurrence.content.get("status") != "cancelled"


def _only_days(placed: Placed) -> bool:
    return placed.occurrence.content.get("showWithoutTime") is True


def _place(content: Mapping[str, Any]) -> str:
    """Return the name of the first place of an event that has one."""
    places = content.get("locations")
    named = (_text(each, "name") for each in places.values()) if places else ()
    return next((each for each in named if each.strip()), "")


def _due(candidates: Iterable[Candidate], asked: _Asked, work: Work) -> list[Task]:
    """Return the tasks that are due or overdue; runs in a thread."""
    found = (_task(each, asked, work) for each in candidates)
    return [each for each in found if each is not None]


def _task(candidate: Candidate, asked: _Asked, work: Work) -> Task | None:
    """Return a task as a brief tells it: a series when it is due next, or else was due last."""
    content, place = json.loads(candidate.content or "{}"), candidate.place
    last: Task | None = None
    for ends, recurrence_id, one in _times(content, asked, work) if "due" in content else ():
        if one.get("progress", OPEN[0]) not in OPEN:
            continue
        only_days = one.get("showWithoutTime") is True
        # The last day of a task that has days only, not the midnight behind it.
        due = _local(plus(ends, -_HOUR) if only_days else ends, asked.zone)
        if ends >= asked.end and not (only_days and ends == asked.end):
            break
        last = Task(
            about=About(place.room_id, place.type, place.uid, recurrence_id),
            title=_text(one, "title"),
            due=due,
            only_days=only_days,
        )
        if due.date() >= asked.now.date():
            break
    return last


def _times(
    content: Mapping[str, Any], asked: _Asked, work: Work
) -> Sequence[tuple[datetime, str | None, Mapping[str, Any]]]:
    """Return when a task is due, in order, with what it is then; a series no more than a week back."""
    if not is_recurring(content):
        found = spell(content, asked.zone)
        return [(found[1], None, content)] if found else []
    mine = Work(max(0, min(MOST_WORK, work.left)))
    given = mine.left
    times = list(occurrences(content, asked.begin - WEEK, asked.end, asked.zone, mine))
    work.left -= given - mine.left
    times.sort(key=lambda each: each.end)
    return [(each.end, each.recurrence_id, each.content) for each in times]


def _text(content: Mapping[str, Any], name: str) -> str:
    said = content.get(name)
    return said if isinstance(said, str) else ""


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return a time in a zone; at the ends of the calendar, as it is in UTC."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment.replace(tzinfo=zone)
