"""Twins whose documents several people write, and editors that are connected to them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from pycrdt import Doc, Text

from tests.engine.conftest import DOC, Home, share
from twin_module.core import crdt
from twin_module.core.awareness import Entry, written as presence_of
from twin_module.core.effects import Put
from twin_module.core.state import frozen
from twin_module.engine import documents_store as store
from twin_module.engine.session import Session
from twin_module.engine.versions import Place
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork

UPDATE = f"{DOC}.update"


class Wire:
    """Tells other twins at once what is new, or nothing while it is down."""

    def __init__(self, home: "Desk") -> None:
        self.home = home
        self.down = False
        self.told = 0

    def tell(self, room_id: str, message: Mapping[str, Any]) -> None:
        self.told += 1
        network = self.home.network
        for other in self.home.others:
            there = network.linked(self.home.server, other.server) and other.server.joined(room_id)
            if other is not self.home and there and not self.down:
                run(other.documents.heard(room_id, self.home.server.name, message))


class Desk(Home):
    """Somebody's twin with documents."""

    others: list["Desk"]

    def boot(self) -> None:
        super().boot()
        self.wire = Wire(self)
        self.documents = self.twin.documents
        self.documents.live = self.wire

    def start(self) -> "Desk":
        super().start()
        self.turn()
        return self

    def turn(self) -> None:
        """Follow what came, and do what is due."""
        self.twin.wake()
        self.work()

    def look(self) -> None:
        """Do what is due, as the timer has it done."""
        run(self.twin.look_again())
        self.work()

    # Documents

    def open(self, room: str, uid: str = "d") -> Session:
        session: Session = run(self.documents.open(room, uid))
        return session

    def put(self, room: str, put: Put) -> None:
        """Write through the writer."""
        self.write(room, put)

    def doc(self, room: str, uid: str = "d") -> Any:
        return self.content(room, DOC, uid)

    def text(self, room: str, uid: str = "d") -> str:
        """Return the text that any experience reads."""
        text, _ = run(self.twin.writer.text(self.server.state(room)[DOC, uid]))
        return text

    def rows(self, room: str, uid: str = "d") -> list[store.Row]:
        found: list[store.Row] = self.read(store.rows, Place(room, DOC, uid))
        return found

    def events(self, room: str, kind: str = UPDATE) -> list[Any]:
        return [each for each in self.server.rooms[room].events.values() if each.type == kind]


class Editor:
    """An editor that is connected to a twin, with its own copy of the document."""

    def __init__(self, session: Session, number: int = 0) -> None:
        self.session = session
        self.copy: Any = Doc(client_id=crdt.client_id(f"editor {number} {id(self)}"))
        self.body: Any = self.copy.get("text", type=Text)
        self.copy.apply_update(session.missing(self.copy.get_state()))
        self.stop = session.listen(self.hear)

    def hear(self, update: bytes, origin: object) -> None:
        if origin is not self:
            self.copy.apply_update(update)

    def change(self, work: Callable[[Any], Any]) -> bytes:
        before = self.copy.get_state()
        work(self.body)
        return bytes(self.copy.get_update(before))

    def type(self, text: str, at: int | None = None) -> None:
        """Type text, at the end or after so many bytes."""
        place = len(self.body) if at is None else at
        run(self.session.apply(self.change(lambda body: body.insert(place, text)), self))

    def erase(self, start: int, end: int) -> None:
        def erase(body: Any) -> None:
            del body[start:end]

        run(self.session.apply(self.change(erase), self))

    @property
    def text(self) -> str:
        return str(self.body)


def doc(text: str, uid: str = "d", **fields: Any) -> Put:
    return Put(DOC, uid, frozen({"@type": "Document", "title": "Doc", "text": text, **fields}))


@contextmanager
def deaf(desk: Desk) -> Iterator[None]:
    """Let all events that bring updates get lost on their way to somebody."""
    listeners = desk.twin.projector.arrivals._listeners
    before = listeners[:]
    listeners.clear()
    yield
    listeners[:] = before


def plain(desk: Desk, room: str, text: str, sender: str | None = None) -> None:
    """Write a document's text as a client does that knows nothing of states."""
    content = {key: value for key, value in desk.doc(room).items() if key != "textFile"}
    desk.server.write(room, DOC, "d", {**content, "text": text}, sender=sender)


def presence(*entries: Entry) -> bytes:
    return presence_of(entries)


def demote(alice: Desk, bob: Desk, room: str) -> None:
    levels = alice.content(room, "m.room.power_levels")
    levels["users"] = {}
    run(alice.port.send_state(room, Put("m.room.power_levels", "", frozen(levels))))
    alice.turn()
    bob.turn()


def held(desk: Desk, room: str) -> str:
    """Return the text of the state that a document holds."""
    state = run(desk.documents.content.state(desk.server.state(room)[DOC, "d"]))
    return "" if state is None else crdt.text_of(state)


def rest(network: FakeNetwork, *desks: Desk, seconds: float = 90) -> None:
    """Let time go by, and everybody do what is due."""
    for _ in range(6):
        for desk in desks:
            desk.work()
            desk.turn()
        network.pass_time(seconds / 6)
    for desk in desks:
        desk.work()
        desk.turn()


def make(network: FakeNetwork, *names: str) -> list[Desk]:
    desks: list[Desk] = []
    for name in names:
        desk = Desk(network, name)
        desk.others = desks
        desks.append(desk)
    for desk in desks:
        desk.start()
    return desks


@pytest.fixture
def desks(network: FakeNetwork) -> list[Desk]:
    return make(network, "alice", "bob")


@pytest.fixture
def alice(desks: list[Desk]) -> Desk:
    return desks[0]


@pytest.fixture
def bob(desks: list[Desk]) -> Desk:
    return desks[1]


@pytest.fixture
def shared(alice: Desk, bob: Desk) -> str:
    return share(alice, bob)


@pytest.fixture
def written(alice: Desk, bob: Desk, shared: str) -> str:
    """A shared room in which a document begins with some words."""
    alice.put(shared, doc("Hello\n"))
    alice.turn()
    bob.turn()
    return shared


@pytest.fixture
def network() -> Iterator[FakeNetwork]:
    network = FakeNetwork()
    yield network
    network.close()
