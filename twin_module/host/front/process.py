"""The process of the front. It ends when it is told to, or when the keeper is gone."""

import asyncio
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from twin_module.host.folder import LOG
from twin_module.host.front.limits import Limits
from twin_module.host.front.server import Server
from twin_module.host.log_file import WatchedLog
from twin_module.host.options import Door
from twin_module.host.places import Places
from twin_module.host.shard import inherited

MOST_DESCRIPTORS: Final = 16_384
OWN_DESCRIPTORS: Final = 64
DESCRIPTORS_EACH: Final = 2
"""A connection takes one, and one more while a twin answers it."""

_log = logging.getLogger(__name__)


def run_front(
    places: Places, sockets: Sequence[tuple[Door, socket.socket]], alive: socket.socket
) -> None:
    """Be the front, in a process that the keeper has just forked.

    Args:
        places: of the host.
        sockets: they listen, each at its door.
        alive: comes to its end when the keeper does; nothing is ever sent on it.

    Returns when it is over: on SIGTERM or with the keeper's end, after answers under way had a few
    seconds. On SIGHUP the table and certificates are read again.
    """
    inherited.speak_to(places.log)
    # Addresses of sockets are short by law; see `Places`.
    os.chdir(places.data)
    with _logging(places):
        sys.unraisablehook = _note
        asyncio.run(_run(places, sockets, alive, _fitting(Limits())))


async def _run(
    places: Places,
    sockets: Sequence[tuple[Door, socket.socket]],
    alive: socket.socket,
    limits: Limits,
) -> None:
    server, told, loop = Server(places, limits), asyncio.Event(), asyncio.get_running_loop()
    alive.setblocking(False)
    loop.add_reader(alive, told.set)
    loop.add_signal_handler(signal.SIGTERM, told.set)
    loop.add_signal_handler(signal.SIGHUP, server.look_again)
    server.open(sockets)
    await told.wait()
    loop.remove_reader(alive)
    await server.close()


def _fitting(limits: Limits) -> Limits:
    """Return limits for as many descriptors as this process may have, after it asked for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(MOST_DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    room = MOST_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
    most = max(1, (room - OWN_DESCRIPTORS) // DESCRIPTORS_EACH)
    return replace(limits, connections=min(limits.connections, most))


@contextmanager
def _logging(places: Places) -> Iterator[None]:
    """Send what this process logs to the host's log."""
    # Other processes of the host write the same file, and one of them may put it aside.
    handler = WatchedLog(places.log)
    root = logging.getLogger()
    for other in list(root.handlers):
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(LOG["root"]["level"])
    try:
        yield
    finally:
        handler.close()


def _note(problem: Any) -> None:
    """Log that something failed where nobody could be told, without its message."""
    if issubclass(problem.exc_type, UnicodeDecodeError):
        # A client began TLS with bytes that are no name, and has got its alert.
        return
    _log.warning("Python could not raise %s.", problem.exc_type.__name__)
