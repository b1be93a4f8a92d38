"""The items of calendars and address books as apps ask for them: all, by name, by time, by change."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from twin_module.core.capability import EventType
from twin_module.core.entries import key_of
from twin_module.core.event_types import EVENT, RSVP, people
from twin_module.core.ports import Cursor, Homeserver
from twin_module.core.state import frozen
from twin_module.engine import dav_store
from twin_module.engine.books import Book
from twin_module.engine.circle_cards import CircleCards
from twin_module.engine.dav_item import Answers, Item
from twin_module.engine.dav_store import Named
from twin_module.engine.inline_files import inlined
from twin_module.engine.settings import Settings


class Reading:
    """What apps read of the twin's calendars and address books."""

    def __init__(
        self,
        homeserver: Homeserver,
        settings: Settings,
        circle_cards: CircleCards,
        types: Sequence[EventType],
    ) -> None:
        self._homeserver = homeserver
        self._settings = settings
        self._circle_cards = circle_cards
        self._components = {each.type: each.component or "" for each in types}

    async def zone(self) -> ZoneInfo:
        """Return the owner's time zone."""
        return (await self._settings.read()).zone

    async def token(self, book: Book) -> str:
        """Return what changes whenever anything in a book does."""
        if book.room is None:
            return await self._circle_cards.revision()
        room_id, types = book.room.room_id, self._watched(book)
        return str(
            await self._homeserver.transact(
                "twin_dav_token", lambda cursor: dav_store.newest(cursor, room_id, types)
            )
        )

    async def items(self, book: Book) -> list[Item]:
        """Return all items of a book, without their texts."""
        if book.room is None:
            return await self._circles()
        room_id = book.room.room_id

        def work(cursor: Cursor) -> list[Item]:
            return self._read(cursor, book, dav_store.live(cursor, room_id, book.types))

        return await self._homeserver.transact("twin_dav_items", work)

    async def spanning(self, book: Book, component: str, after: int, before: int) -> list[Item]:
        """Return the items that may lie in a range of time, in seconds since 1970, with texts."""
        types = [each for each in book.types if self._components[each] == component]
        if book.room is None or not types:
            return []
        room_id, event_type = book.room.room_id, types[0]

        def work(cursor: Cursor) -> list[Item]:
            rows = dav_store.spanning(cursor, room_id, event_type, after, before)
            return self._read(cursor, book, rows, with_texts=True)

        return await self._homeserver.transact("twin_dav_spanning", work)

    async def named(self, book: Book, names: Iterable[str]) -> dict[str, Item]:
        """Return items by their names, with their texts where they are kept; others are left out."""
        wanted = list(names)
        if book.room is None:
            return {each.name: each for each in await self._circles() if each.name in set(wanted)}
        room_id = book.room.room_id

        def work(cursor: Cursor) -> dict[str, Item]:
            found = dav_store.by_names(cursor, room_id, book.types, book.ending, wanted)
            items = self._read(cursor, book, list(found.values()), with_texts=True)
            return {each.name: each for each in items}

        return await self._homeserver.transact("twin_dav_named", work)

    async def look(self, book: Book, name: str) -> tuple[Item | None, str | None]:
        """Return an item by its name; where there is none, also a UID that no other item has.

        That is the one which apps name such an item by; None where there is one of that UID.
        """
        if book.room is None:
            return (await self.named(book, [name])).get(name), None
        room_id, stem = book.room.room_id, name.removesuffix(book.ending)

        def work(cursor: Cursor) -> tuple[Item | None, str | None]:
            found = dav_store.by_names(cursor, room_id, book.types, book.ending, [name])
            items = self._read(cursor, book, list(found.values()), with_texts=True)
            if items:
                return items[0], None
            taken = dav_store.by_uid(cursor, room_id, book.types, key_of(stem))
            return None, None if taken else stem

        return await self._homeserver.transact("twin_dav_look", work)

    async def has_uid(self, book: Book, uid: str) -> bool:
        """Tell whether an item of a book has a UID."""
        if book.room is None:
            return False
        room_id, key = book.room.room_id, key_of(uid)
        found = await self._homeserver.transact(
            "twin_dav_uid", lambda cursor: dav_store.by_uid(cursor, room_id, book.types, key)
        )
        return found is not None

    async def changed(self, book: Book, after: int) -> list[str] | None:
        """Return the names of items that changed after a token, also of those that are gone.

        None means that there was no such token.
        """
        if book.room is None:
            return None
        room_id = book.room.room_id

        def work(cursor: Cursor) -> list[str] | None:
            if after > dav_store.newest(cursor, room_id, self._watched(book)):
                return None
            rows = dav_store.changed(cursor, room_id, book.types, after)
            if EVENT.type in book.types:
                rows += dav_store.answered(cursor, room_id, EVENT.type, RSVP.type, after)
            return list(dict.fromkeys(_name(book, each) for each in rows))

        return await self._homeserver.transact("twin_dav_changed", work)

    def _watched(self, book: Book) -> tuple[str, ...]:
        return (*book.types, RSVP.type) if EVENT.type in book.types else book.types

    def _read(
        self, cursor: Cursor, book: Book, rows: Sequence[Named], *, with_texts: bool = False
    ) -> list[Item]:
        room_id = book.room.room_id if book.room else ""
        has_guests = any('"participants"' in (row.record.content or "") for row in rows)
        answers = self._all_answers(cursor, room_id) if has_guests else {}
        kept = dav_store.texts(cursor, room_id, [row.record for row in rows]) if with_texts else {}
        found: dict[str, Item] = {}
        for row in rows:
            item = self._item(book, row, answers)
            revision, text = kept.get((row.record.type, row.record.uid), ("", None))
            if revision == item.revision:
                item = replace(item, text=text)
            # An event and a task of one uid would have one name; an app can have one of them.
            found.setdefault(item.name, item)
        return list(found.values())

    def _item(self, book: Book, row: Named, answers: Mapping[str, Answers]) -> Item:
        record = row.record
        content = json.loads(record.content or "{}")
        told = _of_guests(content, answers.get(record.uid)) if record.type == EVENT.type else {}
        event_id = record.good_event_id or record.event_id
        return Item(
            name=_name(book, row),
            uid=str(content.get("uid") or record.uid),
            key=record.uid,
            type=record.type,
            component=self._components[record.type],
            revision=f"{event_id}{_mark(told)}",
            ts=record.good_ts or record.ts,
            content=content,
            answers=told,
            event_id=record.event_id,
        )

    def _all_answers(self, cursor: Cursor, room_id: str) -> Mapping[str, Answers]:
        found: dict[str, dict[str, Mapping[str, Any]]] = {}
        for each in dav_store.live(cursor, room_id, [RSVP.type]):
            for uid, answer in _answers_of(each).items():
                found.setdefault(uid, {})[each.record.uid] = answer
        return found

    async def _circles(self) -> list[Item]:
        revision = await self._circle_cards.revision()
        return [
            Item(
                f"{key}.vcf", str(content.get("uid") or key), key, "", "VCARD", revision, 0, content
            )
            for key, content in await self._circle_cards.cards()
        ]

    async def completed(self, book: Book, items: Sequence[Item]) -> list[Item]:
        """Return items whose texts can be written: with the files in them that lie in media."""
        return [
            each
            if each.text is not None or not _has_files(each.content)
            else replace(each, content=await inlined(self._homeserver, each.content))
            for each in items
        ]

    async def keep_texts(self, book: Book, items: Sequence[Item]) -> None:
        """Keep texts that were just written, so that they need not be the next time."""
        if book.room is None or not items:
            return
        room_id = book.room.room_id

        def work(cursor: Cursor) -> None:
            for each in items:
                dav_store.write_text(
                    cursor, room_id, each.type, each.key, each.revision, each.text or ""
                )

        await self._homeserver.transact("twin_dav_texts", work)


def _name(book: Book, row: Named) -> str:
    return row.name or f"{row.record.uid}{book.ending}"


def _answers_of(row: Named) -> Mapping[str, Any]:
    answers = json.loads(row.record.content or "{}").get("answers")
    return answers if isinstance(answers, Mapping) else {}


def _of_guests(content: Mapping[str, Any], answers: Answers | None) -> Answers:
    """Return the answers of those who are asked; whoever else answers changes nothing."""
    asked = people(frozen(content)) if answers else ()
    return {user: answer for user, answer in (answers or {}).items() if user in asked}


def _mark(answers: Answers) -> str:
    """Return what tells the answers to an event from others; nothing where there are none."""
    if not answers:
        return ""
    return "." + sha256(json.dumps(answers, sort_keys=True).encode()).hexdigest()[:12]


def _has_files(content: Mapping[str, Any]) -> bool:
    return '"mxc://' in json.dumps(content)
