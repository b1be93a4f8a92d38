"""One twin in a process that it shares: a whole homeserver, loaded and unloaded without a trace."""

import logging
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol, Self, cast

from synapse.app.homeserver import SynapseHomeServer, create_homeserver, start
from synapse.config import ConfigError
from synapse.config.homeserver import HomeServerConfig
from synapse.logging.context import (  # type: ignore[attr-defined]  # not in its __all__
    LoggingContext,
    make_deferred_yieldable,
)
from synapse.storage.engines import IncorrectDatabaseSetup
from synapse.storage.prepare_database import UpgradeDatabaseException
from synapse.util.duration import Duration

from twin_module.host.database import ensure_database
from twin_module.host.errors import HostError
from twin_module.host.lock import FolderLock
from twin_module.host.places import Places
from twin_module.host.shard import duties, insides
from twin_module.host.shard.disk import Disk, is_full
from twin_module.host.shard.local import LocalAgent
from twin_module.host.shard.settings import read_settings
from twin_module.host.shard.template import ensure_template
from twin_module.host.shard.tenant_clock import TenantClock
from twin_module.host.shard.tenant_reactor import TenantReactor

logger = logging.getLogger(__name__)

LOCK: Final = "running.lock"
LOOK: Final = Duration(milliseconds=50)
EARLIER_SECONDS: Final = 20.0
"""How long the process that had the twin before may take to end."""
FINISH_SECONDS: Final = 5.0
"""How long requests that were cut off may take to notice."""
READY_SECONDS: Final = 60.0
"""How long a twin may take to start before it greets its peers."""
READING: Final = (b"GET", b"HEAD")
HEALTH: Final = b"/health"


class Module(Protocol):
    """What a twin's module says of itself; other modules say nothing."""

    def busy(self) -> str | None:
        """Say what is under way that is in memory only."""

    async def next_alarm(self) -> int | None:
        """Say when something has to be done next, in milliseconds since 1970."""

    async def greet_peers(self) -> None:
        """Make one signed request to each server that may hold something back."""


