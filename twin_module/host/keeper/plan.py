"""Which twin is where, and what is to be done about it: the keeper's head, without hands and without a clock.

What happens is told to it, with the time; `decide` then returns the orders that follow. It looks at
what is, not only at what changed.
"""

from typing import Final

from twin_module.host.keeper.care import next_look, what_it_needs
from twin_module.host.keeper.hearing import Hearing
from twin_module.host.keeper.pace import Pace
from twin_module.host.keeper.room import LEAST_MB, Rooms, cost, cost_when_gone, next_to_leave
from twin_module.host.keeper.twins import (
    IN_SHARD,
    Fork,
    Ignore,
    Kill,
    Order,
    Shard,
    State,
    Twin,
    Wake,
    Watch,
)
from twin_module.host.options import HostOptions
from twin_module.host.table import Entry

GREETING_AT_ONCE: Final = 2
"""How many twins wake at a time in the round after the start."""


class Plan(Hearing):
    """What is to be done."""

    def __init__(self, options: HostOptions, pace: Pace) -> None:
        super().__init__(pace)
        self._budget = max(options.memory_mb, LEAST_MB)
        self._most = options.twins_per_shard
        self._last_shard = 0

    # What people want

    def up(self, entry: Entry, now: float) -> None:
        """Take a twin in, whose socket is open; it is woken once, and from then on when it is needed."""
        known = self.twins.get(entry.name)
        if known is not None and known.state is not State.DOWN:
            known.leaving = False
            return
        twin = Twin(entry.name, entry.server_name, entry.trust, unreachable=True)
        self.twins[entry.name] = twin
        self._round[entry.name] = None
        self._move(twin, State.ASLEEP, now)

    def note_down(self, entry: Entry, why: str | None, now: float) -> None:
        """Take a twin in that is down, because its owner wants it or for what is wrong with it."""
        twin = Twin(entry.name, entry.server_name, entry.trust, why=why)
        self.twins[entry.name] = twin
        self._move(twin, State.DOWN, now)

    def forget(self, name: str) -> None:
        """Forget a twin that is down."""
        if self.twins[name].state is State.DOWN:
            del self.twins[name]
            self.changes += 1

    def down(self, name: str, now: float) -> None:
        """Take a twin down, whatever it does; what is under way is cut."""
        twin = self.twins[name]
        if twin.state in IN_SHARD:
            twin.leaving = True
            # One that is loading goes when it has come.
            if twin.state is State.AWAKE:
                self._send_off(twin, now, at_once=True)
        elif twin.state is not State.DOWN:
            self._take_down(twin, now)

    def knock(self, name: str, now: float) -> None:
        """Somebody connected to a twin that sleeps."""
        twin = self.twins.get(name)
        if twin is not None and twin.state is State.ASLEEP and twin.ready <= now:
            self._want(twin, now)

    def wake(self, name: str, now: float) -> None:
        """Wake a twin, without the pause that it may be in."""
        self.twins[name].ready = min(self.twins[name].ready, now)
        self.knock(name, now)

    def put_to_sleep(self, name: str, now: float) -> None:
        """Ask a twin to sleep, if it owes nothing."""
        if self.twins[name].state is State.AWAKE:
            self._send_off(self.twins[name], now, at_once=False)

    def ask(self, now: float) -> None:
        """Ask all shards how their twins are."""
        for shard in self.shards.values():
            self._ask(shard, now)

    def stop(self, now: float) -> None:
        """Let everybody go; nobody wakes any more."""
        self.stopping = True
        for name in list(self._line):
            self._move(self.twins[name], State.ASLEEP, now)
        for shard in self.shards.values():
            self._end(shard, now)
        self._touched.update(self.twins)

    def is_to_come(self, name: str) -> bool:
        """Tell whether a twin has not been awake yet in the round after the start."""
        return name in self._round

    # What follows

    def decide(self, now: float, wall: int) -> list[Order]:
        """Return what is to be done, in this order.

        Args:
            now: the time of a clock that nobody sets, in seconds.
            wall: the time of day, in milliseconds since 1970.
        """
        if not self.stopping:
            self._ring(now, wall)
            self._resume(now)
            self._admit(now)
            self._greet(now)
        self._tend_shards(now)
        self._watch(now)
        orders, self._orders = self._orders, []
        return orders

    def rest(self, now: float, wall: int) -> float | None:
        """Return for how many seconds nothing is to be decided unless something happens; None is for ever."""
        due = [shard.kill_at - now for shard in self.shards.values() if shard.kill_at is not None]
        if not self.stopping:
            for shard in self.shards.values():
                if not shard.ending:
                    due.append(next_look(shard, self.twins, self._pace) - now)
            if (alarm := self._alarms.first()) is not None:
                due.append(min(alarm - wall, int(self._pace.alarm * 1000)) / 1000)
            if (pause := self._pauses.first()) is not None:
                due.append(pause - now)
            if self._line:
                due.append(self._pace.hurry)
        return max(0.0, min(due)) if due else None

    def _ring(self, now: float, wall: int) -> None:
        for name in self._alarms.take(wall):
            twin = self.twins[name]
            twin.owed = True
            # In a pause it stays owed, and the end of the pause looks at that.
            self.knock(name, now)

    def _resume(self, now: float) -> None:
        for name in self._pauses.take(now):
            twin = self.twins[name]
            self._touched.add(name)
            if twin.owed:
                self.knock(name, now)

    def _admit(self, now: float) -> None:
        while self._line:
            twin = self.twins[next(iter(self._line))]
            if not self._place(twin, now):
                self._make_room(twin, now)
                return

    def _greet(self, now: float) -> None:
        """Go on with the round after the start, for which nobody has to leave."""
        under_way = sum(
            self.twins[name].greeting for shard in self.shards.values() for name in shard.twins
        )
        for name in self._round:
            if self._line or under_way >= GREETING_AT_ONCE:
                return
            twin = self.twins[name]
            if twin.state is State.ASLEEP and twin.ready <= now:
                twin.wanted = now
                twin.greeting = self._place(twin, now)
                if not twin.greeting:
                    return
                under_way += 1

    def _place(self, twin: Twin, now: float) -> bool:
        """Have a twin loaded, if there is room."""
        rooms = Rooms(self._most, now, self._pace)
        shard = rooms.fullest(twin, self.shards.values(), self.twins)
        inside = sum(len(each.twins) for each in self.shards.values())
        if cost(len(self.shards) + (shard is None), inside + 1) > self._budget:
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

    def _make_room(self, newcomer: Twin, now: float) -> None:
        inside = [self.twins[name] for shard in self.shards.values() for name in shard.twins]
        cut = now - newcomer.wanted >= self._pace.patience
        while self._lacks_room(newcomer, inside, now) and self._knows_who_is_busy(now):
            leaver = next_to_leave(inside, now, self._pace, cut=cut)
            if leaver is None:
                return
            self._send_off(leaver, now, at_once=leaver.busy is not None)

    def _lacks_room(self, newcomer: Twin, inside: list[Twin], now: float) -> bool:
        """Tell whether a newcomer has no room even when all are gone that go already."""
        rooms = Rooms(self._most, now, self._pace)
        shard = rooms.fullest(newcomer, self.shards.values(), self.twins, when_gone=True)
        return cost_when_gone(inside, shard.number if shard else 0) > self._budget

    def _knows_who_is_busy(self, now: float) -> bool:
        """Tell whether all shards have said of late how their twins are; ask those that have not."""
        known = True
        for shard in self.shards.values():
            if shard.ending or now - shard.reported <= self._pace.fresh:
                continue
            self._ask(shard, now)
            known = known and shard.asked is not None and now - shard.asked >= self._pace.hurry
        return known

    def _tend_shards(self, now: float) -> None:
        for shard in self.shards.values():
            match what_it_needs(shard, self.twins, now, self._pace):
                case "stop":
                    self._end(shard, now)
                case "ask":
                    self._ask(shard, now)
                case "kill":
                    shard.ending, shard.kill_at = True, None
                    self._orders.append(Kill(shard.number))

    def _watch(self, now: float) -> None:
        for name in sorted(self._touched & self.twins.keys()):
            twin = self.twins[name]
            wanted = twin.state is State.ASLEEP and twin.ready <= now and not self.stopping
            if wanted != twin.watched:
                twin.watched = wanted
                self._orders.append(Watch(name) if wanted else Ignore(name))
        self._touched.clear()
