"""From what somebody said to the commands that they may mean, as capabilities declare them.

A command is said in one of its phrases, or by its name with `argument=value`. What can be read in
several ways is returned in each of them, and nothing here raises.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from twin_module.chat.language.anywhere import MOST, said, taken_apart, without_tags
from twin_module.chat.language.folding import sign, storable
from twin_module.chat.language.forms import (
    UID,
    Filled,
    Form,
    acts_on_objects,
    called,
    fillings,
    needs_object,
    of_answers,
    of_commands,
    spoken_names,
)
from twin_module.chat.language.reading import Draft, Reading
from twin_module.chat.language.said_words import Word, words_of
from twin_module.chat.language.values import Found, Setting, plainly, sort_of
from twin_module.core.capability import Capability, Phrase
from twin_module.core.schema import Shape

__all__ = [
    "Reading",
    "names_capability",
    "read_answer",
    "read_command",
    "read_reaction",
    "same_sign",
]

MOST_READINGS: Final = 9
POLITE: Final = ("please", "pls", "bitte")
NEW: Final = ("new", "add", "create", "make", "neu", "neue", "neuer", "neues", "neuen")
"""What is said before what something new is."""
ARTICLES: Final = ("a", "an", "the", "ein", "eine", "einen", "der", "die", "das", "den")
_Rank: TypeAlias = tuple[bool, int, int, bool, int, bool]
_BY_NAME: Final = Phrase(words={})


def read_command(
    text: str, capabilities: Iterable[Capability], language: str, now: datetime
) -> list[Reading]:
    """Return what a text behind an exclamation mark may mean; several readings are ambiguous.

    It begins with what a capability is called, or with the words of a phrase.

    Args:
        text: of any length and kind.
        capabilities: those that the twin has.
        language: the one of who speaks, which comes first where two fit.
        now: in the zone of who speaks.
    """
    words = _polite(words_of(storable(text)))
    if not words:
        return []
    there = list(capabilities)
    meant = called(words[0].bare, there)
    setting = Setting(language, now)
    rest = _polite(words[1:]) if meant else words
    readers = [_Reader(each, setting, rest, by_name=bool(meant)) for each in meant or there]
    attempts = [attempt for reader in readers for attempt in reader.attempts()]
    if not meant:
        turned, is_new = _turned(words, there, setting)
        attempts = turned if turned and is_new else [*attempts, *turned]
    return _best(attempts)


def names_capability(words: Sequence[Word], capabilities: Iterable[Capability]) -> bool:
    """Tell whether what is called new is something of a capability: a new task."""
    behind = [each for each in words[1:] if each.bare not in ARTICLES]
    return len(behind) > 1 and words[0].bare in NEW and bool(called(behind[0].bare, capabilities))


def read_answer(text: str, capability: Capability, language: str, now: datetime) -> list[Reading]:
    """Return what a text may mean that answers to a message about an object of a capability.

    Which object that is, the reading does not say.
    """
    by_sign = read_reaction(text, capability) if len(text) <= MOST_READINGS else None
    if by_sign is not None:
        return [by_sign]
    words = _polite(words_of(storable(text)))
    return _best(_Reader(capability, Setting(language, now), words, answer=True).attempts())


def read_reaction(key: str, capability: Capability) -> Reading | None:
    """Return what a reaction to a message about an object of a capability stands for, if anything."""
    for name, command in capability.commands.items():
        if not acts_on_objects(capability, command):
            continue
        for phrase in command.phrases:
            draft = Draft(capability, name, phrase)
            if any(same_sign(key, each) for each in phrase.reactions) and not draft.missing():
                return draft.reading()
    return None


def same_sign(one: str, other: str) -> bool:
    """Tell whether two reactions are the same emoji, in whatever variation and colour of skin."""
    return bool(sign(one)) and sign(one) == sign(other)


def _turned(
    words: Sequence[Word], capabilities: Sequence[Capability], setting: Setting
) -> tuple[list["_Attempt"], bool]:
    """Read words whose second one says what it is about, as "delete task bread" and "add a task".

    Returns:
        The ways to read them, and whether it is about something new.
    """
    first, behind = words[0], list(words[1:])
    while len(behind) > 1 and behind[0].bare in ARTICLES:
        behind = behind[1:]
    meant = called(behind[0].bare, capabilities) if behind else []
    is_new = first.bare in NEW
    verb = replace(first, raw="new", text="new", bare="new") if is_new else first
    readers = [_Reader(each, setting, [verb, *behind[1:]]) for each in meant]
    attempts = [attempt for reader in readers for attempt in reader.attempts()]
    # A title alone says nothing of what to do, and the verb is none of its words.
    return [each for each in attempts if each.words], is_new


def _polite(words: Sequence[Word]) -> Sequence[Word]:
    """Return words without those of politeness around them."""
    while len(words) > 1 and words[0].bare in POLITE:
        words = words[1:]
    while len(words) > 1 and words[-1].bare in POLITE:
        words = words[:-1]
    return words


@dataclass(frozen=True, slots=True)
class _Attempt:
    draft: Draft
    words: int
    """How many words of it are those of a phrase or a command."""
    phrased: bool
    chosen: bool
    """Whether it is in the language of who speaks."""

    def rank(self) -> _Rank:
        """Return what the better reading has more of."""
        draft = self.draft
        return draft.fits(), draft.named, self.words, self.phrased, draft.sure, self.chosen


def _best(attempts: Iterable[_Attempt]) -> list[Reading]:
    ranked = [(attempt.rank(), attempt.draft.reading()) for attempt in attempts]
    best = max((rank for rank, _ in ranked), default=None)
    found: list[Reading] = []
    for rank, reading in ranked:
        if rank == best and reading not in found:
            found.append(reading)
    return found[:MOST_READINGS]


@dataclass(slots=True)
class _Reader:
    """Reads words as commands of one capability."""

    capability: Capability
    setting: Setting
    words: Sequence[Word]
    answer: bool = False
    by_name: bool = True
    """Whether the capability was named, so that a title alone means something."""
    _apart: dict[str, tuple[Sequence[Word], Sequence[tuple[str, Word]]]] = field(
        default_factory=dict
    )

    def attempts(self) -> Iterator[_Attempt]:
        """Yield all ways to read the words."""
        if not self.words:
            return
        forms = of_answers(self.capability) if self.answer else of_commands(self.capability)
        for form in forms:
            if self.by_name or isinstance(form.parts[0], str):
                yield from self._by_form(form)
        for name, command in self.capability.commands.items():
            if self.answer and not acts_on_objects(self.capability, command):
                continue
            if self.by_name:
                yield from self._by_name(name)

    def _split(self, command: str) -> tuple[Sequence[Word], Sequence[tuple[str, Word]]]:
        """Return the words without values of a command's arguments, and those values by argument."""
        if command not in self._apart:
            draft = Draft(self.capability, command)
            named = {
                index: argument
                for index, word in enumerate(self.words)
                if word.name is not None and (argument := draft.argument(word.name)) is not None
            }
            rest = [word for index, word in enumerate(self.words) if index not in named]
            values = [(argument, self.words[index]) for index, argument in named.items()]
            self._apart[command] = (rest, values)
        return self._apart[command]

    # By a phrase

    def _by_form(self, form: Form) -> Iterator[_Attempt]:
        words, values = self._split(form.command)
        # A place alone takes in an answer what looks like it, and not just any words.
        alone = self.answer and form.words == 0
        if form.words == 0 and tuple(each.bare for each in words) in self._command_names():
            return  # somebody began to say a command, and did not say enough
        for filled in fillings(form, words):
            if any(argument in filled for argument, _ in values):
                continue  # it would be said twice
            draft = Draft(self.capability, form.command, form.phrase)
            if not self._filled(draft, filled) or (alone and draft.sure <= 0):
                continue
            for argument, word in values:
                draft.take(argument, word.text, self.setting, quoted=word.quoted)
            if draft.missing():
                continue
            if needs_object(draft.command) and not self.answer and UID not in draft.arguments:
                draft.object = draft.object or ""
            chosen = form.language == self.setting.language
            yield _Attempt(draft, form.words, phrased=True, chosen=chosen)

    def _command_names(self) -> Iterator[tuple[str, ...]]:
        return (spoken for name in self.capability.commands for spoken in spoken_names(name))

    def _filled(self, draft: Draft, filled: Filled) -> bool:
        loose = self._loose(draft, filled)
        for argument, words in filled.items():
            if argument == UID and needs_object(draft.command):
                self._name_object(draft, words)
            elif argument == loose:
                if not self._take_apart(draft, argument, words):
                    return False
            elif not draft.fill(argument, said(words), self.setting):
                return False
        return True

    def _loose(self, draft: Draft, filled: Filled) -> str | None:
        """Return the place with free text, in which other things may stand."""
        phrase = draft.phrase or _BY_NAME
        if not (phrase.people or phrase.keywords or phrase.moment):
            return None
        texts = (each for each in filled if sort_of(draft.schema(each) or {}) == "text")
        return next(texts, None)

    def _take_apart(self, draft: Draft, argument: str, words: Sequence[Word]) -> bool:
        phrase = draft.phrase or _BY_NAME
        parts = taken_apart(words, phrase, self.setting)
        if not parts.text:
            return False
        draft.put(argument, Found(parts.text))
        draft.tag(parts.tags)
        if phrase.moment and parts.moment:
            draft.put(phrase.moment, Found(moment=parts.moment))
        if phrase.people and parts.people:
            found = draft.read(phrase.people, ",".join(parts.people), self.setting)
            if found is None:
                return False
            draft.put(phrase.people, found)
        return True

    def _name_object(self, draft: Draft, words: Sequence[Word]) -> None:
        parts = without_tags(words)
        exact = len(words) == 1 and words[0].quoted
        draft.object = parts.text if exact else parts.text.rstrip(".!?")
        draft.tag(parts.tags)

    # By the name of a command

    def _by_name(self, name: str) -> Iterator[_Attempt]:
        words, values = self._split(name)
        for spoken in spoken_names(name):
            if [each.bare for each in words[: len(spoken)]] != list(spoken):
                continue
            draft = Draft(self.capability, name)
            for argument, word in values:
                draft.take(argument, word.text, self.setting, quoted=word.quoted)
            wants = needs_object(draft.command) and not self.answer and UID not in draft.arguments
            if self._rest(draft, words[len(spoken) :], wants_object=wants):
                yield _Attempt(draft, len(spoken), phrased=False, chosen=True)

    def _rest(self, draft: Draft, words: Sequence[Word], *, wants_object: bool) -> bool:
        """Give the words behind a command's name to what it still needs; tell whether that fits."""
        missing = draft.missing()
        if wants_object and not missing:
            self._name_object(draft, words)
            return True
        if wants_object and len(words) > 1:
            # What the object is called is one word or quoted, so that the rest can be told from it.
            self._name_object(draft, words[:1])
            words = words[1:]
        elif wants_object:
            return False
        words = self._typed(draft, missing, words)
        missing = draft.missing()
        if len(missing) == 1 and words:
            return draft.fill(missing[0], said(words), self.setting)
        return not missing and not words

    def _typed(self, draft: Draft, missing: Sequence[str], words: Sequence[Word]) -> Sequence[Word]:
        """Give single words to the arguments that only they fit, and return the others."""
        if len(missing) < 2:  # noqa: PLR2004 - one takes all the words
            return words
        left = list(words)
        for argument in missing:
            schema = draft.schema(argument) or {}
            for index, word in enumerate(left):
                if not word.quoted and self._fits_only(draft, argument, schema, word):
                    found = draft.read(argument, word.text, self.setting)
                    draft.put(argument, found or Found(word.text))
                    del left[index]
                    break
        return left

    def _fits_only(self, draft: Draft, argument: str, schema: Any, word: Word) -> bool:
        given, sort = plainly(schema), sort_of(schema)
        if sort == "text":
            return "pattern" in given and not Shape(given).problems(word.text)
        found = draft.read(argument, word.text, self.setting) if len(word.text) <= MOST else None
        return found is not None and found.sure and sort not in ("set", "list", "uid")
