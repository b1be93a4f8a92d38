"""What names may mean: the rooms, circles, people and objects that the twin knows."""

from collections.abc import Sequence
from typing import Final

from twin_module.chat.language.anywhere import unquoted
from twin_module.chat.language.names import Candidate, pick
from twin_module.chat.scene import Scene
from twin_module.core.authority import Role
from twin_module.core.capability import Capability
from twin_module.core.errors import Forbidden, InvalidParam
from twin_module.core.layout import Kind
from twin_module.core.ports import Cursor, Message, MessageQuestion
from twin_module.core.search import Part, Wanted, asked, composed, excerpt
from twin_module.core.voice import About
from twin_module.engine import search, store
from twin_module.engine.search import Question
from twin_module.engine.search_messages import find_messages
from twin_module.engine.store import Record, Room
from twin_module.engine.twin import Twin

MOST: Final = 50
"""Objects that are looked at for a name."""
MYSELF: Final = ("me", "myself", "I", "mich", "mir", "ich")


class Lookups:
    """Reads from the twin's tables what a name may mean."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._homeserver = twin.homeserver

    async def rooms(self, *kinds: Kind) -> list[Room]:
        """Return the rooms of some kinds that the owner is in, by name."""
        rooms = await self._homeserver.transact(
            "twin_chat_rooms", lambda cursor: store.read_rooms(cursor, "join")
        )
        wanted = {kind.value for kind in kinds}
        found = [room for room in rooms if room.kind in wanted]
        return sorted(found, key=lambda room: (room.name.casefold(), room.room_id))

    async def room(self, room_id: str) -> Room | None:
        """Return a room that the twin knows."""
        return await self._homeserver.transact(
            "twin_chat_room", lambda cursor: store.read_room(cursor, room_id)
        )

    async def collection(self, named: str, scene: Scene) -> Room | None:
        """Return the collection that is named, or that something was said in."""
        if not named:
            return scene.room if scene.is_collection else None
        rooms = await self.rooms(Kind.COLLECTION)
        found = pick(unquoted(named).removeprefix("#"), candidates(rooms))
        return next((room for room in rooms if found and room.room_id == found[0].id), None)

    async def writable(self) -> list[Room]:
        """Return the collections that the owner may write to, their own ones first."""
        owner, viewer = self._homeserver.owner, Role.VIEWER.name.lower()
        filled = await self._twin.subscriptions.rooms()
        rooms = await self.rooms(Kind.COLLECTION)
        able = [room for room in rooms if room.role != viewer and room.room_id not in filled]
        return sorted(able, key=lambda room: room.creator != owner)

    async def candidates(self, kind: str, capability: Capability) -> list[Candidate]:
        """Return whom or what a name of a kind may mean."""
        if kind == "person":
            return await self._people()
        if kind == "circle":
            return candidates(await self.rooms(Kind.CIRCLE))
        # Circles are rooms as well, which their own commands act in.
        more = (Kind.CIRCLE,) if capability.name == "circles" else ()
        return candidates(await self.rooms(Kind.COLLECTION, *more))

    async def _people(self) -> list[Candidate]:
        owner = self._homeserver.owner
        myself = Candidate(owner, (*MYSELF, _localpart(owner)), "person")
        others = [
            Candidate(
                each.user_id,
                tuple(filter(None, (each.displayname, _localpart(each.user_id)))),
                "person",
            )
            for each in await self._twin.people.everyone()
        ]
        return [myself, *others]

    async def objects(
        self, words: str, types: Sequence[str], room_id: str | None = None
    ) -> list[tuple[Record, Candidate]]:
        """Return objects that are found by words, best first, with what they are called."""
        try:
            question = Question(asked(words), types, room_id, MOST)
        except InvalidParam:
            return []

        def work(cursor: Cursor) -> list[Record]:
            page = search.run(cursor, question, store.OBJECT_COLUMNS)
            found = [store.record(each.columns) for each in page.found]
            return [each for each in found if each.content is not None]

        records = await self._homeserver.transact("twin_chat_objects", work)
        return [
            (each, Candidate(each.uid, (each.title or each.uid,), "object")) for each in records
        ]

    async def messages(self, words: str, most: int) -> list[tuple[Message, Sequence[Part]]]:
        """Return messages that have some words, newest first, with what is shown of them.

        There are none where the owner did not ask for chats to be searched.
        """
        try:
            wanted = Wanted(asked(words))
            page = await find_messages(
                self._homeserver, self._twin.settings, MessageQuestion(words, limit=most)
            )
        except (Forbidden, InvalidParam):
            return []
        return [(each, excerpt(composed(each.text), wanted)) for each in page.messages]

    async def object(self, about: About) -> Record | None:
        """Return an object that is there."""
        found = await self._homeserver.transact(
            "twin_chat_object",
            lambda cursor: store.read_object(cursor, about.room_id, about.type, about.uid),
        )
        return found if found and not found.removed and found.content is not None else None


def candidates(rooms: Sequence[Room]) -> list[Candidate]:
    """Return rooms as what names may mean."""
    return [Candidate(room.room_id, (room.name or room.room_id,), "room") for room in rooms]


def _localpart(user_id: str) -> str:
    return user_id[1:].partition(":")[0]
