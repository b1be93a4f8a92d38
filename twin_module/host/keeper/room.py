"""How much memory twins take, which shard has room for one, and who leaves first when there is none.

The figures are rounded from what was measured, see docs/scaling.md: a used twin takes less, and the
front's share is not in them.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from twin_module.host.keeper.pace import Pace
from twin_module.host.keeper.twins import STAYING, Shard, State, Twin

KEEPER_MB: Final = 97
SHARD_MB: Final = 43
TWIN_MB: Final = 8
LEAST_MB: Final = KEEPER_MB + SHARD_MB + TWIN_MB
"""One twin is always let in, whatever the options say."""


def cost(shards: int, twins: int) -> int:
    """Return what so many shards with so many twins in all take, in MB."""
    return KEEPER_MB + SHARD_MB * shards + TWIN_MB * twins


def cost_when_gone(twins: Iterable[Twin], newcomers_shard: int) -> int:
    """Return what it takes when all who go are gone and one more is in a shard (0: a new one), in MB."""
    staying = [twin.shard for twin in twins if twin.state in STAYING]
    return cost(len({*staying, newcomers_shard}), len(staying) + 1)


def suspicion(twin: Twin, now: float, pace: Pace) -> int:
    """Return how much a twin is suspected to kill its shard; 0 is not at all."""
    return 0 if twin.awake_for(now) >= pace.steady else twin.deaths + twin.suspect


class Rooms:
    """Which shard has room for a twin, at one moment."""

    def __init__(self, most: int, now: float, pace: Pace) -> None:
        self._most = most
        self._now = now
        self._pace = pace

    def fullest(
        self,
        newcomer: Twin,
        shards: Iterable[Shard],
        twins: Mapping[str, Twin],
        *,
        when_gone: bool = False,
    ) -> Shard | None:
        """Return the fullest shard of a twin's trust domain that has room for it.

        Twins whose shard died come together only with those that are equally suspected, and in
        half as many each time: whoever kills shards is soon alone, and harms no neighbours any more.

        Args:
            newcomer: the twin.
            shards: all there are.
            twins: all by name.
            when_gone: whether to see it as it will be when all who go are gone.
        """
        level = suspicion(newcomer, self._now, self._pace)
        room = max(1, self._most >> level)
        fitting: list[tuple[int, int, Shard]] = []
        for shard in shards:
            if shard.trust != newcomer.trust or shard.ending:
                continue
            inside = [twins[name] for name in shard.twins]
            count = sum(not when_gone or twin.state in STAYING for twin in inside)
            alike = all(suspicion(twin, self._now, self._pace) == level for twin in inside)
            if alike and count < room:
                fitting.append((count, -shard.number, shard))
        return max(fitting)[-1] if fitting else None


def next_to_leave(twins: Iterable[Twin], now: float, pace: Pace, *, cut: bool) -> Twin | None:
    """Return who is to leave first: the least recently used, of those that are not busy if possible.

    Args:
        twins: those in shards.
        now: the time.
        pace: how long a twin may stay at least.
        cut: whether a busy one may have to leave, too.
    """
    settled = [
        twin
        for twin in twins
        if twin.state is State.AWAKE
        and twin.awake_for(now) >= pace.tenancy
        and (cut or twin.busy is None)
    ]
    return min(
        settled, key=lambda twin: (twin.busy is not None, twin.used, twin.name), default=None
    )
