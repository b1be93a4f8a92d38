"""The object that everybody writes."""

import json

import pytest
from icalendar import Calendar

from bench.suite.task import OPEN, due, icalendar, open_uids, questions, task, uid, vocabulary
from twin_module.core.schema import Shape
from twin_module.rooms.tasks import TASK


@pytest.mark.parametrize("number", [0, 1, 10, 999_999])
def test_it_is_a_task_of_about_half_a_kilobyte(number: int) -> None:
    content = task(number)
    assert Shape(TASK.schema).problems(content) == []
    assert 400 < len(json.dumps(content)) < 700


def test_it_is_the_same_in_each_run_and_another_one_for_each_number() -> None:
    assert task(3) == task(3)
    assert len({json.dumps(task(number)) for number in range(100)}) == 100


def test_nine_of_ten_are_open() -> None:
    assert len(open_uids(1000)) == 900


@pytest.mark.parametrize("number", [0, 1])
def test_as_icalendar_it_says_the_same(number: int) -> None:
    (todo,) = Calendar.from_ical(icalendar(number).decode()).walk("VTODO")
    content = task(number)
    assert str(todo["SUMMARY"]) == content["title"]
    assert str(todo["DESCRIPTION"]) == content["description"]
    assert str(todo["UID"]) == uid(number)
    assert todo["DUE"].to_ical() == f"{due(number):%Y%m%dT%H%M%SZ}".encode()
    assert (todo["STATUS"] == "NEEDS-ACTION") == (content["progress"] == OPEN)


def test_what_is_searched_for_is_in_some_of_many_tasks_and_not_in_all() -> None:
    texts = [set(task(number)["description"].split()) for number in range(2000)]
    for word in questions(5):
        assert word in vocabulary()
        assert 0 < sum(word in text for text in texts) < len(texts)
