"""The projector: the tables are what is current in the rooms, whatever happened."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.engine.conftest import TASK, Home, crash_everywhere, settle, share, task
from twin_module.core.effects import remove
from twin_module.core.ports import Changes
from twin_module.core.state import NAMESPACE
from twin_module.engine import sequence, store
from twin_module.testing.driver import run
from twin_module.testing.fake import Crash
from twin_module.testing.fake_network import FakeNetwork

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner),
    max_leaves=12,
)
OBJECTS = st.dictionaries(
    st.sampled_from(["@type", "title", "priority", "due", "participants", "keywords", "x"])
    | st.text(max_size=10),
    JSON | st.sampled_from(["Task", "2026-01-01T00:00:00"]),
    max_size=6,
)


def matching(*homes: Home) -> None:
    """Check that tables and rooms say the same."""
    settle(*homes)
    for home in homes:
        assert home.tables() == home.truth()


def test_what_is_written_here_and_elsewhere_comes_into_the_tables(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a", keywords={"home": True}, priority=2))
    bob.write(shared, task("b"), task("c"))
    bob.write(shared, task("b", "Butter"), remove(TASK, "c"))
    matching(alice, bob)
    assert bob.title(shared, "a") == "Bread"
    assert alice.title(shared, "b") == "Butter"
    record = alice.record(shared, "b")
    assert record is not None
    assert (record.sender, record.good_event_id) == (bob.owner, record.event_id)
    gone = alice.record(shared, "c")
    assert gone is not None
    assert (gone.removed, gone.content, gone.problem) == (True, None, None)


def test_the_position_is_stored_in_the_transaction_of_what_was_read(alice: Home, room: str) -> None:
    before = alice.read(store.read_position)
    alice.write(room, task("a"))
    target = alice.server.position
    assert before < target
    alice.port.steps.clear()
    settle(alice)
    assert alice.read(store.read_position) == target
    projected = [step for step in alice.port.steps if step == "after twin_project"]
    assert len(projected) == 1
    # Killed just before it, neither is there; killed just after it, both are.
    alice.write(room, task("b"))
    for step, seen in (("before twin_project", None), ("after twin_project", "Bread")):
        kill_at(alice, step)
        with pytest.raises(Crash):
            run(alice.twin.projector.catch_up())
        alice.boot()
        reached = alice.read(store.read_position) == alice.server.position
        assert (alice.title(room, "b"), reached) == (seen, seen is not None)


def kill_at(home: Home, step: str) -> None:
    """Kill the process of a home when it comes to a step."""
    original = home.port._step

    def watched(what: str) -> None:
        if what == step:
            home.port.kill()
        original(what)

    home.port._step = watched  # type: ignore[method-assign]


def test_a_crash_at_any_transaction_loses_nothing(alice: Home, bob: Home, shared: str) -> None:
    numbers = iter(range(10_000))

    def act() -> bool:
        number = next(numbers)
        bob.write(shared, task(f"t{number}", f"Title {number}"))
        bob.server.write(shared, TASK, "spoiled", {"title": number})
        revision = alice.server.rooms[shared].current[TASK, f"t{number}"]
        if number % 3 == 0:
            bob.server.redact(shared, revision)
        settle(alice)
        return True

    def settled(done: Any) -> None:
        matching(alice)

    assert crash_everywhere(alice, act, settled) > 2
    assert alice.tables() == alice.truth()


def test_a_crash_while_all_is_read_anew_loses_nothing(alice: Home, bob: Home, shared: str) -> None:
    alice.write(shared, *(task(f"t{number}") for number in range(5)))
    matching(alice, bob)

    def act() -> bool:
        run(alice.twin.projector.rebuild())
        return True

    assert crash_everywhere(alice, act, lambda _: matching(alice)) > 4


def test_a_first_start_that_is_killed_anywhere_is_made_up_for(network: FakeNetwork) -> None:
    carol = Home(network, "carol")
    rooms = [carol.collection(f"Room {number}") for number in range(2)]
    for room in rooms:
        carol.server.write(room, TASK, "a", {"@type": "Task", "title": "Bread"})

    def act() -> bool:
        carol.start()
        return True

    def settled(done: Any) -> None:
        network.pass_time(200)
        run(carol.twin.look_again())
        matching(carol)

    crash_everywhere(carol, act, settled)
    kinds = [room.kind for room in carol.rooms().values()]
    assert sorted(kinds) == ["collection", "collection", "index", "other"]


def test_who_leaves_keeps_no_objects_and_who_comes_back_gets_them_again(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a"), task("b"))
    matching(alice, bob)
    run(bob.port.set_membership(shared, bob.owner, "leave", ""))
    matching(alice, bob)
    assert bob.rooms("leave")[shared].name == "Shared"
    assert bob.record(shared, "a") is None
    alice.write(shared, task("a", "Butter"), remove(TASK, "b"), task("c"))
    matching(alice, bob)
    run(alice.port.set_membership(shared, bob.owner, "invite", ""))
    matching(alice, bob)
    assert bob.rooms("invite")[shared].inviter == alice.owner
    bob.accept(shared)
    matching(alice, bob)
    assert (bob.title(shared, "a"), bob.title(shared, "c")) == ("Butter", "Bread")


def test_a_room_that_is_entered_is_read_whole_whatever_stands_in_the_stream(
    alice: Home, bob: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = alice.collection()
    alice.write(room, task("a"))
    run(alice.port.set_membership(room, bob.owner, "invite", ""))
    settle(alice, bob)
    changes = bob.port.changes

    async def without_objects(after: int, upto: int) -> Changes:
        found = await changes(after, upto)
        return replace(found, deltas=[each for each in found.deltas if each.type != TASK])

    monkeypatch.setattr(bob.port, "changes", without_objects)
    bob.accept(room)
    matching(alice, bob)
    assert bob.title(room, "a") == "Bread"


def test_who_is_removed_keeps_no_objects(alice: Home, bob: Home, shared: str) -> None:
    alice.write(shared, task("a"))
    matching(alice, bob)
    run(alice.port.set_membership(shared, bob.owner, "kick", ""))
    matching(alice, bob)
    assert bob.record(shared, "a") is None
    assert shared not in bob.rooms()


def test_leaving_and_coming_back_unseen_in_one_step_is_seen_right(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a"), task("b"))
    matching(alice, bob)
    run(bob.port.set_membership(shared, bob.owner, "leave", ""))
    alice.write(shared, remove(TASK, "b"))
    run(alice.port.set_membership(shared, bob.owner, "invite", ""))
    bob.accept(shared)
    matching(alice, bob)


def test_a_redaction_of_the_current_version_removes_the_object(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a"))
    (written,) = alice.write(shared, task("a", "secret"))
    matching(alice, bob)
    alice.server.redact(shared, written.event_id)
    matching(alice, bob)
    for home in (alice, bob):
        record = home.record(shared, "a")
        assert record is not None
        assert (record.removed, record.content, record.title) == (True, None, None)


def test_a_redaction_of_an_old_version_changes_nothing(alice: Home, room: str) -> None:
    (first,) = alice.write(room, task("a"))
    alice.write(room, task("a", "Butter"))
    settle(alice)
    before = alice.tables()
    alice.server.redact(room, first.event_id)
    matching(alice)
    assert alice.tables() == before


def test_spoiled_content_keeps_the_last_version_that_fitted(
    alice: Home, bob: Home, shared: str
) -> None:
    (good,) = alice.write(shared, task("a", keywords={"home": True}))
    settle(alice, bob)
    bad = bob.server.write(shared, TASK, "a", {"@type": "Task", "title": 5})
    matching(alice, bob)
    record = alice.record(shared, "a")
    assert record is not None
    assert (record.event_id, record.sender) == (bad, bob.owner)
    assert record.problem is not None
    assert record.problem.startswith("/title")
    assert (record.good_event_id, record.good_sender) == (good.event_id, alice.owner)
    assert record.title == "Bread"
    assert record.event().content["title"] == "Bread"
    assert alice.read(store.left_out) == {shared: 1}
    # A second spoiled version keeps it too, and one that fits ends it.
    bob.server.write(shared, TASK, "a", {"spoiled": "again"})
    matching(alice, bob)
    assert alice.title(shared, "a") == "Bread"
    bob.write(shared, task("a", "Butter"))
    matching(alice, bob)
    assert alice.read(store.left_out) == {}


def test_a_redaction_of_the_last_version_that_fitted_takes_it_away(
    alice: Home, bob: Home, shared: str
) -> None:
    (good,) = alice.write(shared, task("a", "secret"))
    settle(alice, bob)
    bob.server.write(shared, TASK, "a", {"title": 5})
    settle(alice, bob)
    alice.server.redact(shared, good.event_id)
    matching(alice, bob)
    for home in (alice, bob):
        record = home.record(shared, "a")
        assert record is not None
        assert record.problem is not None
        assert (record.content, record.title, record.good_event_id) == (None, None, None)
    assert "secret" not in repr(alice.tables())


def test_what_was_redacted_in_a_part_of_the_stream_that_nobody_reads_stands_in_for_nothing(
    alice: Home, room: str
) -> None:
    (good,) = alice.write(room, task("a"))
    settle(alice)
    alice.read(store.write_position, None)
    alice.boot()
    alice.server.redact(room, good.event_id)
    alice.server.write(room, TASK, "a", {"@type": "Task", "title": 5})
    alice.start()
    found = alice.record(room, "a")
    assert found is not None
    assert found.problem is not None
    assert (found.content, found.good_event_id, found.title) == (None, None, None)


def test_a_redaction_of_the_spoiled_version_removes_the_object(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    bad = bob.server.write(shared, TASK, "a", {"title": 5})
    settle(alice, bob)
    bob.server.redact(shared, bad)
    matching(alice, bob)
    assert alice.title(shared, "a") is None


def test_a_redaction_and_a_new_version_in_one_step_leave_the_new_version(
    alice: Home, room: str
) -> None:
    (old,) = alice.write(room, task("a", "secret"))
    settle(alice)
    alice.server.redact(room, old.event_id)
    alice.write(room, task("a", "Butter"))
    matching(alice)
    assert alice.title(room, "a") == "Butter"


def test_a_redaction_of_what_stood_in_for_spoiled_content_in_the_same_step_takes_it_away(
    alice: Home, bob: Home, shared: str
) -> None:
    (good,) = alice.write(shared, task("a", "secret"))
    settle(alice, bob)
    alice.server.redact(shared, good.event_id)
    bob.server.write(shared, TASK, "a", {"title": 5})
    matching(alice, bob)
    for home in (alice, bob):
        record = home.record(shared, "a")
        assert record is not None
        assert (record.content, record.good_event_id) == (None, None)
        assert record.problem is not None


def test_types_that_nobody_knows_are_counted_and_what_is_not_ours_is_not(
    alice: Home, bob: Home, shared: str
) -> None:
    bob.server.write(shared, f"{NAMESPACE}.future", "a", {"some": "thing"})
    bob.server.write(shared, "org.example.thing", "a", {"some": "thing"})
    matching(alice, bob)
    assert alice.read(store.left_out) == {shared: 1}
    record = alice.record(shared, "a", f"{NAMESPACE}.future")
    assert record is not None
    assert record.content is None


def nested(depth: int) -> dict[str, Any]:
    """Return content that is nested so deep."""
    content: dict[str, Any] = {}
    for _ in range(depth):
        content = {"a": content}
    return content


@pytest.mark.parametrize(
    "content",
    [
        nested(17),
        nested(150),
        {"@type": "Task", "title": "x" * 60_000},
        {"@type": "Task", "title": "a\x00b"},
        {"@type": "Task", "title": "x", "relatedTo": {"a": {"relation": []}}},
        {"@type": "Task", "title": "x", "participants": {"@a:b": None}},
        {"": [[]], "@type": {}},
    ],
)
def test_hostile_content_is_left_out_and_everything_else_still_comes_in(
    alice: Home, bob: Home, shared: str, content: dict[str, Any]
) -> None:
    bob.server.write(shared, TASK, "bad", content)
    bob.server.write(shared, TASK, "@bob:bob.example", content)
    bob.write(shared, task("good"))
    matching(alice, bob)
    assert alice.title(shared, "good") == "Bread"
    assert alice.title(shared, "bad") is None
    assert alice.read(store.left_out) == {shared: 2}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(contents=st.lists(OBJECTS, min_size=1, max_size=5), uid=st.text(max_size=5))
def test_no_content_that_another_server_sends_stops_the_tables(
    alice: Home, bob: Home, shared: str, contents: list[dict[str, Any]], uid: str
) -> None:
    for kind in (TASK, f"{NAMESPACE}.doc", f"{NAMESPACE}.circle", f"{NAMESPACE}.granted", "m.x"):
        for content in contents:
            bob.server.write(shared, kind, uid, content)
    for kind in ("m.room.name", "m.room.topic"):
        alice.server.write(shared, kind, "", contents[0])
    settle(alice, bob)
    assert alice.tables()["objects"] == alice.truth()["objects"]
    assert alice.tables()["index"] == alice.truth()["index"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=JSON.filter(lambda value: isinstance(value, dict)) | OBJECTS)
def test_no_state_of_a_room_stops_the_tables(
    alice: Home, bob: Home, shared: str, content: dict[str, Any]
) -> None:
    levels = alice.content(shared, "m.room.power_levels")
    bob.server.write(shared, "m.room.power_levels", "", {**levels, **content, "users": content})
    bob.server.write(shared, "m.room.join_rules", "", {"join_rule": "restricted", **content})
    bob.server.write(shared, "m.space.child", "!x", {**content, "via": content})
    settle(alice, bob)
    bob.server.write(shared, "m.room.power_levels", "", levels)
    bob.write(shared, task("good", f"Title {alice.server.position}"))
    settle(alice, bob)
    assert alice.title(shared, "good") == bob.title(shared, "good") is not None


def test_a_purged_room_is_gone(alice: Home, room: str) -> None:
    alice.write(room, task("a"))
    settle(alice)
    alice.server.purge(room)
    matching(alice)
    assert room not in alice.rooms()
    assert alice.record(room, "a") is None


def test_a_key_that_a_room_lost_is_gone_and_readers_of_changes_hear_it(
    alice: Home, room: str
) -> None:
    alice.write(room, task("a"), task("b"))
    settle(alice)
    before = alice.read(sequence.last_seq)
    alice.server.lose(room, (TASK, "a"))
    matching(alice)
    (change,) = alice.read(store.changed_since, before, 10)
    assert isinstance(change, store.Record)
    assert (change.uid, change.removed) == ("a", True)
    assert alice.title(room, "b") == "Bread"


def test_a_rebuild_makes_the_same_tables(alice: Home, bob: Home, shared: str) -> None:
    alice.write(shared, task("a"), task("b"))
    bob.server.write(shared, TASK, "b", {"title": 5})
    matching(alice, bob)
    before = alice.tables()
    alice.read(lambda cursor: cursor.execute("UPDATE twin_objects SET title = 'wrong', ts = 1"))
    alice.read(lambda cursor: cursor.execute("DELETE FROM twin_index"))
    assert alice.tables() != before
    run(alice.twin.projector.rebuild())
    assert alice.tables() == alice.truth() == before


def test_a_position_that_another_process_forgot_is_read_anew(alice: Home, room: str) -> None:
    alice.write(room, task("a"))
    settle(alice)
    alice.read(lambda cursor: cursor.execute("DELETE FROM twin_objects"))
    alice.read(store.write_position, None)
    run(alice.twin.look_again())
    matching(alice)
    assert alice.title(room, "a") == "Bread"


def test_a_position_beyond_the_end_is_read_anew(alice: Home, room: str) -> None:
    alice.write(room, task("a"))
    alice.read(store.write_position, 10**9)
    run(alice.twin.look_again())
    matching(alice)
    assert alice.read(store.read_position) == alice.server.position


def test_nothing_is_read_again_when_nothing_is_new(alice: Home, room: str) -> None:
    settle(alice)
    alice.port.steps.clear()
    run(alice.twin.projector.catch_up())
    assert alice.port.steps == []


def test_invitations_come_and_go(alice: Home, bob: Home, room: str) -> None:
    run(alice.port.set_membership(room, bob.owner, "invite", ""))
    matching(alice, bob)
    invited = bob.rooms("invite")[room]
    assert (invited.kind, invited.name, invited.inviter) == ("collection", "List", alice.owner)
    assert (invited.creator, invited.role) == (alice.owner, "viewer")
    run(alice.port.set_membership(room, bob.owner, "kick", ""))
    matching(alice, bob)
    assert list(bob.rooms("invite")) == []
    assert list(bob.rooms("leave")) == [room]
    run(alice.port.set_membership(room, bob.owner, "invite", ""))
    matching(alice, bob)
    bob.accept(room)
    matching(alice, bob)
    assert bob.rooms()[room].inviter is None


def test_listeners_hear_which_rooms_changed_until_they_stop(alice: Home, room: str) -> None:
    heard: list[frozenset[str]] = []
    stop = alice.twin.projector.listen(heard.append)
    alice.write(room, task("a"))
    run(alice.twin.projector.catch_up())
    assert heard == [frozenset([room])]
    stop()
    alice.write(room, task("b"))
    run(alice.twin.projector.catch_up())
    assert len(heard) == 1


def test_what_two_twins_wrote_while_cut_off_is_the_same_in_both_in_the_end(
    network: FakeNetwork, alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a"), task("b"))
    settle(alice, bob)
    with network.cut_off("bob.example"):
        alice.write(shared, task("a", "Alice's"), task("c", "Alice's"))
        network.pass_time(1)
        bob.write(shared, task("a", "Bob's"), remove(TASK, "b"))
        matching(alice, bob)
        assert alice.title(shared, "a") == "Alice's"
    matching(alice, bob)
    for home in (alice, bob):
        assert [home.title(shared, uid) for uid in "abc"] == ["Bob's", None, "Alice's"]


def test_many_rooms_are_kept_apart(alice: Home, bob: Home) -> None:
    rooms = [share(alice, bob) for _ in range(3)]
    for number, room in enumerate(rooms):
        alice.write(room, task("same", f"Title {number}"))
    matching(alice, bob)
    assert [bob.title(room, "same") for room in rooms] == ["Title 0", "Title 1", "Title 2"]


def test_a_title_is_one_line_of_words(alice: Home, room: str) -> None:
    alice.write(room, task("a", "Bread\n\n and\tbutter "))
    settle(alice)
    assert alice.title(room, "a") == "Bread and butter"
