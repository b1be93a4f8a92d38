"""Tasks: every command, the order of a list, time zones, subtasks and people."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from twin_module.core.effects import Put
from twin_module.core.errors import InvalidParam, NotFound
from twin_module.core.state import StateMap, frozen
from twin_module.rooms.tasks import TASK, TASKS, assignees, due_instant, parents
from twin_module.testing.stage import NEW_UID, NOW, Stage
from twin_module.testing.strategies import ALICE, BOB, CAROL, ROOM, contents, event_of, state_of

PARENT = {"relation": {"parent": True}}
ATTENDEE = {"@type": "Participant", "roles": {"attendee": True}}


def a_list(**tasks: dict[str, Any]) -> Stage:
    """Return a room with tasks by uid; each has its uid as title where it says nothing else."""
    whole = {uid: {"@type": "Task", "title": uid, **task} for uid, task in tasks.items()}
    return Stage(TASKS, state_of(*(event_of(TASK.type, uid, task) for uid, task in whole.items())))


def order(stage: Stage) -> list[str]:
    return [task["uid"] for task in stage.shown()["tasks"]]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Adding


def test_a_task_is_added_with_what_was_said() -> None:
    after = a_list().run(
        "add", title="Buy bread", due="2026-12-24T18:00:00", keywords={"home": True}
    )
    assert after.content(NEW_UID) == {
        "@type": "Task",
        "title": "Buy bread",
        "due": "2026-12-24T18:00:00",
        "keywords": {"home": True},
        "progress": "needs-action",
        "created": "2026-12-24T12:00:00Z",
    }


def test_a_task_can_have_a_uid_of_the_callers_choice() -> None:
    assert order(a_list().run("add", title="Buy bread", uid="mine")) == ["mine"]


def test_a_task_is_added_as_a_part_of_another_one() -> None:
    after = a_list().run("add", title="Find the shop", parent="a")
    assert after.content(NEW_UID)["relatedTo"] == {"a": {"@type": "Relation", **PARENT}}
    assert after.shown()["subtasks"] == {"a": [NEW_UID]}


def test_a_task_is_added_for_several_people() -> None:
    after = a_list().run("add", title="Buy bread", assignees=[BOB, CAROL])
    assert after.content(NEW_UID)["participants"] == {BOB: ATTENDEE, CAROL: ATTENDEE}
    assert after.shown()["assignees"] == {BOB: [NEW_UID], CAROL: [NEW_UID]}


@pytest.mark.parametrize(
    "due", ["2026-02-29T12:00:00", "2026-04-31T12:00:00", "0000-01-01T00:00:00"]
)
@pytest.mark.parametrize("command", ["add", "change"])
def test_a_day_that_no_calendar_has_is_refused(command: str, due: str) -> None:
    with pytest.raises(InvalidParam, match="no calendar has the day"):
        a_list(a={}).run(command, title="Buy bread", uid="a", due=due)


@pytest.mark.parametrize(
    "zone", ["Europe/Atlantis", "", "Europe", "../etc/passwd", "/etc/passwd", "é", "x" * 64]
)
@pytest.mark.parametrize("command", ["add", "change"])
def test_a_time_zone_that_there_is_not_is_refused(command: str, zone: str) -> None:
    with pytest.raises(InvalidParam, match="not the name of a zone"):
        a_list(a={}).run(command, title="Buy bread", uid="a", timeZone=zone)


# Changing


def test_a_field_is_changed_and_the_others_stay() -> None:
    after = a_list(a={"priority": 1, "org.example.colour": "red"}).run(
        "change", uid="a", title="New"
    )
    assert after.content("a") == {
        "@type": "Task",
        "title": "New",
        "priority": 1,
        "org.example.colour": "red",
    }


def test_null_takes_a_field_away() -> None:
    after = a_list(a={"due": "2026-12-24T18:00:00", "priority": 1}).run("change", uid="a", due=None)
    assert after.content("a") == {"@type": "Task", "title": "a", "priority": 1}


def test_a_field_that_is_not_there_can_be_taken_away() -> None:
    assert a_list(a={}).run("change", uid="a", due=None).state == a_list(a={}).state


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("change", {"title": "New"}),
        ("complete", {}),
        ("reopen", {}),
        ("assign", {"user_id": BOB}),
        ("move", {"to_room_id": "!other"}),
        ("remove", {}),
    ],
)
@pytest.mark.parametrize("uid", ["missing", "removed", "broken"])
def test_a_task_that_there_is_not_is_not_found(
    command: str, more: dict[str, Any], uid: str
) -> None:
    removed = event_of(TASK.type, "removed", {})
    broken = event_of(TASK.type, "broken", {"@type": "Task"})
    with pytest.raises(NotFound, match=f"no task '{uid}'"):
        Stage(TASKS, state_of(removed, broken)).run(command, uid=uid, **more)


# Completing


def test_a_completed_task_says_so_and_when() -> None:
    done = a_list(a={"percentComplete": 50}).run("complete", uid="a").content("a")
    assert done["progress"] == "completed"
    assert done["percentComplete"] == 100
    assert done["progressUpdated"] == "2026-12-24T12:00:00Z"


def test_completing_twice_changes_nothing() -> None:
    once = a_list(a={}).run("complete", uid="a")
    assert Stage(TASKS, once.state, at("2027-01-01T00:00:00")).decide("complete", uid="a") == []


@pytest.mark.parametrize("progress", ["in-process", "completed", "failed", "cancelled"])
def test_any_task_can_be_reopened(progress: str) -> None:
    again = a_list(a={"progress": progress, "percentComplete": 100}).run("reopen", uid="a")
    assert again.content("a")["progress"] == "needs-action"
    assert "percentComplete" not in again.content("a")
    assert again.shown()["open"] == 1


def test_reopening_what_is_open_changes_nothing() -> None:
    assert a_list(a={}).decide("reopen", uid="a") == []


# People


def test_a_task_is_assigned_and_taken_off_again() -> None:
    assigned = a_list(a={}).run("assign", uid="a", user_id=BOB)
    assert assigned.shown()["assignees"] == {BOB: ["a"]}
    assert assigned.run("assign", uid="a", user_id=BOB, assigned=False).state == a_list(a={}).state


def test_who_has_other_roles_stays_when_a_task_is_taken_off_them() -> None:
    owner = {"@type": "Participant", "name": "Bob", "roles": {"owner": True, "attendee": True}}
    after = a_list(a={"participants": {BOB: owner}}).run(
        "assign", uid="a", user_id=BOB, assigned=False
    )
    assert after.content("a")["participants"] == {BOB: {**owner, "roles": {"owner": True}}}


def test_completed_tasks_are_no_longer_anyones() -> None:
    mine = {"participants": {BOB: ATTENDEE}}
    assert a_list(a=mine, b={**mine, "progress": "completed"}).shown()["assignees"] == {BOB: ["a"]}


# Order and time


def test_open_tasks_come_by_time_then_priority_then_title_and_done_ones_last() -> None:
    stage = a_list(
        done={"progress": "completed", "due": "2020-01-01T00:00:00"},
        cancelled={"progress": "cancelled", "due": "2020-01-02T00:00:00"},
        z={},
        y={},
        low={"priority": 9},
        high={"priority": 1},
        later={"due": "2026-12-26T00:00:00"},
        sooner={"due": "2026-12-25T00:00:00", "progress": "in-process"},
    )
    assert order(stage) == ["sooner", "later", "high", "low", "y", "z", "done", "cancelled"]


def test_tasks_of_one_title_come_by_uid() -> None:
    assert order(a_list(b={"title": "same"}, a={"title": "same"})) == ["a", "b"]


def test_order_is_by_the_instant_and_not_by_the_clock_on_the_wall() -> None:
    stage = a_list(
        berlin={"due": "2026-12-24T18:00:00", "timeZone": "Europe/Berlin"},
        tokyo={"due": "2026-12-24T20:00:00", "timeZone": "Asia/Tokyo"},
        utc={"due": "2026-12-24T16:00:00"},
    )
    assert order(stage) == ["tokyo", "utc", "berlin"]


@pytest.mark.parametrize(
    ("due", "zone", "instant"),
    [
        ("2026-12-24T18:00:00", None, "2026-12-24T18:00:00"),
        ("2026-12-24T18:00:00", "Etc/UTC", "2026-12-24T18:00:00"),
        ("2026-12-24T18:00:00", "Europe/Berlin", "2026-12-24T17:00:00"),
        ("2026-07-24T18:00:00", "Europe/Berlin", "2026-07-24T16:00:00"),
        # Clocks go forward from two to three that night, and back from three to two in October.
        ("2026-03-29T01:59:59", "Europe/Berlin", "2026-03-29T00:59:59"),
        ("2026-03-29T02:30:00", "Europe/Berlin", "2026-03-29T01:30:00"),
        ("2026-03-29T03:00:00", "Europe/Berlin", "2026-03-29T01:00:00"),
        ("2026-10-25T02:30:00", "Europe/Berlin", "2026-10-25T00:30:00"),
        ("2026-10-25T03:00:00", "Europe/Berlin", "2026-10-25T02:00:00"),
        ("2026-12-24T18:00:00", "Asia/Kathmandu", "2026-12-24T12:15:00"),
    ],
)
def test_a_local_time_means_one_instant(due: str, zone: str | None, instant: str) -> None:
    assert due_instant(frozen({"due": due, "timeZone": zone})) == at(instant)


@pytest.mark.parametrize(
    ("due", "zone"),
    [
        ("2026-02-30T12:00:00", None),
        ("0000-01-01T00:00:00", None),
        ("0001-01-01T00:00:00", "Asia/Tokyo"),
        ("9999-12-31T23:59:59", "America/New_York"),
        ("2026-12-24T18:00:00", "Europe/Atlantis"),
        ("2026-12-24T18:00:00", "../../etc/passwd"),
        ("2026-12-24T18:00:00", "Europe"),
    ],
)
def test_a_time_that_there_is_not_is_no_time(due: str, zone: str | None) -> None:
    task = {"due": due} | ({"timeZone": zone} if zone else {})
    assert TASK.problems({"@type": "Task", "title": "a", **task}) == []
    assert due_instant(frozen(task)) is None
    assert order(a_list(a=task)) == ["a"]
    assert a_list(a=task).shown()["overdue"] == []


@pytest.mark.parametrize(
    ("task", "overdue"),
    [
        ({"due": "2026-12-24T11:59:59"}, True),
        ({"due": "2026-12-24T12:00:00"}, False),
        ({"due": "2026-12-24T12:59:59", "timeZone": "Europe/Berlin"}, True),
        ({"due": "2026-12-24T11:00:00", "timeZone": "America/New_York"}, False),
        ({"due": "2020-01-01T00:00:00", "progress": "completed"}, False),
        ({"due": "2020-01-01T00:00:00", "progress": "cancelled"}, False),
        ({"due": "2020-01-01T00:00:00", "progress": "in-process"}, True),
        ({}, False),
    ],
)
def test_a_task_is_overdue_when_it_is_open_and_its_time_has_passed(
    task: dict[str, Any], overdue: bool
) -> None:
    assert (a_list(a=task).shown()["overdue"] == ["a"]) is overdue
    assert datetime(2026, 12, 24, 12, tzinfo=UTC) == NOW


# Subtasks and moving


def puts(stage: Stage, uid: str) -> list[Put]:
    effects = stage.decide("move", uid=uid, to_room_id="!other")
    found = [each for each in effects if isinstance(each, Put)]
    assert len(found) == len(effects)
    return found


def test_a_task_moves_with_all_that_is_below_it() -> None:
    stage = a_list(
        top={},
        child={"relatedTo": {"top": PARENT}},
        grandchild={"relatedTo": {"child": PARENT}},
        friend={"relatedTo": {"top": {"relation": {"next": True}}}},
        other={},
    )
    moved = puts(stage, "top")
    there = [each.state_key for each in moved if each.room_id == "!other"]
    here = [each.state_key for each in moved if each.room_id is None]
    assert there[0] == here[-1] == "top"
    assert sorted(there) == sorted(here) == ["child", "grandchild", "top"]
    assert order(stage.after(moved)) == ["friend", "other"]


def test_a_task_is_written_there_before_it_is_removed_here() -> None:
    moved = puts(a_list(top={"new": [1]}, child={"relatedTo": {"top": PARENT}}), "top")
    assert [bool(each.content) for each in moved] == [True, True, False, False]
    assert moved[0].content == frozen({"@type": "Task", "title": "top", "new": [1]})


@given(cut=st.integers(0, 4))
def test_a_move_that_was_cut_is_finished_by_asking_again(cut: int) -> None:
    stage = a_list(top={}, child={"relatedTo": {"top": PARENT}})
    whole = puts(stage, "top")
    first = whole[:cut]
    rest = [] if cut == len(whole) else puts(stage.after(first), "top")
    there = {each.state_key for each in [*first, *rest] if each.room_id == "!other"}
    assert there == {"top", "child"}
    assert order(stage.after([*first, *rest])) == []


def test_moving_a_task_to_where_it_is_changes_nothing() -> None:
    assert a_list(a={}).decide("move", uid="a", to_room_id=ROOM) == []


@pytest.mark.parametrize(
    ("tasks", "moving"),
    [
        ({"a": {"relatedTo": {"a": PARENT}}}, ["a"]),
        ({"a": {"relatedTo": {"b": PARENT}}, "b": {"relatedTo": {"a": PARENT}}}, ["a", "b"]),
        (
            {
                "a": {"relatedTo": {"c": PARENT}},
                "b": {"relatedTo": {"a": PARENT}},
                "c": {"relatedTo": {"b": PARENT}},
                "d": {"relatedTo": {"c": PARENT, "gone": PARENT}},
            },
            ["a", "b", "c", "d"],
        ),
    ],
)
def test_circles_of_parents_end(tasks: dict[str, Any], moving: list[str]) -> None:
    moved = puts(a_list(**tasks), "a")
    assert sorted(each.state_key for each in moved if each.content) == moving


# What readers get, said in the simplest way


@given(found=st.lists(contents(TASK), max_size=5))
def test_people_and_subtasks_are_grouped_in_the_order_of_the_list(
    found: list[dict[str, Any]],
) -> None:
    state: StateMap = state_of(
        *(event_of(TASK.type, f"t{number}", task) for number, task in enumerate(found))
    )
    tasks = TASKS.project(state)
    shown = TASKS.render(tasks, NOW)
    people = sorted({user for task in tasks for user in assignees(task.content)})
    above = sorted({uid for task in tasks for uid in parents(task.content)})
    assert list(shown["assignees"]) == people
    assert list(shown["subtasks"]) == above
    for user in people:
        assert shown["assignees"][user] == [
            task.uid for task in tasks if task.is_open and user in assignees(task.content)
        ]
    for parent in above:
        assert shown["subtasks"][parent] == [
            task.uid for task in tasks if parent in parents(task.content)
        ]


@pytest.mark.parametrize(
    ("name", "content", "read"),
    [
        ("progress", {}, "needs-action"),
        ("progress", {"progress": "failed"}, "failed"),
        ("due", {"due": "2026-12-24T18:00:00"}, "2026-12-24T18:00:00"),
        ("due", {}, None),
        ("priority", {"priority": 3}, 3),
        ("priority", {"priority": 0}, None),
        ("keyword", {"keywords": {"b": True, "a": True}}, ["a", "b"]),
        ("assignee", {"participants": {BOB: ATTENDEE, ALICE: {"roles": {"owner": True}}}}, [BOB]),
        ("parent", {"relatedTo": {"a": PARENT, "b": {"relation": {"child": True}}}}, ["a"]),
        ("parent", {"relatedTo": {"a": {}}}, []),
    ],
)
def test_a_filter_reads_its_field(name: str, content: dict[str, Any], read: Any) -> None:
    assert TASK.filters[name].read(frozen(content)) == read
