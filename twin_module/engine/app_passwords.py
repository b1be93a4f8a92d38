"""App passwords: what calendar and contacts apps sign in with, for nothing but CalDAV and CardDAV.

They lie in the owner's account data, as hashes: a password has 100 random bits, so a fast hash keeps
it. It is shown once, when it is made.
"""

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final

from twin_module.core.errors import InvalidParam, NotFound
from twin_module.core.ports import Homeserver
from twin_module.core.state import NAMESPACE
from twin_module.engine.kept_records import KeptRecords
from twin_module.engine.patience import Patience

APP_PASSWORDS: Final = f"{NAMESPACE}.app_passwords"
"""The type of the account data."""
MOST: Final = 50
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 letters, without those that look like another one."""
_GROUPS: Final = 5
_GROUP: Final = 4
_HOUR_MS: Final = 3600 * 1000
"""How long a use is not noted again. A day's beginning is another one in each time zone."""
_MOST_TRIED: Final = 1000
_TRIES: Final = 10
"""How many wrong passwords one address may try at once."""
_TRY_AGAIN_MS: Final = 30_000
"""How long it takes until it has one more try."""


@dataclass(frozen=True, slots=True)
class AppPassword:
    """A password as its owner sees it later: without the password."""

    id: str
    name: str
    """Which app or device it is for, in the owner's words."""
    created_ts: int
    last_used_ts: int | None
    """To the hour: those right after it are not noted."""


class AppPasswords:
    """The owner's app passwords."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver
        self._records = KeptRecords(homeserver, APP_PASSWORDS, "passwords")
        self._failures = Patience(_TRIES, _TRY_AGAIN_MS)
        self._tried: OrderedDict[str, None] = OrderedDict()
        """Hashes of what was wrong before, with the address that it came from."""

    async def make(self, name: str) -> tuple[AppPassword, str]:
        """Make a password, and return it with what it is called.

        Raises:
            InvalidParam: there are too many.
        """
        password = "-".join(
            "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS)
        )
        made = AppPassword(self._homeserver.new_uid(), name, self._homeserver.now(), None)
        async with self._homeserver.lock(APP_PASSWORDS):
            kept = await self._kept()
            if len(kept) >= MOST:
                raise InvalidParam(
                    f"There are {MOST} app passwords, and that is the most; take some back."
                )
            record = {"name": name, "sha256": _hash(password), "created_ts": made.created_ts}
            await self._records.write({**kept, made.id: record})
        return made, password

    async def listed(self) -> list[AppPassword]:
        """Return all passwords, the newest first."""
        found = [_read(key, record) for key, record in (await self._kept()).items()]
        return sorted(found, key=lambda each: (-each.created_ts, each.id))

    async def revoke(self, password_id: str) -> None:
        """Take a password back; it is refused from now on.

        Raises:
            NotFound: there is none of this ID.
        """
        async with self._homeserver.lock(APP_PASSWORDS):
            kept = await self._kept()
            if password_id not in kept:
                raise NotFound(f"There is no app password {password_id!r}.")
            await self._records.write(
                {key: each for key, each in kept.items() if key != password_id}
            )

    def wait(self, address: str) -> int:
        """Return how many milliseconds an address has to wait, after wrong passwords, to try again."""
        return self._failures.left(address, self._homeserver.now())

    async def admits(self, credentials: str, address: str) -> bool:
        """Tell whether this is the owner with one of their passwords.

        Args:
            credentials: a name, a colon and a password. The name is the owner's Matrix ID, or its
                first part; the password's dashes do not matter.
            address: where they came from.
        """
        owner = self._homeserver.owner
        # A Matrix ID has colons itself, so the first one does not end it.
        for name in (owner, owner[1:].partition(":")[0]):
            if credentials.startswith(f"{name}:") and await self._matches(
                credentials.removeprefix(f"{name}:")
            ):
                return True
        self._count(sha256(f"{address} {credentials}".encode()).hexdigest(), address)
        return False

    def _count(self, tried: str, address: str) -> None:
        """Count a wrong password; an app that repeats one which was taken back guesses nothing."""
        if tried not in self._tried:
            self._failures.wait(address, self._homeserver.now())
        self._tried[tried] = None
        self._tried.move_to_end(tried)
        while len(self._tried) > _MOST_TRIED:
            self._tried.popitem(last=False)

    async def _matches(self, password: str) -> bool:
        wanted = _hash(password)
        for key, record in (await self._kept()).items():
            if compare_digest(str(record.get("sha256", "")), wanted):
                await self._note_use(key, record)
                return True
        return False

    async def _note_use(self, password_id: str, record: Mapping[str, Any]) -> None:
        now, last = self._homeserver.now(), record.get("last_used_ts")
        if isinstance(last, int) and 0 <= now - last < _HOUR_MS:
            return
        async with self._homeserver.lock(APP_PASSWORDS):
            kept = await self._kept()
            if password_id in kept:
                used = {**kept[password_id], "last_used_ts": now}
                await self._records.write({**kept, password_id: used})

    async def _kept(self) -> dict[str, Mapping[str, Any]]:
        passwords = await self._records.read()
        return {key: each for key, each in passwords.items() if isinstance(each, Mapping)}


def _hash(password: str) -> str:
    bare = "".join(letter for letter in password.lower() if letter.isalnum())
    return sha256(bare.encode()).hexdigest()


def _read(key: str, record: Mapping[str, Any]) -> AppPassword:
    created, used = record.get("created_ts"), record.get("last_used_ts")
    return AppPassword(
        key,
        str(record.get("name", "")),
        created if isinstance(created, int) else 0,
        used if isinstance(used, int) else None,
    )
