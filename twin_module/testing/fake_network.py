"""Fake servers and the network between them, in memory: what outlives a killed process.

Servers that are linked pass on what the other lacks, at once or when a test says so; a server
that is cut off neither hears nor answers. In the end every server of a room knows the same
events, and so has the same state.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal, Protocol, TypeAlias

from twin_module.core.errors import Unreachable
from twin_module.core.layout import ROOM_VERSION
from twin_module.core.ports import Delta, Device, Invitation
from twin_module.core.state import Key, StateEvent
from twin_module.testing.fake_rooms import FakeEvent, FakeRoom, check_content
from twin_module.testing.fake_signing import FakeKeys, id_of, pdu
from twin_module.testing.fake_web import FakeWeb

CLAIM_MS: Final = 120_000
"""How long what a killed process had claimed is not free."""


Answering: TypeAlias = Callable[[str, str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


class Process(Protocol):
    """A process on a server, as far as the server knows it."""

    killed_at: int | None


class FakeServer:
    """What one person's homeserver stores; `FakeHomeserver` is a process on it."""

    def __init__(self, network: "FakeNetwork", owner: str) -> None:
        self.network = network
        self.owner = owner
        self.name = owner.partition(":")[2]
        self.rooms: dict[str, FakeRoom] = {}
        self.invitations: dict[str, Invitation] = {}
        self.position = 0
        self.deltas: list[tuple[int, Delta]] = []
        self.redactions: list[tuple[int, str]] = []
        self.arrivals: list[tuple[int, FakeEvent]] = []
        self.media: dict[str, bytes] = {}
        self.fetched: dict[str, bytes] = {}
        """Files of other servers by address."""
        self.account_data: dict[str, Mapping[str, Any]] = {}
        self.profile: dict[str, Any] = {}
        self.devices: dict[str, Device] = {}
        """Where the owner is signed in."""
        self.voice: Literal["none", "ours", "taken"] = "none"
        """Whether the account of the twin's voice is there, or somebody else's of that name."""
        self.voice_name = ""
        self.voice_invitations: dict[str, str] = {}
        """Who invited the voice to rooms that this server is not in, by room."""
        self.last_written: dict[tuple[str, str], int] = {}
        """When this server last wrote to a room as somebody, by room and sender."""
        self.read_upto: dict[str, int] = {}
        """Up to which position the owner has read a room."""
        self.keys = FakeKeys()
        self.known_keys: dict[str, list[dict[str, Any]]] = {}
        """Key documents of other servers."""
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.claims: dict[str, Process] = {}
        self.answer: Answering | None = None
        """What answers the calls of other twins, told who asks, for what, and with which body."""
        self.listeners: list[Callable[[], None]] = []
        self.greeted_by: list[str] = []
        """Who let this server see that they are there."""

    def close(self) -> None:
        """Give the database back."""
        self.database.close()

    def joined(self, room_id: str) -> bool:
        """Tell whether the owner is in a room, as far as this server knows."""
        room = self.rooms.get(room_id)
        return room is not None and room.membership(self.owner) == "join"

    def state(self, room_id: str) -> dict[Key, StateEvent]:
        """Return the current state of a room that the owner is in; of any other nothing."""
        return self.rooms[room_id].state() if self.joined(room_id) else {}

    # What happens here

    def receive(self, room_id: str, events: Iterable[FakeEvent]) -> None:
        """Take events of a room in, at once, from wherever they come."""
        room = self.rooms.setdefault(room_id, FakeRoom(room_id))
        new = [event for event in events if event.event_id not in room.events]
        if not new:
            return
        before = self.joined(room_id)
        changed = set().union(*(room.add(event) for event in new))
        self.position += 1
        for event in new:
            self.arrivals.append((self.position, event))
            if event.redacts is not None:
                self.redactions.append((self.position, event.redacts))
        after = self.joined(room_id)
        if before and not after:
            self._note(room_id, dict.fromkeys(room.current))
        elif after and not before:
            self.invitations.pop(room_id, None)
            self._note(room_id, room.current)
        elif after:
            self._note(room_id, {key: room.current.get(key) for key in sorted(changed)})
        self.tell()

    def _note(self, room_id: str, changed: Mapping[Key, str | None]) -> None:
        for key, event_id in changed.items():
            self.deltas.append((self.position, Delta(room_id, *key, event_id)))

    def be_invited(self, invitation: Invitation | None, room_id: str) -> None:
        """Note an invitation, or that it was taken back."""
        if invitation is not None:
            self.invitations[room_id] = invitation
        elif self.invitations.pop(room_id, None) is None:
            return
        self.position += 1
        self.tell()

    def tell(self) -> None:
        """Wake who follows what changes."""
        for listener in list(self.listeners):
            listener()

    # What a test, or another person, does here

    def write(
        self,
        room_id: str,
        event_type: str,
        state_key: str | None,
        content: Mapping[str, Any],
        *,
        sender: str | None = None,
        redacts: str | None = None,
        ts: int | None = None,
        beside: str | None = None,
    ) -> str:
        """Write an event without asking for rights or schemas, as another server may do it.

        `beside` is a version of the same key that the write did not see, as happens when clients
        of one server race.
        """
        check_content(content)
        room = self.rooms.setdefault(room_id, FakeRoom(room_id))
        seen = frozenset() if state_key is None else room.known((event_type, state_key))
        current = None if state_key is None else room.current.get((event_type, state_key))
        if beside is not None:
            seen, current = room.events[beside].replaces, room.events[beside].replaced
        author, number = sender or self.owner, self.network.next_number()
        when = self._moment(room_id, author) if ts is None else ts
        signer = self.network.servers.get(author.partition(":")[2], self)
        event = FakeEvent(
            room_id=room_id,
            type=event_type,
            state_key=state_key,
            content=content,
            sender=author,
            event_id=id_of(pdu(room_id, event_type, state_key, content, author, when, number)),
            ts=when,
            replaces=seen,
            redacts=redacts,
            replaced=current,
            seen=room.seen,
            number=number,
            key=signer.keys.signing,
        )
        self.receive(room_id, [event])
        self.network.spread(room_id)
        return event.event_id

    def _moment(self, room_id: str, author: str) -> int:
        """Return when an event is written: no real server writes two of one person in one millisecond."""
        before = self.last_written.get((room_id, author), 0)
        when = before + 1 if before >= self.network.now else self.network.now
        self.last_written[room_id, author] = when
        return when

    def redact(self, room_id: str, event_id: str) -> str:
        """Redact an event."""
        return self.write(room_id, "m.room.redaction", None, {}, redacts=event_id)

    def purge(self, room_id: str) -> None:
        """Delete a room as an administrator does."""
        room = self.rooms.pop(room_id)
        self.position += 1
        self._note(room_id, dict.fromkeys(room.current))
        self.tell()

    def lose(self, room_id: str, key: Key) -> None:
        """Lose one key of a room's state, as a state reset does."""
        self.rooms[room_id].forget(key)
        self.position += 1
        self._note(room_id, {key: None})
        self.tell()


