"""Natural dates in what people write in a chat, in English and German.

`dateparser` reads what a day is called; it would find one in nearly every sentence, so it sees only
pieces that look like one here. It is imported with the first of them: some 160 ms and 20 MB, once.

What is read, and how:

* **Language.** English texts are read in English, German texts in both.
* **A time alone** is today's, or tomorrow's where it has passed. A bare number is a time behind
  "at", "um" or "gegen", if no thing follows that it may count; 10-11 is one beside a day only,
  or with a colon, am, pm, Uhr or h. "for 2 hours" behind a time is its end.
* **A weekday** is the next one of its name; today only with a time that is still to come. "next
  Friday" is the one of the coming week (weeks begin on Monday), "this Friday" the next one.
* **Weekdays' abbreviations** are words of their own ("sun cream", "mon cheri", "Do it"). All count
  as a whole text, before a time or a date, and behind "on", "by", "until", "next" and "this"; at the
  end of a text also mon, tue, thu and fri, and at its beginning tue, thu and fri. German ones of two
  letters count before a time, if they are capitalised, have a dot or begin the text; behind "am",
  "bis" and "ab", if they are capitalised; and with a dot as a whole text.
* **Dates.** 24.12. needs its last dot, since 2.5 is a version, but for a word like "am" or "by" before
  it or a time behind it. What "version" or "chapter" stands before is none. 24/12/2026 is read,
  3/4/2026 is not: it is two days. "may 5" and "march 5" in small letters count only at the end,
  beside a time or behind "on". Without a year it is the coming day of that name, today included.
* **"next week"** is its Monday, "next month" and "next year" their first day.
* **Parts of a day** are hours: morning 9:00, Vormittag 10:00, Mittag 12:00, afternoon 15:00,
  evening, tonight and night 18:00, Nacht 22:00; with an hour they say which half of the day. If this
  evening has begun, it is the next full hour. Midnight ends its day.
* **Past moments** are found only where the words say so: yesterday, "2 days ago", a named year, or
  "today" with a time.
* **No dates** are what stands in quotation marks, days behind words like "every" or "about", and
  "Monday's".
* **Several days** ("Monday to Wednesday", "24.-26.12.") end as the last of them ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from twin_module.chat.language.clock_forms import Clock
from twin_module.chat.language.date_candidates import Candidate, Candidates
from twin_module.chat.language.date_forms import Day
from twin_module.chat.language.date_tokens import QUOTED, Tokens
from twin_module.chat.language.date_words import DAY, HOUR, LATE, PARTS, DateWords, words_of

_LOOKED_AT: Final = 500
"""Characters of a text in which a date is looked for."""
_MAX_TRIED: Final = 20
"""Pieces that are tried before a text has no moment; each asks `dateparser` once or twice."""
_DECEMBER: Final = 12
_SIGNS: Final = " \t,;:–—-"  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in the zone of whoever said it; without a time it is midnight, where the day begins."""

    start: datetime
    end: datetime | None
    """When it is over; for days the midnight after the last of them. None where nothing says it."""
    has_time: bool
    has_day: bool = True
    """Whether the day was said; else it is the one on which the time comes next."""


def find(text: str, now: datetime, language: str) -> tuple[str, Moment | None]:
    """Take a moment out of a sentence: "buy bread tomorrow 18:00" is "buy bread" and the moment.

    Of several it is the one with a time, then the one at the beginning or end, then the first; a day
    and a time that stand apart are one moment. Quotation marks that kept a date from being one are
    taken out. `now` is aware, in the zone of whoever wrote; it never raises.
    """
    return _found(text, now, language, whole=False)


def read(text: str, now: datetime, language: str) -> Moment | None:
    """Return the moment that a text says, or None where a part of the text says something else."""
    if len(text) > _LOOKED_AT:
        return None
    rest, moment = _found(text, now, language, whole=True)
    return None if rest.strip(f"{_SIGNS}.!?") else moment


