"""What becomes of twins by what their shards say, and when a shard dies."""

from collections.abc import Iterator
from typing import Final

from twin_module.host.channel import Asleep, Awake, Failed, Message, Report, Stays, TwinNow
from twin_module.host.keeper.twins import Shard, State, Twin
from twin_module.host.keeper.ways import Ways

AGAIN: Final = "The process that it was in ended."


class UnfitMessage(Exception):
    """A shard said what no shard says."""


class Hearing(Ways):
    """All twins and shards, with ears."""

    def hear(self, number: int, message: Message, now: float) -> None:
        """Take in what a shard said; nothing, when it is about a twin that is not in it.

        Raises:
            UnfitMessage: it is not what a shard says; nothing was changed.
        """
        # The patterns check what came from a process that talks with strangers.
        match message:
            case Awake(str(name), int() | float()):
                for twin in self._twin_in(number, name):
                    self._heard_awake(twin, now)
            case Asleep(str(name), int() | None as alarm):
                for twin in self._twin_in(number, name):
                    self._heard_asleep(twin, alarm, now)
            case Failed(str(name), str(why)):
                for twin in self._twin_in(number, name):
                    self._heard_failed(twin, why, now)
            case Stays(str(name), str(why)):
                for twin in self._twin_in(number, name):
                    self._heard_stays(twin, why, now)
            case Report(tuple(reports)):
                self._heard_report(self.shards[number], reports, now)
            case _:
                raise UnfitMessage(type(message).__name__)

    def closed(self, number: int, now: float) -> None:
        """A shard hears us no longer; it ends, or is ended."""
        shard = self.shards[number]
        shard.ending = True
        shard.kill_at = shard.kill_at or now + self._pace.stop

    def condemn(self, number: int, now: float) -> None:
        """A shard can't be trusted any more; it is killed."""
        shard = self.shards[number]
        shard.ending, shard.kill_at = True, now

    def died(self, number: int, now: float) -> None:
        """A shard's process is gone; its twins come up again at once, and after pauses when it happens again."""
        shard = self.shards.pop(number)
        self.changes += 1
        if not self.stopping and (shard.twins or not shard.ending):
            self.numbers.shard_deaths += 1
        for name in sorted(shard.twins):
            twin = self.twins[name]
            before = 0 if twin.awake_for(now) >= self._pace.steady else twin.deaths
            twin.deaths, twin.suspect = before + 1, twin.state is State.WAKING
            # What it had to do next is known no longer.
            twin.owed, twin.why = True, AGAIN
            self._leave(twin)
            if twin.leaving:
                self._take_down(twin, now)
            elif before:
                self._pause(twin, self._pace.pause(before), now)
            elif self.stopping:
                self._move(twin, State.ASLEEP, now)
            else:
                self._want(twin, now)

    def _twin_in(self, number: int, name: str) -> Iterator[Twin]:
        """Yield the twin, if it is in that shard."""
        if name in self.shards[number].twins:
            yield self.twins[name]

    def _heard_awake(self, twin: Twin, now: float) -> None:
        if twin.state is not State.WAKING:
            return
        self.numbers.woke(now - twin.wanted)
        self._round.pop(twin.name, None)
        self._alarms.drop(twin.name)
        twin.greeting = twin.unreachable = twin.owed = twin.suspect = False
        twin.why = twin.alarm = None
        twin.woke = twin.used = now
        self._move(twin, State.AWAKE, now)
        if twin.leaving:
            self._send_off(twin, now, at_once=True)

    def _heard_asleep(self, twin: Twin, alarm: int | None, now: float) -> None:
        # One that sleeps before it was awake has not done what it was woken for.
        undone = twin.state is State.WAKING
        self.numbers.sleeps += 1
        self._leave(twin)
        if twin.leaving:
            self._take_down(twin, now)
            return
        twin.alarm, twin.why, twin.failures, twin.deaths = alarm, None, 0, 0
        if alarm is not None:
            self._alarms.set(twin.name, alarm)
        if undone:
            twin.owed = True
            self._pause(twin, self._pace.pause(1), now)
        else:
            self._move(twin, State.ASLEEP, now)

    def _heard_failed(self, twin: Twin, why: str, now: float) -> None:
        steady = twin.awake_for(now) >= self._pace.steady
        twin.failures = 1 if steady else twin.failures + 1
        self.numbers.failed_wakes += 1
        self._leave(twin)
        if twin.leaving:
            self._take_down(twin, now)
            return
        # What it had to do next is known no longer.
        twin.owed, twin.why = True, why
        self._pause(twin, self._pace.pause(twin.failures), now)

    def _heard_stays(self, twin: Twin, why: str, now: float) -> None:
        if twin.state is not State.GOING:
            return
        if twin.at_once:
            # It had no choice: a shard that can't let go is broken.
            self.condemn(twin.shard, now)
            return
        self._move(twin, State.AWAKE, now)
        twin.busy = why
        if twin.leaving:
            self._send_off(twin, now, at_once=True)

    def _heard_report(self, shard: Shard, reports: tuple[TwinNow, ...], now: float) -> None:
        for report in reports:
            match report:
                case TwinNow(str(), int() | float(), str() | None, int(), int(), str() | None):
                    pass
                case _:
                    raise UnfitMessage(Report.__name__)
        shard.asked, shard.reported = None, now
        for report in reports:
            for twin in self._twin_in(shard.number, report.name):
                twin.used, twin.busy = now - report.idle, report.busy
                twin.requests, twin.queue = report.requests, report.queue
                if twin.problem != report.problem:
                    twin.problem = report.problem
                    self._note_change(twin.name)
