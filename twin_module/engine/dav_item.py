"""An item of a calendar or an address book: its content, its text, and the way between the two.

Nothing here asks the server for anything, and reading and writing texts takes time: whoever serves
apps can do it off the reactor.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from twin_module.core.carried import carried
from twin_module.core.entries import Entry
from twin_module.core.errors import BadJson
from twin_module.core.ics.calendars import read_entries, write_entry
from twin_module.core.jscalendar import with_answers
from twin_module.core.recurrence import occurrences
from twin_module.core.state import NAMESPACE, frozen, plain
from twin_module.core.vcf.cards import read_cards, write_card
from twin_module.engine.books import ADDRESS_BOOK, Book

Answers: TypeAlias = Mapping[str, Mapping[str, Any]]
"""What people answered to one event, by Matrix ID."""
_FOURTH: Final = re.compile(r"^VERSION:4\.0\s*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Item:
    """One event, task or card as an app gets it."""

    name: str
    """Its part of the path, in its book."""
    uid: str
    """As it stands in its text."""
    key: str
    type: str
    component: str
    """VEVENT, VTODO or VCARD."""
    revision: str
    ts: int
    """When it was written last, in milliseconds since 1970."""
    content: Mapping[str, Any] = field(hash=False)
    answers: Answers = field(hash=False, default_factory=dict)
    text: str | None = None
    event_id: str = ""

    @property
    def etag(self) -> str:
        """The revision as HTTP has it."""
        return f'"{self.revision}"'

    def written(self) -> str:
        """Return its text, written now unless it was before."""
        if self.text is not None:
            return self.text
        if self.component == "VCARD":
            return write_card(self.key, self.content, _version(self.content))
        # What is kept in a calendar is no message about it (RFC 4791, section 4.1).
        shown = {name: value for name, value in self.effective().items() if name != "method"}
        return write_entry(self.key, shown)

    def effective(self) -> Mapping[str, Any]:
        """Return its content with everybody's answers."""
        if not self.content.get("participants"):
            return self.content
        content: Mapping[str, Any] = plain(with_answers(frozen(self.content), self.answers))
        return content


def lies_in(item: Item, after: datetime, before: datetime, zone: ZoneInfo) -> bool:
    """Tell whether any occurrence of an event lies in a range of time."""
    found = occurrences(frozen(item.content), after, before, zone)
    return next(iter(found), None) is not None


def understood(book: Book, text: str) -> Entry:
    """Return what a text says that an app wrote.

    Raises:
        BadJson: it is not one entry; says why.
    """
    read = read_cards if book.tag == ADDRESS_BOOK else read_entries
    entries, refused = read(text)
    if refused:
        raise BadJson(refused[0].reason)
    if len(entries) != 1:
        raise BadJson(f"This has to be one entry, and it holds {len(entries)}.")
    entry = entries[0]
    return _with_version(entry, text) if book.tag == ADDRESS_BOOK else entry


def prepared(book: Book, entry: Entry, before: Item | None, shown: Item | None) -> dict[str, Any]:
    """Return the content to be written: the one before with what the app changed of it.

    Args:
        book: where.
        entry: what the app wrote.
        before: the item as it is stored, None where there is none yet.
        shown: the same with its text.
    """
    if before is None or shown is None:
        return entry.content
    seen = understood(book, shown.written()).content
    return carried(before.effective(), seen, entry.content)


def _version(content: Mapping[str, Any]) -> Literal["3.0", "4.0"]:
    """Return as which vCard a card goes out: as it came in, else the one that all apps read."""
    ours = content.get(NAMESPACE)
    kept = ours.get("vCard") if isinstance(ours, Mapping) else None
    said = kept.get("version") if isinstance(kept, Mapping) else None
    return "4.0" if said == "4.0" else "3.0"


def _with_version(entry: Entry, text: str) -> Entry:
    """Return a card that notes as which vCard it came, where that is not the usual one."""
    if not _FOURTH.search(text):
        return entry
    ours = dict(entry.content.get(NAMESPACE, {}))
    ours["vCard"] = {**ours.get("vCard", {}), "version": "4.0"}
    return Entry(entry.key, {**entry.content, NAMESPACE: ours})
