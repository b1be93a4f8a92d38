"""The process that everybody depends on: a loop without a reactor, without threads, that never waits for anybody.

It holds the sockets, forks the others, and does what the plan says.
"""

import logging
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from twin_module.host.channel import Load
from twin_module.host.doors import doors_of
from twin_module.host.errors import HostError
from twin_module.host.keeper import systemd
from twin_module.host.keeper.client import is_answered
from twin_module.host.keeper.control import Control
from twin_module.host.keeper.front import Front, RunFront
from twin_module.host.keeper.handover import Handover
from twin_module.host.keeper.pace import Pace
from twin_module.host.keeper.plan import Plan
from twin_module.host.keeper.requests import Requests
from twin_module.host.keeper.shards import RunShard, Shards
from twin_module.host.keeper.sockets import allow_many_files, listen_for
from twin_module.host.keeper.status import changed_twins, shards_now
from twin_module.host.keeper.twins import (
    Close,
    Fork,
    Ignore,
    Kill,
    Order,
    State,
    Tell,
    Wake,
    Watch,
)
from twin_module.host.keeper.versions import digest_of_packages, installed_versions
from twin_module.host.keeper.written import Told, Written
from twin_module.host.lock import FolderLock
from twin_module.host.options import HostOptions
from twin_module.host.places import Places
from twin_module.host.table import Entry, find_entry, read_table
from twin_module.host.users import FOR_PASSING, Users, forget_answers, give, let_front_read

END: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
LOCK_SECONDS: Final = 2.0
"""Commands hold the lock for a moment, to see whether a host runs."""
EARLIER_SECONDS: Final = 30.0
"""How long the front of a host that was killed may take to leave its doors."""
LOOK_SECONDS: Final = 0.05
"""Who is in the group goes through to the sockets, and does not look."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Programs:
    """What the keeper's children do; functions, since they are forked."""

    warm_up: Callable[[], None]
    """Called once before the first fork: what it leaves in memory is there for all."""
    run_shard: RunShard
    run_front: RunFront


