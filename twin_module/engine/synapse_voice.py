"""A door to Synapse's private names: the account of the twin's own voice.

It is made below the checks of registration, as the owner's is, and acts through functions that
ask for no access token.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final, Literal

from synapse.api.errors import SynapseError
from synapse.module_api import ModuleApi
from synapse.server import HomeServer
from synapse.storage.databases.main.events_worker import EventRedactBehaviour
from synapse.types import UserID, create_requester

from twin_module.core.errors import BadJson, Forbidden, NotFound, TooLarge, TwinError
from twin_module.core.ports import Cursor, Message
from twin_module.core.state import Content, plain
from twin_module.core.voice import VOICE_TYPE, key_in
from twin_module.engine import synapse_people

_REFUSALS: Final[Mapping[int, type[TwinError]]] = {
    HTTPStatus.BAD_REQUEST: BadJson,
    HTTPStatus.FORBIDDEN: Forbidden,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLarge,
}
_MARKS: Final = (
    ("access_tokens", "user_id"),
    ("access_tokens", "puppets_user_id"),
    ("refresh_tokens", "user_id"),
    ("devices", "user_id"),
    ("user_external_ids", "user_id"),
    ("user_threepids", "user_id"),
)
"""Where an account has rows that somebody can use, or could."""
MOST_EVENTS: Final = 5_000
"""Of a room, in which the voice's newest message is looked for."""
MOST_DELETED: Final = 20
"""Messages in a row that may be deleted, before the one that is looked for."""


