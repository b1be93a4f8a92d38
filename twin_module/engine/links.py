"""Published links: made, listed, taken back, and opened by strangers.

They lie in the owner's account data, where a reindex does not touch them and every backup of the
server has them. Whether a link opens anything is asked anew each time: what was removed, or is in
a room that the owner left or may no longer publish from, is not shown, whatever the link says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from twin_module.core.capability import Capability
from twin_module.core.errors import Forbidden, InvalidParam, NotFound
from twin_module.core.keys import KnownKeys, known_keys
from twin_module.core.layout import Kind
from twin_module.core.link import Link, is_signed, is_token, opened_by, read_links
from twin_module.core.ports import Cursor, Homeserver
from twin_module.core.published import may_be_published, sight
from twin_module.core.state import NAMESPACE
from twin_module.engine import query, store
from twin_module.engine.kept_records import KeptRecords
from twin_module.engine.query import Page, Query
from twin_module.engine.store import Record, Room
from twin_module.engine.tokens import WORD, read_token, write_token

LINKS: Final = f"{NAMESPACE}.links"
"""The type of the account data."""
MOST: Final = 500
"""How many links an owner may have."""
MOST_OBJECTS: Final = 100
"""How many objects of a collection a stranger gets at once."""
OPENS_NOTHING: Final = (
    "This link opens nothing: it is over, was taken back, or was not copied whole. "
    "Ask whoever gave it to you."
)
"""The one answer to every token that opens nothing, so that it tells nothing."""
_NOT_FOR_OTHERS: Final = (
    "The object is not for others, as its privacy says; change that to publish it."
)
_PUBLISHERS: Final = ("owner", "admin")
_TIME: Final = (int,)


@dataclass(frozen=True, slots=True)
class Listed:
    """A link as its owner sees it."""

    link: Link
    title: str
    """What it opens is called so now; or was, when it opens nothing."""
    note: str | None
    """Why it opens nothing, if so."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a token opens."""

    link: Link
    room: Room


