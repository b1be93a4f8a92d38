"""The history of an object: its versions, what became of each, and what was current when.

A page costs the same wherever it is: it reads its own versions and those they were made on. What
lost in a merge is kept nowhere; it is worked out again from the versions that came together.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from twin_module.core.capability import EventType
from twin_module.core.errors import NotFound, TwinError
from twin_module.core.lineage import CONTAINED, DISMISSED, Lineage, Version
from twin_module.core.ports import Cursor, Homeserver
from twin_module.core.state import StateEvent, frozen
from twin_module.core.told import Status, Told, experience_of, title_of, told_changes
from twin_module.engine import past, store, versions
from twin_module.engine.backoff import Backoff
from twin_module.engine.merger import Merger
from twin_module.engine.outcomes import Outcomes
from twin_module.engine.past import Rank
from twin_module.engine.versions import MISSING, REDACTED, Place

logger = logging.getLogger(__name__)

MOST: Final = 100
"""How many versions a page has at most."""
MOST_ASKED: Final = 50
"""How many versions are asked for from others for one request."""
LONGEST_ASKING_MS: Final = 10_000
MOST_COMPARED: Final = 500_000
"""Characters of texts that are compared line by line for one page."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some versions, newest first."""

    versions: Sequence[Told]
    next: Rank | None
    """Behind which version the next page begins."""
    complete: bool
    """Whether this twin has everything that these versions name."""


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around the versions of a page."""

    current: str | None
    lost: frozenset[str]
    lineage: Lineage | None
    """Of all versions; only where some are open."""
    merged_by: Mapping[str, str]
    redacted: frozenset[str]


class History:
    """Tells the history of objects."""

    def __init__(
        self, homeserver: Homeserver, merger: Merger, types: Mapping[str, EventType]
    ) -> None:
        self._homeserver = homeserver
        self._merger = merger
        self._types = types
        self._outcomes = Outcomes(homeserver, merger, types)
        self._later: Backoff[str] = Backoff()

    async def page(self, place: Place, limit: int, after: Rank | None = None) -> Page:
        """Return a page of versions; some that this twin lacks are asked for from others.

        Raises:
            NotFound: there never was such an object.
        """
        asking = _Asking(self, place)
        while True:
            rows, behind, unasked, missing = await self._homeserver.transact(
                "twin_history", lambda cursor: _rows(cursor, place, limit, after)
            )
            if not await asking.ask(unasked):
                break
        if not rows and after is None:
            raise NotFound(f"There never was an object {place.uid!r} of this kind in this room.")
        told = await self.told(place, rows)
        return Page(told, behind, complete=not unasked and not missing)

    async def told(self, place: Place, rows: Sequence[Version]) -> list[Told]:
        """Return versions of an object with what became of them and what they changed."""
        around = await self._homeserver.transact(
            "twin_history_around", lambda cursor: _around(cursor, place, rows)
        )
        named = dict.fromkeys(each for row in rows for each in _first(row))
        events = await self._merger.events(list(named))
        readable = {key: each for key, each in events.items() if key not in around.redacted}
        merges = await self._outcomes.merges(place, rows, around.current)
        found, compared = [], 0
        for row in rows:
            compared += sum(_size(readable.get(each)) for each in _first(row))
            told = self._one(place, row, around, readable, lines=compared <= MOST_COMPARED)
            if told.status == "proposed" and around.lineage is not None:
                why = await self._outcomes.why(place, around.lineage, around.current, row)
                told = replace(told, why=why)
            merged = merges.get(row.event_id)
            if merged is not None:
                told = replace(told, clashes=merged.clashes, restored=merged.restored)
            found.append(told)
        return found

    def _one(
        self,
        place: Place,
        row: Version,
        around: _Around,
        events: Mapping[str, StateEvent],
        *,
        lines: bool,
    ) -> Told:
        status = _status(row, around)
        is_current = row.event_id == around.current
        merged_by = around.merged_by.get(row.event_id) if status == "merged" else None
        event = events.get(row.event_id)
        if event is None:
            problem = None if status in ("unknown", "redacted") else "This version was purged here."
            return Told(
                version=row,
                status=status,
                current=is_current,
                merged_by=merged_by,
                problem=problem,
            )
        event_type = self._types[place.type]
        misfit = event_type.misfit(event)
        changes, cut = None, frozenset[str]()
        before = events.get(row.parents[0]) if row.parents else None
        if event.problem is None and (not row.parents or (before and before.problem is None)):
            old = before.content if before else frozen({})
            changes, cut = told_changes(event_type, old, event.content, lines=lines)
        return Told(
            version=row,
            status=status,
            current=is_current,
            event=event,
            title=title_of(event_type, event) if event.content and misfit is None else None,
            problem=f"{misfit.path or 'content'}: {misfit.message}"[:255] if misfit else None,
            experience=experience_of(event.content),
            changes=changes,
            cut=cut,
            merged_by=merged_by,
        )

    # One version

    async def version(self, place: Place, event_id: str) -> Told:
        """Return one version, with its event.

        Raises:
            NotFound: the object has no such version here, or its content is gone.
        """
        row = await self._homeserver.transact(
            "twin_history_version", lambda cursor: past.one(cursor, place, event_id)
        )
        if row is None:
            raise NotFound(f"{place.uid!r} has no version {event_id} on this twin.")
        [told] = await self.told(place, [row])
        if told.status == "redacted":
            raise NotFound(f"The version {event_id} was redacted; its content is gone.")
        if told.event is None:
            raise NotFound(f"The content of the version {event_id} is not on this twin.")
        return told

    async def at(self, place: Place, ts: int) -> Told:
        """Return what was current at a time, in milliseconds since 1970.

        Raises:
            NotFound: the object did not exist yet, or this twin does not have it so far back.
        """
        asking = _Asking(self, place)
        while True:
            found, unasked, missing = await self._homeserver.transact(
                "twin_history_at", lambda cursor: _at(cursor, place, ts)
            )
            if found is None:
                raise NotFound(f"There never was an object {place.uid!r} of this kind here.")
            if found[1] <= ts:
                return await self.version(place, found[0])
            if not await asking.ask(unasked):
                break
        if unasked or missing:
            raise NotFound(f"This twin does not have the history of {place.uid!r} so far back.")
        raise NotFound(f"{place.uid!r} did not exist at that time.")

    # Versions that are not here

    async def ask_for(self, place: Place, event_id: str) -> bool:
        """Get a version from others; tells whether it is known now who has it, if anybody."""
        if self._later.waits(place.room_id, self._homeserver.now()):
            return False
        try:
            await self._merger.fetch(place, [event_id])
        except TwinError as error:
            logger.info("The history of %s has a gap: %s", place, error.message)
            self._later.postpone(place.room_id, self._homeserver.now())
            return False
        self._later.done(place.room_id)
        return True

    def now(self) -> int:
        """Return the time in milliseconds since 1970."""
        return self._homeserver.now()


class _Asking:
    """Asks others for versions, for one request."""

    def __init__(self, history: History, place: Place) -> None:
        self._history = history
        self._place = place
        self._left = MOST_ASKED
        self._until = history.now() + LONGEST_ASKING_MS

    async def ask(self, event_ids: Sequence[str]) -> bool:
        """Ask for versions; tells whether there may be something new, and so more to ask for."""
        got = False
        for event_id in event_ids:
            if not self._left or self._history.now() > self._until:
                return got
            self._left -= 1
            if not await self._history.ask_for(self._place, event_id):
                self._left = 0
                return got
            got = True
        return got


def _rows(
    cursor: Cursor, place: Place, limit: int, after: Rank | None
) -> tuple[list[Version], Rank | None, list[str], bool]:
    rows, behind = past.page(cursor, place, limit, after)
    named = [parent for row in rows for parent in row.parents]
    unasked, missing = past.gaps(cursor, named)
    return rows, behind, unasked, missing or any(row.settled == MISSING for row in rows)


def _at(cursor: Cursor, place: Place, ts: int) -> tuple[tuple[str, int] | None, list[str], bool]:
    record = store.read_object(cursor, place.room_id, place.type, place.uid)
    found = past.at(cursor, place, record.event_id, ts) if record else None
    if found is None:
        return None, [], False
    return found, *past.gaps(cursor, past.parents(cursor, [found[0]]).get(found[0], [])[:1])


def _around(cursor: Cursor, place: Place, rows: Sequence[Version]) -> _Around:
    record = store.read_object(cursor, place.room_id, place.type, place.uid)
    current = record.event_id if record else None
    # All versions have to be read only where one is open.
    lineage = versions.lineage(cursor, place) if past.waiting(cursor, place) else None
    return _Around(
        current=current,
        lost=frozenset(each.event_id for each in lineage.lost(current)) if lineage else frozenset(),
        lineage=lineage,
        merged_by=past.mergers(cursor, place, [row.event_id for row in rows]),
        redacted=past.redacted(cursor, [each for row in rows for each in _first(row)]),
    )


def _status(row: Version, around: _Around) -> Status:
    if row.settled in (MISSING, REDACTED):
        return "unknown" if row.settled == MISSING else "redacted"
    if row.event_id == around.current:
        return "current"
    if row.settled in (CONTAINED, DISMISSED):
        return "contained" if row.settled == CONTAINED else "dismissed"
    if row.event_id in around.lost:
        return "proposed"
    return "merged" if row.event_id in around.merged_by else "replaced"


def _first(row: Version) -> tuple[str, ...]:
    """Return a version and what it was made on."""
    return (row.event_id, *row.parents[:1])


def _size(event: StateEvent | None) -> int:
    values = event.content.values() if event else ()
    return sum(len(value) for value in values if isinstance(value, str))
