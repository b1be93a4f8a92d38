"""Fetches public calendars: politely, within bounds, and from nowhere but the public web."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from twin_module.core.errors import InvalidParam, Unreachable
from twin_module.core.ports import Homeserver, WebAnswer
from twin_module.core.subscription import Masthead, Subscription, is_whole, masthead, redirected
from twin_module.engine.imports import decoded

MOST_BYTES: Final = 10_000_000
MOST_REDIRECTS: Final = 3
SECONDS: Final = 30.0
"""How long an answer may take, with all redirects."""
NO_CALENDAR: Final = "What stands at this address is no calendar, or was cut off on the way."
_ACCEPT: Final = "text/calendar, */*;q=0.1"
_MOVED: Final = (301, 302, 303, 307, 308)
_REFUSED: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "The server shows this calendar only to who signs in there.",
    HTTPStatus.FORBIDDEN: "The server does not show this calendar to everybody.",
    HTTPStatus.NOT_FOUND: "There is no calendar at this address.",
    HTTPStatus.GONE: "The calendar at this address is gone for good.",
    HTTPStatus.TOO_MANY_REQUESTS: "The server was asked too often and wants to be left alone.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The server can't answer now.",
}


@dataclass(frozen=True, slots=True)
class Feed:
    """What a server answered."""

    headers: Mapping[str, str] = field(hash=False)
    """By name in small letters."""
    text: str | None
    """The calendar; None where it is as it was."""
    head: Masthead
    """What it says of itself."""


async def fetch_feed(homeserver: Homeserver, subscription: Subscription) -> Feed:
    """Ask for a calendar, unless it is as it was; each redirect is checked as its address was.

    Raises:
        InvalidParam: there is no calendar, or the address leads where nobody follows.
        Unreachable: nobody answers, or the server refuses; `retry_after` says what it wants.
        TooLarge: it has more than 10 MB.
    """
    answer = await _answer(homeserver, subscription)
    if answer.status == HTTPStatus.NOT_MODIFIED and _conditions(subscription):
        return Feed(answer.headers, None, Masthead("", None))
    if answer.status != HTTPStatus.OK:
        usual = f"The server answered {answer.status} instead of a calendar."
        raise Unreachable(
            _REFUSED.get(answer.status, usual), retry_after=answer.headers.get("retry-after", "")
        )

    def work() -> tuple[str, Masthead] | None:
        text = decoded(answer.body)
        return (text, masthead(text)) if is_whole(text) else None

    read = await homeserver.in_thread(work)
    if read is None:
        raise InvalidParam(NO_CALENDAR)
    return Feed(answer.headers, *read)


def _conditions(subscription: Subscription) -> dict[str, str]:
    """Return what is asked for only if it changed (RFC 9110, section 13.1)."""
    if subscription.etag:
        return {"If-None-Match": subscription.etag}
    if subscription.last_modified:
        return {"If-Modified-Since": subscription.last_modified}
    return {}


async def _answer(homeserver: Homeserver, subscription: Subscription) -> WebAnswer:
    end = homeserver.now() + int(SECONDS * 1000)
    url, headers = subscription.url, {"Accept": _ACCEPT, **_conditions(subscription)}
    for _ in range(MOST_REDIRECTS + 1):
        left = max(0.0, (end - homeserver.now()) / 1000)
        answer = await homeserver.fetch_public(url, headers, MOST_BYTES, left)
        if answer.status not in _MOVED:
            return answer
        url = redirected(url, answer.headers.get("location", ""))
    raise Unreachable(f"This address leads on to more than {MOST_REDIRECTS} others.")
