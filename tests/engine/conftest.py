"""People with twins over fake homeservers, and what their tables should hold."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from twin_module.core.effects import Put
from twin_module.core.layout import collection_room
from twin_module.core.search import composed, entry
from twin_module.core.state import NAMESPACE, StateEvent, frozen, plain
from twin_module.engine import store
from twin_module.engine.commands import Outcome
from twin_module.engine.resting import STREAM_MS
from twin_module.engine.store import Record
from twin_module.engine.twin import Twin
from twin_module.rooms import CAPABILITIES
from twin_module.testing.driver import run
from twin_module.testing.fake import Crash, FakeHomeserver
from twin_module.testing.fake_network import FakeNetwork

TASK = f"{NAMESPACE}.task"
DOC = f"{NAMESPACE}.doc"
TYPES = {event.type: event for capability in CAPABILITIES for event in capability.events}


def task(uid: str, title: str = "Bread", **fields: Any) -> Put:
    """Return a task to be written."""
    return Put(TASK, uid, frozen({"@type": "Task", "title": title, **fields}))


class Home:
    """Somebody's twin on a fake homeserver, with the process that runs it."""

    def __init__(self, network: FakeNetwork, name: str, max_objects: int = 5000) -> None:
        self.network = network
        self.server = network.add(f"@{name}:{name}.example")
        self.owner = self.server.owner
        self.max_objects = max_objects
        self.boot()

    def boot(self) -> None:
        """Begin a process on what is stored; it does nothing yet."""
        self.port = FakeHomeserver(self.server)
        self.twin = Twin(self.port, CAPABILITIES, self.max_objects)
        self.server.listeners[:] = [self.twin.wake]

    def start(self) -> "Home":
        """Start the twin."""
        run(self.twin.start())
        return self

    def restart(self) -> None:
        """Kill the process and begin another, which starts."""
        self.port.kill()
        self.boot()
        self.start()

    def work(self) -> int:
        """Do what waits in the background, and count it."""
        done = self.port.work_off()
        if self.twin._resting.is_planned():  # it rests, since time went by in its duties
            self.network.pass_time(STREAM_MS / 1000)
            done += self.port.work_off()
        return done

    # What the owner does

    def command(self, capability: str, command: str, **arguments: Any) -> Outcome:
        """Run a command."""
        return run(self.twin.commands.run(capability, command, arguments))

    def collection(self, name: str = "List") -> str:
        """Make a collection."""
        return run(self.port.create_room(collection_room(name, "")))

    def circle(self, name: str = "Family", **members: str) -> str:
        """Make a circle of people, who are named by the first part of their IDs."""
        people = {f"@{who}:{who}.example": role for who, role in members.items()}
        return self.command("circles", "create", name=name, members=people).created[0]

    def write(self, room_id: str, *puts: Put, expected: Any = None) -> Any:
        """Write through the writer."""
        return run(self.twin.writer.write(room_id, puts, expected))

    def accept(self, room_id: str) -> None:
        """Accept an invitation."""
        run(self.port.set_membership(room_id, self.owner, "join", ""))

    def membership(self, room_id: str, user_id: str) -> str | None:
        """Return somebody's membership, as this server sees it."""
        room = self.server.rooms.get(room_id)
        if room is None or ("m.room.member", user_id) not in room.current:
            return None
        return room.membership(user_id)

    def content(self, room_id: str, event_type: str, state_key: str = "") -> Any:
        """Return content of the current state as plain JSON, None where there is no event."""
        event = self.server.state(room_id).get((event_type, state_key))
        return None if event is None else plain(event.content)

    # What the tables say, and what they should

    def read(self, work: Any, *arguments: Any) -> Any:
        """Read from the tables."""
        return run(self.port.transact("test", lambda cursor: work(cursor, *arguments)))

    def record(self, room_id: str, uid: str, event_type: str = TASK) -> Record | None:
        """Return what the tables hold of an object."""
        found: Record | None = self.read(store.read_object, room_id, event_type, uid)
        return found

    def title(self, room_id: str, uid: str) -> str | None:
        """Return an object's title in the tables."""
        found = self.record(room_id, uid)
        return found.title if found else None

    def rooms(self, membership: str | None = "join") -> dict[str, store.Room]:
        """Return the rooms of the tables."""
        return {room.room_id: room for room in self.read(store.read_rooms, membership)}

    def tables(self) -> dict[str, Any]:
        """Return what the tables hold, without what only says that something is gone."""
        objects: dict[Any, Any] = {}
        for room_id in self.rooms(None):
            for each in self.read(store.read_objects, room_id):
                if not each.removed:
                    objects[room_id, each.type, each.uid] = (
                        each.event_id,
                        each.sender,
                        each.ts,
                        each.problem is not None,
                        each.content if each.problem is None else None,
                    )

        def index(cursor: Any) -> Any:
            cursor.execute("SELECT room_id, type, uid, field, word, number FROM twin_index")
            return sorted(cursor.fetchall(), key=repr)

        def search(cursor: Any) -> Any:
            # The index of words has to be that of the table behind it.
            cursor.execute(
                "INSERT INTO twin_search_words (twin_search_words, rank) VALUES ('integrity-check', 1)"
            )
            cursor.execute(
                "SELECT room_id, type, uid, event_id, sender, title, text FROM twin_search"
            )
            return sorted(cursor.fetchall())

        spoiled = {key for key, row in objects.items() if row[3]}
        return {
            "rooms": {
                room_id: (room.kind, room.name, room.role) for room_id, room in self.rooms().items()
            },
            "invitations": sorted(self.rooms("invite")),
            "objects": objects,
            "index": [row for row in self.read(index) if row[:3] not in spoiled],
            "search": [row for row in self.read(search) if row[:3] not in spoiled],
        }

    def truth(self) -> dict[str, Any]:
        """Return the same, made straight from the rooms."""
        names = [room for room in self.server.rooms if self.server.joined(room)]
        states = {room_id: self.server.state(room_id) for room_id in names}
        objects: dict[Any, Any] = {}
        index: list[Any] = []
        search: list[Any] = []
        for room_id, state in states.items():
            for (event_type, uid), event in state.items():
                if not event_type.startswith(f"{NAMESPACE}.") or (
                    not event.content and event.problem is None
                ):
                    continue
                known = TYPES.get(event_type)
                bad = known is None or known.misfit(event) is not None
                content = None if bad else as_text(plain(event.content))
                objects[room_id, event_type, uid] = (
                    event.event_id,
                    event.sender,
                    event.origin_server_ts,
                    bad,
                    content,
                )
                if known is not None and not bad:
                    search.append(
                        (room_id, event_type, uid, event.event_id, event.sender, *found_by(event))
                    )
                    for field, each in known.filters.items():
                        value = each.read(event.content)
                        for part in [value] if isinstance(value, str | int) else value or ():
                            number = isinstance(part, int)
                            pair = (None, part) if number else (part, None)
                            index.append((room_id, event_type, uid, field, *pair))
        return {
            "rooms": {room_id: self._room(room_id, state) for room_id, state in states.items()},
            "invitations": sorted(self.server.invitations),
            "objects": objects,
            "index": sorted(index, key=repr),
            "search": sorted(search),
        }

    def _room(self, room_id: str, state: Mapping[Any, Any]) -> tuple[str, str, str]:
        create = state["m.room.create", ""]
        kind = {f"{NAMESPACE}.collection": "collection"}.get(create.content.get("type"), "other")
        kind = create.content.get(f"{NAMESPACE}.kind", kind)
        levels = self.content(room_id, "m.room.power_levels") or {}
        power = levels.get("users", {}).get(self.owner, levels.get("users_default", 0))
        role = "admin" if power >= 50 else "editor" if power >= 25 else "viewer"
        name = (self.content(room_id, "m.room.name") or {}).get("name", "")
        return kind, name, "owner" if create.sender == self.owner else role


