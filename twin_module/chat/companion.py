"""The companion: hears what its owner says, does it, and answers.

It hears nobody else, so that two companions never talk to each other. What was said is worked off
in order; the answer is noted to be said in the transaction that notes that it was worked off.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from twin_module.chat.answering import MOST_AT_ONCE, Answering, together
from twin_module.chat.briefs.brief import Brief
from twin_module.chat.hearing import Reaction, Words, hear
from twin_module.chat.news.notices import Notices
from twin_module.chat.own_words import is_thanks
from twin_module.chat.scene import Answer, Scene
from twin_module.chat.speech import Speech
from twin_module.chat.told import BRIEF, COLLECTIONS, LIST, Told, told_in
from twin_module.core.errors import TwinError
from twin_module.core.layout import Kind
from twin_module.core.ports import Cursor, Heard, Message
from twin_module.core.voice import Said, voice_of
from twin_module.engine import heard_store, store
from twin_module.engine.duties import never
from twin_module.engine.twin import Twin

logger = logging.getLogger(__name__)

POSITION: Final = "heard"
LATELY: Final = 20
"""How many messages of the chat of the two a number may be an answer to."""


class Companion:
    """What the owner of a twin talks to."""

    def __init__(self, twin: Twin, page: str | None = None) -> None:
        """Begin to listen.

        Args:
            twin: whose companion it is.
            page: the address of the twin's page, with a slash behind; None links to none.
        """
        self._twin = twin
        self._homeserver = twin.homeserver
        self._position: int | None = None
        self._is_hearing = False
        self._has_failed = False
        self.notices = Notices(twin, page)
        self.brief = Brief(twin)
        self._answering = Answering(twin, self.brief)
        twin.add_duty(self.settle, lambda: 0 if self._has_failed else None, never)
        twin.add_duty(self.notices.settle, self.notices.due, self.notices.alarm)
        twin.add_duty(self.brief.settle, self.brief.due, self.brief.alarm)

    def stop(self) -> None:
        """Plan nothing any more; the server stops."""
        self.notices.stop()
        self.brief.stop()

    async def settle(self) -> None:
        """Do what the owner said since the last time, beside the turn: another server may be slow."""
        if self._is_hearing or await self._homeserver.position() == self._position:
            return
        self._is_hearing, self._has_failed = True, False
        self._homeserver.background("twin_companion", self._hear)

    async def _hear(self) -> None:
        try:
            await self._follow()
        except Exception:
            self._has_failed = True
            logger.exception("The companion could not hear its owner, trying again")
        finally:
            self._is_hearing = False

    async def _follow(self) -> None:
        """Hear to the end of the stream; what fails is tried again at the next turn."""
        while True:
            target = await self._homeserver.position()
            position = await self._reached(target)
            if position >= target:
                return
            heard = await self._homeserver.heard(position, target)
            if heard.event_ids:
                await self._work_off_all(heard)
            self._position = heard.upto

    async def _work_off_all(self, heard: Heard) -> None:
        ids = heard.event_ids
        messages = await self._homeserver.messages(ids)
        known = await self._homeserver.transact(
            "twin_heard", lambda cursor: heard_store.known(cursor, ids)
        )
        for event_id in ids:
            if event_id in messages and event_id not in known:
                await self._work_off(messages[event_id])

        def work(cursor: Cursor) -> None:
            heard_store.forget(cursor)
            store.write_position(cursor, heard.upto, POSITION)

        await self._homeserver.transact("twin_heard_upto", work)

    async def _reached(self, target: int) -> int:
        """Return up to where it was heard; what was said before there was a companion counts not."""
        if self._position is None:
            stored = await self._homeserver.transact(
                "twin_position", lambda cursor: store.read_position(cursor, POSITION)
            )
            if stored is None or stored > target:
                await self._begin(target)
                stored = target
            self._position = stored
        return self._position

    async def _begin(self, target: int) -> None:
        """Begin to hear, and introduce oneself; under its key that is said once."""
        wishes = await self._twin.settings.read()
        speech = Speech(wishes.language, self._twin.agenda.now().astimezone(wishes.zone))
        can_speak = await self._twin.voice.look()

        def work(cursor: Cursor) -> None:
            if can_speak:
                self._twin.voice.plan(cursor, speech.said("welcome"), "welcome")
            store.write_position(cursor, target, POSITION)

        await self._homeserver.transact("twin_begin_to_hear", work)
        self._twin.voice.note()

    async def _work_off(self, message: Message) -> None:
        """Do what one message asks for, if anything, and note the answer."""
        said = hear(message) if message.sender == self._homeserver.owner else None
        placed = await self._answered(said, message) if said is not None else None

        def work(cursor: Cursor) -> None:
            heard_store.note(cursor, message.event_id)
            if placed is not None:
                answer, room_id = placed
                key = f"answer {message.event_id}"
                self._twin.voice.plan(cursor, answer, key, room_id=room_id)

        await self._homeserver.transact("twin_answer", work)
        if placed is not None:
            self._twin.voice.note()
            await self._twin.voice.settle()

    async def _answered(
        self, said: Words | Reaction, message: Message
    ) -> tuple[Said, str | None] | None:
        """Do what was said, and return the answer and where it is said; None where it needs none."""
        scene = await self._scene(message)
        try:
            answer = await self._answer(said, scene)
        except TwinError as error:
            answer = Answer(scene.speech.said("refused", reason=error.message))
        except Exception:
            # Whatever it is, it must not keep what comes behind it from being heard.
            logger.exception("The companion could not do what its owner said")
            answer = Answer(scene.speech.said("failed"))
        return await self._placed(answer, said, scene) if answer is not None else None

    async def _placed(
        self, answer: Answer, said: Words | Reaction, scene: Scene
    ) -> tuple[Said, str | None]:
        """Return an answer as it is said in the room, or else in the chat of the two."""
        if scene.in_chat:
            return replace(answer.said, mentions=(), notice=True), None
        if not tells_elsewhere(answer, scene) and await self._twin.voice.enter(scene.room_id):
            # The answer tells everybody in the room.
            await self.notices.skip(answer.written)
            thread = said.thread if isinstance(said, Words) else None
            here = await self._homeserver.members([scene.room_id])
            joined = {each.user_id for each in here if each.membership == "join"}
            mentions = tuple(user for user in answer.said.mentions if user in joined)
            reply_to = scene.message.event_id if isinstance(said, Words) else said.to
            told = replace(answer.said, mentions=mentions, notice=not mentions)
            return replace(told, reply_to=reply_to, thread=thread), scene.room_id
        return scene.speech.elsewhere(answer.said, scene.room.name if scene.room else ""), None

    async def _scene(self, message: Message) -> Scene:
        wishes = await self._twin.settings.read()
        now = self._twin.agenda.now().astimezone(wishes.zone)
        room = await self._homeserver.transact(
            "twin_chat_room", lambda cursor: store.read_room(cursor, message.room_id)
        )
        return Scene(
            message=message,
            room=room if room is not None and room.membership == "join" else None,
            in_chat=message.room_id == self._twin.voice.chat,
            speech=Speech(wishes.language, now),
        )

    async def _answer(self, said: Words | Reaction, scene: Scene) -> Answer | None:
        """Return the answer, None where the twin is not spoken to."""
        if await self._is_encrypted(scene.room_id):
            return None
        told = await self._told(said.to, scene) if said.to else None
        if isinstance(said, Reaction):
            return await self._answering.to_sign(said.key, told, scene) if told else None
        if _is_command(said.text):
            return await self._commanded(said.text[1:], told, scene)
        if told is not None:
            # Who thanks in front of others wants no answer.
            is_none = not scene.in_chat and is_thanks(said.text)
            return None if is_none else await self._answering.to_answer(said, told, scene)
        if not scene.in_chat:
            return None
        lately = await self._homeserver.lately_spoken(scene.room_id)
        mine = [told_in(each, own=True) for each in lately[:LATELY]]
        return await self._answering.to_chat(said, mine, scene)

    async def _commanded(self, text: str, told: Told | None, scene: Scene) -> Answer | None:
        if not await self._listens(scene):
            return None
        lines = [line.strip() for line in text.splitlines()]
        several = [line for line in lines[1:] if _is_command(line)]
        if not several or len(several) < len([line for line in lines[1:] if line]):
            return await self._answering.to_command(text, told, scene)
        commands = [lines[0], *(line[1:] for line in several)][:MOST_AT_ONCE]
        answers = []
        for number, command in enumerate(commands):
            try:
                each = replace(scene, line=number)
                answers.append(await self._answering.to_command(command, told, each))
            except TwinError as error:
                answers.append(Answer(scene.speech.said("refused", reason=error.message)))
        elsewhere = any(tells_elsewhere(each, scene) for each in answers)
        return replace(together(answers), elsewhere=elsewhere)

    async def _is_encrypted(self, room_id: str) -> bool:
        key = ("m.room.encryption", "")
        return key in await self._homeserver.state(room_id, [key])

    async def _listens(self, scene: Scene) -> bool:
        """Tell whether commands count in a room: in those of twins, and where the voice was asked."""
        if scene.in_chat or (scene.room is not None and scene.room.kind != Kind.OTHER.value):
            return True
        return await self._twin.voice.enter(scene.room_id)

    async def _told(self, event_id: str, scene: Scene) -> Told | None:
        """Return what a twin told in a room: this one, or that of who made the collection."""
        message = await self._homeserver.as_edited(event_id)
        if message is None or message.room_id != scene.room_id:
            return None
        if message.sender == self._homeserver.voice:
            return told_in(message, own=True)
        theirs = scene.is_collection and scene.room and voice_of(scene.room.creator)
        return told_in(message, own=False) if message.sender == theirs else None


def _is_command(text: str) -> bool:
    return text[:1] == "!" and text[1:2].isalpha()


def tells_elsewhere(answer: Answer, scene: Scene) -> bool:
    """Tell whether an answer tells what is in other rooms, which is nothing to those in this one."""
    said = answer.said
    if answer.elsewhere or said.topic in (BRIEF, COLLECTIONS):
        return True
    rooms = {each.room_id for each in said.about} if said.topic == LIST else set()
    rooms |= {str(place) for each in said.choices if (place := _room_of(each))}
    return not rooms <= {scene.room_id}


def _room_of(choice: Mapping[str, Any]) -> Any:
    return (choice.get("about") or choice.get("arguments") or {}).get("room_id")
