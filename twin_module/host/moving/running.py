"""What a move needs of the host that runs, if one does."""

from typing import Protocol

from twin_module.host.backup.tables import Tables
from twin_module.host.table import Entry


class RunningHost(Protocol):
    """The host of a data folder."""

    def knows(self) -> Tables:
        """Return the newest tables that what runs here can work with.

        Raises:
            HostError: what runs is not what is installed.
        """
        ...

    def take_down(self, name: str) -> None:
        """Have a twin answer nobody, and return when no process has it loaded.

        Raises:
            HostError: the host does not say so in time.
        """
        ...

    def bring_up(self, name: str) -> bool:
        """Have a twin answer that the table says is up; False when no host runs."""
        ...

    def configure(self, entry: Entry) -> None:
        """Make a twin's folder complete as this host does, and its own.

        Raises:
            HostError: it can't be.
        """
        ...

    def wake(self, name: str) -> None:
        """Have a twin loaded that answers.

        Raises:
            HostError: it does not come up.
        """
        ...
