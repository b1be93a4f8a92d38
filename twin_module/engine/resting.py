"""Rests of work that comes again and again, so that it does not take the time that others need."""

from collections.abc import Callable
from typing import Final

from twin_module.core.ports import Homeserver

TIMES: Final = 20
"""How many times as long as the work took it rests; who comes after that never waits."""
LONGEST_MS: Final = 500


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

    def note(self, began: int) -> None:
        """Rest from work that has just ended, and began then."""
        now = self._homeserver.now()
        self._until = now + min((now - began) * TIMES, LONGEST_MS)

    def holds(self) -> bool:
        """Tell whether work has to wait; it is gone on with at the end of the rest then."""
        left = self._until - self._homeserver.now()
        if not 0 < left <= LONGEST_MS:  # or the clock was put back
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
