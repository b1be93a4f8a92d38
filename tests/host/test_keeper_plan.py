"""Single turns of the keeper's plan: who goes where, who leaves for whom, what waits how long."""

import pytest

from twin_module.host.channel import Ask, Asleep, Awake, Failed, Report, Sleep, Stays, TwinNow
from twin_module.host.keeper.admission import DUTIES_AT_ONCE
from twin_module.host.keeper.due import Due
from twin_module.host.keeper.numbers import BOUNDS, Numbers
from twin_module.host.keeper.pace import Pace
from twin_module.host.keeper.plan import Plan
from twin_module.host.keeper.room import LEAST_MB, SHARD_MB, TWIN_MB
from twin_module.host.keeper.status import changed_twins
from twin_module.host.keeper.twins import Fork, Kill, State, Tell, Wake, Watch
from twin_module.host.options import HostOptions
from twin_module.host.table import Entry

WALL = 1_800_000_000_000


class Desk:
    """A plan, its time, and shards that load at once unless told otherwise."""

    def __init__(self, names, *, memory=1024, most=25, trusts=("home",), greeted=True):
        self.pace = Pace()
        self.plan = Plan(HostOptions(memory_mb=memory, twins_per_shard=most), self.pace)
        self.now = 0.0
        for n, name in enumerate(names):
            self.plan.up(Entry(name, f"{name}.example.org", trusts[n % len(trusts)]), self.now)
            if greeted:
                self.plan._round.clear()

    def orders(self):
        return self.plan.decide(self.now, WALL + int(self.now * 1000))

    def knock(self, *names):
        for name in names:
            self.plan.knock(name, self.now)
        return self.orders()

    def wake(self, *names):
        """Have twins woken and loaded."""
        orders = self.knock(*names)
        for order in orders:
            if isinstance(order, Wake):
                self.plan.hear(order.shard, Awake(order.name, 0.1), self.now)
        return orders + self.orders()

    def report(self, **busy):
        for number, shard in self.plan.shards.items():
            twins = [
                TwinNow(n, self.now - self.plan.twins[n].used, busy.get(n), 0, 0)
                for n in shard.twins
            ]
            self.plan.hear(number, Report(tuple(twins)), self.now)

    def asleep(self, name, alarm=None):
        self.plan.hear(self.plan.twins[name].shard, Asleep(name, alarm), self.now)
        return self.orders()

    def state(self, name):
        return self.plan.twins[name].state


def kinds(orders, kind):
    return [order for order in orders if isinstance(order, kind)]


def test_the_first_connection_forks_a_shard_and_the_next_ones_fill_it():
    desk = Desk("abc", most=2)
    assert kinds(desk.wake("a"), Fork) == [Fork(1, "home")]
    assert kinds(desk.wake("b"), Wake) == [Wake(1, "b", was_unreachable=True)]
    assert kinds(desk.wake("c"), Fork) == [Fork(2, "home")]


def test_a_twin_goes_to_the_fullest_shard_with_room():
    desk = Desk("abcdef", most=3)
    desk.wake("a", "b", "c", "d")
    desk.asleep("a")
    assert kinds(desk.wake("e"), Wake)[0].shard == 1


def test_an_empty_shard_is_told_to_end_and_gets_no_twin_any_more():
    desk = Desk("ab")
    desk.wake("a")
    assert [type(order.message).__name__ for order in kinds(desk.asleep("a"), Tell)] == ["Stop"]
    assert kinds(desk.wake("b"), Fork) == [Fork(2, "home")]


def test_after_the_start_two_twins_at_a_time_greet_and_each_once():
    desk = Desk("abcd", greeted=False)
    assert kinds(desk.orders(), Wake) == [
        Wake(1, "a", was_unreachable=True),
        Wake(1, "b", was_unreachable=True),
    ]
    assert not kinds(desk.orders(), Wake)
    desk.plan.hear(1, Awake("a", 0.1), 1)
    assert [order.name for order in kinds(desk.orders(), Wake)] == ["c"]
    for name in "bcd":
        desk.plan.hear(1, Awake(name, 0.1), 1)
        desk.orders()
    for name in "abcd":
        desk.asleep(name)
    assert not kinds(desk.orders(), Wake)
    desk.plan.died(1, 2)
    assert kinds(desk.knock("a"), Wake) == [Wake(2, "a", was_unreachable=False)]


