"""Two hosts on one disk, the twin of alice on the old one, and a folder that both reach."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.host.backup_scene import digest_of
from twin_module.host.backup.tables import Tables
from twin_module.host.commands.new import make_folder, make_twin
from twin_module.host.errors import HostError
from twin_module.host.moving import arriving, finishing, leaving
from twin_module.host.moving.arriving import Came
from twin_module.host.moving.finishing import Finished
from twin_module.host.moving.invitation import read_line
from twin_module.host.moving.leaving import Left
from twin_module.host.moving.move_places import MovePlaces
from twin_module.host.options import HostOptions
from twin_module.host.places import Places
from twin_module.host.table import Entry, read_table, set_state
from twin_module.host.users import Users

MADE_BY_EACH_HOST = (
    "homeserver.yaml",
    "log.yaml",
    "extra.yaml",
    "extra.yaml.moved",
    "running.lock",
)
"""What names the folder or the release, and is written anew by the new host."""
SERVER_NAME = "alice.example.org"
NEWEST = Tables(synapse=94, twin=20)
"""What both hosts know, unless a test says otherwise."""


def silent(_: str) -> None:
    """Tell nobody how far it is."""


@dataclass
class Side:
    """A host that runs nothing; what it would run follows from its files alone, as for the real one."""

    data: Path
    runs: bool = True
    """Whether it answers; else it says that no host runs."""
    fails: str | None = None
    """Why its twins don't come up."""
    newest: Tables = NEWEST
    """The tables that its programs know."""
    asked: list[str] = field(default_factory=list)
    in_the_pause: Callable[[], object] | None = None
    """What happens when the twin is down, and not released."""
    when_awake: Callable[[], object] | None = None
    """What happens when the twin has come up."""

    def __post_init__(self) -> None:
        self.data.mkdir(exist_ok=True)

    @property
    def moves(self) -> MovePlaces:
        return MovePlaces(Places(self.data), "alice")

    @property
    def folder(self) -> Path:
        return self.data / "alice"

    @property
    def entry(self) -> Entry | None:
        return read_table(self.data).get("alice")

    @property
    def state(self) -> str | None:
        return self.entry.state if self.entry else None

    def can_serve(self) -> bool:
        """Tell whether this host, started now, would run the twin, after whatever its owner may say to it."""
        try:
            set_state(self.data, "alice", "up")
        except HostError:
            return False
        return (self.folder / "homeserver.yaml").exists() and (self.folder / "signing.key").exists()

    def knows(self) -> Tables:
        return self.newest

    def take_down(self, name: str) -> None:
        self.asked.append("down")
        if self.in_the_pause:
            self.in_the_pause()

    def bring_up(self, name: str) -> bool:
        self.asked.append("up")
        return self.runs

    def configure(self, entry: Entry) -> None:
        make_folder(Places(self.data), entry, Users())

    def wake(self, name: str) -> None:
        self.asked.append("wake")
        if self.fails:
            raise HostError(self.fails)
        if self.when_awake:
            self.when_awake()


@dataclass
class Scene:
    """A move that may go on from any step."""

    root: Path

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.old = Side(self.root / "old")
        self.new = Side(self.root / "new")
        self.target = self.root / "stick"

    @property
    def release(self) -> Path:
        return self.target / "release.age"

    def invite(self) -> str:
        return arriving.invite(self.new.moves, self.new)

    def leave(self, invitation: str, target: Path | None = None) -> Left:
        invited = read_line(invitation)
        return leaving.leave(self.old.moves, self.old, invited, target or self.target, silent)

    def cancel(self) -> str:
        return leaving.cancel(self.old.moves, self.old)[0].state

    def arrive(
        self, target: Path | None = None, database: Mapping[str, str | int] | None = None
    ) -> Came:
        return arriving.arrive(
            self.new.moves, self.new, target or self.target, "home", database, silent
        )

    def finish(self) -> Finished:
        return finishing.finish(self.old.moves, self.target)

    def swapped(self) -> "Scene":
        """Return the same hosts for the way back."""
        back = Scene(self.root)
        back.old, back.new, back.target = self.new, self.old, self.root / "stick-back"
        return back


def make_scene(root: Path, rows: int = 20) -> Scene:
    """Make the twin of alice, as `twin new` does, with a small database and a picture."""
    scene = Scene(root)
    make_twin(Places(scene.old.data), HostOptions(domain="example.org"), "alice", None, None)
    (scene.old.folder / "owner.password").write_bytes(b"correct horse")
    media = scene.old.folder / "media/local_content/aB"
    media.mkdir(parents=True)
    (media / "cd").write_bytes(b"a picture")
    with closing(sqlite3.connect(scene.old.folder / "homeserver.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, said TEXT)")
        connection.commit()
    say(scene.old, *(f"message {number}" for number in range(rows)))
    return scene


def remake(side: Side) -> None:
    """Write the twin's configuration again, as each new release does."""
    assert side.entry is not None
    side.configure(side.entry)


def say(side: Side, *messages: str) -> None:
    """Write something new into the twin's database."""
    with closing(sqlite3.connect(side.folder / "homeserver.db")) as connection, connection:
        connection.executemany("INSERT INTO events (said) VALUES (?)", [(m,) for m in messages])


def twin_of(folder: Path) -> dict[str, str]:
    """Return what a twin is, wherever it lies: digests of its files and of its tables."""
    return {
        name: each
        for name, each in digest_of(folder).items()
        if name not in MADE_BY_EACH_HOST and not name.startswith("homeserver.log")
    }
