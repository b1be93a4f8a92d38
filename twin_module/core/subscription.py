"""Subscriptions to public calendars: where they may lead, what is kept of one, and when it is due.

What a calendar says of itself stands in RFC 7986 (`NAME`, `REFRESH-INTERVAL`), or in the older
`X-WR-CALNAME` and `X-PUBLISHED-TTL`; what its server says of it, in RFC 9110 and RFC 9111.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from twin_module.core.canonical import canonical_problem
from twin_module.core.errors import InvalidParam
from twin_module.core.jscalendar import duration_of

MAX_URL: Final = 2000
HOUR: Final = 3600
SHORTEST: Final = HOUR
"""Seconds from one look at a calendar to the next, at least."""
LONGEST: Final = 7 * 24 * HOUR
LONGEST_RETRY: Final = 24 * HOUR
"""How long, in seconds, a calendar that can't be had is left alone by the twin's own choice."""
MAX_HEAD: Final = 65_536
"""Characters of a calendar that are looked through for what it says of itself."""
MAX_PROBLEM: Final = 300
MAX_NAME: Final = 255
MAX_HEADER: Final = 255

_SCHEMES: Final[Mapping[str, str]] = {
    "http": "http",
    "https": "https",
    # What calendar apps make of an address, so that the system opens them for it.
    "webcal": "https",
    "webcals": "https",
}
_LINE: Final = re.compile(r"([A-Za-z0-9-]+)(?:;[^:\r\n]*)?:(.*)")
_HOST: Final = re.compile(r"[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]")
_FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f]")


# Addresses


def public_address(text: str) -> str:
    """Return the address of a calendar as it is asked for: http or https, in ASCII.

    Raises:
        InvalidParam: it is none that can be subscribed to; the sentence says why.
    """
    address = text.strip()
    if len(address) > MAX_URL or _FORBIDDEN.search(address):
        raise InvalidParam(f"url: an address has no spaces, and {MAX_URL} characters at most.")
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidParam("url: this is not an address.") from None
    scheme = _SCHEMES.get(parts.scheme.lower())
    if scheme is None:
        raise InvalidParam("url: an address begins with https, http, webcal or webcals.")
    if "@" in parts.netloc:
        raise InvalidParam(
            "url: there is a name or a password in this address; only calendars that need neither"
            " can be subscribed to."
        )
    named = _ascii_host(host)
    netloc = named if port is None else f"{named}:{port}"
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/?%:@!$&'()*+,;=~-._[]")
    return urlunsplit((scheme, netloc, path, query, ""))


def _ascii_host(host: str) -> str:
    try:
        named = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii")
    except UnicodeError:
        named = ""
    if not _HOST.fullmatch(named):
        raise InvalidParam("url: this address names no server.")
    return named


def redirected(url: str, location: str) -> str:
    """Return where an answer sends who asks.

    Args:
        url: what was asked for.
        location: the header of the answer.

    Raises:
        InvalidParam: nobody follows there.
    """
    try:
        target = public_address(urljoin(url, location))
    except ValueError:
        raise InvalidParam("url: this address leads to another one that is none.") from None
    if url.startswith("https:") and not target.startswith("https:"):
        raise InvalidParam(
            "url: this address leads on to one that is not encrypted; name that one if you want it."
        )
    return target


# What is kept


@dataclass(frozen=True, slots=True)
class Subscription:
    """A collection that is filled from an address, as its owner's account data keep it."""

    room_id: str
    url: str
    etag: str = ""
    last_modified: str = ""
    refreshed_ts: int = 0
    """When it was had last, in milliseconds since 1970; 0 for never."""
    looked_ts: int = 0
    """When it was asked for last, whatever came of it."""
    next_ts: int = 0
    """When it is due."""
    problem: str = ""
    """Why it could not be had the last time; or what of it could not be taken."""
    failures: int = 0
    """How often in a row it could not be had."""
    empties: int = 0
    """How often in a row there was nothing in it."""
    entries: int = 0
    """How many entries it had."""

    def record(self) -> dict[str, Any]:
        """Return it as it is kept, by its room's ID."""
        kept = {name: value for name, value in asdict(self).items() if value not in ("", 0)}
        return {name: value for name, value in kept.items() if name != "room_id"}


_TEXTS: Final = ("url", "etag", "last_modified", "problem")
_NUMBERS: Final = ("refreshed_ts", "looked_ts", "next_ts", "failures", "empties", "entries")


