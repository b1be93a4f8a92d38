"""Any signed document, not events alone, is judged by the key documents of its server."""

from typing import Any, Final

import pytest
from hypothesis import given, strategies as st
from signedjson.sign import sign_json

from twin_module.core.keys import MAX_DOCUMENT_BYTES, MAX_DOCUMENTS, Signed, verify_signed
from twin_module.testing.bundles import DAY, NOON, Signer
from twin_module.testing.json_strategies import hostile_json, odd_json

SERVER: Final = "alice.example"


def alice() -> Signer:
    return Signer(f"@alice:{SERVER}")


def attestation(signer: Signer) -> dict[str, Any]:
    return sign_json({"issuer": signer.user_id, "claim": {"a": 1}}, SERVER, signer.keys.signing)


def test_a_signed_document_names_the_key_that_signed_it() -> None:
    signer = alice()
    found = verify_signed(attestation(signer), SERVER, [signer.document()], NOON)
    key = signer.document()["verify_keys"]["ed25519:a_1"]["key"]
    assert found == Signed((), "ed25519:a_1", key, key)


def test_checking_changes_nothing() -> None:
    signer = alice()
    document, keys = attestation(signer), [signer.document()]
    verify_signed(document, SERVER, keys, NOON)
    assert document == attestation(signer)
    assert keys == [signer.document()]


def test_a_changed_document_is_not_signed() -> None:
    document = attestation(alice())
    document["claim"]["a"] = 2
    found = verify_signed(document, SERVER, [alice().document()], NOON)
    assert "does not fit" in found.problems[0]
    assert found.key_id == found.fingerprint == found.vouching == ""


def test_what_is_unsigned_does_not_count() -> None:
    document = {**attestation(alice()), "unsigned": {"age": 1}}
    assert verify_signed(document, SERVER, [alice().document()], NOON).problems == ()


def test_true_is_not_one() -> None:
    document = attestation(alice())
    document["claim"]["a"] = True
    assert verify_signed(document, SERVER, [alice().document()], NOON).problems


def test_one_good_signature_is_enough() -> None:
    signer = alice()
    document = attestation(signer)
    signatures = document["signatures"][SERVER]
    signatures["ed25519:0"] = signatures["ed25519:a_1"]
    signatures["ed448:a_1"] = "anything"
    assert verify_signed(document, SERVER, [signer.document()], NOON).problems == ()


@pytest.mark.parametrize("padding", ["", "="])
def test_keys_may_be_padded(padding: str) -> None:
    signer = alice()
    document = {key: value for key, value in signer.document().items() if key != "signatures"}
    key = document["verify_keys"]["ed25519:a_1"]["key"]
    document["verify_keys"]["ed25519:a_1"]["key"] = key + padding
    signed = sign_json(document, SERVER, signer.keys.signing)
    found = verify_signed(attestation(signer), SERVER, [signed], NOON)
    assert (found.problems, found.fingerprint) == ((), key)


@pytest.mark.parametrize("spoil", ["-", " ", "é", "\n" * 4, "", "A", None, 1, ["x"], {}])
def test_what_is_no_base64_is_no_signature(spoil: Any) -> None:
    document = attestation(alice())
    signatures = document["signatures"][SERVER]
    good = signatures["ed25519:a_1"]
    signatures["ed25519:a_1"] = good[:10] + spoil + good[10:] if isinstance(spoil, str) else spoil
    if spoil == "":
        signatures["ed25519:a_1"] = ""
    assert verify_signed(document, SERVER, [alice().document()], NOON).problems


def test_the_earliest_word_that_a_key_was_given_up_counts() -> None:
    signer = alice()
    document, old = attestation(signer), signer.document()
    signer.keys.rotate(NOON + 5)
    new = signer.document(NOON + 10)
    for documents in ([old, new], [new, old]):
        good = verify_signed(document, SERVER, documents, NOON + 5)
        assert (good.problems, good.vouching) == ((), good.fingerprint)
        assert "was valid until" in verify_signed(document, SERVER, documents, NOON + 6).problems[0]
    assert verify_signed(document, SERVER, [old], NOON + 6).problems == ()


def test_the_longest_of_several_documents_counts() -> None:
    signer = alice()
    documents = [signer.document(), signer.document(NOON + DAY)]
    assert not verify_signed(attestation(signer), SERVER, documents, NOON + 2 * DAY).problems
    assert verify_signed(attestation(signer), SERVER, documents, NOON + 2 * DAY + 1).problems


def test_a_spoiled_document_beside_a_good_one_does_no_harm() -> None:
    signer = alice()
    documents = [None, {}, {"server_name": SERVER}, signer.document()]
    assert verify_signed(attestation(signer), SERVER, documents, NOON).problems == ()


def test_a_document_that_is_too_large_counts_for_nothing() -> None:
    signer = alice()
    document = {key: value for key, value in signer.document().items() if key != "signatures"}
    signed = sign_json({**document, "more": "x" * MAX_DOCUMENT_BYTES}, SERVER, signer.keys.signing)
    found = verify_signed(attestation(signer), SERVER, [signed], NOON)
    assert f"{MAX_DOCUMENT_BYTES} is the most" in found.problems[1]


def test_documents_are_counted() -> None:
    documents = [alice().document()] * (MAX_DOCUMENTS + 1)
    found = verify_signed(attestation(alice()), SERVER, documents, NOON)
    assert f"at most {MAX_DOCUMENTS}" in found.problems[1]


@pytest.mark.parametrize("until", [None, True, "1790000000000", -1, 1.5])
def test_a_document_that_does_not_say_until_when_it_is_valid_counts_for_nothing(until: Any) -> None:
    signer = alice()
    document = {**signer.document(), "valid_until_ts": until}
    del document["signatures"]
    signed = sign_json(document, SERVER, signer.keys.signing)
    assert verify_signed(attestation(signer), SERVER, [signed], 0).problems


@given(hostile_json())
def test_a_signed_document_with_something_that_nobody_can_sign_gets_an_answer(value: Any) -> None:
    document = {**attestation(alice()), "more": value}
    assert verify_signed(document, SERVER, [alice().document()], NOON).problems
    key_document = {**alice().document(), "more": value}
    assert verify_signed(attestation(alice()), SERVER, [key_document], NOON).problems


@given(
    document=odd_json() | hostile_json(),
    keys=odd_json() | st.lists(odd_json() | hostile_json(), max_size=3),
    signatures=odd_json() | st.dictionaries(st.sampled_from(["ed25519:a_1", "x"]), odd_json()),
)
def test_anything_at_all_gets_an_answer(document: Any, keys: Any, signatures: Any) -> None:
    assert verify_signed(document, SERVER, keys, NOON).problems
    signed = {"a": document, "signatures": {SERVER: signatures}}
    assert verify_signed(signed, SERVER, keys, NOON).problems
    key_document = {
        "server_name": SERVER,
        "valid_until_ts": NOON,
        "verify_keys": document,
        "old_verify_keys": signatures,
        "signatures": {SERVER: signatures},
    }
    assert verify_signed(attestation(alice()), SERVER, [key_document], NOON).problems