def _found(text: str, now: datetime, language: str, *, whole: bool) -> tuple[str, Moment | None]:
    head, words = _head(text), words_of(language)
    tokens = Tokens(head, goes_on=len(head) < len(text))
    marks = frozenset(_needless_marks(head, words))
    reader = _Reader(now, language)
    for chosen in _choices(list(Candidates(tokens, words, whole=whole))):
        moment = reader.moment(chosen)
        if moment is not None:
            spans = sorted((each.start, each.end) for each in chosen)
            return _without(text, spans, marks), moment
    return _without(text, [], marks), None


def _head(text: str) -> str:
    """Return what is looked at: whole words from the beginning."""
    if len(text) <= _LOOKED_AT:
        return text
    end = _LOOKED_AT
    while end and not text[end].isspace():
        end -= 1
    return text[:end]


def _needless_marks(text: str, words: DateWords) -> Iterator[int]:
    """Yield where quotation marks stand that only kept what is in them from being a date."""
    for quoted in QUOTED.finditer(text):
        inside = Tokens(text[quoted.start() + 1 : quoted.end() - 1])
        if any(True for _ in Candidates(inside, words)):
            yield from (quoted.start(), quoted.end() - 1)


def _choices(candidates: list[Candidate]) -> list[tuple[Candidate, ...]]:
    """Return what may be the moment, the likeliest first."""
    times = [each for each in candidates if each.day is None]
    days = sorted(
        (each for each in candidates if each.day is not None), key=lambda each: -each.weight
    )
    choices: list[tuple[Candidate, ...]] = []
    for each in days:
        if times and each.takes_time:
            choices.append((each, times[0]))
        choices.append((each,))
    return [*choices, *((each,) for each in times)][:_MAX_TRIED]


def _without(text: str, spans: list[tuple[int, int]], marks: frozenset[int]) -> str:
    """Return a text without some pieces and marks, and without the signs that then join nothing."""
    rest, at = "", 0
    for number, (start, end) in enumerate([*spans, (len(text), len(text))]):
        piece = text[at:start]
        if marks:
            piece = "".join(sign for place, sign in enumerate(piece, at) if place not in marks)
        rest, at = _joined(rest, piece) if number else piece, end
    return rest.strip()


def _joined(before: str, after: str) -> str:
    """Put together what stood before and behind a moment."""
    if before.endswith("(") and after.startswith(")"):
        before, after = before[:-1], after[1:]
    if not before.strip():
        return after.lstrip(f"{_SIGNS}.")
    if not after.strip(f"{_SIGNS}."):
        return before.rstrip(_SIGNS)
    if after[0] in ",;:.!?…)]":
        return before.rstrip(_SIGNS) + after
    if before.endswith("\n") or after.startswith("\n"):
        return before + after
    return f"{before.rstrip()} {after.lstrip()}"


