"""Programs of Node, with their packages from npm, that tests tell what to do."""

import fcntl
import json
import re
import select
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest


class Program:
    """A program of Node that is told what to do in lines of JSON, and answers in lines of JSON."""

    def __init__(self, path: Path, *arguments: str, seconds: float = 60.0) -> None:
        """Start it in its folder; an answer has to come within so many seconds."""
        self._seconds = seconds
        self._process = subprocess.Popen(
            ["node", str(path), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=path.parent,
        )

    def __call__(self, do: str, **asked: Any) -> Any:
        """Have something done, and return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps({'do': do, **asked})}\n".encode())
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], self._seconds)
        line = self._process.stdout.readline() if ready else b""
        assert line, f"no answer to {do}; what Node said stands above"
        return json.loads(line)

    def close(self) -> None:
        """End the program."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def install(folder: Path, least: tuple[int, int] | None = None) -> None:
    """Install the packages that a folder's package-lock.json names, in `node_modules` beside it.

    Skips the test where Node.js or npm is missing, or Node.js is older than `least`.
    """
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"no {' and no '.join(missing)}: install it (on Debian: apt install npm)")
    if least is not None:
        command = ["node", "--version"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = re.match(r"v(\d+)\.(\d+)", said)
        if found is None or (int(found[1]), int(found[2])) < least:
            wanted = ".".join(map(str, least))
            pytest.skip(f"no Node.js {wanted} or later, but {said.strip()}: install a newer one")
    installed = folder / "node_modules" / "of-package-lock.json"
    with (folder / "package-lock.json").open("rb") as lock:
        # Several processes may run the files of this folder.
        fcntl.flock(lock, fcntl.LOCK_EX)
        packages = lock.read()
        if not installed.is_file() or installed.read_bytes() != packages:
            # Packages may ask for a newer Node.js than they need.
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            command.append("--loglevel=error")
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
            installed.write_bytes(packages)