class Keeper:
    """The keeper of one data folder."""

    def __init__(
        self,
        places: Places,
        options: HostOptions,
        programs: Programs,
        pace: Pace | None = None,
        users: Users | None = None,
        left: Handover | None = None,
    ) -> None:
        """Begin with what an earlier program of this process has `left`, or with nothing."""
        self.pace = pace or Pace()
        self.plan = Plan(options, self.pace)
        self.turns = 0
        self.started = int(time.time())
        self.versions = installed_versions()
        self.packages = digest_of_packages()
        self.renewals = left.renewals if left else 0
        self._places = places
        self._options = options
        self._programs = programs
        self._users = users or Users()
        self._left = left
        self._renews = False
        self._selector = selectors.DefaultSelector()
        self._sockets: dict[str, socket.socket] = {}
        """By server name."""
        self._front = Front(places, self._users, programs.run_front, self.pace)
        self._shards = Shards(
            self._selector,
            self.plan,
            programs.run_shard,
            places,
            self._users,
            options.quiet_seconds,
            self.now,
        )
        self._written = Written(
            places.run, self.pace.write, lambda path: let_front_read(path, self._users)
        )
        self._signals: socket.socket | None = None

    def run(self) -> Handover | None:
        """Be the keeper, until a signal or the command `twin` says to end; all children have ended then.

        Returns:
            What is left to the program that is to take its place, when it was told that one shall.

        Raises:
            HostError: another host runs on this folder, or something of the machine is in the way.
        """
        left = None
        with self._locked() as lock, self._hearing_signals():
            try:
                control = self._open()
                try:
                    self._loop(control)
                    if self._renews:
                        left = self._leave(control, lock)
                finally:
                    if left is None:
                        control.close()
            finally:
                if left is None:
                    self._close()
        return left

    # What requests need

    def now(self) -> float:
        """Return the time of a clock that nobody sets, in seconds."""
        return time.monotonic()

    def wall(self) -> int:
        """Return the time of day, in milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    @property
    def pids(self) -> Mapping[int, int]:
        """The process of each shard."""
        return self._shards.pids

    @property
    def front_pid(self) -> int | None:
        """The process of the front."""
        return self._front.pid

    @property
    def over(self) -> bool:
        """Whether all children have ended, and no others are to come."""
        return self.plan.stopping and not self._shards.pids and not self._front.pids

    def look_up(self, name: str, *, up: bool) -> None:
        """Read a twin's line in the table again, and take it in if it is up, or is to be.

        Raises:
            HostError: there is no such line, or something is wrong with it.
        """
        if self._renews:
            raise HostError("The host changes its program just now; try again in a moment.")
        known = self.plan.twins.get(name)
        try:
            entry = find_entry(self._places.data, name)
        except HostError:
            if known is not None and known.state is State.DOWN:
                self.plan.forget(name)
                return
            raise
        if known is not None and known.state is not State.DOWN:
            if (known.server_name, known.trust) != (entry.server_name, entry.trust):
                raise HostError(
                    f"{name}'s line in the table changed; take the twin down first: `twin down {name}`."
                )
            self.plan.up(entry, self.now())
        elif up or entry.state == "up":
            self._take_in(entry)
        else:
            self.plan.note_down(entry, None, self.now())
        let_front_read(self._places.well_known(entry.server_name), self._users)
        self._front.open(
            doors_of(self._options, read_table(self._places.data).values()), self.now()
        )

    def read_again(self) -> None:
        """Have the front read certificates again."""
        self._front.read_again()

    def stop(self) -> None:
        """Let all twins sleep and all children end."""
        if self._renews or not self.plan.stopping:
            _log.info("The host ends")
            systemd.stopping()
            self._renews = False
            self.plan.stop(self.now())
            self._front.end(self.now())

    def renew(self) -> None:
        """Let all twins sleep and all children end, so that another program takes the place of this one.

        Raises:
            HostError: it ends, or does so already.
        """
        if self._renews:
            raise HostError("The host changes its program already; see `twin status`.")
        if self.plan.stopping:
            raise HostError("The host ends; start it with `twin up`.")
        _log.info("The host changes its program")
        systemd.reloading()
        self._renews = True
        # What the front has begun to answer may still need twins; those end after it.
        self._front.end(self.now())

    # Beginning and end

    @contextmanager
    def _locked(self) -> Iterator[FolderLock]:
        lock, until = FolderLock(self._places.lock), self.now() + LOCK_SECONDS
        if self._left is not None:
            lock.adopt(self._left.lock)
        try:
            self._places.run.mkdir(exist_ok=True)
            self._places.run.chmod(FOR_PASSING)
            # Addresses of sockets are short by law; see `Places`.
            os.chdir(self._places.data)
            while self._left is None and not lock.take():
                if is_answered(self._places) or self.now() > until:
                    raise HostError(
                        f"A host runs in {self._places.data} already; see `twin status`."
                    )
                time.sleep(LOOK_SECONDS)
        except OSError as error:
            raise HostError(f"No host can run in {self._places.data}: {error.strerror}.") from None
        with lock:
            yield lock

    @contextmanager
    def _hearing_signals(self) -> Iterator[None]:
        """Have signals wake the loop, as bytes in a socket."""
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        kinds = (*END, signal.SIGCHLD)
        handlers = {kind: signal.signal(kind, lambda *_: None) for kind in kinds}
        before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        self._signals = ours
        self._selector.register(ours, selectors.EVENT_READ, self._hear_signals)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            for kind, handler in handlers.items():
                signal.signal(kind, handler)
            ours.close()
            theirs.close()
            self._selector.close()

    def _open(self) -> Control:
        was_killed = self._left is None and self._places.control.exists()
        try:
            if self._left is None:
                for left_over in self._places.run.glob("*.sock"):
                    left_over.unlink()
            path = str(self._places.control.relative_to(self._places.data))
            listening = self._left.control if self._left else None
            control = Control(self._selector, path, Requests(self).handle, self.now, listening)
        except OSError as error:
            raise HostError(f"{self._places.run} can't be written: {error.strerror}.") from None
        try:
            allow_many_files()
            table = read_table(self._places.data)
            self._open_doors(table, patient=was_killed)
            for entry in table.values():
                if entry.state == "up":
                    self._try_to_take_in(entry)
                else:
                    self.plan.note_down(entry, None, self.now())
            self._close_what_nobody_took()
            self._programs.warm_up()
        except BaseException:
            control.close()
            raise
        _log.info("The host runs with %s twins", len(self.plan.twins))
        systemd.ready()
        return control

    def _open_doors(self, table: Mapping[str, Entry], *, patient: bool) -> None:
        """Open the doors; those of a host that was killed are free when its front has seen that."""
        until = self.now() + (EARLIER_SECONDS if patient else 0)
        left = self._left.doors if self._left else None
        while True:
            try:
                self._front.open(doors_of(self._options, table.values()), self.now(), left)
            except HostError:
                if self.now() >= until:
                    raise
                time.sleep(LOOK_SECONDS)
            else:
                return

    def _close_what_nobody_took(self) -> None:
        """Close what the earlier program listened at and this one does not, as the table was changed."""
        if self._left is not None:
            for server_name in self._left.twins:
                self._places.socket(server_name).unlink(missing_ok=True)
            self._left.close()
            self._left = None

    def _leave(self, control: Control, lock: FolderLock) -> Handover:
        twins = dict(self._sockets)
        self._sockets.clear()
        self._shards.close()
        return Handover(
            lock.leave(), control.leave(), twins, self._front.leave(), renewals=self.renewals
        )

    def _close(self) -> None:
        self._shards.close()
        self._front.close()
        for server_name in list(self._sockets):
            self._close_socket(server_name)
        self._written.remove()
        self._places.control.unlink(missing_ok=True)
        _log.info("The host has ended")

    # The loop

    def _loop(self, control: Control) -> None:
        while True:
            self._turn()
            control.settle()
            if self.over:
                return
            self.turns += 1
            for key, _ in self._selector.select(self._rest(control)):
                key.data()

    def _turn(self) -> None:
        """Do what follows from what happened."""
        if self._renews and not self._front.pids and not self.plan.stopping:
            self.plan.stop(self.now())
        # What is done may have consequences at once: a shard that can't be forked is a dead one.
        while orders := self.plan.decide(self.now(), self.wall()):
            for order in orders:
                self._obey(order)
        self._front.tend(self.now())
        self.plan.numbers.front_deaths = self._front.deaths
        self._written.write(self._changes, self._told, self.now())

    def _rest(self, control: Control) -> float | None:
        now = self.now()
        due = (
            self.plan.rest(now, self.wall()),
            self._front.rest(now),
            self._written.rest(self._changes, now),
            control.rest(now),
        )
        return min((seconds for seconds in due if seconds is not None), default=None)

    @property
    def _changes(self) -> int:
        return self.plan.changes + self._front.deaths

    def _told(self) -> Told:
        told = {
            **self.plan.numbers.written(),
            "shards": shards_now(self.plan, self.pids),
            "keeper": {"pid": os.getpid(), "started": self.started},
        }
        return told, changed_twins(self.plan)

    def _obey(self, order: Order) -> None:
        match order:
            case Fork(number, trust):
                self._shards.start(number, trust)
            case Wake(number, name, was_unreachable):
                folder, server_name = str(self._places.folder(name)), self._server_name(name)
                load = Load(name, server_name, folder, was_unreachable)
                self._shards.load(number, load, self._sockets[server_name])
            case Tell(number, message):
                self._shards.tell(number, message)
            case Kill(number):
                self._shards.kill(number)
            case Watch(name):
                self._selector.register(
                    self._sockets[self._server_name(name)],
                    selectors.EVENT_READ,
                    lambda: self.plan.knock(name, self.now()),
                )
            case Ignore(name):
                self._selector.unregister(self._sockets[self._server_name(name)])
            case Close(name):
                self._close_socket(self._server_name(name))

    def _server_name(self, name: str) -> str:
        return self.plan.twins[name].server_name

    def _hear_signals(self) -> None:
        assert self._signals is not None  # noqa: S101 - it is registered
        heard = self._signals.recv(4096)
        if END & set(heard):
            self.stop()
        if signal.SIGCHLD in heard:
            self._shards.reap()
            self._reap_fronts()

    def _reap_fronts(self) -> None:
        for pid in self._front.pids:
            if os.waitpid(pid, os.WNOHANG)[0]:
                self._front.died(pid, self.now())

    # Sockets

    def _take_in(self, entry: Entry) -> None:
        if entry.server_name in self._sockets:
            raise HostError(f"{entry.server_name} is another twin's server name.")
        account = self._users.of_domain(entry.trust)
        if account is not None and self._places.folder(entry.name).exists():
            # Whoever made it or put it back.
            give(self._places.folder(entry.name), account)
        forget_answers(self._places, entry.server_name, self._users)
        found = self._left.twins.pop(entry.server_name, None) if self._left else None
        self._sockets[entry.server_name] = found or listen_for(
            self._places, entry.server_name, self._users.group
        )
        self.plan.up(entry, self.now())

    def _try_to_take_in(self, entry: Entry) -> None:
        try:
            self._take_in(entry)
        except HostError as error:
            _log.error("%s's twin is down: %s", entry.name, error)
            self.plan.note_down(entry, str(error), self.now())

    def _close_socket(self, server_name: str) -> None:
        listening = self._sockets.pop(server_name)
        if listening.fileno() in self._selector.get_map():
            self._selector.unregister(listening)
        path = listening.getsockname()
        listening.close()
        self._places.data.joinpath(path).unlink(missing_ok=True)
