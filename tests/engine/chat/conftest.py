"""People with twins that have a companion, on a fake network."""

from collections.abc import Iterator

import pytest

from tests.engine.chat.scenes import Chatty
from twin_module.testing.fake_network import FakeNetwork


@pytest.fixture
def network() -> Iterator[FakeNetwork]:
    """A network with nobody on it."""
    network = FakeNetwork()
    yield network
    network.close()


@pytest.fixture
def alice(network: FakeNetwork) -> Chatty:
    """Alice, whose twin has started."""
    return Chatty(network, "alice").begin()


@pytest.fixture
def bob(network: FakeNetwork) -> Chatty:
    """Bob, whose twin has started."""
    return Chatty(network, "bob").begin()
