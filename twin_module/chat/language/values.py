"""From what somebody wrote to the value of an argument, by its JSON Schema."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from twin_module.chat.language import dates
from twin_module.chat.language.dates import Moment
from twin_module.chat.language.folding import bare
from twin_module.chat.language.names import Name
from twin_module.core.capability import UID_PATTERN
from twin_module.core.jscalendar import (
    DURATION,
    LOCAL_DATE_TIME,
    SIGNED_DURATION,
    UTC_DATE_TIME,
    duration_text,
)
from twin_module.core.matrix_uri import MATRIX_ID
from twin_module.core.schema import MAX_REQUEST_BYTES, bounds_problem

Sort: TypeAlias = Literal[
    "text", "person", "room", "uid", "moment", "duration", "choice", "set", "list", "other"
]
MOST_OF_A_MOMENT: Final = 100
"""Characters of a date or time."""
MOST_OF_A_NAME: Final = 255
_YES: Final = ("yes", "true", "on", "ja", "wahr", "an")
_NO: Final = ("no", "false", "off", "nein", "falsch", "aus")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,16}")
_UNITS: Final = (
    (re.compile(r"w(eeks?)?|wochen?"), timedelta(weeks=1)),
    (re.compile(r"d(ays?)?|tag(en?)?"), timedelta(days=1)),
    (re.compile(r"h((ou)?rs?)?|std|stunden?"), timedelta(hours=1)),
    (re.compile(r"m(in(ute[sn]?)?)?"), timedelta(minutes=1)),
)
_PART: Final = re.compile(r"([0-9]{1,4}) ?([a-z]+)[ ,]*")


@dataclass(frozen=True, slots=True)
class Setting:
    """In which language something is read, and when."""

    language: str
    now: datetime
    """In the zone of who speaks."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was read in a place: a value, names to look up beside it, or a moment."""

    value: Any = None
    names: tuple[Name, ...] = ()
    """Where they are several, those of `value` are known already."""
    moment: Moment | None = None
    sure: bool = True
    """Whether it looks like what belongs there, as `@bob` does; a word may be anybody's name."""


def sort_of(schema: Mapping[str, Any]) -> Sort:
    """Return what kind of value a schema asks for."""
    given = plainly(schema)
    pattern, kind = given.get("pattern"), given.get("type")
    if "enum" in given or "const" in given or kind in ("integer", "boolean"):
        return "choice"
    if kind == "array":
        return "list"
    if kind == "object":
        flags = given.get("additionalProperties")
        return "set" if isinstance(flags, Mapping) and flags.get("const") is True else "other"
    if kind != "string":
        return "other"
    if pattern == MATRIX_ID:
        return "person"
    by_pattern: Mapping[Any, Sort] = {
        LOCAL_DATE_TIME: "moment",
        UTC_DATE_TIME: "moment",
        DURATION: "duration",
        SIGNED_DURATION: "duration",
        UID_PATTERN: "uid",
    }
    return "room" if str(pattern).startswith("^!") else by_pattern.get(pattern, "text")


