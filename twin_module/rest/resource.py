"""The API in Synapse's web server: finds the call, checks who asks, answers in JSON."""

import gzip
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from io import BytesIO
from secrets import token_urlsafe
from typing import Any, Final

from synapse.http import server as http_server
from synapse.http.server import finish_request, respond_with_json
from synapse.http.site import SynapseRequest
from synapse.module_api import DirectServeJsonResource, ModuleApi
from synapse.module_api.errors import InvalidClientCredentialsError, SynapseError
from twisted.web.static import NoRangeStaticProducer

from twin_module.core.errors import (
    BadJson,
    Forbidden,
    InvalidParam,
    NoSuchRoom,
    NotFound,
    NotJson,
    TooLarge,
    TooOften,
    TwinError,
)
from twin_module.core.schema import MAX_REQUEST_BYTES, Shape
from twin_module.engine.patience import Patience
from twin_module.engine.synapse_starting import until_ready
from twin_module.engine.twin import Twin
from twin_module.rest import (
    about,
    agenda,
    app_passwords,
    attestations,
    chats,
    commands,
    cookie,
    exports,
    free_slots,
    history,
    imports,
    links,
    lists,
    meetings,
    objects,
    once,
    openapi,
    people,
    proofs,
    proposals,
    published_files,
    rooms,
    search,
    sessions,
    sign_in,
    subscriptions,
    widgets,
)
from twin_module.rest.editors import LIVE, Editors
from twin_module.rest.route import Answer, Call, Route
from twin_module.rest.stream import CHANGES, ChangeStream

ROUTES: Final[tuple[Route, ...]] = (
    *about.ROUTES,
    *rooms.ROUTES,
    *lists.ROUTES,
    *search.ROUTES,
    *objects.ROUTES,
    *history.ROUTES,
    *proposals.ROUTES,
    *proofs.ROUTES,
    *attestations.ROUTES,
    *commands.ROUTES,
    *exports.ROUTES,
    *people.ROUTES,
    *chats.ROUTES,
    *sessions.ROUTES,
    *app_passwords.ROUTES,
    *meetings.ROUTES,
    *sign_in.ROUTES,
    *cookie.ROUTES,
    *links.ROUTES,
    *published_files.ROUTES,
    *widgets.ROUTES,
    *imports.ROUTES,
    *subscriptions.ROUTES,
    *free_slots.ROUTES,
    *agenda.ROUTES,
    CHANGES,
    LIVE,
)
_SHAPES: Final = {id(route): Shape(route.body, MAX_REQUEST_BYTES) for route in ROUTES if route.body}
"""Of what calls take, for all twins of the process."""
DOCUMENT: Final = "openapi.json"
EXPERIENCE: Final = "X-Experience"
"""The header by which an app says its name; a claim, which nothing proves."""
MAX_EXPERIENCE: Final = 255
AT_ONCE: Final = 65_536
"""Bytes that are handed over at once. Where all of a large answer is, Twisted waits a minute for
the next request and then hangs up, though a slow reader has not got it all yet (twisted#12498)."""
WORTH_COMPRESSING: Final = 1400
"""Bytes of an answer that one packet of a network carries."""
FOR_STRANGERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
    # The address is the key; no page that is linked from there may learn it.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Headers of what a link opens, and of every refusal to open it."""


