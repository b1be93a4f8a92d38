"""A front in this process, twins of a few lines behind it, and clients that write their own bytes."""

import asyncio
import json
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, Self, TypeAlias, TypeVar, cast

from cryptography import x509
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from twin_module.host.doors import METRICS
from twin_module.host.front.limits import Limits
from twin_module.host.front.server import Server
from twin_module.host.options import Door
from twin_module.host.places import Places
from twin_module.host.table import Entry, changing_table

PATIENCE = 30.0
ALICE, BOB, TRIAL = "alice.example.org", "bob.example.org", "localhost:8448"
LIMITS = Limits(grace_seconds=0.2, linger_seconds=PATIENCE)

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
Behaviour: TypeAlias = Callable[[Any, Writer], Awaitable[None]]
T = TypeVar("T")


class EarlyLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock can be put forward."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


class LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = EarlyLoop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what a coroutine returns that runs in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def put_forward(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self.loop.ahead += seconds
        self.loop.call_soon_threadsafe(lambda: None)

    def end(self) -> None:
        """Stop the loop; what still runs in it is cancelled."""
        self.run(_cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()


async def _cancel_all() -> None:
    others = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@dataclass
class Twin:
    """What listens at a twin's socket: it keeps what it gets, and behaves as it was told."""

    server_name: str
    behaviour: Behaviour
    seen: list[bytes] = field(default_factory=list)
    """The heads of requests, as they came."""
    connections: int = 0
    """Now open."""
    faults: list[BaseException] = field(default_factory=list)
    """What went wrong in its behaviour; a test fails for it."""
    _server: asyncio.Server | None = None

    async def listen(self, places: Places) -> None:
        self._server = await asyncio.start_unix_server(
            self._serve, places.relative_socket(self.server_name), backlog=400
        )

    async def leave(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: Reader, writer: Writer) -> None:
        self.connections += 1
        try:
            await self.behaviour(Recorder(reader, self.seen), writer)
        except (OSError, asyncio.IncompleteReadError):
            # The front went, as it does when its client goes.
            pass
        except Exception as error:  # noqa: BLE001
            self.faults.append(error)
        finally:
            self.connections -= 1
            writer.close()


class Recorder:
    """A reader that notes heads of requests."""

    def __init__(self, reader: Reader, seen: list[bytes]) -> None:
        self._reader = reader
        self._seen = seen

    async def head(self) -> bytes:
        """Read the head of a request."""
        head: bytes = await self._reader.readuntil(b"\r\n\r\n")
        self._seen.append(head)
        return head

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)


async def body_of(reader: Any, head: bytes) -> bytes:
    """Read a whole body, of either kind."""
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        found = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            found += await reader.readexactly(size)
            assert await reader.readline() == b"\r\n"
        assert await reader.readline() == b"\r\n"
        return found
    if b"content-length: " in lower:
        length = lower.split(b"content-length: ")[1].split(b"\r\n")[0]
        return bytes(await reader.readexactly(int(length)))
    return b""


async def until(event: threading.Event) -> None:
    """Wait for what happens in the test's thread."""
    assert await asyncio.to_thread(event.wait, PATIENCE)


async def echo(reader: Any, writer: Writer) -> None:
    """Answer with what the request was."""
    head = await reader.head()
    body = await body_of(reader, head)
    shown = json.dumps({"head": head.decode("latin-1"), "body": len(body)}).encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(shown), shown))
    await writer.drain()
    # Whatever else came would be noticed: nothing may.
    assert await reader.read() == b""


def answering(answer: bytes) -> Behaviour:
    """Return the behaviour of one that always answers the same bytes, and then hangs up."""

    async def behaviour(reader: Any, writer: Writer) -> None:
        await body_of(reader, await reader.head())
        writer.write(answer)
        await writer.drain()

    return behaviour


async def websocket(reader: Any, writer: Writer) -> None:
    """Send back each message."""
    protocol = ServerProtocol(max_size=2**20)
    protocol.receive_data(await reader.head())
    [request] = protocol.events_received()
    assert isinstance(request, Request)
    protocol.send_response(protocol.accept(request))
    while True:
        for data in protocol.data_to_send():
            if data:
                writer.write(data)
        await writer.drain()
        if protocol.close_expected():
            return
        data = await reader.read(65536)
        protocol.receive_data(data)
        for frame in protocol.events_received():
            if isinstance(frame, Frame) and frame.opcode is not Opcode.CLOSE:
                protocol.send_binary(frame.data)


