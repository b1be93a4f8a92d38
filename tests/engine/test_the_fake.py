"""The fake's own equipment: turns, kills and the network, which tests stand on."""

import pytest

from tests.engine.conftest import TASK, Home, settle, task
from twin_module.core.errors import NotFound, Unreachable
from twin_module.testing.driver import Lock, run, together
from twin_module.testing.fake import Crash, FakeHomeserver
from twin_module.testing.fake_network import FakeNetwork


def test_coroutines_that_wait_for_each_other_for_ever_are_told_so() -> None:
    one, other = Lock(), Lock()

    async def work(first: Lock, second: Lock) -> None:
        async with first:
            await FakeHomeserver(FakeNetwork().add("@a:a")).position()
            async with second:
                pass

    with pytest.raises(AssertionError, match="lock"):
        together(work(one, other), work(other, one))


def test_an_error_of_one_coroutine_is_no_error_of_the_others() -> None:
    async def fail() -> None:
        raise LookupError("on purpose")

    async def succeed() -> int:
        return 5

    error, five = together(fail(), succeed())
    assert (type(error), five) == (LookupError, 5)
    with pytest.raises(LookupError):
        run(fail())


def test_a_killed_process_does_nothing_more_and_the_next_one_goes_on(
    alice: Home, room: str
) -> None:
    alice.port.crash_in = 1
    with pytest.raises(Crash):
        alice.write(room, task("a"))
    with pytest.raises(Crash):
        alice.write(room, task("b"))
    assert alice.content(room, TASK, "a") is None
    alice.restart()
    alice.write(room, task("a"))
    assert alice.content(room, TASK, "a")["title"] == "Bread"


def test_a_process_that_is_killed_right_after_a_write_has_written(alice: Home, room: str) -> None:
    settle(alice)
    alice.port.steps.clear()
    alice.write(room, task("a"))
    steps = len(alice.port.steps)
    alice.port.crash_in = steps
    with pytest.raises(Crash, match="after send_state"):
        alice.write(room, task("b"))
    assert alice.content(room, TASK, "b")["title"] == "Bread"


def test_late_events_wait_while_calls_are_answered(
    network: FakeNetwork, alice: Home, bob: Home, shared: str
) -> None:
    network.late = True
    alice.write(shared, task("a"))
    assert bob.content(shared, TASK, "a") is None
    with pytest.raises(NotFound):
        run(bob.port.download("mxc://alice.example/none", 10))
    network.deliver()
    assert bob.content(shared, TASK, "a")["title"] == "Bread"
    with network.cut_off("alice.example"), pytest.raises(Unreachable):
        run(bob.port.download("mxc://alice.example/none", 10))


def test_the_state_does_not_depend_on_the_order_of_arrival(
    network: FakeNetwork, alice: Home, bob: Home, shared: str
) -> None:
    carol = Home(network, "carol").start()
    run(alice.port.set_membership(shared, carol.owner, "invite", ""))
    carol.accept(shared)
    network.late = True
    for number in range(4):
        alice.server.write(shared, TASK, "a", {"@type": "Task", "title": f"Alice's {number}"})
        network.pass_time(1)
        bob.server.write(shared, TASK, "a", {"@type": "Task", "title": f"Bob's {number}"})
        network.pass_time(1)
    network.deliver(order=lambda events: events[::-1])
    settle(alice, bob, carol)
    assert [home.title(shared, "a") for home in (alice, bob, carol)] == ["Bob's 3"] * 3
