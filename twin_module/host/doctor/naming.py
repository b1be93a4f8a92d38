"""How other servers find a twin by its name (server-server API, "Resolving server names").

The order is the specification's: an IP literal, a port in the name, the well-known file, SRV records,
and port 8448 at the name itself.
"""

from dataclasses import dataclass, replace
from typing import Final

from synapse.util.stringutils import parse_and_validate_server_name

from twin_module.core.canonical import shown
from twin_module.host.doctor.asking import Asker, is_address, json_object
from twin_module.host.doctor.world import Answer, NoAnswer, Service

FEDERATION_PORT: Final = 8448
HIGHEST_PORT: Final = 65_535
MOST_TARGETS: Final = 4
LARGEST_WELL_KNOWN: Final = 50 * 1024
"""What Synapse reads of such a file, `WELL_KNOWN_MAX_SIZE`."""
OK: Final = 200


@dataclass(frozen=True, slots=True)
class Delegation:
    """What `/.well-known/matrix/server` says."""

    server: str | None
    """The server that speaks for the name; None when the file names none that is valid."""
    answer: Answer | None = None
    why: NoAnswer | None = None
    """Why there was no answer."""
    fault: str | None = None
    """Why what was answered counts for nothing."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect."""

    host: str
    port: int
    addresses: tuple[str, ...] = ()
    why: NoAnswer | None = None
    """Why it has no address."""


@dataclass(frozen=True, slots=True)
class Route:
    """The way from a server name to a server."""

    server_name: str
    how: str
    """By what it was found, as a part of a sentence."""
    host: str
    """What the certificate has to be for; an IP literal without brackets."""
    netloc: str
    """What stands in the Host header, and in URLs."""
    targets: tuple[Target, ...]
    """Tried in this order."""
    delegation: Delegation | None = None
    """None where the name has a port or is an IP literal, so that nobody asks for the file."""
    by_old_record: bool = False
    """Whether it was found by `_matrix._tcp`, which is deprecated."""

    def get(self, asker: Asker, path: str) -> Answer:
        """GET a path from the first target that answers.

        Raises:
            NoAnswer: none does.
        """
        last = NoAnswer("name", "there is no server behind its name")
        for target in self.targets:
            if target.why is not None:
                last = target.why
                continue
            try:
                return asker.get_at(f"https://{self.netloc}{path}", target.addresses, target.port)
            except NoAnswer as error:
                last = error
        raise last


def parse_name(server_name: str) -> tuple[str, int | None]:
    """Return host and port of a server name; an IPv6 address is without its brackets.

    Raises:
        ValueError: it is no server name.
    """
    host, port = parse_and_validate_server_name(server_name)
    if port is not None and not 0 < port <= HIGHEST_PORT:
        raise ValueError(f"{port} is no port")
    return host.removeprefix("[").removesuffix("]"), port


def find_route(asker: Asker, server_name: str) -> Route:
    """Find the way to a server.

    Raises:
        ValueError: it is no server name.
        NoAnswer: nobody can say, since no name server answers.
    """
    host, port = parse_name(server_name)
    if is_address(host) or port is not None:
        how = "by its IP address" if is_address(host) else "by the port in its name"
        return _direct(asker, server_name, how, server_name)
    delegation = _delegation(asker, host)
    if delegation.server is not None:
        found = _delegated(asker, server_name, delegation.server)
    else:
        found = _by_records(asker, server_name, server_name, "") or _direct(
            asker, server_name, f"at port {FEDERATION_PORT} of its name", server_name
        )
    return replace(found, delegation=delegation)


def _delegation(asker: Asker, host: str) -> Delegation:
    try:
        answer = asker.follow(f"https://{host}/.well-known/matrix/server")
    except NoAnswer as error:
        return Delegation(None, why=error)
    if answer.status != OK:
        return Delegation(None, answer)
    if len(answer.body) > LARGEST_WELL_KNOWN:
        return Delegation(None, answer, fault="is larger than servers read")
    said = json_object(answer)
    server = said.get("m.server") if said is not None else None
    if not isinstance(server, str):
        return Delegation(None, answer, fault="is no JSON with a text m.server")
    try:
        parse_name(server)
    except ValueError:
        return Delegation(None, answer, fault=f"names {shown(server)}, which is no server name")
    return Delegation(server, answer)


def _delegated(asker: Asker, server_name: str, delegate: str) -> Route:
    host, port = parse_name(delegate)
    how = f"by its well-known file, which names {delegate}"
    if port is None and not is_address(host):
        found = _by_records(asker, server_name, delegate, f"{how}, and ")
        if found is not None:
            return found
    return _direct(asker, server_name, how, delegate)


def _direct(asker: Asker, server_name: str, how: str, netloc: str) -> Route:
    host, port = parse_name(netloc)
    return Route(server_name, how, host, netloc, (_target(asker, host, port or FEDERATION_PORT),))


def _by_records(asker: Asker, server_name: str, host: str, before: str) -> Route | None:
    for service in ("_matrix-fed._tcp", "_matrix._tcp"):
        records = [each for each in asker.services(f"{service}.{host}") if _names_one(each)]
        if records:
            targets = tuple(_target(asker, e.target, e.port) for e in records[:MOST_TARGETS])
            how = f"{before}by its SRV record {service}"
            old = service == "_matrix._tcp"
            return Route(server_name, how, host, host, targets, by_old_record=old)
    return None


def _names_one(service: Service) -> bool:
    return bool(service.target) and service.port > 0


def _target(asker: Asker, host: str, port: int) -> Target:
    try:
        return Target(host, port, asker.addresses(host))
    except NoAnswer as error:
        return Target(host, port, why=error)
