"""Which of the days and times in a sentence are moments, and not numbers and words of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from twin_module.chat.language.clock_forms import Clock, ClockForm, ClockForms
from twin_module.chat.language.date_forms import Day, DayForm, DayForms
from twin_module.chat.language.date_tokens import DASHES, Tokens
from twin_module.chat.language.date_words import HOUR, DateWords

_ARTICLES: Final = frozenset({"the", "den", "dem"})
_NO_DATE_BLOCKS: Final = frozenset(
    {"a", "an", "the", "of", "der", "die", "das", "dem", "des", "ein", "einen"}
)
"""Words that stand before dates all the same: "the 24th of December"."""

_POINTING: Final = frozenset({"on", "by", "until", "till", "til", "am", "bis", "ab"})
"""Words behind which even an abbreviation is a weekday."""

_BEFORE_THE_MORNING: Final = frozenset({"on", "am", "zum", "an", "den", "vom"})
"""Words behind which "morgen" is the morning."""

_NO_WORDS: Final = frozenset({"tue", "tues", "thu", "thur", "thurs", "fri"})
"""Abbreviations of weekdays that are nothing else in a sentence."""

_WORDS: Final = frozenset({"sat", "sun", "wed"})
"""Those that even the end of a sentence does not make a weekday; "mon" is between."""

_GERMAN_LETTERS: Final = 2
"""How long German abbreviations are, and no English one is."""

_Found = tuple[int, DayForm | None, Clock | None, str]
"""Where it ends, its day, its time, and its part of the day."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A piece of the text, from one character to another, that may be a moment."""

    start: int
    end: int
    day: Day | None
    clock: Clock | None = None
    last: Day | None = None
    part: str = ""
    at_edge: bool = False
    """Whether the text begins or ends with it."""

    @property
    def takes_time(self) -> bool:
        """Whether it is a day that a time elsewhere in the text may belong to."""
        timed = self.clock is not None or self.last is not None
        return self.day is not None and self.day.kind != "after" and not timed

    @property
    def weight(self) -> int:
        """Return how much more likely this is the moment meant than another of the text."""
        if self.day is None:
            return 0
        timed = self.clock is not None or bool(self.part) or self.day.kind == "after"
        return 1 + self.at_edge + 2 * timed


