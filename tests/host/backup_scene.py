"""A twin's folder to back up, and the digest that what was restored is compared by."""

import hashlib
import json
import random
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from twin_module.host.backup.make_backup import BackupResult, make_backup
from twin_module.host.backup.owner_key import new_key
from twin_module.host.backup.restore import restore
from twin_module.host.backup.retention import Keep
from twin_module.host.backup.settings import BackupSettings, set_up

BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)
DATABASE = "homeserver.db"
SECRET = b"ed25519 a_1 a-signing-key-that-nobody-may-see"


@dataclass
class Scene:
    """The twin of alice on a host, a folder for backups, and her key."""

    root: Path
    public: str

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def folder(self) -> Path:
        return self.data / "alice"

    @property
    def target(self) -> Path:
        return self.root / "disk" / "alice"

    @property
    def key(self) -> Path:
        return self.root / "key.txt"

    def back_up(self, days: float = 0, **more: Any) -> BackupResult:
        """Make a backup, so many days after the first one."""
        return make_backup(self.data, "alice", BEGIN + timedelta(days=days), **more)

    def restored(self, name: str = "restored", **more: Any) -> dict[str, str]:
        """Restore to a folder of this name, and return its digest."""
        folder = self.root / name
        restore(self.target, self.key, folder, **more)
        return digest_of(folder)

    def set_up(self, **more: Any) -> None:
        """Say where backups go."""
        set_up(
            self.data,
            "alice",
            BackupSettings(**{"target": self.target, "public": self.public, **more}),
        )

    def write(self, path: str, data: bytes) -> Path:
        """Write a file of the twin."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file

    def database(self) -> "closing[sqlite3.Connection]":
        """Connect to the twin's database."""
        return closing(sqlite3.connect(self.folder / DATABASE, isolation_level=None))


def make_scene(root: Path, *, database: Mapping[str, Any] | None = None, rows: int = 50) -> Scene:
    """Make a twin with a little of everything, and set its backups up."""
    root.mkdir(exist_ok=True)
    scene = Scene(root, new_key(root / "key.txt", BEGIN))
    folder = scene.folder
    config = {
        "server_name": "alice.example",
        "database": database
        or {"name": "sqlite3", "args": {"database": str(folder / DATABASE), "cp_min": 1}},
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(folder / "signing.key"),
        "log_config": str(folder / "log.yaml"),
    }
    scene.write("homeserver.yaml", yaml.safe_dump(config).encode())
    scene.write("log.yaml", f"filename: {folder}/homeserver.log\n".encode())
    scene.write("signing.key", SECRET)
    scene.write("owner.password", b"correct horse")
    scene.write("media/local_content/aB/cD/efgh", b"a picture")
    if database is None:
        with scene.database() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, said TEXT)")
            connection.execute("CREATE INDEX of_said ON events (said)")
        add_events(scene, rows)
    scene.set_up(keep=Keep(daily=100, weekly=100))
    return scene


def add_events(scene: Scene, rows: int, seed: int = 0) -> None:
    """Write something new into the twin's database."""
    chance = random.Random(seed)
    lines = [(chance.randbytes(100).hex(),) for _ in range(rows)]
    with scene.database() as connection:
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO events (said) VALUES (?)", lines)
        connection.execute("COMMIT")


def digest_of(folder: Path) -> dict[str, str]:
    """Return what a twin is made of: a digest of each file and link, and of each table's rows.

    Where a file names the folder itself, that counts as the same in every folder.
    """
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"link to {path.readlink()}"
        elif path.is_dir():
            found[name] = "folder"
        elif name == DATABASE:
            found |= _tables(path)
        elif path.is_file() and not name.startswith(DATABASE):
            text = path.read_bytes().replace(str(folder).encode(), b"FOLDER")
            found[name] = hashlib.sha256(text).hexdigest()
    return found


def _tables(path: Path) -> dict[str, str]:
    found = {}
    with closing(sqlite3.connect(path)) as connection:
        schema = connection.execute("SELECT name, type, sql FROM sqlite_schema ORDER BY name")
        for name, kind, sql in schema.fetchall():
            rows = []
            if kind == "table":
                rows = sorted(map(repr, connection.execute(f"SELECT * FROM [{name}]").fetchall()))
            said = json.dumps([sql, rows]).encode()
            found[f"{kind} {name}"] = hashlib.sha256(said).hexdigest()
    return found


def files_in(folder: Path) -> list[Path]:
    """Return all files below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
