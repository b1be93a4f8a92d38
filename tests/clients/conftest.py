"""Two twins that federate, and the clients at which their owners sit."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.clients.js_client import FOLDER, JsClient
from tests.clients.nio_client import NioClient
from tests.names import Names
from tests.node import install
from twin_module.core.voice import voice_of
from twin_module.testing.person import Person, eventually
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, person_at

NODE: Final = (20, 19)
QUIET: Final[dict[str, Any]] = {
    "time_zone": "Europe/Berlin",
    "daily_brief": None,
    "weekly_brief": None,
}
"""Settings with which no twin says anything at an hour at which a test happens to run."""


@pytest.fixture(scope="session")
def network(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwinNetwork]:
    """A network with the twins of Alice and Bob."""
    with TwinNetwork(reactor_thread, tmp_path_factory.mktemp("clients")) as network:
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


@pytest.fixture(autouse=True)
def settings(alice: Person, bob: Person) -> None:
    """What both want of their twins at the beginning of each test."""
    alice.put("settings", QUIET)
    bob.put("settings", {**QUIET, "accept_from": [alice.owner]})


@pytest.fixture(scope="session")
def packages() -> None:
    """The packages that package-lock.json names, in `node_modules` beside it."""
    install(FOLDER, NODE)


@pytest.fixture(scope="module")
def phone(packages: None, alice: Person) -> Iterator[JsClient]:
    """Alice's phone: matrix-js-sdk."""
    client = JsClient(alice)
    yield client
    client.close()


@pytest.fixture(scope="module")
def desk(alice: Person) -> Iterator[NioClient]:
    """Alice's terminal: matrix-nio."""
    client = NioClient(alice)
    yield client
    client.close()


@pytest.fixture(scope="module")
def terminal(bob: Person) -> Iterator[NioClient]:
    """Bob's terminal: matrix-nio."""
    client = NioClient(bob)
    yield client
    client.close()


@pytest.fixture(scope="session")
def voice(alice: Person) -> str:
    """The account by which Alice's twin speaks."""
    return voice_of(alice.owner)


@pytest.fixture(scope="session")
def bobs_voice(bob: Person) -> str:
    """The account by which Bob's twin speaks."""
    return voice_of(bob.owner)


def chat_of(person: Person) -> str:
    """Return the chat of somebody with their twin, as soon as it is there."""
    account = f"/_matrix/client/v3/user/{person.owner}/account_data/m.direct"

    def found() -> list[str]:
        answer = person.ask("GET", account)
        rooms: list[str] = answer.body.get(voice_of(person.owner), [])
        return rooms

    return eventually(found, what=f"the twin of {person.owner} has made a chat")[0]


@pytest.fixture(scope="session")
def chat(alice: Person) -> str:
    """The chat of Alice and her twin."""
    return chat_of(alice)


@pytest.fixture(scope="session")
def bobs_chat(bob: Person) -> str:
    """The chat of Bob and his twin."""
    return chat_of(bob)


def share(owner: Person, room_id: str, member: Person, role: str = "editor") -> None:
    """Share a collection, and wait until the other one may do there what the role says."""
    circle = owner.command("circles", "create", name="Two", members={member.owner: role})
    owner.command("circles", "share", room_id=room_id, circle=circle["room_id"])

    def joined() -> bool:
        listed = member.get("collections")["collections"]
        return (room_id, role) in [(each["room_id"], each["role"]) for each in listed]

    eventually(joined, what=f"{member.owner} is {role} of {room_id}")


@pytest.fixture(scope="session")
def names() -> Names:
    """New names."""
    return Names()
