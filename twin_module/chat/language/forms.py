"""The forms in which commands are said: words with places, and where they fit what was said."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from twin_module.chat.language.folding import bare
from twin_module.chat.language.said_words import Word
from twin_module.core.capability import Capability, Command, Phrase

UID: Final = "uid"
ROOM: Final = "room_id"
PLACE: Final = re.compile(r"\{([A-Za-z_@][A-Za-z0-9_.@]*)\}")
_MOST_ENDS: Final = 8
"""So many ends of a place are tried, where the word behind it comes several times."""
Filled: TypeAlias = Mapping[str, Sequence[Word]]
"""Words by the place that they stand in."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an argument stands; dots lead into it."""

    argument: str


@dataclass(frozen=True, slots=True)
class Form:
    """One way to say a command."""

    command: str
    phrase: Phrase
    parts: tuple[str | Place, ...]
    shown: str
    """As it is declared."""
    language: str

    @property
    def words(self) -> int:
        """How many words it has beside its places."""
        return sum(isinstance(each, str) for each in self.parts)

    @property
    def places(self) -> Sequence[str]:
        """The arguments that it has places for."""
        return [each.argument for each in self.parts if isinstance(each, Place)]


def parts_of(form: str) -> tuple[str | Place, ...]:
    """Return the parts of a form as it stands in a phrase."""
    found = ((PLACE.fullmatch(each), each) for each in form.split())
    return tuple(Place(place.group(1)) if place else bare(each) for place, each in found)


def needs_object(command: Command) -> bool:
    """Tell whether a command acts on an object that has to be named."""
    return UID in command.required


def spoken_names(name: str) -> Sequence[tuple[str, ...]]:
    """Return how the name of a command may be said: `name_version` with a mark, or as two words."""
    parts = tuple(name.casefold().split("_"))
    return [(name.casefold(),), ("-".join(parts),), parts] if len(parts) > 1 else [parts]


def of_commands(capability: Capability) -> Iterator[Form]:
    """Yield the forms of commands that answer nothing, so that they name the object they need.

    One that lacks it, as `done` for `done {uid}`, is among them: somebody has to be asked.
    """
    forms = list(_declared(capability))
    whole = {form.parts for form in forms}
    for form in forms:
        if needs_object(capability.commands[form.command]):
            if UID in form.places or (*form.parts, Place(UID)) in whole:
                yield form
            continue
        yield form
        if form.words == 0:
            # The name of the command before it says the same, and more surely.
            for name in spoken_names(form.command):
                shown = " ".join([*name, form.shown])
                yield replace(form, parts=(*name, *form.parts), shown=shown)


def of_answers(capability: Capability) -> Iterator[Form]:
    """Yield the forms of answers to a message about an object of a capability."""
    for form in _declared(capability):
        command = capability.commands[form.command]
        elsewhere = UID in form.places or ROOM in form.places
        if acts_on_objects(capability, command) and not elsewhere:
            yield form


def acts_on_objects(capability: Capability, command: Command) -> bool:
    """Tell whether a command can be meant by who answers to a message about an object."""
    if any(needs_object(each) for each in capability.commands.values()):
        return needs_object(command)
    # The objects of such a capability are rooms, as circles are.
    return command.in_room


def acts_in_room(capability: Capability, command: Command) -> bool:
    """Tell whether a command acts on a room that is itself an object of its capability, as a circle."""
    return capability.event_type.governs and command.in_room and "circle" not in command.arguments


def _declared(capability: Capability) -> Iterator[Form]:
    for name, command in capability.commands.items():
        for phrase in command.phrases:
            for language, forms in phrase.words.items():
                for form in forms:
                    yield Form(name, phrase, parts_of(form), form, language)


def fillings(form: Form, words: Sequence[Word]) -> Iterator[Filled]:
    """Yield the ways in which words fit a form: what stands in each of its places."""
    if len(words) >= len(form.parts):
        yield from _fillings(form.parts, words, 0)


def _fillings(parts: Sequence[str | Place], words: Sequence[Word], at: int) -> Iterator[Filled]:
    if not parts:
        if at == len(words):
            yield {}
        return
    first, rest = parts[0], parts[1:]
    if isinstance(first, str):
        if at < len(words) and words[at].bare == first:
            yield from _fillings(rest, words, at + 1)
        return
    for end in _ends(rest, words, at + 1):
        for others in _fillings(rest, words, end):
            yield {first.argument: words[at:end], **others}


def _ends(rest: Sequence[str | Place], words: Sequence[Word], least: int) -> Iterator[int]:
    """Yield where a place may end that has at least one word."""
    if not rest:
        if least <= len(words):
            yield len(words)
        return
    following = rest[0]
    if isinstance(following, Place):
        yield least
        return
    found = 0
    for end in range(least, len(words)):
        if words[end].bare == following:
            yield end
            found += 1
            if found == _MOST_ENDS:
                return


def called(word: str, capabilities: Iterable[Capability]) -> list[Capability]:
    """Return the capabilities that are called so, by name or in any language."""
    wanted = bare(word)
    return [
        each
        for each in capabilities
        if wanted and wanted in {bare(name) for name in (each.name, *names_of(each))}
    ]


def names_of(capability: Capability) -> Sequence[str]:
    """Return what chats call a capability, in all languages."""
    return [name for names in capability.called.values() for name in names]
