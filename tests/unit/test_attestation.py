"""A credential is the word of who signed it, and of nobody else, whatever is done to it."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given, strategies as st

from twin_module.core.attestation import check, check_revocation, standing, verify
from twin_module.core.credential import (
    MAX_CREDENTIAL_BYTES,
    MAX_DESCRIPTION,
    STATEMENTS,
    Claim,
    about_version,
    digest_of,
    hash_of,
    hash_uri,
    read,
)
from twin_module.core.keys import MAX_DOCUMENTS, KnownKeys, known_keys
from twin_module.core.matrix_uri import (
    event_of,
    event_uri,
    is_user_id,
    room_of,
    room_uri,
    user_of,
    user_uri,
)
from twin_module.core.verdict import Verdict
from twin_module.testing.bundles import DAY, NOON, ROOM, Signer
from twin_module.testing.credentials import (
    PLACE,
    SUBJECT,
    VERSION,
    WORDS,
    credential,
    file_of,
    revocation,
    signed,
)
from twin_module.testing.json_strategies import (
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
HASH: Final = "ab" * 32


def an_attestation(**more: Any) -> dict[str, Any]:
    alice = Signer(ALICE)
    return file_of(credential(alice, **more), alice)


def a_revocation() -> dict[str, Any]:
    alice = Signer(ALICE)
    return file_of(revocation(alice, credential(alice)), alice)


def keys_of(signer: Signer) -> KnownKeys:
    return known_keys([signer.document()], signer.server)


def claim_of(document: Any) -> Claim:
    claim = read(document)
    assert isinstance(claim, Claim), claim
    return claim


def refusal(changed: Any) -> str:
    """Return why a file proves nothing."""
    verdict = verify(changed)
    assert not verdict.proven, verdict.says
    assert verdict.says == verdict.not_proven == ()
    assert verdict.content is None
    for each in verdict.problems:
        assert each[0].isupper() or each.startswith(("alice", "bob")), each
        assert each.endswith("."), each
        assert each.isprintable(), each
    return " ".join(verdict.problems)


# What is proven


def test_an_attestation_is_proven_with_issuer_statement_subject_time_and_key() -> None:
    file = an_attestation()
    verdict = verify(file)
    assert verdict.proven
    said = " ".join(verdict.says)
    assert f'{ALICE} states "checked" (I checked this), says the server alice.example' in said
    assert f'the version "{VERSION.event_id}" of the object "minutes"' in said
    assert f'in the room "{ROOM}"' in said
    assert f'In their own words: "{WORDS}".' in said
    assert "2026-09-21 14:13:20 UTC" in said
    assert file["keys"]["alice.example"][0]["verify_keys"]["ed25519:a_1"]["key"] in said
    assert verdict.content == file["credential"]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_statement_is_said_with_its_meaning(statement: str) -> None:
    said = " ".join(verify(an_attestation(statement=statement)).says)
    assert f'"{statement}" ({STATEMENTS[statement]})' in said


def test_a_statement_of_a_newer_version_is_proven_as_the_word_that_it_is() -> None:
    said = " ".join(verify(an_attestation(statement="witnessed")).says)
    assert '"witnessed" (a word of a newer version)' in said


def test_a_file_is_named_by_its_hash_and_a_person_by_their_id() -> None:
    verdict = verify(an_attestation(subject={"id": hash_uri(HASH)}))
    assert f"It is about the file whose SHA-256 is {HASH}." in verdict.says
    assert "compute the SHA-256" in " ".join(verdict.not_proven)
    verdict = verify(an_attestation(subject={"id": user_uri(BOB)}))
    assert f"It is about {BOB}." in verdict.says


def test_what_is_not_proven_is_said() -> None:
    said = " ".join(verify(an_attestation(validUntil="2027-01-01T00:00:00Z")).not_proven)
    for part in (
        "https://alice.example/_matrix/key/v2/server",
        f"the word of {ALICE}",
        "can sign for them",
        "times are true",
        "its issuer may have revoked it, and this file would not know",
        "time is not over",
        "version is not in this file",
    ):
        assert part in said


def test_a_revocation_is_proven_as_one() -> None:
    file = a_revocation()
    said = " ".join(verify(file).says)
    digest = hash_of(digest_of(credential(Signer(ALICE))))
    assert f"about the attestation whose SHA-256 is {digest}" in said
    assert '"revoked" (I take this attestation back)' in said
    assert "may have revoked it" not in " ".join(verify(file).not_proven)


# Revocation


def test_what_its_issuer_revoked_is_not_proven_any_more() -> None:
    alice = Signer(ALICE)
    document = credential(alice)
    said = refusal(file_of(document, alice, revoked=revocation(alice, document)))
    assert f"{ALICE} took it back, and says that this was at 2026-09-21 14:14:20 UTC" in said
    assert alice.document()["verify_keys"]["ed25519:a_1"]["key"] in said


def test_nobody_but_the_issuer_can_revoke() -> None:
    alice, bob, eve = Signer(ALICE), Signer(BOB), Signer(ALICE, "eve")
    document = credential(alice)
    claim = claim_of(document)
    for other in (
        revocation(bob, document),
        signed(bob, revocation(alice, document)),
        revocation(eve, document),
        {**revocation(alice, document), "signatures": document["signatures"]},
        revocation(alice, credential(alice, "authored")),
        credential(alice, "disputed", {"id": digest_of(document)}),
        {**revocation(alice, document), "validFrom": "2026-09-21T14:14:21Z"},
        None,
        {},
    ):
        assert check_revocation(other, claim, keys_of(alice)).problems, other
        assert "is none" in refusal(file_of(document, alice, bob, revoked=other))
    assert check_revocation(revocation(alice, document), claim, keys_of(alice)).problems == ()


def test_a_revocation_of_the_same_words_at_another_time_revokes_nothing() -> None:
    alice = Signer(ALICE)
    other = revocation(alice, credential(alice, at=NOON + 1000))
    assert check_revocation(other, claim_of(credential(alice)), keys_of(alice)).problems


# Keys and time


def test_a_server_speaks_for_its_own_people_only() -> None:
    alice = Signer(ALICE)
    bobs = signed(alice, credential(Signer(BOB)))
    checked = check(bobs, keys_of(alice))
    assert checked.problems == ("It is not of alice.example but of bob.example.",)
    assert checked.signed is None


def test_a_key_that_was_given_up_proves_what_it_signed_before() -> None:
    alice = Signer(ALICE)
    document = credential(alice)
    alice.keys.rotate(NOON + 1)
    assert "given up" in " ".join(verify(file_of(document, alice)).says)


def test_a_key_that_was_given_up_proves_nothing_that_it_signed_later() -> None:
    alice = Signer(ALICE)
    document = credential(alice, at=NOON + 2000)
    alice.keys.rotate(NOON + 1000)
    assert "was valid until" in refusal(file_of(document, alice))


def test_only_where_newer_keys_could_help_it_is_said_that_they_could() -> None:
    alice, bob = Signer(ALICE), Signer(BOB)
    document = credential(alice)
    assert check(document, KnownKeys("alice.example", (), ())).may_change
    late = credential(alice, at=NOON + 2 * DAY)
    assert check(late, keys_of(alice)).may_change
    for hopeless in (
        {**document, "validFrom": "2026-09-21T14:13:21Z"},
        signed(bob, document),
        {**document, "issuer": "me"},
    ):
        checked = check(hopeless, keys_of(alice))
        assert checked.problems
        assert not checked.may_change


def test_the_time_of_a_claim_comes_and_goes() -> None:
    claim = claim_of(credential(Signer(ALICE), validUntil="2026-09-21T14:13:30Z"))
    assert claim.valid_until == NOON + 10_000
    assert standing(claim, NOON - 1) == "not_yet_valid"
    assert standing(claim, NOON) == standing(claim, NOON + 9_999) == "valid"
    assert standing(claim, NOON + 10_000) == "expired"
    assert standing(claim_of(credential(Signer(ALICE))), NOON + 10**12) == "valid"


# Manipulations


def _of(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    return lambda file: change(file["credential"])


def _subject(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda file: file["credential"]["credentialSubject"].update(changes)


def _signed_by_bob(file: dict[str, Any]) -> None:
    bob = Signer(BOB)
    file["credential"] = signed(bob, file["credential"])
    file["keys"]["bob.example"] = [bob.document()]


def _bobs_words(file: dict[str, Any]) -> None:
    """Let Bob's statement stand with Alice's signature."""
    alices = file["credential"]["signatures"]
    file["credential"] = {**credential(Signer(BOB)), "signatures": alices}


def _other_signature(file: dict[str, Any]) -> None:
    other = credential(Signer(ALICE), "authored")
    file["credential"]["signatures"] = other["signatures"]


FITS_NOT: Final = "signature of alice.example does not fit"
MANIPULATIONS: Final[dict[str, tuple[Callable[[dict[str, Any]], Any], str]]] = {
    "statement": (_subject(statement="disputed"), FITS_NOT),
    "subject": (_subject(id=event_uri(ROOM, "$other")), FITS_NOT),
    "object": (_subject(stateKey="other"), FITS_NOT),
    "object type": (_subject(type="org.digitaltwin.task"), FITS_NOT),
    "words": (_of(lambda c: c.update(description="It is fine")), FITS_NOT),
    "words taken away": (_of(lambda c: c.pop("description")), FITS_NOT),
    "begin": (_of(lambda c: c.update(validFrom="2026-09-21T14:13:21Z")), FITS_NOT),
    "an end": (_of(lambda c: c.update(validUntil="2036-09-21T14:13:21Z")), FITS_NOT),
    "place": (_of(lambda c: c["credentialStatus"].update(stateKey="x")), FITS_NOT),
    "place taken away": (_of(lambda c: c.pop("credentialStatus")), FITS_NOT),
    "a field more": (_of(lambda c: c.update(more=1)), FITS_NOT),
    "a type more": (_of(lambda c: c["type"].append("Diploma")), FITS_NOT),
    "context": (_of(lambda c: c["@context"].pop()), FITS_NOT),
    "issuer": (_of(lambda c: c.update(issuer=user_uri(BOB))), "no signature of bob.example"),
    "issuer on the same server": (
        _of(lambda c: c.update(issuer=user_uri("@eve:alice.example"))),
        FITS_NOT,
    ),
    "unsigned": (_of(lambda c: c.update(unsigned={})), "which nobody signs"),
    "no signatures": (_of(lambda c: c.pop("signatures")), "no signature of alice.example"),
    "signed by another server": (_signed_by_bob, "no signature of alice.example"),
    "words of another person": (_bobs_words, "no signature of bob.example"),
    "signature of another statement": (_other_signature, FITS_NOT),
    "key in the key document": (
        lambda f: f["keys"]["alice.example"][0]["verify_keys"]["ed25519:a_1"].update(
            key=Signer(BOB).document()["verify_keys"]["ed25519:a_1"]["key"]
        ),
        "signed with none of the keys",
    ),
    "longer validity of the key": (
        lambda f: f["keys"]["alice.example"][0].update(valid_until_ts=NOON + 9 * DAY),
        "signed with none of the keys",
    ),
    "key document of another server": (
        lambda f: f["keys"].update({"alice.example": [Signer(BOB).document()]}),
        "is not of alice.example",
    ),
    "too many key documents": (
        lambda f: f["keys"].update({"alice.example": f["keys"]["alice.example"] * 21}),
        f"at most {MAX_DOCUMENTS}",
    ),
    "no key documents": (lambda f: f["keys"].clear(), "no sound key document"),
    "no keys": (lambda f: f.pop("keys"), "needs a credential, and keys"),
    "no credential": (lambda f: f.pop("credential"), "needs a credential"),
    "format": (lambda f: f.update(format="org.digitaltwin.attestation.v2"), "its format has to be"),
    "a revocation that is none": (lambda f: f.update(revoked=None), "is none"),
}


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_a_manipulated_file_proves_nothing(name: str) -> None:
    change, reason = MANIPULATIONS[name]
    file = an_attestation()
    change(file)
    assert reason in refusal(file)


UNREADABLE: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "no @context": ({"@context": []}, "words of Verifiable Credentials"),
    "context of version 1": (
        {"@context": ["https://www.w3.org/2018/credentials/v1"]},
        "words of Verifiable Credentials",
    ),
    "another kind of credential": ({"type": ["VerifiableCredential"]}, "is no Attestation"),
    "types that are none": ({"type": [1, {}, None]}, "is no Attestation"),
    "issuer that is no person": ({"issuer": "https://alice.example"}, "has an issuer"),
    "issuer in another spelling": ({"issuer": "matrix:u/%61lice:alice.example"}, "has an issuer"),
    "issuer that could be more": ({"issuer": "matrix:u/a%20b:alice.example"}, "has an issuer"),
    "a day that no calendar has": ({"validFrom": "2026-02-31T00:00:00Z"}, "has a time"),
    "a time before 1970": ({"validFrom": "1969-12-31T23:59:59Z"}, "has a time"),
    "the year 0": ({"validFrom": "0000-01-01T00:00:00Z"}, "has a time"),
    "a time in another zone": ({"validFrom": "2026-09-21T14:13:20+02:00"}, "has a time"),
    "an end that is none": ({"validUntil": None}, "has a time"),
    "a subject that is none": ({"credentialSubject": {}}, "is about nothing"),
    "an address as subject": (
        {"credentialSubject": {"id": "https://x.example", "statement": "checked"}},
        "is about nothing",
    ),
    "an event without its object": (
        {"credentialSubject": {"id": SUBJECT["id"], "statement": "checked"}},
        "is about nothing",
    ),
    "a short hash": (
        {"credentialSubject": {"id": "ni:///sha-256;abc", "statement": "checked"}},
        "is about nothing",
    ),
    "no statement": ({"credentialSubject": dict(SUBJECT)}, "states nothing"),
    "a statement of many words": (
        {"credentialSubject": {**SUBJECT, "statement": 'checked" says'}},
        "states nothing",
    ),
    "long words": ({"description": "x" * (MAX_DESCRIPTION + 1)}, "has a description"),
    "words that are none": ({"description": {}}, "has a description"),
    "too large": ({"more": "x" * MAX_CREDENTIAL_BYTES}, f"{MAX_CREDENTIAL_BYTES} is the most"),
    "unsigned": ({"unsigned": {}}, "which nobody signs"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_can_not_be_read_proves_nothing_even_when_it_is_signed(name: str) -> None:
    changes, reason = UNREADABLE[name]
    alice = Signer(ALICE)
    bare = {key: value for key, value in credential(alice).items() if key != "signatures"}
    assert reason in refusal(file_of(signed(alice, {**bare, **changes}), alice))


@pytest.mark.parametrize("value", [None, True, 1, "x", [], {}])
@pytest.mark.parametrize(
    "field", ["@context", "type", "issuer", "validFrom", "credentialSubject", "signatures"]
)
def test_a_field_of_a_wrong_kind_proves_nothing(field: str, value: Any) -> None:
    file = an_attestation()
    file["credential"][field] = value
    refusal(file)


# Hostile files


def _same_or_nothing(changed: Any, before: Verdict) -> None:
    verdict = verify(changed)
    if verdict.proven:
        assert _said(verdict) == _said(before)
    else:
        refusal(changed)


def _said(verdict: Verdict) -> Verdict:
    """Leave out the signatures' letters: base64 has several ways to write the same bytes."""
    content = {key: value for key, value in (verdict.content or {}).items() if key != "signatures"}
    return replace(verdict, content=content)


