"""The reconciler: makes who is in which room equal to what the owner declared.

It never trusts to have heard of a change. At the start, and whenever a room changes, it asks what
is still to be done there and does that; what fails is tried again, later and later.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from twin_module.core import layout
from twin_module.core.authority import creators, membership_of
from twin_module.core.capability import EventType
from twin_module.core.effects import CreateRoom, Effect, Put, SetMembership
from twin_module.core.errors import TwinError
from twin_module.core.layout import Kind
from twin_module.core.ports import Homeserver, Invitation
from twin_module.core.state import NAMESPACE, StateEvent, StateMap, content_of, frozen
from twin_module.engine import store
from twin_module.engine.backoff import Backoff
from twin_module.engine.settings import Settings, Wishes
from twin_module.engine.store import Room
from twin_module.engine.writer import Writer
from twin_module.rooms.circles import circle_duties, collection_duties, shares

logger = logging.getLogger(__name__)

STATE: Final = (
    ("m.room.create", ""),
    ("m.room.member", None),
    ("m.room.power_levels", ""),
    ("m.room.join_rules", ""),
    ("m.space.child", None),
    (layout.SHARE, None),
    (layout.GRANTED, ""),
    (layout.CIRCLE, None),
)
ROOMS: Final = f"{NAMESPACE}.rooms"
"""Account data that names the twin's own rooms."""
ROUNDS: Final = 5
"""How often one room is looked at again at once; each round should find less to do."""


