"""A host as a whole program, its twins under names of their own, and people who ask them over their sockets."""

import http.client
import json
import logging
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import yaml

from tests.host.backup_scene import digest_of
from twin_module.core.errors import NotReady
from twin_module.host.backup.twin_files import NOT_KEPT
from twin_module.host.commands.new import make_twin
from twin_module.host.errors import HostError
from twin_module.host.keeper.client import ask
from twin_module.host.options import read_options
from twin_module.host.places import Places
from twin_module.host.table import find_entry
from twin_module.testing.person import CLIENT, TWIN, Answer, Person, eventually

logger = logging.getLogger(__name__)

DOMAIN: Final = "twin.test"
WHOAMI: Final = f"{CLIENT}/account/whoami"
PATIENCE: Final = 600.0
"""Seconds for what has to happen at some time; nothing depends on when."""
QUICK: Final[Mapping[str, Any]] = {"bcrypt_rounds": 4}
"""Making the owner's account takes a second of the processor otherwise."""


class Host:
    """One data folder, and the host that runs on it."""

    def __init__(self, data: Path, **options: Any) -> None:
        self.places = Places(data)
        self.names: list[str] = []
        self.output = data / "output.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._started: dict[int, str] = {}
        """All processes that were seen to be a part of it, and when they began: numbers are given anew."""
        data.mkdir(mode=0o700)
        self.places.options.write_text(
            yaml.safe_dump({"domain": DOMAIN, "quiet_seconds": 3600, **options})
        )

    def make(self, *names: str, trust: str | None = None, **settings: Any) -> None:
        """Make twins, as `twin new` does; settings are those of Synapse."""
        options = read_options(self.places.options)
        for name in names:
            folder = self.places.folder(name)
            folder.mkdir(mode=0o700)
            (folder / "extra.yaml").write_text(yaml.safe_dump({**QUICK, **settings}))
            make_twin(self.places, options, name, None, trust)
            self.names.append(name)

    # The program

    def start(self, before: Sequence[str] = ()) -> None:
        """Start it, and wait until it answers; `before` is a command that runs the one behind it."""
        self.begin(before)
        eventually(self._answers, within=PATIENCE, what="the host answers")

    def begin(self, before: Sequence[str] = ()) -> None:
        """Start it without waiting for anything."""
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [*before, *twin_command("up", "--data", str(self.data))],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._note(self.process.pid)

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise RuntimeError(self.output.read_text()[-2000:] + self.log_tail())
        try:
            return bool(self.status()["keeper"]["pid"] == self.process.pid)
        except HostError as error:
            raise AssertionError(str(error)) from None

    def log_tail(self) -> str:
        """Return the end of the host's log."""
        return self.places.log.read_text()[-4000:] if self.places.log.exists() else ""

    def stop(self) -> int:
        """End it politely; returns the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.processes()
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End its keeper by kill -9."""
        assert self.process is not None
        self.processes()
        self.process.kill()
        self.process.wait(PATIENCE)

    def processes(self) -> list[int]:
        """Return the keeper and what it forked, as far as they run."""
        assert self.process is not None
        with suppress(OSError):
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
            for pid in children.read_text().split():
                self._note(int(pid))
        return sorted(pid for pid, began in self._started.items() if began_at(pid) == began)

    def _note(self, pid: int) -> None:
        if began := began_at(pid):
            self._started[pid] = began

    def close(self) -> None:
        """Leave no process behind, whatever a test did."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.stop()
        for pid in self.processes():
            # They are ours by way of the keeper.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    # What it says

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.places.data

    def ask(self, do: str, name: str = "") -> dict[str, Any]:
        """Ask the keeper, as commands do."""
        return ask(self.places, {"do": do, "name": name} if name else {"do": do})

    def status(self) -> dict[str, Any]:
        """Return what the keeper says of everything."""
        return self.ask("status")

    def twins(self) -> dict[str, dict[str, Any]]:
        """Return what the keeper says of each twin."""
        return {each["name"]: each for each in self.status()["twins"]}

    def twin(self, name: str) -> dict[str, Any]:
        """Return what the keeper says of one twin."""
        return self.twins()[name]

    def states(self, *names: str) -> set[str]:
        """Return the states that these twins are in, or all."""
        return {each["state"] for name, each in self.twins().items() if not names or name in names}

    def shard(self, name: str) -> int:
        """Return the process that an awake twin is in."""
        twin = self.twin(name)
        assert twin["state"] == "awake", twin
        return int(twin["shard"])

    def homes(self, name: str) -> set[int]:
        """Return which of its processes have a twin's database open."""
        database = self.places.folder(name) / "homeserver.db"
        return {pid for pid in self.processes() if str(database) in open_files(pid)}

    def command(self, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run a command `twin` on the data folder."""
        return subprocess.run(
            twin_command(*words, "--data", str(self.data)),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            **more,
        )

    def folder(self, name: str) -> Path:
        """Return a twin's folder as the host sees it, which may have mounted something there."""
        folder = self.places.folder(name)
        if self.process is not None and runs(self.process.pid):
            return Path(f"/proc/{self.process.pid}/root{folder}")
        return folder

    # Asleep and awake

    def settle(self, *names: str) -> None:
        """Wait until twins are ready, and owe nothing; they stay awake."""
        for name in names or self.names:
            self.owner(name).ready()

        def quiet() -> bool:
            twins = self.twins()
            return all(twins[name]["busy"] is None for name in names or self.names)

        eventually(quiet, within=PATIENCE, what="the twins are at rest")

    def sleep(self, *names: str) -> None:
        """Put twins to sleep, as soon as they owe nothing."""

        def asleep() -> bool:
            states = [self.ask("sleep", name)["state"] for name in names]
            return all(state == "asleep" for state in states)

        eventually(asleep, within=PATIENCE, what=f"{', '.join(names)} sleep")

    def owner(self, name: str) -> "Owner":
        """Return the owner of a twin."""
        return Owner(self, name)


class Owner(Person):
    """The owner of a hosted twin, at its socket, as a proxy in front would connect."""

    def __init__(self, host: Host, name: str) -> None:
        self.name = name
        self.server_name = find_entry(host.data, name).server_name
        self._socket = host.places.socket(self.server_name)
        super().__init__(
            f"http://{self.server_name}",
            f"@{name}:{self.server_name}",
            lambda: (host.folder(name) / "owner.password").read_text().strip(),
        )

    @property
    def signed(self) -> dict[str, str]:
        """The header of whoever has signed in."""
        return {"Authorization": f"Bearer {self.token}"}

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection that is open already."""
        connection = http.client.HTTPConnection(self.server_name, timeout=PATIENCE)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(PATIENCE)
        connection.sock.connect(str(self._socket))
        return connection

    def bare(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Make a request as somebody who has not signed in."""
        connection = self.connect()
        try:
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, path, data, dict(headers or {}))
            response = connection.getresponse()
            raw = response.read()
        finally:
            connection.close()
        names = {name.lower(): value for name, value in response.getheaders()}
        is_json = "json" in names.get("content-type", "")
        return Answer(response.status, names, json.loads(raw) if is_json and raw else raw)

    def login(self, password: str | None = None) -> Answer:
        """Sign in with the password."""
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self.owner},
            "password": password or self._password(),
        }
        return self.bare("POST", f"{CLIENT}/login", body)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Answer:
        """Make a request, see `Person`; while the twin says that it starts, try again."""
        where = path if path.startswith("/_") else f"{TWIN}/{path.lstrip('/')}"
        asked = f"?{urlencode(query)}" if query else ""
        signed = {**self.signed, **(headers or {})}

        def answer() -> Answer | None:
            found = self.bare(method, where + asked, body, signed)
            is_starting = found.status == 503 and found.body.get("errcode") == NotReady.errcode
            return None if is_starting else found

        found = eventually(answer, within=PATIENCE, what=f"{self.name}'s twin has started")
        assert found is not None
        return found

    def ready(self) -> None:
        """Wait until the twin has started."""
        eventually(
            lambda: self.bare("GET", f"{TWIN}/card").status == 200,
            within=PATIENCE,
            what=f"{self.name}'s twin is ready",
        )
        assert self.token

    def say(self, room_id: str, body: str, transaction: str) -> str:
        """Send a message, and return its event ID."""
        path = f"{CLIENT}/rooms/{quote(room_id)}/send/m.room.message/{quote(transaction)}"
        sent = self.put(path, {"msgtype": "m.text", "body": body})
        return str(sent["event_id"])

    def messages(self, room_id: str) -> dict[str, str]:
        """Return the bodies of all messages of a room by event ID."""
        path = f"{CLIENT}/rooms/{quote(room_id)}/messages"
        found: dict[str, str] = {}
        query = {"dir": "b", "limit": "1000"}
        while True:
            page = self.get(path, **query)
            for event in page["chunk"]:
                if event["type"] == "m.room.message" and "body" in event["content"]:
                    found[event["event_id"]] = event["content"]["body"]
            if "end" not in page:
                return found
            query["from"] = page["end"]


