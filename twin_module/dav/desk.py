"""Where one request of an app stands: who asks, what they sent, and the way to the twin."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from twin_module.dav.answers import printable
from twin_module.engine.books import Book
from twin_module.engine.dav import Dav
from twin_module.engine.dav_item import Item

T = TypeVar("T")


class Bridge(Protocol):
    """The way from a thread to the reactor."""

    def __call__(self, work: Callable[[], Awaitable[T]], /) -> T:
        """Do work in the reactor's thread, and return what comes of it or raise what it raises."""


def _no_way(work: Callable[[], Awaitable[T]], /) -> T:
    raise RuntimeError("On the reactor's thread, nothing can be waited for.")


class Desk:
    """One request: nothing of it is shared with another one."""

    def __init__(self, dav: Dav, user: str, body: bytes, books: Mapping[str, Book]) -> None:
        self.dav = dav
        self.user = user
        """The owner's name as it stands in paths."""
        self.wait: Bridge = _no_way
        """Set before a thread has to wait for anything."""
        self.books = books
        """As they were when this request began, by name."""
        self._body = body
        self._items: dict[tuple[str, str], Item | None] = {}
        self._free: set[tuple[str, str]] = set()
        """UIDs that no item of a book has."""

    async def look_at(self, book: str, item: str) -> None:
        """Read the item that the request is about, while there is no thread to wait for it."""
        if book in self.books:
            found, free = await self.dav.reading.look(self.books[book], item)
            self._items[book, item] = found
            if free is not None:
                self._free.add((book, free))

    def is_complete(self) -> bool:
        """Tell whether the item that the request is about is here with its text."""
        return any(each is not None and each.text is not None for each in self._items.values())

    def item(self, book: Book, name: str) -> Item | None:
        """Return an item, as it was when this request first asked."""
        if (book.name, name) not in self._items:
            found = self.wait(lambda: self.dav.reading.named(book, [name]))
            self._items[book.name, name] = found.get(name)
        return self._items[book.name, name]

    def has_uid(self, book: Book, uid: str) -> bool:
        """Tell whether an item of a book has a UID."""
        if (book.name, uid) in self._free:
            return False
        return self.wait(lambda: self.dav.reading.has_uid(book, uid))

    def forget(self) -> None:
        """Look again at what is there, since this request changed it."""
        self._items.clear()
        self._free.clear()
        self.books = self.wait(self.dav.books.all)

    def body_or(self, written: Callable[[], str]) -> str:
        """Return what the app sent, or what is given where that is no text in UTF-8."""
        try:
            return self._body.decode("utf-8-sig")
        except UnicodeDecodeError:
            return written()

    def written(self, book: Book, items: Sequence[Item]) -> list[Item]:
        """Return items with their texts, and keep those that had to be written now."""
        missing = [each for each in items if each.text is None]
        if not missing:
            return list(items)
        complete = self.wait(lambda: self.dav.reading.completed(book, missing))
        texts = {each.name: replace(each, text=printable(each.written())) for each in complete}
        self.wait(lambda: self.dav.reading.keep_texts(book, list(texts.values())))
        return [texts.get(each.name, each) for each in items]
