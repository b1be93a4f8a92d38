"""A WebSocket (RFC 6455) on a connection that came to Synapse's web server.

The protocol itself is that of `websockets`, which knows no network. Here it meets Twisted: a
request's connection is taken over, bytes go both ways, neither side may make the other keep
more than a bounded part of what is on its way.

While the socket is open its request goes on "processing", as Synapse calls that, so all that is
done for it stands in the request's logging context and metrics, and in its line in the log.
"""

import logging
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from synapse.http.site import SynapseRequest
from synapse.logging.context import PreserveLoggingContext, make_deferred_yieldable
from synapse.module_api.errors import SynapseError
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer, ISSLTransport
from twisted.python.failure import Failure
from websockets.datastructures import Headers
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import SEND_EOF, State
from websockets.server import ServerProtocol
from zope.interface import implementer

from twin_module.core.ports import Homeserver

KEEP_ALIVE: Final = 15.0
"""Seconds of silence after which the other side is asked whether it is still there."""
CLOSE_SECONDS: Final = 5.0
"""How long the other side has to take its leave once it was told to."""
MAX_MESSAGE: Final = 2**20
MAX_WAITING_MESSAGES: Final = 32
"""How many messages may wait to be received before nothing more is read."""
MAX_UNSENT: Final = 4 * MAX_MESSAGE
"""Bytes that may wait for a reader that is slow before it is let go."""
MAX_REASON: Final = 123
"""Bytes of a close frame's reason (RFC 6455, section 5.5)."""

_HANDSHAKE: Final = (b"connection", b"upgrade", b"origin")
# The protocol says "connection open" and the like of every connection; Synapse says it better.
_protocol_log: Final = logging.getLogger(f"{__name__}.protocol")


@implementer(IPushProducer)
class WebSocket:
    """One open WebSocket: binary messages come and go, until one side closes it."""

    def __init__(
        self, request: SynapseRequest, protocol: ServerProtocol, homeserver: Homeserver
    ) -> None:
        self._request = request
        self._protocol = protocol
        self._homeserver = homeserver
        self._channel: Any = request.channel
        self._transport: Any = self._channel.transport
        self._inbox: deque[bytes] = deque()
        self._begun: bytearray | None = None
        self._waiting: Deferred[None] | None = None
        self._unsent: int | None = None
        """Bytes written since the reader became slow, None while it is not."""
        self._heard = True
        self._reading = True
        self._closing = False
        self._gone = False
        self._take_back: Callable[[], None] = lambda: None
        self._http_lost: Callable[[Failure], None] = lambda _: None

    # What the user of a socket calls

    async def receive(self) -> bytes | None:
        """Return the next message, None when the socket is closed.

        Returns an empty message when a while has gone by without any, so that the caller can look
        whether all is still well.
        """
        if not self._inbox and not self._closing:
            self._waiting = Deferred()
            await make_deferred_yieldable(self._waiting)
        if not self._inbox:
            return None if self._closing else b""
        message = self._inbox.popleft()
        if len(self._inbox) < MAX_WAITING_MESSAGES:
            self._read_on()
        return message

    def send(self, message: bytes) -> None:
        """Send a message; one to a socket that is closed goes nowhere."""
        if self._closing:
            return
        self._protocol.send_binary(message)
        self._flush()
        if self._unsent is not None and self._unsent > MAX_UNSENT:
            self.close(CloseCode.TRY_AGAIN_LATER, "You read too slowly; come back for the rest.")

    def close(self, code: int, reason: str) -> None:
        """Say why and hang up; what waits to be received is dropped, a second time does nothing."""
        self._inbox.clear()
        if self._closing:
            return
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, _short(reason))
            self._flush()
        self._end()

    def hang_up(self) -> None:
        """Close because the server stops, without waiting for anything."""
        self.close(CloseCode.GOING_AWAY, "This twin stops; come back in a moment.")
        self._take_back()
        if not self._gone:
            self._transport.unregisterProducer()
            if self._unsent is None:
                self._transport.loseConnection()
            else:
                self._transport.abortConnection()

    # Taking over a connection

    def start(self, answer: bytes) -> None:
        """Take the connection over from Twisted's HTTP, and answer that it is a WebSocket now."""
        channel, transport = self._channel, self._transport
        self._request.setResponseCode(HTTPStatus.SWITCHING_PROTOCOLS)
        # Nobody else is to answer this request, or to take it for one that was cut short.
        self._request.startedWriting = 1
        self._request.finished = 1
        channel.setTimeout(None)
        channel.dataReceived = channel.rawDataReceived = self._received
        self._http_lost = channel.connectionLost
        channel.connectionLost = self._lost
        transport.unregisterProducer()
        transport.registerProducer(self, True)
        self._write(answer)
        # What came right behind the request may lie in the channel, which may have stopped reading.
        early = b"".join(channel._dataBuffer)  # noqa: SLF001 - there is no other way to it
        channel._dataBuffer.clear()  # noqa: SLF001
        transport.resumeProducing()
        self._take_back = self._homeserver.call_later(KEEP_ALIVE, self._look_again)
        if early:
            self._received(early)

    # What comes from the network

    def _received(self, data: bytes) -> None:
        self._heard = True
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and not self._closing:
                self._take(event)
        self._flush()
        if self._protocol.close_expected():
            self._end()
        elif self._reading and len(self._inbox) >= MAX_WAITING_MESSAGES:
            self._reading = False
            self._transport.pauseProducing()
        if self._inbox:
            self._wake()

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT:
            self.close(CloseCode.UNSUPPORTED_DATA, "Send binary messages, not text.")
        elif frame.opcode in (Opcode.BINARY, Opcode.CONT):
            # The protocol has checked the order of the frames, and the size of them all together.
            if self._begun is None:
                self._begun = bytearray()
            self._begun += frame.data
            if frame.fin:
                self._inbox.append(bytes(self._begun))
                self._begun = None

    def _lost(self, reason: Failure) -> None:
        # The request has to know first: it is not to be over before its connection is.
        self._http_lost(reason)
        self._gone = True
        self._closing = True
        self._take_back()
        self._wake()

    # What goes to the network

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data != SEND_EOF:
                self._write(data)

    def _write(self, data: bytes) -> None:
        if self._gone:
            return
        self._request.sentLength += len(data)
        if self._unsent is not None:
            self._unsent += len(data)
        self._transport.write(data)

    def _end(self) -> None:
        """Hang up after what was written is sent, or in any case after some seconds."""
        self._closing = True
        self._take_back()
        if not self._gone:
            self._take_back = self._homeserver.call_later(CLOSE_SECONDS, self._abort)
            # The other side's leave may still be on its way, behind messages that nobody wants.
            self._read_on()
            if self._protocol.eof_sent:
                self._transport.unregisterProducer()
                self._hang_up_kindly()
        self._wake()

    def _hang_up_kindly(self) -> None:
        in_order = self._protocol.close_rcvd is not None
        if in_order or ISSLTransport.providedBy(self._transport):
            self._transport.loseConnection()
        else:
            # To close it while more comes in would take away what we said last, unread.
            self._transport.loseWriteConnection()

    def _read_on(self) -> None:
        if not self._reading:
            self._reading = True
            self._transport.resumeProducing()

    def _abort(self) -> None:
        if not self._gone:
            self._transport.abortConnection()

    # Time

    def _look_again(self) -> None:
        """Ask whether the other side is still there, and give it up if it did not answer before."""
        if self._closing:
            return
        if not self._heard and self._reading:
            self._abort()
            return
        self._heard = False
        self._take_back = self._homeserver.call_later(KEEP_ALIVE, self._look_again)
        self._protocol.send_ping(b"")
        self._flush()
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            # What waited goes on in here, and must not leave its logging context to our caller.
            with PreserveLoggingContext():
                waiting.callback(None)

    # Twisted's IPushProducer: whether the reader keeps up

    def pauseProducing(self) -> None:
        """Note that the reader is slow; Twisted says so at every write."""
        if self._unsent is None:
            self._unsent = 0

    def resumeProducing(self) -> None:
        """Note that the reader has caught up."""
        self._unsent = None

    def stopProducing(self) -> None:
        """Note that nothing can be written any more; the connection's end is told as well."""


