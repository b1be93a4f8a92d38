"""A twin that rests, or is busy, for as long as a test needs it to."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from unittest.mock import patch

from twin_module.engine import resting
from twin_module.testing.person import eventually
from twin_module.testing.twins import Twin

LONG_MS: Final = 3_600_000


@contextmanager
def rest(twin: Twin) -> Iterator[None]:
    """Have a twin follow nothing by itself, as in the half second after a turn; it wakes at the end."""
    found = twin.module.twin._resting

    def begin() -> None:
        found._until = twin.module.twin.homeserver.now() + LONG_MS

    def end() -> None:
        if found.is_planned():
            found.stop()
            found._end()

    try:
        with patch.multiple(resting, LONGEST_MS=LONG_MS, STREAM_MS=LONG_MS, TIMES=LONG_MS):
            twin.thread.call(begin)
            yield
    finally:
        # Only now, or what goes on then would rest for as long again.
        twin.thread.call(end)


def await_rest(twin: Twin) -> None:
    """Wait until a twin has heard of something, and puts it off."""
    found = twin.module.twin._resting
    eventually(lambda: twin.thread.call(found.is_planned), what="the twin rests")


@contextmanager
def busy(twin: Twin) -> Iterator[None]:
    """Have a twin follow nothing, as while a turn takes its time; it goes on at the end."""
    turns = twin.module.twin._turns

    def begin() -> bool:
        if turns.goes_on:  # its end would end this too
            return False
        turns.goes_on = True
        return True

    def end() -> None:
        turns.goes_on = False
        twin.module.twin.wake()

    eventually(lambda: twin.thread.call(begin), what="the twin is between two turns")
    try:
        yield
    finally:
        twin.thread.call(end)