class Links:
    """The owner's published links."""

    def __init__(self, homeserver: Homeserver, capabilities: Sequence[Capability]) -> None:
        self._homeserver = homeserver
        self._records = KeptRecords(homeserver, LINKS, "links")
        self._public = {each.name: each for each in capabilities if may_be_published(each)}
        self._names = {each.event_type.type: name for name, each in self._public.items()}
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Call a listener whenever a link was taken back."""
        self._listeners.append(listener)

    def name_of(self, event_type: str) -> str:
        """Return the name of the capability of a type; the type itself where it can't be published."""
        return self._names.get(event_type, event_type)

    def kind(self, event_type: str) -> Capability:
        """Return the capability of a type that can be published."""
        return self._public[self._names[event_type]]

    def types_of(self, components: Sequence[str]) -> list[str]:
        """Return the types that can be published and whose objects are such components."""
        kinds = [each.event_type for each in self._public.values()]
        return [each.type for each in kinds if each.component in components]

    # For the owner

    async def publish(
        self,
        room: Room,
        capability: str | None,
        uid: str | None,
        expires: int | None,
        widget: str | None = None,
    ) -> Listed:
        """Make a link to an object, or to all objects of a room.

        Args:
            room: which the twin is in.
            capability: of the object; None, as `uid`, for the whole room.
            uid: of the object.
            expires: when the link is over, in milliseconds since 1970; None for never.
            widget: for a link that opens in a widget of the room alone, the mark of who left it.

        Raises:
            Forbidden: the owner may not publish that.
            NotFound: there is no such object.
            InvalidParam: the time is over already, or there are too many links.
        """
        refusal = _refusal(room)
        if refusal:
            raise Forbidden(refusal)
        now = self._homeserver.now()
        if expires is not None and expires <= now:
            raise InvalidParam("expires: this time is over already.")
        event_type, title = None, room.name
        if capability is not None and uid is not None:
            record = await self._object(room.room_id, self._type(capability), uid)
            if record is None:
                raise NotFound(f"There is no object {uid!r} of {capability} in this room.")
            if _is_secret(record):
                raise Forbidden(_NOT_FOR_OTHERS)
            event_type, title = record.type, record.title or ""
        new = self._homeserver.new_uid()
        bare = Link(new, room.room_id, event_type, uid, now, expires, title, widget=widget)
        link = bare.with_signature(
            self._homeserver.sign(bare.statement(self._homeserver.server_name))
        )
        async with self._homeserver.lock(LINKS):
            kept = await self._records.read()
            if len(kept) >= MOST:
                over = {each.id for each in read_links(kept) if each.is_over(now)}
                kept = {key: value for key, value in kept.items() if key not in over}
            if len(kept) >= MOST:
                raise InvalidParam(f"There are {MOST} links, and that is the most; take some back.")
            await self._records.write({**kept, link.id: link.record()})
        return Listed(link, title, None)

    def _type(self, capability: str) -> str:
        found = self._public.get(capability)
        if found is None:
            raise Forbidden(
                f"Of {capability}, nothing can be published; it can of {', '.join(self._public)}."
            )
        return found.event_type.type

    async def listed(self) -> list[Listed]:
        """Return all links, newest first, those that open nothing as well."""
        links, known = read_links(await self._records.read()), await self._keys()
        places = {link: self._place(link) for link in links}

        def work(cursor: Cursor) -> tuple[list[Room | None], list[Record | None]]:
            return (
                [store.read_room(cursor, link.room_id) for link in links],
                [place and store.read_object(cursor, *place) for place in places.values()],
            )

        rooms, records = await self._homeserver.transact("twin_published_all", work)
        return [
            self._listed(link, self._problem(link, known), room, record)
            for link, room, record in zip(links, rooms, records, strict=True)
        ]

    async def revoke(self, link_id: str) -> None:
        """Take a link back.

        Raises:
            NotFound: there is none of this ID.
        """
        async with self._homeserver.lock(LINKS):
            kept = await self._records.read()
            if link_id not in kept:
                raise NotFound(f"There is no link {link_id!r}.")
            await self._records.write({key: value for key, value in kept.items() if key != link_id})
        for listener in self._listeners:
            listener()

    async def of_widgets(self) -> Sequence[Link]:
        """Return the links that open in widgets, newest first, those that open nothing as well."""
        found = read_links(await self._records.read())
        return [each for each in found if each.widget is not None]

    # For strangers

    async def opened(self, token: str, *, in_widget: bool = False) -> Opened:
        """Return what a token opens; one of a widget opens nothing elsewhere, and no other one there.

        Raises:
            NotFound: nothing, whyever; all reasons look the same.
        """
        # What has not even the form of a token costs nothing.
        link = opened_by(token, await self._records.read()) if is_token(token) else None
        if link is None or (link.widget is not None) is not in_widget:
            raise nothing()
        if self._problem(link, await self._keys()):
            raise nothing()
        room_id = link.room_id
        room = await self._homeserver.transact(
            "twin_published_room", lambda cursor: store.read_room(cursor, room_id)
        )
        if room is None or _closed(room):
            raise nothing()
        return Opened(link, room)

    async def object(
        self, opened: Opened, capability: str | None = None, uid: str | None = None
    ) -> Record:
        """Return an object that a link opens.

        Args:
            opened: the link.
            capability: of the object, and its uid; needed where a collection was published.
            uid: of the object.

        Raises:
            NotFound: the link does not open that, or it is no longer there.
        """
        link = opened.link
        event_type, key = link.type, link.uid
        if capability is not None:
            if capability not in self._public:
                raise nothing()
            named = (self._public[capability].event_type.type, uid)
            if link.type is not None and (link.type, link.uid) != named:
                raise nothing()
            event_type, key = named
        if event_type is None or key is None:
            raise nothing()
        record = await self._object(link.room_id, event_type, key)
        if record is None or _is_secret(record):
            raise nothing()
        return record

    async def page(
        self, opened: Opened, limit: int, after: str | None, leaving_out: Sequence[str] = ()
    ) -> Page:
        """Return some objects of a published collection, the newest first.

        Args:
            opened: the link.
            limit: how many.
            after: where the page before ended, as it was handed out.
            leaving_out: types that are not asked for.

        Raises:
            InvalidParam: it was not.
        """
        room_id = opened.link.room_id
        if after is not None:
            # What strangers get does not name the room.
            ts, event_type, uid = read_token(after, _TIME, WORD, WORD)
            after = write_token([ts, room_id, event_type, uid])
        types = [each for each in self._names if each not in leaving_out]
        asked = Query(types=types, room_id=room_id, limit=limit, after=after)
        page = await self._homeserver.transact(
            "twin_published", lambda cursor: query.run(cursor, asked)
        )
        records = [each for each in page.records if not _is_secret(each)]
        if page.next is None:
            return Page(records, None)
        ts, _, event_type, uid = read_token(page.next, _TIME, WORD, WORD, WORD)
        return Page(records, write_token([ts, event_type, uid]))

    # Inside

    async def _keys(self) -> KnownKeys:
        server = self._homeserver.server_name
        return known_keys(list(await self._homeserver.key_documents(server, "never")), server)

    def _problem(self, link: Link, known: KnownKeys) -> str | None:
        """Return why a link opens nothing, whatever is in its room now."""
        if link.is_over(self._homeserver.now()):
            return "It is over."
        if link.type is not None and link.type not in self._names:
            return "This twin can't publish objects of this kind."
        if not is_signed(link, known):
            return (
                "It is not signed with a key that this server shows; take it back and publish anew."
            )
        return None

    def _place(self, link: Link) -> tuple[str, str, str] | None:
        """Return where the object of a link is in the tables, None where it can't be there."""
        if link.type is None or link.uid is None or not self._fits(link.type, link.uid):
            return None
        return link.room_id, link.type, link.uid

    def _listed(
        self, link: Link, problem: str | None, room: Room | None, record: Record | None
    ) -> Listed:
        note = problem or _closed(room)
        if note is None and link.type is not None and not _is_there(record):
            note = "The object was removed."
        if note is None and record is not None and _is_secret(record):
            note = _NOT_FOR_OTHERS
        if note is not None or room is None:
            return Listed(link, link.title, note)
        return Listed(link, room.name if record is None else record.title or "", None)

    def _fits(self, event_type: str, uid: str) -> bool:
        name = self._names.get(event_type)
        return name is not None and self._public[name].event_type.key_problem(uid) is None

    async def _object(self, room_id: str, event_type: str, uid: str) -> Record | None:
        """Return an object that is there now."""
        if not self._fits(event_type, uid):
            return None
        record = await self._homeserver.transact(
            "twin_published_object",
            lambda cursor: store.read_object(cursor, room_id, event_type, uid),
        )
        return record if _is_there(record) else None


def _is_there(record: Record | None) -> bool:
    return record is not None and not record.removed and record.content is not None


def _is_secret(record: Record) -> bool:
    return sight(record.event().content) == "nothing"


def nothing() -> NotFound:
    """Return the error of a link that opens nothing."""
    return NotFound(OPENS_NOTHING)


def _closed(room: Room | None) -> str | None:
    """Return why nothing in a room is shown any more."""
    if room is None or room.membership != "join":
        return "This twin is no longer in the room."
    return _refusal(room)


def _refusal(room: Room) -> str | None:
    """Return why the owner may not publish what is in a room."""
    if room.kind in (Kind.INDEX.value, Kind.CIRCLE.value):
        return "A circle and the twin's own index can't be published; collections can."
    if room.role not in _PUBLISHERS:
        return (
            "What is in this room are others' words as well: only who made it and its admins may "
            f"publish it, and you are {room.role} there."
        )
    return None
