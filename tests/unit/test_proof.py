"""A bundle proves what its servers signed, and nothing else, whatever is done to it."""

import copy
import re
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import given, strategies as st
from signedjson.sign import sign_json
from unpaddedbase64 import encode_base64

from twin_module.core.pdu import MAX_PDU_BYTES, ROOM_VERSIONS, redacted, with_hash
from twin_module.core.proof import MAX_PARENTS, verify
from twin_module.core.verdict import Verdict
from twin_module.testing.bundles import DAY, NOON, ROOM, TASK, Signer, bundle
from twin_module.testing.json_strategies import (
    canonical_json,
    change_one_value,
    changed_bytes,
    hostile_json,
    in_list,
    in_map,
    nested,
    odd_json,
)

ALICE: Final = "@alice:alice.example"
BOB: Final = "@bob:bob.example"
QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')


def a_version() -> dict[str, Any]:
    alice = Signer(ALICE)
    return bundle(alice.event({"@type": "Task", "title": "Bread"}, base="$before"), alice)


def a_merge() -> dict[str, Any]:
    alice, bob = Signer(ALICE), Signer(BOB)
    first = alice.event({"title": "Bread"})["event_id"]
    base = bob.event({"title": "Butter"}, base=first, origin_server_ts=NOON + 2000)
    lost = alice.event({"title": "Bread", "priority": 1}, base=first, origin_server_ts=NOON + 1000)
    both = alice.event(
        {"title": "Butter", "priority": 1},
        base=base["event_id"],
        merged=[lost["event_id"]],
        origin_server_ts=NOON + 3000,
    )
    return bundle(both, alice, bob, parents=[base, lost])


def refusal(changed: Any) -> str:
    """Return why a bundle proves nothing."""
    verdict = verify(changed)
    assert not verdict.proven, verdict.says
    assert verdict.says == verdict.not_proven == ()
    assert verdict.content is None
    for each in verdict.problems:
        assert each[0].isupper()
        assert each.endswith(".")
        assert each.isprintable()
    return " ".join(verdict.problems)


# What is proven


def test_a_version_is_proven_with_its_author_time_object_and_key() -> None:
    proof = a_version()
    verdict = verify(proof)
    assert verdict.proven
    assert verdict.problems == ()
    said = " ".join(verdict.says)
    assert f"{ALICE} wrote it, says the server alice.example" in said
    assert "2026-09-21 14:13:20 UTC" in said
    assert f'the object "milk" of the type "{TASK}" in the room "{ROOM}"' in said
    assert proof["event_id"] in said
    assert proof["keys"]["alice.example"][0]["verify_keys"]["ed25519:a_1"]["key"] in said
    assert 'made on the version "$before"' in said
    assert verdict.content == proof["event"]["content"]


def test_what_is_not_proven_is_said() -> None:
    said = " ".join(verify(a_version()).not_proven)
    assert "https://alice.example/_matrix/key/v2/server" in said
    for word in ("times", "hands", "newest", "accepted in the room"):
        assert word in said


def test_a_merge_is_proven_with_the_versions_that_it_merged() -> None:
    proof = a_merge()
    said = " ".join(verify(proof).says)
    assert "a merge of 2 versions" in said
    for parent, author in zip(proof["parents"], (BOB, ALICE), strict=True):
        assert f"{parent['event_id']} by {author}" in said
    for server in ("alice.example", "bob.example"):
        assert proof["keys"][server][0]["verify_keys"]["ed25519:a_1"]["key"] in said


def test_a_removal_is_proven_as_one() -> None:
    alice = Signer(ALICE)
    verdict = verify(bundle(alice.event({}), alice))
    assert "removed the object" in " ".join(verdict.says)


@pytest.mark.parametrize("version", sorted(ROOM_VERSIONS))
def test_events_of_all_room_versions_are_proven(version: str) -> None:
    alice = Signer(ALICE)
    entry = alice.event({"title": "Bread"}, version=version, membership="x", origin="y", more=1)
    proof = bundle(entry, alice, version=version)
    assert verify(proof).proven
    proof["event"]["membership"] = "z"
    assert "changed" in refusal(proof)


