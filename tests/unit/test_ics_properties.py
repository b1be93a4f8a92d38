"""What holds for every calendar: nothing is lost either way, and nothing raises."""

import json

from hypothesis import given

from twin_module.core.canonical import canonical_problem
from twin_module.core.entries import Entry
from twin_module.core.ics import read_entries, write_calendar, write_entry
from twin_module.core.jscalendar_schema import COMMON, RECURRENCE
from twin_module.core.schema import Shape
from twin_module.rooms.tasks import TASK
from twin_module.testing.calendar_strategies import (
    Content,
    calendars,
    events,
    hostile_texts,
    shape_of,
    tasks,
)

SHARED = Shape({"type": "object", "properties": {**COMMON, **RECURRENCE}})


def read_one(text: str) -> Entry:
    entries, refused = read_entries(text)
    assert not refused
    [entry] = entries
    return entry


@given(calendars())
def test_a_calendar_comes_back_line_by_line(text: str) -> None:
    entry = read_one(text)
    assert shape_of(write_entry(entry.key, entry.content)) == shape_of(text)


@given(calendars())
def test_a_calendar_that_comes_back_reads_the_same(text: str) -> None:
    entry = read_one(text)
    assert read_one(write_entry(entry.key, entry.content)) == entry


@given(calendars())
def test_what_is_read_fits(text: str) -> None:
    content = read_one(text).content
    assert canonical_problem(content) is None
    assert SHARED.problems(content) == []
    if content["@type"] == "Task":
        assert TASK.problems(content) == []


@given(events() | tasks())
def test_an_object_comes_back_as_it_was(content: Content) -> None:
    assert read_one(write_entry("uid", content)) == Entry("uid", content)


@given(events() | tasks())
def test_what_is_written_twice_is_the_same(content: Content) -> None:
    text = write_entry("uid", content)
    assert write_entry("uid", read_one(text).content) == text


@given(events() | tasks())
def test_the_order_of_fields_does_not_matter(content: Content) -> None:
    turned = json.loads(json.dumps(dict(reversed(content.items()))))
    assert write_entry("uid", turned) == write_entry("uid", content)


@given(hostile_texts())
def test_no_text_raises_and_what_is_read_can_be_stored(text: str) -> None:
    entries, _ = read_entries(text)
    for entry in entries:
        assert canonical_problem(entry.content) is None
        assert write_entry(entry.key, entry.content).endswith("END:VCALENDAR\r\n")


@given(events(), tasks())
def test_a_calendar_of_many_entries_reads_as_these(event: Content, task: Content) -> None:
    bare = [{k: v for k, v in each.items() if k != "method"} for each in (event, task)]
    text = write_calendar(zip(["a", "b"], bare, strict=True), "Work, and more")
    entries, refused = read_entries(text)
    assert not refused
    assert [(entry.key, entry.content["title"]) for entry in entries] == [
        ("a", event["title"]),
        ("b", task["title"]),
    ]
