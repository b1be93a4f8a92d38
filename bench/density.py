"""What a twin costs on a host with many, against a process of plain Synapse for each.

    .venv/bin/python bench/density.py [--twins 1,10,100,1000] [--awake 20] [--idle-seconds 120]
                                      [--side-by-side 30]

Makes a data folder with as many twins as are asked for, starts a host on it, and prints a table:
memory (PSS: shared pages are divided among who shares them) asleep, awake and after use, processor
time while nothing happens, how long a request waits that has to wake its twin, and the ratio to one
process of Synapse each. Look at ratios: machines differ.
"""

import argparse
import http.client
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from twin_module.host.commands.new import make_twin
from twin_module.host.configuration import LONE_USER
from twin_module.host.keeper.client import ask
from twin_module.host.options import HostOptions
from twin_module.host.places import Places

TICKS = os.sysconf("SC_CLK_TCK")
HOUR = 3600
ROOMS, MESSAGES = 5, 40
DOMAIN = "twin.test"


# Processes


def family(pid: int) -> list[int]:
    """Return a process with all that it started, at any depth."""
    parents: dict[int, list[int]] = {}
    for each in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((each / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(each.name))
    found = [pid]
    for each in found:
        found += parents.get(each, ())
    return found


def memory_mb(pids: Sequence[int]) -> tuple[float, float]:
    """Return PSS and what is private (USS) of some processes together, in MB."""
    pss = uss = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        fields = {line.split(":")[0]: line.split()[1] for line in text.splitlines()[1:]}
        pss += int(fields["Pss"])
        uss += int(fields["Private_Clean"]) + int(fields["Private_Dirty"])
    return pss / 1024, uss / 1024


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return the processor time of some processes so far, with that of their dead children."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(int(each) for each in fields[11:15])
    return ticks / TICKS


def until(check: Callable[[], Any], what: str, seconds: float = 1800) -> Any:
    """Wait until something is true, and return it."""
    end = time.monotonic() + seconds
    while not (found := check()):
        if time.monotonic() > end:
            sys.exit(f"{what} did not come true in {seconds} s")
        time.sleep(0.1)
    return found


# Somebody at a twin


class Person:
    """The owner of a twin, or of a plain server: signs in, writes, reads."""

    def __init__(self, connect: Callable[[], socket.socket], password: Path, name: str) -> None:
        self._connect = connect
        self._password = password
        self._name = name
        self._token = ""

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Make one request on a connection of its own."""
        connection = http.client.HTTPConnection("localhost", timeout=180)
        connection.sock = self._connect()
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            connection.request(
                method, path, None if body is None else json.dumps(body), {**headers, "Host": "x"}
            )
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise RuntimeError(f"{method} {path}: {response.status} {answer}")
        return answer

    def sign_in(self) -> None:
        """Get a token with the password that lies in the file."""
        until(self._password.exists, f"{self._password} is there")
        answer = self.ask(
            "POST",
            "/_matrix/client/v3/login",
            {
                "type": "m.login.password",
                "identifier": {"type": "m.id.user", "user": self._name},
                "password": self._password.read_text().strip(),
            },
        )
        self._token = answer["access_token"]

    def settle_in(self) -> None:
        """Make rooms and write messages: what is there after some weeks."""
        for number in range(ROOMS):
            room = self.ask("POST", "/_matrix/client/v3/createRoom", {"name": f"Room {number}"})[
                "room_id"
            ]
            self._write(room, MESSAGES // ROOMS)

    def use(self) -> None:
        """Read and write as on a quiet day."""
        found = self.ask("GET", "/_matrix/client/v3/sync?timeout=0")
        for room in found["rooms"]["join"]:
            self._write(room, 2)
            self.ask("GET", f"/_matrix/client/v3/rooms/{quote(room)}/messages?dir=b&limit=20")
        self.ask("GET", f"/_matrix/client/v3/sync?timeout=0&since={quote(found['next_batch'])}")

    def _write(self, room: str, messages: int) -> None:
        for number in range(messages):
            self.ask(
                "PUT",
                f"/_matrix/client/v3/rooms/{quote(room)}/send/m.room.message/{time.monotonic_ns()}",
                {"msgtype": "m.text", "body": f"message {number}"},
            )


# A host


class Host:
    """A running host with so many twins."""

    def __init__(self, data: Path, twins: int, *, memory_mb: int) -> None:
        self.places = Places(data)
        data.mkdir(parents=True)
        self.names = [f"t{number:04}" for number in range(twins)]
        (data / "host.yaml").write_text(
            yaml.safe_dump({"domain": DOMAIN, "memory_mb": memory_mb, "quiet_seconds": 86_400})
        )
        for name in self.names:
            make_twin(self.places, HostOptions(domain=DOMAIN), name, None, None)

    def start(self) -> None:
        """Start, and wait until every twin was awake once, as it is after each start."""
        self._output = (self.places.data / "output.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "twin_module.host", "up", "--data", str(self.places.data)],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )
        until(self.places.control.exists, "the host runs")

    @property
    def pids(self) -> list[int]:
        """Its processes."""
        return family(self._process.pid)

    def status(self) -> dict[str, Any]:
        """Return what the keeper says."""
        return dict(ask(self.places, {"do": "status"}))

    def states(self) -> dict[str, str]:
        """Return the state of each twin."""
        return {each["name"]: each["state"] for each in self.status()["twins"]}

    def sleep_all(self) -> None:
        """Put all twins to sleep, and wait for it."""

        def asleep() -> bool:
            awake = [name for name, state in self.states().items() if state != "asleep"]
            for name in awake:
                ask(self.places, {"do": "sleep", "name": name})
            return not awake and not self.status()["shards"]

        until(asleep, "all sleep")

    def connect(self, name: str) -> socket.socket:
        """Connect to a twin, as a proxy does."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self.places.socket(f"{name}.{DOMAIN}")))
        return connection

    def person(self, name: str) -> Person:
        """Return the owner of a twin."""
        return Person(lambda: self.connect(name), self.places.folder(name) / "owner.password", name)

    def wake(self, name: str) -> float:
        """Return how many seconds a request takes at a twin."""
        began = time.monotonic()
        self.person(name).ask("GET", "/_matrix/client/versions")
        return time.monotonic() - began

    def stop(self) -> None:
        """End it."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(120)
        self._output.close()


@contextmanager
def host(folder: Path, twins: int, memory_mb: int = 4096) -> Iterator[Host]:
    """Run a host with so many twins, all of which were awake once and sleep."""
    made = Host(folder / f"host-{twins}", twins, memory_mb=memory_mb)
    made.start()
    try:
        until(
            lambda: all(
                (made.places.folder(name) / "owner.password").exists() for name in made.names
            ),
            "every twin was awake once",
        )
        made.sleep_all()
        yield made
    finally:
        made.stop()
        shutil.rmtree(made.places.data)


# Plain Synapse


class Vanilla:
    """A process of Synapse for one person, without the module."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder = folder / f"vanilla-{number}"
        self.folder.mkdir(parents=True)
        self._port = _free_port()
        config = {
            "server_name": f"v{number:04}.{DOMAIN}",
            "report_stats": False,
            "listeners": [
                {
                    "port": self._port,
                    "type": "http",
                    "bind_addresses": ["127.0.0.1"],
                    "resources": [{"names": ["client", "federation"]}],
                }
            ],
            "database": {
                "name": "sqlite3",
                "args": {"database": str(self.folder / "homeserver.db")},
            },
            "media_store_path": str(self.folder / "media"),
            "signing_key_path": str(self.folder / "signing.key"),
            "trusted_key_servers": [],
            "suppress_key_server_warning": True,
            "macaroon_secret_key": "a",
            "form_secret": "b",
            "registration_shared_secret": "c",
            "log_config": str(self.folder / "log.yaml"),
            **{key: LONE_USER[key] for key in LONE_USER if key.startswith("rc_")},
        }
        (self.folder / "log.yaml").write_text(
            yaml.safe_dump({"version": 1, "root": {"level": "WARNING"}})
        )
        (self.folder / "homeserver.yaml").write_text(yaml.safe_dump(config))
        self._output = (self.folder / "output.log").open("wb")

    def start(self) -> float:
        """Start it; returns how many seconds the first answer took."""
        began = time.monotonic()
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "synapse.app.homeserver",
                "--config-path",
                str(self.folder / "homeserver.yaml"),
                "--generate-keys",
            ],
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )
        self._process.wait()
        began = time.monotonic()
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "synapse.app.homeserver",
                "--config-path",
                str(self.folder / "homeserver.yaml"),
            ],
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )
        until(self._answers, "Synapse answers")
        return time.monotonic() - began

    def _answers(self) -> bool:
        try:
            Person(self.connect, self.folder, "").ask("GET", "/_matrix/client/versions")
        except OSError:
            return False
        return True

    @property
    def pids(self) -> list[int]:
        """Its process."""
        return [self._process.pid]

    def connect(self) -> socket.socket:
        """Connect to it."""
        return socket.create_connection(("127.0.0.1", self._port))

    def person(self) -> Person:
        """Return its one user, who is made with the first call."""
        password = self.folder / "owner.password"
        if not password.exists():
            password.write_text("secret")
            subprocess.run(
                [
                    str(Path(sys.executable).with_name("register_new_matrix_user")),
                    "--user=owner",
                    "--password-file",
                    str(password),
                    "--no-admin",
                    "--shared-secret=c",
                    f"http://127.0.0.1:{self._port}",
                ],
                check=True,
                capture_output=True,
            )
        return Person(self.connect, password, "owner")

    def end(self) -> None:
        """End it for now."""
        self._process.terminate()
        self._process.wait(60)

    def stop(self) -> None:
        """End it for good."""
        self.end()
        self._output.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# What is measured


