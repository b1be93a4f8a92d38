"""From what is due to messages: what was told already, what comes late, and what is too much."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from twin_module.core import reminder_texts
from twin_module.core.ports import Cursor
from twin_module.core.quiet_hours import quiet_until
from twin_module.core.reminders import Reminder
from twin_module.core.voice import key_of
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

    @property
    def order(self) -> tuple[datetime, str, str]:
        """What reminders are sorted by."""
        return self.reminder.at, self.reminder.title, self.key


def tell(cursor: Cursor, voice: Voice, due: Sequence[Due], now: int, wishes: Wishes) -> None:
    """Plan messages of what was not told yet, and note that it was told, in one transaction.

    Args:
        cursor: of the transaction.
        voice: what says it.
        due: what is due, told already or not.
        now: in milliseconds since 1970.
        wishes: the owner's, with their zone and quiet hours.
    """
    fresh = {each.key: each for each in due if not reminders_store.is_known(cursor, each.key)}
    told, of_others = reminders_store.told_since(cursor, now - HOUR)
    telling = []
    for each in sorted(fresh.values(), key=lambda one: (not one.own, one.order)):
        fits = told < MOST and (each.own or of_others < MOST_OF_OTHERS)
        told += fits
        of_others += fits and not each.own
        if fits:
            telling.append(each)
        at = int(each.reminder.at.timestamp() * 1000)
        reminders_store.note(cursor, each.key, at, now, own=each.own, held=not fits)
    _plan(cursor, voice, sorted(telling, key=lambda one: one.order), now, wishes)
    held = reminders_store.take_held(cursor, now, HOUR)
    if held:
        said = reminder_texts.held_back(held, MOST)
        voice.plan(cursor, said.body, said.html, f"held back at {now}")


def _plan(cursor: Cursor, voice: Voice, telling: Sequence[Due], now: int, wishes: Wishes) -> None:
    """Plan the messages: what is late, what waited for the end of quiet hours, and the rest."""
    moment, zone = datetime.fromtimestamp(now / 1000, UTC), wishes.zone
    late: list[Due] = []
    quiet: list[Due] = []
    on_time: list[Due] = []
    for each in telling:
        waited = quiet_until(each.reminder.at, wishes.quiet_hours, zone)
        expected = (waited or each.reminder.at).timestamp() * 1000
        kind = late if now - expected > LATE else on_time if waited is None else quiet
        kind.append(each)
    keys = {id(each.reminder): each.key for each in telling}
    groups = [(reminder_texts.LATE, late), (reminder_texts.QUIET, quiet)]
    if len(on_time) > FEW:
        groups.append((reminder_texts.SEVERAL, on_time))
    else:
        for each in on_time:
            said = reminder_texts.one(each.reminder, moment, zone)
            voice.plan(cursor, said.body, said.html, each.key)
    for heading, group in groups:
        reminders = [each.reminder for each in group]
        for part, said in reminder_texts.several(heading, reminders, moment, zone):
            voice.plan(cursor, said.body, said.html, key_of(*(keys[id(each)] for each in part)))