@given(data=st.data(), file=st.sampled_from([an_attestation(), a_revocation()]))
def test_a_changed_byte_is_noticed_or_changes_nothing_that_is_said(
    data: st.DataObject, file: dict[str, Any]
) -> None:
    for changed in changed_bytes(data, file):
        _same_or_nothing(changed, verify(file))


@given(data=st.data(), value=odd_json() | hostile_json())
def test_a_changed_value_is_noticed_or_changes_nothing_that_is_said(
    data: st.DataObject, value: Any
) -> None:
    alice = Signer(ALICE)
    document = credential(alice)
    file = file_of(document, alice)
    if data.draw(st.booleans()):
        file["revoked"] = revocation(alice, document)
    changed = copy.deepcopy(file)
    del changed["credential"]["signatures"]  # other servers may have signed it as well
    change_one_value(data, changed, value)
    if isinstance(changed.get("credential"), dict):
        changed["credential"]["signatures"] = document["signatures"]
    # A revocation that is taken out is gone: that is what `not_proven` says of every file.
    _same_or_nothing(changed, verify({**file_of(document, alice)}))


@given(odd_json() | hostile_json() | st.binary() | st.sets(st.integers()))
def test_anything_at_all_gets_a_verdict(value: Any) -> None:
    refusal(value)
    assert isinstance(read(value), str)
    assert check_revocation(
        value, claim_of(credential(Signer(ALICE))), keys_of(Signer(ALICE))
    ).problems


