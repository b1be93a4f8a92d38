"""The reference pages of the documentation, made from the declarations that the twin serves.

`scripts/docs` writes them to `docs/events.md` and `docs/api.md`, and a test says when what lies
there is no longer what the code says.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from inspect import getdoc
from pathlib import Path
from typing import Any, Final

from twin_module.core.capability import Capability, EventType
from twin_module.core.errors import TwinError
from twin_module.rest.openapi import PREFIX, error_classes, operation
from twin_module.rest.resource import ROUTES
from twin_module.rest.route import Route
from twin_module.rest.tables import cell, field_table, meaning, table, type_words
from twin_module.rooms import CAPABILITIES

_MADE: Final = "<!-- Made by scripts/docs from the code; change the code, then run it again. -->"
_EVENTS_INTRO: Final = """\
# Event types

Every object of a twin is one state event in a Matrix room. Its type says what it is, its state
key which one it is, its content what it holds. Any Matrix client may write these events with
`PUT /_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}`; what does not fit its shape
is refused. Empty content (`{}`) means that the object was removed.

Fields that are not listed are kept as they are: a newer version of a twin may have put them
there. The field `org.digitaltwin` is the twin's own: `base` in it is the ID of the event that a
change was made on."""
_API_INTRO: Final = f"""\
# The API of a twin

All calls are under `{PREFIX}` at the client address of the homeserver, and take and give JSON.
The twin describes them itself, as OpenAPI 3.1, at `{PREFIX}/openapi.json`.

* **Who may call.** Each call needs a Matrix access token of the owner, as
  `Authorization: Bearer …`; those marked *public* need none. Sign in as with any Matrix client.
