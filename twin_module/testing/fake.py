"""A homeserver in memory that keeps the promises of `core/ports.py`, for tests without Synapse.

`tests/contract` holds it and the real one to the same promises.
"""

import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, Final, Literal, TypeVar

from signedjson.key import get_verify_key
from signedjson.sign import sign_json
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
from twin_module.core.layout import ROOM_VERSION, RSVP
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
from twin_module.testing import fake_search
from twin_module.testing.driver import Lock, pause, run
from twin_module.testing.fake_calls import MEMBER, invite, join
from twin_module.testing.fake_network import CLAIM_MS, FakeServer, new_room_id
from twin_module.testing.fake_people import members, summary, unread
from twin_module.testing.fake_rooms import (
    check_change,
    check_content,
    check_message,
    check_write,
    first_state,
)
from twin_module.testing.fake_signing import pdu, signed
from twin_module.testing.fake_voice import FakeVoice, joined_by_voice

T = TypeVar("T")

PASSWORD: Final = "a password"  # noqa: S105 - of nobody but the fake
"""The owner's."""
SAID: Final = ("m.room.message", "m.reaction")
MOST_HEARD: Final = 50
TRIES: Final = 5
"""How often a transaction is run again that the database gave up."""


class Crash(BaseException):
    """The process was killed here; nothing of the engine may catch it."""