class FakeNetwork:
    """Servers that know each other, and the one clock of all of them."""

    def __init__(self, start: int = 1_790_000_000_000) -> None:
        self.now = start
        """In milliseconds since 1970."""
        self.servers: dict[str, FakeServer] = {}
        self.web = FakeWeb()
        self.late = False
        """Whether events wait for `deliver`; calls between servers still work."""
        self.short_history = False
        """Whether who joins gets the current state alone, as it really is."""
        self._cut: set[str] = set()
        self._number = 0
        self._timers: list[tuple[int, int, Callable[[], None]]] = []

    def add(self, owner: str) -> FakeServer:
        """Add a server with its owner, a Matrix ID."""
        server = FakeServer(self, owner)
        self.servers[server.name] = server
        return server

    def close(self) -> None:
        """Give all databases back."""
        for server in self.servers.values():
            server.close()

    def next_number(self) -> int:
        """Return a number that was not returned before."""
        self._number += 1
        return self._number

    # Time

    def call_at(self, due: int, function: Callable[[], None]) -> Callable[[], None]:
        """Call a function when the clock reaches a time; returns how to take that back."""
        timer = (due, self.next_number(), function)
        self._timers.append(timer)

        def cancel() -> None:
            if timer in self._timers:
                self._timers.remove(timer)

        return cancel

    def pass_time(self, seconds: float) -> None:
        """Move the clock, and call what becomes due on the way."""
        end = self.now + int(seconds * 1000)
        while due := [timer for timer in self._timers if timer[0] <= end]:
            timer = min(due, key=lambda each: each[:2])
            self._timers.remove(timer)
            self.now = max(self.now, timer[0])
            timer[2]()
        self.now = end

    # Who reaches whom

    def cut(self, *names: str) -> None:
        """Cut servers off until they are healed."""
        self._cut.update(names)

    def heal(self) -> None:
        """Link all servers again, and pass on what waited."""
        self._cut.clear()
        if not self.late:
            self.deliver()

    @contextmanager
    def cut_off(self, *names: str) -> Iterator[None]:
        """Cut servers off for a while."""
        self.cut(*names)
        try:
            yield
        finally:
            self.heal()

    def linked(self, one: FakeServer, other: FakeServer) -> bool:
        """Tell whether two servers reach each other."""
        return one is other or not {one.name, other.name} & self._cut

    def reach(self, caller: FakeServer, name: str) -> FakeServer:
        """Return a server that is to answer a call.

        Raises:
            Unreachable: it does not answer.
        """
        server = self.servers.get(name)
        if server is None or not self.linked(caller, server):
            raise Unreachable(f"{name} can't be reached now.")
        return server

    # Passing on

    def spread(self, room_id: str) -> None:
        """Pass on what servers of a room lack, unless events are to be late."""
        if not self.late:
            self.deliver(room_id)

    def deliver(
        self,
        only: str | None = None,
        order: Callable[[Sequence[FakeEvent]], Sequence[FakeEvent]] = list,
    ) -> None:
        """Pass on what servers lack, of one room or of all, in an order of the test's choice."""
        rooms = sorted({room for server in self.servers.values() for room in server.rooms})
        for room_id in [only] if only else rooms:
            while self._deliver_once(room_id, order):
                pass
            self._take_back(room_id)

    def _deliver_once(
        self, room_id: str, order: Callable[[Sequence[FakeEvent]], Sequence[FakeEvent]]
    ) -> bool:
        inside = [server for server in self.servers.values() if server.joined(room_id)]
        # Who has left still has to say so.
        for one in [server for server in self.servers.values() if room_id in server.rooms]:
            for other in inside:
                if not self.linked(one, other):
                    continue
                known = other.rooms[room_id].events.keys() | other.rooms[room_id].withheld
                missing = [
                    each
                    for event_id, each in one.rooms[room_id].events.items()
                    if event_id not in known
                ]
                for event in order(missing):
                    other.receive(room_id, [event])
                if missing:
                    return True
        return False

    def _take_back(self, room_id: str) -> None:
        """Let servers hear that their owner is no longer invited."""
        for server in self.servers.values():
            if room_id not in server.invitations:
                continue
            for other in self.servers.values():
                if other.joined(room_id) and self.linked(server, other):
                    if other.rooms[room_id].membership(server.owner) not in ("invite", "join"):
                        server.be_invited(None, room_id)
                    break


def new_room_id(network: FakeNetwork) -> str:
    """Return the ID of a new room; that of room version 12 names no server."""
    return f"!room{network.next_number():06}v{ROOM_VERSION}"
