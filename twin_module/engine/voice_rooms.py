"""The rooms of the twin's own voice: the chat with its owner, and those that the owner lets it into."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, Literal

from twin_module.core.authority import Role, integer, membership_of, power_of, was_put_out
from twin_module.core.effects import Put
from twin_module.core.layout import Kind, kind_in
from twin_module.core.ports import Homeserver
from twin_module.core.state import Key, StateEvent, StateMap, content_of, frozen
from twin_module.core.voice import voice_name, voice_room
from twin_module.engine.backoff import Backoff
from twin_module.engine.chats import DIRECT
from twin_module.engine.writer import Writer

logger = logging.getLogger(__name__)

GONE: Final = ("leave", "ban")
_CREATE: Final = ("m.room.create", "")
_LEVELS: Final = ("m.room.power_levels", "")
_ENCRYPTION: Final = ("m.room.encryption", "")


class VoiceRooms:
    """Knows where the voice is, and brings it where it is to be."""

    def __init__(self, homeserver: Homeserver, writer: Writer) -> None:
        self._homeserver = homeserver
        self._writer = writer
        self.chat: str | None = None
        """The room ID of the chat of the two, once it is known."""
        self.later = Backoff[str]()
        """The rooms in which something could not be done yet."""
        self._declining: set[str] = set()
        """The rooms whose servers are just being told that it does not come."""

    # The chat of the two

    async def ensure_chat(self) -> str:
        """Return the chat of the two, which is made where there is none or the owner left it."""
        owner = self._homeserver.owner
        await self._ensure_account()
        found: str | None = None
        membership: str | None = "invite"
        for room_id, members in sorted((await self._homeserver.voice_rooms()).items()):
            if members.get(owner) in GONE or members.keys() - {owner, self._homeserver.voice}:
                await self._homeserver.leave_as_voice(room_id)
            elif found is None:
                found, membership = room_id, members.get(owner)
        if found is None:
            found = await self._homeserver.make_voice_room(voice_room(owner))
        if membership is None:
            await self._homeserver.invite_as_voice(found, owner)
        if membership != "join":
            # First, so that a crash in between leaves nothing undone that nobody looks for.
            await self._note_direct(found)
            await self._homeserver.set_membership(found, owner, "join", "")
        self.chat = found
        return found

    async def _ensure_account(self) -> None:
        if await self._homeserver.voice_state() == "none":
            name = voice_name(self._homeserver.owner, await self._homeserver.profile())
            await self._homeserver.make_voice(name)
            logger.info("Made %s, the twin's own voice", self._homeserver.voice)

    async def _note_direct(self, room_id: str) -> None:
        """Add the room to the owner's direct chats; what else clients noted there stays."""
        content = await self._homeserver.account_data(DIRECT)
        known = _listed(content, self._homeserver.voice)
        if room_id not in known:
            rooms = [*known, room_id]
            await self._homeserver.put_account_data(
                DIRECT, {**content, self._homeserver.voice: rooms}
            )

    # Rooms of others, and collections

    async def may_speak(self, room_id: str) -> bool | None:
        """Tell whether the voice may speak in a room; None where it may after `enter`."""
        return self._judged(await self._state(room_id))

    async def enter(self, room_id: str) -> bool:
        """Go into a collection that the owner made, with the right to speak there."""
        state = await self._state(room_id)
        there = self._judged(state)
        if there is not None:
            return there
        voice = self._homeserver.voice
        membership = membership_of(state, voice)
        if membership != "join":
            await self._ensure_account()
            if membership != "invite":
                await self._homeserver.set_membership(room_id, voice, "invite", "")
            await self._homeserver.join_as_voice(room_id)
        # The reconciler writes power levels as well, on what it read before.
        async with self._homeserver.lock("reconciler"):
            state = await self._state(room_id)
            if power_of(state, voice) < _needed(state):
                await self._let_speak(room_id, state)
        return self._judged(await self._state(room_id)) is True

    async def _let_speak(self, room_id: str, state: StateMap) -> None:
        levels: Any = content_of(state, *_LEVELS)
        users = levels.get("users")
        changed = {**(users if isinstance(users, Mapping) else {})}
        changed[self._homeserver.voice] = int(Role.EDITOR)
        expected = {_LEVELS: state[_LEVELS].event_id} if _LEVELS in state else None
        put = Put(*_LEVELS, levels.set("users", frozen(changed)))
        await self._writer.write(room_id, [put], expected)

    async def _state(self, room_id: str) -> dict[Key, StateEvent]:
        people = self._homeserver.owner, self._homeserver.voice
        keys = [_CREATE, _LEVELS, _ENCRYPTION, *(("m.room.member", each) for each in people)]
        return await self._homeserver.state(room_id, keys)

    def _judged(self, state: StateMap) -> bool | None:
        """Tell whether the voice may speak in a room; None where the owner can make it so."""
        owner, voice = self._homeserver.owner, self._homeserver.voice
        if _ENCRYPTION in state or membership_of(state, owner) != "join":
            return False
        needed = _needed(state)
        if membership_of(state, voice) == "join" and power_of(state, voice) >= needed:
            return True
        create = state.get(_CREATE)
        is_own = kind_in(state) is Kind.COLLECTION and create is not None and create.sender == owner
        if not is_own or needed > Role.EDITOR or was_put_out(state, voice):
            return False
        return None

    # Where it was asked, and where it is not to stay

    def is_due(self) -> bool:
        """Tell whether something is to be tried again now."""
        return bool(self.later.due(self._homeserver.now()))

    async def is_asked(self) -> bool:
        """Tell whether the voice is invited anywhere, or somewhere where it is not to stay."""
        invitations = await self._homeserver.voice_invitations()
        astray = await self._homeserver.voice_astray()
        self.later.keep_only(invitations.keys() | astray.keys())
        return bool(invitations or astray)

    async def answer(self) -> None:
        """Accept what the owner asks the voice to, and decline what others do, some seconds later.

        At once, a decline could come before the inviting server has stored its own invitation, and
        would be refused there.
        """
        seen = self.later.all()
        for room_id, inviter in sorted((await self._homeserver.voice_invitations()).items()):
            if inviter != self._homeserver.owner and room_id not in seen:
                self.later.postpone(room_id, self._homeserver.now())
            if self.later.waits(room_id, self._homeserver.now()):
                continue
            if inviter == self._homeserver.owner:
                await self._attempt(room_id, self._come)
            elif room_id not in self._declining:
                self._declining.add(room_id)
                # A stranger's server may take its time, and must not take the twin's.
                self._homeserver.background("twin_decline", partial(self._decline, room_id))

    async def _decline(self, room_id: str) -> None:
        await self._attempt(room_id, self._homeserver.leave_as_voice)
        self._declining.discard(room_id)

    async def _come(self, room_id: str) -> None:
        await self._ensure_account()
        await self._homeserver.join_as_voice(room_id)

    async def _attempt(self, room_id: str, act: Callable[[str], Awaitable[None]]) -> bool:
        """Come to a room or leave it, now or later; tells whether that is done."""
        try:
            await act(room_id)
        except Exception as error:  # noqa: BLE001 - one room's trouble is one for later
            logger.info("The voice can't come to %s, or leave it, yet: %s", room_id, error)
            self.later.postpone(room_id, self._homeserver.now())
            return False
        self.later.done(room_id)
        return True

    async def astray(self) -> Mapping[str, Literal["encrypted", "alone"]]:
        """Return the rooms that the voice is to leave now, with why."""
        now = self._homeserver.now()
        found = await self._homeserver.voice_astray()
        return {room: why for room, why in found.items() if not self.later.waits(room, now)}

    async def leave(self, room_id: str) -> None:
        """Leave a room, now or later."""
        if await self._attempt(room_id, self._homeserver.leave_as_voice) and room_id == self.chat:
            self.chat = None


def _needed(state: StateMap) -> int:
    """Return the power level that an ordinary message takes in a room."""
    levels = content_of(state, *_LEVELS)
    by_type = levels.get("events")
    default = integer(levels.get("events_default"), 0)
    if not isinstance(by_type, Mapping):
        return default
    return integer(by_type.get("m.room.message"), default)


def _listed(content: Mapping[str, Any], user_id: str) -> list[Any]:
    """Return the direct chats with somebody; any client may have written the account data."""
    listed = content.get(user_id)
    return list(listed) if isinstance(listed, list) else []
