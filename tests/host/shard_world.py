"""Twins of a data folder, loaded side by side in the test process, and whoever asks them something."""

import http.client
import json
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from twin_module.host.configuration import HostedTwin
from twin_module.host.folder import prepare
from twin_module.host.places import Places
from twin_module.host.shard.logs import TwinLogs
from twin_module.host.shard.memoised import memoised
from twin_module.host.shard.sharing import sharing
from twin_module.host.shard.tenant import Tenant
from twin_module.testing.person import CLIENT, TWIN, Answer, eventually
from twin_module.testing.reactor import ReactorThread


def server_name_of(name: str) -> str:
    return f"{name}.twin.test"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("twin", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class World:
    """A data folder; its twins exist from `make` on, and are awake between `load` and `unload`."""

    logs: TwinLogs

    def __init__(self, data: Path, thread: ReactorThread | None = None) -> None:
        self.places = Places(data)
        self.places.run.mkdir()
        self.thread = thread
        self.tenants: dict[str, Tenant] = {}
        self._listening: dict[str, socket.socket] = {}
        self._tokens: dict[str, str] = {}

    def make(self, *names: str, **options: Any) -> None:
        for name in names:
            folder = self.places.folder(name)
            path = prepare(HostedTwin(owner=name, server_name=server_name_of(name), folder=folder))
            change_settings(path, bcrypt_rounds=4, **options)
            listening = socket.socket(socket.AF_UNIX)
            listening.bind(str(self.places.socket(server_name_of(name))))
            self.places.socket(server_name_of(name)).chmod(0o660)
            listening.listen(100)
            self._listening[name] = listening

    def held(self, name: str) -> socket.socket:
        """What the keeper would send along."""
        return self._listening[name].dup()

    def load(self, *names: str) -> None:
        assert self.thread
        for name in names:
            self.tenants[name] = self.thread.wait(
                Tenant.load, name, server_name_of(name), self.places.folder(name), self.held(name)
            )

    def unload(self, *names: str) -> None:
        assert self.thread
        for name in names:
            self.thread.wait(self.tenants.pop(name).unload)

    def why_awake(self, name: str) -> str | None:
        assert self.thread
        tenant, reactor = self.tenants[name], self.thread.reactor
        return self.thread.call(lambda: tenant.why_awake(reactor.seconds()))

    def next_alarm(self, name: str) -> int | None:
        assert self.thread
        return self.thread.wait(self.tenants[name].next_alarm)

    def close(self) -> None:
        self.unload(*self.tenants)
        self.let_go()

    def let_go(self) -> None:
        for listening in self._listening.values():
            listening.close()

    # Who asks

    @contextmanager
    def connected(self, name: str) -> Iterator[UnixConnection]:
        connection = UnixConnection(self.places.socket(server_name_of(name)))
        try:
            yield connection
        finally:
            connection.close()

    def ask(
        self, name: str, method: str, path: str, body: Any = None, token: str | None = None
    ) -> Answer:
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with self.connected(name) as connection:
            connection.request(method, path, data, headers)
            response = connection.getresponse()
            raw = response.read()
        is_json = "json" in (response.getheader("Content-Type") or "")
        return Answer(
            response.status, dict(response.getheaders()), json.loads(raw) if is_json else raw
        )

    def ready(self, name: str) -> None:
        eventually(
            lambda: self.ask(name, "GET", f"{TWIN}/card").status == 200,
            what=f"{name}'s twin is ready",
        )

    def token(self, name: str) -> str:
        if name not in self._tokens:
            self.ready(name)
            password = (self.places.folder(name) / "owner.password").read_text().strip()
            identifier = {"type": "m.id.user", "user": name}
            body = {"type": "m.login.password", "identifier": identifier, "password": password}
            answer = self.ask(name, "POST", f"{CLIENT}/login", body).ok()
            self._tokens[name] = answer["access_token"]
        return self._tokens[name]

    def do(self, name: str, method: str, path: str, body: Any = None) -> Any:
        return self.ask(name, method, path, body, self.token(name)).ok()

    def user(self, name: str) -> str:
        return f"@{name}:{server_name_of(name)}"


def change_settings(path: Path, **options: Any) -> None:
    settings = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**settings, **options}))


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder with a short name: addresses of sockets have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="twins") as folder:
        yield Path(folder)


@contextmanager
def world(thread: ReactorThread) -> Iterator[World]:
    with ExitStack() as stack:
        data = stack.enter_context(short_folder())
        stack.enter_context(memoised())
        logs = stack.enter_context(sharing(thread.reactor, data / "host.log"))
        made = World(data, thread)
        made.logs = logs
        for name in ("alice", "bob"):
            logs.open(server_name_of(name), data / name / "homeserver.log")
        stack.callback(made.close)
        yield made


def left_behind(thread: ReactorThread) -> dict[str, int]:
    """Count what a homeserver may leave in its process."""
    reactor = thread.reactor

    def count() -> dict[str, int]:
        triggers = reactor._eventTriggers.get("shutdown")
        return {
            "threads": sum(
                # The reactor's own threads come with work and stay.
                "twisted.internet.reactor" not in each.name
                for each in threading.enumerate()
            ),
            "descriptors": len(list(Path("/proc/self/fd").iterdir())),
            "timers": len(reactor.getDelayedCalls()),
            "triggers": len(triggers.before) + len(triggers.during) + len(triggers.after),
            "connections": len(reactor._selectables),
        }

    return thread.call(count)


class BrokenModule:
    """A module of Synapse that fails when it is made."""

    @staticmethod
    def parse_config(config: Any) -> Any:
        return config

    def __init__(self, config: Any, api: Any) -> None:
        raise RuntimeError("it never works")
