"""The system users of a host that root starts: one for each trust domain, and one for the front.

Where they are there, no process that talks with anybody runs as root, and none can read what is
another one's. All are in one group, which may go through the host's folders to the sockets, and not look.
"""

import json
import os
import pwd
import stat
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeAlias

from twin_module.host.errors import HostError
from twin_module.host.keeper.children import fork
from twin_module.host.places import Places

Account: TypeAlias = pwd.struct_passwd

GROUP: Final = "twin"
"""The user whose own group all of them are in, and proxies in front."""
FRONT: Final = "front"
"""What no trust domain may be called: that user may read certificates."""
MOST_BYTES: Final = 5_000_000
"""Of the log of a user's processes."""
READABLE_BY_GROUP: Final = 0o640
FOR_PASSING: Final = 0o710


class Users:
    """Looks up users; there are none where the host is not root's."""

    def __init__(self, accounts: Callable[[str], Account] = pwd.getpwnam) -> None:
        self._accounts = accounts
        self._is_root = os.geteuid() == 0

    def of_domain(self, trust: str) -> Account | None:
        """Return the user `twin-TRUST`, None where there is none.

        Raises:
            HostError: it may not be used.
        """
        account = self._find(f"twin-{trust}")
        if account is not None and trust == FRONT:
            raise HostError(f"No trust domain may be called {FRONT}: its user is the front's.")
        return account

    def of_front(self) -> Account | None:
        """Return the user `twin-front`, None where there is none.

        Raises:
            HostError: it may not be used.
        """
        return self._find(f"twin-{FRONT}")

    @property
    def group(self) -> int | None:
        """The group that goes to the sockets."""
        account = self._look_up(GROUP)
        return None if account is None else account.pw_gid

    def any_of(self, trusts: Iterable[str]) -> bool:
        """Tell whether there is a user for one of these domains, or for the front.

        Raises:
            HostError: one may not be used.
        """
        found = [self.of_front(), *map(self.of_domain, trusts)]
        return any(account is not None for account in found)

    def become(self, account: Account | None) -> None:
        """Run on as a user, in no group of root's; stay who we are where there is none.

        Raises:
            OSError: the system does not let us; go on in no case.
        """
        if account is None:
            return
        groups = {*os.getgrouplist(account.pw_name, account.pw_gid)}
        if self.group is not None:
            groups.add(self.group)
        os.setgroups(sorted(groups))
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)

    def enter(self, account: Account | None, places: Places) -> Places:
        """Run on as a user who has a folder for what they write; returns the places as they see them.

        Raises:
            OSError: the system does not let us; go on in no case.
        """
        if account is None:
            return places
        own = places.users / account.pw_name
        own.mkdir(mode=0o700, exist_ok=True)
        os.chown(own, account.pw_uid, account.pw_gid, follow_symlinks=False)
        theirs = replace(places, own=own)
        if theirs.log.exists() and theirs.log.lstat().st_size > MOST_BYTES:
            theirs.log.rename(theirs.log.with_suffix(".log.1"))
        self.become(account)
        return theirs

    def do_as(self, account: Account | None, work: Callable[[], Any]) -> Any:
        """Do something as a user, in a process of its own, and return what it returns, as JSON has it.

        What root has to do in a folder that is a user's is done so: links in it lead only where they may go.

        Raises:
            HostError: it did, or it came to its end by a fault.
        """
        if account is None:
            return work()
        reading, writing = os.pipe()

        def run() -> None:
            try:
                self.become(account)
                said = {"found": work()}
            except HostError as error:
                said = {"error": str(error)}
            except OSError as error:
                where = f"{error.filename}: " if error.filename else ""
                said = {"error": f"As {account.pw_name}: {where}{error.strerror or error}."}
            with os.fdopen(writing, "w") as pipe:
                json.dump(said, pipe)

        child = fork(run, {writing})
        os.close(writing)
        with os.fdopen(reading) as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
        if not text:
            raise HostError(f"What was to be done as {account.pw_name} ended by a fault.")
        answer = json.loads(text)
        if "error" in answer:
            raise HostError(answer["error"])
        return answer["found"]

    def _find(self, name: str) -> Account | None:
        account = self._look_up(name)
        if account is None:
            return None
        if account.pw_uid == 0 or account.pw_gid == 0:
            raise HostError(f"The user {name} may not be root, nor in root's group.")
        if self.group is None:
            raise HostError(
                f"There is a user {name}, but none called {GROUP}, whose group leads to the sockets; "
                f"make it: `adduser --system --group --no-create-home {GROUP}`."
            )
        return account

    def _look_up(self, name: str) -> Account | None:
        if not self._is_root or "/" in name or "\0" in name:
            return None
        try:
            return self._accounts(name)
        except KeyError:
            return None