def test_the_round_after_the_start_makes_nobody_leave():
    desk = Desk("ab", memory=LEAST_MB, greeted=False)
    desk.orders()
    desk.plan.hear(1, Awake("a", 0.1), 1)
    desk.now = 1000
    desk.report()
    assert desk.orders() == []
    assert desk.state("b") is State.ASLEEP


def test_the_least_recently_used_twin_that_is_not_busy_leaves_for_a_newcomer():
    desk = Desk("abcd", memory=LEAST_MB + 2 * TWIN_MB)
    desk.wake("a")
    desk.now = 5
    desk.wake("b")
    desk.now = 6
    desk.wake("c")
    desk.now = 20
    desk.report(a="a call")
    assert kinds(desk.knock("d"), Tell) == [Tell(1, Sleep("b"))]
    desk.plan.hear(1, Asleep("b", None), 20)
    assert kinds(desk.orders(), Wake) == [Wake(1, "d", was_unreachable=True)]


def test_shards_are_asked_who_is_busy_before_somebody_has_to_leave():
    desk = Desk("ab", memory=LEAST_MB)
    desk.wake("a")
    desk.now = 50
    assert kinds(desk.knock("b"), Tell) == [Tell(1, Ask())]
    desk.report()
    assert desk.orders() == [Tell(1, Sleep("a"))]


def test_a_shard_that_says_nothing_is_not_waited_for_long():
    desk = Desk("ab", memory=LEAST_MB)
    desk.wake("a")
    desk.now = 50
    desk.knock("b")
    desk.now += desk.pace.hurry
    assert desk.orders() == [Tell(1, Sleep("a"))]


def test_a_twin_that_just_woke_may_stay_to_answer():
    desk = Desk("ab", memory=LEAST_MB)
    desk.wake("a")
    desk.now = 1
    assert not kinds(desk.knock("b"), Tell)
    desk.now = desk.pace.tenancy
    desk.report()
    assert kinds(desk.orders(), Tell) == [Tell(1, Sleep("a"))]


def test_a_busy_twin_leaves_only_when_a_newcomer_has_waited_long():
    desk = Desk("ab", memory=LEAST_MB)
    desk.wake("a")
    desk.now = 20
    desk.report(a="a client is online")
    assert not kinds(desk.knock("b"), Tell)
    desk.now += desk.pace.patience
    desk.report(a="a client is online")
    assert desk.orders() == [Tell(1, Sleep("a", at_once=True))]


def test_a_twin_that_stays_counts_as_busy():
    desk = Desk("ab", memory=LEAST_MB)
    desk.wake("a")
    desk.now = 20
    desk.report()
    assert kinds(desk.knock("b"), Tell) == [Tell(1, Sleep("a"))]
    desk.plan.hear(1, Stays("a", "a transaction is under way"), 20)
    assert desk.orders() == []
    assert desk.plan.twins["a"].busy == "a transaction is under way"


def test_newcomers_wait_in_order():
    desk = Desk("abc", memory=LEAST_MB)
    desk.wake("a")
    desk.knock("c", "b")
    assert [order.name for order in kinds(desk.asleep("a"), Wake)] == ["c"]
    assert desk.state("b") is State.WAITING


def test_a_full_shard_of_its_own_domain_has_to_lose_one_twin_only():
    desk = Desk("abcd", memory=LEAST_MB + TWIN_MB, most=2)
    desk.wake("a", "b")
    desk.now = 20
    desk.report()
    assert len(kinds(desk.knock("c"), Tell)) == 1


