"""Two twins that write, are cut off, hear late, hear nonsense and are killed: they agree in the end."""

import json
from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.engine.conftest import TASK, TYPES, Home, share, task
from tests.engine.weather import WHO, Weather
from twin_module.core.effects import remove
from twin_module.core.state import NAMESPACE, plain
from twin_module.engine import store
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork

UID = st.sampled_from(["a", "b", "c"])
TYPE = st.sampled_from([TASK, f"{NAMESPACE}.doc", f"{NAMESPACE}.future", f"{NAMESPACE}.granted"])
CONTENT = st.sampled_from(
    [
        {},
        {"@type": "Task", "title": 5},
        {"@type": "Task", "title": "From elsewhere", "priority": 3},
        {"@type": "Task", "title": "x", "keywords": {"home": True, "away": True}},
        {"@type": "Document", "title": "Doc", "text": "text"},
        {"deep": [[[[[[[[[[[[[[[[[[[["down"]]]]]]]]]]]]]]]]]]]]},
        {"members": {"@carol:carol.example": "king"}},
        {"members": {}},
    ]
)


class AnyWeather(Weather):
    """Alice and bob share a collection, and nothing goes well."""

    def __init__(self) -> None:
        super().__init__()
        self.network = FakeNetwork()
        self.alice = Home(self.network, "alice").start()
        self.bob = Home(self.network, "bob").start()
        self.homes = {"alice": self.alice, "bob": self.bob}
        self.room = ""

    @initialize()
    def share(self) -> None:
        """Let them share a collection."""
        self.room = share(self.alice, self.bob)

    def both_in(self) -> bool:
        """Tell whether both are in the collection, as far as each knows."""
        return all(home.server.joined(self.room) for home in self.homes.values())

    # What they do

    @rule(who=WHO, uid=UID, title=st.sampled_from(["Bread", "Butter", "Milk"]))
    def write(self, who: str, uid: str, title: str) -> None:
        self.attempt(who, lambda home: home.write(self.room, task(uid, title)))

    @rule(who=WHO, uids=st.lists(UID, min_size=2, max_size=3, unique=True))
    def write_several(self, who: str, uids: list[str]) -> None:
        self.attempt(who, lambda home: home.write(self.room, *(task(uid) for uid in uids)))

    @rule(who=WHO, uid=UID)
    def remove(self, who: str, uid: str) -> None:
        self.attempt(who, lambda home: home.write(self.room, remove(TASK, uid)))

    @rule(who=WHO, uid=UID)
    def complete(self, who: str, uid: str) -> None:
        self.attempt(
            who, lambda home: home.command("tasks", "complete", room_id=self.room, uid=uid)
        )

    @rule(who=WHO, kind=TYPE, uid=UID, content=CONTENT)
    def send_nonsense(self, who: str, kind: str, uid: str, content: dict[str, Any]) -> None:
        if self.homes[who].server.joined(self.room):
            self.homes[who].server.write(self.room, kind, uid, content)

    @rule(who=WHO, pick=st.integers(0, 1000))
    def redact(self, who: str, pick: int) -> None:
        server = self.homes[who].server
        if server.joined(self.room):
            events = server.rooms[self.room].events.values()
            ours = [each.event_id for each in events if each.type.startswith(f"{NAMESPACE}.")]
            if ours:
                server.redact(self.room, ours[pick % len(ours)])

    @rule(pick=UID)
    def lose_a_name(self, pick: str) -> None:
        self.alice.server.write(self.room, "m.room.name", "", {"name": f"Room {pick}"})

    # Coming and going

    @precondition(lambda self: self.both_in())
    @rule(kicked=st.booleans())
    def leave(self, kicked: bool) -> None:
        who, action = ("alice", "kick") if kicked else ("bob", "leave")
        self.attempt(who, lambda home: self.change_bob(home, action))

    @precondition(lambda self: not self.bob.server.joined(self.room))
    @rule()
    def come_back(self) -> None:
        self.attempt("alice", lambda home: self.change_bob(home, "invite"))
        self.attempt("bob", lambda home: home.accept(self.room))

    def change_bob(self, home: Home, action: Any) -> None:
        """Change bob's membership."""
        run(home.port.set_membership(self.room, self.bob.owner, action, ""))

    # In the end

    @rule()
    def calm_down(self) -> None:
        """End all trouble, and compare."""
        self.clear_up()
        for home in self.homes.values():
            assert home.tables() == home.truth()
            self.check_what_is_kept(home)
        if self.both_in():
            assert self.seen(self.alice) == self.seen(self.bob)

    def check_what_is_kept(self, home: Home) -> None:
        """Check that what stands in for spoiled content once was there, fitted, and still may be seen."""
        for room_id in home.rooms():
            for each in home.read(store.read_objects, room_id):
                if each.content is None:
                    assert (each.good_event_id, each.title) == (None, None)
                    continue
                event = home.server.rooms[room_id].event(each.good_event_id)
                assert (event.type, event.state_key) == (each.type, each.uid)
                assert plain(event.content) == json.loads(each.content)
                assert event.content
                assert TYPES[each.type].misfit(event) is None

    def teardown(self) -> None:
        """End all trouble, and compare."""
        if self.room:
            self.calm_down()
        self.network.close()


AnyWeather.TestCase.settings = settings(
    deadline=None, max_examples=60, stateful_step_count=30, print_blob=True
)
TestAnyWeather = AnyWeather.TestCase
