"""Full-text search over everything that the twin holds."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from twin_module.core.ports import Cursor
from twin_module.core.search import MAX_ASKED, MAX_WORDS, Part, asked, excerpt
from twin_module.engine import search, store
from twin_module.engine.search import Found, Page, Question
from twin_module.engine.store import Record
from twin_module.engine.twin import Twin
from twin_module.rest.asked import limit_of
from twin_module.rest.route import Answer, Call, Route
from twin_module.rest.shown import OBJECT, capability_names, object_json

USUAL: Final = 20


async def find_objects(twin: Twin, call: Call) -> Answer:
    """Search for objects by words of their titles and texts."""
    question = await _question(twin, call)

    def work(cursor: Cursor) -> tuple[Page, Sequence[tuple[Record, Sequence[Part]]]]:
        page = search.run(cursor, question)
        return page, [
            (record, excerpt(each.text, question.words))
            for each in page.found
            if (record := _record(cursor, each)) is not None
        ]

    page, found = await twin.homeserver.transact("twin_search", work)
    names = capability_names(twin)
    body: dict[str, Any] = {
        "results": [
            {
                **object_json(record, names[record.type]),
                "excerpt": [{"text": part.text, "match": part.match} for part in parts],
            }
            for record, parts in found
        ]
    }
    if page.next:
        body["next_batch"] = page.next
    return Answer(body)


async def _question(twin: Twin, call: Call) -> Question:
    words = asked(call.query.get("q", ""))
    named, room_id = call.query.get("capability"), call.query.get("room_id")
    if room_id is not None:
        await twin.joined_room(room_id)
    capabilities = [twin.commands.capability(named)] if named else twin.capabilities
    return Question(
        words,
        [each.event_type.type for each in capabilities],
        room_id,
        limit_of(call, search.MOST, USUAL),
        call.query.get("from"),
    )


def _record(cursor: Cursor, each: Found) -> Record | None:
    return store.read_object(cursor, each.place.room_id, *each.place.key)


_OBJECT: Final[Mapping[str, Any]] = OBJECT
_RESULT: Final[Mapping[str, Any]] = {
    **_OBJECT,
    "required": [*_OBJECT["required"], "excerpt"],
    "properties": {
        **_OBJECT["properties"],
        "excerpt": {
            "type": "array",
            "description": "A short part of the text around the first word that was found, as"
            " plain text; the beginning where no word was found in it.",
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
        },
    },
}
_QUERY: Final[Mapping[str, Mapping[str, Any]]] = {
    "q": {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_ASKED,
        "description": f"Up to {MAX_WORDS} words, all of which an object has to have; each also"
        " finds words that begin with it. Case and accents don't matter.",
    },
    "capability": {"type": "string", "description": "Only objects of this capability."},
    "room_id": {"type": "string", "description": "Only objects of this room."},
    "limit": {"type": "integer", "minimum": 1, "maximum": search.MOST, "default": USUAL},
    "from": {"type": "string", "description": "The `next_batch` of the page before."},
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
            "properties": {
                "results": {"type": "array", "items": _RESULT},
                "next_batch": {
                    "type": "string",
                    "description": "The `from` of the next page; absent at the end.",
                },
            },
        },
    ),
)