class FakeHomeserver(FakeVoice):
    """A `Homeserver` (see `core/ports.py`) that is one process on a `FakeServer`.

    Set `crash_in` to a number of steps, and the process is killed at that step. Steps are the
    places before and after everything that changes what is stored.
    """

    def __init__(self, server: FakeServer) -> None:
        self.server = server
        self.network = server.network
        self.server_name: str = server.name
        self.public_url: str = f"https://{server.name}"
        self.owner: str = server.owner
        self.voice: str = voice_of(server.owner)
        self.steps: list[str] = []
        self.crash_in: int | None = None
        self.killed_at: int | None = None
        """When this process was killed, if it was."""
        self.between: Callable[[], None] = lambda: None
        """What others do just before a write of this twin's, which has looked already."""
        self.slept = 0.0
        """Seconds for which this process let others go on."""
        self._locks: dict[str, Lock] = {}
        self._waiting: list[tuple[str, Callable[[], Awaitable[None]]]] = []

    # Other twins

    async def call(self, server: str, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Have another server answer, if it is reached and somebody answers there."""
        await pause()
        other = self.network.reach(self.server, server)
        if other.answer is None:
            raise NotFound(f"{server} is no twin.")
        sent: Any = json.loads(json.dumps(plain(body)))
        try:
            answer = await other.answer(self.server_name, path, sent)
        except (BadJson, Forbidden, NotFound, TooLarge) as error:
            raise type(error)(f"{server}: {error.message}") from error
        except TwinError as error:
            raise Unreachable(f"{server} can't be reached now: {error.message}") from error
        found: Mapping[str, Any] = json.loads(json.dumps(answer))
        return found

    async def greet(self, people: Iterable[str], at_once: int) -> Sequence[str]:
        """Note at each server that is reached that this one is there."""
        await pause()
        silent = []
        for name in [each.partition(":")[2] for each in people]:
            try:
                self.network.reach(self.server, name).greeted_by.append(self.server_name)
            except Unreachable:
                silent.append(name)
        return silent

    # Being killed

    def kill(self) -> None:
        """End this process without a goodbye; what it had claimed stays claimed for a while."""
        if self.killed_at is None:
            self.killed_at = self.network.now
        self._waiting.clear()

    def _step(self, what: str) -> None:
        self.steps.append(what)
        if self.killed_at is None and self.crash_in is not None:
            self.crash_in -= 1
            if self.crash_in == 0:
                self.kill()
        if self.killed_at is not None:
            raise Crash(what)

    # Time, work and locks

    def now(self) -> int:
        """Return the time of the network's clock."""
        return self.network.now

    def new_uid(self) -> str:
        """Return the next uid of a counter."""
        return f"uid{self.network.next_number()}"

    def call_later(self, seconds: float, function: Callable[[], None]) -> Callable[[], None]:
        """Call a function when the test has moved the clock so far."""
        return self.network.call_at(self.network.now + int(seconds * 1000), function)

    async def sleep(self, seconds: float) -> None:
        """Let others go on, while the clock stands still."""
        self.slept += seconds
        await pause()

    def background(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Collect work until the test calls `work_off`."""
        self._waiting.append((name, work))

    def under_way(self) -> Sequence[str]:
        """Return what waits until the test calls `work_off`."""
        return [name for name, _ in self._waiting]

    def work_off(self) -> int:
        """Run what was started in the background, and what that started, and count it."""
        done = 0
        while self._waiting:
            _, work = self._waiting.pop(0)

            async def waited(work: Callable[[], Awaitable[None]] = work) -> None:
                await work()

            run(waited())
            done += 1
        return done

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run work at once: there is nobody beside it."""
        await pause()
        return work()

    async def fetch_public(
        self, url: str, headers: Mapping[str, str], most: int, seconds: float
    ) -> WebAnswer:
        """Ask for what a test put at an address."""
        await pause()
        return self.network.web.answer(url, headers, most)

    def lock(self, name: str) -> AbstractAsyncContextManager[Any]:
        """Return a lock of this process."""
        return self._locks.setdefault(name, Lock())

    async def claim(self, name: str) -> AbstractAsyncContextManager[Any] | None:
        """Return a lock of all processes on this server, None while another has it."""
        await pause()
        held = self.server.claims.get(name)
        if held is not None and (held.killed_at is None or self.now() - held.killed_at < CLAIM_MS):
            return None
        self.server.claims[name] = self
        return _Claim(self, name)

    async def transact(self, name: str, work: Callable[[Cursor], T]) -> T:
        """Run work in a transaction of the server's database, again where that gives up."""
        await pause()
        self._step(f"before {name}")
        database = self.server.database
        for attempt in range(TRIES + 1):
            try:
                result = work(database.cursor())
            except sqlite3.OperationalError:
                database.rollback()
                if attempt == TRIES:
                    raise
            except BaseException:
                database.rollback()
                raise
            else:
                database.commit()
                self._step(f"after {name}")
                return result
        raise AssertionError("unreachable")

    # Reading

    async def state(
        self, room_id: str, keys: Iterable[tuple[str, str | None]]
    ) -> dict[tuple[str, str], StateEvent]:
        """Return current state events; none of a room that the owner is not in."""
        await pause()
        wanted = set(keys)
        return {
            key: event
            for key, event in self.server.state(room_id).items()
            if key in wanted or (key[0], None) in wanted
        }

    async def states(
        self, room_ids: Iterable[str], keys: Iterable[tuple[str, str]]
    ) -> Mapping[str, dict[tuple[str, str], StateEvent]]:
        """Return current state events of many rooms."""
        wanted = list(keys)
        found = {room_id: await self.state(room_id, wanted) for room_id in room_ids}
        return {room_id: state for room_id, state in found.items() if state}

    async def members(self, room_ids: Iterable[str]) -> Sequence[Member]:
        """Return all memberships of rooms."""
        await pause()
        return [each for room_id in room_ids for each in members(self.server, room_id)]

    async def summaries(self, room_ids: Iterable[str]) -> Mapping[str, Summary]:
        """Return who is in rooms."""
        await pause()
        return {room_id: summary(self.server, room_id) for room_id in room_ids}

    async def unread(self, room_ids: Iterable[str]) -> Sequence[Unread]:
        """Return which rooms have what the owner has not read."""
        await pause()
        return unread(self.server, room_ids)

    async def count_objects(self, room_id: str) -> int:
        """Return how many state events of ours a room has, answers left out."""
        return sum(each.type != RSVP for each in await self.object_keys(room_id))

    async def object_keys(self, room_id: str) -> Sequence[Delta]:
        """Return the current state events of ours in a room."""
        await pause()
        return [
            Delta(room_id, *key, event.event_id)
            for key, event in self.server.state(room_id).items()
            if key[0].startswith(f"{NAMESPACE}.")
        ]

    async def events(self, event_ids: Iterable[str]) -> Mapping[str, StateEvent]:
        """Return state events as they are after redaction."""
        await pause()
        wanted = list(event_ids)
        return {
            event_id: room.event(event_id)
            for room in self.server.rooms.values()
            for event_id in wanted
            if event_id in room.events and room.events[event_id].state_key is not None
        }

    async def joined_rooms(self) -> Sequence[str]:
        """Return the owner's rooms."""
        await pause()
        return sorted(room_id for room_id in self.server.rooms if self.server.joined(room_id))

    async def invitations(self) -> Sequence[Invitation]:
        """Return the owner's invitations."""
        await pause()
        return [each for _, each in sorted(self.server.invitations.items())]

    async def position(self) -> int:
        """Return the newest position."""
        await pause()
        return self.server.position

    async def changes(self, after: int, upto: int) -> Changes:
        """Return what came, and what became current by it."""
        await pause()
        server = self.server
        return Changes(
            upto,
            [delta for at, delta in server.deltas if after < at <= upto],
            [
                event.event_id
                for at, event in server.arrivals
                if after < at <= upto and event.type.startswith(f"{NAMESPACE}.")
            ],
            [redacted for at, redacted in server.redactions if after < at <= upto],
        )

    async def heard(self, after: int, upto: int) -> Heard:
        """Return what the owner said; what came at one position is never cut."""
        await pause()
        found: list[str] = []
        reached = after
        for at, event in self.server.arrivals:
            if at > reached and len(found) >= MOST_HEARD:
                return Heard(reached, found)
            if not after < at <= upto:
                continue
            reached = at
            if event.sender == self.owner and event.state_key is None and event.type in SAID:
                found.append(event.event_id)
        return Heard(upto, found)

    async def messages(self, event_ids: Iterable[str]) -> Mapping[str, Message]:
        """Return events that are no state and were not redacted."""
        await pause()
        found, wanted = {}, list(event_ids)
        for room in self.server.rooms.values():
            for event_id in wanted:
                event = room.events.get(event_id)
                if event is None or event.state_key is not None or event_id in room.redacted:
                    continue
                if event.content and content_problem(event.content) is None:
                    found[event_id] = Message(
                        room.room_id,
                        event.type,
                        frozen(event.content),
                        event.sender,
                        event_id,
                        event.ts,
                    )
        return found

    async def as_edited(self, event_id: str) -> Message | None:
        """Return a message as it was edited last."""
        found = (await self.messages([event_id])).get(event_id)
        if found is None:
            return None
        events = self.server.rooms[found.room_id].events.values()
        edits = [
            each.event_id
            for each in sorted(events, key=lambda event: event.number)
            if each.sender == found.sender
            and each.type == found.type
            and each.content.get("m.relates_to", {}).get("rel_type") == "m.replace"
            and each.content["m.relates_to"].get("event_id") == event_id
        ]
        there = await self.messages(edits)
        for each in reversed(edits):
            if each in there and "m.new_content" in there[each].content:
                return replace(found, content=there[each].content)
        return found

    async def find_messages(self, question: MessageQuestion) -> MessagePage:
        """Look at all messages."""
        edited = {
            each: found
            for each in fake_search.candidates(self.server, question)
            if (found := await self.as_edited(each)) is not None
        }
        return fake_search.page(self.server, edited, question)

    async def fetch(self, room_id: str, event_id: str) -> StateEvent | None:
        """Ask the other servers of a room for an event."""
        await pause()
        silent: Unreachable | None = None
        members = {
            key[1].partition(":")[2] for key in self.server.state(room_id) if key[0] == MEMBER
        }
        for name in sorted(members - {self.server_name}):
            try:
                other = self.network.reach(self.server, name)
            except Unreachable as error:
                silent = error
                continue
            room = other.rooms.get(room_id)
            if other.joined(room_id) and room is not None and event_id in room.events:
                return room.event(event_id)
        if silent is not None:
            raise silent
        return None

    async def own_membership(self, room_id: str) -> StateEvent | None:
        """Return the owner's newest membership event, also of a room they left."""
        await pause()
        room = self.server.rooms.get(room_id)
        found = room.current.get((MEMBER, self.owner)) if room else None
        return room.event(found) if room and found else None

    # Writing

    async def send_state(self, room_id: str, put: Put) -> str:
        """Send one state event; content that is current already is not sent again."""
        await pause()
        self._step("before send_state")
        self._check(room_id, put)
        before = self.server.state(room_id).get((put.type, put.state_key))
        if before is not None and plain(before.content) == plain(put.content):
            return before.event_id
        event_id = self.server.write(room_id, put.type, put.state_key, plain(put.content))
        self._step("after send_state")
        return event_id

    async def send_message(self, room_id: str, event_type: str, content: Content) -> str:
        """Send one event that is no state."""
        await pause()
        self._step("before send_message")
        check_content(plain(content))
        check_message(self._inside(room_id), self.owner, event_type)
        event_id = self.server.write(room_id, event_type, None, plain(content))
        self._step("after send_message")
        return event_id

    def ends_batches(self, room_id: str) -> bool:
        """Tell that it does: it has no chains."""
        return True

    async def send_states(
        self,
        room_id: str,
        puts: Sequence[Put],
        replacing: Mapping[Key, str | None] | None = None,
    ) -> Sequence[str]:
        """Send several state events, all or none, and nothing that stands on what was replaced."""
        await pause()
        self.between()
        state = self._inside(room_id)
        for key, event_id in (replacing or {}).items():
            if (state[key].event_id if key in state else None) != event_id:
                raise Overtaken(f"{key[1]} was changed meanwhile.", current=None)
        if len(puts) == 1:
            return [await self.send_state(room_id, puts[0])]
        self._step("before send_states")
        for put in puts:
            self._check(room_id, put)
        ids = [
            self.server.write(room_id, put.type, put.state_key, plain(put.content)) for put in puts
        ]
        self._step("after send_states")
        return ids

    def _check(self, room_id: str, put: Put) -> None:
        content = plain(put.content)
        check_content(content)
        check_write(self._inside(room_id), self.owner, (put.type, put.state_key), content)

    def _inside(self, room_id: str) -> dict[tuple[str, str], StateEvent]:
        state = self.server.state(room_id)
        if not state:
            raise Forbidden(f"User {self.owner} not in room {room_id}")
        return state

    async def create_room(self, config: Mapping[str, Any]) -> str:
        """Make a room as the owner."""
        await pause()
        self._step("before create_room")
        room_id = new_room_id(self.network)
        for event_type, state_key, content in first_state(self.owner, config):
            self.server.write(room_id, event_type, state_key, plain(content))
        self._step("after create_room")
        return room_id

    async def set_membership(
        self,
        room_id: str,
        user_id: str,
        action: Literal["invite", "kick", "join", "leave"],
        reason: str,
        via: Sequence[str] = (),
    ) -> None:
        """Change somebody's membership."""
        await pause()
        self._step(f"before {action}")
        if action == "join":
            if not joined_by_voice(self.server, room_id):
                join(self.server, room_id, via, reason)
        elif action == "leave":
            self._leave(room_id, reason)
        else:
            check_change(self._inside(room_id), self.owner, user_id, action)
            if action == "invite":
                invite(self.server, room_id, user_id)
            membership = "invite" if action == "invite" else "leave"
            self._write_membership(room_id, user_id, membership, reason)
        self._step(f"after {action}")

    def _leave(self, room_id: str, reason: str) -> None:
        invitation = self.server.invitations.get(room_id)
        if invitation is None:
            self._inside(room_id)
            self._write_membership(room_id, self.owner, "leave", reason)
            return
        self.server.be_invited(None, room_id)
        host = self.network.servers.get(invitation.inviter.partition(":")[2])
        if host is not None and self.network.linked(self.server, host):
            host.write(room_id, MEMBER, self.owner, {"membership": "leave"}, sender=self.owner)

    def _write_membership(self, room_id: str, user_id: str, membership: str, reason: str) -> None:
        content = {"membership": membership, **({"reason": reason} if reason else {})}
        self.server.write(room_id, MEMBER, user_id, content)

    # Media, account, keys

    async def upload(self, data: bytes, mimetype: str) -> str:
        """Store a file."""
        await pause()
        self._step("before upload")
        media_id = f"media{self.network.next_number()}"
        self.server.media[media_id] = data
        return f"mxc://{self.server_name}/{media_id}"

    async def download(self, uri: str, most: int, *, ask: bool = True) -> bytes:
        """Return a file of this server, or of another one that answers."""
        await pause()
        name, _, media_id = uri.removeprefix("mxc://").partition("/")
        if ask or name == self.server_name:
            data = self.network.reach(self.server, name).media.get(media_id)
        else:
            data = self.server.fetched.get(uri)
        if data is None:
            raise NotFound(f"There is no file {uri}.")
        if name != self.server_name:
            self.server.fetched[uri] = data
        if len(data) > most:
            raise TooLarge(f"The file has more than the {most} bytes that it may have.")
        return data

    async def own_files(self, after: str, most: int) -> Sequence[OwnFile]:
        """Return what was uploaded here; of which type it is, nobody keeps."""
        await pause()
        found = sorted((key, data) for key, data in self.server.media.items() if key > after)
        return [OwnFile(key, "", len(data)) for key, data in found[:most]]

    async def devices(self) -> Sequence[Device]:
        """Return where the owner is signed in."""
        await pause()
        found = self.server.devices.values()
        return sorted(found, key=lambda each: (-(each.last_seen_ts or 0), each.device_id))

    async def sign_out(self, device_id: str) -> None:
        """Sign the owner out at one place."""
        await pause()
        if self.server.devices.pop(device_id, None) is None:
            raise NotFound("You are not signed in there.")

    async def sign_out_everywhere(self) -> None:
        """Sign the owner out everywhere."""
        await pause()
        self.server.devices.clear()

    async def account_data(self, data_type: str) -> Mapping[str, Any]:
        """Return the owner's account data."""
        await pause()
        return self.server.account_data.get(data_type, {})

    async def put_account_data(self, data_type: str, content: Mapping[str, Any]) -> None:
        """Write the owner's account data."""
        await pause()
        self._step("before put_account_data")
        self.server.account_data[data_type] = json.loads(json.dumps(content))
        self.server.tell()
        self._step("after put_account_data")

    async def profile(self) -> Mapping[str, Any]:
        """Return the owner's display name and picture."""
        await pause()
        return dict(self.server.profile)

    async def login_token(self, password: str, lifetime_ms: int) -> str:
        """Return a token for who knows the password."""
        if password != PASSWORD:
            raise Forbidden("Signing in: Invalid username or password")
        return f"token-{self.new_uid()}"

    def sign(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Sign with the server's key; `document` stays as it is."""
        copy: dict[str, Any] = json.loads(json.dumps(document))
        return sign_json(copy, self.server_name, self.server.keys.signing)

    async def signed_events(self, event_ids: Iterable[str]) -> Mapping[str, SignedEvent]:
        """Return events one by one."""
        found = [await self.signed_event(each) for each in event_ids]
        return {each.event_id: each for each in found if each is not None}

    async def signed_event(self, event_id: str) -> SignedEvent | None:
        """Return an event as it is signed; an event that is no state has no state key there."""
        await pause()
        for room in self.server.rooms.values():
            event = room.events.get(event_id)
            if event is None or event.key is None:
                continue
            whole = pdu(
                event.room_id,
                event.type,
                event.state_key,
                event.content,
                event.sender,
                event.ts,
                event.number,
            )
            return SignedEvent(
                event_id,
                ROOM_VERSION,
                signed(
                    whole,
                    event.sender.partition(":")[2],
                    event.key,
                    is_redacted=event_id in room.redacted,
                ),
            )
        return None

    async def key_documents(
        self, server: str, ask: Literal["needed", "never", "always"] = "needed"
    ) -> Sequence[Mapping[str, Any]]:
        """Return key documents, which are kept once they have been asked for."""
        await pause()
        if server == self.server_name:
            return [self.server.keys.document(server, self.now())]
        known = self.server.known_keys.get(server, [])
        if ask == "never" or (known and ask == "needed"):
            return known
        document = self.network.reach(self.server, server).keys.document(server, self.now())
        if document not in known:
            self.server.known_keys[server] = [*known, document]
        return self.server.known_keys[server]

    def verify_keys(self) -> Mapping[str, str]:
        """Return the key that others verify this server's signatures with."""
        key = self.server.keys.signing
        return {f"{key.alg}:{key.version}": encode_base64(get_verify_key(key).encode())}


class _Claim(AbstractAsyncContextManager[None]):
    """What one process at a time has."""

    def __init__(self, process: FakeHomeserver, name: str) -> None:
        self._process = process
        self._name = name

    async def __aexit__(self, *error: object) -> None:
        """Give it back, unless the process was killed."""
        if self._process.killed_at is None:
            self._process.server.claims.pop(self._name, None)
