"""The difference of two contents of one object, for people and for programs."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from twin_module.core.lines import unified
from twin_module.core.merge import bare, same
from twin_module.core.schema import pointer
from twin_module.core.state import Content, plain

MAX_LINES: Final = 20_000
"""Characters of the longest `lines`."""
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs, as plain JSON."""

    path: str
    """A JSON pointer (RFC 6901), one level into maps: `/title`, `/keywords/home`."""
    kind: Literal["added", "removed", "changed"]
    before: Any
    """None when it was added."""
    after: Any
    """None when it was removed."""
    lines: str | None = None
    """Of a text that changed: its unified diff, without the names of files."""

    def as_json(self) -> dict[str, Any]:
        """Return the change with what it has of `before`, `after` and `lines`."""
        return {
            "path": self.path,
            "kind": self.kind,
            **({"before": self.before} if self.kind != "added" else {}),
            **({"after": self.after} if self.kind != "removed" else {}),
            **({"lines": self.lines} if self.lines is not None else {}),
        }


def difference(before: Content, after: Content, texts: Collection[str] = ()) -> list[Change]:
    """Return what differs, by path; our stamps are left out.

    Args:
        before: the older content, empty when there was none.
        after: the newer one, empty when the object was removed.
        texts: the top-level fields that are texts of lines.
    """
    found: list[Change] = []
    for name, old, new in _pairs(bare(before), bare(after)):
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += [_change(pointer(name, key), *values) for key, *values in _pairs(old, new)]
        else:
            is_text = name in texts and isinstance(old, str) and isinstance(new, str)
            lines = _cut(unified(old, new)) if is_text else None
            found.append(_change(pointer(name), old, new, lines))
    return sorted(found, key=lambda change: change.path)


def _pairs(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for key in {*before, *after}:
        old, new = before.get(key, _ABSENT), after.get(key, _ABSENT)
        if not same(old, new):
            yield key, old, new


def _change(path: str, old: Any, new: Any, lines: str | None = None) -> Change:
    if old is _ABSENT:
        return Change(path, "added", None, plain(new))
    if new is _ABSENT:
        return Change(path, "removed", plain(old), None)
    return Change(path, "changed", plain(old), plain(new), lines)


def _cut(lines: str) -> str:
    if len(lines) <= MAX_LINES:
        return lines
    return f"{lines[:MAX_LINES]}\n… cut here: the whole diff has {len(lines)} characters."
