"""What the plan knows of a twin and of a shard, and what it orders."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from twin_module.host.channel import Ask, Sleep, Stop


class State(StrEnum):
    """Where a twin is."""

    DOWN = "down"
    """Its socket is closed."""
    ASLEEP = "asleep"
    """In no shard; its socket is watched, except during the pause after it failed."""
    WAITING = "waiting"
    """It is to wake, and waits for room."""
    WAKING = "waking"
    """A shard was told to load it."""
    AWAKE = "awake"
    GOING = "going"
    """Its shard was told to put it to sleep."""


IN_SHARD: Final = frozenset({State.WAKING, State.AWAKE, State.GOING})
STAYING: Final = frozenset({State.WAKING, State.AWAKE})


@dataclass(slots=True)
class Twin:
    """One twin; times are those of a clock that nobody sets, in seconds."""

    name: str
    server_name: str
    trust: str
    state: State = State.DOWN
    since: float = 0.0
    """When it came into this state."""
    why: str | None = None
    """What went wrong last, or why it is down; None when all is well."""
    shard: int = 0
    """Where it is while it is waking, awake or going; 0 is nowhere."""
    alarm: int | None = None
    """When it has to be awake again, in milliseconds since 1970."""
    unreachable: bool = False
    """Other servers may have given it up, so that it has to greet them when it wakes."""
    owed: bool = False
    """It has to wake even when nobody knocks: what it had to do next was lost, or is due."""
    greeting: bool = False
    """It wakes in the round after the start."""
    on_duty: bool = False
    """It woke because something was due, and not for anybody who asked."""
    failures: int = 0
    """How often in a row it could not be loaded, or ended by itself."""
    deaths: int = 0
    """How often in a row the shard died that it was in."""
    suspect: bool = False
    """Its shard died while it was loaded."""
    ready: float = 0.0
    """It is not tried before."""
    leaving: bool = False
    """It goes down as soon as it sleeps."""
    at_once: bool = False
    """It was told to go whatever it does."""
    watched: bool = False
    """Its socket is watched."""
    wanted: float = 0.0
    """Since when it was to be awake, when it woke last."""
    woke: float = 0.0
    """When it was awake last for the first moment."""
    used: float = 0.0
    """When it was used last, as far as its shard has said."""
    busy: str | None = None
    requests: int = 0
    queue: int = 0
    problem: str | None = None
    """Why it can keep nothing of what it is told, while it is awake."""

    @property
    def shown(self) -> str:
        """The state's name for people.

        One that sleeps because it failed is `failing`, one that is awake and can't write is `unwell`.
        """
        if self.state is State.ASLEEP and self.why is not None:
            return "failing"
        if self.state is State.AWAKE and self.problem is not None:
            return "unwell"
        return self.state.value

    def awake_for(self, now: float) -> float:
        """Return for how many seconds it has been awake; 0 when it is not."""
        return now - self.woke if self.state in {State.AWAKE, State.GOING} else 0.0


@dataclass(slots=True)
class Shard:
    """One process with twins of one trust domain."""

    number: int
    trust: str
    reported: float
    """When it said last how its twins are; at first when it was made."""
    twins: set[str] = field(default_factory=set)
    asked: float | None = None
    """Since when an answer is awaited."""
    ending: bool = False
    """It was told to end, or is to be killed; it gets no twins any more."""
    kill_at: float | None = None


@dataclass(frozen=True, slots=True)
class Fork:
    """Make a shard."""

    shard: int
    trust: str


@dataclass(frozen=True, slots=True)
class Wake:
    """Tell a shard to load a twin, and pass its socket along."""

    shard: int
    name: str
    was_unreachable: bool


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell a shard something else."""

    shard: int
    message: Sleep | Stop | Ask


@dataclass(frozen=True, slots=True)
class Kill:
    """End a shard that does not end by itself, or hangs."""

    shard: int


@dataclass(frozen=True, slots=True)
class Watch:
    """Say when somebody connects to a twin's socket."""

    name: str


@dataclass(frozen=True, slots=True)
class Ignore:
    """Watch its socket no longer; it stays open."""

    name: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close a twin's socket, watched or not, and remove it: the twin is down."""

    name: str


Order: TypeAlias = Fork | Wake | Tell | Kill | Watch | Ignore | Close