class TwinResource(DirectServeJsonResource):
    """Everything under `/_synapse/client/twin/v1/`."""

    isLeaf = True

    def __init__(
        self,
        api: ModuleApi,
        twin: Twin,
        still_signed_in: Callable[[SynapseRequest], Awaitable[bool]],
        end_session: Callable[[str], Awaitable[None]],
    ) -> None:
        super().__init__(clock=api._hs.get_clock())  # noqa: SLF001 - without it, Synapse makes a clock that never stops
        self._api = api
        self._twin = twin
        self._still_signed_in = still_signed_in
        server_name = twin.homeserver.server_name
        self._cookie = cookie.PageCookie(server_name, still_signed_in, end_session)
        self._editors = Editors(twin)
        self._patience = Patience()
        self._run = token_urlsafe(6)

    def hang_up(self) -> None:
        """Let go who is connected for long, because the server stops."""
        self._editors.hang_up()

    async def _async_render(self, request: SynapseRequest) -> tuple[int, Any] | None:
        try:
            return await self._serve(request)
        except TwinError as error:
            raise SynapseError(
                error.status, error.message, error.errcode, dict(error.fields)
            ) from error

    async def _serve(self, request: SynapseRequest) -> tuple[int, Any] | None:
        parts = [_decoded(part) for part in request.postpath or () if part]
        method = "GET" if request.method == b"HEAD" else _decoded(request.method)
        if parts == [DOCUMENT] and method == "GET":
            server = self._twin.homeserver.server_name
            return 200, openapi.document(ROUTES, self._twin.capabilities, about.VERSION, server)
        route, path = find(ROUTES, method, parts)
        self._cookie.let_in(request)
        device_id = None if route.public else await self._check_owner(request)
        if route in cookie.ROUTES:
            return 200, await self._cookie.serve(route, request)
        if route.for_strangers:
            self._be_patient(request)
        await until_ready(self._twin)
        if route.file and _media_type(request) not in route.file:
            raise InvalidParam(f"Content-Type: this has to be one of {', '.join(route.file)}.")
        query = _query(request, route)
        allowed = partial(self._still_signed_in, request)
        if route is CHANGES:
            await ChangeStream(self._twin, request, allowed).serve(query)
        elif route is LIVE:
            await self._editors.serve(request, path["room_id"], path["uid"], allowed)
        else:
            call = Call(
                path=path,
                query=query,
                body=_file(request, route) if route.file else self._body(request, route),
                media_type=_media_type(request) if route.file else "",
                if_match=_etag(request, "If-Match"),
                if_none_match=_etag(request, "If-None-Match"),
                experience=_experience(request) if route.stamped else None,
                key=once.checked_key(_header(request, once.HEADER)) if route.once else None,
                device_id=device_id,
                known=_known(request),
                run=self._run,
            )
            await self._send(request, route, await self._answer(route, call))
        return None

    async def _answer(self, route: Route, call: Call) -> Answer:
        await self._twin.follow()
        try:
            return await route.handler(self._twin, call)
        except NoSuchRoom:
            # A Matrix client may have made it, or come into it, just before.
            await self._twin.projector.catch_up()
            return await route.handler(self._twin, call)

    async def _check_owner(self, request: SynapseRequest) -> str | None:
        """Let the owner alone pass, and return the place at which they are signed in."""
        try:
            requester = await self._api.get_user_by_req(request)
        except InvalidClientCredentialsError:
            self._cookie.forget_refused(request)
            raise
        if requester.user.to_string() != self._twin.homeserver.owner:
            raise Forbidden("Only the owner of this twin may ask it that.")
        return requester.device_id

    def _be_patient(self, request: SynapseRequest) -> None:
        """Answer a stranger who does not ask too often, with what they are not to keep."""
        for header, value in FOR_STRANGERS.items():
            request.setHeader(header, value)
        # Behind a proxy, Synapse takes it from X-Forwarded-For. A Unix socket has none.
        address = getattr(request.getClientAddress(), "host", None) or ""
        wait_ms = self._patience.wait(address, self._twin.homeserver.now())
        if wait_ms:
            request.setHeader("Retry-After", str(-(-wait_ms // 1000)))
            raise TooOften(
                "That was asked too often from this address; try again in a moment.",
                retry_after_ms=wait_ms,
            )

    def _body(self, request: SynapseRequest, route: Route) -> Any:
        if route.body is None:
            return None
        body = parse_json(request.content.read() if request.content else b"")
        problems = _SHAPES[id(route)].problems(body)
        if problems:
            first = problems[0]
            raise BadJson(
                f"{first.path or 'The body'}: {first.message}",
                errors=[each.as_json() for each in problems],
            )
        return body

    async def _send(self, request: SynapseRequest, route: Route, answer: Answer) -> None:
        if answer.etag:
            request.setHeader(b"ETag", answer.tag.encode())
        status = route.status if answer.status == HTTPStatus.OK else answer.status
        if status == HTTPStatus.NOT_MODIFIED:
            _send_bytes(request, status, answer, b"")
        elif isinstance(answer.body, str):
            _send_bytes(request, status, answer, await self._packed(request, answer))
        elif answer.content_type is not None:
            _send_bytes(request, status, answer, answer.body)
        else:
            # Encodes in a thread, which what may be large is worth.
            respond_with_json(
                request, status, answer.body, send_cors=True, canonical_json=not answer.in_order
            )

    async def _packed(self, request: SynapseRequest, answer: Answer) -> bytes:
        """Return text as it is sent, compressed where it may be, and where that helps."""
        data: bytes = answer.body.encode()
        if not answer.compressible:
            return data
        request.setHeader(b"Vary", b"Accept-Encoding")
        if len(data) < WORTH_COMPRESSING or not _takes_gzip(request):
            return data
        request.setHeader(b"Content-Encoding", b"gzip")
        packed = partial(gzip.compress, data, compresslevel=1, mtime=0)
        return await self._twin.homeserver.in_thread(packed)


def find(routes: Iterable[Route], method: str, parts: list[str]) -> tuple[Route, dict[str, str]]:
    """Return the call that a path and a method mean.

    Raises:
        SynapseError: M_UNRECOGNIZED, with 405 where the path has other methods.
    """
    matching = [(route, path) for route in routes if (path := route.match(parts)) is not None]
    if not matching:
        raise SynapseError(
            404,
            "There is no such call; /openapi.json lists those that there are.",
            "M_UNRECOGNIZED",
        )
    # A fixed word in a path means more than a variable part in the same place.
    matching.sort(key=lambda found: len(found[1]))
    for route, path in matching:
        if route.method == method:
            return route, path
    methods = ", ".join(sorted({route.method for route, _ in matching}))
    raise SynapseError(405, f"This path takes {methods}, not {method}.", "M_UNRECOGNIZED")


def parse_json(data: bytes) -> Any:
    """Return what JSON says.

    Raises:
        NotJson: it is not JSON, or nested beyond reason.
    """
    try:
        return json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise NotJson(f"The body is not JSON: {error}"[:200]) from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _decoded(part: bytes) -> str:
    try:
        text = part.decode()
    except UnicodeDecodeError:
        raise InvalidParam("The address is not UTF-8.") from None
    if "\0" in text:
        raise InvalidParam("The address holds U+0000, which no text of a database may hold.")
    return text


def _query(request: SynapseRequest, route: Route) -> dict[str, str]:
    found = {}
    for name, values in (request.args or {}).items():
        if len(values) > 1:
            raise InvalidParam(f"{_decoded(name)}: this stands twice in the address.")
        found[_decoded(name)] = _decoded(values[0])
    # Filters of capabilities are checked by the call itself.
    unknown = [name for name in found if name not in (*route.query, "access_token")]
    if unknown and "sort" not in route.query:
        raise InvalidParam(f"{unknown[0]}: this call takes no such parameter.")
    for name, value in found.items():
        allowed = route.query.get(name, {}).get("enum")
        if allowed and value not in allowed:
            raise InvalidParam(f"{name}: this has to be one of {', '.join(allowed)}.")
    return found


def _media_type(request: SynapseRequest) -> str:
    return (_header(request, "Content-Type") or "").partition(";")[0].strip().lower()


def _file(request: SynapseRequest, route: Route) -> bytes:
    """Return the body of a call that takes a file.

    Raises:
        TooLarge: it has more bytes than the call takes.
    """
    data: bytes = request.content.read(route.file_bytes + 1) if request.content else b""
    if len(data) > route.file_bytes:
        raise TooLarge(f"The file has more than the {route.file_bytes} bytes that it may have.")
    return data


def _etag(request: SynapseRequest, header: str) -> str | None:
    value = _header(request, header)
    if value is None:
        return None
    return value.strip().removeprefix("W/").strip('"')


def _known(request: SynapseRequest) -> frozenset[str]:
    """Return the tags that `If-None-Match` names, of which those that the API makes hold no comma."""
    return frozenset(each.strip() for each in (_header(request, "If-None-Match") or "").split(","))


def _takes_gzip(request: SynapseRequest) -> bool:
    for offer in (_header(request, "Accept-Encoding") or "").split(","):
        name, _, weight = offer.partition(";")
        if name.strip().lower() == "gzip":
            return weight.strip().rstrip("0.") != "q="
    return False


def _experience(request: SynapseRequest) -> str | None:
    value = (_header(request, EXPERIENCE) or "").strip()
    if len(value) > MAX_EXPERIENCE or not value.isprintable():
        raise InvalidParam(
            f"{EXPERIENCE}: this has to be a name of {MAX_EXPERIENCE} printable characters at most."
        )
    return value or None


def _header(request: SynapseRequest, name: str) -> str | None:
    value = request.getHeader(name.encode())
    try:
        return value.decode() if value is not None else None
    except UnicodeDecodeError:
        raise InvalidParam(f"{name}: this is not UTF-8.") from None


def _send_bytes(request: SynapseRequest, status: int, answer: Answer, data: bytes) -> None:
    request.setResponseCode(status)
    if status != HTTPStatus.NOT_MODIFIED:
        content_type = answer.content_type or "application/json"
        request.setHeader(b"Content-Type", content_type.encode())
        request.setHeader(b"Content-Length", b"%d" % len(data))
    request.setHeader(b"Cache-Control", b"no-cache, no-store, must-revalidate")
    for name, value in answer.headers.items():
        request.setHeader(name, value)
    # Texts are what people wrote: no browser may take one for a page.
    request.setHeader(b"X-Content-Type-Options", b"nosniff")
    http_server.set_cors_headers(request)
    connection: object = request.channel
    if len(data) > AT_ONCE and connection is not None:
        NoRangeStaticProducer(request, BytesIO(data)).start()
    else:
        request.write(data)
        finish_request(request)


__all__ = ["ROUTES", "NotFound", "TwinResource", "find", "parse_json"]
