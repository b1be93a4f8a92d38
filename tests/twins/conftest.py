"""Real twins in the test process, federating over TLS on loopback."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from twin_module.testing.answers import CarefulPerson
from twin_module.testing.person import Person
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import NAMES, OF_STOPPED_TWINS, Twin, TwinNetwork, person_at


@pytest.fixture(scope="session")
def network(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwinNetwork]:
    """A network on which twins can be started, also that of a guest whom no other story knows."""
    with TwinNetwork(reactor_thread, tmp_path_factory.mktemp("twins"), (*NAMES, "gwen")) as network:
        yield network


@pytest.fixture(scope="session")
def alice(network: TwinNetwork) -> Person:
    """Alice at her twin."""
    return person_at(network.start("alice"))


@pytest.fixture(scope="session")
def bob(network: TwinNetwork) -> Person:
    """Bob at his twin."""
    return person_at(network.start("bob"))


@pytest.fixture(scope="session")
def carol(network: TwinNetwork) -> Person:
    """Carol at her twin."""
    return person_at(network.start("carol"))


@pytest.fixture(scope="session")
def careful(alice: Person) -> CarefulPerson:
    """Alice, who takes no answer of the API that is not as it was declared."""
    return CarefulPerson(alice.url, alice.owner, alice._password, token=alice.token)


@pytest.fixture(scope="session")
def alices_twin(network: TwinNetwork, alice: Person) -> Twin:
    """The server that Alice is at."""
    return network.twins["alice"]


@pytest.fixture
def collection(alice: Person) -> str:
    """A new collection of Alice's."""
    room_id: str = alice.post("collections", {"name": "Things"})["room_id"]
    return room_id


@pytest.fixture(scope="module")
def lasting_collection(alice: Person) -> str:
    """A collection for tests that leave nothing behind."""
    return alice.collection("Lasting things")


@pytest.fixture
def own_network(reactor_thread: ReactorThread, tmp_path: Path) -> Iterator[TwinNetwork]:
    """A network of one test's own."""
    with TwinNetwork(reactor_thread, tmp_path / "twins") as network:
        yield network


NOBODYS_TASK = "delete_old_otks"
"""Synapse plans it at every start, and has nobody to do it where a test starts it so."""


class Errors(logging.Handler):
    """Keeps what was logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record, unless Synapse says it of itself."""
        said = f"{record.name}: {record.getMessage()} {record.exc_info or ''}"
        if not any(part in said for part in (NOBODYS_TASK, *OF_STOPPED_TWINS)):
            self.said.append(said)


@pytest.fixture
def nothing_raised() -> Iterator[None]:
    """Fail a test during which a twin logged an error."""
    errors = Errors()
    logging.getLogger().addHandler(errors)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(errors)
    assert errors.said == []
