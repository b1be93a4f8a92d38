"""The merger: takes the owner's writes that lost against others into what is current.

Matrix keeps one of two concurrent versions of an object. Each twin looks after its own owner's
lost ones, so nobody does it twice: it merges them with the current version on the ground of the
newest one that both had seen, and writes the result. It never trusts to have heard of a loss;
the table of versions says what is lost, after a crash and after days as well. Content that would
not change anything is not written, so twins never answer each other for ever.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from twin_module.core.authority import may_write, membership_of
from twin_module.core.capability import EventType
from twin_module.core.effects import Put
from twin_module.core.errors import (
    BadJson,
    Conflict,
    Forbidden,
    NotFound,
    RoomFull,
    TooLarge,
    TwinError,
)
from twin_module.core.lineage import CONTAINED, Lineage, Version
from twin_module.core.merge import Clash, Merged, Side, bare, changed_fields, merge, same
from twin_module.core.ports import Cursor, Homeserver
from twin_module.core.state import Content, StateEvent, frozen
from twin_module.engine import versions
from twin_module.engine.backoff import Backoff
from twin_module.engine.orders import NEW
from twin_module.engine.versions import Place
from twin_module.engine.writer import Writer

logger = logging.getLogger(__name__)

MOST_FETCHED: Final = 200
"""How many versions of one object are asked for from others in one go."""
LONGEST_LINE: Final = 200
"""How far back it is looked for when a field changed."""
SLACK: Final = 24 * 3_600_000
"""How wrong clocks may go, in milliseconds; Matrix allows a day."""

Reader: TypeAlias = Callable[[StateEvent], Awaitable[Content]]
Together: TypeAlias = Callable[
    [StateEvent, Sequence[StateEvent], str], Awaitable[Mapping[str, Any]]
]
"""Returns the fields of a text that people write together, from several versions and what they are
by lines."""


@dataclass(frozen=True, slots=True)
class Scene:
    """An object that lost versions, as it is now."""

    place: Place
    lineage: Lineage
    current: StateEvent | None
    lost: Sequence[Version]
    """Newest first of each sender; see `Lineage.lost`."""
    may_write: bool


class Merger:
    """Merges the owner's lost versions."""

    def __init__(
        self,
        homeserver: Homeserver,
        writer: Writer,
        types: Iterable[EventType],
        together: Together,
    ) -> None:
        self._together = together
        self._homeserver = homeserver
        self._writer = writer
        self._types = {each.type: each for each in types}
        self.later: Backoff[Place] = Backoff()
        """The objects that could not be merged yet."""
        self._is_behind = False
        """Whether something is to be looked at again as soon as the tables have what came."""

    def due(self) -> int | None:
        """Return when something is to be tried again, in milliseconds since 1970."""
        return 0 if self._is_behind else self.later.next()

    async def settle(self) -> None:
        """Merge what is lost and can be merged now."""
        async with self._homeserver.lock("merger"):
            self._is_behind = False
            places = await self._homeserver.transact("twin_conflicts", versions.to_look_at)
            self.later.keep_only(set(places))
            now = self._homeserver.now()
            for place in places:
                if not self.later.waits(place, now):
                    await self._settle(place)

    async def _settle(self, place: Place) -> None:
        try:
            if await self._merge_own(place):
                self.later.done(place)
            else:
                self._is_behind = True
        except Conflict:
            self._is_behind = True  # somebody wrote meanwhile
        except (BadJson, Forbidden, NotFound, RoomFull, TooLarge) as error:
            logger.info("A lost version of %s stays a proposal: %s", place, error.message)
            await self._looked_at(place)
        except TwinError as error:
            logger.info("Can't merge %s yet: %s", place, error.message)
            self.later.postpone(place, self._homeserver.now())
        except Exception:
            # One object's trouble, whatever it is, must not keep the others from being merged.
            logger.warning("Could not merge %s, to be tried again", place, exc_info=True)
            self.later.postpone(place, self._homeserver.now())

    async def _merge_own(self, place: Place) -> bool:
        """Merge the owner's lost versions of an object; tells whether nothing is left to be done."""
        scene = await self.scene(place)
        if scene is None:
            return False
        mine = [each for each in scene.lost if each.sender == self._homeserver.owner]
        if mine and scene.may_write and not await self.take_in(scene, mine):
            return False  # the tables will say how it went
        others = [each for each in scene.lost if each not in mine or not scene.may_write]
        contained = [each for each in others if await self.is_contained(scene, each)]
        await self._contained(scene, contained)
        await self._looked_at(place)
        return True

    async def is_contained(self, scene: Scene, version: Version) -> bool:
        """Tell whether nothing of a lost version is missing in the current one.

        Of a removed object: or in what was there before, since its own twin may have found that.
        """
        if await self._is_current(scene, await self._merged(scene, [version])):
            return True
        before = await self._before_removal(scene)
        return before is not None and await self.is_contained(before, version)

    async def _before_removal(self, scene: Scene) -> Scene | None:
        """Return the scene that somebody saw who removed the object; None where it is there."""
        lineage, current = scene.lineage, scene.current
        if current is None or not lineage.versions[current.event_id].removed:
            return None
        for each in lineage.line(current.event_id, None):
            if not each.removed:
                found = await self.events([each.event_id])
                before = found.get(each.event_id)
                return replace(scene, current=before) if before else None
        return None

    async def _is_current(self, scene: Scene, content: Content) -> bool:
        now = await self.whole(scene.current) if scene.current else frozen({})
        return same(bare(content), bare(now))

    async def scene(self, place: Place) -> Scene | None:
        """Return what is lost of an object, as far as it can be known; None while tables are behind.

        Raises:
            Unreachable: a version between is missing, and who has it does not answer.
        """
        state = await self._homeserver.state(
            place.room_id,
            [
                place.key,
                ("m.room.create", ""),
                ("m.room.power_levels", ""),
                ("m.room.member", self._homeserver.owner),
            ],
        )
        current = state.get(place.key)
        newest = current.event_id if current else None
        lineage = await self._lineage(place)
        if newest is not None and newest not in lineage.versions:
            return None
        owner = self._homeserver.owner
        fetched = 0
        while mine := [each for each in lineage.lost(newest) if each.sender == owner]:
            wanted = _worth_asking(lineage, newest, min(each.ts for each in mine))
            if not wanted:
                break
            fetched += len(wanted)
            if fetched > MOST_FETCHED:
                raise TooLarge(f"more than {MOST_FETCHED} versions are missing here")
            await self.fetch(place, wanted)
            lineage = await self._lineage(place)
        allowed = membership_of(state, owner) == "join" and may_write(state, owner, place.type)
        return Scene(place, lineage, current, lineage.lost(newest), allowed)

    async def take_in(
        self, scene: Scene, lost: Sequence[Version], experience: str | None = None
    ) -> bool:
        """Merge some lost versions into the current one, unless nothing of them is missing there.

        Returns:
            Whether nothing of them was missing, so that nothing was written.

        Raises:
            TwinError: it can't be written, or something it needs is on a server that is silent.
        """
        content = await self._merged(scene, lost)
        current, place = scene.current, scene.place
        if await self._is_current(scene, content):
            await self._contained(scene, lost)
            return True
        ids = tuple(each.event_id for each in lost)
        expected = {place.key: current.event_id if current else NEW}
        await self._writer.write(
            place.room_id,
            [Put(place.type, place.uid, content, merged=ids)],
            expected,
            experience=experience,
        )
        return False

    async def _merged(self, scene: Scene, lost: Sequence[Version]) -> Content:
        newest = scene.current.event_id if scene.current else None
        merged = await self.brought_together(
            scene.place.type, scene.lineage, newest, lost, self.whole
        )
        return await self._with_shared_text(scene, lost, merged.content)

    async def _with_shared_text(
        self, scene: Scene, lost: Sequence[Version], content: Content
    ) -> Content:
        """Return content with a text that people write together as their CRDT has it."""
        known, current = self._types[scene.place.type], scene.current
        if known.together is None or current is None or not content:
            return content
        events = await self.events([each.event_id for each in lost])
        sides = [
            each
            for each in (current, *events.values())
            if each.content and known.misfit(each) is None
        ]
        if current not in sides or not any(known.together.state in each.content for each in sides):
            return content  # nobody has written it together yet, so it came together by lines
        others = [each for each in sides if each is not current]
        text = str(content.get(known.together.text, ""))
        fields = await self._together(current, others, text)
        if known.long_text:
            content = content.discard(known.long_text.pointer)
        for name, value in fields.items():
            content = content.set(name, value)
        return content

    async def brought_together(
        self,
        event_type: str,
        lineage: Lineage,
        newest: str | None,
        lost: Sequence[Version],
        read: Reader,
    ) -> Merged:
        """Merge some versions into another one, by the rules of their type; nothing is written.

        Args:
            event_type: of the object.
            lineage: how the versions stand to each other.
            newest: the version that the others are merged into; None for none.
            lost: those others, in their order.
            read: returns the content of a version, with what lies elsewhere.

        Raises:
            NotFound: a version that it takes was purged.
        """
        rules = self._types[event_type].merge
        if newest is None:
            # Nobody removed it: its events lost their place in the room's state.
            latest = max(lost, key=lambda each: each.moment)
            contents = await self._contents([latest.event_id], read)
            return Merged(contents[latest.event_id], (), restored=False)
        base = lineage.common(lost[0].event_id, newest)
        result = await self._side(lineage, newest, base, read)
        clashes: list[Clash] = []
        taken, restored = [newest], False
        for version in lost:
            base = max(
                (lineage.common(version.event_id, each) for each in taken),
                key=lambda each: each.moment if each else (0, ""),
            )
            mine = await self._side(lineage, version.event_id, base, read)
            before = await self._contents([base.event_id] if base else [], read)
            merged = merge(rules, before[base.event_id] if base else frozen({}), mine, result)
            times = dict(result.times)
            for name, moment in mine.times.items():
                times[name] = max(times.get(name, moment), moment)
            result = Side(merged.content, max(mine.at, result.at), times)
            clashes += merged.clashes
            restored = restored or merged.restored
            taken.append(version.event_id)
        return Merged(result.content, tuple(clashes), restored)

    async def _side(
        self, lineage: Lineage, newest: str, base: Version | None, read: Reader
    ) -> Side:
        """Return a version with when each of its fields was last changed since the base."""
        line = []
        for version in lineage.line(newest, base.event_id if base else None):
            line.append(version)
            if len(line) == LONGEST_LINE:
                break
        ids = [each.event_id for each in line] + ([base.event_id] if base else [])
        events = await self.events(ids)
        contents = [_content(events, event_id) for event_id in ids]
        times: dict[str, tuple[int, str]] = {}
        for version, after, before in zip(
            line, contents, [*contents[1:], frozen({})], strict=False
        ):
            for name in changed_fields(before, after):
                times.setdefault(name, version.moment)
        whole = await self._contents([newest], read)
        return Side(whole[newest], lineage.versions[newest].moment, times)

    # Content

    async def events(self, event_ids: Sequence[str]) -> Mapping[str, StateEvent]:
        """Return versions by ID, also those that Synapse does not have; purged ones are left out."""
        found = dict(await self._homeserver.events(event_ids))
        rest = [event_id for event_id in event_ids if event_id not in found]
        if rest:
            found |= await self._homeserver.transact(
                "twin_fetched", lambda cursor: versions.fetched(cursor, rest)
            )
        return found

    async def _contents(self, event_ids: Sequence[str], read: Reader) -> Mapping[str, Content]:
        """Return the content of versions.

        Raises:
            NotFound: one was purged. To merge without it could bring back what was taken away.
        """
        events = await self.events(event_ids)
        gone = [event_id for event_id in event_ids if event_id not in events]
        if gone:
            raise NotFound(f"The version {gone[0]} is no longer on this server.")
        return {event_id: await read(events[event_id]) for event_id in event_ids}

    async def whole(self, event: StateEvent) -> Content:
        """Return content in which long text stands in its own field, wherever it lies.

        Raises:
            Unreachable: it lies on a twin that does not answer.
        """
        long_text = self._types[event.type].long_text
        if long_text is None or long_text.pointer not in event.content:
            return event.content
        if self._types[event.type].misfit(event) is not None:
            return event.content
        text, _ = await self._writer.text(event)
        return event.content.discard(long_text.pointer).set(long_text.field, text)

    # The table of versions

    async def _lineage(self, place: Place) -> Lineage:
        return await self._homeserver.transact(
            "twin_lineage", lambda cursor: versions.lineage(cursor, place)
        )

    async def fetch(self, place: Place, event_ids: Sequence[str]) -> None:
        """Get versions that others name and this twin does not know, or note that nobody has them.

        Raises:
            Unreachable: who might have one does not answer.
        """
        here = await self._homeserver.events(event_ids)
        for event_id in event_ids:
            event, known = here.get(event_id), event_id in here
            if event is None:
                event = await self._homeserver.fetch(place.room_id, event_id)
            if event is not None and versions.place_of(event) != place:
                event = None  # somebody names a version of something else

            def work(
                cursor: Cursor,
                event: StateEvent | None = event,
                event_id: str = event_id,
                known: bool = known,
            ) -> None:
                if event is None:
                    versions.remember_missing(cursor, place, event_id)
                else:
                    versions.remember(cursor, event, fetched=not known)

            await self._homeserver.transact("twin_fetched_version", work)

    async def _contained(self, scene: Scene, lost: Sequence[Version]) -> None:
        """Settle versions of which nothing is missing, with those that they have removed."""
        newest = scene.current.event_id if scene.current else None
        removed = scene.lineage.removed_by(lost, newest)
        open_ones = {each for each in removed if scene.lineage.versions[each].settled is None}
        ids = {each.event_id for each in lost} | open_ones

        def work(cursor: Cursor) -> None:
            versions.settle(cursor, scene.place, sorted(ids), CONTAINED)
            versions.keep_lost(cursor, scene.place, newest)

        await self._homeserver.transact("twin_contained", work)

    async def _looked_at(self, place: Place) -> None:
        await self._homeserver.transact(
            "twin_looked_at", lambda cursor: versions.looked_at(cursor, place)
        )


def _content(events: Mapping[str, Any], event_id: str) -> Content:
    event = events.get(event_id)
    return event.content if event is not None else frozen({})


def _worth_asking(lineage: Lineage, newest: str | None, since: int) -> Sequence[str]:
    """Return the unknown versions before a version that may have followed something as old as this."""
    young = {
        parent
        for event_id in lineage.ancestors(newest)
        if (version := lineage.versions.get(event_id)) is not None and version.ts >= since - SLACK
        for parent in version.parents
    }
    return sorted(young - lineage.versions.keys())
