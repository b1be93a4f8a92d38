"""Hypothesis strategies for JSON: what Matrix allows in an event, and what other servers may send all the same."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from canonicaljson import encode_canonical_json
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from twin_module.core.canonical import MAX_INTEGER
from twin_module.core.schema import MAX_CONTENT_BYTES, MAX_DEPTH

Json: TypeAlias = Any

STORABLE: Final[Any] = {"codec": "utf-8", "exclude_characters": "\x00"}
"""Arguments of `characters`: all that a database can store (no NUL, no half surrogate pair)."""
VERY_DEEP: Final = 5_000
"""Levels of nesting beyond what recursion can bear."""


def texts(min_size: int = 0, max_size: int = 20) -> SearchStrategy[str]:
    """Return texts that can be stored."""
    return st.text(st.characters(**STORABLE), min_size=min_size, max_size=max_size)


def whole_numbers() -> SearchStrategy[int]:
    """Return the integers that canonical JSON knows."""
    return st.integers(-MAX_INTEGER, MAX_INTEGER)


def _leaves() -> SearchStrategy[Json]:
    return st.none() | st.booleans() | whole_numbers() | texts()


def canonical_json() -> SearchStrategy[Json]:
    """Return small JSON values that may stand in a Matrix event."""
    return st.recursive(_leaves(), _containers, max_leaves=5)


def _containers(children: SearchStrategy[Json]) -> SearchStrategy[Json]:
    return st.lists(children, max_size=3) | st.dictionaries(texts(), children, max_size=3)


def odd_json() -> SearchStrategy[Json]:
    """Return JSON of any kind, canonical or not, of no great size or depth."""
    return st.recursive(_leaves() | unstorable(), _containers, max_leaves=5)


def unstorable() -> SearchStrategy[Json]:
    """Return values that no Matrix event of ours may hold, each for one reason."""
    return st.one_of(
        st.floats(),
        st.integers(min_value=MAX_INTEGER + 1) | st.integers(max_value=-MAX_INTEGER - 1),
        st.sampled_from(["\x00", "a\x00b", "\ud800", "b\udfff"]),
        st.sampled_from([{"\x00": 1}, {"\ud800": 1}]),
    )


def oversized() -> SearchStrategy[Json]:
    """Return values that are too deep or too large for an event of ours."""
    deep = st.builds(
        nested, st.sampled_from([MAX_DEPTH + 1, 99, VERY_DEEP]), st.sampled_from([in_list, in_map])
    )
    return deep | st.sampled_from([long_text, long_key, long_list]).map(_made)


# Made when they are drawn: Hypothesis writes out what a strategy holds.


def _made(make: Callable[[], Json]) -> Json:
    return make()


def long_text() -> Json:
    """Return a text that is larger than a whole event of ours."""
    return "x" * MAX_CONTENT_BYTES


def long_key() -> Json:
    """Return a map whose key is larger than a whole event of ours."""
    return {"k" * MAX_CONTENT_BYTES: 1}


def long_list() -> Json:
    """Return a list that is larger than a whole event of ours."""
    return [0] * 40_000


def hostile_json() -> SearchStrategy[Json]:
    """Return values that make whatever holds them unfit for an event of ours."""
    return st.one_of(unstorable(), oversized())


def nested(depth: int, around: Callable[[Json], Json]) -> Json:
    """Return a value that is `depth` levels deep."""
    value: Json = 1
    for _ in range(depth):
        value = around(value)
    return value


def in_list(value: Json) -> Json:
    """Return a list with one value."""
    return [value]


def in_map(value: Json) -> Json:
    """Return a map with one value."""
    return {"a": value}


# Changes of a document


def changed_bytes(data: st.DataObject, document: Json, times: int = 20) -> Iterator[Json]:
    """Yield what a document becomes when one byte of its canonical JSON is another one."""
    raw = bytearray(encode_canonical_json(document))
    for _ in range(times):
        place = data.draw(st.integers(0, len(raw) - 1))
        before, raw[place] = raw[place], data.draw(st.integers(0x20, 0x7E))
        try:
            changed = json.loads(raw)
        except ValueError:
            pass
        else:
            yield changed
        raw[place] = before


def change_one_value(data: st.DataObject, document: Json, value: Json) -> None:
    """Put a value in some place of a document, or take away what is in that place."""
    places: list[tuple[Any, Any]] = []
    stack: list[Any] = [document]
    while stack:
        item = stack.pop()
        for key, child in list(item.items() if isinstance(item, dict) else enumerate(item)):
            places.append((item, key))
            if isinstance(child, dict | list):
                stack.append(child)
    container, key = data.draw(st.sampled_from(places))
    if isinstance(container, dict) and data.draw(st.booleans()):
        del container[key]
    else:
        container[key] = value
