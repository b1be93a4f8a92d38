"""The people whom the owner has something to do with."""

from collections.abc import Mapping
from typing import Any, Final

from twin_module.engine.twin import Twin
from twin_module.rest.route import Answer, Call, Route

BECAUSE: Final = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "circle": {"type": "string"},
            "name": {"type": ["string", "null"]},
            "invited": {"const": True},
            "creator": {"const": True},
        },
        "oneOf": [{"required": [each]} for each in ("circle", "invited", "creator")],
    },
}


async def list_people(twin: Twin, call: Call) -> Answer:
    """List everybody who is in a circle or a collection with the owner, by name.

    Also who is only invited, or declared in a circle and not reached yet. `membership` is `join`
    of who is in something, `invite` of who has not answered, and `leave` of who left all of it. In
    a circle, `leave` is who belongs to it and is not there: not reached yet, or gone again.
    `shared` has the collections that they are in or were asked into, and `shares` what all circles
    may do in which collections.
    """
    return Answer(
        {
            "people": [each.as_json() for each in await twin.people.everyone()],
            "shares": [each.as_json() for each in await twin.people.shares()],
        }
    )


async def read_person(twin: Twin, call: Call) -> Answer:
    """Show somebody with every circle and collection that they see, and why they see it.

    Each of `because` is one reason: `{"circle": room_id, "name": …}`, `{"invited": true}` for who
    was asked in by hand, `{"creator": true}` for who made the room. A circle without a name is one
    that this twin can't see into; where there are several of those, at least one is the reason.
    """
    person, reaches = await twin.people.one(call.path["user_id"])
    return Answer({**person.as_json(), "reaches": [each.as_json() for each in reaches]})


_MEMBERSHIP: Final = {"enum": ["join", "invite", "leave"]}
_FIELDS: Final = ("user_id", "displayname", "circles", "collections", "membership", "shared")
_PERSON: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": list(_FIELDS),
    "properties": {
        "user_id": {"type": "string"},
        "displayname": {"type": ["string", "null"]},
        "circles": {
            "type": "array",
            "items": {"type": "object", "required": ["room_id", "name", "role", "membership"]},
        },
        "collections": {"type": "integer"},
        "membership": _MEMBERSHIP,
        "shared": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["room_id", "membership"],
                "properties": {"membership": _MEMBERSHIP},
            },
        },
    },
}
_REACH: Final = {
    "type": "object",
    "required": ["room_id", "kind", "name", "role", "membership", "because"],
    "properties": {"because": BECAUSE},
}

ROUTES: Final = (
    Route(
        method="GET",
        path="/people",
        summary="Everybody who is in a circle or a collection with the owner",
        handler=list_people,
        answer={
            "type": "object",
            "required": ["people", "shares"],
            "properties": {
                "people": {"type": "array", "items": _PERSON},
                "shares": {
                    "type": "array",
                    "items": {"type": "object", "required": ["circle", "room_id", "role"]},
                },
            },
        },
    ),
    Route(
        method="GET",
        path="/people/{user_id}",
        summary="Somebody, with every circle and collection that they see, and why",
        handler=read_person,
        answer={
            "type": "object",
            "required": [*_FIELDS, "reaches"],
            "properties": {
                **_PERSON["properties"],
                "reaches": {"type": "array", "items": _REACH},
            },
        },
    ),
)