class Candidates:
    """Goes through a text, and yields what may be a moment of it, none within another."""

    def __init__(self, tokens: Tokens, words: DateWords, *, whole: bool = False) -> None:
        self.tokens = tokens
        self.words = words
        self.days = DayForms(tokens, words)
        self.clocks = ClockForms(tokens, words)
        self.whole = whole
        """Whether the text says a moment and nothing else: then shorter forms are clear."""

    def __iter__(self) -> Iterator[Candidate]:
        """Yield the pieces in the order of the text."""
        at = 0
        while at < len(self.tokens):
            found = self._at(at) if self.tokens.opens(at) else None
            if found is None:
                at += 1
                continue
            end, day, clock, part = found
            yield Candidate(
                self.tokens[at].start,
                self.tokens[end - 1].end,
                None if day is None else day.day,
                clock,
                None if day is None else day.last,
                part,
                at == 0 or self.tokens.ends(end),
            )
            at = end

    def _at(self, at: int) -> _Found | None:
        return self._whole(at) or self._day_first(at) or self._clock_first(at)

    def _whole(self, at: int) -> _Found | None:
        if not self.whole or at:
            return None
        amount = self.days.whole_amount(0)
        if amount is None or not self.tokens.ends(amount.end):
            return None
        return amount.end, amount, None, ""

    def _day_first(self, at: int) -> _Found | None:
        form, before, start = self._day(at)
        if form is None:
            return None
        end, part = self._part(form.end, form.part)
        timed = None if form.day.kind == "after" or form.last else self._clock_beside(end)
        if not self._counts(form, before, start, timed is not None):
            return None
        if timed is not None:
            end, part = self._part(timed.end, part)
            clock, end = self._lasting(timed.clock.within(part), end)
            return end, form, clock, part
        if not part and form.last is None:
            form = self._to_last(form)
            end = form.end
        return (end, form, None, part) if self.tokens.closes(end) else None

    def _clock_first(self, at: int) -> _Found | None:
        timed = self.clocks.clock(at)
        if timed is None or self._is_counted(at):
            return None
        end, part = self._part(timed.end, "")
        clock = timed.clock.within(part)
        behind = end + self.tokens.glued(end, ",")
        form, before, _ = self._day(behind)
        beside = timed.strength in ("sure", "exactly") or timed.opened or at == 0
        if form is not None and beside and form.day.kind != "after" and form.last is None:
            said = before in _POINTING or self._counts_behind_time(form)
            if said and self.tokens.closes(form.end):
                end, part = self._part(form.end, part or form.part)
                return end, form, clock.within(part), part
        if timed.strength == "sure" or (
            timed.strength == "exactly" and self._stands(at, timed.end)
        ):
            clock, end = self._lasting(clock, end)
            return end, None, clock, part
        return None

    def _day(self, at: int) -> tuple[DayForm | None, str, int]:
        """Return the day at a place, the word before it that goes with it, and where it begins."""
        start, before = at, ""
        if self.tokens.word(start) in ("due", "fällig"):
            start += 1
        if self.tokens.word(start) in self.words.before_days:
            before = self.tokens.word(start)
            start += 1
            start += before == "bis" and self.tokens.word(start) in ("zum", "am")
        article = start + (self.tokens.word(start) in _ARTICLES)
        for begin in (start, article) if before or article == at + 1 else (start,):
            form = self.days.day(begin)
            if form is None or (begin != start and form.day.kind != "date"):
                continue
            return (None if self._blocked(at, before, form) else form), before, begin
        form = self.days.day(at)
        blocked = form is None or self._blocked(at, "", form)
        return (None if blocked else form), "", at

    def _blocked(self, at: int, before: str, form: DayForm) -> bool:
        """Tell whether the words before say that it is no date: "every Monday", "am Morgen"."""
        previous = self.tokens.word(at - 1)
        if form.day.said == "morgen" and (before or previous) in _BEFORE_THE_MORNING:
            return True
        if form.day.kind == "date":
            return previous in self.words.blocks - _NO_DATE_BLOCKS or self._is_counted(at)
        return previous in self.words.blocks and not form.leads

    def _is_counted(self, at: int) -> bool:
        """Tell whether the word before has numbers: "version 2.5.", "chapter 10-11"."""
        return self.tokens.word(at - 1) in self.words.counted

    def _part(self, at: int, part: str) -> tuple[int, str]:
        """Return the part of the day that stands at a place: "in the evening", "abends"."""
        tokens, end = self.tokens, at
        if part:
            return at, part
        if tokens.says(at, "in", "the"):
            end = at + 2
        elif "am" in self.words.before_days and tokens.word(at) == "am":
            end = at + 1
        word = tokens.word(end)
        fits = word in self.words.parts and not tokens[end].glued and tokens.closes(end + 1)
        return (end + 1, word) if fits else (at, "")

    def _clock_beside(self, at: int) -> ClockForm | None:
        """Return the time right behind a day, if it can be no number of things."""
        at += self.tokens.glued(at, ",")
        at += self.tokens.word(at) in DASHES and not self.tokens[at + 1].glued
        joined = self.tokens[at].glued and self.tokens.word(at - 1) not in ("t", ",")
        timed = None if joined else self.clocks.clock(at)
        if timed is None:
            return None
        clear = timed.strength != "bare" or timed.opened
        return timed if clear or (self.whole and self.tokens.ends(timed.end)) else None

    def _counts(self, form: DayForm, before: str, start: int, timed: bool) -> bool:
        """Tell whether a day is one where it stands."""
        if form.short:
            return self._short_counts(form, before, start, timed)
        if timed or before or not form.unsure:
            return True
        # A 2.5 at the end is no date yet, "may 5" is.
        return self.tokens.ends(form.end) and (self.whole or form.unsure == "word")

    def _short_counts(self, form: DayForm, before: str, start: int, timed: bool) -> bool:
        word, led = form.short.lower(), form.leads or before in _POINTING
        if len(word) == _GERMAN_LETTERS:
            capital, dot = form.short[0].isupper(), self.tokens.word(form.end - 1) == "."
            if timed:
                return capital or dot or start == 0
            return (led and capital) or (dot and self.whole)
        if timed or led:
            return True
        if self.tokens.ends(form.end):
            return start == 0 or word not in _WORDS
        return start == 0 and word in _NO_WORDS

    def _counts_behind_time(self, form: DayForm) -> bool:
        """Tell whether a day behind a time is one: "10:00 fri", "9 Uhr Mo"."""
        if not form.unsure and (not form.short or form.short.lower() in _NO_WORDS | {"mon"}):
            return True
        german = len(form.short) == _GERMAN_LETTERS
        return self.tokens.ends(form.end) and (not german or form.short[0].isupper())

    def _stands(self, at: int, end: int) -> bool:
        """Tell whether a number behind "at" is a time: no thing follows that it may count."""
        follows = self.tokens.word(end)
        return at == 0 or self.tokens.ends(end) or follows in (*",;.", *self.words.behind_hours)

    def _to_last(self, form: DayForm) -> DayForm:
        """Return the day with the last of several, as in "Monday to Wednesday"."""
        end = form.end
        if self.tokens.word(end) not in (*DASHES, "to", "until", "till", "bis"):
            return form
        end += 1
        end += self.tokens.word(end) in ("the", "zum", "den")
        last = self.days.day(end)
        if last is None or last.last or last.part or last.day.kind in ("after", "period"):
            return form
        if not self.tokens.closes(last.end) or (last.short and not form.short):
            return form
        return DayForm(last.end, form.day, last.day)

    def _lasting(self, clock: Clock, at: int) -> tuple[Clock, int]:
        """Return the time with its end, where it says for how long: "for 2 hours"."""
        if clock.end is not None or self.tokens.word(at) not in ("for", "für"):
            return clock, at
        amount = self.days.amount(at + 1)
        if amount is None or not amount[2] or not self.tokens.closes(amount[0]):
            return clock, at
        number, unit = amount[1].split()
        many = int(number) if number.isdigit() else self.words.number(number) or 1
        minutes = many * (1 if unit.startswith("min") else HOUR)
        return Clock(clock.start, clock.start + minutes, clock.unsure), amount[0]
