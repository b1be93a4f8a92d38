"""What the keeper tells about itself, its shards and its twins."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twin_module.host.keeper.plan import Plan
from twin_module.host.keeper.twins import State, Twin


def twins_now(plan: Plan, pids: Mapping[int, int], now: float, wall: int) -> list[dict[str, Any]]:
    """Return a line for each twin, by name.

    Args:
        plan: knows them.
        pids: the process of each shard.
        now: the time as the plan has it.
        wall: the time of day, in milliseconds since 1970.
    """
    return [
        {**_twin(twin, pids, now, wall), "was_awake": not plan.is_to_come(name)}
        for name, twin in sorted(plan.twins.items())
    ]


def changed_twins(plan: Plan) -> dict[str, dict[str, Any] | None]:
    """Return what those who watch the host may know of twins that changed since this was called last.

    A line by each name, None where the twin is gone.
    """
    changed = sorted(plan.changed)
    plan.changed.clear()
    return {
        name: {"name": name, "server_name": twin.server_name, "state": twin.shown}
        if (twin := plan.twins.get(name)) is not None
        else None
        for name in changed
    }


def _twin(twin: Twin, pids: Mapping[int, int], now: float, wall: int) -> dict[str, Any]:
    awake = twin.state in {State.AWAKE, State.GOING}
    return {
        "name": twin.name,
        "server_name": twin.server_name,
        "trust": twin.trust,
        "state": twin.shown,
        "why": twin.why,
        "problem": twin.problem,
        "since": round(wall / 1000 - (now - twin.since)),
        "idle": round(now - twin.used, 1) if awake else None,
        "busy": twin.busy,
        "shard": pids.get(twin.shard),
        "requests": twin.requests if awake else None,
        "queue": twin.queue if awake else None,
        "alarm": twin.alarm,
    }


def shards_now(plan: Plan, pids: Mapping[int, int]) -> list[dict[str, Any]]:
    """Return a line for each shard that has a process, the oldest first."""
    return [
        {"pid": pids[number], "trust": shard.trust, "twins": sorted(shard.twins)}
        for number, shard in sorted(plan.shards.items())
        if number in pids
    ]


def with_memory(line: dict[str, Any]) -> dict[str, Any]:
    """Return a line about a process with its `pss_kb`: its memory, shared pages by their share."""
    return {**line, "pss_kb": pss_kb(line["pid"])}


def pss_kb(pid: int = 0) -> int:
    """Return a process's memory in KB, with its share of pages that others have too; 0 if nobody may know."""
    try:
        lines = Path(f"/proc/{pid or os.getpid()}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
