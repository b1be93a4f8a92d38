"""The real world, at servers on loopback: good ones, broken ones, and such as mean harm."""

import socket
import struct
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from tests.host.doctor_servers import (
    Behave,
    name_server,
    page,
    records,
    says,
    server,
    trial_certificates,
)
from twin_module.host.certificates import ensure_ca, ensure_leaf
from twin_module.host.doctor.dns import name_servers
from twin_module.host.doctor.outside import MOST_BYTES, Outside
from twin_module.host.doctor.world import Answer, Handshake, NoAnswer, Service

SHORT = 0.5


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    return trial_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def ca(certificates: tuple[Path, Path, Path]) -> Path:
    return certificates[0]


@pytest.fixture
def leaf(certificates: tuple[Path, Path, Path]) -> tuple[Path, Path]:
    return certificates[1:]


def get(port: int, ca: Path | None, host: str = "localhost", seconds: float = 10) -> Answer:
    authorities = [ca] if ca else []
    return Outside(seconds).get(f"https://{host}:{port}/a?b=c", "127.0.0.1", port, authorities)


def refusal(port: int, ca: Path | None, host: str = "localhost", seconds: float = 10) -> NoAnswer:
    with pytest.raises(NoAnswer) as caught:
        get(port, ca, host, seconds)
    return caught.value


# GET -----------------------------------------------------------------------------------------


def test_a_page_is_got(ca: Path, leaf: tuple[Path, Path]) -> None:
    asked: list[bytes] = []

    def behave(stream: socket.socket) -> None:
        asked.append(stream.recv(65_536))
        stream.sendall(page(b"{}", "Content-Type: application/json", "X-A: b"))

    with server(behave, leaf) as port:
        answer = get(port, ca)
    assert (answer.status, answer.body, answer.address) == (200, b"{}", "127.0.0.1")
    assert (answer.headers["content-type"], answer.headers["x-a"]) == ("application/json", "b")
    assert abs(answer.received - datetime.now(UTC)) < timedelta(hours=1)
    request = asked[0].decode()
    assert request.startswith("GET /a?b=c HTTP/1.1\r\n")
    assert f"\r\nHost: localhost:{port}\r\n" in request


def test_redirects_are_left_to_who_asks(ca: Path, leaf: tuple[Path, Path]) -> None:
    moved = page(b"", "Location: https://127.0.0.1:1/", status="302 Found")
    with server(says(moved), leaf) as port:
        assert get(port, ca).headers["location"] == "https://127.0.0.1:1/"


def test_a_certificate_that_nobody_vouches_for_is_no_answer(leaf: tuple[Path, Path]) -> None:
    with server(says(page(b"{}")), leaf) as port:
        assert refusal(port, None).why == "certificate"


def test_a_certificate_for_another_name_is_no_answer(ca: Path, leaf: tuple[Path, Path]) -> None:
    with server(says(page(b"{}")), leaf) as port:
        assert refusal(port, ca, "example.org").why == "certificate"


@pytest.mark.parametrize("content", [None, b"nonsense"])
def test_authorities_that_can_not_be_read_are_said(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)
    assert "holds no certificates" in str(refusal(1, tmp_path / "ca.pem"))
    with server(lambda _: None) as port, pytest.raises(NoAnswer, match="holds no certificates"):
        Outside().handshake("127.0.0.1", port, "localhost", [tmp_path / "ca.pem"])


def test_nobody_listening_is_said() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        found = refusal(closed.getsockname()[1], None)
    assert (found.why, str(found)) == ("unreachable", "connection refused")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 200_000 + b"\r\n\r\n",
        b"SSH-2.0-OpenSSH\x1b[2J\r\n",
    ],
)
def test_what_is_no_http_is_no_answer(ca: Path, leaf: tuple[Path, Path], data: bytes) -> None:
    with server(says(data), leaf) as port:
        found = refusal(port, ca)
    assert found.why in ("garbled", "unreachable")
    assert str(found).isprintable()


def test_a_server_without_tls_is_no_answer(ca: Path) -> None:
    with server(says(page(b"{}"))) as port:
        assert refusal(port, ca).why in ("garbled", "unreachable")


