"""What `twin export` asks a running twin for."""

import re
from collections.abc import Sequence
from typing import Final

from twin_module.core.canonical import shown
from twin_module.core.errors import BadJson, InvalidParam
from twin_module.core.export import is_server, manifest_problem
from twin_module.engine.exports import Exports, entry
from twin_module.engine.twin import Twin
from twin_module.rest.rooms import read_collection
from twin_module.rest.route import Answer, Call, Route

FILES: Final = 500
"""Files of a page."""
_MEDIA_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")


async def export_objects(twin: Twin, call: Call) -> Answer:
    """Show objects of all rooms as their servers signed them, page by page."""
    return Answer(await Exports(twin.homeserver).objects(call.query.get("from")))


async def export_room(twin: Twin, call: Call) -> Answer:
    """Show a room with its members, and the event that made it."""
    room = (await read_collection(twin, call)).body
    found = await twin.homeserver.state(room["room_id"], [("m.room.create", "")])
    create = found.get(("m.room.create", ""))
    signed = await twin.homeserver.signed_events([create.event_id] if create else [])
    return Answer({**room, "create": next((entry(each) for each in signed.values()), None)})


async def export_keys(twin: Twin, call: Call) -> Answer:
    """Show the signed key documents of a server."""
    server = call.path["server_name"]
    if not is_server(server):
        raise InvalidParam("server_name: this is no name of a server.")
    return Answer(
        {"server_name": server, "documents": list(await twin.homeserver.key_documents(server))}
    )


async def export_files(twin: Twin, call: Call) -> Answer:
    """List the owner's files on this twin, page by page."""
    after = call.query.get("from", "")
    if after and not _MEDIA_ID.fullmatch(after):
        raise InvalidParam("from: this is not a token that a page before handed out.")
    found = await twin.homeserver.own_files(after, FILES)
    name = twin.homeserver.server_name
    files = [
        {"url": each.uri(name), "mimetype": each.mimetype, "size": each.size} for each in found
    ]
    more = len(found) == FILES
    return Answer({"files": files, **({"next_batch": found[-1].media_id} if more else {})})


async def sign_manifest(twin: Twin, call: Call) -> Answer:
    """Sign the manifest of an export of this twin, and nothing else.

    Whoever has the owner's token can have one signed over any files. So the time is the twin's
    own, and the form is such that it can't be taken for another signed document.
    """
    manifest = {**call.body, "signed_ts": twin.homeserver.now()}
    problem = manifest_problem(manifest)
    if problem:
        raise BadJson(f"The manifest {problem}.")
    ours = (twin.homeserver.server_name, twin.homeserver.owner)
    if (manifest["twin"], manifest["owner"]) != ours or "signatures" in manifest:
        raise BadJson(f"This twin signs new manifests of {shown(ours[0])} only.")
    if manifest["created"] > manifest["signed_ts"]:
        raise BadJson("The manifest says that it is from the future.")
    return Answer(twin.homeserver.sign(manifest))


_FROM: Final = {
    "from": {"type": "string", "description": "The `next_batch` of the page before."},
}

ROUTES: Final[Sequence[Route]] = (
    Route(
        method="GET",
        path="/export/objects",
        summary="Objects of all rooms as their servers signed them, for an export",
        handler=export_objects,
        query=_FROM,
        answer={"type": "object", "required": ["objects"]},
    ),
    Route(
        method="GET",
        path="/export/rooms/{room_id}",
        summary="A room with its members and the event that made it",
        handler=export_room,
        answer={"type": "object", "required": ["room_id", "members", "shares", "create"]},
    ),
    Route(
        method="GET",
        path="/export/keys/{server_name}",
        summary="The signed key documents of a server, as this twin knows them",
        handler=export_keys,
        answer={"type": "object", "required": ["server_name", "documents"]},
    ),
    Route(
        method="GET",
        path="/export/files",
        summary="The owner's files on this twin",
        handler=export_files,
        query=_FROM,
        answer={"type": "object", "required": ["files"]},
    ),
    Route(
        method="POST",
        path="/export/manifest",
        summary="Sign the manifest of an export",
        handler=sign_manifest,
        body={
            "type": "object",
            "required": ["format", "twin", "owner", "created", "files", "counts"],
        },
        answer={"type": "object", "required": ["signed_ts", "signatures"]},
    ),
)
