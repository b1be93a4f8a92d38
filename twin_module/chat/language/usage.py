"""How what a twin can do is said in a chat: help, examples, and one line for what was not understood.

All of it follows from what capabilities declare.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from html import escape
from typing import Any, Final

from twin_module.chat.language import forms
from twin_module.chat.language.folding import bare, storable
from twin_module.chat.language.forms import UID, Form, needs_object
from twin_module.chat.words.usage import HEADINGS, PLACES, SUMMARIES, WORDS
from twin_module.core.capability import Capability, Command
from twin_module.core.voice import Said

LOOKED_AT: Final = 200
"""Characters of a text that was not understood."""
_CLOSE: Final = 0.7
_MOST_PHRASES: Final = 8
_ARGUMENTS: Final = 4
"""So many arguments of a command are named where it is explained."""


@dataclass(frozen=True, slots=True)
class Line:
    """Something that can be said, and what it does."""

    usage: str
    what: str


def called(word: str, capabilities: Iterable[Capability]) -> Capability | None:
    """Return the first capability that is called so, by name or in any language."""
    return next(iter(forms.called(word.strip().removeprefix("!"), capabilities)), None)


def phrases(capability: Capability, language: str) -> list[str]:
    """Return what an answer to a message about an object may be, the usual words first."""
    said = [each for each in forms.of_answers(capability) if each.words]
    # What a single emoji says is what people say most.
    usual = sorted(_first_ones(said, language), key=lambda form: not form.phrase.reactions)
    return [_written(form.shown, language) for form in usual[:_MOST_PHRASES]]


def summary(capability: Capability, command: str, language: str) -> str:
    """Return what a command does, in a few words."""
    return _summary(f"{capability.name}.{command}", capability.commands[command].summary, language)


def heading(capability: Capability, language: str) -> str:
    """Return what stands over a list of a capability's objects."""
    return HEADINGS.get(language, {}).get(capability.name, capability.name)


def help_text(
    capabilities: Iterable[Capability], language: str, own: Sequence[tuple[str, str]] = ()
) -> Said:
    """Return what can be said: one line for each capability, and for each word of the companion's own.

    Args:
        capabilities: those that the twin has.
        language: to say it in.
        own: words of the companion's own, each as it is written and what it does.
    """
    there = list(capabilities)
    lines = []
    for each in there:
        lines.append(Line(_example(each, language), _summary(each.name, each.summary, language)))
        lines += [
            Line(_usages(each, name, language)[0], summary(each, name, language))
            for name, command in each.commands.items()
            if command.is_common
        ]
    lines += [Line(usage, what) for usage, what in own]
    behind = [WORDS.say(language, "more", called=_name(there[0], language))] if there else []
    answers = [each for capability in there[:1] for each in phrases(capability, language)]
    if answers:
        behind = [WORDS.say(language, "answers", phrases=", ".join(answers)), *behind]
    return _told(WORDS.say(language, "begin"), lines, behind)


def help_of(capability: Capability, language: str) -> Said:
    """Return all that can be said of a capability."""
    lines = []
    answers = phrases(capability, language)
    for name in capability.commands:
        usages = _usages(capability, name, language)
        what = summary(capability, name, language)
        lines.append(Line(usages[0], what))
    begin = WORDS.say(
        language,
        "of",
        called=f"!{_name(capability, language)}",
        summary=_summary(capability.name, capability.summary, language),
    )
    said = f"{WORDS.say(language, 'or')} {', '.join(answers)}."
    first = next(iter(capability.commands), "")
    named = WORDS.say(language, "named", called=_name(capability, language), command=first)
    return _told(begin, lines, [*([said] if answers else []), named])


def hint(
    text: str, capabilities: Iterable[Capability], language: str, own: Sequence[str] = ()
) -> Said:
    """Return one line that helps whom nothing was understood of.

    Args:
        text: what they wrote, of any length and kind.
        capabilities: those that the twin has.
        language: to say it in.
        own: words of the companion's own, without their mark.
    """
    there = list(capabilities)
    said = storable(text[:LOOKED_AT]).strip().removeprefix("!")
    words = [bare(each) for each in said.split()]
    line = _hint(words, there, language, own)
    return Said(body=line, html=escape(line, quote=False), notice=True)


