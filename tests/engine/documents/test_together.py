"""Documents that people write together: at once, late, cut off for long."""

import pytest

from tests.engine.conftest import DOC
from tests.engine.documents.conftest import Desk, Editor, deaf, held, make, presence, rest
from twin_module.core.awareness import Entry
from twin_module.core.effects import Put, remove
from twin_module.core.errors import NotFound
from twin_module.core.state import NAMESPACE, frozen
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork

# Opening


def test_what_is_no_document_can_not_be_opened(alice: Desk, written: str) -> None:
    alice.write(written, Put(f"{NAMESPACE}.task", "t", frozen({"@type": "Task", "title": "x"})))
    for uid in ("missing", "t"):
        with pytest.raises(NotFound):
            alice.open(written, uid)
    alice.write(written, remove(DOC, "d"))
    with pytest.raises(NotFound):
        alice.open(written)


def test_a_document_of_text_alone_opens_as_the_same_state_everywhere(
    alice: Desk, bob: Desk, written: str
) -> None:
    one, other = alice.open(written), bob.open(written)
    assert one.text() == other.text() == "Hello\n"
    assert one.state() == other.state()


def test_editors_of_one_twin_share_what_they_write(alice: Desk, written: str) -> None:
    one, other = Editor(alice.open(written)), Editor(alice.open(written), 1)
    assert one.session is other.session
    one.type("and 😀 goodbye\n")
    other.type("Oh ", at=0)
    assert one.text == other.text == "Oh Hello\nand 😀 goodbye\n"


# Passing on


def test_what_is_typed_is_there_live_on_the_other_twin(
    alice: Desk, bob: Desk, written: str
) -> None:
    here, there = Editor(alice.open(written)), Editor(bob.open(written))
    here.type("x")
    there.type("y", at=0)
    assert here.text == there.text == "yHello\nx"


def test_what_did_not_arrive_live_comes_as_an_event_within_two_seconds(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str
) -> None:
    alice.wire.down = True
    here, there = Editor(alice.open(written)), Editor(bob.open(written))
    for letter in "and more":
        here.type(letter)
    network.pass_time(2)
    alice.work()
    bob.turn()
    assert there.text == "Hello\nand more"
    [event] = alice.events(written)
    assert event.content["uid"] == "d"


def test_after_some_quiet_the_document_is_written_down_once(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str
) -> None:
    here = Editor(alice.open(written))
    for letter in "and more":
        here.type(letter)
    before = len(alice.events(written, DOC))
    rest(network, alice, bob)
    assert alice.text(written) == bob.text(written) == "Hello\nand more"
    assert len(alice.events(written, DOC)) == before + 1
    assert held(alice, written) == "Hello\nand more"
    assert alice.rows(written) == bob.rows(written) == []


def test_who_types_without_a_pause_is_written_down_each_minute(
    network: FakeNetwork, alice: Desk, written: str
) -> None:
    here = Editor(alice.open(written))
    for second in range(130):
        here.type(str(second % 10))
        network.pass_time(1)
        alice.work()
    assert 2 <= len(alice.events(written, DOC)) - 1 <= 3


def test_when_all_events_get_lost_the_document_itself_brings_everything(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str
) -> None:
    alice.wire.down = True
    here, there = Editor(alice.open(written)), Editor(bob.open(written))
    here.type("one")
    with deaf(bob):
        rest(network, alice, bob)
    assert there.text == here.text


def test_a_newcomer_needs_the_document_alone(
    network: FakeNetwork, alice: Desk, written: str
) -> None:
    here = Editor(alice.open(written))
    here.type("one two three")
    rest(network, alice)
    [carol] = make(network, "carol")
    run(alice.port.set_membership(written, carol.owner, "invite", ""))
    carol.accept(written)
    with deaf(carol):
        carol.turn()
    assert carol.open(written).text() == "Hello\none two three"
    assert not carol.open(written).may_write


# Offline


def test_two_who_were_cut_off_for_long_find_both_texts(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str
) -> None:
    with network.cut_off("bob.example"):
        here, there = Editor(alice.open(written)), Editor(bob.open(written))
        here.type("from alice\n")
        there.type("from bob\n", at=0)
        rest(network, alice, bob, seconds=90_000)
        assert alice.text(written) == "Hello\nfrom alice\n"
        assert bob.text(written) == "from bob\nHello\n"
    rest(network, alice, bob)
    assert here.text == there.text == "from bob\nHello\nfrom alice\n"


def test_concurrent_documents_are_merged_by_what_both_say(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str
) -> None:
    network.cut("bob.example")
    Editor(alice.open(written)).type("from alice\n")
    Editor(bob.open(written)).type("from bob\n", at=0)
    rest(network, alice, bob)
    one, other = alice.server.state(written)[DOC, "d"], bob.server.state(written)[DOC, "d"]
    network.heal()
    for desk in (alice, bob):
        fields = run(desk.documents.merged(one, [other], ""))
        assert fields["text"] == "from bob\nHello\nfrom alice\n"


# Cursors


def test_cursors_are_seen_on_both_twins_and_end_with_their_editor(
    alice: Desk, bob: Desk, written: str
) -> None:
    here, there = alice.open(written), bob.open(written)
    seen: list[bytes] = []
    there.listen_awareness(lambda data, _: seen.append(data))
    cursor = Entry(7, 1, '{"user":"alice"}')
    here.apply_awareness(presence(cursor), "editor")
    assert seen == [presence(cursor)]
    assert here.awareness() == there.awareness() == presence(cursor)
    here.apply_awareness(presence(cursor), "editor")
    assert len(seen) == 1
    here.leave("editor")
    assert here.awareness() == there.awareness() == presence()
    assert seen[1:] == [presence(Entry(7, 2, "null"))]


def test_cursors_of_a_twin_that_says_nothing_any_more_go_after_half_a_minute(
    alice: Desk, bob: Desk, written: str
) -> None:
    here, there = alice.open(written), bob.open(written)
    here.apply_awareness(presence(Entry(7, 1, "{}")), "editor")
    bob.network.pass_time(20)
    here.apply_awareness(presence(Entry(7, 2, "{}")), "editor")
    alice.network.cut(alice.server.name)
    bob.network.pass_time(20)
    bob.look()
    assert there.awareness() == presence(Entry(7, 2, "{}"))
    bob.network.pass_time(20)
    bob.look()
    assert there.awareness() == presence()


def test_cursors_are_stored_nowhere(alice: Desk, bob: Desk, written: str) -> None:
    steps = len(alice.port.steps)
    alice.open(written).apply_awareness(presence(Entry(7, 1, "{}")), "editor")
    assert not [step for step in alice.port.steps[steps:] if "send" in step or "keep" in step]
