"""Synapse as a process of its own, with the module or without it."""

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import psutil
import yaml

from bench.suite.contestants.base import Failed
from bench.suite.contestants.process import Program
from twin_module.host.certificates import ensure_ca, ensure_leaf
from twin_module.host.configuration import TwinFacts
from twin_module.host.folder import EXTRA, prepare
from twin_module.testing.person import TWIN, Person
from twin_module.testing.twins import free_port

VERSIONS: Final = "/_matrix/client/versions"
MUCH: Final = {"per_second": 100_000, "burst_count": 1_000_000}
UNLIMITED: Final[Mapping[str, Any]] = {
    # What one person may do in a second is not what is measured, at none of the contestants.
    "rc_message": MUCH,
    "rc_room_creation": MUCH,
    "rc_joins": {"local": MUCH, "remote": MUCH},
    "rc_joins_per_room": MUCH,
    "rc_invites": {"per_room": MUCH, "per_user": MUCH, "per_issuer": MUCH},
    "bcrypt_rounds": 4,
}


class Server:
    """A Synapse in a folder; the same folder may be started again."""

    def __init__(self, facts: TwinFacts, *, with_module: bool) -> None:
        self.facts = facts
        self.url = f"http://127.0.0.1:{facts.client_port}"
        self.owner = f"@{facts.owner}:{facts.server_name}"
        self._with_module = with_module
        self._program: Program | None = None

    def start(self) -> Self:
        """Start it, and wait until its owner can sign in."""
        folder = self.facts.folder
        folder.mkdir(parents=True, exist_ok=True)
        extra = dict(UNLIMITED)
        if not self._with_module:
            extra["modules"] = []
            extra["registration_shared_secret_path"] = str(folder / "registration.key")
        (folder / EXTRA).write_text(yaml.safe_dump(extra))
        config = prepare(self.facts)
        command = [sys.executable, "-m", "synapse.app.homeserver", "--config-path", str(config)]
        self._program = Program(command, folder)
        path = f"{TWIN}/card" if self._with_module else VERSIONS
        self._program.wait_until_it_answers(self.url, path)
        if not (folder / "owner.password").exists():
            self._register(config)
        return self

    def stop(self) -> None:
        """End it; its data stay."""
        if self._program is not None:
            self._program.stop()
            self._program = None

    def processes(self) -> list[psutil.Process]:
        """Return its process."""
        if self._program is None:
            raise Failed(f"Synapse in {self.facts.folder} was not started.")
        return self._program.processes()

    def person(self) -> Person:
        """Return its owner."""
        password = self.facts.folder / "owner.password"
        return Person(self.url, self.owner, lambda: password.read_text().strip())

    def _register(self, config: Path) -> None:
        password = self.facts.folder / "owner.password"
        password.touch(0o600)
        password.write_text("correct horse battery staple")
        program = str(Path(sys.executable).with_name("register_new_matrix_user"))
        subprocess.run(
            [
                program,
                f"--user={self.facts.owner}",
                f"--password-file={password}",
                "--no-admin",
                f"--config={config}",
                self.url,
            ],
            check=True,
            capture_output=True,
        )


def copied(facts: TwinFacts, folder: Path) -> TwinFacts:
    """Copy everything of a server that is stopped; the copy has the same name and its own port."""
    shutil.copytree(facts.folder, folder)
    return replace(facts, folder=folder, client_port=free_port(), federation_port=free_port())


def neighbours(
    folder: Path,
    names: Sequence[str],
    postgres: Mapping[str, Mapping[str, str | int]] | None = None,
) -> Mapping[str, TwinFacts]:
    """Return what servers are made of that federate with each other.

    Args:
        folder: where the folder of each is made.
        names: their owners.
        postgres: connection arguments of the database of each; None is SQLite.
    """
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    authority = ensure_ca(folder, now)
    ports = {name: free_port() for name in names}
    servers = tuple(f"localhost:{port}" for port in ports.values())
    found = {}
    for name in names:
        (folder / name).mkdir(mode=0o700, exist_ok=True)
        certificate, key = ensure_leaf(folder / name, authority, now)
        found[name] = TwinFacts(
            owner=name,
            server_name=f"localhost:{ports[name]}",
            folder=folder / name,
            client_port=free_port(),
            federation_port=ports[name],
            tls_certificate=certificate,
            tls_key=key,
            ca_file=authority[0],
            peers=servers,
            postgres=None if postgres is None else postgres[name],
        )
    return found