def test_room_for_a_shard_of_another_domain_is_made_by_as_many_as_it_takes():
    names = "abcdefgh"
    desk = Desk(names, memory=LEAST_MB + 6 * TWIN_MB, trusts=("home",))
    desk.wake(*"abcdefg")
    desk.plan.up(Entry("z", "z.example.org", "other"), 0)
    desk.now = 20
    desk.report()
    leave = kinds(desk.knock("z"), Tell)
    assert len(leave) * TWIN_MB >= SHARD_MB + TWIN_MB
    assert (len(leave) - 1) * TWIN_MB < SHARD_MB + TWIN_MB


def test_a_twin_that_can_not_be_loaded_is_tried_again_after_longer_and_longer_pauses():
    desk = Desk("a")
    pauses = []
    desk.knock("a")
    for number in range(1, 10):
        desk.plan.hear(number, Failed("a", "Its database is broken."), desk.now)
        desk.orders()
        desk.plan.died(number, desk.now)
        assert desk.plan.twins["a"].shown == "failing"
        assert desk.knock("a") == [], "who knocks meanwhile waits"
        pauses.append(desk.plan.rest(desk.now, WALL) or 0)
        desk.now += pauses[-1]
        assert kinds(desk.orders(), Wake) == [Wake(number + 1, "a", was_unreachable=True)]
    assert pauses == [10, 20, 40, 80, 160, 320, 600, 600, 600]


def test_a_command_wakes_a_twin_without_its_pause():
    desk = Desk("a")
    desk.knock("a")
    desk.plan.hear(1, Failed("a", "Its database is broken."), 0)
    desk.orders()
    desk.plan.wake("a", 1)
    assert kinds(desk.orders(), Wake)


def test_twins_of_a_shard_that_died_come_up_at_once_and_later_with_pauses():
    desk = Desk("ab")
    desk.wake("a", "b")
    desk.plan.died(1, 1)
    assert [order.name for order in kinds(desk.orders(), Wake)] == ["a", "b"]
    for name in "ab":
        desk.plan.hear(2, Awake(name, 0.1), 1)
    desk.plan.died(2, 2)
    desk.now = 2
    assert desk.orders() == []
    assert desk.plan.rest(2, WALL) == desk.pace.first_pause


def test_a_twin_that_was_awake_for_long_comes_up_at_once_again():
    desk = Desk("a")
    for number in (1, 2, 3):
        desk.wake("a") if number == 1 else desk.plan.hear(number, Awake("a", 0.1), desk.now)
        desk.now += desk.pace.steady
        desk.plan.died(number, desk.now)
        assert kinds(desk.orders(), Wake)


def test_who_kills_its_shard_while_it_loads_is_kept_from_innocent_neighbours():
    desk = Desk("abcdefgh", most=8)
    desk.wake(*"abcdefg")
    desk.knock("h")
    desk.plan.died(1, 0)
    wakes = kinds(desk.orders(), Wake)
    alone = next(order.shard for order in wakes if order.name == "h")
    assert [order.name for order in wakes if order.shard == alone] == ["h"]


def test_who_kills_shards_again_and_again_is_soon_alone():
    desk = Desk([f"t{n}" for n in range(25)], memory=4000)
    desk.wake(*desk.plan.twins)
    deaths = 0
    while len(neighbours := desk.plan.shards[desk.plan.twins["t7"].shard].twins) > 1:
        assert deaths < 6, neighbours
        deaths += 1
        desk.plan.died(desk.plan.twins["t7"].shard, desk.now)
        while desk.state("t7") is not State.AWAKE:
            for order in kinds(desk.orders(), Wake):
                desk.plan.hear(order.shard, Awake(order.name, 0.1), desk.now)
            desk.now += 1
            desk.report()
    assert deaths <= 5


