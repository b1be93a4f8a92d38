"""Other twins: the calls that they make, and what is told to them at once, beside what Matrix brings.

Nothing depends on what is told live. What does not arrive here comes with the room's events, so a
peer that is slow gets one larger message later, one that does not answer gets none for a while, and
nothing is kept for it.
"""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from unpaddedbase64 import decode_base64, encode_base64

from twin_module.core import awareness, crdt
from twin_module.core.authority import membership_of
from twin_module.core.errors import BadJson, Forbidden, NotFound, NotReady, TwinError, Unreachable
from twin_module.core.ports import Homeserver
from twin_module.core.replay import Replays
from twin_module.core.schema import Shape
from twin_module.engine.backoff import Backoff

logger = logging.getLogger(__name__)

LIVE: Final = "live"
"""The path of the call by which twins tell each other what is typed."""
MAX_DATA_BYTES: Final = 1024 * 1024
"""The most that is told at once; what is larger comes with the room's events."""
MAX_BODY_BYTES: Final = 2 * 1024 * 1024
MAX_CALLS_AT_ONCE: Final = 8
"""How many calls of one server are answered at a time."""
SERVERS_FOR_MS: Final = 60_000
"""How long who is in a room is taken as known, unless it changes."""
NOT_HERE: Final = "Nobody of yours is in such a room with the owner of this twin."

Body: TypeAlias = Mapping[str, Any]

_NAME: Final = {"type": "string", "maxLength": 255}


@dataclass(frozen=True, slots=True)
class PeerCall:
    """A call that other twins can make, once its body fits and who asks may ask."""

    shape: Shape
    """Of the body, see `call_shape`."""
    check: Callable[[Body], Awaitable[None]]
    """Raises Forbidden where the `sender`, who is of the calling server, may not ask that."""
    answer: Callable[[str, Body], Awaitable[Mapping[str, Any]]]
    """Told the server and the body, of each call once."""


def call_shape(properties: Mapping[str, Any], required: Sequence[str], most: int) -> Shape:
    """Return the shape of a call's body.

    Args:
        properties: JSON Schemas, beside those of who asks, of the call's ID and of its time.
        required: the names of those that have to be there.
        most: how many bytes it may have.
    """
    once = {"id": {"type": "string", "minLength": 1, "maxLength": 64}, "ts": {"type": "integer"}}
    return Shape(
        {
            "type": "object",
            "properties": {"sender": _NAME, **once, **properties},
            "required": ["sender", "id", "ts", *required],
        },
        most,
    )