class _Reader:
    """Says which moments days and times are, for somebody at some time in some place."""

    def __init__(self, now: datetime, language: str) -> None:
        self.now = now
        self.zone = now.tzinfo
        self.today = now.date()
        self.languages = ["de", "en"] if language == "de" else ["en"]

    def moment(self, chosen: tuple[Candidate, ...]) -> Moment | None:
        """Return the moment of a day, a time, or both; None for days that are not, as 31.4."""
        day = next((each.day for each in chosen if each.day is not None), None)
        last = next((each.last for each in chosen if each.last is not None), None)
        part = next((each.part for each in chosen if each.part), "")
        clock = next((each.clock for each in chosen if each.clock is not None), None)
        try:
            if day is not None and day.kind == "after":
                return self._after(day)
            if clock is not None:
                return self._timed(day, clock.within(part))
            if part:
                return self._part_of(day, part)
            return None if day is None else self._days(day, last)
        except (ValueError, OverflowError):
            return None  # behind the end of the calendar

    def _after(self, day: Day) -> Moment | None:
        # Counted in UTC: when the clocks change, two hours are two hours all the same.
        base = self.now.astimezone(UTC).replace(second=0, microsecond=0, tzinfo=None)
        found = self._parsed(day.said, base)
        if found is None:
            return None
        return Moment(found.replace(tzinfo=UTC).astimezone(self.zone), None, has_time=True)

    def _days(self, day: Day, last: Day | None) -> Moment | None:
        start = self._date(day, self.today)
        end = None if start is None or last is None else self._date(last, start)
        if start is None or (last is not None and (end is None or end < start)):
            return None
        after = None if end is None else self._at(end, DAY)
        return Moment(self._at(start, 0), after, has_time=False)

    def _part_of(self, day: Day | None, part: str) -> Moment | None:
        moment = self._timed(day, Clock(PARTS[part] * HOUR))
        if moment is None or part not in LATE or moment.start.date() != self.today:
            return moment
        hours = self.now.hour + 1
        return moment if moment.start > self.now else self._timed(day, Clock(hours * HOUR))

    def _timed(self, day: Day | None, clock: Clock) -> Moment | None:
        start = self.today if day is None else self._date(day, self.today)
        if start is None:
            return None
        to_come = not _before(self._at(self.today, clock.start), self.now)
        if day is None:
            start += timedelta(days=not to_come)
        elif day.kind == "weekday" and not day.following and to_come:
            start = self.today if start.weekday() == self.today.weekday() else start
        return replace(self._between(start, clock), has_day=day is not None)

    def _between(self, day: date, clock: Clock) -> Moment:
        start = self._at(day, clock.start)
        if clock.end is None:
            return Moment(start, None, has_time=True)
        end = self._at(day, clock.end)
        if not _before(start, end):  # the clocks changed in between
            lasts = timedelta(minutes=clock.end - clock.start)
            end = (start.astimezone(UTC) + lasts).astimezone(self.zone)
        return Moment(start, end, has_time=True)

    def _at(self, day: date, minutes: int) -> datetime:
        """Return a time of a day; one that the clocks leave out is the later one."""
        clock = datetime.combine(day, time()) + timedelta(minutes=minutes)
        return clock.replace(tzinfo=self.zone).astimezone(UTC).astimezone(self.zone)

    def _date(self, day: Day, base: date) -> date | None:
        """Return the day that is meant by somebody whose today is `base`."""
        monday = base + timedelta(days=7 - base.weekday())
        if day.kind == "period":
            return _first_of(day.said, base, monday)
        # A date without a year is today's too, a weekday is not.
        midnight = datetime.combine(base, time())
        found = self._parsed(day.said, midnight - timedelta(seconds=day.kind == "date"))
        if found is None:
            return None
        if day.kind == "date" and found.day != int(day.said.split()[0]):
            return None  # read as something else
        if day.kind != "weekday":
            return found.date()
        if day.following:
            return monday + timedelta(days=found.weekday())
        return base + timedelta(days=(found.weekday() - base.weekday() - 1) % 7 + 1)

    def _parsed(self, said: str, base: datetime) -> datetime | None:
        # Imported here, so that a twin that nobody writes to does not pay for it.
        from dateparser.date import DateDataParser  # noqa: PLC0415

        # With a zone it does not ask the machine for its own.
        settings = {
            "PREFER_DATES_FROM": "future",
            "RELATIVE_BASE": base,
            "TIMEZONE": "UTC",
            "RETURN_AS_TIMEZONE_AWARE": False,
            "DATE_ORDER": "DMY",
            "PARSERS": ["relative-time", "absolute-time"],
        }
        parser = DateDataParser(
            languages=self.languages,
            settings=settings,
            try_previous_locales=False,
            use_given_order=True,
        )
        found: datetime | None = parser.get_date_data(said).date_obj
        return found


def _first_of(period: str, base: date, monday: date) -> date:
    """Return the first day of the next week, month or year."""
    if period in ("week", "woche"):
        return monday
    if period in ("year", "jahr") or base.month == _DECEMBER:
        return date(base.year + 1, 1, 1)
    return date(base.year, base.month + 1, 1)


def _before(one: datetime, other: datetime) -> bool:
    """Tell whether a moment is before another; in one zone Python compares clocks, not moments."""
    return one.astimezone(UTC) < other.astimezone(UTC)
