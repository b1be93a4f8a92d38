"""Collections, invitations and settings."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from twin_module.core import layout
from twin_module.core.authority import membership_of, role_of
from twin_module.core.effects import Put
from twin_module.core.errors import Forbidden, NotFound
from twin_module.core.layout import Kind
from twin_module.core.state import StateMap, content_of, frozen
from twin_module.engine import store
from twin_module.engine.settings import SCHEMA as SETTINGS_SCHEMA
from twin_module.engine.store import Room
from twin_module.engine.twin import Twin
from twin_module.rest.people import BECAUSE
from twin_module.rest.route import Answer, Call, Route
from twin_module.rooms.circles import Reason

_NAME: Final = {"type": "string", "minLength": 1, "maxLength": 255}
_TOPIC: Final = {"type": "string", "maxLength": 1000}


def room_json(room: Room) -> dict[str, Any]:
    """Return a room as the API shows it."""
    shown: dict[str, Any] = {
        "room_id": room.room_id,
        "kind": room.kind,
        "membership": room.membership,
        "name": room.name,
        "topic": room.topic,
        "creator": room.creator,
        "role": room.role,
    }
    return {**shown, "inviter": room.inviter} if room.inviter else shown


async def _rooms(twin: Twin, membership: str) -> list[Room]:
    return await twin.homeserver.transact(
        "twin_rooms", lambda cursor: store.read_rooms(cursor, membership)
    )


async def list_collections(twin: Twin, call: Call) -> Answer:
    """List the collections, and with `kind` the circles or any other rooms."""
    wanted = call.query.get("kind", Kind.COLLECTION.value)
    return Answer(
        {
            "collections": [
                room_json(room) for room in await _rooms(twin, "join") if room.kind == wanted
            ]
        }
    )


async def create_collection(twin: Twin, call: Call) -> Answer:
    """Make a collection."""
    room_id = await twin.make_collection(call.body["name"], call.body.get("topic", ""))
    return Answer(room_json(await twin.joined_room(room_id)), status=201)


async def read_collection(twin: Twin, call: Call) -> Answer:
    """Show a room with its members, and with which circles it is shared.

    `because` says why a member is in it or invited, as in `GET /people/{user_id}`.
    """
    room = await twin.joined_room(call.path["room_id"])
    state = await twin.homeserver.state(
        room.room_id,
        [
            ("m.room.create", ""),
            ("m.room.power_levels", ""),
            ("m.room.join_rules", ""),
            ("m.room.member", None),
            (layout.SHARE, None),
        ],
    )
    why = await twin.people.reasons(room.room_id, state)
    members = _members(state, why, twin.homeserver.voice)
    return Answer({**room_json(room), "members": members, "shares": _shares(state)})


def _members(
    state: StateMap, why: Mapping[str, Sequence[Reason]], voice: str
) -> list[dict[str, Any]]:
    """Return who is in a room; the twin's own voice is nobody."""
    people = sorted(user for kind, user in state if kind == "m.room.member" and user != voice)
    return [
        {
            "user_id": user,
            "membership": membership_of(state, user),
            "role": role_of(state, user),
            "displayname": _displayname(state, user),
            "because": [each.as_json() for each in why.get(user, ())],
        }
        for user in people
    ]


def _displayname(state: StateMap, user: str) -> str | None:
    name = content_of(state, "m.room.member", user).get("displayname")
    return name[:255] if isinstance(name, str) else None


def _shares(state: StateMap) -> list[dict[str, str]]:
    return [
        {"circle": circle, "role": str(event.content["role"])}
        for (kind, circle), event in sorted(state.items(), key=lambda item: item[0])
        if kind == layout.SHARE and isinstance(event.content.get("role"), str)
    ]


async def change_collection(twin: Twin, call: Call) -> Answer:
    """Give a collection another name or topic."""
    room = await twin.joined_room(call.path["room_id"])
    puts = []
    if "name" in call.body:
        puts.append(Put("m.room.name", "", frozen({"name": call.body["name"]})))
    if "topic" in call.body:
        puts.append(Put("m.room.topic", "", frozen({"topic": call.body["topic"]})))
    await twin.writer.write(room.room_id, puts)
    await twin.projector.catch_up()
    return Answer(room_json(await twin.joined_room(room.room_id)))


async def leave_collection(twin: Twin, call: Call) -> Answer:
    """Leave a room; who made it and is its last owner keeps nothing of it."""
    room = await twin.joined_room(call.path["room_id"])
    if room.kind == Kind.INDEX.value:
        raise Forbidden("This room is the twin's own index; the twin can't leave it.")
    await twin.homeserver.set_membership(room.room_id, twin.homeserver.owner, "leave", "")
    await twin.projector.catch_up()
    return Answer({})


