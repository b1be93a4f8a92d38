"""What changed in a collection, in words: who did what, in numbered lines that can be answered. Pure.

Titles and names are strangers' words: each is one line of bounded length, and what is said fits into
an event, also twice, as an edit has it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from itertools import groupby
from typing import Final
from urllib.parse import quote

from twin_module.chat.news.changes import Doing
from twin_module.chat.news.items import Item
from twin_module.chat.people import MAX_ID
from twin_module.chat.words.notices import WORDS
from twin_module.core.matrix_uri import event_uri, is_user_id
from twin_module.core.one_line import one_line
from twin_module.core.state import Content
from twin_module.core.times_said import moment_of, time_said
from twin_module.core.voice import About, Said

MAX_TITLE: Final = 80
MOST_NAMES: Final = 3
MOST_FIELDS: Final = 4
MOST_LINES: Final = 20
"""Objects of one message."""
MOST_BYTES: Final = 24_000
"""Of a message's text and HTML; an edit has them twice."""
_PILL: Final = "https://matrix.to/#/"
_MATRIX: Final = "Matrix"
"""What the link is called that opens the event in a client."""


@dataclass(frozen=True, slots=True)
class Ask:
    """An object that asks people for something."""

    item: Item
    how: str
    """`gave`, `invited`, `asked` or `named`."""
    by: str
    """Whose change that was."""
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """How changes are told to people, at a time."""

    language: str
    now: datetime
    """In the owner's zone."""
    names: Mapping[str, str] = field(hash=False)
    page: str | None = None
    """The address of the twin's page, with a slash behind."""

    # Messages

    def notice(self, items: Sequence[Item], more: int, replaces: str | None = None) -> Said:
        """Return a message about objects; `more` is how many changes it does not name."""
        lines = [
            (self._line(each, _Plain(self)), self._line(each, _Marked(self))) for each in items
        ]
        shown, left = _fitting(lines)
        room = items[0].place.room_id if items else ""
        link = self.address(items[0]) if len(items) == 1 else self._collection(room)
        body, html = self._listed(shown, more + left)
        return Said(
            body="\n".join([body, *([link] if link else [])]),
            html=html,
            notice=True,
            about=_about(items[: len(shown)]),
            replaces=replaces,
        )

    def ping(self, asks: Sequence[Ask], more: int) -> Said:
        """Return a message that asks people for something, and reaches them."""
        lines = [(self._ask(each, _Plain(self)), self._ask(each, _Marked(self))) for each in asks]
        shown, left = _fitting(lines)
        people = dict.fromkeys(user for each in asks[: len(shown)] for user in each.people)
        body, html = self._listed(shown, more + left)
        return Said(
            body=body,
            html=html,
            mentions=tuple(people),
            about=_about([each.item for each in asks[: len(shown)]]),
        )

    def _listed(self, lines: Sequence[tuple[str, str]], more: int) -> tuple[str, str]:
        tail = [WORDS.say(self.language, "more", count=more)] if more else []
        end = "".join(f"<p>{escape(each)}</p>" for each in tail)
        if len(lines) == 1:
            [(plain, marked)] = lines
            return "\n".join([plain, *tail]), f"<p>{marked}</p>{end}" if tail else marked
        body = "\n".join([*(f"{n}. {plain}" for n, (plain, _) in enumerate(lines, 1)), *tail])
        return body, f"<ol>{''.join(f'<li>{marked}</li>' for _, marked in lines)}</ol>{end}"

    # Addresses

    def address(self, item: Item) -> str | None:
        """Return where the page shows an object, None where it is gone or there is no page."""
        if self.page is None or not item.content:
            return None
        return self._collection(item.place.room_id, item.capability, item.place.uid)

    def _collection(self, *parts: str) -> str | None:
        if self.page is None or not parts[0]:
            return None
        return self.page + "/".join(["c", *(quote(part, safe="") for part in parts)])

    # Lines

    def _line(self, item: Item, style: "_Style") -> str:
        """Return who did what with an object."""
        if not item.doings:
            return style.say(
                "same" if item.content else "gone", what=style.title(item)
            ) + style.end(item)
        clauses, first = [], True
        for people, group in groupby(item.doings, lambda each: each.people):
            done = []
            for each in group:
                done.append(self._did(item, each, style, named=first))
                first = False
            did = done[0]
            for other in done[1:]:
                did = style.say("and", first=did, last=other)
            who = style.word(self._who(people))
            clauses.append(style.say("did", count=len(people), who=who, did=did))
        return "; ".join(clauses) + style.end(item)

    def _did(self, item: Item, doing: Doing, style: "_Style", *, named: bool) -> str:
        renamed = any(each.deed.kind == "renamed" for each in item.doings)
        title = (item.was or item.title) if renamed else item.title
        what = style.title(item, title) if named else style.say("it")
        kind = doing.deed.kind
        moment = self._when(item.content)
        if kind == "rescheduled" and moment is None:
            kind = "changed"
        return style.say(
            kind,
            what=what,
            title=style.title(item),
            when=style.word(self.details(item.content)),
            moment=style.word(_towards(moment or "")),
            fields=style.word(self._fields(item)),
        )

    def _ask(self, ask: Ask, style: "_Style") -> str:
        sentence = style.say(
            ask.how,
            count=len(ask.people),
            who=style.word(self._who([ask.by])),
            what=style.title(ask.item),
            when=style.word(self.details(ask.item.content)),
        )
        people = ", ".join(style.person(user) for user in ask.people)
        return style.say("to", people=people, sentence=sentence) + style.end(ask.item)

    # Parts

    def name(self, user: str) -> str:
        """Return what somebody is called."""
        return self.names.get(user) or (one_line(user, MAX_ID) if is_user_id(user) else "?")

    def details(self, content: Content) -> str:
        """Return when something is or has to be done, as it stands behind a title."""
        when = self._when(content)
        if when is None:
            return ""
        return WORDS.say(self.language, "due" if content.get("due") else "at", when=when)

    def _who(self, people: Sequence[str]) -> str:
        shown = [self.name(user) for user in people[:MOST_NAMES]]
        left = len(people) - len(shown)
        if left:
            return WORDS.say(self.language, "others", names=", ".join(shown), count=left)
        if len(shown) == 1:
            return shown[0]
        return WORDS.say(self.language, "and", first=", ".join(shown[:-1]), last=shown[-1])

    def _when(self, content: Content) -> str | None:
        moment = moment_of(content, "due", self.now) or moment_of(content, "start", self.now)
        if moment is None:
            return None
        only_day = content.get("showWithoutTime") is True
        return time_said(moment, self.now, self.language, only_day=only_day)

    def _fields(self, item: Item) -> str:
        named = [self._field(each) for each in item.fields[:MOST_FIELDS]]
        more = ["…"] if len(item.fields) > MOST_FIELDS else []
        return f" ({', '.join([*named, *more])})" if named else ""

    def _field(self, name: str) -> str:
        known = f"field.{name}"
        if known in WORDS.sentences[self.language]:
            return WORDS.say(self.language, known)
        return re.sub(r"(?<=[a-z])[A-Z]", lambda each: f" {each[0].lower()}", name)