@dataclass
class Figure:
    """One line of the table."""

    what: str
    twin: float
    vanilla: float | None
    unit: str

    def line(self) -> str:
        """Return it as text."""
        against = (
            ""
            if self.vanilla is None
            else f"{self.vanilla:12.3f} {self.vanilla / max(self.twin, 1e-6):9.1f} x"
        )
        return f"  {self.what:58}{self.twin:12.3f} {self.unit:8}{against}"


def idle_cpu(pids: Callable[[], list[int]], seconds: float) -> float:
    """Return CPU-seconds an hour while nothing happens."""
    before, began = cpu_seconds(pids()), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(pids()) - before) / (time.monotonic() - began) * HOUR


def measure_vanilla(folder: Path, idle_seconds: float) -> dict[str, float]:
    """Measure one process of Synapse."""
    server = Vanilla(folder, 0)
    try:
        first = server.start()
        person = server.person()
        person.sign_in()
        person.settle_in()
        server.end()
        again = server.start()
        awake, _ = memory_mb(server.pids)
        cpu = idle_cpu(lambda: server.pids, idle_seconds)
        person.use()
        used, private = memory_mb(server.pids)
        return {
            "first": first,
            "start": again,
            "awake": awake,
            "used": used,
            "private": private,
            "cpu": cpu,
        }
    finally:
        server.stop()


