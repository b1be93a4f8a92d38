"""Rests of work that comes again and again, so that it does not take the time that others need."""

from collections.abc import Callable
from typing import Final

from twin_module.core.ports import Homeserver

TIMES: Final = 20
"""How many times as long as the work took it rests; who comes after that never waits."""
LONGEST_MS: Final = 500
STREAM_MS: Final = 2000
"""How long it rests where what comes is a stream, of which more is taken together then."""


class Resting:
    """Whether work has to wait, and what does it at the end of the rest."""

    def __init__(self, homeserver: Homeserver, go_on: Callable[[], None]) -> None:
        self._homeserver = homeserver
        self._go_on = go_on
        self._until = 0
        self._take_back: Callable[[], None] | None = None

    def is_planned(self) -> bool:
        """Tell whether there is work that waits."""
        return self._take_back is not None

    def note(self, began: int, *, is_stream: bool) -> None:
        """Rest from work that has just ended, and began then."""
        now = self._homeserver.now()
        rest = STREAM_MS if is_stream else min((now - began) * TIMES, LONGEST_MS)
        self._until = now + rest

    def holds(self) -> bool:
        """Tell whether work has to wait; it is gone on with at the end of the rest then."""
        left = self._until - self._homeserver.now()
        if not 0 < left <= STREAM_MS:  # or the clock was put back
            return False
        if self._take_back is None:
            self._take_back = self._homeserver.call_later(left / 1000, self._end)
        return True

    def stop(self) -> None:
        """Plan nothing any more."""
        if self._take_back is not None:
            self._take_back()

    def _end(self) -> None:
        self._take_back = None
        self._go_on()
