"""What is in the rooms."""

from tests.contract.conftest import TASK, Side, task
from twin_module.core.effects import Put
from twin_module.core.layout import COLLECTION_TYPE, RSVP
from twin_module.core.state import NAMESPACE, frozen


def test_state_is_read_by_keys(alice: Side) -> None:
    room = alice.collection("Groceries")
    alice.put(room, task("a"))
    revision = alice.put(room, task("a", "Butter"))
    alice.put(room, task("b"))
    keys = [("m.room.name", ""), (TASK, "a"), (TASK, "none"), ("m.room.create", "")]
    state = alice.run(alice.port.state(room, keys))
    assert set(state) == {("m.room.name", ""), (TASK, "a"), ("m.room.create", "")}
    event = state[TASK, "a"]
    assert (event.room_id, event.type, event.state_key) == (room, TASK, "a")
    assert (event.event_id, event.sender, event.problem) == (revision, alice.port.owner, None)
    assert event.content == frozen({"@type": "Task", "title": "Butter"})
    assert abs(event.origin_server_ts - alice.run(_now(alice))) < 600_000
    assert state["m.room.create", ""].content["type"] == COLLECTION_TYPE
    assert state["m.room.create", ""].sender == alice.port.owner


async def _now(side: Side) -> int:
    return side.port.now()


def test_state_is_read_by_type(alice: Side) -> None:
    room = alice.collection()
    revisions = {uid: alice.put(room, task(uid)) for uid in ("a", "b", "c")}
    found = alice.state(room, TASK)
    assert {key[1]: event.event_id for key, event in found.items()} == revisions


def test_state_takes_any_iterable_of_keys(alice: Side) -> None:
    room = alice.collection()
    alice.put(room, task("a"))
    state = alice.run(alice.port.state(room, ((TASK, uid) for uid in ("a", "b"))))
    assert set(state) == {(TASK, "a")}


def test_a_room_that_is_not_known_has_no_state(alice: Side) -> None:
    assert alice.state("!unknown", "m.room.create", "") == {}
    assert alice.run(alice.port.object_keys("!unknown")) == []


def test_removed_objects_stay_in_the_state_with_empty_content(alice: Side) -> None:
    room = alice.collection()
    alice.put(room, task("a"))
    revision = alice.put(room, Put(TASK, "a", frozen({})))
    event = alice.state(room, TASK, "a")[TASK, "a"]
    assert (event.event_id, event.content) == (revision, frozen({}))


def test_object_keys_name_the_current_events_of_ours_and_no_others(alice: Side) -> None:
    room = alice.collection()
    alice.put(room, task("a"))
    revisions = {"a": alice.put(room, task("a", "Butter")), "b": alice.put(room, task("b"))}
    alice.put(room, Put("org.example.thing", "c", frozen({"some": "thing"})))
    alice.put(room, Put(f"{NAMESPACE}s.thing", "c", frozen({"some": "thing"})))
    keys = alice.run(alice.port.object_keys(room))
    assert alice.run(alice.port.count_objects(room)) == len(keys)
    assert {each.room_id for each in keys} == {room}
    assert {each.type for each in keys} == {TASK}
    assert {each.state_key: each.event_id for each in keys} == revisions


def test_answers_to_events_do_not_count(alice: Side) -> None:
    room = alice.collection()
    alice.put(room, task("a"))
    alice.put(room, Put(RSVP, alice.port.owner, frozen({"answers": {}})))
    alice.put(room, task("b"))
    assert alice.run(alice.port.count_objects(room)) == 2


def test_events_are_read_by_id_also_when_they_are_no_longer_current(alice: Side) -> None:
    room = alice.collection()
    first, second = alice.put(room, task("a")), alice.put(room, task("a", "Butter"))
    found = alice.run(alice.port.events([first, second, "$unknown"]))
    assert {event_id: event.content["title"] for event_id, event in found.items()} == {
        first: "Bread",
        second: "Butter",
    }
    assert found[first].event_id == first


def test_messages_are_not_among_the_events(alice: Side) -> None:
    room = alice.collection()
    message = alice.say(room)
    assert dict(alice.run(alice.port.events([message]))) == {}


def test_redacted_events_are_empty_and_stay_current(alice: Side) -> None:
    room = alice.collection()
    revision = alice.put(room, task("a"))
    alice.redact(room, revision)
    assert alice.run(alice.port.events([revision]))[revision].content == frozen({})
    current = alice.state(room, TASK, "a")[TASK, "a"]
    assert (current.event_id, current.content) == (revision, frozen({}))


def test_a_redaction_leaves_what_the_rules_of_a_room_stand_on(alice: Side) -> None:
    room = alice.collection()
    levels = alice.state(room, "m.room.power_levels", "")["m.room.power_levels", ""]
    alice.redact(room, levels.event_id)
    after = alice.state(room, "m.room.power_levels", "")["m.room.power_levels", ""]
    assert after.content["events"] == levels.content["events"]
    assert "notifications" in levels.content
    assert "notifications" not in after.content


def test_joined_rooms_are_those_that_the_owner_is_in(alice: Side, bob: Side) -> None:
    mine, left = alice.collection(), alice.collection()
    alice.member(mine, bob.port.owner, "invite")
    alice.member(left, alice.port.owner, "leave")
    rooms = list(alice.run(alice.port.joined_rooms()))
    assert mine in rooms
    assert left not in rooms
    assert rooms == sorted(rooms)
    assert mine not in bob.run(bob.port.joined_rooms())
