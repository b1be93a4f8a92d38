"""Credentials made by hand, with keys of one's own: for tests that forge them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from signedjson.sign import sign_json

from twin_module.core.attestation import FORMAT
from twin_module.core.credential import REVOKED, Version, about_version, digest_of, draft
from twin_module.core.state import NAMESPACE
from twin_module.testing.bundles import NOON, ROOM, Signer

PLACE: Final = (ROOM, "7c1b2e")
"""Where credentials are published."""
VERSION: Final = Version(
    ROOM, f"{NAMESPACE}.doc", "minutes", "$dEMp_HwtWspcfsd5bF4Tf5zIrA0sAD0Vzc2EmZ8RrF0"
)
SUBJECT: Final[Mapping[str, Any]] = about_version(VERSION)
WORDS: Final = "I compared it with the paper that we signed"


def signed(signer: Signer, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with a person's signature alone."""
    bare = {key: value for key, value in document.items() if key != "signatures"}
    found: dict[str, Any] = sign_json(bare, signer.server, signer.keys.signing)
    return found


def credential(
    signer: Signer,
    statement: str = "checked",
    subject: Mapping[str, Any] = SUBJECT,
    *,
    at: int = NOON,
    place: tuple[str, str] = PLACE,
    **more: Any,
) -> dict[str, Any]:
    """Return a signed credential; `at` is in milliseconds since 1970."""
    when = datetime.fromtimestamp(at / 1000, UTC)
    drafted = draft(signer.user_id, statement, subject, when, place, description=WORDS)
    return signed(signer, {**drafted, **more})


def revocation(signer: Signer, revoked: Mapping[str, Any], *, at: int = NOON + 60_000) -> Any:
    """Return a signed revocation of a credential."""
    return credential(signer, REVOKED, {"id": digest_of(revoked)}, at=at)


def file_of(document: Mapping[str, Any], *signers: Signer, **more: Any) -> dict[str, Any]:
    """Return a file of a credential with the key documents of some people."""
    keys = {each.server: [each.document()] for each in signers}
    return {"format": FORMAT, "credential": dict(document), "keys": keys, **more}
