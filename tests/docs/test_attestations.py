"""The page about attestations: its example is one, and its verifier tells it from forgeries."""

import copy
import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from canonicaljson import encode_canonical_json

from twin_module.core.attestation import FORMAT, MAX_BUNDLE_BYTES, verify
from twin_module.core.credential import (
    MAX_CREDENTIAL_BYTES,
    MAX_DESCRIPTION,
    REVOKED,
    STATEMENT,
    STATEMENTS,
    digest_of,
)
from twin_module.core.keys import MAX_DOCUMENT_BYTES, MAX_DOCUMENTS
from twin_module.core.state import READABLE_DEPTH
from twin_module.rooms.attestations import ATTESTATION
from twin_module.testing.bundles import NOON, Signer
from twin_module.testing.credentials import credential, file_of, revocation

DOCS: Final = Path(__file__).parents[2] / "docs"
TEXT: Final = (DOCS / "attestations.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def example() -> Any:
    """The file of the example."""
    [block] = blocks(TEXT, "json")
    return json.loads(block)


@pytest.fixture
def page() -> dict[str, Any]:
    """What the verifier of the page defines."""
    names: dict[str, Any] = {}
    for text in ((DOCS / "proofs.md").read_text(), TEXT):
        [block] = blocks(text, "python")
        exec(compile(block, "docs", "exec"), names)
    return names


def test_the_example_is_an_attestation(example: Any) -> None:
    assert verify(example).proven
    assert example["credential"] == ATTESTATION.example["credential"]


def test_the_steps_of_the_example_are_right(example: Any) -> None:
    [text] = blocks(TEXT, "text")
    bare = {key: each for key, each in example["credential"].items() if key != "signatures"}
    assert encode_canonical_json(bare) == text.rstrip("\n").encode()
    assert f"`{digest_of(example['credential'])}`" in TEXT


def test_the_verifier_of_the_page_proves_the_example(example: Any, page: dict[str, Any]) -> None:
    [document] = example["keys"]["alice.example"]
    assert page["attested_key"](example) == document["verify_keys"]["ed25519:a_1"]["key"]
    assert page["digest"](example["credential"]) == digest_of(example["credential"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("credential", "issuer"), "matrix:u/eve:eve.example"),
        (("credential", "issuer"), "https://alice.example"),
        (("credential", "credentialSubject", "statement"), "disputed"),
        (("credential", "validFrom"), "2026-09-21T14:13:21Z"),
        (("credential", "description"), "It is fine"),
        (("credential", "unsigned"), {}),
        (("credential", "signatures", "alice.example", "ed25519:a_1"), "A" * 86),
        (("keys", "alice.example", 0, "valid_until_ts"), NOON - 1),
        (("keys", "alice.example"), []),
    ],
)
def test_the_verifier_of_the_page_refuses_what_ours_refuses(
    path: tuple[Any, ...], value: Any, example: Any, page: dict[str, Any]
) -> None:
    changed = copy.deepcopy(example)
    place = changed
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    assert not verify(changed).proven
    assert page["attested_key"](changed) is None


def test_the_verifier_of_the_page_agrees_about_revocations_and_late_signatures(
    example: Any, page: dict[str, Any]
) -> None:
    alice = Signer("@alice:alice.example")
    revoked = {**example, "revoked": revocation(alice, example["credential"])}
    assert page["attested_key"](revoked) is None
    assert not verify(revoked).proven
    for late in (0, 1000, 2000):
        alice = Signer("@alice:alice.example")
        document = credential(alice, at=NOON + late)
        alice.keys.rotate(NOON + 1000)
        file = file_of(document, alice)
        assert verify(file).proven == (page["attested_key"](file) is not None) == (late < 2000)


def test_the_page_names_statements_and_limits_as_they_are() -> None:
    for name, meaning in STATEMENTS.items():
        assert f"| `{name}` | {meaning} |" in TEXT
    assert MAX_BUNDLE_BYTES == 2 * 1024 * 1024
    for part in (
        FORMAT,
        f"`{STATEMENT}`",
        f"`statement` is `{REVOKED}`",
        f"{MAX_DESCRIPTION} characters",
        f"{MAX_CREDENTIAL_BYTES:,} bytes for a credential, {MAX_DOCUMENT_BYTES:,} for a key document",
        f"{MAX_DOCUMENTS}\nkey documents",
        f"{READABLE_DEPTH} levels",
    ):
        assert part in TEXT, part
