"""Subscriptions: collections that the twin fills from public calendars, and keeps as these are.

Which there are, and when each is due, lies in the owner's account data: an address may be secret,
and is nobody's business but the owner's. The entries are ordinary objects of the room. Nothing
depends on a timer having run: what is due is asked again at each turn.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from twin_module.core import layout
from twin_module.core.entries import Refused
from twin_module.core.errors import InvalidParam, NotFound, TooOften, TwinError
from twin_module.core.feed import difference
from twin_module.core.ics.calendars import read_entries
from twin_module.core.ports import Homeserver
from twin_module.core.state import NAMESPACE, Key
from twin_module.core.subscription import (
    MAX_HEADER,
    MAX_NAME,
    MAX_PROBLEM,
    Subscription,
    next_look,
    next_try,
    public_address,
    read_subscription,
)
from twin_module.engine import store
from twin_module.engine.feeds import Feed, fetch_feed
from twin_module.engine.filling import Filling, Tally
from twin_module.engine.kept_records import KeptRecords
from twin_module.engine.projector import Projector
from twin_module.engine.store import Record

logger = logging.getLogger(__name__)

SUBSCRIPTIONS: Final = f"{NAMESPACE}.subscriptions"
"""The type of the account data."""
MOST: Final = 100
"""How many subscriptions an owner may have."""
MOST_ENTRIES: Final = 5000
BY_HAND_MS: Final = 60_000
"""From one look to the next that the owner asks for, at least."""
EMPTY: Final = "The calendar is empty now. If it still is the next time, its entries go."
FAILED: Final = "The twin failed at it; its server's log says why."
_NAMES: Final = ("Event", "Task")
_NEVER: Final = 2**53


class Subscriptions:
    """The owner's subscriptions; one per twin."""

    def __init__(self, homeserver: Homeserver, filling: Filling, projector: Projector) -> None:
        self._homeserver = homeserver
        self._records = KeptRecords(homeserver, SUBSCRIPTIONS, "subscriptions")
        self._filling = filling
        self._projector = projector
        self._due: int | None = None
        """When the first one is due, as far as known; None means that it has to be looked up."""
        self._looking = False
        self._ended: set[str] = set()
        """Rooms whose subscription was ended while this process runs."""

    # For the owner

    async def subscribe(self, url: str, name: str | None) -> Subscription:
        """Make a collection that follows a public calendar, once that could be had.

        Args:
            url: of http, https, webcal or webcals.
            name: of the collection; None for what the calendar calls itself.

        Raises:
            InvalidParam: the address is none or shows no calendar, or there are too many
                subscriptions.
            Unreachable: nobody answers there, or the server refuses.
            TooLarge: the calendar is larger than what the twin takes.
        """
        address = public_address(url)
        if len(await self.listed()) >= MOST:
            raise InvalidParam(f"There are {MOST} subscriptions, and that is the most; end some.")
        feed = await fetch_feed(self._homeserver, Subscription("", address))
        title = (name or feed.head.name).strip() or urlsplit(address).netloc
        room_id = await self._homeserver.create_room(layout.collection_room(title[:MAX_NAME], ""))
        new = Subscription(room_id, address, next_ts=self._homeserver.now())
        await self._keep(new)
        await self._projector.catch_up()
        self._begin(lambda: self._look(room_id, feed))
        return new

    async def listed(self) -> list[Subscription]:
        """Return all subscriptions, by room; what a client wrote in a wrong shape is none."""
        found = (
            read_subscription(room_id, record)
            for room_id, record in sorted((await self._records.read()).items())
        )
        return [each for each in found if each is not None]

    async def rooms(self) -> frozenset[str]:
        """Return the rooms that are filled from elsewhere."""
        return frozenset(await self._records.read())

    async def find(self, room_id: str) -> Subscription:
        """Return the subscription of a room.

        Raises:
            NotFound: it has none.
        """
        found = read_subscription(room_id, (await self._records.read()).get(room_id))
        if found is None:
            raise NotFound(f"The room {room_id} follows no public calendar.")
        return found

    async def end(self, room_id: str) -> None:
        """End a subscription; the collection stays as it is.

        Raises:
            NotFound: the room has none.
        """
        await self.find(room_id)
        self._ended.add(room_id)
        await self._forget(room_id)

    async def refresh(self, room_id: str) -> Subscription:
        """Begin to look at a calendar now, and return at once.

        Raises:
            NotFound: the room has no subscription.
            TooOften: that was done a moment ago.
        """
        found = await self.find(room_id)
        wait = found.looked_ts + BY_HAND_MS - self._homeserver.now()
        if wait > 0:
            raise TooOften(
                "This calendar was looked at a moment ago; try again in a minute.",
                retry_after_ms=wait,
            )
        self._begin(lambda: self._look(room_id))
        return found

    # By itself

    def due(self) -> int | None:
        """Return when a calendar is to be looked at, in milliseconds since 1970."""
        if self._looking or self._due == _NEVER:
            return None
        return self._due or 0

    async def look_up(self) -> None:
        """Find out when the first one is due, where that is not known."""
        if self._due is None:
            self._due = min((each.next_ts for each in await self.listed()), default=_NEVER)

    async def settle(self) -> None:
        """Begin to look at what is due; costs nothing when nothing is."""
        if self._looking:
            return
        await self.look_up()
        if self._due is not None and self._due <= self._homeserver.now():
            self._looking = True
            # A server that does not answer holds up nothing else.
            self._begin(self._look_at_all)

    async def _look_at_all(self) -> None:
        try:
            for each in await self.listed():
                if each.next_ts <= self._homeserver.now():
                    await self._look(each.room_id, only_due=True)
        finally:
            self._looking = False
            self._due = None

    def _begin(self, work: Callable[[], Awaitable[None]]) -> None:
        async def guarded() -> None:
            try:
                await work()
            except Exception:
                # What was not looked at is still due, and the twin's timer asks again.
                logger.exception("Could not look at a public calendar, trying again")

        self._homeserver.background("twin_subscriptions", guarded)

    async def _look(
        self, room_id: str, feed: Feed | None = None, *, only_due: bool = False
    ) -> None:
        """Look at one calendar, and note what came of it.

        Args:
            room_id: of the collection.
            feed: the calendar, where it was fetched already.
            only_due: leave it where somebody else looked at it meanwhile.
        """
        async with self._homeserver.lock(f"{SUBSCRIPTIONS} {room_id}"):
            before = read_subscription(room_id, (await self._records.read()).get(room_id))
            now = self._homeserver.now()
            if before is None or (only_due and before.next_ts > now):
                return
            if not await self._is_inside(room_id):
                await self._forget(room_id)
                return
            before = replace(before, looked_ts=now)
            try:
                found = feed or await fetch_feed(self._homeserver, before)
                after = await self._taken(before, found)
            except TwinError as error:
                wish = str(error.fields.get("retry_after", ""))
                after = self._failed(before, error.message, wish)
            except Exception:
                logger.exception("A subscription failed")
                after = self._failed(before, FAILED)
            if room_id not in self._ended:
                await self._keep(after)

    def _failed(self, before: Subscription, problem: str, retry_after: str = "") -> Subscription:
        failed = replace(
            before, problem=problem[:MAX_PROBLEM], failures=before.failures + 1, empties=0
        )
        return replace(failed, next_ts=next_try(failed, self._homeserver.now(), retry_after))

    async def _taken(self, before: Subscription, feed: Feed) -> Subscription:
        """Make a collection as its calendar is."""
        now = self._homeserver.now()
        due = next_look(before, now, feed.headers, feed.head.refresh)
        after = replace(before, refreshed_ts=now, next_ts=due, failures=0)
        if feed.text is None:
            # What could not be taken of it before still can't.
            return after if not before.failures else replace(after, problem="")
        tally, contents = await self._difference(after.room_id, feed.text)
        if not tally.total and before.entries and not before.empties:
            # A server that lost its data for a moment takes nothing away from here.
            return replace(after, etag="", last_modified="", empties=1, problem=EMPTY)
        await self._filling.write(
            after.room_id, contents, tally, lambda: after.room_id not in self._ended
        )
        await self._projector.catch_up()
        return replace(
            after,
            etag=feed.headers.get("etag", "")[:MAX_HEADER],
            last_modified=feed.headers.get("last-modified", "")[:MAX_HEADER],
            empties=0,
            entries=tally.total,
            problem=_left_out(tally)[:MAX_PROBLEM],
        )

    async def _difference(
        self, room_id: str, text: str
    ) -> tuple[Tally, Mapping[Key, Mapping[str, Any]]]:
        """Return what is to be written where, and what of a calendar can't be."""
        types = self._filling.types(_NAMES)
        await self._projector.catch_up()
        records = await self._homeserver.transact(
            "twin_subscribed", lambda cursor: store.read_objects(cursor, room_id, types)
        )

        def work() -> tuple[Tally, Mapping[Key, Mapping[str, Any]]]:
            entries, refused = read_entries(text)
            total = len(entries) + len(refused)
            if total > MOST_ENTRIES:
                raise InvalidParam(
                    f"There are {total} entries in this calendar, and {MOST_ENTRIES} is the most."
                )
            if refused and not entries:
                raise InvalidParam(f"No entry of it can be read. {_first(refused)}")
            wanted = self._filling.judged(entries, refused)
            change = difference(_contents(records), wanted, refused)
            removals: dict[Key, Mapping[str, Any]] = {key: {} for key in change.removed}
            return Tally(total, refused=refused), {**change.written, **removals}

        return await self._homeserver.in_thread(work)

    # Keeping

    async def _is_inside(self, room_id: str) -> bool:
        room = await self._homeserver.transact(
            "twin_subscribed_room", lambda cursor: store.read_room(cursor, room_id)
        )
        return room is None or room.membership == "join"

    async def _keep(self, changed: Subscription) -> None:
        await self._store(changed.room_id, changed.record())

    async def _forget(self, room_id: str) -> None:
        await self._store(room_id, None)

    async def _store(self, room_id: str, record: Mapping[str, Any] | None) -> None:
        async with self._homeserver.lock(SUBSCRIPTIONS):
            kept = await self._records.read()
            kept.pop(room_id, None)
            if record is not None:
                kept[room_id] = dict(record)
            await self._records.write(kept)
        self._due = None


def _contents(records: Sequence[Record]) -> dict[Key, Mapping[str, Any]]:
    return {
        (each.type, each.uid): json.loads(each.content)
        for each in records
        if each.content and not each.removed
    }


def _left_out(tally: Tally) -> str:
    if not tally.refused:
        return ""
    return f"{len(tally.refused)} of {tally.total} entries can't be taken. {_first(tally.refused)}"


def _first(refused: Sequence[Refused]) -> str:
    return f"{refused[0].name}: {refused[0].reason}"
