"""Where twins listen: sockets that are open from the start of the host to its end, whatever twins do."""

import os
import resource
import socket
from pathlib import Path
from typing import Final

from twin_module.host.errors import HostError
from twin_module.host.places import Places

BACKLOG: Final = 1024
"""How many connections wait while a twin sleeps or loads, at most; the system may allow fewer."""
ONLY_GROUP: Final = 0o117
"""Sockets are of mode 0660: a proxy has to be in their group."""


def listen_for(places: Places, server_name: str, group: int | None) -> socket.socket:
    """Open a twin's socket, in place of what a killed host left there.

    The working directory has to be the data folder.

    Args:
        places: of the host.
        server_name: the twin's.
        group: who may connect besides the host's own user; None is that user's own group.

    Raises:
        HostError: it can't be opened.
    """
    path = places.relative_socket(server_name) if _is_name(server_name) else ""
    if not path or places.data / path == places.control:
        raise HostError(f"{server_name!r} can't be a server name.")
    try:
        listening = listen_at(path, ONLY_GROUP)
        if group is not None:
            os.chown(path, -1, group)
    except OSError as error:
        raise HostError(
            f"The socket {places.socket(server_name)} can't be opened: {error.strerror or error}."
        ) from None
    return listening


def listen_at(path: str, mask: int) -> socket.socket:
    """Open a socket of this system that does not block, in place of one that is there.

    Raises:
        OSError: it can't be opened.
    """
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(mask)
    try:
        Path(path).unlink(missing_ok=True)
        listening.bind(path)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(before)
    return listening


def allow_many_files() -> None:
    """Let this process and those that it forks open as many files as the system lets it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _is_name(server_name: str) -> bool:
    return "/" not in server_name and "\0" not in server_name
