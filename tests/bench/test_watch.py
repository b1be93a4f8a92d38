"""When somebody is told of an object."""

import time
from collections.abc import Iterator

import pytest

from bench.suite.contestants.base import NotOffered
from bench.suite.watch import Watch, watching
from tests.bench.fakes import Fake, FakeClient


class Told(FakeClient):
    def arrivals(self, place: str) -> Iterator[str]:
        yield from ("", "t1", "t2", "t1")


class HungUp(FakeClient):
    def arrivals(self, place: str) -> Iterator[str]:
        yield ""
        raise ConnectionError("hung up")


def test_the_time_is_that_of_the_first_word_of_it() -> None:
    before = time.perf_counter()
    with watching(Told(Fake("twin")), "p") as watch:
        first, second = watch.wait_for("t1"), watch.wait_for("t2")
    assert before <= first <= second <= time.perf_counter()


def test_what_was_told_early_need_not_be_waited_for() -> None:
    watch = Watch(Told(Fake("twin")), "p")
    watch.read()
    assert watch.wait_for("t2") <= time.perf_counter()


def test_who_waits_hears_what_went_wrong() -> None:
    with (
        watching(HungUp(Fake("twin")), "p") as watch,
        pytest.raises(ConnectionError, match="hung up"),
    ):
        watch.wait_for("t1")


def test_who_tells_nobody_is_no_reason_to_wait() -> None:
    with (
        pytest.raises(NotOffered, match="tells nobody of changes"),
        watching(FakeClient(Fake("radicale")), "p"),
    ):
        pass
