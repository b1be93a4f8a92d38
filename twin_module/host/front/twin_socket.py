"""The way to a twin: its socket, which a keeper holds open while the twin sleeps, wakes or falls."""

import asyncio
import logging
import socket
from typing import Final

from twin_module.host.front.answers import down
from twin_module.host.front.stream import Stream

FIRST_PAUSE: Final = 0.01
LONGEST_PAUSE: Final = 0.5

_log = logging.getLogger(__name__)


async def connect(address: str, patience: float) -> Stream:
    """Return a connection, which the twin may take when it is awake.

    Args:
        address: of the socket, from the working directory.
        patience: for how many seconds its queue may be full.

    Raises:
        Refused: there is no such socket, or nobody holds it.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        async with asyncio.timeout(patience):
            await _enter(connection, address)
    except OSError as error:
        connection.close()
        if not isinstance(error, FileNotFoundError | ConnectionRefusedError):
            _log.error("%s can't be reached: %s", address, error.strerror or "its queue is full")
        raise down() from None
    except BaseException:
        connection.close()
        raise
    return Stream(connection)


async def _enter(connection: socket.socket, address: str) -> None:
    pause = FIRST_PAUSE
    while True:
        try:
            connection.connect(address)
        except BlockingIOError:
            # The queue is full, and a socket of this kind can't be waited for.
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        else:
            return
