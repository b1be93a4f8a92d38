"""WebSockets in Synapse's own web server, as what comes in is friendly, clumsy or hostile."""

import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from synapse.http import request_metrics
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection

from tests.twins.echo import CLOSE, COUNT, FAIL, FLOOD, HOLD, PATH, Echo
from twin_module.rest import websocket
from twin_module.rest.websocket import MAX_MESSAGE, MAX_UNSENT, MAX_WAITING_MESSAGES
from twin_module.testing.person import eventually, request
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import OF_STOPPED_TWINS, Twin, TwinNetwork, connected
from twin_module.testing.typist import connect

INTRODUCTION = "Unhandled error in Deferred:"
"""Twisted says it before it says which error."""
MODULES = [{"module": "tests.twins.echo.Echo", "config": {}}]
HEAD = (
    f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
).encode()


@pytest.fixture(scope="module")
def server(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Twin]:
    """A homeserver that echoes."""
    with TwinNetwork(reactor_thread, tmp_path_factory.mktemp("echo")) as network:
        yield network.start("alice", modules=MODULES)


@pytest.fixture
def echo(server: Twin) -> Iterator[Echo]:
    """What answers at the homeserver; every test has to leave it without a connection."""
    found: Echo = server.module
    found.received = found.silences = 0
    yield found
    nothing_is_left(server, found)


@pytest.fixture
def url(server: Twin) -> str:
    """Where the sockets are."""
    return f"ws{server.url.removeprefix('http')}{PATH}"


