"""Where a host keeps what it has of twins that come and go."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twin_module.host.errors import HostError
from twin_module.host.lock import FolderLock
from twin_module.host.places import Places
from twin_module.host.table import Entry, check_name, line_of, read_table

NOTES: Final = ".moves"
"""In the data folder; no twin's name begins with a dot."""
GONE: Final = ".moved"
RUNNING: Final = "running.lock"
"""In a twin's folder, held by the process that has it loaded; a test compares it with the shard's."""
RELEASE: Final = "release.age"
RECEIPT: Final = "receipt.json"
"""In the folder that a twin moves through, beside the sealed copy."""


@dataclass(frozen=True, slots=True)
class MovePlaces:
    """The files of one twin's moves, to this host and from it."""

    host: Places
    name: str

    @property
    def entry(self) -> Entry:
        """The twin's line in the table.

        Raises:
            HostError: it has none.
        """
        return line_of(self.host.data, read_table(self.host.data), self.name)

    @property
    def home(self) -> Path:
        """The twin's folder, where it may run."""
        return self.host.folder(self.name)

    @property
    def gone(self) -> Path:
        """What is left of it after it was released to another host; it can't run from here."""
        return self.host.data / GONE / self.name

    @property
    def notes(self) -> Path:
        """What is remembered of its moves, and of what lies in the folder that it moves through."""
        return self.host.data / NOTES / self.name

    @property
    def leaving(self) -> Path:
        """The note of its move to another host."""
        return self.notes / "leaving.json"

    @property
    def key(self) -> Path:
        """The private part of an invitation to this host, which opens one move and is deleted after it."""
        return self.notes / "invitation.key"

    @property
    def arrived(self) -> Path:
        """The note of its move to this host."""
        return self.notes / "arrived.json"

    @property
    def used(self) -> Path:
        """Invitations that nobody can open any more, a line each: by which it came here, or went and arrived."""
        return self.notes.parent / f"{self.name}.used"

    def turn(self) -> FolderLock:
        """Take the moves of this twin for one command.

        Raises:
            HostError: another one is at it.
        """
        check_name(self.name)
        self.notes.parent.mkdir(mode=0o700, exist_ok=True)
        lock = FolderLock(self.notes.parent / f"{self.name}.lock")
        if not lock.take():
            raise HostError(f"Another `twin move {self.name}` runs; wait until it has ended.")
        return lock