class Reconciler:
    """Does what is still to be done in the owner's own rooms."""

    def __init__(
        self,
        homeserver: Homeserver,
        settings: Settings,
        writer: Writer,
        types: Iterable[EventType],
    ) -> None:
        self._homeserver = homeserver
        self._settings = settings
        self._writer = writer
        self._types = {each.type: each for each in types}
        self._touched: set[str] = set()
        self.later: Backoff[str] = Backoff()
        """The rooms in which something could not be done yet."""
        self._has_index = False

    def touch(self, rooms: Iterable[str]) -> None:
        """Note that rooms changed."""
        self._touched.update(rooms)

    def due(self) -> int | None:
        """Return when something is to be tried again, in milliseconds since 1970."""
        return self.later.next() if self._has_index else 0

    def waiting(self) -> list[str]:
        """Return the rooms in which something could not be done yet."""
        return sorted(self.later.all())

    def is_settled(self) -> bool:
        """Tell whether nothing is to be done but what waits until it is tried again."""
        return self._has_index and not self._touched

    async def touch_all(self) -> None:
        """Look at every room at the next turn, as after a start."""
        self.touch(await self._homeserver.joined_rooms())

    async def settle(self) -> None:
        """Do what is to be done in the rooms that changed, and what is due again."""
        async with self._homeserver.lock("reconciler"):
            now = self._homeserver.now()
            touched, self._touched = self._touched | self.later.due(now), set()
            if not touched and self._has_index:
                return
            try:
                invited = await self._accept_invitations(now)
                for room_id in sorted(await self._concerned(touched) - invited):
                    await self._settle_room(room_id)
                await self._settle_index()
            except BaseException:
                self._touched |= touched
                raise

    async def _concerned(self, touched: set[str]) -> set[str]:
        """Return the touched rooms with those whose duties depend on them."""
        concerned = set(touched)
        for room_id in touched:
            state = await self._homeserver.state(
                room_id, [("m.room.create", ""), (layout.SHARE, None)]
            )
            kind = layout.kind_in(state)
            if kind is Kind.CIRCLE:
                concerned.update(await self._sharing(room_id))
            elif kind is Kind.COLLECTION:
                concerned.update(
                    circle for event_type, circle in state if event_type == layout.SHARE
                )
        return concerned

    async def _sharing(self, circle: str) -> list[str]:
        return await self._homeserver.transact(
            "twin_sharing", lambda cursor: store.sharing(cursor, layout.SHARE, circle)
        )

    async def _settle_room(self, room_id: str) -> None:
        failed = False
        for _ in range(ROUNDS):
            effects = await self._duties(room_id)
            if not effects:
                break
            failed = not await self._carry_out_all(effects)
            if failed:
                break
        if failed:
            self.later.postpone(room_id, self._homeserver.now())
        else:
            self.later.done(room_id)

    async def _carry_out_all(self, effects: Sequence[Effect]) -> bool:
        """Do one thing after the other; tells whether all could be done.

        One person who can't be reached keeps nobody else from being invited. But nobody is invited
        before what is to be noted of them could be written.
        """
        done = True
        for effect in effects:
            if not await self.carry_out(effect):
                done = False
                if isinstance(effect, Put):
                    break
        return done

    async def _duties(self, room_id: str) -> Sequence[Effect]:
        state = await self._mine(room_id)
        kind = layout.kind_in(state)
        if kind is Kind.CIRCLE:
            collections = {
                collection: room_id in shares(await self._mine(collection))
                for collection in await self._sharing(room_id)
            }
            return circle_duties(state, collections, self._homeserver.server_name)
        if kind is Kind.COLLECTION:
            circles = {circle: await self._mine(circle) for circle in shares(state)}
            own = {
                circle: each
                for circle, each in circles.items()
                if layout.kind_in(each) is Kind.CIRCLE
            }
            return collection_duties(state, own)
        return []

    async def _mine(self, room_id: str) -> dict[tuple[str, str], StateEvent]:
        """Return the state of a room that the owner made and is in; of any other nothing.

        Who made a room may name others as its creators too; that gives the owner no duties.

        A declaration that somebody spoiled does not undo what was declared: the last one that
        fitted stands in its place.
        """
        state = await self._homeserver.state(room_id, STATE)
        owner = self._homeserver.owner
        create = state.get(("m.room.create", ""))
        if create is None or create.sender != owner or membership_of(state, owner) != "join":
            return {}
        for key, event in list(state.items()):
            if key[0] in self._types and self._types[key[0]].misfit(event) is not None:
                del state[key]
                good = await self._last_good(room_id, *key)
                if good is not None:
                    state[key] = good
        return state

    async def _last_good(self, room_id: str, event_type: str, state_key: str) -> StateEvent | None:
        found = await self._homeserver.transact(
            "twin_last_good",
            lambda cursor: store.read_object(cursor, room_id, event_type, state_key),
        )
        return found.event() if found is not None and found.content is not None else None

    async def carry_out(self, effect: Effect) -> bool:
        """Do one thing; what can't be done now is logged and tried again later."""
        try:
            if isinstance(effect, Put):
                await self._writer.write(effect.room_id or "", [effect])
            elif isinstance(effect, SetMembership):
                await self._homeserver.set_membership(
                    effect.room_id, effect.user_id, effect.action, effect.reason
                )
            elif isinstance(effect, CreateRoom):
                await self._homeserver.create_room(effect.config)
        except TwinError as error:
            logger.info("In %s, to be tried again: %s", _where(effect), error.message)
            return False
        except Exception:
            # One room's trouble, whatever it is, must not keep the others from being looked after.
            logger.warning(
                "In %s something went wrong, to be tried again", _where(effect), exc_info=True
            )
            return False
        return True

    # Invitations of others

    async def _accept_invitations(self, now: int) -> set[str]:
        """Join what the owner's settings say to join without asking; return what stays open."""
        invitations = await self._homeserver.invitations()
        if not invitations:
            return set()
        wishes = await self._settings.read()
        still_open = set()
        for invitation in invitations:
            room_id = invitation.room_id
            waits = self.later.waits(room_id, now)
            if not waits and not await self._is_welcome(invitation, wishes):
                self.later.done(room_id)
                still_open.add(room_id)
            elif waits or not await self._join(room_id, invitation.inviter):
                still_open.add(room_id)
        return still_open

    async def _is_welcome(self, invitation: Invitation, wishes: Wishes) -> bool:
        if layout.kind_in(invitation.state) not in (Kind.COLLECTION, Kind.CIRCLE):
            return False
        if invitation.inviter in wishes.accept_from:
            return True
        if not wishes.accept_from_circles:
            return False
        # What an invitation says of itself is the inviter's word; the circle's own state is not.
        for circle in _allowed_through(content_of(invitation.state, "m.room.join_rules")):
            state = await self._homeserver.state(circle, STATE)
            joined = membership_of(state, self._homeserver.owner) == "join"
            theirs = invitation.inviter in creators(state)
            if joined and theirs and layout.kind_in(state) is Kind.CIRCLE:
                return True
        return False

    async def _join(self, room_id: str, inviter: str) -> bool:
        try:
            await self._homeserver.set_membership(
                room_id, self._homeserver.owner, "join", "", [_server(inviter)]
            )
        except Exception as error:  # noqa: BLE001 - any trouble of another server is one for later
            logger.info("Could not join %s yet: %s", room_id, error)
            self.later.postpone(room_id, self._homeserver.now())
            return False
        return True

    # The index

    async def ensure_index(self) -> str | None:
        """Return the twin's index, made now if there is none; it is never made twice.

        None means that another process is at it, or was killed while it was; `settle` asks again.
        """
        index = await self._ensure_index()
        self._has_index = index is not None
        return index

    async def _ensure_index(self) -> str | None:
        known = (await self._homeserver.account_data(ROOMS)).get("index")
        if isinstance(known, str) and layout.kind_in(await self._mine(known)) is Kind.INDEX:
            return known
        claim = await self._homeserver.claim("index")
        if claim is None:
            return None
        async with claim:
            found = await self._find_index()
            if found is None:
                found = await self._homeserver.create_room(
                    layout.index_room(self._homeserver.owner)
                )
            await self._homeserver.put_account_data(ROOMS, {"index": found})
            return found

    async def _find_index(self) -> str | None:
        """Return an index that was made, but not noted, before a crash: the oldest one."""
        found = []
        for room_id in await self._homeserver.joined_rooms():
            state = await self._mine(room_id)
            if layout.kind_in(state) is Kind.INDEX:
                found.append((state["m.room.create", ""].origin_server_ts, room_id))
        return min(found)[1] if found else None

    async def _settle_index(self) -> None:
        index = await self.ensure_index()
        if index is None:
            return
        rooms = await self._homeserver.transact("twin_rooms", store.read_rooms)
        ours = [room for room in rooms if room.kind in (Kind.COLLECTION.value, Kind.CIRCLE.value)]
        state = await self._homeserver.state(index, STATE)
        for effect in index_duties(state, index, ours):
            await self.carry_out(effect)


