"""Alice's and bob's homeservers: as the fake that we ship, and as real Synapses."""

import sqlite3
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import pytest
from synapse.logging.context import run_in_background
from twisted.internet.defer import gatherResults

from twin_module.core.effects import Put
from twin_module.core.layout import collection_room
from twin_module.core.ports import Device, Homeserver
from twin_module.core.state import NAMESPACE, frozen
from twin_module.engine.peers import Peers
from twin_module.engine.synapse import SynapseHomeserver
from twin_module.testing.driver import run, together
from twin_module.testing.fake import PASSWORD, FakeHomeserver
from twin_module.testing.fake_network import FakeNetwork
from twin_module.testing.person import CLIENT, Person, eventually, request
from twin_module.testing.postgres import fresh_database
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import Twin, TwinNetwork

T = TypeVar("T")

TASK = f"{NAMESPACE}.task"
NAMES = ("alice", "bob")


def task(uid: str, title: str = "Bread") -> Put:
    """Return a task to be written."""
    return Put(TASK, uid, frozen({"@type": "Task", "title": title}))


class Side:
    """One person's homeserver, whichever it is."""

    port: Homeserver
    password: str
    """The owner's."""
    gave_up: type[Exception] = sqlite3.OperationalError
    """What the database raises when it gives a transaction up."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine of the port, or several as one."""
        raise NotImplementedError

    def together(self, *works: Coroutine[Any, Any, Any]) -> list[Any]:
        """Run coroutines side by side."""
        raise NotImplementedError

    def second_port(self) -> Homeserver:
        """Return another port on the same database."""
        raise NotImplementedError

    def redact(self, room_id: str, event_id: str) -> None:
        """Redact an event, as a person does."""
        raise NotImplementedError

    def say(self, room_id: str, *speaking_to: str) -> str:
        """Send a message, as a person does, and return its event ID."""
        raise NotImplementedError

    def read_upto(self, room_id: str, event_id: str) -> None:
        """Read a room up to an event, as a person does in a client."""
        raise NotImplementedError

    def sign_in(self, display_name: str) -> str:
        """Sign in once more, and return the ID of that device."""
        raise NotImplementedError

    def is_signed_in(self, device_id: str) -> bool:
        """Tell whether who signed in there is still let in."""
        raise NotImplementedError

    def set_profile(self, displayname: str, avatar_url: str) -> None:
        """Set the owner's profile, as a person does."""
        raise NotImplementedError

    def pass_time(self, seconds: float) -> None:
        """Let time go by, where it does not by itself."""

    # What every side has

    def collection(self, name: str = "List") -> str:
        """Make a collection."""
        return self.run(self.port.create_room(collection_room(name, "")))

    def put(self, room_id: str, put: Put) -> str:
        """Write a state event."""
        return self.run(self.port.send_state(room_id, put))

    def state(self, room_id: str, event_type: str, state_key: str | None = None) -> Any:
        """Return current state events of a type."""
        return self.run(self.port.state(room_id, [(event_type, state_key)]))

    def member(self, room_id: str, user_id: str, action: Any, *via: str) -> None:
        """Change a membership."""
        self.run(self.port.set_membership(room_id, user_id, action, "", via))

    def membership(self, room_id: str, user_id: str) -> str | None:
        """Return somebody's membership, as this side sees it."""
        found = self.state(room_id, "m.room.member", user_id)
        event = found.get(("m.room.member", user_id))
        return event.content.get("membership") if event else None

    def invited(self) -> list[str]:
        """Return the rooms that the owner is invited to."""
        return [each.room_id for each in self.run(self.port.invitations())]


class FakeSide(Side):
    """Somebody at the fake."""

    def __init__(self, network: FakeNetwork, owner: str) -> None:
        self.network = network
        self.server = network.add(owner)
        self.port = FakeHomeserver(self.server)
        self.password = PASSWORD
        self.server.answer = Peers(self.port).answer

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return run(work)

    def together(self, *works: Coroutine[Any, Any, Any]) -> list[Any]:
        return together(*works)

    def second_port(self) -> Homeserver:
        return FakeHomeserver(self.server)

    def redact(self, room_id: str, event_id: str) -> None:
        self.server.redact(room_id, event_id)

    def say(self, room_id: str, *speaking_to: str) -> str:
        message = {"body": "hello", "m.mentions": {"user_ids": list(speaking_to)}}
        return self.server.write(room_id, "m.room.message", None, message)

    def read_upto(self, room_id: str, event_id: str) -> None:
        [at] = [at for at, event in self.server.arrivals if event.event_id == event_id]
        self.server.read_upto[room_id] = at

    def sign_in(self, display_name: str) -> str:
        device_id = f"DEVICE{self.network.next_number()}"
        now = self.network.now
        self.server.devices[device_id] = Device(device_id, display_name, now, "127.0.0.1")
        return device_id

    def is_signed_in(self, device_id: str) -> bool:
        return device_id in self.server.devices

    def set_profile(self, displayname: str, avatar_url: str) -> None:
        self.server.profile.update(displayname=displayname, avatar_url=avatar_url)

    def pass_time(self, seconds: float) -> None:
        self.network.pass_time(seconds)


