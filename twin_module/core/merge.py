"""Three-way merge of content: what two sides made of one base comes together, field by field.

The event type declares how (`Merge`). Both sides may come in any order, and every twin that merges
the same gets the same. The order of *merges* is another thing: of three versions, which two come
together first may show in the result (it is not associative), so twins merge again until they
agree. Content of foreign servers is merged as it is: a field whose JSON is of another type than
its rule needs is a scalar.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from pyrsistent import pmap, pvector

from twin_module.core.capability import Merge
from twin_module.core.lines import merge_lines
from twin_module.core.schema import pointer
from twin_module.core.state import NAMESPACE, Content, plain

STAMPS: Final = ("base", "merged", "experience")
"""What our writer notes under our namespace: of the version, not of the object."""
_ABSENT: Final = object()

Moment: TypeAlias = tuple[int, str]
"""`(origin_server_ts, event_id)`: orders versions; the greater one is the later, and wins."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one side made of the base."""

    content: Content
    """Empty when the object was removed."""
    at: Moment
    """Of its newest version."""
    times: Mapping[str, Moment] = field(default_factory=dict)
    """When each top-level field last changed on this side, where known; else `at` counts."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Both sides changed the same, and only one change could be taken."""

    path: str
    """A JSON pointer (RFC 6901): `/title`, `/participants/@bob:example.org`."""
    lost: Any
    """What was not taken, as plain JSON; None when that side took the field away."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of two sides; `content` is without stamps, and empty when it stays removed."""

    content: Content
    clashes: tuple[Clash, ...]
    """By path."""
    restored: bool
    """Whether one side removed the object and the other one changed it; the change won."""


def merge(rules: Mapping[str, Merge], base: Content, one: Side, other: Side) -> Merged:
    """Merge two sides of a base by the rules of their event type.

    A side that changed nothing gives way to the other one as a whole. Stamps are left out of
    what is compared and of the result.
    """
    before, left, right = bare(base), bare(one.content), bare(other.content)
    if same(left, right) or same(left, before):
        return Merged(right, (), restored=False)
    if same(right, before):
        return Merged(left, (), restored=False)
    if not left or not right:
        return Merged(left or right, (), restored=True)
    merged: dict[str, Any] = {}
    clashes: list[Clash] = []
    for name in {*left, *right}:
        earlier, later = _in_order(
            (one.times.get(name, one.at), left.get(name, _ABSENT)),
            (other.times.get(name, other.at), right.get(name, _ABSENT)),
        )
        rule = Merge.MAP if name == NAMESPACE else rules.get(name, Merge.SCALAR)
        values = _Values(before.get(name, _ABSENT), earlier, later)
        value, lost = _merged(rule, pointer(name), values)
        clashes += lost
        if value is not _ABSENT:
            merged[name] = value
    return Merged(
        bare(pmap(merged)), tuple(sorted(clashes, key=lambda clash: clash.path)), restored=False
    )


def changed_fields(before: Content, after: Content) -> frozenset[str]:
    """Return the top-level fields that differ; stamps do not count."""
    old, new = bare(before), bare(after)
    return frozenset(
        name for name in {*old, *new} if not same(old.get(name, _ABSENT), new.get(name, _ABSENT))
    )


def bare(content: Content) -> Content:
    """Return content without our stamps, and without our namespace when nothing else is there."""
    ours = content.get(NAMESPACE)
    if not isinstance(ours, Mapping):
        return content
    rest = {name: value for name, value in ours.items() if name not in STAMPS}
    return content.set(NAMESPACE, pmap(rest)) if rest else content.discard(NAMESPACE)


def same(one: Any, other: Any) -> bool:
    """Return whether two values are the same JSON; unlike for `==`, true is not 1, nor is 1.0."""
    stack = [(one, other)]
    while stack:
        left, right = stack.pop()
        if left is right:
            continue
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            if left.keys() != right.keys():
                return False
            stack += [(left[key], right[key]) for key in left]
        elif _is_list(left) and _is_list(right):
            if len(left) != len(right):
                return False
            stack += zip(left, right, strict=True)
        elif type(left) is not type(right) or not _same_leaf(left, right):
            return False
    return True


