"""What is open in a room, or of a capability: by time where it has one, else the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from twin_module.chat.language import dates
from twin_module.chat.language.folding import bare
from twin_module.chat.speech import Speech
from twin_module.core.capability import Capability
from twin_module.core.event_types import EVENT
from twin_module.core.state import Content
from twin_module.core.voice import About
from twin_module.engine import query
from twin_module.engine.query import Query
from twin_module.engine.store import Record, Room
from twin_module.engine.twin import Twin

MOST_READ: Final = 200
AHEAD: Final = timedelta(days=366)
"""So far events are looked for where no day is named."""
_OVER: Final = ("completed", "failed", "cancelled")
_WEEK: Final = ("week", "woche")
_THIS: Final = ("week", "this week", "woche", "diese woche")

Span: TypeAlias = tuple[datetime, datetime]
"""From when until before when, in the zone of who asks."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list."""

    about: About
    title: str
    content: Content


def entry_of(record: Record) -> Entry:
    """Return the line of an object that is there."""
    about = About(record.room_id, record.type, record.uid)
    return Entry(about, record.title or record.uid, record.event().content)


def has_times(capability: Capability) -> bool:
    """Tell whether what is new of a capability may have a time."""
    return any(phrase.moment for each in capability.commands.values() for phrase in each.phrases)


def span_in(text: str, now: datetime, language: str) -> Span | None:
    """Return the days that a text names and nothing else, None where it names none."""
    said = text.strip(" ?.!")
    words = [bare(each) for each in said.split()]
    if " ".join(words) in _THIS:
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return today, today + timedelta(days=7)
    read = dates.read(said, now, language)
    if read is None or read.has_time:
        return None
    days = 7 if words[-1] in _WEEK else 1
    return read.start, read.end or read.start + timedelta(days=days)


class Listings:
    """Reads from the tables what lists show."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._homeserver = twin.homeserver

    async def open(
        self,
        capability: Capability | None,
        room: Room | None,
        speech: Speech,
        span: Span | None = None,
    ) -> Sequence[Entry]:
        """Return what is not over.

        Args:
            capability: of which; None is all of them, by when they changed.
            room: in which; None is all of them.
            speech: who asks, and when.
            span: only what is in these days.
        """
        if capability is not None and capability.event_type.type == EVENT.type:
            return await self._events(room, speech, span)
        among = [capability] if capability else self._twin.capabilities
        asked = Query(
            types=[each.event_type.type for each in among],
            room_id=room.room_id if room else None,
            limit=MOST_READ,
        )
        page = await self._homeserver.transact(
            "twin_chat_list", lambda cursor: query.run(cursor, asked)
        )
        entries = [
            entry for each in page.records if not _is_over((entry := entry_of(each)).content)
        ]
        if capability is None:
            return entries
        timed = [(speech.moment(each.content), each) for each in entries]
        if span is not None:
            timed = [(at, each) for at, each in timed if at and span[0] <= at < span[1]]
        dated = sorted(((at, each) for at, each in timed if at), key=lambda each: each[0])
        return [each for _, each in dated] + [each for at, each in timed if not at]

    async def _events(
        self, room: Room | None, speech: Speech, span: Span | None
    ) -> Sequence[Entry]:
        """Return events as they take place: of a series its next time, or all times of some days."""
        begin, end = span or (speech.now, speech.now + AHEAD)
        rooms = [room.room_id] if room else None
        found = await self._twin.agenda.range(begin, end, None, rooms, limit=MOST_READ)
        entries: dict[About, Entry] = {}
        for each in found:
            content, series = each.occurrence.content, each.occurrence.recurrence_id
            about = About(each.room_id, EVENT.type, each.uid, series if span else None)
            title = content.get("title")
            if not _is_over(content):
                shown = title if isinstance(title, str) and title else each.uid
                entries.setdefault(about, Entry(about, shown, content))
        return list(entries.values())


def _is_over(content: Content) -> bool:
    return content.get("progress") in _OVER or content.get("status") == "cancelled"
