"""Circles and shares: who is in which room becomes what the owner declared."""

from collections.abc import Mapping, Sequence

import pytest

from tests.engine.conftest import TASK, Home, settle, share, task
from twin_module.core.effects import Put
from twin_module.core.errors import TooLarge
from twin_module.core.layout import CIRCLE, GRANTED, SHARE, collection_room
from twin_module.core.state import Key, frozen
from twin_module.testing.driver import run
from twin_module.testing.fake import Crash
from twin_module.testing.fake_network import FakeNetwork


def power(home: Home, room: str, user_id: str) -> int:
    """Return somebody's power level as it stands in a room."""
    users = home.content(room, "m.room.power_levels").get("users", {})
    level: int = users.get(user_id, 0)
    return level


def declare(alice: Home, role: str = "editor", share_role: str = "editor") -> tuple[str, str]:
    """Make a circle with bob and share a collection with it; nothing is done about it yet."""
    circle = alice.circle(bob=role)
    collection = alice.collection("Groceries")
    alice.command("circles", "share", room_id=collection, circle=circle, role=share_role)
    return circle, collection


def accepted(alice: Home, bob: Home, *rooms: str) -> None:
    """Let bob accept what he is invited to, and everyone do what follows."""
    settle(alice, bob)
    for room in rooms:
        if room in bob.server.invitations:
            bob.accept(room)
    settle(alice, bob)


def is_shared(alice: Home, bob: Home, circle: str, collection: str, level: int = 25) -> None:
    """Check that bob is in both rooms with his rights, as declared."""
    for home in (alice, bob):
        assert home.membership(circle, bob.owner) == "join"
        assert home.membership(collection, bob.owner) == "join"
        assert power(home, collection, bob.owner) == level
    assert alice.content(collection, "m.room.join_rules") == {
        "join_rule": "restricted",
        "allow": [{"type": "m.room_membership", "room_id": circle}],
    }
    assert alice.content(circle, "m.space.child", collection) == {"via": [alice.server.name]}
    assert bob.owner in alice.content(collection, GRANTED)["members"]
    assert alice.twin.reconciler.waiting() == []


def is_out(home: Home, room: str, user_id: str) -> None:
    """Check that somebody is not in a room and has no rights there."""
    assert home.membership(room, user_id) in ("leave", None)
    assert power(home, room, user_id) == 0
    assert user_id not in (home.content(room, GRANTED) or {"members": {}})["members"]


def test_a_shared_collection_is_edited_by_the_circle(alice: Home, bob: Home) -> None:
    circle, collection = declare(alice)
    settle(alice, bob)
    assert sorted(bob.rooms("invite")) == sorted([circle, collection])
    accepted(alice, bob, circle, collection)
    is_shared(alice, bob, circle, collection)
    bob.command("tasks", "add", room_id=collection, uid="a", title="Bread")
    settle(alice, bob)
    assert alice.title(collection, "a") == "Bread"
    assert alice.tables() == alice.truth()
    assert bob.tables() == bob.truth()


def test_who_is_in_the_circle_joins_the_collection_without_an_invitation(
    network: FakeNetwork, alice: Home, bob: Home
) -> None:
    circle, collection = declare(alice)
    settle(alice, bob)
    bob.accept(circle)
    bob.server.be_invited(None, collection)
    run(alice.port.set_membership(collection, bob.owner, "kick", ""))
    run(bob.port.set_membership(collection, bob.owner, "join", "", ["alice.example"]))
    settle(alice, bob)
    is_shared(alice, bob, circle, collection)


def test_once_all_is_done_nothing_more_is(alice: Home, bob: Home) -> None:
    circle, collection = declare(alice)
    accepted(alice, bob, circle, collection)
    position = alice.server.position
    run(alice.twin.reconciler.touch_all())
    run(alice.twin.look_again())
    settle(alice, bob)
    assert alice.server.position == position


@pytest.mark.parametrize(
    ("role", "share_role", "level"),
    [
        ("viewer", "admin", 0),
        ("editor", "admin", 25),
        ("admin", "editor", 25),
        ("admin", "admin", 50),
        ("editor", "viewer", 0),
    ],
)
def test_rights_are_the_lower_of_the_two_roles(
    alice: Home, bob: Home, role: str, share_role: str, level: int
) -> None:
    circle, collection = declare(alice, role, share_role)
    accepted(alice, bob, circle, collection)
    is_shared(alice, bob, circle, collection, level)


