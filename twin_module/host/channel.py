"""What a keeper and its shards say to each other: messages over a socket pair, some with a socket.

One message is one packet of JSON, so neither side ever has to put parts together.
"""

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self, TypeAlias, get_args

MOST_BYTES: Final = 64 * 1024
"""A packet's size; 25 twins with all that is said of them take a fifth of it."""


@dataclass(frozen=True, slots=True)
class Load:
    """Keeper: load this twin, whose listening socket comes along."""

    name: str
    server_name: str
    folder: str
    """Absolute."""
    was_unreachable: bool = False
    """Whether other servers may have failed to reach it since it slept, so that it has to greet them."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Keeper: put this twin to sleep. The shard answers `Asleep`, or `Stays` when it owes something."""

    name: str
    at_once: bool = False
    """Also when it is in use; what is under way is cut."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Keeper: put all twins to sleep at once, and end."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Keeper: say how all are."""


@dataclass(frozen=True, slots=True)
class Awake:
    """Shard: the twin is loaded and answers."""

    name: str
    seconds: float
    """How long loading took."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Shard: the twin could not be loaded, or came to its end by itself; its socket is given back."""

    name: str
    why: str
    """A sentence for who runs the host."""


@dataclass(frozen=True, slots=True)
class Asleep:
    """Shard: the twin is gone from memory, all that it knew is on disk, and its socket is given back."""

    name: str
    alarm: int | None
    """When it has to be awake again, in milliseconds since 1970; None when nothing is due."""


@dataclass(frozen=True, slots=True)
class Stays:
    """Shard: the twin was not put to sleep."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class TwinNow:
    """How an awake twin is."""

    name: str
    idle: float
    """Seconds since it was last used."""
    busy: str | None
    """What keeps it awake, in a few words."""
    requests: int
    """How many it has answered since it woke."""
    queue: int
    """How many servers it still has to send something to."""
    problem: str | None = None
    """Why it can keep nothing of what it is told, in a sentence; None when all is well."""


@dataclass(frozen=True, slots=True)
class Report:
    """Shard: how all are."""

    twins: tuple[TwinNow, ...] = ()


Message: TypeAlias = Load | Sleep | Stop | Ask | Awake | Failed | Asleep | Stays | Report
KINDS: Final[Mapping[str, type]] = {each.__name__: each for each in get_args(Message)}


class Channel:
    """One end of the pair. It never blocks when its socket does not."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end

    @classmethod
    def pair(cls) -> tuple[Self, Self]:
        """Return both ends of a new channel, which do not block."""
        ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in ends:
            end.setblocking(False)
        return cls(ends[0]), cls(ends[1])

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when a message is there."""
        return self.socket.fileno()

    def send(self, message: Message, descriptor: int | None = None) -> None:
        """Send a message, and a descriptor of which the other side gets its own copy.

        Raises:
            OSError: the other side is gone, or has not read for long (BlockingIOError).
        """
        packet = json.dumps({"kind": type(message).__name__, **asdict(message)}).encode()
        if descriptor is None:
            self.socket.send(packet)
        else:
            socket.send_fds(self.socket, [packet], [descriptor])

    def receive(self) -> tuple[Message, int | None] | None:
        """Return the next message and the descriptor that came along; None when the other side is gone.

        Raises:
            BlockingIOError: nothing is there.
        """
        try:
            packet, descriptors, _, _ = socket.recv_fds(self.socket, MOST_BYTES, 1)
        except ConnectionResetError:
            return None
        if not packet:
            return None
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        return _message(json.loads(packet)), descriptors[0] if descriptors else None

    def close(self) -> None:
        """Close this end, which the other one sees."""
        self.socket.close()


def _message(fields: dict[str, Any]) -> Message:
    kind = fields.pop("kind")
    if kind == Report.__name__:
        return Report(tuple(TwinNow(**each) for each in fields["twins"]))
    message: Message = KINDS[kind](**fields)
    return message
