"""Lists of objects, and rooms as a capability sees them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from twin_module.core.capability import Capability
from twin_module.core.errors import InvalidParam
from twin_module.core.ports import Cursor
from twin_module.engine import query, sequence, store
from twin_module.engine.query import Condition, Query
from twin_module.engine.twin import Twin
from twin_module.rest.asked import limit_of
from twin_module.rest.route import Answer, Call, Route, unchanged
from twin_module.rest.shown import OBJECT, capability_names, row_text

RESERVED: Final = ("capability", "not_sender", "sort", "limit", "from", "access_token")


async def list_objects(twin: Twin, call: Call) -> Answer:
    """List objects of one room or of all, filtered, sorted, page by page."""
    asked = _query(twin, call)
    room_id = call.path.get("room_id")
    names = capability_names(twin)

    def work(cursor: Cursor) -> Answer:
        if room_id is not None:
            store.joined_room(cursor, room_id)
        # Before the list is read, so that it is as new as its tag at least.
        answer = Answer(
            None,
            etag=f"{call.run}-{sequence.last_seq(cursor)}",
            weak=True,
            compressible=room_id is not None,
        )
        if answer.tag in call.known:
            return unchanged(answer)
        rows, following = query.read_rows(cursor, asked)
        objects = ",".join(row_text(row, names[row[1]]) for row in rows)
        further = f'"next_batch":{json.dumps(following)},' if following else ""
        return replace(answer, body=f'{{{further}"objects":[{objects}]}}')

    return await twin.homeserver.transact("twin_list", work)


def _query(twin: Twin, call: Call) -> Query:
    named = call.query.get("capability")
    capability = twin.commands.capability(named) if named else None
    filters = capability.event_type.filters if capability else {}
    conditions = [
        _condition(filters, name, value, capability)
        for name, value in call.query.items()
        if name not in RESERVED
    ]
    sort = call.query.get("sort", "-updated")
    sort_name = sort.removeprefix("-")
    sortable = [*query.SORTS, *(name for name, each in filters.items() if each.kind != "words")]
    if sort_name not in sortable:
        raise InvalidParam(
            f"sort: objects can be sorted by {', '.join(sortable)}, each also with a minus in front."
        )
    return Query(
        types=[capability.event_type.type]
        if capability
        else [each.event_type.type for each in twin.capabilities],
        room_id=call.path.get("room_id"),
        conditions=conditions,
        not_sender=call.query.get("not_sender"),
        sort=sort_name,
        descending=sort.startswith("-"),
        limit=limit_of(call, query.MOST),
        after=call.query.get("from"),
        numbers=frozenset(name for name, each in filters.items() if each.kind == "number"),
    )


def _condition(
    filters: Mapping[str, Any], name: str, value: str, capability: Capability | None
) -> Condition:
    field, _, operator = name.partition(".")
    known = filters.get(field)
    if known is None:
        if capability is None:
            raise InvalidParam(
                f"{field}: name a capability to filter by what only its objects have."
            )
        raise InvalidParam(
            f"{field}: {capability.name} can be filtered by {', '.join(filters) or 'nothing'}."
        )
    if operator not in query.OPERATORS:
        raise InvalidParam(f"{name}: after the dot stands one of lt, lte, gt, gte.")
    if known.kind != "number":
        return Condition(field, operator, value)
    if not value.isascii() or not value.isdigit() or len(value) > 15:  # noqa: PLR2004 - digits of 2^53
        raise InvalidParam(f"{name}: this has to be a whole number.")
    return Condition(field, operator, int(value))


async def read_view(twin: Twin, call: Call) -> Answer:
    """Show a room as a capability sees it."""
    room_id, capability = call.path["room_id"], twin.commands.capability(call.path["capability"])
    await twin.joined_room(room_id)
    types = [event.type for event in capability.events]
    records = await twin.homeserver.transact(
        "twin_view", lambda cursor: store.read_objects(cursor, room_id, types)
    )
    objects = {
        (each.type, each.uid): each.event() for each in records if each.content and not each.removed
    }
    now = datetime.fromtimestamp(twin.homeserver.now() / 1000, UTC)
    left_out = sum(each.problem is not None for each in records)
    return Answer({**capability.render(capability.view(objects), now), "left_out": left_out})


_PAGE: Final = {
    "type": "object",
    "required": ["objects"],
    "properties": {
        "objects": {"type": "array", "items": OBJECT},
        "next_batch": {
            "type": "string",
            "description": "The `from` of the next page; absent at the end.",
        },
    },
}
_LIST_QUERY: Final[Mapping[str, Mapping[str, Any]]] = {
    "capability": {"type": "string", "description": "Only objects of this capability."},
    "not_sender": {
        "type": "string",
        "description": "Only objects that somebody else than this Matrix ID wrote last.",
    },
    "sort": {
        "type": "string",
        "description": "updated, title, uid, or a filter of the capability; a minus in front turns it round.",
        "default": "-updated",
    },
    "limit": {"type": "integer", "minimum": 1, "maximum": query.MOST, "default": 50},
    "from": {"type": "string", "description": "The `next_batch` of the page before."},
}

ROUTES: Final[Sequence[Route]] = (
    Route(
        method="GET",
        path="/objects",
        summary="Objects of all rooms: filter, sort, page",
        handler=list_objects,
        query=_LIST_QUERY,
        answer=_PAGE,
    ),
    Route(
        method="GET",
        path="/rooms/{room_id}/objects",
        summary="Objects of one room: filter, sort, page",
        handler=list_objects,
        query=_LIST_QUERY,
        answer=_PAGE,
    ),
    Route(
        method="GET",
        path="/rooms/{room_id}/{capability}",
        summary="A room as the capability sees it",
        handler=read_view,
        answer={"type": "object", "required": ["left_out"]},
    ),
)
