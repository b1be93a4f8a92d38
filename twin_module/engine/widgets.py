"""Widgets of collections: offered, withdrawn, opened by who is in the room, and kept right.

What a widget's token opens is judged when it is opened, as with every published link: the link is
there and signed, the owner may still publish the room, its state still names this token, and nobody
who knew it has left. So nothing depends on `settle`, which makes the room fit again: a new token
when somebody left, no widget where nothing opens it, no link where the widget was removed.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from twin_module.core.effects import Put, remove
from twin_module.core.errors import Forbidden, NotFound, TwinError
from twin_module.core.layout import Kind
from twin_module.core.link import Link
from twin_module.core.ports import Homeserver
from twin_module.core.state import StateMap, frozen
from twin_module.core.widget import WIDGET, token_in, who_left, widget_content, widget_url
from twin_module.engine import store
from twin_module.engine.links import Links, Opened, nothing
from twin_module.engine.store import Room

logger = logging.getLogger(__name__)

LOOK_AGAIN_MS: Final = 10 * 60_000
"""How long until rooms are looked at again without news: clients remove widgets without telling us."""
_LOCK: Final = "widgets"


class Widgets:
    """The collections that are shown inside of clients."""

    def __init__(self, homeserver: Homeserver, links: Links) -> None:
        self._homeserver = homeserver
        self._links = links
        self._news = True
        self._look_at = 0
        self._listeners: list[Callable[[], None]] = []
        self.waiting = 0
        """How many readers wait for a change at the moment."""
        links.listen(self._heard)

    # For the owner

    async def offer(self, room_id: str) -> str:
        """Show a collection as a widget of its room, and return the widget's address.

        Where it is shown already, nothing changes.

        Raises:
            NotFound: the twin is in no such room.
            Forbidden: it is no collection, or the owner may not show it or add widgets there.
            InvalidParam: there are too many links.
        """
        async with self._homeserver.lock(_LOCK):
            room = await self._room(room_id)
            if room is None:
                raise NotFound(f"This twin is in no room {room_id}.")
            if room.kind != Kind.COLLECTION.value:
                raise Forbidden("Only a collection can be opened as a widget.")
            state = await self._state(room_id)
            token = token_in(state, self._homeserver.owner)
            if token is None or not await self._is_open(token, state):
                token = await self._renew(room, state)
            return self._url(token)

    async def withdraw(self, room_id: str) -> None:
        """Take the widget of a collection away; its address opens nothing from then on.

        Raises:
            NotFound: there is none.
        """
        async with self._homeserver.lock(_LOCK):
            links = [each for each in await self._links.of_widgets() if each.room_id == room_id]
            inside = await self._room(room_id) is not None
            state = await self._state(room_id) if inside else {}
            is_shown = token_in(state, self._homeserver.owner) is not None
            if not links and not is_shown:
                raise NotFound("This collection is not offered as a widget.")
            await self._take_back(links)
            if is_shown:
                await self._homeserver.send_state(room_id, remove(WIDGET, self._homeserver.owner))

    # For who is in the room

    async def opened(self, token: str) -> Opened:
        """Return what a widget's token opens.

        Raises:
            NotFound: nothing, whyever; all reasons look the same.
        """
        opened = await self._links.opened(token, in_widget=True)
        state = await self._state(opened.link.room_id)
        if (
            token_in(state, self._homeserver.owner) != token
            or who_left(state) != opened.link.widget
        ):
            raise nothing()
        return opened

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call a listener when a widget may have been withdrawn; returns how to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # Keeping it right

    def touch(self, rooms: Iterable[str]) -> None:
        """Note that who is in rooms, or what they may do, changed."""
        self._news = True

    def due(self) -> int:
        """Return when rooms are to be looked at, in milliseconds since 1970."""
        return 0 if self._news else self._look_at

    async def settle(self) -> None:
        """Make what rooms show fit to the links that there are; deals with its own errors."""
        now = self._homeserver.now()
        if not self._news and now < self._look_at:
            return
        self._news, self._look_at = False, now + LOOK_AGAIN_MS
        try:
            async with self._homeserver.lock(_LOCK):
                await self._put_all_right()
        except Exception:
            logger.exception("Widgets could not be looked after, trying again later")

    async def _put_all_right(self) -> None:
        rooms = await self._homeserver.transact(
            "twin_widget_rooms", lambda cursor: store.read_rooms(cursor, "join")
        )
        owner = self._homeserver.owner
        collections = {each.room_id: each for each in rooms if each.kind == Kind.COLLECTION.value}
        states = await self._homeserver.states(collections, [(WIDGET, owner)])
        shown = {room_id for room_id, state in states.items() if token_in(state, owner) is not None}
        links = await self._links.of_widgets()
        for room_id in sorted(shown | {each.room_id for each in links}):
            room = collections.get(room_id)
            mine = [each for each in links if each.room_id == room_id]
            try:
                await self._put_right(room, room_id, mine)
            except TwinError as error:
                logger.info("The widget of %s, to be tried again: %s", room_id, error.message)

    async def _put_right(self, room: Room | None, room_id: str, links: Sequence[Link]) -> None:
        state = await self._state(room_id) if room is not None else {}
        token = token_in(state, self._homeserver.owner)
        if room is None or token is None:
            # The owner is no longer in there, or removed the widget in a client.
            await self._take_back(links)
        elif await self._is_open(token, state):
            await self._take_back([each for each in links if each.token != token])
        elif await self._was_for_who_left(token):
            await self._renew(room, state)
        else:
            await self._take_back(links)
            await self._homeserver.send_state(room_id, remove(WIDGET, self._homeserver.owner))

    # Inside

    async def _renew(self, room: Room, state: StateMap) -> str:
        """Put a new token into a room's widget, take all others back, and return it."""
        owner, mark = self._homeserver.owner, who_left(state)
        old = [each for each in await self._links.of_widgets() if each.room_id == room.room_id]
        link = (await self._links.publish(room, None, None, None, mark)).link
        content = widget_content(owner, room.name or "Twin", self._url(link.token))
        try:
            await self._homeserver.send_state(room.room_id, Put(WIDGET, owner, frozen(content)))
        except Forbidden:
            await self._take_back([link])
            raise Forbidden(
                "You may not add widgets to this room: ask somebody who may change its settings."
            ) from None
        await self._take_back(old)
        return link.token

    async def _take_back(self, links: Iterable[Link]) -> None:
        for link in links:
            try:
                await self._links.revoke(link.id)
            except NotFound:
                continue  # the owner did so meanwhile

    async def _is_open(self, token: str, state: StateMap) -> bool:
        try:
            opened = await self._links.opened(token, in_widget=True)
        except NotFound:
            return False
        return opened.link.widget == who_left(state)

    async def _was_for_who_left(self, token: str) -> bool:
        try:
            await self._links.opened(token, in_widget=True)
        except NotFound:
            return False
        return True

    async def _room(self, room_id: str) -> Room | None:
        room = await self._homeserver.transact(
            "twin_widget_room", lambda cursor: store.read_room(cursor, room_id)
        )
        return room if room is not None and room.membership == "join" else None

    async def _state(self, room_id: str) -> StateMap:
        keys = [(WIDGET, self._homeserver.owner), ("m.room.member", None)]
        return await self._homeserver.state(room_id, keys)

    def _url(self, token: str) -> str:
        return widget_url(self._homeserver.public_url, token)

    def _heard(self) -> None:
        self._news = True
        for listener in list(self._listeners):
            listener()
