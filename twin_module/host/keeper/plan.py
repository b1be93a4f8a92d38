"""Which twin is where, and what is to be done about it: the keeper's head, without hands and without a clock.

What happens is told to it, with the time; `decide` then returns the orders that follow. It looks at
what is, not only at what changed.
"""

from twin_module.host.keeper.admission import Admission
from twin_module.host.keeper.care import next_look, what_it_needs
from twin_module.host.keeper.hearing import Hearing
from twin_module.host.keeper.twins import IN_SHARD, Ignore, Kill, Order, State, Twin, Watch
from twin_module.host.table import Entry


class Plan(Hearing, Admission):
    """What is to be done."""

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
            self._note_change(name)

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

    def try_again(self, name: str, now: float) -> bool:
        """Try a twin at once that failed and waits for its next try; tell whether it is one."""
        if self.stopping or self.twins[name].ready <= now:
            return False
        self.wake(name, now)
        return self.twins[name].state is State.WAITING

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
        self._duties.clear()
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
            self._admit_duties(now)
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
            if self._line or self._duties:
                due.append(self._pace.hurry)
                due.extend(self._until_they_may_leave(now))
        return max(0.0, min(due)) if due else None

    def _ring(self, now: float, wall: int) -> None:
        for name in self._alarms.take(wall):
            twin = self.twins[name]
            twin.owed = True
            # In a pause it stays owed, and the end of the pause looks at that.
            self._queue_duty(twin, now)

    def _resume(self, now: float) -> None:
        for name in self._pauses.take(now):
            twin = self.twins[name]
            self._touched.add(name)
            if twin.owed:
                self._queue_duty(twin, now)

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
