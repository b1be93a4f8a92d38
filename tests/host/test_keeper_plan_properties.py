"""Whatever happens in whatever order: what the keeper's plan promises holds."""

from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from twin_module.host.channel import (
    Ask,
    Asleep,
    Awake,
    Failed,
    Message,
    Report,
    Sleep,
    Stays,
    Stop,
    TwinNow,
)
from twin_module.host.keeper.hearing import UnfitMessage
from twin_module.host.keeper.pace import Pace
from twin_module.host.keeper.plan import Plan
from twin_module.host.keeper.room import LEAST_MB, cost
from twin_module.host.keeper.twins import (
    Close,
    Fork,
    Ignore,
    Kill,
    Order,
    State,
    Tell,
    Wake,
    Watch,
)
from twin_module.host.options import HostOptions
from twin_module.host.table import Entry

START = 1_800_000_000_000
"""A time of day in milliseconds."""
LONG = 12_000
"""Seconds in which everything has to be well again that can be."""


@dataclass
class Process:
    """A shard as it really is, which the plan knows from its messages only."""

    trust: str
    loading: list[str] = field(default_factory=list)
    awake: dict[str, float] = field(default_factory=dict)
    """Since when."""
    inbox: list[Message] = field(default_factory=list)

    @property
    def inside(self):
        return [*self.loading, *self.awake]


