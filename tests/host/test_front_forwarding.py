"""The front passes requests on to twins, and their answers back, as they come."""

import asyncio
import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.host.front_stage import (
    ALICE,
    BOB,
    LIMITS,
    PATIENCE,
    TRIAL,
    Client,
    Stage,
    Writer,
    answering,
    body_of,
    staged,
    until,
    websocket,
)
from twin_module.testing.person import eventually

LARGE = 8 * 2**20


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.chdir(tmp_path)
    with staged(tmp_path) as stage:
        yield stage


def test_a_request_reaches_the_twin_of_its_host_and_the_answer_comes_back(stage: Stage) -> None:
    alice, bob = stage.twin(ALICE), stage.twin(BOB)
    with Client(stage.plain) as client:
        answer = client.get("/_matrix/client/versions?a=%2f&b", more="Accept: */*\r\n")
    assert answer.status == 200
    head = answer.json["head"]
    assert head.startswith("GET /_matrix/client/versions?a=%2f&b HTTP/1.1\r\n")
    assert f"host: {ALICE}\r\n" in head.lower()
    assert "accept: */*\r\n" in head.lower()
    assert "X-Forwarded-For: 127.0.0.1\r\n" in head
    assert "X-Forwarded-Proto: http\r\n" in head
    assert (len(alice.seen), len(bob.seen)) == (1, 0)


@pytest.mark.parametrize("host", [BOB.upper(), f"{BOB}:443", f"{BOB}:8448"])
def test_a_host_counts_in_any_letters_and_with_any_port(stage: Stage, host: str) -> None:
    bob = stage.twin(BOB)
    with Client(stage.plain) as client:
        assert client.get(host=host).status == 200
    # It is the twin's to know how it was called.
    assert f"host: {host}\r\n".encode() in bob.seen[0].replace(b"Host", b"host")


def test_the_door_of_one_twin_leads_to_it_whatever_the_host_is(stage: Stage) -> None:
    carol = stage.twin(TRIAL)
    port = stage.door(tls=False, server_name=TRIAL)
    with Client(port) as client:
        assert client.get(host="whatever").status == 200
        assert client.get(host=ALICE).status == 200
    with Client(port) as client:
        assert client.write(b"GET /_matrix/x HTTP/1.0\r\n\r\n").answer().status == 200
    assert b"host: localhost:8448\r\n" in carol.seen[-1].lower()


def test_a_connection_serves_one_request_after_the_other(stage: Stage) -> None:
    stage.twin(ALICE)
    stage.twin(BOB)
    with Client(stage.plain) as client:
        for host in (ALICE, BOB, ALICE, "nobody.example.org", BOB):
            assert client.get(host=host).status == (404 if "nobody" in host else 200)


def test_what_is_about_one_connection_only_goes_no_further(stage: Stage) -> None:
    twin = stage.twin(
        behaviour=answering(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Mine\r\nX-Mine: 1\r\n"
            b"Keep-Alive: timeout=5\r\nX-Other: 2\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\nok"
        )
    )
    with Client(stage.plain) as client:
        more = (
            "Connection: keep-alive, x-private\r\nX-Private: 1\r\nTE: trailers\r\nX-Public: 1\r\n"
        )
        answer = client.get(more=f"{more}Keep-Alive: 5\r\nProxy-Authorization: secret\r\n")
    seen = twin.seen[0].lower()
    assert b"x-public: 1" in seen
    for name in (b"x-private", b"te:", b"keep-alive", b"proxy-"):
        assert name not in seen
    assert answer.headers["x-other"] == "2"
    assert answer.headers["set-cookie"] == "b"
    assert not {"x-mine", "keep-alive"} & answer.headers.keys()


def test_nobody_can_say_in_place_of_the_front_where_a_request_is_from(stage: Stage) -> None:
    twin = stage.twin()
    with Client(stage.plain) as client:
        client.get(
            more="X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\n"
            "x-forwarded-host: evil\r\nX-Real-IP: 6.6.6.6\r\nConnection: Host, X-Forwarded-Proto\r\n"
        )
    seen = twin.seen[0]
    assert b"6.6.6.6" not in seen
    assert b"evil" not in seen
    assert seen.count(b"X-Forwarded-For: 127.0.0.1") == 1
    assert seen.count(b"X-Forwarded-Proto: http\r\n") == 1
    assert ALICE.encode() in seen


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_goes_up_whole_and_is_not_collected(stage: Stage, chunked: bool) -> None:
    got: list[str] = []
    held = threading.Event()

    async def slowly(reader: Any, writer: Writer) -> None:
        head = await reader.head()
        await until(held)
        got.append(hashlib.sha256(await body_of(reader, head)).hexdigest())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    stage.twin(behaviour=slowly)
    body = os.urandom(LARGE)
    with Client(stage.plain) as client:
        kind = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {LARGE}"
        client.write(f"PUT /_matrix/x HTTP/1.1\r\nHost: {ALICE}\r\n{kind}\r\n\r\n".encode())
        sent = _send_what_is_taken(client.socket, _chunks(body) if chunked else body)
        # All but what the system's own buffers hold stays with the client.
        assert 0 < sent < LARGE
        held.set()
        client.write((_chunks(body) if chunked else body)[sent:])
        assert client.answer().status == 200
    assert got == [hashlib.sha256(body).hexdigest()]


