"""Events written as one chain are what they would be in Synapse's own way, to everybody who looks.

Each story is told twice on one real Synapse, in two rooms: as a chain, and with the chain taken for
unknown. Then all is compared that Synapse keeps of the rooms, and what people see of them.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from synapse.events.builder import EventBuilder
from synapse.events.snapshot import EventContext, UnpersistedEventContext
from synapse.handlers.message import EventCreationHandler

from tests.contract.conftest import RealSide
from tests.contract.test_writing import give
from twin_module.core.authority import Role
from twin_module.core.effects import Put, remove
from twin_module.core.errors import Overtaken, TwinError
from twin_module.core.state import frozen
from twin_module.engine import synapse_chain
from twin_module.testing.person import CLIENT, eventually
from twin_module.testing.postgres import fresh_database
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork

pytestmark = pytest.mark.twins

THING: Final = "org.example.thing"
Story = Callable[["Room"], None]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def sides(
    request: pytest.FixtureRequest,
    reactor_thread: ReactorThread,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[RealSide, RealSide, TwinNetwork]]:
    """Alice's and Bob's real servers, on either database."""
    with ExitStack() as stack:
        databases: list[dict[str, str | int] | None] = [None, None]
        if request.param == "postgres":
            url = request.getfixturevalue("postgres_url")
            databases = [stack.enter_context(fresh_database(url)) for _ in databases]
        network = stack.enter_context(
            TwinNetwork(reactor_thread, tmp_path_factory.mktemp("chains"), ("alice", "bob"))
        )
        alice, bob = (
            RealSide(reactor_thread, network.start(name, postgres=database))
            for name, database in zip(("alice", "bob"), databases, strict=True)
        )
        yield alice, bob, network


@pytest.fixture
def alice(sides: tuple[RealSide, RealSide, TwinNetwork]) -> RealSide:
    """Alice's real server."""
    return sides[0]


@pytest.fixture
def bob(sides: tuple[RealSide, RealSide, TwinNetwork]) -> RealSide:
    """Bob's real server."""
    return sides[1]


@pytest.fixture
def network(sides: tuple[RealSide, RealSide, TwinNetwork]) -> TwinNetwork:
    """What their servers talk through."""
    return sides[2]


class Room:
    """A room of Alice's that Bob is in, in which events are written in one of the ways."""

    def __init__(self, alice: RealSide, bob: RealSide, *, as_chain: bool) -> None:
        self.alice, self.bob, self.as_chain = alice, bob, as_chain
        self.room_id = alice.collection()
        alice.member(self.room_id, bob.port.owner, "invite")
        eventually(lambda: self.room_id in bob.invited(), what="bob is invited")
        bob.member(self.room_id, bob.port.owner, "join", alice.port.server_name)
        eventually(
            lambda: alice.membership(self.room_id, bob.port.owner) == "join", what="bob is there"
        )
        self.is_large = False
        self.outcomes: list[Any] = []
        self.began = alice.run(alice.port.position())

    def write(self, *puts: Put, side: RealSide | None = None, replacing: bool = True) -> None:
        """Write events, and note what became of it."""
        side = side or self.alice
        chain = side.port._chain
        chain._is_known = None if self.as_chain else False
        seen = self.current(side, puts) if replacing else None
        try:
            self.outcomes.append(len(side.run(side.port.send_states(self.room_id, puts, seen))))
        except TwinError as error:
            said = error.message.replace(self.room_id, "the room")
            self.outcomes.append((type(error).__name__, said if len(puts) == 1 else ""))
        finally:
            chain._is_known = None

    def current(self, side: RealSide, puts: Sequence[Put]) -> dict[tuple[str, str], str | None]:
        """Return the revisions of what is to be replaced."""
        keys = [(put.type, put.state_key) for put in puts]
        state = side.run(side.port.state(self.room_id, keys))
        return {key: state[key].event_id if key in state else None for key in keys}

    def both_have_the_same(self) -> None:
        """Wait until both servers have the same newest event, and so all of them."""

        def newest(side: RealSide) -> set[str]:
            return set(side.run(side.port._store.get_prev_events_for_room(self.room_id)))

        eventually(lambda: newest(self.alice) == newest(self.bob), what="both have the same")

    def picture(self) -> dict[str, Any]:
        """Return all that Synapse keeps of what was written, and what Alice and Bob see of it."""
        self.both_have_the_same()
        alices, bobs = Kept(self, self.alice), Kept(self, self.bob)
        return {
            "outcomes": self.outcomes,
            "alice": alices.all(),
            # Of what does not fit into a transaction between servers, some is asked for later.
            "bob": bobs.contents() if self.is_large else bobs.all(),
        }


