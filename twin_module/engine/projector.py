"""The projector: keeps the twin's tables equal to what is current in the rooms.

It follows Synapse's stream of changes of current state, and stores how far it came in the same
transaction as what it read, so it can be killed anywhere. Whatever comes from other servers is
judged here: what does not fit is left out and counted, and the last version that did fit stays.
"""

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from twin_module.core.authority import creators, membership_of, role_of
from twin_module.core.capability import EventType
from twin_module.core.layout import Kind, kind_in
from twin_module.core.ports import Changes, Cursor, Delta, Homeserver, Invitation
from twin_module.core.state import NAMESPACE, Content, Key, StateEvent, StateMap, content_of, plain
from twin_module.engine import store, versions
from twin_module.engine.arrivals import ARRIVED, Arrivals, Arrived, remember
from twin_module.engine.search import Findable
from twin_module.engine.store import Record, Room, Written
from twin_module.engine.versions import Place

logger = logging.getLogger(__name__)

OURS: Final = f"{NAMESPACE}."
ROOM_TYPES: Final = (
    "m.room.create",
    "m.room.name",
    "m.room.topic",
    "m.room.power_levels",
    "m.room.join_rules",
    "m.room.member",
    "m.space.child",
)
"""What a change of makes a room worth another look, beside our own types."""
SHARED: Final = (Kind.COLLECTION.value, Kind.CIRCLE.value)
MAX_NAME: Final = 255
MANY: Final = 50
"""From so many events on, nobody else has to wait until they are judged."""

Listener = Callable[[frozenset[str]], None]


