"""What somebody asks for, as their words were read, while it is put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from twin_module.chat.language import moments
from twin_module.chat.language.forms import ROOM, UID, acts_in_room, needs_object
from twin_module.chat.language.names import ME, Name
from twin_module.chat.language.values import Found, Setting, may_be_null, plainly, read, sort_of
from twin_module.core.capability import Capability, Command, Phrase
from twin_module.core.matrix_uri import ROOM_ID

SPEAKER: Final = "$me"
"""In what a phrase brings, the Matrix ID of who speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One way to understand what somebody asks for."""

    capability: str
    command: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """As the command takes them; of a list whose people are still to be looked up, those who are
    known by their IDs."""
    names: Mapping[str, tuple[Name, ...]] = field(default_factory=dict)
    """What is still to be looked up, by argument: one name, or several for a list."""
    object: str | None = None
    """The words that name the object; None where it is known or none is needed, "" where the
    command needs one and nothing was said of it."""
    tags: tuple[str, ...] = ()
    """Every #word, also where it is a keyword among the arguments."""
    days: tuple[str, ...] = ()
    """Arguments for a time of which only the day was said."""
    times: tuple[str, ...] = ()
    """Those of which only the time of day was said."""


class Draft:
    """Collects what was understood of a command."""

    def __init__(self, capability: Capability, command: str, phrase: Phrase | None = None) -> None:
        self.capability = capability
        self.name = command
        self.command: Command = capability.commands[command]
        self.phrase = phrase
        self.sure = 0
        """How much of it looks like what belongs there."""
        self.named = 0
        """How much of it was said by name."""
        self.object: str | None = None
        self.arguments: dict[str, Any] = {}
        self.names: dict[str, tuple[Name, ...]] = {}
        self._tags: list[str] = []
        self._days: list[str] = []
        self._times: list[str] = []
        for argument, value in (phrase.brings if phrase else {}).items():
            if value == SPEAKER:
                self.names[argument] = (Name("person", ME),)
            else:
                self.arguments[argument] = dict(value) if isinstance(value, Mapping) else value

    def argument(self, said: str) -> str | None:
        """Return the argument that is named so; dots lead into one."""
        if self.schema(said) is not None:
            return said
        names = (ROOM, *self.command.arguments)
        return next((each for each in names if each.casefold() == said.casefold()), None)

    def schema(self, argument: str) -> Mapping[str, Any] | None:
        """Return the schema of an argument, None where the command has none of that name."""
        first, *rest = argument.split(".")
        if first == ROOM and not rest:
            return ROOM_ID if self.command.in_room else None
        found: Any = self.command.arguments.get(first)
        for each in rest:
            found = plainly(found).get("properties", {}).get(each) if found is not None else None
        return found if isinstance(found, Mapping) else None

    def read(self, argument: str, text: str, setting: Setting) -> Found | None:
        """Return what a text says in the place of an argument, None where it does not fit there."""
        schema = self.schema(argument)
        if schema is None:
            return None
        # Where the objects of a capability are rooms, its commands act in those.
        circle = argument == ROOM and acts_in_room(self.capability, self.command)
        return read(argument, schema, text, setting, circle=circle)

    def take(self, argument: str, text: str, setting: Setting, *, quoted: bool) -> None:
        """Take what stands as `argument=text`; what can't be read is left for the command to refuse."""
        self.named += 1
        schema = self.schema(argument) or {}
        if not text and not quoted and may_be_null(schema):
            self._set(argument, None)
            return
        self.put(argument, self.read(argument, text, setting) or Found(text))

    def fill(self, argument: str, text: str, setting: Setting) -> bool:
        """Take what stands in a place of a form, and tell whether it fits there."""
        found = self.read(argument, text, setting)
        if found is None:
            return False
        if sort_of(self.schema(argument) or {}) != "text":
            self.sure += 1 if found.sure else -1
        self.put(argument, found)
        return True

    def put(self, argument: str, found: Found) -> None:
        """Take what was read."""
        if found.moment is not None:
            duration = self.phrase.duration if self.phrase else None
            if duration in self.arguments and not found.moment.has_time:
                del self.arguments[duration]  # it was meant for a time of day
            said = moments.fields(self.command.arguments, argument, found.moment, duration)
            self.arguments.update(said)
            self._days = [each for each in self._days if each != argument]
            self._days += [] if found.moment.has_time else [argument]
            self._times = [each for each in self._times if each != argument]
            self._times += [] if found.moment.has_day else [argument]
        elif found.names:
            self.names[argument] = found.names
            self.arguments.pop(argument, None)
            if found.value:
                self.arguments[argument] = found.value
        else:
            self._set(argument, found.value)

    def _set(self, argument: str, value: Any) -> None:
        first, *rest = argument.split(".")
        self.names.pop(first, None)
        if not rest:
            self.arguments[first] = value
            return
        inside = self.arguments.setdefault(first, {})
        for each in rest[:-1]:
            inside = inside.setdefault(each, {}) if isinstance(inside, dict) else {}
        if isinstance(inside, dict):
            inside[rest[-1]] = value

    def tag(self, tags: Sequence[str]) -> None:
        """Take #words, as keywords too where the phrase says so."""
        self._tags += tags
        keywords = self.phrase.keywords if self.phrase else None
        if keywords is not None and tags:
            before = self.arguments.get(keywords)
            kept = before if isinstance(before, dict) else {}
            self.arguments[keywords] = {**kept, **dict.fromkeys(tags, True)}

    def missing(self) -> Sequence[str]:
        """Return the arguments that have still to be said, without the object."""
        given = {*self.arguments, *self.names, *([UID] if needs_object(self.command) else [])}
        return [each for each in self.command.required if each not in given]

    def fits(self) -> bool:
        """Tell whether what is known fits the command."""
        problems = self.command.shape.problems(self.arguments)
        return not any(each.path for each in problems)

    def reading(self) -> Reading:
        """Return what was understood."""
        return Reading(
            capability=self.capability.name,
            command=self.name,
            arguments=self.arguments,
            names=self.names,
            object=self.object,
            tags=tuple(dict.fromkeys(self._tags)),
            days=tuple(self._days),
            times=tuple(self._times),
        )
