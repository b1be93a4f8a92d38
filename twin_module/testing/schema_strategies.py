"""Hypothesis strategies from JSON Schemas, for those keywords that our declarations use.

A keyword that stands nowhere here is an error, so that no rule is forgotten silently.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from twin_module.core.canonical import MAX_INTEGER
from twin_module.core.schema import Shape
from twin_module.testing.json_strategies import STORABLE, Json, canonical_json, texts

FEW: Final = 4
"""So many entries has a list or a map at most, where its schema asks for no more."""
SHORT: Final = 20
"""So many characters has a free text at most, where its schema asks for no more."""
_WORDS: Final = frozenset({"default", "description", "title"})
"""Keywords that allow and refuse nothing."""
_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "array": frozenset({"items", "maxItems", "minItems", "uniqueItems"}),
    "boolean": frozenset(),
    "integer": frozenset({"maximum", "minimum"}),
    "null": frozenset(),
    "object": frozenset(
        {"additionalProperties", "maxProperties", "minProperties"}
        | {"properties", "propertyNames", "required"}
    ),
    "string": frozenset({"maxLength", "minLength", "pattern"}),
}
"""Types with the keywords that are for them."""
_KNOWN: Final = _WORDS.union({"anyOf", "const", "enum", "not", "type"}, *_KINDS.values())


def values(schema: Mapping[str, Any]) -> SearchStrategy[Json]:
    """Return values that fit a schema.

    Raises:
        NotImplementedError: the schema has a keyword that is not known here.
    """
    unknown = sorted({*schema} - _KNOWN)
    if unknown:
        raise NotImplementedError(f"Teach schema_strategies what {', '.join(unknown)} means.")
    if "not" in schema:
        excluded = Shape(schema["not"])
        rest = {key: value for key, value in schema.items() if key != "not"}
        return values(rest).filter(lambda value: bool(excluded.problems(value)))
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(list(schema["enum"]))
    if "anyOf" in schema:
        return st.one_of([values(each) for each in schema["anyOf"]])
    kind = schema.get("type")
    if isinstance(kind, list):
        return st.one_of([values({**schema, "type": each}) for each in kind])
    return _of_kind(kind, schema)


def _of_kind(kind: str | None, schema: Mapping[str, Any]) -> SearchStrategy[Json]:
    makers: Mapping[str | None, Callable[[Mapping[str, Any]], SearchStrategy[Json]]] = {
        None: lambda _: canonical_json(),
        "null": lambda _: st.none(),
        "boolean": lambda _: st.booleans(),
        "integer": _integers,
        "string": _strings,
        "array": _arrays,
        "object": _objects,
    }
    return makers[kind](schema)


def _integers(schema: Mapping[str, Any]) -> SearchStrategy[int]:
    return st.integers(schema.get("minimum", -MAX_INTEGER), schema.get("maximum", MAX_INTEGER))


def _strings(schema: Mapping[str, Any]) -> SearchStrategy[str]:
    least, most = schema.get("minLength", 0), schema.get("maxLength", SHORT)
    if "pattern" in schema:
        # At the end, Python's `$` also allows a line break, which JSON Schema does not mean.
        pattern = re.sub(r"\$$", r"\\Z", schema["pattern"])
        found = st.from_regex(pattern, alphabet=st.characters(**STORABLE))
        return found.filter(lambda text: least <= len(text) <= schema.get("maxLength", len(text)))
    return texts(least, max(least, min(most, SHORT)))


def _arrays(schema: Mapping[str, Any]) -> SearchStrategy[list[Json]]:
    least = schema.get("minItems", 0)
    return st.lists(
        values(schema.get("items", {})),
        min_size=least,
        max_size=max(least, min(schema.get("maxItems", FEW), FEW)),
        unique_by=repr if schema.get("uniqueItems") else None,
    )


def _objects(schema: Mapping[str, Any]) -> SearchStrategy[dict[str, Json]]:
    properties = {name: values(each) for name, each in schema.get("properties", {}).items()}
    required = schema.get("required", [])
    named = st.fixed_dictionaries(
        {name: properties.get(name, canonical_json()) for name in required},
        optional={name: each for name, each in properties.items() if name not in required},
    )
    additional = schema.get("additionalProperties", {})
    if additional is False:
        return named
    names = values({"type": "string", **schema.get("propertyNames", {})})
    others = st.dictionaries(
        names.filter(lambda name: name not in properties),
        values(additional),
        min_size=schema.get("minProperties", 0),
        max_size=max(0, min(schema.get("maxProperties", FEW), FEW)),
    )
    return st.builds(lambda one, two: {**two, **one}, named, others)