def _same_leaf(left: Any, right: Any) -> bool:
    # By its digits, a float is equal to itself also where it is no number.
    return repr(left) == repr(right) if isinstance(left, float) else bool(left == right)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


# Field by field


@dataclass(frozen=True, slots=True)
class _Values:
    """One field, before and on both sides, each `_ABSENT` where it is not there."""

    base: Any
    earlier: Any
    later: Any

    def there(self) -> list[Any]:
        return [each for each in (self.base, self.earlier, self.later) if each is not _ABSENT]


_Outcome: TypeAlias = tuple[Any, Iterable[Clash]]


def _in_order(one: tuple[Moment, Any], other: tuple[Moment, Any]) -> tuple[Any, Any]:
    """Return two values, the later one last; values of one moment in the order of their JSON."""
    if one[0] == other[0]:
        one, other = sorted((one, other), key=lambda each: _text_of(each[1]))
    elif one[0] > other[0]:
        one, other = other, one
    return one[1], other[1]


def _text_of(value: Any) -> str:
    return "" if value is _ABSENT else json.dumps(plain(value), sort_keys=True)


def _merged(rule: Merge, path: str, values: _Values) -> _Outcome:
    if same(values.earlier, values.later) or same(values.earlier, values.base):
        return values.later, ()
    if same(values.later, values.base):
        return values.earlier, ()
    return _RULES[rule](path, values)


def _scalar(path: str, values: _Values) -> _Outcome:
    lost = None if values.earlier is _ABSENT else plain(values.earlier)
    return values.later, (Clash(path, lost),)


def _set(path: str, values: _Values) -> _Outcome:
    there = values.there()
    in_map = all(_is_word_map(each) for each in there)
    if not in_map and not all(_is_word_list(each) for each in there):
        return _scalar(path, values)
    base, earlier, later = (
        dict.fromkeys(() if each is _ABSENT else each)
        for each in (values.base, values.earlier, values.later)
    )
    words = [word for word in base if word in earlier and word in later]
    words += [word for word in {**earlier, **later} if word not in base]
    together = pmap(dict.fromkeys(words, True)) if in_map else pvector(words)
    return _unless_empty(together, values), ()


def _is_word_map(value: Any) -> bool:
    return isinstance(value, Mapping) and all(each is True for each in value.values())


def _is_word_list(value: Any) -> bool:
    return _is_list(value) and all(isinstance(each, str) for each in value)


def _map(path: str, values: _Values) -> _Outcome:
    if not all(isinstance(each, Mapping) for each in values.there()):
        return _scalar(path, values)
    base, earlier, later = (
        {} if each is _ABSENT else each for each in (values.base, values.earlier, values.later)
    )
    together: dict[str, Any] = {}
    clashes: list[Clash] = []
    for key in {*earlier, *later}:
        inner = _Values(*(each.get(key, _ABSENT) for each in (base, earlier, later)))
        value, lost = _merged(Merge.SCALAR, path + pointer(key), inner)
        clashes += lost
        if value is not _ABSENT:
            together[key] = value
    return _unless_empty(pmap(together), values), clashes


def _text(path: str, values: _Values) -> _Outcome:
    base = "" if values.base is _ABSENT else values.base
    texts = (base, values.earlier, values.later)
    if not all(isinstance(each, str) for each in texts):
        return _scalar(path, values)
    together = merge_lines(*texts)
    return _scalar(path, values) if together is None else (together, ())


def _unless_empty(together: Any, values: _Values) -> Any:
    """Return a set or map; an empty one is taken away if one side took it away."""
    taken_away = values.earlier is _ABSENT or values.later is _ABSENT
    return _ABSENT if taken_away and not together else together


_RULES: Final[Mapping[Merge, Callable[[str, _Values], _Outcome]]] = {
    Merge.SCALAR: _scalar,
    Merge.SET: _set,
    Merge.MAP: _map,
    Merge.TEXT: _text,
}
