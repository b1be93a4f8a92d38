"""Which backups are kept, and how the others go: of each of the last days and weeks that have some the newest stays."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime

from twin_module.host.backup.snapshot import Damaged, Snapshot
from twin_module.host.backup.store import Store


@dataclass(frozen=True, slots=True)
class Keep:
    """How many; both count only days and weeks (of ISO 8601, in UTC) in which a backup was made."""

    daily: int = 7
    weekly: int = 5


def outdated(times: Iterable[datetime], keep: Keep) -> list[datetime]:
    """Return the times of those that are not kept. The newest of all always is.

    A twin that was not backed up for a year loses none for that: only newer backups push out older ones.
    """
    newest_first = sorted(times, reverse=True)
    kept = set(newest_first[:1])
    kept |= _newest_of_each(newest_first, keep.daily, lambda time: time.date())
    kept |= _newest_of_each(newest_first, keep.weekly, lambda time: time.isocalendar()[:2])
    return [time for time in newest_first if time not in kept]


def sweep(store: Store, keep: Keep, newest: datetime) -> tuple[int, tuple[str, ...]]:
    """Remove backups that are not kept, and objects that no backup needs.

    Args:
        store: locked.
        keep: which are kept.
        newest: the time of the one that was just made.

    Returns:
        How many backups were removed, and sentences on why nothing could be: as long as a list
        can't be read, nobody knows what it needs.
    """
    needed: dict[datetime, Snapshot] = {}
    warnings = []
    times = store.times()
    if times[-1] > newest:
        return 0, (
            f"{store.list_path(times[-1])} is of a later time than now: some clock was wrong. It counts as the latest, and nothing is removed, until you delete it.",
        )
    for moment in times:
        try:
            needed[moment] = store.snapshot(moment)
        except Damaged as error:
            warnings.append(
                f"{store.list_path(moment)} {error}; nothing is removed until you put it back or delete it."
            )
    if warnings:
        return 0, tuple(warnings)
    old = outdated(needed, keep)
    for moment in old:
        store.drop(moment)
        del needed[moment]
    used = {name for each in needed.values() for name in each.objects}
    store.remove(store.objects().keys() - used)
    return len(old), ()


def _newest_of_each(
    newest_first: list[datetime], most: int, span: Callable[[datetime], Hashable]
) -> set[datetime]:
    found: dict[Hashable, datetime] = {}
    for time in newest_first:
        if len(found) == most and span(time) not in found:
            break
        found.setdefault(span(time), time)
    return set(found.values()) if most else set()
