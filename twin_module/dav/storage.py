"""What Radicale stores in, made of the twin's calendars and address books.

Radicale asks in a thread of its own and waits; what is asked of the twin goes to the reactor's
thread and back. Each request has a storage of its own in mind, so a book is looked up once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any, Final
from xml.etree import ElementTree as ET

from radicale import item as radicale_item, pathutils, types
from radicale.config import Configuration
from radicale.item import filter as radicale_filter
from radicale.storage import BaseCollection, BaseStorage, ComponentNotFoundError

from twin_module.core.errors import Forbidden
from twin_module.dav.answers import printable
from twin_module.dav.desk import Desk
from twin_module.engine.books import CALENDAR, CIRCLES, Book
from twin_module.engine.dav_item import Item, lies_in, prepared, understood

TOKEN: Final = "data:,"  # noqa: S105 - no secret
"""In front of a sync token, so that it is a URI (RFC 6578, section 3.2)."""
_COMPONENTS: Final = "C:supported-calendar-component-set"
_END_OF_TIME: Final = datetime.max.replace(tzinfo=UTC).timestamp()


class TwinItem(radicale_item.Item):
    """An item whose text is written when it is first needed."""

    def __init__(self, collection: "TwinCollection", item: Item) -> None:
        super().__init__(
            collection=collection,
            href=item.name,
            last_modified=formatdate(item.ts / 1000, usegmt=True),
            text="",
            etag=item.etag,
            uid=item.uid,
            name="VCARD" if item.component == "VCARD" else CALENDAR,
            component_name="" if item.component == "VCARD" else item.component,
        )
        self.item = item
        self._text = item.text
        self._collection = collection

    def serialize(self) -> str:
        """Return the text."""
        if self._text is None:
            [written] = self._collection.written([self.item])
            self._text = written.text or ""
        return self._text

    @property
    def book(self) -> Book:
        """The book that it is in."""
        return self._collection.book

    @property
    def vobject_item(self) -> Any:
        """The text, parsed."""
        self.serialize()
        return super().vobject_item


class TwinCollection(BaseCollection):
    """A calendar, an address book, the owner's home, or the root above it."""

    def __init__(self, desk: Desk, path: str, book: Book | None = None) -> None:
        self._desk = desk
        self._path = path
        self._book = book

    @property
    def path(self) -> str:
        """The path without slashes around it."""
        return self._path

    @property
    def book(self) -> Book:
        """The calendar or address book."""
        if self._book is None:
            raise Forbidden("There are no entries here, but in the collections below.")
        return self._book

    @property
    def etag(self) -> str:
        """What changes whenever anything in it does (also known as ctag)."""
        return f'"{self._token()}"'

    def _token(self) -> str:
        if self._book is None:
            return "home"
        return self._desk.wait(lambda: self._desk.dav.reading.token(self.book))

    @property
    def last_modified(self) -> str:
        """When it was changed; the twin does not say, and Radicale wants a time."""
        return formatdate(0, usegmt=True)

    # Reading

    def get_all(self) -> Iterable[radicale_item.Item]:
        """Return all items, with their texts."""
        if self._book is None:
            return []
        names = [
            each.name for each in self._desk.wait(lambda: self._desk.dav.reading.items(self.book))
        ]
        return [item for _, item in self.get_multi(names) if item is not None]

    def listed(self) -> Iterator[radicale_item.Item]:
        """Return all items, without texts as long as nobody asks for them."""
        for each in self._desk.wait(lambda: self._desk.dav.reading.items(self.book)):
            yield TwinItem(self, each)

    def get_multi(self, hrefs: Iterable[str]) -> Iterable[tuple[str, radicale_item.Item | None]]:
        """Return items by their names, with their texts."""
        names = list(dict.fromkeys(hrefs))
        found = self._desk.wait(lambda: self._desk.dav.reading.named(self.book, names))
        written = {each.name: each for each in self.written(list(found.values()))}
        return [
            (name, TwinItem(self, written[name]) if name in written else None) for name in names
        ]

    def written(self, items: Sequence[Item]) -> list[Item]:
        """Return items with their texts; what had to be written now is kept for the next time."""
        return self._desk.written(self.book, items)

    def one(self, name: str) -> radicale_item.Item | None:
        """Return an item by its name, without its text as long as nobody asks for it."""
        found = self._desk.item(self.book, name)
        return TwinItem(self, found) if found is not None else None

    def get_filtered(
        self, filters: Iterable[ET.Element]
    ) -> Iterable[tuple[radicale_item.Item, bool]]:
        """Return the items that may match, from the index where the filter has a range of time."""
        book = self.book
        asked = list(filters)
        component, start, end, simple = radicale_filter.simplify_prefilters(asked, book.tag)
        everything = (start, end) == (radicale_filter.TIMESTAMP_MIN, radicale_filter.TIMESTAMP_MAX)
        if component is None or everything:
            items = self.get_all()
            return [
                (each, simple and everything)
                for each in items
                if component in (None, each.component_name)
            ]
        found = self._desk.wait(
            lambda: self._desk.dav.reading.spanning(book, component, start, end)
        )
        if component == "VEVENT":
            found = self._in_range(found, start, end)
        exact = simple and component == "VEVENT"
        return [(TwinItem(self, each), exact) for each in self.written(found)]

    def _in_range(self, items: Sequence[Item], start: float, end: float) -> list[Item]:
        zone = self._desk.wait(self._desk.dav.reading.zone)
        after, before = _instant(start), _instant(end)
        return [each for each in items if lies_in(each, after, before, zone)]

    def has_uid(self, uid: str) -> bool:
        """Tell whether an item has a UID."""
        return self._desk.has_uid(self.book, uid)

    def sync(self, old_token: str = "") -> tuple[str, Iterable[str]]:
        """Return a new token, and the names of what changed since the old one."""
        token = f"{TOKEN}{self._token()}"
        if not old_token:
            return token, self._all_names()
        if old_token == token:
            return token, []
        said = old_token.removeprefix(TOKEN)
        names = None
        if said.isascii() and said.isdigit() and len(said) < len(str(2**53)):
            names = self._desk.wait(lambda: self._desk.dav.reading.changed(self.book, int(said)))
        if names is None:
            raise ValueError("There is no such sync token (any more).")
        return token, names

    def _all_names(self) -> Iterator[str]:
        # Nothing is read unless somebody wants the names: many ask for the token alone.
        for each in self._desk.wait(lambda: self._desk.dav.reading.items(self.book)):
            yield each.name

    # Writing

    def upload(
        self, href: str, item: radicale_item.Item
    ) -> tuple[radicale_item.Item, radicale_item.Item | None]:
        """Write an item, as the app wrote it rather than as Radicale read it."""
        desk, book = self._desk, self.book
        before = desk.item(book, href)
        entry = understood(book, desk.body_or(item.serialize))
        shown = None if before is None else desk.written(book, [before])[0]
        content = prepared(book, entry, before, shown)
        written = desk.wait(lambda: desk.dav.writing.put(book, href, entry, content, before))
        if written is None:
            written = desk.wait(lambda: desk.dav.reading.named(book, [href])).get(href)
        if written is None:
            raise ComponentNotFoundError(href)
        return TwinItem(self, written), None if shown is None else TwinItem(self, shown)

    def delete(self, href: str | None = None) -> None:
        """Remove an item, or leave the collection."""
        desk = self._desk
        if href is None:
            desk.wait(lambda: desk.dav.books.leave(self.book))
            return
        item = desk.item(self.book, href)
        if item is None:
            raise ComponentNotFoundError(href)
        desk.wait(lambda: desk.dav.writing.remove(self.book, item))

    # Properties

    def get_meta(self, key: str | None = None) -> Any:
        """Return a property, or all of them."""
        props = {} if self._book is None else self._props(self._book)
        return props if key is None else props.get(key)

    def _props(self, book: Book) -> dict[str, str]:
        components = {_COMPONENTS: "VEVENT,VTODO"} if book.tag == CALENDAR else {}
        props = {name: printable(value) for name, value in book.props.items()}
        return {**components, **props, "tag": book.tag}

    def set_meta(self, props: Mapping[str, str]) -> None:
        """Replace the properties."""
        book = self.book
        if book.name == CIRCLES:
            raise Forbidden("The people of the circles are written by the circles.")
        own = {key: value for key, value in props.items() if key != "tag"}
        if own.get(_COMPONENTS) == "VEVENT,VTODO":
            del own[_COMPONENTS]
        self._desk.wait(lambda: self._desk.dav.books.change(book, own))