def _hint(
    words: Sequence[str], capabilities: Sequence[Capability], language: str, own: Sequence[str]
) -> str:
    first, second = [*words[:2], "", ""][:2]
    capability = called(first, capabilities) if first else None
    if capability is None:
        usages = dict(_starts(capabilities, language))
        usages |= {bare(each): f"!{each}" for each in own}
        usages |= {
            bare(name): _example(each, language)
            for each in reversed(capabilities)
            for name in (each.name, *forms.names_of(each))
        }
        close = get_close_matches(first, usages, 1, _CLOSE)
        return (
            WORDS.say(language, "meant", usage=usages[close[0]])
            if close
            else WORDS.say(language, "lost")
        )
    usages = dict(_starts([capability], language))
    if second in usages:
        return WORDS.say(language, "complete", usage=usages[second])
    close = get_close_matches(second, usages, 1, _CLOSE)
    if close:
        return WORDS.say(language, "meant", usage=usages[close[0]])
    usage = _example(capability, language)
    return WORDS.say(language, "capability", usage=usage, called=_name(capability, language))


def _starts(capabilities: Iterable[Capability], language: str) -> Iterator[tuple[str, str]]:
    """Yield the words that commands begin with, each with how the command is said."""
    for capability in capabilities:
        for name in capability.commands:
            yield name.casefold(), _usages(capability, name, language)[0]
        for form in forms.of_commands(capability):
            if isinstance(form.parts[0], str) and form.language == language:
                yield form.parts[0], _usages(capability, form.command, language)[0]


# How a command is said


def _name(capability: Capability, language: str) -> str:
    """Return what a capability is called behind an exclamation mark."""
    return next(iter(capability.called.get(language, ())), capability.name)


def _summary(name: str, english: str, language: str) -> str:
    return SUMMARIES.get(language, {}).get(name, english)


def _example(capability: Capability, language: str) -> str:
    """Return how something new of a capability is said; the first command is that."""
    first = next(iter(capability.commands), None)
    return _usages(capability, first, language)[0] if first else f"!{_name(capability, language)}"


def _usages(capability: Capability, name: str, language: str) -> list[str]:
    """Return how a command is said without an answer: in its phrases, or by its name."""
    command = capability.commands[name]
    own = [form for form in forms.of_commands(capability) if form.command == name]
    whole = [form for form in own if UID in form.places or not needs_object(command)]
    begin = f"!{_name(capability, language)}"
    found = [
        f"{begin} {_written(form.shown, language)}{_anywhere(form, language)}"
        for form in _first_ones(whole, language)
    ]
    return found or [f"{begin} {_by_name(name, command, language)}"]


def _first_ones(declared: Iterable[Form], language: str) -> list[Form]:
    """Return the first form of each phrase in a language."""
    found: dict[int, Form] = {}
    for form in declared:
        if form.language == language:
            found.setdefault(id(form.phrase), form)
    return list(found.values())


def _written(form: str, language: str) -> str:
    return forms.PLACE.sub(lambda place: _place(place.group(1), language), form)


def _place(argument: str, language: str) -> str:
    return f"<{PLACES.get(language, {}).get(argument, argument)}>"


def _anywhere(form: Form, language: str) -> str:
    phrase, names = form.phrase, PLACES.get(language, {})
    parts = [
        f"@{names.get(phrase.people, phrase.people)}" if phrase.people else "",
        _place(phrase.moment, language) if phrase.moment else "",
        f"#{names.get(phrase.keywords, phrase.keywords)}" if phrase.keywords else "",
    ]
    return "".join(f" {each}" for each in parts if each)


def _by_name(name: str, command: Command, language: str) -> str:
    required = [each for each in command.required if each != UID]
    optional = [each for each in command.arguments if each not in (*required, UID)]
    object_ = [_place(UID, language)] if needs_object(command) else []
    named = [f"{each}={_short(command.arguments.get(each))}" for each in required]
    free = [f"[{each}={_short(command.arguments.get(each))}]" for each in optional[:_ARGUMENTS]]
    more = ["…"] if len(optional) > _ARGUMENTS else []
    return " ".join([name, *object_, *named, *free, *more])


def _short(schema: Any) -> str:
    choices = schema.get("enum") if isinstance(schema, Mapping) else None
    few = choices is not None and len(choices) <= _MOST_PHRASES
    return "|".join(map(str, choices)) if choices and few else "…"


def _told(begin: str, lines: Sequence[Line], behind: Sequence[str]) -> Said:
    """Return lines as a list, which is read as well where there is plain text alone."""
    body = "\n".join([begin, *(f"• {each.usage}: {each.what}" for each in lines), *behind])
    shown = "".join(
        f"<li><code>{_html(each.usage)}</code>: {_html(each.what)}</li>" for each in lines
    )
    paragraphs = "".join(f"<p>{_html(each)}</p>" for each in behind)
    return Said(body=body, html=f"<p>{_html(begin)}</p><ul>{shown}</ul>{paragraphs}", notice=True)


def _html(text: str) -> str:
    return escape(text, quote=False)