def found_by(event: StateEvent) -> tuple[str, str]:
    """Return the words of a title and the texts that an object is to be found by."""
    known = TYPES[event.type]
    title = known.title(event.content)
    texts = [each for each in known.texts(event.content) if each.strip() != title.strip()]
    return entry(composed(title)).words, composed("\n".join(texts))


def as_text(content: Any) -> str:
    """Return JSON as it stands in the tables."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def settle(*homes: Home) -> None:
    """Let everyone work until nobody has anything left to do."""
    for _ in range(200):
        if not sum(home.work() for home in homes):
            return
    raise AssertionError("There is no end to it.")


def crash_everywhere(home: Home, act: Any, settled: Any) -> int:
    """Do something again and again, killed one step later each time; return how many steps.

    Args:
        home: whose process is killed.
        act: does it; called anew for each step at which the process is killed.
        settled: is to be true after a restart; called with what `act` returned or None.
    """
    step = 0
    while True:
        step += 1
        home.port.crash_in = step
        done = None
        try:
            done = act()
        except Crash:
            home.restart()
        home.port.crash_in = None
        settled(done)
        if done is not None:
            return step


@pytest.fixture
def network() -> Iterator[FakeNetwork]:
    """A network of fake servers."""
    network = FakeNetwork()
    yield network
    network.close()


@pytest.fixture
def alice(network: FakeNetwork) -> Home:
    """Alice's twin."""
    return Home(network, "alice").start()


@pytest.fixture
def bob(network: FakeNetwork) -> Home:
    """Bob's twin."""
    return Home(network, "bob").start()


@pytest.fixture
def carol(network: FakeNetwork) -> Home:
    """Carol's twin."""
    return Home(network, "carol").start()


@pytest.fixture
def room(alice: Home) -> str:
    """A collection of alice's."""
    room_id = alice.collection()
    settle(alice)
    return room_id


@pytest.fixture
def shared(alice: Home, bob: Home) -> str:
    """A collection of alice's in which bob is an editor."""
    return share(alice, bob)


def share(alice: Home, bob: Home) -> str:
    """Make a collection of alice's in which bob is an editor by hand, not through a circle."""
    room_id = alice.collection("Shared")
    run(alice.port.set_membership(room_id, bob.owner, "invite", ""))
    bob.accept(room_id)
    levels = alice.content(room_id, "m.room.power_levels")
    levels["users"] = {bob.owner: 25}
    run(alice.port.send_state(room_id, Put("m.room.power_levels", "", frozen(levels))))
    settle(alice, bob)
    return room_id
