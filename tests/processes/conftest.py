"""Whole programs: `twin up` with its children, started, killed and started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Self

import pytest

from twin_module.host.lock import FolderLock
from twin_module.host.table import read_table
from twin_module.testing.person import Person, eventually

READY = "The twins are up."


class Up:
    """A running `twin up`."""

    def __init__(self, data: Path, twins: str, environment: Mapping[str, str]) -> None:
        self.data = data
        self.log = data.parent / f"{data.name}.out"
        self._twins = twins
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The supervising process."""
        assert self._process is not None
        return self._process

    def start(self) -> Self:
        """Start, without waiting for anything."""
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "twin_module.host",
                    "up",
                    "--data",
                    str(self.data),
                    "--twins",
                    self._twins,
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self._environment},
            )
        return self

    def await_ready(self) -> Self:
        """Wait until it says that the twins are up."""

        def ready() -> bool:
            if self.process.poll() is not None:
                pytest.fail(self.output())
            return READY in self.output()

        eventually(ready, within=180, what="the twins are up")
        return self

    def output(self) -> str:
        """Return what it printed."""
        return self.log.read_text()

    def person(self, name: str) -> Person:
        """Return the owner of one of its twins."""
        entry = read_table(self.data)[name]
        return Person(
            f"http://127.0.0.1:{entry.client_port}",
            f"@{name}:{entry.server_name}",
            lambda: self.password(name),
        )

    def password(self, name: str) -> str:
        """Return the password that was generated for an owner."""
        return (self.data / name / "owner.password").read_text().strip()

    def child(self, name: str) -> int:
        """Return the process that a twin is in."""
        return int((self.data / name / "running.lock").read_text())

    def kill(self) -> None:
        """End the supervising process by kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """End as Ctrl-C would, and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(90)


Starter = Callable[..., Up]


@pytest.fixture
def up(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    """Start `twin up` on a data folder of this test."""
    # All look for ports from the same one on, and tests run in several processes.
    turn = FolderLock(tmp_path_factory.getbasetemp().parent / "up.lock")
    eventually(turn.take, within=1800, what="nobody else tests `twin up`")
    running: list[Up] = []

    def start(twins: str = "alice", data: Path | None = None, **environment: str) -> Up:
        started = Up(data or tmp_path / "data", twins, environment).start()
        running.append(started)
        return started

    try:
        yield start
        for each in running:
            each.stop()
    finally:
        turn.release()
