"""The steps of a twin's way between down, asleep and awake, and what follows from each at once."""

from twin_module.host.channel import Ask, Sleep, Stop
from twin_module.host.keeper.due import Due
from twin_module.host.keeper.numbers import Numbers
from twin_module.host.keeper.pace import Pace
from twin_module.host.keeper.twins import Close, Order, Shard, State, Tell, Twin


class Ways:
    """All twins and shards of a host, and who waits for what."""

    def __init__(self, pace: Pace) -> None:
        self.twins: dict[str, Twin] = {}
        self.shards: dict[int, Shard] = {}
        self.numbers = Numbers()
        self.changes = 0
        """Grows with whatever those who watch the host may want to know."""
        self.changed: set[str] = set()
        """Whose state is another one than when this was cleared last, or who is gone."""
        self.stopping = False
        self._pace = pace
        # Dictionaries are queues here: first come, first served, and anybody may leave.
        self._line: dict[str, None] = {}
        """Who is to wake as soon as there is room, since somebody wants something of it."""
        self._duties: dict[str, None] = {}
        """Who has something to do and sleeps, and is to wake after those in the line."""
        self._round: dict[str, None] = {}
        """Who has not been awake since the host started."""
        self._alarms: Due[int] = Due()
        self._pauses: Due[float] = Due()
        self._touched: set[str] = set()
        """Whose socket may have to be watched from now on, or no longer."""
        self._orders: list[Order] = []

    def _move(self, twin: Twin, state: State, now: float) -> None:
        if state is not State.WAITING:
            self._line.pop(twin.name, None)
        if state is not State.ASLEEP:
            self._duties.pop(twin.name, None)
        twin.state, twin.since = state, now
        self._touched.add(twin.name)
        self._note_change(twin.name)

    def _note_change(self, name: str) -> None:
        self.changed.add(name)
        self.changes += 1

    def _want(self, twin: Twin, now: float) -> None:
        twin.wanted = now
        self._line[twin.name] = None
        self._move(twin, State.WAITING, now)

    def _send_off(self, twin: Twin, now: float, *, at_once: bool) -> None:
        twin.at_once = at_once
        self._move(twin, State.GOING, now)
        self._orders.append(Tell(twin.shard, Sleep(twin.name, at_once)))

    def _leave(self, twin: Twin) -> None:
        if twin.shard in self.shards:
            self.shards[twin.shard].twins.discard(twin.name)
        twin.shard, twin.greeting, twin.on_duty, twin.at_once = 0, False, False, False
        twin.busy, twin.requests, twin.queue, twin.problem = None, 0, 0, None

    def _pause(self, twin: Twin, seconds: float, now: float) -> None:
        twin.ready, twin.unreachable = now + seconds, True
        self._pauses.set(twin.name, twin.ready)
        self._move(twin, State.ASLEEP, now)

    def _take_down(self, twin: Twin, now: float) -> None:
        self._round.pop(twin.name, None)
        self._alarms.drop(twin.name)
        self._pauses.drop(twin.name)
        twin.leaving = twin.owed = twin.watched = False
        twin.alarm = twin.why = None
        self._move(twin, State.DOWN, now)
        self._orders.append(Close(twin.name))

    def _ask(self, shard: Shard, now: float) -> None:
        if shard.asked is None and not shard.ending:
            shard.asked = now
            self._orders.append(Tell(shard.number, Ask()))

    def _end(self, shard: Shard, now: float) -> None:
        if not shard.ending:
            shard.ending, shard.kill_at = True, now + self._pace.stop
            self._orders.append(Tell(shard.number, Stop()))
