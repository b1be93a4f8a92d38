"""Three twins edit the same objects in any weather: they agree in the end, and no edit is lost."""

from typing import Any

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import initialize, rule

from tests.engine.conftest import TASK, Home, settle
from tests.engine.test_merging import admit, conflicts
from tests.engine.weather import WHO, Weather
from twin_module.core.effects import Put, remove
from twin_module.core.errors import TwinError
from twin_module.core.state import NAMESPACE, frozen
from twin_module.testing.driver import run
from twin_module.testing.fake import Crash
from twin_module.testing.fake_network import FakeNetwork

OWN_FIELD = {"alice": "priority", "bob": "percentComplete", "carol": "due"}
"""Each person has a field that nobody else touches."""
UID = st.sampled_from(["a", "b"])


class NoEditIsLost(Weather):
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
        self.attempt(who, lambda _: self.patch(who, uid, {"title": f"{who} {self.number}"}))

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
        self.attempt(who, lambda _: self.patch(who, "r", {"title": f"{who} {self.number}"}))

    @rule(who=WHO)
    def remove(self, who: str) -> None:
        self.attempt(who, lambda home: home.write(self.room, remove(TASK, "r")))

    @rule(who=WHO, uid=UID)
    def write_beside_the_queue(self, who: str, uid: str) -> None:
        """A Matrix client writes what is there again with another title, without any stamp."""
        self.number += 1
        server = self.homes[who].server
        content = self.homes[who].content(self.room, TASK, uid)
        if content:
            content.pop(NAMESPACE, None)
            server.write(self.room, TASK, uid, {**content, "title": f"plain {self.number}"})

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

    @rule(who=WHO, other=WHO)
    def deliver_again(self, who: str, other: str) -> None:
        """Send a server everything that another one has, also what it got long ago."""
        here, there = self.homes[who].server, self.homes[other].server
        if self.network.linked(here, there):
            there.receive(self.room, list(here.rooms[self.room].events.values()))

    # In the end

    @rule()
    def calm_down(self) -> None:
        """End all trouble, and compare."""
        self.clear_up()
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

    def teardown(self) -> None:
        """End all trouble, and compare."""
        if self.room:
            self.calm_down()
        self.network.close()


NoEditIsLost.TestCase.settings = settings(
    deadline=None, max_examples=60, stateful_step_count=30, print_blob=True
)
TestNoEditIsLost = NoEditIsLost.TestCase


@pytest.mark.parametrize("last", ["edit_own_field", "edit_title"])
def test_what_was_followed_over_a_version_that_was_settled_before_is_no_longer_open(
    last: str,
) -> None:
    state = NoEditIsLost()
    state.share()
    state.cut_off(who="alice")
    state.add_word(uid="b", who="alice")
    state.edit_title(uid="b", who="bob")
    state.edit_title(uid="b", who="carol")
    getattr(state, last)(uid="b", who="bob")
    state.teardown()


def test_what_one_twin_found_contained_before_a_removal_is_open_at_no_other_one() -> None:
    state = NoEditIsLost()
    state.share()
    state.remove(who="bob")
    state.work(who="carol")
    state.be_late(late=True)
    state.touch_what_may_be_removed(who="carol")
    state.heal()
    state.touch_what_may_be_removed(who="alice")
    state.pass_time(seconds=20)
    state.be_late(late=False)
    state.heal()
    state.forget_where_one_was(who="alice")
    state.pass_time(seconds=4000)
    state.be_late(late=True)
    state.work(who="carol")
    state.remove(who="alice")
    state.teardown()
