"""Events as servers sign them (PDUs): what redaction leaves, their hashes and their event IDs.

Matrix server-server API, "Signing Events", and the room versions' pages. A server signs the
redacted event, which holds a hash of the whole one; the event ID is the hash of the redacted one.
So who has the event ID and the server's key can check every field.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from canonicaljson import encode_canonical_json
from unpaddedbase64 import encode_base64

MAX_PDU_BYTES: Final = 65_536
"""What an event may have, as canonical JSON with its signatures (client-server API, "Size limits")."""
UNSIGNED: Final = ("unsigned", "age_ts", "outlier", "destinations")
"""Fields that servers add for themselves. Neither hash nor signature covers them."""

_ENVELOPE: Final = frozenset(
    (
        *("event_id", "type", "room_id", "sender", "state_key", "content", "hashes", "signatures"),
        *("depth", "prev_events", "auth_events", "origin_server_ts"),
    )
)
_OLD_ENVELOPE: Final = _ENVELOPE | {"prev_state", "origin", "membership"}
_KEPT: Final[Mapping[str, frozenset[str]]] = {
    "m.room.member": frozenset({"membership"}),
    "m.room.create": frozenset({"creator"}),
    "m.room.join_rules": frozenset({"join_rule"}),
    "m.room.power_levels": frozenset(
        (
            *("ban", "events", "events_default", "kick", "redact"),
            *("state_default", "users", "users_default"),
        )
    ),
    "m.room.history_visibility": frozenset({"history_visibility"}),
}
"""Fields of the content that redaction leaves, by type, in every room version from 4 on."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a room version says about redaction; each names the version that brought it."""

    keeps_aliases: bool = False
    """Until 5."""
    join_rules_allow: bool = False
    """8"""
    member_authorised: bool = False
    """9"""
    slim: bool = False
    """11: fewer fields of the event, more of some contents, all of the create event's."""
    room_id_is_hash: bool = False
    """12: the room's ID is the hash of its create event, which has none itself."""


_V6: Final = Rules()
_V8: Final = Rules(join_rules_allow=True)
_V9: Final = Rules(join_rules_allow=True, member_authorised=True)
_V11: Final = Rules(join_rules_allow=True, member_authorised=True, slim=True)
_V12: Final = Rules(join_rules_allow=True, member_authorised=True, slim=True, room_id_is_hash=True)
ROOM_VERSIONS: Final[Mapping[str, Rules]] = {
    "4": Rules(keeps_aliases=True),
    "5": Rules(keeps_aliases=True),
    "6": _V6,
    "7": _V6,
    "8": _V8,
    "9": _V9,
    "10": _V9,
    "11": _V11,
    "12": _V12,
}
"""The room versions whose events can be checked; those before 4 have event IDs of another form."""


def redacted(pdu: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    """Return what redaction leaves of an event, signatures and hashes among it."""
    envelope = _ENVELOPE if rules.slim else _OLD_ENVELOPE
    kept = {key: value for key, value in pdu.items() if key in envelope}
    if rules.room_id_is_hash and pdu.get("type") == "m.room.create":
        kept.pop("room_id", None)
    content = pdu.get("content")
    kept["content"] = _kept_content(
        pdu.get("type"), content if isinstance(content, Mapping) else {}, rules
    )
    return kept


def _kept_content(kind: Any, content: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    if kind == "m.room.create" and rules.slim:
        return dict(content)
    fields = _KEPT.get(kind, frozenset()) if isinstance(kind, str) else frozenset()
    if kind == "m.room.aliases" and rules.keeps_aliases:
        fields = frozenset({"aliases"})
    if kind == "m.room.join_rules" and rules.join_rules_allow:
        fields = fields | {"allow"}
    if kind == "m.room.member" and rules.member_authorised:
        fields = fields | {"join_authorised_via_users_server"}
    if kind == "m.room.power_levels" and rules.slim:
        fields = fields | {"invite"}
    if kind == "m.room.redaction" and rules.slim:
        fields = frozenset({"redacts"})
    kept = {key: value for key, value in content.items() if key in fields}
    invitation = content.get("third_party_invite")
    if kind == "m.room.member" and rules.slim and isinstance(invitation, Mapping):
        kept["third_party_invite"] = {
            key: value for key, value in invitation.items() if key == "signed"
        }
    return kept


def content_hash(pdu: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the whole event, as it stands in its `hashes`."""
    left_out = ("signatures", "hashes", *UNSIGNED)
    return _hash({key: value for key, value in pdu.items() if key not in left_out})


def event_id_of(pdu: Mapping[str, Any], rules: Rules) -> str:
    """Return an event's ID, which is its reference hash in the form that URLs can bear."""
    signed = redacted(pdu, rules)
    signed.pop("signatures", None)
    return f"${_hash(signed).translate(_URL_SAFE)}"


_URL_SAFE: Final = str.maketrans("+/", "-_")


def _hash(value: Mapping[str, Any]) -> str:
    return encode_base64(sha256(encode_canonical_json(dict(value))).digest())


def with_hash(pdu: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event with the hash of its content, ready to get its ID and to be signed."""
    return {**pdu, "hashes": {"sha256": content_hash(pdu)}}
