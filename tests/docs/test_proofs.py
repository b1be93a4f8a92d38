"""The page about proofs: its example is one, and its verifier tells it from forgeries."""

import copy
import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from canonicaljson import encode_canonical_json
from unpaddedbase64 import encode_base64

from twin_module.core.keys import MAX_DOCUMENTS
from twin_module.core.pdu import ROOM_VERSIONS, redacted
from twin_module.core.proof import FORMAT, MAX_BUNDLE_BYTES, MAX_PARENTS, verify
from twin_module.core.state import READABLE_DEPTH
from twin_module.testing.bundles import NOON, Signer, bundle

PAGE: Final = Path(__file__).parents[2] / "docs/proofs.md"
TEXT: Final = PAGE.read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture
def example() -> Any:
    """The bundle of the example."""
    [block] = blocks("json")
    return json.loads(block)


@pytest.fixture
def proven_key() -> Any:
    """The verifier of the page."""
    [block] = blocks("python")
    names: dict[str, Any] = {}
    exec(compile(block, str(PAGE), "exec"), names)
    return names["proven_key"]


def test_the_example_is_a_proof(example: Any) -> None:
    assert verify(example).proven


def test_the_steps_of_the_example_are_right(example: Any) -> None:
    whole, envelope, document = (block.rstrip("\n").encode() for block in blocks("text"))
    event = example["event"]
    bare = {key: each for key, each in event.items() if key not in ("signatures", "hashes")}
    assert encode_canonical_json(bare) == whole
    content_hash = encode_base64(sha256(whole).digest())
    assert event["hashes"]["sha256"] == content_hash
    left = redacted(event, ROOM_VERSIONS["12"])
    del left["signatures"]
    assert encode_canonical_json(left) == envelope
    assert example["event_id"] == f"${encode_base64(sha256(envelope).digest(), urlsafe=True)}"
    [keys] = example["keys"]["alice.example"]
    del keys["signatures"]
    assert encode_canonical_json(keys) == document
    prose = re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL)
    for value in (content_hash, example["event_id"]):
        assert f"`{value}`" in prose


def test_the_verifier_of_the_page_proves_the_example(example: Any, proven_key: Any) -> None:
    [document] = example["keys"]["alice.example"]
    assert proven_key(example) == document["verify_keys"]["ed25519:a_1"]["key"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("event_id",), "$other"),
        (("event", "content", "title"), "Butter"),
        (("event", "sender"), "@eve:alice.example"),
        (("event", "origin_server_ts"), NOON + 1),
        (("event", "hashes", "sha256"), "A" * 43),
        (("event", "signatures", "alice.example", "ed25519:a_1"), "A" * 86),
        (("keys", "alice.example", 0, "valid_until_ts"), NOON - 1),
        (("keys", "alice.example", 0, "verify_keys", "ed25519:a_1", "key"), "A" * 43),
        (("keys", "alice.example"), []),
    ],
)
def test_the_verifier_of_the_page_refuses_what_ours_refuses(
    path: tuple[Any, ...], value: Any, example: Any, proven_key: Any
) -> None:
    changed = copy.deepcopy(example)
    place = changed
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    assert not verify(changed).proven
    assert proven_key(changed) is None


def test_the_verifier_of_the_page_agrees_about_old_keys(proven_key: Any) -> None:
    for late in (0, 1, 2):
        alice = Signer("@alice:alice.example")
        entry = alice.event({"title": "T"}, origin_server_ts=NOON + late)
        alice.keys.rotate(NOON + 1)
        proof = bundle(entry, alice)
        assert verify(proof).proven == (proven_key(proof) is not None) == (late < 2)


def test_the_page_names_the_limits_as_they_are() -> None:
    assert FORMAT in TEXT
    assert MAX_BUNDLE_BYTES == 8 * 1024 * 1024
    for limit in (
        f"{READABLE_DEPTH} levels",
        f"{MAX_PARENTS} parents",
        f"{MAX_DOCUMENTS} key documents",
    ):
        assert limit in TEXT
