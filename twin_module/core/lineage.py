"""Versions of one object and how they stand to each other: pure, a graph of event IDs.

A version's parents are what its writer had seen: first the version that was current for them,
then the lost ones that a merge took in. Two versions are concurrent when neither is an ancestor
of the other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyrsistent import PMap

from twin_module.core.state import NAMESPACE, StateEvent

MOST_MERGED: Final = 50
"""How many versions one merge may name as taken in; what is beyond is not read."""
CONTAINED: Final = "contained"
"""The `settled` of a version of which nothing is missing in the current one."""
DISMISSED: Final = "dismissed"
"""The `settled` of a version that the owner of this twin does not want."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object, as far as its place among the others goes."""

    event_id: str
    sender: str
    ts: int
    """In milliseconds since 1970, as its sender's server claims."""
    removed: bool
    parents: tuple[str, ...]
    settled: str | None = None
    """Why nobody has to care that it is not current; None when somebody may have to."""

    @property
    def moment(self) -> tuple[int, str]:
        """What orders versions in time; the same on every twin."""
        return self.ts, self.event_id


def parents_of(event: StateEvent) -> tuple[str, ...]:
    """Return the versions that the writer of an event had seen, the one it replaced first.

    What the homeserver worked out goes before what the content says: a client that copies
    content copies our stamps too.
    """
    stamps: Any = event.content.get(NAMESPACE)
    said = stamps if isinstance(stamps, PMap) else {}
    first = event.replaces or said.get("base")
    merged = said.get("merged")
    named = [first, *(merged[:MOST_MERGED] if isinstance(merged, Sequence) else ())]
    return tuple(
        dict.fromkeys(
            each
            for each in named
            if isinstance(each, str) and each.startswith("$") and each != event.event_id
        )
    )


class Lineage:
    """All versions of one object that a twin knows."""

    def __init__(self, versions: Iterable[Version]) -> None:
        self.versions: Mapping[str, Version] = {each.event_id: each for each in versions}

    def ancestors(self, event_id: str | None) -> frozenset[str]:
        """Return a version with everything before it, named ones that are not known as well."""
        found: set[str] = set()
        waiting = [event_id] if event_id else []
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                version = self.versions.get(each)
                waiting.extend(version.parents if version else ())
        return frozenset(found)

    def unknown(self, event_id: str | None) -> Sequence[str]:
        """Return what stands before a version and is not known."""
        return sorted(self.ancestors(event_id) - self.versions.keys())

    def lost(self, current: str | None) -> Sequence[Version]:
        """Return the newest open versions of each sender that the current one has not seen.

        Without those that somebody removed who had seen them: to bring one back is for nobody to do
        who has not decided that.
        """
        seen = self.ancestors(current)
        out = [
            each
            for each in self.versions.values()
            if each.event_id not in seen and each.settled in (None, CONTAINED, DISMISSED)
        ]
        followed: dict[str, set[str]] = {}
        for each in out:
            self._add_before(each, followed.setdefault(each.sender, set()), seen)
        removed = self.removed_by(out, current)
        heads = [
            each
            for each in out
            if each.settled is None
            and each.event_id not in followed[each.sender]
            and each.event_id not in removed
        ]
        return sorted(heads, key=lambda each: each.moment)

    def removed_by(self, versions: Iterable[Version], current: str | None) -> frozenset[str]:
        """Return what removals among some versions had seen, and the current version has not."""
        found: set[str] = set()
        for each in versions:
            if each.removed and each.settled != DISMISSED:
                self._add_before(each, found, self.ancestors(current))
        return frozenset(found & self.versions.keys())

    def _add_before(self, version: Version, found: set[str], known: frozenset[str]) -> None:
        """Add what stands before a version; no one is looked at twice, so it never takes long."""
        waiting = [version]
        while waiting:
            for parent in waiting.pop().parents:
                if parent not in found and parent not in known:
                    found.add(parent)
                    if parent in self.versions:
                        waiting.append(self.versions[parent])

    def common(self, one: str, other: str | None) -> Version | None:
        """Return the newest version that both have seen; None when they began apart."""
        shared = self.ancestors(one) & self.ancestors(other) & self.versions.keys()
        # All that stands before a shared version is shared, so its parents say what is older.
        older = {parent for each in shared for parent in self.versions[each].parents}
        return max(
            (self.versions[each] for each in shared - older),
            key=lambda each: each.moment,
            default=None,
        )

    def line(self, newest: str, base: str | None) -> Iterator[Version]:
        """Walk back from a version over what each one replaced, as far as a base or what is known."""
        seen = {base}
        each = self.versions.get(newest)
        while each is not None and each.event_id not in seen:
            seen.add(each.event_id)
            yield each
            each = self.versions.get(each.parents[0]) if each.parents else None
