"""Calls that were made before."""

from hypothesis import given, strategies as st

from twin_module.core import replay
from twin_module.core.replay import MOST_IDS, MOST_SERVERS, WINDOW_MS, Replays

NOW = 1_790_000_000_000


def test_the_same_call_is_new_once() -> None:
    replays = Replays()
    assert replays.is_new("bob", "one", NOW, NOW)
    assert not replays.is_new("bob", "one", NOW, NOW)
    assert not replays.is_new("bob", "one", NOW + 5, NOW + 5)


def test_servers_may_use_the_same_ids() -> None:
    replays = Replays()
    assert replays.is_new("bob", "one", NOW, NOW)
    assert replays.is_new("carol", "one", NOW, NOW)


def test_a_call_of_another_time_is_not_new() -> None:
    replays = Replays()
    assert not replays.is_new("bob", "old", NOW - WINDOW_MS - 1, NOW)
    assert not replays.is_new("bob", "future", NOW + WINDOW_MS + 1, NOW)
    assert replays.is_new("bob", "slow clock", NOW - WINDOW_MS, NOW)
    assert replays.is_new("bob", "fast clock", NOW + WINDOW_MS, NOW)


@given(st.lists(st.tuples(st.integers(0, 3 * WINDOW_MS), st.integers(0, 20)), max_size=60))
def test_no_call_is_new_twice_however_much_is_forgotten(calls: list[tuple[int, int]]) -> None:
    replays = Replays()
    taken = set()
    now = NOW
    for offset, number in calls:
        now += offset // 20
        ts = NOW + offset
        if replays.is_new("bob", str(number), ts, now):
            assert (ts, number) not in taken
            taken.add((ts, number))


def test_what_is_kept_is_bounded() -> None:
    replays = Replays()
    for number in range(MOST_IDS * 2):
        assert replays.is_new("bob", str(number), NOW + number, NOW + number)
    assert len(replays._servers["bob"].ids) == MOST_IDS
    # What had to be forgotten is not new for that.
    assert not replays.is_new("bob", "0", NOW, NOW + MOST_IDS * 2)
    for number in range(MOST_SERVERS * 2):
        assert replays.is_new(f"server{number}", "one", NOW, NOW)
    assert len(replays._servers) == replay.MOST_SERVERS
