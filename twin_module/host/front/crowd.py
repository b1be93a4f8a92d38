"""Who is connected: how many there may be, and who goes when others want to come in."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from twin_module.host.front.limits import Limits

HOME_NETWORK = 64
"""Bits of an IPv6 address that whoever has one network has in common."""


class Crowd:
    """The tasks of all connections."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._tasks: dict[asyncio.Task[Any], str] = {}
        self._of_one: Counter[str] = Counter()
        # In the order in which they became idle.
        self._idle: dict[asyncio.Task[Any], None] = {}
        self.refused = 0
        """Connections that were too many."""
        self.taken = 0

    def has_room(self, address: str) -> bool:
        """Tell whether one more may come; the longest idle one goes for it when there are too many."""
        one = neighbourhood(address)
        if one is not None and self._of_one[one] >= self._limits.connections_of_one:
            self.refused += 1
            return False
        if len(self._tasks) < self._limits.connections:
            return True
        if not self._idle:
            self.refused += 1
            return False
        longest = next(iter(self._idle))
        del self._idle[longest]
        longest.cancel()
        return True

    def add(self, address: str, task: asyncio.Task[Any]) -> None:
        """Count a connection until its task ends."""
        self.taken += 1
        one = neighbourhood(address) or ""
        self._tasks[task] = one
        self._of_one[one] += 1
        task.add_done_callback(self._gone)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._tasks)

    @contextmanager
    def idle(self) -> Iterator[None]:
        """Mark the connection of this task as one that nobody misses."""
        task = asyncio.current_task()
        if task in self._tasks:
            self._idle[task] = None
        try:
            yield
        finally:
            self._idle.pop(task, None)  # type: ignore[arg-type]

    async def leave(self, grace: float) -> None:
        """End all: those that are idle at once, the others when they are done or after so many seconds."""
        for task in list(self._idle):
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=grace)
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks))

    def _gone(self, task: asyncio.Task[Any]) -> None:
        one = self._tasks.pop(task)
        self._of_one[one] -= 1
        if not self._of_one[one]:
            del self._of_one[one]


def neighbourhood(address: str) -> str | None:
    """Return what is counted together with an address; None for this machine, whose proxies are not counted."""
    ip = ip_address(plain(address))
    if ip.is_loopback:
        return None
    if isinstance(ip, IPv6Address):
        return str(IPv6Network((ip, HOME_NETWORK), strict=False))
    return str(ip)


def plain(address: str) -> str:
    """Return an address as everybody writes it, where a door for IPv6 has taken one of IPv4 or of a link."""
    ip = ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return str(mapped or ip)
