"""A shard as a process of its own, forked from a keeper that has imported everything."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.host.shard_world import World, server_name_of, short_folder
from twin_module.host.channel import (
    Ask,
    Asleep,
    Awake,
    Channel,
    Failed,
    Load,
    Message,
    Report,
    Sleep,
    Stays,
    Stop,
)
from twin_module.host.lock import FolderLock
from twin_module.testing.person import CLIENT, TWIN, eventually
from twin_module.testing.processes import runs

pytestmark = pytest.mark.processes

KEEPER = Path(__file__).with_name("shard_keeper.py")
REPOSITORY = KEEPER.parents[2]


class Shard:
    """The keeper's view of a shard."""

    def __init__(self, twins: World, stack: ExitStack, quiet_seconds: float) -> None:
        self.twins = twins
        self.channel, shard_end = Channel.pair()
        stack.callback(self.channel.close)
        ends = (shard_end.fileno(), self.channel.fileno())
        self.keeper = subprocess.Popen(
            [
                sys.executable,
                str(KEEPER),
                str(twins.places.data),
                *map(str, ends),
                str(quiet_seconds),
            ],
            stdout=subprocess.PIPE,
            pass_fds=ends,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        )
        shard_end.close()
        assert self.keeper.stdout
        stack.callback(self._end)
        self.pid = int(self.keeper.stdout.readline())

    def _end(self) -> None:
        self.keeper.kill()
        self.keeper.wait()
        if self.keeper.stdout:
            self.keeper.stdout.close()
        self.let_go()
        eventually(lambda: not self.runs, what="the shard has ended")

    def let_go(self) -> None:
        """Close this test's own copy of the keeper's end."""
        self.channel.close()

    @property
    def runs(self) -> bool:
        return runs(self.pid)

    def load(self, name: str, *, was_unreachable: bool = False) -> None:
        folder = str(self.twins.places.folder(name))
        with self.twins.held(name) as listening:
            self.channel.send(
                Load(name, server_name_of(name), folder, was_unreachable), listening.fileno()
            )

    def hears(self) -> Message:
        readable, _, _ = select.select([self.channel], [], [], 60)
        assert readable, "the shard says nothing"
        heard = self.channel.receive()
        assert heard is not None, "the shard is gone"
        return heard[0]

    def wake(self, name: str) -> None:
        self.load(name)
        awake = self.hears()
        assert isinstance(awake, Awake), awake
        assert awake.name == name
        assert awake.seconds > 0


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


@pytest.fixture
def twins(stack: ExitStack) -> World:
    made = World(stack.enter_context(short_folder()))
    stack.callback(made.let_go)
    made.make("alice", "bob")
    return made


@pytest.fixture
def shard(twins: World, stack: ExitStack) -> Shard:
    return Shard(twins, stack, quiet_seconds=3600)


def test_a_shard_loads_twins_tells_how_they_are_and_ends_when_it_is_told(shard: Shard) -> None:
    shard.wake("alice")
    shard.wake("bob")
    shard.twins.ready("alice")
    shard.twins.do("alice", "POST", f"{TWIN}/collections", {"name": "Groceries"})
    shard.channel.send(Ask())
    report = shard.hears()
    assert isinstance(report, Report)
    requests = {each.name: each.requests for each in report.twins}
    assert requests["alice"] > 0
    assert requests["bob"] == 0
    shard.channel.send(Stop())
    assert {type(shard.hears()), type(shard.hears())} == {Asleep}
    assert shard.keeper.wait(60) == 0


def test_a_twin_that_fails_says_why_and_its_neighbour_stays(shard: Shard) -> None:
    shard.wake("bob")
    (shard.twins.places.folder("alice") / "homeserver.yaml").write_text("server_name: [")
    shard.load("alice")
    failed = shard.hears()
    assert isinstance(failed, Failed)
    assert "is not YAML" in failed.why
    shard.twins.ready("bob")
    assert "Traceback" not in shard.twins.places.log.read_text()


