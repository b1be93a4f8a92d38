"""The homeserver port over Synapse: with the files beside it, all that touches its private names.

Each use of something that Synapse does not promise to keep is held by a test in
`tests/contract`; the supported releases stand in `pyproject.toml`.
"""

import json
import secrets
from collections import Counter
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, cast

from signedjson.sign import sign_json
from synapse.api.errors import (
    FederationDeniedError,
    HttpResponseException,
    RequestSendFailed,
    SynapseError,
)
from synapse.config.appservice import load_appservices
from synapse.events import EventBase
from synapse.federation.transport.server._base import Authenticator
from synapse.http import server as http_server
from synapse.http.site import SynapseRequest
from synapse.module_api import ModuleApi
from synapse.rest.key.v2.local_key_resource import LocalKey
from synapse.storage.databases.main.events_worker import EventRedactBehaviour
from synapse.types import UserID, create_requester
from synapse.types.state import StateFilter
from synapse.util.async_helpers import Linearizer, concurrently_execute
from synapse.util.duration import Duration
from synapse.util.retryutils import NotRetryingDestination
from synapse.util.stringutils import parse_and_validate_server_name
from unpaddedbase64 import encode_base64

from twin_module.core.effects import Put
from twin_module.core.errors import (
    BadJson,
    Forbidden,
    NotFound,
    Overtaken,
    TooLarge,
    TwinError,
    Unreachable,
)
from twin_module.core.layout import RSVP
from twin_module.core.ports import (
    Changes,
    Cursor,
    Delta,
    Device,
    Heard,
    Invitation,
    Member,
    Message,
    MessagePage,
    MessageQuestion,
    OwnFile,
    SignedEvent,
    Summary,
    Unread,
    WebAnswer,
)
from twin_module.core.state import (
    NAMESPACE,
    Content,
    Key,
    StateEvent,
    content_problem,
    frozen,
    plain,
)
from twin_module.core.voice import voice_of
from twin_module.engine import synapse_people, synapse_search, synapse_stream, synapse_web_fetch
from twin_module.engine.synapse_chain import Chain, event_dict
from twin_module.engine.synapse_voice import SynapseVoice

T = TypeVar("T")

AT_ONCE: Final = 100
"""So many events are read before others have their turn, which takes ten milliseconds."""
MEDIA_TIMEOUT_MS = 20_000
FETCH_TIMEOUT_MS = 10_000
MOST_EDITS: Final = 20
"""Edits of a message that are looked at, in case that the newest were deleted."""
CALL_TIMEOUT_MS = 10_000
PEERS_PREFIX: Final = f"/_matrix/{NAMESPACE}/v1"
"""Where twins call each other."""
KEY_PATH = "/_matrix/key/v2/server"
PROFILE_PATH: Final = "/_matrix/federation/v1/query/profile"
GREETING_TIMEOUT_MS: Final = 10_000
WAIT: Final = 0.005
WAITS: Final = 200
"""How often, and for how many seconds each time, is waited until an own event can be read."""
MOST_FOLLOWED: Final = 10
"""How many events Synapse has an event follow at most."""
JOIN_PAUSES = (0.1, 0.4, 1.5)
"""Seconds before a join that was refused is tried again."""


