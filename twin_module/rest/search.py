"""Full-text search over everything that the twin holds, and over chats where the owner wants that."""

import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring as _quoted
from typing import Any, Final

from twin_module.core.errors import InvalidParam
from twin_module.core.matrix_uri import event_uri
from twin_module.core.ports import Cursor, Message, MessageQuestion
from twin_module.core.search import (
    MAX_ASKED,
    MAX_WORDS,
    Part,
    Wanted,
    asked,
    composed,
    excerpt,
    marked,
)
from twin_module.engine import search
from twin_module.engine.search import Found, Question
from twin_module.engine.search_messages import find_messages
from twin_module.engine.store import SHOWN_COLUMNS
from twin_module.engine.tokens import NUMBER, read_token, write_token
from twin_module.engine.twin import Twin
from twin_module.rest.asked import limit_of
from twin_module.rest.route import Answer, Call, Route
from twin_module.rest.shown import OBJECT, capability_names, row_text

USUAL: Final = 20
MOST_MESSAGES: Final = 50
_BOOLEANS: Final = ("false", "true")
_DIGITS: Final = 15
"""Of 2^53, up to which numbers in JSON are exact."""


async def find_objects(twin: Twin, call: Call) -> Answer:
    """Search for objects by words of their titles and texts."""
    question = await _question(twin, call)
    wanted, names = Wanted(question.words), capability_names(twin)

    def work(cursor: Cursor) -> str:
        page = search.run(cursor, question, SHOWN_COLUMNS)
        results = ",".join(_result(each, names, wanted) for each in page.found)
        further = f',"next_batch":{json.dumps(page.next)}' if page.next else ""
        return f'{{"results":[{results}]{further}}}'

    return Answer(await twin.homeserver.transact("twin_search", work))


def _result(found: Found, names: Mapping[str, str], wanted: Wanted) -> str:
    _, event_type, *_, title, _, _ = row = found.columns
    part = _parts_text(excerpt(found.text, wanted))
    title_parts = _parts_text(marked(composed(title or ""), wanted))
    shown = row_text(row, names[event_type])[:-1]
    return f'{shown},"excerpt":{part},"title_parts":{title_parts}}}'


async def find_in_chats(twin: Twin, call: Call) -> Answer:
    """Search for messages by their words."""
    text, room_id, after = call.query.get("q", ""), call.query.get("room_id"), None
    wanted = Wanted(asked(text))
    if room_id is not None:
        await twin.joined_room(room_id)
    if "from" in call.query:
        ts, order = read_token(call.query["from"], NUMBER, NUMBER)
        after = ts, order
    since, until = _times(call, "sent")
    page = await find_messages(
        twin.homeserver,
        twin.settings,
        MessageQuestion(
            text,
            room_id=room_id,
            sender=call.query.get("sender"),
            since=since,
            until=until,
            limit=limit_of(call, MOST_MESSAGES, USUAL),
            after=after,
        ),
    )
    body: dict[str, Any] = {"messages": [_message(each, wanted) for each in page.messages]}
    if page.next:
        body["next_batch"] = write_token(page.next)
    return Answer(body)


def _message(each: Message, wanted: Wanted) -> Mapping[str, Any]:
    return {
        "room_id": each.room_id,
        "event_id": each.event_id,
        "uri": event_uri(each.room_id, each.event_id),
        "sender": each.sender,
        "sent": each.origin_server_ts,
        "excerpt": [part._asdict() for part in excerpt(composed(each.text), wanted)],
    }


def _parts_text(parts: Sequence[Part]) -> str:
    texts = [f'{{"match":{_BOOLEANS[match]},"text":{_quoted(text)}}}' for text, match in parts]
    return f"[{','.join(texts)}]"


async def _question(twin: Twin, call: Call) -> Question:
    words = asked(call.query.get("q", ""))
    named, room_id = call.query.get("capability"), call.query.get("room_id")
    if room_id is not None:
        await twin.joined_room(room_id)
    capabilities = [twin.commands.capability(named)] if named else twin.capabilities
    since, until = _times(call, "updated")
    return Question(
        words,
        [each.event_type.type for each in capabilities],
        room_id,
        limit_of(call, search.MOST, USUAL),
        call.query.get("from"),
        call.query.get("sender"),
        since,
        until,
    )


