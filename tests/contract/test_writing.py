"""Writing to rooms, and what is refused."""

from functools import partial
from typing import Any

import pytest

from tests.contract.conftest import TASK, Side, contents, task
from tests.contract.test_following import latest
from twin_module.core.authority import Role, power_of
from twin_module.core.effects import Put
from twin_module.core.errors import BadJson, Forbidden, NotFound, Overtaken, TooLarge
from twin_module.core.layout import (
    CIRCLE,
    GRANTED,
    SHARE,
    Kind,
    circle_room,
    collection_room,
    index_room,
    kind_in,
)
from twin_module.core.state import StateEvent, frozen
from twin_module.testing.person import eventually

THING = "org.example.thing"
MESSAGE = "org.digitaltwin.doc.update"


def whole(side: Side, room: str) -> dict[tuple[str, str], StateEvent]:
    """Return what the engine reads of a room's state."""
    kinds = ("create", "name", "topic", "power_levels", "join_rules", "history_visibility")
    keys = [(f"m.room.{kind}", "") for kind in (*kinds, "guest_access")]
    return side.run(
        side.port.state(room, [*keys, ("m.room.member", side.port.owner), (CIRCLE, None)])
    )


def test_what_was_written_is_current_at_once(alice: Side) -> None:
    room = alice.collection()
    revision = alice.put(room, task("a"))
    assert alice.state(room, TASK)[TASK, "a"].event_id == revision


def test_writing_the_same_again_changes_nothing(alice: Side) -> None:
    room = alice.collection()
    assert alice.put(room, task("a")) == alice.put(room, task("a"))


@pytest.mark.parametrize("content", [{"price": 1.5}, {"big": 2**53}, {"deep": [{"x": 0.1}]}])
def test_content_that_is_no_canonical_json_is_refused(alice: Side, content: dict[str, Any]) -> None:
    room = alice.collection()
    with pytest.raises(BadJson):
        alice.put(room, Put(THING, "a", frozen(content)))
    assert alice.state(room, THING) == {}


def test_an_event_beyond_64_kib_is_refused(alice: Side) -> None:
    room = alice.collection()
    with pytest.raises(TooLarge):
        alice.put(room, Put(THING, "a", frozen({"text": "x" * 65_536})))
    assert alice.state(room, THING) == {}


@pytest.mark.parametrize("number", [1, 2])
def test_nobody_writes_to_a_room_that_they_are_not_in(alice: Side, bob: Side, number: int) -> None:
    puts = [task(uid) for uid in "ab"[:number]]
    left = alice.collection()
    alice.member(left, alice.port.owner, "leave")
    for room in ("!unknown", bob.collection(), left):
        with pytest.raises((Forbidden, NotFound)):
            alice.run(alice.port.send_states(room, puts))


def test_who_lacks_the_power_is_refused_and_who_has_it_is_not(
    alice: Side, bob: Side, shared: str
) -> None:
    with pytest.raises(Forbidden):
        bob.put(shared, task("a"))
    give(alice, shared, bob, Role.EDITOR)
    eventually(lambda: power_of(whole(bob, shared), bob.port.owner) == Role.EDITOR)
    bob.put(shared, task("a"))
    for kind in ("m.room.name", "m.room.power_levels", SHARE, GRANTED, CIRCLE, "m.space.child"):
        with pytest.raises(Forbidden):
            bob.put(shared, Put(kind, "", _content(bob, shared, kind)))


def _content(side: Side, room: str, kind: str):
    found = side.state(room, kind, "").get((kind, ""))
    return found.content.set("more", 1) if found else frozen(EXAMPLES.get(kind, {"a": "b"}))


EXAMPLES: dict[str, dict[str, Any]] = {
    GRANTED: {"members": {}},
    SHARE: {"role": "viewer"},
    CIRCLE: {"@type": "Circle", "name": "x", "members": {}},
}


def give(side: Side, room: str, other: Side, role: int) -> None:
    """Give somebody power in a room."""
    levels = side.state(room, "m.room.power_levels", "")["m.room.power_levels", ""].content
    users = levels.get("users", frozen({})).set(other.port.owner, int(role))
    side.put(room, Put("m.room.power_levels", "", levels.set("users", users)))


def test_the_creator_can_not_stand_in_the_power_levels(alice: Side) -> None:
    room = alice.collection()
    with pytest.raises(BadJson):
        give(alice, room, alice, 100)


def test_nobody_writes_another_persons_own_key(alice: Side, bob: Side) -> None:
    room = alice.collection()
    with pytest.raises(Forbidden):
        alice.put(room, Put(THING, bob.port.owner, frozen({"a": "b"})))
    alice.put(room, Put(THING, alice.port.owner, frozen({"a": "b"})))


def test_several_states_are_written_in_order(alice: Side) -> None:
    room = alice.collection()
    ids = list(alice.run(alice.port.send_states(room, [task(f"t{n}") for n in range(49)])))
    found = alice.state(room, TASK)
    assert [found[TASK, f"t{n}"].event_id for n in range(49)] == ids
    assert len(set(ids)) == 49