class SynapseVoice:
    """The part of `SynapseHomeserver` that is `Speaking` (see `core/ports.py`)."""

    _api: ModuleApi
    _hs: HomeServer
    owner: str
    voice: str

    async def voice_state(self) -> Literal["none", "ours", "taken"]:
        """Look at the account, and for every way in which somebody could use it."""

        def work(cursor: Cursor) -> Literal["none", "ours", "taken"]:
            cursor.execute(
                "SELECT user_type, password_hash, appservice_id, admin, is_guest, deactivated"
                " FROM users WHERE name = ?",
                (self.voice,),
            )
            row = cursor.fetchone()
            if row is None:
                return "none"
            if row[0] != VOICE_TYPE or any(row[1:]):
                return "taken"
            for table, column in _MARKS:
                cursor.execute(f"SELECT 1 FROM {table} WHERE {column} = ? LIMIT 1", (self.voice,))
                if cursor.fetchone() is not None:
                    return "taken"
            return "ours"

        return await self._api.run_db_interaction("twin_voice_state", work)

    async def without_voice(self, accounts: Sequence[str]) -> Sequence[str]:
        """Return accounts without the voice, unless somebody can use that."""
        if self.voice not in accounts or await self.voice_state() != "ours":
            return accounts
        return [each for each in accounts if each != self.voice]

    async def make_voice(self, displayname: str) -> None:
        """Make the account, below the checks of registration, which refuse everybody."""
        await self._hs.get_registration_handler().register_with_store(
            user_id=self.voice,
            password_hash=None,
            create_profile_with_displayname=displayname,
            admin=False,
            user_type=VOICE_TYPE,
            approved=True,
        )

    async def voice_rooms(self) -> Mapping[str, Mapping[str, str]]:
        """Return the voice's rooms; those of others, who may have invited it, are none of them."""
        store = self._hs.get_datastores().main
        joined = await store.get_rooms_for_user(self.voice)  # type: ignore[call-arg,arg-type,misc]  # mypy takes cached methods for functions
        controller = self._hs.get_storage_controllers().state
        rooms: dict[str, dict[str, str]] = {}
        for room_id in joined:
            create = await controller.get_current_state_event(room_id, "m.room.create", "")
            if create is not None and create.sender == self.voice:
                rooms[room_id] = {}
        for each in await synapse_people.members(self._hs, rooms):
            rooms[each.room_id][each.user_id] = each.membership
        return rooms

    async def make_voice_room(self, config: Mapping[str, Any]) -> str:
        """Make a room as the voice."""
        room_id, _ = await self._api.create_room(self.voice, dict(config), ratelimit=False)
        return room_id

    async def invite_as_voice(self, room_id: str, user_id: str) -> None:
        """Invite somebody to a direct chat."""
        await self._api.update_room_membership(
            self.voice, user_id, room_id, "invite", {"is_direct": True}
        )

    async def voice_invitations(self) -> Mapping[str, str]:
        """Return who invited the voice, as Synapse keeps it in memory."""
        store = self._hs.get_datastores().main
        rooms = await store.get_invited_rooms_for_local_user(self.voice)  # type: ignore[call-arg,arg-type,misc]  # mypy takes cached methods for functions
        return {room.room_id: room.sender for room in rooms}

    async def voice_astray(self) -> Mapping[str, Literal["encrypted", "alone"]]:
        """Look at the few rooms that the voice is in."""

        def work(cursor: Cursor) -> list[tuple[Any, ...]]:
            cursor.execute(
                "SELECT v.room_id, o.membership, e.event_id FROM local_current_membership v"
                " LEFT JOIN local_current_membership o ON o.room_id = v.room_id AND o.user_id = ?"
                " LEFT JOIN current_state_events e ON e.room_id = v.room_id"
                " AND e.type = 'm.room.encryption' AND e.state_key = ''"
                " WHERE v.user_id = ? AND v.membership = 'join'",
                (self.owner, self.voice),
            )
            return cursor.fetchall()

        rows = await self._api.run_db_interaction("twin_voice_astray", work)
        found: dict[str, Literal["encrypted", "alone"]] = {}
        for room_id, membership, encryption in rows:
            if membership in ("leave", "ban"):
                found[room_id] = "alone"
            elif encryption is not None:
                found[room_id] = "encrypted"
        return found

    async def join_as_voice(self, room_id: str) -> None:
        """Join a room that this server is in."""
        await self._go(room_id, "join")

    async def leave_as_voice(self, room_id: str) -> None:
        """Leave a room; an invitation by another server is declined there."""
        await self._go(room_id, "leave")

    async def _go(self, room_id: str, action: str) -> None:
        # Not `ModuleApi.update_room_membership`, which limits how many rooms one joins.
        with _refusals(room_id):
            await self._hs.get_room_member_handler().update_membership(
                requester=create_requester(self.voice, authenticated_entity=self._hs.hostname),
                target=UserID.from_string(self.voice),
                room_id=room_id,
                action=action,
                ratelimit=False,
            )

    async def speak(self, room_id: str, content: Content) -> str:
        """Send a message as the voice; no rate limit holds for it."""
        event_dict = {
            "room_id": room_id,
            "type": "m.room.message",
            "sender": self.voice,
            "content": plain(content),
        }
        with _refusals("m.room.message"):
            event = await self._api.create_and_send_event_into_room(event_dict)
        return event.event_id

    async def spoken(self, room_id: str, after: int) -> Mapping[str, str]:
        """Return the keys of messages, also of those that the owner deleted meanwhile."""

        def work(cursor: Cursor) -> list[str]:
            cursor.execute(
                "SELECT event_id FROM events WHERE room_id = ? AND sender = ?"
                " AND type = 'm.room.message' AND stream_ordering > ?",
                (room_id, self.voice, after),
            )
            return [row[0] for row in cursor.fetchall()]

        ids = await self._api.run_db_interaction("twin_spoken", work)
        events = await self._hs.get_datastores().main.get_events(
            ids, redact_behaviour=EventRedactBehaviour.as_is
        )
        keys = [(key_in(event.content), event_id) for event_id, event in events.items()]
        return {key: event_id for key, event_id in keys if key is not None}

    async def lately_spoken(self, room_id: str) -> Sequence[Message]:
        """Look for messages among the newest events of a room."""

        def work(cursor: Cursor) -> list[str]:
            cursor.execute(
                "SELECT n.event_id FROM (SELECT event_id, sender, type, stream_ordering FROM events"
                " WHERE room_id = ? ORDER BY stream_ordering DESC LIMIT ?) n"
                " LEFT JOIN event_relations r ON r.event_id = n.event_id"
                " AND r.relation_type = 'm.replace'"
                " WHERE n.sender = ? AND n.type = 'm.room.message' AND r.event_id IS NULL"
                " ORDER BY n.stream_ordering DESC LIMIT ?",
                (room_id, MOST_EVENTS, self.voice, MOST_DELETED),
            )
            return [row[0] for row in cursor.fetchall()]

        ids = await self._api.run_db_interaction("twin_last_spoken", work)
        found = await self.messages(ids)
        return [found[each] for each in ids if each in found]

    async def messages(self, event_ids: Iterable[str]) -> Mapping[str, Message]:
        """Return messages; the whole homeserver knows how."""
        raise NotImplementedError


@contextmanager
def _refusals(what: str) -> Iterator[None]:
    """Turn what Synapse refuses into errors of ours."""
    try:
        yield
    except SynapseError as error:
        refused = _REFUSALS.get(error.code)
        if refused is None:
            raise
        raise refused(f"{what}: {error.msg}") from error
