"""What a capability declares: its event types, its view, its commands.

Everything else (the API, its description, validation, filters, live changes, the reference
pages) follows from the declaration.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

from twin_module.core.effects import Effect
from twin_module.core.errors import BadJson, NotFound
from twin_module.core.matrix_uri import ROOM_ID
from twin_module.core.schema import MAX_REQUEST_BYTES, Problem, Shape
from twin_module.core.searchable import free_texts
from twin_module.core.state import NAMESPACE, Content, StateEvent, StateMap, frozen

_UID_HINT: Final = (
    " A uid has letters, digits and _.~:=+-@, no @ in front, and 255 characters at most."
)
IndexValue: TypeAlias = str | int | Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Something that the API filters objects by, and sorts them by unless there are several words."""

    kind: Literal["word", "words", "number"]
    read: Callable[[Content], IndexValue]
    """Read it from content that fits; None is no value."""


UID_PATTERN: Final = r"^[A-Za-z0-9_.~:=+-][A-Za-z0-9_.~:=+@-]{0,254}$"
"""A uid is a state key: at most 255 bytes, and a leading `@` would make it a person's own key."""


class Merge(Enum):
    """How two concurrent changes of one field come together."""

    SCALAR = "the later change wins, the other stays in the history"
    SET = "the union of what was added, without what was removed"
    MAP = "key by key, each like a scalar"
    TEXT = "line by line"


@dataclass(frozen=True, slots=True)
class LongText:
    """A text field that moves to media when it grows: `field` holds it while it is small.

    `pointer` then holds `{"url": "mxc://…", "size": bytes, "mimetype": …, "hashes": {"sha256":
    unpadded base64}}`, in the words of Matrix's own file messages.
    """

    field: str
    pointer: str
    mimetype: str


@dataclass(frozen=True, slots=True)
class Together:
    """A text that several people write at once: `text` holds it readable, `state` as a CRDT.

    The field `state` holds `{"state": unpadded base64 of a Yjs update}` while that is small, else
    `{"file": …}` with a pointer as in `LongText`. Inside of the CRDT the text is named `text`.
    Fields of `kept` speak of the object's history; who puts an earlier version back leaves them.
    """

    text: str
    state: str
    kept: tuple[str, ...] = ()


Words: TypeAlias = Mapping[str, tuple[str, ...]]
"""Words by language (`en`, `de`), the usual ones first."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did to an object, as chats tell it."""

    kind: str
    """One of `DEEDS`."""
    uid: str | None = None
    """Of the capability's own type, where the event speaks of such an object; None is itself."""


DEEDS: Final = (
    "added",
    "changed",
    "removed",
    "completed",
    "reopened",
    "renamed",
    "cancelled",
    "rescheduled",
    "wrote",
    "accepted",
    "declined",
    "tentative",
)
"""What `Deed.kind` may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A way to say a command in a chat.

    A form is words with places for arguments, as `rename to {title}`; what stands at a place is
    read by the argument's schema, and dots lead into an argument: `{name.full}`.

    In an answer, the object that is meant (`uid`) is that of the message. A form for what nobody
    answers to names it at a place of its own: `done {uid}`.
    """

    words: Words
    """Forms by language; one that is a place alone, `{due}`, fits only what its schema reads."""
    brings: Mapping[str, Any] = field(default_factory=dict)
    """Arguments that the words stand for: `accept` is `participationStatus: accepted`. The text
    `$me` is who speaks, and a duration holds for what has a time of day and no end."""
    reactions: tuple[str, ...] = ()
    """What says the same as a reaction to a message."""
    people: str | None = None
    """The argument for people who stand anywhere in the words, as `@bob`."""
    keywords: str | None = None
    """The argument for `#words`."""
    moment: str | None = None
    """The argument for a date or time that stands anywhere in the words, in local time."""
    duration: str | None = None
    """The argument for how long it takes, where the words name a beginning and an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """One type of state event: its shape, an example, and what its fields mean to the engine."""

    type: str
    summary: str
    state_key: str
    """What the state key means, in words."""
    key_pattern: str = UID_PATTERN
    """A regular expression that state keys of this type fit."""
    schema: Mapping[str, Any]
    example: Mapping[str, Any]
    title: Callable[[Content], str]
    """One line for lists and chats."""
    governs: bool = False
    """Whether it declares who may be in a room, so that the twin has duties when it changes."""
    merge: Mapping[str, Merge] = field(default_factory=dict)
    """Fields that are not scalars."""
    filters: Mapping[str, Filter] = field(default_factory=dict)
    """By the names that they have in the API."""
    long_text: LongText | None = None
    together: Together | None = None
    component: Literal["VEVENT", "VTODO", "VCARD"] | None = None
    """What its objects are in CalDAV (RFC 4791) and CardDAV (RFC 6352); None keeps them out."""
    searchable: Callable[[Content], Sequence[str]] | None = None
    """The texts that objects are found by, beside their title and a long text; None takes what
    `free_texts` finds. Read from content that fits."""
    concerned: Callable[[Content], Iterable[str]] | None = None
    """The Matrix IDs of whom an object asks for something: who is assigned, or invited."""
    deeds: Callable[[Content, Content], Sequence[Deed]] | None = None
    """What chats tell of a change, from content to content that fit (empty is not there). None
    is "added", "changed" or "removed" for a capability's first type, and nothing for others."""
    shape: Shape = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile the schema, so that a broken one fails where it is written."""
        object.__setattr__(self, "shape", Shape({"type": "object", **self.schema}))
        self.shape.check()

    def texts(self, content: Content) -> Sequence[str]:
        """Return the texts of content that fits, by which its object is found beside its title."""
        if self.searchable is not None:
            return self.searchable(content)
        machines = [self.long_text.pointer] if self.long_text else []
        machines += [self.together.state] if self.together else []
        return free_texts(self.shape.schema, content, machines)

    def problems(self, content: Mapping[str, Any]) -> list[Problem]:
        """Return what is wrong with content of this type; empty content (removed) always fits."""
        return self.shape.problems(content) if content else []

    def key_problem(self, state_key: str) -> Problem | None:
        """Return what is wrong with a state key of this type."""
        if re.fullmatch(self.key_pattern, state_key):
            return None
        hint = _UID_HINT if self.key_pattern == UID_PATTERN else ""
        return Problem("", f"{state_key[:60]!r} can't be a state key here: {self.state_key}{hint}")

    def check_key(self, state_key: str) -> None:
        """Refuse a state key that does not fit.

        Raises:
            BadJson: says what the key means.
        """
        problem = self.key_problem(state_key)
        if problem:
            raise BadJson(problem.message)

    def misfit(self, event: StateEvent) -> Problem | None:
        """Return the first reason why an event of this type is left out of the views."""
        if event.problem is not None:
            return Problem("", event.problem)
        if not event.content:
            return None
        return self.key_problem(event.state_key) or next(iter(self.problems(event.content)), None)

    def check(self, content: Mapping[str, Any]) -> None:
        """Refuse content that does not fit.

        Raises:
            BadJson: with `errors`, a list of places and sentences.
        """
        problems = self.problems(content)
        if problems:
            first = problems[0]
            raise BadJson(
                f"{first.path or 'The content'}: {first.message}",
                errors=[problem.as_json() for problem in problems],
            )


Objects: TypeAlias = Mapping[tuple[str, str], StateEvent]
"""Objects whose content fits its schema and is not removed, by (event type, uid)."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision may know beside the view."""

    room_id: str
    me: str
    """The Matrix ID of who commands."""
    now: datetime
    """In UTC."""
    new_uid: str


