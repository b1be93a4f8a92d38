"""The table of twins of a data folder, `twins.json`: a line for each, whether it sleeps or not.

A twin's server name stays the same for life. One for trying out is called after a port of this
machine; such ports are looked for below those that systems hand out to outgoing connections,
where nobody takes them while the twins sleep.
"""

import json
import re
import socket
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

from twin_module.host.backup.durable import sync_folder
from twin_module.host.certificates import write_atomically
from twin_module.host.errors import HostError
from twin_module.host.lock import FolderLock
from twin_module.host.places import LONGEST_SERVER_NAME

FILE: Final = "twins.json"
FIRST_CLIENT_PORT: Final = 8008
FIRST_FEDERATION_PORT: Final = 8448
"""Those that Matrix names (client-server and server-server API)."""
TRIES: Final = 1000
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
SERVER_NAME: Final = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*")
"""A host name in lower case, without a port: others find the port out by themselves."""
RESERVED: Final = re.compile(r"run|certificates|host\.log.*|.*\.(json|yaml|lock|pem|key)")
"""Folders and files of the host itself."""
TURN_SECONDS: Final = 30.0

State: TypeAlias = Literal["up", "down", "moving", "moved", "arriving"]
AT_HOME: Final[frozenset[State]] = frozenset({"up", "down"})
"""The states in which a twin may run here; in all others its host neither loads it nor changes it."""
WHERE: Final[Mapping[State, str]] = {
    "up": "{name}'s twin is at home here, and not on its way to another host.",
    "down": "{name}'s twin is at home here, and not on its way to another host.",
    "moving": "{name}'s twin is on its way to another host. Go on with the same `twin move`, or keep "
    "it here: `twin move {name} --cancel`.",
    "moved": "{name}'s twin lives on another host, and must never run here as well: others would not "
    "know which one to believe. It can only move back: `twin move {name} --receive`.",
    "arriving": "{name}'s twin is on its way to this host. Go on with "
    "`twin move {name} --receive --from FOLDER`.",
}
"""What is to be said of a twin that is not where somebody looks for it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One twin of a data folder."""

    name: str
    """The first part of the owner's Matrix ID, and the folder's name."""
    server_name: str
    trust: str = "home"
    """Its trust domain: twins of one share a process, of two never."""
    state: State = "up"
    """Whether it answers, asleep or awake; or its owner or the host took it down; or it moves."""
    client_port: int | None = None
    federation_port: int | None = None
    """Ports of its own, of a twin for trying out."""

    @property
    def at_home(self) -> bool:
        """Whether it may run on this host."""
        return self.state in AT_HOME


