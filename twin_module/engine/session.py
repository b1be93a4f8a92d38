"""A document that is open: its newest state, shared by everybody who writes in it now.

Editors of the owner bring updates, other twins bring theirs. What the owner's editors bring is
stored before anybody hears of it. Cursors and presence are only passed on.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from twin_module.core import awareness
from twin_module.core.awareness import GONE, Entry
from twin_module.core.crdt import MAX_UPDATE_BYTES, Replica
from twin_module.core.errors import Forbidden, TooLarge
from twin_module.engine.versions import Place

MAX_PRESENT: Final = 500
"""How many clients may be seen in one document."""

SILENT_MS: Final = 30_000
"""Editors say at least every 15 seconds that they are still there (y-protocols, "Awareness")."""


@dataclass(frozen=True, slots=True)
class Present:
    """A client that is in a document."""

    entry: Entry
    origin: object
    """Who brought it: an editor, or the name of another twin's server."""
    seen: int
    """When it last said something, in milliseconds."""

    def gone(self) -> Entry:
        """Return what says that it has left."""
        return Entry(self.entry.client, self.entry.clock + 1, GONE)


Listener: TypeAlias = Callable[[bytes, object], None]
"""Gets an update and who brought it; None is somebody at another twin."""
Keep: TypeAlias = Callable[["Session"], Awaitable[None]]


class Session:
    """A document as it is being written; `Documents.open` returns it."""

    def __init__(
        self,
        place: Place,
        replica: Replica,
        keep: Keep,
        tell_presence: Callable[[bytes], None],
        now: Callable[[], int],
    ) -> None:
        self.place = place
        self._now = now
        self.may_write = False
        """Whether the owner may write in this document now."""
        self.editors = 0
        self.unkept: list[tuple[bytes, object]] = []
        """Updates that are not stored yet, with who brought them."""
        self.full: str | None = None
        """Why the document takes no more, where it does not."""
        self._replica = replica
        self._keep = keep
        self._tell_presence = tell_presence
        self._listeners: list[Listener] = []
        self._presence_listeners: list[Listener] = []
        self._present: dict[int, Present] = {}

    # The text

    def vector(self) -> bytes:
        """Return what is here, as a state vector."""
        return self._replica.vector()

    def missing(self, vector: bytes) -> bytes:
        """Return the update that somebody lacks.

        Raises:
            BadUpdate: the vector is none.
        """
        return self._replica.missing(vector)

    def text(self) -> str:
        """Return the text as it is now."""
        return self._replica.text()

    def state(self) -> bytes:
        """Return the whole state, but what waits for something that is missing."""
        return self._replica.state()

    def contained(self, updates: list[bytes]) -> list[bool]:
        """Tell of each update whether all of it is in the state."""
        return self._replica.contained(updates)

    async def apply(self, update: bytes, origin: object) -> None:
        """Take an update of one of the owner's editors in; it is stored when this returns.

        Raises:
            BadUpdate: it can't be carried out.
            Forbidden: the owner may not write here.
            TooLarge: the document can't grow any more.
        """
        if not self.may_write or self.full is not None:
            self._replica.check(update)
            if self._replica.contains(update):
                return  # editors say what they have when they connect
            if self.full is not None:
                raise TooLarge(self.full)
            raise Forbidden("You may read this document, but not write in it.")
        if not self._replica.apply(update):
            return
        self.unkept.append((update, origin))
        await self._keep(self)

    def hear(self, update: bytes, most: int = MAX_UPDATE_BYTES) -> None:
        """Take in what came from another twin, of at most so many bytes.

        Raises:
            BadUpdate: it can't be carried out.
        """
        if self._replica.apply(update, most):
            self.tell(update, None)

    def tell(self, update: bytes, origin: object) -> None:
        """Let everybody who listens know of an update."""
        for listener in list(self._listeners):
            listener(update, origin)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call a listener with every change and who made it; returns how to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # Who is here

    def apply_awareness(self, data: bytes, origin: object) -> None:
        """Take in where an editor's cursors are.

        Raises:
            BadUpdate: it is no such message.
        """
        news = self._noted(data, origin)
        if news:
            self._tell_presence(news)

    def hear_awareness(self, data: bytes, server: str) -> None:
        """Take in where cursors at another twin are.

        Raises:
            BadUpdate: it is no such message.
        """
        self._noted(data, server)

    def awareness(self) -> bytes:
        """Return where everybody's cursors are."""
        return awareness.written(each.entry for each in self._present.values())

    def listen_awareness(self, listener: Listener) -> Callable[[], None]:
        """Call a listener with every change of cursors and presence; returns how to stop."""
        self._presence_listeners.append(listener)
        return lambda: self._presence_listeners.remove(listener)

    def _noted(self, data: bytes, origin: object) -> bytes | None:
        news = []
        for entry in awareness.read(data):
            known = self._present.get(entry.client)
            newer = known is None or entry.clock > known.entry.clock
            gone = entry.state == GONE
            if not newer and not (known and gone and entry.clock == known.entry.clock):
                continue
            if gone:
                if self._present.pop(entry.client, None) is None:
                    continue
            elif known is None and len(self._present) >= MAX_PRESENT:
                continue
            else:
                self._present[entry.client] = Present(entry, origin, self._now())
            news.append(entry)
        if not news:
            return None
        written = awareness.written(news)
        for listener in list(self._presence_listeners):
            listener(written, origin)
        return written

    def forget_present(self, origin: object) -> None:
        """Take back the cursors that somebody brought who has left."""
        gone = [each.gone() for each in self._present.values() if each.origin is origin]
        if gone:
            self.apply_awareness(awareness.written(gone), origin)

    def forget_silent(self) -> None:
        """Take out whose twin or editor says nothing any more; each twin does that by itself."""
        since = self._now() - SILENT_MS
        gone = [each.gone() for each in self._present.values() if each.seen < since]
        if gone:
            self._noted(awareness.written(gone), None)

    def leave(self, origin: object) -> None:
        """Let an editor go that had opened the document."""
        self.editors = max(0, self.editors - 1)
        self.forget_present(origin)
