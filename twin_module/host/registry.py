"""Which twins a data folder has, and on which ports they are: `twins.json`.

A twin's federation port is a part of its server name, so it stays the same for life. Ports are
looked for below those that systems hand out to outgoing connections, where nobody takes them
while the twins sleep.
"""

import json
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twin_module.host.certificates import write_atomically
from twin_module.host.errors import HostError

FILE: Final = "twins.json"
FIRST_CLIENT_PORT: Final = 8008
FIRST_FEDERATION_PORT: Final = 8448
"""Those that Matrix names (client-server and server-server API)."""
TRIES: Final = 1000
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One twin of a data folder."""

    name: str
    """The first part of the owner's Matrix ID, and the folder's name."""
    client_port: int
    federation_port: int

    @property
    def server_name(self) -> str:
        """The twin's server name."""
        return f"localhost:{self.federation_port}"


def read_entries(data: Path) -> list[Entry]:
    """Return the twins of a data folder.

    Raises:
        HostError: the file is not one that this program wrote.
    """
    path = data / FILE
    if not path.exists():
        return []
    try:
        entries = json.loads(path.read_text())
        return [Entry(name, e["client_port"], e["federation_port"]) for name, e in entries.items()]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise HostError(
            f"{path} does not say which ports the twins have; put it back from a backup."
        ) from None


def ensure_entries(data: Path, names: Sequence[str]) -> list[Entry]:
    """Return the twins of these names in their order, and note those that are new.

    Raises:
        HostError: a name is not fit for a twin, or there is no free port.
    """
    for name in names:
        if not NAME.fullmatch(name):
            raise HostError(
                f"{name!r} can't be the name of a twin: lower-case letters, digits, dots, _ and - only."
            )
    known = {entry.name: entry for entry in read_entries(data)}
    taken = {port for e in known.values() for port in (e.client_port, e.federation_port)}
    for name in names:
        if name not in known:
            client = _free_port(FIRST_CLIENT_PORT, taken)
            federation = _free_port(FIRST_FEDERATION_PORT, {*taken, client})
            taken |= {client, federation}
            known[name] = Entry(name, client, federation)
    written = {
        e.name: {"client_port": e.client_port, "federation_port": e.federation_port}
        for e in known.values()
    }
    write_atomically(data / FILE, json.dumps(written, indent=2).encode() + b"\n")
    return [known[name] for name in names]


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
