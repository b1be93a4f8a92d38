"""`twin export` of a real twin, and `twin verify` of what it wrote, by programs of their own."""

import json
import signal
import stat
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest

from tests.twins.test_proofs import STRANGER, share
from tests.twins.test_sleeping import at_rest
from twin_module.core import export
from twin_module.core.keys import verify_signed
from twin_module.core.replay import Replays
from twin_module.testing.answers import CarefulPerson
from twin_module.testing.person import Person, eventually
from twin_module.testing.rest import rest
from twin_module.testing.twins import Twin, TwinNetwork, person_at

TASKS: Final = 450
"""More than two pages."""
LONG: Final = "# Größe\n" + "x" * 40_000
PICTURE: Final = b"\x89PNG a picture that nothing points to"

KILLED: Final = """
import os, signal, sys
from twin_module.host import cli, client, export, export_folder, progress

left = int(sys.argv[1])

def count(event, arguments):
    global left
    if event in ("open", "os.rename", "os.truncate", "os.mkdir", "os.remove"):
        if any(".partial" in str(each) for each in arguments):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
try:
    cli.main(sys.argv[2:])
finally:
    print("left", left)
"""
"""`twin export` that kills itself when it touches its files for the so-manieth time."""


def run(*arguments: object, program: list[str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *(program or ["-m", "twin_module.host"]), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(Path.cwd())},
    )


def config_of(twin: Twin) -> Path:
    return twin.facts.folder / "homeserver.yaml"


def exported(twin: Twin, archive: Path) -> Path:
    done = run("export", config_of(twin), archive)
    assert done.returncode == 0, done.stderr
    return archive


