"""One object: read, made, replaced, patched, removed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from twin_module.core.effects import Put
from twin_module.core.errors import BadJson, Conflict, TwinError
from twin_module.core.state import StateEvent, frozen, plain
from twin_module.engine.orders import ANY, NEW
from twin_module.engine.store import Record
from twin_module.engine.twin import Twin
from twin_module.rest import once
from twin_module.rest.asked import no_such_object, place_of, record_of
from twin_module.rest.route import Answer, Call, Route, unchanged
from twin_module.rest.shown import OBJECT, WRITTEN, object_text, written_json


async def _record(twin: Twin, call: Call) -> Record:
    found = await record_of(twin, call)
    if found.removed or found.content is None:
        raise no_such_object(call)
    return found


async def read_object(twin: Twin, call: Call) -> Answer:
    """Show one object with its revision."""
    found = await _record(twin, call)
    answer = Answer(
        object_text(found, call.path["capability"]),
        etag=found.event_id,
        # Then the answer is not that event alone: it says why that does not fit, and what did.
        weak=found.problem is not None,
    )
    return unchanged(answer) if answer.tag in call.known and not answer.weak else answer


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
    uid, content = once.uid_of(twin, call.key), _content(call.body)
    if call.key is not None:
        room_id, capability = call.path["room_id"], call.path["capability"]
        key = (twin.commands.capability(capability).event_type.type, uid)
        await twin.joined_room(room_id)
        before = (await once.made_before(twin, room_id, [key])).get(key)
        if before is not None:
            return Answer(written_json(before, capability), etag=before.event_id)
    return await _write(twin, call, uid, content, expected=NEW)


async def patch_object(twin: Twin, call: Call) -> Answer:
    """Change some fields of an object: a JSON Merge Patch (RFC 7396), null takes a field away."""
    patch = _content(call.body)
    place = await place_of(twin, call)
    for attempt in range(3):
        current = (await twin.homeserver.state(place.room_id, [place.key])).get(place.key)
        if current is None or not current.content:
            raise no_such_object(call)
        wanted = call.if_match if call.if_match not in (None, ANY) else current.event_id
        try:
            return await _write(twin, call, place.uid, _patched(current, patch), expected=wanted)
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
            raise no_such_object(call) from error
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
    wanted = expected if expected is not None else _wanted(call)
    put = Put(event_type, uid, frozen(content))
    try:
        [written] = await twin.writer.write(
            room_id,
            [put],
            {} if wanted is None else {(event_type, uid): wanted},
            experience=call.experience,
        )
    except TwinError:
        # Asked here only, since Synapse lets nobody write who is not there.
        await twin.joined_room(room_id)
        raise
    await twin.projector.catch_up()
    return Answer(written_json(written, capability.name), etag=written.event_id)


def _wanted(call: Call) -> str | None:
    if call.if_none_match == ANY:
        return NEW
    return call.if_match


_CONTENT: Final = {"type": "object", "minProperties": 1}
_OBJECT_PATH: Final = "/rooms/{room_id}/{capability}/{uid}"


ROUTES: Final[Sequence[Route]] = (
    Route(
        method="POST",
        path="/rooms/{room_id}/{capability}",
        summary="Make an object with a new uid",
        handler=create_object,
        body=_CONTENT,
        answer=WRITTEN,
        stamped=True,
        once=True,
        status=201,
    ),
    Route(
        method="GET", path=_OBJECT_PATH, summary="One object", handler=read_object, answer=OBJECT
    ),
    Route(
        method="PUT",
        path=_OBJECT_PATH,
        summary="Write the whole content of an object",
        handler=replace_object,
        body=_CONTENT,
        answer=WRITTEN,
        stamped=True,
        conditional=True,
    ),
    Route(
        method="PATCH",
        path=_OBJECT_PATH,
        summary="Change some fields of an object (JSON Merge Patch)",
        handler=patch_object,
        body=_CONTENT,
        answer=WRITTEN,
        stamped=True,
        conditional=True,
    ),
    Route(
        method="DELETE",
        path=_OBJECT_PATH,
        summary="Remove an object",
        handler=remove_object,
        answer=WRITTEN,
        stamped=True,
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
)