def _chunks(body: bytes) -> bytes:
    parts = [body[at : at + 100_000] for at in range(0, len(body), 100_000)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def _send_what_is_taken(connection: socket.socket, data: bytes) -> int:
    """Send until nothing more has been taken for a while."""
    connection.settimeout(1)
    sent = 0
    try:
        while sent < len(data):
            sent += connection.send(data[sent : sent + 65536])
    except TimeoutError:
        pass
    connection.settimeout(PATIENCE)
    return sent


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_answer_comes_down_whole_and_is_not_collected(stage: Stage, chunked: bool) -> None:
    body = os.urandom(LARGE)
    written: list[int] = []

    async def pour(reader: Any, writer: Writer) -> None:
        await reader.head()
        kind = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % LARGE
        writer.write(b"HTTP/1.1 200 OK\r\n%s\r\n\r\n" % kind)
        data = _chunks(body) if chunked else body
        for at in range(0, len(data), 65536):
            writer.write(data[at : at + 65536])
            await writer.drain()
            written.append(at)

    stage.twin(behaviour=pour)
    with Client(stage.plain) as client:
        client.write(f"GET /_matrix/x HTTP/1.1\r\nHost: {ALICE}\r\n\r\n".encode())
        eventually(lambda: written)
        before = -1
        while before != len(written):
            before = len(written)
            threading.Event().wait(0.5)
        assert written[-1] < LARGE - 65536
        assert client.answer().body == body


def test_a_stream_is_passed_on_line_by_line(stage: Stage) -> None:
    go_on = threading.Event()

    async def stream(reader: Any, writer: Writer) -> None:
        await reader.head()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
        writer.write(b"Transfer-Encoding: chunked\r\n\r\n7\r\nfirst\n\n\r\n")
        await until(go_on)
        writer.write(b"6\r\nlast\n\n\r\n0\r\n\r\n")

    stage.twin(behaviour=stream)
    with Client(stage.plain) as client:
        client.write(f"GET /_matrix/stream HTTP/1.1\r\nHost: {ALICE}\r\n\r\n".encode())
        found = b""
        while b"first" not in found:
            found += client.socket.recv(1000)
        assert b"last" not in found
        go_on.set()
        while not found.endswith(b"0\r\n\r\n"):
            found += client.socket.recv(1000)
        assert b"last" in found


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nETag: x\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: x\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\nETag: x\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 99\r\n\r\n"),
    ],
)
def test_answers_without_a_body_end_with_their_head(
    stage: Stage, method: str, answer: bytes
) -> None:
    stage.twin(behaviour=answering(answer))
    with Client(stage.plain) as client:
        for _ in range(2):
            client.write(f"{method} /_matrix/x HTTP/1.1\r\nHost: {ALICE}\r\n\r\n".encode())
            got = client.answer(method)
            assert got.status == int(answer.split()[1])
            assert got.headers["etag"] == "x"
            if b"1234" in answer:
                assert got.headers["content-length"] == "1234"


def test_after_an_answer_without_a_body_comes_one_with_a_body(stage: Stage) -> None:
    stage.twin()
    with Client(stage.plain) as client:
        client.write(f"HEAD /_matrix/x HTTP/1.1\r\nHost: {ALICE}\r\n\r\n".encode()).answer("HEAD")
        answer = client.write(b"no request\r\n\r\n").answer()
        assert (answer.status, answer.json["errcode"]) == (400, "M_UNRECOGNIZED")


def test_an_answer_that_ends_with_its_connection_ends_for_the_client_too(stage: Stage) -> None:
    stage.twin(behaviour=answering(b"HTTP/1.0 200 OK\r\n\r\nall there is"))
    with Client(stage.plain) as client:
        for _ in range(2):
            assert client.get().body == b"all there is"
    with Client(stage.plain) as client:
        client.write(f"GET /_matrix/x HTTP/1.0\r\nHost: {ALICE}\r\n\r\n".encode())
        assert client.rest().endswith(b"\r\n\r\nall there is")


