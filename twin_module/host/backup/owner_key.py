"""The owner's key, and what is sealed for it: files of the age format (age-encryption.org/v1).

A host knows the public part only, so it can write backups and read none. The public part is kept
from those who store backups as well: a file of age says nothing about whom it is for, and without
knowing that nobody can make one that the owner's key opens.
"""

import hashlib
import hmac
import os
import zlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import pyrage
from pyrage import x25519

from twin_module.host.backup.durable import sync_folder
from twin_module.host.errors import HostError

GZIP: Final = 31
"""zlib's `wbits` for the format of gzip, so that `age -d | gunzip` reads what we write."""
QUICK: Final = 1
STORED: Final = 0
SAMPLE: Final = 16 * 1024
WORTHWHILE: Final = 0.9
"""What a sample has to shrink to; pictures and what is encrypted already never do."""
SECRET: Final = "AGE-SECRET-KEY-"  # noqa: S105 - how one begins, as age defines it
MOST_KEY_BYTES: Final = 64 * 1024


class NotOpened(Exception):
    """What was sealed can't be opened with these keys, or is not what was sealed."""


def new_key(path: Path, now: datetime) -> str:
    """Write a new key into a new file that only its owner reads, and return its public part.

    The file is one as `age-keygen` writes it.

    Raises:
        HostError: the file is there, or can't be written.
    """
    key = x25519.Identity.generate()
    public = str(key.to_public())
    text = f"# created: {now.isoformat(timespec='seconds')}\n# public key: {public}\n{key}\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise HostError(f"{path} is there already; a key is never written over.") from None
    except OSError as error:
        raise HostError(f"{path} can't be written: {error.strerror}.") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.absolute().parent)
    return public


def read_keys(path: Path) -> list[x25519.Identity]:
    """Return the keys of a file: one a line, beside comments and empty lines.

    Raises:
        HostError: it can't be read, or holds no key.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MOST_KEY_BYTES).decode()
    except OSError as error:
        raise HostError(f"{path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        text = ""
    try:
        keys = [
            x25519.Identity.from_str(line.strip())
            for line in text.splitlines()
            if line.strip().startswith(SECRET)
        ]
    except pyrage.IdentityError:
        keys = []
    if not keys:
        raise HostError(f"{path} holds no key; it needs a line that begins with {SECRET}1.")
    return keys


def check_public(text: str) -> None:
    """Refuse what is not the public part of a key.

    Raises:
        HostError: says what it has to be; what was given is not repeated, it might be a secret.
    """
    try:
        x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise HostError(
            "That is not the public part of a key: it begins with age1 and stands in the key's file."
        ) from None


def token(public: str, server_name: str) -> str:
    """Return what says whose backups these are to those who know it, and nothing to others."""
    message = b"org.digitaltwin.backup\0" + server_name.encode()
    return hmac.new(public.encode(), message, hashlib.sha256).hexdigest()


def seal(data: bytes, public: str) -> bytes:
    """Compress where that helps, and encrypt."""
    packer = zlib.compressobj(_level(data), wbits=GZIP)
    packed = packer.compress(data) + packer.flush()
    return pyrage.encrypt(packed, [x25519.Recipient.from_str(public)])


def unseal(data: bytes, keys: Sequence[x25519.Identity], most: int) -> bytes:
    """Return what was sealed.

    Args:
        data: what `seal` returned.
        keys: the owner's.
        most: how many bytes it may have at most.

    Raises:
        NotOpened: in other words than for people.
    """
    try:
        packed = pyrage.decrypt(data, keys)
        opener = zlib.decompressobj(wbits=GZIP)
        opened = opener.decompress(packed, most)
    except (pyrage.DecryptError, zlib.error) as error:
        raise NotOpened(str(error)) from None
    if not opener.eof:
        raise NotOpened("it is larger than it may be, or ends too early")
    return opened


def _level(data: bytes) -> int:
    middle = max(0, len(data) // 2 - SAMPLE // 2)
    sample = data[middle : middle + SAMPLE]
    return QUICK if len(zlib.compress(sample, QUICK)) < WORTHWHILE * len(sample) else STORED
