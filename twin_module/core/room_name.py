"""What a room is called that may have no name (client-server API, "Calculating the display name")."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from twin_module.core.state import StateMap, content_of

MAX_NAME = 255
EMPTY = "Empty room"


def room_name(state: StateMap, people: Sequence[tuple[str, str | None]], others: int) -> str:
    """Return what clients show as a room's name.

    Args:
        state: with the room's name and its canonical alias, where it has them.
        people: some of those who are in it or invited, or who left where nobody else is there:
            Matrix IDs with display names, without the reader.
        others: how many are in it or invited, without the reader.
    """
    for kind, field in (("m.room.name", "name"), ("m.room.canonical_alias", "alias")):
        said = _line(content_of(state, kind).get(field))
        if said:
            return said
    shown = called(people)
    names = [shown[user] for user, _ in people]
    if not others:
        return f"{EMPTY} (was {_listed(names)})"[:MAX_NAME] if names else EMPTY
    if others > len(names):
        left = others - len(names)
        names.append(f"{left} other{'s' if left > 1 else ''}")
    return _listed(names)[:MAX_NAME]


def called(people: Sequence[tuple[str, str | None]]) -> Mapping[str, str]:
    """Return what people are called; who bears the same name as another is told apart by ID."""
    names = {user: _line(name) or user for user, name in people}
    often = Counter(names.values())
    return {
        user: name if often[name] == 1 or name == user else f"{name} ({user})"
        for user, name in names.items()
    }


def _line(said: Any) -> str:
    """Return a name in one line, empty where it is none."""
    return " ".join(said.split())[:MAX_NAME] if isinstance(said, str) else ""


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