def read_subscription(room_id: str, record: Any) -> Subscription | None:
    """Return a subscription as it was kept, None for what is none; any client may have written it."""
    if not isinstance(record, Mapping) or canonical_problem(dict(record)) is not None:
        return None
    texts = {name: record.get(name, "") for name in _TEXTS}
    numbers = {name: record.get(name, 0) for name in _NUMBERS}
    if not all(isinstance(each, str) for each in texts.values()) or not all(
        isinstance(each, int) and not isinstance(each, bool) and each >= 0
        for each in numbers.values()
    ):
        return None
    try:
        texts["url"] = public_address(texts["url"])
    except InvalidParam:
        return None
    return Subscription(room_id, **texts, **numbers)


# When it is due


def next_look(
    subscription: Subscription, now: int, headers: Mapping[str, str], asked: int | None
) -> int:
    """Return when a calendar that was had is to be looked at again, in milliseconds since 1970.

    Args:
        subscription: whose room spreads the looks of many.
        now: in milliseconds since 1970.
        headers: of the answer, by name in small letters.
        asked: how many seconds the calendar itself asks for; None where it does not say.
    """
    fresh = re.search(r"\bmax-age=([0-9]{1,10})\b", headers.get("cache-control", "").lower())
    pause = max(asked or 0, int(fresh[1]) if fresh else 0, SHORTEST)
    return _after(subscription, now, min(pause, LONGEST))


def next_try(subscription: Subscription, now: int, retry_after: str) -> int:
    """Return when a calendar that could not be had is to be tried again.

    Args:
        subscription: with the failures so far, this one included.
        now: in milliseconds since 1970.
        retry_after: when the server wants to be asked again, as it says; empty where it does not.
    """
    patience = min(SHORTEST * 2 ** min(subscription.failures - 1, 10), LONGEST_RETRY)
    asked = min(_seconds_until(retry_after, now), LONGEST)
    return _after(subscription, now, max(patience, asked, SHORTEST))


def _seconds_until(value: str, now: int) -> int:
    """Return after how many seconds a server wants to be asked again (RFC 9110, section 10.2.3)."""
    if re.fullmatch(r"[0-9]{1,10}", value.strip()):
        return int(value)
    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return 0
    at = then if then.tzinfo is not None else then.replace(tzinfo=UTC)
    return max(0, int((at - datetime.fromtimestamp(now / 1000, UTC)).total_seconds()))


def _after(subscription: Subscription, now: int, seconds: int) -> int:
    """Return a time after a pause, and up to a tenth of it later, always the same for a room."""
    share = int.from_bytes(sha256(subscription.room_id.encode()).digest()[:4], "big")
    return now + seconds * 1000 + share % (seconds * 100)


# What a calendar says of itself


@dataclass(frozen=True, slots=True)
class Masthead:
    """What stands in a calendar before its entries."""

    name: str
    """Empty where it does not say."""
    refresh: int | None
    """After how many seconds it wants to be looked at again."""


def masthead(text: str) -> Masthead:
    """Return what a calendar says of itself."""
    unfolded = re.sub(r"\r?\n[ \t]", "", text[:MAX_HEAD])
    found: dict[str, str] = {}
    for line in unfolded.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        name, value = match[1].upper(), match[2].strip()
        if name == "BEGIN" and value.upper() != "VCALENDAR":
            break
        found.setdefault(name, value)
    name = _unescaped(found.get("NAME") or found.get("X-WR-CALNAME") or "")
    asked = found.get("REFRESH-INTERVAL") or found.get("X-PUBLISHED-TTL") or ""
    return Masthead(name[:MAX_NAME], int(duration_of(asked).total_seconds()) or None)


def _unescaped(text: str) -> str:
    """Return a TEXT value (RFC 5545, section 3.3.11) on one line."""
    bare = re.sub(r"\\(.)", lambda match: " " if match[1] in "nN" else match[1], text)
    return " ".join("".join(each if each.isprintable() else " " for each in bare).split())


def is_whole(text: str) -> bool:
    """Tell whether a text begins and ends as a calendar does: no page of HTML, and not cut off."""
    bare = text.strip("\ufeff \t\r\n").upper()
    return bare.startswith("BEGIN:VCALENDAR") and bare.endswith("END:VCALENDAR")
