"""From what the owner said to what is done: commands, answers to what was told, and signs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from twin_module.chat.briefs.brief import Brief
from twin_module.chat.briefs.reading import PROPOSAL
from twin_module.chat.doing import Doing, question
from twin_module.chat.hearing import Words
from twin_module.chat.language import grammar, usage
from twin_module.chat.language.folding import sign as bare_sign
from twin_module.chat.language.reading import Reading
from twin_module.chat.numbers import numbered
from twin_module.chat.own_words import OwnWords, spoken
from twin_module.chat.request import Question, Request, read_request, request_of
from twin_module.chat.scene import Answer, Scene
from twin_module.chat.speech import Title
from twin_module.chat.told import Told
from twin_module.core.capability import Capability
from twin_module.core.errors import TwinError
from twin_module.core.voice import About, Said
from twin_module.engine.twin import Twin

MOST_AT_ONCE: Final = 20
"""Objects that one answer acts on."""
MEMBER: Final = "m.room.member"
"""What a message is about that tells of an invitation to a room."""
_YES: Final = ("yes", "accept", "join", "ja", "annehmen", "beitreten", "\N{WHITE HEAVY CHECK MARK}")
_NO: Final = ("no", "decline", "nein", "ablehnen", "\N{CROSS MARK}")
BRIEF: Final = "brief"
_SNOOZE: Final = "\N{ALARM CLOCK}"


class Answering:
    """Finds out what the owner wants, has it done, and says what became of it."""

    def __init__(self, twin: Twin, brief: Brief) -> None:
        self._homeserver = twin.homeserver
        self._capabilities = twin.capabilities
        self._doing = Doing(twin)
        self._own = OwnWords(twin, brief)
        self._by_type: Mapping[str, Capability] = {
            event.type: capability
            for capability in twin.capabilities
            for event in capability.events
        }

    async def to_command(self, text: str, told: Told | None, scene: Scene) -> Answer:
        """Do what a command says.

        Args:
            text: without the exclamation mark.
            told: the message that it answers, if any.
            scene: where it was said.
        """
        own = await self._own.answer(text, scene, told)
        if own is not None:
            return Answer(own)
        language, now = scene.speech.language, scene.speech.now
        spoken_in = language_of(text, self._capabilities, language)
        readings = await self._homeserver.in_thread(
            lambda: grammar.read_command(text, self._capabilities, spoken_in, now)
        )
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
        return await self.to_command(said.text, lately[0] if lately else None, scene)

    async def to_answer(self, said: Words, told: Told, scene: Scene) -> Answer:
        """Do what an answer to a message asks for."""
        own = await self._own.answer(said.text, scene, told, bare=True)
        if own is not None:
            return Answer(own)
        if told.choices or len(told.about) > 1:
            return await self._by_number(said.text, told, scene)
        if not told.about:
            return await self.to_command(said.text, told, scene)
        _, words = numbered(said.text, 1)
        return await self._with(told.about[0], words or said.text, scene)

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
        answers = []
        for number in numbers[:MOST_AT_ONCE]:
            try:
                answers.append(await self._with(told.about[number - 1], words, scene))
            except TwinError as error:
                answers.append(Answer(scene.speech.said("refused", reason=error.message)))
        return together(answers)

    async def _offer(self, about: About, scene: Scene) -> Answer:
        """Say what an object is called of which nothing is said but its number, and what can be."""
        title = await self._doing.title(about)
        if about.type not in (MEMBER, PROPOSAL) and title is None:
            return Answer(scene.speech.said("gone"))
        phrases = self._phrases(about, scene)
        said = scene.speech.said("can-say", [about], title=Title(title or ""), phrases=phrases)
        return Answer(said if title else scene.speech.said("not-known", phrases=phrases))

    async def _with(self, about: About, words: str, scene: Scene) -> Answer:
        """Do with an object what words say."""
        if about.type in (MEMBER, PROPOSAL):
            return await self._decided(about, words.casefold().strip(" .!"), scene)
        capability = self._by_type.get(about.type)
        readings: Sequence[Reading] = ()
        if capability is not None:
            language, now = scene.speech.language, scene.speech.now
            readings = await self._homeserver.in_thread(
                lambda: grammar.read_answer(words, capability, language, now)
            )
        if not readings:
            return Answer(scene.speech.said("not-known", phrases=self._phrases(about, scene)))
        return await self._one_of([request_of(each, about) for each in readings], scene)

    async def _decided(self, about: About, word: str, scene: Scene) -> Answer:
        """Say yes or no to an invitation or a proposal."""
        if word not in (*_YES, *_NO):
            return Answer(scene.speech.said("not-known", phrases=self._phrases(about, scene)))
        decide = self._doing.invitation if about.type == MEMBER else self._doing.proposal
        return await decide(about, scene, accept=word in _YES)

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
        choices = [(await self._doing.label(each, scene), each) for each in requests]
        return Answer(question(Question("which-object", "", choices), scene))

    async def _do(self, request: Request, scene: Scene) -> Answer:
        if request.words is not None and request.about is not None:
            return await self._with(request.about, request.words, scene)
        return await self._doing.do(request, scene)


def language_of(text: str, capabilities: Sequence[Capability], usual: str) -> str:
    """Return the language of a command: another than usual where it begins with a word of that one."""
    first = text.partition(" ")[0].casefold()
    called = [
        language
        for capability in capabilities
        for language, words in capability.called.items()
        if first in words
    ]
    return usual if usual in called or not called else called[0]


def meant_by_number(text: str, lately: Sequence[Told]) -> Told | None:
    """Return which message a number answers: a question just asked, or the newest that counts.

    Answers to single numbers in between count nothing, so that a list can be answered line by line.
    """
    for number, told in enumerate(lately):
        numbers, words = numbered(text, told.count)
        if not numbers:
            continue
        if told.choices and number == 0 and not words:
            return told
        if not told.choices and (told.count > 1 or told.topic == BRIEF):
            return told
    return None


def together(answers: Sequence[Answer]) -> Answer:
    """Return several answers as one."""
    if len(answers) == 1:
        return answers[0]
    said = [each.said for each in answers]
    one = Said(
        body="\n".join(each.body for each in said),
        html="<br>".join(each.html or "" for each in said),
        notice=all(each.notice for each in said),
        mentions=tuple(dict.fromkeys(user for each in said for user in each.mentions)),
        about=tuple(dict.fromkeys(about for each in said for about in each.about)),
    )
    questions = [each for each in said if each.choices]
    if questions:
        # Of several questions the numbers of the first one count; the others can be asked again.
        one = replace(questions[0], body=one.body, html=one.html)
    return Answer(one, [event_id for each in answers for event_id in each.written])
