"""The twin's own voice: messages from an account that can do nothing else.

Each thing is said once. What is to be said is stored first, with a key; before it is sent, the
position of the stream of events is stored too; the message carries the key. Who comes back after
a crash in between looks in the room for what was sent behind that position. Transaction IDs of
Matrix can't do that: they belong to a device, and the voice has none.
"""

import logging
from typing import Any, Final

from twin_module.core.errors import BadJson, Forbidden, NotFound, TooLarge
from twin_module.core.matrix_uri import room_address
from twin_module.core.ports import Cursor, Homeserver
from twin_module.core.voice import Said, key_of
from twin_module.core.voice_texts import cannot_read
from twin_module.engine import voice_store
from twin_module.engine.backoff import Backoff
from twin_module.engine.duties import soonest
from twin_module.engine.settings import Settings
from twin_module.engine.voice_rooms import VoiceRooms
from twin_module.engine.voice_store import Saying
from twin_module.engine.writer import Writer

logger = logging.getLogger(__name__)

CHAT: Final = ""
"""What the chat of the two is called among the rooms that things are said in."""
ROOMS: Final = "voice rooms"
"""The lock of who changes which rooms the voice is in; taken before that of who speaks."""
_SPEAKING: Final = "voice"


class Voice:
    """Says things to the owner and in rooms of the twin, each once."""

    def __init__(self, homeserver: Homeserver, settings: Settings, writer: Writer) -> None:
        self._homeserver = homeserver
        self._settings = settings
        self.rooms = VoiceRooms(homeserver, writer)
        self.problem: str | None = None
        """Why the twin has no voice, if so."""
        self._waiting = True
        """Whether there may be something to be said."""
        self._is_new = True
        """Whether nobody has tried to say it yet."""
        self._next: int | None = None
        """When the first thing is to be said that is not to be said yet."""
        self.failed = Backoff[str]()
        """The rooms in which nothing could be said; CHAT is the chat of the two."""
        self._has_chat = False
        """Whether the chat of the two was looked for since the start."""
        self._looked_at: int | None = None
        """The position up to which invitations and rooms were looked at."""

    @property
    def chat(self) -> str | None:
        """Return the room ID of the chat of the two, None until it is known."""
        return self.rooms.chat

    async def look(self) -> bool:
        """Find out whether the twin has a voice, or can have one."""
        problem = None
        if await self._homeserver.voice_state() == "taken":
            problem = (
                f"The account {self._homeserver.voice} is not the twin's own, so this twin has no "
                "voice: it can't remind its owner of anything."
            )
        if problem is not None and problem != self.problem:
            logger.warning("%s", problem)
        self.problem = problem
        return problem is None

    def as_json(self) -> dict[str, Any]:
        """Return who speaks, and why nobody does, as the API shows it."""
        return {"user_id": self._homeserver.voice, "problem": self.problem}

    # What is said

    async def say(
        self, said: Said, key: str, *, room_id: str | None = None, at: int | None = None
    ) -> None:
        """Say something, unless it was said under this key in the last 60 days.

        It is said now, or as soon as that is possible within a day; a twin without a voice says
        nothing.

        Args:
            said: what.
            key: of any form and length.
            room_id: where; None is the chat with the owner.
            at: not before then, in milliseconds since 1970.
        """
        if not await self.look():
            return
        await self._homeserver.transact(
            "twin_say", lambda cursor: self.plan(cursor, said, key, room_id=room_id, at=at)
        )
        self.note()
        await self.settle()

    def plan(
        self,
        cursor: Cursor,
        said: Said,
        key: str,
        *,
        room_id: str | None = None,
        at: int | None = None,
    ) -> None:
        """Note in a transaction that something is to be said, as `say`; call `note` behind it."""
        voice_store.plan(cursor, key_of(key), said, self._homeserver.now(), room_id, at)

    def note(self) -> None:
        """Look at the next `settle` for what is to be said."""
        self._waiting = self._is_new = True

    async def event_of(self, key: str) -> str | None:
        """Return the ID of the message that was said under a key, None where none was."""
        return await self._homeserver.transact(
            "twin_event_of", lambda cursor: voice_store.event_of(cursor, key_of(key))
        )

    def due(self) -> int | None:
        """Return when something is to be done as the voice, in milliseconds since 1970."""
        return 0 if self._looked_at is None else self.alarm()

    def alarm(self) -> int | None:
        """Return when something is to be said, or to be tried again."""
        said = soonest(self._next, self.failed.next() if self._waiting else None)
        chat = self.failed.until(CHAT) if not self._has_chat and self.problem is None else None
        return 0 if self._is_new else soonest(said, chat, self.rooms.later.next())

    async def settle(self) -> None:
        """Say what is to be said; what fails is tried again later and never raised."""
        if not self._waiting and (self._next is None or self._homeserver.now() < self._next):
            return
        async with self._homeserver.lock(_SPEAKING):
            try:
                await self._say_all()
            except Exception:
                self.failed.postpone(_SPEAKING, self._homeserver.now())
                logger.exception("The twin could not find out what to say, trying again later")

    async def _say_all(self) -> None:
        now = self._homeserver.now()
        if self.failed.waits(_SPEAKING, now):
            return
        self._waiting = self._is_new = False
        try:
            owner = self._homeserver.owner
            sayings, self._next = await self._homeserver.transact(
                "twin_to_be_said", lambda cursor: voice_store.waiting(cursor, now, owner)
            )
            if not sayings or not await self.look():
                return
            for each in sayings:
                if not await self._try(each, now):
                    self._waiting = True
        except BaseException:
            self._waiting = True
            raise
        self.failed.done(_SPEAKING)

    async def _try(self, saying: Saying, now: int) -> bool:
        """Say something and tell whether that is over; what comes behind it in a room waits for it."""
        target = saying.target or CHAT
        if self.failed.waits(target, now):
            return False
        try:
            await self._deliver(saying)
        except Exception:
            self.failed.postpone(target, now)
            logger.exception("The twin could not speak, trying again later")
            return False
        self.failed.done(target)
        return True

    async def _deliver(self, saying: Saying) -> None:
        event_id = await self._was_said(saying)
        if event_id is None:
            room_id = saying.target or await self.rooms.ensure_chat()
            position = await self._homeserver.position()
            await self._homeserver.transact(
                "twin_begin_saying",
                lambda cursor: voice_store.begin(cursor, saying.key, room_id, position),
            )
            try:
                event_id = await self._homeserver.speak(room_id, saying.content)
            except (BadJson, TooLarge):
                # It will never fit, and must not keep everything behind it from being said.
                logger.exception("The twin could not say something, and leaves it out")
            except (Forbidden, NotFound) as error:
                if saying.target is None:
                    raise
                logger.info("Left something unsaid in %s: %s", room_id, error.message)
        await self._homeserver.transact(
            "twin_said", lambda cursor: voice_store.finish(cursor, saying.key, event_id)
        )

    async def _was_said(self, saying: Saying) -> str | None:
        if saying.room_id is None or saying.stream_id is None:
            return None
        said = await self._homeserver.spoken(saying.room_id, saying.stream_id)
        return said.get(saying.key)

    # Where it is

    async def ensure_chat(self) -> None:
        """Make the chat of the two where there is none, once after a start; never raises."""
        now = self._homeserver.now()
        if self._has_chat or self.failed.waits(CHAT, now):
            return
        async with self._homeserver.lock(_SPEAKING):
            try:
                if await self.look():
                    await self.rooms.ensure_chat()
                    self._has_chat = True
                    self.failed.done(CHAT)
                else:
                    self.failed.postpone(CHAT, now)
            except Exception:
                self.failed.postpone(CHAT, now)
                logger.exception("The twin could not make its chat with the owner, trying again")

    async def enter(self, room_id: str) -> bool:
        """See to it that the voice may speak in a room, and tell whether it may.

        It goes into collections that the owner made, unless somebody put it out of there, and
        stays in rooms that the owner asked it to. It never speaks in encrypted ones.

        Raises:
            TwinError: it could not be let in.
        """
        there = await self.rooms.may_speak(room_id)
        if there is not None:
            return there
        async with self._homeserver.lock(ROOMS):
            return await self.look() and await self.rooms.enter(room_id)

    async def settle_invitations(self) -> None:
        """Follow the owner's invitations, decline all others, and leave rooms that it can't read.

        What fails is tried again later and never raised. It costs nothing when nothing came.
        """
        position = await self._homeserver.position()
        if position == self._looked_at and not self.rooms.is_due():
            return
        async with self._homeserver.lock(ROOMS):
            try:
                is_done = await self._settle_rooms()
                self._looked_at = position if is_done else None
            except Exception:
                logger.exception("The twin could not look at the rooms of its voice, trying again")

    async def _settle_rooms(self) -> bool:
        """Do so, and tell whether nothing is left that has to be said first."""
        is_done = True
        if not await self.rooms.is_asked() or not await self.look():
            return is_done
        await self.rooms.answer()
        for room_id, why in (await self.rooms.astray()).items():
            if why == "alone" or await self._said_why(room_id):
                await self.rooms.leave(room_id)
            else:
                is_done = False
        return is_done

    async def _said_why(self, room_id: str) -> bool:
        """Say in an encrypted room where the twin can be spoken to; tells whether that is over."""
        if self.chat is None:
            self._has_chat = False
            await self.ensure_chat()
        if self.chat is None:
            return False
        language = (await self._settings.read()).language
        address = room_address(self.chat, [self._homeserver.server_name])
        said = cannot_read(language, self._homeserver.owner, address)
        key = f"encrypted {room_id}"
        await self.say(said, key, room_id=room_id)
        return not await self._homeserver.transact(
            "twin_still_to_say", lambda cursor: voice_store.waits(cursor, key_of(key))
        )
