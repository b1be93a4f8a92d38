"""What a twin costs on a host with many, against a process of plain Synapse for each.

    .venv/bin/python bench/density.py [--twins 1,10,100,1000] [--awake 20] [--idle-seconds 120]
                                      [--side-by-side 30]

Makes a data folder with as many twins as are asked for, starts a host on it, and prints a table:
memory (PSS: shared pages are divided among who shares them) asleep, awake and after use, processor
time while nothing happens, how long a request waits that has to wake its twin, and the ratio to one
process of Synapse each. Look at ratios: machines differ.
"""

import argparse
import shutil
import signal
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
from urllib.parse import quote

import yaml
from psutil import Process

from twin_module.host.commands.new import make_twin
from twin_module.host.configuration import LONE_USER
from twin_module.host.options import HostOptions
from twin_module.host.places import Places
from twin_module.testing.asked_host import AskedHost
from twin_module.testing.person import CLIENT, HostedPerson, Person, eventually, request
from twin_module.testing.processes import cpu_seconds, family, memory_mb
from twin_module.testing.twins import free_port

HOUR = 3600
ROOMS, MESSAGES = 5, 40
PATIENCE = 1800.0
VERSIONS = "/_matrix/client/versions"
DOMAIN = "twin.test"


# Somebody at a twin


