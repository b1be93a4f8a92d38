"""What became of an object, who did which part of it, and whom it asks for something. Pure.

Content comes from strangers: what a capability can't read is told as a plain change, and nothing
raises.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from twin_module.core.capability import DEEDS, Capability, Deed, EventType
from twin_module.core.matrix_uri import is_user_id
from twin_module.core.merge import bare, same
from twin_module.core.state import Content, frozen
from twin_module.core.voice import LOCALPARTS, voice_of
from twin_module.engine.versions import Place

NOTHING: Final[Content] = frozen({})
MOST_STEPS: Final = 8
"""Turns that people take at one object, which are told apart."""
MOST_NAMED: Final = 1000
"""Matrix IDs in one object that are looked at."""
_NAMED: Final = re.compile(r"@[^@\s:]{1,254}:[A-Za-z0-9.-]{1,254}(?::[0-9]{1,5})?")
_ENDS: Final = ("completed", "cancelled")
_ADDED, _CHANGED, _REMOVED = Deed("added"), Deed("changed"), Deed("removed")


@dataclass(frozen=True, slots=True)
class Known:
    """A type of objects that is told of, and the capability that it belongs to."""

    capability: Capability
    type: EventType

    def deeds(self, before: Content | None, after: Content) -> Sequence[Deed]:
        """Return what was done; of what nobody knows how it was before, only that it changed."""
        if before is None:
            return [_CHANGED if after else _REMOVED]
        if same(bare(before), bare(after)):
            return []
        if self.type.deeds is not None:
            try:
                return [each for each in self.type.deeds(before, after) if each.kind in DEEDS]
            except Exception:  # noqa: BLE001 - a stranger's content must not keep others from being told
                return [_generic(before, after)]
        return [_generic(before, after)]

    def asked(self, before: Content | None, after: Content) -> Mapping[str, str]:
        """Return whom a change asks for something, with how: `concerned`, or `named` in its texts."""
        if before is None or not after or self.type is not self.capability.event_type:
            return {}
        named = self._named(after) - self._named(before)
        concerned = self._concerned(after) - self._concerned(before)
        return {**dict.fromkeys(named, "named"), **dict.fromkeys(concerned, "concerned")}

    def title(self, content: Content | None) -> str:
        """Return what an object is called, empty where it can't be said."""
        try:
            return self.type.title(content) if content else ""
        except Exception:  # noqa: BLE001 - as above
            return ""

    def _concerned(self, content: Content) -> set[str]:
        if not content or self.type.concerned is None:
            return set()
        try:
            return set(self.type.concerned(content))
        except Exception:  # noqa: BLE001 - as above
            return set()

    def _named(self, content: Content) -> set[str]:
        if not content:
            return set()
        try:
            texts = [self.title(content), *self.type.texts(content)]
        except Exception:  # noqa: BLE001 - as above
            return set()
        found: set[str] = set()
        for text in texts:
            for match in _NAMED.finditer(text):
                if len(found) >= MOST_NAMED:
                    return found
                found.add(match[0].rstrip(".-"))
        return {each for each in found if is_user_id(each)}


def _generic(before: Content, after: Content) -> Deed:
    return _CHANGED if before and after else _ADDED if after else _REMOVED


def known_types(capabilities: Iterable[Capability]) -> Mapping[str, Known]:
    """Return the types that are told of: a capability's objects, and what says itself what it tells."""
    return {
        each.type: Known(capability, each)
        for capability in capabilities
        for each in capability.events
        if each.deeds is not None or each is capability.event_type
    }


@dataclass(frozen=True, slots=True)
class Step:
    """What one person made of an object in one turn."""

    sender: str
    did: frozenset[Deed]
    asked: frozenset[str] = frozenset()
    """Whom that asked for something."""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an object since it was told last."""

    place: Place
    before: Content | None = field(hash=False)
    """Empty where it was not there; None where nobody knows any more."""
    after: Content = field(hash=False)
    """As it is now, empty where it is gone."""
    steps: tuple[Step, ...]
    event_id: str
    """Of the last one."""
    title: str
    """What it is called, or was called last."""

    @property
    def people(self) -> tuple[str, ...]:
        """Who changed it, in the order in which they first did."""
        return tuple(dict.fromkeys(each.sender for each in self.steps))

    def then(self, later: "Change") -> "Change":
        """Return both as one."""
        steps = (*self.steps, *later.steps)[-2 * MOST_STEPS :]
        return replace(
            self,
            after=later.after,
            steps=steps,
            event_id=later.event_id,
            title=later.title or self.title,
        )


@dataclass(frozen=True, slots=True)
class Doing:
    """What some people did."""

    deed: Deed
    people: tuple[str, ...]


def step(known: Known, sender: str, before: Content | None, after: Content) -> Step:
    """Return what somebody did in one turn."""
    return Step(
        sender, frozenset(known.deeds(before, after)), frozenset(known.asked(before, after))
    )


def doings(known: Known, change: Change) -> Sequence[Doing]:
    """Return what was done in the end, and who did it.

    What nobody of those who are told of did, somebody else did who was answered already.
    """
    net = known.deeds(change.before, change.after)
    found = []
    for deed in net:
        people = tuple(dict.fromkeys(each.sender for each in change.steps if deed in each.did))
        if people:
            found.append(Doing(deed, people))
    if any(each.kind == "added" for each in net):
        found += _ended(change.steps)
    if not found and net and change.after and any(each.did for each in change.steps):
        return [Doing(_CHANGED, change.people)]
    return found


def _ended(steps: Iterable[Step]) -> Sequence[Doing]:
    """Return who completed or cancelled what is new, unless it was opened again since."""
    ended: dict[Deed, list[str]] = {}
    for each in steps:
        if any(deed.kind == "reopened" for deed in each.did):
            ended.clear()
        for deed in each.did:
            if deed.kind in _ENDS:
                ended.setdefault(deed, []).append(each.sender)
    return [Doing(deed, tuple(dict.fromkeys(people))) for deed, people in ended.items()]


def pinged(known: Known, change: Change, present: Iterable[str]) -> Mapping[str, tuple[str, str]]:
    """Return whom a change pings: how (`concerned`, `named`), and who did that, by Matrix ID.

    Args:
        known: its type.
        change: what changed.
        present: who is in the room; voices are not pinged.
    """
    asked = known.asked(change.before, change.after)
    here = asked.keys() & set(present)
    found = {}
    for user in sorted(here - voices(present)):
        by = next((each.sender for each in reversed(change.steps) if user in each.asked), None)
        if by is not None and by != user:
            found[user] = (asked[user], by)
    return found


def voices(people: Iterable[str]) -> frozenset[str]:
    """Return which of the people in a room are the voices of twins."""
    inside = set(people)
    owners = {each for each in inside if _localpart(each) not in LOCALPARTS}
    found = {voice_of(each) for each in owners} & inside
    # Who is called as voices are has a voice of another name.
    owners = {each for each in inside - found if _localpart(each) == LOCALPARTS[0]}
    return frozenset(found | ({voice_of(each) for each in owners} & inside))


def _localpart(user_id: str) -> str:
    return user_id[1:].partition(":")[0]
