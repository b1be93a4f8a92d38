"""Sentences of the companion, as plain text and as HTML of Matrix. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import escape
from typing import Any, Final

from twin_module.chat.words.answers import WORDS
from twin_module.core.jscalendar import duration_of
from twin_module.core.one_line import one_line
from twin_module.core.state import Content
from twin_module.core.times_said import moment_of, time_said
from twin_module.core.voice import About, Said

MAX_TITLE: Final = 120
_QUOTES: Final = {"en": "“{}”", "de": "„{}“"}
_CODE: Final = re.compile(r"`([^`]*)`")


@dataclass(frozen=True, slots=True)
class Title:
    """What something is called, which sentences set apart."""

    text: str


@dataclass(frozen=True, slots=True)
class Speech:
    """How the companion speaks to somebody at a time."""

    language: str
    now: datetime
    """In the owner's zone."""

    def said(self, sentence: str, about: Sequence[About] = (), /, **values: Any) -> Said:
        """Return a sentence of `words/answers.py` that disturbs nobody."""
        plain = {key: self._plain(value) for key, value in values.items()}
        marked = {key: _marked(value) for key, value in values.items()}
        body = WORDS.say(self.language, sentence, **plain).replace("`", "")
        html = _CODE.sub(r"<code>\1</code>", WORDS.say(self.language, sentence, **marked))
        return Said(body=body, html=html, notice=True, about=tuple(about))

    def words(self, sentence: str, /, **values: Any) -> str:
        """Return a part of a sentence as plain text."""
        return WORDS.say(self.language, sentence, **{k: self._plain(v) for k, v in values.items()})

    def listed(
        self,
        head: Said,
        lines: Sequence[str],
        *,
        tail: str = "",
        choices: Sequence[Mapping[str, Any]] = (),
    ) -> Said:
        """Return a message with numbered lines under a sentence."""
        shown = [one_line(each, MAX_TITLE * 2) for each in lines]
        numbers = [f"{number}. {line}" for number, line in enumerate(shown, 1)]
        items = "".join(f"<li>{escape(line)}</li>" for line in shown)
        html = f"<p>{head.html}</p><ol>{items}</ol>{f'<p>{escape(tail)}</p>' if tail else ''}"
        body = "\n".join([head.body, *numbers, *([tail] if tail else [])])
        return replace(head, body=body, html=html, choices=tuple(choices))

    def under(self, head: Said, lines: Sequence[str], *, before: Said | None = None) -> Said:
        """Return a message with lines under a sentence that nobody answers to, behind another message."""
        shown = [one_line(each, MAX_TITLE * 2) for each in lines]
        body = "\n".join([head.body, *(f"• {line}" for line in shown)])
        items = "".join(f"<li>{escape(line)}</li>" for line in shown)
        html = f"<p>{head.html}</p><ul>{items}</ul>"
        if before is None:
            return replace(head, body=body, html=html)
        return replace(before, body=f"{before.body}\n{body}", html=f"{before.html}{html}")

    def elsewhere(self, answer: Said, room: str) -> Said:
        """Return an answer as it is said in another room than it was asked for."""
        head = self.said("elsewhere", room=Title(room))
        return replace(
            answer,
            body=f"{head.body} {answer.body}",
            html=f"{head.html} {answer.html}",
            mentions=(),
            notice=True,
        )

    def when(self, moment: datetime, *, only_day: bool = False) -> str:
        """Return when something is: tomorrow at 18:00."""
        return time_said(
            moment.astimezone(self.now.tzinfo), self.now, self.language, only_day=only_day
        )

    def details(self, content: Content, called: Callable[[str], str], people: Sequence[str]) -> str:
        """Return what is worth saying of an object behind its title: for Bob, due tomorrow at 18:00.

        Args:
            content: JSCalendar's words where it has them; what is of another form is left out.
            called: what somebody is called.
            people: whom it asks for something.
        """
        names = ", ".join(called(user) for user in people)
        said = self.words("for", people=names) if names else ""
        start = moment_of(content, "start", self.now)
        due = moment_of(content, "due", self.now)
        only_day = content.get("showWithoutTime") is True
        if due is not None:
            said += self.words("due", when=self.when(due, only_day=only_day))
        elif start is not None:
            said += self.words("when", when=self.when(start, only_day=only_day))
            length = content.get("duration")
            if isinstance(length, str) and not only_day:
                said += self._until(start, length)
        return said

    def moment(self, content: Content) -> datetime | None:
        """Return when an object is due, or else when it begins; None where it says neither."""
        return moment_of(content, "due", self.now) or moment_of(content, "start", self.now)

    def _until(self, start: datetime, length: str) -> str:
        try:
            end = (start + duration_of(length)).astimezone(self.now.tzinfo)
        except (ValueError, OverflowError):
            return ""
        if end <= start:
            return ""
        # Over midnight the time alone says which; a day later, it has to be said.
        soon = end - start < timedelta(days=1)
        return (
            self.words("until", time=f"{end:%H:%M}")
            if soon
            else self.words("ends", when=self.when(end))
        )

    def _plain(self, value: Any) -> Any:
        if isinstance(value, Title):
            return _QUOTES[self.language].format(one_line(value.text, MAX_TITLE))
        return value


def _marked(value: Any) -> Any:
    if isinstance(value, Title):
        return f"<strong>{escape(one_line(value.text, MAX_TITLE))}</strong>"
    return escape(value) if isinstance(value, str) else value
