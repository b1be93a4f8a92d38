"""The writer: nothing is lost, nothing half done, nothing wrong let through."""

from itertools import count
from typing import Any

import pytest

from tests.engine.conftest import DOC, TASK, Home, settle, task
from twin_module.core.effects import Put, remove
from twin_module.core.errors import (
    BadJson,
    Conflict,
    Forbidden,
    NotFound,
    Overtaken,
    RoomFull,
    TooLarge,
    Unreachable,
)
from twin_module.core.state import NAMESPACE, frozen
from twin_module.engine.orders import ANY, NEW
from twin_module.engine.writer import INLINE_BYTES, MAX_TEXT_BYTES
from twin_module.testing.driver import run, together
from twin_module.testing.fake_network import FakeNetwork


def doc(text: str, **fields: Any) -> Put:
    """Return a document to be written."""
    return Put(DOC, "d", frozen({"@type": "Document", "title": "Doc", "text": text, **fields}))


def test_a_write_on_the_current_revision_is_made(alice: Home, room: str) -> None:
    (first,) = alice.write(room, task("a"), expected={(TASK, "a"): NEW})
    assert (first.changed, first.room_id, first.state_key) == (True, room, "a")
    (second,) = alice.write(room, task("a", "Butter"), expected={(TASK, "a"): first.event_id})
    assert second.event_id != first.event_id
    (third,) = alice.write(room, task("a", "Milk"), expected={(TASK, "a"): ANY})
    assert alice.server.state(room)[TASK, "a"].event_id == third.event_id


@pytest.mark.parametrize("wanted", ["$stale", NEW])
def test_a_write_on_another_revision_is_refused_and_says_which_is_current(
    alice: Home, room: str, wanted: str
) -> None:
    (first,) = alice.write(room, task("a"))
    with pytest.raises(Conflict) as refused:
        alice.write(room, task("a", "Butter"), expected={(TASK, "a"): wanted})
    assert refused.value.fields == {"current": first.event_id}
    assert alice.content(room, TASK, "a")["title"] == "Bread"


def test_a_write_that_is_overtaken_before_it_is_sent_is_refused_or_made_on_what_is_there_now(
    alice: Home, room: str
) -> None:
    (first,) = alice.write(room, task("a"))

    def overtake() -> None:
        alice.port.between = lambda: None
        alice.server.write(room, TASK, "a", {"@type": "Task", "title": "Milk"})

    alice.port.between = overtake
    with pytest.raises(Conflict):
        alice.write(room, task("a", "Butter"), expected={(TASK, "a"): first.event_id})
    assert alice.content(room, TASK, "a")["title"] == "Milk"
    milk = alice.server.state(room)[TASK, "a"].event_id
    alice.port.between = overtake
    alice.write(room, task("a", "Butter"))
    content = alice.content(room, TASK, "a")
    assert content["title"] == "Butter"
    assert content[NAMESPACE]["base"] not in (first.event_id, milk)


def test_who_is_overtaken_again_and_again_is_told(alice: Home, room: str) -> None:
    titles = map(str, count())

    def overtake() -> None:
        alice.server.write(room, TASK, "a", {"@type": "Task", "title": next(titles)})

    alice.port.between = overtake
    with pytest.raises(Overtaken):
        alice.write(room, task("a", "Butter"))


@pytest.mark.parametrize("wanted", ["$stale", ANY])
def test_what_is_not_there_can_not_be_changed(alice: Home, room: str, wanted: str) -> None:
    with pytest.raises(Conflict) as refused:
        alice.write(room, task("a"), expected={(TASK, "a"): wanted})
    assert refused.value.fields == {"current": None}
    assert alice.content(room, TASK, "a") is None


def test_what_was_removed_is_not_there_and_may_be_made_anew(alice: Home, room: str) -> None:
    alice.write(room, task("a"))
    alice.write(room, remove(TASK, "a"))
    with pytest.raises(Conflict):
        alice.write(room, task("a"), expected={(TASK, "a"): ANY})
    alice.write(room, task("a", "Butter"), expected={(TASK, "a"): NEW})
    assert alice.content(room, TASK, "a")["title"] == "Butter"


