"""Two and three people change the same thing while they are cut off; nothing of it is lost."""

from typing import Any

import pytest

from tests.engine.conftest import DOC, TASK, Home, crash_everywhere, settle, task
from twin_module.core.effects import Put, remove
from twin_module.core.state import NAMESPACE, frozen
from twin_module.engine import past, versions
from twin_module.engine.versions import Place
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork


def admit(alice: Home, room: str, *others: Home) -> None:
    """Let people in as editors."""
    levels = alice.content(room, "m.room.power_levels")
    for other in others:
        run(alice.port.set_membership(room, other.owner, "invite", ""))
        other.accept(room)
        levels["users"] = {**levels.get("users", {}), other.owner: 25}
    run(alice.port.send_state(room, Put("m.room.power_levels", "", frozen(levels))))
    settle(alice, *others)


def set_level(alice: Home, room: str, other: Home, level: int) -> None:
    """Set somebody's power level."""
    levels = alice.content(room, "m.room.power_levels")
    levels["users"] = {**levels.get("users", {}), other.owner: level}
    run(alice.port.send_state(room, Put("m.room.power_levels", "", frozen(levels))))


def change(home: Home, room: str, uid: str = "a", event_type: str = TASK, **fields: Any) -> None:
    """Change some fields of an object, later than everything before; None takes one away."""
    home.network.pass_time(1)
    content = {**home.content(room, event_type, uid), **fields}
    content = {key: value for key, value in content.items() if value is not None}
    home.write(room, Put(event_type, uid, frozen(content)))


def fields(home: Home, room: str, uid: str = "a", event_type: str = TASK) -> Any:
    """Return an object's content without our stamps."""
    content = home.content(room, event_type, uid)
    return content and {key: value for key, value in content.items() if key != NAMESPACE}


def events_of(home: Home, room: str, uid: str = "a") -> list[str]:
    """Return all versions of a task that a server knows, as they were written."""
    events = home.server.rooms[room].events
    return sorted(home.server.rooms[room].known((TASK, uid)), key=lambda each: events[each].number)


def lost(home: Home, room: str, uid: str = "a", event_type: str = TASK) -> list[str]:
    """Return who has lost versions of an object, as a twin sees it."""
    scene = run(home.twin.merger.scene(Place(room, event_type, uid)))
    assert scene is not None
    return [each.sender for each in scene.lost]


def conflicts(home: Home) -> list[Place]:
    """Return the objects that a twin has noted lost versions of."""
    found: list[Place] = home.read(past.conflicted, 1000, None)
    return found


def test_two_fields_changed_apart_are_both_there(alice: Home, bob: Home, shared: str) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        change(alice, shared, title="Butter")
        change(bob, shared, priority=3)
    settle(alice, bob)
    wanted = {"@type": "Task", "title": "Butter", "priority": 3}
    assert fields(alice, shared) == fields(bob, shared) == wanted
    assert conflicts(alice) == conflicts(bob) == []


