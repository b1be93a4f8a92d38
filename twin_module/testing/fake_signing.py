"""Events and keys of the fake homeserver, hashed and signed as real servers do it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from signedjson.key import generate_signing_key, get_verify_key
from signedjson.sign import sign_json
from signedjson.types import SigningKey
from unpaddedbase64 import encode_base64

from twin_module.core.layout import ROOM_VERSION
from twin_module.core.pdu import ROOM_VERSIONS, event_id_of, redacted, with_hash
from twin_module.core.state import plain

RULES: Final = ROOM_VERSIONS[ROOM_VERSION]
KEY_DOCUMENT_MS: Final = 24 * 3600 * 1000
"""How long a key document is valid, as Synapse's default `key_refresh_interval`."""


@dataclass
class FakeKeys:
    """The signing keys of a fake server."""

    signing: SigningKey = field(default_factory=lambda: generate_signing_key("fake"))
    old: list[tuple[SigningKey, int]] = field(default_factory=list)
    """Keys that were given up, with the time of that."""

    def rotate(self, now: int) -> None:
        """Sign with a new key from now on."""
        self.old.append((self.signing, now))
        self.signing = generate_signing_key(f"fake{len(self.old)}")

    def document(self, server: str, now: int) -> dict[str, Any]:
        """Return the key document that the server shows."""
        document = {
            "server_name": server,
            "valid_until_ts": now + KEY_DOCUMENT_MS,
            "verify_keys": {_key_id(self.signing): {"key": _public(self.signing)}},
            "old_verify_keys": {
                _key_id(key): {"key": _public(key), "expired_ts": expired}
                for key, expired in self.old
            },
        }
        return sign_json(document, server, self.signing)


def _key_id(key: SigningKey) -> str:
    return f"{key.alg}:{key.version}"


def _public(key: SigningKey) -> str:
    return encode_base64(get_verify_key(key).encode())


def pdu(
    room_id: str,
    event_type: str,
    state_key: str | None,
    content: Mapping[str, Any],
    sender: str,
    ts: int,
    number: int,
) -> dict[str, Any]:
    """Return an event as it is signed; `number` is its depth, which no two events share."""
    whole = {
        "room_id": room_id,
        "type": event_type,
        "sender": sender,
        "content": plain(content),
        "origin_server_ts": ts,
        "depth": number,
        "prev_events": [],
        "auth_events": [],
    }
    return with_hash(whole if state_key is None else {**whole, "state_key": state_key})


def id_of(event: Mapping[str, Any]) -> str:
    """Return the ID of an event."""
    return event_id_of(event, RULES)


def signed(
    event: Mapping[str, Any], server: str, key: SigningKey, *, is_redacted: bool
) -> dict[str, Any]:
    """Return an event with its signature, as it is after redaction."""
    left = redacted(event, RULES)
    return {**(left if is_redacted else event), "signatures": sign_pdu(left, server, key)}


def sign_pdu(left: Mapping[str, Any], server: str, key: SigningKey) -> dict[str, Any]:
    """Return the signatures of an event, made over what redaction leaves of it."""
    signatures: dict[str, Any] = sign_json(dict(left), server, key)["signatures"]
    return signatures
