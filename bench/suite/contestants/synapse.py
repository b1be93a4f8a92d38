"""The two that are homeservers: the twin and vanilla Synapse, configured alike but for the module."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Final

import psutil

from bench.suite.contestants.base import Contestant, NotOffered
from bench.suite.contestants.matrix import MatrixClient
from bench.suite.contestants.server import Server, copied, neighbours
from bench.suite.contestants.twin_client import TwinClient
from twin_module.testing.person import Person

Databases = Mapping[str, Mapping[str, str | int]]
"""Connection arguments of PostgreSQL, by the name of the server."""
HOME, PEER, GROWN = "alice", "bob", "grown"


class Grown:
    """A homeserver with large rooms, of which each contestant gets a copy: the rooms are the same."""

    def __init__(self, folder: Path, sizes: Sequence[int]) -> None:
        self.rooms: dict[int, str] = {}
        """Rooms by the number of their objects, as soon as one copy was made."""
        self._sizes = sizes
        self._facts = neighbours(folder / "model", [GROWN])[GROWN]
        self._folder = folder
        self._lock = Lock()

    def server(self, name: str, *, with_module: bool) -> Server:
        """Return a copy that is not started yet; the first call takes a while."""
        with self._lock:
            if not self.rooms:
                self._fill()
        return Server(copied(self._facts, self._folder / name), with_module=with_module)

    def _fill(self) -> None:
        model = Server(self._facts, with_module=True).start()
        try:
            client = TwinClient(model.person())
            rooms = {size: client.filled(range(size)) for size in self._sizes}
            client.close()
        finally:
            model.stop()
        self.rooms.update(rooms)


class Homeserver(Contestant):
    """A Synapse with a peer that it federates with; peer and large rooms are made when they are asked for."""

    with_module: bool

    def __init__(
        self, folder: Path, grown: Grown | None, databases: Databases | None = None
    ) -> None:
        facts = neighbours(folder / self.name, [HOME, PEER], databases)
        self._home = Server(facts[HOME], with_module=self.with_module)
        self._peer = Server(facts[PEER], with_module=self.with_module)
        self._model = grown
        self._grown: Server | None = None
        self._people: dict[str, Person] = {}
        self._started: set[str] = set()
        self._lock = Lock()

    def start(self) -> None:
        """Start the one that most work is done at."""
        self._home.start()

    def stop(self) -> None:
        """Stop all of them."""
        for each in (self._home, self._peer, self._grown):
            if each is not None:
                each.stop()

    def processes(self) -> list[psutil.Process]:
        """Return the process that most work is done at."""
        return self._home.processes()

    def client(self) -> MatrixClient:
        """Return a new client of its owner."""
        return self._of(self._person(HOME, self._home))

    def peer(self) -> MatrixClient:
        """Return a client at another server."""
        with self._lock:
            if PEER not in self._started:
                self._peer.start()
                self._started.add(PEER)
        return self._of(self._person(PEER, self._peer))

    @property
    def home_name(self) -> str:
        """The name of the server that most work is done at."""
        return self._home.facts.server_name

    def grown(self) -> tuple[MatrixClient, Mapping[int, str]]:
        """Return a client at a copy of a server with large rooms, and these by their size."""
        if self._model is None:
            raise NotOffered("has large rooms in SQLite only, where they can be copied")
        with self._lock:
            if self._grown is None:
                copy = self._model.server(self.name, with_module=self.with_module)
                self._grown = copy.start()
        return self._of(self._person(GROWN, self._grown)), self._model.rooms

    def grown_processes(self) -> list[psutil.Process]:
        """Return the process of that server."""
        return [] if self._grown is None else self._grown.processes()

    def _of(self, person: Person) -> MatrixClient:
        return TwinClient(person) if self.with_module else MatrixClient(person)

    def _person(self, name: str, server: Server) -> Person:
        """Return the owner of a server, signed in once for all clients."""
        if name not in self._people:
            self._people[name] = server.person()
        return self._people[name]


class Twin(Homeserver):
    """Synapse with the module, over its API."""

    name: Final = "twin"
    with_module = True


class Vanilla(Homeserver):
    """Synapse without the module, over Matrix's client-server API."""

    name: Final = "vanilla"
    with_module = False
