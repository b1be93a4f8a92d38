"""What a contestant is, and what its clients can do; a method that is not overridden is not offered."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import NoReturn

import psutil


class NotOffered(Exception):
    """A contestant has nothing like that; the message says what is missing."""


class Failed(Exception):
    """A contestant did not do what it was asked to; the message says what happened."""


class Client(ABC):
    """Somebody with one connection to a contestant.

    A *place* is what holds objects there: a room, a calendar, a collection, a folder. Objects are
    those of `task.py`, by number.
    """

    @abstractmethod
    def close(self) -> None:
        """Hang up; whoever waits for arrivals meanwhile gets an error."""

    @abstractmethod
    def place(self) -> str:
        """Make an empty place."""

    @abstractmethod
    def write(self, place: str, number: int) -> None:
        """Write a new object."""

    @abstractmethod
    def update(self, place: str, number: int, version: int) -> None:
        """Change the title of an object that is there."""

    @abstractmethod
    def read(self, place: str, number: int) -> None:
        """Read an object."""

    @abstractmethod
    def listed(self, place: str) -> Sequence[str]:
        """Return the uids of the open tasks of a place, by due time."""

    def bulk_place(self) -> str:
        """Make what `bulk` writes into, where that is not a part of it."""
        return self.place()

    def bulk(self, place: str, numbers: Sequence[int]) -> str:
        """Write many new objects at once; returns the place where they are."""
        self._not_offered("writes one object at a time")

    def filled(self, numbers: Sequence[int]) -> str:
        """Make a place with many objects, in the quickest way that there is."""
        try:
            return self.bulk(self.bulk_place(), numbers)
        except NotOffered:
            place = self.place()
            for number in numbers:
                self.write(place, number)
            return place

    def let_find(self, numbers: Sequence[int]) -> None:
        """Write what is to be found by `search`."""
        self._not_offered("has no full-text search")

    def search(self, word: str) -> int:
        """Search everything; returns how many results the first page has."""
        self._not_offered("has no full-text search")

    def arrivals(self, place: str) -> Iterator[str]:
        """Yield uids as the server tells of them, after an empty one as soon as it would."""
        self._not_offered("tells nobody of changes")

    def first_page(self, place: str) -> int:
        """Return how many objects are on a first page of 50, where a server has pages."""
        self._not_offered("is not measured here")

    def _not_offered(self, reason: str) -> NoReturn:
        raise NotOffered(reason)


class Contestant(ABC):
    """A server on loopback in a process of its own, with a data folder of its own."""

    name: str

    @abstractmethod
    def start(self) -> None:
        """Start, and wait until it answers."""

    @abstractmethod
    def stop(self) -> None:
        """End it; one that never began is no error."""

    @abstractmethod
    def processes(self) -> list[psutil.Process]:
        """Return its processes, without those of its peers."""

    @abstractmethod
    def client(self) -> Client:
        """Return a new client."""
