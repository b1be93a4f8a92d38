"""What came of versions that were concurrent: what lost in a merge, and why one is not merged.

Nothing of it is stored; it follows from the versions, by the rules of their type.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from twin_module.core.authority import may_write, membership_of
from twin_module.core.capability import EventType
from twin_module.core.errors import TwinError
from twin_module.core.lineage import CONTAINED, DISMISSED, Lineage, Version
from twin_module.core.merge import Merged
from twin_module.core.ports import Homeserver
from twin_module.core.state import Content, StateEvent
from twin_module.core.told import Why, stand_in
from twin_module.engine import past
from twin_module.engine.merger import Merger
from twin_module.engine.versions import MISSING, REDACTED, Place

logger = logging.getLogger(__name__)

MOST_WORKED_OUT: Final = 20
"""Of how many merges of a page it is worked out what lost."""


class Outcomes:
    """Works out what came of versions."""

    def __init__(
        self, homeserver: Homeserver, merger: Merger, types: Mapping[str, EventType]
    ) -> None:
        self._homeserver = homeserver
        self._merger = merger
        self._types = types

    async def merges(
        self, place: Place, rows: Sequence[Version], current: str | None
    ) -> Mapping[str, Merged]:
        """Return how versions came together: merges, and what lost although nobody merged it.

        What can't be worked out any more is left out; of many the first 20 are told.
        """
        wanted: dict[str, tuple[str, Sequence[str]]] = {}
        for row in rows:
            if len(wanted) == MOST_WORKED_OUT:
                break
            if len(row.parents) > 1 and row.settled in (None, CONTAINED, DISMISSED):
                wanted[row.event_id] = row.parents[0], row.parents[1:]
            elif row.settled == CONTAINED and current not in (None, row.event_id):
                wanted[row.event_id] = str(current), [row.event_id]
        if not wanted:
            return {}
        seeds = {each for newest, lost in wanted.values() for each in (newest, *lost)}
        lineage = await self._homeserver.transact(
            "twin_history_before", lambda cursor: past.before(cursor, sorted(seeds))
        )
        found = {}
        for event_id, (newest, lost) in wanted.items():
            merged = await self._merged(place, lineage, newest, lost)
            if merged is not None:
                found[event_id] = merged
        return found

    async def _merged(
        self, place: Place, lineage: Lineage, newest: str, lost: Sequence[str]
    ) -> Merged | None:
        sides = [lineage.versions.get(each) for each in (newest, *lost)]
        there = [each for each in sides if each and each.settled not in (MISSING, REDACTED)]
        if len(there) < len(sides):
            return None
        is_cut = len(lineage.versions) >= past.MOST_WALKED
        if is_cut and any(lineage.common(newest, each) is None for each in lost):
            return None
        try:
            return await self._merger.brought_together(
                place.type, lineage, newest, there[1:], self._stand_in
            )
        except TwinError as error:
            logger.info("Can't say what lost in a merge of %s: %s", place, error.message)
            return None

    async def _stand_in(self, event: StateEvent) -> Content:
        return stand_in(self._types[event.type], event.content)

    async def why(
        self, place: Place, lineage: Lineage, newest: str | None, version: Version
    ) -> Why:
        """Return why a lost version is not merged."""
        owner, sender = self._homeserver.owner, version.sender
        keys = [("m.room.create", ""), ("m.room.power_levels", "")]
        people = [("m.room.member", each) for each in dict.fromkeys((owner, sender))]
        state = await self._homeserver.state(place.room_id, [*keys, *people])
        if any(membership_of(state, each) != "join" for each in (owner, sender)):
            return "left"
        if not may_write(state, sender, place.type):
            return "may_not_write"
        try:
            merged = await self._merger.brought_together(
                place.type, lineage, newest, [version], self._stand_in
            )
        except TwinError:
            return "incomplete"
        return "would_not_fit" if self._types[place.type].problems(merged.content) else "waits"