def test_another_role_is_given_and_taken(alice: Home, bob: Home) -> None:
    circle, collection = declare(alice)
    accepted(alice, bob, circle, collection)
    for role, level in (("viewer", 0), ("admin", 25), ("editor", 25)):
        alice.command("circles", "add", room_id=circle, user_id=bob.owner, role=role)
        settle(alice, bob)
        is_shared(alice, bob, circle, collection, level)


def test_who_leaves_the_circle_leaves_what_they_had_through_it(alice: Home, bob: Home) -> None:
    circle, collection = declare(alice)
    accepted(alice, bob, circle, collection)
    run(bob.port.set_membership(circle, bob.owner, "leave", ""))
    settle(alice, bob)
    for room in (circle, collection):
        is_out(alice, room, bob.owner)
        assert room not in bob.rooms()
    # They are not asked again by themselves, but when they are added again.
    run(alice.twin.reconciler.touch_all())
    settle(alice, bob)
    assert bob.rooms("invite") == {}
    alice.network.pass_time(1)
    alice.command("circles", "add", room_id=circle, user_id=bob.owner)
    accepted(alice, bob, circle, collection)
    is_shared(alice, bob, circle, collection)


def test_who_leaves_the_collection_is_not_brought_back(alice: Home, bob: Home) -> None:
    circle, collection = declare(alice)
    accepted(alice, bob, circle, collection)
    run(bob.port.set_membership(collection, bob.owner, "leave", ""))
    settle(alice, bob)
    assert alice.membership(circle, bob.owner) == "join"
    assert collection not in bob.rooms()
    assert bob.rooms("invite") == {}


@pytest.mark.parametrize("way", ["remove", "dissolve", "unshare"])
def test_what_is_taken_back_is_taken_back(alice: Home, bob: Home, way: str) -> None:
    circle, collection = declare(alice)
    accepted(alice, bob, circle, collection)
    if way == "remove":
        alice.command("circles", "remove", room_id=circle, user_id=bob.owner)
    elif way == "dissolve":
        alice.command("circles", "dissolve", room_id=circle)
    else:
        alice.command("circles", "unshare", room_id=collection, circle=circle)
    settle(alice, bob)
    is_out(alice, collection, bob.owner)
    assert collection not in bob.rooms()
    if way == "unshare":
        assert alice.membership(circle, bob.owner) == "join"
    else:
        is_out(alice, circle, bob.owner)
    if way != "remove":
        assert alice.content(circle, "m.space.child", collection) == {}
        assert alice.content(collection, "m.room.join_rules") == {
            "join_rule": "invite" if way == "unshare" else "restricted",
            **({} if way == "unshare" else alice_allows(circle)),
        }


def alice_allows(circle: str) -> dict[str, object]:
    """Return the rooms that a share names in a join rule."""
    return {"allow": [{"type": "m.room_membership", "room_id": circle}]}


def test_who_is_in_a_collection_for_another_reason_stays(alice: Home, bob: Home) -> None:
    collection = share(alice, bob)
    circle = alice.circle(bob="editor")
    alice.command("circles", "share", room_id=collection, circle=circle, role="admin")
    accepted(alice, bob, circle)
    alice.command("circles", "unshare", room_id=collection, circle=circle)
    settle(alice, bob)
    assert alice.membership(collection, bob.owner) == "join"
    assert power(alice, collection, bob.owner) >= 25


def test_who_is_in_two_circles_leaves_with_the_last_of_them(alice: Home, bob: Home) -> None:
    one, collection = declare(alice, "viewer")
    two = alice.circle("Friends", bob="editor")
    alice.command("circles", "share", room_id=collection, circle=two)
    accepted(alice, bob, one, two, collection)
    assert power(alice, collection, bob.owner) == 25
    alice.command("circles", "remove", room_id=two, user_id=bob.owner)
    settle(alice, bob)
    assert alice.membership(collection, bob.owner) == "join"
    assert power(alice, collection, bob.owner) == 0
    alice.command("circles", "remove", room_id=one, user_id=bob.owner)
    settle(alice, bob)
    is_out(alice, collection, bob.owner)


def test_a_declaration_that_somebody_spoiled_undoes_nothing(alice: Home, bob: Home) -> None:
    circle, collection = declare(alice, "admin", "admin")
    accepted(alice, bob, circle, collection)
    bob.server.write(circle, CIRCLE, "circle", {"@type": "Circle", "name": 5, "members": {}})
    bob.server.write(collection, SHARE, circle, {"role": "king"})
    bob.server.write(collection, GRANTED, "", {"members": 5})
    settle(alice, bob)
    run(alice.twin.reconciler.touch_all())
    settle(alice, bob)
    assert alice.membership(circle, bob.owner) == "join"
    assert alice.membership(collection, bob.owner) == "join"
    assert power(alice, collection, bob.owner) == 50
    assert alice.content(circle, "m.space.child", collection) == {"via": ["alice.example"]}