class SynapseHomeserver(SynapseVoice):
    """A `Homeserver` (see `core/ports.py`) inside of a real Synapse."""

    def __init__(self, api: ModuleApi, owner_localpart: str) -> None:
        self._api = api
        self._hs = api._hs
        self._store = self._hs.get_datastores().main
        self.server_name: str = api.server_name
        self.public_url: str = api.public_baseurl.rstrip("/")
        self.owner: str = api.get_qualified_user_id(owner_localpart)
        self.voice: str = voice_of(self.owner)
        self._written = 0
        """The position of the newest event that was written here."""
        # Made when it is first needed: it needs parts of Synapse that are made after us.
        self._authenticator: Authenticator | None = None
        self._chain = Chain(api, self.owner)
        self._locks = Linearizer(name="twin", max_count=1, clock=self._hs.get_clock())
        self._under_way: Counter[str] = Counter()

    def now(self) -> int:
        """Return the time in milliseconds since 1970."""
        return int(self._hs.get_clock().time_msec())

    def new_uid(self) -> str:
        """Return a uid of 130 random bits."""
        return secrets.token_urlsafe(16).replace("-", "x")

    def call_later(self, seconds: float, function: Callable[[], None]) -> Callable[[], None]:
        """Call a function once, later; returns how to take that back."""
        call = self._hs.get_clock().call_later(Duration(seconds=seconds), function)

        def cancel() -> None:
            if call.active():
                call.cancel()

        return cancel

    async def sleep(self, seconds: float) -> None:
        """Let others go on for so long."""
        await self._hs.get_clock().sleep(Duration(seconds=seconds))

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run work in one of the reactor's threads."""
        return await self._api.defer_to_thread(work)

    def lock(self, name: str) -> AbstractAsyncContextManager[Any]:
        """Return a lock of this process."""
        return cast("AbstractAsyncContextManager[Any]", self._locks.queue(name))

    async def claim(self, name: str) -> AbstractAsyncContextManager[Any] | None:
        """Return a lock in the database, None while another process holds it."""
        # Not the simple lock, which a second process of the same name takes over at once.
        return await self._store.try_acquire_read_write_lock("twin", name, write=True)

    async def transact(self, name: str, work: Callable[[Cursor], T]) -> T:
        """Run work in a transaction of Synapse's database."""
        return await self._api.run_db_interaction(name, cast("Callable[..., T]", work))

    # Reading

    async def state(
        self, room_id: str, keys: Iterable[tuple[str, str | None]]
    ) -> dict[tuple[str, str], StateEvent]:
        """Return current state events; none of a room that is not known.

        Right after a join the memberships of others may still be missing. Synapse fetches them
        from the others, who may never answer, and nothing here waits for that.
        """
        state = await self._hs.get_storage_controllers().state.get_current_state(
            room_id, StateFilter.from_types(keys), await_full_state=False
        )
        return {key: _event(event) for key, event in state.items()}

    async def states(
        self, room_ids: Iterable[str], keys: Iterable[tuple[str, str]]
    ) -> Mapping[str, dict[tuple[str, str], StateEvent]]:
        """Return current state events of many rooms."""
        ids = await synapse_people.state_ids(self._hs, room_ids, keys)
        found: dict[str, dict[tuple[str, str], StateEvent]] = {}
        for event in (await self.events(ids)).values():
            found.setdefault(event.room_id, {})[event.type, event.state_key] = event
        return found

    async def members(self, room_ids: Iterable[str]) -> Sequence[Member]:
        """Return all memberships of rooms."""
        return await synapse_people.members(self._hs, room_ids)

    async def summaries(self, room_ids: Iterable[str]) -> Mapping[str, Summary]:
        """Return who is in rooms."""
        return await synapse_people.summaries(self._hs, self.owner, room_ids)

    async def unread(self, room_ids: Iterable[str]) -> Sequence[Unread]:
        """Return which rooms have what the owner has not read."""
        return await synapse_people.unread(self._hs, self.owner, room_ids)

    async def object_keys(self, room_id: str) -> Sequence[Delta]:
        """Return the current state events of ours in a room."""

        def work(cursor: Cursor) -> list[Delta]:
            cursor.execute(
                "SELECT type, state_key, event_id FROM current_state_events WHERE room_id = ? AND type LIKE ?",
                (room_id, f"{NAMESPACE}.%"),
            )
            return [Delta(room_id, *row) for row in cursor.fetchall()]

        return await self.transact("twin_object_keys", work)

    async def count_objects(self, room_id: str) -> int:
        """Return how many current state events of ours a room has, answers to events left out."""

        def work(cursor: Cursor) -> int:
            cursor.execute(
                "SELECT COUNT(*) FROM current_state_events WHERE room_id = ? AND type LIKE ?"
                " AND type != ?",
                (room_id, f"{NAMESPACE}.%", RSVP),
            )
            row = cursor.fetchone()
            return int(row[0]) if row else 0

        return await self.transact("twin_count_objects", work)

    async def events(self, event_ids: Iterable[str]) -> Mapping[str, StateEvent]:
        """Return state events as they are after redaction."""
        found = await self._store.get_events(
            list(event_ids), redact_behaviour=EventRedactBehaviour.redact, allow_rejected=False
        )
        read: dict[str, StateEvent] = {}
        for number, (event_id, event) in enumerate(found.items(), 1):
            if event.is_state():
                read[event_id] = _event(event)
            if number % AT_ONCE == 0:
                # A room that one joins may have thousands, and others wait meanwhile.
                await self.sleep(0)
        return read

    async def joined_rooms(self) -> Sequence[str]:
        """Return the owner's rooms."""
        rooms: Iterable[str] = await self._store.get_rooms_for_user(self.owner)  # type: ignore[call-arg,arg-type,misc]  # mypy takes cached methods for functions
        return sorted(rooms)

    async def invitations(self) -> Sequence[Invitation]:
        """Return the owner's invitations with the stripped state that came with them."""
        rooms = await self._store.get_invited_rooms_for_local_user(self.owner)  # type: ignore[call-arg,arg-type,misc]  # mypy takes cached methods for functions
        events = await self._store.get_events([room.event_id for room in rooms])
        return [
            Invitation(room.room_id, room.sender, _stripped(events[room.event_id], room.room_id))
            for room in sorted(rooms, key=lambda room: room.room_id)
            if room.event_id in events
        ]

    async def position(self) -> int:
        """Return the newest position that is persisted, behind what was written here before."""
        for _ in range(WAITS):
            if self._store.get_room_max_stream_ordering() >= self._written:
                break
            # On PostgreSQL, an event that is still being written holds back all later ones.
            await self.sleep(WAIT)
        return int(self._store.get_room_max_stream_ordering())

    def _note_written(self, event: EventBase) -> None:
        self._written = max(self._written, event.internal_metadata.stream_ordering or 0)

    async def changes(self, after: int, upto: int) -> Changes:
        """Return what Synapse stored, whether it became current or lost against another event."""
        return await self.transact(
            "twin_changes", lambda cursor: synapse_stream.changes(cursor, after, upto)
        )

    async def heard(self, after: int, upto: int) -> Heard:
        """Return what the owner said, but for what Synapse shows to nobody."""
        reached, said = await self.transact(
            "twin_heard", lambda cursor: synapse_stream.heard(cursor, after, upto, self.owner)
        )
        events = await self._store.get_events(said, redact_behaviour=EventRedactBehaviour.as_is)
        ids = [
            event_id
            for event_id in said
            if event_id in events and not events[event_id].internal_metadata.is_soft_failed()
        ]
        return Heard(reached, ids)

    async def messages(self, event_ids: Iterable[str]) -> Mapping[str, Message]:
        """Return what may be seen of messages."""
        found = await self._store.get_events(
            list(event_ids), redact_behaviour=EventRedactBehaviour.redact, allow_rejected=False
        )
        return {
            event_id: Message(
                event.room_id,
                event.type,
                frozen(content),
                event.sender,
                event_id,
                event.origin_server_ts,
            )
            for event_id, event in found.items()
            if not event.is_state()
            and not event.internal_metadata.is_soft_failed()
            and (content := event.get_dict()["content"])
            and content_problem(content) is None
        }

    async def as_edited(self, event_id: str) -> Message | None:
        """Look for the newest edit that counts (client-server API, "Event replacements")."""

        def work(cursor: Cursor) -> list[str]:
            cursor.execute(
                "SELECT n.event_id FROM event_relations r JOIN events n ON n.event_id = r.event_id"
                " JOIN events o ON o.event_id = r.relates_to_id AND o.sender = n.sender"
                " AND o.type = n.type AND o.room_id = n.room_id"
                " WHERE r.relates_to_id = ? AND r.relation_type = 'm.replace'"
                " AND n.state_key IS NULL ORDER BY n.stream_ordering DESC LIMIT ?",
                (event_id, MOST_EDITS),
            )
            return [row[0] for row in cursor.fetchall()]

        edits = await self.transact("twin_edits", work)
        found = await self.messages([event_id, *edits])
        newest = next((found[each] for each in edits if each in found), None)
        message = found.get(event_id)
        if message is None or newest is None or "m.new_content" not in newest.content:
            return message
        return replace(message, content=newest.content)

    async def find_messages(self, question: MessageQuestion) -> MessagePage:
        """Search messages in the index that Synapse keeps of them."""
        return await synapse_search.find_messages(self._hs, self, question)

    async def fetch(self, room_id: str, event_id: str) -> StateEvent | None:
        """Ask the servers of a room, one after the other; Synapse checks hash and signatures."""
        version = await self._store.get_room_version(room_id)
        hosts = await self._hs.get_storage_controllers().state.get_current_hosts_in_room_ordered(
            room_id
        )
        silent: Unreachable | None = None
        for host in hosts:
            if host == self.server_name:
                continue
            try:
                async with _reachable(host):
                    event = await self._hs.get_federation_client().get_pdu_from_destination_raw(
                        host, event_id, version, timeout=FETCH_TIMEOUT_MS
                    )
            except Unreachable as error:
                silent = error
                continue
            except TwinError:
                continue  # it does not have the event, or may not hand it out
            if event is not None and event.is_state() and event.room_id == room_id:
                return _event(event)
        if silent is not None:
            raise silent
        return None

    async def own_membership(self, room_id: str) -> StateEvent | None:
        """Return what Synapse keeps of the owner's membership, also behind a leave."""
        _, event_id = await self._store.get_local_current_membership_for_user_in_room(
            self.owner, room_id
        )
        return (await self.events([event_id])).get(event_id) if event_id else None

    # Writing

    async def send_state(self, room_id: str, put: Put) -> str:
        """Send one state event in the ordinary way."""
        with _refusals(put.type):
            event = await self._api.create_and_send_event_into_room(
                event_dict(room_id, put, self.owner)
            )
        self._note_written(event)
        return event.event_id

    async def send_message(self, room_id: str, event_type: str, content: Content) -> str:
        """Send one event that is no state."""
        with _refusals(event_type):
            event = await self._api.create_and_send_event_into_room(
                {
                    "room_id": room_id,
                    "type": event_type,
                    "sender": self.owner,
                    "content": plain(content),
                }
            )
        self._note_written(event)
        return event.event_id

    def ends_batches(self, room_id: str) -> bool:
        """Tell whether ordinary events of a room are written as chains, see `synapse_chain.py`."""
        return self._chain.serves(room_id)

    async def send_states(
        self,
        room_id: str,
        puts: Sequence[Put],
        replacing: Mapping[Key, str | None] | None = None,
    ) -> Sequence[str]:
        """Send several state events in one transaction, all or none.

        Ordinary events are written as one chain, see `synapse_chain.py`; all others in Synapse's own
        way. Where a room's newest events are several, Synapse has a batch follow one of them. When
        none of them alone has what is to be replaced, it is only looked at before, and not made sure.
        """
        with _refusals(puts[0].type if len(puts) == 1 else room_id):
            chain = await self._chain.append(room_id, puts, replacing or {})
        if chain is not None:
            for event in chain:
                self._note_written(event)
            return [event.event_id for event in chain]
        newest = await self._newest(room_id, replacing) if replacing else None
        if len(puts) == 1:
            return [await self._send_after(newest, room_id, puts[0])]
        if not await self.state(room_id, [("m.room.create", "")]):
            raise Forbidden(f"{self.owner} is not in {room_id}.")
        followed = (
            await self._one_with(room_id, newest, replacing) if newest and replacing else None
        )
        before = await self.state(room_id, [put.key for put in puts])
        with _refusals(room_id):
            await self._hs.get_event_creation_handler().create_and_send_new_client_events(
                create_requester(self.owner, authenticated_entity=self.server_name),
                room_id,
                followed,
                [
                    event_dict(room_id, put, self.owner)
                    for put in puts
                    # Synapse drops a whole batch, and says nothing, for one that is there already.
                    if not self._is_there(put, before.get(put.key))
                ],
                ratelimit=False,
            )
        current = await self.state(room_id, [(put.type, put.state_key) for put in puts])
        written = [current[put.type, put.state_key].event_id for put in puts]
        for event in (await self._store.get_events(written)).values():
            self._note_written(event)
        return written

    def _is_there(self, put: Put, current: StateEvent | None) -> bool:
        return (
            current is not None and current.sender == self.owner and current.content == put.content
        )

    async def _send_after(self, newest: Sequence[str] | None, room_id: str, put: Put) -> str:
        """Send one state event that follows these events; None leaves it to Synapse."""
        if newest is None:
            return await self.send_state(room_id, put)
        with _refusals(put.type):
            creation = self._hs.get_event_creation_handler()
            event, _ = await creation.create_and_send_nonmember_event(
                create_requester(self.owner, authenticated_entity=self.server_name),
                event_dict(room_id, put, self.owner),
                prev_event_ids=list(newest),
                ratelimit=False,
                ignore_shadow_ban=True,
            )
        self._note_written(event)
        return event.event_id

    async def _newest(self, room_id: str, replacing: Mapping[Key, str | None]) -> list[str] | None:
        """Return the newest events of a room, after which state is as it is to be replaced.

        None where they are more than one event may follow; then what it follows is not all of them.

        Raises:
            Overtaken: it is not.
        """
        newest: list[str] = await self._store.get_prev_events_for_room(room_id)
        if not newest or len(newest) >= MOST_FOLLOWED:
            return None
        overtaken = await self._overtaken(room_id, newest, replacing)
        if overtaken is not None:
            raise Overtaken.at(*overtaken)
        return newest

    async def _one_with(
        self, room_id: str, newest: Sequence[str], replacing: Mapping[Key, str | None]
    ) -> str | None:
        if len(newest) == 1:
            return newest[0]  # what was looked at already
        for each in newest:
            if await self._overtaken(room_id, [each], replacing) is None:
                return each
        return None

    async def _overtaken(
        self, room_id: str, newest: list[str], replacing: Mapping[Key, str | None]
    ) -> Key | None:
        """Return a key that has another version than the one to be replaced, after some events."""
        state = await self._hs.get_state_handler().compute_state_after_events(
            room_id, newest, StateFilter.from_types(replacing)
        )
        return next((key for key, each in replacing.items() if state.get(key) != each), None)

    async def create_room(self, config: Mapping[str, Any]) -> str:
        """Make a room as the owner."""
        room_id, _ = await self._api.create_room(self.owner, dict(config), ratelimit=False)
        newest = await self._store.get_prev_events_for_room(room_id)
        for event in (await self._store.get_events(newest)).values():
            self._note_written(event)
        return room_id

    async def set_membership(
        self,
        room_id: str,
        user_id: str,
        action: Literal["invite", "kick", "join", "leave"],
        reason: str,
        via: Sequence[str] = (),
    ) -> None:
        """Change somebody's membership, over federation where it has to be."""
        # A server hands out an invitation before it has written it down itself, and refuses
        # whoever accepts it at once; that is over in a moment.
        for pause in JOIN_PAUSES if action == "join" else ():
            try:
                await self._set_membership(room_id, user_id, action, reason, via)
            except Forbidden:
                await self.sleep(pause)
            else:
                return
        await self._set_membership(room_id, user_id, action, reason, via)

    async def _set_membership(
        self, room_id: str, user_id: str, action: str, reason: str, via: Sequence[str]
    ) -> None:
        async with _reachable(user_id):
            await self._hs.get_room_member_handler().update_membership(
                requester=create_requester(self.owner, authenticated_entity=self.server_name),
                target=UserID.from_string(user_id),
                room_id=room_id,
                action=action,
                content={"reason": reason} if reason else {},
                remote_room_hosts=list(via) or None,
                ratelimit=False,
            )

    # Media

    async def upload(self, data: bytes, mimetype: str) -> str:
        """Store a file in Synapse's media repository."""
        uri = await self._hs.get_media_repository().create_or_update_content(
            mimetype, None, BytesIO(data), len(data), UserID.from_string(self.owner)
        )
        return str(uri)

    async def download(self, uri: str, most: int, *, ask: bool = True) -> bytes:
        """Return a file of the media repository, fetched from its server where it is not here."""
        server, _, media_id = uri.removeprefix("mxc://").partition("/")
        repository = self._hs.get_media_repository()
        if server == self.server_name:
            if await self._store.get_local_media(media_id) is None:
                raise NotFound(f"There is no file {uri} on this twin.")
            path = repository.filepaths.local_media_filepath(media_id)
        elif not ask:
            kept = await repository.get_cached_remote_media_info(server, media_id)
            if kept is None or kept.quarantined_by is not None:
                raise NotFound(f"The file {uri} is not in this twin's media yet.")
            path = repository.filepaths.remote_media_filepath(server, kept.filesystem_id)
        else:
            async with _reachable(server):
                info = await repository.get_remote_media_info(
                    server,
                    media_id,
                    MEDIA_TIMEOUT_MS,
                    "127.0.0.1",
                    use_federation=True,
                    allow_authenticated=True,
                )
            path = repository.filepaths.remote_media_filepath(server, info.filesystem_id)
        return await self._api.defer_to_thread(_read, Path(path), most)

    async def own_files(self, after: str, most: int) -> Sequence[OwnFile]:
        """Return what the owner uploaded; a file that is announced and not there yet has no length."""

        def work(cursor: Cursor) -> list[OwnFile]:
            cursor.execute(
                "SELECT media_id, media_type, media_length FROM local_media_repository"
                " WHERE user_id = ? AND media_id > ? AND media_length IS NOT NULL"
                " AND url_cache IS NULL AND quarantined_by IS NULL ORDER BY media_id LIMIT ?",
                (self.owner, after, most),
            )
            return [OwnFile(row[0], row[1] or "", row[2]) for row in cursor.fetchall()]

        return await self.transact("twin_own_files", work)

    # Other twins

    async def call(self, server: str, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a signed request once; how the other one fares as a peer of Synapse's stays out of it."""
        async with _reachable(server):
            answer = await self._hs.get_federation_http_client().post_json(
                server,
                f"{PEERS_PREFIX}/{path}",
                data=dict(body),
                timeout=CALL_TIMEOUT_MS,
                ignore_backoff=True,
            )
        if not isinstance(answer, Mapping):
            raise Unreachable(f"{server} answered something else than an object.")
        return answer

    async def greet(self, people: Iterable[str], at_once: int) -> Sequence[str]:
        """Ask for the profile of each: about the least that a server answers to signed requests alone."""
        silent: list[str] = []

        async def ask(user_id: str) -> None:
            server = user_id.partition(":")[2]
            try:
                async with _reachable(server):
                    await self._hs.get_federation_http_client().get_json(
                        server,
                        PROFILE_PATH,
                        args={"user_id": user_id, "field": "displayname"},
                        timeout=GREETING_TIMEOUT_MS,
                        ignore_backoff=True,
                    )
            except (NotFound, Forbidden):
                pass  # it tells nothing, and has seen who asked
            except Exception:  # noqa: BLE001 - what one server answers keeps no other from being asked
                silent.append(server)

        await concurrently_execute(ask, people, at_once)
        return sorted(silent)

    async def fetch_public(
        self, url: str, headers: Mapping[str, str], most: int, seconds: float
    ) -> WebAnswer:
        """Ask for a public address, with Synapse's own guard of private ones."""
        return await synapse_web_fetch.fetch(self._hs, url, headers, most, seconds)

    async def authenticate(self, request: SynapseRequest, body: Mapping[str, Any]) -> str:
        """Return the name of the server that signed a request (X-Matrix).

        Raises:
            SynapseError: no server that can be asked for its keys did.
        """
        if self._authenticator is None:
            self._authenticator = Authenticator(self._hs)
        return await self._authenticator.authenticate_request(request, dict(body))

    # Being called

    def background(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Start work that nobody waits for."""

        async def counted() -> None:
            try:
                await work()
            finally:
                self._under_way[name] -= 1

        self._under_way[name] += 1
        self._hs.run_as_background_process(name, counted)

    def under_way(self) -> Sequence[str]:
        """Return the names of what was started and goes on."""
        return sorted(name for name, count in self._under_way.items() if count)

    def every(self, seconds: float, look: Callable[[], None]) -> None:
        """Call a function again and again until the server stops; it costs no more than the call."""
        self._hs.get_clock().looping_call(look, Duration(seconds=seconds))

    def on_news(self, listener: Callable[[], None]) -> None:
        """Call a listener when anything was persisted."""
        self._hs.get_notifier().add_replication_callback(listener)

    def on_shutdown(self, listener: Callable[[], None]) -> None:
        """Call a listener when the server stops, as a process or as one of several in it."""
        self._hs.register_sync_shutdown_handler(
            phase="before", eventType="shutdown", shutdown_func=listener
        )

    def is_main(self) -> bool:
        """Tell whether this process is the one that does background work."""
        return self._api.should_run_background_tasks()

    # The owner's account

    async def has_owner(self) -> bool:
        """Tell whether the owner's account is there."""
        return await self._api.get_userinfo_by_id(self.owner) is not None

    async def create_owner(self, password: str, *, admin: bool) -> None:
        """Make the owner's account; registration need not be open for that."""
        password_hash = await self._hs.get_auth_handler().hash(password)
        # Below the checks of registration, which refuse everybody else.
        await self._hs.get_registration_handler().register_with_store(
            user_id=self.owner,
            password_hash=password_hash,
            create_profile_with_displayname=UserID.from_string(self.owner).localpart,
            admin=admin,
            approved=True,
        )

    async def free_owner_of_limits(self) -> None:
        """Lift the rate limits that protect a server from one of many users."""
        await self._store.set_ratelimit_for_user(self.owner, 0, 0)

    async def still_signed_in(self, request: SynapseRequest) -> bool:
        """Tell whether the access token is still good of a request that was let in before.

        `get_user_by_req` can't tell: it takes each request once.
        """
        auth = self._hs.get_auth()
        try:
            await auth.get_user_by_access_token(auth.get_access_token_from_request(request))
        except (SynapseError, UnicodeDecodeError):
            return False
        return True

    async def end_session(self, access_token: str) -> None:
        """Do what Matrix's `/logout` does; a session that has ended already is fine.

        `ModuleApi.invalidate_access_token` can't: it fails since Synapse changed what it asks.
        """
        try:
            requester = await self._hs.get_auth().get_user_by_access_token(access_token)
        except SynapseError:
            return
        if requester.device_id is None:
            await self._hs.get_auth_handler().delete_access_token(access_token)
        else:
            user_id = requester.user.to_string()
            await self._hs.get_device_handler().delete_devices(user_id, [requester.device_id])

    async def devices(self) -> Sequence[Device]:
        """Return where the owner is signed in."""
        return await synapse_people.devices(self._hs, self.owner)

    async def sign_out(self, device_id: str) -> None:
        """Sign the owner out at one place."""
        await synapse_people.sign_out(self._hs, self.owner, device_id)

    async def sign_out_everywhere(self) -> None:
        """Have every access token of the owner refused."""
        await synapse_people.sign_out_everywhere(self._hs, self.owner)

    async def other_accounts(self, appservices: Sequence[str]) -> Sequence[str]:
        """Return the accounts that can be used beside the owner's and those of named services.

        The voice's is none as long as nobody can use it.
        """

        def work(cursor: Cursor) -> list[tuple[Any, ...]]:
            cursor.execute(
                "SELECT name, appservice_id FROM users WHERE deactivated = 0 AND name != ?",
                (self.owner,),
            )
            return cursor.fetchall()

        accounts = await self.transact("twin_accounts", work)
        others = sorted(name for name, service in accounts if service not in appservices)
        return await self.without_voice(others)

    def data_folder(self) -> Path:
        """Return the folder that the server's data lie in: the one of its media."""
        return Path(self._hs.config.media.media_store_path).parent

    def appservices(self) -> Sequence[str]:
        """Return the IDs of the configured application services."""
        services = load_appservices(
            self.server_name, self._hs.config.appservice.app_service_config_files
        )
        return sorted(str(service.id) for service in services)

    async def account_data(self, data_type: str) -> Mapping[str, Any]:
        """Return the owner's account data."""
        found = await self._api.account_data_manager.get_global(self.owner, data_type)
        # Synapse hands out immutable maps, which no JSON schema takes for objects.
        content: dict[str, Any] = json.loads(json.dumps(found or {}, default=dict))
        return content

    async def put_account_data(self, data_type: str, content: Mapping[str, Any]) -> None:
        """Write the owner's account data."""
        await self._api.account_data_manager.put_global(self.owner, data_type, dict(content))

    async def profile(self) -> Mapping[str, Any]:
        """Return the owner's display name and picture."""
        profile = await self._store.get_profileinfo(UserID.from_string(self.owner))
        named = {"displayname": profile.display_name, "avatar_url": profile.avatar_url}
        return {key: value for key, value in named.items() if value}

    async def login_token(self, password: str, lifetime_ms: int) -> str:
        """Return a token that signs the owner in once; wrong passwords are limited as at the login."""
        submission = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self.owner},
            "password": password,
        }
        with _refusals("Signing in"):
            await self._hs.get_auth_handler().validate_login(submission, ratelimit=True)
        return await self._api.create_login_token(self.owner, lifetime_ms)

    def sign(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Sign with the server's newest key; `document` stays as it is."""
        copy: dict[str, Any] = json.loads(json.dumps(document))
        return sign_json(copy, self.server_name, self._hs.signing_key)

    async def signed_event(self, event_id: str) -> SignedEvent | None:
        """Return an event as it goes over federation."""
        return (await self.signed_events([event_id])).get(event_id)

    async def signed_events(self, event_ids: Iterable[str]) -> Mapping[str, SignedEvent]:
        """Return events as they go over federation."""
        found = await self._store.get_events(
            list(event_ids), redact_behaviour=EventRedactBehaviour.redact, allow_rejected=False
        )
        return {event_id: _signed(event) for event_id, event in found.items()}

    async def key_documents(
        self, server: str, ask: Literal["needed", "never", "always"] = "needed"
    ) -> Sequence[Mapping[str, Any]]:
        """Return what Synapse keeps of another server's keys, and what it shows of its own."""
        if server == self.server_name:
            return [LocalKey(self._hs).response_json_object()]
        kept = await self._store.get_all_server_keys_json_for_remote(server)
        texts = sorted({each.key_json for each in kept.values()})
        documents: list[Mapping[str, Any]] = [json.loads(each) for each in texts]
        if ask == "never" or (documents and ask == "needed"):
            return documents
        try:
            parse_and_validate_server_name(server)
        except ValueError as error:
            raise Unreachable(f"{server} can't be reached: it is no name of a server.") from error
        async with _reachable(server):
            # Whether it is one is for the reader to find out, as of those that Synapse keeps.
            document: Any = await self._hs.get_federation_http_client().get_json(
                server, KEY_PATH, timeout=FETCH_TIMEOUT_MS, ignore_backoff=True
            )
        if isinstance(document, dict) and document not in documents:
            documents.append(document)
        return documents

    def verify_keys(self) -> Mapping[str, str]:
        """Return the keys that others verify this server's signatures with."""
        return {
            f"{key.alg}:{key.version}": encode_base64(key.verify_key.encode())
            for key in self._hs.config.key.signing_key
        }


def widen_cors(prefix: bytes) -> None:
    """Let pages of other origins use all of our API: PATCH, conditional requests, resuming.

    Synapse answers every preflight request itself, with one set of headers for all paths.
    Done once per process, whichever twin comes first.
    """
    original = http_server.set_cors_headers
    if getattr(original, "widened", None) == prefix:
        return

    def set_cors_headers(request: SynapseRequest) -> None:
        original(request)
        if request.path.startswith(prefix):
            request.setHeader(
                b"Access-Control-Allow-Methods", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
            )
            request.setHeader(
                b"Access-Control-Allow-Headers",
                b"X-Requested-With, Content-Type, Authorization, Date, If-Match, If-None-Match, Last-Event-ID, X-Experience, Idempotency-Key",
            )
            request.setHeader(b"Access-Control-Expose-Headers", b"Synapse-Trace-Id, Server, ETag")

    set_cors_headers.widened = prefix  # type: ignore[attr-defined]
    http_server.set_cors_headers = set_cors_headers


def _event(event: EventBase) -> StateEvent:
    content = event.get_dict()["content"]
    problem = content_problem(content)
    return StateEvent(
        room_id=event.room_id,
        type=event.type,
        state_key=event.state_key,
        content=frozen({} if problem else content),
        sender=event.sender,
        event_id=event.event_id,
        origin_server_ts=event.origin_server_ts,
        problem=problem,
        replaces=event.unsigned.get("replaces_state"),
    )


def _signed(event: EventBase) -> SignedEvent:
    pdu: dict[str, Any] = json.loads(json.dumps(event.get_pdu_json(), default=dict))
    pdu.pop("unsigned", None)
    return SignedEvent(event.event_id, event.room_version.identifier, pdu)


def _stripped(event: EventBase, room_id: str) -> dict[tuple[str, str], StateEvent]:
    """Return the state that an invitation shows; it is the inviter's word alone."""
    state = {}
    for each in event.unsigned.get("invite_room_state", []):
        if not isinstance(each, Mapping):
            continue
        kind, key, content, sender = (
            each.get(part) for part in ("type", "state_key", "content", "sender")
        )
        if (
            isinstance(kind, str)
            and isinstance(key, str)
            and isinstance(content, Mapping)
            and isinstance(sender, str)
            and content_problem(content) is None
        ):
            state[kind, key] = StateEvent(room_id, kind, key, frozen(content), sender, "", 0)
    return state


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except FileNotFoundError:
        raise NotFound("The file is no longer in this twin's media.") from None
    if len(data) > most:
        raise TooLarge(f"The file has more than the {most} bytes that it may have.")
    return data


_REFUSALS: Final[Mapping[int, type[TwinError]]] = {
    HTTPStatus.BAD_REQUEST: BadJson,
    HTTPStatus.FORBIDDEN: Forbidden,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLarge,
}


@contextmanager
def _refusals(what: str) -> Iterator[None]:
    """Turn what Synapse refuses into errors of ours."""
    try:
        yield
    except FederationDeniedError as error:
        raise _unreachable(what, error) from error
    except SynapseError as error:
        refused = _REFUSALS.get(error.code)
        if refused is None:
            raise
        raise refused(f"{what}: {error.msg}") from error


@asynccontextmanager
async def _reachable(whom: str) -> AsyncIterator[None]:
    """Turn the ways in which another server fails to answer into one error, and refusals too."""
    try:
        with _refusals(whom):
            yield
    except SynapseError as error:
        if error.code not in (HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT):
            raise
        raise _unreachable(whom, error) from error
    except HttpResponseException as error:
        # The other server did answer.
        refused = _REFUSALS.get(error.code)
        if refused is None:
            raise _unreachable(whom, error) from error
        raise refused(f"{whom}: {error.to_synapse_error().msg}") from error
    except (RequestSendFailed, NotRetryingDestination) as error:
        raise _unreachable(whom, error) from error


def _unreachable(whom: str, error: Exception) -> Unreachable:
    return Unreachable(f"{whom} can't be reached now: {error}")
