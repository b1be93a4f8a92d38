"""Days and times as people say them, in each language."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from twin_module.core.times_said import date_name, day_name, day_said, time_said

TODAY = date(2026, 7, 1)
"""A Wednesday."""


@pytest.mark.parametrize(
    ("day", "english", "german"),
    [
        (TODAY, "today", "heute"),
        (date(2026, 7, 2), "tomorrow", "morgen"),
        (date(2026, 6, 30), "yesterday", "gestern"),
        (date(2026, 7, 3), "on Friday", "am Freitag"),
        (date(2026, 7, 7), "on Tuesday", "am Dienstag"),
        (date(2026, 7, 8), "on 8 July", "am 8. Juli"),
        (date(2026, 6, 29), "on 29 June", "am 29. Juni"),
        (date(2026, 12, 24), "on 24 December", "am 24. Dezember"),
        (date(2027, 3, 1), "on 1 March 2027", "am 1. März 2027"),
    ],
)
def test_a_day_is_called_as_people_call_it(day: date, english: str, german: str) -> None:
    assert day_said(day, TODAY, "en") == english
    assert day_said(day, TODAY, "de") == german


def test_a_moment_has_its_time_unless_only_its_day_matters() -> None:
    now = datetime(2026, 7, 1, 8, tzinfo=UTC)
    tomorrow = datetime(2026, 7, 2, 18, tzinfo=UTC)
    assert time_said(tomorrow, now, "en") == "tomorrow at 18:00"
    assert time_said(tomorrow, now, "de") == "morgen um 18:00"
    assert time_said(tomorrow, now, "de", only_day=True) == "morgen"


def test_a_day_in_headings_has_its_weekday() -> None:
    assert date_name(date(2026, 12, 24), "en") == "Thursday, 24 December"
    assert date_name(date(2026, 12, 24), "de") == "Donnerstag, 24. Dezember"
    assert day_name(date(2026, 12, 24), "de") == "24. Dezember"


@given(st.dates(), st.dates(), st.sampled_from(["en", "de"]))
def test_every_day_has_a_name_and_those_of_a_fortnight_different_ones(
    day: date, today: date, language: str
) -> None:
    assert day_said(day, today, language)
    if date.min + timedelta(days=7) < today < date.max - timedelta(days=7):
        near = [today + timedelta(days=number) for number in range(-7, 8)]
        assert len({day_said(each, today, language) for each in near}) == len(near)