* **Errors** are Matrix errors: `{{"errcode": …, "error": …}}`, where `error` is a sentence that
  says what to change. Where content does not fit its shape, `errors` lists each place as
  `{{"path": JSON pointer, "message": …}}`. The [table of errors](#errors) names the codes.
* **Revisions.** The `etag` of an object is the ID of its current event. Send it back as
  `If-Match`, and a change that somebody else made meanwhile is not overwritten: you get `412`
  with the revision that is `current` now. `If-None-Match: *` writes only what is not there yet.
* **What you have already.** Objects and lists of objects come with an `ETag`. Send it as
  `If-None-Match` when you ask again, and `304` says that you have the newest answer. Lists of one
  room come compressed to who sends `Accept-Encoding: gzip`.
* **Once.** To make an object, choose its uid and `PUT` it: sent again, that changes nothing. A
  `POST` that makes objects takes an `Idempotency-Key` instead, and makes nothing twice either.
* **Live changes.** `GET /changes` is a stream of server-sent events: `ready` at first, then
  `room` and `object`, each with what is there now. Remember the last `id` and send it as
  `Last-Event-ID` when you come back; nothing is missed.
* **Pages on the web** may call from any origin."""

_COMMANDS_INTRO: Final = """\
A command is called with `POST /commands/{capability}/{command}` and its arguments as the body.
It answers which objects it wrote, and with `room_id` which room it made."""
_ERRORS_END: Final = """\
Synapse itself answers `401` with `M_MISSING_TOKEN` or `M_UNKNOWN_TOKEN` where the access token is
missing or no longer good, `404` or `405` with `M_UNRECOGNIZED` where there is no such call, and
`500` with `M_UNKNOWN` where the twin has a bug.

State that a Matrix client writes past this API is refused with the same codes and sentences, but
always with `403`: Synapse fixes the status there. In a bulk request each object that was not
written carries its own `errcode` and `error`, in place of its revision."""


def events_page(capabilities: Sequence[Capability]) -> str:
    """Return the page on event types, as Markdown."""
    return _page([_EVENTS_INTRO, *(part for each in capabilities for part in _capability(each))])


def api_page(
    routes: Iterable[Route], capabilities: Sequence[Capability], errors: Iterable[type[TwinError]]
) -> str:
    """Return the page on the API, as Markdown."""
    return _page(
        [
            _API_INTRO,
            "## Calls",
            *(part for route in routes for part in _call(route)),
            "## Commands",
            _COMMANDS_INTRO,
            *(part for each in capabilities for part in _commands(each)),
            "## Errors",
            _errors(errors),
            _ERRORS_END,
        ]
    )


def _page(parts: Iterable[str]) -> str:
    return "\n\n".join([_MADE, *parts]) + "\n"


# Event types


def _capability(capability: Capability) -> Iterator[str]:
    yield f"## {capability.name}"
    yield f"{capability.summary}."
    for event in capability.events:
        yield from _event(event)


def _event(event: EventType) -> Iterator[str]:
    yield f"### `{event.type}`"
    yield event.summary
    yield f"State key: {event.state_key}"
    yield field_table(event.shape.schema)
    yield from _meanings(event)
    example = json.dumps(event.example, ensure_ascii=False, indent=2)
    yield f"Example:\n\n```json\n{example}\n```"


def _meanings(event: EventType) -> Iterator[str]:
    if event.long_text:
        text = event.long_text
        yield (
            f"A longer `{text.field}` lies in the writer's media ({text.mimetype}), and"
            f" `{text.pointer}` points to it; the twin moves it there and back by itself."
        )
    if event.merge:
        lines = [f"* `{name}`: {merge.value}" for name, merge in event.merge.items()]
        yield "\n".join(["How concurrent changes of a field are to come together:", "", *lines])
    if event.filters:
        rows = [[f"`{name}`", _FILTER[each.kind]] for name, each in event.filters.items()]
        yield "Lists in the API can be filtered by:"
        yield table(["Filter", "Kind"], rows)


_FILTER: Final = {
    "word": "a word; lists can be sorted by it",
    "number": "a number; lists can be sorted by it",
    "words": "one of several words",
}


# Calls


def _call(route: Route) -> Iterator[str]:
    yield f"### `{route.method} {route.path}`"
    public = " Public." if route.public else ""
    yield f"{route.summary}.{public}"
    said = (getdoc(route.handler) or "").partition("\n\n")[2].strip()
    if said:
        yield said
    parameters = list(_parameters(route))
    if parameters:
        yield table(["Parameter", "In", "Type", "Meaning"], parameters)
    if route.body is not None:
        yield f"Body: {_body(route.body)}"
    if route.file:
        types = " or ".join(f"`{each}`" for each in route.file)
        yield f"Body: a file of {route.file_bytes:,} bytes at most, with the type {types}."
    yield f"Answer: {_answer(route)}"


def _parameters(route: Route) -> Iterator[list[str]]:
    for each in operation(route)["parameters"]:
        name, schema = each["name"], each["schema"]
        words = each.get("description") or meaning(schema) or _PATH_WORDS.get(name, "")
        absent = f" Absent: `{schema['default']}`." if "default" in schema else ""
        yield [f"`{name}`", each["in"], type_words(schema), f"{words}{absent}".strip()]
    if "sort" in route.query:
        yield [
            "*a filter*",
            "query",
            "text or number",
            "Only objects that have this; `.lt`, `.lte`, `.gt` or `.gte` behind the name compares.",
        ]


_PATH_WORDS: Final[Mapping[str, str]] = {
    "room_id": "The room's ID, percent-encoded.",
    "capability": "The name of a capability.",
    "uid": "The object.",
    "command": "The name of a command.",
    "user_id": "A Matrix ID, percent-encoded.",
    "device_id": "One of those that `GET /sessions` lists.",
    "token": "What `POST /links` answered.",
    "id": "The link.",
    "import_id": "What `POST /rooms/{room_id}/import` answered.",
}


def _body(schema: Mapping[str, Any]) -> str:
    if schema.get("properties"):
        return f"a JSON object.\n\n{field_table(schema)}"
    return "a JSON object; its form depends on the capability."


def _answer(route: Route) -> str:
    if route.media_type != "application/json":
        return f"`{route.status}`, `{route.media_type}`."
    fields = {
        **dict.fromkeys(route.answer.get("required", ())),
        **route.answer.get("properties", {}),
    }
    if not fields:
        return f"`{route.status}`, a JSON object."
    names = ", ".join(f"`{name}`" for name in fields)
    return f"`{route.status}`, a JSON object with {names}."


# Commands and errors


def _commands(capability: Capability) -> Iterator[str]:
    yield f"### {capability.name}"
    for name, command in capability.commands.items():
        yield f"#### `{capability.name}/{name}`"
        yield f"{command.summary}."
        schema = command.schema()
        yield field_table(schema) if schema["properties"] else "It takes no arguments."


def _errors(classes: Iterable[type[TwinError]]) -> str:
    rows = [
        [f"`{each.errcode}`", str(each.status), cell((getdoc(each) or "").partition("\n\n")[0])]
        for each in classes
    ]
    return table(["Code", "Status", "When"], rows)


def pages() -> Mapping[str, str]:
    """Return the reference pages of this twin by file name."""
    return {
        "events.md": events_page(CAPABILITIES),
        "api.md": api_page(ROUTES, CAPABILITIES, error_classes()),
    }


def main(arguments: Sequence[str]) -> None:
    """Write the reference pages to a folder."""
    for name, text in pages().items():
        (Path(arguments[0]) / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
