"""What a process that was forked has from its parent and must not keep: descriptors, handlers, the reactor."""

import os
import signal
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

STANDARD: Final = frozenset({0, 1, 2})


def let_go(kept: Collection[int]) -> None:
    """Give up all descriptors but these and the standard ones.

    The parent's end of another shard's channel, left open here, would hide from that shard that
    the parent died; and a twin's socket is nothing for those of another trust domain. The numbers
    stay taken, by nothing: objects of the parent, of which there are copies here, may close them
    at any time.
    """
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for number in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if number not in STANDARD and number not in kept and number != nothing and _is_open(number):
            os.dup2(nothing, number, inheritable=False)
    os.close(nothing)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        # That of the listing itself.
        return False
    return True


def speak_to(log: Path) -> None:
    """Let what is printed go to a log; nobody sits at this process."""
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        # A system user of its own, who may not write there, goes on where its parent speaks.
        return
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def deaf_to_the_terminal() -> None:
    """Leave Ctrl-C, which reaches the whole group, to the parent, and hear of signals no more as it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)


def renew(reactor: Any) -> None:
    """Make the reactor anew: what it polls with is shared with the parent until then.

    Made by importing, it never ran, and others hold it by name, so it stays the same object.
    """
    reactor.__init__()
