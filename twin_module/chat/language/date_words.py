"""The words by which days and times are recognised in English and German sentences.

What they mean is `dateparser`'s matter, but for times of the day, which it reads in too few forms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

HOUR: Final = 60
NOON: Final = 12 * HOUR
DAY: Final = 24 * HOUR
"""In minutes, as all times of a day here."""

PARTS: Final[Mapping[str, int]] = {
    "morning": 9, "afternoon": 15, "evening": 18, "night": 18,
    "früh": 9, "morgen": 9, "morgens": 9, "vormittag": 10, "vormittags": 10, "mittag": 12,
    "mittags": 12, "nachmittag": 15, "nachmittags": 15, "abend": 18, "abends": 18, "nacht": 22,
}  # fmt: skip
"""The hour that a part of the day begins at, where no time is named with it."""

LATE: Final = frozenset(
    {"afternoon", "evening", "night", "nachmittag", "nachmittags", "abend", "abends", "nacht"}
)
"""Parts of the day in which 8 is 20:00."""

NAMED_TIMES: Final[Mapping[str, int]] = {
    "noon": NOON, "midday": NOON, "mittags": NOON, "midnight": DAY, "mitternacht": DAY,
}  # fmt: skip
"""Times with a name; midnight is the end of its day."""

PARTS_OF_HOURS: Final[Mapping[tuple[str, ...], int]] = {
    ("half", "past"): 30, ("quarter", "past"): 15, ("quarter", "to"): -15,
    ("halb",): -30, ("viertel", "nach"): 15, ("viertel", "vor"): -15,
}  # fmt: skip
"""What stands before an hour, and the minutes it is away from that hour."""

SPELLINGS: Final[Mapping[str, str]] = {
    "thur": "thu", "thurs": "thu", "sonnabend": "samstag", "uebermorgen": "übermorgen",
    "maerz": "märz", "mrz": "märz", "m": "min", "d": "days", "w": "weeks",
}  # fmt: skip
"""Words that `dateparser` does not read, or takes for others, and those that it does."""


@dataclass(frozen=True, slots=True)
class DateWords:
    """The words of a language, all in lower case."""

    weekdays: frozenset[str]
    short_weekdays: frozenset[str]
    months: frozenset[str]
    relative: frozenset[str]
    """Days that are named by how far away they are."""
    following: frozenset[str]
    """Before a weekday: the one of the coming week."""
    nearest: frozenset[str]
    """Before a weekday: the next one of its name."""
    periods: frozenset[str]
    amounts: frozenset[str]
    hours: tuple[str, ...]
    """The numbers from 1 to 12 as hours are called."""
    hour_units: frozenset[str]
    day_units: frozenset[str]
    parts: frozenset[str]
    named_times: frozenset[str]
    before_days: frozenset[str]
    before_times: frozenset[str]
    exactly: frozenset[str]
    """Those of `before_times` that make a time of a bare number."""
    behind_hours: frozenset[str]
    """What may follow a bare number that is a time, and no number of things."""
    blocks: frozenset[str]
    """What makes the day behind it no date: "every Monday", "about Friday"."""
    counted: frozenset[str]
    """What has numbers like 2.5. and 10-11 that are no dates."""

    def number(self, word: str) -> int | None:
        """Return the number from 1 to 12 that a word says."""
        return self.hours.index(word) % 12 + 1 if word in self.hours else None


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _ordered(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_ENGLISH: Final = DateWords(
    weekdays=_set("monday tuesday wednesday thursday friday saturday sunday"),
    short_weekdays=_set("mon tue tues wed thu thur thurs fri sat sun"),
    months=_set(
        "january february march april may june july august september october november december"
        " jan feb mar apr jun jul aug sep sept oct nov dec"
    ),
    relative=_set("today tomorrow yesterday"),
    following=_set("next"),
    nearest=_set("this coming"),
    periods=_set("week month year"),
    amounts=_set("a an one two three four five six seven eight nine ten eleven twelve"),
    hours=_ordered("one two three four five six seven eight nine ten eleven twelve"),
    hour_units=_set("h hr hrs hour hours min mins minute minutes"),
    day_units=_set("day days week weeks fortnight month months year years"),
    parts=_set("morning afternoon evening night"),
    named_times=_set("noon midday midnight"),
    before_days=_set("on by until till til for from before"),
    before_times=_set("at by until till til before around about from @"),
    exactly=_set("at"),
    behind_hours=_set("with in for and on"),
    blocks=_set(
        "about after since every each last past of the a an black good easter ash palm over"
    ),
    counted=_set(
        "version release chapter chapters section page pages no nr number part step room table"
        " figure level volume § python verse"
    ),
)
_GERMAN: Final = DateWords(
    weekdays=_set("montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag"),
    short_weekdays=_set("mo di mi do fr sa so"),
    months=_set(
        "januar jänner februar märz maerz april mai juni juli august september oktober november"
        " dezember jän jan feb mär mrz apr jun jul aug sep sept okt nov dez"
    ),
    relative=_set("heute morgen übermorgen uebermorgen gestern vorgestern"),
    following=_set("nächste nächsten nächster nächstes nächstem"),
    nearest=_set("diese diesen dieser dieses diesem kommende kommenden kommender kommendes"),
    periods=_set("woche monat jahr"),
    amounts=_set(
        "ein eine einem einer einen zwei drei vier fünf sechs sieben acht neun zehn elf zwölf"
    ),
    hours=_ordered("eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf"),
    hour_units=_set("h std stunde stunden min minute minuten"),
    day_units=_set("tag tage tagen woche wochen monat monate monaten jahr jahre jahren"),
    parts=_set(
        "früh morgen morgens vormittag vormittags mittag mittags nachmittag nachmittags abend"
        " abends nacht"
    ),
    named_times=_set("mittags mitternacht"),
    before_days=_set("am bis zum ab vom von den für vor an"),
    before_times=_set("um gegen ab bis vor von"),
    exactly=_set("um gegen"),
    behind_hours=_set("mit bei beim im in zum zur für und am an"),
    blocks=_set(
        "über nach seit jede jeden jeder jedes letzte letzten letzter vergangenen guten wegen"
        " der die das dem des ein einen schwarzer"
    ),
    counted=_set("kapitel abschnitt seite seiten nummer teil schritt raum zimmer abbildung band"),
)


def _joined(one: DateWords, other: DateWords) -> DateWords:
    both: dict[str, Any] = {}
    for each in fields(DateWords):
        a, b = getattr(one, each.name), getattr(other, each.name)
        both[each.name] = a + b if isinstance(a, tuple) else a | b
    return DateWords(**both)


_BOTH: Final = _joined(_ENGLISH, _GERMAN)


def words_of(language: str) -> DateWords:
    """Return the words of a language: German texts have English words in them too."""
    return _BOTH if language == "de" else _ENGLISH
