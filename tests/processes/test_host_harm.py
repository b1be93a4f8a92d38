"""Twins that can't run: status says why, they are tried again and come up by themselves, and harm no neighbour."""

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Final
from urllib.parse import quote

import pytest
import yaml

from tests.processes.hosts import PATIENCE, WHOAMI, Host, host, stopped_host
from twin_module.testing.person import CLIENT, Answer, eventually

pytestmark = pytest.mark.processes


# Broken


def spoil_configuration(folder: Path) -> None:
    (folder / "homeserver.yaml").write_text("server_name: [\n")


def spoil_database(folder: Path) -> None:
    (folder / "homeserver.db").write_bytes(b"this is no database" * 1000)


def spoil_start(folder: Path) -> None:
    path = folder / "homeserver.yaml"
    module = {"module": "tests.host.shard_world.BrokenModule", "config": {}}
    settings = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**settings, "modules": [*settings["modules"], module]}))


BROKEN: Final = {
    "dora": (spoil_configuration, "homeserver.yaml is not YAML, see line"),
    "emil": (spoil_database, "put it back from a backup"),
    "fred": (spoil_start, "it never works"),
}


def test_broken_twins_are_told_of_and_tried_again_and_come_up_when_they_are_mended() -> None:
    with host("alice", *BROKEN) as running:
        alice = running.owner("alice")
        home = running.shard("alice")
        asked = {name: running.owner(name) for name in BROKEN}
        for name, owner in asked.items():
            assert owner.get(WHOAMI)
            running.sleep(name)
            shutil.copytree(running.places.folder(name), running.data.parent / name)
            BROKEN[name][0](running.places.folder(name))

        with ThreadPoolExecutor() as threads:
            # They wait, as clients of twins that can't be reached do anyway.
            waiting = [threads.submit(owner.get, WHOAMI) for owner in asked.values()]
            eventually(lambda: running.states(*BROKEN) == {"failing"}, within=PATIENCE)
            told = running.said_by_status()
            for name, (_, sentence) in BROKEN.items():
                assert told[name]["state"] == "failing"
                assert sentence in told[name]["why"]
                assert "Traceback" not in told[name]["why"]
            assert alice.get(WHOAMI)["user_id"] == alice.owner
            for name in BROKEN:
                shutil.rmtree(running.places.folder(name))
                (running.data.parent / name).rename(running.places.folder(name))
                assert running.command("up", name).returncode == 0
            for name, answer in zip(BROKEN, waiting, strict=True):
                assert answer.result()["user_id"] == asked[name].owner
        assert all(each["why"] is None for each in running.twins().values())
        # Whoever failed was in the same process.
        assert running.shard("alice") == home
        assert running.status()["numbers"]["shard_deaths"] == 0


# A full disk


def on_a_small_disk(running: Host, name: str) -> list[str]:
    """Return a command that starts a host with a twin's folder on a disk of its own, of 24 MB."""
    folder = running.places.folder(name)
    seed = running.data.parent / "seed"
    folder.rename(seed)
    folder.mkdir()
    script = 'mount -t tmpfs -o size=24m,mode=0700 none {0} && cp -a {1}/. {0} && exec "$@"'
    return [
        *OWN_MOUNTS,
        "sh",
        "-c",
        script.format(*map(shlex.quote, map(str, (folder, seed)))),
        "-",
    ]


OWN_MOUNTS: Final = ("unshare", "--user", "--map-root-user", "--mount")
"""Runs a command as root of its own, who may mount; the process stays the same."""


def can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    mounting = [*OWN_MOUNTS, "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(mounting, capture_output=True, check=False).returncode == 0


@contextmanager
def kept_full(folder: Path) -> Iterator[None]:
    """Take all room on a disk, again and again, and give it back at the end."""
    over = Event()
    filler = folder / "filler"

    def fill() -> None:
        while not over.wait(0.02):
            with suppress(OSError), filler.open("ab", buffering=0) as file:
                while True:
                    file.write(b"x" * 4096)

    with ThreadPoolExecutor() as threads:
        filling = threads.submit(fill)
        try:
            eventually(lambda: shutil.disk_usage(folder).free == 0)
            yield
        finally:
            over.set()
            filling.result()
            filler.unlink()


@pytest.mark.skipif(not can_mount(), reason="this system lets nobody mount a small disk")
def test_a_twin_whose_disk_is_full_says_so_and_comes_back_with_all_when_there_is_room() -> None:
    with stopped_host() as running, ThreadPoolExecutor() as threads:
        running.make("alice", "bob")
        running.start(on_a_small_disk(running, "alice"))
        running.settle()
        alice, bob = running.owner("alice"), running.owner("bob")
        home = running.shard("bob")
        assert running.shard("alice") == home
        room = alice.create_room()
        acknowledged = {alice.say(room, "first", "first"): "first"}
        refused: set[int] = set()

        def write(number: int) -> Answer:
            path = f"{CLIENT}/rooms/{quote(room)}/send/m.room.message/{number}"
            body = f"{number} ".ljust(10_000, "x")
            answer = alice.ask("PUT", path, {"msgtype": "m.text", "body": body})
            if answer.status == 200:
                acknowledged[answer.body["event_id"]] = body
                refused.discard(number)
            else:
                refused.add(number)
            return answer

        # One that is awake refuses what it can't keep, and goes on when there is room.
        numbers = iter(range(10_000))
        with kept_full(running.folder("alice")):
            eventually(lambda: write(next(numbers)).status == 500, within=PATIENCE)
            assert alice.get(WHOAMI)["user_id"] == alice.owner
            assert bob.get(WHOAMI)["user_id"] == bob.owner
            told = running.said_by_status()
            assert (told["alice"]["state"], told["bob"]["state"]) == ("unwell", "awake")
            assert "Its disk is full (free space on the disk of" in told["alice"]["problem"]
        eventually(lambda: write(next(numbers)).status == 200, within=PATIENCE)
        eventually(lambda: running.states("alice") == {"awake"}, within=PATIENCE)
        # One that sleeps can't wake, and does when there is room.
        running.sleep("alice")
        with kept_full(running.folder("alice")):
            asked = threads.submit(alice.get, WHOAMI)
            eventually(lambda: running.states("alice") == {"failing"}, within=PATIENCE)
            assert "disk of alice's twin is full" in running.said_by_status()["alice"]["why"]
            assert bob.get(WHOAMI)["user_id"] == bob.owner
        assert asked.result()["user_id"] == alice.owner
        # A disk may fill up between a message and its answer, so clients try again what was refused.
        for number in sorted(refused):
            write(number).ok()
        assert alice.messages(room) == acknowledged
        assert len(set(acknowledged.values())) == len(acknowledged), "a message came twice"
        assert running.shard("alice") == running.shard("bob") == home
        counted = running.status()["numbers"]
        assert counted["shard_deaths"] == 0
        assert counted["failed_wakes"] >= 1
