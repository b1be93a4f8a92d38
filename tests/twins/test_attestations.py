"""Attestations between twins: who vouches for what, who disputes it, and who only pretends to."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from signedjson.key import generate_signing_key
from signedjson.sign import sign_json

from tests.twins.test_proofs import key_of, share, shown_to_a_stranger
from twin_module.core.attestation import FORMAT, verify
from twin_module.core.credential import ATTESTATION_TYPE
from twin_module.testing.answers import CarefulPerson
from twin_module.testing.person import Person, eventually
from twin_module.testing.twins import Twin, TwinNetwork

DOC: Final = "org.digitaltwin.doc"


def document(person: Person, room: str, uid: str = "minutes") -> dict[str, str]:
    """Return the version of a document that somebody sees, as a subject."""
    etag = person.get(f"rooms/{room}/docs/{uid}")["etag"]
    return {"type": DOC, "uid": uid, "event_id": etag}


def attest(person: Person, room: str, uid: str, statement: str, /, **subject: Any) -> None:
    named = subject or {"object": document(person, room)}
    person.command("attestations", "issue", room_id=room, uid=uid, statement=statement, **named)


def beside(person: Person, room: str) -> Any:
    """Return what is attested about the document of a room."""
    return person.get(f"rooms/{room}/docs/minutes/attestations")


def names(people: list[Any]) -> list[str]:
    return [each["user_id"] for each in people]


def sees(person: Person, room: str, check: Callable[[Any], bool], what: str) -> Any:
    return eventually(
        lambda: (found := beside(person, room)) and check(found) and found,
        what=f"{person.owner} sees {what}",
    )


def written(alice: Person, bob: Person, name: str) -> str:
    """Return a collection of Bob's in which Alice is an editor, with a document of his."""
    room = share(bob, alice, name)
    bob.command("docs", "create", room_id=room, uid="minutes", title="Minutes", text="# Minutes\n")
    eventually(lambda: "minutes" in alice.uids(room), what="Alice sees the document")
    return room


def test_bob_sees_who_of_his_circles_vouches_and_who_disputes(
    alice: Person, bob: Person, carol: Person, alices_twin: Twin, tmp_path: Path
) -> None:
    room = share(bob, alice, "Readers")
    [circle] = [each["circle"] for each in bob.get(f"collections/{room}")["shares"]]
    bob.command("circles", "add", room_id=circle, user_id=carol.owner, role="editor")
    carol.accept(room)
    bob.command("docs", "create", room_id=room, uid="minutes", title="Minutes", text="# Minutes\n")
    for person in (alice, carol):
        eventually(lambda person=person: "minutes" in person.uids(room), what="they see it")  # type: ignore[misc]

    # Alice vouches, Carol disputes.
    attest(alice, room, "alices", "checked")
    attest(carol, room, "carols", "disputed")
    found = sees(bob, room, lambda f: len(f["attestations"]) == 2, "both")
    assert {each["status"] for each in found["attestations"]} == {"valid"}, found
    [vouching], [disputing] = found["vouched_by"], found["disputed_by"]
    assert vouching["user_id"] == alice.owner
    assert disputing["user_id"] == carol.owner
    assert vouching["circles"] == disputing["circles"] == [{"room_id": circle, "name": "Readers"}]
    assert vouching["statements"] == [{"statement": "checked", "version": "current"}]
    assert {each["key"] for each in found["attestations"]} >= {key_of(alices_twin)}
    # Carol has no circles, so she sees the same people in none.
    [vouching] = beside(carol, room)["vouched_by"]
    assert (vouching["user_id"], vouching["circles"]) == (alice.owner, [])

    # What they vouched for is not the newest version any more.
    bob.command("docs", "write", room_id=room, uid="minutes", text="# Other minutes\n")
    [vouching] = beside(bob, room)["vouched_by"]
    assert vouching["statements"] == [{"statement": "checked", "version": "earlier"}]

    # A file of it stands alone.
    file = bob.get(f"rooms/{room}/attestations/alices/credential")
    assert file["format"] == FORMAT
    status, said = shown_to_a_stranger(tmp_path, file)
    assert status == 0, said
    assert said.startswith("PROVEN\n")
    assert f'{alice.owner} states "checked" (I checked this)' in said
    assert key_of(alices_twin) in said
    assert "its issuer may have revoked it, and this file would not know" in said

    # Alice takes it back.
    alice.command("attestations", "revoke", room_id=room, uid="alices", reason="Read too fast")
    found = sees(bob, room, lambda f: f["vouched_by"] == [], "that nobody vouches")
    assert names(found["disputed_by"]) == [carol.owner]
    [revoked] = [each for each in found["attestations"] if each["uid"] == "alices"]
    assert revoked["status"] == "revoked"
    assert revoked["revocation"]["reason"] == "Read too fast"
    status, said = shown_to_a_stranger(
        tmp_path, bob.get(f"rooms/{room}/attestations/alices/credential")
    )
    assert status == 1
    assert f"{alice.owner} took it back" in said
    # The file from before does not know of it, and a twin that is in the room does.
    assert shown_to_a_stranger(tmp_path, file)[0] == 0
    shown = bob.post("attestations/verify", {"credential": file["credential"]})
    assert shown["status"] == "revoked"
    # Nor does it help to write the event anew without the revocation.
    content = carol.get(f"rooms/{room}/attestations/alices")["content"]
    carol.put_state(
        room, ATTESTATION_TYPE, "alices", {key: content[key] for key in ("@type", "credential")}
    ).ok()
    eventually(
        lambda: "revoked" not in bob.get(f"rooms/{room}/attestations/alices")["content"],
        what="Carol's version arrives",
    )
    assert beside(bob, room)["vouched_by"] == []


