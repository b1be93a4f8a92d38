"""A host with a real keeper and players for shards, in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twin_module.host.errors import HostError
from twin_module.host.places import Places
from twin_module.testing.asked_host import AskedHost
from twin_module.testing.person import eventually
from twin_module.testing.processes import children, runs

PROGRAM = Path(__file__).with_name("keeper_program.py")
REPOSITORY = PROGRAM.parents[2]


class Stage(AskedHost):
    """One data folder, and the keeper that runs on it."""

    def __init__(self, data: Path, names: Sequence[str], trusts: Sequence[str] = ("home",)) -> None:
        super().__init__(Places(data))
        self.names = names
        self.output = data.with_name("output")
        self.process: subprocess.Popen[bytes] | None = None
        self.environment: dict[str, str] = {}
        for name in names:
            (data / name).mkdir(parents=True)
        self.table: dict[str, dict[str, Any]] = {
            name: {
                "server_name": f"{name}.example.org",
                "trust": trusts[n % len(trusts)],
                "state": "up",
            }
            for n, name in enumerate(names)
        }
        self.write_table()

    def write_table(self) -> None:
        (self.places.data / "twins.json").write_text(json.dumps(self.table))

    def spawn(
        self, options: dict[str, Any] | None = None, pace: dict[str, Any] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a keeper; returns before it serves."""
        # No pipe: children that outlive the keeper would hold it open.
        with self.output.open("w") as output:
            return subprocess.Popen(
                [
                    sys.executable,
                    str(PROGRAM),
                    str(self.places.data),
                    json.dumps(options or {}),
                    json.dumps(pace or {}),
                ],
                stderr=output,
                env={**os.environ, "PYTHONPATH": str(REPOSITORY), **self.environment},
            )

    def start(
        self, options: dict[str, Any] | None = None, pace: dict[str, Any] | None = None
    ) -> None:
        """Start the keeper, and wait until it answers."""
        self.process = self.spawn(options, pace)
        eventually(self.answers, what="the keeper answers")

    def answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise RuntimeError(self.output.read_text())
        try:
            return "twins" in self.status()
        except HostError as error:
            raise AssertionError(str(error)) from None

    def start_quietly(
        self, options: dict[str, Any] | None = None, pace: dict[str, Any] | None = None
    ) -> None:
        """Start it, let each twin be awake once as after each start, and put all to sleep."""
        self.start(options, pace)
        self.sleep_all()
        (self.places.data / "trace").unlink(missing_ok=True)

    def sleep_all(self) -> None:
        def greeted() -> bool:
            for twin in self.twins().values():
                if twin["state"] == "awake":
                    self.ask("sleep", twin["name"])
            woken = {line[1] for line in self.trace("load")}
            return woken >= set(self.names) and self.asleep()

        eventually(greeted, what="each twin was awake once")

    def asleep(self) -> bool:
        status = self.status()
        return not status["shards"] and {t["state"] for t in status["twins"]} <= {"asleep", "down"}

    def stop(self) -> None:
        """End the keeper, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.wait()

    def wait(self) -> tuple[int, str]:
        """Return how the keeper ended, and what it said."""
        assert self.process is not None
        return self.process.wait(timeout=60), self.output.read_text()

    def kill(self) -> None:
        """Kill -9 the keeper."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=60)

    def behave(self, name: str, how: str) -> None:
        path = self.places.data / name / "behave"
        if how:
            path.write_text(how)
        else:
            path.unlink(missing_ok=True)

    def connect(self, name: str, words: str = "hello") -> socket.socket:
        """Connect to a twin and say something, without waiting for the answer."""
        server_name = str(self.table[name]["server_name"])
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(60)
        connection.connect(str(self.places.socket(server_name)))
        connection.sendall(words.encode() + b"\n")
        return connection

    def say(self, name: str, words: str = "hello") -> list[str]:
        """Say something to a twin; returns its name, process and user."""
        with self.connect(name, words) as connection:
            return heard(connection)

    def trace(self, what: str = "") -> list[list[str]]:
        path = self.places.data / "trace"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.split() for line in lines if line.startswith(what)]

    def children(self) -> list[int]:
        """All processes that the keeper forked and that run."""
        assert self.process is not None
        return [each.pid for each in children(self.process.pid)]


def heard(connection: socket.socket) -> list[str]:
    """Return the answer of a twin."""
    return connection.makefile().readline().split()


@contextmanager
def stage(data: Path, names: Sequence[str], trusts: Sequence[str] = ("home",)) -> Iterator[Stage]:
    """Set one up, and end it and all that it started."""
    found = Stage(data, names, trusts)
    try:
        yield found
    finally:
        if found.process is not None:
            children = found.children() if found.process.poll() is None else []
            if found.process.returncode is None:
                found.kill()
            for pid in children:
                # They are ours by way of the keeper; those that hang do not see its end.
                if runs(pid):
                    os.kill(pid, signal.SIGKILL)