def test_the_same_content_is_not_written_twice(alice: Home, room: str) -> None:
    (first,) = alice.write(room, task("a"))
    (second,) = alice.write(room, task("a", "Butter"))
    position = alice.server.position
    (third,) = alice.write(room, task("a", "Butter"))
    assert (third.changed, third.event_id) == (False, second.event_id)
    assert alice.server.position == position
    assert first.event_id != second.event_id


def test_what_is_not_there_need_not_be_removed(alice: Home, room: str) -> None:
    (result,) = alice.write(room, remove(TASK, "a"))
    assert (result.changed, result.event_id) == (False, "")
    assert alice.content(room, TASK, "a") is None


def noted(title: str, **notes: Any) -> Put:
    """Return a task with notes under our namespace."""
    return Put(TASK, "a", frozen({"@type": "Task", "title": title, NAMESPACE: notes}))


def test_a_change_notes_what_it_was_made_on_and_keeps_what_else_stands_there(
    alice: Home, room: str
) -> None:
    (first,) = alice.write(room, noted("Bread", more=1, base="$invented"))
    assert alice.content(room, TASK, "a")[NAMESPACE] == {"more": 1}
    alice.write(room, noted("Butter", more=1))
    assert alice.content(room, TASK, "a")[NAMESPACE] == {"more": 1, "base": first.event_id}
    alice.write(room, remove(TASK, "a"))
    assert alice.content(room, TASK, "a") == {}


def test_matrix_events_get_no_note_of_ours(alice: Home, room: str) -> None:
    alice.write(room, Put("m.room.name", "", frozen({"name": "Other"})))
    assert alice.content(room, "m.room.name") == {"name": "Other"}


def test_two_writers_on_one_revision_one_wins_and_one_hears_of_it(alice: Home, room: str) -> None:
    (first,) = alice.write(room, task("a"))
    expected = {(TASK, "a"): first.event_id}
    writes = (
        alice.twin.writer.write(room, [task("a", title)], expected) for title in ("one", "two")
    )
    outcomes = together(*writes)
    assert [isinstance(each, Conflict) for each in outcomes] == [False, True]
    assert alice.content(room, TASK, "a")["title"] == "one"


def test_many_writers_of_one_key_each_build_on_the_one_before(alice: Home, room: str) -> None:
    together(*(alice.twin.writer.write(room, [task("a", f"t{n}")]) for n in range(5)))
    chain = []
    current: str | None = alice.server.rooms[room].current[TASK, "a"]
    while current is not None:
        chain.append(current)
        content = alice.server.rooms[room].events[current].content
        current = content.get(NAMESPACE, {}).get("base")
    assert len(chain) == 5


