"""Editors as they come from npm, run by Node, and two twins that they connect to."""

import json
import select
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from twin_module.testing.person import TWIN, Person, eventually
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, person_at

FOLDER = Path(__file__).parent
ANSWER_SECONDS = 60.0


class Program:
    """A program of Node that is told what to do in lines of JSON, and answers in lines of JSON."""

    def __init__(self, name: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            ["node", str(FOLDER / name), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=FOLDER,
        )

    def __call__(self, do: str, **asked: Any) -> Any:
        """Have something done, and return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps({'do': do, **asked})}\n".encode())
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], ANSWER_SECONDS)
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


@pytest.fixture(scope="session")
def packages() -> None:
    """The packages that package-lock.json names, in `node_modules` beside it."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"no {' and no '.join(missing)}: install it (on Debian: apt install npm)")
    lock = (FOLDER / "package-lock.json").read_bytes()
    installed = FOLDER / "node_modules" / "of-package-lock.json"
    if not installed.is_file() or installed.read_bytes() != lock:
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=FOLDER, check=True, stdout=subprocess.DEVNULL)
        installed.write_bytes(lock)


@pytest.fixture
def program(packages: None) -> Iterator[Callable[..., Program]]:
    """How to start a program; it ends with the test."""
    with ExitStack() as stack:

        def start(name: str, *arguments: str) -> Program:
            started = Program(name, *arguments)
            stack.callback(started.close)
            return started

        yield start


@pytest.fixture(scope="session")
def network(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwinNetwork]:
    """A network with the twins of Alice and Bob."""
    with TwinNetwork(reactor_thread, tmp_path_factory.mktemp("editors")) as network:
        for name in ("alice", "bob"):
            network.start(name)
        yield network


@pytest.fixture(scope="session")
def alice(network: TwinNetwork) -> Person:
    """Alice at her twin."""
    return person_at(network.twins["alice"])


@pytest.fixture(scope="session")
def bob(network: TwinNetwork) -> Person:
    """Bob at his twin."""
    return person_at(network.twins["bob"])


@pytest.fixture
def room(alice: Person, bob: Person) -> str:
    """A collection in which both write, with an empty document `minutes`."""
    room = alice.collection("Written together")
    alice.put(f"rooms/{room}/docs/minutes", {"@type": "Document", "title": "Minutes", "text": ""})
    circle = alice.command("circles", "create", name="Two", members={bob.owner: "editor"})
    alice.command("circles", "share", room_id=room, circle=circle["room_id"])
    bob.accept(room)
    eventually(lambda: bob.get(f"collections/{room}")["role"] == "editor", what="Bob may write")
    eventually(lambda: "minutes" in bob.uids(room), what="Bob has the document")
    return room


def where(person: Person, room: str) -> Mapping[str, str]:
    """Return what `WebsocketProvider` is given for the document."""
    address = f"ws{person.url.removeprefix('http')}{TWIN}/rooms/{room}/docs/minutes"
    return {"address": address, "token": person.token}
