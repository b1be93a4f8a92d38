"""Real Synapse homeservers in the test process, which federate over TLS on loopback."""

import secrets
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from synapse.app.homeserver import SynapseHomeServer, create_homeserver, start
from synapse.config.homeserver import HomeServerConfig
from synapse.util.duration import Duration

from twin_module.host.certificates import ensure_ca, ensure_leaf
from twin_module.host.configuration import LONE_USER, TwinFacts, homeserver_config
from twin_module.host.folder import prepare
from twin_module.host.table import is_free
from twin_module.testing.person import TWIN, Person, eventually, request
from twin_module.testing.reactor import ReactorThread

PORTS: Final = range(15_000, 32_000)
NAMES: Final = ("alice", "bob", "carol")
IMPATIENT: Final[Mapping[str, Any]] = {
    "client_timeout": "20s",
    "max_long_retries": 1,
    "max_long_retry_delay": "1s",
    "max_short_retries": 1,
    "destination_min_retry_interval": "1s",
    "destination_max_retry_interval": "2s",
}
"""Federation that gives up on a peer soon and tries again soon: a test waits for both."""


OF_STOPPED_TWINS: Final = (
    "logging context test was lost",
    "logging context sentinel but found test",
    "process_event_queue_for_federation",
    "CancelledError",
    "Clock has been shutdown",
    "dropped without being released",
)
"""Parts of what Synapse says of logging contexts when servers in the process are stopped: the
context of the test that stops one is lost, or met by what was cancelled; and what a server was
just sending to others, or looking at, or had locked, comes back later, in the middle of whichever
test runs then."""


def free_port() -> int:
    """Return a port that nothing listens on now, below those that outgoing connections get."""
    while True:
        port = PORTS.start + secrets.randbelow(len(PORTS))
        if is_free(port) and not _is_held(port):
            return port


def connected(reactor: Any) -> list[Any]:
    """Return what a reactor looks after; call it in the reactor's thread."""
    # Its own lists of readers and writers fail at a connection that ends just now.
    return list(reactor._selectables.values())


def _is_held(port: int) -> bool:
    """Tell whether somebody keeps a port for later, see `held_port`."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def held_port(stack: ExitStack) -> int:
    """Return a port that nobody else gets until a stack is closed, though a server may listen on it."""
    while True:
        port = free_port()
        holder = socket.socket()
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind(("127.0.0.1", port))
        except OSError:
            holder.close()
        else:
            stack.enter_context(holder)
            return port


class Cut(Exception):
    """No connection leaves or reaches a twin that was cut off."""


class Twin:
    """One real homeserver; the module is loaded unless it is vanilla."""

    def __init__(
        self,
        thread: ReactorThread,
        facts: TwinFacts,
        changes: Mapping[str, Any],
        *,
        vanilla: bool,
        plain: bool,
    ) -> None:
        self.thread = thread
        self.facts = facts
        self.vanilla = vanilla
        self.plain = plain
        self.server_name = facts.server_name
        self.owner = f"@{facts.owner}:{facts.server_name}"
        self.url = f"http://127.0.0.1:{facts.client_port}"
        self._changes = changes
        self._restore: list[Callable[[], None]] = []
        self.hs: SynapseHomeServer | None = None

    @property
    def homeserver(self) -> SynapseHomeServer:
        """The running homeserver."""
        assert self.hs is not None, f"{self.owner} is not running"
        return self.hs

    @property
    def password(self) -> str:
        """The owner's password."""
        return (self.facts.folder / "owner.password").read_text().strip()

    @property
    def module(self) -> Any:
        """The loaded TwinModule."""
        return next(
            listener.__self__
            for listener in self.homeserver.get_module_api_callbacks().spam_checker._check_event_for_spam_callbacks
            if hasattr(listener, "__self__")
        )

    def start(self) -> Self:
        """Start on the data of the folder, as a new process would."""
        prepare(self.facts)
        data = {**homeserver_config(self.facts), **self._changes}
        if self.vanilla:
            data.pop("modules")
        if self.plain:
            data = {key: value for key, value in data.items() if key not in LONE_USER}
        config = HomeServerConfig()
        config.parse_config_dict(data, str(self.facts.folder), str(self.facts.folder))

        async def work() -> SynapseHomeServer:
            hs = create_homeserver(config)
            hs.setup()
            await start(hs, freeze=False)
            return hs

        self.hs = self.thread.wait(work)
        if self.vanilla:
            self.thread.wait(self._register_owner)
        return self

    async def _register_owner(self) -> None:
        hs = self.homeserver
        if await hs.get_auth_handler().check_user_exists(self.owner) is None:
            password = self.facts.folder / "owner.password"
            password.write_text("vanilla")
            await hs.get_registration_handler().register_user(
                localpart=self.facts.owner,
                password_hash=await hs.get_auth_handler().hash("vanilla"),
            )
        await hs.get_datastores().main.set_ratelimit_for_user(self.owner, 0, 0)

    def stop(self) -> None:
        """Stop as a process would that is asked to."""
        if self.hs is None:
            return
        self.heal()
        hs, self.hs = self.hs, None

        async def work() -> None:
            # Synapse runs these only after it has said that it is shut down, and then they fail.
            for handler in hs._async_shutdown_handlers:
                hs.get_reactor().removeSystemEventTrigger(handler.trigger_id)
                await handler.func(**handler.kwargs)
            hs._async_shutdown_handlers.clear()
            listening = list(hs._listening_services)
            await hs.shutdown()
            self._hang_up(listening)

        self.thread.wait(work)

    def _hang_up(self, listening: Sequence[Any]) -> None:
        """Close the connections that came in; peers keep them open and would go on to use them."""
        reactor = self.thread.reactor
        for each in connected(reactor):
            if getattr(each, "server", None) in listening:
                each.abortConnection()

    def start_again(self) -> Self:
        """Stop, and start on the same data."""
        self.stop()
        return self.start()

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read from the server's database; `?` stands for values."""

        def read(cursor: Any) -> list[tuple[Any, ...]]:
            cursor.execute(sql, values)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

        found: list[tuple[Any, ...]] = self._interact(read)
        return found

    def execute(self, sql: str, *values: Any) -> None:
        """Change the server's database by hand."""
        self._interact(lambda cursor: cursor.execute(sql, values))

    def _interact(self, work: Callable[[Any], Any]) -> Any:
        store = self.homeserver.get_datastores().main
        return self.thread.wait(store.db_pool.runInteraction, "test", work)

    # A network that can be cut

    def cut(self) -> None:
        """Let nothing in or out over federation until it is healed."""
        if self._restore:
            return
        hs = self.homeserver
        client = hs.get_federation_http_client()
        original = client.agent.request

        def refused(*args: Any, **kwargs: Any) -> Any:
            raise Cut(f"{self.owner} is cut off")

        async def work() -> None:
            for listener in list(hs._listening_services):
                if listener.getHost().port == self.facts.federation_port:
                    await listener.stopListening()
                    hs._listening_services.remove(listener)
                    self._hang_up([listener])

        client.agent.request = refused  # type: ignore[method-assign]
        self.thread.wait(work)

        def restore() -> None:
            client.agent.request = original  # type: ignore[method-assign]

        self._restore = [restore]

    def heal(self) -> None:
        """End a cut; everyone tries again at once instead of after minutes."""
        if not self._restore:
            return
        hs = self.homeserver

        def work() -> None:
            for restore in self._restore:
                restore()
            federation = next(
                each
                for each in hs.config.server.listeners
                if getattr(each, "port", 0) == self.facts.federation_port
            )
            hs._listening_services.extend(hs._listener_http(hs.config, federation))

        self.thread.call(work)
        self._restore = []

    def try_again(self, peers: Sequence["Twin"]) -> None:
        """Forget that peers did not answer, and send them what waits."""

        async def work() -> None:
            store = self.homeserver.get_datastores().main
            for peer in peers:
                if peer is self or peer.hs is None:
                    continue
                sender: Any = self.homeserver.get_federation_sender()
                queue = sender._per_destination_queues.get(peer.server_name)
                # Whoever is at it still may be about to give up for a minute.
                for _ in range(100):
                    if queue is None or not queue.transmission_loop_running:
                        break
                    await self.homeserver.get_clock().sleep(Duration(milliseconds=50))
                await store.set_destination_retry_timings(peer.server_name, None, 0, 0)
                sender.wake_destination(peer.server_name)

        self.thread.wait(work)


