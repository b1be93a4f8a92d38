"""Invitations to events: makes sure that the guests' twins have the event, and may answer it.

An event lies in one room, and its guests' twins are in that room. Where they are not, the event
goes to a collection that its owner shares with these guests alone; each set of guests has one, for
all events with them.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from twin_module.core import layout
from twin_module.core.authority import may_write
from twin_module.core.capability import Capability
from twin_module.core.errors import Forbidden, InvalidParam, NotFound
from twin_module.core.event_types import people as people_of
from twin_module.core.layout import Kind
from twin_module.core.meeting import Guests, people_in, present_in
from twin_module.core.ports import Homeserver
from twin_module.core.state import Content, StateMap
from twin_module.engine import store
from twin_module.engine.asking import MEETINGS, Asking
from twin_module.engine.commands import Commands
from twin_module.engine.meeting_rooms import CREATE, NAMED, STATE, MeetingRooms
from twin_module.engine.projector import Projector
from twin_module.engine.store import Record, Room
from twin_module.engine.writer import Writer
from twin_module.rooms.circles import SELF, entitled

MOST_GUESTS: Final = 100


@dataclass(frozen=True, slots=True)
class Invited:
    """Where an event with guests is now."""

    room_id: str
    uid: str
    moved: bool
    guests: Sequence[str]
    waiting: Sequence[str]
    """Those of them whose twins could not be asked yet."""


class Meetings:
    """Invites people and circles to the owner's events."""

    def __init__(
        self,
        homeserver: Homeserver,
        projector: Projector,
        writer: Writer,
        commands: Commands,
        agenda: Capability,
        filled: Callable[[], Awaitable[frozenset[str]]],
    ) -> None:
        self._homeserver = homeserver
        self._projector = projector
        self._commands = commands
        self._event_type = agenda.event_type.type
        self._name = agenda.name
        self._filled = filled
        self._rooms = MeetingRooms(homeserver, projector, writer, commands, self._event_type)
        self.asking = Asking(homeserver, self._event_type)
        self._touched: set[str] | None = None
        """The rooms in which something changed; None is all."""

    async def invite(
        self, room: Room, uid: str, people: Sequence[str], circle: str | None
    ) -> Invited:
        """Invite people, or the members of a circle, to an event; again finishes what was cut.

        Args:
            room: where the event is, or was before it went to its guests; the twin is in it.
            uid: of the event.
            people: Matrix IDs.
            circle: the room ID of a circle, whose members are guests too.

        Raises:
            NotFound: there is no such event, or no such circle.
            InvalidParam: nobody is named, or too many are.
            Forbidden: the owner may not, or others would lose the event.
        """
        named = await self._named(people, circle)
        if not named.everyone:
            raise InvalidParam("Name somebody to invite: people, or a circle with people in it.")
        # Two at once would make two rooms for the same guests.
        async with self._homeserver.lock(MEETINGS):
            home, content = await self._event(room.room_id, uid)
            state = await self._homeserver.state(home, STATE)
            await self._check_may_invite(home, state)
            is_there = named.everyone <= present_in(state)
            guests = named if is_there else await self._all_guests(named, uid, content, state)
            if len(guests.everyone) > MOST_GUESTS:
                raise InvalidParam(
                    f"An event has {MOST_GUESTS} guests at most; share a collection with more."
                )
            asked = {"room_id": home, "uid": uid, "user_ids": sorted(named.everyone)}
            await self._commands.run(self._name, "invite", asked)
            target = home if is_there else await self._rooms.room_for(guests)
            await self._rooms.let_answer(target)
            if target != home:
                arguments = {"room_id": home, "uid": uid, "to_room_id": target}
                await self._commands.run(self._name, "move", arguments)
            await self._projector.catch_up()
        waiting = await self.asking.ask(target, uid, guests.people)
        moved = target != room.room_id
        return Invited(target, uid, moved, sorted(named.everyone), waiting)

    # What is invited to, and who

    async def _event(self, room_id: str, uid: str) -> tuple[str, Content]:
        """Return where an event is, and what it is; one that went to its guests is found there."""
        found = await self._record(room_id, uid)
        if found is not None and found.removed:
            others = [await self._record(each, uid) for each in await self._rooms.made()]
            found = next((each for each in others if each and not each.removed), None)
        if found is None or found.removed or found.content is None:
            raise NotFound(f"There is no event {uid!r} in this room.")
        return found.room_id, found.event().content

    async def _record(self, room_id: str, uid: str) -> Record | None:
        return await self._homeserver.transact(
            "twin_meeting_event",
            lambda cursor: store.read_object(cursor, room_id, self._event_type, uid),
        )

    async def _named(self, people: Iterable[str], circle: str | None) -> Guests:
        owner = self._homeserver.owner
        if circle is None:
            return Guests(frozenset(people) - {owner})
        room = await self._homeserver.transact(
            "twin_meeting_circle", lambda cursor: store.read_room(cursor, circle)
        )
        if room is None or room.membership != "join" or room.kind != Kind.CIRCLE.value:
            raise NotFound(f"This twin is in no circle {circle}.")
        if room.creator != owner:
            # To share with a circle takes its owner; who is in it can be invited all the same.
            state = await self._homeserver.state(circle, [("m.room.member", None)])
            return Guests((frozenset(people) | people_in(state)) - {owner})
        through = await self._reached(circle)
        return Guests(frozenset(people) - through - {owner}, circle, through)

    async def _reached(self, circle: str) -> frozenset[str]:
        """Return whom a circle of the owner's reaches, by what was declared last and fitted."""
        declared = await self._homeserver.transact(
            "twin_meeting_members",
            lambda cursor: store.read_object(cursor, circle, layout.CIRCLE, SELF),
        )
        if declared is None or declared.removed or declared.content is None:
            return frozenset()
        state = await self._homeserver.state(circle, [CREATE, ("m.room.member", None)])
        return frozenset(entitled({**state, (layout.CIRCLE, SELF): declared.event()}))

    async def _check_may_invite(self, room_id: str, state: StateMap) -> None:
        if not may_write(state, self._homeserver.owner, self._event_type):
            raise Forbidden("You may read this collection, and invite nobody to its events.")
        if room_id in await self._filled():
            raise Forbidden(
                "This collection follows a calendar elsewhere, which knows nothing of guests. Add"
                " the event to a collection of your own and invite them there."
            )

    async def _all_guests(
        self, named: Guests, uid: str, content: Content, state: StateMap
    ) -> Guests:
        """Return the guests that an event has once more are invited, if nobody else loses it."""
        owner, room_id = self._homeserver.owner, state[CREATE].room_id
        late = {
            each.user_id
            for each in await self.asking.waiting()
            if (each.room_id, each.uid) == (room_id, uid)
        }
        here = people_in(state) - {owner}
        guests = named.joined_by(set(people_of(content)) & (here | late) - {owner})
        sharing = [
            circle
            for (kind, circle), event in state.items()
            if kind == layout.SHARE and event.content
        ]
        reached = [await self._reached(circle) for circle in sharing]
        losing = sorted(here.union(*reached) - guests.everyone - {owner})
        if losing:
            more = f" and {len(losing) - NAMED} more" if len(losing) > NAMED else ""
            raise Forbidden(
                f"{', '.join(losing[:NAMED])}{more} would lose this event: its guests are not all in"
                " this collection. Invite them as well, share the collection with its guests, or"
                " put the event into a collection of your own."
            )
        return guests

    # What is still to be done

    def touch(self, rooms: Iterable[str]) -> None:
        """Note that something changed in rooms."""
        if self._touched is not None:
            self._touched.update(rooms)

    def due(self) -> int | None:
        """Return when somebody is to be asked again, in milliseconds since 1970."""
        return self.asking.due()

    async def settle(self) -> None:
        """Ask those who could not be asked, and let answer where a room of old keeps guests from it."""
        touched, self._touched = self._touched, set()
        try:
            if touched is None or touched:
                await self._rooms.let_all_answer(touched)
        except BaseException:
            self._touched = None
            raise
        await self.asking.settle()
