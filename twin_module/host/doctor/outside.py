"""The world as it is."""

import ctypes
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from twin_module.core.canonical import shown
from twin_module.host.doctor.begun import Begun
from twin_module.host.doctor.dns import NameServer, ask_for_services, name_servers
from twin_module.host.doctor.introduction import introduce
from twin_module.host.doctor.world import Answer, Handshake, NoAnswer, Service
from twin_module.host.space import Space, space_of

SECONDS: Final = 5.0
"""How long one question may take."""
MOST_BYTES: Final = 256 * 1024
"""Of an answer's body; what the doctor asks for has a hundredth of it."""
HTTPS: Final = 443
TIMEX_BYTES: Final = 1024
"""More than the kernel's `struct timex` has on any machine."""
CLOCK_IS_WRONG: Final = 5
"""TIME_ERROR of adjtimex(2)."""


class Outside:
    """Asks the real world."""

    def __init__(
        self, seconds: float = SECONDS, servers: Sequence[NameServer] | None = None
    ) -> None:
        """Make it.

        Args:
            seconds: how long one question may take.
            servers: name servers; None means those of this machine.
        """
        self._seconds = seconds
        self._servers = name_servers() if servers is None else servers

    def now(self) -> datetime:
        """Return what the clock of this machine says, in UTC."""
        return datetime.now(UTC)

    def elapsed(self) -> float:
        """Return seconds on a clock that nobody sets."""
        return time.monotonic()

    def addresses(self, host: str) -> Sequence[str]:
        """Return the addresses of a host name, as this machine's programs get them."""

        def look() -> list[str]:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            return list(dict.fromkeys(str(each[4][0]) for each in found))

        try:
            # The system's resolver can't be cut; it has patience of its own.
            return Begun(look).result(self._seconds)
        except TimeoutError:
            raise NoAnswer("slow", f"no name server answers within {self._seconds:g} s") from None
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no host name"
            raise NoAnswer("name", str(reason)) from None

    def services(self, name: str) -> Sequence[Service]:
        """Return the SRV records of a name."""
        return ask_for_services(name, self._servers, self._patience())

    def is_here(self, address: str) -> bool:
        """Tell whether an IP address is one of this machine."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.bind((address, 0))
        except OSError:
            return False
        return True

    def get(self, url: str, address: str, port: int, authorities: Sequence[Path]) -> Answer:
        """GET an https URL from a server at an address, following nothing."""
        parts = urlsplit(url)
        trust = _trust(authorities)
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port or HTTPS, context=trust
        )
        with closing(connection), self._connect(address, port) as stream:
            # Whoever sends a byte now and then would never run into a socket's own timeout.
            watch = _Watch(stream, self._seconds)
            try:
                tls = trust.wrap_socket(stream, server_hostname=parts.hostname)
                connection.sock = tls
                headers = {
                    "Host": parts.netloc,
                    "Accept": "application/json",
                    "Connection": "close",
                }
                connection.request("GET", path, headers={**headers, "User-Agent": "twin doctor"})
                response = connection.getresponse()
                body = response.read(MOST_BYTES + 1)
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise _no_answer(error, self._seconds, watch.barked) from None
            finally:
                watch.end()
        if watch.barked:
            raise _no_answer(TimeoutError(), self._seconds, barked=True)
        if len(body) > MOST_BYTES:
            raise NoAnswer("garbled", f"its answer has more than {MOST_BYTES // 1024} kB")
        lower = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, lower, body, address, self.now())

    def handshake(
        self, address: str, port: int, name: str, authorities: Sequence[Path]
    ) -> Handshake:
        """Shake hands by TLS and see what the server shows."""
        patience = self._patience()
        with self._connect(address, port) as stream:
            try:
                return introduce(stream, name, authorities, patience)
            except OSError as error:
                raise _no_answer(error, self._seconds) from None

    def clock_is_kept(self) -> bool | None:
        """Tell whether something keeps the clock right, as the kernel says (adjtimex(2), asked only)."""
        try:
            state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
        except (OSError, AttributeError):
            return None
        return None if state < 0 else state != CLOCK_IS_WRONG

    def space(self, path: Path) -> Space:
        """Return how much room there is."""
        return space_of(path)

    def _connect(self, address: str, port: int) -> socket.socket:
        try:
            return socket.create_connection((address, port), self._seconds)
        except (OSError, OverflowError) as error:
            raise _no_answer(error, self._seconds) from None

    def _patience(self) -> Callable[[], float]:
        end = time.monotonic() + self._seconds
        return lambda: end - time.monotonic()


class _Watch:
    """Cuts a connection at a time, whatever it is doing then."""

    def __init__(self, stream: socket.socket, seconds: float) -> None:
        # A descriptor of its own: the stream's changes hands when TLS begins.
        self._stream = stream.dup()
        self.barked = False
        self._timer = threading.Timer(seconds, self._bark)
        self._timer.daemon = True
        self._timer.start()

    def _bark(self) -> None:
        self.barked = True
        # It may have ended by itself a moment before.
        with suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        self._timer.cancel()
        self._timer.join()
        self._stream.close()


def _trust(authorities: Sequence[Path]) -> ssl.SSLContext:
    if not authorities:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for each in authorities:
        try:
            context.load_verify_locations(each)
        except OSError:
            raise NoAnswer("certificate", f"{each} holds no certificates") from None
    return context


def _no_answer(error: Exception, seconds: float, barked: bool = False) -> NoAnswer:
    if barked or isinstance(error, TimeoutError):
        return NoAnswer("slow", f"no answer within {seconds:g} s")
    if isinstance(error, ssl.SSLCertVerificationError):
        return NoAnswer("certificate", f"its certificate is not good: {error.verify_message}")
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or "for no reason that is known").lower().replace("_", " ")
        return NoAnswer("garbled", f"TLS fails: {reason}")
    if isinstance(error, OSError) and error.strerror:
        return NoAnswer("unreachable", error.strerror[0].lower() + error.strerror[1:])
    return NoAnswer("garbled", f"what answers speaks no HTTP ({shown(str(error))})")
