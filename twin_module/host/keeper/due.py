"""What is due when: alarms of twins that sleep, pauses of those that failed."""

import heapq
from collections.abc import Iterator
from typing import Final, Generic, TypeVar

Time = TypeVar("Time", int, float)

SLACK: Final = 64


class Due(Generic[Time]):
    """A time for each name, at most one."""

    def __init__(self) -> None:
        self._times: dict[str, Time] = {}
        # May hold times that no longer count, which `_times` does not know.
        self._heap: list[tuple[Time, str]] = []

    def set(self, name: str, time: Time) -> None:
        """Set the time of a name, in place of what was set before."""
        self._times[name] = time
        heapq.heappush(self._heap, (time, name))
        if len(self._heap) > 2 * len(self._times) + SLACK:
            self._heap = [(time, name) for name, time in self._times.items()]
            heapq.heapify(self._heap)

    def drop(self, name: str) -> None:
        """Forget the time of a name, if there is one."""
        self._times.pop(name, None)

    def first(self) -> Time | None:
        """Return the earliest time."""
        while self._heap and self._times.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, until: Time) -> Iterator[str]:
        """Yield all names whose time has come, the earliest first, and forget their times."""
        while (first := self.first()) is not None and first <= until:
            _, name = heapq.heappop(self._heap)
            del self._times[name]
            yield name

    def __len__(self) -> int:
        """How much memory it takes: the entries that it holds, also those that don't count."""
        return len(self._heap)
