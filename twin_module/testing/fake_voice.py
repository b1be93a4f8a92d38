"""The twin's own voice on a fake server: an account in rooms that no other server knows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from twin_module.core.errors import Forbidden
from twin_module.core.ports import Invitation, Message
from twin_module.core.state import Content, StateEvent, plain
from twin_module.core.voice import key_in, voice_of
from twin_module.testing.driver import pause
from twin_module.testing.fake_network import FakeServer, new_room_id
from twin_module.testing.fake_rooms import (
    STRIPPED,
    FakeEvent,
    check_content,
    check_message,
    first_state,
)

MEMBER: Final = "m.room.member"
GONE: Final = ("leave", "ban")


class FakeVoice:
    """The part of `FakeHomeserver` that is `Speaking` (see `core/ports.py`)."""

    server: FakeServer
    voice: str
    owner: str

    def _step(self, what: str) -> None:
        raise NotImplementedError

    async def voice_state(self) -> Literal["none", "ours", "taken"]:
        """Return what a test, or `make_voice`, made of the account."""
        await pause()
        return self.server.voice

    async def make_voice(self, displayname: str) -> None:
        """Make the account."""
        await pause()
        self._step("before make_voice")
        self.server.voice, self.server.voice_name = "ours", displayname
        self._step("after make_voice")

    async def voice_rooms(self) -> Mapping[str, Mapping[str, str]]:
        """Return the rooms that the voice made and is in."""
        await pause()
        return {
            room_id: {user: room.membership(user) for kind, user in room.current if kind == MEMBER}
            for room_id, room in self.server.rooms.items()
            if room.membership(self.voice) == "join" and self._is_mine(room_id)
        }

    def _is_mine(self, room_id: str) -> bool:
        create = self.server.rooms[room_id].state().get(("m.room.create", ""))
        return create is not None and create.sender == self.voice

    async def make_voice_room(self, config: Mapping[str, Any]) -> str:
        """Make a room as the voice, and then invite whom it is for, as Synapse does."""
        await pause()
        self._step("before make_voice_room")
        room_id = new_room_id(self.server.network)
        for event_type, state_key, content in first_state(self.voice, config):
            self.server.write(room_id, event_type, state_key, plain(content), sender=self.voice)
        self._step("within make_voice_room")
        for user_id in config.get("invite", ()):
            self._invite(room_id, user_id)
        self._step("after make_voice_room")
        return room_id

    async def invite_as_voice(self, room_id: str, user_id: str) -> None:
        """Invite somebody."""
        await pause()
        self._step("before invite_as_voice")
        self._invite(room_id, user_id)
        self._step("after invite_as_voice")

    def _invite(self, room_id: str, user_id: str) -> None:
        content = {"membership": "invite", "is_direct": True}
        self._write(room_id, user_id, content)
        if user_id == self.owner:
            state = self.server.rooms[room_id].state()
            shown = {
                key: StateEvent(room_id, *key, event.content, event.sender, "", 0)
                for key, event in state.items()
                if key in [(kind, "") for kind in STRIPPED] or key == (MEMBER, self.voice)
            }
            self.server.be_invited(Invitation(room_id, self.voice, shown), room_id)

    async def voice_invitations(self) -> Mapping[str, str]:
        """Return who invited the voice, to rooms of this server and to others."""
        await pause()
        here = {
            room_id: room.event(room.current[MEMBER, self.voice]).sender
            for room_id, room in self.server.rooms.items()
            if room.membership(self.voice) == "invite"
        }
        return {**self.server.voice_invitations, **here}

    async def voice_astray(self) -> Mapping[str, Literal["encrypted", "alone"]]:
        """Return the rooms in which the voice is not to stay."""
        await pause()
        found: dict[str, Literal["encrypted", "alone"]] = {}
        for room_id, room in self.server.rooms.items():
            if room.membership(self.voice) != "join":
                continue
            if (MEMBER, self.owner) in room.current and room.membership(self.owner) in GONE:
                found[room_id] = "alone"
            elif ("m.room.encryption", "") in room.current:
                found[room_id] = "encrypted"
        return found

    async def join_as_voice(self, room_id: str) -> None:
        """Join a room of this server."""
        await pause()
        self._step("before join_as_voice")
        room = self.server.rooms.get(room_id)
        if room is None or room.membership(self.voice) not in ("invite", "join"):
            raise Forbidden("You are not invited to this room.")
        if room.membership(self.voice) == "invite":
            self._write(room_id, self.voice, {"membership": "join"})
        self._step("after join_as_voice")

    async def leave_as_voice(self, room_id: str) -> None:
        """Leave a room, or decline an invitation, also one of a room that is not here."""
        await pause()
        self._step("before leave_as_voice")
        inviter = self.server.voice_invitations.pop(room_id, None)
        network = self.server.network
        host = network.servers.get(inviter.partition(":")[2]) if inviter else self.server
        if host is not None and network.linked(self.server, host):
            left = {"membership": "leave"}
            host.write(room_id, MEMBER, self.voice, left, sender=self.voice)
        self._step("after leave_as_voice")

    def _write(self, room_id: str, user_id: str, content: Mapping[str, Any]) -> None:
        self.server.write(room_id, MEMBER, user_id, content, sender=self.voice)

    async def speak(self, room_id: str, content: Content) -> str:
        """Send a message as the voice."""
        await pause()
        self._step("before speak")
        check_content(plain(content))
        if room_id not in self.server.rooms:
            raise Forbidden(f"User {self.voice} not in room {room_id}")
        check_message(self.server.rooms[room_id].state(), self.voice, "m.room.message")
        event_id = self.server.write(
            room_id, "m.room.message", None, plain(content), sender=self.voice
        )
        self._step("after speak")
        return event_id

    async def spoken(self, room_id: str, after: int) -> Mapping[str, str]:
        """Return the keys of messages, also of those that were redacted."""
        await pause()
        keys = [
            (key_in(event.content), event.event_id)
            for at, event in self.server.arrivals
            if at > after and self._is_said(event, room_id)
        ]
        return {key: event_id for key, event_id in keys if key is not None}

    async def lately_spoken(self, room_id: str) -> Sequence[Message]:
        """Return the newest messages that are there."""
        ids = [
            event.event_id
            for _, event in self.server.arrivals
            if self._is_said(event, room_id)
            and event.content.get("m.relates_to", {}).get("rel_type") != "m.replace"
        ]
        found = await self.messages(ids)
        return [found[each] for each in reversed(ids) if each in found]

    def _is_said(self, event: FakeEvent, room_id: str) -> bool:
        said = (event.room_id, event.sender, event.type)
        return said == (room_id, self.voice, "m.room.message")

    async def messages(self, event_ids: Iterable[str]) -> Mapping[str, Message]:
        """Return messages; the whole homeserver knows how."""
        raise NotImplementedError


def joined_by_voice(server: FakeServer, room_id: str) -> bool:
    """Let the owner join a room that their voice invited them to, and tell whether it is one."""
    room = server.rooms.get(room_id)
    create = room.state().get(("m.room.create", "")) if room else None
    if room is None or create is None or create.sender != voice_of(server.owner):
        return False
    if room.membership(server.owner) != "invite":
        return False
    server.write(room_id, MEMBER, server.owner, {"membership": "join"})
    return True