def plainly(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of what may stand there beside null."""
    options = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    if options:
        return plainly(options[0])
    kind = schema.get("type")
    if isinstance(kind, Sequence) and not isinstance(kind, str):
        rest = [each for each in kind if each != "null"]
        return {**schema, "type": rest[0]} if rest else schema
    return schema


def may_be_null(schema: Mapping[str, Any]) -> bool:
    """Tell whether a schema allows null."""
    if not {"type", "anyOf", "enum", "const"} & {*schema}:
        return True
    kind = schema.get("type")
    options = schema.get("anyOf", ())
    return kind == "null" or "null" in _listed(kind) or any(map(may_be_null, options))


def _listed(kind: Any) -> Sequence[Any]:
    return kind if isinstance(kind, Sequence) and not isinstance(kind, str) else ()


def read(
    argument: str, schema: Mapping[str, Any], text: str, setting: Setting, *, circle: bool = False
) -> Found | None:
    """Return what a text says in the place of an argument, None where it does not fit there.

    Args:
        argument: its name.
        schema: its JSON Schema.
        text: without quotation marks.
        setting: where dates are read.
        circle: whether a room that is named there is a circle.
    """
    given = plainly(schema)
    pattern = given.get("pattern", "")
    by_sort: Mapping[Sort, Callable[[], Found | None]] = {
        "text": lambda: Found(text),
        "person": lambda: _person(text),
        "room": lambda: _room(text, "circle" if circle or "circle" in argument else "room"),
        "uid": lambda: _uid(text),
        "moment": lambda: _moment(text, pattern, setting),
        "duration": lambda: _duration(text, pattern),
        "choice": lambda: _choice(given, text),
        "list": lambda: _list(argument, given, text, setting),
        "set": lambda: _set(text),
        "other": lambda: _other(text),
    }
    return by_sort[sort_of(schema)]()


def _uid(text: str) -> Found | None:
    exact = re.fullmatch(UID_PATTERN, text) is not None
    return Found(text) if exact else _named(Name("object", _one_line(text)), sure=False)


def _person(text: str) -> Found | None:
    if re.fullmatch(MATRIX_ID, text):
        return Found(text)
    return _named(Name("person", _one_line(text.removeprefix("@"))), sure=text.startswith("@"))


def _room(text: str, kind: Literal["room", "circle"]) -> Found | None:
    if text.startswith("!"):
        return Found(text)
    return _named(Name(kind, _one_line(text.removeprefix("#"))), sure=text.startswith("#"))


def _named(name: Name, *, sure: bool) -> Found | None:
    if not name.text or len(name.text) > MOST_OF_A_NAME:
        return None
    return Found(names=(name,), sure=sure)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _moment(text: str, pattern: str, setting: Setting) -> Found | None:
    if re.fullmatch(pattern, text):
        return Found(text)
    if len(text) > MOST_OF_A_MOMENT:
        return None
    moment = dates.read(text, setting.now, setting.language)
    return Found(moment=moment) if moment is not None else None


def _duration(text: str, pattern: str) -> Found | None:
    if re.fullmatch(pattern, text):
        return Found(text)
    said, at, lasts = text.strip().casefold(), 0, timedelta()
    while at < len(said) and (part := _PART.match(said, at)):
        unit = next((each for names, each in _UNITS if names.fullmatch(part.group(2))), None)
        if unit is None:
            return None
        lasts, at = lasts + int(part.group(1)) * unit, part.end()
    return Found(duration_text(lasts)) if lasts and at == len(said) else None


def _choice(schema: Mapping[str, Any], text: str) -> Found | None:
    if schema.get("type") == "integer":
        return Found(int(text)) if _INTEGER.fullmatch(text) else None
    word = bare(text)
    if schema.get("type") == "boolean":
        return Found(word in _YES) if word in (*_YES, *_NO) else None
    for exact in (True, False):
        for each in schema.get("enum", [schema.get("const")]):
            name = each if isinstance(each, str) else json.dumps(each)
            if text == name if exact else word == bare(name):
                return Found(each)
    return None


def _list(argument: str, schema: Mapping[str, Any], text: str, setting: Setting) -> Found | None:
    said = _json(text)
    if isinstance(said, list):
        return Found(said)
    items = schema.get("items", {})
    if sort_of(items) in ("other", "list", "set"):
        return None
    values: list[Any] = []
    names: list[Name] = []
    sure = True
    for each in _parts(text, of_people=sort_of(items) == "person"):
        found = read(argument, items, each, setting)
        if found is None or found.moment is not None:
            return None
        sure = sure and found.sure
        names += [Name(name.kind, name.text, many=True) for name in found.names]
        if not found.names and found.value not in values:
            values.append(found.value)
    return Found(values, tuple(dict.fromkeys(names)), sure=sure)


def _parts(text: str, *, of_people: bool) -> Sequence[str]:
    apart = r",|\n|\s(?:and|und|&)\s|\s(?=@)" if of_people else r",|\n"
    return [part for each in re.split(apart, text) if (part := each.strip())]


def _set(text: str) -> Found:
    said = _json(text)
    if isinstance(said, dict):
        return Found(said)
    return Found({each.removeprefix("#"): True for each in _parts(text, of_people=False)})


def _other(text: str) -> Found | None:
    said = _json(text)
    return None if said is None and text.strip() != "null" else Found(said)


def _json(text: str) -> Any:
    """Return what a text says as JSON that an event can hold; None where it is no such."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return None if bounds_problem(said, MAX_REQUEST_BYTES) else said
