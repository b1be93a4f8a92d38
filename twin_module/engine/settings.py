"""What the owner wants of their twin, kept in their account data, where any Matrix client reaches it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from twin_module.core.errors import BadJson
from twin_module.core.ports import Homeserver
from twin_module.core.schema import Shape
from twin_module.core.state import NAMESPACE

SETTINGS: Final = f"{NAMESPACE}.settings"
SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "accept_from": {
            "type": "array",
            "items": {"type": "string", "pattern": r"^@[^:\s]+:\S+$", "maxLength": 255},
            "maxItems": 1000,
            "uniqueItems": True,
            "description": "Whose invitations to circles and collections are accepted without asking.",
        },
        "accept_from_circles": {
            "type": "boolean",
            "description": "Whether collections that are shared with a circle that you joined are accepted without asking.",
        },
    },
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """The settings; as long as the owner says nothing, the twin asks."""

    accept_from: tuple[str, ...] = ()
    accept_from_circles: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the settings as they stand in account data."""
        return {
            "accept_from": list(self.accept_from),
            "accept_from_circles": self.accept_from_circles,
        }


class Settings:
    """Reads and writes the owner's settings."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver
        self._shape = Shape(SCHEMA)

    async def read(self) -> Wishes:
        """Return the settings; what a client wrote in a wrong shape counts as not said."""
        content = await self._homeserver.account_data(SETTINGS)
        if self._shape.problems(content):
            return Wishes()
        return _wishes(content)

    async def write(self, content: Any) -> Wishes:
        """Store settings; what is not named goes back to its default.

        Raises:
            BadJson: they are not of their shape.
        """
        problems = self._shape.problems(content)
        if problems:
            raise BadJson(f"{problems[0].path or 'The settings'}: {problems[0].message}")
        wishes = _wishes(content)
        await self._homeserver.put_account_data(SETTINGS, wishes.as_json())
        return wishes


def _wishes(content: Mapping[str, Any]) -> Wishes:
    return Wishes(
        tuple(content.get("accept_from", ())), bool(content.get("accept_from_circles", False))
    )