def give(folder: Path, account: Account | None) -> None:
    """Give a folder with all that is in it to a user, for whom alone it is; nothing where there is none.

    May be cut anywhere and called again: the folder itself is given last. Links are not followed.

    Raises:
        HostError: there is something in it that another folder may have as well.
    """
    if account is None:
        return
    before = folder.lstat()
    if not stat.S_ISDIR(before.st_mode):
        raise HostError(f"{folder} is no folder.")
    wanted = account.pw_uid, account.pw_gid
    if (before.st_uid, before.st_gid) == wanted:
        return
    # Nobody changes what is in it meanwhile.
    os.chown(folder, 0, 0, follow_symlinks=False)
    folder.chmod(0o700)
    for top, folders, files, directory in os.fwalk(folder, topdown=False, follow_symlinks=False):
        for name in (*folders, *files):
            found = os.lstat(name, dir_fd=directory)
            if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
                raise HostError(
                    f"{top}/{name} has a second name somewhere; copy it to a file of its own."
                )
            os.chown(name, *wanted, dir_fd=directory, follow_symlinks=False)
    os.chown(folder, *wanted, follow_symlinks=False)


def lay_out(places: Places, users: Users) -> None:
    """Make what is the host's own root's, and let its users go where they have to; may be repeated.

    Raises:
        HostError: something of it can't be given away.
    """
    group, front = users.group, users.of_front()
    if group is None:
        return
    readers = 0 if front is None else front.pw_gid
    try:
        for path in places.data.iterdir():
            if path.is_symlink() or not path.is_dir():
                os.chown(path, 0, -1, follow_symlinks=False)
        _own(places.data, group, FOR_PASSING)
        _own(_made(places.backups), 0, 0o700)
        for folder in (places.run, places.users, places.template):
            _own(_made(folder), group, FOR_PASSING)
        _own(_made(places.certificates), readers, 0o750)
        modes = [
            (places.template.glob("*.db"), group, READABLE_BY_GROUP),
            (places.data.glob("host.log*"), 0, 0o600),
            (places.certificates.glob("*.*"), readers, READABLE_BY_GROUP),
            (places.data.glob(places.table.name), readers, READABLE_BY_GROUP),
            (places.run.glob("*.well-known.json"), readers, READABLE_BY_GROUP),
        ]
        for paths, whose, mode in modes:
            for path in paths:
                _own(path, whose, mode)
    except OSError as error:
        raise HostError(
            f"{error.filename or places.data} can't be given to the host's users: {error.strerror}."
        ) from None


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def let_front_read(path: Path, users: Users) -> None:
    """Let the front's user read a file of root's, where there is such a user."""
    front = users.of_front()
    if front is not None and path.exists():
        _own(path, front.pw_gid, READABLE_BY_GROUP)


def forget_answers(places: Places, server_name: str, users: Users) -> None:
    """Remove what the front keeps of a twin: its user can't see whether the twin's keys are others by now."""
    front = users.of_front()
    if front is not None:
        theirs = replace(places, own=places.users / front.pw_name)
        theirs.key_document(server_name).unlink(missing_ok=True)


def _own(path: Path, group: int, mode: int) -> None:
    if path.is_symlink():
        raise HostError(f"{path} is a link; put there what it leads to.")
    os.chown(path, 0, group, follow_symlinks=False)
    path.chmod(mode)
