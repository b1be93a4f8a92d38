"""Proof bundles made by hand, with keys of one's own: for tests that forge them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from signedjson.key import decode_signing_key_base64
from unpaddedbase64 import encode_base64

from twin_module.core.layout import ROOM_VERSION
from twin_module.core.pdu import ROOM_VERSIONS, event_id_of, redacted, with_hash
from twin_module.core.proof import FORMAT
from twin_module.core.state import NAMESPACE
from twin_module.testing.fake_signing import FakeKeys, sign_pdu

TASK: Final = f"{NAMESPACE}.task"
ROOM: Final = "!Gp4yQ0bTzFqjUWgOe2JZxZzPz7q0n8vYv1r5c4w3x2A"
NOON: Final = 1_790_000_000_000
"""When everything is written, in milliseconds since 1970."""
DAY: Final = 24 * 3600 * 1000


class Signer:
    """A person with a server of their own, whose keys come from a word."""

    def __init__(self, user_id: str, word: str = "") -> None:
        self.user_id = user_id
        self.server = user_id.partition(":")[2]
        seed = (word or user_id).encode().ljust(32, b".")[:32]
        self.keys = FakeKeys(decode_signing_key_base64("ed25519", "a_1", encode_base64(seed)))

    def document(self, now: int = NOON) -> dict[str, Any]:
        """Return the server's key document."""
        return self.keys.document(self.server, now)

    def event(
        self,
        content: Mapping[str, Any],
        *,
        base: str | None = None,
        merged: Sequence[str] = (),
        version: str = ROOM_VERSION,
        **changes: Any,
    ) -> dict[str, Any]:
        """Return a signed version of a task, as an entry of a bundle."""
        stamp = {**({"base": base} if base else {}), **({"merged": [*merged]} if merged else {})}
        pdu = {
            "auth_events": ["$auth"],
            "content": {**content, **({NAMESPACE: stamp} if stamp else {})},
            "depth": 12,
            "origin_server_ts": NOON,
            "prev_events": ["$previous"],
            "room_id": ROOM,
            "sender": self.user_id,
            "state_key": "milk",
            "type": TASK,
            **changes,
        }
        return self.signed(with_hash(pdu), version)

    def signed(self, pdu: Mapping[str, Any], version: str = ROOM_VERSION) -> dict[str, Any]:
        """Return an event with its ID and this server's signature, whatever it is."""
        rules = ROOM_VERSIONS[version]
        pdu = {key: value for key, value in pdu.items() if key != "signatures"}
        signatures = sign_pdu(redacted(pdu, rules), self.server, self.keys.signing)
        return {
            "event_id": event_id_of(pdu, rules),
            "event": {**pdu, "signatures": signatures},
        }


def bundle(
    entry: Mapping[str, Any],
    *signers: Signer,
    parents: Sequence[Mapping[str, Any]] = (),
    version: str = ROOM_VERSION,
) -> dict[str, Any]:
    """Return a bundle with the key documents of some people."""
    return {
        "format": FORMAT,
        "room_version": version,
        **entry,
        "parents": [*parents],
        "keys": {each.server: [each.document()] for each in signers},
    }
