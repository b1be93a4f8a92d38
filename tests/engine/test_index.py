"""The twin's index: made once, and it holds what the twin has."""

from hypothesis import given, strategies as st

from tests.engine.conftest import Home, settle, share
from tests.engine.test_sharing import index_of
from twin_module.core.effects import Put
from twin_module.core.layout import Kind, kind_in
from twin_module.core.state import frozen
from twin_module.engine.reconcile import ROOMS
from twin_module.engine.twin import Twin
from twin_module.rooms import CAPABILITIES
from twin_module.testing.driver import run, together
from twin_module.testing.fake import Crash, FakeHomeserver
from twin_module.testing.fake_network import FakeNetwork


def indexes(home: Home) -> list[str]:
    """Return all rooms of a server that are an index."""
    return [
        room_id
        for room_id in home.server.rooms
        if kind_in(home.server.state(room_id)) is Kind.INDEX
    ]


def children(home: Home) -> dict[str, list[str]]:
    """Return what stands in a twin's index, with the servers to join it by."""
    state = home.server.state(index_of(home))
    return {
        key: list(event.content["via"])
        for (kind, key), event in state.items()
        if kind == "m.space.child" and event.content.get("via")
    }


def test_the_index_is_made_at_the_first_start_and_noted(alice: Home) -> None:
    (index,) = indexes(alice)
    assert alice.server.account_data[ROOMS] == {"index": index}
    assert alice.rooms()[index].kind == "index"
    alice.restart()
    assert indexes(alice) == [index]


def test_a_start_that_is_killed_anywhere_makes_no_second_index() -> None:
    step, crashed = 0, True
    while crashed:
        step += 1
        network = FakeNetwork()
        alice = Home(network, "alice")
        alice.port.crash_in = step
        try:
            alice.start()
            crashed = False
        except Crash:
            alice.restart()
        alice.port.crash_in = None
        # What the killed process had claimed is free after two minutes.
        for _ in range(3):
            network.pass_time(60)
            run(alice.twin.look_again())
            settle(alice)
        (index,) = indexes(alice)
        assert alice.server.account_data[ROOMS] == {"index": index}
        assert children(alice) == {}
        network.close()
    assert step > 8


@given(choices=st.lists(st.integers(0, 1), max_size=60))
def test_two_processes_on_one_database_make_one_index(choices: list[int]) -> None:
    network = FakeNetwork()
    alice = Home(network, "alice")
    twins = [alice.twin, Twin(FakeHomeserver(alice.server), CAPABILITIES, 5000)]
    turns = iter(choices)
    outcomes = together(
        *(twin.start() for twin in twins), choose=lambda number: next(turns, 0) % number
    )
    assert outcomes == [None, None]
    (index,) = indexes(alice)
    assert [run(twin.reconciler.ensure_index()) for twin in twins] == [index, index]
    network.close()


def test_while_another_process_makes_the_index_this_one_waits(alice: Home) -> None:
    network = alice.network
    bob = Home(network, "bob")
    other = FakeHomeserver(bob.server)
    claim = run(other.claim("index"))
    assert claim is not None
    bob.start()
    settle(bob)
    assert indexes(bob) == []
    other.kill()
    network.pass_time(119)
    run(bob.twin.look_again())
    settle(bob)
    assert indexes(bob) == []
    network.pass_time(1)
    run(bob.twin.look_again())
    settle(bob)
    assert len(indexes(bob)) == 1


def test_an_index_that_the_owner_left_is_made_anew(alice: Home) -> None:
    (first,) = indexes(alice)
    run(alice.port.set_membership(first, alice.owner, "leave", ""))
    settle(alice)
    (second,) = indexes(alice)
    assert second != first
    assert alice.server.account_data[ROOMS] == {"index": second}


def test_a_note_that_names_no_index_of_ours_is_not_believed(alice: Home, bob: Home) -> None:
    (index,) = indexes(alice)
    for wrong in ("!unknown", alice.collection(), 5, None, indexes(bob)[0]):
        alice.server.account_data[ROOMS] = {"index": wrong}
        alice.restart()
        settle(alice)
        assert indexes(alice) == [index]
        assert alice.server.account_data[ROOMS] == {"index": index}


def test_the_index_holds_what_the_twin_is_in_and_nothing_else(alice: Home, bob: Home) -> None:
    circle = alice.circle()
    collection = share(alice, bob)
    plain = run(alice.port.create_room({"name": "Chat"}))
    settle(alice, bob)
    assert children(alice) == {circle: ["alice.example"], collection: ["alice.example"]}
    assert children(bob) == {collection: ["alice.example", "bob.example"]}
    assert plain not in children(alice)
    run(bob.port.set_membership(collection, bob.owner, "leave", ""))
    settle(alice, bob)
    assert children(bob) == {}
    assert collection in children(alice)


def test_what_the_owner_put_into_the_index_by_hand_stays(alice: Home, room: str) -> None:
    index = index_of(alice)
    chat = run(alice.port.create_room({"name": "Chat"}))
    for child in (chat, "!elsewhere"):
        alice.write(index, Put("m.space.child", child, frozen({"via": ["x"], "order": "a"})))
    alice.write(index, Put("m.space.child", room, frozen({"via": ["y"], "order": "b"})))
    alice.collection("More")
    settle(alice)
    found = children(alice)
    assert (found[chat], found["!elsewhere"], found[room]) == (["x"], ["x"], ["y"])
    assert len(found) == 4


def test_a_child_that_was_taken_out_of_the_index_comes_back(alice: Home, room: str) -> None:
    settle(alice)
    alice.write(index_of(alice), Put("m.space.child", room, frozen({})))
    settle(alice)
    assert room in children(alice)