class Stage:
    """A host's data folder with its front."""

    def __init__(self, data: Path, limits: Limits = LIMITS) -> None:
        self.places = Places(data)
        self.places.run.mkdir()
        (data / "certificates").mkdir()
        self.entries = [Entry("alice", ALICE), Entry("bob", BOB), Entry("carol", TRIAL)]
        self.write_table()
        self._thread = LoopThread()
        self.twins: list[Twin] = []
        self.server = self._thread.run(self._make(limits))
        self.plain = self.door(tls=False)

    async def _make(self, limits: Limits) -> Server:
        return Server(self.places, limits)

    def write_table(self) -> None:
        """Write the table of twins."""
        with changing_table(self.places.data) as table:
            table.clear()
            table.update({each.name: each for each in self.entries})

    def door(self, **options: Any) -> int:
        """Open a door, and return its port."""
        listening = socket.create_server(("127.0.0.1", 0), backlog=400)
        port: int = listening.getsockname()[1]
        self.open(Door(port=port, **options), listening)
        return port

    def open(self, door: Door, listening: socket.socket) -> None:
        """Open a door at a socket that listens."""
        self._call(lambda: self.server.open([(door, listening)]))

    def metrics(self) -> int:
        """Open the door for metrics."""
        return self.door(tls=False, server_name=METRICS)

    def twin(self, server_name: str = ALICE, behaviour: Behaviour = echo) -> Twin:
        """Let a twin listen."""
        twin = Twin(server_name, behaviour)
        self._thread.run(twin.listen(self.places))
        self.twins.append(twin)
        return twin

    def look_again(self) -> None:
        """Tell the front that files changed."""
        self._call(self.server.look_again)

    def begin(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Begin something in the front's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._thread.loop)

    def let_go(self, client: "Client", within: float) -> bytes:
        """Return what a client hears until the front ends the connection, while the time flies.

        The client hears nothing before the front has waited for so many seconds.
        """
        client.socket.settimeout(0.05)
        for _ in range(int(PATIENCE / 0.05)):
            # The front may begin to wait later than we do.
            self._thread.put_forward(within / 4)
            try:
                if client.socket.recv(1, socket.MSG_PEEK) is not None:
                    break
            except TimeoutError:
                continue
            except ConnectionResetError:
                return b"<reset>"
        client.socket.settimeout(PATIENCE)
        return client.rest()

    def let_pass(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self._thread.put_forward(seconds)

    def end(self) -> None:
        """Close all that is open."""
        self._thread.run(self.server.close())
        for twin in self.twins:
            self._thread.run(twin.leave())
        self._thread.end()
        assert [fault for twin in self.twins for fault in twin.faults] == []

    def _call(self, call: Callable[[], object]) -> None:
        async def called() -> None:
            call()

        self._thread.run(called())


@contextmanager
def staged(data: Path, limits: Limits = LIMITS) -> Iterator[Stage]:
    """Run a front until the end of the block; the working directory has to be the data folder."""
    stage = Stage(data, limits)
    try:
        yield stage
    finally:
        stage.end()


class Kept:
    """What was received and not read yet; it outlives the answer that is read of it."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def makefile(self, _: str) -> Self:
        return self

    def close(self) -> None:
        """Stay open for the next answer."""

    def really_close(self) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class Client:
    """A connection on which everything can be written."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None, name: str = "") -> None:
        connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        try:
            self.socket = (
                context.wrap_socket(connection, server_hostname=name or None)
                if context
                else connection
            )
        except BaseException:
            connection.close()
            raise
        self._file = Kept(self.socket.makefile("rb"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.really_close()
        self.socket.close()

    def write(self, data: bytes) -> Self:
        """Send bytes."""
        self.socket.sendall(data)
        return self

    def get(self, path: str = "/_matrix/x", host: str = ALICE, more: str = "") -> "Answered":
        """Ask for a path, and read the answer."""
        self.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode())
        return self.answer()

    def answer(self, method: str = "GET") -> "Answered":
        """Read one answer."""
        response = HTTPResponse(cast("socket.socket", self._file), method=method)
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answered(response.status, headers, response.read())

    def rest(self) -> bytes:
        """Read until the other side ends the connection."""
        found = b""
        try:
            while data := self._file.read1():
                found += data
        except ConnectionResetError:
            found += b"<reset>"
        return found


@dataclass(frozen=True)
class Answered:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


def trusting_nobody() -> ssl.SSLContext:
    """Return a client's TLS that takes any certificate, to look at it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def names_in(client: Client) -> list[str]:
    """Return the names in the certificate that a client was shown."""
    assert isinstance(client.socket, ssl.SSLSocket)
    shown = client.socket.getpeercert(binary_form=True)
    assert shown is not None
    certificate = x509.load_der_x509_certificate(shown)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return names.value.get_values_for_type(x509.DNSName)


def hello_for(name: bytes) -> bytes:
    """Return what TLS begins with, asking for a name that no library would ask for."""
    outgoing = ssl.MemoryBIO()
    tls = trusting_nobody().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="x" * 63 + ".org")
    with suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    hello = outgoing.read()
    old = b"x" * 63 + b".org"
    at = hello.index(old)
    grown = len(name) - len(old)
    # The lengths of the name, of the list, of the extension, of all extensions, of the message, of the record.
    patched = bytearray(hello[:at] + name + hello[at + len(old) :])
    for place in (at - 2, at - 5, at - 7):
        struct.pack_into("!H", patched, place, struct.unpack_from("!H", patched, place)[0] + grown)
    extensions = 9 + 2 + 32
    extensions += 1 + patched[extensions]
    extensions += 2 + struct.unpack_from("!H", patched, extensions)[0]
    extensions += 1 + patched[extensions]
    for place in (extensions, 7, 3):
        struct.pack_into("!H", patched, place, struct.unpack_from("!H", patched, place)[0] + grown)
    return bytes(patched)
