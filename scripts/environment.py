"""Makes .venv: what `scripts/up` runs in, and with `dev` what `scripts/test` needs as well.

Standard library only, Python 3.11 or later. Does nothing when everything is there. Versions are
those of config/constraints.txt.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PIP = "pip==26.3"  # venvs begin with an older one that knows no --group and no --build-constraint
CONSTRAINTS = ROOT / "config" / "constraints.txt"


def main(kind: str) -> None:
    """Make the environment, `up` or `dev`, unless it is as it should be."""
    try:
        with (ROOT / ".venv.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            ensure(kind)
    except OSError as error:
        sys.exit(f"The environment in {VENV} can't be made: {error.strerror or error}.")


def ensure(kind: str) -> None:
    """Make what is missing; the note of what was installed is written last."""
    done = VENV / f"installed-{kind}"
    wanted = fingerprint()
    if done.exists() and done.read_text() == wanted:
        return
    if kind == "up" and (dev := VENV / "installed-dev").exists() and dev.read_text() == wanted:
        return
    if not (VENV / "made").exists():
        print(f"Making {VENV.name} with Python {sys.version.split()[0]}", flush=True)
        run("It could not be made", [sys.executable, "-m", "venv", "--clear", str(VENV)])
        (VENV / "made").touch()
    install([PIP], "pip")
    target = (
        [f"{ROOT}[postgres]", "--group", f"{ROOT / 'pyproject.toml'}:dev"]
        if kind == "dev"
        else [str(ROOT)]
    )
    pinned = [
        option
        for name in ("--constraint", "--build-constraint")
        for option in (name, str(CONSTRAINTS))
    ]
    install([*pinned, "--editable", *target], "the twin and what it stands on")
    done.write_text(wanted)


def fingerprint() -> str:
    """Tell by a hash what has to be installed with which Python."""
    parts = [
        (ROOT / "pyproject.toml").read_bytes(),
        CONSTRAINTS.read_bytes(),
        str(ROOT).encode(),
        sys.version.encode(),
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def install(what: list[str], name: str) -> None:
    """Install, showing that something happens: how many packages are there by now."""
    command = [
        str(VENV / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        *what,
    ]
    print(f"Installing {name}", end="", flush=True)
    said: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            said.append(line)
            if line.startswith(("Collecting", "  Using cached", "  Downloading")):
                print(".", end="", flush=True)
    print(flush=True)
    if process.returncode:
        fail("It could not be installed", said)


def run(trouble: str, command: list[str]) -> None:
    """Run a command that says nothing unless it fails."""
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        fail(trouble, [*result.stdout.splitlines(), *result.stderr.splitlines()])


def fail(trouble: str, said: list[str]) -> None:
    """End with what a command said last, in one line; all of it lies in a file."""
    log = ROOT / ".venv.log"
    log.write_text("\n".join(line.rstrip("\n") for line in said) + "\n")
    words = [line.strip() for line in said if line.strip()]
    reason = next(
        (w for w in reversed(words) if w.lower().startswith("error")),
        words[-1] if words else "no reason was given",
    )
    if "ensurepip" in " ".join(words):
        reason = "this Python has no ensurepip (on Debian and Ubuntu: apt install python3-venv)"
    sys.exit(f"{trouble}: {reason} (all of it in {log})")


if __name__ == "__main__":
    os.umask(0o022)
    main(sys.argv[1])
