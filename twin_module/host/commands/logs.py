"""`twin logs NAME`: the last lines of what a twin wrote to its log, and those that come."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from twin_module.host.errors import HostError
from twin_module.host.places import Places
from twin_module.host.table import find_entry

LOOK_SECONDS: Final = 0.5
CHUNK: Final = 64 * 1024


def show(places: Places, name: str, most: int, *, follow_on: bool) -> None:
    """Print the last lines of a twin, and go on with those that come until Ctrl-C."""
    find_entry(places.data, name)
    log = places.folder(name) / "homeserver.log"
    coming = follow(log) if follow_on else ()
    for line in last_lines(log, most):
        print(line)
    with suppress(KeyboardInterrupt):
        for text in coming:
            print(text, end="", flush=True)


def last_lines(log: Path, most: int) -> list[str]:
    """Return the last lines of a log.

    Raises:
        HostError: it can't be read.
    """
    try:
        with log.open("rb") as file:
            end = file.seek(0, 2)
            data = b""
            while end and data.count(b"\n") <= most:
                start = max(0, end - CHUNK)
                file.seek(start)
                data = file.read(end - start) + data
                end = start
    except FileNotFoundError:
        return []
    except OSError as error:
        raise HostError(f"{log} can't be read: {error.strerror}.") from None
    return data.decode(errors="replace").splitlines()[-most:] if most else []


def follow(log: Path) -> Iterator[str]:
    """Return what is written to a log from now on, also after it was put aside for a new one."""
    found = log.stat() if log.exists() else None
    return _after(log, found.st_ino, found.st_size) if found else _after(log, 0, 0)


def _after(log: Path, identity: int, position: int) -> Iterator[str]:
    while True:
        try:
            found = log.stat()
            if found.st_ino != identity or found.st_size < position:
                identity, position = found.st_ino, 0
            if found.st_size > position:
                with log.open("rb") as file:
                    file.seek(position)
                    data = file.read()
                position += len(data)
                yield data.decode(errors="replace")
                continue
        except FileNotFoundError:
            pass  # it is just put aside
        time.sleep(LOOK_SECONDS)
