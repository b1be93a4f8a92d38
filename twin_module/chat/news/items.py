"""What is told: objects, each with all that was done to it, whoever's event said so. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from twin_module.chat.news.changes import NOTHING, Change, Doing, Known, doings
from twin_module.core.deeds import MACHINES
from twin_module.core.merge import changed_fields
from twin_module.core.state import Content
from twin_module.engine.versions import Place

_PROGRESS: Final = ("progress", "progressUpdated", "percentComplete", "status")
_TIMES: Final = (
    *("start", "duration", "timeZone", "showWithoutTime"),
    *("recurrenceRules", "excludedRecurrenceRules", "recurrenceOverrides"),
)
_EXPLAINED: Final[Mapping[str, tuple[str, ...]]] = {
    "renamed": ("title",),
    "completed": _PROGRESS,
    "reopened": _PROGRESS,
    "cancelled": _PROGRESS,
    "rescheduled": _TIMES,
}
"""The fields that a deed says enough of."""


@dataclass(frozen=True, slots=True)
class Item:
    """An object that is told of."""

    place: Place
    capability: str
    content: Content = field(hash=False)
    """As it is now, empty where it is gone."""
    title: str
    """Now, or as it was called last."""
    was: str
    """What it was called before."""
    doings: tuple[Doing, ...]
    fields: tuple[str, ...]
    """Those that changed, without what the doings say anyway."""
    event_id: str
    """Of the newest event that it is told for."""


def targets(types: Mapping[str, Known], change: Change) -> list[Place]:
    """Return the objects of which a change tells, in order."""
    known = types[change.place.type]
    return list(dict.fromkeys(_target(known, change, each) for each in doings(known, change)))


def _target(known: Known, change: Change, doing: Doing) -> Place:
    if doing.deed.uid is None:
        return change.place
    return Place(change.place.room_id, known.capability.event_type.type, doing.deed.uid)


def items(
    types: Mapping[str, Known],
    order: Iterable[Place],
    changes: Iterable[Change],
    contents: Mapping[Place, Content],
) -> list[Item]:
    """Return what is told of objects.

    Args:
        types: all that are told of.
        order: the objects, as they are numbered.
        changes: all that there are.
        contents: of objects as they are, where only others' events speak of them.
    """
    own = {each.place: each for each in changes}
    done: dict[Place, list[tuple[Doing, str]]] = {}
    for change in own.values():
        known = types[change.place.type]
        for each in doings(known, change):
            done.setdefault(_target(known, change, each), []).append((each, change.event_id))
    return [
        _item(types, place, own.get(place), contents.get(place, NOTHING), done.get(place, []))
        for place in order
    ]


def _item(
    types: Mapping[str, Known],
    place: Place,
    change: Change | None,
    content: Content,
    done: list[tuple[Doing, str]],
) -> Item:
    known = types[place.type]
    before = change.before if change else content
    content = change.after if change else content
    return Item(
        place=place,
        capability=known.capability.name,
        content=content,
        title=change.title if change else known.title(content),
        was=known.title(before),
        doings=_together(each for each, _ in done),
        fields=_fields(known, before, content, {each.deed.kind for each, _ in done}),
        event_id=done[-1][1] if done else change.event_id if change else "",
    )


def _together(found: Iterable[Doing]) -> tuple[Doing, ...]:
    """Return doings with all the people who did the same, in one."""
    people: dict[str, Doing] = {}
    for each in found:
        before = people.get(each.deed.kind)
        all_of_them = (*(before.people if before else ()), *each.people)
        people[each.deed.kind] = Doing(each.deed, tuple(dict.fromkeys(all_of_them)))
    return tuple(people.values())


def _fields(
    known: Known, before: Content | None, after: Content, kinds: Iterable[str]
) -> tuple[str, ...]:
    """Return which fields changed, of those that the schema names, in its order."""
    if not before or not after:
        return ()
    explained = {name for kind in kinds for name in _EXPLAINED.get(kind, ())}
    files = (
        {known.type.long_text.pointer: known.type.long_text.field} if known.type.long_text else {}
    )
    state = {known.type.together.state} if known.type.together else set()
    changed = changed_fields(before, after) - explained - MACHINES - state - {"@type"}
    named = {files.get(each, each) for each in changed}
    return tuple(each for each in known.type.shape.schema.get("properties", {}) if each in named)
