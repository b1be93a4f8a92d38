"""The editors that people use connect to a twin as they are: yjs, CodeMirror, ProseMirror."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.editors.conftest import where
from tests.node import Program
from twin_module.testing.person import Person, eventually
from twin_module.testing.twins import TwinNetwork, person_at

pytestmark = pytest.mark.twins

Start = Callable[..., Program]
LINES = [f"line {number}\n" for number in range(30)]


def typist(program: Start, person: Person, room: str) -> Program:
    """Return an editor of somebody's that has the document."""
    editor = program("typist.mjs")
    editor("connect", **where(person, room))
    eventually(lambda: editor("look")["synced"], what="it has the document")
    return editor


def written(person: Person, room: str) -> str:
    """Return the text of the document as experiences read it that know nothing of editors."""
    text: str = person.get(f"rooms/{room}/docs/minutes")["content"]["text"]
    return text


# Yjs and y-websocket, without a screen


def test_two_people_at_two_twins_type_at_once_and_get_one_text(
    program: Start, alice: Person, bob: Person, room: str
) -> None:
    one, other = typist(program, alice, room), typist(program, bob, room)
    for line in LINES:
        one("type", words=f"alice {line}")
        other("type", words=f"bob {line}", at=0)

    def alike() -> bool:
        texts = one("look")["text"], other("look")["text"]
        want = sorted(f"{who} {line}" for who in ("alice", "bob") for line in LINES)
        return texts[0] == texts[1] and sorted(texts[0].splitlines(keepends=True)) == want

    eventually(alike, what="both have every line")
    text = one("look")["text"]
    for person in (alice, bob):
        eventually(lambda who=person: written(who, room) == text, what="it is written down")  # type: ignore[misc]  # bound early


def test_cursors_are_seen_at_the_other_twin_until_their_owner_leaves(
    program: Start, alice: Person, bob: Person, room: str
) -> None:
    one, other = typist(program, alice, room), typist(program, bob, room)
    state = {"user": {"name": "Alice"}, "cursor": {"anchor": 3, "head": 7}}
    one("point", state=state)
    eventually(lambda: state in other("look")["others"], what="Bob sees Alice")
    other("point", state={"user": {"name": "Bob"}})
    eventually(lambda: {"user": {"name": "Bob"}} in one("look")["others"], what="Alice sees Bob")
    one("leave")
    eventually(lambda: other("look")["others"] == [], what="Alice has left")


def test_an_editor_that_dies_leaves_no_cursor_behind(
    program: Start, alice: Person, bob: Person, room: str
) -> None:
    one, other = typist(program, alice, room), typist(program, bob, room)
    one("point", state={"user": {"name": "Alice"}})
    eventually(lambda: {"user": {"name": "Alice"}} in other("look")["others"], what="she is seen")
    one._process.kill()
    eventually(lambda: other("look")["others"] == [], what="Alice is gone")


def test_an_editor_comes_back_by_itself_when_its_twin_was_restarted(
    program: Start, network: TwinNetwork, alice: Person, bob: Person, room: str
) -> None:
    one, other = typist(program, alice, room), typist(program, bob, room)
    one("type", words="before, ")
    eventually(lambda: other("look")["text"] == "before, ", what="Bob has it")
    connections = one("look")["connections"]
    network.twins["alice"].stop()
    one("type", words="while it was off, ")
    other("type", words="by Bob, ")
    network.twins["alice"].start()
    person_at(network.twins["alice"])
    eventually(lambda: one("look")["connections"] > connections, what="Alice's editor is back")
    one("type", words="after")

    def alike() -> bool:
        texts = one("look")["text"], other("look")["text"]
        parts = ("before, ", "while it was off, ", "by Bob, ", "after")
        return texts[0] == texts[1] and all(texts[0].count(each) == 1 for each in parts)

    eventually(alike, within=120, what="both have all of it")


def test_an_editor_that_may_not_is_told_why_and_does_not_come_back(
    program: Start, alice: Person, bob: Person, room: str
) -> None:
    reader = alice.collection("To be read")
    document = {"@type": "Document", "title": "Minutes", "text": "as it is"}
    alice.put(f"rooms/{reader}/docs/minutes", document)
    circle = alice.command("circles", "create", name="Readers", members={bob.owner: "viewer"})
    alice.command("circles", "share", room_id=reader, circle=circle["room_id"])
    bob.accept(reader)
    eventually(lambda: "minutes" in bob.uids(reader), what="Bob has the document")
    editor = typist(program, bob, reader)
    assert editor("look")["text"] == "as it is"
    editor("type", words=" no longer")
    eventually(lambda: editor("look")["closed"], what="it is told")
    closed = editor("look")["closed"]
    assert closed["code"] == 4403
    assert "not write" in closed["reason"]
    assert written(alice, reader) == "as it is"


# On a page in Chromium


@pytest.mark.parametrize("kind", ["codemirror", "prosemirror"])
def test_what_is_typed_on_a_page_appears_on_the_page_at_the_other_twin(
    kind: str, chromium: str, program: Start, alice: Person, bob: Person, room: str
) -> None:
    browser = program("browser.mjs", chromium)
    for name, person in (("Alice", alice), ("Bob", bob)):
        browser("open", name=name, kind=kind, **where(person, room))
        eventually(
            lambda name=name: browser("synced", name=name)["synced"],  # type: ignore[misc]  # bound early
            what=f"{name} has the document",
        )

    def shown(name: str) -> Any:
        return browser("look", name=name)

    browser("type", name="Alice", words="Buy bread")
    eventually(lambda: "Buy bread" in shown("Bob")["text"], what="Bob reads what Alice typed")
    browser("type", name="Bob", key="End", words=" and milk")
    eventually(lambda: "Buy bread and milk" in shown("Alice")["text"], what="Alice reads the rest")
    eventually(lambda: "Alice" in "".join(shown("Bob")["cursors"]), what="Bob sees Alice's cursor")
    for person in (alice, bob):
        eventually(
            lambda who=person: "Buy bread and milk" in written(who, room),  # type: ignore[misc]  # bound early
            what="it is written down",
        )
    browser("close", name="Alice")
    eventually(lambda: shown("Bob")["cursors"] == [], what="Alice has left")
