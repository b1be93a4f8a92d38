"""Attestations: whether a credential is its issuer's word, and still is.

A credential counts when the issuer's server signed it. It counts no more when the same issuer
signed a revocation of it: a credential about this one that states `revoked`. Both come from
strangers: nothing here raises, whatever they hold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from twin_module.core.canonical import canonical_problem, moment, quoted, shown
from twin_module.core.credential import REVOKED, STATEMENTS, Claim, hash_of, read
from twin_module.core.keys import (
    KnownKeys,
    Signed,
    key_in_words,
    known_keys,
    verify_with,
    whose_keys,
)
from twin_module.core.matrix_uri import user_of
from twin_module.core.state import NAMESPACE
from twin_module.core.verdict import Verdict, refused

FORMAT: Final = f"{NAMESPACE}.attestation.v1"
MAX_BUNDLE_BYTES: Final = 2 * 1024 * 1024

Standing: TypeAlias = Literal["valid", "not_yet_valid", "expired"]


@dataclass(frozen=True, slots=True)
class Checked:
    """A credential whose form and signature were checked; good when there are no problems."""

    problems: tuple[str, ...]
    claim: Claim | None = None
    """What it says, also where it is not signed; None where it can't be read."""
    signed: Signed | None = None
    """With which key; None where there are problems."""
    may_change: bool = False
    """Whether newer keys might tell otherwise, where there are problems."""


def check(document: Any, known: KnownKeys) -> Checked:
    """Check a credential with the keys of the server that it says it is of.

    Args:
        document: plain JSON of a stranger.
        known: keys of one server; a credential of another one does not fit.
    """
    claim = read(document)
    if isinstance(claim, str):
        return Checked((f"The credential {claim}.",))
    if claim.server != known.server:
        return Checked((f"It is not of {shown(known.server)} but of {claim.server}.",), claim)
    signed = verify_with(document, known, claim.valid_from)
    if signed.problems:
        return Checked(signed.problems, claim, may_change=signed.may_change)
    return Checked((), claim, signed)


def check_revocation(document: Any, claim: Claim, known: KnownKeys) -> Checked:
    """Check that a document revokes a credential: only its issuer can do that.

    Args:
        document: plain JSON of a stranger.
        claim: what the credential says.
        known: keys of its issuer's server.
    """
    checked = check(document, known)
    if checked.claim is None or checked.problems:
        return checked
    if not names(checked.claim, claim):
        return Checked(("It revokes nothing, or another credential.",), checked.claim)
    return checked


def names(revocation: Claim, claim: Claim) -> bool:
    """Tell whether a claim is a revocation of another one, by the same issuer."""
    return (revocation.statement, revocation.subject, revocation.issuer) == (
        REVOKED,
        claim.digest,
        claim.issuer,
    )


def standing(claim: Claim, now_ms: int) -> Standing:
    """Tell whether a claim's time has come, and is not over, at a time in milliseconds since 1970."""
    if now_ms < claim.valid_from:
        return "not_yet_valid"
    if claim.valid_until is not None and now_ms >= claim.valid_until:
        return "expired"
    return "valid"


# A file


def verify(bundle: Any) -> Verdict:
    """Say what a file proves: `{format, credential, revoked?, keys}`.

    Args:
        bundle: parsed JSON, or anything else, which proves nothing.
    """
    problem = _shape_problem(bundle)
    if problem:
        return refused(problem)
    claim = read(bundle["credential"])
    if isinstance(claim, str):
        return refused(f"The credential {claim}.")
    known = known_keys(bundle["keys"].get(claim.server), claim.server)
    checked = check(bundle["credential"], known)
    if checked.signed is None:
        return refused(*checked.problems)
    if "revoked" in bundle:
        return refused(*_revoked(bundle["revoked"], claim, known))
    return Verdict(
        says=tuple(says(claim, checked.signed)),
        not_proven=tuple(not_proven(claim)),
        content=bundle["credential"],
    )


def _shape_problem(bundle: Any) -> str | None:
    if not isinstance(bundle, dict):
        return "An attestation has to be a JSON object."
    problem = canonical_problem(bundle, MAX_BUNDLE_BYTES)
    if problem:
        return f"The file {problem}."
    if bundle.get("format") != FORMAT:
        return f"The file does not say that it is an attestation: its format has to be {FORMAT}."
    if not isinstance(bundle.get("keys"), dict) or "credential" not in bundle:
        return "It needs a credential, and keys by server name."
    return None


def _revoked(document: Any, claim: Claim, known: KnownKeys) -> Iterable[str]:
    checked = check_revocation(document, claim, known)
    if checked.signed is None or checked.claim is None:
        yield "There is a revocation in the file that is none."
        yield from checked.problems
        return
    yield revoked_in_words(checked.claim)
    yield from key_in_words(claim.server, checked.signed)


# In words


def revoked_in_words(revocation: Claim) -> str:
    """Say that a credential was revoked."""
    said = f", with the words {quoted(revocation.description)}" if revocation.description else ""
    when = moment(revocation.valid_from)
    return (
        f"It was revoked: {revocation.issuer} took it back, and says that this was at {when}{said}."
    )


def says(claim: Claim, signed: Signed) -> Iterable[str]:
    """Say what a credential proves."""
    yield f"It is about {_subject_in_words(claim)}."
    yield (
        f"{claim.issuer} states {meaning(claim.statement)}, says the server {claim.server}, "
        "which signed it."
    )
    if claim.description:
        yield f"In their own words: {quoted(claim.description)}."
    yield f"It says that this was at {moment(claim.valid_from)}."
    if claim.valid_until is not None:
        yield f"It says that this holds until {moment(claim.valid_until)}."
    yield from key_in_words(claim.server, signed)


def meaning(statement: str) -> str:
    """Return a statement with what it means."""
    if statement == REVOKED:
        return '"revoked" (I take this attestation back)'
    known: Mapping[str, str] = STATEMENTS
    return f'"{statement}" ({known.get(statement, "a word of a newer version")})'


def _subject_in_words(claim: Claim) -> str:
    version = claim.version
    if version is not None:
        uid, kind, room, event = (
            quoted(each) for each in (version.uid, version.type, version.room_id, version.event_id)
        )
        return f"the version {event} of the object {uid} of the type {kind} in the room {room}"
    person, digest = user_of(claim.subject), hash_of(claim.subject)
    if person is not None:
        return person
    what = "the attestation" if claim.statement == REVOKED else "the file"
    return f"{what} whose SHA-256 is {digest}"


def not_proven(claim: Claim) -> Iterable[str]:
    """Say what a reader might take for proven by a credential in a file."""
    yield whose_keys(claim.server)
    yield f"That it is so: it is the word of {claim.issuer}."
    yield f"That {claim.issuer} said it themselves: who runs the server can sign for them."
    yield "That the times are true: they are what the server says."
    if claim.statement != REVOKED:
        yield (
            "That it still holds: its issuer may have revoked it, and this file would not know. "
            "Ask their twin, or somebody who is in the room that it names."
        )
    if claim.valid_until is not None:
        yield "That its time is not over: compare it with the clock."
    if claim.version is not None:
        yield (
            "What the version says: its ID is a hash of it, and the version is not in this file. "
            "A proof of it shows it."
        )
    elif hash_of(claim.subject) is not None and claim.statement != REVOKED:
        yield "Which file it is: compute the SHA-256 of the one that you have, and compare."
