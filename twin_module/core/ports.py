"""What the engine asks of the homeserver around it; `engine/synapse.py` is the real one.

Everything acts as the owner. Methods raise `TwinError` for what can be expected to fail.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

from twin_module.core.effects import Put
from twin_module.core.state import Content, Key, StateEvent, StateMap

T = TypeVar("T")


class Cursor(Protocol):
    """A database cursor inside of a transaction; `?` stands for parameters on every database."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Any:
        """Run one statement."""

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows that are left."""


@dataclass(frozen=True, slots=True)
class Delta:
    """One change of a room's current state; `event_id` None means that the key is gone."""

    room_id: str
    type: str
    state_key: str
    event_id: str | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a part of the stream brought."""

    upto: int
    """The position that it reaches."""
    deltas: Sequence[Delta]
    """Changes of current state, oldest first."""
    arrived: Sequence[str]
    """The IDs of state and messages of ours, current or not, oldest first; rejected ones are left out."""
    redacted: Sequence[str]
    """The IDs of events, of any kind, that were redacted."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the owner said in a part of the stream."""

    upto: int
    """The position that it reaches."""
    event_ids: Sequence[str]
    """Messages and reactions of the owner's, oldest first."""


@dataclass(frozen=True, slots=True)
class Message:
    """An event of a room's timeline that is no state."""

    room_id: str
    type: str
    content: Content = field(hash=False)
    sender: str
    event_id: str
    origin_server_ts: int

    @property
    def text(self) -> str:
        """What a message says, as it was edited last; empty where it says nothing in words."""
        content = self.content.get("m.new_content", self.content)
        body = content.get("body") if isinstance(content, Mapping) else None
        return body if isinstance(body, str) else ""


@dataclass(frozen=True, slots=True)
class MessageQuestion:
    """Which messages are searched for."""

    text: str
    """What somebody typed, with at least one word; messages have all of them, in any form."""
    but_rooms: Sequence[str] = ()
    """Where nothing is searched."""
    room_id: str | None = None
    sender: str | None = None
    since: int | None = None
    """When it was sent at the earliest, in milliseconds since 1970."""
    until: int | None = None
    """Before when it was sent."""
    limit: int = 20
    after: tuple[int, int] | None = None
    """Where the page before ended."""


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Some of the messages that were found, newest first."""

    messages: Sequence[Message]
    next: tuple[int, int] | None
    """Where the next page goes on; None at the end."""


@dataclass(frozen=True, slots=True)
class SignedEvent:
    """An event as its server signed it."""

    event_id: str
    room_version: str
    pdu: Mapping[str, Any] = field(hash=False)
    """With `hashes` and `signatures`, without `unsigned`; redacted where it is."""


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file of the owner's in the twin's own media."""

    media_id: str
    mimetype: str
    size: int

    def uri(self, server_name: str) -> str:
        """Return its address."""
        return f"mxc://{server_name}/{self.media_id}"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A room that the owner is invited to, with the little of its state that came along."""

    room_id: str
    inviter: str
    state: StateMap = field(hash=False)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's membership of a room, as its state has it now."""

    room_id: str
    user_id: str
    membership: str
    displayname: str | None
    """As they, or who invited them, put it."""
    sender: str
    """Who changed it last."""
    order: int
    """Higher than that of every membership that this server got before."""


@dataclass(frozen=True, slots=True)
class Unread:
    """What of a room the owner has not read."""

    room_id: str
    messages: int
    highlights: int
    """Those of them that speak to the owner."""
    last_ts: int
    """When the newest message of somebody else was sent, but never later than it came."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Who is in a room beside the owner."""

    people: Sequence[tuple[str, str | None]] = field(hash=False)
    """Up to five with their display names, who came first in front; those who left, where nobody
    else is there."""
    others: int
    """How many are in it or invited."""