def settle_in(person: Person) -> None:
    """Make rooms and write messages: what is there after some weeks."""
    for number in range(ROOMS):
        write(person, person.create_room(name=f"Room {number}"), MESSAGES // ROOMS)


def use(person: Person) -> None:
    """Read and write as on a quiet day."""
    found = person.get(f"{CLIENT}/sync", timeout=0)
    for room in found["rooms"]["join"]:
        write(person, room, 2)
        person.get(f"{CLIENT}/rooms/{quote(room)}/messages", dir="b", limit=20)
    person.get(f"{CLIENT}/sync", timeout=0, since=found["next_batch"])


def write(person: Person, room: str, messages: int) -> None:
    """Write messages."""
    for number in range(messages):
        path = f"{CLIENT}/rooms/{quote(room)}/send/m.room.message/{time.monotonic_ns()}"
        person.put(path, {"msgtype": "m.text", "body": f"message {number}"})


def password_in(folder: Path) -> Callable[[], str]:
    """Return what waits for a twin's password and reads it."""
    file = folder / "owner.password"

    def read() -> str:
        eventually(file.exists, within=PATIENCE, what=f"{file} is there")
        return file.read_text().strip()

    return read


# A host


class Host(AskedHost):
    """A running host with so many twins."""

    def __init__(self, data: Path, twins: int, *, memory_mb: int) -> None:
        super().__init__(Places(data))
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
        eventually(self.places.control.exists, within=PATIENCE, what="the host runs")

    @property
    def processes(self) -> list[Process]:
        """Its processes."""
        return family(self._process.pid)

    def states(self) -> dict[str, str]:
        """Return the state of each twin."""
        return {name: each["state"] for name, each in self.twins().items()}

    def sleep_all(self) -> None:
        """Put all twins to sleep, and wait for it."""

        def asleep() -> bool:
            awake = [name for name, state in self.states().items() if state != "asleep"]
            for name in awake:
                self.ask("sleep", name)
            return not awake and not self.status()["shards"]

        eventually(asleep, within=PATIENCE, what="all sleep")

    def person(self, name: str) -> HostedPerson:
        """Return the owner of a twin, who comes as a proxy does."""
        server_name = f"{name}.{DOMAIN}"
        folder = self.places.folder(name)
        return HostedPerson(self.places.socket(server_name), server_name, name, password_in(folder))

    def wake(self, name: str) -> float:
        """Return how many seconds a request takes at a twin."""
        began = time.monotonic()
        self.person(name).bare("GET", VERSIONS)
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
        eventually(
            lambda: all(
                (made.places.folder(name) / "owner.password").exists() for name in made.names
            ),
            within=PATIENCE,
            what="every twin was awake once",
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
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        config = {
            "server_name": f"v{number:04}.{DOMAIN}",
            "report_stats": False,
            "listeners": [
                {
                    "port": port,
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
        if not (self.folder / "signing.key").exists():
            self._run("--generate-keys").wait()
        began = time.monotonic()
        self._process = self._run()
        eventually(self._answers, within=PATIENCE, what="Synapse answers")
        return time.monotonic() - began

    def _run(self, *options: str) -> subprocess.Popen[bytes]:
        config = str(self.folder / "homeserver.yaml")
        return subprocess.Popen(
            [sys.executable, "-m", "synapse.app.homeserver", "--config-path", config, *options],
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    def _answers(self) -> bool:
        try:
            return request(self.url, "GET", VERSIONS).status == HTTPStatus.OK
        except OSError:
            return False

    @property
    def processes(self) -> list[Process]:
        """Its process."""
        return [Process(self._process.pid)]

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
                    self.url,
                ],
                check=True,
                capture_output=True,
            )
        return Person(self.url, "owner", password_in(self.folder))

    def end(self) -> None:
        """End it for now."""
        self._process.terminate()
        self._process.wait(60)

    def stop(self) -> None:
        """End it for good."""
        self.end()
        self._output.close()


# What is measured


@dataclass
class Figure:
    """One line of the table."""

    what: str
    twin: float
    vanilla: float
    unit: str
    more_is_better: bool = False

    def line(self) -> str:
        """Return it as text, with how many times better the host is."""
        better, worse = (
            (self.twin, self.vanilla) if self.more_is_better else (self.vanilla, self.twin)
        )
        ratio = f"{better / worse:9.1f} x" if worse else f"{'':9} -"
        return f"  {self.what:58}{self.twin:12.3f} {self.unit:8}{self.vanilla:12.3f} {ratio}"


def idle_cpu(processes: Callable[[], list[Process]], seconds: float) -> float:
    """Return CPU-seconds an hour while nothing happens."""
    before, began = cpu_seconds(processes()), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(processes()) - before) / (time.monotonic() - began) * HOUR


def measure_vanilla(folder: Path, idle_seconds: float) -> dict[str, float]:
    """Measure one process of Synapse."""
    server = Vanilla(folder, 0)
    try:
        server.start()
        person = server.person()
        settle_in(person)
        server.end()
        again = server.start()
        awake, _ = memory_mb(server.processes)
        cpu = idle_cpu(lambda: server.processes, idle_seconds)
        use(person)
        used, private = memory_mb(server.processes)
        return {
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
            settle_in(person)
        running.sleep_all()
        asleep, _ = memory_mb(running.processes)
        asleep_cpu = idle_cpu(lambda: running.processes, idle_seconds / 2)
        waits = []
        for _ in range(max(1, 40 // awake)):
            running.sleep_all()
            waits += [running.wake(name) for name in busy]
        woken, _ = memory_mb(running.processes)
        cpu = idle_cpu(lambda: running.processes, idle_seconds)
        for person in people.values():
            use(person)
        used, private = memory_mb(running.processes)
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
            Figure("twins in a GB, as here", 1024 / used * twins, 1024 / vanilla["used"], "", True),
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
    folder = folder / "side-by-side"
    with host(folder, number) as running:
        people = [running.person(name) for name in running.names]
        ours = _traffic(people, lambda: running.processes)
    servers = [Vanilla(folder, each) for each in range(number)]
    try:
        for each in servers:
            each.start()
        theirs = _traffic(
            [each.person() for each in servers],
            lambda: [one for each in servers for one in each.processes],
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


def _traffic(
    people: Sequence[Person], processes: Callable[[], list[Process]]
) -> tuple[float, float, float]:
    for person in people:
        person.get(f"{CLIENT}/account/whoami")
    before, began = cpu_seconds(processes()), time.monotonic()
    for person in people:
        settle_in(person)
    for person in people:
        use(person)
    return cpu_seconds(processes()) - before, time.monotonic() - began, memory_mb(processes())[0]


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
