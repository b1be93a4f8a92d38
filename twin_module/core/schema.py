"""Which content fits: canonical JSON with bounds first, then a JSON Schema (2020-12).

Content comes from other servers too, so nothing here raises on any JSON value, and the cheap
bounds come before the schema, whose validator is recursive.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeAlias

from canonicaljson import encode_canonical_json
from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend
from pyrsistent import PVector

from twin_module.core.canonical import MAX_INTEGER
from twin_module.core.state import plain

MAX_DEPTH: Final = 16
MAX_CONTENT_BYTES: Final = 60_000
"""Below the 65,536 bytes that Matrix allows a whole event, with room for the rest of it."""
MAX_REQUEST_BYTES: Final = 12_000_000
"""More than the longest text can need as JSON; Synapse itself takes a little more."""
MAX_PROBLEMS: Final = 10
MAX_MESSAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """What does not fit, and where: `path` is a JSON pointer (RFC 6901)."""

    path: str
    message: str

    def as_json(self) -> dict[str, str]:
        """Return the problem as it stands in an error's `errors`."""
        return {"path": self.path, "message": self.message}


def pointer(*parts: str) -> str:
    """Return the JSON pointer (RFC 6901) that leads through these keys and indexes."""
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in parts)


def bounds_problem(value: Any, most: int = MAX_CONTENT_BYTES) -> Problem | None:
    """Return the first reason why a value is not canonical JSON of bounded depth and size."""
    return _canonical_problem(value) or _size_problem(plain(value), most)


_Where: TypeAlias = "tuple[_Where, str] | None"
"""The keys and indexes that lead to a value, the last one first; written out where one is at fault."""


def _canonical_problem(value: Any) -> Problem | None:
    stack: list[tuple[Any, _Where, int]] = [(value, None, 0)]
    while stack:
        item, where, depth = stack.pop()
        if depth > MAX_DEPTH:
            return Problem(_path(where), f"is nested deeper than {MAX_DEPTH} levels")
        problem = _leaf_problem(item)
        if problem:
            return Problem(_path(where), problem)
        if isinstance(item, str | int | None):
            continue
        if isinstance(item, Mapping):
            for key, child in item.items():
                problem = _leaf_problem(key) if isinstance(key, str) else "has a key of no text"
                if problem:
                    return Problem(_path(where), problem)
                stack.append((child, (where, key), depth + 1))
        else:
            stack.extend((child, (where, str(i)), depth + 1) for i, child in enumerate(item))
    return None


def _size_problem(value: Any, most: int) -> Problem | None:
    size = len(encode_canonical_json(value))
    if size > most:
        return Problem("", f"has {size} bytes of canonical JSON, and {most} is the most")
    return None


def _path(where: _Where) -> str:
    parts: list[str] = []
    while where is not None:
        where, part = where
        parts.append(part)
    return pointer(*reversed(parts))


_NOT_STORABLE: Final = "holds a character that can't be stored (NUL or half a surrogate pair)"
_TOO_LARGE: Final = "is a number outside of -(2^53-1) to 2^53-1"


def _leaf_problem(item: Any) -> str | None:
    if isinstance(item, str):
        is_storable = "\x00" not in item and _encodes(item)
        return None if is_storable else _NOT_STORABLE
    if isinstance(item, int):
        return None if -MAX_INTEGER <= item <= MAX_INTEGER else _TOO_LARGE
    if isinstance(item, float):
        return "is a float; Matrix events hold whole numbers only, so write it as text"
    if item is None or isinstance(item, Mapping | list | tuple | PVector):
        return None
    return "is not JSON"


def _encodes(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _pattern(
    validator: object, pattern: str, instance: Any, schema: object
) -> Iterator[ValidationError]:
    """Check `pattern` as ECMA-262 means it: `$` is the end, not also before a last line break."""
    if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


_Validator: Final = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


class Shape:
    """A JSON Schema, checked and compiled when it is first needed, for values of at most so many bytes.

    Checking a large schema takes some 20 ms, and most of those of a process are never asked for.
    """

    __slots__ = ("_most", "_validator", "schema")

    def __init__(self, schema: Mapping[str, Any], most: int = MAX_CONTENT_BYTES) -> None:
        self._most = most
        self.schema = schema
        self._validator: Any = None

    def check(self) -> None:
        """Check and compile the schema now.

        Raises:
            SchemaError: it is none.
        """
        if self._validator is None:
            Draft202012Validator.check_schema(self.schema)
            self._validator = _Validator(self.schema, format_checker=FormatChecker())

    def problems(self, value: Any) -> list[Problem]:
        """Return what does not fit, at most ten problems, none when it fits."""
        bounds = _canonical_problem(value)
        if bounds:
            return [bounds]
        content = plain(value)
        size = _size_problem(content, self._most)
        if size:
            return [size]
        self.check()
        found = islice(self._validator.iter_errors(content), MAX_PROBLEMS)
        return [
            Problem(
                pointer(*map(str, error.absolute_path)),
                error.message
                if len(error.message) <= MAX_MESSAGE
                else f"{error.message[:MAX_MESSAGE]}…",
            )
            for error in found
        ]
