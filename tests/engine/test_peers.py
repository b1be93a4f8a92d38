"""What twins tell each other live, and what they take from each other."""

from collections.abc import Iterator
from typing import Any

import pytest
from pycrdt import Awareness, Doc, Text
from unpaddedbase64 import decode_base64, encode_base64

from twin_module.core import crdt
from twin_module.core.errors import BadJson, Forbidden, NotFound, NotReady, TwinError
from twin_module.core.layout import collection_room
from twin_module.core.replay import WINDOW_MS
from twin_module.engine.peers import MAX_CALLS_AT_ONCE, MAX_DATA_BYTES, Peers
from twin_module.testing.driver import pause, run, together
from twin_module.testing.fake import FakeHomeserver
from twin_module.testing.fake_network import FakeNetwork


class Side:
    """Somebody's twin, of which only the live part works."""

    def __init__(self, network: FakeNetwork, name: str) -> None:
        self.server = network.add(f"@{name}:{name}.example")
        self.owner, self.name = self.server.owner, self.server.name
        self.port = FakeHomeserver(self.server)
        self.peers = Peers(self.port)
        self.peers.listen(self._hear)
        self.server.answer = self._answer
        self.calls = 0
        self.got: list[tuple[str, str, str, str, bytes]] = []
        self.busy = False

    async def _answer(self, server: str, path: str, body: Any) -> Any:
        self.calls += 1
        return await self.peers.answer(server, path, body)

    async def _hear(self, room_id: str, server: str, message: Any) -> None:
        while self.busy:
            await pause()
        brings = "update" if "update" in message else "awareness"
        self.got.append((room_id, server, message["uid"], brings, decode_base64(message[brings])))

    def tell(self, room_id: str, uid: str, **said: bytes) -> None:
        """Tell the others what was said, as documents do."""
        for brings, data in said.items():
            kind = f"org.digitaltwin.doc.{brings}"
            message = {"type": kind, "uid": uid, "sender": self.owner, brings: encode_base64(data)}
            self.peers.tell(room_id, message)

    def updates(self) -> list[bytes]:
        """Return the updates that were told."""
        return [each[4] for each in self.got if each[3] == "update"]


@pytest.fixture
def network() -> Iterator[FakeNetwork]:
    network = FakeNetwork()
    yield network
    network.close()


@pytest.fixture
def alice(network: FakeNetwork) -> Side:
    return Side(network, "alice")


@pytest.fixture
def bob(network: FakeNetwork) -> Side:
    return Side(network, "bob")


def join(room: str, alice: Side, other: Side) -> None:
    """Let somebody into a room of alice's."""
    run(alice.port.set_membership(room, other.owner, "invite", ""))
    run(other.port.set_membership(room, other.owner, "join", ""))


@pytest.fixture
def room(alice: Side, bob: Side) -> str:
    """A collection of alice's that bob is in."""
    room = run(alice.port.create_room(collection_room("Things", "")))
    join(room, alice, bob)
    return room


def call(caller: Side, room: str, **changes: Any) -> dict[str, Any]:
    """Return the body of a call."""
    body = {"room_id": room, "type": "org.digitaltwin.doc.awareness", "uid": "doc"}
    once = {"id": caller.port.new_uid(), "ts": caller.port.now(), "sender": caller.owner}
    return {**body, **once, "awareness": encode_base64(presence(1)), **changes}


def edits(*words: str) -> list[bytes]:
    """Return an update for each word that is written."""
    doc: Any = Doc({"text": Text()})
    found: list[bytes] = []
    subscription = doc.observe(lambda event: found.append(event.update))
    for word in words:
        doc["text"] += word
    doc.unobserve(subscription)
    return found


def presence(clock: int) -> bytes:
    """Return what somebody says of their cursor the n-th time."""
    awareness = Awareness(Doc(client_id=7))
    for at in range(clock):
        awareness.set_local_state({"at": at})
    return awareness.encode_awareness_update([7])


# Telling