class Kept:
    """What one server keeps of a room, with names for what differs by chance."""

    def __init__(self, room: Room, side: RealSide) -> None:
        self.room, self.side = room, side
        rows = self.rows(
            "SELECT event_id, type, state_key FROM events WHERE room_id = ? ORDER BY depth, type, state_key"
        )
        self.names: dict[str, str] = {}
        for event_id, event_type, state_key in rows:
            same = f"{event_type} {state_key}"
            number = sum(each.startswith(f"{same} #") for each in self.names.values())
            self.names[event_id] = f"{same} #{number}"

    def rows(self, sql: str, *more: Any) -> list[tuple[Any, ...]]:
        """Return rows about the room."""

        def work(cursor: Any) -> list[tuple[Any, ...]]:
            cursor.execute(sql, (self.room.room_id, *more))
            return list(cursor.fetchall())

        return self.side.run(self.side.port.transact("test_rows", work))

    def named(self, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Put names in the places of event IDs."""
        return [tuple(self.names.get(each, each) for each in row) for row in rows]

    def all(self) -> dict[str, Any]:
        """Return everything that there is to be compared."""
        of = "FROM events e JOIN {} t ON t.event_id = e.event_id WHERE e.room_id = ?"
        return {
            "events": sorted(
                self.named(
                    self.rows(
                        "SELECT event_id, type, state_key, sender, depth, outlier, contains_url,"
                        " rejection_reason, processed FROM events WHERE room_id = ?"
                    )
                ),
                key=str,
            ),
            "json": self.jsons(),
            "follow": sorted(
                self.named(
                    self.rows(f"SELECT e.event_id, t.prev_event_id {of.format('event_edges')}")
                )
            ),
            "may": sorted(
                self.named(self.rows(f"SELECT e.event_id, t.auth_id {of.format('event_auth')}"))
            ),
            "chains": self.rows(f"SELECT count(*) {of.format('event_auth_chains')}"),
            "is state": sorted(
                self.named(
                    self.rows(f"SELECT e.event_id, t.type, t.state_key {of.format('state_events')}")
                )
            ),
            "newest": sorted(
                self.named(
                    self.rows("SELECT event_id FROM event_forward_extremities WHERE room_id = ?")
                )
            ),
            "current": sorted(
                self.named(
                    self.rows(
                        "SELECT event_id, type, state_key FROM current_state_events WHERE room_id = ?"
                    )
                )
            ),
            "changes": sorted(
                self.named(
                    self.rows(
                        "SELECT event_id, prev_event_id, type, state_key FROM current_state_delta_stream"
                        " WHERE room_id = ? AND type = 'org.example.thing'"
                    )
                ),
                key=str,
            ),
            "to be told": sorted(
                self.named(
                    self.rows(
                        "SELECT event_id, user_id, actions, notif, highlight, unread FROM event_push_actions WHERE room_id = ?"
                    )
                )
            ),
            "states": self.states(),
            "statistics": eventually(self.statistics, what="statistics are counted"),
            "seen": self.seen(),
        }

    def contents(self) -> dict[str, Any]:
        """Return what is current of the room's things."""
        state = self.side.state(self.room.room_id, THING)
        return {key: event.content for (_, key), event in state.items()}

    def jsons(self) -> dict[str, Any]:
        """Return events as they are stored, but for what is of one moment or one room."""
        found = {}
        for event_id, text, metadata in self.rows(
            "SELECT event_id, json, internal_metadata FROM event_json WHERE room_id = ?"
        ):
            event = json.loads(text)
            for each in (
                "hashes",
                "signatures",
                "origin_server_ts",
                "room_id",
                "prev_events",
                "auth_events",
            ):
                event.pop(each, None)
            event["unsigned"].pop("age_ts", None)
            event["unsigned"].pop("prev_content", None)
            replaces = event["unsigned"].pop("replaces_state", None)
            found[self.names[event_id]] = (event, self.names.get(replaces), json.loads(metadata))
        return {name: each for name, each in found.items() if not name.startswith("m.")}

    def states(self) -> dict[str, Any]:
        """Return the state after each event."""
        store = self.side.twin.homeserver.get_storage_controllers().state
        mine = [event_id for event_id, name in self.names.items() if not name.startswith("m.")]
        found = self.side.run(store.get_state_ids_for_events(mine))
        return {
            self.names[event_id]: sorted(self.names.get(each, each) for each in state.values())
            for event_id, state in found.items()
        }

    def statistics(self) -> list[tuple[Any, ...]]:
        """Return what Synapse counts of rooms in the background, once it has counted all."""
        [(counted, _)] = rows = self.rows(
            "SELECT current_state_events, joined_members FROM room_stats_current WHERE room_id = ?"
        )
        [(there,)] = self.rows("SELECT count(*) FROM current_state_events WHERE room_id = ?")
        return rows if counted == there else []

    def seen(self) -> Any:
        """Return what a client sees of the room that begins with it, and is told of it."""
        only = {"rooms": [self.room.room_id], "timeline": {"limit": 500}}
        answer = self.side.person.get(
            f"{CLIENT}/sync", filter=json.dumps({"room": only, "presence": {"types": []}})
        )
        room = answer["rooms"]["join"][self.room.room_id]
        return {
            "timeline": sorted(
                str((self.names[each["event_id"]], each["content"], each["sender"]))
                for each in room["timeline"]["events"]
                if not each["type"].startswith("m.")
            ),
            "state": sorted(self.names[each["event_id"]] for each in room["state"]["events"]),
            "unread": room["unread_notifications"],
        }


def thing(key: str, content: dict[str, Any] | None = None) -> Put:
    return Put(THING, key, frozen({"a": "b"} if content is None else content))


def many(count: int, content: str) -> list[Put]:
    return [thing(f"t{number}", {"said": content}) for number in range(count)]


def grow(room: Room) -> None:
    room.write(*many(3, "one"))
    room.write(*many(5, "two"))
    room.write(thing("t0"))


def many_at_once(room: Room) -> None:
    room.is_large = True
    room.write(*many(99, "one"))
    room.write(thing("last"))
    room.write(*many(99, "two"))


def remove_some(room: Room) -> None:
    room.write(*many(4, "one"))
    room.write(remove(THING, "t1"), thing("t2", {"said": "else"}), remove(THING, "never there"))


def the_same_again(room: Room) -> None:
    room.write(thing("a"))
    room.write(thing("a"), replacing=False)


def of_both(room: Room) -> None:
    give(room.alice, room.room_id, room.bob, Role.EDITOR)
    room.both_have_the_same()
    room.write(*many(3, "alice"))
    room.both_have_the_same()
    room.write(*many(4, "bob"), side=room.bob)
    room.both_have_the_same()
    room.write(*many(2, "alice again"))


def what_does_not_fit(room: Room) -> None:
    room.write(thing("a"), thing("b"))
    for bad in (
        thing("a", {"price": 1.5}),
        thing("a", {"big": 2**53}),
        thing("a", {"text": "x" * 65_536}),
        thing("x" * 256),
        thing(room.bob.port.owner),
        Put("x" * 256, "", frozen({})),
    ):
        room.write(bad)
        room.write(thing("c"), bad, thing("d"))
    room.write(thing("a", {"said": "after all"}))


def without_the_right(room: Room) -> None:
    room.both_have_the_same()
    room.write(thing("a"), side=room.bob)
    room.write(thing("a"), thing("b"), side=room.bob)
    give(room.alice, room.room_id, room.bob, Role.EDITOR)
    room.both_have_the_same()
    room.write(thing("a"), thing("b"), side=room.bob)
    room.both_have_the_same()
    give(room.alice, room.room_id, room.bob, Role.VIEWER)
    room.both_have_the_same()
    room.write(thing("a", {"said": "no more"}), thing("c"), side=room.bob)


def mentions(room: Room) -> None:
    """Bob wants to be told of everything that happens in the room, in the words of push rules."""
    rule = {"actions": ["notify"]}
    for side in (room.alice, room.bob):
        path = f"{CLIENT}/pushrules/global/room/{room.room_id}"
        side.person.ask("PUT", path, rule).ok()
    room.write(thing("a", {"body": f"hello {room.bob.port.owner}"}), thing("b"))
    room.write(thing("c", {"m.mentions": {"user_ids": [room.bob.port.owner]}, "body": "hello"}))


@pytest.mark.parametrize(
    "story",
    [
        grow,
        many_at_once,
        remove_some,
        the_same_again,
        of_both,
        what_does_not_fit,
        without_the_right,
        mentions,
    ],
)
def test_it_makes_no_difference_to_anybody(alice: RealSide, bob: RealSide, story: Story) -> None:
    pictures = []
    for as_chain in (True, False):
        room = Room(alice, bob, as_chain=as_chain)
        story(room)
        pictures.append(room.picture())
    assert pictures[0] == pictures[1]


# Random stories

KEYS: Final = ["a", "b", "c", "@alice", "@bob"]
CONTENTS: Final = [{}, {"n": 1}, {"n": 2}, {"bad": 0.5}, {"long": "x" * 66_000}]
WRITES: Final = st.tuples(
    st.just("write"),
    st.sampled_from(["alice", "bob"]),
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from(CONTENTS), min_size=1, max_size=4),
)
RIGHTS: Final = st.tuples(st.just("give"), st.sampled_from([Role.VIEWER, Role.EDITOR]), st.none())


