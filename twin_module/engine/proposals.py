"""Proposals: lost versions that nobody has merged, for the owner to accept or to dismiss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twin_module.core.capability import EventType
from twin_module.core.errors import Conflict, Forbidden, NotFound
from twin_module.core.lineage import DISMISSED, Version
from twin_module.core.ports import Cursor, Homeserver
from twin_module.core.told import Told
from twin_module.engine import past, store, versions
from twin_module.engine.history import History
from twin_module.engine.merger import Merger, Scene
from twin_module.engine.projector import Projector
from twin_module.engine.versions import Place

TRIES: Final = 3
MOST_OF_ONE: Final = 20
"""How many proposals for one object are listed, the newest ones."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A lost version that is open."""

    place: Place
    told: Told


class Proposals:
    """What lost and is open, in all rooms, and in those that the owner is no longer in."""

    def __init__(
        self,
        homeserver: Homeserver,
        projector: Projector,
        merger: Merger,
        history: History,
        types: Mapping[str, EventType],
    ) -> None:
        self._homeserver = homeserver
        self._projector = projector
        self._merger = merger
        self._history = history
        self._types = types

    async def page(
        self, limit: int, after: Place | None = None
    ) -> tuple[Sequence[Proposal], Place | None]:
        """Return the proposals for some objects, and the object behind which the next page begins."""
        places = await self._homeserver.transact(
            "twin_proposals", lambda cursor: past.conflicted(cursor, limit + 1, after)
        )
        found = []
        for place in places[:limit]:
            if place.type not in self._types:
                continue
            lost = await self._lost(place)
            newest = sorted(lost, key=lambda each: each.moment, reverse=True)[:MOST_OF_ONE]
            found += [Proposal(place, each) for each in await self._history.told(place, newest)]
        return found, places[limit - 1] if len(places) > limit else None

    async def accept(self, event_id: str, experience: str | None = None) -> bool:
        """Merge a proposal with the current version, by the owner's right to write.

        Returns:
            Whether anything was written: where nothing of it was missing, it is settled so.

        Raises:
            NotFound: it is no open proposal.
            Forbidden: the owner may not write there, or has left the room.
            BadJson, TooLarge: the result can't be written.
            Conflict: somebody wrote again and again meanwhile.
        """
        place = await self._place(event_id)
        for attempt in range(TRIES):
            await self._projector.catch_up()
            scene = await self._merger.scene(place)
            try:
                return await self._take_in(scene, event_id, experience)
            except Conflict:
                if attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    async def _take_in(self, scene: Scene | None, event_id: str, experience: str | None) -> bool:
        if scene is None:
            raise Conflict("The object was changed meanwhile; try again.", current=None)
        version = _open(scene.lost, event_id)
        if not scene.may_write:
            raise Forbidden("You may not write in this room, so you can't accept anything there.")
        contained = await self._merger.take_in(scene, [version], experience)
        await self._projector.catch_up()
        await self._projector.announce()
        return not contained

    async def dismiss(self, event_id: str) -> None:
        """Note that a proposal is not wanted, on this twin; its twin may still merge it if it may.

        Raises:
            NotFound: it is no open proposal.
        """
        place = await self._place(event_id)
        version = _open(await self._lost(place), event_id)

        def work(cursor: Cursor) -> None:
            versions.settle(cursor, place, [version.event_id], DISMISSED)

        await self._homeserver.transact("twin_dismiss", work)
        await self._projector.announce()

    async def _place(self, event_id: str) -> Place:
        place = await self._homeserver.transact(
            "twin_proposal", lambda cursor: versions.place_named(cursor, event_id)
        )
        if place is None or place.type not in self._types:
            raise NotFound(f"There is no proposal {event_id}.")
        return place

    async def _lost(self, place: Place) -> Sequence[Version]:
        def work(cursor: Cursor) -> Sequence[Version]:
            record = store.read_object(cursor, place.room_id, place.type, place.uid)
            lineage = versions.lineage(cursor, place)
            return lineage.lost(record.event_id if record else None)

        return await self._homeserver.transact("twin_lost", work)


def _open(lost: Sequence[Version], event_id: str) -> Version:
    for each in lost:
        if each.event_id == event_id:
            return each
    raise NotFound(f"{event_id} is no open proposal: it is current, taken in, or settled.")
