"""Objects proved to a stranger, who has nothing but the file."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from signedjson.key import generate_signing_key, read_signing_keys, write_signing_keys
from unpaddedbase64 import encode_base64

from twin_module.core.proof import FORMAT, verify
from twin_module.testing.answers import CarefulPerson
from twin_module.testing.person import Person, eventually, request
from twin_module.testing.twins import Twin, TwinNetwork, person_at

STRANGER: Final = """
import sys

def refuse(event, arguments):
    if event.startswith("socket.") or event in ("subprocess.Popen", "os.system"):
        raise SystemExit(f"asked for {event}")

sys.addaudithook(refuse)
from twin_module.host.cli import main
try:
    main(["verify", sys.argv[1]])
finally:
    heavy = {"synapse", "twisted", "jsonschema", "cryptography"} & set(sys.modules)
    assert not heavy, heavy
"""
"""`twin verify` in a process that ends when it asks for a network or for another program."""


def shown_to_a_stranger(folder: Path, proof: Any) -> tuple[int, str]:
    """Return the exit status of `twin verify` and what it prints."""
    path = folder / "proof.json"
    path.write_text(json.dumps(proof))
    done = subprocess.run(
        [sys.executable, "-c", STRANGER, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8"},
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def proof_of(person: Person, room: str, uid: str, **query: Any) -> Any:
    return person.get(f"rooms/{room}/tasks/{uid}/proof", **query)


def share(one: Person, other: Person, name: str = "Shared") -> str:
    """Return a collection that both are in and may write to."""
    circle = one.command("circles", "create", name=name, members={other.owner: "editor"})
    room = one.collection(name)
    one.command("circles", "share", room_id=room, circle=circle["room_id"])
    other.accept(room)
    eventually(
        lambda: other.get(f"collections/{room}")["role"] == "editor",
        what=f"{other.owner} may write here",
    )
    return room


def key_of(twin: Twin) -> str:
    """Return the public key that a server shows to everybody."""
    url = f"https://{twin.server_name}"
    ca = twin.facts.ca_file
    shown = request(url, "GET", "/_matrix/key/v2/server", trust=ca).ok()
    [key] = shown["verify_keys"].values()
    found: str = key["key"]
    return found


def test_bob_proves_what_alice_wrote_from_his_own_twin(
    alice: Person, bob: Person, alices_twin: Twin, tmp_path: Path
) -> None:
    room = share(alice, bob)
    alice.command("tasks", "add", room_id=room, uid="one", title="Buy bread — now")
    eventually(lambda: "one" in bob.uids(room), what="Bob sees the task")
    status, said = shown_to_a_stranger(tmp_path, proof_of(bob, room, "one"))
    assert status == 0, said
    assert said.startswith("PROVEN\n")
    assert f"{alice.owner} wrote it, says the server {alices_twin.server_name}" in said
    assert key_of(alices_twin) in said
    assert f"The room was made by {alice.owner}." in said
    assert '"title": "Buy bread — now"' in said
    assert "NOT PROVEN BY THIS FILE" in said


def test_a_changed_proof_is_refused(alice: Person, collection: str, tmp_path: Path) -> None:
    alice.command("tasks", "add", room_id=collection, uid="one", title="Buy bread")
    proof = proof_of(alice, collection, "one")
    proof["event"]["content"]["title"] = "Buy butter"
    status, said = shown_to_a_stranger(tmp_path, proof)
    assert status == 1
    assert said.startswith("NOT PROVEN\n")
    assert "what it says was changed" in said


def test_a_proof_comes_as_it_was_declared_and_of_every_version(
    careful: CarefulPerson, collection: str
) -> None:
    careful.command("tasks", "add", room_id=collection, uid="one", title="First")
    first = careful.get(f"rooms/{collection}/tasks/one")["etag"]
    careful.ask("PATCH", f"rooms/{collection}/tasks/one", {"title": "Second"}).ok()
    careful.ask("DELETE", f"rooms/{collection}/tasks/one").ok()
    now, before = (proof_of(careful, collection, "one", **q) for q in ({}, {"event_id": first}))
    assert now["format"] == FORMAT
    assert "removed the object" in " ".join(verify(now).says)
    assert before["event_id"] == first
    assert verify(before).content["title"] == "First"
    answer = careful.ask("GET", f"rooms/{collection}/tasks/one/proof", event_id=first)
    assert answer.headers["etag"] == f'"{first}"'


@pytest.mark.parametrize(
    ("uid", "event_id", "status", "errcode"),
    [
        ("none", None, 404, "M_NOT_FOUND"),
        ("one", "$nothing", 404, "M_NOT_FOUND"),
        ("one", "", 404, "M_NOT_FOUND"),
    ],
)
def test_what_is_not_there_has_no_proof(
    uid: str,
    event_id: str | None,
    status: int,
    errcode: str,
    careful: CarefulPerson,
    collection: str,
) -> None:
    careful.command("tasks", "add", room_id=collection, uid="one", title="First")
    query: dict[str, Any] = {} if event_id is None else {"event_id": event_id}
    answer = careful.ask("GET", f"rooms/{collection}/tasks/{uid}/proof", **query)
    assert (answer.status, answer.body["errcode"]) == (status, errcode)


def test_a_redacted_version_can_not_be_proved(careful: CarefulPerson, collection: str) -> None:
    careful.command("tasks", "add", room_id=collection, uid="one", title="First")
    etag = careful.get(f"rooms/{collection}/tasks/one")["etag"]
    path = f"/_matrix/client/v3/rooms/{collection}/redact/{etag}/redact"
    careful.ask("PUT", path, {}).ok()
    answer = careful.ask("GET", f"rooms/{collection}/tasks/one/proof")
    assert (answer.status, answer.body["errcode"]) == (409, "ORG.DIGITALTWIN.NOT_PROVABLE")
    assert "redacted" in answer.body["error"]


def test_a_merge_is_proved_with_both_of_its_sides(
    alice: Person, bob: Person, network: TwinNetwork, tmp_path: Path
) -> None:
    room = share(alice, bob, "Merged")
    alice.command("tasks", "add", room_id=room, uid="one", title="Bread")
    eventually(lambda: "one" in bob.uids(room), what="Bob sees the task")
    path = f"rooms/{room}/tasks/one"
    with network.cut_off("bob"):
        alice.ask("PATCH", path, {"title": "Butter"}).ok()
        bob.ask("PATCH", path, {"description": "Two of them"}).ok()

    def merged(person: Person) -> bool:
        content = person.get(path)["content"]
        return (content["title"], content.get("description")) == ("Butter", "Two of them")

    for person in (alice, bob):
        eventually(lambda person=person: merged(person), what=f"{person.owner} sees both")  # type: ignore[misc]
    proof = proof_of(bob, room, "one")
    assert proof["event"]["content"]["org.digitaltwin"]["merged"]
    status, said = shown_to_a_stranger(tmp_path, proof)
    assert status == 0, said
    assert "It is a merge of 2 versions" in said
    for person in (alice, bob):
        assert f" by {person.owner}, who says" in said
    proof["parents"].reverse()
    assert verify(proof).proven
    proof["parents"].pop()
    status, said = shown_to_a_stranger(tmp_path, proof)
    assert (status, "and that is missing" in said) == (1, True)


# Keys


def rotated(twin: Twin) -> Mapping[str, Any]:
    """Give a stopped server a new key, and return the option that names the old one."""
    path = twin.facts.folder / "signing.key"
    [old] = read_signing_keys(path.read_text().splitlines())
    with path.open("w") as file:
        write_signing_keys(file, [generate_signing_key("a_new")])
    public = {"key": encode_base64(old.verify_key.encode()), "expired_ts": int(time.time() * 1000)}
    return {f"{old.alg}:{old.version}": public}


def test_what_an_old_key_signed_is_proved_when_the_server_has_a_new_one(
    own_network: TwinNetwork, tmp_path: Path
) -> None:
    alices, bobs = own_network.start("alice"), own_network.start("bob")
    alice, bob = person_at(alices), person_at(bobs)
    room = share(alice, bob)
    alice.command("tasks", "add", room_id=room, uid="one", title="Before")
    eventually(lambda: "one" in bob.uids(room), what="Bob sees the first task")
    before = proof_of(alice, room, "one")
    old = key_of(alices)

    alices.stop()
    alices._changes = {**alices._changes, "old_signing_keys": rotated(alices)}
    alices.start()
    alice = person_at(alices)
    new = key_of(alices)
    assert new != old
    alice.command("tasks", "add", room_id=room, uid="two", title="After")
    eventually(lambda: "two" in bob.uids(room), what="Bob sees the second task")

    assert verify(before).proven
    for person in (alice, bob):
        status, said = shown_to_a_stranger(tmp_path, proof_of(person, room, "one"))
        assert (status, old in said) == (0, True), said
        status, said = shown_to_a_stranger(tmp_path, proof_of(person, room, "two"))
        # The old one stands there too, for it signed that Alice made the room.
        assert (status, f"key ed25519:a_new, which is {new}" in said) == (0, True), said
    said = " ".join(verify(proof_of(alice, room, "one")).says)
    assert "given up" in said
    assert new in said


def test_keys_that_are_not_known_are_asked_for(
    own_network: TwinNetwork,
) -> None:
    alices, bobs = own_network.start("alice"), own_network.start("bob")
    alice, bob = person_at(alices), person_at(bobs)
    room = share(alice, bob)
    alice.command("tasks", "add", room_id=room, uid="one", title="Before")
    eventually(lambda: "one" in bob.uids(room), what="Bob sees the task")
    bobs.execute("DELETE FROM server_keys_json WHERE server_name = ?", alices.server_name)
    assert verify(proof_of(bob, room, "one")).proven
    bobs.execute("DELETE FROM server_keys_json WHERE server_name = ?", alices.server_name)
    with own_network.cut_off("alice"):
        answer = bob.ask("GET", f"rooms/{room}/tasks/one/proof")
        assert (answer.status, answer.body["errcode"]) == (504, "ORG.DIGITALTWIN.UNREACHABLE")
        # Who made the room is an extra: what Bob wrote is proved without it.
        bob.command("tasks", "add", room_id=room, uid="mine", title="Bob's")
        own = proof_of(bob, room, "mine")
        assert verify(own).proven
        assert "create" not in own
    answer = bob.ask("GET", f"rooms/{room}/tasks/one/proof")
    assert answer.status == 200, answer.body
