"""A version as the history tells it: what became of it, and what it changed. Pure."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from twin_module.core.capability import EventType, Merge
from twin_module.core.difference import Change, difference
from twin_module.core.lineage import Version
from twin_module.core.merge import Clash
from twin_module.core.schema import pointer
from twin_module.core.state import NAMESPACE, Content, StateEvent, plain

MOST_CHANGES: Final = 50
"""How many changes of one version are told."""
MOST_VALUE: Final = 1000
"""Characters of the longest value that is told, as JSON, and of a text's lines."""
MAX_TITLE: Final = 255
MAX_EXPERIENCE: Final = 255

Status: TypeAlias = Literal[
    "current",
    "replaced",
    "merged",
    "contained",
    "proposed",
    "dismissed",
    "redacted",
    "unknown",
]
STATUSES: Final[Mapping[Status, str]] = {
    "current": "It is the current one.",
    "replaced": "A later version was made on it.",
    "merged": "It lost, and the version `merged_by` took it in.",
    "contained": "It lost, and nothing of it is missing; `clashes` are what was decided against it.",
    "proposed": "It lost and is open; `why` says why nobody has merged it.",
    "dismissed": "It lost, and the owner of this twin does not want it.",
    "redacted": "Its content was taken away by a redaction.",
    "unknown": "Other versions name it, and nobody has it.",
}
Why: TypeAlias = Literal["waits", "may_not_write", "left", "would_not_fit", "incomplete"]
WHYS: Final[Mapping[Why, str]] = {
    "waits": "The twin of who wrote it will merge it.",
    "may_not_write": "Who wrote it may no longer write here.",
    "left": "Who wrote it is no longer in the room, or the owner of this twin is not.",
    "would_not_fit": "Merged with the current version, it would not fit its type.",
    "incomplete": "A version that is needed to merge it is not on this twin.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A version with all that is told of it; None and False stand for what there is nothing of."""

    version: Version
    status: Status
    current: bool
    event: StateEvent | None = None
    title: str | None = None
    problem: str | None = None
    experience: str | None = None
    """What the app called itself that wrote it: a claim."""
    changes: list[Change] | None = None
    """To its first parent; None where that can't be said."""
    cut: Collection[str] = field(default_factory=frozenset)
    """The paths of changes whose values lie elsewhere."""
    why: Why | None = None
    merged_by: str | None = None
    clashes: tuple[Clash, ...] | None = None
    """What lost when it was merged, worked out anew; None where that can't be, or nothing was."""
    restored: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it for the API; optional members are left out where there is nothing to tell."""
        version = self.version
        known = self.status != "unknown"
        optional = {
            "problem": self.problem,
            "experience": self.experience,
            "why": self.why,
            "merged_by": self.merged_by,
            "took_in": list(version.parents[1:]) or None,
            "clashes": None if self.clashes is None else [_clash_json(c) for c in self.clashes],
            "restored": self.restored or None,
            **self._changes_json(),
        }
        return {
            "event_id": version.event_id,
            "sender": version.sender if known else None,
            "server": version.sender.partition(":")[2] if known else None,
            "time": version.ts if known else None,
            "status": self.status,
            "current": self.current,
            "removed": version.removed and self.status != "redacted",
            "title": self.title,
            "parents": list(version.parents),
            **{name: value for name, value in optional.items() if value is not None},
        }

    def _changes_json(self) -> dict[str, Any]:
        if self.changes is None:
            return {}
        shown = [_change_json(each, self.cut) for each in self.changes[:MOST_CHANGES]]
        more = len(self.changes) - len(shown)
        return {"changes": shown, "more_changes": more or None}


def told_changes(
    event_type: EventType, before: Content, after: Content, *, lines: bool
) -> tuple[list[Change], frozenset[str]]:
    """Return what differs between two contents, and the paths whose values lie elsewhere."""
    texts = text_fields(event_type) if lines else frozenset()
    changes = difference(stand_in(event_type, before), stand_in(event_type, after), texts)
    long_text = event_type.long_text
    if long_text and (long_text.pointer in before or long_text.pointer in after):
        return changes, frozenset({pointer(long_text.field)})
    return changes, frozenset()


def text_fields(event_type: EventType) -> frozenset[str]:
    """Return the fields that are texts of lines."""
    named = {name for name, rule in event_type.merge.items() if rule is Merge.TEXT}
    return frozenset(named | ({event_type.long_text.field} if event_type.long_text else set()))


def without_state(event_type: EventType, content: Content) -> Content:
    """Return content without the state of a shared text: its text says the same to people."""
    return content.discard(event_type.together.state) if event_type.together else content


def stand_in(event_type: EventType, content: Content) -> Content:
    """Return content in which a text that lies elsewhere is named by its pointer."""
    content = without_state(event_type, content)
    long_text = event_type.long_text
    if long_text is None or long_text.pointer not in content:
        return content
    named = json.dumps(plain(content[long_text.pointer]), sort_keys=True)
    return content.discard(long_text.pointer).set(long_text.field, named)


def title_of(event_type: EventType, event: StateEvent) -> str | None:
    """Return one line for an event that fits and is not removed."""
    return " ".join(event_type.title(event.content).split())[:MAX_TITLE]


def experience_of(content: Content) -> str | None:
    """Return which app wrote a version, as it said itself."""
    stamps: Any = content.get(NAMESPACE)
    said = stamps.get("experience") if isinstance(stamps, Mapping) else None
    fits = isinstance(said, str) and said.isprintable() and len(said) <= MAX_EXPERIENCE
    return said or None if fits else None


def _change_json(change: Change, cut: Collection[str]) -> dict[str, Any]:
    shown = change.as_json()
    if change.path in cut:
        return {"path": change.path, "kind": change.kind}
    for name in ("before", "after"):
        if name in shown and _is_long(shown[name]):
            del shown[name]
    if change.lines is not None and len(change.lines) > MOST_VALUE:
        shown["lines"] = f"{change.lines[:MOST_VALUE]}\n…"
    return shown


def _clash_json(clash: Clash) -> dict[str, Any]:
    return {"path": clash.path, **({} if _is_long(clash.lost) else {"lost": clash.lost})}


def _is_long(value: Any) -> bool:
    return len(json.dumps(value, ensure_ascii=False)) > MOST_VALUE