def test_an_alarm_wakes_a_twin_at_its_time():
    desk = Desk("a")
    desk.wake("a")
    desk.asleep("a", WALL + 100_000)
    desk.plan.died(1, 0)
    assert desk.plan.rest(0, WALL) == 100
    desk.now = 99
    assert not kinds(desk.orders(), Wake)
    desk.now = 100
    assert kinds(desk.orders(), Wake) == [Wake(2, "a", was_unreachable=False)]


def with_alarms(names, *, awake="", alarm=100, **options):
    """A desk where some twins sleep until the same moment, and others are awake and quiet."""
    desk = Desk([*names, *awake], **options)
    for name in names:
        desk.wake(name)
        desk.asleep(name, WALL + alarm * 1000)
        for number in list(desk.plan.shards):
            desk.plan.died(number, desk.now)
    desk.wake(*awake)
    desk.now = alarm
    desk.report()
    return desk


def names_in(orders, kind):
    return [
        order.name if isinstance(order, Wake) else order.message.name
        for order in kinds(orders, kind)
    ]


def test_several_whose_alarms_come_at_the_same_time_wake_together_and_the_next_when_these_are_there():
    desk = with_alarms("abcdefgh")
    assert names_in(desk.orders(), Wake) == list("abcd"[:DUTIES_AT_ONCE])
    assert not kinds(desk.orders(), Wake)
    desk.plan.hear(desk.plan.twins["b"].shard, Awake("b", 0.1), desk.now)
    assert names_in(desk.orders(), Wake) == ["e"]
    assert desk.state("h") is State.ASLEEP
    assert desk.plan.rest(desk.now, WALL + desk.now * 1000), "it does not turn hot"


def test_room_is_made_for_several_at_a_time_whose_alarms_come():
    desk = with_alarms("abcd", awake="uvwxyz", memory=LEAST_MB + 5 * TWIN_MB)
    assert names_in(desk.orders(), Tell) == list("uvwx")
    for name in "uvwx":
        desk.plan.hear(desk.plan.twins[name].shard, Asleep(name, None), desk.now)
    # One place is left for people, as long as these can't leave again.
    assert names_in(desk.orders(), Wake) == list("abc")


def test_room_is_made_for_several_people_at_a_time():
    desk = Desk("abcuvw", memory=LEAST_MB + 2 * TWIN_MB)
    desk.wake(*"uvw")
    desk.now = 20
    desk.report()
    assert names_in(desk.knock(*"abc"), Tell) == list("uvw")


def test_somebody_who_knocks_is_let_in_before_all_whose_alarms_came_earlier():
    desk = with_alarms("abcd", awake="u", memory=LEAST_MB)
    assert names_in(desk.orders(), Tell) == ["u"]
    desk.plan.up(Entry("p", "p.example.org"), desk.now)
    desk.plan._round.clear()
    desk.knock("p", "d")
    assert names_in(desk.asleep("u"), Wake) == ["p"]
    assert desk.state("d") is State.WAITING, "whom somebody knocks at goes before the others"
    desk.plan.hear(desk.plan.twins["p"].shard, Awake("p", 0.1), desk.now)
    desk.now += desk.pace.tenancy
    desk.report()
    assert names_in(desk.orders(), Tell) == ["p"]
    assert names_in(desk.asleep("p"), Wake) == ["d"]


def test_a_twin_whose_alarm_came_and_that_waits_for_room_goes_on_to_listen():
    desk = with_alarms("ab", awake="u", memory=LEAST_MB)
    desk.orders()
    assert [(desk.state(name), desk.plan.twins[name].watched) for name in "ab"] == [
        (State.ASLEEP, True)
    ] * 2


def test_a_place_is_left_for_people_while_many_do_what_is_due():
    desk = with_alarms("abcdefgh", memory=LEAST_MB + 3 * TWIN_MB)
    woken = []
    while orders := desk.orders():
        for order in kinds(orders, Wake):
            woken.append(order.name)
            desk.plan.hear(order.shard, Awake(order.name, 0.1), desk.now)
    assert woken == list("abc")
    assert names_in(desk.knock("h"), Wake) == ["h"]
    # Later they can leave when somebody comes, and none has to stay empty for that.
    desk.now += desk.pace.tenancy
    desk.report(**dict.fromkeys("bch", "a call"))
    assert names_in(desk.orders(), Tell) == ["a"]


