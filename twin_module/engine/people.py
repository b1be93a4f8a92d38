"""The people whom the owner has something to do with: who they are, what they see, and why.

All of it is read from the twin's tables and what Synapse keeps of memberships, in a few queries
for all rooms together; nobody else is asked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from twin_module.core import layout
from twin_module.core.authority import role_of
from twin_module.core.errors import NotFound
from twin_module.core.layout import Kind
from twin_module.core.ports import Cursor, Homeserver, Member
from twin_module.core.state import StateEvent, StateMap
from twin_module.engine import store
from twin_module.engine.store import OBJECT_COLUMNS, Record, Room, record
from twin_module.rooms.circles import Reason, reasons

KINDS: Final = (Kind.CIRCLE.value, Kind.COLLECTION.value)
SHARING: Final = (layout.CIRCLE, layout.SHARE, layout.GRANTED)
"""The types of events that say who is let into what."""
MAX_NAME: Final = 255
THERE: Final = ("join", "invite")


@dataclass(frozen=True, slots=True)
class InCircle:
    """Somebody's place in a circle."""

    room: Room
    role: str
    membership: str
    """`leave` of who is declared and is not there: not reached yet, or gone of their own will."""

    def as_json(self) -> dict[str, str]:
        """Return it as the API shows it."""
        return {
            "room_id": self.room.room_id,
            "name": self.room.name,
            "role": self.role,
            "membership": self.membership,
        }


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a circle or a collection of the owner's, or in one that the owner is in."""

    user_id: str
    displayname: str | None
    circles: Sequence[InCircle]
    collections: int
    membership: str
    """`join`; `invite` where they have not answered; `leave` where they left all of it."""
    shared: Mapping[str, str]
    """Their membership, `join` or `invite`, of the collections that they are asked into, by room ID."""

    def as_json(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {
            "user_id": self.user_id,
            "displayname": self.displayname,
            "circles": [each.as_json() for each in self.circles],
            "collections": self.collections,
            "membership": self.membership,
            "shared": [
                {"room_id": room_id, "membership": membership}
                for room_id, membership in self.shared.items()
            ],
        }


@dataclass(frozen=True, slots=True)
class Reach:
    """A room that somebody sees, and why."""

    room: Room
    role: str
    membership: str
    because: Sequence[Reason]

    def as_json(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {
            "room_id": self.room.room_id,
            "kind": self.room.kind,
            "name": self.room.name,
            "role": self.role,
            "membership": self.membership,
            "because": [each.as_json() for each in self.because],
        }


@dataclass(frozen=True, slots=True)
class Share:
    """What a circle may do in a collection."""

    circle: str
    room_id: str
    role: str

    def as_json(self) -> dict[str, str]:
        """Return it as the API shows it."""
        return {"circle": self.circle, "room_id": self.room_id, "role": self.role}


@dataclass(frozen=True, slots=True)
class _Scene:
    """The owner's circles and collections with everybody in them."""

    rooms: Mapping[str, Room]
    declared: Mapping[str, Mapping[str, str]]
    """The role of everybody whom a circle declares, by circle."""
    own: frozenset[str]
    """Those of them that the owner made: what others declare of people is not the owner's."""
    members: Mapping[str, Mapping[str, Member]]
    """Memberships by person and room."""


class People:
    """Answers who is where."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver
        self._nobody = frozenset((homeserver.owner, homeserver.voice))
        """Who are the twin itself."""

    async def everyone(self) -> Sequence[Person]:
        """Return all people but the owner and their twin's voice, by name."""
        scene = await self._scene()
        known = {user for room_id in scene.own for user in scene.declared[room_id]}
        present = {
            user
            for user, rooms in scene.members.items()
            if any(each.membership in THERE for each in rooms.values())
        }
        people = [_person(scene, user) for user in (known | present) - self._nobody]
        return sorted(people, key=lambda each: (_sorted_by(each), each.user_id))

    async def shares(self) -> Sequence[Share]:
        """Return what is shared with circles, as far as this twin sees it."""
        objects = await self._objects(lambda each: each.type == layout.SHARE)
        return [
            Share(circle, room_id, str(event.content["role"]))
            for room_id, state in sorted(objects.items())
            for (_, circle), event in state.items()
        ]

    async def one(self, user_id: str) -> tuple[Person, Sequence[Reach]]:
        """Return a person with the rooms that they see.

        Raises:
            NotFound: it is nobody of `everyone`.
        """
        scene = await self._scene()
        rooms = scene.members.get(user_id, {})
        here = [room for room in scene.rooms.values() if _membership(rooms, room.room_id) in THERE]
        is_declared = any(user_id in scene.declared[room_id] for room_id in scene.own)
        if user_id in self._nobody or not (here or is_declared):
            raise NotFound(f"{user_id} is in no circle or collection of this twin.")
        circles = {each for each, room in scene.rooms.items() if room.kind == Kind.CIRCLE.value}
        keys = [("m.room.create", ""), ("m.room.power_levels", ""), ("m.room.member", user_id)]
        states = await self._states(circles | {room.room_id for room in here}, keys)
        seen = {each: states[each] for each in circles}
        reaches = [
            Reach(
                room,
                role_of(states[room.room_id], user_id),
                rooms[room.room_id].membership,
                reasons(states[room.room_id], seen).get(user_id, ()),
            )
            for room in here
        ]
        return _person(scene, user_id), reaches

    async def reasons(self, room_id: str, state: StateMap) -> Mapping[str, Sequence[Reason]]:
        """Return why everybody is in a room who is in it or invited."""
        objects = await self._objects(lambda each: each.room_id == room_id)
        whole = {**_unspoiled(state), **objects.get(room_id, {})}
        sharing = {uid for kind, uid in whole if kind == layout.SHARE}
        joined = {room.room_id for room in await self._rooms() if room.kind == Kind.CIRCLE.value}
        circles = {}
        declared = await self._objects(lambda each: each.room_id in sharing)
        for circle in sharing & joined:
            people = await self._homeserver.state(
                circle, [("m.room.create", ""), ("m.room.member", None)]
            )
            circles[circle] = {**people, **declared.get(circle, {})}
        return reasons(whole, circles)

    # What is read

    async def _rooms(self) -> Sequence[Room]:
        rooms = await self._homeserver.transact(
            "twin_rooms", lambda cursor: store.read_rooms(cursor, "join")
        )
        return [room for room in rooms if room.kind in KINDS]

    async def _scene(self) -> _Scene:
        rooms = {room.room_id: room for room in await self._rooms()}
        members: dict[str, dict[str, Member]] = {}
        for each in await self._homeserver.members(rooms):
            members.setdefault(each.user_id, {})[each.room_id] = each
        objects = await self._objects(lambda each: each.type == layout.CIRCLE)
        declared = {
            room_id: {
                user: str(member["role"]) for user, member in event.content["members"].items()
            }
            for room_id, state in objects.items()
            if room_id in rooms and rooms[room_id].kind == Kind.CIRCLE.value
            for event in state.values()
        }
        own = [each for each in declared if rooms[each].creator == self._homeserver.owner]
        return _Scene(rooms, declared, frozenset(own), members)

    async def _states(
        self, room_ids: set[str], keys: Sequence[tuple[str, str]]
    ) -> Mapping[str, StateMap]:
        """Return state of rooms with what is declared and shared there, by room ID."""
        states = await self._homeserver.states(room_ids, keys)
        objects = await self._objects(lambda each: each.room_id in room_ids)
        return {
            room_id: {**states.get(room_id, {}), **objects.get(room_id, {})} for room_id in room_ids
        }

    async def _objects(
        self, wanted: Callable[[Record], bool]
    ) -> Mapping[str, dict[tuple[str, str], StateEvent]]:
        """Return what fitted last of circles, shares and the like, by room, as the duties go by it."""
        found: dict[str, dict[tuple[str, str], StateEvent]] = {}
        for each in await self._homeserver.transact("twin_sharing_events", _sharing_records):
            if wanted(each):
                found.setdefault(each.room_id, {})[each.type, each.uid] = each.event()
        return found


def _sharing_records(cursor: Cursor) -> list[Record]:
    marks = ", ".join("?" for _ in SHARING)
    cursor.execute(
        f"SELECT {OBJECT_COLUMNS} FROM twin_objects o WHERE o.type IN ({marks})"
        " AND o.removed = 0 AND o.content IS NOT NULL",
        SHARING,
    )
    return [record(row) for row in cursor.fetchall()]


def _unspoiled(state: StateMap) -> dict[tuple[str, str], StateEvent]:
    """Return state without what the tables have in the form that counts."""
    return {key: event for key, event in state.items() if key[0] not in SHARING}


def _person(scene: _Scene, user_id: str) -> Person:
    rooms = scene.members.get(user_id, {})
    circles = []
    for room_id, room in scene.rooms.items():
        role = scene.declared.get(room_id, {}).get(user_id)
        membership = _membership(rooms, room_id)
        is_asked = role is not None and room_id in scene.own
        if room.kind == Kind.CIRCLE.value and (is_asked or membership in THERE):
            mine = "owner" if room.creator == user_id else role or "viewer"
            circles.append(InCircle(room, mine, membership))
    shared = {
        room_id: rooms[room_id].membership
        for room_id, room in scene.rooms.items()
        if room.kind == Kind.COLLECTION.value and _membership(rooms, room_id) in THERE
    }
    return Person(
        user_id=user_id,
        displayname=_displayname(rooms),
        circles=circles,
        collections=len(shared),
        membership=_answer(rooms, circles),
        shared=shared,
    )


def _membership(rooms: Mapping[str, Member], room_id: str) -> str:
    return rooms[room_id].membership if room_id in rooms else "leave"


def _answer(rooms: Mapping[str, Member], circles: Sequence[InCircle]) -> str:
    """Return whether somebody is there, is being asked, or left whatever they were asked into."""
    there = {each.membership for each in rooms.values()}
    if "join" in there:
        return "join"
    refused = [
        each.room.room_id in rooms
        and (
            rooms[each.room.room_id].sender == rooms[each.room.room_id].user_id
            or each.membership == "ban"
        )
        for each in circles
    ]
    # Who was declared and could not be reached yet is still to be asked.
    return "invite" if "invite" in there or not all(refused) else "leave"


def _displayname(rooms: Mapping[str, Member]) -> str | None:
    """Return what somebody is called: as they put it last, or else as who invited them did."""
    named = [each for each in rooms.values() if each.displayname and each.membership in THERE]
    newest = max(named, key=lambda each: (each.membership == "join", each.order), default=None)
    name = " ".join((newest.displayname or "").split())[:MAX_NAME] if newest else ""
    return name or None


def _sorted_by(person: Person) -> str:
    return (person.displayname or person.user_id.removeprefix("@")).casefold()
