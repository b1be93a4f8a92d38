"""What calls of the API ask for: which object, and how many entries of a list."""

from twin_module.core.errors import InvalidParam, NotFound
from twin_module.core.ports import Cursor
from twin_module.engine import store
from twin_module.engine.store import Record
from twin_module.engine.twin import Twin
from twin_module.engine.versions import Place
from twin_module.rest.route import Call


async def place_of(twin: Twin, call: Call) -> Place:
    """Return which object a call is about.

    Raises:
        NotFound: the twin is in no such room, or has no such capability.
    """
    event_type = twin.commands.capability(call.path["capability"]).event_type.type
    await twin.joined_room(call.path["room_id"])
    return Place(call.path["room_id"], event_type, call.path["uid"])


async def record_of(twin: Twin, call: Call) -> Record:
    """Return the object that a call is about, also a removed one.

    Raises:
        NotFound: there never was one; or as `place_of`.
    """
    event_type = twin.commands.capability(call.path["capability"]).event_type.type
    room_id, uid = call.path["room_id"], call.path["uid"]

    def work(cursor: Cursor) -> Record | None:
        store.joined_room(cursor, room_id)
        return store.read_object(cursor, room_id, event_type, uid)

    found = await twin.homeserver.transact("twin_object", work)
    if found is None:
        raise no_such_object(call)
    return found


def no_such_object(call: Call) -> NotFound:
    """Return the error of a call about an object that is not there."""
    uid, name = call.path["uid"], call.path["capability"]
    return NotFound(f"There is no object {uid!r} of {name} in this room.")


def limit_of(call: Call, most: int, usual: int = 50) -> int:
    """Return how many entries a call asks for, the usual number where it does not say.

    Raises:
        InvalidParam: it is no number from 1 to the most.
    """
    text = call.query.get("limit", str(usual))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= most:
        raise InvalidParam(f"limit: this has to be a number from 1 to {most}.")
    return int(text)