def test_whoever_waits_for_room_is_looked_at_as_soon_as_somebody_may_leave():
    desk = Desk("ab", memory=LEAST_MB)
    desk.wake("a")
    desk.now = desk.pace.tenancy - 0.25
    desk.report()
    desk.knock("b")
    assert desk.plan.rest(desk.now, WALL) == 0.25


def test_what_somebody_does_is_not_cut_to_leave_a_place_for_nobody():
    desk = with_alarms("ab", awake="uv", memory=LEAST_MB + 3 * TWIN_MB)
    busy = dict.fromkeys("uv", "a call")
    desk.report(**busy)
    assert names_in(desk.orders(), Wake) == ["a"]
    for _ in range(3):
        desk.now += desk.pace.patience / 2
        desk.report(**busy)
        assert desk.orders() == []
    desk.plan.hear(desk.plan.twins["a"].shard, Awake("a", 0.1), desk.now)
    desk.now += desk.pace.tenancy
    assert names_in(desk.orders(), Wake) == ["b"]


def test_a_duty_that_waited_long_for_room_makes_a_busy_one_leave_as_people_do():
    desk = with_alarms("a", awake="u", memory=LEAST_MB)
    desk.report(u="a call")
    assert not names_in(desk.orders(), Tell)
    desk.now += desk.pace.patience
    desk.report(u="a call")
    assert desk.orders() == [Tell(desk.plan.twins["u"].shard, Sleep("u", at_once=True))]


def test_a_shard_where_nobody_can_leave_is_not_asked_and_not_waited_for():
    desk = Desk("abn", memory=LEAST_MB + SHARD_MB + TWIN_MB, trusts=("home", "other", "home"))
    desk.wake("a")
    # Its first twin takes long to load, as after a start with a new version.
    desk.knock("b")
    desk.now = desk.pace.tenancy
    desk.plan.hear(1, Report((TwinNow("a", 9.0, None, 0, 0),)), desk.now)
    assert kinds(desk.knock("n"), Tell) == [Tell(1, Sleep("a"))]


def test_a_far_alarm_is_looked_at_from_time_to_time_since_clocks_are_put_right():
    desk = Desk("a")
    desk.wake("a")
    desk.asleep("a", 10**40)
    desk.plan.died(1, 0)
    assert desk.plan.rest(0, WALL) == desk.pace.alarm


def test_nothing_is_to_be_done_while_all_sleep():
    desk = Desk("abc")
    desk.wake(*"abc")
    for name in "abc":
        desk.asleep(name)
    desk.plan.died(1, 0)
    desk.orders()
    assert desk.plan.rest(0, WALL) is None


def test_a_shard_that_hangs_is_killed_and_one_that_loads_has_more_time():
    desk = Desk("ab")
    desk.wake("a")
    desk.now = desk.pace.ask
    assert desk.orders() == [Tell(1, Ask())]
    desk.knock("b")
    desk.now += desk.pace.silence
    assert desk.orders() == []
    desk.plan.hear(1, Awake("b", 0.1), desk.now)
    assert desk.orders() == [Kill(1)]


def test_a_shard_in_which_a_twin_does_not_fall_asleep_is_killed():
    desk = Desk("a")
    desk.wake("a")
    desk.plan.put_to_sleep("a", 0)
    assert desk.orders() == [Tell(1, Sleep("a"))]
    desk.now = desk.pace.going
    desk.report()
    assert desk.orders() == [Kill(1)]
    desk.plan.died(1, desk.now)
    assert kinds(desk.orders(), Wake), "what it had to do next is known no longer"