Arguments: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something a person can ask for; `decide` is pure and returns what is to be done."""

    summary: str
    decide: Callable[[Any, Context, Arguments], Sequence[Effect]]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """JSON Schema properties by argument name."""
    required: tuple[str, ...] = ()
    in_room: bool = True
    """Whether the command needs a room to act in (`room_id`)."""
    reads_room: bool = False
    """Whether `decide` sees all objects of the room, or only the one named by `uid`."""
    phrases: tuple[Phrase, ...] = ()
    """How it is said in chats, beside its name with `argument=value`."""
    is_common: bool = False
    """Whether the short help of chats names it, as it names the first command of each capability."""
    shape: Shape = field(init=False, repr=False, compare=False)
    """Of the whole request."""

    def __post_init__(self) -> None:
        """Note the shape of the request; that every schema is one holds a test."""
        object.__setattr__(self, "shape", Shape(self.schema(), MAX_REQUEST_BYTES))

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the whole request, `room_id` included."""
        room = {"room_id": {**ROOM_ID, "description": "The room to act in."}}
        return {
            "type": "object",
            "properties": {**(room if self.in_room else {}), **self.arguments},
            "required": [*(["room_id"] if self.in_room else []), *self.required],
            "additionalProperties": False,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """A thing that a twin can do, whole."""

    name: str
    summary: str
    events: tuple[EventType, ...]
    """The first one is the type of the capability's objects."""
    view: Callable[[Objects], Any]
    """What readers see; gets fitting objects only, so it has nothing to fear."""
    render: Callable[[Any, datetime], Mapping[str, Any]]
    """The view as JSON, at a time (UTC)."""
    commands: Mapping[str, Command]
    called: Words = field(default_factory=dict)
    """What chats call it, beside its name: `!task`."""

    @property
    def event_type(self) -> EventType:
        """The type of the capability's objects."""
        return self.events[0]

    def project(self, state: StateMap) -> Any:
        """Make the view of a room's state, leaving out what is not ours or does not fit."""
        return self.view(fitting(self, state))

    def command(self, name: str) -> Command:
        """Return a command by its name.

        Raises:
            NotFound: there is no such command; names those that there are.
        """
        command = self.commands.get(name)
        if command is None:
            raise NotFound(f"{self.name} has no command {name!r}, but {', '.join(self.commands)}.")
        return command


def fitting(capability: Capability, state: StateMap) -> Objects:
    """Return the objects of a capability that fit their schema and are not removed."""
    types = {event.type: event for event in capability.events}
    return {
        key: event
        for key, event in state.items()
        if event.content and key[0] in types and types[key[0]].misfit(event) is None
    }


def own(**fields: Any) -> Content:
    """Return fields of ours as they stand in content, under our namespace."""
    return frozen({NAMESPACE: fields})
