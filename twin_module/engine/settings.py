"""What the owner wants of their twin, kept in their account data, where any Matrix client reaches it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from twin_module.core.errors import BadJson
from twin_module.core.matrix_uri import USER_ID
from twin_module.core.ports import Homeserver
from twin_module.core.schema import Shape
from twin_module.core.state import NAMESPACE
from twin_module.core.zones import zone_named

SETTINGS: Final = f"{NAMESPACE}.settings"
LANGUAGES: Final = ("en", "de")
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NOTICES: Final = ("all", "digest", "mentions", "none")
BRIEF: Final = "07:30"
WEEKLY: Final = ("monday", BRIEF)
_CLOCK: Final = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
_WEEKLY: Final = {"day": WEEKLY[0], "at": WEEKLY[1]}
SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "accept_from": {
            "type": "array",
            "items": USER_ID,
            "maxItems": 1000,
            "uniqueItems": True,
            "description": "Whose invitations to circles and collections are accepted without asking.",
        },
        "accept_from_circles": {
            "type": "boolean",
            "description": "Whether collections that are shared with a circle that you joined are accepted without asking.",
        },
        "time_zone": {
            "type": ["string", "null"],
            "maxLength": 64,
            "description": "Where you are, as an IANA name (Europe/Berlin); null or absent is UTC.",
        },
        "reminders": {
            "type": "boolean",
            "description": "Whether your twin reminds you of events and due tasks, as their alerts say.",
        },
        "quiet_hours": {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {"from": _CLOCK, "until": _CLOCK},
                    "required": ["from", "until"],
                    "additionalProperties": False,
                },
                {"type": "null"},
            ],
            "description": "When your twin does not remind you but waits, in your time zone; it may go over midnight.",
        },
        "free_busy_to": {
            "type": "array",
            "items": USER_ID,
            "maxItems": 1000,
            "uniqueItems": True,
            "description": "Whose twins may ask when you are busy; they learn times and nothing else.",
        },
        "free_busy_to_circles": {
            "type": "array",
            "items": {"type": "string", "pattern": "^!", "maxLength": 255},
            "maxItems": 1000,
            "uniqueItems": True,
            "description": "The circles whose members may ask when you are busy, by room ID.",
        },
        "language": {
            "enum": [*LANGUAGES, None],
            "description": "What your twin speaks with you; null or absent is English.",
        },
        "daily_brief": {
            "anyOf": [_CLOCK, {"type": "null"}],
            "description": "When your twin tells you of your day, in your time zone; null is never, absent is 07:30.",
        },
        "weekly_brief": {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {"day": {"enum": [*DAYS]}, "at": _CLOCK},
                    "required": ["day", "at"],
                    "additionalProperties": False,
                },
                {"type": "null"},
            ],
            "description": "When your twin tells you of your week; null is never, absent is Monday at 07:30.",
        },
        "notices": {
            "type": "object",
            "maxProperties": 5000,
            "propertyNames": {"pattern": "^!", "maxLength": 255},
            "additionalProperties": {"enum": [*NOTICES]},
            "description": "What your twin tells in collections that you made, by room ID: all that"
            " changes, a digest once a day, only what asks somebody for something, or none.",
        },
        "search_chats": {
            "type": "boolean",
            "description": "Whether search also looks through the messages of your unencrypted chats.",
        },
    },
    "additionalProperties": False,
}


SHAPE: Final = Shape(SCHEMA)


@dataclass(frozen=True, slots=True)
class Wishes:
    """The settings; as long as the owner says nothing, the twin asks."""

    accept_from: tuple[str, ...] = ()
    accept_from_circles: bool = False
    time_zone: str | None = None
    reminders: bool = True
    quiet_hours: tuple[str, str] | None = None
    """From when until when, as 22:00 and 07:00 in the time zone."""
    free_busy_to: tuple[str, ...] = ()
    free_busy_to_circles: tuple[str, ...] = ()
    language: str = LANGUAGES[0]
    daily_brief: str | None = BRIEF
    weekly_brief: tuple[str, str] | None = WEEKLY
    """The day and the time."""
    notices: Mapping[str, str] = field(default_factory=dict)
    """What is told in collections, by room ID, where it is not `all`."""
    search_chats: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """The time zone; UTC where none is said, or this machine does not know it."""
        return zone_named(self.time_zone) or ZoneInfo("UTC")

    def as_json(self) -> dict[str, Any]:
        """Return the settings as they stand in account data."""
        quiet, weekly = self.quiet_hours, self.weekly_brief
        return {
            "accept_from": list(self.accept_from),
            "accept_from_circles": self.accept_from_circles,
            "time_zone": self.time_zone,
            "reminders": self.reminders,
            "quiet_hours": {"from": quiet[0], "until": quiet[1]} if quiet else None,
            "free_busy_to": list(self.free_busy_to),
            "free_busy_to_circles": list(self.free_busy_to_circles),
            "language": self.language,
            "daily_brief": self.daily_brief,
            "weekly_brief": {"day": weekly[0], "at": weekly[1]} if weekly else None,
            "notices": dict(self.notices),
            "search_chats": self.search_chats,
        }


class Settings:
    """Reads and writes the owner's settings."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver
        self._read: tuple[Mapping[str, Any], Wishes] | None = None
        """What was read last, and what it says: it is read all the time and changes hardly ever."""

    async def read(self) -> Wishes:
        """Return the settings; what a client wrote in a wrong shape counts as not said."""
        content = await self._homeserver.account_data(SETTINGS)
        if self._read is None or self._read[0] != content:
            self._read = content, Wishes() if SHAPE.problems(content) else _wishes(content)
        return self._read[1]

    async def write(self, content: Any) -> Wishes:
        """Store settings; what is not named goes back to its default.

        Raises:
            BadJson: they are not of their shape.
        """
        problems = SHAPE.problems(content)
        if problems:
            raise BadJson(f"{problems[0].path or 'The settings'}: {problems[0].message}")
        wishes = _wishes(content)
        if wishes.time_zone is not None and zone_named(wishes.time_zone) is None:
            raise BadJson(
                f"/time_zone: {wishes.time_zone!r} is not the name of a zone, as Europe/Berlin is."
            )
        await self._homeserver.put_account_data(SETTINGS, wishes.as_json())
        return wishes


def _wishes(content: Mapping[str, Any]) -> Wishes:
    quiet, weekly = content.get("quiet_hours"), content.get("weekly_brief", _WEEKLY)
    return Wishes(
        accept_from=tuple(content.get("accept_from", ())),
        accept_from_circles=content.get("accept_from_circles", False),
        time_zone=content.get("time_zone"),
        reminders=content.get("reminders", True),
        quiet_hours=(quiet["from"], quiet["until"]) if quiet else None,
        free_busy_to=tuple(content.get("free_busy_to", ())),
        free_busy_to_circles=tuple(content.get("free_busy_to_circles", ())),
        language=content.get("language") or LANGUAGES[0],
        daily_brief=content.get("daily_brief", BRIEF),
        weekly_brief=(weekly["day"], weekly["at"]) if weekly else None,
        notices=dict(content.get("notices", {})),
        search_chats=content.get("search_chats", False),
    )
