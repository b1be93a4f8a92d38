"""Connections, plain and with TLS, that are read when somebody wants to read.

The TLS of asyncio keeps a quarter of a megabyte for each connection, that of Twisted 50 KB; a socket
of the standard library that never blocks keeps 10 KB. It also has no buffers of its own to be filled
by whoever sends faster than the other side reads: what nobody takes stays with the sender.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

CHUNK: Final = 64 * 1024
RESET: Final = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Tally:
    """How many bytes came and went."""

    received: int = 0
    sent: int = 0


class Stream:
    """A connection without TLS. One task at a time may receive, and one may send.

    Nothing that was received is lost when a task is cancelled that waits for more.
    """

    def __init__(self, connected: socket.socket, tally: Tally | None = None) -> None:
        connected.setblocking(False)
        self._socket = connected
        self._tally = tally or Tally()

    async def receive(self, most: int = CHUNK) -> bytes:
        """Return what is there, at most so many bytes, as soon as there is something; b"" is the end.

        Raises:
            OSError: the connection broke.
        """
        while True:
            try:
                data = self._socket.recv(most)
            except (BlockingIOError, ssl.SSLWantReadError):
                await self._ready(self._loop().add_reader, self._loop().remove_reader)
            else:
                self._tally.received += len(data)
                return data

    async def send(self, data: bytes) -> None:
        """Send all of it; returns when the rest is small enough for the system's own buffers.

        Raises:
            OSError: the connection broke.
        """
        rest = memoryview(data)
        while rest:
            try:
                count = self._socket.send(rest)
            except (BlockingIOError, ssl.SSLWantWriteError):
                await self._ready(self._loop().add_writer, self._loop().remove_writer)
            else:
                self._tally.sent += count
                rest = rest[count:]

    async def close(self, linger: float = 0.0) -> None:
        """End it in good order.

        Args:
            linger: for how many seconds what the other side still sends is read and dropped; else
                the system would take back an answer that was not read yet.
        """
        try:
            self._say_goodbye()
            if linger:
                self._socket.shutdown(socket.SHUT_WR)
                async with asyncio.timeout(linger):
                    await self._drop_all()
        except OSError:
            # Gone already, or too slow.
            pass
        finally:
            self._socket.close()

    def abort(self) -> None:
        """End it so that the other side can't take what came for all there is."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._socket.close()

    async def _drop_all(self) -> None:
        while await self.receive():  # noqa: ASYNC110 - it only leaves others their turn
            await asyncio.sleep(0)

    def _say_goodbye(self) -> None:
        """Do what a protocol does at its end."""

    async def _ready(
        self, add: Callable[..., object], remove: Callable[[socket.socket], object]
    ) -> None:
        ready = self._loop().create_future()
        add(self._socket, _set, ready)
        try:
            await ready
        finally:
            remove(self._socket)

    @staticmethod
    def _loop() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()


class NamedSocket(ssl.SSLSocket):
    """A socket that knows which name its client asked for, once somebody told it."""

    asked_for: str | None = None


class TlsStream(Stream):
    """A connection with TLS, of a server; contexts have to make a `NamedSocket` of it."""

    def __init__(
        self, connected: socket.socket, context: ssl.SSLContext, tally: Tally | None = None
    ) -> None:
        connected.setblocking(False)
        tls = context.wrap_socket(connected, server_side=True, do_handshake_on_connect=False)
        self._tls = cast("NamedSocket", tls)
        super().__init__(tls, tally)

    async def handshake(self) -> None:
        """Agree on keys.

        Raises:
            OSError: the other side can't, or there is no certificate for it.
        """
        loop = self._loop()
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._ready(loop.add_reader, loop.remove_reader)
            except ssl.SSLWantWriteError:
                await self._ready(loop.add_writer, loop.remove_writer)
            else:
                return

    @property
    def asked_for(self) -> str | None:
        """The name that the client asked for."""
        return self._tls.asked_for

    def _say_goodbye(self) -> None:
        # It says so at once, and would then wait for the other side to say it, too.
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