def test_the_room_is_proven_by_its_create_event() -> None:
    alice, bob = Signer(ALICE), Signer(BOB)
    first = {"content": {"room_version": "12"}, "type": "m.room.create", "state_key": ""}
    about = {"origin_server_ts": NOON, "sender": BOB, "prev_events": [], "auth_events": []}
    create = bob.signed(with_hash({**first, **about}))
    room = f"!{create['event_id'][1:]}"
    proof = {**bundle(alice.event({"title": "T"}, room_id=room), alice, bob), "create": create}
    assert f"The room was made by {BOB}." in verify(proof).says
    other = bundle(alice.event({"title": "T"}), alice, bob)
    assert "is not that of" in refusal({**other, "create": create})
    assert "has no room_id" in refusal({**proof, "room_version": "11"})
    content = {"room_version": "10"}
    old = alice.event(content, type="m.room.create", state_key="", version="11")
    of_11 = bundle(alice.event({"title": "T"}, version="11"), alice, version="11")
    assert "another version" in refusal({**of_11, "create": old})
    old = alice.event({"room_version": "11"}, type="m.room.create", state_key="", version="11")
    assert "ID is no hash" in refusal({**of_11, "create": old})
    of_no_room = bob.signed(with_hash({**first, **about, "state_key": "x", "room_id": room}))
    assert "is not that of" in refusal({**proof, "create": of_no_room})
    spoiled = copy.deepcopy(create)
    spoiled["event"]["content"]["room_version"] = "11"
    assert "create event" in refusal({**proof, "create": spoiled})


# Keys and time


def test_a_key_that_was_given_up_proves_what_it_signed_before() -> None:
    alice = Signer(ALICE)
    entry = alice.event({"title": "Bread"})
    alice.keys.rotate(NOON + 1)
    proof = bundle(entry, alice)
    assert list(proof["keys"]["alice.example"][0]["old_verify_keys"]) == ["ed25519:a_1"]
    said = " ".join(verify(proof).says)
    assert "given up" in said
    [new] = proof["keys"]["alice.example"][0]["verify_keys"].values()
    assert new["key"] in said


def test_a_key_that_was_given_up_proves_nothing_that_it_signed_later() -> None:
    alice = Signer(ALICE)
    late = alice.event({"title": "Bread"}, origin_server_ts=NOON + 2)
    before = alice.document()
    alice.keys.rotate(NOON + 1)
    proof = bundle(late, alice)
    assert "was valid until" in refusal(proof)
    # Not either when an older document still calls it current.
    proof["keys"]["alice.example"].insert(0, before)
    assert "was valid until" in refusal(proof)


def test_a_key_proves_nothing_after_its_document_has_run_out() -> None:
    alice = Signer(ALICE)
    proof = bundle(alice.event({"title": "T"}, origin_server_ts=NOON + DAY), alice)
    assert verify(proof).proven
    proof = bundle(alice.event({"title": "T"}, origin_server_ts=NOON + DAY + 1), alice)
    assert "was valid until 2026-09-22" in refusal(proof)
    proof["keys"]["alice.example"].append(alice.document(NOON + 1))
    assert verify(proof).proven


def test_a_longer_validity_can_not_be_written_into_a_key_document() -> None:
    alice = Signer(ALICE)
    proof = bundle(alice.event({"title": "T"}, origin_server_ts=NOON + DAY + 1), alice)
    proof["keys"]["alice.example"][0]["valid_until_ts"] += 2
    assert "signed with none of the keys" in refusal(proof)


def test_the_key_document_of_another_server_proves_nothing() -> None:
    alice, bob = Signer(ALICE), Signer(BOB)
    proof = bundle(alice.event({"title": "T"}), alice)
    proof["keys"]["alice.example"] = [bob.document()]
    assert "is not of alice.example" in refusal(proof)
    proof["keys"] = {"bob.example": [alice.document()]}
    assert "no sound key document" in refusal(proof)
    renamed = {**alice.document(), "server_name": "bob.example"}
    assert "no sound" in refusal({**proof, "keys": {"alice.example": [renamed]}})


def test_a_key_document_that_nobody_signed_proves_nothing() -> None:
    proof = a_version()
    del proof["keys"]["alice.example"][0]["signatures"]
    assert "signed with none of the keys" in refusal(proof)


def test_a_key_document_can_not_take_in_a_key_as_current_whose_owner_did_not_sign_it() -> None:
    alice, eve = Signer(ALICE), Signer(ALICE, "eve")
    eve.keys.signing.version = "eve"
    proof = bundle(alice.event({"title": "T"}, origin_server_ts=NOON + 9 * DAY), alice)
    document = eve.document(NOON + 10 * DAY)
    document["verify_keys"].update(alice.document()["verify_keys"])
    forged = _signed_again(eve, document)
    proof["keys"]["alice.example"] = [forged]
    assert "no sound key document" in refusal(proof)


