"""The rooms of events with guests: found again or made, and open to answers."""

import logging
from collections.abc import Mapping
from typing import Any, Final

from twin_module.core import layout
from twin_module.core.authority import may_write, power_of
from twin_module.core.effects import Put
from twin_module.core.errors import TwinError
from twin_module.core.layout import RSVP
from twin_module.core.meeting import MARK, Guests, is_marked, is_room_for, room_for
from twin_module.core.ports import Cursor, Homeserver
from twin_module.core.room_name import called
from twin_module.core.state import StateEvent, StateMap, content_of, frozen, plain
from twin_module.engine import store
from twin_module.engine.commands import Commands
from twin_module.engine.projector import Projector
from twin_module.engine.writer import Writer

logger = logging.getLogger(__name__)

CREATE: Final = ("m.room.create", "")
STATE: Final = (
    CREATE,
    ("m.room.power_levels", ""),
    ("m.room.member", None),
    (layout.SHARE, None),
    (layout.GRANTED, ""),
)
NAMED: Final = 3
"""How many guests the name of their room names."""
_LEVELS: Final = ("m.room.power_levels", "")


class MeetingRooms:
    """The rooms that events with guests are in."""

    def __init__(
        self,
        homeserver: Homeserver,
        projector: Projector,
        writer: Writer,
        commands: Commands,
        event_type: str,
    ) -> None:
        self._homeserver = homeserver
        self._projector = projector
        self._writer = writer
        self._commands = commands
        self._event_type = event_type
        self._answerable: set[str] = set()
        """The rooms that were looked at."""

    # For these guests alone

    async def room_for(self, guests: Guests) -> str:
        """Return a room for these guests and nobody else, made now if there is none.

        One caller at a time: two would make two rooms.
        """
        room_id = await self._find(guests) or await self._make(guests)
        if guests.circle is not None:
            arguments = {"room_id": room_id, "circle": guests.circle, "role": "viewer"}
            await self._commands.run("circles", "share", arguments)
        return room_id

    async def made(self) -> Mapping[str, StateEvent]:
        """Return the create events of the rooms that were made for guests, oldest first."""
        states = await self._homeserver.states(await self._homeserver.joined_rooms(), [CREATE])
        owner = self._homeserver.owner
        found = [state[CREATE] for state in states.values() if is_marked(state, owner)]
        found.sort(key=lambda create: (create.origin_server_ts, create.room_id))
        return {create.room_id: create for create in found}

    async def _find(self, guests: Guests) -> str | None:
        for room_id, create in (await self.made()).items():
            if create.content[MARK] == guests.key:
                state = await self._homeserver.state(room_id, STATE)
                if is_room_for(state, self._homeserver.owner, guests):
                    return room_id
        return None

    async def _make(self, guests: Guests) -> str:
        room_id = await self._homeserver.create_room(room_for(await self._name(guests), guests))
        await self._projector.catch_up()
        return room_id

    async def _name(self, guests: Guests) -> str:
        """Return a name that says to all who are in a room what it is for."""
        circle, owner = guests.circle, self._homeserver.owner
        room = await self._homeserver.transact(
            "twin_meeting_name", lambda cursor: store.read_room(cursor, circle) if circle else None
        )
        known = await self._homeserver.members(await self._homeserver.joined_rooms())
        names = {each.user_id: each.displayname for each in known if each.sender == each.user_id}
        people = [owner, *sorted(guests.people)]
        shown = called([(user, names.get(user)) for user in people])
        invited = [*([room.name] if room else []), *(shown[user] for user in people[1:])]
        more = f" and {len(invited) - NAMED} more" if len(invited) > NAMED else ""
        return f"Events of {shown[owner]} with {', '.join(invited[:NAMED])}{more}"[:255]

    # Open to answers

    async def let_all_answer(self, touched: set[str] | None) -> None:
        """Look at the rooms that the owner made and that have events with guests, each once.

        Args:
            touched: those in which something changed; None is all.
        """
        sql = (
            "SELECT DISTINCT r.room_id FROM twin_rooms r JOIN twin_index i"
            " ON i.room_id = r.room_id AND i.type = ? AND i.field = ?"
            " WHERE r.membership = 'join' AND r.creator = ?"
        )
        values = [self._event_type, "participant", self._homeserver.owner]
        if touched is not None:
            touched = touched - self._answerable
            sql += f" AND r.room_id IN ({', '.join('?' for _ in touched) or 'NULL'})"
            values += sorted(touched)

        def work(cursor: Cursor) -> list[str]:
            cursor.execute(sql, values)
            return [row[0] for row in cursor.fetchall()]

        rooms = [] if touched == set() else await self._homeserver.transact("twin_meetings", work)
        for room_id in sorted(rooms):
            try:
                await self.let_answer(room_id)
            except TwinError as error:
                logger.info("Guests in %s can't answer yet: %s", room_id, error.message)
            else:
                self._answerable.add(room_id)

    async def let_answer(self, room_id: str) -> None:
        """See to it that who may only read may answer; rooms of old releases do not say so.

        In somebody else's room that is for their twin to do.
        """
        if not self._keeps_from_answering(await self._homeserver.state(room_id, STATE)):
            return
        # The reconciler writes power levels as well, on what it read before.
        async with self._homeserver.lock("reconciler"):
            state = await self._homeserver.state(room_id, STATE)
            if self._keeps_from_answering(state):
                changed: dict[str, Any] = plain(content_of(state, *_LEVELS))
                changed["events"] = {**changed.get("events", {}), RSVP: power_of(state, "")}
                expected = {_LEVELS: state[_LEVELS].event_id}
                await self._writer.write(room_id, [Put(*_LEVELS, frozen(changed))], expected)

    def _keeps_from_answering(self, state: StateMap) -> bool:
        """Tell whether guests can't answer in a room, nobody chose that, and the owner can mend it."""
        levels = content_of(state, *_LEVELS)
        return (
            bool(levels)
            and RSVP not in levels.get("events", {})
            and not may_write(state, "", RSVP)
            and may_write(state, self._homeserver.owner, "m.room.power_levels")
        )
