"""What root does with the configuration and the database of a twin that another user runs, done as that user.

SQLite opens a database by its path, and follows links; libpq reads files that the twin's configuration names. Whoever
can write to a twin's folder could lead root anywhere by either; as that user, they lead nowhere new.
"""

import os
import pwd
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twin_module.host.backup.durable import failures_in_words
from twin_module.host.errors import HostError
from twin_module.host.users import Account, Users


def owner_of(folder: Path) -> Account | None:
    """Return the user whose a twin's folder is, when we are root and it is there and somebody else's; else None.

    The user needs no name to own one.

    Raises:
        HostError: it is no folder.
    """
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISDIR(status.st_mode):
        raise HostError(f"{folder} is no folder.")
    if os.geteuid() != 0 or status.st_uid == 0:
        return None
    try:
        name = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        name = str(status.st_uid)
    return _account(name, status.st_uid, status.st_gid)


def groups_of(folder: Path) -> list[int]:
    """Return the groups that a twin's user is in besides its own: the one that may go through to the folder."""
    group = folder.parent.stat().st_gid
    return [group] if group else []


def as_owner(folder: Path, work: Callable[[], Any]) -> Any:
    """Do something in a twin's folder as its user, in a process of its own, and return what it returns, as JSON has it.

    Where we are no root, or the folder is root's, it is done here.

    Raises:
        HostError: it did, or the system or SQLite said something there.
        OSError, sqlite3.Error: the same, where it was done here.
    """
    owner = owner_of(folder)
    if owner is None:
        return work()

    def in_words() -> Any:
        with failures_in_words("Nothing of the twin was changed."):
            return work()

    # The host's own group, whatever its name is here.
    groups = [_account("", 0, group) for group in groups_of(folder)]
    users = Users(lambda _: groups[0]) if groups else Users()
    return users.do_as(owner, in_words)


def _account(name: str, user: int, group: int) -> Account:
    return Account((name, "x", user, group, "", "/nonexistent", "/usr/sbin/nologin"))