def test_who_vouches_for_an_old_key_is_said() -> None:
    alice, eve = Signer(ALICE), Signer(ALICE, "eve")
    eve.keys.signing.version = "eve"
    document = eve.document()
    [(key_id, key)] = alice.document()["verify_keys"].items()
    document["old_verify_keys"][key_id] = {**key, "expired_ts": NOON + DAY}
    proof = bundle(alice.event({"title": "T"}), alice)
    proof["keys"]["alice.example"] = [_signed_again(eve, document)]
    said = " ".join(verify(proof).says)
    assert eve.document()["verify_keys"]["ed25519:eve"]["key"] in said


def _signed_again(signer: Signer, document: dict[str, Any]) -> dict[str, Any]:
    bare = {key: value for key, value in document.items() if key != "signatures"}
    return sign_json(bare, signer.server, signer.keys.signing)


def test_who_makes_up_a_key_is_told_from_the_owner_by_the_key_alone() -> None:
    real, eve = Signer(ALICE), Signer(ALICE, "eve")
    forged = bundle(eve.event({"title": "T"}), eve)
    assert verify(forged).proven
    assert verify(forged).says != verify(bundle(real.event({"title": "T"}), real)).says
    forged["keys"] = {"alice.example": [real.document()]}
    assert "does not fit" in refusal(forged)


@pytest.mark.parametrize("key", [bytes(32), b"\x01" + bytes(31)])
def test_a_key_that_signs_everything_proves_nothing(key: bytes) -> None:
    proof = a_version()
    signature = encode_base64(b"\x01" + bytes(63))
    document = proof["keys"]["alice.example"][0]
    document["verify_keys"]["ed25519:a_1"]["key"] = encode_base64(key)
    document["signatures"]["alice.example"]["ed25519:a_1"] = signature
    proof["event"]["signatures"]["alice.example"]["ed25519:a_1"] = signature
    assert "no sound key document" in refusal(proof)


# Manipulations


