"""Somebody who writes in a document through a twin, as an editor in a browser does.

Nothing happens behind one's back: what came from the twin is taken in when it is asked for.
"""

from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

from pycrdt import Awareness, Doc, Text
from websockets.exceptions import ConnectionClosed
from websockets.sync import client

from twin_module.core import yprotocols
from twin_module.core.varints import Reader
from twin_module.core.yprotocols import Edit, Have, Presence
from twin_module.testing.person import TWIN, Person

AUTH = 2
MAX_MESSAGE = 2**26
connect = partial(client.connect, open_timeout=60)
"""Connects as the library does, but a busy machine may take its time."""


def address(person: Person, room_id: str, uid: str, **query: str) -> str:
    """Return where a document can be written live."""
    where = f"{TWIN}/rooms/{quote(room_id, safe='')}/docs/{quote(uid, safe='')}/live"
    asked = f"?{urlencode(query)}" if query else ""
    return f"ws{person.url.removeprefix('http')}{where}{asked}"


class Typist:
    """One editor of one document."""

    def __init__(self, person: Person, room_id: str, uid: str, doc: Any = None) -> None:
        self.doc: Any = Doc() if doc is None else doc
        self.written: Any = self.doc.get("text", type=Text)
        self.awareness = Awareness(self.doc)
        self._denied: list[str] = []
        self._closed: tuple[int, str] | None = None
        self._stack = ExitStack()
        where = address(person, room_id, uid, access_token=person.token)
        self.wire = self._stack.enter_context(
            connect(where, max_size=MAX_MESSAGE, compression=None)
        )
        self._subscription = self.doc.observe(self._changed)
        self._hearing = False
        self.wire.send(yprotocols.have(self.doc.get_state()))

    def __enter__(self) -> Self:
        """Enter; it is connected already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave."""
        self.leave()

    def leave(self) -> None:
        """Close the connection."""
        self.doc.unobserve(self._subscription)
        self._stack.close()

    def text(self) -> str:
        """Return the text with everything that has come up to now."""
        self.hear()
        return str(self.written)

    def type(self, words: str, at: int | None = None) -> None:
        """Write something, at the end unless it is said where."""
        place = len(str(self.written)) if at is None else at
        with self.doc.transaction():
            self.written.insert(place, words)

    def delete(self, start: int, end: int) -> None:
        """Delete a part."""
        with self.doc.transaction():
            del self.written[start:end]

    def point(self, **state: Any) -> None:
        """Show where one's cursor is, and who one is."""
        self.awareness.set_local_state(state)
        own = self.awareness.encode_awareness_update([self.awareness.client_id])
        self.wire.send(yprotocols.presence(own))

    def others(self) -> list[Any]:
        """Return what the others show of themselves."""
        self.hear()
        states = self.awareness.states
        return [states[each] for each in sorted(states) if each != self.awareness.client_id]

    def denied(self) -> list[str]:
        """Return what was refused, in the twin's words."""
        self.hear()
        return self._denied

    def closed(self) -> tuple[int, str] | None:
        """Return the code and the reason with which the twin closed the connection."""
        self.hear()
        return self._closed

    def hear(self) -> None:
        """Take in what has come."""
        while self._closed is None:
            try:
                self._take(bytes(self.wire.recv(timeout=0, decode=False)))
            except TimeoutError:
                return
            except ConnectionClosed as end:
                self._closed = (end.rcvd.code, end.rcvd.reason) if end.rcvd else (1006, "")

    def _take(self, message: bytes) -> None:
        if message[0] == AUTH:
            reader = Reader(message)
            assert (reader.number(), reader.number()) == (AUTH, 0)
            self._denied.append(reader.text())
            return
        said = yprotocols.read(message)
        if isinstance(said, Have):
            self.wire.send(yprotocols.answer(self.doc.get_update(said.vector)))
        elif isinstance(said, Edit):
            self._hearing = True
            try:
                self.doc.apply_update(said.update)
            finally:
                self._hearing = False
        elif isinstance(said, Presence):
            self.awareness.apply_awareness_update(said.update, None)

    def _changed(self, event: Any) -> None:
        if not self._hearing:
            self.wire.send(yprotocols.news(event.update))
