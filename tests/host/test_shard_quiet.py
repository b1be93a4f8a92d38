"""When a shard lets a twin sleep by itself."""

from dataclasses import dataclass
from typing import Any

import pytest
from twisted.internet.task import Clock

from twin_module.host.channel import Channel
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