def test_a_client_that_asks_first_sends_its_body_when_the_twin_says_so(stage: Stage) -> None:
    async def careful(reader: Any, writer: Writer) -> None:
        head = await reader.head()
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await body_of(reader, head)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n%s" % body[-4:])

    twin = stage.twin(behaviour=careful)
    with Client(stage.plain) as client:
        for _ in range(2):
            client.write(f"PUT /_matrix/x HTTP/1.1\r\nHost: {ALICE}\r\n".encode())
            client.write(b"Content-Length: 8\r\nExpect: 100-continue\r\n\r\n")
            told = client.socket.recv(1000)
            assert told.startswith(b"HTTP/1.1 100 Continue\r\n")
            assert client.write(b"longbody").answer().body == b"body"
    assert b"expect: 100-continue" in twin.seen[0].lower()


def test_a_refusal_before_the_body_reaches_a_client_that_goes_on_sending(stage: Stage) -> None:
    async def refuse(reader: Any, writer: Writer) -> None:
        await reader.head()
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")

    stage.twin(behaviour=refuse)
    with Client(stage.plain) as client:
        client.write(
            f"PUT /_matrix/x HTTP/1.1\r\nHost: {ALICE}\r\nContent-Length: 500000\r\n\r\n".encode()
        )
        client.write(bytes(400_000))
        answer = client.answer()
        assert (answer.status, answer.body) == (413, b"no")
        assert client.rest() == b""


def test_notices_before_an_answer_are_passed_on(stage: Stage) -> None:
    stage.twin(
        behaviour=answering(
            b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        )
    )
    with Client(stage.plain) as client:
        client.write(f"GET /_matrix/x HTTP/1.1\r\nHost: {ALICE}\r\n\r\n".encode())
        found = b""
        while b"200 OK" not in found:
            found += client.socket.recv(1000)
        assert found.startswith(b"HTTP/1.1 103 Early Hints\r\nlink: </x>")
    with Client(stage.plain) as client:
        # Who speaks the version of before knows no such thing.
        client.write(f"GET /_matrix/x HTTP/1.0\r\nHost: {ALICE}\r\n\r\n".encode())
        assert client.rest().startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_websocket_is_opened_and_messages_go_both_ways(stage: Stage) -> None:
    twin = stage.twin(behaviour=websocket)
    connection = socket.create_connection(("127.0.0.1", stage.plain))
    with connect(f"ws://{ALICE}/_matrix/socket", sock=connection, compression=None) as client:
        for size in (0, 5, 70_000, 500_000):
            client.send(b"m" * size)
            assert client.recv(PATIENCE) == b"m" * size
    assert b"x-forwarded-for: 127.0.0.1" in twin.seen[0].lower()
    eventually(lambda: twin.connections == 0)


def test_a_websocket_that_a_twin_refuses_is_an_answer_like_others(stage: Stage) -> None:
    twin = stage.twin(behaviour=answering(b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno"))
    with Client(stage.plain) as client:
        for _ in range(2):
            answer = client.get(more="Connection: Upgrade\r\nUpgrade: websocket\r\n")
            assert (answer.status, answer.body) == (401, b"no")
    assert b"upgrade: websocket" in twin.seen[0].lower()


def test_other_protocols_are_not_handed_on(stage: Stage) -> None:
    twin = stage.twin()
    with Client(stage.plain) as client:
        more = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"
        assert client.get(more=more).status == 200
    assert b"upgrade" not in twin.seen[0].lower()
    assert b"settings" not in twin.seen[0].lower()


def test_a_twin_that_is_down_is_said_to_be_until_it_is_up(stage: Stage) -> None:
    with Client(stage.plain) as client:
        answer = client.get()
        assert answer.status == 502
        assert answer.json == {"errcode": "M_UNKNOWN", "error": "The twin of this name is down."}
        assert answer.headers["access-control-allow-origin"] == "*"
        # A socket that nobody holds any more.
        socket_path = stage.places.relative_socket(ALICE)
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(socket_path)
        assert client.get().status == 502
        Path(socket_path).unlink()
        stage.twin()
        assert client.get().status == 200


def test_a_twin_that_wakes_late_answers_all_who_waited(stage: Stage) -> None:
    path = stage.places.relative_socket(ALICE)
    with socket.socket(socket.AF_UNIX) as held:
        held.bind(path)
        # More than the queue of the socket takes.
        held.listen(2)
        clients = [Client(stage.plain) for _ in range(10)]
        for client in clients:
            client.write(f"GET /_matrix/x HTTP/1.1\r\nHost: {ALICE}\r\n\r\n".encode())
        clients[0].socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            clients[0].socket.recv(1)
        for _ in clients:
            taken, _ = held.accept()
            with taken:
                taken.settimeout(PATIENCE)
                taken.recv(1000)
                taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nup")
        for client in clients:
            with client:
                client.socket.settimeout(PATIENCE)
                assert client.answer().body == b"up"


def test_a_twin_that_dies_before_its_answer_is_an_answer_of_the_front(stage: Stage) -> None:
    stage.twin(behaviour=answering(b""))
    with Client(stage.plain) as client:
        answer = client.get()
        assert (answer.status, answer.json["errcode"]) == (502, "M_UNKNOWN")
        assert client.get().status == 502


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot all",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n",
    ],
)
def test_an_answer_that_is_cut_can_not_be_taken_for_a_whole_one(
    stage: Stage, answer: bytes
) -> None:
    stage.twin(behaviour=answering(answer))
    with Client(stage.plain) as client:
        client.write(f"GET /_matrix/x HTTP/1.1\r\nHost: {ALICE}\r\n\r\n".encode())
        found = client.rest()
        assert found.endswith(b"<reset>")
        assert b"\r\n0\r\n" not in found


