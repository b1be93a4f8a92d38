"""What contestants have in common that come from npm and are one program."""

from pathlib import Path

import psutil

from bench.suite.contestants.base import Contestant
from bench.suite.contestants.process import Program


class Packaged(Contestant):
    """A program of a package, once `start` has begun it."""

    def __init__(self, folder: Path, installed: Path) -> None:
        self._folder = folder / self.name
        self._installed = installed / self.name
        self._program: Program | None = None

    def stop(self) -> None:
        """End it."""
        if self._program is not None:
            self._program.stop()

    def processes(self) -> list[psutil.Process]:
        """Return its process."""
        return [] if self._program is None else self._program.processes()
