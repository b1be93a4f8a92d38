"""Many at once, and one that is very large: all are answered, and nobody waits for another one's load for long."""

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any, Final

import pytest

from tests.processes.hosts import PATIENCE, WHOAMI, Host, Owner, host, stopped_host
from tests.processes.junk import copy_room
from twin_module.testing.person import CLIENT, eventually

pytestmark = pytest.mark.processes

CROWD: Final = 200
MEMORY_MB: Final = 1200
"""Room for about half of them, so that those who were answered have to leave for others."""
ROOMS: Final = 10_000


def awake_once(running: Host) -> bool:
    """Tell whether all twins were made, and sleep again."""
    made = all((running.places.folder(name) / "owner.password").exists() for name in running.names)
    return made and all_asleep(running)


def all_asleep(running: Host) -> bool:
    """Tell whether all twins sleep, and all shards have ended."""
    status = running.status()
    return not status["shards"] and {each["state"] for each in status["twins"]} == {"asleep"}


def assert_is(running: Host, name: str, keys: Any) -> None:
    """Look whether a document with keys is that of a twin."""
    assert keys["server_name"] == running.owner(name).server_name
    algorithm, version, _ = (running.places.folder(name) / "signing.key").read_text().split()
    assert list(keys["verify_keys"]) == [f"{algorithm}:{version}"]


def test_all_are_answered_though_200_twins_are_woken_at_once() -> None:
    with stopped_host(quiet_seconds=3, memory_mb=MEMORY_MB) as running:
        for number in range(CROWD):
            running.make(f"twin{number:03}", trust="home" if number % 2 else "work")
        running.start()
        eventually(lambda: awake_once(running), within=900, what="all were awake once")
        before = running.status()["numbers"]["wakes"]
        together = Barrier(CROWD)

        def ask(name: str) -> Any:
            owner = running.owner(name)
            together.wait(PATIENCE)
            return owner.bare("GET", "/_matrix/key/v2/server").ok()

        with ThreadPoolExecutor(CROWD) as threads:
            for name, keys in zip(running.names, threads.map(ask, running.names), strict=True):
                assert_is(running, name, keys)
        numbers = running.status()["numbers"]
        assert numbers["wakes"] - before == CROWD
        assert (numbers["failed_wakes"], numbers["shard_deaths"]) == (0, 0)
        eventually(lambda: all_asleep(running), within=PATIENCE, what="all sleep again")


def is_answered_until(owner: Owner, done: Future[Any]) -> None:
    """Ask somebody's twin again and again while something is under way."""

    def ask() -> bool:
        assert owner.ask("GET", WHOAMI).status == 200
        return done.done()

    eventually(ask, within=4 * PATIENCE, what="it is done")


def test_a_twin_with_ten_thousand_rooms_is_answered_and_so_are_its_neighbours() -> None:
    with host("alice", "bob") as running, ThreadPoolExecutor() as threads:
        alice, bob = running.owner("alice"), running.owner("bob")
        room = alice.create_room(preset="private_chat", name="Junk")
        said = alice.say(room, "junk", "1")
        running.sleep("alice", "bob")
        # Rooms that it knows since long.
        copies = copy_room(running.places.folder("alice") / "homeserver.db", room, ROOMS)
        assert bob.get(WHOAMI)["user_id"] == bob.owner
        rooms = threads.submit(alice.get, f"{CLIENT}/joined_rooms")
        is_answered_until(bob, rooms)
        assert {room, *copies} <= set(rooms.result()["joined_rooms"])
        assert running.shard("alice") == running.shard("bob")
        more = alice.say(copies[-1], "more", "2")
        assert list(alice.messages(copies[0]).values()) == ["junk"]
        assert alice.messages(copies[-1])[more] == "more"
        assert said not in alice.messages(copies[-1])
        asleep = threads.submit(running.sleep, "alice")
        is_answered_until(bob, asleep)
        asleep.result()
        assert running.states("bob") == {"awake"}
