"""Fetches public addresses through the agent with which Synapse makes previews of them.

That agent refuses what `ip_range_blacklist` names and `ip_range_whitelist` does not, for addresses
in digits as for what a name resolves to when it connects. It is asked for one answer at a time
and follows no redirect, so each hop is looked at anew.
"""

from collections.abc import Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

from synapse.logging.context import make_deferred_yieldable
from synapse.server import HomeServer
from synapse.util.async_helpers import timeout_deferred
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import UNKNOWN_LENGTH, IResponse

from twin_module.core.errors import TooLarge, Unreachable
from twin_module.core.ports import WebAnswer

USER_AGENT: Final = f"digital-twin/{version('twin-module')}"
NOBODY: Final = (
    "Nobody answers at this address as a server of the public web does. Addresses inside of the"
    " host's own network are not asked."
)
TOO_SLOW: Final = "The server at this address takes too long to answer."


async def fetch(
    hs: HomeServer, url: str, headers: Mapping[str, str], most: int, seconds: float
) -> WebAnswer:
    """Make one GET; see `Homeserver.fetch_public`."""
    clock = hs.get_clock()
    end = clock.time() + seconds
    sent = Headers({"User-Agent": [USER_AGENT]})
    for name, value in headers.items():
        sent.setRawHeaders(name, [value])
    agent = hs.get_proxied_blocklisted_http_client().agent
    try:
        response: IResponse = await make_deferred_yieldable(
            timeout_deferred(
                deferred=agent.request(b"GET", url.encode("ascii"), sent),
                timeout=seconds,
                clock=clock,
            )
        )
        answer = WebAnswer(response.code, _headers(response))
        if response.code != HTTPStatus.OK:
            response.deliverBody(_Unread())
            return answer
        body = _Body(most)
        if response.length != UNKNOWN_LENGTH and response.length > most:
            body.refuse()
        response.deliverBody(body)
        data = await make_deferred_yieldable(
            timeout_deferred(deferred=body.done, timeout=max(0.0, end - clock.time()), clock=clock)
        )
        return WebAnswer(response.code, answer.headers, data)
    except TooLarge:
        raise
    except Exception as error:
        # A hostile server has many ways not to speak HTTP or TLS; none of them is an error here.
        if clock.time() >= end:
            raise Unreachable(TOO_SLOW) from error
        raise Unreachable(NOBODY) from error


def _headers(response: IResponse) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, values in response.headers.getAllRawHeaders():
        found[name.decode("latin-1").lower()] = ", ".join(each.decode("latin-1") for each in values)
    return found


class _Unread(Protocol):
    """A body that nobody wants."""

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        _abort(self)


class _Body(Protocol):
    """A body of bounded size; who stops waiting for it ends the connection."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._data = bytearray()
        self.done: Deferred[bytes] = Deferred(lambda _: _abort(self))

    def refuse(self) -> None:
        """Say that it is too large; nothing more is read."""
        if not self.done.called:
            self.done.errback(
                TooLarge(f"What is at this address has more than {self._most} bytes.")
            )

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        if self.done.called:
            _abort(self)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        if self.done.called:
            return
        self._data += data
        if len(self._data) > self._most:
            self.refuse()
            _abort(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 - Twisted's name
        if self.done.called:
            return
        if reason.check(ResponseDone, PotentialDataLoss):
            self.done.callback(bytes(self._data))
        else:
            self.done.errback(reason)


def _abort(protocol: Protocol) -> None:
    """End a connection at once: a server that goes on sending keeps no polite one from it."""
    # What a body protocol gets is a proxy, which can only ask politely.
    connection: Any = getattr(protocol.transport, "_producer", None)
    if connection is not None:
        connection.abortConnection()
