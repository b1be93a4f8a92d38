"""Attestations: checked, beside what they are about, and as files that stand alone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from twin_module.core.attestation import FORMAT, meaning, revoked_in_words
from twin_module.core.credential import Version, claim_json
from twin_module.core.errors import InvalidParam
from twin_module.engine.attestations import About, Judged
from twin_module.engine.query import Condition
from twin_module.engine.twin import Twin
from twin_module.rest.asked import record_of
from twin_module.rest.route import Answer, Call, Route

FILTERS: Final = ("subject", "issuer", "statement")
Circles = Mapping[str, Sequence[Mapping[str, str]]]


async def list_attestations(twin: Twin, call: Call) -> Answer:
    """List attestations about a file, a person, or by somebody, checked."""
    conditions = [Condition(name, "", call.query[name]) for name in FILTERS if name in call.query]
    if not conditions:
        raise InvalidParam(f"Say which attestations: by {', '.join(FILTERS)}.")
    if any("\x00" in str(each.value) for each in conditions):
        raise InvalidParam("A NUL stands in the address, and nothing here has one.")
    found, more = await twin.attestations.found(conditions)
    circles = await twin.attestations.circles()
    return Answer({**_sides(found, {}, circles), "left_off": more})


async def beside_object(twin: Twin, call: Call) -> Answer:
    """List the attestations about an object, and who in the owner's circles vouches or disputes."""
    record = await record_of(twin, call)
    current = None if record.removed else record.event_id
    word = Version(record.room_id, record.type, record.uid, "").object
    found, more = await twin.attestations.found([Condition("object", "", word)])
    named = (each.claim.version for each in found if each.claim and each.claim.version)
    about = await twin.attestations.about(named, current)
    circles = await twin.attestations.circles()
    body = {"etag": record.event_id, **_sides(found, about, circles), "left_off": more}
    return Answer(body)


async def verify_attestation(twin: Twin, call: Call) -> Answer:
    """Check a credential from anywhere with the keys that its issuer's server shows."""
    judged = await twin.attestations.judge(call.body["credential"], call.body.get("revoked"))
    return Answer(_judged_json(judged, {}, await twin.attestations.circles()))


async def read_bundle(twin: Twin, call: Call) -> Answer:
    """Hand out an attestation as a file that a stranger can verify offline."""
    room_id = call.path["room_id"]
    await twin.joined_room(room_id)
    return Answer(await twin.attestations.bundle(room_id, call.path["uid"]))


# In JSON


def _sides(
    found: Sequence[Judged], about: Mapping[Version, About], circles: Circles
) -> dict[str, Any]:
    counted = [each for each in found if _counts(each, about)]
    return {
        "attestations": [_judged_json(each, about, circles) for each in found],
        "vouched_by": _people((each for each in counted if not each.disputes), about, circles),
        "disputed_by": _people((each for each in counted if each.disputes), about, circles),
    }


def _counts(judged: Judged, about: Mapping[Version, About]) -> bool:
    """Tell whether it is its issuer's word, still is, and is about what it says it is about."""
    if judged.status != "valid" or judged.claim is None:
        return False
    return judged.claim.version is None or about.get(judged.claim.version) != "other"


def _people(
    counted: Iterable[Judged], about: Mapping[Version, About], circles: Circles
) -> list[dict[str, Any]]:
    people: dict[str, dict[str, Any]] = {}
    for each in counted:
        if each.claim is None:
            continue
        issuer, version = each.claim.issuer, each.claim.version
        person = people.setdefault(
            issuer, {"user_id": issuer, "circles": list(circles.get(issuer, ())), "statements": []}
        )
        stated: dict[str, Any] = {"statement": each.claim.statement}
        if version is not None and version in about:
            stated["version"] = about[version]
        if stated not in person["statements"]:
            person["statements"].append(stated)
    return [people[issuer] for issuer in sorted(people)]


def _judged_json(
    judged: Judged, about: Mapping[Version, About], circles: Circles
) -> dict[str, Any]:
    shown: dict[str, Any] = {"status": judged.status, "problems": list(judged.problems)}
    if judged.place is not None:
        shown |= {
            "room_id": judged.place.room_id,
            "uid": judged.place.uid,
            "sender": judged.sender,
        }
    claim = judged.claim
    if claim is not None:
        # What is not signed by its issuer is nobody's word, so it does not stand under their name.
        shown["says" if judged.key else "pretends"] = claim_json(claim)
        if claim.version is not None and claim.version in about:
            shown["version"] = about[claim.version]
    if claim is not None and judged.key:
        shown["in_words"] = f"{claim.issuer} states {meaning(claim.statement)}."
        shown["key"] = judged.key
        shown["circles"] = list(circles.get(claim.issuer, ()))
    if judged.revocation is not None:
        shown["revocation"] = {
            "at": judged.revocation.valid_from,
            "reason": judged.revocation.description,
            "in_words": revoked_in_words(judged.revocation),
        }
    return shown


_STATUSES: Final = (
    "valid",
    "revoked",
    "expired",
    "not_yet_valid",
    "invalid",
    "cannot_be_checked_now",
)
_JUDGED: Final = {
    "type": "object",
    "required": ["status", "problems"],
    "properties": {
        "status": {"enum": list(_STATUSES)},
        "version": {
            "enum": ["current", "earlier", "unknown", "other"],
            "description": "Whether it is about the current version of the object, an earlier one, "
            "one that this twin has not seen, or one of another object.",
        },
    },
}
_PERSON: Final = {
    "type": "object",
    "required": ["user_id", "circles", "statements"],
    "properties": {
        "circles": {
            "type": "array",
            "description": "The owner's circles that they are in.",
        },
    },
}
_SIDES: Final = {
    "type": "object",
    "required": ["attestations", "vouched_by", "disputed_by", "left_off"],
    "properties": {
        "attestations": {"type": "array", "items": _JUDGED},
        "vouched_by": {"type": "array", "items": _PERSON},
        "disputed_by": {"type": "array", "items": _PERSON},
        "left_off": {"type": "boolean", "description": "Whether there are more."},
    },
}

ROUTES: Final[Sequence[Route]] = (
    Route(
        method="GET",
        path="/attestations",
        summary="Attestations about a file or a person, or by somebody, checked",
        handler=list_attestations,
        query={
            "subject": {
                "type": "string",
                "description": "What they are about: a Matrix ID, matrix:… or ni:///sha-256;…",
            },
            "issuer": {
                "type": "string",
                "description": "The Matrix ID of who is said to state it.",
            },
            "statement": {"type": "string", "description": "What is stated."},
        },
        answer=_SIDES,
    ),
    Route(
        method="POST",
        path="/attestations/verify",
        summary="Check an attestation from anywhere, with the keys that its issuer's server shows",
        handler=verify_attestation,
        body={
            "type": "object",
            "properties": {
                "credential": {"type": "object"},
                "revoked": {"type": "object", "description": "The revocation, if one came along."},
            },
            "required": ["credential"],
        },
        answer=_JUDGED,
    ),
    Route(
        method="GET",
        path="/rooms/{room_id}/{capability}/{uid}/attestations",
        summary="Who vouches for an object, and who disputes it",
        handler=beside_object,
        answer=_SIDES,
    ),
    Route(
        method="GET",
        path="/rooms/{room_id}/attestations/{uid}/credential",
        summary="An attestation as a file that a stranger can verify offline",
        handler=read_bundle,
        answer={
            "type": "object",
            "required": ["format", "credential", "keys"],
            "properties": {
                "format": {"const": FORMAT},
                "keys": {"type": "object", "additionalProperties": {"type": "array"}},
            },
        },
    ),
)