def measure_host(
    folder: Path, twins: int, awake: int, idle_seconds: float, vanilla: dict[str, float]
) -> list[Figure]:
    """Measure a host with so many twins, of which some are awake."""
    awake = min(awake, twins)
    with host(folder, twins) as running:
        busy = running.names[:awake]
        people = {name: running.person(name) for name in busy}
        for person in people.values():
            person.sign_in()
            person.settle_in()
        running.sleep_all()
        asleep, _ = memory_mb(running.pids)
        asleep_cpu = idle_cpu(lambda: running.pids, idle_seconds / 2)
        waits = []
        for _ in range(max(1, 40 // awake)):
            running.sleep_all()
            waits += [running.wake(name) for name in busy]
        woken, _ = memory_mb(running.pids)
        cpu = idle_cpu(lambda: running.pids, idle_seconds)
        for person in people.values():
            person.use()
        used, private = memory_mb(running.pids)
        waits.sort()
        print(f"\n{twins} twins, {awake} of them awake")
        return [
            Figure("memory of the host, all asleep", asleep, vanilla["awake"] * twins, "MB"),
            Figure("memory of the host, awake", woken, vanilla["awake"] * twins, "MB"),
            Figure("memory of the host, after light use", used, vanilla["used"] * twins, "MB"),
            Figure("  of that private", private, vanilla["private"] * twins, "MB"),
            Figure("memory of an awake twin, all in", woken / awake, vanilla["awake"], "MB"),
            Figure("memory of a used twin, all in", used / awake, vanilla["used"], "MB"),
            Figure(
                "memory of a used twin, beyond the host's own",
                (used - asleep) / awake,
                vanilla["used"],
                "MB",
            ),
            Figure("twins in a GB, as here", 1024 / used * twins, 1024 / vanilla["used"], ""),
            Figure("processor, all asleep, host", asleep_cpu, vanilla["cpu"] * twins, "s/h"),
            Figure("processor, an awake twin", cpu / awake, vanilla["cpu"], "s/h"),
            Figure("waking, median", statistics.median(waits), vanilla["start"], "s"),
            Figure(
                "waking, of 20 the slowest",
                waits[int(len(waits) * 0.95) - 1],
                vanilla["start"],
                "s",
            ),
        ]


def side_by_side(folder: Path, number: int) -> list[Figure]:
    """Measure the same traffic through one host and through as many processes."""
    print(f"\nThe same use of {number} twins in one host and of {number} processes")
    with host(folder, number) as running:
        people = [running.person(name) for name in running.names]
        ours = _traffic(people, lambda: running.pids)
    servers = [Vanilla(folder, each) for each in range(number)]
    try:
        for each in servers:
            each.start()
        theirs = _traffic(
            [each.person() for each in servers],
            lambda: [pid for each in servers for pid in each.pids],
        )
    finally:
        for each in servers:
            each.stop()
    return [
        Figure(what, one, other, unit)
        for (what, unit), one, other in zip(
            (("processor", "s"), ("wall", "s"), ("memory at the end", "MB")),
            ours,
            theirs,
            strict=True,
        )
    ]


def _traffic(people: Sequence[Person], pids: Callable[[], list[int]]) -> tuple[float, float, float]:
    for person in people:
        person.sign_in()
    before, began = cpu_seconds(pids()), time.monotonic()
    for person in people:
        person.settle_in()
    for person in people:
        person.use()
    return cpu_seconds(pids()) - before, time.monotonic() - began, memory_mb(pids())[0]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--twins", default="1,10,100,1000")
    parser.add_argument("--awake", type=int, default=20)
    parser.add_argument("--idle-seconds", type=float, default=120)
    parser.add_argument("--side-by-side", type=int, default=30)
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        vanilla = measure_vanilla(folder, parsed.idle_seconds)
        print(f"{'':60}{'host':>12} {'':8}{'Synapse each':>12} {'ratio':>9}")
        for twins in (int(each) for each in parsed.twins.split(",") if each):
            for figure in measure_host(folder, twins, parsed.awake, parsed.idle_seconds, vanilla):
                print(figure.line(), flush=True)
        if parsed.side_by_side:
            for figure in side_by_side(folder, parsed.side_by_side):
                print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
