"""How long things may take and how often they are tried: the keeper's figures, all in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The figures; tests shorten them."""

    first_pause: float = 10.0
    """After a twin failed, or its shard died twice in a row; each further time is twice as long."""
    longest_pause: float = 600.0
    steady: float = 600.0
    """A twin that was awake for so long is no longer suspected for what happened before."""
    tenancy: float = 10.0
    """A twin that woke may stay for so long at least: it is to answer who woke it."""
    patience: float = 30.0
    """A twin that waits for room for longer than this makes a busy one leave, what it does is cut."""
    unreachable: float = 60.0
    """Who waited for so long may have been given up by other servers."""
    going: float = 120.0
    """A twin that takes longer to go to sleep is stuck, and its shard is killed."""
    stop: float = 30.0
    """What a process has to end politely."""
    ask: float = 60.0
    """A shard is asked how its twins are that often."""
    fresh: float = 5.0
    """What a shard said is true for so long, when it is to be decided who leaves."""
    hurry: float = 1.0
    """Nobody waits longer than this for a shard's answer to the question how its twins are."""
    silence: float = 120.0
    """A shard that has not answered for so long hangs, and is killed."""
    silence_loading: float = 1800.0
    """The same while it loads a twin: a new version of Synapse may have to convert a large database."""
    alarm: float = 300.0
    """The longest sleep of the keeper while an alarm is set: clocks are put right, machines suspended."""
    front_first_pause: float = 1.0
    front_longest_pause: float = 60.0
    front_steady: float = 60.0
    """A front that lived for so long starts again after the first pause."""
    write: float = 5.0
    """What the keeper counts is written that often at most."""

    def pause(self, times: int) -> float:
        """Return how long to wait after something went wrong so many times in a row."""
        return doubled(self.first_pause, self.longest_pause, times)

    def front_pause(self, times: int) -> float:
        """Return how long to wait before a front that died so many times in a row starts again."""
        return doubled(self.front_first_pause, self.front_longest_pause, times)


def doubled(first: float, longest: float, times: int) -> float:
    """Return the first pause, doubled each time after the first; 0 before the first."""
    return min(first * 2.0 ** min(times - 1, 30), longest) if times > 0 else 0.0
