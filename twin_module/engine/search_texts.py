"""Long texts are read from media, so that search finds what stands in them.

Which are still to be read stands in the table of what objects are found by, so nothing depends
on having heard of a new one; a file that can't be had now is asked for again, later and later.
"""

import logging

from twin_module.core.errors import TwinError
from twin_module.core.ports import Homeserver
from twin_module.engine import search, store
from twin_module.engine.backoff import Backoff
from twin_module.engine.search import Waiting
from twin_module.engine.writer import Writer

logger = logging.getLogger(__name__)


class SearchTexts:
    """Reads the long texts that search waits for; one per twin."""

    def __init__(self, homeserver: Homeserver, writer: Writer) -> None:
        self._homeserver = homeserver
        self._writer = writer
        self._backoff: Backoff[Waiting] = Backoff()
        self._reading = False
        self._has_failed = False

    def due(self) -> int | None:
        """Return when a text is to be asked for again, in milliseconds since 1970."""
        return 0 if self._has_failed else self._backoff.next()

    async def settle(self) -> None:
        """Begin to read what waits; costs one look into a small index when nothing does."""
        self._has_failed = False
        if not self._reading and await self._due():
            self._reading = True
            # A server that does not answer holds up nothing else.
            self._homeserver.background("twin_search_texts", self._read_all)

    async def _due(self) -> list[Waiting]:
        waiting = await self._homeserver.transact("twin_search_waiting", search.waiting)
        self._backoff.keep_only(set(waiting))
        now = self._homeserver.now()
        return [each for each in waiting if not self._backoff.waits(each, now)]

    async def _read_all(self) -> None:
        try:
            while due := await self._due():
                for each in due:
                    await self._read(each)
        except Exception:
            self._has_failed = True
            logger.exception("Could not read the texts that search waits for, trying again")
        finally:
            self._reading = False

    async def _read(self, each: Waiting) -> None:
        place = each.place
        # Whatever comes of it: what then waits no more is forgotten.
        self._backoff.postpone(each, self._homeserver.now())
        record = await self._homeserver.transact(
            "twin_search_object",
            lambda cursor: store.read_object(cursor, place.room_id, *place.key),
        )
        if record is None or record.content is None:
            return  # so the row is gone as well
        try:
            text, _ = await self._writer.text(record.event())
        except TwinError as error:
            logger.info(
                "Search can't read %s in %s yet: %s", place.uid, place.room_id, error.message
            )
            return
        # Beside everything else, and before the transaction, for which others wait.
        long = await self._homeserver.in_thread(lambda: search.long_of(text))
        await self._homeserver.transact(
            "twin_search_text", lambda cursor: search.add_long(cursor, each, long)
        )
