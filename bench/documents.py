"""What writing together costs: convergence, bytes, and the time to open a document.

Two typists on two twins over homeservers in memory, so the figures are those of our own code:
what is stored and sent is what real servers would get, times are without network and disk.

    .venv/bin/python bench/documents.py [edits] [edits behind the document that is opened]
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pycrdt import Doc, Text

from twin_module.core import crdt
from twin_module.core.effects import Put
from twin_module.core.layout import collection_room
from twin_module.core.state import NAMESPACE, frozen
from twin_module.engine.session import Session
from twin_module.engine.twin import Twin
from twin_module.rooms import CAPABILITIES
from twin_module.testing.driver import run
from twin_module.testing.fake import FakeHomeserver
from twin_module.testing.fake_network import FakeNetwork

DOC = f"{NAMESPACE}.doc"
PER_SECOND = 5
"""How fast one typist types."""


class Typist:
    """Somebody at their twin, with an editor."""

    def __init__(self, network: FakeNetwork, name: str, seed: int) -> None:
        self.server = network.add(f"@{name}:{name}.example")
        self.port = FakeHomeserver(self.server)
        self.twin = Twin(self.port, CAPABILITIES, 5000)
        self.server.listeners.append(self.twin.wake)
        run(self.twin.start())
        self.random = random.Random(seed)  # noqa: S311 - the same each time
        self.copy: Any = Doc(client_id=crdt.client_id(name))
        self.body: Any = self.copy.get("text", type=Text)
        self.place = 0
        self.typed: list[bytes] = []
        self.copy.observe(lambda event: self.typed.append(event.update))

    def open(self, room: str) -> Session:
        """Open the document."""
        self.session = run(self.twin.documents.open(room, "d"))
        self.copy.apply_update(self.session.missing(self.copy.get_state()))
        self.session.listen(self.hear)
        return self.session

    def hear(self, update: bytes, origin: object) -> None:
        """Take in what the other one typed."""
        if origin is not self:
            self.copy.apply_update(update)

    def type(self) -> None:
        """Type one letter, mostly behind the last one, now and then somewhere else; erase some."""
        length = len(self.body)
        self.typed.clear()
        if self.random.random() < 0.02 or self.place > length:  # noqa: PLR2004 - one time in fifty
            self.place = self.random.randint(0, length)
        if self.place and self.random.random() < 0.1:  # noqa: PLR2004 - one time in ten
            self.place -= 1
            del self.body[self.place]
        else:
            self.body.insert(self.place, self.random.choice("abcdefg hijk lmno\n"))
            self.place += 1
        # What one change made, as editors send it.
        run(self.session.apply(self.typed[-1], self))


class Wire:
    """Tells the other twin live."""

    def __init__(self, one: Typist, other: Typist) -> None:
        self.one, self.other = one, other

    def tell(self, room_id: str, message: Mapping[str, Any]) -> None:
        """Hand a message over."""
        run(self.other.twin.documents.heard(room_id, self.one.server.name, message))


def shared_document(one: Typist, other: Typist) -> str:
    """Make a room for two with an empty document."""
    room = run(one.port.create_room(collection_room("Texts", "")))
    run(one.port.set_membership(room, other.port.owner, "invite", ""))
    run(other.port.set_membership(room, other.port.owner, "join", ""))
    levels = one.server.state(room)["m.room.power_levels", ""].content
    levels = levels.set("users", frozen({other.port.owner: 25}))
    run(one.port.send_state(room, Put("m.room.power_levels", "", levels)))
    content = frozen({"@type": "Document", "title": "Together", "text": ""})
    run(one.port.send_state(room, Put(DOC, "d", content)))
    one.twin.documents.live, other.twin.documents.live = Wire(one, other), Wire(other, one)
    return room


def write_together(edits: int) -> None:
    """Let two type, and print what it took."""
    network = FakeNetwork()
    typists = [Typist(network, name, seed) for seed, name in enumerate(("alice", "bob"))]
    room = shared_document(*typists)
    kept = Counter[str]()
    count_rows(typists, kept)
    for each in typists:
        each.port.work_off()
        each.open(room)
    began = time.perf_counter()
    for number in range(edits):
        typists[number % 2].type()
        if number % 2:
            network.pass_time(1 / PER_SECOND)
            for each in typists:
                each.port.work_off()
    took = time.perf_counter() - began
    for _ in range(5):
        network.pass_time(5)
        for each in typists:
            each.port.work_off()
    texts = {str(each.body) for each in typists} | {
        run(each.twin.writer.text(each.server.state(room)[DOC, "d"]))[0] for each in typists
    }
    print(f"{edits} edits by two: {'one text' if len(texts) == 1 else 'TEXTS DIFFER'}")
    print(f"  {took / edits * 1000:.2f} ms of work for an edit, on both twins")
    for event in typists[0].server.rooms[room].events.values():
        if event.type.startswith(DOC):
            kind = "snapshots" if event.state_key is not None else "room events"
            kept[kind] += len(repr(event.content))
            kept[f"number of {kind}"] += 1
    kept["files of snapshots"] = sum(
        len(data) for each in typists for data in each.server.media.values()
    )
    for kind, number in sorted(kept.items()):
        print(f"  per 1,000 edits, {kind}: {number * 1000 / edits:,.0f}")
    network.close()


def count_rows(typists: list[Typist], kept: Counter[str]) -> None:
    """Count what is stored of updates, however soon it is deleted again."""
    for each in typists:
        keep = each.twin.documents._shelf._keep  # noqa: SLF001 - to count what passes

        async def counted(session: Session, keep: Any = keep) -> None:
            kept["rows"] += sum(len(update) for update, _ in session.unkept) * 4 // 3
            await keep(session)

        each.twin.documents._shelf._keep = counted  # noqa: SLF001


def open_large(edits: int) -> None:
    """Open a document with many edits behind it, and print how long that takes."""
    network = FakeNetwork()
    typists = [Typist(network, name, seed) for seed, name in enumerate(("alice", "bob"))]
    room = shared_document(*typists)
    states = [edited(edits // 2, client) for client in (1, 2)]
    state = crdt.union(states)
    documents = typists[0].twin.documents
    current = typists[0].server.state(room)[DOC, "d"]
    text = crdt.text_of(state)
    content = run(documents.content.with_state(DOC, current.content, state, text))
    run(typists[0].twin.writer.write(room, [Put(DOC, "d", content)]))
    for seen in ("seen before", "never seen"):
        if seen == "seen before":
            typists[0].port.work_off()
        typist = typists[0] if seen == "seen before" else typists[1]
        began = time.perf_counter()
        typist.open(room)
        print(
            f"open a document with {edits} edits ({len(state):,} bytes of state), {seen}:"
            f" {time.perf_counter() - began:.3f} s"
        )
    network.close()


def edited(edits: int, client: int) -> bytes:
    """Return a state with many edits of one letter, at places all over the text."""
    doc: Any = Doc(client_id=client)
    body = doc.get("text", type=Text)
    chance = random.Random(client)  # noqa: S311 - the same each time
    place = 0
    with doc.transaction():
        for _ in range(edits):
            if chance.random() < 0.05:  # noqa: PLR2004 - one time in twenty
                place = chance.randint(0, len(body))
            body.insert(place, chance.choice("abc def"))
            place += 1
    return bytes(doc.get_update())


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[1:]]
    write_together(numbers[0] if numbers else 10_000)
    open_large(numbers[1] if len(numbers) > 1 else 100_000)
