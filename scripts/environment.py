"""Makes the environments that the other scripts run in, each in a folder of its own.

    up       .venv          the twin and what it stands on
    dev      .venv          with what the tests and checks need as well
    lowest   .venv-lowest   the same as dev, on the oldest Synapse that is supported

Standard library only, Python 3.11 or later. Does nothing when everything is there. Versions are
those of config/constraints.txt.
"""

import fcntl
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIP = "pip==26.3"  # environments begin with an older one, which knows no --group


def main(kind: str) -> None:
    """Make an environment, unless it is as it should be."""
    venv = ROOT / (".venv-lowest" if kind == "lowest" else ".venv")
    try:
        with (ROOT / ".venv.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            ensure(venv, kind)
    except OSError as error:
        sys.exit(f"The environment in {venv} can't be made: {error.strerror or error}.")


def ensure(venv: Path, kind: str) -> None:
    """Make what is missing; the note of what was installed is written last."""
    constraints = pinned(kind)
    wanted = fingerprint(constraints)
    # What `dev` needs has all that `up` needs.
    if any(is_noted(venv / f"installed-{each}", wanted) for each in {kind, "dev"}):
        return
    if not (venv / "made").exists():
        print(f"Making {venv.name} with Python {sys.version.split()[0]}", flush=True)
        run([sys.executable, "-m", "venv", "--clear", str(venv)])
        (venv / "made").touch()
    pins = venv / "constraints.txt"
    pins.write_text(constraints)
    install(venv, [PIP], "pip")
    options = ["--constraint", str(pins), "--build-constraint", str(pins), "--editable"]
    if kind == "up":
        install(venv, [*options, str(ROOT)], "the twin and what it stands on")
    else:
        group = f"{ROOT / 'pyproject.toml'}:dev"
        install(venv, [*options, f"{ROOT}[postgres]", "--group", group], "the twin and its tests")
    (venv / f"installed-{kind}").write_text(wanted)


def is_noted(note: Path, wanted: str) -> bool:
    """Tell whether a note says that all that is wanted was installed."""
    return note.exists() and note.read_text() == wanted


def pinned(kind: str) -> str:
    """Return the versions to install, as pip's constraints."""
    constraints = (ROOT / "config" / "constraints.txt").read_text()
    if kind != "lowest":
        return constraints
    found = re.search(r"matrix-synapse>=([0-9.]+)", (ROOT / "pyproject.toml").read_text())
    if found is None:
        sys.exit("pyproject.toml names no lowest version of matrix-synapse.")
    pin = f"matrix-synapse=={found[1]}.0"
    return re.sub(r"^matrix-synapse==.*$", pin, constraints, flags=re.MULTILINE)


def fingerprint(constraints: str) -> str:
    """Tell by a hash what has to be installed, where, and with which Python."""
    declared = (ROOT / "pyproject.toml").read_text()
    parts = "\0".join([declared, constraints, str(ROOT), sys.version])
    return hashlib.sha256(parts.encode()).hexdigest()


def install(venv: Path, what: Iterable[str], name: str) -> None:
    """Install, with a dot for each package to show that something happens."""
    python = str(venv / "bin" / "python")
    command = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *what]
    print(f"Installing {name}", end="", flush=True)
    said: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            said.append(line)
            if line.startswith("Collecting"):
                print(".", end="", flush=True)
    print(flush=True)
    if process.returncode:
        fail(said)


def run(command: list[str]) -> None:
    """Run a command that says nothing unless it fails."""
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        fail([*result.stdout.splitlines(), *result.stderr.splitlines()])


def fail(said: list[str]) -> None:
    """End with the reason that a command gave, in one line; all that it said goes to a file."""
    log = ROOT / ".venv.log"
    log.write_text("\n".join(line.rstrip("\n") for line in said) + "\n")
    words = [line.strip() for line in said if line.strip()]
    errors = [line for line in words if line.lower().startswith("error")]
    reason = (errors or words or ["no reason was given"])[-1]
    if any("ensurepip" in line for line in words):
        reason = "this Python has no ensurepip (on Debian and Ubuntu: apt install python3-venv)"
    sys.exit(f"The environment can't be made: {reason} (all of it in {log})")


if __name__ == "__main__":
    os.umask(0o022)
    main(sys.argv[1])
