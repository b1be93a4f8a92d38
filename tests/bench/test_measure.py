"""Rounds in turn, medians and quartiles."""

import pytest
from hypothesis import given, strategies as st

from bench.suite.measure import Samples, in_turn, percentile, spread

NUMBERS = st.lists(st.floats(0, 1e9), min_size=1, max_size=50)


def ignore(number: int, name: str, found: Samples) -> None:
    pass


def test_the_median_and_the_quartiles_are_those_of_the_samples() -> None:
    found = spread([5, 1, 4, 2, 3])
    assert (found.lower, found.median, found.upper, found.count) == (2, 3, 4, 5)
    assert found.percent == pytest.approx(100 / 3)


def test_one_sample_has_no_spread() -> None:
    assert spread([7.0]).percent == 0


def test_what_takes_no_time_has_no_spread_in_percent() -> None:
    assert spread([0.0, 0.0, 0.0]).percent == 0


@given(NUMBERS)
def test_the_median_lies_between_the_quartiles(samples: list[float]) -> None:
    found = spread(samples)
    slack = 1e-6 * max(samples)
    assert found.lower <= found.median + slack
    assert found.median <= found.upper + slack


@pytest.mark.parametrize(("percent", "expected"), [(95, 95), (50, 50), (100, 100), (1, 1)])
def test_a_percentile_is_a_sample_that_was_measured(percent: int, expected: int) -> None:
    assert percentile([float(each) for each in range(100, 0, -1)], percent).median == expected


@given(NUMBERS)
def test_the_95th_percentile_is_not_below_the_median(samples: list[float]) -> None:
    assert percentile(samples, 95).median >= percentile(samples, 50).median


def test_everybody_has_a_turn_before_anybody_has_a_second_one() -> None:
    order: list[str] = []

    def work(name: str) -> Samples:
        order.append(name)
        return {"x": [1.0]}

    rounds = {name: lambda name=name: work(name) for name in "ABC"}
    collected = in_turn(rounds, 2, 60, ignore)
    assert "".join(order) == "ABCABC"
    assert collected.samples == {"x": {"A": [1.0, 1.0], "B": [1.0, 1.0], "C": [1.0, 1.0]}}


def test_who_fails_is_named_in_one_line_and_the_others_go_on() -> None:
    answers = iter([{"x": [1.0]}])

    def fails_later() -> Samples:
        found = next(answers, None)
        if found is None:
            raise ConnectionError("hung\nup")
        return found

    collected = in_turn({"A": fails_later, "B": lambda: {"x": [2.0]}}, 3, 60, ignore)
    assert collected.failures == {"A": "ConnectionError: hung up"}
    assert collected.samples == {"x": {"B": [2.0, 2.0, 2.0]}}


def test_who_has_used_up_the_time_gets_no_further_round_but_had_one() -> None:
    now = [0.0]
    turns = {"slow": 0, "quick": 0}

    def work(name: str, seconds: float) -> Samples:
        now[0] += seconds
        turns[name] += 1
        return {}

    rounds = {"slow": lambda: work("slow", 100), "quick": lambda: work("quick", 1)}
    in_turn(rounds, 5, 60, ignore, clock=lambda: now[0])
    assert turns == {"slow": 1, "quick": 5}
