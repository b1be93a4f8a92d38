"""Which certificate the front shows to whom, and what changes of the files do."""

import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.host.certificates import write_certificate
from tests.host.front_stage import (
    ALICE,
    BOB,
    LIMITS,
    PATIENCE,
    TRIAL,
    Client,
    Stage,
    hello_for,
    names_in,
    staged,
    trusting_nobody,
    websocket,
)
from twin_module.host.table import Entry
from twin_module.testing.person import eventually

UNKNOWN = bytes([ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME])


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.chdir(tmp_path)
    with staged(tmp_path) as stage:
        write_certificate(tmp_path / "certificates" / ALICE, ALICE)
        write_certificate(tmp_path / "certificates/_.example.org", "*.example.org")
        yield stage


def shown(port: int, name: str) -> list[str]:
    """Return the names in the certificate that whoever asks for a name is shown."""
    with Client(port, trusting_nobody(), name) as client:
        return names_in(client)


def test_a_twin_has_its_own_certificate_or_that_of_its_parent(stage: Stage) -> None:
    port = stage.door()
    assert shown(port, ALICE) == [ALICE]
    assert shown(port, BOB) == ["*.example.org"]
    assert shown(port, ALICE.upper()) == [ALICE]


def test_a_request_through_tls_reaches_the_twin_and_says_so(stage: Stage) -> None:
    twin = stage.twin(BOB)
    with Client(stage.door(), trusting_nobody(), BOB) as client:
        for _ in range(2):
            assert client.get(host=BOB).status == 200
    assert b"X-Forwarded-Proto: https\r\n" in twin.seen[0]


def test_a_client_that_trusts_the_certificate_is_content(stage: Stage) -> None:
    stage.twin()
    context = ssl.create_default_context(
        cafile=str(stage.places.data / f"certificates/{ALICE}.pem")
    )
    context.set_alpn_protocols(["h2", "http/1.1"])
    with Client(stage.door(), context, ALICE) as client:
        assert client.get().status == 200
        assert isinstance(client.socket, ssl.SSLSocket)
        assert client.socket.selected_alpn_protocol() == "http/1.1"
        assert client.socket.version() == "TLSv1.3"


@pytest.mark.parametrize("name", ["nobody.example.org", "example.org", "keeper", ""])
def test_who_asks_for_a_name_that_nobody_has_gets_an_alert(stage: Stage, name: str) -> None:
    port = stage.door()
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        Client(port, trusting_nobody(), name)
    assert shown(port, ALICE) == [ALICE]