_MERGED: Final[Mapping[str, Callable[[Sequence[bytes]], bytes]]] = {
    "update": crdt.merged_updates,
    "awareness": awareness.newest,
}
"""By what a message brings, how several become one."""
_DATA: Final = {"type": "string", "maxLength": MAX_DATA_BYTES * 4 // 3 + 4}
_LIVE: Final = call_shape(
    {"room_id": _NAME, "type": _NAME, "uid": _NAME, "update": _DATA, "awareness": _DATA},
    ("room_id", "type", "uid"),
    MAX_BODY_BYTES,
)

Listener: TypeAlias = Callable[[str, str, Mapping[str, Any]], Awaitable[None]]
"""Gets the room, the server that called, and what it told; leaves out what does not fit."""


@dataclass(frozen=True, slots=True)
class _About:
    """What messages are about that can be told as one."""

    room_id: str
    type: str
    uid: str
    sender: str
    brings: str

    def body(self, data: Sequence[bytes]) -> dict[str, Any]:
        said = {"room_id": self.room_id, "type": self.type, "uid": self.uid, "sender": self.sender}
        return {**said, self.brings: encode_base64(_MERGED[self.brings](data))}


_Waiting: TypeAlias = dict[_About, list[bytes]]
"""What is still to be told; nothing where it became too much."""


class Peers:
    """The other twins that a twin has to do with."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver
        self._listeners: list[Listener] = []
        self._calls = {LIVE: PeerCall(_LIVE, self._check_room, self._hear)}
        """What other twins can ask for, by path."""
        self._replays = Replays()
        self._backoff: Backoff[str] = Backoff()
        self._answering: Counter[str] = Counter()
        self._servers: dict[str, tuple[int, frozenset[str]]] = {}
        self._new: _Waiting = {}
        self._sorting = False
        self._peers: dict[str, _Waiting] = {}
        """What waits until a call that is under way has come back, by server."""

    # What we ask

    async def ask(self, server: str, path: str, body: Body) -> Mapping[str, Any]:
        """Make a call of another twin, once.

        Raises:
            TwinError: as `Homeserver.call`.
        """
        once = {"id": self._homeserver.new_uid(), "ts": self._homeserver.now()}
        return await self._homeserver.call(server, path, {**body, **once})

    # What we tell

    def tell(self, room_id: str, message: Mapping[str, Any]) -> None:
        """Tell the other twins of a room something, soon, and without a promise.

        Args:
            room_id: the room that it is about.
            message: `type`, `uid`, `sender`, and `update` or `awareness` as unpadded base64.
        """
        brings = next(each for each in _MERGED if each in message)
        about = _About(room_id, message["type"], message["uid"], message["sender"], brings)
        _add(self._new, about, [decode_base64(message[brings])])
        if not self._sorting:
            self._sorting = True
            self._homeserver.background("twin_tell", self._sort)

    def forget_servers(self, rooms: Iterable[str]) -> None:
        """Look again who is in some rooms, since they changed."""
        for room_id in rooms:
            self._servers.pop(room_id, None)

    async def _sort(self) -> None:
        try:
            while self._new:
                told, self._new = self._new, {}
                for about, data in told.items():
                    for server in await self._servers_of(about.room_id):
                        self._hand_to(server, about, data)
        finally:
            self._sorting = False

    def _hand_to(self, server: str, about: _About, data: Sequence[bytes]) -> None:
        if self._backoff.waits(server, self._homeserver.now()):
            return
        is_idle = server not in self._peers
        waiting = self._peers.setdefault(server, {})
        _add(waiting, about, data)
        if is_idle:
            self._homeserver.background("twin_tell_peer", lambda: self._send(server, waiting))

    async def _send(self, server: str, waiting: _Waiting) -> None:
        try:
            while waiting:
                about, data = next(iter(waiting.items()))
                del waiting[about]
                try:
                    await self._call(server, about, data)
                except (Unreachable, NotFound) as error:
                    # It is off, or no twin; what it missed comes with the room's events.
                    logger.debug("Telling %s nothing for a while: %s", server, error)
                    self._backoff.postpone(server, self._homeserver.now())
                    return
                except TwinError as error:
                    logger.debug("%s was not told of %s: %s", server, about.uid, error)
                self._backoff.done(server)
        finally:
            del self._peers[server]

    async def _call(self, server: str, about: _About, data: Sequence[bytes]) -> None:
        if data:
            await self.ask(server, LIVE, about.body(data))

    async def _servers_of(self, room_id: str) -> frozenset[str]:
        now = self._homeserver.now()
        until, servers = self._servers.get(room_id, (0, frozenset()))
        if until > now:
            return servers
        members = await self._homeserver.state(room_id, [("m.room.member", None)])
        servers = frozenset(
            user_id.partition(":")[2]
            for _, user_id in members
            if membership_of(members, user_id) == "join"
        ) - {self._homeserver.server_name, ""}
        self._servers[room_id] = (now + SERVERS_FOR_MS, servers)
        return servers

    # What others ask

    def serve(self, path: str, call: PeerCall) -> None:
        """Let other twins make one more call."""
        self._calls[path] = call

    async def answer(self, server: str, path: str, body: Body) -> Mapping[str, Any]:
        """Answer a call of another server.

        Args:
            server: who signed the call.
            path: what it asks for.
            body: as it came.

        Raises:
            TwinError: it is not answered.
        """
        call = self._calls.get(path)
        if call is None:
            raise NotFound("This twin knows no such call.")
        problems = call.shape.problems(body)
        if problems:
            raise BadJson(f"{problems[0].path or 'The body'}: {problems[0].message}")
        if self._answering[server] >= MAX_CALLS_AT_ONCE:
            raise NotReady("You call more often than this twin can answer; wait a little.")
        self._answering[server] += 1
        try:
            await self._check(server, call, body)
            return await call.answer(server, body)
        finally:
            self._answering[server] -= 1
            if not self._answering[server]:
                del self._answering[server]

    def remembers_calls(self) -> bool:
        """Tell whether calls were made lately that are not to be answered twice."""
        return self._replays.is_needed(self._homeserver.now())

    async def _check(self, server: str, call: PeerCall, body: Body) -> None:
        if body["sender"].partition(":")[2] != server:
            raise Forbidden(f"{body['sender']} is not of {server}.")
        await call.check(body)
        # Only what may be asked is remembered, so strangers can't push out what others asked.
        if not self._replays.is_new(server, body["id"], body["ts"], self._homeserver.now()):
            raise Forbidden("This call was made before, or at another time than now.")
        # Who calls is there again.
        self._backoff.done(server)

    # What others tell

    def listen(self, listener: Listener) -> None:
        """Call a listener with what other twins tell of rooms that the owner is in with them."""
        self._listeners.append(listener)

    async def _check_room(self, body: Body) -> None:
        sender, owner = body["sender"], self._homeserver.owner
        members = await self._homeserver.state(
            body["room_id"], [("m.room.member", sender), ("m.room.member", owner)]
        )
        if any(membership_of(members, each) != "join" for each in (sender, owner)):
            raise Forbidden(NOT_HERE)

    async def _hear(self, server: str, body: Body) -> Mapping[str, Any]:
        for listener in self._listeners:
            await listener(body["room_id"], server, body)
        return {}


def _add(waiting: _Waiting, about: _About, data: Iterable[bytes]) -> None:
    known = waiting.setdefault(about, [])
    known.extend(data)
    if sum(map(len, known)) > MAX_DATA_BYTES:
        known.clear()
