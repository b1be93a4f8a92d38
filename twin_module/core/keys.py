"""Whether a server signed a JSON document, judged by that server's own signed key documents.

Key documents are what `GET /_matrix/key/v2/server` answers (Matrix server-server API,
"Publishing Keys"), signatures are as in the appendices, "Signing JSON". Everything comes from
strangers: nothing here raises, and nothing asks the network, the clock or a store.

A key document proves that whoever wrote it has the keys that it names as current. It does not
prove that they are the keys of the server that it names: anybody can make one up. So what is
found comes with the keys themselves, to be compared with those that the server shows.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeGuard

from signedjson.key import decode_verify_key_bytes
from signedjson.sign import SignatureVerifyException, verify_signed_json
from unpaddedbase64 import decode_base64, encode_base64

from twin_module.core.canonical import canonical_problem, moment, shown

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
MAX_DOCUMENT_BYTES: Final = 64 * 1024
MAX_DOCUMENTS: Final = 20
"""Key documents of one server."""
MAX_SIGNATURES: Final = 20
"""Signatures of one server below one document, and keys that a key document calls current."""

_KEY_ID: Final = re.compile(r"ed25519:[!-~]{1,128}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}")


@dataclass(frozen=True, slots=True)
class Signed:
    """What became of checking one signature; it is good when there are no problems."""

    problems: tuple[str, ...]
    key_id: str = ""
    """The key that signed, as the server calls it: `ed25519:a_name`."""
    fingerprint: str = ""
    """That key itself, a public ed25519 key as unpadded base64: what a person compares."""
    vouching: str = ""
    """The key that signed the key document, in the same form.

    It is another one only where the key has been replaced since; then both are to be compared.
    """
    may_change: bool = False
    """Whether newer key documents might tell otherwise, where there are problems."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that a key document names."""

    key_id: str
    fingerprint: str
    until: int
    """Up to when it may have signed, in milliseconds since 1970."""
    current: bool
    vouching: str


@dataclass(frozen=True, slots=True)
class KnownKeys:
    """The keys of one server, read out of its key documents."""

    server: str
    keys: tuple[Key, ...]
    problems: tuple[str, ...]
    """Why some of the documents count for nothing."""


def verify_signed(document: Any, server: str, key_documents: Any, at_ms: int) -> Signed:
    """Check that a server signed a document, with a key that was valid at a time.

    Args:
        document: a JSON object with `signatures`; for an event, the redacted one.
        server: the name of the server that is to have signed it.
        key_documents: a list of signed key documents; those of other servers are of no use.
        at_ms: when it is said to have been signed, in milliseconds since 1970.
    """
    return verify_with(document, known_keys(key_documents, server), at_ms)


def verify_with(document: Any, known: KnownKeys, at_ms: int) -> Signed:
    """Check a document as `verify_signed` does, with keys that serve for many documents."""
    server = known.server
    problem = canonical_problem(document)
    if problem:
        return _bad(f"The signed document {problem}.")
    signatures = dict(_signatures(document, server))
    if not signatures:
        return _bad(f"It has no signature of {shown(server)} that can be checked (ed25519).")
    fitting = [key for key in known.keys if key.key_id in signatures]
    if not fitting:
        names = ", ".join(shown(each) for each in sorted(signatures))
        return _bad(
            f"It was signed with {names}, a key that stands in no sound key document of {shown(server)} here.",
            *known.problems,
            may_change=True,
        )
    checked = {
        (key.key_id, key.fingerprint): _is_signed_with(document, server, key) for key in fitting
    }
    good = [key for key in fitting if checked[key.key_id, key.fingerprint]]
    if not good:
        return _bad(
            f"The signature of {shown(server)} does not fit: "
            "something was changed, or somebody else signed it."
        )
    late: list[str] = []
    for key in good:
        until = _until(key, known.keys)
        if at_ms <= until:
            return Signed((), key.key_id, key.fingerprint, key.vouching)
        late.append(
            f"The key {shown(key.key_id)} of {shown(server)} was valid until {moment(until)}, "
            f"and this says that it was made at {moment(at_ms)}, after that."
        )
    return _bad(late[0], may_change=True)


def _bad(*problems: str, may_change: bool = False) -> Signed:
    return Signed(problems, may_change=may_change)


def _signatures(document: Any, server: str) -> Iterator[tuple[str, str]]:
    """Yield the signatures of a server that can be checked, by key ID."""
    by_server = document.get("signatures") if isinstance(document, dict) else None
    of_server = by_server.get(server) if isinstance(by_server, dict) else None
    if not isinstance(of_server, dict):
        return
    for key_id, signature in sorted(of_server.items())[:MAX_SIGNATURES]:
        if _is_key_id(key_id) and decoded(signature, SIGNATURE_BYTES) is not None:
            yield key_id, signature


