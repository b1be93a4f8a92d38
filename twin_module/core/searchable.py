"""Which texts of an object it is found by, where its capability says nothing else.

They are those that a person wrote: what the schema lets be any text. What has to fit a pattern, a
format or one of some words is for machines (dates, states, addresses, hashes) and finds nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pyrsistent import PVector

from twin_module.core.state import NAMESPACE

_BOUND: Final = ("const", "enum", "format", "pattern")
"""Keywords of JSON Schema by which a text is none that a person is free to write."""


def free_texts(
    schema: Mapping[str, Any], content: Mapping[str, Any], left_out: Sequence[str] = ()
) -> Sequence[str]:
    """Return the texts that a person wrote, in the order of the schema.

    Args:
        schema: JSON Schema of an object, without references.
        content: any; what does not fit the schema is left out.
        left_out: fields that hold no text, whatever the schema says.
    """
    fields = schema.get("properties", {})
    free = {name: each for name, each in fields.items() if name not in (*left_out, NAMESPACE)}
    return [text for text in _texts({**schema, "properties": free}, content) if text.strip()]


def _texts(schema: Mapping[str, Any], value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if schema.get("type") == "string" and not any(each in schema for each in _BOUND):
            yield value
    elif isinstance(value, Mapping):
        fields = schema.get("properties", {})
        for name, each in fields.items():
            if name in value:
                yield from _texts(each, value[name])
        yield from _of_others(schema, value, fields)
    elif isinstance(value, list | tuple | PVector):
        items = schema.get("items")
        if isinstance(items, Mapping):
            for each in value:
                yield from _texts(items, each)


def _of_others(
    schema: Mapping[str, Any], value: Mapping[str, Any], fields: Mapping[str, Any]
) -> Iterator[str]:
    others, names = schema.get("additionalProperties"), schema.get("propertyNames")
    if not isinstance(others, Mapping):
        return
    # Free words, each with the value true, are a set as JSCalendar writes it.
    of_words = isinstance(names, Mapping) and others.get("const") is True
    word = {"type": "string", **(names if isinstance(names, Mapping) else {})}
    for name in sorted(key for key in value if key not in fields):
        if of_words and value[name] is True:
            yield from _texts(word, name)
        yield from _texts(others, value[name])
