"""Editors as they come from npm, run by Node, and two twins that they connect to."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.node import Program, install
from twin_module.testing.person import TWIN, Person, eventually
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, person_at

FOLDER = Path(__file__).parent


@pytest.fixture(scope="session")
def packages() -> None:
    """The packages that package-lock.json names, in `node_modules` beside it."""
    install(FOLDER)


@pytest.fixture
def program(packages: None) -> Iterator[Callable[..., Program]]:
    """How to start a program; it ends with the test."""
    with ExitStack() as stack:

        def start(name: str, *arguments: str) -> Program:
            started = Program(FOLDER / name, *arguments)
            stack.callback(started.close)
            return started

        yield start


@pytest.fixture(scope="session")
def network(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwinNetwork]:
    """A network with the twins of Alice and Bob."""
    with TwinNetwork(reactor_thread, tmp_path_factory.mktemp("editors")) as network:
        for name in ("alice", "bob"):
            network.start(name)
        yield network


@pytest.fixture(scope="session")
def alice(network: TwinNetwork) -> Person:
    """Alice at her twin."""
    return person_at(network.twins["alice"])


@pytest.fixture(scope="session")
def bob(network: TwinNetwork) -> Person:
    """Bob at his twin."""
    return person_at(network.twins["bob"])


@pytest.fixture
def room(alice: Person, bob: Person) -> str:
    """A collection in which both write, with an empty document `minutes`."""
    room = alice.collection("Written together")
    alice.put(f"rooms/{room}/docs/minutes", {"@type": "Document", "title": "Minutes", "text": ""})
    circle = alice.command("circles", "create", name="Two", members={bob.owner: "editor"})
    alice.command("circles", "share", room_id=room, circle=circle["room_id"])
    bob.accept(room)
    eventually(lambda: bob.get(f"collections/{room}")["role"] == "editor", what="Bob may write")
    eventually(lambda: "minutes" in bob.uids(room), what="Bob has the document")
    return room


def where(person: Person, room: str) -> Mapping[str, str]:
    """Return what `WebsocketProvider` is given for the document."""
    address = f"ws{person.url.removeprefix('http')}{TWIN}/rooms/{room}/docs/minutes"
    return {"address": address, "token": person.token}
