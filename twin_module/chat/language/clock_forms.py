"""What times of the day look like in a sentence: each form is tried at one place of its tokens."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from twin_module.chat.language.date_tokens import DASHES, Tokens
from twin_module.chat.language.date_words import (
    DAY,
    HOUR,
    LATE,
    NAMED_TIMES,
    NOON,
    PARTS_OF_HOURS,
    DateWords,
)

_TO: Final = frozenset({"to", "until", "till", "til", "bis"})
_BETWEEN: Final = ("between", "zwischen")

Strength = Literal["sure", "exactly", "beside", "bare"]


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of the day in minutes since midnight, or two; past 1440 is the day after."""

    start: int
    end: int | None = None
    unsure: bool = False
    """Whether it may be one of the evening: nothing says which half of the day it is in."""

    def within(self, part: str) -> "Clock":
        """Return the time in a part of the day: "8 in the evening" is 20:00."""
        if part not in LATE or not self.unsure or not HOUR <= self.start < NOON:
            return self
        return Clock(self.start + NOON, None if self.end is None else self.end + NOON)


@dataclass(frozen=True, slots=True)
class ClockForm:
    """A time in a sentence, up to the token `end`."""

    end: int
    clock: Clock
    strength: Strength
    """Sure: it says that it is a time. Exactly: a number behind "at". Beside: a time only beside
    a day, as "10-11". Bare: a number."""
    opened: bool = False
    """Whether a word like "from" stands before it."""


@dataclass(frozen=True, slots=True)
class _Hour:
    end: int
    minutes: int
    sure: bool
    half: str
    """"am", "pm" or ""."""
    marked: bool
    """Whether an "h" stands behind it, which is a duration's as well."""


class ClockForms:
    """The forms of times in one text."""

    def __init__(self, tokens: Tokens, words: DateWords) -> None:
        self.tokens = tokens
        self.words = words

    def clock(self, at: int) -> ClockForm | None:
        """Return the time, or the two times, that are named at a place."""
        word = self.tokens.word(at)
        opened = word in self.words.before_times or word in _BETWEEN
        exactly = word in self.words.exactly
        at += opened
        form = self._named_time(at) or self._part_of_hour(at) or self._hours(at, word)
        if form is None and exactly:
            form = self._spelt(at)
        if form is None or not self.tokens.closes(form.end):
            return None
        if exactly and form.strength != "sure":
            return replace(form, opened=opened, strength="exactly")
        return replace(form, opened=opened)

    def _named_time(self, at: int) -> ClockForm | None:
        word = self.tokens.word(at)
        if word not in self.words.named_times:
            return None
        return ClockForm(at + 1, Clock(NAMED_TIMES[word]), "sure")

    def _spelt(self, at: int) -> ClockForm | None:
        """Read the "nine" of "at nine" and of "um neun Uhr"."""
        hour = self.words.number(self.tokens.word(at))
        if hour is None:
            return None
        end = at + 1 + (self.tokens.word(at + 1) == "uhr")
        return ClockForm(end, Clock(hour * HOUR, unsure=True), "bare")

    def _part_of_hour(self, at: int) -> ClockForm | None:
        """Read "half past nine" and "halb neun", which is half an hour before nine."""
        said = (self.tokens.word(at), self.tokens.word(at + 1))
        key = said if said in PARTS_OF_HOURS else said[:1]
        if key not in PARTS_OF_HOURS:
            return None
        end = at + len(key)
        hour = self.tokens.number(end, 1, 24) or self.words.number(self.tokens.word(end))
        if hour is None:
            return None
        minutes = hour * HOUR + PARTS_OF_HOURS[key]
        # Half an hour before one is one after noon, nobody is up in the other.
        clock = Clock(minutes if minutes >= HOUR else minutes + NOON, unsure=True)
        return ClockForm(end + 1, clock, "beside" if key == ("halb",) else "sure")

    def _hours(self, at: int, opening: str) -> ClockForm | None:
        """Read "18:00", "6pm", "9", "10-11", "10 to 11:30 Uhr"."""
        one = self._hour(at)
        if one is None:
            return None
        word = self.tokens.word(one.end)
        joined = word in DASHES or word in _TO or (opening in _BETWEEN and word in ("and", "und"))
        two = self._hour(one.end + 1) if joined else None
        if two is None or not self.tokens.closes(two.end):
            alone = Clock(one.minutes, unsure=not one.half)
            return ClockForm(one.end, alone, _strength(one.sure, one.marked))
        sure = one.sure or two.sure or one.marked or two.marked
        start, end = _range(one, two)
        if start >= end:
            end += DAY
        clock = Clock(start, end, unsure=not (one.half or two.half) and end < NOON)
        return ClockForm(two.end, clock, _strength(sure, True)) if sure or end < DAY else None

    def _hour(self, at: int) -> _Hour | None:
        tokens, minute, sure, marked = self.tokens, 0, False, False
        hour, end = tokens.number(at, 0, 24), at + 1
        if hour is None:
            return None
        minutes_said = tokens.two_digits(end + 1, 59)
        if minutes_said is not None and tokens.glued(end, ":", ".", "h"):
            minute, sure, end = minutes_said, tokens.word(end) != ".", end + 2
        half, behind = self._half(end)
        if half:
            sure, end = True, behind
            # A 13 that says "am" is none; 12am is midnight, 12pm is noon.
            hour = hour % 12 + (12 if half == "pm" else 0) if 0 < hour <= NOON // HOUR else 25
        elif tokens.word(end) == "uhr":
            sure, end = True, end + 1
        elif tokens.word(end) == "h":
            marked, end = True, end + 1
        elif tokens.word(end) == "o" and tokens.word(end + 2) == "clock":
            sure, end = True, end + 3
        minutes = hour * HOUR + minute
        return _Hour(end, minutes, sure, half, marked) if minutes <= DAY else None

    def _half(self, at: int) -> tuple[str, int]:
        """Return "am" or "pm" and the place behind it; in German "6 am Montag" has neither."""
        tokens, word = self.tokens, self.tokens.word(at)
        if word in ("am", "pm"):
            preposition = word in self.words.before_days and not tokens[at].glued
            return ("", at) if preposition and not tokens.ends(at + 1) else (word, at + 1)
        if word in ("a", "p") and tokens.says(at + 1, ".", "m") and tokens[at + 1].glued:
            return f"{word}m", at + 3
        return "", at


def _strength(sure: bool, beside: bool) -> Strength:
    if sure:
        return "sure"
    return "beside" if beside else "bare"


def _range(one: _Hour, two: _Hour) -> tuple[int, int]:
    """Return two times in minutes; in "6-8pm" the first is of the same half of the day."""
    start, end = one.minutes, two.minutes
    later = start + NOON
    if two.half == "pm" and not one.half and HOUR <= start < NOON and later < end:
        return later, end
    return start, end