class TwinStorage(BaseStorage):
    """All that the owner's apps get to see: `/`, `/alice/`, `/alice/<book>/` and items in it."""

    _supports_unicode = True
    _is_collision_free = True
    _supports_trailing_whitespace = True
    _supports_problematic_chars = True

    def __init__(self, configuration: Configuration, desk: Desk) -> None:
        super().__init__(configuration)
        self._desk = desk

    def discover(
        self,
        path: str,
        depth: str = "0",
        child_context_manager: Any = None,
        user_groups: set[str] = frozenset(),  # type: ignore[assignment]
    ) -> Iterator[types.CollectionOrItem]:
        """Return what is at a path, and with a depth what is right below it."""
        user, name, item = _parts(path)
        if user in ("", self._desk.user) and not name:
            yield TwinCollection(self._desk, user)
            if depth != "0":
                yield from self._below(user)
        elif user == self._desk.user and name in self._desk.books:
            collection = self._collection(self._desk.books[name])
            if not item:
                yield collection
                if depth != "0":
                    yield from collection.listed()
            elif found := collection.one(item):
                yield found

    def _below(self, user: str) -> Iterator[TwinCollection]:
        if not user:
            yield TwinCollection(self._desk, self._desk.user)
            return
        for book in self._desk.books.values():
            yield self._collection(book)

    def _collection(self, book: Book) -> TwinCollection:
        return TwinCollection(self._desk, f"{self._desk.user}/{book.name}", book)

    def move(self, item: radicale_item.Item, to_collection: BaseCollection, to_href: str) -> None:
        """Move an item to another collection, or give it another name."""
        desk = self._desk
        if not isinstance(item, TwinItem) or not isinstance(to_collection, TwinCollection):
            raise ComponentNotFoundError(to_href)
        book, moved, target = item.book, item.item, to_collection.book
        desk.wait(lambda: desk.dav.writing.move(book, moved, target, to_href))

    def create_collection(
        self,
        href: str,
        items: Iterable[radicale_item.Item] | None = None,
        props: Mapping[str, str] | None = None,
    ) -> tuple[BaseCollection, dict[str, radicale_item.Item], list[str]]:
        """Make a collection; one that is there, or one with items, is not made this way."""
        desk = self._desk
        _, name, item = _parts(href)
        tag = (props or {}).get("tag", "")
        if not name or item or items is not None or not tag:
            raise Forbidden(
                "Make an empty calendar or address book, and import a file through your twin's page."
            )
        own = {key: value for key, value in (props or {}).items() if key != "tag"}
        desk.wait(lambda: desk.dav.books.make(name, tag, own))
        desk.forget()
        return self._collection(desk.books[name]), {}, []

    @contextmanager
    def acquire_lock(
        self, mode: str, user: str = "", *args: object, **kwargs: object
    ) -> Iterator[None]:
        """Lock nothing: the twin's writer has a queue for each room, and compares revisions."""
        yield

    def verify(self) -> bool:
        """Say that nothing is broken: there is no storage but the twin's own."""
        return True


def _parts(path: str) -> tuple[str, str, str]:
    """Return the owner, the book and the item of a path; empty where it does not go that far."""
    user, _, rest = pathutils.strip_path(path).partition("/")
    name, _, item = rest.partition("/")
    return user, name, item


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(min(max(seconds, -62_135_596_800), _END_OF_TIME - 1), UTC)
