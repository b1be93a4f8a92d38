"""Published collections as files that calendar apps and address books subscribe to.

A file is made beside everything else, one at a time, and the last ones are kept: a stranger who
asks again and again makes the twin look whether anything changed, and no more.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from typing import Any, Final, Literal, TypeAlias

from twin_module.core.errors import TooLarge
from twin_module.core.ics.calendars import write_calendar
from twin_module.core.ports import Cursor, Homeserver
from twin_module.core.published_files import calendar_entry, card_entry
from twin_module.core.vcf.cards import write_card
from twin_module.engine import store
from twin_module.engine.links import Links, Opened, nothing
from twin_module.engine.store import Record

MOST_BYTES: Final = 20_000_000
"""Of what objects weigh that a file is made of."""
MOST_KEPT: Final = 4
"""How many files are kept."""
LOCK: Final = "twin published files"

Kind: TypeAlias = Literal["calendar", "contacts"]
COMPONENTS: Final[Mapping[Kind, Sequence[str]]] = {
    "calendar": ("VEVENT", "VTODO"),
    "contacts": ("VCARD",),
}


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file, as it is now."""

    name: str
    """What the collection or the object is called."""
    etag: str
    data: bytes | None
    """None where the reader has it already."""


class PublishedFiles:
    """Makes files of what links open; one per twin."""

    def __init__(self, homeserver: Homeserver, links: Links) -> None:
        self._homeserver = homeserver
        self._links = links
        self._kept: dict[str, bytes] = {}
        """By etag, the one that was used last at the end."""

    def types(self, kind: Kind) -> list[str]:
        """Return the event types that such a file has something of."""
        return self._links.types_of(COMPONENTS[kind])

    async def file(self, opened: Opened, kind: Kind, known: str | None = None) -> PublishedFile:
        """Return what a link opens as a file.

        Args:
            opened: the link.
            kind: of the file.
            known: the etag of what the reader has.

        Raises:
            NotFound: the link opens an object of another kind.
            TooLarge: there is more than what one file may hold.
        """
        link, types = opened.link, self.types(kind)
        if link.type is not None:
            if link.type not in types:
                raise nothing()
            await self._links.object(opened)
            types = [link.type]
        name = opened.room.name if link.type is None else link.title
        rows, weight = await self._homeserver.transact(
            "twin_published_rows", lambda cursor: _rows(cursor, link.room_id, types, link.uid)
        )
        if weight > MOST_BYTES:
            raise TooLarge("There is more in this collection than what fits into one file.")
        said = json.dumps([version("twin-module"), link.id, kind, name, rows])
        etag = sha256(said.encode()).hexdigest()[:32]
        if etag == known:
            return PublishedFile(name, etag, None)
        async with self._homeserver.lock(LOCK):
            data = self._kept.pop(etag, None)
            if data is None:
                data = await self._made(opened, kind, types, name)
            self._kept[etag] = data
            while len(self._kept) > MOST_KEPT or (
                len(self._kept) > 1 and sum(map(len, self._kept.values())) > MOST_BYTES
            ):
                self._kept.pop(next(iter(self._kept)))
        return PublishedFile(name, etag, data)

    async def _made(self, opened: Opened, kind: Kind, types: Sequence[str], name: str) -> bytes:
        link = opened.link
        records = await self._homeserver.transact(
            "twin_published_records",
            lambda cursor: store.read_objects(cursor, link.room_id, types),
        )
        wanted = [
            each
            for each in records
            if each.content and not each.removed and link.uid in (None, each.uid)
        ]
        write = _WRITERS[kind]
        return await self._homeserver.in_thread(lambda: write(wanted, name, link.id).encode())


def _rows(
    cursor: Cursor, room_id: str, types: Sequence[str], uid: str | None
) -> tuple[list[tuple[Any, ...]], int]:
    """Return which objects there are in which version, and how much they weigh."""
    if not types:
        return [], 0
    marks = ", ".join("?" for _ in types)
    cursor.execute(
        "SELECT type, uid, COALESCE(good_event_id, event_id), LENGTH(content) FROM twin_objects"
        f" WHERE room_id = ? AND removed = 0 AND content IS NOT NULL AND type IN ({marks})",
        (room_id, *types),
    )
    rows = sorted(row for row in cursor.fetchall() if uid in (None, row[1]))
    return [row[:3] for row in rows], sum(row[3] for row in rows)


def _calendar(records: Sequence[Record], name: str, salt: str) -> str:
    entries = (calendar_entry(each.uid, json.loads(each.content or "{}"), salt) for each in records)
    return write_calendar([each for each in entries if each is not None], name)


def _contacts(records: Sequence[Record], name: str, salt: str) -> str:
    return "".join(
        write_card(each.uid, card_entry(json.loads(each.content or "{}"))) for each in records
    )


_WRITERS: Final[Mapping[Kind, Callable[[Sequence[Record], str, str], str]]] = {
    "calendar": _calendar,
    "contacts": _contacts,
}
