"""From what is due to messages: what was told already, what comes late, and what is too much."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from twin_module.core.ports import Cursor
from twin_module.core.quiet_hours import quiet_until
from twin_module.core.reminder_texts import heading, held_back, one, several
from twin_module.core.reminders import Reminder
from twin_module.core.voice import About, Said, key_of
from twin_module.engine import reminders_store
from twin_module.engine.settings import Wishes
from twin_module.engine.voice import Voice

HOUR: Final = 3_600_000
LATE: Final = 600_000
"""What is told so much later than it was due, quiet hours aside, is late."""
MOST: Final = 200
"""Reminders that are told in an hour."""
MOST_OF_OTHERS: Final = 100
"""Of these, as many are of rooms that others made, so that they leave some for the owner's own."""
FEW: Final = 3
"""As many reminders of one moment get a message each."""


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder whose time has come."""

    key: str
    """What it is known by once it was told."""
    reminder: Reminder
    own: bool
    """Whether it is of a room that the owner made."""
    about: About
    """What it reminds of."""

    @property
    def order(self) -> tuple[datetime, str, str]:
        """What reminders are sorted by."""
        return self.reminder.at, self.reminder.title, self.key


def tell(
    cursor: Cursor, voice: Voice, due: Sequence[Due], now: int, owner: str, wishes: Wishes
) -> None:
    """Plan messages of what was not told yet, and note that it was told, in one transaction.

    Args:
        cursor: of the transaction.
        voice: what says it.
        due: what is due, told already or not.
        now: in milliseconds since 1970.
        owner: who is reminded.
        wishes: the owner's, with their zone and quiet hours.
    """
    fresh = {each.key: each for each in due if not reminders_store.is_known(cursor, each.key)}
    told, of_others = reminders_store.told_since(cursor, now - HOUR)
    telling = []
    for each in sorted(fresh.values(), key=lambda each: (not each.own, each.order)):
        fits = told < MOST and (each.own or of_others < MOST_OF_OTHERS)
        told += fits
        of_others += fits and not each.own
        if fits:
            telling.append(each)
        at = int(each.reminder.at.timestamp() * 1000)
        reminders_store.note(cursor, each.key, at, now, own=each.own, held=not fits)
    for key, said in _messages(sorted(telling, key=lambda each: each.order), now, wishes):
        voice.plan(cursor, replace(said, mentions=(owner,)), key)
    held = reminders_store.take_held(cursor, now, HOUR)
    if held:
        said = held_back(held, MOST, wishes.language)
        voice.plan(cursor, replace(said, mentions=(owner,)), f"held back at {now}")


def _messages(telling: Sequence[Due], now: int, wishes: Wishes) -> Iterator[tuple[str, Said]]:
    """Yield keys and messages: what is late, what waited for quiet hours to end, and the rest."""
    moment, zone, language = datetime.fromtimestamp(now / 1000, UTC), wishes.zone, wishes.language
    late: list[Due] = []
    quiet: list[Due] = []
    on_time: list[Due] = []
    for each in telling:
        waited = quiet_until(each.reminder.at, wishes.quiet_hours, zone)
        expected = (waited or each.reminder.at).timestamp() * 1000
        kind = late if now - expected > LATE else on_time if waited is None else quiet
        kind.append(each)
    dues = {id(each.reminder): each for each in telling}
    groups = [(heading("late", language), late), (heading("quiet", language), quiet)]
    if len(on_time) > FEW:
        groups.append((heading("several", language), on_time))
    else:
        for each in on_time:
            said = one(each.reminder, moment, zone, language)
            yield each.key, replace(said, about=(each.about,))
    for above, group in groups:
        reminders = [each.reminder for each in group]
        for part, said in several(above, reminders, moment, zone, language):
            told = [dues[id(each)] for each in part]
            about = tuple(each.about for each in told)
            yield key_of(*(each.key for each in told)), replace(said, about=about)
