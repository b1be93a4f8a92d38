"""How much memory twins take, which shard has room for one, and who leaves first when there is none.

The figures are rounded from what was measured, see docs/scaling.md: a used twin takes less, and the
front's share is not in them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
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
        self, newcomer: Twin, shards: Iterable[Shard], twins: Mapping[str, Twin]
    ) -> Shard | None:
        """Return the fullest shard of a twin's trust domain that has room for it.

        Twins whose shard died come together only with those that are equally suspected, and in
        half as many each time: whoever kills shards is soon alone, and harms no neighbours any more.

        Args:
            newcomer: the twin.
            shards: all there are.
            twins: all by name.
        """
        level = suspicion(newcomer, self._now, self._pace)
        room = max(1, self._most >> level)
        fitting: list[tuple[int, int, Shard]] = []
        for shard in shards:
            if shard.trust != newcomer.trust or shard.ending:
                continue
            inside = [twins[name] for name in shard.twins]
            alike = all(suspicion(twin, self._now, self._pace) == level for twin in inside)
            if alike and len(inside) < room:
                fitting.append((len(inside), -shard.number, shard))
        return max(fitting)[-1] if fitting else None

    def cost_with(
        self, newcomers: Iterable[Twin], shards: Iterable[Shard], twins: Mapping[str, Twin]
    ) -> int:
        """Return what it takes when all who go are gone and these have come, in MB."""
        kept = [
            replace(shard, twins={each for each in shard.twins if twins[each].state in STAYING})
            for shard in shards
        ]
        for number, newcomer in enumerate(newcomers, 1):
            shard = self.fullest(newcomer, kept, twins)
            if shard is None:
                shard = Shard(-number, newcomer.trust, self._now)
                kept.append(shard)
            shard.twins.add(newcomer.name)
        sizes = [len(shard.twins) for shard in kept if shard.twins]
        return cost(len(sizes), sum(sizes))


def may_leave(twin: Twin, now: float, pace: Pace) -> bool:
    """Tell whether a twin has been awake for long enough to leave for others."""
    return twin.state is State.AWAKE and twin.awake_for(now) >= pace.tenancy


def next_to_leave(twins: Iterable[Twin], now: float, pace: Pace, *, cut: bool) -> Twin | None:
    """Return who is to leave first: the least recently used, of those that are not busy if possible.

    Args:
        twins: those in shards.
        now: the time.
        pace: how long a twin may stay at least.
        cut: whether a busy one may have to leave, too.
    """
    settled = [twin for twin in twins if may_leave(twin, now, pace) and (cut or twin.busy is None)]
    return min(
        settled, key=lambda twin: (twin.busy is not None, twin.used, twin.name), default=None
    )
