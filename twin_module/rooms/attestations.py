"""Attestations: signed statements about objects, files and people, that anybody can check.

An attestation is one state event, whose state key is its uid. It holds a credential in the words
of the Verifiable Credentials Data Model 2.0, signed by the issuer's server, so that it stands
outside of its room. Its issuer alone can revoke it, by a second credential beside it.

Whoever may write in the room can write anything into such an event. So the view shows what is
*claimed*; whether it is signed is for who has keys (`core/attestation.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from twin_module.core.attestation import names, standing
from twin_module.core.capability import (
    UID_PATTERN,
    Arguments,
    Capability,
    Command,
    Context,
    EventType,
    Filter,
    Objects,
    Phrase,
)
from twin_module.core.credential import (
    ATTESTATION_TYPE,
    HEX_HASH,
    MAX_DESCRIPTION,
    REVOKED,
    STATEMENT,
    STATEMENTS,
    UTC_DATE_TIME,
    Claim,
    Version,
    about_version,
    claim_json,
    draft,
    hash_uri,
    read,
)
from twin_module.core.effects import Effect, Put, remove
from twin_module.core.errors import Forbidden, InvalidParam, NotFound
from twin_module.core.matrix_uri import USER_ID, is_user_id, user_of, user_uri
from twin_module.core.phrases import REMOVE
from twin_module.core.state import NAMESPACE, Content, frozen, plain

_URI: Final = {"type": "string", "maxLength": 2000}
_CREDENTIAL: Final = {
    "type": "object",
    "properties": {
        "@context": {"type": "array", "items": _URI, "minItems": 1, "maxItems": 10},
        "type": {"type": "array", "items": _URI, "minItems": 1, "maxItems": 10},
        "issuer": {**_URI, "pattern": "^matrix:u/", "description": "A person's matrix: URI."},
        "validFrom": {"type": "string", "pattern": UTC_DATE_TIME},
        "validUntil": {"type": "string", "pattern": UTC_DATE_TIME},
        "description": {"type": "string", "maxLength": MAX_DESCRIPTION},
        "credentialSubject": {
            "type": "object",
            "properties": {
                "id": {
                    **_URI,
                    "description": "What it is about: matrix:roomid/…/e/…, matrix:u/… or ni:///sha-256;…",
                },
                "type": {**_URI, "description": "Of an object: its event type."},
                "stateKey": {**_URI, "description": "Of an object: its uid."},
                "statement": {
                    "type": "string",
                    "pattern": STATEMENT,
                    "description": f"{', '.join(STATEMENTS)}; {REVOKED} in a revocation.",
                },
            },
            "required": ["id", "statement"],
        },
        "credentialStatus": {
            "type": "object",
            "description": "Where a revocation is to be found: the room and the state key.",
        },
        "signatures": {
            "type": "object",
            "description": "By server and key ID, as in Matrix's appendices, Signing JSON.",
        },
    },
    "required": ["@context", "type", "issuer", "validFrom", "credentialSubject"],
}


def _credential(content: Content) -> Claim | None:
    claim = read(plain(content["credential"]))
    return claim if isinstance(claim, Claim) else None


def _issuer(content: Content) -> str | None:
    return user_of(content["credential"]["issuer"])


def _subjects(content: Content) -> Sequence[str]:
    uri = content["credential"]["credentialSubject"]["id"]
    person = user_of(uri)
    return [uri] if person is None else [uri, person]


def _object(content: Content) -> str | None:
    claim = _credential(content)
    return claim.version.object if claim is not None and claim.version is not None else None


def _title(content: Content) -> str:
    claimed = content["credential"]
    return f"{_issuer(content) or 'Somebody'}: {claimed['credentialSubject']['statement']}"


ATTESTATION: Final = EventType(
    type=ATTESTATION_TYPE,
    summary="A signed statement about an object, a file or a person.",
    state_key="The attestation's uid.",
    schema={
        "properties": {
            "@type": {"const": "Attestation"},
            "credential": {
                **_CREDENTIAL,
                "description": "A Verifiable Credential 2.0, secured by Matrix's signatures.",
            },
            "revoked": {
                **_CREDENTIAL,
                "description": "A credential by which the issuer takes the first one back.",
            },
        },
        "required": ["@type", "credential"],
    },
    example={
        "@type": "Attestation",
        "credential": {
            "@context": [
                "https://www.w3.org/ns/credentials/v2",
                "https://www.w3.org/ns/credentials/undefined-terms/v2",
            ],
            "type": ["VerifiableCredential", "Attestation"],
            "issuer": "matrix:u/alice:alice.example",
            "validFrom": "2026-09-21T14:13:20Z",
            "description": "I compared it with the paper that we signed",
            "credentialSubject": {
                "id": "matrix:roomid/Gp4yQ0bTzFqjUWgOe2JZxZzPz7q0n8vYv1r5c4w3x2A"
                "/e/dEMp_HwtWspcfsd5bF4Tf5zIrA0sAD0Vzc2EmZ8RrF0",
                "type": f"{NAMESPACE}.doc",
                "stateKey": "minutes",
                "statement": "checked",
            },
            "credentialStatus": {
                "id": "matrix:roomid/Gp4yQ0bTzFqjUWgOe2JZxZzPz7q0n8vYv1r5c4w3x2A",
                "type": ATTESTATION_TYPE,
                "stateKey": "7c1b2e",
            },
            "signatures": {
                "alice.example": {
                    "ed25519:a_1": "gOmWKZ+h9/lCRC5fAW5w0mKn7NDAoBpEiofRI/efnpVL"
                    "uqeqUz9d3bw9FaGFGEkY3EkluTWAuvNgh4yPE4ILAQ"
                }
            },
        },
    },
    title=_title,
    searchable=lambda content: [content["credential"].get("description", "")],
    filters={
        "issuer": Filter("word", _issuer),
        "subject": Filter("words", _subjects),
        "object": Filter("word", _object),
        "statement": Filter(
            "word", lambda c: str(c["credential"]["credentialSubject"]["statement"])
        ),
    },
)


@dataclass(frozen=True, slots=True)
class Attestation:
    """What an event claims; its signature is not looked at."""

    uid: str
    sender: str
    """Who wrote the event, which anybody may have done who can write in the room."""
    claim: Claim | None
    """None where it can't be read."""
    revocation: Claim | None
    """Where one names the credential; its signature is not looked at either."""
    content: Content


