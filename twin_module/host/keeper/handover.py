"""What a keeper leaves to the program that takes its place: all that listens, and the lock on its folder.

The process stays the same, so descriptors stay open; which is which stands in a file in memory.
"""

import json
import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NoReturn

from twin_module.host.errors import HostError
from twin_module.host.options import Door

VARIABLE: Final = "TWIN_HANDOVER"
"""Names the descriptor of that file."""


@dataclass(slots=True)
class Handover:
    """Everything that is open; what nobody takes is closed by `close`."""

    lock: int
    """The descriptor that holds the lock."""
    control: socket.socket
    twins: dict[str, socket.socket] = field(default_factory=dict)
    """By server name."""
    doors: dict[Door, socket.socket] = field(default_factory=dict)
    renewals: int = 0
    """How often the program of this process was another one."""

    def close(self) -> None:
        """Close the sockets that are left."""
        for listening in (*self.twins.values(), *self.doors.values()):
            listening.close()
        self.twins.clear()
        self.doors.clear()

    def _sockets(self) -> Iterator[socket.socket]:
        yield self.control
        yield from self.twins.values()
        yield from self.doors.values()

    def _written(self) -> bytes:
        said = {
            "lock": self.lock,
            "control": self.control.fileno(),
            "twins": {name: each.fileno() for name, each in self.twins.items()},
            "doors": [[asdict(door), each.fileno()] for door, each in self.doors.items()],
            "renewals": self.renewals,
        }
        return json.dumps(said).encode()

    def become_program(self, folder: int) -> NoReturn:
        """Begin this process's own command line anew, with whatever program is installed by now.

        Args:
            folder: a descriptor of the folder that the command was given in.

        Raises:
            OSError: the system can't start it; nothing was changed but the working directory.
        """
        note = os.memfd_create("twin-handover", 0)
        self.renewals += 1
        opened = [note, self.lock, *(each.fileno() for each in self._sockets())]
        try:
            os.write(note, self._written())
            for descriptor in opened:
                os.set_inheritable(descriptor, True)
            os.fchdir(folder)
            os.execve(  # noqa: S606 - no shell is in the way
                sys.executable,
                [sys.executable, *sys.orig_argv[1:]],
                {**os.environ, VARIABLE: str(note)},
            )
        except OSError:
            self.renewals -= 1
            os.close(note)
            for descriptor in opened[1:]:
                os.set_inheritable(descriptor, False)
            raise


def handed_over() -> Handover | None:
    """Return what an earlier program of this process has left; None where there was none.

    Raises:
        HostError: what the variable names is nothing of the kind.
    """
    named = os.environ.pop(VARIABLE, None)
    if named is None:
        return None
    try:
        with os.fdopen(int(named), "rb") as note:
            note.seek(0)
            said = json.load(note)
        return Handover(
            lock=_descriptor(said["lock"]),
            control=_listening(said["control"]),
            twins={name: _listening(number) for name, number in said["twins"].items()},
            doors={Door(**door): _listening(number) for door, number in said["doors"]},
            renewals=said["renewals"],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise HostError(f"{VARIABLE} is for the host's own use; unset it.") from None


def _listening(number: Any) -> socket.socket:
    found = socket.socket(fileno=_descriptor(number))
    if not found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        raise ValueError(number)
    return found


def _descriptor(number: Any) -> int:
    if not isinstance(number, int):
        raise TypeError(number)
    os.set_inheritable(number, False)
    return number
