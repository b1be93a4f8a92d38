"""What the page in a widget reads: one collection, for who has the widget's token, and live.

The token stands in the body, so no log of a server holds it.
"""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final, Self

from synapse.logging.context import PreserveLoggingContext, make_deferred_yieldable
from twisted.internet.defer import Deferred

from twin_module.core.event_types import EVENT
from twin_module.core.jscalendar import utc_text
from twin_module.core.published import sight
from twin_module.core.widget import light
from twin_module.engine.agenda import Placed
from twin_module.engine.links import Opened
from twin_module.engine.twin import Twin
from twin_module.rest.links import published_json
from twin_module.rest.route import Answer, Call, Route

LONGEST: Final = 25.0
"""Seconds after which who waits for a change is told that there was none."""
MOST_WAITING: Final = 200
"""How many readers may wait at once; any more are answered at once."""
MOST_OBJECTS: Final = 200
MOST_EVENTS: Final = 30
AHEAD: Final = timedelta(days=60)


async def read_widget(twin: Twin, call: Call) -> Answer:
    """Show the collection that a widget's token opens.

    Whoever says the `revision` that they know waits up to 25 seconds for another one, and gets
    `revision` alone when there is none. What is private is shown as a published link shows it.
    """
    token, known = call.body["token"], call.body.get("known")
    with _Ear(twin) as ear:
        opened = await twin.widgets.opened(token)
        shown = await _shown(twin, opened)
        if shown["revision"] == known and twin.widgets.waiting < MOST_WAITING:
            twin.widgets.waiting += 1
            try:
                await ear.hears_of(opened.room.room_id)
            finally:
                twin.widgets.waiting -= 1
            shown = await _shown(twin, await twin.widgets.opened(token))
    return Answer({"revision": known} if shown["revision"] == known else shown)


class _Ear:
    """Hears which rooms change, from the moment at which it is made."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._heard: set[str] = set()
        self._any = False
        self._room_id = ""
        self._waiting: Deferred[None] | None = None
        self._stop: Sequence[Callable[[], None]] = ()

    def __enter__(self) -> Self:
        self._stop = (
            self._twin.projector.watch(self._hear),
            self._twin.widgets.listen(self._hear_of_all),
        )
        return self

    def __exit__(self, *error: object) -> None:
        for stop in self._stop:
            stop()

    async def hears_of(self, room_id: str) -> None:
        """Wait until a room changed or a widget was withdrawn, or nothing happened for long."""
        if self._any or room_id in self._heard:
            return
        self._room_id, self._waiting = room_id, Deferred()
        cancel = self._twin.homeserver.call_later(LONGEST, self._wake)
        try:
            await make_deferred_yieldable(self._waiting)
        finally:
            cancel()

    def _hear(self, rooms: frozenset[str]) -> None:
        self._heard |= rooms
        if self._room_id in rooms:
            self._wake()

    def _hear_of_all(self) -> None:
        self._any = True
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            # What waited goes on in here, and must not leave its logging context to our caller.
            with PreserveLoggingContext():
                waiting.callback(None)


async def _shown(twin: Twin, opened: Opened) -> dict[str, Any]:
    page = await twin.links.page(opened, MOST_OBJECTS, None, [EVENT.type])
    body = {
        "owner": twin.homeserver.owner,
        "collection": {"name": opened.room.name},
        "objects": [_object_json(twin, each) for each in page.records],
        "next": await _next(twin, opened.room.room_id),
        "more": page.next is not None,
    }
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return {**body, "revision": sha256(text.encode()).hexdigest()[:32]}


def _object_json(twin: Twin, record: Any) -> dict[str, Any]:
    shown = published_json(twin, record)
    kept = ("capability", "uid", "etag", "sender", "updated", "title")
    return {**{name: shown[name] for name in kept}, "content": light(shown["content"])}


async def _next(twin: Twin, room_id: str) -> list[dict[str, Any]]:
    now = twin.agenda.now()
    found = await twin.agenda.range(now, now + AHEAD, None, [room_id], MOST_EVENTS)
    return [_event_json(each) for each in found if sight(each.occurrence.content) != "nothing"]


def _event_json(each: Placed) -> dict[str, Any]:
    content = each.occurrence.content
    whole = sight(content) == "whole"
    return {
        "uid": each.uid,
        "start": utc_text(each.occurrence.start),
        "end": utc_text(each.occurrence.end),
        **({"day": content["start"][:10]} if content.get("showWithoutTime") is True else {}),
        "title": content.get("title", "") if whole else "",
        "cancelled": whole and content.get("status") == "cancelled",
    }


ROUTES: Final[Sequence[Route]] = (
    Route(
        method="POST",
        path="/widget",
        summary="The collection in a widget, and what changes in it",
        handler=read_widget,
        public=True,
        for_strangers=True,
        body={
            "type": "object",
            "properties": {
                "token": {
                    "type": "string",
                    "maxLength": 200,
                    "description": "The secret of the widget.",
                },
                "known": {
                    "type": "string",
                    "maxLength": 64,
                    "description": "The `revision` of the answer before.",
                },
            },
            "required": ["token"],
            "additionalProperties": False,
        },
        answer={
            "type": "object",
            "required": ["revision"],
            "properties": {
                "revision": {"type": "string"},
                "owner": {"type": "string", "description": "The Matrix ID of whose twin it is."},
                "collection": {"type": "object", "required": ["name"]},
                "objects": {
                    "type": "array",
                    "description": "The newest 200, without events; long values are left out.",
                    "items": {"type": "object"},
                },
                "next": {
                    "type": "array",
                    "description": "What takes place in the next 60 days; times are in UTC.",
                    "items": {"type": "object", "required": ["uid", "start", "end", "title"]},
                },
                "more": {"type": "boolean", "description": "Whether there are more objects."},
            },
        },
    ),
)
