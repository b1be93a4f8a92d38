"""What no honest client sends: none of it reaches a twin as something else than the front took it for."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from h11 import Request
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.host.front_stage import ALICE, LIMITS, Client, Stage, Writer, staged, until
from twin_module.testing.person import eventually

HOST = f"Host: {ALICE}\r\n".encode()
SMUGGLED = b"GET /_matrix/smuggled HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.chdir(tmp_path)
    with staged(tmp_path) as stage:
        yield stage


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST /_matrix/x HTTP/1.1\r\n%bContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        (b"POST /_matrix/x HTTP/1.1\r\n%bContent-Length: 3, 4\r\n\r\nabcd", 400),
        (b"POST /_matrix/x HTTP/1.1\r\n%bContent-Length: +3\r\n\r\nabc", 400),
        (b"POST /_matrix/x HTTP/1.1\r\n%bContent-Length: -1\r\n\r\nabc", 400),
        (b"POST /_matrix/x HTTP/1.1\r\n%bContent-Length: 0x3\r\n\r\nabc", 400),
        (b"POST /_matrix/x HTTP/1.1\r\n%bContent-Length: 999999999999999999999999\r\n\r\nabc", 400),
        (
            b"POST /_matrix/x HTTP/1.1\r\n%bContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (b"POST /_matrix/x HTTP/1.0\r\n%bTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /_matrix/x HTTP/1.1\r\n%bTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (b"POST /_matrix/x HTTP/1.1\r\n%bTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 501),
        (b"POST /_matrix/x HTTP/1.1\r\n%bTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
        (
            b"POST /_matrix/x HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            501,
        ),
        (b"POST /_matrix/x HTTP/1.1\r\n%bTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /_matrix/x HTTP/1.1\r\n%bTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET /_matrix/x HTTP/1.1\r\n%bX-Long: a\r\n  Transfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET /_matrix/x HTTP/1.1\r\n%bX-Bare: a\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET /_matrix/x HTTP/1.1\nHost: alice.example.org\n\n", 400),
        (b"GET /_matrix/x HTTP/1.1\r\n%bX-Bare: a\rTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET /_matrix/x HTTP/1.1\r\n%bX-Nul: a\x00b\r\n\r\n", 400),
        (b"GET /_matrix/\x00 HTTP/1.1\r\n%b\r\n", 400),
        (b"GET /_matrix/x HTTP/1.1\r\n%bX-Steers: a\x1bb\r\n\r\n", 400),
        (b"GET /_matrix/x HTTP/1.1\r\n%bHost: bob.example.org\r\n\r\n", 400),
        (b"GET /_matrix/x HTTP/1.1\r\n\r\n", 400),
        (b"GET /_matrix/x HTTP/1.0\r\n\r\n", 400),
        (b"GET /_matrix/x HTTP/1.1\r\nHost: alice.example.org@bob.example.org\r\n\r\n", 400),
        (b"GET /_matrix/x HTTP/1.1\r\nHost: ../keeper\r\n\r\n", 400),
        (b"GET /_matrix/x HTTP/1.1\r\nHost: keeper\r\n\r\n", 404),
        (b"GET /_matrix/x HTTP/1.1\r\nHost: localhost\r\n\r\n", 502),
        (b"GET http://alice.example.org/ HTTP/1.1\r\n%b\r\n", 400),
        (b"GET * HTTP/1.1\r\n%b\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\n%b\r\n", 400),
        (b"CONNECT alice.example.org:443 HTTP/1.1\r\n%b\r\n", 405),
        (b"TRACE / HTTP/1.1\r\n%b\r\n", 405),
        (b"GET /_matrix/x HTTP/2.0\r\n%b\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET  / HTTP/1.1\r\n%b\r\n", 400),
        (b"GET /_matrix/x HTTP/1.1 \r\n%b\r\n", 400),
        (b"GET /_matrix/ \r\n%b\r\n", 400),
        (b"\r\n\r\n", 400),
        (b": \r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET /_matrix/" + b"a" * 20_000 + b" HTTP/1.1\r\n%b\r\n", 431),
        (b"GET /_matrix/x HTTP/1.1\r\n%bX: " + b"a" * 17_000 + b"\r\n\r\n", 431),
        (b"GET /_matrix/x HTTP/1.1\r\n%b" + b"X: a\r\n" * 100 + b"\r\n", 431),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(
    stage: Stage, request_: bytes, status: int
) -> None:
    twin = stage.twin()
    with Client(stage.plain) as client:
        client.write(request_.replace(b"%b", HOST) + SMUGGLED)
        answer = client.answer()
        assert answer.status == status
        assert answer.json["errcode"].startswith("M_")
        assert answer.headers["access-control-allow-origin"] == "*"
        if status not in {404, 502}:
            # What comes after is not looked at.
            assert client.rest() == b""
            assert not twin.seen


@pytest.mark.parametrize(
    "body",
    [
        b"5\nabcde\r\n0\r\n\r\n",
        b"5\r\nabcdeXX0\r\n\r\n",
        b"0x5\r\nabcde\r\n0\r\n\r\n",
        b"-5\r\nabcde\r\n0\r\n\r\n",
        b"fffffffffffffffffffff\r\n",
        b"5;a\nb\r\nabcde\r\n0\r\n\r\n",
        b"\r\n\r\n",
        b"5" + b";x" * 10_000,
    ],
)
def test_chunks_that_could_be_read_in_two_ways_are_refused(stage: Stage, body: bytes) -> None:
    twin = stage.twin()
    with Client(stage.plain) as client:
        client.write(
            b"POST /_matrix/x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + body
        )
        assert client.answer().status == 400
        assert client.rest() in {b"", b"<reset>"}
    assert all(b"smuggled" not in head for head in twin.seen)


def test_requests_sent_in_a_row_are_answered_one_after_the_other(stage: Stage) -> None:
    twin = stage.twin()
    posts = [
        b"POST /_matrix/%d HTTP/1.1\r\n%bContent-Length: 3\r\n\r\nabc" % (number, HOST)
        for number in range(20)
    ]
    with Client(stage.plain) as client:
        client.write(b"".join(posts) + SMUGGLED)
        for number in range(20):
            answer = client.answer()
            assert answer.json["head"].startswith(f"POST /_matrix/{number} ")
            assert answer.json["body"] == 3
        # It was a request of its own right, and nothing else.
        assert client.answer().json["head"].startswith("GET /_matrix/smuggled ")
    assert len(twin.seen) == 21


def test_a_body_that_looks_like_a_request_stays_a_body(stage: Stage) -> None:
    twin = stage.twin()
    with Client(stage.plain) as client:
        head = b"GET /_matrix/x HTTP/1.1\r\n%bContent-Length: %d\r\n\r\n" % (HOST, len(SMUGGLED))
        assert client.write(head + SMUGGLED).answer().json["body"] == len(SMUGGLED)
        assert client.get().status == 200
    assert len(twin.seen) == 2


def test_a_body_that_nobody_read_is_no_request(stage: Stage) -> None:
    """The front answers for a twin that is down, and must not take the body for what comes next."""
    with Client(stage.plain) as client:
        head = b"POST /_matrix/x HTTP/1.1\r\n%bContent-Length: %d\r\n\r\n" % (
            HOST,
            len(SMUGGLED) + 1,
        )
        assert client.write(head + SMUGGLED).answer().status == 502
        assert client.rest() == b""


def test_the_old_version_is_answered_once(stage: Stage) -> None:
    twin = stage.twin()
    with Client(stage.plain) as client:
        client.write(
            b"GET /_matrix/x HTTP/1.0\r\n" + HOST + b"Connection: keep-alive\r\n\r\n" + SMUGGLED
        )
        assert client.answer().status == 200
        assert client.rest() == b""
    assert len(twin.seen) == 1
    assert b" HTTP/1.1\r\n" in twin.seen[0]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    parts=st.lists(
        st.sampled_from(
            [
                b"GET /_matrix/a HTTP/1.1\r\n",
                b"POST /_matrix/b HTTP/1.1\r\n",
                HOST,
                b"Content-Length: 5\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"\r\n",
                b"\n",
                b"0\r\n\r\n",
                b"5\r\nabcde\r\n",
                b"X: \x00\r\n",
                b" folded\r\n",
                b"abcde",
            ]
        ),
        max_size=14,
    )
)
def test_whatever_is_sent_twins_get_whole_requests_only(stage: Stage, parts: list[bytes]) -> None:
    # The behaviour reads one request by its own rules, and a byte after that is a fault.
    if not stage.twins:
        stage.twin()
    with Client(stage.plain) as client:
        client.write(b"".join(parts))
        client.socket.shutdown(1)
        client.rest()
    for head in stage.twins[0].seen:
        assert head.startswith((b"GET /_matrix/a HTTP/1.1\r\n", b"POST /_matrix/b HTTP/1.1\r\n"))
        assert head.lower().count(b"host: ") == 1
        assert head.lower().count(b"content-length: ") + head.lower().count(b"chunked") <= 1


@pytest.mark.parametrize("begun", [b"G", b"GET /_matrix/x HTTP/1.1\r\nHo"])
def test_a_client_that_begins_a_request_has_to_end_it_soon(stage: Stage, begun: bytes) -> None:
    twin = stage.twin()
    with Client(stage.plain) as client:
        client.write(begun)
        assert stage.let_go(client, LIMITS.head_seconds).startswith(b"HTTP/1.1 408 ")
    assert not twin.seen


def test_a_byte_now_and_then_is_not_enough(stage: Stage) -> None:
    with Client(stage.plain) as client:
        client.write(b"GET /_matrix/x HTTP/1.1\r\n")
        client.socket.settimeout(0.05)
        found = b""
        while not found:
            client.write(b"X")
            stage.let_pass(LIMITS.head_seconds / 4)
            with suppress(TimeoutError):
                found = client.socket.recv(1000)
        assert found.startswith(b"HTTP/1.1 408 ")


def test_a_client_that_asks_nothing_is_let_go_after_a_while(stage: Stage) -> None:
    stage.twin()
    with Client(stage.plain) as client:
        assert stage.let_go(client, LIMITS.idle_seconds) == b""
    with Client(stage.plain) as client:
        assert client.get().status == 200
        stage.let_pass(LIMITS.idle_seconds / 2)
        assert client.get().status == 200
        assert stage.let_go(client, LIMITS.idle_seconds) == b""


def test_a_body_that_does_not_come_is_not_waited_for(stage: Stage) -> None:
    twin = stage.twin()
    with Client(stage.plain) as client:
        client.write(b"POST /_matrix/x HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nabc")
        eventually(lambda: twin.seen)
        assert stage.let_go(client, LIMITS.stall_seconds) == b"<reset>"
    eventually(lambda: twin.connections == 0)


def test_a_twin_may_take_as_long_as_it_likes(stage: Stage) -> None:
    go_on = threading.Event()

    async def wait(reader: Any, writer: Writer) -> None:
        await reader.head()
        await until(go_on)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    twin = stage.twin(behaviour=wait)
    with Client(stage.plain) as client:
        client.write(b"GET /_matrix/x HTTP/1.1\r\n" + HOST + b"\r\n")
        eventually(lambda: twin.seen)
        for _ in range(10):
            stage.let_pass(3600)
        go_on.set()
        assert client.answer().body == b"ok"


def test_nothing_of_a_request_is_in_the_log(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.twin(behaviour=_fail)
    with Client(stage.plain) as client:
        assert client.get(
            "/_matrix/x?access_token=SECRET", more="Authorization: Bearer SECRET\r\n"
        ).status
        client.write(b"GET /_matrix/SECRET HTTP/1.1\r\nSECRET\r\n\r\n").answer()
    assert "ended in the middle" in caplog.text
    assert "SECRET" not in caplog.text


def test_a_fault_of_the_fronts_own_ends_one_connection_and_is_logged_without_its_words(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(_places: object, _entry: object, request: Request) -> None:
        raise ValueError(request.target)

    stage.twin()
    with Client(stage.plain) as other:
        with monkeypatch.context() as patched:
            patched.setattr("twin_module.host.front.own_answers.answer", fault)
            with Client(stage.plain) as client:
                assert (
                    client.write(b"GET /_matrix/SECRET HTTP/1.1\r\n" + HOST + b"\r\n").rest()
                    == b"<reset>"
                )
        assert other.get().status == 200
    assert "A fault of the front's own: ValueError" in caplog.text
    assert "own_answers" in caplog.text
    assert "SECRET" not in caplog.text


async def _fail(reader: object, writer: object) -> None:
    """Hang up at once."""