@dataclass(frozen=True, slots=True)
class Device:
    """A place at which the owner is signed in."""

    device_id: str
    display_name: str | None
    """As whoever signed in there put it."""
    last_seen_ts: int | None
    last_seen_ip: str | None


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """What a server of the public web answered to one GET; redirects are not followed."""

    status: int
    headers: Mapping[str, str] = field(hash=False)
    """By name in small letters."""
    body: bytes = b""
    """Empty unless the status is 200."""


class Speaking(Protocol):
    """What the homeserver does as the twin's own voice, the one account beside the owner's.

    Nobody can sign in as the voice: it has no password, no device and no access token.
    """

    voice: str
    """Its Matrix ID, whether or not the account is there."""

    async def voice_state(self) -> Literal["none", "ours", "taken"]:
        """Return whether the account is there and nobody's, or is or was somebody's."""

    async def make_voice(self, displayname: str) -> None:
        """Make the account, while there is none."""

    async def voice_rooms(self) -> Mapping[str, Mapping[str, str]]:
        """Return the rooms that the voice made and is in, with everybody's membership of them."""

    async def make_voice_room(self, config: Mapping[str, Any]) -> str:
        """Make a room as the voice and return its ID."""

    async def invite_as_voice(self, room_id: str, user_id: str) -> None:
        """Invite somebody to a direct chat, as the voice."""

    async def voice_invitations(self) -> Mapping[str, str]:
        """Return who invited the voice, by the ID of the room that they invited it to."""

    async def voice_astray(self) -> Mapping[str, Literal["encrypted", "alone"]]:
        """Return the rooms that the voice is in and is not to stay in, with why.

        They are encrypted, or the owner has left them.
        """

    async def join_as_voice(self, room_id: str) -> None:
        """Join a room of this server's as the voice, which was invited.

        Raises:
            Forbidden: it was not.
        """

    async def leave_as_voice(self, room_id: str) -> None:
        """Leave a room as the voice, or decline an invitation to it."""

    async def speak(self, room_id: str, content: Content) -> str:
        """Send an `m.room.message` as the voice and return its ID.

        Raises:
            Forbidden: it is not in the room, or may not speak there.
            BadJson, TooLarge: it is no content that an event can have.
        """

    async def spoken(self, room_id: str, after: int) -> Mapping[str, str]:
        """Return what the voice sent behind a position: event IDs by key, see `core/voice.py`."""

    async def lately_spoken(self, room_id: str) -> Sequence[Message]:
        """Return the voice's newest messages in a room, newest first: no edits, nothing redacted.

        They are looked for among the newest few thousand events of the room.
        """


