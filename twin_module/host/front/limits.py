"""How long the front waits for whom, and how much it takes of whom."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The figures; tests shorten them. A twin may take as long for an answer as it likes."""

    head_seconds: float = 10.0
    """For the handshake of TLS, and for the head of a request from its first byte on."""
    idle_seconds: float = 75.0
    """How long a client may stay without asking anything."""
    stall_seconds: float = 60.0
    """How long a client may leave the next part of its body out, or take nothing of an answer."""
    wake_seconds: float = 240.0
    """How long the queue of a twin may be full, and a client may wait for the word to go on."""
    grace_seconds: float = 5.0
    """What answers under way have when the front ends."""
    linger_seconds: float = 2.0
    """How long a client may go on sending that has its last answer, so that it can read that one."""
    head_bytes: int = 16 * 1024
    headers: int = 100
    connections: int = 4000
    connections_of_one: int = 400
    """Of one address outside of this machine; a family and its devices may share one."""
