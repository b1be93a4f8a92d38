"""SRV records, asked from the name servers of this machine.

The standard library knows addresses only. Twisted reads and writes the messages (RFC 1035, RFC 2782);
they go over plain sockets here, since this command runs no reactor.
"""

import re
import secrets
import socket
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from twisted.names import dns

from twin_module.host.doctor.world import NoAnswer, Service

NameServer: TypeAlias = tuple[str, int]

RESOLV_CONF: Final = Path("/etc/resolv.conf")
PORT: Final = 53
LARGEST: Final = 65_535
MOST_RECORDS: Final = 16
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,250}")


def name_servers(path: Path = RESOLV_CONF) -> list[NameServer]:
    """Return the name servers of this machine (resolv.conf(5)); its own when none is named."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    words = [line.split() for line in lines]
    named = [(each[1], PORT) for each in words if len(each) > 1 and each[0] == "nameserver"]
    return named or [("127.0.0.1", PORT)]


def ask_for_services(
    name: str, servers: Sequence[NameServer], seconds_left: Callable[[], float]
) -> list[Service]:
    """Return the SRV records of a name, best first.

    Args:
        name: what to ask for.
        servers: asked one after the other, until one answers.
        seconds_left: how long it may take from now on.

    Raises:
        NoAnswer: no name server answers.
    """
    if not _NAME.fullmatch(name):
        return []
    question = dns.Message(id=secrets.randbelow(65_536), recDes=1)
    question.addQuery(name.encode(), dns.SRV)
    for number, server in enumerate(servers):
        try:
            answer = _ask(question, server, seconds_left() / (len(servers) - number))
        except OSError:
            continue
        if answer.rCode in (dns.OK, dns.ENAME):
            return _services(answer)
    raise NoAnswer("name", "no name server answers")


def _ask(question: dns.Message, server: NameServer, seconds: float) -> dns.Message:
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.settimeout(max(seconds, 0.01))
        # Connected, it takes answers from nobody else.
        asking.connect(server)
        asking.send(question.toStr())
        answer = _read(question, asking.recv(LARGEST))
    return _ask_by_tcp(question, server, seconds) if answer.trunc else answer


def _ask_by_tcp(question: dns.Message, server: NameServer, seconds: float) -> dns.Message:
    packet = question.toStr()
    with socket.create_connection(server, max(seconds, 0.01)) as asking:
        asking.sendall(struct.pack(">H", len(packet)) + packet)
        with asking.makefile("rb") as incoming:
            (length,) = struct.unpack(">H", _exactly(incoming.read(2), 2))
            return _read(question, _exactly(incoming.read(length), length))


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise OSError("the answer ends too early")
    return data


def _read(question: dns.Message, packet: bytes) -> dns.Message:
    answer = dns.Message()
    try:
        answer.fromStr(packet)
    except (EOFError, ValueError, LookupError, struct.error):
        raise OSError("the answer is no message of DNS") from None
    if answer.id != question.id or not answer.answer or answer.queries != question.queries:
        raise OSError("the answer is to another question")
    return answer


def _services(answer: dns.Message) -> list[Service]:
    # What Twisted calls a payload has the type that the record's own type says.
    payloads: list[Any] = [each.payload for each in answer.answers if each.type == dns.SRV]
    found = [
        Service(each.priority, each.weight, each.port, _text(each.target.name)) for each in payloads
    ]
    return sorted(found, key=lambda each: (each.priority, -each.weight))[:MOST_RECORDS]


def _text(name: bytes) -> str:
    return name.decode("ascii", "backslashreplace").rstrip(".")
