"""What days look like in a sentence: each form is tried at one place of its tokens."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from twin_module.chat.language.date_tokens import DASHES, Tokens
from twin_module.chat.language.date_words import SPELLINGS, DateWords

_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_CENTURY: Final = 2000
_NTH: Final = ("st", "nd", "rd", "th")
_ARTICLES: Final = frozenset({"the", "den", "dem"})
_WORDS_TOO: Final = frozenset({"may", "march", "mar"})
"""Words of their own: "may 5 people come", "march 3 miles"."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day as it was said, in words that `dateparser` reads."""

    kind: Literal["named", "weekday", "period", "date", "after"]
    """After: a time that is some hours or minutes away."""
    said: str
    following: bool = False
    """For a weekday: the one of the coming week."""


@dataclass(frozen=True, slots=True)
class DayForm:
    """A day in a sentence, up to the token `end`."""

    end: int
    day: Day
    last: Day | None = None
    part: str = ""
    """The part of the day that is said in the same word: "tonight"."""
    short: str = ""
    """The weekday's abbreviation, as it is written."""
    unsure: Literal["", "number", "word"] = ""
    """Whether it is rather a number, as 2.5, or a word, as "may", unless what is beside it says so."""
    leads: bool = False
    """Whether a word like "next" says that it is a day."""


