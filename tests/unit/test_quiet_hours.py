"""Quiet hours: over midnight, and where clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from twin_module.core.quiet_hours import quiet_until

BERLIN = ZoneInfo("Europe/Berlin")
CLOCK = st.times().map(lambda each: f"{each:%H:%M}")


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-07-01T21:59:59", None),
        ("2026-07-01T22:00:00", "2026-07-02T07:00:00"),
        ("2026-07-02T00:30:00", "2026-07-02T07:00:00"),
        ("2026-07-02T06:59:59", "2026-07-02T07:00:00"),
        ("2026-07-02T07:00:00", None),
    ],
)
def test_quiet_hours_go_over_midnight(at: str, until: str | None) -> None:
    found = quiet_until(berlin(at).astimezone(UTC), ("22:00", "07:00"), BERLIN)
    assert found == (until and berlin(until))


def test_quiet_hours_within_a_day_end_on_that_day() -> None:
    hours = ("13:00", "15:00")
    assert quiet_until(berlin("2026-07-01T13:00:00"), hours, BERLIN) == berlin(
        "2026-07-01T15:00:00"
    )
    assert quiet_until(berlin("2026-07-01T12:59:00"), hours, BERLIN) is None
    assert quiet_until(berlin("2026-07-01T15:00:00"), hours, BERLIN) is None


@pytest.mark.parametrize("hours", [None, ("08:00", "08:00")])
def test_without_quiet_hours_it_is_never_quiet(hours: tuple[str, str] | None) -> None:
    assert quiet_until(berlin("2026-07-01T08:00:00"), hours, BERLIN) is None


def test_the_night_in_which_clocks_are_put_forward_is_an_hour_shorter() -> None:
    at = berlin("2026-03-28T22:00:00")
    until = quiet_until(at, ("22:00", "07:00"), BERLIN)
    assert until is not None
    assert until - at.astimezone(UTC) == timedelta(hours=8)


def test_an_end_that_comes_twice_is_still_to_come() -> None:
    at = berlin("2026-10-25T02:15:00", fold=1)
    assert quiet_until(at, ("22:00", "02:30"), BERLIN) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), CLOCK, CLOCK)  # noqa: DTZ001
def test_quiet_hours_end_within_a_day_and_later_than_now(
    at: datetime, begin: str, end: str
) -> None:
    moment = at.replace(tzinfo=UTC)
    until = quiet_until(moment, (begin, end), BERLIN)
    if until is not None:
        assert moment < until <= moment + timedelta(hours=25)