@settings(
    max_examples=8,
    phases=[Phase.explicit, Phase.generate],  # one example takes seconds
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.one_of(WRITES, WRITES, RIGHTS), min_size=2, max_size=6))
def test_no_random_story_makes_a_difference(
    alice: RealSide, bob: RealSide, steps: list[tuple[str, Any, Any]]
) -> None:
    pictures = []
    for as_chain in (True, False):
        room = Room(alice, bob, as_chain=as_chain)
        for step, who, what in steps:
            if step == "give":
                give(alice, room.room_id, bob, who)
            else:
                side = alice if who == "alice" else bob
                owners = {"@alice": alice.port.owner, "@bob": bob.port.owner}
                puts = [thing(owners.get(key, key), content) for key, content in what.items()]
                room.write(*puts, side=side)
            room.both_have_the_same()
        pictures.append(room.picture())
    assert pictures[0] == pictures[1]


# Where others write at the same time


def test_events_of_another_server_come_in_between_and_nothing_is_lost(
    alice: RealSide, bob: RealSide, network: TwinNetwork
) -> None:
    room = Room(alice, bob, as_chain=True)
    give(alice, room.room_id, bob, Role.EDITOR)
    room.both_have_the_same()
    with network.cut_off("bob"):
        room.write(*(thing(f"alice {number}") for number in range(3)))
        room.write(*(thing(f"bob {number}") for number in range(3)), side=bob)
    wanted = {f"{name} {number}" for name in ("alice", "bob") for number in range(3)}

    def has_all(side: RealSide) -> bool:
        return set(Kept(room, side).contents()) >= wanted

    for side in (alice, bob):
        eventually(lambda side=side: has_all(side), what="both halves come together")  # type: ignore[misc]
        # Two events are the newest now, and the next write makes one of them.
        room.write(thing(f"on at {side.port.owner}"), thing("both"), side=side)
        room.write(thing("both", {"by": side.port.owner}), side=side)
        room.both_have_the_same()
    assert room.outcomes == [3, 3, 2, 1, 2, 1]
    assert Kept(room, alice).contents() == Kept(room, bob).contents()


