"""The twin's collections as CalDAV and CardDAV see them: calendars and address books.

A room is a calendar with its events and tasks, an address book with its cards, or both. What an
app says of a collection that is no business of the other people in it (its colour, its place in
the list) lies in the owner's account data, with the names that apps gave collections they made.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias

from twin_module.core import layout
from twin_module.core.capability import EventType
from twin_module.core.effects import Put
from twin_module.core.errors import Forbidden, InvalidParam
from twin_module.core.event_types import EVENT, RSVP
from twin_module.core.layout import Kind
from twin_module.core.ports import Cursor, Homeserver
from twin_module.core.state import NAMESPACE, frozen
from twin_module.engine import dav_store, store
from twin_module.engine.projector import Projector
from twin_module.engine.store import Room
from twin_module.engine.writer import Writer

BOOKS: Final = f"{NAMESPACE}.dav"
"""The type of the account data."""
CIRCLES: Final = "circles"
"""The name of the address book that holds the people of the circles."""
CALENDAR: Final = "VCALENDAR"
ADDRESS_BOOK: Final = "VADDRESSBOOK"
CONTACTS: Final = ".contacts"
"""Behind a room's name, the name of its address book."""
NAME: Final = "D:displayname"
DESCRIPTION: Final[Mapping[str, str]] = {
    CALENDAR: "C:calendar-description",
    ADDRESS_BOOK: "CR:addressbook-description",
}
MOST_PROPERTIES: Final = 30
MOST_PROPERTY: Final = 4000
"""The longest value of a property, in characters."""
MOST_NAME: Final = 200

Tag: TypeAlias = Literal["VCALENDAR", "VADDRESSBOOK"]
_COMPONENTS: Final[Mapping[str, Sequence[str]]] = {
    CALENDAR: ("VEVENT", "VTODO"),
    ADDRESS_BOOK: ("VCARD",),
}


@dataclass(frozen=True, slots=True)
class Book:
    """A calendar or an address book."""

    name: str
    """Its part of the path."""
    tag: Tag
    room: Room | None
    """None is the address book of the circles."""
    may_write: bool
    may_answer: bool
    """Whether it has events that the owner is a guest of."""
    types: tuple[str, ...]
    """The event types of its objects."""
    props: Mapping[str, str] = field(hash=False)
    """WebDAV properties by name, `D:displayname` first of all."""

    @property
    def ending(self) -> str:
        """What the names of items end in, where no app chose them."""
        return ".ics" if self.tag == CALENDAR else ".vcf"


