"""Earlier versions of an object: compared with each other, and put back.

Nothing is rewritten: to put a version back is to write a new one that says the same.
"""

from collections.abc import Mapping

from twin_module.core.capability import EventType
from twin_module.core.difference import Change, difference
from twin_module.core.effects import Put
from twin_module.core.errors import BadJson, NotFound
from twin_module.core.ports import Homeserver
from twin_module.core.state import Content, StateEvent, frozen
from twin_module.core.told import text_fields, without_state
from twin_module.engine import store
from twin_module.engine.history import History
from twin_module.engine.merger import Merger
from twin_module.engine.orders import Written
from twin_module.engine.versions import Place
from twin_module.engine.writer import Writer


class Earlier:
    """Compares versions and puts them back."""

    def __init__(
        self,
        homeserver: Homeserver,
        writer: Writer,
        merger: Merger,
        history: History,
        types: Mapping[str, EventType],
    ) -> None:
        self._homeserver = homeserver
        self._writer = writer
        self._merger = merger
        self._history = history
        self._types = types

    async def event(self, place: Place, event_id: str | None) -> StateEvent:
        """Return the event of a version, of the current one where none is named.

        Raises:
            NotFound: there is none, or its content is gone.
        """
        if event_id is None:
            record = await self._homeserver.transact(
                "twin_current",
                lambda cursor: store.read_object(cursor, place.room_id, place.type, place.uid),
            )
            if record is None:
                raise NotFound(f"There never was an object {place.uid!r} of this kind here.")
            event_id = record.event_id
        event = (await self._history.version(place, event_id)).event
        if event is None:
            raise NotFound(f"The content of the version {event_id} is not on this twin.")
        return event

    async def difference(self, place: Place, one: str, other: str | None) -> list[Change]:
        """Return what differs between two versions, with texts that lie elsewhere.

        Args:
            place: the object.
            one: the version that counts as the one before.
            other: the one after; None for the current one.

        Raises:
            NotFound: the object has no such version here, or its content is gone.
            Unreachable: a text lies on a twin that does not answer.
        """
        event_type = self._types[place.type]
        before, after = [
            without_state(event_type, await self._merger.whole(await self.event(place, each)))
            for each in (one, other)
        ]
        return difference(before, after, text_fields(event_type))

    async def revert(
        self, place: Place, event_id: str, expected: str | None, experience: str | None
    ) -> Written:
        """Write a new version with the content of an earlier one.

        Args:
            place: the object.
            event_id: the version whose content is to be there again; a removal removes.
            expected: the revision that must be current, as for `Writer.write`; None for any.
            experience: which app asks.

        Raises:
            NotFound: the object has no such version here, or its content is gone.
            BadJson: the version does not fit its type.
            Conflict: another revision is current.
            Unreachable: its text lies on a twin that does not answer.
        """
        event = await self.event(place, event_id)
        misfit = self._types[place.type].misfit(event)
        if misfit is not None:
            raise BadJson(
                f"This version can't be put back, since it does not fit its type."
                f" {misfit.path or 'Its content'}: {misfit.message}"
            )
        content = await self._content(place, await self._merger.whole(event))
        [written] = await self._writer.write(
            place.room_id,
            [Put(place.type, place.uid, content)],
            {} if expected is None else {place.key: expected},
            experience=experience,
        )
        return written

    async def _content(self, place: Place, earlier: Content) -> Content:
        """Return what is to be written, without what belongs to the present.

        The state of a text that people write together only grows; the engine makes an edit of the
        text that is put back.
        """
        together = self._types[place.type].together
        if together is None or not earlier:
            return earlier
        current = (await self._homeserver.state(place.room_id, [place.key])).get(place.key)
        now = current.content if current else frozen({})
        content = earlier.discard(together.state)
        for name in together.kept:
            content = content.set(name, now[name]) if name in now else content.discard(name)
        return content
