"""Twins of one host reach each other over their sockets, without names, TLS, or the network."""

import os
import stat
from typing import Any, Final
from urllib.parse import urlsplit

from synapse.logging.context import make_deferred_yieldable, run_in_background
from twisted.internet.endpoints import UNIXClientEndpoint
from twisted.web.client import URI, Agent
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IAgentEndpointFactory, IBodyProducer, IResponse
from zope.interface import implementer

from twin_module.host.places import Places

SCHEME: Final = b"matrix-federation"
"""What Synapse calls what goes to a server by its name; all other addresses are of the web."""
CONNECT_SECONDS: Final = 60.0
FORWARDED: Final = {b"X-Forwarded-For": b"127.0.0.1", b"X-Forwarded-Proto": b"https"}
"""What a proxy in front would say."""


@implementer(IAgent)
class LocalAgent:
    """Takes requests to twins of this host to their sockets, and passes on all others."""

    def __init__(self, reactor: Any, places: Places, remote: IAgent) -> None:
        self._places = places
        self._remote = remote
        # Connections are not kept: making one costs nothing here, and a twin may fall asleep.
        self._agent = Agent.usingEndpointFactory(reactor, _Sockets(reactor, places))

    def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | None = None,
        bodyProducer: IBodyProducer | None = None,  # noqa: N803 - Twisted's name
    ) -> Any:
        """Make a request, see Twisted's own."""
        parts = urlsplit(uri)
        if parts.scheme != SCHEME or not is_here(self._places, parts.netloc.decode("ascii")):
            return self._remote.request(method, uri, headers, bodyProducer)
        sent = Headers() if headers is None else headers.copy()
        sent.setRawHeaders(b"Host", [parts.netloc])
        for name, value in FORWARDED.items():
            sent.setRawHeaders(name, [value])
        return run_in_background(self._ask, method, uri, sent, bodyProducer)

    async def _ask(
        self, method: bytes, uri: bytes, headers: Headers, body: IBodyProducer | None
    ) -> IResponse:
        response: IResponse = await make_deferred_yieldable(
            self._agent.request(method, uri, headers, body)
        )
        return response


def is_here(places: Places, server_name: str) -> bool:
    """Tell whether a server is a twin of this host that this process may connect to.

    Whoever asks another server for something chooses its name.
    """
    path = places.socket(server_name)
    if path.parent != places.run or path == places.control:
        return False
    try:
        return stat.S_ISSOCK(path.stat().st_mode) and os.access(path, os.W_OK)
    except (OSError, ValueError):
        return False


@implementer(IAgentEndpointFactory)
class _Sockets:
    def __init__(self, reactor: Any, places: Places) -> None:
        self._reactor = reactor
        self._places = places

    def endpointForURI(self, uri: URI) -> UNIXClientEndpoint:  # noqa: N802 - Twisted's name
        path = self._places.socket(uri.netloc.decode("ascii"))
        # An address has 107 bytes at most; the host's processes work in its data folder.
        address = min(str(path), os.path.relpath(path), key=len)
        return UNIXClientEndpoint(self._reactor, address, CONNECT_SECONDS)
