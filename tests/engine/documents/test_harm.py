"""Documents and whoever may not, lies, leaves, is killed."""

from typing import Any

import pytest
from pycrdt import Doc, Text
from unpaddedbase64 import encode_base64

from tests.engine.conftest import DOC, crash_everywhere
from tests.engine.documents.conftest import UPDATE, Desk, Editor, demote, doc, plain, presence, rest
from twin_module.core import crdt
from twin_module.core.crdt import BadUpdate
from twin_module.core.effects import remove
from twin_module.core.errors import Forbidden, TooLarge
from twin_module.engine.document_duties import MAX_ROWS
from twin_module.testing.driver import run, together
from twin_module.testing.fake import Crash
from twin_module.testing.fake_network import FakeNetwork

# Rights and lies


def test_who_may_only_read_hears_and_writes_nothing(alice: Desk, bob: Desk, written: str) -> None:
    demote(alice, bob, written)
    here, there = Editor(alice.open(written)), Editor(bob.open(written))
    assert not there.session.may_write
    here.type("x")
    assert there.text == "Hello\nx"
    with pytest.raises(Forbidden):
        there.type("y")
    assert here.text == "Hello\nx"
    assert bob.rows(written) == []


def test_rights_that_are_lost_while_writing_end_it_and_what_was_stored_is_kept(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str
) -> None:
    there = Editor(bob.open(written))
    there.type("x")
    demote(alice, bob, written)
    assert not there.session.may_write
    rest(network, alice, bob)
    assert len(bob.rows(written)) == 1
    assert alice.text(written) == "Hello\n"


def test_updates_of_who_may_not_write_are_left_out(alice: Desk, bob: Desk, written: str) -> None:
    demote(alice, bob, written)
    update = crdt.edit(alice.open(written).state(), "Lies\n", 5)
    content = {"uid": "d", "update": encode_base64(update)}
    bob.server.write(written, UPDATE, None, content)
    alice.turn()
    assert alice.open(written).text() == "Hello\n"
    assert (alice.documents.refused, alice.rows(written)) == (1, [])


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"uid": "d"},
        {"uid": 5, "update": "AAA"},
        {"uid": "@d", "update": "AAA"},
        {"uid": "d", "update": 5},
        {"uid": "d", "update": "not base64!"},
        {"uid": "d", "update": encode_base64(b"\xff" * 40)},
        {"uid": "d", "update": encode_base64(b"\x01" * 4_000)},
    ],
)
def test_a_broken_update_harms_nothing(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str, content: dict[str, Any]
) -> None:
    here = Editor(alice.open(written))
    bob.server.write(written, UPDATE, None, content)
    alice.turn()
    here.type("x")
    rest(network, alice, bob)
    assert alice.text(written) == bob.text(written) == "Hello\nx"


@pytest.mark.parametrize("crdt_field", [{"state": "AAAA!"}, {"state": "/////w"}, {}, {"state": ""}])
def test_a_broken_state_leaves_the_text_as_it_stands(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str, crdt_field: dict[str, Any]
) -> None:
    here = Editor(alice.open(written))
    content = {"@type": "Document", "title": "Doc", "text": "New\n", "crdt": crdt_field}
    bob.server.write(written, DOC, "d", content)
    rest(network, alice, bob)
    assert bob.text(written) == "New\n"
    if crdt_field != {"state": "AAAA!"}:  # that one does not fit, and the last good version stays
        assert here.text == "New\n"


@pytest.mark.parametrize(
    "change",
    [
        {"type": 5},
        {"type": "org.digitaltwin.task.update"},
        {"uid": None},
        {"uid": "other"},
        {"sender": "@alice:alice.example"},
        {"sender": "@eve:bob.example"},
        {"update": None},
        {"update": "!"},
        {"update": "////"},
        {"type": f"{DOC}.awareness", "awareness": "////"},
    ],
)
def test_what_is_told_live_and_does_not_fit_is_left_out(
    alice: Desk, bob: Desk, written: str, change: dict[str, Any]
) -> None:
    session = alice.open(written)
    update = encode_base64(crdt.edit(session.state(), "Lies\n", 5))
    message = {"type": UPDATE, "uid": "d", "sender": bob.owner, "update": update}
    run(alice.documents.heard(written, "bob.example", {**message, **change}))
    assert (session.text(), session.awareness()) == ("Hello\n", presence())
    run(alice.documents.heard(written, "bob.example", message))
    assert session.text() == "Lies\n"


def test_an_editor_s_broken_update_is_refused(alice: Desk, written: str) -> None:
    here = Editor(alice.open(written))
    with pytest.raises(BadUpdate):
        run(here.session.apply(b"\xff\xff", here))
    here.type("x")
    assert here.session.text() == "Hello\nx"