def view(objects: Objects) -> Sequence[Attestation]:
    """Return the attestations of a room: by time, then uid; those that can't be read come last."""
    found = [
        Attestation(uid, event.sender, claim, _revocation(event.content, claim), event.content)
        for (_, uid), event in objects.items()
        for claim in [_credential(event.content)]
    ]
    return sorted(found, key=lambda each: (_begins(each), each.uid))


def _begins(each: Attestation) -> tuple[bool, int]:
    return (True, 0) if each.claim is None else (False, each.claim.valid_from)


def _revocation(content: Content, claim: Claim | None) -> Claim | None:
    if claim is None or "revoked" not in content:
        return None
    revocation = read(plain(content["revoked"]))
    return revocation if isinstance(revocation, Claim) and names(revocation, claim) else None


def render(attestations: Sequence[Attestation], now: datetime) -> Mapping[str, Any]:
    """Return what is claimed. No signature is looked at here, which `checked` says."""
    now_ms = round(now.astimezone(UTC).timestamp() * 1000)
    return {
        "attestations": [
            {
                "uid": each.uid,
                "sender": each.sender,
                "checked": False,
                **({"claims": claim_json(each.claim)} if each.claim else {}),
                "standing": _standing(each, now_ms),
                "revoked": each.revocation is not None,
            }
            for each in attestations
        ]
    }


def _standing(each: Attestation, now_ms: int) -> str:
    return "unreadable" if each.claim is None else standing(each.claim, now_ms)


def _attestation(attestations: Sequence[Attestation], uid: str) -> Attestation:
    for each in attestations:
        if each.uid == uid:
            return each
    raise NotFound(f"There is no attestation {uid!r} in this room.")


def _subject(context: Context, arguments: Arguments) -> Mapping[str, Any]:
    named = [name for name in ("object", "file", "person") if name in arguments]
    if len(named) != 1:
        raise InvalidParam("An attestation is about one thing: name an object, a file or a person.")
    if "object" in arguments:
        about = arguments["object"]
        room_id = about.get("room_id", context.room_id)
        return about_version(Version(room_id, about["type"], about["uid"], about["event_id"]))
    if "file" in arguments:
        return {"id": hash_uri(arguments["file"])}
    if not is_user_id(arguments["person"]):
        raise InvalidParam(f"person: {arguments['person']!r} is no Matrix ID.")
    return {"id": user_uri(arguments["person"])}


def issue(
    attestations: Sequence[Attestation], context: Context, arguments: Arguments
) -> Sequence[Effect]:
    """State something, signed, in the name of the owner."""
    uid = arguments.get("uid", context.new_uid)
    credential = draft(
        context.me,
        arguments["statement"],
        _subject(context, arguments),
        context.now,
        (context.room_id, uid),
        valid_until=arguments.get("valid_until"),
        description=arguments.get("description"),
    )
    claim = read(credential)
    if isinstance(claim, str):
        raise InvalidParam(f"This can't be attested: the credential {claim}.")
    if claim.valid_until is not None and claim.valid_until <= claim.valid_from:
        raise InvalidParam("valid_until: this is over already; name a time to come.")
    content = frozen({"@type": "Attestation", "credential": credential})
    return [Put(ATTESTATION.type, uid, content, sign="credential")]