class Books:
    """The owner's calendars and address books."""

    def __init__(
        self,
        homeserver: Homeserver,
        projector: Projector,
        writer: Writer,
        types: Sequence[EventType],
        filled: Callable[[], Awaitable[frozenset[str]]],
    ) -> None:
        self._homeserver = homeserver
        self._filled = filled
        self._projector = projector
        self._writer = writer
        # Who shares a room with whom, and who answered what, makes it nothing but a calendar.
        self._all_types = [
            each.type for each in types if not each.governs and each.type != RSVP.type
        ]
        self.types: Mapping[str, tuple[str, ...]] = {
            tag: tuple(each.type for each in types if each.component in components)
            for tag, components in _COMPONENTS.items()
        }
        self._changes = 0
        """How often anything changed, so that what was read meanwhile is not kept."""
        projector.listen(self._forget)
        projector.listen_to_rooms(self._forget)
        self._known: tuple[object, dict[str, Book]] | None = None

    async def all(self) -> Mapping[str, Book]:
        """Return all books by name."""
        said = await self._homeserver.account_data(BOOKS)
        filled = await self._filled()
        stand = (said, filled)
        if self._known is not None and self._known[0] == stand:
            return self._known[1]
        changes = self._changes

        owner = self._homeserver.owner

        def work(cursor: Cursor) -> tuple[list[Room], Mapping[str, Mapping[str, int]], set[str]]:
            return (
                store.read_rooms(cursor, "join"),
                dav_store.counts(cursor, self._all_types),
                dav_store.rooms_with(cursor, EVENT.type, "participant", owner),
            )

        rooms, counts, guest_in = await self._homeserver.transact("twin_books", work)
        books = {
            book.name: replace(
                book,
                may_answer=room.room_id in guest_in and book.tag == CALENDAR,
                # What an app wrote there would be gone with the next look at the calendar.
                may_write=book.may_write and room.room_id not in filled,
            )
            for room in rooms
            for book in self._of_room(room, counts.get(room.room_id, {}), _made(said))
        }
        books[CIRCLES] = Book(CIRCLES, "VADDRESSBOOK", None, False, False, (), {NAME: "Circles"})
        books = {name: _with_props(book, _props(said, name)) for name, book in books.items()}
        if changes == self._changes:
            self._known = (stand, books)
        return books

    def _forget(self, rooms: object) -> None:
        self._changes += 1
        self._known = None

    def _of_room(
        self, room: Room, counts: Mapping[str, int], made: Mapping[str, Mapping[str, str]]
    ) -> list[Book]:
        if room.kind not in (Kind.COLLECTION.value, Kind.OTHER.value):
            return []
        names = {
            each["tag"]: name for name, each in made.items() if each["room_id"] == room.room_id
        }
        is_empty_collection = room.kind == Kind.COLLECTION.value and not any(counts.values())
        bare = room.room_id.removeprefix("!")
        found = []
        for tag, name in (("VCALENDAR", bare), ("VADDRESSBOOK", f"{bare}{CONTACTS}")):
            has_any = any(counts.get(each) for each in self.types[tag])
            # What was just made is a calendar, until something else is in it.
            is_new = tag == CALENDAR and is_empty_collection and not names
            if has_any or is_new or tag in names:
                found.append(self._book(room, tag, names.get(tag, name)))
        return found

    def _book(self, room: Room, tag: Any, name: str) -> Book:
        writers = ("owner", "admin", "editor")
        if room.kind != Kind.COLLECTION.value:
            writers = ("owner", "admin", "admin")
        return Book(name, tag, room, room.role in writers, False, self.types[tag], _of(room, tag))

    # Making and changing

    async def ensure_some(self) -> None:
        """Make a calendar and an address book where there is none, so that apps find both."""
        async with self._homeserver.lock(BOOKS):
            books = await self.all()
            own = {book.tag for book in books.values() if book.may_write}
            for tag, title in ((CALENDAR, "Calendar"), (ADDRESS_BOOK, "Contacts")):
                if tag not in own:
                    await self._make(title.lower(), tag, {NAME: title})

    async def make(self, name: str, tag: str, props: Mapping[str, str]) -> None:
        """Make a book under a name that an app chose: a collection of its own.

        Raises:
            InvalidParam: the name or a property is too long, or the name is taken.
        """
        _check(props)
        if len(name) > MOST_NAME:
            raise InvalidParam(f"The name of a collection may have {MOST_NAME} characters.")
        async with self._homeserver.lock(BOOKS):
            if name in await self.all():
                raise InvalidParam("There is a collection of this name.")
            await self._make(name, tag, props)

    async def _make(self, name: str, tag: str, props: Mapping[str, str]) -> None:
        title = props.get(NAME, "").strip() or name
        topic = props.get(DESCRIPTION[tag], "")
        room_id = await self._homeserver.create_room(
            layout.collection_room(title[:255], topic[:1000])
        )
        said = await self._homeserver.account_data(BOOKS)
        own = {key: value for key, value in props.items() if key not in (NAME, DESCRIPTION[tag])}
        made = {**_made(said), name: {"room_id": room_id, "tag": tag}}
        await self._say({**said, "made": made, "props": {**_all_props(said), name: own}})
        await self._projector.catch_up()

    async def change(self, book: Book, props: Mapping[str, str]) -> None:
        """Give a book other properties; the owner's name and description are those of its room.

        Raises:
            InvalidParam: a property is too long.
        """
        _check(props)
        room, own = book.room, dict(props)
        if room is not None:
            if room.role in ("owner", "admin"):
                await self._rename(room, book, props)
                room = replace(
                    room, name=own.get(NAME, ""), topic=own.get(DESCRIPTION[book.tag], "")
                )
            of_room = _of(room, book.tag)
            own = {key: value for key, value in own.items() if of_room.get(key) != value}
        async with self._homeserver.lock(BOOKS):
            said = await self._homeserver.account_data(BOOKS)
            await self._say({**said, "props": {**_all_props(said), book.name: own}})

    async def _rename(self, room: Room, book: Book, props: Mapping[str, str]) -> None:
        puts = []
        title, topic = (
            props.get(NAME, "").strip()[:255],
            props.get(DESCRIPTION[book.tag], "")[:1000],
        )
        if title and title != room.name:
            puts.append(Put("m.room.name", "", frozen({"name": title})))
        if topic != room.topic:
            puts.append(Put("m.room.topic", "", frozen({"topic": topic})))
        if puts:
            await self._writer.write(room.room_id, puts)
            await self._projector.catch_up()

    async def leave(self, book: Book) -> None:
        """Leave the room of a book, as an app asks that deletes a collection.

        Raises:
            Forbidden: others are in the owner's own collection, or it holds other things too.
        """
        room = book.room
        if room is None:
            raise Forbidden("The people of the circles are not to be deleted.")
        if room.role == "owner":
            await self._check_alone(room)
        counts = await self._homeserver.transact(
            "twin_book_counts", lambda cursor: dav_store.counts(cursor, self._all_types)
        )
        if any(kind not in book.types for kind in counts.get(room.room_id, {})):
            raise Forbidden(
                "This collection holds other things too; leave it from your twin's page."
            )
        owner = self._homeserver.owner
        await self._homeserver.set_membership(room.room_id, owner, "leave", "")
        async with self._homeserver.lock(BOOKS):
            said = await self._homeserver.account_data(BOOKS)
            made = {name: each for name, each in _made(said).items() if name != book.name}
            props = {name: each for name, each in _all_props(said).items() if name != book.name}
            await self._say({**said, "made": made, "props": props})
        await self._projector.catch_up()
        room_id = room.room_id
        await self._homeserver.transact(
            "twin_book_forget", lambda cursor: dav_store.forget_room(cursor, room_id)
        )

    async def _check_alone(self, room: Room) -> None:
        members = await self._homeserver.members([room.room_id])
        itself = (self._homeserver.owner, self._homeserver.voice)
        others = [
            each.user_id
            for each in members
            if each.membership in ("join", "invite") and each.user_id not in itself
        ]
        if others:
            raise Forbidden(
                "Other people are in this collection; stop sharing it before you delete it."
            )

    async def _say(self, content: Mapping[str, Any]) -> None:
        await self._homeserver.put_account_data(BOOKS, content)


