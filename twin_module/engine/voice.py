"""The twin's own voice: messages to the owner, from an account that can do nothing else.

Each thing is said once. What is to be said is stored first, with a key; before it is sent, the
position of the stream of events is stored too; the message carries the key. Who comes back after
a crash in between looks in the room for what was sent behind that position. Transaction IDs of
Matrix can't do that: they belong to a device, and the voice has none.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from twin_module.core.errors import BadJson, TooLarge
from twin_module.core.ports import Cursor, Homeserver
from twin_module.core.voice import key_of, message, voice_name, voice_room
from twin_module.engine import voice_store
from twin_module.engine.backoff import Backoff
from twin_module.engine.chats import DIRECT
from twin_module.engine.voice_store import Saying

logger = logging.getLogger(__name__)

GONE: Final = ("leave", "ban")
_SPEAKING: Final = "speaking"


class Voice:
    """Says things to the owner, each once."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver
        self.problem: str | None = None
        """Why the twin has no voice, if so."""
        self._waiting = True
        """Whether there may be something to be said."""
        self._failed = Backoff[str]()

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

    async def say(self, body: str, html: str | None, key: str) -> None:
        """Say something to the owner, unless it was said under this key in the last 60 days.

        It is said now, or as soon as that is possible within a day; a twin without a voice says
        nothing.

        Args:
            body: as plain text, together with `html` of less than 60,000 bytes.
            html: the same as HTML of Matrix (client-server API, "m.room.message msgtypes").
            key: of any form and length.
        """
        if not await self.look():
            return
        saying, now = Saying(key_of(key), body, html), self._homeserver.now()
        await self._homeserver.transact(
            "twin_say", lambda cursor: voice_store.plan(cursor, saying, now)
        )
        self.note()
        await self.settle()

    def plan(self, cursor: Cursor, body: str, html: str | None, key: str) -> None:
        """Note in a transaction that something is to be said; call `note` behind it."""
        voice_store.plan(cursor, Saying(key_of(key), body, html), self._homeserver.now())

    def note(self) -> None:
        """Look at the next `settle` for what is to be said."""
        self._waiting = True

    async def settle(self) -> None:
        """Say what is to be said; what fails is tried again later and never raised."""
        if not self._waiting:
            return
        async with self._homeserver.lock("voice"):
            try:
                await self._say_all()
            except Exception:
                self._failed.postpone(_SPEAKING, self._homeserver.now())
                logger.exception("The twin could not speak to its owner, trying again later")

    async def _say_all(self) -> None:
        now = self._homeserver.now()
        if self._failed.waits(_SPEAKING, now):
            return
        self._waiting = False
        try:
            sayings = await self._homeserver.transact(
                "twin_to_be_said", lambda cursor: voice_store.waiting(cursor, now)
            )
            if not sayings or not await self.look():
                return
            room_id = await self._room()
            for each in sayings:
                await self._deliver(each, room_id)
        except BaseException:
            self._waiting = True
            raise
        self._failed.done(_SPEAKING)

    async def _deliver(self, saying: Saying, room_id: str) -> None:
        if not await self._was_said(saying):
            position = await self._homeserver.position()
            await self._homeserver.transact(
                "twin_begin_saying",
                lambda cursor: voice_store.begin(cursor, saying.key, room_id, position),
            )
            content = message(saying.body, saying.html, self._homeserver.owner, saying.key)
            try:
                await self._homeserver.speak(room_id, content)
            except (BadJson, TooLarge):
                # It will never fit, and must not keep everything behind it from being said.
                logger.exception("The twin could not say something, and leaves it out")
        await self._homeserver.transact(
            "twin_said", lambda cursor: voice_store.finish(cursor, saying.key)
        )

    async def _was_said(self, saying: Saying) -> bool:
        if saying.room_id is None or saying.stream_id is None:
            return False
        return saying.key in await self._homeserver.spoken(saying.room_id, saying.stream_id)

    # The room

    async def _room(self) -> str:
        """Return the chat of the two, which is made where there is none or the owner left it."""
        owner = self._homeserver.owner
        if await self._homeserver.voice_state() == "none":
            name = voice_name(owner, await self._homeserver.profile())
            await self._homeserver.make_voice(name)
            logger.info("Made %s, the twin's own voice", self._homeserver.voice)
        found: str | None = None
        membership: str | None = "invite"
        for room_id, members in sorted((await self._homeserver.voice_rooms()).items()):
            if members.get(owner) in GONE or members.keys() - {owner, self._homeserver.voice}:
                await self._homeserver.leave_as_voice(room_id)
            elif found is None:
                found, membership = room_id, members.get(owner)
        if found is None:
            found = await self._homeserver.make_voice_room(voice_room(owner))
        if membership is None:
            await self._homeserver.invite_as_voice(found, owner)
        if membership != "join":
            # First, so that a crash in between leaves nothing undone that nobody looks for.
            await self._note_direct(found)
            await self._homeserver.set_membership(found, owner, "join", "")
        return found

    async def _note_direct(self, room_id: str) -> None:
        """Add the room to the owner's direct chats; what else clients noted there stays."""
        content = await self._homeserver.account_data(DIRECT)
        known = _listed(content, self._homeserver.voice)
        if room_id not in known:
            rooms = [*known, room_id]
            await self._homeserver.put_account_data(
                DIRECT, {**content, self._homeserver.voice: rooms}
            )


def _listed(content: Mapping[str, Any], user_id: str) -> list[Any]:
    """Return the direct chats with somebody; any client may have written the account data."""
    listed = content.get(user_id)
    return list(listed) if isinstance(listed, list) else []
