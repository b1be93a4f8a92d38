"""When somebody else is told of an object."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench.suite.contestants.base import Client, Failed

PATIENCE: Final = 60.0
"""Seconds after which what was not told counts as lost."""


class Watch:
    """What a reader in a thread of its own was told, with the time."""

    def __init__(self, reader: Client, place: str) -> None:
        self._reader = reader
        self._place = place
        self._told = threading.Condition()
        self._times: dict[str, float] = {}
        self._error: Exception | None = None

    def read(self) -> None:
        """Read until the connection is closed; runs in the thread."""
        try:
            for uid in self._reader.arrivals(self._place):
                with self._told:
                    self._times.setdefault(uid, time.perf_counter())
                    self._told.notify_all()
        except Exception as error:  # noqa: BLE001 - it is raised where somebody waits
            with self._told:
                self._error = error
                self._told.notify_all()

    def wait_for(self, uid: str) -> float:
        """Return when the reader was told of an object, on the clock of `perf_counter`.

        Raises:
            Failed: it was not told in time.
        """
        with self._told:
            done = self._told.wait_for(lambda: uid in self._times or self._error, PATIENCE)
            if uid in self._times:
                return self._times[uid]
            if self._error is not None:
                raise self._error
            raise Failed(f"Nobody was told of {uid or 'anything'} in {PATIENCE} s ({done=}).")


@contextmanager
def watching(reader: Client, place: str) -> Iterator[Watch]:
    """Let a client wait for what arrives in a place; it is closed at the end."""
    watch = Watch(reader, place)
    thread = threading.Thread(target=watch.read, daemon=True)
    thread.start()
    try:
        watch.wait_for("")
        yield watch
    finally:
        reader.close()
        thread.join(PATIENCE)