class DayForms:
    """The forms of days in one text."""

    def __init__(self, tokens: Tokens, words: DateWords) -> None:
        self.tokens = tokens
        self.words = words

    def day(self, at: int) -> DayForm | None:
        """Return the day that is named at a place."""
        behind = self._behind_weekday(at)
        return (
            self._date(at)
            or (None if behind is None else self._dated(behind))
            or self._duration(at)
            or self._period(at)
            or self._weekday(at)
            or self._relative(at)
        )

    def amount(self, at: int) -> tuple[int, str, bool] | None:
        """Return where an amount of time ends, its words, and whether it is of hours or minutes."""
        tokens, words = self.tokens, self.words
        said = tokens.word(at), tokens.word(at + 1)
        if tokens.says(at, "half", "an", "hour") or tokens.says(at, "einer", "halben", "stunde"):
            return at + 3, "30 min", True
        counted = tokens.number(at, 0, 999, digits=3) is not None
        if not counted and (said[0] not in words.amounts or tokens[at + 1].glued):
            return None
        if said[1] in words.hour_units:
            return at + 2, f"{said[0]} {said[1]}", True
        if said[1] in words.day_units:
            return at + 2, f"{said[0]} {said[1]}", False
        return None

    def short_amount(self, at: int) -> tuple[int, str, bool] | None:
        """Return an amount like 5m, 2d or 1w, which are other things in a sentence."""
        unit = self.tokens.word(at + 1)
        if self.tokens.number(at, 0, 999, digits=3) is None or unit not in ("m", "d", "w"):
            return None
        return at + 2, f"{self.tokens.word(at)} {SPELLINGS[unit]}", unit == "m"

    def whole_amount(self, at: int) -> DayForm | None:
        """Return the day or time that is an amount away, which only a whole text means by it."""
        found = self.amount(at) or self.short_amount(at)
        return None if found is None else _away(*found)

    def _behind_weekday(self, at: int) -> int | None:
        """Return where a date may begin behind a weekday's name: "Fri, the 24th of May"."""
        word = self.tokens.word(at)
        if word not in self.words.weekdays and word not in self.words.short_weekdays:
            return None
        at += 1
        at += self.tokens.glued(at, ".")
        at += self.tokens.glued(at, ",")
        return at + (self.tokens.word(at) in _ARTICLES)

    def _dated(self, at: int) -> DayForm | None:
        """Return the date behind a weekday, which makes it sure."""
        found = self._date(at)
        return None if found is None else replace(found, unsure="")

    def _date(self, at: int) -> DayForm | None:
        return (
            self._iso(at)
            or self._dotted(at)
            or self._slashed(at)
            or self._day_and_month(at)
            or self._month_and_day(at)
        )

    def _iso(self, at: int) -> DayForm | None:
        tokens = self.tokens
        if not all(tokens.glued(at + each, "-") for each in (1, 3)):
            return None
        year, month = tokens.number(at, 1900, 2199, digits=4), tokens.number(at + 2, 1, 12)
        day, end = tokens.number(at + 4, 1, 31), at + 5
        if year is None or month is None or day is None:
            return None
        return DayForm(end + tokens.glued(end, "t"), _numbers(day, month, year))

    def _dotted(self, at: int) -> DayForm | None:
        """Read 24.12., 24.12.2026 and 24.-26.12.; without its last dot 24.12 is unsure."""
        tokens, first = self.tokens, None
        if tokens.glued(at + 1, ".") and tokens.word(at + 2) in DASHES:
            first, at = tokens.number(at, 1, 31), at + 3
        day, month = tokens.number(at, 1, 31), tokens.number(at + 2, 1, 12)
        if day is None or month is None or not (tokens.glued(at + 1, ".") and tokens[at + 2].glued):
            return None
        year, end, dot = None, at + 3, tokens.glued(at + 3, ".")
        if dot:
            end += 1
            year, short = self._year(end), tokens.two_digits(end, 99)
            if year is None and short is not None:
                year = _CENTURY + short
            end += year is not None
        last = _numbers(day, month, year)
        if first is not None:
            return DayForm(end, _numbers(first, month, year), last)
        return DayForm(end, last, unsure="" if dot else "number")

    def _slashed(self, at: int) -> DayForm | None:
        """Read 24/12/2026 and 12/24/2026, and neither where it could be both."""
        tokens = self.tokens
        one, two = tokens.number(at, 1, 31), tokens.number(at + 2, 1, 31)
        year = tokens.number(at + 4, 1900, 2199, digits=4)
        glued = all(tokens.glued(at + each, "/") and tokens[at + each + 1].glued for each in (1, 3))
        if one is None or two is None or year is None or not glued:
            return None
        day, month = max(one, two), min(one, two)
        both = day <= len(_MONTHS) and day != month
        return None if both or month > len(_MONTHS) else DayForm(at + 5, _numbers(day, month, year))

    def _day_and_month(self, at: int) -> DayForm | None:
        """Read "24 Dec", "24th of December 2026", "24. Dezember", "24.-26. Dezember"."""
        day, end, nth = self._day_number(at)
        if day is None:
            return None
        last, end = self._last(end)
        end += self.tokens.word(end) == "of"
        month = self.tokens.word(end)
        if month not in self.words.months:
            return None
        unsure = month in _WORDS_TOO and not nth and self.tokens[end].written == month
        return self._with_year(end + 1, day, month, last, unsure)

    def _month_and_day(self, at: int) -> DayForm | None:
        """Read "Dec 24", "December the 24th, 2026", "Dec 24-26"."""
        month, written = self.tokens.word(at), self.tokens[at].written
        if month not in self.words.months:
            return None
        end = at + 1 + self.tokens.glued(at + 1, ".")
        end += self.tokens.word(end) == "the"
        day, end, nth = self._day_number(end)
        if day is None or self.tokens.word(end) in (":", "h"):
            return None
        last, end = self._last(end)
        plain = at == 0 or written == month
        return self._with_year(end, day, month, last, month in _WORDS_TOO and plain and not nth)

    def _with_year(
        self, end: int, day: int, month: str, last: int | None, unsure: bool
    ) -> DayForm | None:
        month = SPELLINGS.get(month, month)
        end += self.tokens.glued(end, ".") and not self.tokens.ends(end)
        at = end + self.tokens.glued(end, ",")
        year = self._year(at)
        if year is None:
            year_said = ""
        else:
            year_said, end, unsure = f" {year}", at + 1, False
        named = Day("date", f"{day} {month}{year_said}")
        until = None if last is None else Day("date", f"{last} {month}{year_said}")
        return DayForm(end, named, until, unsure="word" if unsure else "")

    def _day_number(self, at: int) -> tuple[int | None, int, bool]:
        """Return a day of a month, the place behind it, and whether it is written as one."""
        day, end = self.tokens.number(at, 1, 31), at + 1
        nth = self.tokens.glued(end, ".", *_NTH)
        return day, end + nth, nth

    def _last(self, at: int) -> tuple[int | None, int]:
        """Return the last day of several, where a dash and another day follow."""
        if self.tokens.word(at) not in DASHES:
            return None, at
        last, end, _ = self._day_number(at + 1)
        is_time = self.tokens.word(end) in (":", "h", "uhr", "am", "pm")
        return (None, at) if last is None or is_time else (last, end)

    def _year(self, at: int) -> int | None:
        """Return the year at a place, unless it is the beginning of something else."""
        year = self.tokens.number(at, 1900, 2199, digits=4)
        return year if year is not None and self.tokens.closes(at + 1) else None

    def _duration(self, at: int) -> DayForm | None:
        """Read "in 2 hours", "2 hours from now", "2 hours ago" and "vor 2 Stunden"."""
        word = self.tokens.word(at)
        if word == "in" and (found := self.amount(at + 1)):
            return _away(*found)
        if word == "vor" and "vor" in self.words.before_days and (found := self.amount(at + 1)):
            end, said, hours = found
            return DayForm(end, Day("after" if hours else "named", f"vor {said}"))
        if found := self.amount(at):
            end, said, hours = found
            if self.tokens.word(end) == "ago":
                return DayForm(end + 1, Day("after" if hours else "named", f"{said} ago"))
            if self.tokens.word(end) == "from" and self.tokens.word(end + 1) == "now":
                return _away(end + 2, said, hours)
        return None

    def _period(self, at: int) -> DayForm | None:
        """Read "next week", and "next Friday" of "next week Friday"."""
        period = self.tokens.word(at + 1)
        if self.tokens.word(at) not in self.words.following or period not in self.words.periods:
            return None
        end = at + 2
        weekday = end + (self.tokens.word(end) in ("on", "am"))
        if period in ("week", "woche") and self.tokens.word(weekday) in self.words.weekdays:
            said = self.tokens.word(weekday)
            return DayForm(weekday + 1, Day("weekday", SPELLINGS.get(said, said), True))
        return DayForm(end, Day("period", period))

    def _weekday(self, at: int) -> DayForm | None:
        """Read "fri", "next friday", "friday next week" and "Freitagabend"."""
        word = self.tokens.word(at)
        following, nearest = word in self.words.following, word in self.words.nearest
        at += following or nearest
        token, part, short = self.tokens[at], "", ""
        said, end = token.word, at + 1
        if said not in self.words.weekdays:
            day, part = self._compound(said)
            if day:
                said = day
            elif said in self.words.short_weekdays:
                short = token.written
                end += self.tokens.glued(end, ".") and not self.tokens[end + 1].glued
            else:
                return None
        if self.tokens.word(end) in self.words.following and (
            self.tokens.word(end + 1) in ("week", "woche")
        ):
            following, end = True, end + 2
        day_said = Day("weekday", SPELLINGS.get(said, said), following)
        return DayForm(end, day_said, part=part, short=short, leads=following or nearest)

    def _compound(self, word: str) -> tuple[str, str]:
        """Part "freitagabend" into the day and the part of the day."""
        day, found, part = word.partition("tag")
        if found and day + found in self.words.weekdays and part in self.words.parts:
            return day + found, part
        return "", ""

    def _relative(self, at: int) -> DayForm | None:
        """Read "tomorrow", "the day after tomorrow", "tonight", "this evening"."""
        word, following = self.tokens.word(at), self.tokens.word(at + 1)
        if word == "tonight":
            return DayForm(at + 1, Day("named", "today"), part="evening")
        if word == "this" and following in ("morning", "afternoon", "evening"):
            return DayForm(at + 2, Day("named", "today"), part=following)
        start = at + (word == "the")
        if self.tokens.says(start, "day", "after", "tomorrow"):
            return DayForm(start + 3, Day("named", "day after tomorrow"), leads=True)
        if word in self.words.relative:
            return DayForm(at + 1, Day("named", SPELLINGS.get(word, word)))
        return None


def _away(end: int, said: str, hours: bool) -> DayForm:
    return DayForm(end, Day("after" if hours else "named", f"in {said}"))


def _numbers(day: int, month: int, year: int | None) -> Day:
    """Return a day that was said in numbers; 3.12. could be a time to `dateparser`."""
    return Day("date", f"{day} {_MONTHS[month - 1]} {year or ''}".strip())
