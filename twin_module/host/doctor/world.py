"""The world outside of a twin's folder, as the doctor asks it: names, connections, clocks, disks.

Checks decide by what the world answers, so that a test can be any world. Nothing that it answers is
to be trusted: names and pages belong to strangers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from cryptography.x509 import Certificate

from twin_module.host.space import Space

Why: TypeAlias = Literal["name", "unreachable", "slow", "certificate", "private", "garbled"]


class NoAnswer(Exception):
    """The world gave no answer that can be used; the message says why, in a few words."""

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True, slots=True)
class Service:
    """An SRV record (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str
    """A host name without a dot at its end; empty says that there is no such service."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a GET."""

    status: int
    headers: Mapping[str, str]
    """By names in lower case."""
    body: bytes
    address: str
    """Which address gave it."""
    received: datetime
    """When it came, by the clock of this machine."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """How a server introduces itself."""

    version: str
    """As OpenSSL calls it: TLSv1.3."""
    chain: tuple[Certificate, ...]
    """What the server sent, its own certificate first."""
    faults: tuple[int, ...]
    """What OpenSSL has against the chain, by its numbers (X509_V_ERR_…); empty when all is well."""
    name_fits: bool
    """Whether the certificate is for the name that was asked for."""


class World(Protocol):
    """What the doctor asks. Each call ends within seconds; the network's may be made in any thread."""

    def now(self) -> datetime:
        """Return what the clock of this machine says, in UTC."""

    def elapsed(self) -> float:
        """Return seconds on a clock that nobody sets."""

    def addresses(self, host: str) -> Sequence[str]:
        """Return the IP addresses of a host name, by A and AAAA records or /etc/hosts.

        Raises:
            NoAnswer: it has none, or nobody could say.
        """

    def services(self, name: str) -> Sequence[Service]:
        """Return the SRV records of a name; none is an empty list.

        Raises:
            NoAnswer: nobody could say.
        """

    def is_here(self, address: str) -> bool:
        """Tell whether an IP address is one of this machine."""

    def get(self, url: str, address: str, port: int, authorities: Sequence[Path]) -> Answer:
        """GET an https URL from a server at an address, following nothing.

        Args:
            url: its host is asked for in TLS and in the Host header.
            address: an IP address.
            port: where the server listens, which may be another than the URL's.
            authorities: files of certificates to trust instead of the system's; none trusts those.

        Raises:
            NoAnswer: there was none in time, or one that is no HTTP or too large.
        """

    def handshake(
        self, address: str, port: int, name: str, authorities: Sequence[Path]
    ) -> Handshake:
        """Shake hands by TLS and see what the server shows, whether it can be trusted or not.

        Args:
            address: an IP address.
            port: where the server listens.
            name: the host name or IP address that its certificate has to be for.
            authorities: as for `get`.

        Raises:
            NoAnswer: nothing there speaks TLS.
        """

    def clock_is_kept(self) -> bool | None:
        """Tell whether something keeps this machine's clock right; None where nobody can say."""

    def space(self, path: Path) -> Space:
        """Return how much room there is.

        Raises:
            OSError: there is no such path.
        """
