"""Busy and free times: what is rounded, merged and compared, and what fits where."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from twin_module.core import free_slots
from twin_module.core.free_slots import (
    DAY_MINUTES,
    GRID,
    MOST_INTERVALS,
    MOST_SECONDS,
    Hours,
    Interval,
    clipped,
    merged,
    outward,
    read_busy,
    rounded,
    slots,
    windows,
    without,
)

MINUTE, HOUR, DAY = 60, 3600, 86_400
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Pacific/Kiritimati",
        "America/Havana",
    )
]


def at(text: str, zone: ZoneInfo = BERLIN) -> int:
    """Return the seconds of a time on a zone's clock."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())


def shown(seconds: int, zone: ZoneInfo = BERLIN) -> str:
    """Return what a zone's clock shows."""
    return datetime.fromtimestamp(seconds, zone).strftime("%a %H:%M")


def seconds_of(intervals: list[Interval]) -> set[int]:
    """Return every second of some times."""
    return {each for start, end in intervals for each in range(start, end)}


small = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=8)
"""Intervals, some of them empty or the wrong way round."""


# Merging, rounding, taking out


@given(small)
def test_merging_changes_no_time_and_leaves_gaps_between_intervals(some: list[Interval]) -> None:
    found = merged(some)
    assert seconds_of(found) == seconds_of(some)
    assert all(one[1] < other[0] for one, other in pairwise(found))
    assert merged(reversed(found)) == found


@given(small, st.integers(1, 40))
def test_rounding_never_shows_a_busy_time_as_free(some: list[Interval], grid: int) -> None:
    found = rounded(some, grid)
    assert seconds_of(some) <= seconds_of(found)
    assert found == merged(found)
    for start, end in found:
        assert start % grid == end % grid == 0
    # Nothing is shown as busy but the steps of the grid that something is in.
    assert {each // grid for each in seconds_of(found)} == {
        each // grid for each in seconds_of(some)
    }


def test_what_takes_no_time_makes_nobody_busy() -> None:
    assert rounded([(100, 100), (GRID, GRID)]) == []


@given(small, st.integers(0, 200), st.integers(0, 200))
def test_clipping_keeps_what_is_within(some: list[Interval], one: int, other: int) -> None:
    within = (min(one, other), max(one, other))
    assert seconds_of(clipped(some, within)) == seconds_of(some) & seconds_of([within])


@given(small, small)
def test_taking_out_leaves_the_rest(some: list[Interval], others: list[Interval]) -> None:
    found = list(without(merged(some), merged(others)))
    assert seconds_of(found) == seconds_of(some) - seconds_of(others)
    assert found == merged(found)


@given(small, st.integers(0, 180), st.integers(1, 20), st.integers(1, 40))
def test_a_narrow_question_finds_no_more_than_a_wide_one(
    some: list[Interval], after: int, length: int, grid: int
) -> None:
    within = (after, after + length)
    known = [
        each
        for each in some
        if each[0] < outward(within, grid)[1] and each[1] > outward(within, grid)[0]
    ]
    assert clipped(rounded(known, grid), within) == clipped(rounded(some, grid), within)


# What others answer


@given(small)
def test_what_was_told_is_read_as_it_was_meant(some: list[Interval]) -> None:
    told = clipped(rounded(some, 15), (7, 190))
    assert read_busy([list(each) for each in told], (7, 190)) == told


def test_the_fullest_agenda_can_be_told() -> None:
    within = (GRID // 2, GRID // 2 + MOST_SECONDS)
    every_other = [(start, start + GRID) for start in range(0, within[1], 2 * GRID)]
    told = clipped(every_other, within)
    assert len(told) == MOST_INTERVALS
    assert read_busy([list(each) for each in told], within) == told


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "busy",
        {"0": [0, 900]},
        [[0]],
        [[0, 900, 1800]],
        [0, 900],
        [["0", "900"]],
        [[0, 900.0]],
        [[False, True]],
        [[900, 0]],
        [[900, 900]],
        [[900, 1800], [0, 900]],
        [[0, 1800], [900, 2700]],
        [[0, 900], [0, 900]],
        [[-900, 900]],
        [[9000, 10_801]],
        [[0, 2**70]],
        [None],
        [[start, start + 1] for start in range(MOST_INTERVALS + 1)],
    ],
)
def test_what_can_not_be_busy_times_is_not_read(answer: object) -> None:
    assert read_busy(answer, (0, 10_800)) is None


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner),
)


@given(json)
def test_no_answer_breaks_the_reading(answer: object) -> None:
    found = read_busy(answer, (0, 1000))
    assert found is None or seconds_of(found) <= set(range(1000))


# Where something fits


