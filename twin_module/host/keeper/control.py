"""The socket where the command `twin` asks: one line of JSON in, one out, of the same user or root."""

import json
import logging
import os
import selectors
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from twin_module.host.keeper.sockets import listen_at

Reply: TypeAlias = Callable[[float], dict[str, Any] | None]
"""Returns the answer, or None as long as there is none; gets the time."""
Handle: TypeAlias = Callable[[dict[str, Any]], Reply]

FAULT: Final = {"error": "The host has a fault; see its log."}
MOST_CLIENTS: Final = 32
MOST_BYTES: Final = 4096
"""Of a request."""
SAY_SECONDS: Final = 5.0
"""How long a client may take to say what it wants, and again to take the answer."""
ANSWER_SECONDS: Final = 180.0
"""How long it waits for what it wants to come true."""
LOOK_SECONDS: Final = 1.0
"""How often is looked whether an answer has become known, when nothing happens."""
PAUSE_SECONDS: Final = 1.0
"""How long nobody is let in after the system refused another descriptor."""
ONLY_OWNER: Final = 0o177
CREDENTIALS: Final = struct.Struct("3i")
"""Process, user and group of a peer."""

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Client:
    connection: socket.socket
    until: float
    said: bytearray = field(default_factory=bytearray)
    reply: Reply | None = None
    unsent: bytes = b""


class Control:
    """Takes requests, and gives answers as they become known; never waits for anybody."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        path: str,
        handle: Handle,
        clock: Callable[[], float],
        listening: socket.socket | None = None,
    ) -> None:
        """Begin to listen, at a socket that an earlier program left open or a new one."""
        self._selector = selector
        self._handle = handle
        self._clock = clock
        self._clients: set[_Client] = set()
        self._paused_until: float | None = None
        self._listening = listening or listen_at(path, ONLY_OWNER)
        self._open = False
        self._let_in(wanted=True)

    def settle(self) -> None:
        """Give the answers that have become known, and drop those who take too long."""
        now = self._clock()
        for client in list(self._clients):
            self._guard(client, self._settle_with)
        if self._paused_until is not None and now >= self._paused_until:
            self._paused_until = None
        self._let_in(wanted=self._paused_until is None and len(self._clients) < MOST_CLIENTS)

    def _settle_with(self, client: _Client) -> None:
        now = self._clock()
        answer = self._known(client.reply, now) if client.reply else None
        if answer is not None:
            self._answer(client, answer)
        elif now >= client.until:
            if client.reply:
                self._answer(client, {"error": "This takes long; see `twin status`."})
            else:
                self._drop(client)

    def rest(self, now: float) -> float | None:
        """Return for how many seconds nothing is to be done unless somebody says something."""
        due = [client.until - now for client in self._clients]
        if any(client.reply for client in self._clients):
            due.append(LOOK_SECONDS)
        if self._paused_until is not None:
            due.append(self._paused_until - now)
        return max(0.0, min(due)) if due else None

    def close(self) -> None:
        """Drop everybody, and listen no longer."""
        self.leave().close()

    def leave(self) -> socket.socket:
        """Drop everybody, and return the socket, where others wait from now on; may be called again."""
        for client in list(self._clients):
            self._drop(client)
        self._let_in(wanted=False)
        return self._listening

    def _let_in(self, *, wanted: bool) -> None:
        if wanted and not self._open:
            self._selector.register(self._listening, selectors.EVENT_READ, self._meet)
        elif self._open and not wanted:
            self._selector.unregister(self._listening)
        self._open = wanted

    def _meet(self) -> None:
        try:
            connection, _ = self._listening.accept()
        except BlockingIOError:
            return
        except OSError:
            self._paused_until = self._clock() + PAUSE_SECONDS
            return
        connection.setblocking(False)
        packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        _, user, _ = CREDENTIALS.unpack(packed)
        if user not in {0, os.geteuid()}:
            connection.close()
            return
        client = _Client(connection, self._clock() + SAY_SECONDS)
        self._clients.add(client)
        self._selector.register(
            connection, selectors.EVENT_READ, lambda: self._guard(client, self._listen_to)
        )

    def _guard(self, client: _Client, do: Callable[[_Client], None]) -> None:
        try:
            do(client)
        except Exception:  # noqa: BLE001 - one client's trouble is nobody else's
            _log.exception("A client of the host's own could not be served")
            self._drop(client)

    def _listen_to(self, client: _Client) -> None:
        try:
            said = client.connection.recv(MOST_BYTES)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        client.said += said
        line, end, _ = client.said.partition(b"\n")
        if end:
            # It has had its say.
            self._selector.unregister(client.connection)
            client.until = self._clock() + ANSWER_SECONDS
            client.reply = self._ask(bytes(line))
        elif not said or len(client.said) > MOST_BYTES:
            self._drop(client)

    def _ask(self, line: bytes) -> Reply:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict):
            return lambda _: {"error": "A request is one line with a JSON object."}
        try:
            return self._handle(request)
        except Exception:  # noqa: BLE001 - no request may end the host
            _log.exception("A request could not be obeyed")
            return lambda _: FAULT

    def _known(self, reply: Reply, now: float) -> dict[str, Any] | None:
        try:
            return reply(now)
        except Exception:  # noqa: BLE001 - no answer may end the host
            _log.exception("A request could not be answered")
            return FAULT

    def _answer(self, client: _Client, answer: dict[str, Any]) -> None:
        client.reply = None
        client.until = self._clock() + SAY_SECONDS
        client.unsent = json.dumps(answer).encode() + b"\n"
        self._selector.register(
            client.connection, selectors.EVENT_WRITE, lambda: self._guard(client, self._send)
        )
        self._send(client)

    def _send(self, client: _Client) -> None:
        try:
            client.unsent = client.unsent[client.connection.send(client.unsent) :]
        except BlockingIOError:
            return
        except OSError:
            client.unsent = b""
        if not client.unsent:
            self._drop(client)

    def _drop(self, client: _Client) -> None:
        self._clients.discard(client)
        if client.connection.fileno() in self._selector.get_map():
            self._selector.unregister(client.connection)
        client.connection.close()
