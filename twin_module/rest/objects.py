"""Objects: lists, single ones, bulk, and the commands of the capabilities."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from twin_module.core.capability import UID_PATTERN, Capability
from twin_module.core.effects import Put
from twin_module.core.errors import BadJson, Conflict, InvalidParam, NotFound, TwinError
from twin_module.core.state import StateEvent, frozen, plain
from twin_module.engine import query, store
from twin_module.engine.commands import Item
from twin_module.engine.query import Condition, Query
from twin_module.engine.store import Record
from twin_module.engine.twin import Twin
from twin_module.engine.writer import ANY, NEW, Written
from twin_module.rest.route import Answer, Call, Route

RESERVED: Final = ("capability", "sort", "limit", "from", "access_token")
MAX_BULK: Final = 1000


def object_json(each: Record, capability: str) -> dict[str, Any]:
    """Return an object as the API shows it.

    Where the current event does not fit, `content` is of the last one that did, and `problem`
    says what is wrong.
    """
    shown: dict[str, Any] = {
        "room_id": each.room_id,
        "capability": capability,
        "type": each.type,
        "uid": each.uid,
        "etag": each.event_id,
        "sender": each.good_sender or each.sender,
        "updated": each.good_ts or each.ts,
        "title": each.title,
        "content": json.loads(each.content) if each.content else {},
    }
    return {**shown, "problem": each.problem} if each.problem else shown


def capability_names(twin: Twin) -> Mapping[str, str]:
    """Return the name of the capability of each event type."""
    return {
        event.type: capability.name
        for capability in twin.capabilities
        for event in capability.events
    }


# Lists


async def list_objects(twin: Twin, call: Call) -> Answer:
    """List objects of one room or of all, filtered, sorted, page by page."""
    asked = _query(twin, call)
    room_id = call.path.get("room_id")
    if room_id is not None:
        await _check_room(twin, room_id)
    page = await twin.homeserver.transact("twin_list", lambda cursor: query.run(cursor, asked))
    names = capability_names(twin)
    body: dict[str, Any] = {
        "objects": [object_json(each, names[each.type]) for each in page.records]
    }
    if page.next:
        body["next_batch"] = page.next
    return Answer(body)


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
        sort=sort_name,
        descending=sort.startswith("-"),
        limit=_limit(call.query.get("limit", "50")),
        after=call.query.get("from"),
        numbers=frozenset(name for name, each in filters.items() if each.kind == "number"),
    )


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= query.MOST:
        raise InvalidParam(f"limit: this has to be a number from 1 to {query.MOST}.")
    return int(text)


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


async def _check_room(twin: Twin, room_id: str) -> None:
    room = await twin.homeserver.transact(
        "twin_room", lambda cursor: store.read_room(cursor, room_id)
    )
    if room is None or room.membership != "join":
        raise NotFound(f"This twin is in no room {room_id}.")


async def read_view(twin: Twin, call: Call) -> Answer:
    """Show a room as a capability sees it."""
    room_id, capability = call.path["room_id"], twin.commands.capability(call.path["capability"])
    await _check_room(twin, room_id)
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


# One object


async def _record(twin: Twin, call: Call) -> Record:
    room_id, uid = call.path["room_id"], call.path["uid"]
    event_type = twin.commands.capability(call.path["capability"]).event_type.type
    await _check_room(twin, room_id)
    found = await twin.homeserver.transact(
        "twin_object", lambda cursor: store.read_object(cursor, room_id, event_type, uid)
    )
    if found is None or found.removed or found.content is None:
        raise NotFound(f"There is no object {uid!r} of {call.path['capability']} in this room.")
    return found


async def read_object(twin: Twin, call: Call) -> Answer:
    """Show one object with its revision."""
    found = await _record(twin, call)
    return Answer(object_json(found, call.path["capability"]), etag=found.event_id)


async def read_text(twin: Twin, call: Call) -> Answer:
    """Send the text of an object, wherever it lies."""
    found = await _record(twin, call)
    text, mimetype = await twin.writer.text(found.event())
    return Answer(text.encode(), etag=found.event_id, content_type=f"{mimetype}; charset=utf-8")


async def replace_object(twin: Twin, call: Call) -> Answer:
    """Write the whole content of an object; it is made when it is not there."""
    content = _content(call.body)
    return await _write(twin, call, call.path["uid"], content)


async def create_object(twin: Twin, call: Call) -> Answer:
    """Make an object with a uid of the twin's choice."""
    uid = twin.homeserver.new_uid()
    return await _write(twin, call, uid, _content(call.body), expected=NEW)