def contents(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


def lines(files: Mapping[str, bytes], start: str) -> list[Any]:
    return [
        json.loads(line)
        for name, data in sorted(files.items())
        if name.startswith(start) and name.endswith(".jsonl")
        for line in data.splitlines()
    ]


def shown_to_a_stranger(archive: Path) -> tuple[int, str]:
    done = run(archive, program=["-c", STRANGER])
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def fill(person: Person, room: str, number: int) -> None:
    objects = [
        {"capability": "tasks", "uid": f"t{each:04}", "content": {"@type": "Task", "title": "x"}}
        for each in range(number)
    ]
    person.post(f"rooms/{room}/objects", {"objects": objects})


@pytest.fixture(scope="module")
def full(network: TwinNetwork, alice: Person, bob: Person) -> tuple[str, str]:
    """Two rooms of Alice's with many tasks, documents and a file; Bob writes in the second."""
    rooms = (alice.collection("Many things"), share(alice, bob, "Written by two"))
    fill(alice, rooms[0], TASKS)
    create = {"room_id": rooms[0], "uid": "long", "title": "../../etc/passwd", "text": LONG}
    alice.post("commands/docs/create", create)
    alice.command("docs", "create", room_id=rooms[1], uid="short", title="Short", text="# Hi\n")
    alice.command("tasks", "add", room_id=rooms[1], uid="gone", title="Gone")
    alice.command("tasks", "remove", room_id=rooms[1], uid="gone")
    upload = "/_matrix/media/v3/upload"
    alice.ask("POST", upload, PICTURE, {"Content-Type": "image/png"}).ok()
    eventually(lambda: "short" in bob.uids(rooms[1]), what="Bob is there")
    bob.command("docs", "create", room_id=rooms[1], uid="bobs", title="Bob's", text=LONG + "!")
    eventually(lambda: "bobs" in alice.uids(rooms[1]), what="Alice sees what Bob wrote")
    return rooms


@pytest.fixture(scope="module")
def archive(
    alices_twin: Twin, full: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return exported(alices_twin, tmp_path_factory.mktemp("export") / "alice.zip")


def test_everything_is_there_and_proven_to_a_stranger(
    archive: Path, full: tuple[str, str], alice: Person, bob: Person
) -> None:
    status, said = shown_to_a_stranger(archive)
    assert status == 0, said
    assert said.startswith("PROVEN\n")
    assert f"whose owner is {alice.owner}." in said
    files = contents(archive)
    objects = {(each["room_id"], each["uid"]): each for each in lines(files, "objects-")}
    assert {(full[0], f"t{each:04}") for each in range(TASKS)} <= set(objects)
    assert (full[1], "gone") not in objects
    assert objects[full[1], "bobs"]["event"]["sender"] == bob.owner
    assert not [each for each in objects.values() if "unproven" in each]
    manifest = json.loads(files[export.MANIFEST])
    assert manifest["counts"]["objects"] == len(objects) == len(lines(files, "objects-"))
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert not archive.with_name(f"{archive.name}.partial").exists()


def test_it_can_be_read_without_us(archive: Path, full: tuple[str, str], alice: Person) -> None:
    files = contents(archive)
    documents = [each for each in lines(files, "documents") if each["room_id"] in full]
    texts = {each["uid"]: files[each["path"]].decode() for each in documents}
    assert texts["long"] == LONG
    assert texts["short"] == "# Hi\n"
    assert texts["bobs"] == LONG + "!"
    media = lines(files, "media")
    assert PICTURE in [files[each["path"]] for each in media]
    for each in [*media, *lines(files, "documents")]:
        assert sha256(files[each["path"]]).hexdigest() == each["sha256"]
    manifest = json.loads(files[export.MANIFEST])
    for name, entry in manifest["files"].items():
        assert sha256(files[name]).hexdigest() == entry["sha256"], name
    server = alice.owner.partition(":")[2]
    keys = {each["server_name"]: each["documents"] for each in lines(files, "keys")}
    assert not verify_signed(manifest, server, keys[server], manifest["signed_ts"]).problems
    rooms = {each["room_id"]: each for each in lines(files, "rooms")}
    assert {each["user_id"] for each in rooms[full[1]]["members"]} >= {alice.owner}
    assert rooms[full[0]]["name"] == "Many things"
    assert {each["kind"] for each in rooms.values()} >= {"index", "collection", "circle"}
    about = json.loads(files[export.TWIN])
    assert about["card"]["owner"] == alice.owner
    assert "accept_from" in about["settings"]
    assert "JSON Lines" in files[export.README].decode()


def test_no_secret_is_in_it_or_said(archive: Path, alices_twin: Twin, tmp_path: Path) -> None:
    done = run("export", config_of(alices_twin), tmp_path / "b.zip")
    data = (tmp_path / "b.zip").read_bytes()
    for secret in (alices_twin.password, (alices_twin.facts.folder / "macaroon.key").read_text()):
        assert secret not in done.stdout + done.stderr
        assert secret.encode() not in data


def test_no_device_stays_behind(archive: Path, alice: Person) -> None:
    devices = alice.get("/_matrix/client/v3/devices")["devices"]
    assert "TWINEXPORT" not in {each["device_id"] for each in devices}


def test_a_changed_archive_is_refused(archive: Path, tmp_path: Path) -> None:
    data, changed = archive.read_bytes(), tmp_path / "changed.zip"
    for word in (b"Many things", "Größe".encode(), b'"t0001"', b"PNG a picture", b"signatures"):
        place = data.index(word)
        changed.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        status, said = shown_to_a_stranger(changed)
        assert (status, said.startswith("NOT PROVEN\n")) == (1, True), word
    changed.write_bytes(data[:-1])
    assert shown_to_a_stranger(changed)[0] == 1


VARYING: Final = (export.MANIFEST, export.KEYS, export.TWIN)
"""What says when it was made or signed."""


def test_a_killed_export_goes_on_and_the_result_is_the_same(
    archive: Path, alices_twin: Twin, tmp_path: Path
) -> None:
    config = config_of(alices_twin)
    # Others called it a moment ago, for which it stays awake for minutes, but writes nothing.
    alices_twin.module.twin.peers._replays = Replays()
    at_rest(alices_twin)
    with rest(alices_twin):  # it writes nothing by itself then
        whole = run(10**6, "export", config, tmp_path / "whole.zip", program=["-c", KILLED])
        assert whole.returncode == 0, whole.stderr
        touched = 10**6 - int(whole.stdout.split()[-1])
        expected = contents(tmp_path / "whole.zip")
        # The last ones are the folder that is deleted when the archive is there.
        for number, part in enumerate((0.02, 0.15, 0.3, 0.5, 0.65, 0.8, 0.92, 0.99)):
            cut = tmp_path / f"cut{number}.zip"
            for point in (int(touched * part), int(touched * part * 0.7)):
                killed = run(max(point, 1), "export", config, cut, program=["-c", KILLED])
                assert killed.returncode in (-signal.SIGKILL, 0)
            if cut.with_name(f"{cut.name}.partial").exists():
                exported(alices_twin, cut)
            assert not cut.with_name(f"{cut.name}.partial").exists()
            found = contents(cut)
            assert list(found) == list(expected)
            for name in set(found) - set(VARYING):
                assert found[name] == expected[name], (part, name)
            assert shown_to_a_stranger(cut)[0] == 0


def test_a_file_that_is_there_is_not_written_over(archive: Path, alices_twin: Twin) -> None:
    before = archive.read_bytes()
    done = run("export", config_of(alices_twin), archive)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "is there already" in done.stderr
    assert archive.read_bytes() == before


def test_a_token_file_serves_instead_of_the_password(
    alices_twin: Twin, alice: Person, full: tuple[str, str], tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(alice.token + "\n")
    done = run("export", config_of(alices_twin), tmp_path / "a.zip", "--token-file", token)
    assert done.returncode == 0, done.stderr
    alice.get("status")
    token.write_text("wrong")
    done = run("export", config_of(alices_twin), tmp_path / "b.zip", "--token-file", token)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "The twin refuses" in done.stderr


def test_what_can_not_be_had_or_proved_is_noted_and_the_rest_is_there(
    own_network: TwinNetwork, tmp_path: Path
) -> None:
    twin, bobs = own_network.start("alice"), own_network.start("bob")
    alice, bob = person_at(twin), person_at(bobs)
    room = share(alice, bob)
    bob.command("docs", "create", room_id=room, uid="far", title="Far", text=LONG)
    bob.command("tasks", "add", room_id=room, uid="bobs", title="Bob's")
    alice.command("tasks", "add", room_id=room, uid="mine", title="Mine")
    eventually(lambda: {"far", "bobs"} <= set(alice.uids(room)), what="Alice sees them")
    own_network.twins["bob"].stop()
    twin.execute("DELETE FROM server_keys_json")
    twin.execute("DELETE FROM remote_media_cache")
    archive = exported(twin, tmp_path / "a.zip")
    files = contents(archive)
    [missing] = lines(files, "missing")
    assert missing["url"].startswith(f"mxc://{bobs.server_name}/")
    objects = {each["uid"]: each for each in lines(files, "objects-")}
    assert bobs.server_name in str(objects["bobs"]["unproven"])
    assert objects["bobs"]["event"]["content"]["title"] == "Bob's"
    assert "unproven" not in objects["mine"]
    assert "document" not in objects["far"]
    status, said = shown_to_a_stranger(archive)
    assert status == 0, said
    assert "1 files that it lacks" in said
    twin.stop()
    done = run("export", config_of(twin), tmp_path / "b.zip")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "does not answer" in done.stderr


# What the twin signs


def manifest(person: Person, **changes: Any) -> dict[str, Any]:
    files = {name: {"sha256": "0" * 64, "size": 1} for name in export.ALWAYS}
    return {
        "format": export.FORMAT,
        "twin": person.owner.partition(":")[2],
        "owner": person.owner,
        "created": 1,
        "files": files,
        "counts": dict.fromkeys(export.COUNTS, 0),
        **changes,
    }


def test_the_twin_signs_a_manifest_and_says_when(careful: CarefulPerson) -> None:
    answer = careful.post("export/manifest", manifest(careful))
    server = careful.owner.partition(":")[2]
    keys = careful.get(f"export/keys/{server}")["documents"]
    assert not verify_signed(answer, server, keys, answer["signed_ts"]).problems


@pytest.mark.parametrize(
    "changes",
    [
        {"twin": "bob.example", "owner": "@bob:bob.example"},
        {"owner": "@bob:bob.example"},
        {"format": "org.digitaltwin.proof.v1"},
        {"created": 2**52},
        {"signatures": {}},
        {"type": "org.digitaltwin.card"},
        {"verify_keys": {}, "valid_until_ts": 1, "server_name": "alice"},
        {"method": "GET", "uri": "/", "origin": "alice", "destination": "bob"},
        {"files": {}},
        {"counts": []},
    ],
    ids=repr,
)
def test_the_twin_signs_nothing_else(changes: dict[str, Any], careful: CarefulPerson) -> None:
    answer = careful.ask("POST", "export/manifest", manifest(careful, **changes))
    assert (answer.status, answer.body["errcode"]) == (400, "M_BAD_JSON")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("export/rooms/!nowhere", 404),
        ("export/objects?from=x", 400),
        ("export/files?from=%00", 400),
        ("export/files?from=..", 400),
        ("export/keys/%00", 400),
        ("export/keys/a%20b", 400),
        ("export/keys/localhost:1", 504),
    ],
)
def test_what_is_not_there_is_refused(path: str, status: int, careful: CarefulPerson) -> None:
    assert careful.ask("GET", path).status == status


def test_the_calls_of_an_export_answer_as_declared(
    careful: CarefulPerson, full: tuple[str, str]
) -> None:
    page = careful.get("export/objects")
    assert careful.get("export/objects", **{"from": page["next_batch"]})["objects"]
    assert careful.get(f"export/rooms/{full[0]}")["create"]["event"]["type"] == "m.room.create"
    assert careful.get("export/files")["files"]
