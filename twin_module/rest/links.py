"""Published links: for their owner to make and take back, and for strangers to open."""

from collections.abc import Sequence
from typing import Any, Final

from twin_module.core.errors import InvalidParam, NotFound
from twin_module.core.published import published_content, sight, text_lies_elsewhere
from twin_module.core.state import plain
from twin_module.engine.links import MOST_OBJECTS, Listed, Opened, nothing
from twin_module.engine.proofs import Proofs
from twin_module.engine.store import Record
from twin_module.engine.twin import Twin
from twin_module.rest.asked import limit_of
from twin_module.rest.history import time_of
from twin_module.rest.openapi import PREFIX
from twin_module.rest.published_files import FILES
from twin_module.rest.route import Answer, Call, Route

# For the owner


async def create_link(twin: Twin, call: Call) -> Answer:
    """Publish an object, or with neither `capability` nor `uid` all objects of a collection.

    Whoever has the token reads it without an account, until the link is taken back or is over.
    Only who made a room and its admins may publish what is in it. `docs/publishing.md` says what
    is shown, and what its proof shows.
    """
    body = call.body
    room = await twin.joined_room(body["room_id"])
    if ("capability" in body) != ("uid" in body):
        raise InvalidParam(
            "An object is named by capability and uid; without both, the whole collection is meant."
        )
    expires = time_of(str(body["expires"])) if "expires" in body else None
    listed = await twin.links.publish(room, body.get("capability"), body.get("uid"), expires)
    return Answer(_listed_json(twin, listed))


async def list_links(twin: Twin, call: Call) -> Answer:
    """List all links, newest first; `note` says of a link that opens nothing why.

    Keep the answer to yourself: who has a token can open the link.
    """
    return Answer({"links": [_listed_json(twin, each) for each in await twin.links.listed()]})


async def revoke_link(twin: Twin, call: Call) -> Answer:
    """Take a link back; what was seen through it can't be."""
    await twin.links.revoke(call.path["id"])
    return Answer({})


def _listed_json(twin: Twin, listed: Listed) -> dict[str, Any]:
    link = listed.link
    shown: dict[str, Any] = {"id": link.id, "room_id": link.room_id}
    if link.type is not None:
        shown |= {"capability": twin.links.name_of(link.type), "uid": link.uid}
    shown |= {"title": listed.title, "made": link.made}
    if link.expires is not None:
        shown["expires"] = link.expires
    shown["token"] = link.token
    if link.widget is not None:
        shown["widget"] = True
    for kind, name in () if link.widget is not None else FILES.items():
        if link.type is None or link.type in twin.published_files.types(kind):
            shown[kind] = f"{PREFIX}/published/{link.token}/{name}"
    return {**shown, "note": listed.note} if listed.note is not None else shown


# For strangers


async def read_published(twin: Twin, call: Call) -> Answer:
    """Show what a link opens, as it is now: an object, or a page of a collection's objects.

    Every token that opens nothing gets the same `404`. The `link` is signed by the twin's server;
    what it `opens` stands there as a hash.
    """
    opened = await twin.links.opened(call.path["token"])
    if opened.link.type is not None:
        return await _object_answer(twin, opened, await twin.links.object(opened))
    page = await twin.links.page(opened, limit_of(call, MOST_OBJECTS), call.query.get("from"))
    body = {
        **await _about(twin, opened),
        "collection": {"name": opened.room.name, "topic": opened.room.topic},
        "objects": [published_json(twin, each) for each in page.records],
        "schemas": {
            twin.links.name_of(each): twin.links.kind(each).event_type.shape.schema
            for each in sorted({record.type for record in page.records})
        },
    }
    return Answer(body if page.next is None else {**body, "next_batch": page.next})


async def read_published_object(twin: Twin, call: Call) -> Answer:
    """Show one object of a published collection."""
    opened, record = await _opened(twin, call)
    return await _object_answer(twin, opened, record)


async def read_published_text(twin: Twin, call: Call) -> Answer:
    """Send the text of a published object.

    No other server is asked for it: a long text of somebody else's is there once this twin has it.
    """
    _, record = await _whole(twin, call)
    try:
        text, mimetype = await twin.writer.text(record.event(), ask=False)
    except NotFound:
        raise NotFound("It has no text, or this twin does not have it yet.") from None
    etag = record.event().event_id
    return Answer(text.encode(), etag=etag, content_type=f"{mimetype}; charset=utf-8")


async def read_published_proof(twin: Twin, call: Call) -> Answer:
    """Prove a published object, as it is shown.

    A proof is the whole event: it shows the room's ID, and of a merge the versions that it merged.
    """
    _, record = await _whole(twin, call)
    event_id = record.event().event_id
    proofs = Proofs(twin.homeserver, ask="never")
    bundle = await proofs.bundle(record.room_id, record.type, record.uid, event_id)
    return Answer(bundle, etag=event_id)


async def _opened(twin: Twin, call: Call) -> tuple[Opened, Record]:
    opened = await twin.links.opened(call.path["token"])
    named = call.path.get("capability"), call.path.get("uid")
    return opened, await twin.links.object(opened, *named)


async def _whole(twin: Twin, call: Call) -> tuple[Opened, Record]:
    """Return an object that is shown whole: there is no part of a text or of a proof."""
    opened, record = await _opened(twin, call)
    if sight(record.event().content) != "whole":
        raise nothing()
    return opened, record


async def _object_answer(twin: Twin, opened: Opened, record: Record) -> Answer:
    body = {
        **await _about(twin, opened),
        "object": published_json(twin, record),
        "schema": twin.links.kind(record.type).event_type.shape.schema,
    }
    return Answer(body, etag=record.event().event_id)