async def patch_object(twin: Twin, call: Call) -> Answer:
    """Change some fields of an object: a JSON Merge Patch (RFC 7396), null takes a field away."""
    patch = _content(call.body)
    room_id, uid = call.path["room_id"], call.path["uid"]
    event_type = twin.commands.capability(call.path["capability"]).event_type.type
    await _check_room(twin, room_id)
    for attempt in range(3):
        current = (await twin.homeserver.state(room_id, [(event_type, uid)])).get((event_type, uid))
        if current is None or not current.content:
            raise NotFound(f"There is no object {uid!r} of {call.path['capability']} in this room.")
        wanted = call.if_match if call.if_match not in (None, ANY) else current.event_id
        try:
            return await _write(twin, call, uid, _patched(current, patch), expected=wanted)
        except Conflict:
            if call.if_match is not None or attempt == 2:  # noqa: PLR2004 - the last try
                raise
    raise AssertionError("unreachable")


async def remove_object(twin: Twin, call: Call) -> Answer:
    """Remove an object."""
    expected = call.if_match or ANY
    try:
        return await _write(twin, call, call.path["uid"], {}, expected=expected)
    except Conflict as error:
        if call.if_match is None:
            uid, name = call.path["uid"], call.path["capability"]
            raise NotFound(f"There is no object {uid!r} of {name} in this room.") from error
        raise


def _content(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict) or not body:
        raise BadJson(
            "The body has to be the object's content: a JSON object with something in it."
        )
    return body


