"""The brief in words: what the owner's day or week brings, with a number before whatever they can answer to. Pure.

Each section gets its share of the lines, so that a flood in one hides nothing of the others.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from html import escape
from typing import Any, Final, Literal, TypeAlias

from twin_module.chat.told import BRIEF
from twin_module.chat.words.brief import WORDS
from twin_module.core.one_line import one_line
from twin_module.core.times_said import date_name, day_name, time_said
from twin_module.core.voice import About, Said

MOST_LINES: Final = 30
MOST_CHANGES: Final = 8
"""Lines about what others changed, which are longer than the others."""
MOST_OVERLAPS: Final = 3
"""With how many others an event is said to overlap."""
MAX_TITLE: Final = 80
MAX_PLACE: Final = 30
MAX_NAME: Final = 60
MAX_LISTED: Final = 30
"""Of titles that stand one behind the other, and of the names of rooms."""
SHOWN_TITLES: Final = 3
_DAY: Final = timedelta(days=1)

Kind: TypeAlias = Literal["daily", "weekly"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that takes place, at local times."""

    about: About
    title: str
    place: str
    start: datetime
    end: datetime
    only_days: bool
    overlaps: tuple[int, ...] = ()
    """Which other events want the same time, by their place in `Found.events`."""
    is_answered: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that is to be done, by a local time."""

    about: About
    title: str
    due: datetime
    only_days: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What somebody changed in a collection."""

    who: str
    room: str
    count: int
    titles: Sequence[str]
    """Some of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something that waits for a yes or a no."""

    what: Literal["collection", "circle", "event", "proposal", "own-proposal"]
    about: About
    title: str
    who: str = ""
    when: datetime | None = None
    """Local, of events."""
    only_days: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done."""

    count: int
    titles: Sequence[str]
    """Some of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that a brief tells of. Texts are as somebody wrote them."""

    kind: Kind
    now: datetime
    """Local."""
    events: Sequence[Event] = ()
    tasks: Sequence[Task] = ()
    changes: Sequence[Change] = ()
    waiting: Sequence[Waiting] = ()
    done: Done = field(default_factory=lambda: Done(count=0, titles=()))


_Item: TypeAlias = Event | Task | Change | Waiting | Done


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    html: str


def said(found: Found, owner: str, language: str) -> Said | None:
    """Return the brief; None where there is nothing to tell.

    Args:
        found: what it tells of.
        owner: whom it pings.
        language: en or de.
    """
    sections = [(heading, items) for heading, items in _sections(found, language) if items]
    if not sections:
        return None
    shares = _shares([(len(items), _most(items)) for _, items in sections])
    shown = [items[:share] for (_, items), share in zip(sections, shares, strict=True)]
    answerable = [each for items in shown for each in items if not isinstance(each, Change | Done)]
    writer = _Writer(found, language, {id(each): n for n, each in enumerate(answerable, 1)})
    bodies, htmls = [writer.title.text], [f"<p><strong>{writer.title.html}</strong></p>"]
    for (heading, items), part in zip(sections, shown, strict=True):
        text, html = writer.section(heading, part, len(items) - len(part))
        bodies.append(text)
        htmls.append(html)
    last = writer.last(answerable)
    return Said(
        body="\n\n".join([*bodies, last]),
        html="".join([*htmls, f"<p>{escape(last)}</p>"]),
        mentions=(owner,),
        about=tuple(each.about for each in answerable),
        topic=BRIEF,
    )


def nothing(kind: Kind, owner: str, language: str) -> Said:
    """Return the answer to who asks for a brief while there is nothing to tell."""
    text = WORDS.say(language, f"nothing-{kind}")
    return Said(body=text, html=escape(text), mentions=(owner,), topic=BRIEF)


def _sections(found: Found, language: str) -> Iterator[tuple[str, Sequence[_Item]]]:
    today = found.now.date()
    weekly = found.kind == "weekly"
    for day in (today + number * _DAY for number in range(7 if weekly else 1)):
        heading = date_name(day, language) if weekly else WORDS.say(language, "today")
        events = [each for each in found.events if _shown_on(each, today) == day]
        events.sort(key=partial(_place_in_day, day=day))
        yield heading, events
    due = [each for each in found.tasks if each.due.date() >= today]
    late = [each for each in found.tasks if each.due.date() < today]
    due.sort(key=lambda each: each.due)
    # What was due last comes first: it may still matter.
    late.sort(key=lambda each: each.due, reverse=True)
    yield WORDS.say(language, "due-week" if weekly else "due-today"), due
    yield WORDS.say(language, "overdue"), late
    yield WORDS.say(language, "waiting"), found.waiting
    yield WORDS.say(language, "done"), [found.done] if found.done.count else []
    yield WORDS.say(language, "changes"), found.changes


def _place_in_day(event: Event, day: date) -> tuple[bool, datetime]:
    return not _fills(event, day), event.start


def _most(items: Sequence[_Item]) -> int:
    return MOST_CHANGES if isinstance(items[0], Change) else MOST_LINES


def _shares(wanted: Sequence[tuple[int, int]]) -> Sequence[int]:
    """Return how many lines each section gets, of how many it has and at most may have."""
    most, shares, left = [min(each) for each in wanted], [0] * len(wanted), MOST_LINES
    while left and shares != most:
        for number, share in enumerate(shares):
            if share < most[number] and left:
                shares[number] += 1
                left -= 1
    return shares


def _shown_on(event: Event, today: date) -> date:
    return max(event.start.date(), today)


def _fills(event: Event, day: date) -> bool:
    """Return whether an event takes all of a day."""
    lasts = event.end.date() > day
    return event.only_days or (
        lasts and (event.start.date() < day or event.start.time() == time.min)
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes lines in a language, in a message whose numbers are known."""

    found: Found
    language: str
    numbers: Mapping[int, int]
    """By the identity of what they stand before."""

    @property
    def title(self) -> _Line:
        """The first line."""
        day = date_name(self.found.now.date(), self.language)
        return self._line("week" if self.found.kind == "weekly" else "day", date=day)

    def section(self, heading: str, items: Sequence[_Item], more: int) -> tuple[str, str]:
        """Return a section as plain text and as HTML."""
        lines = [self._item(each) for each in items]
        first = self.numbers.get(id(items[0]))
        marks = ("-" if first is None else f"{first + n}." for n in range(len(lines)))
        text = [heading, *(f"{mark} {each.text}" for mark, each in zip(marks, lines, strict=True))]
        inside = "".join(f"<li>{each.html}</li>" for each in lines)
        html = f"<ul>{inside}</ul>" if first is None else f'<ol start="{first}">{inside}</ol>'
        if more:
            said_more = self._say("more", count=more)
            text.append(said_more)
            html += f"<p>{escape(said_more)}</p>"
        return "\n".join(text), f"<h4>{escape(heading)}</h4>{html}"

    def last(self, answerable: Sequence[Event | Task | Waiting]) -> str:
        """Return the line that says how to answer, with numbers for which that makes sense."""
        tasks = [each for each in answerable if isinstance(each, Task)]
        events = [each for each in answerable if isinstance(each, Event)]
        waiting = [each for each in answerable if isinstance(each, Waiting)]
        later: list[_Item] = [*tasks[1:], *events]
        asked: list[_Item] = [*waiting, *(each for each in events if not each.is_answered)]
        examples: Mapping[str, Sequence[_Item]] = {
            "done": tasks[:1],
            "tomorrow": later[:1],
            "yes": asked[:1],
        }
        spoken = ", ".join(
            self._say(f"example-{name}", number=self.numbers[id(each)])
            for name, some in examples.items()
            for each in some
        )
        return self._say("answer", examples=spoken) if spoken else self._say("stop")

    # Lines

    def _item(self, item: _Item) -> _Line:
        if isinstance(item, Event):
            return self._event(item)
        if isinstance(item, Task):
            return self._line("task", title=self._title(item.title), when=self._when(item))
        if isinstance(item, Waiting):
            title = self._title(item.title)
            when = self._when(item) if item.when else ""
            return self._line(item.what, title=title, who=one_line(item.who, MAX_NAME), when=when)
        titles = _listed(item.titles)
        if isinstance(item, Done):
            shown = titles or self._say("untitled")
            more = ", …" if item.count > SHOWN_TITLES else ""
            return self._line("done-titles", count=item.count, titles=f"{shown}{more}")
        return self._line(
            "change" if titles else "change-untitled",
            who=one_line(item.who, MAX_NAME),
            room=one_line(item.room, MAX_LISTED) or self._say("unnamed"),
            count=item.count,
            titles=f"{titles}, …" if item.count > SHOWN_TITLES else titles,
        )

    def _event(self, event: Event) -> _Line:
        shown_on = _shown_on(event, self.found.now.date())
        last = max((event.end - timedelta(seconds=1)).date(), shown_on)
        times: dict[str, str] = {"start": f"{event.start:%H:%M}", "end": f"{event.end:%H:%M}"}
        if _fills(event, shown_on):
            form = "all-day" if last == shown_on else "all-day-until"
            times["day"] = day_name(last, self.language)
        elif event.start.date() < shown_on:
            form = "until"
        elif event.start >= event.end:
            form = "at"
        elif event.end - event.start < _DAY:
            form = "from-until"
        else:
            form = "from-until-day"
            times["day"] = day_name(event.end.date(), self.language)
        lines = [self._line(form, title=self._title(event.title), **times)]
        place = one_line(event.place, MAX_PLACE)
        if place:
            lines.append(self._line("place", place=place))
        if event.overlaps:
            lines.append(self._overlaps(event))
        if not event.is_answered:
            lines.append(self._line("unanswered"))
        return _Line("".join(each.text for each in lines), "".join(each.html for each in lines))

    def _overlaps(self, event: Event) -> _Line:
        others = (self.numbers.get(id(self.found.events[each])) for each in event.overlaps)
        numbers = sorted(each for each in others if each is not None)[:MOST_OVERLAPS]
        if not numbers:
            return self._line("overlaps-more")
        return self._line("overlaps", numbers=", ".join(map(str, numbers)))

    def _title(self, title: str) -> str:
        return one_line(title, MAX_TITLE) or self._say("untitled")

    def _when(self, item: Task | Waiting) -> str:
        moment = item.due if isinstance(item, Task) else item.when or self.found.now
        return time_said(moment, self.found.now, self.language, only_day=item.only_days)

    def _line(self, name: str, **values: Any) -> _Line:
        safe = {
            key: escape(each) if isinstance(each, str) else each for key, each in values.items()
        }
        if "title" in safe:
            safe["title"] = f"<strong>{safe['title']}</strong>"
        return _Line(self._say(name, **values), self._say(name, **safe))

    def _say(self, name: str, **values: Any) -> str:
        return WORDS.say(self.language, name, **values)


def _listed(titles: Sequence[str]) -> str:
    lines = (one_line(each, MAX_LISTED) for each in titles)
    return ", ".join([each for each in lines if each][:SHOWN_TITLES])
