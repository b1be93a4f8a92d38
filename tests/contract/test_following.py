"""The stream of what changes."""

from tests.contract.conftest import TASK, Side, World, contents, task
from twin_module.core.effects import Put
from twin_module.core.ports import Changes, Delta
from twin_module.core.state import frozen
from twin_module.testing.person import eventually


def changes(side: Side, after: int) -> list[Delta]:
    """Return all changes of current state after a position, in order."""
    target = side.run(side.port.position())
    found: list[Delta] = []
    while after < target:
        some = side.run(side.port.changes(after, target))
        assert after < some.upto <= target
        after = some.upto
        found.extend(some.deltas)
    return found


def latest(side: Side, after: int, room: str) -> dict[tuple[str, str], str | None]:
    """Return what the newest change says of each key of a room."""
    return {(d.type, d.state_key): d.event_id for d in changes(side, after) if d.room_id == room}


def test_each_change_of_state_is_in_the_stream_once(alice: Side) -> None:
    room = alice.collection()
    before = alice.run(alice.port.position())
    first, second = alice.put(room, task("a")), alice.put(room, task("a", "Butter"))
    third = alice.put(room, task("b"))
    assert alice.run(alice.port.position()) > before
    found = [each for each in changes(alice, before) if each.type == TASK]
    assert found == [
        Delta(room, TASK, "a", first),
        Delta(room, TASK, "a", second),
        Delta(room, TASK, "b", third),
    ]


def test_nothing_follows_the_newest_position(alice: Side) -> None:
    alice.put(alice.collection(), task("a"))
    position = alice.run(alice.port.position())
    found = alice.run(alice.port.changes(position, position))
    assert found == Changes(position, [], [], [])


def test_a_message_moves_the_position_but_changes_no_state(alice: Side) -> None:
    room = alice.collection()
    before = alice.run(alice.port.position())
    alice.say(room)
    assert alice.run(alice.port.position()) > before
    assert latest(alice, before, room) == {}


def test_a_redaction_is_not_among_the_changes_but_among_the_redactions(alice: Side) -> None:
    room = alice.collection()
    revision = alice.put(room, task("a"))
    before = alice.run(alice.port.position())
    alice.redact(room, revision)
    after = alice.run(alice.port.position())
    assert after > before
    assert latest(alice, before, room) == {}
    assert list(alice.run(alice.port.changes(before, after)).redacted) == [revision]
    assert list(alice.run(alice.port.changes(after, after)).redacted) == []


def test_a_new_room_is_in_the_stream_whole(alice: Side) -> None:
    before = alice.run(alice.port.position())
    room = alice.collection()
    assert {
        ("m.room.create", ""),
        ("m.room.member", alice.port.owner),
        ("m.room.power_levels", ""),
        ("m.room.join_rules", ""),
        ("m.room.name", ""),
    } <= set(latest(alice, before, room))


def test_who_joins_gets_all_that_was_there_as_changes(alice: Side, bob: Side) -> None:
    room = alice.collection()
    revisions = {(TASK, uid): alice.put(room, task(uid)) for uid in ("a", "b")}
    alice.member(room, bob.port.owner, "invite")
    before = bob.run(bob.port.position())
    bob.member(room, bob.port.owner, "join")
    found = latest(bob, before, room)
    assert {key: each for key, each in found.items() if key[0] == TASK} == revisions
    assert found["m.room.member", bob.port.owner] is not None
    assert found["m.room.create", ""] is not None


def test_who_leaves_hears_that_every_key_is_gone(bob: Side, alice: Side, shared: str) -> None:
    alice.put(shared, task("a"))
    eventually(lambda: bob.state(shared, TASK), what="bob has the task")
    before = bob.run(bob.port.position())
    bob.member(shared, bob.port.owner, "leave")
    found = latest(bob, before, shared)
    assert found[TASK, "a"] is None
    assert found["m.room.member", bob.port.owner] is None
    assert set(found.values()) == {None}
    assert bob.state(shared, TASK) == {}
    assert list(bob.run(bob.port.object_keys(shared))) == []


def test_who_is_removed_by_another_server_hears_the_same(
    alice: Side, bob: Side, shared: str
) -> None:
    alice.put(shared, task("a"))
    eventually(lambda: bob.state(shared, TASK), what="bob has the task")
    before = bob.run(bob.port.position())
    alice.member(shared, bob.port.owner, "kick")
    eventually(lambda: shared not in bob.run(bob.port.joined_rooms()), what="bob is out")
    assert latest(bob, before, shared)[TASK, "a"] is None


def test_who_comes_back_gets_what_is_current_then(alice: Side, bob: Side, shared: str) -> None:
    alice.put(shared, task("a"))
    eventually(lambda: bob.state(shared, TASK), what="bob has the task")
    bob.member(shared, bob.port.owner, "leave")
    eventually(lambda: alice.membership(shared, bob.port.owner) == "leave", what="alice knows")
    revision = alice.put(shared, task("a", "Butter"))
    alice.member(shared, bob.port.owner, "invite")
    before = bob.run(bob.port.position())
    bob.member(shared, bob.port.owner, "join")
    assert latest(bob, before, shared)[TASK, "a"] == revision
    assert contents(bob.state(shared, TASK)) == {"a": "Butter"}


def test_an_invitation_moves_the_position_and_so_does_its_end(alice: Side, bob: Side) -> None:
    room = alice.collection()
    before = bob.run(bob.port.position())
    alice.member(room, bob.port.owner, "invite")
    eventually(lambda: room in bob.invited(), what="bob is invited")
    invited = bob.run(bob.port.position())
    assert invited > before
    bob.member(room, bob.port.owner, "leave")
    assert bob.run(bob.port.position()) > invited


def test_what_another_server_writes_arrives_as_changes(alice: Side, bob: Side, shared: str) -> None:
    before = bob.run(bob.port.position())
    revision = alice.put(shared, task("a"))
    eventually(lambda: latest(bob, before, shared).get((TASK, "a")) == revision, what="it arrives")


def test_servers_that_wrote_while_cut_off_agree_in_the_end(
    world: World, alice: Side, bob: Side, shared: str
) -> None:
    levels = alice.state(shared, "m.room.power_levels", "")["m.room.power_levels", ""]
    users = frozen({bob.port.owner: 25})
    alice.put(shared, Put("m.room.power_levels", "", levels.content.set("users", users)))
    alice.put(shared, task("a"))
    eventually(lambda: bob.state(shared, TASK), what="bob has the task")
    with world.cut_off("bob"):
        alice.put(shared, task("a", "Alice's"))
        alice.put(shared, task("b", "Alice's"))
        bob.pass_time(1)
        bob.put(shared, task("a", "Bob's"))
        bob.put(shared, task("c", "Bob's"))
        assert contents(alice.state(shared, TASK)) == {"a": "Alice's", "b": "Alice's"}
    # The later write of one key is current in the end, and the others are all there.
    wanted = {"a": "Bob's", "b": "Alice's", "c": "Bob's"}

    def agreed() -> bool:
        return contents(alice.state(shared, TASK)) == contents(bob.state(shared, TASK)) == wanted

    eventually(agreed, what="both have the same")
