"""Attestations on a twin: issued with its key, believed of nobody who has not signed them."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest
from signedjson.sign import sign_json

from tests.engine.conftest import TASK, Home, settle, share, task
from twin_module.core.attestation import verify
from twin_module.core.credential import ATTESTATION_TYPE, Version, hash_uri
from twin_module.core.effects import Put, remove
from twin_module.core.errors import Conflict, Forbidden, NotFound, NotProvable
from twin_module.core.state import frozen, plain
from twin_module.engine.attestations import Judged
from twin_module.engine.keyring import AGAIN_MS, MOST_ASKED
from twin_module.engine.query import Condition
from twin_module.testing.bundles import Signer
from twin_module.testing.credentials import credential, revocation
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork

HASH: Final = "ab" * 32


def attest(home: Home, room: str, uid: str = "a", statement: str = "checked", **more: Any) -> None:
    """State something about the task `one` of a room, or about what `more` names."""
    subject = more if {"file", "person"} & set(more) else {"object": about(home, room), **more}
    home.command("attestations", "issue", room_id=room, uid=uid, statement=statement, **subject)


def about(home: Home, room: str, uid: str = "one") -> dict[str, str]:
    event = home.server.state(room)[TASK, uid]
    return {"type": TASK, "uid": uid, "event_id": event.event_id}


def found(home: Home, room: str) -> dict[str, Judged]:
    """Return what is attested about the task `one` of a room, by the uid of the attestation."""
    word = Version(room, TASK, "one", "").object
    judged, more = run(home.twin.attestations.found([Condition("object", "", word)]))
    assert not more
    return {each.place.uid: each for each in judged if each.place is not None}


def status(home: Home, room: str, uid: str = "a") -> str:
    return found(home, room)[uid].status


def write(home: Home, room: str, content: dict[str, Any], uid: str = "a") -> None:
    """Write an attestation's event as any client can."""
    home.write(room, Put(ATTESTATION_TYPE, uid, frozen({"@type": "Attestation", **content})))


def content_of(home: Home, room: str, uid: str = "a") -> dict[str, Any]:
    found: dict[str, Any] = home.content(room, ATTESTATION_TYPE, uid)
    return found


@pytest.fixture
def attested(alice: Home, bob: Home) -> str:
    """A collection of alice's in which bob is an editor, with a task that alice has checked."""
    room = share(alice, bob)
    alice.write(room, task("one"))
    settle(alice, bob)
    attest(alice, room)
    settle(alice, bob)
    return room


# Issuing


def test_what_is_issued_is_signed_by_the_twin_and_believed_by_the_other(
    alice: Home, bob: Home, attested: str
) -> None:
    document = content_of(alice, attested)["credential"]
    assert list(document["signatures"]) == ["alice.example"]
    for home in (alice, bob):
        [judged] = found(home, attested).values()
        assert (judged.status, judged.problems) == ("valid", ())
        assert judged.claim is not None
        assert judged.claim.issuer == judged.sender == alice.owner
        assert f"{judged.key}" in alice.port.verify_keys().values()


def test_a_plain_write_is_not_signed(alice: Home, attested: str) -> None:
    document = content_of(alice, attested)["credential"]
    bare = {key: value for key, value in document.items() if key != "signatures"}
    write(alice, attested, {"credential": bare}, "b")
    settle(alice)
    assert "signatures" not in content_of(alice, attested, "b")["credential"]
    judged = found(alice, attested)["b"]
    assert (judged.status, judged.key) == ("invalid", "")


