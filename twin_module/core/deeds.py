"""What chats tell of a change: the deeds of somebody, from content to content."""

from collections.abc import Collection, Sequence
from typing import Final, TypeAlias

from twin_module.core.capability import Deed
from twin_module.core.state import NAMESPACE, Content

MACHINES: Final = frozenset({NAMESPACE, "created", "updated", "sequence", "prodId", "method"})
"""Fields that programs keep beside what a person does."""
Noted: TypeAlias = tuple[str | None, Collection[str]]
"""The kind of a deed, None where it was not done, and the fields that it changes."""


def told(
    before: Content, after: Content, *noted: Noted, untold: Collection[str] = ()
) -> Sequence[Deed]:
    """Return what was done to an object, in the order in which it was noted.

    What changed beside the fields of the deeds that were done is "changed".

    Args:
        before: content that fits, empty where nothing was there.
        after: content that fits, empty where nothing is left.
        noted: deeds that have a name of their own; not asked for what is new or gone.
        untold: fields whose change is no deed.
    """
    if not before or not after:
        kinds = [] if before == after else ["added" if after else "removed"]
        return [Deed(kind) for kind in kinds]
    done = [(kind, fields) for kind, fields in noted if kind is not None]
    explained = MACHINES.union(untold, *(fields for _, fields in done))
    names = (set(before) | set(after)) - explained
    rest = ["changed"] if any(before.get(name) != after.get(name) for name in names) else []
    return [Deed(kind) for kind in (*(kind for kind, _ in done), *rest)]


def renamed(before: Content, after: Content, field: str = "title") -> Noted:
    """Note whether an object got another title."""
    return ("renamed" if before.get(field) != after.get(field) else None), (field,)
