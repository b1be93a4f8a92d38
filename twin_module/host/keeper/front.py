"""The front's process: it is started again when it dies, and its doors stay open meanwhile."""

import logging
import os
import signal
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from twin_module.host.doors import opened
from twin_module.host.errors import HostError
from twin_module.host.keeper.children import fork
from twin_module.host.keeper.pace import Pace
from twin_module.host.options import Door
from twin_module.host.places import Places
from twin_module.host.users import Users

RunFront: TypeAlias = Callable[[Places, Sequence[tuple[Door, socket.socket]], socket.socket], None]

_log = logging.getLogger(__name__)


class Front:
    """At most one front at a time takes connections; one that was told to end may end its answers."""

    def __init__(self, places: Places, users: Users, run: RunFront, pace: Pace) -> None:
        self.pid: int | None = None
        self.deaths = 0
        """All, for those who count."""
        self._places = places
        self._users = users
        self._run = run
        self._pace = pace
        self._doors: dict[Door, socket.socket] = {}
        self._alive: socket.socket | None = None
        self._ending: dict[int, float] = {}
        """Those told to end, and when they are killed."""
        self._started = 0.0
        self._in_a_row = 0
        self._start_at: float | None = None

    @property
    def pids(self) -> set[int]:
        """All its processes."""
        return {*self._ending, *([self.pid] if self.pid else [])}

    def open(
        self, doors: Iterable[Door], now: float, left: dict[Door, socket.socket] | None = None
    ) -> None:
        """Listen at these doors and at no others.

        Args:
            doors: all there are to be.
            now: the time.
            left: those that an earlier program left open; the ones that are wanted are taken out.

        Raises:
            HostError: one can't be opened; nothing was changed.
        """
        wanted = set(doors)
        found = {} if left is None else left
        made: dict[Door, socket.socket] = {}
        try:
            for door in wanted - self._doors.keys() - found.keys():
                made[door] = opened(door)
        except HostError:
            for listening in made.values():
                listening.close()
            raise
        made |= {door: found.pop(door) for door in wanted & found.keys()}
        gone = self._doors.keys() - wanted
        for door in gone:
            self._doors.pop(door).close()
        self._doors.update(made)
        if made or gone:
            self.end(now)
            self._start_at = now if self._doors else None

    def tend(self, now: float) -> None:
        """Start it when it is time, and kill those that do not end."""
        for pid, until in self._ending.items():
            if now >= until:
                os.kill(pid, signal.SIGKILL)
                self._ending[pid] = now + self._pace.stop
        if self._start_at is not None and now >= self._start_at:
            self._start(now)

    def rest(self, now: float) -> float | None:
        """Return for how many seconds nothing is to be done unless it dies."""
        due = [until - now for until in self._ending.values()]
        if self._start_at is not None:
            due.append(self._start_at - now)
        return max(0.0, min(due)) if due else None

    def died(self, pid: int, now: float) -> None:
        """Take note that one of its processes is gone."""
        if pid != self.pid:
            self._ending.pop(pid, None)
            return
        self.deaths += 1
        self._forget()
        self._try_later(now, steady=now - self._started >= self._pace.front_steady)

    def read_again(self) -> int | None:
        """Have it read certificates again; returns its process, None when there is none."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGHUP)
        return self.pid

    def end(self, now: float) -> None:
        """Tell it to end what it does and then itself; it is not started again."""
        self._start_at = None
        if self.pid is not None:
            os.kill(self.pid, signal.SIGTERM)
            self._ending[self.pid] = now + self._pace.stop
            self._forget()

    def close(self) -> None:
        """Close the doors."""
        for listening in self.leave().values():
            listening.close()

    def leave(self) -> dict[Door, socket.socket]:
        """Return the doors, which are open, and know them no longer."""
        doors, self._doors = self._doors, {}
        self._forget()
        return doors

    def _start(self, now: float) -> None:
        sockets = sorted(self._doors.items(), key=lambda each: (each[0].port, each[0].address))
        self._start_at, self._started = None, now
        try:
            ours, theirs = socket.socketpair()
            with theirs:
                kept = [theirs.fileno(), *(listening.fileno() for _, listening in sockets)]
                self._alive = ours
                self.pid = fork(lambda: self._be(sockets, theirs), kept)
        except OSError as error:
            _log.error("The front can't be started: %s", error)
            self._forget()
            self._try_later(now, steady=False)

    def _be(self, sockets: Sequence[tuple[Door, socket.socket]], alive: socket.socket) -> None:
        # The doors are open, which is all that root was needed for.
        self._run(self._users.enter(self._users.of_front(), self._places), sockets, alive)

    def _try_later(self, now: float, *, steady: bool) -> None:
        self._in_a_row = 1 if steady else self._in_a_row + 1
        pause = self._pace.front_pause(self._in_a_row)
        self._start_at = now + pause
        _log.error("The front ended; it starts again in %.0f s", pause)

    def _forget(self) -> None:
        self.pid = None
        if self._alive is not None:
            self._alive.close()
            self._alive = None
