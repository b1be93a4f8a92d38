"""Commands: refused with reasons, decided anew when somebody was faster, in bulk."""

from typing import Any

import pytest

from tests.engine.conftest import TASK, Home, settle, task
from twin_module.core.effects import Put
from twin_module.core.errors import (
    BadJson,
    Conflict,
    Forbidden,
    InvalidParam,
    NotFound,
    TwinError,
)
from twin_module.core.layout import Kind, kind_in
from twin_module.core.state import frozen
from twin_module.engine.commands import ChunkRefused, Item
from twin_module.engine.orders import Written
from twin_module.engine.writer import CHUNK
from twin_module.testing.driver import run, together


def test_a_command_writes_and_says_what(alice: Home, room: str) -> None:
    outcome = alice.command("tasks", "add", room_id=room, title="Bread")
    (written,) = outcome.written
    assert alice.content(room, TASK, written.state_key)["title"] == "Bread"
    assert alice.server.state(room)[TASK, written.state_key].event_id == written.event_id
    assert list(outcome.created) == []


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        ({}, ""),
        ({"title": 5}, "/title"),
        ({"title": "x", "more": 1}, ""),
        ({"title": "x", "priority": 1.5}, "/priority"),
        ({"title": "x", "due": "tomorrow"}, "/due"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_with_their_places(
    alice: Home, room: str, arguments: dict[str, Any], place: str
) -> None:
    position = alice.server.position
    with pytest.raises(BadJson) as refused:
        alice.command("tasks", "add", room_id=room, **arguments)
    errors = refused.value.fields["errors"]
    assert place in [error["path"] for error in errors]
    assert all(error["message"] for error in errors)
    assert alice.server.position == position


@pytest.mark.parametrize("arguments", [None, [], "text", 5, True])
def test_a_request_that_is_no_object_is_refused(alice: Home, arguments: Any) -> None:
    with pytest.raises(BadJson):
        run(alice.twin.commands.run("tasks", "add", arguments))


def test_unknown_capabilities_commands_rooms_and_objects_are_not_found(
    alice: Home, bob: Home, room: str
) -> None:
    with pytest.raises(NotFound, match="tasks, agenda, docs"):
        alice.command("chess", "move")
    with pytest.raises(NotFound, match="complete"):
        alice.command("tasks", "fly", room_id=room)
    for where in ("!unknown", bob.collection()):
        with pytest.raises(NotFound):
            alice.command("tasks", "add", room_id=where, title="x")
    with pytest.raises(NotFound):
        alice.command("tasks", "complete", room_id=room, uid="nothing")


def test_a_uid_that_is_taken_is_not_given_again(alice: Home, room: str) -> None:
    alice.command("tasks", "add", room_id=room, uid="mine", title="Bread")
    with pytest.raises(Conflict):
        alice.command("tasks", "add", room_id=room, uid="mine", title="Butter")
    assert alice.content(room, TASK, "mine")["title"] == "Bread"
    alice.command("tasks", "remove", room_id=room, uid="mine")
    alice.command("tasks", "add", room_id=room, uid="mine", title="Butter")
    assert alice.content(room, TASK, "mine")["title"] == "Butter"


def test_two_commands_at_once_are_both_done(alice: Home, room: str) -> None:
    alice.command("tasks", "add", room_id=room, uid="a", title="Bread")
    outcomes = together(
        alice.twin.commands.run("tasks", "complete", {"room_id": room, "uid": "a"}),
        alice.twin.commands.run("tasks", "change", {"room_id": room, "uid": "a", "title": "Rye"}),
        alice.twin.commands.run("tasks", "change", {"room_id": room, "uid": "a", "priority": 1}),
    )
    assert [isinstance(each, Exception) for each in outcomes] == [False] * 3
    content = alice.content(room, TASK, "a")
    assert (content["title"], content["priority"]) == ("Rye", 1)
    assert content["progress"] == "completed"


def test_a_command_that_somebody_is_always_faster_than_ends_in_a_conflict(
    alice: Home, room: str
) -> None:
    alice.command("tasks", "add", room_id=room, uid="a", title="Bread")
    state, asked = alice.port.state, []

    async def slow(room_id: str, keys: Any) -> Any:
        found = await state(room_id, keys)
        if (TASK, "a") in found:
            asked.append(1)
            alice.server.write(room, TASK, "a", {"@type": "Task", "title": f"t{len(asked)}"})
        return found

    alice.port.state = slow  # type: ignore[method-assign]
    with pytest.raises(Conflict):
        alice.command("tasks", "complete", room_id=room, uid="a")
    assert len(asked) > 2
    assert "progress" not in alice.content(room, TASK, "a")


def test_a_command_keeps_what_it_does_not_know(alice: Home, room: str) -> None:
    alice.server.write(room, TASK, "a", {"@type": "Task", "title": "x", "newer": {"field": [1]}})
    alice.command("tasks", "complete", room_id=room, uid="a")
    assert alice.content(room, TASK, "a")["newer"] == {"field": [1]}


def test_a_command_without_a_right_is_refused(alice: Home, bob: Home, shared: str) -> None:
    circle = alice.circle()
    with pytest.raises(Forbidden):
        bob.command("circles", "share", room_id=shared, circle=circle)
    with pytest.raises(InvalidParam):
        alice.command("circles", "add", room_id=circle, user_id=alice.owner)


def test_a_command_makes_a_room(alice: Home) -> None:
    outcome = alice.command("circles", "create", name="Family")
    (circle,) = outcome.created
    assert kind_in(alice.server.state(circle)) is Kind.CIRCLE


def test_a_task_moves_with_its_subtasks_to_another_list(alice: Home, room: str) -> None:
    other = alice.collection("Other")
    settle(alice)
    alice.write(room, task("top"))
    related = {"top": {"@type": "Relation", "relation": {"parent": True}}}
    alice.write(room, task("sub", relatedTo=related))
    alice.command("tasks", "move", room_id=room, uid="top", to_room_id=other)
    assert [alice.content(room, TASK, uid) for uid in ("top", "sub")] == [{}, {}]
    assert alice.content(other, TASK, "top")["title"] == "Bread"
    assert alice.content(other, TASK, "sub")["relatedTo"] == related


# Bulk


def items(*uids: str) -> list[Item]:
    """Return tasks to be written in bulk."""
    return [Item(TASK, uid, {"@type": "Task", "title": f"Task {uid}"}) for uid in uids]


def bulk(home: Home, room: str, what: list[Item]) -> list[Written | TwinError]:
    """Write in bulk."""
    return run(home.twin.commands.bulk(room, what))


def test_a_thousand_objects_are_written_each_with_its_result(alice: Home, room: str) -> None:
    uids = [f"t{number}" for number in range(1000)]
    results = bulk(alice, room, items(*uids))
    written = [each for each in results if isinstance(each, Written)]
    assert [each.state_key for each in written] == uids
    state = alice.server.state(room)
    assert [each.event_id for each in written] == [state[TASK, uid].event_id for uid in uids]


@pytest.mark.parametrize(
    ("ends", "steps"),
    [
        (True, ["after send_states"] * 3),
        (False, ["after send_states", "after send_state"] * 2),
    ],
    ids=["chains", "batches of Synapse"],
)
def test_chunks_follow_each_other_and_where_batches_have_to_be_ended_one_object_goes_alone_between(
    alice: Home, room: str, ends: bool, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alice.port, "ends_batches", lambda _: ends)
    before = len(alice.port.steps)
    bulk(alice, room, items(*(f"t{number}" for number in range(CHUNK * 2 + 2))))
    sent = [step for step in alice.port.steps[before:] if step.startswith("after send")]
    assert sent == steps


def test_an_object_that_does_not_fit_takes_its_chunk_with_it_and_no_other(
    alice: Home, room: str
) -> None:
    what = items(*(f"t{number}" for number in range(CHUNK * 2 + 2)))
    what[3] = Item(TASK, "t3", {"@type": "Task"})
    results = bulk(alice, room, what)
    assert isinstance(results[3], BadJson)
    assert "title" in results[3].message
    others = [*results[:3], *results[4:CHUNK]]
    assert all(isinstance(each, ChunkRefused) for each in others)
    assert all(isinstance(each, Written) for each in results[CHUNK:])
    assert [alice.content(room, TASK, f"t{number}") for number in range(CHUNK)] == [None] * CHUNK


def test_an_object_that_stands_twice_is_refused(alice: Home, room: str) -> None:
    first, again, other = bulk(alice, room, items("a", "a", "b"))
    assert (type(first), type(again), type(other)) == (ChunkRefused, BadJson, ChunkRefused)
    assert alice.content(room, TASK, "a") is None


def test_bulk_to_a_room_that_may_not_be_written_says_so_for_each(
    alice: Home, bob: Home, room: str
) -> None:
    results = bulk(bob, room, items("a", "b"))
    assert [type(each) for each in results] == [Forbidden, Forbidden]


def test_bulk_again_changes_nothing(alice: Home, room: str) -> None:
    first = bulk(alice, room, items("a", "b", "c"))
    again = bulk(alice, room, items("a", "b", "c"))
    assert [each.event_id for each in first if isinstance(each, Written)] == [
        each.event_id for each in again if isinstance(each, Written)
    ]
    assert [each.changed for each in again if isinstance(each, Written)] == [False] * 3


def test_nothing_in_bulk_is_nothing(alice: Home, room: str) -> None:
    assert bulk(alice, room, []) == []


def test_removed_objects_may_be_written_in_bulk(alice: Home, room: str) -> None:
    alice.write(room, Put(TASK, "a", frozen({"@type": "Task", "title": "x"})))
    (result,) = bulk(alice, room, [Item(TASK, "a", {})])
    assert isinstance(result, Written)
    assert alice.content(room, TASK, "a") == {}


def test_moving_overwrites_no_other_task_of_the_same_uid(alice: Home, room: str) -> None:
    there = alice.collection("Other")
    alice.write(room, task("a", "Bread"))
    alice.write(there, task("a", "Something else"))
    with pytest.raises(Conflict, match="a is there already"):
        alice.command("tasks", "move", room_id=room, uid="a", to_room_id=there)
    assert alice.content(there, TASK, "a")["title"] == "Something else"
    assert alice.content(room, TASK, "a")["title"] == "Bread"


def test_a_move_that_was_cut_in_between_is_finished_when_asked_again(
    alice: Home, room: str
) -> None:
    there = alice.collection("Other")
    alice.write(room, task("a", "Bread"))
    alice.write(there, task("a", "Bread"))
    alice.command("tasks", "move", room_id=room, uid="a", to_room_id=there)
    assert alice.content(there, TASK, "a")["title"] == "Bread"
    assert alice.content(room, TASK, "a") == {}