class _Plain:
    """Words as plain text."""

    def __init__(self, telling: Telling) -> None:
        self._telling = telling

    def say(self, name: str, **values: str | int) -> str:
        return WORDS.say(self._telling.language, name, **values)

    def word(self, text: str) -> str:
        return text

    def title(self, item: Item, title: str | None = None) -> str:
        text = one_line(item.title if title is None else title, MAX_TITLE)
        return self.say("title", title=self.linked(item, text)) if text else self.say("untitled")

    def linked(self, item: Item, text: str) -> str:
        return text

    def person(self, user: str) -> str:
        return self._telling.name(user)

    def end(self, item: Item) -> str:
        return ""


class _Marked(_Plain):
    """Words as HTML of Matrix."""

    def word(self, text: str) -> str:
        return escape(text)

    def linked(self, item: Item, text: str) -> str:
        address = self._telling.address(item)
        return f'<a href="{escape(address)}">{escape(text)}</a>' if address else escape(text)

    def person(self, user: str) -> str:
        return f'<a href="{_PILL}{quote(user, safe="@:")}">{escape(self._telling.name(user))}</a>'

    def end(self, item: Item) -> str:
        if not item.event_id:
            return ""
        return f' · <a href="{escape(event_uri(item.place.room_id, item.event_id))}">{_MATRIX}</a>'


_Style = _Plain


def _towards(when: str) -> str:
    """Return a time as that to which something is moved: Friday at 10:00, den 24. Dezember."""
    if when.startswith("am ") and when[3:4].isdigit():
        return f"den {when[3:]}"
    return when.removeprefix("on ").removeprefix("am ")


def _about(items: Sequence[Item]) -> tuple[About, ...]:
    return tuple(About(each.place.room_id, each.place.type, each.place.uid) for each in items)


def _fitting(lines: Sequence[tuple[str, str]]) -> tuple[Sequence[tuple[str, str]], int]:
    """Return the lines that fit into a message, and how many do not."""
    size = 0
    for number, (plain, marked) in enumerate(lines):
        size += len(plain.encode()) + len(marked.encode())
        if number and (size > MOST_BYTES or number >= MOST_LINES):
            return lines[:number], len(lines) - number
    return lines, 0