@pytest.mark.parametrize(
    "put",
    [
        Put(TASK, "a", frozen({"@type": "Task"})),
        Put(TASK, "a", frozen({"@type": "Task", "title": "x", "priority": 10})),
        Put(TASK, "a", frozen({"@type": "Task", "title": "x", "more": 1.5})),
        Put(TASK, "a b", frozen({"@type": "Task", "title": "x"})),
        Put(TASK, "@bob:bob.example", frozen({"@type": "Task", "title": "x"})),
        Put(TASK, "a", frozen({"@type": "Task", "title": "x", "description": "\ud800"})),
        Put(f"{NAMESPACE}.unknown", "a", frozen({"a": 1})),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(
    alice: Home, room: str, put: Put
) -> None:
    position = alice.server.position
    with pytest.raises(BadJson):
        alice.write(room, task("good"), put)
    assert alice.server.position == position


def test_several_writes_are_made_all_or_none(alice: Home, bob: Home, shared: str) -> None:
    forbidden = Put("m.room.name", "", frozen({"name": "Bob's"}))
    with pytest.raises(Forbidden):
        bob.write(shared, task("a"), forbidden, task("b"))
    with pytest.raises(Conflict):
        bob.write(shared, task("a"), task("b"), expected={(TASK, "b"): "$stale"})
    assert bob.content(shared, TASK, "a") is None
    bob.write(shared, *(task(f"t{n}") for n in range(49)))
    assert alice.content(shared, TASK, "t48")["title"] == "Bread"


def test_short_text_stays_in_the_event(alice: Home, room: str) -> None:
    alice.write(room, doc("x" * INLINE_BYTES))
    content = alice.content(room, DOC, "d")
    assert len(content["text"]) == INLINE_BYTES
    assert "textFile" not in content
    assert alice.server.media == {}


def test_long_text_moves_to_media_and_is_read_back(alice: Home, bob: Home, shared: str) -> None:
    text = "é" * INLINE_BYTES
    alice.write(shared, doc(text))
    content = alice.content(shared, DOC, "d")
    assert "text" not in content
    assert content["textFile"]["size"] == 2 * INLINE_BYTES
    for home in (alice, bob):
        event = home.server.state(shared)[DOC, "d"]
        assert run(home.twin.writer.text(event)) == (text, "text/markdown")
    alice.write(shared, doc("short", textFile=content["textFile"]))
    assert "textFile" not in alice.content(shared, DOC, "d")


def test_a_text_that_is_long_in_bytes_only_moves_to_media_too(alice: Home, room: str) -> None:
    text = "🌳" * INLINE_BYTES
    alice.write(room, doc(text))
    assert alice.content(room, DOC, "d")["textFile"]["size"] == 4 * INLINE_BYTES


def test_nothing_is_moved_to_media_for_what_is_refused(alice: Home, room: str) -> None:
    with pytest.raises(BadJson):
        alice.write(room, doc("x" * 20_000), Put(DOC, "e", doc("x" * 20_000, title=3).content))
    assert alice.server.media == {}


@pytest.mark.parametrize("data", [b"another text", b"\xff" * 20_000])
def test_a_file_that_is_not_the_one_pointed_to_is_refused(
    alice: Home, room: str, data: bytes
) -> None:
    alice.write(room, doc("x" * 20_000))
    (media_id,) = alice.server.media
    alice.server.media[media_id] = data
    with pytest.raises(Unreachable):
        run(alice.twin.writer.text(alice.server.state(room)[DOC, "d"]))


def test_a_text_on_a_twin_that_is_away_is_unreachable(
    network: FakeNetwork, alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, doc("x" * 20_000))
    with network.cut_off("alice.example"), pytest.raises(Unreachable):
        run(bob.twin.writer.text(bob.server.state(shared)[DOC, "d"]))


def test_tasks_have_no_text(alice: Home, room: str) -> None:
    alice.write(room, task("a"))
    with pytest.raises(NotFound):
        run(alice.twin.writer.text(alice.server.state(room)[TASK, "a"]))


def test_text_beyond_the_limit_is_refused_and_text_at_it_is_not(alice: Home, room: str) -> None:
    alice.write(room, doc("x" * MAX_TEXT_BYTES))
    with pytest.raises(TooLarge, match=str(MAX_TEXT_BYTES)):
        alice.write(room, doc("x" * (MAX_TEXT_BYTES + 1)))
    with pytest.raises(TooLarge):
        alice.write(room, doc("é" * (MAX_TEXT_BYTES // 2 + 1)))


def test_a_full_room_takes_changes_but_nothing_new(network: FakeNetwork) -> None:
    carol = Home(network, "carol", max_objects=3).start()
    room = carol.collection()
    carol.write(room, task("a"), task("b"))
    settle(carol)
    with pytest.raises(RoomFull, match="3"):
        carol.write(room, task("c"), task("d"))
    assert carol.content(room, TASK, "c") is None
    carol.write(room, task("c"))
    settle(carol)
    # What was removed still weighs on the room.
    carol.write(room, remove(TASK, "c"))
    settle(carol)
    with pytest.raises(RoomFull):
        carol.write(room, task("d"))
    carol.write(room, task("a", "Butter"), task("c", "again"))
    with pytest.raises(RoomFull):
        run(carol.twin.refuse_misfit(room, TASK, "d", {"@type": "Task", "title": "x"}))
    run(carol.twin.refuse_misfit(room, TASK, "a", {"@type": "Task", "title": "x"}))


def test_nobody_writes_to_a_room_that_they_are_not_in(alice: Home, bob: Home, room: str) -> None:
    for home, where in ((bob, room), (alice, "!unknown")):
        with pytest.raises(Forbidden):
            home.write(where, task("a"))
        with pytest.raises(Forbidden):
            home.write(where, task("a"), task("b"))
