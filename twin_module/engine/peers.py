"""Other twins, live: what somebody types is told to them at once, beside what Matrix brings.

Nothing depends on it. What does not arrive here comes with the room's events, so a peer that is
slow gets one larger message later, one that does not answer gets none for a while, and nothing is
kept for it.
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
"""The path of the one call."""
MAX_DATA_BYTES: Final = 1024 * 1024
"""The most that is told at once; what is larger comes with the room's events."""
MAX_BODY_BYTES: Final = 2 * 1024 * 1024
MAX_CALLS_AT_ONCE: Final = 8
"""How many calls of one server are answered at a time."""
SERVERS_FOR_MS: Final = 60_000
"""How long who is in a room is taken as known, unless it changes."""
NOT_HERE: Final = "Nobody of yours is in such a room with the owner of this twin."

_MERGED: Final[Mapping[str, Callable[[Sequence[bytes]], bytes]]] = {
    "update": crdt.merged_updates,
    "awareness": awareness.newest,
}
"""By what a message brings, how several become one."""
_NAME: Final = {"type": "string", "maxLength": 255}
_DATA: Final = {"type": "string", "maxLength": MAX_DATA_BYTES * 4 // 3 + 4}
_CALL: Final = Shape(
    {
        "type": "object",
        "properties": {
            "room_id": _NAME,
            "type": _NAME,
            "uid": _NAME,
            "sender": _NAME,
            "id": {"type": "string", "minLength": 1, "maxLength": 64},
            "ts": {"type": "integer"},
            "update": _DATA,
            "awareness": _DATA,
        },
        "required": ["room_id", "type", "uid", "sender", "id", "ts"],
    },
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
    """The other twins of a twin's rooms."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver
        self._listeners: list[Listener] = []
        self._replays = Replays()
        self._backoff: Backoff[str] = Backoff()
        self._answering: Counter[str] = Counter()
        self._servers: dict[str, tuple[int, frozenset[str]]] = {}
        self._new: _Waiting = {}
        self._sorting = False
        self._peers: dict[str, _Waiting] = {}
        """What waits until a call that is under way has come back, by server."""

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
            once = {"id": self._homeserver.new_uid(), "ts": self._homeserver.now()}
            await self._homeserver.call(server, LIVE, {**about.body(data), **once})

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

    # What others tell

    def listen(self, listener: Listener) -> None:
        """Call a listener with what other twins tell of rooms that the owner is in with them."""
        self._listeners.append(listener)

    async def answer(self, server: str, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer a call of another server.

        Args:
            server: who signed the call.
            path: what it asks for.
            body: as it came.

        Raises:
            TwinError: it is not answered.
        """
        if path != LIVE:
            raise NotFound("This twin knows no such call.")
        problems = _CALL.problems(body)
        if problems:
            raise BadJson(f"{problems[0].path or 'The body'}: {problems[0].message}")
        if self._answering[server] >= MAX_CALLS_AT_ONCE:
            raise NotReady("You call more often than this twin can answer; wait a little.")
        self._answering[server] += 1
        try:
            await self._answer(server, body)
        finally:
            self._answering[server] -= 1
            if not self._answering[server]:
                del self._answering[server]
        return {}

    async def _answer(self, server: str, body: Mapping[str, Any]) -> None:
        room_id, sender, owner = body["room_id"], body["sender"], self._homeserver.owner
        if sender.partition(":")[2] != server:
            raise Forbidden(f"{sender} is not of {server}.")
        members = await self._homeserver.state(
            room_id, [("m.room.member", sender), ("m.room.member", owner)]
        )
        if any(membership_of(members, each) != "join" for each in (sender, owner)):
            raise Forbidden(NOT_HERE)
        if not self._replays.is_new(server, body["id"], body["ts"], self._homeserver.now()):
            raise Forbidden("This call was made before, or at another time than now.")
        # Who calls is there again.
        self._backoff.done(server)
        for listener in self._listeners:
            await listener(room_id, server, body)


def _add(waiting: _Waiting, about: _About, data: Iterable[bytes]) -> None:
    known = waiting.setdefault(about, [])
    known.extend(data)
    if sum(map(len, known)) > MAX_DATA_BYTES:
        known.clear()
