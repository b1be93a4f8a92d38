"""Chats: rooms with messages that the owner has not read, in whichever client they are to be read.

The twin shows that there are some and where; what stands in them is for the owner's clients, which
alone can read what is encrypted. A list that somebody listens to is looked at again when anything
came, at most once a second; that something was read wakes nothing, so who listens asks as well.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from twin_module.core.layout import Kind
from twin_module.core.matrix_uri import room_address
from twin_module.core.ports import Homeserver, Summary, Unread
from twin_module.core.room_name import room_name
from twin_module.core.state import StateMap
from twin_module.engine import store

logger = logging.getLogger(__name__)

MOST: Final = 50
PAUSE: Final = 1.0
"""Seconds from one look to the next."""
KINDS: Final = (Kind.OTHER.value, Kind.COLLECTION.value)
DIRECT: Final = "m.direct"
"""Account data in which clients note which rooms are direct chats, by person."""
MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Chat:
    """A room with messages of others that are unread."""

    unread: Unread
    name: str
    direct: bool
    uri: str
    """As Matrix clients open it."""
    people: Sequence[str]
    """Some of those who are in it, at most three, without the owner."""

    def as_json(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {
            "room_id": self.unread.room_id,
            "name": self.name,
            "unread": self.unread.messages,
            "highlights": self.unread.highlights,
            "last_ts": self.unread.last_ts,
            "direct": self.direct,
            "uri": self.uri,
            "with": list(self.people),
        }


class Chats:
    """Finds out what is unread, and tells who listens when that changes."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver
        self._listeners: list[Callable[[], None]] = []
        self._known: Sequence[Chat] = ()
        self._looked_at: int | None = None
        self._planned = False

    async def read(self) -> Sequence[Chat]:
        """Return the rooms with unread messages, newest first, at most fifty."""
        rooms = await self._homeserver.transact(
            "twin_rooms", lambda cursor: store.read_rooms(cursor, "join")
        )
        candidates = [room.room_id for room in rooms if room.kind in KINDS]
        unread = (await self._homeserver.unread(candidates))[:MOST]
        if not unread:
            return []
        ids = [each.room_id for each in unread]
        named = [("m.room.name", ""), ("m.room.canonical_alias", "")]
        states = await self._homeserver.states(ids, named)
        summaries = await self._homeserver.summaries(ids)
        direct = _direct_rooms(await self._homeserver.account_data(DIRECT))
        return [
            self._chat(each, states.get(each.room_id, {}), summaries[each.room_id], direct)
            for each in unread
        ]

    def _chat(
        self, unread: Unread, state: StateMap, summary: Summary, direct: frozenset[str]
    ) -> Chat:
        people = [user for user, _ in summary.people[:MOST_NAMED]]
        servers = dict.fromkeys(
            [self._homeserver.server_name, *(user.partition(":")[2] for user in people)]
        )
        return Chat(
            unread=unread,
            name=room_name(state, summary.people, summary.others),
            direct=unread.room_id in direct,
            uri=room_address(unread.room_id, list(servers)[:MOST_NAMED]),
            people=people,
        )

    # Who wants to hear of it

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call a listener when the list changed; returns how to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def recent(self, *, anew: bool = False) -> Sequence[Chat]:
        """Return the list as it was within the last second, or as it is now; never raises."""
        async with self._homeserver.lock("chats"):
            if anew or self._wait() <= 0:
                await self._look()
            return self._known

    def note_news(self) -> None:
        """Look again soon, if anybody listens; called whenever anything came."""
        if not self._listeners or self._planned:
            return
        self._planned = True
        self._homeserver.call_later(
            max(0.0, self._wait()),
            lambda: self._homeserver.background("twin_chats", self._look_and_tell),
        )

    def _wait(self) -> float:
        """Return how many seconds there are until it may be looked again."""
        if self._looked_at is None:
            return 0
        return PAUSE - (self._homeserver.now() - self._looked_at) / 1000

    async def _look_and_tell(self) -> None:
        self._planned = False  # what comes from here on is news again
        async with self._homeserver.lock("chats"):
            before = self._known
            await self._look()
            changed = self._known != before
        for listener in list(self._listeners) if changed else ():
            listener()

    async def _look(self) -> None:
        self._looked_at = self._homeserver.now()
        try:
            self._known = await self.read()
        except Exception:
            # The live changes of everything else go on without it.
            logger.exception("The twin could not find out which messages are unread")


def _direct_rooms(content: Mapping[str, Any]) -> frozenset[str]:
    """Return the direct chats that account data names; any client may have written it."""
    listed = [rooms for rooms in content.values() if isinstance(rooms, list)]
    return frozenset(room for rooms in listed for room in rooms if isinstance(room, str))