def test_what_is_told_reaches_everybody_else_in_the_room(
    network: FakeNetwork, alice: Side, bob: Side, room: str
) -> None:
    carol, dave = Side(network, "carol"), Side(network, "dave")
    join(room, alice, carol)
    [update] = edits("hello")
    alice.tell(room, "doc", update=update, awareness=presence(1))
    alice.port.work_off()
    for other in (bob, carol):
        assert other.got == [
            (room, alice.name, "doc", "update", update),
            (room, alice.name, "doc", "awareness", presence(1)),
        ]
    assert alice.got == dave.got == []


def test_what_comes_together_is_told_as_one(alice: Side, bob: Side, room: str) -> None:
    for clock, update in enumerate(edits(*"hello"), 1):
        alice.tell(room, "doc", update=update, awareness=presence(clock))
    alice.port.work_off()
    assert bob.calls == 2
    [(*_, update), (*_, awareness)] = bob.got
    assert crdt.text_of(update) == "hello"
    assert awareness == presence(5)


def test_a_slow_peer_gets_one_larger_message_and_no_queue(
    alice: Side, bob: Side, room: str
) -> None:
    first, *others = edits(*"hello there")

    async def begin() -> None:
        bob.busy = True
        alice.tell(room, "doc", update=first)
        await alice.peers._sort()
        (_, work), alice.port._waiting[:] = alice.port._waiting[-1], []
        await work()

    async def go_on() -> None:
        while not bob.calls:
            await pause()
        for update in others:
            alice.tell(room, "doc", update=update)
            await alice.peers._sort()
        bob.busy = False

    assert together(begin(), go_on()) == [None, None]
    assert bob.calls == 2
    assert crdt.text_of(crdt.union(bob.updates())) == "hello there"


def test_documents_are_told_apart(alice: Side, bob: Side, room: str) -> None:
    one, two = edits("one")[0], edits("two")[0]
    alice.tell(room, "first", update=one)
    alice.tell(room, "second", update=two)
    alice.port.work_off()
    assert [(each[2], each[4]) for each in bob.got] == [("first", one), ("second", two)]


def test_what_is_too_large_is_not_told(alice: Side, bob: Side, room: str) -> None:
    alice.tell(room, "doc", update=edits("x" * (MAX_DATA_BYTES + 1))[0])
    alice.port.work_off()
    assert bob.calls == 0


def test_a_peer_that_is_cut_off_is_left_alone_for_a_while(
    network: FakeNetwork, alice: Side, bob: Side, room: str
) -> None:
    first, second, third = edits(*"abc")
    with network.cut_off(bob.name):
        alice.tell(room, "doc", update=first)
        alice.port.work_off()
    alice.tell(room, "doc", update=second)
    assert alice.port.work_off() == 1
    assert bob.calls == 0
    network.pass_time(16)
    alice.tell(room, "doc", update=third)
    alice.port.work_off()
    assert bob.updates() == [third]
    assert alice.peers._peers == {}


def test_a_peer_that_calls_is_told_again_at_once(
    network: FakeNetwork, alice: Side, bob: Side, room: str
) -> None:
    first, second = edits(*"ab")
    with network.cut_off(bob.name):
        alice.tell(room, "doc", update=first)
        alice.port.work_off()
    bob.tell(room, "doc", awareness=presence(1))
    bob.port.work_off()
    alice.tell(room, "doc", update=second)
    alice.port.work_off()
    assert bob.updates() == [second]


def test_a_server_that_is_no_twin_is_left_alone(alice: Side, bob: Side, room: str) -> None:
    bob.server.answer = None
    alice.tell(room, "doc", update=edits("a")[0])
    assert alice.port.work_off() == 2
    alice.tell(room, "doc", update=edits("b")[0])
    assert alice.port.work_off() == 1


def test_a_refusal_stops_nothing(alice: Side, bob: Side, room: str) -> None:
    other = run(alice.port.create_room(collection_room("Others", "")))
    for where in (other, room):
        # As a twin does that has not heard yet that somebody left.
        alice.peers._servers[where] = (alice.port.now() + 1, frozenset([bob.name]))
        alice.tell(where, "doc", awareness=presence(1))
    alice.port.work_off()
    assert bob.calls == 2
    assert [each[0] for each in bob.got] == [room]