def _event(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    return lambda proof: change(proof["event"])


def _swap_signature(proof: dict[str, Any]) -> None:
    other = Signer(ALICE).event({"title": "Other"})
    proof["event"]["signatures"] = other["event"]["signatures"]


def _other_event(proof: dict[str, Any]) -> None:
    proof["event"] = Signer(ALICE).event({"title": "Other"})["event"]


def _redact(proof: dict[str, Any]) -> None:
    proof["event"] = redacted(proof["event"], ROOM_VERSIONS["12"])


def _signed_by_bob(proof: dict[str, Any]) -> None:
    bob = Signer(BOB)
    signatures = bob.signed(proof["event"])["event"]["signatures"]
    proof["event"]["signatures"] = signatures
    proof["keys"]["bob.example"] = [bob.document()]


def _rehash(proof: dict[str, Any]) -> None:
    """Change what it says, with the hash and the ID that belong to that."""
    event = proof["event"]
    event["content"]["title"] = "Butter"
    proof.update(Signer(ALICE).signed(with_hash(event)))
    proof["event"]["signatures"] = a_version()["event"]["signatures"]


MANIPULATIONS: Final[dict[str, tuple[Callable[[dict[str, Any]], Any], str]]] = {
    "content": (_event(lambda e: e["content"].update(title="Butter")), "was changed"),
    "content field taken away": (_event(lambda e: e["content"].pop("title")), "was changed"),
    "content and its hash": (_rehash, "signature of alice.example does not fit"),
    "author": (_event(lambda e: e.update(sender=BOB)), "no signature of bob.example"),
    "author of the same server": (
        _event(lambda e: e.update(sender="@eve:alice.example")),
        "signature of alice.example does not fit",
    ),
    "time": (_event(lambda e: e.update(origin_server_ts=NOON + 1)), "signature"),
    "type": (_event(lambda e: e.update(type="org.digitaltwin.doc")), "signature"),
    "uid": (_event(lambda e: e.update(state_key="bread")), "signature"),
    "room": (_event(lambda e: e.update(room_id="!other")), "signature"),
    "hash": (_event(lambda e: e["hashes"].update(sha256="A" * 43)), "signature"),
    "no hash": (_event(lambda e: e.pop("hashes")), "signature"),
    "a field more": (_event(lambda e: e.update(more=1)), "was changed"),
    "unsigned": (_event(lambda e: e.update(unsigned={})), "which nobody signs"),
    "age": (_event(lambda e: e.update(age_ts=1)), "which nobody signs"),
    "event ID": (lambda p: p.update(event_id="$" + "A" * 43), "is not $AAA"),
    "signature of another event": (_swap_signature, "does not fit"),
    "another event": (_other_event, "makes an event's ID"),
    "redacted": (_redact, "was redacted"),
    "signed by another server": (_signed_by_bob, "no signature of alice.example"),
    "no signatures": (_event(lambda e: e.pop("signatures")), "no signature"),
    "key in the key document": (
        lambda p: p["keys"]["alice.example"][0]["verify_keys"]["ed25519:a_1"].update(
            key=Signer(BOB).document()["verify_keys"]["ed25519:a_1"]["key"]
        ),
        "signed with none of the keys",
    ),
    "no key documents": (lambda p: p["keys"].clear(), "no sound key document"),
    "no keys": (lambda p: p.pop("keys"), "needs keys"),
    "format": (lambda p: p.update(format="org.digitaltwin.proof.v2"), "format"),
    "room version": (lambda p: p.update(room_version="13"), "room version 13"),
    "room version of another kind": (lambda p: p.update(room_version=12), "room version 12"),
    "parent that is not named": (
        lambda p: p["parents"].append(Signer(ALICE).event({"title": "Other"})),
        "none that the event names",
    ),
}


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_a_manipulated_bundle_proves_nothing(name: str) -> None:
    change, reason = MANIPULATIONS[name]
    proof = a_version()
    change(proof)
    assert reason in refusal(proof)


def _other_key(proof: dict[str, Any]) -> None:
    """Put in a parent that is named, and is a version of another object."""
    alice = Signer(ALICE)
    other = alice.event({"title": "Bread"}, state_key="bread")
    proof.update(alice.event({"title": "B"}, merged=[other["event_id"]]), parents=[other])


PARENTS: Final[dict[str, tuple[Callable[[dict[str, Any]], Any], str]]] = {
    "missing": (lambda p: p["parents"].pop(), "and that is missing"),
    "all missing": (lambda p: p.pop("parents"), "and that is missing"),
    "swapped events": (
        lambda p: p["parents"][0].update(event=p["parents"][1]["event"]),
        "Parent 1 is not",
    ),
    "swapped names": (
        lambda p: p["parents"][0].update(event_id=p["parents"][1]["event_id"]),
        "Parent 1 is not",
    ),
    "twice": (lambda p: p["parents"].append(p["parents"][0]), "Parent 3 is there twice"),
    "changed": (
        lambda p: p["parents"][1]["event"]["content"].update(priority=2),
        "Parent 2 does not fit its own hash",
    ),
    "redacted": (lambda p: _redact(p["parents"][0]), "Parent 1 was redacted"),
    "of another object": (_other_key, "another object"),
    "no object": (lambda p: p["parents"].append(None), "has to be an object"),
    "keys missing": (lambda p: p["keys"].pop("bob.example"), "no sound key document of bob"),
    "too many": (
        lambda p: p.update(parents=[p["parents"][0]] * (MAX_PARENTS + 1)),
        f"at most {MAX_PARENTS}",
    ),
}


@pytest.mark.parametrize("name", PARENTS)
def test_a_merge_with_other_parents_proves_nothing(name: str) -> None:
    change, reason = PARENTS[name]
    proof = a_merge()
    change(proof)
    assert reason in refusal(proof)


def test_the_parents_may_stand_in_any_order() -> None:
    proof = a_merge()
    proof["parents"].reverse()
    assert verify(proof).proven


@pytest.mark.parametrize("value", [1.0, 1e300, 2**53, -(2**53), 10**400])
def test_numbers_that_canonical_json_does_not_know_prove_nothing(value: Any) -> None:
    alice = Signer(ALICE)
    proof = bundle(alice.event({"title": "T", "priority": value}), alice)
    assert "which nobody can sign" in refusal(proof)


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "x", [], {}, -1])
@pytest.mark.parametrize(
    "field", ["sender", "type", "state_key", "room_id", "origin_server_ts", "content", "hashes"]
)
def test_a_field_of_a_wrong_kind_proves_nothing_even_when_it_is_signed(
    field: str, value: Any
) -> None:
    alice = Signer(ALICE)
    right = {"type": str, "state_key": str, "room_id": str, "origin_server_ts": int}.get(field)
    right = dict if field == "content" else right
    if type(value) is right and value != -1:
        return
    entry = alice.event({"title": "T"})
    pdu = {**entry["event"], field: value}
    if field != "hashes" and value != 1.5:
        pdu = with_hash(pdu)
    signed = alice.signed(pdu) if value != 1.5 else {**entry, "event": pdu}
    refusal(bundle(signed, alice))