@pytest.fixture(autouse=True)
def nothing_is_complained_of(server: Twin, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test during which a logging context was lost, or anything else was wrong."""
    caplog.handler.setLevel(logging.INFO)
    yield
    bad = [each for each in caplog.records if each.levelno >= logging.WARNING]
    # A server that starts, stops or asks another one has worries of its own in other places.
    ours = ("synapse.logging", "synapse.http.server", "synapse.http.site", "twin_module", "twisted")
    said = [complaint(each) for each in bad if each.name.startswith(ours)]
    said = [each for each in said if each != INTRODUCTION]
    assert [each for each in said if not any(part in each for part in OF_STOPPED_TWINS)] == []


def complaint(record: logging.LogRecord) -> str:
    """Return what a record says, with the exception that it is of."""
    error = record.exc_info[1] if record.exc_info else None
    return record.getMessage() if error is None else f"{record.getMessage()} {error!r}".strip()


def nothing_is_left(server: Twin, echo: Echo) -> None:
    """Wait until no connection is open and no request under way."""
    eventually(lambda: not echo.open, what="all sockets are closed")

    def connections() -> list[int]:
        listening = server.homeserver._listening_services
        return [
            each.getPeer().port
            for each in connected(server.thread.reactor)
            if getattr(each, "server", None) in listening
        ]

    eventually(lambda: not server.thread.call(connections), what="all connections are closed")
    flying = request_metrics._in_flight_requests
    eventually(lambda: not [each for each in flying if each.name == "Echo"], what="all is over")


def closed(connection: ClientConnection) -> tuple[int, str]:
    """Return the code and the reason with which a connection was closed."""
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            connection.recv(timeout=60)
    assert caught.value.rcvd is not None, "the server hung up without a word"
    return caught.value.rcvd.code, caught.value.rcvd.reason


# What is as it should be


@pytest.mark.parametrize("size", [1, 125, 126, 65535, 65536, MAX_MESSAGE])
def test_a_message_of_any_size_comes_back(size: int, url: str, echo: Echo) -> None:
    with connect(url, compression=None, max_size=None) as connection:
        message = bytes(range(256)) * (size // 256 + 1)
        connection.send(message[:size])
        assert connection.recv(timeout=60) == message[:size]


def test_a_message_in_pieces_comes_back_whole(url: str, echo: Echo) -> None:
    def pieces() -> Iterator[bytes]:
        for number in range(100):
            connection.ping()
            yield bytes([number]) * 1000

    with connect(url) as connection:
        connection.send(pieces())
        assert connection.recv(timeout=60) == b"".join(bytes([n]) * 1000 for n in range(100))


def test_many_messages_come_back_in_order(url: str, echo: Echo) -> None:
    with connect(url) as connection:
        for number in range(2000):
            connection.send(number.to_bytes(2))
        got = [
            int.from_bytes(bytes(connection.recv(timeout=60, decode=False))) for _ in range(2000)
        ]
    assert got == list(range(2000))


def test_what_was_sent_right_before_leaving_is_received(url: str, echo: Echo) -> None:
    with connect(url) as connection:
        for _ in range(1000):
            connection.send(b"last words")
    eventually(lambda: echo.received == 10_000, what="everything arrived")


def test_it_works_over_tls(server: Twin, echo: Echo) -> None:
    trust = ssl.create_default_context(cafile=server.facts.ca_file)
    url = f"wss://{server.server_name}{PATH}"
    with connect(url, ssl=trust, max_size=None) as connection:
        connection.send(bytes(MAX_MESSAGE))
        assert connection.recv(timeout=60) == bytes(MAX_MESSAGE)
    with connect(url, ssl=trust, max_size=None) as connection:
        connection.send(bytes(MAX_MESSAGE + 1))
        assert closed(connection)[0] == 1009


def test_what_comes_in_one_piece_with_the_request_is_received(server: Twin, echo: Echo) -> None:
    with raw(server) as wire:
        wire.sendall(HEAD + masked(b"early"))
        assert b"early" in until(wire, b"early")


def test_a_request_is_logged_with_the_status_that_means_a_websocket_and_without_its_token(
    url: str, echo: Echo, caplog: pytest.LogCaptureFixture
) -> None:
    # Until the end of the test: the line may come when the connection is closed already.
    caplog.set_level(logging.DEBUG)
    with connect(f"{url}?access_token=syt_secret&x=1") as connection:
        connection.send(b"hello")
        connection.recv(timeout=60)
    eventually(lambda: "Processed request" in caplog.text, what="the request is logged")
    [line] = [each for each in caplog.messages if "Processed request" in each]
    assert f'101 "GET {PATH}?access_token=<redacted>&x=1 HTTP/1.1"' in line
    ours = [each.getMessage() for each in caplog.records if each.name != "websockets.client"]
    assert "syt_secret" not in "".join(ours)


# What is no WebSocket


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 426),
        ({"Connection": "Upgrade", "Upgrade": "h2c"}, 426),
        ({"Connection": "Upgrade", "Upgrade": "websocket"}, 400),
        (
            {
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
                "Sec-WebSocket-Version": "12",
            },
            400,
        ),
    ],
)
def test_a_request_that_is_none_is_refused_in_words(
    headers: dict[str, str], status: int, server: Twin, echo: Echo
) -> None:
    answer = request(server.url, "GET", PATH, headers=headers)
    assert answer.status == status
    assert answer.body["errcode"] == "M_UNRECOGNIZED"
    assert "WebSocket" in answer.body["error"]


def test_text_is_refused(url: str, echo: Echo) -> None:
    with connect(url) as connection:
        connection.send("words")
        assert closed(connection) == (1003, "Send binary messages, not text.")


def test_a_message_that_is_too_large_is_refused_before_it_is_read(url: str, echo: Echo) -> None:
    with connect(url) as connection:
        connection.send(bytes(MAX_MESSAGE + 1))
        code, reason = closed(connection)
    assert code == 1009
    assert str(MAX_MESSAGE) in reason


def test_pieces_that_are_too_large_together_are_refused(url: str, echo: Echo) -> None:
    with connect(url) as connection:
        connection.send(bytes(2**18) for _ in range(5))
        assert closed(connection)[0] == 1009
    assert echo.received == 0


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x82\x05hello",  # not masked
        b"\xf2\x80\x00\x00\x00\x00",  # reserved bits
        b"\x83\x80\x00\x00\x00\x00",  # an unknown kind
        b"\x80\x80\x00\x00\x00\x00",  # goes on with nothing
        b"\x89\xfe\x00\xff\x00\x00\x00\x00" + bytes(255),  # a ping that is too long
        b"\x02\x81\x00\x00\x00\x00a\x82\x81\x00\x00\x00\x00b",  # one inside of another
        b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff",  # 2**64 - 1 bytes
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_garbage_is_refused(garbage: bytes, server: Twin, echo: Echo) -> None:
    with raw(server) as wire:
        wire.sendall(HEAD)
        until(wire, b"\r\n\r\n")
        wire.sendall(garbage)
        answer = until(wire, None)
    assert answer[:1] == bytes([0x88])
    assert int.from_bytes(answer[2:4]) in (1002, 1009)


# Ends


def test_a_reason_is_cut_to_what_fits(url: str, echo: Echo) -> None:
    with connect(url) as connection:
        connection.send(CLOSE + b"4001")
        code, reason = closed(connection)
    assert (code, len(reason)) == (4001, 123)


def test_a_bug_ends_the_connection(url: str, echo: Echo, caplog: pytest.LogCaptureFixture) -> None:
    with connect(url) as connection:
        connection.send(FAIL)
        with pytest.raises(ConnectionClosed):
            connection.recv(timeout=60)
    assert "on purpose" in caplog.text
    caplog.clear()


@pytest.mark.parametrize("begun", [b"", HEAD[:20], HEAD, HEAD + b"\x82\xfe\x10\x00half"])
def test_a_connection_that_breaks_leaves_nothing(begun: bytes, server: Twin, echo: Echo) -> None:
    with raw(server) as wire:
        wire.sendall(begun)


def test_one_that_neither_reads_nor_leaves_is_cut(
    server: Twin, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "CLOSE_SECONDS", 0.2)
    with raw(server) as wire:
        wire.sendall(HEAD + masked(FLOOD))
        eventually(lambda: echo.received == len(FLOOD), what="it is flooded")
        nothing_is_left(server, echo)


def test_one_that_does_not_answer_any_more_is_cut(
    server: Twin, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "KEEP_ALIVE", 0.2)
    with raw(server) as wire:
        wire.sendall(HEAD)
        until(wire, b"\r\n\r\n")
        assert until(wire, None, allow_reset=True).startswith(b"\x89\x00")


def test_one_that_is_only_silent_stays(url: str, echo: Echo, server: Twin) -> None:
    with connect(url) as connection:
        [waiting] = eventually(lambda: echo.open, what="the socket is open")
        for number in range(1, 7):
            server.thread.call(waiting._look_again)
            eventually(lambda: waiting._heard, what="it answered")
            eventually(lambda n=number: echo.silences == n, what="its user heard of the silence")  # type: ignore[misc]
        connection.send(b"hello")
        assert connection.recv(timeout=60) == b"hello"


def test_a_server_that_stops_says_so(own_network: TwinNetwork) -> None:
    twin = own_network.start("alice", modules=MODULES)
    with connect(f"ws{twin.url.removeprefix('http')}{PATH}") as connection:
        connection.send(b"hello")
        connection.recv(timeout=60)
        twin.thread.call(twin.module._hang_up)
        assert closed(connection) == (1001, "This twin stops; come back in a moment.")


@pytest.mark.parametrize("secure", [False, True])
def test_a_server_that_stops_leaves_nobody_waiting(secure: bool, own_network: TwinNetwork) -> None:
    twin = own_network.start("alice", modules=MODULES)
    trust = ssl.create_default_context(cafile=twin.facts.ca_file) if secure else None
    url = f"wss://{twin.server_name}" if secure else f"ws{twin.url.removeprefix('http')}"
    echo: Echo = twin.module
    with connect(f"{url}{PATH}", ssl=trust) as connection:
        connection.send(b"hello")
        connection.recv(timeout=60)
        twin.stop()
        with pytest.raises(ConnectionClosed):
            connection.recv(timeout=60)
    eventually(lambda: not echo.open, what="the server has let go")


# Too fast and too slow


def test_a_reader_that_is_too_slow_is_let_go_with_what_it_was_sent(url: str, echo: Echo) -> None:
    with connect(url, max_size=None) as connection:
        connection.send(FLOOD)
        got = 0
        with pytest.raises(ConnectionClosed) as caught:
            while True:
                got += len(connection.recv(timeout=60))
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, "slowly" in caught.value.rcvd.reason) == (1013, True)
    assert MAX_UNSENT < got < MAX_UNSENT + 2**20


def test_a_writer_that_is_too_fast_has_to_wait(url: str, server: Twin, echo: Echo) -> None:
    count, message = 600, COUNT.ljust(2**16)
    with connect(url) as connection:
        connection.send(HOLD)

        def write() -> None:
            for _ in range(count):
                connection.send(message)

        writing = threading.Thread(target=write)
        writing.start()

        def waiting() -> int:
            return len(echo.open[0]._inbox)

        eventually(lambda: waiting() >= MAX_WAITING_MESSAGES, what="it is full")
        assert waiting() <= MAX_WAITING_MESSAGES + 2
        assert writing.is_alive()
        server.thread.call(echo.go_on)
        writing.join(60)
        connection.send(b"all")
        assert connection.recv(timeout=60) == b"all"
    assert echo.received == len(HOLD) + count * len(message) + len(b"all")


# On the wire


def raw(server: Twin) -> socket.socket:
    """Return a connection without any protocol."""
    parts = urlsplit(server.url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60)


def masked(message: bytes) -> bytes:
    """Return a frame as a client sends it."""
    return Frame(Opcode.BINARY, message).serialize(mask=True)


def until(wire: socket.socket, end: bytes | None, *, allow_reset: bool = False) -> bytes:
    """Return what comes up to something, or up to the end of the connection."""
    got = b""
    while end is None or end not in got:
        try:
            more = wire.recv(65536)
        except ConnectionResetError:
            if not allow_reset:
                raise
            return got
        if not more:
            assert end is None, got
            return got
        got += more
    return got
