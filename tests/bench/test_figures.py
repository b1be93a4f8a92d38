"""Ratios, the table, and the bounds of the short form."""

import pytest

from bench.suite.bounds import BOUNDS, Bound, broken
from bench.suite.figure import Figure, Measured, better
from bench.suite.measure import spread
from bench.suite.size import SHORT, WHOLE
from bench.suite.table import cell, number, table
from bench.suite.works import works

RATE, WAIT = Figure("rate", "write", "op/s"), Figure("wait", "list", "ms")


def measured(figure: Figure, **by: float) -> Measured:
    return Measured(figure, {name: spread([each]) for name, each in by.items()})


def narrow(row: str) -> str:
    """Return a row without the spaces that align it."""
    return " ".join(row.split())


def test_more_in_a_second_is_better() -> None:
    assert measured(RATE, twin=30, vanilla=10).ratio("twin", "vanilla") == 3


def test_less_to_wait_for_is_better() -> None:
    assert measured(WAIT, twin=30, vanilla=10).ratio("twin", "vanilla") == pytest.approx(1 / 3)


def test_a_ratio_to_nothing_is_unknown() -> None:
    assert measured(WAIT, twin=0, vanilla=10).ratio("twin", "vanilla") is None
    assert measured(WAIT, twin=1).ratio("twin", "vanilla") is None


def test_figures_of_different_units_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="different units"):
        better(RATE, spread([1]), WAIT, spread([1]))


def test_the_table_has_a_ratio_behind_each_of_the_others() -> None:
    lines = [measured(RATE, twin=30, vanilla=10, solid=60), measured(WAIT, twin=5, solid=10)]
    rows = table(lines, ["twin", "vanilla", "solid"]).splitlines()
    assert [narrow(row) for row in rows if "---" not in row] == [
        "| work | unit | twin | vanilla | twin is | solid | twin is |",
        "| write | op/s | 30.0 | 10.0 | 3.00 x | 60.0 | 0.50 x |",
        "| list | ms | 5.00 | - | - | 10.0 | 2.00 x |",
    ]
    assert len({len(row) for row in rows}) == 1


def test_the_table_has_no_ratios_where_the_twin_takes_no_part() -> None:
    rows = table([measured(RATE, vanilla=10)], ["vanilla"]).splitlines()
    assert narrow(rows[0]) == "| work | unit | vanilla |"


def test_a_cell_says_how_sure_it_is() -> None:
    assert cell(spread([9, 10, 11])) == "10.0 ±5%"
    assert cell(spread([10])) == "10.0"


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "0.50"), (12.34, "12.3"), (123.4, "123"), (12345.6, "12,346")]
)
def test_a_number_has_three_digits_or_all_before_the_point(value: float, text: str) -> None:
    assert number(value) == text


BOUND = Bound("rate", "rate", 2, "It is.")


def test_a_ratio_that_is_good_enough_needs_no_word() -> None:
    assert broken([BOUND], [measured(RATE, twin=20, vanilla=10)]) == []


def test_a_ratio_that_is_too_low_is_named_with_its_bound_and_its_reason() -> None:
    assert broken([BOUND], [measured(RATE, twin=19, vanilla=10)]) == [
        "The ratio of rate of twin against rate of vanilla is 1.90 and has to be 2.00 at least. It is."
    ]


def test_one_figure_may_be_held_against_another_one() -> None:
    lines = [measured(RATE, twin=40, vanilla=10), measured(Figure("one", "", "op/s"), vanilla=10)]
    assert broken([Bound("rate", "one", 4, "")], lines) == []
    assert len(broken([Bound("rate", "one", 5, "")], lines)) == 1


def test_a_figure_that_is_missing_breaks_its_bound() -> None:
    for lines in ([], [measured(RATE, twin=20)]):
        (sentence,) = broken([BOUND], lines)
        assert "is missing" in sentence


@pytest.mark.parametrize("bound", BOUNDS, ids=lambda bound: bound.figure)
def test_every_bound_is_of_figures_that_the_short_form_has(bound: Bound) -> None:
    figures = {each.key: each for work in works(SHORT).values() for each in work.figures}
    assert figures[bound.figure].unit == figures[bound.than].unit
    assert bound.at_least > 0
    assert bound.reason.endswith(".")


def test_no_two_figures_have_the_same_key() -> None:
    keys = [each.key for work in works(WHOLE).values() for each in work.figures]
    assert len(keys) == len(set(keys))


def test_every_figure_is_a_line_of_its_own() -> None:
    lines = [
        (work.key, each.title, each.unit) for work in works(WHOLE).values() for each in work.figures
    ]
    assert len(lines) == len(set(lines))
