"""`twin up`: runs the twins of a data folder until a signal says to end."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from twin_module.host.commands.new import (
    ensure_data_folder,
    make_folder,
    write_well_known,
)
from twin_module.host.commands.running import is_running
from twin_module.host.database import template_path
from twin_module.host.errors import HostError
from twin_module.host.folder import is_current
from twin_module.host.front.process import run_front
from twin_module.host.keeper.handover import Handover, handed_over
from twin_module.host.keeper.keeper import Keeper, Programs
from twin_module.host.log_file import RotatingLog
from twin_module.host.options import HostOptions, read_options
from twin_module.host.places import Places
from twin_module.host.shard.process import run_shard
from twin_module.host.shard.warm_up import warm_up
from twin_module.host.table import Entry, ensure_entries, read_table
from twin_module.host.users import Users, lay_out

FIRST: Final = ("alice", "bob")
"""Whose twins there are where nobody said anything."""

_log = logging.getLogger(__name__)


def up(places: Places, names: Sequence[str], users: Users | None = None) -> None:
    """Run a host, and stay until a signal says to end.

    Args:
        places: of the host.
        names: of twins for trying out that are to be there.
        users: those that its parts run as.

    Raises:
        HostError: something of the machine is in the way.
    """
    programs = Programs(warm_up, run_shard, run_front)
    # The keeper works in the data folder; the program that takes its place begins where this one did.
    begun_in = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    left = handed_over()
    ensure_data_folder(places.data)
    with _logging(places):
        try:
            while left := _run(places, names, users or Users(), programs, left):
                _become_program(left, begun_in)
                # It could not be started, and what this one has imported stays.
                programs = Programs(lambda: None, run_shard, run_front)
        except HostError as error:
            if left is not None:
                # Nobody may see what is printed here.
                _log.warning("The new program can't run: %s", error)
            raise
    print("All twins have stopped.", flush=True)


def _run(
    places: Places,
    names: Sequence[str],
    users: Users,
    programs: Programs,
    left: Handover | None,
) -> Handover | None:
    """Run a host with what an earlier program has left; returns what it leaves to the next one."""
    options = read_options(places.options)
    if left is None and is_running(places):
        raise HostError(f"The twins in {places.data} are up already; another `up` runs there.")
    table = _prepared(places, names, options, users)
    with _greeter(places, table):
        try:
            return Keeper(places, options, programs, users=users, left=left).run()
        except HostError:
            raise
        except Exception:  # noqa: BLE001 - whatever it was, people get a sentence
            _log.exception("The host ended by a fault")
            raise HostError(f"The host ended by a fault of its own; {places.log} has it.") from None


def _become_program(left: Handover, begun_in: int) -> None:
    """Become the program that is installed by now; returns when that can't be."""
    _log.info("The next program begins")
    try:
        left.become_program(begun_in)
    except OSError as error:
        # Nobody but this process holds the sockets.
        _log.error("The next program can't be started, and this one goes on: %s", error.strerror)


def _prepared(
    places: Places, names: Sequence[str], options: HostOptions, users: Users
) -> Mapping[str, Entry]:
    """Make what is missing of the twins, and return them."""
    table = read_table(places.data)
    trusts = {options.trust, *(each.trust for each in table.values())}
    has_users = users.any_of(trusts)
    if has_users:
        os.umask(0o077)
        lay_out(places, users)
        _make_template(places)
    ensure_entries(places.data, names or (() if table else FIRST), options.trust)
    table = read_table(places.data)
    for entry in table.values():
        # The folder of one that moves is nothing to make: with new keys it would be a stranger.
        if entry.at_home:
            _make(places, entry, users)
    if has_users:
        lay_out(places, users)
        _warn_of_root(trusts, users)
    return table


def _make(places: Places, entry: Entry, users: Users) -> None:
    folder = places.folder(entry.name)
    if not (folder / "homeserver.db").exists():
        print(f"Making {entry.name}'s twin in {folder}", flush=True)
    # Those for trying out name each other in their configuration.
    if entry.federation_port is not None or not is_current(folder):
        make_folder(places, entry, users)
    write_well_known(places, entry)


def _make_template(places: Places) -> None:
    """Make what no process of a user may make: others begin with it."""
    if not template_path(places.data).exists():
        module = "twin_module.host.shard.template"
        done = subprocess.run(
            [sys.executable, "-m", module, str(places.data)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            # It saves time, no more.
            said = done.stderr.decode(errors="replace")
            _log.warning("There is no template, so new twins take longer: %s", said)


def _warn_of_root(trusts: set[str], users: Users) -> None:
    """Say which parts run as root though others do not."""
    missing = [f"twin-{each}" for each in sorted(trusts) if users.of_domain(each) is None]
    if users.of_front() is None:
        missing.append("twin-front")
    for name in missing:
        _log.warning(
            "There is no user %s, so what it is for runs as root: "
            "`adduser --system --group --no-create-home %s`",
            name,
            name,
        )


@contextmanager
def _logging(places: Places) -> Iterator[None]:
    """Send what the keeper says to the host's log, and what went wrong to the terminal as well."""
    file = RotatingLog(places.log)
    terminal = logging.StreamHandler(sys.stdout)
    terminal.setLevel(logging.ERROR)
    terminal.setFormatter(logging.Formatter("%(message)s"))
    # What a fault looks like stands in the log alone.
    terminal.addFilter(lambda record: record.exc_info is None)
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    for handler in (file, terminal):
        root.addHandler(handler)
    try:
        yield
    finally:
        for handler in (file, terminal):
            root.removeHandler(handler)
            handler.close()


@contextmanager
def _greeter(places: Places, table: Mapping[str, Entry]) -> Iterator[None]:
    """Have somebody say which twins serve, as long as that takes."""
    tried = [each.name for each in table.values() if each.client_port and each.state == "up"]
    if not tried:
        print(f"The host of {len(table)} twins runs. Ctrl-C stops it.", flush=True)
        yield
        return
    greeter = subprocess.Popen(
        [sys.executable, "-m", "twin_module.host.commands.greeting", str(places.data), *tried]
    )
    try:
        yield
    finally:
        greeter.terminate()
        greeter.wait()