def test_what_a_hostile_peer_forges_is_not_believed(
    alice: Person, bob: Person, tmp_path: Path
) -> None:
    room = written(alice, bob, "Forged")
    attest(alice, room, "real", "checked")
    real = sees(bob, room, lambda f: f["attestations"] != [], "it") and bob.get(
        f"rooms/{room}/attestations/real"
    )
    credential = real["content"]["credential"]
    bare = {key: value for key, value in credential.items() if key != "signatures"}
    server = alice.owner.partition(":")[2]
    disputes = {**bare, "credentialSubject": {**bare["credentialSubject"], "statement": "disputed"}}
    eve = generate_signing_key("eve")
    known = generate_signing_key(next(iter(credential["signatures"][server])).partition(":")[2])
    forged = {
        "altered": {**disputes, "signatures": credential["signatures"]},
        "other-key": sign_json(dict(disputes), server, eve),
        "same-key-id": sign_json(dict(disputes), server, known),
        "unsigned": disputes,
    }
    for uid, each in forged.items():
        content = {"@type": "Attestation", "credential": each}
        bob.put_state(room, ATTESTATION_TYPE, uid, content).ok()
    revocation = {
        **credential,
        "credentialSubject": {"id": "ni:///sha-256;x", "statement": "revoked"},
    }
    bob.put_state(room, ATTESTATION_TYPE, "real", {**real["content"], "revoked": revocation}).ok()
    for person in (alice, bob):
        found = sees(person, room, lambda f: len(f["attestations"]) == 5, "all")
        by_uid = {each["uid"]: each for each in found["attestations"]}
        assert by_uid["real"]["status"] == "valid"
        assert by_uid["real"]["says"]["issuer"] == alice.owner
        for uid in forged:
            assert by_uid[uid]["status"] == "invalid", by_uid[uid]
            assert by_uid[uid]["problems"]
            assert "says" not in by_uid[uid]
            assert by_uid[uid]["pretends"]["statement"] == "disputed"
            assert by_uid[uid]["sender"] == bob.owner
        assert names(found["vouched_by"]) == [alice.owner]
        assert found["disputed_by"] == []
    answer = alice.ask("GET", f"rooms/{room}/attestations/altered/credential")
    assert (answer.status, answer.body["errcode"]) == (409, "ORG.DIGITALTWIN.NOT_PROVABLE")
    file = alice.get(f"rooms/{room}/attestations/real/credential")
    file["credential"]["credentialSubject"]["statement"] = "disputed"
    status, said = shown_to_a_stranger(tmp_path, file)
    assert status == 1
    assert "does not fit" in said