class World(RuleBasedStateMachine):
    """A host: real are processes, sockets and people here, and the plan is to keep up with them."""

    @initialize(
        count=st.integers(1, 8),
        domains=st.integers(1, 3),
        most=st.sampled_from([1, 2, 3, 25]),
        memory=st.sampled_from([0, LEAST_MB, 160, 200, 260, 1024]),
    )
    def start(self, count, domains, most, memory):
        self.pace = Pace()
        self.plan = Plan(HostOptions(memory_mb=memory, twins_per_shard=most), self.pace)
        self.budget = max(memory, LEAST_MB)
        self.most = most
        self.now = 1000.0
        self.processes: dict[int, Process] = {}
        self.watched: set[str] = set()
        self.open: set[str] = set()
        self.knocking: set[str] = set()
        self.must_wake: set[str] = set()
        self.alarms: dict[str, int] = {}
        self.busy: set[str] = set()
        self.entries = [
            Entry(f"t{n}", f"t{n}.example.org", f"trust{n % domains}") for n in range(count)
        ]
        for entry in self.entries:
            self.open.add(entry.name)
            self.plan.up(entry, self.now)
        self.settle()

    # What the keeper does

    @property
    def wall(self):
        return START + int(self.now * 1000)

    def settle(self):
        """Do what the plan orders, until it orders nothing."""
        for _ in range(100):
            for name in sorted(self.watched & self.knocking):
                self.plan.knock(name, self.now)
            for name, alarm in list(self.alarms.items()):
                if alarm <= self.wall:
                    del self.alarms[name]
                    self.must_wake.add(name)
            orders = self.plan.decide(self.now, self.wall)
            if not orders:
                return
            self.people_go_first(orders)
            for order in orders:
                self.obey(order)
        raise AssertionError("the plan gives orders for ever")

    def people_go_first(self, orders):
        """Nobody is woken for a duty while a twin waits that somebody wants something of."""
        woken = [self.plan.twins[order.name] for order in orders if isinstance(order, Wake)]
        assert not self.plan._line or not any(twin.on_duty for twin in woken)

    def obey(self, order: Order):
        match order:
            case Fork(number, trust):
                assert number not in self.processes
                self.processes[number] = Process(trust)
            case Wake(number, name, was_unreachable):
                twin, process = self.plan.twins[name], self.processes[number]
                assert not any(name in each.inside for each in self.processes.values())
                assert twin.trust == process.trust
                assert Stop() not in process.inbox
                assert was_unreachable or name not in self.plan._round
                process.loading.append(name)
            case Tell(number, message):
                self.processes[number].inbox.append(message)
            case Kill(number):
                self.die(number)
            case Watch(name):
                self.watched.add(name)
            case Ignore(name):
                self.watched.remove(name)
            case Close(name):
                self.open.remove(name)
                self.watched.discard(name)
                self.gone(name)

    def gone(self, name):
        for promises in (self.knocking, self.must_wake):
            promises.discard(name)
        self.alarms.pop(name, None)

    # What shards do

    def say(self, number, message):
        self.plan.hear(number, message, self.now)

    def comes(self, number, name):
        process = self.processes[number]
        process.loading.remove(name)
        process.awake[name] = self.now
        self.knocking.discard(name)
        self.must_wake.discard(name)
        self.alarms.pop(name, None)
        self.say(number, Awake(name, 0.1))

    def goes(self, number, name, alarm):
        process = self.processes[number]
        if name in process.loading:
            process.loading.remove(name)
            self.must_wake.add(name)
        else:
            del process.awake[name]
        if alarm is not None and not self.plan.twins[name].leaving:
            self.alarms[name] = alarm
        self.say(number, Asleep(name, alarm))

    def fails(self, number, name):
        process = self.processes[number]
        if name in process.loading:
            process.loading.remove(name)
        else:
            del process.awake[name]
        if not self.plan.twins[name].leaving:
            self.must_wake.add(name)
        self.say(number, Failed(name, "its homeserver.yaml has a fault"))

    def die(self, number):
        process = self.processes.pop(number)
        self.must_wake.update(process.inside)
        for name in process.inside:
            self.alarms.pop(name, None)
        self.plan.died(number, self.now)

    def answer(self, number, alarm):
        """Have a shard take in its next message."""
        process = self.processes[number]
        match process.inbox.pop(0):
            case Ask():
                self.say(number, self.report(process))
            case Stop():
                for name in list(process.inside):
                    self.goes(number, name, alarm)
                self.die(number)
            case Sleep(name, at_once):
                if name in process.awake:
                    if name in self.busy and not at_once:
                        self.say(number, Stays(name, "a client is online"))
                    else:
                        self.goes(number, name, alarm)

    def report(self, process):
        return Report(
            tuple(
                TwinNow(name, self.now - since, "online" if name in self.busy else None, 1, 0)
                for name, since in process.awake.items()
            )
        )

    # What happens

    names = st.integers(0, 7)
    alarms_ = st.none() | st.integers(-10, 5000)

    def name_of(self, n):
        return self.entries[n % len(self.entries)].name

    def number_of(self, n):
        return sorted(self.processes)[n % len(self.processes)]

    def at(self, alarm):
        return None if alarm is None else self.wall + alarm * 1000

    @rule(n=names)
    def somebody_connects(self, n):
        if self.name_of(n) in self.open:
            self.knocking.add(self.name_of(n))
            for process in self.processes.values():
                if self.name_of(n) in process.awake:
                    self.knocking.discard(self.name_of(n))
        self.settle()

    @rule(seconds=st.sampled_from([1, 2, 9, 31, 61, 130, 700, 2000]))
    def time_passes(self, seconds):
        self.now += seconds
        self.settle()

    @rule(n=names)
    def a_twin_becomes_busy_or_quiet(self, n):
        self.busy ^= {self.name_of(n)}

    @precondition(lambda self: any(each.loading for each in self.processes.values()))
    @rule(n=names, well=st.sampled_from([True, True, True, False]))
    def a_twin_is_loaded_or_not(self, n, well):
        loading = [(k, name) for k, each in sorted(self.processes.items()) for name in each.loading]
        number, name = loading[n % len(loading)]
        (self.comes if well else self.fails)(number, name)
        self.settle()

    @precondition(lambda self: any(each.awake for each in self.processes.values()))
    @rule(n=names, alarm=alarms_, well=st.sampled_from([True, True, True, False]))
    def a_twin_sleeps_or_ends(self, n, alarm, well):
        awake = [(k, name) for k, each in sorted(self.processes.items()) for name in each.awake]
        number, name = awake[n % len(awake)]
        if well:
            self.goes(number, name, self.at(alarm))
        else:
            self.fails(number, name)
        self.settle()

    @precondition(lambda self: any(each.inbox for each in self.processes.values()))
    @rule(n=names, alarm=alarms_)
    def a_shard_answers(self, n, alarm):
        asked = [number for number, each in sorted(self.processes.items()) if each.inbox]
        self.answer(asked[n % len(asked)], self.at(alarm))
        self.settle()

    @precondition(lambda self: any(each.inbox for each in self.processes.values()))
    @rule(n=names)
    def a_shard_does_not_do_what_it_is_told(self, n):
        asked = [number for number, each in sorted(self.processes.items()) if each.inbox]
        number = asked[n % len(asked)]
        match self.processes[number].inbox.pop(0):
            case Sleep(name, at_once) if at_once and name in self.processes[number].awake:
                self.say(number, Stays(name, "it does not want to"))
        self.settle()

    @precondition(lambda self: any(each.loading for each in self.processes.values()))
    @rule(n=names, alarm=alarms_)
    def a_twin_sleeps_before_it_was_awake(self, n, alarm):
        loading = [(k, name) for k, each in sorted(self.processes.items()) for name in each.loading]
        number, name = loading[n % len(loading)]
        self.goes(number, name, self.at(alarm))
        self.settle()

    @precondition(lambda self: self.processes)
    @rule(n=names)
    def a_shard_dies(self, n):
        self.die(self.number_of(n))
        self.settle()

    @precondition(lambda self: self.processes)
    @rule(n=names)
    def a_shard_closes_its_channel(self, n):
        self.plan.closed(self.number_of(n), self.now)
        self.settle()

    @precondition(lambda self: self.processes)
    @rule(
        n=names,
        message=st.sampled_from(
            [
                Asleep("t0", "tomorrow"),  # type: ignore[arg-type]
                Awake(7, 1.0),  # type: ignore[arg-type]
                Report((TwinNow("t0", "long", None, 1, 1),)),  # type: ignore[arg-type]
                Stop(),
            ]
        ),
    )
    def a_shard_says_what_no_shard_says(self, n, message):
        number = self.number_of(n)
        try:
            self.say(number, message)
        except UnfitMessage:
            self.plan.condemn(number, self.now)
        else:
            raise AssertionError("it was taken for a message")
        self.settle()

    @precondition(lambda self: self.processes)
    @rule(n=names, m=names)
    def a_shard_speaks_of_a_twin_that_it_has_not(self, n, m):
        number, name = self.number_of(n), self.name_of(m)
        if name not in self.processes[number].inside:
            for message in (Awake(name, 1), Asleep(name, None), Failed(name, ""), Stays(name, "")):
                self.say(number, message)
        self.settle()

    @rule(n=names)
    def a_twin_is_taken_down(self, n):
        self.gone(self.name_of(n))
        if self.name_of(n) in self.plan.twins:
            self.plan.down(self.name_of(n), self.now)
        self.settle()

    @rule(n=names)
    def a_twin_that_is_down_is_forgotten(self, n):
        if (twin := self.plan.twins.get(self.name_of(n))) and twin.state is State.DOWN:
            self.plan.forget(twin.name)
        self.settle()

    @rule(n=names)
    def a_twin_is_taken_up(self, n):
        entry = self.entries[n % len(self.entries)]
        self.open.add(entry.name)
        self.plan.up(entry, self.now)
        self.settle()

    @rule(n=names)
    def somebody_orders_a_twin_to_wake(self, n):
        if self.name_of(n) in self.plan.twins:
            self.plan.wake(self.name_of(n), self.now)
        self.settle()

    @rule(n=names)
    def somebody_orders_a_twin_to_sleep(self, n):
        if self.name_of(n) in self.plan.twins:
            self.plan.put_to_sleep(self.name_of(n), self.now)
        self.settle()

    # What holds

    @invariant()
    def the_plan_knows_where_each_twin_is(self):
        for name, twin in self.plan.twins.items():
            inside = [k for k, each in self.processes.items() if name in each.inside]
            assert inside == ([twin.shard] if twin.shard else [])
            assert bool(twin.shard) == (twin.state in {State.WAKING, State.AWAKE, State.GOING})

    @invariant()
    def twins_of_two_trust_domains_never_share_a_shard(self):
        for process in self.processes.values():
            trusts = {self.plan.twins[name].trust for name in process.inside}
            assert trusts <= {process.trust}
            assert len(process.inside) <= self.most

    @invariant()
    def what_is_awake_fits_the_memory(self):
        inside = sum(len(each.inside) for each in self.processes.values())
        assert cost(len(self.processes), inside) <= self.budget

    @invariant()
    def a_socket_is_watched_only_while_its_twin_sleeps_and_may_be_tried(self):
        for name, twin in self.plan.twins.items():
            rests = twin.state is State.ASLEEP and twin.ready <= self.now
            assert (name in self.watched) == rests
            assert (name in self.open) == (twin.state is not State.DOWN)

    @invariant()
    def whoever_waits_for_a_duty_sleeps_and_hears_who_knocks(self):
        for name in self.plan._duties:
            assert self.plan.twins[name].state is State.ASLEEP
            assert name in self.watched

    @invariant()
    def the_keeper_may_rest(self):
        rest = self.plan.rest(self.now, self.wall)
        assert rest is None or rest > 0
        if not self.processes and not self.knocking and not self.must_wake and not self.alarms:
            waiting = self.plan._line or self.plan._duties or self.plan._pauses.first()
            assert rest is None or waiting

    def teardown(self):
        """Let everything be well from now on: then nobody waits for ever, and no alarm is lost."""
        if not hasattr(self, "plan"):
            return
        end = self.now + LONG
        while self.now < end and (self.knocking or self.must_wake or self.alarms):
            for number in sorted(self.processes):
                while number in self.processes and self.processes[number].inbox:
                    self.answer(number, None)
                for name in (
                    list(self.processes[number].loading) if number in self.processes else []
                ):
                    self.comes(number, name)
            self.settle()
            rest = self.plan.rest(self.now, self.wall)
            assert rest is None or rest > 0
            self.now += min(rest, 5) if rest is not None else 5
            self.settle()
            self.what_is_awake_fits_the_memory()
        assert not self.knocking
        assert not self.must_wake
        assert not self.alarms


TestWhateverHappens = World.TestCase
