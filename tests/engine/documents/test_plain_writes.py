"""Texts of experiences that know nothing of shared states: each write is an edit."""

import pytest
from hypothesis import given, strategies as st

from tests.engine.conftest import DOC, share
from tests.engine.documents.conftest import Desk, Editor, doc, held, make, plain, rest
from twin_module.core.effects import Put
from twin_module.core.errors import Unreachable
from twin_module.core.state import frozen
from twin_module.testing.fake_network import FakeNetwork

# Plain writes


def test_a_plain_write_becomes_an_edit_beside_what_others_type(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str
) -> None:
    here, there = Editor(alice.open(written)), Editor(bob.open(written))
    there.type("typed")
    alice.put(written, doc("Hello dear\n"))
    rest(network, alice, bob)
    assert here.text == there.text == alice.text(written) == "Hello dear\ntyped"


def test_the_document_that_a_plain_write_makes_holds_text_and_state_in_one_event(
    alice: Desk, written: str
) -> None:
    before = len(alice.events(written, DOC))
    alice.put(written, doc("Hello dear\n"))
    assert len(alice.events(written, DOC)) == before + 1
    assert held(alice, written) == "Hello dear\n"


def test_a_change_of_another_field_leaves_text_and_state_alone(alice: Desk, written: str) -> None:
    alice.put(written, doc("Hello dear\n"))
    held = alice.doc(written)["crdt"]
    alice.put(written, doc("Hello dear\n", title="Other"))
    assert (alice.doc(written)["crdt"], alice.doc(written)["title"]) == (held, "Other")


def test_a_document_that_is_put_back_is_an_edit_as_well(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str
) -> None:
    alice.put(written, doc("Hello dear\n"))
    old = frozen(alice.doc(written))
    alice.put(written, doc("Hello dear reader\n"))
    there = Editor(bob.open(written))
    alice.put(written, Put(DOC, "d", old))
    rest(network, alice, bob)
    assert alice.text(written) == there.text == "Hello dear\n"


def test_a_plain_client_s_write_is_turned_into_an_edit_by_its_own_twin_only(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str
) -> None:
    bob.put(written, doc("Hello dear\n"))
    here = Editor(alice.open(written))
    rest(network, alice, bob)
    plain(bob, written, "Goodbye dear\n")
    rest(network, alice, bob)
    events = alice.events(written, DOC)
    assert [each.sender for each in events[-2:]] == [bob.owner] * 2
    assert alice.text(written) == here.text == "Goodbye dear\n"


def test_a_plain_client_that_drops_the_state_changes_the_text_and_nothing_else(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str
) -> None:
    alice.put(written, doc("one two three\n"))
    here, there = Editor(alice.open(written)), Editor(bob.open(written))
    network.cut("bob.example")
    there.type(" four", at=13)
    content = {"@type": "Document", "title": "Doc", "text": "ONE two three\n"}
    alice.server.write(written, DOC, "d", content)
    rest(network, alice, bob)
    network.heal()
    rest(network, alice, bob)
    assert here.text == there.text == "ONE two three four\n"


@given(texts=st.lists(st.text("ab \n", max_size=12), min_size=1, max_size=5))
def test_whoever_reads_a_chain_of_plain_writes_makes_the_same_state(texts: list[str]) -> None:
    network = FakeNetwork()
    alice, bob = make(network, "alice", "bob")
    room = share(alice, bob)
    for text in texts:
        alice.server.write(room, DOC, "d", {"@type": "Document", "title": "Doc", "text": text})
        network.pass_time(1)
    one, other = alice.open(room), bob.open(room)
    assert one.text() == other.text() == texts[-1]
    assert one.contained([other.state()]) == other.contained([one.state()]) == [True]
    network.close()


def test_a_large_document_lies_in_media_with_its_state(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str
) -> None:
    here, there = Editor(alice.open(written)), Editor(bob.open(written))
    here.type("x" * 100_000)
    rest(network, alice, bob)
    assert {"textFile", "crdt"} <= alice.doc(written).keys()
    assert set(alice.doc(written)["crdt"]) == {"file"}
    assert bob.text(written) == there.text == f"Hello\n{'x' * 100_000}"


def test_a_state_whose_file_is_another_one_leaves_the_text(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str
) -> None:
    Editor(alice.open(written)).type("x" * 10_000)
    rest(network, alice)
    uri = alice.doc(written)["crdt"]["file"]["url"]
    alice.server.media[uri.rpartition("/")[2]] = b"\0\0"
    assert bob.open(written).text() == alice.text(written)


def test_a_state_that_can_not_be_fetched_is_waited_for(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str
) -> None:
    Editor(alice.open(written)).type("x" * 10_000)
    rest(network, alice)
    with network.cut_off("alice.example"):
        with pytest.raises(Unreachable):
            bob.open(written)
        bob.turn()
    network.pass_time(20)
    bob.turn()
    assert bob.open(written).text().endswith("x")
