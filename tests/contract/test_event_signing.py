"""Hashes, redaction and signatures of events are those that Synapse makes, in each room version."""

import copy
import hashlib
from typing import Any, Final

import pytest
from hypothesis import given, strategies as st
from signedjson.key import generate_signing_key, get_verify_key
from signedjson.sign import sign_json, verify_signed_json
from synapse.api.room_versions import KNOWN_ROOM_VERSIONS
from synapse.crypto.event_signing import (
    add_hashes_and_signatures,
    check_event_content_hash,
    compute_content_hash,
    compute_event_reference_hash,
)
from synapse.events import make_event_from_dict
from synapse.synapse_rust.events import redact_event_dict
from unpaddedbase64 import encode_base64

from twin_module.core.keys import verify_signed
from twin_module.core.pdu import ROOM_VERSIONS, content_hash, event_id_of, redacted, with_hash
from twin_module.core.proof import FORMAT, verify
from twin_module.testing.bundles import NOON, Signer
from twin_module.testing.json_strategies import canonical_json

TYPES: Final = (
    "org.digitaltwin.task",
    "m.room.member",
    "m.room.create",
    "m.room.join_rules",
    "m.room.power_levels",
    "m.room.history_visibility",
    "m.room.redaction",
    "m.room.aliases",
    "m.room.name",
)
FIELDS: Final = (
    *("aliases", "membership", "creator", "join_rule", "allow", "third_party_invite", "invite"),
    *("join_authorised_via_users_server", "ban", "events", "events_default", "kick", "redact"),
    *("state_default", "users", "users_default", "redacts", "history_visibility", "title"),
)
TOP: Final = ("prev_state", "origin", "membership", "redacts", "more", "event_id")

each_version = pytest.mark.parametrize("version", sorted(ROOM_VERSIONS))


def contents() -> st.SearchStrategy[dict[str, Any]]:
    invitation = st.fixed_dictionaries({}, optional={"signed": canonical_json(), "x": st.none()})
    fields = st.dictionaries(st.sampled_from(FIELDS), canonical_json(), max_size=8)
    return st.builds(
        lambda some, more: {**some, **more},
        fields,
        st.fixed_dictionaries({}, optional={"third_party_invite": invitation | canonical_json()}),
    )


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """Return an event without its hash, of any type, with fields that no room version knows."""
    return {
        **draw(st.dictionaries(st.sampled_from(TOP), st.text(max_size=5), max_size=3)),
        "auth_events": ["$auth"],
        "content": draw(contents()),
        "depth": draw(st.integers(1, 2**31)),
        "origin_server_ts": NOON,
        "prev_events": ["$previous"],
        "room_id": "!room:alice.example",
        "sender": "@alice:alice.example",
        "state_key": draw(st.text(max_size=5)),
        "type": draw(st.sampled_from(TYPES)),
    }


def of_version(event: dict[str, Any], version: str) -> dict[str, Any]:
    """Return an event as that room version has it: the create event of 12 names no room."""
    if version == "12" and event["type"] == "m.room.create":
        bare = {key: value for key, value in event.items() if key != "room_id"}
        return {**bare, "state_key": ""}
    return event


def test_every_room_version_with_event_ids_of_this_form_is_known() -> None:
    official = {name for name in KNOWN_ROOM_VERSIONS if name.isdigit()}
    assert set(ROOM_VERSIONS) == official - {"1", "2", "3"}


@each_version
@given(event=events())
def test_what_redaction_leaves_is_what_synapse_leaves(version: str, event: dict[str, Any]) -> None:
    theirs = redact_event_dict(KNOWN_ROOM_VERSIONS[version], copy.deepcopy(event))
    theirs.pop("unsigned", None)
    assert redacted(event, ROOM_VERSIONS[version]) == theirs


@each_version
@given(event=events())
def test_hashes_are_those_of_synapse(version: str, event: dict[str, Any]) -> None:
    event = of_version(event, version)
    event.pop("event_id", None)
    _, theirs = compute_content_hash(event, hashlib.sha256)
    ours = with_hash(event)
    assert content_hash(event) == ours["hashes"]["sha256"] == encode_base64(theirs)
    room_version = KNOWN_ROOM_VERSIONS[version]
    made = make_event_from_dict({**copy.deepcopy(ours), "signatures": {}}, room_version)
    assert check_event_content_hash(made)
    assert made.event_id == event_id_of(ours, ROOM_VERSIONS[version])
    _, reference = compute_event_reference_hash(made)
    url_safe = encode_base64(reference, urlsafe=True)
    assert event_id_of(ours, ROOM_VERSIONS[version]) == f"${url_safe}"


@each_version
@given(event=events())
def test_what_synapse_signs_is_verified_here_and_the_other_way_round(
    version: str, event: dict[str, Any]
) -> None:
    event = of_version(event, version)
    event.pop("event_id", None)
    room_version = KNOWN_ROOM_VERSIONS[version]
    alice = Signer("@alice:alice.example")
    theirs = copy.deepcopy(event)
    add_hashes_and_signatures(room_version, theirs, alice.server, alice.keys.signing)
    ours = alice.signed(with_hash(event), version)
    assert ours["event"] == theirs
    signed = redact_event_dict(room_version, ours["event"])
    signed.pop("unsigned", None)
    verify_signed_json(signed, alice.server, get_verify_key(alice.keys.signing))
    bundle = {
        "format": FORMAT,
        "room_version": version,
        "event_id": ours["event_id"],
        "event": theirs,
        "keys": {alice.server: [alice.document()]},
    }
    assert verify(bundle).problems == ()


def test_a_signature_over_json_is_that_of_signedjson() -> None:
    alice = Signer("@alice:alice.example")
    other = generate_signing_key("other")
    signed = sign_json({"a": [1, "ä", None]}, alice.server, alice.keys.signing)
    assert verify_signed(signed, alice.server, [alice.document()], NOON).problems == ()
    signed = sign_json({"a": [1, "ä", None]}, alice.server, other)
    assert verify_signed(signed, alice.server, [alice.document()], NOON).problems