class Projector:
    """Reads what changed and keeps the tables; one per twin, in one process only."""

    def __init__(self, homeserver: Homeserver, types: Sequence[EventType]) -> None:
        self._homeserver = homeserver
        self.arrivals = Arrivals(homeserver, types)
        self._types: Mapping[str, EventType] = {each.type: each for each in types}
        self._governing = {each.type for each in self._types.values() if each.governs}
        self._listeners: list[Listener] = []
        self._watchers = 0
        self._room_listeners: list[Listener] = []
        self._owner_key = ("m.room.member", homeserver.owner)
        # Both as the database has them, None when it has to be asked.
        self._reached: int | None = None
        self._invitations: Sequence[Invitation] | None = None
        self._doubtful = False
        self.written = 0
        """How many objects were written down since the process began."""

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call a listener with the rooms that changed, after each step; returns how to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def watch(self, listener: Listener) -> Callable[[], None]:
        """Listen for somebody who waits for what is new; returns how to stop."""
        stop = self.listen(listener)
        self._watchers += 1

        def leave() -> None:
            self._watchers -= 1
            stop()

        return leave

    @property
    def is_watched(self) -> bool:
        """Whether somebody waits for what is new."""
        return self._watchers > 0

    def listen_to_rooms(self, listener: Listener) -> None:
        """Call a listener with the rooms in which more changed than ordinary objects."""
        self._room_listeners.append(listener)

    async def catch_up(self) -> None:
        """Follow the stream to its end, and look at invitations; costs nothing when nothing is new."""
        async with self._homeserver.lock("projector"):
            if self._doubtful:
                self._doubtful, self._reached, self._invitations = False, None, None
            target = await self._homeserver.position()
            if target == self._reached:
                return
            position, arrived = self._reached, self._reached
            if position is None:
                position, arrived = await self._homeserver.transact("twin_position", _positions)
            if position is None or position > target:
                # First, since a room that is left is forgotten but for what only the owner has of it.
                await self._take_in(arrived, target)
                await self._begin(target)
                await self.announce()
                position = target
            else:
                await self._take_in(arrived, position)
            while position < target:
                position = await self._step(position, target)
            await self._follow_invitations()
            self._reached = target

    async def announce(self) -> None:
        """Let readers of changes hear which objects have lost versions, and which no longer.

        Where the stream is followed, this is done on the way.
        """
        self._tell(await self._homeserver.transact("twin_announce", versions.announce), ())

    async def is_at_end(self) -> bool:
        """Tell whether all that there is was read, also as the database has it."""
        stored = await self._homeserver.transact("twin_position", store.read_position)
        return stored is not None and stored == self._reached == await self._homeserver.position()

    def forget_position(self) -> None:
        """Make the next step ask the database again, where `twin reindex` may have changed it."""
        self._doubtful = True

    async def rebuild(self) -> None:
        """Begin anew at the next step: every room is read again."""
        await self._homeserver.transact(
            "twin_rebuild", lambda cursor: store.write_position(cursor, None)
        )
        self.forget_position()
        await self.catch_up()

    def _tell(self, rooms: Iterable[str], governed: Iterable[str]) -> None:
        for listeners, told in ((self._listeners, rooms), (self._room_listeners, governed)):
            changed = frozenset(told)
            for listener in list(listeners) if changed else ():
                listener(changed)

    # Reading

    async def _take_in(self, position: int | None, upto: int) -> None:
        """Read what came, but not what became current by it."""
        position = min(position or 0, upto)
        while position < upto:
            changes = await self._homeserver.changes(position, upto)
            arrived = await self.arrivals.receive(changes, _looked_at(changes))

            def work(cursor: Cursor, arrived: Arrived = arrived) -> None:
                versions.note(cursor, self.arrivals.write(cursor, arrived))

            await self._homeserver.transact("twin_remember", work)
            self._tell(arrived.rooms, ())
            position = arrived.upto

    async def _begin(self, position: int) -> None:
        joined = set(await self._homeserver.joined_rooms())
        known = await self._known_rooms()
        for room_id in sorted(joined | known):
            await self._read_whole(room_id)
        await self._homeserver.transact(
            "twin_position", lambda cursor: store.write_position(cursor, position)
        )
        self._tell(joined | known, joined | known)

    async def _known_rooms(self) -> set[str]:
        rooms = await self._homeserver.transact(
            "twin_rooms", lambda cursor: store.read_rooms(cursor, "join")
        )
        return {room.room_id for room in rooms}

    async def _read_whole(self, room_id: str) -> None:
        room = await self._room(room_id)
        keys = await self._homeserver.object_keys(room_id) if room else []
        events = await self._homeserver.events(_there(keys))
        records = await self._judged(list(events.values()))
        spoiled = {(each.type, each.uid) for each in records if each.problem is not None}
        # What stands in for these may have been redacted in a part of the stream that nobody read.
        good = await self._homeserver.events(await self._standing_in(room_id, spoiled))
        removed_at = None if room else await self._removed_at(room_id)

        def work(cursor: Cursor) -> None:
            if room is None:
                _leave(cursor, room_id, self._homeserver.owner, removed_at)
                return
            store.write_room(cursor, room)
            store.forget_strays(cursor, room_id)
            present = {(each.type, each.state_key) for each in keys}
            for known in store.read_objects(cursor, room_id):
                if (known.type, known.uid) not in present:
                    _bury(cursor, known)
            self._write(cursor, records, good)
            versions.note(cursor, remember(cursor, self._types, events.values()))
            versions.look_again(cursor, room_id)

        await self._homeserver.transact("twin_read_room", work)

    async def _standing_in(self, room_id: str, spoiled: Collection[Key]) -> Sequence[str]:
        """Return the events whose content stands in for spoiled ones."""
        if not spoiled:
            return []
        known = await self._homeserver.transact(
            "twin_objects", lambda cursor: store.read_objects(cursor, room_id)
        )
        return [
            each.good_event_id
            for each in known
            if each.good_event_id is not None and (each.type, each.uid) in spoiled
        ]

    async def _step(self, position: int, target: int) -> int:
        changes = await self._homeserver.changes(position, target)
        looked = _looked_at(changes)
        arrived = await self.arrivals.receive(changes, looked)
        redacted = changes.redacted
        rooms = {room_id: await self._room(room_id) for room_id in sorted(looked)}
        # What a room held before the owner came need not stand in this part of the stream.
        entered = {room_id for room_id, room in rooms.items() if room is not None}
        whole = entered - await self._known_rooms() if entered else set()
        for room_id in sorted(whole):
            await self._read_whole(room_id)
        left = {room_id: await self._removed_at(room_id) for room_id in looked - entered}
        latest = {
            (d.room_id, d.type, d.state_key): d
            for d in changes.deltas
            if _is_ours(d) and d.room_id not in whole
        }
        there = _there(latest.values())
        events = {each.event_id: each for each in arrived.events}
        wanted = {*there, *await self._resting_on(redacted)} - events.keys()
        events |= await self._homeserver.events(sorted(wanted))
        records = await self._judged([events[each] for each in there if each in events])

        def work(cursor: Cursor) -> tuple[set[str], Sequence[str]]:
            places = self.arrivals.write(cursor, arrived)
            for room_id, room in rooms.items():
                if room is None:
                    _leave(cursor, room_id, self._homeserver.owner, left[room_id])
                else:
                    # So that who shows its members hears that they, or what they may do, changed.
                    store.write_room(cursor, room, anew=room.kind in SHARED)
                    versions.look_again(cursor, room_id)
            ours = {
                each for each in {d.room_id for d in latest.values()} if _is_joined(cursor, each)
            }
            _bury_gone(cursor, (d for d in latest.values() if d.room_id in ours))
            self._write(cursor, [each for each in records if each.room_id in ours])
            came = {each.event_id for each in arrived.events if each.room_id in arrived.joined}
            current = [events[each.event_id] for each in records if each.room_id in ours]
            places |= remember(
                cursor, self._types, (each for each in current if each.event_id not in came)
            )
            # Asked again here: what was written just now may rest on redacted events, or no longer.
            struck = store.resting_on(cursor, redacted)
            for each in struck:
                self._strike(cursor, each, events)
            places.update(Place(*key) for key in latest if key[0] in ours)
            versions.note(cursor, places)
            store.advance_position(cursor, changes.upto)
            # At the end only, since each version is open for a moment.
            announced = versions.announce(cursor) if changes.upto == target else ()
            return {each.room_id for each in struck}, announced

        struck, announced = await self._homeserver.transact("twin_project", work)
        governed = {*looked, *(d.room_id for d in latest.values() if d.type in self._governing)}
        changed = {*looked, *(room_id for room_id, *_ in latest), *arrived.rooms, *announced}
        self._tell(changed | struck, governed | struck)
        return changes.upto

    async def _resting_on(self, redacted: Sequence[str]) -> Sequence[str]:
        """Return the events that objects stand on of which one was redacted."""
        if not redacted:
            return []
        struck = await self._homeserver.transact(
            "twin_redacted", lambda cursor: store.resting_on(cursor, redacted)
        )
        ids = {each.event_id for each in struck} | {each.good_event_id for each in struck}
        return sorted(event_id for event_id in ids if event_id is not None)

    async def _room(self, room_id: str) -> Room | None:
        keys = [(kind, "") for kind in ROOM_TYPES if kind not in ("m.room.member", "m.space.child")]
        state = await self._homeserver.state(room_id, [*keys, self._owner_key])
        if membership_of(state, self._homeserver.owner) != "join":
            return None
        return _room_row(room_id, state, self._homeserver.owner, "join", None)

    async def _removed_at(self, room_id: str) -> int | None:
        """Return when somebody else took the owner out of a room, None where nobody did."""
        event = await self._homeserver.own_membership(room_id)
        if event is None or event.sender == self._homeserver.owner:
            return None
        return event.origin_server_ts

    async def _judged(self, events: Sequence[StateEvent]) -> list[Record]:
        """Judge events; many of them beside everything else, since that takes 70 milliseconds for 1,000."""
        if len(events) < MANY:
            return [self._judge(event) for event in events]
        return await self._homeserver.in_thread(lambda: [self._judge(event) for event in events])

    def _judge(self, event: StateEvent) -> Record:
        bare = Record(
            room_id=event.room_id,
            type=event.type,
            uid=event.state_key,
            event_id=event.event_id,
            sender=event.sender,
            ts=event.origin_server_ts,
            removed=not event.content and event.problem is None,
            problem=None,
            good_event_id=None,
            good_sender=None,
            good_ts=None,
            content=None,
            title=None,
        )
        if bare.removed:
            return bare
        event_type = self._types.get(event.type)
        if event_type is None:
            return replace(bare, problem="this twin knows no such type of event")
        misfit = event_type.misfit(event)
        if misfit is not None:
            return replace(bare, problem=f"{misfit.path or 'content'}: {misfit.message}"[:MAX_NAME])
        return replace(
            bare,
            good_event_id=event.event_id,
            good_sender=event.sender,
            good_ts=event.origin_server_ts,
            content=json.dumps(
                plain(event.content), ensure_ascii=False, sort_keys=True, separators=(",", ":")
            ),
            title=" ".join(event_type.title(event.content).split())[:MAX_NAME],
        )

    # Writing

    def _write(
        self,
        cursor: Cursor,
        records: Sequence[Record],
        good: Mapping[str, StateEvent] | None = None,
    ) -> None:
        """Write objects; for spoiled ones stands what fitted, where it is among the good ones."""
        written: list[Written] = []
        for each in records:
            kept = each
            if each.problem is not None:
                known = store.read_object(cursor, each.room_id, each.type, each.uid)
                if known and known.content is not None and _may_stand_in(known, good):
                    kept = replace(
                        each,
                        good_event_id=known.good_event_id,
                        good_sender=known.good_sender,
                        good_ts=known.good_ts,
                        content=known.content,
                        title=known.title,
                    )
            written.append((kept, *self._read(kept)))
        store.write_objects(cursor, written)
        self.written += len(records)

    def _strike(self, cursor: Cursor, each: Record, events: Mapping[str, StateEvent]) -> None:
        """Read an object again of which an event was redacted."""
        current = events.get(each.event_id)
        judged = self._judge(current) if current else _gone(each)
        good = events.get(each.good_event_id or "")
        if judged.problem is not None and good is not None and good.content:
            judged = replace(
                self._judge(good),
                event_id=judged.event_id,
                sender=judged.sender,
                ts=judged.ts,
                problem=judged.problem,
            )
        store.write_object(cursor, judged, *self._read(judged))

    def _read(self, each: Record) -> tuple[Mapping[str, Any], Findable]:
        """Return what an object is filtered and sorted by, and what it is found by."""
        event_type = self._types.get(each.type)
        if event_type is None or each.content is None:
            return {}, store.NOTHING
        content = each.event().content
        index = {name: filter_.read(content) for name, filter_ in event_type.filters.items()}
        return index, Findable(event_type.texts(content), _file(event_type, content))

    # Invitations

    async def _follow_invitations(self) -> None:
        invitations = await self._homeserver.invitations()
        if invitations == self._invitations:
            return
        invited = {each.room_id: each for each in invitations}
        known = await self._homeserver.transact(
            "twin_invited", lambda cursor: store.read_rooms(cursor, "invite")
        )
        before = {room.room_id: room for room in known}
        rows = [_invited(each, self._homeserver.owner) for each in invited.values()]
        rows = [row for row in rows if before.get(row.room_id) != row]
        gone = [room_id for room_id in before if room_id not in invited]

        def work(cursor: Cursor) -> None:
            for row in rows:
                store.write_room(cursor, row)
            for room_id in gone:
                room = store.read_room(cursor, room_id)
                if room and room.membership == "invite":
                    store.write_room(cursor, replace(room, membership="leave"))

        if rows or gone:
            await self._homeserver.transact("twin_invitations", work)
        self._invitations = invitations
        changed = {*gone, *(row.room_id for row in rows)}
        self._tell(changed, changed)