def test_a_statement_about_a_version_of_another_object_does_not_count(
    alice: Person, bob: Person
) -> None:
    room = written(alice, bob, "Others")
    bob.command("docs", "create", room_id=room, uid="other", title="Other", text="")
    other = {**document(bob, room, "other"), "uid": "minutes"}
    attest(bob, room, "wrong", "original", object=other)
    found = beside(bob, room)
    assert [(each["status"], each["version"]) for each in found["attestations"]] == [
        ("valid", "other")
    ]
    assert found["vouched_by"] == []


def test_files_and_people_are_vouched_for_too(
    alice: Person, bob: Person, careful: CarefulPerson
) -> None:
    room = written(alice, bob, "Files")
    digest = "5a" * 32
    attest(alice, room, "file", "original", file=digest)
    attest(bob, room, "person", "known", person=alice.owner)
    uri = alice.get(f"rooms/{room}/attestations/file")["content"]["credential"]["credentialSubject"]
    [by] = alice.get("attestations", subject=uri["id"])["vouched_by"]
    assert (by["user_id"], by["statements"]) == (alice.owner, [{"statement": "original"}])
    eventually(
        lambda: (
            names(careful.get("attestations", subject=alice.owner)["vouched_by"]) == [bob.owner]
        ),
        what="Alice sees that Bob knows her",
    )
    assert careful.get("attestations", issuer=bob.owner, statement="nothing")["attestations"] == []
    answer = careful.ask("GET", "attestations")
    assert (answer.status, answer.body["errcode"]) == (400, "M_INVALID_PARAM")


def test_who_can_not_be_asked_for_keys_is_not_called_a_forger(
    alice: Person, bob: Person, network: TwinNetwork
) -> None:
    bare = {
        "type": ["VerifiableCredential", "Attestation"],
        "issuer": "matrix:u/eve:nobody.invalid",
    }
    credential = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        **bare,
        "validFrom": "2026-09-21T14:13:20Z",
        "credentialSubject": {"id": "matrix:u/bob:bob.example", "statement": "known"},
        "signatures": {"nobody.invalid": {"ed25519:a": "A" * 86}},
    }
    shown = alice.post("attestations/verify", {"credential": credential})
    assert shown["status"] == "cannot_be_checked_now"
    assert "Ask again later" in shown["problems"][0]
    assert "says" not in shown


@pytest.mark.parametrize("uid", ["none", "a b"])
def test_what_is_not_there_has_no_file(uid: str, careful: CarefulPerson, collection: str) -> None:
    path = f"rooms/{collection}/attestations/{uid.replace(' ', '%20')}/credential"
    assert careful.ask("GET", path).status == 404
    path = f"rooms/{collection}/docs/{uid.replace(' ', '%20')}/attestations"
    assert careful.ask("GET", path).status == 404


@pytest.mark.parametrize(
    "credential", [{}, {"a": [1.5]}, {"issuer": "x" * 100_000}, {"a": {"b": {"c": None}}}]
)
def test_anything_that_is_pasted_gets_an_answer(credential: Any, careful: CarefulPerson) -> None:
    answer = careful.ask("POST", "attestations/verify", {"credential": credential})
    assert answer.status in (200, 400)
    if answer.status == 200:
        assert answer.body["status"] == "invalid"
    assert not verify({"format": FORMAT, "credential": credential, "keys": {}}).proven
    json.dumps(answer.body)