def _times(call: Call, name: str) -> tuple[int | None, int | None]:
    """Return from when and before when something has to be, as a call says.

    Raises:
        InvalidParam: it is no time.
    """
    return _time(call, f"{name}.gte"), _time(call, f"{name}.lt")


def _time(call: Call, name: str) -> int | None:
    text = call.query.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS:
        raise InvalidParam(f"{name}: this has to be a time in milliseconds since 1970.")
    return int(text)


_PARTS: Final[Mapping[str, Any]] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["text", "match"],
        "properties": {
            "text": {"type": "string"},
            "match": {
                "type": "boolean",
                "description": "Whether this is a word that was searched for.",
            },
        },
    },
}
_EXCERPT: Final[Mapping[str, Any]] = {
    **_PARTS,
    "description": "A short part of the text around the first word that was found, as"
    " plain text; the beginning where no word was found in it.",
}
_OBJECT: Final[Mapping[str, Any]] = OBJECT
_RESULT: Final[Mapping[str, Any]] = {
    **_OBJECT,
    "required": [*_OBJECT["required"], "title_parts", "excerpt"],
    "properties": {
        **_OBJECT["properties"],
        "title_parts": {**_PARTS, "description": "The whole title, as plain text."},
        "excerpt": _EXCERPT,
    },
}
_MESSAGE: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["room_id", "event_id", "uri", "sender", "sent", "excerpt"],
    "properties": {
        "room_id": {"type": "string"},
        "event_id": {"type": "string"},
        "uri": {"type": "string", "description": "As Matrix clients open it."},
        "sender": {"type": "string"},
        "sent": {"type": "integer", "description": "Milliseconds since 1970."},
        "excerpt": _EXCERPT,
    },
}
_NEXT: Final[Mapping[str, Any]] = {
    "type": "string",
    "description": "The `from` of the next page; absent at the end.",
}
_FROM: Final[Mapping[str, Any]] = {
    "type": "string",
    "description": "The `next_batch` of the page before.",
}
_Q: Final[Mapping[str, Any]] = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_ASKED,
    "description": f"Up to {MAX_WORDS} words, all of which have to be there; each also finds words"
    " that begin with it, and other forms of it in German and English. Case and accents don't"
    " matter.",
}


def _when(what: str, edge: str) -> Mapping[str, Any]:
    return {
        "type": "integer",
        "minimum": 0,
        "description": f"Only {what} {edge}, in ms since 1970.",
    }


_QUERY: Final[Mapping[str, Mapping[str, Any]]] = {
    "q": _Q,
    "capability": {"type": "string", "description": "Only objects of this capability."},
    "room_id": {"type": "string", "description": "Only objects of this room."},
    "sender": {
        "type": "string",
        "description": "Only objects that this Matrix ID wrote last.",
    },
    "updated.gte": _when("objects", "that were written last at this time or later"),
    "updated.lt": _when("objects", "that were written last before this time"),
    "limit": {"type": "integer", "minimum": 1, "maximum": search.MOST, "default": USUAL},
    "from": _FROM,
}
_MESSAGE_QUERY: Final[Mapping[str, Mapping[str, Any]]] = {
    "q": _Q,
    "room_id": {"type": "string", "description": "Only messages of this room."},
    "sender": {"type": "string", "description": "Only messages of this Matrix ID."},
    "sent.gte": _when("messages", "that were sent at this time or later"),
    "sent.lt": _when("messages", "that were sent before this time"),
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST_MESSAGES, "default": USUAL},
    "from": _FROM,
}

ROUTES: Final[Sequence[Route]] = (
    Route(
        method="GET",
        path="/search",
        summary="Search titles and texts of all rooms, best first",
        handler=find_objects,
        query=_QUERY,
        answer={
            "type": "object",
            "required": ["results"],
            "properties": {"results": {"type": "array", "items": _RESULT}, "next_batch": _NEXT},
        },
    ),
    Route(
        method="GET",
        path="/search/messages",
        summary="Search messages of unencrypted chats, newest first, where the settings allow it",
        handler=find_in_chats,
        query=_MESSAGE_QUERY,
        answer={
            "type": "object",
            "required": ["messages"],
            "properties": {"messages": {"type": "array", "items": _MESSAGE}, "next_batch": _NEXT},
        },
    ),
)