def test_of_several_states_none_is_written_where_one_is_refused(alice: Side, bob: Side) -> None:
    room = alice.collection()
    before = alice.run(alice.port.position())
    for bad in (
        Put(THING, bob.port.owner, frozen({"a": "b"})),
        Put(THING, "x", frozen({"a": 1.5})),
        Put(THING, "x", frozen({"a": "b" * 65_536})),
    ):
        with pytest.raises((Forbidden, BadJson, TooLarge)):
            alice.run(alice.port.send_states(room, [task("a"), task("b"), bad]))
    assert alice.state(room, TASK) == {}
    assert latest(alice, before, room) == {}


@pytest.mark.parametrize("number", [1, 2])
def test_nothing_is_written_on_top_of_what_was_replaced_meanwhile(alice: Side, number: int) -> None:
    room = alice.collection()
    first = alice.put(room, task("a"))
    second = alice.put(room, task("a", "Butter"))
    puts = [task("a", "Milk"), task("b", "Milk")][:number]
    for seen in ({(TASK, "a"): first}, {(TASK, "a"): None}, {(TASK, "b"): first}):
        with pytest.raises(Overtaken):
            alice.run(alice.port.send_states(room, puts, seen))
    assert alice.state(room, TASK)[TASK, "a"].event_id == second
    assert (TASK, "b") not in alice.state(room, TASK)
    replacing = {(TASK, "a"): second, (TASK, "b"): None}
    written = list(alice.run(alice.port.send_states(room, puts, replacing)))
    assert [alice.state(room, TASK)[TASK, put.state_key].event_id for put in puts] == written


def test_several_states_reach_other_servers(alice: Side, bob: Side, shared: str) -> None:
    alice.run(alice.port.send_states(shared, [task("a"), task("b")]))
    alice.put(shared, task("c"))
    eventually(lambda: set(contents(bob.state(shared, TASK))) == {"a", "b", "c"})


def arrived(side: Side, event_id: str) -> bool:
    return event_id in side.run(side.port.messages([event_id]))


def test_a_message_is_sent_and_arrives_everywhere_and_is_no_state(
    alice: Side, bob: Side, shared: str
) -> None:
    content = frozen({"uid": "d", "update": "AAA"})
    event_id = alice.run(alice.port.send_message(shared, MESSAGE, content))
    for side in (alice, bob):
        eventually(partial(arrived, side, event_id))
        message = side.run(side.port.messages([event_id]))[event_id]
        assert (message.type, message.sender, message.content) == (
            MESSAGE,
            alice.port.owner,
            content,
        )
        assert side.state(shared, MESSAGE) == {}


def test_the_same_message_twice_is_two_events(alice: Side) -> None:
    room = alice.collection()
    sent = [alice.run(alice.port.send_message(room, MESSAGE, frozen({}))) for _ in range(2)]
    assert len(set(sent)) == 2


def test_messages_of_who_may_not_send_them_are_refused(alice: Side, bob: Side, shared: str) -> None:
    for room in (shared, alice.collection(), "!unknown"):
        with pytest.raises((Forbidden, NotFound)):
            bob.run(bob.port.send_message(room, MESSAGE, frozen({"uid": "d"})))
    for content, error in (({"x": 1.5}, BadJson), ({"x": "y" * 65_536}, TooLarge)):
        with pytest.raises(error):
            alice.run(alice.port.send_message(shared, MESSAGE, frozen(content)))


def test_a_collection_is_made_as_declared(alice: Side) -> None:
    room = alice.run(alice.port.create_room(collection_room("Groceries", "What we need")))
    state = whole(alice, room)
    assert kind_in(state) is Kind.COLLECTION
    assert state["m.room.name", ""].content["name"] == "Groceries"
    assert state["m.room.topic", ""].content["topic"] == "What we need"
    assert state["m.room.join_rules", ""].content == frozen({"join_rule": "invite"})
    visible = frozen({"history_visibility": "shared"})
    assert state["m.room.history_visibility", ""].content == visible
    assert state["m.room.guest_access", ""].content == frozen({"guest_access": "forbidden"})
    levels = state["m.room.power_levels", ""].content
    wanted = collection_room("", "")["power_level_content_override"]
    assert {key: levels.get(key) for key in wanted} == frozen(wanted)
    assert alice.port.owner not in levels.get("users", {})
    assert power_of(state, alice.port.owner) > 100


def test_the_index_and_circles_are_made_as_declared(alice: Side) -> None:
    index = alice.run(alice.port.create_room(index_room(alice.port.owner)))
    assert kind_in(whole(alice, index)) is Kind.INDEX
    content = {"@type": "Circle", "name": "Family", "members": {}}
    objects = [{"type": CIRCLE, "state_key": "circle", "content": content}]
    circle = alice.run(alice.port.create_room(circle_room("Family", "", objects)))
    state = whole(alice, circle)
    assert kind_in(state) is Kind.CIRCLE
    assert state[CIRCLE, "circle"].content == frozen(content)
    assert ("m.room.topic", "") not in state
    # A second index was no wish of the owner's.
    alice.member(index, alice.port.owner, "leave")
