"""A host as a whole program, its twins under names of their own, and people who ask them over their sockets."""

import json
import logging
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psutil
import yaml

from tests.host.backup_scene import digest_of
from twin_module.host.backup.twin_files import NOT_KEPT
from twin_module.host.commands.new import make_twin
from twin_module.host.errors import HostError
from twin_module.host.options import read_options
from twin_module.host.places import Places
from twin_module.host.table import find_entry
from twin_module.testing.asked_host import AskedHost
from twin_module.testing.person import CLIENT, TWIN, HostedPerson, eventually
from twin_module.testing.processes import children, open_files, runs

logger = logging.getLogger(__name__)

DOMAIN: Final = "twin.test"
WHOAMI: Final = f"{CLIENT}/account/whoami"
PATIENCE: Final = 600.0
"""Seconds for what has to happen at some time; nothing depends on when."""
QUICK: Final[Mapping[str, Any]] = {"bcrypt_rounds": 4}
"""Making the owner's account takes a second of the processor otherwise."""


class Host(AskedHost):
    """One data folder, and the host that runs on it."""

    def __init__(self, data: Path, **options: Any) -> None:
        super().__init__(Places(data))
        self.names: list[str] = []
        self.output = data / "output.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._started: set[psutil.Process] = set()
        """All processes that were seen to be a part of it, and when they began: numbers are given anew."""
        data.mkdir(mode=0o700)
        self.places.options.write_text(
            yaml.safe_dump({"domain": DOMAIN, "quiet_seconds": 3600, **options})
        )

    def make(self, *names: str, trust: str | None = None, **settings: Any) -> None:
        """Make twins, as `twin new` does; settings are those of Synapse."""
        options = read_options(self.places.options)
        for name in names:
            folder = self.places.folder(name)
            folder.mkdir(mode=0o700)
            (folder / "extra.yaml").write_text(yaml.safe_dump({**QUICK, **settings}))
            make_twin(self.places, options, name, None, trust)
            self.names.append(name)

    # The program

    def start(self, before: Sequence[str] = ()) -> None:
        """Start it, and wait until it answers; `before` is a command that runs the one behind it."""
        self.begin(before)
        eventually(self._answers, within=PATIENCE, what="the host answers")

    def begin(self, before: Sequence[str] = ()) -> None:
        """Start it without waiting for anything."""
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [*before, *twin_command("up", "--data", str(self.data))],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._started.add(psutil.Process(self.process.pid))

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise RuntimeError(self.output.read_text()[-2000:] + self.log_tail())
        try:
            return bool(self.status()["keeper"]["pid"] == self.process.pid)
        except HostError as error:
            raise AssertionError(str(error)) from None

    def log_tail(self) -> str:
        """Return the end of the host's log."""
        return self.places.log.read_text()[-4000:] if self.places.log.exists() else ""

    def stop(self) -> int:
        """End it politely; returns the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.processes()
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End its keeper by kill -9."""
        assert self.process is not None
        self.processes()
        self.process.kill()
        self.process.wait(PATIENCE)

    def processes(self) -> list[int]:
        """Return the keeper and what it forked, as far as they run."""
        assert self.process is not None
        self._started.update(children(self.process.pid))
        # Whether a process is the same that had its ID before is known to psutil.
        return sorted(each.pid for each in self._started if each.is_running() and runs(each.pid))

    def close(self) -> None:
        """Leave no process behind, whatever a test did."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.stop()
        for pid in self.processes():
            # They are ours by way of the keeper.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    # What it says

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.places.data

    def states(self, *names: str) -> set[str]:
        """Return the states that these twins are in, or all."""
        return {each["state"] for name, each in self.twins().items() if not names or name in names}

    def shard(self, name: str) -> int:
        """Return the process that an awake twin is in."""
        twin = self.twin(name)
        assert twin["state"] == "awake", twin
        return int(twin["shard"])

    def homes(self, name: str) -> set[int]:
        """Return which of its processes have a twin's database open."""
        database = self.places.folder(name) / "homeserver.db"
        return {pid for pid in self.processes() if str(database) in open_files(pid)}

    def command(self, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run a command `twin` on the data folder."""
        return subprocess.run(
            twin_command(*words, "--data", str(self.data)),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            **more,
        )

    def said_by_status(self) -> dict[str, dict[str, Any]]:
        """Return what `twin status` says of each twin."""
        result = self.command("status", "--json")
        assert result.returncode == 0, result.stderr
        return {each["name"]: each for each in json.loads(result.stdout)["twins"]}

    def folder(self, name: str) -> Path:
        """Return a twin's folder as the host sees it, which may have mounted something there."""
        folder = self.places.folder(name)
        if self.process is not None and runs(self.process.pid):
            return Path(f"/proc/{self.process.pid}/root{folder}")
        return folder

    # Asleep and awake

    def settle(self, *names: str) -> None:
        """Wait until twins are ready, and owe nothing; they stay awake."""
        for name in names or self.names:
            self.owner(name).ready()

        def quiet() -> bool:
            twins = self.twins()
            return all(twins[name]["busy"] is None for name in names or self.names)

        eventually(quiet, within=PATIENCE, what="the twins are at rest")

    def sleep(self, *names: str) -> None:
        """Put twins to sleep, as soon as they owe nothing."""

        def asleep() -> bool:
            states = [self.ask("sleep", name)["state"] for name in names]
            return all(state == "asleep" for state in states)

        eventually(asleep, within=PATIENCE, what=f"{', '.join(names)} sleep")

    def owner(self, name: str) -> "Owner":
        """Return the owner of a twin."""
        return Owner(self, name)


class Owner(HostedPerson):
    """The owner of a hosted twin, at its socket, as a proxy in front would connect."""

    def __init__(self, host: Host, name: str) -> None:
        server_name = find_entry(host.data, name).server_name
        super().__init__(
            host.places.socket(server_name),
            server_name,
            name,
            lambda: (host.folder(name) / "owner.password").read_text().strip(),
            PATIENCE,
        )

    @property
    def signed(self) -> dict[str, str]:
        """The header of whoever has signed in."""
        return {"Authorization": f"Bearer {self.token}"}

    def ready(self) -> None:
        """Wait until the twin has started."""
        eventually(
            lambda: self.bare("GET", f"{TWIN}/card").status == 200,
            within=PATIENCE,
            what=f"{self.name}'s twin is ready",
        )
        assert self.token

    def say(self, room_id: str, body: str, transaction: str) -> str:
        """Send a message, and return its event ID."""
        path = f"{CLIENT}/rooms/{quote(room_id)}/send/m.room.message/{quote(transaction)}"
        sent = self.put(path, {"msgtype": "m.text", "body": body})
        return str(sent["event_id"])

    def messages(self, room_id: str) -> dict[str, str]:
        """Return the bodies of all messages of a room by event ID."""
        path = f"{CLIENT}/rooms/{quote(room_id)}/messages"
        found: dict[str, str] = {}
        query = {"dir": "b", "limit": "1000"}
        while True:
            page = self.get(path, **query)
            for event in page["chunk"]:
                if event["type"] == "m.room.message" and "body" in event["content"]:
                    found[event["event_id"]] = event["content"]["body"]
            if "end" not in page:
                return found
            query["from"] = page["end"]


@contextmanager
def host(*names: str, **options: Any) -> Iterator[Host]:
    """Run a host with some twins, all of which have started and are at rest; it ends with all that is of it."""
    with stopped_host(**options) as made:
        made.make(*names)
        made.start()
        made.settle()
        yield made


@contextmanager
def stopped_host(**options: Any) -> Iterator[Host]:
    """Make a host that does not run yet, in a folder with a short name: addresses of sockets have 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="host"))
    made = Host(folder / "d", **options)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder)


def new_chance() -> random.Random:
    """Return what decides in a test that tries what comes; its seed stands in what pytest shows of a failure."""
    seed = secrets.randbelow(2**32)
    logger.warning("seed %s", seed)
    return random.Random(seed)


def kept_digest(folder: Path) -> dict[str, str]:
    """Return the digest of a twin's folder without what no backup holds: logs and locks."""
    return {name: each for name, each in digest_of(folder).items() if not NOT_KEPT.fullmatch(name)}


def twin_command(*words: str) -> list[str]:
    """Return how to run the command `twin`."""
    return [sys.executable, "-m", "twin_module.host", *words]


def kill(pid: int) -> None:
    """End a process of a host by kill -9, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not runs(pid), within=PATIENCE, what=f"process {pid} is gone")