@pytest.mark.parametrize(
    "answer", [b"what?\r\n\r\n", b"HTTP/1.1 101 No\r\nUpgrade: x\r\n\r\n", b"HTTP/1.1 2 OK\r\n\r\n"]
)
def test_what_is_no_answer_is_not_passed_on(stage: Stage, answer: bytes) -> None:
    stage.twin(behaviour=answering(answer))
    with Client(stage.plain) as client:
        assert client.get().status == 502


def test_nobody_keeps_a_twin_busy_who_is_gone(stage: Stage) -> None:
    async def wait(reader: Any, writer: Writer) -> None:
        await reader.head()
        await reader.read()

    twin = stage.twin(behaviour=wait)
    with Client(stage.plain) as client:
        client.write(f"GET /_matrix/sync HTTP/1.1\r\nHost: {ALICE}\r\n\r\n".encode())
        eventually(lambda: twin.seen)
        assert twin.connections == 1
    eventually(lambda: twin.connections == 0)


def test_two_hundred_clients_are_served_at_once(stage: Stage) -> None:
    together = threading.Barrier(201)

    async def wait(reader: Any, writer: Writer) -> None:
        await reader.head()
        if twin.connections == 200:
            full.set()
        await full.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    full = asyncio.Event()
    twin = stage.twin(behaviour=wait)
    answers: list[bytes] = []

    def ask() -> None:
        with Client(stage.plain) as client:
            together.wait(PATIENCE)
            answers.append(client.get().body)

    threads = [threading.Thread(target=ask) for _ in range(200)]
    for thread in threads:
        thread.start()
    together.wait(PATIENCE)
    for thread in threads:
        thread.join(PATIENCE)
    assert answers == [b"ok"] * 200


def test_a_client_that_takes_nothing_is_let_go(stage: Stage) -> None:
    async def pour(reader: Any, writer: Writer) -> None:
        await reader.head()
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(65536))
            await writer.drain()

    def is_let_go() -> bool:
        stage.let_pass(LIMITS.stall_seconds / 4)
        return twin.connections == 0

    twin = stage.twin(behaviour=pour)
    with Client(stage.plain) as client:
        client.write(f"GET /_matrix/x HTTP/1.1\r\nHost: {ALICE}\r\n\r\n".encode())
        eventually(lambda: twin.seen)
        eventually(is_let_go)


def test_what_is_under_way_when_the_front_ends_comes_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    async def wait(reader: Any, writer: Writer) -> None:
        await reader.head()
        await until(go_on)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    monkeypatch.chdir(tmp_path)
    with staged(tmp_path, replace(LIMITS, grace_seconds=PATIENCE)) as stage:
        twin = stage.twin(behaviour=wait)
        with Client(stage.plain) as busy, Client(stage.plain) as idle:
            busy.write(f"GET /_matrix/x HTTP/1.1\r\nHost: {ALICE}\r\n\r\n".encode())
            eventually(lambda: twin.seen)
            closing = stage.begin(stage.server.close())
            assert idle.rest() == b""
            go_on.set()
            assert busy.answer().body == b"ok"
        closing.result(PATIENCE)
        with pytest.raises(ConnectionRefusedError):
            Client(stage.plain)
