"""When the database is told that much changed."""

import pytest

from tests.engine.conftest import Home
from twin_module.engine import statistics
from twin_module.engine.statistics import Statistics
from twin_module.testing.driver import run


def test_the_database_is_told_once_for_each_many_objects(
    alice: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    written = [0]
    monkeypatch.setattr(statistics, "look", lambda _: looks.append(written[0]))
    duty = Statistics(alice.port, lambda: written[0])
    for number in (0, 1, 499, 500, 501, 999, 1000, 5000, 5001):
        written[0] = number
        run(duty.settle())
    assert looks == [500, 1000, 5000]


def test_a_database_that_plans_without_figures_is_not_told(alice: Home) -> None:
    run(alice.port.transact("test", statistics.look))
    assert (
        alice.read(
            lambda cursor: cursor.execute(
                "SELECT 1 FROM sqlite_master WHERE name = ?", ("sqlite_stat1",)
            ).fetchall()
        )
        == []
    )