def test_what_is_no_name_is_an_alert_too(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    port = stage.door()
    with Client(port) as client:
        # What is written here by hand is what a library would write.
        assert client.write(hello_for(ALICE.encode())).socket.recv(1) == b"\x16"
    for name in (b"../../etc/passwd", b"a" * 300, b"alice.example.org.", b"al\x01ce", b"al\0ce"):
        with Client(port) as client:
            assert client.write(hello_for(name)).rest() == b"\x15\x03\x03\0\x02\x02" + UNKNOWN
    assert shown(port, ALICE) == [ALICE]
    assert caplog.text == ""


def test_a_twin_without_a_certificate_is_said_in_the_log(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    port = stage.door()
    (stage.places.data / "certificates/_.example.org.key").unlink()
    for _ in range(3):
        stage.look_again()
        with pytest.raises(ssl.SSLError, match=r"(?i)internal.error"):
            Client(port, trusting_nobody(), BOB)
    assert caplog.text.count(f"There is no certificate for {BOB}.") == 1


def test_the_door_of_a_twin_for_trying_out_shows_the_certificate_in_its_folder(
    stage: Stage,
) -> None:
    port = stage.door(server_name=TRIAL)
    folder = stage.places.folder("carol")
    folder.mkdir()
    write_certificate(folder / "tls", "localhost")
    stage.twin(TRIAL)
    for name in ("localhost", "", "whatever.example.org"):
        with Client(port, trusting_nobody(), name) as client:
            assert names_in(client) == ["localhost"]
            assert client.get(host="whatever").status == 200
    # A door of all twins does not.
    with pytest.raises(ssl.SSLError, match=r"(?i)internal.error"):
        Client(stage.door(), trusting_nobody(), "localhost")


def test_the_name_of_tls_and_that_of_the_request_have_to_agree(stage: Stage) -> None:
    alice, bob = stage.twin(ALICE), stage.twin(BOB)
    with Client(stage.door(), trusting_nobody(), ALICE) as client:
        for host in (BOB, "nobody.example.org", f"{BOB}:8448"):
            answer = client.get(host=host)
            assert (answer.status, answer.json["errcode"]) == (421, "M_UNRECOGNIZED")
        assert client.get(host=f"{ALICE.upper()}:8448").status == 200
    assert (len(alice.seen), len(bob.seen)) == (1, 0)


def test_new_certificates_are_for_new_connections_and_old_ones_stay(stage: Stage) -> None:
    port, place = stage.door(), stage.places.data / "certificates"
    stage.twin()
    with Client(port, trusting_nobody(), ALICE) as before:
        assert names_in(before) == [ALICE]
        write_certificate(place / ALICE, ALICE, "new.example.org")
        stage.look_again()
        assert shown(port, ALICE) == [ALICE, "new.example.org"]
        assert before.get().status == 200
        # The second time nobody tells the front.
        write_certificate(place / ALICE, ALICE, "newer.example.org")
        eventually(lambda: shown(port, ALICE) == [ALICE, "newer.example.org"])
        (place / f"{ALICE}.pem").unlink()
        eventually(lambda: shown(port, ALICE) == ["*.example.org"])
        assert before.get().status == 200


@pytest.mark.parametrize("broken", [b"", b"no certificate", None])
def test_a_certificate_that_is_none_does_not_replace_the_one_before(
    stage: Stage, broken: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    port, place = stage.door(), stage.places.data / "certificates"
    assert shown(port, ALICE) == [ALICE]
    if broken is None:
        # One of the two files is not new yet.
        write_certificate(place / "other", ALICE, "other.example.org")
        (place / "other.pem").replace(place / f"{ALICE}.pem")
    else:
        (place / f"{ALICE}.pem").write_bytes(broken)
    stage.look_again()
    assert shown(port, ALICE) == [ALICE]
    assert "are no certificate and its key" in caplog.text
    if broken is None:
        (place / "other.key").replace(place / f"{ALICE}.key")
        stage.look_again()
        assert shown(port, ALICE) == [ALICE, "other.example.org"]


def test_twins_that_come_and_go_in_the_table_are_noticed(stage: Stage) -> None:
    port, dora = stage.door(), "dora.example.org"
    with pytest.raises(ssl.SSLError):
        Client(port, trusting_nobody(), dora)
    stage.entries.append(Entry("dora", dora))
    stage.write_table()
    stage.look_again()
    assert shown(port, dora) == ["*.example.org"]
    stage.entries.pop()
    stage.write_table()

    def gone() -> bool:
        try:
            shown(port, dora)
        except ssl.SSLError:
            return True
        return False

    eventually(gone)
    # A table that can't be read leaves those who were known.
    (stage.places.data / "twins.json").write_text("{")
    stage.look_again()
    assert shown(port, ALICE) == [ALICE]


def test_old_tls_is_not_spoken(stage: Stage) -> None:
    context = trusting_nobody()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSVersion"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSVersion"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        Client(stage.door(), context, ALICE)


def test_tls_1_2_is_spoken(stage: Stage) -> None:
    stage.twin()
    context = trusting_nobody()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with Client(stage.door(), context, ALICE) as client:
        assert client.get().status == 200


def test_a_session_is_taken_up_again(stage: Stage) -> None:
    stage.twin()
    port, context = stage.door(), trusting_nobody()
    with Client(port, context, ALICE) as first:
        assert first.get().status == 200
        assert isinstance(first.socket, ssl.SSLSocket)
        session = first.socket.session
    connection = socket.create_connection(("127.0.0.1", port))
    with context.wrap_socket(connection, server_hostname=ALICE, session=session) as again:
        assert again.session_reused


def test_who_does_not_speak_tls_is_let_go(stage: Stage) -> None:
    port = stage.door()
    with Client(port) as client:
        client.write(b"GET /_matrix/x HTTP/1.1\r\n\r\n").rest()
    # Nothing at all, or nothing after the beginning.
    for begun in (b"", b"\x16\x03\x01"):
        with Client(port) as client:
            client.write(begun)
            assert stage.let_go(client, LIMITS.head_seconds) in {b"", b"<reset>"}
    assert shown(port, ALICE) == [ALICE]


def test_a_websocket_goes_through_tls(stage: Stage) -> None:
    stage.twin(behaviour=websocket)
    connection = socket.create_connection(("127.0.0.1", stage.door()))
    with connect(f"wss://{ALICE}/_matrix/x", sock=connection, ssl=trusting_nobody()) as client:
        client.send(b"m" * 100_000)
        assert client.recv(PATIENCE) == b"m" * 100_000


def test_large_bodies_go_both_ways_through_tls(stage: Stage) -> None:
    twin = stage.twin()
    body = os.urandom(3_000_000)
    with Client(stage.door(), trusting_nobody(), ALICE) as client:
        head = f"POST /_matrix/{'x' * 8000} HTTP/1.1\r\nHost: {ALICE}\r\nContent-Length: {len(body)}\r\n\r\n"
        answer = client.write(head.encode() + body).answer()
    assert answer.json["body"] == len(body)
    assert len(answer.body) > 8000
    assert len(twin.seen) == 1
