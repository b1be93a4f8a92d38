"""Builds the page of the twin, in twin_module/web, when the build is missing or older than its sources.

    page.py build    builds it, if need be
    page.py check    types and quick tests of its sources
    page.py if-can   as build, but where it can't be built there is a sentence and no error

Standard library only. Packages are those of package-lock.json, none of their scripts is run.
"""

import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "twin_module" / "web"
BUILT = WEB / "built"
STAMP = BUILT / "made-of"
NEEDED = (20, 19)
SOURCES = (
    "index.html",
    "widget.html",
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "src",
    "public",
)


class Failed(Exception):
    """What was wanted can't be done; the message says why."""


def main(wanted: str) -> None:
    """Do what is wanted, and end with one line where it can't be done."""
    try:
        do(wanted)
    except Failed as reason:
        if wanted != "if-can":
            sys.exit(str(reason))
        print(f"{reason} Everything but the page in the browser works without it.", flush=True)


def do(wanted: str) -> None:
    """Do what is wanted.

    Raises:
        Failed: something of the machine, or of the sources, is in the way.
    """
    try:
        if wanted != "check" and is_fresh():
            return
        check_node()
        with (ROOT / ".page.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            install()
            if wanted == "check":
                npm("checking the page", "run", "check")
                npm("testing the page's logic", "test")
            elif not is_fresh():
                build()
    except OSError as error:
        raise Failed(f"The page can't be built in {WEB}: {error.strerror or error}.") from None


def is_fresh() -> bool:
    """Tell whether the build is of the sources that are there."""
    return STAMP.is_file() and STAMP.read_text() == fingerprint()


def fingerprint() -> str:
    """Return a hash of all that the build is made of."""
    digest = hashlib.sha256()
    for name in SOURCES:
        path = WEB / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and not file.name.endswith(".test.ts"):
                digest.update(f"{file.relative_to(WEB)}\0".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def check_node() -> None:
    """Make sure that Node.js and npm are there.

    Raises:
        Failed: says what to install.
    """
    wanted = ".".join(map(str, NEEDED))
    said = output_of(program("node"), "--version").stdout
    found = re.match(r"v(\d+)\.(\d+)", said)
    if found is None or (int(found[1]), int(found[2])) < NEEDED:
        raise Failed(
            f"The page is built with Node.js {wanted} or later, and this is {said.strip() or 'none'}: "
            "install a newer one (Debian 13 has it)."
        )
    program("npm")


def program(name: str) -> str:
    """Return where a program is that the page is built with."""
    found = shutil.which(name)
    if found is None:
        wanted = ".".join(map(str, NEEDED))
        raise Failed(
            f"The page is built with Node.js {wanted} or later, with npm: install them (on Debian 13: apt install npm)."
        )
    return found


def output_of(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the folder of the page, and return what it said."""
    return subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=False)


def install() -> None:
    """Install the packages of package-lock.json, unless they are there."""
    lock = (WEB / "package-lock.json").read_bytes()
    note = WEB / "node_modules" / "of-package-lock.json"
    if note.is_file() and note.read_bytes() == lock:
        return
    npm("installing what the page is built with", "ci", "--ignore-scripts")
    note.write_bytes(lock)


def build() -> None:
    """Build beside what is served, then take its place."""
    print("Building the page", flush=True)
    made_of = fingerprint()
    fresh, old = WEB / "built.new", WEB / "built.old"
    if old.exists() and not BUILT.exists():
        old.rename(BUILT)  # a build before was cut off while it took its place
    npm("building the page", "run", "build", "--", "--outDir", fresh.name, "--emptyOutDir")
    (fresh / STAMP.name).write_text(made_of)
    shutil.rmtree(old, ignore_errors=True)
    if BUILT.exists():
        BUILT.rename(old)
    fresh.rename(BUILT)
    shutil.rmtree(old, ignore_errors=True)


def npm(doing: str, *arguments: str) -> None:
    """Run npm.

    Raises:
        Failed: the reason in one line; all that npm said goes to a file.
    """
    result = output_of(program("npm"), *arguments)
    if result.returncode == 0:
        return
    log = ROOT / ".page.log"
    said = result.stdout + result.stderr
    log.write_text(said)
    words = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in words if re.search(r"error|FAIL|✗", line)]
    reason = (errors or words or ["no reason was given"])[0]
    raise Failed(f"Failed {doing}: {reason[:300]} (all of it in {log}).")


if __name__ == "__main__":
    main(sys.argv[1])