class Tenant:
    """A loaded twin. All methods belong to the reactor's thread."""

    def __init__(
        self, name: str, server_name: str, folder: Path, reactor: TenantReactor, disk: Disk
    ) -> None:
        self.name = name
        self.server_name = server_name
        self.requests = 0
        """How many it has answered, or begun to, since it was loaded."""
        self.disk = disk
        self._folder = folder
        self._reactor = reactor
        self._lock = FolderLock(folder / LOCK)
        self._modules: list[Module] = []
        self._hs: SynapseHomeServer | None = None
        self._used: float = reactor.seconds()
        self._greeting = False

    # Loading

    @classmethod
    async def load(
        cls,
        name: str,
        server_name: str,
        folder: Path,
        listening: socket.socket,
        disk: Disk | None = None,
    ) -> Self:
        """Load a twin, and let it answer on a socket that listens already.

        Args:
            name: the first part of the owner's Matrix ID.
            server_name: has to be that of the folder's homeserver.yaml.
            folder: everything of the twin, in the data folder of its host.
            listening: of the family AF_UNIX; it is closed here, also after a failure.
            disk: what is to be known of its disk, which hears of what fails.

        Raises:
            HostError: says in one sentence why it can't be loaded; nothing of it is left behind.
        """
        # Imported here: whoever imports this module decides which reactor there is.
        from twisted.internet import reactor  # noqa: PLC0415

        with listening, LoggingContext(name="load", server_name=server_name):
            own = TenantReactor(reactor, listening)
            tenant = cls(name, server_name, folder, own, disk or Disk(folder))
            try:
                await tenant._take_lock()
                await tenant._start(listening.getsockname())
            except (Exception, SystemExit) as error:
                if not isinstance(error, HostError):
                    logger.exception("The twin of %s could not be loaded", name)
                await tenant.unload()
                raise _told(name, folder, error) from error
            return tenant

    async def _take_lock(self) -> None:
        clock = TenantClock(cast("Any", self._reactor), self.server_name)
        until = self._reactor.seconds() + EARLIER_SECONDS
        if not self._folder.is_dir():
            raise HostError(f"The folder {self._folder} is missing; put it back from a backup.")
        while not self._lock.take():
            if self._reactor.seconds() > until:
                raise HostError(f"Another process runs the twin in {self._folder}; stop it.")
            await clock.sleep(LOOK)

    async def _start(self, address: str) -> None:
        config = read_settings(self._folder, self.server_name, address)
        config.modules.loaded_modules = [
            (self._noted(module), options) for module, options in config.modules.loaded_modules
        ]
        await _ensure_database(self._folder, config, self._reactor)
        self.disk.also(Path(config.media.media_store_path))
        hs = create_homeserver(config, cast("Any", self._reactor))
        self._hs = hs
        insides.use_clock(hs, TenantClock(cast("Any", self._reactor), self.server_name))
        hs.setup()
        await duties.free_locks(hs)
        client = hs.get_federation_http_client()
        client.agent = LocalAgent(self._reactor, Places(self._folder.parent), client.agent)
        # Not frozen: what is frozen can't be freed.
        await start(hs, freeze=False)
        insides.forget_cache_sizes()
        self._count_requests()
        duties.resume(hs)

    def _noted(self, module: Callable[..., Any]) -> Callable[..., Any]:
        """Return how to make a module so that it is known here."""

        def make(*arguments: Any) -> Any:
            made = module(*arguments)
            if all(hasattr(made, name) for name in ("busy", "next_alarm", "greet_peers")):
                self._modules.append(made)
            return made

        return make

    def _count_requests(self) -> None:
        if self._reactor.port is None:
            raise HostError(f"The twin of {self.name} has nothing that listens; tell its makers.")
        site: Any = self._reactor.port.factory
        resource_of = site.getResourceFor

        def counted(request: Any) -> Any:
            # Whoever only asks whether it is well does not use it.
            if request.path != HEALTH:
                self.requests += 1
                self._note_use()
                request.notifyFinish().addBoth(lambda _: self._note_use())
            return resource_of(request)

        site.getResourceFor = counted

    def _note_use(self) -> None:
        self._used = self._reactor.seconds()

    # While it is awake

    @property
    def homeserver(self) -> SynapseHomeServer:
        """The homeserver; there is none any more after `unload`."""
        if self._hs is None:
            raise RuntimeError(f"The twin of {self.name} is not loaded")
        return self._hs

    @property
    def idle(self) -> float:
        """Seconds since it was last used; 0 while a request is open."""
        return 0.0 if self._open_requests() else self._reactor.seconds() - self._used

    @property
    def is_answering(self) -> bool:
        """Whether a request is open."""
        return self._open_requests() > 0

    @property
    def queue(self) -> int:
        """How many servers it still has to send something to."""
        return duties.queue_length(self.homeserver)

    def why_awake(self, now: float) -> str | None:
        """Say in a few words what would be lost or cut if it slept now (seconds since 1970)."""
        return next(self._reasons(now), None)

    def _reasons(self, now: float) -> Iterator[str]:
        if number := self._open_requests():
            yield "1 open request" if number == 1 else f"{number} open requests"
        if self._greeting:
            yield "greets its peers"
        yield from duties.running(self.homeserver, now)
        for module in self._modules:
            if busy := module.busy():
                yield busy

    def _open_requests(self) -> int:
        """Count requests that are being answered: long polls and streams, too, and WebSockets."""
        return sum(len(connection.requests) for connection in self._connections())

    def _connections(self) -> list[Any]:
        return [] if self._reactor.port is None else list(self._reactor.port.factory.connections)

    async def next_alarm(self) -> int | None:
        """Return when it has to be awake next, in milliseconds since 1970; None when nothing is due."""
        with LoggingContext(name="next_alarm", server_name=self.server_name):
            times = [await duties.next_duty(self.homeserver)]
            for module in self._modules:
                times.append(await module.next_alarm())
        return min((each for each in times if each is not None), default=None)

    async def try_to_write(self) -> None:
        """See whether its disk takes again what it did not take."""
        with LoggingContext(name="try_to_write", server_name=self.server_name):
            await self.disk.try_to_write(self.homeserver)

    def greet_peers(self) -> None:
        """Show other servers that it is there again, so that they send what they held back."""
        self._greeting = True
        self.homeserver.run_as_background_process("twin_greet_peers", self._greet)

    async def _greet(self) -> None:
        try:
            # It says that it is busy while it starts.
            await self._wait(
                lambda: all(module.busy() is None for module in self._modules), READY_SECONDS
            )
            for module in self._modules:
                await module.greet_peers()
        except Exception:
            # They come by themselves later; nothing depends on it.
            logger.exception("Could not greet the peers of %s", self.name)
        finally:
            self._greeting = False

    def pause(self) -> None:
        """Accept no new connection for now; they wait."""
        if self._reactor.port is not None:
            self._reactor.port.stopReading()

    def go_on(self) -> None:
        """Accept connections again."""
        if self._reactor.port is not None:
            self._reactor.port.startReading()

    # Unloading

    async def unload(self) -> None:
        """Free all that it holds; what is under way is cut. Connections that come wait for its next load."""
        with LoggingContext(name="unload", server_name=self.server_name):
            for step in (self._hang_up, self._finish, self._shut_down):
                try:
                    await step()
                except Exception:
                    # The other steps have to be done whatever happens, since others live here.
                    logger.exception("A part of %s could not be stopped", self.name)
            self._reactor.clear()
            self._modules.clear()
            self._hs = None
            insides.forget_cache_sizes()
            self._lock.release()

    async def _hang_up(self) -> None:
        port, connections = self._reactor.port, self._connections()
        if port is None or self._hs is None:
            return
        insides.forget_ports(self._hs)
        # What only reads may be cut; a long poll would go on until its time is over.
        writing = [
            request
            for each in connections
            for request in each.requests
            if request.method not in READING
        ]
        for connection in connections:
            if connection.requests:
                connection.transport.abortConnection()
        stopped = port.stopListening()
        if stopped is not None:
            await make_deferred_yieldable(stopped)
        # What is being written may be finished, and the last bytes of answers have to leave.
        await self._wait(
            lambda: (
                not any(insides.is_answering(each) for each in writing)
                and all(
                    each.transport is None or each.transport.disconnected for each in connections
                )
            ),
            FINISH_SECONDS,
        )
        for connection in connections:
            if connection.transport is not None:
                connection.transport.abortConnection()

    async def _wait(self, check: Callable[[], bool], seconds: float) -> None:
        until = self._reactor.seconds() + seconds
        while not check() and self._reactor.seconds() < until:
            await self.homeserver.get_clock().sleep(LOOK)

    async def _finish(self) -> None:
        if self._hs is not None and self._hs.datastores is not None:
            await insides.finish(self._hs)

    async def _shut_down(self) -> None:
        if self._hs is not None:
            await self._hs.shutdown()


