"""System users that only a test knows: numbers that nobody on the machine has."""

import json
import pwd
from collections.abc import Callable
from pathlib import Path

UNUSED = {"twin": 61000, "twin-a": 61001, "twin-b": 61002, "twin-front": 61003}
"""Users, and groups of the same numbers."""


def account(name: str, number: int) -> pwd.struct_passwd:
    return pwd.struct_passwd((name, "x", number, number, "", "/nonexistent", "/usr/sbin/nologin"))


def accounts_in(path: Path) -> Callable[[str], pwd.struct_passwd]:
    """Return a look-up of the users that a file names, with their numbers; none where there is no file."""
    known = json.loads(path.read_text()) if path.exists() else {}

    def look_up(name: str) -> pwd.struct_passwd:
        return account(name, known[name])

    return look_up


def write_accounts(path: Path) -> None:
    path.write_text(json.dumps(UNUSED))
