"""The front's doors: whoever comes in is counted, speaks TLS where that is spoken, and is served."""

import asyncio
import logging
import socket
import ssl
import time
import traceback
from collections.abc import Sequence
from typing import Final

from twin_module.host.front.certificates import Certificates
from twin_module.host.front.connection import Caller, Connection
from twin_module.host.front.crowd import Crowd, plain
from twin_module.host.front.dispatch import Dispatch
from twin_module.host.front.limits import Limits
from twin_module.host.front.metrics import Metrics
from twin_module.host.front.names import Names
from twin_module.host.front.numbers import Numbers
from twin_module.host.front.stream import Stream, TlsStream
from twin_module.host.options import Door
from twin_module.host.places import Places

AT_ONCE: Final = 64
"""How many connections are taken before those who are here have their turn."""
PAUSE: Final = 0.5
"""Seconds until the next try after the system could not give a connection."""
OPTIONS: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 20),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
)
"""Who vanished without a word while it waited for news is noticed after two minutes; what little is
said by a stream goes out at once."""

_log = logging.getLogger(__name__)


class Server:
    """All doors and all who came in."""

    def __init__(self, places: Places, limits: Limits) -> None:
        self._limits = limits
        self._names = Names(places, time.monotonic)
        self._certificates = Certificates(places, self._names, time.monotonic)
        self._numbers = Numbers()
        self._crowd = Crowd(limits)
        metrics = Metrics(places, self._numbers, self._crowd)
        self._dispatch = Dispatch(places, self._names, self._numbers, metrics, limits)
        self._sockets: list[socket.socket] = []
        self._closing = False

    def open(self, sockets: Sequence[tuple[Door, socket.socket]]) -> None:
        """Begin to take connections at listening sockets, which are the server's from now on."""
        for door, listening in sockets:
            listening.setblocking(False)
            self._sockets.append(listening)
            context = self._certificates.of_door(door) if door.tls else None
            self._watch(listening, door, context)

    def look_again(self) -> None:
        """Read the table and certificates again before they are used next."""
        self._names.look_again()
        self._certificates.look_again()

    async def close(self) -> None:
        """Take no connections any more, and let answers under way come to their end for a while."""
        self._closing = True
        loop = asyncio.get_running_loop()
        while self._sockets:
            listening = self._sockets.pop()
            loop.remove_reader(listening)
            listening.close()
        await self._crowd.leave(self._limits.grace_seconds)

    def _watch(self, listening: socket.socket, door: Door, context: ssl.SSLContext | None) -> None:
        if not self._closing:
            loop = asyncio.get_running_loop()
            loop.add_reader(listening, self._take, listening, door, context)

    def _take(self, listening: socket.socket, door: Door, context: ssl.SSLContext | None) -> None:
        for _ in range(AT_ONCE):
            try:
                connected, (address, *_) = listening.accept()
            except (BlockingIOError, ConnectionError):
                # There is none, or it went before it was taken.
                return
            except OSError as error:
                _log.error("No connection can be taken: %s", error.strerror)
                loop = asyncio.get_running_loop()
                loop.remove_reader(listening)
                loop.call_later(PAUSE, self._watch, listening, door, context)
                return
            if self._crowd.has_room(address):
                task = asyncio.create_task(self._serve(door, context, connected, address))
                self._crowd.add(address, task)
            else:
                connected.close()

    async def _serve(
        self, door: Door, context: ssl.SSLContext | None, connected: socket.socket, address: str
    ) -> None:
        try:
            for option in OPTIONS:
                connected.setsockopt(*option)
            stream, name = await self._agree(context, connected)
        except OSError:
            # No TLS, no certificate, or no patience: the alert has said it.
            connected.close()
            return
        caller = Caller(plain(address), door, name)
        connection = Connection(
            stream, caller, self._dispatch, self._crowd, self._limits, lambda: self._closing
        )
        try:
            await connection.serve()
        except Exception as error:  # noqa: BLE001 - one client's trouble is nobody else's
            # Without the message, which may have parts of a request in it.
            where = "".join(traceback.format_tb(error.__traceback__))
            _log.error("A fault of the front's own: %s\n%s", type(error).__name__, where)

    async def _agree(
        self, context: ssl.SSLContext | None, connected: socket.socket
    ) -> tuple[Stream, str | None]:
        """Return a connection that can be used, and the name that TLS was begun with."""
        if context is None:
            return Stream(connected, self._numbers.bytes), None
        stream = TlsStream(connected, context, self._numbers.bytes)
        try:
            async with asyncio.timeout(self._limits.head_seconds):
                await stream.handshake()
        except BaseException:
            await stream.close()
            raise
        return stream, stream.asked_for