def _patched(event: StateEvent, patch: Mapping[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = merge_patch(plain(event.content), patch)
    return merged


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply a JSON Merge Patch (RFC 7396, section 2)."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


async def _write(
    twin: Twin, call: Call, uid: str, content: Mapping[str, Any], expected: str | None = None
) -> Answer:
    room_id, capability = call.path["room_id"], twin.commands.capability(call.path["capability"])
    event_type = capability.event_type.type
    await _check_room(twin, room_id)
    if content:
        twin.writer.check(event_type, uid, content)
    wanted = expected if expected is not None else _wanted(call)
    put = Put(event_type, uid, frozen(content))
    [written] = await twin.writer.write(
        room_id, [put], {} if wanted is None else {(event_type, uid): wanted}
    )
    await twin.projector.catch_up()
    return Answer(written_json(written, capability.name), etag=written.event_id)


def _wanted(call: Call) -> str | None:
    if call.if_none_match == ANY:
        return NEW
    return call.if_match


def written_json(written: Written, capability: str | None) -> dict[str, Any]:
    """Return what became of one write, as the API shows it."""
    return {
        "room_id": written.room_id,
        **({"capability": capability} if capability else {}),
        "type": written.type,
        "uid": written.state_key,
        "etag": written.event_id,
        "changed": written.changed,
    }


# Many objects, and commands


async def bulk(twin: Twin, call: Call) -> Answer:
    """Write up to 1,000 objects; what became of each stands in its place."""
    await _check_room(twin, call.path["room_id"])
    items = [
        Item(
            type=twin.commands.capability(each["capability"]).event_type.type,
            uid=each.get("uid") or twin.homeserver.new_uid(),
            content=each["content"],
        )
        for each in call.body["objects"]
    ]
    names = capability_names(twin)
    results = await twin.commands.bulk(call.path["room_id"], items)
    await twin.projector.catch_up()
    return Answer(
        {
            "objects": [
                _result(item, result, names) for item, result in zip(items, results, strict=True)
            ]
        }
    )


def _result(item: Item, result: Written | TwinError, names: Mapping[str, str]) -> dict[str, Any]:
    if isinstance(result, Written):
        return written_json(result, names.get(result.type))
    return {"uid": item.uid, "errcode": result.errcode, "error": result.message, **result.fields}


async def command(twin: Twin, call: Call) -> Answer:
    """Run a command of a capability."""
    outcome = await twin.commands.run(call.path["capability"], call.path["command"], call.body)
    await twin.projector.catch_up()
    names = capability_names(twin)
    body: dict[str, Any] = {
        "objects": [written_json(each, names.get(each.type)) for each in outcome.written]
    }
    if outcome.created:
        body["room_id"] = outcome.created[0]
    return Answer(body)


_OBJECT: Final = {
    "type": "object",
    "required": [
        "room_id",
        "capability",
        "type",
        "uid",
        "etag",
        "sender",
        "updated",
        "title",
        "content",
    ],
    "properties": {"updated": {"type": "integer", "description": "Milliseconds since 1970."}},
}
_WRITTEN: Final = {"type": "object", "required": ["room_id", "type", "uid", "etag", "changed"]}
_PAGE: Final = {
    "type": "object",
    "required": ["objects"],
    "properties": {
        "objects": {"type": "array", "items": _OBJECT},
        "next_batch": {
            "type": "string",
            "description": "The `from` of the next page; absent at the end.",
        },
    },
}
_LIST_QUERY: Final[Mapping[str, Mapping[str, Any]]] = {
    "capability": {"type": "string", "description": "Only objects of this capability."},
    "sort": {
        "type": "string",
        "description": "updated, title, uid, or a filter of the capability; a minus in front turns it round.",
        "default": "-updated",
    },
    "limit": {"type": "integer", "minimum": 1, "maximum": query.MOST, "default": 50},
    "from": {"type": "string", "description": "The `next_batch` of the page before."},
}
_CONTENT: Final = {"type": "object", "minProperties": 1}
_OBJECT_PATH: Final = "/rooms/{room_id}/{capability}/{uid}"

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
        method="POST",
        path="/rooms/{room_id}/objects",
        summary="Write up to 1,000 objects, chunk by chunk",
        handler=bulk,
        body={
            "type": "object",
            "properties": {
                "objects": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MAX_BULK,
                    "items": {
                        "type": "object",
                        "properties": {
                            "capability": {"type": "string"},
                            "uid": {"type": "string", "pattern": UID_PATTERN},
                            "content": {"type": "object"},
                        },
                        "required": ["capability", "content"],
                        "additionalProperties": False,
                    },
                }
            },
            "required": ["objects"],
            "additionalProperties": False,
        },
        answer={"type": "object", "required": ["objects"]},
    ),
    Route(
        method="GET",
        path="/rooms/{room_id}/{capability}",
        summary="A room as the capability sees it",
        handler=read_view,
        answer={"type": "object", "required": ["left_out"]},
    ),
    Route(
        method="POST",
        path="/rooms/{room_id}/{capability}",
        summary="Make an object with a new uid",
        handler=create_object,
        body=_CONTENT,
        answer=_WRITTEN,
        status=201,
    ),
    Route(
        method="GET", path=_OBJECT_PATH, summary="One object", handler=read_object, answer=_OBJECT
    ),
    Route(
        method="PUT",
        path=_OBJECT_PATH,
        summary="Write the whole content of an object",
        handler=replace_object,
        body=_CONTENT,
        answer=_WRITTEN,
        conditional=True,
    ),
    Route(
        method="PATCH",
        path=_OBJECT_PATH,
        summary="Change some fields of an object (JSON Merge Patch)",
        handler=patch_object,
        body=_CONTENT,
        answer=_WRITTEN,
        conditional=True,
    ),
    Route(
        method="DELETE",
        path=_OBJECT_PATH,
        summary="Remove an object",
        handler=remove_object,
        answer=_WRITTEN,
        conditional=True,
    ),
    Route(
        method="GET",
        path=f"{_OBJECT_PATH}/text",
        summary="The text of an object, checked against its hash",
        handler=read_text,
        answer={"type": "string"},
        media_type="text/markdown",
    ),
    Route(
        method="POST",
        path="/commands/{capability}/{command}",
        summary="Run a command; `/capabilities` lists them with their arguments",
        handler=command,
        body={"type": "object"},
        answer={"type": "object", "required": ["objects"]},
    ),
)
