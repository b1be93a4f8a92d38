"""Three twins edit the same objects in any weather: they agree in the end, and no edit is lost."""

from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.engine.conftest import TASK, Home, settle
from tests.engine.test_merging import admit, conflicts
from twin_module.core.effects import Put, remove
from twin_module.core.errors import TwinError
from twin_module.core.state import NAMESPACE, frozen
from twin_module.testing.driver import run
from twin_module.testing.fake import Crash
from twin_module.testing.fake_network import FakeNetwork

OWN_FIELD = {"alice": "priority", "bob": "percentComplete", "carol": "due"}
"""Each person has a field that nobody else touches."""
WHO = st.sampled_from(sorted(OWN_FIELD))
UID = st.sampled_from(["a", "b"])
UNSURE = object()
"""What a person was about to write when their process was killed."""


class NoEditIsLost(RuleBasedStateMachine):
    """Alice, bob and carol share a list, and nothing goes well."""

    def __init__(self) -> None:
        super().__init__()
        self.network = FakeNetwork()
        self.homes = {name: Home(self.network, name).start() for name in OWN_FIELD}
        self.room = ""
        self.number = 0
        self.own: dict[tuple[str, str], list[Any]] = {}
        """What a person's own field of an object may hold: one value, or two after a crash."""
        self.words: dict[str, set[str]] = {"a": set(), "b": set()}
        self.doubtful: dict[str, set[str]] = {"a": set(), "b": set()}

    @initialize()
    def share(self) -> None:
        """Let them share a list."""
        alice, bob, carol = self.homes.values()
        self.room = alice.collection("Shared")
        admit(alice, self.room, bob, carol)

    # What they do

    @rule(who=WHO, uid=UID)
    def edit_own_field(self, who: str, uid: str) -> None:
        self.number += 1
        text = f"2026-12-24T12:{self.number // 60 % 60:02}:{self.number % 60:02}"
        value = text if who == "carol" else self.number % 9 + 1
        before = self.own.get((who, uid), [None])
        try:
            if self.patch(who, uid, {OWN_FIELD[who]: value}):
                self.own[who, uid] = [value]
        except Crash:
            self.own[who, uid] = [*before, value]
            self.homes[who].restart()

    @rule(who=WHO, uid=UID)
    def edit_title(self, who: str, uid: str) -> None:
        self.number += 1
        self.attempt(who, uid, {"title": f"{who} {self.number}"})

    @rule(who=WHO, uid=UID)
    def add_word(self, who: str, uid: str) -> None:
        self.number += 1
        word = f"{who}-{self.number}"
        content = self.homes[who].content(self.room, TASK, uid) or {}
        try:
            if self.patch(who, uid, {"keywords": {**content.get("keywords", {}), word: True}}):
                self.words[uid].add(word)
        except Crash:
            self.doubtful[uid].add(word)
            self.homes[who].restart()

    @rule(who=WHO)
    def touch_what_may_be_removed(self, who: str) -> None:
        self.number += 1
        self.attempt(who, "r", {"title": f"{who} {self.number}"})

    @rule(who=WHO)
    def remove(self, who: str) -> None:
        home = self.homes[who]
        try:
            home.write(self.room, remove(TASK, "r"))
        except Crash:
            home.restart()

    @rule(who=WHO, uid=UID)
    def write_beside_the_queue(self, who: str, uid: str) -> None:
        """A Matrix client writes what is there again with another title, without any stamp."""
        self.number += 1
        server = self.homes[who].server
        content = self.homes[who].content(self.room, TASK, uid)
        if content:
            content.pop(NAMESPACE, None)
            server.write(self.room, TASK, uid, {**content, "title": f"plain {self.number}"})

    def attempt(self, who: str, uid: str, patch: dict[str, Any]) -> None:
        """Change something of which nothing is expected but that all agree."""
        try:
            self.patch(who, uid, patch)
        except Crash:
            self.homes[who].restart()

    def patch(self, who: str, uid: str, patch: dict[str, Any]) -> bool:
        """Change fields of what a person sees now, and tell whether that was accepted."""
        home = self.homes[who]
        current = home.server.state(self.room).get((TASK, uid))
        content = home.content(self.room, TASK, uid) or {"@type": "Task", "title": "New"}
        put = Put(TASK, uid, frozen({**content, **patch}))
        try:
            home.write(self.room, put, expected={(TASK, uid): current.event_id if current else ""})
        except TwinError:
            return False
        return True

    # The weather

    @rule(who=WHO)
    def cut_off(self, who: str) -> None:
        self.network.cut(f"{who}.example")

    @rule()
    def heal(self) -> None:
        self.network.heal()

    @rule(late=st.booleans())
    def be_late(self, late: bool) -> None:
        self.network.late = late

    @rule(backwards=st.booleans())
    def deliver(self, backwards: bool) -> None:
        self.network.deliver(order=lambda events: events[::-1] if backwards else list(events))

    @rule(who=WHO, other=WHO)
    def deliver_again(self, who: str, other: str) -> None:
        """Send a server everything that another one has, also what it got long ago."""
        here, there = self.homes[who].server, self.homes[other].server
        if self.network.linked(here, there):
            there.receive(self.room, list(here.rooms[self.room].events.values()))

    @rule(seconds=st.sampled_from([0.001, 1, 20, 4000]))
    def pass_time(self, seconds: float) -> None:
        self.network.pass_time(seconds)

    @rule(who=WHO)
    def work(self, who: str) -> None:
        try:
            self.homes[who].work()
        except Crash:
            self.homes[who].restart()

    @rule(who=WHO, step=st.integers(1, 15))
    def crash_soon(self, who: str, step: int) -> None:
        self.homes[who].port.crash_in = step

    @rule(who=WHO)
    def forget_where_one_was(self, who: str) -> None:
        home = self.homes[who]
        home.server.database.execute("UPDATE twin_position SET stream_id = NULL")
        home.server.database.commit()
        try:
            run(home.twin.look_again())
        except Crash:
            home.restart()

    # In the end

    @rule()
    def calm_down(self) -> None:
        """End all trouble, and compare."""
        self.network.late = False
        self.network.heal()
        for home in self.homes.values():
            home.port.crash_in = None
            home.restart()
        settle(*self.homes.values())
        self.network.pass_time(4000)
        for home in self.homes.values():
            run(home.twin.look_again())
        settle(*self.homes.values())
        seen = [self.seen(home) for home in self.homes.values()]
        assert seen[0] == seen[1] == seen[2]
        for home in self.homes.values():
            assert home.tables() == home.truth()
            assert conflicts(home) == []
        for (who, uid), values in self.own.items():
            content = self.homes["alice"].content(self.room, TASK, uid) or {}
            assert content.get(OWN_FIELD[who]) in values, (who, uid)
            self.own[who, uid] = [content.get(OWN_FIELD[who])]
        for uid, words in self.words.items():
            content = self.homes["alice"].content(self.room, TASK, uid) or {}
            there = set(content.get("keywords", {}))
            assert words <= there <= words | self.doubtful[uid]

    def seen(self, home: Home) -> Any:
        """Return what a twin's tables hold of the list."""
        objects = home.tables()["objects"]
        return {key: row for key, row in objects.items() if key[0] == self.room}

    def teardown(self) -> None:
        """End all trouble, and compare."""
        if self.room:
            self.calm_down()
        self.network.close()


NoEditIsLost.TestCase.settings = settings(
    deadline=None, max_examples=60, stateful_step_count=30, print_blob=True
)
TestNoEditIsLost = NoEditIsLost.TestCase
