"""Answers by number."""

import pytest
from hypothesis import given, strategies as st

from twin_module.chat.numbers import numbered, parted


@pytest.mark.parametrize(
    ("said", "numbers", "rest"),
    [
        ("1 done", [1], "done"),
        ("2", [2], ""),
        ("2.", [2], ""),
        ("3) tomorrow", [3], "tomorrow"),
        ("1: done", [1], "done"),
        ("1, 3 done", [1, 3], "done"),
        ("1 3 done", [1, 3], "done"),
        ("1 and 3 done", [1, 3], "done"),
        ("1, 2 & 3 done", [1, 2, 3], "done"),
        ("1 und 3 erledigt", [1, 3], "erledigt"),
        ("2 2 done", [2], "done"),
        ("2 18:00", [2], "18:00"),
        ("all done", [1, 2, 3, 4, 5], "done"),
        ("alle erledigt", [1, 2, 3, 4, 5], "erledigt"),
    ],
)
def test_numbers_in_front_are_read(said: str, numbers: list[int], rest: str) -> None:
    assert numbered(said, 5) == (numbers, rest)


@pytest.mark.parametrize(
    "said", ["done", "18:00", "2h", "3.4.", "6 done", "0 done", "1 and 9 done", "tomorrow 2", ""]
)
def test_times_amounts_and_numbers_that_are_not_there_are_words(said: str) -> None:
    assert numbered(said, 5) == ([], said)


def test_where_nothing_is_counted_all_is_nothing() -> None:
    assert numbered("all done", 0) == ([], "all done")


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("1 done, 2 tomorrow", ["1 done", "2 tomorrow"]),
        ("1 done; 2, 3 tomorrow", ["1 done", "2, 3 tomorrow"]),
        ("1 done\n2 rename to eggs, 3 pieces", ["1 done", "2 rename to eggs, 3 pieces"]),
        ("1, 3 done", ["1, 3 done"]),
        ("1 done, 9 tomorrow", ["1 done, 9 tomorrow"]),
        ("1 done, soon", ["1 done, soon"]),
        ("", [""]),
    ],
)
def test_each_number_may_have_an_answer_of_its_own(said: str, parts: list[str]) -> None:
    assert parted(said, 5) == parts


@given(st.text("12 ,;\na", max_size=40))
def test_no_word_of_several_answers_is_lost(said: str) -> None:
    assert "".join(parted(said, 2)).count("a") == said.count("a")


@given(st.text(max_size=60), st.integers(0, 60))
def test_numbers_are_always_of_what_was_counted(said: str, count: int) -> None:
    numbers, rest = numbered(said, count)
    assert all(1 <= each <= count for each in numbers)
    assert len(set(numbers)) == len(numbers)
    assert rest in said or not numbers
