"""What a shard looks at by itself: who is quiet and may sleep, who can't write and has to be told of."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from twin_module.host.channel import Channel, Report
from twin_module.host.shard.disk import Disk
from twin_module.host.shard.logs import TwinLogs
from twin_module.host.shard.process import UNUSED_SECONDS, Shard


@dataclass
class Awake:
    """A twin, as far as this is about it."""

    idle: float
    requests: int


@pytest.mark.parametrize(
    ("twin", "sleeps"),
    [
        (Awake(idle=299, requests=1), False),
        (Awake(idle=300, requests=1), True),
        (Awake(idle=UNUSED_SECONDS - 1, requests=0), False),
        (Awake(idle=UNUSED_SECONDS, requests=0), True),
    ],
)
def test_who_was_woken_for_its_own_sake_sleeps_sooner_than_who_was_used(
    monkeypatch: pytest.MonkeyPatch, twin: Any, sleeps: bool
) -> None:
    ours, theirs = Channel.pair()
    logs: Any = None
    asleep = []

    async def sleep(_: Shard, name: str) -> None:
        asleep.append(name)

    monkeypatch.setattr(Shard, "_sleep", sleep)
    shard = Shard(Clock(), theirs, logs, quiet_seconds=300)
    shard._twins["alice"] = twin
    shard._look_for_quiet()
    assert asleep == (["alice"] if sleeps else [])
    ours.close()
    theirs.close()


@dataclass
class Troubled:
    """A twin whose disk can be mended."""

    name: str
    disk: Disk
    tried: list[str] = field(default_factory=list)
    mended: bool = False
    idle: float = 0
    requests: int = 1
    queue: int = 0

    @property
    def server_name(self) -> str:
        return f"{self.name}.example.org"

    def why_awake(self, now: float) -> None:
        return None

    async def try_to_write(self) -> None:
        self.tried.append(self.name)
        if self.mended:
            self.disk._failed = None


@dataclass
class Desk:
    """A shard with two twins, and the keeper's end of its channel."""

    shard: Shard
    keeper: Channel
    logs: TwinLogs
    alice: Troubled
    bob: Troubled

    def hears(self) -> dict[str, str | None] | None:
        """What the keeper is told of problems, if it is told anything."""
        try:
            heard = self.keeper.receive()
        except BlockingIOError:
            return None
        assert heard is not None
        assert isinstance(heard[0], Report)
        return {each.name: each.problem for each in heard[0].twins}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    ours, theirs = Channel.pair()
    logs = TwinLogs(tmp_path / "host.log")
    shard = Shard(Clock(), theirs, logs)
    twins: list[Any] = [Troubled(name, Disk(tmp_path)) for name in ("alice", "bob")]
    for twin in twins:
        shard._twins[twin.name] = twin
        logs.open(twin.server_name, tmp_path / f"{twin.name}.log")
    yield Desk(shard, ours, logs, *twins)
    logs.close()
    ours.close()
    theirs.close()


def test_a_twin_that_can_not_write_is_told_of_at_once_and_tried_until_it_can(desk: Desk) -> None:
    desk.shard._look()
    assert desk.hears() is None, "all are well"
    desk.alice.disk.hear(OSError(28, "No space left on device"))
    sentence = "Its disk is full (No space left on device); make room."
    for number in (1, 2):
        desk.shard._look()
        assert desk.hears() == ({"alice": sentence, "bob": None} if number == 1 else None)
    assert desk.alice.tried == ["alice", "alice"]
    desk.alice.mended = True
    desk.shard._look()
    assert desk.hears() == {"alice": None, "bob": None}
    desk.shard._look()
    assert desk.hears() is None
    assert desk.alice.tried == ["alice"] * 3, "what works is not tried"
    assert desk.bob.tried == []


def test_a_log_that_can_not_be_written_is_tried_by_the_shard_itself(
    desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "alice.log").symlink_to("/dev/full")
    record = logging.makeLogRecord({"msg": "a line", "server_name": desk.alice.server_name})
    desk.logs.handle(record)
    desk.shard._look()
    assert desk.hears() == {
        "alice": "Its log can't be written (No space left on device).",
        "bob": None,
    }
    (tmp_path / "alice.log").unlink()
    desk.shard._look()
    assert desk.hears() == {"alice": None, "bob": None}


def test_a_twin_that_sleeps_has_no_problem_any_more(desk: Desk) -> None:
    desk.alice.disk.hear(OSError(28, "No space left on device"))
    desk.shard._look()
    desk.hears()
    del desk.shard._twins["alice"]
    desk.shard._look()
    assert desk.hears() == {"bob": None}