def _of(room: Room, tag: str) -> dict[str, str]:
    """Return the properties that a room gives its book."""
    return {NAME: room.name or "(no name)", DESCRIPTION[tag]: room.topic}


def _check(props: Mapping[str, str]) -> None:
    if len(props) > MOST_PROPERTIES:
        raise InvalidParam(f"A collection may have {MOST_PROPERTIES} properties.")
    for name, value in props.items():
        if len(name) > MOST_NAME or len(value) > MOST_PROPERTY:
            raise InvalidParam(f"A property may have {MOST_PROPERTY} characters.")


def _made(said: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return which books apps made, by name: `{"room_id": …, "tag": …}`."""
    made = said.get("made")
    if not isinstance(made, Mapping):
        return {}
    return {
        name: {"room_id": str(each.get("room_id")), "tag": str(each.get("tag"))}
        for name, each in made.items()
        if isinstance(each, Mapping)
    }


def _all_props(said: Mapping[str, Any]) -> dict[str, Any]:
    props = said.get("props")
    return dict(props) if isinstance(props, Mapping) else {}


def _props(said: Mapping[str, Any], name: str) -> dict[str, str]:
    props = _all_props(said).get(name)
    if not isinstance(props, Mapping):
        return {}
    return {key: value for key, value in props.items() if isinstance(value, str)}


def _with_props(book: Book, props: Mapping[str, str]) -> Book:
    return replace(book, props={**book.props, **props}) if props else book
