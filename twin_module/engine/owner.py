"""The owner's account: made at the first start, and the only one of the server."""

import logging
import os
import secrets
from pathlib import Path
from typing import Final, Protocol

logger = logging.getLogger(__name__)

PASSWORD_BYTES: Final = 18


class Accounts(Protocol):
    """What making the owner asks of the homeserver."""

    owner: str

    async def has_owner(self) -> bool:
        """Tell whether the owner's account is there."""

    async def create_owner(self, password: str, *, admin: bool) -> None:
        """Make the owner's account."""

    async def free_owner_of_limits(self) -> None:
        """Lift the rate limits of the owner."""


async def ensure_owner(accounts: Accounts, password_file: Path, *, admin: bool) -> None:
    """Make the owner's account if it is not there, with the password of a file, or a new one in it.

    The file is written before the account is made: a crash in between leaves a password that
    the next start uses.
    """
    if not await accounts.has_owner():
        password = read_or_make_password(password_file)
        await accounts.create_owner(password, admin=admin)
        logger.info("Made the account of %s; its password is in %s", accounts.owner, password_file)
    await accounts.free_owner_of_limits()


def read_or_make_password(path: Path) -> str:
    """Return the password in a file; where there is no file, one is made, readable by its owner only."""
    if not path.exists():
        unfinished = path.with_name(f".{path.name}.new")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(PASSWORD_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    password = path.read_text().strip()
    if not password:
        raise ValueError(f"The password file {path} is empty.")
    return password