def accept(request: SynapseRequest, homeserver: Homeserver) -> WebSocket:
    """Turn a request into an open WebSocket.

    Raises:
        SynapseError: it asks for no WebSocket, or for one in a wrong way.
    """
    protocol = ServerProtocol(max_size=MAX_MESSAGE, logger=_protocol_log)
    # Synapse has read the request; the protocol reads only what it needs of it, and so nothing
    # of the address, which may hold an access token, gets into its logs.
    headers = Headers(
        (name.decode(), value.decode("latin-1"))
        for name, values in request.requestHeaders.getAllRawHeaders()
        if name.lower() in _HANDSHAKE or name.lower().startswith(b"sec-websocket-")
        for value in values
    )
    asked = Request("/", headers, request.method.decode(), request.clientproto.decode())
    protocol.receive_data(asked.serialize())
    protocol.events_received()
    answer = protocol.accept(asked)
    if answer.status_code != HTTPStatus.SWITCHING_PROTOCOLS or protocol.eof_sent:
        if answer.status_code == HTTPStatus.UPGRADE_REQUIRED:
            request.setHeader(b"Upgrade", b"websocket")
        raise SynapseError(
            max(answer.status_code, HTTPStatus.BAD_REQUEST),
            f"This address is for WebSockets (RFC 6455): {protocol.handshake_exc}.",
            "M_UNRECOGNIZED",
        )
    if request.channel is None:
        raise SynapseError(HTTPStatus.BAD_REQUEST, "The connection is gone.")
    protocol.send_response(answer)
    socket = WebSocket(request, protocol, homeserver)
    socket.start(b"".join(protocol.data_to_send()))
    return socket


def _short(reason: str) -> str:
    return reason.encode()[:MAX_REASON].decode(errors="ignore")
