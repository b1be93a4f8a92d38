"""Where things lie in a data folder of a host."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

LONGEST_SERVER_NAME: Final = 90
"""A socket's address has 107 bytes at most, and the server name is a part of it."""


@dataclass(frozen=True, slots=True)
class Places:
    """The files of a host.

    Its processes have the data folder as their working directory, so that addresses of sockets,
    which are short by law, may be relative to it.
    """

    data: Path
    """Absolute."""
    own: Path | None = None
    """Where a process writes that runs as a user of its own: all else is not its own."""

    @property
    def run(self) -> Path:
        """What is there only while the host runs: sockets and what the front may tell of sleeping twins."""
        return self.data / "run"

    @property
    def control(self) -> Path:
        """The keeper's socket, where the command `twin` asks."""
        return self.run / "keeper.sock"

    @property
    def lock(self) -> Path:
        """Held by the one keeper of the folder."""
        return self.data / "up.lock"

    @property
    def log(self) -> Path:
        """What the host itself has to say; what a twin says is in its folder."""
        return (self.own or self.data) / "host.log"

    @property
    def options(self) -> Path:
        """The host's own options, made by hand."""
        return self.data / "host.yaml"

    @property
    def table(self) -> Path:
        """Which twins there are."""
        return self.data / "twins.json"

    @property
    def certificates(self) -> Path:
        """For the doors, put there by hand or by an ACME client."""
        return self.data / "certificates"

    @property
    def template(self) -> Path:
        """Of the databases of new twins. No twin's name begins with a dot."""
        return self.data / ".template"

    @property
    def backups(self) -> Path:
        """Where backups go and what is there already; the backups lie elsewhere."""
        return self.data / ".backups"

    @property
    def users(self) -> Path:
        """What processes write that run as users of their own, a folder for each user."""
        return self.data / ".users"

    def folder(self, name: str) -> Path:
        """Return the folder of a twin: homeserver.yaml, keys, homeserver.db, media, homeserver.log."""
        return self.data / name

    def socket(self, server_name: str) -> Path:
        """Return where a twin listens."""
        return self.run / f"{server_name}.sock"

    def relative_socket(self, server_name: str) -> str:
        """Return the same as an address for a process whose working directory is the data folder."""
        return str(self.socket(server_name).relative_to(self.data))

    def well_known(self, server_name: str) -> Path:
        """Return the file of what a twin says at `/.well-known/matrix/`: `{"client": {…}, "server": {…}}`."""
        return self.run / f"{server_name}.well-known.json"

    def key_document(self, server_name: str) -> Path:
        """Return the file of a twin's own signing keys, as it answered them last (`/_matrix/key/v2/server`)."""
        return (self.own or self.run) / f"{server_name}.keys.json"
