"""The stories here are told on every database that a twin may have."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from twin_module.testing.person import Person
from twin_module.testing.postgres import fresh_database
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import Twin, TwinNetwork, person_at

StartTwin = Callable[[TwinNetwork, str], Twin]


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def start_twin(request: pytest.FixtureRequest) -> Iterator[StartTwin]:
    """How to start somebody's twin on the database of this round."""
    # Asked for here, so that the server outlives the databases.
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    with ExitStack() as databases:

        def start(network: TwinNetwork, name: str) -> Twin:
            if not url:
                return network.start(name)
            return network.start(name, postgres=databases.enter_context(fresh_database(url)))

        yield start


@pytest.fixture(scope="session")
def network(
    start_twin: StartTwin,
    reactor_thread: ReactorThread,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[TwinNetwork]:
    """A network with the twins of Alice and Bob."""
    with TwinNetwork(reactor_thread, tmp_path_factory.mktemp("twins")) as network:
        for name in ("alice", "bob"):
            start_twin(network, name)
        yield network


@pytest.fixture(scope="session")
def alices_twin(network: TwinNetwork) -> Twin:
    """The server that Alice is at."""
    return network.twins["alice"]


@pytest.fixture(scope="session")
def bobs_twin(network: TwinNetwork) -> Twin:
    """The server that Bob is at."""
    return network.twins["bob"]


@pytest.fixture(scope="session")
def alice(alices_twin: Twin) -> Person:
    """Alice at her twin."""
    return person_at(alices_twin)


@pytest.fixture(scope="session")
def bob(bobs_twin: Twin) -> Person:
    """Bob at his twin."""
    return person_at(bobs_twin)
