"""What is to be known of versions that lost against others, or that never came."""

from functools import partial
from typing import Any

import pytest

from tests.contract.conftest import TASK, Side, World, task
from twin_module.core.effects import Put
from twin_module.core.errors import Unreachable
from twin_module.core.state import NAMESPACE, StateEvent, frozen
from twin_module.testing.person import eventually


def arrived(side: Side, after: int) -> list[str]:
    """Return what came after a position."""
    target = side.run(side.port.position())
    found: list[str] = []
    while after < target:
        some = side.run(side.port.changes(after, target))
        after = some.upto
        found.extend(some.arrived)
    assert after == target
    return found


def event(side: Side, event_id: str) -> StateEvent:
    """Return an event."""
    return side.run(side.port.events([event_id]))[event_id]


def current(side: Side, room: str, uid: str) -> str | None:
    """Return the event ID of a task."""
    found = side.state(room, TASK, uid).get((TASK, uid))
    return found.event_id if found else None


def let_edit(alice: Side, bob: Side, room: str, level: int = 25) -> None:
    """Set bob's power level."""
    levels = dict(alice.state(room, "m.room.power_levels", "")["m.room.power_levels", ""].content)
    content = frozen({**levels, "users": {bob.port.owner: level}})
    alice.put(room, Put("m.room.power_levels", "", content))


def test_all_that_is_ours_arrives_in_order_and_nothing_else(alice: Side) -> None:
    room = alice.collection()
    before = alice.run(alice.port.position())
    first = alice.put(room, task("a"))
    alice.say(room)
    alice.put(room, Put("m.room.name", "", frozen({"name": "Other"})))
    second = alice.put(room, task("a", "Butter"))
    third, fourth = alice.run(alice.port.send_states(room, [task("b"), task("c")]))
    assert arrived(alice, before) == [first, second, third, fourth]


def test_an_event_knows_what_it_replaced(alice: Side) -> None:
    room = alice.collection()
    first = alice.put(room, task("a"))
    second = alice.put(room, task("a", "Butter"))
    [third, fourth] = alice.run(
        alice.port.send_states(room, [task("a", "Milk"), task("b", "Milk")])
    )
    removed = alice.put(room, Put(TASK, "a", frozen({})))
    assert [event(alice, each).replaces for each in (first, second, third, fourth, removed)] == [
        None,
        first,
        second,
        None,
        third,
    ]


def test_what_another_server_sends_says_what_it_replaced(
    alice: Side, bob: Side, shared: str
) -> None:
    first = alice.put(shared, task("a"))
    eventually(lambda: current(bob, shared, "a") == first)
    second = alice.put(shared, task("a", "Butter"))
    eventually(lambda: current(bob, shared, "a") == second)
    assert event(bob, second).replaces == first


def test_both_of_two_concurrent_versions_arrive_and_say_what_they_replaced(
    alice: Side, bob: Side, shared: str, world: World
) -> None:
    let_edit(alice, bob, shared)
    base = alice.put(shared, task("a"))
    eventually(lambda: current(bob, shared, "a") == base)
    before = {side: side.run(side.port.position()) for side in (alice, bob)}
    with world.cut_off("bob"):
        lost = alice.put(shared, task("a", "Butter"))
        alice.pass_time(1)
        won = bob.put(shared, task("a", "Milk"))

    def both_arrived(side: Side) -> bool:
        return set(arrived(side, before[side])) >= {lost, won}

    def is_current(side: Side) -> bool:
        return current(side, shared, "a") == won

    for side in (alice, bob):
        eventually(partial(both_arrived, side))
        eventually(partial(is_current, side))
        assert event(side, lost).replaces == base
        assert event(side, won).replaces == base


def test_what_somebody_wrote_whose_right_was_taken_arrives_but_is_not_current(
    alice: Side, bob: Side, shared: str, world: World
) -> None:
    let_edit(alice, bob, shared)
    base = alice.put(shared, task("a"))
    eventually(lambda: current(bob, shared, "a") == base)
    before = alice.run(alice.port.position())
    with world.cut_off("bob"):
        let_edit(alice, bob, shared, 0)
        alice.pass_time(1)
        late = bob.put(shared, task("a", "Milk"))
        new = bob.put(shared, task("b", "Eggs"))
        assert current(bob, shared, "a") == late
    eventually(lambda: current(bob, shared, "a") == base)
    eventually(lambda: current(bob, shared, "b") is None)
    eventually(lambda: set(arrived(alice, before)) >= {late, new})
    assert current(alice, shared, "a") == base
    assert event(alice, late).content["title"] == "Milk"


def test_a_version_that_never_came_is_fetched_from_who_has_it(
    alice: Side, bob: Side, world: World
) -> None:
    room = alice.collection()
    old = alice.put(room, task("a"))
    new = alice.put(room, task("a", "Butter"))
    alice.member(room, bob.port.owner, "invite")
    bob.member(room, bob.port.owner, "join")
    assert current(bob, room, "a") == new
    assert not bob.run(bob.port.events([old]))
    found = bob.run(bob.port.fetch(room, old))
    assert found is not None
    assert (found.event_id, found.type, found.state_key) == (old, TASK, "a")
    assert (found.content["title"], found.sender) == ("Bread", alice.port.owner)
    assert bob.run(bob.port.fetch(room, f"${'x' * 43}")) is None
    with world.cut_off("alice"), pytest.raises(Unreachable):
        bob.run(bob.port.fetch(room, f"${'y' * 43}"))


def test_the_owners_membership_is_known_after_leaving_and_who_changed_it(
    alice: Side, bob: Side, shared: str
) -> None:
    def newest() -> Any:
        found = bob.run(bob.port.own_membership(shared))
        return found and (found.content["membership"], found.sender)

    assert newest() == ("join", bob.port.owner)
    alice.member(shared, bob.port.owner, "kick")
    eventually(lambda: newest() == ("leave", alice.port.owner))
    assert bob.run(bob.port.own_membership("!nowhere")) is None


def test_messages_of_ours_are_read_until_they_are_redacted(alice: Side) -> None:
    room = alice.collection()
    before = alice.run(alice.port.position())
    sent = alice.run(
        alice.port.send_message(
            room, f"{NAMESPACE}.doc.update", frozen({"uid": "a", "update": "AAA"})
        )
    )
    assert arrived(alice, before) == [sent]
    found = alice.run(alice.port.messages([sent, alice.put(room, task("a"))]))
    assert list(found) == [sent]
    assert (found[sent].content["uid"], found[sent].sender) == ("a", alice.port.owner)
    assert not alice.run(alice.port.events([sent]))
    alice.redact(room, sent)
    assert not alice.run(alice.port.messages([sent]))
