"""Servers on loopback that behave as a test says: with TLS, or name servers."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from twisted.names import dns

from twin_module.host.certificates import ensure_ca, ensure_leaf
from twin_module.host.doctor.world import Service

Behave: TypeAlias = Callable[[socket.socket], None]


def trial_certificates(folder: Path) -> tuple[Path, Path, Path]:
    """Make what twins for trying out have: the authority's certificate, a server's, and its key."""
    now = datetime.now(UTC)
    ca = ensure_ca(folder, now)
    return (ca[0], *ensure_leaf(folder, ca, now))


def says(data: bytes) -> Behave:
    """Read a request, whatever it is, and answer with these bytes."""

    def behave(stream: socket.socket) -> None:
        stream.recv(65_536)
        stream.sendall(data)

    return behave


def page(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An answer of HTTP."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@contextmanager
def server(behave: Behave, certificate: tuple[Path, Path] | None = None) -> Iterator[int]:
    """Serve each connection, behind TLS when there is a certificate, and yield the port."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    open_streams: list[socket.socket] = []

    def serve(stream: socket.socket) -> None:
        # Whoever is cut off on either side is cut off on purpose.
        with suppress(OSError), closing(stream):
            stream.settimeout(30)
            wrapped = context.wrap_socket(stream, server_side=True) if context else stream
            with closing(wrapped):
                behave(wrapped)
                # Closing with something unread would take back what was sent.
                wrapped.shutdown(socket.SHUT_WR)
                while wrapped.recv(65_536):
                    pass

    def accept() -> None:
        while True:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            open_streams.append(stream.dup())
            thread = threading.Thread(target=serve, args=(stream,), daemon=True)
            threads.append(thread)
            thread.start()

    threads = [threading.Thread(target=accept, daemon=True)]
    threads[0].start()
    try:
        yield listener.getsockname()[1]
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for each in open_streams:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in threads:
            thread.join()


def records(question: bytes, services: Sequence[Service], *, cut: bool = False) -> bytes:
    """The answer of a name server to a question for SRV records."""
    asked = dns.Message()
    asked.fromStr(question)
    answer = dns.Message(id=asked.id, answer=1, trunc=int(cut))
    answer.queries = asked.queries
    for each in services:
        payload = dns.Record_SRV(each.priority, each.weight, each.port, each.target)
        name = asked.queries[0].name.name
        answer.answers.append(dns.RRHeader(name, dns.SRV, dns.IN, payload=payload))
    packet: bytes = answer.toStr()
    return packet


def _by_udp_and_tcp() -> tuple[socket.socket, socket.socket]:
    """Return sockets for both on one port, which only chance finds free for both."""
    while True:
        by_udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        by_udp.bind(("127.0.0.1", 0))
        try:
            return by_udp, socket.create_server(by_udp.getsockname())
        except OSError:
            by_udp.close()


@contextmanager
def name_server(
    answer: Callable[[bytes], Sequence[bytes]], by_tcp: Behave | None = None
) -> Iterator[tuple[str, int]]:
    """Answer each question by UDP with some packets, one by TCP if at all, and yield the address."""
    listener, streams = _by_udp_and_tcp()
    with listener, streams:
        address = listener.getsockname()

        def serve_stream(behave: Behave) -> None:
            stream, _ = streams.accept()
            with stream:
                behave(stream)

        def serve() -> None:
            while True:
                question, asker = listener.recvfrom(65_536)
                if not question:
                    return
                for packet in answer(question):
                    listener.sendto(packet, asker)

        threads = [threading.Thread(target=serve, daemon=True)]
        if by_tcp is not None:
            threads.append(threading.Thread(target=serve_stream, args=[by_tcp], daemon=True))
        for thread in threads:
            thread.start()
        try:
            yield address
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closing_one:
                closing_one.sendto(b"", address)
            for thread in threads:
                thread.join()
