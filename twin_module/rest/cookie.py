"""The session of the twin's own page: an access token in a cookie that no script can read.

A page signs in by Matrix's own login and hands the access token over once. From then on the browser
sends it along by itself, so nothing that ever runs in a page can read it, or keep it when it is
signed out.

A cookie can also be sent by a page that is not ours. So it counts only in requests of which the
browser says that they come from the twin's own origin: by `Sec-Fetch-Site` (W3C Fetch Metadata), by
`Origin`, or by a header that no other origin may set. Where the browser says another thing, or
nothing, the cookie is as if it were not there.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit

from synapse.http.site import SynapseRequest

from twin_module.core.errors import Forbidden
from twin_module.engine.twin import Twin
from twin_module.rest.route import Answer, Call, Route

PAGE: Final = "/_synapse/client/twin"
OURS: Final = b"X-Twin-Page"
"""Not among the headers that other origins may send (CORS), so it shows that our page asks."""
MAX_AGE: Final = 400 * 24 * 3600
"""Seconds; browsers keep no cookie longer (RFC 6265bis, section 5.5)."""
_TOKEN: Final = re.compile(rb"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{1,1000}")
"""What a cookie may hold (RFC 6265, section 4.1.1), and no more of it than any access token has."""


class PageCookie:
    """The cookie of one twin's page, in whichever browsers."""

    def __init__(
        self,
        server_name: str,
        still_signed_in: Callable[[SynapseRequest], Awaitable[bool]],
        end_session: Callable[[str], Awaitable[None]],
    ) -> None:
        self._still_signed_in = still_signed_in
        self._end_session = end_session
        # Cookies know no ports: two twins on one machine would take each other's.
        self._name = b"twin-" + hashlib.sha256(server_name.encode()).hexdigest()[:12].encode()

    def let_in(self, request: SynapseRequest) -> None:
        """Put the access token of a cookie where Synapse looks for it, if our own page asks."""
        if request.getHeader(b"Authorization") is not None or b"access_token" in request.args:
            return
        token = self._token(request)
        if token is not None and is_from_our_page(request):
            request.requestHeaders.setRawHeaders(b"Authorization", [b"Bearer " + token])

    def forget_refused(self, request: SynapseRequest) -> None:
        """Have the browser forget the cookie, if it was its access token that was refused."""
        token = self._token(request)
        if token is not None and request.getHeader(b"Authorization") == b"Bearer " + token:
            self._set(request, b"", 0)

    async def serve(self, route: Route, request: SynapseRequest) -> dict[str, Any]:
        """Answer one of ROUTES, for whoever may make it.

        Raises:
            Forbidden: another page than the twin's own asks, or the token is not in its header.
        """
        if route is ASK:
            signed_in = await self._still_signed_in(request)
            if not signed_in:
                self.forget_refused(request)
            return {"signed_in": signed_in}
        if not is_from_our_page(request):
            raise Forbidden("Only the twin's own page has its session in a cookie.")
        if route is KEEP:
            self._keep(request)
        else:
            await self._sign_out(request)
        return {}

    def _keep(self, request: SynapseRequest) -> None:
        kind, _, token = (request.getHeader(b"Authorization") or b"").partition(b" ")
        if kind != b"Bearer" or not _TOKEN.fullmatch(token):
            raise Forbidden("Send the access token as `Authorization: Bearer`.")
        self._set(request, token, MAX_AGE)

    async def _sign_out(self, request: SynapseRequest) -> None:
        token = self._token(request)
        if token is not None:
            await self._end_session(token.decode())
        self._set(request, b"", 0)

    def _token(self, request: SynapseRequest) -> bytes | None:
        token: bytes | None = request.getCookie(self._name_for(request))
        return token if token is not None and _TOKEN.fullmatch(token) else None

    def _set(self, request: SynapseRequest, token: bytes, seconds: int) -> None:
        request.addCookie(
            self._name_for(request),
            token,
            path=PAGE.encode(),
            max_age=b"%d" % seconds,
            secure=bool(request.isSecure()),
            httpOnly=True,
            sameSite=b"strict",
        )

    def _name_for(self, request: SynapseRequest) -> bytes:
        return b"__Secure-" + self._name if request.isSecure() else self._name


def is_from_our_page(request: SynapseRequest) -> bool:
    """Tell whether the browser says that a page of this very origin asks."""
    site = request.getHeader(b"Sec-Fetch-Site")
    if site is not None:
        return bool(site == b"same-origin")
    origin = request.getHeader(b"Origin")
    if origin is not None:
        return _is_this(origin, request)
    return request.getHeader(OURS) is not None


def _is_this(origin: bytes, request: SynapseRequest) -> bool:
    host = request.getHeader(b"Host")
    try:
        asking = urlsplit(origin.lower())
    except ValueError:
        return False
    # A proxy in front may speak https and not tell; then both count.
    schemes = (b"https",) if request.isSecure() else (b"http", b"https")
    return bool(host and asking.netloc == host.lower() and asking.scheme in schemes)


async def _served(twin: Twin, call: Call) -> Answer:
    raise AssertionError("the resource serves this call itself")


ASK: Final = Route(
    method="GET",
    path="/cookie",
    summary="Whether the cookie of the twin's own page is of a session that is still signed in",
    handler=_served,
    public=True,
    answer={"type": "object", "required": ["signed_in"]},
)
KEEP: Final = Route(
    method="PUT",
    path="/cookie",
    summary="Keep the access token of this request in a cookie; for the twin's own page",
    handler=_served,
)
FORGET: Final = Route(
    method="DELETE",
    path="/cookie",
    summary="Sign out the session of the cookie, and have the browser forget it",
    handler=_served,
    public=True,
)
ROUTES: Final = (ASK, KEEP, FORGET)