def test_an_attestation_holds_until_its_time_is_over(alice: Home, bob: Home, attested: str) -> None:
    ends = datetime.fromtimestamp(alice.port.now() / 1000 + 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    alice.command(
        "attestations",
        "issue",
        room_id=attested,
        uid="b",
        statement="checked",
        object=about(alice, attested),
        valid_until=ends,
    )
    settle(alice, bob)
    assert status(bob, attested, "b") == "valid"
    alice.network.pass_time(61)
    assert status(bob, attested, "b") == "expired"
    assert status(bob, attested, "a") == "valid"


def test_a_uid_that_is_taken_is_refused(alice: Home, attested: str) -> None:
    with pytest.raises(Conflict):
        attest(alice, attested, "a", "original")


# Revoking


def test_what_its_issuer_revoked_is_revoked_for_everybody(
    alice: Home, bob: Home, attested: str
) -> None:
    alice.command("attestations", "revoke", room_id=attested, uid="a", reason="I was wrong")
    settle(alice, bob)
    for home in (alice, bob):
        [judged] = found(home, attested).values()
        assert judged.status == "revoked"
        assert judged.revocation is not None
        assert judged.revocation.description == "I was wrong"
    assert content_of(alice, attested)["revoked"]["signatures"]
    written = alice.command("attestations", "revoke", room_id=attested, uid="a").written
    assert written == []


def test_nobody_else_can_revoke_or_bring_back_what_was_revoked(
    alice: Home, bob: Home, attested: str
) -> None:
    before = content_of(bob, attested)
    document = before["credential"]
    forged = revocation(Signer(alice.owner, "eve"), document)
    for revoked in (forged, document, {**forged, "signatures": document["signatures"]}):
        write(bob, attested, {"credential": document, "revoked": revoked})
        settle(alice, bob)
        assert status(alice, attested) == "valid"
    with pytest.raises(Forbidden):
        bob.command("attestations", "revoke", room_id=attested, uid="a")
    alice.command("attestations", "revoke", room_id=attested, uid="a")
    settle(alice, bob)
    write(bob, attested, {"credential": document})
    write(bob, attested, {"credential": document}, "copy")
    settle(alice, bob)
    assert "revoked" not in content_of(alice, attested)
    for home in (alice, bob):
        assert status(home, attested, "a") == "revoked"
        assert status(home, attested, "copy") == "revoked"


def test_a_removal_is_no_revocation(alice: Home, bob: Home, attested: str) -> None:
    document = content_of(bob, attested)["credential"]
    bob.write(attested, remove(ATTESTATION_TYPE, "a"))
    settle(alice, bob)
    assert found(alice, attested) == {}
    assert run(alice.twin.attestations.judge(document)).status == "valid"


# Forgeries


def test_what_somebody_else_signed_is_nobodys_word(alice: Home, bob: Home, attested: str) -> None:
    document = content_of(bob, attested)["credential"]
    bare = {key: value for key, value in document.items() if key != "signatures"}
    disputed = {**bare, "credentialSubject": {**bare["credentialSubject"], "statement": "disputed"}}
    key = bob.server.keys.signing
    forgeries = {
        "altered": {**disputed, "signatures": document["signatures"]},
        "signed": sign_json(dict(disputed), "bob.example", key),
        "pretended": sign_json(dict(disputed), "alice.example", key),
        "bare": disputed,
        "unreadable": {**document, "validFrom": "2026-02-31T00:00:00Z"},
    }
    for uid, forged in forgeries.items():
        write(bob, attested, {"credential": forged}, uid)
    settle(alice, bob)
    for home in (alice, bob):
        judged = found(home, attested)
        assert judged["a"].status == "valid"
        for uid in ("altered", "signed", "pretended", "bare"):
            assert (judged[uid].status, judged[uid].key) == ("invalid", "")
        assert "unreadable" not in judged


def test_a_copy_in_another_room_is_still_its_issuers_word(
    alice: Home, bob: Home, attested: str
) -> None:
    document = content_of(bob, attested)["credential"]
    own = bob.collection()
    write(bob, own, {"credential": document})
    settle(bob)
    [one] = [each for each in run_found(bob, "issuer", alice.owner) if each.place.room_id == own]
    assert (one.status, one.sender) == ("valid", bob.owner)


def run_found(home: Home, name: str, value: str) -> Any:
    judged, _ = run(home.twin.attestations.found([Condition(name, "", value)]))
    return judged


def test_files_and_people_are_attested(alice: Home, bob: Home, attested: str) -> None:
    attest(alice, attested, "file", "original", file=HASH)
    attest(alice, attested, "person", "known", person=bob.owner)
    settle(alice, bob)
    assert [each.status for each in run_found(bob, "subject", hash_uri(HASH))] == ["valid"]
    assert [each.status for each in run_found(bob, "subject", bob.owner)] == ["valid"]


# Keys


def test_who_does_not_answer_can_not_be_checked_now(
    network: FakeNetwork, alice: Home, bob: Home, attested: str
) -> None:
    with network.cut_off("alice.example"):
        [judged] = found(bob, attested).values()
        assert judged.status == "cannot_be_checked_now"
        assert "does not show its keys now" in judged.problems[0]
        assert judged.key == ""
    # It is left alone for a while.
    assert status(bob, attested) == "cannot_be_checked_now"
    network.pass_time(AGAIN_MS / 1000)
    assert status(bob, attested) == "valid"
    with network.cut_off("alice.example"):
        assert status(bob, attested) == "valid"


def test_a_new_key_is_asked_for(
    network: FakeNetwork, alice: Home, bob: Home, attested: str
) -> None:
    assert status(bob, attested) == "valid"
    network.pass_time(AGAIN_MS / 1000)
    alice.server.keys.rotate(network.now)
    network.pass_time(1)
    attest(alice, attested, "b", "original")
    settle(alice, bob)
    assert status(bob, attested, "b") == "valid"
    assert status(bob, attested, "a") == "valid"


def test_many_old_key_documents_do_not_hide_the_newest_ones(
    network: FakeNetwork, alice: Home, bob: Home, attested: str
) -> None:
    assert status(bob, attested) == "valid"
    [document] = bob.server.known_keys["alice.example"]
    key = alice.server.keys
    old = [key.document("alice.example", network.now - each * 1000) for each in range(1, 40)]
    network.pass_time(AGAIN_MS / 1000)
    bob.server.known_keys["alice.example"] = [document, *old]
    assert status(bob, attested) == "valid"


def test_one_request_asks_few_servers(network: FakeNetwork, bob: Home, attested: str) -> None:
    asked: list[str] = []
    real = network.reach

    def reach(caller: Any, name: str) -> Any:
        asked.append(name)
        return real(caller, name)

    network.reach = reach  # type: ignore[method-assign]
    about_task = content_of(bob, attested)["credential"]["credentialSubject"]
    for number in range(MOST_ASKED + 5):
        eve = Signer(f"@eve:nowhere{number}.example")
        write(bob, attested, {"credential": credential(eve, subject=about_task)}, f"e{number}")
    settle(bob)
    asked.clear()
    judged = found(bob, attested)
    assert len(asked) == MOST_ASKED
    assert judged["e0"].status == "cannot_be_checked_now"
    found(bob, attested)
    assert len(asked) == len(set(asked)) == 2 * MOST_ASKED


# What it is about


def test_it_is_told_whether_the_version_is_still_the_current_one(
    alice: Home, bob: Home, attested: str
) -> None:
    [judged] = found(bob, attested).values()
    assert judged.claim is not None
    version = judged.claim.version
    assert version is not None

    def now(*versions: Version) -> Any:
        current = bob.server.state(attested)[TASK, "one"].event_id
        told = run(bob.twin.attestations.about(versions, current))
        return [told[each] for each in versions]

    assert now(version) == ["current"]
    alice.write(attested, task("one", "Butter"), task("two"))
    settle(alice, bob)
    other = Version(attested, TASK, "one", about(bob, attested, "two")["event_id"])
    unknown = Version(attested, TASK, "one", "$unknown")
    assert now(version, other, unknown) == ["earlier", "other", "unknown"]


def test_the_owners_own_circles_are_told_by_person(alice: Home, bob: Home) -> None:
    family = alice.circle("Family", bob="viewer", carol="editor")
    settle(alice, bob)
    bob.accept(family)
    settle(alice, bob)
    told = run(alice.twin.attestations.circles())
    assert told == {
        who: [{"room_id": family, "name": "Family"}] for who in (bob.owner, "@carol:carol.example")
    }
    assert run(bob.twin.attestations.circles()) == {}


# Files


def test_a_file_stands_alone(alice: Home, bob: Home, attested: str) -> None:
    for home in (alice, bob):
        bundle = run(home.twin.attestations.bundle(attested, "a"))
        assert verify(bundle).proven
        assert bundle["credential"] == content_of(alice, attested)["credential"]
    alice.command("attestations", "revoke", room_id=attested, uid="a")
    settle(alice, bob)
    bundle = run(bob.twin.attestations.bundle(attested, "a"))
    assert "took it back" in verify(bundle).problems[0]


def test_what_is_not_signed_makes_no_file(bob: Home, attested: str) -> None:
    document = plain(frozen(content_of(bob, attested)["credential"]))
    document["description"] = "It is fine"
    write(bob, attested, {"credential": document}, "forged")
    settle(bob)
    with pytest.raises(NotProvable, match="does not fit"):
        run(bob.twin.attestations.bundle(attested, "forged"))
    with pytest.raises(NotFound):
        run(bob.twin.attestations.bundle(attested, "none"))


@pytest.mark.parametrize("document", [{}, {"issuer": 1}, {"a": {"b": []}}, None, []])
def test_anything_that_is_shown_gets_an_answer(document: Any, bob: Home) -> None:
    judged = run(bob.twin.attestations.judge(document, document))
    assert (judged.status, judged.claim) == ("invalid", None)