def test_clients_that_write_at_the_same_time_lose_nothing(alice: RealSide, bob: RealSide) -> None:
    room = Room(alice, bob, as_chain=True)
    chains = [
        alice.port.send_states(room.room_id, [thing(f"{part} {number}") for number in range(5)])
        for part in range(4)
    ]
    clients = [alice.port.send_state(room.room_id, thing(f"client {n}")) for n in range(4)]
    ids = [each for found in alice.together(*chains, *clients) for each in [found]]
    assert len(ids) == len(chains) + len(clients)
    assert len(Kept(room, alice).contents()) == 4 * 5 + 4
    room.both_have_the_same()
    eventually(
        lambda: Kept(room, bob).contents() == Kept(room, alice).contents(), what="bob has all"
    )


def test_what_was_overtaken_is_not_written(alice: RealSide, bob: RealSide) -> None:
    room = Room(alice, bob, as_chain=True)
    room.write(thing("a"))
    with pytest.raises(Overtaken, match="b was changed meanwhile"):
        alice.run(
            alice.port.send_states(
                room.room_id, [thing("c"), thing("b")], {(THING, "b"): "$other", (THING, "c"): None}
            )
        )
    assert set(Kept(room, alice).contents()) == {"a"}


# Which way is taken


@contextmanager
def made_by_synapse(side: RealSide, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Note how many events Synapse itself makes meanwhile."""
    creation = side.twin.homeserver.get_event_creation_handler()
    made: list[int] = []
    original = creation.create_event

    async def create_event(*arguments: Any, **more: Any) -> Any:
        made.append(1)
        return await original(*arguments, **more)

    monkeypatch.setattr(creation, "create_event", create_event)
    yield made
    monkeypatch.setattr(creation, "create_event", original)


def test_ordinary_events_of_one_chain_are_persisted_at_once(
    alice: RealSide, bob: RealSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(alice, bob, as_chain=True)
    with made_by_synapse(alice, monkeypatch) as made:
        room.write(thing("a"))
        room.write(*many(50, "one"))
    assert (made, room.outcomes) == ([], [1, 50])
    assert alice.port.ends_batches(room.room_id)


@pytest.mark.parametrize("amount", [1, 2, 60])
def test_caches_that_a_chain_fills_hold_what_the_database_says(
    alice: RealSide, bob: RealSide, amount: int
) -> None:
    room = Room(alice, bob, as_chain=True)
    room.write(*many(amount, "one"))
    stores = alice.twin.homeserver.get_datastores()
    rows = Kept(room, alice).rows(
        "SELECT e.event_id, g.state_group FROM events e JOIN event_to_state_groups g"
        f" ON g.event_id = e.event_id WHERE e.room_id = ? AND e.type = '{THING}'"
    )
    partial, delta = stores.main.is_partial_state_event, stores.state.get_state_group_delta

    async def both(cached: Any, key: Any) -> tuple[Any, Any]:
        first = await cached(key)
        cached.invalidate((key,))
        return first, await cached(key)

    assert len(rows) == amount
    for event_id, group in rows:
        assert alice.run(both(partial, event_id)) == (False, False)
        filled, stored = alice.run(both(delta, group))
        assert filled == stored
        assert filled.prev_group is not None


def test_nobody_is_asked_for_push_rules_where_only_the_sender_is_in_the_room(
    alice: RealSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    creation = alice.twin.homeserver.get_event_creation_handler()
    evaluator = creation._bulk_push_rule_evaluator
    asked: list[int] = []
    original = evaluator.action_for_events_by_user

    async def action_for_events_by_user(events: Any) -> None:
        asked.append(len(events))
        await original(events)

    monkeypatch.setattr(evaluator, "action_for_events_by_user", action_for_events_by_user)
    room_id = alice.collection()
    asked.clear()
    alice.run(alice.port.send_states(room_id, many(3, "one")))
    assert asked == []
    guest = alice.twin.homeserver.get_datastores().main.get_local_users_in_room
    guest.prefill((room_id,), [alice.port.owner, "@guest:alice"])
    alice.run(alice.port.send_states(room_id, many(3, "two")))
    assert asked == [3]


NOT_ORDINARY: Final[dict[str, list[Put]]] = {
    "a name of the room": [thing("a"), Put("m.room.name", "", frozen({"name": "New"}))],
    "one key twice": [thing("a"), thing("a", {"c": "d"})],
    "a relation": [thing("a"), thing("b", {"m.relates_to": {"rel_type": "m.reference"}})],
    "more than one chain": many(101, "one"),
}


@pytest.mark.parametrize("puts", NOT_ORDINARY.values(), ids=list(NOT_ORDINARY))
def test_what_is_not_ordinary_is_written_in_synapses_own_way(
    alice: RealSide, bob: RealSide, puts: list[Put], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(alice, bob, as_chain=True)
    with made_by_synapse(alice, monkeypatch) as made:
        room.write(*puts)
    assert len(made) == len(puts)
    assert room.outcomes == [len(puts)]


async def _allow(*_: object) -> Any:
    return True, None


def test_modules_that_want_to_see_each_event_see_it(
    alice: RealSide, bob: RealSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(alice, bob, as_chain=True)
    rules = alice.twin.homeserver.get_module_api_callbacks().third_party_event_rules
    monkeypatch.setattr(rules, "_check_event_allowed_callbacks", [_allow])
    with made_by_synapse(alice, monkeypatch) as made:
        room.write(*many(3, "one"))
    assert len(made) == 3
    assert not alice.port.ends_batches(room.room_id)


MISSING: Final = [
    (EventCreationHandler, "_persist_events"),
    (EventCreationHandler, "persist_and_notify_client_events"),
    (EventBuilder, "build"),
    (UnpersistedEventContext, "batch_persist_unpersisted_contexts"),
    (UnpersistedEventContext, "persist"),
    (EventContext, "get_prev_state_ids"),
]


@pytest.mark.parametrize(("of", "name"), MISSING, ids=[name for _, name in MISSING])
def test_a_synapse_that_is_not_as_expected_is_written_to_in_its_own_way(
    alice: RealSide, of: type, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    creation = alice.twin.homeserver.get_event_creation_handler()
    callbacks = alice.twin.homeserver.get_module_api_callbacks()
    stores = alice.twin.homeserver.get_datastores()
    assert synapse_chain.is_as_expected(creation, callbacks, stores)

    def changed(self: object, something_new: object) -> None: ...

    monkeypatch.setattr(of, name, changed)
    assert not synapse_chain.is_as_expected(creation, callbacks, stores)
    if not any(hasattr(base, name) for base in of.__bases__):
        monkeypatch.delattr(of, name)
        assert not synapse_chain.is_as_expected(creation, callbacks, stores)


def test_that_writing_is_slower_is_said_once(
    alice: RealSide,
    bob: RealSide,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = Room(alice, bob, as_chain=True)
    monkeypatch.setattr(synapse_chain, "is_as_expected", lambda *_: False)
    alice.port._chain._is_known = None
    for title in ("one", "two"):
        alice.run(alice.port.send_states(room.room_id, many(2, title)))
    alice.port._chain._is_known = None
    assert [each.message for each in caplog.records if each.name == synapse_chain.__name__] == [
        "This release of Synapse writes events in a way that is not known; writing is slower"
    ]
    assert len(Kept(room, alice).contents()) == 2


@pytest.mark.parametrize("as_chain", [True, False])
def test_one_that_is_there_already_takes_no_others_with_it(
    alice: RealSide, bob: RealSide, as_chain: bool
) -> None:
    room = Room(alice, bob, as_chain=as_chain)
    room.write(thing("a"))
    room.write(thing("b"), thing("a"), thing("c"))
    assert room.outcomes == [1, 3]
    assert set(Kept(room, alice).contents()) == {"a", "b", "c"}