@contextmanager
def host(*names: str, **options: Any) -> Iterator[Host]:
    """Run a host with some twins, all of which have started and are at rest; it ends with all that is of it."""
    with stopped_host(**options) as made:
        made.make(*names)
        made.start()
        made.settle()
        yield made


@contextmanager
def stopped_host(**options: Any) -> Iterator[Host]:
    """Make a host that does not run yet, in a folder with a short name: addresses of sockets have 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="host"))
    made = Host(folder / "d", **options)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder)


def new_chance() -> random.Random:
    """Return what decides in a test that tries what comes; its seed stands in what pytest shows of a failure."""
    seed = secrets.randbelow(2**32)
    logger.warning("seed %s", seed)
    return random.Random(seed)


def kept_digest(folder: Path) -> dict[str, str]:
    """Return the digest of a twin's folder without what no backup holds: logs and locks."""
    return {name: each for name, each in digest_of(folder).items() if not NOT_KEPT.fullmatch(name)}


def twin_command(*words: str) -> list[str]:
    """Return how to run the command `twin`."""
    return [sys.executable, "-m", "twin_module.host", *words]


def began_at(pid: int) -> str:
    """Return when a process began, as the system counts; nothing when it does not run."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def runs(pid: int) -> bool:
    """Tell whether a process runs."""
    return began_at(pid) != ""


def open_files(pid: int) -> set[str]:
    """Return the paths of what a process has open."""
    found = set()
    with suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.add(str(entry.readlink()))
    return found


def kill(pid: int) -> None:
    """End a process of a host by kill -9, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not runs(pid), within=PATIENCE, what=f"process {pid} is gone")
