"""Imports of calendars and address books into a room."""

from collections.abc import Sequence
from typing import Any, Final

from twin_module.engine.imports import CALENDAR, CONTACTS, MAX_FILE_BYTES, Import
from twin_module.engine.twin import Twin
from twin_module.rest.route import Answer, Call, Route

_OLDER: Final = ("text/x-vcard", "text/directory")
"""What older programs call files with contacts."""


async def begin_import(twin: Twin, call: Call) -> Answer:
    """Begin to import a file with events and tasks (iCalendar), or with contacts (vCard).

    The body is the file. Ask `GET /imports/{import_id}` how far it is. What can't be taken is named there
    with its reason, everything else is written; what is there already is not written again. A
    photo or an attachment inside of an entry moves to the twin's media. The file has at most
    20,000,000 bytes, or less where Synapse's `max_upload_size` is less (it is 50M, if nothing
    else is set).
    """
    room = await twin.joined_room(call.path["room_id"])
    media_type = CONTACTS if call.media_type in _OLDER else call.media_type
    begun = await twin.imports.begin(room.room_id, media_type, call.body)
    return Answer({"import_id": begun.import_id}, status=202)


async def read_import(twin: Twin, call: Call) -> Answer:
    """Show how far an import is, and what could not be taken.

    After a restart, `refused` names the first 50 and `more_refused` counts the others. An import
    that was cut off by one is shown as failed.
    """
    return Answer(_import_json(await twin.imports.find(call.path["import_id"])))


async def list_imports(twin: Twin, call: Call) -> Answer:
    """List the last imports, newest first, without what could not be taken."""
    shown = [_import_json(each) for each in await twin.imports.listed()]
    return Answer(
        {"imports": [{k: v for k, v in each.items() if k != "refused"} for each in shown]}
    )


async def stop_import(twin: Twin, call: Call) -> Answer:
    """Stop an import that runs, where it is; one that is over leaves the list."""
    await twin.imports.stop(call.path["import_id"])
    return Answer({})


def _import_json(each: Import) -> dict[str, Any]:
    tally = each.tally
    shown: dict[str, Any] = {
        "import_id": each.import_id,
        "room_id": each.room_id,
        "media_type": each.media_type,
        "state": each.state,
        "started": each.started,
        "total": tally.total,
        "written": tally.written,
        "unchanged": tally.unchanged,
        "refused": [{"name": one.name, "reason": one.reason} for one in tally.refused],
        "refused_count": len(tally.refused) + each.more_refused,
    }
    if each.ended:
        shown["ended"] = each.ended
    return {**shown, "problem": each.problem} if each.problem else shown


_IMPORT: Final = {
    "type": "object",
    "required": [
        *("import_id", "room_id", "media_type", "state", "started", "total"),
        *("written", "unchanged", "refused_count"),
    ],
    "properties": {
        "state": {"enum": ["running", "done", "failed"]},
        "started": {"type": "integer", "description": "Milliseconds since 1970."},
        "ended": {"type": "integer", "description": "The same; absent while it runs."},
        "total": {"type": "integer", "description": "How many entries the file has."},
        "unchanged": {"type": "integer", "description": "How many were there already."},
        "refused": {
            "type": "array",
            "items": {"type": "object", "required": ["name", "reason"]},
            "description": "What could not be taken, and why.",
        },
        "problem": {"type": "string", "description": "Why it failed, or was stopped."},
    },
}

ROUTES: Final[Sequence[Route]] = (
    Route(
        method="POST",
        path="/rooms/{room_id}/import",
        summary="Import a calendar or an address book",
        handler=begin_import,
        file=(CALENDAR, CONTACTS, *_OLDER),
        file_bytes=MAX_FILE_BYTES,
        answer={"type": "object", "required": ["import_id"]},
        status=202,
    ),
    Route(
        method="GET",
        path="/imports",
        summary="The last imports",
        handler=list_imports,
        answer={
            "type": "object",
            "required": ["imports"],
            "properties": {"imports": {"type": "array", "items": _IMPORT}},
        },
    ),
    Route(
        method="GET",
        path="/imports/{import_id}",
        summary="How far an import is",
        handler=read_import,
        answer={**_IMPORT, "required": [*_IMPORT["required"], "refused"]},
    ),
    Route(
        method="DELETE",
        path="/imports/{import_id}",
        summary="Stop an import, or forget it",
        handler=stop_import,
    ),
)
