"""How often, how long, at what cost."""

import time
from collections.abc import Iterator
from itertools import count
from queue import Queue

import psutil
import pytest

from bench.suite import timing
from bench.suite.contestants.base import NotOffered
from bench.suite.size import SHORT
from bench.suite.task import uid
from bench.suite.timing import await_rest, rate, told, waits
from bench.suite.work import bulk
from tests.bench.fakes import Fake, FakeClient

NOBODY: list[psutil.Process] = []


class Telling(FakeClient):
    """Its readers are told of what was written, by the next write at the latest."""

    def __init__(self, of: Fake) -> None:
        super().__init__(of)
        self.told: Queue[str] = Queue()

    def close(self) -> None:
        self.told.put("the end")

    def write(self, place: str, number: int) -> None:
        super().write(place, number)
        self.told.put(uid(number))

    def arrivals(self, place: str) -> Iterator[str]:
        yield ""
        yield from iter(self.told.get, "the end")


def test_a_request_that_writes_many_counts_as_many() -> None:
    calls: list[None] = []
    began = time.perf_counter()
    found = rate("x", NOBODY, 4, lambda: calls.append(None), each_counts=1000)
    took = time.perf_counter() - began
    assert len(calls) == 4
    assert found["x"][0] >= 4000 / took
    assert found["x_cpu"] == [0]


def test_the_servers_processor_time_is_counted() -> None:
    def work() -> None:
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass

    found = rate("x", [psutil.Process()], 1, work)
    assert found["x_cpu"][0] >= 50


def test_what_servers_make_up_for_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    used = iter([0.0, 0.9, 0.9, 1.2, 1.2, 1.21])
    looks: list[float] = []
    monkeypatch.setattr(timing, "cpu_seconds", lambda _: next(used))
    monkeypatch.setattr(time, "sleep", looks.append)
    await_rest(NOBODY)
    assert looks == [timing.LOOK] * 3
    assert next(used, None) is None


def test_a_server_that_never_rests_is_waited_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    monkeypatch.setattr(timing, "cpu_seconds", lambda _: float(len(looks)))
    monkeypatch.setattr(time, "sleep", looks.append)
    await_rest(NOBODY)
    assert sum(looks) == 60


def test_long_waits_end_a_round_early_but_one_is_had(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(waits("x", NOBODY, 5, lambda: None)["x"]) == 5
    monkeypatch.setattr(timing, "ENOUGH", 0.0)
    assert len(waits("x", NOBODY, 5, lambda: None)["x"]) == 1


def test_a_reader_is_told_after_the_write_began() -> None:
    client = Telling(Fake("twin"))
    found = told("x", client, client, client.place(), count(), 3)
    assert len(found["x"]) == len(found["x_after"]) == 3
    assert all(whole >= after >= 0 for whole, after in zip(*found.values(), strict=True))


def test_who_writes_one_at_a_time_has_no_bulk() -> None:
    with pytest.raises(NotOffered, match="one object at a time"):
        bulk(Fake("solid"), SHORT)