def _is_signed_with(document: Mapping[str, Any], server: str, key: Key) -> bool:
    signature = decoded(document["signatures"][server][key.key_id], SIGNATURE_BYTES)
    if signature is None:
        return False
    # The library's own reading of base64 passes over what is none.
    one = {**document, "signatures": {server: {key.key_id: encode_base64(signature)}}}
    try:
        verify_key = decode_verify_key_bytes(key.key_id, decode_base64(key.fingerprint))
        verify_signed_json(one, server, verify_key)
    except (SignatureVerifyException, ValueError):
        return False
    return True


def _until(key: Key, keys: Sequence[Key]) -> int:
    """Return up to when a key was valid, by all that the key documents say about it.

    The newest document counts among those that call it current. Where one says that it was
    given up, that counts more: an older document can't know of it.
    """
    same = [each for each in keys if each.fingerprint == key.fingerprint]
    given_up = [each.until for each in same if not each.current]
    return min([*given_up, max(each.until for each in same)])


# In words


def key_in_words(server: str, signed: Signed) -> Iterator[str]:
    """Say which key of a server signed, and who says that it was the server's."""
    yield f"{server} signed with its key {signed.key_id}, which is {signed.fingerprint}."
    if signed.vouching != signed.fingerprint:
        yield (
            "That key has been given up since. It stands in a key document "
            f"that is signed with {signed.vouching}."
        )


def whose_keys(server: str) -> str:
    """Say that no file can prove whose keys they are."""
    return (
        f"That the keys are those of {server}: anybody can make keys and call them so. Compare "
        f"them with https://{server}/_matrix/key/v2/server, or ask its owner."
    )


# Key documents


def known_keys(documents: Any, server: str) -> KnownKeys:
    """Return the keys of a server, current ones first, from its key documents.

    Args:
        documents: as a stranger sent them.
        server: whose keys; documents of other servers are left out.
    """
    if not isinstance(documents, list | tuple) or len(documents) > MAX_DOCUMENTS:
        return KnownKeys(
            server, (), (f"The key documents have to be a list of at most {MAX_DOCUMENTS}.",)
        )
    keys: list[Key] = []
    problems: list[str] = []
    for document in documents:
        found = _keys_of(document, server)
        if isinstance(found, str):
            problems.append(f"A key document {found}.")
        else:
            keys.extend(found)
    current_first = sorted(keys, key=lambda key: not key.current)
    return KnownKeys(server, tuple(current_first), tuple(problems))


def _keys_of(document: Any, server: str) -> list[Key] | str:
    """Return the keys that a key document names, or why it counts for nothing."""
    if not isinstance(document, dict):
        return "is no JSON object"
    problem = canonical_problem(document, MAX_DOCUMENT_BYTES)
    if problem:
        return problem
    if document.get("server_name") != server:
        return f"is not of {shown(server)} but of {shown(str(document.get('server_name')))}"
    until = document.get("valid_until_ts")
    if not _is_time(until):
        return "does not say until when it is valid (valid_until_ts)"
    named = [
        Key(key_id, key, until, True, key)
        for key_id, key, _ in islice(_named(document.get("verify_keys")), MAX_SIGNATURES)
    ]
    signed = dict(_signatures(document, server))
    current = [
        key for key in named if key.key_id in signed and _is_signed_with(document, server, key)
    ]
    if not current:
        return "is signed with none of the keys that it names as current"
    old = [
        Key(key_id, key, expired, False, current[0].fingerprint)
        for key_id, key, expired in _named(document.get("old_verify_keys"))
        if _is_time(expired)
    ]
    return [*current, *old]


def _named(keys: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield key ID, key in one form of base64, and `expired_ts`."""
    if not isinstance(keys, dict):
        return
    for key_id, value in sorted(keys.items()):
        key = decoded(value.get("key"), KEY_BYTES) if isinstance(value, dict) else None
        if _is_key_id(key_id) and key is not None:
            yield key_id, encode_base64(key), value.get("expired_ts")


def _is_key_id(key_id: Any) -> bool:
    return isinstance(key_id, str) and _KEY_ID.fullmatch(key_id) is not None


def _is_time(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def decoded(text: Any, size: int) -> bytes | None:
    """Return what base64 says, padded or not, if it is of one size; None otherwise."""
    if not isinstance(text, str) or len(text) > size * 2 or not _BASE64.fullmatch(text):
        return None
    try:
        data = decode_base64(text)
    except ValueError:
        return None
    return data if len(data) == size else None