def test_updates_of_a_document_that_nobody_opens_do_not_pile_up(
    alice: Desk, bob: Desk, written: str
) -> None:
    state = alice.open(written).state()
    copy: Any = Doc(client_id=77)
    copy.apply_update(state)
    body: Any = copy.get("text", type=Text)
    for _ in range(MAX_ROWS + 20):
        before = copy.get_state()
        body.insert(len(body), "x")
        content = {"uid": "d", "update": encode_base64(copy.get_update(before))}
        bob.server.write(written, UPDATE, None, content)
    alice.documents._shelf.sessions.clear()
    alice.turn()
    alice.turn()
    assert len(alice.rows(written)) == 1
    assert alice.open(written).text() == f"Hello\n{'x' * (MAX_ROWS + 20)}"


def test_what_its_writer_never_wrote_down_another_twin_does(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str
) -> None:
    there = Editor(bob.open(written))
    there.type("x")
    network.pass_time(2)
    bob.work()
    network.cut("bob.example")
    alice.turn()
    rest(network, alice, seconds=1_200)
    assert alice.text(written) == "Hello\nx"


def test_a_document_that_grows_too_large_says_so_and_keeps_what_it_has(
    network: FakeNetwork, alice: Desk, written: str
) -> None:
    here = Editor(alice.open(written))
    here.type("x" * 5_300_000)
    rest(network, alice)
    with pytest.raises(TooLarge):
        here.type("y")
    assert len(alice.rows(written)) == 1
    assert alice.text(written) == "Hello\n"


# Removed


def test_who_writes_in_a_document_that_is_removed_meanwhile_brings_it_back(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str
) -> None:
    there = Editor(bob.open(written))
    there.type("x")
    alice.write(written, remove(DOC, "d"))
    rest(network, alice, bob)
    assert (bob.doc(written)["title"], bob.text(written)) == ("Doc", "Hello\nx")


# Being killed


def test_what_was_taken_is_never_lost_however_the_twin_is_killed(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str
) -> None:
    state: dict[str, Any] = {"number": 0, "taken": ""}

    def act() -> str:
        state["number"] += 1
        here = Editor(alice.open(written), state["number"])
        letter = chr(ord("a") + state["number"] % 26)
        here.type(letter)
        state["taken"] += letter
        rest(network, alice, seconds=6)
        return letter

    def settled(done: Any) -> None:
        rest(network, alice, bob, seconds=6)
        for letter in state["taken"]:
            assert alice.text(written).count(letter) >= state["taken"].count(letter)
        assert alice.text(written) == bob.text(written)
        assert alice.open(written).text() == alice.text(written)
        assert alice.rows(written) == []

    assert crash_everywhere(alice, act, settled) > 8


def test_a_plain_write_is_turned_into_an_edit_however_the_twin_is_killed(
    network: FakeNetwork, alice: Desk, bob: Desk, written: str
) -> None:
    alice.put(written, doc("Hello dear\n"))
    there = Editor(bob.open(written))
    number = iter(range(1000))

    def act() -> str:
        text = f"Hello {next(number)}\n"
        plain(alice, written, text)
        alice.turn()
        return text

    def settled(done: Any) -> None:
        rest(network, alice, bob, seconds=6)
        assert alice.text(written) == there.text

    assert crash_everywhere(alice, act, settled) > 4


def test_editors_that_bring_updates_at_the_same_time_are_stored_together(
    alice: Desk, written: str
) -> None:
    editors = [Editor(alice.open(written), number) for number in range(5)]
    updates = [each.change(lambda body: body.insert(0, "x")) for each in editors]
    together(
        *(each.session.apply(update, each) for each, update in zip(editors, updates, strict=True))
    )
    assert alice.open(written).text() == "xxxxxHello\n"
    assert len(alice.rows(written)) < 5
    assert {each.text for each in editors} == {"xxxxxHello\n"}


def test_a_session_that_everybody_left_is_saved_and_closed(
    network: FakeNetwork, alice: Desk, written: str
) -> None:
    session = alice.open(written)
    here = Editor(session)
    here.type("x")
    session.leave(here)
    alice.turn()
    assert alice.open(written) is session
    session.leave(None)
    rest(network, alice)
    assert alice.text(written) == "Hello\nx"
    assert alice.open(written) is not session


def test_a_killed_twin_has_nothing_open(alice: Desk, written: str) -> None:
    here = Editor(alice.open(written))
    alice.port.kill()
    with pytest.raises(Crash):
        here.type("x")
