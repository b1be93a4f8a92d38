"""Calendar and address book servers: ours, and Radicale as it comes.

What is asked of `server` has to hold for both: where ours differs, apps that were made with other
servers in mind would meet something new. What only a twin has is asked of `twin`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import pytest

from tests.names import Names
from twin_module.testing.dav import CALENDAR, Dav
from twin_module.testing.person import Answer, Person, eventually
from twin_module.testing.plain_radicale import plain_radicale
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, person_at

ROOT = "/_synapse/client/twin/dav/"


class Server(Protocol):
    """Something that apps connect to."""

    dav: Dav

    def new_calendar(self, name: str) -> str:
        """Make a calendar and return its path."""

    def new_address_book(self, name: str) -> str:
        """Make an address book and return its path."""


@dataclass(frozen=True)
class Plain:
    """Radicale as it comes."""

    dav: Dav

    def new_calendar(self, name: str) -> str:
        """Make a calendar as apps do."""
        path = f"{self.dav.home}{name}/"
        assert self.dav.ask("MKCALENDAR", path).status == 201
        return path

    def new_address_book(self, name: str) -> str:
        """Make an address book as apps do."""
        return make_address_book(self.dav, name)


@dataclass(frozen=True)
class Twin:
    """Somebody's twin, with an app that has a password of its own."""

    person: Person
    dav: Dav

    def new_calendar(self, name: str) -> str:
        """Make a collection and return where apps find it."""
        self.person.collection(name)
        return self.calendar_named(name)

    def new_address_book(self, name: str) -> str:
        """Make an address book as apps do."""
        return make_address_book(self.dav, name)

    def calendar_named(self, name: str) -> str:
        """Return the path of the calendar that shows a collection."""
        found = [path for path, each in self.dav.collections(CALENDAR).items() if each == name]
        assert len(found) == 1, f"{len(found)} calendars are called {name}"
        return found[0]

    def objects(self, room_id: str, capability: str) -> list[dict[str, Any]]:
        """Return the objects of a collection as the twin's own API shows them."""
        listed = self.person.get(f"rooms/{room_id}/objects", capability=capability, limit=1000)
        found: list[dict[str, Any]] = listed["objects"]
        return found


def make_address_book(dav: Dav, name: str) -> str:
    """Make an address book as apps do."""
    path = f"{dav.home}{name}/"
    assert mkcol(dav, path, "CR:addressbook", name).status == 201
    return path


def mkcol(dav: Dav, path: str, kind: str, name: str) -> Answer:
    """Ask for a calendar or an address book by an extended MKCOL (RFC 5689)."""
    body = (
        f"<D:mkcol><D:set><D:prop><D:resourcetype><D:collection/><{kind}/></D:resourcetype>"
        f"<D:displayname>{name}</D:displayname></D:prop></D:set></D:mkcol>"
    )
    return dav.xml("MKCOL", path, body)


def app_of(person: Person, name: str = "Phone") -> Dav:
    """Give an app a password, and return the server as the app knows it."""
    made = person.post("app-passwords", {"name": name})
    return Dav(person.url, made["path"], made["username"], made["password"])


def twin_of(person: Person) -> Twin:
    """Return somebody's twin with an app that is signed in."""
    return Twin(person, app_of(person))


@pytest.fixture(scope="session")
def network(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwinNetwork]:
    """A network on which twins can be started."""
    with TwinNetwork(reactor_thread, tmp_path_factory.mktemp("twins")) as network:
        yield network


@pytest.fixture(scope="session")
def twin(network: TwinNetwork) -> Twin:
    """Alice's twin."""
    return twin_of(person_at(network.start("alice")))


@pytest.fixture(scope="session")
def bobs_twin(network: TwinNetwork) -> Twin:
    """Bob's twin."""
    return twin_of(person_at(network.start("bob")))


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plain]:
    """Radicale as it comes."""
    with plain_radicale(tmp_path_factory.mktemp("radicale") / "server") as dav:
        yield Plain(dav)


@pytest.fixture(params=["plain", "twin"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each of both."""
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def names() -> Names:
    """New names."""
    return Names()


class Addresses:
    """Addresses on loopback that nobody asked from; wrong passwords are counted by address."""

    def __init__(self) -> None:
        self._number = 0

    def next(self) -> str:
        """Return a new one."""
        self._number += 1
        return f"127.2.{self._number // 250}.{self._number % 250 + 1}"


@pytest.fixture(scope="session")
def addresses() -> Addresses:
    """New addresses."""
    return Addresses()


@pytest.fixture
def dav(server: Server) -> Dav:
    """An app at the server."""
    return server.dav


@pytest.fixture
def calendar(server: Server, names: Names) -> str:
    """The path of a new calendar."""
    return server.new_calendar(names.next("calendar"))


@pytest.fixture
def address_book(server: Server, names: Names) -> str:
    """The path of a new address book."""
    return server.new_address_book(names.next("people"))


PARTY: Final = {
    "@type": "Event",
    "title": "Party",
    "start": "2030-01-08T20:00:00",
    "timeZone": "Etc/UTC",
    "duration": "PT3H",
}


def shared_with(other: Twin, owner: Twin, name: str, role: str) -> str:
    """Share a new collection that holds a party, and return its room once the other's apps see it."""
    room: str = owner.person.collection(name)
    owner.person.put(f"rooms/{room}/agenda/party", PARTY)
    circle = owner.person.command(
        "circles", "create", name=name, members={other.person.owner: "admin"}
    )["room_id"]
    owner.person.command("circles", "share", room_id=room, circle=circle, role=role)
    other.person.accept(circle, room)

    def is_there() -> bool:
        path = other.calendar_named(name)
        return bool(other.dav.query(path, '<C:comp-filter name="VEVENT"/>'))

    eventually(is_there, what=f"{other.person.owner}'s apps see the party in {name}")
    return room