def read_table(data: Path) -> dict[str, Entry]:
    """Return the twins of a data folder by name.

    Raises:
        HostError: the file is not one that this program wrote.
    """
    path = data / FILE
    if not path.exists():
        return {}
    try:
        return {name: _entry(name, line) for name, line in json.loads(path.read_text()).items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise HostError(
            f"{path} does not say which twins there are; put it back from a backup."
        ) from None


def _entry(name: str, line: Mapping[str, Any]) -> Entry:
    federation_port, state = line.get("federation_port"), line.get("state", "up")
    if state not in get_args(State):
        raise ValueError("no state")
    return Entry(
        name,
        str(line.get("server_name") or f"localhost:{line['federation_port']}"),
        str(line.get("trust", "home")),
        state,
        line.get("client_port"),
        federation_port,
    )


@contextmanager
def changing_table(data: Path) -> Iterator[dict[str, Entry]]:
    """Return the table to be changed in place; it is written at the end, one after the other.

    Raises:
        HostError: another command takes too long, or the table is not ours.
    """
    lock = FolderLock(data / "table.lock")
    if not lock.take_within(TURN_SECONDS):
        raise HostError(f"Another command keeps {data / FILE} locked; wait for it, or end it.")
    with lock:
        known = read_table(data)
        before = dict(known)
        yield known
        if known != before:
            _write(data, known.values())


def _write(data: Path, entries: Iterable[Entry]) -> None:
    lines = {
        each.name: {
            key: value
            for key, value in (
                ("server_name", each.server_name),
                ("trust", each.trust),
                ("state", each.state),
                ("client_port", each.client_port),
                ("federation_port", each.federation_port),
            )
            if value is not None
        }
        for each in entries
    }
    write_atomically(data / FILE, json.dumps(lines, indent=2).encode() + b"\n")
    # That a twin has moved away has to outlive a power cut that comes now.
    sync_folder(data)


def check_name(name: str) -> None:
    """Refuse what can't be the name of a twin.

    Raises:
        HostError: says what it may be.
    """
    if not NAME.fullmatch(name):
        raise HostError(
            f"{name!r} can't be the name of a twin: lower-case letters, digits, dots, _ and - only."
        )
    if RESERVED.fullmatch(name):
        raise HostError(f"{name!r} can't be the name of a twin: files of the host are called so.")


def check_server_name(server_name: str) -> None:
    """Refuse what can't be the server name of a twin that has one of its own.

    Raises:
        HostError: says what it may be.
    """
    if not SERVER_NAME.fullmatch(server_name) or len(server_name) > LONGEST_SERVER_NAME:
        raise HostError(
            f"{server_name!r} can't be a server name: it has to be a host name in lower case without a "
            f"port, as alice.example.org is, of at most {LONGEST_SERVER_NAME} characters."
        )


def ensure_entries(data: Path, names: Iterable[str], trust: str = "home") -> list[Entry]:
    """Return the twins of these names in their order; new ones are for trying out, on free ports.

    Raises:
        HostError: a name is not fit for a twin, or one that is moves, or there is no free port.
    """
    names = list(names)
    for name in names:
        check_name(name)
    with changing_table(data) as known:
        taken = {
            port for e in known.values() for port in (e.client_port, e.federation_port) if port
        }
        for name in names:
            if name not in known:
                client = _free_port(FIRST_CLIENT_PORT, taken)
                federation = _free_port(FIRST_FEDERATION_PORT, {*taken, client})
                taken |= {client, federation}
                known[name] = Entry(
                    name,
                    f"localhost:{federation}",
                    trust,
                    client_port=client,
                    federation_port=federation,
                )
        return [_at_home(known[name]) for name in names]


def add_entry(data: Path, entry: Entry) -> bool:
    """Note a new twin; tells whether it is new.

    Raises:
        HostError: its name or server name can't be, or is another one's, or it moves.
    """
    check_name(entry.name)
    if entry.federation_port is None:
        check_server_name(entry.server_name)
    with changing_table(data) as known:
        there = known.get(entry.name)
        if there is not None:
            if there.server_name != entry.server_name:
                raise HostError(
                    f"There is a twin {entry.name} already, {there.server_name}; a server name stays for life."
                )
            _at_home(there)
            return False
        check_free(known, entry)
        known[entry.name] = entry
        return True


def check_free(known: Mapping[str, Entry], entry: Entry) -> None:
    """Refuse a server name that another twin has.

    Raises:
        HostError: says who.
    """
    for each in known.values():
        if each.server_name == entry.server_name and each.name != entry.name:
            raise HostError(f"{entry.server_name} is the server name of {each.name}'s twin.")


def find_entry(data: Path, name: str) -> Entry:
    """Return the line of a twin that is at home here.

    Raises:
        HostError: there is none, or it moves.
    """
    return _at_home(line_of(data, read_table(data), name))


def _at_home(entry: Entry) -> Entry:
    if not entry.at_home:
        raise elsewhere(entry)
    return entry


def elsewhere(entry: Entry) -> HostError:
    """Return what is to be said of a twin that is not where somebody looks for it."""
    return HostError(WHERE[entry.state].format(name=entry.name))


def line_of(data: Path, known: Mapping[str, Entry], name: str) -> Entry:
    """Return the line of a twin, wherever it is.

    Raises:
        HostError: there is none.
    """
    if name not in known:
        raise HostError(
            f"There is no twin {name} in {data}; there are {', '.join(known) or 'none'}."
        )
    return known[name]


def set_state(data: Path, name: str, state: State, among: Collection[State] = AT_HOME) -> Entry:
    """Note in which state a twin is, and return its line.

    Raises:
        HostError: there is no such twin, or it was in a state that is not among these.
    """
    with changing_table(data) as known:
        entry = line_of(data, known, name)
        if entry.state not in among:
            raise elsewhere(entry)
        known[name] = replace(entry, state=state)
        return known[name]


def _free_port(first: int, taken: set[int]) -> int:
    for port in range(first, first + TRIES):
        if port not in taken and is_free(port):
            return port
    raise HostError(f"There is no free port from {first} to {first + TRIES - 1}.")


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port of this machine's loopback."""
    with socket.socket() as probe:
        # As servers do: connections that ended a moment ago don't count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