def test_a_body_without_end_is_cut(ca: Path, leaf: tuple[Path, Path]) -> None:
    sent = 0

    def behave(stream: socket.socket) -> None:
        nonlocal sent
        stream.recv(65_536)
        stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        while True:
            stream.sendall(b"x" * 65_536)
            sent += 65_536

    with server(behave, leaf) as port:
        assert "kB" in str(refusal(port, ca))
    assert sent < 100 * MOST_BYTES


def drip(data: bytes) -> Behave:
    """Send something for ever, a byte after the other."""

    def behave(stream: socket.socket) -> None:
        stream.recv(65_536)
        pause = threading.Event()
        for number in range(100_000):
            stream.sendall(data[number : number + 1] or b"x")
            pause.wait(0.02)

    return behave


@pytest.mark.parametrize("data", [b"HTTP/1.1 200 OK\r\nX: ", page(b"x" * 999_999)[:60]])
def test_who_answers_a_byte_at_a_time_is_not_waited_for(
    ca: Path, leaf: tuple[Path, Path], data: bytes
) -> None:
    with server(drip(data), leaf) as port:
        found = refusal(port, ca, seconds=SHORT)
    assert (found.why, str(found)) == ("slow", "no answer within 0.5 s")


def silence(stream: socket.socket) -> None:
    stream.recv(65_536)
    stream.recv(65_536)


def test_who_says_nothing_is_not_waited_for(ca: Path, leaf: tuple[Path, Path]) -> None:
    with server(silence, leaf) as port:
        assert refusal(port, ca, seconds=SHORT).why == "slow"
    with server(silence) as port:
        assert refusal(port, ca, seconds=SHORT).why == "slow"


# Handshakes ----------------------------------------------------------------------------------


def shake(port: int, name: str, ca: Path | None, seconds: float = 10) -> Handshake:
    return Outside(seconds).handshake("127.0.0.1", port, name, [ca] if ca else [])


def test_a_server_introduces_itself(ca: Path, leaf: tuple[Path, Path]) -> None:
    with server(silence, leaf) as port:
        found = shake(port, "localhost", ca)
    assert (found.version, found.faults, found.name_fits) == ("TLSv1.3", (), True)
    assert found.chain == tuple(x509.load_pem_x509_certificates(leaf[0].read_bytes()))


def test_a_server_that_nobody_vouches_for_is_seen_nevertheless(leaf: tuple[Path, Path]) -> None:
    with server(silence, leaf) as port:
        found = shake(port, "example.org", None)
    assert found.faults[0] == 20
    assert not found.name_fits
    assert found.chain


def test_a_certificate_may_be_for_an_ip_address(ca: Path, leaf: tuple[Path, Path]) -> None:
    with server(silence, leaf) as port:
        assert shake(port, "127.0.0.1", ca).name_fits
        assert not shake(port, "127.0.0.2", ca).name_fits


def test_an_expired_certificate_is_seen(tmp_path: Path) -> None:
    ca = ensure_ca(tmp_path, datetime.now(UTC))
    leaf = ensure_leaf(tmp_path, ca, datetime.now(UTC) - timedelta(days=1000))
    with server(silence, leaf) as port:
        assert shake(port, "localhost", ca[0]).faults == (10,)


def test_the_server_is_asked_by_name() -> None:
    hello: list[bytes] = []

    def behave(stream: socket.socket) -> None:
        hello.append(stream.recv(65_536))

    with server(behave) as port, pytest.raises(NoAnswer, match="closes the connection"):
        shake(port, "alice.example.org", None)
    assert b"alice.example.org" in hello[0]


def flood(stream: socket.socket) -> None:
    stream.recv(65_536)
    # A handshake record that has no end.
    while True:
        stream.sendall(b"\x16\x03\x03\x40\x00\x02\x00\xff\xff" + b"x" * 16_379)


@pytest.mark.parametrize("behave", [says(page(b"")), says(b"\x00" * 100), flood])
def test_who_speaks_no_tls_is_said(behave: Behave) -> None:
    with server(behave) as port, pytest.raises(NoAnswer) as caught:
        shake(port, "localhost", None)
    assert caught.value.why in ("garbled", "unreachable")


