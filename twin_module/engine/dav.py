"""CalDAV and CardDAV at a twin: its books, what is read of them, and what is written into them."""

from dataclasses import dataclass

from twin_module.engine.books import Books
from twin_module.engine.dav_reading import Reading
from twin_module.engine.dav_writing import Writing


@dataclass(frozen=True, slots=True)
class Dav:
    """What the apps of a twin's owner are served from."""

    books: Books
    reading: Reading
    writing: Writing
