"""A small world of circles and collections without any server: duties are carried out on states.

A world never changes; what happens in it returns the next one, so that a test can go on from one
world in several ways. The owner is alice; her writes are checked against Matrix's rules, so a
duty that Matrix would refuse is a failure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from pyrsistent import PMap, pmap

from twin_module.core.authority import Role, integer, membership_of
from twin_module.core.capability import Context
from twin_module.core.effects import Effect, Put, SetMembership
from twin_module.core.layout import GRANTED, SHARE, Kind, circle_room, collection_room, kind_in
from twin_module.core.state import Key, StateEvent, StateMap, content_of, frozen, plain
from twin_module.rooms.circles import (
    CIRCLE,
    CIRCLES,
    SELF,
    circle_duties,
    collection_duties,
    shares,
)
from twin_module.testing.fake_rooms import allowed_rooms, check_change, check_write, first_state
from twin_module.testing.strategies import ALICE, event_of

PRESENT: Final = ("join", "invite", "knock")
MOST_ROUNDS: Final = 10
"""Far above what any world needs to come to rest."""


@dataclass(frozen=True, slots=True)
class World:
    """Rooms by ID with their states."""

    rooms: PMap[str, PMap[Key, StateEvent]] = field(default_factory=pmap)
    clock: int = 1
    """Milliseconds; goes on with every event."""

    def with_circle(self, room_id: str) -> "World":
        """Return the world with an empty circle."""
        content = {"@type": "Circle", "name": "Friends", "members": {}}
        first = {"type": CIRCLE.type, "state_key": SELF, "content": content}
        return self._with_room(room_id, circle_room("Friends", "", [first]))

    def with_collection(self, room_id: str) -> "World":
        """Return the world with a collection that nobody but the owner is in."""
        return self._with_room(room_id, collection_room("List", ""))

    def _with_room(self, room_id: str, config: Mapping[str, Any]) -> "World":
        world = replace(self, rooms=self.rooms.set(room_id, pmap()))
        for event_type, key, content in first_state(ALICE, config):
            world = world.written(room_id, event_type, key, content)
        return world

    def written(
        self,
        room_id: str,
        event_type: str,
        state_key: str,
        content: Mapping[str, Any],
        sender: str = ALICE,
    ) -> "World":
        """Return the world with one more event."""
        event = event_of(
            event_type,
            state_key,
            content,
            sender=sender,
            room_id=room_id,
            event_id=f"${self.clock}",
            origin_server_ts=self.clock,
        )
        room = self.rooms[room_id].set((event_type, state_key), event)
        return World(self.rooms.set(room_id, room), self.clock + 1)

    # What the owner declares

    def commanded(self, room_id: str, command: str, **arguments: Any) -> "World":
        """Return the world after a command of circles in a room; what does not apply is left."""
        now = datetime.fromtimestamp(self.clock / 1000, UTC)
        state = self.rooms[room_id]
        declared = CIRCLES.command(command)
        context = Context(room_id=room_id, me=ALICE, now=now, new_uid="new")
        world = replace(self, clock=self.clock + 1)
        for effect in declared.decide(CIRCLES.project(state), context, arguments):
            world = world.carried_out(_placed(effect, room_id))
        return world

    # What people do

    def membership(self, room_id: str, user: str) -> str:
        """Return somebody's membership."""
        return membership_of(self.rooms[room_id], user)

    def level(self, room_id: str, user: str) -> int:
        """Return what the power levels of a room say of somebody."""
        users = content_of(self.rooms[room_id], "m.room.power_levels").get("users", {})
        return integer(users.get(user), 0)

    def granted(self, room_id: str) -> Mapping[str, str]:
        """Return who is noted to be in a collection only through circles."""
        members: Mapping[str, str] = plain(
            content_of(self.rooms[room_id], GRANTED).get("members", {})
        )
        return members

    def set_membership(
        self, room_id: str, user: str, membership: str, sender: str, **more: str
    ) -> "World":
        """Return the world in which somebody's membership is another one."""
        return self.written(
            room_id, "m.room.member", user, {"membership": membership, **more}, sender
        )

    def joined(self, room_id: str, user: str) -> "World":
        """Return the world in which somebody joined, by invitation or by the room's rule, if they may."""
        now = self.membership(room_id, user)
        if now == "invite":
            return self.set_membership(room_id, user, "join", user)
        through = [
            circle
            for circle in allowed_rooms(self.rooms[room_id])
            if self.membership(circle, user) == "join"
        ]
        if now == "leave" and through:
            return self.set_membership(
                room_id, user, "join", user, join_authorised_via_users_server=ALICE
            )
        return self

    def left(self, room_id: str, user: str) -> "World":
        """Return the world in which somebody left, or declined an invitation, if they could."""
        if self.membership(room_id, user) not in PRESENT:
            return self
        return self.set_membership(room_id, user, "leave", user)

    def banned(self, room_id: str, user: str) -> "World":
        """Return the world in which the owner banned somebody."""
        return self.set_membership(room_id, user, "ban", ALICE)

    def invited_by_hand(self, room_id: str, user: str, level: int) -> "World":
        """Return the world in which the owner invited somebody, with a level, beside all circles."""
        if self.membership(room_id, user) != "leave":
            return self
        levels = content_of(self.rooms[room_id], "m.room.power_levels")
        users = levels["users"] if "users" in levels else frozen({})
        changed = levels.set("users", users.set(user, level) if level else users.discard(user))
        return self.written(room_id, "m.room.power_levels", "", changed).set_membership(
            room_id, user, "invite", ALICE
        )

    # What the twin does

    def duties(self) -> Sequence[Effect]:
        """Return all that is still to be done."""
        return [effect for room_id in sorted(self.rooms) for effect in self._duties_in(room_id)]

    def _duties_in(self, room_id: str) -> Sequence[Effect]:
        state = self.rooms[room_id]
        if kind_in(state) is Kind.CIRCLE:
            return circle_duties(state, self._sharing(room_id), "alice.test")
        circles = {circle: self.rooms[circle] for circle in shares(state) if circle in self.rooms}
        return collection_duties(state, circles)

    def _sharing(self, circle: str) -> Mapping[str, bool]:
        return {
            room_id: circle in shares(state)
            for room_id, state in self.rooms.items()
            if (SHARE, circle) in state
        }

    def carried_out(self, effect: Effect) -> "World":
        """Return the world after one effect.

        Raises:
            TwinError: Matrix would refuse it.
        """
        if isinstance(effect, Put) and effect.room_id is not None:
            state = self.rooms[effect.room_id]
            check_write(state, ALICE, (effect.type, effect.state_key), effect.content)
            return self.written(effect.room_id, effect.type, effect.state_key, effect.content)
        if isinstance(effect, SetMembership):
            state = self.rooms[effect.room_id]
            check_change(state, ALICE, effect.user_id, effect.action)
            membership = {"invite": "invite", "kick": "leave"}[effect.action]
            return self.set_membership(effect.room_id, effect.user_id, membership, ALICE)
        raise AssertionError(f"No duty is of this kind: {effect}")

    def after(self, effects: Sequence[Effect]) -> "World":
        """Return the world after some effects."""
        world = self
        for effect in effects:
            world = world.carried_out(effect)
        return world

    def settled(self) -> "World":
        """Return the world in which nothing is left to be done."""
        world = self
        for _ in range(MOST_ROUNDS):
            effects = world.duties()
            if not effects:
                return world
            world = world.after(effects)
        raise AssertionError(f"This never comes to rest: {world.duties()}")

    def summary(self) -> Mapping[str, Any]:
        """Return what people see of the world: everything but when and by whom it was written."""
        return {
            f"{room_id} {event_type} {key}": plain(event.content)
            for room_id, state in self.rooms.items()
            for (event_type, key), event in state.items()
            if event.content
        }


def role_wanted(world: World, collection: str, user: str) -> Role | None:
    """Return the role that circles give somebody in a collection, as declared; None for none.

    Who is banned from a circle, or left it after they were last asked, has nothing through it.
    """
    found = []
    for circle, role in shares(world.rooms[collection]).items():
        state = world.rooms[circle]
        declared = CIRCLES.project(state)
        if declared is not None and user in declared.members and not _is_out(state, user):
            found.append(min(role, Role.named(declared.members[user])))
    return max(found, default=None)


def _is_out(circle: StateMap, user: str) -> bool:
    event = circle.get(("m.room.member", user))
    if event is None:
        return False
    since = circle[CIRCLE.type, SELF].content["members"][user]["since"]
    left = event.content["membership"] == "leave" and event.sender == user
    return event.content["membership"] == "ban" or (left and event.origin_server_ts >= since)


def _placed(effect: Effect, room_id: str) -> Effect:
    if isinstance(effect, Put) and effect.room_id is None:
        return replace(effect, room_id=room_id)
    return effect


__all__ = ["PRESENT", "SHARE", "World", "role_wanted"]
