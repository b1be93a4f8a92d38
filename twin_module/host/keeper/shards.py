"""The shards' processes: forked, spoken to, heard, killed, and reaped."""

import logging
import os
import selectors
import signal
import socket
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from twin_module.host.channel import Channel, Load, Message
from twin_module.host.keeper.children import fork
from twin_module.host.keeper.plan import Plan
from twin_module.host.places import Places
from twin_module.host.users import Users

RunShard: TypeAlias = Callable[[Channel, Path, float, Path | None], None]

AT_A_TIME: Final = 200
"""How many messages of one shard are heard before others have their turn."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Running:
    pid: int
    channel: Channel
    unsent: deque[tuple[Message, socket.socket | None]] = field(default_factory=deque)
    hears: bool = True
    """Whether its channel is open."""


class Shards:
    """The processes by the number that the plan knows them by."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        plan: Plan,
        run: RunShard,
        places: Places,
        users: Users,
        quiet_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._selector = selector
        self._plan = plan
        self._run = run
        self._places = places
        self._users = users
        self._quiet_seconds = quiet_seconds
        self._clock = clock
        self._running: dict[int, _Running] = {}

    @property
    def pids(self) -> Mapping[int, int]:
        """The process of each."""
        return {number: running.pid for number, running in self._running.items()}

    def start(self, number: int, trust: str) -> None:
        """Fork one; when that is not possible, the plan is told that it died."""

        def be_shard() -> None:
            places = self._users.enter(self._users.of_domain(trust), self._places)
            self._run(theirs, places.data, self._quiet_seconds, places.own)

        try:
            ours, theirs = Channel.pair()
        except OSError as error:
            self._not_started(number, error)
            return
        try:
            pid = fork(be_shard, {theirs.fileno()})
        except OSError as error:
            ours.close()
            self._not_started(number, error)
            return
        finally:
            theirs.close()
        self._running[number] = _Running(pid, ours)
        self._selector.register(ours, selectors.EVENT_READ, lambda: self._serve(number))
        _log.info("Shard %s of %s is process %s", number, trust, pid)

    def tell(self, number: int, message: Message) -> None:
        """Send a message, as soon as the shard takes it."""
        self._send(number, message, None)

    def load(self, number: int, message: Load, listening: socket.socket) -> None:
        """Send an order to load a twin, and the twin's socket."""
        self._send(number, message, listening)

    def kill(self, number: int) -> None:
        """Kill one that hangs, or does not end."""
        if number in self._running:
            _log.error("Shard %s is killed; it hangs or does not end", number)
            os.kill(self._running[number].pid, signal.SIGKILL)

    def reap(self) -> None:
        """See who has ended, and hear what they said last."""
        for number, running in list(self._running.items()):
            ended, status = os.waitpid(running.pid, os.WNOHANG)
            if ended:
                while running.hears and self._hear(number, running):
                    pass
                self._deafen(running)
                running.channel.close()
                del self._running[number]
                _log.info(
                    "Shard %s ended with status %s", number, os.waitstatus_to_exitcode(status)
                )
                self._plan.died(number, self._clock())

    def close(self) -> None:
        """Close all channels; whoever still runs sees it and ends."""
        for running in self._running.values():
            self._deafen(running)
            running.channel.close()
        self._running.clear()

    def _not_started(self, number: int, error: OSError) -> None:
        _log.error("A shard can't be started: %s", error.strerror)
        self._plan.died(number, self._clock())

    def _send(self, number: int, message: Message, listening: socket.socket | None) -> None:
        running = self._running.get(number)
        if running is not None and running.hears:
            running.unsent.append((message, listening))
            self._flush(number, running)

    def _serve(self, number: int) -> None:
        running = self._running.get(number)
        if running is None:
            return
        self._flush(number, running)
        for _ in range(AT_A_TIME):
            if not running.hears or not self._hear(number, running):
                return

    def _flush(self, number: int, running: _Running) -> None:
        try:
            while running.unsent:
                message, listening = running.unsent[0]
                running.channel.send(message, listening.fileno() if listening else None)
                running.unsent.popleft()
        except BlockingIOError:
            pass
        except OSError:
            self._closed(number, running)
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if running.unsent else 0)
        if running.hears and self._selector.get_key(running.channel).events != events:
            self._selector.modify(running.channel, events, lambda: self._serve(number))

    def _hear(self, number: int, running: _Running) -> bool:
        """Take in one message; False when there is none."""
        try:
            heard = running.channel.receive()
            if heard is None:
                self._closed(number, running)
                return False
            message, descriptor = heard
            if descriptor is not None:
                os.close(descriptor)
            self._plan.hear(number, message, self._clock())
        except BlockingIOError:
            return False
        except Exception:  # noqa: BLE001 - it talks with strangers, and may say anything
            _log.exception("Shard %s said what no shard says", number)
            self._plan.condemn(number, self._clock())
            self._deafen(running)
            return False
        return True

    def _closed(self, number: int, running: _Running) -> None:
        self._deafen(running)
        self._plan.closed(number, self._clock())

    def _deafen(self, running: _Running) -> None:
        if running.hears:
            running.hears = False
            running.unsent.clear()
            self._selector.unregister(running.channel)