@given(
    st.sampled_from(ZONES),
    st.integers(0, DAY_MINUTES - 1),
    st.integers(0, DAY_MINUTES),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 7 * DAY),
)
def test_hours_are_those_that_the_clock_shows(
    zone: ZoneInfo, begin: int, end: int, weekdays: frozenset[int], length: int
) -> None:
    # No clock of these is changed within this week.
    within = (at("2026-09-13T17:38:00+00:00"), at("2026-09-13T17:38:00+00:00") + length)
    open_ = seconds_of(
        [(a // MINUTE, b // MINUTE) for a, b in windows(Hours(zone, begin, end, weekdays), within)]
    )
    for minute in range(within[0] // MINUTE, within[1] // MINUTE):
        clock = datetime.fromtimestamp(minute * MINUTE, zone)
        minutes, today = clock.hour * 60 + clock.minute, clock.weekday()
        over_midnight = end <= begin
        since_today = minutes >= begin and (over_midnight or minutes < end)
        since_yesterday = over_midnight and minutes < end
        assert (minute in open_) == (
            (since_today and today in weekdays) or (since_yesterday and (today - 1) % 7 in weekdays)
        )


def brute_force(
    hours: Hours, within: Interval, busy: list[Interval], duration: int, step: int
) -> list[Interval]:
    """Try every minute, and each minute of what would begin there."""
    taken = {minute for start, end in rounded(busy, MINUTE) for minute in range(start, end, MINUTE)}
    open_ = {
        minute
        for start, end in windows(hours, within)
        for minute in range(start, end, MINUTE)
        if minute + MINUTE <= end
    }
    found = []
    for start in range(within[0] + -within[0] % MINUTE, within[1], MINUTE):
        clock = datetime.fromtimestamp(start, hours.zone)
        if clock.minute % (step // MINUTE) or clock.second:
            continue
        if all(
            minute in open_ and minute not in taken
            for minute in range(start, start + duration, MINUTE)
        ):
            found.append((start, start + duration))
    return found


minutes = st.integers(0, 3 * 24 * 60).map(lambda each: each * MINUTE)
days = st.sampled_from(
    [
        at("2026-03-28T00:00:00"),
        at("2026-10-24T00:00:00"),
        at("2026-09-20T22:37:00+00:00"),
        at("2026-04-04T00:00:00+00:00"),
        at("2026-10-31T12:00:00+00:00"),
    ]
)
"""Mostly just before the clocks change somewhere."""
hours = st.builds(
    Hours,
    zone=st.sampled_from(ZONES),
    begin=st.integers(0, DAY_MINUTES - 1),
    end=st.integers(0, DAY_MINUTES),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
)
steps = st.sampled_from([15 * MINUTE, 30 * MINUTE, 60 * MINUTE])
durations = st.integers(1, 5 * 60).map(lambda each: each * MINUTE)


@given(hours, days, minutes, st.lists(st.tuples(minutes, minutes), max_size=6), durations, steps)
def test_slots_are_those_that_trying_every_minute_finds(
    hours: Hours, day: int, length: int, some: list[Interval], duration: int, step: int
) -> None:
    within = (day, day + length)
    busy = [(day + start, day + end) for start, end in some]
    found = list(slots(hours, within, busy, duration, step))
    assert found == brute_force(hours, within, busy, duration, step)


@given(
    hours,
    days,
    st.integers(0, 3 * DAY),
    st.lists(st.tuples(st.integers(0, 3 * DAY), st.integers(0, 3 * DAY)), max_size=6),
    st.integers(1, 5 * HOUR),
    steps,
)
def test_no_slot_meets_anybodys_busy_time(
    hours: Hours, day: int, length: int, some: list[Interval], duration: int, step: int
) -> None:
    within = (day, day + length)
    busy = [(day + start, day + end) for start, end in some]
    found = list(slots(hours, within, busy, duration, step))
    assert found == sorted(found)
    for start, end in found:
        assert end - start == duration
        assert within[0] <= start < end <= within[1]
        assert all(until <= start or from_ >= end for from_, until in busy if from_ < until)
        if duration <= step:
            assert not any(start < other < end for other, _ in found)


def test_an_hour_is_found_between_what_people_have() -> None:
    within = (at("2026-09-21T00:00:00"), at("2026-09-22T00:00:00"))
    office = Hours(BERLIN, 9 * 60, 18 * 60)
    busy = [
        (at("2026-09-21T09:00:00"), at("2026-09-21T11:15:00")),
        (at("2026-09-21T12:30:00"), at("2026-09-21T17:00:00")),
    ]
    found = [shown(start) for start, _ in slots(office, within, busy, HOUR, 30 * MINUTE)]
    assert found == ["Mon 11:30", "Mon 17:00"]


def test_only_the_days_that_were_named_are_looked_at() -> None:
    within = (at("2026-09-21T00:00:00"), at("2026-09-28T00:00:00"))
    evenings = Hours(BERLIN, 20 * 60, 22 * 60, frozenset({1, 5}))
    found = [shown(start) for start, _ in slots(evenings, within, [], HOUR, HOUR)]
    assert found == ["Tue 20:00", "Tue 21:00", "Sat 20:00", "Sat 21:00"]


def test_hours_may_go_over_midnight_and_belong_to_the_day_on_which_they_begin() -> None:
    within = (at("2026-09-21T00:00:00"), at("2026-09-28T00:00:00"))
    night = Hours(BERLIN, 23 * 60, 60, frozenset({0, 6}))
    found = [shown(start) for start, _ in slots(night, within, [], HOUR, HOUR)]
    assert found == ["Mon 00:00", "Mon 23:00", "Tue 00:00", "Sun 23:00"]


def test_whole_days_have_no_border_at_midnight() -> None:
    within = (at("2026-09-21T00:00:00"), at("2026-09-23T00:00:00"))
    for whole in (Hours(BERLIN, 0, DAY_MINUTES), Hours(BERLIN, 9 * 60, 9 * 60)):
        assert windows(whole, within) == [within]
        assert len(list(slots(whole, within, [], 30 * HOUR, HOUR))) == 19


@pytest.mark.parametrize(("day", "hour"), [("2026-03-29", "07:00"), ("2026-10-25", "08:00")])
def test_nine_o_clock_stays_nine_when_the_clocks_change(day: str, hour: str) -> None:
    within = (at(f"{day}T00:00:00"), at(f"{day}T23:00:00"))
    found = list(slots(Hours(BERLIN, 9 * 60, 11 * 60), within, [], HOUR, HOUR))
    assert [shown(start) for start, _ in found] == ["Sun 09:00", "Sun 10:00"]
    assert datetime.fromtimestamp(found[0][0], UTC).strftime("%H:%M") == hour


def test_an_hour_that_the_clock_leaves_out_is_never_proposed() -> None:
    within = (at("2026-03-29T00:00:00"), at("2026-03-29T05:00:00"))
    found = list(slots(Hours(BERLIN, 60, 4 * 60), within, [], HOUR, HOUR))
    assert [shown(start) for start, _ in found] == ["Sun 01:00", "Sun 03:00"]
    assert found[0][1] == found[1][0]


def test_an_hour_that_the_clock_shows_twice_is_proposed_twice() -> None:
    within = (at("2026-10-25T00:00:00"), at("2026-10-25T05:00:00"))
    found = [start for start, _ in slots(Hours(BERLIN, 60, 4 * 60), within, [], HOUR, HOUR)]
    assert [shown(each) for each in found] == [f"Sun 0{hour}:00" for hour in (1, 2, 2, 3)]
    assert [later - sooner for sooner, later in pairwise(found)] == [HOUR] * 3


@pytest.mark.parametrize(
    ("day", "begin", "end", "open_"),
    [
        ("2026-10-25", 60, 150, 150),  # until the second half past two
        ("2026-10-25", 150, 240, 150),  # from the first one
        ("2026-03-29", 60, 150, 30),  # there is no half past two: no later than half past one
        ("2026-03-29", 150, 240, 30),  # and no earlier than half past three
        ("2026-03-29", 130, 170, 0),
        ("2026-10-26", 60, 150, 90),
    ],
)
def test_hours_may_begin_and_end_where_the_clock_jumps(
    day: str, begin: int, end: int, open_: int
) -> None:
    within = (at(f"{day}T00:00:00"), at(f"{day}T23:00:00"))
    found = windows(Hours(BERLIN, begin, end), within)
    assert [until - from_ for from_, until in found] == ([open_ * MINUTE] if open_ else [])


def test_steps_are_those_of_the_clock_where_one_is() -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")
    within = (at("2026-09-21T00:00:00+00:00"), at("2026-09-21T12:00:00+00:00"))
    [first, *_] = slots(Hours(kathmandu, 9 * 60, 18 * 60), within, [], HOUR, HOUR)
    assert shown(first[0], kathmandu) == "Mon 09:00"
    assert first[0] % HOUR == 15 * MINUTE


def test_the_ends_of_time_can_be_asked_about() -> None:
    for end in (MOST_SECONDS, free_slots.LATEST):
        for zone in ZONES:
            within = (end - MOST_SECONDS, end)
            assert list(slots(Hours(zone, 9 * 60, 9 * 60), within, [], HOUR, HOUR))