# Hostile files


def _same_or_nothing(changed: Any, before: Verdict) -> None:
    verdict = verify(changed)
    if verdict.proven:
        assert verdict == before
    else:
        refusal(changed)


@given(data=st.data(), proof=st.sampled_from([a_version(), a_merge()]))
def test_a_changed_byte_is_noticed_or_changes_nothing_that_is_said(
    data: st.DataObject, proof: dict[str, Any]
) -> None:
    for changed in changed_bytes(data, proof):
        _same_or_nothing(changed, verify(proof))


@given(
    data=st.data(),
    proof=st.sampled_from([a_version(), a_merge()]),
    value=odd_json() | hostile_json(),
)
def test_a_changed_value_is_noticed_or_changes_nothing_that_is_said(
    data: st.DataObject, proof: dict[str, Any], value: Any
) -> None:
    changed = copy.deepcopy(proof)
    change_one_value(data, changed, value)
    _same_or_nothing(changed, verify(proof))


@given(odd_json() | hostile_json() | st.binary() | st.sets(st.integers()))
def test_anything_at_all_gets_a_verdict(value: Any) -> None:
    refusal(value)


@pytest.mark.parametrize(
    "value",
    [nested(5_000, in_list), nested(5_000, in_map), [0] * 2_000_000, "x" * (9 * 1024 * 1024)],
    ids=["deep list", "deep map", "many values", "long text"],
)
@pytest.mark.parametrize("where", ["content", "bundle"])
def test_huge_and_deep_files_are_refused(value: Any, where: str) -> None:
    proof = a_version()
    (proof if where == "bundle" else proof["event"]["content"])["more"] = value
    assert "The file" in refusal(proof)


def test_an_event_that_is_larger_than_matrix_allows_proves_nothing() -> None:
    alice = Signer(ALICE)
    proof = bundle(alice.event({"title": "x" * MAX_PDU_BYTES}), alice)
    assert f"{MAX_PDU_BYTES} is the most" in refusal(proof)


def test_a_file_with_many_keys_and_signatures_is_checked_in_bounded_time() -> None:
    proof = a_version()
    signatures = proof["event"]["signatures"]["alice.example"]
    document = proof["keys"]["alice.example"][0]
    signature, key = signatures["ed25519:a_1"], document["verify_keys"]["ed25519:a_1"]
    for number in range(300):
        signatures[f"ed25519:{number}"] = signature
        document["verify_keys"][f"ed25519:{number}"] = key
    proof["keys"]["alice.example"] *= 21
    assert "at most 20" in refusal(proof)


@given(canonical_json())
def test_whatever_the_content_is_it_is_proven_as_it_is(value: Any) -> None:
    alice = Signer(ALICE)
    content = {"title": "T", "more": value}
    verdict = verify(bundle(alice.event(content), alice))
    assert verdict.proven
    assert verdict.content == content


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_of_a_stranger_can_pretend_to_be_a_sentence(uid: str, base: str) -> None:
    alice = Signer(ALICE)
    proof = bundle(alice.event({"title": "T"}, state_key=uid, base=base), alice)
    verdict = verify(proof)
    assert verdict.proven or "surrogate" in refusal(proof)
    for each in verdict.says:
        assert each.isprintable()
        assert len(each) < 1500
        assert '"' not in QUOTED.sub("", each)


def test_different_texts_never_look_the_same() -> None:
    alice = Signer(ALICE)
    said = {
        verify(bundle(alice.event({}, state_key=uid), alice)).says[0]
        for uid in ("a\u202e", "a\\u202e", "a\\\\u202e", 'a"', 'a\\"', "a\n", "a\\n")
    }
    assert len(said) == 7


@pytest.mark.parametrize(
    "sender",
    ["@al ice:alice.example", "@a\u202eb:alice.example", "@a:alice.example, says", "alice"],
)
def test_a_sender_that_could_pretend_to_be_more_proves_nothing(sender: str) -> None:
    eve = Signer(sender)
    assert "no Matrix ID" in refusal(bundle(eve.event({"title": "T"}), eve))