def test_a_share_with_somebody_elses_circle_gives_nobody_anything(
    alice: Home, bob: Home, shared: str
) -> None:
    theirs = bob.circle("Bob's", alice="admin", carol="admin")
    settle(alice, bob)
    alice.accept(theirs)
    before = alice.content(shared, "m.room.power_levels")
    alice.command("circles", "share", room_id=shared, circle=theirs)
    settle(alice, bob)
    assert alice.content(shared, "m.room.join_rules") == {"join_rule": "invite"}
    assert alice.content(shared, "m.room.power_levels") == before


def test_a_twin_does_nothing_in_rooms_of_others(alice: Home, bob: Home, shared: str) -> None:
    position = bob.server.position
    steps = [step for step in bob.port.steps if step.startswith("before send")]
    run(bob.twin.reconciler.touch_all())
    settle(bob)
    after = [step for step in bob.port.steps if step.startswith("before send")]
    assert (after, bob.server.position) == (steps, position)


def test_a_join_rule_that_the_owner_chose_by_hand_stays(alice: Home, bob: Home) -> None:
    _, collection = declare(alice)
    alice.write(collection, Put("m.room.join_rules", "", frozen({"join_rule": "public"})))
    settle(alice, bob)
    assert alice.content(collection, "m.room.join_rules") == {"join_rule": "public"}


# Crashes


def test_a_crash_after_any_effect_is_made_up_for() -> None:
    step, crashed = 0, True
    while crashed:
        step += 1
        network = FakeNetwork()
        alice, bob = Home(network, "alice").start(), Home(network, "bob").start()
        circle, collection = declare(alice)
        crashed = crash_at(alice, step, bob)
        accepted(alice, bob, circle, collection)
        is_shared(alice, bob, circle, collection)
        children = [key for kind, key in alice.server.state(index_of(alice)) if "child" in kind]
        assert sorted(children) == sorted([circle, collection])
        alice.command("circles", "remove", room_id=circle, user_id=bob.owner)
        again = crash_at(alice, step, bob)
        crashed = crashed or again
        settle(alice, bob)
        for room in (circle, collection):
            is_out(alice, room, bob.owner)
            assert room not in bob.rooms()
        assert alice.tables() == alice.truth()
        network.close()
    assert step > 20


def crash_at(home: Home, step: int, other: Home) -> bool:
    """Let somebody work until the process is killed at a step; tell whether it came to that."""
    home.port.crash_in = step
    try:
        settle(home, other)
    except Crash:
        home.restart()
        return True
    home.port.crash_in = None
    return False


def index_of(home: Home) -> str:
    """Return a twin's index."""
    (index,) = [room.room_id for room in home.rooms().values() if room.kind == "index"]
    return index


# Twins that are away


