"""What the front answers without a twin, and what of a twin's answers it keeps for later."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.host.front_stage import ALICE, BOB, Client, Stage, Twin, answering, staged
from twin_module.host.table import Entry
from twin_module.testing.person import eventually

KEYS = "/_matrix/key/v2/server"
CLIENT = {"m.homeserver": {"base_url": f"https://{ALICE}"}}
SERVER = {"m.server": f"{ALICE}:443"}


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.chdir(tmp_path)
    with staged(tmp_path) as stage:
        said = {"client": CLIENT, "server": SERVER}
        stage.places.well_known(ALICE).write_text(json.dumps(said))
        yield stage


def keys(server_name: str = ALICE, hours: float = 24, **more: Any) -> bytes:
    """Return a key document that is good for so many hours."""
    until = int((time.time() + hours * 3600) * 1000)
    return json.dumps({"server_name": server_name, "valid_until_ts": until, **more}).encode()


def with_length(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    """Return an answer with a body."""
    return f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(("part", "said"), [("client", CLIENT), ("server", SERVER)])
def test_well_known_files_need_no_twin(stage: Stage, part: str, said: object) -> None:
    with Client(stage.plain) as client:
        for query in ("", "?x=1"):
            answer = client.get(f"/.well-known/matrix/{part}{query}")
            assert (answer.status, answer.json) == (200, said)
            assert answer.headers["content-type"] == "application/json"
            assert answer.headers["access-control-allow-origin"] == "*"
        client.write(f"HEAD /.well-known/matrix/{part} HTTP/1.1\r\nHost: {ALICE}\r\n\r\n".encode())
        head = client.answer("HEAD")
        assert (head.status, head.body) == (200, b"")
        assert int(head.headers["content-length"]) == len(answer.body)
        client.write(
            f"OPTIONS /.well-known/matrix/{part} HTTP/1.1\r\nHost: {ALICE}\r\n\r\n".encode()
        )
        allowed = client.answer()
        assert (allowed.status, allowed.body) == (204, b"")
        assert "GET" in allowed.headers["access-control-allow-methods"]
        assert client.get(f"/.well-known/matrix/{part}").status == 200


def test_a_part_that_a_twin_does_not_have_is_not_found(stage: Stage) -> None:
    stage.places.well_known(ALICE).write_text(json.dumps({"client": CLIENT}))
    with Client(stage.plain) as client:
        answer = client.get("/.well-known/matrix/server")
        assert (answer.status, answer.json["errcode"]) == (404, "M_NOT_FOUND")


@pytest.mark.parametrize("written", [None, b"", b"[]", b"{", b"[" * 100_000])
def test_where_there_is_no_such_file_the_twin_is_asked(stage: Stage, written: bytes | None) -> None:
    twin = stage.twin(BOB)
    if written is not None:
        stage.places.well_known(BOB).write_bytes(written)
    with Client(stage.plain) as client:
        assert client.get("/.well-known/matrix/client", BOB).json["body"] == 0
    assert len(twin.seen) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/.well-known/matrix/client"),
        ("PUT", KEYS),
        ("GET", "/.well-known/matrix/support"),
        ("GET", "/.well-known/matrix/"),
        ("GET", "/.well-known/matrix/client/"),
        ("GET", "/.well-known/matrix/%63lient"),
        ("GET", "/.well-known/caldav"),
        ("GET", f"{KEYS}/ed25519:a"),
        ("GET", "/_matrix/federation/v1/version"),
    ],
)
def test_all_else_is_for_the_twin(stage: Stage, method: str, path: str) -> None:
    stage.places.key_document(ALICE).write_bytes(keys())
    twin = stage.twin()
    with Client(stage.plain) as client:
        client.write(f"{method} {path} HTTP/1.1\r\nHost: {ALICE}\r\n\r\n".encode())
        assert client.answer().json["head"].startswith(f"{method} {path} ")
    assert len(twin.seen) == 1


def test_keys_are_asked_for_once(stage: Stage) -> None:
    document = keys(verify_keys={"ed25519:a": {"key": "x"}})
    twin = stage.twin(behaviour=answering(with_length(document)))
    with Client(stage.plain) as client:
        assert client.get(KEYS).body == document
        file = stage.places.key_document(ALICE)
        assert eventually(lambda: file.exists() and file.read_bytes()) == document
        for _ in range(3):
            assert client.get(KEYS).body == document
        client.write(f"HEAD {KEYS} HTTP/1.1\r\nHost: {ALICE}\r\n\r\n".encode())
        assert client.answer("HEAD").status == 200
    assert len(twin.seen) == 1


def test_keys_in_chunks_are_kept_too(stage: Stage) -> None:
    document = keys()
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n"
    )
    parts = (document[:5], len(document) - 5, document[5:])
    stage.twin(behaviour=answering(chunked % parts))
    with Client(stage.plain) as client:
        assert client.get(KEYS).body == document
    assert stage.places.key_document(ALICE).read_bytes() == document


def test_keys_that_end_soon_are_asked_for_again(stage: Stage) -> None:
    stage.places.key_document(ALICE).write_bytes(keys(hours=0.9))
    twin = stage.twin(behaviour=answering(with_length(keys())))
    with Client(stage.plain) as client:
        for _ in range(2):
            assert client.get(KEYS).status == 200
    assert len(twin.seen) == 1


@pytest.mark.parametrize("name", ["signing.key", "homeserver.yaml"])
def test_keys_are_asked_for_again_when_the_twin_was_changed(stage: Stage, name: str) -> None:
    file, folder = stage.places.key_document(ALICE), stage.places.folder("alice")
    file.write_bytes(keys())
    folder.mkdir()
    (folder / name).touch()
    later = file.stat().st_mtime_ns + 1_000_000_000
    os.utime(folder / name, ns=(later, later))
    twin = stage.twin(behaviour=answering(with_length(keys())))
    with Client(stage.plain) as client:
        client.get(KEYS)
    assert len(twin.seen) == 1


def test_keys_of_a_twin_whose_folder_is_closed_are_asked_for_again_after_an_hour(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, look = stage.places.key_document(ALICE), Path.stat

    def look_outside(path: Path, **options: bool) -> os.stat_result:
        if path.parent == stage.places.folder("alice"):
            raise PermissionError
        return look(path, **options)

    monkeypatch.setattr(Path, "stat", look_outside)
    twin = stage.twin(behaviour=answering(with_length(keys())))
    for minutes, asked in ((50, 0), (70, 1)):
        file.write_bytes(keys())
        then = time.time() - minutes * 60
        os.utime(file, (then, then))
        with Client(stage.plain) as client:
            assert client.get(KEYS).status == 200
        assert len(twin.seen) == asked


@pytest.mark.parametrize(
    "kept",
    [
        keys(BOB),
        b"",
        b"[]",
        json.dumps({"server_name": ALICE}).encode(),
        json.dumps({"server_name": ALICE, "valid_until_ts": "9999999999999999"}).encode(),
    ],
    # Of its own: the time in it would name the test.
    ids=["of another", "empty", "a list", "without a time", "with a text for a time"],
)
def test_a_file_that_does_not_have_this_twins_keys_is_not_shown(stage: Stage, kept: bytes) -> None:
    stage.places.key_document(ALICE).write_bytes(kept)
    stage.twin(behaviour=answering(with_length(keys())))
    with Client(stage.plain) as client:
        answer = client.get(KEYS)
        assert answer.json["server_name"] == ALICE
        assert answer.json["valid_until_ts"] > time.time() * 1000


@pytest.mark.parametrize(
    "answer",
    [
        with_length(keys(), "404 Not Found"),
        with_length(keys(), "500 No"),
        with_length(keys(BOB)),
        with_length(b"[1]"),
        with_length(b"no JSON"),
        with_length(keys(), more="Content-Encoding: gzip\r\n"),
        with_length(keys(padding="x" * 70_000)),
        with_length(keys())[:-1],
    ],
)
def test_only_whole_answers_with_the_twins_own_keys_are_kept(stage: Stage, answer: bytes) -> None:
    twin: Twin = stage.twin(behaviour=answering(answer))
    with Client(stage.plain) as client:
        asked = f"GET {KEYS} HTTP/1.1\r\nHost: {ALICE}\r\nConnection: close\r\n\r\n"
        client.write(asked.encode())
        client.rest()
    assert twin.seen
    assert not stage.places.key_document(ALICE).exists()


def test_nothing_is_said_for_a_twin_that_is_down(stage: Stage) -> None:
    stage.places.key_document(ALICE).write_bytes(keys())
    stage.entries[0] = Entry("alice", ALICE, state="down")
    stage.write_table()
    stage.look_again()
    with Client(stage.plain) as client:
        for path in (KEYS, "/.well-known/matrix/client"):
            assert client.get(path).status == 502


@pytest.mark.parametrize(
    "path",
    [
        "/_synapse/admin/v1/register",
        "/_synapse/admin/../client/twin/",
        "/wp-login.php",
        "/health",
        "/.env",
        "//_matrix/client/versions",
        "/_Matrix/client/versions",
    ],
)
def test_what_is_no_twins_business_wakes_nobody_at_the_door_of_all(stage: Stage, path: str) -> None:
    twin = stage.twin()
    with Client(stage.plain) as client:
        answer = client.get(path)
        assert (answer.status, answer.json["errcode"]) == (404, "M_UNRECOGNIZED")
        assert client.get("/_matrix/x").status == 200
    assert len(twin.seen) == 1


def test_the_shortest_address_leads_to_the_twins_page(stage: Stage) -> None:
    twin = stage.twin()
    with Client(stage.plain) as client:
        answer = client.get("/")
        assert answer.status == 302
        assert answer.headers["location"] == "/_synapse/client/twin/"
    assert not twin.seen