async def list_invitations(twin: Twin, call: Call) -> Answer:
    """List what others want to share."""
    kinds = (Kind.COLLECTION.value, Kind.CIRCLE.value)
    await twin.projector.catch_up()
    return Answer(
        {
            "invitations": [
                room_json(room) for room in await _rooms(twin, "invite") if room.kind in kinds
            ]
        }
    )


async def _invitation(twin: Twin, room_id: str) -> Room:
    room = await twin.homeserver.transact(
        "twin_room", lambda cursor: store.read_room(cursor, room_id)
    )
    if room is None or room.membership != "invite":
        raise NotFound(f"There is no invitation to {room_id}.")
    return room


async def accept_invitation(twin: Twin, call: Call) -> Answer:
    """Join what somebody shares."""
    room = await _invitation(twin, call.path["room_id"])
    via = [server for server in ((room.inviter or "").partition(":")[2],) if server]
    await twin.homeserver.set_membership(room.room_id, twin.homeserver.owner, "join", "", via)
    await twin.projector.catch_up()
    return Answer(room_json(await twin.joined_room(room.room_id)))


async def decline_invitation(twin: Twin, call: Call) -> Answer:
    """Say no to an invitation."""
    room = await _invitation(twin, call.path["room_id"])
    await twin.homeserver.set_membership(room.room_id, twin.homeserver.owner, "leave", "")
    await twin.projector.catch_up()
    return Answer({})


async def read_settings(twin: Twin, call: Call) -> Answer:
    """Show the owner's settings."""
    return Answer((await twin.settings.read()).as_json())


async def write_settings(twin: Twin, call: Call) -> Answer:
    """Store the owner's settings; what is not named goes back to its default."""
    wishes = await twin.settings.write(call.body)
    await twin.reconciler.touch_all()
    twin.wake()
    return Answer(wishes.as_json())


_ROOM: Final = {
    "type": "object",
    "required": ["room_id", "kind", "membership", "name", "topic", "creator", "role"],
}

ROUTES: Final = (
    Route(
        method="GET",
        path="/collections",
        summary="The collections, or with `kind` other rooms of the twin",
        handler=list_collections,
        query={"kind": {"enum": [kind.value for kind in Kind]}},
        answer={"type": "object", "properties": {"collections": {"type": "array", "items": _ROOM}}},
    ),
    Route(
        method="POST",
        path="/collections",
        summary="Make a collection",
        handler=create_collection,
        body={
            "type": "object",
            "properties": {"name": _NAME, "topic": _TOPIC},
            "required": ["name"],
            "additionalProperties": False,
        },
        answer=_ROOM,
        status=201,
    ),
    Route(
        method="GET",
        path="/collections/{room_id}",
        summary="A collection, circle or other room, with its members and shares",
        handler=read_collection,
        answer={
            **_ROOM,
            "required": [*_ROOM["required"], "members", "shares"],
            "properties": {
                "members": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["user_id", "membership", "role", "displayname", "because"],
                        "properties": {"because": BECAUSE},
                    },
                }
            },
        },
    ),
    Route(
        method="PATCH",
        path="/collections/{room_id}",
        summary="Give a collection another name or topic",
        handler=change_collection,
        body={
            "type": "object",
            "properties": {"name": _NAME, "topic": _TOPIC},
            "minProperties": 1,
            "additionalProperties": False,
        },
        answer=_ROOM,
    ),
    Route(
        method="POST",
        path="/collections/{room_id}/leave",
        summary="Leave a collection or a circle",
        handler=leave_collection,
    ),
    Route(
        method="GET",
        path="/invitations",
        summary="What others want to share",
        handler=list_invitations,
        answer={"type": "object", "properties": {"invitations": {"type": "array", "items": _ROOM}}},
    ),
    Route(
        method="POST",
        path="/invitations/{room_id}/accept",
        summary="Join what somebody shares",
        handler=accept_invitation,
        answer=_ROOM,
    ),
    Route(
        method="POST",
        path="/invitations/{room_id}/decline",
        summary="Say no to an invitation",
        handler=decline_invitation,
    ),
    Route(
        method="GET",
        path="/settings",
        summary="The owner's settings",
        handler=read_settings,
        answer=SETTINGS_SCHEMA,
    ),
    Route(
        method="PUT",
        path="/settings",
        summary="Store the owner's settings",
        handler=write_settings,
        body=SETTINGS_SCHEMA,
        answer=SETTINGS_SCHEMA,
    ),
)