async def _ensure_database(folder: Path, config: HomeServerConfig, reactor: TenantReactor) -> None:
    """Make the database of a new twin."""
    if config.database.databases[0].config["name"] != "sqlite3":
        return
    if not (folder / "homeserver.db").exists():
        try:
            await ensure_template(folder.parent, reactor)
        except Exception:
            # It saves time, no more.
            logger.exception("There is no template, so a new twin takes longer")
    ensure_database(folder)


def _told(name: str, folder: Path, error: BaseException) -> HostError:
    """Return what somebody at the host needs to know."""
    if isinstance(error, HostError):
        return error
    # SQLite says in several ways that it has no room.
    if isinstance(error, sqlite3.DatabaseError | OSError) and is_full(folder):
        return HostError(
            f"The disk of {name}'s twin is full; make room, and it comes up by itself."
        )
    if isinstance(error, sqlite3.DatabaseError):
        return HostError(
            f"The database of {name}'s twin can't be read ({error}); put it back from a backup."
        )
    if isinstance(error, UpgradeDatabaseException | IncorrectDatabaseSetup | ConfigError):
        return HostError(f"The twin of {name} can't be started: {' '.join(str(error).split())}")
    if isinstance(error, OSError):
        return HostError(f"The twin of {name} can't be started: {error.strerror or error}.")
    return HostError(
        f"The twin of {name} can't be started ({type(error).__name__}: {error}); its homeserver.log says more."
    )
