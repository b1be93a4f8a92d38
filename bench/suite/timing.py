"""How often, how long, at what cost: what one round of work is measured by."""

import time
from collections.abc import Callable, Iterator
from typing import Final

import psutil

from bench.suite.contestants.base import Client
from bench.suite.measure import Samples
from bench.suite.task import uid
from bench.suite.watch import watching
from twin_module.testing.processes import cpu_seconds

MS: Final = 1000
ENOUGH: Final = 10.0
"""Seconds after which a round of long waits ends; one wait it always has."""
LOOK: Final = 1.0
"""Seconds over which servers are looked at whether they rest."""
RESTING: Final = 0.05
"""Share of a processor that servers use at most while they rest."""
MOST_LOOKS: Final = 60


def await_rest(processes: list[psutil.Process]) -> None:
    """Wait until servers have done what they make up for at their start; a minute at most."""
    for _ in range(MOST_LOOKS):
        used = cpu_seconds(processes)
        time.sleep(LOOK)
        if cpu_seconds(processes) - used <= RESTING * LOOK:
            return


def rate(
    key: str,
    processes: list[psutil.Process],
    times: int,
    act: Callable[[], object],
    each_counts: int = 1,
) -> Samples:
    """Do something so many times; returns how often in a second, and what it cost the server."""
    used, began = cpu_seconds(processes), time.perf_counter()
    for _ in range(times):
        act()
    took, spent = time.perf_counter() - began, cpu_seconds(processes) - used
    done = times * each_counts
    return {key: [done / took], f"{key}_cpu": [spent / done * MS]}


def waits(
    key: str, processes: list[psutil.Process], times: int, act: Callable[[], object]
) -> Samples:
    """Do something up to so many times; returns how long each took, and what it cost the server."""
    found: list[float] = []
    used = cpu_seconds(processes)
    while len(found) < times and sum(found) <= ENOUGH * MS:
        began = time.perf_counter()
        act()
        found.append((time.perf_counter() - began) * MS)
    return {key: found, f"{key}_cpu": [(cpu_seconds(processes) - used) / len(found) * MS]}


def told(
    key: str, client: Client, reader: Client, place: str, numbers: Iterator[int], times: int
) -> Samples:
    """Write so many objects; returns how long it took until a reader was told of each.

    The second figure, `…_after`, is that without the time until the write was answered.
    """
    whole, after = [], []
    with watching(reader, place) as watch:
        for _ in range(times):
            number = next(numbers)
            began = time.perf_counter()
            client.write(place, number)
            answered = time.perf_counter()
            told = watch.wait_for(uid(number))
            whole.append((told - began) * MS)
            after.append(max(0.0, told - answered) * MS)
    return {key: whole, f"{key}_after": after}
