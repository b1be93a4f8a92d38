"""Live changes as server-sent events (WHATWG HTML, section 9.2).

Every change has a number, and the stream sends what has a higher one than the last that the
reader saw. So a reader that comes back with `Last-Event-ID` misses nothing: it gets each thing
that changed meanwhile, as it is now.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from synapse.http.site import SynapseRequest
from synapse.logging.context import PreserveLoggingContext, make_deferred_yieldable
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from twin_module.core.errors import InvalidParam
from twin_module.core.ports import Cursor
from twin_module.engine import sequence, store
from twin_module.engine.store import Record, Room
from twin_module.engine.twin import Twin
from twin_module.engine.versions import Conflict
from twin_module.rest.rooms import room_json
from twin_module.rest.route import Answer, Call, Route
from twin_module.rest.shown import capability_names, object_json

KEEP_ALIVE: Final = 15.0
"""Seconds of silence after which a comment is sent, and the access token looked at again."""
PAGE: Final = 200


@implementer(IPushProducer)
class ChangeStream:
    """One reader of the changes."""

    def __init__(
        self, twin: Twin, request: SynapseRequest, allowed: Callable[[], Awaitable[bool]]
    ) -> None:
        self._twin = twin
        self._request = request
        self._allowed = allowed
        self._waiting: Deferred[None] | None = None
        self._paused = False
        self._news = False
        self._gone = False
        self._chats: list[Any] | None = None
        """The chats that the reader knows of, None where what it knows may be old."""

    async def serve(self, query: Mapping[str, str]) -> None:
        """Send changes until the reader leaves or may no longer read."""
        seq = await self._begin(query)
        request = self._request
        connection: object = request.channel
        if connection is None:  # who left meanwhile is never said to leave
            return
        request.setResponseCode(200)
        request.setHeader(b"Content-Type", b"text/event-stream")
        request.setHeader(b"Cache-Control", b"no-store")
        request.setHeader(b"X-Accel-Buffering", b"no")
        request.setHeader(b"Access-Control-Allow-Origin", b"*")
        request.notifyFinish().addBoth(self._leave)
        request.registerProducer(self, True)
        unlisten = self._twin.projector.watch(lambda _: self._wake(news=True))
        unlisten_to_chats = self._twin.chats.listen(lambda: self._wake(news=True))
        try:
            request.write(f"retry: 2000\nid: {seq}\nevent: ready\ndata: {{}}\n\n".encode())
            while not self._gone:
                seq = await self._send(seq)
                if not await self._allowed():
                    break
                await self._send_chats()
                await self._wait()
        finally:
            unlisten()
            unlisten_to_chats()
            if not self._gone:
                request.unregisterProducer()
                request.finish()

    async def _begin(self, query: Mapping[str, str]) -> int:
        said = self._request.getHeader("Last-Event-ID") or query.get("since")
        newest = await self._twin.homeserver.transact("twin_seq", sequence.last_seq)
        if said is None:
            self._chats = []
            return newest
        if not said.isascii() or not said.isdigit() or len(said) > 18:  # noqa: PLR2004 - fits 64 bits
            raise InvalidParam("Last-Event-ID: this has to be the id of an event of this stream.")
        return min(int(said), newest)

    async def _send(self, seq: int) -> int:
        names = capability_names(self._twin)
        while not self._gone and not self._paused:
            self._news = False
            after = seq

            def work(cursor: Cursor) -> list[Room | Record | Conflict]:
                return store.changed_since(cursor, after, PAGE)  # noqa: B023 - run before the next round

            changes = await self._twin.homeserver.transact("twin_changes", work)
            if not changes or self._gone:
                break
            self._request.write("".join(_event(change, names) for change in changes).encode())
            seq = changes[-1].seq
        return seq

    async def _send_chats(self) -> None:
        if self._gone or self._paused:
            return
        recent = await self._twin.chats.recent(anew=self._chats is None)
        chats = [each.as_json() for each in recent]
        if chats != self._chats and not self._gone:
            self._chats = chats
            # Without an id, so that a reader comes back to the change that it saw last.
            self._request.write(f"event: chats\ndata: {_text({'chats': chats})}\n\n".encode())

    async def _wait(self) -> None:
        if self._gone or (self._news and not self._paused):
            return
        self._waiting = Deferred()
        call = self._twin.homeserver.call_later(KEEP_ALIVE, self._keep_alive)
        try:
            await make_deferred_yieldable(self._waiting)
        finally:
            call()

    def _keep_alive(self) -> None:
        if not self._gone and not self._paused:
            self._request.write(b": still here\n\n")
        self._wake()

    def _wake(self, *, news: bool = False) -> None:
        self._news = self._news or news
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            # What waited goes on in here, and must not leave its logging context to our caller.
            with PreserveLoggingContext():
                waiting.callback(None)

    def _leave(self, _: Any) -> None:
        self._gone = True
        self._wake()

    def pauseProducing(self) -> None:
        """Stop writing to a reader that is slow."""
        self._paused = True

    def resumeProducing(self) -> None:
        """Go on where it stopped."""
        self._paused = False
        self._wake(news=True)

    def stopProducing(self) -> None:
        """Stop for good."""
        self._leave(None)


def _event(change: Room | Record | Conflict, names: Mapping[str, str]) -> str:
    if isinstance(change, Room):
        kind, data = "room", room_json(change)
    elif isinstance(change, Conflict):
        kind, data = "versions", _conflict_json(change, names)
    else:
        shown = object_json(change, names.get(change.type, ""))
        kind, data = "object", {**shown, "removed": True} if change.removed else shown
    return f"id: {change.seq}\nevent: {kind}\ndata: {_text(data)}\n\n"


def _text(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _conflict_json(change: Conflict, names: Mapping[str, str]) -> dict[str, Any]:
    place = change.place
    return {
        "room_id": place.room_id,
        "capability": names.get(place.type, ""),
        "type": place.type,
        "uid": place.uid,
        "waiting": change.waiting,
    }


async def _streamed(twin: Twin, call: Call) -> Answer:
    """Send what changes.

    `room`, `object` and `versions` are numbered. `chats` has no number: it holds what `GET /chats`
    answers, and is sent when that changed since it was last sent here, at most once a second; that
    messages were read shows within 15 seconds. A reader that does not know it leaves it aside.
    """
    raise AssertionError("the resource serves this call itself")


CHANGES: Final = Route(
    method="GET",
    path="/changes",
    summary="Live changes as server-sent events; goes on after `Last-Event-ID`",
    handler=_streamed,
    query={
        "since": {
            "type": "string",
            "description": "What Last-Event-ID would say, for readers without headers.",
        }
    },
    answer={"type": "string"},
    media_type="text/event-stream",
)
