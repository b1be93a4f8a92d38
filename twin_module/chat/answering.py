"""From what the owner said to what is done: commands, answers to what was told, and signs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from twin_module.chat.briefs.brief import Brief
from twin_module.chat.briefs.reading import PROPOSAL
from twin_module.chat.doing import Doing, question
from twin_module.chat.hearing import Words
from twin_module.chat.language import grammar, usage
from twin_module.chat.language.folding import bare, sign as bare_sign
from twin_module.chat.language.forms import ROOM, acts_in_room
from twin_module.chat.language.reading import Reading
from twin_module.chat.numbers import numbered, parted
from twin_module.chat.own_words import OwnWords, spoken
from twin_module.chat.request import Question, Request, read_request, request_of
from twin_module.chat.scene import Answer, Scene
from twin_module.chat.speech import Title
from twin_module.chat.told import ANSWERS, BRIEF, LIST, Told
from twin_module.core.capability import Capability
from twin_module.core.errors import TwinError
from twin_module.core.voice import About, Said
from twin_module.engine.settings import LANGUAGES
from twin_module.engine.twin import Twin

MOST_AT_ONCE: Final = 20
"""Objects that one answer acts on."""
MEMBER: Final = "m.room.member"
"""What a message is about that tells of an invitation to a room."""
_YES: Final = ("yes", "accept", "join", "ja", "annehmen", "beitreten", "\N{WHITE HEAVY CHECK MARK}")
_NO: Final = ("no", "decline", "nein", "ablehnen", "\N{CROSS MARK}")
REMOVE: Final = "remove"
"""The command that is not done to what was told last without being asked again."""
_NUMBER: Final = re.compile(r"\d{1,3}(?=$|[.):]?\s+[^\W\d]|[.):]$)")
_SNOOZE: Final = "\N{ALARM CLOCK}"


class Answering:
    """Finds out what the owner wants, has it done, and says what became of it."""

    def __init__(self, twin: Twin, brief: Brief) -> None:
        self._homeserver = twin.homeserver
        self._capabilities = twin.capabilities
        self._commands = twin.commands
        self._doing = Doing(twin)
        self._own = OwnWords(twin, brief)
        self._by_type: Mapping[str, Capability] = {
            event.type: capability
            for capability in twin.capabilities
            for event in capability.events
        }

    async def to_command(
        self, text: str, told: Told | None, scene: Scene, *, is_answer: bool = True
    ) -> Answer:
        """Do what a command says.

        Args:
            text: without the exclamation mark.
            told: the message that it answers, if any.
            scene: where it was said.
            is_answer: whether it answers that message, and does not only stand behind it.
        """
        own = await self._own.answer(text, scene, told)
        if own is not None:
            return Answer(own)
        language, now = scene.speech.language, scene.speech.now
        spoken_in = language_of(text, self._capabilities, language)
        readings = await self._homeserver.in_thread(
            lambda: grammar.read_command(text, self._capabilities, spoken_in, now)
        )
        about = told.about[0] if told and not told.choices and len(told.about) == 1 else None
        if about is not None and all(self._is_open(each) for each in readings):
            # Nothing says which object: the one that was just told of.
            meant = [request_of(each, about) for each in readings if self._may_be(each, about)]
            meant = meant or list(await self._read(about, numbered(text, 1)[1], scene))
            if any(each.command == REMOVE for each in meant) and not is_answer:
                return await self._ask(meant, scene)
            if meant:
                return await self._one_of(meant, scene)
        if not readings:
            return Answer(usage.hint(text, self._capabilities, language, spoken(language)))
        return await self._one_of([request_of(each) for each in readings], scene)

    async def to_chat(self, said: Words, lately: Sequence[Told], scene: Scene) -> Answer:
        """Answer what is said in the chat of the two: a number, or a command without its mark.

        Args:
            said: what was said.
            lately: what the twin said there, the newest first.
            scene: where it was said.
        """
        counted = meant_by_number(said.text, lately)
        if counted is not None:
            return await self._by_number(said.text, counted, scene)
        listed = next((each for each in lately if counts(each)), None)
        if listed is not None and _NUMBER.match(said.text):
            return Answer(scene.speech.said("no-such-number", count=listed.count))
        latest = lately[0] if lately else None
        return await self.to_command(said.text, latest, scene, is_answer=said.to is not None)

    async def to_answer(self, said: Words, told: Told, scene: Scene) -> Answer:
        """Do what an answer to a message asks for."""
        own = await self._own.answer(said.text, scene, told, bare=not scene.in_chat)
        if own is not None:
            return Answer(own)
        if scene.in_chat and usage.called(said.text.partition(" ")[0], self._capabilities):
            return await self.to_command(said.text, told, scene)
        if told.choices or len(told.about) > 1:
            return await self._by_number(said.text, told, scene)
        if not told.about:
            return await self.to_command(said.text, told, scene)
        numbers, words = numbered(said.text, 1)
        if numbers and not words:
            return await self._offer(told.about[0], scene)
        return await self._with(told.about[0], words, scene)

    async def to_sign(self, key: str, told: Told, scene: Scene) -> Answer | None:
        """Do what a reaction to a message stands for; None where it stands for nothing."""
        sign = bare_sign(key)
        if sign == _SNOOZE:
            return Answer(await self._own.snooze("", scene, told))
        meant = [
            request
            for about in told.about[:MOST_AT_ONCE]
            if (request := self._by_sign(sign, about)) is not None
        ]
        return await self._one_of(meant, scene) if meant else None

    def _by_sign(self, sign: str, about: About) -> Request | None:
        if about.type in (MEMBER, PROPOSAL):
            return Request(words=sign, about=about) if sign in (*_YES, *_NO) else None
        capability = self._by_type.get(about.type)
        reading = grammar.read_reaction(sign, capability) if capability else None
        return request_of(reading, about) if reading else None

    # By number

    async def _by_number(self, text: str, told: Told, scene: Scene) -> Answer:
        numbers, words = numbered(text, told.count)
        if told.choices:
            if len(numbers) != 1 or words:
                return Answer(scene.speech.said("no-such-number", count=told.count))
            return await self._do(read_request(told.choices[numbers[0] - 1]), scene)
        if not numbers:
            return await self._one_of(
                [Request(words=text, about=each) for each in told.about], scene
            )
        if not words:
            return await self._offer(told.about[numbers[0] - 1], scene)
        parts = [text]
        if "\n" in text or not await self._read(told.about[numbers[0] - 1], words, scene):
            parts = parted(text, told.count)
        answers = []
        for part in parts:
            numbers, words = numbered(part, told.count)
            for number in numbers[:MOST_AT_ONCE]:
                try:
                    answers.append(await self._with(told.about[number - 1], words, scene))
                except TwinError as error:
                    answers.append(Answer(scene.speech.said("refused", reason=error.message)))
        return together(answers[:MOST_AT_ONCE])

    async def _offer(self, about: About, scene: Scene) -> Answer:
        """Say what an object is called of which nothing is said but its number, and what can be."""
        title = await self._doing.title(about)
        if about.type not in (MEMBER, PROPOSAL) and title is None:
            return Answer(scene.speech.said("gone"))
        phrases = self._phrases(about, scene)
        said = scene.speech.said("can-say", [about], title=Title(title or ""), phrases=phrases)
        return Answer(said if title else scene.speech.said("can-say-there", phrases=phrases))

    async def _with(self, about: About, words: str, scene: Scene) -> Answer:
        """Do with an object what words say."""
        meant = await self._read(about, words, scene)
        if not meant:
            return Answer(scene.speech.said("not-known", phrases=self._phrases(about, scene)))
        if about.type not in (MEMBER, PROPOSAL) and await self._doing.title(about) is None:
            return Answer(scene.speech.said("gone"))
        return await self._one_of(meant, scene)

    async def _read(self, about: About, words: str, scene: Scene) -> Sequence[Request]:
        """Return what words may mean that are said of an object."""
        if about.type in (MEMBER, PROPOSAL):
            word = words.casefold().strip(" .!")
            return [Request(words=word, about=about)] if word in (*_YES, *_NO) else []
        capability = self._by_type.get(about.type)
        if capability is None:
            return []
        language, now = scene.speech.language, scene.speech.now
        for spoken_in in (language, *(each for each in LANGUAGES if each != language)):
            readings = await self._homeserver.in_thread(
                partial(grammar.read_answer, words, capability, spoken_in, now)
            )
            if readings:
                return [request_of(each, about) for each in readings]
        return []

    def _may_be(self, reading: Reading, about: About) -> bool:
        """Tell whether what was asked for, without saying of which object, may be done to this one."""
        capability = self._by_type.get(about.type)
        return (
            reading.object == ""
            and capability is not None
            and (capability.name == reading.capability)
        )

    def _is_open(self, reading: Reading) -> bool:
        """Tell whether somebody has still to say which object is meant."""
        capability = self._commands.capability(reading.capability)
        command = capability.command(reading.command)
        return reading.object == "" or (
            acts_in_room(capability, command) and ROOM not in {*reading.arguments, *reading.names}
        )

    def _phrases(self, about: About, scene: Scene) -> str:
        capability = self._by_type.get(about.type)
        if capability is None:
            return scene.speech.words("yes-no")
        return ", ".join(usage.phrases(capability, scene.speech.language))

    # Several meanings

    async def _one_of(self, requests: Sequence[Request], scene: Scene) -> Answer:
        if len(requests) > 1:
            requests = await self._doing.possible(requests, scene)
        if len(requests) == 1:
            return await self._do(requests[0], scene)
        return await self._ask(requests, scene)

    async def _ask(self, requests: Sequence[Request], scene: Scene) -> Answer:
        choices = [(await self._doing.label(each, scene), each) for each in requests]
        sentence = "which-object" if len(choices) > 1 else "sure"
        return Answer(question(Question(sentence, "", choices), scene))

    async def _do(self, request: Request, scene: Scene) -> Answer:
        about, words = request.about, request.words
        if words is None or about is None:
            return await self._doing.do(request, scene)
        if about.type not in (MEMBER, PROPOSAL) or words not in (*_YES, *_NO):
            return await self._with(about, words, scene)
        decide = self._doing.invitation if about.type == MEMBER else self._doing.proposal
        return await decide(about, scene, accept=words in _YES)


def language_of(text: str, capabilities: Sequence[Capability], usual: str) -> str:
    """Return the language of a command: another than usual where it names what it is about in that."""
    words = [bare(word) for word in text.split(maxsplit=3)[:3]]
    called = [
        language
        for word in words
        for capability in capabilities
        for language, names in capability.called.items()
        if word in names
    ]
    return usual if usual in called or not called else called[0]


def meant_by_number(text: str, lately: Sequence[Told]) -> Told | None:
    """Return which message a number answers: a question just asked, or the newest that counts.

    Answers to single numbers in between count nothing, so that a list can be answered line by line.
    """
    for number, told in enumerate(lately):
        numbers, words = numbered(text, told.count)
        if told.choices and number == 0 and numbers and not words:
            return told
        if counts(told):
            return told if numbers else None
    return None


def counts(told: Told) -> bool:
    """Tell whether a message has numbers that stay: a list of one line has, an answer has none."""
    if told.choices or told.topic == ANSWERS:
        return False
    return told.count > 1 or (bool(told.about) and told.topic in (BRIEF, LIST))


def together(answers: Sequence[Answer]) -> Answer:
    """Return several answers as one."""
    if len(answers) == 1:
        return answers[0]
    # What is said to several of them alike is said once.
    said = list({(each.said.body, each.said.about): each.said for each in answers}.values())
    one = Said(
        body="\n".join(each.body for each in said),
        html="<br>".join(each.html or "" for each in said),
        notice=all(each.notice for each in said),
        mentions=tuple(dict.fromkeys(user for each in said for user in each.mentions)),
        about=tuple(dict.fromkeys(about for each in said for about in each.about)),
        topic=ANSWERS,
    )
    questions = [each for each in said if each.choices]
    if questions:
        # Of several questions the numbers of the first one count; the others can be asked again.
        one = replace(questions[0], body=one.body, html=one.html)
    return Answer(one, [event_id for each in answers for event_id in each.written])
