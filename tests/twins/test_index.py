"""The twin's index: one private space, made once, that holds every collection and circle."""

from typing import Any, Final
from urllib.parse import quote

from synapse.logging.context import make_deferred_yieldable, run_in_background
from twisted.internet.defer import gatherResults

from twin_module.testing.person import CLIENT, Person, eventually
from twin_module.testing.twins import Twin, TwinNetwork, person_at

ROOMS: Final = "org.digitaltwin.rooms"


def indexes(alice: Person) -> list[str]:
    """Return the rooms that are an index."""
    return [each["room_id"] for each in alice.get("collections", kind="index")["collections"]]


def children(alice: Person, index: str) -> set[str]:
    """Return what hangs under the index."""
    state = alice.get(f"{CLIENT}/rooms/{quote(index)}/state")
    return {
        each["state_key"]
        for each in state
        if each["type"] == "m.space.child" and each["content"].get("via")
    }


def noted(alice: Person) -> Any:
    """Return the room that the account data names as the index."""
    return alice.get(f"{CLIENT}/user/{alice.owner}/account_data/{ROOMS}")["index"]


def test_a_new_twin_has_one_private_index(own_network: TwinNetwork) -> None:
    alice = person_at(own_network.start("alice"))
    [index] = indexes(alice)
    assert noted(alice) == index
    create = alice.read_state(index, "m.room.create", "").ok()
    assert (create["type"], create["org.digitaltwin.kind"]) == ("m.space", "index")
    assert alice.read_state(index, "m.room.join_rules", "").ok() == {"join_rule": "invite"}


def test_a_second_start_makes_no_second_index(own_network: TwinNetwork) -> None:
    twin = own_network.start("alice")
    before = indexes(person_at(twin))
    for _ in range(2):
        twin.start_again()
        assert indexes(person_at(twin)) == before


def test_an_index_that_was_made_but_not_noted_is_found_again(own_network: TwinNetwork) -> None:
    twin = own_network.start("alice")
    alice = person_at(twin)
    before = indexes(alice)
    twin.execute("DELETE FROM account_data WHERE account_data_type = ?", ROOMS)
    twin.start_again()
    person_at(twin)
    assert indexes(alice) == before
    assert noted(alice) == before[0]


def test_a_note_that_names_another_room_is_mended(own_network: TwinNetwork) -> None:
    twin = own_network.start("alice")
    alice = person_at(twin)
    before = indexes(alice)
    for wrong in (alice.create_room(), "!nowhere", 7):
        # Killed while it has the index claimed, it would have to wait for two minutes.
        eventually(lambda: not twin.module.twin._turns.goes_on, what="the twin rests")
        alice.put(f"{CLIENT}/user/{alice.owner}/account_data/{ROOMS}", {"index": wrong})
        twin.start_again()
        person_at(twin)
        assert indexes(alice) == before
        assert noted(alice) == before[0]


def test_collections_and_circles_hang_under_the_index(alice: Person, bob: Person) -> None:
    [index] = indexes(alice)
    room = alice.collection("Collection")
    circle = alice.command("circles", "create", name="Circle")["room_id"]
    chat = alice.create_room(name="Chat")
    theirs = bob.collection("Bob's")
    bob.invite(theirs, alice.owner).ok()
    alice.accept(theirs)
    eventually(
        lambda: {room, circle, theirs} <= children(alice, index), what="all hang under the index"
    )
    assert chat not in children(alice, index)

    alice.post(f"collections/{theirs}/leave")
    eventually(lambda: theirs not in children(alice, index), what="what was left is taken out")
    assert {room, circle} <= children(alice, index)


def test_what_the_owner_hung_there_by_hand_stays(alice: Person) -> None:
    [index] = indexes(alice)
    by_hand = alice.create_room(name="By hand")
    alice.put_state(index, "m.space.child", by_hand, {"via": ["x.example"]}).ok()
    room = alice.collection("Later")
    eventually(lambda: room in children(alice, index), what="the later one hangs there")
    assert by_hand in children(alice, index)


def test_two_that_start_at_once_make_one_index(own_network: TwinNetwork) -> None:
    twin = own_network.start("alice")
    alice = person_at(twin)
    [before] = indexes(alice)
    alice.post(f"{CLIENT}/rooms/{quote(before)}/leave")
    eventually(lambda: len(indexes(alice)) == 1 and indexes(alice) != [before])
    chat = eventually(lambda: twin.module.twin.voice.chat, what="the chat with the voice is there")
    _ask_at_once(twin)
    joined = set(alice.get(f"{CLIENT}/joined_rooms")["joined_rooms"])
    assert joined - {chat} == set(indexes(alice))
    assert len(joined) == 2


def _ask_at_once(twin: Twin) -> None:
    async def ask() -> None:
        reconciler = twin.module.twin.reconciler
        asked = [run_in_background(reconciler.ensure_index) for _ in range(5)]
        await make_deferred_yieldable(gatherResults(asked))

    twin.thread.wait(ask)
