"""What the owner said: a message or a reaction, as far as it may be a wish. Pure.

Matrix client-server API, "Instant Messaging", "Rich replies", "Event replacements", "Event
annotations" and "Threading". What is quoted, edited, shown as code, or not said as plain speech is
nobody's wish.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

from twin_module.core.matrix_uri import is_user_id
from twin_module.core.ports import Message

MOST: Final = 20_000
"""Characters of a message that are read."""
PILL: Final = "https://matrix.to/#/"
_UNSAID: Final = ("mx-reply", "blockquote", "pre", "code", "del", "s", "strike")
_BREAKS: Final = ("br", "p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6")
_VOID: Final = ("br", "hr", "img")


@dataclass(frozen=True, slots=True)
class Words:
    """Something that was said."""

    message: Message
    text: str
    """Without what is quoted; people who were picked from a list stand as their Matrix IDs."""
    to: str | None
    """The event that it answers."""
    thread: str | None
    """The root of its thread."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """A sign under a message."""

    message: Message
    key: str
    to: str


Said: TypeAlias = Words | Reaction


def hear(message: Message) -> Said | None:
    """Return what somebody said, None where it is none of what the twin listens to."""
    relation = message.content.get("m.relates_to")
    relates: Mapping[str, Any] = relation if isinstance(relation, Mapping) else {}
    if message.type == "m.reaction":
        key, to = relates.get("key"), relates.get("event_id")
        if relates.get("rel_type") != "m.annotation":
            return None
        named = isinstance(key, str) and isinstance(to, str)
        return Reaction(message, str(key), str(to)) if named else None
    if message.type != "m.room.message" or message.content.get("msgtype") != "m.text":
        return None
    if relates.get("rel_type") == "m.replace" or "m.new_content" in message.content:
        return None
    thread = relates.get("event_id") if relates.get("rel_type") == "m.thread" else None
    text = _text(message.content)
    return Words(message, text, _answered(relates), _id(thread)) if text else None


def _answered(relates: Mapping[str, Any]) -> str | None:
    reply = relates.get("m.in_reply_to")
    # In a thread, clients that know none get the message before as if it were answered.
    if relates.get("rel_type") == "m.thread" and relates.get("is_falling_back") is True:
        return None
    return _id(reply.get("event_id")) if isinstance(reply, Mapping) else None


def _id(said: Any) -> str | None:
    return said if isinstance(said, str) and said.startswith("$") else None


def _text(content: Mapping[str, Any]) -> str:
    body, html = content.get("body"), content.get("formatted_body")
    if isinstance(html, str) and content.get("format") == "org.matrix.custom.html":
        reader = _Reader()
        reader.feed(html[:MOST])
        reader.close()
        return "".join(reader.parts).strip()
    if not isinstance(body, str):
        return ""
    lines = [line for line in body[:MOST].splitlines() if not line.lstrip().startswith(">")]
    return "\n".join(lines).strip()


class _Reader(HTMLParser):
    """Reads the words of a message's HTML: people as Matrix IDs, and nothing that is quoted."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._open: list[str] = []
        self._person: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS and self.parts:
            self.parts.append("\n")
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "a" and not self._is_unsaid():
            self._person = _person(dict(attrs).get("href") or "")
            if self._person is not None:
                self.parts.append(self._person)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if tag == "a":
            self._person = None

    def handle_data(self, data: str) -> None:
        if self._person is None and (not self._is_unsaid() or self._names_code()):
            self.parts.append(data)

    def _names_code(self) -> bool:
        """Tell whether code stands in a line that began as speech, and belongs to what it says."""
        unsaid = [each for each in self._open if each in _UNSAID]
        line = "".join(self.parts).rpartition("\n")[2]
        return unsaid == ["code"] and bool(line.strip())

    def _is_unsaid(self) -> bool:
        return any(each in _UNSAID for each in self._open)


def _person(href: str) -> str | None:
    named = unquote(href.removeprefix(PILL).partition("?")[0]) if href.startswith(PILL) else ""
    return named if is_user_id(named) else None