async def _itself(work: Coroutine[Any, Any, Any]) -> Any:
    return await work


class RealSide(Side):
    """Somebody at a real Synapse."""

    port: SynapseHomeserver

    def __init__(self, thread: ReactorThread, twin: Twin) -> None:
        self._thread = thread
        self.twin = twin
        self.port = twin.module._homeserver
        self.gave_up = self.port._store.database_engine.module.OperationalError
        self.person = Person(twin.url, twin.owner, lambda: twin.password)
        self._tokens: dict[str, str] = {}
        eventually(lambda: twin.module.twin.not_ready is None, what=f"{twin.owner} is ready")
        eventually(lambda: twin.module.twin.voice.chat, what=f"{twin.owner}'s twin has a voice")
        # The twin itself would answer whoever asks its voice into a room.
        twin.module.twin._duties.always.clear()
        self.password = twin.password

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._thread.wait(lambda: work)

    def together(self, *works: Coroutine[Any, Any, Any]) -> list[Any]:
        async def all_of_them() -> list[Any]:
            return await gatherResults([run_in_background(_itself, work) for work in works])

        return self._thread.wait(all_of_them)

    def second_port(self) -> Homeserver:
        return SynapseHomeserver(self.port._api, self.twin.facts.owner)

    def redact(self, room_id: str, event_id: str) -> None:
        path = f"{CLIENT}/rooms/{quote(room_id)}/redact/{quote(event_id)}/{event_id[1:20]}"
        self.person.ask("PUT", path, {}).ok()

    def say(self, room_id: str, *speaking_to: str) -> str:
        path = f"{CLIENT}/rooms/{quote(room_id)}/send/m.room.message/{self.port.new_uid()}"
        mentions = {"user_ids": list(speaking_to)}
        message = {"msgtype": "m.text", "body": "hello", "m.mentions": mentions}
        event_id: str = self.person.put(path, message)["event_id"]
        return event_id

    def read_upto(self, room_id: str, event_id: str) -> None:
        path = f"{CLIENT}/rooms/{quote(room_id)}/receipt/m.read/{quote(event_id)}"
        self.person.ask("POST", path, {}).ok()

    def sign_in(self, display_name: str) -> str:
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self.port.owner},
            "password": self.twin.password,
            "initial_device_display_name": display_name,
        }
        answer = request(self.twin.url, "POST", f"{CLIENT}/login", body).ok()
        self._tokens[answer["device_id"]] = answer["access_token"]
        device_id: str = answer["device_id"]
        return device_id

    def is_signed_in(self, device_id: str) -> bool:
        headers = {"Authorization": f"Bearer {self._tokens[device_id]}"}
        answer = request(self.twin.url, "GET", f"{CLIENT}/account/whoami", None, headers)
        return answer.status == 200

    def set_profile(self, displayname: str, avatar_url: str) -> None:
        path = f"{CLIENT}/profile/{quote(self.port.owner)}"
        self.person.ask("PUT", f"{path}/displayname", {"displayname": displayname}).ok()
        self.person.ask("PUT", f"{path}/avatar_url", {"avatar_url": avatar_url}).ok()


@dataclass(frozen=True)
class World:
    """Two people's servers."""

    alice: Side
    bob: Side
    cut_off: Callable[..., AbstractContextManager[None]]
    """Cut a person's server off, by the person's name."""


@pytest.fixture(
    scope="session",
    params=[
        "fake",
        pytest.param("synapse", marks=pytest.mark.twins),
        pytest.param("postgres", marks=pytest.mark.twins),
    ],
)
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Two linked servers: fake, or real ones on SQLite, or on PostgreSQL."""
    if request.param == "fake":
        fakes = FakeNetwork()
        fakes.short_history = True
        alice, bob = (FakeSide(fakes, f"@{name}:{name}.example") for name in NAMES)
        yield World(alice, bob, lambda name: fakes.cut_off(f"{name}.example"))
        fakes.close()
        return
    with ExitStack() as stack:
        databases: list[dict[str, str | int] | None] = [None, None]
        if request.param == "postgres":
            url = request.getfixturevalue("postgres_url")
            databases = [stack.enter_context(fresh_database(url)) for _ in NAMES]
        thread = request.getfixturevalue("reactor_thread")
        folder = tmp_path_factory.mktemp("contract")
        network = stack.enter_context(TwinNetwork(thread, folder, NAMES))
        one, other = (
            RealSide(thread, network.start(name, postgres=database))
            for name, database in zip(NAMES, databases, strict=True)
        )
        yield World(one, other, network.cut_off)


@pytest.fixture
def alice(world: World) -> Side:
    """Alice's server."""
    return world.alice


@pytest.fixture
def bob(world: World) -> Side:
    """Bob's server."""
    return world.bob


@pytest.fixture
def shared(alice: Side, bob: Side) -> str:
    """A collection of alice's that bob is in."""
    room_id = alice.collection("Shared")
    alice.member(room_id, bob.port.owner, "invite")
    bob.member(room_id, bob.port.owner, "join")
    return room_id


def contents(state: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return the titles of tasks by uid."""
    return {key[1]: event.content.get("title") for key, event in state.items()}
