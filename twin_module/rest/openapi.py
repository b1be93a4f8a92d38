"""The description of the API as OpenAPI 3.1, made from the same declarations that serve it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from twin_module.core.capability import Capability
from twin_module.core.errors import TwinError
from twin_module.rest import once
from twin_module.rest.route import Route

PREFIX = "/_synapse/client/twin/v1"


def error_classes() -> list[type[TwinError]]:
    """Return the kinds of expected failures, by code."""
    return sorted(TwinError.__subclasses__(), key=lambda each: (each.errcode, each.__name__))


def document(
    routes: Iterable[Route], capabilities: Sequence[Capability], version: str, server: str
) -> dict[str, Any]:
    """Return the OpenAPI document of a twin."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"The twin at {server}",
            "version": version,
            "description": "Matrix access tokens, Matrix errors. Objects are Matrix state events; "
            "any Matrix client reads and writes them as well.",
        },
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {
            "securitySchemes": {"matrix": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": _ERROR, **_schemas(capabilities)},
        },
    }


_ERROR: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "errcode": {"type": "string"},
        "error": {"type": "string", "description": "A sentence that says what to change."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
    "required": ["errcode", "error"],
}


def operation(route: Route) -> dict[str, Any]:
    """Return the description of one call."""
    described: dict[str, Any] = {
        "summary": route.summary,
        "operationId": f"{route.method.lower()}_{'_'.join(part.strip('{}').replace('.', '_') for part in route.parts)}",
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_headers(route)],
        "responses": {
            str(route.status): {
                "description": "Done",
                "content": {route.media_type: {"schema": route.answer}},
            },
            "default": {
                "description": "Refused, with a Matrix error",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
        "security": [] if route.public else [{"matrix": []}],
    }
    if route.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": route.body}},
        }
    if route.file:
        binary = {"schema": {"type": "string", "format": "binary", "maxLength": route.file_bytes}}
        described["requestBody"] = {
            "required": True,
            "content": dict.fromkeys(route.file, binary),
        }
    return described


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in route.parts if part.startswith("{")]
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": schema} for name, schema in route.query.items()]


def _headers(route: Route) -> list[dict[str, Any]]:
    described = {}
    if route.conditional:
        described["If-Match"] = (
            "The revision (ETag) that is to be changed; any other is refused with 412."
        )
    if route.conditional and route.method == "PUT":
        described["If-None-Match"] = "`*`: only if there is no such object yet."
    if route.stamped:
        described["X-Experience"] = (
            "The name of the app that asks, at most 255 characters; the history shows it as a claim."
        )
    if route.once:
        described[once.HEADER] = once.DESCRIPTION
    return [
        {"name": name, "in": "header", "schema": {"type": "string"}, "description": description}
        for name, description in described.items()
    ]


def _schemas(capabilities: Sequence[Capability]) -> dict[str, Any]:
    schemas: dict[str, Any] = {}
    for capability in capabilities:
        for event in capability.events:
            schemas[event.type] = {
                **event.shape.schema,
                "description": f"{event.summary} State key: {event.state_key}",
                "examples": [event.example],
            }
        for name, each in capability.commands.items():
            schemas[f"{capability.name}.{name}"] = {"description": each.summary, **each.schema()}
    return schemas