def test_who_left_is_told_nothing_more(alice: Side, bob: Side, room: str) -> None:
    alice.tell(room, "doc", update=edits("a")[0])
    alice.port.work_off()
    run(bob.port.set_membership(room, bob.owner, "leave", ""))
    alice.peers.forget_servers([room])
    alice.tell(room, "doc", update=edits("b")[0])
    alice.port.work_off()
    assert bob.calls == 1


# Answering


def refused(side: Side, server: str, body: Any, path: str = "live") -> TwinError:
    """Return why a call is not answered."""
    with pytest.raises(TwinError) as caught:
        run(side.peers.answer(server, path, body))
    assert side.got == []
    return caught.value


def test_nothing_is_taken_from_whom_is_not_in_the_room(
    network: FakeNetwork, alice: Side, room: str
) -> None:
    mallory = Side(network, "mallory")
    words = set()
    for where in (room, "!unknown"):
        error = refused(alice, mallory.name, call(mallory, where))
        assert isinstance(error, Forbidden)
        words.add(error.message)
    assert len(words) == 1, "the answer tells which rooms there are"


def test_nothing_is_taken_in_a_room_that_the_owner_left(alice: Side, bob: Side, room: str) -> None:
    run(bob.port.set_membership(room, bob.owner, "leave", ""))
    assert isinstance(refused(bob, alice.name, call(alice, room)), Forbidden)


def test_nobody_speaks_for_another_server(
    network: FakeNetwork, alice: Side, bob: Side, room: str
) -> None:
    mallory = Side(network, "mallory")
    body = call(mallory, room, sender=bob.owner)
    assert isinstance(refused(alice, mallory.name, body), Forbidden)


def test_a_call_that_was_made_before_is_refused(alice: Side, bob: Side, room: str) -> None:
    body = call(bob, room)
    assert run(alice.peers.answer(bob.name, "live", body)) == {}
    alice.got.clear()
    assert isinstance(refused(alice, bob.name, body), Forbidden)
    late = call(bob, room, ts=alice.port.now() - WINDOW_MS - 1)
    assert isinstance(refused(alice, bob.name, late), Forbidden)


@pytest.mark.parametrize(
    "changes",
    [
        {"room_id": 7},
        {"type": None},
        {"uid": "u" * 256},
        {"sender": None},
        {"id": ""},
        {"id": "i" * 65},
        {"ts": "now"},
        {"ts": True},
        {"update": ["AAAA"]},
        {"update": "A" * (MAX_DATA_BYTES * 2)},
        {"awareness": "A" * (MAX_DATA_BYTES * 2)},
    ],
)
def test_what_is_no_call_is_refused(
    changes: dict[str, Any], alice: Side, bob: Side, room: str
) -> None:
    assert isinstance(refused(alice, bob.name, call(bob, room, **changes)), BadJson)


@pytest.mark.parametrize("body", [{}, [], None, "live", 1, {"a": {"b": 1.5}}])
def test_whatever_comes_is_no_more_than_refused(body: Any, alice: Side, bob: Side) -> None:
    assert isinstance(refused(alice, bob.name, body), BadJson)


def test_another_path_is_not_found(alice: Side, bob: Side, room: str) -> None:
    assert isinstance(refused(alice, bob.name, call(bob, room), "other"), NotFound)


def test_one_server_can_not_keep_a_twin_busy(alice: Side, bob: Side, room: str) -> None:
    alice.busy = True
    refusals = []

    async def one_of_many() -> None:
        try:
            await alice.peers.answer(bob.name, "live", call(bob, room))
        except NotReady as error:
            refusals.append(error)

    async def relent() -> None:
        while len(refusals) < 3:
            await pause()
        alice.busy = False

    together(*(one_of_many() for _ in range(MAX_CALLS_AT_ONCE + 3)), relent())
    assert len(refusals) == 3
    assert len(alice.got) == MAX_CALLS_AT_ONCE
    assert alice.peers._answering == {}