def test_a_twin_whose_log_can_not_be_written_says_so_and_answers_and_its_neighbour_is_well(
    shard: Shard,
) -> None:
    log = shard.twins.places.folder("alice") / "homeserver.log"
    log.symlink_to("/dev/full")
    shard.wake("alice")
    shard.wake("bob")
    shard.twins.ready("alice")
    shard.twins.ready("bob")

    def problems() -> dict[str, str | None]:
        shard.channel.send(Ask())
        report = shard.hears()
        assert isinstance(report, Report)
        return {each.name: each.problem for each in report.twins}

    eventually(lambda: problems()["alice"] is not None, what="it is told")
    assert problems() == {
        "alice": "Its log can't be written (No space left on device).",
        "bob": None,
    }
    said = shard.twins.places.log.read_text()
    assert "Traceback" not in said
    assert said.count("can't be written: No space left on device") == 1
    assert "The twin of alice is unwell" in said
    neighbours = (shard.twins.places.folder("bob") / "homeserver.log").read_text()
    assert "is ready" in neighbours


def test_a_twin_in_use_stays_when_it_is_asked_to_sleep_and_goes_when_it_is_told(
    shard: Shard,
) -> None:
    shard.wake("alice")
    token = shard.twins.token("alice")
    with shard.twins.connected("alice") as connection:
        connection.request("GET", f"{TWIN}/changes", headers={"Authorization": f"Bearer {token}"})
        assert connection.getresponse().status == 200
        shard.channel.send(Sleep("alice"))
        stays = shard.hears()
        assert isinstance(stays, Stays)
        assert "open request" in stays.why
        # It goes on to answer others.
        shard.twins.ready("alice")
        shard.channel.send(Sleep("alice", at_once=True))
        asleep = shard.hears()
        assert isinstance(asleep, Asleep)
    # And it comes back.
    shard.wake("alice")
    assert shard.twins.ask("alice", "GET", f"{CLIENT}/account/whoami", token=token).status == 200


def test_a_quiet_twin_falls_asleep_by_itself(twins: World, stack: ExitStack) -> None:
    shard = Shard(twins, stack, quiet_seconds=1)
    shard.wake("alice")
    asleep = shard.hears()
    assert isinstance(asleep, Asleep)
    assert asleep.name == "alice"
    # What Synapse plans at a first start.
    assert asleep.alarm is not None
    assert asleep.alarm > time.time() * 1000
    # The shard stays until it is told otherwise, for a load may be on its way.
    shard.wake("alice")


def test_a_shard_ends_soon_when_its_keeper_is_killed(shard: Shard) -> None:
    shard.wake("alice")
    shard.let_go()
    shard.keeper.kill()
    eventually(lambda: not shard.runs, what="the shard has ended")
    with FolderLock(shard.twins.places.folder("alice") / "running.lock") as lock:
        assert lock.take()
    # It was left as a polite end leaves it.
    assert not (shard.twins.places.folder("alice") / "homeserver.db-wal").exists()


def test_a_polite_kill_puts_all_to_sleep(shard: Shard) -> None:
    shard.wake("alice")
    os.kill(shard.pid, signal.SIGTERM)
    assert isinstance(shard.hears(), Asleep)
    assert shard.keeper.wait(60) == 0


def test_a_shard_holds_nothing_of_its_keeper(shard: Shard) -> None:
    shard.wake("alice")
    folder = Path(f"/proc/{shard.pid}/fd")
    held = {each.name: str(each.readlink()) for each in folder.iterdir()}
    # Its own end, that of the keeper is not among them; the rest is alice's and the reactor's.
    listening = [each for each in held.values() if each.startswith("socket:")]
    unix = Path(f"/proc/{shard.pid}/net/unix").read_text().splitlines()
    named = [line for line in unix if line.split()[6] in {each[8:-1] for each in listening}]
    assert [line.split()[7] for line in named if len(line.split()) > 7] == [
        str(shard.twins.places.socket(server_name_of("alice")))
    ]


def test_a_twin_that_was_unreachable_greets_its_peers(shard: Shard) -> None:
    shard.load("alice", was_unreachable=True)
    assert isinstance(shard.hears(), Awake)
    shard.twins.ready("alice")

    # It has none; afterwards it may sleep.
    def sleeps() -> bool:
        shard.channel.send(Sleep("alice"))
        return isinstance(shard.hears(), Asleep)

    eventually(sleeps, what="it sleeps")
