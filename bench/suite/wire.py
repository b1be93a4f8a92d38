"""The client of all contestants: HTTP over one connection that is kept open."""

import http.client
import json
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

IDLE: Final = 2.0
"""Seconds after which a connection is opened anew: some servers hang up after five."""
ERRORS: Final = 400
"""From this status on an answer is a refusal."""


class Refused(Exception):
    """A server answered with an error; the message says which."""


class Line:
    """One connection to a server; each of several clients at once has a line of its own."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=900)
        self._headers = dict(headers or {})
        self._used = time.monotonic()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Make a request and return the body of the answer.

        Raises:
            Refused: the answer is an error.
            OSError, http.client.HTTPException: there is no answer.
        """
        if time.monotonic() - self._used > IDLE:
            self._connection.close()
        self._connection.request(method, path, body, {**self._headers, **(headers or {})})
        response = self._connection.getresponse()
        answer = response.read()
        self._used = time.monotonic()
        if response.status >= ERRORS:
            said = answer[:200].decode(errors="replace")
            raise Refused(f"{method} {path[:80]} was answered with {response.status}: {said}")
        return answer

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """Make a request with and for JSON, and return what was answered."""
        if body is None:
            return json.loads(self.ask(method, path))
        kind = {"Content-Type": "application/json"}
        return json.loads(self.ask(method, path, json.dumps(body).encode(), kind))

    def close(self) -> None:
        """Hang up; whoever waits for an answer in another thread gets an error."""
        if self._connection.sock is not None:
            with suppress(OSError):  # the server may have hung up before
                self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._connection.close()
