"""People with twins that have a companion, on a fake network."""

import pytest

from tests.engine.chat.scenes import Chatty
from twin_module.testing.fake_network import FakeNetwork


@pytest.fixture
def alice(network: FakeNetwork) -> Chatty:
    """Alice, whose twin has started."""
    return Chatty(network, "alice").begin()


@pytest.fixture
def bob(network: FakeNetwork) -> Chatty:
    """Bob, whose twin has started."""
    return Chatty(network, "bob").begin()
