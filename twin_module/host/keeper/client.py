"""How the command `twin` asks the host that runs."""

import json
import os
import socket
from collections.abc import Mapping
from typing import Any, Final

from twin_module.host.errors import HostError
from twin_module.host.places import Places

PATIENCE: Final = 200.0
"""Seconds; the keeper itself gives up before."""


def ask(places: Places, request: Mapping[str, Any]) -> dict[str, Any]:
    """Ask the keeper of a data folder, and return its answer.

    Raises:
        HostError: no host runs there, or it says what is wrong.
    """
    said = bytearray()
    try:
        with _connected(places) as connection:
            connection.sendall(json.dumps(dict(request)).encode() + b"\n")
            while part := connection.recv(1 << 16):
                said += part
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        raise HostError(
            f"The host in {places.data} is not running; start it with `twin up`."
        ) from None
    except PermissionError:
        raise HostError(
            f"The host in {places.data} is another user's; run this command as that user, or as root."
        ) from None
    except TimeoutError:
        raise HostError(
            f"The host in {places.data} does not answer; {places.log} may say why."
        ) from None
    except OSError:
        # It went away in the middle.
        said.clear()
    return _answer(places, bytes(said))


def is_answered(places: Places) -> bool:
    """Tell whether somebody listens where a keeper does."""
    try:
        _connected(places).close()
    except OSError:
        return False
    return True


def _connected(places: Places) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE)
    folder = -1
    try:
        # Addresses of sockets are short by law, and paths of data folders are not.
        folder = os.open(places.run, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        connection.connect(f"/proc/self/fd/{folder}/{places.control.name}")
    except BaseException:
        connection.close()
        raise
    finally:
        if folder >= 0:
            os.close(folder)
    return connection


def _answer(places: Places, said: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(said)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise HostError(f"The host in {places.data} ended before it answered; try again.")
    if "error" in answer:
        raise HostError(str(answer["error"]))
    return answer
