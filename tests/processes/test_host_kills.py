"""kill -9 of each process of a host, in each phase: what was acknowledged is there, and each twin runs once."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPException
from threading import Event
from typing import Final, TypeVar

import pytest

from tests.host.backup_scene import files_in
from tests.processes.hosts import (
    PATIENCE,
    Host,
    Owner,
    host,
    kept_digest,
    kill,
    new_chance,
    stopped_host,
    twin_command,
)
from twin_module.host.lock import FolderLock
from twin_module.rest.once import HEADER
from twin_module.testing.person import CLIENT, eventually, request
from twin_module.testing.processes import runs
from twin_module.testing.twins import free_port

pytestmark = pytest.mark.processes

T = TypeVar("T")

MOMENTS: Final = 5
"""At how many moments of a phase a process is killed."""


@pytest.fixture
def chance() -> random.Random:
    """Return what decides when somebody is killed."""
    return new_chance()


# Whoever writes meanwhile


class Writer:
    """Writes one message after the other, whatever happens to the twin, and knows what was acknowledged."""

    def __init__(self, owner: Owner, room: str | None = None) -> None:
        self.owner = owner
        self.room = room or owner.create_room()
        self.acknowledged: dict[str, str] = {}
        """Bodies by event ID."""

    def write(self) -> None:
        """Write a message as a client does: the same one again until there is an answer."""
        body = str(len(self.acknowledged))
        event_id = until_answered(lambda: self.owner.say(self.room, body, body))
        self.acknowledged[event_id] = body

    def assert_all_is_there(self) -> None:
        """Compare what was acknowledged with what the twin has."""
        assert until_answered(lambda: self.owner.messages(self.room)) == self.acknowledged


def until_answered(ask: Callable[[], T]) -> T:
    """Ask again as long as connections are cut."""
    answers: list[T] = []

    def is_answered() -> bool:
        with suppress(OSError, HTTPException):
            answers.append(ask())
        return bool(answers)

    eventually(is_answered, within=PATIENCE, what="there is an answer")
    return answers[0]


@contextmanager
def writing(*writers: Writer) -> Iterator[None]:
    """Let people write all the time, also a little before and after what is done inside."""
    over = Event()

    def write(writer: Writer) -> None:
        while not over.is_set():
            writer.write()

    def go_on() -> None:
        before = [len(each.acknowledged) for each in writers]
        eventually(
            lambda: all(
                len(each.acknowledged) > count + 3
                for each, count in zip(writers, before, strict=True)
            ),
            within=PATIENCE,
            what="all write on",
        )

    with ThreadPoolExecutor() as threads:
        under_way = [threads.submit(write, writer) for writer in writers]
        try:
            go_on()
            yield
            go_on()
        finally:
            over.set()
        for each in under_way:
            each.result()


def until_elsewhere(running: Host, name: str, victim: int) -> int:
    """Wait until a twin is awake in another process, and return that."""

    def home() -> int:
        found = running.shard(name)
        assert found != victim
        return found

    return eventually(home, within=PATIENCE, what=f"{name}'s twin is awake again")


def assert_runs_once(running: Host, *names: str) -> None:
    """Look that each twin is in one process alone, which holds its lock."""
    for name in names:
        home = running.shard(name)
        assert running.homes(name) == {home}
        lock = running.places.folder(name) / "running.lock"
        assert int(lock.read_text()) == home
        assert not FolderLock(lock).take()


# A shard


def test_a_shard_that_is_killed_under_writes_loses_nothing_and_harms_no_other_shard() -> None:
    with stopped_host() as running:
        running.make("alice", "bob")
        running.make("carol", trust="work")
        running.start()
        running.settle()
        writers = [Writer(running.owner(name)) for name in running.names]
        carols = running.shard("carol")
        with writing(*writers):
            victim = running.shard("alice")
            assert victim == running.shard("bob") != carols
            kill(victim)
            again = until_elsewhere(running, "alice", victim)
            until_elsewhere(running, "bob", victim)
            assert_runs_once(running, *running.names)
            # Twice in a row may be a twin's fault: there is a pause now, and status says so.
            kill(again)
            eventually(lambda: running.states("alice", "bob") == {"failing"}, within=PATIENCE)
            assert "ended" in running.twin("alice")["why"]
            for name in ("alice", "bob"):
                until_elsewhere(running, name, again)
            assert_runs_once(running, *running.names)
        for writer in writers:
            writer.assert_all_is_there()
        assert running.shard("carol") == carols
        assert running.status()["numbers"]["shard_deaths"] == 2


def test_objects_that_are_asked_for_across_kills_are_made_once() -> None:
    task = {"@type": "Task", "title": "Bread"}
    with host("alice") as running, ThreadPoolExecutor() as threads:
        alice = running.owner("alice")
        room = alice.collection("List")
        made: dict[str, str] = {}
        over = Event()

        def make(who: int) -> None:
            number = 0
            while not over.is_set():
                key = {HEADER: f"{who} {number}"}
                answer = until_answered(
                    lambda key=key: alice.ask("POST", f"rooms/{room}/tasks", task, key).ok()  # type: ignore[misc]
                )
                made[key[HEADER]] = answer["uid"]
                number += 1

        under_way = [threads.submit(make, who) for who in range(3)]
        try:
            for _ in range(2):  # after more than that at once, the keeper waits longer each time
                enough = len(made) + 4
                eventually(lambda n=enough: len(made) > n, within=PATIENCE, what="more is made")  # type: ignore[misc]
                kill(running.shard("alice"))
        finally:
            over.set()
        for each in under_way:
            each.result()
        listed = alice.get(f"rooms/{room}/objects", capability="tasks", limit=1000)["objects"]
        assert len(set(made.values())) == len(made)
        assert sorted(each["uid"] for each in listed) == sorted(made.values())


def test_a_shard_that_is_killed_while_it_loads_a_twin_is_followed_by_one_that_answers(
    chance: random.Random,
) -> None:
    with host("alice") as running, ThreadPoolExecutor() as threads:
        alice = Writer(running.owner("alice"))
        for _ in range(MOMENTS):
            alice.write()
            running.sleep("alice")
            loading = next_process(running, "alice")
            asked = threads.submit(alice.assert_all_is_there)
            victim = loading()
            time.sleep(chance.random() * 0.15)
            kill(victim)
            asked.result()
            # It may have answered just before it was killed.
            alice.assert_all_is_there()
            assert_runs_once(running, "alice")
        assert running.status()["numbers"]["shard_deaths"] == MOMENTS


def test_a_twin_whose_first_wake_is_killed_at_any_moment_is_made_all_the_same(
    chance: random.Random,
) -> None:
    names = [f"new{number}" for number in range(MOMENTS)]
    with stopped_host() as running:
        # One for each, so that none has to do with another one's death.
        for name in names:
            running.make(name, trust=name)
        loading = {name: next_process(running, name) for name in names}
        running.start()
        for name in names:
            victim = loading[name]()
            time.sleep(chance.random() * 0.6)
            kill(victim)
        running.settle()
        for name in names:
            Writer(running.owner(name)).write()
            # What the first start makes is there, and once.
            assert len(running.owner(name).get("collections", kind="index")["collections"]) == 1
        assert_runs_once(running, *names)


def next_process(running: Host, name: str) -> Callable[[], int]:
    """Return what waits for the next process that begins to load a twin, and returns it."""
    lock = running.places.folder(name) / "running.lock"
    before = lock.read_text() if lock.exists() else ""

    def wait() -> int:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            text = lock.read_text() if lock.exists() else ""
            if text.endswith("\n") and text != before:
                return int(text)
        raise AssertionError(f"nobody loads {name}")

    return wait


def test_a_shard_that_is_killed_while_a_twin_goes_to_sleep_loses_nothing_it_owed_to_others(
    chance: random.Random,
) -> None:
    with stopped_host() as running, ThreadPoolExecutor() as threads:
        running.make("alice")
        running.make("bob", trust="work")
        running.start()
        running.settle()
        alice, bob = running.owner("alice"), running.owner("bob")
        room = alice.create_room(preset="private_chat", invite=[bob.owner])
        bob.join(room, alice.server_name)
        writer = Writer(alice, room)
        bobs = running.shard("bob")
        for _ in range(MOMENTS):
            writer.write()
            victim = running.shard("alice")
            going = threads.submit(running.sleep, "alice")
            writer.write()
            time.sleep(chance.random() * 0.4)
            with suppress(ProcessLookupError):
                # It may sleep already, which ends its shard.
                os.kill(victim, signal.SIGKILL)
            going.result()
            writer.write()
            until_elsewhere(running, "alice", 0)
            assert_runs_once(running, "alice", "bob")
        eventually(
            lambda: bob.messages(room) == writer.acknowledged,
            within=PATIENCE,
            what="bob has all that alice said",
        )
        writer.assert_all_is_there()
        assert running.shard("bob") == bobs


# The keeper


def test_a_keeper_that_is_killed_takes_all_with_it_and_the_next_one_finds_all() -> None:
    with stopped_host() as running:
        running.make("alice", "bob")
        running.make("carol", trust="work")
        running.start()
        running.settle()
        alice, bob = running.owner("alice"), running.owner("bob")
        room = alice.create_room(preset="private_chat", invite=[bob.owner])
        bob.join(room, alice.server_name)
        writers = [Writer(alice, room), Writer(bob), Writer(running.owner("carol"))]
        for _ in range(3):
            with writing(*writers):
                before = running.processes()
                assert len(before) == 3
                running.kill()
                running.start()
                eventually(lambda: running.states() == {"awake"}, within=PATIENCE)
                assert not any(runs(pid) for pid in before)
                assert_runs_once(running, *running.names)
        for writer in writers:
            writer.assert_all_is_there()
        eventually(
            lambda: writers[0].acknowledged == bob.messages(room),
            within=PATIENCE,
            what="bob has all that alice said",
        )


def test_a_keeper_that_is_killed_while_it_starts_is_followed_by_one_that_does(
    chance: random.Random,
) -> None:
    with stopped_host() as running:
        running.make("alice", "bob")
        for _ in range(MOMENTS):
            running.begin()
            time.sleep(chance.random() * 2.5)
            running.kill()
        running.start()
        running.settle()
        assert_runs_once(running, "alice", "bob")
        assert running.stop() == 0
        assert running.processes() == []


# The front


def test_a_front_that_is_killed_keeps_its_doors_and_harms_no_twin() -> None:
    port = free_port()
    with host("alice", doors=[{"port": port, "tls": False}]) as running:
        alice = running.owner("alice")
        shard = running.shard("alice")

        def through_the_door() -> str:
            headers = {"Host": alice.server_name, "Authorization": f"Bearer {alice.token}"}
            path = f"{CLIENT}/account/whoami"
            answer = request(f"http://127.0.0.1:{port}", "GET", path, headers=headers)
            return str(answer.ok()["user_id"])

        assert through_the_door() == alice.owner
        for deaths in (1, 2):
            front = running.status()["front"]["pid"]
            kill(front)
            # The door is open: who comes now waits for the next front.
            assert through_the_door() == alice.owner
            status = running.status()
            assert status["front"]["pid"] != front
            assert status["numbers"]["front_deaths"] == deaths
        assert running.shard("alice") == shard


# A backup


def test_a_backup_that_is_killed_or_whose_twin_is_killed_leaves_whole_ones(
    chance: random.Random,
) -> None:
    with host("alice") as running:
        root = running.data.parent
        target, key = root / "disk", root / "key.txt"
        running.command("backup", "alice", "--to", str(target), "--new-key", str(key))
        writer = Writer(running.owner("alice"))
        with writing(writer):
            for number in range(3):
                before = files_in(target)
                running_backup = subprocess.Popen(
                    twin_command("backup", "alice", "--data", str(running.data)),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                eventually(lambda b=before: files_in(target) != b, within=PATIENCE)  # type: ignore[misc]
                time.sleep(chance.random() * 0.2)
                if number != 1:
                    running_backup.kill()
                else:
                    victim = running.shard("alice")
                    kill(victim)
                    until_elsewhere(running, "alice", victim)
                running_backup.wait(PATIENCE)
        running.sleep("alice")
        assert running.command("backup", "alice").returncode == 0
        checked = running.command("backup", "alice", "--check", "--key", str(key))
        assert checked.returncode == 0, checked.stdout
        aside = root / "aside"
        restored = running.command(
            "restore", "alice", str(target), "--key", str(key), "--into", str(aside)
        )
        assert restored.returncode == 0, restored.stderr
        assert kept_digest(aside) == kept_digest(running.places.folder("alice"))
        writer.assert_all_is_there()
