"""Reads what changed: what an object was, what it is now, and what people in between made of it.

It was what its first change in the queue replaced.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from twin_module.chat.news.changes import MOST_STEPS, NOTHING, Change, Known, Step, pinged, step
from twin_module.chat.news.items import targets
from twin_module.core.lineage import parents_of
from twin_module.core.ports import Cursor
from twin_module.core.state import Content, StateEvent
from twin_module.engine import news_store, store
from twin_module.engine.news_store import News
from twin_module.engine.store import Record
from twin_module.engine.twin import Twin
from twin_module.engine.versions import Place

CHUNK: Final = 50
"""Objects that are read together."""


@dataclass(frozen=True, slots=True)
class Looked:
    """An object of the queue that was looked at."""

    news: Sequence[News]
    """What was queued of it."""
    change: Change | None
    """None where there is nothing to be told."""
    targets: Sequence[Place] = ()
    """The objects that it tells of."""
    pings: Mapping[str, tuple[str, str]] = field(default_factory=dict, hash=False)
    """Whom it pings: how, and by whom."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What stands behind the queue of one object."""

    record: Record
    turns: Sequence[News]
    """The last change of each turn that somebody took."""
    before: str | None
    """The version that the first one replaced."""


class Reading:
    """Reads the changes of a room."""

    def __init__(self, twin: Twin, types: Mapping[str, Known]) -> None:
        self._homeserver = twin.homeserver
        self._merger = twin.merger
        self._types = types

    async def look(self, objects: Sequence[Sequence[News]], present: Iterable[str]) -> list[Looked]:
        """Look at some objects of the queue, each with all that was queued of it.

        Args:
            objects: at most `CHUNK`.
            present: who is in the room.
        """
        here = list(present)
        ids = [each.event_id for news in objects for each in news]

        def read(cursor: Cursor) -> tuple[list[Record | None], set[str]]:
            places = [news[0].place for news in objects]
            records = [store.read_object(cursor, p.room_id, p.type, p.uid) for p in places]
            return records, news_store.redacted(cursor, ids)

        records, struck = await self._homeserver.transact("twin_news_objects", read)
        left = [[each for each in news if each.event_id not in struck] for news in objects]
        ends = [_ends(news) for news in left]
        wanted = {news[0].event_id for news in left if news}
        wanted |= {each.event_id for turns in ends for each in turns}
        events = dict(await self._merger.events(sorted(wanted)))
        found: list[_Read | None] = []
        for record, news, turns in zip(records, left, ends, strict=True):
            first = events.get(news[0].event_id) if news else None
            known = first is not None and record is not None
            parents = parents_of(first) if first is not None else ()
            before = parents[0] if parents else None
            found.append(_Read(record, turns, before) if known and record is not None else None)
        before_ids = sorted({each.before for each in found if each and each.before} - events.keys())
        gone = await self._homeserver.transact(
            "twin_news_redacted",
            lambda cursor: news_store.redacted(cursor, before_ids),
        )
        events |= await self._merger.events([each for each in before_ids if each not in gone])

        def judge() -> list[Looked]:
            return [
                self._judged(news, each, events, here)
                for news, each in zip(objects, found, strict=True)
            ]

        return await self._homeserver.in_thread(judge)

    async def contents(self, places: Sequence[Place]) -> Mapping[Place, Content]:
        """Return objects as they are now; what is gone is left out."""

        def read(cursor: Cursor) -> list[Record | None]:
            return [store.read_object(cursor, p.room_id, p.type, p.uid) for p in places]

        records = await self._homeserver.transact("twin_news_contents", read)
        return {
            place: record.event().content
            for place, record in zip(places, records, strict=True)
            if record is not None and not record.removed and record.content is not None
        }

    def _judged(
        self,
        news: Sequence[News],
        read: _Read | None,
        events: Mapping[str, StateEvent],
        present: Sequence[str],
    ) -> Looked:
        """Return what is to be told of an object; runs in a thread."""
        if read is None:
            return Looked(news, None)
        known, record = self._types[read.record.type], read.record
        after = NOTHING if record.removed or record.content is None else record.event().content
        before = NOTHING if read.before is None else _fitting(known, events.get(read.before))
        contents: list[Content | None] = []
        for each in read.turns:
            is_current = each.event_id == record.event_id and record.problem is None
            contents.append(after if is_current else _fitting(known, events.get(each.event_id)))
        change = Change(
            place=news[0].place,
            before=before,
            after=after,
            steps=_steps(known, news, before, list(zip(read.turns, contents, strict=True))),
            event_id=read.turns[-1].event_id,
            title=known.title(after) or known.title(before),
        )
        return Looked(news, change, targets(self._types, change), pinged(known, change, present))


def _ends(news: Sequence[News]) -> list[News]:
    """Return the last change of each turn, a turn being all that one person did in a row.

    Of very many turns, the first one that counts takes those before it on itself.
    """
    following = [*news[1:], None]
    return [
        each
        for each, after in zip(news, following, strict=False)
        if after is None or after.sender != each.sender
    ][-MOST_STEPS:]


def _fitting(known: Known, event: StateEvent | None) -> Content | None:
    """Return the content of a version, None where it is not there or does not fit."""
    if event is None or known.type.misfit(event) is not None:
        return None
    return event.content


def _steps(
    known: Known,
    news: Sequence[News],
    before: Content | None,
    turns: Sequence[tuple[News, Content | None]],
) -> tuple[Step, ...]:
    steps, last = [], before
    for each, content in turns:
        if content is None:
            # What does not fit is left out everywhere, and so changed nothing.
            steps.append(Step(each.sender, frozenset()))
            continue
        steps.append(step(known, each.sender, last, content))
        last = content
    return tuple(steps)
