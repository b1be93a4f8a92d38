"""How often strangers may ask: a bucket of calls for each address, filled again as time goes by."""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

BURST: Final = 60
"""How many calls one address has at once."""
REFILL_MS: Final = 200
"""How long it takes until it has one more."""
MOST_ADDRESSES: Final = 10_000
"""How many addresses are remembered. Who asked longest ago is forgotten first; that takes others
so many addresses that a limit for each of them would not hold them up anyway."""
_NETWORK: Final = 64
"""The bits of an IPv6 address that one household or machine has as its own."""


class Patience:
    """What each address has left; times are in milliseconds."""

    def __init__(self, burst: int = BURST, refill_ms: int = REFILL_MS) -> None:
        self._burst_ms = burst * refill_ms
        self._refill_ms = refill_ms
        self._full_at: OrderedDict[str, int] = OrderedDict()
        """When the bucket of an address is full again, by address."""

    def __len__(self) -> int:
        """Return how many addresses are remembered."""
        return len(self._full_at)

    def left(self, address: str, now: int) -> int:
        """Return how long an address has to wait, 0 when it may ask; takes nothing."""
        return max(self._late(self._full(_household(address), now), now), 0)

    def wait(self, address: str, now: int) -> int:
        """Take one call from an address; return how long it has to wait, 0 when it may ask.

        A call that has to wait takes nothing.
        """
        who = _household(address)
        full = self._full(who, now)
        late = self._late(full, now)
        if late <= 0:
            self._full_at[who] = full + self._refill_ms
        else:
            self._full_at[who] = full
        self._full_at.move_to_end(who)
        while len(self._full_at) > MOST_ADDRESSES:
            self._full_at.popitem(last=False)
        return max(late, 0)

    def _full(self, who: str, now: int) -> int:
        """Return when the bucket of an asker is full again."""
        # A clock that was set back must not keep anybody out for long.
        return min(max(self._full_at.get(who, now), now), now + self._burst_ms)

    def _late(self, full: int, now: int) -> int:
        return full + self._refill_ms - (now + self._burst_ms)


def _household(address: str) -> str:
    """Return what counts as one asker: an IPv4 address, or a network of IPv6 addresses."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:100]  # a Unix socket, or what a proxy wrote
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), _NETWORK), strict=False))
