"""JSON Schemas in words, as tables in Markdown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from twin_module.core.capability import UID_PATTERN
from twin_module.core.jscalendar import (
    DURATION,
    LOCAL_DATE_TIME,
    SIGNED_DURATION,
    UTC_DATE_TIME,
)
from twin_module.core.matrix_uri import MATRIX_ID

_PATTERNS: Final[Mapping[str, str]] = {
    UID_PATTERN: "a uid",
    LOCAL_DATE_TIME: "date and time, local",
    UTC_DATE_TIME: "date and time in UTC, with Z",
    DURATION: "a duration, as PT1H30M",
    SIGNED_DURATION: "a duration, as -PT15M",
    MATRIX_ID: "a Matrix ID",
}
"""Patterns that a name says more about than they do."""
_TYPES: Final[Mapping[str, str]] = {
    "string": "text",
    "integer": "whole number",
    "boolean": "true or false",
    "object": "object",
    "array": "list",
    "null": "null",
}


def cell(text: str) -> str:
    """Return text as it may stand in a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells have to be made by `cell` where they may hold anything."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def field_table(schema: Mapping[str, Any]) -> str:
    """Return the fields of an object, nested ones with a dot in their names."""
    return table(["Field", "Type", "Needed", "Meaning"], _rows(schema, ""))


def _rows(schema: Mapping[str, Any], prefix: str) -> Iterator[list[str]]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        needed = "yes" if name in required else ""
        yield [f"`{path}`", type_words(field), needed, meaning(field)]
        yield from _inside(field, path)


def _inside(schema: Mapping[str, Any], path: str) -> Iterator[list[str]]:
    """Return the rows of what a field holds: its own fields, the values of a map, a list's items."""
    yield from _rows(schema, f"{path}.")
    for parts, suffix in ((schema.get("additionalProperties"), ".*"), (schema.get("items"), "[]")):
        if isinstance(parts, Mapping) and (parts.get("properties") or "description" in parts):
            yield [f"`{path}{suffix}`", type_words(parts), "", meaning(parts)]
            yield from _inside(parts, f"{path}{suffix}")


def meaning(schema: Mapping[str, Any]) -> str:
    """Return what a schema says of itself, as a cell."""
    for each in (schema, *schema.get("anyOf", ())):
        if "description" in each:
            return cell(str(each["description"]))
    return ""


def type_words(schema: Mapping[str, Any]) -> str:
    """Return in a few words what values a schema takes."""
    if "const" in schema:
        return f"`{_json(schema['const'])}`"
    if "enum" in schema:
        return f"one of {', '.join(f'`{value}`' for value in schema['enum'])}"
    if "anyOf" in schema:
        kinds = [type_words(each) for each in schema["anyOf"]]
        return " or ".join(kind for kind in kinds if kind != "null" or "or null" not in kinds[0])
    named = schema.get("type", "any")
    words = " or ".join(
        _TYPES.get(each, each) for each in ([named] if isinstance(named, str) else named)
    )
    if words == "list" and isinstance(schema.get("items"), Mapping):
        words = f"list of {type_words(schema['items'])}"
    return f"{words}{_bounds(schema)}"


def _json(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _bounds(schema: Mapping[str, Any]) -> str:
    found = [
        _range(schema, "minimum", "maximum", ""),
        _range(schema, "minLength", "maxLength", " characters"),
        _range(schema, "minItems", "maxItems", " items"),
        _range(schema, "minProperties", "maxProperties", " entries"),
        _form(schema["pattern"]) if "pattern" in schema else "",
    ]
    words = "; ".join(part for part in found if part)
    return f" ({words})" if words else ""


def _form(pattern: str) -> str:
    return _PATTERNS.get(pattern, f"like `{cell(pattern)}`")


def _range(schema: Mapping[str, Any], least: str, most: str, unit: str) -> str:
    low, high = schema.get(least), schema.get(most)
    if low is not None and high is not None:
        return f"{low:,} to {high:,}{unit}"
    if high is not None:
        return f"at most {high:,}{unit}"
    return f"at least {low:,}{unit}" if low is not None else ""
