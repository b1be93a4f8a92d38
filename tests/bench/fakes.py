"""A contestant that needs no server: its objects are in memory."""

from collections.abc import Sequence

import psutil

from bench.suite.contestants.base import Client, Contestant
from bench.suite.task import OPEN, due, task, uid


class Fake(Contestant):
    def __init__(self, name: str) -> None:
        self.name = name
        self.calls: list[str] = []
        self.running = False
        self.places: dict[str, set[int]] = {}

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def processes(self) -> list[psutil.Process]:
        return [psutil.Process()]

    def client(self) -> "FakeClient":
        return FakeClient(self)


class Lame(Fake):
    """Does not start."""

    def start(self) -> None:
        raise RuntimeError("the port\nis taken")


class Forgetful(Fake):
    """Loses each second object."""

    def client(self) -> "FakeClient":
        return LosingClient(self)


class FakeClient(Client):
    def __init__(self, of: Fake) -> None:
        self._of = of

    def close(self) -> None:
        pass

    def place(self) -> str:
        name = f"p{len(self._of.places)}"
        self._of.places[name] = set()
        return name

    def write(self, place: str, number: int) -> None:
        self._of.places[place].add(number)

    def update(self, place: str, number: int, version: int) -> None:
        self.write(place, number)

    def read(self, place: str, number: int) -> None:
        if number not in self._of.places[place]:
            raise LookupError(f"there is no {number}")

    def listed(self, place: str) -> Sequence[str]:
        there = sorted(self._of.places[place], key=due)
        return [uid(each) for each in there if task(each)["progress"] == OPEN]


class LosingClient(FakeClient):
    def write(self, place: str, number: int) -> None:
        if number % 2:
            super().write(place, number)