def person_at(twin: Twin) -> Person:
    """Return the owner of a twin, as soon as it serves."""

    def ready() -> bool:
        path = "/_matrix/client/versions" if twin.vanilla else f"{TWIN}/card"
        return request(twin.url, "GET", path).status == 200  # noqa: PLR2004

    eventually(ready, what=f"the twin of {twin.owner} is ready")
    return Person(twin.url, twin.owner, lambda: twin.password)


class TwinNetwork:
    """Some twins that know each other; leave it, and they are stopped."""

    def __init__(self, thread: ReactorThread, folder: Path, names: Sequence[str] = NAMES) -> None:
        self._thread = thread
        self._folder = folder
        self._stack = ExitStack()
        # Kept from now on, since a twin may be started long after the others know its name.
        self._ports = {name: held_port(self._stack) for name in names}
        self.twins: dict[str, Twin] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._ca = ensure_ca(folder, datetime.now(UTC))

    def __enter__(self) -> Self:
        """Enter; nothing runs yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop all twins."""
        self._stack.close()

    def start(
        self,
        name: str,
        *,
        vanilla: bool = False,
        plain: bool = False,
        postgres: Mapping[str, str | int] | None = None,
        module: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Twin:
        """Start somebody's twin.

        Args:
            name: whose.
            vanilla: without the module, as somebody's who has no twin.
            plain: with Synapse's own limits and caches instead of those of `scripts/up`.
            postgres: connection arguments of a database; None is SQLite.
            module: further options of the module.
            changes: replace keys of its homeserver.yaml.
        """
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        certificate, key = ensure_leaf(folder, self._ca, datetime.now(UTC))
        servers = tuple(f"localhost:{port}" for port in self._ports.values())
        facts = TwinFacts(
            owner=name,
            server_name=f"localhost:{self._ports[name]}",
            folder=folder,
            client_port=free_port(),
            federation_port=self._ports[name],
            tls_certificate=certificate,
            tls_key=key,
            ca_file=self._ca[0],
            peers=servers,
            postgres=postgres,
            module=module or {},
        )
        twin = Twin(
            self._thread,
            facts,
            {"federation": IMPATIENT, "bcrypt_rounds": 4, **changes},
            vanilla=vanilla,
            plain=plain,
        )
        self._stack.callback(twin.stop)
        self.twins[name] = twin
        return twin.start()

    @contextmanager
    def cut_off(self, *names: str) -> Iterator[None]:
        """Cut some twins off the network, and heal it at the end."""
        for name in names:
            self.twins[name].cut()
        try:
            yield
        finally:
            for name in names:
                self.twins[name].heal()
            running = [twin for twin in self.twins.values() if twin.hs is not None]
            for twin in running:
                twin.try_again(running)