async def _about(twin: Twin, opened: Opened) -> dict[str, Any]:
    server = twin.homeserver.server_name
    name = (await twin.homeserver.profile()).get("displayname")
    return {
        "link": opened.link.signed(server),
        "twin": {
            "owner": twin.homeserver.owner,
            "server_name": server,
            **({"displayname": name} if isinstance(name, str) else {}),
        },
    }


def published_json(twin: Twin, record: Record) -> dict[str, Any]:
    """Return an object as strangers see it: what the last version that fitted says, and who wrote it."""
    event, kind = record.event(), twin.links.kind(record.type)
    content = plain(event.content)
    shown = {
        "capability": kind.name,
        "type": event.type,
        "uid": event.state_key,
        "etag": event.event_id,
        "sender": event.sender,
        "updated": event.origin_server_ts,
        "title": (record.title or "") if sight(content) == "whole" else "",
        "content": published_content(kind.event_type, content),
    }
    return {**shown, "long_text": True} if text_lies_elsewhere(kind.event_type, content) else shown


_LINK: Final = {
    "type": "object",
    "required": ["id", "room_id", "title", "made", "token"],
    "properties": {
        "capability": {"type": "string"},
        "uid": {"type": "string"},
        "made": {"type": "integer", "description": "Milliseconds since 1970."},
        "expires": {"type": "integer", "description": "Milliseconds since 1970."},
        "note": {"type": "string", "description": "Why it opens nothing now."},
        "widget": {
            "const": True,
            "description": "It opens in the widget of its room alone, until that is withdrawn.",
        },
        "calendar": {
            "type": "string",
            "description": "Where calendar apps subscribe to it, behind the twin's address.",
        },
        "contacts": {
            "type": "string",
            "description": "Where its contacts are, behind the twin's address.",
        },
    },
}
_OBJECT: Final = {
    "type": "object",
    "required": ["capability", "type", "uid", "etag", "sender", "updated", "title", "content"],
    "properties": {
        "long_text": {
            "const": True,
            "description": "The text is not in the content; ask for it by itself.",
        }
    },
    "not": {"required": ["room_id"]},
}
_ABOUT: Final = {
    "link": {"type": "object", "required": ["format", "id", "opens", "made", "signatures"]},
    "twin": {"type": "object", "required": ["owner", "server_name"]},
}
_ONE: Final = {
    "type": "object",
    "required": ["link", "twin", "object", "schema"],
    "properties": {**_ABOUT, "object": _OBJECT, "schema": {"type": "object"}},
}
_EITHER: Final = {
    "type": "object",
    "required": ["link", "twin"],
    "properties": {
        **_ABOUT,
        "object": {**_OBJECT, "description": "The object that was published."},
        "schema": {"type": "object"},
        "collection": {"type": "object", "required": ["name", "topic"]},
        "objects": {"type": "array", "items": _OBJECT},
        "schemas": {"type": "object"},
        "next_batch": {
            "type": "string",
            "description": "The `from` of the next page; absent at the end.",
        },
    },
    "oneOf": [{"required": ["object", "schema"]}, {"required": ["collection", "objects"]}],
}
_PROOF: Final = {"type": "object", "required": ["format", "event_id", "event", "parents", "keys"]}
_WHOLE: Final = "/published/{token}"
_INNER: Final = "/published/{token}/{capability}/{uid}"

ROUTES: Final[Sequence[Route]] = (
    Route(
        method="POST",
        path="/links",
        summary="Publish an object or a collection by a link that needs no account",
        handler=create_link,
        body={
            "type": "object",
            "properties": {
                "room_id": {
                    "type": "string",
                    "pattern": "^!",
                    "maxLength": 255,
                    "description": "The room that it is in.",
                },
                "capability": {"type": "string", "description": "Of the object."},
                "uid": {"type": "string", "maxLength": 255, "description": "The object."},
                "expires": {
                    "type": ["string", "integer"],
                    "description": "When the link is over: RFC 3339, or milliseconds since 1970.",
                },
            },
            "required": ["room_id"],
            "additionalProperties": False,
        },
        answer=_LINK,
        status=201,
    ),
    Route(
        method="GET",
        path="/links",
        summary="The links that were published, with their tokens",
        handler=list_links,
        answer={
            "type": "object",
            "required": ["links"],
            "properties": {"links": {"type": "array", "items": _LINK}},
        },
    ),
    Route(
        method="DELETE",
        path="/links/{id}",
        summary="Take a link back",
        handler=revoke_link,
    ),
    Route(
        method="GET",
        path=_WHOLE,
        summary="What a link opens",
        handler=read_published,
        public=True,
        for_strangers=True,
        query={
            "limit": {"type": "integer", "minimum": 1, "maximum": MOST_OBJECTS, "default": 50},
            "from": {"type": "string", "description": "The `next_batch` of the page before."},
        },
        answer=_EITHER,
    ),
    Route(
        method="GET",
        path=_INNER,
        summary="An object of a published collection",
        handler=read_published_object,
        public=True,
        for_strangers=True,
        answer=_ONE,
    ),
    *(
        Route(
            method="GET",
            path=f"{path}/text",
            summary=f"The text of {what}",
            handler=read_published_text,
            public=True,
            for_strangers=True,
            answer={"type": "string"},
            media_type="text/markdown",
        )
        for path, what in ((_WHOLE, "a published object"), (_INNER, "one of a collection"))
    ),
    *(
        Route(
            method="GET",
            path=f"{path}/proof",
            summary=f"The proof of {what}, which a stranger can verify offline",
            handler=read_published_proof,
            public=True,
            for_strangers=True,
            answer=_PROOF,
        )
        for path, what in ((_WHOLE, "a published object"), (_INNER, "one of a collection"))
    ),
)