def test_a_shard_that_keeps_a_twin_which_has_to_go_is_killed():
    desk = Desk("a")
    desk.wake("a")
    desk.plan.down("a", 0)
    assert desk.orders() == [Tell(1, Sleep("a", at_once=True))]
    desk.plan.hear(1, Stays("a", "it does not want to"), 0)
    assert desk.orders() == [Kill(1)]


def test_a_twin_that_woke_before_its_alarm_is_not_woken_by_it_again():
    desk = Desk("a")
    desk.wake("a")
    desk.asleep("a", WALL + 100_000)
    desk.plan.died(1, 0)
    desk.wake("a")
    desk.now = 100
    desk.orders()
    desk.asleep("a")
    desk.plan.died(2, 100)
    assert not kinds(desk.orders(), Wake)


def test_a_shard_that_is_told_to_end_and_does_not_is_killed():
    desk = Desk("a")
    desk.wake("a")
    desk.asleep("a")
    desk.now = desk.pace.stop
    assert desk.orders() == [Kill(1)]


def test_when_the_host_ends_nobody_wakes_any_more():
    desk = Desk("ab", memory=LEAST_MB)
    desk.wake("a")
    desk.knock("b")
    desk.plan.stop(0)
    orders = desk.orders()
    assert [type(order.message).__name__ for order in kinds(orders, Tell)] == ["Stop"]
    assert not kinds(orders, Watch)
    desk.asleep("a", WALL)
    desk.plan.died(1, 1)
    desk.now = 1000
    assert desk.knock("a") == []
    assert desk.plan.numbers.shard_deaths == 0


def test_only_twins_that_changed_are_told_to_those_who_watch():
    desk = Desk("abc")
    told = changed_twins(desk.plan)
    assert [line and line["state"] for line in told.values()] == ["asleep"] * 3
    assert changed_twins(desk.plan) == {}
    desk.wake("b")
    assert changed_twins(desk.plan) == {
        "b": {"name": "b", "server_name": "b.example.org", "state": "awake"}
    }
    desk.now = 50
    changes = desk.plan.changes
    desk.report(b="a call")
    assert (desk.plan.changes, changed_twins(desk.plan)) == (changes, {}), (
        "they are told of no idling"
    )
    shard = desk.plan.twins["b"].shard
    full = Report((TwinNow("b", 1.0, None, 0, 0, "Its disk is full."),))
    for report, changed in ((full, {"b": "unwell"}), (full, {}), (Report(), {})):
        desk.plan.hear(shard, report, desk.now)
        told = changed_twins(desk.plan)
        assert {name: line and line["state"] for name, line in told.items()} == changed
    desk.plan.down("a", desk.now)
    desk.plan.forget("a")
    assert changed_twins(desk.plan) == {"a": None}


def test_wakes_are_counted_in_buckets_as_prometheus_has_them():
    numbers = Numbers()
    for seconds in (0.01, 0.12, 0.12, 70):
        numbers.woke(seconds)
    written = numbers.written()
    assert written["wakes"] == 4
    assert written["wake_seconds"]["sum"] == pytest.approx(70.25)
    buckets = {each["le"]: each["count"] for each in written["wake_seconds"]["buckets"]}
    assert list(buckets) == [*BOUNDS, None]
    assert [buckets[bound] for bound in (0.05, 0.1, 0.15, 60.0, None)] == [1, 1, 3, 3, 4]


def test_a_wake_is_counted_from_the_knock_to_the_answer():
    desk = Desk("a")
    desk.knock("a")
    desk.plan.hear(1, Awake("a", 0.1), 3)
    assert desk.plan.numbers.wake_seconds == 3


def test_times_that_are_set_again_and_again_take_no_more_memory():
    due: Due[int] = Due()
    for time in range(10_000):
        due.set("a", time)
        due.set("b", 20_000 - time)
    assert len(due) < 200
    assert due.first() == 9999
    assert list(due.take(20_000)) == ["a", "b"]
    assert due.first() is None
    for time in range(200):
        due.set("b", time)
    assert due.first() == 199, "what was taken does not come back"
