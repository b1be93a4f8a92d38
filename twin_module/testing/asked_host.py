"""A host that runs, asked as the command `twin` does."""

from typing import Any

from twin_module.host.keeper.client import ask
from twin_module.host.places import Places


class AskedHost:
    """What the keeper of a data folder says."""

    def __init__(self, places: Places) -> None:
        self.places = places

    def ask(self, do: str, name: str = "") -> dict[str, Any]:
        """Ask the keeper for something, of a twin or of all."""
        return ask(self.places, {"do": do, "name": name} if name else {"do": do})

    def status(self) -> dict[str, Any]:
        """Return what it says of everything."""
        return self.ask("status")

    def twins(self) -> dict[str, dict[str, Any]]:
        """Return what it says of each twin."""
        return {each["name"]: each for each in self.status()["twins"]}

    def twin(self, name: str) -> dict[str, Any]:
        """Return what it says of one twin."""
        return self.twins()[name]