def test_a_handshake_is_not_waited_for_for_ever() -> None:
    with server(silence) as port, pytest.raises(NoAnswer) as caught:
        shake(port, "localhost", None, SHORT)
    assert caught.value.why == "slow"


# Names ---------------------------------------------------------------------------------------

FIRST, SECOND = Service(1, 0, 443, "a.example.org"), Service(2, 0, 444, "b.example.org")


def test_srv_records_are_asked_for() -> None:
    with name_server(lambda question: [records(question, [SECOND, FIRST])]) as address:
        assert Outside(servers=[address]).services("_x._tcp.example.org") == [FIRST, SECOND]


def test_no_records_are_an_answer() -> None:
    with name_server(lambda question: [records(question, [])]) as address:
        assert Outside(servers=[address]).services("_x._tcp.example.org") == []


@pytest.mark.parametrize("name", ["a b", "x" * 300, "", "a\x00b", "ä"])
def test_what_can_be_no_name_has_no_records(name: str) -> None:
    assert Outside(servers=[]).services(name) == []


def test_the_next_name_server_is_asked_when_one_is_not_there() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        closed = gone.getsockname()
    with name_server(lambda question: [records(question, [FIRST])]) as answering:
        assert Outside(60, [closed, answering]).services("_x._tcp.example.org") == [FIRST]


def test_silent_name_servers_are_not_waited_for() -> None:
    with name_server(lambda _: []) as silent, pytest.raises(NoAnswer, match="no name server"):
        Outside(SHORT, [silent, silent]).services("_x._tcp.example.org")


@pytest.mark.parametrize("packet", [b"", b"x", b"\xff" * 600, bytes(12), b"\xc0\x0c" * 100])
def test_name_servers_that_talk_nonsense_are_no_answer(packet: bytes) -> None:
    def answer(question: bytes) -> list[bytes]:
        return [question[:2] + packet]

    with name_server(answer) as address, pytest.raises(NoAnswer):
        Outside(SHORT, [address]).services("_x._tcp.example.org")


def test_an_answer_to_another_question_is_none() -> None:
    def answer(question: bytes) -> list[bytes]:
        return [bytes([question[0] ^ 1]) + records(question, [FIRST])[1:]]

    with name_server(answer) as address, pytest.raises(NoAnswer):
        Outside(SHORT, [address]).services("_x._tcp.example.org")


def test_answers_that_are_too_long_for_udp_are_asked_for_by_tcp() -> None:
    def behave(stream: socket.socket) -> None:
        packet = records(stream.recv(65_536)[2:], [FIRST])
        stream.sendall(struct.pack(">H", len(packet)) + packet)

    with name_server(lambda question: [records(question, [], cut=True)], behave) as address:
        assert Outside(servers=[address]).services("_x._tcp.example.org") == [FIRST]


def test_name_servers_are_those_of_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("# x\nsearch a\nnameserver 10.0.0.1\nnameserver ::1\nnameserver\n")
    assert name_servers(path) == [("10.0.0.1", 53), ("::1", 53)]
    assert name_servers(tmp_path / "none") == [("127.0.0.1", 53)]


def test_addresses_are_those_of_the_machine_s_programs() -> None:
    assert "127.0.0.1" in Outside().addresses("localhost")
    for each in ("a" * 300, "", "a..b", "\ud800"):
        with pytest.raises(NoAnswer):
            Outside().addresses(each or "x" * 64)


# The machine ---------------------------------------------------------------------------------


def test_addresses_of_this_machine_are_known() -> None:
    assert Outside().is_here("127.0.0.1")
    assert not Outside().is_here("203.0.113.1")
    assert not Outside().is_here("nonsense")


def test_the_disk_is_measured(tmp_path: Path) -> None:
    space = Outside().space(tmp_path)
    assert 0 <= space.free_bytes <= space.total_bytes
    assert space.device == Outside().space(tmp_path).device
    with pytest.raises(OSError, match="No such file"):
        Outside().space(tmp_path / "none")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says")
def test_the_kernel_says_whether_the_clock_is_kept() -> None:
    assert Outside().clock_is_kept() is not None