def revoke(
    attestations: Sequence[Attestation], context: Context, arguments: Arguments
) -> Sequence[Effect]:
    """Take a statement back, signed; it stays there as a revoked one."""
    found = _attestation(attestations, arguments["uid"])
    if found.claim is None:
        raise InvalidParam("uid: this attestation can't be read, so there is nothing to revoke.")
    if found.claim.issuer != context.me:
        raise Forbidden(f"Only its issuer can revoke it, and that is {found.claim.issuer}.")
    # What others wrote there may be no revocation, whatever it looks like.
    mine = found.sender == context.me and found.revocation is not None
    if mine and "signatures" in found.content["revoked"]:
        return []
    revocation = draft(
        context.me,
        REVOKED,
        {"id": found.claim.digest},
        context.now,
        (context.room_id, found.uid),
        description=arguments.get("reason"),
    )
    content = found.content.set("revoked", frozen(revocation))
    return [Put(ATTESTATION.type, found.uid, content, sign="revoked")]


def remove_attestation(
    attestations: Sequence[Attestation], context: Context, arguments: Arguments
) -> Sequence[Effect]:
    """Take an attestation out of the room; that does not revoke it."""
    return [remove(ATTESTATION.type, _attestation(attestations, arguments["uid"]).uid)]


_UID: Final = {"type": "string", "pattern": UID_PATTERN, "description": "The attestation."}
_OBJECT: Final = {
    "type": "object",
    "description": "The version of an object, as its reader has seen it.",
    "properties": {
        "room_id": {
            "type": "string",
            "pattern": r"^!\S{1,254}$",
            "description": "Absent, the room of the attestation.",
        },
        "type": {"type": "string", "minLength": 1, "maxLength": 255, "description": "Event type."},
        "uid": {"type": "string", "maxLength": 255},
        "event_id": {
            "type": "string",
            "pattern": r"^\$\S{1,254}$",
            "description": "The version: the object's etag.",
        },
    },
    "required": ["type", "uid", "event_id"],
    "additionalProperties": False,
}
_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": MAX_DESCRIPTION}

ATTESTATIONS: Final = Capability(
    name="attestations",
    summary="Signed statements about objects, files and people",
    events=(ATTESTATION,),
    view=view,
    render=render,
    called={"en": ("attestation", "statement"), "de": ("bescheinigung", "aussage")},
    commands={
        "issue": Command(
            summary="State something about an object, a file or a person, signed",
            decide=issue,
            arguments={
                "statement": {
                    "enum": list(STATEMENTS),
                    "description": "; ".join(
                        f"{name}: {says}" for name, says in STATEMENTS.items()
                    ),
                },
                "object": _OBJECT,
                "file": {
                    "type": "string",
                    "pattern": HEX_HASH,
                    "description": "The SHA-256 of a file, in hexadecimal digits.",
                },
                "person": {**USER_ID, "description": "A Matrix ID."},
                "description": {**_TEXT, "description": "More about it, in your own words."},
                "valid_until": {
                    "type": "string",
                    "pattern": UTC_DATE_TIME,
                    "description": "Until when it holds: 2026-12-24T18:00:00Z; absent, for good.",
                },
                "uid": {**_UID, "description": "A uid of your choice; absent, the twin makes one."},
            },
            required=("statement",),
            phrases=(
                Phrase(
                    words={
                        "en": ("{person} is {statement}", "{statement} {person}"),
                        "de": ("{person} ist {statement}", "{statement} {person}"),
                    },
                ),
            ),
        ),
        "revoke": Command(
            summary="Take a statement of yours back, signed",
            decide=revoke,
            arguments={"uid": _UID, "reason": {**_TEXT, "description": "Why."}},
            required=("uid",),
            phrases=(
                Phrase(
                    words={
                        "en": ("revoke", "take back", "revoke because {reason}"),
                        "de": (
                            "widerrufen",
                            "widerrufen {uid}",
                            "zurücknehmen",
                            "widerrufen weil {reason}",
                        ),
                    },
                ),
            ),
        ),
        "remove": Command(
            summary="Take an attestation out of the room, which does not revoke it",
            decide=remove_attestation,
            arguments={"uid": _UID},
            required=("uid",),
            phrases=(REMOVE,),
        ),
    },
)
