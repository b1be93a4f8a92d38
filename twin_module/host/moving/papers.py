"""What two hosts hand each other beside the sealed copy, each signed with the twin's own key.

The *release* says that the old host will never run the twin again, and which copy is the last; it is
sealed for the new host. The *receipt* says that the new one has it; it names nobody in clear.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from pyrage import x25519
from signedjson.key import get_verify_key, read_signing_keys
from signedjson.sign import SignatureVerifyException, sign_json, verify_signed_json
from signedjson.types import SigningKey, VerifyKey

from twin_module.host.backup.owner_key import NotOpened, seal, unseal
from twin_module.host.errors import HostError

RELEASE_FORMAT: Final = "org.digitaltwin.release.v1"
RECEIPT_FORMAT: Final = "org.digitaltwin.receipt.v1"
MOST_BYTES: Final = 64 * 1024
SIGNING_KEY: Final = "signing.key"
"""In a twin's folder."""


class NotValid(Exception):
    """Why a paper is not what it has to be, as the end of a sentence without its full stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What the old host says at the end."""

    name: str
    """The first part of the owner's Matrix ID, and the twin's name on both hosts."""
    server_name: str
    invitation: str
    """The public part of the key that the new host made for this move."""
    snapshot: str
    """The time of the last sealed copy, as names of files have it."""
    sha256: str
    """Of the list of that copy, which names all that it needs by digests."""


@dataclass(frozen=True, slots=True)
class SignedRelease:
    """A release that was opened; the signature is to be checked with the key in the copy."""

    release: Release
    signed: dict[str, Any]

    def check(self, key: VerifyKey) -> None:
        """Refuse a release that the twin's key has not signed.

        Raises:
            NotValid: it has not.
        """
        _check(self.signed, self.release.server_name, key)


def seal_release(release: Release, key: SigningKey) -> bytes:
    """Sign a release with the twin's key, and seal it for the new host."""
    said = {"format": RELEASE_FORMAT, **asdict(release)}
    signed = sign_json(said, release.server_name, key)
    return seal(json.dumps(signed).encode(), release.invitation)


def open_release(sealed: bytes, keys: Sequence[x25519.Identity]) -> SignedRelease:
    """Open a release that was sealed for one of these keys.

    Raises:
        NotValid: it was not, or it is no release.
    """
    try:
        signed = json.loads(unseal(sealed, keys, MOST_BYTES))
        if signed["format"] != RELEASE_FORMAT:
            raise NotValid("is of a format that is not known; a newer program may know it")
        texts = {each.name: signed[each.name] for each in fields(Release)}
    except NotOpened:
        raise NotValid("was not sealed for the invitation of this host") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotValid("is cut off, or no release") from None
    if not all(isinstance(each, str) for each in texts.values()):
        raise NotValid("is no release")
    return SignedRelease(Release(**texts), signed)


def make_receipt(server_name: str, invitation: str, key: SigningKey) -> bytes:
    """Return the file of a receipt."""
    signed = sign_json(_receipt(server_name, invitation), server_name, key)
    [(key_id, signature)] = signed["signatures"][server_name].items()
    said = {"format": RECEIPT_FORMAT, "key": key_id, "signature": signature}
    return json.dumps(said, indent=2).encode() + b"\n"


def check_receipt(data: bytes, server_name: str, invitation: str, key: VerifyKey) -> None:
    """Refuse what is not the receipt of a twin that went by an invitation.

    Raises:
        NotValid: says why.
    """
    try:
        said = json.loads(data)
        signatures = {server_name: {str(said["key"]): str(said["signature"])}}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotValid("is cut off, or no receipt") from None
    _check({**_receipt(server_name, invitation), "signatures": signatures}, server_name, key)


def _receipt(server_name: str, invitation: str) -> dict[str, Any]:
    return {"format": RECEIPT_FORMAT, "server_name": server_name, "invitation": invitation}


def _check(signed: dict[str, Any], server_name: str, key: VerifyKey) -> None:
    try:
        verify_signed_json(signed, server_name, key)
    except (SignatureVerifyException, ValueError, TypeError, KeyError, AttributeError):
        raise NotValid("is not signed with the key of this twin") from None


def signing_key(data: bytes) -> SigningKey:
    """Return the first key of a file of signing keys, with which Synapse signs.

    Raises:
        NotValid: there is none.
    """
    try:
        key: SigningKey = read_signing_keys(data.decode().splitlines())[0]
    except (ValueError, TypeError, IndexError):
        raise NotValid("holds no signing key") from None
    return key


def signing_key_in(folder: Path) -> SigningKey:
    """Return the signing key of a twin's folder.

    Raises:
        HostError: it can't be read.
    """
    path = folder / SIGNING_KEY
    try:
        return signing_key(path.read_bytes())
    except NotValid as error:
        raise HostError(f"{path} {error}.") from None
    except OSError as error:
        raise HostError(f"{path} can't be read: {error.strerror}.") from None


def verify_key_of(key: SigningKey) -> VerifyKey:
    """Return what signatures of a key are checked with."""
    found: VerifyKey = get_verify_key(key)
    return found


def digest(data: bytes) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(data).hexdigest()
