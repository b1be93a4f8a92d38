"""What the engine asks of the homeserver around it; `engine/synapse.py` is the real one.

Everything acts as the owner. Methods raise `TwinError` for what can be expected to fail.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

from twin_module.core.effects import Put
from twin_module.core.state import StateEvent, StateMap

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
class Invitation:
    """A room that the owner is invited to, with the little of its state that came along."""

    room_id: str
    inviter: str
    state: StateMap = field(hash=False)


class Homeserver(Protocol):
    """A Matrix homeserver, seen from the engine."""

    server_name: str
    owner: str

    def now(self) -> int:
        """Return the time in milliseconds since 1970."""

    def new_uid(self) -> str:
        """Return a uid that nobody has used."""

    def call_later(self, seconds: float, function: Callable[[], None]) -> Callable[[], None]:
        """Call a function once, later; returns how to take that back."""

    def background(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Start work that nobody waits for; `work` deals with its own errors."""

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

    async def object_keys(self, room_id: str) -> Sequence[Delta]:
        """Return which current state events of ours a room has, with their event IDs."""

    async def count_objects(self, room_id: str) -> int:
        """Return how many state events of ours a room has; removed ones count, they weigh as much."""

    async def events(self, event_ids: Iterable[str]) -> Mapping[str, StateEvent]:
        """Return events by ID, with empty content where redacted; rejected and unknown ones are left out."""

    async def joined_rooms(self) -> Sequence[str]:
        """Return the rooms that the owner is joined to."""

    async def invitations(self) -> Sequence[Invitation]:
        """Return the rooms that the owner is invited to."""

    async def position(self) -> int:
        """Return up to where the stream of events is persisted."""

    async def deltas(self, after: int, upto: int) -> tuple[int, Sequence[Delta]]:
        """Return changes of current state after a position, and the position that they reach."""

    async def redactions(self, after: int, upto: int) -> Sequence[str]:
        """Return the IDs of events that were redacted in a part of the stream."""

    async def send_state(self, room_id: str, put: Put) -> str:
        """Send one state event and return its ID."""

    async def send_states(self, room_id: str, puts: Sequence[Put]) -> Sequence[str]:
        """Send state events of ours, all or none, and return their IDs in order."""

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

    async def download(self, uri: str, most: int) -> bytes:
        """Return a file from this twin's or another one's media, of at most so many bytes."""

    async def account_data(self, data_type: str) -> Mapping[str, Any]:
        """Return the owner's account data of a type, empty when there is none."""

    async def put_account_data(self, data_type: str, content: Mapping[str, Any]) -> None:
        """Write the owner's account data of a type."""

    async def profile(self) -> Mapping[str, Any]:
        """Return the owner's profile: `displayname` and `avatar_url`, where set."""

    def sign(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the document with the server's signature (Matrix appendices, "Signing JSON")."""

    def verify_keys(self) -> Mapping[str, str]:
        """Return the server's public signing keys by key ID, as unpadded base64."""
