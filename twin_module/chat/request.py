"""A wish of the owner, as far as it is understood, and the questions that are asked of it. Pure.

A question's choices are requests again, each with one thing more decided, so that the message
that asks is all that is to be remembered.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from twin_module.chat.language.names import Candidate, Name
from twin_module.chat.language.reading import Reading
from twin_module.core.voice import About

MOST_CHOICES: Final = 9
MOST_BYTES: Final = 20_000
"""Of all choices of a question together, as JSON; a message has to hold them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A command that is to be run, or one that is not yet known."""

    capability: str = ""
    command: str = ""
    """Empty where `words` say it, once it is known which object is meant."""
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)
    names: Mapping[str, Sequence[Name]] = field(default_factory=dict, hash=False)
    """Arguments that are still to be looked up."""
    tags: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    """Arguments for a time of which only the day was said."""
    times: tuple[str, ...] = ()
    """Those of which only the time of day was said."""
    object: str | None = None
    """The words that say which object is meant."""
    words: str | None = None
    """What is to be done with `about`."""
    about: About | None = None
    """The object that is meant."""

    @property
    def room_id(self) -> str | None:
        """Where it is to be done, where that is known."""
        room: str | None = self.arguments.get("room_id")
        return room

    def having(self, **arguments: Any) -> "Request":
        """Return it with arguments that are decided now."""
        names = {key: each for key, each in self.names.items() if key not in arguments}
        return replace(self, arguments={**self.arguments, **arguments}, names=names)

    def as_json(self) -> dict[str, Any]:
        """Return it as it stands among the choices of a question."""
        names = {
            key: [{"kind": each.kind, "text": each.text, "many": each.many} for each in several]
            for key, several in self.names.items()
        }
        said = {
            "capability": self.capability,
            "command": self.command,
            "arguments": dict(self.arguments),
            "names": names,
            "tags": list(self.tags),
            "days": list(self.days),
            "times": list(self.times),
            "object": self.object,
            "words": self.words,
            "about": self.about.as_json() if self.about else None,
        }
        return {key: value for key, value in said.items() if value}


def read_request(said: Mapping[str, Any]) -> Request:
    """Return a request as the twin itself wrote it into a question."""
    about = said.get("about")
    return Request(
        capability=said.get("capability", ""),
        command=said.get("command", ""),
        arguments=said.get("arguments", {}),
        names={
            key: tuple(Name(**each) for each in several)
            for key, several in said.get("names", {}).items()
        },
        tags=tuple(said.get("tags", ())),
        days=tuple(said.get("days", ())),
        times=tuple(said.get("times", ())),
        object=said.get("object"),
        words=said.get("words"),
        about=About(**about) if about else None,
    )


def request_of(reading: Reading, about: About | None = None) -> Request:
    """Return what somebody asks for whose words were read so, about an object they answer to."""
    request = Request(
        capability=reading.capability,
        command=reading.command,
        arguments=dict(reading.arguments),
        names=dict(reading.names),
        tags=tuple(reading.tags),
        days=tuple(reading.days),
        times=tuple(reading.times),
        object=reading.object,
    )
    return request if about is None else of_object(request, about)


def of_object(request: Request, about: About) -> Request:
    """Return a request for an object."""
    given: dict[str, Any] = {"room_id": about.room_id, "uid": about.uid}
    if about.recurrence_id is not None:
        given["recurrence_id"] = about.recurrence_id
    return replace(request.having(**given), about=about, object=None)


def untagged(request: Request, tag: str) -> Request:
    """Return a request in which a #word names where it belongs, and is no keyword of the object."""
    folded = tag.casefold()
    kept = {
        key: {word: each for word, each in value.items() if word.casefold() != folded}
        if isinstance(value, Mapping)
        else value
        for key, value in request.arguments.items()
    }
    arguments = {key: value for key, value in kept.items() if value != {}}
    return replace(request, arguments=arguments, tags=())


@dataclass(frozen=True, slots=True)
class Question:
    """What is not clear, and what it may be."""

    sentence: str
    """The name of a sentence of `words/answers.py`."""
    named: str
    """What it is asked about."""
    choices: Sequence[tuple[str, Request]]
    """What each is called, and what it would be."""

    def fitting(self) -> Sequence[tuple[str, Request]]:
        """Return as many choices as a message holds."""
        shown, size = [], 0
        for label, request in self.choices[:MOST_CHOICES]:
            size += len(json.dumps(request.as_json(), ensure_ascii=False).encode())
            if size > MOST_BYTES:
                break
            shown.append((label, request))
        return shown


def labels(candidates: Sequence[Candidate]) -> Sequence[str]:
    """Return what candidates are called; those of one name are told apart by their IDs."""
    names = [each.called[0] if each.called else each.id for each in candidates]
    return [
        name if names.count(name) == 1 else f"{name} ({each.id})"
        for name, each in zip(names, candidates, strict=True)
    ]
