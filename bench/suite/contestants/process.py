"""A program that serves on loopback, with its output in a file."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final

import psutil

from bench.suite.contestants.base import Failed
from twin_module.testing.person import eventually, request
from twin_module.testing.processes import family

PATIENCE: Final = 120.0
"""Seconds that a program may take to start, and to end."""


class Program:
    """One run of a program."""

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._log = folder / "output.log"
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_until_it_answers(self, url: str, path: str) -> None:
        """Wait for an answer that is no error."""

        def answers() -> bool:
            self.processes()
            try:
                return request(url, "GET", path).status == HTTPStatus.OK
            except OSError:
                return False

        eventually(answers, within=PATIENCE, what=f"{url}{path} answers")

    def processes(self) -> list[psutil.Process]:
        """Return its process with all that it started.

        Raises:
            Failed: it does not run any more.
        """
        if self._process.poll() is not None:
            raise Failed(f"It ended by itself, {self._log} may say why.")
        return family(self._process.pid)

    def stop(self) -> None:
        """End it, by force where it does not end when it is asked to."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
