"""How often strangers may ask."""

import pytest
from hypothesis import given, strategies as st

from twin_module.engine import patience
from twin_module.engine.patience import Patience


def test_an_address_has_some_calls_at_once_and_more_as_time_goes_by() -> None:
    ours = Patience(burst=3, refill_ms=100)
    assert [ours.wait("a", 0) for _ in range(5)] == [0, 0, 0, 100, 100]
    assert ours.wait("a", 60) == 40
    assert [ours.wait("a", 100), ours.wait("a", 100)] == [0, 100]
    assert [ours.wait("a", 10_000) for _ in range(4)] == [0, 0, 0, 100]


def test_nobody_waits_for_what_others_asked() -> None:
    ours = Patience(burst=1, refill_ms=100)
    assert [ours.wait(address, 0) for address in ("a", "b", "a")] == [0, 0, 100]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.8", False),
        ("203.0.113.7", "::ffff:203.0.113.7", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("2001:DB8::1", "2001:db8::1", True),
        ("/run/twin.sock", "/run/other.sock", False),
        ("", "", True),
    ],
)
def test_a_network_of_one_household_counts_as_one(one: str, other: str, same: bool) -> None:
    ours = Patience(burst=1, refill_ms=100)
    ours.wait(one, 0)
    assert (ours.wait(other, 0) > 0) == same


def test_a_clock_that_was_set_back_keeps_nobody_out_for_long() -> None:
    ours = Patience(burst=2, refill_ms=100)
    ours.wait("a", 1_000_000)
    assert ours.wait("a", 0) <= 100
    assert ours.wait("a", 200) == 0


def test_only_so_many_addresses_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "MOST_ADDRESSES", 10)
    ours = Patience(burst=1, refill_ms=100)
    for number in range(100):
        assert ours.wait(f"10.0.0.{number}", 0) == 0
    assert len(ours) == 10
    assert ours.wait("10.0.0.99", 0) == 100
    assert ours.wait("10.0.0.0", 0) == 0


@given(
    st.lists(st.tuples(st.text(max_size=3), st.integers(0, 500))),
    st.integers(1, 5),
    st.integers(1, 100),
)
def test_in_no_stretch_of_time_more_is_let_in_than_was_said(
    asked: list[tuple[str, int]], burst: int, refill_ms: int
) -> None:
    ours, now, let_in = Patience(burst, refill_ms), 0, []
    for address, later in asked:
        now += later
        wait = ours.wait(address, now)
        assert 0 <= wait <= refill_ms
        if not wait:
            let_in.append((address, now))
    for address, begin in let_in:
        within = [at for who, at in let_in if who == address and at >= begin]
        for number, at in enumerate(within):
            assert number + 1 <= burst + (at - begin) // refill_ms + 1
