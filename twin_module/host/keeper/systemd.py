"""How the keeper tells systemd that it has started, changes its program, or ends (sd_notify(3))."""

import logging
import os
import socket
import time
from typing import Final

VARIABLE: Final = "NOTIFY_SOCKET"

_log = logging.getLogger(__name__)


def ready() -> None:
    """Connections are taken."""
    _say("READY=1")


def reloading() -> None:
    """The program is about to change, and says `ready` again."""
    _say("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")


def stopping() -> None:
    """It ends."""
    _say("STOPPING=1")


def _say(*lines: str) -> None:
    """Say something, if systemd listens; it is no reason to end that it does not."""
    address = os.environ.get(VARIABLE)
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaking:
            speaking.setblocking(False)
            # One that begins with @ has no file.
            path = "\0" + address[1:] if address.startswith("@") else address
            speaking.sendto("\n".join(lines).encode(), path)
    except OSError as error:
        _log.warning("systemd can't be told how the host is: %s", error.strerror)
