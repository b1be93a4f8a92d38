"""Credentials: signed statements in the words of the Verifiable Credentials Data Model 2.0 (W3C).

What secures them is not a proof of W3C's (Data Integrity, JOSE) but Matrix's signature of JSON
(appendices, "Signing JSON") by the issuer's server, in `signatures`. `docs/attestations.md`
describes the form. Credentials come from strangers: nothing here raises.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from canonicaljson import encode_canonical_json

from twin_module.core.canonical import canonical_problem
from twin_module.core.matrix_uri import event_of, event_uri, room_of, room_uri, user_of, user_uri
from twin_module.core.state import NAMESPACE

ATTESTATION_TYPE: Final = f"{NAMESPACE}.attestation"
"""The event type, and the type of the status that says where a revocation is to be found."""
CONTEXT: Final = (
    "https://www.w3.org/ns/credentials/v2",
    # Gives a meaning to terms that no other context defines: `statement`, `signatures`.
    "https://www.w3.org/ns/credentials/undefined-terms/v2",
)
TYPES: Final = ("VerifiableCredential", "Attestation")
STATEMENTS: Final[Mapping[str, str]] = {
    "authored": "I wrote this",
    "checked": "I checked this",
    "original": "This is the original",
    "known": "I know this person",
    "disputed": "This is wrong",
    "disowned": "This is not by me",
}
"""What can be stated, with what that means."""
DISPUTES: Final = frozenset({"disputed", "disowned"})
REVOKED: Final = "revoked"
"""What a revocation states of the credential that is its subject."""
MAX_CREDENTIAL_BYTES: Final = 16 * 1024
MAX_DESCRIPTION: Final = 2000

UTC_DATE_TIME: Final = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$"
)
STATEMENT: Final = r"^[a-z][a-z_]{0,63}$"
HEX_HASH: Final = r"^[0-9a-f]{64}$"
_HASH: Final = "ni:///sha-256;"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an object, which a statement is about."""

    room_id: str
    type: str
    uid: str
    event_id: str

    @property
    def object(self) -> str:
        """Return the object that it is a version of, as one word for an index."""
        return f"{self.room_id}/{self.type}/{self.uid}"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a credential says; all times are milliseconds since 1970."""

    issuer: str
    """A Matrix ID."""
    statement: str
    description: str
    subject: str
    """A URI: of an event, of a person, or of a hash."""
    version: Version | None
    """Where the subject is an object."""
    valid_from: int
    valid_until: int | None
    digest: str
    """The URI of the hash of what is signed, which a revocation names."""
    place: tuple[str, str] | None
    """The room and the uid at which its issuer published it, and would publish its revocation."""

    @property
    def server(self) -> str:
        """Return the server that has to have signed it."""
        return self.issuer.partition(":")[2]


def claim_json(claim: Claim) -> dict[str, Any]:
    """Return what a credential says, as readers see it."""
    shown: dict[str, Any] = {
        "issuer": claim.issuer,
        "statement": claim.statement,
        "subject": claim.subject,
        "valid_from": claim.valid_from,
    }
    if claim.valid_until is not None:
        shown["valid_until"] = claim.valid_until
    if claim.description:
        shown["description"] = claim.description
    if claim.version is not None:
        about = claim.version
        shown["object"] = {
            "room_id": about.room_id,
            "type": about.type,
            "uid": about.uid,
            "event_id": about.event_id,
        }
    return shown


# URIs of what a statement is about


def hash_uri(hexadecimal: str) -> str:
    """Return the URI of a SHA-256 (RFC 6920), given in hexadecimal digits."""
    return _hash_uri(bytes.fromhex(hexadecimal))


def _hash_uri(digest: bytes) -> str:
    return _HASH + urlsafe_b64encode(digest).decode().rstrip("=")


def hash_of(uri: str) -> str | None:
    """Return the SHA-256 that a URI names in hexadecimal digits, None where it names none."""
    try:
        digest = urlsafe_b64decode(uri.removeprefix(_HASH) + "=")
    except ValueError:
        return None
    # Written again, so that one hash has one URI.
    return (
        digest.hex() if _hash_uri(digest) == uri and len(digest) == sha256().digest_size else None
    )


def digest_of(document: Mapping[str, Any]) -> str:
    """Return the URI of the hash of what is signed of a document."""
    signed = {key: value for key, value in document.items() if key != "signatures"}
    return _hash_uri(sha256(encode_canonical_json(signed)).digest())


# Making one


def about_version(version: Version) -> dict[str, Any]:
    """Return the subject of a statement about a version of an object."""
    uri = event_uri(version.room_id, version.event_id)
    return {"id": uri, "type": version.type, "stateKey": version.uid}


def draft(
    issuer: str,
    statement: str,
    subject: Mapping[str, Any],
    now: datetime,
    place: tuple[str, str],
    *,
    valid_until: str | None = None,
    description: str | None = None,
) -> dict[str, Any]:
    """Return a credential that is still to be signed.

    Args:
        issuer: a Matrix ID.
        statement: one of `STATEMENTS`, or `REVOKED`.
        subject: with the URI of what it is about as its `id`.
        now: in UTC.
        place: the room and the uid of the event in which it is published.
        valid_until: a time as in `UTC_DATE_TIME`.
        description: more about it, as plain text.
    """
    room_id, uid = place
    return {
        "@context": [*CONTEXT],
        "type": [*TYPES],
        "issuer": user_uri(issuer),
        "validFrom": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        **({"validUntil": valid_until} if valid_until else {}),
        **({"description": description} if description else {}),
        "credentialSubject": {**subject, "statement": statement},
        "credentialStatus": {"id": room_uri(room_id), "type": ATTESTATION_TYPE, "stateKey": uid},
    }


# Reading one


class _Unfit(Exception):
    """Why a document is no credential of ours."""


def read(document: Any) -> Claim | str:
    """Return what a credential says, or why it is none of ours; that it is signed is not looked at.

    Args:
        document: plain JSON, or anything else.
    """
    try:
        return _claim(document)
    except _Unfit as unfit:
        return str(unfit)


_FIELDS: Final[Mapping[str, type]] = {
    "@context": list,
    "type": list,
    "issuer": str,
    "validFrom": str,
    "credentialSubject": dict,
}


def _claim(document: Any) -> Claim:
    if not isinstance(document, dict):
        raise _Unfit("is no JSON object")
    problem = canonical_problem(document, MAX_CREDENTIAL_BYTES)
    if problem:
        raise _Unfit(problem)
    for field, kind in _FIELDS.items():
        if type(document.get(field)) is not kind:
            raise _Unfit(f"has no {field} as it has to be")
    if "unsigned" in document:
        raise _Unfit("has the field unsigned, which nobody signs")
    types = {each for each in document["type"] if isinstance(each, str)}
    if document["@context"][:1] != [CONTEXT[0]] or not set(TYPES) <= types:
        raise _Unfit("is no Attestation in the words of Verifiable Credentials 2.0")
    issuer = user_of(document["issuer"])
    if issuer is None:
        raise _Unfit("has an issuer that is no URI of a person (matrix:u/…)")
    subject = document["credentialSubject"]
    uri, version = _about(subject)
    return Claim(
        issuer=issuer,
        statement=_statement(subject.get("statement")),
        description=_description(document.get("description", "")),
        subject=uri,
        version=version,
        valid_from=_time(document["validFrom"]),
        valid_until=_time(document["validUntil"]) if "validUntil" in document else None,
        digest=digest_of(document),
        place=_place(document.get("credentialStatus")),
    )


def _statement(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(STATEMENT, value):
        raise _Unfit("states nothing")
    return value


def _description(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_DESCRIPTION:
        raise _Unfit(f"has a description that is no text of at most {MAX_DESCRIPTION} characters")
    return value


def _about(subject: Mapping[str, Any]) -> tuple[str, Version | None]:
    """Return the URI of what a subject is, and the version of an object where it is one."""
    uri, kind, uid = subject.get("id"), subject.get("type"), subject.get("stateKey")
    if isinstance(uri, str):
        if user_of(uri) or hash_of(uri):
            return uri, None
        event = event_of(uri)
        if event is not None and isinstance(kind, str) and isinstance(uid, str):
            return uri, Version(event[0], kind, uid, event[1])
    raise _Unfit("is about nothing that it can be about: a version of an object, a file, a person")


def _place(status: Any) -> tuple[str, str] | None:
    if not isinstance(status, dict) or status.get("type") != ATTESTATION_TYPE:
        return None
    uri, uid = status.get("id"), status.get("stateKey")
    room_id = room_of(uri) if isinstance(uri, str) else None
    return (room_id, uid) if room_id is not None and isinstance(uid, str) else None


def _time(text: Any) -> int:
    problem = _Unfit("has a time that is none, as 2026-12-24T18:00:00Z is one")
    if not isinstance(text, str) or not re.fullmatch(UTC_DATE_TIME, text):
        raise problem
    try:
        when = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise problem from None
    milliseconds = round(when.timestamp() * 1000)
    if milliseconds < 0:
        raise problem
    return milliseconds
