"""Published links as calendar apps and address books read them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from twin_module.engine.published_files import Kind
from twin_module.engine.twin import Twin
from twin_module.rest.route import Answer, Call, Route

FILES: Final[Mapping[Kind, str]] = {"calendar": "calendar.ics", "contacts": "contacts.vcf"}
_MEDIA_TYPES: Final[Mapping[Kind, str]] = {"calendar": "text/calendar", "contacts": "text/vcard"}


async def read_published_calendar(twin: Twin, call: Call) -> Answer:
    """Send what a link opens as a calendar: all events and tasks of a collection, or one of them.

    A calendar app subscribes to this address. Of private events it gets times, of secret ones
    nothing; who takes part and when to be reminded is left out. Send the `ETag` of what you have
    in `If-None-Match`: `304` says that it is still that.
    """
    return await _answer(twin, call, "calendar")


async def read_published_contacts(twin: Twin, call: Call) -> Answer:
    """Send what a link opens as an address book: all contacts of a collection, or one of them."""
    return await _answer(twin, call, "contacts")


async def _answer(twin: Twin, call: Call, kind: Kind) -> Answer:
    opened = await twin.links.opened(call.path["token"])
    found = await twin.published_files.file(opened, kind, call.if_none_match)
    ending = FILES[kind].partition(".")[2]
    headers = {
        # A reader may keep it, but has to ask each time: the link may have been taken back.
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f'attachment; filename="{FILES[kind]}"; '
        f"filename*=UTF-8''{quote(f'{found.name or kind}.{ending}', safe='')}",
    }
    if found.data is None:
        return Answer(None, status=304, etag=found.etag, headers=headers)
    content_type = f"{_MEDIA_TYPES[kind]}; charset=utf-8"
    return Answer(found.data, etag=found.etag, content_type=content_type, headers=headers)


def _route(kind: Kind, summary: str, handler: Callable[[Twin, Call], Awaitable[Answer]]) -> Route:
    return Route(
        method="GET",
        path=f"/published/{{token}}/{FILES[kind]}",
        summary=summary,
        handler=handler,
        public=True,
        for_strangers=True,
        answer={"type": "string"},
        media_type=_MEDIA_TYPES[kind],
    )


ROUTES: Final[Sequence[Route]] = (
    _route("calendar", "What a link opens, for calendar apps", read_published_calendar),
    _route("contacts", "What a link opens, for address books", read_published_contacts),
)