def _file(event_type: EventType, content: Content) -> str | None:
    """Return the hash of the file that a long text lies in, None where there is none."""
    pointer = content.get(event_type.long_text.pointer) if event_type.long_text else None
    return None if pointer is None else str(pointer["hashes"]["sha256"])


def _positions(cursor: Cursor) -> tuple[int | None, int | None]:
    """Read up to where is known what is current, and what came."""
    return store.read_position(cursor), store.read_position(cursor, ARRIVED)


def _looked_at(changes: Changes) -> set[str]:
    """Return the rooms that need a look as a whole, since more changed than ordinary objects."""
    return {delta.room_id for delta in changes.deltas if delta.type in ROOM_TYPES}


def _is_ours(delta: Delta) -> bool:
    return delta.type.startswith(OURS)


def _is_joined(cursor: Cursor, room_id: str) -> bool:
    room = store.read_room(cursor, room_id)
    return room is not None and room.membership == "join"


def _there(deltas: Iterable[Delta]) -> list[str]:
    return [delta.event_id for delta in deltas if delta.event_id is not None]


def _leave(cursor: Cursor, room_id: str, owner: str, removed_at: int | None) -> None:
    room = store.read_room(cursor, room_id)
    if room is not None and room.membership == "join":
        store.write_room(cursor, replace(room, membership="leave"))
    versions.forget(cursor, room_id, owner, removed_at)
    store.forget_objects(cursor, room_id)


