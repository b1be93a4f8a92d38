"""Editors of a document, connected live over a WebSocket.

They speak y-protocols as `y-websocket` does, so that the bindings of the usual editors connect to
the twin as they are: `new WebsocketProvider("wss://…/rooms/{room_id}/docs/{uid}", "live", doc,
{params: {access_token}})`.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from synapse.http.site import SynapseRequest
from websockets.frames import CloseCode

from twin_module.core import yprotocols
from twin_module.core.errors import Forbidden, TwinError
from twin_module.core.yprotocols import Edit, Have, Presence, WhoIsThere
from twin_module.engine.session import Session
from twin_module.engine.twin import Twin
from twin_module.rest.route import Answer, Call, Route
from twin_module.rest.websocket import KEEP_ALIVE, WebSocket, accept

REFUSED: Final = 4000
"""Added to a status of HTTP, the code with which a socket is closed for the same reason.

`y-websocket` takes those from 4400 on as final, and does not come back by itself.
"""
SIGNED_OUT: Final = "The access token is no longer good; sign in again."
NOT_UNDERSTOOD: Final = "This is no message of y-protocols"


class Editors:
    """The editors that are connected to a twin."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._open: set[WebSocket] = set()

    async def serve(
        self,
        request: SynapseRequest,
        room_id: str,
        uid: str,
        allowed: Callable[[], Awaitable[bool]],
    ) -> None:
        """Connect an editor, until it leaves or may no longer be here.

        Raises:
            TwinError, SynapseError: it can't be connected; nothing was answered yet.
        """
        session = await self._twin.documents.open(room_id, uid)
        editor = _Editor(self._twin, room_id, session, allowed)
        try:
            socket = accept(request, self._twin.homeserver)
            self._open.add(socket)
            try:
                await editor.serve(socket)
            except Exception:
                socket.close(CloseCode.INTERNAL_ERROR, "The twin has a bug; its log says more.")
                raise
            finally:
                self._open.discard(socket)
        finally:
            session.leave(editor)

    def hang_up(self) -> None:
        """Let all editors go, because the server stops."""
        for socket in list(self._open):
            socket.hang_up()


class _Editor:
    """One editor, as long as it is connected."""

    _socket: WebSocket

    def __init__(
        self, twin: Twin, room_id: str, session: Session, allowed: Callable[[], Awaitable[bool]]
    ) -> None:
        self._twin = twin
        self._room_id = room_id
        self._session = session
        self._allowed = allowed
        self._looked = twin.homeserver.now()
        self._refused = False
        """Whether the editor has something that was not taken from it."""

    async def serve(self, socket: WebSocket) -> None:
        """Speak with the editor until one of both closes the socket."""
        self._socket, session = socket, self._session
        unlisten = [session.listen(self._tell), session.listen_awareness(self._show)]
        try:
            socket.send(yprotocols.have(session.vector()))
            self._show_everybody()
            while (message := await socket.receive()) is not None:
                if await self._is_welcome() and message:
                    await self._hear(message)
        except TwinError as error:
            socket.close(REFUSED + error.status, error.message)
        finally:
            for each in unlisten:
                each()

    async def _is_welcome(self) -> bool:
        """See from time to time whether all is still as it was when the editor came."""
        now = self._twin.homeserver.now()
        if now - self._looked < KEEP_ALIVE * 1000:
            return True
        self._looked = now
        if not await self._allowed():
            self._socket.close(REFUSED + HTTPStatus.UNAUTHORIZED, SIGNED_OUT)
            return False
        await self._twin.joined_room(self._room_id)
        # Editors come back anew when they hear nothing for half a minute; pings don't count.
        self._socket.send(yprotocols.presence(yprotocols.NOBODY))
        if self._refused and self._session.may_write:
            self._refused = False
            self._socket.send(yprotocols.have(self._session.vector()))
        return True

    async def _hear(self, message: bytes) -> None:
        try:
            said = yprotocols.read(message)
            if isinstance(said, Have):
                self._socket.send(yprotocols.answer(self._session.missing(said.vector)))
            elif isinstance(said, Edit):
                await self._edit(said)
            elif isinstance(said, Presence):
                self._session.apply_awareness(said.update, self)
            elif isinstance(said, WhoIsThere):
                self._show_everybody()
        except ValueError as error:
            self._socket.close(REFUSED + HTTPStatus.BAD_REQUEST, f"{NOT_UNDERSTOOD}: {error}.")

    async def _edit(self, edit: Edit) -> None:
        try:
            await self._session.apply(edit.update, self)
        except Forbidden as error:
            self._refused = True
            self._socket.send(yprotocols.denied(error.message))
            if not edit.asked:
                # Not for an answer: some editors come back whatever happens, and answer the same.
                self._socket.close(REFUSED + error.status, error.message)

    # What others do

    def _tell(self, update: bytes, origin: object) -> None:
        if origin is not self:
            self._socket.send(yprotocols.news(update))

    def _show(self, update: bytes, origin: object) -> None:
        if origin is not self:
            self._socket.send(yprotocols.presence(update))

    def _show_everybody(self) -> None:
        everybody = self._session.awareness()
        if everybody not in (b"", yprotocols.NOBODY):
            self._socket.send(yprotocols.presence(everybody))


async def _connected(twin: Twin, call: Call) -> Answer:
    """Connect an editor.

    A WebSocket that speaks y-protocols as `y-websocket` does: give its `WebsocketProvider` this
    address without `/live`, `live` as the name of the room, and the access token as a parameter.
    The text is the `Y.Text` that is named `text`. Cursors and names (awareness) reach everybody
    who has the document open, on other twins too, and are stored nowhere. What somebody writes
    who may only read is refused: an `auth` message says so, and the socket is closed.

    Close codes are those of RFC 6455, and 4000 and a status of HTTP: 4400 for what is not
    understood, 4401 when the access token is no longer good, 4403 for who may only read, 4404
    when the twin is no longer in the room. 1013 asks a reader who was too slow to come back, 1001
    everybody when the twin stops.
    """
    raise AssertionError("the resource serves this call itself")


LIVE: Final = Route(
    method="GET",
    path="/rooms/{room_id}/docs/{uid}/live",
    summary="Write in a document together with others, live, over a WebSocket",
    handler=_connected,
    answer={"type": "string"},
    status=101,
    media_type="application/octet-stream",
)
