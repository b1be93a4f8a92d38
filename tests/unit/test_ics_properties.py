"""What holds for every calendar: nothing is lost either way, and nothing raises."""

import json
from typing import Any

from hypothesis import given, strategies as st

from twin_module.core.canonical import canonical_problem
from twin_module.core.content_lines import Component, read_components
from twin_module.core.entries import Entry
from twin_module.core.event_types import EVENT
from twin_module.core.ics.calendars import read_entries, write_calendar, write_entry
from twin_module.core.state import NAMESPACE, frozen
from twin_module.rooms.tasks import TASK
from twin_module.testing.calendar_strategies import calendars, hostile_texts, shape_of
from twin_module.testing.jscalendar_strategies import Content, events, tasks
from twin_module.testing.json_strategies import odd_json
from twin_module.testing.schema_strategies import values

TYPES = {"Event": EVENT, "Task": TASK}


def read_one(text: str) -> Entry:
    entries, refused = read_entries(text)
    assert not refused
    [entry] = entries
    return entry


# From iCalendar and back


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
    assert TYPES[content["@type"]].problems(content) == []


@given(calendars(), st.text("abc", min_size=1))
def test_a_new_title_changes_no_other_line(text: str, title: str) -> None:
    entry = read_one(text)
    before, after = (
        {line for line in lines_of(write_entry(entry.key, each)) if not is_title(line)}
        for each in (entry.content, {**entry.content, "title": title})
    )
    assert before == after


def lines_of(text: str) -> list[str]:
    [root] = read_components(text, {})
    return list(root.texts())


def is_title(line: str) -> bool:
    return line.upper().startswith("SUMMARY")


# From JSCalendar and back


@given(events() | tasks())
def test_an_object_comes_back_as_it_was(content: Content) -> None:
    assert read_one(write_entry("uid", content)) == Entry("uid", content)


@given(events() | tasks())
def test_the_order_of_fields_does_not_matter(content: Content) -> None:
    turned = json.loads(json.dumps(dict(reversed(content.items()))))
    assert write_entry("uid", turned) == write_entry("uid", content)


@given(events(), tasks())
def test_a_calendar_of_many_entries_reads_as_these(event: Content, task: Content) -> None:
    both = [("a", {**event, "method": None}), ("b", {**task, "method": None})]
    entries, refused = read_entries(write_calendar(both, "Work, and more"))
    assert not refused
    for entry in entries:
        del entry.content[NAMESPACE]
    told = [{k: v for k, v in each.items() if k != "method"} for each in (event, task)]
    assert entries == [Entry("a", told[0]), Entry("b", told[1])]


# From strangers


@given(hostile_texts())
def test_no_text_raises_and_what_is_read_can_be_stored(text: str) -> None:
    entries, _ = read_entries(text)
    for entry in entries:
        assert canonical_problem(entry.content) is None
        assert read_entries(write_entry(entry.key, entry.content)) == ([entry], [])


def forged_lines() -> st.SearchStrategy[Any]:
    lines = [
        "X-A:b",
        "UID:key",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "a\nEND:VCALENDAR",
        "UID:x",
        "SUMMARY:0",
    ]
    return st.sampled_from([*lines, "BEGIN:VEVENT\nUID:x\nEND:VEVENT", "BEGIN:X-A\nEND:X-A"])


def forged() -> st.SearchStrategy[Any]:
    texts = forged_lines() | odd_json()
    anything = st.one_of(
        odd_json(), st.lists(texts, max_size=3), st.dictionaries(forged_lines(), texts, max_size=3)
    )
    names = ["lines", "instead", "components", "calendar", "zones", "timezones"]
    return odd_json() | st.fixed_dictionaries({}, optional=dict.fromkeys(names, anything))


@given(values(EVENT.shape.schema) | values(TASK.shape.schema), forged())
def test_content_of_strangers_is_written_as_one_calendar_with_one_uid(
    content: Content, kept: Any
) -> None:
    text = write_entry("key", frozen({**content, "uid": "other", NAMESPACE: {"iCalendar": kept}}))
    [root] = read_components(text, {})
    assert not root.broken
    parts = [each for each in root.parts if each.name != "VTIMEZONE"]
    kind = TYPES[content["@type"]].component
    assert {(each.name, uid_of(each)) for each in parts} == {(kind, "key")}
    assert text.count("\r\n") == text.count("\n") == text.count("\r")


def uid_of(component: Component) -> str:
    [uid] = [line.value for line in component.lines if line.name == "UID"]
    return uid
