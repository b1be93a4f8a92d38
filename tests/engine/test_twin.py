"""The twin: started, woken, refused."""

import logging

import pytest

from tests.engine.conftest import TASK, Home, settle, task
from twin_module.core.errors import BadJson, NotReady
from twin_module.engine.twin import STREAM
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork


def test_a_twin_serves_after_its_start_and_not_before(network: FakeNetwork) -> None:
    alice = Home(network, "alice")
    with pytest.raises(NotReady):
        alice.twin.check_ready()
    alice.twin.wake()
    settle(alice)
    assert alice.port.steps == []
    alice.start()
    alice.twin.check_ready()


def test_a_twin_that_refuses_says_why(alice: Home) -> None:
    alice.twin.refuse("There are two owners.")
    with pytest.raises(NotReady, match="There are two owners"):
        alice.twin.check_ready()


def test_a_start_that_failed_may_be_made_again(
    network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = Home(network, "alice")

    async def fail(config: object) -> str:
        raise RuntimeError("on purpose")

    with monkeypatch.context() as patch:
        patch.setattr(alice.port, "create_room", fail)
        with pytest.raises(RuntimeError):
            alice.start()
        with pytest.raises(NotReady):
            alice.twin.check_ready()
    alice.start()
    alice.twin.check_ready()


def test_however_often_a_twin_is_woken_it_turns_once(alice: Home, room: str) -> None:
    settle(alice)
    for _ in range(100):
        alice.twin.wake()
    assert alice.work() == 1
    assert alice.work() == 0


def test_a_turn_that_fails_is_logged_and_the_next_goes_on(
    alice: Home, room: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settle(alice)
    alice.write(room, task("a"))

    async def fail(after: int, upto: int) -> object:
        raise RuntimeError("on purpose")

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(alice.port, "changes", fail)
        settle(alice)
    assert "could not follow" in caplog.text
    assert alice.title(room, "a") is None
    run(alice.twin.look_again())
    settle(alice)
    assert alice.title(room, "a") == "Bread"


def test_state_of_ours_that_does_not_fit_is_refused_to_any_client(alice: Home, room: str) -> None:
    good = {"@type": "Task", "title": "x"}
    run(alice.twin.refuse_misfit(room, TASK, "a", good))
    run(alice.twin.refuse_misfit(room, TASK, "a", {}))
    run(alice.twin.refuse_misfit("", TASK, "a", good))
    for key, content in (("a", {"title": 5}), ("a b", good), ("a", [1]), ("a", None)):
        with pytest.raises(BadJson):
            run(alice.twin.refuse_misfit(room, TASK, key, content))
    with pytest.raises(BadJson):
        run(alice.twin.refuse_misfit(room, "org.digitaltwin.unknown", "a", good))


def slow_duties(home: Home, seconds: float) -> list[int]:
    """Have duties take time, and note when they are done."""
    done: list[int] = []

    async def work() -> None:
        done.append(home.network.now)
        home.network.pass_time(seconds)

    home.twin.add_duty(work)
    return done


def test_a_twin_rests_so_that_others_have_the_time_for_what_comes_one_after_the_other(
    network: FakeNetwork, alice: Home, room: str
) -> None:
    settle(alice)
    done = slow_duties(alice, 0.02)
    for number in range(20):
        alice.server.write(room, TASK, f"t{number}", {"@type": "Task", "title": "x"})
        alice.port.work_off()
        network.pass_time(0.06)
        alice.port.work_off()
    network.pass_time(1)
    alice.port.work_off()
    assert 3 <= len(done) <= 6
    assert [alice.title(room, f"t{number}") for number in range(20)] == ["x"] * 20
    assert alice.twin.busy() is None


def test_a_twin_rests_longer_from_a_stream_of_which_it_takes_more_together(
    network: FakeNetwork, alice: Home, room: str
) -> None:
    settle(alice)
    done = slow_duties(alice, 0.01)
    for number in range(STREAM * 30):
        alice.server.write(room, TASK, f"t{number}", {"@type": "Task", "title": "x"})
        alice.port.work_off()
        network.pass_time(0.02)
        alice.port.work_off()
    network.pass_time(2)
    alice.port.work_off()
    assert 3 <= len(done) <= 6
    assert [alice.title(room, f"t{number}") for number in range(STREAM * 30)] == ["x"] * STREAM * 30


@pytest.fixture
def resting(alice: Home, room: str) -> Home:
    """Alice's twin while it rests, and a task that came meanwhile."""
    settle(alice)
    slow_duties(alice, 1)
    for key in ("before", "a"):
        alice.server.write(room, TASK, key, {"@type": "Task", "title": "x"})
        alice.port.work_off()
    return alice


def test_who_looks_while_a_twin_rests_sees_what_came(resting: Home, room: str) -> None:
    assert resting.title(room, "a") is None
    run(resting.twin.follow())
    assert resting.title(room, "a") == "x"


def test_what_comes_while_a_twin_rests_begins_nothing_and_is_followed_at_the_end(
    network: FakeNetwork, resting: Home, room: str
) -> None:
    for title in ("b", "c"):
        resting.server.write(room, TASK, title, {"@type": "Task", "title": title})
        assert resting.port.under_way() == []
    network.pass_time(1)
    resting.port.work_off()
    assert [resting.title(room, each) for each in ("a", "b", "c")] == ["x", "b", "c"]


def test_who_waits_for_news_hears_of_them_though_a_twin_rests(resting: Home, room: str) -> None:
    heard: list[frozenset[str]] = []
    leave = resting.twin.projector.watch(heard.append)
    resting.server.write(room, TASK, "b", {"@type": "Task", "title": "x"})
    resting.port.work_off()
    assert (heard, resting.title(room, "b")) == ([frozenset({room})], "x")
    leave()
    resting.server.write(room, TASK, "c", {"@type": "Task", "title": "x"})
    resting.port.work_off()
    assert (len(heard), resting.title(room, "c")) == (1, None)


def test_who_looks_while_nothing_can_be_followed_sees_what_is_there(
    resting: Home, room: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(after: int, upto: int) -> object:
        raise RuntimeError("on purpose")

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(resting.port, "changes", fail)
        run(resting.twin.follow())
    assert "before it was looked at" in caplog.text
    assert (resting.title(room, "before"), resting.title(room, "a")) == ("x", None)


def test_who_looks_or_waits_for_news_sees_what_came_though_a_duty_takes_its_time(
    alice: Home, room: str
) -> None:
    settle(alice)
    heard: list[frozenset[str]] = []
    seen: list[str | None] = []

    async def wait_for_another_server() -> None:
        if seen:
            return
        alice.server.write(room, TASK, "b", {"@type": "Task", "title": "x"})
        await alice.twin.follow()
        seen.append(alice.title(room, "b"))
        leave = alice.twin.projector.watch(heard.append)
        alice.server.write(room, TASK, "c", {"@type": "Task", "title": "x"})
        alice.port.work_off()
        seen.append(alice.title(room, "c"))
        leave()

    alice.twin.add_duty(wait_for_another_server)
    alice.server.write(room, TASK, "a", {"@type": "Task", "title": "x"})
    alice.port.work_off()
    assert (seen, heard) == (["x", "x"], [frozenset({room})])


def test_a_duty_that_takes_too_long_is_named_in_the_log(
    network: FakeNetwork, alice: Home, room: str, caplog: pytest.LogCaptureFixture
) -> None:
    settle(alice)

    async def never_end() -> None:
        for _ in range(100):
            alice.twin.look()
            network.pass_time(6)

    alice.twin.add_duty(never_end)
    alice.server.write(room, TASK, "a", {"@type": "Task", "title": "x"})
    with caplog.at_level(logging.WARNING):
        alice.port.work_off()
    [said] = [each for each in caplog.messages if "waits for more than five minutes" in each]
    assert "never_end" in said


def test_a_twin_that_rests_with_something_to_do_is_busy(
    network: FakeNetwork, alice: Home, room: str
) -> None:
    settle(alice)
    done = slow_duties(alice, 1)
    alice.server.write(room, TASK, "a", {"@type": "Task", "title": "x"})
    alice.port.work_off()
    assert (len(done), alice.twin.busy()) == (1, None)
    alice.server.write(room, TASK, "b", {"@type": "Task", "title": "x"})
    alice.port.work_off()
    assert (len(done), alice.twin.busy()) == (1, "it follows what changed")
    alice.twin.stop()
    network.pass_time(1)
    assert alice.port.work_off() == 0


def test_a_clock_that_is_put_back_makes_no_duty_wait(
    network: FakeNetwork, alice: Home, room: str
) -> None:
    settle(alice)
    done = slow_duties(alice, 0.02)
    for _ in range(2):
        alice.server.write(room, TASK, "a", {"@type": "Task", "title": str(len(done))})
        alice.port.work_off()
        network.now -= 3_600_000
    assert len(done) == 2
