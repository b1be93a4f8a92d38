"""Whether a shard is well: it is asked from time to time, and killed when it hangs."""

from collections.abc import Mapping
from typing import Literal

from twin_module.host.keeper.pace import Pace
from twin_module.host.keeper.twins import Shard, State, Twin


def what_it_needs(
    shard: Shard, twins: Mapping[str, Twin], now: float, pace: Pace
) -> Literal["kill", "stop", "ask"] | None:
    """Return what is to be done about a shard now."""
    if shard.kill_at is not None:
        return "kill" if now >= shard.kill_at else None
    if shard.ending:
        return None
    if not shard.twins:
        return "stop"
    if now < next_look(shard, twins, pace):
        return None
    return "ask" if shard.asked is None and not _is_stuck(shard, twins, now, pace) else "kill"


def next_look(shard: Shard, twins: Mapping[str, Twin], pace: Pace) -> float:
    """Return when a shard that is not ending needs something, if nothing happens before."""
    inside = [twins[name] for name in shard.twins]
    loading = any(twin.state is State.WAKING for twin in inside)
    silence = pace.silence_loading if loading else pace.silence
    question = shard.reported + pace.ask if shard.asked is None else shard.asked + silence
    going = [twin.since + pace.going for twin in inside if twin.state is State.GOING]
    return min([question, *going])


def _is_stuck(shard: Shard, twins: Mapping[str, Twin], now: float, pace: Pace) -> bool:
    going = (twins[name] for name in shard.twins if twins[name].state is State.GOING)
    return any(now >= twin.since + pace.going for twin in going)