def test_a_merge_says_what_it_stands_on_and_what_it_took_in(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        change(alice, shared, title="Butter")
        mine = alice.server.rooms[shared].current[TASK, "a"]
        change(bob, shared, priority=3)
        theirs = bob.server.rooms[shared].current[TASK, "a"]
    settle(alice, bob)
    assert alice.content(shared, TASK, "a")[NAMESPACE] == {"base": theirs, "merged": [mine]}
    change(bob, shared, priority=4)
    settle(alice, bob)
    assert "merged" not in alice.content(shared, TASK, "a")[NAMESPACE]


def test_of_one_field_changed_twice_the_later_change_stays_and_nothing_is_written(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        change(alice, shared, title="Butter")
        change(bob, shared, title="Milk")
    settle(alice, bob)
    assert fields(alice, shared)["title"] == fields(bob, shared)["title"] == "Milk"
    assert len(events_of(alice, shared)) == 3
    assert conflicts(alice) == []


def test_the_later_change_of_a_field_wins_in_an_earlier_version(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        change(bob, shared, title="Milk")
        change(alice, shared, title="Butter")
        change(bob, shared, priority=3)
    settle(alice, bob)
    wanted = {"@type": "Task", "title": "Butter", "priority": 3}
    assert fields(alice, shared) == fields(bob, shared) == wanted


def test_what_one_wrote_last_stays_also_where_it_stands_on_somebody_elses_version(
    alice: Home, bob: Home, shared: str
) -> None:
    """All in one millisecond, and many times, since then IDs say which version is current."""
    for uid in map(str, range(40)):
        alice.network.late = True
        alice.write(shared, task(uid, priority=2))
        alice.network.late = False
        bob.write(shared, task(uid, percentComplete=3))
        here = alice.content(shared, TASK, uid)
        alice.write(shared, Put(TASK, uid, frozen({**here, "priority": 4})))
    settle(alice, bob)
    for uid in map(str, range(40)):
        assert fields(bob, shared, uid)["priority"] == 4


def test_what_both_added_to_a_set_is_there(alice: Home, bob: Home, shared: str) -> None:
    alice.write(shared, task("a", keywords={"home": True, "old": True}))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        change(alice, shared, keywords={"home": True, "one": True})
        change(bob, shared, keywords={"home": True, "old": True, "two": True})
    settle(alice, bob)
    assert fields(alice, shared)["keywords"] == {"home": True, "one": True, "two": True}


def test_what_somebody_removed_who_had_seen_it_does_not_come_back(
    network: FakeNetwork, alice: Home, bob: Home, shared: str
) -> None:
    carol = Home(network, "carol").start()
    admit(alice, shared, carol)
    with network.cut_off(alice.server.name):
        network.pass_time(1)
        carol.write(shared, task("a", "Carol's"))
        settle(bob, carol)
        bob.write(shared, remove(TASK, "a"))
        network.pass_time(1)
        alice.write(shared, task("a", "Alice's"))
        alice.write(shared, remove(TASK, "a"))
    settle(alice, bob, carol)
    for home in (alice, bob, carol):
        assert home.content(shared, TASK, "a") == {}
        assert conflicts(home) == []


@pytest.mark.parametrize("writes", [1, 3])
def test_what_others_write_just_before_a_merge_is_sent_is_not_lost(
    alice: Home, bob: Home, shared: str, writes: int
) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    titles = [f"Bread {number}" for number in range(writes)]

    def overtake() -> None:
        if titles:
            alice.network.pass_time(1)
            alice.server.write(
                shared, TASK, "a", {**alice.content(shared, TASK, "a"), "title": titles.pop(0)}
            )

    with alice.network.cut_off(bob.server.name):
        change(bob, shared, priority=3)
        change(alice, shared, title="Butter")
    bob.port.between = overtake
    settle(alice, bob)
    assert not titles
    for home in (alice, bob):
        assert fields(home, shared) == {
            "@type": "Task",
            "title": f"Bread {writes - 1}",
            "priority": 3,
        }


def test_lines_of_a_text_come_together(alice: Home, bob: Home, shared: str) -> None:
    alice.write(shared, task("a", description="one\ntwo\nthree\nfour\n"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        change(alice, shared, description="ONE\ntwo\nthree\nfour\n")
        change(bob, shared, description="one\ntwo\nthree\nFOUR\n")
    settle(alice, bob)
    assert fields(bob, shared)["description"] == "ONE\ntwo\nthree\nFOUR\n"


@pytest.mark.parametrize("removed_last", [True, False])
def test_a_change_goes_before_a_removal(
    alice: Home, bob: Home, shared: str, removed_last: bool
) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        if removed_last:
            change(alice, shared, title="Butter")
        alice.network.pass_time(1)
        bob.write(shared, remove(TASK, "a"))
        if not removed_last:
            change(alice, shared, title="Butter")
    settle(alice, bob)
    assert fields(alice, shared) == fields(bob, shared) == {"@type": "Task", "title": "Butter"}
    assert conflicts(alice) == conflicts(bob) == []


def test_an_object_that_both_made_with_one_uid_is_one(alice: Home, bob: Home, shared: str) -> None:
    with alice.network.cut_off(bob.server.name):
        alice.write(shared, task("a", "Bread", priority=1))
        alice.network.pass_time(1)
        bob.write(shared, task("a", "Milk", keywords={"home": True}))
    settle(alice, bob)
    wanted = {"@type": "Task", "title": "Milk", "priority": 1, "keywords": {"home": True}}
    assert fields(alice, shared) == fields(bob, shared) == wanted


def test_three_people_who_were_all_cut_off_agree(
    alice: Home, bob: Home, carol: Home, room: str
) -> None:
    admit(alice, room, bob, carol)
    alice.write(room, task("a"))
    settle(alice, bob, carol)
    with alice.network.cut_off(alice.server.name, bob.server.name, carol.server.name):
        change(alice, room, title="Butter")
        change(bob, room, priority=3)
        change(carol, room, keywords={"home": True})
        change(bob, room, due="2026-12-24T12:00:00")
    settle(alice, bob, carol)
    wanted = {
        "@type": "Task",
        "title": "Butter",
        "priority": 3,
        "due": "2026-12-24T12:00:00",
        "keywords": {"home": True},
    }
    assert [fields(home, room) for home in (alice, bob, carol)] == [wanted] * 3
    assert [conflicts(home) for home in (alice, bob, carol)] == [[]] * 3


def test_versions_in_between_that_never_came_are_asked_for(
    alice: Home, bob: Home, shared: str
) -> None:
    """Bob writes, alice knowingly writes on top of it twice, and bob gets only the newest."""
    alice.write(shared, task("a"))
    settle(alice, bob)
    change(bob, shared, title="Milk", priority=3)
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        change(alice, shared, priority=None)
        change(alice, shared, title="Eggs")
        between = [each for each in events_of(alice, shared) if each not in events_of(bob, shared)]
        bob.server.rooms[shared].withheld = {between[0]}
    settle(alice, bob)
    assert fields(alice, shared) == fields(bob, shared) == {"@type": "Task", "title": "Eggs"}
    assert conflicts(bob) == []


def test_a_gap_that_nobody_can_fill_leaves_a_proposal_and_overwrites_nothing(
    alice: Home, bob: Home, carol: Home, room: str
) -> None:
    admit(alice, room, bob, carol)
    alice.write(room, task("a"))
    settle(alice, bob, carol)
    with alice.network.cut_off(bob.server.name):
        change(bob, room, priority=3)
        change(alice, room, title="Butter")
        change(alice, room, title="Milk")
        between = [each for each in events_of(alice, room) if each not in events_of(bob, room)]
        bob.server.rooms[room].withheld = {between[0]}
    settle(alice, bob, carol)
    assert fields(alice, room)["title"] == "Milk"
    assert fields(alice, room)["priority"] == 3


def test_who_is_silent_is_waited_for(alice: Home, bob: Home, carol: Home, room: str) -> None:
    admit(alice, room, bob, carol)
    alice.write(room, task("a"))
    settle(alice, bob, carol)
    with alice.network.cut_off(bob.server.name):
        change(bob, room, priority=3)
        change(alice, room, title="Butter")
        change(alice, room, title="Milk")
        between = [each for each in events_of(alice, room) if each not in events_of(bob, room)]
        bob.server.rooms[room].withheld = {between[0]}
    carol_has_it = carol.server.rooms[room].events.pop(between[0])
    carol.network.cut(alice.server.name)
    settle(bob, carol)
    assert carol_has_it.event_id == between[0]
    assert fields(bob, room) == {"@type": "Task", "title": "Milk"}
    assert [place.uid for place in conflicts(bob)] == ["a"]
    carol.server.rooms[room].events[between[0]] = carol_has_it
    alice.network.heal()
    alice.network.pass_time(20)
    run(bob.twin.look_again())
    settle(alice, bob, carol)
    assert fields(bob, room) == {"@type": "Task", "title": "Milk", "priority": 3}


def test_it_is_merged_after_a_crash_at_any_step(alice: Home, bob: Home, shared: str) -> None:
    number = 0

    def meet_again() -> str:
        nonlocal number
        number += 1
        uid = f"uid-{number}"
        alice.network.heal()
        alice.port.crash_in, step = None, alice.port.crash_in
        alice.write(shared, task(uid))
        settle(alice, bob)
        with alice.network.cut_off(bob.server.name):
            change(alice, shared, uid, title="Butter")
            change(bob, shared, uid, priority=3)
            settle(alice, bob)
            alice.port.crash_in = step
        settle(alice, bob)
        return uid

    def settled(uid: str | None) -> None:
        settle(alice, bob)
        for each in range(1, number + 1):
            wanted = {"@type": "Task", "title": "Butter", "priority": 3}
            assert fields(alice, shared, f"uid-{each}") == wanted
            assert fields(bob, shared, f"uid-{each}") == wanted

    assert crash_everywhere(alice, meet_again, settled) > 8


def test_who_lost_the_right_to_write_has_made_a_proposal_that_both_see(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        set_level(alice, shared, bob, 0)
        change(bob, shared, title="Milk")
        bob.write(shared, task("b", "Eggs"))
    settle(alice, bob)
    assert fields(alice, shared) == fields(bob, shared) == {"@type": "Task", "title": "Bread"}
    for home in (alice, bob):
        assert lost(home, shared) == [bob.owner]
        assert lost(home, shared, "b") == [bob.owner]


def test_a_proposal_is_merged_by_its_author_when_the_right_comes_back(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        set_level(alice, shared, bob, 0)
        change(bob, shared, title="Milk")
    settle(alice, bob)
    change(alice, shared, priority=1)
    set_level(alice, shared, bob, 25)
    settle(alice, bob)
    wanted = {"@type": "Task", "title": "Milk", "priority": 1}
    assert fields(alice, shared) == fields(bob, shared) == wanted


@pytest.mark.parametrize("read_before", [True, False])
def test_what_somebody_wrote_who_had_been_taken_out_meanwhile_is_kept_by_their_twin(
    alice: Home, bob: Home, shared: str, read_before: bool
) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        alice.network.pass_time(1)
        run(alice.port.set_membership(shared, bob.owner, "kick", ""))
        change(bob, shared, title="Milk")
        if read_before:
            settle(alice, bob)
    settle(alice, bob)
    assert not bob.server.joined(shared)
    assert conflicts(bob) == [Place(shared, TASK, "a")]
    assert lost(bob, shared) == [bob.owner]
    assert lost(alice, shared) == [bob.owner]


def test_who_leaves_keeps_nothing_that_the_others_have(alice: Home, bob: Home, shared: str) -> None:
    bob.write(shared, task("a"))
    settle(alice, bob)
    run(bob.port.set_membership(shared, bob.owner, "leave", ""))
    settle(alice, bob)
    assert conflicts(bob) == []
    assert (
        bob.read(lambda cursor: versions.lineage(cursor, Place(shared, TASK, "a"))).versions == {}
    )


def test_a_redacted_version_is_not_merged(alice: Home, bob: Home, shared: str) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        change(alice, shared, title="Butter", description="secret")
        mine = alice.server.rooms[shared].current[TASK, "a"]
        alice.server.redact(shared, mine)
        change(bob, shared, priority=3)
    settle(alice, bob)
    wanted = {"@type": "Task", "title": "Bread", "priority": 3}
    assert fields(alice, shared) == fields(bob, shared) == wanted


def test_what_a_merge_would_spoil_stays_a_proposal(alice: Home, bob: Home, shared: str) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        change(alice, shared, priority=3)
        alice.network.pass_time(1)
        bob.server.write(shared, TASK, "a", {"@type": "Task", "title": 5})
    settle(alice, bob)
    assert alice.content(shared, TASK, "a")["title"] == 5
    assert lost(alice, shared) == [alice.owner]
    change(bob, shared, title="Milk")
    settle(alice, bob)
    assert fields(alice, shared) == {"@type": "Task", "title": "Milk", "priority": 3}


def test_long_texts_are_merged_by_lines(alice: Home, bob: Home, shared: str) -> None:
    lines = [f"line {number}\n" for number in range(3000)]
    doc = {"@type": "Document", "title": "Doc", "text": "".join(lines)}
    alice.write(shared, Put(DOC, "a", frozen(doc)))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        for home, number in ((alice, 3), (bob, 2000)):
            home.network.pass_time(1)
            text = "".join([*lines[:number], "new\n", *lines[number:]])
            home.write(shared, Put(DOC, "a", frozen({**doc, "text": text})))
    settle(alice, bob)
    event = bob.server.state(shared)[DOC, "a"]
    text, _ = run(bob.twin.writer.text(event))
    assert text == "".join([*lines[:3], "new\n", *lines[3:2000], "new\n", *lines[2000:]])


def test_writes_that_raced_on_one_server_are_merged_too(alice: Home, room: str) -> None:
    """Two clients of one server write at once; both get a 200, and one of them is not current."""
    alice.write(room, task("a"))
    settle(alice)
    one = alice.server.write(room, TASK, "a", {"@type": "Task", "title": "Butter"})
    alice.network.pass_time(1)
    other = {"@type": "Task", "title": "Bread", "priority": 3}
    alice.server.write(room, TASK, "a", other, beside=one)
    settle(alice)
    assert fields(alice, room) == {"@type": "Task", "title": "Butter", "priority": 3}
