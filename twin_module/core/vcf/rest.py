"""What of a card vCard has no words for: it travels as JSPROP (RFC 9555, section 3.2).

A line of ours also says what the rest of the entry looked like. Whoever changed the entry in a
program that knows nothing of JSPROP does not get the old details back.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from twin_module.core.jscontact import bare_uid
from twin_module.core.jscontact_schema import SCHEMA
from twin_module.core.merge import same
from twin_module.core.schema import MAX_DEPTH, Shape
from twin_module.core.state import NAMESPACE
from twin_module.core.vcf.draft import PREFIXES, Draft
from twin_module.core.vcf.lines import Line, escaped, line, unescaped
from twin_module.core.vcf.unit import Unit

_OURS: Final = frozenset({NAMESPACE, "@type", "version", "uid"})
"""What no JSPROP may say, and none has to."""
_DIGEST: Final = "X-DIGEST"
_MOST: Final = 200
"""So many lines of JSPROP are read of a card."""
_LARGEST: Final = 10_000_000
_SHAPE: Final = Shape({"type": "object", **SCHEMA}, _LARGEST)


def rest_units(card: Mapping[str, Any], said: Mapping[str, Any]) -> Iterator[Unit]:
    """Yield what a card has beyond what its lines say.

    Args:
        card: plain JSON.
        said: what reading the lines gives.
    """
    for pointer, value in _beyond(card, said):
        entry = _at(said, _entry_of(pointer))
        path = "/".join(map(_token, pointer))
        params = [("JSPTR", path)]
        if entry is not None:
            params.append((_DIGEST, _digest(entry)))
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        yield Unit(f"jsprop/{path}", (line("JSPROP", params, escaped(text)),))


def _beyond(
    card: Mapping[str, Any], said: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    members = {bare_uid(uid) for uid in said.get("members", ())}
    stack: list[tuple[tuple[str, ...], Any, Any]] = [((), card, said)]
    while stack:
        path, mine, theirs = stack.pop()
        for key in sorted(mine):
            if key == "@type" or (not path and key in _OURS):
                continue
            value, other = mine[key], theirs.get(key)
            if path == ("members",) and bare_uid(key) in members:
                continue
            if isinstance(value, Mapping) and isinstance(other, Mapping):
                stack.append(((*path, key), value, other))
            elif not same(_untyped(value), _untyped(other)) or key not in theirs:
                yield (*path, key), value


def _untyped(value: Any) -> Any:
    """Return a value without the names of its types, which may stand there or not."""
    if isinstance(value, list):
        return [_untyped(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _untyped(each) for key, each in value.items() if key != "@type"}
    return value


def _token(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _entry_of(pointer: Sequence[str]) -> Sequence[str]:
    """Return the pointer to what somebody changes as one thing: an entry of a map, or a field."""
    is_entry = pointer[0] in PREFIXES or pointer[0] in ("relatedTo", "members")
    return pointer[: 2 if is_entry else 1]


def _at(content: Mapping[str, Any], pointer: Sequence[str]) -> Any:
    value: Any = content
    for key in pointer:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _digest(value: Any) -> str:
    text = json.dumps(_untyped(value), sort_keys=True)
    return sha256(text.encode()).hexdigest()[:8]


def apply_rest(draft: Draft, lines: Sequence[tuple[int, Line]]) -> None:
    """Add to a draft what its lines of JSPROP say, unless it does not fit."""
    before = draft.content
    content = json.loads(json.dumps(before))
    places: dict[int, str] = {}
    for index, each in lines[:_MOST]:
        path = each.param("JSPTR").removeprefix("/")
        pointer = [key.replace("~1", "/").replace("~0", "~") for key in path.split("/")]
        if not path or pointer[0] in _OURS or len(pointer) > MAX_DEPTH:
            continue
        digest, entry = each.param(_DIGEST), _at(before, _entry_of(pointer))
        if digest and (entry is None or _digest(entry) != digest):
            continue
        try:
            value = json.loads(unescaped(each.value))
        except (ValueError, RecursionError):
            continue
        if _put(content, pointer, value):
            places[index] = f"jsprop/{path}"
    if places and not _SHAPE.problems(content):
        draft.content = content
        for index, place in places.items():
            draft.places[index] = place


def _put(content: dict[str, Any], pointer: Sequence[str], value: Any) -> bool:
    """Put a value where a pointer leads; what is deeper than an entry has to be there."""
    *way, last = pointer
    into: Any = content
    for depth, key in enumerate(way):
        into = into.get(key) if depth else into.setdefault(key, {})
        if not isinstance(into, dict):
            return False
    into[last] = value
    return True
