"""Events and keys as others can verify them."""

from typing import Any

import pytest

from tests.contract.conftest import TASK, Side, World, task
from twin_module.core.errors import NotFound, NotProvable, Unreachable
from twin_module.core.keys import verify_signed
from twin_module.core.pdu import ROOM_VERSIONS, content_hash, event_id_of, redacted
from twin_module.core.proof import verify
from twin_module.engine.proofs import Proofs
from twin_module.testing.person import eventually


def signed(side: Side, event_id: str) -> Any:
    return side.run(side.port.signed_event(event_id))


def proof(side: Side, room: str, uid: str, event_id: str) -> Any:
    return side.run(Proofs(side.port).bundle(room, TASK, uid, event_id))


def arrived(side: Side, event_id: str) -> None:
    eventually(
        lambda: side.run(side.port.events([event_id])), what=f"{side.port.owner} has {event_id}"
    )


def test_an_event_is_given_as_its_server_signed_it(alice: Side) -> None:
    room = alice.collection()
    event_id = alice.put(room, task("a"))
    found = signed(alice, event_id)
    rules, pdu = ROOM_VERSIONS[found.room_version], found.pdu
    assert found.event_id == event_id == event_id_of(pdu, rules)
    assert pdu["hashes"]["sha256"] == content_hash(pdu)
    assert (pdu["room_id"], pdu["type"], pdu["state_key"]) == (room, TASK, "a")
    assert (pdu["sender"], pdu["content"]["title"]) == (alice.port.owner, "Bread")
    assert "unsigned" not in pdu
    server, when = alice.port.server_name, pdu["origin_server_ts"]
    keys = alice.run(alice.port.key_documents(server))
    assert verify_signed(redacted(pdu, rules), server, keys, when).problems == ()


def test_events_that_are_not_known_are_not_given(alice: Side) -> None:
    assert signed(alice, "$unknown") is None


def test_several_events_are_given_as_each_is_alone(alice: Side) -> None:
    room = alice.collection()
    ids = [alice.put(room, task(uid)) for uid in ("a", "b")]
    found = alice.run(alice.port.signed_events([*ids, "$unknown"]))
    assert found == {event_id: signed(alice, event_id) for event_id in ids}
    assert alice.run(alice.port.signed_events([])) == {}


def test_a_redacted_event_is_given_as_it_was_left(alice: Side) -> None:
    room = alice.collection()
    event_id = alice.put(room, task("a"))
    alice.redact(room, event_id)
    found = signed(alice, event_id)
    assert found.pdu["content"] == {}
    assert event_id_of(found.pdu, ROOM_VERSIONS[found.room_version]) == event_id
    with pytest.raises(NotProvable, match="redacted"):
        proof(alice, room, "a", event_id)


def test_own_keys_are_those_that_the_server_signs_with(alice: Side) -> None:
    server = alice.port.server_name
    [document] = alice.run(alice.port.key_documents(server))
    assert document["server_name"] == server
    assert {name: key["key"] for name, key in document["verify_keys"].items()} == dict(
        alice.port.verify_keys()
    )
    card = alice.port.sign({"type": "card"})
    now = alice.port.now()
    found = verify_signed(card, server, [document], now)
    assert found.problems == ()
    assert found.fingerprint in alice.port.verify_keys().values()
    assert verify_signed(card, server, [document], now + 400 * 24 * 3600 * 1000).problems


def test_anybody_proves_what_another_wrote(alice: Side, bob: Side, shared: str) -> None:
    event_id = alice.put(shared, task("a"))
    arrived(bob, event_id)
    bundle = proof(bob, shared, "a", event_id)
    verdict = verify(bundle)
    assert verdict.proven
    assert f"{alice.port.owner} wrote it" in " ".join(verdict.says)
    assert proof(alice, shared, "a", event_id)["event"] == bundle["event"]


def test_an_earlier_version_is_proven_as_well(alice: Side) -> None:
    room = alice.collection()
    first, _ = alice.put(room, task("a")), alice.put(room, task("a", "Butter"))
    assert proof(alice, room, "a", first)["event"]["content"]["title"] == "Bread"


def test_a_version_of_another_object_is_not_found(alice: Side) -> None:
    room, other = alice.collection(), alice.collection()
    event_id = alice.put(room, task("a"))
    for where, uid, version in ((room, "b", event_id), (other, "a", event_id), (room, "a", "$no")):
        with pytest.raises(NotFound, match="no version"):
            proof(alice, where, uid, version)


def test_a_merge_is_proven_with_what_it_merged(alice: Side, bob: Side, shared: str) -> None:
    first, second = alice.put(shared, task("a")), alice.put(shared, task("a", "Butter"))
    ours = {"org.digitaltwin": {"base": second, "merged": [first]}}
    put = task("a", "Eggs")
    merge = alice.put(shared, type(put)(TASK, "a", put.content.update(ours)))
    arrived(bob, merge)
    bundle = proof(bob, shared, "a", merge)
    assert [each["event_id"] for each in bundle["parents"]] == [second, first]
    assert "a merge of 2 versions" in " ".join(verify(bundle).says)
    alice.redact(shared, first)
    with pytest.raises(NotProvable, match=r"Parent 2 was redacted"):
        proof(alice, shared, "a", merge)


def test_a_merge_of_what_is_not_here_is_refused(alice: Side) -> None:
    room, put = alice.collection(), task("a")
    content = put.content.set("org.digitaltwin", {"merged": ["$nowhere"]})
    merge = alice.put(room, type(put)(TASK, "a", content))
    with pytest.raises(NotProvable, match="not on this twin"):
        proof(alice, room, "a", merge)


def test_keys_of_a_server_that_is_away_are_known_from_before(
    world: World, alice: Side, bob: Side, shared: str
) -> None:
    event_id = alice.put(shared, task("a"))
    arrived(bob, event_id)
    proof(bob, shared, "a", event_id)
    with world.cut_off("alice"):
        assert verify(proof(bob, shared, "a", event_id)).proven


def test_keys_of_a_server_that_never_answered_are_out_of_reach(alice: Side) -> None:
    for name in ("nobody.invalid", "no name at all", "[", ""):
        for ask in ("needed", "always"):
            with pytest.raises(Unreachable):
                alice.run(alice.port.key_documents(name, ask))
        assert list(alice.run(alice.port.key_documents(name, "never"))) == []


def test_a_server_can_be_asked_for_its_keys_as_they_are_now(
    world: World, alice: Side, bob: Side, shared: str
) -> None:
    server = alice.port.server_name
    signed_by_alice = alice.port.sign({"type": "card"})
    now = bob.run(bob.port.key_documents(server, "always"))
    assert verify_signed(signed_by_alice, server, now, alice.port.now()).problems == ()
    with world.cut_off("alice"):
        with pytest.raises(Unreachable):
            bob.run(bob.port.key_documents(server, "always"))
        bob.run(bob.port.key_documents(server, "never"))
