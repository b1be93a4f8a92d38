"""What only attestations do."""

from typing import Any, Final

import pytest

from twin_module.core.attestation import verify
from twin_module.core.credential import digest_of, hash_uri, read
from twin_module.core.effects import Effect, Put
from twin_module.core.errors import Forbidden, InvalidParam, NotFound
from twin_module.core.state import StateMap, frozen, plain
from twin_module.rooms.attestations import ATTESTATION, ATTESTATIONS
from twin_module.testing.bundles import Signer
from twin_module.testing.credentials import (
    VERSION,
    credential,
    file_of,
    revocation,
)
from twin_module.testing.stage import NEW_UID, Stage
from twin_module.testing.strategies import ALICE, BOB, ROOM, event_of, state_of

ABOUT: Final = {"type": VERSION.type, "uid": VERSION.uid, "event_id": VERSION.event_id}
HASH: Final = "ab" * 32


def stage(*contents: dict[str, Any], sender: str = ALICE) -> Stage:
    events = [
        event_of(ATTESTATION.type, f"a{number}", content, sender=sender)
        for number, content in enumerate(contents)
    ]
    return Stage(ATTESTATIONS, state_of(*events))


def of(document: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"@type": "Attestation", "credential": document, **more}


def only(effects: Any) -> Put:
    found: list[Effect] = list(effects)
    [put] = found
    assert isinstance(put, Put)
    return put


def index(document: dict[str, Any]) -> dict[str, Any]:
    content = frozen(of(document))
    return {name: each.read(content) for name, each in ATTESTATION.filters.items()}


# Issuing


def test_what_is_issued_is_a_credential_of_the_owner_to_be_signed() -> None:
    put = only(stage().decide("issue", statement="checked", object=ABOUT, description="Fine"))
    assert (put.type, put.state_key, put.sign) == (ATTESTATION.type, NEW_UID, "credential")
    document = plain(put.content["credential"])
    assert "signatures" not in document
    assert document["issuer"] == "matrix:u/alice:alice.test"
    assert document["validFrom"] == "2026-12-24T12:00:00Z"
    claim = read(document)
    assert not isinstance(claim, str)
    assert claim.version is not None
    assert (claim.version.room_id, claim.version.event_id) == (ROOM, VERSION.event_id)
    assert claim.place == (ROOM, NEW_UID)
    assert claim.description == "Fine"


def test_an_object_may_lie_in_another_room() -> None:
    about = {**ABOUT, "room_id": "!other"}
    put = only(stage().decide("issue", statement="checked", object=about))
    claim = read(plain(put.content["credential"]))
    assert not isinstance(claim, str)
    assert claim.version is not None
    assert (claim.version.room_id, claim.place) == ("!other", (ROOM, NEW_UID))


@pytest.mark.parametrize(
    ("subject", "uri"),
    [
        ({"file": HASH}, hash_uri(HASH)),
        ({"person": BOB}, "matrix:u/bob:bob.test"),
    ],
)
def test_a_file_or_a_person_is_attested(subject: dict[str, str], uri: str) -> None:
    put = only(stage().decide("issue", statement="known", **subject))
    assert put.content["credential"]["credentialSubject"]["id"] == uri


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"file": HASH, "person": BOB},
        {"object": ABOUT, "file": HASH},
        {"person": "@a\u202eb:bob.test"},
        {"file": HASH, "valid_until": "2026-12-24T12:00:00Z"},
        {"file": HASH, "valid_until": "2027-02-31T12:00:00Z"},
    ],
)
def test_what_can_not_be_attested_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidParam):
        stage().decide("issue", statement="checked", **arguments)


# Revoking


def test_only_the_issuer_revokes() -> None:
    with pytest.raises(Forbidden, match=BOB):
        stage(of(credential(Signer(BOB)))).decide("revoke", uid="a0")
    with pytest.raises(NotFound):
        stage().decide("revoke", uid="a0")


def test_a_revocation_stands_beside_what_it_revokes() -> None:
    document = credential(Signer(ALICE))
    put = only(stage(of(document)).decide("revoke", uid="a0", reason="I was wrong"))
    assert put.sign == "revoked"
    assert plain(put.content["credential"]) == document
    revoked = read(plain(put.content["revoked"]))
    assert not isinstance(revoked, str)
    assert (revoked.statement, revoked.subject) == ("revoked", digest_of(document))
    assert revoked.description == "I was wrong"


def test_a_revocation_that_somebody_else_made_up_does_not_keep_the_issuer_from_revoking() -> None:
    alice = Signer(ALICE)
    document = credential(alice)
    fake = {**revocation(alice, document), "signatures": {"alice.test": {"ed25519:a_1": "fake"}}}
    content = of(document, revoked=fake)
    assert stage(content).decide("revoke", uid="a0") == []
    assert only(stage(content, sender=BOB).decide("revoke", uid="a0")).sign == "revoked"
    other = of(document, revoked=revocation(alice, credential(alice, "authored")))
    assert only(stage(other).decide("revoke", uid="a0")).sign == "revoked"


# Reading


def test_the_view_says_that_signatures_are_not_looked_at() -> None:
    alice = Signer(ALICE)
    document = credential(alice, validUntil="2026-12-24T12:00:00Z")
    other = credential(alice, "authored", {"id": hash_uri(HASH)})
    shown = stage(of(document), of(other, revoked=revocation(alice, other)), sender=BOB).shown()
    first, second = shown["attestations"]
    assert first["checked"] is second["checked"] is False
    assert first["sender"] == BOB
    assert (first["standing"], first["revoked"]) == ("expired", False)
    assert (second["standing"], second["revoked"]) == ("valid", True)
    assert first["claims"]["issuer"] == ALICE
    assert first["claims"]["object"]["uid"] == VERSION.uid
    assert second["claims"]["subject"] == hash_uri(HASH)


def test_what_can_not_be_read_is_shown_as_that() -> None:
    document = {**credential(Signer(ALICE)), "validFrom": "2026-02-31T00:00:00Z"}
    [shown] = stage(of(document)).shown()["attestations"]
    assert shown == {
        "uid": "a0",
        "sender": ALICE,
        "checked": False,
        "standing": "unreadable",
        "revoked": False,
    }
    with pytest.raises(InvalidParam):
        stage(of(document)).decide("revoke", uid="a0")


def test_attestations_are_found_by_issuer_statement_subject_and_object() -> None:
    alice = Signer(ALICE)
    assert index(credential(alice)) == {
        "issuer": ALICE,
        "statement": "checked",
        "subject": [credential(alice)["credentialSubject"]["id"]],
        "object": VERSION.object,
    }
    assert index(credential(alice, "known", {"id": "matrix:u/bob:bob.test"})) == {
        "issuer": ALICE,
        "statement": "known",
        "subject": ["matrix:u/bob:bob.test", BOB],
        "object": None,
    }


@pytest.mark.parametrize("field", ["issuer", "validFrom", "@context", "type", "credentialSubject"])
def test_a_credential_without_one_of_its_fields_is_left_out(field: str) -> None:
    document = credential(Signer(ALICE))
    del document[field]
    state: StateMap = stage(of(document)).state
    assert ATTESTATIONS.project(state) == []


def test_the_example_is_signed_by_who_it_says() -> None:
    alice = Signer("@alice:alice.example")
    example = dict(ATTESTATION.example)
    assert verify(file_of(example["credential"], alice)).proven
