"""The owner's account, and the server's keys."""

import pytest
from signedjson.key import decode_verify_key_bytes
from signedjson.sign import SignatureVerifyException, verify_signed_json
from unpaddedbase64 import decode_base64

from tests.contract.conftest import Side
from twin_module.core.errors import Forbidden


def test_account_data_is_read_as_plain_json(alice: Side) -> None:
    content = {"list": ["a", {"b": 1}], "map": {"c": None}, "flag": True}
    alice.run(alice.port.put_account_data("org.example.data", content))
    found = alice.run(alice.port.account_data("org.example.data"))
    assert found == content
    assert type(found["list"]) is list
    assert type(found["map"]) is dict
    alice.run(alice.port.put_account_data("org.example.data", {"other": 1}))
    assert alice.run(alice.port.account_data("org.example.data")) == {"other": 1}


def test_account_data_that_was_never_written_is_empty(alice: Side) -> None:
    assert alice.run(alice.port.account_data("org.example.none")) == {}


def test_the_profile_has_what_is_set(alice: Side) -> None:
    alice.set_profile("Alice A.", "mxc://example.org/picture")
    assert alice.run(alice.port.profile()) == {
        "displayname": "Alice A.",
        "avatar_url": "mxc://example.org/picture",
    }


def test_the_profile_lacks_what_is_not_set(bob: Side) -> None:
    assert "avatar_url" not in bob.run(bob.port.profile())


def test_who_knows_the_password_gets_a_token_that_signs_in_once(alice: Side) -> None:
    first = alice.run(alice.port.login_token(alice.password, 60_000))
    assert first
    assert first != alice.run(alice.port.login_token(alice.password, 60_000))


def test_who_does_not_know_the_password_gets_no_token(alice: Side) -> None:
    with pytest.raises(Forbidden):
        alice.run(alice.port.login_token("another password", 60_000))


def test_a_signature_is_verified_with_the_keys_that_the_server_names(alice: Side) -> None:
    document = {"name": "Alice", "list": [1, 2]}
    signed = alice.port.sign(document)
    assert document == {"name": "Alice", "list": [1, 2]}
    assert {key: value for key, value in signed.items() if key != "signatures"} == document
    keys = alice.port.verify_keys()
    assert list(signed["signatures"][alice.port.server_name]) == list(keys)
    for key_id, key in keys.items():
        verify_key = decode_verify_key_bytes(key_id, decode_base64(key))
        verify_signed_json(signed, alice.port.server_name, verify_key)
        with pytest.raises(SignatureVerifyException):
            verify_signed_json({**signed, "name": "Eve"}, alice.port.server_name, verify_key)


def test_a_second_signature_stands_beside_the_first(alice: Side, bob: Side) -> None:
    twice = bob.port.sign(alice.port.sign({"name": "Both"}))
    assert set(twice["signatures"]) == {alice.port.server_name, bob.port.server_name}


def test_an_owner_is_of_their_server(alice: Side) -> None:
    assert alice.port.owner == f"@alice:{alice.port.server_name}"
