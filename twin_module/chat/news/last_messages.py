"""The last message of a room that tells of changes: whether it was sent, and may still be edited."""

from typing import Final

from twin_module.chat.news.room_news import LIFE, LONGEST_UNSAID, Message, RoomNews
from twin_module.core.voice import key_in, key_of
from twin_module.engine import voice_store
from twin_module.engine.twin import Twin

GRACE: Final = 1_000
"""By so much, clocks of other servers may be ahead."""
MOST_PARTS: Final = 20
"""Parts of the stream that are searched for what the owner said."""


class LastMessages:
    """Looks at the last messages of rooms."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._homeserver = twin.homeserver

    async def is_unsaid(self, room: RoomNews, now: int) -> bool:
        """Tell whether the last message was not sent yet, so that no other is to be begun."""
        message = room.message
        if message is None or now - message.began > LONGEST_UNSAID:
            return False
        key = key_of(message.last_key)
        return await self._homeserver.transact(
            "twin_news_unsaid", lambda cursor: voice_store.waits(cursor, key)
        )

    async def current(self, room_id: str, room: RoomNews, now: int) -> Message | None:
        """Return the message that is edited, None where a new one is to be begun."""
        message = room.message
        if message is None or now - message.began >= LIFE:
            return None
        if await self._twin.voice.event_of(message.key) is None:
            return None
        return None if await self._is_answered(room_id, message) else message

    async def _is_answered(self, room_id: str, message: Message) -> bool:
        """Tell whether somebody wrote in the room since, as far as the twin notices."""
        last = next(iter(await self._homeserver.lately_spoken(room_id)), None)
        if last is None or key_in(last.content) not in message.keys:
            return True
        unread = await self._homeserver.unread([room_id])
        if any(each.last_ts > message.said + GRACE for each in unread):
            return True
        upto, target = message.position, await self._homeserver.position()
        for _ in range(MOST_PARTS):
            if upto >= target:
                return False
            heard = await self._homeserver.heard(upto, target)
            said = await self._homeserver.messages(heard.event_ids)
            if any(
                each.room_id == room_id and each.type == "m.room.message" for each in said.values()
            ):
                return True
            upto = heard.upto
        return True
