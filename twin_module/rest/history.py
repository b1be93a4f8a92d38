"""The history of an object: its versions, how they differ, and putting one back."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from twin_module.core.errors import InvalidParam, NotFound
from twin_module.core.state import StateEvent, plain
from twin_module.core.told import STATUSES, WHYS, Told
from twin_module.engine.history import MOST
from twin_module.engine.twin import Twin
from twin_module.engine.versions import Place
from twin_module.rest.asked import limit_of, place_of
from twin_module.rest.route import Answer, Call, Route
from twin_module.rest.shown import WRITTEN, written_json

LARGEST_MS: Final = 2**53
"""Later than any time that JSON can say exactly."""
MOST_VALUE: Final = 20_000
"""Characters of the longest text that a diff shows as it was; the lines that changed it always are."""


async def read_history(twin: Twin, call: Call) -> Answer:
    """List the versions of an object, newest first, page by page."""
    place = await place_of(twin, call)
    after = _read_token(call.query["from"]) if "from" in call.query else None
    page = await twin.history.page(place, limit_of(call, MOST), after)
    body: dict[str, Any] = {
        "versions": [each.as_json() for each in page.versions],
        "complete": page.complete,
    }
    if page.next is not None:
        body["next_batch"] = f"{page.next[0]}_{page.next[1]}"
    return Answer(body)


async def read_version(twin: Twin, call: Call) -> Answer:
    """Show one version with its content."""
    place = await place_of(twin, call)
    told = await twin.history.version(place, call.path["event_id"])
    return Answer(_version_json(place, call, told))


async def read_version_text(twin: Twin, call: Call) -> Answer:
    """Send the text of one version, wherever it lies."""
    place = await place_of(twin, call)
    told = await twin.history.version(place, call.path["event_id"])
    event = _fitting(told)
    text, mimetype = await twin.writer.text(event)
    return Answer(text.encode(), content_type=f"{mimetype}; charset=utf-8")


def _fitting(told: Told) -> StateEvent:
    if told.event is None or not told.event.content or told.problem is not None:
        raise NotFound("This version has no text: it is a removal, or does not fit its type.")
    return told.event


async def read_at(twin: Twin, call: Call) -> Answer:
    """Show an object as it was at a time."""
    place = await place_of(twin, call)
    told = await twin.history.at(place, time_of(call.path["time"]))
    return Answer(_version_json(place, call, told))


async def read_difference(twin: Twin, call: Call) -> Answer:
    """Show what differs between two versions."""
    place = await place_of(twin, call)
    if "from" not in call.query:
        raise InvalidParam("from: name the version to compare with, by its event ID.")
    changes = await twin.earlier.difference(place, call.query["from"], call.query.get("to"))
    return Answer({"changes": [_bounded(each.as_json()) for each in changes]})


async def revert(twin: Twin, call: Call) -> Answer:
    """Write a new version with the content of an earlier one."""
    place = await place_of(twin, call)
    written = await twin.earlier.revert(
        place, call.body["event_id"], call.if_match, call.experience
    )
    await twin.projector.catch_up()
    return Answer(written_json(written, call.path["capability"]), etag=written.event_id)


def _version_json(place: Place, call: Call, told: Told) -> dict[str, Any]:
    return {
        "room_id": place.room_id,
        "capability": call.path["capability"],
        "type": place.type,
        "uid": place.uid,
        **told.as_json(),
        "content": plain(told.event.content) if told.event else {},
    }


def _bounded(change: dict[str, Any]) -> dict[str, Any]:
    """Leave out texts that are too long to be shown as they were."""
    return {
        name: value
        for name, value in change.items()
        if name not in ("before", "after") or not isinstance(value, str) or len(value) <= MOST_VALUE
    }


def _read_token(token: str) -> tuple[int, str]:
    found = re.fullmatch(r"(-?\d{1,18})_(\$[!-~]{1,254})", token, re.ASCII)
    if found is None:
        raise InvalidParam("from: this is not a token that a page before handed out.")
    return int(found[1]), found[2]


def time_of(text: str) -> int:
    """Return a time in milliseconds since 1970.

    Args:
        text: such a number, or a date and time with its offset (RFC 3339).

    Raises:
        InvalidParam: it is neither.
    """
    if re.fullmatch(r"\d{1,16}", text, re.ASCII):
        ms = int(text)
        if ms < LARGEST_MS:
            return ms
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
    except (ValueError, OverflowError):
        pass
    raise InvalidParam(
        "The time has to be milliseconds since 1970, or like 2026-12-24T18:00:00Z (RFC 3339)."
    )


def _meanings(words: Mapping[Any, str]) -> dict[str, Any]:
    return {
        "enum": list(words),
        "description": " ".join(f"{word}: {meaning}" for word, meaning in words.items()),
    }


VERSION: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["event_id", "sender", "server", "time", "status", "current", "removed", "title"],
    "properties": {
        "sender": {"type": ["string", "null"]},
        "time": {
            "type": ["integer", "null"],
            "description": "Milliseconds since 1970, as the sender's server claims.",
        },
        "status": _meanings(STATUSES),
        "why": _meanings(WHYS),
        "title": {"type": ["string", "null"]},
        "parents": {
            "type": "array",
            "items": {"type": "string"},
            "description": "What its writer had seen: the version it was made on, then those that it took in.",
        },
        "changes": {
            "type": "array",
            "description": "To its first parent. Long values are left out; a diff has them.",
        },
        "experience": {
            "type": "string",
            "description": "The app that wrote it, as it says itself.",
        },
        "clashes": {
            "type": "array",
            "description": "What was decided against when it was merged; absent where that can't be worked out.",
        },
    },
}
"""JSON Schema of a version."""
_SHOWN: Final = {**VERSION, "required": [*VERSION["required"], "content"]}
_PATH: Final = "/rooms/{room_id}/{capability}/{uid}"
_EVENT_ID: Final = {"type": "string", "pattern": "^\\$[^\\s]+$", "maxLength": 255}

ROUTES: Final[Sequence[Route]] = (
    Route(
        method="GET",
        path=f"{_PATH}/history",
        summary="The versions of an object, newest first: who, when, what changed, what became of it",
        handler=read_history,
        query={
            "limit": {"type": "integer", "minimum": 1, "maximum": MOST, "default": 50},
            "from": {"type": "string", "description": "The `next_batch` of the page before."},
        },
        answer={
            "type": "object",
            "required": ["versions", "complete"],
            "properties": {
                "versions": {"type": "array", "items": VERSION},
                "complete": {
                    "type": "boolean",
                    "description": "Whether this twin has every version that these name.",
                },
                "next_batch": {
                    "type": "string",
                    "description": "The `from` of the next page; absent at the end.",
                },
            },
        },
    ),
    Route(
        method="GET",
        path=f"{_PATH}/history/{{event_id}}",
        summary="One version with its content",
        handler=read_version,
        answer=_SHOWN,
    ),
    Route(
        method="GET",
        path=f"{_PATH}/history/{{event_id}}/text",
        summary="The text of one version, checked against its hash",
        handler=read_version_text,
        answer={"type": "string"},
        media_type="text/markdown",
    ),
    Route(
        method="GET",
        path=f"{_PATH}/at/{{time}}",
        summary="An object as it was at a time: RFC 3339, or milliseconds since 1970",
        handler=read_at,
        answer=_SHOWN,
    ),
    Route(
        method="GET",
        path=f"{_PATH}/diff",
        summary="What differs between two versions",
        handler=read_difference,
        query={
            "from": {"type": "string", "description": "The event ID of the one before."},
            "to": {"type": "string", "description": "Of the one after; absent, the current one."},
        },
        answer={
            "type": "object",
            "required": ["changes"],
            "properties": {"changes": {"type": "array"}},
        },
    ),
    Route(
        method="POST",
        path=f"{_PATH}/revert",
        summary="Put an earlier version back, as a new one",
        handler=revert,
        body={
            "type": "object",
            "properties": {"event_id": _EVENT_ID},
            "required": ["event_id"],
            "additionalProperties": False,
        },
        answer=WRITTEN,
        conditional=True,
        stamped=True,
    ),
)
