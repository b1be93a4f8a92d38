"""Calls of other twins that were answered before: a signature of Matrix does not grow old by itself.

A call carries an ID and a time. The time has to be near, and what was seen of that nearness is
kept; where that becomes too much, what is not newer than what had to be forgotten is refused.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

WINDOW_MS: Final = 300_000
"""How far the clocks of two twins may be apart."""
MOST_IDS: Final = 2_000
MOST_SERVERS: Final = 1_000


@dataclass(slots=True)
class _Seen:
    ids: OrderedDict[str, int] = field(default_factory=OrderedDict)
    forgotten: int = 0
    """The newest time of a call whose ID is kept no longer."""


class Replays:
    """The calls that other servers made lately; all times are milliseconds since 1970."""

    def __init__(self) -> None:
        self._servers: OrderedDict[str, _Seen] = OrderedDict()
        self._newest = 0

    def is_needed(self, now: int) -> bool:
        """Tell whether a call that was made before would be taken for a new one without this memory."""
        return now - self._newest <= WINDOW_MS

    def is_new(self, server: str, call_id: str, ts: int, now: int) -> bool:
        """Tell whether a call was not made before and is of now, and remember it if so."""
        if abs(now - ts) > WINDOW_MS:
            return False
        seen = self._servers.setdefault(server, _Seen())
        self._servers.move_to_end(server)
        if ts <= seen.forgotten or call_id in seen.ids:
            return False
        seen.ids[call_id] = ts
        self._newest = max(self._newest, ts)
        while len(seen.ids) > MOST_IDS or next(iter(seen.ids.values())) < now - WINDOW_MS:
            _, forgotten = seen.ids.popitem(last=False)
            seen.forgotten = max(seen.forgotten, forgotten)
        if len(self._servers) > MOST_SERVERS:
            self._servers.popitem(last=False)
        return True
