"""Who is let in next, and who has to leave for that: people first, then duties, then the round after the start."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from twin_module.host.keeper.pace import Pace
from twin_module.host.keeper.room import LEAST_MB, TWIN_MB, Rooms, cost, may_leave, next_to_leave
from twin_module.host.keeper.twins import Fork, Shard, State, Twin, Wake
from twin_module.host.keeper.ways import Ways
from twin_module.host.options import HostOptions

GREETING_AT_ONCE: Final = 2
"""How many twins wake at a time in the round after the start."""
DUTIES_AT_ONCE: Final = 4
"""How many twins wake at a time for what they have to do themselves, so that people wait little for them."""
LEAVING_AT_ONCE: Final = 8
"""For how many of those who wait room is made at a time."""
A_MOMENT: Final = 0.001
"""Seconds; what is due now by one sum may not be by another, since times are not exact."""


class Admission(Ways):
    """All twins and shards, with doors."""

    def __init__(self, options: HostOptions, pace: Pace) -> None:
        super().__init__(pace)
        self._budget = max(options.memory_mb, LEAST_MB)
        self._most = options.twins_per_shard
        self._last_shard = 0

    def _queue_duty(self, twin: Twin, now: float) -> None:
        """Have a twin wake for what it has to do; it goes on to listen, and whoever knocks is served first."""
        if twin.state is State.ASLEEP and twin.ready <= now:
            twin.wanted = now
            self._duties[twin.name] = None

    def _admit(self, now: float) -> None:
        """Let those in whom somebody waits for."""
        while self._line:
            if not self._place(self.twins[next(iter(self._line))], now):
                self._make_room(self._line, now)
                return

    def _admit_duties(self, now: float) -> None:
        """Let those in who have something to do, when nobody else waits, a few at a time."""
        under_way = sum(each.on_duty and each.state is State.WAKING for each in self._inside())
        for name in list(self._duties):
            if self._line or under_way >= DUTIES_AT_ONCE:
                return
            spare = self._spare(now)
            if not self._place(self.twins[name], now, spare):
                self._make_room(self._duties, now, spare)
                return
            self.twins[name].on_duty = True
            under_way += 1

    def _spare(self, now: float) -> int:
        """Return how much room is left for people, in MB, while those inside who do duties can't leave yet."""
        young = (each.on_duty and not may_leave(each, now, self._pace) for each in self._inside())
        return TWIN_MB if any(young) else 0

    def _inside(self) -> Iterator[Twin]:
        return (self.twins[name] for shard in self.shards.values() for name in shard.twins)

    def _greet(self, now: float) -> None:
        """Go on with the round after the start, for which nobody has to leave."""
        under_way = sum(each.greeting for each in self._inside())
        for name in self._round:
            if self._line or self._duties or under_way >= GREETING_AT_ONCE:
                return
            twin = self.twins[name]
            if twin.state is State.ASLEEP and twin.ready <= now:
                twin.wanted = now
                twin.greeting = self._place(twin, now)
                if not twin.greeting:
                    return
                under_way += 1

    def _place(self, twin: Twin, now: float, spare: int = 0) -> bool:
        """Have a twin loaded, if there is room and so many MB are left."""
        rooms = Rooms(self._most, now, self._pace)
        shard = rooms.fullest(twin, self.shards.values(), self.twins)
        inside = sum(len(each.twins) for each in self.shards.values())
        if cost(len(self.shards) + (shard is None), inside + 1) + spare > self._budget:
            return False
        if shard is None:
            self._last_shard += 1
            shard = Shard(self._last_shard, twin.trust, reported=now)
            self.shards[shard.number] = shard
            self._orders.append(Fork(shard.number, shard.trust))
        shard.twins.add(twin.name)
        twin.shard = shard.number
        if now - twin.wanted > self._pace.unreachable:
            twin.unreachable = True
        self._move(twin, State.WAKING, now)
        self._orders.append(Wake(shard.number, twin.name, twin.unreachable))
        return True

    def _make_room(self, waiting: Iterable[str], now: float, spare: int = 0) -> None:
        """Have as many leave as the first of those who wait need, and so many MB more."""
        newcomers: list[Twin] = []
        for name in islice(waiting, LEAVING_AT_ONCE):
            newcomers.append(self.twins[name])
            patient = now - self.twins[name].wanted < self._pace.patience
            while self._lacks_room(newcomers, now, spare):
                if not self._knows_who_is_busy(now):
                    return
                # What somebody does is not cut for room that nobody needs yet.
                cut = not patient and (spare == 0 or self._lacks_room(newcomers, now, 0))
                leaver = next_to_leave(self._inside(), now, self._pace, cut=cut)
                if leaver is None:
                    return
                self._send_off(leaver, now, at_once=leaver.busy is not None)

    def _lacks_room(self, newcomers: list[Twin], now: float, spare: int) -> bool:
        """Tell whether newcomers have no room even when all are gone that go already."""
        rooms = Rooms(self._most, now, self._pace)
        wanted = rooms.cost_with(newcomers, self.shards.values(), self.twins)
        return wanted + spare > self._budget

    def _knows_who_is_busy(self, now: float) -> bool:
        """Tell whether shards have said of late how their twins are; ask those that have not.

        Whom nobody may leave is not asked: one where all have just come says nothing that matters,
        and may not hear for long while it loads them.
        """
        known = True
        for shard in self.shards.values():
            if shard.ending or now - shard.reported <= self._pace.fresh:
                continue
            if not any(may_leave(self.twins[name], now, self._pace) for name in shard.twins):
                continue
            self._ask(shard, now)
            known = known and shard.asked is not None and now - shard.asked >= self._pace.hurry
        return known

    def _until_they_may_leave(self, now: float) -> Iterator[float]:
        for twin in self._inside():
            if twin.state is State.AWAKE and not may_leave(twin, now, self._pace):
                yield max(twin.woke + self._pace.tenancy - now, A_MOMENT)