def index_duties(state: StateMap, index: str, rooms: Iterable[Room]) -> Sequence[Put]:
    """Return what puts the twin's collections and circles into its index.

    What the owner added by hand stays.

    Args:
        state: of the index.
        index: its room ID.
        rooms: the collections and circles that the twin is or was in.
    """
    children = {
        key
        for (kind, key), event in state.items()
        if kind == "m.space.child" and event.content.get("via")
    }
    server = _server(min(creators(state), default=":"))
    effects = []
    for room in rooms:
        if room.membership == "join" and room.room_id not in children:
            via = sorted({_server(room.creator), server})
            effects.append(Put("m.space.child", room.room_id, frozen({"via": via}), index))
        if room.membership == "leave" and room.room_id in children:
            effects.append(Put("m.space.child", room.room_id, frozen({}), index))
    return effects


def _server(user_id: str) -> str:
    return user_id.partition(":")[2]


def _allowed_through(rule: Mapping[str, Any]) -> set[str]:
    allow = rule.get("allow")
    if (
        rule.get("join_rule") != "restricted"
        or not isinstance(allow, Iterable)
        or isinstance(allow, str)
    ):
        return set()
    rooms = (each.get("room_id") for each in allow if isinstance(each, Mapping))
    return {room_id for room_id in rooms if isinstance(room_id, str)}


def _where(effect: Effect) -> str:
    return "a new room" if isinstance(effect, CreateRoom) else str(effect.room_id)