@pytest.mark.parametrize(
    "value",
    [nested(5_000, in_list), nested(5_000, in_map), [0] * 2_000_000, "x" * (9 * 1024 * 1024)],
    ids=["deep list", "deep map", "many values", "long text"],
)
@pytest.mark.parametrize("where", ["credential", "file", "revoked"])
def test_huge_and_deep_files_are_refused(value: Any, where: str) -> None:
    file = an_attestation()
    file["revoked"] = a_revocation()["credential"]
    (file if where == "file" else file[where])["more"] = value
    assert "The file" in refusal(file)


@given(st.text(max_size=300), st.text(max_size=2000))
def test_no_text_of_a_stranger_can_pretend_to_be_a_sentence(uid: str, words: str) -> None:
    alice = Signer(ALICE)
    try:
        file = file_of(
            credential(alice, subject={**SUBJECT, "stateKey": uid}, description=words), alice
        )
    except UnicodeEncodeError:
        return  # nobody can sign half a surrogate pair
    for each in verify(file).says:
        assert each.isprintable()
        assert len(each) < 1500


# URIs


@given(st.text(min_size=1, max_size=60))
def test_every_id_has_one_uri(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert room_of(room_uri(f"!{text}")) == f"!{text}"
    assert event_of(event_uri(f"!{text}", f"${text}")) == (f"!{text}", f"${text}")
    user = f"@{text}:bob.example"
    assert user_of(user_uri(user)) == (user if is_user_id(user) else None)


@given(st.text(max_size=300) | st.from_regex(r"matrix:(u|roomid)/[^/]*(/e/[^/]*)?"))
def test_any_text_is_a_uri_or_none(text: str) -> None:
    for reader in (user_of, room_of, event_of, hash_of):
        reader(text)


def test_uris_are_those_of_the_specifications() -> None:
    assert user_uri("@bob:bob.example") == "matrix:u/bob:bob.example"
    assert event_uri("!somewhere:example.org", "$event:example.org") == (
        "matrix:roomid/somewhere:example.org/e/event:example.org"
    )
    # RFC 6920, section 8.1
    digest = "7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069"
    uri = "ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk"
    assert (hash_uri(digest), hash_of(uri)) == (uri, digest)
    assert hash_of(uri + "=") is hash_of(uri[:-1]) is hash_of("") is None


def test_what_is_made_is_read_as_it_was_meant() -> None:
    claim = claim_of(credential(Signer(ALICE)))
    assert (claim.issuer, claim.statement, claim.description) == (ALICE, "checked", WORDS)
    assert (claim.version, claim.place, claim.valid_from) == (VERSION, PLACE, NOON)
    assert claim.subject == about_version(VERSION)["id"]