class Homeserver(Speaking, Protocol):
    """A Matrix homeserver, seen from the engine."""

    server_name: str
    owner: str
    public_url: str
    """Where browsers reach this server, without a slash at the end."""

    def now(self) -> int:
        """Return the time in milliseconds since 1970."""

    def new_uid(self) -> str:
        """Return a uid that nobody has used."""

    def call_later(self, seconds: float, function: Callable[[], None]) -> Callable[[], None]:
        """Call a function once, later; returns how to take that back."""

    async def sleep(self, seconds: float) -> None:
        """Let others go on for so long."""

    def background(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Start work that nobody waits for; `work` deals with its own errors."""

    def under_way(self) -> Sequence[str]:
        """Return the names of work that was started in the background and has not ended."""

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run work that takes long beside everything else; it must touch nothing that others change."""

    def lock(self, name: str) -> AbstractAsyncContextManager[Any]:
        """Return a context in which one caller of this process at a time is, first come first served."""

    async def claim(self, name: str) -> AbstractAsyncContextManager[Any] | None:
        """Return a context in which one process on this database at a time is, None when another is.

        What a process held that was killed is free again after two minutes.
        """

    async def transact(self, name: str, work: Callable[[Cursor], T]) -> T:
        """Run work in one database transaction; it may be run again, so it must not do anything else."""

    async def state(
        self, room_id: str, keys: Iterable[tuple[str, str | None]]
    ) -> dict[tuple[str, str], StateEvent]:
        """Return current state events; a state key None asks for all of that type."""

    async def states(
        self, room_ids: Iterable[str], keys: Iterable[tuple[str, str]]
    ) -> Mapping[str, dict[tuple[str, str], StateEvent]]:
        """Return current state events of many rooms, of exact keys, in one go."""

    async def members(self, room_ids: Iterable[str]) -> Sequence[Member]:
        """Return all memberships of rooms, also of those who left, in one go."""

    async def summaries(self, room_ids: Iterable[str]) -> Mapping[str, Summary]:
        """Return who is in rooms, for the names of those that have none."""

    async def unread(self, room_ids: Iterable[str]) -> Sequence[Unread]:
        """Return which of the owner's rooms have what the owner has not read, newest first.

        What counts is what the owner's push rules let count: a room that is muted has none.
        """

    async def object_keys(self, room_id: str) -> Sequence[Delta]:
        """Return which current state events of ours a room has, with their event IDs."""

    async def count_objects(self, room_id: str) -> int:
        """Return how many state events of ours a room has; removed ones count, they weigh as much.

        Answers to events do not count: who may only read writes them, and must not fill a room.
        """

    async def events(self, event_ids: Iterable[str]) -> Mapping[str, StateEvent]:
        """Return events by ID, with empty content where redacted; rejected and unknown ones are left out."""

    async def joined_rooms(self) -> Sequence[str]:
        """Return the rooms that the owner is joined to."""

    async def invitations(self) -> Sequence[Invitation]:
        """Return the rooms that the owner is invited to."""

    async def position(self) -> int:
        """Return up to where the stream of events is persisted."""

    async def changes(self, after: int, upto: int) -> Changes:
        """Return what a part of the stream brought, a few hundred events at most.

        What became current at one position is never cut.
        """

    async def heard(self, after: int, upto: int) -> Heard:
        """Return what the owner said in a part of the stream, about 50 events at most.

        These are `m.room.message` and `m.reaction`, redacted meanwhile or not. What others say
        there costs nothing.
        """

    async def messages(self, event_ids: Iterable[str]) -> Mapping[str, Message]:
        """Return events that are no state; unknown, redacted and soft-failed ones are left out."""

    async def as_edited(self, event_id: str) -> Message | None:
        """Return an event that is no state, with the content of its sender's newest edit of it.

        That content has the edit's `m.new_content`. None where it is unknown, redacted or soft-failed.
        """

    async def find_messages(self, question: MessageQuestion) -> MessagePage:
        """Search the messages of rooms that the owner is in and that are not encrypted.

        What is found are `m.room.message` events with the content of their newest edit, as the
        owner may see them: nothing redacted, and nothing from before they came where the room
        hides that. The voice's own are left out. A page may hold fewer than it could.
        """

    async def fetch(self, room_id: str, event_id: str) -> StateEvent | None:
        """Ask the other servers of a room for a state event that this one never got.

        None means that all of them answered, and none has it.

        Raises:
            Unreachable: one that might have it does not answer now.
        """

    async def own_membership(self, room_id: str) -> StateEvent | None:
        """Return the owner's newest membership event of a room, also of one they are no longer in."""

    async def send_state(self, room_id: str, put: Put) -> str:
        """Send one state event and return its ID."""

    def ends_batches(self, room_id: str) -> bool:
        """Tell whether many states may be sent to a room again and again, with none alone between."""

    async def send_states(
        self,
        room_id: str,
        puts: Sequence[Put],
        replacing: Mapping[Key, str | None] | None = None,
    ) -> Sequence[str]:
        """Send state events of ours, all or none, and return their IDs in order.

        Args:
            room_id: where.
            puts: what.
            replacing: the version of each key that must be the one before; None where there must
                be none. Others' events come in at any moment, and what an event follows is what
                everybody takes it to have seen.

        Raises:
            Overtaken: another version is there, and nothing was sent.
        """

    async def send_message(self, room_id: str, event_type: str, content: Content) -> str:
        """Send one event that is no state and return its ID."""

    async def create_room(self, config: Mapping[str, Any]) -> str:
        """Make a room and return its ID."""

    async def set_membership(
        self,
        room_id: str,
        user_id: str,
        action: Literal["invite", "kick", "join", "leave"],
        reason: str,
        via: Sequence[str] = (),
    ) -> None:
        """Change somebody's membership."""

    async def upload(self, data: bytes, mimetype: str) -> str:
        """Store a file in the twin's media and return its `mxc:` URI."""

    async def download(self, uri: str, most: int, *, ask: bool = True) -> bytes:
        """Return a file from this twin's or another one's media, of at most so many bytes.

        Args:
            uri: its `mxc:` address.
            most: how many bytes it may have.
            ask: whether another twin is asked for it where it is not here yet.
        """

    async def own_files(self, after: str, most: int) -> Sequence[OwnFile]:
        """Return the owner's files behind a media ID, in the order of their IDs, at most so many."""

    async def call(self, server: str, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask something of another twin, with a request that this server signs.

        Args:
            server: the other twin's server name.
            path: behind `/_matrix/org.digitaltwin/v1/`.
            body: not empty.

        Raises:
            Unreachable: it does not answer within some seconds.
            NotFound: it is no twin, or does not know the call.
            Forbidden, BadJson, TooLarge: it refuses.
        """

    async def greet(self, people: Iterable[str], at_once: int) -> Sequence[str]:
        """Let the servers of some people see that this one is there, with a request that it signs.

        Whoever gave this server up for a while begins again to send what waits.

        Args:
            people: Matrix IDs, one of each server.
            at_once: how many servers are asked at a time.

        Returns:
            The servers that did not answer.
        """

    async def fetch_public(
        self, url: str, headers: Mapping[str, str], most: int, seconds: float
    ) -> WebAnswer:
        """Ask for a public address, once; addresses inside of the host's own network are refused.

        Args:
            url: of http or https, in ASCII.
            headers: what to send beside the name of this software.
            most: how many bytes the body may have.
            seconds: after which nobody waits any longer, body included.

        Raises:
            Unreachable: nobody answers there in time, or it is no public address.
            TooLarge: the body has more bytes.
        """

    async def devices(self) -> Sequence[Device]:
        """Return where the owner is signed in, last seen first."""

    async def sign_out(self, device_id: str) -> None:
        """Sign the owner out at one place: its access tokens are refused from now on.

        Raises:
            NotFound: the owner is not signed in there.
        """

    async def sign_out_everywhere(self) -> None:
        """Have every access token of the owner refused from now on."""

    async def account_data(self, data_type: str) -> Mapping[str, Any]:
        """Return the owner's account data of a type, empty when there is none."""

    async def put_account_data(self, data_type: str, content: Mapping[str, Any]) -> None:
        """Write the owner's account data of a type."""

    async def profile(self) -> Mapping[str, Any]:
        """Return the owner's profile: `displayname` and `avatar_url`, where set."""

    async def login_token(self, password: str, lifetime_ms: int) -> str:
        """Return a token that signs the owner in once (`m.login.token`), for who knows their password.

        Raises:
            Forbidden: it is another password.
        """

    def sign(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the document with the server's signature (Matrix appendices, "Signing JSON")."""

    async def signed_event(self, event_id: str) -> SignedEvent | None:
        """Return an event as others can verify it; None where it is unknown or rejected."""

    async def signed_events(self, event_ids: Iterable[str]) -> Mapping[str, SignedEvent]:
        """Return events as `signed_event` does, in one go; unknown and rejected ones are left out."""

    async def key_documents(
        self, server: str, ask: Literal["needed", "never", "always"] = "needed"
    ) -> Sequence[Mapping[str, Any]]:
        """Return the signed key documents of a server that this one knows.

        Matrix server-server API, "Publishing Keys". They are as that server sent them.

        Args:
            server: whose keys.
            ask: when to ask the server itself: where none is known, never, or in any case.

        Raises:
            Unreachable: the server was asked, and does not answer.
        """

    def verify_keys(self) -> Mapping[str, str]:
        """Return the server's public signing keys by key ID, as unpadded base64."""
