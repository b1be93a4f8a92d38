"""The current state of a room, as Matrix has it: one event for each (type, state key)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from pyrsistent import PMap, freeze, thaw

NAMESPACE: Final = "org.digitaltwin"
"""The prefix of every event type, room type and account data type of ours."""

READABLE_DEPTH: Final = 100
"""Far above what any schema of ours allows, far below what recursion can bear."""

Content: TypeAlias = PMap[str, Any]
Key: TypeAlias = tuple[str, str]
"""An event type and a state key."""


@dataclass(frozen=True, slots=True)
class StateEvent:
    """One current state event.

    `origin_server_ts` is in milliseconds since 1970, as claimed by the sender's server.
    Empty content means removed, unless there is a `problem`.
    """

    room_id: str
    type: str
    state_key: str
    content: Content
    sender: str
    event_id: str
    origin_server_ts: int
    problem: str | None = None
    """Why the content can't even be read; it is empty then."""
    replaces: str | None = field(default=None, compare=False)
    """What was current for its sender when it was written, where this server could work that out."""


StateMap: TypeAlias = Mapping[Key, StateEvent]


def content_problem(content: Any) -> str | None:
    """Return why content can't be read: it is nested so deep that walking it would end in an error."""
    stack: list[tuple[Any, int]] = [(content, 0)]
    while stack:
        item, depth = stack.pop()
        if depth > READABLE_DEPTH:
            return f"is nested deeper than {READABLE_DEPTH} levels"
        if isinstance(item, Mapping):
            stack.extend((child, depth + 1) for child in item.values())
        elif isinstance(item, list | tuple):
            stack.extend((child, depth + 1) for child in item)
    return None


def frozen(content: Mapping[str, Any]) -> Content:
    """Turn plain JSON into immutable content."""
    return freeze(dict(content))


def plain(content: Any) -> Any:
    """Turn immutable content back into plain JSON."""
    return thaw(content)


def content_of(state: StateMap, event_type: str, state_key: str = "") -> Content:
    """Return the content of one event, empty when there is none."""
    event = state.get((event_type, state_key))
    return event.content if event else frozen({})