def _bury_gone(cursor: Cursor, deltas: Iterable[Delta]) -> None:
    for delta in deltas:
        if delta.event_id is None:
            known = store.read_object(cursor, delta.room_id, delta.type, delta.state_key)
            if known is not None:
                _bury(cursor, known)


def _bury(cursor: Cursor, known: Record) -> None:
    """Note that an object is no longer there, so that readers of changes hear of it."""
    store.write_object(cursor, _gone(known), {})


def _may_stand_in(known: Record, good: Mapping[str, StateEvent] | None) -> bool:
    """Tell whether an object's last version that fitted may still be seen, as far as was looked."""
    if good is None:
        return True
    event = good.get(known.good_event_id or "")
    return event is not None and bool(event.content)


def _gone(known: Record) -> Record:
    return replace(
        known,
        removed=True,
        problem=None,
        good_event_id=None,
        good_sender=None,
        good_ts=None,
        content=None,
        title=None,
    )


def _text(state: StateMap, event_type: str, key: str) -> str:
    value = content_of(state, event_type).get(key)
    return value.replace("\x00", "")[:MAX_NAME] if isinstance(value, str) else ""


def _room_row(
    room_id: str, state: StateMap, owner: str, membership: str, inviter: str | None
) -> Room:
    return Room(
        room_id=room_id,
        membership=membership,
        kind=kind_in(state).value,
        name=_text(state, "m.room.name", "name"),
        topic=_text(state, "m.room.topic", "topic"),
        creator=min(creators(state), default=""),
        role=role_of(state, owner),
        inviter=inviter,
    )


def _invited(invitation: Invitation, owner: str) -> Room:
    return _room_row(invitation.room_id, invitation.state, owner, "invite", invitation.inviter)
