"""What apps write into calendars and address books: items, answers, removals, moves."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from twin_module.core.capability import EventType
from twin_module.core.carried import is_more_than_an_answer, own_answer
from twin_module.core.effects import Put, remove
from twin_module.core.entries import Entry
from twin_module.core.errors import BadJson, Forbidden
from twin_module.core.event_types import EVENT
from twin_module.core.jscalendar import noted
from twin_module.core.ports import Homeserver
from twin_module.core.state import frozen
from twin_module.engine import dav_store
from twin_module.engine.books import Book
from twin_module.engine.commands import Commands
from twin_module.engine.dav_item import Item
from twin_module.engine.inline_files import shelved
from twin_module.engine.orders import NEW
from twin_module.engine.projector import Projector
from twin_module.engine.writer import Writer

_COMPONENTS: Final[Mapping[str, str]] = {"Event": "VEVENT", "Task": "VTODO", "Card": "VCARD"}

READER: Final = "You may read this collection, and write nothing into it."
GUEST: Final = (
    "Of an event that you are invited to you may change your own answer and nothing else; a series"
    " is answered as a whole."
)


class Writing:
    """What apps write."""

    def __init__(
        self,
        homeserver: Homeserver,
        projector: Projector,
        writer: Writer,
        commands: Commands,
        types: Sequence[EventType],
    ) -> None:
        self._homeserver = homeserver
        self._projector = projector
        self._writer = writer
        self._commands = commands
        self._types: Mapping[str, str] = {
            each.component: each.type for each in types if each.component
        }

    async def put(
        self, book: Book, name: str, entry: Entry, content: Mapping[str, Any], before: Item | None
    ) -> Item | None:
        """Write an item, and the owner's answer where it holds another one.

        Returns:
            it as it is now, None where it has to be read again.

        Raises:
            Conflict: somebody else wrote meanwhile.
            Forbidden, BadJson, TooLarge, RoomFull: it can't be written.
        """
        if book.room is None:
            raise Forbidden("The people of the circles are written by the circles.")
        room_id, owner = book.room.room_id, self._homeserver.owner
        event_type = self._type(book, content)
        if before is not None and before.type == EVENT.type:
            answer, content = own_answer(owner, before.content, before.effective(), content)
            # Apps set an alert as they answer; a guest's answer is none the worse for it.
            significant = answer is not None and not book.may_write
            more = is_more_than_an_answer(before.content, content, significant=significant)
            if more and not book.may_write:
                raise Forbidden(GUEST if book.may_answer else READER)
            if answer is not None:
                await self._answer(room_id, before.key, answer)
            if not more:
                await self._projector.catch_up()
                return None
        if not book.may_write:
            raise Forbidden(READER)
        # What the writer has to check is content with its files taken out of it.
        bare = await shelved(self._homeserver, content, before.content if before else None)
        put = Put(event_type, entry.key, frozen(bare))
        wanted = before.event_id if before is not None else NEW
        [written] = await self._writer.write(room_id, [put], {(event_type, entry.key): wanted})
        await self._projector.catch_up()
        if before is None and name != f"{entry.key}{book.ending}":
            await self._homeserver.transact(
                "twin_dav_name",
                lambda cursor: dav_store.write_name(cursor, room_id, name, event_type, entry.key),
            )
        if before is not None and before.answers:
            return None
        component = _COMPONENTS[str(content["@type"])]
        uid, now = str(content.get("uid") or entry.key), self._homeserver.now()
        revision = written.event_id
        return Item(name, uid, entry.key, event_type, component, revision, now, content)

    async def _answer(self, room_id: str, uid: str, status: str) -> None:
        arguments = {"room_id": room_id, "uid": uid, "participationStatus": status}
        await self._commands.run("agenda", "answer", arguments)

    def _type(self, book: Book, content: Mapping[str, Any]) -> str:
        event_type = self._types.get(_COMPONENTS.get(str(content.get("@type")), ""))
        if event_type is None or event_type not in book.types:
            raise BadJson("This kind of entry has no place in this collection.")
        return event_type

    async def remove(self, book: Book, item: Item) -> None:
        """Remove an item.

        Raises:
            Conflict: somebody else wrote meanwhile.
            Forbidden: the owner may not.
        """
        if book.room is None or not book.may_write:
            raise Forbidden("You may read this collection, and remove nothing from it.")
        gone = remove(item.type, item.key)
        await self._writer.write(book.room.room_id, [gone], {(item.type, item.key): item.event_id})
        await self._projector.catch_up()

    async def move(self, book: Book, item: Item, target: Book, name: str) -> None:
        """Move an item to another book, or give it another name.

        It is written in the new place first, so that it is never nowhere.
        """
        if target.room is None or book.room is None or not target.may_write:
            raise Forbidden(READER)
        room_id = target.room.room_id
        if room_id != book.room.room_id:
            content = frozen(dict(item.effective()))
            put = Put(item.type, item.key, noted(content) if item.type == EVENT.type else content)
            await self._writer.write(room_id, [put])
        await self._projector.catch_up()
        await self._homeserver.transact(
            "twin_dav_name",
            lambda cursor: dav_store.write_name(cursor, room_id, name, item.type, item.key),
        )
        if room_id != book.room.room_id:
            await self.remove(book, item)