def tries(alice: Home, seconds: int) -> list[int]:
    """Let time go by, and return after how many seconds each invitation was tried."""
    start, found = alice.network.now, []
    for _ in range(seconds // 5):
        alice.network.pass_time(5)
        before = alice.port.steps.count("before invite")
        run(alice.twin.look_again())
        settle(alice)
        if alice.port.steps.count("before invite") > before:
            found.append((alice.network.now - start) // 1000)
    return found


def test_a_twin_that_is_away_is_tried_again_later_and_later(
    network: FakeNetwork, alice: Home, bob: Home
) -> None:
    network.cut("bob.example")
    circle = alice.circle(bob="editor")
    settle(alice)
    assert alice.twin.reconciler.waiting() == [circle]
    times = tries(alice, 1000)
    gaps = [after - before for before, after in zip([0, *times], times, strict=False)]
    assert gaps == [15, 30, 60, 120, 240, 480]
    network.heal()
    settle(alice, bob)
    assert circle not in bob.rooms("invite")
    tries(alice, 1000)
    assert alice.twin.reconciler.waiting() == []
    settle(bob)
    assert circle in bob.rooms("invite")


def test_a_twin_that_is_away_is_tried_once_an_hour_at_least(
    network: FakeNetwork, alice: Home, bob: Home
) -> None:
    network.cut("bob.example")
    alice.circle(bob="editor")
    settle(alice)
    times = tries(alice, 6 * 3600)
    assert 3500 < times[-1] - times[-2] <= 3600


def test_one_who_is_away_keeps_nobody_else_from_being_invited(
    network: FakeNetwork, alice: Home, bob: Home
) -> None:
    carol = Home(network, "carol").start()
    network.cut("bob.example")
    circle = alice.circle(bob="editor", carol="editor")
    collection = alice.collection()
    alice.command("circles", "share", room_id=collection, circle=circle)
    settle(alice, carol)
    assert sorted(carol.rooms("invite")) == sorted([circle, collection])
    accepted(alice, carol, circle, collection)
    carol.write(collection, task("a"))
    settle(alice, carol)
    assert alice.title(collection, "a") == "Bread"
    assert sorted(alice.twin.reconciler.waiting()) == sorted([circle, collection])


def test_trouble_of_any_kind_in_one_room_keeps_no_other_from_being_looked_after(
    alice: Home, bob: Home
) -> None:
    first, second = (alice.circle(f"Circle {number}", bob="editor") for number in range(2))
    broken = min(first, second)
    set_membership = alice.port.set_membership

    async def fail(room_id: str, *arguments: object) -> None:
        if room_id == broken:
            raise RuntimeError("on purpose")
        await set_membership(room_id, *arguments)  # type: ignore[arg-type]

    alice.port.set_membership = fail  # type: ignore[method-assign,assignment]
    settle(alice, bob)
    assert sorted(bob.rooms("invite")) == [max(first, second)]
    assert alice.twin.reconciler.waiting() == [broken]


def test_tasks_of_a_collection_that_was_left_are_gone_for_who_left_only(
    alice: Home, bob: Home
) -> None:
    circle, collection = declare(alice)
    accepted(alice, bob, circle, collection)
    alice.write(collection, task("a"))
    settle(alice, bob)
    alice.command("circles", "remove", room_id=circle, user_id=bob.owner)
    settle(alice, bob)
    assert bob.record(collection, "a") is None
    assert alice.content(collection, TASK, "a")["title"] == "Bread"


def test_a_collection_that_carol_made_is_not_alices_to_share(
    network: FakeNetwork, alice: Home
) -> None:
    carol = Home(network, "carol").start()
    room = run(carol.port.create_room(collection_room("Carol's", "")))
    run(carol.port.set_membership(room, alice.owner, "invite", ""))
    alice.accept(room)
    levels = carol.content(room, "m.room.power_levels")
    run(
        carol.port.send_state(
            room, Put("m.room.power_levels", "", frozen({**levels, "users": {alice.owner: 100}}))
        )
    )
    circle = alice.circle(bob="editor")
    alice.command("circles", "share", room_id=room, circle=circle)
    settle(alice, carol)
    assert alice.content(room, "m.room.join_rules") == {"join_rule": "invite"}


def test_nobody_is_invited_before_it_could_be_noted_why(alice: Home, bob: Home) -> None:
    circle, collection = declare(alice)
    send = alice.port.send_states

    async def refuse_the_note(
        room_id: str, puts: Sequence[Put], replacing: Mapping[Key, str | None] | None = None
    ) -> Sequence[str]:
        if any(put.type == GRANTED for put in puts):
            raise TooLarge("The note has too many bytes.")
        return await send(room_id, puts, replacing)

    alice.port.send_states = refuse_the_note  # type: ignore[method-assign]
    settle(alice, bob)
    assert alice.membership(collection, bob.owner) is None
    assert collection in alice.twin.reconciler.waiting()
    alice.port.send_states = send  # type: ignore[method-assign]
    accepted(alice, bob, circle)
    run(alice.twin.reconciler.touch_all())
    accepted(alice, bob, collection)
    is_shared(alice, bob, circle, collection)


def test_a_room_whose_maker_names_the_owner_a_creator_gives_no_duties(
    alice: Home, bob: Home
) -> None:
    config = collection_room("Trap", "")
    creation = {**config["creation_content"], "additional_creators": [alice.owner]}
    trap = run(bob.port.create_room({**config, "creation_content": creation}))
    run(bob.port.set_membership(trap, alice.owner, "invite", ""))
    settle(alice, bob)
    alice.accept(trap)
    circle = alice.circle(bob="editor")
    bob.write(trap, Put(SHARE, circle, frozen({"role": "admin"})))
    settle(alice, bob)
    assert alice.content(trap, GRANTED) is None
    assert alice.content(trap, "m.room.join_rules") == {"join_rule": "invite"}
    assert alice.twin.reconciler.waiting() == []
